"""The memory of what was printed: once, the same ever after, and nothing follows beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import TOTAL
from iop_outcomes.disclosure.ledger import Ledger, hide_beside
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.results import hide_trend, link_trend
from iop_outcomes.disclosure.system import PrintedCells, Trials, audit, printed_cells
from iop_outcomes.disclosure.system.consistent import consistent_sets
from iop_outcomes.errors import ReportError
from iop_outcomes.report import counting
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.scope import choose_scope
from tests.helpers.of_the_sample import without_check_ins
from validation.shown_share import one_program

PROGRAMS = ("North",)


def trend_of(numerators: list[int]) -> iop.Trend:
    periods = [f"2026-{month:02d}" for month in range(1, len(numerators) + 1)]
    frame = pd.DataFrame({"period": periods, "numerator": numerators, "denominator": 60})
    return iop.trend(frame, "kept", chart="none")


def after(trend: iop.Trend) -> tuple[Ledger, iop.Trend]:
    """Return the ledger of a report of one trend, and the trend as it printed it."""
    linked = LinkedCounts(iop.SafePolicy())
    link_trend(linked, trend)
    hidden = linked.hidden()
    cells = printed_cells(linked, hidden, quarter="2026Q1", programs=PROGRAMS)
    shown = [True] * len(trend.table)
    ledger = Ledger().with_report(cells, 2026, MergePlan(), [(trend, shown)], hidden)
    return ledger, hide_trend(trend, hidden, iop.SafePolicy())


def test_a_figure_stands_as_it_was_printed_and_what_was_hidden_stays_hidden() -> None:
    ledger, printed = after(trend_of([40, 7, 33]))
    assert printed.table["hidden"].tolist() == [False, True, False]
    frozen = ledger.freeze(trend_of([42, 30, 33, 25]), PROGRAMS)
    assert frozen.trend.table["numerator"].tolist()[:1] == [40]
    assert frozen.trend.table["value"].iloc[0] == printed.table["value"].iloc[0]
    assert frozen.changed == ["2026-01"]
    assert len(frozen.printed) == 2
    assert [key[-1] for key in frozen.hidden] == ["2026-02"]  # type: ignore[index]
    other = ledger.freeze(trend_of([42, 30, 33, 25]), ("South",))
    assert (other.printed, other.changed) == ([], [])


def test_a_ledger_comes_back_from_its_file_and_holds_no_hidden_number(tmp_path: Path) -> None:
    ledger, _ = after(trend_of([40, 7, 33]))
    path = ledger.save(tmp_path / "ledger.json")
    again = Ledger.read(path)
    assert again.as_json() == ledger.as_json()
    assert again.plan(PROGRAMS, 2026) == MergePlan()
    numbers = [one for row in again.figures.values() if row is not None for one in row]
    assert 7.0 not in numbers
    assert 7 not in again.reports[0].counts.values()
    assert Ledger.read(tmp_path / "none.json").as_json() == Ledger().as_json()
    path.write_text('{"format": "something else"}', encoding="utf-8")
    with pytest.raises(ReportError, match="ledger cannot be read"):
        Ledger.read(path)


def test_the_same_report_again_changes_nothing() -> None:
    ledger, _ = after(trend_of([40, 7, 33]))
    again = ledger.with_report(ledger.reports[0], 2026, MergePlan(), [], frozenset())
    assert again.as_json() == ledger.as_json()


def months(printed: set[str]) -> tuple[LinkedCounts, frozenset[object]]:
    """Return a quarter of three months of which the first is small, and what is hidden."""
    linked = LinkedCounts(iop.SafePolicy())
    for name, value in {"jan": 8, "feb": 44, "mar": 31, "quarter": 83}.items():
        rank = {"rank": TOTAL} if name == "quarter" else {}
        item = name if name in printed else None
        linked.count(("trend", name), value, item=None if item is None else ("t", item), **rank)
    linked.total(("trend", "quarter"), [("trend", one) for one in ("jan", "feb", "mar")])
    return linked, linked.hidden()


def test_a_quarter_is_not_printed_beside_an_earlier_report_of_its_months() -> None:
    first, hidden = months({"feb", "mar"})
    settled = lambda key: True  # noqa: E731
    before = printed_cells(first, hidden, programs=PROGRAMS, settled=settled)
    second, hidden = months({"quarter"})
    assert hidden == frozenset()

    def cells(gone: frozenset[object]) -> PrintedCells:
        return printed_cells(second, gone, programs=PROGRAMS, settled=settled)

    assert audit([before, cells(hidden)]).found["low"].tolist() == [8]
    gone, note = hide_beside(second, hidden, cells, [before])
    assert (gone, note) == (frozenset([("t", "quarter")]), "")
    assert audit([before, cells(gone)]).found.empty
    # Records that changed in between: no whole numbers fit both, and that is said.
    twelve = replace(before, counts={**before.counts, ("trend", "jan"): 12})
    unlike = replace(twelve, counts={**twelve.counts, ("trend", "quarter"): 60})
    assert "not ruled out" in hide_beside(second, hidden, cells, [unlike])[1]


QUARTERS = ("Q1", "Q2", "Q3", "Q4")


def quarters_of_a_year() -> list[PrintedCells]:
    """Return three reports that contradict each other: a count has grown since the first.

    The first prints a year so far of 35, of which 8 are left for the second quarter. The others
    print 53 of the whole year, of which 9 are left for it.
    """

    def report(cut: str, whole: str, printed: dict[str, int | None]) -> PrintedCells:
        counts = dict.fromkeys(("Q1", "Q2", "Q3", "Q4"), None) | printed
        return PrintedCells(
            11,
            "2025Q1",
            cut,
            PROGRAMS,
            counts=counts,
            sums=[{**dict.fromkeys(QUARTERS, 1), whole: -1}],
            settled=frozenset({*QUARTERS, "year"} - {"Q4"} if whole == "so far" else counts),
        )

    return [
        report("2024-12-31", "so far", {"Q1": 13, "Q3": 14, "so far": 35}),
        report("2025-03-31", "year", {"Q1": 13, "Q3": 14, "Q4": 17, "year": None}),
        report("2026-03-31", "year", {"year": 53}),
    ]


def test_what_reports_tell_that_fit_is_found_beside_one_that_contradicts_them() -> None:
    """The contradiction ended the question: nothing was hidden and nothing was found."""
    reports = quarters_of_a_year()
    assert [len(one) for one in consistent_sets(reports)] == [2, 2]
    found = audit(reports)
    assert "contradict" in found.note
    assert found.found["low"].tolist() == [9]
    assert audit(reports[:2]).found.empty


def test_nothing_is_printed_beside_the_reports_that_fit_of_those_that_do_not() -> None:
    linked = LinkedCounts(iop.SafePolicy())
    for name, value in {"Q1": 13, "Q2": 9, "Q3": 14, "Q4": 17}.items():
        linked.count(name, value)
    linked.count("year", 53, item="year")
    linked.total("year", QUARTERS)

    def cells(gone: frozenset[object]) -> PrintedCells:
        return printed_cells(
            linked,
            gone,
            quarter="2026Q1",
            data_cut="2026-03-31",
            programs=PROGRAMS,
            settled=lambda key: True,
        )

    assert linked.hidden() == frozenset()
    gone, note = hide_beside(linked, linked.hidden(), cells, quarters_of_a_year()[:2])
    assert gone == frozenset(["year"])
    assert "not ruled out" in note


@pytest.mark.parametrize(
    ("there", "before", "is_hidden"),
    [(58, 54, True), (54, 58, True), (54, 54, False), (70, 54, False)],
)
def test_a_few_who_came_late_are_not_told_by_reports_that_contradict_one_another(
    there: int, before: int, is_hidden: bool
) -> None:
    """Those there on a day were 54 in one report and 58 in the next: 4 had been entered since.

    Nor do they follow from the others of the table. That the reports contradict one another by the
    quarters ended the question.
    """
    linked = LinkedCounts(iop.SafePolicy())
    for name, value in {"Q1": 13, "Q2": 20}.items():
        linked.count(name, value, item=name)
    linked.count("both", 33)
    linked.total("both", ["Q1", "Q2"])
    for name, value in {"there": there, "new": 30, "left": 40, "end": there - 10}.items():
        linked.count(name, value, item=name)
    linked.count("ever", there + 30)
    linked.total("ever", ["there", "new"])
    linked.total("ever", ["left", "end"])

    def cells(gone: frozenset[object]) -> PrintedCells:
        return printed_cells(
            linked, gone, quarter="2026Q2", programs=PROGRAMS, settled=lambda key: True
        )

    counts: dict[Any, int | None] = {"both": 50, "there": before}
    earlier = PrintedCells(
        11, "2026Q1", programs=PROGRAMS, counts=counts, settled=frozenset(counts)
    )
    gone, note = hide_beside(linked, linked.hidden(), cells, [earlier])
    assert note
    assert audit([earlier, cells(gone)]).found.empty
    assert bool(gone) is is_hidden
    if is_hidden:
        assert "there" in gone
        assert gone & {"new", "left", "end"}


def test_what_follows_only_of_the_tables_that_are_left_is_hidden_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of all tables only `small` follows; without it another count is printed, of 7 people."""
    # As where a count is another than in an earlier report: what is printed is joined anew.
    monkeypatch.setattr(Trials, "alike", property(lambda _: False, lambda *_: None), raising=False)
    linked = LinkedCounts(iop.SafePolicy())
    for name, value in {"other": 30, "rest": 12}.items():
        linked.count(("table", name), value, item=("table", name))
    linked.count(("small", "people"), 9, item=("small", "people"))
    linked.count("seven", 7)

    def cells(gone: frozenset[object]) -> PrintedCells:
        cells = printed_cells(linked, gone, quarter="2026Q1", programs=PROGRAMS)
        if ("small", "people") in gone and ("table", "other") not in gone:
            return replace(cells, counts={**cells.counts, "seven": 7})
        return cells

    earlier = PrintedCells(11, "2025Q4", programs=PROGRAMS, counts={"all": 90})
    assert len(audit([earlier, cells(frozenset())]).found) == 1
    gone, note = hide_beside(linked, frozenset(), cells, [earlier])
    assert note == ""
    assert gone == {("small", "people"), ("table", "other")}
    assert audit([earlier, cells(gone)]).found.empty


