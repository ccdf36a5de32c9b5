"""Many use patterns as one array: one symbol a week, all people at once.

A *use pattern* is one text a person with one symbol a week: ``+`` use, ``-`` no use, ``o`` missed,
``*`` mixed within the week, ``_`` not due. `encode` turns a column of patterns into one array of
small integers, on which every operation works for all people at once, week by week. `decode` is the
inverse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_count

USE, NO_USE, MISSED, MIXED, NOT_DUE = SYMBOLS = "+-o*_"
PAD = -1  # after the end of a pattern
MEANINGS = "+ use, - no use, o missed, * mixed, _ not due"

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Weeks = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class PatternArray:
    """Use patterns of all people, as one array of symbols.

    Attributes
    ----------
    by_week : numpy.ndarray of int8
        Weeks by people: the place of each symbol in ``SYMBOLS``, and ``PAD`` after the end of a
        pattern. One row a week, so that operations loop over weeks and never over people.
    lengths : numpy.ndarray of int32
        Weeks in each pattern; 0 where there is none, or where all its weeks were deleted.
    has_pattern : numpy.ndarray of bool
        Whether there is a pattern; False where it is missing (NaN).
    index : pandas.Index
        The labels of the patterns.
    """

    by_week: NDArray[np.int8]
    lengths: Weeks
    has_pattern: Flags
    index: pd.Index

    @property
    def symbols(self) -> NDArray[np.int8]:
        """The symbols, people by weeks."""
        return self.by_week.T

    @property
    def longest(self) -> int:
        """Weeks in the longest pattern."""
        return len(self.by_week)

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.lengths)

    def rows(self, start: int, stop: int) -> PatternArray:
        """Return the patterns of the people from `start` up to `stop`, cut to their longest."""
        lengths = self.lengths[start:stop]
        longest = int(lengths.max(initial=0))
        by_week = np.ascontiguousarray(self.by_week[:longest, start:stop])
        return PatternArray(by_week, lengths, self.has_pattern[start:stop], self.index[start:stop])

    def holds(self, symbols: str) -> Flags:
        """Return, weeks by people, whether the symbol is one of `symbols`."""
        out = np.zeros(self.by_week.shape, dtype=bool)
        for symbol in check_symbols(symbols):
            out |= self.by_week == code(symbol)
        return out


Words = PatternArray  # the old name, kept for one version


def code(symbol: str) -> int:
    """Return the code of a symbol; RuleError if there is no such symbol."""
    if not isinstance(symbol, str) or len(symbol) != 1 or symbol not in SYMBOLS:
        raise RuleError(
            "That is not a symbol of a use pattern.",
            found=as_written(symbol),
            instead=f"one of {MEANINGS}.",
        )
    return SYMBOLS.index(symbol)


def check_symbols(symbols: str) -> str:
    """Return `symbols` if it is a text of at least one known symbol; else RuleError."""
    if not isinstance(symbols, str) or not symbols:
        raise RuleError(
            "At least one symbol of a use pattern is needed.",
            found=as_written(symbols),
            instead=f"a text of {MEANINGS}.",
        )
    for symbol in symbols:
        code(symbol)
    return symbols


def encode(patterns: pd.Series | Iterable[str]) -> PatternArray:
    """Return use patterns as one array of symbols.

    Parameters
    ----------
    patterns : pandas.Series of str, or a list of str
        One text a person; missing (None, NaN) for a person without any data.

    Returns
    -------
    PatternArray

    Raises
    ------
    RuleError
        If an entry is not a text, is empty or contains another symbol, or if a label of the index
        occurs twice. The message contains no pattern and no label.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, encode
    >>> array = encode(["++-o", "-"])
    >>> array.symbols.shape, array.lengths.tolist()
    ((2, 4), [4, 1])
    >>> decode(array).tolist()
    ['++-o', '-']
    """
    series = _as_series(patterns)
    has_pattern = series.notna().to_numpy()
    texts = series.to_numpy(dtype=object)[has_pattern].tolist()
    _all_are_texts(texts)
    counts = np.fromiter(map(len, texts), dtype=np.int32, count=len(texts))
    if (counts == 0).any():
        raise RuleError(
            "A use pattern has at least one week.",
            found=f"{int((counts == 0).sum()):,} empty patterns",
            instead="leave the pattern missing (None) for a person without data, or "
            'write "o" for each week missed.',
        )
    codes = _codes("".join(texts))
    longest = int(counts.max(initial=0))
    by_person = np.full((len(counts), longest), PAD, dtype=np.int8)
    by_person[np.arange(longest) < counts[:, None]] = codes
    by_week = np.full((longest, len(series)), PAD, dtype=np.int8)
    by_week[:, has_pattern] = by_person.T
    lengths = np.zeros(len(series), dtype=np.int32)
    lengths[has_pattern] = counts
    return PatternArray(by_week, lengths, has_pattern, series.index)


def decode(patterns: PatternArray) -> pd.Series:
    """Return the patterns as a column of text named ``use_pattern``, missing where not given."""
    letters = np.frombuffer(SYMBOLS.encode() + b"\0", dtype=np.uint8)  # PAD is -1, the last
    width = max(patterns.longest, 1)
    texts = np.zeros((len(patterns), width), dtype=np.uint8)
    texts[:, : patterns.longest] = letters[patterns.symbols]
    out = texts.view(f"S{width}").ravel().astype(f"U{width}").astype(object)
    out[~patterns.has_pattern] = None
    return pd.Series(out, index=patterns.index, name="use_pattern", dtype=object)


def recode(patterns: PatternArray, symbol: str, to: str) -> PatternArray:
    """Replace every `symbol` by the symbol `to`; an empty `to` deletes it (see `delete`).

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, encode, recode
    >>> decode(recode(encode(["+o-o"]), "o", "+")).tolist()
    ['++-+']
    """
    if to == "":
        return delete(patterns, symbol)
    by_week = np.where(patterns.by_week == code(symbol), np.int8(code(to)), patterns.by_week)
    return replace(patterns, by_week=by_week)


def delete(patterns: PatternArray, symbol: str) -> PatternArray:
    """Remove every `symbol`: later weeks move forward, and the pattern becomes shorter.

    If every week is removed the length is 0.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, delete, encode
    >>> decode(delete(encode(["+o-o", "ooo"]), "o")).tolist()
    ['+-', '']
    """
    kept = patterns.by_week != code(symbol)
    kept &= patterns.by_week != PAD
    people = np.arange(len(patterns))
    by_week = np.full(patterns.by_week.shape, PAD, dtype=np.int8)
    flat = by_week.reshape(-1)
    place = people.copy()  # the place of each person's next kept week
    for week in range(patterns.longest):
        # A week that is not kept is overwritten by the next one, or padded below.
        flat[place] = patterns.by_week[week]
        place += kept[week] * len(patterns)
    lengths = (place // max(len(patterns), 1)).astype(np.int32)
    by_week[np.arange(patterns.longest)[:, None] >= lengths] = PAD
    return replace(patterns, by_week=by_week[: int(lengths.max(initial=0))], lengths=lengths)


def through(patterns: PatternArray, last: int | Weeks) -> PatternArray:
    """Cut every pattern after the week `last`: one number for all, or one a person."""
    lengths = np.minimum(patterns.lengths, last).astype(np.int32)
    longest = int(lengths.max(initial=0))
    by_week = patterns.by_week[:longest].copy()
    by_week[np.arange(longest)[:, None] >= lengths] = PAD
    return replace(patterns, by_week=by_week, lengths=lengths)


def _as_series(patterns: pd.Series | Iterable[str]) -> pd.Series:
    instead = "a Series of texts with one row a person, as use_patterns gives it."
    if isinstance(patterns, str | pd.DataFrame) or not isinstance(patterns, Iterable):
        raise RuleError(
            "Use patterns are a column of texts.", found=type(patterns).__name__, instead=instead
        )
    series = (
        patterns if isinstance(patterns, pd.Series) else pd.Series(list(patterns), dtype=object)
    )
    twice = int(series.index.duplicated().sum())
    if twice:
        raise RuleError(
            "Each label in the index of the patterns must be unique: one row a person or episode.",
            found=f"{twice:,} repeated labels",
            instead=instead,
        )
    return series


def _all_are_texts(texts: list[object]) -> None:
    kinds = {kind.__name__ for kind in set(map(type, texts)) if not issubclass(kind, str)}
    if kinds:
        raise RuleError(
            "Every use pattern is a text of one symbol a week.",
            found=f"entries of type {', '.join(sorted(kinds))}",
            instead='read the column as text, such as pd.read_csv(..., dtype={"pattern": str}).',
        )


def _codes(text: str) -> NDArray[np.int8]:
    table = np.full(256, PAD, dtype=np.int8)
    for number, symbol in enumerate(SYMBOLS):
        table[ord(symbol)] = number
    codes: NDArray[np.int8] = table[np.frombuffer(text.encode("latin-1", "replace"), np.uint8)]
    if (codes == PAD).any():
        unknown = sorted(set(text) - set(SYMBOLS))
        # Letters and digits may be part of a name, so they are not printed.
        named = [repr(symbol) for symbol in unknown if not symbol.isalnum()][:5]
        raise RuleError(
            "A use pattern holds a symbol that is not known.",
            found=", ".join(named) or format_count(len(unknown), "other letter"),
            instead=f"one symbol a week: {MEANINGS}.",
        )
    return codes
