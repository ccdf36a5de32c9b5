"""Counts, runs, windows, sub-patterns and retention of use patterns.

Positions in a pattern count from 1 and are inclusive; negative ones count from its end, -1 being
the last week. Positions outside the pattern are cut off without an error.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.use.pattern_array import (
    PAD,
    Flags,
    Numbers,
    PatternArray,
    Weeks,
    check_symbols,
    code,
)


def bounds(patterns: PatternArray, start: int = 1, end: int = -1) -> tuple[Weeks, Weeks]:
    """Return where each pattern's weeks `start` to `end` begin (from 0) and stop (exclusive)."""
    for name, value in (("start", start), ("end", end)):
        if value == 0:
            raise RuleError(
                "Weeks count from 1, or from the end with -1 as the last.",
                found=f"{name}=0",
                instead=f"{name}=1 or {name}=-1.",
            )
    lengths = patterns.lengths
    first = lengths + start if start < 0 else np.full_like(lengths, start - 1)
    stop = lengths + end + 1 if end < 0 else np.full_like(lengths, end)
    first = np.clip(first, 0, lengths)
    return first, np.clip(stop, first, lengths)


def inside(patterns: PatternArray, start: int = 1, end: int = -1) -> Flags:
    """Return, weeks by people, which weeks are from `start` to `end` of the pattern."""
    first, stop = bounds(patterns, start, end)
    week = np.arange(patterns.longest, dtype=np.int32)[:, None]
    return np.asarray((week >= first) & (week < stop))


def count_symbols(patterns: PatternArray, symbols: str, start: int = 1, end: int = -1) -> Weeks:
    """Return how many weeks from `start` to `end` are one of `symbols`.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import encode
    >>> from iop_outcomes.use.pattern_windows import count_symbols
    >>> count_symbols(encode(["++-o", "-"]), "-o", start=2).tolist()
    [2, 0]
    """
    hits = patterns.holds(symbols)
    if start > 0 and (end > 0 or end == -1):  # the same rows for everyone; PAD is no symbol
        hits = hits[start - 1 : end if end > 0 else None]
    else:
        hits &= inside(patterns, start, end)
    return _total(hits)


def count_matches(
    patterns: PatternArray,
    match: str,
    start: int = 1,
    end: int = -1,
    *,
    mixed: str | None = None,
    mixed_weight: float = 0.5,
    proportion: bool = False,
) -> Numbers:
    """Return how often `match` occurs from week `start` to `end`, or its share of those weeks.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns.
    match : str
        One symbol, or several in a row; occurrences do not overlap (``--`` is once in ``---``).
    start, end : int
        The first and last week that count, from 1; negative from the end of the pattern.
    mixed : str, optional
        A symbol that counts `mixed_weight` each, such as ``*``.
    mixed_weight : float
        What a `mixed` week counts.
    proportion : bool
        Divide by the weeks counted over. Only for a single symbol: for several symbols the
        denominator is not defined.

    Returns
    -------
    numpy.ndarray of float64
        One number a person; 0 where no week is between `start` and `end`.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import encode
    >>> from iop_outcomes.use.pattern_windows import count_matches
    >>> count_matches(encode(["--*+", "o"]), "-", mixed="*", proportion=True).tolist()
    [0.625, 0.0]
    """
    size = len(check_symbols(match))
    if size == 1:
        total = count_symbols(patterns, match, start, end).astype(np.float64)
    elif proportion:
        raise RuleError(
            "A proportion of weeks can be calculated for a single symbol only.",
            found=f"match={as_written(match)} with proportion=True",
            instead="count_matches of one symbol, or proportion=False.",
        )
    else:
        total = _count_apart(occurrences(patterns, match, start, end), size, len(patterns))
    if mixed is not None:
        total += mixed_weight * count_symbols(patterns, mixed, start, end)
    if not proportion:
        return total
    first, stop = bounds(patterns, start, end)
    return np.asarray(total / np.maximum(stop - first, 1))


def occurrences(patterns: PatternArray, subpattern: str, start: int = 1, end: int = -1) -> Flags:
    """Return, weeks by people, where `subpattern` begins, all of it in weeks `start` to `end`."""
    size = len(check_symbols(subpattern))
    places = max(patterns.longest - size + 1, 0)
    hits = np.ones((places, len(patterns)), dtype=bool)
    for step, symbol in enumerate(subpattern):
        hits &= patterns.by_week[step : step + places] == code(symbol)
    if (start, end) != (1, -1):
        first, stop = bounds(patterns, start, end)
        week = np.arange(places, dtype=np.int32)[:, None]
        hits &= (week >= first) & (week + size <= stop)
    return hits


