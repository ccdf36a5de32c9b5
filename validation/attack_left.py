"""What the reader knows of who has left: everybody who was admitted and is not there any more."""

from __future__ import annotations

from collections.abc import Sequence

from validation.attack_reading import Read, cell, rows
from validation.attack_solving import Name, Puzzle
from validation.attack_there import begins, there

ALL = "all"
TWO_YEARS = 8  # quarters
KINDS = ("at both", "only at the start", "only at the end", "at neither")


def left(puzzle: Puzzle, read: Read, quarters: Sequence[str]) -> None:
    """Say that those discharged have left, and that the scores are of those who were discharged.

    Those admitted in the two years of the scores and not discharged are still there, or their
    follow-up ended.
    """
    now, ever = ("census", 3), ("census", "ever")
    known = ever in puzzle
    if known:
        gone = puzzle.unknown(("left", "ever"))
        puzzle.total(ever, [gone, now])
        if begins(quarters):
            puzzle.total(ever, [("admissions", one, "numerator") for one in quarters])
        if ("discharged", ALL) in puzzle:
            puzzle.part(gone, ("discharged", ALL))
        closed: list[Name] = [("completion_rate", one, "denominator") for one in quarters]
        some = [one for one in closed if one in puzzle]
        if some:
            together = puzzle.unknown(("discharged in these quarters",))
            puzzle.total(together, some)
            puzzle.part(gone, together)
        ended = puzzle.unknown(("follow-up ended", "ever"))
        puzzle.total(gone, [puzzle.unknown(("discharged", "ever")), ended])
        puzzle.total(puzzle.unknown(("not discharged", "ever")), [now, ended])
        there(puzzle, read, quarters)
    for row in rows(read, "functioning"):
        domain(puzzle, row)
    for row in rows(read, "symptoms"):
        scores = ("symptoms", row["scale"])
        discharged, answered = (*scores, "discharged"), (*scores, "answered twice")
        cell(puzzle, discharged, row["discharged"])
        cell(puzzle, answered, row["answered_twice"])
        puzzle.part(discharged, answered)
        two_years: list[Name] = [("admissions", one, "numerator") for one in quarters[-TWO_YEARS:]]
        admitted = puzzle.unknown(("admitted", "two years"))
        puzzle.total(admitted, two_years)
        rest = puzzle.unknown((*scores, "not discharged"))
        puzzle.total(admitted, [discharged, rest])
        puzzle.part(("not discharged", "ever"), rest)


def domain(puzzle: Puzzle, row: dict[str, object]) -> None:
    """Say that of those who answered twice each had it at both times, at one only, or at neither.

    The two shares are of the same people. Who changed follows from the interval, where it is shown,
    and is then no secret.
    """
    own = ("functioning", row["domain"])
    paired = (*own, "paired")
    cell(puzzle, paired, row["paired"])
    if paired not in puzzle or puzzle.low[paired] != puzzle.high[paired]:
        return
    both, lost, gained, never = (puzzle.unknown((*own, name)) for name in KINDS)
    for name, some, others in (
        ("share_start", (both, lost), (gained, never)),
        ("share_end", (both, gained), (lost, never)),
    ):
        had, had_not = (puzzle.unknown((*own, name, word)) for word in ("yes", "no"))
        puzzle.total(had, list(some))
        puzzle.total(had_not, list(others))
        puzzle.total(paired, [had, had_not])
        share = row.get(name)
        if isinstance(share, int | float):
            puzzle.share(had, paired, float(share), 3)
    changed: dict[Name, float] = {lost: 1.0, gained: 1.0}
    puzzle.targets[(*own, "changed")] = changed
    puzzle.targets[(*own, "did not change")] = {both: 1.0, never: 1.0}
