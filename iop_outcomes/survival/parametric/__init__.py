"""Survival by a distribution, fitted by lifelines.

Frames of times come in; `ParametricSurvival` goes out.
"""

from __future__ import annotations

from iop_outcomes.survival.parametric.estimate import parametric_survival
from iop_outcomes.survival.parametric.result import ParametricSurvival

__all__ = ["ParametricSurvival", "parametric_survival"]
