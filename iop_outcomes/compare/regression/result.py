"""The result of a regression of times: a table of ratios, a sentence, a forest plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.compare.regression.fitted.concordance import Concordance, concordance_of
from iop_outcomes.compare.regression.fitted.model import FittedCox
from iop_outcomes.compare.regression.fitted.paper import paper_table
from iop_outcomes.compare.regression.fitted.prediction import PredictedSurvival, predict_survival
from iop_outcomes.compare.regression.fitted.proportional import (
    ProportionalHazards,
    proportionality_of,
)
from iop_outcomes.compare.regression.fitted.wald import WaldTest, wald_test
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import names_asked
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_count, format_level, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.limits import Interval

NAMED_TERMS = 8


@dataclass(frozen=True, eq=False, repr=False)
class Regression(DrawnResult):
    """Hazard ratios.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a term, float64 except for the names: ``cause`` if there are several; ``term``;
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
    covariance : pandas.DataFrame
        Of the coefficients, robust if `robust` and corrected if `small_sample`; rows and columns
        are labelled by term, or by cause and term. Missing between causes, where it is not worked
        out.
    parts : dict of str to tuple of int
        The terms of the formula, and the rows of `table` (of each cause) that each has.
    fitted : dict of (str or None) to FittedCox
        The fit and its rows, by cause if there are several; empty for models other than `cox` and
        `cause_specific_cox`.
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
    covariance: pd.DataFrame
    parts: Mapping[str, tuple[int, ...]]
    ratio: str = "hazard ratio"
    clustering: Clustering | None = None
    fitted: Mapping[str | None, FittedCox] = field(default_factory=dict)

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

    def test(
        self,
        tested: str | Sequence[str] | Mapping[str, float] | Sequence[Mapping[str, float]],
        *,
        cause: str | None = None,
    ) -> WaldTest:
        r"""Test a factor, a spline, several terms or contrasts of coefficients jointly.

        Parameters
        ----------
        tested : str, sequence of str, mapping or sequence of mapping
            A term of the formula ("track": all its coefficients), the name of a coefficient, or
            several of them; or a contrast: the names of coefficients and their factors.
        cause : str, optional
            Of which cause, if the model has several.

        Returns
        -------
        WaldTest

        Raises
        ------
        RuleError
            If the model has no such term, or several causes and none is named.
        EstimateError
            If the contrasts are linearly dependent.

        Notes
        -----
        :math:`(L\hat\beta)^\top (L V L^\top)^{-1} L\hat\beta` with V = `covariance`, as
        chi-squared; with `small_sample` divided by the number q of contrasts, as F with q and G - 1
        degrees of freedom.

        Examples
        --------
        >>> import iop_outcomes as iop
        >>> times = iop.time_to_relapse(iop.read_records("data/samples"), iop.RelapseRule())
        >>> fit = iop.cox(times, "program + entry_path")
        >>> fit.test("program").table["degrees_of_freedom"].item()
        4
        """
        names, places = self._of_cause(cause)
        covariance = self.covariance.to_numpy()[np.ix_(places, places)]
        coefficient = self.table["coefficient"].to_numpy()[places]
        return wald_test(
            tested,
            (names, coefficient, covariance),
            self.parts,
            clustering=self.clustering,
            model=self._model_of(cause),
            synthetic=self.synthetic,
        )

    def predict(
        self,
        frame: pd.DataFrame,
        days: Sequence[float] | None = None,
        *,
        cause: str | None = None,
        interval: Interval = "log-log",
    ) -> PredictedSurvival:
        """Return survival curves, with limits, of people with stated values of the columns.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row a curve, with the columns of the formula, and those of the strata.
        days : sequence of float, optional
            The days, 0 or more; default: 0 and all days with an event.
        cause : str, optional
            Of which cause, if the model has several; the curve then assumes that the other causes
            do not occur, which data cannot show.
        interval : {"log-log", "log", "plain", "logit", "arcsine"}
            The scale on which limits are symmetric.

        Returns
        -------
        PredictedSurvival
            Missing after the last day of follow-up in the stratum. Limits by the model, or with
            weights or clusters by the infinitesimal jackknife, not corrected for few clusters.

        Raises
        ------
        RuleError
            If a column is not there, or a value did not occur among the rows of the model; or if
            the model is neither `cox` nor `cause_specific_cox`.
        EstimateError
            If a value is missing.

        Examples
        --------
        >>> import pandas as pd
        >>> import iop_outcomes as iop
        >>> times = iop.time_to_relapse(iop.read_records("data/samples"), iop.RelapseRule())
        >>> fit = iop.cox(times, "program")
        >>> asked = pd.DataFrame({"program": ["Harbor", "Riverside"]})
        >>> fit.predict(asked, [30, 90]).table["survival"].between(0, 1).all().item()
        True
        """
        return predict_survival(
            self._fitted_of(cause, "curves"),
            frame,
            days,
            confidence=self.confidence,
            interval=interval,
            labels=(self._model_of(cause), closing(self.rule, self.clustering)),
        )

    def concordance(self, *, cause: str | None = None) -> Concordance:
        """Return how often, of two people, the one with the higher hazard has the event first.

        Parameters
        ----------
        cause : str, optional
            Of which cause, if the model has several.

        Returns
        -------
        Concordance
            With limits by the infinitesimal jackknife, by cluster if errors are. Events x rows
            pairs are compared.
        """
        return concordance_of(
            self._fitted_of(cause, "concordance"),
            confidence=self.confidence,
            model=self._model_of(cause),
            synthetic=self.synthetic,
        )

    def proportional_hazards(
        self, time: str = "km", *, cause: str | None = None
    ) -> ProportionalHazards:
        """Test whether coefficients change with time.

        Parameters
        ----------
        time : {"km", "rank", "identity", "log"}
            The function of the day with which a coefficient may change linearly: 1 minus the
            Kaplan-Meier curve just before the day, the rank of the day among those of all rows,
            the day, or its logarithm.
        cause : str, optional
            Of which cause, if the model has several.

        Returns
        -------
        ProportionalHazards
            One test a term and one of all; ``plot()`` draws the coefficients over time.
        """
        return proportionality_of(
            self._fitted_of(cause, "a test of proportional hazards"),
            time,
            confidence=self.confidence,
            model=self._model_of(cause),
        )

    def paper_table(self, decimals: int = 2) -> pd.DataFrame:
        """Return the table as a paper prints it: ratios with limits, and p-values, as text.

        Parameters
        ----------
        decimals : int
            Of ratios and limits.
        """
        return paper_table(
            self.table, ratio=self.ratio, confidence=self.confidence, decimals=decimals
        )

    def _of_cause(self, cause: str | None) -> tuple[list[str], NDArray[np.intp]]:
        """Return the coefficients' names of a cause, and their rows in `table`."""
        if "cause" not in self.table.columns:
            if cause is not None:
                raise RuleError("The model has one cause.", instead="no cause=")
            return self.table["term"].tolist(), np.arange(len(self.table))
        causes = self.table["cause"].unique().tolist()
        if cause not in causes:
            raise RuleError(
                "The model has several causes; one is asked for.",
                found="none" if cause is None else names_asked([cause]),
                instead=f'cause="{causes[0]}"',
            )
        places = np.flatnonzero((self.table["cause"] == cause).to_numpy())
        return self.table["term"].iloc[places].tolist(), places

    def _model_of(self, cause: str | None) -> str:
        return self.model if cause is None else f"{self.model}, {str(cause).replace('_', ' ')}"

    def _fitted_of(self, cause: str | None, what: str) -> FittedCox:
        self._of_cause(cause)
        if cause not in self.fitted:
            raise RuleError(
                f"This model does not give {what}.",
                found=self.model,
                instead="cox(...) or cause_specific_cox(...), without a penalty.",
            )
        return self.fitted[cause]

    def _describe_row(self, row: dict[Any, Any]) -> str:
        cause = f"{row['cause']}, " if "cause" in row else ""
        limits = f"{format_ratio(row['lower'])} to {format_ratio(row['upper'])}"
        return (
            f"{cause}{row['term']}: {self.ratio} {format_ratio(row['hazard_ratio'])} "
            f"({format_level(self.confidence)} limits {limits}), {format_p_value(row['p_value'])}"
        )


def format_ratio(ratio: float) -> str:
    """Write a ratio: two decimals, more where they would hide on which side of 1 it lies."""
    if not 0.095 <= ratio < 99.5:
        return f"{ratio:.2g}"
    return next(
        text for text in (f"{ratio:.{places}f}" for places in (2, 3, 4)) if _decided(text, ratio)
    )


def _decided(text: str, ratio: float) -> bool:
    return float(text) != 1 or abs(ratio - 1) < 5e-5
