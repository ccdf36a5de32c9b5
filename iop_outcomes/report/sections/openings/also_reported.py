"""The first page of a period: what the report has of relapse, symptoms and how episodes ended.

Every number is taken from the printed cell of its section, and none is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.model import Kind, Section, Table, write_value
from iop_outcomes.report.sections.cohort.declaring import ALL
from iop_outcomes.report.sections.ends.each_day import MILESTONES
from iop_outcomes.report.sections.openings.cells import PrintedTable
from iop_outcomes.report.sections.openings.sentences import people_of_curve

NAME, CAPTION = "also_reported", "Also in this report"
COLUMNS = ("result", "how many", "value", "lower", "upper", "of whom")
KINDS: dict[str, Kind] = {
    "how many": "count",
    **dict.fromkeys(("value", "lower", "upper"), "by_row"),
}
SCALES = 2  # of symptoms: depression and anxiety come first
NOTE = "Each number is the one of its section, with its 95% interval where that has one."
OF_RELAPSE = "Estimated: if those no longer followed fared like the others."
OF_SCORES = (
    "Change: from intake to the end, of those who answered both times; lower scores are better."
)
NOT_KNOWN = "Not known from these records"
NO_NUMBER = "no number for this page; see the section."
Tables = dict[str, PrintedTable]


@dataclass(frozen=True)
class Result:
    """A row: what it is, of how many, the value with its interval, of whom, and its kind."""

    cells: tuple[object, ...]
    kind: Kind


def with_other_results(first: Section, others: Sequence[Section]) -> Section:
    """Return the first page with a row for each main result that is in no measure of it.

    Parameters
    ----------
    first : Section
        The first page of a period.
    others : sequence of Section
        The sections as they are printed, in their order.
    """
    results: list[Result] = []
    without: list[str] = []
    notes = [NOTE]
    for section in others:
        if section.identifier not in MAKE:
            continue
        make, note = MAKE[section.identifier]
        tables = {one.name: PrintedTable(one) for one in section.all_tables}
        found = list(make(tables))
        results += found
        if not found:
            without.append(_why(section))
        elif note:
            notes.append(note)
    if not results:
        return replace(first, sentences=(*first.sentences, *without)) if without else first
    frame = pd.DataFrame([one.cells for one in results], columns=[*COLUMNS], dtype=object)
    kinds = tuple(one.kind for one in results)
    table = Table(NAME, CAPTION, frame, KINDS, " ".join([*notes, *without]), row_kinds=kinds)
    return replace(first, tables=(*first.tables, replace(table, read=_read(table))))


def _relapse(tables: Tables) -> Iterator[Result]:
    """Return the share of all programs without relapse on the last day on which it is shown."""
    table = tables.get("without_relapse")
    if table is None:
        return
    place = table.row(program=ALL)
    for day in reversed(MILESTONES):
        name = f"day_{day}"
        if not _is_number(table, place, name):
            continue
        limits = [_cell(table, place, f"{name}_{end}") for end in ("lower", "upper")]
        number = people_of_curve(tables) or HIDDEN
        words = f"without relapse on day {day}, estimated"
        cells = (words, number, _cell(table, place, name), *limits, _whom(table))
        yield Result(cells, table.table.kinds[name])
        return


def _symptoms(tables: Tables) -> Iterator[Result]:
    """Return the change of the first scores; without scores, of the first answer on daily life."""
    if "symptoms" in tables:
        table = tables["symptoms"]
        for place in range(min(SCALES, len(table.rows))):
            if _is_number(table, place, "change"):
                words = f"{table.text(place, 'scale')}, change in points"
                yield _change(table, place, words, ("answered_twice", "change"))
    elif "functioning" in tables:
        table = tables["functioning"]
        if _is_number(table, 0, "difference"):
            words = f"{table.text(0, 'domain')}, change of the share"
            yield _change(table, 0, words, ("paired", "difference"))


def _change(table: PrintedTable, place: int, words: str, names: tuple[str, str]) -> Result:
    cells = (_cell(table, place, one) for one in (*names, "lower", "upper"))
    return Result((words, *cells, _whom(table)), table.table.kinds[names[1]])


def _ended(tables: Tables) -> Iterator[Result]:
    """Return how many episodes ended as completed and as dropped out, of those that ended."""
    table = tables.get("discharges")
    if table is None:
        return
    time = table.caption.removeprefix("Discharges in ").removesuffix(", by reason")
    of_all = _cell(table, table.row(reason=ALL), "discharges")
    for reason in ("completed", "dropped out"):
        place = table.row(reason=reason)
        if _is_number(table, place, "share"):
            whom = f"episodes that ended in {time}"
            share = _cell(table, place, "share")
            yield Result((f"ended as {reason}", of_all, share, "", "", whom), "share")


MAKE = {
    "relapse": (_relapse, OF_RELAPSE),
    "symptoms": (_symptoms, OF_SCORES),
    "who-stayed": (_ended, ""),
}
"""Section -> what makes its rows, and what is said of them."""


def _why(section: Section) -> str:
    """Return why a section has no main result, in its own words where it says so."""
    if section.tables or not section.sentences:
        return f"{section.title}: {NO_NUMBER}"
    said = section.sentences[0]
    if said.startswith(NOT_KNOWN):
        return f"{section.title}: {NOT_KNOWN[0].lower()}{NOT_KNOWN[1:]}."
    is_named = ": " in said
    return said if is_named else f"{section.title}: {said[:1].lower()}{said[1:]}"


def _read(table: Table) -> Table:
    """Return the rows as a page has them, with the interval in one column."""
    rows = zip(table.row_kinds, table.frame["lower"], table.frame["upper"], strict=True)
    frame = table.frame.assign(lower=[_interval(*one) for one in rows])
    frame = frame.rename(columns={"lower": "interval"}).drop(columns="upper")
    return replace(table, frame=frame)


def _interval(kind: Kind, lower: object, upper: object) -> str:
    low, high = (write_value(one, kind).removesuffix(" points") for one in (lower, upper))
    return low if isinstance(lower, str) or pd.isna(lower) else f"{low} to {high}"  # type: ignore[call-overload]  # a cell


def _whom(table: PrintedTable) -> str:
    """Return the admissions that a table is of, as its caption says."""
    return table.caption.partition(": ")[2]


def _cell(table: PrintedTable, place: int | None, column: str) -> object:
    """Return a cell as it stands in its table: a number, the word for hidden, or nothing."""
    return None if place is None else table.table.frame[column].iloc[place]


def _is_number(table: PrintedTable, place: int | None, column: str) -> bool:
    cell = _cell(table, place, column) if column in table.table.frame else None
    return not isinstance(cell, str) and not pd.isna(cell)  # type: ignore[call-overload]  # a cell
