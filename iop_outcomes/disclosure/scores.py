"""Changes of scores and functioning for release: what small counts would show is missing.

A count is shown if it is 0 or large, comes from enough people, and differs from each shown count
that its people are among, or that is among its people, by nothing or by enough: those with both
scores and those with the first, one scale and another, a rule of change and a stricter one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.policy import SafePolicy, with_printed_digits
from iop_outcomes.disclosure.tables import hidden_cells
from iop_outcomes.disclosure.words import safe_fields
from iop_outcomes.outcome_scores import Functioning, SymptomChange
from iop_outcomes.outcome_scores.change.paired import TELLING
from iop_outcomes.survival.limits import normal_quantile

Key = tuple[Hashable, ...]
LABELS = frozenset(
    {
        *("scale", "moment", "rule", "meaning", "source", "band", "day", "through", "domain"),
        *("item", "label", "kind", "reliability_source", "centre_source", "not_known", "hidden"),
    }
)
_OF_INTAKE = ("with_intake", "intake_rate", "intake_mean_unpaired")
_OF_EPISODES = ("episodes", "intake_rate", "paired_rate", "paired_lower", "paired_upper")
_OF_ANSWERED = ("answered", "mean", "lower", "upper")
_OF_WORSE = ("same", "worse", "worse_share", "worse_lower", "worse_upper")
_LIMITS = ("lower", "upper")
MORE_SQUARES = 1.25  # numbers are whole, and Student's t is up to 1.07 of the normal quantile
_BOUNDS = ("better_if_none", "better_if_all")


@dataclass
class Shown:
    """The counts of one group that are shown, each with its people."""

    policy: SafePolicy
    counts: list[tuple[float, float]] = field(default_factory=list)

    def admit(self, *counts: tuple[float, float]) -> bool:
        """Show these counts together if each may be, beside all that are; return whether."""
        taken = list(self.counts)
        for count in counts:
            if any(self.policy.hides(value) for value in count):
                return False
            for other in taken:
                if any(self.policy.hides(abs(a - b)) for a, b in zip(count, other, strict=True)):
                    return False
            if count[0] > 0:
                taken.append(count)
        self.counts = taken
        return True


class _Families:
    """What is shown of each family of counts that are among one another."""

    def __init__(self, policy: SafePolicy) -> None:
        self.policy = policy
        self.shown: dict[Key, Shown] = {}

    def of(self, *key: Hashable) -> Shown:
        """Return what is shown of a family."""
        return self.shown.setdefault(key, Shown(self.policy))


@dataclass(frozen=True, eq=False)
class _Table:
    """A table that is being protected, row by row."""

    frame: pd.DataFrame
    people: pd.DataFrame
    by: tuple[str, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, people: pd.DataFrame, by: Sequence[str]) -> _Table:
        """Return a copy whose numbers can be missing."""
        numbers = [name for name in frame.columns if name not in LABELS and name not in by]
        copy = frame.astype(dict.fromkeys(numbers, np.float64))
        return cls(copy.assign(hidden=False), people, tuple(by))

    def rows(self) -> Iterator[tuple[int, pd.Series[Any], str]]:
        """Return the place and the content of each row, and the name of its group."""
        for place in range(len(self.frame)):
            row = self.frame.iloc[place]
            yield place, row, "\n".join(str(row[name]) for name in self.by)

    def count(self, place: int, name: str) -> tuple[float, float]:
        """Return a count and its people."""
        people = float(self.people[name].iloc[place])
        value = self.frame[name].iloc[place] if name in self.frame else people
        return float(value), people

    def tells_of_few(self, place: int, policy: SafePolicy) -> bool:
        """Return whether a mean tells that a few have another score than all the rest."""
        return bool(policy.hides([self.count(place, name)[1] for name in TELLING]).any())

    def clear(self, place: int, names: Sequence[str] | None = None) -> None:
        """Take some numbers out of a row; all of them, and mark it, if none are named."""
        if names is None:
            names = [c for c in self.frame.columns if c not in LABELS and c not in self.by]
            self._put(place, "hidden", True)
        for name in names:
            self._put(place, name, np.nan)

    def _put(self, place: int, name: str, value: float) -> None:
        column = self.frame.columns.get_loc(name)
        self.frame.iloc[place, column] = value  # type: ignore[index]  # each name is given once


def protect_symptoms(change: SymptomChange, policy: SafePolicy) -> SymptomChange:
    """Return the change of scores without small counts; see `iop_outcomes.protect`."""
    if change.people is None:
        return change
    families, people = _Families(policy), change.people
    table, shares, slopes, bands, times, flags = (
        _Table.of(getattr(change, name), people[name], change.by)
        for name in ("table", "shares", "slopes", "by_intake", "trajectory", "flags")
    )
    released = _digits(policy)
    intake_known = _change_rows(table, families, change.confidence)
    _share_rows(shares, families, intake_known)
    _trajectory_rows(times, families, change.moment, change.confidence)
    for place, _, group in slopes.rows():
        if not families.of(group).admit(slopes.count(place, "episodes")):
            slopes.clear(place)
    _band_rows(bands, policy, change.confidence)
    _flag_rows(flags, families)
    return replace(
        change,
        table=released(table.frame),
        shares=released(shares.frame),
        slopes=released(slopes.frame),
        by_intake=released(bands.frame),
        trajectory=released(times.frame),
        flags=released(flags.frame),
        people=None,
        **safe_fields(change, policy),
    )


def _digits(policy: SafePolicy) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what takes from a table the digits that are not printed; inside a program, nothing."""
    return (lambda table: table) if policy.threshold == 1 else with_printed_digits


