"""Who has left and who is still there: counts of different tables that follow by subtraction.

Those ever admitted, less those who left, are still in the program. No table prints all of these,
but a reader who has two of them can work out the third.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.report.linking.sums import sum_of
from iop_outcomes.report.programs import FAMILY
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL, CENSUS, census_keys, ever_and_now
from iop_outcomes.report.sections.outcomes import ADMITTED
from iop_outcomes.report.trends import Trends, all_of, inside

DISCHARGED = ("discharges", ALL)
DIED = "died"
EVER, NOW, GONE = ((CENSUS, name) for name in ("ever", "there at the end", "gone at the end"))


@dataclass(frozen=True, eq=False)
class Some:
    """Some episodes: the name of their count, and which they are."""

    key: Key
    mask: Mask

    def is_counted(self, linked: LinkedCounts) -> bool:
        """Whether there is such a count of them: not one printed before the records changed."""
        return self.key in linked and linked.value(self.key) == int(self.mask.sum())


def link_leaving(scope: Scope, linked: LinkedCounts, trends: Trends, plan: MergePlan) -> None:
    """Declare how those admitted, discharged, still there and asked for scores hang together.

    What holds for the records of this report is declared though a reader may not know it for sure:
    that nobody who was admitted long ago is still there, say, is what most would take for granted.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of all tables and trends.
    trends : Trends
        The trends whose counts are declared.
    plan : MergePlan
        Of which times the tables are.
    """
    episodes = scope.records.episodes
    left = episodes["days_to_discharge"].notna().to_numpy()
    died = (episodes["discharge_reason"] == DIED).fillna(False).to_numpy(dtype=bool) & left
    reason = episodes["discharge_reason"].notna().to_numpy() & left
    now, gone = _now_and_gone(scope, linked, trends)
    some = [now, gone]
    if ADMITTED in linked:
        some += _of_two_years(scope, linked, left)
    if scope.period is None:
        some += [Some(DISCHARGED, left), Some(("discharges", DIED), died)]
    else:
        closed = scope.closed_in(plan.step("discharges").quarters)
        some += [Some(DISCHARGED, closed), Some(("discharges", DIED), closed & died)]
        known = inside(scope, trends, "completion_rate", 8, "denominator")
        some += _together(linked, known, scope.closed_in(8) & reason)
        sum_of(linked, gone.key, all_of(trends, "completion_rate", "denominator"))
        of_year = (FAMILY, "admitted", ALL), (FAMILY, "completed", ALL, "n")
        some.append(Some(("rest", *of_year), scope.year & ~reason))
    there = [one for one in some if one.is_counted(linked)]
    for place, one in enumerate(there):
        for other in there[place + 1 :]:
            join(scope, linked, one, other)


def _now_and_gone(scope: Scope, linked: LinkedCounts, trends: Trends) -> tuple[Some, Some]:
    """Declare who of those ever admitted is there at the end of the period, and who is not."""
    ever, there = ever_and_now(scope)
    now = NOW if scope.period is None else census_keys(scope)[3]
    if EVER not in linked:  # no table of who was in the program
        linked.count(EVER, int(ever.sum()), people=scope.people(ever))
        sum_of(linked, EVER, all_of(trends, "admissions", "numerator") or [("admissions", ALL)])
        sum_of(linked, ("rows", "episodes", "rows_kept"), [EVER])
    if now not in linked:
        now = NOW
        linked.count(now, int(there.sum()), people=scope.people(there))
    gone = ever & ~there
    linked.count(GONE, int(gone.sum()), people=scope.people(gone))
    linked.total(EVER, [now, GONE])
    return Some(now, there), Some(GONE, gone)


def _of_two_years(scope: Scope, linked: LinkedCounts, left: Mask) -> list[Some]:
    """Declare who of those admitted in two years has left: the scores are of these."""
    here = scope.two_years
    some = [Some((*ADMITTED, "left"), here & left), Some((*ADMITTED, "there"), here & ~left)]
    for one in some:
        linked.count(one.key, int(one.mask.sum()), people=scope.people(one.mask))
    linked.total(ADMITTED, [one.key for one in some])
    discharged = some[0].key
    for key in linked.names:
        if isinstance(key, tuple) and key[0] in ("symptoms", "functioning") and len(key) == 3:
            if key[-1] == "episodes":
                linked.total(discharged, [key])
            else:  # who did not answer twice
                linked.part(discharged, key)
    return some


def _together(linked: LinkedCounts, parts: Sequence[Key], mask: Mask) -> list[Some]:
    """Return the sum of some counts, declared where all of them are there and it is of these."""
    if not parts or not all(part in linked for part in parts):
        return []
    if sum(linked.value(part) for part in parts) != int(mask.sum()):
        return []
    name: Key = ("sum", *parts)
    if name not in linked:
        linked.count(name, int(mask.sum()))
        linked.total(name, parts)
    return [Some(name, mask)]


def join(scope: Scope, linked: LinkedCounts, one: Some, other: Some) -> None:
    """Declare that two counts are of the same, that one is part of the other, or what both have."""
    both = one.mask & other.mask
    common = int(both.sum())
    if not common:
        return
    sizes = int(one.mask.sum()), int(other.mask.sum())
    if sizes == (common, common):
        linked.total(one.key, [other.key])
    elif common in sizes:
        whole, part = (one, other) if common == sizes[1] else (other, one)
        linked.part(whole.key, part.key, people=scope.people(whole.mask & ~part.mask))
    else:
        piece: Key = ("both", one.key, other.key)
        linked.count(piece, common, people=scope.people(both))
        for whole in (one, other):
            linked.part(whole.key, piece, people=scope.people(whole.mask & ~both))
