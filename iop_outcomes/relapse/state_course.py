"""The course of each episode through states: what is known by each day, over arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.measures.sessions import ATTENDED, SessionRule, read_sessions
from iop_outcomes.measures.starts import ends_of
from iop_outcomes.measures.use_evidence import has_word
from iop_outcomes.relapse.events import fill_missing, weeks
from iop_outcomes.relapse.evidence import CLEAR, MISSING, NOT_DUE, USE, Shown
from iop_outcomes.relapse.rules import RelapseRule

if TYPE_CHECKING:
    from iop_outcomes.records import Records

STATES = ("engaged", "discharged", "recovered", "lapsed", "relapsed", "lost", "dead")
ENGAGED, DISCHARGED, RECOVERED, LAPSED, RELAPSED, LOST, DEAD = range(len(STATES))
OPEN = ("last_value_to_last_contact", "drop")
"""The missing rules that leave open what becomes of those who are not seen any more."""

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
    frame: tuple[NDArray[np.int32], NDArray[np.int32], int],
) -> Sight:
    """Return when each episode was seen, and when a check-in or counted week was missed.

    `told` are the check-ins and the units of the definition, `frame` the origin, the end of
    follow-up and the span of the marks.
    """
    shown = told[0]
    origin, followed, span = frame
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
        rule.missing in OPEN,
    )


def as_units(shown: Shown, followed: NDArray[np.int32], rule: RelapseRule) -> Shown:
    """Return what the definition counts: the weeks, or the check-ins that were due."""
    if rule.by_week:
        return weeks(shown, followed, rule.week_days)
    return shown.where(shown.state != NOT_DUE)


def fill_units(
    units: Shown, baseline: NDArray[np.int8], followed: NDArray[np.int32], rule: RelapseRule
) -> tuple[Shown, NDArray[np.int32]]:
    """Return the units, the missing ones as the rule says, and the last day of each episode.

    That is the end of the follow-up, or the last unit before a missing one that ends what is known.
    """
    units, _, cut = fill_missing(units, baseline, rule.missing)
    last = np.zeros(len(followed), dtype=np.int32)
    final = ends_of(units.episode)
    last[units.episode[final]] = units.day[final]
    return units, np.where(cut, last, followed).astype(np.int32)


def use_states(
    units: Shown, shown: Shown, sight: Sight, rule: RelapseRule, clear_days: int
) -> tuple[Days, NDArray[np.int8]]:
    """Return the keys of days on which use or none is known, and the state of use from each on.

    The states are ENGAGED (no use so far), LAPSED, RELAPSED and RECOVERED; each holds until the
    next. What the rule fills in while a person is lost is not told. After recovery from a relapse
    the definition is counted anew.
    """
    span = sight.seen.span
    at = units.episode.astype(np.int64) * span + units.day
    told = ~sight.lost(at)
    runs = _runs(shown, rule, span)
    clear, use = at[told & (units.state == CLEAR)], at[told & (units.state == USE)]
    last_use = Marks(np.unique(use), span).last(clear)
    since = np.maximum(last_use, sight.returns.last(clear))
    enough = (last_use >= 0) & (clear % span - since >= clear_days)
    recovery = Marks(np.unique(clear[enough]), span)

    anew = Marks(np.empty(0, dtype=np.int64), span)
    while True:
        met = Marks(np.unique(np.concatenate([at[told & _met(units, at, rule, anew)], runs])), span)
        before = recovery.last(recovery.key - (recovery.key % span - last_use[enough]))
        relapsed = met.last(recovery.key) > before
        if np.array_equal(recovery.key[relapsed], anew.key):
            break
        anew = Marks(recovery.key[relapsed], span)

    key = np.unique(np.concatenate([clear, use, runs]))
    used = np.maximum(Marks(np.unique(use), span).last(key), met.last(key))
    recovered = recovery.last(key)
    code = np.select(
        [recovered > used, met.last(key) > recovered, used > recovered],
        [RECOVERED, RELAPSED, LAPSED],
        default=ENGAGED,
    )
    return key, code.astype(np.int8)


def _met(units: Shown, at: Days, rule: RelapseRule, anew: Marks) -> NDArray[np.bool_]:
    """Tell which units of use meet the definition, counted anew from some days on."""
    search = rule.searches[0]
    counted = (units.state == USE) & (units.day > (search.first - 1) * rule.week_days)
    before = np.append(0, np.cumsum(counted))
    place = np.arange(len(counted))
    start = np.searchsorted(at, at // anew.span * anew.span + np.maximum(anew.last(at), 0) + 1)
    begin = np.maximum(place - search.window + 1, start)
    reached: NDArray[np.bool_] = counted & (before[1:] - before[begin] >= search.needed)
    return reached


def _runs(shown: Shown, rule: RelapseRule, span: int) -> Days:
    """Return the keys of the days that complete a run of days of use that meets the definition."""
    found = [np.empty(0, dtype=np.int64)]
    for search in rule.searches:
        if search.unit != "day":
            continue
        use = shown.where((shown.state == USE) & (shown.day >= search.first))
        last = np.arange(search.needed - 1, len(use.day))
        begin = last - search.needed + 1
        whole = (use.episode[last] == use.episode[begin]) & (
            use.day[last] - use.day[begin] == search.needed - 1
        )
        last = last[whole]
        found.append(use.episode[last].astype(np.int64) * span + use.day[last])
    return np.concatenate(found)


def states_by_day(
    key: Days,
    use: tuple[Days, NDArray[np.int8]],
    sight: Sight,
    discharge: NDArray[np.float64],
    death: NDArray[np.float64],
) -> NDArray[np.int8]:
    """Return the state of the episode and day of each key."""
    span = sight.seen.span
    episode, day = key // span, key % span
    units, code = use
    place = np.searchsorted(units, key, side="right") - 1
    own = (place >= 0) & (units[place] // span == episode) if len(units) else place >= 0
    of_use = np.where(own, code[place], ENGAGED) if len(units) else np.full(len(key), ENGAGED)
    left = day >= discharge[episode]
    out_of_sight = sight.unseen(key)
    missing = sight.missing(key)
    shown = (of_use != ENGAGED) & ~(left & out_of_sight & ~missing)
    state = np.select(
        [day >= death[episode], out_of_sight & missing & sight.open, shown, left],
        [DEAD, LOST, of_use, DISCHARGED],
        default=ENGAGED,
    )
    return state.astype(np.int8)
