"""Which answer of an episode counts at admission, at discharge and at a follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.records import Records
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, starts_of, sums
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written

INTAKE_DAYS = 14  # days before and after admission in which the first answer is the one at intake
GRACE_DAYS = 14  # days after discharge in which an answer is still one at discharge
FOLLOW_UP_WINDOW = 30  # days before and after the day of a follow-up
LONGEST = 3660

At = Literal["discharge"] | int


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to one question, by episode and day, at most one a day.

    Attributes
    ----------
    episode, day : numpy.ndarray of int64
        The place of the episode, and days from its admission; sorted.
    value : numpy.ndarray of float64
        The answer; never missing.
    """

    episode: Integers
    day: Integers
    value: Floats

    @classmethod
    def of(cls, episode: Integers, day: Integers, value: Floats, *, state: bool = False) -> Answers:
        """Return the known answers; several of one day are their mean, or none if states differ."""
        known = np.isfinite(value)
        order = np.lexsort((day[known], episode[known]))
        who, when, what = (part[known][order] for part in (episode, day, value))
        span = int(when.max(initial=0)) - int(when.min(initial=0)) + 1
        begins = starts_of(who.astype(np.int64) * span + when)
        place = np.zeros(len(who), dtype=np.int64)
        place[begins] = 1
        place = np.cumsum(place) - 1
        number = np.bincount(place, minlength=len(begins))
        mean = sums(place, what, len(begins)) / np.maximum(number, 1)
        kept = np.isin(mean, (0.0, 1.0)) if state else np.ones(len(begins), dtype=np.bool_)
        return cls(
            who[begins][kept].astype(np.int64), when[begins][kept].astype(np.int64), mean[kept]
        )

    @classmethod
    def of_scores(cls, scores: pd.DataFrame) -> Answers:
        """Return the scores of one scale, rows of `instrument_scores`."""
        return cls.of(
            scores["episode_id"].cat.codes.to_numpy().astype(np.int64),
            scores["day"].to_numpy().astype(np.int64),
            scores["score"].to_numpy(dtype=np.float64),
        )


def first_between(answers: Answers, size: int, low: int, high: int) -> Integers:
    """Return for each episode the row of its first answer from day `low` to `high`, or -1."""
    rows = np.flatnonzero((answers.day >= low) & (answers.day <= high))
    return _by_episode(answers, rows[starts_of(answers.episode[rows])], size)


def last_between(
    answers: Answers, size: int, after: npt.NDArray[np.float64], until: npt.NDArray[np.float64]
) -> Integers:
    """Return the row of the last answer after a day and until another of each episode, or -1."""
    day = answers.day
    inside = (day > after[answers.episode]) & (day <= until[answers.episode])
    rows = np.flatnonzero(inside)[::-1]
    return _by_episode(answers, rows[starts_of(answers.episode[rows])], size)


def nearest(
    answers: Answers, size: int, target: int, window: int, after: npt.NDArray[np.float64]
) -> Integers:
    """Return the row of the answer nearest to a day (the earlier of two) within a window, or -1."""
    away = np.abs(answers.day - target)
    rows = np.flatnonzero((away <= window) & (answers.day > after[answers.episode]))
    rows = rows[np.lexsort((answers.day[rows], away[rows], answers.episode[rows]))]
    return _by_episode(answers, rows[starts_of(answers.episode[rows])], size)


def _by_episode(answers: Answers, rows: npt.NDArray[np.intp], size: int) -> Integers:
    row_of_episode = np.full(size, -1, dtype=np.int64)
    row_of_episode[answers.episode[rows]] = rows
    return row_of_episode


@dataclass(frozen=True)
class Moment:
    """When the second answer is due.

    Parameters
    ----------
    at : "discharge" or int
        The last answer until `GRACE_DAYS` days after the discharge; or the answer nearest to so
        many days after admission.
    window : int
        Days before and after that day.
    """

    at: At
    window: int = FOLLOW_UP_WINDOW

    @classmethod
    def checked(cls, at: object, window: object) -> Moment:
        """Return the moment, or raise RuleError if it is none."""
        if not is_whole(window, 0) or window > LONGEST:
            raise RuleError(
                "The window of a follow-up is a whole number of days, 0 or more.",
                found=f"window={as_written(window)}",
                instead=f"window={FOLLOW_UP_WINDOW}",
            )
        if isinstance(at, str) and at == "discharge":
            return cls("discharge", int(window))
        if not is_whole(at, 1) or at > LONGEST:
            raise RuleError(
                "The later score is the one at discharge, or at a day after admission.",
                found=f"at={as_written(at)}",
                instead='at="discharge", or at=90',
            )
        return cls(int(at), int(window))

    @property
    def name(self) -> str:
        """What the moment is called in tables."""
        return "discharge" if self.at == "discharge" else f"day {self.at}"

    @property
    def text(self) -> str:
        """Which answer counts, as a sentence."""
        if self.at == "discharge":
            return (
                f"At discharge: the last answer after that, until {GRACE_DAYS} days after the "
                "discharge, of episodes discharged before the data cut."
            )
        return (
            f"At day {self.at}: the answer nearest to it, at most {self.window} days away, of "
            "episodes followed to that day and not ended by death before it."
        )

    def due(self, records: Records) -> Booleans:
        """Return the episodes that can have an answer at this moment."""
        episodes = records.episodes
        left = episodes["days_to_discharge"].to_numpy(dtype=np.float64, na_value=np.nan)
        died = (episodes["discharge_reason"] == "died").fillna(False).to_numpy(dtype=bool)
        followed = episodes["days_followed"].to_numpy(dtype=np.float64)
        if self.at == "discharge":
            due: Booleans = np.isfinite(left) & ~died
            return due
        dead = died & (np.nan_to_num(left, nan=np.inf) <= self.at)
        alive: Booleans = (followed >= self.at) & ~dead
        return alive

    def rows(self, answers: Answers, records: Records, start: Integers) -> Integers:
        """Return the row of the answer at this moment, after that at `start`, or -1."""
        size = len(records.episodes)
        after = np.full(size, 0.0)
        after[start >= 0] = answers.day[start[start >= 0]]
        if self.at == "discharge":
            left = records.episodes["days_to_discharge"].to_numpy(dtype=np.float64, na_value=np.nan)
            until = np.where(np.isfinite(left), left + GRACE_DAYS, -np.inf)
            return last_between(answers, size, after, until)
        return nearest(answers, size, self.at, self.window, after)


INTAKE_TEXT = (
    f"At intake: the first answer from {INTAKE_DAYS} days before to {INTAKE_DAYS} days after "
    "admission. Of several answers on one day their mean counts."
)


def at_intake(answers: Answers, size: int) -> Integers:
    """Return the row of the answer at intake of each episode, or -1."""
    return first_between(answers, size, -INTAKE_DAYS, INTAKE_DAYS)


def refuse_nobody(due: Booleans, moment: Moment) -> None:
    """Raise EstimateError if no episode can have an answer at the moment."""
    if not due.any():
        raise EstimateError(
            f"Nobody can have an answer at {moment.name} yet: nothing is known of it.",
            found=f"0 of {len(due):,} episodes discharged, or followed that long",
            instead="an earlier day, or records with a later data cut",
        )
