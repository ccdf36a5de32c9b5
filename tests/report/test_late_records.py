"""Records that came after a report was printed: they do not follow from what stands and is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.ledger.memory import Frozen
from iop_outcomes.disclosure.merging import MergePlan, Step
from iop_outcomes.disclosure.results import trend_keys
from iop_outcomes.disclosure.system import PrintedCells, PrintedShare, audit
from iop_outcomes.errors import ReportError
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.earlier.again import refuse_changed
from iop_outcomes.report.linking.late import (
    GONE,
    LATE,
    link_as_now,
    link_changed,
    link_corrections,
)
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.changes import changes_of, why_not_compared
from iop_outcomes.report.sections.cohort import discharges
from iop_outcomes.report.sections.quarters import (
    ADMITTED,
    CHANGED,
    DISCHARGED,
    SESSIONS,
    of_one_time,
)
from iop_outcomes.report.trends import NOW, STANDS, Trends, with_standing
from tests.helpers.of_the_sample import nothing_drawn

FIRST, NEXT, CUT = "2026Q2", "2026Q3", "2026-09-30"
EACH = 60
QUARTERS = pd.period_range("2025Q1", "2026Q3", freq="Q")
ROW = ("trend", "admissions", "quarter", FIRST)
Day = str


def records_until(day: Day, late: int = 0) -> iop.Records:
    """Return 60 admissions a quarter, of whom every second completed; some of 2026Q2 came late."""
    admitted = [
        quarter.start_time + pd.Timedelta(days=number % 80)
        for quarter in QUARTERS
        for number in range(EACH + (late if str(quarter) == FIRST else 0))
    ]
    frame = pd.DataFrame({"admit_date": admitted, "program": "Harbor"})
    frame["episode_id"] = [f"e{number}" for number in range(len(frame))]
    frame["person_id"] = frame["episode_id"]
    frame["discharge_date"] = frame["admit_date"] + pd.Timedelta(days=45)
    frame["discharge_reason"] = ["completed", "dropped_out"] * (len(frame) // 2)
    here = frame[frame["admit_date"] <= day].copy()
    here.loc[here["discharge_date"] > day, ["discharge_date", "discharge_reason"]] = None
    own = here[["episode_id"]]
    dates = [here["admit_date"] + pd.Timedelta(days=days) for days in (0, 7, 28, 44)]
    rows = pd.concat([own.assign(date=date, status="attended") for date in dates])
    return iop.read_records(episodes=here, attendance=rows[rows["date"] <= day], as_of=day)


def counted(quarter: str, day: Day, ledger: Ledger | None = None, late: int = 0) -> Counted:
    scope = choose_scope(records_until(day, late), quarter, None, None)
    return count_all(scope, scope, ledger=ledger)


@pytest.fixture(scope="module")
def first() -> Counted:
    return counted(FIRST, "2026-06-30")


def shown(made: Counted, quarters: Sequence[str]) -> int | None:
    """Return how many admissions the trend prints of some quarters; None if it hides one."""
    table = made.trends.drawn["admissions"].table.set_index("period").loc[list(quarters)]
    return None if table["hidden"].any() else int(table["numerator"].sum())


def told(made: Counted) -> set[int]:
    """Return by how many tables and trends of a report differ of the same quarters."""
    found = set()
    for table, row, column, begin, end in (
        ("cohort_flow", 0, "reached", "2025Q3", "2026Q2"),
        ("flow_exclusions", 0, "admissions", "2025Q3", "2026Q3"),
        ("programs", -1, "admitted", "2025Q4", "2026Q3"),
    ):
        value = made.table(table).frame[column].iloc[row]
        quarters = [str(one) for one in pd.period_range(begin, end, freq="Q")]
        trend = shown(made, quarters)
        if trend is not None and value != "hidden":
            found.add(int(value) - trend)
    return found


def test_a_few_who_came_late_do_not_follow_from_what_stands_and_what_is_new(
    first: Counted,
) -> None:
    made = counted(NEXT, "2026-09-30", first.ledger, late=4)
    assert "Admissions (2026Q2)" in made.changed
    assert shown(made, [FIRST]) == EACH  # as it was printed
    late = (LATE, (*ROW, "numerator"))
    assert made.linked.value(late) == 4
    assert made.linked.value((*ROW, "numerator", NOW)) == EACH + 4
    assert not told(made) & set(range(1, 11))
    assert audit([made.cells]).found.empty
    assert audit([first.cells, made.cells]).found.empty


def test_many_who_came_late_hide_nothing(first: Counted) -> None:
    made = counted(NEXT, "2026-09-30", first.ledger, late=20)
    assert shown(made, [FIRST]) == EACH
    assert told(made) == {20}
    assert audit([first.cells, made.cells]).found.empty


@pytest.mark.parametrize("late", [0, 40])
def test_nothing_is_compared_with_a_number_that_the_records_no_longer_give(
    first: Counted, late: int
) -> None:
    """60 admissions of the quarter before stood as printed, and were 100 by now: 60 are fewer."""
    scope = choose_scope(records_until("2026-09-30", late), NEXT, None, None)
    made = count_all(scope, scope, ledger=first.ledger)
    trend = made.trends.by_period["admissions"]
    assert trend.table.set_index("period")["numerator"][[FIRST, NEXT]].tolist() == [EACH, EACH]
    said = [change.sentence(words) for change, words in changes_of(scope, trend)]
    beside = [text for text in said if "2026Q2" in text or "June 2026" in text]
    assert bool(beside) is (late == 0)
    assert any("a year before" in text for text in said)
    if late:
        only = replace(trend, table=trend.table[trend.table["start"] >= "2026-04-01"])
        assert changes_of(scope, only) == []
        assert "though the records have changed since" in why_not_compared(scope, only)
        newest = trend.table["period"] == NEXT  # it stands itself: nothing is compared with it
        itself = replace(trend, table=trend.table.assign(**{STANDS: newest}))
        assert changes_of(scope, itself) == []
        assert "though the records have changed since" in why_not_compared(scope, itself)


def test_a_rate_of_sessions_is_compared_where_it_is_nearly_what_was_printed() -> None:
    """In each quarter some sessions are entered late; that of people it is so is never told."""
    periods = ["2026Q1", "2026Q2", "2026Q3"]
    frame = pd.DataFrame({"period": periods, "numerator": [700, 710, 720], "denominator": 1000})

    def stands(measure: str, now: tuple[float, float]) -> list[bool]:
        trend = iop.trend(frame, "x", chart="none")
        trend = replace(trend, measure=measure, every="quarter")
        key = trend_keys(trend)[1]
        one = with_standing(Frozen(trend, [], [], ["2026Q2"], {key: now}))
        return list(one.table[STANDS])

    assert stands("attendance_rate", (712, 1004)) == [False, False, False]
    assert stands("attendance_rate", (730, 1004)) == [False, True, False]
    assert stands("completion_rate", (711, 1000)) == [False, True, False]


def test_the_first_page_says_what_stands_as_it_was_first_printed(first: Counted) -> None:
    late = records_until("2026-09-30", 40)
    with nothing_drawn():
        report = iop.quarterly_report(late, NEXT, ledger=first.ledger)
    begin, end = (
        report.html.index('<section id="what-changed"'),
        report.html.index('<section id="flow"'),
    )
    stands = "stand as they were first printed, though the records have changed since"
    assert stands in report.html[begin:end]
    with nothing_drawn():
        without = iop.quarterly_report(records_until("2026-09-30"), NEXT, ledger=first.ledger)
    assert stands not in without.html


def test_without_late_records_nothing_is_declared_of_them(first: Counted) -> None:
    made = counted(NEXT, "2026-09-30", first.ledger)
    assert told(made) == {0}
    assert not {LATE, GONE} & {key[0] for key in made.linked.names if isinstance(key, tuple)}


def test_a_report_made_once_more_is_as_it_was_or_refused(first: Counted) -> None:
    again = counted(FIRST, "2026-06-30", first.ledger)
    assert again.cells.as_json() == first.cells.as_json()
    for day in ("2026-06-30", "2026-09-30"):
        with pytest.raises(ReportError, match="printed from other records") as caught:
            counted(FIRST, day, first.ledger, late=4)
        assert caught.value.found.endswith(f"figures of {FIRST} that are not as they were printed")
        assert "next quarter" in caught.value.instead


def test_only_figures_of_the_same_report_must_be_as_they_were() -> None:
    key, rows = ("admissions", "all"), ("rows", "episodes", "rows_kept")
    before = PrintedCells(11, FIRST, "2026-06-30", ("A",), {key: 40, rows: 70, "b": None})

    def report(cut: str = "2026-06-30", quarter: str = FIRST, b: int | None = None) -> PrintedCells:
        return PrintedCells(11, quarter, cut, ("A",), {key: 40, rows: 80, "b": b})

    refuse_changed(report(), [before])  # another export
    refuse_changed(report(b=20), [before])  # the same count: what is hidden of it was asked
    refuse_changed(report(quarter=NEXT, b=20), [before])
    with pytest.raises(ReportError, match="other records") as caught:
        refuse_changed(report("2026-09-30", b=20), [before])
    assert caught.value.found.startswith("1 figures")
    refuse_changed(replace(report(), counts={key: None}), [before])  # the same rows: more is hidden
    with pytest.raises(ReportError, match="other records"):
        refuse_changed(replace(report(), counts={key: None, rows: 80}), [before])


def test_a_share_of_the_same_report_must_be_as_it_was() -> None:
    def report(share: float) -> PrintedCells:
        edges = PrintedShare("x", "n", share - 0.005, share + 0.005)
        counts = {"x": None, "n": None}
        return PrintedCells(11, FIRST, "2026-06-30", ("A",), counts, shares=[edges])

    refuse_changed(report(0.4), [report(0.4)])
    with pytest.raises(ReportError, match="other records"):
        refuse_changed(report(0.41), [report(0.4)])


@pytest.mark.parametrize(
    ("family", "now", "difference", "people"),
    [(ADMITTED, 23, LATE, False), (ADMITTED, 16, GONE, False), (SESSIONS, 60, LATE, True)],
)
def test_a_group_of_a_quarter_differs_by_people_from_what_an_earlier_report_tells(
    family: str, now: int, difference: str, people: bool
) -> None:
    linked = LinkedCounts(iop.SafePolicy())
    name = (family, "2026-06-30", "program", "A")
    linked.count((f"{family}{CHANGED}", *name[1:]), now, item="now")
    cells = PrintedCells(11, FIRST, programs=("Harbor",), counts={name: None, "all": 19})
    cells.sums.append({name: 1, "all": -1})
    link_corrections(linked, [cells], ["Shore"])
    assert name not in linked
    link_corrections(linked, [cells], ["Harbor"])
    assert linked.value(name) == 19
    assert linked.value((difference, name)) == abs(now - 19)
    linked.count("one", 19, item="one")
    linked.total("one", [name])
    assert bool(linked.hidden()) == (people or abs(now - 19) < 11)


def sessions_of(measure: str, periods: list[str], numerators: list[int]) -> iop.Trend:
    denominators = [60 * (3 if "Q" in period else 1) for period in periods]
    columns = {"period": periods, "numerator": numerators, "denominator": denominators}
    return iop.trend(pd.DataFrame(columns), measure, chart="none")


def trends_of(more: int) -> Trends:
    """Return two measures of sessions by quarter and month; `more` were attended in the last."""
    months = ["2026-01", "2026-02", "2026-03"]
    own = {
        "attendance_rate": (["2026Q1"], [90 + more], [30, 30, 30 + more]),
        "no_show_rate": (["2026Q1"], [60], [20, 20, 20]),
    }
    return Trends(
        by_period={name: sessions_of(name, one, some) for name, (one, some, _) in own.items()},
        by_month={name: sessions_of(name, months, some) for name, (_, _, some) in own.items()},
    )


def test_what_months_and_measures_share_holds_of_the_records_as_they_are_now() -> None:
    before, now = trends_of(0), trends_of(5)
    cells = PrintedCells(11, "2026Q1", programs=("Harbor",))
    printed = [(one, [True] * len(one.table)) for one in before.all]
    ledger = Ledger().with_report(cells, 2026, MergePlan(), printed, frozenset())
    trends, frozen = now.frozen(ledger, ["Harbor"])
    quarter, month = (("trend", "attendance_rate", *one) for one in _times(trends))
    assert trends.changed == {quarter, month}
    linked = LinkedCounts(iop.SafePolicy())
    trends.link(linked)
    link_changed(linked, frozen)
    assert linked.value((*month, "numerator", NOW)) == 35
    assert linked.value((LATE, (*month, "numerator"))) == 5
    assert linked.value((LATE, (*month, "denominator"))) == 0
    link_as_now(linked, trends)
    rows = [{str(linked.names[place]) for place in row} for row in linked.facts.rows]
    sums = [name for name in linked.names if isinstance(name, tuple) and name[0] == "sum"]
    (parts,) = (name for name in sums if (*month, "numerator", NOW) in name)
    assert {str((*quarter, "numerator", NOW)), str(parts)} in rows
    missed = ("rest", (*month, "denominator", NOW), (*month, "numerator", NOW))
    no_show = ("trend", "no_show_rate", *month[2:], "numerator")
    assert linked.value(("rest", missed, no_show)) == 60 - 35 - 20


def _times(trends: Trends) -> list[tuple[object, ...]]:
    return sorted((key[2:] for key in trends.changed), key=str, reverse=True)


def test_a_quarter_that_changed_is_the_trend_as_it_is_now() -> None:
    linked, quarter = LinkedCounts(iop.SafePolicy()), parse_report_period(FIRST)
    printed: tuple[str, ...] = (*ROW, "numerator")
    now = (*printed, NOW)
    linked.count(printed, 60)
    linked.count(now, 64)
    assert of_one_time(linked, [now], {quarter: 64}) == ({quarter: now}, [quarter])
    assert of_one_time(linked, [printed], {quarter: 64}) == ({}, [quarter])
    assert of_one_time(linked, [printed], {quarter: 60}) == ({quarter: printed}, [])


def test_groups_of_a_quarter_that_changed_add_up_to_the_trend_as_it_is_now() -> None:
    scope, half_year = choose_scope(records_until(CUT), NEXT, None, None), Step("half_year")
    linked = LinkedCounts(scope.policy)
    discharges.discharge_table(scope, linked, half_year)
    of_trend: dict[str, tuple[object, ...]] = {
        part: ("trend", "completion_rate", "quarter", part, "denominator") for part in (FIRST, NEXT)
    }
    left = scope.records.episodes["discharge_date"].dt.to_period("Q").astype(str)
    for part, key in of_trend.items():
        linked.count(key, int((left == part).sum()) - 2 * (part == FIRST))
    now = (*of_trend[FIRST], NOW)
    linked.count(now, int((left == FIRST).sum()))
    discharges.link_discharges(scope, linked, half_year, [now, of_trend[NEXT]], [])
    own = (f"{DISCHARGED}{CHANGED}", "2026-06-30")
    words = {(*own, word) for word in ("completed", "dropped_out")}
    rows = [{linked.names[place] for place in row} for row in linked.facts.rows]
    assert [row for row in rows if now in row and words <= row]
