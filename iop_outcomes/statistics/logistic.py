"""Logistic regression: coefficients by Newton's method, and the fitted probability of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 60
HALVINGS = 12
CLOSE = 1e-11
FURTHEST = 30.0  # log-odds are limited to -30 to 30, probabilities to 1e-13 to 1 - 1e-13


def logistic_coefficients(
    columns: Floats,
    outcome: NDArray[np.bool_],
    weight: Floats | None = None,
    start: Floats | None = None,
    close: float = CLOSE,
) -> Floats:
    """Return the maximum likelihood estimates of the coefficients, the intercept first.

    Parameters
    ----------
    columns : numpy.ndarray of float64
        (rows, terms), without an intercept.
    outcome : numpy.ndarray of bool
        (rows,), whether the outcome occurred.
    weight : numpy.ndarray of float64, optional
        (rows,), the weight of each row, 0 or more; 1 by default.
    start : numpy.ndarray of float64, optional
        (1 + terms,), starting values, such as the coefficients of a similar sample; 0 by default.
    close : float
        Tolerance: the iteration ends when a step increases the log-likelihood l by no more than
        ``close * (1 + abs(l))``.

    Returns
    -------
    numpy.ndarray of float64
        (1 + terms,). If columns are linearly dependent, the coefficients of least norm for
        standardised columns. If the columns separate the outcomes (the maximum likelihood estimate
        is infinite), large but finite coefficients, with probabilities near 0 and 1.

    Notes
    -----
    Newton's method on standardised columns; a step that lowers the likelihood is halved, at most 12
    times. There are at most 60 steps. The probabilities are those of R's
    ``glm(family = binomial)``.

    Examples
    --------
    >>> import numpy as np
    >>> age = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> logistic_coefficients(age, np.array([False, True, False, True])).round(3).tolist()
    [-2.27, 0.908]
    """
    counted = np.ones(len(outcome)) if weight is None else weight
    centre, scale = _scale(columns, counted)
    table = np.column_stack([np.ones(len(outcome)), (columns - centre) / scale])
    beta = np.zeros(table.shape[1])
    if start is not None:
        beta[1:] = start[1:] * np.where(np.isfinite(scale), scale, 0.0)
        beta[0] = start[0] + centre @ start[1:]
    reached = _log_likelihood(table @ beta, outcome, counted)
    for _ in range(STEPS):
        chance = _chance(table @ beta)
        spread = counted * chance * (1 - chance)
        information = (table * spread[:, None]).T @ table
        step = np.linalg.pinv(information, hermitian=True) @ (
            table.T @ (counted * (outcome - chance))
        )
        for _ in range(HALVINGS):
            value = _log_likelihood(table @ (beta + step), outcome, counted)
            if value >= reached:
                break
            step = step / 2
        else:
            break
        beta, gained, reached = beta + step, value - reached, value
        if gained <= close * (1 + abs(reached)):
            break
    slope = beta[1:] / scale
    return np.concatenate([[beta[0] - centre @ slope], slope])


def logistic_probabilities(columns: Floats, coefficients: Floats) -> Floats:
    """Return the probability of each row, (rows,), from coefficients with the intercept first."""
    return _chance(coefficients[0] + columns @ coefficients[1:])


def _scale(columns: Floats, counted: Floats) -> tuple[Floats, Floats]:
    total = counted.sum()
    centre = counted @ columns / total
    scale = np.sqrt(np.maximum(counted @ (columns - centre) ** 2 / total, 0.0))
    return centre, np.where(scale > 1e-10 * (1 + np.abs(centre)), scale, np.inf)


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -FURTHEST, FURTHEST))))


def _log_likelihood(log_odds: Floats, outcome: NDArray[np.bool_], counted: Floats) -> float:
    eta = np.clip(log_odds, -FURTHEST, FURTHEST)
    return float(counted @ (outcome * eta - np.logaddexp(0.0, eta)))
