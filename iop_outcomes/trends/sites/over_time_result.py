"""The results of a VLAD and of a risk-adjusted CUSUM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from iop_outcomes.shared.groups import NOTHING_LEFT_OUT, LeftOut
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups, format_count
from iop_outcomes.trends.sites.case_mix import CaseMix


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FollowedPeople(DrawnResult):
    """People in the order of time beside what was expected of them: each step is a single person.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a person.
    measure, title : str
        What is followed.
    by : tuple of str
        The columns that define the groups.
    improves : {"up", "down"}
        Whether the event is wanted.
    case_mix : CaseMix or None
        The model of what is expected.
    rule : str
        How the numbers were computed.
    synthetic : bool
        Whether the people are synthetic.
    left_out : LeftOut
        How many rows without a group were left out.
    """

    table: pd.DataFrame
    measure: str
    title: str
    by: tuple[str, ...]
    improves: str
    case_mix: CaseMix | None
    rule: str
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT
    shows_persons: ClassVar[bool] = True
    published_instead: ClassVar[str] = (
        "funnel() of the same people, or trend() and interrupted_series() by period"
    )

    @property
    def calibration(self) -> pd.DataFrame:
        """Observed and expected of the baseline; without a model it has no rows."""
        if self.case_mix is None:
            return pd.DataFrame(columns=["group", "observed_rate", "expected_rate"])
        return self.case_mix.calibration

    @property
    def text(self) -> str:
        """The end of each line, a sentence a group."""
        return self.left_out.after(describe_groups(self.table, self.by, self._sentence))

    def _sentence(self, rows: pd.DataFrame, group: str) -> str:
        raise NotImplementedError

    @property
    def _summary(self) -> str:
        by = f", by={', '.join(self.by)}" if self.by else ""
        return f"{self.measure}, {format_count(len(self.table), 'row')}{by}"

    @property
    def _caption(self) -> str:
        return f"{self.text} {self.rule}"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Vlad(FollowedPeople):
    """How many better or worse outcomes there were so far than expected.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a person, with the columns of :func:`iop_outcomes.vlad`.
    """

    def _sentence(self, rows: pd.DataFrame, group: str) -> str:
        last = rows.iloc[-1]
        number = float(last["vlad"])
        end = "as many as expected"
        if abs(number) >= 0.05:
            end = f"{abs(number):.1f} {'better' if number > 0 else 'worse'} outcomes than expected"
        low, high = rows["vlad"].min(), rows["vlad"].max()
        return (
            f"{group}{self.title}, {len(rows):,} people after the baseline: {end} so far "
            f"(95% of lines end within {last['lower']:.1f} to {last['upper']:.1f} by chance); "
            f"lowest {low:.1f}, highest {high:.1f}."
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RiskAdjustedCusum(FollowedPeople):
    """The evidence so far that outcomes have become worse or better than expected.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a person, with the columns of :func:`iop_outcomes.risk_adjusted_cusum`.
    odds_ratio : float
        The change to be found.
    run_length, seed, series : int
        How the limits were found.
    people_a_year : float
        How many people are followed a year, all groups together; missing without dates.
    """

    odds_ratio: float
    run_length: int
    seed: int
    series: int
    people_a_year: float = float("nan")

    @property
    def text(self) -> str:
        """The first signal of each direction, a sentence a group, and how often signals are false.

        The number of years is that at the present number of people a year.
        """
        text = describe_groups(self.table, self.by, self._sentence)
        text += f" Each limit has a false signal in {self.run_length:,} people in the mean"
        if self.people_a_year == self.people_a_year:
            years = self.run_length / self.people_a_year
            text += f", which is {years:.1f} years of all people followed"
        return self.left_out.after(
            f"{text} (simulated: {self.series:,} series, seed {self.seed}); change to be found: "
            f"odds times {self.odds_ratio:g} or divided by it."
        )

    def _sentence(self, rows: pd.DataFrame, group: str) -> str:
        crossings = []
        for name in ("worse", "better"):
            over = rows[rows["signal"].isin([name, "both"])]
            if len(over):
                first = over.iloc[0]
                when = "" if pd.isna(first["date"]) else f", {first['date'].date().isoformat()}"
                crossings.append(f"{name} at person {first['number']:,}{when}")
        signals = f"signal: {'; '.join(crossings)}" if crossings else "no signal"
        return f"{group}{self.title}, {len(rows):,} people after the baseline: {signals}."
