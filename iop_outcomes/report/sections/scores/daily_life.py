"""Who has what at the start and at discharge: which domains have a row, and what each tells.

A row has how many answered at both times, the two shares, and the interval of their difference.
How many had it at both, at one only or at neither follows from the interval. Where one of these is
a few people the interval is hidden, and the two shares stand alone if no such number follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts, protect
from iop_outcomes.disclosure.both_times import shares_may_stand
from iop_outcomes.disclosure.declared import DETAIL
from iop_outcomes.disclosure.results import Key
from iop_outcomes.disclosure.scores import Shown
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.disclosure.system.quarters import AS_OF, KNOWN_BY
from iop_outcomes.outcome_scores import Functioning
from iop_outcomes.outcome_scores.at_discharge import at_both_times
from iop_outcomes.report.model import Item
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.quarters import UNTIL_LEFT, link_cohort

FAMILY, MOMENT = "functioning", "discharge"
KINDS = ("both", "only at the start", "only at the end", "neither")


@dataclass(frozen=True, eq=False)
class Domain:
    """A row: who answered at both times, and who had it when.

    Attributes
    ----------
    name : str
        The domain.
    row : pandas.Series
        Its numbers.
    masks : dict of str to numpy.ndarray of bool
        The name of a count -> which episodes it counts.
    has_interval : bool
        Whether the interval may be printed, as far as this row goes.
    """

    name: str
    row: pd.Series[float]
    masks: dict[str, Mask]
    has_interval: bool

    def key(self, *name: str) -> Key:
        """Return the name of a count in all reports."""
        return (FAMILY, self.name, *name)

    @property
    def shares(self) -> Item:
        """The item of the number of people, the two shares and their difference."""
        return self.key("paired")

    @property
    def needs_of_interval(self) -> tuple[Item, ...]:
        """What the interval shows."""
        return (self.shares, self.key("interval")) if self.has_interval else (self.shares,)


def domains_of(
    scope: Scope, life: Functioning, shown: Shown, before: Sequence[PrintedCells] = ()
) -> list[Domain]:
    """Return the rows that the table may have, in the order of the domains.

    Those with an interval are chosen first, so that what has none takes the place of none. A row
    that had an interval in an earlier report is not shown without, and one that had none is not
    shown with it: who changed between the two could be a few.
    """
    table = life.table[life.table["moment"] == MOMENT]
    safe = protect(life, scope.policy).table
    hidden = safe.loc[table.index, "hidden"].to_numpy(dtype=bool)
    found = []
    for (_, row), gone in zip(table.iterrows(), hidden, strict=True):
        if not row["paired"] > 0:
            continue
        name = str(row["domain"])
        one = Domain(name, row, _masks(scope, name), not gone)
        with_interval, without = _shown_before(scope, one, before)
        if without or gone:
            one = replace(one, has_interval=False)
            if with_interval or not _may_stand(scope, one, without):
                continue
        found.append(one)
    in_turn = sorted(found, key=lambda one: not one.has_interval)
    admitted = [one for one in in_turn if shown.admit((one.row["paired"], one.row["paired"]))]
    return [one for one in found if one in admitted]


def _shown_before(
    scope: Scope, domain: Domain, before: Sequence[PrintedCells]
) -> tuple[bool, bool]:
    """Return whether an earlier report had the row with its interval, and whether one without."""
    counts = [one.counts for one in before if {*one.programs} & {*scope.programs}]
    paired, kind = domain.key("paired"), domain.key("kind", KINDS[0])
    shown = [one for one in counts if one.get(paired) is not None]
    without = [kind in one and one[kind] is None for one in shown]
    return not all(without), any(without)


def _masks(scope: Scope, domain: str) -> dict[str, Mask]:
    """Return which episodes of two years are in each count of a row."""
    places, first, last = at_both_times(domain)(scope.records)
    masks: dict[str, Mask] = {}
    for name, chosen in (
        ("paired", first >= 0),
        ("had it at the start", first == 1),
        ("had it not at the start", first == 0),
        ("had it at the end", last == 1),
        ("had it not at the end", last == 0),
        (KINDS[0], (first == 1) & (last == 1)),
        (KINDS[1], (first == 1) & (last == 0)),
        (KINDS[2], (first == 0) & (last == 1)),
        (KINDS[3], (first == 0) & (last == 0)),
    ):
        mask = np.zeros(len(scope.two_years), dtype=np.bool_)
        mask[places[chosen]] = True
        masks[name] = mask & scope.two_years
    return masks


def _may_stand(scope: Scope, domain: Domain, before: bool) -> bool:
    """Return whether the two shares may be shown without an interval: it was so before, or must be.

    It must be where a kind is small.
    """
    policy = scope.policy
    counts = {name: (int(one.sum()), scope.people(one)) for name, one in domain.masks.items()}
    margins = [value for name, value in counts.items() if name not in KINDS]
    small = policy.hides([counts[name] for name in KINDS]).any()
    if policy.hides(margins).any() or not (small or before):
        return False
    whole = counts["paired"][0]
    start, end = (counts[f"had it at the {when}"][0] for when in ("start", "end"))
    return shares_may_stand(whole, start, end, policy.threshold)


def declare_domain(scope: Scope, linked: LinkedCounts, domain: Domain) -> None:
    """Declare the counts of a row, as a whole and by quarter, with their sums.

    The number of people and the two shares are printed. The four kinds follow from the interval
    alone. Those at the start stay what they are in later reports, unlike those at the end: of some
    who have just left the last answer is not known yet.
    """
    values = {name: int(mask.sum()) for name, mask in domain.masks.items()}
    for name, mask in domain.masks.items():
        key = domain.key(name)
        item = domain.shares
        if name in KINDS:
            item = domain.key("interval") if domain.has_interval else None
            key = domain.key("kind", name)
        elif name != "paired":
            key = domain.key("share", name)
        if key not in linked:
            people = scope.people(mask)
            linked.count(key, values[name], people=people, item=item, rank=DETAIL)
    paired, shares = domain.key("paired"), _named(domain, "share")
    kinds = _named(domain, "kind")
    both, before, after, neither = (kinds[name] for name in KINDS)
    had, had_not, has, has_not = shares.values()
    for whole, parts in (
        *((paired, [had, had_not]), (paired, [has, has_not])),
        *((had, [both, before]), (had_not, [after, neither])),
        *((has, [both, after]), (has_not, [before, neither])),
    ):
        linked.total(whole, parts)
    masks = domain.masks
    first = {shares[name]: masks[name] for name in shares if name.endswith("start")}
    later = {shares[name]: masks[name] for name in shares if name.endswith("end")}
    later |= {kinds[name]: masks[name] for name in KINDS}
    for counts, until in (({paired: masks["paired"], **first}, KNOWN_BY), (later, AS_OF)):
        own = {key: (key, mask) for key, mask in counts.items()}
        link_cohort(scope, linked, own, final_after=UNTIL_LEFT, until=until)


def _named(domain: Domain, kind: str) -> Mapping[str, Key]:
    """Return the names of the counts of the two shares, or of the four kinds."""
    names = KINDS if kind == "kind" else [name for name in domain.masks if name not in KINDS][1:]
    return {name: domain.key(kind, name) for name in names}
