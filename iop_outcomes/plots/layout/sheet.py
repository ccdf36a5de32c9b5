"""The room of a picture: its axes, what is around and below them, and what is left out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.names import whole_names
from iop_outcomes.plots.layout.text_fonts import apply_fonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase, SubFigure
    from matplotlib.gridspec import SubplotSpec
    from matplotlib.transforms import Bbox

Four = tuple[float, float, float, float]

SCALES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65)
WHOLE: Four = (0.0, 0.0, 1.0, 1.0)
EDGE, SIDES, TITLE = 3.0, 20.0, 26.0  # points left free: at an edge, beside notes, for a suptitle
EASY = 0.45  # of the height of the axes in a figure of their own
SHORT_OF_ROOM = "Left out for lack of space: {}; see .rule, .text and the table of the result."


@dataclass(frozen=True)
class Plan:
    """What a picture needs, in points.

    Attributes
    ----------
    left, right, top : float
        Beside and above the axes.
    axis : float
        Below the axes, for the labels of the x axis.
    table : float
        Below that, for the table; 0 if there is none.
    height : float
        Of the axes in a figure of their own.
    notes : str
        The small print, a paragraph a line.
    least : tuple of float
        The least width and height of the axes.
    wish : float
        The width of the picture below which something in it is shortened.
    """

    left: float
    right: float
    top: float
    axis: float
    table: float
    height: float
    notes: str
    least: tuple[float, float] = (110.0, 64.0)
    wish: float = 0.0


@dataclass(frozen=True, eq=False)
class Sheet:
    """Axes with room around them.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    plan : Plan
        What was planned.
    width, height : float
        Of the axes, in points before they are drawn at `scale`.
    lines : list of str
        The lines of small print.
    whole : bool
        Whether there is room for the table.
    scale : float
        How large letters and distances are drawn; below 1 on small axes.
    """

    ax: Axes
    plan: Plan
    width: float
    height: float
    lines: list[str]
    whole: bool
    scale: float

    @property
    def narrow(self) -> bool:
        """Whether it is for a narrow page: its letters are not smaller, but it holds less."""
        return style.is_narrow(self.ax)

    @property
    def outer_width(self) -> float:
        """The width of the whole picture, in points."""
        return self.width + self.plan.left + self.plan.right


Planner = Callable[[float, bool], Plan]


def open_sheet(
    target: Axes | Figure | SubFigure,
    width: float,
    planner: Planner,
    result: Any,
    *,
    needs_table: bool = False,
) -> Sheet:
    """Return the axes to draw on, with room for what the plan asks for.

    A figure is given the size that the picture needs. Axes keep their figure's size: the picture
    stays within the room that is theirs, their cell of the figure up to the middle of the space
    between it and the next. Where that is small, letters become smaller, then the small print and
    then the table is left out, and the picture says so.

    Parameters
    ----------
    target : matplotlib axes, figure or subfigure
        Where to draw.
    width : float
        Of the picture in a figure of its own, in points.
    planner : callable
        Gives the plan for a width of the picture in points, with or without its table.
    result : object
        What will be drawn. If no font holds its names, the small print says so.
    needs_table : bool
        Whether the picture says nothing without its table.

    Raises
    ------
    RuleError
        The axes are too small for any picture.
    """
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    font_note = "" if fonts.is_drawn_whole(whole_names(result)) else f"\n{fonts.INSTEAD}"
    if isinstance(target, Figure):
        fitted = _natural(width, planner, font_note, style.paper_of(target))
        width, height = fitted.width, fitted.height
        target.set_facecolor("white")
        target.set_size_inches(width / 72, height / 72)
        ax = target.add_axes(WHOLE)
        room = box = WHOLE
    else:
        ax = target if isinstance(target, Axes) else target.add_axes(WHOLE)
        room, box = room_of(ax), _box_of(ax).extents
        fitted = _fitted(_points(ax, room), planner, font_note, needs_table)
    place = Place(room, box, fitted.margins, ax.get_subplotspec())
    ax.set_position(place(ax, None))
    ax.set_axes_locator(place)
    style.set_scale(ax, fitted.scale)
    plan = fitted.plan
    inner = (fitted.width - plan.left - plan.right, fitted.height - fitted.top_and_bottom)
    return Sheet(ax, plan, *inner, fitted.lines, fitted.whole, fitted.scale)


class Place:
    """Where axes are: their room less its margins, whatever size the figure is given later.

    Parameters
    ----------
    room : tuple of float
        Left, bottom, right and top, as parts of the figure.
    box : tuple of float
        Where the axes were before they were moved.
    margins : tuple of float
        What is left free within it at the left, bottom, right and top, in points.
    spec : matplotlib.gridspec.SubplotSpec, optional
        The cell of the axes, for layouts that ask for it.
    """

    def __init__(
        self, room: Four, box: Four, margins: Four, spec: SubplotSpec | None = None
    ) -> None:
        self.spec = spec
        self.room = room
        self.box = box
        self.margins = margins

    def get_subplotspec(self) -> SubplotSpec | None:
        """Return the cell, without which ``tight_layout`` warns."""
        return self.spec

    def __call__(self, ax: Any, renderer: object) -> Bbox:
        """Return the place of the axes, as parts of the figure."""
        from matplotlib.transforms import Bbox

        width, height = style.figure_size(ax)
        x0, y0, x1, y1 = self.room
        left, bottom, right, top = self.margins
        x0, x1 = x0 + left / width, x1 - right / width
        y0, y1 = y0 + bottom / height, y1 - top / height
        return Bbox.from_extents(x0, y0, max(x1, x0 + 0.01), max(y1, y0 + 0.01))


@dataclass(frozen=True)
class _Fit:
    plan: Plan
    lines: list[str]
    whole: bool
    width: float
    height: float
    scale: float = 1.0
    foot: float = 0.0

    @property
    def below(self) -> float:
        notes = len(self.lines) * style.NOTE_HEIGHT + self.foot
        return self.plan.axis + (self.plan.table if self.whole else 0.0) + notes + 8

    @property
    def top_and_bottom(self) -> float:
        return self.plan.top + self.below

    @property
    def margins(self) -> Four:
        plan = self.plan
        sides = (plan.left, self.below, plan.right, plan.top)
        left, bottom, right, top = (self.scale * side for side in sides)
        return left, bottom, right, top

    @property
    def fits(self) -> bool:
        """Whether the axes are not too small."""
        least_wide, least_high = self.plan.least
        wide = self.width - self.plan.left - self.plan.right
        return wide >= least_wide and self.height - self.top_and_bottom >= least_high

    @property
    def is_easy(self) -> bool:
        """Whether the axes are so large that smaller letters would not help."""
        high = self.height - self.top_and_bottom >= EASY * self.plan.height
        return high and self.width >= self.plan.wish


def _natural(width: float, planner: Planner, font_note: str, paper: style.Paper | None) -> _Fit:
    foot = 0.0
    if paper is not None and paper.width is not None:
        width, foot = min(width, paper.width), style.NOTE_HEIGHT  # for the synthetic mark
    plan = planner(width, True)
    if paper is not None:
        paper.notes, lines = plan.notes + font_note, []
    else:
        lines = style.note_lines(plan.notes + font_note, width - SIDES)
    fitted = _Fit(plan, lines, True, width, 0.0, foot=foot)
    return replace(fitted, height=plan.height + fitted.top_and_bottom)


def _fitted(size: tuple[float, float], planner: Planner, font_note: str, needs_table: bool) -> _Fit:
    """Return the first fit: all of it, then without notes, then without the table as well."""
    for whole, short in ((True, ""), (True, "the small print"), (False, "table and small print")):
        if needs_table and not whole:
            continue
        for scale in SCALES:
            width, height = (side / scale for side in size)
            plan = planner(width, whole)
            notes = SHORT_OF_ROOM.format(short) if short else plan.notes + font_note
            lines = style.note_lines(notes, width - SIDES)
            fitted = _Fit(plan, lines, whole, width, height, scale)
            if fitted.fits and (fitted.is_easy or scale == SCALES[-1]):
                return fitted
    plan = planner(size[0] / SCALES[-1], needs_table)
    wide = SCALES[-1] * (plan.left + plan.right + plan.least[0])
    high = SCALES[-1] * (fitted.top_and_bottom + plan.least[1])
    raise RuleError(
        "The axes are too small for the figure.",
        found=f"room of {size[0] / 72:.1f} by {size[1] / 72:.1f} inches",
        instead=f"{_tenths(wide)} by {_tenths(high)} inches or more, or a figure of its own: "
        "leave ax= out",
    )


def _tenths(points: float) -> str:
    """Return a length in inches, rounded up, so that what is asked for is enough."""
    return f"{math.ceil(points / 7.2 - 1e-9) / 10:.1f}"


def room_of(ax: Axes) -> Four:
    """Return the part of the figure that is for `ax` and what is around it.

    It reaches to the middle of the space between the axes and the next ones, or to the edge.
    """
    locator: Any = ax.get_axes_locator()
    if isinstance(locator, Place):  # drawn on before
        return locator.room
    if locator is not None:  # axes within others have no more room than they take
        box = locator(ax, None)
        return box.x0, box.y0, box.x1, box.y1
    figure = ax.figure
    own = _box_of(ax)
    width, height = style.figure_size(ax)
    title = TITLE if _has_title(figure) else EDGE
    x0, y0 = min(EDGE / width, own.x0), min(EDGE / height, own.y0)
    x1, y1 = max(1 - EDGE / width, own.x1), max(1 - title / height, own.y1)
    for axes in figure.axes:
        if axes is ax or not axes.get_visible():
            continue
        box = _box_of(axes)
        beside = min(box.y1, own.y1) - max(box.y0, own.y0) > 1e-9
        above = min(box.x1, own.x1) - max(box.x0, own.x0) > 1e-9
        if beside and above:  # twins, and axes laid on others
            continue
        if beside and box.x0 >= own.x1 - 1e-9:
            x1 = min(x1, (own.x1 + box.x0) / 2)
        elif beside:
            x0 = max(x0, (own.x0 + box.x1) / 2)
        elif above and box.y0 >= own.y1 - 1e-9:
            y1 = min(y1, (own.y1 + box.y0) / 2)
        elif above:
            y0 = max(y0, (own.y0 + box.y1) / 2)
    return x0, y0, x1, y1


def _box_of(ax: Axes) -> Bbox:
    """Return where axes were before a picture of ours moved them."""
    from matplotlib.transforms import Bbox

    locator = ax.get_axes_locator()
    if isinstance(locator, Place):
        return Bbox.from_extents(*locator.box)
    return ax.get_position(original=True)


def _has_title(figure: FigureBase) -> bool:
    return bool(figure.get_suptitle())


def _points(ax: Axes, room: Four) -> tuple[float, float]:
    width, height = style.figure_size(ax)
    return (room[2] - room[0]) * width, (room[3] - room[1]) * height


def stack(sheet: Sheet, count: int, between: float) -> list[Axes]:
    """Return axes one above the other: those of the sheet, or parts of them `between` apart."""
    ax = sheet.ax
    if count == 1:
        return [ax]
    ax.set_axis_off()
    gap = min(between / sheet.height, 0.6 / count)
    share = (1.0 - gap * (count - 1)) / count
    panels = [
        ax.inset_axes((0.0, 1.0 - share - number * (share + gap), 1.0, share))
        for number in range(count)
    ]
    for panel in panels:
        style.set_scale(panel, sheet.scale)
    return panels


def finish(sheet: Sheet, source: Any, text: str, *, below: Axes | None = None) -> None:
    """Write the small print, the synthetic mark and the alternative text, and settle the letters.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    source : object
        What was drawn; made-up people are marked.
    text : str
        The picture in words.
    below : matplotlib.axes.Axes, optional
        The axes that the small print is below; by default those of the sheet.
    """
    plan = sheet.plan
    down = plan.axis + (plan.table if sheet.whole else 0.0)
    style.write_below(below or sheet.ax, sheet.lines, left=8 - plan.left, down=down)
    style.mark_synthetic(sheet.ax, source)
    style.describe(sheet.ax, text)
    apply_fonts(sheet.ax, sheet.scale)
