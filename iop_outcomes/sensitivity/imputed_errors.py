"""The share relapsed and the restricted mean of one completed set, with their variances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from iop_outcomes.survival.clusters import Clusters
from iop_outcomes.survival.curves.cluster_sums import curve_sums
from iop_outcomes.survival.curves.kaplan_meier import kaplan_meier
from iop_outcomes.survival.curves.steps import Steps
from iop_outcomes.survival.curves.weighted import Weighting, moves_of
from iop_outcomes.survival.limits import greenwood
from iop_outcomes.survival.times import CheckedTimes
from iop_outcomes.use.pattern_array import Numbers


def imputed_estimates(
    times: CheckedTimes, clusters: Clusters, horizon: int
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the share relapsed by the horizon and the restricted mean up to it, with variances.

    Parameters
    ----------
    times : CheckedTimes
        The times of one completed set, in weeks.
    clusters : Clusters
        The cluster of each row. With clusters the variances are infinitesimal jackknives by
        cluster, otherwise Greenwood's.
    horizon : int
        Weeks.

    Returns
    -------
    value, variance : numpy.ndarray of float64
        (2, groups): the share relapsed, and the restricted mean in weeks. Missing (NaN) where a
        group is not followed up to the horizon.
    difference_variance : numpy.ndarray of float64
        (2,): the variance of the difference between the second group and the first; missing (NaN)
        unless there are two groups.
    """
    steps = kaplan_meier(times, 0.95, "log-log")
    value = np.array([_estimates(curve, horizon) for curve in steps]).T
    if clusters.code is None:
        variance = np.array([_variances(curve, horizon) for curve in steps]).T
        difference_variance = variance.sum(axis=1)
    else:
        influence = _influences(times, steps, clusters, horizon)
        variance = (influence**2).sum(axis=2).T
        difference_variance = ((influence[-1] - influence[0]) ** 2).sum(axis=1)
    if len(steps) != 2:
        difference_variance = np.full(2, np.nan)
    return value, np.where(np.isnan(value), np.nan, variance), difference_variance


def _estimates(steps: Steps, horizon: int) -> tuple[float, float]:
    if steps.last_day < horizon and steps.survival[-1] > 0:
        return np.nan, np.nan
    known = steps.followed_to(horizon)
    return 1 - _survival_at(steps, horizon), steps.area(horizon)[0] if known else np.nan


def _variances(steps: Steps, horizon: int) -> tuple[float, float]:
    spread = greenwood(steps.at_risk, steps.events)[steps.day <= horizon][-1]
    return _survival_at(steps, horizon) ** 2 * float(spread), steps.area(horizon)[1] ** 2


def _survival_at(steps: Steps, horizon: int) -> float:
    return float(steps.survival[steps.day <= horizon][-1])


def _influences(
    times: CheckedTimes, steps: list[Steps], clusters: Clusters, horizon: int
) -> Numbers:
    """Return the influence of each cluster on the two estimates, (groups, 2, clusters)."""
    own, weighting = clusters.each, Weighting(None, None, clusters)
    influences = np.zeros((len(steps), 2, int(own.max()) + 1))
    for group, rows in enumerate(times.rows_by_group):
        moves = moves_of(times, weighting, rows, steps[group].day)
        moves = replace(moves, cluster=own[rows])
        influences[group][:, np.unique(own[rows])] = curve_sums(steps[group], moves, horizon)
    return influences
