"""The three tables. Every column is declared once: name, kind, unit, meaning, words and limits.

The reader, the checks and ``docs/tables.md`` (``describe_tables``) use these declarations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Kind = Literal["name", "date", "number", "whole", "word", "flag", "clock"]

DISCHARGE_REASONS = (
    "completed",
    "dropped_out",
    "terminated",
    "transferred",
    "incarcerated",
    "died",
    "other",
)
ENTRY_PATHS = ("direct", "step_down", "after_relapse")
SERVICES = ("group", "individual", "family", "skills", "assessment", "drug_test", "other")
ATTENDANCE_STATUSES = (
    "attended",
    "attended_partial",
    "late",
    "no_show",
    "late_cancel",
    "client_cancel",
    "excused",
    "program_cancel",
    "not_scheduled",
    "unrecorded",
)
TREATMENT_SERVICES = ("group", "individual", "family", "skills")
ATTENDED = ("attended", "attended_partial", "late")
ABSENT = ("no_show", "late_cancel", "client_cancel")
MODALITIES = ("in_person", "telehealth")
CHECKIN_STATUSES = ("completed", "missed", "not_due")
DRUG_TESTS = ("negative", "positive", "mixed", "refused", "invalid", "not_collected")

EARLIEST_DATE, LATEST_DATE = "1950-01-01", "2100-01-01"
YEARS_BEFORE = 30  # a date further before the median date of its column is implausible
LONGEST_SESSION = 480  # minutes; the longest plausible scheduled service

_ITEM = re.compile(r"(item_|q)?\d+_?[a-z]?|version")  # the rest of the name of an item


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        The name if the records have calendar dates.
    kind : {"name", "date", "number", "whole", "word", "flag", "clock"}
        How its text is read: an identifier or free text; a calendar date (or a whole study day); a
        number; a whole number (covariates only); a word of `words`; yes or no; a time of day.
    meaning : str
        The meaning of a value, as a sentence for the documentation.
    unit : str
        The unit of a number.
    required : bool
        Whether the column must exist; a row without a value in it is then set aside.
    words : tuple of str
        The vocabulary of a word column.
    low, high : float or None
        The limits of a number, which are allowed values themselves.
    study_name : str
        The name if the records have study days, where it is different.
    may_be_long_ago : bool
        Whether a date can be decades before the other dates of the column.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = False
    words: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    study_name: str = ""
    may_be_long_ago: bool = False

    def name_in(self, time: str) -> str:
        """Return the name of the column for a kind of time: ``"calendar"`` or ``"study_days"``."""
        return self.study_name if time == "study_days" and self.study_name else self.name


@dataclass(frozen=True)
class Table:
    """One of the three tables: its columns in order, and what a row stands for."""

    name: str
    row: str
    columns: tuple[Column, ...]
    family: Column | None = None  # for every column whose name starts with this name

    def column(self, name: str, time: str = "calendar") -> Column | None:
        """Return the declaration of the column called `name`, or None for a covariate."""
        for column in self.columns:
            if column.name_in(time) == name:
                return column
        if self.family is not None and name.startswith(self.family.name):
            # items and version of an instrument can be words: they are covariates
            return None if _ITEM.fullmatch(name.removeprefix(self.family.name)) else self.family
        return None


_EPISODE = Column("episode_id", "name", "The treatment episode.", required=True)

PERSON = Column("person_id", "name", "The person; by default each episode is a person.")

EPISODES = Table(
    "episodes",
    "one treatment episode",
    (
        Column("episode_id", "name", "The treatment episode; unique.", required=True),
        PERSON,
        Column("program", "name", "The program; by default all rows are one program."),
        Column(
            "admit_date",
            "date",
            "The day of admission; day 0 of everything.",
            required=True,
            study_name="admit_day",
        ),
        Column(
            "discharge_date",
            "date",
            "The day of discharge; empty while the episode is open.",
            study_name="discharge_day",
        ),
        Column(
            "discharge_reason",
            "word",
            "Why the episode ended, in the categories of TEDS.",
            words=DISCHARGE_REASONS,
        ),
        Column("level", "name", "The ASAM level of care, with the edition where it is known."),
        Column(
            "entry_path",
            "word",
            "Where the person came from: a detox, inpatient or residential stay (step_down), "
            "a relapse (after_relapse), or neither (direct).",
            words=ENTRY_PATHS,
        ),
        Column(
            "prior_discharge_date",
            "date",
            "The day of discharge from the stay that the person stepped down from.",
            study_name="prior_discharge_day",
            may_be_long_ago=True,
        ),
        Column(
            "followed_until",
            "date",
            "The last day on which the person could still have been seen; by default the data cut.",
            study_name="followed_until_day",
        ),
    ),
)

START_TIME = Column(
    "start_time", "clock", "When it began; distinguishes sessions of one day.", "HH:MM"
)

MINUTES_SCHEDULED = Column(
    "minutes_scheduled", "number", "Its planned length.", "minutes", low=0, high=LONGEST_SESSION
)
SESSION_TIMES = {
    column.name: column
    for column in (
        Column(
            "time_range",
            "clock",
            "From when to when; read into `start_time` and, where that says none, "
            "`minutes_scheduled`.",
            "HH:MM - HH:MM",
        ),
        Column(
            "end_time",
            "clock",
            "When it ended; `minutes_scheduled`, where that says none, is counted to it from "
            "`start_time`.",
            "HH:MM",
        ),
    )
}
"""Columns of attendance from which other columns are calculated; they are not kept."""

ATTENDANCE = Table(
    "attendance",
    "one scheduled service",
    (
        _EPISODE,
        Column("date", "date", "The day of the service.", required=True, study_name="day"),
        START_TIME,
        Column("service", "word", "The kind of service.", words=SERVICES),
        Column(
            "status",
            "word",
            "Its outcome. A service that the program cancelled or that was never due "
            "leaves the denominator; unrecorded counts neither as attended nor as absent.",
            required=True,
            words=ATTENDANCE_STATUSES,
        ),
        MINUTES_SCHEDULED,
        Column(
            "minutes_attended",
            "number",
            "How long the person was there.",
            "minutes",
            low=0,
            high=LONGEST_SESSION,
        ),
        Column("modality", "word", "In person or by telehealth.", words=MODALITIES),
        Column("approach", "name", "The approach, such as CBT or motivational interviewing."),
        Column("group_id", "name", "The group or the session; distinguishes sessions of one day."),
        Column("facilitator", "name", "Who led it, as a code, not a name."),
    ),
)

CHECKINS = Table(
    "checkins",
    "one check-in",
    (
        _EPISODE,
        Column("date", "date", "The day of the check-in.", required=True, study_name="day"),
        Column(
            "status",
            "word",
            "Whether it took place. Missed is not the same as not due.",
            required=True,
            words=CHECKIN_STATUSES,
        ),
        Column("used", "flag", "Any use since the last check-in.", "yes or no"),
        Column(
            "use_days", "number", "Days of use since the last check-in.", "days", low=0, high=366
        ),
        Column("drug_test", "word", "The result of a drug test.", words=DRUG_TESTS),
        Column("substance", "name", "The substance used or found."),
        Column("craving", "number", "Craving.", "0 to 10", low=0, high=10),
        Column("phq9", "number", "PHQ-9 total.", "0 to 27", low=0, high=27),
        Column("gad7", "number", "GAD-7 total.", "0 to 21", low=0, high=21),
        Column("employed", "flag", "In paid work.", "yes or no"),
        Column("in_school", "flag", "In school or training.", "yes or no"),
        Column("stable_housing", "flag", "In stable housing.", "yes or no"),
        Column("arrests", "number", "Arrests since the last check-in.", "count", low=0, high=100),
        Column(
            "mutual_help_meetings",
            "number",
            "Mutual-help meetings since the last check-in.",
            "count",
            low=0,
            high=300,
        ),
        Column(
            "social_connection",
            "flag",
            "In contact with family or friends who support recovery.",
            "yes or no",
        ),
        Column("barc10", "number", "BARC-10 total.", "10 to 60", low=10, high=60),
        Column("quality_of_life", "number", "Quality of life, on the program's own scale.", "own"),
    ),
    family=Column(
        "bam_",
        "number",
        "A Brief Addiction Monitor score; keep one version. Its items (bam_1 to bam_17) and "
        "bam_version are kept as covariates, in words or numbers.",
        low=0,
        high=180,
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in (EPISODES, ATTENDANCE, CHECKINS)}


WORKED_OUT = {
    "episodes": ("days_to_discharge", "days_followed", "admission_number"),
    "attendance": ("day", "minutes_overlapping"),
    "checkins": ("day", "due_row"),
}
"""The columns that the library adds to each table; with study days ``day`` is in the export."""


def describe_tables() -> pd.DataFrame:
    """Return the declarations of all columns as a frame.

    Returns
    -------
    pandas.DataFrame
        One row a column of a table: ``table, column, study_day_column, kind, required, unit,
        words, meaning`` (strings; ``required`` is bool).

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> iop.describe_tables().query("required")["column"].unique().tolist()
    ['episode_id', 'admit_date', 'date', 'status']
    """
    rows = []
    for table in TABLES.values():
        family = () if table.family is None else (table.family,)
        for column in (*table.columns, *family):
            name = column.name if column not in family else column.name + "*"
            rows.append(
                {
                    "table": table.name,
                    "column": name,
                    "study_day_column": column.study_name or name,
                    "kind": column.kind,
                    "required": column.required,
                    "unit": column.unit,
                    "words": ", ".join(column.words),
                    "meaning": column.meaning,
                }
            )
    return pd.DataFrame(rows)
