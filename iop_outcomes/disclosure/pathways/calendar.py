"""Attendance by weekday for release: each day by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.words import safe_fields
from iop_outcomes.pathways import AttendanceCalendar


def protect_calendar(days: AttendanceCalendar, policy: SafePolicy) -> AttendanceCalendar:
    """Return attendance by weekday without days of few people; see `iop_outcomes.protect`."""
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
    gone = np.zeros(len(table), dtype=np.bool_)
    for name, values in counts.items():
        gone |= policy.hides(values.to_numpy()) | policy.hides(people[name].to_numpy())
    apart = policy.hides(table["unrecorded"].to_numpy())
    apart |= policy.hides(people["unrecorded"].to_numpy())
    table.loc[gone, ["due", "attended", "rate"]] = np.nan
    table.loc[apart, "unrecorded"] = np.nan
    table["hidden"] = gone
    return replace(days, table=table, people=None, **safe_fields(days, policy))
