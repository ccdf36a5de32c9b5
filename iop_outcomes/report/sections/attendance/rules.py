"""Engagement and continuity by named rules, of those admitted in two years."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.continuity import (
    ContinuityMeasure,
    dropout_by_gap,
    first_to_fourth_session,
    followed_up,
    iet_style,
    va_continuity,
    washington_circle,
)
from iop_outcomes.attendance.stays import Attendance
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.continuity import safe_rows
from iop_outcomes.disclosure.declared import DETAIL
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.disclosure.results import Key
from iop_outcomes.report.model import DraftTable, Kind, Table
from iop_outcomes.report.programs import followed_until
from iop_outcomes.report.scope import IN_PART, Mask, Scope
from iop_outcomes.report.sections.attendance.answers import Rule, link_rules
from iop_outcomes.report.sections.attendance.stages import link_stages
from iop_outcomes.report.sections.outcomes import ADMITTED
from iop_outcomes.report.sections.quarters import UNTIL_LEFT
from iop_outcomes.shared.text import SHARE_DECIMALS

Apply = Callable[[Attendance], ContinuityMeasure]
LEFT = "Left: 30 days without contact"
RULES: tuple[tuple[str, Apply, int, int], ...] = (
    ("Started and engaged (IET style)", iet_style, 47, 48),
    ("Started and engaged (Washington Circle)", washington_circle, 44, 44),
    ("Continuity of care (VA)", va_continuity, 89, 90),
    ("First to fourth session within 30 days (NIATx)", first_to_fourth_session, 30, UNTIL_LEFT),
    ("Seen within 7 days after a stay elsewhere", followed_up, 0, 7),
    ("Seen within 30 days after a stay elsewhere", lambda one: followed_up(one, within=30), 0, 30),
    (LEFT, dropout_by_gap, 119, 120),
)
"""Each rule with its title; how many days after the admission its time can be over, and how many
days after it the answer is final."""
NO_SESSIONS = "These records hold no sessions."
NO_RULES = "The sessions do not tell which rules were met."

IN_WHOLE_TIMES = (
    ", up to the last day of the newest time in which it can be over for all, in the report of a "
    "quarter a quarter"
)
DROPOUT = "dropout_by_gap_30"
WITHOUT_REASON = (
    "Who left without one is in no number of that rule, so that its share is likely too low."
)


def continuity_table(scope: Scope, linked: LinkedCounts) -> DraftTable | None:
    """Return who met each rule, of those admitted in two years for whom it is known."""
    if scope.attendance is None or not scope.tells("first_session"):
        return None
    cohort = scope.records.subset(scope.two_years)
    parts = []
    for _, apply, *days in RULES:
        measure, counted = apply(scope.attendance), _admitted_in_time(scope, *days)
        judged = measure.table.assign(over=measure.table["over"] & counted)[scope.two_years]
        parts.append(replace(measure, table=judged.reset_index(drop=True), _records=cohort))
    safe = safe_rows(pd.concat([one.summary() for one in parts], ignore_index=True), scope.policy)
    dropout = scope.judgements.of(DROPOUT)[DROPOUT]
    rows, needs, unknown, known = [], [], [], []
    selected = False
    for (title, _, *days), one, row in zip(RULES, parts, safe.to_dict("records"), strict=True):
        if row["denominator"] == 0:
            unknown.append(title)
            continue
        if title == LEFT and dropout.absent:  # known of hardly anybody but those who stayed
            selected = True
            continue
        key = ("continuity", title)
        if row["hidden"]:
            linked.withhold(key)
        else:
            known.append(_declare_rule(scope, linked, key, one, *days))
        names = ("numerator", "denominator", "share", "lower", "upper")
        numbers = (HIDDEN if row["hidden"] else row[name] for name in names)
        rows.append((title, *numbers, one.rule))
        needs.append((key,))
    link_rules(scope, linked, known)
    link_stages(scope, linked, known)
    if not rows:
        return None
    columns = ["rule", "met", "of", "share", "lower", "upper", "what it means"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["what it means"], of_several = said_once(frame["what it means"])
    shares = ["share", "lower", "upper"]
    frame[shares] = frame[shares].map(_rounded)
    kinds: dict[str, Kind] = {"met": "count", "of": "count"}
    kinds |= dict.fromkeys(shares, "share")
    note = (
        "Of: the admissions for which the time of the rule is over and its answer known"
        f"{'' if scope.period is None else IN_WHOLE_TIMES}. Lower and upper: the 95% interval."
        f"{of_several}"
    )
    if unknown:
        note += f" Known of nobody: {'; '.join(unknown)}."
        if LEFT in unknown and dropout.absent:
            note += f" {dropout.title}: {dropout.why_published}."
    if selected:
        note += f" Not known from these records: {LEFT} ({dropout.why_published})."
    elif LEFT in frame["rule"].tolist() and "reason of each" in dropout.needed:
        few = scope.policy.hides(list(dropout.counts)).any()
        why = f"{IN_PART}." if few else f"{dropout.why_published}. {WITHOUT_REASON}"
        note += f" {LEFT}: {why}"
    caption = f"Who met which rule: {scope.words(8)}"
    table = Table("continuity", caption, frame, kinds, note)
    return DraftTable(table, dict.fromkeys(("met", "of", *shares), needs))


def counted_until(scope: Scope, least: int, final_after: int) -> pd.Timestamp:
    """Return the last day of admission of those whom the table counts for a rule, of a period.

    It is the last of a time that the trends have. Of a time in which only the first to come can
    have an answer few have one: less the admissions of the times before, they would follow. A rule
    that may be met on the day of admission is over for all only when its answer is final.
    """
    return followed_until(scope, least or final_after)


def _admitted_in_time(scope: Scope, *days: int) -> Mask:
    """Return which episodes were admitted early enough for a rule, in whole times of the trends."""
    episodes = scope.records.episodes
    if scope.period is None:  # records in study days have no dates of admission
        return np.ones(len(episodes), dtype=np.bool_)
    return np.asarray(episodes["admit_date"] <= counted_until(scope, *days))


def said_once(texts: Iterable[str]) -> tuple[list[str], str]:
    """Return texts without the sentences that several of them have, and these sentences.

    Examples
    --------
    >>> said_once(["Two visits. A visit is a day.", "Three visits. A visit is a day."])
    (['Two visits.', 'Three visits.'], ' A visit is a day.')
    """
    sentences = [text.split(". ") for text in (one.removesuffix(".") for one in texts)]
    often = Counter(one for text in sentences for one in dict.fromkeys(text))
    own = [[one for one in text if often[one] == 1] or text for text in sentences]
    of_several = [one for one, number in often.items() if number > 1]
    return [". ".join(text) + "." for text in own], "".join(f" {one}." for one in of_several)


def _rounded(share: float | str) -> float | str:
    return share if isinstance(share, str) else round(share, SHARE_DECIMALS)


def _declare_rule(
    scope: Scope,
    linked: LinkedCounts,
    key: Key,
    one: ContinuityMeasure,
    least: int,
    final_after: int,
) -> Rule:
    """Declare how many met a rule, and of how many it is known; return the counts of the rule."""
    person = scope.person[scope.two_years]
    met = one.table["met"]
    known = (met.notna() & one.table["over"]).to_numpy(dtype=np.bool_)
    yes = known & met.fillna(False).to_numpy(dtype=np.bool_)

    def people(mask: npt.NDArray[np.bool_]) -> int:
        return len(np.unique(person[mask]))

    for name, mask in (("n", known), ("x", yes)):
        linked.count((*key, name), int(mask.sum()), people=people(mask), item=key, rank=DETAIL)
    linked.part((*key, "n"), (*key, "x"), people=people(known & ~yes))
    linked.part(ADMITTED, (*key, "n"), people=people(~known))
    here = np.zeros(len(scope.two_years), dtype=np.bool_)
    masks = {}
    for name, mask in (("n", known), ("x", yes), ("not met", known & ~yes)):
        masks[name] = here.copy()
        masks[name][scope.two_years] = mask
    rest: Key = ("rest", (*key, "n"), (*key, "x"))
    counts = {(*key, "n"): "n", (*key, "x"): "x", rest: "not met"}
    own: dict[Key, tuple[Key, Mask]] = {
        whole: ((*key, name), masks[name]) for whole, name in counts.items()
    }
    until = None if scope.period is None else counted_until(scope, least, final_after)
    return Rule(own, until, final_after)


def why_no_rules(scope: Scope) -> str:
    """Return why there is no table of rules."""
    return NO_SESSIONS if scope.attendance is None else NO_RULES
