"""The simulated courses as the three tables of an export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.samples.model import checkins
from iop_outcomes.samples.model.design import (
    DATA_CUT,
    DIED,
    ENTRY_PATHS,
    GENDERS,
    REASONS,
    REFERRALS,
    SUBSTANCES,
    TRACKS,
    Array,
    Design,
    day_number,
)
from iop_outcomes.samples.model.state import (
    ABSENT,
    ASSESSMENT,
    ATTENDED,
    FAMILY,
    GROUP,
    INDIVIDUAL,
    NOT_SCHEDULED,
    PROGRAM_CANCEL,
    UNRECORDED,
    Course,
)

SERVICES = ("group", "individual", "family", "assessment")
STATUSES = (
    "attended",
    "late",
    "attended_partial",
    "no_show",
    "client_cancel",
    "late_cancel",
    "excused",
    "program_cancel",
    "not_scheduled",
    "unrecorded",
)
_MINUTES = np.zeros(4, dtype=np.int64)
_MINUTES[[GROUP, INDIVIDUAL, FAMILY, ASSESSMENT]] = 180, 60, 90, 120
_ABSENCES = np.cumsum([0.45, 0.2, 0.15, 0.2])
_ABSENCES_AFTER_LEAVING = np.cumsum([0.84, 0.1, 0.06, 0.0])
_CAME = np.cumsum([0.84, 0.09, 0.07])


def dates(days: Array) -> Array:
    """Return day numbers as calendar dates, negative ones as missing."""
    result = days.astype("datetime64[D]").astype("datetime64[s]")
    result[days < 0] = np.datetime64("NaT", "s")
    return result


def word(codes: Array, words: Sequence[str] | Array) -> pd.Categorical:
    """Return codes as words; negative or missing codes are missing."""
    known: Any = np.nan_to_num(codes, nan=-1).astype(np.int32)
    return pd.Categorical.from_codes(known, pd.Index(words, dtype=object))


def followed_until(who: pd.DataFrame, course: Course) -> Array:
    """Return the day number until which each admission is followed.

    People are followed for 26 weeks or until their discharge, whichever is later, but not past
    the data cut, their death, or the day before they are admitted again.
    """
    admit = who["admit"].to_numpy()
    discharge = admit + course.discharge
    until = np.maximum(admit + checkins.LAST_DAY, discharge)
    until = np.where(course.reason == DIED, discharge, until)
    again = (who["person"].to_numpy()[1:] == who["person"].to_numpy()[:-1]).nonzero()[0]
    until[again] = np.minimum(until[again], admit[again + 1] - 1)
    result: Array = np.minimum(until, day_number(DATA_CUT))
    return result


def episode_frame(who: pd.DataFrame, course: Course, design: Design) -> pd.DataFrame:
    """Return the episodes table as of the data cut."""
    admit = who["admit"].to_numpy()
    discharge = admit + course.discharge
    closed = discharge <= day_number(DATA_CUT)
    prior = who["prior_days"].to_numpy()
    programs = tuple(program.name for program in design.programs)
    person, episode = identifiers(who)
    return pd.DataFrame(
        {
            "episode_id": episode,
            "person_id": person,
            "program": word(who["program"].to_numpy(), programs),
            "admit_date": dates(admit),
            "discharge_date": dates(np.where(closed, discharge, -1)),
            "discharge_reason": word(np.where(closed, course.reason, -1), REASONS),
            "level": "2.1",
            "entry_path": word(who["entry"].to_numpy(), ENTRY_PATHS),
            "prior_discharge_date": dates(np.where(prior >= 0, admit - prior, -1)),
            "followed_until": dates(followed_until(who, course)),
            "track": word(who["track"].to_numpy(), TRACKS),
            "age": who["age"].to_numpy(),
            "gender": word(who["gender"].to_numpy(), GENDERS),
            "primary_substance": word(who["substance"].to_numpy(), SUBSTANCES),
            "medication": np.where(who["medication"], "yes", "no"),
            "referral_source": word(who["referral"].to_numpy(), REFERRALS),
        }
    )


def identifiers(who: pd.DataFrame) -> tuple[Array, Array]:
    """Return the identifiers of persons (SYN-0001) and of their episodes (SYN-0001-1)."""
    number = who["person"] + 1
    width = max(4, len(str(number.max())))
    person = "SYN-" + number.astype(str).str.zfill(width)
    episode = person + "-" + who["number"].astype(str)
    return person.to_numpy(dtype=object), episode.to_numpy(dtype=object)


def attendance_frame(
    who: pd.DataFrame, course: Course, design: Design, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the attendance table up to the data cut."""
    sessions = course.sessions
    episode, service = sessions["episode"].to_numpy(), sessions["service"].to_numpy()
    date = who["admit"].to_numpy()[episode] + sessions["day"].to_numpy()
    status = _statuses(sessions, rng)
    scheduled = _MINUTES[service]
    start, group_id = _places(who, episode, service, design)
    frame = pd.DataFrame(
        {
            "episode_id": word(episode, identifiers(who)[1]),
            "date": dates(date),
            "start_time": start,
            "service": word(service, SERVICES),
            "status": word(status, STATUSES),
            "minutes_scheduled": scheduled,
            "minutes_attended": _minutes(status, scheduled, rng),
            "modality": _modality(who, sessions, date, status, design, rng),
            "group_id": group_id,
        }
    )
    return frame.iloc[np.flatnonzero(date <= day_number(DATA_CUT))].reset_index(drop=True)


