"""Disclosure control of a result before it is drawn, printed or saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, overload

import numpy as np
import pandas as pd

from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.attendance.continuity import Continuity, ContinuityMeasure
from iop_outcomes.disclosure.continuity import protect_continuity, protect_rule
from iop_outcomes.disclosure.curve_days import ANCHORS, published_family, published_steps
from iop_outcomes.disclosure.curve_parts import NestedCurve, Parts, PublishedCounts
from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.pathways import protect_calendar, protect_flow
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.results import protect_interrupted, protect_trend, protect_weeks
from iop_outcomes.disclosure.scores import protect_functioning, protect_symptoms
from iop_outcomes.disclosure.sites import protect_funnel, protect_matrix, protect_watch
from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores import Functioning, SymptomChange
from iop_outcomes.outreach.people import refuse_people
from iop_outcomes.pathways import AttendanceCalendar, CohortFlow
from iop_outcomes.shared.groups import LeftOut
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival import SurvivalCurves
from iop_outcomes.trends import Funnel, InterruptedSeries, SummaryMatrix, Trend, Watch

Nested = tuple[str, str, str]


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
)


@overload
def protect(
    result: SurvivalCurves | ProtectedCurves, policy: SafePolicy | None = None
) -> ProtectedCurves: ...
@overload
def protect(result: ContinuityMeasure, policy: SafePolicy | None = None) -> pd.DataFrame: ...
@overload
def protect(result: Kind, policy: SafePolicy | None = None) -> Kind: ...
def protect(result: object, policy: SafePolicy | None = None) -> object:
    """Return a result for release, without small counts and numbers that would disclose them.

    Parameters
    ----------
    result : Result
        SurvivalCurves, Trend, AttendanceByWeek, SymptomChange, Functioning, Funnel, SummaryMatrix,
        Watch, InterruptedSeries, Continuity, ContinuityMeasure, CohortFlow or AttendanceCalendar;
        it is not changed.
    policy : SafePolicy, optional
        Default: ``SafePolicy()``, which hides counts from 1 to 10.

    Returns
    -------
    ProtectedCurves, or a result of the same kind; of a ContinuityMeasure a pandas.DataFrame
        Curves: see `ProtectedCurves`. A trend and a table by week: the same, with the counts, value
        and limits of a row missing where one of its counts, or a complement, is small; the column
        ``hidden`` marks these rows. Protect a result before it is drawn: numbers can be recovered
        from the file of a picture. Changes of scores and functioning: rows whose counts are small,
        or differ by a small count from another shown count of the group, have no numbers, and
        ``hidden`` marks them; the curve of the first gain is left out. A funnel, a page of measures
        and a list of signals: the same, with limits, verdicts and pooled values made anew from what
        is shown, and without the case-mix model. An interrupted series: made anew from the periods
        that are shown. All rules of continuity, and the summary of one: rows without small counts;
        what is of single episodes is left out. Steps of a cohort: without small counts and counts
        from which one could be calculated, and without the list of exclusions. Attendance by
        weekday: days of few people have no numbers.

    Raises
    ------
    RuleError
        If the result is none of these, or a list that names people.

    Notes
    -----
    Each result is protected separately. Two results that overlap (a whole and its parts, this
    quarter and the last) can still be subtracted from one another.
    """
    refuse_people(result, "Disclosure control")
    policy = policy or SafePolicy()
    if isinstance(result, ProtectedCurves):
        return result
    if isinstance(result, SurvivalCurves):
        return protect_curves(result, policy)
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
    if getattr(result, "shows_persons", False):
        raise RuleError(
            "This result shows single persons, and is never published.",
            found=type(result).__name__,
            instead=getattr(
                result, "published_instead", "a result of groups, such as attendance_by_week"
            ),
        )
    raise RuleError(
        "This kind of result cannot be protected.",
        found=type(result).__name__,
        instead="survival curves, a trend, attendance by week, symptom_change, functioning, a "
        "funnel, a summary matrix, interrupted_series, continuity and its rules, cohort_flow, "
        "attendance_by_weekday; "
        "hide_small_counts for a frame",
    )


def protect_curves(
    curves: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int] = ANCHORS,
    parts: ProtectedCurves | None = None,
    alike: dict[str, pd.DataFrame] | None = None,
    nested: Sequence[Nested] = (),
    synthetic: bool = False,
) -> ProtectedCurves:
    """Return curves for release; `protect` with all options.

    Parameters
    ----------
    curves : SurvivalCurves
        The curves of the whole data.
    policy : SafePolicy
        The disclosure rule.
    days : sequence of int
        Days to publish first, where the counts allow it.
    parts : ProtectedCurves, optional
        Published curves of the groups that make up this whole. The whole is then published only
        where its counts minus those of the groups are not small, on one day or between two days,
        and not at all if a few people are in the whole and in none of the groups.
    alike : dict of str to pandas.DataFrame, optional
        Group -> published rows of the same curve, if it is published elsewhere too. It then has
        exactly these days, so that both together disclose no more than one alone.
    nested : sequence of (str, str, str), optional
        ``events`` or ``censored``, a group, and a group of the same people under another rule,
        where each such event of the first is also one of the second by that day: their difference
        is a count, too.
    synthetic : bool
        Whether the records are synthetic.

    Raises
    ------
    RuleError
        If the curves have weights: their counts are not numbers of people.
    """
    _refuse_weights(curves)
    others = None if parts is None else _published_parts(parts)
    apart = 0 if parts is None else int(curves.sizes["n"].sum() - parts.sizes["n"].sum())
    published = dict(alike or {})
    groups = [(_label(key), steps) for key, steps in _by_group(_steps(curves), curves.by)]
    for name, steps in groups:
        if name not in published:
            nested_curves = [
                NestedCurve(PublishedCounts.of(rows), *_nested_kinds(nested, name, other))
                for other, rows in published.items()
                if len(rows)
            ]
            published[name] = published_steps(
                steps, policy, days, parts=others, nested_curves=nested_curves
            )
    tables = [published[name].iloc[: 0 if policy.hides(apart) else None] for name, _ in groups]
    return _published(curves, policy, tables, synthetic)


def protect_family(
    whole: SurvivalCurves,
    groups: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int] = ANCHORS,
    synthetic: bool = False,
) -> tuple[ProtectedCurves, ProtectedCurves]:
    """Return a curve of all people and the curves of its groups, for release together.

    Parameters
    ----------
    whole : SurvivalCurves
        The curve of all people, without groups.
    groups : SurvivalCurves
        The curves of the groups that make it up.
    policy : SafePolicy
        The disclosure rule.
    days : sequence of int
        Days to publish first, where the counts allow it; those of the whole come first.
    synthetic : bool
        Whether the records are synthetic.
    """
    _refuse_weights(whole)
    _refuse_weights(groups)
    steps = [rows for _, rows in _by_group(_steps(groups), groups.by)]
    table, tables = published_family(_steps(whole), steps, policy, days)
    return (
        _published(whole, policy, [table], synthetic),
        _published(groups, policy, tables, synthetic),
    )


def _refuse_weights(curves: SurvivalCurves) -> None:
    if curves.weights is not None:
        raise RuleError(
            "Curves with weights cannot be protected: their counts are not of people.",
            found=f"weights={as_written(curves.weights)}",
            instead="protect the curves without weights.",
        )


def _steps(curves: SurvivalCurves) -> pd.DataFrame:
    """Return the steps without standard errors, from which counts could be calculated."""
    return curves.table.drop(columns="se")


def _published(
    curves: SurvivalCurves, policy: SafePolicy, tables: list[pd.DataFrame], synthetic: bool
) -> ProtectedCurves:
    """Combine the published rows of the groups; a group with its first day only is left out."""
    names = list(curves.by)
    medians = curves.median()["median"].to_numpy(dtype=np.float64)
    kept, sizes = [], []
    whole = _steps(curves)
    for position, (_, steps) in enumerate(_by_group(whole, curves.by)):
        table = tables[position]
        if len(table) < 2:
            continue
        label = steps[names].iloc[[0]].reset_index(drop=True)
        named = table.assign(**{name: label[name].iloc[0] for name in names})
        kept.append(named[whole.columns])
        shown = medians[position] if (table["day"] == medians[position]).any() else np.nan
        sizes.append(
            label.assign(
                n=int(table["at_risk"].iloc[0]),
                events=int(table["events"].sum()),
                censored=int(table["censored"].sum()),
                through=table["day"].iloc[-1],
                median=shown,
            )
        )
    size_columns = [*names, "n", "events", "censored", "through", "median"]
    frame = pd.concat(sizes, ignore_index=True) if sizes else pd.DataFrame(columns=size_columns)
    shown_rows = pd.concat(kept, ignore_index=True) if kept else whole.iloc[:0]
    left_out = len(tables) - len(kept)
    ungrouped = LeftOut.of(curves.provenance)
    shown_count = ungrouped.hidden() if policy.hides(ungrouped.count or 0) else ungrouped
    rule = shown_count.instead_of(ungrouped, curves.rule)
    return ProtectedCurves(
        table=shown_rows,
        sizes=frame,
        left_out=left_out,
        by=curves.by,
        rule=f"{rule} {_grouping_rule(policy)}",
        text=_describe(shown_rows, frame, curves.by, left_out, curves.confidence) + f" {rule}",
        policy=policy,
        confidence=curves.confidence,
        synthetic=synthetic or curves.synthetic,
        provenance=replace(curves.provenance, ungrouped=0),
    )


def _published_parts(parts: ProtectedCurves) -> Parts:
    return Parts(
        [PublishedCounts.of(rows) for _, rows in _by_group(parts.table, parts.by) if len(rows)]
    )


def _nested_kinds(
    nested: Sequence[Nested], name: str, other: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the kinds of count of which the other group is part, and those that it contains."""
    return (
        tuple(kind for kind, inner, outer in nested if (inner, outer) == (other, name)),
        tuple(kind for kind, inner, outer in nested if (inner, outer) == (name, other)),
    )


