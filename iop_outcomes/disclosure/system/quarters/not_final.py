"""Counts that are not final: another report may count more or fewer people under the same words.

Each is named with the day up to which the records go, so that it is not taken for the count of
another report. How the counts of two days hang together is declared here.
"""

from __future__ import annotations

from collections import defaultdict
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


def declare_not_final(joined: PrintedCells) -> None:
    """Declare how what was counted by one day hangs together with what was by the next.

    Who is counted so far may not be later, and who is known to be counted stays so, of each
    quarter. What all quarters of a day have more than those quarters had by the day before is a
    count, too: it is what the figures of a longer time have more than those of an earlier report.
    Of those discharged without a second answer hardly any still answers, so that they are taken to
    be as many or more.

    Parameters
    ----------
    joined : PrintedCells
        Several reports as one system; counts and sums are added.
    """
    families: dict[Key, dict[str, dict[Name, Name]]] = defaultdict(lambda: defaultdict(dict))
    for final, by_end in _not_final(joined).items():
        ends = sorted(by_end)
        names = [by_end[end] for end in ends] + [final] * (final in joined.counts)
        for before, after in pairwise(names):
            if ends[0].startswith(SO_FAR):
                _declare_part(joined, before, after)
            elif ends[0].startswith(KNOWN_BY):
                _declare_part(joined, after, before)
        if not ends[0].startswith(SO_FAR):
            programs, when, key = final
            for end, name in by_end.items():
                families[programs, when, key[0], *key[2:]][end][final] = name
    for family, by_day in families.items():
        for (_, earlier), (end, later) in pairwise(sorted(by_day.items())):
            _declare_new(joined, (NEWLY_KNOWN, family, end), earlier, later)


def _declare_new(
    joined: PrintedCells, new: Key, earlier: dict[Name, Name], later: dict[Name, Name]
) -> None:
    """Declare what the quarters of a day have more than those of the day before had by then."""
    of_earlier = [later.get(final, final) for final in earlier]
    of_later = [name for final, name in later.items() if final not in earlier]
    if all(name in joined.counts for name in of_earlier) and len(of_earlier) + len(of_later) > 1:
        joined.counts[new] = None
        before, after = list(earlier.values()), of_earlier + of_later
        joined.sums.append({_sum_of(joined, before): 1, new: 1, _sum_of(joined, after): -1})


def _not_final(joined: PrintedCells) -> dict[Name, dict[str, Name]]:
    """Return the counts that are not final: the final name -> the end -> the name."""
    found: dict[Name, dict[str, Name]] = defaultdict(dict)
    for name in joined.counts:
        if isinstance(name, tuple) and len(name) == 3:
            final, end = without_end(name[2])
            if isinstance(final, tuple) and end:
                found[name[0], name[1], final][end] = name
    return found


def _declare_part(joined: PrintedCells, whole: Key, part: Key) -> None:
    rest: Key = ("rest", whole, part)
    if rest not in joined.counts:
        joined.counts[rest] = None
        joined.sums.append({part: 1, rest: 1, whole: -1})


def _sum_of(joined: PrintedCells, names: list[Name]) -> Key:
    """Declare the sum of some counts, and return its name."""
    if len(names) == 1:
        return names[0]
    together: Key = ("sum", *names)
    if together not in joined.counts:
        joined.counts[together] = None
        joined.sums.append({**dict.fromkeys(names, 1), together: -1})
    return together
