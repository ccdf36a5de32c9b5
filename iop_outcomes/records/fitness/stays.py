"""The kinds of evidence about whole episodes: discharge, length of stay, and the person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iop_outcomes.records.fitness.evidence import ENOUGH_EPISODES, programs_without
from iop_outcomes.records.fitness.held import Held, Mask
from iop_outcomes.records.fitness.measure import YES, Answer

PRIOR_DISCHARGE = ("prior_discharge_date", "prior_discharge_day")


@dataclass(frozen=True)
class PeopleLeave:
    """Episodes that must have ended have a day of discharge.

    An intensive outpatient program lasts from weeks to a few months. An episode must have ended if
    it has a discharge, began at least `after` days before the data cut, or had its last attended
    service or completed check-in more than `silent` days before the data cut.

    Attributes
    ----------
    least, usual : float
        Limits of the share of these episodes that have a discharge.
    after, silent : int
        Days.
    counted : bool
        Whether the measure counts discharges. If not, nothing is reported with fewer than 10
        episodes that must have ended.
    """

    least: float = 0.1
    usual: float = 0.5
    after: int = 180
    silent: int = 90
    counted: bool = True

    def left(self, held: Held) -> Mask:
        """Return which episodes must have ended."""
        silent = held.days_to_cut - held.last_seen > self.silent  # False where never seen
        return held.discharged | (held.days_to_cut >= self.after) | silent

    def judge(self, held: Held) -> Answer:
        """Return whether enough of these episodes have a discharge."""
        left = self.left(held)
        number, whole = int(held.discharged.sum()), int(left.sum())
        few = whole < ENOUGH_EPISODES and not self.counted
        if few or held.few(whole, ENOUGH_EPISODES):
            return YES
        if not whole:
            what = "nobody has left yet"
            return Answer("no", what, what, "a later data cut: as_of, or --as-of")
        what = "who must have left is recorded as discharged"
        needed = "the day and the reason of discharge of those who left"
        if without := programs_without(held, held.discharged, left, self.least):
            published_part = f"in some programs nobody, or only a part of those, {what}"
            return Answer(
                "partly", f"{published_part} ({without})", published_part, needed, mixed=True
            )
        if number >= self.usual * whole:
            return YES
        none = number < self.least * whole or not number
        hardly = number < 0.1 * whole
        amount = "nobody" if not number else "hardly anybody" if hardly else "only a part of those"
        published = "nobody, or hardly anybody," if hardly else amount
        return Answer(
            "no" if none else "partly",
            f"{amount} {what} ({number:,} of {whole:,}: discharged, admitted {self.after} days "
            f"before the data cut or longer ago, or not seen for over {self.silent} days)",
            f"{published} {what}",
            needed,
            counts=(number, whole - number),
        )


@dataclass(frozen=True)
class ReasonsVary:
    """Reasons of discharge distinguish people who completed from those who did not.

    If one of the two never occurs, the reason was probably recorded for the other only.

    Attributes
    ----------
    alone : int
        The number of discharges with a reason from which this is reported.
    enough : int
        The smaller number from which it is reported if many people who left have no reason.
    others : float
        The share (0 to 1) of those who left without a reason or discharge that counts as many.
    """

    alone: int = 30
    enough: int = 10
    others: float = 0.1

    def judge(self, held: Held) -> Answer:
        """Return whether both completion and other reasons occur."""
        with_reason = held.discharged & held.episodes["discharge_reason"].notna().to_numpy()
        completed = int(
            (with_reason & held.words("episodes", "discharge_reason", ("completed",))).sum()
        )
        number, whole = int(with_reason.sum()), int(PeopleLeave().left(held).sum())
        missing = whole - number
        enough = self.enough if missing >= self.others * whole else self.alone
        if 0 < completed < number or number < enough or held.few(number, ENOUGH_EPISODES):
            return YES
        published = "no discharge has another reason than completed"
        if not completed:
            published = "no discharge has the reason completed"
        why = f"{published} ({number:,} discharges with a reason"
        if missing:
            why += f"; {missing:,} who left have no reason, or no discharge"
        return Answer("no", f"{why})", published, "the reason of each discharge, whichever it is")


@dataclass(frozen=True)
class StaysKnown:
    """The length of stay is known for most episodes, discharged or open.

    It is known if the episode has a service with an outcome. A day of discharge alone does not show
    that a person attended until then.

    Attributes
    ----------
    outcomes : tuple of str
        The words of ``status`` that are outcomes.
    least, usual : float
        Limits of the share of episodes.
    """

    outcomes: tuple[str, ...]
    least: float = 0.1
    usual: float = 0.9

    def judge(self, held: Held) -> Answer:
        """Return whether enough episodes have a service with an outcome."""
        with_outcome = held.words("attendance", "status", self.outcomes)
        known = held.episodes_in("attendance", with_outcome)
        number, whole = int(known.sum()), len(known)
        needed = "the services of all episodes, with their outcome"
        if without := programs_without(held, known, np.ones(whole, dtype=bool), self.least):
            text = "in some programs no or hardly any episode has a service with an outcome"
            return Answer("partly", f"{text} ({without})", text, needed, mixed=True)
        if number >= self.usual * whole or held.few(whole, ENOUGH_EPISODES):
            return YES
        none = number < self.least * whole or not number
        amount = "no or hardly any episode has" if none else "only a part of the episodes have"
        what = f"{amount} a service with an outcome"
        return Answer(
            "no" if none else "partly",
            f"{what} ({number:,} of {whole:,})",
            what,
            needed,
            counts=(number, whole - number),
        )


def without_discharges(held: Held) -> Mask:
    """Return for each episode whether its program records no or hardly any discharges.

    This is so if at least ten episodes of the program must have ended (`PeopleLeave`), and fewer
    than a tenth of them have a day of discharge. An episode without one is then not known to be
    open.
    """
    rule = PeopleLeave()
    left = rule.left(held)
    program = held.episodes["program"].cat.codes.to_numpy()
    size = int(program.max(initial=0)) + 1
    whole = np.bincount(program[left], minlength=size)
    number = np.bincount(program[held.discharged], minlength=size)
    without = (whole >= ENOUGH_EPISODES) & (number < rule.least * whole)
    return np.asarray(without[program], dtype=bool)


@dataclass(frozen=True)
class LeavingRecorded:
    """Discharges are recorded in every program.

    If they are not, who was still in the program is known from the last contacts only, for people
    admitted `no_contact_days` days earlier than otherwise.
    """

    no_contact_days: int = 30

    def judge(self, held: Held) -> Answer:
        """Return whether every program records discharges."""
        without = without_discharges(held)
        if not without.any():
            return YES
        where = "" if without.all() else "in some programs "
        published = (
            f"{where}nobody, or hardly anybody, who must have left is recorded as discharged: it "
            "is known from the last contacts, and only of those admitted "
            f"{self.no_contact_days} days longer ago than is asked"
        )
        return Answer("partly", published, published, "the day of discharge of those who left")


@dataclass(frozen=True)
class DropoutTold:
    """Discharges are recorded in every program, so that dropping out can be told from completing.

    Both end with days without contact. Where no discharge is recorded, or hardly any, a rule of
    such days would count those who completed as having dropped out.
    """

    def judge(self, held: Held) -> Answer:
        """Return whether every program records discharges."""
        without = without_discharges(held)
        if not without.any():
            return YES
        mixed = not without.all()
        what = (
            f"{'in some programs ' if mixed else ''}no discharge is recorded, or hardly any: who "
            "completed and who dropped out both stop coming"
        )
        needed = "the day and the reason of discharge of those who left"
        return Answer("partly" if mixed else "no", what, what, needed, mixed=mixed)


@dataclass(frozen=True)
class PersonsIdentified:
    """The episodes have an identifier of the person other than that of the episode."""

    def judge(self, held: Held) -> Answer:
        """Return whether any episode has another person identifier than its own identifier."""
        same = held.episodes["person_id"].astype(str) == held.episodes["episode_id"].astype(str)
        if held.part or not len(same) or not same.all():
            return YES
        what = "the episodes have no identifier of the person"
        return Answer("no", what, what, "a column person_id in the episodes")


def of_people(held: Held) -> str:
    """Return of how many people the episodes are, as the end of their number."""
    if PersonsIdentified().judge(held).known != "yes":
        return "(of how many people is not known)"
    people = held.episodes["person_id"].nunique()
    return "of 1 person" if people == 1 else f"of {people:,} people"


@dataclass(frozen=True)
class StaysListed:
    """The list of episodes holds the earlier stays of people, not only one stay of each.

    A list of one row a person has the latest stay or the first. Services of the others lie in no
    episode, and are set aside when the rows are linked by person.

    Attributes
    ----------
    most : float
        The share (0 to 1) of the services long before the person's first admission up to which
        nothing is reported, and of the people with two episodes from which stays count as listed.
    """

    most: float = 0.01

    def judge(self, held: Held) -> Answer:
        """Return whether services before the only stay of people show that stays are missing."""
        early = held.failed("attendance", ("before_first_episode",))
        if held.part or not early or "attendance" not in held.tables:
            return YES
        whole = held.counts("attendance")[1] + early
        people = held.episodes["person_id"].nunique()
        several = held.episodes.loc[held.episodes["admission_number"] == 2, "person_id"].nunique()
        if early <= self.most * whole or several > self.most * people:
            return YES
        published = (
            "the list has one stay a person, and services long before it: earlier stays are "
            "missing from the list"
        )
        return Answer(
            "no",
            f"{published} ({early:,} of {whole:,} services)",
            published,
            "every stay of each person as a row of the episodes, with its own day of admission",
            counts=(early, whole - early),
        )


@dataclass(frozen=True)
class PriorStaysDated:
    """The stays from which people stepped down have a day of discharge.

    The episodes considered are those with the entry path ``step_down`` and those with a prior
    discharge. If no entry path is recorded, one prior discharge is therefore enough.

    Attributes
    ----------
    least, usual : float
        Limits of the share of these episodes that have a prior discharge.
    """

    least: float = 0.1
    usual: float = 0.8

    def judge(self, held: Held) -> Answer:
        """Return whether enough of these episodes have a prior discharge."""
        frame = held.episodes
        name = next((column for column in PRIOR_DISCHARGE if column in frame), None)
        dated = np.zeros(len(frame), dtype=bool) if name is None else frame[name].notna().to_numpy()
        stepped = held.words("episodes", "entry_path", ("step_down",)) | dated
        number, whole = int(dated.sum()), int(stepped.sum())
        if (whole and number >= self.usual * whole) or held.few(whole, ENOUGH_EPISODES):
            return YES
        none = number < self.least * whole or not number
        beginning = (
            f"{'no or hardly any' if none else 'only a part of the'} prior stays have a day of"
        )
        return Answer(
            "no" if none else "partly",
            f"{beginning} discharge ({number:,} of {whole:,})",
            f"{beginning} discharge",
            "the day of discharge from the stay before, in prior_discharge_date",
            counts=(number, whole - number),
        )