def _label(key: object) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _by_group(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[object, pd.DataFrame]]:
    if not by:
        return [((), frame)]
    return list(frame.groupby(list(by), observed=True, sort=False))


def _grouping_rule(policy: SafePolicy) -> str:
    if policy.threshold == 1:
        return policy.text
    return (
        f"Published on days between which there are at least {policy.threshold} events, and either "
        f"no ends of follow-up or at least {policy.threshold}, while at least {policy.threshold} "
        "people are followed; the curve is not published between these days."
    )


def _describe(
    table: pd.DataFrame,
    sizes: pd.DataFrame,
    by: tuple[str, ...],
    left_out: int,
    confidence: float,
) -> str:
    """Describe each curve on its last published day."""
    sentences = []
    for position, (_, rows) in enumerate(_by_group(table, by) if len(table) else []):
        last, size = rows.iloc[-1], sizes.iloc[position]
        name = ", ".join(str(size[column]) for column in by)
        people = f"n {size['n']:,.0f}"
        start = f"{name} ({people})" if name else people
        sentences.append(
            f"{start}: an estimated {last['survival']:.0%} were without the event on day "
            f"{last['day']:.0f} ({format_level(confidence)} limits {last['lower']:.0%} to "
            f"{last['upper']:.0%})."
        )
    if left_out:
        groups = "One group has" if left_out == 1 else f"{left_out} groups have"
        sentences.append(f"{groups} too few people or events to be shown.")
    return " ".join(sentences)
