"""What became of the people in an Intensive Outpatient Program.

Read the records of a program, and ask: who engages, how long people stay well, whether one
cohort does better than another, whether this quarter differs from the last.

>>> import iop_outcomes as iop
>>> records = iop.read_records("data/samples")
>>> times = iop.time_to_relapse(records, iop.RelapseRule(missing="censor"))
>>> curves = iop.survival_curves(times, by="track")
"""

from iop_outcomes.compare import (
    Comparison,
    ImputedRelapse,
    IncidenceComparison,
    IntervalComparison,
    Sensitivity,
    compare_incidence,
    compare_interval_survival,
    compare_survival,
    relapse_by_imputation,
    sensitivity,
)
from iop_outcomes.disclosure import ProtectedCurves, SafePolicy, protect
from iop_outcomes.errors import OutcomesError
from iop_outcomes.measures import (
    AttendanceByWeek,
    attendance_by_week,
    engagement,
    use_patterns,
)
from iop_outcomes.plots import (
    alternative_text,
    plot_attendance,
    plot_hazard,
    plot_incidence,
    plot_interval,
    plot_sensitivity,
    plot_survival,
    plot_trend,
)
from iop_outcomes.records import Mapping, Records, describe_tables, read_mapping, read_records
from iop_outcomes.relapse import (
    Definition,
    ImputedPatterns,
    RelapseRule,
    definitions,
    event_weeks,
    impute_weeks,
    missing_outcomes,
    outcomes,
    pool,
    time_to_relapse,
)
from iop_outcomes.report import Report, quarterly_report
from iop_outcomes.samples import Sample, synthetic_records, write_sample
from iop_outcomes.survival import (
    CumulativeIncidence,
    Hazard,
    IntervalSurvival,
    SurvivalCurves,
    cumulative_incidence,
    hazard,
    interval_survival,
    survival_curves,
)
from iop_outcomes.trends import Trend, describe_quantities, trend
from iop_outcomes.versions import __version__, show_versions

__all__ = [
    "AttendanceByWeek",
    "Comparison",
    "CumulativeIncidence",
    "Definition",
    "Hazard",
    "ImputedPatterns",
    "ImputedRelapse",
    "IncidenceComparison",
    "IntervalComparison",
    "IntervalSurvival",
    "Mapping",
    "OutcomesError",
    "ProtectedCurves",
    "Records",
    "RelapseRule",
    "Report",
    "SafePolicy",
    "Sample",
    "Sensitivity",
    "SurvivalCurves",
    "Trend",
    "__version__",
    "alternative_text",
    "attendance_by_week",
    "compare_incidence",
    "compare_interval_survival",
    "compare_survival",
    "cumulative_incidence",
    "definitions",
    "describe_quantities",
    "describe_tables",
    "engagement",
    "event_weeks",
    "hazard",
    "impute_weeks",
    "interval_survival",
    "missing_outcomes",
    "outcomes",
    "plot_attendance",
    "plot_hazard",
    "plot_incidence",
    "plot_interval",
    "plot_sensitivity",
    "plot_survival",
    "plot_trend",
    "pool",
    "protect",
    "quarterly_report",
    "read_mapping",
    "read_records",
    "relapse_by_imputation",
    "sensitivity",
    "show_versions",
    "survival_curves",
    "synthetic_records",
    "time_to_relapse",
    "trend",
    "use_patterns",
    "write_sample",
]
