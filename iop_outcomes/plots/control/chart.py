"""A trend with its chart: a panel a group, in one or two columns on one scale, and one key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.control.looks import (
    key_height,
    key_of,
    key_rows,
    points_of,
    write_key,
)
from iop_outcomes.plots.control.panel import draw_lines, draw_marks, draw_points
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.day_axis import write_percent
from iop_outcomes.plots.layout.given import figure_or
from iop_outcomes.plots.layout.grid import (
    ABOVE,
    BELOW,
    KEY_UP,
    LEFT,
    TITLE_SIZE,
    grid,
    panel_titles,
    panels_below_key,
)
from iop_outcomes.plots.layout.names import panels
from iop_outcomes.plots.layout.period_axis import write_denominators, write_periods
from iop_outcomes.plots.layout.sheet import finish, open_sheet
from iop_outcomes.plots.layout.unknown import HIDDEN, NOT_KNOWN, NOT_YET, say_why
from iop_outcomes.records.fitness import reasons_in
from iop_outcomes.shared.text import format_level
from iop_outcomes.trends.adjusting import charted_as
from iop_outcomes.trends.charts import TRIAL_POINTS
from iop_outcomes.trends.result import MEANS, describe_marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.trends import Trend

WIDTH = 620.0
OF_DENOMINATORS = 20.0  # points below the axis


def draw_chart(trend: Trend, ax: Axes | Figure | None = None) -> Axes:
    """Draw a trend with its chart; see `iop_outcomes.plot_trend`."""
    parts = panels(trend.table, trend.by)
    target, key = figure_or(ax), key_of(trend)
    counted = len(parts) == 1 and bool(trend.table["denominator"].notna().any())
    plan = panels_below_key(
        len(parts),
        partial(key_height, key),
        _note(trend, counted),
        more_below=OF_DENOMINATORS * counted,
    )
    with style.drawing():
        sheet = open_sheet(target, WIDTH, plan, trend)
        places = grid(sheet, len(parts), BELOW + ABOVE, LEFT - 10)
        room = style.size_of(places[0])[0]
        titles = panel_titles(trend.title, [name for name, _ in parts], room)
        scale = _scale(trend)
        for place, title, (_, rows) in zip(places, titles, parts, strict=True):
            _draw_panel(place, rows.reset_index(drop=True), trend, scale)
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=6)
            if counted and sheet.whole:
                write_denominators(place, rows)
        rows_of_key = key_rows(key, sheet.outer_width - 24)
        write_key(places[0], rows_of_key, left=8 - LEFT, up=KEY_UP)
        finish(sheet, trend, trend.text)
    return sheet.ax


def _scale(trend: Trend) -> tuple[float, float]:
    """Return the y axis of all panels: the values with a margin, within what is possible."""
    table, rule = trend.table, trend.chart
    # the interval of a few people so far may reach beyond it
    names = ["value", "centre", "lower_limit", "upper_limit", charted_as(table, "value_so_far")]
    names += ["adjusted"] * ("adjusted" in table)
    target = np.nan if rule is None or rule.target is None else rule.target
    every = np.append(table[names].to_numpy(dtype=np.float64).ravel(), target)
    drawn = every[np.isfinite(every)]
    low, high = (float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
    room = 0.07 * (high - low) or 0.07 * abs(high) or 0.5
    numbers = 2.0 if trend.marks is not None and len(trend.marks) else 1.0
    return low - room, high + numbers * room


def _draw_panel(ax: Axes, rows: pd.DataFrame, trend: Trend, scale: tuple[float, float]) -> None:
    ax.set_xlim(-0.6, len(rows) - 0.4)
    ax.set_ylim(*scale)
    ax.set_yticks([tick for tick in ax.get_yticks() if scale[0] <= tick <= scale[1]])
    hidden = rows["hidden"].astype(bool) if "hidden" in rows else pd.Series(False, rows.index)
    unknown = rows["not_known"] != ""
    draw_lines(ax, rows, None if trend.chart is None else trend.chart.target)
    draw_points(ax, rows, rows["complete"] & ~hidden, points_of(trend))
    draw_marks(ax, rows, trend)
    now = rows[charted_as(rows, "value_so_far")]
    waiting = ~rows["complete"] & now.isna() & ~hidden & ~unknown
    say_why(ax, waiting.to_numpy(), NOT_YET)
    say_why(ax, hidden.to_numpy(), HIDDEN)
    say_why(ax, (unknown & ~hidden).to_numpy(), NOT_KNOWN)
    if trend.unit == "proportion":
        write_percent(ax)
    elif trend.unit in ("episodes", *MEANS):
        style.y_label(ax, trend.unit)
    write_periods(ax, rows["period"].astype(str).tolist())


def _note(trend: Trend, counted: bool) -> str:
    notes = [trend.rule]
    if trend.marks is not None and len(trend.marks):
        sentences = describe_marks(trend.marks)
        notes.append(
            " ".join(f"{number}: {sentence}" for number, sentence in enumerate(sentences, start=1))
        )
    if trend.table[charted_as(trend.table, "value_so_far")].notna().any():
        interval = f", with the {format_level(trend.confidence)} interval"
        notes.append(
            "Open points: periods that are not complete, from what is known so far"
            f"{'' if 'adjusted' in trend.table else interval}; not in limits and rules."
        )
    few, below = "", "n: the denominator." if counted else ""
    if trend.table["trial"].any():
        part = "" if trend.table["trial"].all() else " in part"
        few = f"Limits rest{part} on fewer than {TRIAL_POINTS} points and may still change."
    if few or below:
        notes.append(f"{few} {below}".strip())
    notes += [f"{reason[0].upper()}{reason[1:]}." for reason in reasons_in(trend.table).unique()]
    return "\n".join(notes)
