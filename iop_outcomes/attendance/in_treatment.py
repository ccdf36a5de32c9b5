"""Time in treatment: how long each episode lasted and how it ended, as a frame of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from iop_outcomes.attendance.stays import NO_CONTACT_DAYS, Attendance, read_attendance
from iop_outcomes.errors import EstimateError
from iop_outcomes.records import require_records
from iop_outcomes.records.covariates import covariates, refuse_taken
from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.shared.arrays import Booleans
from iop_outcomes.shared.checks import check_choice, check_whole
from iop_outcomes.shared.provenance import Provenance, label

if TYPE_CHECKING:
    from iop_outcomes.records import Records

End = Literal["left", "dropped_out", "completed"]
GOING_ON, NO_REASON = "end_of_follow_up", "discharged"
ENDS = (*DISCHARGE_REASONS, NO_REASON, GOING_ON)
EVENTS = {"left": "leaving", "dropped_out": "dropout", "completed": "completion"}
TIME_COLUMNS = (
    *("entry", "days", "event", "ended_by", "competing_end", "competing_on", "without_discharge"),
)


def time_in_treatment(
    records: Records, *, event: End = "left", no_contact_days: int = NO_CONTACT_DAYS
) -> pd.DataFrame:
    """Return the length of stay of each episode, to the last contact, and how it ended.

    Parameters
    ----------
    records : Records
        Their attendance table must have been read.
    event : {"left", "dropped_out", "completed"}
        What the event is: the end of the stay for whatever reason; or one of two, and the others
        compete with it.
    no_contact_days : int
        An episode without contact for more days than this has ended with its last contact, even if
        no discharge is recorded.

    Returns
    -------
    pandas.DataFrame
        One row an episode, in the order of ``records.episodes``, without those left out (see
        Notes), in the shape that `iop_outcomes.survival_curves`, `iop_outcomes.hazard`,
        `iop_outcomes.cumulative_incidence` and `iop_outcomes.cox` take:

        ``episode_id, person_id, program``, and the covariates of the episode.
        ``entry`` : int32
            0.
        ``days`` : float64
            Days from admission to the last contact (an attended service of any kind), which is
            never after the discharge; 0 if the person was expected and never came. Or, if that is
            not known, the last day for which it is known that the stay went on.
        ``event`` : bool
            Whether the stay ended as asked.
        ``ended_by`` : category
            The reason of the discharge; ``discharged`` if none is recorded; ``dropped_out`` also if
            the person stopped coming without a discharge; ``end_of_follow_up``.
        ``competing_end`` : category
            With an event other than ``"left"``: the same where it ended in another way; else
            missing. ``competing_on`` (float64) is its day.
        ``without_discharge`` : bool
            Whether the end follows from the days without contact only.

    Raises
    ------
    EstimateError
        If the records of no program show how long people stayed (`Records.fitness`).
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not known, or the episodes have a column with one of these names.

    Notes
    -----
    Length of stay is that of TEDS, the earlier of last contact and discharge; TEDS rounds stays of
    less than a day up to 1, here they are 0.

    Whether somebody has stopped coming is known only after `no_contact_days`. Who had a contact in
    the days up to then before the data cut (or, while open, before the end of follow-up) is
    followed to their start and still there, also if discharged in them. Who had the last contact
    before them has ended with it, and a discharge in them gives the reason. If recent discharges
    counted as ends and recent dropouts not yet, the curve would be too high. Left out are episodes
    followed for no more than `no_contact_days`, those of which no service has a recorded outcome,
    and those of programs whose records do not show how long people stayed (`Records.fitness`); the
    rule of the frame says how many.

    Retention on day d is the curve on day d - 1 (``days`` of d or more), for any d, also where
    follow-up is incomplete. Dropout and completion compete: one minus a curve with the other
    censored is too high, so that `iop_outcomes.cumulative_incidence` is to be used. Who was
    discharged without a recorded reason is an end of its own kind, neither of the two.

    References
    ----------
    Substance Abuse and Mental Health Services Administration. Treatment Episode Data Set
    (TEDS) 2004: Discharges from Substance Abuse Treatment Services, chapter 2.

    Examples
    --------
    Length of stay and retention at 90 days:

    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> times = iop.time_in_treatment(records)
    >>> stay = iop.survival_curves(times)
    >>> round(float(stay.at([89])["survival"].iloc[0]), 2)
    0.14
    >>> float(stay.median()["median"].iloc[0])
    43.0

    Dropout and completion as competing ends. With ``causes=["dropped_out", "completed"]`` the other
    ends, such as transfers, would be censored, and both would be too high:

    >>> dropout = iop.time_in_treatment(records, event="dropped_out")
    >>> incidence = iop.cumulative_incidence(dropout)
    >>> day_90 = incidence.at([90]).set_index("cause")["incidence"]
    >>> day_90[["dropped_out", "completed"]].round(2).tolist()
    [0.22, 0.33]

    The hazard of leaving, by day, in the middle of each of the first twelve weeks:

    >>> weekly = iop.hazard(times, days=[7 * week + 3 for week in range(12)])
    >>> len(weekly.table)
    12
    """
    require_records(records, "Time in treatment")
    check_choice("event", event, EVENTS)
    check_whole("no_contact_days", no_contact_days, 0, "no_contact_days=30")
    records.require("attendance", "time in treatment")
    return in_treatment_of(read_attendance(records), event, no_contact_days)


def in_treatment_of(
    attendance: Attendance, event: End = "left", no_contact_days: int = NO_CONTACT_DAYS
) -> pd.DataFrame:
    """Return `time_in_treatment` of an attendance table that was read before."""
    records, stays = attendance.records, attendance.stays
    refuse_taken(records.episodes, TIME_COLUMNS, "times")
    seen = np.where(stays.closed, stays.observable, np.minimum(stays.observable, stays.followed))
    last_known = seen - no_contact_days  # the last day of which it is known who was still coming
    known = records.known_by_program("retained_30")
    if not known.any():
        judged = records.judgements("retained_30")["retained_30"]
        raise EstimateError(
            "These records do not show how long people stayed.",
            found=judged.text,
            instead="records.fitness() says what is needed.",
        )
    kept = known & stays.observed & (last_known > 0)
    over = stays.to_last_contact < last_known
    word = _ended_by(records, over, stays.closed)
    of_interest = over if event == "left" else over & (word == event)
    days = np.where(over, stays.to_last_contact, last_known)
    others = over & ~of_interest
    frame = covariates(records.episodes, without=["discharge_reason"])
    frame["entry"] = np.int32(0)
    frame["days"] = days
    frame["event"] = of_interest
    frame["ended_by"] = pd.Categorical(word, categories=list(ENDS))
    competing = np.where(others, word, np.full(len(word), None))
    frame["competing_end"] = pd.Categorical(competing, categories=list(ENDS))
    frame["competing_on"] = np.where(others, days, np.nan)
    frame["without_discharge"] = over & ~stays.closed
    frame = frame[kept].reset_index(drop=True)
    left_out = (
        (~known, "of programs whose records do not show it"),
        (known & ~stays.observed, "without a recorded outcome of any service"),
        (known & stays.observed & ~kept, f"followed for no more than {no_contact_days} days"),
    )
    text = _text(event, no_contact_days, left_out)
    provenance = Provenance(
        rule=text, event=EVENTS[event], origin="admission", synthetic=records.synthetic
    )
    return label(frame, provenance, rule=text)


def _ended_by(records: Records, over: Booleans, closed: Booleans) -> np.ndarray:
    """Return in words how each stay ended."""
    reason = records.episodes["discharge_reason"].astype(object)
    words = reason.where(reason.notna(), NO_REASON).to_numpy(dtype=object)
    words = np.where(closed, words, "dropped_out")
    return np.where(over, words, GOING_ON)


def _text(event: End, no_contact_days: int, left_out: Sequence[tuple[Booleans, str]]) -> str:
    whole = {
        "left": "The event is the end of the stay for whatever reason.",
        "dropped_out": "The event is dropout; other ends compete with it.",
        "completed": "The event is completion; other ends compete with it.",
    }[event]
    text = (
        "Days from admission to the last contact or the discharge, whichever is earlier. "
        f"{whole} Who had no contact for more than {no_contact_days} days has dropped out with the "
        "last contact; who had one in the days up to then before the end of follow-up was there up "
        "to their start."
    )
    for rows, what in left_out:
        count = int(rows.sum())
        if count:
            text += f" {count:,} {'episode' if count == 1 else 'episodes'} {what} left out."
    return text
