"""Reports that are made at one time, of all programs and of each: their counts as one system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Item, Key
from iop_outcomes.disclosure.joined import JoinedCounts
from iop_outcomes.disclosure.linked import OF_EXPORT
from iop_outcomes.disclosure.system import KeptParts, PrintedCells, PrintedShare, join, told
from iop_outcomes.disclosure.system.joining import adds_up, of_episodes
from iop_outcomes.disclosure.system.people.overlap import (
    counts_people,
    of_everybody,
    overlap_of,
)
from iop_outcomes.disclosure.system.quarters import quarters_together
from iop_outcomes.errors import ReportError
from iop_outcomes.report.model import Hidden
from iop_outcomes.report.programs import FAMILY
from iop_outcomes.report.sections.cohort import ALL

WHOLE = ""
System = Callable[[Hidden], PrintedCells]


def renamed(cells: PrintedCells, name: Callable[[Key], Key]) -> PrintedCells:
    """Return printed cells with other names of their counts."""
    name = cache(name)
    return replace(
        cells,
        counts={name(key): value for key, value in cells.counts.items()},
        least={name(key): value for key, value in cells.least.items()},
        not_people=frozenset(map(name, cells.not_people)),
        settled=frozenset(map(name, cells.settled)),
        sums=[{name(key): sign for key, sign in row.items()} for row in cells.sums],
        shares=[
            PrintedShare(name(one.numerator), name(one.denominator), one.low, one.high)
            for one in cells.shares
        ],
    )


@dataclass(eq=False)
class Together:
    """The reports of a time: first one of each program, then that of all.

    A count of one program is the same count in the report of all and in its own; the counts of all
    are the sum of those of each. So what is hidden in one must not follow from the others. The
    report of all comes last, and hides more where it must: to hide more of a program would disclose
    that there is somebody, which beside a sum of a few is much.

    Attributes
    ----------
    programs : tuple of str
        Those of the report of all.
    known : int
        How many reports the ledger held before.
    own : str
        The program whose report is being made; empty for that of all.
    reports : list of PrintedCells
        Of the reports so far, with names that they share.
    values : dict
        The counts themselves, to see which add up; they are never printed from here.
    hide_export : bool
        Hide in each report what was read: it is of all programs, and can be the sum of them.
    joined : JoinedCounts or None
        The same with what is printed of them, to see what hides enough.
    parts : KeptParts
        What was asked of the reports so far.
    """

    programs: tuple[str, ...]
    known: int = 0
    own: str = WHOLE
    reports: list[PrintedCells] = field(default_factory=list)
    values: dict[str, dict[Key, float]] = field(default_factory=dict)
    hide_export: bool = False
    joined: JoinedCounts | None = None
    parts: KeptParts = field(default_factory=KeptParts)

    def hide(
        self, linked: LinkedCounts, hidden: Hidden, cells_of: Callable[[Hidden], PrintedCells]
    ) -> Hidden:
        """Return what is hidden of one more report beside those before.

        Parameters
        ----------
        linked : LinkedCounts
            The counts of the report.
        hidden : frozenset
            What it hides by itself.
        cells_of : callable
            Its printed cells if some items are hidden.
        """
        own = self.own
        if self.hide_export:
            shown = frozenset[Item]().union(*linked.tables(hidden))
            hidden |= {one for one in shown if isinstance(one, tuple) and one[0] in OF_EXPORT}
        names = [_named(key, own) for key in cells_of(frozenset()).counts]
        values = zip(names, linked.facts.values, strict=True)
        self.values[own] = {key: float(value) for key, value in values}
        sums = self._sums(linked.policy.threshold) if own == WHOLE else []

        def cells(gone: Hidden) -> PrintedCells:
            named_cells = renamed(cells_of(gone), lambda key: _named(key, own))
            added: dict[Key, int | None] = {key: None for row in sums for key in row}
            named_cells = replace(
                named_cells, counts=added | named_cells.counts, sums=[*named_cells.sums, *sums]
            )
            return replace(named_cells, programs=(), quarter="", data_cut="", settled=frozenset())

        joined = self.joined = self.joined or JoinedCounts(linked.policy)
        joined.take_up(own, linked, [_beside(key) for key in names])
        for row in sums:
            joined.declare({_beside(key): sign for key, sign in row.items()})
        hidden = self._hide_more(joined, hidden, cells)
        joined.settle(own, hidden)
        self.reports.append(cells(hidden))
        return hidden

    def _hide_more(self, joined: JoinedCounts, hidden: Hidden, cells: System) -> Hidden:
        """Hide more of the report that is being made, until nothing follows from it and others."""

        def follows(gone: Hidden) -> list[Key]:
            return list(told(join([*self.reports, cells(gone)]), self.parts))

        try:
            return joined.hidden_beside(self.own, hidden, follows)
        except ReportError:
            return hidden  # the reports contradict each other: `leaks` says so

    def _sums(self, threshold: int) -> list[dict[Key, int]]:
        """Return the sums over programs: of those without a report there is a rest.

        Few people of all programs but one, or of all whose count is not printed, are a count, too.
        Who is in several programs is counted in each: the sum is more by these.
        """
        of_all = self.values[WHOLE]
        single = [name for name in self.values if name != WHOLE]
        printed = {
            key for one in self.reports for key, value in one.counts.items() if value is not None
        }
        rows: list[dict[Key, int]] = []
        for key in of_all:
            if not (isinstance(key, tuple) and key[0] == WHOLE):
                continue
            overlap = (WHOLE, overlap_of(key[1]))
            of_people = counts_people(key[1]) and overlap in of_all
            if not (of_people or _adds_up(key[1])):
                continue
            parts = [(name, key[1]) for name in single if (name, key[1]) in self.values[name]]
            terms: dict[Key, float] = {part: self.values[part[0]][part] for part in parts}
            rest = of_all[key] - sum(terms.values()) + (of_all[overlap] if of_people else 0)
            if len(parts) < len(self.programs):
                terms["others", key] = rest
            elif rest:
                continue
            if not parts or rest < 0:
                continue
            rows.append({key: -1, **dict.fromkeys(terms, 1)})
            if of_people:
                rows[-1][overlap] = -1
                rows += self._people_without(key, rest)
                less = [part for part in parts if terms[part] <= of_all[key]]
                rows += [{key: -1, part: 1, ("rest", key, part): 1} for part in less]
            some = [tuple(one for one in terms if one not in printed)]
            some += [tuple(one for one in terms if one != part) for part in parts]
            for few in dict.fromkeys(some):
                if len(few) > 1 and 0 < sum(terms[one] for one in few) < threshold:
                    rows.append({("some", key, *few): -1, **dict.fromkeys(few, 1)})
        return [*rows, *self._months_of_others(rows), *self._quarters(threshold)]

    def _people_without(self, key: tuple[str, Key], of_others: float) -> Iterator[dict[Key, int]]:
        """Give who had no session of a kind, of the programs that take it together with others."""
        kind = key[1]
        held = {name for name, own in self.values.items() if (name, kind) in own}
        everybody = [(name, of_everybody(kind)) for name in self.programs if name not in held]
        if not everybody or not all(one in self.values.get(one[0], ()) for one in everybody):
            return
        if sum(self.values[one[0]][one] for one in everybody) >= of_others:
            yield {**dict.fromkeys(everybody, -1), ("others", key): 1, ("without", key): 1}

    def _quarters(self, threshold: int) -> Iterator[dict[Key, int]]:
        """Give the few people of several quarters of a year, of a program or of all.

        Tables of the programs and of all may be of other times, so that the difference of two is
        known. Only rows of such tables are looked at.
        """
        rows = self._rows_of_other_times()
        for own, values in self.values.items() if rows else ():
            counts: dict[Key, int | None] = {
                (own, "", key[1]): round(value)
                for key, value in values.items()
                if isinstance(key, tuple) and key[0] == own and _row_of(key[1], 2) in rows
            }
            for names in quarters_together(PrintedCells(threshold, counts=counts), {own}):
                some: list[Key] = [(own, one[2]) for one in names]  # type: ignore[index]  # named so above
                if 0 < sum(values[one] for one in some) < threshold:
                    yield {("in quarters", *some): -1, **dict.fromkeys(some, 1)}

    def _rows_of_other_times(self) -> set[tuple[Key, ...]]:
        """Return the rows of tables that are of one time in a report and of another in the next."""
        times: dict[tuple[str, tuple[Key, ...]], set[str]] = {}
        for own, values in self.values.items():
            for key in values:
                inner = key[1] if isinstance(key, tuple) and key[0] == own else None
                if isinstance(inner, tuple) and isinstance(inner[0], str):
                    table = inner[0].partition(", ")[0], _row_of(inner, 1)
                    times.setdefault(table, set()).add(inner[0])
        return {row for (_, row), names in times.items() if len(names) > 1}

    def _months_of_others(self, rows: Sequence[dict[Key, int]]) -> Iterator[dict[Key, int]]:
        """Give the quarters of programs whose months follow from all less those of the others.

        A month that is not known from the records is in no trend, but a quarter may hold it: what
        a quarter has more than its months is a count, too.
        """
        months: dict[tuple[tuple[str, Key], ...], dict[Key, float]] = {}
        for key in dict.fromkeys(key for row in rows for key in row):
            if not (isinstance(key, tuple) and key[0] == "others"):
                continue
            _, month = key[1]
            printed = {
                name: own[name, month] for name, own in self.values.items() if (name, month) in own
            }
            quarter = _quarter_of(month)
            without = tuple((name, quarter) for name in self.programs if name not in printed)
            if all(one in self.values.get(one[0], ()) for one in without):
                left = printed.pop(WHOLE) - sum(printed.values())
                months.setdefault(without, {})[key] = left
        for wholes, inside in months.items():
            if sum(self.values[one[0]][one] for one in wholes) >= sum(inside.values()):
                more: Key = ("more than its months", *wholes)
                yield {**dict.fromkeys(wholes, -1), **dict.fromkeys(inside, 1), more: 1}

    @property
    def of_all(self) -> bool:
        """Whether the report that is being made is that of all programs."""
        return self.own == WHOLE

    @property
    def tells(self) -> bool:
        """Whether a small count follows; False where the numbers contradict each other."""
        try:
            return self.leaks > 0
        except ReportError:
            return False

    @property
    def leaks(self) -> int:
        """How many small counts follow from all reports together.

        Raises
        ------
        ReportError
            If their numbers contradict each other.
        """
        return len(list(told(join(self.reports), self.parts)))


def split_by_run(
    reports: Sequence[PrintedCells], together: Together | None
) -> tuple[Sequence[PrintedCells], Sequence[PrintedCells]]:
    """Return the reports of a ledger that were issued before, and those made together with one.

    What is hidden of the report of all programs must not follow from the earlier reports and those
    of this run: an earlier one of all programs and the new ones of each are of the same people.
    Where none was issued before there is nothing between: `Together` asks those of this run.
    """
    known = len(reports) if together is None else together.known
    return reports[:known], reports[known:] if known else ()


def _beside(key: Key) -> tuple[Key, ...]:
    """Return the name that `join` gives a count of reports without programs and a time."""
    return ("", "", key)


def _adds_up(key: Key) -> bool:
    """Return whether a count of all programs is the sum of those of each, as far as it fits."""
    if isinstance(key, tuple) and key[0] == "rest" and len(key) == 3:
        return _adds_up(key[1]) and _adds_up(key[2])
    return adds_up(key) or of_episodes(key)


def _quarter_of(key: Key) -> Key:
    """Return the name that a count of a month has as one of its quarter; others stay as they are.

    Examples
    --------
    >>> _quarter_of(("trend", "admissions", "month", "2026-02", "numerator"))
    ('trend', 'admissions', 'quarter', '2026Q1', 'numerator')
    """
    if not isinstance(key, tuple):
        return key
    if key[0] == "trend" and len(key) > 3 and key[2] == "month":
        return (*key[:2], "quarter", str(pd.Period(key[3], "M").asfreq("Q")), *key[4:])
    return tuple(map(_quarter_of, key))


def _row_of(key: Key, start: int) -> tuple[Key, ...]:
    """Return the row that a count is in: its name without the table, and without the quarter."""
    return key[start:] if isinstance(key, tuple) else ()


def _named(key: Key, own: str) -> Key:
    """Return the name that reports share for a count; `own` is the program, or empty for all."""
    if not isinstance(key, tuple):
        return (own, key)
    family = key[0]
    if family in OF_EXPORT:
        return ("export", key)
    if own == WHOLE and family == FAMILY and len(key) > 2 and key[2] != ALL:
        return (str(key[2]), (FAMILY, key[1], ALL, *key[3:]))
    if own == WHOLE and family == "sites":
        return (str(key[2]), key)
    if own == WHOLE and str(family).startswith("admissions") and key[1] == "program":
        return (str(key[2]), (family, ALL))
    return (own, key)
