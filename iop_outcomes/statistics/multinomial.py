"""Multinomial logistic regression for probabilities of several groups, by Newton's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.statistics.logistic import CLOSE, logistic_coefficients

Floats = NDArray[np.float64]

STEPS = 60
HALVINGS = 12
FURTHEST = 30.0  # of the log-odds, as in `logistic`


def multinomial_coefficients(
    columns: Floats,
    group: NDArray[np.intp],
    groups: int,
    weight: Floats | None = None,
    start: Floats | None = None,
    close: float = CLOSE,
) -> Floats:
    """Return the coefficients of greatest likelihood of each group against the first.

    Parameters
    ----------
    columns : numpy.ndarray of float64
        (rows, terms), without an intercept.
    group : numpy.ndarray of int
        (rows,), codes from 0.
    groups : int
        How many groups there are, two or more.
    weight : numpy.ndarray of float64, optional
        (rows,), what each row counts, 0 or more.
    start : numpy.ndarray of float64, optional
        Coefficients from which to begin.
    close : float
        The last step gains less, relative to the logarithm of the likelihood.

    Returns
    -------
    numpy.ndarray of float64
        (groups - 1, 1 + terms), the intercept first; of two groups those of
        `iop_outcomes.statistics.logistic.logistic_coefficients`.

    Notes
    -----
    Newton's method on standardised columns, with steps halved where the likelihood falls.

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
    moved = (columns - centre) / scale
    table = np.column_stack([np.ones(len(group)), moved])
    beta = np.zeros((groups - 1, table.shape[1]))
    if start is not None:
        beta[:, 1:] = start[:, 1:] * np.where(np.isfinite(scale), scale, 0.0)
        beta[:, 0] = start[:, 0] + start[:, 1:] @ centre
    outcome = np.eye(groups)[group][:, 1:]
    reached = _log_likelihood(moved, beta, group, counted)
    for _ in range(STEPS):
        chance = multinomial_probabilities(moved, beta)
        score = ((outcome - chance[:, 1:]) * counted[:, None]).T @ table
        information = multinomial_information(moved, chance, counted)
        step = (np.linalg.pinv(information, hermitian=True) @ score.ravel()).reshape(beta.shape)
        for _ in range(HALVINGS):
            value = _log_likelihood(moved, beta + step, group, counted)
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
    """Return the information on the coefficients, those of a group after one another."""
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
