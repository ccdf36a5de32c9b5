"""The steps of a cohort: who reached each, who did not, and who is not yet followed that long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.pathways import CohortFlow
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, label_room, panels
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack
from iop_outcomes.plots.layout.stacked_bars import (
    ABOVE,
    Bar,
    Part,
    draw_bars,
    legend_height,
    write_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, WIDTH, RIGHT, AXIS, TITLE_SIZE = 24.0, 640.0, 118.0, 34.0, 10.0
LEAST_LEFT, WIDEST_LEFT, LEAST_ROW, MOST_ROWS = 90.0, 200.0, 12.0, 80
PARTS = (
    Part("reached", "reached it", "#0072b2", "", "#ffffff"),
    Part("not_reached", "did not", "#f2c45a", "//", "#8a5a00"),
    Part("not_followed", "not yet followed that long", "#ececec", "", "#6b6b6b"),
    Part("not_known", "not known", "#6b6b6b", "xx", "#ffffff"),
)
KNOWN = (
    "Whole bar: those followed to the step's day of whom it is known, since other counts are too "
    "small to show."
)
NOTE = (
    "Whole bar: all episodes admitted. At the right: those who reached the step, of those followed "
    "to its day of whom it is known."
)


def plot_flow(flow: CohortFlow, ax: Axes | Figure | None = None) -> Axes:
    """Draw the steps of a cohort from admission to the first and fourth session and later days.

    Each bar is all episodes admitted, divided into those who reached the step, those who did not,
    those not yet followed that long and those of whom it is not known. Each group has its panel.

    Parameters
    ----------
    flow : CohortFlow
        What `iop_outcomes.cohort_flow` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several groups share its room. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several groups its ``child_axes`` are the panels.

    Raises
    ------
    RuleError
        If there would be more than 80 bars.
    """
    check_result(flow, "plot_flow", CohortFlow)
    if len(flow.table) > MOST_ROWS:
        raise RuleError(
            f"One picture holds at most {MOST_ROWS} bars.",
            found=f"{len(flow.table)}",
            instead="fewer groups, or fewer days: cohort_flow(records, days=(30, 90))",
        )
    parts = panels(flow.table, flow.by)
    whole = _shows_all(flow.table)
    target = figure_or(ax)
    with style.drawing():
        labels = [drawn_name(title) for title in flow.titles.values()]
        sheet = open_sheet(target, WIDTH, _planner(flow, labels, len(parts)), flow)
        short = dict(zip(flow.titles, fitted(labels, sheet.plan.left - 14, 8.5), strict=True))
        places = stack(sheet, len(parts), ABOVE + AXIS)
        room = label_room(sheet.width, flow) + HANDLE_ROOM
        names = fitted([name for name, _ in parts], room, TITLE_SIZE, True)
        for place, name, (_, rows) in zip(places, names, parts, strict=True):
            bars = [_bar(row, short[str(row["step"])], whole) for _, row in rows.iterrows()]
            draw_bars(place, bars, PARTS, len(rows), sheet)
            place.set_title(name, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=4)
        write_legend(places[0], sheet, PARTS[: 4 if whole else 2])
        finish(sheet, flow, f"Stacked bars, one a step. {flow.text}")
    return sheet.ax


def _planner(flow: CohortFlow, labels: list[str], count: int) -> Planner:
    widest = 18 + max(fonts.width_of(label, style.CELL_SIZE) for label in labels)
    gaps = (count - 1) * (ABOVE + AXIS)
    rows = len(labels) * count

    def plan(width: float, whole: bool) -> Plan:
        left = max(min(widest, WIDEST_LEFT, width - 300), LEAST_LEFT)
        return Plan(
            *(left, RIGHT if whole else 14.0, ABOVE + legend_height(PARTS, width), AXIS, 0.0),
            height=rows * ROW + gaps,
            notes=f"{flow.rule}\n{NOTE if _shows_all(flow.table) else KNOWN}{_unknown(flow)}",
            least=(120.0, rows * LEAST_ROW + gaps),
            wish=min(widest, WIDEST_LEFT) + 300,
        )

    return plan


def _unknown(flow: CohortFlow) -> str:
    reasons = dict.fromkeys(
        f"{flow.titles[str(step)]}: {why}"
        for step, why in zip(flow.table["step"], flow.table["why"], strict=True)
        if why
    )
    return f"\nNot known: {'; '.join(reasons)}." if reasons else ""


def _shows_all(table: pd.DataFrame) -> bool:
    """Return whether all counts of the steps of which something is known are shown."""
    known = table.loc[table["why"] == "", ["episodes", *(part.name for part in PARTS)]]
    return bool(known.notna().to_numpy().all())


def _bar(row: pd.Series[float], label: str, whole: bool) -> Bar:
    """Return the bar of a step: of all admitted, or of those known if others are hidden."""
    if row["why"]:
        return Bar(label, None, instead="not known")
    if pd.isna(row["reached"]):
        return Bar(label, None, instead="not shown: small counts")
    if str(row["step"]) == "admitted":
        admitted = float(row["reached"])
        return Bar(label, (admitted, 0.0, 0.0, 0.0), admitted, f"{admitted:,.0f}")
    counts = tuple(float(row[part.name]) for part in PARTS)
    if not whole:
        counts = (*counts[:2], 0.0, 0.0)
    of = row["reached"] + row["not_reached"]
    beside = f"{row['reached']:,.0f} of {of:,.0f}"
    if pd.notna(row["share"]):
        beside += f" ({row['share']:.0%})"
    return Bar(label, counts, float(row["episodes"] if whole else of) or 1.0, beside)