def test_what_was_printed_before_is_not_hidden_and_may_give_a_count_away() -> None:
    linked = LinkedCounts(iop.SafePolicy())
    for name, value in {"a": 40, "b": 4, "all": 44}.items():
        linked.count(name, value, item=name)
    linked.total("all", ["a", "b"])
    linked.hold("a")
    linked.hold("all")
    assert linked.hidden() == frozenset({"b"})
    assert linked.given_away


def test_two_quarters_tell_of_a_few_if_they_are_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    # In 2026 another plan begins, with a whole year beside quarters of which one was hidden.
    quarters = ("2025Q4", "2026Q1")
    scopes = [
        choose_scope(without_check_ins(one_program(2, 300, one)), one, None, None)
        for one in quarters
    ]

    first = count_all(scopes[0], scopes[0], None, Ledger()).ledger  # beside nothing: as it is
    apart: list[PrintedCells] = []

    def noted(linked: Any, hidden: Any, cells: Any, earlier: Any) -> tuple[Any, str]:
        apart[:] = [*earlier, cells(hidden)]  # as they were if they were not joined
        return hide_beside(linked, hidden, cells, earlier)

    monkeypatch.setattr(counting, "hide_beside", noted)
    joined = count_all(scopes[1], scopes[1], None, first).ledger.reports
    assert len(audit(joined).found) == 0
    assert joined[:-1] == tuple(apart[:-1])
    assert len(audit(apart).found) == 1


