r"""Adjusted curves of rows whose covariates are partly missing, and are drawn several times.

The estimate is the mean over M completed samples. In closed form its limits are by Rubin's rules.
By bootstrap each sample of people is completed again, twice, and with :math:`MS_B` and
:math:`MS_W` the mean squares between and within B samples the variance is

.. math:: V = (MS_B - MS_W) / 2 + MS_W / M,

the first part that of infinitely many completed samples; limits are by t with the degrees of
freedom of Satterthwaite (von Hippel and Bartlett 2021, Stat Sci 36:400-420; that samples are drawn
first and completed then: Schomaker and Heumann 2018, Stat Med 37:2252-2266; Bartlett and Hughes
2020, Stat Methods Med Res 29:3533-3546).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.augmented import Augmented
from iop_outcomes.compare.adjustment.completion import TWICE, Completion, problems_of
from iop_outcomes.compare.adjustment.standardised import Standardised
from iop_outcomes.compare.adjustment.unadjusted import Unadjusted
from iop_outcomes.compare.adjustment.weighting import Weighted
from iop_outcomes.compare.regression.design import Design
from iop_outcomes.errors import OutcomesError
from iop_outcomes.statistics.pooling import combined

Floats = NDArray[np.float64]
Curves = Weighted | Augmented | Standardised


@dataclass(frozen=True, eq=False)
class Imputing:
    """Curves of samples of people that are completed twice each, and then the unadjusted ones.

    Attributes
    ----------
    completion : Completion
    designs : tuple of Design
        Of the model of the group, and of the event.
    curves : Weighted, Augmented or Standardised
        Of the first completion of the whole sample.
    """

    completion: Completion
    designs: tuple[Design, Design]
    curves: Curves

    @cached_property
    def plain(self) -> Unadjusted:
        """The curves without adjustment."""
        return Unadjusted(self.curves.problem)

    def survival(self, counts: Floats) -> Floats:
        """Return the curves with these row weights, (3 x groups, days)."""
        problem = self.curves.problem
        rows = np.repeat(np.arange(len(counts)), counts.astype(np.intp))
        plain = self.plain.survival(counts)
        try:
            samples = self.completion.twice(rows, counts)
            problems = problems_of(problem, self.designs, rows, samples)
        except OutcomesError:
            return np.concatenate([problem.lost(), problem.lost(), plain])
        ones = np.ones(len(rows))
        return np.concatenate(
            [*(self.curves.on(problem).survival(ones) for problem in problems), plain]
        )


@dataclass(frozen=True, eq=False)
class Pooled:
    """An estimate over completed samples, with its error.

    Attributes
    ----------
    se, degrees_of_freedom, missing_information : numpy.ndarray of float64
        Of the shape of the estimate.
    """

    se: Floats
    degrees_of_freedom: Floats
    missing_information: Floats

    @classmethod
    def of_samples(cls, drawn: Floats, imputations: int) -> Pooled:
        """Return the errors of the mean over imputations, from (samples, 2, ...) estimates."""
        samples = len(drawn)
        between = TWICE * drawn.mean(axis=1).var(axis=0, ddof=1)
        within = drawn.var(axis=1, ddof=1).mean(axis=0)
        endless = np.maximum(between - within, 0.0) / TWICE
        variance = endless + within / imputations
        parts = between / TWICE, within * (1 / imputations - 1 / TWICE)
        spread = parts[0] ** 2 / (samples - 1) + parts[1] ** 2 / samples
        freedom = np.divide(
            variance**2, spread, out=np.full(variance.shape, np.inf), where=spread > 0
        )
        known = np.maximum(endless - within, 0.0)
        _, _, missing = combined(known, within, np.full(1, np.inf), imputations)
        return cls(np.sqrt(variance), freedom, np.nan_to_num(missing))

    @classmethod
    def by_rubin(cls, estimates: Floats, errors: Floats) -> Pooled:
        """Return the errors by Rubin's rules, from estimates of each completed sample (first)."""
        spread = estimates.var(axis=0, ddof=1)
        between = np.where((estimates == estimates[0]).all(axis=0), 0.0, spread)
        total, freedom, missing = combined(
            (errors**2).mean(axis=0), between, np.full(1, np.inf), len(estimates)
        )
        return cls(np.sqrt(total), np.where(total > 0, freedom, np.inf), np.nan_to_num(missing))

    def limits(self, estimate: Floats, confidence: float) -> tuple[Floats, Floats, Floats]:
        """Return the standard errors and the limits by t."""
        from scipy.special import ndtri, stdtrit

        level = (1 + confidence) / 2
        finite = np.minimum(self.degrees_of_freedom, 1e10)
        reach = np.where(finite < 1e10, stdtrit(finite, level), ndtri(level)) * self.se
        return self.se, estimate - reach, estimate + reach
