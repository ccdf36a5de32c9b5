"""Standardised differences before and after weighting, a covariate a row (love plot)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.compare.balance import Balance
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, AXIS, RIGHT, AXIS_LABELS = 18.0, 320.0, 18.0, 44.0
LEAST_LEFT, WIDEST_LEFT = 70.0, 260.0
LEAST = (120.0, 11.0)  # the width of the axes, and the height of a row
MOST_ROWS = 60
SMALL = 0.1  # often called small; no rule of this library


def plot_balance(result: Balance, ax: Axes | Figure | None = None) -> Axes:
    """Draw the size of the standardised difference of each covariate, before and after weighting.

    Parameters
    ----------
    result : Balance
        What `iop_outcomes.balance` returned, or ``balance`` of `iop_outcomes.propensity_weights`.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room at the left for the names. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. Of more than two
        groups each row is the pair of largest size; a covariate of which values are missing has a
        second row for the share without one. An infinite difference is an arrow at the edge.

    Raises
    ------
    RuleError
        If there are more than 60 rows.
    """
    check_result(result, "plot_balance", Balance)
    rows = _rows(result)
    if len(rows) > MOST_ROWS:
        raise RuleError(
            f"One figure holds at most {MOST_ROWS} covariates.",
            found=f"{len(rows)}",
            instead="read them in .differences, or ask for fewer covariates.",
        )
    names = [drawn_name(name) for name in rows.index]
    widest = 20 + max(fonts.width_of(name, style.CELL_SIZE) for name in names)
    left = min(max(widest, LEAST_LEFT), WIDEST_LEFT)
    target = figure_or(ax)
    with style.drawing():
        planner = _planner(result, len(rows), left)
        sheet = open_sheet(target, left + AXIS + RIGHT, planner, result)
        short = fitted(names, sheet.plan.left - 16, style.CELL_SIZE)
        _dress(sheet.ax, rows, short)
        _draw(sheet.ax, rows)
        style.legend(sheet.ax)
        finish(sheet, result, result.text)
    return sheet.ax


def _rows(result: Balance) -> pd.DataFrame:
    """Return the largest size of each covariate's differences, and of those of missing values."""
    columns = {"before": "difference"}
    if result.weights is not None:
        columns["after"] = "weighted_difference"
    rows: dict[str, dict[str, float]] = {}
    for name, pairs in result.differences.groupby("covariate", sort=False):
        rows[str(name)] = {when: pairs[column].abs().max() for when, column in columns.items()}
        if result.table.loc[result.table["covariate"] == name, "missing"].any():
            rows[f"{name}, missing"] = {
                when: pairs[f"{column}_missing"].abs().max() for when, column in columns.items()
            }
    return pd.DataFrame(rows).T


def _planner(result: Balance, rows: int, left: float) -> Planner:
    several = " The pair of largest size." if len(result.groups) > 2 else ""
    notes = f"{result.rule}{several} Dotted: {SMALL:g}, often called small."

    def plan(width: float, whole: bool) -> Plan:
        return Plan(
            *(min(left, max(width - RIGHT - LEAST[0], LEAST_LEFT)), RIGHT, 42.0, AXIS_LABELS, 0.0),
            height=ROW * rows + 8,
            notes=notes,
            least=(LEAST[0], LEAST[1] * rows),
        )

    return plan


def _dress(ax: Axes, rows: pd.DataFrame, names: list[str]) -> None:
    known = rows.to_numpy(dtype=float)
    ends = np.append(known[np.isfinite(known)], 2 * SMALL)
    ax.set_xlim(0.0, float(ends.max()) * 1.06)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), names, fontsize=style.CELL_SIZE)
    ax.tick_params(axis="y", length=0)
    ax.grid(False)
    for place in range(len(rows)):
        ax.axhline(place, color=style.QUIET, linewidth=0.4, alpha=0.4, zorder=0)
    ax.axvline(SMALL, color=style.QUIET, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
    ax.set_xlabel("size of the standardised difference")


def _draw(ax: Axes, rows: pd.DataFrame) -> None:
    edge = ax.get_xlim()[1]
    place = np.arange(len(rows))
    labels = {"before": "before weighting", "after": "after weighting"}
    for number, when in enumerate(rows.columns):
        look = style.look(number, 2)
        size = rows[when].to_numpy(dtype=float)
        inside = np.isfinite(size)
        ax.plot(
            size[inside],
            place[inside],
            linestyle="none",
            marker=look.marker,
            color=look.colour,
            markerfacecolor="white" if when == "before" else look.colour,
            markersize=6,
            clip_on=False,
            label=labels[when] if len(rows.columns) > 1 else "standardised difference",
            gid=when,
            zorder=3 + number,
        )
        endless = np.isinf(size)
        if endless.any():
            ax.plot(
                np.full(int(endless.sum()), edge),
                place[endless],
                linestyle="none",
                marker=">",
                color=look.colour,
                clip_on=False,
                zorder=3,
                label="_",
            )
