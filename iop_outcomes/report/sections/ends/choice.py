"""Which kinds of end are shown on which days: all on the same ones, so that none is left over.

Beside how far people came a kind that is not shown on a day would be the rest of all who ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, combinations, pairwise

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure import SafePolicy
from iop_outcomes.disclosure.fixed_days import WORTH

Kinds = frozenset[str]
Days = tuple[int, ...]
Shown = tuple[tuple[Kinds, Days], ...]
"""Kinds of end that are printed together, each with the days on which they are."""
OTHER = "other"  # the word of a discharge for any other reason: one name with "other ends"
Counts = npt.NDArray[np.int64]


def choose(
    ended: Mapping[str, Counts],
    people: int,
    days: Days,
    policy: SafePolicy,
    is_open: Callable[[tuple[Kinds, ...], int], bool],
) -> Shown:
    """Return the kinds that are shown together and their days; empty if there are none.

    Parameters
    ----------
    ended : mapping of str to numpy.ndarray of int
        The kind of end -> how many had ended so by each of the days.
    people : int
        How many there are.
    days : tuple of int
        The days of which some are shown.
    policy : SafePolicy
        The disclosure rule.
    is_open : callable
        Says of groups of kinds and a day whether nothing follows from it beside other tables.

    Notes
    -----
    By each kind at least the threshold end between two shown days, and at least as many
    people have not ended after the last. Of two choices that which is worth more is taken: what its
    days are worth, times the number of kinds that it tells apart.

    Examples
    --------
    >>> import numpy as np
    >>> ended = {"completed": np.array([5, 30]), "dropped_out": np.array([20, 40])}
    >>> shown = choose(ended, 100, (30, 90), SafePolicy(), lambda *_: True)
    >>> [(sorted(kinds), days) for kinds, days in shown]
    [(['completed'], (90,)), (['dropped_out'], (90,))]
    """
    best: tuple[float, Shown] = (0.0, ())
    for groups in _ladder(ended):
        counts = np.array([sum(ended[kind] for kind in kinds) for kinds in groups])
        left = people - counts.sum(axis=0)
        able = [
            place
            for place, day in enumerate(days)
            if left[place] >= policy.threshold and is_open(groups, day)
        ]
        steps = np.hstack([np.zeros((len(groups), 1), dtype=np.int64), counts])
        between = {
            (start, end): (steps[:, end] - steps[:, start] >= policy.threshold).all()
            for start, end in combinations([0, *(place + 1 for place in able)], 2)
        }
        for some in _subsets(able):
            if not all(between[pair] for pair in pairwise([0, *(place + 1 for place in some)])):
                continue
            chosen = tuple(days[place] for place in some)
            worth = sum(WORTH.get(day, 1.0) for day in chosen) * len(groups)
            if worth > best[0] + 1e-9:
                best = worth, tuple((kinds, chosen) for kinds in groups)
    return best[1]


def _subsets(places: list[int]) -> Iterator[tuple[int, ...]]:
    sizes = range(1, len(places) + 1)
    return chain.from_iterable(combinations(places, size) for size in sizes)


def _ladder(ended: Mapping[str, Counts]) -> Iterator[tuple[Kinds, ...]]:
    """Return the kinds each by itself, then more and more of the rarest as one: two at least."""
    alone = tuple(frozenset([kind]) for kind in ended)
    if OTHER not in ended and len(alone) > 1:
        yield alone
    rarest = sorted(ended, key=lambda kind: (kind != OTHER, int(ended[kind][-1]), kind))
    for number in range(2, len(rarest)):
        together = frozenset(rarest[:number])
        yield (*(kinds for kinds in alone if not kinds <= together), together)
