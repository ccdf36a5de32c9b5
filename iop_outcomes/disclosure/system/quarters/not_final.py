"""Counts that are not final: another report may count more or fewer people under the same words.

Each is named with the day up to which the records go, so that it is not taken for the count of
another report. How the counts of two days hang together is declared here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system.cells import PrintedCells

SO_FAR = "so far on"
"""Begins the end of the name of a count that a later report may count as less."""
KNOWN_BY = "known by"
"""Begins the end of the name of a count that a later report may count as more."""
AS_OF = "as of"
"""Begins the end of the name of a count that a later report may count as more or as less."""
ENDS = (SO_FAR, KNOWN_BY, AS_OF)
NEWLY_KNOWN = "newly known"
Name = tuple[str, str, tuple[Key, ...]]


def without_end(key: Key) -> tuple[Key, str]:
    """Return the name that a count has once it is final, and the end of its name; none if it is.

    Examples
    --------
    >>> without_end(("admitted", "2026-06-30", "known by 2026-09-30"))
    (('admitted', '2026-06-30'), 'known by 2026-09-30')
    >>> without_end(("admitted", "2026-06-30"))
    (('admitted', '2026-06-30'), '')
    """
    if isinstance(key, tuple) and key and isinstance(key[-1], str) and key[-1].startswith(ENDS):
        return key[:-1], key[-1]
    return key, ""


@dataclass(eq=False)
class _Family:
    """The counts of one meaning that grow, by quarter, of some programs.

    Attributes
    ----------
    first : dict of str to list
        The end of names -> the counts that had no earlier one.
    more : dict of str to list
        The end of names -> what the counts after it have more.
    """

    first: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    more: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))

    def newly_known(self) -> Iterator[tuple[str, list[Key]]]:
        """Give for each day after the first what came to be known since the one before."""
        for before, end in pairwise(sorted({*self.first, *self.more})):
            yield end, self.more[before] + self.first[end]


def declare_not_final(joined: PrintedCells) -> None:
    """Declare how what was counted by one day hangs together with what was by the next.

    Who is counted so far may not be later. Who is known to be counted stays so, and others come to
    be known: over all quarters these are a count, too, since it is what the figures of a longer
    time have more than those of an earlier report.

    Parameters
    ----------
    joined : PrintedCells
        Several reports as one system; counts and sums are added.
    """
    families: dict[Key, _Family] = defaultdict(_Family)
    for final, by_end in _not_final(joined).items():
        ends = sorted(by_end)
        names = [by_end[end] for end in ends] + [final] * (final in joined.counts)
        if ends[0].startswith(SO_FAR):
            for before, after in pairwise(names):
                _rest(joined, before, after)
            continue
        programs, when, key = final
        family = families[programs, when, key[0], *key[2:]]
        family.first[ends[0]].append(names[0])
        for end, (before, after) in zip(ends, pairwise(names), strict=False):
            family.more[end].append(_rest(joined, after, before))
    for name, family in families.items():
        for end, parts in family.newly_known():
            if len(parts) > 1:
                whole: Key = (NEWLY_KNOWN, name, end)
                joined.counts[whole] = None
                joined.sums.append({whole: -1, **dict.fromkeys(parts, 1)})


def _not_final(joined: PrintedCells) -> dict[Name, dict[str, Name]]:
    """Return the counts that only grow, or only shrink: the final name -> the end -> the name."""
    found: dict[Name, dict[str, Name]] = defaultdict(dict)
    for name in joined.counts:
        if isinstance(name, tuple) and len(name) == 3:
            final, end = without_end(name[2])
            if isinstance(final, tuple) and end.startswith((SO_FAR, KNOWN_BY)):
                found[name[0], name[1], final][end] = name
    return found


def _rest(joined: PrintedCells, whole: Key, part: Key) -> Key:
    """Declare that a count is part of another, and return the name of what the other has more."""
    rest: Key = ("rest", whole, part)
    if rest not in joined.counts:
        joined.counts[rest] = None
        joined.sums.append({part: 1, rest: 1, whole: -1})
    return rest
