"""A large simulated population with known days of relapse, and its check-ins.

The people, their stays, first uses, uses after it and answers to check-ins are those of
`iop_outcomes.samples`; only the scale of the days to a first use is shortened, so that the median
lies within the 26 weeks of check-ins. Programs are then drawn from these people, so that the truth
of a setting is a share of all of them and not an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.samples.model import checkins
from iop_outcomes.samples.model.course import follow
from iop_outcomes.samples.model.design import Array, Design
from iop_outcomes.samples.model.people import admit_people
from iop_outcomes.samples.model.state import NEVER, Course

PEOPLE = 100_000
BATCH = 20_000  # people simulated together
SCALE = 80.0  # days; the sample's is 165
LAST_DAY = checkins.LAST_DAY
WEEK = 7 * np.arange(1, checkins.WEEKS + 1)  # the days on which check-ins are due
FIRST_CUT, LAST_CUT = 28, 364  # days from admission to the data cut, spread evenly


@dataclass(frozen=True, eq=False)
class Population:
    """Everybody of whom programs are drawn; arrays as long as the population.

    Attributes
    ----------
    relapse : numpy.ndarray of int64
        The day of the first use, later than any follow-up where none came in a year.
    leave, discharge, reason : numpy.ndarray of int64
        The last day on which the person came, the day of discharge and the code of its reason.
    entry_path : numpy.ndarray of int64
        The code of the entry path, which the hazard of a first use depends on.
    rate : numpy.ndarray of float64
        The true rate of a first use on each day from 0, by the design itself.
    times : dict of str to pandas.DataFrame
        What `iop_outcomes.time_to_relapse` gives of each way of checking in, with the missing
        rule after a colon; one row a person. ``left``: out of sight before the data cut because
        the person left.
    """

    relapse: Array
    leave: Array
    discharge: Array
    reason: Array
    entry_path: Array
    rate: Array
    times: dict[str, pd.DataFrame]

    def free(self, days: Array | list[int]) -> Array:
        """Return the true share without relapse through each day."""
        ordered = np.sort(self.relapse)
        after = len(ordered) - np.searchsorted(ordered, days, side="right")
        result: Array = after / len(ordered)
        return result

    def median(self) -> int:
        """Return the true median day."""
        return int(np.sort(self.relapse)[(len(self.relapse) + 1) // 2 - 1])


def draw_population(seed: int, people: int = PEOPLE) -> Population:
    """Draw the people, simulate their days, and draw their check-ins."""
    sizes = [min(BATCH, people - begin) for begin in range(0, people, BATCH)]
    streams = np.random.SeedSequence(seed, spawn_key=(0,)).spawn(len(sizes) + 1)
    parts = [
        _batch(size, np.random.default_rng(stream))
        for size, stream in zip(sizes, streams[:-1], strict=True)
    ]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    free = np.average([part["free"] for part in parts], axis=0, weights=sizes)
    rate = np.append(0.0, 1 - free[1:] / free[:-1])
    times = _check_in_times(joined, np.random.default_rng(streams[-1]))
    names = ("relapse", "leave", "discharge", "reason", "entry_path")
    return Population(**{name: joined[name] for name in names}, rate=rate, times=times)


def _batch(people: int, rng: np.random.Generator) -> dict[str, Array]:
    """Simulate the days of some of the people, and draw what check-ins would show."""
    design = replace(Design(), people=people, scale=SCALE)
    who = admit_people(design, rng)
    course = follow(who, design, rng)
    free = follow(who, design, rng, relapse_acts=False).relapse_free.mean(axis=0, dtype=float)
    # The same model of answering with its two links to use cut: another's propensity, no relapse.
    stranger = who.assign(propensity=rng.permutation(who["propensity"].to_numpy()))
    never = np.full(people, NEVER)
    unlinked = Course(course.leave, course.discharge, course.reason, never)
    return {
        "relapse": course.relapse,
        "leave": course.leave,
        "discharge": course.discharge,
        "reason": course.reason,
        "entry_path": who["entry"].to_numpy(),
        "free": free,
        "use": checkins._use_by_week(course.relapse, rng)[:, 1:] > 0,
        "answers_linked": checkins._answers(who, course, rng)[:, 1:],
        "answers_at_random": checkins._answers(stranger, unlinked, rng)[:, 1:],
    }


def data_cuts(people: int, rng: np.random.Generator) -> Array:
    """Draw the days from admission to the data cut: admissions spread evenly over the year."""
    return rng.integers(FIRST_CUT, LAST_CUT + 1, people)


def _check_in_times(drawn: dict[str, Array], rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Write the check-ins of each setting as records, and let the library read the times."""
    use, linked, random = drawn["use"], drawn["answers_linked"], drawn["answers_at_random"]
    followed = np.minimum(data_cuts(len(use), rng), LAST_DAY)
    every = np.ones_like(use)
    staying = np.minimum(followed, drawn["leave"])
    asked = {
        "all": (every, use, followed, ("censor",)),
        "random_since_last": (random, use_since_last(use, random), followed, ("drop", "censor")),
        "random_this_week": (random, use, followed, ("drop", "censor")),
        "linked": (linked, use, followed, ("censor", "use", "no_use", "drop")),
        "until_leaving": (every, use, staying, ("censor",)),
    }
    times = {}
    for name, (answered, shown, until, rules) in asked.items():
        records = as_records(answered, shown, until)
        for rule in rules:
            frame = iop.time_to_relapse(records, iop.RelapseRule(missing=rule))
            frame["left"] = (until < followed) & ~frame["event"]
            times[f"{name}:{rule}"] = frame[["clear_until", "days", "event", "left"]]
    return times


def use_since_last(use: Array, answered: Array) -> Array:
    """Return whether there was use since the last check-in that was answered, week by week."""
    total = np.cumsum(use, axis=1)
    reported = np.maximum.accumulate(np.where(answered, total, 0), axis=1)
    before = np.column_stack([np.zeros(len(use), dtype=reported.dtype), reported[:, :-1]])
    result: Array = total > before
    return result


def as_records(answered: Array, used: Array, followed: Array) -> iop.Records:
    """Read weekly check-ins, shape (people, weeks), with `read_records`."""
    names = np.char.zfill(np.arange(len(used)).astype(str), 6).astype(object)
    episodes = pd.DataFrame(
        {"episode_id": names, "admit_day": 0, "followed_until_day": followed.astype(np.int64)}
    )
    person, week = np.nonzero(followed[:, None] >= WEEK)
    came = answered[person, week]
    answers: Any = np.where(came, used[person, week], np.nan).astype(np.float32)
    rows = pd.DataFrame(
        {
            "episode_id": pd.Categorical.from_codes(person, pd.Index(names)),
            "day": WEEK[week],
            "status": np.where(came, "completed", "missed"),
            "used": pd.array(answers, dtype="Float32").astype("boolean"),
        }
    )
    return iop.read_records(episodes=episodes, checkins=rows, as_of=LAST_DAY)
