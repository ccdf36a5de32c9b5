"""The proposal for an export, made once for mapping, table and summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.suggestions.proposing.details import (
    Ticked,
    Unit,
    checkboxes,
    lengths_of,
    missing_codes,
    service_by_title,
    unit_of,
    usual_interval,
)
from iop_outcomes.records.suggestions.proposing.dropping import Drop, dropped, rows_to_drop, without
from iop_outcomes.records.suggestions.proposing.words import Codes, WordsOfColumn, words_of
from iop_outcomes.records.suggestions.recognition.bundles import Bundle, Sheet, bundles_of
from iop_outcomes.records.suggestions.recognition.links import LinkFound, link
from iop_outcomes.records.suggestions.recognition.orders import Order, order_of
from iop_outcomes.records.suggestions.recognition.profiles import Profile, number_in, profile
from iop_outcomes.records.suggestions.recognition.recognising import LeftOut, Source, recognise


@dataclass(frozen=True)
class Detail:
    """The proposal for one source, apart from its columns.

    Attributes
    ----------
    order : Order
        The order of day and month in its dates.
    drops : tuple of Drop
        Rows that are not rows of the table.
    ticked : tuple of Ticked
        Checkbox columns.
    service : str
        The service in its titles, if it has no column of services.
    """

    order: Order
    drops: tuple[Drop, ...]
    ticked: tuple[Ticked, ...]
    service: str


@dataclass(frozen=True)
class Proposal:
    """The proposal for an export.

    Attributes
    ----------
    label : str
        The name of the folder or file.
    several : bool
        Whether it is a folder, so that the mapping must name files.
    sources : tuple of Source
        The sources of the tables, episodes first.
    details : tuple of Detail
        One for each source.
    left_out : tuple of LeftOut
        The files and sheets that are not tables.
    links : tuple of LinkFound
        How the tables are linked.
    words : tuple of WordsOfColumn
        The words of columns with a vocabulary.
    units : dict
        The unit for a table and column of minutes.
    missing : dict of str to int
        Texts that mean missing, with their numbers of rows.
    interval : int or None
        Days between two check-ins, if missed check-ins have no rows.
    """

    label: str
    several: bool
    sources: tuple[Source, ...]
    details: tuple[Detail, ...]
    left_out: tuple[LeftOut, ...]
    links: tuple[LinkFound, ...]
    words: tuple[WordsOfColumn, ...]
    units: dict[tuple[str, str], Unit] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    interval: int | None = None

    def of(self, table: str) -> list[tuple[Source, Detail]]:
        """Return the sources of a table, each with its detail."""
        pairs = zip(self.sources, self.details, strict=True)
        return [(source, detail) for source, detail in pairs if source.table == table]

    def words_of(self, table: str, column: str) -> WordsOfColumn | None:
        """Return the words of a column, or None."""
        return next((w for w in self.words if (w.table, w.column) == (table, column)), None)

    def meanings(self, table: str, column: str) -> set[str]:
        """Return the proposed meanings of words of a column, also from lists and constants."""
        words_of_column = self.words_of(table, column)
        meanings = (
            {word.ours for word in words_of_column.words if word.ours and word.sure}
            if words_of_column
            else set()
        )
        for source, _ in self.of(table):
            if source.lists and column == "status":
                meanings |= set(source.lists.statuses.values())
            meanings |= {source.constants[column]} if column in source.constants else set()
        return meanings

    @property
    def order(self) -> str:
        """The order of day and month of the whole export; empty if it differs or is not known."""
        orders = {detail.order.settled for detail in self.details if detail.order.settled}
        mixed = any(detail.order.mixed for detail in self.details)
        return orders.pop() if len(orders) == 1 and not mixed else ""


def propose(
    label: str,
    several: bool,
    sheets: Sequence[Sheet],
    left_out: Sequence[LeftOut],
    legends: Codes,
) -> Proposal:
    """Return the proposal for the sheets and files of an export."""
    sources, none = recognise(bundles_of(sheets))
    sources, _ = link(sources)
    cleaned, all_drops = [], []
    for source in sources:
        drops = rows_to_drop(source)
        cleaned.append(_without_rows(source, drops))
        all_drops.append(tuple(drops))
    numbered = sorted(range(len(cleaned)), key=lambda k: list(TABLES).index(cleaned[k].table))
    linked, links = link([cleaned[k] for k in numbered])
    linked = [_with_status(source) for source in linked]
    details = tuple(
        Detail(
            order_of(source),
            all_drops[k],
            tuple(checkboxes(source)),
            service_by_title(source),
        )
        for source, k in zip(linked, numbered, strict=True)
    )
    words = [
        words_of_column for table in TABLES for words_of_column in words_of(linked, table, legends)
    ]
    proposal = Proposal(
        label,
        several,
        tuple(linked),
        details,
        (
            *left_out,
            *(
                place_left_out
                for place_left_out in none
                if place_left_out.place not in {known.place for known in left_out}
            ),
        ),
        tuple(links),
        tuple(words),
        units=_units(linked),
        missing=missing_codes(linked),
    )
    return _with_interval(proposal)


def _without_rows(source: Source, drops: Sequence[Drop]) -> Source:
    """Return a source without totals and legends, so that these are not counted."""
    if not drops:
        return source
    rows = dropped(source, list(drops))
    columns = {
        name: without(column, rows) if len(column.codes) == len(rows) else column
        for name, column in source.bundle.columns.items()
    }
    profiles = {name: profile(name, column) for name, column in columns.items()}
    marks = _without_totals(source.bundle.marks)
    bundle: Bundle = replace(source.bundle, columns=columns, profiles=profiles, marks=marks)
    return replace(source, bundle=bundle)


def _without_totals(marks: Profile | None) -> Profile | None:
    """Return the marks of a grid without numbers, which are in rows of totals."""
    if marks is None or marks.numbers >= 0.5:
        return marks
    kept = [place for place, text in enumerate(marks.texts) if number_in(text) != number_in(text)]
    return Profile("", [marks.texts[place] for place in kept], marks.counts[kept], marks.rows)


def _with_status(source: Source) -> Source:
    """Return check-ins without a status with the constant status completed."""
    if source.table != "checkins" or source.heading_of("status") or source.bundle.days:
        return source
    return replace(source, constants={**source.constants, "status": "completed"})


def _units(sources: Sequence[Source]) -> dict[tuple[str, str], Unit]:
    units: dict[tuple[str, str], Unit] = {}
    for source in sources:
        for column in lengths_of(source):
            unit = unit_of(source, column)
            if unit is not None:
                units.setdefault((source.table, column), unit)
    return units


def _with_interval(proposal: Proposal) -> Proposal:
    checkins = proposal.of("checkins")
    if not checkins or {"missed", "not_due"} & proposal.meanings("checkins", "status"):
        return proposal
    source, detail = checkins[0]
    return replace(
        proposal, interval=usual_interval(source, detail.order.settled or proposal.order)
    )


def legends_of(*legends: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return several legends as one; if two differ, the first has precedence."""
    joined: dict[str, dict[str, str]] = {}
    for legend in legends:
        for key, pairs in legend.items():
            held = joined.setdefault(key, {})
            for code, label in pairs.items():
                held.setdefault(code, label)
    return joined
