"""Reading of delimited text: by pyarrow if every row is one plain line, otherwise line by line.

The lines of a file are counted independently of the parser. If the parser does not give the same
number of rows, if a quote is not closed on its line, or if there is a NUL, the file is read line by
line.
"""

from __future__ import annotations

import csv
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.by_line import read_lines, stray_quote
from iop_outcomes.records.sources.cells import WRITTEN
from iop_outcomes.records.sources.coded import Coded, Raw, Remark, narrow
from iop_outcomes.records.sources.headings import Headings, headings, join_headers
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.opening import (
    BLOCK,
    first_bytes,
    is_packed,
    read_bytes,
    reason,
    require_text,
    shown,
    unpack,
)
from iop_outcomes.records.sources.quotes import LineCounter
from iop_outcomes.shared.characters import code_point, confusing_characters_written

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = ",\t;|"
_UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_delimited(path: Path, layout: Layout) -> Raw:
    """Read a CSV, TSV or other delimited file, compressed or not, as coded text.

    Raises
    ------
    RecordsError
        If it cannot be opened, is empty, is not text, or has no header.
    """
    name = shown(path)
    unpacked = unpack(path) if is_packed(path) else None
    head = first_bytes(path) if unpacked is None else unpacked[:BLOCK]
    _require_lines(name, head)
    header, delimiter = _plain_header(head, layout, name)
    counter = LineCounter(delimiter)
    try:
        with ThreadPoolExecutor(1) as beside:  # the digest takes as long as half the reading
            scanning = beside.submit(_scan, path, unpacked, counter)
            plain = _Plain(path, unpacked, header.names, delimiter, layout)
            table = _read_plain(plain, quoted=b'"' in head)
            digest = scanning.result()
    except OSError as error:
        raise RecordsError(f"{name} cannot be opened.", found=reason(error)) from None
    if table is not None and counter.quoted and b'"' not in head:
        table = _read_plain(plain, quoted=True)
    first = layout.lines_above + layout.header_rows + 1  # the line of the first row
    if table is not None and _one_row_a_line(table.num_rows, counter, first):
        lines = np.arange(first, first + table.num_rows, dtype=np.int32)
        read = dict(zip(header.names, table.columns, strict=True))
        del table
        columns = _as_codes(read)
        strays = tuple(stray_quote(line) for line in counter.strays if line >= first)
        remarks = (*header.remarks(layout.lines_above + 1), *strays)
        return Raw(name, columns, lines, (), digest, remarks=remarks, repeated=header.repeated)
    del table
    return _read_by_line(read_bytes(path) if unpacked is None else unpacked, layout, name, digest)


def _require_lines(name: str, head: bytes) -> None:
    """Raise RecordsError unless the beginning of a file is text in lines."""
    if not head:
        raise RecordsError(f"{name} is empty.", instead="Export it again, with its header line.")
    require_text(name, head)
    if len(head) == BLOCK and b"\n" not in head and b"\r" not in head:
        raise RecordsError(
            f"{name} is named as text, but is no table of lines.",
            found=f"no line end in its first {BLOCK:,} bytes",
            instead="Export it again as CSV (UTF-8).",
        )


def _one_row_a_line(rows: int, counter: LineCounter, first: int) -> bool:
    """Return whether every line below the header is a row, and none ends within quotes."""
    if counter.given_up or counter.old_ends or counter.nul:
        return False
    opens = any(line >= first for line in counter.opens)
    return rows == counter.lines - first + 1 and not opens


def _scan(path: Path, unpacked: bytes | None, counter: LineCounter) -> str:
    """Read a file once, count its lines, and return the digest of its bytes."""
    digest = hashlib.sha256()
    if unpacked is not None:
        digest.update(read_bytes(path))
    else:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                counter.take(block)
    for start in range(0, len(unpacked or b""), BLOCK):
        counter.take((unpacked or b"")[start : start + BLOCK])
    counter.end()
    return digest.hexdigest()


def _read_by_line(data: bytes, layout: Layout, name: str, digest: str) -> Raw:
    """Read a file line by line: any encoding, blank lines, and line ends within cells."""
    text, encoding = as_text(data, name)
    text = text.removeprefix("\ufeff")
    head = io.StringIO(text[:BLOCK], newline="").readlines()[layout.lines_above :]
    if "\x00" in "".join(head[:1]):
        raise RecordsError(
            f"{name} is named as text, but is none.",
            found="NUL characters in its header",
            instead="Export it again as CSV (UTF-8).",
        )
    delimiter = _delimiter(next((line for line in head if line.strip()), ""))
    raw = read_lines(confusing_characters_written(text), delimiter, layout, name, digest)
    if "\x00" in text:
        raw = replace(raw, remarks=(*raw.remarks, *_nul_characters(raw)))
    return replace(raw, encoding=encoding)


