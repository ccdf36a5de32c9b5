"""Differences between pairs of groups: one tidy table, and what it says in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import (
    DESCRIBED_GROUPS,
    format_fixed,
    format_level,
    format_p,
    join_described,
)
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.limits import NOT_COMPUTED, normal_quantile
from iop_outcomes.survival.times import label_of

Floats = NDArray[np.float64]
Correction = Literal["holm", "bonferroni", "none"]
Pairs = list[tuple[int, int]]

NO_SPREAD = "a group without events, or with events of all, has no estimated error"


@dataclass(frozen=True, eq=False, repr=False)
class Difference(DrawnResult):
    """Differences between groups, each group less its reference, with limits.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a pair (and a cause, of incidences): ``group``, ``reference`` (text): the names of
        the two; ``estimate``, ``estimate_reference``: theirs; ``difference``: the first less the
        second; ``se``; ``lower``, ``upper``: its limits; ``p_value``: of a difference at least as
        large if there is none; ``p_adjusted``: the same, corrected for the number of pairs.
        Restricted means also have the columns ``ratio``, ``ratio_lower``, ``ratio_upper``,
        ``ratio_p_value``, and ``lost_ratio`` and its three, the ratio of the time lost. Where
        limits cannot be given they are missing and ``limits_missing`` says why; else it is empty.
    groups : pandas.DataFrame
        One row a group (and a cause): ``[by ...]``; ``n``: rows; ``events``: events of all the
        follow-up; ``estimate``, ``se``, ``lower``, ``upper``: by the normal limits that the
        differences have; limits are not cut to what is possible.
    measure : str
        What is compared, in words.
    unit : str
        "days" or "proportion".
    by, strata : tuple of str
        The columns that define the groups, and those that they are standardised to.
    confidence : float
        The level of the limits.
    correction : str
        How the p-values of several pairs are corrected.
    rule : str
        How the times were defined, and the estimate.
    synthetic : bool
        Whether the data are synthetic.
    clustering : Clustering, optional
        The clusters of the errors: their column, and how many clusters and rows.
    decimals : int, optional
        To how many decimals its numbers are rounded, and its p-values to two; None where they are
        not rounded. Words and pictures give no more.
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    measure: str
    unit: str
    by: tuple[str, ...]
    strata: tuple[str, ...]
    confidence: float
    correction: Correction
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None
    decimals: int | None = None

    @property
    def least_p(self) -> float:
        """The p-value below which none is written."""
        return 0.001 if self.decimals is None else 0.01

    def written(self, value: float) -> str:
        """Return one of its numbers: days, or a proportion in percent without the sign.

        Examples
        --------
        >>> import iop_outcomes as iop
        >>> times = iop.time_to_relapse(iop.read_records("data/samples"))
        >>> found = iop.survival_difference(times, "track", 90)
        >>> found.written(-0.25), iop.protect(found).written(-0.25)
        ('-25.0', '-25')
        """
        if self.unit == "days":
            return format_fixed(value, 1 if self.decimals is None else self.decimals)
        return format_fixed(100 * value, 1 if self.decimals is None else max(self.decimals - 2, 0))

    @property
    def text(self) -> str:
        """Each difference in words, and the rule."""
        descriptions = [
            self._describe_row(row) for row in self.table.head(DESCRIBED_GROUPS).to_dict("records")
        ]
        joined = join_described(descriptions, len(self.table), "pair")
        several = len(self.table) > 1 and self.correction != "none"
        adjusted = (
            f" p-values are corrected for several pairs ({self.correction.title()})."
            if several
            else ""
        )
        return (
            f"Difference in {self.measure}, by {', '.join(self.by)}: {joined}.{adjusted} "
            f"{closing(self.rule, self.clustering)}"
        )

    @property
    def _summary(self) -> str:
        groups = len(self.groups.drop_duplicates(list(self.by)))
        return f"difference in {self.measure}, {groups} groups"

    def _describe_row(self, row: dict[Any, Any]) -> str:
        days = self.unit == "days"
        sign, amounts = ("", "days") if days else ("%", "percentage points")
        cause = f"{row['cause']}, ".replace("_", " ") if "cause" in row else ""
        amount = f"{self.written(row['difference'])} {amounts}"
        if row["limits_missing"]:
            limits = f"limits {NOT_COMPUTED}: {row['limits_missing']}"
        else:
            limits = (
                f"{format_level(self.confidence)} limits {self.written(row['lower'])} to "
                f"{self.written(row['upper'])}"
            )
            p_value = row["p_adjusted"]
            if not np.isnan(p_value):
                shown = format_p(p_value, self.least_p)
                limits += f", p {shown}" if shown.startswith("<") else f", p = {shown}"
        return (
            f"{cause}{row['group']} {self.written(row['estimate'])}{sign} less {row['reference']} "
            f"{self.written(row['estimate_reference'])}{sign}: {amount} ({limits})"
        )


