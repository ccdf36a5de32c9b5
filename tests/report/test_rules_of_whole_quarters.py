"""What the rules of continuity tell beside the flow and the trends: nobody few follows."""

from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from validation.attack_programs import population, records_up_to

SMALL = range(1, 11)
LEFT, VA = "Left: 30 days without contact", "Continuity of care (VA)"
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
    return dict(iop.quarterly_report(records, period=quarter).tables)


def numbers(table: pd.DataFrame, names: str, column: str) -> Numbers:
    """Return a column by its names; None where a number is hidden."""
    return {
        str(name): None if isinstance(value, str) or pd.isna(value) else int(value)
        for name, value in zip(table[names], table[column], strict=True)
    }


def of_year(trend: Numbers, year: str) -> int | None:
    """Return the number of a year, of its quarters where these are printed."""
    if trend.get(year) is not None:
        return trend[year]
    quarters = [trend.get(f"{year}Q{one}") for one in range(1, 5)]
    return None if None in quarters else sum(one for one in quarters if one is not None)


def less(whole: list[int | None], part: int | None) -> int | None:
    """Return the difference of printed numbers; None where one of them is hidden."""
    there = [one for one in whole if one is not None]
    return None if part is None or len(there) < len(whole) else sum(there) - part


@pytest.mark.parametrize(
    ("seed", "people"), [(3, 300), (5, 300), (4, 500), (6, 500), (1, 400), (2, 400)]
)
def test_who_stayed_in_a_quarter_does_not_follow_from_who_left_where_no_reason_is_known(
    seed: int, people: int
) -> None:
    # Without reasons the answer is known of those who stayed for 90 days alone: two calendar years
    # of the trend, less those of the seven quarters from 2024Q2 on, are those of 2024Q1.
    tables = tables_of(seed, people, "2026-04-30", "2026Q1", reasons=False)
    trend = numbers(tables["trend_retained_90"], "period", "numerator")
    known = numbers(tables["continuity"], "rule", "of")
    years = [of_year(trend, year) for year in ("2024", "2025")]
    assert less(years, known.get(LEFT)) not in SMALL


@pytest.mark.parametrize(
    ("seed", "people"), [(2, 300), (3, 300), (4, 300), (5, 300), (6, 300), (1, 400), (3, 400)]
)
def test_who_stayed_without_continuity_does_not_follow_from_the_flow(
    seed: int, people: int
) -> None:
    # Two visits on days 60 to 89: who met the rule was still there on day 60.
    tables = tables_of(seed, people, "2026-04-30", "2025Q4", begin="2025-01-01")
    flow = numbers(tables["cohort_flow"], "stage", "reached")
    met = numbers(tables["continuity"], "rule", "met")
    assert less([flow["still in the program after 60 days"]], met.get(VA)) not in SMALL


@pytest.mark.parametrize(("seed", "people"), [(3, 300), (4, 380)])
def test_who_stayed_without_continuity_does_not_follow_from_the_trend(
    seed: int, people: int
) -> None:
    tables = tables_of(seed, people, "2026-03-31", "2025Q4")
    trend = numbers(tables["trend_retained_60"], "period", "numerator")
    met = numbers(tables["continuity"], "rule", "met")
    years = [of_year(trend, year) for year in ("2024", "2025")]
    assert less(years, met.get(VA)) not in SMALL


@pytest.mark.parametrize(
    "period", ["2026-03..2026-04", "2025-12..2026-04", "2026-01-15..2026-03-20"]
)
def test_who_stayed_without_continuity_does_not_follow_where_nothing_is_by_quarter(
    period: str,
) -> None:
    # The trend has two years up to the last day of the period.
    tables = tables_of(3, 300, "2026-07-31", period)
    trend = numbers(tables["trend_retained_60"], "period", "numerator")
    met = numbers(tables["continuity"], "rule", "met")
    assert less([*trend.values()][-2:], met.get(VA)) not in SMALL


@pytest.mark.parametrize(("seed", "people"), [(1, 300), (5, 300), (1, 500), (2, 500)])
def test_those_without_an_answer_do_not_follow_from_the_admissions(seed: int, people: int) -> None:
    # Cut on 31 March, day 89 of who came on 1 January is over: the table counted that day, too.
    tables = tables_of(seed, people, "2026-03-31", "2026Q1")
    trend = numbers(tables["trend_admissions"], "period", "numerator")
    quarters = [*(f"2024Q{one}" for one in (2, 3, 4)), *(f"2025Q{one}" for one in range(1, 5))]
    known = numbers(tables["continuity"], "rule", "of")
    apart = less([trend.get(one) for one in quarters], known.get(VA))
    assert apart is None or abs(apart) not in SMALL
