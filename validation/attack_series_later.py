"""What several reports tell of counts that go on growing: rules met, discharges, answers.

Of those admitted in a quarter a later report counts as many as an earlier one or more, and as many
once the answer is final. So each report has numbers of its own of each quarter, and what one has
more of them than another is a number of people, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import pandas as pd

from validation.attack_periods import same
from validation.attack_reading import cell, rows
from validation.attack_series_reading import One
from validation.attack_solving import Name, Puzzle, Weights
from validation.attack_there import begins

A_YEAR = 365
FINAL_AFTER = {
    "Started and engaged (IET style)": 48,
    "Started and engaged (Washington Circle)": 44,
    "Continuity of care (VA)": 90,
    "First to fourth session within 30 days (NIATx)": A_YEAR,
    "Seen within 7 days after a stay elsewhere": 7,
    "Seen within 30 days after a stay elsewhere": 30,
    "Left: 30 days without contact": 120,
}
"""Each rule, and how many days after the admission its answer is final, as its words say."""
RULES = "Who met which rule"
CAPTIONS = {
    "symptoms": "Change of symptoms",
    "functioning": "Work, housing and more, at the start and at discharge",
}
ANSWERED = {"symptoms": ("scale", "answered_twice"), "functioning": ("domain", "paired")}
QUARTERS = 12  # of the trends, at most
ByQuarter = dict[str, Weights]
"""A quarter -> what is counted of those who were admitted in it."""


class Growing:
    """A count by quarter of admission that a later report has as much of or more.

    Parameters
    ----------
    name : hashable
        What it counts.
    final_after : int or None
        After how many days it is the same in each report, if that is known.
    """

    def __init__(self, name: Name, final_after: int | None = None) -> None:
        self.name = name
        self.in_turn: list[ByQuarter] = []
        self._final_after = final_after
        self._last: dict[str, tuple[Name, bool, pd.Timestamp]] = {}
        """Of each quarter the count, whether it is final, and up to when the records went."""

    def of(self, puzzle: Puzzle, report: One, quarters: Sequence[str]) -> list[Name]:
        """Return the counts of a report, which comes after those that were asked for before."""
        own = {one: puzzle.unknown((report.quarter, (self.name, one))) for one in quarters}
        for quarter, name in own.items():
            before, is_final, cut = self._last.get(quarter, (None, False, report.cut))
            if before is not None and (is_final or cut == report.cut):
                same(puzzle, [before], [name])
            elif before is not None:
                puzzle.part(name, before)
            self._last[quarter] = name, self._is_final(quarter, report), report.cut
        self.in_turn.append({quarter: {name: 1.0} for quarter, name in own.items()})
        return list(own.values())

    def _is_final(self, quarter: str, report: One) -> bool:
        if self._final_after is None:
            return False
        wait = pd.Timedelta(days=self._final_after)
        return pd.Period(quarter).end_time.normalize() + wait <= report.cut


def tie_later(puzzle: Puzzle, reports: Sequence[One]) -> None:
    """Tie what reports tell of counts that grow, in the order of their days."""
    for rule, days in FINAL_AFTER.items():
        _rule(puzzle, reports, rule, days)
    _answers(puzzle, reports)


def _rule(puzzle: Puzzle, reports: Sequence[One], rule: str, days: int) -> None:
    """Tie who met a rule and who did not; of all others who were admitted it is not known."""
    met, not_met = Growing((rule, "met"), days), Growing((rule, "not met"), days)
    unknown: list[ByQuarter] = []
    for report in reports:
        quarters = _quarters(report, RULES)
        for row in rows(report.read, "continuity") if quarters else ():
            if row["rule"] != rule:
                continue
            came, others = met.of(puzzle, report, quarters), not_met.of(puzzle, report, quarters)
            left = [puzzle.unknown((report.quarter, (rule, "not known", one))) for one in quarters]
            for quarter, *parts in zip(quarters, came, others, left, strict=True):
                puzzle.total(_admitted(puzzle, quarter), parts)
            unknown.append({one: {name: 1.0} for one, name in zip(quarters, left, strict=True)})
            whole = [report.named(("continuity", rule, name)) for name in ("met", "of")]
            for name, value in zip(whole, (row["met"], row["of"]), strict=True):
                cell(puzzle, name, value, least=0)  # type: ignore[arg-type]  # all names are tuples
            puzzle.total(whole[0], came)
            puzzle.total(whole[1], [*came, *others])
    known = _added(met.in_turn, not_met.in_turn)
    for name, in_turn in (("met", met.in_turn), ("not met", not_met.in_turn), ("known", known)):
        _ask(puzzle, (rule, name), in_turn)
    for name, in_turn in (("not known", unknown), ("not", _added(not_met.in_turn, unknown))):
        _ask(puzzle, (rule, name), in_turn, newly=False)  # what is less is what others are more


def _answers(puzzle: Puzzle, reports: Sequence[One]) -> None:
    """Tie who was discharged, and who of them answered twice, by table and scale."""
    gone, answered = Growing("discharged"), dict[Name, Growing]()
    there, without = list[ByQuarter](), dict[Name, list[ByQuarter]]()
    for report in reports:
        end = pd.Period(report.quarter, "Q")
        quarters = [str(one) for one in pd.period_range(end - QUARTERS + 1, end)]
        quarters = [one for one in quarters if ("admissions", one, "numerator") in puzzle]
        some = dict(zip(quarters, gone.of(puzzle, report, quarters), strict=True))
        for quarter, name in some.items():
            puzzle.part(_admitted(puzzle, quarter), name)
        there.append({one: _rest(_admitted(puzzle, one), name) for one, name in some.items()})
        if begins(quarters) and report.ends_with_quarter:  # else others were discharged since
            puzzle.total(report.named(("discharged", "ever")), list(some.values()))
        for table, (column, count) in ANSWERED.items():
            own = [one for one in _quarters(report, CAPTIONS[table]) if one in some]
            for row in rows(report.read, table) if own else ():
                key = (table, row[column])
                twice = answered.setdefault(key, Growing((*key, "answered"), A_YEAR))
                parts = dict(zip(own, twice.of(puzzle, report, own), strict=True))
                for quarter, name in parts.items():
                    puzzle.part(some[quarter], name)
                rest = {one: _rest(some[one], name) for one, name in parts.items()}
                without.setdefault(key, []).append(rest)
                whole = report.named((*key, count.replace("_", " ")))
                cell(puzzle, whole, row[count], least=0)  # type: ignore[arg-type]
                puzzle.total(whole, list(parts.values()))
                puzzle.total(report.named((*key, "discharged")), [some[one] for one in own])
    _ask(puzzle, "discharged", gone.in_turn)
    _ask(puzzle, "still there", there, newly=False)
    for key, one in answered.items():
        _ask(puzzle, (key, "answered"), one.in_turn)
        _ask(puzzle, (key, "did not answer twice"), without[key], newly=False)


def _quarters(report: One, caption: str) -> list[str]:
    """Return the whole quarters of admission that a table is of; [] if it is of other days."""
    for text in report.read.captions:
        if text.startswith(f"{caption}: admissions from "):
            first, last = (pd.Timestamp(day) for day in text.split(" from ")[1].split(" to "))
            quarters = pd.period_range(first, last, freq="Q")
            whole = quarters[0].start_time == first and quarters[-1].end_time.normalize() == last
            return [str(one) for one in quarters] if whole else []
    return []


def _admitted(puzzle: Puzzle, quarter: str) -> Name:
    return puzzle.unknown(("admissions", quarter, "numerator"))


def _rest(whole: Name, part: Name) -> Weights:
    return {("rest", whole, part): 1.0}


def _added(*several: Sequence[ByQuarter]) -> list[ByQuarter]:
    """Return several counts of each report as one."""
    return [
        {quarter: _sum(one[quarter] for one in own) for quarter in own[0]}
        for own in zip(*several, strict=True)
    ]


def _sum(several: Iterator[Weights]) -> Weights:
    together: Counter[Name] = Counter()
    for one in several:
        together.update(one)  # type: ignore[arg-type]  # weights need not be whole
    return {name: weight for name, weight in together.items() if weight}


def _ask(puzzle: Puzzle, name: Name, in_turn: Sequence[ByQuarter], *, newly: bool = True) -> None:
    """Ask of each report for quarters in a row, and for what it has more than each earlier one."""
    for number, own in enumerate(in_turn):
        quarters = sorted(own)
        for first, last in combinations(range(len(quarters) + 1), 2):
            some = quarters[first:last]
            puzzle.targets["in", name, number, *some] = _sum(own[one] for one in some)
    for one, other in combinations(range(len(in_turn)), 2) if newly else ():
        for quarters, weights in _more(in_turn[one], in_turn[other]):
            puzzle.targets["more", name, one, other, *quarters] = weights


def _more(
    one: Mapping[str, Weights], other: Mapping[str, Weights]
) -> Iterator[tuple[list[str], Weights]]:
    """Give what a later report has more: of each quarter, of those of both, and with new ones."""
    both = sorted({*one} & {*other})
    new = [quarter for quarter in sorted(other) if quarter > max(one)]
    together = both + new
    spans = [[quarter] for quarter in both] + [together[first:] for first in range(len(together))]
    for some in [*spans, both]:
        less = [{name: -weight for name, weight in one[own].items()} for own in some if own in one]
        yield some, _sum(iter([*(other[own] for own in some), *less]))
