"""Safe opening of files: anything but a regular file of limited size is refused.

A path can lead into a zip file as if it were a folder: ``exports.zip/attendance.csv``. Such a file
is read into memory; nothing is unpacked to a disk.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import stat
import zlib
from pathlib import Path
from typing import Literal

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.packed.zip_files import (
    Bounds,
    bytes_within,
    is_book,
    names_within,
    size_within,
)
from iop_outcomes.shared.characters import one_line

BLOCK = 1 << 20  # bytes read at a time
MOST_UNPACKED = 8 << 30  # largest unpacked size of a compressed file, in bytes
MOST_RATIO = 200  # largest ratio of unpacked to packed size; exports of records reach 10 to 50
FREE_OF_RATIO = 64 << 20  # unpacked bytes for which the ratio is not limited
_LONGEST_NAME = 80
_ENDING = re.compile(r"\.[a-z][a-z0-9]*")

Kind = Literal["file", "folder", "other", "absent"]

_BY_CONTENT = {  # the first bytes of files that are not text
    b"PK\x03\x04": "an Excel workbook or another zip file",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind, or one with a password",
    b"%PDF": "a PDF file",
    b"{\\rtf": "a text document (RTF)",
    b"$FL2": "an SPSS file",
    b"$FL3": "an SPSS file",
    b"<stata_dta>": "a Stata file",
    b"\x00\x01\x00\x00Standard": "an Access database",
    b"SQLite format 3": "an SQLite database, which is read by queries",
    b"7z\xbc\xaf": "a 7z file",
    b"Rar!": "a RAR file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
}
_WEB_PAGE = (b"<html", b"<!doctype", b"<table", b"<head", b"<meta", b"<?xml")


def shown(path: str | Path) -> str:
    """Return the name of a file for messages: printable, not too long, and without its folder."""
    path = Path(path)
    outer = next((parent for parent in path.parents if parent.suffix.lower() == ".zip"), path)
    name = one_line(path.relative_to(outer.parent).as_posix() if outer is not path else path.name)
    return name if len(name) <= _LONGEST_NAME else f"{name[:50]}...{name[-20:]}"


def reason(error: BaseException) -> str:
    """Return the message of the operating system, or the type of the error."""
    return getattr(error, "strerror", None) or type(error).__name__


def kind_of(path: Path) -> Kind:
    """Return the kind of file at a path; links are followed.

    Raises
    ------
    RecordsError
        If the system cannot tell, because the path is too long or has an invalid character.
    """
    try:
        outer, name = _split(path)
        if name:
            return "file" if name in names_within(outer, _bounds(outer)) else "absent"
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "absent"
    except OSError as error:
        raise _cannot_open(path, error) from None
    except ValueError:
        raise RecordsError(
            f"{shown(path)} cannot be opened.",
            found="a character that no path can hold: NUL, or half of one",
        ) from None
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"


def require_file(path: Path) -> None:
    """Raise RecordsError unless there is a regular file at the path."""
    kind = kind_of(path)
    if kind == "absent":
        raise RecordsError(
            f"{shown(path)} cannot be opened.",
            found="no such file",
            instead="Check the name and the folder.",
        )
    if kind != "file":
        raise RecordsError(
            f"{shown(path)} is not a regular file.",
            found="a folder" if kind == "folder" else "a pipe, a device or the like",
            instead="Save its content as a file, and give that.",
        )


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a regular file; raise RecordsError if it has more than `most`."""
    require_file(path)
    try:
        size = size_of(path)
        if most is not None and size > most:
            raise RecordsError(
                f"{shown(path)} is too large for what it is.",
                found=f"{size:,} bytes; at most {most:,} are read",
            )
        outer, name = _split(path)
        return bytes_within(outer, name, _bounds(outer)) if name else path.read_bytes()
    except OSError as error:
        raise _cannot_open(path, error) from None


def first_bytes(path: Path) -> bytes:
    """Return the first block of a regular file, decompressed."""
    require_file(path)
    if is_packed(path):
        return unpack(path)[:BLOCK]
    try:
        with path.open("rb") as file:
            return file.read(BLOCK)
    except OSError as error:
        raise _cannot_open(path, error) from None


def size_of(path: Path) -> int:
    """Return the size of a regular file, in bytes."""
    outer, name = _split(path)
    return size_within(outer, name, _bounds(outer)) if name else path.stat().st_size


def is_packed(path: Path) -> bool:
    """Return whether a file is compressed by gzip (.gz), or is in a zip file."""
    return path.suffix.lower() == ".gz" or bool(_split(path)[1])


