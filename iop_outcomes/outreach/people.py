"""What lists of people share: they say that they name people, and are for no report."""

from __future__ import annotations

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.result import Result

FOR_STAFF = "This list names people: it is for those who treat them, and for no report."


class PeopleList(Result):
    """A list with a row a person to act on.

    `iop_outcomes.protect` and `iop_outcomes.quarterly_report` refuse it: no disclosure control
    makes a list of people fit for release.
    """


def refuse_people(source: object, purpose: str) -> None:
    """Raise RuleError if a list that names people is given; `purpose` is what refuses it."""
    if isinstance(source, PeopleList):
        raise RuleError(
            f"{purpose} takes no list that names people: it is for those who treat them.",
            found=type(source).__name__,
            instead="counts, such as iop.trend or iop.attendance_by_week.",
        )
