"""Shares at two times without their interval: no kind of people is known to be small."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.disclosure.both_times import shares_may_stand, tables_of
from iop_outcomes.shared.text import SHARE_DECIMALS

SMALL = range(1, 11)


@pytest.mark.parametrize(
    ("paired", "start", "end", "may"),
    [
        (200, 100, 104, True),  # from 4 to 104 began
        (100, 60, 62, True),
        (100, 20, 21, True),
        (40, 20, 20, True),
        (100, 60, 88, True),  # from 0 to 12 lost it: 11, if one never had it
        (100, 12, 50, True),
        (100, 11, 50, False),  # 11 had it: some lost it, and some kept it, each from 1 to 10
        (100, 50, 89, False),
        (22, 11, 11, False),
        (100, 0, 30, False),  # nobody at the start: all four are known, and none is small
        (100, 5, 50, False),  # a few at the start
        (100, 50, 96, False),  # a few without it at the end
        (100, 100, 60, False),
    ],
)
def test_by_hand(paired: int, start: int, end: int, may: bool) -> None:
    assert shares_may_stand(paired, start, end, 11) is may


def test_eleven_at_the_start_are_a_few_who_lost_it_and_a_few_who_kept_it() -> None:
    """If the interval is hidden a kind is small, and then these two are."""
    few = [one for one in tables_of(100, 11, 50) if any(cell in SMALL for cell in one)]
    assert {int(one[1]) for one in few} == {*range(1, 11)}
    assert {int(one[0]) for one in few} == {*range(1, 11)}


def fitting(paired: int, start: float, end: float) -> list[tuple[int, int, int, int]]:
    """Return all tables of whole numbers that are printed as these shares, one by one."""
    found = []
    for both, lost in product(range(paired + 1), repeat=2):
        if round((both + lost) / paired, SHARE_DECIMALS) != start:
            continue
        for gained in range(paired - both - lost + 1):
            if round((both + gained) / paired, SHARE_DECIMALS) == end:
                found.append((both, lost, gained, paired - both - lost - gained))
    return found


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    kinds = [draw(st.integers(0, 40)) for _ in range(4)]
    kinds[draw(st.integers(0, 3))] = draw(st.integers(1, 10))
    return kinds[0], kinds[1], kinds[2], kinds[3]


@given(tables())
def test_no_kind_is_small_in_all_tables_that_fit_what_is_printed(
    kinds: tuple[int, int, int, int],
) -> None:
    """Neither of all, nor of those of which a kind is small, since the interval is hidden."""
    both, lost, gained, _ = kinds
    paired = sum(kinds)
    if not shares_may_stand(paired, both + lost, both + gained, 11):
        return
    shares = [round(one / paired, SHARE_DECIMALS) for one in (both + lost, both + gained)]
    fits = fitting(paired, *shares)
    assert kinds in fits
    few = [one for one in fits if any(cell in SMALL for cell in one)]
    for some in (fits, few):
        for kind in range(4):
            values = {one[kind] for one in some}
            assert not values <= {*SMALL}
            assert max(values) >= 11 or values == {0}
        for one, other in ((1, 2), (0, 3), (0, 1), (2, 3), (0, 2), (1, 3)):  # and of no two kinds
            values = {row[one] + row[other] for row in some}
            assert max(values) >= 11 or values == {0}
