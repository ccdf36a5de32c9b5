"""Counts of people who are still followed: a later report may count others under the same words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import PrintedCells, audit, join
from iop_outcomes.disclosure.system.attack import fits
from iop_outcomes.disclosure.system.cells import join_name
from iop_outcomes.errors import ReportError
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.earlier.memory import refuse_ledger
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.attendance.rules import continuity_table
from iop_outcomes.report.sections.outcomes import declare_admitted
from iop_outcomes.report.sections.relapse import without_curves
from tests.helpers.of_the_sample import nothing_hidden, records_of_the_sample
from validation.shown_share import one_program

FAMILY = "of the admissions in the quarter up to"


@pytest.fixture(scope="module")
def reports() -> list[PrintedCells]:
    """Return four reports of one program with the true number of each count.

    So nothing need be hidden, which takes time.
    """
    made = []
    for quarter in ("2025Q2", "2025Q3", "2025Q4", "2026Q1"):
        scope = choose_scope(one_program(9, 300, quarter), quarter, None, None)
        with nothing_hidden():
            counted = count_all(scope, scope)
        cells = without_curves(counted.cells)  # tests/disclosure/test_curve_pairs.py has these
        names = zip(cells.counts, counted.linked.names, strict=True)
        numbers: dict[Key, int | None] = {key: counted.linked.value(own) for key, own in names}
        made.append(replace(cells, counts=numbers, shares=[]))
    return made


def test_a_name_that_reports_have_in_common_is_of_one_number(reports: list[PrintedCells]) -> None:
    """Where records are only added to: who answered twice goes on while people are there."""
    numbers: dict[Key, list[int | None]] = defaultdict(list)
    for report in reports:
        for key, value in report.counts.items():
            numbers[join_name(report, key)].append(value)
    several = [name for name, values in numbers.items() if len(values) > 1]
    assert len(several) > 1_000
    assert not [name for name in several if len(set(numbers[name])) > 1]


def test_what_is_declared_of_several_reports_holds_of_the_true_numbers(
    reports: list[PrintedCells],
) -> None:
    joined = join(reports)
    assert fits(joined)
    of_two = [name for name in joined.counts if isinstance(name, tuple) and "newly known" in name]
    assert len(of_two) > 10


@pytest.mark.parametrize("table", ["symptoms", "functioning", "continuity"])
def test_what_is_final_is_one_count_in_several_reports(
    reports: list[PrintedCells], table: str
) -> None:
    day = str(pd.Period("2024Q1").end_time.date())
    final = [
        {key for key in report.counts if isinstance(key, tuple) and key[:3] == (FAMILY, day, table)}
        for report in reports
    ]
    assert final[1] & final[2]


@pytest.mark.parametrize(
    ("period", "declared"), [("2025-07..2025-12", True), ("2025", True), ("2025-12", False)]
)
def test_rules_are_counted_by_quarter_in_reports_of_half_years_too(
    period: str, declared: bool
) -> None:
    scope = choose_scope(one_program(9, 300, "2025Q4"), period, None, None)
    linked = LinkedCounts(scope.policy)
    declare_admitted(scope, linked, [])
    assert continuity_table(scope, linked) is not None
    quarters = [key for key in linked.names if isinstance(key, tuple) and key[0] == FAMILY]
    assert bool(quarters) == declared


def answered_twice(
    quarter: str, of: list[str], printed: int, final: int = 0, until: str = "known by"
) -> PrintedCells:
    """Return a report that prints who answered twice, of quarters of which the first are final."""
    cut = str(pd.Period(quarter).end_time.date())
    names: list[Key] = [
        (FAMILY, str(pd.Period(one).end_time.date()), "paired", *end)
        for one, end in zip(of, [()] * final + [(f"{until} {cut}",)] * len(of), strict=False)
    ]
    whole: Key = ("symptoms", "paired")
    counts: dict[Key, int | None] = {whole: printed, **dict.fromkeys(names)}
    return PrintedCells(
        11,
        quarter,
        cut,
        ("North",),
        counts,
        settled=frozenset(names),
        sums=[{whole: -1, **dict.fromkeys(names, 1)}],
    )


def found(*reports: PrintedCells) -> list[list[int]]:
    """Return what an audit finds: the least and the most of each count."""
    return audit(list(reports)).found[["low", "high"]].values.tolist()


def test_who_came_to_be_known_between_two_reports_is_a_count() -> None:
    """Of 40 admitted in two quarters 43 are known later, of one quarter more."""
    before = answered_twice("2025Q4", ["2025Q3", "2025Q4"], 40)
    for after, told in ((43, [[3, 3]]), (40, []), (51, [])):
        of = ["2025Q3", "2025Q4", "2026Q1"]
        assert found(before, answered_twice("2026Q1", of, after)) == told


def test_who_did_not_answer_twice_so_far_is_more_by_a_count() -> None:
    """Of 12 discharged without a second answer there are 14 later, or 12, though one came late."""
    before = answered_twice("2026Q1", ["2025Q4", "2026Q1"], 12, until="as of")
    for after, told in ((14, [[2, 2]]), (12, []), (23, [])):
        of = ["2025Q4", "2026Q1", "2026Q2"]
        assert found(before, answered_twice("2026Q2", of, after, until="as of")) == told
    # Of one quarter it may be fewer: who answers in the two weeks after the discharge.
    fewer = answered_twice("2026Q2", ["2025Q4"], 2, until="as of")
    assert fits(join([answered_twice("2026Q1", ["2025Q4", "2026Q1"], 14, until="as of"), fewer]))


def test_a_report_between_need_not_print_it() -> None:
    """Of 40 in two quarters, and 49 in four: 9 more, whatever the report between knew."""
    of = ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]
    for until in ("known by", "as of"):
        first = answered_twice("2025Q2", of[:2], 40, until=until)
        last = answered_twice("2025Q4", of, 49, until=until)
        between = answered_twice("2025Q3", of[:3], 45, until=until)
        hidden = replace(between, counts=dict.fromkeys(between.counts))
        assert [9, 9] in found(first, hidden, last)
        assert [9, 9] in found(first, last)


def test_a_quarter_that_is_final_at_once_is_new() -> None:
    """The third of four quarters is final when the last report counts it for the first time."""
    first = answered_twice("2025Q2", ["2025Q1", "2025Q2"], 40, final=1)
    last = answered_twice("2025Q4", ["2025Q1", "2025Q2", "2025Q3", "2025Q4"], 49, final=3)
    assert [9, 9] in found(first, last)


def test_who_is_known_stays_known() -> None:
    """Of the quarter that is left out nobody can have been more than were known of all."""
    before = answered_twice("2025Q4", ["2025Q3", "2025Q4"], 40)
    assert not fits(join([before, answered_twice("2026Q1", ["2025Q3", "2025Q4"], 39)]))
    assert fits(join([before, answered_twice("2026Q1", ["2025Q4", "2026Q1"], 39)]))


def test_it_is_not_taken_for_the_same_count_before_it_is_final() -> None:
    """Of the quarters that both reports have the later one may know more: nothing follows."""
    before = answered_twice("2025Q4", ["2025Q2", "2025Q3", "2025Q4"], 40)
    after = answered_twice("2026Q1", ["2025Q3", "2025Q4", "2026Q1"], 43)
    assert found(before, after) == []


def test_quarters_are_taken_together_as_they_were_by_one_day() -> None:
    """20 of a year, 15 of the half of it that is final: 5 of the other two quarters together."""
    of = ["2024Q4", "2025Q1", "2025Q2", "2025Q3"]
    half = answered_twice("2025Q4", of[:2], 15, final=2)
    year = answered_twice("2026Q1", of, 20, final=2)
    assert found(half, year) == [[5, 5], [5, 5]]  # also as what the later report has more
    both_final = answered_twice("2026Q2", of[1:], 14, final=2)
    assert found(half, both_final) == []


def test_a_quarter_that_is_final_is_taken_with_one_that_is_not() -> None:
    """Of a year 20, of its first and last quarter 6, though no quarter of these is known."""
    of = ["2024Q4", "2025Q1", "2025Q2", "2025Q3"]
    year = answered_twice("2025Q4", of, 20, final=3)
    middle = answered_twice("2026Q3", of[1:3], 14, final=2)
    assert found(year, middle) == [[6, 6]]


@pytest.mark.parametrize(
    ("period", "earlier", "refused"),
    [
        ("2025-12", ["2025-11"], True),
        ("2025-12", ["2025-09"], True),
        ("2025-12", [], False),
        ("2025-12", ["2025-12"], False),  # the same once more, or of another program
        ("2025-08..2025-12", ["2025-03..2025-07"], True),
        ("2025-07..2025-12", ["2025-01..2025-06"], False),
        ("2025Q4", ["2025Q3"], False),
        ("2025-08..2025-10", ["2025-05..2025-07"], False),  # of a fiscal year
        ("2025-08..2025-10", ["2025-03..2025-05"], True),  # of other quarters
        ("2025", ["2024"], False),
    ],
)
def test_only_reports_of_quarters_stand_beside_one_another(
    sample: iop.Records, period: str, earlier: list[str], refused: bool
) -> None:
    scope = choose_scope(sample, period, None, None)
    before = [PrintedCells(11, str(parse_report_period(one))) for one in earlier]
    ledger = Ledger(tuple(before))
    if not refused:
        refuse_ledger(scope, ledger)
        return
    with pytest.raises(ReportError, match="whole quarters") as raised:
        refuse_ledger(scope, ledger)
    assert "beside" in str(raised.value)


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample()
