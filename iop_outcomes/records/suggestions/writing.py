"""The proposal as a commented mapping in TOML."""

from __future__ import annotations

from collections.abc import Sequence

from iop_outcomes.records.mapping import fold
from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.suggestions.columns_left_out import columns_left_out, empty_headings
from iop_outcomes.records.suggestions.naming import (
    WrittenNames,
    may_be_written,
    people_of,
)
from iop_outcomes.records.suggestions.plain_names import is_plain_name
from iop_outcomes.records.suggestions.proposing.details import cancelled_by, fill_down, has_range
from iop_outcomes.records.suggestions.proposing.proposal import Detail, Proposal
from iop_outcomes.records.suggestions.recognition.fits import LENGTHS, declared, fit
from iop_outcomes.records.suggestions.recognition.recognising import Source, unmatched
from iop_outcomes.records.suggestions.toml import comment, line, quoted
from iop_outcomes.records.suggestions.word_lines import FILL_IN, word_lines

PATTERNS = (
    "A pattern such as *.csv stands for a file or sheet whose name may be a person's. If it is of "
    "no person, write it in place of the pattern, which also fits what is added later."
)
_LIKELY = 0.8  # from which fit of its values a heading is named for a column
_WISHED = {
    "episodes": ("admit_date", "discharge_date", "discharge_reason"),
    "attendance": ("date", "status", "service", "minutes_scheduled"),
    "checkins": ("date", "used"),
}


def mapping_text(proposal: Proposal, questions: Sequence[str], names: WrittenNames) -> str:
    """Return the text of the mapping: the tables, the questions, and the sections."""
    lines = [*_top(proposal, questions, names), "", *_options(proposal)]
    for table in TABLES:
        lines += _table(proposal, table, names)
    return "\n".join(lines) + "\n"


def _top(proposal: Proposal, questions: Sequence[str], names: WrittenNames) -> list[str]:
    label = f"the export {proposal.label}" if is_plain_name(proposal.label) else "an export"
    lines = comment(
        f"A proposal for {label}, made by `iop-outcomes map`. Check every "
        "line: this is what will be read, and nothing else is guessed. Lines that begin with # do "
        "nothing; where they end in a question, fill them in and remove the #."
    )
    lines += ["#", "# What is what:"]
    held: dict[str, list[str]] = {}
    for source in proposal.sources:
        places = ", ".join([*names.files(source.bundle), *_sheet_texts(source, names)])
        held.setdefault(places, []).append(f"{source.table} ({source.bundle.rows:,} rows)")
    for places, tables in held.items():
        lines += comment(f"{places}: {', '.join(tables)}", "#   ", "#     ")
    for left in proposal.left_out:
        text = f"{names.place(left.place)}: none of the tables; {names.text(left.why)}"
        lines += comment(text, "#   ", "#     ")
    if any(place != name for place, name in names.places.items()):
        lines += comment(PATTERNS)
    if questions:
        lines += ["#", "# To ask whoever made the export:"]
        for number, question in enumerate(questions, start=1):
            lines += comment(question, f"#   {number}. ", "#      ")
    return lines


def _sheet_texts(source: Source, names: WrittenNames) -> list[str]:
    sheets = names.sheets(source.bundle)
    if not sheets:
        return []
    return [f"sheet{'s' if len(sheets) > 1 else ''} {', '.join(sheets)}"]


def _options(proposal: Proposal) -> list[str]:
    order = proposal.order
    lines = []
    if order:
        dates_in_order = sum(
            detail.order.month_only + detail.order.day_only
            for source, detail in zip(proposal.sources, proposal.details, strict=True)
            if not source.only or not proposal.of("attendance")
        )
        lines.append(
            line(
                "date_order",
                order,
                f"{dates_in_order:,} dates can be read in this order only, none in the other",
            )
        )
    if proposal.missing:
        note = f"{sum(proposal.missing.values()):,} cells"
        lines.append(line("missing", sorted(proposal.missing), note))
    result = ["[options]", *lines, ""] if lines else []
    return [*result, *_ids(proposal)]


