"""Survival curves of groups as if they had the same covariates.

A frame of times with groups and covariates known on day 0 comes in; `AdjustedCurves` goes out, with
differences at a day. How times come about is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.adjustment.estimate import adjusted_curves
from iop_outcomes.compare.adjustment.result import AdjustedCurves

__all__ = ["AdjustedCurves", "adjusted_curves"]
