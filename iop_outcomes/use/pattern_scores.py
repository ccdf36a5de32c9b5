"""The weighted score of use patterns (Ling et al. 1976), from 0 to the maximum of a scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.use.pattern_array import Numbers, PatternArray, code

# The weights of Ling et al. 1976, including that of a missed week.
WEIGHTS: Mapping[str, float] = {"+": 1.0, "*": 0.5, "o": 0.22, "-": 0.0}
Penalty = Sequence[float] | Callable[[int], Sequence[float]]


def weighted_score(
    patterns: PatternArray,
    weights: Mapping[str, float] = WEIGHTS,
    *,
    use_penalty: Penalty | None = None,
    missing_penalty: Penalty | None = None,
    scale: float | None = 120.0,
    left_out: str = "",
) -> Numbers:
    """Return a weighted score of use, week by week: the higher, the worse.

    ::

        score = scale * sum(weight * penalty) / sum(highest possible weight * penalty)

    where `use_penalty` multiplies the weeks ``+`` and ``*``, `missing_penalty` the weeks ``o``,
    and the highest possible of a week is the larger of the two of ``+`` and ``o``.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns.
    weights : mapping of symbol to float
        The weight of a week with each symbol; ``+`` and ``o`` are required.
    use_penalty, missing_penalty : sequence of float, or callable, optional
        One factor a week, or a function that gives them for a pattern of n weeks; 1 by
        default.
    scale : float, optional
        The score of the worst pattern; None: the weighted sum without scaling.
    left_out : str
        Symbols that are excluded from the sum and from the highest possible sum, such as ``_`` for
        weeks not due.

    Returns
    -------
    numpy.ndarray of float64
        Missing for patterns without weeks, and for those with a symbol that has no weight.

    Raises
    ------
    RuleError
        If a penalty has fewer weeks than the longest pattern, or ``+`` or ``o`` has no weight.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import encode
    >>> from iop_outcomes.use.pattern_scores import weighted_score
    >>> weighted_score(encode(["++++", "----", "+o-*"])).round(2).tolist()
    [120.0, 0.0, 51.6]
    """
    table = np.full(7, np.nan)  # PAD is -1, the last
    for symbol, weight in weights.items():
        table[code(symbol)] = weight
    if np.isnan(table[code("+")]) or np.isnan(table[code("o")]):
        raise RuleError(
            "The weights name at least a week of use and a week missed.",
            found=", ".join(weights) or "none",
            instead='weights={"+": 1, "*": 0.5, "o": 0.22, "-": 0}',
        )
    use_factor = _penalties(patterns, use_penalty, "use_penalty")
    missing_factor = _penalties(patterns, missing_penalty, "missing_penalty")
    of_use, missed = patterns.holds("+*"), patterns.holds("o")
    out = patterns.holds(left_out) if left_out else np.zeros(of_use.shape, dtype=bool)
    total, highest = np.zeros(len(patterns)), np.zeros(len(patterns))
    for week in range(patterns.longest):
        counted = (week < patterns.lengths) & ~out[week]
        factor = np.where(of_use[week], use_factor[week], 1.0)
        factor = np.where(missed[week], missing_factor[week], factor)
        total += np.where(counted, table[patterns.by_week[week]] * factor, 0.0)
        top = np.maximum(
            table[code("+")] * use_factor[week], table[code("o")] * missing_factor[week]
        )
        highest += np.where(counted, top, 0.0)
    if scale is None:
        return np.where(patterns.lengths > 0, total, np.nan)
    score = np.full(len(patterns), np.nan)
    np.divide(scale * total, highest, out=score, where=highest > 0)
    return score


def rising(weeks: int) -> list[float]:
    """Return factors that rise evenly from 1 in the first week to 5 in the last."""
    return [float(factor) for factor in np.linspace(1.0, 5.0, weeks)]


def _penalties(patterns: PatternArray, penalty: Penalty | None, name: str) -> Numbers:
    # Weeks by people; of one column where the factors are the same for everyone.
    if penalty is None:
        return np.ones((patterns.longest, 1))
    if not callable(penalty):
        if len(penalty) < patterns.longest:
            raise RuleError(
                f"{name} has one factor a week.",
                found=f"{len(penalty)} factors for patterns of up to {patterns.longest} weeks",
                instead="a factor for every week, or the patterns cut off before.",
            )
        return np.asarray(penalty, dtype=np.float64)[: patterns.longest, None]
    lengths, which = np.unique(patterns.lengths, return_inverse=True)
    table = np.ones((patterns.longest, len(lengths)))
    for column, weeks in enumerate(lengths.tolist()):
        table[:weeks, column] = penalty(weeks)
    return np.asarray(table[:, which.reshape(-1)] if len(lengths) > 1 else table)
