"""Logistic regression for probabilities: the fitted probability of each row, by Newton's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 60
HALVINGS = 12
CLOSE = 1e-11
FURTHEST = 30.0  # of the log-odds: beyond it a probability is 0 or 1


def logistic_coefficients(
    columns: Floats,
    outcome: NDArray[np.bool_],
    weight: Floats | None = None,
    start: Floats | None = None,
    close: float = CLOSE,
) -> Floats:
    """Return the coefficients of greatest likelihood, the intercept first.

    Parameters
    ----------
    columns : numpy.ndarray of float64
        (rows, terms), without an intercept.
    outcome : numpy.ndarray of bool
        (rows,).
    weight : numpy.ndarray of float64, optional
        (rows,), what each row counts, 0 or more.
    start : numpy.ndarray of float64, optional
        Coefficients from which to begin, such as those of a sample much like this one.
    close : float
        The last step gains less, relative to the logarithm of the likelihood.

    Returns
    -------
    numpy.ndarray of float64
        (1 + terms,). Of columns that depend on each other those of least size, on the scale of
        standardised columns. Where the outcome is foretold without fail they are finite, and the
        probabilities within 1e-9 of 0 and 1.

    Notes
    -----
    Newton's method on standardised columns, with steps halved where the likelihood falls. The
    probabilities are those of R's ``glm(family = binomial)``.

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
    """Return the probability of each row under coefficients, the intercept first."""
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
