"""Delimited text in: by pyarrow where a file is one plain line a row, else row by row."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.raw import Coded, Raw, from_rows, header_names, narrow, reason

_BLOCK = 1 << 22  # bytes read at a time


@dataclass(frozen=True)
class _Scan:
    """What one pass over a file's bytes tells."""

    sha256: str
    newlines: int
    quoted: bool
    head: bytes


def read_delimited(path: Path, skip_lines: int) -> Raw:
    """Read a CSV, TSV or other delimited file as coded text.

    Raises
    ------
    RecordsError
        If it cannot be opened, is empty, or has no header.
    """
    try:
        scan = _scan(path)
    except OSError as error:
        raise RecordsError(f"{path.name} cannot be opened.", found=reason(error)) from None
    if not scan.head:
        raise RecordsError(
            f"{path.name} is empty.", instead="Export it again, with its header line."
        )
    regular = None
    if path.suffix.lower() != ".gz" and not scan.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        regular = _read_regular(path, scan, skip_lines)
    if regular is not None:
        return regular
    text, encoding = _as_text(_bytes(path))
    text = text.removeprefix("\ufeff")
    lines = text.splitlines()[skip_lines : skip_lines + 1]
    delimiter = _delimiter(lines[0] if lines else "")
    records = _records(io.StringIO(text, newline=""), delimiter, skip_lines, path.name)
    return replace(from_rows(records, path.name, scan.sha256), encoding=encoding)


def _scan(path: Path) -> _Scan:
    digest, newlines, quoted, head, last = hashlib.sha256(), 0, False, b"", b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            newlines += block.count(b"\n")
            quoted = quoted or b'"' in block
            head = head or block
            last = block[-1:]
    return _Scan(digest.hexdigest(), newlines + (last != b"\n"), quoted, head)


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


def _read_regular(path: Path, scan: _Scan, skip_lines: int) -> Raw | None:
    """Read by pyarrow, or return None if the file is not one plain line of UTF-8 a row."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    lines = scan.head.removeprefix(b"\xef\xbb\xbf").split(b"\n", skip_lines + 1)
    if len(lines) < skip_lines + 2 or b'"' in lines[skip_lines] or b"\r" in lines[-1][:-1]:
        return None
    try:
        header = lines[skip_lines].decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        return None
    delimiter = _delimiter(header)
    names = header_names(header.split(delimiter), path.name)
    if len(names) != header.count(delimiter) + 1 or scan.newlines == skip_lines + 1:
        return None
    as_codes = pa.dictionary(pa.int32(), pa.string())
    try:
        table = arrow.read_csv(
            str(path),
            read_options=arrow.ReadOptions(
                column_names=names, skip_rows=skip_lines + 1, block_size=_BLOCK
            ),
            parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=scan.quoted),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, as_codes), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None  # rows of unequal length, most often: read again row by row
    rows = table.num_rows
    if scan.newlines != rows + skip_lines + 1:
        return None  # blank lines, or line ends inside a field
    columns: dict[str, Coded] = {}
    for name in names:
        column = table.column(0).unify_dictionaries()
        table = table.remove_column(0)  # gives its memory back as we go
        words = column.chunk(0).dictionary.to_numpy(zero_copy_only=False).astype(object)
        codes = np.concatenate(
            [narrow(part.indices.to_numpy(), len(words)) for part in column.chunks]
        )
        columns[name] = Coded(codes, words)
    del column, table
    pa.default_memory_pool().release_unused()
    first = skip_lines + 2
    numbers = np.arange(first, first + rows, dtype=np.int32)
    return Raw(path.name, columns, numbers, (), scan.sha256)


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
