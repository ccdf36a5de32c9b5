"""Every public result is protected, or refused with what to do in place of it."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.protect import INSTEAD
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.result import Result

PUBLIC = {
    name: getattr(iop, name)
    for name in iop.__all__
    if inspect.isclass(getattr(iop, name)) and issubclass(getattr(iop, name), Result)
}
PROTECTED = {
    *("SurvivalCurves", "ProtectedCurves", "CumulativeIncidence", "IntervalSurvival", "Trend"),
    *("AttendanceByWeek", "SymptomChange", "Functioning", "Funnel", "SummaryMatrix", "Watch"),
    *("InterruptedSeries", "Continuity", "ContinuityMeasure", "CohortFlow", "AttendanceCalendar"),
    *("Difference", "DoseAndOutcome", "Transitions"),
}
OF_PEOPLE = {name for name, kind in PUBLIC.items() if getattr(kind, "shows_persons", False)}
OF_PEOPLE |= {"FollowUpDue", "Slipping", "Vlad", "RiskAdjustedCusum"} & set(PUBLIC)


def test_every_public_result_is_of_one_of_three_kinds() -> None:
    assert PROTECTED | OF_PEOPLE | set(INSTEAD) | {"PeopleList"} >= set(PUBLIC)
    assert not PROTECTED & set(INSTEAD)


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - PROTECTED - OF_PEOPLE - {"PeopleList"}))
def test_what_is_refused_says_what_to_do(name: str) -> None:
    empty = object.__new__(PUBLIC[name])
    with pytest.raises(RuleError) as caught:
        iop.protect(empty)
    assert caught.value.found == name
    assert caught.value.instead == INSTEAD[name]


@pytest.mark.parametrize("name", sorted(OF_PEOPLE))
def test_what_names_or_shows_people_is_refused(name: str) -> None:
    with pytest.raises(RuleError):
        iop.protect(object.__new__(PUBLIC[name]))


def times_of(sizes: dict[str, int], seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    parts = []
    for name, size in sizes.items():
        event = np.ceil(random.weibull(0.8, size) * 150)
        end = random.integers(40, 400, size)
        ended = np.where(
            event <= end, random.choice(["relapse", "died"], size, p=[0.9, 0.1]), "end"
        )
        days = np.minimum(event, end).astype(int)
        parts.append(
            pd.DataFrame(
                {"track": name, "days": days, "event": ended == "relapse", "ended_by": ended}
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_a_difference_is_shown_of_large_groups_only() -> None:
    times = times_of({"day": 200, "evening": 150, "night": 14})
    result = iop.survival_difference(times, "track", 90)
    shown = iop.protect(result)
    assert shown.table[["group", "reference"]].to_numpy().tolist() == [["evening", "day"]]
    assert shown.groups.loc[shown.groups["track"] == "night", "n"].isna().all()
    assert shown.table["se"].isna().all()
    assert shown.table["difference"].item() == round(shown.table["difference"].item(), 2)
    assert result.table["se"].notna().all()
    mean = iop.protect(iop.restricted_mean_difference(times, "track", 90))
    assert mean.table["difference"].item() == round(mean.table["difference"].item(), 1)


def test_few_ends_on_one_side_of_a_day_hide_a_difference() -> None:
    # 4 of 60 have the event by day 10, 40 in all: 4 would follow from 93% of 60.
    days = np.repeat([5, 50, 90], [4, 36, 20])
    few = pd.DataFrame({"track": "few", "days": days, "event": days < 90})
    times = pd.concat([few, times_of({"day": 200})], ignore_index=True)
    assert iop.protect(iop.survival_difference(times, "track", 10)).table.empty


def test_causes_with_few_ends_are_taken_together() -> None:
    times = times_of({"day": 300})
    died = (times["ended_by"] == "died").sum()
    times.loc[times.index[times["ended_by"] == "end"][:9], "ended_by"] = "jailed"
    result = iop.cumulative_incidence(times, causes=["relapse", "died", "jailed"])
    shown = iop.protect(result)
    assert died >= 11
    assert set(shown.table["cause"]) == {"relapse", "other ends"}
    assert shown.measure == "incidence"
    truth = result.at(shown.table["day"].unique().tolist())
    for cause, rows in shown.table.groupby("cause"):
        some = ["relapse"] if cause == "relapse" else ["died", "jailed"]
        exact = (
            truth[truth["cause"].isin(some)].groupby("day")[["incidence", "events_so_far"]].sum()
        )
        at = exact.loc[rows["day"]]
        np.testing.assert_array_equal(rows["incidence"], at["incidence"].round(2))
        assert (at["events_so_far"].diff().iloc[1:] >= 11).all()
    assert shown.table["at_risk"].dropna().eq(300).all()
    named = times.replace({"ended_by": {"relapse": "dropped_out"}})
    ax = iop.protect(iop.cumulative_incidence(named, causes=["dropped_out", "died"])).plot()
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["dropped out", "died"]
    assert ax.get_ylabel().replace("\n", " ") == "ended so far, of n = 300"  # once


def test_an_interval_censored_curve_is_on_fixed_days() -> None:
    random = np.random.default_rng(4)
    event = random.integers(1, 200, 150)
    left = (event - 1) // 7 * 7
    times = pd.DataFrame({"days": left + 7, "event": event < 180, "clear": left})
    times = times.rename(columns={"clear": "last_clear_day"})
    times["days"] = np.where(times["event"], times["days"], 180)
    result = iop.interval_survival(times)
    shown = iop.protect(result)
    assert set(shown.table["day"]) <= {0, 30, 60, 90, 120, 150, 180}
    assert len(shown.table) > 3
    assert (shown.table["lowest"] <= shown.table["highest"]).all()
    assert iop.protect(iop.interval_survival(times.head(12))).table.empty


def test_doses_and_entry_paths_have_no_small_counts() -> None:
    sample = iop.synthetic_records(people=60, seed=3)
    records = iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )
    paths = iop.transitions(records)
    shown = iop.protect(paths)
    assert shown["hidden"].any()
    for name in ("n", "events"):
        assert not iop.SafePolicy().hides(shown[name].to_numpy()).any()
    dose = iop.dose_and_outcome(records)
    told = iop.protect(dose)
    for frame, names in ((told.table, ("episodes", "events")), (told.dose, ("with_any",))):
        for name in names:
            assert not iop.SafePolicy().hides(frame[name].to_numpy()).any()
    assert told.text
