"""Disclosure control of a result before it is drawn, printed or saved."""

from __future__ import annotations

from typing import TypeVar, overload

import pandas as pd

from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.attendance.continuity import Continuity, ContinuityMeasure
from iop_outcomes.compare import Difference
from iop_outcomes.disclosure.continuity import protect_continuity, protect_rule
from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.estimates import (
    protect_difference,
    protect_dose,
    protect_transitions,
)
from iop_outcomes.disclosure.fixed_days import (
    protect_curves,
    protect_incidence,
    protect_interval,
)
from iop_outcomes.disclosure.pathways import protect_calendar, protect_flow
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.results import protect_interrupted, protect_trend, protect_weeks
from iop_outcomes.disclosure.scores import protect_functioning, protect_symptoms
from iop_outcomes.disclosure.sites import protect_funnel, protect_matrix, protect_watch
from iop_outcomes.disclosure.words import without_labels
from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores import Functioning, SymptomChange
from iop_outcomes.outreach.people import refuse_people
from iop_outcomes.pathways import AttendanceCalendar, CohortFlow, DoseAndOutcome, Transitions
from iop_outcomes.survival import CumulativeIncidence, IntervalSurvival, SurvivalCurves
from iop_outcomes.trends import Funnel, InterruptedSeries, SummaryMatrix, Trend, Watch

OTHERWISE = (
    "survival curves, cumulative incidences, interval-censored curves, a trend, attendance by "
    "week, symptom_change, functioning, a funnel, a summary matrix, interrupted_series, "
    "continuity and its rules, cohort_flow, attendance_by_weekday, a difference, "
    "dose_and_outcome, transitions; hide_small_counts for a frame"
)
CURVES = "protect(survival_curves(times)), on fixed days"
DIFFERENCES = "protect(survival_difference(times, by, day)), of groups that are large enough"
MODEL = (
    "a sentence of your own with the hazard ratio and its limits, if each group and its events are "
    "11 or more; " + DIFFERENCES
)
INSTEAD = {
    **dict.fromkeys(("Hazard", "ParametricSurvival", "PredictedSurvival"), CURVES),
    "MeanCumulativeFunction": "protect(survival_curves(times)) of the first event, on fixed days",
    "StateOccupation": "protect(cumulative_incidence(times)), on fixed days",
    **dict.fromkeys(("AdjustedCurves", "StrategyComparison", "TippingPoint"), DIFFERENCES),
    **dict.fromkeys(("RecurrenceComparison",), DIFFERENCES),
    **dict.fromkeys(
        (
            *("Comparison", "PairwiseComparison", "MaxCombo", "IncidenceComparison", "GroupTest"),
            *("IntervalComparison", "CohortComparison", "ResampledContrast", "CurveContrast"),
        ),
        DIFFERENCES,
    ),
    **dict.fromkeys(
        (
            *("Regression", "ProportionalHazards", "PooledRegression", "IntervalRegression"),
            *("PseudoRegression", "Concordance", "WaldTest", "EValue"),
        ),
        MODEL,
    ),
    **dict.fromkeys(
        ("Balance", "PropensityWeights", "RemainingWeights", "ImputedPatterns"),
        "this is for checking a method, for yourself; " + DIFFERENCES,
    ),
    "Sensitivity": "protect(survival_curves(times)) under each definition",
    "ImputedRelapse": "protect(survival_curves(times)) under two rules for missing check-ins",
    **dict.fromkeys(
        ("PeopleNeeded", "DetectableDifference"),
        "nothing: it holds no person; counts that were put in are shown as they are",
    ),
    "MappingSuggestion": "nothing: it holds counts of an export, and is for yourself",
}
"""What to publish in place of a result that has no protection, by the name of its kind."""

Kind = TypeVar(
    "Kind",
    Trend,
    AttendanceByWeek,
    SymptomChange,
    Functioning,
    Funnel,
    SummaryMatrix,
    Watch,
    InterruptedSeries,
    Continuity,
    CohortFlow,
    AttendanceCalendar,
    Difference,
    DoseAndOutcome,
)


