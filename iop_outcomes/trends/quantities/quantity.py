"""What a measure is, and the entries that it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.stays import Attendance, read_attendance
from iop_outcomes.shared.arrays import Floats, Integers
from iop_outcomes.trends.charting import usual_chart
from iop_outcomes.trends.periods import Every, frequency

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Kind = Literal["sessions", "people", "count", "mean", "event_free", "incidence"]
Unit = Literal["proportion", "episodes", "hours", "days", "points"]
CURVES = ("event_free", "incidence")  # estimated within each cohort from times to an event


@dataclass(frozen=True, eq=False)
class Tally:
    """The entries counted by a measure.

    Attributes
    ----------
    episode : numpy.ndarray of int
        The position of its episode in ``records.episodes``.
    date : numpy.ndarray of datetime64
        The date that determines its period.
    counts : numpy.ndarray of bool
        Whether it is in the numerator; every entry is in the denominator.
    amount : numpy.ndarray of float64 or None
        Of a mean: what each entry adds to the numerator.
    until : numpy.ndarray of datetime64 or None
        Of a stock: an entry counts in every period whose last day lies from `date` to this day.
    waiting : numpy.ndarray of int or None
        Positions of the episodes of which the answer may still come: the period that holds the
        admission of one is not complete.
    times : pandas.DataFrame or None
        Of estimates from times to an event: one row an entry, ``person_id, days, event, ended_by,
        competing_end, competing_on``.
    """

    episode: npt.NDArray[Any]
    date: npt.NDArray[Any]
    counts: npt.NDArray[np.bool_]
    amount: Floats | None = None
    until: npt.NDArray[Any] | None = None
    waiting: Integers | None = None
    times: pd.DataFrame | None = None


@dataclass(frozen=True)
class Quantity:
    """A measure of which a trend can be drawn.

    Attributes
    ----------
    name : str
        The name in code.
    title : str
        The name in a picture.
    numerator, denominator : str
        What is counted; empty denominator for a count.
    date : str
        The date that determines the period of an entry.
    unit : {"proportion", "episodes", "hours", "days", "points"}
        The unit of the value: a proportion from 0 to 1, a number of episodes, or that of a mean.
    kind : {"sessions", "people", "count", "mean", "event_free", "incidence"}
        What is estimated, and with which interval. Sessions are clustered within persons; people
        are independent; a count has the interval of a Poisson count; a mean is clustered within
        persons; the last two are the Kaplan-Meier estimate and the cumulative incidence on the day
        `horizon`, within each cohort.
    tables : tuple of str
        The tables needed in addition to the episodes.
    tally : callable
        Records to :class:`Tally`.
    days_to_mature : int
        The number of days after the end of a period after which its value is known.
    counting : str
        The rule by which its sessions are counted, where the definition states it.
    note : str
        Further information for the reader.
    improves : {"up", "down", "neither"}
        Which direction is an improvement.
    horizon : int
        The day since admission of the last two kinds.
    settles : bool
        Whether the first periods of the records are not comparable with later ones, since all
        people are newly admitted: see `comparable_from`.
    """

    name: str
    title: str
    numerator: str
    denominator: str
    date: str
    unit: Unit
    kind: Kind
    tables: tuple[str, ...]
    tally: Callable[[Records], Tally]
    days_to_mature: int = 0
    counting: str = ""
    note: str = ""
    improves: Literal["up", "down", "neither"] = "up"
    horizon: int = 0
    settles: bool = False

    @property
    def text(self) -> str:
        """The definition as sentences."""
        return f"{self.title}: {self._sentences(self.counting, self.note)}"

    @property
    def own_text(self) -> str:
        """The definition without title and rule of sessions, which measures have in common."""
        sentences = self._sentences(self.note)
        return f"{sentences[0].upper()}{sentences[1:]}"

    @property
    def complete_from(self) -> str:
        """From when on the value of a period is known."""
        if self.days_to_mature:
            return f"{self.days_to_mature} days after the period's end"
        return "the period's end"

    def _sentences(self, *more: str) -> str:
        whole = f"{self.numerator} / {self.denominator}" if self.denominator else self.numerator
        if self.kind == "event_free":
            whole = f"Kaplan-Meier estimate within each cohort on day {self.horizon}"
        elif self.kind == "incidence":
            whole = f"cumulative incidence within each cohort on day {self.horizon}"
        return " ".join(filter(None, [f"{whole}, by {self.date}.", *more]))

    @property
    def chart(self) -> str:
        """The name of its usual chart, which `iop_outcomes.trend` takes unless another is asked."""
        return usual_chart(self.kind)

    @property
    def least(self) -> float:
        """The least possible value."""
        return -np.inf if self.unit == "points" else 0.0

    @property
    def most(self) -> float:
        """The greatest possible value."""
        return 1.0 if self.unit == "proportion" else np.inf


FIRST_PERIODS = {"week": 26, "month": 6, "quarter": 2, "year": 1}
"""How many first periods are not comparable where all people are newly admitted: half a year.

Until then there is nobody who was admitted half a year before, and check-ins are due so long.
"""


def comparable_from(first: pd.Timestamp, every: Every) -> pd.Timestamp:
    """Return from when on periods are comparable, where a measure `settles`.

    Parameters
    ----------
    first : pandas.Timestamp
        A day in the first period.
    every : {"week", "month", "quarter", "year"}
        The length of a period.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.quantities.quantity import comparable_from
    >>> str(comparable_from(pd.Timestamp("2024-01-15"), "month").date())
    '2024-07-01'
    """
    period: Any = pd.Period(first, freq=frequency(every))
    later = period + FIRST_PERIODS[every]
    return pd.Timestamp(later.start_time)


@dataclass(frozen=True)
class AttendanceTally:
    """A tally of the attendance table, which several tallies read once together.

    Attributes
    ----------
    count : callable
        Function from the attendance that was read to :class:`Tally`.
    """

    count: Callable[[Attendance], Tally]

    def __call__(self, records: Records) -> Tally:
        """Return the tally of records."""
        return self.count(read_attendance(records))


def tally_of(quantity: Quantity, records: Records, attendance: Attendance | None) -> Tally:
    """Return the tally of a measure; `attendance` is the attendance of the records, if read."""
    if attendance is not None and isinstance(quantity.tally, AttendanceTally):
        return quantity.tally.count(attendance)
    return quantity.tally(records)
