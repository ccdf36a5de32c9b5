"""The log-rank test and its weighted family, with strata and late entry, on counts by day."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.scores.cluster_score import (
    group_residuals,
    known_bias,
    robust_to_clusters,
    rows_alike,
    sandwich,
)
from iop_outcomes.compare.group_tests.scores.score import GroupScore
from iop_outcomes.compare.group_tests.scores.weights import Weight
from iop_outcomes.compare.regression.risk_sets import RiskSets, risk_sets
from iop_outcomes.survival.at_risk import Daily, count_days, first_place
from iop_outcomes.survival.times import CheckedTimes

Floats = NDArray[np.float64]

LOG_RANK = Weight()
LONE = 1e-9  # others at risk, below which there are none


@dataclass(frozen=True, eq=False)
class EventDays:
    """The days of events of each stratum, the strata one after another.

    Attributes
    ----------
    at_risk, events : numpy.ndarray, shape (days, groups)
        The numbers at risk just before the day, and with the event on it.
    stratum : numpy.ndarray of int
        The stratum of each day.
    others : numpy.ndarray
        Those at risk less the mean number of rows in the cluster of a row.
    sets : RiskSets or None
        The same days as risk sets, where rows are clustered.
    """

    at_risk: Floats
    events: Floats
    stratum: NDArray[np.intp]
    others: Floats
    sets: RiskSets | None

    @classmethod
    def of(
        cls,
        times: CheckedTimes,
        stratum: NDArray[np.intp],
        cluster: NDArray[np.intp] | None,
    ) -> EventDays:
        """Count checked times by day and stratum."""
        at_risk, events, of_day = _by_day(times, stratum, len(times.labels))
        some = events.sum(axis=1) > 0
        at_risk, events, of_day = at_risk[some], events[some], of_day[some]
        others, sets = at_risk.sum(axis=1) - 1, None
        if cluster is not None:
            sets = _sets(times, stratum)
            alike = rows_alike(sets.enter, sets.leave, sets.cells, cluster)
            others = at_risk.sum(axis=1) - alike
        return cls(at_risk, events, of_day, others, sets)

    def weights(self, weight: Weight) -> Floats:
        """Return the weight of each day."""
        return weight.by_day(self.at_risk.sum(axis=1), self.events.sum(axis=1), self.stratum)

    def score(self, weight: Floats, other_weight: Floats | None = None) -> GroupScore:
        """Return the weighted score; with another weight, the covariance of the two scores."""
        n, died = self.at_risk.sum(axis=1), self.events.sum(axis=1)
        share = self.at_risk / n[:, None]
        # With one person at risk the formula is 0 / 0, and the variance is 0.
        spread = np.divide(
            died * (n - died), self.others, out=np.zeros(len(n)), where=self.others > LONE
        )
        spread = spread * weight * (weight if other_weight is None else other_weight)
        covariance = np.diag(share.T @ spread) - share.T @ (share * spread[:, None])
        return GroupScore(weight @ self.events, share.T @ (weight * died), covariance)


def log_rank(
    times: CheckedTimes,
    stratum: NDArray[np.intp],
    cluster: NDArray[np.intp] | None = None,
    weight: Weight = LOG_RANK,
) -> GroupScore:
    r"""Sum observed less expected events, and their covariance, over the days of all strata.

    Parameters
    ----------
    times : CheckedTimes
        The times and their groups.
    stratum : numpy.ndarray of int
        The stratum of each row, from 0.
    cluster : numpy.ndarray of int, optional
        The cluster of each row, from 0; by default rows are independent.
    weight : Weight
        How the days are weighted; by default all alike.

    Notes
    -----
    On a day with d events among n at risk, of whom :math:`n_g` in group g, the expected events of
    the group are :math:`d n_g / n`, and the covariance of groups g and h is
    :math:`d (n - d) / (n - 1) (n_g / n) (\delta_{gh} - n_h / n)`; the first are times the weight of
    the day, the second times its square. With clusters the 1 is the mean number of rows, of those
    at risk, in the cluster of a row, so that copies of all rows change nothing, and the covariance
    continues to `robust_to_clusters`.
    """
    days = EventDays.of(times, stratum, cluster)
    by_day = days.weights(weight)
    score = days.score(by_day)
    groups = len(times.labels)
    if days.sets is None or cluster is None or score.degrees_of_freedom < groups - 1:
        return score
    residuals = group_residuals(days.sets, times.group, groups, by_day)
    return robust_to_clusters(score, residuals, cluster)


def weighted_log_rank(
    times: CheckedTimes,
    stratum: NDArray[np.intp],
    cluster: NDArray[np.intp] | None,
    weight: Weight,
    row_weight: Floats,
) -> GroupScore:
    r"""Return the score of rows that count as much as their weight, with a robust covariance.

    Parameters
    ----------
    times, stratum, cluster, weight
        As of `log_rank`.
    row_weight : numpy.ndarray of float
        What each row counts, above 0.

    Notes
    -----
    Observed and expected events are sums of weights. The covariance is the sum over clusters (rows,
    if they are independent) of the squares of their weighted score residuals, as the robust score
    test of R's ``coxph(..., weights=, cluster=, ties="breslow")``, times the factor of
    `robust_to_clusters` for the same rows without weights, so that equal weights change nothing.
    Weights that were estimated are taken as known.
    """
    groups, group = len(times.labels), times.group
    plain = EventDays.of(times, stratum, cluster)
    sets = _sets(times, stratum, row_weight)
    counts = np.where(np.arange(groups)[:, None] == group, row_weight, 0.0)
    at_risk = np.column_stack([sets.at_risk(own) for own in counts])
    of_day = np.zeros(sets.cells, dtype=np.intp)
    of_day[sets.cell] = stratum[sets.died]  # all with an event on a day are of its stratum
    days = EventDays(
        at_risk,
        np.column_stack([sets.tied(own) for own in counts]),
        of_day,
        at_risk.sum(axis=1),
        sets,
    )
    by_day, by_plain_day = days.weights(weight), plain.weights(weight)
    score, alike = days.score(by_day), plain.score(by_plain_day)
    if min(score.degrees_of_freedom, alike.degrees_of_freedom) < groups - 1:
        return score
    code = np.arange(len(group)) if cluster is None else cluster
    residual = row_weight * group_residuals(sets, group, groups, by_day, row_weight)
    robust = sandwich(score, residual, code)
    unweighted = group_residuals(_sets(times, stratum), group, groups, by_plain_day)
    return replace(robust, covariance=robust.covariance * known_bias(alike, unweighted))


def _sets(
    times: CheckedTimes, stratum: NDArray[np.intp], row_weight: Floats | None = None
) -> RiskSets:
    weight = np.ones(len(times.days)) if row_weight is None else row_weight
    return risk_sets(times.days, times.event, times.entry, stratum, weight=weight, efron=False)


def _by_day(
    times: CheckedTimes, stratum: NDArray[np.intp], groups: int
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return at risk and events, a row for each stratum and day, a column for each group.

    And the stratum of each row.
    """
    strata = int(stratum.max()) + 1
    kind = times.group * 2 + times.event
    ends = count_days(times.days, stratum, strata, kind, 2 * groups)
    counts = ends.counts.reshape(-1, groups, 2).astype(float)
    left, events = counts.sum(axis=2), counts[:, :, 1]
    if times.entry is None:
        entered = np.zeros_like(left)
        entered[ends.begin[:-1]] = np.add.reduceat(left, ends.begin[:-1])
    else:
        came = count_days(times.entry, stratum, strata, times.group, groups)
        entered = _entered(came, ends)
    # Strata follow each other, and each begins with nobody left of the one before.
    at_risk = np.cumsum(entered - np.vstack([np.zeros(groups), left[:-1]]), axis=0)
    of_day = np.repeat(np.arange(strata), np.diff(ends.begin))
    return at_risk, events, of_day


def _entered(came: Daily, ends: Daily) -> Floats:
    """Return who enters, on the first day of their stratum on which they are at risk."""
    entered = np.zeros((len(ends.day), came.counts.shape[1]))
    for stratum in range(len(ends.begin) - 1):
        own, entry = ends.own(stratum), came.day[came.own(stratum)]
        place = own.start + first_place(ends.day[own], entry, len(entry))
        np.add.at(entered, place, came.counts[came.own(stratum)])
    return entered
