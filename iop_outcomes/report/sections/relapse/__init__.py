"""The section on relapse: the people of a report come in, protected curves and their tables go out.

The other sections are not known here.
"""

from __future__ import annotations

from iop_outcomes.report.sections.relapse.declared_curves import without_curves
from iop_outcomes.report.sections.relapse.first import FirstEnds, first_limits, first_table
from iop_outcomes.report.sections.relapse.pictures import relapse_drawings
from iop_outcomes.report.sections.relapse.results import (
    COMPARED_RULES,
    RelapseResults,
    relapse_results,
    with_curves,
)
from iop_outcomes.report.sections.relapse.tables import (
    LESS,
    NO_MISSING_RULES,
    SEE_MISSING,
    curve_table,
    interval_table,
    milestone_table,
    missing_rule_table,
    what_is_counted,
    without_a_curve,
)

__all__ = [
    "COMPARED_RULES",
    "LESS",
    "NO_MISSING_RULES",
    "SEE_MISSING",
    "FirstEnds",
    "RelapseResults",
    "curve_table",
    "first_limits",
    "first_table",
    "interval_table",
    "milestone_table",
    "missing_rule_table",
    "relapse_drawings",
    "relapse_results",
    "what_is_counted",
    "with_curves",
    "without_a_curve",
    "without_curves",
]
