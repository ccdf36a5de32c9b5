"""What a workbook and each of its sheets hold, as counted in the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from iop_outcomes.errors import RecordsError

MOST_UNPACKED = 2 << 30  # bytes; a full sheet of twenty columns is about one
MOST_VALUES = 30_000_000
MOST_SPANNED = 32_000_000  # cells of the rectangle that holds all values: it is laid out whole

Texts = dict[int, dict[int, str]]  # by row and column, the first being 1


@dataclass
class SheetContents:
    """What one sheet holds.

    Attributes
    ----------
    values : int
        Cells with a value.
    rows, columns : int
        The last row and the last column that hold a value, or numbers beyond them.
    formulas : dict of int to dict of int to str
        By row and column (the first is 1), formulas whose value was never worked out.
    exact : dict of int to dict of int to str
        By row and column, what the parser does not give as the file has it: errors such as
        ``#REF!``, and numbers of more digits than a float holds.
    unseen : int
        Cells that are counted in `values` and empty to the parser, such as errors.
    merged : list of (int, int, int, str)
        First row, last row and first column of merged cells, and how the sheet names them.
    """

    values: int = 0
    rows: int = 0
    columns: int = 0
    formulas: Texts = field(default_factory=dict)
    exact: Texts = field(default_factory=dict)
    unseen: int = 0
    merged: list[tuple[int, int, int, str]] = field(default_factory=list)

    def reaches(self, row: int, column: int) -> None:
        """Note that a cell with a value is in this row and column."""
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)


@dataclass
class BookContents:
    """What a workbook holds: its sheets by name, and whether its days count from 1904."""

    sheets: dict[str, SheetContents] = field(default_factory=dict)
    from_1904: bool = False


def require_bounded(sheet: SheetContents, file: str) -> None:
    """Raise RecordsError if a sheet is larger than is read."""
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
    """Say that a workbook holds more than is read."""
    return RecordsError(
        f"{file} holds more than is read from a workbook.",
        found=what,
        instead="Save its sheets as CSV, and give those.",
    )


def place_of(row: int, column: int) -> str:
    """Return how a sheet names a cell.

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
