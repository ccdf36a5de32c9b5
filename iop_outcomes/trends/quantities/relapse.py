"""Relapse on a day since admission, estimated within each cohort of admission."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.records import Records
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.shared.arrays import Booleans
from iop_outcomes.trends.quantities.people import waiting_for
from iop_outcomes.trends.quantities.quantity import Kind, Quantity, Tally

DAYS = (30, 60, 90)
RULE = RelapseRule()
TIMES = ("person_id", "days", "event", "ended_by", "competing_end", "competing_on")


def _tally(records: Records, kind: Kind, day: int) -> Tally:
    times = time_to_relapse(records, RULE)
    episode = pd.Index(records.episodes["episode_id"]).get_indexer(pd.Index(times["episode_id"]))
    had, _, through = parts_by_day(times, day, kind)
    return Tally(
        episode,
        records.episodes["admit_date"].to_numpy()[episode],
        through if kind == "event_free" else had,
        waiting=waiting_for(records, day + RULE.lost_after),
        times=times[list(TIMES)],
    )


def parts_by_day(times: pd.DataFrame, day: int, kind: Kind) -> tuple[Booleans, Booleans, Booleans]:
    """Return who had the event by the day, who a competing end first, and who neither through it.

    For Kaplan-Meier nothing competes: those seen after such an end are still followed.
    """
    days = times["days"].to_numpy(dtype=np.float64)
    event = times["event"].to_numpy(dtype=np.bool_)
    ended = np.zeros(len(times), dtype=np.bool_)
    if kind == "incidence":
        ended = times["competing_end"].notna().to_numpy()
        days = np.where(ended, times["competing_on"].to_numpy(dtype=np.float64), days)
    had, first = event & ~ended & (days <= day), ended & (days <= day)
    return had, first, (days >= day) & ~had & ~first


def _quantity(kind: Literal["event_free", "incidence"], day: int) -> Quantity:
    free = kind == "event_free"
    competing = ", ".join(RULE.competing)
    note = (
        "Episodes with an earlier end of observation are censored, and independent censoring is "
        f"assumed. {RULE.text}"
        if free
        else f"Competing with relapse: {competing}. Other ends of observation are censored, and "
        f"independent censoring is assumed. {RULE.text}"
    )
    return Quantity(
        name=f"relapse_free_{day}" if free else f"relapsed_{day}",
        title=f"Relapse-free at {day} days" if free else f"Relapsed by {day} days",
        numerator=(
            f"episodes known to be relapse-free {day} days after admission"
            if free
            else f"episodes known to have relapsed within {day} days of admission"
        ),
        denominator="episodes admitted",
        date="date of admission",
        unit="proportion",
        kind=kind,
        tables=("checkins",),
        tally=lambda records: _tally(records, kind, day),
        # Until then a later contact can tell of the days before.
        days_to_mature=day + RULE.lost_after,
        note=note,
        improves="up" if free else "down",
        horizon=day,
    )


RELAPSE_FREE = tuple(_quantity("event_free", day) for day in DAYS)
RELAPSED = tuple(_quantity("incidence", day) for day in DAYS)
