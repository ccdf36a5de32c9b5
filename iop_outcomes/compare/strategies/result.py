"""The comparison of strategies: curves, differences, weights and the protocol."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from iop_outcomes.compare.resampling.contrasts import CurveContrast

FEW = 50


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StrategyComparison(CurveContrast):
    """Curves under sustained strategies, and their differences at a day.

    Attributes
    ----------
    table, curves, groups, day, method, confidence, resamples, failed, seed, rule, event, synthetic
        As of `iop_outcomes.compare.resampling.contrasts.CurveContrast`; the groups are the
        strategies. ``groups`` has ``group``, ``n``: clones at the start; ``ended``: clones ended as
        they did otherwise; ``kept``: clones that kept to the strategy until its end, the day or the
        end of their follow-up; ``events``: events of clones up to the day.
    weights : pandas.DataFrame
        One row a strategy and period: ``group, period``; ``clones``: that came to the decision;
        ``could_end``: for which doing otherwise would have ended them; ``ended``; among them
        ``could_not_choose``; ``unknown``: whose value is not known, which go on; ``went_on``; and
        of those that went on ``least_probability``: the smallest probability of going on that a
        weight rests on; ``mean_weight, largest_weight``; ``effective_size``: the squared sum of the
        weights over the sum of their squares.
    protocol : pandas.DataFrame
        The target trial and its emulation: ``element`` (eligibility, strategies, assignment, start,
        outcome, contrast, analysis), ``target_trial``, ``emulation``.
    """

    weights: pd.DataFrame = field(default_factory=pd.DataFrame)
    protocol: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def caution(self) -> str:
        """How many clones each strategy rests on at its end, if they are few."""
        last = self.weights.groupby("group", sort=False)["effective_size"].last()
        few = [f"{name} {size:.0f}" for name, size in last.items() if size < FEW]
        if not few:
            return ""
        return (
            f"Weighted clones are worth few at the end of a strategy ({', '.join(few)} by "
            "effective size): the estimate rests on them, and limits can be too narrow. "
        )
