"""Survival curves of groups as if they had the same covariates, and what they cannot adjust for.

A frame of times with groups and covariates known on day 0 comes in; `AdjustedCurves` goes out, with
differences at a day. A ratio comes in, and `EValue` goes out. How times are defined is not known
here.
"""

from __future__ import annotations

from iop_outcomes.compare.adjustment.e_value import EValue, e_value
from iop_outcomes.compare.adjustment.estimate import adjusted_curves
from iop_outcomes.compare.adjustment.result import AdjustedCurves

__all__ = ["AdjustedCurves", "EValue", "adjusted_curves", "e_value"]
