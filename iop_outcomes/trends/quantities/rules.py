"""The rules of engagement and continuity, by the cohort of admission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from iop_outcomes.attendance.continuity import (
    dropout_by_absences,
    dropout_by_gap,
    dropout_by_missing_weeks,
    first_to_fourth_session,
    followed_up,
    iet_style,
    minimum_dose,
    va_continuity,
    washington_circle,
)
from iop_outcomes.attendance.continuity.judged import OUTSIDE, ContinuityMeasure
from iop_outcomes.attendance.stays import LATE_DAYS, Attendance
from iop_outcomes.trends.quantities.quantity import AttendanceTally, Quantity, Tally

Rule = Callable[[Attendance], ContinuityMeasure]
GAPS = (14, 30, 60, 90)
WITHIN = 90  # days since admission in which a dropout begins
WEEKS, WITHIN_WEEKS = 4, 12


def _tally(rule: Rule, span: int, column: str) -> AttendanceTally:
    def tally(attendance: Attendance) -> Tally:
        table, stays = rule(attendance).table, attendance.stays
        inside = (table["not_known"] != OUTSIDE).to_numpy()
        over, known = table["over"].to_numpy(dtype=np.bool_), table["met"].notna().to_numpy()
        entries = np.flatnonzero(inside & over & known)
        # whose follow-up should have ended so long ago is lost to it
        waiting = np.flatnonzero(inside & ~over & (stays.observable - span <= LATE_DAYS))
        dates = attendance.records.episodes[column].to_numpy()[entries]
        met = table["met"].to_numpy(dtype=np.bool_, na_value=False)[entries]
        return Tally(entries, dates, met, waiting=waiting if span else None)

    return AttendanceTally(tally)


def _quantity(
    name: str,
    title: str,
    met: str,
    rule: Rule,
    span: int,
    improves: Literal["up", "down"] = "up",
    among: str = "episodes admitted",
) -> Quantity:
    """Return the measure of a rule; without a span it is of discharges."""
    by_discharge = not span
    return Quantity(
        name=name,
        title=title,
        numerator=f"episodes {met}",
        denominator=f"{among}, for which the time of the rule is over and this is known",
        date="date of discharge" if by_discharge else "date of admission",
        unit="proportion",
        kind="people",
        tables=("attendance",),
        tally=_tally(rule, span, "discharge_date" if by_discharge else "admit_date"),
        days_to_mature=span,
        improves=improves,
        note=f"Those who met it early count only once its time is over for all. The rule: "
        f"iop_outcomes.{title_of_function(name)}.",
    )


def title_of_function(name: str) -> str:
    """Return the function that a rule is of: its name without the number at the end."""
    stem, _, number = name.rpartition("_")
    return stem if number.isdigit() else name


def _gap(days: int) -> Quantity:
    return _quantity(
        f"dropout_by_gap_{days}",
        f"Dropout by {days} days without contact",
        f"with {days} days without contact that begin before day {WITHIN}",
        lambda attendance: dropout_by_gap(attendance, days=days, within=WITHIN),
        WITHIN + days - 1,
        "down",
    )


def _followed(days: int) -> Quantity:
    return _quantity(
        f"followed_up_{days}",
        f"Seen within {days} days of a prior stay",
        f"with a visit within {days} days after the discharge from a prior stay",
        lambda attendance: followed_up(attendance, within=days),
        days,
        among="episodes admitted with the day of that discharge recorded",
    )


RULES = (
    _quantity(
        "iet_style",
        "Engaged (IET style)",
        "with a visit within 14 days and two more within 34 days after it",
        iet_style,
        13 + 34,
    ),
    _quantity(
        "washington_circle",
        "Engaged (Washington Circle)",
        "with a visit within 14 days after the day of admission and two more within 30 days "
        "after it",
        washington_circle,
        14 + 30,
    ),
    _quantity(
        "va_continuity",
        "Continuity of care (VA)",
        "with two or more visits in each of the first three periods of 30 days",
        va_continuity,
        89,
    ),
    _quantity(
        "first_to_fourth_session",
        "First to fourth session",
        "with a fourth visit within 30 days of the first",
        first_to_fourth_session,
        60,
        among="episodes with a first visit",
    ),
    *(_followed(days) for days in (7, 30)),
    *(_gap(days) for days in GAPS),
    _quantity(
        "dropout_by_absences_3",
        "Dropout by three absences",
        f"with three appointments in a row missed before day {WITHIN}",
        dropout_by_absences,
        WITHIN - 1,
        "down",
    ),
    _quantity(
        "dropout_by_missing_weeks_4",
        "Dropout by four weeks",
        "with four weeks in a row without contact, the first of them one of the first 12 weeks",
        dropout_by_missing_weeks,
        (WITHIN_WEEKS + WEEKS - 1) * 7 - 1,
        "down",
    ),
    _quantity(
        "minimum_dose_9",
        "Minimum dose",
        "with 9 hours or more in four or more whole weeks",
        minimum_dose,
        0,
        among="episodes discharged",
    ),
)
