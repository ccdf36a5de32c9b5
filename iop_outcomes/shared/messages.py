"""What an error message may show of data: names or places of columns, numbers of values, arguments.

One rule for all messages of the package, because messages are copied into emails and issues:

- A column is named if its name consists of words that are names of columns and not of people
  (`COLUMN_WORDS`, which contains every word of the columns that this package declares), or if it
  resembles a name given by the caller. Any other column is given by its place: if a file has no
  header its first row is that of a person, and a column may have a person's name.
- Values are counted, never shown, except for the words of this package (`VOCABULARY`).
  ``frame["program"].unique()`` lists them if needed. Groups, causes and terms of a model have
  values in their names, and are given by their place. Programs are not persons: up to a certain
  number they are listed if a program that does not exist was requested.
- Arguments of the caller are repeated: a name, a number, a list of numbers. A frame, a column, an
  array or a list of texts may contain data, and is described by its type and size.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

MOST_NAMED = 20  # columns
LONGEST = 80  # characters of an argument or of the name of a column

COLUMN_WORDS = frozenset(
    re.findall(
        "[a-z]+",
        """
        episode person program admit discharge date day reason level entry path prior followed
        until start time service status minutes scheduled attended modality approach group id
        facilitator used use days drug test substance craving phq gad employed in school stable
        housing arrests mutual help meetings barc quality of life bam export admission number
        overlapping to event ended by on clear rests missing competing end discharged definition
        origin rule evidence relapse onset state next weeks week period rate at risk events
        censored survival lower upper median mean se cause incidence hazard mass left right
        before after n share due count expected first last contact known total value weight
        weights cluster terminal name sequence not recorded stay session sessions hours longest
        gap admissions admitted admittance age all appointment assessment attendance attendees
        birth case census checkin checkins check client clients clinic clinician code cohort
        column comment comments completed counselor counsellor county created dates description
        diagnosis dob drinks duration dx email enrolment enrollment ethnicity exit facility file
        gender identifier index insurance intake label length line location marital medical
        medication member method mrn no note notes num nr outcome outcomes patient patients
        payer phone primary provider race record referral region result results role room row
        score scores secondary sex site source staff ssn step survey team text therapist title
        track treatment type types unit updated user veteran visit visits year years zip dt
        categories kind arm band phase wave cut social connection item
        """,
    )
)
VOCABULARY = frozenset(
    re.findall(
        "[a-z_]+",
        """
        completed dropped_out terminated transferred incarcerated died other
        relapse missed_check_in no_check_in end_of_follow_up lost recovered
        engaged discharged lapsed relapsed dead
        """,
    )
)
"""Words of this package, which are not values of a person."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W\d_]+")


def may_be_named(name: object) -> bool:
    """Return whether the name of a column consists of words that are names of columns."""
    if not isinstance(name, str) or len(name) > LONGEST:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    left = re.sub(r"[\s_\-./#()]+", "", _WORD.sub("", name))
    if left or not words:
        return False
    if name.casefold() in COLUMN_WORDS or "".join(words) in COLUMN_WORDS:
        return True
    numbers = [word for word in words if word.isdigit()]
    return (
        len(numbers) < len(words)
        and all(len(word) < 3 for word in numbers)
        and all(word in COLUMN_WORDS for word in words if not word.isdigit())
    )


def columns_found(names: Iterable[object], asked: object = ()) -> str:
    """Describe the columns: by name where they may be named, otherwise by place.

    Parameters
    ----------
    names : iterable
        The names of all columns, in order.
    asked : str or list of str
        The names requested by the caller. If it is one name, columns with a similar name are named
        too.

    Examples
    --------
    >>> columns_found(["days", "event", "Ann Smith", "housing_plan"], "housing_plans")
    '4 columns: days, event, housing_plan, and another in place 3'
    >>> columns_found(["E1", "Ann Smith", "1961-07-19"])
    '3 columns, none with a name that may be shown'
    """
    every = list(names)
    like = _like(every, asked)
    nameable = [may_be_named(name) or name in like for name in every]
    named = [str(name) for name, may in zip(every, nameable, strict=True) if may]
    places = [place for place, may in enumerate(nameable, start=1) if not may]
    count = f"{len(every):,} column{'' if len(every) == 1 else 's'}"
    if not named:
        return f"{count}, none with a name that may be shown" if every else "no columns"
    parts = named[:MOST_NAMED]
    if len(named) > MOST_NAMED:
        parts.append(f"and {len(named) - MOST_NAMED:,} more like them")
    if places:
        parts.append(_others(places))
    return f"{count}: {', '.join(parts)}"


def _like(names: Sequence[object], asked: object) -> set[object]:
    """Return the names that resemble the requested one."""
    if isinstance(asked, list | tuple) and len(asked) == 1:
        asked = asked[0]
    if not isinstance(asked, str):
        return set()  # several may be data
    by_fold = {str(name).casefold(): name for name in names if isinstance(name, str)}
    near = get_close_matches(asked.casefold(), list(by_fold), n=3, cutoff=0.8)
    return {by_fold[name] for name in near}


def _others(places: list[int]) -> str:
    if len(places) == 1:
        return f"and another in place {places[0]}"
    shown = ", ".join(map(str, places[:MOST_NAMED]))
    more = f" and {len(places) - MOST_NAMED:,} more" if len(places) > MOST_NAMED else ""
    return f"and {len(places):,} others in places {shown}{more}"


def column_called(name: object, names: Iterable[object]) -> str:
    """Return how an error names a column that the caller did not name.

    Examples
    --------
    >>> column_called("age", ["Ann Smith", "age"]), column_called("Ann Smith", ["Ann Smith", "age"])
    ('age', 'in place 1')
    """
    if may_be_named(name):
        return str(name)
    return f"in place {list(names).index(name) + 1}"


