"""Trends: one point a period with its limits, and plain words where nothing is known or shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.plots.control import draw_chart
from iop_outcomes.plots.control.looks import OPEN, TARGET, options_of
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.day_axis import write_percent
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, label_room, panels
from iop_outcomes.plots.layout.period_axis import write_denominators, write_periods
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack
from iop_outcomes.plots.layout.unknown import (
    HIDDEN,
    NOT_KNOWN,
    NOT_YET,
    Box,
    say_why,
    size_of_words,
)
from iop_outcomes.records.fitness import reasons_in
from iop_outcomes.shared.text import format_level
from iop_outcomes.trends import Trend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SO_FAR = "periods that are not complete, from what is known so far"
LEFT, RIGHT, WIDTH = 62.0, 16.0, 620.0
LAST = 6  # values beside the name of a target
PANEL, BELOW, BELOW_ALONE, ABOVE, TITLE_SIZE = 150.0, 62.0, 42.0, 34.0, 10.0


def plot_trend(
    trend: Trend, ax: Axes | Figure | None = None, *, target: float | None = None
) -> Axes:
    """Draw a trend: a point a period, with the centre, limits and signals of its chart.

    Points that a rule marked differ in shape and colour: blue diamonds for an improvement, orange
    squares for a concern. Rebasings and events are numbered lines, explained below. Periods that
    are not complete are open points with their interval, or greyed where nothing is known.
    Without a chart (``chart="none"``) each point has its interval, and the denominators are
    below. Periods that are not known from the records say ``not known``, and the note says why;
    periods whose counts are too small to show say ``hidden``. Each group has its own panel, on the
    same scale; four groups or more are in two columns.

    Parameters
    ----------
    trend : Trend
        What `iop_outcomes.trend` or `iop_outcomes.protect` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several groups share its room. A figure is given the size it needs.
        Default: a new one.
    target : float, optional
        A line with its name where the target is, on a trend without a chart; a chart has that of
        ``trend(..., target=...)``.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several groups its ``child_axes`` are the panels.

    Raises
    ------
    RuleError
        A target is given for a trend with a chart.
    """
    check_result(trend, "plot_trend", Trend)
    if trend.chart is not None:
        if target is not None:
            raise RuleError(
                "The target of a chart is set where its limits are worked out.",
                found=f"plot_trend(..., target={target})",
                instead="trend(records, ..., target=...), or chart='none' there",
            )
        return draw_chart(trend, ax)
    parts = panels(trend.table, trend.by)
    names = [name for name, _ in parts]
    with style.drawing():
        sheet = open_sheet(figure_or(ax), WIDTH, _planner(trend, len(parts)), trend)
        places = stack(sheet, len(parts), ABOVE + sheet.plan.axis)
        room = sheet.width if sheet.narrow else label_room(sheet.width, trend) + HANDLE_ROOM
        titles = _titles(trend, names, room)
        scale = _scale(trend, target)
        for place, title, (_, rows) in zip(places, titles, parts, strict=True):
            words = _draw_panel(place, rows, trend.unit, scale)
            if target is not None:
                _draw_target(place, rows, target, trend.unit, words)
            if sheet.whole:
                write_denominators(place, rows)
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=8)
        target_sentence = "" if target is None else f" The target is {_amount(target, trend.unit)}."
        finish(sheet, trend, f"{trend.text}{target_sentence}")
    return sheet.ax


def _planner(trend: Trend, count: int) -> Planner:
    def plan(_: float, whole: bool) -> Plan:
        axis = BELOW if whole else BELOW_ALONE
        gaps = (count - 1) * (axis + ABOVE)
        return Plan(
            *(LEFT, RIGHT, ABOVE, axis, 0.0),
            height=count * PANEL + gaps,
            notes=_note(trend),
            least=(110.0, count * 56.0 + gaps),
        )

    return plan


def _titles(trend: Trend, names: list[str], room: float) -> list[str]:
    """Return the title of each panel: what is drawn, and of which group."""
    what = drawn_name(trend.title)
    if not trend.by:
        return fitted([what], room, TITLE_SIZE, True)
    taken = fonts.width_of(f"{what}: ", TITLE_SIZE, True)
    if taken > room / 2:
        what = fonts.shortened(what, room / 2, TITLE_SIZE, True)
        taken = fonts.width_of(f"{what}: ", TITLE_SIZE, True)
    return [f"{what}: {name}" for name in fitted(names, room - taken, TITLE_SIZE, True)]


def _scale(trend: Trend, target: float | None) -> tuple[float, float]:
    """Return the y axis: 0 to 1 for a share, else from 0 to a little beyond the limits."""
    if trend.unit == "proportion":
        return 0.0, 1.0
    every = [
        name for column in ("value", "lower", "upper") for name in (column, f"{column}_so_far")
    ]
    shown = trend.table[every]
    highest, lowest = shown.max().max(), shown.min().min()
    if target is not None:
        highest = target if np.isnan(highest) else max(highest, target)
    low = float(lowest) * 1.12 if lowest < 0 else 0.0
    return low, float(highest) * 1.12 if highest > 0 else float(low == 0.0)


def _draw_panel(ax: Axes, rows: pd.DataFrame, unit: str, scale: tuple[float, float]) -> list[Box]:
    """Draw the periods of a group; return where words say why there is no value."""
    positions = np.arange(len(rows), dtype=np.float64)
    value = rows["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    complete = rows["complete"].to_numpy(dtype=bool)
    hidden = _hidden(rows)
    known = np.where(complete & ~hidden, value, np.nan)
    ax.set_xlim(-0.6, len(rows) - 0.4)
    ax.set_ylim(*scale)
    _draw_points(ax, rows, positions, known)
    now = rows["value_so_far"].to_numpy(dtype=np.float64, na_value=np.nan)
    now = np.where(complete | hidden, np.nan, now)
    _draw_open(ax, rows, positions, now)
    unknown = rows.index.isin(reasons_in(rows).index)
    words = say_why(ax, ~complete & np.isnan(now), NOT_YET)
    words += say_why(ax, unknown & complete, NOT_KNOWN)
    words += say_why(ax, hidden & complete & ~unknown, HIDDEN)
    if unit == "proportion":
        write_percent(ax)
    else:
        style.y_label(ax, unit)
    write_periods(ax, rows["period"].astype(str).tolist())
    return words


def _amount(value: float, unit: str) -> str:
    return f"{100 * value:.4g}%" if unit == "proportion" else f"{value:,.4g}"


def _draw_target(
    ax: Axes, rows: pd.DataFrame, target: float, unit: str, words: Sequence[Box]
) -> None:
    """Draw the target as a line with its name, on the side where the newest values are not.

    Where words stand there, the name is on the other side, or further to the left.
    """
    ax.axhline(target, label="target", zorder=1.6, **options_of(TARGET) | {"linewidth": 1.3})
    name = f"target {_amount(target, unit)}"
    end, below = _place_of_name(ax, rows, target, name, words)
    ax.annotate(
        name,
        xy=(end, target),
        xytext=(-3, -3 if below else 3),
        textcoords="offset points",
        ha="right",
        va="top" if below else "bottom",
        fontsize=style.CELL_SIZE,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
        zorder=2.5,
        gid="target",
    )


def _place_of_name(
    ax: Axes, rows: pd.DataFrame, target: float, name: str, words: Sequence[Box]
) -> tuple[float, bool]:
    """Return where the name of a target ends, and whether it is below the line."""
    low, high = ax.get_ylim()
    height = (target - low) / (high - low)
    newest = rows["value"].dropna().astype(float).iloc[-LAST:]
    below = height > 0.88 or (height > 0.09 and not newest.empty and newest.mean() > target)
    if not words:
        return len(rows) - 0.4, below
    sides = [below] if not 0.09 < height < 0.88 else [below, not below]
    width, up = style.size_of(ax)
    across, lines = size_of_words(name)
    across, lines = (across + 3) * len(rows) / width, (lines + 3) / up
    first, last = -0.6, len(rows) - 0.4
    values = (rows["value"].to_numpy(dtype=np.float64, na_value=np.nan) - low) / (high - low)
    points = [
        (place - 0.2, place + 0.2, value - 0.03, value + 0.03)
        for place, value in enumerate(values)
        if np.isfinite(value)
    ]
    ends = [last, *(one for one in np.arange(last, first, -0.25) if one - across >= first)]
    for taken in ([*words, *points], words):
        for end in ends:
            for side in sides:
                edges = (height - lines, height) if side else (height, height + lines)
                if not any(_overlap((end - across, end, *edges), one) for one in taken):
                    return end, side
    return last, below


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _hidden(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    if "hidden" not in rows:
        return np.zeros(len(rows), dtype=bool)
    return rows["hidden"].to_numpy(dtype=bool)


def _draw_points(
    ax: Axes, rows: pd.DataFrame, positions: npt.NDArray[Any], known: npt.NDArray[Any]
) -> None:
    look = style.LOOKS[0]
    shown = np.isfinite(known)
    lower, upper = (
        rows[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("lower", "upper")
    )
    ax.vlines(
        positions[shown], lower[shown], upper[shown], color=look.colour, linewidth=1.4, alpha=0.5
    )
    ax.plot(
        positions,
        known,
        color=look.colour,
        linewidth=1.1,
        marker="o",
        markersize=5,
        label="value",
        zorder=3,
    )


def _draw_open(
    ax: Axes, rows: pd.DataFrame, positions: npt.NDArray[Any], now: npt.NDArray[Any]
) -> None:
    """Draw what is known so far of periods that are not complete: open points, not connected."""
    seen = np.isfinite(now)
    if not seen.any():
        return
    low, high = (rows[f"{name}_so_far"].to_numpy(dtype=np.float64) for name in ("lower", "upper"))
    ax.vlines(positions[seen], low[seen], high[seen], color=OPEN.colour, linewidth=1.0)
    ax.plot(positions[seen], now[seen], label=OPEN.words, zorder=3, **options_of(OPEN))


def _note(trend: Trend) -> str:
    now = trend.table["value_so_far"].notna().any()
    open_points = f" Open points: {SO_FAR}." if now else ""
    below = " n: the denominator." if trend.table["denominator"].notna().any() else ""
    lines = f"{format_level(trend.confidence)} confidence intervals"
    lines += " for chance; the number itself is counted" if trend.unit == "episodes" else ""
    unknown = "".join(
        f" {reason[0].upper()}{reason[1:]}." for reason in reasons_in(trend.table).unique()
    )
    return f"{trend.rule}\nVertical lines: {lines}.{open_points}{below}{unknown}"
