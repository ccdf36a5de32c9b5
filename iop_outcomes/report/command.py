"""The report as the command line asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iop_outcomes.report.quarterly import Report, quarterly_report
from iop_outcomes.report.sections.registry import NAMES
from iop_outcomes.report.settings import ReportSettings, read_settings, with_program_names

if TYPE_CHECKING:
    from iop_outcomes.records import Records


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
