"""Survival curves from intervals: lines where the estimate is unique, boxes where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.plots.layout import day_axis, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import group_name, label_room, legend_labels
from iop_outcomes.plots.layout.risk_table import (
    LEFT,
    LEFT_ALONE,
    TABLE_TOP,
    Block,
    add_risk_table,
    rows_of,
    table_height,
)
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet
from iop_outcomes.shared.text import format_count, format_level
from iop_outcomes.survival.intervals.result import IntervalSurvival
from iop_outcomes.survival.labels import split_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

RIGHT, WIDTH, HEIGHT = 18.0, 560.0, 240.0
ROWS = (
    ("clear", "known clear"),
    ("between", "in between"),
    ("over", "not seen again"),
    ("events", "events"),
)
COUNTED = (
    "The table counts through each day: known without the event; last known so before it and with "
    "it at a later check-in; last known so before it and not seen again; with the event known. Its "
    "rows add up to all who have entered."
)
SMALL_PRINT = f"Boxes: the curve falls within the box; where is not identified. {COUNTED}"
DATED = " The dotted line dates each event at the check-in that showed it."


def plot_interval(curves: IntervalSurvival, ax: Axes | Figure | None = None) -> Axes:
    """Draw the estimate from intervals, with boxes where it is not unique.

    Parameters
    ----------
    curves : IntervalSurvival
        What `interval_survival` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. Default: a new figure of the size it needs.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. A line is drawn where
        the estimate is unique, a box from the highest to the lowest survival where it is not, a
        thin line the limits, if there are any, and with one group only a dotted line the curve that
        dates events at the check-in. The table below is ``curves.risk_table`` on the days of the
        ticks.
    """
    check_result(curves, "plot_interval", IntervalSurvival)
    groups = groups_of(curves)
    style.look(0, len(groups))  # refuses more than can be distinguished
    small = _small_print(curves)
    names = [name for name, _, _ in groups]
    planner = planner_of(names, len(groups) + (len(groups) == 1), f"{curves.rule}\n{small}")
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, planner, curves)
        labels = labels_of(curves, names, label_room(sheet.width, curves))
        for position, (_, rows, last) in enumerate(groups):
            draw_stretches(
                sheet.ax, rows, last, (style.look(position, len(groups)), labels[position])
            )
        _draw_limits(sheet.ax, curves)
        if len(groups) == 1:
            _draw_dated(sheet.ax, curves)
        days = dress(sheet, curves)
        if sheet.whole:
            add_risk_table(sheet.ax, sheet, known_by(curves, names, days), days)
        finish(sheet, curves, f"{curves.text} {small}")
    return sheet.ax


def planner_of(names: list[str], entries: int, notes: str) -> Planner:
    """Return what plans a picture with this table below it, and so many entries in its legend."""
    height = table_height(names, len(ROWS))

    def plan(_: float, whole: bool) -> Plan:
        left, table = (LEFT, height) if whole else (LEFT_ALONE, 0.0)
        return Plan(left, RIGHT, 14 + entries * 15.0, TABLE_TOP, table, HEIGHT, notes)

    return plan


def groups_of(curves: IntervalSurvival) -> list[tuple[str, pd.DataFrame, float]]:
    """Return each group's name, its rows of the table and its last day."""
    parts = split_groups(curves.table, list(curves.by))
    return [
        (name_of(curves, fit), part, float(fit["last_day"]))
        for part, (_, fit) in zip(parts, curves.fits.iterrows(), strict=True)
    ]


def labels_of(curves: IntervalSurvival, names: list[str], room: float) -> list[str]:
    """Return what the legend says of each group."""
    fits = zip(curves.fits["n"], curves.fits["events"], strict=True)
    counts = [f"n = {n:,.0f}, {format_count(events, 'event')}" for n, events in fits]
    return legend_labels(names, counts, room)


def name_of(curves: IntervalSurvival, fit: pd.Series[Any]) -> str:
    """Return a group's name as it can be drawn, empty if there are no groups."""
    return group_name(fit[list(curves.by)]) if curves.by else ""


