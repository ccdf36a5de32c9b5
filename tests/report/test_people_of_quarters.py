"""People of sessions in times that hold one another: a year, its half-years and its quarters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import hide_beside
from iop_outcomes.disclosure.merging import FINEST, MergePlan, Step
from iop_outcomes.disclosure.system import PrintedCells, attack, join, joining
from iop_outcomes.disclosure.system.attack import fits
from iop_outcomes.report.counting import cells_of
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.cohort import sessions

HALF_YEAR, YEAR = Step("half_year"), Step("year")
DAYS = {"2025Q2": "2025-04-07", "2025Q3": "2025-07-07", "2025Q4": "2025-10-06"}
DAYS |= {"2026Q1": "2026-01-05"}
STATUSES = {
    word: pd.Timedelta(days=number)
    for number, word in enumerate(("attended", "late", "no_show", "excused"))
}
"""Each status has its own day of the week: two on one day would be one session."""
Came = Mapping[str, Mapping[str, range]]
"""The quarter -> the status -> which people had four such sessions in it."""
System = tuple[LinkedCounts, Callable[[Any], PrintedCells]]


def records_of(came: Came, cut: str = "2026-03-31") -> iop.Records:
    """Return the records of one program, up to a day: all are admitted in April 2025."""
    rows = [
        {"episode_id": f"p{number}", "date": day, "status": status}
        for quarter, statuses in came.items()
        for status, people in statuses.items()
        for number in people
        for day in pd.date_range(DAYS[quarter], periods=4, freq="7D") + STATUSES[status]
    ]
    frame = pd.DataFrame({"episode_id": sorted({str(row["episode_id"]) for row in rows})})
    frame["person_id"], frame["program"], frame["admit_date"] = (
        frame["episode_id"],
        "Harbor",
        "2025-04-01",
    )
    frame["discharge_date"] = "2026-03-30"
    return iop.read_records(episodes=frame, attendance=pd.DataFrame(rows), as_of=cut)


def system_of(records: iop.Records, quarter: str, step: Step) -> System:
    """Return the counts of the sessions of a report, and what it prints of them."""
    scope = choose_scope(records, quarter, None, None)
    linked = LinkedCounts(scope.policy)
    sessions.sessions_table(scope, linked, step)
    sessions.link_sessions(scope, linked, step, [], [])

    def cells(hidden: Any) -> PrintedCells:
        return cells_of(scope, linked, hidden, plan=MergePlan({"sessions": step}))

    return linked, cells


def before(*systems: System) -> list[PrintedCells]:
    return [cells(linked.hidden()) for linked, cells in systems]


def found(reports: list[PrintedCells]) -> list[tuple[str, int, int]]:
    table = attack(join(reports))
    return [*table[["cell", "low", "high"]].itertuples(index=False, name=None)]


def without_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "declare_times", lambda *_: frozenset())


@pytest.fixture(scope="module")
def year() -> iop.Records:
    """Return 35 late people of a year, 30 of them in the half-year in its middle."""
    attended = {"attended": range(60)}
    return records_of(
        {
            "2025Q2": attended | {"late": range(20)},
            "2025Q3": attended | {"late": range(20)},
            "2025Q4": attended | {"late": range(10, 30)},
            "2026Q1": attended | {"late": range(15, 35)},
        }
    )


def test_people_of_a_year_and_not_of_the_half_year_in_it_are_no_few(
    year: iop.Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables were of half-years in 2025 and are of years in 2026, as the plan of each year says."""
    half = before(system_of(year, "2025Q4", HALF_YEAR))
    linked, cells = system_of(year, "2026Q1", YEAR)
    late = ("session people", "late")
    assert late not in linked.hidden()
    told = found([*half, cells(linked.hidden())])
    assert {row[1:] for row in told} == {(5, 5)}
    hidden, note = hide_beside(linked, linked.hidden(), cells, half)
    assert late in hidden
    assert not note
    assert ("session people", "all") not in hidden
    assert found([*half, cells(hidden)]) == []
    without_times(monkeypatch)
    assert late not in hide_beside(linked, linked.hidden(), cells, half)[0]


FIRST, SECOND = range(40), range(32, 56)
HALF: Came = {
    "2025Q2": {"attended": FIRST, "late": range(18, 40), "no_show": FIRST, "excused": FIRST},
    "2025Q3": {
        "attended": SECOND,
        "late": range(32, 37),
        "no_show": range(44, 50),
        "excused": SECOND,
    },
}
"""22 late people of a quarter, of whom 5 were late in the next: eight of all came in both."""


@pytest.fixture(scope="module")
def half_year() -> tuple[iop.Records, iop.Records]:
    """Return the records as the reports of the quarters have them, and those of a later day."""
    return records_of(HALF), records_of(HALF, "2026-04-30")


