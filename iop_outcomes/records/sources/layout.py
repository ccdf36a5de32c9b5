"""The position and size of the header of a file, and the sheets that are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from iop_outcomes.errors import RecordsError
from iop_outcomes.shared.messages import names_asked

_MOST_NAMED = 12  # sheets in a message


@dataclass(frozen=True)
class Layout:
    """The layout of a file or sheet.

    Attributes
    ----------
    header_row : int or None
        The line of the first header row, counted from 1. Rows above it are not read. None: the
        first row that is not empty.
    header_rows : int
        The number of header rows. Their names are joined by a space; a blank cell of an upper row
        takes the text on its left.
    sheets : tuple of str
        Of a workbook: names of sheets, or patterns with ``*``, ``?`` and ``[``, compared without
        regard to case. A hidden sheet is read only if it is named without a pattern. Empty:
        every sheet that is not hidden.
    """

    header_row: int | None = None
    header_rows: int = 1
    sheets: tuple[str, ...] = ()

    @property
    def lines_above(self) -> int:
        """The number of lines above the header; 0 if the layout does not say it."""
        return (self.header_row or 1) - 1


def chosen_sheets(visible: Mapping[str, bool], layout: Layout, file: str) -> list[str]:
    """Return the sheets that a layout names, in the order of the workbook.

    Parameters
    ----------
    visible : mapping of str to bool
        For each sheet of the workbook whether it is not hidden.
    layout : Layout
        The layout.
    file : str
        The name of the workbook in messages.

    Raises
    ------
    RecordsError
        If a named sheet does not exist, or no sheet matches a pattern.
    """
    if not layout.sheets:
        return [title for title, shown in visible.items() if shown]
    chosen: set[str] = set()
    for pattern in layout.sheets:
        wanted = pattern.strip().casefold()
        fitting = [title for title in visible if title.strip().casefold() == wanted] or [
            title
            for title, shown in visible.items()
            if shown and fnmatchcase(title.strip().casefold(), wanted)
        ]
        if not fitting:
            there = [title for title, shown in visible.items() if shown]
            raise RecordsError(
                f"{file} has no sheet {names_asked([pattern])}.",
                found=names_asked(there[:_MOST_NAMED]) if there else "only hidden sheets",
                instead="Write the name of a sheet, or a pattern such as *2026; a hidden sheet "
                "is read only if it is named exactly.",
            )
        chosen.update(fitting)
    return [title for title in visible if title in chosen]
