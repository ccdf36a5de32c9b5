"""Newton's method for partial likelihoods, and the checks of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.messages import term_called

Floats = NDArray[np.float64]

ITERATIONS = 50
HALVINGS = 20
NEARLY = 1e-10
MOVING = 1e-2
SINGULAR = 1e-10


@dataclass(frozen=True, eq=False)
class LikelihoodPoint:
    """A log-likelihood at given coefficients, with its gradient and information.

    Attributes
    ----------
    log_likelihood : float
    gradient, information : numpy.ndarray
        (terms,) and (terms, terms), the first derivatives and the second with their sign turned.
    """

    log_likelihood: float
    gradient: Floats
    information: Floats

    @property
    def score_test(self) -> float:
        """Chi-squared of the score test, where the coefficients are those that are tested."""
        return float(self.gradient @ np.linalg.solve(self.information, self.gradient))


def standardised(
    design: Floats, stratum: NDArray[Any] | None, names: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return the columns, one a row, less the mean of their stratum, by their spread."""
    columns = np.array(design.T, dtype=np.float64, order="C")
    size = np.abs(columns).max(axis=1)
    if stratum is None:
        columns -= columns.mean(axis=1, keepdims=True)
    else:
        count = np.maximum(np.bincount(stratum), 1)
        for column in columns:
            column -= (np.bincount(stratum, column) / count)[stratum]
    scale = np.sqrt(np.einsum("ij,ij->i", columns, columns) / columns.shape[1])
    for place in np.flatnonzero(~(scale > SINGULAR * size)).tolist():
        raise _constant(term_called(place, names))
    columns /= scale[:, None]
    return columns, scale


def _constant(name: str) -> EstimateError:
    return EstimateError(
        "A term that is constant within every risk set has no effect to estimate.",
        found=f"{name} is the same for all of them",
        instead="leave the term out.",
    )


def check_rank(information: Floats, most: float, names: Sequence[str]) -> None:
    """Refuse what has no information at the start, where columns have a spread of 1."""
    for place in np.flatnonzero(~(np.diag(information) > SINGULAR * most)).tolist():
        raise _constant(term_called(place, names))
    spread = np.sqrt(np.diag(information))
    correlation = information / np.outer(spread, spread)
    for place in range(1, len(names)):
        before = correlation[:place, :place]
        along = np.linalg.solve(before, correlation[:place, place])
        if 1 - correlation[:place, place] @ along < SINGULAR:
            others = [
                term_called(term, names) for term in np.flatnonzero(np.abs(along) > 1e-6).tolist()
            ]
            raise EstimateError(
                "The terms are linearly dependent (collinear).",
                found=f"{term_called(place, names)} follows from {', '.join(others)}",
                instead="leave one of them out.",
            )


def maximise(
    start: LikelihoodPoint,
    at: Callable[[Floats], LikelihoodPoint],
    columns: Floats,
    names: Sequence[str],
) -> tuple[Floats, int]:
    """Maximise from 0 by Newton's steps, halved where the likelihood falls; count them.

    Parameters
    ----------
    start : LikelihoodPoint
        The likelihood where all coefficients are 0.
    at : callable
        Returns it for others.
    columns : numpy.ndarray
        (terms, rows), as `standardised` gives them.
    names : sequence of str
        What errors call the terms.
    """
    beta, point = np.zeros(len(columns)), start
    for iteration in range(ITERATIONS):
        step = _step(point, beta, names)
        decrement = float(point.gradient @ step)
        if decrement < NEARLY:
            if np.abs(step @ columns).max() > MOVING:
                # The likelihood hardly rises, yet a row's log hazard still changes: it is monotone.
                widest = np.abs(step) * np.ptp(columns, axis=1)
                raise _infinite(term_called(int(widest.argmax()), names))
            # An error of 1e-5 standard errors, which Newton's last step squares.
            return beta + step, iteration + 1
        beta, point = _ascended(beta, step, point, at)
    raise EstimateError(
        "The model did not converge.",
        found=f"{ITERATIONS} steps",
        instead="fewer terms, or terms on a similar scale.",
    )


def _ascended(
    beta: Floats, step: Floats, point: LikelihoodPoint, at: Callable[[Floats], LikelihoodPoint]
) -> tuple[Floats, LikelihoodPoint]:
    slack = 1e-12 * (1 + abs(point.log_likelihood))
    for halving in range(HALVINGS):
        trial = beta + step / 2**halving
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            reached = at(trial)
        if reached.log_likelihood >= point.log_likelihood - slack:
            break
    return trial, reached


def _step(point: LikelihoodPoint, beta: Floats, names: Sequence[str]) -> Floats:
    if np.isfinite(point.information).all() and np.isfinite(point.gradient).all():
        try:
            np.linalg.cholesky(point.information)
        except np.linalg.LinAlgError:
            pass
        else:
            return np.asarray(np.linalg.solve(point.information, point.gradient))
    raise _infinite(term_called(int(np.abs(beta).argmax()), names))


def _infinite(name: str) -> EstimateError:
    return EstimateError(
        "Infinite estimate (monotone likelihood): the likelihood increases without limit in a "
        "coefficient.",
        found=f"{name}: one of its values, or all rows on one side of a value, have no event",
        instead='merge its rare value with another, leave the term out, or in cox penalty="firth".',
    )
