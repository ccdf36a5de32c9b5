"""The files of a folder or zip file that can be tables, and names of files not read."""

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
    """The files in a folder or zip file.

    Attributes
    ----------
    named : tuple of str
        Names and patterns of files in the mapping.
    files : list of Path
        Files that can be tables; files in zip files as paths below the zip file.
    ignored : list of str
        Names of files that are not read, with the reason if the name does not show it.
    """

    named: tuple[str, ...] = ()
    files: list[Path] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def files_of_folder(folder: Path, listing: Listing) -> None:
    """Add the files of a folder to a listing.

    Raises
    ------
    RecordsError
        If the folder cannot be opened, or a zip file that has the name of a table or is named in
        the mapping cannot be read.
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
    """Add the files of a zip file, in any folder within it, to a listing.

    Raises
    ------
    RecordsError
        If it cannot be read, or contains no file that can be a table.
    """
    files = files_in_zip(path)
    for file in files:
        _place(file, "file", listing)
    if not listing.files:
        for file in files:
            refuse_not_read(file)
        raise RecordsError(
            f"{shown(path)} contains no file of a kind that is read.",
            found="; ".join(map(shown, files[:8])),
            instead=f"Pack files of these kinds: {', '.join(PLAIN)}.",
        )


def with_files_of_zips(items: Sequence[Any]) -> list[Any]:
    """Return sources of a table, with each zip file replaced by its files that can be read."""
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
    """Return the table in the name of a file, or otherwise in the name of its zip file."""
    outer = zip_of(file)
    return table_of(file.name) or (table_of(outer.name) if outer else None)


def _place(path: Path, kind: Kind, listing: Listing) -> None:
    """Add an entry of a folder or zip file to the files that can be tables, or to the others."""
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
    """Add the files of a zip file in a folder; if unreadable it is an error only if named."""
    try:
        files = files_in_zip(path)
    except RecordsError as error:
        if table_of(path.name) or any(path.match(pattern) for pattern in listing.named):
            raise
        listing.ignored.append(f"{shown(path)} ({error.wrong})")
        return
    for file in files:
        _place(file, "file", listing)
