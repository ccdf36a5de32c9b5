"""Evidence of what check-ins answer: that most episodes have an answer, and of both kinds."""

from __future__ import annotations

from dataclasses import dataclass

from iop_outcomes.records.fitness.evidence import ENOUGH_EPISODES, ENOUGH_ROWS
from iop_outcomes.records.fitness.held import Held
from iop_outcomes.records.fitness.measure import YES, Answer


@dataclass(frozen=True)
class EpisodesAnswered:
    """That most episodes have an answer to a question in a completed check-in.

    Attributes
    ----------
    what : str
        What was asked, as in "no or hardly any episodes have a PHQ-9 score".
    columns : tuple of str
        The columns of the check-ins; one of them with a value is an answer.
    items : str
        How the columns of items begin that are answers too; empty if there are none.
    least, usual : float
        The limits of the share of episodes.
    """

    what: str
    columns: tuple[str, ...]
    items: str = ""
    least: float = 0.1
    usual: float = 0.8

    def judge(self, held: Held) -> Answer:
        """Return whether they have."""
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
    """That check-ins that report use also say, somewhere, that there was none."""

    enough: int = 10

    def judge(self, held: Held) -> Answer:
        """Return whether one does."""
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
