"""The specification curve: one answer a definition and missing rule, and which each one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots import style
from iop_outcomes.show import level_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.compare.sensitivity import Sensitivity

LEFT, RIGHT, TOP, WIDTH, HEIGHT = 200.0, 14.0, 22.0, 724.0, 200.0
LEGEND = 18.0
ROW, HEAD, STRIP, GAP = 13.0, 17.0, 34.0, 20.0
SPREAD = 0.5  # of the width of a cell, over which its groups stand side by side
NOT_CHOSEN = "#c9c9c9"
LABEL = 40  # letters that fit beside the panel
MISSING_WORDS = {
    "censor": "ends what is known",
    "use": "is use",
    "no_use": "is no use",
    "last_value": "is as the last known",
    "last_value_to_last_contact": "the same, to the last contact",
    "drop": "is left out",
    "missed": "is what is counted",
}


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
    Above, the share relapsed by the horizon with its limits, and as a thin line from the best to
    the worst case of those who left; then the share of the events that rests on missing data.
    The dots below say which definition and which missing rule each place is; a ring marks the
    missing rule that is the definition's own.

    Parameters
    ----------
    result : Sensitivity
        What `iop_outcomes.sensitivity` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room below for the panel. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the estimates; `iop_outcomes.alternative_text` gives the picture in words.

    Notes
    -----
    After Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4:1208-1214.
    """
    from matplotlib import rc_context

    drawing = _arrange(result)
    notes = _notes(result)
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        below = STRIP + 2 * GAP + drawing.panel_height + len(notes) * style.NOTE_HEIGHT + 16
        top = TOP + (LEGEND if result.by else 0)
        margins = (LEFT, RIGHT, below, top)
        ax = style.axes_for(target, (WIDTH, HEIGHT + below + top), margins)
        height = style.size_of(ax)[1]
        _draw_estimates(ax, drawing)
        _dress(ax, result, drawing)
        strip = ax.inset_axes((0, -(GAP + STRIP) / height, 1, STRIP / height))
        _draw_missing(strip, drawing)
        down = GAP + STRIP + GAP * 0.6 + drawing.panel_height
        _draw_panel(ax.inset_axes((0, -down / height, 1, drawing.panel_height / height)), drawing)
        style.write_below(ax, notes, left=-LEFT + 8, down=down + 8)
        style.mark_synthetic(ax, result)
        style.describe(ax, f"{result.text} {' '.join(notes)}")
    return ax


def _arrange(result: Sensitivity) -> _Drawing:
    table = result.table
    keys = ["definition", "missing"]
    order = table.groupby(keys, sort=False)["relapsed"].mean().sort_values(kind="stable")
    cells = table.drop_duplicates(keys).set_index(keys).loc[order.index].reset_index()
    place = pd.Series(np.arange(len(order)), index=order.index)
    placed = table.join(place.rename("place"), on=keys)
    if result.by:
        parts = placed.groupby(list(result.by), observed=True, sort=False)
        groups = [(", ".join(str(part) for part in key), rows) for key, rows in parts]
    else:
        groups = [("", placed)]
    return _Drawing(cells, groups, _sections(cells, table, bool(result.by)))


def _sections(
    cells: pd.DataFrame, table: pd.DataFrame, compared: bool
) -> list[tuple[str, dict[str, np.ndarray]]]:
    definitions = table.drop_duplicates("definition").set_index("definition")["title"]
    rules = table["missing"].unique()
    sections = [
        (
            "Relapse is",
            {
                _shortened(title): (cells["definition"] == name).to_numpy()
                for name, title in definitions.items()
            },
        ),
        (
            "A missed week or check-in",
            {MISSING_WORDS[name]: (cells["missing"] == name).to_numpy() for name in rules},
        ),
    ]
    if compared:
        differ = (cells["p_value"] < 0.05).to_numpy()
        sections.append(("Between the groups", {"log-rank p < 0.05": differ}))
    return sections


def _shortened(title: str) -> str:
    return title if len(title) <= LABEL else title[: LABEL - 1] + "…"


def _draw_estimates(ax: Axes, drawing: _Drawing) -> None:
    groups = len(drawing.groups)
    for position, (name, rows) in enumerate(drawing.groups):
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
            label=name or "_estimate",
        )


def _dress(ax: Axes, result: Sensitivity, drawing: _Drawing) -> None:
    from matplotlib.ticker import PercentFormatter

    ax.set_ylim(0, 1)
    ax.set_xlim(-0.7, len(drawing.cells) - 0.3)
    ax.set_xticks([])
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    what = f"relapsed by day {result.horizon:g}"
    ax.set_ylabel(what)
    if result.by:
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            borderaxespad=0.2,
            ncols=min(len(drawing.groups), 4),
            handletextpad=0.2,
            columnspacing=1.4,
        )


def _draw_missing(ax: Axes, drawing: _Drawing) -> None:
    from matplotlib.ticker import PercentFormatter

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
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.tick_params(axis="y", labelsize=style.NOTE_SIZE)
    ax.set_ylabel(
        "events that rest\non missing data",
        rotation=0,
        ha="right",
        va="center",
        fontsize=style.CELL_SIZE,
        labelpad=2,
    )


def _draw_panel(ax: Axes, drawing: _Drawing) -> None:
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
        for row, (label, marked) in enumerate(rows.items()):
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


def _notes(result: Sensitivity) -> list[str]:
    """Return the small print: what the lines and rings are, what is not shown, and the rule."""
    lines = [
        f"Thick lines: {level_words(result.confidence)} limits. Thin lines: from nobody who left "
        "having relapsed to everyone having on leaving. A ring: the definition's own missing rule.",
        result.rule,
    ]
    gone = int(result.table["relapsed"].isna().sum())
    if gone:
        lines.append(f"Not estimated: {gone}, not followed to day {result.horizon:g}.")
    return style.note_lines("\n".join(lines), WIDTH - 20)
