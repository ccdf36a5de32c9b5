"""The result of a regression of times: a table of ratios, a sentence, a forest plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_count, format_level, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.limits import normal_quantile

NAMED_TERMS = 8
NOTHING = 1e-20


@dataclass(frozen=True, eq=False, repr=False)
class Regression(DrawnResult):
    """Hazard ratios.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a term, float64 but for the names: ``cause`` if there are several; ``term``;
        ``coefficient``: the logarithm of the ratio; ``hazard_ratio``; ``se``: the standard error
        of the coefficient, robust if `robust`; ``se_model``: the one by the information, which
        assumes independent rows and a correct model; ``lower, upper``: limits of the hazard ratio
        by ``se``; ``statistic``: coefficient / ``se``; ``p_value``: two-sided, by the normal
        distribution. With `small_sample` ``se`` is corrected for few clusters as `clustering` says,
        and limits and p-values are by Student's t, with degrees of freedom one less than the number
        of clusters.
    n, events : int
        Rows, and ends by the cause (by any of them if there are several).
    clusters : int or None
        How many clusters the robust errors are summed over; None if rows are independent.
    strata : tuple of str
        The columns of which each combination has its own baseline.
    ties : str
        "efron" or "breslow".
    log_likelihood, null_log_likelihood : float
        Of the partial likelihood at the estimate and without any term; the sum over causes if
        there are several.
    confidence : float
        The level of the limits.
    robust : bool
        Whether ``se`` is robust.
    model : str
        What was fitted, of what.
    meaning : str
        What the ratio says and what it does not.
    rule : str
        How the times were defined, and what censors.
    synthetic : bool
        Whether the data are synthetic.
    ratio : str
        What ``hazard_ratio`` is called: "hazard ratio" or "subdistribution hazard ratio".
    clustering : Clustering, optional
        What the errors take together: by which column, how many clusters and rows; and whether
        they are corrected for few clusters.
    """

    table: pd.DataFrame
    n: int
    events: int
    clusters: int | None
    strata: tuple[str, ...]
    ties: str
    log_likelihood: float
    null_log_likelihood: float
    confidence: float
    robust: bool
    model: str
    meaning: str
    rule: str
    synthetic: bool
    ratio: str = "hazard ratio"
    clustering: Clustering | None = None

    @property
    def text(self) -> str:
        """The model, each term's ratio with its limits, what a ratio says, and the rule."""
        rows = self.table.head(NAMED_TERMS).to_dict("records")
        descriptions = [self._describe_row(row) for row in rows]
        ending = closing(self.rule, self.clustering)
        joined = join_described(descriptions, len(self.table), "term")
        return f"{self.model}, {self.sizes}: {joined}. {self.meaning} {ending}"

    @property
    def small_sample(self) -> bool:
        """Whether errors, limits and p-values are corrected for few clusters."""
        return self.clustering is not None and bool(self.clustering.small_sample)

    @property
    def sizes(self) -> str:
        """How many rows, events and clusters, and the strata, in words."""
        parts = [f"n {self.n:,}, {format_count(self.events, 'event')}"]
        if self.strata:
            parts.append(f"strata {', '.join(self.strata)}")
        if self.clusters is not None:
            parts.append(f"{self.clusters:,} clusters")
        return ", ".join(parts)

    @property
    def _summary(self) -> str:
        """The model, the number of terms, rows and events."""
        terms = "term" if len(self.table) == 1 else "terms"
        return f"{self.model}, {len(self.table)} {terms}, {self.sizes}"

    def _describe_row(self, row: dict[Any, Any]) -> str:
        cause = f"{row['cause']}, " if "cause" in row else ""
        limits = f"{ratio_words(row['lower'])} to {ratio_words(row['upper'])}"
        return (
            f"{cause}{row['term']}: {self.ratio} {ratio_words(row['hazard_ratio'])} "
            f"({format_level(self.confidence)} limits {limits}), {format_p_value(row['p_value'])}"
        )


def ratio_words(ratio: float) -> str:
    """Write a ratio: two decimals, more where they would hide on which side of 1 it lies."""
    if not 0.095 <= ratio < 99.5:
        return f"{ratio:.2g}"
    return next(
        text for text in (f"{ratio:.{places}f}" for places in (2, 3, 4)) if _decided(text, ratio)
    )


def _decided(text: str, ratio: float) -> bool:
    return float(text) != 1 or abs(ratio - 1) < 5e-5


def ratio_table(
    names: Sequence[str],
    coefficient: NDArray[np.float64],
    covariance: NDArray[np.float64],
    *,
    model: NDArray[np.float64],
    confidence: float,
    clustering: Clustering,
) -> pd.DataFrame:
    """Return the table of a `Regression` from coefficients, their covariance and the model's.

    The factor that `clustering` may have for few clusters is put in here, and Student's t.
    """
    reach, beyond = _reference(clustering, confidence)
    if not (np.diag(covariance) > NOTHING * np.diag(model)).all():
        raise EstimateError(
            "The robust standard errors are 0.",
            found="all who are at risk have the event, and on one day",
            instead="times that are recorded to the day.",
        )
    error = np.sqrt(clustering.factor * np.diag(covariance))
    statistic = coefficient / error
    with np.errstate(over="ignore"):
        ratio, lower, upper = (
            np.exp(coefficient + side * reach * error) for side in (0.0, -1.0, 1.0)
        )
    return pd.DataFrame(
        {
            "term": list(names),
            "coefficient": coefficient,
            "hazard_ratio": ratio,
            "se": error,
            "se_model": np.sqrt(np.diag(model)),
            "lower": lower,
            "upper": upper,
            "statistic": statistic,
            "p_value": 2 * beyond(np.abs(statistic)),
        }
    )


def _reference(
    clustering: Clustering, confidence: float
) -> tuple[float, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """Return the quantile of limits, and the upper tail of tests."""
    from scipy.special import ndtr, stdtr, stdtrit

    reach = normal_quantile(confidence)
    if not clustering.small_sample:
        return reach, lambda size: np.asarray(ndtr(-size))
    freedom = clustering.clusters - 1
    reach = float(stdtrit(freedom, (1 + confidence) / 2))
    return reach, lambda size: np.asarray(stdtr(freedom, -size))
