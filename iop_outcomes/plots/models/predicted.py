"""Survival curves that a model predicts, with their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.compare.regression.fitted.prediction import PredictedSurvival
from iop_outcomes.plots.layout import day_axis, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import fitted, group_name, label_room
from iop_outcomes.plots.layout.risk_table import LEFT_ALONE, TABLE_TOP
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet
from iop_outcomes.plots.layout.steps import draw_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDTH, HEIGHT = 18.0, 560.0, 230.0


def plot_predicted(curves: PredictedSurvival, ax: Axes | Figure | None = None) -> Axes:
    """Draw the curves that a Cox model predicts, as steps, with their limits.

    Parameters
    ----------
    curves : PredictedSurvival
        What `Regression.predict` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; a figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.

    Raises
    ------
    RuleError
        If there are more curves than one picture can distinguish.
    """
    check_result(curves, "plot_predicted", PredictedSurvival)
    groups = _groups(curves)
    style.look(0, len(groups))  # refuses more than can be distinguished
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(len(groups), curves), curves)
        ax, last = sheet.ax, float(curves.table["day"].max())
        size = float(style.SETTINGS["legend.fontsize"])
        labels = fitted([name for name, _ in groups], label_room(sheet.width, curves), size)
        for position, (_, rows) in enumerate(groups):
            _draw(ax, rows, style.look(position, len(groups)), labels[position])
        day_axis.write_days(ax, day_axis.day_ticks(last, sheet.width), last)
        day_axis.write_shares(ax)
        day_axis.name_days(ax, curves.provenance.origin)
        style.y_label(ax, f"without {curves.provenance.event}")
        style.legend(ax)
        finish(sheet, curves, _alternative(curves, groups))
    return ax


def _groups(curves: PredictedSurvival) -> list[tuple[str, pd.DataFrame]]:
    names = list(curves.by)
    groups = []
    for number, rows in curves.table.groupby("curve", sort=False):
        name = group_name(rows[names].iloc[0]) if names else ""
        groups.append((name or f"curve {number}", rows))
    return groups


def _planner(count: int, curves: PredictedSurvival) -> Planner:
    def plan(_: float, whole: bool) -> Plan:
        return Plan(LEFT_ALONE, RIGHT, 14 + count * 15.0, TABLE_TOP, 0.0, HEIGHT, curves.text)

    return plan


def _draw(ax: Axes, rows: pd.DataFrame, look: style.Look, label: str) -> None:
    day = rows["day"].to_numpy()
    order = np.argsort(day, kind="stable")
    day, survival, lower, upper = (
        rows[name].to_numpy()[order] for name in ("day", "survival", "lower", "upper")
    )
    draw_steps(ax, day, survival, (lower, upper), look, label, edges=True)


def _alternative(curves: PredictedSurvival, groups: list[tuple[str, pd.DataFrame]]) -> str:
    """Return each curve at its last day, then what the result says."""
    sentences = []
    for name, rows in groups:
        known = rows.dropna(subset="survival")
        if known.empty:
            sentences.append(f"{name}: not known on these days.")
            continue
        last = known.loc[known["day"].idxmax()]
        sentences.append(
            f"{name}: {last['survival']:.0%} on day {last['day']:g} "
            f"({last['lower']:.0%} to {last['upper']:.0%})."
        )
    return f"Predicted curves. {' '.join(sentences)} {curves.text}"
