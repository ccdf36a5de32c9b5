"""The position of the header of a file or sheet: below titles, in one or two rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.suggestions.recognition.language import heading_columns, heading_score
from iop_outcomes.records.suggestions.recognition.profiles import are_dates, is_value, values_among

LOOKED_AT = 60  # lines of a file that are searched for its header
KNOWN = 0.6  # score that a known heading must have
_ROWS_BELOW = 6
_LEAST_GRID = 3


@dataclass(frozen=True)
class Header:
    """The header of a file.

    Attributes
    ----------
    row : int
        The line of its (first) row, counted from 1.
    rows : int
        The number of its rows.
    known : int
        The number of headings that are known by name.
    cells : tuple of str
        The headings in its last row.
    """

    row: int
    rows: int
    known: int
    cells: tuple[str, ...]


@lru_cache(maxsize=16384)
def is_known(heading: str) -> bool:
    """Return whether a heading names a column of one of the tables."""
    return any(
        heading_score(table, column, heading) >= KNOWN
        for table in TABLES
        for column in heading_columns(table)
    )


def find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """Return the header in the first lines of a file, or None if there is none."""
    looked_at = rows[: LOOKED_AT + _ROWS_BELOW]
    values = values_among({cell for cells in looked_at for cell in cells})
    best, score = -1, 0.0
    for place, cells in enumerate(rows[:LOOKED_AT]):
        points = _score(cells, rows[place + 1 : place + 1 + _ROWS_BELOW], values)
        if points > score:
            best, score = place, points
    if best < 0:
        return None
    first, number = best, 1
    if best and _is_upper(rows[best - 1], rows[best]):
        first, number = best - 1, 2
    elif best + 2 < len(rows) and _is_lower(rows[best], rows[best + 1], rows[best + 2]):
        number = 2
    cells = rows[first + number - 1]
    known = sum(is_known(cell) for cell in cells if cell.strip())
    return Header(first + 1, number, known, tuple(cell.strip() for cell in cells))


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _score(cells: Sequence[str], below: Sequence[Sequence[str]], values: set[str]) -> float:
    """Return how strongly a row looks like a header; 0 if it cannot be one."""
    filled = _filled(cells)
    if len(filled) < 2:
        return 0.0
    count = sum(cell in values for cell in filled)
    texts = len(filled) - count
    few = _are_days_of_a_grid(cells, below, values)
    grid = (count >= _LEAST_GRID or few) and texts >= 1 and filled[0] not in values
    if count and not (grid and len(set(filled)) == len(filled)) and count > len(filled) / 5:
        return 0.0
    known = sum(is_known(cell) for cell in filled if cell not in values)
    if any(len(cell) > 200 for cell in filled) or (grid and not known):
        return 0.0
    wide = [len(_filled(row)) for row in below if _filled(row)]
    fits = sum(width >= 0.3 * len(filled) for width in wide) / len(wide) if wide else 0.4
    contrast = any(cell.strip() in values for row in below for cell in row)
    distinct = len(set(filled)) / len(filled)
    if not known and not contrast:
        return 0.0
    return 3 * known + 0.2 * min(texts, 20) + 2 * fits + 1.5 * contrast + distinct


def _are_days_of_a_grid(
    cells: Sequence[str], below: Sequence[Sequence[str]], values: set[str]
) -> bool:
    """Return whether all values of a row are different full dates, above cells that are not dates.

    A monthly grid can have one or two dates only. In a row of data, dates are above other dates.
    """
    places = [place for place, cell in enumerate(cells) if cell.strip() in values]
    days = [cells[place].strip() for place in places]
    if not days or not all(are_dates(days)) or len(set(days)) < len(days):
        return False
    marks = [row[place].strip() for row in below for place in places if place < len(row)]
    filled = [mark for mark in marks if mark]
    return bool(filled) and not any(are_dates(filled))


def _is_upper(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Return whether a row is an upper header row, with headings for several columns below."""
    above, own = _filled(upper), _filled(lower)
    if len(above) < 2 or any(map(is_value, above)) or any(cell.endswith(":") for cell in above):
        return False
    if ":" in above[0]:
        return False
    twice = len(set(own)) < len(own)
    merged = sum(
        bool(cell.strip()) and place + 1 < len(upper) and not upper[place + 1].strip()
        for place, cell in enumerate(upper)
    )
    under = any(
        cell.strip() and not (lower[place].strip() if place < len(lower) else "")
        for place, cell in enumerate(upper)
    )
    return twice or under or (merged > 0 and len(above) < len(own) and len(own) > 3)


def _is_lower(upper: Sequence[str], lower: Sequence[str], data: Sequence[str]) -> bool:
    """Return whether the row below a header belongs to it: headings below blank (merged) cells."""
    own = _filled(lower)
    if not own or any(map(is_value, own)) or len(set(own)) < len(own):
        return False
    if not any(map(is_value, _filled(data))):
        return False
    blank = [place for place, cell in enumerate(lower) if cell.strip()]
    under_blank = sum(not (upper[place].strip() if place < len(upper) else "") for place in blank)
    return under_blank > 0 and len(_filled(data)) > len(_filled(upper)) * 0.5
