"""The mean number of events by day: its table, what is read off it, its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import SHOWN_ROWS, format_value, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.curves.result import NAMED_GROUPS
from iop_outcomes.survival.labels import beside, days_asked, first_groups, format_limits
from iop_outcomes.survival.recurrence.steps import MeanSteps
from iop_outcomes.survival.times import label_of


@dataclass(frozen=True, eq=False, repr=False)
class MeanCumulativeFunction(DrawnResult):
    """The mean number of events a person by day, of one or several groups.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and day; the days are 0 and each day on which a stretch of the group ends.
        ``[by ...]``, ``day``; ``at_risk`` (int64): under observation just before the day, which
        can rise; ``events`` (int64): on the day; ``terminal`` (int64): terminal events on the
        day, if these were asked for; ``mean`` (0 or more): the mean number of events a person
        through the day; ``se``: its robust standard error; ``lower``, ``upper``: its pointwise
        confidence limits; while the mean is 0 from 0 to the exact upper limit of none among the
        clusters under observation.
    sizes : pandas.DataFrame
        One row a group: ``[by ...], n`` (ids), ``with_events`` (ids with one or more), ``events``,
        ``terminal`` if asked for, ``most`` (events of one id), all int64, and ``last``, the last
        day of the group's follow-up.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        The level of the limits.
    rule : str
        How the times were defined, and the estimate.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    unit : str
        What the mean is over, "person" or "episode": a person may have several episodes.
    clustering : Clustering, optional
        The clusters behind the errors: their column, and how many clusters and ids.
    provenance : Provenance
        What the labels of a picture need: the event, day 0.
    """

    table: pd.DataFrame
    sizes: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    unit: str = "person"
    clustering: Clustering | None = None
    provenance: Provenance = UNKNOWN
    _steps: MeanSteps = field(kw_only=True, repr=False)

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the means on the given days.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.

        Returns
        -------
        pandas.DataFrame
            One row a group and day, in the order given, with the columns of `table` and their
            meaning. Nothing is extrapolated: after the last day of a group the estimates are
            missing. ``events`` and ``terminal`` are those of the asked day alone; the last columns,
            ``events_so_far`` and ``terminal_so_far``, count from the start through the day.
        """
        steps = self._steps
        asked = days_asked(days, np.concatenate([steps.entries.values, steps.exits.values]))
        return beside(steps.at(asked), self.sizes[list(self.by)], len(asked))

    @property
    def last_common_day(self) -> float:
        """The last day to which every group is followed."""
        return float(self.sizes["last"].min())

    @property
    def noun(self) -> str:
        """What is counted, in a word."""
        return self.provenance.events

    @property
    def each(self) -> str:
        """What the mean is over, with its article."""
        return f"{'an' if self.unit[0] in 'aeio' else 'a'} {self.unit}"

    @property
    def text(self) -> str:
        """The means on the last day to which all groups are followed, and the rule."""
        day = self.last_common_day
        first = self._first(NAMED_GROUPS)
        rows = zip(first.at(day).iterrows(), first.sizes.iterrows(), strict=True)
        descriptions = [self._describe_row(row, size) for (_, row), (_, size) in rows]
        joined = join_described(descriptions, len(self.sizes))
        return (
            f"Mean number of {self.noun} {self.each} through day {day:g}: "
            f"{joined}. "
            f"{closing(self.rule, self.clustering)}"
        )

    @property
    def _summary(self) -> str:
        """The number of groups, people and events."""
        noun = "group" if len(self.sizes) == 1 else "groups"
        return (
            f"{len(self.sizes):,} {noun}, n {self.sizes['n'].sum():,}, "
            f"{self.noun} {self.sizes['events'].sum():,}"
        )

    def _shown(self) -> tuple[pd.DataFrame, int]:
        rows = self._first(SHOWN_ROWS).at(self.last_common_day)
        return rows, len(self.sizes)

    def _first(self, groups: int) -> MeanCumulativeFunction:
        """Return the means of the first n groups."""
        return replace(
            self,
            table=first_groups(self.table, list(self.by), groups),
            sizes=self.sizes.head(groups),
            _steps=self._steps.head(groups),
        )

    def _describe_row(self, row: pd.Series[Any], size: pd.Series[Any]) -> str:
        name = f"{label_of(size[list(self.by)])}: " if self.by else ""
        limits = format_limits(self.confidence, row["lower"], row["upper"], 2)
        return (
            f"{name}{format_value(float(row['mean']), 2)} ({limits}), n {size['n']:,.0f}, "
            f"{self.noun} {size['events']:,.0f}"
        )
