"""Attendance by week: sessions attended of those due, and people attending of all followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.attendance.weekly import (
    AttendanceByWeek,
    attendance_by_week,
    left_not_known,
    why_not_left,
)
from iop_outcomes.disclosure.policy import HIDDEN_SIGN
from iop_outcomes.disclosure.results import hidden_in_weeks
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.day_axis import write_shares
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, fitted, panels
from iop_outcomes.plots.layout.risk_table import LEFT, add_risk_table, rows_of
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet, stack
from iop_outcomes.records import Records
from iop_outcomes.records.fitness import reasons_in
from iop_outcomes.shared.text import format_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT_ALONE, RIGHT, WIDTH = 48.0, 18.0, 600.0
PANEL, ABOVE, TITLE_SIZE = 190.0, 24.0, 10.0
TABLE_TOP = 40.0
LABELS = ("sessions attended, of those due", "people who attended at least once, of all followed")
ROWS = (
    ("episodes_followed", "followed"),
    ("episodes", "in program"),
    ("episodes_attending", "came"),
)


def _below(result: AttendanceByWeek) -> float:
    """Return the room below a panel."""
    return TABLE_TOP + len(_rows(result)) * style.LINE_HEIGHT + 8


def plot_attendance(
    records_or_result: Records | AttendanceByWeek, ax: Axes | Figure | None = None
) -> Axes:
    """Draw attendance by week since admission.

    The solid line is the share of sessions due that were attended, with its limits. Its denominator
    is those still scheduled, so that it can rise while people leave; the dashed line shows how many
    of all people followed that long came at least once in the week.

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
    result = records_or_result
    check_result(result, "plot_attendance", AttendanceByWeek, Records)
    if isinstance(result, Records):
        result = attendance_by_week(result)
    parts = panels(result.table, result.by)
    names = [name for name, _ in parts]
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(result, len(parts)), result)
        between = ABOVE + (_below(result) if sheet.whole else TABLE_TOP)
        places = stack(sheet, len(parts), between)
        titles = fitted(names, sheet.width, TITLE_SIZE, True)
        for place, title, (_, rows) in zip(places, titles, parts, strict=True):
            _draw_panel(place, rows, sheet, _rows(result))
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=5)
        lift = ABOVE / style.size_of(places[0])[1] if result.by else 0.0
        handles, labels = places[0].get_legend_handles_labels()
        texts = ["\n".join(_legend_lines(label, sheet.width)) for label in labels]
        anchor = (-0.012, 1.0 + lift)
        style.legend(places[0], handles=handles, labels=texts, bbox_to_anchor=anchor)
        finish(sheet, records_or_result, result.text)
    return sheet.ax


def _planner(result: AttendanceByWeek, count: int) -> Planner:
    def plan(width: float, whole: bool) -> Plan:
        left, table = (LEFT, _below(result) - TABLE_TOP) if whole else (LEFT_ALONE, 0.0)
        gaps = (count - 1) * (ABOVE + TABLE_TOP + table)
        lines = sum(len(_legend_lines(label, width - left - RIGHT)) for label in LABELS)
        return Plan(
            *(left, RIGHT, ABOVE + 8 + lines * 13.0, TABLE_TOP, table),
            height=count * PANEL + gaps,
            notes=_note(result),
            least=(110.0, count * 56.0 + gaps),
        )

    return plan


def _legend_lines(label: str, width: float) -> list[str]:
    return fonts.wrapped(label, max(width - HANDLE_ROOM, 60.0), style.SETTINGS["legend.fontsize"])


def _rows(result: AttendanceByWeek) -> list[tuple[str, str]]:
    """Return the rows below the picture: who was in the program only where it is known."""
    gone = "episodes" if left_not_known(result.table) else ""
    return [row for row in ROWS if row[0] != gone]


def _draw_panel(
    ax: Axes, rows: pd.DataFrame, sheet: Sheet, below: Sequence[tuple[str, str]]
) -> None:
    week = rows["week"].to_numpy()
    rate, lower, upper, attending, followed = (
        rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("rate", "lower", "upper", "episodes_attending", "episodes_followed")
    )
    came = np.divide(attending, followed, out=np.full(len(rows), np.nan), where=followed > 0)
    sessions, people = style.LOOKS[0], style.LOOKS[1]
    ax.fill_between(week, lower, upper, color=sessions.colour, alpha=0.15, linewidth=0)
    for values, look, label in (
        (rate, sessions, LABELS[0]),
        (came, people, LABELS[1]),
    ):
        if np.isnan(values).all() and label == LABELS[0]:
            continue  # the note says why no rate is known
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
    write_shares(ax)
    every = max(1, int(np.ceil(len(week) * 30 / style.size_of(ax)[0])))
    ax.set_xticks(week[::every])
    ax.set_xlabel("week since admission", labelpad=2)
    if sheet.whole:
        counted = rows.iloc[::every]
        gone = hidden_in_weeks(counted) if "hidden" in counted else None
        add_risk_table(ax, sheet, [("", rows_of(counted, below, gone))], counted["week"])


def _note(result: AttendanceByWeek) -> str:
    hidden = "hidden" in result.table and bool(result.table["hidden"].any())
    dash = f" {HIDDEN_SIGN}: hidden, too few people to show." if hidden else ""
    reasons = reasons_in(result.table).unique()
    unknown = "".join(f" Share of the sessions due: {reason}." for reason in reasons)
    unknown += why_not_left(result.table)
    level = format_level(result.confidence)
    return f"{result.rule}\nBand: {level} confidence limits.{dash}{unknown}"
