"""Weighted Kaplan-Meier curves, and robust errors for weights and clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_repeated_names
from iop_outcomes.shared.messages import columns_found
from iop_outcomes.survival.at_risk import Daily, count_days, first_place
from iop_outcomes.survival.clusters import Cluster, Clusters, read_clusters
from iop_outcomes.survival.curves.jackknife import Moves, jackknife
from iop_outcomes.survival.curves.kaplan_meier import (
    count_ends,
    count_entries,
    entered_on,
    kaplan_meier,
)
from iop_outcomes.survival.curves.steps import Floats, Robust, Steps, Tally, product_limit
from iop_outcomes.survival.limits import Interval
from iop_outcomes.survival.times import CheckedTimes, holds_numbers

MOST = 1e12  # weights so far from 1 leave nothing of the others when they are added up


@dataclass(frozen=True, eq=False)
class Weighting:
    """The weight and the cluster of each row.

    Attributes
    ----------
    weight : numpy.ndarray or None
        Finite and above 0; None if every row counts one.
    weights : str or None
        The column of the frame that says so.
    clusters : Clusters
        Which rows are taken together.
    """

    weight: Floats | None
    weights: str | None
    clusters: Clusters

    @property
    def robust(self) -> bool:
        """Whether errors are robust: rows have weights or clusters."""
        return self.weight is not None or self.clusters.code is not None

    @property
    def cluster(self) -> NDArray[np.intp] | None:
        """The cluster of each row for robust errors; None if errors are not robust."""
        return self.clusters.each if self.robust else None

    def corrected(self, small_sample: bool, *, leverage: bool) -> Weighting:
        """Return the same, with whether errors are corrected for few clusters, and how."""
        clusters = self.clusters.corrected(small_sample, leverage=leverage)
        return replace(self, clusters=clusters)

    @property
    def text(self) -> str:
        """How the rule of the curves says it."""
        how = self.clusters.clustering.how
        if not self.robust:
            return f" ({how})" if how else ""
        weighted = f" weighted by {self.weights}" if self.weights else ""
        return f"{weighted}, robust standard errors ({how or 'rows assumed independent'})"


def read_weighting(
    times: pd.DataFrame, weights: str | None, cluster: str | Cluster | None
) -> Weighting:
    """Read the columns of weights and of clusters; see `read_clusters`."""
    if weights is not None and (not isinstance(weights, str) or weights not in times.columns):
        raise RuleError(
            f"There is no column named {weights}."
            if isinstance(weights, str)
            else "Weights are named by their column.",
            found=columns_found(times.columns, weights if isinstance(weights, str) else ()),
            instead='times.assign(weight=...), then weights="weight".',
        )
    refuse_repeated_names(times, [] if weights is None else [weights])
    weight = None if weights is None else _weights(times[weights], weights)
    return Weighting(weight, weights, read_clusters(times, cluster))


def _weights(column: pd.Series[Any], name: str) -> Floats:
    if not holds_numbers(column):
        raise EstimateError(
            f"The column {name} holds weights, which are numbers.",
            found=f"a column of type {column.dtype}",
        )
    weight = column.to_numpy(dtype=np.float64, na_value=np.nan)
    counted = (
        (np.isnan(weight).sum(), "missing"),
        (np.isinf(weight).sum(), "infinite"),
        ((weight < 0).sum(), "negative"),
        ((weight == 0).sum(), "zero"),
        (((weight > 0) & (weight < 1 / MOST)).sum(), f"below {1 / MOST:g}"),
        ((np.isfinite(weight) & (weight > MOST)).sum(), f"above {MOST:g}"),
    )
    faults = [f"{count:,} {what}" for count, what in counted if count]
    if faults:
        raise EstimateError(
            f"Every weight in {name} is a number above 0.",
            found=f"{', '.join(faults)} of {len(column):,}",
            instead=f'times[times["{name}"] > 0], if a row without weight is not to be counted.',
        )
    return weight


def curve_steps(
    times: CheckedTimes, weighting: Weighting, confidence: float, interval: Interval
) -> list[Steps]:
    """Return the curve of each group, in the order of the labels; limits robust where asked."""
    if not weighting.robust:
        return kaplan_meier(times, confidence, interval)
    groups = len(times.labels)
    ends, entries = count_ends(times), count_entries(times)
    counts = times.days, times.group, groups, times.event, 2
    sums = None if weighting.weight is None else count_days(*counts, weight=weighting.weight)
    came = None if sums is None else count_entries(times, weighting.weight)
    curves = []
    for group, rows in enumerate(times.rows_by_group):
        tally = _tally(ends, entries, group)
        weighed = tally if sums is None else _tally(sums, came, group)
        moves = moves_of(times, weighting, rows, tally.day)
        steps = _curve(weighed, tally, moves)
        lower, upper = steps.limits(confidence, interval)
        steps = replace(steps, lower=lower, upper=upper)
        curves.append(steps if sums is not None else replace(steps, rows=None))
    return curves


def _tally(ends: Daily, entries: Daily | None, group: int) -> Tally:
    own = ends.own(group)
    day, censored, events = ends.day[own], ends.counts[own, 0], ends.counts[own, 1]
    if entries is None:
        return Tally(day, events, censored, day[:1], np.array([ends.counts[own].sum()]))
    return Tally(day, events, censored, *entered_on(entries, group))


def moves_of(
    times: CheckedTimes, weighting: Weighting, rows: NDArray[np.intp], day: NDArray[Any]
) -> Moves:
    """Return the rows of one group as places among the days of its curve."""
    first = first_place(day, None if times.entry is None else times.entry[rows], len(rows))
    weight = np.ones(len(rows)) if weighting.weight is None else weighting.weight[rows]
    last = np.searchsorted(day, times.days[rows])
    cluster = np.asarray(pd.factorize(weighting.clusters.each[rows])[0])
    return Moves(first, last, times.event[rows], weight, cluster)


def _curve(weighed: Tally, rows: Tally, moves: Moves) -> Steps:
    """Return the curve, its limits still to come."""
    day = weighed.day
    at_risk = moves.ranges(len(day)).at_risk(moves.weight)
    rows_at_risk = rows.at_risk_before(day)
    at_risk = np.where(rows_at_risk > 0, at_risk, 0.0)
    survival = product_limit(at_risk, weighed.events, rows_at_risk == rows.events)
    left = np.where(rows_at_risk > rows.events, at_risk - weighed.events, 0.0)
    errors = jackknife(day, survival, (at_risk, weighed.events, left), moves)
    censored = rows_at_risk == rows.censored
    followed = product_limit(at_risk, weighed.censored, censored)
    left = np.where(rows_at_risk > rows.censored, at_risk - weighed.censored, 0.0)
    back = replace(moves, event=~moves.event)
    of_followed = jackknife(day, followed, (at_risk, weighed.censored, left), back)
    return Steps(
        *(day, weighed.events, weighed.censored, weighed.entry_day, weighed.entered),
        at_risk=at_risk if weighed is not rows else rows_at_risk,
        survival=survival,
        lower=survival,
        upper=survival,
        robust=Robust(*errors, of_followed[0]),
        rows=rows,
    )
