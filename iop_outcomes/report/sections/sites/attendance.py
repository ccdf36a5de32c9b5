"""Attendance of each program beside that of all: printed shares, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN, round_share
from iop_outcomes.report.model import (
    DraftTable,
    Hidden,
    Item,
    Kind,
    Table,
    share_kinds,
    write_value,
)
from iop_outcomes.report.programs import FAMILY, SESSIONS, sessions_of_year
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.changes import Change
from iop_outcomes.report.sections.points import ALIKE, DIFFER, SAME, Point
from iop_outcomes.shared.arrays import Floats
from iop_outcomes.shared.text import format_names
from iop_outcomes.statistics.differences import recovered_difference
from iop_outcomes.statistics.proportions import clustered_interval

NAME, TITLE = "attendance_by_program", "Sessions attended"
COMPARED = ("admitted", SESSIONS, "lower")
LOWER, HIGHER = "lower", "higher"
CHANCE = 0.05  # how often a report names a program though none differs
MOST_NAMED = 4  # programs with their numbers in a finding; those of all are in the section
COUNTED = "The share of sessions attended is of those due up to the data cut, for {whom}."
SEVERAL = "These differences have intervals of {level}%."
NO_RANKING = "The people differ, so this is no ranking."
NO_ATTENDANCE = (
    f"{TITLE} are not compared by program: their numbers are small, or protect others, or there "
    "are none."
)
NOTE = (
    "Attended of those due up to the data cut, of the people admitted in this time. "
    "Lower and upper: the 95% interval, which takes the sessions of one person together. Beside "
    "all: beside all programs together, of which each is a part; lower or higher where the whole "
    "interval of the difference lies on one side of zero.{many} A difference may have many "
    "reasons. Programs are in the order of their names."
)
MANY = (
    " That is an interval of {level}%, since {number} programs were looked at: if none differed, "
    "about 1 in 20 such reports would name one."
)


@dataclass(frozen=True)
class Beside:
    """The attendance of one program beside that of all, as it is written.

    Attributes
    ----------
    program : str
        Its name.
    share, lower, upper : str
        The sessions attended of those due, with the 95% interval.
    admitted : int
        How many admissions it is of.
    change : Change
        The difference from all programs together, with its interval.
    """

    program: str
    share: str
    lower: str
    upper: str
    admitted: int
    change: Change

    @property
    def differs(self) -> bool:
        """Whether the interval of the difference leaves out zero."""
        return self.change.word in (LOWER, HIGHER)

    @property
    def counts(self) -> str:
        """The share with what it is of, and its interval."""
        return _counts(self.share, self.lower, self.upper, self.admitted)

    @property
    def sentence(self) -> str:
        """What is said of a program that differs."""
        return f"{self.program}: {self.counts}. {self.change.plain()}"

    @property
    def short(self) -> str:
        """The same behind a sentence that names the share of all."""
        return f"{self.program}: {self.counts}. That is {self.change.size}{self.change.limits}."


@dataclass(frozen=True)
class Attendance:
    """The attendance of the programs as it may be shown.

    Attributes
    ----------
    table : Table
        One row a program, and one of all.
    programs : tuple of Beside
        Those that are compared with all, in the order of their names.
    all_programs : str
        The share of all with what it is of and its interval.
    level : str
        Of which level, in percent, the intervals of the differences are: above 95 where several
        programs are looked at.
    """

    table: Table
    programs: tuple[Beside, ...]
    all_programs: str
    level: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is said of it: a sentence for each program that differs."""
        differ = [one.sentence for one in self.programs if one.differs]
        if not differ:
            return (f"{TITLE}: no program shown clearly differs from all together.",)
        return tuple(differ)


@dataclass(frozen=True, eq=False)
class SitesAttendance:
    """The attendance by program before anything is hidden.

    Attributes
    ----------
    draft : DraftTable
        The table, without what is said of each program.
    top, bottom : numpy.ndarray of float64
        The sessions attended and due of each episode.
    person : numpy.ndarray of int
        The person of each.
    own : dict of str to numpy.ndarray of bool
        The episodes of each program.
    """

    draft: DraftTable
    top: Floats
    bottom: Floats
    person: npt.NDArray[np.int64]
    own: dict[str, Mask]

    def shown(self, hidden: Hidden) -> Attendance | None:
        """Return what may be shown; None where fewer than two programs can be compared with all.

        A program is compared where its share and that of all, and how many were admitted to both,
        are printed, so that no more is told than how far their people vary among themselves.
        """
        table = self.draft.shown(hidden)
        rows = table.frame.to_dict("records")
        known = [
            place
            for place, row in enumerate(rows[:-1])
            if all(_is_number(one[name]) for one in (row, rows[-1]) for name in COMPARED)
        ]
        if len(known) < 2:  # of one and of all: what is left would be the others
            return None
        many = len(known) if len(self._with_sessions) > 2 else 1  # of two the one is the other
        level = 1 - CHANCE / many
        found = {place: self._beside(table, place, level) for place in known}
        words = [HIDDEN if HIDDEN in row.values() else "–" for row in rows[:-1]] + [""]
        for place, one in found.items():
            words[place] = one.change.word if one.differs else ALIKE
        written = f"{level * 100:.4g}"
        said = MANY.format(level=written, number=many) if many > 1 else ""
        frame = table.frame.assign(beside_all=words)
        together = _counts(*_texts(table, len(rows) - 1), rows[-1]["admitted"])
        shown = replace(table, frame=frame, note=NOTE.format(many=said))
        return Attendance(shown, tuple(found.values()), together, written)

    @property
    def _with_sessions(self) -> list[str]:
        return [name for name, mask in self.own.items() if self.bottom[mask].any()]

    def _beside(self, table: Table, place: int, level: float) -> Beside:
        """Return one program beside all, with an interval of the difference.

        That is the interval of the difference from the others, times their part of all sessions:
        the share of all lies so much nearer. The share of the others alone is not printed.
        """
        row, (whole, _, _) = table.frame.iloc[place], _texts(table, len(table.frame) - 1)
        name = str(row["program"])
        mine = self.own[name]
        estimates = [self._estimate(mask, level) for mask in (mine, ~mine)]
        part = float(self.bottom[~mine].sum() / self.bottom.sum())
        low, high = (part * float(limit) for limit in recovered_difference(*estimates))
        word = HIGHER if low > 0 else LOWER if high < 0 else ALIKE
        own, of_all = (float(table.frame[SESSIONS].iloc[one]) for one in (place, -1))
        was = f"{whole} in all programs together"
        change = Change(word, was, "", low, high, difference=own - of_all)
        return Beside(name, *_texts(table, place), int(row["admitted"]), change)

    def _estimate(self, mask: Mask, level: float) -> tuple[float, float, float]:
        top, bottom = self.top[mask], self.bottom[mask]
        lower, upper = clustered_interval(top, bottom, self.person[mask], confidence=level)
        return float(top.sum() / bottom.sum()), float(lower[0]), float(upper[0])


