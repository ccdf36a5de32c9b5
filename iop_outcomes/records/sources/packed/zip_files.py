"""The names and contents of files in a zip file, or an error that says why it is not read.

Nothing is written to a disk. Zip files with names that lead out of the folder are still refused,
because they were made with bad intent or by a faulty program.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from iop_outcomes.errors import RecordsError

MOST_FILES = 1000  # in a zip file
_BLOCK = 1 << 20
_ENCRYPTED = 0x1  # the bit of a file that needs a password
_TIDY = "Unpack it and give the folder, or pack its files again by themselves."


@dataclass(frozen=True)
class Bounds:
    """The name of a zip file in messages, and the largest total size of its files in bytes."""

    shown: str
    most: int


def names_within(path: Path, bounds: Bounds) -> list[str]:
    """Return the names of the files in a zip file, without files that operating systems add.

    Raises
    ------
    RecordsError
        If it is not a zip file, is damaged, needs a password, is too large, has two files with one
        name, or a name that leads out of it.
    """
    with _opened(path, bounds) as archive:
        names = [item.filename for item in archive.infolist() if not item.is_dir()]
    return sorted(name for name in names if not _beside(name))


def size_within(path: Path, name: str, bounds: Bounds) -> int:
    """Return the size of a file in a zip file, in bytes."""
    with _opened(path, bounds) as archive:
        return archive.getinfo(name).file_size


def bytes_within(path: Path, name: str, bounds: Bounds) -> bytes:
    """Return the bytes of a file in a zip file.

    Raises
    ------
    RecordsError
        As `names_within`.
    """
    with _opened(path, bounds) as archive:
        size = archive.getinfo(name).file_size
        parts = []
        with archive.open(name) as file:
            while block := file.read(_BLOCK):
                parts.append(block)
        if sum(map(len, parts)) != size:
            raise zipfile.BadZipFile
    return b"".join(parts)


def is_book(path: Path, bounds: Bounds) -> bool:
    """Return whether a zip file is a workbook with another ending."""
    with _opened(path, bounds) as archive:
        parts = {"xl/workbook.xml", "xl/workbook.bin", "META-INF/manifest.xml"}
        return not parts.isdisjoint(archive.namelist())


@contextmanager
def _opened(path: Path, bounds: Bounds) -> Iterator[zipfile.ZipFile]:
    """Open a zip file if it is harmless; errors are raised as RecordsError."""
    try:
        with zipfile.ZipFile(path) as archive:
            _require_harmless(archive, bounds)
            yield archive
    except RecordsError:
        raise
    except NotImplementedError:
        raise RecordsError(
            f"{bounds.shown} is packed in a way that is not read.",
            found="a newer method of compression than that of common zip files",
            instead="Unpack it and give the folder.",
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        what = getattr(error, "strerror", None) or "it is damaged, or was cut off"
        raise RecordsError(
            f"{bounds.shown} cannot be unzipped.", found=what, instead="Copy or export it again."
        ) from None


def _require_harmless(archive: zipfile.ZipFile, bounds: Bounds) -> None:
    items = archive.infolist()
    if len(items) > MOST_FILES:
        raise RecordsError(
            f"{bounds.shown} contains more files than are read.",
            found=f"{len(items):,}; at most {MOST_FILES:,} are read",
            instead="Unpack it and give the folder with the files that are meant.",
        )
    if any(item.flag_bits & _ENCRYPTED for item in items):
        raise RecordsError(
            f"{bounds.shown} is protected by a password and cannot be read.",
            instead="Unpack it with its password, and give the folder.",
        )
    size = sum(item.file_size for item in items)
    if size > bounds.most:
        raise RecordsError(
            f"{bounds.shown} unpacks to more than is read.",
            found=f"{size:,} bytes; at most {bounds.most:,} are read",
            instead="If it is meant to be so large, unpack it and give the folder.",
        )
    names = [item.filename for item in items]
    if any(map(_leads_out, names)):
        raise RecordsError(
            f"{bounds.shown} contains a file whose name leads out of it.",
            found='a name that begins with "/" or a drive, or has ".." in it',
            instead=_TIDY,
        )
    if len(set(names)) < len(names):
        raise RecordsError(f"{bounds.shown} contains two files of one name.", instead=_TIDY)


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name


def _beside(name: str) -> bool:
    """Return whether a file was added by an operating system, such as ``__MACOSX/._a``."""
    parts = PurePosixPath(name).parts
    return any(part.startswith((".", "~", "__MACOSX")) for part in parts)
