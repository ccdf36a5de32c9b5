"""Cumulative incidence of competing causes, as curves that only rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.layout import day_axis, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted, label_room, legend_labels, panels
from iop_outcomes.plots.layout.risk_table import (
    LEFT,
    LEFT_ALONE,
    TABLE_TOP,
    Block,
    add_risk_table,
    rows_of,
    table_height,
)
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack
from iop_outcomes.plots.layout.steps import draw_steps
from iop_outcomes.shared.text import format_count, format_level
from iop_outcomes.survival.competing.result import CumulativeIncidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDTH, HEIGHT = 18.0, 560.0, 200.0
BETWEEN, AFTER_TABLE = 46.0, 8.0


def plot_incidence(
    result: CumulativeIncidence, ax: Axes | Figure | None = None, *, naive: bool = False
) -> Axes:
    """Draw the share ended by each cause, with its limits and, below, who is at risk.

    Parameters
    ----------
    result : CumulativeIncidence
        What `iop_outcomes.cumulative_incidence` returned. Without groups one panel holds a curve
        a cause; with groups each cause has a panel, which holds a curve a group.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room below for the table. A figure is given the size it needs.
        Default: a new one.
    naive : bool, default False
        Draw 1 - Kaplan-Meier of each cause beside it as a thin line; it overestimates the
        incidence.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.
    """
    check_result(result, "plot_incidence", CumulativeIncidence)
    parts = _panels(result)
    curves = len(parts[0][1])
    style.look(0, curves)  # refuses more than can be distinguished
    last = float(result.table["day"].max())
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(result, parts, naive), result)
        ticks = day_axis.day_ticks(last, sheet.width)
        drawn = stack(sheet, len(parts), BETWEEN + (_legend(curves) if sheet.whole else 0.0))
        for panel, (cause, rows) in zip(drawn, parts, strict=True):
            labels = _labels(rows, label_room(sheet.width, result), sheet.whole)
            for position, (_, part) in enumerate(rows):
                _draw(panel, part, style.look(position, curves), labels[position], naive)
            _dress(panel, cause, ticks, last)
            if sheet.whole or panel is drawn[0]:
                style.legend(panel)
        day_axis.name_days(drawn[-1], result.provenance.origin)
        if sheet.whole:
            add_risk_table(drawn[-1], sheet, _at_risk(result, ticks), ticks)
        text = f"{result.text} {_small_print(naive, result)}"
        finish(sheet, result, text, below=drawn[-1])
    return sheet.ax


Parts = list[tuple[str, list[tuple[str, pd.DataFrame]]]]


def _planner(result: CumulativeIncidence, parts: Parts, naive: bool) -> Planner:
    count, curves = len(parts), len(parts[0][1])
    legend = _legend(curves)
    names = [""] if not result.by else [name for name, _ in parts[0][1]]
    notes = f"{result.rule}\n{_small_print(naive, result)}"

    def plan(_: float, whole: bool) -> Plan:
        table = table_height(names, 1, AFTER_TABLE) if whole else 0.0
        gaps = (count - 1) * (BETWEEN + (legend if whole else 0.0))
        return Plan(
            *(LEFT if whole else LEFT_ALONE, RIGHT, legend, TABLE_TOP, table),
            height=count * HEIGHT + gaps,
            notes=notes,
            least=(110.0, count * 50.0 + gaps),
        )

    return plan


def _legend(curves: int) -> float:
    return 12 + curves * 15.0


def _panels(result: CumulativeIncidence) -> Parts:
    """Return what each panel is of, and the name and rows of each of its curves."""
    table = result.naive().assign(
        **{name: result.table[name] for name in ("lower", "upper", "events")}
    )
    causes = table.groupby("cause", sort=False, observed=True)
    if not result.by:
        return [("an end by the cause", [(_name(str(cause)), part) for cause, part in causes])]
    return [(_name(str(cause)), panels(part, result.by)) for cause, part in causes]


def _name(cause: str) -> str:
    return drawn_name(cause.replace("_", " "))


def _labels(parts: list[tuple[str, pd.DataFrame]], room: float, whole: bool) -> list[str]:
    """Return the words of a panel's legend; one legend for all panels has no counts."""
    names = [name for name, _ in parts]
    if not whole:
        return fitted(names, room, style.SETTINGS["legend.fontsize"])
    counts = [format_count(rows["events"].sum(), "event") for _, rows in parts]
    return legend_labels(names, counts, room)


def _draw(panel: Axes, part: pd.DataFrame, look: style.Look, label: str, naive: bool) -> None:
    day = part["day"].to_numpy()
    limits = part["lower"].to_numpy(), part["upper"].to_numpy()
    draw_steps(panel, day, part["incidence"].to_numpy(), limits, look, label)
    if naive:
        panel.plot(
            day,
            part["naive"].to_numpy(),
            drawstyle="steps-post",
            color=look.colour,
            linestyle=look.line,
            linewidth=0.8,
            alpha=0.8,
            label="_naive",
        )


def _dress(panel: Axes, cause: str, ticks: np.ndarray, last: float) -> None:
    day_axis.write_shares(panel)
    day_axis.write_days(panel, ticks, last)
    style.y_label(panel, f"with {cause} so far")


def _at_risk(result: CumulativeIncidence, ticks: np.ndarray) -> list[Block]:
    """Return how many of each group are at risk after each day."""
    table = result.overall.risk_table(ticks.tolist())
    counted = (("at_risk", "at risk"),)
    return [(name, rows_of(part, counted)) for name, part in panels(table, result.by)]


def _small_print(naive: bool, result: CumulativeIncidence) -> str:
    text = f"Bands: {format_level(result.confidence)} confidence limits. At risk: after the day."
    thin = " Thin: 1 - Kaplan-Meier, which counts every other cause as censoring."
    return text + (thin if naive else "")