def group_names(labels: pd.DataFrame) -> list[str]:
    """Return the name of each group."""
    return [label_of(row) for _, row in labels.iterrows()]


def pairs_of(labels: pd.DataFrame, reference: Any) -> Pairs:
    """Return the places of each group and of what it is compared with.

    Raises
    ------
    RuleError
        If no group has the name of the reference.
    """
    place = place_of(labels, reference)
    if place is None:
        return [(two, one) for one in range(len(labels)) for two in range(one + 1, len(labels))]
    return [(other, place) for other in range(len(labels)) if other != place]


def place_of(labels: pd.DataFrame, reference: Any) -> int | None:
    """Return the place of the group that is the reference; None if there is none.

    Raises
    ------
    RuleError
        If no group has its name.
    """
    if reference is None:
        return None
    names = group_names(labels)
    asked = label_of(pd.Series(list(reference) if isinstance(reference, tuple) else [reference]))
    if asked not in names:
        raise RuleError(
            "The reference is the name of a group.",
            found=f"reference={as_written(reference)}",
            instead="one of the values of by=; or None, to compare all pairs.",
        )
    return names.index(asked)


def group_table(
    labels: pd.DataFrame, values: Floats, covariance: Floats, confidence: float
) -> pd.DataFrame:
    """Return the estimate of each group with normal limits."""
    error = np.sqrt(np.diag(covariance))
    reach = normal_quantile(confidence) * np.where(error > 0, error, np.nan)
    estimates = {"estimate": values, "se": error, "lower": values - reach, "upper": values + reach}
    return labels.reset_index(drop=True).assign(**estimates)


def difference_table(
    labels: pd.DataFrame, values: Floats, covariance: Floats, pairs: Pairs, confidence: float
) -> pd.DataFrame:
    """Return the differences of pairs with normal limits and p-values, not corrected."""
    from scipy.special import ndtr

    names = group_names(labels)
    group, reference = (np.array(part, dtype=np.intp) for part in zip(*pairs, strict=True))
    difference = values[group] - values[reference]
    variance = np.diag(covariance)
    spread = np.maximum(
        variance[group] + variance[reference] - 2 * covariance[group, reference], 0.0
    )
    known = (variance[group] > 0) & (variance[reference] > 0)
    error = np.where(known, np.sqrt(spread), np.nan)
    reach = normal_quantile(confidence) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * ndtr(-np.abs(difference / error))
    return pd.DataFrame(
        {
            "group": [names[place] for place in group],
            "reference": [names[place] for place in reference],
            "estimate": values[group],
            "estimate_reference": values[reference],
            "difference": difference,
            "se": error,
            "lower": difference - reach,
            "upper": difference + reach,
            "p_value": p_value,
            "p_adjusted": p_value,
            "limits_missing": np.where(known, "", NO_SPREAD),
        }
    )


def corrected(p_values: Sequence[float] | Floats, correction: Correction) -> Floats:
    """Return p-values corrected for their number; missing ones are not counted.

    Holm (1979, Scand J Stat 6:65-70): the k-th smallest of m times m - k + 1, at least the one
    before it and at most 1. Bonferroni: times m.

    Examples
    --------
    >>> corrected([0.01, 0.04, 0.03], "holm").round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    check_choice("correction", correction, ("holm", "bonferroni", "none"))
    p: Floats = np.asarray(p_values, dtype=np.float64).copy()
    known = np.flatnonzero(~np.isnan(p))
    number = len(known)
    if correction == "bonferroni":
        p[known] = np.minimum(p[known] * number, 1.0)
    elif correction == "holm":
        order = known[np.argsort(p[known], kind="stable")]
        steps = p[order] * np.arange(number, 0, -1)
        p[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return p
