"""The judgement of each measure from its declared evidence, and the table of judgements."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.fitness.declared import MEASURES
from iop_outcomes.records.fitness.held import Held
from iop_outcomes.records.fitness.measure import Answer, Evidence, Known, Measure

NOT_KNOWN = "not known from these records"
_KNOWN = {"no": "not known", "partly": "known in part"}
_ORDER = {"no": 0, "partly": 1, "yes": 2}


@dataclass(frozen=True)
class Judgement:
    """Whether a measure is known from the records.

    Attributes
    ----------
    measure, title : str
        Its name in code, and its name in tables and sentences.
    known : {"yes", "partly", "no"}
        Whether it is known.
    why : str
        Why it is not known, or only partly, with numbers of rows; empty if it is known.
    why_published : str
        The same without a number or a date, for publication.
    needed : str
        What would have to be recorded.
    reason : str
        If it is not known, the name of the class of the evidence that is missing; otherwise empty.
    since : pandas.Timestamp or None
        The first day from which it is known, if it is not known before.
    main : bool
        Whether the first page of a report says that it is not known.
    counts : tuple of int
        The counts on which the reasons depend.
    mixed : bool
        Whether it is known for some programs and not for others, so that no total is known.
    """

    measure: str
    title: str
    known: Known
    why: str = ""
    why_published: str = ""
    needed: str = ""
    reason: str = ""
    since: pd.Timestamp | None = None
    main: bool = False
    counts: tuple[int, ...] = ()
    mixed: bool = False

    @property
    def absent(self) -> bool:
        """Whether no single number for all of these records is known."""
        return self.known == "no" or self.mixed

    @property
    def text(self) -> str:
        """Why it is not known, for publication, as the end of a sentence."""
        return f"{NOT_KNOWN}: {self.why_published}" if self.absent else self.why_published

    @property
    def told(self) -> str:
        """The old name of `why_published`, kept for one version."""
        warnings.warn(
            "Judgement.told is now Judgement.why_published; this name is removed in the next "
            "version.",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.why_published


class Judge:
    """Judges measures of the same tables; each piece of evidence is looked for once.

    The tables must not change while it is used.

    Parameters
    ----------
    held : Held
        The tables.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._found: dict[Evidence, Answer] = {}  # several measures need the same evidence

    def judge(self, names: Iterable[str] | None = None) -> dict[str, Judgement]:
        """Return the judgement of all measures, or of those named; others are left out."""
        chosen = MEASURES if names is None else [name for name in names if name in MEASURES]
        return {name: _judge(self._held, MEASURES[name], self._found) for name in chosen}


def _judge(held: Held, measure: Measure, answer_of: dict[Evidence, Answer]) -> Judgement:
    answers: list[Answer] = []
    reason = ""
    for evidence in measure.evidence:
        if evidence not in answer_of:
            answer_of[evidence] = evidence.judge(held)
        answer = answer_of[evidence]
        if answer.known != "yes":
            answers.append(answer)
        if answer.known == "no":
            reason = type(evidence).__name__
            break  # later evidence cannot be looked for without it
    answers.sort(key=lambda answer: _ORDER[answer.known])
    known: Known = answers[0].known if answers else "yes"
    if known == "no":
        answers = answers[:1]
    since = [answer.since for answer in answers if answer.since is not None]
    return Judgement(
        measure.name,
        measure.title,
        known,
        why="; ".join(answer.why for answer in answers),
        why_published="; ".join(answer.why_published for answer in answers),
        needed="; ".join(dict.fromkeys(answer.needed for answer in answers)),
        reason=reason,
        since=max(since, default=None),
        main=measure.main,
        counts=tuple(count for answer in answers for count in answer.counts),
        mixed=any(answer.mixed for answer in answers),
    )


def known_of_each(
    judged: Sequence[Judgement | None], group: npt.NDArray[np.int64], episodes: pd.DataFrame
) -> npt.NDArray[np.bool_]:
    """Return for each episode whether a measure is known for its group since its admission.

    Parameters
    ----------
    judged : sequence of Judgement or None
        The judgement of each group; None if the measure is not declared, and then not known.
    group : numpy.ndarray of int64
        The group of each episode, as a position in `judged`.
    episodes : pandas.DataFrame
        The episodes. With ``admit_date``, episodes admitted before the measure is known are False.
    """
    is_known = np.array([judgement is not None and not judgement.absent for judgement in judged])[
        group
    ]
    for place, judgement in enumerate(judged):
        if judgement is not None and judgement.since is not None and "admit_date" in episodes:
            is_known &= (group != place) | (episodes["admit_date"] >= judgement.since).to_numpy()
    return np.asarray(is_known, dtype=bool)


def reasons_in(table: pd.DataFrame) -> pd.Series[str]:
    """Return the reasons in the column ``not_known`` of a result; without it, an empty Series."""
    if "not_known" not in table:
        return pd.Series(dtype=str)
    return table.loc[table["not_known"] != "", "not_known"]


def fitness_table(judgements: dict[str, Judgement]) -> pd.DataFrame:
    """Return one row a measure, as text: ``measure, known, why, needed``."""
    names = ["measure", "known", "why", "needed"]
    rows = [[getattr(judgement, name) for name in names] for judgement in judgements.values()]
    return pd.DataFrame(rows, columns=names)


def summary(judgements: dict[str, Judgement]) -> str:
    """Return a line with the numbers of measures known, partly known and not known."""
    known = [judgement.known for judgement in judgements.values()]
    return (
        f"measures: {known.count('yes')} known, {known.count('partly')} partly, "
        f"{known.count('no')} not known; see .fitness()"
    )


def not_known_lines(judgements: dict[str, Judgement]) -> list[str]:
    """Return a line for each reason why measures of the report are not or only partly known."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for judgement in judgements.values():
        if judgement.known != "yes" and MEASURES[judgement.measure].reported:
            kind = "known by program" if judgement.mixed else _KNOWN[judgement.known]
            reasons.setdefault((kind, judgement.why, judgement.needed), []).append(
                judgement.measure
            )
    return [
        f"{kind}: {', '.join(measures)}: {why}. Needed: {needed}"
        for (kind, why, needed), measures in reasons.items()
    ]
