"""The day of the export, as its files state it: proposed as the data cut, never taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import iop_outcomes as iop

HEAD = "Client ID,Session Date,Attendance\n"


def export(
    folder: Path,
    name: str = "sessions.csv",
    titles: str = "",
    footer: str = "",
    date: str = "2026-07-{:02d}",
) -> iop.MappingSuggestion:
    admitted = "".join(f"K{n:03d},{date.format(n)},\n" for n in range(1, 25))
    sessions = "".join(f"K{n:03d},{date.format(n + 1)},Present\n" for n in range(1, 25))
    (folder / "admissions.csv").write_text("Client ID,Admit Date,Discharge Date\n" + admitted)
    (folder / name).write_text(titles + HEAD + sessions + footer, encoding="utf-8")
    return iop.suggest_mapping(folder)


def asked(made: iop.MappingSuggestion) -> list[str]:
    return [one for one in made.questions if "--as-of" in one]


def flat(text: str) -> str:
    return re.sub(r"\n# +", " ", text)


STATED = {  # what states it, and where
    "name": ({"name": "sessions_2026-09-30.csv"}, "the name of sessions_2026-09-30.csv"),
    "compact_name": ({"name": "sessions 20260930.csv"}, "the name of sessions 20260930.csv"),
    "american_name": ({"name": "sessions 9-30-2026.csv"}, "the name of sessions 9-30-2026.csv"),
    "period": (
        {"titles": "Sessions\nPeriod: 07/01/2026 - 09/30/2026\n"},
        "the titles of sessions.csv",
    ),
    "from_to": (
        {"titles": "Sessions\nJuly 1, 2026 to September 30, 2026\n"},
        "the titles of sessions.csv",
    ),
    "as_of": ({"titles": "Sessions as of 09/30/2026\n\n"}, "the titles of sessions.csv"),
    "footer": ({"footer": "\nReport run: 09/30/2026 08:15:22 AM\n"}, "the end of sessions.csv"),
    "printed": (
        {"footer": "\nPrinted on September 30, 2026 by Staff 01\n"},
        "the end of sessions.csv",
    ),
    "german": (
        {"footer": "\nGedruckt am 30.09.2026\n", "date": "{:02d}.07.2026"},
        "the end of sessions.csv",
    ),
}


@pytest.mark.parametrize("name", STATED)
def test_the_day_that_is_stated_is_asked_about(name: str, tmp_path: Path) -> None:
    given, where = STATED[name]
    made = export(tmp_path, **given)
    (question,) = asked(made)
    assert f"2026-09-30 ({where})" in question
    assert "--as-of 2026-09-30" in question
    assert question in flat(made.text)
    # nothing is taken: the data cut is still the newest day with something recorded
    records = iop.read_records(tmp_path, mapping=made.mapping)
    assert str(records.as_of.date()) == "2026-07-25"
    later = iop.read_records(tmp_path, mapping=made.mapping, as_of="2026-09-30")
    assert str(later.as_of.date()) == "2026-09-30"


def test_a_date_with_two_readings_is_given_with_both(tmp_path: Path) -> None:
    made = export(tmp_path, footer="\nPrinted on 08/09/2026\n")
    (question,) = asked(made)
    assert "2026-08-09 or 2026-09-08" in question


def test_of_two_readings_the_one_before_the_newest_record_is_none(tmp_path: Path) -> None:
    made = export(tmp_path, footer="\nPrinted on 02/09/2026\n")
    (question,) = asked(made)
    assert "2026-09-02 (" in question
    assert "2026-02-09" not in question


def test_the_order_of_the_dates_of_the_export_settles_it(tmp_path: Path) -> None:
    made = export(tmp_path, footer="\nPrinted on 08/09/2026\n", date="7/{:02d}/2026")
    (question,) = asked(made)
    assert "2026-08-09 (" in question


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "sessions_2026-07-25.csv"},  # the newest day recorded
        {"name": "sessions_2025-09-30.csv"},  # before it
        {"name": "sessions_12345678.csv"},
        {"titles": "Sessions\nPhone: 555-09-30-2026\n"},
        {"footer": "\nTotal: 20260930\n"},
        {"footer": "K024,2026-07-25,Present\n"},
    ],
)
def test_where_no_later_day_is_stated_none_is_asked_about(
    given: dict[str, str], tmp_path: Path
) -> None:
    made = export(tmp_path, **given)
    assert asked(made) == []
    assert "--as-of" in made.text.split("What the records can tell")[1]  # how to give it


def test_the_day_after_the_newest_record_is_no_question(tmp_path: Path) -> None:
    made = export(tmp_path, name="sessions_2026-07-26.csv")
    assert asked(made) == []
    assert "2026-07-26 (the name of sessions_2026-07-26.csv)" in flat(made.text)


def test_a_person_in_a_title_or_a_name_is_not_written(tmp_path: Path) -> None:
    made = export(
        tmp_path, name="Marsh 2026-09-30.csv", footer="\nPrinted by Ada Marsh 9/30/2026\n"
    )
    shown = made.text + made.summary()
    assert "Marsh" not in shown
    assert "2026-09-30" in shown
