"""Recognition of files in which a spreadsheet has swapped day and month in some of the dates.

A spreadsheet that expects the other order of day and month converts texts whose day is 12 or less
into dates with day and month swapped, and leaves the others as text. The file then has two kinds of
dates: texts whose day is always above 12, and dates whose day is always 12 or less. These dates are
reported and not corrected.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from iop_outcomes.records.parsing.date_forms import day_number
from iop_outcomes.records.parsing.dates import DateTexts
from iop_outcomes.records.parsing.parsed import NO_DAY

REAL_DATES = ("iso", "named", "compact", "serial")
_CHANCE = 0.001  # the probability by chance below which this is reported
_LOW = 12 / 31  # approximate share of days that are 12 or less
_NEARER = 7  # days by which the unchanged dates must be nearer the texts

Days = npt.NDArray[np.int64]


def half_swapped(texts: DateTexts, here: npt.NDArray[np.integer[Any]]) -> bool:
    """Return whether the real dates among the distinct texts of a file have day and month swapped.

    Parameters
    ----------
    texts : DateTexts
        The dates in the texts of the column.
    here : numpy.ndarray of int
        The positions of the texts that are in the file.

    Notes
    -----
    With n real dates and m texts, all of them different, this division of days has a probability of
    about (12/31)^n (19/31)^m by chance. It is reported if this is below 1 in 1,000, unless the real
    dates as they are lie clearly nearer the texts than with day and month swapped. That is so if
    somebody wrote dates in another way from the 13th of a month on.
    """
    parts = [position for position in here.tolist() if position in texts.parts]
    days = [_only_day(texts, position) for position in parts]
    real = [
        int(texts.days[position])
        for position in here.tolist()
        if texts.forms[position] in REAL_DATES and texts.days[position] != NO_DAY
    ]
    as_they_stand = np.unique(np.array(real, dtype=np.int64))
    if None in days or not len(as_they_stand):
        return False
    sure = np.unique(np.array(days, dtype=np.int64))
    chance = _LOW ** len(as_they_stand) * (1 - _LOW) ** len(sure)
    if chance > _CHANCE:
        return False
    swapped = [_swapped(day) for day in as_they_stand.tolist()]
    if None in swapped:
        return False
    other_way = np.array(swapped, dtype=np.int64)
    return bool(_distance(other_way, sure) <= 2 * _distance(as_they_stand, sure) + _NEARER)


def _only_day(texts: DateTexts, position: int) -> int | None:
    """Return the day number of a text that is a date in one order only, otherwise None."""
    days = [day for day in texts.both_days(position) if day is not None]
    return days[0] if len(days) == 1 else None


def _swapped(day: int) -> int | None:
    """Return a date with day and month swapped, or None if there is no such date."""
    year, month, number = map(int, str(np.datetime64(day, "D")).split("-"))
    return day_number(year, number, month)


def _distance(days: Days, others: Days) -> float:
    """Return the mean distance, in days, of each day from the nearest of the others."""
    place = np.searchsorted(others, days)
    before = np.abs(days - others[np.clip(place - 1, 0, len(others) - 1)])
    after = np.abs(days - others[np.clip(place, 0, len(others) - 1)])
    return float(np.minimum(before, after).mean())
