"""The report as the command line asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.saving import check_path
from iop_outcomes.report.quarterly import Report, quarterly_report
from iop_outcomes.report.sections.registry import NAMES
from iop_outcomes.report.settings import ReportSettings, read_settings, with_program_names
from iop_outcomes.shared.messages import as_written

if TYPE_CHECKING:
    from iop_outcomes.records import Records

FORMS = ("html", "pdf", "docx", "xlsx", "json")


def settings_at(path: Path | None) -> ReportSettings:
    """Return the settings of a report.toml; those of none, if no file is named."""
    return ReportSettings() if path is None else read_settings(path, NAMES)


def report_of_programs(
    records: Records, settings: ReportSettings, programs: Sequence[str] | None, **options: Any
) -> Report:
    """Return the report of some programs, named as in the records or as in the report.

    Parameters
    ----------
    records : Records
        Of all programs, so that each that the settings name is there.
    settings : ReportSettings
        See `settings_at`.
    programs : sequence of str or None
        The programs; all, if none is named.
    **options
        Of `quarterly_report`.
    """
    names = settings.programs
    records = with_program_names(records, names)
    if programs:
        records = records.where(program=[names.get(one, one) for one in programs])
    return quarterly_report(records, settings=replace(settings, programs={}), **options)


def write_report(
    records: Records,
    settings: ReportSettings,
    programs: Sequence[str] | None,
    places: Sequence[Path],
    ledger: Path | None,
    **options: Any,
) -> str:
    """Write the report of some programs in each of its forms; return what was written.

    Parameters
    ----------
    records, settings, programs
        See `report_of_programs`.
    places : sequence of pathlib.Path
        Where: see `places_of`.
    ledger : pathlib.Path or None
        The file of the ledger, which is read before and written after.
    **options
        Of `quarterly_report`.
    """
    held = None if ledger is None else Ledger.read(ledger)
    made = report_of_programs(records, settings, programs, ledger=held, **options)
    saved = ", ".join(str(made.save(place)) for place in places)
    if ledger is not None and made.ledger is not None:
        made.ledger.save(ledger)
    return f"{made.title}: {saved}"


def places_of(out: Path, forms: str) -> list[Path]:
    """Return where a report is written: `out`, or a file beside it for each form that is named.

    Parameters
    ----------
    out : pathlib.Path
        The file; with `forms` its ending is replaced.
    forms : str
        Such as ``html,xlsx,json``; empty for the form of the ending.

    Raises
    ------
    ReportError
        There is no such form, or a file cannot be written there.
    """
    named = [form.strip().lower() for form in forms.split(",") if form.strip()]
    for form in named:
        if form not in FORMS:
            raise ReportError(
                "There is no form of a report of that name.",
                found=as_written(form),
                instead=f"some of {', '.join(FORMS)}, such as html,xlsx",
            )
    places = [out.with_suffix(f".{form}") for form in dict.fromkeys(named)] or [out]
    for place in places:
        check_path(place)
    return places
