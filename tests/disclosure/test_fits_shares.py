"""Whole numbers are found wherever there are some, also where only rounded shares are printed."""

from __future__ import annotations

from itertools import chain, combinations, pairwise

import numpy as np
import pytest

from iop_outcomes.disclosure.facts import Facts, Share
from iop_outcomes.disclosure.solutions.connected import neighbours
from iop_outcomes.disclosure.solutions.ranges import System
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.parts import Part
from iop_outcomes.disclosure.system.quarters import quarters_together

ENDED_WITHOUT_A_RESULT = (15, 271)
"""Of these 86 and 109 counts no whole numbers were found within the nodes allowed."""
SEEDS = (*ENDED_WITHOUT_A_RESULT, *range(100))


class Reports:
    """Made-up reports: of programs and kinds, with sums both ways, and rounded shares of them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.values: list[int] = []
        self.rows: list[dict[int, int]] = []
        self.shares: list[Share] = []
        scale = int(self.random.choice([30, 200, 1000, 5000, 20000]))
        self.decimals = int(self.random.choice([2, 2, 3]))
        programs = int(self.random.integers(1, 4))
        reports = int(self.random.integers(1, 4))
        kinds = int(self.random.integers(2, 9))
        self.printed = set[int]()
        before: list[list[int]] | None = None
        for _ in range(reports):
            before = self.report(before, [[scale] * kinds] * programs)
        least = self.least() if self.random.random() < 0.5 else {}
        hidden = [place for place in range(len(self.values)) if place not in self.printed]
        self.system = System.of(hidden, self.values, self.rows, self.shares, least)

    def count(self, value: float) -> int:
        self.values.append(int(value))
        return len(self.values) - 1

    def total(self, parts: list[int]) -> int:
        whole = self.count(sum(self.values[part] for part in parts))
        self.rows.append({**dict.fromkeys(parts, 1), whole: -1})
        return whole

    def share(self, part: int, whole: int, often: float = 1.0) -> None:
        if self.values[whole] and (often == 1 or self.random.random() < often):
            self.shares.append(Share.of((part, whole, -1), self.values, self.decimals))

    def report(self, before: list[list[int]] | None, below: list[list[int]]) -> list[list[int]]:
        """Add a report; each of its cells may hold that of the report before."""
        cells = [[self.count(self.random.integers(0, most)) for most in row] for row in below]
        if before is not None and self.random.random() < 0.7:
            for earlier, later in zip(chain(*before), chain(*cells), strict=True):
                if self.values[later] < self.values[earlier]:
                    self.values[later] = self.values[earlier] + int(self.random.integers(0, 50))
                more = self.count(self.values[later] - self.values[earlier])
                self.rows.append({earlier: 1, more: 1, later: -1})
        totals = [self.total(row) for row in cells]
        for row, whole in zip(cells, totals, strict=True):
            for cell in row:
                self.share(cell, whole, 0.9)
        everybody = self.total(totals)
        for whole in totals:
            self.share(whole, everybody)
        for column in zip(*cells, strict=True):
            self.share(self.total([*column]), everybody, 0.9)
        if self.random.random() < 0.5:
            for whole in totals:
                self.divided(whole)
        if self.random.random() < 0.3:
            self.printed.add(int(self.random.choice([everybody, *totals])))
        return cells

    def divided(self, whole: int) -> None:
        """Add another table of the same people."""
        size = int(self.random.integers(2, 6))
        ends = np.sort(self.random.integers(0, self.values[whole] + 1, size - 1)).tolist()
        parts = [self.count(b - a) for a, b in pairwise([0, *ends, self.values[whole]])]
        self.rows.append({**dict.fromkeys(parts, 1), whole: -1})
        for part in parts:
            self.share(part, whole)

    def least(self) -> dict[int, int]:
        least: dict[int, int] = {}
        for share in self.shares:
            for place, value in ((share.numerator, 11), (share.denominator, 22)):
                least[place] = max(least.get(place, 0), min(value, self.values[place]))
        return least


@pytest.mark.parametrize("seed", SEEDS)
def test_reports_that_whole_numbers_fit_are_never_contradictory(seed: int) -> None:
    system = Reports(seed).system
    assert system.holds(np.array(system.values))
    none = np.empty((0, len(system.places)), dtype=np.int64)
    fit = Part(system, 11, none).fit
    assert fit is not None
    assert system.holds(np.array(fit))


def test_what_is_behind_a_printed_count_is_not_near() -> None:
    # 0 is in a sum with 1 and 2, and 2 in one with 3; 1 is printed, and 4 is behind it.
    facts = Facts([1] * 5, [{0: 1, 1: 1, 2: -1}, {2: 1, 3: -1}, {1: 1, 4: -1}])
    printed = np.array([False, True, False, False, False])
    near = neighbours(facts, 0, printed)
    assert near.places.tolist() == [0, 1, 2, 3]
    assert near.distances.tolist() == [0, 1, 1, 2]
    assert neighbours(facts, 0, np.zeros(5, dtype=np.bool_)).places.tolist() == [0, 1, 2, 4, 3]
    assert neighbours(facts, 1, printed).places.tolist() == [1, 0, 2, 4, 3]  # from itself on


def test_a_run_of_quarters_ends_where_one_is_missing() -> None:
    days = ("2025-03-31", "2025-06-30", "2025-09-30", "2025-12-31", "2026-06-30")
    names = [("North", "", ("discharged in the quarter up to", day, "completed")) for day in days]
    cells = PrintedCells(11, counts=dict.fromkeys(names))
    together = quarters_together(cells, {"North"})
    some = [tuple(day for _, _, (_, day, _) in one) for one in together]
    # The last is the sixth quarter: only those from the third on are of one year with it.
    of_first_four = [one for size in (2, 3, 4) for one in combinations(days[:4], size)]
    with_last = [(*one, days[4]) for size in (1, 2) for one in combinations(days[2:4], size)]
    assert sorted(some) == sorted([*of_first_four, *with_last])
