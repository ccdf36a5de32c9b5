"""When each episode was seen, when it was lost, and when somebody came back."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.measures.sessions import ATTENDED, SessionRule, read_sessions
from iop_outcomes.measures.use_evidence import has_word
from iop_outcomes.records import Records
from iop_outcomes.relapse.events import weeks
from iop_outcomes.relapse.evidence import CLEAR, MISSING, NOT_DUE, Shown
from iop_outcomes.relapse.rules import RelapseRule

Days = NDArray[np.int64]


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
    """When each episode was seen, when a check-in was missed, and for how long that is borne.

    Attributes
    ----------
    seen, missed : Marks
        Day 0 counts as seen.
    patience : int
        Days after which who is not seen is out of sight.
    open : bool
        Whether the rule leaves open what a missed check-in after the last contact means.
    """

    seen: Marks
    missed: Marks
    patience: int
    open: bool

    def unseen(self, key: Days) -> NDArray[np.bool_]:
        """Tell where nothing was seen for longer than is borne."""
        return key % self.seen.span > self.seen.last(key) + self.patience

    def missing(self, key: Days) -> NDArray[np.bool_]:
        """Tell where a check-in was missed since the last time the person was seen."""
        return self.missed.last(key) > self.seen.last(key)

    def lost(self, key: Days) -> NDArray[np.bool_]:
        """Tell where a person is lost."""
        return self.unseen(key) & self.missing(key) & self.open

    @property
    def returns(self) -> Marks:
        """The days on which somebody who was lost is seen again."""
        key = self.seen.key
        return Marks(key[self.lost(key - 1) & (key % self.seen.span > 0)], self.seen.span)

    @property
    def changes(self) -> Days:
        """All days on which any of these answers may change."""
        turn = self.seen.key % self.seen.span + self.patience + 1 < self.seen.span
        after = self.seen.key[turn] + self.patience + 1
        return np.concatenate([self.seen.key, self.missed.key, after])


def read_sight(
    records: Records,
    rule: RelapseRule,
    told: tuple[Shown, Shown],
    frame: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> Sight:
    """Return when each episode was seen, and when a check-in or counted week was missed.

    `told` are the check-ins and the units of the definition, `frame` the origin and the end of
    follow-up.
    """
    shown = told[0]
    origin, followed = frame
    span = int(followed.max(initial=0)) + 2
    checkins = records.checkins
    completed = has_word(checkins["status"], ("completed",))
    known = shown.where(shown.state >= CLEAR)
    missed = [part.where(part.state == MISSING) for part in told]
    everyone = np.arange(len(origin))
    episode = [everyone, known.episode, checkins["episode_id"].cat.codes.to_numpy()[completed]]
    day: list[NDArray[Any]] = [np.zeros(len(origin), dtype=np.int64), known.day]
    day.append(checkins["day"].to_numpy()[completed] - origin[episode[2]])
    if "attendance" in records.tables:
        sessions = read_sessions(records, SessionRule())
        came = sessions.has_status(ATTENDED)
        episode.append(sessions.episode[came])
        day.append(sessions.day[came] - origin[episode[3]])
    who, when = np.concatenate(episode).astype(np.intp), np.concatenate(day)
    inside = (when >= 0) & (when <= followed[who])
    return Sight(
        Marks.of(who[inside], when[inside], span),
        Marks.of(
            np.concatenate([part.episode for part in missed]),
            np.concatenate([part.day for part in missed]),
            span,
        ),
        rule.lost_after,
        rule.leaves_open,
    )


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
            found=f"clear_days={clear_days!r}",
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
