"""Published outcomes of use patterns: one column a definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.measures import Measure
from iop_outcomes.relapse.definitions.registry import WEEKS, published, unknown_name
from iop_outcomes.relapse.definitions.steps import View
from iop_outcomes.relapse.definitions.windows import WeeksTo
from iop_outcomes.shared.messages import as_written, holds_data, names_asked
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.use.pattern_array import Numbers, PatternArray, encode

REASONS = ("", "no pattern", "never seen", "not followed long enough", "nothing to measure")
KNOWN, NO_PATTERN, NEVER_SEEN, TOO_SHORT, NOTHING = range(len(REASONS))
PEOPLE_AT_A_TIME = 16_384  # small enough for what is worked out to stay in the processor's cache

Name = str | Definition


class Column(NamedTuple):
    """A column asked for: its name, what is measured, and the definition it is of."""

    name: str
    measure: Measure
    definition: Definition


def outcomes(
    patterns: pd.Series[Any] | Iterable[str],
    names: Name | Sequence[Name] | None = None,
    *,
    compatible: bool = False,
    weeks: int = WEEKS,
) -> pd.DataFrame:
    """Return published outcomes of use patterns, one column a definition.

    Parameters
    ----------
    patterns : pandas.Series of str
        One text a person with one symbol a week: ``+`` use, ``-`` no use, ``o`` missed, ``*``
        mixed, ``_`` not due; missing where nothing is known. As ``use_patterns`` gives them.
    names : str, Definition, or several; optional
        By default every published definition. A name of ``definitions()``; one with ``_weeks``
        behind it, for the weeks of a definition with a time (``lee_2016_weeks``); a column of
        the reference answers (``RsT_lee_2016``), which is then the name of the column; or a
        definition of your own.
    compatible : bool
        Answer as the reference does, in its columns: every definition's for a name, all 62 by
        default. Otherwise as docs/deviations.md says, which lists each difference.
    weeks : int
        The length of the protocol in weeks; see ``definitions``.

    Returns
    -------
    pandas.DataFrame
        Indexed as `patterns`. Of a definition with a time the column is the event, and its weeks
        are under its name with ``_weeks``: to the week in which the definition is met, or
        else the last in which the person was seen; ``event_weeks`` has more.

        Columns are ``boolean``, ``Int64`` (weeks) or ``float64`` (shares 0 to 1 and scores), and
        missing where the person has no pattern, was never seen, was not followed as long as the
        definition looks, or gives nothing to measure: ``missing_outcomes`` says which. With
        `compatible` they are bool, int64 and float64 where nothing is missing.

        ``attrs``: ``rules`` (column: title, rule and missing rule, in words), ``missing``
        (column: how many are missing for each reason), ``compatible`` and ``weeks``.

    Raises
    ------
    RuleError
        If a pattern is no text, is empty or holds another symbol; if a label is given twice; if a
        name is not known or asked for twice; with `compatible`, for other than 15 weeks.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.relapse.definitions.outcomes import outcomes
    >>> patterns = pd.Series({"a": "--+-+---", "b": "-+oo----", "c": "oooooooo"})
    >>> outcomes(patterns, ["krupitsky_2004", "lee_2016", "lee_2016_weeks"])
       krupitsky_2004  lee_2016  lee_2016_weeks
    a           False      True               5
    b            True      True               3
    c            <NA>      <NA>            <NA>
    """
    encoded = encode(patterns)
    columns = chosen_columns(names, compatible=compatible, weeks=weeks)
    tally = np.zeros((len(columns), len(REASONS)), dtype=np.int64)
    values = [_room(column, len(encoded)) for column in columns]
    for people, view in views(encoded, compatible):
        for place, column in enumerate(columns):
            number, reason = answers(column.measure, view)
            tally[place] += np.bincount(reason, minlength=len(REASONS))
            value, missing = values[place]
            missing[people] = reason != KNOWN
            value[people] = np.where(reason == KNOWN, number, 0 if value.dtype != float else np.nan)
    table = pd.DataFrame(
        {
            column.name: _finished(value, missing, compatible)
            for column, (value, missing) in zip(columns, values, strict=True)
        },
        index=encoded.index,
        copy=False,
    )
    missing_for = {
        column.name: {
            reason: int(count)
            for reason, count in zip(REASONS[1:], counts[1:], strict=True)
            if count
        }
        for column, counts in zip(columns, tally, strict=True)
    }
    rules = {column.name: column.definition.text for column in columns}
    labels = {"rules": rules, "missing": missing_for, "compatible": compatible, "weeks": int(weeks)}
    return label(table, Provenance(" ".join(rules.values())), **labels)


def missing_outcomes(
    patterns: pd.Series[Any] | Iterable[str],
    names: Name | Sequence[Name] | None = None,
    *,
    weeks: int = WEEKS,
) -> pd.DataFrame:
    """Return why outcomes are missing: as ``outcomes``, each column a category of reasons.

    The reasons are ``no pattern``; ``never seen``: every week due was missed; ``not followed
    long enough``: the weeks due end before those the definition looks at; ``nothing to
    measure``: none of the weeks it looks at counts; and an empty text where the outcome is known.

    Examples
    --------
    >>> from iop_outcomes.relapse.definitions.outcomes import missing_outcomes
    >>> missing_outcomes(["+-oo", "oooo", None], ["lee_2016", "comer_2006"])
         lee_2016                comer_2006
    0              not followed long enough
    1  never seen  not followed long enough
    2  no pattern                no pattern
    """
    encoded = encode(patterns)
    columns = chosen_columns(names, compatible=False, weeks=weeks)
    codes = np.zeros((len(columns), len(encoded)), dtype=np.int8)
    for people, view in views(encoded, compatible=False):
        for place, column in enumerate(columns):
            codes[place, people] = answers(column.measure, view)[1]
    table = {column.name: as_reasons(codes[place]) for place, column in enumerate(columns)}
    return pd.DataFrame(table, index=encoded.index)


def as_reasons(codes: NDArray[np.int8]) -> pd.Categorical:
    """Return the reasons in words."""
    return pd.Categorical.from_codes(
        codes,  # type: ignore[arg-type]  # an array of codes is what it takes
        dtype=pd.CategoricalDtype(list(REASONS)),
    )


def chosen_columns(
    names: Name | Sequence[Name] | None, *, compatible: bool, weeks: int
) -> list[Column]:
    """Return the columns that are asked for, in that order."""
    if compatible and weeks != WEEKS:
        raise RuleError(
            f"The reference's answers are those of {WEEKS} weeks.",
            found=f"weeks={as_written(weeks)} with compatible=True",
            instead=f"weeks={WEEKS}, or compatible=False.",
        )
    if names is None:
        names = published(weeks)
    elif isinstance(names, str | Definition):
        names = [names]
    known = _by_name(weeks, compatible)
    columns: list[Column] = []
    unknown = [name for name in names if not isinstance(name, Definition) and name not in known]
    if unknown:
        raise unknown_name(names if holds_data(names) else unknown, list(known))
    for name in names:
        columns += _columns_of(name, compatible)[0] if isinstance(name, Definition) else known[name]
    asked = [column.name for column in columns]
    twice = sorted({name for name in asked if asked.count(name) > 1})
    if twice:
        raise RuleError(
            "Each column is asked for once.",
            found=f"{names_asked(twice)} more than once",
            instead="each name once, and other names for definitions of your own.",
        )
    return columns


def _by_name(weeks: int, compatible: bool) -> dict[str, list[Column]]:
    known: dict[str, list[Column]] = {}
    for definition in published(weeks):
        whole, single = _columns_of(definition, compatible)
        known[definition.name] = whole
        known |= {name: [column] for name, column in single.items()}
    return known


def _columns_of(definition: Definition, compatible: bool) -> tuple[list[Column], dict[str, Column]]:
    # The columns under the definition's name, and those that have a name of their own.
    window, stored = definition.window, definition.reference
    if compatible and stored:
        columns = [Column(name, measure, definition) for name, measure in stored]
        return columns, {column.name: column for column in columns}
    single = {}
    if window is not None:
        time = definition.name + "_weeks"
        single[time] = Column(time, WeeksTo(window), definition)
    for name, _ in stored:
        is_time = window is not None and len(stored) == 2 and name == stored[0][0]
        measure = WeeksTo(window) if window is not None and is_time else definition.measure
        single[name] = Column(name, measure, definition)
    return [Column(definition.name, definition.measure, definition)], single


def views(patterns: PatternArray, compatible: bool) -> Iterator[tuple[slice, View]]:
    """Return the people a part at a time, and the patterns of each part."""
    for start in range(0, len(patterns), PEOPLE_AT_A_TIME):
        people = slice(start, start + PEOPLE_AT_A_TIME)
        yield people, View(patterns.rows(people.start, people.stop), compatible=compatible)


def answers(measure: Measure, view: View) -> tuple[Numbers, NDArray[np.int8]]:
    """Return the values of a measure, and why they are missing (a place in ``REASONS``)."""
    value = view.value(measure)
    key = (measure.weeks_needed, measure.of_missed, "reason")
    reason = view.once(key, lambda: _person_reasons(measure, view))
    return value, np.where((reason == KNOWN) & np.isnan(value), NOTHING, reason)


def _person_reasons(measure: Measure, view: View) -> NDArray[np.int8]:
    # Reasons that apply to every measure.
    patterns = view.patterns
    reason = np.full(len(patterns), KNOWN, dtype=np.int8)
    if not view.compatible:
        if not measure.of_missed:
            reason[view.last_seen == 0] = NEVER_SEEN
        reason[patterns.lengths < max(measure.weeks_needed, 1)] = TOO_SHORT
    reason[~patterns.has_pattern] = NO_PATTERN
    return reason


def _room(column: Column, people: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    kinds = {"boolean": bool, "whole": np.int64, "number": np.float64}
    return np.zeros(people, kinds[column.measure.values]), np.zeros(people, dtype=bool)


def _finished(value: NDArray[Any], missing: NDArray[np.bool_], compatible: bool) -> Any:
    if value.dtype == np.float64 or (compatible and not missing.any()):
        return value
    if value.dtype == bool:
        return pd.arrays.BooleanArray(value, missing)
    return pd.arrays.IntegerArray(value, missing)
