"""The course of each episode through states: what is known by each day, over arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.relapse.course.observation import Days, Marks, Sight
from iop_outcomes.relapse.evidence import CLEAR, MISSING, USE, Shown
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.arrays import ends_of
from iop_outcomes.shared.vocabulary import STATES

ENGAGED, DISCHARGED, RECOVERED, LAPSED, RELAPSED, LOST, DEAD = range(len(STATES))


def told_on(shown: Shown, followed: NDArray[np.int32], rule: RelapseRule, span: int) -> Days:
    """Return the keys of the days on which what is missing before becomes known.

    A missed check-in or week is known to be one on its own day where the rule fills it in whatever
    comes later; a week without a check-in, once a later one is due. Where it is filled in up to
    the last contact only, it takes a later unit that shows something.
    """
    telling = shown.where((shown.state >= CLEAR) | ((shown.state == MISSING) & rule.fills))
    day = telling.day
    if rule.by_week:
        last = ((day - 1) // rule.week_days + 1) * rule.week_days
        day = np.minimum(last, followed[telling.episode])
    return np.unique(telling.episode.astype(np.int64) * span + day)


def use_states(
    filled: tuple[Shown, NDArray[np.bool_]],
    shown: Shown,
    told: Days,
    sight: Sight,
    rule: RelapseRule,
    clear_days: int,
) -> tuple[Days, NDArray[np.int8]]:
    """Return the keys of days on which use or none is known, and the state of use from each on.

    The states are ENGAGED (no use so far), LAPSED, RELAPSED and RECOVERED; each holds until the
    next. `filled` are the units and which of them were missing; what is filled in counts from
    the day on which it becomes known. A clear unit that is only filled in while a person is out of
    sight is not told. After recovery from relapse the definition is counted anew.
    """
    units, missing = filled
    span = sight.heard.span
    at = units.episode.astype(np.int64) * span + units.day
    seen = ~(missing & sight.silent(at))
    runs = _runs(shown, rule, span)
    clear, use = at[seen & (units.state == CLEAR)], at[units.state == USE]
    last_use = Marks(np.unique(use), span).last(clear)
    since = np.maximum(last_use, sight.returns.last(clear))
    enough = (last_use >= 0) & (clear % span - since >= clear_days)
    recovery = Marks(np.unique(clear[enough]), span)

    anew = Marks(np.empty(0, dtype=np.int64), span)
    while True:
        met = Marks(np.unique(np.concatenate([at[_met(units, at, rule, anew)], runs])), span)
        before = recovery.last(recovery.key - (recovery.key % span - last_use[enough]))
        relapsed = met.last(recovery.key) > before
        if np.array_equal(recovery.key[relapsed], anew.key):
            break
        anew = Marks(recovery.key[relapsed], span)

    key = np.unique(np.concatenate([clear, use, runs]))
    used = np.maximum(Marks(np.unique(use), span).last(key), met.last(key))
    recovered = recovery.last(key)
    code = np.select(
        [recovered > used, met.last(key) > recovered, used > recovered],
        [RECOVERED, RELAPSED, LAPSED],
        default=ENGAGED,
    )
    # Of all that becomes known on one day, the last says what the state is from then on.
    known = key.copy()
    of_unit = np.isin(key, at)
    known[of_unit] = told[np.searchsorted(told, key[of_unit])]
    order = np.lexsort((key, known))
    final = order[ends_of(known[order])]
    return known[final], code[final].astype(np.int8)


def _met(units: Shown, at: Days, rule: RelapseRule, anew: Marks) -> NDArray[np.bool_]:
    """Tell which units of use meet the definition, counted anew from some days on."""
    search = rule.searches[0]
    counted = (units.state == USE) & (units.day > (search.first - 1) * rule.week_days)
    before = np.append(0, np.cumsum(counted))
    place = np.arange(len(counted))
    start = np.searchsorted(at, at // anew.span * anew.span + np.maximum(anew.last(at), 0) + 1)
    begin = np.maximum(place - search.window + 1, start)
    reached: NDArray[np.bool_] = counted & (before[1:] - before[begin] >= search.needed)
    return reached


def _runs(shown: Shown, rule: RelapseRule, span: int) -> Days:
    """Return the keys of the days that complete a run of days of use that meets the definition."""
    found = [np.empty(0, dtype=np.int64)]
    for search in rule.searches:
        if search.unit != "day":
            continue
        use = shown.where((shown.state == USE) & (shown.day >= search.first))
        last = np.arange(search.needed - 1, len(use.day))
        begin = last - search.needed + 1
        whole = (use.episode[last] == use.episode[begin]) & (
            use.day[last] - use.day[begin] == search.needed - 1
        )
        last = last[whole]
        found.append(use.episode[last].astype(np.int64) * span + use.day[last])
    return np.concatenate(found)


def states_by_day(
    key: Days,
    use: tuple[Days, NDArray[np.int8]],
    sight: Sight,
    discharge: NDArray[np.float64],
    death: NDArray[np.float64],
) -> NDArray[np.int8]:
    """Return the state of the episode and day of each key."""
    span = sight.heard.span
    episode, day = key // span, key % span
    units, code = use
    place = np.searchsorted(units, key, side="right") - 1
    own = (place >= 0) & (units[place] // span == episode) if len(units) else place >= 0
    of_use = np.where(own, code[place], ENGAGED) if len(units) else np.full(len(key), ENGAGED)
    left = day >= discharge[episode]
    silent, asked = sight.silent(key), sight.missing(key, discharge[episode])
    shown = (of_use != ENGAGED) & ~(left & silent & ~asked)
    state = np.select(
        [
            day >= death[episode],
            silent & (~left | asked),
            shown,
            left,
            day < sight.absent[episode],
        ],
        [DEAD, LOST, of_use, DISCHARGED, LOST],
        default=ENGAGED,
    )
    return state.astype(np.int8)
