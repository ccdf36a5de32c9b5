"""Who is not counted in how far people came: by hand, by reason, and what can be told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.system.cells import printed_cells
from iop_outcomes.report.counting import _times_of_tables
from iop_outcomes.report.linking import tables as links
from iop_outcomes.report.model import DraftTable
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import cohort
from iop_outcomes.report.sections.attendance import exclusions
from iop_outcomes.report.sections.attendance.exclusions import (
    ALL,
    FAMILY,
    IN_FLOW,
    LATE,
    LOST,
    NOT_KNOWN,
    UNSEEN,
    exclusions_table,
)
from iop_outcomes.report.trends import make_trends

OPEN = iop.SafePolicy.unprotected()
COUNTED = "counted in how far people came"


def episodes(admitted: list[str], **columns: object) -> pd.DataFrame:
    names = [f"p{number}" for number in range(len(admitted))]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "program": "Harbor"})
    return frame.assign(admit_date=admitted, **columns)


def sessions(frame: pd.DataFrame, weeks: int = 4) -> pd.DataFrame:
    """Return a session a week from the day after admission on; each third one was missed."""
    of = pd.DataFrame({"week": range(weeks)})
    rows = frame[["episode_id", "admit_date"]].merge(of, how="cross")
    days = pd.to_timedelta(rows["week"] * 7 + 1, unit="D")
    rows["date"] = pd.to_datetime(rows["admit_date"]) + days
    rows["status"] = np.where(rows["week"] % 3 == 2, "no_show", "attended")
    return rows[["episode_id", "date", "status"]].assign(service="group")


def scope_of(
    frame: pd.DataFrame,
    rows: pd.DataFrame,
    cut: str = "2026-10-15",
    quarter: str | None = "2026Q3",
    policy: iop.SafePolicy = OPEN,
) -> Scope:
    rows = rows[pd.to_datetime(rows["date"]) <= cut]
    records = iop.read_records(episodes=frame, attendance=rows, as_of=cut)
    return choose_scope(records, quarter, None, policy)


def declared(scope: Scope) -> tuple[LinkedCounts, DraftTable]:
    linked = LinkedCounts(scope.policy)
    cohort.flow_table(scope, linked)
    return linked, exclusions_table(scope, linked)


def counts(scope: Scope) -> dict[str, int]:
    frame = declared(scope)[1].table.frame
    whole = frame["admissions"].iloc[0]
    assert frame["admissions"].iloc[1:].sum() == whole
    assert frame["share"].tolist() == [round(one / whole, 3) for one in frame["admissions"]]
    return dict(zip(frame["who"], frame["admissions"], strict=True))


DAYS = ["2025-06-30", "2025-07-01", "2026-06-30", "2026-07-01", "2026-09-30", "2026-10-01"]


@pytest.mark.parametrize(
    ("cut", "last", "all_counted_late"),
    [
        ("2026-10-15", "2026-06-30", (4, 2, 2)),
        ("2026-09-28", "2026-06-30", (3, 2, 1)),  # the last day of June was followed for 90 days
        ("2026-09-27", "2026-03-31", (4, 2, 2)),  # one day less: it was not, nor is its quarter
        ("2027-01-01", "2026-09-30", (3, 3, 0)),  # the whole period was
    ],
)
def test_the_last_day_that_is_followed_is_in_and_the_day_after_is_too_late(
    cut: str, last: str, all_counted_late: tuple[int, int, int]
) -> None:
    frame = episodes([day for day in DAYS if day <= cut])
    scope = scope_of(frame, sessions(frame, weeks=16), cut)
    assert scope.flow_dates is not None
    assert str(scope.flow_dates[1].date()) == last
    found = counts(scope)
    everybody, counted, late = all_counted_late
    assert found["all admissions"] == everybody
    assert found[COUNTED] == counted
    assert found[exclusions.WORDS[LATE]] == late
    note = declared(scope)[1].table.note
    assert (f"admitted after {last}" in note) == (late > 0)
    assert (f"data cut ({cut})" in note) == (late > 0)
    assert ("Nobody was left out." in note) == (late == 0)


def unknown_stays(unseen: int, lost: int, late: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return 60 people who left, some without any outcome, and some whose follow-up ended."""
    frame = episodes(["2025-09-01"] * (60 + unseen + lost) + ["2026-07-01"] * late)
    frame["discharge_date"] = "2025-10-01"
    frame.loc[60:, "discharge_date"] = None
    frame["followed_until"] = "2026-10-15"
    frame.loc[60 + unseen : len(frame) - late - 1, "followed_until"] = "2025-10-20"
    rows = sessions(frame, weeks=16)
    rows = rows[(rows["date"] < "2025-09-30") | (rows["date"] > "2026")]
    without = rows["episode_id"].isin(frame["episode_id"][60 : 60 + unseen])
    rows.loc[without, "status"] = "unrecorded"
    return frame, rows


