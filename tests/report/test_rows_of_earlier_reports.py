"""Rows that an earlier report has, and nobody is in now: a row, which can be hidden."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.cohort import admissions_table, sessions_table
from iop_outcomes.report.sections.quarters import (
    ADMITTED,
    CHANGED,
    SESSIONS,
    before_this,
    seen_before,
)

OPEN = iop.SafePolicy.internal()
TABLES = {
    "admissions": ("group", "admitted before", "admitted"),
    "discharges": ("reason", "completed", "discharges"),
    "sessions": ("session", "no show", "sessions"),
    "attendance_by_weekday": ("weekday", "Tuesday", "due"),
}


@pytest.fixture(scope="module")
def records() -> iop.Records:
    """Return 50 admissions in a quarter, of whom 20 were there before, and 40 in the next.

    The 20 completed, and did not come on a Tuesday; the 40 had not been there before, left early,
    and came on a Monday only.
    """
    person = [f"p{number}" for number in [*range(20), *range(90)]]
    admitted = ["2025-01-06"] * 20 + ["2026-04-06"] * 50 + ["2026-07-06"] * 40
    frame = pd.DataFrame({"person_id": person, "program": "Harbor", "admit_date": admitted})
    frame["episode_id"] = [f"e{number}" for number in range(len(frame))]
    frame["discharge_date"] = pd.to_datetime(frame["admit_date"]) + pd.Timedelta(days=30)
    frame["discharge_reason"] = ["completed"] * 40 + ["dropped_out"] * 70
    first = frame[["episode_id"]].assign(date=frame["admit_date"], status="attended")
    second = first.iloc[20:40].assign(date="2026-04-07", status="no_show")
    sessions = pd.concat([first, second])
    return iop.read_records(episodes=frame, attendance=sessions, as_of="2026-09-30")


def counted(records: iop.Records, quarter: str, ledger: Ledger | None = None) -> Counted:
    scope = choose_scope(records, quarter, None, OPEN)
    return count_all(scope, scope, ledger=ledger)


@pytest.fixture(scope="module")
def before(records: iop.Records) -> Counted:
    return counted(records, "2026Q2")


@pytest.fixture(scope="module")
def alone(records: iop.Records) -> Counted:
    """Return the report of the next quarter, of which nothing was printed before."""
    return counted(records, "2026Q3")


@pytest.fixture(scope="module")
def beside(records: iop.Records, before: Counted) -> Counted:
    """Return the same report beside the one before."""
    return counted(records, "2026Q3", before.ledger)


def cells_of_row(made: Counted, table: str) -> list[int]:
    label, word, count = TABLES[table]
    frame = made.table(table).frame
    cells: list[int] = frame.loc[frame[label] == word, count].tolist()
    return cells


@pytest.mark.parametrize("table", TABLES)
def test_a_row_of_an_earlier_report_has_a_0_where_it_has_nobody_now(
    before: Counted, alone: Counted, beside: Counted, table: str
) -> None:
    assert cells_of_row(before, table) == [20]
    assert cells_of_row(alone, table) == []
    assert cells_of_row(beside, table) == [0]
    label, word, count = TABLES[table]
    frame = beside.table(table).frame
    others = frame.loc[frame[label] != word, count]
    assert others.tolist() == alone.table(table).frame[count].tolist()


def test_a_program_of_an_earlier_report_keeps_its_row_though_nobody_was_admitted_to_it() -> None:
    frame = pd.DataFrame({"program": ["Harbor"] * 80 + ["Shore"] * 40})
    frame["admit_date"] = ["2026-07-06"] * 40 + ["2025-04-07"] * 80
    frame["episode_id"] = frame["person_id"] = [f"p{number}" for number in range(len(frame))]
    frame["discharge_date"] = pd.to_datetime(frame["admit_date"]) + pd.Timedelta(days=30)
    frame["discharge_reason"] = "completed"
    came = frame[["episode_id"]].assign(date=frame["admit_date"], status="attended")
    records = iop.read_records(episodes=frame, attendance=came, as_of="2026-09-30")
    before = counted(records, "2025Q2")
    made = counted(records, "2026Q3", before.ledger)
    table = made.table("programs").frame.set_index("program")
    assert table["admitted"].to_dict() == {"Harbor": 40, "Shore": 0, "all": 40}
    assert "retained_30" in table
    assert table.loc["Shore"].drop("admitted").isna().all()
    names = {"year": ("programs", "admitted", "Shore")}
    names["quarter"] = (ADMITTED, "2026-09-30", "program", "Shore")
    year, quarter = (made.linked.names.index(name) for name in names.values())
    assert any({year, quarter} <= row.keys() for row in made.linked.facts.rows)
    hidden = replace(made, hidden=frozenset([names["year"]])).table("programs").frame
    assert hidden.set_index("program").loc["Shore"].eq("hidden").all()  # a dash would say 0
    alone = counted(records, "2026Q3").table("programs").frame
    assert alone["program"].tolist() == ["Harbor", "all"]


def test_rows_of_other_programs_and_other_tables_are_not_taken_over() -> None:
    def of(*programs: str) -> PrintedCells:
        names = [
            (ADMITTED, "2026-06-30", "level", "2.1"),
            (f"{SESSIONS}{CHANGED}", "2026-06-30", "no_show"),
            ("census", "ever"),
            "people",
        ]
        return PrintedCells(11, programs=programs, counts=dict.fromkeys(names, 12))

    rows = {("admissions", "level", "2.1"), ("sessions", "no_show")}
    assert seen_before([of("Harbor", "Shore")], ["Shore", "Harbor"]) == rows
    assert seen_before([of("Harbor", "Shore")], ["Harbor"]) == frozenset()
    assert seen_before([of("Harbor")], ["Harbor", "Shore"]) == rows  # nobody of both, nor of one
    assert seen_before([], ["Harbor"]) == frozenset()


def test_only_the_first_report_says_that_a_column_without_a_number_has_no_zero(
    records: iop.Records,
) -> None:
    """A zero is hidden beside earlier reports only."""
    few = [f"e{number}" for number in range(35, 70)]  # 5 of them had been admitted before
    some = records.subset(records.episodes["episode_id"].isin(few).to_numpy())
    scope = choose_scope(some, "2026Q2", None, None)

    def least(*earlier: PrintedCells) -> list[int]:
        made = count_all(scope, scope, ledger=Ledger(earlier))
        hidden = [item for item in made.hidden if item[:2] == ("admissions", "admission")]  # type: ignore[index]  # a tuple
        assert len(hidden) == 2
        found = made.cells.least
        return [found[key] for key in found if "admission" in key and "admissions" in str(key[0])]  # type: ignore[index,operator]  # a tuple

    assert least() == [1, 1]
    assert least(PrintedCells(11, "2026Q1", "2026-03-31", ("Shore",))) == []


def test_the_people_of_a_kind_of_session_are_hidden_with_its_sessions(
    records: iop.Records,
) -> None:
    """Nobody had one: so there was none."""
    scope = choose_scope(records, "2026Q3", None, None)
    linked = LinkedCounts(scope.policy)
    sessions_table(scope, linked, seen={("sessions", "no_show")})
    families = ("sessions", "session people")
    column = {(family, word) for family in families for word in ("attended", "no_show")}
    for family in families:
        assert linked.with_columns(frozenset([(family, "no_show")])) == column


def test_rows_stay_where_the_records_have_nobody_in_a_group_any_more(records: iop.Records) -> None:
    """All are not recorded now: a part that is left out would say 0 of each of its groups."""
    episodes = records.episodes.assign(level=None)
    scope = choose_scope(replace(records, episodes=episodes), "2026Q3", None, OPEN)
    seen = {("admissions", "level of care", word) for word in ("2.1", "not recorded")}
    seen |= {("admissions", "program", "Shore")}  # none of the programs of this report
    frame = admissions_table(scope, LinkedCounts(OPEN), seen=seen).table.frame
    level = frame[frame["by"] == "level of care"]
    assert level["group"].tolist() == ["not recorded", "2.1", "all"]
    assert level["admitted"].tolist() == [40, 0, 40]
    assert frame.loc[frame["by"] == "program", "group"].tolist() == ["all"]
    alone = admissions_table(scope, LinkedCounts(OPEN)).table.frame
    assert "level of care" not in set(alone["by"])


def test_a_report_that_is_made_once_more_has_the_rows_that_it_had(
    records: iop.Records, alone: Counted
) -> None:
    later = counted(records, "2026Q2", alone.ledger)  # which has rows that the first has not
    again = counted(records, "2026Q3", later.ledger)
    assert again.cells.as_json() == alone.cells.as_json()
    assert len(again.ledger.reports) == 2
    ones = [PrintedCells(11, quarter, "2026-09-30", ("A",)) for quarter in ("2026Q1", "2026Q2")]
    assert before_this(ones, ["A"], "2026Q2", "2026-09-30") == ones[:1]
    assert before_this(ones, ["A"], "2026Q3", "2026-09-30") == ones
    assert before_this(ones, ["B"], "2026Q2", "2026-09-30") == ones
