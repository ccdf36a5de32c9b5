"""The plain sentence with which a section opens says what its cells say, and nothing hidden."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.system.documents import disclosed_by
from iop_outcomes.report.model import Kind, Section, Table, write_value
from iop_outcomes.report.sections.openings import OPENINGS, opening
from iop_outcomes.report.sections.openings.sentences import DIFFER
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample

KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        (
            *("reached", "admitted", "episodes", "due", "attended", "met", "of", "discharges"),
            *("day", "at_risk", "answered_twice", "paired", "numerator", "denominator"),
        ),
        "count",
    ),
    **dict.fromkeys(("share", "value", "share_start", "share_end", "sessions_attended"), "share"),
    **dict.fromkeys(("mean_at_intake", "mean_at_the_end", "hours_a_week"), "number"),
    "weeks_of_9_hours": "whole_share",
}
FOURTH, FIRST = "fourth session within 30 days", "first session within 30 days"
AFTER = "still in the program after {} days"
OF_RULES = "Who met which rule: admissions from October 2024 to September 2026"
OF_RELAPSE = "Without relapse, by day: admissions from October 2025 to September 2026"


def table(name: str, caption: str, *rows: dict[str, object]) -> Table:
    return Table(name, caption, pd.DataFrame(list(rows)), KINDS)


def said(name: str, *tables: Table) -> str:
    return opening(Section(name, "A section", (), tables))


def flow(**reached: object) -> str:
    names = {"admitted": "admitted", "first": FIRST, "fourth": FOURTH}
    names |= {f"after_{day}": AFTER.format(day) for day in (30, 60, 90)}
    rows = [{"stage": names[name], "reached": value} for name, value in reached.items()]
    return said("flow", table("cohort_flow", "How far people came", *rows))


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        (
            {"admitted": 323, "first": "hidden", "fourth": 290, "after_60": 87, "after_90": 46},
            "Of 323 admissions followed for 90 days, 290 came to a fourth session within 30 "
            "days. After 90 days 46 were still in the program.",
        ),
        (  # what is hidden is not said: the next that is shown stands in its place
            {
                "admitted": 323,
                "first": 300,
                "fourth": "hidden",
                "after_60": 87,
                "after_90": "hidden",
            },
            "Of 323 admissions followed for 90 days, 300 came to a first session within 30 "
            "days. After 60 days 87 were still in the program.",
        ),
        ({"admitted": "hidden", "fourth": 290, "after_90": 46}, ""),
        ({"admitted": 323, "fourth": "hidden", "after_90": "hidden"}, ""),
        ({"admitted": 0, "fourth": 0, "after_90": 0}, ""),
        (
            {"admitted": 1, "fourth": 1, "after_90": 0},
            "Of 1 admission followed for 90 days, 1 came to a fourth session within 30 days. "
            "After 90 days none were still in the program.",
        ),
        (
            {"admitted": 40, "fourth": "hidden", "after_90": 1},
            "Of 40 admissions followed for 90 days, 1 was still in the program after 90 days.",
        ),
    ],
)
def test_how_far_people_came(reached: dict[str, object], words: str) -> None:
    assert flow(**reached) == words


@pytest.mark.parametrize(
    ("admitted", "there", "words"),
    [
        (
            67,
            47,
            "There were 67 admissions in 2026Q3. On 2026-09-30, 47 episodes were open, whenever "
            "admitted.",
        ),
        (
            1,
            1,
            "There was 1 admission in 2026Q3. On 2026-09-30, 1 episode was open, whenever "
            "admitted.",
        ),
        (0, 0, "There were no admissions in 2026Q3. On 2026-09-30, no episodes were open."),
        (1234, "hidden", "There were 1,234 admissions in 2026Q3."),
        ("hidden", 47, "On 2026-09-30, 47 episodes were open, whenever admitted."),
        ("hidden", "hidden", ""),
    ],
)
def test_who_was_served(admitted: object, there: object, words: str) -> None:
    rows = [{"by": "program", "group": group, "admitted": admitted} for group in ("North", "all")]
    census = [
        {"who": "in the program on 2026-06-30", "episodes": 54},
        {"who": "in the program on 2026-09-30", "episodes": there},
    ]
    tables = (
        table("admissions", "Admissions in 2026Q3", *rows),
        table("census", "In the program in 2026Q3", *census),
    )
    assert said("who-came", *tables) == words


@pytest.mark.parametrize(
    ("due", "attended", "share", "words"),
    [
        (1994, 1405, 0.705, "Of 1,994 sessions due in 2026Q3, 1,405 were attended (70.5%)."),
        (40, 1, 0.025, "Of 40 sessions due in 2026Q3, 1 was attended (2.5%)."),
        (40, 0, 0.0, "Of 40 sessions due in 2026Q3, none were attended (0%)."),
        (40, 29, "hidden", "Of 40 sessions due in 2026Q3, 29 were attended."),
        (40, "hidden", "hidden", ""),
        ("hidden", 29, 0.7, ""),
    ],
)
def test_attendance(due: object, attended: object, share: object, words: str) -> None:
    row = {"weekday": "all", "due": due, "attended": attended, "share": share}
    of_days = table("attendance_by_weekday", "Attendance by weekday in 2026Q3", row)
    assert said("attendance", of_days) == words


def test_attendance_without_weekdays_is_that_of_the_table_of_programs() -> None:
    caption = "By program: admissions from October 2025 to September 2026"
    row = {"program": "all", "sessions_attended": 0.711}
    time = caption.removeprefix("By program: ")
    words = f"People came to 71.1% of the sessions due ({time})."
    assert said("attendance", table("programs", caption, row)) == words
    row["sessions_attended"] = "hidden"
    assert said("attendance", table("programs", caption, row)) == ""


@pytest.mark.parametrize(
    ("hours", "weeks", "words"),
    [
        (
            5.43,
            0.19,
            "Of the whole weeks of admissions from October 2025 to September 2026, 19% had nine "
            "hours or more; people came to 5.4 hours a week on average.",
        ),
        (
            "hidden",
            0.19,
            "Of the whole weeks of admissions from October 2025 to September 2026, 19% had nine "
            "hours or more.",
        ),
        (
            5.43,
            "hidden",
            "People came to 5.4 hours a week on average, of admissions from October 2025 to "
            "September 2026.",
        ),
        ("hidden", np.nan, ""),
    ],
)
def test_the_dose_stands_behind_the_attendance(hours: object, weeks: object, words: str) -> None:
    caption = "By program: admissions from October 2025 to September 2026"
    row = {"program": "all", "hours_a_week": hours, "weeks_of_9_hours": weeks}
    assert said("attendance", table("programs", caption, row)) == words
    section = Section("attendance", "A section", (), (table("programs", caption, row),))
    own = "Of 575 sessions due in 2026Q3, 365 were attended (63.5%)."
    assert opening(section, first=own) == f"{own} {words}".strip()


def test_attendance_opens_with_the_time_of_the_report_as_the_first_page_has_it() -> None:
    """Its tables of one program were of two quarters, and its trends of the one."""
    report = iop.quarterly_report(records_of_the_sample().where(program="North"), "2026Q3")
    told = sections(report)
    first = told["attendance"]["sentences"][0]
    (item,) = (one for one in told["what-changed"]["items"] if one["title"] == "Attendance rate")
    counts = re.search(r"was ([\d.]+%) in 2026Q3 \(([\d,]+) of ([\d,]+);", item["text"])
    assert counts
    assert first.startswith(
        f"Of {counts[3]} sessions due in 2026Q3, {counts[2]} were attended ({counts[1]})."
    )
    captions = [one["caption"] for one in told["attendance"]["tables"]]
    assert "Attendance by weekday in 2026Q2 to 2026Q3" in captions


def rules(first: object, left: object, of: int = 531) -> str:
    rows = [
        {"rule": "Started and engaged (IET style)", "met": 532, "of": 581, "share": 0.916},
        {
            "rule": "First to fourth session within 30 days (NIATx)",
            "met": first,
            "of": 593,
            "share": "hidden" if first == "hidden" else 0.906,
        },
        {"rule": "Left: 30 days without contact", "met": left, "of": of, "share": 0.358},
    ]
    return said("engagement", table("continuity", OF_RULES, *rows))


def test_engagement() -> None:
    left = "190 had 30 days without contact (35.8%)."
    time = " from October 2024 to September 2026"
    first = f"Of 593 admissions{time} with a first visit, 537 came to a fourth within 30 days of it"
    assert rules(537, 190) == f"{first} (90.6%). Of 531 admissions, {left} {DIFFER}"
    assert rules(537, 190, of=593).endswith(left)  # the two are the same
    assert rules("hidden", 190).startswith(
        f"Of 581 admissions{time}, 532 started soon and came to two or more further visits "
        "(91.6%). "
    )
    assert rules(537, "hidden") == f"{first} (90.6%)."
    stay = {"rule": "Seen within 7 days after a stay elsewhere", "met": 144, "of": 197}
    alone = {"rule": "Left: 30 days without contact", "met": 20, "of": 50}
    assert said("engagement", table("continuity", OF_RULES, stay)) == (
        f"Of 197 admissions{time} after a stay elsewhere, 144 came within 7 days of its end."
    )
    assert said("engagement", table("continuity", OF_RULES, alone)) == (
        f"Of 50 admissions{time}, 20 had 30 days without contact."
    )


def ends(everybody: object, completed: object, dropped_out: object) -> str:
    rows = [
        {"reason": "completed", "discharges": completed, "share": 0.379},
        {"reason": "dropped out", "discharges": dropped_out, "share": 0.209},
        {"reason": "all", "discharges": everybody, "share": 1.0},
    ]
    return said("who-stayed", table("discharges", "Discharges in 2026Q3, by reason", *rows))


def test_how_episodes_ended() -> None:
    of = "Of 153 episodes that ended in 2026Q3, "
    assert ends(153, 58, 32) == f"{of}58 ended as completed (37.9%) and 32 as dropped out (20.9%)."
    assert ends(153, "hidden", 32) == f"{of}32 ended as dropped out (20.9%)."
    assert ends(153, "hidden", "hidden") == ends("hidden", 58, 32) == ends(0, 0, 0) == ""


def relapse(*cells: object, at_risk: object = 616, rules: dict[str, object] | None = None) -> str:
    row = {"program": "all"} | dict(zip(("day_30", "day_90", "day_180"), cells, strict=True))
    curve = Table("relapse", "Time to relapse", pd.DataFrame({"day": [0], "at_risk": [at_risk]}))
    tables = [table("without_relapse", OF_RELAPSE, row)]
    if rules is not None:
        rows = [{"a missing check-in": one, "day_180": cell} for one, cell in rules.items()]
        tables.append(table("missing_check_ins", "Without relapse, by what a missing", *rows))
    section = Section("relapse", "Relapse", (), (*tables, curve))
    return opening(section)


def test_relapse_is_said_of_the_last_day_that_is_shown() -> None:
    of = "Of 616 admissions from October 2025 to September 2026, an estimated "
    last = ", if those no longer followed fared like the others."
    limits = " (95% limits 54% to 67%)"
    assert relapse("88%", "71%", "61% (54% to 67%)") == (
        f"{of}61% were without relapse on day 180{limits}{last}"
    )
    assert relapse("88%", "71%", "hidden") == f"{of}71% were without relapse on day 90{last}"
    assert relapse("88%", "71%", "not known") == f"{of}71% were without relapse on day 90{last}"
    hidden = relapse("hidden", "hidden", "hidden")
    assert hidden.startswith("No share without relapse can be shown here")
    assert not re.search(r"\d", hidden)
    assert "nobody is followed" in relapse("not known", "not known", "not known")
    of_all = "Of all admissions from October 2025 to September 2026, "
    assert relapse("88%", "71%", "61%", at_risk="hidden").startswith(of_all)
    assert relapse("88%", "71%", "61%", at_risk=1).startswith("Of 1 admission from ")


def test_beside_it_stands_the_range_by_what_a_missing_check_in_counts_as() -> None:
    cells = "88%", "71%", "61% (54% to 67%)"
    rules: dict[str, object] = {
        "counts as no use, or takes the last value": "58%",
        "counts as use": "15%",
        "ends follow-up (used here)": "61% (54% to 67%)",
    }
    assert relapse(*cells, rules=rules).endswith(
        "fared like the others. It is from 15%, if every missing check-in counts as use, to 61%, "
        "if people are counted only up to their first missing one."
    )
    without = relapse(*cells)
    assert without.endswith("fared like the others.")
    assert relapse(*cells, rules={**rules, "counts as use": "hidden"}) == without
    assert relapse(*cells, rules={**rules, "counts as use": "not known"}) == without
    fewer = {one: cell for one, cell in rules.items() if "counts as use" not in one}
    assert relapse(*cells, rules=fewer) == without  # a rule without a row may be an end
    assert relapse(*cells, rules=dict.fromkeys(rules, "61%")) == without
    last: dict[str, object] = {
        "counts as use": "15%",
        "counts as no use": "58%",
        "ends follow-up": "57%",
        "takes the last value (used here)": "61%",
    }
    assert "to 61%, if a missing check-in takes the last value." in relapse(*cells, rules=last)


def test_symptoms_and_daily_life() -> None:
    row = {"scale": "Depression (PHQ-9)", "answered_twice": 469, "mean_at_intake": 12.1}
    row["mean_at_the_end"] = 9.3
    scores = table("symptoms", "Change of symptoms", row)
    assert said("symptoms", scores) == (
        "Depression (PHQ-9) was 12.1 at intake and 9.3 at the end, on average, for the 469 who "
        "answered both times. Lower is better."
    )
    life = {"domain": "stable housing", "paired": 31, "share_start": 0.8, "share_end": 0.75}
    housing = table("functioning", "Work, housing and more", life)
    words = "Stable housing: 80.0% at the start and 75.0% at discharge, of the 31 who answered both"
    assert said("symptoms", housing) == f"{words} times."
    assert said("symptoms", table("functioning", "", life | {"paired": "hidden"})) == ""
    assert said("symptoms", table("symptoms", "", row | {"mean_at_the_end": "hidden"})) == ""
    one = said("symptoms", table("symptoms", "", row | {"answered_twice": 1}))
    assert "on average, for the one who answered both times." in one
    alone = said("symptoms", table("functioning", "", life | {"paired": 1}))
    assert alone.endswith("at discharge, of the one who answered both times.")
    higher = row | {"scale": "What protects (BAM protective, higher is better)"}
    assert "Lower is better" not in said("symptoms", table("symptoms", "", higher))


def test_response_is_that_of_the_newest_month_that_is_shown() -> None:
    rows = [
        {"period": "2026-07", "numerator": 538.0, "denominator": 717.0, "value": 0.75},
        {"period": "2026-08", "numerator": np.nan, "denominator": np.nan, "value": np.nan},
        {"period": "2026-09", "numerator": 30.0, "denominator": 40.0, "value": 0.75},
    ]
    status = ("known", "hidden", "not yet known")
    rows = [row | {"status": one} for row, one in zip(rows, status, strict=True)]
    answers = table("trend_check_in_response", "Check-in response by month", *rows)
    assert said("response", answers) == (
        "Of 717 check-ins due in July 2026 alone, the newest month shown here, 538 were answered "
        "(75.0%)."
    )
    quarter = table("trend_check_in_response", "", rows[0] | {"period": "2026Q3"})
    words = "Of 717 check-ins due in 2026Q3, 538 were answered (75.0%)."
    assert said("response", quarter) == words
    assert said("response", table("trend_check_in_response", "", *rows[1:])) == ""


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (
            ["no", "no", "in part"],
            "2 measures cannot be told from these records and 1 can be told only in part.",
        ),
        (["no"], "1 measure cannot be told from these records."),
        (["in part"], "1 measure can be told only in part."),
        (["by program", "in part"], "2 measures can be told only in part."),
    ],
)
def test_what_the_records_cannot_tell(known: list[str], words: str) -> None:
    rows = [{"measure": str(place), "known": one} for place, one in enumerate(known)]
    assert (
        said("cannot-tell", table("cannot_tell", "What these records cannot tell", *rows)) == words
    )


def test_a_section_without_its_tables_opens_with_nothing() -> None:
    assert [said(name) for name in OPENINGS] == [""] * len(OPENINGS)
    assert said("definitions") == ""


NOT_CELLS = re.compile(
    r"\d{4}-\d{2}(-\d{2})?|\b[JFMASOND][a-z]{2,8} \d{4}\b|\d{4}Q\d( to \d{4}Q\d)?|"
    r"\b(after|within) \d+ days( of it)?|95% limits|\(PHQ-9\)|day \d+\b|After \d+ days|"
    r"\d+ days without|followed for 90 days"
)


def numbers_of(sentence: str) -> list[str]:
    """Return the counts, shares and means of a sentence as they are written."""
    return re.findall(r"\d[\d,]*(?:\.\d+)?%?", NOT_CELLS.sub("", sentence))


def sections(report: iop.Report) -> dict[str, dict[str, Any]]:
    assert report._document is not None
    return {one["name"]: one for one in report._document["sections"]}


def written(section: dict[str, Any]) -> set[str]:
    """Return the numbers in the cells of the tables of a section, as a reader sees them."""
    seen = set()
    tables = [*section["tables"], *(one["table"] for one in section["figures"])]
    for one in tables:
        kinds = [column["kind"] for column in one["columns"]]
        for row in one["rows"]:
            for cell, kind in zip(row, kinds, strict=True):
                how = ("share", "whole_share") if kind == "by_row" else (kind,)
                for own in how:
                    seen |= set(re.findall(r"\d[\d,]*(?:\.\d+)?%?", write_value(cell, own)))
    return seen


@pytest.mark.parametrize("name", sorted(set(OPENINGS) - {"cannot-tell"}))
def test_every_number_of_an_opening_stands_in_a_cell_of_its_section(name: str) -> None:
    section = sections(report_of_the_sample())[name]
    first = section["sentences"][0]
    assert numbers_of(first), first
    assert set(numbers_of(first)) <= written(section), first


def test_so_it_is_where_much_is_hidden() -> None:
    records = records_of_the_sample()
    kept = (records.episodes["program"] == "Lakeside") & (
        records.episodes["admit_date"] >= "2026-01-01"
    )
    report = iop.quarterly_report(records.subset(kept.to_numpy()), "2026Q3")
    for name in set(OPENINGS) - {"cannot-tell"}:
        section = sections(report)[name]
        for sentence in section["sentences"][:1]:
            if "is not shown yet: it is of those admitted" in sentence:
                continue  # no opening: a rule, and from which day on there can be a picture
            there = written(section) | {"11"}
            if name == "attendance":  # of the quarter, as the first page has it
                items = sections(report)["what-changed"]["items"]
                (own,) = (one["text"] for one in items if one["title"] == "Attendance rate")
                there |= {*numbers_of(own)}
            assert set(numbers_of(sentence)) <= there, sentence


def test_no_opening_is_read_as_a_small_count() -> None:
    document = report_of_the_sample()._document
    assert document is not None
    assert disclosed_by(document, 11) == []
