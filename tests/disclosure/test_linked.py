"""Counts that hang together: what is hidden, against a search that knows nothing of how it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import DETAIL, RECENT, TOTAL
from iop_outcomes.disclosure.solutions.ranges import System, narrow_ranges
from iop_outcomes.disclosure.solutions.solving import _search
from iop_outcomes.disclosure.system import printed_cells
from iop_outcomes.errors import RuleError
from validation.attack_solving import Puzzle, solve

CMS = iop.SafePolicy()
Sums = dict[str, list[str]]


def linked(values: dict[str, int], sums: Sums) -> LinkedCounts:
    made = LinkedCounts(CMS)
    for name, value in values.items():
        made.count(name, value, item=name, rank=TOTAL if name in sums else 2)
    for whole, parts in sums.items():
        made.total(whole, parts)
    return made


def told(values: dict[str, int], sums: Sums, hidden: frozenset[object]) -> list[object]:
    """Return the small counts that a reader finds, who sees all that is not hidden."""
    puzzle = Puzzle()
    for name, value in values.items():
        if name in hidden:
            puzzle.unknown(name, least=1)
        else:
            puzzle.known(name, value)
    for whole, parts in sums.items():
        puzzle.total(whole, list(parts))
    return solve(puzzle).small


def test_a_whole_of_two_programs_does_not_give_the_third_away() -> None:
    # Relapsed and not in three programs, with the totals; a second page gives B and C together.
    values = {"AY": 4, "AN": 30, "BY": 12, "BN": 25, "CY": 17, "CN": 40}
    sums = {name: [f"{name}Y", f"{name}N"] for name in "ABC"}
    sums |= {f"all {one}": [f"{name}{one}" for name in "ABC"] for one in "YN"}
    sums |= {f"south {one}": [f"B{one}", f"C{one}"] for one in "YN"}
    values |= {whole: sum(values[part] for part in parts) for whole, parts in sums.items()}
    assert values["all Y"] - values["south Y"] == 4
    assert "AY" in told(values, sums, frozenset({"AY", "AN", "BY", "BN"}))
    hidden = linked(values, sums).hidden()
    assert told(values, sums, hidden) == []
    assert len(hidden) <= 6


def test_hidden_cells_whose_ranges_are_small_take_more_with_them() -> None:
    cells = np.array([[3, 2, 31], [6, 15, 28], [22, 19, 40]])
    values, sums = table(cells.tolist())
    # Hiding 15 beside 3, 2 and 6 leaves no cell exact, and shows that 3, 2 and 6 are below 11.
    small = told(values, sums, frozenset({"0,0", "0,1", "1,0", "1,1"}))
    assert set(small) == {"0,0", "0,1", "1,0"}
    assert told(values, sums, linked(values, sums).hidden()) == []


def table(cells: Sequence[Sequence[int]]) -> tuple[dict[str, int], Sums]:
    """Return the cells of a table with its margins, and the sums between them."""
    rows, columns = len(cells), len(cells[0])
    values = {f"{i},{j}": cells[i][j] for i in range(rows) for j in range(columns)}
    sums = {f"{i},all": [f"{i},{j}" for j in range(columns)] for i in range(rows)}
    sums |= {f"all,{j}": [f"{i},{j}" for i in range(rows)] for j in range(columns)}
    values |= {whole: sum(values[part] for part in parts) for whole, parts in sums.items()}
    for whole, parts in {
        "all by row": [f"{i},all" for i in range(rows)],
        "all by column": [f"all,{j}" for j in range(columns)],
    }.items():
        sums[whole] = parts
        values[whole] = sum(values[part] for part in parts)
    sums["all by row"], sums["all by column"] = sums["all by row"], sums["all by column"]
    return values, sums


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4))
def test_no_small_cell_of_a_table_can_be_told(cells: list[list[int]]) -> None:
    values, sums = table(cells)
    hidden = linked(values, sums).hidden()
    assert {name for name, value in values.items() if 1 <= value <= 10} <= hidden
    assert told(values, sums, hidden) == []
    assert not any(values[str(name)] == 0 for name in hidden)


def test_rounded_shares_can_be_exact_in_whole_numbers() -> None:
    # 33% of one group and 40% of another, of 25 together: 5 of 15 and 4 of 10, and nothing else.
    puzzle = Puzzle()
    for name in ("xa", "na", "xb", "nb"):
        puzzle.unknown(name)
    puzzle.known("all", 25)
    puzzle.total("all", ["na", "nb"])
    puzzle.share("xa", "na", 0.33, 2)
    puzzle.share("xb", "nb", 0.40, 2)
    puzzle.low["na"] = puzzle.low["nb"] = 1
    assert solve(puzzle).pinned == {"xa": 5, "xb": 4, "nb": 10}


def shares(top: int, bottom: int, admitted: int, decimals: int) -> frozenset[object]:
    made = LinkedCounts(CMS)
    made.count("admitted", admitted, item="admitted", rank=TOTAL)
    made.count("x", top)
    made.count("n", bottom)
    made.part("admitted", "n")
    made.share("share", "x", "n", decimals)
    return made.hidden()


def test_a_share_is_hidden_that_gives_its_denominator_back() -> None:
    assert shares(48, 67, 71, 3) == {"share"}  # 71.6% is 48 of 67, so that 4 of 71 are not known
    assert shares(48, 67, 71, 2) == frozenset()
    assert shares(11, 23, 24, 2) == {"share"}  # 48% of 22 to 24 with 11 on either side: 11 of 23


def test_a_share_is_hidden_with_few_on_either_side_or_few_people_behind_it() -> None:
    assert shares(60, 67, 67, 2) == {"share"}
    made = LinkedCounts(CMS)
    made.count("x", 580, people=58)
    made.count("n", 600, people=60)
    made.part("n", "x", people=2)  # all twenty absences are those of two people
    made.share("share", "x", "n", 2)
    assert made.hidden() == {"share"}


def test_many_sessions_of_few_people_are_not_told_either() -> None:
    made = LinkedCounts(CMS)
    for name, value, people in (("a", 62, 2), ("b", 300, 40), ("all", 362, 41)):
        made.count(name, value, people=people, item=name, rank=TOTAL if name == "all" else 2)
    made.total("all", ["a", "b"])
    assert made.hidden() == {"a", "b"}


def test_what_is_no_less_than_a_number_of_people_counts_too() -> None:
    values = {"a": 18, "b": 12, "all": 30}

    def hidden(people: int) -> frozenset[object]:
        made = LinkedCounts(CMS)
        for name, value in values.items():
            made.count(name, value, item=name)
        made.count("people", people, item="people")
        made.withhold("a")
        made.withhold("b")
        made.count("few", 3)
        made.part("b", "few")
        made.at_least("a", ["people"])
        made.total("all", ["a", "b"])
        return made.hidden()

    # b is 30 - a, and a is no less than its people: with 21 of them b were 9 at most.
    assert hidden(15) == {"a", "b"}
    values |= {"a": 22, "b": 8}
    assert hidden(21) > {"a", "b"}


def test_what_follows_of_a_count_that_is_asked_last_is_hidden() -> None:
    made = LinkedCounts(CMS)
    made.count("all", 40, item="all", rank=TOTAL)
    with made.asked_last():
        made.count("early", 37, item="early")
        made.count("late", 3)
        made.total("all", ["early", "late"])
    assert made.hidden() == {"early"}


def test_what_was_read_is_the_last_table_and_each_file_one_of_its_own() -> None:
    made = LinkedCounts(CMS)
    for file in range(2):
        made.count(("files", file, "rows_read"), 50, item=("files", file, "rows_read"), rank=TOTAL)
    made.count(("sessions", "attended"), 40, item=("sessions", "attended"), rank=DETAIL)
    first, *files = made.tables(frozenset())
    assert first == {("sessions", "attended")}
    assert sorted(map(len, files)) == [1, 1]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=3),
    st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=3),
)
def test_no_count_that_is_asked_last_can_be_told(
    early: list[list[int]], late: list[list[int]]
) -> None:
    # A table is of two quarters, and its margins are printed by quarter too, the cells are not.
    rows = min(len(early), len(late))
    quarters = [np.array(early[:rows]), np.array(late[:rows])]
    values, sums = table((quarters[0] + quarters[1]).tolist())
    made, printed = linked(values, sums), set(values)
    with made.asked_last():
        for number, cells in enumerate(quarters):
            own, added = table(cells.tolist())
            names = {name: f"{name} in {number}" for name in own}
            for name, value in own.items():
                margin = names[name] if "all" in name else None
                made.count(names[name], value, item=margin, rank=TOTAL)
                printed |= set() if margin is None else {margin}
            values |= {names[name]: value for name, value in own.items()}
            sums |= {names[one]: [names[part] for part in parts] for one, parts in added.items()}
        for name in own:
            sums[f"{name} "] = [f"{name} in {number}" for number in range(2)]
            values[f"{name} "] = values[name]
            printed.add(f"{name} ")
            made.total(name, sums[f"{name} "])
        for whole, parts in sums.items():
            if " in " in whole:
                made.total(whole, parts)
    hidden = made.hidden()
    unknown = {name for name in values if name.strip() in hidden or name not in printed}
    puzzle = Puzzle()
    for name, value in values.items():
        if name in unknown:
            puzzle.unknown(name, least=int(name in hidden))
        else:
            puzzle.known(name, value)
    for whole, parts in sums.items():
        puzzle.total(whole, list(parts))
    for name in own:
        if name in unknown:
            puzzle.total(name, [f"{name} "])
    assert solve(puzzle).small == []


def test_what_cannot_be_is_refused() -> None:
    made = linked({"a": 20, "b": 30, "all": 50}, {"all": ["a", "b"]})
    with pytest.raises(RuleError, match="declared twice"):
        made.count("a", 20)
    with pytest.raises(RuleError, match="sum of its parts"):
        made.total("a", ["b"])
    with pytest.raises(RuleError, match="larger than its whole"):
        made.part("a", "b")


def test_without_a_policy_nothing_is_hidden() -> None:
    made = LinkedCounts(iop.SafePolicy.unprotected())
    made.count("a", 3, item="a")
    assert made.hidden() == frozenset()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=4, max_size=4),
    st.lists(st.dictionaries(st.integers(0, 3), st.sampled_from([1, -1]), min_size=1), max_size=4),
)
def test_ranges_hold_whatever_fits(values: list[int], rows: list[dict[int, int]]) -> None:
    system, fitting = small_system(values, rows)
    found = narrow_ranges(system, system.low, system.high)
    assert found is not None
    for one in range(4):
        assert found[0][one] <= fitting[:, one].min()
        assert found[1][one] >= fitting[:, one].max()


def small_system(
    values: list[int], rows: list[dict[int, int]]
) -> tuple[System, npt.NDArray[np.int64]]:
    """Return a system of four counts from 0 to 6, and all that fits it, tried one by one."""
    made = [(row, sum(sign * values[one] for one, sign in row.items())) for row in rows]
    system = System(list(range(4)), values, made, [], [0.0] * 4, [6.0] * 4)
    grid = np.stack(np.meshgrid(*[np.arange(7)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    fits = np.ones(len(grid), dtype=bool)
    for row, right in made:
        fits &= sum(sign * grid[:, one] for one, sign in row.items()) == right
    return system, grid[fits]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=4, max_size=4),
    st.lists(st.dictionaries(st.integers(0, 3), st.sampled_from([1, -1]), min_size=1), max_size=4),
    st.integers(0, 3),
)
def test_a_search_near_the_true_values_ends_with_what_fits_or_shows_that_nothing_does(
    values: list[int], rows: list[dict[int, int]], column: int
) -> None:
    system, fitting = small_system(values, rows)
    for least in range(7):
        low = [float(least) if one == column else 0.0 for one in range(4)]
        fit = _search(system, low, system.high, np.ones(4))
        possible = fitting[fitting[:, column] >= least]
        assert (fit is not None) == (len(possible) > 0)
        assert fit is None or fit in possible.tolist()


def narrowed(system: System, low: list[float], high: list[float]) -> tuple[list[float], ...]:
    """Return the ranges that follow as lists."""
    ranges = narrow_ranges(system, low, high)
    assert ranges is not None
    return tuple(one.tolist() for one in ranges)


def test_ranges_are_narrowed_until_none_changes() -> None:
    # c is 4 or 5, so that b is 0 or 1, and only then is it seen that a is 9 or 10; and so on.
    sums = [({0: 1, 1: 1}, 10), ({1: 1, 2: 1}, 5)]
    low, high = [0.0, 0.0, 4.0], [10.0, 10.0, 5.0]
    system = System([0, 1, 2], [9, 1, 4], sums, [], low, high)
    assert narrowed(system, low, high) == ([9, 0, 4], [10, 1, 5])
    assert (low, high) == ([0.0, 0.0, 4.0], [10.0, 10.0, 5.0])
    longer = [({0: 1, 1: 1}, 10), ({1: 1, 2: -1}, 0), ({2: 1, 3: 1}, 9)]
    system = System([0, 1, 2, 3], [2, 8, 8, 1], longer, [], [0.0] * 4, [9.0, 9.0, 9.0, 1.0])
    assert narrowed(system, system.low, system.high) == ([1, 8, 8, 0], [2, 9, 9, 1])


def test_the_table_whose_items_matter_most_on_average_comes_first_however_many_they_are() -> None:
    counts = LinkedCounts(CMS)
    counts.count(("newest", "all"), 60, item=("newest", "all"), rank=RECENT)
    for name in ("a", "b", "c"):
        counts.count(("totals", name), 60, item=("totals", name), rank=TOTAL)
    first, second = counts.tables(frozenset())
    assert first == {("totals", name) for name in ("a", "b", "c")}
    assert second == {("newest", "all")}
    assert counts.tables(first) == [second]


def test_a_count_behind_a_mean_hides_it_and_is_in_no_file() -> None:
    linked = LinkedCounts(iop.SafePolicy())
    for name, value in {"few": 6, "many": 40, "all": 46}.items():
        linked.count(name, value, item=name, is_printed=False)
    linked.total("all", ["few", "many"])
    hidden = linked.hidden()
    assert "few" in hidden
    assert len(hidden) == 2  # with the mean of the others and of all the few would be known
    assert printed_cells(linked, frozenset()).counts == {"few": None, "many": None, "all": None}
