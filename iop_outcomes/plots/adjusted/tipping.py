"""How a difference depends on the hazard after leaving: one cell for each pair of deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.compare import TippingPoint
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, label_room
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack
from iop_outcomes.plots.layout.stacked_bars import ABOVE, Part, legend_height, write_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, RIGHT, LEFT, AXIS, ROW, TITLE_SIZE = 560.0, 14.0, 62.0, 40.0, 24.0, 10.0
MOST_PANELS = 6
ABOVE_ZERO = Part("above", "limits above 0", "#4278b0", "", style.QUIET)
WITH_ZERO = Part("with", "limits take in 0", style.SHADE, "", style.QUIET)
BELOW_ZERO = Part("below", "limits below 0", "#f6c38b", "////", "#c27a1d")
PARTS = (ABOVE_ZERO, WITH_ZERO, BELOW_ZERO)


def plot_tipping_point(tipping: TippingPoint, ax: Axes | Figure | None = None) -> Axes:
    """Draw the difference between groups for each pair of deltas.

    A cell holds the difference in percentage points if the hazard after leaving is multiplied by
    the delta of its row in the group and by that of its column in the reference. Cells whose limits
    take in 0 are grey; those with limits below 0 are hatched.

    Parameters
    ----------
    tipping : TippingPoint
        What `iop_outcomes.tipping_point` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several pairs share its room. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several pairs its ``child_axes`` are the panels.

    Raises
    ------
    RuleError
        If there are more than 6 pairs of groups.
    """
    check_result(tipping, "plot_tipping_point", TippingPoint)
    pairs = list(tipping.table.groupby(["group", "reference"], sort=False))
    if len(pairs) > MOST_PANELS:
        raise RuleError(
            f"One picture holds at most {MOST_PANELS} pairs of groups.",
            found=f"{len(pairs)} pairs",
            instead="reference=, one of the values of by=, or fewer groups",
        )
    target = figure_or(ax)
    with style.drawing(**{"axes.grid": False, "hatch.linewidth": 0.6}):
        steps = tipping.curves["delta"].unique()
        sheet = open_sheet(target, WIDTH, _planner(tipping, len(pairs), len(steps)), tipping)
        places = stack(sheet, len(pairs), ABOVE + AXIS)
        room = label_room(sheet.width, tipping) + HANDLE_ROOM
        titles = [
            f"{drawn_name(group)} less {drawn_name(reference)}" for (group, reference), _ in pairs
        ]
        short = fitted(titles, room, TITLE_SIZE, True)
        for place, title, (names, rows) in zip(places, short, pairs, strict=True):
            _draw(place, rows, steps)
            width, height = style.size_of(place)
            across, up = (
                fitted([f"delta in {drawn_name(name)}"], size, style.CELL_SIZE + 1)[0]
                for name, size in ((names[1], width), (names[0], height))
            )
            place.set_xlabel(across, labelpad=2)
            style.y_label(place, up)
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=4)
        write_legend(places[0], sheet, PARTS)
        finish(sheet, tipping, _alternative(tipping))
    return sheet.ax


def _planner(tipping: TippingPoint, pairs: int, steps: int) -> Planner:
    gaps = (pairs - 1) * (ABOVE + AXIS)
    notes = (
        f"Differences in percentage points without {tipping.event} at day {tipping.day:g}; delta: "
        "by how much the hazard after leaving is multiplied (1: leaving does not change it; 0: "
        f"nobody who left had the event; all: everyone had it on leaving).\n{tipping.text}"
    )

    def plan(width: float, whole: bool) -> Plan:
        return Plan(
            *(LEFT, RIGHT, ABOVE + legend_height(PARTS, width), AXIS, 0.0),
            height=pairs * steps * ROW + gaps,
            notes=notes,
            least=(140.0, pairs * steps * 9.0 + gaps),
        )

    return plan


def _draw(ax: Axes, rows: pd.DataFrame, steps: np.ndarray) -> None:
    from matplotlib.patches import Rectangle

    size = len(steps)
    cells = rows.sort_values(["delta", "delta_reference"])
    width, height = style.size_of(ax)
    letters = min(8.5, height / size - 3)
    texts = [f"{100 * value:+.0f}" for value in cells["difference"]]
    written = letters >= 5.5 and max(fonts.width_of(text, letters) for text in texts) < width / size
    for place, (row, text) in enumerate(zip(cells.to_dict("records"), texts, strict=True)):
        part = WITH_ZERO
        if row["excludes_zero"]:
            part = ABOVE_ZERO if row["lower"] > 0 else BELOW_ZERO
        up, across = divmod(place, size)
        corner = (across, up)
        face = Rectangle(corner, 1, 1, facecolor=part.colour, edgecolor=style.RULE, linewidth=0.6)
        ax.add_patch(face)
        if part.hatch:
            ax.add_patch(
                Rectangle(corner, 1, 1, fill=False, edgecolor=part.ink, hatch=part.hatch, lw=0)
            )
        if written:
            ink = "white" if part is ABOVE_ZERO else style.INK
            ax.text(
                *(across + 0.5, up + 0.5, text),
                ha="center",
                va="center_baseline",
                fontsize=letters,
                color=ink,
                bbox={"facecolor": part.colour, "edgecolor": "none", "pad": 1.0},
            )
    names = ["all" if np.isinf(step) else f"{step:g}" for step in steps]
    ax.set_xlim(0, size)
    ax.set_ylim(0, size)
    ax.set_xticks(np.arange(size) + 0.5, names)
    ax.set_yticks(np.arange(size) + 0.5, names)
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _alternative(tipping: TippingPoint) -> str:
    """Return how many cells of each pair lie on which side of zero, then what the result says."""
    sentences = []
    for names, rows in tipping.table.groupby(["group", "reference"], sort=False):
        group, reference = str(names[0]), str(names[1])
        above = int((rows["lower"] > 0).sum())
        below = int((rows["upper"] < 0).sum())
        sentences.append(
            f"{group} less {reference}: of {len(rows)} cells {above} have limits above 0, "
            f"{below} below 0."
        )
    return f"Differences by assumption about those who left. {' '.join(sentences)} {tipping.text}"
