"""The share of people in each state, as areas stacked on one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.plots import style
from iop_outcomes.relapse.rules import ORIGINS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival.state_result import StateOccupation

LEFT, RIGHT, WIDTH, HEIGHT = 92.0, 118.0, 620.0, 210.0
BETWEEN, TITLE, TABLE_TOP = 34.0, 22.0, 42.0
LABEL_HEIGHT, SWATCH = 14.5, 12.0
SHORT, TITLE_LETTERS = 12, 50  # letters of a name beside the counts, and above a panel
LEADER = {"arrowstyle": "-", "color": style.QUIET, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 1}
STEPS = (1, 7, 14, 30, 60, 90, 180, 365, 730)
NOTE = (
    "Areas from below: in the order of the labels. Drawn while at least 10 people and 5% of each "
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
    """Draw the share of people in each state as stacked areas, one panel a group.

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
        If there are more states than can be told apart.
    """
    from matplotlib import rc_context

    faces = _faces(result.states)
    end = result.last_day
    panels = style.panels(result.table, result.by)
    first = min(0.0, float(result.table["day"].min()))
    step = next((step for step in STEPS if end / step <= 8), max(end, 1.0))
    ticks = np.arange(first, end + 1e-9, step)
    notes = style.note_lines(f"{result.rule}\n{NOTE}", WIDTH - 20)
    rows = _lines([name for name, _ in panels])
    bottom = TABLE_TOP + rows * style.LINE_HEIGHT + 18 + len(notes) * style.NOTE_HEIGHT + 8
    gap = BETWEEN if len(panels) > 1 else 0.0
    inner = len(panels) * HEIGHT + (len(panels) - 1) * gap
    target = style.figure_or(ax)
    settings = {**style.SETTINGS, "axes.grid": False, "hatch.linewidth": 0.7}
    with rc_context(settings):
        margins = (LEFT, RIGHT, bottom, TITLE)
        ax = style.axes_for(target, (WIDTH, inner + bottom + TITLE), margins)
        drawn = style.stack(ax, len(panels), gap)
        height = style.size_of(ax)[1] * HEIGHT / inner
        for panel, (name, rows_of) in zip(drawn, panels, strict=True):
            tops = _draw(panel, rows_of, faces, end)
            _label(panel, tops, faces, (style.size_of(ax)[0], height))
            _dress(panel, name, ticks, (first, end))
        drawn[-1].set_xlabel(f"days since {_origin(result.rule)}", labelpad=2)
        down = _draw_table(drawn[-1], result, ticks)
        style.write_below(drawn[-1], notes, left=-LEFT + 8, down=down)
        style.mark_synthetic(ax, result)
        style.describe(ax, f"Stacked areas. {result.text} {NOTE}")
    return ax


def _faces(states: tuple[str, ...]) -> dict[str, tuple[str, str, str]]:
    """Return how each state is filled, in the order of the stack from below."""
    if set(states) <= set(FACES):
        return {name: FACES[name] for name in FACES if name in states}
    style.look(0, len(states))  # refuses more than can be told apart
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
    size: tuple[float, float],
) -> None:
    """Name each area at its right end, the names moved apart where the areas are thin."""
    from matplotlib.patches import Rectangle

    width, height = size
    middle = np.array([(low + top) / 2 * height for low, top in edges.values()])
    for place, (name, (low, top)) in enumerate(edges.items()):
        level = _apart(middle, height)[place]
        panel.annotate(
            f"{name} {_percent(top - low)}",
            xy=(1.0, (low + top) / 2),
            xycoords="axes fraction",
            xytext=(34, level - middle[place]),
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


def _percent(share: float) -> str:
    return "under 1%" if 0 < share < 0.005 else f"{share:.0%}"


def _dress(panel: Axes, name: str, ticks: np.ndarray, ends: tuple[float, float]) -> None:
    from matplotlib.ticker import PercentFormatter

    panel.set_ylim(0, 1)
    panel.set_xlim(ends[0], max(ends[1], ends[0] + 1))
    panel.set_xticks(ticks)
    panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panel.set_ylabel("share of people")
    size = 10 if len(name) <= TITLE_LETTERS else 7
    panel.set_title(name, loc="left", fontsize=size, fontweight="bold", pad=6)


def _lines(names: list[str]) -> int:
    """Return the lines of the table; long names stand on lines of their own."""
    if len(names) == 1:
        return 1
    return 1 + len(names) * (2 if _long(names) else 1)


def _long(names: list[str]) -> bool:
    return max(map(len, names)) > SHORT


def _draw_table(panel: Axes, result: StateOccupation, ticks: np.ndarray) -> float:
    """Write who is under observation under the x axis; return how many points down it ends."""
    down = TABLE_TOP
    table = result.risk_table(ticks.tolist())
    parts = style.panels(table, result.by)
    style.write_cell(panel, "observed", (0.0, -LEFT + 8, down), ha="left", fixed=True)
    down += style.LINE_HEIGHT if len(parts) > 1 else 0
    apart = len(parts) > 1 and _long([name for name, _ in parts])
    for position, (name, part) in enumerate(parts):
        place = (0.0, -LEFT + 8, down)
        style.write_cell(panel, name, place, ha="left", weight="bold", fixed=True)
        down += style.LINE_HEIGHT if apart else 0
        for day, count in zip(ticks, part["at_risk"], strict=True):
            cell = style.write_cell(panel, f"{count:,}", (float(day), 0, down), ha="center")
            cell.set_gid(f"risk_{position}_{day:g}")
        down += style.LINE_HEIGHT
    return down + 8


def _origin(rule: str) -> str:
    return next((origin for origin in ORIGINS.values() if f"after {origin}" in rule), "the start")
