"""Faults of attendance and check-ins, in rows of the sample and in added rows."""

from __future__ import annotations

import pandas as pd

from iop_outcomes.samples.faults.episodes import checkin, new_episode, serial, session
from iop_outcomes.samples.faults.fault_inserter import (
    ASIDE,
    FOLDED,
    KEPT,
    MENDED,
    MISSING,
    FaultInserter,
)

_LATER_CONTACTS = 3  # attended sessions after a row that make its loss harmless


class Pool:
    """Rows of a clean table in which faults can be inserted, each used once."""

    def __init__(self, frame: pd.DataFrame, good: pd.Series[bool]) -> None:
        self.frame = frame[good]
        turn = self.frame.groupby("episode_id", sort=False).cumcount()
        self.rows = turn.sort_values(kind="stable").index.tolist()

    def take(self, **cells: str) -> int:
        """Return the next row, or the next row with the given cells."""
        fits = self.frame.loc[self.rows, list(cells)].eq(pd.Series(cells)).all(axis=1)
        row = int(fits.idxmax())
        if not fits[row]:
            raise ValueError(f"no clean row is left with {cells}")
        self.rows.remove(row)
        return row

    def __iter__(self) -> Pool:
        """Return the iterator itself."""
        return self

    def __next__(self) -> int:
        """Return the next row."""
        return self.take()


def insert_attendance_faults(
    inserter: FaultInserter, clean: dict[str, pd.DataFrame], second: str
) -> None:
    """Insert the faults of the attendance table; some rows are added to its second file."""
    frame = clean["attendance"]
    came = frame["status"].eq("attended").astype(int)
    later = came[::-1].groupby(frame["episode_id"][::-1]).cumsum()[::-1] - came
    pool = Pool(frame, came.eq(1) & frame["service"].eq("group") & (later >= _LATER_CONTACTS))
    _session_dates(inserter, pool)
    _session_values(inserter, pool)
    _session_rows(inserter, pool, second)
    _outside_the_stay(inserter, clean["episodes"])
    absent = Pool(frame, frame["status"].eq("no_show") & frame["service"].eq("group"))
    _session_minutes(inserter, pool, absent)


def _session_dates(inserter: FaultInserter, pool: Pool) -> None:
    for text, check in (
        ("2026-13-05", "bad_date"),
        ("tomorrow", "bad_date"),
        ("1926-08-05", "implausible_date"),
        ("05/08/2026", "ambiguous_date"),
        ("", "missing_required"),
        ("n/a", "missing_required"),
    ):
        inserter.change("attendance", next(pool), "date", text, check, ASIDE)
    for form, check in (
        ("%d %b %Y", "mixed_date_format"),
        ("%Y%m%d", "mixed_date_format"),
        ("%b %d %Y", "mixed_date_format"),
        ("serial", "excel_serial_date"),
        ("serial", "excel_serial_date"),
        ("%Y-%m-%d 24:00", "time_24_00"),
        ("%Y-%m-%dT09:00:00Z", "time_zone"),
        ("%Y-%m-%d 09:00:00+02:00", "time_zone"),
        (" %Y-%m-%d", "surrounding_spaces"),
    ):
        row = next(pool)
        date = str(pool.frame.loc[row, "date"])
        text = serial(date) if form == "serial" else pd.Timestamp(date).strftime(form)
        inserter.change("attendance", row, "date", text, check, MENDED)


def _session_values(inserter: FaultInserter, pool: Pool) -> None:
    inserter.values(
        "attendance",
        pool,
        [
            ("episode_id", "", "missing_required", ASIDE),
            ("status", "", "missing_required", ASIDE),
            ("status", "unknown", "missing_required", ASIDE),
            ("status", "present", "unknown_word", ASIDE),
            ("status", "X", "unknown_word", ASIDE),
            ("status", "attended ", "surrounding_spaces", MENDED),
            ("service", " group ", "surrounding_spaces", MENDED),
            ("service", "yoga", "unknown_word", MISSING),
            ("modality", "phone", "unknown_word", MISSING),
            ("modality", "n/a", "missing_word", MENDED),
            ("minutes_attended", "NULL", "missing_word", MENDED),
            ("minutes_scheduled", "-", "missing_word", MENDED),
            ("minutes_attended", "three hours", "bad_number", MISSING),
            ("minutes_scheduled", "3 blocks", "bad_number", MISSING),
            ("minutes_attended", "999", "out_of_range", MISSING),
            ("minutes_attended", "-5", "out_of_range", MISSING),
            ("minutes_scheduled", "1800", "out_of_range", MISSING),
            ("start_time", "9 o'clock", "bad_time", MISSING),
            ("start_time", "25:10", "bad_time", MISSING),
            ("start_time", "24:00", "time_24_00", MENDED),
        ],
    )


