"""Evidence that a table covers the time of the episodes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.records.fitness.evidence import CALLED, ENOUGH_EPISODES
from iop_outcomes.records.fitness.held import Held
from iop_outcomes.records.fitness.measure import YES, Answer
from iop_outcomes.shared.arrays import day_lengths


@dataclass(frozen=True)
class TimeCovered:
    """The rows of a table begin with the first episodes and continue until the last ones end.

    An episode is not covered if it was admitted more than `slack` days before the first row of the
    whole table, or continues for more than `slack` days after the last row.

    Attributes
    ----------
    table : str
        The table.
    slack : int
        Days.
    few : float
        The share of episodes (0 to 1) that may be not covered. If more continue after the last row,
        the measure is not known (an earlier data cut would help). If more were admitted before the
        first row, it is known for later admissions only.
    most : float
        If more than this share of episodes were admitted before the first row, the measure is not
        known.
    """

    table: str
    slack: int = 30
    few: float = 0.1
    most: float = 0.5

    def judge(self, held: Held) -> Answer:
        """Return whether the table covers the episodes."""
        whole = len(held.episodes)
        if not isinstance(held.as_of, pd.Timestamp) or held.few(whole, ENOUGH_EPISODES):
            return YES
        if self.table not in held.tables or held.frame(self.table).empty:
            return YES  # what is not there at all is reported by another piece of evidence
        days = held.frame(self.table)["date"]
        first, last = days.min(), days.max()
        begins, slack = held.episodes["admit_date"], pd.Timedelta(days=self.slack)
        ends = begins + day_lengths(held.episodes["days_to_discharge"])
        late = int((begins < first - slack).sum())
        beyond = int((ends.fillna(held.as_of) > last + slack).sum())
        name = CALLED[self.table]
        if beyond > self.few * whole:
            return Answer(
                "no",
                f"the {name} ends on {last.date()}, and {beyond:,} of {whole:,} episodes go on for "
                f"over {self.slack} days after that",
                f"the {name} ends long before the data cut",
                f"the rows up to the data cut; or {last.date()} as the data cut: as_of, or --as-of",
            )
        if late > self.few * whole:
            return Answer(
                "no" if late > self.most * whole else "partly",
                f"the {name} begins on {first.date()}, and {late:,} of {whole:,} episodes began "
                f"over {self.slack} days before that",
                f"the {name} begins long after the first admissions",
                "the rows from the first admissions on, or only the episodes admitted since then",
                first,
                counts=(late, whole - late),
            )
        return YES
