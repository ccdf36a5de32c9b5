"""Evidence of hours: attended lengths, not scheduled ones, and more than one kind of service."""

from __future__ import annotations

from dataclasses import dataclass

from iop_outcomes.records.fitness.evidence import ENOUGH_EPISODES, ENOUGH_ROWS
from iop_outcomes.records.fitness.held import Held
from iop_outcomes.records.fitness.measure import YES, Answer
from iop_outcomes.records.schema import ATTENDED


@dataclass(frozen=True)
class AttendedLengths:
    """Sessions attended have the length that was attended, not only the scheduled one.

    Attributes
    ----------
    usual : float
        The share (0 to 1) of the attended sessions with any length of which the attended one must
        be recorded.
    """

    usual: float = 0.9

    def judge(self, held: Held) -> Answer:
        """Return whether attended lengths are recorded, where scheduled ones would stand in."""
        frame = held.attendance
        rows = held.treatment & held.words("attendance", "status", ("attended",))
        attended = rows & frame["minutes_attended"].notna().to_numpy()
        either = attended | (rows & frame["minutes_scheduled"].notna().to_numpy())
        number, whole = int(attended.sum()), int(either.sum())
        if number >= self.usual * whole or held.few(whole, ENOUGH_EPISODES):
            return YES
        published = "scheduled lengths stand in for attended ones"
        return Answer(
            "partly",
            f"{published} ({whole - number:,} of {whole:,} sessions)",
            published,
            "the minutes that were attended, in minutes_attended",
            counts=(number, whole - number),
        )


@dataclass(frozen=True)
class SeveralServices:
    """More than one kind of treatment session is recorded.

    Programs offer groups and single sessions. If the records have one kind only, the others were
    probably not exported, and their hours are missing.
    """

    def judge(self, held: Held) -> Answer:
        """Return whether two kinds of treatment sessions occur."""
        rows = held.treatment & held.words("attendance", "status", ATTENDED)
        services = held.attendance["service"][rows]
        kinds = list(services.dropna().unique())
        if held.part or len(services) < ENOUGH_ROWS or len(kinds) != 1 or services.hasnans:
            return YES
        what = f"only {kinds[0]} sessions are recorded"
        return Answer("partly", what, what, "the sessions of every kind of service, if there were")
