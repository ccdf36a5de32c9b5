"""The curve of all people beside those of its groups: no small count follows from all together.

The printed shares and numbers at risk of each curve bound the events and the ends of follow-up
between its days, and those of the whole are the sums of those of its groups. For each small count
of some groups between two days whole numbers are searched that fit everything printed, and in which
it is 0, or is not small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iop_outcomes.disclosure.fixed_days.at_risk import bases, printed_range, survival_decimals
from iop_outcomes.disclosure.fixed_days.choice import Days, FixedCounts
from iop_outcomes.disclosure.fixed_days.printed import ENDS, PrintedCurve, PrintedFamily
from iop_outcomes.disclosure.policy import SafePolicy

Whole = npt.NDArray[np.int64]


class Shown(NamedTuple):
    """A curve with the days that are printed and the base of its numbers at risk (0: none)."""

    curve: FixedCounts
    days: Days
    base: int


def printed(shown: Shown, threshold: int) -> PrintedCurve:
    """Return a curve as a reader has it."""
    curve, days, base = shown
    decimals = survival_decimals(curve.people)
    now = curve.left[curve.places(days)[1:]].tolist() if days else []
    ranges = (printed_range(count, base, curve.people) for count in now)
    return PrintedCurve(
        people=curve.people,
        days=days,
        shares=tuple(curve.survival[curve.places(days)].round(decimals).tolist()),
        left=tuple((max(least, threshold), most) for least, most in ranges),
        half=0.5 * 10.0**-decimals,
    )


def _true_ends(whole: Shown, groups: Sequence[Shown], days: Sequence[int]) -> Whole:
    """Return (kind, group, day): how many ended through each day; the last group are the others."""
    of_all = np.array([_through(whole.curve, name, days) for name in ENDS])
    of_groups = np.array([[_through(one.curve, name, days) for one in groups] for name in ENDS])
    others = of_all - of_groups.sum(axis=1)
    return np.concatenate([of_groups, others[:, None]], axis=1)


def _through(curve: FixedCounts, name: str, days: Sequence[int]) -> list[int]:
    """Return the counts through each day; after the last fixed day of a curve they are the last."""
    places = np.searchsorted(curve.days, days, side="right") - 1
    counts: list[int] = curve.through[name][places].tolist()
    return counts


def opens_together(whole: Shown, groups: Sequence[Shown], policy: SafePolicy) -> bool:
    """Return whether each small count of a whole and its groups could be 0, or not small.

    Counts of events and of ends of follow-up are asked, of each group, of all sets of them, and of
    those whose curve is not shown, between any two printed days. A reader has the printed shares
    and numbers at risk of all curves, and the rule: enough events between the days of a curve, and
    enough people after the last.

    Parameters
    ----------
    whole : Shown
        The curve of all people.
    groups : sequence of Shown
        Those of the groups that are shown, without a person in two of them.
    policy : SafePolicy
        What is small.
    """
    shown = [one for one in (whole, *groups) if one.days]
    if not groups or any(one.curve.left[0] != one.curve.people for one in shown):
        return True  # who enters later is not known to a reader: nothing is told of who ends
    threshold = policy.threshold
    family = PrintedFamily(
        printed(whole, threshold), [printed(group, threshold) for group in groups], threshold
    )
    true = _true_ends(whole, groups, family.days)
    asked = [
        family.columns((kind, some, first, last))
        for kind, some, first, last in family.stretches()
        if policy.hides(true[kind, some, last].sum() - true[kind, some, first].sum())
    ]
    many, few = np.zeros(family.size), np.zeros(family.size)
    for columns in asked:
        many[columns], few[columns] = -1.0, 1.0
    known = [family.numbers(costs).numbers for costs in (many, few)] if asked else []
    fitting = [numbers for numbers in known if numbers is not None]
    any_costs = np.zeros(family.size)
    for columns in asked:
        if any(not policy.hides(int(numbers[columns].sum())) for numbers in fitting):
            continue
        found = family.numbers(any_costs, family.many(columns)).numbers
        if found is None:
            found = family.numbers(any_costs, family.none(columns)).numbers
        if found is None:
            return False
        fitting.append(found)
    return True


def open_family(
    whole: Shown, groups: Sequence[Shown], policy: SafePolicy
) -> tuple[Shown, list[Shown]]:
    """Return what may be printed of a whole and its groups together.

    If small counts would follow, the numbers at risk of the whole are rounded more, then those of
    the groups; then those of the groups are not printed, then none; then no group is.

    Parameters
    ----------
    whole : Shown
        The curve of all people, as it may be printed alone.
    groups : sequence of Shown
        Those of the groups; without days if they are not shown.
    policy : SafePolicy
        What is small.
    """
    all_bases = bases(policy.threshold)
    coarser = [base for base in all_bases if whole.base and base >= whole.base] or [0]
    tried = [(base, 1) for base in coarser]
    tried += [(coarser[-1], all_bases[-1]), (whole.base, 0), (0, 0)]
    for base, least in dict.fromkeys(tried):
        rounded = [
            group._replace(base=max(group.base, least) if group.base * least else 0)
            for group in groups
        ]
        shown = whole._replace(base=base)
        if opens_together(shown, [group for group in rounded if group.days], policy):
            return shown, rounded
    return whole, [group._replace(days=(), base=0) for group in groups]
