"""The score of the subdistribution hazard, weighted for censoring by Fine and Gray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.newton import LikelihoodPoint
from iop_outcomes.compare.regression.risk_sets import Floats, Places
from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.at_risk import RowRanges, first_place


@dataclass(frozen=True, eq=False)
class Censoring:
    """How long rows would have been followed, within one stratum of censoring.

    Attributes
    ----------
    ended : numpy.ndarray of int
        The positions of the rows that another cause ended.
    undone : numpy.ndarray of float
        1 / (G H) just before their day: G is the share not censored, by Kaplan and Meier, and H
        that which has entered, by the same read backwards (1 without late entry).
    share : numpy.ndarray of float
        (cells,), G H just before each day of an event.
    gone : numpy.ndarray of int
        The positions of the rows that were censored.
    of_gone : numpy.ndarray of int
        The positions of their days in `day`.
    day : numpy.ndarray
        The days of censoring, in order.
    at_risk, censored : numpy.ndarray of float
        On each of them.
    rows : numpy.ndarray of int
        The positions of the rows of the stratum.
    """

    ended: Places
    undone: Floats
    share: Floats
    gone: Places
    of_gone: Places
    day: NDArray[Any]
    at_risk: Floats
    censored: Floats
    rows: Places


@dataclass(frozen=True, eq=False)
class Subdistribution(RowRanges):
    """The risk set at each event: people without an end, and by weight people with another end.

    A *cell* is a day with an event; as ranges of cells the rows are those without an end.

    Attributes
    ----------
    days : numpy.ndarray
        (rows,), of the end.
    day : numpy.ndarray
        (cells,), the days with an event, in order.
    died : numpy.ndarray of int
        The positions of the rows with an event.
    count : numpy.ndarray of float
        (cells,), events.
    strata : tuple of Censoring
    """

    days: NDArray[Any]
    day: NDArray[Any]
    died: Places
    count: Floats
    strata: tuple[Censoring, ...]

    def at_risk(self, values: Floats) -> Floats:
        """Return the weighted sum of the rows' values over those at risk in each cell."""
        sums = super().at_risk(values)
        for part in self.strata:
            weighted = values[part.ended] * part.undone
            gone = np.bincount(self.leave[part.ended], weighted, self.cells + 1)
            sums = sums + part.share * np.cumsum(gone)[:-1]
        return sums

    def exposed(self, by_cell: Floats) -> Floats:
        """Return the weighted sum over the cells in which each row is at risk."""
        sums = self.passed(by_cell)
        for part in self.strata:
            ahead = _ahead(by_cell * part.share)
            sums[part.ended] += part.undone * ahead[self.leave[part.ended]]
        return sums


@dataclass(frozen=True, eq=False)
class WeightedLikelihood(LikelihoodPoint):
    """The likelihood at given coefficients.

    Attributes
    ----------
    risk : numpy.ndarray
        (rows,), the exponential of each row's score.
    hazard : numpy.ndarray
        (cells,), the step of the baseline.
    mean : numpy.ndarray
        (terms, cells), of those at risk.
    """

    risk: Floats
    hazard: Floats
    mean: Floats


def subdistribution(
    days: NDArray[Any],
    code: NDArray[np.intp],
    stratum: NDArray[np.intp],
    *,
    entry: NDArray[Any] | None = None,
    events_first: bool,
) -> Subdistribution:
    """Return who is at risk; `code` is 1 for the cause, 2 for another, 0 for censoring.

    Raises
    ------
    EstimateError
        If, with late entry, the risk set is empty between two days.
    """
    day = np.sort(pd.unique(days[code == 1]))
    leave = np.searchsorted(day, days, side="right")
    came = np.full(len(days), -1) if entry is None else np.where(entry > 0, entry, -1)
    died = np.flatnonzero(code == 1)
    count = np.bincount(leave[died] - 1, minlength=len(day)).astype(float)
    strata = tuple(
        _censoring(
            np.flatnonzero(stratum == part), days, code, came, day, events_first=events_first
        )
        for part in range(int(stratum.max()) + 1)
    )
    enter, late = first_place(day, entry, len(days)), entry is not None
    return Subdistribution(enter, leave, len(day), late, days, day, died, count, strata)


