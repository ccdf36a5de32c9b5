"""The quarterly outcome report: from records to one file that can be sent."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.merging import Ladders
from iop_outcomes.errors import ReportError, RuleError
from iop_outcomes.outreach.people import refuse_people
from iop_outcomes.records import require_records
from iop_outcomes.records.data_cut import as_day
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.report.counting import Pictures, cells_of, count_all, count_rows
from iop_outcomes.report.earlier import EarlierReport, read_earlier, refuse_unlike
from iop_outcomes.report.earlier.memory import refuse_ledger, rules_of
from iop_outcomes.report.forms.document import document_of, printable_all
from iop_outcomes.report.forms.html import facts_of, page_of, usual_title
from iop_outcomes.report.forms.word import word_file
from iop_outcomes.report.made import Report
from iop_outcomes.report.model import Drawing, Section
from iop_outcomes.report.period import ReportPeriod, period_asked
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections.cohort.served import served_columns
from iop_outcomes.report.sections.findings import findings_frame, make_findings
from iop_outcomes.report.sections.registry import (
    NAMES,
    Material,
    OwnSection,
    Part,
    build,
    finished,
    sections_of,
)
from iop_outcomes.report.settings import (
    ReportSettings,
    checked_targets,
    given_over,
    read_settings,
    with_program_names,
)
from iop_outcomes.report.together import Together
from iop_outcomes.shared.characters import one_line
from iop_outcomes.shared.messages import as_written

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Each = TypeVar("Each")


def quarterly_report(
    records: Records,
    quarter: str | None = None,
    *,
    period: str | None = None,
    rule: RelapseRule | None = None,
    policy: SafePolicy | None = None,
    ladders: Ladders | None = None,
    ledger: Ledger | None = None,
    compare: str | Path | Sequence[str | Path] | None = None,
    title: str | None = None,
    prepared_by: str | None = None,
    prepared_on: str | datetime.date | None = None,
    served_by: Sequence[str] | None = None,
    settings: str | Path | ReportSettings | None = None,
    sections: Sequence[OwnSection] = (),
    progress: bool = False,
) -> Report:
    """Make the outcome report of a quarter, a year or any other period.

    Parameters
    ----------
    records : Records
        What `iop_outcomes.read_records` returned. Only the episodes are needed; each section says
        which table it misses.
    quarter : str, optional
        As ``2026Q3``. Without it and `period` the report covers the whole time, as it must where
        the records hold study days.
    period : str, optional
        In place of `quarter`: a year as ``2026``, a rolling year as ``2025-10..2026-09``, a month
        as ``2026-07``, a quarter, or two dates as ``2026-01-15..2026-04-14``. It is compared with
        the one before of the same length, and with the same one a year earlier; if it is a year
        or longer, with the one before.
    rule : RelapseRule, optional
        What relapse is, and what a missing check-in means.
    policy : SafePolicy, optional
        Default: counts from 1 to 10 are hidden. A program with fewer than twice the threshold of
        admissions in the last year is left out of every number, and named as too few to
        publish: no share of its people could be shown. Several such programs are counted together
        as "other programs" where they are enough. ``SafePolicy.internal()`` hides nothing, and
        every page says that it must not be sent; ``SafePolicy.rounded()`` is refused.
    ladders : Ladders, optional
        How periods and groups are merged where too many rows would hold a small count: see
        `iop_outcomes.disclosure.merging`. What was merged is listed among the definitions.
    ledger : Ledger, optional
        What earlier reports of the same programs printed (`iop_outcomes.disclosure.ledger`): it
        stays as it was printed, and nothing is printed from which a small count follows beside it.
        Refused where its reports are of times of another length, or that overlap this one.
    compare : str or pathlib.Path or sequence of them, optional
        Earlier reports of the same programs, saved as JSON. The report is set beside them in a
        section of its own, and nothing is printed from which a small count follows beside them.
    title, prepared_by : str, optional
        As they are to be at the top.
    prepared_on : str or datetime.date, optional
        The date that is there, as ``2026-10-05``. Nothing is taken from the clock, so that the
        same records make the same report, to the byte.
    served_by : sequence of str, optional
        Columns of the episodes by which the admissions are shown too, such as ``["age", "sex",
        "primary_substance"]``. Each has at most 12 words; an age is shown in fixed bands. Default:
        ``age``, ``sex`` or ``gender``, and ``primary_substance``, where they are there.
    settings : str or pathlib.Path, optional
        A `report.toml` with the title, names, colours, targets and sections of the program: see
        docs/report.md. What is given beside it goes before.
    sections : sequence of tuple, optional
        Sections of your own, each ``(name, title, function)``. The function is given the records of
        the programs that are in the report, and returns sentences and results, such as curves or a
        trend; each result passes `iop_outcomes.protect` before it is shown. Sentences are printed
        as they are written: a count in them is not protected.
    progress : bool, default False
        Show the stages on the standard error.

    Raises
    ------
    ReportError
        There are no episodes, or nobody was there in the period, or its name cannot be read; an
        earlier report cannot be read, or was made by other rules, of other programs, of a time that
        overlaps or of later records.
    RuleError
        `prepared_on` is not a date, `served_by` names a column that is not there or may identify
        people, the policy is one of rounded counts, the settings hold what is
        not known, a section of your own is no such section, or a list that names people is given in
        place of records.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> report = iop.quarterly_report(iop.read_records("data/samples"), "2026Q3")
    >>> list(report.findings.columns)
    ['measure', 'title', 'change', 'text']
    """
    return make_report(
        *prepared(
            records,
            quarter,
            period=period,
            rule=rule,
            policy=policy,
            ladders=ladders,
            ledger=ledger,
            compare=compare,
            title=title,
            prepared_by=prepared_by,
            prepared_on=prepared_on,
            served_by=served_by,
            settings=settings,
            sections=sections,
        ),
        progress=progress,
    )


MOST_WITHOUT_RECORDS = 92  # days before the data cut: a quarter


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a report is to be about, and beside what: see `quarterly_report`.

    `together` holds the other reports that are made with it, of single programs and of all;
    `earlier` those that were issued before and that it is set beside.
    """

    period: ReportPeriod | None = None
    rule: RelapseRule | None = None
    policy: SafePolicy | None = None
    ladders: Ladders | None = None
    ledger: Ledger | None = None
    together: Together | None = None
    earlier: tuple[EarlierReport, ...] = ()


