"""The mean number of events by group as arrays, and its robust variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.survival.at_risk import RowRanges, places
from iop_outcomes.survival.by_group import ByGroup
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.recurrence.times import Stretches
from iop_outcomes.survival.running_products import (
    joined,
    running_sums,
    summed,
    sums_of_products,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grid:
    """The stretches of all groups, each group on the days on which any of its own ends.

    Attributes
    ----------
    day, group : numpy.ndarray
        Of each group day 0 and each day on which a stretch ends, the groups one after another.
    first, last : numpy.ndarray of int
        Of each stretch, the first and last place in `day` at which it is under observation.
    event, terminal : numpy.ndarray of bool
        Of each stretch, how it ends.
    at_risk, events, ends : numpy.ndarray of int
        On each day: under observation, events, terminal events.
    before : numpy.ndarray
        The estimated share without a terminal event just before each day.
    """

    day: NDArray[Any]
    group: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    event: NDArray[np.bool_]
    terminal: NDArray[np.bool_]
    at_risk: Counts
    events: Counts
    ends: Counts
    before: Floats

    @classmethod
    def of(cls, stretches: Stretches) -> Grid:
        """Return the grid of all stretches."""
        times, entry = stretches.times, stretches.entry
        groups = len(times.labels)
        place, distinct = places(stretches.days)
        width = len(distinct)
        starts, row = np.arange(groups) * width, times.group * width
        code, cells = pd.factorize(np.concatenate([starts, row + place]), sort=True)
        group, of_day = np.divmod(np.asarray(cells), width)
        following = row + np.searchsorted(distinct, entry, side="right")
        first = np.where(entry > 0, np.searchsorted(cells, following), code[:groups][times.group])
        last, size = np.asarray(code[groups:]), len(cells)
        whole = np.zeros(len(last), dtype=np.intp)  # the days of the groups follow each other
        at_risk = RowRanges.of(first, last + 1, size).counts(whole, 1)[:, 0]
        events = np.bincount(last[times.event], minlength=size)
        ends = np.bincount(last[stretches.terminal], minlength=size)
        staying = np.asarray(
            pd.Series(1 - ends * inverse(at_risk)).groupby(group).cumprod(), dtype=np.float64
        )
        return cls(
            *(distinct[of_day], group, first, last, times.event, stretches.terminal),
            *(at_risk, events, ends, _earlier(staying, group, 1.0)),
        )

    @property
    def mean(self) -> Floats:
        """The mean number of events through each day."""
        return self._so_far(self.before * self.events * inverse(self.at_risk))

    @property
    def leaving(self) -> Floats:
        """The change in the log share without a terminal event for one such event, each day."""
        return inverse(self.at_risk - self.ends)

    def variance(self, cluster: NDArray[np.intp]) -> Floats:
        r"""Return the robust variance of the mean through each day.

        The influence of a cluster is :math:`K - \mu(t) Q - O\, h(t)`, with K and Q changing only
        when one of its stretches begins or ends, O the number of its stretches under observation,
        and h the same for all. So its square, summed over clusters, needs no more than the sums
        of the products of K, Q and O, which change with one stretch at a time. A cluster in
        several groups counts in each assumed independent.
        """
        mean, each, leaving = self.mean, inverse(self.at_risk), self.leaving
        fall = self.ends * each * leaving
        drift = self._so_far(self.before * self.events * each**2 + mean * fall)
        falling = self._so_far(fall)
        changes = self._changes(mean, (drift, falling))
        of_group = self.group[self.last]
        who = pd.factorize(cluster.astype(np.int64) * (int(of_group.max()) + 1) + of_group)[0]
        products = sums_of_products(np.tile(who, 3), *changes, len(self.day), self.group)
        weights = np.vstack([np.ones_like(mean), -mean, -(drift - mean * falling)])
        return summed(products, weights, group=self.group)

    def _changes(
        self, mean: Floats, drifts: tuple[Floats, Floats]
    ) -> tuple[NDArray[np.intp], Floats]:
        """Return where K, Q and O change, and by how much: beginnings, events, ends."""
        drift, falling = drifts
        drift_before, falling_before = (_earlier(drift, self.group, 0.0) for drift in drifts)
        ones = np.ones(len(self.first))
        event = self.event * (self.before * inverse(self.at_risk))[self.last]
        ended = self.terminal * self.leaving[self.last]
        final = np.append(self.group[1:] != self.group[:-1], True)
        after = np.where(final[self.last], len(self.day), self.last + 1)
        place = np.concatenate([self.first, self.last, after])
        kept = np.concatenate(
            [drift_before[self.first], event + ended * mean[self.last], -drift[self.last]]
        )
        left = np.concatenate([falling_before[self.first], ended, -falling[self.last]])
        there = np.concatenate([ones, 0 * ones, -ones])
        return place, np.vstack([kept, left, there])

    def _so_far(self, values: NDArray[Any]) -> Floats:
        return running_sums(values, self.group)


def _earlier(values: Floats, group: NDArray[np.intp], first: float) -> Floats:
    """Return the value of the day before, `first` on the first day of a group."""
    earlier = np.append(first, values[:-1])
    earlier[np.append(True, group[1:] != group[:-1])] = first
    return earlier


@dataclass(frozen=True, eq=False)
class MeanSteps:
    """The estimate of all groups: the table, and how many are under observation on any day.

    Attributes
    ----------
    table : pandas.DataFrame
        As `MeanCumulativeFunction.table`, without the groups.
    days, entries, exits : ByGroup
        The days of the table, and those of beginning and end of the stretches.
    known : tuple of ByGroup
        Of beginning and end of what is known of the clusters.
    confidence : float
        The level of the limits.
    """

    table: pd.DataFrame
    days: ByGroup
    entries: ByGroup
    exits: ByGroup
    known: tuple[ByGroup, ByGroup]
    confidence: float

    @classmethod
    def of(cls, stretches: Stretches, confidence: float) -> MeanSteps:
        """Return the estimate from stretches."""
        grid = Grid.of(stretches)
        mean = grid.mean
        error = np.sqrt(grid.variance(stretches.cluster))
        group, groups = stretches.times.group, len(stretches.times.labels)
        code = stretches.cluster.astype(np.int64) * groups + group
        row, start, end = joined(code, stretches.entry, stretches.days)
        spans = (ByGroup.of(start, group[row], groups), ByGroup.of(end, group[row], groups))
        clusters = spans[0].below_in(grid.group, grid.day, "left")
        clusters = clusters - spans[1].below_in(grid.group, grid.day, "left")
        known = np.where(grid.day > 0, clusters, np.inf)
        lower, upper = mean_limits(mean, error, confidence, known)
        table = pd.DataFrame({"day": grid.day, "at_risk": grid.at_risk, "events": grid.events})
        if stretches.asked_terminal:
            table["terminal"] = grid.ends
        table = table.assign(mean=mean, se=error, lower=lower, upper=upper)
        return cls(
            table,
            ByGroup.of(grid.day, grid.group, groups),
            ByGroup.of(stretches.entry, group, groups),
            ByGroup.of(stretches.days, group, groups),
            spans,
            confidence,
        )

    def head(self, groups: int) -> MeanSteps:
        """Return the estimate of the first n groups."""
        days = self.days.head(groups)
        table = self.table.iloc[: len(days.values)]
        parts = days, self.entries.head(groups), self.exits.head(groups)
        known = self.known[0].head(groups), self.known[1].head(groups)
        return MeanSteps(table, *parts, known, self.confidence)

    def at(self, asked: NDArray[Any]) -> pd.DataFrame:
        """Return the rows of the table for any days, group by group; missing after the last."""
        groups = len(self.days.begin) - 1
        day, begin = self.days.values, self.days.begin[:-1]
        place = (begin[:, None] + self.days.below(asked, "right") - 1).ravel()
        rows = self.table.iloc[place].reset_index(drop=True)
        counts = [name for name in ("events", "terminal") if name in rows]
        for name in counts:
            number = self.table[name].to_numpy()
            through = np.cumsum(number)
            earlier = np.repeat((through - number)[begin], len(asked))
            rows[f"{name}_so_far"] = through[place] - earlier
        days = np.tile(asked, groups)
        rows.loc[day[place] != days, counts] = 0
        rows["day"] = days
        rows["at_risk"] = self.at_risk(asked).ravel()
        last = np.repeat(day[self.days.begin[1:] - 1], len(asked))
        rows.loc[days > last, ["mean", "se", "lower", "upper"]] = np.nan
        none = ((rows["mean"] == 0) & (days > 0)).to_numpy()
        known = self.known[0].below(asked, "left") - self.known[1].below(asked, "left")
        rows.loc[none, "upper"] = none_upper(known.ravel()[none], self.confidence)
        return rows

    def at_risk(self, asked: NDArray[Any]) -> Counts:
        """Return how many of each group are under observation on any days: (groups, days)."""
        begun = self.entries.below(asked, "left")
        begun = np.where(asked == 0, self.entries.below(asked, "right"), begun)
        return (begun - self.exits.below(asked, "left")).astype(np.int64)


def mean_limits(
    mean: Floats, error: Floats, confidence: float, known: NDArray[Any]
) -> tuple[Floats, Floats]:
    r"""Return the limits of a mean number, symmetric in its logarithm.

    Where it is 0 they go from 0 to :math:`-\log(\alpha / 2) / n`, the exact limit of a Poisson mean
    of which none was seen (Garwood 1936, Biometrika 28:437-442), with n the number `known`:
    of clusters under observation.
    """
    reach = normal_quantile(confidence) * error
    some = mean > 0
    change = np.exp(np.divide(reach, mean, out=np.zeros_like(mean), where=some))
    return mean / change, np.where(some, mean * change, none_upper(known, confidence))


def none_upper(known: NDArray[Any], confidence: float) -> Floats:
    """Return the upper limit of a mean number of which none was seen; missing where nobody is."""
    number = np.asarray(known, dtype=np.float64)
    most = -np.log((1 - confidence) / 2)
    limit: Floats = np.divide(most, number, out=np.full(len(number), np.nan), where=number > 0)
    return limit


def inverse(number: NDArray[Any]) -> Floats:
    """Return 1 / number, 0 where that is not above 0."""
    number = np.asarray(number, dtype=np.float64)
    inverted: Floats = np.divide(1.0, number, out=np.zeros_like(number), where=number > 0)
    return inverted
