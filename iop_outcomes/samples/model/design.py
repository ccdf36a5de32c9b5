"""The parameters of the synthetic programs.

The ends of episodes are calibrated on intensive outpatient discharges in TEDS 2004 (SAMHSA,
Treatment Episode Data Set: Discharges from Substance Abuse Treatment Services 2004, chapter 4);
relapse times follow the inverse cumulative hazard of Bender, Augustin and Blettner (2005,
Statistics in Medicine 24: 1713-1723), day by day because attendance is a time-varying effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FIRST_DAY = np.datetime64("2024-01-01", "D")
DATA_CUT = np.datetime64("2026-09-30", "D")
TRACKS = ("day", "evening")
ENTRY_PATHS = ("direct", "step_down", "after_relapse")
SUBSTANCES = ("alcohol", "opioids", "stimulants", "cannabis")
GENDERS = ("female", "male", "other")
REFERRALS = ("self", "court", "health_care", "community", "employer")
REASONS = (
    "completed",
    "dropped_out",
    "terminated",
    "transferred",
    "incarcerated",
    "died",
    "other",
)
COMPLETED, DROPPED_OUT, TERMINATED, TRANSFERRED, INCARCERATED, DIED, OTHER = range(len(REASONS))

# Shares of discharges and median days of stay; "other" of TEDS includes incarcerated and died.
TEDS_SHARES = {
    "completed": 0.38,
    "transferred": 0.18,
    "dropped_out": 0.23,
    "terminated": 0.14,
    "other": 0.07,
}
TEDS_MEDIAN_STAY = {
    "completed": 50,
    "transferred": 42,
    "dropped_out": 26,
    "terminated": 36,
    "other": 36,
    "all": 41,
}


@dataclass(frozen=True)
class Change:
    """A simulated change of attendance in a program.

    Attributes
    ----------
    kind : {"shift", "trend", "policy"}
        A step that a control chart should detect, a slow trend, or a step at a documented change of
        rules (a reason to compute limits again).
    start : str
        The first day of the change, as ``YYYY-MM-DD``.
    log_odds : float
        The step on the log-odds scale; for a trend, the slope a month of 30.44 days.
    reason : str
        The reason, as stated in the data card.
    """

    kind: str
    start: str
    log_odds: float
    reason: str


@dataclass(frozen=True)
class Program:
    """One synthetic program: its share of the people, its attendance, and its simulated changes."""

    name: str
    code: str
    share: float
    log_odds: float
    changes: tuple[Change, ...] = ()
    closures: tuple[tuple[str, str], ...] = ()


PROGRAMS = (
    Program("North", "NO", 0.29, -0.05),
    Program(
        "Riverside",
        "RI",
        0.26,
        -0.75,
        (Change("shift", "2025-06-02", 1.1, "a shuttle from the bus station began"),),
        (("2025-02-10", "2025-02-16"),),
    ),
    Program(
        "Harbor",
        "HA",
        0.22,
        0.75,
        (Change("trend", "2024-01-01", -0.05, "attendance declines month by month"),),
    ),
    Program(
        "Lakeside",
        "LA",
        0.175,
        -0.55,
        (Change("policy", "2025-10-01", 1.1, "groups may be joined by telehealth from now on"),),
    ),
    Program("Old Mill", "OM", 0.055, 0.0),
)

YEAR_END_CLOSURES = (("2024-12-23", "2024-12-29"), ("2025-12-22", "2025-12-28"))
HOLIDAYS = (
    "2024-01-01",
    "2024-01-15",
    "2024-05-27",
    "2024-06-19",
    "2024-07-04",
    "2024-09-02",
    "2024-11-28",
    "2024-11-29",
    "2025-01-01",
    "2025-01-20",
    "2025-05-26",
    "2025-06-19",
    "2025-07-04",
    "2025-09-01",
    "2025-11-27",
    "2025-11-28",
    "2026-01-01",
    "2026-01-19",
    "2026-05-25",
    "2026-06-19",
    "2026-07-03",
    "2026-09-07",
)


@dataclass(frozen=True)
class Design:
    """The parameters of the simulation; effects on relapse are log hazard ratios.

    Attributes
    ----------
    people : int
        How many people are admitted at least once; readmissions are additional (about an eighth).
    shape, scale : float
        The Weibull baseline of the first use, cumulative hazard ``(day / scale) ** shape`` with
        the day counted from admission; a shape below 1 is an early peak.
    attendance_effect : float
        For the share attended (0 to 1) of the sessions recorded as attended or absent in the 14
        days before the day; 0 where there were none.
    completed_effect : float
        From the day after a discharge as completed.
    medication_effect, evening_effect, age_effect : float
        For medication, the evening track, and a year of age above 38.
    entry_effects, substance_effects : dict of str to float
        For each entry path and primary substance, compared with ``direct`` and ``alcohol``.
    leaving_at_relapse : float
        The probability that a first use in treatment makes the person leave within days.
    correlation : float
        Beta-binomial correlation of a person's sessions, which makes counts over-dispersed.
    """

    people: int = 760
    programs: tuple[Program, ...] = PROGRAMS
    shape: float = 0.65
    scale: float = 165.0
    attendance_effect: float = -1.1
    completed_effect: float = -0.8
    medication_effect: float = -0.5
    evening_effect: float = 0.35
    age_effect: float = -0.01
    entry_effects: dict[str, float] = field(
        default_factory=lambda: {"direct": 0.0, "step_down": -0.35, "after_relapse": 0.45}
    )
    substance_effects: dict[str, float] = field(
        default_factory=lambda: {
            "alcohol": 0.0,
            "opioids": 0.2,
            "stimulants": 0.3,
            "cannabis": -0.2,
        }
    )
    leaving_at_relapse: float = 0.35
    correlation: float = 0.12
    mean_attendance: float = 0.80
    weekly_decline: float = 0.03
    weekday_effects: tuple[float, ...] = (-0.15, 0.1, 0.1, 0.0, -0.3, -0.2, 0.0)
    end_weights: tuple[float, ...] = (0.411, 0.186, 0.1445, 0.184, 0.018, 0.0055, 0.051)
    median_stay: tuple[float, ...] = (48.4, 31.5, 44.4, 49.4, 44.0, 44.0, 41.5)
    spread_stay: tuple[float, ...] = (0.6, 1.0, 0.9, 0.9, 0.9, 0.9, 0.9)
    longest_stay: int = 300
    horizon: int = 364
    truth_people: int = 20_000


def day_number(date: str | np.datetime64[Any]) -> int:
    """Return the whole days from 1970-01-01 to `date`."""
    day: np.int64 = np.datetime64(date).astype("datetime64[D]").astype(np.int64)
    return int(day)


def weekday(days: Array) -> Array:
    """Return the weekday of each day number, Monday 0 to Sunday 6."""
    return (days + 3) % 7


def closed_days(design: Design) -> tuple[Array, Array]:
    """Return for each program and day (from the first to after the horizon) whether it is closed.

    Returns
    -------
    closure, holiday : numpy.ndarray of bool
        Shape (programs, days): closed for the week, and closed on the day.
    """
    first = day_number(FIRST_DAY)
    length = day_number(DATA_CUT) - first + design.horizon + 40
    closure = np.zeros((len(design.programs), length), dtype=bool)
    for row, program in enumerate(design.programs):
        for start, end in (*YEAR_END_CLOSURES, *program.closures):
            closure[row, day_number(start) - first : day_number(end) - first + 1] = True
    holiday = np.zeros_like(closure)
    holiday[:, [day_number(date) - first for date in HOLIDAYS]] = True
    return closure, holiday


def log_odds_changes(design: Design, days: Array) -> Array:
    """Return the change in log odds of attendance of each program on each day number.

    Returns
    -------
    numpy.ndarray of float64
        Shape (programs, days).
    """
    result = np.empty((len(design.programs), len(days)))
    for row, program in enumerate(design.programs):
        result[row] = program.log_odds
        for change in program.changes:
            since = days - day_number(change.start)
            grown = np.maximum(since, 0) / 30.44 if change.kind == "trend" else since >= 0
            result[row] += change.log_odds * grown
    return result
