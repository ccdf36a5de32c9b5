"""The header of a file as column names that are all different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.coded import Remark

MOST_COLUMNS = 4096


@dataclass(frozen=True)
class Headings:
    """The names of the columns.

    Attributes
    ----------
    names : list of str
        One for each column, all different.
    repeated : dict of str to str
        For columns whose heading also occurs further left: from the name here to the heading.
    """

    names: list[str]
    repeated: dict[str, str] = field(default_factory=dict)

    def remarks(self, line: int) -> tuple[Remark, ...]:
        """Return remarks on headings that occur twice, for a header on this line."""
        return tuple(
            Remark(line, heading, "repeated_heading", f"kept: called {name}", column=name)
            for name, heading in self.repeated.items()
        )


def headings(header: Sequence[str], file: str) -> Headings:
    """Return the column names of a header.

    The second column with a heading ``name`` is ``name_2``. A column with a blank heading is
    ``column_`` and its number; blank headings at the end are ignored.

    Raises
    ------
    RecordsError
        If there is no name, or there are more than 4,096 columns.
    """
    titles = [name.strip() for name in header]
    while titles and not titles[-1]:  # Excel leaves empty cells after the last column
        titles.pop()
    if not titles:
        raise RecordsError(
            f"{file} has no header line.",
            instead="Give the column names in the first line, or say in the mapping on which "
            "line they are (header_row).",
        )
    titles = [name or f"column_{number}" for number, name in enumerate(titles, start=1)]
    if len(titles) > MOST_COLUMNS:
        raise RecordsError(
            f"{file} has more columns than a table of records can have.",
            found=f"{len(titles):,}; at most {MOST_COLUMNS:,} are read",
            instead="Check that lines end where rows end, and what is between the columns.",
        )
    if len(set(titles)) == len(titles):
        return Headings(titles)
    taken, names, repeated = set(titles), [], {}
    for heading in titles:
        name = heading
        if heading in names:
            name = _next_free(heading, taken)
            taken.add(name)
            repeated[name] = heading
        names.append(name)
    return Headings(names, repeated)


def _next_free(heading: str, taken: set[str]) -> str:
    number = 2
    while f"{heading}_{number}" in taken:
        number += 1
    return f"{heading}_{number}"


def join_headers(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a single header from one or several header rows.

    Names are joined by a space. A blank cell of an upper row takes the text on its left, if the
    last row has a text in that column.

    Examples
    --------
    >>> join_headers([["Client", "", "Week 1", ""], ["No", "Name", "Mon", "Tue"]])
    ['Client No', 'Client Name', 'Week 1 Mon', 'Week 1 Tue']
    """
    if len(rows) == 1:
        return list(rows[0])
    width = max(map(len, rows), default=0)
    padded = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    for row in padded[:-1]:
        before = ""
        for place, cell in enumerate(row):
            before = cell or before
            # a column without a name in the last row takes no name from its neighbour
            row[place] = cell or (before if padded[-1][place] else "")
    return [" ".join(part for part in parts if part) for parts in zip(*padded, strict=True)]
