"""Identifiers written in several ways: what [ids] makes one, says, lists and refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.id_rules import ID_RULES, compared

CASE = {"ids": {"episode_id": ["ignore_case"]}}


def records_of(
    ids: list[str], rows: list[str], mapping: object, more: dict[str, list[str]] | None = None
) -> iop.Records:
    size = len(ids)
    admitted = [f"2026-01-{5 + row:02d}" for row in range(size)]
    episodes = pd.DataFrame({"episode_id": ids, "admit_date": admitted, **(more or {})})
    days = [f"2026-02-{1 + row:02d}" for row in range(len(rows))]
    checkins = pd.DataFrame({"episode_id": rows, "date": days, "status": "completed"})
    return iop.read_records(episodes=episodes, checkins=checkins, mapping=mapping)


@pytest.mark.parametrize(
    ("rules", "one", "other", "alike"),
    [
        (["ignore_case"], "INV-1", "inv-1", True),
        (["ignore_case"], "STRASSE-1", "straße-1", True),
        (["strip_leading_zeros"], "00000100", "100", True),
        (["strip_leading_zeros"], "A-007", "A-7", True),
        (["strip_leading_zeros"], "100", "1", False),
        (["strip_leading_zeros"], "A-1-07", "A-1-7", False),  # the zeros of the first number only
        (["strip_leading_zeros"], "0", "000", True),
        (["strip_point_zero"], "12.0", "12", True),
        (["strip_point_zero"], "12.0", "12.00", True),
        (["strip_point_zero"], "1.2.0", "1.2", False),
        (["strip_point_zero"], "12.10", "12.1", False),
        (["ignore_case"], "12.0", "12", False),
        (list(ID_RULES), "a0012.0", "A12.0", True),
    ],
)
def test_each_rule_ignores_its_difference_between_identifiers(
    rules: list[str], one: str, other: str, alike: bool
) -> None:
    assert (compared(one, rules) == compared(other, rules)) is alike


def test_rows_match_the_episodes_whose_identifier_is_written_otherwise() -> None:
    without = records_of(["A-1", "B-2"], ["a-1", "B-2", "A-1"], None)
    assert len(without.checkins) == 2
    records = records_of(["A-1", "B-2"], ["a-1", "B-2", "A-1"], CASE)
    assert records.checkins["episode_id"].tolist() == ["A-1", "A-1", "B-2"]
    (note,) = [note for note in records.notes if "ignore_case" in note]
    assert "1 identifier read in the writing" in note
    assert "1 more row matched" in note
    met = records.problems
    assert met[["check", "line", "done"]].to_numpy().tolist() == [
        ["ids_made_one", 3, "kept: one identifier, written so in 1 row"]
    ]


def test_equal_rows_are_folded_after_their_identifiers_are_made_one() -> None:
    episodes = pd.DataFrame({"episode_id": ["A", "a"], "admit_date": ["2026-01-05"] * 2})
    checkins = pd.DataFrame(
        {"episode_id": ["A", "a"], "date": ["2026-01-12"] * 2, "status": "completed"}
    )
    records = iop.read_records(episodes=episodes, checkins=checkins, mapping=CASE)
    assert (len(records.episodes), len(records.checkins)) == (1, 1)
    assert records.sources["rows_folded"].tolist() == [1, 1]


def test_two_different_episodes_are_never_made_one() -> None:
    with pytest.raises(RecordsError, match="make one episode of two that differ") as caught:
        records_of(["Anna-1", "B-2", "anna-1"], ["B-2"], CASE)
    text = str(caught.value)
    assert "line 1 and frame, line 3" in text
    assert "nna" not in text, "no identifier may stand in an error"


def test_people_written_in_two_ways_are_one_person_and_listed() -> None:
    mapping = {"ids": {"person_id": ["strip_leading_zeros"]}}
    people = {"person_id": ["007", "8", "7"]}
    records = records_of(["A", "B", "C"], ["A"], mapping, people)
    assert records.episodes["admission_number"].tolist() == [1, 1, 2]
    assert records.episodes["person_id"].tolist() == ["007", "8", "007"]
    assert records.problems["check"].tolist() == ["ids_made_one"]
    (status,) = records.quality().query("check == 'ids_made_one'")["status"]
    assert status == "failed"


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ({"episode_id": []}, "neither a text nor a list"),
        ({"episode_id": "lower"}, "unknown rule"),
        ({"episode_id": [1]}, "neither a text nor a list"),
        ({"date": ["ignore_case"]}, "entry that is not known"),
        (["ignore_case"], "is not a section"),
        ({"person_id": ["ignore_case"]}, "no table has it"),
    ],
)
def test_a_rule_that_cannot_be_applied_gives_one_error_sentence(ids: object, says: str) -> None:
    with pytest.raises(RecordsError, match=says):
        records_of(["A"], ["A"], {"ids": ids})


def test_missing_identifiers_stay_missing_and_spaces_are_no_difference() -> None:
    records = records_of(["A", "B"], ["", " a ", "n/a", "N/A"], CASE)
    assert records.checkins["episode_id"].tolist() == ["A"]
    assert records.problems["check"].value_counts()["missing_required"] == 3


@settings(deadline=None, max_examples=10)
@given(
    st.lists(st.sampled_from(["a1", "A1", "01", "1", "1.0", "b", "B", ""]), min_size=1),
    st.lists(st.sampled_from(list(ID_RULES)), min_size=1, unique=True),
)
def test_rows_match_as_a_plain_comparison_says(rows: list[str], rules: list[str]) -> None:
    own = ["A1", "1", "B"]
    records = records_of(own, rows, {"ids": {"episode_id": rules}, "options": KEEP})
    known = {compared(name, rules): name for name in own}
    expected = [known[key] for row in rows if (key := compared(row, rules)) in known and row]
    assert sorted(records.checkins["episode_id"].tolist()) == sorted(expected)


KEEP = {"identical_rows": "keep"}


def test_the_order_of_dates_can_be_said_for_one_source(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("episode_id,admit_date\nA,2026-01-01\n")
    rows = "episode_id,date,status\nA,02/03/2026,completed\n"
    for name in ("us.csv", "eu.csv", "others.csv"):
        (tmp_path / name).write_text(rows)
    sources = [
        {"file": "us.csv", "date_order": "month_first"},
        {"file": "eu.csv", "date_order": "day_first"},
        {"file": "others.csv"},
    ]
    mapping = {
        "files": {"episodes": "e.csv"},
        "options": {"date_order": "day_first"},
        "checkins": {"from": sources},
    }
    records = iop.read_records(tmp_path, mapping=mapping, as_of="2026-06-30")
    assert records.checkins["date"].dt.strftime("%m-%d").tolist() == ["02-03", "03-02"]
    assert records.sources["rows_folded"].sum() == 1, "the two with the day first are one row"
    assert not records.problems["check"].eq("assumed_date_order").any()
