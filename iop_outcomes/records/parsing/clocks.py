"""Reading of columns of times of day: start times, end times, and ranges of times."""

from __future__ import annotations

import re

import numpy as np

from iop_outcomes.records.parsing.date_forms import UNIX, DateReader
from iop_outcomes.records.parsing.parsed import Parsed
from iop_outcomes.records.parsing.times_of_day import clock_minutes, time_range
from iop_outcomes.records.schema import Column

_SHARE_OF_DAY = re.compile(r"0?\.\d+|0")  # as a spreadsheet stores a time


def read_clock(_: Column, clean: list[str]) -> Parsed:
    """Read clock times as minutes after midnight, and the lengths of ranges of times.

    A text can be a time, a time after a date, a share of a day (0.375, if every text is one), or a
    range (``9:00 AM - 12:00 PM``), of which the start is the time.
    """
    minutes, lengths = np.full((2, len(clean)), np.nan)
    backwards = np.zeros(len(clean), dtype=bool)
    parsed = Parsed(
        *(minutes, np.zeros(len(clean), dtype=bool)),
        minutes=minutes,
        lengths=lengths,
        backwards=backwards,
    )
    shares = all(_SHARE_OF_DAY.fullmatch(word) for word in clean if word)
    dates = DateReader()
    for position, word in enumerate(clean):
        if not word:
            continue
        if shares:
            minute: int | None = min(round(float(word) * 1440), 1439)
        else:
            minute = clock_minutes(word, digits=True)
        if minute is None:
            span = time_range(word)
            if span is None:
                dated = dates.read(word)
                has_time = dated.minutes is not None and dated.form not in UNIX
                span = (dated.minutes or 0, dated.length) if has_time else None
                backwards[position] = dated.backwards
            else:
                backwards[position] = span[1] is None
            minute = None if span is None else span[0]
            lengths[position] = np.nan if span is None or span[1] is None else span[1]
        if minute is None:
            parsed.fault("bad_time", position, "value left missing")
            continue
        minutes[position] = minute
        if minute == 1440:
            parsed.fault("time_24_00", position, "mended: read as the end of the day")
    parsed.missing = np.isnan(minutes)
    return parsed