def test_who_came_in_both_quarters_at_most_is_not_told_by_the_time_of_both(
    half_year: tuple[iop.Records, iop.Records], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All late people of the half-year were late in its first quarter: 5 of the second, at most 8.

    40 came in the first and 24 in the second quarter, 56 in both: eight in both.
    """
    first, later = half_year
    quarters = before(*(system_of(first, one, FINEST) for one in ("2025Q2", "2025Q3")))
    assert found(quarters) == []
    linked, cells = system_of(later, "2025Q3", HALF_YEAR)
    late, everybody = ("session people", "late"), ("session people", "all")
    assert {late, everybody}.isdisjoint(linked.hidden())
    told = found([*quarters, cells(linked.hidden())])
    assert "late" in str(told)
    assert max(row[-1] for row in told) == 8
    hidden, _ = hide_beside(linked, linked.hidden(), cells, quarters)
    assert {late, everybody} & hidden
    assert found([*quarters, cells(hidden)]) == []
    without_times(monkeypatch)
    assert hide_beside(linked, linked.hidden(), cells, quarters)[0] == linked.hidden()


def test_a_quarter_beside_the_time_that_holds_it_is_asked_too(
    half_year: tuple[iop.Records, iop.Records],
) -> None:
    """The report of the first quarter and that of both are there before that of the second."""
    first, later = half_year
    earlier = before(system_of(first, "2025Q2", FINEST), system_of(first, "2025Q3", HALF_YEAR))
    linked, cells = system_of(later, "2025Q3", FINEST)
    everybody = ("session people", "all")
    assert everybody not in linked.hidden()
    hidden, _ = hide_beside(linked, linked.hidden(), cells, earlier)
    assert everybody in hidden
    assert found([*earlier, cells(hidden)]) == []


def cells_of_people(quarter: str, counts: Mapping[Any, int | None]) -> PrintedCells:
    """Return a report of people of sessions, where no hidden number is 0."""
    least = dict.fromkeys((key for key, value in counts.items() if value is None), 1)
    settled = frozenset(key for key in counts if len(key) == 3 and "changed" not in key[0])
    days = pd.Period(quarter).end_time.date().isoformat()
    return PrintedCells(11, quarter, days, ("Harbor",), dict(counts), least, settled=settled)


def of_quarter(family: str, numbers: Mapping[str, tuple[int | None, int | None]]) -> Any:
    """Return the late people and all people of some quarters."""
    ends = {quarter: str(pd.Period(quarter).end_time.date()) for quarter in numbers}

    return {
        (family, ends[quarter], word): number
        for quarter, both in numbers.items()
        for word, number in zip(WORDS, both, strict=True)
    }


QUARTERS = "people of sessions in the quarter up to"
OF_YEAR = "session people, 2025Q2 to 2026Q1"
WORDS = ("late", "all")


@pytest.mark.parametrize(
    ("family", "expected"), [(QUARTERS, {(1, 8)}), (f"{QUARTERS}, changed", set())]
)
def test_quarters_before_the_first_admission_hold_nobody_and_changed_ones_others(
    family: str, expected: set[tuple[int, int]]
) -> None:
    """The year is of the last two quarters, or of what these were after the records changed."""
    printed: dict[str, tuple[int | None, int | None]] = {"2025Q4": (22, 40), "2026Q1": (None, 24)}
    earlier = cells_of_people("2026Q1", of_quarter(QUARTERS, printed))
    not_printed = of_quarter(family, dict.fromkeys(printed, (None, None)))
    year = cells_of_people("2026Q1", {(OF_YEAR, "late"): 22, (OF_YEAR, "all"): 56} | not_printed)
    told = found([year, earlier])
    assert {row[1:] for row in told if "2026-03-31 / late" in row[0]} == expected


def test_a_year_is_no_more_than_a_half_year_and_two_quarters_add_up_to() -> None:
    """Late in the year were 40: 20 of the first half, 12 and 8 of the last two quarters, or 9.

    At most one person is counted twice. Another half-year of the year, in its middle, is hidden.
    """
    quarters: dict[str, tuple[int | None, int | None]] = {
        "2025Q2": (None, 20),
        "2025Q3": (None, 20),
        "2025Q4": (12, 20),
        "2026Q1": (None, 20),
    }
    some = of_quarter(QUARTERS, quarters)
    half = {("session people, 2025Q2 to 2025Q3", word): 20 + 9 * (word == "all") for word in WORDS}
    hidden = {("session people, 2025Q3 to 2025Q4", word): None for word in WORDS}
    year = {(OF_YEAR, "late"): 40, (OF_YEAR, "all"): 68}
    reports = [cells_of_people("2025Q3", half), cells_of_people("2025Q4", hidden)]
    told = found([*reports, cells_of_people("2026Q1", year | some)])
    assert {row[1:] for row in told if "2026-03-31 / late" in row[0]} == {(8, 9)}


def of_two_programs() -> iop.Records:
    """Return records of 40 other people in each quarter, three of four of them in Harbor."""
    came = {
        quarter: {"attended": range(start, start + 40), "late": range(start, start + 30)}
        for start, quarter in zip(range(0, 160, 40), DAYS, strict=True)
    }
    made = records_of(came)
    number = made.episodes["episode_id"].astype(str).str.removeprefix("p").astype(int)
    program = number.mod(4).eq(0).map({True: "North", False: "Harbor"})
    return iop.read_records(
        episodes=made.episodes.assign(program=program),
        attendance=made.attendance,
        as_of=made.as_of,
    )


@pytest.mark.parametrize("step", [FINEST, HALF_YEAR])
def test_people_of_each_kind_of_a_program_are_of_the_time_of_its_table(step: Step) -> None:
    # They were named without it: those of a year of one program were more than those of a quarter
    # of all, so that reports of one time contradicted each other.
    records, reports = of_two_programs(), []
    for part, own in ((records.where(program=["Harbor"]), YEAR), (records, step)):
        linked, cells = system_of(part, "2026Q1", own)
        printed = cells(frozenset())
        values = dict(zip(printed.counts, map(round, linked.facts.values), strict=True))
        reports.append(replace(printed, counts=values, least={}))
    assert fits(join(reports))
