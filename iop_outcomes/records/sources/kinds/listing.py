"""The files of a folder or of a zip file that could be tables, and what of it is passed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.shaping.planned import table_of
from iop_outcomes.records.sources.files import PLAIN, SUFFIXES
from iop_outcomes.records.sources.kinds.not_read import IMAGES, NOT_READ, refuse_not_read
from iop_outcomes.records.sources.opening import (
    Kind,
    ending,
    files_in_zip,
    is_zip,
    kind_of,
    reason,
    shown,
    zip_of,
)

_NO_FILE = {"folder": "a folder", "absent": "a link to nothing", "other": "no regular file"}


@dataclass
class Listing:
    """What is in a folder or zip file.

    Attributes
    ----------
    named : tuple of str
        Names and patterns of files that the mapping gives.
    files : list of Path
        Files that could be tables; those of zip files as paths below them.
    ignored : list of str
        What is passed over, and why where its name does not show it.
    """

    named: tuple[str, ...] = ()
    files: list[Path] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def files_of_folder(folder: Path, listing: Listing) -> None:
    """List the files of a folder that could be tables; name what only looks like one.

    Raises
    ------
    RecordsError
        If the folder cannot be opened, or a zip file that a table is named after cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise RecordsError(
            f"The folder {shown(folder)} cannot be opened.", found=reason(error)
        ) from None
    for path in paths:
        if not path.name.startswith((".", "~")):
            _place(path, kind_of(path), listing)


def files_of_zip(path: Path, listing: Listing) -> None:
    """List the files of a zip file that could be tables, in whichever of its folders they are.

    Raises
    ------
    RecordsError
        If it cannot be read, or holds nothing that could be a table.
    """
    files = files_in_zip(path)
    for file in files:
        _place(file, "file", listing)
    if not listing.files:
        for file in files:
            refuse_not_read(file)
        raise RecordsError(
            f"{shown(path)} holds no file of a kind that is read.",
            found="; ".join(map(shown, files[:8])),
            instead=f"Pack files of these kinds: {', '.join(PLAIN)}.",
        )


def with_files_of_zips(items: Sequence[Any]) -> list[Any]:
    """Return what was given for a table, each zip file replaced by its files that can be read."""
    result: list[Any] = []
    for item in items:
        if isinstance(item, str | Path) and is_zip(Path(item)):
            listing = Listing()
            files_of_zip(Path(item), listing)
            result += listing.files
        else:
            result.append(item)
    return result


def own_table(file: Path) -> str | None:
    """Return the table that a file is called after, or else the zip file that it is in."""
    outer = zip_of(file)
    return table_of(file.name) or (table_of(outer.name) if outer else None)


def _place(path: Path, kind: Kind, listing: Listing) -> None:
    """Put one entry of a folder or zip file where it belongs."""
    suffix = ending(path)
    if kind != "file":
        if suffix in (*SUFFIXES, *NOT_READ) or table_of(path.name):
            listing.ignored.append(f"{shown(path)} ({_NO_FILE[kind]})")
    elif zip_of(path) and (suffix == ".zip" or path.suffix.lower() == ".gz"):
        listing.ignored.append(f"{shown(path)} (packed within a zip file)")
    elif suffix == ".zip":
        _place_zip(path, listing)
    elif suffix in SUFFIXES:
        listing.files.append(path)
    elif suffix in NOT_READ and (suffix not in IMAGES or table_of(path.name)):
        listing.ignored.append(f"{shown(path)} ({NOT_READ[suffix][0]})")
    elif table_of(path.name):
        listing.ignored.append(shown(path))


def _place_zip(path: Path, listing: Listing) -> None:
    """List the files of a zip file in a folder; one that is not asked for may be unreadable."""
    try:
        files = files_in_zip(path)
    except RecordsError as error:
        if table_of(path.name) or any(path.match(pattern) for pattern in listing.named):
            raise
        listing.ignored.append(f"{shown(path)} ({error.wrong})")
        return
    for file in files:
        _place(file, "file", listing)
