"""Open episodes by the signs of leaving that they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.attendance.stays import NO_CONTACT_DAYS
from iop_outcomes.errors import RuleError
from iop_outcomes.outreach.known import Day, day_asked, days_in, known_on
from iop_outcomes.outreach.people import FOR_STAFF, PeopleList
from iop_outcomes.outreach.signs import MARKS, SlippingRule, signs_of
from iop_outcomes.outreach.tried import tried_out
from iop_outcomes.records import require_records
from iop_outcomes.records.records import cut_text
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_count

if TYPE_CHECKING:
    from iop_outcomes.records import Records


@dataclass(frozen=True, eq=False, repr=False)
class Slipping(PeopleList):
    """Open episodes on a day, those with the most signs of leaving first.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an open episode, with the columns of :func:`slipping`.
    as_of : pandas.Timestamp or int
        The day.
    rule : SlippingRule
        When a sign is marked.
    long_absent : int
        Open episodes without contact for so long that they are not in the table.
    no_contact_days : int
        For how long.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    as_of: Day
    rule: SlippingRule
    long_absent: int
    no_contact_days: int
    synthetic: bool = False

    @property
    def _summary(self) -> str:
        marked = int((self.table["signs"] > 0).sum())
        return f"{len(self.table):,} open episodes on {cut_text(self.as_of)}, {marked:,} with signs"

    @property
    def text(self) -> str:
        """What the list is for, its counts, the rule, and how well it predicted leaving."""
        marked = int((self.table["signs"] > 0).sum())
        apart = ""
        if self.long_absent:
            count = format_count(self.long_absent, "open episode")
            apart = (
                f" Not listed: {count} without contact for "
                f"more than {self.no_contact_days} days, which by that rule have ended."
            )
        return (
            f"{FOR_STAFF} On {cut_text(self.as_of)}, {marked:,} of {len(self.table):,} open "
            f"episodes show one or more signs of leaving.{apart} {self.rule.text} "
            f"{tried_out(self.rule)}"
        ).strip()


def slipping(
    records: Records,
    as_of: Any = None,
    *,
    rule: SlippingRule | None = None,
    no_contact_days: int = NO_CONTACT_DAYS,
) -> Slipping:
    """Return the open episodes on a day, ordered by signs known to come before dropout.

    Parameters
    ----------
    records : Records
        With the attendance table; with check-ins, two more signs.
    as_of : date, str or int, optional
        The day, at most the data cut, which it is by default. Only what happened up to its end is
        used.
    rule : SlippingRule, optional
        When a sign is marked.
    no_contact_days : int
        Open episodes without contact for more days than this are not listed: by that rule they
        have left (`iop_outcomes.time_in_treatment`).

    Returns
    -------
    Slipping
        The list names people: it is for those who treat them, and for no report. Its ``.table``
        has one row an open episode:

        ``episode_id, person_id, program``
            As in the records.
        ``days_in_program, days_since_contact`` : int64
            Days since admission, and since the last attended service of any kind (or admission).
        ``absences_in_a_row`` : float64
            Appointments missed one after the other up to the day; missing where the records of the
            program hold no absences.
        ``hours_recent, hours_before`` : float64
            Hours attended in the last 14 days and in the 14 days before; missing where a length is
            not known, or the earlier days lie before the admission.
        ``check_ins_missed_in_a_row`` : float64
            Missing where no check-in was due so far.
        ``craving_recent, craving_before`` : float64
            The mean of the last two answers and of the two before; missing without them.
        ``absent, fewer_hours, check_ins_missed, craving_up`` : boolean
            Whether each sign is marked by the rule; missing where its number is.
        ``signs, signs_known`` : int64
            How many of the four are marked, and known. The order of the list is that of `signs`,
            then of `absences_in_a_row`, then of `days_since_contact`.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not possible, `as_of` lies after the data cut, or nobody was admitted by
        then.

    Notes
    -----
    The number of signs is no probability. How many of those who then left had been on the list,
    and how many were on it who did not leave, is in docs/validation_slipping.md; it was found for
    the synthetic sample and for trials of medication, not for your program.

    Hours also fall where fewer are planned towards the end of a program, or sessions are cancelled
    by it; in the trial this sign added many false alarms.

    A row counts as known on the day of the service. Where outcomes are entered days later, the list
    of a past day shows more than could be seen on it.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> people = iop.slipping(iop.read_records("data/samples"), as_of="2026-06-30")
    >>> people.table["signs"].is_monotonic_decreasing
    True
    >>> people.text[:69]
    'This list names people: it is for those who treat them, and for no re'
    """
    require_records(records, "The list of people with signs of leaving")
    records.require("attendance", "the list of people with signs of leaving")
    chosen = _rule(rule)
    check_whole("no_contact_days", no_contact_days, 1, "no_contact_days=30")
    day = day_asked(records, as_of)
    known = known_on(records, day)
    reached = days_in(known, day)
    signs = pd.DataFrame(signs_of(known, reached, chosen))
    names = known.episodes[["episode_id", "person_id", "program"]]
    table = pd.concat([names, signs], axis=1)
    marks = table[list(MARKS)]
    table["signs"] = marks.fillna(False).sum(axis=1).astype(np.int64)
    table["signs_known"] = marks.notna().sum(axis=1).astype(np.int64)
    open_ = known.episodes["days_to_discharge"].isna()
    gone = open_ & (table["days_since_contact"] > no_contact_days)
    order = ["signs", "absences_in_a_row", "days_since_contact"]
    table = table[open_ & ~gone].sort_values(order, ascending=False, kind="stable")
    return Slipping(
        table.reset_index(drop=True),
        day,
        chosen,
        int(gone.sum()),
        no_contact_days,
        records.synthetic,
    )


def _rule(rule: object) -> SlippingRule:
    if rule is None:
        return SlippingRule()
    if not isinstance(rule, SlippingRule):
        raise RuleError(
            "The rule of the signs must be a SlippingRule.",
            found=f"rule={as_written(rule)}",
            instead="rule=iop.SlippingRule(absences=3)",
        )
    return rule
