"""What a protected result says of its rule."""

from __future__ import annotations

from typing import Any

from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.pathways import AttendanceCalendar, CohortFlow


def told(result: CohortFlow | AttendanceCalendar, policy: SafePolicy) -> dict[str, Any]:
    """Return the rule, and who was left out, without a small count."""
    left_out = result.left_out
    shown = left_out.hidden() if policy.hides(left_out.count or 0) else left_out
    return {
        "left_out": shown,
        "rule": f"{shown.instead_of(left_out, result.rule)} {policy.note}",
    }
