"""One page of many measures: a row a chart with its value, target, verdict and course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.plots.control.looks import CENTRE, POINTS, TARGET, kind_of, options_of
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted, group_name
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet
from iop_outcomes.trends import SummaryMatrix
from iop_outcomes.trends.adjusting import charted_as
from iop_outcomes.trends.charts import TRIAL_POINTS
from iop_outcomes.trends.watching.many import Chart, charts_of
from iop_outcomes.trends.watching.matrix import DRAWN_PERIODS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE, WIDTH, TOP, AXIS = 12.0, 800.0, 30.0, 6.0
ROW, LEAST_ROW, MOST_ROWS = 21.0, 12.0, 60
SIZE = style.CELL_SIZE
# where columns begin or end, as parts of the width
GROUP, VALUE, TARGETS, ICON, ASSURED, COURSE = 0.22, 0.43, 0.505, 0.535, 0.72, 0.86
NOTE = (
    "Course: the last 24 periods, each row on its own scale, with the centre of its chart (line) "
    "and the target (dots); marked points are signals, the last point is the value. *: trial "
    f"limits, of fewer than {TRIAL_POINTS} points."
)


def plot_matrix(result: SummaryMatrix, ax: Axes | Figure | None = None) -> Axes:
    """Draw one page: a row a measure and group with value, target, variation, assurance, course.

    Variation is shown by shape and colour and in words: a grey circle for common cause, a blue
    diamond for improvement, an orange square for concern, a black triangle if neither direction is
    better.

    Parameters
    ----------
    result : SummaryMatrix
        What `iop_outcomes.summary_matrix` or `iop_outcomes.protect` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. A figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; its ``child_axes`` are the courses, a row each.

    Raises
    ------
    RuleError
        If there would be more than 60 rows.
    """
    check_result(result, "plot_matrix", SummaryMatrix)
    if len(result.table) > MOST_ROWS:
        raise RuleError(
            f"One page holds at most {MOST_ROWS} rows.",
            found=f"{len(result.table)}",
            instead="fewer measures or fewer groups",
        )
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(result), result)
        axes, count = sheet.ax, len(result.table)
        axes.set_xlim(0, 1)
        axes.set_ylim(count, 0)
        axes.set_axis_off()
        _write_heads(sheet, result)
        _write_rows(sheet, result)
        for place, chart in enumerate(charts_of(result.trends)):
            _draw_course(sheet, place, count, chart)
        finish(sheet, result, result.text)
    return sheet.ax


def _planner(result: SummaryMatrix) -> Planner:
    def plan(_: float, __: bool) -> Plan:
        rows = len(result.table)
        return Plan(
            *(SIDE, SIDE, TOP, AXIS, 0.0),
            height=ROW * rows,
            notes=f"{NOTE}\n{result.rule}",
            least=(420.0, LEAST_ROW * rows),
        )

    return plan


def _write_heads(sheet: Sheet, result: SummaryMatrix) -> None:
    heads = [(0.0, "measure", "left"), (VALUE, "latest", "right"), (TARGETS, "target", "right")]
    heads += [
        (ICON, "variation", "left"),
        (ASSURED, "assurance", "left"),
        (COURSE, "course", "left"),
    ]
    if result.by:
        room = (VALUE - GROUP) * sheet.width - 60
        name = fonts.shortened(fonts.drawable_name(", ".join(result.by)), room, SIZE)
        heads.insert(1, (GROUP, name, "left"))
    for x, text, ha in heads:
        sheet.ax.annotate(
            text,
            xy=(x, 1),
            xycoords="axes fraction",
            xytext=(0, 5),
            textcoords="offset points",
            ha=ha,
            va="bottom",
            fontsize=SIZE,
            color=style.QUIET,
            annotation_clip=False,
            gid=f"head_{text}",
        )


def _write_rows(sheet: Sheet, result: SummaryMatrix) -> None:
    table, ax = result.table, sheet.ax
    end = GROUP if result.by else VALUE
    room = end * sheet.width - (8 if result.by else 60)
    titles = fitted([drawn_name(title) for title in table["title"]], room, SIZE)
    names = [""] * len(table)
    if result.by:
        every = [group_name(row[list(result.by)]) for _, row in table.iterrows()]
        names = fitted(every, (VALUE - GROUP) * sheet.width - 84, SIZE)
    before = ""
    for place, (_, row) in enumerate(table.iterrows()):
        middle = place + 0.5
        if row["measure"] != before:
            if place:
                ax.axhline(place, color=style.RULE, linewidth=0.8, zorder=1)
            _write(ax, 0.0, middle, titles[place], "left", weight="bold")
        before = row["measure"]
        _write(ax, GROUP, middle, names[place], "left")
        _write_verdict(ax, middle, row)


def _write_verdict(ax: Axes, middle: float, row: pd.Series[Any]) -> None:
    if pd.isna(row["value"]):
        words = (
            "hidden" if row.get("hidden", False) else (row["not_known"] and "not known") or "none"
        )
        _write(ax, VALUE, middle, words, "right", colour=style.QUIET)
        return
    _write(ax, VALUE, middle, row["shown"], "right")
    _write(ax, TARGETS, middle, row["shown_target"] or "–", "right")
    kind = kind_of(row["variation"])
    mark = POINTS[kind]
    ax.plot([ICON + 0.008], [middle], clip_on=False, zorder=3, **options_of(mark))
    trial = "*" if row["trial"] and row["variation"] else ""
    weight = "normal" if kind in ("common", "") else "bold"
    _write(ax, ICON + 0.02, middle, f"{row['variation']}{trial}", "left", weight=weight)
    _write(ax, ASSURED, middle, row["assurance"] or "–", "left")


def _write(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    ha: str,
    *,
    weight: str = "normal",
    colour: str = style.INK,
) -> None:
    if text:
        ax.text(x, y, text, ha=ha, va="center", fontsize=SIZE, fontweight=weight, color=colour)


def _draw_course(sheet: Sheet, place: int, count: int, chart: Chart) -> None:
    """Draw the last periods of a chart as a small line."""
    rows = chart.rows.tail(DRAWN_PERIODS).reset_index(drop=True)
    value = rows[charted_as(rows)].to_numpy(dtype=np.float64)
    high = 1 / count
    box = (COURSE, 1 - (place + 0.88) * high, 1 - COURSE, 0.76 * high)
    ax = sheet.ax.inset_axes(box)
    style.set_scale(ax, sheet.scale)
    ax.set_axis_off()
    x = np.arange(len(rows), dtype=np.float64)
    ax.set_xlim(-1, max(len(rows), 2))
    known = np.isfinite(value)
    rule = chart.trend.chart
    target = np.nan if rule is None or rule.target is None else float(rule.target)
    levels = np.append(np.append(value, rows["centre"].to_numpy(dtype=np.float64)), target)
    levels = levels[np.isfinite(levels)]
    if not known.any():
        return
    room = 0.12 * (levels.max() - levels.min()) or 0.5
    ax.set_ylim(levels.min() - room, levels.max() + room)
    ax.plot(x, rows["centre"], label="centre", zorder=1, **options_of(CENTRE) | {"linewidth": 0.6})
    if np.isfinite(target):
        ax.axhline(target, label="target", zorder=1.1, **options_of(TARGET) | {"linewidth": 1.0})
    ax.plot(x, value, color=POINTS[""].colour, linewidth=0.9, label="value", zorder=2)
    kinds = np.array([kind_of(words) for words in rows["variation"]])
    last = int(np.flatnonzero(known)[-1])
    for kind, mark in POINTS.items():
        chosen = known & (kinds == kind) & ((kinds != "common") | (x == last))
        if chosen.any() and kind:
            look = options_of(mark) | {"markersize": 3.2}
            ax.plot(x[chosen], value[chosen], label=mark.words, zorder=3, **look)
