"""Estimates between cohorts: tests of groups, and regression.

Frames of times with groups or covariates come in; results with tables go out. How times are defined
is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.adjustment import AdjustedCurves, EValue, adjusted_curves, e_value
from iop_outcomes.compare.balance import Balance, balance
from iop_outcomes.compare.cohorts import CohortComparison, compare_cohorts
from iop_outcomes.compare.differences import (
    Difference,
    incidence_difference,
    median_difference,
    restricted_mean_difference,
    survival_difference,
)
from iop_outcomes.compare.group_tests.curves import Comparison, compare_survival
from iop_outcomes.compare.group_tests.incidence import IncidenceComparison, compare_incidence
from iop_outcomes.compare.group_tests.intervals import IntervalComparison, compare_interval_survival
from iop_outcomes.compare.group_tests.max_combo import MaxCombo, max_combo
from iop_outcomes.compare.group_tests.pairs import PairwiseComparison, compare_survival_pairs
from iop_outcomes.compare.group_tests.recurrence import RecurrenceComparison, compare_recurrence
from iop_outcomes.compare.loss_to_follow_up import (
    RemainingWeights,
    TippingPoint,
    remaining_weights,
    tipping_point,
)
from iop_outcomes.compare.propensity import PropensityWeights, propensity_weights
from iop_outcomes.compare.pseudo_values import PseudoRegression, pseudo_regression, pseudo_values
from iop_outcomes.compare.regression.cause_specific import cause_specific_cox
from iop_outcomes.compare.regression.cox import cox
from iop_outcomes.compare.regression.fine_gray import fine_gray
from iop_outcomes.compare.regression.fitted.concordance import Concordance
from iop_outcomes.compare.regression.fitted.pooled import PooledRegression, pool_regressions
from iop_outcomes.compare.regression.fitted.prediction import PredictedSurvival
from iop_outcomes.compare.regression.fitted.proportional import ProportionalHazards
from iop_outcomes.compare.regression.fitted.wald import WaldTest
from iop_outcomes.compare.regression.intervals.cox import IntervalRegression, interval_cox
from iop_outcomes.compare.regression.recurrent import recurrent_cox
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.compare.strategies import Strategy, StrategyComparison, compare_strategies
from iop_outcomes.compare.study_size import (
    DetectableDifference,
    PeopleNeeded,
    detectable_difference,
    people_needed,
)

__all__ = [
    "AdjustedCurves",
    "Balance",
    "CohortComparison",
    "Comparison",
    "Concordance",
    "DetectableDifference",
    "Difference",
    "EValue",
    "IncidenceComparison",
    "IntervalComparison",
    "IntervalRegression",
    "MaxCombo",
    "PairwiseComparison",
    "PeopleNeeded",
    "PooledRegression",
    "PredictedSurvival",
    "PropensityWeights",
    "ProportionalHazards",
    "PseudoRegression",
    "RecurrenceComparison",
    "Regression",
    "RemainingWeights",
    "Strategy",
    "StrategyComparison",
    "TippingPoint",
    "WaldTest",
    "adjusted_curves",
    "balance",
    "cause_specific_cox",
    "compare_cohorts",
    "compare_incidence",
    "compare_interval_survival",
    "compare_recurrence",
    "compare_strategies",
    "compare_survival",
    "compare_survival_pairs",
    "cox",
    "detectable_difference",
    "e_value",
    "fine_gray",
    "incidence_difference",
    "interval_cox",
    "max_combo",
    "median_difference",
    "people_needed",
    "pool_regressions",
    "propensity_weights",
    "pseudo_regression",
    "pseudo_values",
    "recurrent_cox",
    "remaining_weights",
    "restricted_mean_difference",
    "survival_difference",
    "tipping_point",
]
