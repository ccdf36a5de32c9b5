"""What all pictures share: colours and lines, the synthetic mark, the alternative text, notes."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iop_outcomes.errors import RuleError
from iop_outcomes.survival.checking import label_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

INK = "#1a1a1a"
QUIET = "#5c5c5c"
RULE = "#d0d0d0"
SHADE = "#ececec"

SETTINGS: Any = {
    "font.size": 10,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}
"""Handed to `matplotlib.rc_context` by each plot; the reader's own settings stay as they are."""

LONGEST_NAME = 60
CELL_SIZE = 8.5
NOTE_SIZE = 7.5
LINE_HEIGHT = 13.0
NOTE_HEIGHT = 10.5
MEAN_LETTER = 0.57  # of the font size, in the font of the pictures, with some to spare
_ATTRIBUTE = "_iop_outcomes_alternative_text"


@dataclass(frozen=True)
class Look:
    """How one group is told from the next: by colour, by line and by marker."""

    colour: str
    line: Any
    marker: str


# Okabe and Ito's palette for colour-blind readers, in an order whose neighbours differ in grey too.
LOOKS = (
    Look("#0072b2", "-", "o"),
    Look("#d55e00", (0, (5, 2)), "s"),
    Look("#000000", (0, (1, 1.4)), "^"),
    Look("#009e73", (0, (6, 2, 1, 2)), "D"),
    Look("#aa4499", (0, (3, 1.5)), "v"),
    Look("#7a6a00", (0, (6, 1.5, 1, 1.5, 1, 1.5)), "P"),
    Look("#4d4d4d", (0, (8, 3)), "X"),
    Look("#56b4e9", (0, (2, 2)), "*"),
)


def look(position: int, groups: int) -> Look:
    """Return how the group at `position` of so many `groups` is drawn."""
    if groups > len(LOOKS):
        raise RuleError(
            f"One picture tells at most {len(LOOKS)} groups apart.",
            found=f"{groups} groups",
            instead="choose the groups first, or draw several pictures",
        )
    return LOOKS[position]


def group_name(group: pd.Series[Any]) -> str:
    """Return a group's name as it fits into a picture: its values, joined by a comma."""
    return fitting(label_of(group))


def fitting(name: str) -> str:
    """Return a name as it fits into a picture: the middle of a long one is left out."""
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 20]}…{name[-19:]}"
    # A legend leaves out what begins with an underscore.
    return f" {name}" if name.startswith("_") else name


def figure_or(target: Axes | Figure | None) -> Axes | Figure:
    """Return the target, or a new figure that a notebook shows.

    It is made outside `rc_context`: the first figure of a session settles the backend, and what a
    notebook's backend sets for showing figures would be undone with the other settings.
    """
    if target is not None:
        return target
    from matplotlib import pyplot

    return pyplot.figure()


def axes_for(
    target: Axes | Figure,
    size: tuple[float, float],
    margins: tuple[float, float, float, float],
) -> Axes:
    """Return the axes to draw on: those given, or new ones in a figure of the right size.

    `size` is width and height, `margins` what is left free at the left, right, bottom and top, in
    points.
    """
    from matplotlib.axes import Axes

    if isinstance(target, Axes):
        return target
    width, height = size
    left, right, bottom, top = margins
    figure = target
    figure.set_facecolor("white")
    figure.set_size_inches(width / 72, height / 72)
    box = (
        left / width,
        bottom / height,
        (width - left - right) / width,
        (height - bottom - top) / height,
    )
    return figure.add_axes(box)


def size_of(ax: Axes) -> tuple[float, float]:
    """Return the width and height of `ax` in points."""
    figure = ax.get_figure(root=True)
    if figure is None:  # pragma: no cover - axes that a caller has taken out of their figure
        return 400.0, 250.0
    box = ax.get_position()
    width, height = figure.get_size_inches()
    return float(box.width * width * 72), float(box.height * height * 72)


def note_lines(text: str, width: float, size: float = NOTE_SIZE) -> list[str]:
    """Break `text` into lines of at most `width` points, each sentence kept whole if it can be."""
    letters = max(int(width / (size * MEAN_LETTER)), 20)
    return [line for part in text.splitlines() for line in textwrap.wrap(part, letters)]


def panels(table: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[str, pd.DataFrame]]:
    """Return the name and the rows of each group, in the order of the table."""
    if not by:
        return [("", table)]
    groups = table.groupby(list(by), observed=True, sort=False)
    return [(fitting(", ".join(str(part) for part in key)), rows) for key, rows in groups]


def stack(ax: Axes, count: int, between: float) -> list[Axes]:
    """Return axes one above the other: `ax` itself, or parts of it, `between` points apart."""
    if count == 1:
        return [ax]
    ax.set_axis_off()
    gap = min(between / size_of(ax)[1], 0.6 / count)
    share = (1.0 - gap * (count - 1)) / count
    return [
        ax.inset_axes((0.0, 1.0 - share - number * (share + gap), 1.0, share))
        for number in range(count)
    ]


def write_cell(
    ax: Axes,
    text: str,
    place: tuple[float, float, float],
    *,
    ha: str,
    colour: str = INK,
    weight: str = "normal",
    fixed: bool = False,
    size: float = CELL_SIZE,
    rotation: float = 0,
) -> Annotation:
    """Write `text` below the x axis and return it.

    Parameters
    ----------
    place : tuple of float
        Where on the x axis (its value, or with `fixed` the fraction of its length), how many
        points to the right of that, and how many down.
    """
    x, right, down = place
    return ax.annotate(
        text,
        xy=(x, 0),
        xycoords="axes fraction" if fixed else ("data", "axes fraction"),
        xytext=(right, -down),
        textcoords="offset points",
        ha=ha,
        va="top",
        color=colour,
        weight=weight,
        fontsize=size,
        rotation=rotation,
        annotation_clip=False,
    )


def write_below(ax: Axes, lines: list[str], *, left: float, down: float) -> None:
    """Write `lines` of small print below `ax`, `down` points under its x axis."""
    for number, line in enumerate(lines):
        place = (0.0, left, down + number * NOTE_HEIGHT)
        note = write_cell(ax, line, place, ha="left", colour=QUIET, size=NOTE_SIZE, fixed=True)
        note.set_gid(f"note_{number}")


def mark_synthetic(ax: Axes, source: object) -> None:
    """Write "synthetic data" into the upper right corner when what is drawn is made up."""
    if not getattr(source, "synthetic", False):
        return
    ax.annotate(
        "synthetic data",
        xy=(1, 1),
        xycoords="axes fraction",
        xytext=(-2, 4),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=CELL_SIZE,
        fontstyle="italic",
        color=QUIET,
        annotation_clip=False,
        gid="synthetic",
    )


def describe(ax: Axes, text: str) -> None:
    """Keep the alternative text of a picture with its axes."""
    setattr(ax, _ATTRIBUTE, text)


def alternative_text(ax: Axes) -> str:
    """Return what a picture shows, in words, for readers who cannot see it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes that a plot function of this package returned.

    Raises
    ------
    RuleError
        The axes were drawn by something else.
    """
    text = getattr(ax, _ATTRIBUTE, None)
    if not isinstance(text, str):
        raise RuleError(
            "These axes hold no alternative text.",
            found="axes that no plot function of iop_outcomes has drawn",
            instead="pass what plot_survival, plot_trend or plot_attendance returned",
        )
    return text
