"""Survival curves from intervals: settled stretches as lines, unsettled ones as boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.plots import style
from iop_outcomes.relapse.rules import ORIGINS
from iop_outcomes.show import count_words, level_words
from iop_outcomes.survival.reading import split_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival.interval_curves import IntervalSurvival

LEFT, RIGHT, WIDTH, HEIGHT = 92.0, 18.0, 560.0, 240.0
TABLE_TOP = 42.0
ROWS = (
    ("clear", "known clear"),
    ("between", "in between"),
    ("over", "out of sight"),
    ("events", "events"),
)
COUNTED = (
    "The table counts through each day: known without the event; last known so before it and with "
    "it at a later check-in; last known so before it and not seen again; with the event known. Its "
    "rows add up to all who have entered."
)
SMALL_PRINT = f"Boxes: the curve falls somewhere within; the data do not say where. {COUNTED}"
DATED = " The dotted line dates each event at the check-in that showed it."


def plot_interval(curves: IntervalSurvival, ax: Axes | Figure | None = None) -> Axes:
    """Draw the estimate from intervals, and what is not settled as such.

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
        the survival is settled, a box from the highest to the lowest survival where it is not, a
        thin line the limits, if there are any, and with one group only a dotted line the curve that
        dates events at the check-in. The table below is ``curves.risk_table`` on the days of the
        ticks.
    """
    from matplotlib import rc_context

    groups = groups_of(curves)
    small = _small_print(curves)
    notes = style.note_lines(f"{curves.rule}\n{small}", WIDTH - 20)
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        lines = len(groups) * (len(ROWS) + bool(curves.by))
        below = TABLE_TOP + lines * style.LINE_HEIGHT + len(groups) * 4 + 10
        bottom = below + len(notes) * style.NOTE_HEIGHT + 8
        top = 14 + (len(groups) + (len(groups) == 1)) * 15.0
        margins = (LEFT, RIGHT, bottom, top)
        ax = style.axes_for(target, (WIDTH, HEIGHT + bottom + top), margins)
        for position, (label, rows, last) in enumerate(groups):
            draw_stretches(ax, rows, last, (style.look(position, len(groups)), label))
        _draw_limits(ax, curves)
        if len(groups) == 1:
            _draw_dated(ax, curves)
        down = draw_known(ax, curves, dress(ax, curves))
        style.write_below(ax, notes, left=-LEFT + 8, down=down)
        style.mark_synthetic(ax, curves)
        style.describe(ax, f"{curves.text} {small}")
    return ax


def groups_of(curves: IntervalSurvival) -> list[tuple[str, pd.DataFrame, float]]:
    """Return each group's label, its rows of the table and its last day."""
    names = list(curves.by)
    parts = split_groups(curves.table, names)
    found = []
    for part, (_, fit) in zip(parts, curves.fits.iterrows(), strict=True):
        name = name_of(curves, fit)
        label = f"n = {fit['n']:,.0f}, {count_words(fit['events'], 'event')}"
        found.append((f"{name}: {label}" if name else label, part, float(fit["last_day"])))
    return found


def name_of(curves: IntervalSurvival, fit: pd.Series[Any]) -> str:
    """Return a group's name as it fits into the picture, empty if there are no groups."""
    return style.group_name(fit[list(curves.by)]) if curves.by else ""


def draw_stretches(
    ax: Axes, rows: pd.DataFrame, last: float, shown: tuple[style.Look, str]
) -> None:
    """Draw the settled stretches of a group as lines and the others as boxes.

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


def dress(ax: Axes, curves: IntervalSurvival) -> list[float]:
    """Write the axes and the legend, and return the days of the ticks."""
    from matplotlib.ticker import PercentFormatter

    last = max(float(curves.fits["last_day"].max()), 1.0)
    ax.set_ylim(0, 1)
    ax.set_xlim(0, last * 1.02)
    step = next((step for step in (1, 7, 14, 30, 60, 90, 180, 365) if last / step <= 8), None)
    days = [float(day) for day in np.arange(0, last + 1e-9, step or last / 8)]
    ax.set_xticks(days)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    event = "relapse" if "relapse" in curves.rule.lower() else "the event"
    ax.set_ylabel(f"without {event} so far")
    origins = [origin for origin in ORIGINS.values() if f"after {origin}" in curves.rule]
    ax.set_xlabel(f"days since {origins[0] if origins else 'the start'}", labelpad=2)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.012, 1.0),
        borderaxespad=0.2,
        handlelength=3.2,
        labelspacing=0.25,
    )
    return days


def draw_known(ax: Axes, curves: IntervalSurvival, days: list[float]) -> float:
    """Write the table below the axes, and return how far down it reaches."""
    parts = split_groups(curves.risk_table(days), list(curves.by))
    down = TABLE_TOP
    for position, (part, (_, fit)) in enumerate(zip(parts, curves.fits.iterrows(), strict=True)):
        colour = style.look(position, len(parts)).colour
        if curves.by:
            down += 4 if position else 0
            name, place = name_of(curves, fit), (0.0, -LEFT + 8, down)
            style.write_cell(ax, name, place, ha="left", colour=colour, weight="bold", fixed=True)
            down += style.LINE_HEIGHT
        for column, word in ROWS:
            place = (0.0, -22, down)
            style.write_cell(ax, word, place, ha="right", colour=style.QUIET, fixed=True)
            for day, value in zip(part["day"], part[column], strict=True):
                cell = style.write_cell(ax, f"{value:,}", (float(day), 0, down), ha="center")
                cell.set_gid(f"risk_{position}_{column}_{day:g}")
            down += style.LINE_HEIGHT
    return down + 8


def _small_print(curves: IntervalSurvival) -> str:
    said = SMALL_PRINT + (DATED if len(curves.fits) == 1 else "")
    if curves.limits is None:
        return said
    level = level_words(curves.confidence)
    return f"{said} Thin lines: {level} limits of its lowest and highest course."
