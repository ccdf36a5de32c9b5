"""On which days each person was in contact, out of contact, and in contact again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.records import Records
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.relapse.evidence import MISSING, NOT_DUE, DailyEvidence
from iop_outcomes.relapse.first_event import weeks
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.use.evidence import has_word

Days = NDArray[np.int64]
Frame = tuple[NDArray[np.int32], NDArray[np.int32]]  # origin and end of follow-up


@dataclass(frozen=True, eq=False)
class EpisodeDays:
    """Days of episodes, sorted, each coded as one number of episode and day."""

    key: Days
    span: int

    @classmethod
    def of(cls, episode: NDArray[Any], day: NDArray[Any], span: int) -> EpisodeDays:
        """Return the marks of n days, each once."""
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
class ContactHistory:
    """The days of contact and of missed check-ins of each episode.

    Attributes
    ----------
    contacts : EpisodeDays
        The days of contact; day 0 is one.
    missed : EpisodeDays
        The days on which a check-in was missed.
    lost_after : int
        Days without contact after which a person is out of contact.
    first_contact : numpy.ndarray of int64
        The first day from day 0 on with a completed check-in or an attended service; later than
        any day where there is none.
    first_contact_by : numpy.ndarray of int64
        The last day on which a person without any contact so far is not yet out of contact.
    """

    contacts: EpisodeDays
    missed: EpisodeDays
    lost_after: int
    first_contact: Days
    first_contact_by: Days

    @property
    def absent(self) -> Days:
        """The day of the first contact of those who had it too late or never; else 0."""
        return np.where(self.first_contact > self.first_contact_by + 1, self.first_contact, 0)

    def out_of_contact(self, key: Days) -> NDArray[np.bool_]:
        """Return where there was no contact for more than `lost_after` days."""
        return key % self.contacts.span > self.contacts.last(key) + self.lost_after

    def out_of_contact_at(self, day: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return for each episode whether the person is out of contact on its `day`."""
        return self.out_of_contact(np.arange(len(day)) * self.contacts.span + day)

    def missing(self, key: Days, after: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where a check-in was missed since the last contact, and `after` a day."""
        return self.missed.last(key) > np.maximum(self.contacts.last(key), after)

    @property
    def returns(self) -> EpisodeDays:
        """The days on which a person who was out of contact is in contact again."""
        key = self.contacts.key
        return EpisodeDays(
            key[self.out_of_contact(key - 1) & (key % self.contacts.span > 0)], self.contacts.span
        )

    @property
    def changes(self) -> Days:
        """All days on which any of these answers may change."""
        turn = self.contacts.key % self.contacts.span + self.lost_after + 1 < self.contacts.span
        after = self.contacts.key[turn] + self.lost_after + 1
        return np.concatenate([self.contacts.key, self.missed.key, after])


def read_contact_history(
    records: Records, rule: RelapseRule, daily: DailyEvidence, frame: Frame
) -> ContactHistory:
    """Return the days of contact and of missed check-ins of each episode.

    Day 0, a completed check-in and an attended service are contacts. A missed check-in counts as
    one under a rule that fills it in. A check-in recorded as not due counts as one unless the
    person was out of contact before it, since no contact was expected.

    Parameters
    ----------
    daily : DailyEvidence
        What the check-ins show.
    frame : tuple of numpy.ndarray
        The origin and the end of the follow-up of each episode.
    """
    followed = frame[1]
    span = int(followed.max(initial=0)) + 2
    who, when = _contacts(records, frame)
    everyone = np.arange(len(followed))
    first_contact = np.full(len(followed), np.iinfo(np.int64).max)
    np.minimum.at(first_contact, who, when)
    start = EpisodeDays.of(everyone, np.zeros(len(followed), dtype=np.int64), span)
    waited = _with_days_not_due(start, daily, rule.lost_after).last(everyone * span + span - 1)
    missed = daily.where(daily.state == MISSING)
    return ContactHistory(
        contacts=_contact_days((who, when), daily, rule, len(followed), span),
        missed=EpisodeDays.of(missed.episode, missed.day, span),
        lost_after=rule.lost_after,
        first_contact=first_contact,
        first_contact_by=waited + rule.lost_after,
    )


def last_contacts(records: Records, frame: Frame) -> Days:
    """Return the day of the last contact of each episode: day 0 if none is later."""
    last = np.zeros(len(frame[1]), dtype=np.int64)
    np.maximum.at(last, *_contacts(records, frame))
    return last


def out_of_contact_at_end(
    contacts: tuple[NDArray[np.intp], Days],
    daily: DailyEvidence,
    rule: RelapseRule,
    followed: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Return who is out of contact when the follow-up ends; see `read_contact_history`.

    `contacts` are the episodes and days of contacts; only the last of each matters.
    """
    span = int(followed.max(initial=0)) + 2
    everyone = np.arange(len(followed))
    last = np.zeros(len(followed), dtype=np.int64)
    np.maximum.at(last, *contacts)
    contact_days = _contact_days((everyone, last), daily, rule, len(followed), span)
    out_of_contact: NDArray[np.bool_] = (
        followed > contact_days.last(everyone * span + followed) + rule.lost_after
    )
    return out_of_contact


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


def _contact_days(
    contacts: tuple[NDArray[np.intp], Days],
    daily: DailyEvidence,
    rule: RelapseRule,
    episodes: int,
    span: int,
) -> EpisodeDays:
    missed = daily.where((daily.state == MISSING) & rule.fills)
    who = np.concatenate([np.arange(episodes), contacts[0], missed.episode])
    when = np.concatenate([np.zeros(episodes, dtype=np.int64), contacts[1], missed.day])
    return _with_days_not_due(EpisodeDays.of(who, when, span), daily, rule.lost_after)


def _with_days_not_due(contacts: EpisodeDays, daily: DailyEvidence, lost_after: int) -> EpisodeDays:
    """Add the days on which no check-in was due, of those who were not out of contact before."""
    waiting = daily.where(daily.state == NOT_DUE)
    if not len(waiting.day):
        return contacts
    key = np.union1d(contacts.key, waiting.episode.astype(np.int64) * contacts.span + waiting.day)
    real = np.isin(key, contacts.key)
    absence = np.cumsum(np.diff(key, prepend=key[:1]) > lost_after + 1)
    before = np.maximum.accumulate(np.where(real, np.arange(len(key)), 0))
    return EpisodeDays(key[real | (absence == absence[before])], contacts.span)


def as_units(daily: DailyEvidence, followed: NDArray[np.int32], rule: RelapseRule) -> DailyEvidence:
    """Return what the definition counts: the weeks, or the check-ins that were due."""
    if rule.by_week:
        return weeks(daily, followed, rule.week_days)
    return daily.where(daily.state != NOT_DUE)


def check_course(records: object, rule: object, clear_days: object) -> None:
    """Raise an error unless given records, a rule and a number of days."""
    check_sources(records, rule)
    check_whole("clear_days", clear_days, 1, "clear_days=28")


def check_sources(records: object, rule: object) -> None:
    """Raise an error unless given records and a rule."""
    for value, kind, instead in (
        (records, Records, 'iop.read_records("folder")'),
        (rule, RelapseRule, 'RelapseRule("k_of_n_weeks")'),
    ):
        if not isinstance(value, kind):
            raise RuleError(
                "Following episodes over time needs records and a RelapseRule.",
                found=f"{type(value).__name__} in place of {kind.__name__}",
                instead=instead,
            )
