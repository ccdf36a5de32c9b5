"""The sections of the report by name, in their order, and those of a user's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.errors import RuleError
from iop_outcomes.report import earlier
from iop_outcomes.report.counting import Counted
from iop_outcomes.report.earlier import EarlierReport
from iop_outcomes.report.model import DraftTable, Drawing, Hidden, Section, Table
from iop_outcomes.report.scope import BY_MONTH, Scope
from iop_outcomes.report.sections import assemble as parts
from iop_outcomes.report.sections import benchmarks, first_page, openings, sites
from iop_outcomes.report.sections.attendance import exclusions
from iop_outcomes.report.sections.attendance.rules import why_no_rules
from iop_outcomes.report.sections.definitions import definitions
from iop_outcomes.report.sections.definitions.how_to_read import how_to_read
from iop_outcomes.report.sections.findings import Finding
from iop_outcomes.report.sections.outcomes import why_no_answers, why_no_scores
from iop_outcomes.report.sections.own import own_section
from iop_outcomes.report.sections.signals import month_charts, signals_table
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.report.trend_pictures import trend_drawings
from iop_outcomes.shared.characters import one_line
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends import Trend

if TYPE_CHECKING:
    from iop_outcomes.records import Records

OwnFunction = Callable[["Records"], Iterable[Any]]
OwnSection = tuple[str, str, OwnFunction]


@dataclass(frozen=True, eq=False)
class Material:
    """What a section is made of: nothing in it that has not passed the disclosure control.

    Attributes
    ----------
    scope, whole : Scope
        What the report is about, without and with the programs that are too small.
    linked : LinkedCounts
        All counts that are printed, with the sums between them.
    drafts, hidden
        The tables of what was read, and what is hidden.
    counted : Counted or None
        All that is counted; None if these are too few people.
    findings : list of Finding
        One a measure.
    settings : ReportSettings
        What the program set.
    earlier : sequence of EarlierReport
        The reports that it is set beside.
    """

    scope: Scope
    whole: Scope
    linked: LinkedCounts
    drafts: dict[str, DraftTable]
    hidden: Hidden
    counted: Counted | None
    findings: list[Finding]
    settings: ReportSettings
    earlier: Sequence[EarlierReport] = ()

    @cached_property
    def charts(self) -> dict[str, Trend]:
        """The charts by program and month."""
        return month_charts(self.scope, BY_MONTH)

    @cached_property
    def signals(self) -> Table | None:
        """What the charts by program and month say; the first page and the trends show it."""
        return signals_table(self.scope, self.charts)

    @cached_property
    def trend_drawings(self) -> dict[str, Drawing]:
        """The picture of each measure over time, which waits for no sentence."""
        if self.counted is None or self.scope.period is None:
            return {}
        own = self.charts if len(self.scope.programs) == 1 else {}
        return trend_drawings(self.scope, self.counted.trends, self.settings.targets, own)

    def begun(self, shown: Sequence[str]) -> list[Drawing]:
        """Return the pictures of trends that the sections of these names have."""
        pictures = self.trend_drawings.items()
        sections = {parts.RESPONSE: "response"}  # of the others "trends"
        return [one for name, one in pictures if sections.get(name, "trends") in shown]

    @property
    def merged(self) -> bool:
        """Whether some tables are of longer times or wider groups than they could be."""
        return self.counted is not None and bool(self.counted.plan.text)

    @property
    def programs(self) -> Table | None:
        """The table of programs as it is shown, where the report has it."""
        there = "programs" in self.drafts and "attendance" not in self.settings.leave_out
        return self.all.table("programs") if there else None

    @property
    def flow(self) -> Table | None:
        """The table of how far people came as it is shown, where the report has it."""
        there = "cohort_flow" in self.drafts and "flow" not in self.settings.leave_out
        return self.all.table("cohort_flow") if there else None

    @property
    def all(self) -> Counted:
        """All that is counted, of people who are enough."""
        assert self.counted is not None
        return self.counted


@dataclass(frozen=True)
class Part:
    """One section that a report can have.

    Attributes
    ----------
    name, title : str
        Its address in the page and in `report.toml`, and its title.
    build : callable
        Material -> Section.
    of_people : bool
        Whether it is about people, and is empty where these are too few.
    late : bool
        Whether it is built after the others: it waits for the signals, and their pictures do not.
    """

    name: str
    title: str
    build: Callable[[Material], Section]
    of_people: bool = True
    late: bool = False


def _first_page(material: Material) -> Section:
    if material.scope.period is None:
        return Section(first_page.NAME, first_page.TITLE, (parts.no_period(material.scope),))
    whom = material.scope.words(4)
    others = sites.attendance_points(material.all.site_attendance, whom)
    others += sites.site_points(material.all.sites, whom)
    targets = material.settings.targets
    signals = (material.signals, targets, others, material.charts)
    tables = first_page.Elsewhere(material.programs, material.flow)
    section = first_page.first_page(material.scope, material.all.trends, *signals, tables)
    changed = material.all.changed
    return replace(section, sentences=(*section.sentences, *([changed] if changed else [])))


def _beside(made: Material) -> Section:
    given = (made.all.trends, made.earlier, made.settings.targets, made.all.not_together)
    return earlier.beside_section(made.scope, *given)


def _trends(material: Material) -> Section:
    findings = (material.findings, material.signals, material.trend_drawings)
    given = (material.all.trends, *findings, material.programs)
    alone = first_page.NAME in material.settings.leave_out
    return parts.trends_section(material.scope, *given, without_first_page=alone)


def _of_tables(name: str, title: str, why_not: Mapping[str, parts.WhyNot]) -> Part:
    def built(material: Material) -> Section:
        return parts.of_tables(material.scope, material.all, name, title, why_not)

    return Part(name, title, built)


def _definitions(material: Material) -> Section:
    return definitions(material.scope, material.counted, material.settings.leave_out)


PARTS = (
    Part(first_page.NAME, first_page.TITLE, _first_page, late=True),
    Part(earlier.NAME, earlier.TITLE, _beside),
    Part(
        "flow",
        "From admission to day 90",
        lambda material: parts.flow_section(material.scope, material.all),
    ),
    Part(
        "who-came", "Who was served", lambda material: parts.who_came(material.scope, material.all)
    ),
    Part(
        "attendance",
        "Attendance and dose",
        lambda material: parts.attendance_section(material.scope, material.all),
    ),
    _of_tables(
        "engagement",
        "Engagement and continuity",
        {"continuity": why_no_rules},
    ),
    Part(
        "who-stayed",
        "How episodes ended",
        lambda material: parts.who_stayed(material.scope, material.all),
    ),
    Part(
        "relapse", "Relapse", lambda material: parts.relapse_section(material.scope, material.all)
    ),
    _of_tables(
        "symptoms",
        "Symptoms and daily life",
        {"symptoms": why_no_scores, "functioning": why_no_answers},
    ),
    Part(
        sites.NAME,
        sites.TITLE,
        lambda material: parts.sites_section(
            material.scope, material.all.sites, material.all.site_attendance
        ),
    ),
    Part(
        benchmarks.NAME,
        benchmarks.TITLE,
        lambda material: benchmarks.benchmarks_section(material.all),
    ),
    Part("trends", "Trends", _trends, late=True),
    Part(
        "response",
        "Response rates",
        lambda material: parts.response_section(
            material.scope, material.all.trends, material.trend_drawings
        ),
    ),
    Part(
        parts.CANNOT_TELL_ID, parts.CANNOT_TELL, lambda material: parts.cannot_tell(material.scope)
    ),
    Part(
        "data-quality",
        "Data quality",
        lambda material: parts.data_quality(material.whole, material.drafts, material.hidden),
        of_people=False,
    ),
    Part("definitions", "Definitions", _definitions, of_people=False),
    Part(
        "how-to-read",
        "How to read the charts",
        lambda _: how_to_read(),
        of_people=False,
    ),
)
"""Every section, in their order."""
NAMES = tuple(part.name for part in PARTS)
POINTERS = {
    exclusions.COUNTED_THERE: "data-quality",
    parts.IN_PROGRAMS: "attendance",
}
"""What notes of tables say of another section: left out where the report does not have it."""


def sections_of(
    own: Sequence[OwnSection], settings: ReportSettings, *, beside: bool = False
) -> list[Part]:
    """Return the sections of a report in their order.

    Parameters
    ----------
    own : sequence of tuple
        Sections of a user's own, each a name, a title and a function; see `quarterly_report`. They
        are before the data quality, unless the settings say another place.
    settings : ReportSettings
        Which are left out, which come first, and their titles. The first page is before those that
        come first, unless it is one of them.
    beside : bool
        Whether it is set beside an earlier report; only then it has the section on that.
    """
    chosen = list(PARTS)
    place = NAMES.index("data-quality")
    chosen[place:place] = [_own_part(*_checked(one, NAMES)) for one in own]
    names = [part.name for part in chosen]
    if len(set(names)) < len(names):
        raise RuleError("Two sections have one name.", instead="another name for each section")
    order = settings.order
    if first_page.NAME not in order:  # it stands alone, before all others
        order = (first_page.NAME, *order)
    first = [part for name in order for part in chosen if part.name == name]
    ordered = [*first, *(part for part in chosen if part not in first)]
    left = [
        replace(part, title=settings.titles.get(part.name, part.title))
        for part in ordered
        if part.name not in settings.leave_out and (beside or part.name != earlier.NAME)
    ]
    if not left:
        raise RuleError(
            "A report has at least one section, and all are left out.",
            found=f"{len(settings.leave_out)} sections in leave_out",
            instead="leave_out with fewer of them",
        )
    return left


def _checked(own: OwnSection, taken: Sequence[str]) -> OwnSection:
    """Return a section of a user's own, or raise RuleError."""
    instead = '("our-groups", "Our groups", function)'
    if not isinstance(own, tuple | list) or len(own) != 3 or not callable(own[2]):
        raise RuleError(
            "A section of your own is a name, a title and a function of the records.",
            found=as_written(own),
            instead=instead,
        )
    name, title, function = own
    if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9-]{0,30}", name):
        raise RuleError(
            "The name of a section is made of small letters, digits and hyphens.",
            found=as_written(name),
            instead=instead,
        )
    if name in taken:
        raise RuleError("There is a section of that name already.", found=name, instead=instead)
    return name, one_line(str(title)), function


