"""Cumulative incidence of an event where other ends compete (Aalen and Johansen).

Frames of times with the reasons of their ends come in; `CumulativeIncidence` goes out.
"""

from __future__ import annotations

from iop_outcomes.survival.competing.estimate import cumulative_incidence
from iop_outcomes.survival.competing.result import CumulativeIncidence

__all__ = ["CumulativeIncidence", "cumulative_incidence"]
