"""The report as the command line asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.errors import ReportError
from iop_outcomes.paper_process import PaperProcess, worth_it
from iop_outcomes.report.each import (
    may_be_file_of_program,
    refuse_to_replace,
    reports_of_programs,
    save_all,
)
from iop_outcomes.report.earlier import read_earlier
from iop_outcomes.report.forms.apart import Shared
from iop_outcomes.report.forms.pdf import for_paper
from iop_outcomes.report.forms.saving import check_path
from iop_outcomes.report.made import Report
from iop_outcomes.report.model import How
from iop_outcomes.report.period import period_asked
from iop_outcomes.report.quarterly import Wanted, make_report, prepared
from iop_outcomes.report.sections.registry import NAMES
from iop_outcomes.report.settings import (
    USUAL,
    ReportSettings,
    given_over,
    read_settings,
    with_program_names,
)
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.saving import refuse_same_files, write_whole

if TYPE_CHECKING:
    from iop_outcomes.disclosure import SafePolicy
    from iop_outcomes.records import Records

FORMS = ("html", "pdf", "docx", "xlsx", "json")


def settings_at(path: Path | None, data: Path, *, look: bool = True) -> ReportSettings:
    """Return the settings of a report.toml.

    Parameters
    ----------
    path : pathlib.Path or None
        The file that was named.
    data : pathlib.Path
        Where the records are: without a name the report.toml there is taken, if there is one.
    look : bool
        Whether to look for it.
    """
    if path is None and look:
        place = (data if data.is_dir() else data.parent) / USUAL
        path = place if place.is_file() else None
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
        Of `quarterly_report` and `make_report`.
    """
    names = settings.programs
    records = with_program_names(records, names)
    if programs:
        records = records.where(program=[names.get(one, one) for one in programs])
    made = {name: options.pop(name) for name in ("progress", "early") if name in options}
    return make_report(
        *prepared(records, settings=replace(settings, programs={}), **options), **made
    )


