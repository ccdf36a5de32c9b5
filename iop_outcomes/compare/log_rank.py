"""The log-rank test for any number of groups, with strata and late entry, on counts by day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.score import GroupScore
from iop_outcomes.survival.checking import CheckedTimes
from iop_outcomes.survival.daily import Daily, count_days

Floats = NDArray[np.float64]


def log_rank(times: CheckedTimes, stratum: NDArray[np.intp]) -> GroupScore:
    r"""Sum observed less expected events, and their covariance, over the days of all strata.

    Notes
    -----
    On a day with d events among n at risk, of whom :math:`n_g` in group g, the expected events of
    the group are :math:`d n_g / n`, and the covariance of groups g and h is
    :math:`d (n - d) / (n - 1) (n_g / n) (\delta_{gh} - n_h / n)`.
    """
    groups = len(times.labels)
    at_risk, events = _by_day(times, stratum, groups)
    n, died = at_risk.sum(axis=1), events.sum(axis=1)
    some = died > 0
    at_risk, n, died = at_risk[some], n[some], died[some]
    share = at_risk / n[:, None]
    expected = share.T @ died
    # A lone person at risk has no one to differ from: the variance is 0 of 0.
    spread = np.divide(died * (n - died), n - 1, out=np.zeros(len(n)), where=n > 1)
    covariance = np.diag(share.T @ spread) - share.T @ (share * spread[:, None])
    observed = np.bincount(times.group[times.event], minlength=groups).astype(float)
    return GroupScore(observed, expected, covariance)


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
        later = np.searchsorted(ends.day[own], entry, side="right")
        np.add.at(
            entered, own.start + np.where(entry > 0, later, 0), came.counts[came.own(stratum)]
        )
    return entered
