"""Survival curves as clinical readers expect them, with the table of who is at risk below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import day_axis, fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, fitted, label_room, legend_labels, panels
from iop_outcomes.plots.layout.risk_table import (
    LEFT,
    LEFT_ALONE,
    TABLE_TOP,
    add_risk_table,
    table_height,
)
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet
from iop_outcomes.plots.survival_notes import (
    MOST_BANDS,
    Counting,
    blocks_of,
    columns_of,
    has_table,
    notes_of,
    risk,
    small_print,
)
from iop_outcomes.shared.text import format_count, format_level
from iop_outcomes.survival import SurvivalCurves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curves = SurvivalCurves | ProtectedCurves
RIGHT, WIDTH, HEIGHT = 18.0, 560.0, 230.0
MANY_POINTS = 40  # more would cover the line
BAND_LINE = (0, (1, 1.6))


def plot_survival(
    curves: Curves,
    ax: Axes | Figure | None = None,
    *,
    ticks: Sequence[int] | None = None,
    censor_marks: bool = False,
    median: bool = True,
    band: bool = False,
    counting: Counting = "after",
) -> Axes:
    """Draw survival curves with their limits and, below, who is at risk, censored and has relapsed.

    Parameters
    ----------
    curves : SurvivalCurves or ProtectedCurves
        What `iop_outcomes.survival_curves` or `iop_outcomes.protect` returned. Protected curves are
        drawn as points joined by thin straight lines: only the marked days are estimates.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room below for the table. A figure is given the size it needs.
        Default: a new one.
    ticks : sequence of int, optional
        The days of the x axis and of the table.
    censor_marks : bool, default False
        Mark the days on which someone's follow-up ended. Never drawn on protected curves.
    median : bool, default True
        Show where each curve crosses one half.
    band : bool, default False
        Draw the outline of the simultaneous band of Hall and Wellner, ``curves.band()``, which
        holds for the whole curve at once, around the shaded limits of each day.
    counting : {"after", "just_before"}
        How the table counts who is at risk; see ``SurvivalCurves.risk_table``. The footnote says
        which it is.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.

    Raises
    ------
    EstimateError
        If a band is asked for that cannot be; see ``SurvivalCurves.band``.
    RuleError
        If a band, or a table of those at risk just before each day, is asked for of protected
        curves; if there are more groups than a picture can distinguish.

    Notes
    -----
    The limits of each day are shaded for up to three curves. The bands of more would cover one
    another, and are left to the table of the curves; the small print says so.

    The extended table and the band are what the readers of Morris et al. asked for (BMJ Open 2019;
    9:e030215). Its numbers are those of ``curves.risk_table(ticks)``: everything through the day,
    so that they add up to the group. Under weighted curves they are sums of weights, to one
    decimal unless all are whole, and a further row says how many rows are at risk.
    """
    check_result(curves, "plot_survival", SurvivalCurves, ProtectedCurves)
    groups = _groups(curves)
    style.look(0, len(groups))  # refuses more than can be distinguished
    protected = isinstance(curves, ProtectedCurves) and curves.policy.threshold > 1
    counted = risk(curves, _days(curves, ticks, WIDTH), counting)
    bands = _bands(curves) if band else None
    notes = small_print(curves, band, counting)
    target = figure_or(ax)
    planner = _planner(curves, counted, (len(groups) + band, style.is_narrow(target)), notes)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, planner, curves)
        ax, days = sheet.ax, _days(curves, ticks, sheet.width)
        if sheet.narrow:
            labels = _on_lines(_labels(curves, groups, np.inf), sheet.outer_width)
        else:
            labels = _labels(curves, groups, label_room(sheet.width, curves))
        for position, (_, table) in enumerate(groups):
            look = style.look(position, len(groups))
            _draw_curve(ax, table, look, (labels[position], protected))
            if len(groups) <= MOST_BANDS:
                _draw_limits(ax, table, look, points=protected)
            if bands is not None:
                _draw_band(ax, bands[position][1], look)
            if censor_marks and not protected:
                _draw_censorings(ax, table, look)
        if median:
            _draw_medians(ax, curves)
        _dress(ax, curves, days, band)
        if sheet.narrow:  # beside the axes there is room too
            style.legend(ax, bbox_to_anchor=((8 - sheet.plan.left) / sheet.width, 1.02))
        if sheet.whole and has_table(curves):
            add_risk_table(ax, sheet, blocks_of(curves, risk(curves, days, counting)), days)
        finish(sheet, curves, f"{curves.text} {notes}")
    return ax


def _groups(curves: Curves) -> list[tuple[str, pd.DataFrame]]:
    """Return each group's name and its rows, starting at day 0 with everyone."""
    groups = panels(curves.table, curves.by)
    if isinstance(curves, ProtectedCurves) and curves.measure == "incidence":
        groups = [(name.replace("_", " "), rows) for name, rows in groups]  # words of an export
    return [(name, _from_start(rows)) for name, rows in groups]


