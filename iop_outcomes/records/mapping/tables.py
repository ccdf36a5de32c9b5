"""The sections of a mapping for one table, such as ``[TABLE.columns]``."""

from __future__ import annotations

import re
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.plan import Link
from iop_outcomes.records.mapping.sections import (
    cell_of,
    columns_and_copies,
    one_of,
    only,
    pairs,
    section,
    short,
    texts,
)
from iop_outcomes.records.schema import TABLES, Column

Words = dict[str, dict[str, str]]

KEYS = ("columns", "words", "from", "constants", "combine", "ticked", "units")
MINUTES = ("minutes_scheduled", "minutes_attended")
UNITS = ("minutes", "hours", "seconds", "days")
_EVERY = re.compile(r"\s*(\d{1,4})\s*(day|week)s?\s*")


def require_keys(table: str, value: Any) -> None:
    """Raise RecordsError if the section of a table has an unknown entry."""
    names = section(table, value)
    known = list(KEYS)
    if table != "episodes":
        known.append("link")
    if table == "checkins":
        known += ["expected_every", "expected_until"]
    unknown = set(names) - set(known)
    if unknown:
        raise RecordsError(
            f"The mapping's section [{table}] has an entry that is not known: "
            f"{min(map(str, unknown))}.",
            instead=f"Use [{table}.columns], [{table}.words.COLUMN], [[{table}.from]] or one of "
            f"{', '.join(known[3:])}.",
        )


