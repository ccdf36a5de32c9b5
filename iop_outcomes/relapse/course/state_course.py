"""The states of each episode over time, as arrays: what is known by each day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.relapse.course.observation import ContactHistory, Days, EpisodeDays
from iop_outcomes.relapse.evidence import CLEAR, MISSING, USE, DailyEvidence
from iop_outcomes.relapse.first_event import runs_of_days
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.arrays import ends_of
from iop_outcomes.shared.vocabulary import STATES

ENGAGED, DISCHARGED, RECOVERED, LAPSED, RELAPSED, LOST, DEAD = range(len(STATES))


def days_it_is_known(
    daily: DailyEvidence, followed: NDArray[np.int32], rule: RelapseRule, span: int
) -> Days:
    """Return the keys of the days on which the value of earlier missing units becomes known.

    Under a rule that fills it in whatever comes later, a missed check-in or week is known on its
    own day, and a week without a check-in when the next one is due. Under a rule that fills in up
    to the last contact only, it is known at the next unit that is seen.
    """
    telling = daily.where((daily.state >= CLEAR) | ((daily.state == MISSING) & rule.fills))
    day = telling.day
    if rule.by_week:
        last = ((day - 1) // rule.week_days + 1) * rule.week_days
        day = np.minimum(last, followed[telling.episode])
    return np.unique(telling.episode.astype(np.int64) * span + day)


def use_states(
    filled: tuple[DailyEvidence, NDArray[np.bool_]],
    daily: DailyEvidence,
    known_on: Days,
    history: ContactHistory,
    rule: RelapseRule,
    clear_days: int,
) -> tuple[Days, NDArray[np.int8]]:
    """Return the keys of days on which use or none is known, and the state of use from each on.

    The states are ENGAGED (no use so far), LAPSED, RELAPSED and RECOVERED; each holds until the
    next. `filled` are the units and which of them were missing; what is filled in counts from
    the day on which it becomes known. A clear unit that is only filled in while a person is out of
    contact is not used. After recovery from relapse the definition is counted again.
    """
    units, missing = filled
    span = history.contacts.span
    at = units.episode.astype(np.int64) * span + units.day
    seen = ~(missing & history.out_of_contact(at))
    runs = _runs(daily, rule, span)
    clear, use = at[seen & (units.state == CLEAR)], at[units.state == USE]
    last_use = EpisodeDays(np.unique(use), span).last(clear)
    since = np.maximum(last_use, history.returns.last(clear))
    enough = (last_use >= 0) & (clear % span - since >= clear_days)
    recovery = EpisodeDays(np.unique(clear[enough]), span)

    anew = EpisodeDays(np.empty(0, dtype=np.int64), span)
    while True:
        met = EpisodeDays(np.unique(np.concatenate([at[_met(units, at, rule, anew)], runs])), span)
        before = recovery.last(recovery.key - (recovery.key % span - last_use[enough]))
        relapsed = met.last(recovery.key) > before
        if np.array_equal(recovery.key[relapsed], anew.key):
            break
        anew = EpisodeDays(recovery.key[relapsed], span)

    key = np.unique(np.concatenate([clear, use, runs]))
    used = np.maximum(EpisodeDays(np.unique(use), span).last(key), met.last(key))
    recovered = recovery.last(key)
    code = np.select(
        [recovered > used, met.last(key) > recovered, used > recovered],
        [RECOVERED, RELAPSED, LAPSED],
        default=ENGAGED,
    )
    # Of all that becomes known on one day, the last says what the state is from then on.
    known = key.copy()
    of_unit = np.isin(key, at)
    known[of_unit] = known_on[np.searchsorted(known_on, key[of_unit])]
    order = np.lexsort((key, known))
    final = order[ends_of(known[order])]
    return known[final], code[final].astype(np.int8)


def _met(units: DailyEvidence, at: Days, rule: RelapseRule, anew: EpisodeDays) -> NDArray[np.bool_]:
    """Return which units of use meet the definition, counted again from some days on."""
    search = rule.searches[0]
    counted = (units.state == USE) & (units.day > (search.first - 1) * rule.week_days)
    start = np.searchsorted(at, at // anew.span * anew.span + np.maximum(anew.last(at), 0) + 1)
    reached: NDArray[np.bool_] = counted & search.is_reached(counted, start)
    return reached


def _runs(daily: DailyEvidence, rule: RelapseRule, span: int) -> Days:
    """Return the keys of the days that complete a run of days of use that meets the definition."""
    keys = [np.empty(0, dtype=np.int64)]
    for search in rule.searches:
        if search.unit != "day":
            continue
        use, _, last = runs_of_days(daily, search)
        keys.append(use.episode[last].astype(np.int64) * span + use.day[last])
    return np.concatenate(keys)


def states_by_day(
    key: Days,
    use: tuple[Days, NDArray[np.int8]],
    history: ContactHistory,
    discharge: NDArray[np.float64],
    death: NDArray[np.float64],
) -> NDArray[np.int8]:
    """Return the state of the episode and day of each key."""
    span = history.contacts.span
    episode, day = key // span, key % span
    units, code = use
    place = np.searchsorted(units, key, side="right") - 1
    own = (place >= 0) & (units[place] // span == episode) if len(units) else place >= 0
    of_use = np.where(own, code[place], ENGAGED) if len(units) else np.full(len(key), ENGAGED)
    left = day >= discharge[episode]
    out_of_contact, asked = history.out_of_contact(key), history.missing(key, discharge[episode])
    by_use = (of_use != ENGAGED) & ~(left & out_of_contact & ~asked)
    state = np.select(
        [
            day >= death[episode],
            out_of_contact & (~left | asked),
            by_use,
            left,
            day < history.absent[episode],
        ],
        [DEAD, LOST, of_use, DISCHARGED, LOST],
        default=ENGAGED,
    )
    return state.astype(np.int8)