def _censoring(
    rows: Places,
    days: NDArray[Any],
    code: NDArray[np.intp],
    came: NDArray[Any],
    event_day: NDArray[Any],
    *,
    events_first: bool,
) -> Censoring:
    ended_by, left, entered = code[rows], np.sort(days[rows]), np.sort(came[rows])
    gone = rows[ended_by == 0]
    day, of_gone, censored = np.unique(days[gone], return_inverse=True, return_counts=True)
    at_risk = _before(entered, day) - _before(left, day)
    if events_first:
        ends = np.sort(days[rows[ended_by > 0]])
        at_risk -= np.searchsorted(ends, day, side="right") - _before(ends, day)
    kept = np.append(1.0, np.cumprod(1 - censored / at_risk))
    ended = rows[ended_by == 2]
    here = _entered_by(entered, left)
    at_end = kept[np.searchsorted(day, days[ended])] * here(days[ended])
    if not (at_end > 0).all():
        raise EstimateError(
            "The risk set is empty between two days, so the censoring distribution cannot be "
            "estimated.",
            instead="cause_specific_cox, or times that begin after that day.",
        )
    return Censoring(
        ended=ended,
        undone=1 / at_end,
        share=kept[np.searchsorted(day, event_day)] * here(event_day),
        gone=gone,
        of_gone=of_gone,
        day=day,
        at_risk=at_risk.astype(float),
        censored=censored.astype(float),
        rows=rows,
    )


def _before(ordered: NDArray[Any], day: NDArray[Any]) -> Places:
    return np.searchsorted(ordered, day, side="left")


def _entered_by(entered: NDArray[Any], left: NDArray[Any]) -> Callable[[NDArray[Any]], Floats]:
    """Return the share that has entered before a day: Kaplan-Meier read backwards.

    Who enters on a day comes after those who leave on it.
    """
    day, count = np.unique(entered[entered > 0], return_counts=True)
    there = np.searchsorted(entered, day, side="right") - np.searchsorted(left, day, side="right")
    share = np.append(np.cumprod((1 - count / there)[::-1])[::-1], 1.0)
    return lambda asked: share[np.searchsorted(day, asked)]


def weighted_likelihood(columns: Floats, beta: Floats, sets: Subdistribution) -> WeightedLikelihood:
    """Return the likelihood of columns, one a row, at coefficients."""
    score = beta @ columns
    risk = np.exp(score)
    total = sets.at_risk(risk)
    mean = np.stack([sets.at_risk(risk * column) for column in columns]) / total
    own = np.zeros(len(risk))
    own[sets.died] = 1
    hazard = sets.count / total
    second = (columns * (risk * sets.exposed(hazard))) @ columns.T
    information = second - (mean * sets.count) @ mean.T
    return WeightedLikelihood(
        log_likelihood=float(own @ score - sets.count @ np.log(total)),
        gradient=columns @ own - mean @ sets.count,
        information=(information + information.T) / 2,
        risk=risk,
        hazard=hazard,
        mean=mean,
    )


def own_residuals(columns: Floats, point: WeightedLikelihood, sets: Subdistribution) -> Floats:
    """Return what each row adds to the score, the weights taken as known."""
    exposure = sets.exposed(point.hazard)
    own = np.empty_like(columns)
    for place, column in enumerate(columns):
        drift = sets.exposed(point.hazard * point.mean[place])
        own[place] = -point.risk * (column * exposure - drift)
    own[:, sets.died] += columns[:, sets.died] - point.mean[:, sets.leave[sets.died] - 1]
    return own


def weight_residuals(columns: Floats, point: WeightedLikelihood, sets: Subdistribution) -> Floats:
    """Return what each row adds to the score by its part in the estimate of the weights."""
    residuals = np.zeros_like(columns)
    for part in sets.strata:
        residuals += _through_weights(columns, point, sets, part)
    return residuals


def _through_weights(
    columns: Floats, point: WeightedLikelihood, sets: Subdistribution, part: Censoring
) -> Floats:
    """Return what each row adds through the estimate of the censoring distribution."""
    residuals = np.zeros_like(columns)
    if not len(part.gone) or not len(part.ended):
        return residuals
    # A censoring on day u changes the weight of who ended before it, at events on and after it.
    first = np.searchsorted(sets.day, part.day, side="left")
    since = np.searchsorted(part.day, sets.days[part.ended], side="right")
    weight = point.risk[part.ended] * part.undone
    step = part.share * point.hazard
    ahead = _ahead(step)[first]
    size = len(part.day) + 1
    carried = np.cumsum(np.bincount(since, weight, size))[:-1]
    until = np.searchsorted(part.day, sets.days[part.rows], side="right")
    for place, column in enumerate(columns):
        moved = np.cumsum(np.bincount(since, weight * column[part.ended], size))[:-1]
        pull = moved * ahead - carried * _ahead(step * point.mean[place])[first]
        each = pull / part.at_risk
        compensator = np.append(0.0, np.cumsum(each * part.censored / part.at_risk))
        residuals[place, part.rows] -= compensator[until]
        residuals[place, part.gone] += each[part.of_gone]
    return residuals


def _ahead(by_cell: Floats) -> Floats:
    """Return the sum from each cell on, and 0 after the last."""
    return np.append(np.cumsum(by_cell[::-1])[::-1], 0.0)