def ending(path: Path) -> str:
    """Return the ending that shows the kind of a file: ``.xlsx`` for ``a.xlsx.gz``."""
    suffix = path.suffix.lower()
    inner = Path(path.stem).suffix.lower() if suffix == ".gz" else ""
    return inner if _ENDING.fullmatch(inner) else suffix


def is_zip(path: Path) -> bool:
    """Return whether there is a file with the ending of a zip file at a path."""
    return path.suffix.lower() == ".zip" and kind_of(path) == "file"


def files_in_zip(path: Path) -> list[Path]:
    """Return the files in a zip file, each as a path below it.

    Raises
    ------
    RecordsError
        If it cannot be read, needs a password, is too large, is empty, or is a workbook.
    """
    if _split(path)[1]:
        raise RecordsError(
            f"{shown(path)} is a zip file within a zip file, which is not read.",
            instead="Unpack the outer one, and give the folder.",
        )
    names = [path / name for name in names_within(path, _bounds(path))]
    if is_book(path, _bounds(path)):
        raise RecordsError(
            f"{shown(path)} is a workbook with the ending of a zip file.",
            instead="Give it its own ending: .xlsx, .xlsb or .ods.",
        )
    if not names:
        raise RecordsError(
            f"{shown(path)} contains no files.", instead="Pack it or export it again."
        )
    return names


def fits(path: Path, pattern: str) -> bool:
    """Return whether the name of a file, or of its zip file, matches a pattern."""
    outer, name = _split(path)
    return path.match(pattern) or (bool(name) and outer.match(pattern))


def zip_of(path: Path) -> Path | None:
    """Return the zip file into which a path leads, or None."""
    outer, name = _split(path)
    return outer if name else None


def _split(path: Path) -> tuple[Path, str]:
    """Return the zip file into which a path leads and the name within it, or the path and ""."""
    for outer in path.parents:
        if outer.suffix.lower() == ".zip" and outer.is_file():
            return outer, path.relative_to(outer).as_posix()
    return path, ""


def _bounds(path: Path) -> Bounds:
    return Bounds(shown(path), most_unpacked(path.stat().st_size))


def content(path: Path) -> tuple[bytes, str]:
    """Return the content of a file, decompressed, and the SHA-256 digest of its bytes as stored."""
    stored = read_bytes(path)
    data = unpack(path) if path.suffix.lower() == ".gz" else stored
    return data, hashlib.sha256(stored).hexdigest()


def unpack(path: Path) -> bytes:
    """Return the content of a compressed file; raise RecordsError if it is too large."""
    require_file(path)
    if _split(path)[1]:
        if path.suffix.lower() == ".gz":
            raise RecordsError(
                f"{shown(path)} is a packed file within a zip file, which is not read.",
                instead="Unpack the zip file, and give the folder.",
            )
        return read_bytes(path)
    parts: list[bytes] = []
    size = 0
    try:
        most = most_unpacked(path.stat().st_size)
        with gzip.open(path) as file:
            while block := file.read(BLOCK):
                size += len(block)
                if size > most:
                    raise RecordsError(
                        f"{shown(path)} unpacks to more than is read.",
                        found=f"more than {most:,} bytes",
                        instead="If it is meant to be so large, unpack it and give the CSV.",
                    )
                parts.append(block)
    except (OSError, EOFError, zlib.error) as error:
        known = {EOFError: "its end is missing", zlib.error: "its packed data are damaged"}
        raise RecordsError(
            f"{shown(path)} cannot be unzipped.",
            found=known.get(type(error), reason(error)),
            instead="Copy or export it again.",
        ) from None
    return b"".join(parts)


def most_unpacked(packed: int) -> int:
    """Return the largest unpacked size that is read from a compressed file of `packed` bytes."""
    return min(MOST_UNPACKED, max(FREE_OF_RATIO, MOST_RATIO * packed))


def require_text(name: str, head: bytes) -> None:
    """Raise RecordsError if the first bytes are not those of a text file with lines."""
    for start, kind in _BY_CONTENT.items():
        if head.startswith(start):
            raise RecordsError(
                f"{name} is named as text, but is none.",
                found=kind,
                instead="Give it the ending of its kind, or export it again as CSV.",
            )
    if head[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGE):
        raise RecordsError(
            f"{name} is named as text in lines, but is none.",
            found="a web page, or XML",
            instead="Open it in a spreadsheet program and save it as CSV, or export it again.",
        )


def by_content(data: bytes) -> str:
    """Return the kind of file that begins with these bytes, or an empty text."""
    return next((kind for start, kind in _BY_CONTENT.items() if data.startswith(start)), "")


def _cannot_open(path: Path, error: Exception) -> RecordsError:
    return RecordsError(f"{shown(path)} cannot be opened.", found=reason(error))