def draw_stretches(
    ax: Axes, rows: pd.DataFrame, last: float, shown: tuple[style.Look, str]
) -> None:
    """Draw the unique parts of a group's estimate as lines and the others as boxes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    rows : pandas.DataFrame
        The rows of the table.
    last : float
        The last day of which anything is known.
    shown : tuple
        How the group looks, and its words in the legend.
    """
    look, label = shown
    known = rows[np.isfinite(rows["right"])]
    left, right = known["left"].to_numpy(), known["right"].to_numpy()
    low, high = known["after_lowest"].to_numpy(), known["after_highest"].to_numpy()
    top = np.append(1.0, high)  # the highest before each stretch, and after the last
    # A line after each stretch up to the next, or a box where several estimates are the maximum.
    days, until = np.append(0.0, right), np.append(left, max(last, right.max(initial=0.0)))
    settled = np.append(True, low == high)
    gap = np.full(int(settled.sum()), np.nan)
    ax.plot(
        np.column_stack([days[settled], until[settled], gap]).ravel(),
        np.column_stack([top[settled], top[settled], gap]).ravel(),
        color=look.colour,
        linestyle=look.line,
        linewidth=1.8,
        label="_settled",
        zorder=3,
    )
    ax.plot([], [], color=look.colour, linestyle=look.line, linewidth=1.8, label=label)
    wide = right > left
    within = _corners(left[wide], right[wide], low[wide], top[:-1][wide])
    open_after = ~settled[1:]
    between = _corners(right[open_after], until[1:][open_after], low[open_after], high[open_after])
    _boxes(ax, np.concatenate([within, between]), look)
    ax.vlines(
        right[~wide],
        low[~wide],
        top[:-1][~wide],
        color=look.colour,
        linewidth=1.8,
        zorder=3,
        label="_known",
    )


def _corners(left: np.ndarray, right: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the four corners of boxes, from the upper left on."""
    across = np.column_stack([left, right, right, left])
    up = np.column_stack([high, high, low, low])
    return np.stack([across, up], axis=2)


def _boxes(ax: Axes, corners: np.ndarray, look: style.Look) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    boxes = PolyCollection(
        list(corners),
        facecolors=to_rgba(look.colour, 0.28),
        edgecolors=look.colour,
        linestyles=[look.line],
        linewidths=0.9,
        zorder=2,
    )
    boxes.set_gid("unsettled")
    ax.add_collection(boxes)


def _draw_limits(ax: Axes, curves: IntervalSurvival) -> None:
    if curves.limits is None:
        return
    parts = split_groups(curves.limits, list(curves.by))
    for position, part in enumerate(parts):
        colour = style.look(position, len(parts)).colour
        day = part["day"].to_numpy()
        lower = np.append(part["lower_after"].to_numpy()[:-1], part["lower"].to_numpy()[-1:])
        for height in (lower, part["upper"].to_numpy()):
            ax.plot(
                day,
                height,
                drawstyle="steps-post",
                color=colour,
                linewidth=0.6,
                alpha=0.7,
                label="_limit",
            )


def _draw_dated(ax: Axes, curves: IntervalSurvival) -> None:
    dated = curves.check_in_dates.table
    ax.plot(
        dated["day"],
        dated["survival"],
        drawstyle="steps-post",
        color=style.QUIET,
        linestyle=(0, (1, 1.4)),
        linewidth=1.2,
        label="each event dated at its check-in",
        zorder=2.5,
    )


def dress(sheet: Sheet, curves: IntervalSurvival) -> NDArray[np.float64]:
    """Write the axes and the legend, and return the days of the ticks."""
    ax, last = sheet.ax, max(float(curves.fits["last_day"].max()), 1.0)
    days = day_axis.day_ticks(last, sheet.width)
    day_axis.write_shares(ax)
    day_axis.write_days(ax, days, last)
    day_axis.name_days(ax, curves.provenance.origin)
    style.y_label(ax, f"without {curves.provenance.event} so far")
    style.legend(ax)
    return days


def known_by(curves: IntervalSurvival, names: list[str], days: NDArray[np.float64]) -> list[Block]:
    """Return what is known of each group by each day."""
    parts = split_groups(curves.risk_table(days.tolist()), list(curves.by))
    return [(name, rows_of(part, ROWS)) for name, part in zip(names, parts, strict=True)]


def _small_print(curves: IntervalSurvival) -> str:
    text = SMALL_PRINT + (DATED if len(curves.fits) == 1 else "")
    if curves.limits is None:
        return text
    level = format_level(curves.confidence)
    return f"{text} Thin lines: {level} limits of its lowest and highest course."
