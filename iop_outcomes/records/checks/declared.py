"""Every check declared once: its group, its meaning, and the share of rows that may fail.

Groups are those of Kahn and others (2016): conformance (does a value have the right form),
completeness (is there a value), plausibility (can the value be true). Kahn MG, Callahan TJ, Barnard
J, et al. A harmonized data quality assessment terminology and framework for the secondary use of
electronic health record data. eGEMs 2016;4(1):1244. doi:10.13063/2327-9214.1244.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.schema import (
    EARLIEST_DATE,
    LATEST_DATE,
    LONGEST_SESSION,
    YEARS_BEFORE,
)
from iop_outcomes.records.staging import Log

Group = Literal["conformance", "completeness", "plausibility"]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    name : str
        Its name in ``problems`` and ``quality()``.
    group : {"conformance", "completeness", "plausibility"}
        Its kind.
    meaning : str
        A description of a row that fails.
    threshold : float
        The share of rows (0 to 1) that can fail without a failed check.
    """

    name: str
    group: Group
    meaning: str
    threshold: float = 0.0


SOON = 30  # days from a discharge to a readmission that is reported
LATE_DISCHARGE = 30  # days from the last contact to a discharge that is reported
SILENT = 90  # days without a contact in an open episode
BEFORE_FIRST = 30  # days before a person's first admission: an assessment comes within them
EARLY_CHECKIN = 60  # days before admission
LONG_DAY = LONGEST_SESSION  # attended minutes on one day
OVERRUN = 15  # minutes attended beyond the minutes scheduled
ROSTER_SESSIONS = 50  # rows of a group from which a roster without absences looks copied
ROSTER_CLIENTS = 5  # and episodes
ROSTER_SHARE = 0.98  # and the share of its rows that are attended
FEED_ROWS = 50  # median rows a month that a program needs for the check of its volume

_DECLARED = (
    Check("row_shape", "conformance", "The row has more or fewer fields than the header."),
    Check(
        "taken_name",
        "conformance",
        "The column has the name of one that is calculated here; it is kept under another name.",
    ),
    Check("short_row", "conformance", "Empty fields were left out at the end of the row.", 1.0),
    Check(
        "repeated_heading",
        "conformance",
        "Two columns have this heading; neither is needed.",
        1.0,
    ),
    Check(
        "join_unmatched",
        "conformance",
        "The row has values for other rows, but no row has its key.",
    ),
    Check("join_conflict", "conformance", "Two rows with one key have different values."),
    Check("in_two_lists", "conformance", "The person is in two lists of one line."),
    Check("twice_in_list", "conformance", "The person is twice in a list."),
    Check("two_ticked", "conformance", "Several boxes are ticked, but only one can be true."),
    Check("unknown_tick", "conformance", "The cell of a checkbox has an unknown value."),
    Check("not_json", "conformance", "The line is not a JSON object."),
    Check("nested_value", "conformance", "The value is itself a list or an object."),
    Check("repeated_key", "conformance", "The key is twice in the line, with two values."),
    Check("open_quote", "conformance", "A quote opens a cell and is not closed in the row."),
    Check("stray_quote", "conformance", "More text follows a closing quote in its cell."),
    Check("merged_cells", "conformance", "Cells of several rows are merged into one.", 1.0),
    Check(
        "lone_surrogate",
        "conformance",
        "The value contains half of a surrogate pair (a damaged character).",
    ),
    Check("nul_character", "conformance", "The value contains NUL, at which many programs cut it."),
    Check(
        "unreadable_cell",
        "conformance",
        "The cell of a frame is an object that cannot be written as text.",
    ),
    Check(
        "encoding",
        "conformance",
        "The file is not UTF-8: characters outside ASCII are read in the named encoding.",
        1.0,
    ),
    Check("surrounding_spaces", "conformance", "Spaces before or after the value."),
    Check("missing_word", "conformance", 'A word such as "n/a" stands for a missing value.'),
    Check("error_word", "conformance", "An error such as #REF! is in place of a value."),
    Check("bad_date", "conformance", "The value is not a date, or not a whole study day."),
    Check(
        "ambiguous_date", "conformance", "Day and month, or day and year, cannot be distinguished."
    ),
    Check(
        "assumed_date_order",
        "conformance",
        "No date of the column in this file distinguishes day from month: an order was assumed.",
    ),
    Check(
        "mixed_date_format",
        "conformance",
        "The date is written differently from the others of the column.",
    ),
    Check("excel_serial_date", "conformance", "The date is a bare Excel serial number."),
    Check("unix_time", "conformance", "The date is a number of seconds since 1970."),
    Check(
        "half_swapped_date",
        "conformance",
        "A spreadsheet has swapped day and month in those dates of the file whose day is 12 or "
        "less.",
    ),
    Check("time_24_00", "conformance", "The time is written 24:00."),
    Check("time_zone", "conformance", "The time has a time zone; the local day may differ."),
    Check("bad_time", "conformance", "The value is not a time of day."),
    Check("bad_number", "conformance", "The value is not a number."),
    Check(
        "code_among_numbers",
        "conformance",
        "All but a few values of the column are numbers; this one is not, so the column is kept "
        "as words.",
    ),
    Check(
        "rounded_before",
        "conformance",
        "The frame or file has a whole number as a float that cannot represent all its digits.",
    ),
    Check("unknown_word", "conformance", "The word is not in the vocabulary of the column."),
    Check(
        "ids_made_one",
        "conformance",
        "The identifier is written in several ways in one table; they are one by the rules of the "
        "mapping.",
        0.05,
    ),
    Check("exact_duplicate", "conformance", "The row is identical to an earlier one."),
    Check("repeated_episode", "conformance", "The episode_id occurs twice with different content."),
    Check(
        "possible_repeat",
        "conformance",
        "The row equals an earlier one; it is a repeat or a separate session.",
    ),
    Check(
        "contradictory_session",
        "conformance",
        "One row of the session says that the person came, another that they did not.",
    ),
    Check("signed_again", "conformance", "Another row of the same session is used instead."),
    Check(
        "unknown_episode",
        "conformance",
        "The episode, or the person, is not in the episodes table.",
    ),
    Check("episode_set_aside", "conformance", "The row of its episode was set aside."),
    Check(
        "before_first_episode",
        "conformance",
        f"Over {BEFORE_FIRST} days before the person's first admission: an earlier stay is missing "
        "from the list.",
    ),
    Check("between_episodes", "conformance", "No episode of the person contains the day."),
    Check("in_two_episodes", "conformance", "Two episodes of the person contain the day."),
    Check(
        "linked_by_name",
        "conformance",
        "Rows are linked by people's names, and two people may have one name.",
    ),
    Check("missing_required", "completeness", "A value that every row needs is missing."),
    Check("empty_column", "completeness", "The column has no value at all."),
    Check("reason_without_date", "completeness", "A discharge reason without a date."),
    Check("date_without_reason", "completeness", "A discharge date without a reason.", 0.05),
    Check(
        "unrecorded_status", "completeness", "The outcome of the service was not recorded.", 0.05
    ),
    Check(
        "unit_of_length",
        "plausibility",
        "The median is not the length of a session: the unit may be another one.",
    ),
    Check("out_of_range", "plausibility", "The number is outside its limits."),
    Check(
        "implausible_date",
        "plausibility",
        f"The date is before {EARLIEST_DATE[:4]}, after {LATEST_DATE[:4]}, or over {YEARS_BEFORE} "
        "years before the middle date of its column (an earlier discharge may be).",
    ),
    Check("wrong_weekday", "plausibility", "The date falls on another weekday than is written."),
    Check("end_before_start", "plausibility", "The session ends at or before its start."),
    Check("discharge_before_admission", "plausibility", "Discharged before being admitted."),
    Check("after_data_cut", "plausibility", "Dated after the data cut."),
    Check(
        "planned",
        "plausibility",
        "Planned for after the data cut, or called off ahead; counted, but not a problem.",
        1.0,
    ),
    Check("before_admission", "plausibility", "A service before the admission."),
    Check("after_discharge", "plausibility", "A service after the discharge."),
    Check("after_death", "plausibility", "A check-in after the person's death."),
    Check("overlapping_sessions", "plausibility", "The session overlaps an earlier one.", 0.01),
    Check(
        "attended_more_than_scheduled",
        "plausibility",
        f"Attended over {OVERRUN} minutes longer than scheduled.",
        0.01,
    ),
    Check(
        "minutes_when_absent",
        "plausibility",
        "Minutes attended at a session that was not attended.",
        0.01,
    ),
    Check("long_day", "plausibility", "More than 8 hours attended on one day.", 0.01),
    Check("copied_roster", "plausibility", "A group in which nobody was ever absent."),
    Check(
        "volume_change",
        "plausibility",
        "A month with less than half the rows of the months before and of those after it.",
        0.05,
    ),
    Check("readmitted_soon", "plausibility", f"Admitted within {SOON} days of a discharge.", 0.05),
    Check("overlapping_episodes", "plausibility", "Two episodes of a person in one program."),
    Check(
        "late_discharge",
        "plausibility",
        f"Discharged over {LATE_DISCHARGE} days after the last contact.",
        0.05,
    ),
    Check("silent_open_episode", "plausibility", f"Open, without contact for {SILENT} days.", 0.05),
    Check(
        "early_check_in", "plausibility", f"Over {EARLY_CHECKIN} days before the admission.", 0.01
    ),
    Check("use_on_admission_day", "plausibility", "Use reported on the admission day.", 0.05),
)