def _statuses(sessions: pd.DataFrame, rng: np.random.Generator) -> Array:
    """Return the status of each session."""
    outcome, left = sessions["outcome"].to_numpy(), sessions["left"].to_numpy()
    draw = rng.random(len(sessions))
    came = np.searchsorted(_CAME, draw, side="right")
    came = np.where(sessions["service"] == ASSESSMENT, 0, came)
    absent = np.where(
        left,
        np.searchsorted(_ABSENCES_AFTER_LEAVING, draw, side="right"),
        np.searchsorted(_ABSENCES, draw, side="right"),
    )
    result: Array = np.select(
        [outcome == ATTENDED, outcome == ABSENT, outcome == PROGRAM_CANCEL],
        [came, 3 + absent, STATUSES.index("program_cancel")],
        default=STATUSES.index("not_scheduled"),
    )
    result[outcome == UNRECORDED] = STATUSES.index("unrecorded")
    assert (result[outcome == NOT_SCHEDULED] == STATUSES.index("not_scheduled")).all()
    return result


def _minutes(status: Array, scheduled: Array, rng: np.random.Generator) -> Array:
    """Return the minutes attended: none if not attended, missing if not recorded."""
    draw = rng.random(len(status))
    late = scheduled - 10 - 5 * np.floor(draw * 4)
    part = 5 * np.round(scheduled * (0.3 + 0.45 * draw) / 5)
    minutes = np.select(
        [status == 0, status == 1, status == 2], [scheduled, late, part], default=0.0
    )
    result: Array = np.where(status >= STATUSES.index("program_cancel"), np.nan, minutes)
    return result


def _places(
    who: pd.DataFrame, episode: Array, service: Array, design: Design
) -> tuple[pd.Categorical, pd.Categorical]:
    """Return the start time of each session and, for groups, the group."""
    track = who["track"].to_numpy()[episode]
    hours = [f"{hour:02d}:{half}" for hour in range(8, 20) for half in ("00", "30")]
    group_start = np.where(track == 1, hours.index("17:30"), hours.index("09:00"))
    individual_start = 2 * (who["individual_hour"].to_numpy()[episode] - 8)
    start = np.select(
        [service == GROUP, service == INDIVIDUAL, service == FAMILY],
        [group_start, individual_start, hours.index("10:00")],
        default=hours.index("11:00"),
    )
    codes = tuple(f"{program.code}-{t[0].upper()}" for program in design.programs for t in TRACKS)
    group = 2 * who["program"].to_numpy()[episode] + track
    return word(start, tuple(hours)), word(np.where(service == GROUP, group, -1), codes)


def _modality(
    who: pd.DataFrame,
    sessions: pd.DataFrame,
    date: Array,
    status: Array,
    design: Design,
    rng: np.random.Generator,
) -> pd.Categorical:
    """Return the mode of attendance: rarely telehealth, often where a policy allows it."""
    program = who["program"].to_numpy()[sessions["episode"].to_numpy()]
    share = np.full(len(date), 0.05)
    for row, planned in enumerate(design.programs):
        for change in planned.changes:
            if change.kind == "policy":
                share[(program == row) & (date >= day_number(change.start))] = 0.45
    remote = (rng.random(len(date)) < share) & (sessions["service"] != ASSESSMENT).to_numpy()
    came = status < STATUSES.index("no_show")
    return word(np.where(came, remote, -1), ("in_person", "telehealth"))


def checkin_frame(
    who: pd.DataFrame, course: Course, design: Design, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the check-ins table up to the day until which each admission is followed."""
    admit = who["admit"].to_numpy()
    rows = checkins.check_in(who, course, design, followed_until(who, course) - admit, rng)
    episode = rows["episode"].to_numpy()
    columns: dict[str, Any] = {
        "episode_id": word(episode, identifiers(who)[1]),
        "date": dates(admit[episode] + rows["day"].to_numpy()),
        "status": word(rows["status"].to_numpy(), checkins.STATUSES),
    }
    words = {"drug_test": checkins.DRUG_TESTS, "substance": SUBSTANCES}
    for name in [str(name) for name in rows][3:]:
        if name in words:
            columns[name] = word(rows[name].to_numpy(), words[name])
        elif name in ("used", "employed", "stable_housing"):
            columns[name] = pd.array(rows[name].to_numpy(), dtype="Float32").astype("boolean")
        else:
            columns[name] = rows[name].to_numpy()
        if name == "bam_protective":
            asked = np.isfinite(rows[name].to_numpy()) - 1
            columns["bam_version"] = word(asked, (checkins.BAM_VERSION,))
    return pd.DataFrame(columns)
