"""Files replaced in one step: a reader gets the old file or the new one, never a part."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from iop_outcomes.errors import ReportError, RuleError
from iop_outcomes.shared.characters import printable

DAY = 86_400.0
LONGEST_STEM = 50  # characters of a name that are used in the name of its temporary file


def write_whole(path: str | Path, content: bytes, what: str = "The file") -> Path:
    """Write `content` to `path`, and replace an existing file.

    Parameters
    ----------
    path : str or pathlib.Path
        Where to write. A symbolic link is kept, and the file that it points to is replaced. The new
        file has the mode of the old one and, where the system allows it, its owner. Another name of
        the same file (a hard link) keeps the old content.
    content : bytes
        The content of the file.
    what : str
        The kind of file, as the first words of an error.

    Returns
    -------
    pathlib.Path
        The path as given.

    Raises
    ------
    ReportError
        If the file cannot be written; the old file is then unchanged.

    Notes
    -----
    The content is written to a temporary file in the folder of the target (its name with 16 random
    digits and ``.part``). When it is on the disk, this file replaces the target in one step
    (``os.replace``). It is removed if an error occurs. Two writers therefore never mix their
    content, and the last one to finish determines it. If a writer is killed the old file is kept,
    and its temporary file is removed by the next save of the same file after a day. A path that is
    not a regular file (a pipe, a device) is written to directly.
    """
    path = check_place(path, what)
    try:
        _write(path, content)
    except OSError as error:
        raise _not_written(path, what, error.strerror or str(error)) from error
    return path


def check_place(path: str | Path, what: str = "The file") -> Path:
    """Return `path`, or raise ReportError if no file can be written there."""
    path = Path(path)
    try:
        if b"\0" in os.fsencode(path):
            raise ValueError
        there = _status(path)
        folder = path.parent.is_dir()
    except ValueError as error:  # includes encoding errors
        raise _not_written(path, what, "a character that no path can hold") from error
    except OSError as error:
        raise _not_written(path, what, error.strerror or str(error)) from error
    if not folder:
        raise ReportError(
            f"{what} cannot be written: its folder does not exist.",
            found=str(path.parent),
            instead="a folder that exists",
        )
    if there is not None and stat.S_ISDIR(there.st_mode):
        raise _not_written(path, what, os.strerror(errno.EISDIR))
    return path


def refuse_same_files(
    written: Sequence[tuple[str, Path]], read: Sequence[tuple[str, Path]] = ()
) -> None:
    """Raise RuleError if a file to be written is another one of a command, too.

    Parameters
    ----------
    written, read : sequence of (str, pathlib.Path)
        What each file is, as an error calls it, and where. Those that are read may be the same.
    """
    known: list[tuple[str, Path]] = []
    for number, (what, path) in enumerate([*written, *read]):
        others = known[: len(written)] if number >= len(written) else known
        for other, before in others:
            if _resolved(path) == _resolved(before):
                raise RuleError(
                    f"Two files of this command are one and the same: {other}, and {what}. Nothing "
                    "is written.",
                    found=printable(str(path)),
                    instead="another name for one of them",
                )
        known.append((what, path))


def _resolved(path: Path) -> str:
    """Return where a path leads to, behind all symbolic links; itself if it is no path."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # such as links in a circle: refused where the file is opened
        return str(path)


def _not_written(path: Path, what: str, reason: str) -> ReportError:
    return ReportError(
        f"{what} cannot be written.",
        found=f"{path}: {reason}",
        instead="close the file if it is open elsewhere, make room, or choose another name",
    )


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    there = _status(path)
    if there is not None and not stat.S_ISREG(there.st_mode):
        with path.open("wb") as file:
            file.write(content)
        return
    target = Path(os.path.realpath(path))
    if there is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    part = target.with_name(f"{_stem(target)}.{secrets.token_hex(8)}.part")
    # Created with the user's default mode, and never over an existing file.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(part, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if there is not None:
                _keep_owner_and_mode(descriptor, there)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(part, target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    _settle(target)


def _stem(target: Path) -> str:
    return target.name[:LONGEST_STEM]


def _keep_owner_and_mode(descriptor: int, there: os.stat_result) -> None:
    if os.name != "posix":
        return
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (there.st_uid, there.st_gid):
        with suppress(OSError):  # only the superuser may change the owner of a file
            os.fchown(descriptor, there.st_uid, there.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(there.st_mode))


def _settle(target: Path) -> None:
    """Write the folder's new entry to the disk, and remove old temporary files."""
    left = re.compile(re.escape(_stem(target)) + r"\.[0-9a-f]{16}\.part")
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in filter(lambda file: left.fullmatch(file.name), entries):
            with suppress(OSError):  # another writer may have removed it
                if time.time() - entry.stat().st_mtime > DAY:
                    os.unlink(entry)
    if os.name != "posix":
        return
    with suppress(OSError):  # not possible for folders on some file systems
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
