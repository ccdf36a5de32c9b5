"""The mean number of events a person by day, as steps that only rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots import style
from iop_outcomes.relapse.rules import ORIGINS
from iop_outcomes.show import level_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from iop_outcomes.survival.recurrence_result import MeanCumulativeFunction

LEFT, RIGHT, WIDTH, HEIGHT = 104.0, 18.0, 560.0, 230.0
TABLE_TOP = 42.0
STEPS = (1, 7, 14, 30, 60, 90, 180, 365, 730)
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
    from matplotlib import rc_context

    groups = _groups(result)
    last = float(result.table["day"].max())
    step = next((step for step in STEPS if last / step <= 8), max(last, 1.0))
    ticks = np.arange(0, last + 1e-9, step)
    highest = float(result.table["mean"].max())
    top = min(float(result.table["upper"].max()) * 1.05, CUT * highest)
    cut = bool((result.table["upper"] > top).any())
    notes = style.note_lines(f"{result.rule}\n{_small_print(result, cut)}", WIDTH - 20)
    counts = _counts(result, ticks)
    lines = sum(len(rows) for _, rows in counts) + len(counts) * bool(result.by)
    bottom = TABLE_TOP + lines * style.LINE_HEIGHT + len(counts) * 4 + 18
    bottom += len(notes) * style.NOTE_HEIGHT + 8
    above = 14 + len(groups) * 15.0
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        margins = (LEFT, RIGHT, bottom, above)
        ax = style.axes_for(target, (WIDTH, HEIGHT + bottom + above), margins)
        for position, (name, rows) in enumerate(groups):
            _draw(ax, rows, style.look(position, len(groups)), name)
        _dress(ax, result, ticks, (last, top))
        down = _draw_table(ax, counts, ticks)
        style.write_below(ax, notes, left=-LEFT + 8, down=down)
        style.mark_synthetic(ax, result)
        style.describe(ax, f"{result.text} {_small_print(result, cut)}")
    return ax


def _groups(result: MeanCumulativeFunction) -> list[tuple[str, pd.DataFrame]]:
    """Return the label and the rows of each group."""
    parts = [rows for _, rows in style.panels(result.table, result.by)]
    found = []
    for (_, size), rows in zip(result.sizes.iterrows(), parts, strict=True):
        name = f"{style.group_name(size[list(result.by)])}: " if result.by else ""
        found.append((f"{name}n = {size['n']:,}, {size['events']:,} {result.noun}", rows))
    return found


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
    ax.set_ylabel(f"{result.noun} {result.each} so far, mean")
    origins = (origin for origin in ORIGINS.values() if f"after {origin}" in result.rule)
    ax.set_xlabel(f"days since {next(origins, 'the start')}", labelpad=2)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.012, 1.0),
        borderaxespad=0.2,
        handlelength=3.2,
        labelspacing=0.25,
    )


def _counts(
    result: MeanCumulativeFunction, ticks: NDArray[np.float64]
) -> list[tuple[str, dict[str, list[int]]]]:
    """Return the name of each group and the rows of its table on the days of the axis."""
    at_risk = result.at(ticks.tolist())["at_risk"].to_numpy().reshape(-1, len(ticks))
    words = {"events": result.noun, "terminal": "ended for good"}
    found = []
    for number, (name, rows) in enumerate(style.panels(result.table, result.by)):
        through = np.searchsorted(rows["day"], ticks, side="right")
        counts = {"observed": at_risk[number].tolist()}
        for column, word in words.items():
            if column in rows:
                sums = np.append(0, np.cumsum(rows[column].to_numpy()))
                counts[word] = sums[through].tolist()
        found.append((name, counts))
    return found


def _draw_table(
    ax: Axes, counts: list[tuple[str, dict[str, list[int]]]], ticks: NDArray[np.float64]
) -> float:
    """Write the counts under the x axis; return how many points down they end."""
    down = TABLE_TOP
    for position, (name, rows) in enumerate(counts):
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
    return down + 8


def _small_print(result: MeanCumulativeFunction, cut: bool) -> str:
    text = (
        f"Bands: {level_words(result.confidence)} confidence limits. Observed: just before the "
        f"day, which can rise; {result.noun}: through the day."
    )
    return text + (" Limits above the upper edge are in the table." if cut else "")
