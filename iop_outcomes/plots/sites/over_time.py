"""VLAD and risk-adjusted CUSUM: a line a group over the people in the order of time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.control.looks import (
    BLUE,
    LIMITS,
    ORANGE,
    POINTS,
    Mark,
    key_height,
    key_rows,
    options_of,
    write_key,
)
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.grid import (
    ABOVE,
    BELOW,
    KEY_UP,
    LEFT,
    TITLE_SIZE,
    grid,
    panel_titles,
    panels_below_key,
    ticks_within,
)
from iop_outcomes.plots.layout.names import SYNTHETIC_ROOM, panels
from iop_outcomes.plots.layout.sheet import finish, open_sheet
from iop_outcomes.trends.sites import RiskAdjustedCusum, Vlad

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Followed = Vlad | RiskAdjustedCusum
WIDTH = 720.0
LINE = Mark("better less worse than expected", style.INK, line="-")
BAND = replace(LIMITS, words="95% of lines at each point by chance")
BETTER = Mark("evidence of better", BLUE, line="-")
WORSE = Mark("evidence of worse (drawn downwards)", ORANGE, line=(0, (4, 1.5)))
LIMIT = replace(LIMITS, words="limit of a signal")
SIGNALS = {
    "better": replace(POINTS["improvement"], words="first signal: better"),
    "worse": replace(POINTS["concern"], words="first signal: worse"),
}


def plot_vlad(result: Followed, ax: Axes | Figure | None = None) -> Axes:
    """Draw the sum of better less worse outcomes than expected, or the evidence of a change.

    Of a VLAD, a line a group that rises where outcomes are better than expected, between what 95%
    of lines keep to at each point by chance. Of a CUSUM, the evidence of better outcomes upwards
    and of worse ones downwards, with the limits, and the first signal of each as a blue diamond or
    an orange square. Each group has its own panel, on the same scale.

    Parameters
    ----------
    result : Vlad or RiskAdjustedCusum
        What `iop_outcomes.vlad` or `iop_outcomes.risk_adjusted_cusum` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several groups share its room. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several groups its ``child_axes`` are the panels.
    """
    check_result(result, "plot_vlad", Vlad, RiskAdjustedCusum)
    parts = panels(result.table, result.by)
    target, key = figure_or(ax), _key(result)
    plan = panels_below_key(len(parts), partial(key_height, key), _note(result))
    with style.drawing():
        sheet = open_sheet(target, WIDTH, plan, result)
        places = grid(sheet, len(parts), BELOW + ABOVE, LEFT - 10)
        names, room = [name for name, _ in parts], style.size_of(places[0])[0]
        titles = panel_titles(result.title, names, room - SYNTHETIC_ROOM * result.synthetic)
        low, high = _scale(result)
        most = max(len(rows) for _, rows in parts)
        for place, title, (_, rows) in zip(places, titles, parts, strict=True):
            place.set_xlim(0, most * 1.02 + 1)
            place.set_ylim(low, high)
            ticks_within(place)
            place.axhline(0, color=style.QUIET, linewidth=0.8, zorder=1.2)
            _draw(place, rows.reset_index(drop=True), result)
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=6)
        last = places[-1]
        last.set_xlabel("people after the baseline", labelpad=2)
        rows_of_key = key_rows(key, sheet.outer_width - 24)
        write_key(places[0], rows_of_key, left=8 - LEFT, up=KEY_UP)
        finish(sheet, result, result.text)
    return sheet.ax


def _scale(result: Followed) -> tuple[float, float]:
    """Return the y axis of all panels."""
    table = result.table
    if isinstance(result, Vlad):
        drawn = table[["vlad", "lower", "upper"]].to_numpy()
    else:
        worse = -table[["worse", "limit_worse"]].to_numpy()
        drawn = np.concatenate([worse, table[["better", "limit_better"]].to_numpy()])
    low, high = float(drawn.min()), float(drawn.max())
    room = 0.07 * (high - low) or 1.0
    return low - room, high + room


def _draw(ax: Axes, rows: pd.DataFrame, result: Followed) -> None:
    number = rows["number"].to_numpy()
    if isinstance(result, Vlad):
        for name in ("lower", "upper"):
            ax.plot(number, rows[name], label=name, zorder=1.5, **options_of(BAND))
        ax.plot(number, rows["vlad"], label="vlad", zorder=2, **options_of(LINE))
        return
    for name, mark, sign in (("better", BETTER, 1.0), ("worse", WORSE, -1.0)):
        ax.plot(number, sign * rows[name], label=name, zorder=2, **options_of(mark))
        limit = sign * float(rows[f"limit_{name}"].iloc[0])
        ax.axhline(limit, label=f"limit_{name}", zorder=1.5, **options_of(LIMIT))
        over = np.flatnonzero(rows["signal"].isin([name, "both"]))
        if len(over):
            first = int(over[0])
            point = ([number[first]], [sign * float(rows[name].iloc[first])])
            ax.plot(*point, label=f"signal_{name}", zorder=3, **options_of(SIGNALS[name]))


def _key(result: Followed) -> list[Mark]:
    if isinstance(result, Vlad):
        return [LINE, BAND]
    signals = set(result.table["signal"])
    shown = [mark for name, mark in SIGNALS.items() if signals & {name, "both"}]
    return [BETTER, WORSE, LIMIT, *shown]


def _note(result: Followed) -> str:
    if isinstance(result, Vlad):
        more = (
            "The band is of one point: somewhere on its way a line leaves it more often than in 5%."
        )
    else:
        more = (
            f"Limits: one false signal in {result.run_length:,} people in the mean, by simulation "
            f"({result.series:,} series, seed {result.seed}); odds times {result.odds_ratio:g}."
        )
    return f"{result.rule}\n{more}"
