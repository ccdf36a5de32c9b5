"""Disclosure control: small counts are hidden, with all numbers from which they can be calculated.

Results and tables come in; the same results and tables with counts hidden go out. Pictures and the
report are not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.fixed_days import protect_curves, protect_family
from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.protect import protect
from iop_outcomes.disclosure.tables import hidden_cells, hide_nested_counts, hide_small_counts

__all__ = [
    "LinkedCounts",
    "ProtectedCurves",
    "SafePolicy",
    "hidden_cells",
    "hide_nested_counts",
    "hide_small_counts",
    "protect",
    "protect_curves",
    "protect_family",
]