def values_found(number: int, rows: int) -> str:
    """Return the number of different values of a column, without the values.

    Examples
    --------
    >>> values_found(3, 40)
    '3 different values among 40'
    """
    return f"{number:,} different value{'' if number == 1 else 's'} among {rows:,}"


def words_found(words: Iterable[object], rows: int) -> str:
    """Describe the words of a column: those of this package by name, others by number.

    Examples
    --------
    >>> words_found(["died", "relapse", "Ann"], 40)
    'died, relapse, and 1 other'
    >>> words_found(["Ann", "Bob"], 40)
    '2 different values among 40'
    """
    every = [str(word) for word in words]
    known = [word for word in every if word in VOCABULARY]
    if not known:
        return values_found(len(every), rows)
    others = len(every) - len(known)
    if not others:
        return ", ".join(known)
    many = "other" if others == 1 else "others"
    return f"{', '.join(known)}, and {others:,} {many}"


def cause_called(cause: str, causes: Sequence[str]) -> str:
    """Return how an error names a cause: a word of this package, or its place.

    Examples
    --------
    >>> cause_called("died", ["relapse", "died"]), cause_called("Ann", ["relapse", "Ann"])
    ('died', 'cause 2 of 2')
    """
    if cause in VOCABULARY:
        return cause
    return f"cause {list(causes).index(cause) + 1:,} of {len(causes):,}"


class Term(str):
    """The name of a term of a model that contains a value of its column, such as "track Evening".

    Attributes
    ----------
    columns : str
        The columns of the term, by which an error names it.
    """

    columns: str

    def __new__(cls, name: str, columns: str) -> Term:
        """Return the name of a term with the names of its columns."""
        term = super().__new__(cls, name)
        term.columns = columns
        return term

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # of two texts
        """Pickle both texts."""
        return str(self), self.columns


def term_called(place: int, names: Sequence[str]) -> str:
    """Return how an error names a term of a model: as in the formula, without a value.

    Examples
    --------
    >>> names = ["age", Term("track Evening vs Day", "track")]
    >>> term_called(0, names), term_called(1, names)
    ('age', 'track (term 2 of 2)')
    """
    name = names[place]
    if isinstance(name, Term):
        return f"{name.columns} (term {place + 1:,} of {len(names):,})"
    return name


def group_called(group: int, groups: int) -> str:
    """Return how an error names a group: by its place in the order of the results.

    Examples
    --------
    >>> group_called(1, 3)
    'group 2 of 3'
    """
    return f"group {group + 1:,} of {groups:,}"


def groups_called(groups: Sequence[int], of: int) -> str:
    """Return how an error names several groups.

    Examples
    --------
    >>> groups_called([0, 2], 5)
    '2 of 5 groups: in places 1, 3'
    """
    places = ", ".join(f"{group + 1:,}" for group in groups[:MOST_NAMED])
    more = f" and {len(groups) - MOST_NAMED:,} more" if len(groups) > MOST_NAMED else ""
    noun = "place" if len(groups) == 1 else "places"
    return f"{len(groups):,} of {of:,} groups: in {noun} {places}{more}"


def as_written(value: object) -> str:
    """Return an argument as the caller wrote it, or type and size of an argument with data.

    Examples
    --------
    >>> import pandas as pd
    >>> as_written("North"), as_written([30, 60]), as_written(pd.Series(["Ann", "Bob"]))
    ("'North'", '[30, 60]', 'a Series of 2 values')
    """
    if isinstance(value, datetime.date):
        return str(value)
    if _is_plain(value):
        return _cut(repr(value.item() if isinstance(value, np.generic) else value))
    if isinstance(value, list | tuple | set | frozenset) and all(map(_is_plain, value)):
        texts = [each for each in value if isinstance(each, str)]
        if len(value) < 2 or all(may_be_named(each) or each in VOCABULARY for each in texts):
            return _cut(repr(value))
        return f"a {type(value).__name__} of {len(value):,} texts"
    return _sized(value)


def names_asked(names: Iterable[object]) -> str:
    """Return the names requested by the caller: one name as written, of several those allowed.

    Examples
    --------
    >>> names_asked(["housing_plan"]), names_asked(["track", "Ann Smith", "Bob Jones"])
    ('housing_plan', 'track, and 2 others')
    """
    every = list(names)
    if len(every) == 1:
        return _cut(every[0]) if isinstance(every[0], str) else as_written(every[0])
    named = [str(name) for name in every if may_be_named(name) or name in VOCABULARY]
    others = len(every) - len(named)
    if others and named:
        return f"{', '.join(named)}, and {others:,} other{'' if others == 1 else 's'}"
    return f"any of {others:,} names" if others else ", ".join(named)


def holds_data(value: object) -> bool:
    """Return whether an argument is a column, a frame or an array rather than written names."""
    array = hasattr(value, "dtype") and not isinstance(value, np.generic)
    return array or hasattr(value, "columns")


def _is_plain(value: object) -> bool:
    plain = (str, bool, int, float, complex, type(None), np.generic, datetime.date)
    return isinstance(value, plain)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def _sized(value: Any) -> str:
    name = type(value).__name__
    article = "an" if name[0] in "aeiouAEIOU" else "a"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and len(shape) == 2:
        return f"{article} {name} of {shape[0]:,} rows and {shape[1]:,} columns"
    try:
        return f"{article} {name} of {len(value):,} values"
    except TypeError:
        return f"{article} {name}"
