"""What a measure declares, and what a check of its evidence returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import pandas as pd

from iop_outcomes.records.fitness.held import Held

Known = Literal["yes", "partly", "no"]


@dataclass(frozen=True)
class Answer:
    """Whether the records contain one piece of evidence.

    Attributes
    ----------
    known : {"yes", "partly", "no"}
        Whether it is present.
    why : str
        The reason, with numbers of rows, for authorised readers; empty if the evidence is present.
    why_published : str
        The reason without a number or a date, for publication. The text is the same for none and
        for hardly any, so that no small count is disclosed.
    needed : str
        What would have to be recorded.
    since : pandas.Timestamp or None
        The first day from which it is present, if it is missing before.
    counts : tuple of int
        The counts on which the reason depends: how many have the evidence, and how many lack it.
    mixed : bool
        Whether it is present in some programs and absent in others. Each program can then be judged
        separately, but no total of all programs is known.
    """

    known: Known
    why: str = ""
    why_published: str = ""
    needed: str = ""
    since: pd.Timestamp | None = None
    counts: tuple[int, ...] = ()
    mixed: bool = False


YES = Answer("yes")


class Evidence(Protocol):
    """A condition for a measure: a frozen dataclass with what is needed and how much of it."""

    def judge(self, held: Held) -> Answer:
        """Return whether the records contain it."""
        ...


@dataclass(frozen=True)
class Measure:
    """A measure with the evidence that it needs.

    Attributes
    ----------
    name : str
        Its name in code; the same as in the registry of trends, if it is there.
    title : str
        Its name in tables and sentences.
    evidence : tuple of Evidence
        What must be recorded, the most basic first. If several are missing the first is reported.
    main : bool
        Whether the first page of a report says that it is not known.
    reported : bool
        Whether the measure is in the quarterly report.
    """

    name: str
    title: str
    evidence: tuple[Evidence, ...]
    main: bool = False
    reported: bool = True