def _bands(curves: Curves) -> list[tuple[str, pd.DataFrame]]:
    if isinstance(curves, ProtectedCurves):
        raise RuleError(
            "A simultaneous band cannot be calculated from protected curves.",
            instead="plot_survival(curves, band=True) before they are protected, for yourself.",
        )
    return panels(curves.band(), curves.by)


def _from_start(table: pd.DataFrame) -> pd.DataFrame:
    if table["day"].iloc[0] == 0:
        return table
    start = table.iloc[[0]].assign(day=0, events=0, censored=0, survival=1.0, lower=1.0, upper=1.0)
    return pd.concat([start, table], ignore_index=True)


def _days(curves: Curves, ticks: Sequence[int] | None, width: float) -> list[int]:
    """Return the days to write along the x axis: those asked for, or round ones."""
    if ticks is not None:
        return list(ticks)
    last = int(curves.table["day"].max())
    if isinstance(curves, ProtectedCurves) and curves.policy.threshold > 1:
        shared = sorted({int(day) for day in curves.table["day"] if day > 0})
        return _apart([0, *shared], day_axis.TICK_ROOM * last / width)
    return [int(day) for day in day_axis.day_ticks(last, width)]


def _apart(days: list[int], least: float) -> list[int]:
    """Return those of the days that are far enough from each other, the last one among them."""
    kept = days[-1:]
    for day in days[-2::-1]:
        if kept[0] - day >= least:
            kept.insert(0, day)
    return kept


def _planner(
    curves: Curves, counted: pd.DataFrame, legend: tuple[int, bool], print_below: str
) -> Planner:
    entries, narrow = legend
    notes = notes_of(curves, print_below, bool(counted["at_risk"].isna().any()))
    names = [name for name, _ in panels(counted, curves.by)]
    height = table_height(names, len(columns_of(counted))) if has_table(curves) else 0.0

    def plan(width: float, whole: bool) -> Plan:
        left = LEFT if whole else LEFT_ALONE
        top = 12 + entries * 15.0
        if narrow:
            lines = "\n".join(_on_lines(_labels(curves, _groups(curves), np.inf), width))
            top = 22 + (lines.count("\n") + 1) * 13.0
        return Plan(left, RIGHT, top, TABLE_TOP, height if whole else 0.0, HEIGHT, notes)

    return plan


def _on_lines(labels: list[str], width: float) -> list[str]:
    """Break the words of a legend into lines that a picture of this width has room for."""
    room, size = width - HANDLE_ROOM - 24, float(style.SETTINGS["legend.fontsize"])
    return ["\n".join(fonts.wrapped(label, room, size)) for label in labels]


def _draw_curve(ax: Axes, table: pd.DataFrame, look: style.Look, named: tuple[str, bool]) -> None:
    label, points = named
    measure = "survival" if "survival" in table else "incidence"
    day, survival = table["day"].to_numpy(), table[measure].to_numpy()
    ax.plot(
        day,
        survival,
        drawstyle="default" if points else "steps-post",
        color=look.colour,
        linestyle=look.line,
        linewidth=0.9 if points else 1.8,
        marker=look.marker if points else "",
        markersize=5 if points else 4,
        markevery=None if len(day) <= MANY_POINTS else 0.03,  # of the picture's diagonal
        label=label,
        zorder=3,
    )


