"""What a definition of your own is made of, in one place.

Measures: ``Count``, ``Share``, ``LongestRun``, ``Contains``, ``Retained``, ``Score``, ``Window``.
What combines them: ``AtLeast``, ``Every``, ``From``, ``When``. Steps before them: ``Recode``,
``Delete``, ``CarryForward``, ``FillWithMode``, ``FillFromNeighbours``, ``Through``,
``UpToLastSeen``, ``SeenBy``, and ready-made ``MIXED_IS_USE`` and ``MISSED_IS_USE``. For anything
else ``Calculated`` takes a function of the patterns, made of the operations in
``iop_outcomes.use``: ``pattern_array``, ``pattern_windows``, ``pattern_filling``,
``pattern_scores`` and ``visit_schedules``.
"""

from __future__ import annotations

from iop_outcomes.relapse.definitions.conditions import AtLeast, Calculated, Every, From, When
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.measures import (
    Contains,
    Count,
    LongestRun,
    Measure,
    Retained,
    Score,
    Share,
)
from iop_outcomes.relapse.definitions.steps import (
    MISSED_IS_USE,
    MIXED_IS_USE,
    CarryForward,
    Delete,
    FillFromNeighbours,
    FillWithMode,
    Recode,
    SeenBy,
    Through,
    UpToLastSeen,
)
from iop_outcomes.relapse.definitions.windows import Window

__all__ = [
    "MISSED_IS_USE",
    "MIXED_IS_USE",
    "AtLeast",
    "Calculated",
    "CarryForward",
    "Contains",
    "Count",
    "Definition",
    "Delete",
    "Every",
    "FillFromNeighbours",
    "FillWithMode",
    "From",
    "LongestRun",
    "Measure",
    "Recode",
    "Retained",
    "Score",
    "SeenBy",
    "Share",
    "Through",
    "UpToLastSeen",
    "When",
    "Window",
]
