"""Four ways of filling missed weeks from the other weeks of the same person.

Each makes an assumption about the missed weeks, which its docstring states. None of them replaces
the missing data.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.use.pattern_array import SYMBOLS, PatternArray, check_symbols, code
from iop_outcomes.use.pattern_windows import count_symbols, retention

NEIGHBOUR_WEIGHTS = (("+", 1.0), ("*", 0.5), ("-", 0.0))


def impute_last_value(
    patterns: PatternArray, missing: str = "o", *, not_carried: str = ""
) -> PatternArray:
    """Fill each missing week with the last one before it that is not missing.

    Weeks missing before the first known one stay missing. A mixed week is carried forward as mixed.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns.
    missing : str
        The symbol that is filled.
    not_carried : str
        Symbols that are neither filled nor carried forward, such as ``_`` for weeks not due.

    Returns
    -------
    PatternArray

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, encode
    >>> from iop_outcomes.use.pattern_filling import impute_last_value
    >>> decode(impute_last_value(encode(["o+o-oo"]))).tolist()
    ['o++---']
    """
    gap = patterns.by_week == code(missing)
    passed = gap | patterns.holds(not_carried) if not_carried else gap
    by_week = patterns.by_week.copy()
    last = np.full(len(patterns), code(missing), dtype=np.int8)
    for week in range(patterns.longest):
        by_week[week] = np.where(gap[week], last, by_week[week])
        last = np.where(passed[week], last, by_week[week])
    return replace(patterns, by_week=by_week)


def impute_last_value_between(
    patterns: PatternArray, missing: str = "o", *, not_carried: str = ""
) -> PatternArray:
    """Fill missing weeks by `impute_last_value`, but only up to the last week known.

    Weeks missing before the first known one, and after the last, stay missing.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, encode
    >>> from iop_outcomes.use.pattern_filling import impute_last_value_between
    >>> decode(impute_last_value_between(encode(["o+o-oo"]))).tolist()
    ['o++-oo']
    """
    filled = impute_last_value(patterns, missing, not_carried=not_carried)
    last = retention(patterns, missing + not_carried)
    after = np.arange(patterns.longest)[:, None] >= last
    return replace(patterns, by_week=np.where(after, patterns.by_week, filled.by_week))


def impute_mode(
    patterns: PatternArray,
    missing: str = "o",
    mixed: str = "*",
    tie: str = "+",
    *,
    not_carried: str = "",
) -> PatternArray:
    """Fill every missing week with the person's most frequent symbol.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns.
    missing : str
        The symbol that is filled.
    mixed : str
        Counted as `tie` in the search for the most frequent symbol, and left unchanged.
    tie : str
        The symbol that is filled in if two symbols are equally frequent.
    not_carried : str
        Symbols that are not counted either, such as ``_`` for weeks not due.

    Returns
    -------
    PatternArray
        Patterns without a known week are unchanged.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, encode
    >>> from iop_outcomes.use.pattern_filling import impute_mode
    >>> decode(impute_mode(encode(["--+oo", "+-o", "ooo"]))).tolist()
    ['--+--', '+-+', 'ooo']
    """
    codes = [code(symbol) for symbol in SYMBOLS if symbol not in missing + mixed + not_carried]
    counts = {number: count_symbols(patterns, SYMBOLS[number]) for number in codes}
    counts[code(tie)] = counts[code(tie)] + count_symbols(patterns, mixed)
    stack = np.stack([counts[number] for number in codes])
    most = stack.max(axis=0)
    tied = (stack == most).sum(axis=0) > 1
    value = np.where(tied, code(tie), np.array(codes)[stack.argmax(axis=0)]).astype(np.int8)
    value[most == 0] = code(missing)
    by_week = np.where(patterns.by_week == code(missing), value, patterns.by_week)
    return replace(patterns, by_week=by_week)


def impute_neighbours(
    patterns: PatternArray,
    neighbours: int = 1,
    missing: str = "o",
    weights: tuple[tuple[str, float], ...] = NEIGHBOUR_WEIGHTS,
) -> PatternArray:
    """Fill a missing week with the mean of its neighbouring weeks, rounded to the nearest symbol.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns.
    neighbours : int
        Weeks on each side.
    missing : str
        The symbol that is filled.
    weights : tuple of (symbol, weight)
        The weight of each symbol. If two symbols are equally near, the earlier one is taken.

    Returns
    -------
    PatternArray
        Neighbours are those of the original pattern. A week among the first or last `neighbours`,
        or with a neighbour that has no weight (missing, not due), stays missing.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, encode
    >>> from iop_outcomes.use.pattern_filling import impute_neighbours
    >>> decode(impute_neighbours(encode(["-o*", "+o*", "+oo-"]))).tolist()
    ['-**', '++*', '+oo-']
    """
    if neighbours < 1:
        raise RuleError(
            "A missing week is filled from at least one week on each side.",
            found=f"neighbours={neighbours}",
            instead="neighbours=1",
        )
    check_symbols("".join(symbol for symbol, _ in weights))
    value = np.full(len(SYMBOLS) + 1, np.nan)  # PAD is -1, the last
    for symbol, weight in weights:
        value[code(symbol)] = weight
    levels = np.array([weight for _, weight in weights])
    symbols = np.array([code(symbol) for symbol, _ in weights], dtype=np.int8)
    by_week = patterns.by_week.copy()
    for week in range(neighbours, patterns.longest - neighbours):
        around = [step for step in range(-neighbours, neighbours + 1) if step]
        mean = np.mean([value[patterns.by_week[week + step]] for step in around], axis=0)
        # PAD has no weight, so that a week too near the end of its pattern has no mean either.
        fill = np.flatnonzero((patterns.by_week[week] == code(missing)) & ~np.isnan(mean))
        distance = np.abs(levels[:, None] - mean[fill])
        by_week[week, fill] = symbols[distance.argmin(axis=0)]
    return replace(patterns, by_week=by_week)
