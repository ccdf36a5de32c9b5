"""Those who leave before the end of follow-up: weights for remaining, and what they may change.

Frames of times come in; tables go out. Why a person left is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.loss_to_follow_up.remaining import RemainingWeights, remaining_weights
from iop_outcomes.compare.loss_to_follow_up.result import TippingPoint
from iop_outcomes.compare.loss_to_follow_up.tipping import tipping_point

__all__ = ["RemainingWeights", "TippingPoint", "remaining_weights", "tipping_point"]
