"""Disclosure control of attendance by weekday, separately for each day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.words import safe_fields
from iop_outcomes.pathways import AttendanceCalendar


def protect_calendar(days: AttendanceCalendar, policy: SafePolicy) -> AttendanceCalendar:
    """Return attendance by weekday without small counts; see `iop_outcomes.protect`.

    The numbers of a day are missing if a count of sessions due, attended or absent is small, or the
    number of people with such sessions is. ``unrecorded`` is judged separately. The column
    ``hidden`` is True for days without numbers of attendance. If `days` is protected already, it is
    returned unchanged.
    """
    if days.people is None:
        return days
    table, people = days.table.copy(), days.people
    numbers = ["due", "attended", "unrecorded", "rate"]
    table[numbers] = table[numbers].astype(np.float64)
    counts = {
        "due": table["due"],
        "attended": table["attended"],
        "absent": table["due"] - table["attended"],
    }
    hidden = np.zeros(len(table), dtype=np.bool_)
    for name, values in counts.items():
        hidden |= policy.hides(values.to_numpy()) | policy.hides(people[name].to_numpy())
    without_unrecorded = policy.hides(table["unrecorded"].to_numpy())
    without_unrecorded |= policy.hides(people["unrecorded"].to_numpy())
    table.loc[hidden, ["due", "attended", "rate"]] = np.nan
    table.loc[without_unrecorded, "unrecorded"] = np.nan
    table["hidden"] = hidden
    return replace(days, table=table, people=None, **safe_fields(days, policy))