def test_reasons_stand_apart_where_none_of_their_counts_is_small() -> None:
    cms = iop.SafePolicy()
    found = counts(scope_of(*unknown_stays(12, 11), policy=cms))
    assert found[f"not counted: {UNSEEN}"] == 12
    assert found[f"not counted: {LOST}"] == 11
    assert found[COUNTED] == 60
    linked, draft = declared(scope_of(*unknown_stays(12, 10), policy=cms))
    assert draft.table.frame["admissions"].tolist() == [83, 1, 22, 60]
    assert UNSEEN in draft.table.note
    assert LOST in draft.table.note
    assert linked.value((FAMILY, UNSEEN)) == 12
    assert linked.value((FAMILY, LOST)) == 10
    assert linked.fits((FAMILY, LOST), 11, linked.hidden())


def test_a_few_whose_stay_is_not_known_do_not_follow_from_the_other_rows() -> None:
    linked, draft = declared(scope_of(*unknown_stays(3, 0, 20), policy=iop.SafePolicy()))
    hidden = linked.hidden()
    assert NOT_KNOWN in hidden
    assert IN_FLOW not in hidden  # the main table is not what is hidden for it
    assert len({ALL, LATE} & hidden) == 1
    assert linked.fits(NOT_KNOWN, 11, hidden)
    shown = draft.shown(hidden).frame["admissions"].tolist()
    assert shown in ([83, "hidden", "hidden", 60], ["hidden", 20, "hidden", 60])


def test_a_session_without_an_outcome_that_would_decide_a_stage_is_not_counted_as_missed() -> None:
    frame = episodes([*["2025-09-01"] * 6, "2026-07-01"])
    frame["discharge_date"] = [*["2025-10-20"] * 6, None]
    rows = sessions(frame, weeks=16)  # attended on days 1, 8, 22, 29
    rows = rows[(rows["date"] < "2025-10-12") | (rows["date"] > "2026")]
    first = rows["date"] == "2025-09-02"
    later = rows["date"] > "2025-10-01"
    rows.loc[(rows["episode_id"] == "p1") & first, "status"] = "unrecorded"  # fourth in doubt
    rows.loc[(rows["episode_id"] == "p2") & ~later, "status"] = "unrecorded"  # and the first, too
    rows.loc[(rows["episode_id"] == "p3") & first, "status"] = "no_show"  # three for certain
    rows.loc[(rows["episode_id"] == "p4"), "status"] = "unrecorded"  # known to have left
    rows = rows[rows["episode_id"] != "p5"]  # no service at all: nothing is known of sessions
    table = cohort.flow_table(scope := scope_of(frame, rows), LinkedCounts(OPEN)).table
    flow = table.frame.set_index("stage")
    assert flow["reached"].tolist() == [6, 3, 1, 0, 0, 0]
    assert flow["not_known"].tolist() == [0, 3, 4, 0, 0, 0]
    assert counts(scope)[COUNTED] == 6
    assert "not among those reached" in table.note
    # The next table has others of whom something is not known, who are not in this one.
    assert "Those of whom it is not known whether they came to so many sessions" in table.note
    assert "are in this one, but not among those reached" in table.note


def shown_flow(unknown: int, policy: iop.SafePolicy) -> tuple[pd.DataFrame, str]:
    """Return the flow of 100 people; of some nothing is known of their sessions; and its note."""
    scope = scope_of_unknown(unknown, policy)
    draft = cohort.flow_table(scope, linked := LinkedCounts(policy))
    table = cohort.flow_shown(draft, scope, linked, linked.hidden())
    return table.frame.set_index("stage"), table.note


def scope_of_unknown(unknown: int, policy: iop.SafePolicy) -> Scope:
    frame = episodes([*["2025-09-01"] * 100, "2026-07-01"])
    frame["discharge_date"] = [*["2025-10-20"] * 100, None]
    gone = [f"p{number}" for number in range(unknown)]
    rows = sessions(frame)
    few = rows["episode_id"].isin([f"p{number}" for number in range(60, 100)])
    rows = rows[~rows["episode_id"].isin(gone) & ~(few & (rows["date"] > "2025-09-10"))]
    return scope_of(frame, rows, policy=policy)


