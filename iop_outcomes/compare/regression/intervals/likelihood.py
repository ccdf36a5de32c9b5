"""The likelihood of intervals under proportional hazards with a smooth baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.regression.intervals.baseline import LogSpline
from iop_outcomes.compare.regression.newton import LikelihoodPoint

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class IntervalLikelihood:
    r"""The log-likelihood of rows and its derivatives.

    Attributes
    ----------
    left, right, entry : numpy.ndarray of float64
        (rows, parameters): the columns of the logarithm of the cumulative hazard on each day, those
        of the spline and then the covariates; rows with day 0, or an infinite one, are of no use.
    slope : numpy.ndarray of float64
        (rows, parameters): the derivative of `right` with respect to the logarithm of the day.
    logs : numpy.ndarray of float64
        The logarithm of the day of an event.
    begins, ends, exact, late : numpy.ndarray of bool
        Whether a row is known to be without the event at a day above 0, has the event, has it on a
        known day, and enters after day 0.
    weight : numpy.ndarray of float64
        What each row counts.

    Notes
    -----
    With :math:`H(t) = \exp(\eta(t))`, a row with the event in (l, r] gives :math:`\log(e^{-H(l)} -
    e^{-H(r)})`, one without it up to l :math:`-H(l)`, one with it on day r :math:`\eta(r) + \log
    \eta'(\log r) - H(r)`, and one that entered on day e :math:`H(e)` beside that.
    """

    left: Floats
    right: Floats
    entry: Floats
    slope: Floats
    logs: Floats
    begins: Flags
    ends: Flags
    exact: Flags
    late: Flags
    weight: Floats

    @classmethod
    def of(
        cls,
        spline: LogSpline,
        days: tuple[Floats, Floats, Floats],
        covariates: Floats,
        weight: Floats,
    ) -> IntervalLikelihood:
        """Return the likelihood of rows with days (left, right, entry)."""
        left, right, entry = days
        none = np.zeros_like(covariates)
        ends = np.isfinite(right)

        def at(day: Floats, used: Flags) -> Floats:
            return np.column_stack([spline.columns(_logs(day, used)), covariates])

        exact = ends & (left == right)
        return cls(
            left=at(left, left > 0),
            right=at(right, ends),
            entry=at(entry, entry > 0),
            slope=np.column_stack([spline.slopes(_logs(right, ends)), none]),
            logs=_logs(right, ends),
            begins=(left > 0) & ~exact,
            ends=ends,
            exact=exact,
            late=entry > 0,
            weight=weight,
        )

    def at(self, values: Floats) -> LikelihoodPoint:
        """Return log-likelihood, gradient and information at parameters."""
        rows = self._rows(values)
        if not np.isfinite(rows.value).all():
            size = len(values)
            return LikelihoodPoint(-np.inf, np.full(size, np.nan), np.full((size, size), np.nan))
        parts = (
            (self.left, self.left, rows.left_left),
            (self.right, self.right, rows.right_right),
            (self.left, self.right, rows.left_right),
            (self.right, self.left, rows.left_right),
            (self.entry, self.entry, rows.entry_entry),
            (self.slope, self.slope, rows.slope_slope),
        )
        information = np.zeros((len(values), len(values)))
        for one, two, factor in parts:
            information -= (one * (self.weight * factor)[:, None]).T @ two
        return LikelihoodPoint(
            float(self.weight @ rows.value), self.weight @ self._scores(rows), information
        )

    def scores(self, values: Floats) -> Floats:
        """Return the derivative of each row's log-likelihood, (rows, parameters), not weighted."""
        return self._scores(self._rows(values))

    def _scores(self, rows: _Rows) -> Floats:
        return np.asarray(
            self.left * rows.left[:, None]
            + self.right * rows.right[:, None]
            + self.entry * rows.entry[:, None]
            + self.slope * rows.slope[:, None]
        )

    def _rows(self, values: Floats) -> _Rows:
        with np.errstate(all="ignore"):
            low = np.where(self.begins, np.exp(self.left @ values), 0.0)
            high = np.where(self.ends, np.exp(self.right @ values), np.inf)
            come = np.where(self.late, np.exp(self.entry @ values), 0.0)
            rise = self.slope @ values
            between = self.ends & ~self.exact
            # The gap of the two survivals, divided by the first: small gaps keep their digits.
            gap = -np.expm1(low - high)
            upper = np.where(between, high * np.exp(low - high) / gap, 0.0)
            lower = np.where(between, low / gap, np.where(self.ends, 0.0, low))
            value = come + np.where(
                self.exact,
                self.right @ values + np.log(np.where(self.exact, rise, 1.0)) - self.logs - high,
                -low + np.where(between, np.log(gap), 0.0),
            )
            exact = self.exact.astype(np.float64)
            return _Rows(
                value=np.where(np.isnan(value), -np.inf, value),
                left=-lower,
                right=np.where(self.exact, 1.0 - high, upper),
                entry=come,
                slope=np.where(self.exact, 1.0 / rise, 0.0),
                left_left=np.where(between, -lower * (1.0 - low) - lower**2, -lower),
                right_right=np.where(self.exact, -high, upper * (1.0 - _some(high)) - upper**2),
                left_right=np.where(between, lower * upper, 0.0),
                entry_entry=come,
                slope_slope=-exact / np.where(self.exact, rise, 1.0) ** 2,
            )


@dataclass(frozen=True, eq=False)
class _Rows:
    """Each row's log-likelihood, and its first and second derivatives by each of its days."""

    value: Floats
    left: Floats
    right: Floats
    entry: Floats
    slope: Floats
    left_left: Floats
    right_right: Floats
    left_right: Floats
    entry_entry: Floats
    slope_slope: Floats


def _some(value: Floats) -> Floats:
    return np.where(np.isfinite(value), value, 0.0)


def _logs(day: Floats, used: Flags) -> Floats:
    return np.log(np.where(used, day, 1.0))
