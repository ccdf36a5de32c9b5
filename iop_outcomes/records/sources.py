"""Files and frames in, columns of coded text out, with file and line kept.

Every column is read as codes into its distinct texts: what a column says is worked out once
for each distinct text, and the raw text of each row stays at hand for the list of problems.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import hashlib
import io
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError

DELIMITED = (".csv", ".tsv", ".txt")
SUFFIXES = (*DELIMITED, ".gz", ".parquet", ".xlsx")


@dataclass(frozen=True)
class Coded:
    """A column as text: ``words[codes]`` is what stands in its rows."""

    codes: npt.NDArray[np.int32]
    words: npt.NDArray[np.object_]

    def text(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
        """Return the text of the given rows."""
        text: npt.NDArray[np.object_] = self.words[self.codes[rows]]
        return text


@dataclass(frozen=True)
class OddRow:
    """A row that does not have the header's number of fields."""

    line: int
    text: str
    fields: int
    expected: int


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
        Rows with too few or too many fields; they are not in `columns`.
    sha256 : str
        The digest of the file's bytes; empty for a frame.
    encoding : str
        What the text was read as, where it was not UTF-8.
    """

    file: str
    columns: dict[str, Coded]
    lines: npt.NDArray[np.int32]
    odd: tuple[OddRow, ...] = ()
    sha256: str = ""
    encoding: str = ""
    attrs: dict[str, Any] = field(default_factory=dict)


def read_raw(source: str | Path | pd.DataFrame, *, skip_lines: int = 0) -> Raw:
    """Read one file or frame as coded text.

    Raises
    ------
    RecordsError
        If the file is not there, is empty, is of an unknown kind, or cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, "frame")
    path = Path(source)
    if path.suffix.lower() == ".xls":
        raise RecordsError(
            f"{path.name} is an Excel file of the old kind.", instead="Save it as .xlsx or as CSV."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise RecordsError(
            f"{path.name} is of a kind that is not read.",
            instead=f"Give one of {', '.join(SUFFIXES)}.",
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordsError(f"{path.name} cannot be opened.", found=_reason(error)) from None
    if not data:
        raise RecordsError(
            f"{path.name} is empty.", instead="Export it again, with its header line."
        )
    digest = hashlib.sha256(data).hexdigest()
    if path.suffix.lower() == ".parquet":
        return _from_frame(_parquet(path), path.name, digest)
    if path.suffix.lower() == ".xlsx":
        sheets = read_workbook(path)
        name = next(iter(sheets))
        return sheets[name]
    if path.suffix.lower() == ".gz":
        data = _unzipped(path, data)
    return _from_text(data, path.name, digest, skip_lines)


def read_workbook(path: Path) -> dict[str, Raw]:
    """Read every sheet of an Excel workbook that has a header; by sheet name, in order."""
    from openpyxl import load_workbook

    try:
        data = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and validation that openpyxl does not know
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {
                sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets
            }
    except OSError as error:
        raise RecordsError(f"{path.name} cannot be opened.", found=_reason(error)) from None
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        raise RecordsError(
            f"{path.name} cannot be read as an Excel workbook.",
            found=type(error).__name__,
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        ) from None
    digest = hashlib.sha256(data).hexdigest()
    result = {}
    for title, rows in sheets.items():
        records = [
            (number, [_cell_text(cell) for cell in row])
            for number, row in enumerate(rows, start=1)
            if any(cell is not None for cell in row)
        ]
        if records:
            result[title] = _from_rows(records, path.name, digest)
    if not result:
        raise RecordsError(f"{path.name} has no sheet with rows.")
    return result


# Text ----------------------------------------------------------------------------------------


def _from_text(data: bytes, file: str, digest: str, skip_lines: int) -> Raw:
    data, encoding = _as_utf8(data)
    header_end = _nth_newline(data, skip_lines)
    header_text = data[header_end[0] : header_end[1]].decode("utf-8").strip("\r\n")
    delimiter = _delimiter(header_text)
    header = next(csv.reader([header_text], delimiter=delimiter), [])
    names = _header(header, file)
    regular = None
    if '"' not in header_text:
        regular = _read_regular(data, names, delimiter, skip_lines)
    if regular is None:
        text = io.StringIO(data.decode("utf-8"), newline="")
        raw = _from_rows(_records(text, delimiter, skip_lines, file), file, digest)
        return Raw(file, raw.columns, raw.lines, raw.odd, digest, encoding)
    columns, rows = regular
    lines = np.arange(2 + skip_lines, 2 + skip_lines + rows, dtype=np.int32)
    return Raw(file, columns, lines, (), digest, encoding)


def _as_utf8(data: bytes) -> tuple[bytes, str]:
    """Return the bytes as UTF-8, and what they were if not that."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16").encode("utf-8"), "UTF-16"
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data.isascii():
        return data, ""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return data, ""
    try:
        return data.decode("cp1252").encode("utf-8"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1").encode("utf-8"), "Latin-1"


def _nth_newline(data: bytes, skip: int) -> tuple[int, int]:
    start = 0
    for _ in range(skip):
        start = data.find(b"\n", start) + 1
        if start == 0:
            return len(data), len(data)
    end = data.find(b"\n", start)
    return start, len(data) if end < 0 else end


def _delimiter(header: str) -> str:
    return max(",\t;|", key=header.count) if header else ","


def _header(header: Sequence[str], file: str) -> list[str]:
    names = [name.strip() for name in header]
    while names and not names[-1]:  # Excel leaves empty cells behind the last column
        names.pop()
    if not names:
        raise RecordsError(
            f"{file} has no header line.",
            instead="Give the column names in the first line, or [options] skip_lines in the "
            "mapping if they stand further down.",
        )
    names = [name or f"column_{number}" for number, name in enumerate(names, start=1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecordsError(
            f"{file} has two columns of the same name: {', '.join(twice)}.",
            instead="Rename or remove one of them in the export.",
        )
    return names


def _read_regular(
    data: bytes, names: list[str], delimiter: str, skip_lines: int
) -> tuple[dict[str, Coded], int] | None:
    """Read by pyarrow, or return None if the file is not one plain line a row."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    if b"\n" not in data:
        return None if b"\r" in data else ({name: _coded([]) for name in names}, 0)
    coded = pa.dictionary(pa.int32(), pa.string())
    try:
        table = arrow.read_csv(
            pa.py_buffer(data),
            read_options=arrow.ReadOptions(
                column_names=names, skip_rows=skip_lines + 1, block_size=1 << 23
            ),
            parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in data),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, coded), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None  # rows of unequal length, most often: read again row by row
    newlines = data.count(b"\n") + (not data.endswith(b"\n"))
    if newlines != table.num_rows + skip_lines + 1:
        return None  # blank lines, or line ends inside a field
    columns = {}
    for name in names:
        column = table.column(name).unify_dictionaries().combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], coded)
        columns[name] = Coded(
            column.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False),
            column.dictionary.to_numpy(zero_copy_only=False).astype(object),
        )
    return columns, table.num_rows