def prepared(
    records: Records,
    quarter: str | None = None,
    *,
    period: str | None = None,
    rule: RelapseRule | None = None,
    policy: SafePolicy | None = None,
    ladders: Ladders | None = None,
    ledger: Ledger | None = None,
    compare: str | Path | Sequence[str | Path] | None = None,
    title: str | None = None,
    prepared_by: str | None = None,
    prepared_on: str | datetime.date | None = None,
    served_by: Sequence[str] | None = None,
    settings: str | Path | ReportSettings | None = None,
    sections: Sequence[OwnSection] = (),
) -> tuple[Records, Wanted, ReportSettings, Sequence[OwnSection]]:
    """Return what `make_report` is given, checked: see `quarterly_report`."""
    refuse_people(records, "A report")
    require_records(records, "A report")
    asked = period_asked(quarter, period)
    if policy is not None and policy.base > 1:
        raise RuleError(
            "A quarterly report of rounded counts is not made: its rates and curves are exact.",
            found=f"SafePolicy.rounded(base={policy.base})",
            instead="SafePolicy.cms(); protect(trend, SafePolicy.rounded()) for one trend",
        )
    earlier = read_earlier(compare)
    chosen = _settings_of(settings, sections)
    day = prepared_day(prepared_on)
    heading = {"title": title, "prepared_by": prepared_by, "prepared_on": day}
    chosen = given_over(chosen, **heading, served_by=served_by)
    if not len(records.episodes):
        raise ReportError(
            "There is nobody to report on: no episode was kept.",
            found=f"{int(records.sources['rows_set_aside'].sum()):,} rows set aside",
            instead="Look at records.problems, or run iop-outcomes check.",
        )
    chosen = replace(chosen, served_by=served_columns(records, chosen.served_by))
    own = Wanted(asked, rule, policy, ladders, ledger, earlier=earlier)
    return records, own, chosen, sections


def make_report(
    records: Records,
    wanted: Wanted,
    chosen: ReportSettings,
    sections: Sequence[OwnSection] = (),
    *,
    progress: bool = False,
    early: Callable[[Sequence[Drawing]], None] = lambda _: None,
) -> Report:
    """Return the report of records that hold somebody; see `quarterly_report`.

    `early` is called with pictures as soon as what they show is known, before the report is made.
    """
    records = with_program_names(records, chosen.programs)
    rules = (wanted.rule, wanted.policy, chosen.served_by or ())
    scope = choose_scope(records, wanted.period, *rules)
    if wanted.together is None:  # else asked of all programs: one may have ended long before
        refuse_late_cut(scope)
    if wanted.ledger is not None and wanted.together is None:
        refuse_ledger(scope, wanted.ledger)
    refuse_unlike(scope, wanted.earlier)
    whole = Scope(records, scope.period, scope.rule, scope.policy, scope.too_few)
    heading = one_line(chosen.title or usual_title(whole))
    parts = sections_of(sections, chosen, beside=bool(wanted.earlier))
    steps: list[Part | None] = [None, *sorted(parts, key=lambda part: part.late)]
    built: dict[str, Section] = {}
    material, names = None, [one.name for one in parts]

    def begin(pictures: Pictures) -> None:
        early([one for name in names for one in pictures.get(name, ())])

    for part in _watched(steps, "sections", progress):  # all is counted before the first of them
        if part is None or material is None:
            material = _material(scope, whole, wanted, chosen, begin)
            early(material.begun(names))
            continue
        built[part.name] = build(part, material, names)
        early(built[part.name].drawings)
    assert material is not None  # the first step
    shown = finished([built[part.name] for part in parts], material)
    facts = facts_of(whole, chosen.prepared_by, chosen.prepared_on)
    facts += [("Settings", chosen.file)] if chosen.file else []
    written = page_of(whole, shown, chosen, heading, facts, merged=material.merged)
    drawings = [drawing for section in shown for drawing in section.drawings]

    def page() -> str:
        left = [one for one in drawings if not (one.has("picture") and one.has("narrow"))]
        for drawing in _watched(left, "pictures", progress):
            drawing.picture, drawing.narrow  # noqa: B018  # drawn once, and kept for the page
        return written()

    def paper() -> str:
        left = [one for one in drawings if not one.has("picture")]
        for drawing in _watched(left, "pictures", progress):
            drawing.picture  # noqa: B018
        return written(paper=True)

    tables = {one.name: one.frame.copy() for section in shown for one in section.all_tables}
    beside = False
    if material.counted is None:
        cells, kept = cells_of(scope, material.linked, material.hidden), wanted.ledger
    else:
        cells, kept = material.counted.cells, material.counted.ledger
        beside = material.counted.beside_earlier
    findings = findings_frame(material.findings)
    plain = heading, facts, findings, shown, _plain_period(scope)
    document = document_of(*plain, synthetic=records.synthetic)
    document |= {"rules": rules_of(scope), "beside_earlier": beside}
    document |= {"cells": printable_all(cells.as_json())}
    word = word_file(document, shown, scope, chosen)
    forms = (page, cells, kept, document, word, paper, chosen.logo or "", tuple(drawings))
    return Report(tables, findings, heading, *forms)


