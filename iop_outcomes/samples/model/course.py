"""The course of each admission day by day: sessions, first use, and the end of the episode.

All admissions are simulated together, day by day: on each day the hazard of a first use depends on
attendance in the last 14 days, and a first use may in turn end attendance.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.samples.model.design import (
    COMPLETED,
    DIED,
    DROPPED_OUT,
    ENTRY_PATHS,
    FIRST_DAY,
    INCARCERATED,
    OTHER,
    SUBSTANCES,
    TERMINATED,
    TRANSFERRED,
    Array,
    Design,
    closed_days,
    day_number,
    log_odds_changes,
    weekday,
)
from iop_outcomes.samples.model.sessions import ONE_GROUP_WEEKDAY, hold_sessions
from iop_outcomes.samples.model.state import ASSESSMENT, ATTENDED, NEVER, Course, SimulationState

NO_CONTACT = 28  # days without contact after which a program closes an episode
# For each reason the days from leaving until discharge (minimum, spread).
_UNTIL_DISCHARGE = np.array([[0, 1], [12, 8], [0, 4], [0, 4], [3, 8], [1, 3], [0, 8]])
_STAFF_ABSENT = 0.008
# Reasons in order of the readiness of the person; a ready person who attends completes.
_READINESS_ORDER = [DROPPED_OUT, TERMINATED, INCARCERATED, DIED, OTHER, TRANSFERRED, COMPLETED]
_READINESS_CORRELATION = 0.45
# Reasons of discharge after a first use in treatment, and their weights.
_ENDS_AT_RELAPSE = [DROPPED_OUT, TRANSFERRED, TERMINATED, INCARCERATED, DIED]
_ENDS_AT_RELAPSE_WEIGHTS = [0.58, 0.22, 0.16, 0.03, 0.01]
_DAYS_TO_LEAVING = 7.0


def follow(
    who: pd.DataFrame, design: Design, rng: np.random.Generator, *, relapse_acts: bool = True
) -> Course:
    """Simulate the admissions in `who` day by day.

    Parameters
    ----------
    relapse_acts : bool
        False simulates people who never use, and computes each person's probability of no use
        (`Course.relapse_free`). Its mean is the marginal survival, because up to the first use both
        simulations have the same probabilities.
    """
    state = _set_out(who, design, rng)
    _first_contact(state)
    constant = fixed_log_hazard(who, design)
    total = np.zeros(len(who))
    free = [np.ones(len(who), dtype=np.float32)]
    for day in range(1, design.horizon + 1):
        step = _hazard_of(state, day, constant)
        if relapse_acts:
            _relapse(state, day, step)
        else:
            total += step
            free.append(np.exp(-total).astype(np.float32))
        _close_without_contact(state, day)
        hold_sessions(state, day)
    course = state.course
    course.sessions = pd.DataFrame(
        {name: np.concatenate([part[name] for part in state.days]) for name in state.days[0]}
    )
    course.relapse_free = np.stack(free, axis=1) if not relapse_acts else course.relapse_free
    return course


def fixed_log_hazard(who: pd.DataFrame, design: Design) -> Array:
    """Return the part of each admission's log hazard ratio that does not change with time."""
    entry = np.array([design.entry_effects[name] for name in ENTRY_PATHS])
    substance = np.array([design.substance_effects[name] for name in SUBSTANCES])
    result: Array = (
        entry[who["entry"].to_numpy()]
        + substance[who["substance"].to_numpy()]
        + design.medication_effect * who["medication"].to_numpy()
        + design.evening_effect * who["track"].to_numpy()
        + design.age_effect * (who["age"].to_numpy() - 38)
    )
    return result


def _set_out(who: pd.DataFrame, design: Design, rng: np.random.Generator) -> SimulationState:
    from scipy.special import betaincinv, ndtr

    closure, holiday = closed_days(design)
    first = day_number(FIRST_DAY)
    days = np.arange(first, first + closure.shape[1])
    mass = 1 / design.correlation - 1
    chance = betaincinv(
        design.mean_attendance * mass,
        (1 - design.mean_attendance) * mass,
        ndtr(who["propensity"].to_numpy()),
    )
    chance = np.clip(chance, 0.02, 0.985)
    return SimulationState(
        who={str(name): who[name].to_numpy() for name in who},
        design=design,
        rng=rng,
        course=_intended_ends(who, design, rng, closure | holiday),
        shut=closure | holiday,
        staff_absent=rng.random((2, *closure.shape)) < _STAFF_ABSENT,
        attendance=log_odds_changes(design, days),
        log_odds=np.log(chance / (1 - chance)),
        last_contact=np.zeros(len(who), dtype=np.int64),
    )


