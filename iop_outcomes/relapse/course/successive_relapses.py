"""The rule applied again and again: to the first relapse, the recovery, the next relapse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.relapse.course.observation import Sight
from iop_outcomes.relapse.evidence import CLEAR, USE, Shown
from iop_outcomes.relapse.first_event import (
    Known,
    apply_rule,
    day_run,
    earlier,
    fill_missing,
    first_reached,
    observed,
)
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.arrays import starts_of


@dataclass(frozen=True, eq=False)
class Rounds:
    """All relapses of all episodes.

    Attributes
    ----------
    at_risk : pandas.DataFrame
        One row a stretch at risk: ``episode`` (row of ``records.episodes``), ``entry, days,
        clear_until, event, number, rests_on_missing``; each episode has one with ``number`` 1.
    recovered : numpy.ndarray of int32
        One entry a stretch with the event, in their order: the day of recovery; -1 if it is not
        known to have come before the last day known.
    observed : Known
        What is known of each episode if no relapse ended it: ``days`` is its last day known.
    """

    at_risk: pd.DataFrame
    recovered: NDArray[np.int32]
    observed: Known


@dataclass(frozen=True, eq=False)
class _Units:
    """What the rule reads, missing units filled in, and the days that runs of days look at.

    For each unit, `filled` tells whether it was missing, `silent` whether it was and the person
    was out of sight on its day; `back` is the last day up to it on which who was out of sight was
    heard of again, or -1.
    """

    units: Shown
    filled: NDArray[np.bool_]
    cut_on: NDArray[np.int32]
    silent: NDArray[np.bool_]
    back: NDArray[np.int64]
    shown: Shown

    def after(self, day: NDArray[np.int32]) -> _Units:
        """Return what comes after the `day` of each episode."""
        keep = self.units.day > day[self.units.episode]
        shown = self.shown.where(self.shown.day > day[self.shown.episode])
        units, filled = self.units.where(keep), self.filled[keep]
        return _Units(units, filled, self.cut_on, self.silent[keep], self.back[keep], shown)


def rounds_of(
    told: tuple[Shown, Shown, NDArray[np.int8]],
    followed: NDArray[np.int32],
    rule: RelapseRule,
    sight: Sight,
    clear_days: int,
) -> Rounds:
    """Find relapse, recovery and the next relapse by turns, until no episode has another.

    `told` are the check-ins, the units of the definition, and the last state before the origin.
    """
    shown, units, baseline = told
    read = _read(shown, units, baseline, rule, sight)
    watched = observed(read.units, read.filled, read.cut_on, rule.searches[0])
    known = apply_rule(shown, baseline, followed, rule)
    who = np.arange(len(followed))
    entry = np.zeros(len(followed), dtype=np.int32)
    stretches, recovered, number = [], [], 1
    while len(who) or number == 1:
        stretches.append(_stretch(known, who, entry, number))
        relapsed = known.event.copy()
        relapsed[np.setdiff1d(np.arange(len(followed)), who)] = False
        day = _recovery(read, known.days, relapsed, clear_days)
        day[day >= watched.days] = -1
        recovered.append(day[who[known.event[who]]])
        who = np.flatnonzero(day >= 0)
        entry = day
        # Nothing of an episode that has not recovered is looked at again.
        read = read.after(np.where(day >= 0, day, np.iinfo(np.int32).max))
        known = _search(read, rule)
        number += 1
    return Rounds(pd.concat(stretches, ignore_index=True), np.concatenate(recovered), watched)


def _read(
    shown: Shown, units: Shown, baseline: NDArray[np.int8], rule: RelapseRule, sight: Sight
) -> _Units:
    filled, which, cut_on = fill_missing(units, baseline, rule.missing)
    key = filled.episode.astype(np.int64) * sight.heard.span + filled.day
    return _Units(filled, which, cut_on, which & sight.silent(key), sight.returns.last(key), shown)


def _search(read: _Units, rule: RelapseRule) -> Known:
    """Find the first time that the definition is met by what is left to read."""
    search = rule.searches[0]
    # Whatever comes after a first relapse comes after the first day that counts.
    known = first_reached(read.units, read.units.state == USE, read.filled, read.cut_on, search)
    for run in rule.searches[1:]:
        known = earlier(known, day_run(read.shown, run, len(read.cut_on)))
    return known


def _stretch(
    known: Known, who: NDArray[np.intp], entry: NDArray[np.int32], number: int
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "episode": who,
            "entry": entry[who],
            "days": known.days[who],
            "clear_until": np.maximum(known.clear_until, entry)[who],
            "event": known.event[who],
            "number": np.int32(number),
            "rests_on_missing": known.rests_on_missing[who],
        }
    ).astype({"number": np.int32})


def _recovery(
    read: _Units, relapse: NDArray[np.int32], relapsed: NDArray[np.bool_], clear_days: int
) -> NDArray[np.int32]:
    """Return the first clear day `clear_days` or more after the last use; -1 if there is none."""
    units = read.units
    place = np.maximum.accumulate(np.where(units.state == USE, np.arange(len(units.state)), -1))
    # Up to a relapse there is a use of the same episode, so that the place is never another's.
    since = np.maximum(np.maximum(units.day[place], relapse[units.episode]), read.back)
    after = relapsed[units.episode] & (units.day > relapse[units.episode])
    clear = after & (units.state == CLEAR) & (units.day - since >= clear_days) & ~read.silent
    found = np.flatnonzero(clear)
    found = found[starts_of(units.episode[found])]
    day = np.full(len(relapse), -1, dtype=np.int32)
    day[units.episode[found]] = units.day[found]
    return day
