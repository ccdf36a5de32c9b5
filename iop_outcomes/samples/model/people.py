"""People with their covariates, their admissions and readmissions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.samples.model.design import (
    COMPLETED,
    DATA_CUT,
    DIED,
    DROPPED_OUT,
    ENTRY_PATHS,
    FIRST_DAY,
    GENDERS,
    REASONS,
    REFERRALS,
    SUBSTANCES,
    TRACKS,
    Array,
    Design,
    closed_days,
    day_number,
    weekday,
)

SOONEST_READMISSION = 31  # days after discharge; earlier ones often count as the same episode
UNEVENNESS = 1.5  # number of admissions by which one is earlier or later than evenly spaced
PADDING = 14  # no first sessions are planned after the data cut


def admit_people(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the first admission of every person.

    Returns
    -------
    pandas.DataFrame
        One row a person: codes into the vocabularies of `design`, ``admit`` (day number), ``age``
        in years, ``medication`` (bool), ``propensity`` (a standard normal score of the tendency to
        attend), and the values that define the schedule.
    """
    size = design.people
    shares = np.array([program.share for program in design.programs])
    program = rng.choice(len(shares), size, p=shares / shares.sum())
    substance = rng.choice(len(SUBSTANCES), size, p=[0.46, 0.25, 0.18, 0.11])
    people = pd.DataFrame(
        {
            "number": 1,
            "program": program,
            "track": (rng.random(size) < 0.42).astype(np.int64),
            "admit": _admission_days(design, program, rng),
            "age": np.clip(np.round(rng.normal(38, 11, size)), 18, 76).astype(np.int64),
            "gender": rng.choice(len(GENDERS), size, p=[0.36, 0.62, 0.02]),
            "substance": substance,
            "referral": rng.choice(len(REFERRALS), size, p=[0.3, 0.24, 0.25, 0.15, 0.06]),
            "entry": rng.choice(len(ENTRY_PATHS), size, p=[0.55, 0.33, 0.12]),
            "propensity": rng.standard_normal(size),
        }
    )
    people = people.sort_values("admit", kind="stable", ignore_index=True)
    return _plan(people.assign(person=np.arange(size)), rng)


def readmit_people(
    who: pd.DataFrame, ended: pd.DataFrame, design: Design, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw who is readmitted more than 30 days after the discharge in `ended`.

    Parameters
    ----------
    who : pandas.DataFrame
        Admissions, as returned by `admit_people`.
    ended : pandas.DataFrame
        For the same rows ``discharge`` (day number), ``reason`` (code) and ``relapse`` (day
        number of the first use; missing if there was none).
    """
    chance = np.full(len(REASONS), 0.18)
    chance[[COMPLETED, DROPPED_OUT, DIED]] = 0.10, 0.25, 0.0
    size = len(who)
    gap = SOONEST_READMISSION + rng.exponential(140, size).astype(np.int64)
    admit = _open_days(ended["discharge"].to_numpy() + gap, who["program"].to_numpy(), design)
    comes = rng.random(size) < chance[ended["reason"].to_numpy()]
    comes &= admit <= day_number(DATA_CUT) - 1
    relapsed = (ended["relapse"].to_numpy() < admit) & (rng.random(size) < 0.85)
    again = who.assign(
        number=who["number"] + 1,
        age=who["age"] + (admit - who["admit"].to_numpy()) // 365,
        entry=np.where(relapsed, 2, (rng.random(size) < 0.3).astype(np.int64)),
        admit=admit,
    )
    return _plan(again.loc[comes].reset_index(drop=True), rng)


def _plan(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add what is drawn at each admission: medication and the schedule."""
    size = len(people)
    medicated = np.array([0.30, 0.65, 0.05, 0.03])[people["substance"].to_numpy()]
    weeks = rng.integers(8, 13, size)
    stepped = people["entry"].to_numpy() == ENTRY_PATHS.index("step_down")
    evening = people["track"].to_numpy() == TRACKS.index("evening")
    return people.assign(
        readiness=rng.standard_normal(size),
        medication=rng.random(size) < medicated,
        prior_days=np.where(stepped, rng.integers(0, 8, size), -1),
        planned_weeks=weeks,
        intensive_weeks=weeks - rng.integers(2, 4, size),
        individual_day=np.where(evening, 2, 1) + 2 * rng.integers(0, 2, size),
        individual_hour=np.where(evening, 16, 13) + rng.integers(0, 2, size),
        family_phase=np.where(rng.random(size) < 0.35, rng.integers(0, 3, size), -1),
    )


def _admission_days(design: Design, program: Array, rng: np.random.Generator) -> Array:
    """Draw days spread over time: places are limited, so that admissions are fairly even."""
    first, last = day_number(FIRST_DAY) + 1, day_number(DATA_CUT) - PADDING
    size = np.bincount(program, minlength=len(design.programs))[program]
    rank = pd.Series(program).groupby(program).cumcount().to_numpy()
    place = (rank + 0.5 + UNEVENNESS * rng.standard_normal(len(program))) / size
    days = first + np.floor(np.abs(place) % 1 * (last - 6 - first)).astype(np.int64)
    return _open_days(days, program, design)


def _open_days(days: Array, program: Array, design: Design) -> Array:
    """Return the days, each moved to the next weekday on which its program is open."""
    closure, holiday = closed_days(design)
    shut = closure | holiday
    first = day_number(FIRST_DAY)
    shut |= weekday(np.arange(first, first + shut.shape[1])) >= 5
    last = shut.shape[1] - 1
    moved = days.copy()
    for _ in range(14):  # longer than any closure with its weekends
        moved += shut[program, np.minimum(moved - first, last)]
    return moved
