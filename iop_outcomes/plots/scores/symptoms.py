"""Scores over time: the change from intake of the same people, a panel a scale, a line a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN_SIGN
from iop_outcomes.outcome_scores import SymptomChange
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.day_axis import name_days
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, panels
from iop_outcomes.plots.layout.risk_table import (
    LEFT,
    LEFT_ALONE,
    TABLE_TOP,
    Block,
    Row,
    add_risk_table,
    table_height,
)
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet, stack
from iop_outcomes.shared.text import format_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDTH, PANEL, TITLE_SIZE = 18.0, 620.0, 170.0, 10.0
ABOVE, LINE, AFTER_TABLE = 24.0, 13.0, 14.0
APART = 5.0  # points between the lines of groups, so that their limits do not cover each other
TICK_ROOM = 34.0


def plot_symptoms(change: SymptomChange, ax: Axes | Figure | None = None) -> Axes:
    """Draw the mean change from intake over time, with its limits.

    Each point is of the people who have a score at intake and at that time, so that the line does
    not move because others answer; the table below counts them. Each scale has its own panel.

    Parameters
    ----------
    change : SymptomChange
        What `iop_outcomes.symptom_change` or `iop_outcomes.protect` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several scales share its room. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several scales its ``child_axes`` are the panels.

    Raises
    ------
    RuleError
        If there are more groups than one picture can distinguish.
    """
    check_result(change, "plot_symptoms", SymptomChange)
    names = [name for name, _ in panels(change.table, change.by)]
    style.look(0, len(names))  # refuses more than can be distinguished
    scales = list(change.titles)
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(change, names, len(scales)), change)
        plan = sheet.plan
        between = ABOVE + plan.axis + (plan.table if sheet.whole else 0.0)
        places = stack(sheet, len(scales), between)
        for place, scale in zip(places, scales, strict=True):
            rows = change.trajectory[change.trajectory["scale"] == scale]
            _draw_panel(place, panels(rows, change.by), sheet)
            better = "lower" if change.lower_is_better[scale] else "higher"
            title = f"{drawn_name(change.titles[scale])}: {better} is better"
            short = fitted([title], sheet.width, TITLE_SIZE, True)[0]
            place.set_title(short, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=5)
        if any(names):
            _legend(places[0], names, sheet)
        finish(sheet, change, _alternative(change))
    return sheet.ax


def _planner(change: SymptomChange, names: list[str], count: int) -> Planner:
    legend = len(names) * LINE + 4 if any(names) else 0.0

    def plan(_: float, whole: bool) -> Plan:
        table = table_height(names, 1, AFTER_TABLE) if whole else 0.0
        gaps = (count - 1) * (ABOVE + TABLE_TOP + table)
        return Plan(
            *(LEFT if whole else LEFT_ALONE, RIGHT, ABOVE + legend, TABLE_TOP, table),
            height=count * PANEL + gaps,
            notes=_note(change),
            least=(140.0, count * 64.0 + gaps),
        )

    return plan


def _note(change: SymptomChange) -> str:
    hidden = "hidden" in change.trajectory and bool(change.trajectory["hidden"].any())
    dash = f" {HIDDEN_SIGN}: hidden, too few people to show." if hidden else ""
    return (
        f"{change.rule}\nChange from intake of those with both scores, with "
        f"{format_level(change.confidence)} limits.{dash}"
    )


def _alternative(change: SymptomChange) -> str:
    """Return the picture in words: each line at its last day, then what the result says."""
    sentences = []
    for name, rows in panels(change.trajectory, change.by):
        for scale, part in rows.groupby("scale", sort=False):
            known = part[part["change"].notna() & (part["day"] > 0)]
            start = f"{name}, {change.titles[str(scale)]}" if name else change.titles[str(scale)]
            if known.empty:
                sentences.append(f"{start}: no change is known or may be shown.")
                continue
            last = known.iloc[-1]
            sentences.append(
                f"{start}: {last['change']:+.1f} on day {last['day']:.0f}, of "
                f"{last['paired']:,.0f} with both scores."
            )
    return f"Change from intake over time. {' '.join(sentences)} {change.text}"


def _draw_panel(ax: Axes, groups: list[tuple[str, pd.DataFrame]], sheet: Sheet) -> None:
    days = groups[0][1]["day"].to_numpy(dtype=np.float64)
    last = float(days[-1]) or 1.0
    point = last / max(style.size_of(ax)[0], 1.0)
    ax.axhline(0, color=style.QUIET, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    for place, (_, rows) in enumerate(groups):
        look = style.look(place, len(groups))
        shift = (place - (len(groups) - 1) / 2) * APART * point
        moved, lower, upper = (
            rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
            for name in ("change", "change_lower", "change_upper")
        )
        if np.isfinite(moved).any():
            moved = np.where(days == 0, 0.0, moved)  # by definition, though its count may be hidden
        known = np.isfinite(lower) & (days > 0)
        where = days + np.where(days > 0, shift, 0.0)
        ax.vlines(
            *(where[known], lower[known], upper[known]),
            color=look.colour,
            linewidth=1.3,
            alpha=0.6,
            zorder=2,
        )
        ax.plot(
            where,
            moved,
            color=look.colour,
            linestyle=look.line,
            linewidth=1.6,
            marker=look.marker,
            markersize=5,
            zorder=3,
            gid=f"change_{place}",
        )
    ax.set_xlim(-0.03 * last, 1.04 * last)
    every = max(1, int(np.ceil(len(days) * TICK_ROOM / style.size_of(ax)[0])))
    ax.set_xticks(days[::every])
    name_days(ax, "admission")
    style.y_label(ax, "points from intake")
    if not any(np.isfinite(rows["change"].to_numpy(dtype=float)[1:]).any() for _, rows in groups):
        ax.set_ylim(-1, 1)
        _say(ax, "no change is known, or may be shown")
    if sheet.whole:
        add_risk_table(ax, sheet, _blocks(groups, every), days[::every])


def _say(ax: Axes, words: str) -> None:
    """Write words into the middle of empty axes."""
    ax.text(
        0.5,
        0.6,
        words,
        transform=ax.transAxes,
        ha="center",
        va="center",
        fontsize=style.CELL_SIZE,
        color=style.QUIET,
        gid="nothing",
    )


def _blocks(groups: list[tuple[str, pd.DataFrame]], every: int) -> list[Block]:
    blocks: list[Block] = []
    for name, rows in groups:
        numbers = rows["paired"].to_numpy(dtype=np.float64, na_value=np.nan)[::every]
        gone = rows["hidden"].to_numpy(dtype=bool)[::every] if "hidden" in rows else None
        blocks.append((name, [Row("paired", "both scores", numbers, gone)]))
    return blocks


def _legend(ax: Axes, names: list[str], sheet: Sheet) -> None:
    from matplotlib.lines import Line2D

    short = fitted(names, sheet.width - HANDLE_ROOM - 70, float(style.SETTINGS["legend.fontsize"]))
    handles = []
    for place in range(len(names)):
        look = style.look(place, len(names))
        handles.append(
            Line2D([], [], color=look.colour, linestyle=look.line, marker=look.marker, markersize=5)
        )
    lift = (ABOVE - 4) / style.size_of(ax)[1]
    style.legend(ax, handles=handles, labels=short, bbox_to_anchor=(-0.012, 1.0 + lift))
