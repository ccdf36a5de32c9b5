"""Times cut into intervals, each with the attendance known at its start."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.exposure.source import OF_THE_END, Services, Source
from iop_outcomes.records import Records
from iop_outcomes.records.schema import TREATMENT_SERVICES
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import provenance_of, relabel

EVERY = {"day": 1, "week": 7}


def start_stop(
    times: Records | pd.DataFrame,
    rule: RelapseRule | None = None,
    *,
    every: str | int = "week",
    window: int | None = None,
    services: Services = TREATMENT_SERVICES,
    excused: str = "due",
) -> pd.DataFrame:
    """Return times cut into intervals, with attendance so far as a covariate that changes.

    Parameters
    ----------
    times : Records or pandas.DataFrame
        Records, of which `iop_outcomes.time_to_relapse` makes the times; or a frame of times, which
        is cut only.
    rule : RelapseRule, optional
        With records only: what counts as relapse. Day 0 is the admission or the first session.
    every : {"week", "day"} or int
        The length of the intervals in days, counted from day 0.
    window : int, optional
        With records only: attendance of the last n days is given too.
    services, excused
        With records only: as for `iop_outcomes.engagement`.

    Returns
    -------
    pandas.DataFrame
        One row an interval, in the order of the times. Their columns, without those that say how
        the row ended (``ended_by`` and others): an interval must not know its future.

        ``interval`` : int64
            Its number from day 0, from 1.
        ``entry, days`` : float64
            At risk in ``(entry, days]``; the first interval holds day 0 too.
        ``event`` : bool
            Whether the interval ends with the event.

        With records the columns of attendance of `iop_outcomes.landmark`, as they were known at the
        end of the day ``entry``: nothing later changes them. In the first interval that is the day
        of admission, on which nothing may have been due: the rate is missing then.

    Raises
    ------
    EstimateError
        If the times are not valid.
    RuleError
        If `every` is none of these, a rule is given with a frame, day 0 is the discharge, or the
        times have a column of a name that is made here.

    Notes
    -----
    For ``cox(intervals, "attendance_rate_recent", cluster="person_id")``: the hazard on a day
    depends on what was known when the interval began. An interval has no influence by itself:
    with constant covariates the estimates are those of the uncut times.

    This removes immortal time. It does not remove confounding (who attends differs in other
    ways), nor reverse causation: people who have begun to use may stop coming before the use is
    recorded, and the hazard then seems to depend on not coming. In the UIS, a person is off
    treatment from the day of leaving, and the hazard ratio of being off is 9.7: 181 of 508 returned
    to drug use within 7 days of leaving. A lag (a covariate of some days earlier),
    `iop_outcomes.landmark`, or `iop_outcomes.emulate_strategies` answer more of it. With weeks the
    covariate is up to seven days old; attendance within the week of the event is not used.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> intervals = iop.start_stop(records, every="week", window=14)
    >>> later = intervals.dropna(subset=["attendance_rate_recent"])
    >>> iop.cox(later, "attendance_rate_recent + age").table["term"].tolist()
    ['attendance_rate_recent', 'age']
    """
    length = _length(every)
    source = Source.of(
        times, rule, window=window, services=services, excused=excused, purpose="start_stop"
    )
    source.refuse_taken("interval")
    first = np.floor(source.entry / length).astype(np.int64)
    last = np.maximum(np.ceil(source.days / length).astype(np.int64), first + 1)
    number = last - first
    row = np.repeat(np.arange(len(number)), number)
    place = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number) + first[row]
    entry = np.maximum(place * float(length), source.entry[row])
    final = place == last[row] - 1
    kept = source.times.drop(
        columns=[name for name in ("entry", *OF_THE_END) if name in source.times.columns]
    )
    frame = (
        kept.iloc[row]
        .reset_index(drop=True)
        .assign(
            interval=place + 1,
            entry=entry,
            days=np.where(final, source.days[row], (place + 1) * float(length)),
            event=source.event[row] & final,
        )
    )
    frame = pd.concat([frame, source.known_by(row, entry)], axis=1)
    text = f"In intervals of {length} days, by what was known at the start of each."
    earlier = provenance_of(source.times)
    return relabel(frame, source.times, rule=f"{earlier.rule} {text}".strip())


def _length(every: str | int) -> int:
    if isinstance(every, str) and every in EVERY:
        return EVERY[every]
    if is_whole(every, 1):
        return int(every)
    raise RuleError(
        "Intervals are as long as a week, a day or a whole number of days.",
        found=f"every={as_written(every)}",
        instead='every="week", or every=14',
    )
