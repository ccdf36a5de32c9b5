"""How the probabilities of the groups overlap: who could have been in the other group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.compare.propensity import PropensityWeights
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted, label_room
from iop_outcomes.plots.layout.risk_table import LEFT_ALONE
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDTH, PANEL, AXIS, ENTRY = 18.0, 440.0, 130.0, 40.0, 15.0


def plot_overlap(result: PropensityWeights, ax: Axes | Figure | None = None) -> Axes:
    """Draw how the probability of a group is spread in each group, as shares in bins of 0.05.

    Parameters
    ----------
    result : PropensityWeights
        What `iop_outcomes.propensity_weights` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several panels share its room. A figure is given the size it needs. Default:
        a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; of more than two groups its ``child_axes`` are the panels, one the probability of
        each group. `iop_outcomes.alternative_text` gives the picture in words.

    Raises
    ------
    RuleError
        If there are more groups than one picture can distinguish.
    """
    check_result(result, "plot_overlap", PropensityWeights)
    panels = list(result.overlap.groupby("probability_of", sort=False))
    groups = list(result.overlap["group"].unique())
    style.look(0, len(groups))  # refuses more than can be distinguished
    target = figure_or(ax)
    above = 8 + ENTRY * len(groups)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(result, len(panels), above), result)
        size = float(style.SETTINGS["legend.fontsize"])
        room = label_room(sheet.width, result)
        names = fitted([drawn_name(name) for name in groups], room, size)
        places = stack(sheet, len(panels), AXIS + 6)
        for place, (of, rows) in zip(places, panels, strict=True):
            _draw(place, rows, groups, names)
            title = fitted([drawn_name(of)], sheet.width - 100, style.LABEL_SIZE)[0]
            place.set_xlabel(f"probability of {title}")
            style.y_label(place, "share of the group")
        style.legend(places[0])
        finish(sheet, result, result.text)
    return sheet.ax


def _planner(result: PropensityWeights, count: int, above: float) -> Planner:
    def plan(_: float, whole: bool) -> Plan:
        gaps = (count - 1) * (AXIS + 6)
        return Plan(
            *(LEFT_ALONE, RIGHT, above, AXIS, 0.0),
            height=count * PANEL + gaps,
            notes=result.rule,
            least=(140.0, count * 60.0 + gaps),
        )

    return plan


def _draw(ax: Axes, rows: pd.DataFrame, groups: list[str], names: list[str]) -> None:
    top = 0.0
    for place, group in enumerate(groups):
        own = rows[rows["group"] == group]
        look = style.look(place, len(groups))
        share = own["share"].to_numpy()
        edges = np.append(own["lower"].to_numpy(), own["upper"].to_numpy()[-1])
        if len(groups) <= 2:
            ax.stairs(share, edges, color=look.colour, alpha=0.13, fill=True)
        ax.stairs(
            share,
            edges,
            color=look.colour,
            linestyle=look.line,
            linewidth=1.6,
            label=names[place],
            gid=f"group_{place}",
        )
        top = max(top, float(share.max()))
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, top * 1.08)