def _session_rows(inserter: FaultInserter, pool: Pool, second: str) -> None:
    """Insert rows that are duplicated, incomplete, or of no episode."""
    for change in (-2, 1):
        row = inserter.copy("attendance", next(pool), status="excused", minutes_attended="0")
        inserter.misshape("attendance", row, change)
    for file in ("", "", second):
        row = inserter.copy("attendance", next(pool), file)
        inserter.expect("attendance", row, "", "exact_duplicate", FOLDED)
    for status, minutes in (("late", "150"), ("attended_partial", "95"), ("no_show", "0")):
        row = next(pool)
        again = inserter.copy("attendance", row, status=status, minutes_attended=minutes)
        if status == "no_show":  # of a session that was attended: which of the two is right?
            for either in (row, again):
                inserter.expect("attendance", either, "status", "contradictory_session", ASIDE)
        else:
            inserter.expect("attendance", row, "status", "signed_again", ASIDE)
    row = next(pool)
    inserter.tables["attendance"].loc[row, "start_time"] = ""
    again = inserter.copy("attendance", row)  # a session of its own, or the row once more?
    inserter.expect("attendance", again, "", "possible_repeat", KEPT)
    for episode in ("SYN-8888-1", "SYN-0001-77"):
        row = inserter.copy("attendance", next(pool), second, episode_id=episode)
        inserter.expect("attendance", row, "episode_id", "unknown_episode", ASIDE)


def _outside_the_stay(inserter: FaultInserter, episodes: pd.DataFrame) -> None:
    """Insert sessions before the admission, after the discharge and after the data cut."""
    closed = episodes[episodes["discharge_date"].between("2025-10-01", "2026-09-01")]
    for place, (column, days, check) in enumerate(
        (
            ("admit_date", -1, "before_admission"),
            ("admit_date", -12, "before_admission"),
            ("discharge_date", 1, "after_discharge"),
            ("discharge_date", 9, "after_discharge"),
            ("followed_until", 366, "after_data_cut"),
            ("followed_until", 500, "after_data_cut"),
        )
    ):
        episode = closed.iloc[place]
        date = _later(str(episode[column]), days)
        row = inserter.add("attendance", session(str(episode["episode_id"]), date))
        inserter.expect("attendance", row, "date", check, ASIDE)


def _session_minutes(inserter: FaultInserter, pool: Pool, absent: Pool) -> None:
    """Insert impossible minutes, and days with too many hours."""
    for text in ("230", "196"):
        check = "attended_more_than_scheduled"
        inserter.change("attendance", next(pool), "minutes_attended", text, check, KEPT)
    for text in ("180", "45"):
        check = "minutes_when_absent"
        inserter.change("attendance", next(absent), "minutes_attended", text, check, KEPT)
    for start, minutes in (("09:30", "60"), ("11:30", "60")):
        row = pool.take(start_time="09:00")
        changes = {"service": "skills", "group_id": "", "start_time": start}
        changes |= {"minutes_scheduled": minutes, "minutes_attended": minutes}
        row = inserter.copy("attendance", row, **changes)
        inserter.expect("attendance", row, "start_time", "overlapping_sessions", KEPT)
    row = pool.take(start_time="09:00")
    more = [inserter.copy("attendance", row, start_time=start) for start in ("12:30", "16:00")]
    for long in (row, *more):
        inserter.expect("attendance", long, "minutes_attended", "long_day", KEPT)


def _later(date: str, days: int) -> str:
    return str((pd.Timestamp(date) + pd.Timedelta(days=days)).date())


