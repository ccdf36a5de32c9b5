"""Multinomial logistic regression, for the probabilities of several groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.statistics.logistic import CLOSE, logistic_coefficients

Floats = NDArray[np.float64]

STEPS = 60
HALVINGS = 12
FURTHEST = 30.0  # limit of the log-odds, as in `logistic`


def multinomial_coefficients(
    columns: Floats,
    group: NDArray[np.intp],
    groups: int,
    weight: Floats | None = None,
    start: Floats | None = None,
    close: float = CLOSE,
) -> Floats:
    """Return the maximum likelihood coefficients of each group compared with the first.

    Parameters
    ----------
    columns : numpy.ndarray of float64
        (rows, terms), without an intercept.
    group : numpy.ndarray of int
        (rows,), codes from 0 to `groups` - 1; group 0 is the reference.
    groups : int
        How many groups there are, two or more.
    weight : numpy.ndarray of float64, optional
        (rows,), the weight of each row, 0 or more; 1 by default.
    start : numpy.ndarray of float64, optional
        (groups - 1, 1 + terms), starting values; 0 by default.
    close : float
        Tolerance: the iteration ends when a step increases the log-likelihood l by no more than
        ``close * (1 + abs(l))``.

    Returns
    -------
    numpy.ndarray of float64
        (groups - 1, 1 + terms), the intercept first. For two groups the result of
        `iop_outcomes.statistics.logistic.logistic_coefficients`, as one row.

    Notes
    -----
    Newton's method on standardised columns; a step that lowers the likelihood is halved.

    Examples
    --------
    >>> import numpy as np
    >>> age = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    >>> coefficients = multinomial_coefficients(age, np.array([0, 1, 2, 0, 1, 2]), 3)
    >>> coefficients.round(3).tolist()
    [[-1.231, 0.413], [-2.891, 0.826]]
    """
    if groups == 2:
        first = None if start is None else start[0]
        return logistic_coefficients(columns, group == 1, weight, first, close)[None]
    counted = np.ones(len(group)) if weight is None else weight
    total = counted.sum()
    centre = counted @ columns / total
    scale = np.sqrt(np.maximum(counted @ (columns - centre) ** 2 / total, 0.0))
    scale = np.where(scale > 1e-10 * (1 + np.abs(centre)), scale, np.inf)
    standardised = (columns - centre) / scale
    table = np.column_stack([np.ones(len(group)), standardised])
    beta = np.zeros((groups - 1, table.shape[1]))
    if start is not None:
        beta[:, 1:] = start[:, 1:] * np.where(np.isfinite(scale), scale, 0.0)
        beta[:, 0] = start[:, 0] + start[:, 1:] @ centre
    outcome = np.eye(groups)[group][:, 1:]
    reached = _log_likelihood(standardised, beta, group, counted)
    for _ in range(STEPS):
        chance = multinomial_probabilities(standardised, beta)
        score = ((outcome - chance[:, 1:]) * counted[:, None]).T @ table
        information = multinomial_information(standardised, chance, counted)
        step = (np.linalg.pinv(information, hermitian=True) @ score.ravel()).reshape(beta.shape)
        for _ in range(HALVINGS):
            value = _log_likelihood(standardised, beta + step, group, counted)
            if value >= reached:
                break
            step = step / 2
        else:
            break
        beta, gained, reached = beta + step, value - reached, value
        if gained <= close * (1 + abs(reached)):
            break
    slope = beta[:, 1:] / scale
    return np.column_stack([beta[:, 0] - slope @ centre, slope])


def multinomial_probabilities(columns: Floats, coefficients: Floats) -> Floats:
    """Return the probability of each group for each row, (rows, groups)."""
    log_odds = np.clip(coefficients[:, 0] + columns @ coefficients[:, 1:].T, -FURTHEST, FURTHEST)
    odds = np.exp(np.column_stack([np.zeros(len(columns)), log_odds]))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def multinomial_information(
    columns: Floats, probabilities: Floats, weight: Floats | None = None
) -> Floats:
    """Return the information matrix of the coefficients.

    Parameters
    ----------
    columns : numpy.ndarray of float64
        (rows, terms), without an intercept.
    probabilities : numpy.ndarray of float64
        (rows, groups), the fitted probabilities.
    weight : numpy.ndarray of float64, optional
        (rows,), the weight of each row; 1 by default.

    Returns
    -------
    numpy.ndarray of float64
        Square, with (groups - 1) * (1 + terms) rows: first the intercept and terms of group 1, then
        those of group 2, and so on. Group 0 is the reference and has none.
    """
    counted = np.ones(len(columns)) if weight is None else weight
    table = np.column_stack([np.ones(len(columns)), columns])
    others = range(1, probabilities.shape[1])
    return np.block(
        [
            [
                (
                    table
                    * (counted * probabilities[:, j] * ((j == k) - probabilities[:, k]))[:, None]
                ).T
                @ table
                for k in others
            ]
            for j in others
        ]
    )


def _log_likelihood(
    columns: Floats, coefficients: Floats, group: NDArray[np.intp], counted: Floats
) -> float:
    chance = multinomial_probabilities(columns, coefficients)
    return float(counted @ np.log(chance[np.arange(len(group)), group]))
