"""The mean number of events a person by day, as steps that only rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.layout import day_axis, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import label_room, legend_labels, panels
from iop_outcomes.plots.layout.risk_table import (
    TABLE_TOP,
    Block,
    Row,
    add_risk_table,
    table_height,
)
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet
from iop_outcomes.plots.layout.steps import draw_steps
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.recurrence.result import MeanCumulativeFunction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

LEFT, LEFT_ALONE, RIGHT, WIDTH, HEIGHT = 104.0, 66.0, 18.0, 560.0, 230.0
AFTER_TABLE, WORDS_GAP = 18.0, 16.0
COUNTED = ("events", "terminal")
CUT = 2.0  # the axis goes up to this many times the highest mean; bands above it are cut


def plot_mean_cumulative(result: MeanCumulativeFunction, ax: Axes | Figure | None = None) -> Axes:
    """Draw the mean number of events by day, with its limits and, below, who is observed.

    Parameters
    ----------
    result : MeanCumulativeFunction
        What `iop_outcomes.mean_cumulative_function` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room below for the table. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.
    """
    check_result(result, "plot_mean_cumulative", MeanCumulativeFunction)
    groups = panels(result.table, result.by)
    style.look(0, len(groups))  # refuses more than can be distinguished
    names = [name for name, _ in groups]
    last = float(result.table["day"].max())
    top = min(float(result.table["upper"].max()) * 1.05, CUT * float(result.table["mean"].max()))
    cut = bool((result.table["upper"] > top).any())
    notes = _small_print(result, cut)
    target = figure_or(ax)
    with style.drawing():
        planner = _planner(result, names, f"{result.rule}\n{notes}")
        sheet = open_sheet(target, WIDTH, planner, result)
        ax = sheet.ax
        labels = _labels(result, names, label_room(sheet.width, result))
        for position, (_, rows) in enumerate(groups):
            _draw(ax, rows, style.look(position, len(groups)), labels[position])
        ticks = day_axis.day_ticks(last, sheet.width)
        _dress(ax, result, ticks, (last, top))
        if sheet.whole:
            add_risk_table(ax, sheet, _counts(result, ticks), ticks, gap=WORDS_GAP)
        finish(sheet, result, f"{result.text} {notes}")
    return ax


def _planner(result: MeanCumulativeFunction, names: list[str], notes: str) -> Planner:
    rows = 1 + sum(column in result.table for column in COUNTED)
    height = table_height(names, rows, AFTER_TABLE)
    above = 14 + len(names) * 15.0

    def plan(_: float, whole: bool) -> Plan:
        left, table = (LEFT, height) if whole else (LEFT_ALONE, 0.0)
        return Plan(left, RIGHT, above, TABLE_TOP, table, HEIGHT, notes)

    return plan


def _labels(result: MeanCumulativeFunction, names: list[str], room: float) -> list[str]:
    """Return what the legend says of each group."""
    sizes = zip(result.sizes["n"], result.sizes["events"], strict=True)
    counts = [f"n = {n:,}, {events:,} {result.noun}" for n, events in sizes]
    return legend_labels(names, counts, room)


def _draw(ax: Axes, rows: pd.DataFrame, look: style.Look, label: str) -> None:
    day, mean = rows["day"].to_numpy(), rows["mean"].to_numpy()
    limits = rows["lower"].to_numpy(), rows["upper"].to_numpy()
    draw_steps(ax, day, mean, limits, look, label, edges=True)


def _dress(
    ax: Axes,
    result: MeanCumulativeFunction,
    ticks: NDArray[np.float64],
    ends: tuple[float, float],
) -> None:
    last, top = ends
    ax.set_ylim(0, top)
    day_axis.write_days(ax, ticks, last)
    day_axis.name_days(ax, result.provenance.origin)
    style.y_label(ax, f"{result.noun} {result.each} so far, mean")
    style.legend(ax)


def _counts(result: MeanCumulativeFunction, ticks: NDArray[np.float64]) -> list[Block]:
    """Return the rows of the table of each group, on the days of the axis."""
    at_risk = result.at(ticks.tolist())["at_risk"].to_numpy().reshape(-1, len(ticks))
    words = dict(zip(COUNTED, (result.noun, "ended for good"), strict=True))
    blocks = []
    for number, (name, table) in enumerate(panels(result.table, result.by)):
        through = np.searchsorted(table["day"], ticks, side="right")
        rows = [Row("observed", "observed", at_risk[number])]
        for column, word in words.items():
            if column in table:
                sums = np.append(0, np.cumsum(table[column].to_numpy()))
                rows.append(Row(column, word, sums[through]))
        blocks.append((name, rows))
    return blocks


def _small_print(result: MeanCumulativeFunction, cut: bool) -> str:
    text = (
        f"Bands: {format_level(result.confidence)} confidence limits. Observed: just before the "
        f"day, which can rise; {result.noun}: through the day."
    )
    return text + (" Limits above the upper edge are in the table." if cut else "")
