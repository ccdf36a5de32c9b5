"""Files of reports and ledgers, read for an audit: an error names the file that is not usable."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from iop_outcomes.disclosure.system.auditing import is_internal, refuse_internal
from iop_outcomes.disclosure.system.cells import PrintedCells, cells_within
from iop_outcomes.disclosure.system.documents import words_of
from iop_outcomes.disclosure.system.json_files import read_json, refuse_file
from iop_outcomes.disclosure.system.overlaps import figures
from iop_outcomes.errors import ReportError
from iop_outcomes.shared.characters import printable

WHAT = "A file to be audited"
INSTEAD = "a report that `report --format json` wrote, or a ledger of `report --ledger`, unchanged"


def read_files(paths: Iterable[str | Path]) -> list[PrintedCells]:
    """Return the cells of all reports that some files hold, in their order.

    Parameters
    ----------
    paths : iterable of str or pathlib.Path
        Reports saved as JSON, and ledgers.

    Raises
    ------
    ReportError
        A file cannot be read or holds something else, or a report is internal. It names the file.
    """
    return [cells for path in paths for cells in _read(path)]


def _read(path: str | Path) -> list[PrintedCells]:
    content = read_json(path, WHAT, INSTEAD)
    if isinstance(content, dict) and not {"reports", "schema", "cells", "format"} & {*content}:
        refuse_file(WHAT, path, "it is neither a report nor a ledger", INSTEAD)
    try:
        reports = cells_within(content)
        for report in reports:  # a document is read as its tables and words are asked
            if report.document:
                figures(report.document)
                list(words_of(report.document))
    except (ReportError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        refuse_file(WHAT, path, "it holds no complete report, or was changed", INSTEAD)
    if any(map(is_internal, reports)):
        refuse_internal(printable(str(path)))
    return reports
