"""Survival where the event is known between two check-ins only (Turnbull).

Frames with `clear_until` come in; `IntervalSurvival` goes out.
"""

from __future__ import annotations

from iop_outcomes.survival.intervals.estimate import interval_survival
from iop_outcomes.survival.intervals.result import IntervalSurvival

__all__ = ["IntervalSurvival", "interval_survival"]
