"""The logarithm of a cumulative hazard as a natural cubic spline in the logarithm of the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogSpline:
    r"""A natural cubic spline in u = log day: linear before the first knot and after the last.

    Attributes
    ----------
    knots : numpy.ndarray of float64
        In log days, rising; two of them: a line, which is Weibull's distribution.

    Notes
    -----
    Its columns are 1, u and, for each knot :math:`k_j` between the first :math:`a` and the last
    :math:`b`, :math:`(u - k_j)_+^3 - \lambda_j (u - a)_+^3 - (1 - \lambda_j)(u - b)_+^3` with
    :math:`\lambda_j = (b - k_j) / (b - a)` (Royston and Parmar 2002, Stat Med 21:2175-2197).
    """

    knots: Floats

    @classmethod
    def through(cls, days: Floats, inner: int) -> LogSpline:
        """Return a spline with its ends at the first and last of the days, knots at quantiles."""
        logs = np.log(days)
        shares = np.arange(inner + 2) / (inner + 1)
        return cls(np.unique(np.quantile(logs, shares)))

    def columns(self, logs: Floats) -> Floats:
        """Return the columns, (days, 1 + 1 + inner knots)."""
        first, last = self.knots[0], self.knots[-1]
        columns = [np.ones_like(logs), logs]
        for knot in self.knots[1:-1]:
            share = (last - knot) / (last - first)
            columns.append(
                _cube(logs - knot) - share * _cube(logs - first) - (1 - share) * _cube(logs - last)
            )
        return np.column_stack(columns)

    def slopes(self, logs: Floats) -> Floats:
        """Return the derivatives of the columns with respect to the logarithm of the day."""
        first, last = self.knots[0], self.knots[-1]
        slopes = [np.zeros_like(logs), np.ones_like(logs)]
        for knot in self.knots[1:-1]:
            share = (last - knot) / (last - first)
            slopes.append(
                3
                * (
                    _square(logs - knot)
                    - share * _square(logs - first)
                    - (1 - share) * _square(logs - last)
                )
            )
        return np.column_stack(slopes)


def _cube(value: Floats) -> Floats:
    return np.asarray(np.maximum(value, 0.0) ** 3)


def _square(value: Floats) -> Floats:
    return np.asarray(np.maximum(value, 0.0) ** 2)
