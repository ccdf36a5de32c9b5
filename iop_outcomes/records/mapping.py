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
from pathlib import Path, PurePath
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.schema import TABLES, Column
from iop_outcomes.records.sources.opening import kind_of, read_bytes, shown
from iop_outcomes.shared.messages import as_written, names_asked

_OPTIONS: dict[str, tuple[object, ...] | type] = {
    "date_order": ("month_first", "day_first"),
    "identical_rows": ("fold", "keep"),
    "skip_lines": int,
    "synthetic": bool,
}
_WANTED = {
    "date_order": '"month_first" or "day_first"',
    "identical_rows": '"fold" or "keep"',
    "skip_lines": "a whole number from 0 to 10000",
    "synthetic": "true or false",
}
_MOST_SKIPPED = 10_000  # lines above a header
_MOST_BYTES = 1 << 22  # of a mapping file


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
    if not isinstance(source, str | Path | MappingType):
        raise RecordsError(
            "The mapping is neither a file nor a dictionary.",
            found=type(source).__name__,
            instead='Write mapping="mapping.toml", or a dictionary of the same shape.',
        )
    data = source if isinstance(source, MappingType) else _load(Path(source))
    known = ["files", "options", "thresholds", *TABLES]
    unknown = [section for section in data if section not in known]
    if unknown:
        raise RecordsError(
            f"The mapping has a section that is not known: {names_asked(unknown)}.",
            instead=f"Use one of {', '.join(known)}.",
        )
    options = _options(data.get("options", {}))
    return Mapping(
        columns={name: _columns(name, data.get(name, {})) for name in TABLES},
        words={name: _words(name, data.get(name, {})) for name in TABLES},
        files={
            name: _patterns(name, patterns)
            for name, patterns in _section("files", data.get("files", {})).items()
        },
        thresholds=_thresholds(data.get("thresholds", {})),
        **options,
    )


def _load(path: Path) -> MappingType[str, Any]:
    name = shown(path)
    if kind_of(path) == "absent":
        raise RecordsError(
            f"There is no mapping file {name}.",
            instead="Give the path of a mapping.toml, or leave `mapping` out.",
        )
    data = read_bytes(path, most=_MOST_BYTES)
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        found = "lists or tables within one another, hundreds deep"
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\((at [^()]*)\)$", str(error))  # the rest may hold what is written
        found = f"an error {place[1]}" if place else "an error"
    except UnicodeDecodeError:
        found = "text that is not UTF-8"
    except ValueError:  # Python reads no number of more than some thousand digits
        found = "a number of thousands of digits"
    raise RecordsError(f"The mapping file {name} cannot be read as TOML.", found=found)


def _options(options: Any) -> dict[str, Any]:
    for name, value in _section("options", options).items():
        allowed = _OPTIONS.get(name)
        if allowed is None:
            raise RecordsError(
                f"The mapping has an option that is not known: {name}.",
                instead=f"Use one of {', '.join(_OPTIONS)}.",
            )
        fits = value in allowed if isinstance(allowed, tuple) else type(value) is allowed
        if name == "skip_lines":
            fits = fits and 0 <= value <= _MOST_SKIPPED
        if not fits:
            raise RecordsError(
                f"The mapping's option {name} has a value that does not fit.",
                found=as_written(value),
                instead=f"Write {_WANTED[name]}.",
            )
    return dict(options)


def _columns(table: str, section: Any) -> dict[str, str]:
    names = _section(table, section)
    unknown = set(names) - {"columns", "words"}
    if unknown:
        raise RecordsError(
            f"The mapping's section [{table}] has an entry that is not known: "
            f"{min(map(str, unknown))}.",
            instead=f"Use [{table}.columns] and [{table}.words.COLUMN].",
        )
    section = f"{table}.columns"
    return _pairs(section, names.get("columns", {}))


def _pairs(name: str, section: Any) -> dict[str, str]:
    """Return the entries of a section, theirs (folded) to ours; each of theirs once."""
    pairs: dict[str, str] = {}
    for theirs, ours in _section(name, section).items():
        if isinstance(theirs, bool) or not isinstance(theirs, str | int):
            raise _no_text(name, theirs)
        if not isinstance(ours, str):
            raise _no_text(name, ours)
        folded = fold(str(theirs))
        if pairs.setdefault(folded, ours) != ours:
            raise RecordsError(
                f"The mapping's [{name}] gives one name two meanings: {_short(theirs)}.",
                found=f"{_short(pairs[folded])} and {_short(ours)}; names are compared without "
                "regard to case, spaces, hyphens and underscores",
                instead="Remove one of the two lines.",
            )
    return pairs


def _no_text(name: str, value: object) -> RecordsError:
    return RecordsError(
        f"The mapping's [{name}] has an entry that is no text.",
        found=_short(value),
        instead='Write lines such as "Their name" = "our name".',
    )


def _short(value: object) -> str:
    """Write a value of the mapping so that a message can bear it."""
    if isinstance(value, str | int | float) or value is None:
        text = ascii(value) if not isinstance(value, int) or abs(value) < 10**18 else "a number"
        return text if len(text) <= 60 else f"{text[:60]}..."
    return type(value).__name__


def _words(table: str, section: Any) -> dict[str, dict[str, str]]:
    result = {}
    declared = TABLES[table]
    words = _section(f"{table}.words", _section(table, section).get("words", {}))
    for name, pairs in words.items():
        column = declared.column(name) or declared.column(name, "study_days")
        result[name] = _pairs(f"{table}.words.{name}", pairs)
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
    listed = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(listed, list | tuple) or not all(map(_is_pattern, listed)):
        raise RecordsError(
            f"The mapping's [files] does not say which files are of {table}.",
            found=_short(patterns),
            instead=f'Write {table} = ["sessions_*.csv"]: names of files in the folder.',
        )
    return tuple(listed)


def _is_pattern(pattern: object) -> bool:
    """Tell whether a file's name can be compared with it."""
    if not isinstance(pattern, str) or "\x00" in pattern:
        return False
    try:
        PurePath("a").match(pattern)
    except ValueError:  # an empty one
        return False
    return True


def _thresholds(section: Any) -> dict[str, float]:
    result = {}
    for name, value in _section("thresholds", section).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise RecordsError(
                f"The threshold of {name} is not a share.",
                found=as_written(value),
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
