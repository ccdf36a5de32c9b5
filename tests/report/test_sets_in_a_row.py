"""Two quarters of reports of all programs and of each, with one ledger: nobody few follows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import PrintedCells, audit
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import counting, model
from iop_outcomes.report.each import reports_of_programs
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.quarterly import Wanted
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.report.together import Together
from validation.attack_programs import population, records_up_to

PROGRAMS = ("North", "South", "East")


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))


def found_in_two_quarters() -> pd.DataFrame:
    """Return what follows from the sets of two quarters: 500 people in three programs."""
    sample = population(54, 500)
    random = np.random.default_rng([54, 99])
    sizes = random.uniform(0.4, 1, len(PROGRAMS))
    drawn = random.choice(PROGRAMS, len(sample.episodes), p=sizes / sizes.sum())
    episodes, ledger = sample.episodes.assign(program=drawn), Ledger()
    for quarter in ("2025Q4", "2026Q1"):
        end = pd.Period(quarter, "Q").end_time.normalize()
        records = records_up_to(episodes, None, sample.checkins, end)
        wanted = Wanted(
            parse_report_period(quarter), iop.RelapseRule(), iop.SafePolicy(), ledger=ledger
        )
        made = reports_of_programs(records, wanted, ReportSettings())
        assert made.ledger is not None
        ledger = made.ledger
    assert len(ledger.reports) == 8
    return audit(ledger.reports).found


def test_nobody_few_follows_from_the_sets_of_two_quarters() -> None:
    assert found_in_two_quarters().empty


def test_the_earlier_report_of_all_is_asked_beside_the_new_ones_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nine people of South were in the program on the last day.
    def as_before(
        reports: list[PrintedCells], together: Together | None
    ) -> tuple[list[PrintedCells], tuple[PrintedCells, ...]]:
        return reports[: None if together is None else together.known], ()

    monkeypatch.setattr(counting, "split_by_run", as_before)
    assert not found_in_two_quarters().empty
