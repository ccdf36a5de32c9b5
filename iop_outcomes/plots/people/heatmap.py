"""Attendance as a heatmap: weekday by week, or person by week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.pathways import AttendanceCalendar, PersonWeeks
from iop_outcomes.pathways.calendar import STATES, WEEKDAYS
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, label_room, panels
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack
from iop_outcomes.plots.layout.stacked_bars import ABOVE, Part, legend_height, write_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, RIGHT, AXIS, TITLE_SIZE = 660.0, 14.0, 40.0, 10.0
MOST_LANES, MOST_CELLS, WIDEST_LEFT = 100, 800, 150.0
COLOURS = ("#dfe7f2", "#b9cfe8", "#86acd3", "#4278b0", "#12406f")  # from light to dark in grey too
BOUNDS = (0.2, 0.4, 0.6, 0.8)
WORDS = ("under 20%", "20% on", "40% on", "60% on", "80% on")
SHARES = tuple(
    Part(f"share_{place}", words, colour, "", style.QUIET)
    for place, (words, colour) in enumerate(zip(WORDS, COLOURS, strict=True))
)
AFTER = Part("after", "discharged", "#ffffff", "////", "#9a9a9a")
FEW = Part("few", "too few people to show", "#ffffff", "xx", "#9a9a9a")
HIDDEN = "too few people to show"
UNSEEN = Part("unseen", "not observed", "#ececec", "..", "#9a9a9a")


@dataclass(frozen=True, eq=False)
class _Grid:
    """The cells of one panel: shares, what is written, and the state, rows by columns."""

    rows: list[str]
    columns: list[str]
    rate: np.ndarray
    text: np.ndarray
    state: np.ndarray


def plot_attendance_heatmap(
    attendance: AttendanceCalendar | PersonWeeks, ax: Axes | Figure | None = None
) -> Axes:
    """Draw attendance as a heatmap: weekday by calendar week, or person by week since admission.

    A cell is the share attended of the sessions due, darker for more, and white where nothing was
    due. By person it names episodes and is for those who treat them.

    Parameters
    ----------
    attendance : AttendanceCalendar or PersonWeeks
        What `iop_outcomes.attendance_by_weekday` or `iop_outcomes.attendance_by_person` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several groups share its room. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several groups its ``child_axes`` are the panels.

    Raises
    ------
    RuleError
        If there are more than 100 rows.
    """
    check_result(attendance, "plot_attendance_heatmap", AttendanceCalendar, PersonWeeks)
    if isinstance(attendance, PersonWeeks):
        parts, parted = [("", attendance.table)], (*SHARES, AFTER, UNSEEN)
        grids, label = [_of_persons(attendance.table)], "week since admission"
    else:
        hidden = (FEW,) if "hidden" in attendance.table else ()
        parts, parted = panels(attendance.table, attendance.by), (*SHARES, UNSEEN, *hidden)
        grids, label = [_of_weekdays(rows) for _, rows in parts], "week beginning on Monday"
    count = sum(len(grid.rows) for grid in grids)
    if count > MOST_LANES:
        raise RuleError(
            f"One heatmap holds at most {MOST_LANES} rows.",
            found=f"{count:,}",
            instead="records.where(...) first; attendance_by_weekday for a large program",
        )
    labels = [name for grid in grids for name in grid.rows]
    target = figure_or(ax)
    with style.drawing(**{"axes.grid": False, "hatch.linewidth": 0.6}):
        planner = _planner(attendance.rule, labels, len(grids), parted)
        sheet = open_sheet(target, WIDTH, planner, attendance)
        names = iter(fitted(labels, sheet.plan.left - 14, style.CELL_SIZE))
        places = stack(sheet, len(grids), ABOVE + AXIS)
        room = label_room(sheet.width, attendance) + HANDLE_ROOM
        titles = fitted([name for name, _ in parts], room, TITLE_SIZE, True)
        for place, grid, title in zip(places, grids, titles, strict=True):
            _draw(
                place,
                grid,
                [next(names) for _ in grid.rows],
                sum(grid.rate.size for grid in grids) <= MOST_CELLS,
            )
            place.set_xlabel(label, labelpad=2)
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=4)
        write_legend(places[0], sheet, parted)
        finish(sheet, attendance, f"Heatmap. {attendance.text}")
    return sheet.ax


def _planner(rule: str, labels: list[str], count: int, parts: tuple[Part, ...]) -> Planner:
    widest = 18 + max(fonts.width_of(label, style.CELL_SIZE) for label in labels)
    high = 18.0 if len(labels) <= 30 else 12.0
    gaps = (count - 1) * (ABOVE + AXIS)

    def plan(width: float, whole: bool) -> Plan:
        left = min(widest, WIDEST_LEFT)
        return Plan(
            *(left, RIGHT, ABOVE + legend_height(parts, width), AXIS, 0.0),
            height=len(labels) * high + gaps,
            notes=f"{rule}\nShare attended, of the sessions due; white: nothing was due.",
            least=(120.0, len(labels) * 9.0 + gaps),
        )

    return plan


def _of_weekdays(rows: pd.DataFrame) -> _Grid:
    week = rows["week"].drop_duplicates()
    shape = (len(week), len(WEEKDAYS))

    def grid(name: str) -> np.ndarray:
        return np.asarray(rows[name].to_numpy().reshape(shape).T)

    hidden = grid("hidden") if "hidden" in rows else np.zeros(shape[::-1], dtype=np.bool_)
    used = (np.nansum(grid("due"), axis=1) > 0) | hidden.any(axis=1)
    used |= np.arange(len(WEEKDAYS)) < 5
    rate = grid("rate")[used]
    text = np.array([["" if np.isnan(x) else f"{100 * x:.0f}" for x in line] for line in rate])
    state = np.where(grid("observed")[used], STATES[0], STATES[2]).astype(object)
    state[hidden[used]] = HIDDEN
    columns = [f"{day:%d %b %y}" for day in week]
    names = [day for day, yes in zip(WEEKDAYS, used, strict=True) if yes]
    return _Grid(names, columns, rate, text, state)


def _of_persons(rows: pd.DataFrame) -> _Grid:
    weeks = int(rows["week"].max())

    def grid(name: str) -> np.ndarray:
        return np.asarray(rows[name].to_numpy().reshape(-1, weeks))

    came, due = grid("attended"), grid("due")
    text = np.array(
        [
            [f"{a}/{d}" if d else "" for a, d in zip(*pair, strict=True)]
            for pair in zip(came, due, strict=True)
        ]
    )
    names = [drawn_name(name) for name in rows["episode_id"].astype(str).iloc[::weeks]]
    columns = [str(week) for week in range(1, weeks + 1)]
    return _Grid(names, columns, grid("rate"), text, grid("state"))


def _draw(ax: Axes, grid: _Grid, names: list[str], written: bool) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Rectangle

    high, wide = grid.rate.shape
    nothing = np.isnan(grid.rate)
    shade = np.ma.masked_invalid(np.where(nothing, np.nan, np.digitize(grid.rate, BOUNDS)))
    colours = ListedColormap(COLOURS)
    mesh = ax.pcolormesh(shade, cmap=colours, vmin=-0.5, vmax=4.5, edgecolor="white")
    mesh.set_gid("heatmap")
    for state, part in ((STATES[1], AFTER), (STATES[2], UNSEEN), (HIDDEN, FEW)):
        for row, column in zip(*np.nonzero((grid.state == state) & nothing), strict=True):
            ax.add_patch(
                Rectangle(
                    (column, row),
                    1,
                    1,
                    facecolor=part.colour,
                    edgecolor=part.ink,
                    hatch=part.hatch,
                    linewidth=0,
                )
            )
    width, height = style.size_of(ax)
    size = min(7.5, height / high - 3)
    room = width / wide - 2
    if written and size >= 5.5 and max(fonts.width_of(t, size) for t in grid.text.flat) <= room:
        for (row, column), text in np.ndenumerate(grid.text):
            if text:
                ink = "white" if shade[row, column] >= 3 else style.INK
                ax.text(
                    column + 0.5,
                    row + 0.5,
                    text,
                    ha="center",
                    va="center_baseline",
                    fontsize=size,
                    color=ink,
                )
    ax.set_ylim(high, 0)
    ax.set_xlim(0, wide)
    ax.set_yticks(np.arange(high) + 0.5, names, fontsize=min(style.CELL_SIZE, height / high - 1))
    every = max(1, int(np.ceil(wide * (14 + max(map(len, grid.columns)) * 5.5) / width)))
    ax.set_xticks(np.arange(0, wide, every) + 0.5, grid.columns[::every])
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