def _records(
    text: io.StringIO, delimiter: str, skip_lines: int, file: str
) -> Iterable[tuple[int, list[str]]]:
    for _ in range(skip_lines):
        text.readline()
    reader = csv.reader(text, delimiter=delimiter)
    line = 1
    try:
        for fields in reader:
            if fields:  # a blank line is no row
                yield line + skip_lines, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise RecordsError(
            f"{file} cannot be read as a table after line {line + skip_lines}.",
            found=str(error),
            instead="Export it again as CSV (UTF-8).",
        ) from None


def _from_rows(records: Iterable[tuple[int, list[str]]], file: str, digest: str) -> Raw:
    """Build columns from rows of text, the header first, each with its line."""
    rows = iter(records)
    _, header = next(rows, (1, []))
    names = _header(header, file)
    width = len(names)
    lines: list[int] = []
    kept: list[list[str]] = []
    odd: list[OddRow] = []
    for line, fields in rows:
        extra = fields[width:]
        if len(fields) < width or any(field.strip() for field in extra):
            odd.append(OddRow(line, " | ".join(fields), len(fields), width))
        else:
            lines.append(line)
            kept.append(fields[:width])
    columns = dict(
        zip(names, map(_coded, zip(*kept, strict=True) if kept else [[]] * width), strict=True)
    )
    return Raw(file, columns, np.asarray(lines, dtype=np.int32), tuple(odd), digest)


def _coded(texts: Sequence[str]) -> Coded:
    codes, words = pd.factorize(np.asarray(texts, dtype=object))
    return Coded(codes.astype(np.int32), np.asarray(words, dtype=object))


# Frames and typed files ----------------------------------------------------------------------


def _from_frame(frame: pd.DataFrame, file: str, digest: str = "") -> Raw:
    names = _header([str(name) for name in frame.columns], file)
    columns = {name: _coded_series(frame.iloc[:, position]) for position, name in enumerate(names)}
    lines = np.arange(1, len(frame) + 1, dtype=np.int32)
    return Raw(
        file,
        columns,
        lines,
        (),
        digest,
        attrs={str(key): value for key, value in frame.attrs.items()},
    )


def _coded_series(series: pd.Series[Any]) -> Coded:
    try:
        codes, words = pd.factorize(series, use_na_sentinel=True)
    except TypeError:  # cells that are lists or the like
        codes, words = pd.factorize(series.astype(str), use_na_sentinel=True)
    texts = [_cell_text(word) for word in words.tolist()]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(texts), codes)
        texts.append("")
    result = np.empty(len(texts), dtype=object)
    result[:] = texts
    return Coded(codes.astype(np.int32), result)


def _cell_text(cell: object) -> str:
    """Write a typed cell as the text that a CSV export of it would hold."""
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, float | np.floating):
        if np.isnan(cell):
            return ""
        return f"{cell:.0f}" if float(cell).is_integer() else repr(float(cell))
    if isinstance(cell, datetime.datetime | np.datetime64):
        stamp = pd.Timestamp(cell)
        midnight = stamp == stamp.normalize() and stamp.tzinfo is None
        return stamp.strftime("%Y-%m-%d") if midnight else stamp.isoformat(sep=" ")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, datetime.time):
        return cell.strftime("%H:%M")
    return str(cell)


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        frame: pd.DataFrame = parquet.read_table(path).to_pandas()
    except (pa.ArrowInvalid, OSError) as error:
        raise RecordsError(
            f"{path.name} cannot be read as Parquet.", found=type(error).__name__
        ) from None
    return frame


def _unzipped(path: Path, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise RecordsError(f"{path.name} cannot be unzipped.", found=_reason(error)) from None


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
