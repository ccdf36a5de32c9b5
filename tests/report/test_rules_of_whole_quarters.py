"""What the rules of continuity tell beside the flow and the trends: nobody few follows."""

from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from validation.attack_programs import population, records_up_to

SMALL = range(1, 11)
VA = "Continuity of care (VA)"
Numbers = dict[str, int | None]


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))


def tables_of(
    seed: int, people: int, cut: str, quarter: str, *, reasons: bool = True, begin: str = ""
) -> dict[str, pd.DataFrame]:
    """Return the tables of a report of one program, without reasons or from a later day on."""
    sample = population(seed, people)
    episodes = sample.episodes.assign(program="Center")
    if not reasons:
        episodes["discharge_reason"] = None
    episodes = episodes[pd.to_datetime(episodes["admit_date"]) >= (begin or "1900-01-01")]
    here = episodes["episode_id"]
    visits, answers = (
        rows[rows["episode_id"].isin(here)] for rows in (sample.attendance, sample.checkins)
    )
    records = records_up_to(episodes, visits, answers, pd.Timestamp(cut))
    return dict(iop.quarterly_report(records, quarter).tables)


def numbers(table: pd.DataFrame, names: str, column: str) -> Numbers:
    """Return a column by its names; None where a number is hidden."""
    return {
        str(name): None if isinstance(value, str) or pd.isna(value) else int(value)
        for name, value in zip(table[names], table[column], strict=True)
    }


def less(whole: list[int | None], part: int | None) -> int | None:
    """Return the difference of printed numbers; None where one of them is hidden."""
    there = [one for one in whole if one is not None]
    return None if part is None or len(there) < len(whole) else sum(there) - part


@pytest.mark.parametrize(("seed", "people"), [(1, 300), (5, 300), (1, 500), (2, 500)])
def test_those_without_an_answer_do_not_follow_from_the_admissions(seed: int, people: int) -> None:
    # Cut on 31 March, day 89 of who came on 1 January is over: the table counted that day, too.
    tables = tables_of(seed, people, "2026-03-31", "2026Q1")
    trend = numbers(tables["trend_admissions"], "period", "numerator")
    quarters = [*(f"2024Q{one}" for one in (2, 3, 4)), *(f"2025Q{one}" for one in range(1, 5))]
    known = numbers(tables["continuity"], "rule", "of")
    apart = less([trend.get(one) for one in quarters], known.get(VA))
    assert apart is None or abs(apart) not in SMALL
