"""Adjusted curves: curves, differences and, beside them, those without adjustment."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from iop_outcomes.compare.resampling.contrasts import CurveContrast, describe_difference
from iop_outcomes.shared.text import format_level

FEW = 50


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class AdjustedCurves(CurveContrast):
    """Curves of groups as if they had the same covariates, and their differences at a day.

    Attributes
    ----------
    table, curves, groups, day, method, confidence, resamples, failed, seed, rule, event, synthetic
        As of `iop_outcomes.compare.resampling.contrasts.CurveContrast`. ``groups`` has ``group``,
        ``n``: rows; ``events``: up to the day; with weights ``effective_size``: the squared sum of
        the weights over the sum of their squares, and ``largest_weight``. With limits in closed
        form ``resamples`` is 0. ``table`` has ``missing_information`` too (0 to 1): the share of
        the information on the difference that is lost since covariates are missing.
    unadjusted : pandas.DataFrame
        The rows of ``table`` by plain Kaplan-Meier curves, with limits of the same kind.
    estimand : str
        Whose average the curves are, in words.
    limits : str
        "bootstrap" or "closed_form".
    imputations : int
        How often missing covariates were drawn; 0 if none was.
    missing : pandas.DataFrame
        One row a covariate: ``covariate``; ``missing`` (int64): rows without a value;
        ``share_missing``; ``model``: what the values were drawn by, empty if none was missing.
    """

    unadjusted: pd.DataFrame = field(default_factory=pd.DataFrame)
    estimand: str = ""
    limits: str = "bootstrap"
    imputations: int = 0
    missing: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def text(self) -> str:
        """Each difference in words, the same without adjustment, and how both were made."""
        rows = self.unadjusted.head(2).to_dict("records")
        differences = [
            describe_difference(row, self.day, self.confidence, self.event) for row in rows
        ]
        return f"{super().text} Without adjustment: {'; '.join(differences)}."

    @property
    def caution(self) -> str:
        """Groups of small effective size, and that only the named covariates are adjusted for."""
        if "effective_size" not in self.groups:
            return ""
        few = [
            f"{name} {size:.0f}"
            for name, size in self.groups[["group", "effective_size"]].to_numpy()
            if size < FEW
        ]
        if not few:
            return ""
        return f"The weights leave few people ({', '.join(few)} by effective size). "

    @property
    def sampling(self) -> str:
        """How the limits were made, as a sentence."""
        if self.imputations:
            return self._sampling_imputed
        if self.limits == "bootstrap":
            return super().sampling
        return (
            f"{format_level(self.confidence)} limits are normal, by the influence of each row on "
            "the estimate."
        )

    @property
    def bands(self) -> str:
        """How the limits of the curves were made, in a few words."""
        if self.imputations:
            return f"by t, over {self.imputations:,} completed samples"
        return super().bands if self.limits == "bootstrap" else "normal, by the influence of rows"

    @property
    def _sampling_imputed(self) -> str:
        level, most = format_level(self.confidence), self.table["missing_information"].max()
        share = "less than 1%" if most < 0.01 else f"up to {100 * most:.0f}%"
        lost = f"; {share} of the information on a difference is missing."
        if self.limits == "closed_form":
            return (
                f"{level} limits are by Rubin's rules over {self.imputations:,} completed samples, "
                f"the error in each by the influence of rows{lost}"
            )
        return (
            f"{level} limits are by t, from {self.resamples:,} bootstrap samples of people, each "
            f"completed twice (seed {self.seed}){self.without}{lost}"
        )