def read_columns(table: str, value: Any) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Read ``[TABLE.columns]``: the new name of each column (folded), and further new names."""
    return columns_and_copies(f"{table}.columns", section(table, value).get("columns", {}))


def read_words(table: str, value: Any) -> Words:
    """Read ``[TABLE.words.COLUMN]``: for each column the meaning of each word (folded)."""
    result = {}
    words = section(f"{table}.words", section(table, value).get("words", {}))
    for name, given in words.items():
        result[name] = pairs(f"{table}.words.{name}", given)
        for ours in result[name].values():
            _known_word(table, name, ours)
    return result


def column_of(table: str, name: str) -> Column | None:
    """Return the declaration of a column by its name with calendar dates or with study days."""
    declared = TABLES[table]
    return declared.column(name) or declared.column(name, "study_days")


def _allowed(table: str, name: str) -> tuple[str, ...]:
    column = column_of(table, name)
    if column is None:
        return ()
    return ("yes", "no") if column.kind == "flag" else column.words


def _known_word(table: str, name: str, word: str) -> None:
    allowed = _allowed(table, name)
    if allowed and word not in ("", *allowed):
        raise RecordsError(
            f"The mapping turns a word of {table}.{name} into an unknown one: {word!r}.",
            instead=f"Use one of {', '.join(allowed)}, or '' for missing.",
        )


def require_word(where: str, table: str, name: str, word: str, words: Words) -> None:
    """Raise RecordsError if a word in the mapping is not in the vocabulary of its column."""
    allowed = _allowed(table, name)
    known = {fold(word) for word in allowed} | set(words.get(name, {}))
    if allowed and fold(word) not in known:
        raise RecordsError(
            f"The mapping's {where} gives {table}.{name} an unknown word.",
            found=short(word),
            instead=f"Use one of {', '.join(allowed)}, or a word of [{table}.words.{name}].",
        )


def read_constants(where: str, table: str, value: Any, words: Words) -> dict[str, str]:
    """Read constants: the text that a column has in every row."""
    result = {}
    for name, given in section(where, value).items():
        result[name] = cell_of(f"{where} {name}", given)
        require_word(where, table, name, result[name], words)
    return result


def read_combine(table: str, value: Any) -> dict[str, tuple[str, ...]]:
    """Read ``[TABLE.combine]``: the two or more columns of the export that make a column."""
    where = f"{table}.combine"
    result = {}
    for name, given in section(where, section(table, value).get("combine", {})).items():
        example = f'{name} = ["Status", "Canceled by"]'
        columns = texts(f"[{where}] {name}", given, example)
        if len({fold(column) for column in columns}) < 2:
            raise RecordsError(
                f"The mapping's [{where}] {name} has fewer than two columns.",
                found=short(columns[0]),
                instead=f"Write {example}; for one column use [{table}.columns].",
            )
        result[name] = columns
    return result


def read_ticked(table: str, value: Any, words: Words) -> Words:
    """Read ``[TABLE.ticked]``: for a column the checkbox columns, each with its word."""
    where = f"{table}.ticked"
    result = {}
    for name, given in section(where, section(table, value).get("ticked", {})).items():
        columns = section(f"{where}.{name}", given)
        if not columns:
            raise RecordsError(
                f"The mapping's [{where}] {name} names no checkbox columns.",
                instead=f'Write {name} = {{ "Their column" = "our word" }}.',
            )
        for theirs, word in columns.items():
            if not isinstance(word, str) or not word.strip():
                raise RecordsError(
                    f"The mapping's [{where}] {name} gives {short(theirs)} no word.",
                    found=short(word),
                    instead=f'Write {name} = {{ "Their column" = "our word" }}.',
                )
            require_word(f"[{where}]", table, name, word, words)
        result[name] = {str(theirs): word for theirs, word in columns.items()}
    return result


def read_units(table: str, value: Any) -> dict[str, str]:
    """Read ``[TABLE.units]``: the units of numbers in columns of minutes."""
    where = f"[{table}.units]"
    units = section(f"{table}.units", section(table, value).get("units", {}))
    known = [column.name for column in TABLES[table].columns if column.unit == "minutes"]
    for name, unit in units.items():
        if name not in known:
            raise RecordsError(
                f"The mapping's {where} names a column that has no unit of time: {short(name)}.",
                instead=f"Use {', '.join(known)}."
                if known
                else f"Remove it: {table} has no column of minutes.",
            )
        one_of(f"{where} {name}", unit, UNITS)
    return units


def read_link(table: str, value: Any) -> Link | None:
    """Read ``[TABLE.link]``: how the episode of a row is found; None if not given."""
    given = section(table, value).get("link")
    if given is None:
        return None
    where = f"[{table}.link]"
    link = section(f"{table}.link", given)
    only(where, link, ("by", "person", "same_day"))
    by = one_of(f"{where} by", link.get("by", "episode_id"), ("episode_id", "person_and_date"))
    person = one_of(f"{where} person", link.get("person", "id"), ("id", "name"))
    if person == "name" and by != "person_and_date":
        raise RecordsError(
            f"The mapping's {where} says that people are given by name, but links by episode_id.",
            instead='Write by = "person_and_date", or remove person.',
        )
    same_day = ""
    if "same_day" in link:
        same_day = one_of(f"{where} same_day", link["same_day"], ("newer", "older"))
        if by != "person_and_date":
            raise RecordsError(
                f"The mapping's {where} says to which stay a day of two belongs, and links by "
                "episode_id.",
                instead='Write by = "person_and_date", or remove same_day.',
            )
    return Link(by, person, same_day)


def read_expected(value: Any) -> tuple[int | None, int | None]:
    """Read ``[checkins] expected_every`` and ``expected_until``, in days."""
    checkins = section("checkins", value)
    every = _days(checkins, "expected_every", 366, "7 days")
    until = _days(checkins, "expected_until", 3660, "26 weeks")
    if until is not None and every is None:
        raise RecordsError(
            "The mapping's [checkins] has expected_until without expected_every.",
            instead='Write expected_every = "7 days" too, or remove it.',
        )
    return every, until


def _days(checkins: dict[str, Any], name: str, most: int, example: str) -> int | None:
    given = checkins.get(name)
    if given is None:
        return None
    days = 0
    if isinstance(given, int) and not isinstance(given, bool):
        days = given
    elif isinstance(given, str) and (match := _EVERY.fullmatch(given.casefold())):
        days = int(match[1]) * (7 if match[2] == "week" else 1)
    if not 1 <= days <= most:
        raise RecordsError(
            f"The mapping's [checkins] {name} is not a number of days from 1 to {most:,}.",
            found=short(given),
            instead=f'Write {name} = "{example}".',
        )
    return days
