"""A logistic model with a weak prior: its most likely coefficients, and draws around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from iop_outcomes.errors import EstimateError
from iop_outcomes.use.pattern_array import Flags, Numbers

STEPS = 50
CLOSE = 1e-3  # of the log-posterior: one more step comes to within a millionth
BLOCK = 4096  # rows at a time: what they need stays in the processor's cache
TAILS = 8  # degrees of freedom of the proposals: heavier than normal ones


@dataclass(frozen=True, eq=False)
class Fit:
    """The most likely coefficients, and the inverse of their covariance."""

    coefficients: Numbers
    information: Numbers

    @property
    def variances(self) -> Numbers:
        """The variance of each coefficient."""
        return np.asarray(np.diag(np.linalg.inv(self.information)))

    def propose(self, random: np.random.Generator) -> Numbers:
        """Draw coefficients from a t distribution around the most likely ones."""
        noise = random.standard_normal(len(self.coefficients))
        factor = np.linalg.cholesky(self.information)
        scale = np.sqrt(random.chisquare(TAILS) / TAILS)
        return np.asarray(self.coefficients + np.linalg.solve(factor.T, noise) / scale)

    def height(self, coefficients: Numbers) -> float:
        """Return the log-density of a proposal, less a constant."""
        apart = coefficients - self.coefficients
        distance = float(apart @ self.information @ apart)
        return -(TAILS + len(apart)) / 2 * float(np.log1p(distance / TAILS))


@dataclass(frozen=True, eq=False)
class Logistic:
    """A logistic model of an outcome.

    Attributes
    ----------
    terms : numpy.ndarray
        Rows by terms.
    outcome : numpy.ndarray of bool
        One a row.
    offset : numpy.ndarray
        Added to the log-odds of each row.
    precision : numpy.ndarray
        One over the variance of each coefficient's prior, which is normal around 0. It keeps the
        coefficients finite under complete separation.
    """

    terms: Numbers
    outcome: Flags
    offset: Numbers
    precision: Numbers

    def fit(self, start: Numbers) -> Fit:
        """Return the coefficients with the highest posterior, by Newton's method."""
        here, point = start, self._point(start)
        for _ in range(STEPS):
            step = np.linalg.solve(point.information, point.slope)
            if float(point.slope @ step) < CLOSE:
                return Fit(here + step, point.information)
            for _ in range(STEPS):
                there = here + step
                reached = self._point(there)
                if reached.height >= point.height:
                    break
                step = step / 2
            here, point = there, reached
        raise EstimateError(  # pragma: no cover  (the posterior is concave and proper)
            "The model for missed weeks did not converge.", instead="fewer covariates."
        )

    def draw(self, fit: Fit, now: Numbers, random: np.random.Generator) -> Numbers:
        """Draw coefficients from their posterior by one step of Metropolis and Hastings.

        A normal distribution around the most likely coefficients approximates the posterior well
        with many data and badly near complete separation; the step corrects for that.
        """
        there = fit.propose(random)
        ratio = self._height(there) - self._height(now)
        ratio -= fit.height(there) - fit.height(now)
        return there if np.log(random.random()) < ratio else now

    def _height(self, here: Numbers) -> float:
        # The log-posterior, less a constant.
        total = -float(self.precision @ here**2) / 2
        for rows in self._blocks():
            log_odds = self.terms[rows] @ here + self.offset[rows]
            total += float(log_odds[self.outcome[rows]].sum() - softplus(log_odds).sum())
        return total

    def _point(self, here: Numbers) -> _Point:
        # The log-posterior, less a constant, with its slope and its information.
        height = -float(self.precision @ here**2) / 2
        slope, information = -self.precision * here, np.diag(self.precision)
        for rows in self._blocks():
            terms, outcome = self.terms[rows], self.outcome[rows]
            log_odds = terms @ here + self.offset[rows]
            small = np.exp(-np.abs(log_odds))
            height += float(log_odds[outcome].sum() - np.maximum(log_odds, 0).sum())
            height -= float(np.log1p(small).sum())
            chance = np.where(log_odds >= 0, 1, small) / (1 + small)
            slope += terms.T @ (outcome - chance)
            information += (terms * (chance * (1 - chance))[:, None]).T @ terms
        return _Point(height, slope, information)

    def _blocks(self) -> Iterator[slice]:
        for begin in range(0, len(self.outcome), BLOCK):
            yield slice(begin, begin + BLOCK)


class _Point(NamedTuple):
    """The log-posterior at some coefficients, its slope, and minus its curvature."""

    height: float
    slope: Numbers
    information: Numbers


def softplus(log_odds: Numbers) -> Numbers:
    """Return log(1 + exp(x)), without overflow."""
    return np.asarray(np.maximum(log_odds, 0) + np.log1p(np.exp(-np.abs(log_odds))))


def chance_of(log_odds: Numbers) -> Numbers:
    """Return the probability of log-odds, without overflow."""
    small = np.exp(-np.abs(log_odds))
    return np.asarray(np.where(log_odds >= 0, 1, small) / (1 + small))
