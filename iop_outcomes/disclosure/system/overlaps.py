"""What saved reports disclose together: a year and its quarters, some programs and all of them.

Reports saved as JSON come in; small counts that follow from the differences of the counts that they
print go out. A count is of some programs and some days, and so is each of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from typing import Any

import pandas as pd

from iop_outcomes.attendance.stays import NO_CONTACT_DAYS, RETENTION_DAYS
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.disclosure.system.attack import attack
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.documents import EXACTLY, SmallCount, rows_of, tables_of
from iop_outcomes.disclosure.system.people.times import PERIOD, days_of
from iop_outcomes.errors import ReportError
from iop_outcomes.trends.periods import as_labels

WINDOW = re.compile(rf"(?:in|from) ({PERIOD})(?: to ({PERIOD}))?\b")
ADDED = {
    "admissions": ("admitted",),
    "sessions": ("sessions",),
    "attendance_by_weekday": ("due", "attended", "unrecorded"),
    "discharges": ("discharges",),
    "cohort_flow": ("reached", "not_known"),
    "flow_exclusions": ("admissions",),
    "programs": ("admitted",),
    "continuity": ("met", "of"),
    "attendance_by_week": ("episodes_followed", "due", "attended", "no_show", "cancelled"),
    "symptoms": ("discharged", "answered_twice"),
    "functioning": ("paired",),
}
"""The columns of which the counts of two spans of days add up to that of both."""
OF_ONE_CUT = ("symptoms", "functioning")  # later more of the same admissions are discharged
NO_ZERO = (("cohort_flow", "not_known"),)  # a zero is not shown in these columns, either
WITH_ZEROS = ("admissions", "discharges", "sessions", "attendance_by_weekday", "programs")
"""The tables of which a column is hidden as a whole, zeros too, where a zero would disclose."""
OF_BOTH = (
    *(("numerator", "denominator"), ("met", "of"), ("attended", "due")),
    ("answered_twice", "discharged"),
)
LONGEST = f"still in the program after {RETENTION_DAYS[-1]} days"
FINAL_AFTER = pd.Timedelta(days=RETENTION_DAYS[-1] + NO_CONTACT_DAYS)
ALL_ADMISSIONS = "all admissions"  # the only row of flow_exclusions that is of all its days
ALL = "all"
PART = "part / "
TOO_FEW = " (too few to publish)"
SETTLED = ("known", "hidden", "")
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Counted:
    """A count of a saved report: what it counts, of which programs and days; None if hidden."""

    what: tuple[str, ...]
    programs: frozenset[str]
    first: pd.Timestamp
    last: pd.Timestamp
    value: int | None
    zero: bool = True  # whether it may be 0 where it is hidden

    @property
    def label(self) -> tuple[str, ...]:
        """What it is of, in words."""
        days = f"{self.first.date()} to {self.last.date()}"
        return (*self.what, ", ".join(sorted(self.programs)), days)

    @property
    def name(self) -> Key:
        """Its name in what is found."""
        return self.label

    def holds(self, other: Counted) -> bool:
        """Return whether whoever is in the other count is in this one."""
        wider = other.programs <= self.programs
        return wider and self.first <= other.first and other.last <= self.last


def disclosed_together(documents: Sequence[Mapping[str, Any]], threshold: int) -> list[SmallCount]:
    """Return the small counts that follow from what some saved reports print of the same days.

    Parameters
    ----------
    documents : sequence of dict
        The reports as JSON.
    threshold : int
        Counts from 1 to one less are small.

    Returns
    -------
    list of tuple
        ``cell, how, low, high, from``, as `attack` returns them. Counts that contradict each other,
        since the records were changed, are given by their difference only.
    """
    counts: dict[tuple[str, ...], dict[Key, Counted]] = {}
    small_counts: list[SmallCount] = []
    for document in documents:
        for one in counted(document):
            same = counts.setdefault(one.what, {})
            before = same.get(one.name)
            if before is None:
                same[one.name] = one
            elif before.value is None:  # in both hidden: no zero if one of them says so
                same[one.name] = replace(one, zero=one.zero and before.zero)
            elif one.value is not None and 0 < abs(one.value - before.value) < threshold:
                off = abs(one.value - before.value)
                cell = " / ".join(one.label)
                small_counts.append((cell, EXACTLY, off, off, "the same count in two reports"))
    for some in counts.values():
        if len(some) > 1 and sum(one.value is not None for one in some.values()) > 1:
            try:
                table = attack(_system(list(some.values()), threshold))
            except ReportError:  # the records were changed after some of them were printed
                small_counts += _differences(list(some.values()), threshold)
                continue
            small_counts += _once(list(table.itertuples(index=False, name=None)))
    return small_counts


def _once(rows: list[SmallCount]) -> list[SmallCount]:
    """Return each count once: a part that is also a count of a report gives where it is from."""
    of = {row[0]: row for row in rows}
    small_counts = []
    for cell, how, low, high, _ in rows:
        if not (cell.startswith(PART) and cell.removeprefix(PART) in of):
            source = of.get(f"{PART}{cell}", of[cell])[4]
            small_counts.append((cell.removeprefix(PART), how, low, high, source.replace(PART, "")))
    return small_counts


def _differences(counts: Sequence[Counted], threshold: int) -> Iterator[SmallCount]:
    """Give the small differences of a count and others that are of all its days.

    So a report tells who was entered late: its trend stands as it was first printed, and its tables
    are of the records as they are now.
    """
    known = [(one, one.value) for one in counts if one.value is not None]
    known.sort(key=lambda pair: (pair[0].first, pair[0].last))
    for whole, value in known:
        sums: dict[pd.Timestamp, set[int]] = {whole.first: {0}}  # up to each day
        for one, part in known:
            if one.programs == whole.programs and one is not whole and one.last <= whole.last:
                more = {before + part for before in sums.get(one.first, ())}
                sums.setdefault(one.last + _DAY, set()).update(more)
        off = {abs(value - one) for one in sums.get(whole.last + _DAY, ())}
        cell = " / ".join(whole.label)
        for few in sorted(one for one in off if 0 < one < threshold):
            yield f"{cell}, entered late or corrected", EXACTLY, few, few, "counts of all its days"


def counted(
    document: Mapping[str, Any], added: Mapping[str, tuple[str, ...]] = ADDED
) -> Iterator[Counted]:
    """Return the counts of a saved report that are of some programs and some days.

    `added` are the columns of each table that are looked at, besides those of trends.
    """
    everyone, cut = _programs(document), _data_cut(document)
    beside_earlier = document.get("beside_earlier", True)  # only then a zero may be hidden
    for table in tables_of(document):
        name = str(table["name"])
        trend = name.startswith("trend_")
        columns = ("numerator", "denominator") if trend else added.get(name)
        window = WINDOW.search(as_labels(str(table["caption"])))
        if columns is None or not (trend or window):
            continue
        found = rows_of(table)
        hidden = _whole_columns(name, found, columns) if beside_earlier else frozenset()
        for row in found:
            if name == "flow_exclusions" and row["who"] != ALL_ADMISSIONS:
                continue
            days = days_of(str(row["period"])) if trend else days_of(*window.groups())  # type: ignore[union-attr]  # a window if no trend
            if days is None or str(row.get("status") or "") not in SETTLED:
                continue
            programs, label = _label(name, row, everyone)
            if name in OF_ONE_CUT:
                label = (*label, f"data cut {cut.date()}")
            if LONGEST in label and days[1] + FINAL_AFTER > cut:
                continue  # a later report may count fewer of the same people
            count = Counted((), programs, *days, None)
            for column in columns:
                if column in row:
                    what = _what(name, label, column)
                    may_be_zero = trend or (name, column) in NO_ZERO
                    may_be_zero |= (row.get("by"), column) in hidden and not _is_total(row)
                    yield replace(count, what=what, **_value(row[column], may_be_zero))
            for part, whole in OF_BOTH:
                one, other = row.get(part), row.get(whole)
                if whole in columns and isinstance(one, int) and isinstance(other, int):
                    what = (name, *label, f"{whole} less {part}")
                    yield replace(count, what=what, value=other - one)


def _whole_columns(
    name: str, found: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> frozenset[tuple[object, str]]:
    """Return the columns of which no cell but that of the total is shown, each with its part."""
    cells = [
        ((row.get("by"), column), row.get(column))
        for row in found
        if name in WITH_ZEROS and not _is_total(row)
        for column in columns
    ]
    shown = {column for column, value in cells if value != HIDDEN}
    return frozenset(column for column, _ in cells) - shown


def _is_total(row: Mapping[str, Any]) -> bool:
    """Say whether a row is of everybody."""
    return str(row.get("group", next(iter(row.values())))) == ALL


def figures(document: Mapping[str, Any]) -> int:
    """Return how many whole numbers the tables of a saved report print."""
    cells = (cell for table in tables_of(document) for row in table["rows"] for cell in row)
    return sum(isinstance(cell, int) and not isinstance(cell, bool) for cell in cells)


def _what(name: str, label: tuple[str, ...], column: str) -> tuple[str, ...]:
    """Return what is counted; admissions are in several tables."""
    if name in ("trend_admissions", "flow_exclusions") or (column == "admitted" and not label):
        return ("admitted",)
    return (name, *label, column)


def _value(value: object, may_be_zero: bool) -> dict[str, Any]:
    """Return a printed count; a hidden one is no zero, except where a zero is hidden, too.

    In a trend whole rows are hidden.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"value": int(value)}
    return {"value": None, "zero": may_be_zero or value is None}


