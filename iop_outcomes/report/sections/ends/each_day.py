"""Ends of several kinds with nothing hidden: each day with its counts, and shares with limits.

For reports that hide nothing. Incidences come in, tables go out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.fixed_days import WORTH
from iop_outcomes.report.model import Kind, Table, write_value
from iop_outcomes.survival import CumulativeIncidence

MILESTONES = (30, 60, 90, 180)
NOT_FOLLOWED = "not known"
DAYS_NOTE = "A row is a day on which somebody ended so, or one of the fixed days of reports."
AT_RISK = "At risk: still followed after the day, with none of these ends."
LIMITS = (
    "Each share with its 95% interval. Where nobody ended so, its upper limit is the exact one of "
    "none among those of whom it is known."
)


def days_told(last: float, days: np.ndarray) -> list[float]:
    """Return the days of a table: those given, and the fixed days of reports up to the last.

    The day 0 is one of them only if there is no other.
    """
    fixed = [day for day in WORTH if day <= last]
    return sorted({*(float(day) for day in days if day > 0), *map(float, fixed)}) or [0.0]


def each_day(name: str, title: str, result: CumulativeIncidence, ending: str, note: str) -> Table:
    """Return the counts and shares of each day, a column a count and share of each kind of end.

    Parameters
    ----------
    name, title, note : str
        Of the table.
    result : CumulativeIncidence
        Without groups.
    ending : str
        What the name of a share ends with.
    """
    ended = result.table[result.table["events"] > 0]
    last = float(result.table["day"].max())
    days = days_told(last, ended["day"].to_numpy())
    at = result.at(days)
    frame = pd.DataFrame({"day": days})
    frame["at_risk"] = result.overall.risk_table(days)["at_risk"].to_numpy()
    kinds: dict[str, Kind] = {"day": "count", "at_risk": "count"}
    for cause, own in at.groupby("cause", sort=False, observed=True):
        share = f"{'relapsed' if cause == 'relapse' else str(cause)}_{ending}"
        frame[str(cause)] = own["events"].to_numpy()
        frame[share] = own["incidence"].to_numpy()
        kinds |= {str(cause): "count", share: "share"}
    return Table(name, title, frame, kinds, f"{note} {AT_RISK} {DAYS_NOTE}")


def with_limits(name: str, title: str, result: CumulativeIncidence, column: str) -> Table:
    """Return the share of each kind of end on the days that readers ask for, with its interval.

    Parameters
    ----------
    name, title : str
        Of the table.
    result : CumulativeIncidence
        Without groups.
    column : str
        The name of the column of the ends.
    """
    at = result.at(MILESTONES)
    risk = result.overall.risk_table(MILESTONES)["at_risk"].to_numpy()
    followed = np.array(MILESTONES) <= float(result.table["day"].max())
    rows = []
    for cause, own in at.groupby("cause", sort=False, observed=True):
        word = "relapsed" if cause == "relapse" else str(cause).replace("_", " ")
        limits = zip(*(own[one] for one in ("incidence", "lower", "upper")), strict=True)
        rows.append([word, *(written(*values) for values in limits)])
    counts = [
        f"{write_value(count, 'count')}" if known else NOT_FOLLOWED
        for count, known in zip(risk, followed, strict=True)
    ]
    frame = pd.DataFrame(
        [*rows, ["at risk", *counts]], columns=[column, *(f"day_{day}" for day in MILESTONES)]
    )
    note = f"{LIMITS} {AT_RISK} Not known: nobody is followed to the day."
    return Table(name, title, frame, {}, note)


def written(share: float, lower: float, upper: float) -> str:
    """Return a share with its interval in words; without one where there is none."""
    if pd.isna(share):
        return NOT_FOLLOWED
    words = write_value(share, "share")
    if pd.isna(lower) or pd.isna(upper) or lower == upper:
        return words
    return f"{words} ({write_value(lower, 'share')} to {write_value(upper, 'share')})"
