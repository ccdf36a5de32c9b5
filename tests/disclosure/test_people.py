"""People of several programs: where the totals say that nobody is in two, each row adds up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system import PrintedCells, attack, audit, join, read_cells
from iop_outcomes.disclosure.system.overlaps import counted
from iop_outcomes.disclosure.system.people.overlap import overlap_of
from iop_outcomes.disclosure.system.people.saved import people_together

PROGRAMS = ("A", "B", "C")
Rows = dict[str, int | None]


def report(programs: tuple[str, ...], rows: Rows, family: str = "session people") -> PrintedCells:
    """Return a report of how many people had a session of each kind, with those hidden above 0."""
    counts: dict[Key, int | None] = {(family, word): value for word, value in rows.items()}
    hidden = dict.fromkeys((key for key, value in counts.items() if value is None), 1)
    return PrintedCells(11, "2026Q1", "2026-03-31", programs, counts, hidden)


def series(everybody: int | None, of_c: Rows | None = None) -> list[PrintedCells]:
    """Return what is printed of 61 late people: 11 of A, 40 of B, and those of C are hidden."""
    return [
        report(("A",), {"late": 11, "all": 30}),
        report(("B",), {"late": 40, "all": 55}),
        report(("C",), of_c or {"late": None, "all": 30}),
        report(PROGRAMS, {"late": 61, **({} if everybody is None else {"all": everybody})}),
    ]


def late_of_c(reports: list[PrintedCells]) -> list[tuple[int, int]]:
    found = attack(join(reports))
    rows = found[found["cell"].str.startswith("C /") & found["cell"].str.contains("late")]
    return list(rows[["low", "high"]].itertuples(index=False, name=None))


def test_nobody_is_in_two_programs_where_the_totals_add_up() -> None:
    # 30 + 55 + 30 = 115, so nobody is in two: late of C are 61 - 11 - 40 = 10.
    assert late_of_c(series(115)) == [(10, 10)]
    found = audit(series(115)).found
    assert set(found["report"]) == {"together"}


def test_who_is_in_two_programs_leaves_a_range() -> None:
    # Three of 112 are in two programs, so that late of C are 10 to 13: 13 are not few.
    assert late_of_c(series(112)) == []
    # With one of 114 they are 7 to 8 of 58.
    reports = series(114)
    reports[-1].counts["session people", "late"] = 58
    assert late_of_c(reports) == [(7, 8)]


def test_without_a_row_of_everybody_the_sum_is_at_least_the_whole() -> None:
    assert late_of_c(series(None)) == []  # 10 or more
    reports = series(None, {"late": None, "all": 10})  # of 10 of C at most 10, so exactly 10
    reports[2].sums.append(
        {("session people", "late"): 1, "other": 1, ("session people", "all"): -1}
    )
    reports[2].counts["other"] = None
    assert late_of_c(reports) == [(10, 10)]


def test_a_program_without_the_row_is_a_rest() -> None:
    # C prints late people together with others, so that it has no such row.
    reports = series(115, {"attended in part or late": 15, "all": 30})
    found = attack(join(reports))
    assert found["low"].tolist() == [10]
    assert found["cell"].str.startswith("others").all()


def test_what_is_no_count_of_people_is_not_named() -> None:
    reports = series(112, {"late": 12, "all": 30})  # three in two programs, and two of them late
    assert join(reports).counts.keys() >= {overlap_of(name) for name in _names()}
    assert not len(attack(join(reports)))


def _names() -> list[Key]:
    programs = ", ".join(PROGRAMS)
    return [(programs, "2026Q1 2026-03-31", ("session people", word)) for word in ("late", "all")]


@pytest.mark.parametrize("changed", ["", ", changed"])
def test_the_people_of_a_quarter_are_declared_whatever_the_time_of_the_table(changed: str) -> None:
    day = "2026-03-31"
    family = f"people of sessions in the quarter up to{changed}"

    def named(one: PrintedCells) -> PrintedCells:
        counts: dict[Key, int | None] = {
            (family, day, key[1]): value  # type: ignore[index]  # a name of `report`
            for key, value in one.counts.items()
        }
        least = dict.fromkeys((key for key, value in counts.items() if value is None), 1)
        settled = frozenset(counts)
        return PrintedCells(11, "2026Q1", day, one.programs, counts, least, settled=settled)

    assert late_of_c([named(one) for one in series(115)]) == [(10, 10)]


def saved(programs: str, rows: Rows, time: str = "2026Q1") -> dict[str, Any]:
    """Return a report saved as JSON that has the column of people only."""
    some = [[word, "hidden" if value is None else value] for word, value in rows.items()]
    columns = [{"name": name, "kind": "text"} for name in ("session", "people")]
    caption = f"Treatment sessions in {time}"
    table = {"name": "sessions", "caption": caption, "note": "", "columns": columns, "rows": some}
    section = {"name": "attendance", "title": "", "sentences": [], "items": [], "figures": []}
    return {
        "schema": "iop_outcomes report 1",
        "title": "A report",
        "facts": [{"name": "Programs", "text": programs}],
        "findings": [],
        "sections": [section | {"tables": [table]}],
        "beside_earlier": False,
    }


@pytest.mark.parametrize(("everybody", "found"), [(115, [(10, 10)]), (112, []), (None, [])])
def test_the_tables_of_saved_reports_are_asked_too(
    everybody: int | None, found: list[tuple[int, int]]
) -> None:
    documents = [
        saved(", ".join(one.programs), {str(key[1]): value for key, value in one.counts.items()})  # type: ignore[index]  # a name of `report`
        for one in series(everybody)
    ]
    assert [row[2:4] for row in people_together(documents, 11)] == found
    cells = [read_cells(json.dumps(one))[0] for one in documents]
    assert audit(cells).found["low"].tolist() == [low for low, _ in found]


@pytest.mark.parametrize(
    ("small", "expected"), [("A, B, C, D{0}", "ABC"), ("A{0}, B, C, D{0}, E{0}", "BC")]
)
def test_a_program_that_is_in_no_number_is_none_of_a_report(small: str, expected: str) -> None:
    document = saved(small.format(" (too few to publish)"), {"all": 40})
    (one,) = counted(document, {"sessions": ("people",)})
    assert one.programs == frozenset(expected)


def test_the_people_of_two_quarters_are_no_more_than_those_of_each() -> None:
    """Late were 30 of a half-year and 22 of its first quarter, so 8 or more of its second."""
    rows: list[tuple[str, Rows]] = [
        ("2026Q1 to 2026Q2", {"late": 30, "all": 50}),
        ("2026Q1", {"late": 22, "all": 28}),
        ("2026Q2", {"late": None, "all": 24}),  # two of 50 are in both
    ]
    told = people_together([saved("North", one, time) for time, one in rows], 11)
    cell = "sessions / late / people / North / 2026-04-01 to 2026-06-30"
    assert [row[2:4] for row in told if row[0] == cell] == [(8, 10)]
    rows[2][1]["all"] = 27  # five are
    told = people_together([saved("North", one, time) for time, one in rows], 11)
    assert not [row for row in told if row[0] == cell]
