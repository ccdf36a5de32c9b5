"""The score of Gray's test, its covariance, and what each row adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.scores.cluster_score import (
    Codes,
    Floats,
    refuse_too_many,
    rows_alike,
)
from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.at_risk import RowRanges
from iop_outcomes.survival.competing.causes import Causes

ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Ends:
    """The ends of one stratum by day and group; the days are those with an end.

    Attributes
    ----------
    at_risk : numpy.ndarray of float
        (days, groups), at risk just before each day.
    ended : numpy.ndarray of float
        (days, causes, groups).
    group, code, leave : numpy.ndarray of int
        By row: its group, the cause that ended it (-1: censored), and the number of days on which
        it is at risk.
    cluster : numpy.ndarray of int or None
        By row, its cluster; None if rows are independent.
    """

    at_risk: Floats
    ended: Floats
    group: Codes
    code: Codes
    leave: Codes
    cluster: Codes | None

    @classmethod
    def of(cls, by_cause: Causes, rows: NDArray[np.bool_], cluster: Codes | None) -> Ends:
        """Return the counts of some of the rows."""
        groups, causes = len(by_cause.times.labels), len(by_cause.names)
        group, code = by_cause.times.group[rows], by_cause.code[rows]
        rank, days = pd.factorize(by_cause.times.days[rows], sort=True)
        some = code >= 0
        cell = (rank[some] * causes + code[some]) * groups + group[some]
        ended = np.bincount(cell, minlength=len(days) * causes * groups)
        ended = ended.reshape(-1, causes, groups)
        kept = ended.any(axis=(1, 2))
        leave = np.cumsum(kept)[rank].astype(np.intp)
        ranges = RowRanges.of(np.zeros_like(leave), leave, int(kept.sum()))
        return cls(
            ranges.counts(group, groups).astype(np.float64),
            ended[kept].astype(np.float64),
            group,
            code,
            leave,
            None if cluster is None else cluster[rows],
        )

    def alike(self, group: int | None = None) -> Floats:
        """Return the mean number of rows in the cluster of a row at risk, by day; 1 if alone."""
        days = len(self.at_risk)
        if self.cluster is None:
            return np.ones(days)
        own = self.leave > 0
        if group is not None:
            own &= self.group == group
        return rows_alike(np.zeros_like(self.leave[own]), self.leave[own], days, self.cluster[own])


@dataclass(frozen=True, eq=False)
class _Course:
    """What the score of one cause is made of; arrays of (days, groups)."""

    at_risk: Floats
    each: Floats
    own: Floats
    other: Floats
    before: Floats
    survival: Floats
    weight: Floats
    staying: Floats

    @classmethod
    def of(cls, ends: Ends, cause: int) -> _Course:
        at_risk, own = ends.at_risk, ends.ended[:, cause]
        other = ends.ended.sum(axis=1) - own
        there = at_risk > 0
        each = np.divide(1.0, at_risk, out=np.zeros_like(at_risk), where=there)
        survival = np.cumprod(1 - (own + other) * each, axis=0)
        before = np.vstack([np.ones(at_risk.shape[1]), survival[:-1]])
        incidence = np.cumsum(before * own * each, axis=0)
        clear = 1 - np.vstack([np.zeros(at_risk.shape[1]), incidence[:-1]])
        undone = np.divide(1.0, before, out=np.zeros_like(before), where=there)
        weight = at_risk * undone  # those at risk, as if nobody had been censored
        staying = weight * clear  # and those who ended by another cause
        return cls(at_risk, each, own, other, before, survival, weight, staying)


def gray_score(ends: Ends, cause: int) -> tuple[Floats, Floats]:
    """Return Gray's score of a cause and its covariance for rows that are independent."""
    course = _Course.of(ends, cause)
    at_risk, each, own, other = course.at_risk, course.each, course.own, course.other
    before, survival, weight = course.before, course.survival, course.weight
    total, died = weight.sum(axis=1), own.sum(axis=1)
    share = course.staying / course.staying.sum(axis=1, keepdims=True)
    score = (own - died[:, None] * share).sum(axis=0)

    pooled = np.cumsum(died / total)
    hazard = _pooled_hazard(died, total, pooled, at_risk > 0)
    share = weight / total[:, None]
    # How the score of each group (axis 1) moves with an event of each group (axis 2).
    pull = weight[:, :, None] * (np.eye(weight.shape[1]) - share[:, None, :])
    drift = np.cumsum(pull * hazard[:, None, None], axis=0)
    ahead = drift[-1] - drift
    gone = 1 - pooled[:, None]
    odds = np.divide(gone, survival, out=np.zeros_like(survival), where=survival > 0)

    from_own = pull + ahead * np.where(survival > 0, 1 - odds, 1.0)[:, None, :]
    alike = ends.alike()[:, None]
    several = (died[:, None] > alike) & (at_risk > 0)
    rest = np.where(several, total[:, None] * before - alike, 1.0)
    tie = 1 - np.where(several, died[:, None] - alike, 0.0) / rest
    variance = tie * before * died[:, None] / total[:, None] * each
    covariance = np.einsum("tik,tjk,tk->ij", from_own, from_own, variance)

    alike = np.column_stack([ends.alike(group) for group in range(at_risk.shape[1])])
    several = other > alike
    tie = 1 - np.where(several, other - alike, 0.0) / np.where(several, at_risk - alike, 1.0)
    variance = tie * before**2 * other * each**2 * odds**2
    return score, covariance + np.einsum("tik,tjk,tk->ij", ahead, ahead, variance)