def _ids(proposal: Proposal) -> list[str]:
    by_column: dict[str, tuple[str, ...]] = {}
    notes: dict[str, str] = {}
    for link in proposal.links:
        if link.forms and link.would_match > link.rows_matched:
            by_column.setdefault(link.column, link.forms)
            notes[link.column] = (
                f"matches {link.would_match:,} of {link.rows:,} rows of {link.table}, "
                f"not {link.rows_matched:,}"
            )
    if not by_column:
        return []
    lines = [
        "[ids]",
        *comment("If identifiers that differ only so are of one, remove the # of the line."),
    ]
    lines += [line(name, list(forms), notes[name], off=True) for name, forms in by_column.items()]
    return [*lines, ""]


def _table(proposal: Proposal, table: str, names: WrittenNames) -> list[str]:
    sources = proposal.of(table)
    title = f"# {table} ".ljust(100, "-")
    if not sources:
        lines = [title, *comment(f"No file or sheet looks like {table}. If one is, name it:")]
        return [*lines, f"# [[{table}.from]]", f'# file = "{FILL_IN}"', ""]
    lines = [title]
    people = people_of(proposal.sources)
    shared = _shared_columns(sources)
    for source, detail in sources:
        lines += _source(proposal, source, detail, people, shared, names)
    if shared:
        lines += _columns(proposal, table, people)
    return [*lines, *_rest(proposal, table)]


def _shared_columns(sources: Sequence[tuple[Source, Detail]]) -> bool:
    """Return whether each heading means the same column in all sources of a table."""
    seen: dict[str, str] = {}
    for source, _ in sources:
        for name in source.bundle.profiles:
            ours = source.matches[name].column if name in source.matches else ""
            if seen.setdefault(fold(name), ours) != ours:
                return False
    return True


def _source(
    proposal: Proposal,
    source: Source,
    detail: Detail,
    people: frozenset[str],
    shared: bool,
    names: WrittenNames,
) -> list[str]:
    bundle = source.bundle
    lines = [f"[[{source.table}.from]]"]
    files = names.files(bundle)
    if proposal.several:
        lines.append(line("file", files[0] if len(files) == 1 else files))
    if sheets := names.sheets(bundle):
        lines.append(line("sheets", sheets))
    if bundle.header.row > 1:
        lines.append(line("header_row", bundle.header.row, "titles are above it"))
    if bundle.header.rows > 1:
        lines.append(line("header_rows", bundle.header.rows))
    if detail.order.settled and detail.order.settled != proposal.order:
        lines.append(line("date_order", detail.order.settled))
    if bundle.where:
        where = {name: w[0] if len(w) == 1 else list(w) for name, w in bundle.where.items()}
        lines.append(line("where", where, f"{bundle.rows:,} rows"))
    if detail.drops:
        cells = [drop.cells for drop in detail.drops]
        rows = sum(drop.rows for drop in detail.drops)
        note = f"{rows:,} row{'' if rows == 1 else 's'}: totals, legends or footers"
        lines.append(line("drop_rows", cells, note))
    if filled := fill_down(source):
        lines.append(line("fill_down", filled, "blank (merged) cells take the value above"))
    by_person = any(
        link.table == source.table and link.column == "person_id" for link in proposal.links
    )
    lines += _shape(source, by_person)
    if source.constants or detail.service:
        constants = dict(source.constants)
        note = "each row is a form that was filled in" if constants else ""
        if detail.service:
            constants["service"] = detail.service
            note = "its title or headings say so: right for every row?"
        lines.append(line("constants", constants, note))
    lines += columns_left_out(source, people)
    lines.append("")
    if not shared:
        lines += [f"[{source.table}.from.columns]", *_column_lines(source, detail, people), ""]
    return lines