def _draw_limits(ax: Axes, table: pd.DataFrame, look: style.Look, *, points: bool) -> None:
    """Shade the limits of a curve, or what it lies between, within thin lines."""
    day = table["day"].to_numpy()
    low, high = ("lowest", "highest") if "lowest" in table else ("lower", "upper")
    limits = table[low].to_numpy(), table[high].to_numpy()
    ax.fill_between(
        day,
        *limits,
        step=None if points else "post",
        color=look.colour,
        alpha=0.13,
        linewidth=0,
    )
    for limit in limits:
        ax.plot(
            day,
            limit,
            drawstyle="default" if points else "steps-post",
            color=look.colour,
            linewidth=0.5,
            alpha=0.55,
            label="_limit",
        )


def _draw_band(ax: Axes, band: pd.DataFrame, look: style.Look) -> None:
    for limit in ("lower", "upper"):
        ax.plot(
            band["day"].to_numpy(),
            band[limit].to_numpy(),
            drawstyle="steps-post",
            color=look.colour,
            linestyle=BAND_LINE,
            linewidth=0.9,
            label="_band",
        )


def _draw_censorings(ax: Axes, table: pd.DataFrame, look: style.Look) -> None:
    marked = table[table["censored"] > 0]
    ax.plot(
        marked["day"],
        marked["survival"],
        linestyle="",
        marker="|",
        markersize=6,
        color=look.colour,
        label="_censored",
        zorder=3,
    )


def _draw_medians(ax: Axes, curves: Curves) -> None:
    medians = curves.median()["median"].to_numpy(dtype=np.float64)
    reached = medians[np.isfinite(medians)]
    if len(reached) == 0:
        return
    ax.hlines(0.5, 0, reached.max(), color=style.QUIET, linewidth=0.7, linestyle=(0, (2, 2)))
    ax.vlines(reached, 0, 0.5, color=style.QUIET, linewidth=0.7, linestyle=(0, (2, 2)))


def _labels(curves: Curves, groups: list[tuple[str, pd.DataFrame]], room: float) -> list[str]:
    """Return what the legend says of each group."""
    names = [name for name, _ in groups]
    if _of_the_same(curves):
        return fitted(names, room, float(style.SETTINGS["legend.fontsize"]))
    if isinstance(curves, ProtectedCurves):
        of = "of " if curves.measure == "incidence" else ""  # so many were followed, not ended so
        counts = [f"{of}n = {int(n):,}" for n in curves.sizes["n"]]
    else:  # at risk on day 0 are not all, under late entry
        sizes = curves.sizes
        counts = [
            f"n = {int(n):,}, {format_count(events, 'event')}"
            for n, events in zip(sizes["n"], sizes["events"], strict=True)
        ]
    return legend_labels(names, counts, room)


def _of_the_same(curves: Curves) -> bool:
    """Whether several curves are ends of the same people, of whom the y axis says how many."""
    if not isinstance(curves, ProtectedCurves) or curves.measure != "incidence":
        return False
    return len(curves.sizes) > 1 and len(set(curves.sizes["n"])) == 1


def _dress(ax: Axes, curves: Curves, days: list[int], band: bool) -> None:
    if band:
        label = f"{format_level(curves.confidence)} band for the whole curve"
        ax.plot([], [], color=style.QUIET, linestyle=BAND_LINE, linewidth=0.9, label=label)
    last = float(curves.table["day"].max())
    day_axis.write_shares(ax)
    day_axis.write_days(ax, days, max(last, days[-1]))
    day_axis.name_days(ax, curves.provenance.origin)
    style.y_label(ax, _without(curves))
    style.legend(ax)


def _without(curves: Curves) -> str:
    if isinstance(curves, ProtectedCurves) and curves.measure == "incidence":
        of = f", of n = {int(curves.sizes['n'].iloc[0]):,}" if _of_the_same(curves) else ""
        return f"ended so far{of}"
    own = None if isinstance(curves, ProtectedCurves) else curves.event
    if own is not None:
        return f"without {own}"
    return f"without {curves.provenance.event} so far"
