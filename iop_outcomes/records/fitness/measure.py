"""What a measure declares, and what a piece of evidence answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import pandas as pd

from iop_outcomes.records.fitness.held import Held

Known = Literal["yes", "partly", "no"]


@dataclass(frozen=True)
class Answer:
    """What the records say of one piece of evidence.

    Attributes
    ----------
    known : {"yes", "partly", "no"}
        Whether it is there.
    why : str
        The reason, with numbers of rows: for authorised readers. Empty if it is there.
    told : str
        The reason without a number or a day, for what is published. None and hardly any are one
        text, so that no small count is disclosed.
    needed : str
        What would make it known.
    since : pandas.Timestamp or None
        The first day from which it is there, where that is not the beginning.
    counts : tuple of int
        The counts that the reason names: what is there, and what is missing.
    mixed : bool
        Whether it is there in some programs and absent in others: each program can be judged by
        itself, and no total of them.
    """

    known: Known
    why: str = ""
    told: str = ""
    needed: str = ""
    since: pd.Timestamp | None = None
    counts: tuple[int, ...] = ()
    mixed: bool = False


YES = Answer("yes")


class Evidence(Protocol):
    """One thing that a measure rests on: a frozen dataclass of what is looked for, and how much."""

    def judge(self, held: Held) -> Answer:
        """Return whether the records hold it."""
        ...


@dataclass(frozen=True)
class Measure:
    """A measure, with what it rests on.

    Attributes
    ----------
    name : str
        Its name in code: that of the registry of trends, where it is there.
    title : str
        What it is called.
    evidence : tuple of Evidence
        What must be there, the most basic first: of several that are not, the first is reported.
    main : bool
        Whether the first page of a report says that it is not known.
    reported : bool
        Whether it is in the quarterly report, which says of its measures what is not known.
    """

    name: str
    title: str
    evidence: tuple[Evidence, ...]
    main: bool = False
    reported: bool = True
