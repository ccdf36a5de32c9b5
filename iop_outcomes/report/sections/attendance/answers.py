"""Of whom the answer of a rule can be known: who was admitted long enough before the data cut.

The time of a rule is printed, and so is who was admitted in each quarter. Nobody admitted later
than that time before the data cut can have an answer, so that the admissions of the quarters before
less those whose answer is known are those whose answer is not known: people like any others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.system.quarters import KNOWN_BY
from iop_outcomes.report.linking.sums import part_or_same
from iop_outcomes.report.period import ReportPeriod, period_between, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.attendance.exclusions import IN_FLOW
from iop_outcomes.report.sections.quarters import (
    ADMITTED,
    CHANGED,
    EARLY,
    Parts,
    admitted_parts,
    by_quarter,
    not_final,
)
from iop_outcomes.report.trends import NOW

ALL = "all"
Counts = Mapping[Key, tuple[Key, Mask]]
"""The name of a count -> how it is named within a quarter, and the episodes that it counts."""


@dataclass(frozen=True, eq=False)
class Rule:
    """The counts of a rule, and when its answers are known.

    Attributes
    ----------
    counts : mapping
        Who has an answer, who of them met the rule, and who did not, in this order.
    least, final_after : int
        How many days after the admission an answer can be known at the earliest, and how many days
        after it is final.
    """

    counts: Counts
    least: int
    final_after: int

    def admitted_by(self, scope: Scope) -> pd.Timestamp:
        """Return the last day of admission of which an answer can be known."""
        cut = pd.Timestamp(scope.records.as_of).normalize()
        return cut - pd.Timedelta(days=self.least)


def link_rules(scope: Scope, linked: LinkedCounts, rules: Sequence[Rule]) -> None:
    """Declare who met each rule by quarter of admission, and of whom the answer is not known.

    A quarter in which nobody can have an answer yet has no count. That an answer is known of all
    who can have one is declared where it is so, though a reader may not know it for sure.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of the rules and of the trends.
    rules : sequence of Rule
        Those that are printed.
    """
    if not by_quarter(scope) or not rules:
        return
    parts = admitted_parts(scope, linked, scope.window(8))
    with linked.asked_last():
        admitted = _admitted(scope, linked, parts)
        for rule in rules:
            _by_quarter(scope, linked, parts, rule)
        for part, everybody in admitted.items():
            _of_quarter(scope, linked, parts, part, everybody, rules)


def _by_quarter(scope: Scope, linked: LinkedCounts, parts: Parts, rule: Rule) -> None:
    """Declare the counts of a rule as sums of those quarters in which there can be answers."""
    last, (_, known) = rule.admitted_by(scope), next(iter(rule.counts.values()))
    inside = {
        part: here
        for part, here in parts.inside.items()
        if part.first <= last or (here & known).any()
    }
    own = not_final(scope, Parts(parts.names, inside), rule.final_after, KNOWN_BY)
    for whole, (key, mask) in rule.counts.items():
        own.declare(linked, whole, key, mask, scope.person)
    for part in inside:
        n, x, rest = (_named(scope, parts, part, rule, key) for key, _ in rule.counts.values())
        linked.total(n, [x, rest])


def _named(scope: Scope, parts: Parts, part: ReportPeriod, rule: Rule, key: Key) -> Key:
    """Return the name of a count of a quarter, final or as it is known by now."""
    end = not_final(scope, parts, rule.final_after, KNOWN_BY).ends.get(part, ())
    return (*parts.names[part], *key, *end)


def _admitted(scope: Scope, linked: LinkedCounts, parts: Parts) -> dict[ReportPeriod, Key]:
    """Return the name of who was admitted in each quarter, which the trend of admissions has.

    A quarter that was printed before its records changed is left out, unless it has a count as the
    records are now.
    """
    found: dict[ReportPeriod, Key] = {}
    for part, here in parts.inside.items():
        printed: Key = ("trend", "admissions", "quarter", str(part), "numerator")
        if str(parts.names[part][0]).endswith(CHANGED):
            printed = (*printed, NOW)
            if printed in linked and linked.value(printed) == int(here.sum()):
                found[part] = printed
            continue
        everybody = (ADMITTED, str(part.last.date()), ALL)
        if everybody not in linked:
            linked.count(everybody, int(here.sum()), people=scope.people(here))
            if printed in linked:
                linked.total(printed, [everybody])
        if linked.value(everybody) == int(here.sum()):
            found[part] = everybody
    return found


def _of_quarter(
    scope: Scope,
    linked: LinkedCounts,
    parts: Parts,
    part: ReportPeriod,
    admitted: Key,
    rules: Sequence[Rule],
) -> None:
    """Declare of whom in a quarter the answers are known, and who came too late for each rule.

    Who came early enough for one rule did so for each that takes less time; who is counted in how
    far people came did so up to its last day.
    """
    dates = scope.records.episodes["admit_date"]
    early: dict[pd.Timestamp, Key] = {part.last: admitted}
    days = {rule.admitted_by(scope) for rule in rules}
    if scope.flow_dates is not None:
        days.add(scope.flow_dates[1])
    for day in sorted(days, reverse=True):
        if part.first <= day < part.last:
            mask = within(dates, period_between(part.first, day))
            key = (EARLY, str(part.last.date()), str(day.date()))
            linked.count(key, int(mask.sum()), people=scope.people(mask))
            part_or_same(linked, early[min(early)], key)
            early[day] = key
    if scope.flow_dates is not None and (last := scope.flow_dates[1]) in early:
        for name in _pieces_of_flow(scope, linked, part):
            if linked.value(name) == linked.value(early[last]):
                linked.total(early[last], [name])
    for rule in rules:
        whole = early.get(min(rule.admitted_by(scope), part.last))
        known = _named(scope, parts, part, rule, next(iter(rule.counts.values()))[0])
        if whole is not None and known in linked:
            part_or_same(linked, whole, known)


def _pieces_of_flow(scope: Scope, linked: LinkedCounts, part: ReportPeriod) -> list[Key]:
    """Return the name of who was admitted in the part of a quarter that the flow is of."""
    assert scope.flow_dates is not None
    first, last = scope.flow_dates
    if first > part.first or last >= part.last:
        return []
    window = ("admitted in the time of", IN_FLOW, str(last.date()))
    printed: Key = ("trend", "admissions", "quarter", str(part), "numerator")
    dates = period_between(first, last).dates
    names: list[Key] = [("in", dates, window, one) for one in (printed, (*printed, NOW))]
    return [name for name in names if name in linked]
