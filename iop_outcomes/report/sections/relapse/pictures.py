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

AS_FIRST = "Read it as the first picture of this section."
BETWEEN = "A relapse is known to lie between two check-ins only, and is estimated so."
UNNAMED, NAMED = "without the event", "without relapse"
MEDIAN_LINE = "Dotted: where a curve comes down to one half (the median), read along its line."
INTERVAL_TITLE = "Relapse between two check-ins (interval-censored)"
MISSING_TITLE = "Time to relapse, by what a missing check-in counts as"


def relapse_drawings(scope: Scope, results: RelapseResults | None) -> tuple[Drawing, ...]:
    """Return the pictures of protected curves, in their order; none where there are no curves."""
    if results is None:
        return ()
    synthetic = scope.records.synthetic
    method = how_estimated(scope, results)
    drawings = [_curve(scope, results.overall, "Time to relapse", "relapse", method, is_first=True)]
    if results.first.open is not None:
        table = first_table(results.first)
        shown = plot_incidence, results.first.open, table.caption, table
        drawings.append(drawing_of(*shown, synthetic=synthetic))
    if isinstance(results.interval, IntervalSurvival):
        table = interval_table("relapse_interval", INTERVAL_TITLE, results.interval)
        estimate = plot_interval, results.interval, table.caption, table
        drawings.append(drawing_of(*estimate, synthetic=synthetic))
    elif results.interval is not None:
        drawings.append(
            _curve(scope, results.interval, INTERVAL_TITLE, "relapse_interval", BETWEEN)
        )
    if scope.tells("relapse_missing_rules"):
        named = "Each curve takes missing check-ins as its name says."
        # The lines between the marked days are no estimates, and two of these curves suppositions.
        given = results.by_missing, MISSING_TITLE, "relapse_by_missing", named
        drawings.append(_curve(scope, *given, median=scope.policy.threshold == 1))
    if results.by_program is not None:
        title, left = "Time to relapse, by program", without_a_curve(scope, results)
        drawings.append(_curve(scope, results.by_program, title, "relapse_by_program", left))
    return tuple(drawing for drawing in drawings if drawing is not None)


def _curve(
    scope: Scope,
    curves: ProtectedCurves,
    title: str,
    name: str,
    own: str = "",
    *,
    median: bool = True,
    is_first: bool = False,
) -> Drawing | None:
    """Return a picture of curves; what all of the section have in common is said of the first."""
    if curves.table.empty:
        return None
    dotted = MEDIAN_LINE if median and curves.median()["median"].notna().any() else ""
    rule = " ".join(filter(None, [own, dotted, "" if is_first else AS_FIRST]))
    drawn = replace(curves, rule=rule, text=curves.text.replace(UNNAMED, NAMED))
    table = curve_table(name, title, curves, own, is_first=is_first)
    plot = plot_survival if median else partial(plot_survival, median=False)
    return drawing_of(plot, drawn, title, table, synthetic=scope.records.synthetic)
