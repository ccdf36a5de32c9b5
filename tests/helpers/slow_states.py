"""The rules of `state_histories`, said plainly: one episode and one day at a time.

Written from its docstring, as `slow_rules`, on which it builds.
"""

from __future__ import annotations

from typing import NamedTuple

from iop_outcomes.relapse import RelapseRule
from tests.helpers.slow_rules import History, Known, competing_end, first_met, known_of


class Stay(NamedTuple):
    """A row of `state_histories`."""

    state: str
    entry: int
    days: int
    next_state: str | None


def plain_stays(history: History, rule: RelapseRule, clear_days: int) -> list[Stay]:
    """Return the stays in states; none if the episode never began or was never followed."""
    known = known_of(history, rule)
    if known is None:
        return []
    end = last_day_told(known, rule)
    used = any(unit.state == "use" for unit in known.units)
    never_seen = not known.seen and history.left is None and not used
    if never_seen and known.end <= known.to_come:
        return []
    news = {*known.shown, *known.returns, *(unit.known for unit in known.units)}
    use = None  # lapsed, relapsed or recovered, by what is known of use
    states = []
    if known.left == ("died", 0):
        end = 1  # a death on day 0 stands on day 1
    for day in range(end + 1):
        if day in news:
            use = state_of_use(known, rule, clear_days, day)
        states.append(state_on(history, known, rule, use, day))
    stays: list[Stay] = []
    entry = 0
    for day in range(1, end + 1):
        if states[day] != states[entry]:
            stays.append(Stay(states[entry], entry, day, states[day]))
            entry = day
    if entry < end:
        stays.append(Stay(states[entry], entry, end, None))
    return stays


def last_day_told(known: Known, rule: RelapseRule) -> int:
    """Return where a history ends: the follow-up, or under "censor" what is known."""
    if known.missed_on is None:
        return known.end
    competing = competing_end(known, rule, None)
    return max(known.known_until, competing[1] if competing else 0)


def state_on(history: History, known: Known, rule: RelapseRule, use: str | None, day: int) -> str:
    """Return the state of a day by what is known on it; `use` is that of use."""
    left = 0 if rule.origin == "discharge" else known.left[1] if known.left else None
    if history.reason == "died" and left is not None and max(left, 1) <= day:
        return "dead"
    discharged = left is not None and left <= day and history.reason != "died"
    unseen = known.out_of_sight(day)
    if unseen and (not discharged or known.missed_since(left or 0, day)):
        return "lost"
    if use is not None and not (discharged and unseen):
        return use
    if discharged:
        return "discharged"
    first_seen = min(known.seen, default=None)
    if first_seen is None or (day < first_seen and first_seen > known.to_come + 1):
        return "lost"
    return "engaged"


def state_of_use(known: Known, rule: RelapseRule, clear_days: int, today: int) -> str | None:
    """Return lapsed, relapsed or recovered by the units known today; None if there was no use."""
    units = [unit for unit in known.units if unit.known <= today]
    shown = {day: state for day, state in known.shown.items() if day <= today}
    back = [day for day in known.returns if day <= today]
    state, since = None, 0
    relapse = first_met(units, shown, rule, 0, today)
    by_day = {unit.day: unit for unit in units}
    for day in range(1, today + 1):
        since = max([since, *(each for each in back if each <= day)])
        if relapse.event and relapse.days == day:
            state, since = "relapsed", day
        unit = by_day.get(day)
        if unit is None:
            continue
        if unit.state == "use":
            state, since = state if state == "relapsed" else "lapsed", day
        clear = unit.state == "clear" and not known.assumed_out_of_sight(unit)
        if clear and day - since >= clear_days and state in ("lapsed", "relapsed"):
            if state == "relapsed":
                relapse = first_met(units, shown, rule, day, today)
            state = "recovered"
    return state
