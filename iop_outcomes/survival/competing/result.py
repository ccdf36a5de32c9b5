"""Cumulative incidence of competing ends: one tidy table, and what is read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.shared.arrays import set_missing
from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import SHOWN_ROWS, format_value, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.competing.aalen_johansen import kaplan_meier_complement, none_among
from iop_outcomes.survival.curves.result import NAMED_GROUPS, SurvivalCurves
from iop_outcomes.survival.labels import (
    days_asked,
    first_groups,
    format_limits,
    group_bounds,
    split_groups,
)
from iop_outcomes.survival.running_products import Spans
from iop_outcomes.survival.times import label_of

ESTIMATES = ("incidence", "se", "lower", "upper")


@dataclass(frozen=True, eq=False, repr=False)
class CumulativeIncidence(DrawnResult):
    """The cumulative incidence of each of several competing causes, by group.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group, cause and day; the days are 0 and each day on which anyone of the group
        ends. ``[by ...]``, ``cause`` (category), ``day``; ``at_risk`` (int64): under observation
        just before the day; ``events`` (int64): ended by the cause on the day; ``incidence``
        (0 to 1): the share ended by the cause through the day, as the first of the causes;
        ``se``: its standard error; ``lower``, ``upper``: its pointwise confidence limits;
        while the incidence is 0 from 0 to the upper limit of none among those known, missing
        where it is 1. On each day the incidences of a group and ``overall.table["survival"]`` sum
        to 1.
    ends : pandas.DataFrame
        One row a group and end that occurs in it: ``[by ...], end, counted_as`` (the cause, or
        "censored"), ``n``. An end that the frame does not say is "not recorded".
    overall : SurvivalCurves
        The Kaplan-Meier curve of no end by any of the causes, with those at risk.
    causes : tuple of str
        The causes, in order.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        The level of the limits.
    rule : str
        How the times were defined, what competes, what censors, and the estimate.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    clustering : Clustering, optional
        The clusters behind the errors: their column, and how many clusters and rows.
    provenance : Provenance
        What the labels of a picture need: the event, day 0.
    """

    table: pd.DataFrame
    ends: pd.DataFrame
    overall: SurvivalCurves
    causes: tuple[str, ...]
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None
    provenance: Provenance = UNKNOWN
    _known: tuple[Spans, ...] | None = field(default=None, repr=False)

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the incidences at the given days.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.

        Returns
        -------
        pandas.DataFrame
            One row a group, cause and day, in the order given, with the columns of `table` and
            their meaning. Nothing is extrapolated: after the last day of a group the estimates
            are missing. ``events`` are those of the asked day alone; the last column,
            ``events_so_far``, counts from the start through the day.
        """
        asked = days_asked(days, self.overall.known_days)
        at_risk = self.overall.at(asked.tolist())["at_risk"].to_numpy()
        known = at_risk + self._ended_before(asked)
        if self._known is not None:
            known = np.concatenate([spans.at(asked) for spans in self._known])
        rows = []
        for number, part in enumerate(self._parts()):
            day = part["day"].to_numpy()
            place = np.searchsorted(day, asked, side="right") - 1
            row = part.iloc[place].reset_index(drop=True)
            first = number // len(self.causes) * len(asked)
            row["events_so_far"] = np.cumsum(part["events"].to_numpy())[place]
            row["events"] = np.where(day[place] == asked, row["events"], 0)
            row["day"] = asked
            row["at_risk"] = at_risk[first : first + len(asked)]
            set_missing(row, asked > day[-1], ESTIMATES)
            none = (row["incidence"].to_numpy() == 0) & (asked > 0)
            if none.any():
                those = known[first : first + len(asked)]
                row.loc[none, "upper"] = none_among(those[none], self.confidence)
            rows.append(row)
        return pd.concat(rows, ignore_index=True)

    def naive(self) -> pd.DataFrame:
        """Return 1 - Kaplan-Meier of each cause beside the incidence, which it overstates.

        Returns
        -------
        pandas.DataFrame
            One row a group, cause and day, as `table`: ``[by ...], cause, day, incidence``;
            ``naive``: 1 - Kaplan-Meier with every other cause counted as censoring; ``excess``:
            ``naive`` less ``incidence``, never negative.

        Notes
        -----
        The naive estimate applies to a population without the other causes, and only if the causes
        are independent. Over the causes it can sum to more than 1 (Austin, Lee and Fine 2016,
        Circulation 133:601-609).
        """
        rows = []
        for part in self._parts():
            row = part[[*self.by, "cause", "day", "incidence"]].copy()
            row["naive"] = kaplan_meier_complement(
                part["at_risk"].to_numpy(), part["events"].to_numpy()
            )
            row["excess"] = np.maximum(row["naive"] - row["incidence"], 0.0)
            rows.append(row)
        return pd.concat(rows, ignore_index=True)

    @property
    def last_common_day(self) -> float:
        """The last day to which every group is followed."""
        table = self.overall.table
        ends = group_bounds(table, list(self.by))[1:] - 1
        return float(table["day"].to_numpy()[ends].min())

    @property
    def text(self) -> str:
        """The incidences on the last day to which all groups are followed, and the rule."""
        day = self.last_common_day
        rows = self._first(NAMED_GROUPS).at(day)
        causes = len(self.causes)
        parts = [rows.iloc[start : start + causes] for start in range(0, len(rows), causes)]
        first = self.overall.first(NAMED_GROUPS)
        descriptions = [
            f"{self._describe_row(part)}{first.unobserved_text(place)}"
            for place, part in enumerate(parts)
        ]
        ending = closing(self.rule, self.clustering)
        joined = join_described(descriptions, self.overall.groups)
        return f"Cumulative incidence of each cause through day {day:g}: {joined}. {ending}"

    @property
    def _summary(self) -> str:
        """The causes with their counts, and the number of groups and people."""
        counts = self.table.groupby("cause", observed=True)["events"].sum()
        events = ", ".join(f"{cause} {counts[cause]:,}" for cause in self.causes)
        n = int(self.ends["n"].sum())
        groups = self.overall.groups
        noun = "group" if groups == 1 else "groups"
        return f"{groups:,} {noun}, n {n:,}, {events}"

    def _shown(self) -> tuple[pd.DataFrame, int]:
        rows = self._first(SHOWN_ROWS).at(self.last_common_day)
        return rows, self.overall.groups * len(self.causes)

    def _first(self, groups: int) -> CumulativeIncidence:
        """Return the incidences of the first n groups."""
        known = None if self._known is None else self._known[:groups]
        table = first_groups(self.table, list(self.by), groups)
        return replace(self, table=table, overall=self.overall.first(groups), _known=known)

    def _describe_row(self, part: pd.DataFrame) -> str:
        name = f"{label_of(part[list(self.by)].iloc[0])}: " if self.by else ""
        shares = []
        for row in part.to_dict("records"):
            limits = format_limits(self.confidence, row["lower"], row["upper"])
            shares.append(f"{row['cause']} {format_value(row['incidence'])} ({limits})")
        return name + ", ".join(shares)

    def _ended_before(self, asked: NDArray[Any]) -> NDArray[np.int64]:
        """Return how many of each group had ended by any of the causes before each day."""
        ended = []
        for part in split_groups(self.overall.table, list(self.by)):
            total = np.append(0, np.cumsum(part["events"].to_numpy()))
            ended.append(total[np.searchsorted(part["day"].to_numpy(), asked, side="left")])
        return np.concatenate(ended).astype(np.int64)

    def _parts(self) -> list[pd.DataFrame]:
        names = [*self.by, "cause"]
        return [part for _, part in self.table.groupby(names, sort=False, observed=True)]
