r"""Adjusted curves of rows whose covariates are partly missing, and are drawn several times.

The estimate is the mean over M completed samples. In closed form its limits are by Rubin's rules.
By bootstrap each sample of people is completed anew, twice, and with :math:`MS_B` and
:math:`MS_W` the mean squares between and within B samples the variance is

.. math:: V = (MS_B - MS_W) / 2 + MS_W / M,

the first part that of infinitely many completed samples; limits are by t with the degrees of
freedom of Satterthwaite (von Hippel and Bartlett 2021, Stat Sci 36:400-420; that samples are drawn
first and completed then: Schomaker and Heumann 2018, Stat Med 37:2252-2266; Bartlett and Hughes
2020, Stat Methods Med Res 29:3533-3546).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.augmented import Augmented
from iop_outcomes.compare.adjustment.completion import TWICE, Completion, problems_of
from iop_outcomes.compare.adjustment.standardised import Standardised
from iop_outcomes.compare.adjustment.unadjusted import Unadjusted
from iop_outcomes.compare.adjustment.weighting import Weighted
from iop_outcomes.compare.regression.design import Design
from iop_outcomes.compare.resampling.contrasts import pairs_between
from iop_outcomes.compare.resampling.step_curves import restricted_means
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
        """Return the curves where rows count so much, (3 x groups, days)."""
        problem = self.curves.problem
        rows = np.repeat(np.arange(len(counts)), counts.astype(np.intp))
        plain = self.plain.survival(counts)
        try:
            samples = self.completion.twice(rows, counts)
            problems = problems_of(problem, self.designs, rows, samples)
        except OutcomesError:
            return np.concatenate([problem.lost(), problem.lost(), plain])
        ones = np.ones(len(rows))
        return np.concatenate([*(self.curves.on(one).survival(ones) for one in problems), plain])


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

    def limits(self, estimate: Floats, confidence: float) -> tuple[Floats, Floats]:
        """Return the limits by t."""
        from scipy.special import ndtri, stdtrit

        level = (1 + confidence) / 2
        finite = np.minimum(self.degrees_of_freedom, 1e10)
        reach = np.where(finite < 1e10, stdtrit(finite, level), ndtri(level)) * self.se
        return estimate - reach, estimate + reach


def pooled_curves(
    names: Sequence[str], grid: Floats, survival: Floats, pooled: Pooled, confidence: float
) -> pd.DataFrame:
    """Return the curves with limits, cut to 0 and 1."""
    lower, upper = pooled.limits(survival, confidence)
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(names, dtype=object), len(grid)),
            "day": np.tile(grid, len(names)),
            "survival": survival.ravel(),
            "se": pooled.se.ravel(),
            "lower": np.clip(lower, 0.0, 1.0).ravel(),
            "upper": np.clip(upper, 0.0, 1.0).ravel(),
        }
    )


def measures_of(grid: Floats, curves: Floats) -> Floats:
    """Return the survival at the last day and the restricted mean, (..., 2, groups)."""
    return np.stack([curves[..., -1], restricted_means(grid, curves)], axis=-2)


def differences_of(measures: Floats, reference: int | None) -> Floats:
    """Return the differences of pairs, (..., 2, pairs)."""
    pairs = pairs_between(measures.shape[-1], reference)
    return np.stack([measures[..., one] - measures[..., two] for one, two in pairs], axis=-1)


def pooled_differences(
    names: Sequence[str],
    measures: Floats,
    pooled: Pooled,
    *,
    reference: int | None,
    confidence: float,
) -> pd.DataFrame:
    """Return the differences of pairs with limits, from (2, groups) estimates."""
    difference = differences_of(measures, reference)
    lower, upper = pooled.limits(difference, confidence)
    rows = []
    for place, measure in enumerate(("survival", "restricted_mean")):
        for pair, (one, two) in enumerate(pairs_between(len(names), reference)):
            rows.append(
                {
                    "measure": measure,
                    "group": names[one],
                    "reference": names[two],
                    "estimate": measures[place, one],
                    "estimate_reference": measures[place, two],
                    "difference": difference[place, pair],
                    "se": pooled.se[place, pair],
                    "lower": lower[place, pair],
                    "upper": upper[place, pair],
                    "missing_information": pooled.missing_information[place, pair],
                }
            )
    return pd.DataFrame(rows)