def write_report(
    records: Records,
    settings: ReportSettings,
    programs: Sequence[str] | None,
    places: Sequence[Path],
    ledger: Path | None,
    paper: PaperProcess | None = None,
    *,
    progress: bool = False,
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
    paper : PaperProcess or None
        Where the PDF is made, and some of the pictures.
    progress : bool
        Show the stages on the standard error.
    **options
        Of `quarterly_report`.
    """
    held = None if ledger is None else Ledger.read(ledger)
    options |= {"progress": progress, "ledger": held}
    if paper is None:
        report = report_of_programs(records, settings, programs, **options)
        saved = [report.save(place) for place in places]
    else:
        hows = _hows(places)
        with Shared(paper, keep="dots" in hows, progress=progress) as shared:
            options["early"] = lambda drawings: shared.draw(drawings, *hows)
            report = report_of_programs(records, settings, programs, **options)
            saved = _save_with(shared, report, places)
    if ledger is not None and report.ledger is not None:
        report.ledger.save(ledger)
    written = f"{report.title}: {', '.join(str(one) for one in saved)}"
    return "\n".join([written, *_hints(records, report)])


def _hints(records: Records, report: Report) -> list[str]:
    """Return what whoever made a report should know of it, a line each."""
    if "admissions" not in report.tables:
        return ["It has no number of people: there are too few to publish."]
    if report.cells is None or report.cells.quarter or records.time != "calendar":
        return []
    newest = pd.Period(pd.Timestamp(records.as_of) + pd.Timedelta(days=1), "Q") - 1
    return [
        "It is of the whole time: changes, trends and the page of all measures are of a period, "
        f"such as --quarter {newest}, the last quarter that is over."
    ]


def _hows(places: Sequence[Path]) -> list[How]:
    """Return how pictures are drawn for a PDF and these files."""
    endings = {place.suffix.lower() for place in places}
    narrow: list[How] = ["narrow"] if endings & {".html", ".htm"} else []
    dots: list[How] = ["dots"] if ".docx" in endings else []
    return ["picture", *narrow, *dots]


def _save_with(shared: Shared, report: Report, places: Sequence[Path]) -> list[Path]:
    """Write a report in each of its forms; the PDF is laid out while the others are made."""
    words = [place for place in places if place.suffix.lower() == ".docx"]
    shared.draw(report.drawings, *_hows(places))
    shared.pictures("picture")
    shared.lay_out(for_paper(report.page_for_paper()))
    shared.pictures("narrow")
    for place in places:
        if place.suffix.lower() != ".pdf" and place not in words:
            report.save(place)
    if words:  # while the other process lays the page out
        shared.pictures("dots")
    for place in words:
        report.save(place)
    pdf = shared.finish()
    for place in places:
        if place.suffix.lower() == ".pdf":
            write_whole(place, pdf, "The report")
    return list(places)


def write_each(
    records: Records,
    settings: ReportSettings,
    programs: Sequence[str] | None,
    places: Sequence[Path],
    ledger: Path | None,
    *,
    quarter: str | None = None,
    period: str | None = None,
    policy: SafePolicy | None = None,
    progress: bool = False,
    **heading: Any,
) -> str:
    """Write the report of all programs and one of each; return what was written, a line a file.

    Parameters
    ----------
    records, settings, programs, places, ledger
        See `write_report`; `programs` cannot be chosen.
    quarter, period
        The time.
    policy : SafePolicy, optional
        Which counts are hidden; see `quarterly_report`.
    progress : bool
        Show how many are made.
    **heading
        ``title, prepared_by, prepared_on``.
    """
    if programs:
        raise ReportError(
            "A report of each program is of all that are large enough.",
            found=f"--program {as_written(programs[0])} with --all-programs",
            instead="one of the two",
        )
    refuse_to_replace(places)
    held = None if ledger is None else Ledger.read(ledger)
    reports = reports_of_programs(
        records,
        Wanted(period_asked(quarter, period), policy=policy, ledger=held),
        given_over(settings, **heading),
        progress=progress,
    )
    files = save_all(reports, places)
    if ledger is not None and reports.ledger is not None:
        reports.ledger.save(ledger)
    lines = [str(one) for one in files]
    if reports.without:
        lines.append(f"Too few people for a report of their own: {', '.join(reports.without)}")
    return "\n".join(lines)


def check_earlier(compare: Sequence[Path] | None, *, all_programs: bool) -> None:
    """Raise ReportError if some earlier reports cannot be read, or a report cannot be beside them.

    Parameters
    ----------
    compare : sequence of pathlib.Path or None
        Their files.
    all_programs : bool
        Whether there is a report of each program: these are not set beside earlier ones.
    """
    if compare and all_programs:
        raise ReportError(
            "Reports of each program are not set beside earlier ones.",
            found="--compare with --all-programs",
            instead="one of the two; --ledger holds what was printed",
        )
    read_earlier(compare)


def refuse_same_places(
    places: Sequence[Path],
    ledger: Path | None,
    data: Path,
    mapping: Path | None,
    settings: Path | None,
    compare: Sequence[Path] | None,
    *,
    all_programs: bool,
) -> None:
    """Raise RuleError if a file to be written is one that the command reads or writes, too.

    Parameters
    ----------
    places, ledger
        See `write_report`. With a report of each program the names of these depend on the records:
        any name that one of them could have is refused for the ledger.
    data, mapping, settings, compare
        What the command reads.
    all_programs : bool
        Whether there is a report of each program.
    """
    written = [("the report (--out)", place) for place in places]
    if ledger is not None:
        written.append(("the ledger (--ledger)", ledger))
        for place in places if all_programs else ():
            if may_be_file_of_program(ledger, place):
                written.append(("the report of a program (--all-programs)", ledger))
    folder = data if data.is_dir() else data.parent
    read = [("the data", data), ("the mapping", mapping or folder / "mapping.toml")]
    read.append(("the settings", settings or folder / USUAL))
    read += [("an earlier report (--compare)", path) for path in compare or ()]
    refuse_same_files(written, read)


def places_of(out: Path, forms: str | None, *, apart: bool = False) -> list[Path]:
    """Return where a report is written: `out`, or a file beside it for each form that is named.

    Parameters
    ----------
    out : pathlib.Path
        The file; with `forms` its ending is replaced.
    forms : str or None
        Such as ``html,xlsx,json``; None for the form of the ending.
    apart : bool
        Whether a PDF is made in another process where that is sooner: see `paper_process`.

    Raises
    ------
    ReportError
        There is no such form, or a file cannot be written there.
    """
    named = [form.strip().lower() for form in (forms or "").split(",") if form.strip()]
    if forms is not None and not named:  # as of a variable that is not set
        raise ReportError(
            "No form of a report is named.",
            found=f"--format {as_written(forms)}",
            instead=f"some of {', '.join(FORMS)}, such as html,xlsx; or leave --format out",
        )
    for form in named:
        if form not in FORMS:
            raise ReportError(
                "There is no form of a report of that name.",
                found=as_written(form),
                instead=f"some of {', '.join(FORMS)}, such as html,xlsx",
            )
    places = [out.with_suffix(f".{form}") for form in dict.fromkeys(named)] or [out]
    apart = apart and worth_it([place.suffix for place in places])
    for place in places:
        check_path(place, apart=apart)
    return places
