"""What reports of several quarters count again: the counts of a longer time, by quarter.

Tables of a half-year, a year or two years of reports that follow one another have quarters in
common. A half-year less a quarter of another report, or two years less the two years before, is a
count of few. So each such count is declared as the sum of its quarters, whose names are the same in
each report.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass, field, replace
from itertools import takewhile

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.disclosure.system.quarters import KNOWN_BY, without_end
from iop_outcomes.report.period import QUARTER, ReportPeriod, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.trends import NOW
from iop_outcomes.shared.arrays import Integers

ADMITTED = "admitted in the quarter up to"
DISCHARGED = "discharged in the quarter up to"
SESSIONS = "sessions in the quarter up to"
PEOPLE = "people of sessions in the quarter up to"
WEEKDAYS = "weekdays in the quarter up to"
COHORTS = "of the admissions in the quarter up to"
THERE = "there in the quarter up to"
LEFT = "left in the quarter up to"
ENDED = "ended of the admissions in the year up to"
UNTIL_LEFT = 365
"""Days after a quarter by which those admitted in it have left, and it is known what they said."""
FAMILIES = (ADMITTED, DISCHARGED, SESSIONS, PEOPLE, WEEKDAYS, COHORTS, THERE, LEFT, ENDED)
CHANGED = ", changed"


_TABLES = {
    ADMITTED: "admissions",
    DISCHARGED: "discharges",
    SESSIONS: "sessions",
    WEEKDAYS: "weekdays",
}


def before_this(
    reports: Sequence[PrintedCells], programs: Collection[str], quarter: str, data_cut: str
) -> list[PrintedCells]:
    """Return the reports that were issued before a report: not itself, if it is made once more."""
    own = (tuple(sorted(programs)), quarter, data_cut)
    return [*takewhile(lambda one: (one.programs, one.quarter, one.data_cut) != own, reports)]


def seen_before(reports: Iterable[PrintedCells], programs: Collection[str]) -> frozenset[Key]:
    """Return the rows that tables of earlier reports have, as they are named now.

    The reports are of the same programs or of some of them: nobody in all is nobody in these.
    Such a row has a count in each quarter; one that is left out would be a zero that cannot be
    hidden.
    """
    earlier = (report for report in reports if {*report.programs} <= {*programs})
    names = (key for report in earlier for key in report.counts)
    return frozenset(
        (table, *name[2:])
        for name in names
        if isinstance(name, tuple)
        and (table := _TABLES.get(str(name[0]).removesuffix(CHANGED))) is not None
    )


@dataclass(frozen=True, eq=False)
class Parts:
    """The quarters of a time, with the name that the counts of each begin with.

    Attributes
    ----------
    names : dict of ReportPeriod to tuple
        The quarter -> how the names of its counts begin: the family and the last day.
    inside : dict of ReportPeriod to numpy.ndarray of bool
        The quarter -> which rows are in it.
    ends : dict of ReportPeriod to tuple
        The quarter -> how the names of its counts end where these are not final.
    """

    names: dict[ReportPeriod, Key]
    inside: dict[ReportPeriod, Mask]
    ends: dict[ReportPeriod, Key] = field(default_factory=dict)

    def only(self, some: Collection[ReportPeriod]) -> Parts:
        """Return some of the quarters."""
        return Parts(
            {part: name for part, name in self.names.items() if part in some},
            {part: here for part, here in self.inside.items() if part in some},
            {part: end for part, end in self.ends.items() if part in some},
        )

    def declare(
        self, linked: LinkedCounts, whole: Key, own: Key, mask: Mask, person: Integers
    ) -> None:
        """Declare a count as the sum of its quarters.

        Parameters
        ----------
        linked : LinkedCounts
            With the count.
        whole : tuple
            Its name.
        own : tuple
            How the names of the counts of the quarters end.
        mask : numpy.ndarray of bool
            Which rows it counts.
        person : numpy.ndarray of int
            The person of each row.
        """
        if whole not in linked:
            return
        counts = {
            part: (int(here.sum()), len(np.unique(person[here])))
            for part, here in ((part, inside & mask) for part, inside in self.inside.items())
        }
        self.add_up(linked, whole, own, counts)

    def declare_groups(
        self,
        linked: LinkedCounts,
        table: str,
        groups: Mapping[str, Sequence[str]],
        masks: Mapping[str, Mask],
        person: Integers,
    ) -> None:
        """Declare by quarter what a table takes together: each of several words may have nobody.

        Parameters
        ----------
        linked : LinkedCounts
            With the counts of the words by quarter.
        table : str
            How the names of its counts begin.
        groups : mapping of str to sequence of str
            The name of each group -> its words.
        masks : mapping of str to numpy.ndarray of bool
            The word -> which rows it counts.
        person : numpy.ndarray of int
            The person of each row.
        """
        for name, words in groups.items():
            if len(words) > 1 and (table, name) in linked:
                mask = np.any([masks[word] for word in words], axis=0)
                self.declare(linked, (table, name), (name,), mask, person)
                for own in self.names.values():
                    linked.total((*own, name), [(*own, word) for word in words])

    def add_up(
        self,
        linked: LinkedCounts,
        whole: Key,
        own: Key,
        counts: Mapping[ReportPeriod, tuple[int, int]],
    ) -> None:
        """Declare that a count is the sum of those of its quarters, each given with its people."""
        keys: list[Key] = [(*self.names[part], *own, *self.ends.get(part, ())) for part in counts]
        for key, (number, people) in zip(keys, counts.values(), strict=True):
            if key not in linked:
                linked.count(key, number, people=people)
        linked.total(whole, keys)


def parts_of(
    scope: Scope,
    family: str,
    window: ReportPeriod,
    dates: pd.Series[pd.Timestamp],
    changed: Collection[ReportPeriod] = (),
) -> Parts:
    """Return the quarters of a time; of those that have `changed` other people are counted.

    Quarters before the first admission are left out: as the trend shows, they hold nobody.
    """
    first = scope.records.episodes["admit_date"].min()
    inside = {part: within(dates, part) for part in window.cut(QUARTER) if part.last >= first}
    names: dict[ReportPeriod, Key] = {
        part: (f"{family}{CHANGED if part in changed else ''}", str(part.last.date()))
        for part in inside
    }
    return Parts(names, inside)


def admitted_parts(scope: Scope, linked: LinkedCounts, window: ReportPeriod) -> Parts:
    """Return the quarters of a time of admissions, for counts of who was admitted in it.

    They are the same people in each report; what is known of the newest grows as their time passes:
    see `not_final`. Of a quarter that was printed before its records changed other people are
    counted.
    """
    dates = scope.records.episodes["admit_date"]
    parts = parts_of(scope, COHORTS, window, dates)
    counts = {part: int(here.sum()) for part, here in parts.inside.items()}
    of_trend = [("trend", "admissions", "quarter", str(part), "numerator") for part in counts]
    _, changed = of_one_time(linked, of_trend, counts)
    return parts_of(scope, COHORTS, window, dates, changed) if changed else parts


def admissions_changed(scope: Scope, linked: LinkedCounts) -> bool:
    """Return whether a quarter of two years was printed before its admissions changed."""
    parts = admitted_parts(scope, linked, scope.window(8))
    return any(str(name[0]).endswith(CHANGED) for name in parts.names.values())


def link_cohort(
    scope: Scope,
    linked: LinkedCounts,
    counts: Mapping[Key, tuple[Key, Mask]],
    window: ReportPeriod | None = None,
    final_after: int = 0,
    until: str = KNOWN_BY,
) -> None:
    """Declare counts of the people admitted in a time by quarter of admission.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts.
    counts : mapping
        The name of a count -> how it is named within a quarter, and the episodes that it counts.
    window : ReportPeriod, optional
        The time in which they were admitted; default: two years.
    final_after : int
        How many days after a quarter its counts are final.
    until : str
        How the names of counts end until then: a later report may count more, or fewer.
    """
    if not by_quarter(scope):
        return
    parts = admitted_parts(scope, linked, window or scope.window(8))
    parts = not_final(scope, parts, final_after, until)
    for whole, (own, mask) in counts.items():
        parts.declare(linked, whole, own, mask, scope.person)


def not_final(scope: Scope, parts: Parts, final_after: int, until: str) -> Parts:
    """Return quarters with the end of the names of those counts that are not final.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    parts : Parts
        The quarters.
    final_after : int
        How many days after a quarter its counts are final.
    until : str
        How the names end until then; the day up to which the records go comes after it.
    """
    cut = pd.Timestamp(scope.records.as_of)
    ends: dict[ReportPeriod, Key] = {
        part: (f"{until} {cut.date()}",)
        for part in parts.inside
        if part.last + pd.Timedelta(days=final_after) > cut
    }
    return replace(parts, ends=ends)


def by_quarter(scope: Scope) -> bool:
    """Return whether the report is of whole quarters, which others have in common with it."""
    return scope.period is not None and scope.period.of_quarters


def of_one_time(
    linked: LinkedCounts, of_trend: Sequence[Key], parts: Mapping[ReportPeriod, int]
) -> tuple[dict[ReportPeriod, Key], list[ReportPeriod]]:
    """Return the count of a trend of each quarter, and the quarters of which it is another number.

    Of a quarter that was printed before the records changed other people are counted: the count of
    the trend is then the one as the records are now, if it is given.
    """
    names = {str(key[3]): key for key in of_trend if key in linked}
    found = {part: names[str(part)] for part in parts if str(part) in names}
    printed = {part: key[:-1] if key[-1] == NOW else key for part, key in found.items()}
    changed = [part for part, key in printed.items() if linked.value(key) != parts[part]]
    return {part: key for part, key in found.items() if linked.value(key) == parts[part]}, changed


def link_trends(
    scope: Scope,
    linked: LinkedCounts,
    window: ReportPeriod,
    counts: Sequence[tuple[Sequence[Key], Key]],
) -> None:
    """Declare that people admitted in a quarter are those that trends count in it.

    `counts` are the names of counts of a trend, each with how the count is named in a quarter. What
    a trend counts is final.
    """
    if not by_quarter(scope):
        return
    names = admitted_parts(scope, linked, window).names
    for of_trend, own in counts:
        here = {part: (*name, *own) for part, name in names.items() if (*name, *own) in linked}
        values = {part: linked.value(key) for part, key in here.items()}
        for part, whole in of_one_time(linked, of_trend, values)[0].items():
            linked.total(whole, [here[part]])


def link_sums_by_quarter(linked: LinkedCounts) -> None:
    """Declare for each quarter of admission what is declared of the counts of all its people.

    What adds up for the people of a time does so for those of each of its quarters, and so does
    what is part of something: those who did not reach a stage are a count, in each quarter too.
    """
    names = linked.names
    rows = [[(names[place], sign) for place, sign in row.items()] for row in linked.facts.rows]
    tuples = [name for name in names if isinstance(name, tuple)]
    of_cohorts = [name for name in tuples if str(name[0]).startswith(COHORTS)]
    quarters = dict.fromkeys(name[:2] for name in of_cohorts)
    end_of = {name: without_end(name)[1] for name in of_cohorts}
    ends = set(end_of.values()) - {""}
    known = {name[2:-1] if end else name[2:] for name, end in end_of.items()}
    done = {frozenset(row) for row in rows}
    rows = [row for row in rows if all(_is_of(known, key) for key, _ in row)]
    for quarter in quarters:
        for row in rows:
            own = [(_in_quarter(linked, key, quarter, ends), sign) for key, sign in row]
            missing = [key for key, _ in own if key not in linked]
            if len(missing) > 1 or frozenset(own) in done:
                continue
            if missing:
                _declare_rest(linked, missing[0])
            elif sum(sign * linked.value(key) for key, sign in own) == 0:
                (whole,) = (key for key, sign in own if sign < 0)
                linked.total(whole, [key for key, sign in own if sign > 0])
            done.add(frozenset(own))


def _is_of(known: AnySet[Key], key: Hashable) -> bool:
    """Return whether a count, or both of which it is the difference, may have one by quarter."""
    if isinstance(key, tuple) and key[0] == "rest" and len(key) == 3:
        return all(_is_of(known, one) for one in key[1:])
    return (key if isinstance(key, tuple) else (key,)) in known


def _declare_rest(linked: LinkedCounts, rest: Key) -> None:
    """Declare what a count has besides a part of it, where both are there."""
    if rest[0] == "rest" and len(rest) == 3:
        whole, part = rest[1:]
        if whole in linked and part in linked and linked.value(whole) >= linked.value(part):
            linked.part(whole, part)


def _in_quarter(linked: LinkedCounts, key: Hashable, quarter: Key, ends: AnySet[object]) -> Key:
    """Return the name of a count of the people admitted in a quarter, final or as it is so far."""
    if isinstance(key, tuple) and key[0] == "rest" and len(key) == 3:
        whole, part = (_in_quarter(linked, one, quarter, ends) for one in key[1:])
        return ("rest", whole, part)
    own: Key = (*quarter, *key) if isinstance(key, tuple) else (*quarter, key)
    return next(((*own, end) for end in ends if (*own, end) in linked), own)


def is_settled(key: object, cut: str) -> bool:
    """Return whether a count is of a quarter, or a year, that was over on the data cut."""
    if isinstance(key, tuple) and key[0] == "rest" and len(key) == 3:
        return is_settled(key[1], cut) and is_settled(key[2], cut)
    return isinstance(key, tuple) and key[0] in FAMILIES and str(key[1]) <= cut
