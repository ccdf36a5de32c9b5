"""When each episode was heard of, when it was out of sight, and when somebody came back."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.attendance.sessions import ATTENDED
from iop_outcomes.errors import RuleError
from iop_outcomes.records import Records
from iop_outcomes.relapse.evidence import MISSING, NOT_DUE, Shown
from iop_outcomes.relapse.first_event import weeks
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.messages import as_written
from iop_outcomes.use.evidence import has_word

Days = NDArray[np.int64]
Frame = tuple[NDArray[np.int32], NDArray[np.int32]]  # origin and end of follow-up


@dataclass(frozen=True, eq=False)
class Marks:
    """Days on which something is so, sorted, each as one number of episode and day."""

    key: Days
    span: int

    @classmethod
    def of(cls, episode: NDArray[Any], day: NDArray[Any], span: int) -> Marks:
        """Return the marks of so many days, each once."""
        return cls(np.unique(episode.astype(np.int64) * span + day), span)

    def last(self, key: Days) -> Days:
        """Return the day of the last mark of the episode up to each key; -1 where none is."""
        if not len(self.key):
            return np.full(len(key), -1, dtype=np.int64)
        place = np.searchsorted(self.key, key, side="right") - 1
        mark = self.key[place]
        same = (place >= 0) & (mark // self.span == key // self.span)
        return np.where(same, mark % self.span, -1)


@dataclass(frozen=True, eq=False)
class Sight:
    """When each episode was heard of, when a check-in was missed, and for how long that is borne.

    Attributes
    ----------
    heard : Marks
        The days on which something was heard of the person; day 0 is one.
    missed : Marks
        The days on which a check-in was missed.
    patience : int
        Days after which who is not heard of is out of sight.
    came : numpy.ndarray of int64
        The first day from day 0 on with a completed check-in or an attended service; later than
        any day where there is none.
    borne : numpy.ndarray of int64
        The last day on which who has not come so far is not out of sight.
    """

    heard: Marks
    missed: Marks
    patience: int
    came: Days
    borne: Days

    @property
    def absent(self) -> Days:
        """The day up to which nobody had come, of those who came too late or never; else 0."""
        return np.where(self.came > self.borne + 1, self.came, 0)

    def silent(self, key: Days) -> NDArray[np.bool_]:
        """Tell where nothing was heard for longer than is borne."""
        return key % self.heard.span > self.heard.last(key) + self.patience

    def silent_at(self, day: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell of each episode whether the person is out of sight on its `day`."""
        return self.silent(np.arange(len(day)) * self.heard.span + day)

    def missing(self, key: Days, after: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell where a check-in was missed since the person was heard of, and `after` a day."""
        return self.missed.last(key) > np.maximum(self.heard.last(key), after)

    @property
    def returns(self) -> Marks:
        """The days on which somebody who was out of sight is heard of again."""
        key = self.heard.key
        return Marks(key[self.silent(key - 1) & (key % self.heard.span > 0)], self.heard.span)

    @property
    def changes(self) -> Days:
        """All days on which any of these answers may change."""
        turn = self.heard.key % self.heard.span + self.patience + 1 < self.heard.span
        after = self.heard.key[turn] + self.patience + 1
        return np.concatenate([self.heard.key, self.missed.key, after])


def read_sight(records: Records, rule: RelapseRule, shown: Shown, frame: Frame) -> Sight:
    """Return when each episode was heard of, and when a check-in was missed.

    Heard of is who is seen: on day 0, at a completed check-in, at an attended service. Under a rule
    that says what a missed check-in is, it counts as well. A check-in recorded as not due, of
    whom was not out of sight before, counts as well: nobody was to be seen.

    Parameters
    ----------
    shown : Shown
        What the check-ins show.
    frame : tuple of numpy.ndarray
        The origin and the end of the follow-up of each episode.
    """
    followed = frame[1]
    span = int(followed.max(initial=0)) + 2
    who, when = _contacts(records, frame)
    everyone = np.arange(len(followed))
    came = np.full(len(followed), np.iinfo(np.int64).max)
    np.minimum.at(came, who, when)
    start = Marks.of(everyone, np.zeros(len(followed), dtype=np.int64), span)
    waited = _waiting(start, shown, rule.lost_after).last(everyone * span + span - 1)
    missed = shown.where(shown.state == MISSING)
    return Sight(
        heard=_heard((who, when), shown, rule, len(followed), span),
        missed=Marks.of(missed.episode, missed.day, span),
        patience=rule.lost_after,
        came=came,
        borne=waited + rule.lost_after,
    )


def out_of_sight(
    records: Records, rule: RelapseRule, shown: Shown, frame: Frame
) -> NDArray[np.bool_]:
    """Tell who is out of sight at the end of the follow-up."""
    return silent_at_end(_contacts(records, frame), shown, rule, frame[1])


def silent_at_end(
    contacts: tuple[NDArray[np.intp], Days],
    shown: Shown,
    rule: RelapseRule,
    followed: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Tell of whom nothing was heard for too long when the follow-up ends; see `read_sight`.

    `contacts` are the episodes that were seen and the days of it; only the last ones matter.
    """
    span = int(followed.max(initial=0)) + 2
    everyone = np.arange(len(followed))
    last = np.zeros(len(followed), dtype=np.int64)
    np.maximum.at(last, *contacts)
    heard = _heard((everyone, last), shown, rule, len(followed), span)
    silent: NDArray[np.bool_] = followed > heard.last(everyone * span + followed) + rule.lost_after
    return silent


def _contacts(records: Records, frame: Frame) -> tuple[NDArray[np.intp], Days]:
    """Return who was seen when: completed check-ins and attended services from day 0 on."""
    origin, followed = frame
    who, when = [], []
    for name, words in (("checkins", ("completed",)), ("attendance", ATTENDED)):
        if name not in records.tables:
            continue
        table = getattr(records, name)
        came = has_word(table["status"], words)
        episode = table["episode_id"].cat.codes.to_numpy()[came].astype(np.intp)
        day = table["day"].to_numpy()[came].astype(np.int64) - origin[episode]
        inside = (day >= 0) & (day <= followed[episode])
        who.append(episode[inside])
        when.append(day[inside])
    return np.concatenate(who), np.concatenate(when)


def _heard(
    contacts: tuple[NDArray[np.intp], Days],
    shown: Shown,
    rule: RelapseRule,
    episodes: int,
    span: int,
) -> Marks:
    missed = shown.where((shown.state == MISSING) & rule.fills)
    who = np.concatenate([np.arange(episodes), contacts[0], missed.episode])
    when = np.concatenate([np.zeros(episodes, dtype=np.int64), contacts[1], missed.day])
    return _waiting(Marks.of(who, when, span), shown, rule.lost_after)


def _waiting(heard: Marks, shown: Shown, patience: int) -> Marks:
    """Add the days on which no check-in was due, of those who were not out of sight before."""
    waiting = shown.where(shown.state == NOT_DUE)
    if not len(waiting.day):
        return heard
    key = np.union1d(heard.key, waiting.episode.astype(np.int64) * heard.span + waiting.day)
    real = np.isin(key, heard.key)
    lost = np.cumsum(np.diff(key, prepend=key[:1]) > patience + 1)
    before = np.maximum.accumulate(np.where(real, np.arange(len(key)), 0))
    return Marks(key[real | (lost == lost[before])], heard.span)


def as_units(shown: Shown, followed: NDArray[np.int32], rule: RelapseRule) -> Shown:
    """Return what the definition counts: the weeks, or the check-ins that were due."""
    if rule.by_week:
        return weeks(shown, followed, rule.week_days)
    return shown.where(shown.state != NOT_DUE)


def check_course(records: object, rule: object, clear_days: object) -> None:
    """Refuse what episodes cannot be followed by: no records, no rule, no number of days."""
    check_sources(records, rule)
    whole = isinstance(clear_days, Integral) and not isinstance(clear_days, bool)
    if not whole or clear_days < 1:  # type: ignore[operator]  # it is a number here
        raise RuleError(
            "clear_days is a whole number of at least 1.",
            found=f"clear_days={as_written(clear_days)}",
            instead="clear_days=28",
        )


def check_sources(records: object, rule: object) -> None:
    """Refuse what are no records and what is no rule."""
    for value, kind, instead in (
        (records, Records, 'iop.read_records("folder")'),
        (rule, RelapseRule, 'RelapseRule("k_of_n_weeks")'),
    ):
        if not isinstance(value, kind):
            raise RuleError(
                "Episodes are followed through records, by a RelapseRule.",
                found=f"{type(value).__name__} in place of {kind.__name__}",
                instead=instead,
            )