def test_of_nobody_and_of_a_few_the_flow_says_the_same() -> None:
    """A zero in a later year would say that the few of an earlier one are of its first quarters."""
    policy = iop.SafePolicy()
    nobody, note = shown_flow(0, policy)
    few, note_of_few = shown_flow(4, policy)
    assert "not_known" not in nobody.columns
    assert "not_known" not in few.columns
    assert note == note_of_few
    assert "where it is less than 11, also where it is 0." in note
    many, note = shown_flow(12, policy)
    assert many["not_known"].tolist()[:3] == [0, 12, 12]
    assert "where it is less than 11, also where it is 0." in note
    every, note = shown_flow(4, OPEN)
    assert every["not_known"].tolist()[:3] == [0, 4, 4]
    assert "also where it is 0" not in note


@pytest.mark.parametrize("unknown", [0, 4])
def test_a_hidden_number_of_those_not_known_may_be_0_to_a_reader(unknown: int) -> None:
    linked = LinkedCounts(policy := iop.SafePolicy())
    cohort.flow_table(scope_of_unknown(unknown, policy), linked)
    cells = printed_cells(linked, linked.hidden())
    names = [key for key in cells.counts if key[0] == "flow" and key[-1] == "not known"]
    assert len(names) == 2
    assert not set(names) & set(cells.least)
    assert all(cells.counts[name] is None for name in names)


def test_a_report_of_the_whole_time_counts_all_admissions_in_study_days() -> None:
    days = [0, 10, 11, 50]
    names = [f"p{number}" for number in range(4)]
    frame = pd.DataFrame({"episode_id": names, "admit_day": days})
    frame["discharge_day"] = [20, 40, 41, None]
    rows = pd.DataFrame(
        [
            {"episode_id": name, "day": day + after, "status": status, "service": "group"}
            for name, day in zip(names, days, strict=True)
            for after, status in ((1, "attended"), (3, "no_show"), (5, "attended"))
        ]
    )
    records = iop.read_records(episodes=frame, attendance=rows, as_of=100)
    scope = choose_scope(records, None, None, OPEN)
    found = counts(scope)
    assert found["all admissions"] == 4
    assert found[exclusions.WORDS[LATE]] == 2  # day 11 is 89 days before day 100
    assert found[COUNTED] == 2
    linked, draft = declared(scope)
    assert "day 100" in draft.table.note
    assert draft.table.caption.endswith("who is not: all admissions")
    cohort.admissions_table(scope, linked)
    links.link_considered(scope, linked, make_trends(scope, MergePlan()))
    assert not linked.fits(ALL, 5, frozenset({ALL, LATE, NOT_KNOWN, IN_FLOW}))


def quarters(sizes: list[int], cut: str = "2026-03-31") -> Scope:
    """Return people admitted in quarters of 2025 and 2026, of whom half left after 25 days."""
    starts = pd.date_range("2025-01-15", periods=len(sizes), freq="91D")
    days = [str(day.date()) for day, size in zip(starts, sizes, strict=True) for _ in range(size)]
    frame = episodes(days)
    left = pd.to_datetime(frame["admit_date"]) + pd.Timedelta(days=25)
    frame["discharge_date"] = left.where(left <= cut)
    return scope_of(frame, sessions(frame), cut, "2026Q1", iop.SafePolicy())


def linked_with_trends(scope: Scope) -> LinkedCounts:
    linked, _ = declared(scope)
    trends = make_trends(scope, MergePlan())
    trends.link(linked)
    links.link_considered(scope, linked, trends)
    return linked


def test_the_flow_of_four_quarters_does_not_give_away_one_of_them() -> None:
    # The data cut is 90 days after the fourth quarter of 2025: 41 less 12, 12 and 12 were 5.
    scope = quarters([12, 12, 12, 5, 14])
    assert scope.followed_90_days_text.startswith("admissions from January 2025 to December 2025")
    linked = linked_with_trends(scope)
    few = ("trend", "retained_90", "quarter", "2025Q4", "denominator")
    assert linked.value(few) == 5
    hidden = linked.hidden()
    assert linked.fits(few, 11, hidden)
    assert not linked.fits(few, 11, hidden - {IN_FLOW, *_of_trends(linked, hidden)})


def _of_trends(linked: LinkedCounts, hidden: frozenset[Any]) -> set[Any]:
    """Return what is hidden of the trends and shows no small count itself."""
    return {item for item in hidden if item[0] == "trend" and not linked.shows_small(item)}


def test_all_admissions_are_those_of_the_quarters() -> None:
    linked = linked_with_trends(quarters([12, 12, 12, 15, 14]))
    assert linked.value(ALL) == 65
    assert linked.value(LATE) == 14
    none = frozenset({ALL, LATE, NOT_KNOWN, IN_FLOW})
    assert not linked.fits(ALL, 66, none)
    assert not linked.fits(LATE, 15, none)


