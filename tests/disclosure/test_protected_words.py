"""No word of a protected result holds a small count, and what it says of its limits is true."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.system.documents import small_in_words
from iop_outcomes.disclosure.words import no_small_counts
from iop_outcomes.shared.provenance import Provenance, label, provenance_of

LEFT: dict[str, Any] = {"missing_group": "leave_out"}
RULE = "Days since admission. 4 episodes with no attended session left out."


def words(value: object) -> Iterator[str]:
    """Return every text that a result holds: fields, sentences, cells, labels of frames."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, pd.DataFrame):
        yield from words(value.attrs)
        for _, column in value.items():
            yield from (one for one in column.astype(object).unique() if isinstance(one, str))
    elif isinstance(value, dict):
        for one in value.values():
            yield from words(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from words(one)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from words(getattr(value, field.name))
        for name in ("text", "_caption"):
            yield str(getattr(value, name, ""))
        if hasattr(value, "count") and hasattr(value, "noun"):
            yield f"{value.count} {value.noun}s" if value.count else ""


def told(result: object) -> list[str]:
    """Return the small counts in its words; units of a funnel are no people."""
    found = [re.sub(r"Within limits: \d+ of \d+", "", text) for text in words(result)]
    return [small[1] for text in found for small in small_in_words(text, 11)]


def times_frame() -> pd.DataFrame:
    """Return times of 380 people, one twice, and of 3 more of no group; 4 had no day 0."""
    random = np.random.default_rng(5)
    event, end = np.ceil(random.weibull(0.8, 383) * 150), random.integers(40, 400, 383)
    by = np.where(event <= end, random.choice(["relapse", "died"], 383, p=[0.7, 0.3]), "end")
    days = np.minimum(event, end).astype(int)
    frame = pd.DataFrame({"track": ["day"] * 200 + ["evening"] * 180 + [None] * 3, "days": days})
    frame["event"], frame["ended_by"] = by == "relapse", by
    frame["last_clear_day"] = np.maximum(days - 7, 0)
    people = np.arange(383)
    people[9] = 8
    frame["person_id"] = people.astype(str)
    return label(frame, Provenance(rule=RULE, left_out=RULE, event="relapse"))


CURVES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "curves": lambda t: iop.survival_curves(t, by="track", **LEFT),
    "incidence": lambda t: iop.cumulative_incidence(t, "track", causes=["relapse", "died"], **LEFT),
    "interval": lambda t: iop.interval_survival(t, "track", **LEFT),
    "difference": lambda t: iop.survival_difference(t, "track", 90, **LEFT),
    "restricted mean": lambda t: iop.restricted_mean_difference(t, "track", 90, **LEFT),
    "incidences": lambda t: iop.incidence_difference(t, "track", 120, **LEFT),
}


@pytest.mark.parametrize("name", CURVES)
def test_who_is_left_out_of_times_is_not_told(name: str) -> None:
    result = CURVES[name](times_frame())
    assert any("3 rows" in text for text in words(result))
    assert any("4 episodes" in text for text in words(result))
    shown = iop.protect(result)
    assert len(shown.table)
    assert told(shown) == []
    assert "Rows without a value of track left out. " in shown.rule
    assert "Episodes with no attended session left out. " in shown.rule
    # 380 rows in 379 clusters: one person came again
    assert not any("379" in text or "clusters" in text for text in words(shown))


@pytest.mark.parametrize("name", ["curves", "incidence", "interval"])
def test_printed_limits_are_not_called_robust(name: str) -> None:
    result = CURVES[name](times_frame())
    shown = iop.protect(result)
    assert not any("robust" in text for text in words(shown))
    assert ("Limits are worked out from these figures" in shown.rule) == (name == "curves")
    assert "lower" in shown.table
    assert shown.table.loc[shown.table["day"] > 0, "lower"].notna().any() == (name == "curves")
    if name == "curves":
        assert "robust" in iop.protect(result, iop.SafePolicy.internal()).rule


