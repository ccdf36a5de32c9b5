"""Whom to reach for a check-in or a follow-up, and how many have answered so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from iop_outcomes.attendance.sessions import positions
from iop_outcomes.errors import RuleError
from iop_outcomes.outreach.known import Day, day_asked, days_in, known_on
from iop_outcomes.outreach.people import FOR_STAFF, PeopleList
from iop_outcomes.records import require_records
from iop_outcomes.records.records import cut_text
from iop_outcomes.records.schema import CHECKIN_STATUSES
from iop_outcomes.shared.arrays import Floats, Integers, day_lengths, ratio
from iop_outcomes.shared.checks import check_choice, check_whole, is_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.statistics.proportions import proportion_interval

if TYPE_CHECKING:
    from iop_outcomes.records import Records

FOLLOW_UPS = (30, 90, 180)
CHECK_IN = "check-in"
COLUMNS = ("contact", "due_from", "due_on", "due_until", "days_late", "days_since_answer")


@dataclass(frozen=True, eq=False, repr=False)
class FollowUpDue(PeopleList):
    """Whom to reach on a day, the longest overdue first.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a person to reach and contact, with the columns of :func:`follow_up_due`.
    response : pandas.DataFrame
        How many have answered so far: one row a kind of contact. It names nobody.
    as_of : pandas.Timestamp or int
        The day.
    rule : str
        What is due when.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    response: pd.DataFrame
    as_of: Day
    rule: str
    synthetic: bool = False

    @property
    def _summary(self) -> str:
        return f"{len(self.table):,} contacts due on {cut_text(self.as_of)}"

    @property
    def text(self) -> str:
        """What the list is and is not for, how many are due, the response so far, and the rule."""
        due = self.table["contact"].value_counts()
        parts = [
            f"{row.contact}: {due.get(row.contact, 0):,} to reach, {row.answered:,} of "
            f"{row.due:,} answered so far{_share(row)}"
            for row in self.response.itertuples()
        ]
        return f"{FOR_STAFF} On {cut_text(self.as_of)}: {'; '.join(parts)}. {self.rule}"


def follow_up_due(
    records: Records,
    as_of: Any = None,
    *,
    every: int = 7,
    follow_ups: Sequence[int] = FOLLOW_UPS,
    since: Literal["discharge", "admission"] = "discharge",
    window: int = 14,
) -> FollowUpDue:
    """Return whom to reach for a check-in or a follow-up on a day, with the response so far.

    Parameters
    ----------
    records : Records
        With the check-ins.
    as_of : date, str or int, optional
        The day, at most the data cut, which it is by default. Only what happened up to its end is
        used.
    every : int
        Days after the last completed check-in (or the admission) from which the next one is due,
        while the episode is open.
    follow_ups : sequence of int
        Days after `since` on which a follow-up is due; empty for check-ins only.
    since : {"discharge", "admission"}
        From where follow-ups count.
    window : int
        Days before and after its day on which a follow-up can be made.

    Returns
    -------
    FollowUpDue
        The list names people: it is for those who treat them, and for no report. Its ``.table``:

        ``episode_id, person_id, program``
            As in the records.
        ``contact`` : str
            ``check-in``, or such as ``30-day follow-up``.
        ``due_from, due_on, due_until``
            The days, as dates or study days; of a check-in there is no last one (missing).
        ``days_late`` : int64
            Days since `due_on`; negative while it is ahead. The list is in the order of it.
        ``days_since_answer`` : float64
            Days since the last completed check-in; missing if there was none.

        ``.response``, a row a kind of contact: ``contact`` (str); ``due, answered`` (int64): of
        check-ins those recorded as completed or missed since the admission, and those completed; of
        follow-ups those whose window is over, and those with a completed check-in in it; ``share,
        lower, upper`` (float64): answered / due with Wilson's 95% interval, of follow-ups only:
        check-ins of one person are not independent.

    Raises
    ------
    MissingTableError
        If no check-ins were read.
    RuleError
        If an option is not possible, `as_of` lies after the data cut, or nobody was admitted by
        then.

    Notes
    -----
    A follow-up is made by a completed check-in in its window. A follow-up whose window is over
    without an answer is no longer on the list, and counts in the response. Left out are those
    who died, and contacts due after the end of a person's follow-up (``followed_until``).

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> due = iop.follow_up_due(iop.read_records("data/samples"), as_of="2026-06-30")
    >>> due.response["contact"].tolist()
    ['check-in', '30-day follow-up', '90-day follow-up', '180-day follow-up']
    """
    require_records(records, "The list of follow-ups")
    records.require("checkins", "the list of follow-ups")
    check_whole("every", every, 1, "every=7")
    check_whole("window", window, 0, "window=14")
    check_choice("since", since, ("discharge", "admission"))
    targets = _targets(follow_ups)
    day = day_asked(records, as_of)
    asked = _Asked.of(known_on(records, day), day)
    kinds = [
        asked.check_ins(every),
        *(asked.follow_up(target, since, window) for target in targets),
    ]
    table = pd.concat([rows for rows, _ in kinds], ignore_index=True)
    table = table.sort_values("days_late", ascending=False, kind="stable", ignore_index=True)
    response = pd.DataFrame([answers for _, answers in kinds])
    text = f"A check-in is due {every} days after the last one, while the episode is open."
    if targets:
        named = ", ".join(str(target) for target in targets)
        text += (
            f" Follow-ups are due {named} days after {since}, up to {window} days before or after; "
            "their response is of those whose time is over."
        )
    return FollowUpDue(table, response, day, text, records.synthetic)


