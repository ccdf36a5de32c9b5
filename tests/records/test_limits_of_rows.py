"""How rows are put together, against plain slow versions: sessions, files that overlap, spans."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.checks.repeated_sessions import _of_several, _session
from iop_outcomes.records.identical_rows import _further, identical, one_each
from iop_outcomes.records.linking.expected import _days_to_next, _place
from iop_outcomes.records.overlapping_files import (
    _at_border,
    _classes,
    _not_in_fullest_file,
    _of_several_files,
)

SEEDS = range(20)


def codes(seed: int, size: int, *highest: int) -> list[np.ndarray]:
    """Return columns of codes from 0 to below a number each, each of which occurs."""
    random = np.random.default_rng(seed)
    return [random.permutation(np.arange(size) % most) for most in highest]


@pytest.mark.parametrize("seed", SEEDS)
def test_equal_rows_are_those_of_the_same_cells(seed: int) -> None:
    columns = codes(seed, 60, 2, 5, 3, 2)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert identical(columns).tolist() == [
        rows.index(row) if rows.index(row) < place else -1 for place, row in enumerate(rows)
    ]
    classes = _classes(columns)
    assert len(set(zip(classes.tolist(), rows, strict=True))) == len(set(rows))
    assert len(set(classes.tolist())) == len(set(rows))
    some = np.arange(5, 55)
    sessions = _session(some, columns)
    assert len(set(sessions.tolist())) == len(set(rows[5:55]))
    assert len(set(zip(sessions.tolist(), rows[5:55], strict=True))) == len(set(rows[5:55]))
    several = _of_several(some, [column[some] for column in columns])
    count = Counter(rows[5:55])
    assert several.tolist() == [row for row in some.tolist() if count[rows[row]] > 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_one_each_is_true_if_every_key_has_a_single_value(seed: int) -> None:
    keys, values = codes(seed, 12, 8, 3)
    beside = defaultdict(set)
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        beside[key].add(value)
    assert one_each(keys, values) == all(len(met) == 1 for met in beside.values())
    assert one_each(keys, keys * 2)
    assert not one_each(np.array([3, 1, 3]), np.array([1, 1, 2]))


@pytest.mark.parametrize("seed", SEEDS)
def test_further_rows_of_a_kind_come_after_one_that_is_kept(seed: int) -> None:
    (column,) = codes(seed, 40, 12)
    twin = identical([column])
    folded = np.random.default_rng(seed).random(40) < 0.3
    again = np.flatnonzero((twin >= 0) & ~folded)
    met, expected = set(), []
    for row, code in enumerate(column.tolist()):
        if not folded[row]:
            expected += [row] * (code in met)
            met.add(code)
    assert sorted(_further(twin, again, folded).tolist()) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_a_person_and_day_in_several_files_are_found(seed: int) -> None:
    who, day, file = codes(seed, 40, 7, 5, 3)
    who = who - 1  # the first names nobody
    files: dict[tuple[int, int], set[int]] = defaultdict(set)
    cells = list(zip(who.tolist(), day.tolist(), file.tolist(), strict=True))
    for person, of_day, of_file in cells:
        files[person, of_day].add(of_file)
    assert _of_several_files(who, day, file).tolist() == [
        person >= 0 and len(files[person, of_day]) > 1 for person, of_day, _ in cells
    ]
    alike, worth = who + 1, np.array([2, 3, 3])
    held = Counter(zip(alike.tolist(), file.tolist(), strict=True))
    fullest = {
        kind: min(range(3), key=lambda one: (-held[kind, one], -worth[one], one))
        for kind in set(alike.tolist())
    }
    assert _not_in_fullest_file(alike, file, worth).tolist() == [
        fullest[kind] != one for kind, one in zip(alike.tolist(), file.tolist(), strict=True)
    ]


# Two files share so many days with a row of each a day; each has days of its own besides.
@pytest.mark.parametrize(
    ("shared", "own", "differ", "border"),
    [
        (9, (60, 60), 0, False),  # 18 rows are held twice: too few to see
        (10, (10, 10), 0, True),
        (10, (9, 9), 0, False),  # more than half of the days of both
        (10, (9, 10), 0, True),
        (20, (20, 20), 2, True),  # nine in ten of the shared days' rows are equal
        (20, (20, 20), 3, False),
    ],
)
def test_an_overlap_is_at_the_border_with_half_of_the_days_and_nine_tenths_of_the_rows(
    shared: int, own: tuple[int, int], differ: int, border: bool
) -> None:
    first = [("x", day) for day in range(own[0] + shared)]
    second = [("x", day) for day in range(own[0], own[0] + shared + own[1])]
    second = [("y" if place < differ else word, day) for place, (word, day) in enumerate(second)]
    rows = [*first, *second]
    shape = np.repeat([0, 1], [len(first), len(second)])
    alike = np.array([sorted(set(rows)).index(row) for row in rows])
    day = np.array([of_day for _, of_day in rows])
    assert _at_border(day, shape, np.arange(len(rows)), alike) == border


@pytest.mark.parametrize("every", [1, 2, 7, 8])
def test_a_row_belongs_to_the_check_in_in_whose_range_of_days_it_is(every: int) -> None:
    number, start = np.array([3, 0, 2]), np.array([0, 3, 3])
    for episode in (-1, 0, 1, 2):
        for day in range(-every, 5 * every):
            which = [k for k in range(1, 9) if k * every - every / 2 <= day < k * every + every / 2]
            there = bool(which) and episode >= 0 and which[0] <= number[episode]
            expected = start[episode] + which[0] - 1 if there else -1
            found = _place(np.array([episode]), np.array([day]), every, number, start)
            assert found.tolist() == [expected], (episode, day)
    nobody = np.zeros(0, dtype=np.int64)
    assert _place(np.array([0, 0]), np.array([7, 8]), every, nobody, nobody).tolist() == [-1, -1]


@pytest.mark.parametrize("name", ["admit_date", "admit_day"])
def test_days_to_next_counts_the_days_to_the_next_admission_of_a_person(name: str) -> None:
    days = [10, 0, 5, 40, 3, 10]
    admit: Any = pd.Timestamp("2026-01-05") + pd.to_timedelta(days, "D")
    people = pd.Categorical(["A", "A", "B", "A", "C", "B"])
    frame = pd.DataFrame({"person_id": people, name: admit if name == "admit_date" else days})
    found = _days_to_next(frame)
    assert np.array_equal(found, [30, 10, 5, np.nan, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize("programs", [1, 2, 3, 4, 7])
def test_an_episode_without_a_program_is_in_none_of_the_others(programs: int) -> None:
    stated = [f"Site {letter}" for letter in "GFEDCBA"[:programs]]
    frame = pd.DataFrame(
        {
            "episode_id": [f"E{n}" for n in range(programs + 2)],
            "admit_date": "2026-01-05",
            "program": [None, *stated, None],
        }
    )
    days = pd.DataFrame({"episode_id": ["E0"], "date": ["2026-01-06"], "status": ["attended"]})
    records = iop.read_records(episodes=frame, attendance=days, as_of="2026-03-31")
    program = records.episodes.set_index("episode_id")["program"]
    assert program.tolist() == ["(not stated)", *stated, "(not stated)"]
    assert program.cat.categories.tolist() == ["(not stated)", *sorted(stated)]