def insert_checkin_faults(inserter: FaultInserter, clean: dict[str, pd.DataFrame]) -> None:
    """Insert the faults of the check-ins table."""
    frame = clean["checkins"]
    pool = Pool(frame, frame["status"].eq("completed") & frame["used"].eq("no"))
    _checkin_values(inserter, pool)
    _checkin_dates(inserter, pool)
    for change in (-3, 1):
        inserter.misshape("checkins", inserter.copy("checkins", next(pool), craving="9"), change)
    for _ in range(2):
        row = inserter.copy("checkins", next(pool))
        inserter.expect("checkins", row, "", "exact_duplicate", FOLDED)
    for episode in ("SYN-8888-1", "SYN-8889-1"):
        row = inserter.copy("checkins", next(pool), episode_id=episode)
        inserter.expect("checkins", row, "episode_id", "unknown_episode", ASIDE)
    _outside_the_follow_up(inserter, clean)


def _checkin_values(inserter: FaultInserter, pool: Pool) -> None:
    inserter.values(
        "checkins",
        pool,
        [
            ("episode_id", "", "missing_required", ASIDE),
            ("status", "", "missing_required", ASIDE),
            ("status", "N/A", "missing_required", ASIDE),
            ("status", "done", "unknown_word", ASIDE),
            ("status", "completed ", "surrounding_spaces", MENDED),
            ("used", "maybe", "unknown_word", MISSING),
            ("used", "n/a", "missing_word", MENDED),
            ("used", " no", "surrounding_spaces", MENDED),
            ("drug_test", "dirty", "unknown_word", MISSING),
            ("drug_test", "NA", "missing_word", MENDED),
            ("use_days", "-1", "out_of_range", MISSING),
            ("craving", "40", "out_of_range", MISSING),
            ("craving", "high", "bad_number", MISSING),
            ("phq9", "28", "out_of_range", MISSING),
            ("gad7", "twelve", "bad_number", MISSING),
            ("gad7", "null", "missing_word", MENDED),
            ("mutual_help_meetings", "?", "missing_word", MENDED),
            ("employed", "part-time", "unknown_word", MISSING),
        ],
    )


def _checkin_dates(inserter: FaultInserter, pool: Pool) -> None:
    for text, check in (
        ("2026-04-31", "bad_date"),
        ("1980-01-01", "implausible_date"),
        ("04/05/2026", "ambiguous_date"),
        ("", "missing_required"),
    ):
        inserter.change("checkins", next(pool), "date", text, check, ASIDE)
    for form, check in (
        ("%d-%b-%Y", "mixed_date_format"),
        ("serial", "excel_serial_date"),
        ("%Y-%m-%d 24:00", "time_24_00"),
        ("%Y-%m-%dT23:30:00-05:00", "time_zone"),
    ):
        row = next(pool)
        date = str(pool.frame.loc[row, "date"])
        text = serial(date) if form == "serial" else pd.Timestamp(date).strftime(form)
        inserter.change("checkins", row, "date", text, check, MENDED)


def _outside_the_follow_up(inserter: FaultInserter, clean: dict[str, pd.DataFrame]) -> None:
    """Insert check-ins long before admission, after the data cut or a death, and use on day 0."""
    episodes, checkins = clean["episodes"], clean["checkins"]
    for place, (column, days, check, done) in enumerate(
        (
            ("admit_date", -61, "early_check_in", KEPT),
            ("admit_date", -90, "early_check_in", KEPT),
            ("followed_until", 366, "after_data_cut", ASIDE),
            ("followed_until", 500, "after_data_cut", ASIDE),
        )
    ):
        episode = episodes.iloc[place]
        date = _later(str(episode[column]), days)
        row = inserter.add("checkins", checkin(str(episode["episode_id"]), date))
        inserter.expect("checkins", row, "date", check, done)
    number = 9401
    died = new_episode(number) | {"discharge_reason": "died"}
    inserter.add("episodes", died)
    for days in (-3, 0, 7, 14):
        row = inserter.add(
            "checkins", checkin(died["episode_id"], _later(died["discharge_date"], days))
        )
        if days > 0:
            inserter.expect("checkins", row, "date", "after_death", ASIDE)
    admitted = episodes.set_index("episode_id")["admit_date"]
    first = checkins["date"].eq(checkins["episode_id"].map(admitted))
    pool = Pool(checkins, first & checkins["status"].eq("completed"))
    for column, text in (("used", "yes"), ("drug_test", "positive")):
        row = next(pool)
        inserter.tables["checkins"].loc[row, column] = text
        inserter.expect("checkins", row, "date", "use_on_admission_day", KEPT)
