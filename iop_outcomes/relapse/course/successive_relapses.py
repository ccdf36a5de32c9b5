"""The rule applied repeatedly: first relapse, recovery, next relapse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.relapse.course.observation import ContactHistory
from iop_outcomes.relapse.evidence import CLEAR, USE, DailyEvidence
from iop_outcomes.relapse.first_event import (
    FirstEvent,
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
class SuccessiveRelapses:
    """All relapses of all episodes.

    Attributes
    ----------
    at_risk : pandas.DataFrame
        One row a stretch at risk: ``episode`` (row of ``records.episodes``), ``entry, days,
        clear_until, event, number, rests_on_missing``; each episode has one with ``number`` 1.
    recovered : numpy.ndarray of int32
        One entry a stretch with the event, in their order: the day of recovery; -1 if it is not
        known to have come before the last day known.
    observed : FirstEvent
        What is known of each episode if no relapse ended it: ``days`` is its last day known.
    """

    at_risk: pd.DataFrame
    recovered: NDArray[np.int32]
    observed: FirstEvent


@dataclass(frozen=True, eq=False)
class _Units:
    """What the rule reads, missing units filled in, and the days that runs of days look at.

    For each unit, `filled` says whether it was missing, `out_of_contact` whether it was missing
    and the person was out of contact on its day; `back` is the last day up to it on which a person
    who was out of contact was in contact again, or -1.
    """

    units: DailyEvidence
    filled: NDArray[np.bool_]
    cut_on: NDArray[np.int32]
    out_of_contact: NDArray[np.bool_]
    back: NDArray[np.int64]
    daily: DailyEvidence

    def after(self, day: NDArray[np.int32]) -> _Units:
        """Return the units after the `day` of each episode."""
        keep = self.units.day > day[self.units.episode]
        daily = self.daily.where(self.daily.day > day[self.daily.episode])
        units, filled = self.units.where(keep), self.filled[keep]
        return _Units(units, filled, self.cut_on, self.out_of_contact[keep], self.back[keep], daily)


def find_successive_relapses(
    evidence: tuple[DailyEvidence, DailyEvidence, NDArray[np.int8]],
    followed: NDArray[np.int32],
    rule: RelapseRule,
    history: ContactHistory,
    clear_days: int,
) -> SuccessiveRelapses:
    """Find relapse, recovery and the next relapse in turn, until no episode has another.

    `evidence` is the check-ins, the units of the definition, and the last state before the origin.
    """
    daily, units, baseline = evidence
    read = _read(daily, units, baseline, rule, history)
    watched = observed(read.units, read.filled, read.cut_on, rule.searches[0])
    first_event = apply_rule(daily, baseline, followed, rule)
    who = np.arange(len(followed))
    entry = np.zeros(len(followed), dtype=np.int32)
    stretches, recovered, number = [], [], 1
    while len(who) or number == 1:
        stretches.append(_stretch(first_event, who, entry, number))
        relapsed = first_event.event.copy()
        relapsed[np.setdiff1d(np.arange(len(followed)), who)] = False
        day = _recovery(read, first_event.days, relapsed, clear_days)
        day[day >= watched.days] = -1
        recovered.append(day[who[first_event.event[who]]])
        who = np.flatnonzero(day >= 0)
        entry = day
        # Episodes without recovery are not searched again.
        read = read.after(np.where(day >= 0, day, np.iinfo(np.int32).max))
        first_event = _search(read, rule)
        number += 1
    return SuccessiveRelapses(
        pd.concat(stretches, ignore_index=True), np.concatenate(recovered), watched
    )


def _read(
    daily: DailyEvidence,
    units: DailyEvidence,
    baseline: NDArray[np.int8],
    rule: RelapseRule,
    history: ContactHistory,
) -> _Units:
    filled, which, cut_on = fill_missing(units, baseline, rule.missing)
    key = filled.episode.astype(np.int64) * history.contacts.span + filled.day
    return _Units(
        filled, which, cut_on, which & history.out_of_contact(key), history.returns.last(key), daily
    )


def _search(read: _Units, rule: RelapseRule) -> FirstEvent:
    """Find the first time that the definition is met by what is left to read."""
    search = rule.searches[0]
    # Whatever comes after a first relapse comes after the first day that counts.
    first_event = first_reached(
        read.units, read.units.state == USE, read.filled, read.cut_on, search
    )
    for run in rule.searches[1:]:
        first_event = earlier(first_event, day_run(read.daily, run, len(read.cut_on)))
    return first_event


def _stretch(
    first_event: FirstEvent, who: NDArray[np.intp], entry: NDArray[np.int32], number: int
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "episode": who,
            "entry": entry[who],
            "days": first_event.days[who],
            "clear_until": np.maximum(first_event.clear_until, entry)[who],
            "event": first_event.event[who],
            "number": np.int32(number),
            "rests_on_missing": first_event.rests_on_missing[who],
        }
    ).astype({"number": np.int32})


def _recovery(
    read: _Units, relapse: NDArray[np.int32], relapsed: NDArray[np.bool_], clear_days: int
) -> NDArray[np.int32]:
    """Return the first clear day `clear_days` or more after the last use; -1 if there is none."""
    units = read.units
    place = np.maximum.accumulate(np.where(units.state == USE, np.arange(len(units.state)), -1))
    # Before a relapse there is a use in the same episode, so `place` is never in another episode.
    since = np.maximum(np.maximum(units.day[place], relapse[units.episode]), read.back)
    after = relapsed[units.episode] & (units.day > relapse[units.episode])
    clear = (
        after & (units.state == CLEAR) & (units.day - since >= clear_days) & ~read.out_of_contact
    )
    place_of_clear = np.flatnonzero(clear)
    place_of_clear = place_of_clear[starts_of(units.episode[place_of_clear])]
    day = np.full(len(relapse), -1, dtype=np.int32)
    day[units.episode[place_of_clear]] = units.day[place_of_clear]
    return day