def refuse_late_cut(scope: Scope) -> None:
    """Raise ReportError if nothing is recorded for long before the data cut, and some had not left.

    Retention would be of those who had left only.
    """
    days, cut = scope.days_without_records, scope.records.as_of
    if days > MOST_WITHOUT_RECORDS:
        raise ReportError(
            "Who was still in the program is not known: nothing is recorded for a long time before "
            "the data cut, and some people had not left.",
            found=f"{days:,} days before {pd.Timestamp(cut).date()} without a record",
            instead='the day of the export as the data cut (as_of="2026-10-05", or --as-of); or '
            "the discharges of those who left",
        )


def _settings_of(
    settings: str | Path | ReportSettings | None, sections: Sequence[OwnSection]
) -> ReportSettings:
    if settings is None:
        return ReportSettings()
    if isinstance(settings, ReportSettings):
        checked_targets(settings.targets)
        return settings
    own = [one[0] for one in sections if isinstance(one, tuple | list) and len(one)]
    return read_settings(settings, [*NAMES, *own])


def prepared_day(prepared_on: str | datetime.date | None) -> str | None:
    """Return the day on which a report was prepared, as ``2026-10-05``; None if none is given.

    Raises
    ------
    RuleError
        If it is not a date.
    """
    if prepared_on is None:
        return None
    day = as_day(prepared_on)
    if np.isnat(day):
        raise RuleError(
            "The day on which the report was prepared is not a date.",
            found=as_written(prepared_on),
            instead='Write prepared_on="2026-10-05".',
        )
    return str(day)


def _material(
    scope: Scope,
    whole: Scope,
    wanted: Wanted,
    settings: ReportSettings,
    early: Callable[[Pictures], None],
) -> Material:
    """Count everything, and return what the sections are made of."""
    if _too_few(scope):
        linked = LinkedCounts(scope.policy)
        drafts = count_rows(whole, linked)
        return Material(scope, whole, linked, drafts, linked.hidden(), None, [], settings)
    ways = wanted.ladders or settings.ladders, wanted.ledger, wanted.together, wanted.earlier
    counted = count_all(scope, whole, *ways, early)
    findings = make_findings(scope, counted.trends.compared) if scope.period else []
    counts = (counted.linked, counted.drafts, counted.hidden, counted)
    return Material(scope, whole, *counts, findings, settings, wanted.earlier)


def _plain_period(scope: Scope) -> dict[str, str] | None:
    """Return the time of the report for its JSON file; None for the whole time."""
    if scope.period is None:
        return None
    first, last = (day.date().isoformat() for day in (scope.period.first, scope.period.last))
    return {"name": str(scope.period), "first": first, "last": last}


def _too_few(scope: Scope) -> bool:
    """Say whether nothing may be reported of these people."""
    everybody = np.ones(len(scope.records.episodes), dtype=np.bool_)
    counts = [len(everybody), scope.people(everybody)]
    return bool(scope.policy.hides(counts).any()) or _all_too_few(scope)


def _all_too_few(scope: Scope) -> bool:
    return bool(scope.too_few) and set(scope.too_few) >= set(scope.programs)


def _watched(steps: list[Each], what: str, progress: bool) -> Iterable[Each]:
    """Return the steps, with a bar on the standard error if it was asked for."""
    if not progress or not steps:
        return steps
    from tqdm import tqdm

    return cast(Iterable[Each], tqdm(steps, desc=f"report: {what}"))
