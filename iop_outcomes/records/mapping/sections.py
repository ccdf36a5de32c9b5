"""Functions for reading all sections of a mapping: lists, pairs, and values in messages."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as MappingType
from pathlib import PurePath
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold


def section(name: str, value: Any) -> dict[str, Any]:
    """Return a section of the mapping as a dictionary."""
    if not isinstance(value, MappingType):
        raise RecordsError(
            f"The mapping's {name} is not a section.", instead=f"Write [{name}] and lines below it."
        )
    return dict(value)


def only(where: str, given: Collection[object], known: Collection[str]) -> None:
    """Raise RecordsError if a section has an unknown entry."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise RecordsError(
            f"The mapping's {where} has an entry that is not known: {short(unknown[0])}.",
            instead=f"Use {', '.join(known)}.",
        )


def pairs(name: str, value: Any) -> dict[str, str]:
    """Return a section as a dictionary from names of the export (folded) to names used here.

    RecordsError is raised if a name has two meanings, or an entry is not text.
    """
    result: dict[str, str] = {}
    for theirs, ours in section(name, value).items():
        if isinstance(theirs, bool) or not isinstance(theirs, str | int):
            raise _no_text(name, theirs)
        if not isinstance(ours, str):
            raise _no_text(name, ours)
        folded = fold(str(theirs))
        if result.setdefault(folded, ours) != ours:
            raise RecordsError(
                f"The mapping's [{name}] gives one name two meanings: {short(theirs)}.",
                found=f"{short(result[folded])} and {short(ours)}; names are compared without "
                "regard to case, spaces, hyphens and underscores",
                instead="Remove one of the two lines.",
            )
    return result


def columns_and_copies(name: str, value: Any) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Return the new name of each column of the export, and further new names given as a list."""
    first: dict[object, Any] = {}
    others: dict[str, tuple[str, ...]] = {}
    for theirs, given in section(name, value).items():
        names = listed(given)
        first[theirs] = names[0] if names else given
        if len(names) < 2:
            continue
        named = texts(f"[{name}]", given, '"Result" = ["status", "used"]')
        if len(set(named)) < len(named):
            raise RecordsError(
                f"The mapping's [{name}] gives one name twice for {short(theirs)}.",
                instead='Write each once: "Result" = ["status", "used"].',
            )
        others[fold(str(theirs))] = named[1:]
    return pairs(name, first), others


def _no_text(name: str, value: object) -> RecordsError:
    return RecordsError(
        f"The mapping's [{name}] has an entry that is not text.",
        found=short(value),
        instead='Write lines such as "Their name" = "our name".',
    )


def short(value: object) -> str:
    """Return a value of the mapping as text for a message: ASCII, and not too long."""
    if isinstance(value, str | int | float) or value is None:
        text = ascii(value) if not isinstance(value, int) or abs(value) < 10**18 else "a number"
        return text if len(text) <= 60 else f"{text[:60]}..."
    return type(value).__name__


def listed(value: Any) -> list[Any]:
    """Return a list or tuple as a list, and anything else as a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def texts(where: str, value: Any, example: str) -> tuple[str, ...]:
    """Return a text or a list of texts as a tuple; raise RecordsError if one is empty."""
    result = listed(value)
    if not result or not all(isinstance(one, str) and one.strip() for one in result):
        raise RecordsError(
            f"The mapping's {where} is neither a text nor a list of texts.",
            found=short(value),
            instead=f"Write {example}.",
        )
    return tuple(result)


def one_of(where: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return a word; raise RecordsError if it is not one of `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise RecordsError(
            f"The mapping's {where} has an unknown value.",
            found=short(value),
            instead=f"Write one of {', '.join(allowed)}.",
        )
    return value


def whole(where: str, value: Any, low: int, high: int) -> int:
    """Return a whole number; raise RecordsError if it is not from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RecordsError(
            f"The mapping's {where} is not a whole number from {low:,} to {high:,}.",
            found=short(value),
            instead=f"Write {where.rpartition(' ')[2]} = {low}.",
        )
    return value


def patterns(where: str, value: Any, example: str) -> tuple[str, ...]:
    """Return names or patterns of files as a tuple; raise RecordsError for anything else."""
    result = listed(value)
    if not result or not all(map(is_pattern, result)):
        raise RecordsError(
            f"The mapping's {where} does not say which files are meant.",
            found=short(value),
            instead=f"Write {example}: names of files in the folder.",
        )
    return tuple(result)


def is_pattern(pattern: object) -> bool:
    """Return whether a value is a pattern with which names of files can be compared."""
    if not isinstance(pattern, str) or "\x00" in pattern:
        return False
    try:
        PurePath("a").match(pattern)
    except ValueError:  # an empty one
        return False
    return True


def cell_of(where: str, value: Any) -> str:
    """Return a constant of the mapping as the text of a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or (isinstance(value, int | float) and abs(value) < 10**15):
        return str(value)
    if hasattr(value, "isoformat"):  # a date of TOML
        return str(value.isoformat())
    raise RecordsError(
        f"The mapping's {where} cannot be the value of a cell.",
        found=short(value),
        instead="Write a text, a number, a date, true or false.",
    )
