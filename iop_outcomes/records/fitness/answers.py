"""Evidence from check-ins: most episodes have an answer, some show no use, silence is recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iop_outcomes.records.fitness.evidence import ENOUGH_EPISODES, ENOUGH_ROWS, Words
from iop_outcomes.records.fitness.held import Held
from iop_outcomes.records.fitness.measure import YES, Answer


@dataclass(frozen=True)
class EpisodesAnswered:
    """Most episodes have an answer to a question in a completed check-in.

    Attributes
    ----------
    what : str
        The answer as a noun, as in "no or hardly any episodes have a PHQ-9 score".
    columns : tuple of str
        Columns of the check-ins; a value in one of them is an answer.
    items : str
        The beginning of the names of further columns (items) that are answers too; empty if there
        are none.
    least, usual : float
        Shares of episodes (0 to 1): below `least` the measure is not known, below `usual` partly.
    """

    what: str
    columns: tuple[str, ...]
    items: str = ""
    least: float = 0.1
    usual: float = 0.8

    def judge(self, held: Held) -> Answer:
        """Return whether most episodes have an answer."""
        frame = held.checkins
        names = [
            name
            for name in frame.columns
            if name in self.columns or (self.items and str(name).startswith(self.items))
        ]
        rows = frame[names].notna().any(axis=1).to_numpy()
        rows &= held.words("checkins", "status", ("completed",))
        number, whole = int(held.episodes_in("checkins", rows).sum()), len(held.episodes)
        if number >= self.usual * whole or held.few(whole, ENOUGH_EPISODES):
            return YES
        none = number < self.least * whole or not number
        amount = "no or hardly any" if none else "only a part of the"
        return Answer(
            "no" if none else "partly",
            f"{number:,} of {whole:,} episodes have {self.what}",
            f"{amount} episodes have {self.what}",
            f"check-ins with {self.what}, in {' or '.join(self.columns)}",
            counts=(number, whole - number),
        )


@dataclass(frozen=True)
class ClearAnswers:
    """Some check-ins show no use, and not only use.

    Attributes
    ----------
    enough : int
        The number of check-ins with an answer below which this is not judged.
    """

    enough: int = 10

    def judge(self, held: Held) -> Answer:
        """Return whether at least one answered check-in shows no use."""
        frame = held.checkins
        completed = held.words("checkins", "status", ("completed",))
        answered = (
            frame[["used", "use_days", "drug_test"]].notna().any(axis=1).to_numpy() & completed
        )
        clear = held.words("checkins", "drug_test", ("negative",))
        clear |= frame["used"].eq(False).fillna(False).to_numpy(dtype=bool)
        clear |= frame["use_days"].eq(0).fillna(False).to_numpy(dtype=bool)
        number = int(answered.sum())
        if (answered & clear).any() or number < self.enough or held.few(number, ENOUGH_ROWS):
            return YES
        published = "no check-in says that there was no use"
        why = f"{published} ({number:,} check-ins say that there was)"
        return Answer("no", why, published, "the check-ins without use as well, each as a row")


@dataclass(frozen=True)
class SilenceRecorded:
    """Check-ins that were due and not answered have a row, recorded or made by the mapping.

    Without these rows nothing is missing between two answers, however far apart they are.

    Attributes
    ----------
    missed : Words
        The evidence that missed check-ins are recorded.
    least : float
        The share (0 to 1) of the completed check-ins that come after the discharge, when none was
        due by the mapping, below which this is not reported.
    """

    missed: Words
    least: float = 0.01

    def judge(self, held: Held) -> Answer:
        """Return whether missed check-ins are recorded, also after the discharge."""
        if "due_row" in held.checkins:
            return self._after_discharge(held)
        answer = self.missed.judge(held)
        if answer.known == "yes":
            return YES
        then = (
            ": silence between two answers counts as no use, and who stopped answering counts as "
            "one from whom nothing more was due"
        )
        return Answer(
            "partly",
            answer.why + then,
            answer.why_published + then,
            answer.needed,
            counts=answer.counts,
        )

    def _after_discharge(self, held: Held) -> Answer:
        """Return whether check-ins were due where many are answered after the discharge."""
        frame = held.checkins
        completed = held.words("checkins", "status", ("completed",))
        left = held.episodes["days_to_discharge"].to_numpy(dtype=np.float64)
        later = frame["day"].to_numpy() > left[frame["episode_id"].cat.codes.to_numpy()]
        later &= completed & held.words("checkins", "due_row", ("outside",))
        number, whole = int(later.sum()), int(completed.sum())
        if number < self.least * whole or not number or held.few(whole, ENOUGH_ROWS):
            return YES
        published = (
            "check-ins after the discharge are not due by the mapping: silence after it does not "
            "end follow-up, and between two answers counts as no use"
        )
        return Answer(
            "partly",
            f"{published} ({number:,} of {whole:,} completed check-ins came then)",
            published,
            'until when check-ins were due, in the mapping: [checkins] expected_until = "26 weeks"',
            counts=(number, whole - number),
        )