def test_two_quarters_of_a_program_give_nothing_and_print_the_same(tmp_path: Path) -> None:
    ledger, tables = Ledger(), []
    for quarter in ("2026Q1", "2026Q2"):
        records = without_check_ins(one_program(2, 80, quarter))
        scope = choose_scope(records, quarter, None, None)
        counted = count_all(scope, scope, None, ledger)
        ledger = counted.ledger
        tables.append(counted.trends.drawn["attendance_rate"].table.set_index("period"))
    assert audit(ledger.reports).found.empty
    names = ["numerator", "denominator", "value", "hidden"]
    both = tables[0].index[tables[0]["complete"]].intersection(tables[1].index)
    assert len(both) > 4
    first, second = (table.loc[both, names].astype(float).to_numpy() for table in tables)
    assert np.array_equal(first, second, equal_nan=True)
    assert len(Ledger.read(ledger.save(tmp_path / "l.json")).reports) == 2


def test_a_ledger_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    """A number that was never printed would be protected, and what was printed would not."""
    figures = {("North", "retained_30", "quarter", "2026Q1"): (40.0, 50.0, 0.8, 0.7, 0.9)}
    cells = PrintedCells(11, "2026Q1", counts={"a": 40, "b": None, "Nörd": 50})
    path = Ledger((cells,), figures=figures).save(tmp_path / "ledger.json")
    kept = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False), encoding="utf-8")
    assert Ledger.read(path).figures == figures  # other spaces and marks for letters say the same
    kept["figures"][0][1][0] = 41.0
    path.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(ReportError, match="changed after it was written") as caught:
        Ledger.read(path)
    assert caught.value.found == str(path)
    del kept["digest"]  # as in a file of an earlier version
    path.write_text(json.dumps(kept), encoding="utf-8")
    assert len(Ledger.read(path).reports) == 1
