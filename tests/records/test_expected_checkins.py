"""Check-ins that were due and have no row: by hand, and against a slow, plain version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "exports"


def date(day: int) -> str:
    return str(np.datetime64("2026-03-01") + day)


def read(
    stays: list[tuple[int, int | None]],
    rows: list[tuple[int, int]],
    cut: int,
    *,
    status: str | list[str] = "completed",
    more: dict[str, Any] | None = None,
    episodes: dict[str, Any] | None = None,
    **expected: Any,
) -> iop.Records:
    frame = pd.DataFrame(
        {
            "episode_id": [f"E{row}" for row in range(len(stays))],
            "admit_date": [date(admit) for admit, _ in stays],
            "discharge_date": ["" if end is None else date(end) for _, end in stays],
            **(episodes or {}),
        }
    )
    checkins = pd.DataFrame(
        {
            "episode_id": [f"E{row}" for row, _ in rows],
            "date": [date(day) for _, day in rows],
            "status": status,
            **(more or {}),
        }
    )
    mapping = {"checkins": {"expected_every": "7 days", **expected}}
    return iop.read_records(episodes=frame, checkins=checkins, mapping=mapping, as_of=date(cut))


def told(records: iop.Records) -> list[tuple[str, int, str, str]]:
    frame = records.checkins
    columns = ("episode_id", "day", "status", "due_row")
    return list(zip(*(frame[name].tolist() for name in columns), strict=True))


# By hand ----------------------------------------------------------------------------------------


def test_a_check_in_that_was_due_and_has_no_row_is_missed() -> None:
    # Admitted on day 0, discharged on day 30. The spans are 4-10, 11-17, 18-24 and 25-31: the
    # fourth is not over at the discharge. Day 12 is of the second, day 17 too.
    records = read([(0, 30)], [(0, 0), (0, 12), (0, 17), (0, 40)], cut=60)
    assert told(records) == [
        ("E0", 0, "completed", "outside"),
        ("E0", 7, "missed", "made"),
        ("E0", 12, "completed", "recorded"),
        ("E0", 17, "completed", "recorded"),
        ("E0", 21, "missed", "made"),
        ("E0", 40, "completed", "outside"),
    ]
    assert records.checkins["date"].dt.strftime("%Y-%m-%d").tolist()[1] == date(7)
    (note,) = [note for note in records.notes if "were due every" in note]
    assert note.startswith(
        "2 check-ins made, with the status missed: of 3 that were due every 7 days"
    )
    assert "1 row after admission of no such check-in" in note
    trend = iop.trend(records, "check_in_response", every="quarter").table
    assert (trend["numerator"].sum(), trend["denominator"].sum()) == (2, 4), (
        "the rows of none that was due say nothing of a response"
    )


@pytest.mark.parametrize(
    ("every", "day", "of"),
    [
        *[(7, 3, 0), (7, 4, 1), (7, 10, 1), (7, 11, 2)],
        *[(14, 6, 0), (14, 7, 1), (14, 20, 1), (14, 21, 2)],
        *[(1, 0, 0), (1, 1, 1), (1, 2, 2)],
    ],
)
def test_a_row_counts_for_a_check_in_from_the_first_to_the_last_day_of_its_range(
    every: int, day: int, of: int
) -> None:
    last = {0: 0, 1: 1, 2: 2}[of] * every
    records = read([(0, None)], [(0, day)], cut=2 * every + every, expected_every=every)
    missed = [due for _, due, status, _ in told(records) if status == "missed"]
    assert last not in missed
    assert [due for due in (every, 2 * every) if due != last] == missed[: 2 - bool(of)]


@pytest.mark.parametrize(("cut", "made"), [(9, 0), (10, 1), (16, 1), (17, 2)])
def test_a_span_that_is_not_over_at_the_data_cut_is_left_out(cut: int, made: int) -> None:
    records = read([(0, None)], [(0, 0)], cut=cut)
    assert [row[3] for row in told(records)].count("made") == made


def test_check_ins_are_due_after_a_discharge_where_it_is_reported() -> None:
    stays, rows = [(0, 10)], [(0, 0)]
    days = [day for _, day, _, row in told(read(stays, rows, cut=60)) if row == "made"]
    assert days == [7]
    until = read(stays, rows, cut=60, expected_until="4 weeks")
    assert [day for _, day, _, row in told(until) if row == "made"] == [7, 14, 21, 28]
    until = read(stays, rows, cut=30, expected_until=27)
    assert [day for _, day, _, row in told(until) if row == "made"] == [7, 14, 21]
    followed = read(stays, rows, cut=60, episodes={"followed_until": [date(24)]})
    assert [day for _, day, _, row in told(followed) if row == "made"] == [7, 14, 21]
    beyond = read(stays, rows, cut=25, episodes={"followed_until": [date(99)]})
    assert [day for _, day, _, row in told(beyond) if row == "made"] == [7, 14, 21]


def test_nothing_is_due_after_a_death() -> None:
    episodes = {"discharge_reason": ["died"], "followed_until": [date(50)]}
    records = read([(0, 12)], [(0, 0)], cut=60, episodes=episodes, expected_until=60)
    assert [day for _, day, _, row in told(records) if row == "made"] == [7]


def test_a_row_of_any_status_is_a_row_and_so_is_one_set_aside() -> None:
    status = ["not_due", "missed", "sort of"]
    records = read([(0, None)], [(0, 7), (0, 14), (0, 21)], cut=40, status=status)
    rows = [(day, status, due) for _, day, status, due in told(records)]
    assert (
        rows
        == [
            (7, "not_due", "recorded"),
            (14, "missed", "recorded"),
            (28, "missed", "made"),
            (35, "missed", "made"),
        ][: len(rows)]
    )
    assert 21 not in [day for day, _, _ in rows]


def test_what_was_not_asked_is_missing_in_rows_that_are_made() -> None:
    more = {
        "used": ["no"],
        "craving": [3],
        "site_visits": [4],
        "site": ["North"],
        "seen": ["2026-01-01"],
    }
    records = read([(0, None)], [(0, 7)], cut=17, more=more)
    assert len(records.checkins) == 2
    result = records.checkins.iloc[1]
    assert result["due_row"] == "made"
    assert result.drop(["episode_id", "date", "day", "status", "due_row"]).isna().all()
    assert records.checkins["site_visits"].tolist()[0] == 4
    episodes = pd.DataFrame({"episode_id": ["E0"], "admit_date": [date(0)]})
    checkins = pd.DataFrame(
        {"episode_id": ["E0"], "date": [date(7)], "status": "completed", **more}
    )
    plain = iop.read_records(episodes=episodes, checkins=checkins, as_of=date(17)).checkins
    assert "due_row" not in plain
    kinds = records.checkins.drop(columns=["due_row", "site_visits"]).dtypes.astype(str)
    assert kinds.to_dict() == plain.drop(columns="site_visits").dtypes.astype(str).to_dict()
    assert records.sources["rows_kept"].tolist() == [1, 1], "rows that are made are of no file"


def test_missed_check_ins_are_added_with_study_days() -> None:
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": [3]})
    checkins = pd.DataFrame({"episode_id": ["A"], "day": [40], "status": "not_due"})
    mapping = {"checkins": {"expected_every": 7}}
    records = iop.read_records(episodes=episodes, checkins=checkins, mapping=mapping, as_of=20)
    assert records.checkins["day"].tolist() == [7, 14]
    assert "date" not in records.checkins
    part = records.where(episode_id="A")
    assert part.checkins["due_row"].tolist() == ["made"] * 2


def test_without_a_table_of_check_ins_none_is_made() -> None:
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_date": [date(0)]})
    rows = pd.DataFrame({"episode_id": ["A"], "date": [date(40)], "status": "attended"})
    mapping = {"checkins": {"expected_every": 7}}
    records = iop.read_records(episodes=episodes, attendance=rows, mapping=mapping)
    assert len(records.checkins) == 0
    assert any("no check-ins were read" in note for note in records.notes)


def test_an_own_column_of_that_name_is_kept_under_another() -> None:
    records = read([(0, None)], [(0, 7)], cut=17, more={"due_row": ["mine"]})
    assert records.checkins["export_due_row"].astype(object).tolist()[0] == "mine"
    assert [row[3] for row in told(records)] == ["recorded", "made"]


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        ({"expected_every": "monthly"}, "number of days from 1 to 366"),
        ({"expected_every": 0}, "number of days from 1 to 366"),
        ({"expected_every": "9999 weeks"}, "number of days from 1 to 366"),
        ({"expected_every": [7]}, "number of days from 1 to 366"),
        ({"expected_until": "discharge"}, "number of days from 1 to 3,660"),
        ({"expected_every": None, "expected_until": 30}, "without expected_every"),
    ],
)
def test_what_cannot_be_read_gives_one_error_sentence(expected: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordsError, match=says):
        read([(0, None)], [(0, 7)], cut=17, **expected)


# The slow, plain version ------------------------------------------------------------------------


def plain(
    stays: list[tuple[int, int | None]], rows: list[tuple[int, int]], cut: int, every: int
) -> list[tuple[str, int, str, str]]:
    result = []
    for number, (admit, end) in enumerate(stays):
        until = min(cut, cut if end is None else end) - admit
        own = [day - admit for episode, day in rows if episode == number]
        due: dict[int, list[int]] = {}
        which = 1
        while True:
            span = [
                day
                for day in range(until + 400)
                if which * every - every / 2 <= day < which * every + every / 2
            ]
            if span[-1] > until:
                break
            due[which * every] = [day for day in own if day in span]
            which += 1
        met = {day for days in due.values() for day in days}
        lines = [(day, "completed", "recorded" if day in met else "outside") for day in own]
        lines += [(day, "missed", "made") for day, days in due.items() if not days]
        result += [(f"E{number}", *line) for line in lines]
    return sorted(result)


@settings(deadline=None, max_examples=10)
@given(st.data(), st.integers(1, 15), st.integers(10, 60))
def test_missed_check_ins_are_made_as_a_plain_version_says(
    data: st.DataObject, every: int, cut: int
) -> None:
    end = st.one_of(st.none(), st.integers(10, 60))
    stays = data.draw(st.lists(st.tuples(st.integers(0, 10), end), min_size=1, max_size=4))
    row = st.tuples(st.integers(0, len(stays) - 1), st.integers(0, cut))
    rows = data.draw(st.lists(row, min_size=1, max_size=30, unique=True))
    stays = [(admit, end if end is None or end <= cut else None) for admit, end in stays]
    records = read(stays, rows, cut, expected_every=every)
    assert sorted(told(records)) == plain(stays, rows, cut, every)


# The export of a form ---------------------------------------------------------------------------


@pytest.mark.skipif(not EXPORTS.is_dir(), reason="the exports are not beside it")
def test_the_lines_that_are_proposed_for_a_form_work_without_their_mark(tmp_path: Path) -> None:
    proposal = iop.suggest_mapping(EXPORTS / "07_form_responses")
    lines = proposal.text.splitlines()
    for start in ("# episode_id = ", "# expected_every = "):  # as the user does: without the #
        (place,) = [number for number, line in enumerate(lines) if line.startswith(start)]
        lines[place] = lines[place].removeprefix("# ")
        if "expected" in start:
            lines.insert(place + 1, 'expected_until = "26 weeks"')
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("\n".join(lines), encoding="utf-8")
    records = iop.read_records(EXPORTS / "07_form_responses", mapping=mapping)
    counts = records.checkins["due_row"].value_counts()
    assert (counts["made"], counts["recorded"] + counts["outside"]) == (416, 1346)


def test_nothing_is_due_of_a_person_who_was_admitted_again() -> None:
    episodes = {"person_id": ["A", "A"]}
    records = read(
        [(0, 8), (16, None)], [(0, 7), (1, 23)], cut=30, episodes=episodes, expected_until=90
    )
    assert told(records)[1:] == [("E1", 7, "completed", "recorded")]
    for again in (8, 10):  # on the day of discharge, and on the last day of the first span
        records = read(
            *([(0, 8), (again, None)], [(1, again + 7)], 30), episodes=episodes, expected_until=90
        )
        assert "E0" not in [row[0] for row in told(records)]
    alone = read([(0, 8)], [(0, 7)], cut=30, expected_until=90)
    assert [row[1] for row in told(alone)] == [7, 14, 21]
