"""Merging before hiding: longer periods and wider groups, where too many counts would be small.

Ladders and counts come in; a plan that says what is taken together goes out. Reports and records
are not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.merging.ladders import FINEST, Ladders, Step
from iop_outcomes.disclosure.merging.plan import MergePlan, choose_step

__all__ = ["FINEST", "Ladders", "MergePlan", "Step", "choose_step"]
