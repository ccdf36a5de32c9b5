"""Pictures of scores and functioning: whole on any axes, and in words what they show."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.characters import printable
from tests.helpers.pictures import NAMES, assert_apart, assert_within, words_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    mpl.use("agg")
    before = mpl.rcParams.copy()
    yield
    pyplot.close("all")
    assert [key for key, value in mpl.rcParams.items() if before[key] != value] == []


@cache
def sample() -> iop.Records:
    return iop.read_records(ROOT / "data" / "samples")


@cache
def named(kind: str) -> iop.Records:
    """Records of two clinics with such names."""
    records = sample()
    two = NAMES[kind][:2]
    place = np.arange(len(records.episodes)) % 2
    episodes = records.episodes.assign(clinic=np.array(two, dtype=object)[place])
    return dataclasses.replace(records, episodes=episodes)


@cache
def drawn_of(name: str, kind: str) -> Any:
    records = named(kind)
    if name == "symptoms":
        return iop.symptom_change(records, "phq9", by="clinic")
    if name == "scales":
        return iop.symptom_change(records, "bam_likert", by="clinic")
    return iop.functioning(records, by="clinic", domains=["work_or_school", "stable_housing"])


MADE = ["symptoms", "scales", "functioning"]


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("name", MADE)
def test_every_word_is_whole_and_apart(name: str, kind: str) -> None:
    result = drawn_of(name, kind)
    ax = result.plot()
    ax.figure.set_dpi(100)
    words = words_of(ax)
    assert_within(ax, words=words)
    assert_apart(ax, words)
    assert "synthetic data" in [word for word, _ in words]
    for whole in NAMES[kind][:2]:
        assert printable(whole) in iop.alternative_text(ax)


@pytest.mark.parametrize("name", MADE)
def test_on_axes_that_are_given_it_stays_within(name: str) -> None:
    figure, ax = pyplot.subplots(dpi=72, figsize=(6.4, 9.0 if name == "scales" else 6.0))
    size = tuple(figure.get_size_inches())
    assert drawn_of(name, "long").plot(ax) is ax
    assert tuple(figure.get_size_inches()) == size
    assert_within(ax)


def test_lines_are_the_numbers_of_the_table() -> None:
    change = drawn_of("symptoms", "long")
    ax = iop.plot_symptoms(change)
    rows = change.trajectory[change.trajectory["clinic"] == NAMES["long"][0]]
    (line,) = [one for one in ax.lines if one.get_gid() == "change_0"]
    np.testing.assert_array_equal(line.get_ydata(), rows["change"])
    text = iop.alternative_text(ax)
    assert f"{rows['change'].iloc[-1]:+.1f} on day 168" in text


def test_bars_are_the_counts_of_the_table() -> None:
    life = iop.functioning(named("long"), domains=["work_or_school", "no_arrests"])
    ax = iop.plot_functioning(life)
    row = life.table.iloc[0]
    widths = {
        bar.get_gid(): bar.get_width()
        for bar in ax.patches
        if str(bar.get_gid()).startswith("bar_0")
    }
    for name in ("kept", "gained", "lost", "never"):
        assert widths[f"bar_0_{name}"] == pytest.approx(row[name] / row["paired"])
    words = " ".join(word for word, _ in words_of(ax)).replace("\n", " ")
    assert "Not known: No arrests: the check-ins hold nothing in arrests" in words


def test_what_may_not_be_shown_is_not_drawn() -> None:
    few = named("long").subset(np.arange(len(named("long").episodes)) < 8)
    symptoms = iop.plot_symptoms(iop.protect(iop.symptom_change(few, "phq9")))
    assert "no change is known, or may be shown" in [word for word, _ in words_of(symptoms)]
    (line,) = [one for one in symptoms.lines if one.get_gid() == "change_0"]
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).all()
    bars = iop.plot_functioning(iop.protect(iop.functioning(few)))
    assert [bar for bar in bars.patches if bar.get_gid()] == []
    assert "too few people to show" in [word for word, _ in words_of(bars)]


def test_what_cannot_be_drawn_is_a_sentence() -> None:
    with pytest.raises(RuleError, match="plot_symptoms draws SymptomChange"):
        iop.plot_symptoms(drawn_of("functioning", "long"))
    with pytest.raises(RuleError, match="no domain of functioning is known"):
        iop.plot_functioning(
            dataclasses.replace(
                drawn_of("functioning", "long"),
                table=drawn_of("functioning", "long").table.assign(share_end=np.nan),
            )
        )
