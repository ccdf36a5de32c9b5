"""A program's own column names and words, turned into ours by a ``mapping.toml``.

The file reads from their word to ours::

    [files]
    attendance = ["sessions_*.csv"]

    [options]
    date_order = "day_first"

    [attendance.columns]
    "Session Date" = "date"

    [attendance.words.status]
    "Present" = "attended"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.tables import TABLES, Column

_OPTIONS: dict[str, tuple[object, ...] | type] = {
    "date_order": ("month_first", "day_first"),
    "identical_rows": ("fold", "keep"),
    "skip_lines": int,
    "synthetic": bool,
}


def fold(word: str) -> str:
    """Return `word` as names and vocabulary are compared: lower case, one underscore a gap."""
    return re.sub(r"[\s\-_/]+", "_", word.strip().casefold()).strip("_")


@dataclass(frozen=True)
class Mapping:
    """How one program's export is read.

    Attributes
    ----------
    columns : dict of str to dict
        For each table, their column name (folded) to ours.
    words : dict of str to dict
        For each table and column of ours, their word (folded) to ours; ``""`` is missing.
    files : dict of str to tuple of str
        For each table, the file patterns in a folder.
    date_order : str
        ``"month_first"``, ``"day_first"``, or empty: told from the dates themselves.
    identical_rows : str
        ``"fold"`` (rows equal in every column are one) or ``"keep"``.
    skip_lines : int
        Lines above the header line.
    thresholds : dict of str to float
        For a check, the share of rows (0 to 1) that may fail before the check has failed.
    synthetic : bool
        Whether the records are made up; pictures of them say so.
    """

    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    words: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    date_order: str = ""
    identical_rows: str = "fold"
    skip_lines: int = 0
    thresholds: dict[str, float] = field(default_factory=dict)
    synthetic: bool = False


def read_mapping(source: str | Path | MappingType[str, Any] | Mapping | None) -> Mapping:
    """Read a mapping from a TOML file or a dictionary of the same shape.

    Raises
    ------
    RecordsError
        If the file cannot be read, or names a table, option or word that is not known.
    """
    if source is None:
        return Mapping()
    if isinstance(source, Mapping):
        return source
    data = source if isinstance(source, MappingType) else _load(Path(source))
    known = ["files", "options", "thresholds", *TABLES]
    for section in data:
        if section not in known:
            raise RecordsError(
                f"The mapping has a section that is not known: [{section}].",
                instead=f"Use one of {', '.join(known)}.",
            )
    options = _options(data.get("options", {}))
    return Mapping(
        columns={name: _columns(name, data.get(name, {})) for name in TABLES},
        words={name: _words(name, data.get(name, {})) for name in TABLES},
        files={name: _patterns(name, found) for name, found in data.get("files", {}).items()},
        thresholds=_thresholds(data.get("thresholds", {})),
        **options,
    )


def _load(path: Path) -> MappingType[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RecordsError(
            f"There is no mapping file {path.name}.",
            instead="Give the path of a mapping.toml, or leave `mapping` out.",
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecordsError(
            f"The mapping file {path.name} cannot be read as TOML.", found=str(error)
        ) from None


def _options(options: Any) -> dict[str, Any]:
    for name, value in _section("options", options).items():
        allowed = _OPTIONS.get(name)
        if allowed is None:
            raise RecordsError(
                f"The mapping has an option that is not known: {name}.",
                instead=f"Use one of {', '.join(_OPTIONS)}.",
            )
        fits = value in allowed if isinstance(allowed, tuple) else type(value) is allowed
        if not fits or (name == "skip_lines" and value < 0):
            wanted = allowed if isinstance(allowed, tuple) else f"a {allowed.__name__}"
            raise RecordsError(
                f"The mapping's option {name} has a value that does not fit.",
                found=repr(value),
                instead=f"Write {wanted}.",
            )
    return dict(options)


def _columns(table: str, section: Any) -> dict[str, str]:
    names = _section(table, section)
    unknown = set(names) - {"columns", "words"}
    if unknown:
        raise RecordsError(
            f"The mapping's section [{table}] has an entry that is not known: {min(unknown)}.",
            instead=f"Use [{table}.columns] and [{table}.words.COLUMN].",
        )
    return {
        fold(theirs): str(ours)
        for theirs, ours in _section(f"{table}.columns", names.get("columns", {})).items()
    }


def _words(table: str, section: Any) -> dict[str, dict[str, str]]:
    result = {}
    declared = TABLES[table]
    words = _section(f"{table}.words", _section(table, section).get("words", {}))
    for name, pairs in words.items():
        column = declared.column(name) or declared.column(name, "study_days")
        pairs = _section(f"{table}.words.{name}", pairs)
        result[name] = {fold(theirs): str(ours) for theirs, ours in pairs.items()}
        for ours in result[name].values():
            _known_word(table, name, column, ours)
    return result


def _known_word(table: str, name: str, column: Column | None, word: str) -> None:
    allowed: tuple[str, ...] = ()
    if column is not None:
        allowed = ("yes", "no") if column.kind == "flag" else column.words
    if allowed and word not in ("", *allowed):
        raise RecordsError(
            f"The mapping turns a word of {table}.{name} into one that is not known: {word!r}.",
            instead=f"Use one of {', '.join(allowed)}, or '' for missing.",
        )


def _patterns(table: str, patterns: Any) -> tuple[str, ...]:
    if table not in TABLES:
        raise RecordsError(
            f"The mapping names files of a table that is not known: {table}.",
            instead=f"Use one of {', '.join(TABLES)}.",
        )
    return (patterns,) if isinstance(patterns, str) else tuple(str(item) for item in patterns)


def _thresholds(section: Any) -> dict[str, float]:
    result = {}
    for name, value in _section("thresholds", section).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise RecordsError(
                f"The threshold of {name} is not a share.",
                found=repr(value),
                instead="Write a number from 0 to 1.",
            )
        result[name] = float(value)
    return result


def _section(name: str, section: Any) -> dict[str, Any]:
    if not isinstance(section, MappingType):
        raise RecordsError(
            f"The mapping's {name} is not a section.", instead=f"Write [{name}] and lines below it."
        )
    return dict(section)