def test_a_difference_is_told_in_the_digits_that_are_known() -> None:
    exact = CURVES["difference"](times_frame())
    assert "evening 66.0% less day 64.9%: 1.1 percentage points (95% limits -9.1 to" in exact.text
    shown = iop.protect(exact)
    assert "evening 66% less day 65%: 1 percentage points (95% limits -9 to 11" in shown.text
    none = dataclasses.replace(shown, table=shown.table.assign(difference=-0.0, p_adjusted=0.0))
    assert ": 0 percentage points (95% limits -9 to 11, p <0.01)" in none.text  # 0.00 is rounded
    days = iop.protect(CURVES["restricted mean"](times_frame()))
    assert "evening 70.5 less day 71.4: -1.0 days" in days.text
    none = dataclasses.replace(days, table=days.table.assign(difference=-0.04))
    assert ": 0.0 days" in none.text
    cells = [text.get_text() for text in iop.plot_difference(shown).texts]
    assert "-9 to 11" in cells


def test_few_clusters_are_still_warned_of() -> None:
    frame = times_frame()
    frame["site"] = np.arange(len(frame)) % 12
    shown = iop.protect(iop.survival_difference(frame, "track", 90, cluster="site", **LEFT))
    assert "With fewer than 50 clusters robust standard errors are too small" in shown.rule
    assert told(shown) == []


@pytest.fixture(scope="module")
def records() -> iop.Records:
    """Return records in which 3 episodes have no track and some answers are faulty."""
    sample = iop.synthetic_records(people=60, seed=3)
    episodes = sample.episodes.copy()
    episodes.loc[episodes.index[:3], "track"] = None
    return iop.read_records(
        episodes=episodes, attendance=sample.attendance, checkins=sample.checkins
    )


OF_RECORDS: dict[str, Callable[[iop.Records], Any]] = {
    "weeks": lambda r: iop.attendance_by_week(r, by="track", **LEFT),
    "trend": lambda r: iop.trend(r, "retained_30", by="track", every="year", **LEFT),
    "functioning": lambda r: iop.functioning(r, by="track", **LEFT),
    "funnel": lambda r: iop.funnel(r, "retained_30", by="track", **LEFT),
    "matrix": lambda r: iop.summary_matrix(r, by="track", **LEFT),
    "watch": lambda r: iop.watch(r, by="track", **LEFT),
    "continuity": lambda r: iop.continuity(r, by="track", **LEFT),
    "flow": lambda r: iop.cohort_flow(r, by="track", **LEFT),
    "calendar": lambda r: iop.attendance_by_weekday(r, by="track", **LEFT),
    "dose": lambda r: iop.dose_and_outcome(r),
    "symptoms": lambda r: iop.symptom_change(r, "phq9", by="track", **LEFT),
    "entry paths": lambda r: iop.transitions(r),
    "stays": lambda r: iop.survival_curves(iop.time_in_treatment(r), by="track", **LEFT),
}


@pytest.mark.parametrize("name", OF_RECORDS)
def test_who_is_left_out_of_records_is_not_told(name: str, records: iop.Records) -> None:
    result = OF_RECORDS[name](records)
    shown = iop.protect(result)
    assert told(shown) == []
    assert not any("nan" in text.split() for text in words(shown))


def test_only_small_counts_at_the_start_of_a_sentence_are_left_out() -> None:
    policy = iop.SafePolicy()
    rule = "A. 1 recorded total differ. 1,204 rows left out. Follow-up of 9 episodes or more."
    said = "A. Recorded totals differ. 1,204 rows left out. Follow-up of 9 episodes or more."
    assert no_small_counts(rule, policy) == said
    assert no_small_counts(rule, iop.SafePolicy.internal()) == rule
    assert provenance_of(times_frame()).rule == RULE


def test_a_protected_frame_still_says_that_the_data_are_synthetic() -> None:
    made = iop.synthetic_records(people=60, seed=3)
    records = iop.read_records(episodes=made.episodes, attendance=made.attendance)
    frame = iop.protect(iop.iet_style(records))
    assert provenance_of(frame) == Provenance(synthetic=True)
