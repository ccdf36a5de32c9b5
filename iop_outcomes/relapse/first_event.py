"""The rule applied: weeks, missing values filled in, and the first time the definition is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.relapse.evidence import CLEAR, MISSING, NOT_DUE, USE, DailyEvidence
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.relapse.search import Search
from iop_outcomes.shared.arrays import ends_of, starts_of

NEVER = np.int32(np.iinfo(np.int32).max)  # later than any day


@dataclass(frozen=True, eq=False)
class FirstEvent:
    """The first event of each episode, one entry a row of ``records.episodes``.

    Attributes
    ----------
    days, clear_until : numpy.ndarray of int32
        As the columns of ``time_to_relapse``.
    event : numpy.ndarray of bool
        As the column of ``time_to_relapse``.
    seen, filled : numpy.ndarray of int32
        Of the units with use by which the definition is met, how many were seen to be that and
        how many were missing; 0 without an event.
    cut_on : numpy.ndarray of int32
        The day of the missing unit that ended what is known; NEVER where none did.
    """

    days: NDArray[np.int32]
    clear_until: NDArray[np.int32]
    event: NDArray[np.bool_]
    seen: NDArray[np.int32]
    filled: NDArray[np.int32]
    cut_on: NDArray[np.int32]

    @property
    def cut(self) -> NDArray[np.bool_]:
        """Whether a missing unit ended what is known."""
        return self.cut_on < NEVER

    @property
    def rests_on_missing(self) -> NDArray[np.bool_]:
        """As the column of ``time_to_relapse``."""
        return self.filled > 0


def apply_rule(
    daily: DailyEvidence, baseline: NDArray[np.int8], followed: NDArray[np.int32], rule: RelapseRule
) -> FirstEvent:
    """Apply `rule` to what the check-ins of all episodes show.

    All definitions are searches for the first unit that brings the units with use among the
    last n to k. A unit is a week, or a check-in that was due, with 1 of 1; a run of days can
    only bring the event forward, for the days lie in weeks that are read as well.
    """
    by_day = [search for search in rule.searches if search.unit == "day"]
    first = rule.searches[0]
    by_week = first.unit == "week"
    units = weeks(daily, followed, rule.week_days) if by_week else daily
    event = search_units(units, baseline, rule, first)
    for search in by_day:
        event = earlier(event, day_run(daily, search, len(followed)))
    return event


def search_units(
    units: DailyEvidence, baseline: NDArray[np.int8], rule: RelapseRule, search: Search
) -> FirstEvent:
    """Find the first unit that meets `search`, missing units being what the rule says."""
    if search.unit == "check_in":
        units = units.where(units.state != NOT_DUE)
    first_day = (search.first - 1) * rule.week_days
    if search.of == "missed":
        units = _missed_as_use(units)
    units, filled, cut_on = fill_missing(units, baseline, rule.missing)
    counted = (units.state == USE) & (units.day > first_day)
    first_event = first_reached(units, counted, filled, cut_on, search)
    if first_day:
        # What came before it does not count, so that the event was not before it either.
        np.maximum(
            first_event.clear_until, first_day, out=first_event.clear_until, where=first_event.event
        )
    return first_event


def earlier(first_event: FirstEvent, run: FirstEvent) -> FirstEvent:
    """Return `first_event`, with the events of `run` where these came first."""
    sooner = run.event & (run.days <= first_event.days)
    sooner &= ~first_event.event | (run.days < first_event.days)
    return FirstEvent(
        days=np.where(sooner, run.days, first_event.days),
        clear_until=np.where(sooner, run.clear_until, first_event.clear_until),
        event=np.where(sooner, run.event, first_event.event),
        seen=np.where(sooner, run.seen, first_event.seen),
        filled=np.where(sooner, run.filled, first_event.filled),
        cut_on=np.where(sooner, NEVER, first_event.cut_on),
    )


def day_run(daily: DailyEvidence, search: Search, episodes: int) -> FirstEvent:
    """Find the first run of n days in a row, each of which shows use."""
    use, begin, last = runs_of_days(daily, search)
    first = starts_of(use.episode[last])
    who = use.episode[last[first]]

    nothing = np.zeros(episodes, dtype=np.int32)
    days, onset, clear_until, seen = (nothing.copy() for _ in range(4))
    days[who], onset[who], seen[who] = use.day[last[first]], use.day[begin[first]], search.needed
    clear = daily.where((daily.state == CLEAR) & (daily.day < onset[daily.episode]))
    ends = ends_of(clear.episode)
    clear_until[clear.episode[ends]] = clear.day[ends]
    clear_until[who] = np.maximum(clear_until[who], search.first - 1)
    return FirstEvent(days, clear_until, seen > 0, seen, nothing, np.full(episodes, NEVER))


def runs_of_days(
    daily: DailyEvidence, search: Search
) -> tuple[DailyEvidence, NDArray[np.intp], NDArray[np.intp]]:
    """Return the days with use, and at which places of them each run long enough begins and ends.

    A run of more days than are needed holds several, one a day on which it is long enough.
    """
    use = daily.where((daily.state == USE) & (daily.day >= search.first))
    last = np.arange(search.needed - 1, len(use.day))
    begin = last - search.needed + 1
    days = use.day[last] - use.day[begin]
    whole = (use.episode[last] == use.episode[begin]) & (days == search.needed - 1)
    return use, begin[whole], last[whole]


def weeks(daily: DailyEvidence, followed: NDArray[np.int32], week_days: int) -> DailyEvidence:
    """Return one entry a week, from the day after the origin to the last check-in due.

    A week shows the highest of its days, and nothing (MISSING) where it has none. Its day is
    its last, or the last day of the follow-up if that comes first.
    """
    week = (daily.day - 1) // week_days
    due = np.flatnonzero(daily.state != NOT_DUE)
    last = due[ends_of(daily.episode[due])]
    length = np.zeros(len(followed), dtype=np.intp)
    length[daily.episode[last]] = week[last] + 1
    start = np.cumsum(length) - length

    inside = week < length[daily.episode]
    place = (start[daily.episode] + week)[inside]
    first = starts_of(place)
    state = np.full(length.sum(), MISSING, dtype=np.int8)
    if len(first):
        state[place[first]] = np.maximum.reduceat(daily.state[inside], first)
    episode = np.repeat(np.arange(len(followed)), length)
    number = np.arange(len(state)) - start[episode]
    day = np.minimum((number + 1) * week_days, followed[episode]).astype(np.int32)
    return DailyEvidence(episode, day, state)


def fill_missing(
    units: DailyEvidence, baseline: NDArray[np.int8], missing_rule: str
) -> tuple[DailyEvidence, NDArray[np.bool_], NDArray[np.int32]]:
    """Fill in missing units by the rule, or leave them out, or all units from the first one on.

    Returns
    -------
    DailyEvidence, numpy.ndarray of bool, numpy.ndarray of int32
        The units, none of them MISSING; which of them were; and, one an episode, the day of the
        missing unit that ended it, or NEVER.
    """
    missing = units.state == MISSING
    cut_on = np.full(len(baseline), NEVER)
    if not missing.any():
        return units, missing, cut_on
    if missing_rule == "drop":
        kept = units.where(~missing)
        return kept, np.zeros(len(kept.state), dtype=bool), cut_on
    if missing_rule == "censor":
        place = np.flatnonzero(missing)
        place = place[starts_of(units.episode[place])]
        cut_on[units.episode[place]] = units.day[place]
        kept = units.where(units.day < cut_on[units.episode])
        return kept, np.zeros(len(kept.state), dtype=bool), cut_on
    if missing_rule in ("use", "no_use"):
        value = np.full(len(missing), USE if missing_rule == "use" else CLEAR)
    else:
        value = _last_value(units, baseline)
    filled = DailyEvidence(
        units.episode, units.day, np.where(missing, value, units.state).astype(np.int8)
    )
    if missing_rule == "last_value_to_last_contact":
        reached = _last_known(units, len(baseline))[units.episode] >= np.arange(len(missing))
        return filled.where(reached), missing[reached], cut_on
    return filled, missing, cut_on


def first_reached(
    units: DailyEvidence,
    counted: NDArray[np.bool_],
    filled: NDArray[np.bool_],
    cut_on: NDArray[np.int32],
    search: Search,
) -> FirstEvent:
    """Find the first unit with n `counted` ones among the last of its episode."""
    episodes = len(cut_on)
    days = np.zeros(episodes, dtype=np.int32)
    clear_until = np.zeros(episodes, dtype=np.int32)
    event = np.zeros(episodes, dtype=bool)
    uses = np.zeros((2, episodes), dtype=np.int32)

    last_known = _last_known(units, episodes)
    some = last_known >= 0
    days[some] = units.day[last_known[some]]

    start = _first_place(units.episode)
    reached = np.flatnonzero(search.is_reached(counted, start))
    reached = reached[starts_of(units.episode[reached])]
    # The window in which the count is first reached holds exactly this many counted units.
    onset = np.flatnonzero(counted)[np.cumsum(counted)[reached] - search.needed]
    clear = _last_place(units.state == CLEAR)[onset]
    missing = np.append(0, np.cumsum(counted & filled))

    who = units.episode[reached]
    event[who] = True
    days[who] = units.day[reached]
    uses[1, who] = missing[reached + 1] - missing[onset]
    uses[0, who] = search.needed - uses[1, who]
    clear_until[:] = np.where(event, 0, days)
    seen_clear = clear >= start[onset]
    clear_until[who[seen_clear]] = units.day[clear[seen_clear]]
    cut_on = np.where(event, NEVER, cut_on)
    return FirstEvent(days, clear_until, event, uses[0], uses[1], cut_on)


def observed(
    units: DailyEvidence, filled: NDArray[np.bool_], cut_on: NDArray[np.int32], search: Search
) -> FirstEvent:
    """Return what is known of each episode if no relapse ended it."""
    return first_reached(units, np.zeros(len(filled), dtype=bool), filled, cut_on, search)


def _missed_as_use(units: DailyEvidence) -> DailyEvidence:
    # Dropout is defined by missed units; of every unit that was due this is known.
    state = np.where(units.state == USE, CLEAR, units.state)
    state = np.where(units.state == MISSING, USE, state)
    return DailyEvidence(units.episode, units.day, state.astype(np.int8))


def _last_value(units: DailyEvidence, baseline: NDArray[np.int8]) -> NDArray[np.int8]:
    # The last known state before each unit; before the first, that of the baseline.
    carried = _last_place(units.state >= CLEAR)
    inside = carried >= _first_place(units.episode)
    start_value = np.where(baseline == USE, USE, CLEAR)[units.episode]
    value: NDArray[np.int8] = np.where(inside, units.state[carried], start_value)
    return value


def _last_known(units: DailyEvidence, episodes: int) -> NDArray[np.intp]:
    # For each episode, the place of its last unit that shows something; -1 where none does.
    known = np.flatnonzero(units.state >= CLEAR)
    place = np.full(episodes, -1, dtype=np.intp)
    last = ends_of(units.episode[known])
    place[units.episode[known[last]]] = known[last]
    return place


def _last_place(marked: NDArray[np.bool_]) -> NDArray[np.intp]:
    # For each place, the last marked one up to it; -1 where there is none.
    place = np.where(marked, np.arange(len(marked)), -1)
    last: NDArray[np.intp] = np.maximum.accumulate(place) if len(place) else place
    return last


def _first_place(episode: NDArray[np.intp]) -> NDArray[np.intp]:
    # For each place, where its episode begins.
    new = np.append(True, episode[1:] != episode[:-1])[: len(episode)]
    return _last_place(new)
