"""The log-rank test for any number of groups, with strata and late entry, on counts by day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.cluster_score import (
    group_residuals,
    robust_to_clusters,
    rows_alike,
)
from iop_outcomes.compare.group_tests.score import GroupScore
from iop_outcomes.compare.regression.risk_sets import risk_sets
from iop_outcomes.survival.at_risk import Daily, count_days, first_place
from iop_outcomes.survival.times import CheckedTimes

Floats = NDArray[np.float64]

LONE = 1e-9  # others at risk, below which there are none


def log_rank(
    times: CheckedTimes, stratum: NDArray[np.intp], cluster: NDArray[np.intp] | None = None
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

    Notes
    -----
    On a day with d events among n at risk, of whom :math:`n_g` in group g, the expected events of
    the group are :math:`d n_g / n`, and the covariance of groups g and h is
    :math:`d (n - d) / (n - 1) (n_g / n) (\delta_{gh} - n_h / n)`. With clusters the 1 is the mean
    number of rows, of those at risk, in the cluster of a row, so that copies of all rows change
    nothing, and the covariance goes on to `robust_to_clusters`.
    """
    groups = len(times.labels)
    at_risk, events = _by_day(times, stratum, groups)
    n, died = at_risk.sum(axis=1), events.sum(axis=1)
    some = died > 0
    at_risk, n, died = at_risk[some], n[some], died[some]
    share = at_risk / n[:, None]
    expected = share.T @ died
    # A lone person at risk has no one to differ from: the variance is 0 of 0.
    sets = None
    if cluster is not None:
        one = np.ones(len(times.days))
        sets = risk_sets(times.days, times.event, times.entry, stratum, weight=one, efron=False)
    others = n - 1
    if sets is not None and cluster is not None:
        others = n - rows_alike(sets.enter, sets.leave, sets.cells, cluster)
    spread = np.divide(died * (n - died), others, out=np.zeros(len(n)), where=others > LONE)
    covariance = np.diag(share.T @ spread) - share.T @ (share * spread[:, None])
    observed = np.bincount(times.group[times.event], minlength=groups).astype(float)
    score = GroupScore(observed, expected, covariance)
    if sets is None or cluster is None or score.degrees_of_freedom < groups - 1:
        return score
    return robust_to_clusters(score, group_residuals(sets, times.group, groups), cluster)


def _by_day(times: CheckedTimes, stratum: NDArray[np.intp], groups: int) -> tuple[Floats, Floats]:
    """Return at risk and events, a row for each stratum and day, a column for each group."""
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
    return at_risk, events


def _entered(came: Daily, ends: Daily) -> Floats:
    """Return who enters, on the first day of their stratum on which they are at risk."""
    entered = np.zeros((len(ends.day), came.counts.shape[1]))
    for stratum in range(len(ends.begin) - 1):
        own, entry = ends.own(stratum), came.day[came.own(stratum)]
        place = own.start + first_place(ends.day[own], entry, len(entry))
        np.add.at(entered, place, came.counts[came.own(stratum)])
    return entered
