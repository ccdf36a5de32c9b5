"""Short questions, without values of people, on what could not be recognised in an export."""

from __future__ import annotations

from iop_outcomes.records.suggestions.proposing.details import cancelled_by
from iop_outcomes.records.suggestions.proposing.proposal import Proposal
from iop_outcomes.records.suggestions.proposing.words import cancelled_by_nobody
from iop_outcomes.records.suggestions.recognition.event_table import kinds_of_rows
from iop_outcomes.records.suggestions.recognition.language import list_meaning
from iop_outcomes.records.suggestions.recognition.links import is_unique
from iop_outcomes.records.suggestions.recognition.recognising import REQUIRED, Source

_ABSENCES = {"no_show", "excused", "late_cancel", "client_cancel"}


def questions_of(proposal: Proposal) -> tuple[str, ...]:
    """Return the questions, the most important first."""
    if proposal.sources and not any(source.bundle.rows for source in proposal.sources):
        return ("The files have headings but no rows. Were they exported for the right time?",)
    questions = [
        *_tables(proposal),
        *_columns(proposal),
        *_links(proposal),
        *_dates(proposal),
        *_words(proposal),
    ]
    questions += [*_absences(proposal), *_details(proposal)]
    return tuple(dict.fromkeys(questions))


def _tables(proposal: Proposal) -> list[str]:
    questions = []
    if not proposal.of("episodes"):
        questions.append(
            "No file or sheet lists admissions. Which one has a row for each stay, with its date "
            "of admission? Without it nothing can be read."
        )
    if not proposal.of("attendance") and not proposal.of("checkins"):
        questions.append(
            "No file or sheet lists sessions or check-ins. Which one does? Without one of them "
            "nothing can be read."
        )
    if any(source.only for source, _ in proposal.of("episodes")):
        questions.append(
            "There is no list of admissions of its own: the proposal takes them from the rows of "
            "another table. People without a row there are missing. Can a list of admissions and "
            "discharges be exported?"
        )
    return questions


def _columns(proposal: Proposal) -> list[str]:
    questions = []
    for source, _ in (*proposal.of("attendance"), *proposal.of("checkins")):
        where = str(source.bundle.places[0])
        identified = source.heading_of("episode_id") or source.heading_of("person_id")
        if not identified and not source.lists and not source.full_name:
            questions.append(f"{where}: which column says whose row it is?")
        if not source.bundle.days and not source.heading_of(REQUIRED[source.table]):
            questions.append(f"{where}: which column is the date?")
    for source, _ in proposal.of("attendance"):
        if not (source.heading_of("status") or source.bundle.days or source.lists):
            questions.append(
                f"{source.bundle.places[0]}: no column says whether the person came. Are these "
                "only sessions that took place?"
            )
    for source, _ in proposal.of("episodes"):
        where = str(source.bundle.places[0])
        if not (source.heading_of("discharge_date") or "discharge_date" in source.joined):
            questions.append(
                f"{where}: no column is a date of discharge. Can it be exported? Without it "
                "neither completion nor length of stay is known."
            )
        elif not (source.heading_of("discharge_reason") or "discharge_reason" in source.joined):
            questions.append(f"{where}: no column says why people left. Can it be exported?")
        admitted = source.matches.get(source.heading_of("admit_date"))
        if admitted is not None and admitted.score < 0.8:
            questions.append(
                f'{where}: is "{admitted.heading}" the day of admission to this program?'
            )
    return questions


def _links(proposal: Proposal) -> list[str]:
    asked = _one_stay_a_person(proposal)
    questions = [asked] if asked else []
    for link in proposal.links:
        if link.rows_matched < link.rows:
            share = link.rows_matched / link.rows if link.rows else 0.0
            text = (
                f"{share:.0%} of the rows of {link.table} have an identifier that the episodes have"
            )
            if link.forms:
                more = link.would_match / link.rows
                questions.append(
                    f"{text}; with {' and '.join(link.forms)} in [ids] it would be {more:.0%}. Are "
                    "identifiers that differ only so the same person's? Then remove the # there."
                )
            else:
                questions.append(f"{text}. What do the others belong to?")
        if link.column == "person_id" and not asked:
            questions.append(
                f"The rows of {link.table} name the person, not the stay: they are linked by "
                "person and date. Can the number of the stay be exported?"
            )
        if link.by_name:
            questions.append(
                f"The rows of {link.table} are linked by people's names, and two people may have "
                "one name. Can a number be exported in place of the name?"
            )
    return questions


def _one_stay_a_person(proposal: Proposal) -> str:
    """Return the question on a number that is the person's by its name, and in one row each."""
    for source, _ in proposal.of("episodes"):
        heading = source.heading_of("person_id")
        if not heading or source.heading_of("episode_id") or source.only:
            continue
        held = source.bundle.profiles[heading]
        if is_unique(held) and held.names < 0.6:
            return (
                f'"{heading}" is in one row of the episodes each. Its name says that it is the '
                "person's number, and it is taken so. Does somebody who is admitted again keep it? "
                "Readmissions are counted by it. If each stay has a number of its own, write "
                '"episode_id" in place of "person_id"' + _without_links(proposal) + "."
            )
    return ""


