"""The pictures of the section on relapse: protected curves in, pictures and their tables out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.plots import plot_incidence, plot_interval, plot_survival
from iop_outcomes.report.model import Drawing, drawing_of
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.relapse.first import first_table
from iop_outcomes.report.sections.relapse.results import RelapseResults
from iop_outcomes.report.sections.relapse.tables import (
    curve_table,
    how_estimated,
    interval_table,
    without_a_curve,
)
from iop_outcomes.survival import IntervalSurvival

AS_FIRST = (
    "Only its marked days and the lines between them are read as those of the first picture of "
    "this section."
)
BETWEEN = (
    "A relapse is known to lie between two check-ins only. Shaded: from the lowest to the highest "
    "share that this leaves, which is said in steps of 5 points or more; the line is the middle."
)
NAMED_RULES = (
    "Each curve takes missing check-ins as its name says, so that events of some may rest on "
    "missed ones."
)
UNNAMED, NAMED = "without the event", "without relapse"
MEDIAN_LINE = "Dotted: where a curve comes down to one half (the median), read along its line."
INTERVAL_TITLE = "Relapse between two check-ins (interval-censored)"
MISSING_TITLE = "Time to relapse, by what a missing check-in counts as"


def relapse_drawings(scope: Scope, results: RelapseResults | None) -> tuple[Drawing, ...]:
    """Return the pictures of protected curves, in their order; none where there are no curves."""
    if results is None:
        return ()
    synthetic = scope.records.synthetic
    first = _first(scope, results)
    if first is None:
        return ()
    method = how_estimated(scope, results, first)
    drawings = [_curve(scope, results.overall, "Time to relapse", "relapse", method)]
    if results.first.open is not None:
        table = first_table(results.first)
        shown = plot_incidence, results.first.open, table.caption, table
        drawings.append(drawing_of(*shown, synthetic=synthetic))
    if isinstance(results.interval, IntervalSurvival):
        table = interval_table("relapse_interval", INTERVAL_TITLE, results.interval)
        estimate = plot_interval, results.interval, table.caption, table
        drawings.append(drawing_of(*estimate, synthetic=synthetic))
    elif results.interval is not None:
        between = results.interval, INTERVAL_TITLE, "relapse_interval", BETWEEN
        drawings.append(_curve(scope, *between, first, median=False))
    if scope.tells("relapse_missing_rules"):
        is_first = first is results.by_missing
        named = f"{NAMED_RULES} {method}" if is_first else NAMED_RULES
        # The lines between the marked days are no estimates, and two of these curves suppositions.
        given = results.by_missing, MISSING_TITLE, "relapse_by_missing", named
        others = None if is_first else first
        drawings.append(_curve(scope, *given, others, median=scope.policy.threshold == 1))
    if results.by_program is not None:
        title, left = "Time to relapse, by program", without_a_curve(scope, results)
        is_first = first is results.by_program
        own = " ".join(filter(None, [left, method if is_first else ""]))
        given = results.by_program, title, "relapse_by_program", own
        drawings.append(_curve(scope, *given, None if is_first else first))
    return tuple(drawing for drawing in drawings if drawing is not None)


def _first(scope: Scope, results: RelapseResults) -> ProtectedCurves | None:
    """Return the curves of the first picture of the section; None where it has none."""
    by_missing = results.by_missing if scope.tells("relapse_missing_rules") else None
    curves = results.overall, by_missing, results.by_program
    return next((one for one in curves if one is not None and not one.table.empty), None)


def _curve(
    scope: Scope,
    curves: ProtectedCurves,
    title: str,
    name: str,
    own: str = "",
    first: ProtectedCurves | None = None,
    *,
    median: bool = True,
) -> Drawing | None:
    """Return a picture of curves; how days and lines are read is said of the first one only.

    What relapse is stands once in the section: no alternative text says it again.

    `first` are the curves of that one, None where this is it.
    """
    if curves.table.empty:
        return None
    dotted = MEDIAN_LINE if median and curves.median()["median"].notna().any() else ""
    rule = " ".join(filter(None, [own, dotted, "" if first is None else AS_FIRST]))
    text = curves.text.replace(UNNAMED, NAMED).partition(f" {scope.rule.definition_text}")[0]
    drawn = replace(curves, rule=rule, text=text)
    table = curve_table(name, title, curves, own, first)
    plot = plot_survival if median else partial(plot_survival, median=False)
    return drawing_of(plot, drawn, title, table, synthetic=scope.records.synthetic)
