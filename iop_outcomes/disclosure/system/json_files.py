"""Files that a user names, read whole: an error says which file it is and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from iop_outcomes.errors import ReportError
from iop_outcomes.shared.characters import printable


def read_json(path: str | Path, what: str, instead: str, *, largest: int | None = None) -> Any:
    """Return what a JSON file holds.

    Parameters
    ----------
    path : str or pathlib.Path
        The file, as its user wrote it: errors repeat it.
    what : str
        What the file should be, as the first words of an error.
    instead : str
        What to give, where the file holds something else.
    largest : int, optional
        For a file from others, that is not trusted: how many bytes it has at most. It is then an
        ordinary file, and holds no NaN and no infinity, which Python reads though JSON has none.

    Raises
    ------
    ReportError
        The file cannot be read, is empty, or holds no JSON. It shows no text of the file.
    """
    path = Path(path)
    try:
        if path.is_dir():
            refuse_file(what, path, "it is a folder", "the path of a file")
        if largest is not None and path.exists() and not path.is_file():
            refuse_file(what, path, "it is no ordinary file", instead)
        if largest is not None and path.stat().st_size > largest:
            refuse_file(what, path, f"it is far too large, with over {largest:,} bytes", instead)
        content = path.read_bytes()
    except FileNotFoundError:
        refuse_file(what, path, "the file does not exist", "the path of a file that exists")
    except PermissionError:
        refuse_file(what, path, "this user may not read it", "a file that you may read")
    except OSError as error:
        refuse_file(what, path, error.strerror or str(error), "the path of a file that can be read")
    except ValueError:  # NUL, or a character that no path can hold
        refuse_file(what, path, "no file can have this name", "the path of a file")
    if not content.strip():
        refuse_file(what, path, "the file is empty", instead)
    try:
        constants = None if largest is None else _no_number
        return json.loads(content.decode("utf-8-sig"), parse_constant=constants)
    except (ValueError, RecursionError):  # also what is no UTF-8
        refuse_file(what, path, "it is no JSON file, or is cut off", instead)


def refuse_file(what: str, path: str | Path, problem: str, instead: str) -> NoReturn:
    """Raise ReportError on a file: `what` cannot be read, because of `problem`."""
    raise ReportError(
        f"{what} cannot be read: {problem}.", found=printable(str(path)), instead=instead
    ) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
