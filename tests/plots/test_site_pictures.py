"""Pictures of funnels, VLAD, CUSUM and the page of measures: what is drawn is in the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.export import NARROW
from tests.helpers.of_the_sample import records_of_the_sample
from tests.helpers.pictures import assert_apart, assert_within, words_of

LONG = (
    "Saint Bartholomew and All Angels Intensive Outpatient Recovery Program of the Upper Peninsula"
)
NAMES = ["戒毒康复中心北京分院门诊部", LONG, "Mill", "中心", "Harbor", "Nord", "X", "South"]
SIZES = [8, 8000, 60, 200, 900, 2500, 30, 4000]


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    mpl.use("agg")
    yield
    pyplot.close("all")


def funnel(improves: str = "up") -> iop.Funnel:
    counts = [5, 4300, 36, 157, 553, 1462, 11, 2374]
    frame = pd.DataFrame({"site": NAMES, "numerator": counts, "denominator": SIZES})
    return iop.funnel(frame, "Completed", by="site", target=0.6, improves=improves)


@cache
def people() -> pd.DataFrame:
    random = np.random.default_rng(4)
    names = np.repeat(NAMES, [8, 300, 60, 40, 120, 90, 30, 50])
    risk = random.uniform(0.2, 0.6, len(names))
    observed = (random.random(len(names)) < risk).astype(int)
    frame = pd.DataFrame({"site": names, "observed": observed, "expected": risk})
    return frame.sample(frac=1, random_state=2, ignore_index=True)


@cache
def trends() -> list[iop.Trend]:
    random = np.random.default_rng(1)
    months = pd.period_range("2021-01", periods=30, freq="M").astype(str)
    parts = []
    for name in NAMES:
        due = random.integers(20, 90, 30)
        attended = random.binomial(due, np.where(np.arange(30) > 20, 0.8, 0.5))
        frame = pd.DataFrame({"period": months, "numerator": attended, "denominator": due})
        parts.append(frame.assign(site=name))
    frame = pd.concat(parts, ignore_index=True)
    return [
        iop.trend(frame, name, by="site", target=target)
        for name, target in (("Attended", 0.7), ("Sessions attended of those due, by month", None))
    ]


def interrupted() -> iop.InterruptedSeries:
    months = pd.period_range("2021-01", periods=30, freq="M").astype(str)
    frame = pd.DataFrame({"period": list(months) * 2, "site": np.repeat([LONG, NAMES[0]], 30)})
    frame["value"] = np.random.default_rng(2).normal(10, 1, 60)
    change = {"at": "2022-10", "column": "site", "group": LONG, "control": NAMES[0]}
    return iop.interrupted_series(frame, "Waiting", words=LONG, **change)


@cache
def pictures() -> dict[str, tuple[Any, Any]]:
    return {
        "funnel": (iop.plot_funnel, funnel()),
        "vlad": (iop.plot_vlad, iop.vlad(people(), "Relapse", by="site")),
        "cusum": (
            iop.plot_vlad,
            iop.risk_adjusted_cusum(people(), "Relapse", by="site", run_length=60, series=50),
        ),
        "matrix": (iop.plot_matrix, iop.summary_matrix(trends())),
        "interrupted": (iop.plot_interrupted, interrupted()),
    }


def drawn(ax: Axes, label: str) -> list[Any]:
    return [line for line in ax.lines if str(line.get_label()).startswith(label)]


@pytest.mark.parametrize("name", ["funnel", "vlad", "cusum", "matrix", "interrupted"])
def test_words_are_within_and_apart_and_said(name: str) -> None:
    draw, result = pictures()[name]
    ax = draw(result)
    ax.figure.set_dpi(100)
    words = words_of(ax)
    assert_within(ax, words=words)
    assert_apart(ax, words)
    assert iop.alternative_text(ax) == result.text
    assert "…" in " ".join(text for text, _ in words)  # the long name
    _, given = pyplot.subplots(figsize=(10, 7))
    assert_within(draw(result, given))
    assert result.plot() is not None
    with pytest.raises(RuleError, match="nothing to plot"):
        draw(replace(result, table=result.table.iloc[:0]))
    with pytest.raises(RuleError, match="draws"):
        draw(3)


def test_the_axis_of_a_funnel_names_what_is_counted() -> None:
    made = iop.funnel(records_of_the_sample(), "attendance_rate", by="program")
    assert made.counted == "sessions due"
    assert iop.plot_funnel(made).get_xlabel() == "number of independent entries"
    of_people = iop.funnel(records_of_the_sample(), "completion_rate", by="program")
    assert iop.plot_funnel(of_people).get_xlabel() == "discharges whose reason is known"
    assert iop.plot_funnel(funnel()).get_xlabel() == "number counted"
    named = replace(funnel(), counted="admissions")
    assert iop.plot_funnel(iop.protect(named)).get_xlabel() == "admissions"


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_title_that_is_wider_than_the_axes_takes_further_lines(lines: int) -> None:
    """On a page of 400 pixels; what three lines do not hold is shortened."""
    title = "Completed" if lines == 1 else "Completed, of those discharged" if lines == 2 else LONG
    figure, made = Figure(), replace(funnel(), title=title)
    style.lay_paper(figure, style.Paper(NARROW))
    ax = iop.plot_funnel(made, figure)
    shown = ax.get_title(loc="left")
    assert len(shown.splitlines()) == lines
    assert ("…" in shown) == (lines == 3)
    if lines < 3:
        assert " ".join(shown.splitlines()) == title
    figure.set_dpi(100)
    assert_within(ax, words=words_of(ax))
    assert_apart(ax, words_of(ax))


def test_a_funnel_draws_the_points_and_limits_of_the_table() -> None:
    result = funnel()
    ax = iop.plot_funnel(result)
    table = result.table
    assert ax.get_xscale() == "log"
    for position, words in (
        ("below the 99.8% limit", "worse, beyond 99.8%"),
        ("below the 95% limit", "worse, beyond 95%"),
        ("above the 99.8% limit", "better, beyond 99.8%"),
        ("within limits", "within limits"),
    ):
        rows = table[table["position"] == position]
        assert len(rows)
        points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in drawn(ax, words)]
        assert points == list(zip(rows["size"], rows["value"], strict=True))
    (upper,) = drawn(ax, "upper_95")
    at = np.interp(np.log(900), np.log(upper.get_xdata()), upper.get_ydata())
    assert at == pytest.approx(table.loc[table["site"] == "Harbor", "upper_95"].iloc[0], abs=2e-3)
    markers = {words: drawn(ax, words)[0].get_marker() for words in ("worse", "better", "within")}
    assert len(set(markers.values())) == 3  # distinguishable without colour
    neither = iop.plot_funnel(funnel(improves="neither"))
    sides = {side: drawn(neither, f"{side}, beyond")[0].get_marker() for side in ("above", "below")}
    assert sides == {"above": "^", "below": "v"}
    away = iop.plot_funnel(funnel(improves="down"))
    assert len(drawn(away, "worse, beyond 99.8%")) == 1
    assert drawn(away, "worse, beyond 99.8%")[0].get_ydata()[0] == table["value"].max()


def test_a_cusum_draws_both_sums_and_the_first_signal() -> None:
    frame = pd.DataFrame({"observed": [0, 1] * 30 + [1] * 20, "expected": 0.5})
    result = iop.risk_adjusted_cusum(frame, "Event", run_length=200, series=100)
    ax = iop.plot_vlad(result)
    np.testing.assert_array_equal(drawn(ax, "worse")[0].get_ydata(), -result.table["worse"])
    first = result.table[result.table["signal"] == "worse"].iloc[0]
    (signal,) = drawn(ax, "signal_worse")
    assert signal.get_xdata()[0] == first["number"]
    assert not drawn(ax, "signal_better")
    line = iop.plot_vlad(iop.vlad(frame, "Event"))
    np.testing.assert_array_equal(
        drawn(line, "vlad")[0].get_ydata(), iop.vlad(frame, "Event").table["vlad"]
    )


def test_the_page_draws_a_course_a_row() -> None:
    result = iop.summary_matrix(trends())
    ax = iop.plot_matrix(result)
    assert len(ax.child_axes) == len(result.table) == 16
    for course, (_, rows) in zip(
        ax.child_axes[:8], trends()[0].table.groupby("site", sort=False), strict=True
    ):
        (line,) = drawn(course, "value")
        np.testing.assert_array_equal(line.get_ydata(), rows["value"].tail(24))
    words = [text for text, _ in words_of(ax)]
    for row in result.table.itertuples():
        assert row.shown in words
        assert any(text.startswith(row.variation) for text in words)
    many = replace(result, table=pd.concat([result.table] * 4))
    with pytest.raises(RuleError, match="at most 60 rows"):
        iop.plot_matrix(many)