@dataclass(frozen=True, eq=False)
class _Asked:
    """The check-ins known on a day, one entry an episode unless stated otherwise.

    Attributes
    ----------
    known : Records
        The records as they were on the day.
    reached : numpy.ndarray of int
        Days from each admission to the day.
    left : numpy.ndarray of float64
        The day of discharge, missing while open.
    died : numpy.ndarray of bool
        Whether the episode ended in death.
    episode, day : numpy.ndarray of int
        Of each completed check-in.
    due : int
        How many check-ins were completed or missed since the admissions.
    completed : int
        How many of these were completed.
    """

    known: Records
    reached: Integers
    left: Floats
    died: np.ndarray
    episode: Integers
    day: Integers
    due: int
    completed: int

    @classmethod
    def of(cls, known: Records, day: Day) -> _Asked:
        """Read the check-ins."""
        rows = known.checkins
        status = positions(rows["status"], CHECKIN_STATUSES)
        due = status != CHECKIN_STATUSES.index("not_due")
        if "due_row" in rows:
            due &= (rows["due_row"] != "outside").to_numpy()
        due &= rows["day"].to_numpy() >= 0
        done = status == CHECKIN_STATUSES.index("completed")
        died = (known.episodes["discharge_reason"] == "died").to_numpy(dtype=bool, na_value=False)
        return cls(
            known,
            days_in(known, day),
            known.episodes["days_to_discharge"].to_numpy(dtype=np.float64),
            died,
            rows["episode_id"].cat.codes.to_numpy().astype(np.int64)[done],
            rows["day"].to_numpy()[done],
            int(due.sum()),
            int((due & done).sum()),
        )

    @property
    def followed(self) -> Integers:
        """The last day on which each person could be seen."""
        return self.known.episodes["days_followed"].to_numpy()

    @property
    def lost(self) -> np.ndarray:
        """Whose follow-up was over before the day."""
        return np.asarray(self.followed < self.reached)

    @property
    def last_answer(self) -> Floats:
        """The day of the last completed check-in; missing if there was none."""
        last = np.full(len(self.reached), -np.inf)
        np.maximum.at(last, self.episode, self.day.astype(np.float64))
        return np.where(np.isinf(last), np.nan, last)

    def check_ins(self, every: int) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Return the check-ins to make, and the response."""
        on = np.fmax(self.last_answer, 0.0) + every
        to_reach = np.isnan(self.left) & (on <= self.reached) & ~self.lost
        rows = self._rows(to_reach, CHECK_IN, on, on, np.full(len(on), np.nan))
        none = {"share": np.nan, "lower": np.nan, "upper": np.nan}
        return rows, {"contact": CHECK_IN, "due": self.due, "answered": self.completed, **none}

    def follow_up(
        self, target: int, since: str, window: int
    ) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Return the follow-ups of one day to make, and the response."""
        start = self.left if since == "discharge" else np.zeros(len(self.left))
        on = start + target
        on = np.where(self.died | (self.lost & (on > self.followed)), np.nan, on)
        inside = np.abs(self.day - on[self.episode]) <= window
        answered = np.bincount(self.episode[inside], minlength=len(on)) > 0
        open_ = (self.reached >= on - window) & (self.reached <= on + window)
        over = self.reached > on + window
        name = f"{target}-day follow-up"
        rows = self._rows(open_ & ~answered, name, on - window, on, on + window)
        due, done = int(over.sum()), int((over & answered).sum())
        lower, upper = proportion_interval([done], [due])
        share = ratio(np.array([done]), np.array([due]))[0]
        response = {"contact": name, "due": due, "answered": done, "share": share}
        return rows, {**response, "lower": lower[0], "upper": upper[0]}

    def _rows(
        self, to_reach: np.ndarray, name: str, first: Floats, on: Floats, last: Floats
    ) -> pd.DataFrame:
        """Return the rows of one kind of contact."""
        place = np.flatnonzero(to_reach)
        rows = self.known.episodes[["episode_id", "person_id", "program"]].iloc[place]
        rows = rows.reset_index(drop=True)
        rows["contact"] = name
        for column, days in (("due_from", first), ("due_on", on), ("due_until", last)):
            rows[column] = self._dates(place, days[place])
        rows["days_late"] = (self.reached - on)[place].astype(np.int64)
        rows["days_since_answer"] = (self.reached - self.last_answer)[place]
        return rows

    def _dates(self, place: Integers, days: Floats) -> Any:
        """Return days since admission as dates, or as study days."""
        episodes = self.known.episodes
        if self.known.time == "study_days":
            return episodes["admit_day"].to_numpy(dtype=np.float64)[place] + days
        admitted = episodes["admit_date"].iloc[place].reset_index(drop=True)
        return admitted + day_lengths(days)


def _targets(follow_ups: object) -> tuple[int, ...]:
    """Return the days of follow-ups; RuleError unless each is a whole number, and none twice."""
    days = list(_each(follow_ups))
    if not all(is_whole(day, 1) for day in days) or len(set(days)) < len(days):
        raise RuleError(
            "Follow-ups are days, whole numbers of 1 or more that differ.",
            found=f"follow_ups={as_written(follow_ups)}",
            instead="follow_ups=(30, 90, 180)",
        )
    return tuple(sorted(int(day) for day in days))


def _each(follow_ups: object) -> Iterator[Any]:
    if isinstance(follow_ups, Sequence | np.ndarray) and not isinstance(follow_ups, str):
        yield from follow_ups
    else:
        yield follow_ups


def _share(row: Any) -> str:
    """Return a share with its interval in brackets, if there is one."""
    if not np.isfinite(row.share):
        return ""
    return f" ({row.share:.0%}, 95% interval {row.lower:.0%} to {row.upper:.0%})"
