"""Who had an event first and who ended first, on days of a curve of the same people.

The curve also counts events after another end. Beside it a reader can subtract: the events of the
curve less those that came first are the events after another end. All such counts are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.fixed_days.choice import WORTH, Days, FixedCounts
from iop_outcomes.disclosure.fixed_days.other_ends import (
    OTHER,
    _causes,
    _made,
    _refuse_open,
    _rows,
    _sum,
)
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.survival import CumulativeIncidence, SurvivalCurves

Whole = npt.NDArray[np.int64]
ANY_OTHER = "other"  # the word of a discharge for any other reason, or for none that is recorded
NO_REASON = "discharged"  # the word elsewhere of one for none that is recorded


@dataclass(frozen=True)
class EndsElsewhere:
    """Ends of the same people that the same report prints, whatever came before them.

    Attributes
    ----------
    days : dict of str to numpy.ndarray
        Kind of end -> the day of each, ascending.
    printed : tuple of (frozenset of str, tuple of int)
        Kinds that are printed together, with the days on which they are.
    """

    days: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    printed: tuple[tuple[frozenset[str], Days], ...] = ()

    def through(self, kinds: frozenset[str], day: float) -> int:
        """Return how many had ended so by a day."""
        none = np.empty(0)
        return sum(
            int(np.searchsorted(self.days.get(kind, none), day, side="right")) for kind in kinds
        )


@dataclass(frozen=True, eq=False)
class Group:
    """Kinds of end that are printed as one, with their counts through each day."""

    name: str
    kinds: frozenset[str]
    counts: FixedCounts

    @property
    def ended(self) -> Whole:
        """How many had ended so first, through each day."""
        return self.counts.through["events"]


@dataclass(frozen=True, eq=False)
class FirstCounts:
    """What is counted of those who had the event first, ended first, or neither, through each day.

    Attributes
    ----------
    days : numpy.ndarray of int
        Day 0 and the printed days of the curve.
    first : FixedCounts
        The event before any other end.
    kinds : tuple of Group
        Each kind of other end, before the event.
    stopped : numpy.ndarray of int
        Those whose follow-up stopped before either.
    left : numpy.ndarray of int
        Those still followed, with neither.
    on_curve, stopped_on_curve : numpy.ndarray of int
        The events of the curve, and its ends of follow-up.
    """

    days: Whole
    first: FixedCounts
    kinds: tuple[Group, ...]
    stopped: Whole
    left: Whole
    on_curve: Whole
    stopped_on_curve: Whole

    @classmethod
    def of(
        cls, result: CumulativeIncidence, curve: SurvivalCurves, days: Sequence[int]
    ) -> FirstCounts:
        """Return the counts on day 0 and on those of the days that both go up to."""
        either = FixedCounts.of(result.overall.table, tuple(days))
        (_, first), *others = _causes(result.table, result.overall.table, tuple(days))
        alone = FixedCounts.of(curve.table.drop(columns="se"), tuple(either.days[1:].tolist()))
        return cls(
            either.days,
            first,
            tuple(Group(name, _kinds(name), counts) for name, counts in others),
            either.through["censored"],
            either.left,
            alone.through["events"],
            alone.through["censored"],
        )

    @property
    def after(self) -> Whole:
        """How many had the event after another end: the events of the curve less those first."""
        return self.on_curve - self.first.through["events"]

    @property
    def all_ended(self) -> Whole:
        """How many had ended first, by any kind."""
        return sum((group.ended for group in self.kinds), np.zeros_like(self.days))


def protect_first(
    result: CumulativeIncidence,
    curve: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int],
    elsewhere: EndsElsewhere | None = None,
) -> ProtectedCurves:
    """Return for release who had the event first and who ended first.

    Parameters
    ----------
    result : CumulativeIncidence
        The incidences of the whole data, the event as the first of its causes.
    curve : SurvivalCurves
        The curve of the event alone, of the same people; it counts events after other ends, too.
    policy : SafePolicy
        The disclosure rule.
    days : sequence of int
        The published days of that curve. No other day is published.
    elsewhere : EndsElsewhere, optional
        Ends of these people that are printed in another table.

    Returns
    -------
    ProtectedCurves
        ``measure`` is ``"incidence"``, and ``cause`` the event or a kind of end, all on the same
        days. Between two of them none, or at least the threshold, have the event first, end by each
        kind, leave follow-up with neither, or have the event after another end, and none or as many
        leave follow-up between two days of the curve; at least as many are left after the last.
        Kinds of which this does not hold are taken together, then days are left out. Empty if no
        day can be published.

    Raises
    ------
    RuleError
        If the policy hides nothing: the result itself says all.
    """
    _refuse_open(policy, "cumulative incidence")
    counted = FirstCounts.of(result, curve, days)
    days_of, groups = _chosen(counted, policy, elsewhere or EndsElsewhere())
    rows, sizes = [], []
    if days_of:
        first = Group(str(result.causes[0]), frozenset(), counted.first)
        for group in (first, *groups):
            table = _rows(group.counts, days_of, group.counts.survival)
            label = pd.DataFrame([{"cause": group.name}])
            rows.append(label.iloc[[0] * len(table)].reset_index(drop=True).join(table))
            sizes.append(
                label.assign(n=group.counts.people, through=days_of[-1], median=np.nan, base=0)
            )
    return _made(result, policy, ["cause"], (rows, sizes, 0), "incidence")


def _kinds(name: str) -> frozenset[str]:
    return frozenset([name, NO_REASON] if name == ANY_OTHER else [name])


def _chosen(
    counted: FirstCounts, policy: SafePolicy, elsewhere: EndsElsewhere
) -> tuple[Days, tuple[Group, ...]]:
    """Return the days that are worth most, and on them as many kinds of end as can be shown."""
    best: tuple[float, Days, tuple[Group, ...]] = (0.0, (), ())
    for groups in ladder(counted.kinds):
        days = _best_days(counted, groups, policy, elsewhere)
        worth = round(sum(WORTH.get(day, 1.0) for day in days), 9)
        if worth > best[0]:
            best = (worth, days, groups)
    return best[1], best[2]


def ladder(kinds: Sequence[Group]) -> Iterator[tuple[Group, ...]]:
    """Return the kinds each by itself, then with more and more of the rarest taken together."""
    if all(kind.name != ANY_OTHER for kind in kinds):
        yield tuple(kinds)
    by_size = sorted(kinds, key=lambda kind: (kind.name != ANY_OTHER, int(kind.ended[-1])))
    least = 1 if by_size and by_size[0].name == ANY_OTHER else 2
    for number in range(least, len(by_size) + 1):
        some = by_size[:number]
        words = frozenset().union(*(kind.kinds for kind in some))
        together = Group(OTHER, words, _sum([(kind.name, kind.counts) for kind in some]))
        yield (*(kind for kind in kinds if kind not in some), together)


def _best_days(
    counted: FirstCounts, groups: tuple[Group, ...], policy: SafePolicy, elsewhere: EndsElsewhere
) -> Days:
    """Return the days that may be published together and are worth most; none if none may."""
    places = [
        place
        for place in range(1, len(counted.days))
        if _day_is_open(counted, groups, place, policy, elsewhere)
    ]
    series = np.vstack(
        [
            counted.first.through["events"],
            counted.stopped,
            counted.after,
            *(group.ended for group in groups),
        ]
    )
    between = {
        (start, end): not policy.hides(series[:, end] - series[:, start]).any()
        for start, end in combinations([0, *places], 2)
    }
    # How many leave follow-up on the curve is open by its rounded numbers at risk alone.
    stopped = policy.hides(np.diff(counted.stopped_on_curve))
    sets = chain.from_iterable(combinations(places, size) for size in range(1, len(places) + 1))
    allowed = [
        some
        for some in sets
        if all(between[pair] for pair in pairwise((0, *some)))
        and not stopped[: some[-1]].any()
        # Nothing is told where nobody has the event first, or nobody ends.
        and counted.first.through["events"][some[-1]]
        and counted.all_ended[some[-1]]
    ]
    days = [tuple(int(counted.days[place]) for place in some) for some in allowed]
    return max(
        days,
        key=lambda some: (
            round(sum(WORTH.get(day, 1.0) for day in some), 9),
            len(some),
            tuple(-day for day in some),
        ),
        default=(),
    )


def _day_is_open(
    counted: FirstCounts,
    groups: tuple[Group, ...],
    place: int,
    policy: SafePolicy,
    elsewhere: EndsElsewhere,
) -> bool:
    """Return whether no small count of people follows from one day by itself."""
    if counted.left[place] < policy.threshold:
        return False
    if policy.hides(counted.all_ended[place] - counted.after[place]):
        return False
    day = int(counted.days[place])
    for some in chain.from_iterable(
        combinations(groups, size) for size in range(1, len(groups) + 1)
    ):
        ended = sum(int(group.ended[place]) for group in some)
        kinds = frozenset().union(*(group.kinds for group in some))
        others = [elsewhere.through(kinds, day) if len(some) in (1, len(groups)) else ended]
        others += _ended_elsewhere(elsewhere, kinds, day)
        if policy.hides(np.array(others) - ended).any():
            return False
    return True


def _ended_elsewhere(elsewhere: EndsElsewhere, kinds: frozenset[str], day: int) -> list[int]:
    """Return how many had ended by these kinds on later printed days, as they are printed.

    Who ended first by a day is among those who ended so by any later one.
    """
    present = frozenset(kind for kind in kinds if kind in elsewhere.days)
    cover = [(some, days) for some, days in elsewhere.printed if some & present]
    covered = frozenset().union(*(some for some, _ in cover))
    if not cover or not present <= covered:
        return []
    shared = set(cover[0][1]).intersection(*(days for _, days in cover))
    return [elsewhere.through(covered, later) for later in sorted(shared) if later >= day]