def _own_part(name: str, title: str, function: OwnFunction) -> Part:
    return Part(name, title, lambda material: own_section(material.scope, name, title, function))


def build(part: Part, material: Material, shown: Sequence[str]) -> Section:
    """Return a section under its title, with its opening; of too few people, that they are few.

    Parameters
    ----------
    part : Part
        The section.
    made : Material
        What it is made of.
    shown : sequence of str
        The names of the sections that the report has: no sentence points to another one.
    """
    if part.of_people and material.counted is None:
        return Section(part.name, part.title, (parts.TOO_FEW,))
    section = replace(part.build(material), identifier=part.name, title=part.title)
    first = _opening(section, material, shown)
    section = replace(section, sentences=(*([first] if first else []), *section.sentences))
    title = material.settings.titles.get(parts.CANNOT_TELL_ID, parts.CANNOT_TELL)
    there = parts.CANNOT_TELL_ID in shown
    section = _pointing(section, parts.why(title) if there else "")
    absent = [words for words, name in POINTERS.items() if name not in shown]
    return _without(section, absent) if absent else section


def _opening(section: Section, material: Material, shown: Sequence[str]) -> str:
    """Return the sentences that a section opens with: of attendance, those of the report's time."""
    printed = "trends" in shown or first_page.NAME in shown
    own = ""
    if section.identifier == "attendance" and material.counted is not None and printed:
        own = openings.attended_in_the_period(material.scope, material.all.trends)
    return openings.opening(section, first=own)


def finished(sections: Sequence[Section], material: Material) -> list[Section]:
    """Return the sections, the first page with what it has of the others."""
    if material.counted is None:
        return list(sections)

    def page_of(one: Section) -> Section:
        if material.scope.period is not None:
            return openings.with_other_results(one, sections)
        attended = material.all.site_attendance
        points = sites.attendance_points(attended, material.scope.words(4))
        return openings.with_main_numbers(one, sections, points)

    return [page_of(one) if one.identifier == first_page.NAME else one for one in sections]


def _without(section: Section, pointers: Sequence[str]) -> Section:
    """Return the section, whose tables do not point to what the report does not have."""
    tables = []
    for table in section.tables:
        note = table.note
        for words in pointers:
            note = note.replace(words, "")
        tables.append(replace(table, note=note))
    return replace(section, tables=tuple(tables))


def _pointing(section: Section, why: str) -> Section:
    """Return the section, with a pointer to the section on what is not known from the records."""
    if why == parts.WHY:
        return section

    def pointing(text: str) -> str:
        return text.replace(parts.WHY, why).rstrip()

    return replace(
        section,
        sentences=tuple(map(pointing, section.sentences)),
        items=tuple((change, title, pointing(text)) for change, title, text in section.items),
    )
