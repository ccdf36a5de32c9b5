"""What who met a rule has to do with how far people came, by quarter of admission.

Who had two visits in the third month was still there after 60 days, and who was engaged had a first
session. So those still there, which the flow and the trends have, less those who met the rule, are
people like any others. Who left without a word is known of those who stayed, and of those whose
discharge has a reason: where few have one, these are nearly those who stayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from iop_outcomes.attendance.stays import NO_CONTACT_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.system.quarters import AS_OF
from iop_outcomes.report.linking.leaving import Some as Counted
from iop_outcomes.report.linking.leaving import join
from iop_outcomes.report.period import QUARTER, ReportPeriod, parse_report_period, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.attendance.answers import Rule
from iop_outcomes.report.sections.cohort.flow import flow_stages, still_there
from iop_outcomes.report.sections.quarters import Parts, admitted_parts, by_quarter, not_final
from iop_outcomes.report.trends import NOW
from iop_outcomes.shared.arrays import Booleans

STARTED, CIRCLE = "Started and engaged (IET style)", "Started and engaged (Washington Circle)"
VA, FOURTH = "Continuity of care (VA)", "First to fourth session within 30 days (NIATx)"
LEFT = "Left: 30 days without contact"
N, MET, NOT_MET = range(3)
FIRST, FOURTH_SESSION = (f"{words} session within 30 days" for words in ("first", "fourth"))
RETAINED = {still_there(day): day for day in (60, 90)}
DISCHARGED = "not retained, discharged for a known reason"


@dataclass(frozen=True, eq=False)
class Some:
    """Some of those admitted: the name of their count in each quarter, and which they are."""

    names: dict[ReportPeriod, Key]
    mask: Mask


def link_stages(scope: Scope, linked: LinkedCounts, rules: Sequence[Rule]) -> None:
    """Declare who met a rule as part of those who came so far, by quarter and of all of them.

    Only what holds for all is declared: sessions without a recorded outcome may decide a rule.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of the trends, of the flow and of the rules by quarter.
    rules : sequence of Rule
        Those that are printed.
    """
    by_title = {rule.title: rule for rule in rules}
    if not by_quarter(scope):
        with linked.asked_last():
            _link_whole_times(scope, linked, by_title)
        return
    parts = admitted_parts(scope, linked, scope.window(8))
    with linked.asked_last():
        for whole, part in _pairs(scope, linked, parts, by_title):
            _declare_part(scope, linked, parts, whole, part)
        if LEFT in by_title:
            _link_left(scope, linked, parts, by_title[LEFT])


def _pairs(
    scope: Scope, linked: LinkedCounts, parts: Parts, rules: dict[str, Rule]
) -> Iterator[tuple[Some, Some]]:
    """Give counts of which the second is by definition a part of the first."""
    counted = partial(_of_rule, scope, parts, rules)
    stage = partial(_of_stage, scope, linked, parts)
    met = [counted(title, MET) for title in (STARTED, CIRCLE, VA) if title in rules]
    first = stage(FIRST)
    pairs = [(first, one) for one in met]
    if VA in rules:
        pairs.append((stage(still_there(60)), met[-1]))
    if FOURTH in rules:  # of whom it is known: those with a first visit
        with_visit = counted(FOURTH, N)
        pairs += [(with_visit, one) for one in (first, *met)]
        pairs.append((counted(FOURTH, MET), stage(FOURTH_SESSION)))  # with one session a day
    yield from pairs


def _of_rule(scope: Scope, parts: Parts, rules: dict[str, Rule], title: str, count: int) -> Some:
    rule = rules[title]
    quarters = rule.quarters(parts)
    names = {part: rule.named(scope, parts, part, count) for part in quarters}
    return Some(names, rule.mask(count))


def _of_stage(scope: Scope, linked: LinkedCounts, parts: Parts, words: str) -> Some:
    """Return who reached a stage of the flow, as the trends or the flow count them by quarter.

    Who stayed is a count in each quarter, also where the trends are of longer times.
    """
    if words not in RETAINED:
        mask = dict(flow_stages(scope))[words]
        names = {part: (*name, "flow", words) for part, name in parts.names.items()}
        return Some({part: key for part, key in names.items() if key in linked}, mask)
    mask = _retained(scope, RETAINED[words])
    names = {part: _who_stayed(scope, linked, parts, part, words, mask) for part in parts.names}
    _link_longer_times(linked, f"retained_{RETAINED[words]}", names)
    return Some(names, mask)


def _retained(scope: Scope, day: int) -> Booleans:
    column = scope.engaged[f"retained_{day}"]
    return column.fillna(False).to_numpy(dtype=bool)


def _who_stayed(
    scope: Scope, linked: LinkedCounts, parts: Parts, part: ReportPeriod, words: str, mask: Mask
) -> Key:
    """Return the name of who stayed in a quarter: that of the trend or the flow if it is theirs."""
    here, day = parts.inside[part] & mask, RETAINED[words]
    trend: Key = ("trend", f"retained_{day}", "quarter", str(part), "numerator")
    flow: Key = (*parts.names[part], "flow", words)
    for key in (trend, (*trend, NOW), flow):
        if key in linked and linked.value(key) == int(here.sum()):
            return key
    end = not_final(scope, parts, day + NO_CONTACT_DAYS, AS_OF).ends.get(part, ())
    own: Key = (*parts.names[part], "stayed", str(day), *end)
    if own not in linked:
        linked.count(own, int(here.sum()), people=scope.people(here))
    return own


def _link_longer_times(linked: LinkedCounts, measure: str, names: dict[ReportPeriod, Key]) -> None:
    """Declare that the longer times of a trend are their quarters, where it has no quarters."""
    own = [part for part, key in names.items() if key[0] != "trend"]
    if not own:
        return
    for key in linked.names:
        if isinstance(key, tuple) and key[:2] == ("trend", measure) and key[4:] == ("numerator",):
            time = parse_report_period(str(key[3]))
            here = [names[one] for one in time.cut(QUARTER) if one in names]
            whole = time.of_quarters and len(here) == time.months // QUARTER > 1
            if whole and linked.value(key) == sum(map(linked.value, here)):
                linked.total(key, here)


def _declare_part(
    scope: Scope, linked: LinkedCounts, parts: Parts, whole: Some, part: Some
) -> None:
    """Declare a count as part of another in each quarter that both have, and in all of these.

    Where sessions without a recorded outcome decide it for somebody, it is no part.
    """
    both = [time for time in part.names if time in whole.names]
    inside = {time: parts.inside[time] for time in both}
    held = [time for time, here in inside.items() if not (here & part.mask & ~whole.mask).any()]
    rests = {time: inside[time] & whole.mask & ~part.mask for time in held}
    for time, rest in rests.items():
        linked.part(whole.names[time], part.names[time], people=scope.people(rest))
    if len(held) == len(both) > 1:
        names = [_together(linked, [some.names[time] for time in both]) for some in (whole, part)]
        linked.part(*names, people=scope.people(np.any([*rests.values()], axis=0)))


def _together(linked: LinkedCounts, names: Sequence[Key]) -> Key:
    """Return the name of the sum of some counts."""
    together: Key = ("sum", *names) if len(names) > 1 else names[0]
    if together not in linked:
        linked.count(together, sum(map(linked.value, names)))
        linked.total(together, names)
    return together


def _link_left(scope: Scope, linked: LinkedCounts, parts: Parts, rule: Rule) -> None:
    """Declare of whom it is known whether they left without a word, by quarter and together."""
    stayed = _of_stage(scope, linked, parts, still_there(90))
    final_after = max(rule.final_after, RETAINED[still_there(90)] + NO_CONTACT_DAYS)
    ends = not_final(scope, parts, final_after, AS_OF).ends
    names: dict[str, list[Key]] = {}
    for part in rule.quarters(parts):
        wholes = (
            stayed.names[part],
            *(rule.named(scope, parts, part, one) for one in (NOT_MET, MET)),
        )
        name = parts.names[part], ends.get(part, ())
        here = parts.inside[part]
        for kind, key in _by_stay(scope, linked, rule, stayed.mask, here, wholes, name).items():
            names.setdefault(kind, []).append(key)
    for in_quarters in names.values():
        if len(in_quarters) > 1:
            _together(linked, in_quarters)


def _by_stay(
    scope: Scope,
    linked: LinkedCounts,
    rule: Rule,
    stayed: Mask,
    here: Mask,
    wholes: tuple[Key, ...],
    name: tuple[Key, Key],
) -> dict[str, Key]:
    """Declare who left without a word, and who did not, by whether they stayed; return the names.

    They are those who stayed for 90 days, but those of whom it is not known; those who did not and
    were discharged for a known reason; and those who left without a word, of whom some came back.
    Nobody is declared to be among one of these where nobody is, though a reader may not know it.
    `wholes` are those who stayed, who did not leave, and who did; `name` begins and ends a name.
    """
    known, left, not_left = (rule.mask(count) for count in (N, MET, NOT_MET))
    kinds = {
        "retained, and did not leave": stayed & not_left,
        "retained, and left without a word": stayed & left,
        "retained, and not known": stayed & ~known,
        DISCHARGED: not_left & ~stayed,
        "not retained, and left without a word": left & ~stayed,
    }
    first, back, unknown, discharged, gone = kinds
    own: dict[str, Key] = {}
    for kind, mask in kinds.items():
        if (here & mask).any():
            own[kind] = (*name[0], kind, *name[1])
            linked.count(own[kind], int((here & mask).sum()), people=scope.people(here & mask))
    some = (first, back, unknown), (first, discharged), (back, gone)
    for whole, of_whole in zip(wholes, some, strict=True):
        if pieces := [own[kind] for kind in of_whole if kind in own]:
            linked.total(whole, pieces)
    return own


def _link_whole_times(scope: Scope, linked: LinkedCounts, rules: dict[str, Rule]) -> None:
    """Declare the same where nothing is counted by quarter: of all whom a rule counts."""
    keys = {title: [*rule.counts] for title, rule in rules.items()}
    if VA in rules:
        for whole in _wholes(scope, linked, still_there(60)):
            _join(scope, linked, whole, Counted(keys[VA][MET], rules[VA].mask(MET)))
    for whole in _wholes(scope, linked, FIRST):
        for title in {STARTED, CIRCLE, VA} & {*rules}:
            _join(scope, linked, whole, Counted(keys[title][MET], rules[title].mask(MET)))
        if FOURTH in rules:
            _join(scope, linked, Counted(keys[FOURTH][N], rules[FOURTH].mask(N)), whole)
    if LEFT in rules:
        rule, everybody = rules[LEFT], np.ones(len(scope.person), dtype=np.bool_)
        stayed = _retained(scope, 90)
        for whole in _wholes(scope, linked, still_there(90)):
            if not (rule.mask(N) & stayed & ~whole.mask).any():
                stay: Key = whole.key if isinstance(whole.key, tuple) else (whole.key,)
                three = stay, keys[LEFT][NOT_MET], keys[LEFT][MET]
                _by_stay(scope, linked, rule, whole.mask, everybody, three, (stay, ()))


def _wholes(scope: Scope, linked: LinkedCounts, words: str) -> Iterator[Counted]:
    """Give who reached a stage: in the flow, and in the times of two years that a trend has."""
    flow: Key = ("flow", words)
    if flow in linked:
        yield Counted(flow, dict(flow_stages(scope))[words])
    if scope.period is None or words not in RETAINED:
        return
    window, dates = scope.window(8), scope.records.episodes["admit_date"]
    stayed, times = _retained(scope, RETAINED[words]), dict[object, list[Key]]()
    for key in linked.names:
        if isinstance(key, tuple) and key[:2] == ("trend", f"retained_{RETAINED[words]}"):
            time = parse_report_period(str(key[3]))
            inside = window.first <= time.first and time.last <= window.last
            if inside and key[4:] == ("numerator",):
                length = time.months or (time.last - time.first).days
                times.setdefault((key[2], length), []).append(key)
    for names in times.values():
        masks = [within(dates, parse_report_period(str(key[3]))) & stayed for key in names]
        mask = np.any(masks, axis=0)
        if sum(map(linked.value, names)) == int(mask.sum()):
            yield Counted(_together(linked, names), mask)


def _join(scope: Scope, linked: LinkedCounts, whole: Counted, part: Counted) -> None:
    """Declare that one count is part of another, or nearly so in a report of the whole time."""
    if scope.period is None or not (part.mask & ~whole.mask).any():
        join(scope, linked, whole, part)
