"""Weights that make groups alike in their covariates, by the probability of being in each.

A frame with a column of groups and covariates comes in; `PropensityWeights` goes out, whose frame
has a column of weights for curves, tests and regressions. Times and events are not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.propensity.estimate import propensity_weights
from iop_outcomes.compare.propensity.result import PropensityWeights

__all__ = ["PropensityWeights", "propensity_weights"]
