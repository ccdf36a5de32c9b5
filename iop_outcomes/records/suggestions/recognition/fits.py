"""How well values fit a column, and how strongly they indicate it without the heading."""

from __future__ import annotations

import numpy as np

from iop_outcomes.records.parsing.numbers import read_numbers
from iop_outcomes.records.schema import TABLES, Column
from iop_outcomes.records.suggestions.recognition.language import meaning, means_missing
from iop_outcomes.records.suggestions.recognition.profiles import Profile

CLOCKS = ("start_time", "end_time")
LENGTHS = ("minutes_scheduled", "minutes_attended")
IDS = ("episode_id", "person_id")
_MOST_WORDS = 60  # a column with more distinct texts is probably not one of words
_UNKNOWN = 0.5  # the fit of an empty column, or of free names


def declared(table: str, column: str) -> Column:
    """Return the declaration of a column; for `end_time` that of `start_time`."""
    declaration = TABLES[table].column("start_time" if column == "end_time" else column)
    if declaration is None:
        raise KeyError(column)
    return declaration


def fit(table: str, column: str, held: Profile) -> float:
    """Return how well values fit a column, from 0 (impossible) to 1."""
    if not held.filled:
        return _UNKNOWN
    if column in IDS:
        return _fit_id(held)
    kind = declared(table, column).kind
    if kind == "date":
        return held.dates if held.dates >= 0.3 else 0.0
    if kind == "clock":
        with_time = held.share([":" in text for text in held.looked_at]) * held.dates
        return max(held.clocks, held.ranges, 0.7 * held.bare_clocks, 0.5 * with_time)
    if column in LENGTHS:
        return max(held.lengths, _clock_lengths(held), _in_range(held, 0, 86400))
    if kind == "number":
        return _fit_number(declared(table, column), held)
    if kind in ("word", "flag"):
        return _fit_words(table, column, kind, held)
    return _fit_name(column, held)


def alone(table: str, column: str, held: Profile) -> float:
    """Return how strongly values alone indicate a column, from 0 to 1."""
    if not held.filled:
        return 0.0
    kind = "id" if column in IDS else declared(table, column).kind
    if kind == "date" and column in ("date", "admit_date"):
        return 0.45 if held.dates >= 0.9 else 0.0
    if column == "start_time":
        return max(0.6 * (held.ranges >= 0.8), 0.42 * (held.clocks >= 0.9 > held.numbers))
    if column == "minutes_scheduled":
        return 0.42 if held.lengths >= 0.9 else 0.0
    if kind == "word":
        known, words = known_words(table, column, held)
        says = known >= 0.6 and words >= 2 and held.distinct <= _MOST_WORDS
        return 0.6 if says and held.flags < 0.5 else 0.0  # yes and no fit many columns
    return 0.0


def known_words(table: str, column: str, held: Profile) -> tuple[float, int]:
    """Return the share of rows whose word is known, and how many different meanings they have."""
    senses = [meaning(table, column, text) for text in held.looked_at]
    share = held.share([sense is not None for sense in senses])
    return share, len({sense.ours for sense in senses if sense is not None and sense.ours})


def _fit_id(held: Profile) -> float:
    if held.dates > 0.3 or held.ranges > 0.3 or held.long > 0.2:
        return 0.0
    if held.distinct < 2 <= held.filled:
        return 0.1
    few = held.filled >= 60 and held.distinct <= max(4, held.filled / 200)
    clock = held.clocks > 0.9 > held.numbers
    return 0.15 if few else 0.3 if clock else 1.0


def _in_range(held: Profile, low: float, high: float) -> float:
    with np.errstate(invalid="ignore"):
        inside = (held.values >= low) & (held.values <= high)
    return held.share(inside.tolist())


def _clock_lengths(held: Profile) -> float:
    return held.clocks if held.numbers < 0.1 else 0.0


def _fit_number(column: Column, held: Profile) -> float:
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    missing = held.share([means_missing(text) for text in held.looked_at])
    inside = _in_range(held, float(low), float(high))
    if inside < 0.5 and held.with_unit >= 0.5:  # 7/10 and 20 of 27 are numbers too
        inside = held.share((~read_numbers(column, list(held.looked_at)).missing).tolist())
    return inside / (1 - missing) if missing < 1 else 0.0


def _fit_words(table: str, column: str, kind: str, held: Profile) -> float:
    if held.dates > 0.5 or held.ranges > 0.5 or held.long > 0.3:
        return 0.0
    if held.distinct > _MOST_WORDS and held.distinct > held.filled / 20:
        return 0.0
    known, _ = known_words(table, column, held)
    if kind == "flag":
        return max(known, held.flags, 0.35 if held.distinct <= 12 else 0.0)
    coded = held.numbers > 0.9 and not known
    return 0.35 if coded and held.distinct <= 12 else 0.0 if coded else 0.45 + 0.55 * known


def _fit_name(column: str, held: Profile) -> float:
    if held.dates > 0.5 or held.long > 0.5:
        return 0.0
    if column == "level":
        return 0.3 + 0.7 * held.levels
    if column == "program":
        few = held.distinct <= 40 and held.numbers < 0.9
        return (0.9 - 0.3 * held.levels) if few else 0.1
    if column == "facilitator":
        return 0.8 if held.numbers < 0.9 else 0.4
    if column in ("group_id", "approach", "substance"):
        return 0.8 if held.distinct <= max(60, held.filled / 5) else 0.2
    return _UNKNOWN
