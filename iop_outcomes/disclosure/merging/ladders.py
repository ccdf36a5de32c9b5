"""The ladders: from the finest form of a table to the coarsest, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written, names_asked

Length = Literal["month", "quarter", "half_year", "year"]
QUARTERS: dict[str, int] = {"month": 0, "quarter": 1, "half_year": 2, "year": 4}
_WORDS = {
    "month": "by month",
    "quarter": "by quarter",
    "half_year": "over two quarters",
    "year": "by year, or over four quarters",
}
OTHER_ENDS = ("incarcerated", "died", "other", "not recorded")
CALLED_OFF = ("late_cancel", "client_cancel", "excused")
NOT_DUE = ("program_cancel", "not_scheduled", "unrecorded")
Together = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Step:
    """One step of a ladder: the length of its periods, and the words that are taken together.

    Parameters
    ----------
    every : {"month", "quarter", "half_year", "year"}
        The length of a period. A table of one period is of n quarters, up to that of the
        report; a trend by year is of calendar years.
    together : tuple of (str, tuple of str)
        The name of a group, and the words that it holds; a word is in one group only.

    Examples
    --------
    >>> step = Step("year", (("other ends", ("died", "other")),))
    >>> step.quarters, step.word("died"), step.word("completed")
    (4, 'other ends', 'completed')
    """

    every: Length = "quarter"
    together: Together = ()

    def __post_init__(self) -> None:
        """Refuse a length that is not known, and a word in two groups."""
        if self.every not in QUARTERS:
            raise RuleError(
                "The length of a period is not known.",
                found=as_written(self.every),
                instead=f"one of {', '.join(QUARTERS)}",
            )
        words = [word for _, members in self.together for word in members]
        if len(words) != len(set(words)):
            raise RuleError(
                "A word is in two groups of one step.",
                found=names_asked(sorted({word for word in words if words.count(word) > 1})),
                instead="each word in one group",
            )

    @property
    def quarters(self) -> int:
        """How many quarters a table is of; 0 for months."""
        return QUARTERS[self.every]

    def word(self, word: str) -> str:
        """Return the group that a word is in: the word itself where it is in none."""
        return next((name for name, members in self.together if word in members), word)

    def groups(self, words: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the groups of some words with all that each holds, in the order of the first.

        A group is named, with all its words, whichever of them occur: else a
        reader would know that each is, and of 12 that each of two is at most 10.

        Examples
        --------
        >>> Step("year", (("other ends", ("died", "other")),)).groups(["completed", "died"])
        {'completed': ('completed',), 'other ends': ('died', 'other')}
        """
        members = dict(self.together)
        return {name: members.get(name, (name,)) for name in dict.fromkeys(map(self.word, words))}

    @property
    def text(self) -> str:
        """The step in words."""
        groups = [
            f"{name} together" if name == _plain(members) else f"{_plain(members)} as {name}"
            for name, members in self.together
        ]
        return "; ".join([_WORDS[self.every], *groups])


def _plain(words: Sequence[str]) -> str:
    plain = [word.replace("_", " ") for word in words]
    return ", ".join(plain[:-1]) + f" and {plain[-1]}" if len(plain) > 1 else plain[0]


FINEST = Step()

_ENDS: Together = (("other ends", OTHER_ENDS),)
_EARLY: Together = (("ended early", ("dropped_out", "terminated")), *_ENDS)
_SESSIONS: Together = (("cancelled or excused", CALLED_OFF), ("not due or not recorded", NOT_DUE))
_WEEKEND: Together = (("Saturday and Sunday", ("Saturday", "Sunday")),)
_CAME: Together = (("attended in part or late", ("attended_partial", "late")), *_SESSIONS)


@dataclass(frozen=True)
class Ladders:
    """The ladders of the tables of a report, each from its finest step to its coarsest.

    Parameters
    ----------
    admissions, discharges, sessions : tuple of Step
        Of the tables with these names. Words are those of the records, such as ``dropped_out``.
    weekdays : tuple of Step
        Of attendance by weekday. Words are ``Monday`` to ``Sunday``.
    session_trends, cohort_trends : tuple of Step
        Of trends of sessions and check-ins, and of trends of people by their admission or
        discharge.

    Raises
    ------
    RuleError
        If a ladder has no step, or one of trends has half-years.

    Examples
    --------
    A program that keeps its own groups, and never shows less than a half-year of discharges:

    >>> own = Ladders.of({"discharges": [{"every": "half_year", "together": {
    ...     "moved on": ["completed", "transferred"]}}]})
    >>> own.discharges[0].word("transferred")
    'moved on'
    """

    admissions: tuple[Step, ...] = (Step(), Step("half_year"), Step("year"))
    discharges: tuple[Step, ...] = (
        Step(),
        Step("quarter", _ENDS),
        Step("half_year", _ENDS),
        Step("year", _ENDS),
        Step("year", _EARLY),
    )
    sessions: tuple[Step, ...] = (
        Step(),
        Step("quarter", _SESSIONS),
        Step("quarter", _CAME),
        Step("half_year", _CAME),
        Step("year", _CAME),
    )
    weekdays: tuple[Step, ...] = (
        Step(),
        Step("quarter", _WEEKEND),
        Step("half_year", _WEEKEND),
        Step("year", _WEEKEND),
    )
    session_trends: tuple[Step, ...] = (Step("month"), Step())
    cohort_trends: tuple[Step, ...] = (Step(), Step("year"))

    def __post_init__(self) -> None:
        """Refuse a ladder without a step."""
        for ladder in fields(self):
            if not getattr(self, ladder.name):
                raise RuleError(
                    f"The ladder of {ladder.name.replace('_', ' ')} has no step.",
                    instead="at least one Step; leave the ladder out for the usual one",
                )
        if any(step.every == "half_year" for step in (*self.session_trends, *self.cohort_trends)):
            raise RuleError(
                "A trend has no periods of a half-year.",
                found='every="half_year" in a ladder of trends',
                instead='"month", "quarter" or "year"',
            )

    @classmethod
    def of(cls, steps_of_ladder: Mapping[str, Sequence[Mapping[str, Any]]]) -> Ladders:
        """Return the usual ladders with some replaced, as they are in a settings file.

        Parameters
        ----------
        given : mapping
            The name of a ladder -> its steps, each ``{"every": ..., "together": {name: [words]}}``.

        Raises
        ------
        RuleError
            If there is no ladder of that name, or a step holds something else.
        """
        known = {ladder.name for ladder in fields(cls)}
        for name, steps in steps_of_ladder.items():
            if name not in known:
                raise RuleError(
                    "There is no ladder of this name.",
                    found=as_written(name),
                    instead=f"one of {', '.join(sorted(known))}",
                )
            for step in steps:
                if more := set(step) - {"every", "together"}:
                    raise RuleError(
                        "A step of a ladder says how long a period is and what is taken together.",
                        found=names_asked(sorted(more)),
                        instead='{"every": "half_year", "together": {"other ends": ["died"]}}',
                    )
        return replace(
            cls(),
            **{
                name: tuple(
                    Step(
                        step.get("every", "quarter"),
                        tuple(
                            (group, tuple(words))
                            for group, words in step.get("together", {}).items()
                        ),
                    )
                    for step in steps
                )
                for name, steps in steps_of_ladder.items()
            },
        )
