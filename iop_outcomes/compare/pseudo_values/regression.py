"""Regression of pseudo-values: differences in proportions or days at a stated day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.compare.pseudo_values.values import Quantity, worked_out
from iop_outcomes.compare.regression.fitted.wald import WaldTest, wald_test
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.regression.newton import check_rank
from iop_outcomes.compare.regression.ratios import reference_of
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_level, join_described
from iop_outcomes.survival.clusters import Cluster, Clustering, closing, read_clusters
from iop_outcomes.survival.limits import normal_quantile

Floats = NDArray[np.float64]
NAMED_TERMS = 8
INTERCEPT = "all terms 0"
TITLES = {
    "survival": "share without the event through day {day:g}",
    "restricted_mean": "mean days without the event up to day {day:g}",
    "incidence": "cumulative incidence of {cause} through day {day:g}",
}


@dataclass(frozen=True, repr=False)
class PseudoRegression(Result):
    """Differences in a share, or in days, by a linear regression of pseudo-values.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a term, "all terms 0" first, float64 except for the names: ``term``; ``estimate``:
        of the first row the value where all terms are 0, of the others the difference for one more
        of the term; ``se``: robust; ``lower, upper``; ``statistic``: estimate / se; ``p_value``:
        two-sided, by the normal distribution, or Student's t with `small_sample`. In proportions (0
        to 1), or in days for the restricted mean.
    covariance : pandas.DataFrame
        Of the estimates, robust; labelled by term.
    parts : dict of str to tuple of int
        The terms of the formula, and the rows of `table` of each.
    n : int
        Rows.
    measure : str
        Of what the differences are.
    unit : {"proportion", "days"}
        Their unit.
    confidence : float
        The level of the limits.
    rule : str
        How the times were defined, and what is assumed.
    synthetic : bool
        Whether the data are synthetic.
    clustering : Clustering
        What the errors take together.
    """

    table: pd.DataFrame
    covariance: pd.DataFrame
    parts: Mapping[str, tuple[int, ...]]
    n: int
    measure: str
    unit: str
    confidence: float
    rule: str
    synthetic: bool
    clustering: Clustering

    @property
    def text(self) -> str:
        """Each difference with its limits, and the rule."""
        rows = self.table.iloc[1:].head(NAMED_TERMS).to_dict("records")
        described = [self._describe_row(row) for row in rows]
        joined = join_described(described, len(self.table) - 1, "term")
        return f"{self._summary}: {joined}. {closing(self.rule, self.clustering)}"

    @property
    def _summary(self) -> str:
        return f"Differences in the {self.measure}, n {self.n:,}"

    def _describe_row(self, row: dict[Any, Any]) -> str:
        estimate, lower, upper = (
            self._number(row[name]) for name in ("estimate", "lower", "upper")
        )
        return (
            f"{row['term']}: {estimate} ({format_level(self.confidence)} limits {lower} to "
            f"{upper}), {format_p_value(row['p_value'])}"
        )

    def _number(self, value: float) -> str:
        return f"{value:+.1f} days" if self.unit == "days" else f"{100 * value:+.1f} points"

    def test(
        self, tested: str | Sequence[str] | Mapping[str, float] | Sequence[Mapping[str, float]]
    ) -> WaldTest:
        """Test a factor, several terms or contrasts jointly; as `Regression.test`."""
        names = self.table["term"].tolist()
        return wald_test(
            tested,
            (names, self.table["estimate"].to_numpy(), self.covariance.to_numpy()),
            self.parts,
            clustering=self.clustering,
            model=self._summary,
            synthetic=self.synthetic,
        )


def pseudo_regression(
    times: pd.DataFrame,
    formula: str | Sequence[str],
    day: float,
    quantity: Quantity = "survival",
    *,
    cause: Any = None,
    end: str = "ended_by",
    causes: Sequence[Any] | None = None,
    strata: str | Sequence[str] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    small_sample: bool = False,
) -> PseudoRegression:
    r"""Estimate differences in a share, or in days, at a day, for the terms of a formula.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.pseudo_values`, beside the columns that the formula names.
    formula : str or sequence of str
        As for `iop_outcomes.cox`.
    day, quantity, cause, end, causes
        As for `iop_outcomes.pseudo_values`.
    strata : str or sequence of str, optional
        Columns of which each combination has its own curve, from which its pseudo-values are: for
        follow-up whose length depends on them. Each is followed to the day.
    cluster : str, Cluster.PERSON or None
        As for `iop_outcomes.cox`.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `strata` are handled.
    confidence : float
        The level of the limits.
    small_sample : bool
        Whether variances have the factor G/(G-1) for few clusters, with Student's t on G-1 degrees
        of freedom. Refused where errors are not by cluster.

    Returns
    -------
    PseudoRegression

    Raises
    ------
    EstimateError
        As `iop_outcomes.pseudo_values`; if terms are linearly dependent; or if clusters are no
        more than terms.
    RuleError
        If the formula cannot be read, or an option is none of these.

    Notes
    -----
    Least squares of the pseudo-values (identity link, independence; Andersen, Klein and Rosthoj
    2003, Biometrika 90:15-27; of restricted means Andersen, Hansen and Klein 2004, Lifetime Data
    Anal 10:335-350), with the sandwich :math:`(X'X)^{-1} (\sum_g s_g s_g') (X'X)^{-1}`,
    :math:`s_g` the sum of :math:`x_i` times the residual over a cluster. It takes pseudo-values as
    independent between clusters, which makes errors slightly too large (Jacobsen and Martinussen
    2016, Scand J Stat 43:845-862). Censoring may depend on `strata`, not on other terms.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> times = iop.time_to_relapse(iop.read_records("data/samples"), iop.RelapseRule())
    >>> fit = iop.pseudo_regression(times, "entry_path", day=90, quantity="restricted_mean")
    >>> fit.unit, fit.table["term"].tolist()[:2]
    ('days', ['all terms 0', 'entry_path step_down vs direct'])
    """
    normal_quantile(confidence)
    times = settle_groups(times, (strata,), missing_group)
    pseudo = worked_out(times, day, quantity, cause=cause, end=end, causes=causes, strata=strata)
    clusters = read_clusters(times, cluster).corrected(small_sample, leverage=False)
    design = design_of(times, formula)
    clusters.refuse_fewer(len(design.names) + 1, "term")
    estimate, covariance = _least_squares(design.matrix, pseudo.values, design.names, clusters.each)
    covariance *= clusters.clustering.factor
    error = np.sqrt(np.diag(covariance))
    if not (error > 0).all():
        raise EstimateError(
            "The robust standard errors are 0.",
            found="an outcome that follows from the terms without rest",
            instead="fewer terms, or a later day.",
        )
    reach, beyond = reference_of(clusters.clustering, confidence)
    names = [INTERCEPT, *design.names]
    table = pd.DataFrame(
        {
            "term": names,
            "estimate": estimate,
            "se": error,
            "lower": estimate - reach * error,
            "upper": estimate + reach * error,
            "statistic": estimate / error,
            "p_value": 2 * beyond(np.abs(estimate / error)),
        }
    )
    within = f" within {', '.join(pseudo.times.labels.columns)}" if strata is not None else ""
    labels = [str(name) for name in names]
    cause_words = "" if pseudo.cause is None else pseudo.cause.replace("_", " ")
    return PseudoRegression(
        table=table,
        covariance=pd.DataFrame(covariance, index=labels, columns=labels),
        parts={name: tuple(1 + place for place in own) for name, own in design.parts.items()},
        n=len(times),
        measure=TITLES[quantity].format(day=pseudo.day, cause=cause_words),
        unit="days" if quantity == "restricted_mean" else "proportion",
        confidence=confidence,
        rule=f"{pseudo.times.rule} Linear regression of pseudo-values{within}, robust standard "
        "errors; independent censoring is assumed, whatever the terms.",
        synthetic=pseudo.times.synthetic,
        clustering=clusters.clustering,
    )


def _least_squares(
    matrix: Floats, outcome: Floats, names: Sequence[str], cluster: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return the estimates, the intercept first, and their sandwich."""
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    columns = (matrix - mean) / np.where(scale > 0, scale, 1.0)
    check_rank(columns.T @ columns, float(len(columns)), names)
    # The intercept is that of the columns as given.
    with_one = np.column_stack([np.ones(len(columns)), columns])
    bread = np.linalg.inv(with_one.T @ with_one)
    estimate = bread @ (with_one.T @ outcome)
    scores = with_one * (outcome - with_one @ estimate)[:, None]
    summed = np.stack([np.bincount(cluster, column) for column in scores.T], axis=1)
    spread = bread @ (summed.T @ summed) @ bread
    back = np.diag(np.append(1.0, 1 / scale))
    back[0, 1:] = -mean / scale
    return back @ estimate, back @ spread @ back.T