def contains(patterns: PatternArray, subpattern: str, start: int = 1, end: int = -1) -> Flags:
    """Return whether `subpattern` occurs from week `start` to `end`, symbol by symbol.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import encode
    >>> from iop_outcomes.use.pattern_windows import contains
    >>> contains(encode(["++---", "--o-"]), "---").tolist()
    [True, False]
    """
    return np.asarray(occurrences(patterns, subpattern, start, end).any(axis=0))


def first_window(
    patterns: PatternArray,
    width: int = 4,
    threshold: int = 3,
    symbol: str = "+",
    offset: int | None = None,
) -> tuple[Numbers, Numbers]:
    """Return the first window of `width` weeks with `threshold` of `symbol`, as in the reference.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns.
    width, threshold : int
        The number of weeks in the window, and how many of them must be `symbol`.
    symbol : str
        What is counted.
    offset : int, optional
        Added to the first week of the window; by default ``width - threshold``.

    Returns
    -------
    time, event : numpy.ndarray of float64
        The first week of the first such window plus `offset`, and 1; where there is none, the
        first week of the pattern's last window plus `offset`, and 0. Missing where the pattern is
        shorter than the window.

    Notes
    -----
    The offset is a fixed shift: the time is neither the week in which the use began nor the one in
    which the threshold was reached. `iop_outcomes.event_weeks` gives these.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import encode
    >>> from iop_outcomes.use.pattern_windows import first_window
    >>> first_window(encode(["o-o+++"]), 4, 3)
    (array([4.]), array([1.]))
    """
    check_window(width, threshold)
    hits = patterns.by_week == code(symbol)
    offset = width - threshold if offset is None else offset
    first = np.zeros(len(patterns), dtype=np.int32)  # from 1; 0: none yet
    for week, counts in enumerate(counts_within(hits, width)):
        if week >= width - 1:
            first[(first == 0) & (counts >= threshold)] = week - width + 2
    event = first > 0
    time = np.where(event, first, patterns.lengths - width + 1) + float(offset)
    short = patterns.lengths < width
    return np.where(short, np.nan, time), np.where(short, np.nan, event)


def counts_within(hits: Flags, width: int) -> Iterator[Weeks]:
    """Yield, week by week, each person's number of hits among the last `width` weeks.

    The same array is overwritten for the next week.
    """
    counts = np.zeros(hits.shape[1], dtype=np.int32)
    for week, hit in enumerate(hits):
        counts += hit
        if week >= width:
            counts -= hits[week - width]
        yield counts


def check_window(width: int, threshold: int) -> None:
    """Raise RuleError unless 1 <= threshold <= width."""
    if not 1 <= threshold <= width:
        raise RuleError(
            "A window of weeks holds at least one week, and the threshold is from 1 to its width.",
            found=f"width={width}, threshold={threshold}",
            instead=f"threshold={max(min(threshold, width), 1)}, or another width.",
        )


def retention(patterns: PatternArray, missing: str = "o") -> Weeks:
    """Return the last week that is not one of the symbols `missing`; 0 where all are.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import encode
    >>> from iop_outcomes.use.pattern_windows import retention
    >>> retention(encode(["+-o-oo", "ooo"])).tolist()
    [4, 0]
    """
    seen = ~patterns.holds(missing)
    seen &= patterns.by_week != PAD
    return last_marked(seen)


def last_marked(marked: Flags) -> Weeks:
    """Return the last marked week of each person, from 1; 0 where none is marked."""
    last = np.zeros(marked.shape[1], dtype=np.int32)
    for week, column in enumerate(marked, start=1):
        last[column] = week
    return last


def longest_run(patterns: PatternArray, without: str = "+") -> Weeks:
    """Return the longest run of weeks without any of the symbols `without`.

    Every other symbol counts as part of the run; recode symbols that should not.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import encode
    >>> from iop_outcomes.use.pattern_windows import longest_run
    >>> longest_run(encode(["--+---+", "++"])).tolist()
    [3, 0]
    """
    counted = ~patterns.holds(without)
    counted &= patterns.by_week != PAD
    run = np.zeros(len(patterns), dtype=np.int32)
    longest = np.zeros(len(patterns), dtype=np.int32)
    for column in counted:
        run += 1
        run *= column
        np.maximum(longest, run, out=longest)
    return longest


def _total(hits: Flags) -> Weeks:
    total: Weeks = hits.view(np.int8).sum(axis=0, dtype=np.int32)
    return total


def _count_apart(hits: Flags, size: int, people: int) -> Numbers:
    # From the left, each occurrence that does not overlap the one counted before it.
    count = np.zeros(people, dtype=np.int32)
    free: NDArray[np.int32] = np.zeros(people, dtype=np.int32)
    for week, column in enumerate(hits):
        taken = column & (free <= week)
        count += taken
        free[taken] = week + size
    return count.astype(np.float64)
