"""Save a report and read it back, as the audit and as somebody who was sent it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from iop_outcomes.disclosure.system import PrintedCells, read_cells
from iop_outcomes.report import Report
from validation.attack_reading import Read, read_report


def as_saved(made: Report) -> list[PrintedCells]:
    """Return what the audit reads of a report that is saved as JSON."""
    with TemporaryDirectory() as folder:
        path = made.save(Path(folder) / "r.json")
        return read_cells(path.read_text(encoding="utf-8"))


def as_read(made: Report) -> Read:
    """Return what somebody reads who was sent a report as HTML and as XLSX."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        return read_report(made.save(place / "r.html"), made.save(place / "r.xlsx"))
