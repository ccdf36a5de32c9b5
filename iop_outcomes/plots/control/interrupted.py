"""An interrupted series: what was seen and fitted, and what was expected without the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.control.looks import (
    BLUE,
    EVENT,
    GREY,
    ORANGE,
    ROW,
    Mark,
    key_rows,
    options_of,
    write_key,
)
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.day_axis import write_percent
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted
from iop_outcomes.plots.layout.period_axis import write_periods
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet
from iop_outcomes.shared.text import format_level
from iop_outcomes.trends.interrupted import InterruptedSeries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, WIDTH, PANEL, BELOW, ABOVE, TITLE_SIZE = 62.0, 16.0, 620.0, 210.0, 42.0, 30.0, 10.0
SEEN = Mark("observed", GREY, "o", size=4.5)
ASIDE = Mark("not in the regression", style.QUIET, "o", size=5.0, filled=False)
CONTROL = Mark("control", "#000000", "s", size=4.0, filled=False)
FITTED = Mark("fitted", BLUE, line="-")
WITHOUT = Mark("expected without the change", ORANGE, line=(0, (5, 2.5)))


def plot_interrupted(series: InterruptedSeries, ax: Axes | Figure | None = None) -> Axes:
    """Draw an interrupted series: the values, the fitted lines, and what was expected without it.

    Parameters
    ----------
    series : InterruptedSeries
        What `iop_outcomes.interrupted_series` or `iop_outcomes.protect` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. Default: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    check_result(series, "plot_interrupted", InterruptedSeries)
    target = figure_or(ax)
    rows = series.table
    marks = _key(series)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(series, marks), series)
        place = sheet.ax
        place.set_xlim(-0.6, len(rows) - 0.4)
        _draw(place, rows, series.plan.control != "")
        what = drawn_name(series.title)
        name = f"{what}: {series.plan.group}" if series.plan.group else what
        title = fitted([name], style.size_of(place)[0], TITLE_SIZE, True)[0]
        place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=6)
        if series.unit == "proportion":
            write_percent(place)
        elif series.unit not in ("value", "rate"):
            style.y_label(place, series.unit)
        write_periods(place, rows["period"].astype(str).tolist())
        write_key(place, key_rows(marks, sheet.outer_width - 24), left=8 - LEFT, up=ABOVE)
        finish(sheet, series, series.text)
    return place


def _key(series: InterruptedSeries) -> list[Mark]:
    aside = _aside(series.table).notna().any()
    marks = [SEEN, *([ASIDE] * bool(aside)), *([CONTROL] * bool(series.plan.control))]
    return [*marks, FITTED, WITHOUT, EVENT]


def _planner(series: InterruptedSeries, marks: list[Mark]) -> Planner:
    def plan(width: float, _: bool) -> Plan:
        key = len(key_rows(marks, width - 24)) * ROW
        return Plan(
            *(LEFT, RIGHT, ABOVE + key, BELOW, 0.0),
            height=PANEL,
            notes=_note(series),
            least=(110.0, 90.0),
        )

    return plan


def _aside(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the values that are shown and not in the regression."""
    return rows["value"].where(~rows["used"])


def _draw(ax: Axes, rows: pd.DataFrame, compared: bool) -> None:
    places = np.arange(len(rows), dtype=np.float64)
    after = rows["after"].to_numpy(dtype=bool)
    ax.plot(places, rows["value"].where(rows["used"]), label=SEEN.words, **options_of(SEEN))
    ax.plot(places, _aside(rows), label=ASIDE.words, **options_of(ASIDE))
    if compared:
        ax.plot(places, rows["control"], label=CONTROL.words, **options_of(CONTROL))
    line = rows["fitted"].to_numpy(dtype=np.float64)
    for side in (~after, after):
        part = side & np.isfinite(line)
        ax.plot(
            places[part], line[part], label=FITTED.words, **options_of(FITTED) | {"linewidth": 1.8}
        )
    part = after & np.isfinite(line)
    expected, low, high = (
        rows[name].to_numpy(dtype=np.float64)[part]
        for name in ("counterfactual", "counterfactual_lower", "counterfactual_upper")
    )
    ax.fill_between(places[part], low, high, color=WITHOUT.colour, alpha=0.14, linewidth=0)
    ax.plot(places[part], expected, label=WITHOUT.words, **options_of(WITHOUT) | {"linewidth": 1.8})
    if part.any():
        begun = int(np.flatnonzero(after)[0])
        ax.axvline(begun - 0.5, label="event", zorder=1.4, **options_of(EVENT) | {"linewidth": 0.9})


def _note(series: InterruptedSeries) -> str:
    level = format_level(series.confidence)
    legend = f"Vertical line: {series.plan.words} ({series.plan.at}). Shaded: {level} interval."
    compared = f" Control: {series.plan.control}." if series.plan.control else ""
    return f"{series.rule}\n{legend}{compared}"
