"""Parametric curves: what was fitted, and everything that is read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_value, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.curves.result import NAMED_GROUPS
from iop_outcomes.survival.intervals.result import MADE as MADE_BY_CURVES
from iop_outcomes.survival.intervals.result import IntervalSurvival
from iop_outcomes.survival.labels import (
    days_asked,
    first_groups,
    format_median,
    labelled,
    split_groups,
)
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.parametric.fit import Fit
from iop_outcomes.survival.times import label_of

MADE = MADE_BY_CURVES | {
    *("model", "parameter", "value", "se", "log_likelihood", "fitted", "aic", "n", "events"),
}


@dataclass(frozen=True, eq=False, repr=False)
class ParametricSurvival(DrawnResult):
    """Distributions fitted to events known between check-ins.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and model: ``[by ...], model``; ``n``, ``events`` (int64);
        ``log_likelihood``; ``fitted`` (int64): how many parameters; ``aic``: Akaike's criterion,
        twice that less twice the log-likelihood, the smaller the better within a group;
        ``median, lower, upper`` in days, each missing where it is after the last day of follow-up
        of the group.
    parameters : pandas.DataFrame
        One row a group, model and parameter: ``[by ...], model, parameter, value, se, lower,
        upper``; `parametric_survival` says what they mean.
    models : tuple of tuple of Fit
        For each group its fitted models.
    curves : IntervalSurvival
        The nonparametric estimate of the same people.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        The level of the limits.
    rule : str
        How the times were defined, and the fits.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    clustering : Clustering, optional
        The clusters behind the errors: their column, and how many clusters and rows.
    """

    table: pd.DataFrame
    parameters: pd.DataFrame
    models: tuple[tuple[Fit, ...], ...]
    curves: IntervalSurvival
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the survival of each model on the given days, beside the nonparametric estimate.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.

        Returns
        -------
        pandas.DataFrame
            One row a group, model and day: ``[by ...], model, day``; ``survival, lower, upper``
            of the model; ``lowest, highest``: between which the nonparametric estimate lies. All
            are missing after the last day of follow-up of the group.
        """
        asked = days_asked(days)
        reach = normal_quantile(self.confidence)
        beside = split_groups(self.curves.at(asked.tolist()), list(self.by))
        parts = []
        for fits, free in zip(self.models, beside, strict=True):
            bounds = free[["lowest", "highest"]].reset_index(drop=True)
            known = bounds["lowest"].notna().to_numpy()
            rows = []
            for fit in fits:
                estimates = np.where(known, fit.survival(asked.astype(np.float64), reach), np.nan)
                shape = dict(zip(("survival", "lower", "upper"), estimates, strict=True))
                rows.append(pd.DataFrame({"model": fit.model.name, "day": asked, **shape}))
            parts.append(pd.concat([row.join(bounds) for row in rows], ignore_index=True))
        return labelled(parts, self.curves.fits[list(self.by)])

    def best(self) -> pd.DataFrame:
        """Return the row of `table` of each group's model with the least ``aic``."""
        parts = split_groups(self.table, list(self.by))
        return pd.concat([part.loc[[part["aic"].idxmin()]] for part in parts], ignore_index=True)

    @property
    def text(self) -> str:
        """The fits as sentences: each group's counts, its models and medians, the rule."""
        names = list(self.by)
        parts = split_groups(first_groups(self.table, names, NAMED_GROUPS), names)
        descriptions = [self._describe_row(part) for part in parts]
        by = f" by {', '.join(self.by)}" if self.by else ""
        ending = closing(self.rule, self.clustering)
        joined = join_described(descriptions, len(self.models))
        return f"Time to the event{by}, by distributions: {joined}. {ending}"

    @property
    def _summary(self) -> str:
        """The number of groups and models, people and events."""
        groups, models = len(self.models), len(self.models[0])
        n, events = self.curves.fits["n"].sum(), self.curves.fits["events"].sum()
        return (
            f"{groups} group{'s' if groups > 1 else ''}, {models} "
            f"model{'s' if models > 1 else ''}, n {n:,}, events {events:,}"
        )

    def _describe_row(self, part: pd.DataFrame) -> str:
        first = part.iloc[0]
        name = f"{label_of(first[list(self.by)])}: " if self.by else ""
        labels = {fit.model.name: fit.model.label for fit in self.models[0]}
        fits = ", ".join(
            f"{labels[row['model']]} {format_median(row, self.confidence)} "
            f"(AIC {format_value(float(row['aic']), 1)})"
            for _, row in part.iterrows()
        )
        return f"{name}n {first['n']:,}, events {first['events']:,}, {fits}"