def _shape(source: Source, by_person: bool) -> list[str]:
    lines = []
    bundle = source.bundle
    if source.joins:
        identifier = source.heading_of("episode_id") or source.heading_of("person_id")
        joins = [
            {
                "where": {join.column: join.words[0] if len(join.words) == 1 else list(join.words)},
                "by": identifier,
                "columns": dict(join.renamed) or list(join.columns),
            }
            for join in source.joins
        ]
        lines.append(line("join", joins, "columns that are in other rows of the same file"))
    if source.only:
        headings = [name for name in bundle.profiles if name in source.matches]
        lines.append(line("only", headings, "the episodes that these rows repeat"))
        lines.append(line("one_row_for", headings, "one row each"))
    elif bundle.days:
        grid: dict[str, object] = {"headings": "date", "becomes": "status"}
        if not _have_years(bundle.days):
            grid["year"] = "sheet" if any(place.sheet for place in bundle.places) else "file"
        grid["blank"] = "no_row"
        note = f"{len(bundle.days):,} columns are dates; "
        note += 'blank = "unrecorded" if a blank cell means not recorded'
        lines.append(line("grid", grid, note))
    if source.lists:
        lists: dict[str, object] = {
            "separator": source.lists.separator,
            "id": "person_id" if by_person else "episode_id",
            "status": source.lists.statuses,
        }
        lines.append(line("lists", lists, "a row a session, with lists of people"))
    return lines


def _have_years(days: Sequence[str]) -> bool:
    from iop_outcomes.records.suggestions.recognition.profiles import are_dates

    return all(are_dates([day.strip() for day in days]))


def _columns(proposal: Proposal, table: str, people: frozenset[str]) -> list[str]:
    lines = [f"[{table}.columns]"]
    for source, detail in proposal.of(table):
        for column_line in _column_lines(source, detail, people):
            if column_line not in lines:
                lines.append(column_line)
    return [*lines, ""]


def _column_lines(source: Source, detail: Detail, people: frozenset[str]) -> list[str]:
    lines = []
    for name in source.bundle.profiles:
        match_of_name = source.matches.get(name)
        if match_of_name is not None:
            ours = (
                "time_range"
                if match_of_name.column == "start_time" and has_range(source)
                else match_of_name.column
            )
            names = [ours, *source.copies.get(name, ())]
            note = f"{match_of_name.score:.2f}: {match_of_name.why}"
            lines.append(line(quoted(name), names if names[1:] else ours, note))
    if source.only:
        return lines
    left = set(empty_headings(source))
    rest = [name for name in unmatched(source, {}) if name not in left]
    for name in rest:
        taken = declared_name(source.table, name)
        if taken and may_be_written(name, people):
            note = f"another heading is {taken}, or this one holds something else"
            lines.append(line(quoted(name), f"{fold(name)}_of_export", note))
    named = {matched.column for matched in source.matches.values()} | set(source.constants)
    named |= {*source.joined, *(name for further in source.copies.values() for name in further)}
    if detail.service:
        named.add("service")
    if source.bundle.days:
        named |= {"date", "status", "minutes_scheduled"}
    if source.lists:
        named.add("status")
    for column in _WISHED[source.table]:
        if column not in named:
            needed = ", which is required" if declared(source.table, column).required else ""
            note = f"no heading looks like it{needed}: which is it?"
            note += _by_values(source, column, [n for n in rest if may_be_written(n, people)])
            lines.append(line(quoted(FILL_IN), column, note, off=True))
    kept = [name for name in rest if not declared_name(source.table, name)]
    shown = [quoted(name) for name in kept if may_be_written(name, people)]
    hidden = len(kept) - len(shown)
    if shown or hidden:
        more = f" and {hidden:,} more, whose headings look like values" if hidden else ""
        text = f"Kept under their own names: {', '.join(shown)}{more}"
        lines += comment(text.replace(":  and", ":"), "# ", "#   ")
    return lines


