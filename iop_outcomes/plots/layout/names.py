"""The names of groups as they fit into a picture; their whole names are in the result's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.survival.times import label_of

if TYPE_CHECKING:
    import pandas as pd

HANDLE_ROOM = 42.0  # of a line of the legend, before its words
SYNTHETIC_ROOM = 72.0


def group_name(group: pd.Series[Any]) -> str:
    """Return a group's name as it can be drawn: its values, joined by a comma."""
    return drawn_name(label_of(group))


def drawn_name(name: object) -> str:
    """Return a name as it can be drawn, on one line."""
    text = fonts.drawable_name(str(name))
    # A legend leaves out what begins with an underscore.
    return f" {text}" if text.startswith("_") else text


def whole_names(result: Any) -> list[str]:
    """Return the names that a picture of a result holds, as they are in its table."""
    columns = [*getattr(result, "by", ()), *("cause", "state", "term")]
    present = [column for column in columns if column in result.table.columns]
    return [str(name) for column in present for name in result.table[column].unique()]


def fitted(names: list[str], width: float, size: float, bold: bool = False) -> list[str]:
    """Return names as they fit into `width` points, each different from the others.

    The middle of a longer name is left out; where two become the same, the second has a number.
    """
    shortened: dict[str, str] = {}
    for name in names:
        if name in shortened:
            continue
        short, number = fonts.shortened(name, width, size, bold), 2
        while short in shortened.values():
            end = f" ({number})"
            short = fonts.shortened(name, width - fonts.width_of(end, size, bold), size, bold) + end
            number += 1
        shortened[name] = short
    return [shortened[name] for name in names]


def panels(table: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[str, pd.DataFrame]]:
    """Return the name and the rows of each group, in the order of the table."""
    if not by:
        return [("", table)]
    names = list(by)
    groups = table.groupby(names, observed=True, sort=False)
    return [(group_name(rows[names].iloc[0]), rows) for _, rows in groups]


def label_room(width: float, source: object) -> float:
    """Return how wide a line of the legend may be above axes of n points."""
    mark = SYNTHETIC_ROOM if getattr(source, "synthetic", False) else 0.0
    return width - HANDLE_ROOM - mark


def legend_labels(names: list[str], counts: list[str], room: float) -> list[str]:
    """Return what a legend says of each group: its name and its counts, on a line of `room`."""
    size = float(style.SETTINGS["legend.fontsize"])
    if not any(names):
        return counts
    taken = max(fonts.width_of(f": {count}", size) for count in counts)
    short = fitted(names, max(room - taken, 40.0), size)
    return [f"{name}: {count}" for name, count in zip(short, counts, strict=True)]
