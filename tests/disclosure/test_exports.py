"""Exports that follow one another: the rows that no count of a quarter is of are not few."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system import PrintedCells, attack_together, audit, join
from iop_outcomes.disclosure.system.consistent import consistent_sets
from iop_outcomes.disclosure.system.exports import BETWEEN, COUNTED

SESSIONS = 200  # of a quarter


def last_of(quarter: str) -> str:
    return str(pd.Period(quarter, "Q").end_time.date())


def report(
    quarter: str,
    rows: int | None,
    sessions: int | None = SESSIONS,
    *,
    table: str = "attendance",
    cut: str = "",
) -> PrintedCells:
    """Return a report that prints the rows kept of a table, and what is counted in its quarter."""
    file, kept = ("files", 0, "rows_kept"), ("rows", table, "rows_kept")
    printed, own = ("sessions", "all"), (COUNTED[table], last_of(quarter), "all")
    counts: dict[Key, int | None] = {file: rows, kept: None, printed: sessions, own: None}
    return PrintedCells(
        11,
        quarter,
        cut or last_of(quarter),
        ("North",),
        counts,
        sums=[{file: 1, kept: -1}, {own: 1, printed: -1}],
        settled=frozenset([own]),
    )


def counting(cells: PrintedCells, quarter: str) -> PrintedCells:
    """Return a report that also prints the sessions of another quarter."""
    own: Key = ("sessions in the quarter up to", last_of(quarter), "all")
    return replace(cells, counts=cells.counts | {own: SESSIONS}, settled=cells.settled | {own})


def found(*reports: PrintedCells) -> list[int]:
    """Return the small counts that follow from reports together."""
    told = audit(reports)
    assert not told.note
    return told.found["low"].tolist()


@pytest.mark.parametrize(("rows", "few"), [(1200, []), (1204, [4]), (1211, [])])
@pytest.mark.parametrize("table", ["attendance", "episodes"])
def test_few_rows_that_are_none_of_those_counted_are_found(
    rows: int, few: list[int], table: str
) -> None:
    reports = [report("2026Q1", 1000, table=table), report("2026Q2", rows, table=table)]
    assert found(*reports) == few
    assert found(*reports[::-1]) == few


@pytest.mark.parametrize("table", ["attendance", "checkins"])
def test_few_rows_of_a_later_export_are_found(table: str) -> None:
    first = report("2026Q1", 90, table=table)
    assert found(first, report("2026Q2", 93, None, table=table)) == [3]
    assert found(first, report("2026Q2", 101, None, table=table)) == []


def test_nothing_follows_of_rows_that_are_hidden() -> None:
    first, second = report("2026Q1", 1000), report("2026Q2", 1204)
    assert found(first, replace(second, counts=report("2026Q2", None).counts)) == []
    assert found(first, report("2026Q2", 1204, None)) == []  # nor if sessions are


def test_reports_of_other_programs_or_other_times_are_not_taken_together() -> None:
    first, second = report("2026Q1", 1000), report("2026Q2", 1204)
    assert found(first, replace(second, programs=("Shore",))) == []
    assert found(first, replace(second, quarter="2026H1")) == []
    assert found(first, replace(second, data_cut="day 400")) == []


def test_each_quarter_between_must_be_counted() -> None:
    first, third = report("2026Q1", 1000), report("2026Q3", 1404)
    assert found(first, third) == []  # up to 204 sessions may be of the quarter between
    assert found(first, counting(third, "2026Q2")) == [4]


def test_a_quarter_that_an_export_has_in_part_is_not_counted() -> None:
    """Of the 200 sessions of a quarter some had been in the earlier export."""
    first = report("2026Q1", 1000, cut="2026-04-15")
    assert found(first, report("2026Q2", 1204, cut="2026-07-15")) == []
    before = report("2026Q1", 1000)
    assert found(before, report("2026Q2", 1204, cut="2026-06-29")) == []  # or are in no export yet


def test_rows_are_subtracted_where_those_of_a_report_between_are_hidden() -> None:
    first, second = report("2026Q1", 1000), report("2026Q2", None)
    assert found(first, second, report("2026Q3", 1405)) == [5]
    quarters = [str(quarter) for quarter in pd.period_range("2025Q1", "2026Q2", freq="Q")]
    hidden = [report(quarter, None) for quarter in quarters[1:-1]]
    more = 5 * SESSIONS + 5
    assert found(report(quarters[0], 1000), *hidden, report(quarters[-1], 1000 + more)) == [5]


def test_a_report_made_later_of_an_earlier_quarter_is_of_the_later_export() -> None:
    late = counting(report("2025Q4", 1204, cut="2026-06-30"), "2026Q2")
    assert found(late, report("2026Q1", 1000)) == [4]


@pytest.mark.parametrize("rows", [990, 1100])
def test_where_rows_were_removed_only_those_two_exports_are_left_out(rows: int) -> None:
    """Of 200 sessions at least 100 are no rows more: so others were removed."""
    first, second = report("2026Q1", 1000), report("2026Q2", rows)
    joined = join([first, second])
    rests = [key for key in joined.counts if isinstance(key, tuple) and key[0] == "rest"]
    assert not rests
    assert (BETWEEN in {key[0] for key in joined.counts if isinstance(key, tuple)}) == (rows > 1000)
    assert found(first, second, report("2026Q3", rows + SESSIONS + 4)) == [4]


def test_exports_that_contradict_what_is_hidden_take_no_reports_apart() -> None:
    """Of the sessions, which are hidden, those due are printed: more than there are rows more."""
    first, second = report("2026Q1", 1000), report("2026Q2", 1100, None)
    own, due = ("sessions in the quarter up to", last_of("2026Q2"), "all"), ("due", "2026Q2")
    few: dict[Key, int | None] = {"a": 40, "b": None}
    second = replace(
        second,
        counts=second.counts | {due: SESSIONS, "not due": None} | few | {"all": 44},
        sums=[*second.sums, {due: 1, "not due": 1, own: -1}, {"a": 1, "b": 1, "all": -1}],
    )
    told, all_fit = attack_together([first, second])
    assert all_fit
    assert told["low"].tolist() == [4]
    assert len(consistent_sets([first, second])) == 1


@pytest.mark.parametrize(("rows", "is_same"), [(None, True), (1000, True), (1004, False)])
def test_two_quarters_of_one_data_cut_are_of_the_same_rows(rows: int | None, is_same: bool) -> None:
    """Unless both say otherwise: then the records were changed between."""
    cut = last_of("2026Q2")
    reports = report("2026Q1", 1000, cut=cut), report("2026Q2", rows, cut=cut)
    kept = [
        (one.programs[0], f"{one.quarter} {cut}", ("rows", "attendance", "rows_kept"))
        for one in reports
    ]
    joined = join(reports)
    assert ({kept[1]: 1, kept[0]: -1} in joined.sums) == is_same
