"""Probabilities of being in each of several states by day (Aalen and Johansen).

Frames of histories, one row a stay, come in; `StateOccupation` goes out.
"""

from __future__ import annotations

from iop_outcomes.survival.states.estimate import state_occupation
from iop_outcomes.survival.states.result import StateOccupation

__all__ = ["StateOccupation", "state_occupation"]
