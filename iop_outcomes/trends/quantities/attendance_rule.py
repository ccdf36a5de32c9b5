"""Measures of sessions under another rule of what is due and attended."""

from __future__ import annotations

from dataclasses import replace

from iop_outcomes.attendance.rule import AttendanceRule, check_rule
from iop_outcomes.attendance.stays import read_attendance
from iop_outcomes.errors import RuleError
from iop_outcomes.records import Records
from iop_outcomes.trends.quantities.quantity import AttendanceTally, Quantity, Tally
from iop_outcomes.trends.quantities.sessions import SESSIONS, WEEKS

BY_SESSIONS = tuple(one.name for one in (*SESSIONS, *WEEKS))


def under_rule(quantity: Quantity, rule: AttendanceRule | None) -> Quantity:
    """Return a measure of sessions counted by a rule; the measure itself without one.

    Raises
    ------
    RuleError
        If the measure does not depend on such a rule, or it is none.
    """
    if rule is None:
        return quantity
    chosen = check_rule(rule)
    if quantity.name not in BY_SESSIONS or not isinstance(quantity.tally, AttendanceTally):
        raise RuleError(
            f"The measure {quantity.name} does not depend on a rule of attendance.",
            found=f"attendance=AttendanceRule(...) and the measure {quantity.name}",
            instead=f"one of {', '.join(BY_SESSIONS)}",
        )
    count = quantity.tally.count

    def tally(records: Records) -> Tally:
        return count(read_attendance(records, chosen))

    return replace(quantity, tally=tally, counting=chosen.text)


def refuse_rule(rule: AttendanceRule | None) -> None:
    """Refuse a rule of attendance for a frame, whose counts are made."""
    if rule is not None:
        raise RuleError(
            "A rule of attendance applies to records, but a frame of counts was given.",
            found="attendance=AttendanceRule(...)",
            instead="iop.trend(records, ..., attendance=rule)",
        )
