"""Scores that could tell of a few: by an interval, beside earlier reports, and by program."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.scores import _interval_may_stand
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.report.each import reports_of_programs
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.quarterly import Wanted
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections.ends.words import IN_THAT_OF_ALL
from iop_outcomes.report.sections.outcomes import (
    WHO_IS_NEW,
    declare_admitted,
    scores_tables,
)
from iop_outcomes.report.settings import ReportSettings
from tests.helpers.of_the_sample import nothing_drawn, nothing_hidden, records_of_the_sample
from tests.report.test_bam import LIKERT, PROTECTIVE
from tests.report.test_bam import people as some_people
from tests.report.test_true_reasons import CUT, check_ins

CMS = iop.SafePolicy()
Z = 1.96


def row(people: int, change: float, lower: float, upper: float) -> pd.Series:
    return pd.Series({"paired": people, "change": change, "lower": lower, "upper": upper})


def least_squares(total: int, numbers: int) -> int:
    """Return the least sum of squares of so many whole numbers with a sum."""
    each, more = divmod(abs(total), numbers)
    return (numbers - more) * each**2 + more * (each + 1) ** 2


@pytest.mark.parametrize(
    ("printed", "stands"),
    [
        ((29, -0.8, -0.9, -0.6), False),  # 6 or 7 of the 29 have not changed
        ((32, -0.7, -0.9, -0.6), False),
        ((11, -3.0, -5.0, -1.0), False),
        ((469, -2.8, -3.1, -2.5), True),
        ((60, -2.0, -3.0, -1.0), True),
        ((22, -0.5, -1.0, 0.0), False),  # 1 to 8 have more, if at least 11 changed
        ((26, 0.2, -0.1, 0.5), False),
        ((40, 0.0, -0.1, 0.1), False),
        ((110, -2.8, -3.4, -2.2), True),
    ],
)
def test_an_interval_that_tells_how_few_did_not_change_is_hidden(
    printed: tuple[int, float, float, float], stands: bool
) -> None:
    assert _interval_may_stand(row(*printed), CMS, 0.95) is stands
    assert _interval_may_stand(row(*printed), iop.SafePolicy.internal(), 0.95)


def test_a_wider_interval_of_a_higher_level_tells_no_less() -> None:
    """The same 60 people: 95% limits are 1 point apart, 99% limits 1.31."""
    assert not _interval_may_stand(row(60, -2.0, -2.5, -1.5), CMS, 0.95)
    assert not _interval_may_stand(row(60, -2.0, -2.657, -1.343), CMS, 0.99)
    assert _interval_may_stand(row(60, -2.0, -2.657, -1.343), CMS, 0.95)


@given(st.lists(st.integers(-9, 5), min_size=30, max_size=120))
def test_where_it_is_shown_11_could_have_the_same_11_more_and_11_less(changes: list[int]) -> None:
    people, middle = len(changes), float(np.mean(changes))
    half = Z * float(np.std(changes, ddof=1)) / np.sqrt(people)
    printed = row(people, *(round(middle + one * half, 1) for one in (0, -1, 1)))
    if not _interval_may_stand(printed, CMS, 0.95):
        return
    half = (printed["upper"] - printed["lower"] + 0.1) / 2  # at most, as the limits are rounded
    low, high = np.ceil(people * (printed["change"] - 0.05)), people * (printed["change"] + 0.05)
    sums = [int(one) for one in np.arange(low, high + 1e-9)]
    most = max(one**2 for one in sums) / people + (people - 1) * people * (half / Z) ** 2
    assert min(least_squares(abs(one) + 11, people - 22) for one in sums) + 11 <= most


def test_the_report_has_the_means_without_the_interval_and_says_so() -> None:
    """Of 60 people 52 had one point less at the end."""
    frame = some_people()
    rows = check_ins(frame, 60, **LIKERT)
    less = rows["episode_id"].isin(frame["episode_id"].iloc[:52]) & (rows["date"] == "2026-07-18")
    rows.loc[less, "bam_protective"] = 13
    records = iop.read_records(episodes=frame, checkins=rows, as_of=CUT)
    with nothing_drawn():
        tables = iop.quarterly_report(records, "2026Q3").tables
    found = tables["symptoms"].set_index("scale").loc[PROTECTIVE]
    assert (found["answered_twice"], found["change"]) == (60, -0.9)
    assert found[["lower", "upper"]].tolist() == ["hidden", "hidden"]
    change = iop.protect(iop.symptom_change(records, instrument="bam_likert")).table
    limits = change.loc[change["scale"].str.contains("protective"), ["lower", "upper"]]
    assert len(limits) == 1
    assert limits.isna().all(axis=None)


def tables_beside(early: int, before: PrintedCells | None) -> dict[str, str]:
    """Return the notes of tables of scores, by name; so many were admitted in 2024Q3."""
    frame = some_people()
    old = some_people().iloc[:early].assign(admit_date="2024-08-01", discharge_date="2024-10-01")
    old["episode_id"] = old["person_id"] = [f"old {number}" for number in range(early)]
    both = pd.concat([frame, old], ignore_index=True)
    rows = check_ins(frame, 60, **LIKERT, phq9=12, stable_housing="yes")
    records = iop.read_records(episodes=both, checkins=rows, as_of=CUT)
    scope: Scope = choose_scope(records, "2026Q3", None, None)
    linked = LinkedCounts(CMS)
    declare_admitted(scope, linked, [])
    drafts = scores_tables(scope, linked, [] if before is None else [before])
    return {draft.table.name: draft.table.note for draft in drafts}


@pytest.mark.parametrize(("early", "held"), [(0, True), (10, True), (20, False)])
def test_beside_an_earlier_report_of_nearly_the_same_people_low_scores_are_left_out(
    early: int, held: bool
) -> None:
    alone = tables_beside(early, None)
    assert WHO_IS_NEW not in alone["symptoms"]
    programs = choose_scope(
        iop.read_records(episodes=some_people(), checkins=check_ins(some_people()), as_of=CUT),
        "2026Q3",
        None,
        None,
    ).programs
    earlier = PrintedCells(11, "2026Q2", "2026-06-30", tuple(programs))
    beside = tables_beside(early, earlier)
    assert (WHO_IS_NEW in beside["symptoms"]) is held
    assert ("functioning" in alone, "functioning" in beside) == (True, not held)


def test_reports_of_single_programs_have_no_scores_nor_ends_and_that_of_all_has() -> None:
    records = records_of_the_sample().where(program=["North", "Harbor"])
    wanted = Wanted(parse_report_period("2026Q3"))
    with nothing_drawn(), nothing_hidden():
        reports = reports_of_programs(records, wanted, ReportSettings(), progress=False)
    only_of_all = {"symptoms", "functioning", "ends_over_time"}
    assert only_of_all <= set(reports.whole.tables)
    for one in reports.each.values():
        assert not only_of_all & set(one.tables)
        assert IN_THAT_OF_ALL in one.html
        assert one.cells is not None
        assert not [key for key in one.cells.counts if key[0] in ("symptoms", "functioning")]
