"""Files opened with care: what is no file, never ends or grows beyond measure is refused."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from pathlib import Path
from typing import Literal

from iop_outcomes.errors import RecordsError
from iop_outcomes.shared.characters import one_line

BLOCK = 1 << 20  # bytes read at a time
MOST_UNPACKED = 8 << 30  # bytes that a packed file may hold
MOST_RATIO = 200  # times its packed size; exports of records reach 10 to 50
FREE_OF_RATIO = 64 << 20  # bytes up to which the ratio does not matter
_LONGEST_NAME = 80

Kind = Literal["file", "folder", "other", "absent"]

_BY_CONTENT = {  # the first bytes of files that are no text
    b"PK\x03\x04": "an Excel workbook or another zip file",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind, or one with a password",
    b"%PDF": "a PDF file",
}


def shown(path: str | Path) -> str:
    """Return the name of a file as a message can bear it: printable, and not too long."""
    name = one_line(Path(path).name)
    return name if len(name) <= _LONGEST_NAME else f"{name[:50]}...{name[-20:]}"


def reason(error: BaseException) -> str:
    """Return what the operating system said, or the kind of the error."""
    return getattr(error, "strerror", None) or type(error).__name__


def kind_of(path: Path) -> Kind:
    """Tell what stands at a path, links followed.

    Raises
    ------
    RecordsError
        If the system cannot tell: the path is too long, or holds what no path may hold.
    """
    try:
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
    """Raise RecordsError unless a regular file, with an end, stands at the path."""
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
    """Return the bytes of a regular file of at most `most` bytes."""
    require_file(path)
    try:
        size = path.stat().st_size
        if most is not None and size > most:
            raise RecordsError(
                f"{shown(path)} is too large for what it is.",
                found=f"{size:,} bytes; at most {most:,} are read",
            )
        return path.read_bytes()
    except OSError as error:
        raise _cannot_open(path, error) from None


def first_bytes(path: Path) -> bytes:
    """Return the first block of a regular file."""
    require_file(path)
    try:
        with path.open("rb") as file:
            return file.read(BLOCK)
    except OSError as error:
        raise _cannot_open(path, error) from None


def unpack(path: Path) -> bytes:
    """Return what a gzip file holds, unless it holds more than a table can be meant to."""
    require_file(path)
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
    """Return how many bytes a packed file of so many bytes may hold."""
    return min(MOST_UNPACKED, max(FREE_OF_RATIO, MOST_RATIO * packed))


def require_text(name: str, head: bytes) -> None:
    """Raise RecordsError if the first bytes are those of another kind of file."""
    for start, kind in _BY_CONTENT.items():
        if head.startswith(start):
            raise RecordsError(
                f"{name} is named as text, but is none.",
                found=kind,
                instead="Give it the ending of its kind, or export it again as CSV.",
            )


def by_content(data: bytes) -> str:
    """Return what kind of file begins so, or an empty text."""
    return next((kind for start, kind in _BY_CONTENT.items() if data.startswith(start)), "")


def _cannot_open(path: Path, error: Exception) -> RecordsError:
    return RecordsError(f"{shown(path)} cannot be opened.", found=reason(error))
