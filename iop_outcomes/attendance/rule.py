"""The rule for which sessions count, are due and are attended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import ABSENT, SERVICES, TREATMENT_SERVICES
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.messages import as_written, names_asked

UNRECORDED = "unrecorded"
_OUTSIDE = ("program_cancel", "not_scheduled")
Counts = Literal["attended", "missed"]
Due = Literal["due", "not_due"]


@dataclass(frozen=True)
class AttendanceRule:
    """Which services are treatment sessions, which of them are due, and which are attended.

    Attributes
    ----------
    services : tuple of str
        The services that count as treatment sessions and whose hours count towards the dose. By
        default group, individual and family sessions and skills training, which make up the hours
        of an intensive outpatient program (ASAM level 2.1). An assessment or a drug test is a
        contact, but not a dose of treatment. A row whose service is not recorded counts: an
        attendance export without that column lists the program's sessions.
    excused : {"due", "not_due"}
        Whether an excused absence stays in the denominator. By default it does: the session took
        place and the person was absent. Programs differ in this; report which was used.
    client_cancel : {"due", "not_due"}
        Whether a session that the client cancelled in time stays in the denominator. A late
        cancellation and an absence without notice always do.
    partial, late : {"attended", "missed"}
        What a session attended in part, or begun late, counts as.
    telehealth : {"attended", "missed"}
        What a session attended by telehealth counts as; ``"missed"`` gives attendance in person.
        It stays in the denominator, since the modality of a session that was not attended is
        often not recorded. A session without a recorded modality counts as in person.

    Raises
    ------
    RuleError
        If a service or word is not known.

    Notes
    -----
    Due: ``attended``, ``attended_partial``, ``late``, ``no_show``, ``late_cancel``, and
    ``client_cancel`` and ``excused`` unless ``"not_due"`` is chosen. ``program_cancel`` and
    ``not_scheduled`` are not in the denominator, because nobody could have attended.

    ``unrecorded`` is in neither numerator nor denominator and is counted in a column of its own;
    the bounds of a rate say what it would be if all of these had been missed, or attended.

    Hours are those of the sessions that count as attended. A session that counts as missed by
    `partial`, `late` or `telehealth` is still a contact: the stay and the gaps do not depend on
    the rule.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> rule = iop.AttendanceRule(excused="not_due", partial="missed")
    >>> table = iop.engagement(iop.read_records("data/samples"), rule=rule)
    >>> usual = iop.engagement(iop.read_records("data/samples"))
    >>> bool(table["sessions_due"].sum() < usual["sessions_due"].sum())
    True
    """

    services: tuple[str, ...] = TREATMENT_SERVICES
    excused: Due = "due"
    client_cancel: Due = "due"
    partial: Counts = "attended"
    late: Counts = "attended"
    telehealth: Counts = "attended"

    def __post_init__(self) -> None:
        """Refuse services and words that are not known."""
        if not isinstance(self.services, tuple):
            names = (self.services,) if isinstance(self.services, str) else tuple(self.services)
            object.__setattr__(self, "services", names)
        unknown = [service for service in self.services if service not in SERVICES]
        if unknown or not self.services:
            raise RuleError(
                "A service of the treatment sessions is not known.",
                found=names_asked(unknown) or "no service",
                instead=f"some of {', '.join(SERVICES)}",
            )
        for name in ("excused", "client_cancel"):
            check_choice(name, getattr(self, name), ("due", "not_due"))
        for name in ("partial", "late", "telehealth"):
            check_choice(name, getattr(self, name), ("attended", "missed"))

    @property
    def attended(self) -> tuple[str, ...]:
        """The statuses in the numerator."""
        chosen = (("attended_partial", self.partial), ("late", self.late))
        return ("attended", *(word for word, counts in chosen if counts == "attended"))

    @property
    def due(self) -> tuple[str, ...]:
        """The statuses in the denominator."""
        absent = [word for word in ABSENT if word != "client_cancel"]
        chosen = (("client_cancel", self.client_cancel), ("excused", self.excused))
        return (
            *("attended", "attended_partial", "late", *absent),
            *(word for word, counts in chosen if counts == "due"),
        )

    @property
    def not_due(self) -> tuple[str, ...]:
        """The statuses that are not in the denominator, except unrecorded."""
        chosen = (("client_cancel", self.client_cancel), ("excused", self.excused))
        return (*_OUTSIDE, *(word for word, counts in chosen if counts == "not_due"))

    @property
    def text(self) -> str:
        """The rule as sentences."""
        named = (("partly attended", self.partial), ("late", self.late))
        came = [word for word, counts in named if counts == "attended"]
        gone = [word for word, counts in named if counts == "missed"]
        counted = ", ".join(["attended", *came[:-1]]) + (f" and {came[-1]}" if came else "")
        cancelled = "late and client cancellations"
        ahead = ""
        if self.client_cancel == "not_due":
            cancelled = "late cancellations"
            ahead = "sessions that the client cancelled in time are not due; "
        excused = "stay in" if self.excused == "due" else "leave"
        missed = f", and {' and '.join(gone)} ones, which count as missed" if gone else ""
        online = (
            "sessions attended by telehealth count as missed; "
            if self.telehealth == "missed"
            else ""
        )
        return (
            f"Sessions are {', '.join(self.services)} services. Attended counts {counted}; due are "
            f"those{missed}, no-shows, {cancelled}; {online}{ahead}excused absences {excused} the "
            "denominator; sessions that the program cancelled or did not schedule are not in it; "
            "unrecorded ones are neither attended nor absent."
        )


def make_attendance_rule(services: Sequence[str], excused: str) -> AttendanceRule:
    """Return the rule for the given options, refusing words that are not known."""
    names = (services,) if isinstance(services, str) else tuple(services)
    return AttendanceRule(names, excused)  # type: ignore[arg-type]  # the rule checks the word


def check_rule(rule: object) -> AttendanceRule:
    """Return the rule, the usual one if None; RuleError if it is none."""
    if rule is None:
        return AttendanceRule()
    if not isinstance(rule, AttendanceRule):
        raise RuleError(
            "The rule of attendance must be an AttendanceRule.",
            found=f"rule={as_written(rule)}",
            instead='rule=iop.AttendanceRule(excused="not_due")',
        )
    return rule