def _nul_characters(raw: Raw) -> list[Remark]:
    """Return remarks on cells in which NUL was replaced by its code point."""
    number = code_point("\0")
    remarks: list[Remark] = []
    for name, column in raw.columns.items():
        met = np.array([number in word for word in column.words], dtype=bool)
        rows = np.flatnonzero(column.is_any(met))
        remarks += [
            Remark(int(line), value, "nul_character", WRITTEN, column=name)
            for line, value in zip(raw.lines[rows], column.text(rows), strict=True)
        ]
    return remarks


def as_text(data: bytes, name: str) -> tuple[str, str]:
    """Return the bytes of a file as text, and the encoding if it is not UTF-8."""
    wide = _wide_encoding(data[:BLOCK])
    if wide:
        try:
            return data.decode(wide), wide[:6].upper()
        except UnicodeDecodeError:
            raise RecordsError(
                f"{name} is not whole: its text cannot be read as {wide[:6].upper()}.",
                found=f"{len(data):,} bytes",
                instead="Export it again as CSV (UTF-8).",
            ) from None
    for encoding, read_as in (("utf-8", ""), ("cp1252", "Windows-1252")):
        try:
            return data.decode(encoding), read_as
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "Latin-1"


def _wide_encoding(head: bytes) -> str:
    """Return the encoding of text with two or four bytes a character, or an empty text."""
    if head.startswith(_UTF_32):
        return "utf-32"
    if head.startswith(_UTF_16):
        return "utf-16"
    even, odd = head[:1000:2].count(0), head[1:1000:2].count(0)  # without a mark of its order
    half = min(len(head), 1000) / 4
    if odd > half and not even:
        return "utf-16-le"
    if even > half and not odd:
        return "utf-16-be"
    return ""


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


@dataclass(frozen=True)
class _Plain:
    """A file to be read by pyarrow; without `names` its header is not on plain lines."""

    path: Path
    unpacked: bytes | None
    names: list[str]
    delimiter: str
    layout: Layout


def _read_plain(plain: _Plain, quoted: bool) -> pa.Table | None:
    """Read a file by pyarrow, with every column as codes; None if that is not possible."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    if not plain.names:
        return None
    unpacked = plain.unpacked
    if unpacked is None and not str(plain.path).isprintable():
        unpacked = read_bytes(plain.path)  # pyarrow opens paths of UTF-8 only
    source = str(plain.path) if unpacked is None else pa.BufferReader(unpacked)
    as_codes = pa.dictionary(pa.int32(), pa.string())
    try:
        return arrow.read_csv(
            source,
            read_options=arrow.ReadOptions(
                column_names=plain.names,
                skip_rows=plain.layout.lines_above + plain.layout.header_rows,
                block_size=BLOCK,
            ),
            parse_options=arrow.ParseOptions(delimiter=plain.delimiter, newlines_in_values=quoted),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(plain.names, as_codes), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None  # usually rows of unequal length, or text that is not UTF-8


def _plain_header(head: bytes, layout: Layout, file: str) -> tuple[Headings, str]:
    """Return the names and the delimiter of a header; no names unless its rows are plain lines."""
    nothing = Headings([]), ","
    above, size = layout.lines_above, layout.header_rows
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", above + size)
    if _wide_encoding(head) or len(lines) < above + size + 1 or not lines[-1]:
        return nothing
    if head.count(b"\r") - head.count(b"\r\n") > head.endswith(b"\r"):
        return nothing  # line ends of old Macintoshes
    try:
        header = [line.decode("utf-8").rstrip("\r") for line in lines[above : above + size]]
    except UnicodeDecodeError:
        return nothing
    if "\x00" in "".join(header) or b'"' in b"".join(lines[:above]) or not all(header):
        return nothing
    delimiter = _delimiter(header[0])
    try:
        rows = [next(csv.reader([line], delimiter=delimiter, strict=True)) for line in header]
    except (csv.Error, StopIteration):
        return nothing
    cells = join_headers(rows)
    names = headings(cells, file)
    return (names, delimiter) if len(names.names) == len(cells) else nothing


def _as_codes(read: dict[str, pa.ChunkedArray]) -> dict[str, Coded]:
    """Return columns as coded text, and remove them from `read` to free memory."""
    import pyarrow as pa

    columns: dict[str, Coded] = {}
    for name in list(read):
        column = read.pop(name).unify_dictionaries()  # gives its memory back as we go
        words = column.chunk(0).dictionary.to_numpy(zero_copy_only=False).astype(object)
        parts = [narrow(part.indices.to_numpy(), len(words)) for part in column.chunks]
        columns[name] = Coded(np.concatenate(parts), words)
    del column
    pa.default_memory_pool().release_unused()
    pa.system_memory_pool().release_unused()
    return columns
