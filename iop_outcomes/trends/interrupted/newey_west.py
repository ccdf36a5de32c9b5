"""Least squares with errors that allow for autocorrelation, by Newey and West."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iop_outcomes.shared.arrays import Floats, ratio


@dataclass(frozen=True, eq=False)
class Fit:
    """A fit by least squares.

    Attributes
    ----------
    coefficients : numpy.ndarray of float64
        Shape (columns,).
    covariance : numpy.ndarray of float64
        Shape (columns, columns): robust to autocorrelation and to unequal variances.
    residuals : numpy.ndarray of float64
        Shape (rows,).
    lag : int
        The number of rows apart up to which residuals may be correlated.
    """

    coefficients: Floats
    covariance: Floats
    residuals: Floats
    lag: int

    @property
    def degrees(self) -> int:
        """The degrees of freedom: rows less columns."""
        return len(self.residuals) - len(self.coefficients)

    @property
    def autocorrelation(self) -> float:
        """The correlation of residuals one row apart; missing if all are 0."""
        later, earlier = self.residuals[1:], self.residuals[:-1]
        total = np.array([(self.residuals**2).sum()])
        return float(ratio(np.array([(later * earlier).sum()]), total)[0])

    def of(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return linear combinations of the coefficients, one a row of `weights`, and their errors.

        A variance below 0 by rounding is 0.
        """
        variance = np.einsum("ij,jk,ik->i", weights, self.covariance, weights)
        return weights @ self.coefficients, np.sqrt(np.maximum(variance, 0.0))


def usual_lag(rows: int) -> int:
    """Return the usual lag: the whole part of 4 (n / 100)^(2/9), for n rows.

    Examples
    --------
    >>> [usual_lag(rows) for rows in (16, 33, 60, 100)]
    [2, 3, 3, 4]
    """
    return int(np.floor(4 * (rows / 100) ** (2 / 9)))


def least_squares(design: Floats, values: Floats, lag: int) -> Fit:
    r"""Fit by ordinary least squares, with the covariance of Newey and West.

    With residuals :math:`e_t` and rows :math:`x_t`, :math:`u_t = x_t e_t` and Bartlett's weights
    :math:`w_l = 1 - l / (L + 1)` for the lag L,

    .. math:: S = \sum_t u_t u_t' + \sum_{l=1}^{L} w_l \sum_{t > l} (u_t u_{t-l}' + u_{t-l} u_t')

    and the covariance is :math:`\frac{n}{n - k} (X'X)^{-1} S (X'X)^{-1}`, as of
    ``NeweyWest(model, lag, prewhite = FALSE, adjust = TRUE)`` of R's sandwich.

    Parameters
    ----------
    design : numpy.ndarray of float64
        Shape (rows, columns), of full rank, with more rows than columns.
    values : numpy.ndarray of float64
        Shape (rows,).
    lag : int
        L, 0 or more and less than the number of rows.

    References
    ----------
    Newey WK, West KD. A simple, positive semi-definite, heteroskedasticity and autocorrelation
    consistent covariance matrix. Econometrica 1987; 55: 703-708.
    """
    rows, columns = design.shape
    coefficients: Floats = np.linalg.lstsq(design, values, rcond=None)[0].astype(np.float64)
    residuals = values - design @ coefficients
    scores = design * residuals[:, None]
    middle = scores.T @ scores
    for apart in range(1, lag + 1):
        together = scores[apart:].T @ scores[:-apart]
        middle += (1 - apart / (lag + 1)) * (together + together.T)
    bread = np.linalg.inv(design.T @ design)
    covariance = rows / (rows - columns) * bread @ middle @ bread
    return Fit(coefficients, covariance, residuals, lag)
