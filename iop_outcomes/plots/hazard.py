"""The smoothed rate of the event by day, with its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.layout import day_axis, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import label_room, legend_labels, panels
from iop_outcomes.plots.layout.risk_table import (
    LEFT,
    LEFT_ALONE,
    TABLE_TOP,
    Block,
    Row,
    add_risk_table,
    table_height,
)
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet
from iop_outcomes.shared.text import format_count
from iop_outcomes.survival.hazard.result import Hazard

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDTH, HEIGHT, AFTER_TABLE = 18.0, 560.0, 230.0, 8.0
CUT = 2.0  # the axis goes up to this many times the highest rate; bands above it are cut


def plot_hazard(rates: Hazard, ax: Axes | Figure | None = None) -> Axes:
    """Draw the rate of the event by day, per 100 at risk, and who is at risk below.

    Parameters
    ----------
    rates : Hazard
        What `iop_outcomes.hazard` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; a figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.
    """
    check_result(rates, "plot_hazard", Hazard)
    groups = _groups(rates)
    style.look(0, len(groups))  # refuses more than can be distinguished
    highest = 100 * float(np.nan_to_num(rates.table["hazard"].max()))
    top = min(100 * float(rates.table["upper"].max()) * 1.05, CUT * highest) or 1.0
    notes = _notes(rates, bool((100 * rates.table["upper"] > top).any()))
    names = [name for name, _ in groups]
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(names, notes), rates)
        ax, last = sheet.ax, float(rates.table["day"].max())
        ticks = day_axis.day_ticks(last, sheet.width)
        labels = _labels(rates, names, label_room(sheet.width, rates))
        for position, (_, rows) in enumerate(groups):
            _draw(ax, rows, style.look(position, len(groups)), labels[position])
        ax.set_ylim(0, top)
        day_axis.write_days(ax, ticks, last)
        day_axis.name_days(ax, rates.provenance.origin)
        style.y_label(ax, f"{rates.provenance.events} per 100 at risk and day")
        if sheet.whole:
            add_risk_table(ax, sheet, _at_risk(rates, names, ticks), ticks)
        style.legend(ax)
        finish(sheet, rates, rates.text)
    return ax


def _planner(names: list[str], notes: str) -> Planner:
    def plan(_: float, whole: bool) -> Plan:
        left, table = (LEFT, table_height(names, 1, AFTER_TABLE)) if whole else (LEFT_ALONE, 0.0)
        return Plan(left, RIGHT, 14 + len(names) * 15.0, TABLE_TOP, table, HEIGHT, notes)

    return plan


def _groups(rates: Hazard) -> list[tuple[str, pd.DataFrame]]:
    return panels(rates.table, rates.by)


def _labels(rates: Hazard, names: list[str], room: float) -> list[str]:
    """Return what the legend says of each group."""
    sizes = zip(rates.stretches["n"], rates.stretches["events"], strict=True)
    counts = [f"n = {int(n):,}, {format_count(events, 'event')}" for n, events in sizes]
    return legend_labels(names, counts, room)


def _at_risk(rates: Hazard, names: list[str], ticks: np.ndarray) -> list[Block]:
    """Return how many of each group are at risk just before each day."""
    numbers = rates.at(ticks.tolist())["at_risk"].to_numpy().reshape(-1, len(ticks))
    return [
        (name, [Row("at_risk", "at risk", counts)])
        for name, counts in zip(names, numbers, strict=True)
    ]


def _draw(ax: Axes, rows: pd.DataFrame, look: style.Look, label: str) -> None:
    day = rows["day"].to_numpy()
    rate, lower, upper = (100 * rows[name].to_numpy() for name in ("hazard", "lower", "upper"))
    middle = ~rows["near_edge"].to_numpy()
    ax.fill_between(day, lower, upper, middle, color=look.colour, alpha=0.13, linewidth=0)
    ax.plot(day, rate, color=look.colour, linestyle=look.line, linewidth=1.8, label=label, zorder=3)
    for limit in (lower, upper):
        ax.plot(day, limit, color=look.colour, linewidth=0.5, alpha=0.55, label="_limit")


def _notes(rates: Hazard, cut: bool) -> str:
    lines = [rates.rule, "At risk: just before the day."]
    if cut:
        lines.append("Limits above the upper edge of the figure are in the table.")
    if rates.table["near_edge"].any():
        lines.append(
            f"Band not filled: less than {rates.bandwidth:.3g} days from either end, where the "
            "rate is estimated mostly from days on one side; its limits are unreliable if the "
            "rate changes there."
        )
    seen = rates.table.dropna(subset="hazard")
    if seen["lower"].isna().any():
        lines.append("No band: the rate is less than half of its standard error.")
    return "\n".join(lines)
