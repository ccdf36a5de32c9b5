"""A report of each program and of all: safe together, under names of their own, all or none."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.merging import FINEST
from iop_outcomes.disclosure.system import PrintedCells, attack, join, printed_cells
from iop_outcomes.disclosure.system.joining import OF_EPISODES
from iop_outcomes.disclosure.system.people.overlap import overlap_of
from iop_outcomes.errors import ReportError
from iop_outcomes.report.command import write_each
from iop_outcomes.report.each import (
    _refuse_leaks,
    file_names,
    reports_of_programs,
    save_all,
)
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.quarterly import Wanted
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import cohort
from iop_outcomes.report.sections.registry import NAMES
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.report.together import WHOLE, Together

FREE = iop.SafePolicy.internal()  # quick: nothing is searched for
PERIOD = parse_report_period("2025")


@pytest.fixture(scope="module")
def records() -> iop.Records:
    made = iop.synthetic_records(people=40, seed=3)
    person = made.episodes["person_id"].astype(str)
    two = np.where(person.rank(method="dense") % 2 == 0, "Haus Süd/Ost", "北")
    return iop.read_records(
        episodes=made.episodes.assign(program=two),
        attendance=made.attendance,
        checkins=made.checkins,
    )


def counted(values: dict[str, int]) -> LinkedCounts:
    """Return counts of a trend: one item a quarter."""
    linked = LinkedCounts(iop.SafePolicy())
    for quarter, value in values.items():
        key = ("trend", "admissions", "quarter", quarter)
        linked.count((*key, "numerator"), value, item=key)
    return linked


def add(together: Together, own: str, values: dict[str, int]) -> frozenset[Key]:
    linked = counted(values)
    together.own = own

    def cells(hidden: frozenset[Key]) -> PrintedCells:
        return printed_cells(linked, hidden, programs=(own,))

    return together.hide(linked, linked.hidden(), cells)


def test_what_one_program_hides_does_not_follow_from_all_less_the_others() -> None:
    together = Together(("A", "B"))
    add(together, "A", {"2026Q1": 40, "2026Q2": 30})
    hidden = add(together, "B", {"2026Q1": 5, "2026Q2": 30})
    assert len(hidden) == 1
    of_all = {"2026Q1": 45, "2026Q2": 60}
    assert counted(of_all).hidden() == frozenset()  # by itself the report of all hides nothing
    gone = add(together, WHOLE, of_all)
    assert gone == {("trend", "admissions", "quarter", "2026Q1")}
    assert together.leaks == 0
    open_again = Together(("A", "B"))
    for own, values in (("A", {"2026Q1": 40}), ("B", {"2026Q1": 5})):
        add(open_again, own, values)
    whole = counted({"2026Q1": 45})
    open_again.values[WHOLE] = {}
    open_again._hide_more = lambda joined, hidden, cells: hidden  # type: ignore[method-assign]
    open_again.own = WHOLE
    open_again.hide(whole, frozenset(), lambda gone: printed_cells(whole, gone))
    found = attack(join(open_again.reports))
    assert found["low"].tolist() == [5]  # so that the test can fail


def of_weeks(week: int, retained: int, quarters: tuple[int, ...] = ()) -> LinkedCounts:
    """Return who began a week, and who was retained of them, who are those of some quarters."""
    linked = LinkedCounts(iop.SafePolicy())
    linked.count(("weeks", "5", "episodes"), week, item=("weeks", "5", "episodes"))
    linked.count(("flow", "30 days"), retained, item=("flow", "30 days"))
    linked.part(("weeks", "5", "episodes"), ("flow", "30 days"))
    parts: list[Key] = []
    for number, value in enumerate(quarters, start=1):
        item = ("trend", "retained_30", "quarter", f"2026Q{number}")
        parts.append((*item, "numerator"))
        linked.count(parts[-1], value, item=item)
    if parts:
        linked.total(("flow", "30 days"), parts)
    return linked


@pytest.mark.parametrize("far", [False, True], ids=["in the row", "by the sum of another table"])
def test_what_gives_a_count_is_hidden_and_not_only_its_row(far: bool) -> None:
    together = Together(("A", "B"))
    for own, linked in (
        ("A", of_weeks(80, 50)),
        ("B", of_weeks(70, 61)),
        (WHOLE, of_weeks(150, 111, (55, 56) if far else ())),
    ):
        together.own = own
        hidden = together.hide(
            linked, linked.hidden(), lambda gone, all=linked: printed_cells(all, gone)
        )
        if own == "B":
            assert len(hidden) == 1  # 9 are in one and not in the other
    assert {item[0] for item in hidden if isinstance(item, tuple)} == {
        "flow",
        *(["trend"] if far else []),
    }
    assert together.leaks == 0


@pytest.mark.parametrize("family", OF_EPISODES)
def test_episodes_that_one_program_hides_do_not_follow_from_all_less_the_others(
    family: str,
) -> None:
    together, item = Together(("A", "B")), (family, "one", "paired")
    for own, value in (("A", 40), ("B", 5), (WHOLE, 45)):
        linked = LinkedCounts(iop.SafePolicy())
        linked.count(item, value, item=item)
        together.own = own
        hidden = together.hide(linked, linked.hidden(), partial(printed_cells, linked))
        assert (item in hidden) == (own != "A")
    assert together.leaks == 0


@pytest.mark.parametrize("hide_export", [False, True])
def test_what_was_read_is_hidden_where_it_is_the_sum_of_all(hide_export: bool) -> None:
    together = Together(("A", "B"), hide_export=hide_export)
    rows = ("rows", "episodes", "rows_kept")
    for own, value in (("A", 40), ("B", 5), (WHOLE, 45)):
        linked = counted({"2026Q1": value})
        linked.count(rows, 45, item=rows)
        if own == WHOLE:
            linked.total(rows, [("trend", "admissions", "quarter", "2026Q1", "numerator")])
        together.own = own
        cells = partial(printed_cells, linked)
        hidden = together.hide(linked, linked.hidden(), cells)
        assert rows in hidden or not hide_export
    assert together.tells != hide_export
    assert together.leaks == (0 if hide_export else 1)


def test_few_people_of_all_programs_but_one_are_a_count() -> None:
    together = Together(("A", "B", "C"))
    for own, values in (("A", 40), ("B", 4), ("C", 5)):
        add(together, own, {"2026Q1": values})
    assert add(together, WHOLE, {"2026Q1": 49})
    key = ("trend", "admissions", "quarter", "2026Q1")
    assert together.reports[-1].counts[WHOLE, (*key, "numerator")] is None


def of_sessions(rows: dict[str, int], overlap: dict[str, int] | None = None) -> LinkedCounts:
    """Return how many people had sessions of a kind, with how many are in several programs."""
    linked = LinkedCounts(iop.SafePolicy())
    for word, value in rows.items():
        linked.count(("session people", word), value, item=("session people", word))
    for word, value in (overlap or {}).items():
        linked.count_no_people(overlap_of(("session people", word)), value)
    if overlap:
        most, less = (overlap_of(("session people", word)) for word in ("all", "late"))
        linked.at_least(most, [less])
    return linked


@pytest.mark.parametrize(("late", "everybody", "hides"), [(61, 115, True), (60, 112, False)])
def test_people_of_several_programs_are_a_sum_where_nobody_is_in_two(
    late: int, everybody: int, hides: bool
) -> None:
    """Late are 11 and 40 of two programs, and 10 of the third."""
    together = Together(("A", "B", "C"))
    overlap = {"late": 61 - late, "all": 115 - everybody}
    whole = of_sessions({"late": late, "all": everybody}, overlap)
    for own, linked in (
        ("A", of_sessions({"late": 11, "all": 30})),
        ("B", of_sessions({"late": 40, "all": 55})),
        ("C", of_sessions({"late": 10, "all": 30})),
        (WHOLE, whole),
    ):
        together.own = own
        hidden = together.hide(linked, linked.hidden(), partial(printed_cells, linked))
    assert bool(hidden) == hides  # of three in two programs 9 to 12 of C are late
    assert together.leaks == 0


def test_who_is_in_two_programs_is_counted_for_each_row_and_quarter() -> None:
    two = {"AB": ["late", "late"], "A": ["late"], "B": ["attended"], "ab": ["late", "attended"]}
    rows = [
        (f"{person}{place}", person, program, status)
        for person, of in two.items()
        for place, (program, status) in enumerate(zip(person.upper(), of, strict=True))
    ]
    frame = pd.DataFrame(rows, columns=["episode_id", "person_id", "program", "status"])
    made = iop.read_records(
        episodes=frame.drop(columns="status").assign(admit_date="2026-01-05"),
        attendance=frame[["episode_id", "status"]].assign(date="2026-01-06"),
        as_of="2026-03-31",
    )
    scope = choose_scope(made, parse_report_period("2026Q1"), iop.RelapseRule(), FREE)
    linked = LinkedCounts(FREE)
    cohort.sessions_table(scope, linked)
    cohort.link_sessions(scope, linked, FINEST, [], [])
    cohort.declare_overlaps(scope, linked, FINEST)
    quarter = ("people of sessions in the quarter up to", "2026-03-31")
    for begin in (("session people",), quarter):
        found = {word: linked.value(overlap_of((*begin, word))) for word in ("late", "all")}
        assert found == {"late": 1, "all": 2}
        assert linked.names.index(overlap_of((*begin, "late"))) in linked.no_people


def test_a_program_without_a_report_leaves_a_rest() -> None:
    together = Together(("A", "B", "C"))
    add(together, "A", {"2026Q1": 40})
    add(together, "B", {"2026Q1": 30})
    assert add(together, WHOLE, {"2026Q1": 77})  # 7 are of C
    assert together.leaks == 0


def test_files_are_told_apart_and_hold_what_any_system_takes() -> None:
    names = ["北", "南", "A/B: c?", "a b c", "x" * 90]
    found = list(file_names(Path("out/2026.html"), names).values())
    assert [one.name for one in found[:4]] == [
        "2026_1.html",
        "2026_2.html",
        "2026_3-a-b-c.html",
        "2026_4-a-b-c.html",
    ]
    assert len({one.name for one in found}) == len(names)
    assert all(one.parent == Path("out") and one.name.isascii() for one in found)
    assert len(found[-1].stem) < 60


def test_all_are_written_or_none(
    records: iop.Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [name for name in NAMES if name not in ("attendance", "relapse")]  # quicker
    settings = ReportSettings(leave_out=tuple(others))
    made = reports_of_programs(records, Wanted(PERIOD, policy=FREE), settings)
    assert list(made.each) == ["Haus Süd/Ost", "北"]
    assert made.each["北"].title == "Outcome report, 北, 2025"
    assert "relapse" in made.whole.tables
    assert "relapse" not in made.each["北"].tables
    admitted = {
        name: one.tables["programs"]["admitted"].iloc[-1] for name, one in made.each.items()
    }
    assert sum(admitted.values()) == made.whole.tables["programs"]["admitted"].iloc[-1]
    places = [tmp_path / "2025.json", tmp_path / "2025.xlsx"]
    files = save_all(made, places)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(one.name for one in files)
    assert len(files) == 6
    with pytest.raises(ReportError, match="there already"):
        save_all(made, places)
    other = [tmp_path / "second.json"]
    monkeypatch.setattr(type(made.whole), "save", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        save_all(made, other)
    assert len(list(tmp_path.iterdir())) == 6


def test_what_cannot_be_made_is_said(records: iop.Records, tmp_path: Path) -> None:
    one = records.where(program=["北"])
    with pytest.raises(ReportError, match="fewer than two"):
        reports_of_programs(one, Wanted(PERIOD, policy=FREE), ReportSettings())
    with pytest.raises(ReportError, match="of all that are large enough"):
        write_each(records, ReportSettings(), ["北"], [tmp_path / "a.html"], None)


def test_reports_that_tell_together_are_not_written() -> None:
    key = ("trend", "admissions", "quarter", "2026Q1", "numerator")
    leaky = Together(("A",), reports=[PrintedCells(11, counts={key: 5})])
    with pytest.raises(ReportError, match="taken together") as caught:
        _refuse_leaks(leaky)
    assert "Found: 1 count\n" in str(caught.value)
    twice = {"a": 3, "b": 4, "all": 9}
    torn = PrintedCells(11, counts=twice, sums=[{"a": 1, "b": 1, "all": -1}])  # type: ignore[arg-type]  # plain names
    with pytest.raises(ReportError, match="contradict each other"):
        _refuse_leaks(Together(("A",), reports=[torn]))


def test_a_program_that_ended_long_before_does_not_keep_the_others_from_their_reports() -> None:
    """Of one without discharges the data cut of all is long after its newest record."""
    admitted = ["2026-03-02"] * 30 + ["2026-07-06"] * 30
    episodes = pd.DataFrame(
        {
            "episode_id": [str(number) for number in range(60)],
            "program": ["Harbor"] * 30 + ["North"] * 30,
            "admit_date": admitted,
        }
    )
    visits = episodes[["episode_id"]].assign(
        date=[day[:8] + "08" for day in admitted], status="attended"
    )
    visits = pd.concat([visits, visits.iloc[30:].assign(date="2026-09-30")])
    records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-09-30")
    with pytest.raises(ReportError, match="206 days before 2026-09-30 without a record"):
        iop.quarterly_report(records.where(program=["Harbor"]), "2026Q3")
    wanted = Wanted(parse_report_period("2026Q3"), policy=FREE)
    made = reports_of_programs(records, wanted, ReportSettings())
    assert {*made.each} == {"Harbor", "North"}
    facts = made.each["Harbor"]._document["facts"]
    assert any("in the 206 days before the data cut" in one["text"] for one in facts)
    late = iop.read_records(episodes=episodes, attendance=visits, as_of="2027-03-01")
    with pytest.raises(ReportError, match="152 days"):
        reports_of_programs(late, wanted, ReportSettings())


def of_time(every: str, values: dict[str, int]) -> LinkedCounts:
    """Return the sessions of a trend by month or by quarter."""
    linked = LinkedCounts(iop.SafePolicy())
    for period, value in values.items():
        key = ("trend", "attendance_rate", every, period)
        linked.count((*key, "denominator"), value, item=key)
    return linked


@pytest.mark.parametrize(("quarter", "hides"), [(55, True), (50, False), (70, False)])
def test_a_quarter_of_one_program_is_no_few_more_than_its_months_in_the_report_of_all(
    quarter: int, hides: bool
) -> None:
    """Months that are not known have no row: of C, in February and March 20 and 30 of all."""
    together = Together(("A", "B", "C"))
    for own, linked in (
        ("A", of_time("month", {"2026-02": 20, "2026-03": 30})),
        ("B", of_time("month", {"2026-02": 20, "2026-03": 55})),
        ("C", of_time("quarter", {"2026Q1": quarter})),
        (WHOLE, of_time("month", {"2026-02": 60, "2026-03": 115})),
    ):
        together.own = own
        hidden = together.hide(linked, linked.hidden(), partial(printed_cells, linked))
    assert bool(hidden) == hides
    assert together.leaks == 0


@pytest.mark.parametrize(("late", "hides"), [(40, True), (35, False)])
def test_people_without_a_kind_that_one_program_takes_together_are_a_count(
    late: int, hides: bool
) -> None:
    """Nobody is in two: late of C are all less 20 of A, and those never late 30 less these."""
    together = Together(("A", "C"))
    whole = of_sessions({"late": late, "all": 69}, {"late": 0, "all": 0})
    for own, linked in (
        ("A", of_sessions({"late": 20, "all": 39})),
        ("C", of_sessions({"all": 30})),
        (WHOLE, whole),
    ):
        together.own = own
        hidden = together.hide(linked, linked.hidden(), partial(printed_cells, linked))
    assert bool(hidden) == hides
    assert together.leaks == 0


def of_quarters(quarters: dict[str, int], printed: int) -> LinkedCounts:
    """Return the admissions of a group in the last quarters, and by quarter, which is not shown."""
    linked = LinkedCounts(iop.SafePolicy())
    keys: list[Key] = []
    for day, value in quarters.items():
        keys.append(("of the admissions in the quarter up to", day, "age", "26 to 34"))
        linked.count(keys[-1], value)
    whole = (f"admissions, {printed} quarters", "age", "26 to 34")
    linked.count(whole, sum([*quarters.values()][-printed:]), item=whole)
    linked.total(whole, keys[-printed:])
    return linked


def test_a_half_year_of_one_program_is_no_few_less_than_its_year() -> None:
    """In a year 15 of B, and 11 in the half-year of which A and all are: 4 in the other half."""
    together = Together(("A", "B"))
    days = ("2025-06-30", "2025-09-30", "2025-12-31", "2026-03-31")
    for own, values, printed in (
        ("A", (10, 10, 6, 7), 2),
        ("B", (2, 2, 5, 6), 4),
        (WHOLE, (12, 12, 11, 13), 2),
    ):
        together.own = own
        linked = of_quarters(dict(zip(days, values, strict=True)), printed)
        hidden = together.hide(linked, linked.hidden(), partial(printed_cells, linked))
    assert hidden == {("admissions, 2 quarters", "age", "26 to 34")}
    assert together.leaks == 0
