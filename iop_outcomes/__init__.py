"""What became of the people in an Intensive Outpatient Program.

Read the records of a program, and ask: who engages, how long people stay well, whether one
cohort does better than another, whether this quarter differs from the last.

>>> import iop_outcomes as iop
>>> records = iop.read_records("data/samples")
>>> times = iop.time_to_relapse(records, iop.RelapseRule(missing="censor"))
>>> curves = iop.survival_curves(times, by="track")
"""

from iop_outcomes.attendance import AttendanceByWeek, attendance_by_week, engagement
from iop_outcomes.compare import (
    Comparison,
    IncidenceComparison,
    IntervalComparison,
    RecurrenceComparison,
    Regression,
    cause_specific_cox,
    compare_incidence,
    compare_interval_survival,
    compare_recurrence,
    compare_survival,
    cox,
    fine_gray,
    recurrent_cox,
)
from iop_outcomes.disclosure import ProtectedCurves, SafePolicy, protect
from iop_outcomes.errors import OutcomesError
from iop_outcomes.from_records import state_occupation
from iop_outcomes.plots import (
    alternative_text,
    plot_attendance,
    plot_hazard,
    plot_incidence,
    plot_interval,
    plot_mean_cumulative,
    plot_parametric,
    plot_regression,
    plot_sensitivity,
    plot_states,
    plot_survival,
    plot_trend,
)
from iop_outcomes.records import (
    Mapping,
    MappingSuggestion,
    Records,
    describe_tables,
    read_mapping,
    read_records,
    suggest_mapping,
)
from iop_outcomes.relapse import (
    Definition,
    ImputedPatterns,
    RelapseRule,
    definitions,
    event_weeks,
    impute_weeks,
    missing_outcomes,
    outcomes,
    recurrent_relapses,
    state_histories,
    time_to_relapse,
)
from iop_outcomes.report import Report, quarterly_report
from iop_outcomes.samples import Sample, synthetic_records, write_sample
from iop_outcomes.sensitivity import ImputedRelapse, Sensitivity, relapse_by_imputation, sensitivity
from iop_outcomes.statistics import pool
from iop_outcomes.survival import (
    Cluster,
    CumulativeIncidence,
    Hazard,
    IntervalSurvival,
    MeanCumulativeFunction,
    ParametricSurvival,
    StateOccupation,
    SurvivalCurves,
    cumulative_incidence,
    hazard,
    interval_survival,
    mean_cumulative_function,
    parametric_survival,
    survival_curves,
)
from iop_outcomes.trends import Trend, describe_quantities, trend
from iop_outcomes.use import use_patterns
from iop_outcomes.versions import __version__, show_versions

__all__ = [
    "AttendanceByWeek",
    "Cluster",
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
    "MappingSuggestion",
    "MeanCumulativeFunction",
    "OutcomesError",
    "ParametricSurvival",
    "ProtectedCurves",
    "Records",
    "RecurrenceComparison",
    "Regression",
    "RelapseRule",
    "Report",
    "SafePolicy",
    "Sample",
    "Sensitivity",
    "StateOccupation",
    "SurvivalCurves",
    "Trend",
    "__version__",
    "alternative_text",
    "attendance_by_week",
    "cause_specific_cox",
    "compare_incidence",
    "compare_interval_survival",
    "compare_recurrence",
    "compare_survival",
    "cox",
    "cumulative_incidence",
    "definitions",
    "describe_quantities",
    "describe_tables",
    "engagement",
    "event_weeks",
    "fine_gray",
    "hazard",
    "impute_weeks",
    "interval_survival",
    "mean_cumulative_function",
    "missing_outcomes",
    "outcomes",
    "parametric_survival",
    "plot_attendance",
    "plot_hazard",
    "plot_incidence",
    "plot_interval",
    "plot_mean_cumulative",
    "plot_parametric",
    "plot_regression",
    "plot_sensitivity",
    "plot_states",
    "plot_survival",
    "plot_trend",
    "pool",
    "protect",
    "quarterly_report",
    "read_mapping",
    "read_records",
    "recurrent_cox",
    "recurrent_relapses",
    "relapse_by_imputation",
    "sensitivity",
    "show_versions",
    "state_histories",
    "state_occupation",
    "suggest_mapping",
    "survival_curves",
    "synthetic_records",
    "time_to_relapse",
    "trend",
    "use_patterns",
    "write_sample",
]
