"""One report of a series: what it is of, and which of its numbers the next reports count too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from validation.attack_reading import Read, rows, stands
from validation.attack_solving import Name
from validation.attack_there import OF_A_DAY

DATED = ("attendance_rate", "no_show_rate", "admissions", "completion_rate", "check_in_response")
RETAINED = r"retained_(\d+)"
FINAL = {"known": True, "hidden": True, "not yet known": False}
NO_CONTACT = 30  # days after which somebody who was not seen again is known to have left
HEAD = (
    r"Programs (.+?) Time (\d{4}Q\d) \([\d-]+ to [\d-]+\) "
    r"(?:Not known from these records .+? )?Data cut ([\d-]+)"
)


@dataclass(frozen=True, eq=False)
class One:
    """One report of a series: what it says, and the puzzle that it sets alone.

    Attributes
    ----------
    read : Read
        What its files say.
    programs, quarter : str
        Its programs, and the quarter that it is of.
    cut : pandas.Timestamp
        The day up to which its records go.
    """

    read: Read
    programs: str
    quarter: str
    cut: pd.Timestamp

    @classmethod
    def of(cls, read: Read) -> One:
        """Return a report with what stands at its head."""
        told = re.search(HEAD, read.words)
        if told is None:
            raise ValueError("the report is not of a quarter")
        return cls(read, told[1], told[2], pd.Timestamp(told[3]))

    @property
    def ends_with_quarter(self) -> bool:
        """Whether its records go up to the last day of its quarter."""
        return self.cut == pd.Period(self.quarter, "Q").end_time.normalize()

    @cached_property
    def statuses(self) -> dict[tuple[str, str], str]:
        """What stands beside each period of each trend."""
        return {
            (table.removeprefix("trend_"), str(row["period"])): str(row["status"])
            for table in self.read.tables
            if table.startswith("trend_")
            for row in rows(self.read, table)
            if "status" in row
        }

    @cached_property
    def stands(self) -> set[tuple[str, str]]:
        """The measures and periods that stand as first printed, though the records changed."""
        return stands(self.read)

    def is_final(self, measure: str, period: str) -> bool:
        """Say whether a later report counts the same in a period as this one does.

        Admissions, discharges, sessions and check-ins are of their own day. Retention is known some
        days after the last admission of the period, as the report says.
        """
        if (measure, period) in self.stands:  # the number itself, not what is printed
            return False
        status = self.statuses.get((measure, period))
        if status is not None:
            return FINAL.get(status, False)
        retained = re.fullmatch(RETAINED, measure)
        wait = int(retained[1]) + NO_CONTACT if retained else 0
        return pd.Period(period).end_time.normalize() + pd.Timedelta(days=wait) <= self.cut

    def named(self, name: Name) -> Name:
        """Return the name that a number of this report has among those of all reports.

        Who was there on a day, came or left up to it is the same in all reports whose records have
        not changed.
        """
        if isinstance(name, tuple) and len(name) == 2 and name[0] in OF_A_DAY:
            return (self.quarter, name) if self.stands else name
        if isinstance(name, tuple) and len(name) == 3:
            if name[0] in DATED or re.fullmatch(RETAINED, str(name[0])):
                return name if self.is_final(name[0], name[1]) else (self.quarter, name)
            if name[0] == "rest" and all(self.named(one) == one for one in name[1:]):
                return name
        return (self.quarter, name)
