"""A table with one row a heading of an export: the proposed column, and the reason."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from iop_outcomes.records.suggestions.naming import WrittenNames, may_be_written, people_of
from iop_outcomes.records.suggestions.proposing.details import has_range
from iop_outcomes.records.suggestions.proposing.proposal import Proposal
from iop_outcomes.records.suggestions.recognition.bundles import Place, Sheet
from iop_outcomes.records.suggestions.recognition.recognising import Source

COLUMNS = ("file", "sheet", "heading", "table", "column", "why", "confidence")


def heading_table(proposal: Proposal, sheets: Sequence[Sheet], names: WrittenNames) -> pd.DataFrame:
    """Return one row a heading, in the order of files, sheets and columns.

    A heading that is used for two tables has a row for each. A heading that looks like a value or a
    person is replaced by its position, a file or sheet that may be called after one by a pattern.
    """
    people = people_of(proposal.sources)
    by_place: dict[Place, list[Source]] = {}
    for source in proposal.sources:
        for place in source.bundle.places:
            by_place.setdefault(place, []).append(source)
    rows: list[dict[str, object]] = []
    for sheet in sheets:
        place = names.name(sheet.place)
        for number, heading in enumerate(sheet.columns, start=1):
            written = heading if may_be_written(heading, people) else f"column {number}"
            proposed = [
                row
                for source in by_place.get(sheet.place, [])
                if (row := _proposed_row(source, heading)) is not None
            ]
            for table, column, why, score in proposed or [("", "", "", float("nan"))]:
                rows.append(
                    {
                        "file": place.file,
                        "sheet": place.sheet,
                        "heading": written,
                        "table": table,
                        "column": column,
                        "why": why,
                        "confidence": score,
                    }
                )
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["confidence"] = frame["confidence"].astype(float)
    return frame


def _proposed_row(source: Source, heading: str) -> tuple[str, str, str, float] | None:
    matched = source.matches.get(heading)
    if matched is not None:
        ranged = matched.column == "start_time" and has_range(source)
        return source.table, "time_range" if ranged else matched.column, matched.why, matched.score
    if heading in source.full_name:
        return source.table, "person_id", "first and last name together", 0.7
    if source.lists and heading in source.lists.statuses:
        return source.table, "status", f"a list of people: {source.lists.statuses[heading]}", 0.9
    if heading in source.bundle.days and not source.only:
        return source.table, "date", "a date: the marks below it are the status", 0.9
    if heading in source.bundle.where:
        return source.table, "", "distinguishes the tables of the file", 0.9
    return None
