"""The ways that the benchmark times give the same figures, on a small folder of its data."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import iop_outcomes as iop


def part(name: str) -> Any:
    return importlib.import_module(f"benchmarks.{name}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("benchmark")
    part("make_data").make_data(place, scale=0.02)
    return place


def test_the_data_have_the_rows_asked_for_and_no_problem(folder):
    records = iop.read_records(folder)
    assert records.sources.set_index("table")["rows_kept"].to_dict() == {
        "episodes": 600,
        "attendance": 20_000,
        "checkins": 16_000,
    }
    assert records.problems.empty


def test_the_data_are_the_same_for_the_same_seed_and_others_for_another(folder, tmp_path):
    make_data = part("make_data").make_data
    make_data(tmp_path / "again", scale=0.02)
    make_data(tmp_path / "other", scale=0.02, seed=1)
    for name in ("episodes.csv", "attendance.csv", "checkins.csv"):
        first = (folder / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == first
        assert (tmp_path / "other" / name).read_bytes() != first


def test_the_library_and_the_hand_written_script_agree(folder):
    ours = part("by_library").figures(folder)
    assert ours.pop("problems") == 0
    assert part("run").disagreements(ours, part("by_hand").figures(folder)) == []


def test_the_library_and_sql_agree(folder):
    pytest.importorskip("duckdb", reason="duckdb is in the extra [bench]")
    ours = part("by_library").figures(folder)
    del ours["problems"]
    assert part("run").disagreements(ours, part("by_duckdb").figures(folder)) == []


@pytest.mark.parametrize(
    ("one", "other", "differing"),
    [
        ({"a": 1.0}, {"a": 1.0 + 1e-12}, 0),
        ({"a": 1.0}, {"a": 1.001}, 1),
        ({"a": [1, 2]}, {"a": [1, 3]}, 1),
        ({"a": [1, 2]}, {"a": [1]}, 1),
        ({"a": 1}, {"b": 1}, 1),
        ({"a": None}, {"a": None}, 0),
        ({"a": None}, {"a": 0.0}, 1),
        ({"a": float("nan")}, {"a": float("nan")}, 1),
    ],
)
def test_a_difference_in_the_figures_is_seen(one, other, differing):
    assert len(part("run").disagreements(one, other)) == differing


@settings(max_examples=30, deadline=None)
@given(
    room=arrays(np.int64, st.integers(1, 30), elements=st.integers(1, 40)),
    share=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_rows_are_shared_out_in_full_within_the_room_of_each(room, share, seed):
    total = len(room) + int(share * (room.sum() - len(room)))
    weights = np.random.default_rng(seed).gamma(2.0, 1.0, len(room)) + 0.05
    counts = part("make_data").shared_out(total, weights, room)
    assert counts.sum() == total
    assert (counts >= 1).all()
    assert (counts <= room).all()


def test_more_rows_than_room_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        part("make_data").shared_out(10, np.ones(3), np.array([3, 3, 3]))


def test_before_and_after_are_timed_by_the_same_tasks(capsys):
    before_after = part("before_after")
    exec(before_after.TASKS.format(people=300), {})
    taken = json.loads(capsys.readouterr().out)
    assert {*taken, "import", "pipeline"} == set(before_after.NAMES)
    turn = dict.fromkeys(before_after.NAMES, 1.0)
    lines = before_after.table(
        before_after.NAMES,
        [turn, turn],
        [dict.fromkeys(turn, 1.5), dict.fromkeys(turn, 2.5)],
        decimals=3,
    )
    assert lines[2].endswith("| 1.000 | 2.000 | 2.00 (1.50 to 2.50) |")


def test_work_done_once_is_timed_and_its_results_compared_line_by_line(tmp_path):
    work_once = part("work_once")
    compile(work_once.TASKS.format(folder=str(tmp_path)), "tasks", "exec")
    turn = dict.fromkeys(work_once.NAMES, 2.0)
    lines = work_once.table(
        work_once.NAMES,
        [turn, turn],
        [dict.fromkeys(turn, 1.0), dict.fromkeys(turn, 1.5)],
        decimals=2,
    )
    assert lines[2].endswith("| 2.00 | 1.25 | 0.62 (0.50 to 0.75) |")
    folders = [tmp_path / "before", tmp_path / "after"]
    for folder, text in zip(folders, ("one\ntwo\n", "one\n2\n"), strict=True):
        folder.mkdir()
        for name in work_once.FILES:
            (folder / name).write_text("same\n" if name == "report.html" else text)
    page, *others = work_once.compared(*folders)
    assert page.endswith("all 1 lines are the same.")
    assert all(line.endswith("1 of 2 lines differ.") for line in others)
