"""What each section opens with, by rule from its printed cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from iop_outcomes.report.model import Section
from iop_outcomes.report.sections.cohort.declaring import ALL
from iop_outcomes.report.sections.ends.each_day import MILESTONES, NOT_FOLLOWED
from iop_outcomes.report.sections.openings.cells import (
    PrintedTable,
    counted,
    how_many,
    printed,
    time_of,
    was,
)
from iop_outcomes.report.sections.openings.ranges import range_by_missing
from iop_outcomes.trends.periods import in_words

Tables = Mapping[str, PrintedTable]
ADMITTED = "admitted"
REACHED = (
    ("fourth session within 30 days", "came to a fourth session within 30 days"),
    ("first session within 30 days", "came to a first session within 30 days"),
)
STILL = "still in the program"
STAYED = (90, 60, 30)  # days
RULES = (
    (
        "First to fourth session within 30 days (NIATx)",
        " with a first visit",
        "came to a fourth within 30 days of it",
    ),
    (
        "Started and engaged (IET style)",
        "",
        "started soon and came to two or more further visits",
    ),
    (
        "Seen within 7 days after a stay elsewhere",
        " after a stay elsewhere",
        "came within 7 days of its end",
    ),
)
LEFT = "Left: 30 days without contact"
DIFFER = (
    "Each number is of those of whom the answer is known by now, and whom the rule is about; so "
    "the two differ."
)
NEWEST = "the newest month shown here"
MONTH = re.compile(r"\d{4}-\d{2}")
NO_SHARE = "No share without relapse can be shown here: too few relapses or people are behind it."
NONE_KNOWN = "No share without relapse is known: nobody is followed for 30 days."


def flow(tables: Tables) -> str:
    """Return how many of those admitted came to sessions, and stayed."""
    table = tables["cohort_flow"]
    admitted = table.count(table.row(stage=ADMITTED), "reached")
    if not admitted:
        return ""
    whom = f"Of {counted(admitted, 'admission')} followed for 90 days"
    came = ""
    for stage, words in REACHED:
        reached = table.count(table.row(stage=stage), "reached")
        if reached is not None:
            came = f"{whom}, {how_many(reached)} {words}."
            break
    for day in STAYED:
        reached = table.count(table.row(stage=f"{STILL} after {day} days"), "reached")
        if reached is not None:
            there = f"{how_many(reached)} {was(reached)} {STILL}"
            after = f"After {day} days {there}."
            return f"{came} {after}" if came else f"{whom}, {there} after {day} days."
    return came


def who_came(tables: Tables) -> str:
    """Return how many were admitted, and how many were there at the end."""
    table, said = tables["admissions"], []
    admitted = table.count(table.row(group=ALL), "admitted")
    if admitted is not None:
        time = table.caption.removeprefix("Admissions in ")
        said.append(f"There {was(admitted)} {counted(admitted, 'admission')} in {time}.")
    census = tables.get("census")
    if census is not None and census.rows:
        last = len(census.rows) - 1
        there = census.count(last, "episodes")
        if there is not None:
            day = str(census.text(last, "who")).removeprefix("in the program on ")
            open_ = f"{counted(there, 'episode')} {was(there)} open"
            said.append(f"On {day}, {open_}{', whenever admitted' if there else ''}.")
    return " ".join(said)


def attendance(tables: Tables) -> str:
    """Return how many of the sessions that were due were attended."""
    if "attendance_by_weekday" in tables:
        table = tables["attendance_by_weekday"]
        place = table.row(weekday=ALL)
        due, attended = (table.count(place, name) for name in ("due", "attended"))
        if due and attended is not None:
            time = table.caption.removeprefix("Attendance by weekday in ")
            came = f"{how_many(attended)} {was(attended)} attended{table.share(place)}"
            return f"Of {counted(due, 'session')} due in {time}, {came}."
    if "programs" in tables:
        table = tables["programs"]
        share = table.text(table.row(program=ALL), "sessions_attended")
        if share:
            time = table.caption.removeprefix("By program: ")
            return f"People came to {share} of the sessions due ({time})."
    return ""


def dose(tables: Tables) -> str:
    """Return in how many whole weeks people came for nine hours or more, and the hours a week."""
    table = tables.get("programs")
    if table is None:
        return ""
    place = table.row(program=ALL)
    hours, weeks = (table.text(place, name) for name in ("hours_a_week", "weeks_of_9_hours"))
    nine = f"{weeks} had nine hours or more" if weeks else ""
    mean = f"people came to {hours} hours a week on average" if hours else ""
    time = time_of(table.caption)
    if nine:
        mean = f"; {mean}" if mean else ""
        return f"Of the whole weeks of admissions{time}, {nine}{mean}."
    return f"{mean[:1].upper()}{mean[1:]}, of admissions{time}." if mean else ""


def engagement(tables: Tables) -> str:
    """Return how many met the first rule that is shown, and how many left."""
    table, said = tables["continuity"], []
    time, asked = time_of(table.caption), []
    for rule, whom, words in RULES:
        place = table.row(rule=rule)
        met, of = table.count(place, "met"), table.count(place, "of")
        if of and met is not None:
            met_it = f"{how_many(met)} {words}{table.share(place)}"
            said.append(f"Of {counted(of, 'admission')}{time}{whom}, {met_it}.")
            asked.append(of)
            break
    place = table.row(rule=LEFT)
    met, of = table.count(place, "met"), table.count(place, "of")
    if of and met is not None:
        gap = f"{how_many(met)} had 30 days without contact{table.share(place)}"
        said.append(f"Of {counted(of, 'admission')}{'' if said else time}, {gap}.")
        asked.append(of)
    if len(set(asked)) > 1:
        said.append(DIFFER)
    return " ".join(said)


def who_stayed(tables: Tables) -> str:
    """Return how many episodes ended, and how many of them as completed and as dropped out."""
    table = tables["discharges"]
    ended = table.count(table.row(reason=ALL), "discharges")
    if not ended:
        return ""
    said: list[str] = []
    for reason in ("completed", "dropped out"):
        place = table.row(reason=reason)
        of_reason = table.count(place, "discharges")
        if of_reason is not None:
            ended_as = "as" if said else "ended as"
            said.append(f"{how_many(of_reason)} {ended_as} {reason}{table.share(place)}")
    time = table.caption.removeprefix("Discharges in ").removesuffix(", by reason")
    left = f"{counted(ended, 'episode')} that ended in {time}"
    return f"Of {left}, {' and '.join(said)}." if said else ""


def relapse(tables: Tables) -> str:
    """Return the share without relapse on the last day on which it is shown.

    A share can be hidden though nothing else of it is: then another day stands in its place.
    """
    table = tables["without_relapse"]
    place = table.row(program=ALL)
    cells = {day: table.text(place, f"day_{day}") for day in reversed(MILESTONES)}
    shown = {day: cell for day, cell in cells.items() if cell and cell != NOT_FOLLOWED}
    if not shown:
        return NONE_KNOWN if NOT_FOLLOWED in cells.values() else NO_SHARE
    day, cell = next(iter(shown.items()))
    share, _, limits = cell.partition(" (")
    between = f" (95% limits {limits}" if limits else ""
    estimate = (
        f"{_of_whom(tables)} an estimated {share} were without relapse on day {day}{between}, "
        "if those no longer followed fared like the others."
    )
    beside = range_by_missing(tables.get("missing_check_ins"), f"day_{day}")
    return f"{estimate} {beside}" if beside else estimate


def people_of_curve(tables: Tables) -> int:
    """Return of how many the curve is where its table prints that; else 0."""
    curve = tables.get("relapse")
    if curve is None or not curve.rows or curve.count(0, "day") != 0:
        return 0
    return sum(filter(None, (curve.count(0, one) for one in ("at_risk", "events", "censored"))))


def _of_whom(tables: Tables) -> str:
    """Return of whom the curve is, and of how many where its table prints that."""
    time, number = time_of(tables["without_relapse"].caption), people_of_curve(tables)
    return f"Of {counted(number, 'admission') if number else 'all admissions'}{time},"


def symptoms(tables: Tables) -> str:
    """Return the first score at intake and at the end, or the first answer on daily life."""
    if "symptoms" in tables:
        table = tables["symptoms"]
        names = ("scale", "mean_at_intake", "mean_at_the_end")
        scale, intake, end = (table.text(0, name) for name in names)
        both = table.count(0, "answered_twice")
        if both and intake and end:
            better = "" if "better" in str(scale) else " Lower is better."
            change, limits = table.text(0, "change"), table.interval(0)
            by = f" The change was {change} ({limits})." if change and limits else ""
            return (
                f"{scale} was {intake} at intake and {end} at the end, on average, for "
                f"{_those(both)} who answered both times.{by}{better}"
            )
    if "functioning" in tables:
        table = tables["functioning"]
        names = ("domain", "share_start", "share_end")
        domain, start, end = (table.text(0, name) for name in names)
        both = table.count(0, "paired")
        if both and start and end:
            return (
                f"{str(domain).capitalize()}: {start} at the start and {end} at discharge, of "
                f"{_those(both)} who answered both times."
            )
    return ""


def response(tables: Tables) -> str:
    """Return how many of the newest check-ins that are shown were answered."""
    table = tables["trend_check_in_response"]
    for place in reversed(range(len(table.rows))):
        due, answered = (table.count(place, name) for name in ("denominator", "numerator"))
        if due and answered is not None and table.text(place, "status") == "known":
            period, share = str(table.text(place, "period")), table.share(place, "value")
            came = f"{how_many(answered)} {was(answered)} answered{share}"
            one = f" alone, {NEWEST}" if MONTH.fullmatch(period) else ""
            return f"Of {counted(due, 'check-in')} due in {in_words(period)}{one}, {came}."
    return ""


def cannot_tell(tables: Tables) -> str:
    """Return how many measures the records do not tell, or tell in part."""
    known = [row.get("known") for row in tables["cannot_tell"].rows]
    no = known.count("no")
    part = len(known) - no
    said = []
    if no:
        said.append(f"{counted(no, 'measure')} cannot be told from these records")
    if part:
        said.append(f"{part if no else counted(part, 'measure')} can be told only in part")
    return _sentence(" and ".join(said))


OPENINGS: dict[str, tuple[tuple[str, ...], Callable[[Tables], str]]] = {
    "flow": (("cohort_flow",), flow),
    "who-came": (("admissions",), who_came),
    "attendance": (("attendance_by_weekday", "programs"), attendance),
    "engagement": (("continuity",), engagement),
    "who-stayed": (("discharges",), who_stayed),
    "relapse": (("without_relapse",), relapse),
    "symptoms": (("symptoms", "functioning"), symptoms),
    "response": (("trend_check_in_response",), response),
    "cannot-tell": (("cannot_tell",), cannot_tell),
}
"""The tables of a section of which one must be there, and what makes its sentence."""


def opening(section: Section, *, limits: bool = False, first: str = "") -> str:
    """Return the plain sentence that a section opens with; empty if it has none.

    `first` is said in place of the number of sessions attended, where the tables of attendance are
    of a longer time than the report: it stands in the trends.

    Every number in it stands in a table of the section, and is written as it is there. With
    `limits` it has the intervals that stand there, too: where it is read without its table.
    """
    needed, make = OPENINGS.get(section.identifier, ((), None))
    tables = printed(section, limits=limits)
    if make is None or not any(name in tables for name in needed):
        return first
    if make is attendance:
        return " ".join(filter(None, [first or make(tables), dose(tables)]))
    return make(tables)


def _those(number: int) -> str:
    return "the one" if number == 1 else f"the {number:,}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
