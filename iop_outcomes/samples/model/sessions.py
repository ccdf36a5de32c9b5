"""The sessions of a day: who is due, who attends, and what is recorded."""

from __future__ import annotations

import numpy as np

from iop_outcomes.samples.model.design import COMPLETED, FIRST_DAY, Array, day_number, weekday
from iop_outcomes.samples.model.state import (
    ABSENT,
    ATTENDED,
    FAMILY,
    GROUP,
    INDIVIDUAL,
    NOT_SCHEDULED,
    PROGRAM_CANCEL,
    UNRECORDED,
    WINDOW,
    SimulationState,
)

FADING = 21  # days before leaving in which absences rise

# Per reason of discharge, how much absences rise before the person leaves.
_FADING_LOG_ODDS = np.array([0.0, 2.2, 1.2, 0.5, 0.8, 0.5, 0.8])

_GROUP_WEEKDAYS = np.array([[1, 0, 1, 0, 1, 0, 0], [1, 1, 0, 1, 0, 0, 0]], dtype=bool)
ONE_GROUP_WEEKDAY = np.array([2, 1])  # which of them remains after the step-down
_SCHEDULE = ("admit", "track", "intensive_weeks", "planned_weeks", "individual_day", "family_phase")
_NOT_SCHEDULED = 0.008
_UNRECORDED = 0.007
_FIRST = day_number(FIRST_DAY)


def hold_sessions(state: SimulationState, day: int) -> None:
    """Simulate the sessions of `day` and record who attended."""
    slot = day % WINDOW
    state.attended[slot] = 0
    state.due[slot] = 0
    here = np.flatnonzero(day <= state.course.discharge)
    if not len(here):
        return
    who = {name: column[here] for name, column in state.who.items() if name in _SCHEDULE}
    date = who["admit"] + day
    week = (day - 1) // 7
    one_a_week = week >= who["intensive_weeks"]
    track, at = who["track"], weekday(date)
    group = np.where(one_a_week, at == ONE_GROUP_WEEKDAY[track], _GROUP_WEEKDAYS[track, at])
    individual = at == who["individual_day"]
    individual &= (week < who["planned_weeks"]) | (week % 2 == 0)
    phase = who["family_phase"]
    family = (at == 5) & (phase >= 0) & (week % 3 == phase) & ~one_a_week
    chance = _chances(state, here, date, day)
    for service, held in ((GROUP, group), (INDIVIDUAL, individual), (FAMILY, family)):
        _hold(state, day, service, here[held], date[held], chance[held])


def _chances(state: SimulationState, here: Array, date: Array, day: int) -> Array:
    """Return each person's probability of attending on `day`."""
    design, course = state.design, state.course
    leave, reason = course.leave[here], course.reason[here]
    fading = np.clip(1 - (leave - day) / FADING, 0, 1) * _FADING_LOG_ODDS[reason]
    program = state.who["program"][here]
    log_odds = (
        state.log_odds[here]
        + state.attendance[program, date - _FIRST]
        + np.array(design.weekday_effects)[weekday(date)]
        - design.weekly_decline * day / 7
        - fading
    )
    chance: Array = 1 / (1 + np.exp(-log_odds))
    chance[(reason == COMPLETED) & (leave == day)] = 1.0  # the last session is attended
    chance[day > leave] = 0.0
    return chance


def _hold(
    state: SimulationState, day: int, service: int, who: Array, date: Array, chance: Array
) -> None:
    """Simulate one kind of session on one day for those who are due."""
    rng, course = state.rng, state.course
    draw = rng.random((2, len(who)))
    outcome = np.where(draw[0] < chance, ATTENDED, ABSENT)
    outcome[draw[1] < _NOT_SCHEDULED + _UNRECORDED] = UNRECORDED
    outcome[draw[1] < _NOT_SCHEDULED] = NOT_SCHEDULED
    calendar = date - _FIRST
    track, program = state.who["track"][who], state.who["program"][who]
    outcome[state.staff_absent[track, program, calendar]] = PROGRAM_CANCEL
    last = (course.reason[who] == COMPLETED) & (course.leave[who] == day) & (service == GROUP)
    outcome[last] = ATTENDED
    outcome[state.shut[program, calendar]] = PROGRAM_CANCEL
    came = who[outcome == ATTENDED]
    state.last_contact[came] = day
    state.attended[day % WINDOW, came] += 1
    state.due[day % WINDOW, who[outcome <= ABSENT]] += 1
    state.days.append(
        {
            "episode": who.astype(np.int32),
            "day": np.full(len(who), day, dtype=np.int16),
            "service": np.full(len(who), service, dtype=np.int8),
            "outcome": outcome.astype(np.int8),
            "chance": chance.astype(np.float32),
            "left": day > course.leave[who],
        }
    )