CHECKS: dict[str, Check] = {check.name: check for check in _DECLARED}


def quality_table(log: Log, mapping: Mapping) -> pd.DataFrame:
    """Return one row a check and column: rows checked and failed, threshold, status.

    Raises
    ------
    RecordsError
        If the mapping has a threshold for an unknown check.
    """
    unknown = sorted(set(mapping.thresholds) - set(CHECKS))
    if unknown:
        raise RecordsError(
            f"The mapping has a threshold for an unknown check: {unknown[0]}.",
            instead=f"Use one of {', '.join(CHECKS)}.",
        )
    # Built column by column for speed.
    order = ("conformance", "completeness", "plausibility")
    rows = sorted(log.tallies, key=lambda row: order.index(CHECKS[str(row["check"])].group))
    checks = [CHECKS[str(row["check"])] for row in rows]
    names = {name: [row[name] for row in rows] for name in ("check", "table", "column")}
    looked_at = np.array([row["rows_looked_at"] for row in rows], dtype=np.int64)
    failed = np.array([row["rows_failed"] for row in rows], dtype=np.int64)
    share = np.divide(failed, looked_at, out=np.full(len(rows), np.nan), where=looked_at > 0)
    limits = [mapping.thresholds.get(check.name, check.threshold) for check in checks]
    threshold = np.array(limits, dtype=float)
    applicable = np.array([row["applicable"] for row in rows], dtype=bool)
    status = np.where(share > threshold, "failed", "passed").astype(object)
    status[~applicable] = "not applicable"
    return pd.DataFrame(
        {
            "check": names["check"],
            "group": [check.group for check in checks],
            "table": names["table"],
            "column": names["column"],
            "rows_looked_at": looked_at,
            "rows_failed": failed,
            "share": share,
            "threshold": threshold,
            "status": status,
            "meaning": [check.meaning for check in checks],
        }
    )