def _intended_ends(
    who: pd.DataFrame, design: Design, rng: np.random.Generator, shut: Array
) -> Course:
    """Draw how each episode would end without a first use."""
    from scipy.special import ndtri

    size = len(who)
    weights = np.array(design.end_weights)[_READINESS_ORDER]
    cuts = ndtri(np.cumsum(weights / weights.sum())[:-1])
    score = _READINESS_CORRELATION * who["propensity"].to_numpy()
    score = score + np.sqrt(1 - _READINESS_CORRELATION**2) * who["readiness"].to_numpy()
    reason = np.array(_READINESS_ORDER)[np.searchsorted(cuts, score)]
    spread = np.array(design.spread_stay)[reason] * rng.standard_normal(size)
    stay = np.array(design.median_stay)[reason] * np.exp(spread)
    leave = np.clip(np.round(stay), 2, design.longest_stay).astype(np.int64)
    completed = np.flatnonzero(reason == COMPLETED)
    last_group = _next_group(who.iloc[completed], np.maximum(leave[completed], 21), shut)
    leave[completed] = last_group
    never = np.full(size, NEVER)
    return Course(leave, leave + _until_discharge(reason, rng), reason, never)


def _next_group(who: pd.DataFrame, stay: Array, shut: Array) -> Array:
    """Return the first day from `stay` on which the remaining weekly group is held."""
    admit = who["admit"].to_numpy()
    wanted = ONE_GROUP_WEEKDAY[who["track"].to_numpy()]
    stay = stay + (wanted - weekday(admit + stay)) % 7
    first = day_number(FIRST_DAY)
    for _ in range(3):  # no two closures follow each other
        stay = stay + 7 * shut[who["program"].to_numpy(), admit + stay - first]
    return stay


def _until_discharge(reason: Array, rng: np.random.Generator) -> Array:
    least, spread = _UNTIL_DISCHARGE[reason].T
    result: Array = least + np.floor(rng.random(len(reason)) * spread).astype(np.int64)
    return result


def _first_contact(state: SimulationState) -> None:
    """Start every episode with an attended assessment."""
    size = len(state.log_odds)
    state.days.append(
        {
            "episode": np.arange(size, dtype=np.int32),
            "day": np.zeros(size, dtype=np.int16),
            "service": np.full(size, ASSESSMENT, dtype=np.int8),
            "outcome": np.full(size, ATTENDED, dtype=np.int8),
            "chance": np.ones(size, dtype=np.float32),
            "left": np.zeros(size, dtype=bool),
        }
    )
    state.attended[0] += 1
    state.due[0] += 1


def _hazard_of(state: SimulationState, day: int, constant: Array) -> Array:
    """Return each admission's cumulative hazard over the day that ends as `day`."""
    design, course = state.design, state.course
    due = state.due.sum(axis=0)
    recent = state.attended.sum(axis=0) / np.maximum(due, 1)
    baseline = (day / design.scale) ** design.shape - ((day - 1) / design.scale) ** design.shape
    after = (course.reason == COMPLETED) & (day > course.discharge)
    moving = design.attendance_effect * recent + design.completed_effect * after
    result: Array = baseline * np.exp(constant + moving)
    return result


def _relapse(state: SimulationState, day: int, step: Array) -> None:
    """Draw who uses for the first time on `day`, and who leaves because of it."""
    course, rng = state.course, state.rng
    draw = rng.random(len(step)) < -np.expm1(-step)
    new = np.flatnonzero(draw & (course.relapse == NEVER))
    if not len(new):  # nothing more is drawn
        return
    course.relapse[new] = day
    leave = day + rng.geometric(1 / _DAYS_TO_LEAVING, len(new))
    reason = rng.choice(_ENDS_AT_RELAPSE, len(new), p=_ENDS_AT_RELAPSE_WEIGHTS)
    discharge = leave + _until_discharge(reason, rng)
    leaves = rng.random(len(new)) < state.design.leaving_at_relapse
    leaves &= (leave < course.leave[new]) & (day <= course.discharge[new])
    who = new[leaves]
    course.leave[who], course.reason[who] = leave[leaves], reason[leaves]
    course.discharge[who] = discharge[leaves]


def _close_without_contact(state: SimulationState, day: int) -> None:
    course = state.course
    closed = (day <= course.discharge) & (day - state.last_contact >= NO_CONTACT)
    course.discharge[closed] = day
    course.leave[closed] = state.last_contact[closed]
    course.reason[closed] = DROPPED_OUT
