"""The mean number of events a person by day, as steps that only rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import fitted, label_room, legend_labels, panels
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet
from iop_outcomes.shared.text import level_words
from iop_outcomes.survival.recurrence.result import MeanCumulativeFunction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

LEFT, LEFT_ALONE, RIGHT, WIDTH, HEIGHT = 104.0, 66.0, 18.0, 560.0, 230.0
TABLE_TOP = 42.0
COUNTED = ("events", "terminal")
CUT = 2.0  # the axis goes up to so many times the highest mean; bands above it are cut


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
    style.look(0, len(groups))  # refuses more than can be told apart
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
        ticks = style.day_ticks(last, sheet.width)
        _dress(ax, result, ticks, (last, top))
        if sheet.whole:
            _draw_table(sheet, _counts(result, ticks), ticks)
        finish(sheet, result, f"{result.text} {notes}")
    return ax


def _planner(result: MeanCumulativeFunction, names: list[str], notes: str) -> Planner:
    rows = 1 + sum(column in result.table for column in COUNTED)
    lines = len(names) * (rows + bool(result.by))
    height = lines * style.LINE_HEIGHT + len(names) * 4 + 18
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
    ax.fill_between(day, *limits, step="post", color=look.colour, alpha=0.13, linewidth=0)
    mark = {"color": look.colour, "linestyle": look.line, "linewidth": 1.8, "zorder": 3}
    ax.step(day, mean, where="post", label=label, **mark)
    for limit in limits:
        ax.step(
            day, limit, where="post", color=look.colour, linewidth=0.5, alpha=0.55, label="_limit"
        )


def _dress(
    ax: Axes,
    result: MeanCumulativeFunction,
    ticks: NDArray[np.float64],
    ends: tuple[float, float],
) -> None:
    last, top = ends
    ax.set_ylim(0, top)
    ax.set_xlim(0, max(last, 1.0) * 1.02)
    ax.set_xticks(ticks)
    style.y_label(ax, f"{result.noun} {result.each} so far, mean")
    ax.set_xlabel(f"days since {result.provenance.origin}", labelpad=2)
    style.legend(ax)


def _counts(
    result: MeanCumulativeFunction, ticks: NDArray[np.float64]
) -> list[tuple[str, dict[str, list[int]]]]:
    """Return the name of each group and the rows of its table on the days of the axis."""
    at_risk = result.at(ticks.tolist())["at_risk"].to_numpy().reshape(-1, len(ticks))
    words = dict(zip(COUNTED, (result.noun, "ended for good"), strict=True))
    table_rows = []
    for number, (name, rows) in enumerate(panels(result.table, result.by)):
        through = np.searchsorted(rows["day"], ticks, side="right")
        counts = {"observed": at_risk[number].tolist()}
        for column, word in words.items():
            if column in rows:
                sums = np.append(0, np.cumsum(rows[column].to_numpy()))
                counts[word] = sums[through].tolist()
        table_rows.append((name, counts))
    return table_rows


def _draw_table(
    sheet: Sheet, counts: list[tuple[str, dict[str, list[int]]]], ticks: NDArray[np.float64]
) -> None:
    """Write the counts under the x axis."""
    names = fitted([name for name, _ in counts], sheet.outer_width - 16, style.CELL_SIZE, True)
    down, ax = TABLE_TOP, sheet.ax
    for position, (name, (_, rows)) in enumerate(zip(names, counts, strict=True)):
        if name:
            colour = style.look(position, len(counts)).colour
            down += 4 if position else 0
            place = (0.0, -LEFT + 8, down)
            style.write_cell(ax, name, place, ha="left", colour=colour, weight="bold", fixed=True)
            down += style.LINE_HEIGHT
        for word, values in rows.items():
            place = (0.0, -16, down)
            style.write_cell(ax, word, place, ha="right", colour=style.QUIET, fixed=True)
            for day, value in zip(ticks, values, strict=True):
                cell = style.write_cell(ax, f"{value:,}", (float(day), 0, down), ha="center")
                cell.set_gid(f"count_{position}_{word}_{day:g}")
            down += style.LINE_HEIGHT


def _small_print(result: MeanCumulativeFunction, cut: bool) -> str:
    text = (
        f"Bands: {level_words(result.confidence)} confidence limits. Observed: just before the "
        f"day, which can rise; {result.noun}: through the day."
    )
    return text + (" Limits above the upper edge are in the table." if cut else "")
