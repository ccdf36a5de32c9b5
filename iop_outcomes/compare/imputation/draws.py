r"""Values of one covariate, drawn given columns that are known of every row.

Both ways take the coefficients from an approximate posterior, so that the model is uncertain too,
as Rubin's rules ask. Numbers: predictive mean matching (Little 1988, J Bus Econ Stat 6:287-296),
that is a known value among the five whose prediction is nearest. Categories: logistic or
multinomial regression, with the few rows of small weight that keep its coefficients finite where a
column separates the categories (White, Daniel and Royston 2010, Comput Stat Data Anal
54:2267-2275).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.statistics.multinomial import (
    multinomial_coefficients,
    multinomial_information,
    multinomial_probabilities,
)

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
DONORS = 5
NEAR = 1e-6  # of the likelihood: draws around the coefficients are far wider
RIDGE = 1e-5  # of the sums of squares, so that columns that depend on each other do not matter


def matched(
    columns: Floats, value: Floats, missing: Floats, random: np.random.Generator
) -> Places | None:
    """Return for each row without a number the place of a row with one.

    Parameters
    ----------
    columns : numpy.ndarray of float64
        (rows known, terms), without an intercept.
    value : numpy.ndarray of float64
        (rows known,).
    missing : numpy.ndarray of float64
        (rows missing, terms).
    random : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int or None
        (rows missing,), places among the rows known; None where there are no more of these than
        terms.
    """
    known = np.column_stack([np.ones(len(columns)), columns])
    size = known.shape[1]
    if len(known) <= size:
        return None
    squares = known.T @ known
    inverse = np.linalg.inv(squares + RIDGE * np.diag(np.diag(squares) + 1e-12))
    fitted = inverse @ (known.T @ value)
    near = known @ fitted
    spread = np.sqrt(((value - near) ** 2).sum() / random.chisquare(len(known) - size))
    drawn = fitted + spread * normal(inverse, random)
    asked = drawn[0] + missing @ drawn[1:]
    order = np.argsort(near, kind="stable")
    ranked = near[order]
    donors = min(DONORS, len(ranked))
    first = np.searchsorted(ranked, asked) - donors
    around = first[:, None] + np.arange(2 * donors)
    inside = (around >= 0) & (around < len(ranked))
    around = np.clip(around, 0, len(ranked) - 1)
    apart = np.where(inside, np.abs(ranked[around] - asked[:, None]), np.inf)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :donors]
    rows = np.arange(len(asked))
    chosen = nearest[rows, random.integers(0, donors, len(asked))]
    return np.asarray(order[around[rows, chosen]])


def categorised(
    columns: Floats,
    code: Places,
    missing: Floats,
    random: np.random.Generator,
    start: Floats | None = None,
) -> tuple[Places, Floats | None]:
    """Return a category for each row without one, and the coefficients, to start from again.

    Parameters
    ----------
    columns : numpy.ndarray of float64
        (rows known, terms), without an intercept.
    code : numpy.ndarray of int
        (rows known,), categories from 0.
    missing : numpy.ndarray of float64
        (rows missing, terms).
    random : numpy.random.Generator
    start : numpy.ndarray of float64, optional
        Coefficients of nearly the same rows.
    """
    there, own = np.unique(code, return_inverse=True)
    if len(there) < 2:
        return np.full(len(missing), there[0]), None
    if start is not None and start.shape != (len(there) - 1, 1 + columns.shape[1]):
        start = None
    rows, outcome, weight = _with_pseudo_rows(columns, own, len(there))
    coefficients = multinomial_coefficients(rows, outcome, len(there), weight, start, NEAR)
    chance = multinomial_probabilities(rows, coefficients)
    information = multinomial_information(rows, chance, weight)
    moved = normal(np.linalg.pinv(information, hermitian=True), random).reshape(coefficients.shape)
    chance = multinomial_probabilities(missing, coefficients + moved)
    place = (chance.cumsum(axis=1) < random.random(len(missing))[:, None]).sum(axis=1)
    return there[np.minimum(place, len(there) - 1)], coefficients


def _with_pseudo_rows(
    columns: Floats, code: Places, categories: int
) -> tuple[Floats, Places, Floats]:
    """Add rows one standard deviation from the mean of each column, once for each category."""
    terms = columns.shape[1]
    ones = np.ones(len(columns))
    if terms == 0:
        return columns, code, ones
    moved = np.concatenate([np.diag(columns.std(axis=0)), -np.diag(columns.std(axis=0))])
    added = np.tile(columns.mean(axis=0) + moved, (categories, 1))
    outcome = np.repeat(np.arange(categories), 2 * terms)
    weight = np.full(len(added), (terms + 1) / len(added))
    return (
        np.concatenate([columns, added]),
        np.concatenate([code, outcome]),
        np.concatenate([ones, weight]),
    )


def normal(covariance: NDArray[np.floating[Any]], random: np.random.Generator) -> Floats:
    """Return a draw from the normal distribution around 0 with this covariance."""
    values, directions = np.linalg.eigh(covariance)
    noise = random.standard_normal(len(values)) * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(directions @ noise)
