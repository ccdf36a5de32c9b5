"""The rule of continuous medication, from supplies that the records do not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.attendance.continuity.judged import (
    ContinuityMeasure,
    Findings,
    as_measure,
    read_once,
)
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.shared.checks import check_columns, check_whole

if TYPE_CHECKING:
    from iop_outcomes.attendance.stays import Attendance
    from iop_outcomes.records import Records

NO_MEDICATION = (
    "Continuity of medication is not known: the three tables hold no medication, neither "
    "prescribed nor dispensed."
)


def medication_continuity(
    records: Records | Attendance,
    supplies: pd.DataFrame | None = None,
    *,
    days: int = 180,
    longest_gap: int | None = None,
) -> ContinuityMeasure:
    """Return who had medication for opioid use disorder without a break for 180 days.

    Rule: a stretch of 180 days or more, from the first day of a supply on, in which no day without
    medication lies but gaps of at most `longest_gap` days.

    Parameters
    ----------
    records : Records
        With the attendance table.
    supplies : pandas.DataFrame
        One row a supply, injection or dose taken home: ``episode_id``; its first day, ``date`` (or
        ``day``, where the records are in study days); ``days_supplied``, a whole number of 1 or
        more. The three tables hold none of it: without this frame the rule is refused.
    days : int
        The length of the stretch.
    longest_gap : int
        The longest gap in days that does not break it, 0 or more. It has to be given: what is
        usually quoted is 7, which could not be confirmed in the text of the measure.

    Returns
    -------
    ContinuityMeasure
        ``met``: as the rule says; ``day``: the day of the stretch on which it was reached;
        ``first_count``: the days of the longest stretch; ``second_count``: all days
        supplied, those after the data cut too. It does not apply to episodes without a supply.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    EstimateError
        If there are no supplies, or some belong to no episode, or have no day or no length.
    RuleError
        If an option is not valid, or a column is not there.

    Notes
    -----
    In the style of NQF 3175 (MIPS 468), which is of adults with the diagnosis and within a period
    of its own. A supply that begins before the one before it is used up begins after it. Supplies
    may begin before admission and go on after discharge. Not met is known once the last stretch
    ended more than the gap before the data cut; a new one may begin later. The share is of those
    whose first supply was `days` days or more before the data cut, whatever came of it.

    References
    ----------
    National Quality Forum 3175, Continuity of Pharmacotherapy for Opioid Use Disorder (University
    of Southern California).

    Examples
    --------
    Supplies of 28 days, the fourth nine days late: stretches of 84 and 112 days.

    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": ["2026-01-05"]})
    >>> visits = pd.DataFrame({"episode_id": ["A"], "date": ["2026-01-06"], "service": "group",
    ...                        "status": "attended"})
    >>> records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-12-31")
    >>> dates = ["2026-01-05", "2026-02-02", "2026-03-02", "2026-04-08", "2026-05-06",
    ...          "2026-06-03", "2026-07-01"]
    >>> given = pd.DataFrame({"episode_id": "A", "date": dates, "days_supplied": 28})
    >>> row = iop.medication_continuity(records, given, longest_gap=7).table.iloc[0]
    >>> row["met"], row["first_count"], row["second_count"]
    (np.False_, np.float64(112.0), np.float64(196.0))
    """
    if supplies is None:
        raise EstimateError(
            NO_MEDICATION,
            found="no supplies",
            instead="medication_continuity(records, supplies, longest_gap=7), with a frame of "
            "episode_id, date and days_supplied; or a measure of attendance, such as va_continuity",
        )
    check_whole("days", days, 1, "days=180")
    check_whole("longest_gap", longest_gap, 0, "longest_gap=7")
    gap = int(longest_gap or 0)
    attendance = read_once(records, "medication_continuity")
    place, first, length = _read(attendance, supplies)
    episodes = len(attendance.records.episodes)
    stretches = _stretches(place, first, length, gap, episodes)
    longest, reached, waiting = stretches.summed(days, gap, attendance.stays.observable)
    covered = np.bincount(place, stretches.used, episodes)
    has_supply = np.bincount(place, minlength=episodes) > 0
    begun = np.full(episodes, np.inf)
    np.minimum.at(begun, place, first)
    met = longest >= days
    rule = (
        f"A stretch of {days} days or more with medication, gaps of at most {gap} days among them, "
        "of episodes with a supply."
    )
    return as_measure(
        attendance,
        f"medication_continuity_{days}",
        rule,
        Findings(
            met=met,
            failed=~met & ~waiting,
            over=attendance.stays.observable >= begun + days - 1,
            day=reached,
            first_count=longest,
            second_count=covered,
            applies=has_supply,
            why="a stretch that is not long enough goes on at the data cut",
        ),
        needs_sessions=False,
    )


class _Stretches:
    """Stretches of medication: whose each is, its first and last day; and days of each supply."""

    def __init__(
        self, place: Integers, first: Floats, last: Floats, used: Floats, episodes: int
    ) -> None:
        self.place, self.first, self.last, self.used = place, first, last, used
        self.episodes = episodes

    def summed(self, days: int, gap: int, observable: Floats) -> tuple[Floats, Floats, Booleans]:
        """Return the longest stretch, the day on which one was long enough, and who must wait.

        What is supplied after the data cut counts only up to it.
        """
        last = np.minimum(self.last, observable[self.place])
        size = np.maximum(last - self.first + 1, 0.0)
        longest = np.zeros(self.episodes)
        np.maximum.at(longest, self.place, size)
        reached = np.full(self.episodes, np.inf)
        enough = size >= days
        np.minimum.at(reached, self.place[enough], self.first[enough] + days - 1)
        waiting = np.zeros(self.episodes, dtype=bool)
        # A stretch may still go on if it ends no more than the gap before the data cut.
        open_ = self.last + gap >= observable[self.place]
        waiting[self.place[open_]] = True
        return longest, np.where(np.isinf(reached), np.nan, reached), waiting


def _stretches(
    place: Integers, first: Floats, length: Floats, gap: int, episodes: int
) -> _Stretches:
    """Join supplies, in order, into stretches; each lasts from where the one before is used up."""
    whose: list[int] = []
    begin: list[float] = []
    end: list[float] = []
    for row, start, size in zip(place, first, length, strict=True):
        if whose and whose[-1] == row:
            start = max(start, end[-1] + 1)
            if start - end[-1] - 1 <= gap:
                end[-1] = start + size - 1
                continue
        whose.append(int(row))
        begin.append(float(start))
        end.append(float(start + size - 1))
    return _Stretches(
        np.array(whose, dtype=np.int64), np.array(begin), np.array(end), length, episodes
    )


def _read(attendance: Attendance, supplies: pd.DataFrame) -> tuple[Integers, Floats, Floats]:
    """Return whose each supply is, its first day since admission and its days, in order."""
    if not isinstance(supplies, pd.DataFrame):
        raise RuleError(
            "Supplies are a pandas DataFrame, one row a supply.", found=type(supplies).__name__
        )
    records = attendance.records
    study = records.time == "study_days"
    name, admitted = ("day", "admit_day") if study else ("date", "admit_date")
    needed = ["episode_id", name, "days_supplied"]
    check_columns(supplies, needed, "The supplies")
    ids = pd.Index(records.episodes["episode_id"].astype(str))
    place = ids.get_indexer(pd.Index(supplies["episode_id"].astype(str)))
    began = records.episodes[admitted].iloc[np.maximum(place, 0)].reset_index(drop=True)
    if study:
        day_supplied = pd.to_numeric(supplies[name], errors="coerce").reset_index(drop=True)
        first = (day_supplied - began).to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        # The date as it is written, whatever time of day and zone are behind it.
        written = supplies[name].astype(str).str.slice(0, 10)
        written = written.where(written.str.contains("-"))  # pandas takes "today" for a date
        dates = pd.to_datetime(written, errors="coerce", format="%Y-%m-%d")
        apart = dates.reset_index(drop=True) - began
        first = apart.dt.days.to_numpy(dtype=np.float64, na_value=np.nan)
    length = pd.to_numeric(supplies["days_supplied"], errors="coerce").to_numpy(dtype=np.float64)
    unknown = int((place < 0).sum())
    no_day = int((np.isnan(first) & (place >= 0)).sum())
    wrong = int((~np.isfinite(length) | (length < 1) | (length % 1 != 0)).sum())
    if unknown or no_day or wrong or not len(supplies):
        raise EstimateError(
            "Each supply belongs to an episode and has a first day and a whole number of days.",
            found=f"{len(supplies):,} supplies: {unknown:,} of an episode that the records do not "
            f"have, {no_day:,} without a day (dates as 2026-01-31), {wrong:,} without a length",
            instead="leave out or correct these rows.",
        )
    order = np.lexsort((length, first, place))
    return place[order].astype(np.int64), first[order], length[order]
