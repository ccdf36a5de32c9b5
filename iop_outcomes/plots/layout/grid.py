"""Panels in one or two columns: small multiples within one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.names import drawn_name, fitted
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

TITLE_SIZE = 10.0
# of panels below a key, in points: beside, of one panel alone and of one beside another, between
LEFT, RIGHT, PANEL, SMALL = 62.0, 16.0, 170.0, 112.0
BELOW, ABOVE, KEY_UP = 42.0, 28.0, 30.0
MOST_ALONE, LEAST_BESIDE = 3, 480.0  # panels in one column, and the width for two


def columns_of(count: int, width: float) -> int:
    """Return the number of columns of n panels in a picture of n points."""
    return 1 if count <= MOST_ALONE or width < LEAST_BESIDE else 2


def panels_below_key(
    count: int, key: Callable[[float], float], notes: str, *, more_below: float = 0.0
) -> Planner:
    """Return the plan of panels in one or two columns below a key.

    Parameters
    ----------
    count : int
        The number of panels.
    key : callable
        Returns the height of the key in points for a width in points.
    notes : str
        The small print.
    more_below : float
        What a picture that is not part of another has more below its axis, in points.
    """

    def plan(width: float, whole: bool) -> Plan:
        columns = columns_of(count, width)
        rows = -(-count // columns)
        gaps = (rows - 1) * (BELOW + ABOVE)
        return Plan(
            *(LEFT, RIGHT, KEY_UP + key(width - 24), BELOW + whole * more_below, 0.0),
            height=rows * (PANEL if columns == 1 else SMALL) + gaps,
            notes=notes,
            least=(110.0 + (columns - 1) * 180.0, rows * 56.0 + gaps),
        )

    return plan


def grid(sheet: Sheet, count: int, between: float, beside: float) -> list[Axes]:
    """Return the axes of the panels, row by row: those of the sheet, or parts of them.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    count : int
        The number of panels.
    between, beside : float
        The space between two rows and between two columns, in points.
    """
    ax = sheet.ax
    if count == 1:
        return [ax]
    ax.set_axis_off()
    columns = columns_of(count, sheet.outer_width)
    rows = -(-count // columns)
    gap = min(between / sheet.height, 0.6 / rows)
    aside = beside / sheet.width
    high, wide = (1 + gap) / rows - gap, (1 + aside) / columns - aside
    places = []
    for number in range(count):
        row, column = divmod(number, columns)
        corner = (column * (wide + aside), 1 - high - row * (high + gap))
        places.append(ax.inset_axes((*corner, wide, high)))
        style.set_scale(places[-1], sheet.scale)
    return places


def panel_titles(title: str, names: list[str], room: float) -> list[str]:
    """Return the title of each panel: what is drawn, and of which group; both fit into `room`."""
    what = drawn_name(title)
    if names == [""]:
        return fitted([what], room, TITLE_SIZE, True)
    colon = fonts.width_of(": ", TITLE_SIZE, True)
    longest = max(fonts.width_of(name, TITLE_SIZE, True) for name in names)
    what = fonts.shortened(what, max(room / 2, room - colon - longest), TITLE_SIZE, True)
    taken = fonts.width_of(f"{what}: ", TITLE_SIZE, True)
    return [f"{what}: {name}" for name in fitted(names, room - taken, TITLE_SIZE, True)]


def ticks_within(ax: Axes) -> None:
    """Keep the ticks of both axes that lie within what is shown."""
    for ticks, limits, keep in (
        (ax.get_xticks(), ax.get_xlim(), ax.set_xticks),
        (ax.get_yticks(), ax.get_ylim(), ax.set_yticks),
    ):
        low, high = sorted(limits)
        keep([tick for tick in ticks if low <= tick <= high])
