"""A file or frame as read: columns of coded text, with file and line kept.

Every column is codes into its distinct texts: what a column says is worked out once for each
distinct text, and the raw text of each row stays at hand for the list of problems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Coded:
    """A column as text: ``words[codes]`` is what is in its rows.

    Whole numbers from `exact_below` on may have been rounded by the float that held them.
    """

    codes: npt.NDArray[np.signedinteger[Any]]
    words: npt.NDArray[np.object_]
    exact_below: float = np.inf

    def is_any(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return for each row whether its text is one of the chosen ones."""
        if not chosen.any():
            return np.zeros(len(self.codes), dtype=bool)
        rows: npt.NDArray[np.bool_] = chosen[self.codes]
        return rows

    def counts(self) -> npt.NDArray[np.int64]:
        """Return how many rows have each text."""
        return np.bincount(self.codes, minlength=len(self.words)).astype(np.int64)

    def text(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
        """Return the text of the given rows."""
        text: npt.NDArray[np.object_] = self.words[self.codes[rows]]
        return text


@dataclass(frozen=True)
class OddRow:
    """A row that could not be put into columns, and the check that it failed."""

    line: int
    text: str
    fields: int
    expected: int
    check: str = "row_shape"


@dataclass(frozen=True)
class Remark:
    """What was met in a file, at a line of it or, with line 0, in the whole of it.

    The column is under the name that the file gives it; empty if it is of the row. `count` is
    the number of rows that it is of.
    """

    line: int
    value: str
    check: str
    done: str
    message: str = ""
    column: str = ""
    count: int = 1


@dataclass(frozen=True)
class Raw:
    """One file, or one frame, as read.

    Attributes
    ----------
    file : str
        The file's name without its folder, or ``"frame"``.
    columns : dict of str to Coded
        The columns under the names that the file gives them.
    lines : numpy.ndarray of int32
        For each row its line in the file (the header is line 1), or its number in the frame.
    odd : tuple of OddRow
        Rows with too few or too many fields, or with a quote that does not close; they are not
        in `columns`.
    sha256 : str
        The digest of the file's bytes; empty for a frame.
    encoding : str
        What the text was read as, where it was not UTF-8.
    synthetic : bool
        Whether the frame says of itself that its people are made up.
    remarks : tuple of Remark
        What was met in the file besides.
    rows_over_lines : int
        Rows that run over several lines of the file, as their quoted cells do.
    dates_from_1904 : bool
        Whether a bare number that stands for a date counts from 1904, not from 1900.
    repeated : dict of str to str
        For each column whose heading occurs further left too: its name in `columns` to its heading.
    sheet : str
        The sheet of a workbook that it is.
    own_names : dict of str to str
        The names that its source in the mapping gives to columns, and those of columns made.
    date_order : str
        The order of day and month that its source in the mapping gives.
    left_out : int
        Rows of the file that the mapping says are none of the table.
    made_of : int
        Of how many lines its rows were made, where that is another number; else 0.
    """

    file: str
    columns: dict[str, Coded]
    lines: npt.NDArray[np.int32]
    odd: tuple[OddRow, ...] = ()
    sha256: str = ""
    encoding: str = ""
    synthetic: bool = False
    remarks: tuple[Remark, ...] = ()
    rows_over_lines: int = 0
    dates_from_1904: bool = False
    repeated: dict[str, str] = field(default_factory=dict)
    sheet: str = ""
    own_names: dict[str, str] = field(default_factory=dict)
    date_order: str = ""
    left_out: int = 0
    made_of: int = 0


def narrow(codes: Array, levels: int) -> Array:
    """Return codes in the smallest signed type that holds them and -1."""
    for size in (np.int8, np.int16):
        if levels <= np.iinfo(size).max:
            return codes.astype(size)
    return codes.astype(np.int32)


def coded(texts: Sequence[str]) -> Coded:
    """Return texts as codes into the distinct ones, in the order in which they first occur."""
    codes, words = pd.factorize(np.asarray(texts, dtype=object))
    return Coded(narrow(codes, len(words)), np.asarray(words, dtype=object))
