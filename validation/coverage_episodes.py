"""Settings in which people have several episodes, whose days are correlated.

The groups are drawn by person and do not differ. A relapse has a Weibull day, the other cause an
exponential one, both rounded up to whole days; the data cut has nothing to do with either.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from iop_outcomes.compare import (
    compare_incidence,
    compare_interval_survival,
    compare_survival,
)
from iop_outcomes.samples.model.design import Array
from iop_outcomes.survival import cumulative_incidence, interval_survival, survival_curves
from validation import coverage_estimators as by
from validation.coverage_count import NAN, TEST, Found, Truth, rejected
from validation.coverage_population import data_cuts
from validation.coverage_setting import Setting

PEOPLE = 100
ALIKE = 0.5  # correlation of the normal scores behind the days of one person's episodes
SHAPE, SCALE, OTHER = 0.65, 80.0, 240.0
DAYS = (30, 90, 180)
CHECK_INS = (28, 91)
RESAMPLES = 100
RESAMPLED = 0.5  # of the replicates
CAUSES = ["relapse", "other"]


def episode_settings() -> list[Setting]:
    return [
        _setting("episodes_two", "Two episodes a person", "two episodes each", (2, 2)),
        _setting(
            "episodes_unequal",
            "Unequal numbers of episodes a person",
            "one to six episodes each, every number as often",
            (1, 6),
        ),
    ]


def _setting(name: str, title: str, text: str, episodes: tuple[int, int]) -> Setting:
    free = {day: _free(day) for day in (*DAYS, *CHECK_INS)}
    truth = {by.clear(day): Truth(value, "share") for day, value in free.items()}
    truth |= {by.ended("relapse", day): Truth(_incidence(day), "share") for day in DAYS}
    return Setting(
        name,
        title,
        f"{PEOPLE} people with {text}. The days to relapse of one person are correlated (0.5 on "
        "the scale of normal scores). The groups are drawn by person and "
        f"do not differ. Limits of intervals come from {RESAMPLES} samples of persons, or, where "
        "episodes are taken as people, of episodes.",
        PEOPLE * sum(episodes) // 2,
        truth | TEST,
        partial(_once, episodes=episodes),
        share=RESAMPLED,
    )


def _free(day: float) -> float:
    return float(np.exp(-((day / SCALE) ** SHAPE)))


def _incidence(day: int) -> float:
    # A relapse on a day counts where the other cause comes on that day or later.
    ends = np.arange(day + 1)
    free = np.exp(-((ends / SCALE) ** SHAPE))
    return float(((free[:-1] - free[1:]) * np.exp(-ends[:-1] / OTHER)).sum())


def draw_episodes(episodes: tuple[int, int], rng: np.random.Generator) -> pd.DataFrame:
    """Draw people with between so many episodes, in two groups that do not differ."""
    from scipy.special import ndtr

    number = rng.integers(episodes[0], episodes[1] + 1, PEOPLE)
    person = np.repeat(np.arange(PEOPLE), number)
    shared = rng.standard_normal(PEOPLE)[person]
    score = np.sqrt(ALIKE) * shared + np.sqrt(1 - ALIKE) * rng.standard_normal(len(person))
    relapse = np.ceil(SCALE * (-np.log(ndtr(score))) ** (1 / SHAPE))
    return pd.DataFrame(
        {
            "person_id": person,
            "group": (rng.random(PEOPLE) < 0.5)[person],
            "relapse": np.maximum(relapse, 1),
            "other": np.maximum(np.ceil(rng.exponential(OTHER, len(person))), 1),
            "cut": data_cuts(len(person), rng).astype(float),
        }
    )


def _once(rng: np.random.Generator, *, episodes: tuple[int, int]) -> list[Found]:
    drawn = draw_episodes(episodes, rng)
    seed = int(rng.integers(2**31))
    plain = drawn.assign(
        days=drawn[["relapse", "cut"]].min(axis=1), event=drawn["relapse"] <= drawn["cut"]
    )
    ends = _ends(drawn)
    weekly = _weekly(drawn)
    estimates = []
    for ours in (True, False):
        how = "by person" if ours else "episodes taken as people"
        name = "" if ours else "Naive: "
        option = {} if ours else {"cluster": None}
        curves = survival_curves(plain, **option).at(list(DAYS))
        estimates += _limits(f"{name}Kaplan-Meier, {how}", curves, "survival", by.clear)
        incidence = cumulative_incidence(ends, causes=CAUSES, **option).at(list(DAYS))
        incidence = incidence[incidence["cause"] == "relapse"]
        label = partial(by.ended, "relapse")
        estimates += _limits(f"{name}Aalen-Johansen, {how}", incidence, "incidence", label)
        between = interval_survival(weekly, resamples=RESAMPLES, seed=seed, **option)
        rows = between.at(list(CHECK_INS))
        estimates += _limits(f"{name}Intervals, {how}", rows, "lowest", by.clear)
        tests = {
            "Log-rank": compare_survival(plain, by="group", **option).p_value,
            "Gray": compare_incidence(ends, by="group", causes=CAUSES, **option)
            .table.set_index("cause")
            .loc["relapse", "p_value"],
            "Score test of intervals": compare_interval_survival(
                weekly, by="group", **option
            ).p_value,
        }
        estimates += [rejected(f"{name}{test}, {how}", value) for test, value in tests.items()]
    return estimates


def _ends(drawn: pd.DataFrame) -> pd.DataFrame:
    first = drawn[["relapse", "other", "cut"]].min(axis=1)
    ended_by = np.select(
        [drawn["relapse"] == first, drawn["other"] == first], CAUSES, "end_of_follow_up"
    )
    return drawn[["person_id", "group"]].assign(days=first, ended_by=ended_by)


def _weekly(drawn: pd.DataFrame) -> pd.DataFrame:
    # Known at weekly check-ins only: the last clear one, and the one that showed the relapse.
    last = 7 * np.floor(drawn["cut"] / 7)
    showed = 7 * np.ceil(drawn["relapse"] / 7)
    event = showed <= last
    clear: Array = np.where(event, showed - 7, last)
    return drawn[["person_id", "group"]].assign(
        clear_until=clear, days=np.where(event, showed, last), event=event
    )


def _limits(name: str, table: pd.DataFrame, value: str, label: partial[str]) -> list[Found]:
    return [
        Found(name, label(row["day"]), row[value], row.get("se", NAN), row["lower"], row["upper"])
        for row in table.to_dict("records")
    ]