def protect_functioning(life: Functioning, policy: SafePolicy) -> Functioning:
    """Return functioning without small counts, and without the curve of the first gain."""
    if life.people is None:
        return life
    families, released = _Families(policy), _digits(policy)
    table = _Table.of(life.table, life.people["table"], life.by)
    for place, row, group in table.rows():
        _life_row(table, place, families.of(group, row["moment"]))
    scores = life.scores
    if len(scores):
        table_of_scores = _Table.of(scores, life.people["scores"], life.by)
        _change_rows(table_of_scores, families, life.confidence)
        scores = released(table_of_scores.frame)
    gains = life.first_gain if policy.threshold == 1 else life.first_gain.iloc[:0]
    texts = safe_fields(life, policy)
    if policy.threshold > 1:
        texts["rule"] += (
            " The curve of the first gain is not released here: protect survival_curves of "
            "time_to_gain."
        )
    return replace(
        life, table=released(table.frame), scores=scores, first_gain=gains, people=None, **texts
    )


def _life_row(table: _Table, place: int, shown: Shown) -> None:
    """Protect one domain at one moment; all domains of a moment are of the same people."""
    hides = shown.policy.hides
    parts = [table.count(place, name) for name in ("gained", "kept", "lost", "never")]
    if hides(parts).any() or not shown.admit(table.count(place, "paired")):
        table.clear(place)
        return
    names = ("with_it", "unknown", "with_it_unpaired", "without_it_unpaired")
    ends = [table.count(place, name)[1] for name in names]
    if not shown.admit(table.count(place, "episodes")):
        table.clear(place, ("episodes", "lowest", "highest"))
    elif hides(ends).any():
        table.clear(place, ("lowest", "highest"))
    if not shown.admit(table.count(place, "with_start")):
        table.clear(place, ("with_start",))


def _change_rows(table: _Table, families: _Families, confidence: float) -> set[Key]:
    """Protect rows of paired change; return those whose number with an intake score is shown."""
    known: set[Key] = set()
    for place, row, group in table.rows():
        # `functioning` has moments, whose people are not among one another
        shown = families.of(group, row["moment"]) if "moment" in row else families.of(group)
        few = table.tells_of_few(place, families.policy)
        if few or not shown.admit(table.count(place, "paired")):
            table.clear(place)
            continue
        if not _interval_may_stand(row, families.policy, confidence):
            table.clear(place, _LIMITS)
        if not shown.admit(table.count(place, "with_intake")):
            table.clear(place, _OF_INTAKE)
        else:
            known.add((group, row["scale"]))
        if not shown.admit(table.count(place, "episodes")):
            table.clear(place, _OF_EPISODES)
    return known