@pytest.mark.parametrize("cut", ["2026-04-30", "2026-05-15", "2026-06-30", "2026-09-27"])
@pytest.mark.parametrize(
    "period", ["2026Q2", "2026-02..2026-04", "2026-01-15..2026-04-14", "2025-07..2026-06", "2025"]
)
def test_the_year_of_the_flow_is_made_of_the_times_of_the_trends(period: str, cut: str) -> None:
    # A month between the two would follow: all admissions less those of the programs in a year.
    frame = episodes([f"{day:%Y-%m-%d}" for day in pd.date_range("2024-01-10", cut, freq="9D")])
    scope = scope_of(frame, sessions(frame), cut, period)
    assert scope.period is not None
    assert scope.flow_dates is not None
    edges = {day for part in scope.window(20).cut(3) for day in (part.first, part.last)}
    assert {*scope.flow_dates} <= edges


def test_the_counts_are_named_with_their_time() -> None:
    scope = quarters([12, 12, 12, 15, 14])
    time = _times_of_tables(scope, MergePlan())[FAMILY]
    assert time == "admissions from 2025-01-01 to 2026-03-31, in the flow up to 2025-12-31"


def test_a_period_that_lies_in_the_time_in_part_is_split() -> None:
    scope = quarters([12, 12, 12, 15, 14])
    assert scope.flow_dates is not None
    first, last = scope.flow_dates
    month = pd.DateOffset(months=1)
    moved = replace(scope)
    moved.__dict__["flow_dates"] = (first + month, last - month)  # 2025Q1 and Q4 in part
    linked, _ = declared(moved)
    trends = make_trends(moved, MergePlan())
    trends.link(linked)
    links.link_considered(moved, linked, trends)
    pieces = {name[-1][3]: linked.value(name) for name in linked.names if name[0] == "in"}  # type: ignore[index]
    late = moved.too_late_for_90_days.sum()
    assert pieces["2025Q1"] == 0  # all were admitted in January
    assert linked.value(LATE) == late
    assert linked.value(ALL) == 65 - 12


def test_120_days_show_of_a_program_without_discharges_who_stayed_for_90() -> None:
    gone = ["2025-01-01"] * 12  # so many left without a discharge that none is recorded there
    frame = episodes([*gone, "2026-05-30", "2026-05-31"])  # 120 and 119 days before the cut
    rows = sessions(frame, weeks=16)
    rows.loc[rows["date"] > "2026", "status"] = "unrecorded"
    scope = scope_of(frame, rows, cut="2026-09-27", quarter=None)
    assert scope.attendance is not None
    assert scope.attendance.stays.observable[-2:].tolist() == [120, 119]
    assert scope.attendance.stays.undischarged.all()
    reasons = exclusions._reasons(scope, np.ones(len(frame), dtype=np.bool_))
    assert np.flatnonzero(reasons[FAMILY, exclusions.LATER]).tolist() == [13]


@pytest.mark.parametrize(
    ("period", "few", "is_shown"),
    [
        ("2026-03..2026-04", {"2025-04": 7}, False),
        ("2026-01..2026-05", {"2025-04": 4, "2025-05": 4}, False),
        ("2026-03..2026-04", {}, True),
        ("2026-01..2026-05", {}, True),
    ],
)
def test_who_was_admitted_before_a_year_of_the_programs_does_not_follow(
    period: str, few: dict[str, int], is_shown: bool
) -> None:
    # All admissions from April 2025 on less those of the programs in the year to the last month.
    days: list[str] = []
    for month in pd.period_range("2024-01", "2026-06", freq="M"):
        number = few.get(str(month), 14)
        days += [f"{day:%Y-%m-%d}" for day in pd.date_range(month.start_time, periods=number)]
    ends = pd.to_datetime(pd.Series(days)) + pd.Timedelta(days=100)
    left = ends.where(ends <= "2026-06-30")
    frame = episodes(
        days, discharge_date=left, discharge_reason=np.where(left.notna(), "completed", None)
    )
    rows = sessions(frame, 14)
    rows = rows[pd.to_datetime(rows["date"]) <= "2026-06-30"]
    records = iop.read_records(episodes=frame, attendance=rows, as_of="2026-06-30")
    tables = iop.quarterly_report(records, period=period).tables
    numbers = (
        tables["flow_exclusions"].loc[0, "admissions"],
        tables["programs"].loc[0, "admitted"],
    )
    assert all(isinstance(one, (int, np.integer)) for one in numbers) == is_shown
