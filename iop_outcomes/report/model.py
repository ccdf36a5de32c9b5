"""What a report is made of: sections of sentences, tables and pictures with the table behind."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Literal

import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.plots.layout.export import Picture, dotted, draw_svg, only_shown
from iop_outcomes.shared.text import format_share

Kind = Literal[
    "text",
    "code",
    "count",
    "share",
    "whole_share",
    "points",
    "ratio",
    "days",
    "number",
    "by_row",
]
How = Literal["picture", "narrow", "dots"]
Item = Hashable
Hidden = frozenset[Item]

WHOLE_PERCENT = 2  # decimals of a share
MOST_WHOLE = 14, 2_500  # rows, letters: of a table that is not divided between two pages


@dataclass(frozen=True, eq=False)
class Table:
    """A table of a report: a protected frame with what its columns hold.

    Attributes
    ----------
    name : str
        Its key in ``Report.tables`` and the name of its sheet; at most 31 letters.
    caption : str
        What it is.
    frame : pandas.DataFrame
        The protected numbers.
    kinds : dict
        Column -> how it is written; text if it is not named.
    note : str
        What the reader has to know to read it.
    gone : pandas.DataFrame, optional
        Which empty cells are hidden: bool, one row and column a cell, columns that are not named
        have none. The frame keeps them missing, since its columns are numbers; a reader sees the
        word. Any other empty cell is not known.
    row_kinds : tuple of str
        For each row how its cells of columns of the kind ``by_row`` are written, where a row is a
        share and another one a count.
    cell_kinds : dict
        Column of the kind ``by_row`` -> how each of its cells is written, where the rows differ
        from one column to the next, such as shares of many that have tenths.
    read : Table, optional
        The same as a page has it, where that joins cells so that they fit.
    spoken : dict
        Column -> what is read out in place of each of its cells, which are signs for the eye.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    kinds: dict[str, Kind] = field(default_factory=dict)
    note: str = ""
    gone: pd.DataFrame | None = None
    row_kinds: tuple[Kind, ...] = ()
    cell_kinds: Mapping[str, tuple[Kind, ...]] = field(default_factory=dict)
    read: Table | None = None
    spoken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def on_page(self) -> Table:
        """The table as a page has it."""
        return self.read or self

    def kind_at(self, row: int, column: int) -> Kind:
        """Return how a cell is written."""
        name, kind = self.columns[column]
        return self.cell_kinds.get(name, self.row_kinds)[row] if kind == "by_row" else kind

    def spoken_at(self, row: int, column: int) -> str:
        """Return what is read out in place of a cell; empty where that is its own text."""
        texts = self.spoken.get(self.columns[column][0])
        return texts[row] if texts else ""

    @cached_property
    def columns(self) -> list[tuple[str, Kind]]:
        """The columns with their kinds, in order."""
        return [(str(name), self.kinds.get(str(name), "text")) for name in self.frame.columns]

    @cached_property
    def rows(self) -> list[tuple[object, ...]]:
        """The rows as they are read: one word for every hidden cell."""
        frame = self.frame
        if self.gone is not None:
            empty = self.gone.reindex(columns=frame.columns, fill_value=False) & frame.isna()
            if empty.to_numpy().any():
                frame = frame.astype(object).mask(empty, HIDDEN)
        return list(frame.itertuples(index=False, name=None))

    @property
    def whole(self) -> bool:
        """Whether it is on one page when printed: no long table, and none of long texts."""
        letters = sum(len(str(cell)) for row in self.rows for cell in row)
        return len(self.frame) <= MOST_WHOLE[0] and letters <= MOST_WHOLE[1]


