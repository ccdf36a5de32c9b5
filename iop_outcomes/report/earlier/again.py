"""A report of a time that was printed before: made once more only as it was."""

from __future__ import annotations

from collections.abc import Sequence

from iop_outcomes.disclosure.linked import OF_EXPORT
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.errors import ReportError


def refuse_changed(report: PrintedCells, issued: Sequence[PrintedCells]) -> None:
    """Refuse a report of a time of which a ledger holds one that printed other figures.

    Parameters
    ----------
    report : PrintedCells
        The report.
    issued : sequence of PrintedCells
        The reports of the ledger.

    Raises
    ------
    ReportError
        If a count of it is another one than was printed for the same time and programs, or, with
        another data cut, was hidden there. It says how many there are.

    Notes
    -----
    How many rows the export has is left out: that differs with each export, and is looked at
    beside all reports.
    """
    if not report.quarter:
        return
    own = {key: value for key, value in report.counts.items() if value is not None}
    for before in issued:
        if (before.programs, before.quarter) != (report.programs, report.quarter):
            continue
        same_cut = before.data_cut == report.data_cut  # then what was hidden is the same count
        changed = [
            key
            for key, value in own.items()
            if key in before.counts and not (isinstance(key, tuple) and key[0] in OF_EXPORT)
            if before.counts[key] != value and not (same_cut and before.counts[key] is None)
        ]
        if changed:
            raise ReportError(
                "A report of the same time was printed from other records: beside it the figures "
                "that changed could tell of a few people who were entered late, or corrected.",
                found=f"{len(changed):,} figures of {report.quarter} that are not as they were "
                "printed",
                instead="send the report as it was first made; or make that of the next quarter, "
                "which has the corrections",
            )
