"""Several reports as one system: the same counts, subsets of programs, and what was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.linked import OF_EXPORT
from iop_outcomes.disclosure.system.cells import PrintedCells, PrintedShare, Sum, join_name
from iop_outcomes.disclosure.system.exports import declare_exports
from iop_outcomes.disclosure.system.people.overlap import (
    PeopleOfAll,
    counts_people,
    declare_overlaps,
    of_everybody,
)
from iop_outcomes.disclosure.system.people.times import declare_times
from iop_outcomes.disclosure.system.quarters import declare_not_final, quarters_together

CHANGED = "changed"
ADDED_UP = (
    "trend",
    "admissions",
    "admitted in the quarter up to",
    "admitted up to a day in the quarter up to",
    "discharged in the quarter up to",
    "sessions in the quarter up to",
    "weekdays in the quarter up to",
    "of the admissions in the quarter up to",
    "discharges",
    "sessions",
    "weekdays",
    "flow",
    "outside the flow",
    "weeks",
    "census",
)
"""Families of counts of episodes and sessions: those of some programs are the sum of each."""
OF_EPISODES = ("continuity", "symptoms", "functioning", "relapse", "stays", "admitted")
"""Families of counts of episodes that are not final: they add up in reports of one data cut."""


def join(reports: Sequence[PrintedCells]) -> PrintedCells:
    """Return the cells of several reports as one system.

    Parameters
    ----------
    reports : sequence of PrintedCells
        Of the same records: quarters, programs or data cuts may differ.

    Returns
    -------
    PrintedCells
        A count of the same programs and period is one count, printed if one report prints it. A
        count of some of the programs is part of that of all of them. Where two reports print one
        count differently, since the records were changed, both are kept, and so is the difference:
        who were added or taken away.

    Examples
    --------
    >>> count = ("trend", "a", "quarter", "2026Q1")
    >>> first = PrintedCells(11, "2026Q1", counts={count: 44}, settled=frozenset([count]))
    >>> second = replace(first, counts={count: 47})
    >>> join([first, second]).counts[("changed", *join_name(first, *first.counts), 1, 0)]
    3
    """
    return Joined(reports).cells


class Joined:
    """Several reports as one system, which others can be added to.

    Parameters
    ----------
    reports : sequence of PrintedCells
        As for `join`.
    """

    def __init__(self, reports: Sequence[PrintedCells]) -> None:
        """Join the reports."""
        self.reports: list[PrintedCells] = []
        self._cells = PrintedCells(0)
        self._names: dict[tuple[int, Key], Key] = {}
        self._said: set[frozenset[tuple[Key, int]]] = set()
        for report in reports:
            self._add(report)

    def name(self, number: int, key: Key) -> Key:
        """Return the name of a count of a report, given by its number."""
        return self._names[number, key]

    def with_report(self, report: PrintedCells) -> Joined:
        """Return the same reports with one more."""
        joined = Joined([])
        joined.reports, joined._cells = [*self.reports], _copied(self._cells)
        joined._names, joined._said = dict(self._names), set(self._said)
        joined._add(report)
        return joined

    @property
    def printed(self) -> PrintedCells:
        """What the reports print and say themselves; what follows between them is not declared."""
        return self._cells

    @property
    def cells(self) -> PrintedCells:
        """The cells of all reports as one system."""
        cells = self.without_exports
        declare_exports(cells, self.reports)
        return cells

    @property
    def without_exports(self) -> PrintedCells:
        """The same without what one export has more than another: rows may have been removed."""
        cells = _copied(self._cells)
        _subsets(cells, self.reports, self._names)
        _wholes(cells, self.reports, self._names)
        no_people = declare_overlaps(cells, _people(self.reports, self._names))
        no_people |= declare_times(cells, self.reports, self._names)
        declare_not_final(cells, self.reports, self._names)
        # Only reports of the same programs have quarters of the same people in common.
        often = Counter(", ".join(sorted(report.programs)) for report in self.reports)
        several = {programs for programs, number in often.items() if number > 1}
        cells = replace(cells, not_people=cells.not_people | no_people)
        return replace(cells, together=quarters_together(cells, several))

    def _add(self, report: PrintedCells) -> None:
        joined, number = self._cells, len(self.reports)
        own: dict[Key, Key] = {}
        for key, value in report.counts.items():
            name: Key = join_name(report, key)
            if joined.counts.get(name) is not None and value not in (None, joined.counts[name]):
                name = _change(joined, name, number, value)
            elif value is not None or name not in joined.counts:
                joined.counts[name] = value
            own[key] = name
            if key in report.least:
                joined.least[name] = max(joined.least.get(name, 0), report.least[key])
        for row in report.sums:
            named = {own[key]: sign for key, sign in row.items()}
            said = frozenset(named.items())
            if said not in self._said:  # of a quarter each report that has it says the same
                self._said.add(said)
                joined.sums.append(named)
        joined.shares.extend(
            PrintedShare(own[one.numerator], own[one.denominator], one.low, one.high)
            for one in report.shares
        )
        self.reports.append(report)
        self._names |= {(number, key): name for key, name in own.items()}
        self._cells = replace(
            joined,
            threshold=max(joined.threshold, report.threshold),
            not_people=joined.not_people | {own[key] for key in report.not_people if key in own},
        )


def _copied(cells: PrintedCells) -> PrintedCells:
    """Return cells to which counts, sums and shares can be added."""
    return replace(
        cells,
        counts=dict(cells.counts),
        least=dict(cells.least),
        sums=list(cells.sums),
        shares=list(cells.shares),
    )


def _change(joined: PrintedCells, name: Key, number: int, value: int | None) -> Key:
    """Take up a count that another report prints differently, and the difference of the two."""
    before = joined.counts[name]
    assert before is not None
    assert value is not None
    other = ("in report", number, name)
    joined.counts[other] = value
    assert isinstance(name, tuple)
    joined.counts[(CHANGED, *name, number, 0)] = abs(value - before)
    return other


def _subsets(
    joined: PrintedCells, reports: Sequence[PrintedCells], again: dict[tuple[int, Key], Key]
) -> None:
    """Declare that what is counted of some programs is part of what is counted of more."""
    for one, smaller in enumerate(reports):
        for other, larger in enumerate(reports):
            if not set(smaller.programs) < set(larger.programs):
                continue
            for key in smaller.counts:
                if not _of_one_time(key, smaller, larger):
                    continue
                part, whole = again[one, key], again[other, key]
                rest = ("rest", whole, part)
                counts = key not in smaller.not_people and not _less_than_export(key)
                if rest not in joined.counts and counts:
                    joined.counts[rest] = None
                    joined.sums.append({part: 1, rest: 1, whole: -1})


def _of_one_time(key: Key, one: PrintedCells, other: PrintedCells) -> bool:
    """Return whether both reports have a count, of the same time."""
    if key not in one.counts or key not in other.counts:
        return False
    timed = key in one.settled and key in other.settled
    return timed or one.quarter == other.quarter


def _wholes(
    joined: PrintedCells, reports: Sequence[PrintedCells], again: dict[tuple[int, Key], Key]
) -> None:
    """Declare that a whole is the sum of its programs, and of those without the count.

    Where each program has the count there are no others. Without a report of each, the others are a
    count like any other. An episode is in one program, so that who is in two has one in each.
    """
    seen: set[Key] = set()
    for other, larger in enumerate(reports):
        apart = _apart(reports, larger)
        for key in larger.counts if len(apart) > 1 else ():
            if key in larger.not_people or not (adds_up(key) or of_episodes(key)):
                continue
            here = [one for one in apart if _of_one_time(key, reports[one], larger)]
            if of_episodes(key):
                here = [one for one in here if reports[one].data_cut == larger.data_cut]
            parts, whole = [again[one, key] for one in here], again[other, key]
            if len(here) < 2:
                continue
            row: Sum = {whole: -1, **dict.fromkeys(parts, 1)}
            complete = {name for one in here for name in reports[one].programs} == {
                *larger.programs
            }
            if complete and isinstance(key, tuple) and key[0] == "rest":
                continue  # it follows from the sums of both counts
            if of_episodes(key) and not _may_be(joined, row, complete=complete):
                continue
            if not complete:
                row["others", whole, *parts] = 1
                joined.counts["others", whole, *parts] = None
            if (whole, *parts) not in seen:
                seen.add((whole, *parts))
                joined.sums.append(row)


def _may_be(joined: PrintedCells, row: Sum, *, complete: bool) -> bool:
    """Return whether the printed numbers of a whole and its parts may add up.

    They do not where reports have other rules, or records were changed between them: then there is
    no sum, and nothing is said of the others.
    """
    (whole, _), *parts = row.items()
    total, values = joined.counts[whole], [joined.counts[part] for part, _ in parts]
    if total is None:
        return True
    least = sum(
        joined.least.get(part, 0) if value is None else value
        for (part, _), value in zip(parts, values, strict=True)
    )
    return least == total if complete and None not in values else least <= total


def _people(
    reports: Sequence[PrintedCells], again: dict[tuple[int, Key], Key]
) -> Iterator[PeopleOfAll]:
    """Give the counts of people of some programs, each with those of its programs."""
    for other, larger in enumerate(reports):
        apart = _apart(reports, larger)
        for key in larger.counts if len(apart) > 1 else ():
            if not counts_people(key) or key in larger.not_people:
                continue
            here = [one for one in apart if _of_one_time(key, reports[one], larger)]
            if len(here) > 1:
                of = {name for one in here for name in reports[one].programs}
                parts = tuple(again[one, key] for one in here)
                whole, everybody = again[other, key], again.get((other, of_everybody(key)))
                complete = of == set(larger.programs)
                yield PeopleOfAll(whole, everybody or whole, parts, complete)


def _less_than_export(key: Key) -> bool:
    """Return whether a count is what an export has besides what is counted of some programs."""
    derived = isinstance(key, tuple) and key[0] in ("rest", "sum")
    return derived and any(f"('{name}'," in repr(key) for name in OF_EXPORT)


def _apart(reports: Sequence[PrintedCells], larger: PrintedCells) -> list[int]:
    """Return the reports of programs of a larger one that have no program in common."""
    of = larger.programs
    smaller = [one for one, report in enumerate(reports) if set(report.programs) < set(of)]
    taken: set[str] = set()
    apart = []
    for one in sorted(smaller, key=lambda one: len(reports[one].programs)):
        own = set(reports[one].programs)
        if own and not own & taken:
            taken |= own
            apart.append(one)
    return apart


def adds_up(key: Key) -> bool:
    """Return whether a count of some programs is the sum of the counts of each."""
    return _is_of(key, ADDED_UP)


def of_episodes(key: Key) -> bool:
    """Return whether a count is of episodes as they were at the data cut, each in one program."""
    return _is_of(key, OF_EPISODES)


def _is_of(key: Key, families: Collection[str]) -> bool:
    """Return whether a count is of some families, or what one has more than another of them.

    Of those without a report of their own the difference is a count, too: who of them did not meet
    a rule, say.
    """
    if not (isinstance(key, tuple) and isinstance(key[0], str)):
        return False
    if key[0] == "rest" and len(key) == 3:
        return _is_of(key[1], families) and _is_of(key[2], families)
    return key[0].partition(",")[0] in families
