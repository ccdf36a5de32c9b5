"""What is expected of each person by a logistic regression, and how well this agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.regression.newton import (
    LikelihoodPoint,
    check_rank,
    maximise,
    standardised,
)
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, sums
from iop_outcomes.shared.group_codes import NOT_RECORDED
from iop_outcomes.statistics import proportion_interval

CALIBRATION_GROUPS = 10
FEWEST_A_GROUP = 20  # rows in a group of the calibration table
FEWEST_A_TERM = 10  # rows with and rows without the event for each term (Peduzzi et al. 1996)


@dataclass(frozen=True, eq=False)
class CaseMix:
    """A logistic regression of an outcome on covariates known at admission.

    Attributes
    ----------
    formula : str
        The covariates.
    risk : numpy.ndarray of float64
        The expected proportion of each row.
    terms : pandas.DataFrame
        ``term, coefficient, odds_ratio``; the first row is the intercept, whose ``odds_ratio`` is
        the odds where all columns are 0.
    calibration : pandas.DataFrame
        One row a group of rows by expected proportion, from the lowest: ``group`` (from 1), ``rows,
        denominator, observed, expected`` (sums), ``expected_rate, observed_rate, lower, upper``
        (Wilson's 95% interval of the observed rate, of the entries over the design effect).
    concordance : float
        The probability that of an entry with and one without the event the first has the higher
        expected proportion, ties counting one half (the c-statistic): 0.5 if the model orders
        people no better than chance.
    few : bool
        Whether there are fewer than ten entries with, or without, the event for each term.
    """

    formula: str
    risk: Floats
    terms: pd.DataFrame
    calibration: pd.DataFrame
    concordance: float
    few: bool

    @property
    def text(self) -> str:
        """The model and how well it agrees, in sentences."""
        table = self.calibration
        inside = table["expected_rate"].between(table["lower"], table["upper"])
        text = (
            f"Expected by logistic regression on {self.formula}, fitted to the same entries: "
            f"c-statistic {self.concordance:.2f}; the expected rate is within the 95% interval of "
            f"the observed one in {int(inside.sum())} of {len(table)} groups by expected rate."
        )
        return text + (" Few events for each term of the model." if self.few else "")


def fit_case_mix(
    frame: pd.DataFrame,
    numerator: Floats,
    denominator: Floats,
    formula: str | Sequence[str],
    fit: Booleans | None = None,
) -> CaseMix:
    r"""Fit a logistic regression to rows of counts.

    Parameters
    ----------
    frame : pandas.DataFrame
        The covariates, a row a person or episode. A missing value of text or categories is a level
        "not recorded" of its own; a missing number is refused.
    numerator, denominator : numpy.ndarray of float64
        For each row, in how many entries the event happened, and of how many.
    formula : str or sequence of str
        Covariates as in `iop_outcomes.cox`: ``"age + primary_substance"``.
    fit : numpy.ndarray of bool, optional
        The rows to which the model is fitted, such as those of a baseline; by default all. Risks
        are those of all rows, the calibration is that of these.

    Returns
    -------
    CaseMix

    Raises
    ------
    RuleError, EstimateError
        As `iop_outcomes.cox` of the formula; if nobody or everybody has the event.

    Notes
    -----
    Maximises :math:`\sum x_i \eta_i - n_i \log(1 + e^{\eta_i})`; with the intercept the sums of
    observed and expected are equal.
    """
    used = np.ones(len(frame), dtype=np.bool_) if fit is None else fit
    x, n = numerator[used], denominator[used]
    events, entries = float(x.sum()), float(n.sum())
    if not 0 < events < entries:
        raise EstimateError(
            "A case-mix model needs entries with and without the event.",
            found=f"{events:,.0f} of {entries:,.0f} with it",
            instead="leave adjust= out",
        )
    design = design_of(with_not_recorded(frame), formula)
    names = ["intercept", *design.names]
    fitted = design.matrix[used]
    columns, scale = standardised(fitted, None, design.names)
    columns = np.vstack([np.ones(len(x)), columns])

    def at(beta: Floats) -> LikelihoodPoint:
        eta = beta @ columns
        p = 1 / (1 + np.exp(-eta))
        weight = n * p * (1 - p)
        likelihood = float((x * eta - n * np.logaddexp(0, eta)).sum())
        gradient = columns @ (x - n * p)
        return LikelihoodPoint(likelihood, gradient, (columns * weight) @ columns.T)

    start = at(np.zeros(len(columns)))
    check_rank(start.information, float(np.diag(start.information).max()), names)
    beta, _ = maximise(start, at, columns, names)
    slopes = beta[1:] / scale
    first = float(beta[0] - slopes @ fitted.mean(axis=0))
    risk = np.asarray(1 / (1 + np.exp(-(first + design.matrix @ slopes))))
    coefficient = np.append(first, slopes)
    terms = pd.DataFrame({"term": names, "coefficient": coefficient})
    formula_text = formula if isinstance(formula, str) else " + ".join(formula)
    return CaseMix(
        formula=formula_text,
        risk=risk,
        terms=terms.assign(odds_ratio=np.exp(coefficient)),
        calibration=calibration_of(risk[used], x, n),
        concordance=_concordance(risk[used], x, n),
        few=min(events, entries - events) < FEWEST_A_TERM * len(design.names),
    )


def with_not_recorded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which a missing text or category is the level "not recorded"."""
    filled = {}
    for name in frame.columns[frame.isna().any()]:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            known = column.cat.categories
            extra = [] if NOT_RECORDED in known else [NOT_RECORDED]
            filled[name] = column.cat.add_categories(extra).fillna(NOT_RECORDED)
        elif pd.api.types.is_object_dtype(column) or isinstance(column.dtype, pd.StringDtype):
            filled[name] = column.fillna(NOT_RECORDED)
    return frame.assign(**filled)


def calibration_of(
    risk: Floats, numerator: Floats, denominator: Floats, effect: float = 1.0
) -> pd.DataFrame:
    """Return observed and expected by groups of rows with about the same number of entries.

    Rows with the same expected proportion are in one group. With a design effect the interval is
    that of n times fewer entries.
    """
    groups = int(np.clip(len(risk) // FEWEST_A_GROUP, 1, CALIBRATION_GROUPS))
    values, place = np.unique(risk, return_inverse=True)
    entries = sums(place, denominator, len(values))
    middle = (np.cumsum(entries) - entries / 2) / entries.sum()
    group = np.minimum((middle * groups).astype(np.int64), groups - 1)
    code = np.unique(group, return_inverse=True)[1][place]
    size = int(code.max()) + 1
    n, x = sums(code, denominator, size), sums(code, numerator, size)
    expected = sums(code, denominator * risk, size)
    lower, upper = proportion_interval(x / effect, n / effect)
    return pd.DataFrame(
        {
            "group": np.arange(1, size + 1),
            "rows": np.bincount(code, minlength=size),
            "denominator": n,
            "observed": x,
            "expected": expected,
            "expected_rate": expected / n,
            "observed_rate": x / n,
            "lower": lower,
            "upper": upper,
        }
    )


def _concordance(risk: Floats, numerator: Floats, denominator: Floats) -> float:
    values, place = np.unique(risk, return_inverse=True)
    events = sums(place, numerator, len(values))
    others = sums(place, denominator - numerator, len(values))
    below = np.cumsum(others) - others / 2
    return float((events * below).sum() / (events.sum() * others.sum()))


def design_effect(
    numerator: Floats, denominator: Floats, expected: Floats, unit: Integers, person: Integers
) -> float:
    r"""Return how many times larger the variance is than with independent entries; at least 1.

    Parameters
    ----------
    numerator, denominator : numpy.ndarray of float64
        Counts of each row.
    expected : numpy.ndarray of float64
        The expected proportion of each row.
    unit, person : numpy.ndarray of int
        The site and the person of each row, from 0.

    Notes
    -----
    :math:`\sum_j (x_j - n_j p_j)^2 / \sum_j n_j p_j (1 - p_j)` over persons within sites, each
    expected proportion multiplied by observed over expected of its site.
    """
    size = int(unit.max(initial=-1)) + 1
    total = sums(unit, denominator * expected, size)
    own = np.divide(sums(unit, numerator, size), total, out=np.zeros(size), where=total > 0)
    p = np.minimum(expected * own[unit], 1.0)
    pair = np.unique(unit * (int(person.max(initial=0)) + 1) + person, return_inverse=True)[1]
    pairs = int(pair.max(initial=-1)) + 1
    apart = sums(pair, numerator - denominator * p, pairs)
    variance = float((denominator * p * (1 - p)).sum())
    return max(float((apart**2).sum()) / variance, 1.0) if variance > 0 else 1.0