def _pooled_hazard(died: Floats, total: Floats, pooled: Floats, there: NDArray[Any]) -> Floats:
    """Return the subdistribution hazard of all groups on each day."""
    free = 1 - np.append(0.0, pooled[:-1])
    spent = np.abs(free) < ROUNDING
    if (there.sum(axis=1) > 1)[spent].any():
        raise EstimateError(
            "The pooled cumulative incidence of the cause reaches 1 while two groups are still "
            "at risk: Gray's test is not defined.",
            instead="compare_survival, or a shorter follow-up.",
        )
    # With one group left there is nothing to compare, whatever the hazard.
    hazard: Floats = np.divide(died, total * free, out=np.zeros(len(free)), where=~spent)
    return hazard


def gray_residuals(ends: Ends, cause: int) -> Floats:
    r"""Return what each row adds to the score of each group, (groups, rows).

    Notes
    -----
    The derivative of :math:`\sum_t d_g - d R_g / R` by what the row counts, with :math:`R_g = n_g
    q_g`, :math:`q = (1 - F(t-)) / S(t-)`: the row's own part in d and n, and through n and d its
    part in the estimates S and F of its group. They sum to the score, since that grows in
    proportion to all rows, and are the score residuals of Cox's model where there is one cause.
    """
    course = _Course.of(ends, cause)
    groups = course.at_risk.shape[1]
    refuse_too_many(len(ends.group), groups)
    pooled = course.staying.sum(axis=1)
    hazard, share = course.own.sum(axis=1) / pooled, course.staying / pooled[:, None]
    residuals = np.empty((groups, len(ends.group)))
    for other in range(groups):
        rows = np.flatnonzero(ends.group == other)
        leave, code = ends.leave[rows], ends.code[rows]
        last = np.maximum(leave - 1, 0)
        for group in range(groups):
            contrast = float(group == other) - share[:, group]
            passed, of_cause, of_end = _pulls(course, other, hazard * contrast)
            value = np.append(0.0, np.cumsum(passed))[leave]
            value += (code == cause) * (contrast + of_cause)[last]
            residuals[group, rows] = value + (code >= 0) * of_end[last]
    return residuals


def _pulls(course: _Course, group: int, pull: Floats) -> tuple[Floats, Floats, Floats]:
    """Return what a row of a group adds to a score on each day.

    By being at risk, by an end through the cause, and by an end through any; `pull` is the weight
    with which what its group has at risk is taken from the score.
    """
    parts = course.at_risk, course.each, course.before
    at_risk, each, before = (part[:, group] for part in parts)
    own, died = course.own[:, group], course.own[:, group] + course.other[:, group]
    staying = course.staying[:, group]
    left = at_risk - died
    remain = np.divide(1.0, left, out=np.zeros(len(left)), where=left > 0)
    weight = pull * course.weight[:, group]  # of what the row does to the share that came to it
    by_share = _ahead(weight)
    of_share = by_share * before * each
    by_survival = _ahead(-of_share * own - pull * staying)  # and to the share without an end
    passed = -pull * staying * each - of_share * own * each - by_survival * died * each * remain
    return passed, of_share, by_survival * remain


def _ahead(values: Floats) -> Floats:
    """Return the sum of what comes after each day."""
    after: Floats = np.cumsum(values[::-1])[::-1] - values
    return after