def _interval_may_stand(
    row: pd.Series[Any], policy: SafePolicy, confidence: float, prefix: str = ""
) -> bool:
    """Return whether an interval tells nothing of how few had more, had less, or the same.

    From n, the mean and its interval follows the sum of squares. It must be enough for 11 people
    with the same score, 11 who changed by one point against the mean, and all others so that the
    mean is what it is: whole numbers of a sum have at least its square through how many they are
    as the sum of their squares (Cauchy and Schwarz). A quarter more is asked for than that.
    `confidence` is that of the interval: 0 to 1. `prefix` is of the names of its limits.
    """
    if policy.threshold == 1:
        return True
    people, each = float(row["paired"]), policy.threshold
    width = float(row[f"{prefix}upper"]) - float(row[f"{prefix}lower"])
    if np.isnan(width) or people < 3 * each:
        return False
    total = abs(people * float(row["change"]))
    squares = people * people * (width / (2 * normal_quantile(confidence))) ** 2
    needed = (total + each) ** 2 / (people - 2 * each) + each - total**2 / people
    return bool(squares >= MORE_SQUARES * needed)


def _share_rows(table: _Table, families: _Families, intake_known: set[Key]) -> None:
    for place, row, group in table.rows():
        scale, kind = row["scale"], row["kind"]
        own = row["rule"] if kind == "cross" else ""  # those who cross two scores are not nested
        better, same, worse = (table.count(place, name) for name in ("better", "same", "worse"))
        rest = (same[0] + worse[0], min(same[1] + worse[1], same[0] + worse[0]))
        whole = families.of(group).admit(table.count(place, "paired"))
        if not (
            whole
            and families.of(group, scale, kind, own, "better").admit(better)
            and families.of(group, scale, kind, own, "rest").admit(rest)
        ):
            table.clear(place)
            continue
        hides = families.policy.hides
        if hides([same, worse]).any() or not (
            families.of(group, scale, kind, own, "worse").admit(worse)
            and families.of(group, scale, kind, own, "not worse").admit(
                (better[0] + same[0], better[1])
            )
        ):
            table.clear(place, _OF_WORSE)
        if (group, scale) not in intake_known:
            table.clear(place, _BOUNDS)


def _trajectory_rows(table: _Table, families: _Families, moment: str, confidence: float) -> None:
    for place, row, group in table.rows():
        day = float(row["day"])
        whole = day == 0 or moment == f"day {day:g}"  # of the people of the table
        shown = families.of(group) if whole else families.of(group, row["scale"], day)
        few = table.tells_of_few(place, families.policy)
        if few or not shown.admit(table.count(place, "paired")):
            table.clear(place)
            continue
        if day and not _interval_may_stand(row, families.policy, confidence, "change_"):
            table.clear(place, ("change_lower", "change_upper"))
        if not shown.admit(table.count(place, "answered")):
            table.clear(place, _OF_ANSWERED)
        if families.policy.threshold > 1:  # those followed to one day and not to the next
            table.clear(place, ("followed",))


def _band_rows(table: _Table, policy: SafePolicy, confidence: float) -> None:
    """Hide small bands, and another with them, since all add up to a number that is shown.

    The means of the others would tell how the people of those that are hidden divide: their scores
    add up to that of all, and each band has its own.
    """
    if not len(table.frame):
        return
    names = table.frame[[*table.by, "scale"]].astype(str).agg("\n".join, axis=1)
    for _, places in names.groupby(names, sort=False).groups.items():
        people = pd.DataFrame([table.people["paired"].to_numpy()[places]])
        bands = [str(name) for name in people.columns]
        line = people.set_axis(bands, axis=1).assign(all=people.sum(axis=1))
        mask = hidden_cells(line, policy, counts=bands, row_total="all")[bands].to_numpy()[0]
        kept = (*LABELS, *table.by, "paired", "hidden")
        means = [str(name) for name in table.frame if name not in kept]
        for place, hidden in zip(places, mask, strict=True):
            if hidden:
                table.clear(int(place))
            elif mask.any() or table.tells_of_few(int(place), policy):
                table.clear(int(place), means)
            elif not _interval_may_stand(table.frame.iloc[int(place)], policy, confidence):
                table.clear(int(place), _LIMITS)


def _flag_rows(table: _Table, families: _Families) -> None:
    """Show answers at any time first: those at intake are among them."""
    rows = list(table.rows())
    for place, row, group in sorted(rows, key=lambda entry: entry[1]["moment"] != "at any time"):
        answered, above = table.count(place, "answered"), table.count(place, "above")
        rest = (answered[0] - above[0], max(answered[1] - above[1], 0.0))
        if not (
            families.of(group, row["item"], "above").admit(above)
            and families.of(group, row["item"], "below").admit(rest)
            and families.of(group, row["item"], "answered").admit(answered)
        ):
            table.clear(place)
