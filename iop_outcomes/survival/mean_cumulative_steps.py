"""The mean number of events of one group as arrays, and its robust variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.mean_cumulative_times import Stretches
from iop_outcomes.survival.running_products import Spans, squared, sums_of_products

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grid:
    """The stretches of one group on the days on which any of them ends.

    Attributes
    ----------
    day : numpy.ndarray
        Day 0, and each day on which a stretch ends.
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
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    event: NDArray[np.bool_]
    terminal: NDArray[np.bool_]
    at_risk: Counts
    events: Counts
    ends: Counts
    before: Floats

    @classmethod
    def of(cls, stretches: Stretches, rows: NDArray[Any]) -> Grid:
        """Return the grid of the stretches that `rows` chooses."""
        days, entry = stretches.days[rows], stretches.entry[rows]
        event, terminal = stretches.times.event[rows], stretches.terminal[rows]
        last, day = pd.factorize(days, sort=True)
        day = np.asarray(day)
        if day[0] > 0:
            day, last = np.append(day[:1] * 0, day), last + 1
        first = np.where(entry > 0, np.searchsorted(day, entry, side="right"), 0)
        size = len(day)
        gone = np.bincount(last, minlength=size)
        at_risk = np.cumsum(np.bincount(first, minlength=size)) - (np.cumsum(gone) - gone)
        events = np.bincount(last[event], minlength=size)
        ends = np.bincount(last[terminal], minlength=size)
        staying = np.cumprod(1 - ends * inverse(at_risk))
        before = np.append(1.0, staying[:-1])
        return cls(day, first, last, event, terminal, at_risk, events, ends, before)

    @property
    def mean(self) -> Floats:
        """The mean number of events through each day."""
        mean: Floats = np.cumsum(self.before * self.events * inverse(self.at_risk))
        return mean

    @property
    def leaving(self) -> Floats:
        """What one terminal event takes from the logarithm of those left, each day."""
        return inverse(self.at_risk - self.ends)

    def variance(self, cluster: NDArray[np.intp]) -> Floats:
        r"""Return the robust variance of the mean through each day.

        The influence of a cluster is :math:`K - \mu(t) Q - O\, h(t)`, with K and Q changing only
        when one of its stretches begins or ends, O the number of its stretches under observation,
        and h the same for all. So its square, summed over clusters, needs no more than the sums
        of the products of K, Q and O, which change with one stretch at a time.
        """
        mean, each, leaving = self.mean, inverse(self.at_risk), self.leaving
        fall = self.ends * each * leaving
        drift = np.cumsum(self.before * self.events * each**2 + mean * fall)
        falling = np.cumsum(fall)
        changes = self._changes(mean, (drift, falling))
        products = sums_of_products(np.tile(cluster, 3), *changes, len(self.day))
        weights = np.vstack([np.ones_like(mean), -mean, -(drift - mean * falling)])
        return squared(products, weights)

    def _changes(
        self, mean: Floats, drifts: tuple[Floats, Floats]
    ) -> tuple[NDArray[np.intp], Floats]:
        """Return where K, Q and O change, and by how much: beginnings, events, ends."""
        drift, falling = (np.append(0.0, drift) for drift in drifts)
        ones = np.ones(len(self.first))
        event = self.event * (self.before * inverse(self.at_risk))[self.last]
        ended = self.terminal * self.leaving[self.last]
        place = np.concatenate([self.first, self.last, self.last + 1])
        kept = np.concatenate(
            [drift[self.first], event + ended * mean[self.last], -drift[self.last + 1]]
        )
        left = np.concatenate([falling[self.first], ended, -falling[self.last + 1]])
        there = np.concatenate([ones, 0 * ones, -ones])
        return place, np.vstack([kept, left, there])


@dataclass(frozen=True, eq=False)
class MeanSteps:
    """The estimate of one group: its table, and how many are under observation on any day.

    Attributes
    ----------
    table : pandas.DataFrame
        As `MeanCumulativeFunction.table`, without the group.
    entries, exits : numpy.ndarray
        The days of beginning and end of the stretches, in order.
    known : Spans
        From when to when each cluster is under observation.
    confidence : float
        The level of the limits.
    """

    table: pd.DataFrame
    entries: NDArray[Any]
    exits: NDArray[Any]
    known: Spans
    confidence: float

    @classmethod
    def of(cls, stretches: Stretches, rows: NDArray[Any], confidence: float) -> MeanSteps:
        """Return the estimate from the stretches that `rows` chooses."""
        grid = Grid.of(stretches, rows)
        mean = grid.mean
        cluster, entry, days = (
            part[rows] for part in (stretches.cluster, stretches.entry, stretches.days)
        )
        error = np.sqrt(grid.variance(cluster))
        spans = Spans.of(cluster, entry, days)
        known = np.where(grid.day > 0, spans.at(grid.day), np.inf)
        lower, upper = mean_limits(mean, error, confidence, known)
        table = pd.DataFrame({"day": grid.day, "at_risk": grid.at_risk, "events": grid.events})
        if stretches.asked_terminal:
            table["terminal"] = grid.ends
        table = table.assign(mean=mean, se=error, lower=lower, upper=upper)
        return cls(table, np.sort(entry), np.sort(days), spans, confidence)

    def at(self, asked: NDArray[Any]) -> pd.DataFrame:
        """Return the rows of the table for any days; missing after the last."""
        day = self.table["day"].to_numpy()
        place = np.searchsorted(day, asked, side="right") - 1
        rows = self.table.iloc[place].reset_index(drop=True)
        counts = [name for name in ("events", "terminal") if name in rows]
        for name in counts:
            rows[f"{name}_so_far"] = np.cumsum(self.table[name].to_numpy())[place]
        rows.loc[day[place] != asked, counts] = 0
        rows["day"] = asked
        rows["at_risk"] = self.at_risk(asked)
        rows.loc[asked > day[-1], ["mean", "se", "lower", "upper"]] = np.nan
        none = ((rows["mean"] == 0) & (asked > 0)).to_numpy()
        rows.loc[none, "upper"] = none_upper(self.known.at(asked)[none], self.confidence)
        return rows

    def at_risk(self, asked: NDArray[Any]) -> Counts:
        """Return how many are under observation on any days."""
        begun = np.searchsorted(self.entries, asked, side="left")
        begun = np.where(asked == 0, np.searchsorted(self.entries, 0, side="right"), begun)
        return (begun - np.searchsorted(self.exits, asked, side="left")).astype(np.int64)


def mean_limits(
    mean: Floats, error: Floats, confidence: float, known: NDArray[Any]
) -> tuple[Floats, Floats]:
    r"""Return the limits of a mean number, symmetric in its logarithm.

    Where it is 0 they go from 0 to :math:`-\log(\alpha / 2) / n`, the exact limit of a Poisson mean
    of which none was seen (Garwood 1936, Biometrika 28:437-442), with n the number
    `known`: of clusters under observation.
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
    found: Floats = np.divide(1.0, number, out=np.zeros_like(number), where=number > 0)
    return found
