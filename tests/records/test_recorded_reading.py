"""What is said of what was read, beside what was recorded (tests/helpers/recorded.py)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import iop_outcomes as iop
from iop_outcomes.errors import OutcomesError
from tests.helpers.recorded import compare_recorded, frame_text, parts_text

HERE = Path(__file__).parent / "recorded"
MESSY = Path("data/samples/messy")


def said_of(records: iop.Records) -> list[tuple[str, str | pd.DataFrame]]:
    """Return all that records say of themselves, and their tables."""
    quality = records.quality()
    judged = [
        (name, one.known, one.text, one.why_published, one.needed)
        for name, one in sorted(records.judgements(*MEASURES).items())
    ]
    return [
        ("itself", repr(records)),
        ("notes", "\n".join(records.notes)),
        ("sources", records.sources.drop(columns="file")),
        ("problems", records.problems),
        ("checks that met something", quality[quality["rows_failed"] > 0]),
        (
            "what is known",
            pd.DataFrame(judged, columns=["measure", "known", "text", "told", "need"]),
        ),
        *((name, getattr(records, name).head(40)) for name in sorted(records.tables)),
    ]


MEASURES = ("attendance_rate", "first_session", "retained_30", "completion_rate", "relapse")
EPISODES = """Client No,Admitted,Left,Why,Site
007,03/25/2026,2026-04-30,Completed,north
7.0,25/03/2026,,,North
008,2026-02-30,5/1/26,Moved,South
009,46106,2026-03-01,Died,
,2026-03-04,,,North
010,1 March 2026,2026-02-01,AMA,North
011,2026-03-05T09:30,20260410,graduated,  South
012,next week,2026-04-01,Completed,South
013,2026-03-09,2026-03-09,-,South
"""
VISITS = """Client No,Visit,Start,Kind,Outcome,Mins
007,2026-03-26,9:00 AM,Group,Present,180
007,2026-03-26,9:00 AM,Group,Absent,0
008,2026-03-27,24:30,Group,Present,-5
009,2026-03-02,21:15,Indiv.,No Show,
010,2026-03-03,noon,Group,Cx by client,1e3
011,2026-03-07,1730,Group,Present,90.5
011,2026-03-07,1730,Group,Present,90.5
011,2026-05-01,0900,Family,Present,60
013,2030-01-01,9,Group,Late,30
999,2026-03-09,9:00,Group,Present,60
"""
CHECKS = """Client No,Asked,Answer,UDS,PHQ
007,2026-04-01,done,neg,9
007,2026-04-08,no answer,,
008,2026-04-02,done,POS,27
009,2026-03-09,done,refused,28
010,2026-03-10,done,neg?,3.5
011,2026-03-11,done,mixed,12/27
"""
GOOD: dict[str, Any] = {
    "episodes": {
        "columns": {
            "Client No": "episode_id",
            "Admitted": "admit_date",
            "Left": "discharge_date",
            "Why": "discharge_reason",
            "Site": "program",
        },
        "words": {"discharge_reason": {"graduated": "completed", "Moved": "other"}},
    },
    "attendance": {
        "columns": {
            "Client No": "episode_id",
            "Visit": "date",
            "Start": "start_time",
            "Kind": "service",
            "Outcome": "status",
            "Mins": "minutes_attended",
        },
        "words": {"status": {"Present": "attended", "Absent": "no_show", "No Show": "no_show"}},
    },
    "checkins": {
        "columns": {
            "Client No": "episode_id",
            "Asked": "date",
            "Answer": "status",
            "UDS": "drug_test",
        },
        "words": {"status": {"done": "completed", "no answer": "missed"}},
    },
}


def written(folder: Path) -> Path:
    folder = folder / "export"
    folder.mkdir()
    for name, text in {"episodes": EPISODES, "attendance": VISITS, "checkins": CHECKS}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_what_is_said_of_the_messy_sample_is_recorded() -> None:
    records = iop.read_records(MESSY)
    compare_recorded(HERE / "messy_sample.txt", parts_text(said_of(records)))


def test_a_proposed_mapping_and_what_it_reads_are_recorded(tmp_path: Path) -> None:
    folder = written(tmp_path)
    proposal = iop.suggest_mapping(folder)
    compare_recorded(HERE / "proposal.toml", proposal.text)
    records = iop.read_records(folder, mapping=tomllib.loads(proposal.text))
    compare_recorded(HERE / "read_by_the_proposal.txt", parts_text(said_of(records)))


def message(read: Callable[[], iop.Records]) -> str:
    try:
        records = read()
        return f"{records!r}\n{frame_text(records.problems)}"
    except OutcomesError as error:
        return f"{type(error).__name__}: {error}"


WRONG: dict[str, Any] = {
    "nothing wrong": {},
    "no such table": {"visits": {"columns": {}}},
    "no such key": {"episodes": {"column": {}}},
    "no such column": {"episodes": {"columns": {"Admitted": "admitted"}}},
    "a heading that is not there": {"episodes": {"columns": {"Admission": "level"}}},
    "two columns from one": {"episodes": {"columns": {"Left": ["discharge_date", "admit_date"]}}},
    "one column from two": {"attendance": {"columns": {"Kind": "status"}}},
    "a word that is none of ours": {"attendance": {"words": {"status": {"Late": "came"}}}},
    "words for a column of days": {"episodes": {"words": {"admit_date": {"x": "y"}}}},
    "words for a column that is not there": {"checkins": {"words": {"used": {"y": "yes"}}}},
    "columns that are a list": {"episodes": {"columns": ["Admitted"]}},
    "an order of dates for all": {"date_order": "middle first"},
    "an order of dates": {"options": {"date_order": "middle first"}},
    "a day first": {"options": {"date_order": "day_first"}},
    "a table that is a text": {"episodes": "clients.csv"},
    "a file that is not there": {"episodes": {"from": [{"file": "nobody.csv"}]}},
    "a constant": {"attendance": {"constants": {"service": "group"}}},
    "a constant that is none of ours": {"attendance": {"constants": {"status": "came"}}},
    "an option": {"options": {"identical_rows": "perhaps"}},
    "identical rows folded": {"options": {"identical_rows": "fold"}},
    "a threshold": {"thresholds": {"longest_stay": "long"}},
    "a unit": {"attendance": {"units": {"minutes_attended": "weeks"}}},
    "hours": {"attendance": {"units": {"minutes_attended": "hours"}}},
    "identifiers": {"ids": {"leading_zeros": "ignore"}},
    "identifiers as they are": {"ids": {"case": "keep"}},
    "check-ins that are due": {"checkins": {"expected_every": "7 days"}},
    "check-ins that are due so often": {"checkins": {"expected_every": "often"}},
    "a link": {"attendance": {"link": {"by": "person_and_date"}}},
    "a link that is not known": {"attendance": {"link": {"by": "name"}}},
    "a person's name": {"options": {"person": "name"}},
}


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of two mappings, those of the second where both have one."""
    both = {
        key: merged(one[key], value)
        if isinstance(one.get(key), dict) and isinstance(value, dict)
        else value
        for key, value in other.items()
    }
    return one | both


def test_messages_of_mappings_and_what_they_read_are_recorded(tmp_path: Path) -> None:
    folder = written(tmp_path)
    lines = []
    for name, more in WRONG.items():
        mapping = merged(GOOD, more)
        lines.append(
            (name, message(lambda mapping=mapping: iop.read_records(folder, mapping=mapping)))
        )  # type: ignore[misc]
    compare_recorded(HERE / "mappings.txt", parts_text(lines).replace(str(tmp_path), "here"))
