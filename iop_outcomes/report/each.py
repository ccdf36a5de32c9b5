"""A report of all programs and one of each, safe beside one another; all are written, or none."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.errors import ReportError
from iop_outcomes.report.earlier.memory import refuse_ledger
from iop_outcomes.report.made import Report
from iop_outcomes.report.quarterly import Wanted, make_report, refuse_late_cut
from iop_outcomes.report.scope import OTHER_PROGRAMS, choose_scope
from iop_outcomes.report.sections.cohort.served import served_columns
from iop_outcomes.report.settings import ReportSettings, with_program_names
from iop_outcomes.report.together import WHOLE, Together
from iop_outcomes.shared.messages import names_asked
from iop_outcomes.shared.saving import check_place

if TYPE_CHECKING:
    from iop_outcomes.records import Records

LONGEST_SLUG = 40  # letters of a program's name in the name of a file
APART = ("relapse", "symptoms")
"""Sections that reports of single programs leave out: they are in the report of all.

A second curve of the same people, with other days, would disclose the few between them; and that a
program has no row of scores, beside the means of all and of the others, why it has none.
"""


@dataclass(frozen=True, eq=False)
class ReportsOfPrograms:
    """The report of all programs, and that of each.

    Attributes
    ----------
    whole : Report
        Of all.
    each : dict of str to Report
        The name of a program -> its report.
    without : tuple of str
        The programs that are too small for one of their own.
    ledger : Ledger or None
        With all of these reports, if one was given.
    """

    whole: Report
    each: dict[str, Report]
    without: tuple[str, ...]
    ledger: Ledger | None


def reports_of_programs(
    records: Records, wanted: Wanted, settings: ReportSettings, *, progress: bool = False
) -> ReportsOfPrograms:
    """Return the report of all programs, and one of each, that disclose no small count together.

    Parameters
    ----------
    records : Records
        With more than one program.
    wanted : Wanted
        The period and the rules, and the ledger of earlier reports.
    settings : ReportSettings
        Of all of them. A title that is set has the name of the program at its end in its report.
    progress : bool
        Show how many are made.

    Raises
    ------
    ReportError
        There is one program only, or a small count would follow from the reports together.
    """
    records = with_program_names(records, settings.programs)
    shown = served_columns(records, settings.served_by)
    settings = replace(settings, programs={}, served_by=shown)
    scope = choose_scope(records, wanted.period, wanted.rule, wanted.policy)
    refuse_late_cut(scope)
    chosen = sorted(one for one in scope.programs if one not in (*scope.too_few, OTHER_PROGRAMS))
    if len(scope.programs) + len(scope.too_few) < 2 or not chosen:
        raise ReportError(
            "There is no report of each program: fewer than two can be distinguished.",
            found=names_asked(scope.programs),
            instead="the report of all, without --all-programs",
        )
    held = wanted.ledger or Ledger()
    if wanted.ledger is not None:
        refuse_ledger(scope, held)
    for hide_export in (False, True):
        together = Together(tuple(scope.programs), len(held.reports), hide_export=hide_export)
        each, ledger = _made(records, wanted, settings, chosen, together, progress=progress)
        if not together.tells:
            break
    _refuse_leaks(together)
    whole = each.pop(WHOLE)
    without = tuple(sorted({*scope.too_few, *scope.pooled}))
    return ReportsOfPrograms(whole, each, without, ledger if wanted.ledger else None)


def _made(
    records: Records,
    wanted: Wanted,
    settings: ReportSettings,
    programs: Sequence[str],
    together: Together,
    *,
    progress: bool,
) -> tuple[dict[str, Report], Ledger]:
    """Return the report of each program and then that of all, and a ledger with them."""
    ledger = wanted.ledger or Ledger()
    each = {}
    for name in _watched([*programs, WHOLE], progress):
        together.own = name
        asked = replace(wanted, ledger=ledger, together=together)
        own = settings if name == WHOLE else _settings_for(settings, name)
        part = records if name == WHOLE else records.where(program=[name])
        each[name] = make_report(part, asked, own)
        ledger = each[name].ledger or ledger
    return each, ledger


def _settings_for(settings: ReportSettings, program: str) -> ReportSettings:
    return replace(
        settings,
        title=f"{settings.title}, {program}" if settings.title else None,
        leave_out=tuple(dict.fromkeys((*settings.leave_out, *APART))),
        order=tuple(one for one in settings.order if one not in APART),
    )


def _refuse_leaks(together: Together) -> None:
    """Refuse reports from which a small count follows when they are taken together."""
    instead = "the report of all programs alone, without --all-programs"
    try:
        leaks = together.leaks
    except ReportError:
        raise ReportError(
            "The reports of the programs contradict each other, so that it cannot be said whether "
            "they are safe together. Nothing is written.",
            instead=instead,
        ) from None
    if leaks:
        raise ReportError(
            "Small counts would follow from the reports of the programs taken together. Nothing is "
            "written.",
            found=f"{leaks:,} {'count' if leaks == 1 else 'counts'}",
            instead=instead,
        )


def file_names(out: Path, programs: Sequence[str]) -> dict[str, Path]:
    """Return the file of each program's report beside that of all: its number and its name.

    Parameters
    ----------
    out : pathlib.Path
        The file of the report of all.
    programs : sequence of str
        Their names; of these letters and digits of ASCII are kept, and the number distinguishes the
        others apart.

    Examples
    --------
    >>> [path.name for path in file_names(Path("2026.html"), ["Haus Süd/Ost", "北"]).values()]
    ['2026_1-haus-sud-ost.html', '2026_2.html']
    """
    digits = len(str(len(programs)))
    files = {}
    for number, name in enumerate(programs, start=1):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-")
        stem = f"{out.stem}_{number:0{digits}d}{'-' if slug else ''}{slug}"
        files[name] = out.with_name(f"{stem}{out.suffix}")
    return files


def may_be_file_of_program(path: Path, out: Path) -> bool:
    """Return whether a path could be that of a program's report, as `file_names` gives it.

    Parameters
    ----------
    path : pathlib.Path
        The path.
    out : pathlib.Path
        The file of the report of all.

    Examples
    --------
    >>> out = Path("2026.json")
    >>> [may_be_file_of_program(Path(name), out) for name in ("2026_1-haus.json", "ledger.json")]
    [True, False]
    """
    name = rf"{re.escape(out.stem)}_\d+(-[a-z0-9-]+)?{re.escape(out.suffix)}"
    folder, own = os.path.split(os.path.realpath(path))
    return folder == os.path.realpath(out.parent) and re.fullmatch(name, own) is not None


def save_all(reports: ReportsOfPrograms, places: Sequence[Path]) -> list[Path]:
    """Write all reports in each form, or none of them; return their files.

    Parameters
    ----------
    reports : ReportsOfPrograms
        What is written.
    places : sequence of pathlib.Path
        The file of the report of all in each form; the others are beside it, see `file_names`.

    Raises
    ------
    ReportError
        A file is there already, or one cannot be written.
    """
    planned: list[tuple[Report, Path]] = []
    for out in places:
        names = file_names(out, list(reports.each))
        planned += [(reports.whole, out), *((reports.each[name], names[name]) for name in names)]
    refuse_to_replace([path for _, path in planned])
    folder = places[0].parent
    with TemporaryDirectory(prefix=".report-", dir=folder) as unfinished:
        written = [report.save(Path(unfinished) / path.name) for report, path in planned]
        for ready, (_, path) in zip(written, planned, strict=True):
            os.replace(ready, path)
    return [path for _, path in planned]


def refuse_to_replace(paths: Sequence[Path]) -> None:
    """Refuse to write where there is a file already, or where no file can be."""
    for path in paths:
        check_place(path, "The report")
        if path.exists():
            raise ReportError(
                "A file is there already, and reports of all programs write over none.",
                found=str(path.name),
                instead="another name after --out, or an empty folder",
            )


def _watched(names: list[str], progress: bool) -> Iterator[str]:
    if not progress:
        return iter(names)
    from tqdm import tqdm

    return iter(tqdm(names, desc="reports of programs"))
