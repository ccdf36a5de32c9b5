"""Who came, week by week: the sessions of those still scheduled, and the people of all followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.measures.weekly import AttendanceByWeek, attendance_by_week
from iop_outcomes.plots import style
from iop_outcomes.show import level_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.records import Records

LEFT, RIGHT, WIDTH = 92.0, 18.0, 600.0
PANEL, ABOVE, LEGEND = 190.0, 24.0, 34.0
TABLE_TOP = 40.0
ROWS = (
    ("episodes_followed", "followed"),
    ("episodes", "in program"),
    ("episodes_attending", "came"),
)
BELOW = TABLE_TOP + len(ROWS) * style.LINE_HEIGHT + 8


def plot_attendance(
    records_or_result: Records | AttendanceByWeek, ax: Axes | Figure | None = None
) -> Axes:
    """Draw who came, week by week since admission.

    The solid line is the share of sessions due that were attended, with its limits. It is one of
    the people who were still scheduled, and can rise while the room empties; so the dashed line
    shows how many of all people followed that long came at least once in the week.

    Parameters
    ----------
    records_or_result : Records or AttendanceByWeek
        Records, or what `iop_outcomes.attendance_by_week` or `iop_outcomes.protect` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several groups share its room. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several groups its ``child_axes`` are the panels.
    """
    from matplotlib import rc_context

    result = records_or_result
    if not isinstance(result, AttendanceByWeek):
        result = attendance_by_week(result)
    panels = style.panels(result.table, result.by)
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        notes = style.note_lines(_note(result), WIDTH - 20)
        bottom = BELOW + len(notes) * style.NOTE_HEIGHT + 6
        height = len(panels) * PANEL + (len(panels) - 1) * (BELOW + ABOVE)
        top = ABOVE + LEGEND
        ax = style.axes_for(target, (WIDTH, height + bottom + top), (LEFT, RIGHT, bottom, top))
        places = style.stack(ax, len(panels), BELOW + ABOVE)
        for place, (name, rows) in zip(places, panels, strict=True):
            _draw_panel(place, rows)
            if name:
                place.set_title(name, loc="left", fontsize=10, fontweight="bold", pad=5)
        places[0].legend(
            loc="lower left",
            bbox_to_anchor=(-0.012, 1.0 + (0.1 if result.by else 0.0)),
            borderaxespad=0.2,
            handlelength=3.2,
            labelspacing=0.25,
        )
        style.write_below(ax, notes, left=-LEFT + 8, down=BELOW)
        style.mark_synthetic(ax, records_or_result)
        style.describe(ax, result.text)
    return ax


def _draw_panel(ax: Axes, rows: pd.DataFrame) -> None:
    from matplotlib.ticker import PercentFormatter

    week = rows["week"].to_numpy()
    rate, lower, upper, attending, followed = (
        rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("rate", "lower", "upper", "episodes_attending", "episodes_followed")
    )
    came = np.divide(attending, followed, out=np.full(len(rows), np.nan), where=followed > 0)
    sessions, people = style.LOOKS[0], style.LOOKS[1]
    ax.fill_between(week, lower, upper, color=sessions.colour, alpha=0.15, linewidth=0)
    for values, look, label in (
        (rate, sessions, "sessions attended, of those due"),
        (came, people, "people who came at least once, of all followed"),
    ):
        ax.plot(
            week,
            values,
            color=look.colour,
            linestyle=look.line,
            linewidth=1.7,
            marker=look.marker,
            markersize=4.5,
            label=label,
            zorder=3,
        )
    ax.set_xlim(week[0] - 0.5, week[-1] + 0.5)
    ax.set_ylim(0, 1)
    every = max(1, int(np.ceil(len(week) * 30 / style.size_of(ax)[0])))
    ax.set_xticks(week[::every])
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_xlabel("week since admission", labelpad=2)
    _write_counts(ax, rows.iloc[::every])


def _write_counts(ax: Axes, rows: pd.DataFrame) -> None:
    """Write the people behind each week under the x axis."""
    for number, (column, word) in enumerate(ROWS):
        down = TABLE_TOP + number * style.LINE_HEIGHT
        style.write_cell(ax, word, (0.0, -22, down), ha="right", colour=style.QUIET, fixed=True)
        for week, count in zip(rows["week"], rows[column], strict=True):
            text = "–" if pd.isna(count) else f"{int(count):,}"
            cell = style.write_cell(ax, text, (float(week), 0, down), ha="center")
            cell.set_gid(f"{column}_{week}")


def _note(result: AttendanceByWeek) -> str:
    hidden = "hidden" in result.table and bool(result.table["hidden"].any())
    dash = " A dash: too few people to show." if hidden else ""
    return f"{result.rule}\nBand: {level_words(result.confidence)} confidence limits.{dash}"
