"""Delimited text in: by pyarrow where a file is one plain line a row, else row by row."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.raw import Coded, Raw, from_rows, header_names, narrow, reason

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class _Scan:
    """What one pass over a file's bytes tells."""

    sha256: str
    newlines: int
    quoted: bool


def read_delimited(path: Path, skip_lines: int) -> Raw:
    """Read a CSV, TSV or other delimited file as coded text.

    Raises
    ------
    RecordsError
        If it cannot be opened, is empty, or has no header.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_BLOCK)
        if not head:
            raise RecordsError(
                f"{path.name} is empty.", instead="Export it again, with its header line."
            )
        with ThreadPoolExecutor(1) as beside:  # the digest takes as long as half the reading
            scanning = beside.submit(_scan, path)
            table = _read_plain(path, head, skip_lines, quoted=b'"' in head)
            scan = scanning.result()
    except OSError as error:
        raise RecordsError(f"{path.name} cannot be opened.", found=reason(error)) from None
    if table is not None and scan.quoted and b'"' not in head:
        table = _read_plain(path, head, skip_lines, quoted=True)
    if table is not None and scan.newlines == table.num_rows + skip_lines + 1:
        columns, rows = _as_codes(table)
        first = skip_lines + 2
        lines = np.arange(first, first + rows, dtype=np.int32)
        return Raw(path.name, columns, lines, (), scan.sha256)
    return _read_row_by_row(path, skip_lines, scan.sha256)


def _read_row_by_row(path: Path, skip_lines: int, digest: str) -> Raw:
    """Read what is not one plain line of UTF-8 a row: blank lines, line ends inside fields."""
    text, encoding = _as_text(_bytes(path))
    text = text.removeprefix("\ufeff")
    lines = text.splitlines()[skip_lines : skip_lines + 1]
    delimiter = _delimiter(lines[0] if lines else "")
    records = _records(io.StringIO(text, newline=""), delimiter, skip_lines, path.name)
    return replace(from_rows(records, path.name, digest), encoding=encoding)


def _scan(path: Path) -> _Scan:
    digest, newlines, quoted, last = hashlib.sha256(), 0, False, b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            newlines += block.count(b"\n")
            quoted = quoted or b'"' in block
            last = block[-1:]
    return _Scan(digest.hexdigest(), newlines + (last != b"\n"), quoted)


def _bytes(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix.lower() != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise RecordsError(f"{path.name} cannot be unzipped.", found=reason(error)) from None


def _as_text(data: bytes) -> tuple[str, str]:
    """Return the text of a file's bytes, and what it was read as if not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16"), "UTF-16"
    for encoding, name in (("utf-8", ""), ("cp1252", "Windows-1252")):
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "Latin-1"


def _delimiter(header: str) -> str:
    return max(",\t;|", key=header.count) if header else ","


def _read_plain(path: Path, head: bytes, skip_lines: int, quoted: bool) -> pa.Table | None:
    """Read by pyarrow, every column as codes; None if the file cannot be read so."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    names, delimiter = _plain_header(path, head, skip_lines)
    if not names:
        return None
    as_codes = pa.dictionary(pa.int32(), pa.string())
    try:
        return arrow.read_csv(
            str(path),
            read_options=arrow.ReadOptions(
                column_names=names, skip_rows=skip_lines + 1, block_size=_BLOCK
            ),
            parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=quoted),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, as_codes), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None  # rows of unequal length, or text that is not UTF-8, most often


def _plain_header(path: Path, head: bytes, skip_lines: int) -> tuple[list[str], str]:
    """Return the names and the delimiter of a header that stands on one plain line."""
    packed = path.suffix.lower() == ".gz" or head.startswith((b"\xff\xfe", b"\xfe\xff"))
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", skip_lines + 1)
    if packed or len(lines) < skip_lines + 2 or not lines[-1] or b'"' in lines[skip_lines]:
        return [], ","
    if head.count(b"\r") - head.count(b"\r\n") > head.endswith(b"\r"):
        return [], ","  # line ends of old Macintoshes
    try:
        header = lines[skip_lines].decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        return [], ","
    delimiter = _delimiter(header)
    names = header_names(header.split(delimiter), path.name)
    return (names, delimiter) if len(names) == header.count(delimiter) + 1 else ([], ",")


def _as_codes(table: pa.Table) -> tuple[dict[str, Coded], int]:
    """Return the columns of a table as coded text, and the number of rows."""
    import pyarrow as pa

    rows = table.num_rows
    columns: dict[str, Coded] = {}
    for name in table.column_names:
        column = table.column(0).unify_dictionaries()
        table = table.remove_column(0)  # gives its memory back as we go
        words = column.chunk(0).dictionary.to_numpy(zero_copy_only=False).astype(object)
        parts = [narrow(part.indices.to_numpy(), len(words)) for part in column.chunks]
        columns[name] = Coded(np.concatenate(parts), words)
    del column, table
    pa.default_memory_pool().release_unused()
    pa.system_memory_pool().release_unused()
    return columns, rows


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
