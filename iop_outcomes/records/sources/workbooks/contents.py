"""The contents of a workbook and of each sheet, as counted in the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from iop_outcomes.errors import RecordsError

MOST_UNPACKED = 2 << 30  # bytes; a full sheet of twenty columns is about one
MOST_VALUES = 30_000_000
MOST_SPANNED = 32_000_000  # cells of the rectangle with all values, which is read completely

Texts = dict[int, dict[int, str]]  # by row and column, the first being 1


@dataclass
class SheetContents:
    """The contents of a sheet.

    Attributes
    ----------
    values : int
        The number of cells with a value.
    rows, columns : int
        The last row and the last column with a value, or larger numbers.
    formulas : dict of int to dict of int to str
        By row and column (the first is 1), formulas without a calculated value.
    exact : dict of int to dict of int to str
        By row and column, texts that the parser does not give as they are in the file: errors such
        as ``#REF!``, and numbers with more digits than a float can represent.
    unseen : int
        The number of cells in `values` that are empty for the parser, such as errors.
    merged : list of (int, int, int, str)
        First row, last row and first column of merged cells, and their range, such as ``A2:A4``.
    """

    values: int = 0
    rows: int = 0
    columns: int = 0
    formulas: Texts = field(default_factory=dict)
    exact: Texts = field(default_factory=dict)
    unseen: int = 0
    merged: list[tuple[int, int, int, str]] = field(default_factory=list)

    def reaches(self, row: int, column: int) -> None:
        """Record that there is a cell with a value in this row and column."""
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)


@dataclass
class BookContents:
    """The contents of a workbook: its sheets by name, and whether its dates count from 1904."""

    sheets: dict[str, SheetContents] = field(default_factory=dict)
    from_1904: bool = False


def require_bounded(sheet: SheetContents, file: str) -> None:
    """Raise RecordsError if a sheet is too large."""
    if sheet.values > MOST_VALUES:
        raise too_large(file, f"more than {MOST_VALUES:,} cells with a value")
    if sheet.rows * sheet.columns > MOST_SPANNED:
        raise RecordsError(
            f"{file} has a cell with a value far from its table.",
            found=f"values reach to row {sheet.rows:,} and column {sheet.columns:,}",
            instead="Delete the rows below and the columns beside the table, and save it again; "
            "or save the sheet as CSV.",
        )


def too_large(file: str, what: str) -> RecordsError:
    """Return an error for a workbook that is too large."""
    return RecordsError(
        f"{file} contains more than is read from a workbook.",
        found=what,
        instead="Save its sheets as CSV, and give those.",
    )


def place_of(row: int, column: int) -> str:
    """Return the name of a cell in a sheet.

    Examples
    --------
    >>> place_of(3, 28)
    'AB3'
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
