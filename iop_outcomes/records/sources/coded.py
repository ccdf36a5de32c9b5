"""A file or frame as read: columns of coded text, with the line of each row.

Every column consists of codes and of its distinct texts. The value of a text is determined once for
each distinct text, and the original text of each row is kept for the list of problems.
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
    """A column as text: ``words[codes]`` are the texts of its rows.

    Whole numbers of at least `exact_below` may have been rounded, because they were floats.
    """

    codes: npt.NDArray[np.signedinteger[Any]]
    words: npt.NDArray[np.object_]
    exact_below: float = np.inf

    def is_any(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return for each row whether its text is one of the chosen ones (a bool for each text)."""
        if not chosen.any():
            return np.zeros(len(self.codes), dtype=bool)
        rows: npt.NDArray[np.bool_] = chosen[self.codes]
        return rows

    def counts(self) -> npt.NDArray[np.int64]:
        """Return the number of rows with each text."""
        return np.bincount(self.codes, minlength=len(self.words)).astype(np.int64)

    def text(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
        """Return the text of the given rows."""
        text: npt.NDArray[np.object_] = self.words[self.codes[rows]]
        return text


@dataclass(frozen=True)
class OddRow:
    """A row that could not be divided into columns, and the check that it failed.

    `cells` are those of a row with more or fewer of them than the header.
    """

    line: int
    text: str
    fields: int
    expected: int
    check: str = "row_shape"
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remark:
    """A remark on a line of a file, or with line 0 on the whole file.

    `column` is the name in the file, or empty for the whole row. `count` is the number of rows
    concerned.
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
        The name of the file without its folder, or ``"frame"``.
    columns : dict of str to Coded
        The columns, by their names in the file.
    lines : numpy.ndarray of int32
        For each row its line in the file (the header is line 1), or its number in the frame.
    odd : tuple of OddRow
        Rows with too few or too many fields, or with a quote that does not close; they are not
        in `columns`.
    sha256 : str
        The SHA-256 digest of the bytes of the file; empty for a frame.
    encoding : str
        The encoding in which the text was read, if it was not UTF-8.
    synthetic : bool
        Whether the labels of the frame say that its data are synthetic.
    remarks : tuple of Remark
        Remarks on the file.
    rows_over_lines : int
        The number of rows with several lines in the file, because of quoted cells.
    dates_from_1904 : bool
        Whether serial numbers of dates count from 1904 instead of 1900.
    repeated : dict of str to str
        For columns whose heading also occurs further left: from the name in `columns` to the
        heading.
    sheet : str
        The sheet, if it is one of a workbook.
    own_names : dict of str to str
        New names of columns, given for this source in the mapping, and names of columns made.
    date_order : str
        The order of day and month that the mapping gives for this source.
    left_out : int
        The number of rows that are not of the table, as the mapping says.
    dropped : tuple of (int, str)
        The lines of rows that `drop_rows` of the mapping left out, each with the condition it met.
    not_read : tuple of str
        The columns with values that `only` of the mapping left out.
    made_of : int
        The number of lines from which the rows were made, if it is different; otherwise 0.
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
    dropped: tuple[tuple[int, str], ...] = ()
    not_read: tuple[str, ...] = ()
    made_of: int = 0


def narrow(codes: Array, levels: int) -> Array:
    """Return codes in the smallest signed integer type that can represent them and -1."""
    for size in (np.int8, np.int16):
        if levels <= np.iinfo(size).max:
            return codes.astype(size)
    return codes.astype(np.int32)


def coded(texts: Sequence[str]) -> Coded:
    """Return texts as a coded column, with distinct texts in the order of first occurrence."""
    codes, words = pd.factorize(np.asarray(texts, dtype=object))
    return Coded(narrow(codes, len(words)), np.asarray(words, dtype=object))
