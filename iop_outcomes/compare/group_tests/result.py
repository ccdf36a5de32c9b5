"""The text and HTML that results of tests between groups share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import pandas as pd

from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_p, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.curves.result import NAMED_GROUPS


class GroupTest(Result):
    """The text of a test between groups; the fields are described in each result."""

    table: pd.DataFrame
    statistic: float
    degrees_of_freedom: int
    p_value: float
    curves: Any
    rule: str
    clustering: Clustering | None = None

    @property
    def text(self) -> str:
        """The test in words, each group's counts, and the rule."""
        freedom = self.degrees_of_freedom
        descriptions = [
            self._describe_row(row) for _, row in self.table.head(NAMED_GROUPS).iterrows()
        ]
        joined = join_described(descriptions, len(self.table))
        return (
            f"{self._test}, by {', '.join(self.curves.by)}: chi-squared {self.statistic:.2f} on "
            f"{freedom} degree{'s' if freedom > 1 else ''} of freedom, "
            f"{format_p_value(self.p_value)}; {joined}. "
            f"{closing(self.rule, self.clustering)}"
        )

    @property
    def synthetic(self) -> bool:
        """Whether the data are synthetic."""
        return bool(self.curves.synthetic)

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return what is compared on the given days, as its own ``at``."""
        values: pd.DataFrame = self.curves.at(days)
        return values

    def plot(self, ax: Any = None) -> Any:
        """Draw what is compared, as its own ``plot``."""
        return self.curves.plot(ax)

    @property
    def _summary(self) -> str:
        """The test, its statistic and its p-value."""
        return (
            f"{self._test}, {len(self.table)} groups, chi-squared "
            f"{self.statistic:.2f}, {format_p_value(self.p_value)}"
        )

    @property
    @abstractmethod
    def _test(self) -> str:
        """The name of the test."""

    @abstractmethod
    def _describe_row(self, row: pd.Series[Any]) -> str:
        """Describe a row of the table in words."""


def full_name(test: str, clustering: Clustering | None, strata: Sequence[str]) -> str:
    """Return the name of a test, whether it is robust to clusters, and by what it is stratified."""
    robust = " robust to clusters" if clustering is not None and clustering.together else ""
    within = f" stratified by {', '.join(strata)}" if strata else ""
    return f"{test}{robust}{within}"


def format_p_value(p_value: float) -> str:
    """Return a p-value in words: two significant digits, and no less than 0.001."""
    return "p < 0.001" if p_value < 0.001 else f"p = {format_p(p_value)}"
