"""The table of numbers below a picture: how many are at risk on each day of its x axis, and more.

It takes rows of numbers and knows nothing of the result they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iop_outcomes.disclosure.policy import HIDDEN_SIGN
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.names import fitted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from iop_outcomes.plots.layout.sheet import Sheet

LEFT, LEFT_ALONE = 92.0, 66.0  # points beside the axes, with the table's words and without
TABLE_TOP = 42.0  # points from the x axis to the table, for the labels of the axis
EDGE = 8.0  # points from the left of the picture to the words of the table
WORDS_GAP = 22.0  # points from the words of a row to the axis
GROUP_GAP = 4.0


@dataclass(frozen=True, eq=False)
class Row:
    """A row of numbers.

    Attributes
    ----------
    key : str
        The row in the ids of its cells, which are ``risk_{group}_{key}_{day}``.
    words : str
        The row as its reader sees it.
    numbers : numpy.ndarray
        A number a day. Missing (NaN) is written as a dash, or as hidden. If one number of floating
        point in the table is not whole, as sums of weights are, all such numbers have one decimal;
        counts (of an integer type) have none.
    gone : numpy.ndarray of bool, optional
        Which of them are hidden, if they are missing. Default: none.
    """

    key: str
    words: str
    numbers: NDArray[Any]
    gone: NDArray[np.bool_] | None = None

    @property
    def missing(self) -> list[str]:
        """What stands for each number if it is missing."""
        gone = np.zeros(len(self.numbers), dtype=np.bool_) if self.gone is None else self.gone
        return [HIDDEN_SIGN if one else "–" for one in gone]


Block = tuple[str, list[Row]]
"""The name of a group, empty if there is only one, and its rows."""


def rows_of(
    table: pd.DataFrame, words: Iterable[tuple[str, str]], gone: pd.DataFrame | None = None
) -> list[Row]:
    """Return columns of a table of counts by day as rows, each with its words.

    `gone` says which cells of the table are hidden.
    """
    hidden = {} if gone is None else {name: gone[name].to_numpy() for name in gone}
    return [Row(name, word, _numbers(table[name]), hidden.get(name)) for name, word in words]


def _numbers(column: pd.Series[Any]) -> NDArray[Any]:
    if column.dtype.kind in "iu" and not column.isna().any():
        return column.to_numpy(dtype=np.int64)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def table_height(names: Sequence[str], rows: int, space: float = 10.0) -> float:
    """Return how many points the table takes, for groups of n rows, with `space` after it."""
    if rows == 1:
        lines, gaps = len(names) * (1 + _are_wide(names)) + any(names), 0
    else:
        lines, gaps = len(names) * (rows + any(names)), len(names)
    return lines * style.LINE_HEIGHT + gaps * GROUP_GAP + space


def add_risk_table(
    ax: Axes,
    sheet: Sheet,
    blocks: Sequence[Block],
    days: ArrayLike,
    *,
    gap: float = WORDS_GAP,
    coloured: bool = True,
) -> None:
    """Write the rows of each group under the x axis.

    The name of a group is above its rows, and the words of a row beside it. Where groups have
    one row each, its words are once above the table and the name of a group beside its row, or
    on a line of its own where it is wider than the space beside the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes that the table is below.
    sheet : Sheet
        The picture they are of.
    blocks : sequence of (str, list of Row)
        The name and the rows of each group; no names if there is only one.
    days : array_like of float
        Where on the x axis each number is.
    gap : float
        How many points the words of a row are from the axis.
    coloured : bool
        Whether the name of a group has the colour of its curve.
    """
    names = fitted([name for name, _ in blocks], sheet.outer_width - 16, style.CELL_SIZE, True)
    colours = [
        style.look(position, len(names)).colour if coloured and name else style.INK
        for position, name in enumerate(names)
    ]
    write = _Writer(ax, sheet, blocks, days)
    if all(len(rows) == 1 for _, rows in blocks):
        _write_lines(write, names, colours, _are_wide(name for name, _ in blocks))
    else:
        _write_blocks(write, names, colours, gap)


def _write_blocks(write: _Writer, names: list[str], colours: list[str], gap: float) -> None:
    for position, (_, rows) in enumerate(write.blocks):
        if any(names):
            write.down += GROUP_GAP if position else 0
            write.left(names[position], colours[position], "bold")
            write.down += style.LINE_HEIGHT
        for row in rows:
            write.words(row.words, gap)
            write.numbers(position, row, row.key)
            write.down += style.LINE_HEIGHT


def _write_lines(write: _Writer, names: list[str], colours: list[str], wide: bool) -> None:
    write.left(write.blocks[0][1][0].words, style.INK, "normal")
    write.down += style.LINE_HEIGHT if any(names) else 0
    for position, (_, rows) in enumerate(write.blocks):
        write.left(names[position], colours[position], "bold")
        write.down += style.LINE_HEIGHT if wide else 0
        write.numbers(position, rows[0])
        write.down += style.LINE_HEIGHT


def _are_wide(names: Iterable[str]) -> bool:
    """Whether a name needs a line of its own beside the axis."""
    return any(fonts.width_of(name, style.CELL_SIZE, True) > LEFT - 28 for name in names)


class _Writer:
    """Writes the cells of a table, `down` points below the x axis."""

    def __init__(self, ax: Axes, sheet: Sheet, blocks: Sequence[Block], days: ArrayLike) -> None:
        self.ax = ax
        self.blocks = blocks
        self.days = np.asarray(days, dtype=np.float64)
        self.down = sheet.plan.axis
        self.edge = EDGE - sheet.plan.left
        rows = [row.numbers for _, rows in blocks for row in rows]
        sums = [row[np.isfinite(row)] for row in rows if row.dtype.kind == "f"]
        self.decimals = int(any((row % 1 != 0).any() for row in sums))

    def left(self, text: str, colour: str, weight: str) -> None:
        """Write words at the left of the picture."""
        place = (0.0, self.edge, self.down)
        style.write_cell(self.ax, text, place, ha="left", colour=colour, weight=weight, fixed=True)

    def words(self, text: str, gap: float) -> None:
        """Write the words of a row, `gap` points from the axis."""
        place = (0.0, -gap, self.down)
        style.write_cell(self.ax, text, place, ha="right", colour=style.QUIET, fixed=True)

    def numbers(self, position: int, row: Row, *key: str) -> None:
        """Write the numbers of a row, each below its day."""
        decimals = self.decimals if row.numbers.dtype.kind == "f" else 0
        for day, value, missing in zip(self.days, row.numbers, row.missing, strict=True):
            text = f"{value:,.{decimals}f}" if np.isfinite(value) else missing
            cell = style.write_cell(self.ax, text, (float(day), 0, self.down), ha="center")
            cell.set_gid("_".join(("risk", str(position), *key, f"{day:g}")))
