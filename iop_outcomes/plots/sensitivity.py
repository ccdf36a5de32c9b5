"""The specification curve: one estimate for each definition and missing rule, and which it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.day_axis import write_percent
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, label_room, panels
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet
from iop_outcomes.sensitivity.specification_curve import Sensitivity
from iop_outcomes.shared.text import format_level
from iop_outcomes.shared.vocabulary import MISSING_RULES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, TOP, WIDTH, HEIGHT = 200.0, 14.0, 22.0, 724.0, 200.0
LEGEND, MARK = 15.0, 36.0  # height of a line of the legend, width of its mark, in points
ROW, HEAD, STRIP, GAP = 13.0, 17.0, 34.0, 20.0
SPREAD = 0.5  # the share of the width of a cell over which its groups are drawn side by side
NOT_CHOSEN = "#c9c9c9"
OF_DROPOUT = "is what the definition counts"  # a missing check-in in a definition of dropout


@dataclass(frozen=True, eq=False)
class _Drawing:
    """What is drawn, in the order of the curve.

    Attributes
    ----------
    cells : pandas.DataFrame
        One row a cell in order of its estimate: ``definition, missing, own_rule``, ``p_value``.
    groups : list of (str, pandas.DataFrame)
        Each group's name and its rows, with their place on the x axis in ``place``.
    sections : list of (str, dict of str to numpy.ndarray of bool)
        The parts of the panel: the heading, and each row's label with the cells it marks.
    """

    cells: pd.DataFrame
    groups: list[tuple[str, pd.DataFrame]]
    sections: list[tuple[str, dict[str, np.ndarray]]]

    @property
    def panel_height(self) -> float:
        """The height of the panel in points."""
        rows = sum(len(rows) for _, rows in self.sections)
        return rows * ROW + len(self.sections) * HEAD


def plot_sensitivity(result: Sensitivity, ax: Axes | Figure | None = None) -> Axes:
    """Draw the specification curve of a sensitivity analysis.

    Each place along the x axis is one definition under one missing rule, sorted by its estimate.
    The upper part shows the share relapsed by the horizon with its limits, and as a thin line the
    range between the best and the worst case for those who left. Bars below show the share of the
    events that depends on missing data. The dots at the bottom show the definition and the missing
    rule of each place; a ring marks the definition's own missing rule.

    Parameters
    ----------
    result : Sensitivity
        The result of `iop_outcomes.sensitivity`.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; axes need room below them for the panel. A figure is resized to fit. By
        default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the estimates; `iop_outcomes.alternative_text` gives the picture in words.

    Notes
    -----
    After Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4:1208-1214.
    """
    check_result(result, "plot_sensitivity", Sensitivity)
    drawing = _arrange(result)
    style.look(0, len(drawing.groups))  # refuses more than can be distinguished
    notes = _notes(result)
    names = [name for name, _ in drawing.groups]
    target = figure_or(ax)
    with style.drawing():
        planner = _planner(result, drawing, names, notes)
        sheet = open_sheet(target, WIDTH, planner, result, needs_table=True)
        ax, height = sheet.ax, sheet.height
        labels, columns = _legend(names, sheet.width, result)
        _draw_estimates(ax, drawing, labels)
        _dress(ax, result, drawing, columns)
        strip = ax.inset_axes((0, -(GAP + STRIP) / height, 1, STRIP / height))
        down = GAP + STRIP + GAP * 0.6 + drawing.panel_height
        panel = ax.inset_axes((0, -down / height, 1, drawing.panel_height / height))
        _draw_missing(strip, drawing)
        _draw_panel(panel, drawing, sheet.plan.left - 16)
        finish(sheet, result, f"{result.text} {notes}".replace("\n", " "))
    return ax


def _planner(result: Sensitivity, drawing: _Drawing, names: list[str], notes: str) -> Planner:
    below = STRIP + 1.6 * GAP + drawing.panel_height + 8

    def plan(width: float, whole: bool) -> Plan:
        left = min(LEFT, 0.42 * width)
        columns = _legend(names, width - left - RIGHT, result)[1]
        rows = -(-len(names) // columns) if result.by else 0
        return Plan(left, RIGHT, TOP + rows * LEGEND, 0.0, below, HEIGHT, notes, (110.0, 90.0))

    return plan


def _legend(names: list[str], width: float, result: Sensitivity) -> tuple[list[str], int]:
    """Return the labels of the legend, and the number of its columns."""
    size = float(style.SETTINGS["legend.fontsize"])
    room = label_room(width, result) + HANDLE_ROOM
    labels = fitted(names, room - MARK, size)
    widest = MARK + max(fonts.width_of(label, size) for label in labels)
    return labels, max(1, min(len(labels), 4, int(room / widest)))


def _arrange(result: Sensitivity) -> _Drawing:
    table = result.table
    keys = ["definition", "missing"]
    order = table.groupby(keys, sort=False)["relapsed"].mean().sort_values(kind="stable")
    cells = table.drop_duplicates(keys).set_index(keys).loc[order.index].reset_index()
    place = pd.Series(np.arange(len(order)), index=order.index)
    placed = table.join(place.rename("place"), on=keys)
    return _Drawing(cells, panels(placed, result.by), _sections(cells, table, bool(result.by)))


def _sections(
    cells: pd.DataFrame, table: pd.DataFrame, compared: bool
) -> list[tuple[str, dict[str, np.ndarray]]]:
    definitions = table.drop_duplicates("definition").set_index("definition")["title"]
    rules = table["missing"].unique()
    sections = [
        (
            "Relapse is",
            {
                drawn_name(title): (cells["definition"] == name).to_numpy()
                for name, title in definitions.items()
            },
        ),
        (
            "A missed week or check-in",
            {_in_picture(name): (cells["missing"] == name).to_numpy() for name in rules},
        ),
    ]
    if compared:
        differ = (cells["p_value"] < 0.05).to_numpy()
        sections.append(("Between the groups", {"log-rank p < 0.05": differ}))
    return sections


def _draw_estimates(ax: Axes, drawing: _Drawing, labels: list[str]) -> None:
    groups = len(drawing.groups)
    for position, (_, rows) in enumerate(drawing.groups):
        look = style.look(position, groups)
        colour = look.colour if groups > 1 else style.INK
        place = _side_by_side(rows, position, groups)
        ax.vlines(
            place,
            rows["best"],
            rows["worst"],
            color=colour,
            alpha=0.38,
            linewidth=1.0,
            zorder=2,
            label="_bounds",
        )
        ax.vlines(
            place,
            rows["relapsed_lower"],
            rows["relapsed_upper"],
            color=colour,
            linewidth=2.2,
            alpha=0.7,
            zorder=3,
            label="_limits",
        )
        ax.plot(
            place,
            rows["relapsed"],
            linestyle="",
            marker=look.marker,
            markersize=4.2,
            markerfacecolor="white" if position % 2 else colour,
            markeredgecolor=colour,
            markeredgewidth=1.1,
            zorder=4,
            label=labels[position] or "_estimate",
        )


def _dress(ax: Axes, result: Sensitivity, drawing: _Drawing, columns: int) -> None:
    ax.set_ylim(0, 1)
    ax.set_xlim(-0.7, len(drawing.cells) - 0.3)
    ax.set_xticks([])
    write_percent(ax)
    style.y_label(ax, f"relapsed by day {result.horizon:g}")
    if result.by:
        style.legend(ax, ncols=columns, handletextpad=0.2, columnspacing=1.4, handlelength=2.0)


def _in_picture(missing: str) -> str:
    """Return the effect of a missing week or check-in under a missing rule, as a label."""
    return MISSING_RULES[missing].in_picture if missing in MISSING_RULES else OF_DROPOUT


def _draw_missing(ax: Axes, drawing: _Drawing) -> None:
    groups = len(drawing.groups)
    width = (0.62 if groups == 1 else SPREAD + 0.2) / groups
    for position, (_, rows) in enumerate(drawing.groups):
        look = style.look(position, groups)
        colour = look.colour if groups > 1 else style.QUIET
        ax.bar(
            _side_by_side(rows, position, groups),
            rows["rests_on_missing"],
            width=width,
            facecolor="white" if position % 2 else colour,
            edgecolor=colour,
            linewidth=0.8,
            alpha=0.8,
        )
    ax.set_ylim(0, 1)
    ax.set_xlim(-0.7, len(drawing.cells) - 0.3)
    ax.set_xticks([])
    ax.set_yticks([0, 1])
    write_percent(ax)
    ax.tick_params(axis="y", labelsize=style.NOTE_SIZE)
    ax.set_ylabel(
        "events that depend\non missing data",
        rotation=0,
        ha="right",
        va="center",
        fontsize=style.CELL_SIZE,
        labelpad=2,
    )


def _draw_panel(ax: Axes, drawing: _Drawing, room: float) -> None:
    ax.set_xlim(-0.7, len(drawing.cells) - 0.3)
    ax.set_ylim(drawing.panel_height, 0)
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    own = drawing.cells["own_rule"].to_numpy()
    place = np.arange(len(drawing.cells))
    down = 0.0
    for number, (heading, rows) in enumerate(drawing.sections):
        _label(ax, heading, down + HEAD / 2 + 2, weight="bold")
        down += HEAD
        labels = fitted([*rows], room, style.CELL_SIZE)
        for row, (label, marked) in enumerate(zip(labels, rows.values(), strict=True)):
            middle = down + ROW / 2
            if row % 2 == 0:
                ax.axhspan(down, down + ROW, color=style.SHADE, zorder=0, linewidth=0)
            _label(ax, label, middle)
            ax.plot(place[~marked], np.full((~marked).sum(), middle), ".", color=NOT_CHOSEN, ms=3)
            ax.plot(place[marked], np.full(marked.sum(), middle), "o", color=style.INK, ms=4.6)
            if number == 1:
                ring = marked & own
                ax.plot(
                    place[ring],
                    np.full(ring.sum(), middle),
                    "o",
                    markersize=8.6,
                    markerfacecolor="none",
                    markeredgecolor=style.INK,
                    markeredgewidth=0.9,
                )
            down += ROW


def _label(ax: Axes, text: str, down: float, weight: str = "normal") -> None:
    ax.annotate(
        text,
        xy=(0, down),
        xycoords=("axes fraction", "data"),
        xytext=(-8, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=style.CELL_SIZE,
        weight=weight,
        color=style.INK,
        annotation_clip=False,
    )


def _side_by_side(rows: pd.DataFrame, position: int, groups: int) -> np.ndarray:
    shift = 0.0 if groups == 1 else SPREAD * (position / (groups - 1) - 0.5)
    return rows["place"].to_numpy() + shift


def _notes(result: Sensitivity) -> str:
    """Return the notes: the meaning of lines and rings, the rule, and how many are not drawn."""
    lines = [
        f"Thick lines: {format_level(result.confidence)} limits. Thin lines: from no relapse "
        "among those who left to relapse of all of them on leaving. A ring: the definition's own "
        "missing rule.",
        result.rule,
    ]
    not_estimated = int(result.table["relapsed"].isna().sum())
    if not_estimated:
        lines.append(f"Not estimated: {not_estimated}, not followed to day {result.horizon:g}.")
    return "\n".join(lines)
