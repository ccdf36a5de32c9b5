"""What shares of the admitted of a year tell beside the flow and the trends: nobody few follows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.programs import followed_until
from validation.attack_programs import population, records_up_to

SMALL = set(range(1, 11))


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))


def records_of(seed: int, people: int, quarter: str) -> iop.Records:
    """Records of one program up to the end of a quarter."""
    sample = population(seed, people)
    episodes = sample.episodes.assign(program="Center")
    end = pd.Period(quarter, "Q").end_time.normalize()
    return records_up_to(episodes, sample.attendance, sample.checkins, end)


def number(table: pd.DataFrame, row: dict[str, str], column: str) -> int | None:
    """Return a number that a table prints; None if it is hidden."""
    ((name, word),) = row.items()
    value = table.loc[table[name] == word, column].iloc[0]
    return None if isinstance(value, str) or pd.isna(value) else int(value)


def shares(total: int, share: Any) -> set[int]:
    """Return which counts give a printed share."""
    if isinstance(share, str) or pd.isna(share):
        return set()
    digits = 2 if total < 1000 else 3
    return {one for one in range(total + 1) if round(one / total, digits) == round(share, digits)}


@pytest.mark.parametrize(("seed", "people"), [(2, 300), (3, 300), (5, 420)])
def test_who_stayed_of_the_first_quarter_of_the_flow_does_not_follow(
    seed: int, people: int
) -> None:
    # The flow is of 2025Q1 to Q4, and of the year of the programs, 2025Q2 to 2026Q1, three quarters
    # were followed for 90 days.
    tables = iop.quarterly_report(records_of(seed, people, "2026Q1"), "2026Q1").tables
    trend = tables["trend_admissions"].set_index("period")["numerator"]
    followed = [trend[one] for one in ("2025Q2", "2025Q3", "2025Q4")]
    stage = {"stage": "still in the program after 90 days"}
    in_flow = number(tables["cohort_flow"], stage, "reached")
    share = tables["programs"]["retained_90"].iloc[0]
    assert not any(isinstance(one, str) for one in followed)
    of_three = shares(int(sum(followed)), share)
    if in_flow is not None and of_three:
        assert not {in_flow - one for one in of_three} <= SMALL


@pytest.mark.parametrize(("seed", "people"), [(9, 200), (3, 300), (7, 300)])
def test_who_completed_of_those_admitted_before_the_year_does_not_follow(
    seed: int, people: int
) -> None:
    # 30 of the 73 who were discharged in 2025 completed, and 37% of those who were admitted in it;
    # 13 were there before it: so 5 to 8 of these completed.
    tables = iop.quarterly_report(records_of(seed, people, "2025Q4"), "2025Q4").tables
    trend = tables["trend_completion_rate"].set_index("period")
    of_year = [f"2025Q{number}" for number in range(1, 5)]
    rows = trend.loc[["2025"] if "2025" in trend.index else of_year]
    completed, discharged = (rows[name].sum() for name in ("numerator", "denominator"))
    share = tables["programs"]["completed"].iloc[0]
    there = number(tables["census"], {"who": "in the program on 2025-12-31"}, "episodes")
    admitted = number(tables["programs"], {"program": "all"}, "admitted")
    told: set[int] = set()
    if None not in (there, admitted) and completed and not isinstance(share, str):
        before = int(discharged) + (there or 0) - (admitted or 0)  # those there when it began
        for left in range(before + 1):
            of_admitted = shares(int(discharged) - left, share)
            told |= {int(completed) - one for one in of_admitted if 0 <= completed - one <= left}
    assert not told or not told <= SMALL


@pytest.mark.parametrize(
    ("period", "cut", "days", "last"),
    [
        ("2026Q1", "2026-03-31", 90, "2025-12-31"),  # day 90 of who came on 31 December
        ("2026Q1", "2026-03-30", 90, "2025-09-30"),
        ("2026Q1", "2026-06-29", 90, "2026-03-31"),
        ("2026Q1", "2026-04-30", 30, "2026-03-31"),
        ("2026-02..2026-04", "2026-06-30", 90, "2026-01-31"),
        ("2026-03..2026-04", "2026-06-30", 90, "2026-02-28"),
        ("2026-04", "2026-06-30", 90, "2026-03-31"),
    ],
)
def test_the_last_day_of_times_that_were_followed(
    period: str, cut: str, days: int, last: str
) -> None:
    records = type("Records", (), {"as_of": pd.Timestamp(cut)})
    of: Any = type("Scope", (), {"period": parse_report_period(period), "records": records})
    assert str(followed_until(of, days).date()) == last