def _label(
    name: str, row: Mapping[str, Any], everyone: frozenset[str]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the programs of a row, and what else it is of."""
    if name.startswith("trend_") or name == "flow_exclusions":
        return everyone, ()
    if name == "admissions":
        by, group = str(row["by"]), str(row["group"])
        if group == "all":
            return everyone, ()
        of_program = by == "program" and group in everyone
        return (frozenset([group]), ()) if of_program else (everyone, (by, group))
    if name == "programs":
        program = str(row["program"])
        if program == "all":
            return everyone, ()
        return (frozenset([program]), ()) if program in everyone else (everyone, (program,))
    first = next(iter(row))
    return everyone, (str(row[first]),)


def _programs(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the programs of a report, which its facts name; without facts "all"."""
    for fact in document.get("facts", []):
        if fact["name"] in ("Program", "Programs"):
            # Of programs that are too small no number but that of rows read has anybody.
            text = str(fact["text"])
            mark = "; " if "; " in text else ", "  # as `list_names` writes them
            few = rf"(?:^|{mark})[^{mark[0]}]*{re.escape(TOO_FEW)}"
            counted_ones = re.sub(few, "", text)
            names = re.sub(r" \([^()]*\)", "", counted_ones).removeprefix(mark).split(mark)
            return frozenset(names)
    return frozenset(["all"])


def _data_cut(document: Mapping[str, Any]) -> pd.Timestamp:
    """Return the day up to which the records go; without it all counts are taken as final."""
    for fact in document.get("facts", []):
        day = re.match(r"\d{4}-\d\d-\d\d", str(fact["text"]))
        if fact["name"] == "Data cut" and day:
            return pd.Timestamp(day[0])
    return pd.Timestamp.max


def _system(counts: Sequence[Counted], threshold: int) -> PrintedCells:
    """Return counts of one kind as sums of parts: programs and days that they have in common."""
    days = sorted({day for one in counts for day in (one.first, one.last + pd.Timedelta(days=1))})
    every = sorted({program for one in counts for program in one.programs})
    groups: dict[tuple[bool, ...], list[str]] = {}
    for program in every:
        groups.setdefault(tuple(program in one.programs for one in counts), []).append(program)
    parts = [
        Counted(("part", *counts[0].what), frozenset(some), start, end - pd.Timedelta(days=1), None)
        for some in groups.values()
        for start, end in pairwise(days)
    ]
    cells = PrintedCells(threshold)
    inside = [frozenset(part.name for part in parts if one.holds(part)) for one in counts]
    for one, some in zip(counts, inside, strict=True):
        cells.counts[one.name] = one.value
        if one.value is None and not one.zero:
            cells.least[one.name] = 1
        cells.sums.append({**{part.name: 1 for part in parts if part.name in some}, one.name: -1})
    cells.counts.update({part.name: None for part in parts})
    for (whole, wider), (part, narrower) in permutations(zip(counts, inside, strict=True), 2):
        rest = wider - narrower
        # One part, or a count of a report, is asked by its own name.
        known = whole.value is not None and part.value is not None
        if known and narrower < wider and len(rest) > 1 and rest not in inside:
            name = ("rest", whole.name, part.name)
            cells.counts[name] = None
            cells.sums.append({part.name: 1, name: 1, whole.name: -1})
    return cells
