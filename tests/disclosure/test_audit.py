"""Finished reports as an outsider has them: what is leaky on purpose is found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import iop_outcomes as iop
from iop_outcomes.cli import app
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system import (
    PrintedCells,
    PrintedShare,
    attack,
    audit,
    join,
    printed_cells,
    read_cells,
)
from iop_outcomes.disclosure.system.attack import fits
from iop_outcomes.disclosure.system.quarters import quarters_together
from iop_outcomes.errors import ReportError
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.scope import choose_scope
from tests.helpers.of_the_sample import (
    QUARTER,
    nothing_hidden,
    records_of_the_sample,
    report_of_the_sample,
    without_check_ins,
)
from validation.shown_share import one_program

Sums = dict[str, list[str]]
QUARTER_ENDS = ("03-31", "06-30", "09-30", "12-31")


def cells_of(values: dict[str, int], hidden: set[str], sums: Sums, **more: object) -> PrintedCells:
    rows: list[dict[Key, int]] = [
        {**dict.fromkeys(parts, 1), whole: -1} for whole, parts in sums.items()
    ]
    shown: dict[Key, int | None] = {
        name: None if name in hidden else value for name, value in values.items()
    }
    return PrintedCells(11, counts=shown, sums=rows, **more)  # type: ignore[arg-type]


def test_two_tables_that_are_safe_alone_are_not_together() -> None:
    # Worked example 1: three programs, relapse or not; the south is programs B and C.
    values = {"AY": 4, "AN": 30, "BY": 12, "BN": 25, "CY": 17, "CN": 40}
    sums: Sums = {name: [f"{name}Y", f"{name}N"] for name in "ABC"}
    sums |= {f"all {one}": [f"{name}{one}" for name in "ABC"] for one in "YN"}
    south: Sums = {f"south {one}": [f"B{one}", f"C{one}"] for one in "YN"}
    values |= {name: sum(values[part] for part in held) for name, held in (sums | south).items()}
    hidden = {"AY", "AN", "BY", "BN"}
    first = cells_of({k: v for k, v in values.items() if not k.startswith("south")}, hidden, sums)
    assert attack(first).empty
    both = attack(cells_of(values, hidden, sums | south))
    # All with a relapse, 33, less those of the south, 29.
    assert both[["cell", "how", "low", "high"]].values.tolist() == [["AY", "exactly", 4, 4]]
    assert attack(cells_of(values, {*hidden, "south Y", "CN", "south N"}, sums | south)).empty


def test_cells_hidden_by_elimination_alone_are_known_to_be_small() -> None:
    # Worked example 2: 3, 2 and 6 are small, 15 is hidden beside them: their ranges are below 11.
    cells = [[3, 2, 31], [6, 15, 28], [22, 19, 40]]
    values = {f"{i},{j}": cells[i][j] for i in range(3) for j in range(3)}
    sums: Sums = {f"{i},all": [f"{i},{j}" for j in range(3)] for i in range(3)}
    sums |= {f"all,{j}": [f"{i},{j}" for i in range(3)] for j in range(3)}
    values |= {name: sum(values[part] for part in held) for name, held in sums.items()}
    hidden = {"0,0", "0,1", "1,0", "1,1"}
    found = attack(cells_of(values, hidden, sums)).set_index("cell")[["low", "high"]]
    assert found["high"].max() < 11
    assert found.loc["1,0"].tolist() == [4, 9]  # the two others can be zero, where zeros are hidden
    known = replace(cells_of(values, hidden, sums), least=dict.fromkeys(hidden, 1))
    ranges = attack(known).set_index("cell")[["low", "high"]]
    assert ranges.loc["0,0"].tolist() == [1, 4]
    assert ranges.loc["0,1"].tolist() == [1, 4]
    assert ranges.loc["1,0"].tolist() == [5, 8]
    # The four largest hidden, and 15 shown, is enough where zeros are hidden, not where they show.
    safe = {*hidden, "0,2", "1,2", "2,0", "2,1"} - {"1,1"}
    assert attack(cells_of(values, safe, sums)).empty
    assert not attack(replace(cells_of(values, safe, sums), least=dict.fromkeys(safe, 1))).empty


def test_whole_numbers_give_what_linear_programming_calls_safe() -> None:
    # Relapse 33% in one group, 40% in another, 25 people together: 5 of 15 and 4 of 10.
    names = ("NA", "kA", "NB", "kB", "all")
    shown: dict[Key, int | None] = {**dict.fromkeys(names), "all": 25}
    given = PrintedCells(
        11,
        counts=shown,
        least={"kA": 1, "kB": 1},
        sums=[{"NA": 1, "NB": 1, "all": -1}],
        shares=[
            PrintedShare("kA", "NA", 0.325, 0.335),
            PrintedShare("kB", "NB", 0.395, 0.405),
        ],
    )
    found = attack(given).set_index("cell")
    assert found["how"].tolist() == ["exactly"] * 3
    assert found["low"].to_dict() == {"kA": 5, "NB": 10, "kB": 4}


def test_numbers_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ReportError, match="contradict"):
        attack(cells_of({"a": 3, "b": 4, "all": 9}, set(), {"all": ["a", "b"]}))
    with pytest.raises(ReportError, match="contradict"):
        attack(cells_of({"a": 30, "b": 4, "all": 9}, {"b"}, {"all": ["a", "b"]}))


def test_a_subset_of_programs_is_part_of_all() -> None:
    key = ("trend", "admissions", "quarter", "2026Q1", "numerator")
    settled = frozenset([key])
    whole = PrintedCells(11, "2026Q1", programs=("A", "B"), counts={key: 50}, settled=settled)
    part = PrintedCells(11, "2026Q2", programs=("A",), counts={key: 44}, settled=settled)
    found = audit([whole, part]).found
    assert found[["report", "low"]].values.tolist() == [["together", 6]]
    far = PrintedCells(11, "2026Q1", programs=("A",), counts={key: 30}, settled=settled)
    assert audit([whole, far]).found.empty


def test_a_count_that_is_issued_again_tells_who_came_late() -> None:
    key = ("trend", "retained_30", "quarter", "2026Q1", "numerator")
    settled = frozenset([key])
    first = PrintedCells(11, "2026Q1", "2026-04-30", ("A",), {key: 44}, settled=settled)
    assert audit([first, replace(first, counts={key: 47})]).found["low"].tolist() == [3]
    assert audit([first, replace(first, counts={key: 58})]).found.empty
    assert audit([first, first]).found.empty
    # What is counted so far, of a quarter that is not complete, is another count later.
    so_far = replace(first, counts={key: 41}, settled=frozenset())
    assert audit([so_far, first]).found.empty


@pytest.fixture(scope="module")
def small() -> iop.Records:
    """Return one program with some 80 admissions a year."""
    return without_check_ins(one_program(3, 80, "2026Q3"))


def test_a_report_is_safe_and_each_hidden_number_more_may_not_be(small: iop.Records) -> None:
    scope = choose_scope(small, "2026Q3", None, None)
    counted = count_all(scope, scope)
    cells = printed_cells(counted.linked, counted.hidden)
    assert attack(cells).empty
    leaky = 0
    linked: LinkedCounts = counted.linked
    whole_rows = [item for item in counted.hidden if item in linked and linked.value(item) > 10]
    for item in whole_rows[:8]:
        leaky += len(attack(printed_cells(linked, counted.hidden - {item}))) > 0
    assert leaky >= 1


def test_the_command_audits_files_and_ends_with_one_if_something_is_told(tmp_path: Path) -> None:
    total: Sums = {"all": ["a", "b"]}
    safe = cells_of({"a": 40, "b": 4, "all": 44}, {"b", "a"}, total)
    leaky = cells_of({"a": 40, "b": 4, "all": 44}, {"b"}, total)
    files = {}
    for name, one in (("safe", safe), ("leaky", leaky)):
        files[name] = tmp_path / f"{name}.json"
        files[name].write_text(json.dumps({"cells": one.as_json()}), encoding="utf-8")
    run = CliRunner()
    fine = run.invoke(app, ["audit", str(files["safe"])])
    assert fine.exit_code == 0
    assert "0 from 1 to 10 can be worked out" in fine.output
    found = run.invoke(app, ["audit", str(files["leaky"])])
    assert found.exit_code == 1
    assert "b: 4 (exactly), from a (40); all (44)" in found.output
    both = run.invoke(app, ["audit", str(files["safe"]), str(files["leaky"])])
    assert both.exit_code == 1
    with pytest.raises(ReportError, match="no JSON"):
        read_cells("{")
    with pytest.raises(ReportError, match="printed cells"):
        read_cells('{"tables": []}')


def test_joined_reports_keep_their_own_quarters_apart() -> None:
    own = ("discharges", "all")
    reports = [PrintedCells(11, quarter, counts={own: 20 + n}) for n, quarter in enumerate("ab")]
    assert len(join(reports).counts) == 2


def of_programs(programs: str, key: Key, value: int | None) -> PrintedCells:
    """Return a report of some programs that prints or hides one count."""
    least = {key: 1} if value is None else {}
    return PrintedCells(11, "2026Q1", "", tuple(programs), {key: value}, least)


ADMITTED = ("trend", "admissions", "quarter", "2026Q1", "numerator")


def test_what_two_reports_say_of_a_quarter_is_said_once() -> None:
    names = [("trend", "a", "month", f"2026-0{month}") for month in (1, 2)]
    total: dict[Key, int] = {**dict.fromkeys(names, 1), ("trend", "a", "quarter", "2026Q1"): -1}
    counts = dict.fromkeys(total)
    first = PrintedCells(11, "2026Q1", counts=counts, sums=[total], settled=frozenset(total))
    # The order in which a sum is written does not matter; in another report months are others.
    second = replace(first, quarter="2026Q2", sums=[dict(reversed(total.items()))])
    assert len(join([first, second]).sums) == 1
    assert len(join([first, replace(second, settled=frozenset())]).sums) == 2


def test_a_program_without_a_report_is_all_less_the_others() -> None:
    reports = [of_programs(*one) for one in (("ABC", ADMITTED, 75), ("A", ADMITTED, 40))]
    assert audit(reports).found.empty
    found = audit([*reports, of_programs("B", ADMITTED, 30)]).found
    assert found[["report", "how", "low"]].values.tolist() == [["together", "exactly", 5]]


def test_a_whole_is_the_sum_of_its_programs() -> None:
    reports = [of_programs(*one) for one in (("ABC", ADMITTED, 75), ("A", ADMITTED, 40))]
    reports += [of_programs("C", ADMITTED, None), of_programs("B", ADMITTED, 30)]
    found = audit(reports).found
    assert found["low"].tolist() == found["high"].tolist() == [5]
    assert "C / 2026Q1" in found["cell"].iloc[0]


@pytest.mark.parametrize(
    "key",
    [
        ("admissions", "all"),
        ("discharges", "all"),
        ("sessions", "attended"),
        ("weekdays", "Monday", "due"),
        ("weekdays, over two quarters", "Monday", "due"),
        ("flow", "admitted"),
        ("outside the flow", "no session"),
        ("weeks", 4, "seen"),
        ("census", "2026-06-30"),
    ],
    ids=lambda key: key[0],
)
def test_episodes_and_sessions_of_programs_add_up(key: Key) -> None:
    some = [("ABC", key, 75), ("A", key, 40), ("B", key, 30)]
    found = audit([of_programs(*one) for one in some]).found
    assert found[["report", "how", "low"]].values.tolist() == [["together", "exactly", 5]]


def test_people_of_several_programs_are_no_sum() -> None:
    people = ("session people", "attended")
    some = [("ABC", people, 75), ("A", people, 40), ("B", people, 30)]
    assert audit([of_programs(*one) for one in some]).found.empty


def test_reports_of_programs_fit_that_of_all() -> None:
    """Where these hide nothing, more numbers have to fit, and nothing is searched for."""
    whole = report_of_the_sample().cells
    assert whole is not None
    records = records_of_the_sample()
    own = [records.where(program=name) for name in ("North", "Harbor")]
    scopes = [choose_scope(one, QUARTER, None, None) for one in own]
    with nothing_hidden():
        reports = [whole, *(count_all(scope, scope, None, None).cells for scope in scopes)]
    assert fits(join(reports))


def of_quarters(quarter: str, days: list[str], printed: int, end: str = "") -> PrintedCells:
    """Return a report that prints the discharges of some quarters, of which none is printed."""
    reason = ["completed", end] if end else ["completed"]
    own = [("discharged in the quarter up to", day, *reason) for day in days]
    whole = ("discharges", "completed")
    row: dict[Key, int] = {**dict.fromkeys(own, 1), whole: -1}
    counts: dict[Key, int | None] = {**dict.fromkeys(own), whole: printed}
    return PrintedCells(
        11, quarter, programs=("North",), counts=counts, sums=[row], settled=frozenset(own)
    )


def test_a_few_people_of_two_quarters_together_are_found() -> None:
    """A year of 20 and its first half of 15: each of the other quarters may have had nobody."""
    days = ["2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30"]
    half = of_quarters("2025Q4", days[:2], 15)
    found = audit([half, of_quarters("2026Q2", days, 20)]).found
    assert found[["low", "high"]].values.tolist() == [[5, 5]]
    assert "in several quarters" in found["cell"].iloc[0]
    assert audit([half, of_quarters("2026Q2", days, 26)]).found.empty
    apart = of_quarters("2026Q2", [days[0], days[1], "2024-03-31", "2026-06-30"], 20)
    assert audit([half, apart]).found.empty  # they are not of a year


def test_a_few_people_of_quarters_that_are_not_in_a_row_are_found() -> None:
    """A half-year of 11, and the year of 17 that has it in its middle, as in a random series."""
    days = ["2025-06-30", "2025-09-30", "2025-12-31", "2026-03-31"]
    half = of_quarters("2025Q4", days[1:3], 11)
    found = audit([half, of_quarters("2026Q1", days, 17)]).found
    assert found[["low", "high"]].values.tolist() == [[6, 6]]
    assert audit([half, of_quarters("2026Q1", days, 22)]).found.empty


def test_a_few_people_of_quarters_that_no_report_has_together_are_found() -> None:
    """20 in the first two quarters, 20 in the others, 31 in the second and fourth: 9 are left."""
    days = ["2024-09-30", "2024-12-31", "2025-03-31", "2025-06-30"]
    halves = [of_quarters("2024Q4", days[:2], 20), of_quarters("2025Q2", days[2:], 20)]
    found = audit([*halves, of_quarters("2025Q3", [days[1], days[3]], 31)]).found
    assert found[["low", "high"]].values.tolist() == [[9, 9]]
    assert days[0] in found["cell"].iloc[0]
    assert days[2] in found["cell"].iloc[0]
    assert audit([*halves, of_quarters("2025Q3", [days[1], days[3]], 29)]).found.empty


def test_a_few_people_of_more_than_a_year_are_found() -> None:
    """14 in two years, and 11 in its last half-year: 3 in the six quarters before it."""
    days = [f"{year}-{day}" for year in (2024, 2025) for day in QUARTER_ENDS]
    half = of_quarters("2025Q4", days[6:], 11)
    found = audit([half, of_quarters("2026Q4", days, 14)]).found
    assert found[["low", "high"]].values.tolist() == [[3, 3]]
    assert audit([half, of_quarters("2026Q4", days, 22)]).found.empty


def test_quarters_that_are_too_far_apart_are_not_taken_together() -> None:
    days = [f"{year}-{day}" for year in (2023, 2024, 2025) for day in QUARTER_ENDS]
    counts: dict[Key, int | None] = {
        ("North", "", ("discharged in the quarter up to", day, "completed")): None for day in days
    }
    together = quarters_together(PrintedCells(11, counts=counts), {"North"})
    assert max(len(names) for names in together) == 8  # no table is longer than two years
    in_a_row = sum(12 - size + 1 for size in range(2, 9))
    assert len(together) == len({*together}) == in_a_row + 10 + 3 * 9  # without some in between


def test_who_is_no_longer_counted_is_found() -> None:
    """Of 50 counted so far 47 are final."""
    day = ["2025-12-31"]
    so_far = of_quarters("2026Q1", day, 50, end="so far on 2026-03-31")
    assert audit([so_far, of_quarters("2026Q2", day, 47)]).found["low"].tolist() == [3]
    assert audit([so_far, of_quarters("2026Q2", day, 50)]).found.empty