def attendance_by_program(scope: Scope, tables: Sequence[DraftTable]) -> SitesAttendance | None:
    """Return the attendance by program; None where it is not known, or cannot be compared.

    It declares no count: what is printed of it is declared with the table of programs, and
    intervals stand where that prints the share and how many were admitted. Whether there is a
    table follows from what is printed alone: that it is not there tells nothing of who came.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    tables : sequence of DraftTable
        With that table, if there is one: the share of a program, and of all, is one number in both.
    """
    programs = next((one for one in tables if one.table.name == FAMILY), None)
    if programs is None or (pair := sessions_of_year(scope)) is None:
        return None
    frame = programs.table.frame
    if len(frame) < 3 or pd.isna(frame[SESSIONS].iloc[-1]):
        return None
    top, bottom = pair
    program = scope.records.episodes["program"].astype(str).to_numpy()
    names = [str(name) for name in frame["program"]]
    own = {name: scope.year & (program == name) for name in names[:-1]}
    digits, rows = [], []
    for mask in (*own.values(), scope.year):
        digits.append(scope.policy.share_decimals(bottom[mask].sum()))
        rows.append(_limits(top[mask], bottom[mask], scope.person[mask], digits[-1]))
    lower, upper = zip(*rows, strict=True)
    made = frame[["program", "admitted", SESSIONS]].assign(lower=lower, upper=upper)
    admitted, shares = programs.needs["admitted"], programs.needs[SESSIONS]
    limits = [(*n, *share) for n, share in zip(admitted, shares, strict=True)]
    needs: dict[str, Sequence[tuple[Item, ...]]] = {"admitted": admitted, SESSIONS: shares}
    needs |= {"lower": limits, "upper": limits}
    kinds, cells = share_kinds(dict.fromkeys((SESSIONS, "lower", "upper"), digits))
    whole: dict[str, Kind] = {"admitted": "count", **kinds}
    caption = f"{TITLE}, by program: {scope.words(4)}"
    table = Table(NAME, caption, made, whole, NOTE, cell_kinds=cells)
    return SitesAttendance(DraftTable(table, needs), top, bottom, scope.person, own)


def _limits(
    top: Floats, bottom: Floats, person: npt.NDArray[np.int64], decimals: int
) -> tuple[float, float]:
    """Return the 95% interval of a share of sessions.

    Where all were attended, or none, there is none: it would be one of the number of people.
    """
    if not 0 < top.sum() < bottom.sum():
        return np.nan, np.nan
    lower, upper = clustered_interval(top, bottom, person)
    if np.isnan(lower[0]):
        return np.nan, np.nan
    return round_share(lower[0], 1, decimals), round_share(upper[0], 1, decimals)


def _counts(share: str, lower: str, upper: str, admitted: int) -> str:
    return f"{share} ({admitted:,} admitted; 95% interval {lower} to {upper})"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not pd.isna(value)


def _kind_of(table: Table, column: str, place: int) -> Kind:
    return table.kind_at(place, list(table.frame.columns).index(column))


def _texts(table: Table, place: int) -> tuple[str, str, str]:
    """Return the share of a row and its limits as they are written."""
    row = table.frame.iloc[place]
    share, lower, upper = (
        write_value(row[name], _kind_of(table, name, place))
        for name in (SESSIONS, "lower", "upper")
    )
    return share, lower, upper


def attendance_points(shown: Attendance | None, whom: str) -> list[Point]:
    """Return the finding on attendance by program; none where no program can be compared.

    `whom` is whose sessions these are, with their time.
    """
    if shown is None:
        return []
    differ = [one for one in shown.programs if one.differs]
    number = len(shown.programs)
    if not differ:
        text = f" ({whom}): no program shown clearly differs from all together."
        text += f" All programs: {shown.all_programs}."
        return [Point(SAME, ALIKE, TITLE, text)]
    told, more = differ[:MOST_NAMED], differ[MOST_NAMED:]
    said = [told[0].sentence, *(one.short for one in told[1:])]
    if more:
        names = format_names([one.program for one in more], 2 * MOST_NAMED)
        said.append(f"Others that differ: {names}.")
    left = number - len(differ)
    if left == 1:
        said.append("No clear difference in the other one.")
    elif left:
        said.append(f"No clear difference in the other {left}.")
    if shown.level != "95":
        said.append(SEVERAL.format(level=shown.level))
    text = " ".join([f" ({whom}).", *said, NO_RANKING])
    return [Point(DIFFER, "programs differ", TITLE, text)]
