"""Propensity weights as a result: sizes, the model, its calibration, and the balance reached."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.compare.balance import Balance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import DESCRIBED_GROUPS, format_share, join_described

WEIGHT = "propensity_weight"


@dataclass(frozen=True, eq=False, repr=False)
class PropensityWeights(DrawnResult):
    """Weights by the probability of each group, and what they rest on.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group: ``group``; ``n``: rows used; ``trimmed``: rows left out (int64);
        ``effective_size``: the squared sum of the weights over the sum of their squares;
        ``mean_weight, smallest_weight, largest_weight``; ``largest_share``: the share of the
        group's weight that its heaviest row has; ``lowest_score, median_score, highest_score``: the
        probability of their own group among its rows.
    frame : pandas.DataFrame
        The rows that are used, as they were given, with the column ``propensity_weight`` (float64,
        above 0): for ``weights="propensity_weight"`` of curves, tests and regressions.
    weights : pandas.Series
        The same column, with the index of all rows given; missing where trimmed.
    scores : pandas.DataFrame
        The probability of each group, a column a group, with the index of all rows given.
    model : pandas.DataFrame
        One row a group but the first and term: ``group, reference, term``; ``coefficient``: the
        log-odds of the group against the reference; ``se``: by the information of the model;
        ``odds_ratio``.
    calibration : pandas.DataFrame
        One row a group and tenth of its probability: ``group``; ``n``; ``predicted``: the mean
        probability; ``observed``: the share that is in the group. Of the rows that the model was
        fitted to.
    overlap : pandas.DataFrame
        One row a probability, group and bin of 0.05: ``probability_of, group, lower, upper, n,
        share`` (of the group).
    balance : Balance
        The covariates before and after weighting, of the rows used.
    by : tuple of str
        The columns that define the groups.
    estimand : str
        Whose average it is, in words.
    formula : str
        The terms of the model.
    rule : str
        How the weights were made.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    frame: pd.DataFrame
    weights: pd.Series[float]
    scores: pd.DataFrame
    model: pd.DataFrame
    calibration: pd.DataFrame
    overlap: pd.DataFrame
    balance: Balance
    by: tuple[str, ...]
    estimand: str
    formula: str
    rule: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """The sizes of the groups, their heaviest rows, the balance reached, and the rule."""
        rows = self.table.head(DESCRIBED_GROUPS).to_dict("records")
        descriptions = [
            f"{row['group']}: n {row['n']:,}, effective size {row['effective_size']:,.1f}, largest "
            f"weight {row['largest_weight']:.3g} "
            f"({format_share(row['largest_share'])} of the group's)"
            for row in rows
        ]
        return (
            f"Weights for {self.estimand}, by {', '.join(self.by)}: "
            f"{join_described(descriptions, len(self.table))}. {self._reached} {self.rule}"
        )

    @property
    def _reached(self) -> str:
        before, after = (
            self.balance.differences[column].abs().max()
            for column in ("difference", "weighted_difference")
        )
        return (
            f"Largest standardised difference: {before:.2f} before weighting, {after:.2f} after it."
        )

    @property
    def _summary(self) -> str:
        return f"{len(self.table)} groups, {int(self.table['n'].sum()):,} rows, {self.estimand}"
