"""The kinds of evidence that a measure can require. Each has limits and a method that checks it.

Limits are shares from 0 to 1. Below `least` the evidence counts as absent, and measures that need
it are not known. Below `usual` it is incomplete, and these measures are partly known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.records.fitness.held import Held, Mask
from iop_outcomes.records.fitness.measure import YES, Answer
from iop_outcomes.records.schema import ATTENDED

CALLED = {"episodes": "episodes table", "attendance": "attendance table", "checkins": "check-ins"}
LINK_CHECKS = ("unknown_episode", "episode_set_aside")
ENOUGH_ROWS = 60  # rows of a program or period that are needed to judge that something is absent
ENOUGH_EPISODES = 10  # episodes of a group that are needed for the same
IMPROBABLE = 0.001  # probability below which the absence of a word in early rows is not chance


def programs_without(held: Held, present: Mask, among: Mask, least: float) -> str:
    """Return in how many programs some evidence is absent: "1 of 3 programs".

    Parameters
    ----------
    held : Held
        The records.
    present, among : numpy.ndarray of bool
        One value an episode: which episodes have the evidence, and which are considered.
    least : float
        The share of the episodes of a program below which it is absent there. Programs with fewer
        than 10 episodes considered are not judged.

    Returns
    -------
    str
        Empty if it is absent in no program or in all of them, or if these are a group of records.
    """
    program = held.episodes["program"].cat.codes.to_numpy()
    size = int(program.max(initial=0)) + 1
    number = np.bincount(program[present & among], minlength=size)
    whole = np.bincount(program[among], minlength=size)
    without = (whole >= ENOUGH_EPISODES) & (number < least * whole)
    enough = (whole >= ENOUGH_EPISODES) & ~without
    if held.part or not without.any() or not enough.any():
        return ""
    return f"{int(without.sum()):,} of {int((whole > 0).sum()):,} programs"


def amount_of(number: int, hardly: bool) -> str:
    """Return a number in words: no, hardly any, or only a part of the."""
    return "no" if not number else "hardly any" if hardly else "only a part of the"


@dataclass(frozen=True)
class TableRead:
    """A table was read, its rows were kept, and they belong to episodes.

    Attributes
    ----------
    table : str
        The table.
    least, usual : float
        Limits of the share of rows kept, of those not planned for after the data cut.
    linked : float
        Limit of the share of rows that belong to an episode, below which this is reported.
    """

    table: str
    least: float = 0.1
    usual: float = 0.8
    linked: float = 0.95

    def judge(self, held: Held) -> Answer:
        """Return whether the table was read, and whether enough of its rows were kept."""
        name = CALLED[self.table]
        if self.table not in held.tables:
            what = f"there {'are' if name.endswith('s') else 'is'} no {name}"
            needed = f"the {name} of the export, named in the mapping: [[{self.table}.from]]"
            return Answer("no", what, what, needed)
        read, kept, planned = held.counts(self.table)
        happened = read - planned
        if not happened:
            what = f"up to the data cut there is no row of the {name}"
            return Answer("no", what, what, f"rows of the {name}")
        apart = held.failed(self.table, LINK_CHECKS)
        if kept < self.linked * (kept + apart):
            return self._not_linked(name, kept, apart)
        share = kept / happened
        if share >= self.usual:
            return YES
        reason = held.main_reason(self.table).replace("_", " ")
        most = f", most of them for: {reason}" if reason else ""
        return Answer(
            "no" if share < self.least else "partly",
            f"{happened - kept:,} of {happened:,} rows of the {name} were set aside{most}",
            f"{'nearly all' if share < self.least else 'many'} rows of the {name} were set aside "
            f"when they were read{most}",
            "the rows that were set aside: records.problems lists them, with the reason of each",
            counts=(kept, happened - kept),
        )

    def _not_linked(self, name: str, kept: int, apart: int) -> Answer:
        none = kept < self.least * (kept + apart)
        amount = "no row, or hardly any," if none else "only a part of the rows"
        what = f"{amount} of the {name} could be linked to an episode"
        return Answer(
            "no" if none else "partly",
            f"{kept:,} of {kept + apart:,} rows of the {name} could be linked to an episode",
            what,
            "identifiers that are the same in both tables: [ids] in the mapping says how they are "
            f"compared; or [{self.table}.link] by person and date",
            counts=(kept, apart),
        )


@dataclass(frozen=True)
class EpisodesCovered:
    """Most episodes have a row in a table.

    Attributes
    ----------
    table : str
        The table.
    least, usual : float
        Limits of the share of episodes.
    days : int
        Only episodes admitted at least so many days before the data cut are considered, unless
        there are none.
    """

    table: str
    least: float = 0.1
    usual: float = 0.8
    days: int = 14

    def judge(self, held: Held) -> Answer:
        """Return whether most episodes have a row."""
        asked = held.days_to_cut >= self.days
        if not asked.any():
            asked = np.ones_like(asked)
        every = np.ones(len(held.frame(self.table)), dtype=bool)
        covered = held.episodes_in(self.table, every) & asked
        number = int(covered.sum())
        share = number / max(int(asked.sum()), 1)
        if without := programs_without(held, covered, asked, self.least):
            name = CALLED[self.table]
            published = f"in some programs no or hardly any episodes have rows in the {name}"
            needed = f"the {name} of all programs"
            return Answer("partly", f"{published} ({without})", published, needed, mixed=True)
        if share >= self.usual or held.few(int(asked.sum()), ENOUGH_EPISODES):
            return YES
        name = CALLED[self.table]
        none = share < self.least
        return Answer(
            "no" if none else "partly",
            f"{number:,} of {int(asked.sum()):,} episodes have rows in the {name}",
            f"{'no or hardly any' if none else 'only a part of the'} episodes have rows in the "
            f"{name}",
            f"the {name} of all episodes",
            counts=(number, int(asked.sum()) - number),
        )


@dataclass(frozen=True)
class Words:
    """Some words of the vocabulary occur in a column.

    Attributes
    ----------
    table, column : str
        Where to look; of attendance only treatment sessions are considered.
    words : tuple of str
        The words that must occur.
    among : tuple of str
        The words of the rows that are considered: `words` and their alternatives.
    none, few, part : str
        The text if `words` do not occur, or in a smaller share of the rows than `least`, or than
        `usual`.
    needed : str
        What would have to be recorded.
    least, usual : float
        Limits of the share of rows.
    everywhere : bool
        Whether each program, and the time before the first row with one of the words, is judged
        separately.
    """

    table: str
    column: str
    words: tuple[str, ...]
    among: tuple[str, ...]
    none: str
    few: str
    part: str
    needed: str
    least: float
    usual: float
    everywhere: bool = False

    @property
    def published(self) -> str:
        """The published text if the words do not occur, or hardly ever: the same for both."""
        return f"{self.none}, or hardly any"

    def judge(self, held: Held) -> Answer:
        """Return whether the words occur often enough."""
        rows = held.rows(self.table) & held.words(self.table, self.column, self.among)
        with_words = rows & held.words(self.table, self.column, self.words)
        number, whole = int(with_words.sum()), int(rows.sum())
        if held.few(whole, ENOUGH_ROWS):
            return YES
        counts = f" ({number:,} of {whole:,} rows)"
        if number < self.least * whole or not number:
            why = (self.few if number else self.none) + counts
            return Answer("no", why, self.published, self.needed)
        if number < self.usual * whole:
            both = (number, whole - number)
            return Answer("partly", self.part + counts, self.part, self.needed, counts=both)
        return self._by_part(held, rows, with_words) if self.everywhere else YES

    def _by_part(self, held: Held, rows: Mask, with_words: Mask) -> Answer:
        """Return whether the words occur in each program, and from the beginning."""
        program = held.episodes["program"].cat.codes.to_numpy()
        episode = held.frame(self.table)["episode_id"].cat.codes.to_numpy()
        size = int(program.max(initial=0)) + 1
        whole = np.bincount(program[episode[rows]], minlength=size)
        number = np.bincount(program[episode[with_words]], minlength=size)
        without = (whole >= ENOUGH_ROWS) & (number < self.least * whole)
        if without.any():
            published = f"in some programs {self.published}"
            counts = f" ({int(without.sum()):,} of {int((whole > 0).sum()):,} programs)"
            return Answer("partly", published + counts, published, self.needed, mixed=True)
        return self._from_when(held, rows, with_words)

    def _from_when(self, held: Held, rows: Mask, with_words: Mask) -> Answer:
        """Return the day from which the words occur, unless earlier absence may be chance."""
        if "date" not in held.frame(self.table):
            return YES
        days = held.days(self.table)
        since = pd.Timestamp(days[with_words].min())
        before = int((days[rows] < since.to_datetime64()).sum())
        after = int(rows.sum()) - before
        if before < ENOUGH_ROWS or (1 - with_words.sum() / after) ** before > IMPROBABLE:
            return YES
        why = f"before {since.date()} {self.none} ({before:,} rows)"
        return Answer("partly", why, f"up to {since:%Y-%m} {self.none}", self.needed, since)


@dataclass(frozen=True)
class WordsKnown:
    """The words of a column are known; rows with an unknown word were set aside.

    Attributes
    ----------
    table, column : str
        Where to look.
    most : float
        The share of rows with an unknown word up to which nothing is reported.
    """

    table: str
    column: str
    most: float = 0.01

    def judge(self, held: Held) -> Answer:
        """Return whether the words are known, except for a share of at most `most`."""
        problems = held.problems
        rows = (problems["table"] == self.table) & (problems["column"] == self.column)
        number = int((rows & (problems["check"] == "unknown_word")).sum())
        kept = held.counts(self.table)[1]
        if number <= self.most * (kept + number):
            return YES
        published = (
            f"rows of the {CALLED[self.table]} with a {self.column} that is not known are left out"
        )
        return Answer(
            "partly",
            f"{published} ({number:,} of {kept + number:,})",
            published,
            f"what each {self.column} means: [{self.table}.words.{self.column}] in the mapping",
            counts=(number, kept),
        )


@dataclass(frozen=True)
class Filled:
    """Most rows of a table have a value in at least one of some columns.

    Attributes
    ----------
    table : str
        The table; of attendance only treatment sessions are considered.
    columns : tuple of str
        The columns of which one must have a value.
    among : tuple of str
        The words of ``status`` of the rows that are considered. Not used for episodes, of which
        those with a discharge are considered.
    what : str
        The text, with a place for an amount: "{} attended sessions have a length".
    needed : str
        What would have to be recorded.
    least, usual : float
        Limits of the share of rows.
    services : tuple of str
        Of attendance only these services; if empty all treatment sessions.
    """

    table: str
    columns: tuple[str, ...]
    among: tuple[str, ...]
    what: str
    needed: str
    least: float = 0.1
    usual: float = 0.9
    services: tuple[str, ...] = ()

    def judge(self, held: Held) -> Answer:
        """Return whether enough rows have a value."""
        frame = held.frame(self.table)
        if self.table == "episodes":
            rows = held.discharged
        else:
            rows = held.rows(self.table) & held.words(self.table, "status", self.among)
            if self.services:
                rows = rows & frame["service"].isin(self.services).to_numpy()
        filled = rows & frame[list(self.columns)].notna().any(axis=1).to_numpy()
        number, whole = int(filled.sum()), int(rows.sum())
        if (whole and number >= self.usual * whole) or held.few(whole, ENOUGH_EPISODES):
            return YES
        none = number < self.least * whole or not number
        published = self.what.format("no or hardly any" if none else "only a part of the")
        return Answer(
            "no" if none else "partly",
            f"{self.what.format(amount_of(number, none))} ({number:,} of {whole:,})",
            published,
            self.needed,
            counts=(number, whole - number),
        )


@dataclass(frozen=True)
class PlausibleLengths:
    """The lengths of sessions can be minutes, and are not hours by mistake.

    Attributes
    ----------
    low : float
        The least plausible median length of attended sessions, in minutes.
    """

    low: float = 15.0

    def judge(self, held: Held) -> Answer:
        """Return whether the median length of attended sessions is at least `low` minutes."""
        rows = held.treatment & held.words("attendance", "status", ATTENDED)
        attended, scheduled = (
            held.attendance[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
            for name in ("minutes_attended", "minutes_scheduled")
        )
        known = np.where(np.isnan(attended), scheduled, attended)
        known = known[~np.isnan(known)]
        few = not len(known) or held.few(len(known), ENOUGH_EPISODES)
        if few or np.median(known) >= self.low:
            return YES
        return Answer(
            "no",
            f"half of the attended sessions last no longer than {np.median(known):g} minutes: the "
            "lengths are probably hours",
            "the lengths of the sessions are too short to be minutes",
            'the unit of the lengths, in the mapping: [attendance.units] minutes_attended = "hours"'
            ' (and the same for "minutes_scheduled")',
        )
