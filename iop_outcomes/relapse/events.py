"""The rule applied: weeks, the missing filled in, and the first time the definition is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.relapse.evidence import CLEAR, MISSING, NOT_DUE, USE, Shown, ends_of, starts_of
from iop_outcomes.relapse.rules import RelapseRule


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of each episode, in the order of ``records.episodes``.

    Attributes
    ----------
    days, clear_until : numpy.ndarray of int32
        As the columns of ``time_to_relapse``.
    event, rests_on_missing : numpy.ndarray of bool
        As the columns of ``time_to_relapse``.
    cut : numpy.ndarray of bool
        Whether a missing check-in ended what is known.
    """

    days: NDArray[np.int32]
    clear_until: NDArray[np.int32]
    event: NDArray[np.bool_]
    rests_on_missing: NDArray[np.bool_]
    cut: NDArray[np.bool_]


def apply_rule(
    shown: Shown, baseline: NDArray[np.int8], followed: NDArray[np.int32], rule: RelapseRule
) -> Known:
    """Apply `rule` to what the check-ins of all episodes show.

    Both definitions are one search: the first unit that brings the units with use among the
    last n to k. A unit is a week, with k of n weeks, or a check-in that was due, with 1 of 1.
    """
    if rule.by_week:
        units = weeks(shown, followed, rule.week_days)
        needed, window = rule.use_weeks, rule.window_weeks
    else:
        units = shown.where(shown.state != NOT_DUE)
        needed, window = 1, 1
    units, filled, cut = fill_missing(units, baseline, rule)
    return first_reached(units, filled, cut, needed, window)


def weeks(shown: Shown, followed: NDArray[np.int32], week_days: int) -> Shown:
    """Return one entry a week, from the day after the origin to the last check-in due.

    A week shows the highest of its days, and nothing (MISSING) where it has none. Its day is
    its last, or the last day of the follow-up if that comes first.
    """
    week = (shown.day - 1) // week_days
    due = np.flatnonzero(shown.state != NOT_DUE)
    last = due[ends_of(shown.episode[due])]
    length = np.zeros(len(followed), dtype=np.intp)
    length[shown.episode[last]] = week[last] + 1
    start = np.cumsum(length) - length

    inside = week < length[shown.episode]
    place = (start[shown.episode] + week)[inside]
    first = starts_of(place)
    state = np.full(length.sum(), MISSING, dtype=np.int8)
    if len(first):
        state[place[first]] = np.maximum.reduceat(shown.state[inside], first)
    episode = np.repeat(np.arange(len(followed)), length)
    number = np.arange(len(state)) - start[episode]
    day = np.minimum((number + 1) * week_days, followed[episode]).astype(np.int32)
    return Shown(episode, day, state)


def fill_missing(
    units: Shown, baseline: NDArray[np.int8], rule: RelapseRule
) -> tuple[Shown, NDArray[np.bool_], NDArray[np.bool_]]:
    """Give each missing unit the state that the rule gives it, or cut the rest off.

    Returns
    -------
    Shown, numpy.ndarray of bool, numpy.ndarray of bool
        The units, none of them MISSING; which of them were; and, one an episode, whether a
        missing unit ended it.
    """
    missing = units.state == MISSING
    if not missing.any():
        return units, missing, np.zeros(len(baseline), dtype=bool)
    cut = np.zeros(len(baseline), dtype=bool)
    if rule.missing == "censor":
        cut[units.episode[missing]] = True
        before = np.cumsum(missing)
        start = _first_place(units.episode)
        at_start = before[start] - missing[start]
        kept = units.where(before == at_start)
        return kept, np.zeros(len(kept.state), dtype=bool), cut
    if rule.missing == "last_value":
        carried = _last_place(units.state >= CLEAR)
        inside = carried >= _first_place(units.episode)
        start_value = np.where(baseline == USE, USE, CLEAR)[units.episode]
        value = np.where(inside, units.state[carried], start_value)
    else:
        value = np.full(len(missing), USE if rule.missing == "use" else CLEAR)
    state = np.where(missing, value, units.state).astype(np.int8)
    return Shown(units.episode, units.day, state), missing, cut


def first_reached(
    units: Shown,
    filled: NDArray[np.bool_],
    cut: NDArray[np.bool_],
    needed: int,
    window: int,
) -> Known:
    """Find the first unit with `needed` units of use among the last `window` of its episode."""
    episodes, size = len(cut), len(units.state)
    days = np.zeros(episodes, dtype=np.int32)
    clear_until = np.zeros(episodes, dtype=np.int32)
    event = np.zeros(episodes, dtype=bool)
    rests = np.zeros(episodes, dtype=bool)

    last = ends_of(units.episode)
    known = _last_place(units.state >= CLEAR)[last]
    known = known[known >= _first_place(units.episode)[last]]
    days[units.episode[known]] = units.day[known]

    use = units.state == USE
    uses = np.append(0, np.cumsum(use))  # before each unit, and at the end
    start = _first_place(units.episode)
    begin = np.maximum(np.arange(size) - window + 1, start)
    reached = np.flatnonzero(uses[1:] - uses[begin] >= needed)
    reached = reached[starts_of(units.episode[reached])]
    # The window in which the count is first reached holds exactly `needed` units of use.
    onset = np.flatnonzero(use)[uses[reached + 1] - needed]
    clear = _last_place(units.state == CLEAR)[onset]
    missing_uses = np.append(0, np.cumsum(use & filled))

    who = units.episode[reached]
    event[who] = True
    days[who] = units.day[reached]
    rests[who] = missing_uses[reached + 1] > missing_uses[onset]
    clear_until[:] = np.where(event, 0, days)
    before = clear >= start[onset]
    clear_until[who[before]] = units.day[clear[before]]
    return Known(days, clear_until, event, rests, cut & ~event)


def _last_place(marked: NDArray[np.bool_]) -> NDArray[np.intp]:
    # For each place, the last marked one up to it; -1 where there is none.
    place = np.where(marked, np.arange(len(marked)), -1)
    last: NDArray[np.intp] = np.maximum.accumulate(place) if len(place) else place
    return last


def _first_place(episode: NDArray[np.intp]) -> NDArray[np.intp]:
    # For each place, where its episode begins.
    new = np.append(True, episode[1:] != episode[:-1])[: len(episode)]
    return _last_place(new)
