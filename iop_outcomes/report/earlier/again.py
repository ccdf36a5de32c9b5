"""A report of a time that was printed before: made once more only as it was."""

from __future__ import annotations

from collections.abc import Sequence

from iop_outcomes.disclosure.declared import Key
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
        If a count or share of it is another one than was printed for the same time and programs,
        or, with another data cut, a count was hidden there. It says how many there are.

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
            if key in before.counts and not _is_of_export(key)
            if before.counts[key] != value and not (same_cut and before.counts[key] is None)
        ]
        changed += _shares_changed(report, before)
        if same_cut and _is_of_other_rows(report, before):  # a figure is hidden for what changed
            printed = {key for key, value in before.counts.items() if value is not None}
            changed += [key for key in printed if report.counts.get(key, 0) is None]
        if changed:
            raise ReportError(
                "A report of the same time was printed from other records: beside it the figures "
                "that changed could tell of a few people who were entered late, or corrected.",
                found=f"{len(changed):,} figures of {report.quarter} that are not as they were "
                "printed",
                instead="send the report as it was first made; or make that of the next quarter, "
                "which has the corrections",
            )


def _shares_changed(report: PrintedCells, before: PrintedCells) -> list[Key]:
    """Return of which printed shares both reports have other ranges, by the name of what counts."""
    printed = {(one.numerator, one.denominator): (one.low, one.high) for one in before.shares}
    return [
        one.numerator
        for one in report.shares
        if printed.get((one.numerator, one.denominator), (one.low, one.high)) != (one.low, one.high)
    ]


def _is_of_other_rows(report: PrintedCells, before: PrintedCells) -> bool:
    """Return whether two reports print that another number of rows was read."""
    numbers = [
        (value, before.counts.get(key))
        for key, value in report.counts.items()
        if _is_of_export(key)
    ]
    return any(None not in pair and pair[0] != pair[1] for pair in numbers)


def _is_of_export(key: Key) -> bool:
    return isinstance(key, tuple) and key[0] in OF_EXPORT