@dataclass(frozen=True, eq=False)
class DraftTable:
    """A table before anything is hidden, with what each of its cells rests on.

    Attributes
    ----------
    table : Table
        The table with all its numbers.
    needs : dict of str to sequence
        Column -> for each row the items of `LinkedCounts` that its cell shows or would give away.
    """

    table: Table
    needs: Mapping[str, Sequence[tuple[Item, ...]]]

    def shown(self, hidden: Hidden) -> Table:
        """Return the table without what is hidden."""
        frame, kinds = self.table.frame.copy(), dict(self.table.cell_kinds)
        for column, needs in self.needs.items():
            gone = [any(item in hidden for item in items) for items in needs]
            cells = frame[column].astype(object)
            frame[column] = cells.mask(pd.Series(gone, frame.index), HIDDEN) if any(gone) else cells
            if column in kinds:  # how a hidden share was rounded would tell how many it is of
                own = zip(kinds[column], gone, strict=True)
                kinds[column] = tuple("whole_share" if is_gone else kind for kind, is_gone in own)
        return replace(self.table, frame=frame, cell_kinds=kinds)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture with its title, and the table of what it shows.

    It is drawn when it is first asked for: most of the time that a report takes goes into its
    pictures, and its tables and findings need none.

    `definition` is the paragraph of its small print that defines what is drawn: a page that has the
    section of definitions refers to it instead.
    """

    title: str
    draw: Callable[..., Picture]
    table: Table
    definition: str = ""

    @cached_property
    def picture(self) -> Picture:
        """The picture, drawn once."""
        return self.draw()

    @cached_property
    def narrow(self) -> Picture:
        """The same picture for a page of 400 pixels, drawn once."""
        return self.draw(narrow=True)

    @cached_property
    def dots(self) -> Picture:
        """The picture as dots, drawn once: of the figure that was kept, if there is one."""
        kept = self.has("picture") and self.picture.figure is not None
        return dotted(self.picture) if kept else self.draw(dots=True)

    def keep(self) -> None:
        """Draw the picture, and keep its figure for the dots."""
        if not self.has("picture"):
            self.__dict__["picture"] = self.draw(keep=True)

    def has(self, how: How) -> bool:
        """Whether it was drawn so."""
        return how in self.__dict__

    def take(self, how: How, picture: Picture) -> None:
        """Have what was drawn elsewhere."""
        self.__dict__[how] = picture

    @property
    def notes(self) -> list[str]:
        """The small print of the picture, a paragraph each."""
        return self.picture.notes.splitlines()


def drawing_of(
    plot: Callable[..., Any], result: object, title: str, table: Table, *, synthetic: bool
) -> Drawing:
    """Return the picture of a protected result by a plot function of this package.

    Its alternative text says what it shows, and not again what its small print says.
    """
    return Drawing(title, partial(_drawn, plot, result, synthetic=synthetic), table)


def _drawn(plot: Callable[..., Any], result: object, **how: bool) -> Picture:
    return only_shown(draw_svg(plot, result, **how))


@dataclass(frozen=True, eq=False)
class Section:
    """A part of the report, with its address in the page.

    What is said `of_drawings` stands before the pictures, after the tables.
    """

    identifier: str
    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    items: tuple[tuple[str, str, str], ...] = ()
    of_drawings: tuple[str, ...] = ()

    @property
    def all_sentences(self) -> tuple[str, ...]:
        """Its sentences, and those that stand before its pictures."""
        return (*self.sentences, *self.of_drawings)

    @property
    def all_tables(self) -> tuple[Table, ...]:
        """Its tables and those behind its pictures."""
        return (*self.tables, *(drawing.table for drawing in self.drawings))


def data_address(picture: Picture) -> str:
    """Return a picture as a data address, so that the report is one file."""
    return "data:image/svg+xml;base64," + b64encode(picture.svg).decode("ascii")


def share_kind(decimals: int) -> Kind:
    """Return how a share is written that was rounded so: 66% with 2 decimals, 66.0% with 3."""
    return "whole_share" if decimals <= WHOLE_PERCENT else "share"


def share_kinds(
    decimals: Mapping[str, Sequence[int]],
) -> tuple[dict[str, Kind], dict[str, tuple[Kind, ...]]]:
    """Return the kind of each column of shares, and those of its cells where they differ.

    `decimals` holds for each column how its cells were rounded.

    Examples
    --------
    >>> share_kinds({"completed": [2, 2], "attended": [2, 3]})
    ({'completed': 'whole_share', 'attended': 'by_row'}, {'attended': ('whole_share', 'share')})
    """
    cells = {name: tuple(map(share_kind, rounded)) for name, rounded in decimals.items()}
    mixed = {name: kinds for name, kinds in cells.items() if len(set(kinds)) > 1}
    kinds: dict[str, Kind] = {name: (*own, "whole_share")[0] for name, own in cells.items()}
    return kinds | dict.fromkeys(mixed, "by_row"), mixed


def write_value(value: object, kind: Kind) -> str:
    """Write one value of a table for a reader; what is not known is an en dash."""
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):  # type: ignore[call-overload]  # any cell
        return "–"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    number = float(value)  # type: ignore[arg-type]  # a number by now
    if kind == "share":
        return f"{number:.0%}" if number in (0.0, 1.0) else format_share(number)
    if kind == "whole_share":
        return format_share(number).replace(".0%", "%")
    if kind == "points":  # of percent: a difference of two shares
        return f"{100 * number:z.1f} points"
    if kind == "count":
        return f"{number:,.0f}"
    if kind == "ratio":
        return f"{number:.2f}"
    if kind == "days":
        return f"{number:,.1f}".removesuffix(".0")
    if kind == "number":
        return f"{number:,.1f}"
    return str(value)
