"""The share in each state, as areas stacked on one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.plots.layout import day_axis, fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted, label_room, panels
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
from iop_outcomes.survival.states.result import StateOccupation

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RIGHT, WIDEST_RIGHT, WIDTH, HEIGHT = 118.0, 190.0, 620.0, 210.0
BETWEEN, TITLE, AFTER_TABLE = 34.0, 22.0, 18.0
LABEL_LEFT, LABEL_HEIGHT, SWATCH, TITLE_SIZE = 34.0, 14.5, 12.0, 10.0
LEADER = {"arrowstyle": "-", "color": style.QUIET, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 1}
NOTE = (
    "Areas from below: in the order of the labels. Drawn while at least 10 {units} and 5% of each "
    "group are under observation; the table counts them after the day."
)

# Colour, hatch and the colour of the hatch: neighbours differ in grey, and each has a hatch of
# its own. Good states are blue and green, use is orange, and who cannot be seen is grey.
FACES = {
    "engaged": ("#0072b2", "", "#ffffff"),
    "discharged": ("#a6d3ee", "..", "#0072b2"),
    "recovered": ("#009e73", "//", "#ffffff"),
    "lapsed": ("#f2c45a", "\\\\", "#8a5a00"),
    "relapsed": ("#d55e00", "xx", "#ffffff"),
    "lost": ("#d9d9d9", "--", "#6b6b6b"),
    "dead": ("#1a1a1a", "", "#ffffff"),
}
OTHERS = (
    ("#0072b2", "", "#ffffff"),
    ("#f2c45a", "\\\\", "#8a5a00"),
    ("#009e73", "//", "#ffffff"),
    ("#f0b6d3", "..", "#7a2a57"),
    ("#d55e00", "xx", "#ffffff"),
    ("#d9d9d9", "--", "#6b6b6b"),
    ("#7b5ea7", "++", "#ffffff"),
    ("#1a1a1a", "", "#ffffff"),
)


def plot_states(result: StateOccupation, ax: Axes | Figure | None = None) -> Axes:
    """Draw the share in each state as stacked areas, one panel a group.

    Parameters
    ----------
    result : StateOccupation
        What `iop_outcomes.state_occupation` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room at the right for the labels and below for the table. A figure
        is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.

    Raises
    ------
    RuleError
        If there are more states than can be distinguished.
    """
    check_result(result, "plot_states", StateOccupation)
    faces = _faces(result.states)
    parts = panels(result.table, result.by)
    names = [name for name, _ in parts]
    end, first = result.last_day, min(0.0, float(result.table["day"].min()))
    target = figure_or(ax)
    with style.drawing(**{"axes.grid": False, "hatch.linewidth": 0.7}):
        planner = _planner(result, names, len(faces))
        sheet = open_sheet(target, WIDTH, planner, result)
        ticks = first + day_axis.day_ticks(end - first, sheet.width)
        drawn = stack(sheet, len(parts), BETWEEN if len(parts) > 1 else 0.0)
        titles = fitted(names, label_room(sheet.width + sheet.plan.right, result), TITLE_SIZE, True)
        for panel, title, (_, rows) in zip(drawn, titles, parts, strict=True):
            tops = _draw(panel, rows, faces, end)
            _label(panel, tops, faces, sheet.plan.right)
            _dress(panel, title, ticks, (first, end))
            style.y_label(panel, f"share of {result.units}")
        day_axis.name_days(drawn[-1], result.provenance.origin)
        if sheet.whole:
            add_risk_table(drawn[-1], sheet, _observed(result, ticks), ticks, coloured=False)
        finish(sheet, result, f"Stacked areas. {result.text} {_note(result)}", below=drawn[-1])
    return sheet.ax


def _planner(result: StateOccupation, names: list[str], states: int) -> Planner:
    count = len(names)
    gaps = (count - 1) * BETWEEN
    widest = max(fonts.width_of(_label_of(name, 0.001), style.CELL_SIZE) for name in result.states)
    right = min(max(RIGHT, LABEL_LEFT + widest + 8), WIDEST_RIGHT)
    least = max(64.0, states * LABEL_HEIGHT) * count + gaps

    def plan(_: float, whole: bool) -> Plan:
        return Plan(
            *(LEFT if whole else LEFT_ALONE, right, TITLE, TABLE_TOP),
            table=table_height(names, 1, AFTER_TABLE) if whole else 0.0,
            height=count * HEIGHT + gaps,
            notes=f"{result.rule}\n{_note(result)}",
            least=(110.0, least),
        )

    return plan


def _note(result: StateOccupation) -> str:
    return NOTE.format(units=result.units)


def _faces(states: tuple[str, ...]) -> dict[str, tuple[str, str, str]]:
    """Return how each state is filled, in the order of the stack from below."""
    if set(states) <= set(FACES):
        return {name: FACES[name] for name in FACES if name in states}
    style.look(0, len(states))  # refuses more than can be distinguished
    return dict(zip(states, OTHERS, strict=False))


def _draw(
    panel: Axes, part: pd.DataFrame, faces: dict[str, tuple[str, str, str]], end: float
) -> dict[str, tuple[float, float]]:
    """Stack the areas; return the lower and upper edge of each on the last day."""
    floor: np.ndarray | float = 0.0
    edges = {}
    for name, (colour, hatch, ink) in faces.items():
        rows = part[(part["state"] == name) & (part["day"] <= end)]
        day = np.append(rows["day"].to_numpy(dtype=float), end)
        share = rows["share"].to_numpy()
        top = floor + np.append(share, share[-1])
        low = np.broadcast_to(floor, top.shape)
        area = panel.fill_between(
            day, low, top, step="post", facecolor=colour, edgecolor=ink, hatch=hatch, linewidth=0
        )
        area.set_gid(f"state_{name}")
        panel.step(day, top, where="post", color="white", linewidth=0.9, zorder=3)
        edges[name] = (float(low[-1]), float(top[-1]))
        floor = top
    return edges


def _label(
    panel: Axes,
    edges: dict[str, tuple[float, float]],
    faces: dict[str, tuple[str, str, str]],
    room: float,
) -> None:
    """Name each area at its right end, the names moved apart where the areas are thin."""
    from matplotlib.patches import Rectangle

    width, height = style.size_of(panel)
    taken = LABEL_LEFT + fonts.width_of(_label_of("", 0.001), style.CELL_SIZE) + 6
    short = fitted([drawn_name(name) for name in edges], room - taken, style.CELL_SIZE)
    middle = np.array([(low + top) / 2 * height for low, top in edges.values()])
    for place, (name, (low, top)) in enumerate(edges.items()):
        level = _apart(middle, height)[place]
        panel.annotate(
            _label_of(short[place], top - low),
            xy=(1.0, (low + top) / 2),
            xycoords="axes fraction",
            xytext=(LABEL_LEFT, level - middle[place]),
            textcoords="offset points",
            va="center",
            fontsize=style.CELL_SIZE,
            annotation_clip=False,
            gid=f"label_{name}",
        )
        panel.annotate(
            "",
            xy=(1.0, (low + top) / 2),
            xycoords="axes fraction",
            xytext=(17, level - middle[place]),
            textcoords="offset points",
            arrowprops=LEADER,
            annotation_clip=False,
        )
        colour, hatch, ink = faces[name]
        corner = (1 + 17 / width, (level - SWATCH / 2 + 1) / height)
        panel.add_patch(
            Rectangle(
                corner,
                SWATCH / width,
                (SWATCH - 2) / height,
                transform=panel.transAxes,
                facecolor=colour,
                edgecolor=ink,
                hatch=hatch * 2,
                linewidth=0,
                clip_on=False,
            )
        )


def _apart(middle: np.ndarray, height: float) -> np.ndarray:
    """Return heights near `middle`, in its order, at least one line from each other."""
    spaced = middle.copy()
    for place in range(1, len(spaced)):
        spaced[place] = max(spaced[place], spaced[place - 1] + LABEL_HEIGHT)
    over = spaced[-1] - (height - LABEL_HEIGHT / 2)
    if over > 0:
        spaced[-1] -= over
        for place in range(len(spaced) - 2, -1, -1):
            spaced[place] = min(spaced[place], spaced[place + 1] - LABEL_HEIGHT)
    return spaced


def _label_of(name: str, share: float) -> str:
    percent = "under 1%" if 0 < share < 0.005 else f"{share:.0%}"
    return f"{name} {percent}"


def _dress(panel: Axes, name: str, ticks: np.ndarray, ends: tuple[float, float]) -> None:
    day_axis.write_shares(panel)
    panel.set_xlim(ends[0], max(ends[1], ends[0] + 1))
    panel.set_xticks(ticks)
    panel.set_title(name, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=6)


def _observed(result: StateOccupation, ticks: np.ndarray) -> list[Block]:
    """Return how many of each group are under observation after each day."""
    table, counted = result.risk_table(ticks.tolist()), (("at_risk", "observed"),)
    return [(name, rows_of(part, counted)) for name, part in panels(table, result.by)]
