"""Pseudo-values: what each person adds to an estimate at a day, and regressions of it.

Frames of times come in; a value a row, and tables of differences in days or proportions, go out.
Where times come from is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.pseudo_values.regression import PseudoRegression, pseudo_regression
from iop_outcomes.compare.pseudo_values.values import pseudo_values

__all__ = ["PseudoRegression", "pseudo_regression", "pseudo_values"]
