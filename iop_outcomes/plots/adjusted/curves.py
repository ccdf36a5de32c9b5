"""Curves of groups that were made comparable, with their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.compare.adjustment import AdjustedCurves
from iop_outcomes.compare.resampling.contrasts import CurveContrast
from iop_outcomes.compare.strategies.result import StrategyComparison
from iop_outcomes.plots.layout import day_axis, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted, label_room
from iop_outcomes.plots.layout.risk_table import LEFT_ALONE, TABLE_TOP
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet
from iop_outcomes.plots.layout.steps import draw_steps
from iop_outcomes.shared.text import format_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDTH, HEIGHT = 18.0, 480.0, 240.0
LEAST = (110.0, 60.0)


def plot_adjusted_curves(result: CurveContrast, ax: Axes | Figure | None = None) -> Axes:
    """Draw the curve of each group with its limits, up to the day of the differences.

    Parameters
    ----------
    result : AdjustedCurves or StrategyComparison
        What `iop_outcomes.adjusted_curves`, `iop_outcomes.emulate_strategies` or
        `iop_outcomes.compare_strategies` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. A figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. There is no table of
        those at risk, since a weighted curve is not of whole people.
    """
    check_result(result, "plot_adjusted_curves", AdjustedCurves, StrategyComparison)
    parts = [
        (drawn_name(name), rows)
        for name, rows in result.curves.groupby("group", sort=False, observed=True)
    ]
    style.look(0, len(parts))  # refuses more than can be distinguished
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(result, len(parts)), result)
        names = fitted(
            [name for name, _ in parts],
            label_room(sheet.width, result),
            float(style.SETTINGS["legend.fontsize"]),
        )
        for place, (_, rows) in enumerate(parts):
            _draw(sheet.ax, rows, style.look(place, len(parts)), names[place])
        last = float(result.day)
        day_axis.write_shares(sheet.ax)
        day_axis.write_days(sheet.ax, day_axis.day_ticks(last, sheet.width), last)
        day_axis.name_days(sheet.ax, result.origin)
        style.y_label(sheet.ax, f"without {result.event}")
        style.legend(sheet.ax)
        finish(sheet, result, f"{result.text} {_small_print(result)}")
    return sheet.ax


def _planner(result: CurveContrast, curves: int) -> Planner:
    notes = f"{result.method}. {result.rule}\n{_small_print(result)}"

    def plan(_: float, whole: bool) -> Plan:
        return Plan(
            *(LEFT_ALONE, RIGHT, 12 + curves * 15.0, TABLE_TOP, 0.0),
            height=HEIGHT,
            notes=notes,
            least=LEAST,
        )

    return plan


def _draw(ax: Axes, rows: pd.DataFrame, look: style.Look, label: str) -> None:
    limits = rows["lower"].to_numpy(), rows["upper"].to_numpy()
    draw_steps(ax, rows["day"].to_numpy(), rows["survival"].to_numpy(), limits, look, label)


def _small_print(result: CurveContrast) -> str:
    return (
        f"{result.caution}Bands: pointwise {format_level(result.confidence)} limits, "
        f"{result.bands}."
    )
