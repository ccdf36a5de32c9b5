"""Counts that are not final: another report may count more or fewer people under the same words.

Each is named with the day up to which the records go, so that it is not taken for the count of
another report. How the counts of two days hang together is declared here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AnySet
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
Quarters = dict[str, Key]
"""The last day of a quarter -> the name of its count."""


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


def declare_not_final(
    joined: PrintedCells, reports: Sequence[PrintedCells], again: Mapping[tuple[int, Key], Key]
) -> None:
    """Declare how what was counted by one day hangs together with what was by another.

    Who is counted so far may not be later, and who is known to be counted stays so, of each
    quarter. What all quarters of a report have more than those of an earlier one had is a count,
    too: it is what the figures of a longer time have more than those of the earlier report. So it
    is of any two reports, since one between them may not print the figures. Of those discharged
    without a second answer hardly any still answers, so that they are taken to be as many or more.

    Parameters
    ----------
    joined : PrintedCells
        Several reports as one system; counts and sums are added.
    reports : sequence of PrintedCells
        The reports.
    again : mapping
        The number of a report, and the name of a count in it -> the name in the system.
    """
    found: dict[Name, dict[str, Name]] = defaultdict(dict)
    for name in joined.counts:
        if isinstance(name, tuple) and len(name) == 3:
            final, end = without_end(name[2])
            if isinstance(final, tuple) and end:
                found[name[0], name[1], final][end] = name
    families: set[Key] = set()
    for final_name, by_end in found.items():
        ends = sorted(by_end)
        names = [by_end[end] for end in ends] + [final_name] * (final_name in joined.counts)
        for before, after in pairwise(names):
            if ends[0].startswith(SO_FAR):
                _declare_part(joined, before, after)
            elif ends[0].startswith(KNOWN_BY):
                _declare_part(joined, after, before)
        if not ends[0].startswith(SO_FAR):
            families.add((final_name[0], _family(final_name[2])))
    for family, in_turn in _by_quarter(families, reports, again).items():
        _declare_new(joined, family, in_turn)


def _family(final: tuple[Key, ...]) -> Key:
    """Return the name of a count without its quarter."""
    return (final[0], *final[2:])


def _by_quarter(
    families: AnySet[Key],
    reports: Sequence[PrintedCells],
    again: Mapping[tuple[int, Key], Key],
) -> dict[Key, list[Quarters]]:
    """Return the counts of some families in each report that has them, by the end of the quarter.

    The oldest comes first. A report that ends before one that was made earlier is left out.
    """
    found: dict[Key, list[Quarters]] = defaultdict(list)
    order = sorted(range(len(reports)), key=lambda one: (reports[one].data_cut, one))
    for number in order:
        report = reports[number]
        programs = ", ".join(sorted(report.programs))
        own: dict[Key, Quarters] = defaultdict(dict)
        for key in report.counts:
            final = without_end(key)[0]
            if isinstance(final, tuple) and len(final) > 2:
                family: Key = (programs, _family(final))
                if family in families:
                    own[family][str(final[1])] = again[number, key]
        for name, quarters in own.items():
            if not found[name] or max(found[name][-1]) <= max(quarters):
                found[name].append(quarters)
    return found


def _declare_new(joined: PrintedCells, family: Key, in_turn: Sequence[Quarters]) -> None:
    """Declare what the quarters of a report have more than those of each earlier one had."""
    steps: list[Key] = []
    for earlier, later in pairwise(in_turn):
        both = [day for day in earlier if later.get(day, earlier[day]) != earlier[day]]
        new = [later[day] for day in later if day > max(earlier)]
        before, after = [earlier[day] for day in both], [later[day] for day in both] + new
        if after:
            steps.append(_more(joined, (NEWLY_KNOWN, family, len(steps)), before, after))
    for first in range(len(steps)):
        so_far: Key = steps[first]
        for last in range(first + 1, len(steps)):
            whole: Key = (NEWLY_KNOWN, family, first, last)
            joined.counts[whole] = None
            joined.sums.append({so_far: 1, steps[last]: 1, whole: -1})
            so_far = whole


def _more(joined: PrintedCells, name: Key, before: list[Key], after: list[Key]) -> Key:
    """Declare what some counts have more than others, and return its name."""
    if not before:
        return _sum_of(joined, after)
    joined.counts[name] = None
    joined.sums.append({_sum_of(joined, before): 1, name: 1, _sum_of(joined, after): -1})
    return name


def _declare_part(joined: PrintedCells, whole: Key, part: Key) -> None:
    rest: Key = ("rest", whole, part)
    if rest not in joined.counts:
        joined.counts[rest] = None
        joined.sums.append({part: 1, rest: 1, whole: -1})


def _sum_of(joined: PrintedCells, names: list[Key]) -> Key:
    """Declare the sum of some counts, and return its name."""
    if len(names) == 1:
        return names[0]
    together: Key = ("sum", *names)
    if together not in joined.counts:
        joined.counts[together] = None
        joined.sums.append({**dict.fromkeys(names, 1), together: -1})
    return together
