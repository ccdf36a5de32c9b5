"""The state of the simulation of all admissions, and the resulting course."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from iop_outcomes.samples.model.design import Array, Design

GROUP, INDIVIDUAL, FAMILY, ASSESSMENT = range(4)
ATTENDED, ABSENT, PROGRAM_CANCEL, NOT_SCHEDULED, UNRECORDED = range(5)

NEVER = 100_000  # a day that is never reached
WINDOW = 14  # days of attendance that affect the hazard


@dataclass
class Course:
    """The course of admissions: arrays with one entry an admission, in days from admission.

    Attributes
    ----------
    leave, discharge : numpy.ndarray of int64
        The last day on which the person attends, and the day of discharge.
    reason : numpy.ndarray of int64
        Code of the reason of discharge.
    relapse : numpy.ndarray of int64
        The day of the first use; `NEVER` if there was none within the horizon.
    sessions : pandas.DataFrame
        One row a session: ``episode`` (row of the admissions), ``day``, ``service``, ``outcome``
        (codes), ``chance`` (the probability of attending it) and ``left`` (bool: after the person
        had left).
    relapse_free : numpy.ndarray of float32
        If requested, the probability of no first use by each day 0 to the horizon, one row an
        admission, given its attendance.
    """

    leave: Array
    discharge: Array
    reason: Array
    relapse: Array
    sessions: pd.DataFrame = field(default_factory=pd.DataFrame)
    relapse_free: Array = field(default_factory=lambda: np.empty((0, 0), np.float32))


@dataclass
class SimulationState:
    """What changes from day to day in the simulation of the admissions."""

    who: dict[str, Array]
    design: Design
    rng: np.random.Generator
    course: Course
    shut: Array
    staff_absent: Array
    attendance: Array
    log_odds: Array
    last_contact: Array
    attended: Array = field(init=False)
    due: Array = field(init=False)
    days: list[dict[str, Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start with empty windows."""
        self.attended = np.zeros((WINDOW, len(self.log_odds)), dtype=np.int16)
        self.due = np.zeros_like(self.attended)
