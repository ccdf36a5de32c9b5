"""The simulation of a program: its design, its people, and their course day by day.

A design and a seed come in; arrays and frames of simulated courses go out. Faults are not known
here.
"""

from __future__ import annotations

from iop_outcomes.samples.model.design import Design

__all__ = ["Design"]
