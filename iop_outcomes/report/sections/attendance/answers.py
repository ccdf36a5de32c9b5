"""Of whom the answer of a rule is known: who was admitted long enough before the data cut.

The time of a rule is printed, and so is who was admitted in each quarter. The table counts the
quarters that all who came in them had time for the rule: their admissions, less those whose answer
is known, are those whose answer is not known: people like any others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.system.quarters import KNOWN_BY
from iop_outcomes.report.linking.sums import part_or_same
from iop_outcomes.report.period import ReportPeriod
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.quarters import (
    ADMITTED,
    CHANGED,
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
    until : pandas.Timestamp or None
        The last day of admission of those who are counted; None in a report of the whole time.
    final_after : int
        How many days after the admission an answer is final.
    """

    counts: Counts
    until: pd.Timestamp | None
    final_after: int

    @property
    def title(self) -> str:
        """What the table calls the rule."""
        return str(next(iter(self.counts))[1])

    def mask(self, count: int) -> Mask:
        """Return whom the first, second or third of its counts counts."""
        return [*self.counts.values()][count][1]

    def quarters(self, parts: Parts) -> list[ReportPeriod]:
        """Return the quarters whose admissions are counted."""
        return [part for part in parts.names if self.until is None or part.last <= self.until]

    def named(self, scope: Scope, parts: Parts, part: ReportPeriod, count: int) -> Key:
        """Return the name of one of its counts in a quarter, final or as it is known by now."""
        end = not_final(scope, parts, self.final_after, KNOWN_BY).ends.get(part, ())
        return (*parts.names[part], *[*self.counts.values()][count][0], *end)


def link_rules(scope: Scope, linked: LinkedCounts, rules: Sequence[Rule]) -> None:
    """Declare who met each rule by quarter of admission, and of whom the answer is not known.

    That an answer is known of all is declared where it is so, though a reader may not know it for
    sure.

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
            for part in rule.quarters(parts):
                if part in admitted:
                    known = rule.named(scope, parts, part, 0)
                    part_or_same(linked, admitted[part], known)


def _by_quarter(scope: Scope, linked: LinkedCounts, parts: Parts, rule: Rule) -> None:
    """Declare the counts of a rule as sums of those quarters that it counts."""
    own = not_final(scope, parts.only(rule.quarters(parts)), rule.final_after, KNOWN_BY)
    for whole, (key, mask) in rule.counts.items():
        own.declare(linked, whole, key, mask, scope.person)
    for part in own.names:
        n, x, rest = (rule.named(scope, parts, part, count) for count in range(3))
        linked.total(n, [x, rest])


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
