"""The scores that compare mean numbers of events between groups, and their robust covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.scores.score import GroupScore
from iop_outcomes.survival.at_risk import RowRanges, first_place
from iop_outcomes.survival.recurrence.steps import inverse
from iop_outcomes.survival.recurrence.times import Stretches

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts by day (rows) and group (columns), and where each stretch lies among the days."""

    ranges: RowRanges
    last: NDArray[np.intp]
    group: NDArray[np.intp]
    at_risk: Floats
    events: Floats
    ends: Floats

    @classmethod
    def of(cls, stretches: Stretches) -> Counts:
        """Return the counts of all groups on the days on which any stretch ends."""
        last, day = pd.factorize(stretches.days, sort=True)
        day, group = np.asarray(day), stretches.times.group
        groups, size = len(stretches.times.labels), len(day)
        ranges = RowRanges.of(first_place(day, stretches.entry, len(last)), last + 1, size)

        def table(place: NDArray[np.intp], of: NDArray[np.intp]) -> Floats:
            count = np.bincount(place * groups + of, minlength=size * groups)
            return count.reshape(size, groups).astype(np.float64)

        at_risk = ranges.counts(group, groups).astype(np.float64)
        event, ended = stretches.times.event, stretches.terminal
        events, ends = table(last[event], group[event]), table(last[ended], group[ended])
        return cls(ranges, last, group, at_risk, events, ends)

    @property
    def share(self) -> Floats:
        """The share of those under observation who are of each group."""
        return self.at_risk * inverse(self.at_risk.sum(axis=1))[:, None]


def pseudo_score(stretches: Stretches) -> GroupScore:
    r"""Return :math:`O_g - E_g`, the covariance from the residuals under the hypothesis.

    Notes
    -----
    The residual of a stretch of group k for group g is
    :math:`\int (\delta_{gk} - Y_g/Y)(dN_i - Y_i\, dN/Y)`.
    """
    counts = Counts.of(stretches)
    total, share = counts.events.sum(axis=1), counts.share
    rate = total * inverse(counts.at_risk.sum(axis=1))
    of_event = stretches.times.event.astype(np.float64)
    residual = np.zeros((int(stretches.cluster.max()) + 1, share.shape[1]))
    for group in range(share.shape[1]):
        own = counts.group == group
        contrast = own - share[counts.last, group]
        drift = own * counts.ranges.passed(rate) - counts.ranges.passed(rate * share[:, group])
        value = of_event * contrast - drift
        residual[:, group] = np.bincount(stretches.cluster, value, minlength=len(residual))
    return GroupScore(counts.events.sum(axis=0), share.T @ total, residual.T @ residual)


def weighted_score(stretches: Stretches) -> GroupScore:
    r"""Return the score of Ghosh and Lin, with death as a terminal event.

    Notes
    -----
    :math:`\sum_h \int K_{gh}\, d\hat\mu_h` with
    :math:`K_{gh} = Y_g (\delta_{gh} - Y_h / Y)` and :math:`d\hat\mu_h = S_h(u-)\, dN_h / Y_h`; of
    two groups :math:`\int Y_1 Y_2 / Y\, (d\hat\mu_1 - d\hat\mu_2)`. The covariance sums the
    influence of each cluster on the means of its groups.
    """
    counts = Counts.of(stretches)
    groups = counts.at_risk.shape[1]
    staying = np.cumprod(1 - counts.ends * inverse(counts.at_risk), axis=0)
    before = np.vstack([np.ones((1, groups)), staying[:-1]])
    weighted = before * counts.events
    influence = np.zeros((int(stretches.cluster.max()) + 1, groups))
    for other in range(groups):
        rows = counts.group == other
        each = inverse(counts.at_risk[:, other])
        leaving = inverse(counts.at_risk[:, other] - counts.ends[:, other])
        for group in range(groups):
            same = float(group == other)
            weight = counts.at_risk[:, group] * (same - counts.share[:, other])
            gain = weight * weighted[:, other] * each
            ahead = gain.sum() - np.cumsum(gain)
            at_event = weight * before[:, other] * each
            drift = gain * each - ahead * counts.ends[:, other] * each * leaving
            value = stretches.times.event * at_event[counts.last]
            value = value - stretches.terminal * (ahead * leaving)[counts.last]
            value = value - counts.ranges.passed(drift)
            influence[:, group] += np.bincount(
                stretches.cluster[rows], value[rows], minlength=len(influence)
            )
    expected = counts.share.T @ weighted.sum(axis=1)
    return GroupScore(weighted.sum(axis=0), expected, influence.T @ influence)