def _without_links(proposal: Proposal) -> str:
    sections = dict.fromkeys(f"[{link.table}.link]" for link in proposal.links)
    return f", and leave out {' and '.join(sections)}" if sections else ""


def _dates(proposal: Proposal) -> list[str]:
    questions = []
    for source, detail in zip(proposal.sources, proposal.details, strict=True):
        where = str(source.bundle.places[0])
        if detail.order.mixed:
            questions.append(
                f"{where}: some dates have the day first and some the month. Which is right?"
            )
        elif detail.order.open and not detail.order.settled and not proposal.order:
            questions.append(
                f"{where}: no date shows whether day or month comes first. Which does?"
            )
    return questions


def _words(proposal: Proposal) -> list[str]:
    questions = []
    services = proposal.words_of("attendance", "service")
    if services is not None and kinds_of_rows(word.theirs for word in services.words):
        questions.append(
            "The words of attendance.service name admissions and discharges too: the rows of one "
            "file are of several kinds. Say with where = {...} which rows are which table "
            "(docs/mapping.md, one file for two tables). Can they be exported one file a kind?"
        )
    statuses = proposal.words_of("attendance", "status")
    words = statuses.words if statuses is not None else ()
    alone = [word.theirs for word in words if cancelled_by_nobody(word.theirs)]
    by_program = any(word.ours == "program_cancel" for word in words)
    if alone and not by_program and not any(cancelled_by(s) for s, _ in proposal.of("attendance")):
        questions.append(
            f'Does "{alone[0]}" mean by the client only? What the program cancelled is not due, '
            "and counts as missed by this proposal. Can the export say who cancelled?"
        )
    for words_of_column in proposal.words:
        if words_of_column.unknown:
            count = (
                "does 1 word"
                if words_of_column.unknown == 1
                else f"do {words_of_column.unknown:,} words"
            )
            questions.append(
                f"What {count} of {words_of_column.table}.{words_of_column.column} mean? See the "
                "lines there."
            )
    return questions


def _absences(proposal: Proposal) -> list[str]:
    questions = []
    if proposal.of("attendance"):
        meanings = proposal.meanings("attendance", "status")
        unknown = proposal.words_of("attendance", "status")
        if meanings and not meanings & _ABSENCES and not (unknown and unknown.unknown):
            questions.append(
                "No word says that somebody did not come. Are these only sessions that took place? "
                "Then no attendance rate can be known; ask for missed and cancelled ones as well."
            )
    if proposal.of("checkins"):
        meanings = proposal.meanings("checkins", "status")
        unknown = proposal.words_of("checkins", "status")
        if "missed" not in meanings and not (unknown and unknown.unknown):
            every = f"every {proposal.interval} days" if proposal.interval else "at fixed times"
            questions.append(
                f"No check-in is recorded as missed. Was one due {every}? Then remove the # before "
                "expected_every; else no response rate can be known."
            )
    return questions


def _details(proposal: Proposal) -> list[str]:
    questions = []
    for (_, column), unit in proposal.units.items():
        if not unit.sure:
            questions.append(f"In which unit is {column}: minutes, hours, or another?")
    for source, detail in zip(proposal.sources, proposal.details, strict=True):
        for box in detail.ticked:
            if box.column:
                questions.append(
                    f"Which box of {box.stem} is which of direct, step_down, after_relapse?"
                )
        if source.bundle.days and not source.only:
            questions.append("In the grid, does a blank cell mean not due, or not recorded?")
    for source, _ in proposal.of("attendance"):
        if cancelled_by(source):
            questions.append(
                f'Does "{cancelled_by(source)}" say who cancelled? Then remove the # before '
                "combine, so that what the program cancelled is not counted as missed."
            )
    for source, detail in proposal.of("attendance"):
        if not source.heading_of("service") and not detail.service:
            questions.append(
                f"{source.bundle.places[0]}: no column says which service it was (group, "
                "individual ...). Are they all of one kind?"
            )
        left = _other_lists(source)
        if left:
            named = ", ".join(f'"{name}"' for name in left)
            questions.append(
                f"{source.bundle.places[0]}: {named}: by the heading a list of people, but hardly "
                "anybody of the other lists is in it. Who is? It is not read as a list."
            )
    return questions


def _other_lists(source: Source) -> list[str]:
    """Return headings that mean a list of people, are none of those proposed, and no numbers."""
    if not source.lists:
        return []
    known = {*source.matches, *source.lists.statuses}
    return [
        name
        for name, held in source.bundle.profiles.items()
        if list_meaning(name) and name not in known and held.filled and held.numbers < 0.5
    ]
