"""What the checks say of rows on either side of each limit, and what they declare."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from docs import tables
from iop_outcomes.records.fitness import declared
from iop_outcomes.records.identical_rows import identical
from iop_outcomes.records.mapping.sections import short
from iop_outcomes.records.overlapping_files import _classes, _not_in_fullest_file
from iop_outcomes.records.parsing.half_swapped import _distance
from iop_outcomes.records.sources.rows import form, usual_forms

EPISODES = pd.DataFrame({"episode_id": ["E1", "E2"], "admit_date": ["2026-01-01", "2026-01-02"]})


def read(attendance: dict[str, list[Any]], **options: Any) -> iop.Records:
    return iop.read_records(
        episodes=EPISODES, attendance=pd.DataFrame(attendance), as_of="2026-02-28", **options
    )


def rows(records: iop.Records, check: str) -> list[int]:
    listed = records.problems
    return sorted(listed.loc[listed["check"] == check, "line"].tolist())


def test_the_page_of_the_tables_says_what_is_declared() -> None:
    assert tables.PAGE.read_text(encoding="utf-8") == tables.page()


@pytest.fixture(scope="module")
def every_kind() -> list[iop.Records]:
    """Records with little in them: the fewest columns, study days, no rows, and a messy export."""
    few = {"episode_id": ["E1"], "date": ["2026-01-05"], "status": ["attended"]}
    days = pd.DataFrame({"episode_id": ["E1"], "admit_day": [0]})
    asked = pd.DataFrame({"episode_id": ["E1"], "day": [7], "status": ["completed"]})
    by_person = pd.DataFrame({"person_id": ["P1"], "admit_date": ["2026-01-01"]})
    visits = pd.DataFrame({"person_id": ["P1"], "date": ["2026-01-05"], "status": ["late"]})
    link = {"attendance": {"link": {"by": "person_and_date"}}}
    return [
        read(few),
        iop.read_records(episodes=days, checkins=asked, as_of=30),
        iop.read_records(
            episodes=EPISODES.head(0), attendance=pd.DataFrame(few), as_of="2026-02-01"
        ),
        iop.read_records(episodes=by_person, attendance=visits, mapping=link, as_of="2026-02-01"),
        iop.read_records("data/samples/messy"),
    ]


def test_a_check_that_does_not_apply_has_looked_at_nothing(every_kind: list[iop.Records]) -> None:
    for records in every_kind:
        quality = records.quality()
        not_applied = quality["status"] == "not applicable"
        assert 0 < not_applied.sum() < len(quality)
        idle = quality.loc[not_applied]
        assert idle[["rows_looked_at", "rows_failed"]].to_numpy().tolist() == [[0, 0]] * len(idle)
        assert idle["share"].isna().all()
        others = quality.loc[~not_applied]
        assert (others["rows_looked_at"] > 0).all()
        assert (others["rows_failed"] >= 0).all()
        assert (others["rows_failed"] <= others["rows_looked_at"]).all()
        share = others["rows_failed"] / others["rows_looked_at"]
        assert np.allclose(others["share"], share)
        failed = share > others["threshold"]
        assert (others["status"] == "failed").tolist() == failed.tolist()
        checked = others["column"] != ""
        assert (others.loc[checked, "rows_looked_at"] <= 5000).all()


def test_the_limits_of_evidence_are_those_that_the_text_says() -> None:
    """Its module says one tenth, nine tenths (eight of rows), and 1 and 3 in 100 of absences."""
    limits: dict[str, set[Any]] = {}
    for value in vars(declared).values():
        for one in value if isinstance(value, tuple) else (value,):
            if dataclasses.is_dataclass(one) and not isinstance(one, type):
                kind = type(one).__name__
                held = tuple(
                    (field.name, getattr(one, field.name))
                    for field in dataclasses.fields(one)
                    if isinstance(getattr(one, field.name), float)
                )
                limits.setdefault(kind, set()).add(held)
    assert limits["TableRead"] == {(("least", 0.1), ("usual", 0.8), ("linked", 0.95))}
    assert limits["Words"] == {
        (("least", 0.1), ("usual", 0.8)),
        (("least", 0.01), ("usual", 0.03)),
    }
    assert limits["EpisodesAnswered"] == {(("least", 0.1), ("usual", 0.8))}
    assert limits["Filled"] == {(("least", 0.1), ("usual", 0.9)), (("least", 0.1), ("usual", 0.5))}
    assert limits["WordsKnown"] == {(("most", 0.01),)}
    assert [name for name in declared.MEASURES if name.startswith("retained")] == [
        *("retained_30", "retained_60", "retained_90"),
    ]


# Sessions of one day -----------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "long"), [(180, False), (181, True)])
def test_a_day_is_long_with_more_than_8_hours_attended(minutes: int, long: bool) -> None:
    records = read(
        {
            "episode_id": ["E1"] * 4 + ["E2", "E1"],
            "date": ["2026-01-05"] * 5 + ["2026-01-06"],
            "start_time": ["8:00", "14:00", "18:00", "19:00", "8:00", "8:00"],
            "status": ["attended", "late", "no_show", "attended", "attended", "attended"],
            "minutes_attended": [300, minutes, 60, 0, 400, 400],
        }
    )
    assert rows(records, "long_day") == ([1, 2] if long else [])
    quality = records.quality().set_index("check").loc["long_day"]
    assert (quality["rows_looked_at"], quality["rows_failed"]) == (6, 2 * long)


def test_sessions_that_overlap_are_those_of_a_plain_search() -> None:
    draw = np.random.default_rng(12)
    statuses = ["attended", "late", "attended_partial", "no_show"]
    services = ["group", "individual", "drug_test"]
    for _ in range(12):
        size = 14
        starts = draw.permutation(240)[:size].tolist()
        table = {
            "episode_id": draw.choice(["E1", "E2"], size).tolist(),
            "date": draw.choice(["2026-01-05", "2026-01-06"], size).tolist(),
            "start_time": [f"{8 + m // 60}:{m % 60:02d}" for m in starts],
            "status": draw.choice(statuses, size).tolist(),
            "service": draw.choice(services, size).tolist(),
            "minutes_scheduled": draw.choice([30, 60, 90], size).tolist(),
            "minutes_attended": [int(m) if m else None for m in draw.choice([0, 20, 45], size)],
            "group_id": [f"G{place}" for place in range(size)],
        }
        frame = pd.DataFrame(table)
        hours = frame["start_time"].str.split(":", expand=True).astype(int)
        frame["begin"] = hours[0] * 60 + hours[1]
        length = frame["minutes_attended"].fillna(frame["minutes_scheduled"])
        frame["end"] = frame["begin"] + length
        counted = (frame["status"] != "no_show") & (frame["service"] != "drug_test")
        expected = []
        for row in frame[counted].itertuples():
            others = frame[
                counted
                & (frame["episode_id"] == row.episode_id)
                & (frame["date"] == row.date)
                & (frame["begin"] < row.begin)
            ]
            covered = set().union(
                *(
                    range(int(b), int(e))
                    for b, e in zip(others["begin"], others["end"], strict=True)
                )
            )
            if covered & set(range(int(row.begin), int(row.end))):
                expected.append(row.Index + 1)
        records = read(table)
        assert rows(records, "overlapping_sessions") == expected
        quality = records.quality().set_index("check").loc["overlapping_sessions"]
        assert (quality["rows_looked_at"], quality["rows_failed"]) == (
            int(counted.sum()),
            len(expected),
        )


# Rows of several files, forms, texts for messages ------------------------------------------------


def test_the_fullest_file_of_equal_rows_is_that_of_a_plain_search() -> None:
    draw = np.random.default_rng(5)
    for _ in range(60):
        size = int(draw.integers(1, 12))
        _, alike = np.unique(draw.integers(0, 3, size), return_inverse=True)
        file = draw.integers(0, 3, size)
        worth = draw.integers(1, 4, 3)
        expected = []
        for row in range(size):
            same = alike == alike[row]
            best = max(
                set(file[same].tolist()),
                key=lambda one: (int((file[same] == one).sum()), int(worth[one]), -one),
            )
            expected.append(bool(file[row] != best))
        assert _not_in_fullest_file(alike, file, worth).tolist() == expected


def test_classes_are_the_same_for_equal_codes_only() -> None:
    draw = np.random.default_rng(6)
    for columns in (1, 2, 3):
        codes = [draw.integers(0, 3, 30) for _ in range(columns)]
        number = _classes(codes)
        cells = list(zip(*(column.tolist() for column in codes), strict=True))
        for one in range(30):
            for other in range(30):
                assert (number[one] == number[other]) == (cells[one] == cells[other])
        twin = identical(codes)
        assert twin.tolist() == [
            cells.index(cell) if cells.index(cell) < place else -1
            for place, cell in enumerate(cells)
        ]


def test_the_distance_of_days_is_that_from_the_nearest() -> None:
    draw = np.random.default_rng(7)
    for _ in range(30):
        others = np.unique(draw.integers(0, 60, int(draw.integers(1, 6))))
        days = draw.integers(-5, 65, int(draw.integers(1, 6)))
        plain = [min(abs(int(day) - int(other)) for other in others) for day in days]
        assert _distance(days, others) == pytest.approx(np.mean(plain))


def test_a_form_is_usual_if_two_of_the_first_rows_have_it() -> None:
    assert [form(text) for text in ("E12", "2026-01-05", "a b", " ", "", "\u00c4x 1")] == [
        *("a9", "9-9-9", "a a", " ", "", "a 9"),
    ]
    rows_ = [["E1", "x"], ["E22", "7"], ["77", "y"]]
    assert usual_forms(rows_, 2) == [{"a9"}, {"a"}]
    assert usual_forms(rows_[:2], 2) == []
    assert usual_forms([["E1"], ["E2", "7"], ["E3", "8"]], 2) == [{"a9"}, {"9"}]
    many = [["E1"]] * 299 + [["7"], ["7"], ["7"]]
    assert usual_forms(many, 1) == [{"a9"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 58, "'" + "x" * 58 + "'"),
        ("x" * 59, "'" + "x" * 59 + "..."),
        (10**18 - 1, "999999999999999999"),
        (10**18, "a number"),
        (-(10**18), "a number"),
        (None, "None"),
        (2.5, "2.5"),
        ([1], "list"),
        ("\u00e9", r"'\xe9'"),
    ],
)
def test_a_value_in_a_message_is_short(value: Any, text: str) -> None:
    assert short(value) == text


def test_rows_of_a_table_are_in_the_order_of_episodes_and_days(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    size = 60
    table = pd.DataFrame(
        {
            "episode_id": draw.choice(["E1", "E2"], size),
            "date": [f"2026-02-{day:02d}" for day in draw.integers(3, 26, size)],
            "status": ["attended"] * size,
            "group_id": [f"G{place:02d}" for place in range(size)],
        }
    )
    path = tmp_path / "attendance.csv"
    table.to_csv(path, index=False)
    records = iop.read_records(episodes=EPISODES, attendance=path, as_of="2026-02-28")
    right = table.sort_values(["episode_id", "date"], kind="stable")
    result = records.attendance
    for name in ("episode_id", "group_id"):
        assert result[name].astype(str).tolist() == right[name].tolist()
    assert result["date"].dt.strftime("%Y-%m-%d").tolist() == right["date"].tolist()
    admitted = pd.to_datetime(right["episode_id"].map({"E1": "2026-01-01", "E2": "2026-01-02"}))
    day = (pd.to_datetime(right["date"]) - admitted).dt.days
    assert result["day"].tolist() == day.tolist()