@overload
def protect(
    result: SurvivalCurves | CumulativeIncidence | IntervalSurvival | ProtectedCurves,
    policy: SafePolicy | None = None,
) -> ProtectedCurves: ...
@overload
def protect(
    result: ContinuityMeasure | Transitions, policy: SafePolicy | None = None
) -> pd.DataFrame: ...
@overload
def protect(result: Kind, policy: SafePolicy | None = None) -> Kind: ...
def protect(result: object, policy: SafePolicy | None = None) -> object:
    """Return a result for release, without small counts and numbers that would disclose them.

    Parameters
    ----------
    result : Result
        SurvivalCurves, CumulativeIncidence, IntervalSurvival, Trend, AttendanceByWeek,
        SymptomChange, Functioning, Funnel, SummaryMatrix, Watch, InterruptedSeries, Continuity,
        ContinuityMeasure, CohortFlow, AttendanceCalendar, Difference, DoseAndOutcome or
        Transitions; it is not changed.
    policy : SafePolicy, optional
        Default: ``SafePolicy()``, which hides counts from 1 to 10. `SafePolicy.rounded` is for
        a trend only.

    Returns
    -------
    ProtectedCurves, or a result of the same kind; of some kinds a pandas.DataFrame
        Curves: see `ProtectedCurves`. A trend and a table by week: the same, with the counts, value
        and limits of a row missing where one of its counts, or a complement, is small; the column
        ``hidden`` marks these rows. Protect a result before it is drawn: numbers can be recovered
        from the file of a picture. Changes of scores and functioning: rows whose counts are small,
        or differ by a small count from another shown count of the group, have no numbers, and
        ``hidden`` marks them; the curve of the first gain is left out. A funnel, a page of measures
        and a list of signals: the same, with limits, verdicts and pooled values made again from
        what is shown, and without the case-mix model. An interrupted series: made again from the
        periods that are shown. All rules of continuity, and the summary of one: rows without small
        counts; what is of single episodes is left out. Steps of a cohort: without small counts and
        counts from which one could be calculated, and without the list of exclusions. Attendance by
        weekday: days of few people have no numbers. A difference: pairs of groups with enough
        people and events, rounded, without standard errors. Doses, and the table of entry paths:
        rows without small counts. Of a ContinuityMeasure and of Transitions a frame is returned.

    Raises
    ------
    RuleError
        If the result is none of these, or a list that names people, or one that is not rounded.

    Notes
    -----
    Each result is protected separately. Two results that overlap (a whole and its parts, this
    quarter and the last) can still be subtracted from one another.
    """
    refuse_people(result, "Disclosure control")
    shown = _protected(result, policy or SafePolicy())
    return without_labels(shown, synthetic=bool(getattr(result, "synthetic", False)))


def _protected(result: object, policy: SafePolicy) -> object:
    """Return the result for release, by its kind."""
    if policy.base > 1 and not isinstance(result, Trend):
        raise RuleError(
            "Only a trend, or a frame of counts, is released with rounded counts.",
            found=type(result).__name__,
            instead="SafePolicy(), which hides small counts; or protect(trend(...), policy)",
        )
    if isinstance(result, ProtectedCurves):
        return result
    if isinstance(result, SurvivalCurves):
        return protect_curves(result, policy)
    if isinstance(result, CumulativeIncidence):
        return protect_incidence(result, policy)
    if isinstance(result, IntervalSurvival):
        return protect_interval(result, policy)
    if isinstance(result, Trend):
        return protect_trend(result, policy)
    if isinstance(result, AttendanceByWeek):
        return protect_weeks(result, policy)
    if isinstance(result, SymptomChange):
        return protect_symptoms(result, policy)
    if isinstance(result, Functioning):
        return protect_functioning(result, policy)
    if isinstance(result, Funnel):
        return protect_funnel(result, policy)
    if isinstance(result, SummaryMatrix):
        return protect_matrix(result, policy)
    if isinstance(result, Watch):
        return protect_watch(result, policy)
    if isinstance(result, InterruptedSeries):
        return protect_interrupted(result, policy)
    if isinstance(result, Continuity):
        return protect_continuity(result, policy)
    if isinstance(result, ContinuityMeasure):
        return protect_rule(result, policy)
    if isinstance(result, CohortFlow):
        return protect_flow(result, policy)
    if isinstance(result, AttendanceCalendar):
        return protect_calendar(result, policy)
    if isinstance(result, Difference):
        return protect_difference(result, policy)
    if isinstance(result, DoseAndOutcome):
        return protect_dose(result, policy)
    if isinstance(result, Transitions):
        return protect_transitions(result, policy)
    if getattr(result, "shows_persons", False):
        raise RuleError(
            "This result shows individual people, and is never published.",
            found=type(result).__name__,
            instead=getattr(
                result, "published_instead", "a result of groups, such as attendance_by_week"
            ),
        )
    raise RuleError(
        "This kind of result cannot be protected.",
        found=type(result).__name__,
        instead=INSTEAD.get(type(result).__name__, OTHERWISE),
    )
