"""The smoothed rate of the event by day, with its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots import style
from iop_outcomes.plots.incidence import STEPS, draw_at_risk, names_are_wide
from iop_outcomes.relapse.rules import ORIGINS
from iop_outcomes.show import count_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival.hazard_result import Hazard

LEFT, RIGHT, WIDTH, HEIGHT = 92.0, 18.0, 560.0, 230.0
BELOW = 42.0
CUT = 2.0  # the axis goes up to so many times the highest rate; bands above it are cut


def plot_hazard(rates: Hazard, ax: Axes | Figure | None = None) -> Axes:
    """Draw the rate of the event by day, per 100 people at risk, and who is at risk below.

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
    from matplotlib import rc_context

    groups = _groups(rates)
    highest = 100 * float(np.nan_to_num(rates.table["hazard"].max()))
    top = min(100 * float(rates.table["upper"].max()) * 1.05, CUT * highest) or 1.0
    notes = _notes(rates, bool((100 * rates.table["upper"] > top).any()))
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        ticks = _ticks(rates)
        risk = _at_risk(rates, ticks)
        lines = len(risk) * (1 + names_are_wide(risk))
        bottom = BELOW + 26 + lines * style.LINE_HEIGHT + len(notes) * style.NOTE_HEIGHT + 8
        margins = (LEFT, RIGHT, bottom, 14 + len(groups) * 15.0)
        ax = style.axes_for(target, (WIDTH, HEIGHT + margins[2] + margins[3]), margins)
        for position, (name, rows) in enumerate(groups):
            _draw(ax, rows, style.look(position, len(groups)), name)
        ax.set_ylim(0, top)
        ax.set_xlim(0, float(rates.table["day"].max()) * 1.02 or 1.0)
        event = "relapses" if "relapse" in rates.rule.lower() else "events"
        ax.set_ylabel(f"{event} per 100 at risk and day")
        ax.set_xlabel(f"days since {_origin(rates.rule)}", labelpad=2)
        ax.set_xticks(ticks)
        down = draw_at_risk(ax, risk, ticks, LEFT)
        ax.legend(loc="lower left", bbox_to_anchor=(-0.012, 1.0), borderaxespad=0.2)
        style.write_below(ax, notes, left=-LEFT + 8, down=down)
        style.mark_synthetic(ax, rates)
        style.describe(ax, rates.text)
    return ax


def _groups(rates: Hazard) -> list[tuple[str, pd.DataFrame]]:
    parts = (
        [
            (key, rows)
            for key, rows in rates.table.groupby(list(rates.by), observed=True, sort=False)
        ]
        if rates.by
        else [((), rates.table)]
    )
    found: list[tuple[str, pd.DataFrame]] = []
    for (key, rows), size in zip(parts, rates.stretches.itertuples(), strict=True):
        events = int(rates.stretches["events"].iloc[len(found)])
        name = style.group_name(pd.Series(key, dtype=object))
        counts = f"n = {size.n:,}, {count_words(events, 'event')}"
        found.append((f"{name}: {counts}" if name else counts, rows))
    return found


def _ticks(rates: Hazard) -> np.ndarray:
    last = float(rates.table["day"].max())
    step = next((step for step in STEPS if last / step <= 8), max(last, 1.0))
    return np.arange(0, last + 1e-9, step)


def _at_risk(rates: Hazard, ticks: np.ndarray) -> list[tuple[str, list[int]]]:
    """Return the name of each group and how many are at risk just before each day."""
    numbers = rates.at(ticks.tolist())["at_risk"].to_numpy().reshape(-1, len(ticks))
    labels = rates.stretches[list(rates.by)]
    names = [style.group_name(row) for _, row in labels.iterrows()] if rates.by else [""]
    return list(zip(names, numbers.tolist(), strict=True))


def _origin(rule: str) -> str:
    found = [origin for origin in ORIGINS.values() if f"after {origin}" in rule]
    return found[0] if found else "the start"


def _draw(ax: Axes, rows: pd.DataFrame, look: style.Look, label: str) -> None:
    day = rows["day"].to_numpy()
    rate, lower, upper = (100 * rows[name].to_numpy() for name in ("hazard", "lower", "upper"))
    ax.fill_between(day, lower, upper, color=look.colour, alpha=0.13, linewidth=0)
    ax.plot(day, rate, color=look.colour, linestyle=look.line, linewidth=1.8, label=label, zorder=3)
    for limit in (lower, upper):
        ax.plot(day, limit, color=look.colour, linewidth=0.5, alpha=0.55, label="_limit")


def _notes(rates: Hazard, cut: bool) -> list[str]:
    lines = [rates.rule, "At risk: just before the day."]
    if cut:
        lines.append("Limits above the upper edge of the picture are in the table.")
    seen = rates.table.dropna(subset="hazard")
    if seen["lower"].isna().any():
        lines.append("No band: the rate is less than half of its standard error.")
    return style.note_lines("\n".join(lines), WIDTH - 20)