def _by_values(source: Source, column: str, headings: Sequence[str]) -> str:
    """Return which headings hold values of a column: dates, or lengths; words may mean anything."""
    if declared(source.table, column).kind != "date" and column not in LENGTHS:
        return ""
    fitting = [
        quoted(name)
        for name in headings
        if (held := source.bundle.profiles[name]).filled
        and fit(source.table, column, held) >= _LIKELY
        and (column not in LENGTHS or max(held.lengths, held.ranges) >= _LIKELY)
    ]
    return f" By its values it could be {' or '.join(fitting)}" if fitting else ""


def declared_name(table: str, heading: str) -> str:
    """Return the column whose name a heading has already; empty if there is none."""
    declared_column = TABLES[table].column(fold(heading)) or TABLES[table].column(
        fold(heading), "study_days"
    )
    return fold(heading) if declared_column is not None else ""


def _rest(proposal: Proposal, table: str) -> list[str]:
    lines: list[str] = []
    if table == "checkins" and proposal.interval:
        lines += ["[checkins]", *_expected(proposal.interval), ""]
    units = {column: unit for (of, column), unit in proposal.units.items() if of == table}
    if units:
        lines.append(f"[{table}.units]")
        lines += [line(column, unit.unit, unit.why) for column, unit in units.items()]
        lines.append("")
    lines += _attended_only(proposal, table)
    lines += _ticked(proposal, table)
    lines += _combined(proposal, table)
    lines += _link(proposal, table)
    for words_of_column in proposal.words:
        if words_of_column.table == table:
            lines += word_lines(words_of_column)
    return lines


def _attended_only(proposal: Proposal, table: str) -> list[str]:
    """Return a commented line for a list of sessions without a column of outcomes."""
    there = any(
        source.heading_of("status") or source.bundle.days for source, _ in proposal.of(table)
    )
    if table != "attendance" or there or proposal.meanings(table, "status"):
        return []
    note = "if each row is a session that took place; no attendance rate is known then"
    return [f"# [{table}.constants]", line("status", "attended", note, off=True), ""]


def _expected(days: int) -> list[str]:
    note = "no missed check-in has a row: was one due so often? Then those without a row are missed"
    until = "the last day from admission on which one is due; without it the day of discharge"
    return [
        line("expected_every", f"{days} days", note, off=True),
        line("expected_until", FILL_IN, until, off=True),
    ]


def _ticked(proposal: Proposal, table: str) -> list[str]:
    lines: list[str] = []
    for _, detail in proposal.of(table):
        for box in detail.ticked:
            boxes = ", ".join(f'{quoted(name)} = "{FILL_IN}"' for name in box.headings)
            column = box.column or FILL_IN
            lines += [
                f"# [{table}.ticked]",
                f"# {column} = {{ {boxes} }}  # which box is which word?",
                "",
            ]
    return lines


def _combined(proposal: Proposal, table: str) -> list[str]:
    """Return lines that combine several columns: names, and (commented) who cancelled."""
    lines: list[str] = []
    for source, _ in proposal.of(table):
        if source.full_name:
            note = "first and last name together say who it is"
            lines.append(line("person_id", list(source.full_name), note))
        status, who = source.heading_of("status"), cancelled_by(source)
        if status and who:
            note = "who cancelled: then give the words of both, such as Canceled + Provider"
            lines.append(line("status", [status, who], note, off=True))
    lines = list(dict.fromkeys(lines))
    return [f"[{table}.combine]", *lines, ""] if lines else []


def _link(proposal: Proposal, table: str) -> list[str]:
    links = [link for link in proposal.links if link.table == table]
    if not any(link.column == "person_id" for link in links):
        return []
    lines = [
        f"[{table}.link]",
        line("by", "person_and_date", "a person's rows go to the stay they fall in"),
    ]
    if any(link.by_name for link in links):
        lines.append(line("person", "name", "two people may have one name: better a number"))
    return [*lines, ""]
