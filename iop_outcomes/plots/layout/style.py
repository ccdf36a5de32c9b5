"""What all pictures share: colours and lines, the synthetic mark, the alternative text, notes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import fonts
from iop_outcomes.shared.characters import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase
    from matplotlib.text import Annotation

INK = "#1a1a1a"
QUIET = "#5c5c5c"
RULE = "#d0d0d0"
SHADE = "#ececec"

SETTINGS: Any = {
    "font.family": [fonts.BASE],
    "font.size": 10.0,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.titley": 1.0,  # where it is without ticks above it; it is not looked for at each drawing
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
"""What `drawing` sets; the reader's own settings stay as they are."""

# Not about how a picture looks: these stay the reader's while one is drawn.
OF_READER = {
    *("backend", "backend_fallback", "interactive", "toolbar", "timezone", "date.epoch"),
    *("tk.window_focus", "figure.raise_window", "figure.max_open_warning", "savefig.directory"),
    *("webagg.port", "webagg.address", "webagg.open_in_browser", "webagg.port_retries"),
    "docstring.hardcopy",
}
LABEL_SIZE = 10.0
CELL_SIZE = 8.5
NOTE_SIZE = 7.5
LINE_HEIGHT = 13.0
NOTE_HEIGHT = 10.5
_ATTRIBUTE = "_iop_outcomes_alternative_text"
_PAPER = "_iop_outcomes_paper"
SCALE = "_iop_outcomes_scale"
_ONE_AT_A_TIME = RLock()
_WITHIN: list[dict[str, Any]] = []  # what each `drawing` that is open now was given


@dataclass(frozen=True)
class Look:
    """The colour, line and marker of a group."""

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
            f"One picture distinguishes at most {len(LOOKS)} groups.",
            found=f"{groups} groups",
            instead="choose the groups first, or draw several pictures",
        )
    return LOOKS[position]


@dataclass(eq=False)
class Paper:
    """How a picture is drawn for a page, whose text is around it.

    Attributes
    ----------
    width : float or None
        In points, for a narrow page; None for the picture's own width.
    notes : str
        The small print, which is not drawn: filled in when the picture is.
    """

    width: float | None = None
    notes: str = ""


def lay_paper(figure: Figure, paper: Paper) -> None:
    """Have the next picture on `figure` drawn for a page of text."""
    setattr(figure, _PAPER, paper)


def paper_of(figure: object) -> Paper | None:
    """Return the paper that was laid for a figure."""
    paper = getattr(figure, _PAPER, None)
    return paper if isinstance(paper, Paper) else None


def is_narrow(drawn_on: Axes | FigureBase) -> bool:
    """Whether a picture is drawn for a narrow page."""
    paper = paper_of(drawn_on.figure)
    return paper is not None and paper.width is not None


@contextmanager
def drawing(**more: Any) -> Iterator[None]:
    """Draw with the settings of this package over matplotlib's own, whatever the reader has set.

    The settings of matplotlib belong to the whole process, so that one picture is drawn at a time:
    two threads would restore each other's. Within `drawing` they are there already.
    """
    from matplotlib import rc_context

    with _ONE_AT_A_TIME:
        if _WITHIN and not more:
            yield
            return
        _WITHIN.append(more)
        try:
            with rc_context(_defaults() | SETTINGS | more):
                yield
        finally:
            _WITHIN.pop()


@cache
def _defaults() -> dict[str, Any]:
    """Return matplotlib's own settings of how a picture looks, which nothing changes."""
    from matplotlib import rcParamsDefault

    return {name: rcParamsDefault[name] for name in rcParamsDefault if name not in OF_READER}


def set_scale(ax: Axes, scale: float) -> None:
    """Keep with axes how large their letters and distances will be drawn."""
    setattr(ax, SCALE, scale)


def figure_size(ax: Axes) -> tuple[float, float]:
    """Return the width and height of the figure (or part of one) of `ax`, in points."""
    figure = ax.figure
    return 72 * figure.bbox.width / figure.dpi, 72 * figure.bbox.height / figure.dpi


def size_of(ax: Axes) -> tuple[float, float]:
    """Return the width and height of `ax` in points, before it is drawn at its scale."""
    width, height = figure_size(ax)
    box, scale = ax.get_position(), getattr(ax, SCALE, 1.0)
    return float(box.width) * width / scale, float(box.height) * height / scale


def note_lines(text: str, width: float, size: float = NOTE_SIZE) -> list[str]:
    """Break `text` into lines of at most `width` points, each paragraph on lines of its own."""
    return fonts.wrapped(fonts.drawable(text), width, size)


def y_label(ax: Axes, text: str) -> None:
    """Write the name of the y axis, on two lines or smaller where the axis is short."""
    room, size = size_of(ax)[1] + 14, LABEL_SIZE
    lines = [text]
    if fonts.width_of(text, size) > room:
        words = text.split()
        breaks = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
        lines = [*min(breaks, key=lambda pair: max(map(len, pair)), default=(text,))]
        widest = max(fonts.width_of(line, 1.0) for line in lines)
        size = min(size, max(room / widest, 6.0))
    ax.set_ylabel("\n".join(lines), fontsize=size)


def legend(ax: Axes, **more: Any) -> None:
    """Write the legend above the axes, a line an entry."""
    scale = getattr(ax, SCALE, 1.0)
    look: dict[str, Any] = {
        "loc": "lower left",
        "bbox_to_anchor": (-0.012, 1.0),
        "borderaxespad": 0.2,
        "handlelength": 3.2,
        "labelspacing": 0.25,
        "fontsize": scale * SETTINGS["legend.fontsize"],
    }
    ax.legend(**(look | more))


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
    """Write "synthetic data" into a corner when what is drawn is made up."""
    if not getattr(source, "synthetic", False):
        return
    narrow = is_narrow(ax)  # there the title takes the whole width
    ax.annotate(
        "synthetic data",
        xy=(1, 0) if narrow else (1, 1),
        xycoords="figure fraction" if narrow else "axes fraction",
        xytext=(-6 if narrow else -2, 4),
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
    setattr(ax, _ATTRIBUTE, printable(text))


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
