"""Connected counts that are asked once: what follows is what follows from all whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.ledger.readers import Hidden
from iop_outcomes.disclosure.ledger.taking_up import MOST_TRIED, take_up, take_up_by_reasons
from iop_outcomes.disclosure.system import (
    Fitting,
    Joined,
    KeptParts,
    Outsider,
    PrintedCells,
    PrintedShare,
    attack,
    join,
    parts,
)
from iop_outcomes.errors import ReportError


def two_by_three(seed: int) -> PrintedCells:
    """Return a table with its sums, of which some are printed, and a share."""
    random = np.random.default_rng(seed)
    table = random.choice([0, 1, 3, 6, 9, 12, 14], size=(2, 3))
    values: dict[Key, int] = {(r, c): int(table[r, c]) for r in (0, 1) for c in (0, 1, 2)}
    sums: list[dict[Key, int]] = []
    for c in (0, 1, 2):
        values["column", c] = int(table[:, c].sum())
        sums.append({(0, c): 1, (1, c): 1, ("column", c): -1})
    for r in (0, 1):
        values["row", r] = int(table[r].sum())
        sums.append({(r, 0): 1, (r, 1): 1, (r, 2): 1, ("row", r): -1})
    shown = {key: bool(random.random() < 0.55) for key in values}
    counts = {key: value if shown[key] else None for key, value in values.items()}
    shares = []
    if values["row", 0] and random.random() < 0.5:
        exact = values[0, 0] / values["row", 0]
        shares = [PrintedShare((0, 0), ("row", 0), max(exact - 0.05, 0), exact and exact + 0.05)]
    least: dict[Key, int] = {key: 1 for key, value in values.items() if value and not shown[key]}
    return PrintedCells(11, counts=counts, least=least, sums=sums, shares=shares)


def by_all_tables(cells: PrintedCells) -> dict[Key, tuple[int, int]]:
    """Return the ranges of counts known to be small, from every table of numbers up to 28."""
    keys: list[Key] = [(r, c) for r in (0, 1) for c in (0, 1, 2)]
    given = [cells.counts[key] for key in keys]
    # 28 is more than twice the largest number, so that what has no bound is not small.
    least = [cells.least.get(key, 0) for key in keys]
    free = [
        np.array([value]) if value is not None else np.arange(low, 29)
        for value, low in zip(given, least, strict=True)
    ]
    grid = np.array(np.meshgrid(*free, indexing="ij")).reshape(6, -1)
    every: dict[Key, np.ndarray] = dict(zip(keys, grid, strict=True))
    fits = np.ones(grid.shape[1], dtype=np.bool_)
    for row in cells.sums:
        (whole,) = (key for key, sign in row.items() if sign < 0)
        every[whole] = sum(every[key] for key, sign in row.items() if sign > 0)  # type: ignore[assignment]  # sum of arrays
        value = cells.counts[whole]
        fits &= (every[whole] == value) if value is not None else every[whole] >= 0
        fits &= every[whole] >= cells.least.get(whole, 0)
    for share in cells.shares:
        fits &= every[share.numerator] >= share.low * every[share.denominator] - 1e-9
        fits &= every[share.numerator] <= share.high * every[share.denominator] + 1e-9
        fits &= every[share.numerator] >= (share.high > 0)
    ranges = {key: (int(n[fits].min()), int(n[fits].max())) for key, n in every.items()}
    return {key: ends for key, ends in ranges.items() if ends[0] >= 1 and ends[1] <= 10}


def hidden_free(cells: PrintedCells) -> int:
    """Return how many cells of the table are hidden."""
    return sum(cells.counts[r, c] is None for r in (0, 1) for c in (0, 1, 2))


SEEDS = [seed for seed in range(120) if hidden_free(two_by_three(seed)) <= 3]


def test_what_follows_is_what_every_table_of_numbers_says() -> None:
    kept, found = KeptParts(), 0
    for seed in SEEDS:
        cells = two_by_three(seed)
        plain = by_all_tables(cells)
        rows = attack(cells, kept)
        ranges = dict(zip(rows["cell"], zip(rows["low"], rows["high"], strict=True), strict=True))
        named = {" / ".join(map(str, key)): ends for key, ends in plain.items()}  # type: ignore[arg-type]  # each is a tuple
        assert ranges == named
        found += len(rows)
    assert found > 40


def test_equal_parts_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[parts.Part] = []
    part_of = parts.Part.__init__

    def counted(self: parts.Part, *given: object) -> None:
        made.append(self)
        part_of(self, *given)  # type: ignore[arg-type]  # what it was given, handed on

    monkeypatch.setattr(parts.Part, "__init__", counted)
    kept = KeptParts()
    total: dict[Key, int] = {"a": 1, "b": 1, "all": -1}
    cells = PrintedCells(11, counts={"a": None, "b": None, "all": 20}, sums=[total])
    first = attack(cells, kept)
    assert len(made) == 1
    assert first.empty
    assert attack(cells, kept).empty
    assert len(made) == 1
    higher = replace(cells, threshold=20)  # each may be 20
    assert attack(higher, kept).empty
    assert attack(replace(higher, least={"a": 1, "b": 1}), kept)["high"].tolist() == [19, 19]
    share = PrintedShare("a", "all", 0.2, 0.3)
    bounded = replace(cells, least={"a": 1})  # as with a share above 0
    assert attack(bounded, kept).empty
    assert attack(replace(bounded, shares=[share]), kept)["low"].tolist() == [4]
    assert len(made) == 5


@pytest.mark.parametrize("seed", range(15))
def test_tables_taken_up_several_at_once_are_those_taken_up_one_by_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = [f"{letter}{n}" for letter in "abcdef" for n in range(int(random.integers(1, 7)))]
    tables = [frozenset(name for name in names if name[0] == letter) for letter in "abcdef"]
    everything: Hidden = frozenset(names) | {"hidden"}
    bad = [
        set(random.choice(names, size=int(random.integers(1, 4)), replace=False).tolist())
        for _ in range(int(random.integers(0, 4)))
    ]

    def is_safe(gone: Hidden) -> bool:
        """Say whether no set of items that disclose together is shown."""
        return all(together & gone for together in bad)

    def reasons(gone: Hidden) -> list[Hidden]:
        """Return one of the sets that are shown, with an item that is not needed."""
        shown = [frozenset({*items, names[-1]}) - gone for items in bad if not items & gone]
        return shown[:1]

    assert take_up(tables, everything, is_safe) == one_by_one(tables, everything, bad)
    expected = one_by_one(tables, everything, bad)
    assert take_up_by_reasons(tables, everything, reasons, is_safe) == expected

    def reasons_of_one(gone: Hidden) -> list[Hidden] | None:
        """Return the reason of the first set only; of the others it is not known."""
        known = [frozenset(items) for items in bad[:1] if not items & gone]
        return known or ([] if is_safe(gone) else None)

    assert take_up_by_reasons(tables, everything, reasons_of_one, is_safe) == expected

    def not_known(gone: Hidden) -> list[Hidden] | None:
        return [] if is_safe(gone) else None

    assert take_up_by_reasons(tables, everything, not_known, is_safe) == expected


def test_something_that_follows_without_any_table_leaves_none() -> None:
    tables, everything = [frozenset("ab"), frozenset("c")], frozenset("abc")
    for found in ([Hidden()], None):

        def reasons(_: Hidden, found: list[Hidden] | None = found) -> list[Hidden] | None:
            return found

        assert take_up_by_reasons(tables, everything, reasons, lambda _: False) is None


def test_what_discloses_is_found_in_few_questions() -> None:
    """It is not known which items disclose together: of 64 tables the last does with the first."""
    tables = [frozenset([number]) for number in range(64)]
    asked: list[Hidden] = []

    def is_safe(gone: Hidden) -> bool:
        asked.append(gone)
        return 0 in gone or 63 in gone

    def reasons(gone: Hidden) -> list[Hidden] | None:
        return [] if is_safe(gone) else None

    gone = take_up_by_reasons(tables, frozenset(range(64)), reasons, is_safe)
    assert gone == frozenset([63])
    assert len(asked) <= 8


def one_by_one(tables: Sequence[Hidden], gone: Hidden, bad: list[set[str]]) -> Hidden:
    def is_safe(gone: Hidden) -> bool:
        return all(together & gone for together in bad)

    for table in tables:
        if is_safe(gone - table):
            gone -= table
        elif 1 < len(table) <= MOST_TRIED:
            for item in sorted(table, key=str, reverse=True):
                if is_safe(gone - {item}):
                    gone -= {item}
    return gone


def test_a_few_questions_find_the_table_that_discloses() -> None:
    tables = [frozenset([number]) for number in range(64)]
    asked: list[int] = []

    def is_safe(gone: Hidden) -> bool:
        asked.append(1)
        return 37 in gone

    assert take_up(tables, frozenset(range(64)), is_safe) == {37}
    assert len(asked) <= 14


SHARES: dict[Key, float] = {
    "Harbor": 0.595,
    "Lakeside": 0.737,
    "North": 0.675,
    "Riverside": 0.79,
    "all": 0.699,
}


def only_shares(several: bool) -> PrintedCells:
    """Return what is printed where only shares of programs are, of all and in reports of each."""
    cells = PrintedCells(11)

    def print_share(name: Key, share: float) -> None:
        for count, least in (("x", 11), ("n", 22)):
            cells.counts[name, count], cells.least[name, count] = None, least
        low, high = round(share - 0.0005, 4), round(share + 0.0005, 4) - 1e-16
        cells.shares.append(PrintedShare((name, "x"), (name, "n"), low, high))

    for name, share in SHARES.items():
        print_share(name, share)
    *each, whole = SHARES
    for count in ("x", "n"):
        cells.sums.append({**{(name, count): 1 for name in each}, (whole, count): -1})
    smaller: list[tuple[Key, str]] = [(name, count) for name in each for count in ("x", "n")]
    chosen = smaller if several else [("North", "x"), ("Riverside", "n")]
    for name in dict.fromkeys(name for name, _ in chosen):
        print_share(("report", name), SHARES[name])
    for name, count in chosen:
        rest: Key = ("rest", name, count)
        cells.counts[rest] = None
        cells.sums.append({(("report", name), count): 1, rest: 1, (whole, count): -1})
    return cells


@pytest.mark.parametrize("several", [False, True])
def test_shares_without_counts_do_not_contradict_each_other(several: bool) -> None:
    # Without an upper bound of the counts the search ended, and was taken for a contradiction.
    cells = only_shares(several)
    assert attack(cells).empty
    cells.shares[4] = PrintedShare(("all", "x"), ("all", "n"), 0.791, 0.792)  # above each of them
    with pytest.raises(ReportError, match="contradict each other"):
        attack(cells)


def test_counts_that_are_very_large_are_looked_at_where_they_are_printed() -> None:
    total: dict[Key, int] = {"a": 1, "b": 1, "all": -1}
    cells = PrintedCells(11, counts={"a": None, "b": None, "all": 5_000_000}, sums=[total])
    assert attack(replace(cells, least={"a": 4_000_000})).empty


def test_numbers_that_are_tried_first_change_no_answer() -> None:
    """True ones and wrong ones; a table that no numbers fit is refused with them, too."""
    for seed in range(12):
        cells = two_by_three(seed)
        if cells is None or hidden_free(cells) == 0:
            continue
        plain = sorted(map(str, Outsider(cells).told()))
        reader = Outsider(cells)
        assert sorted(map(str, reader.told())) == plain
        names = list(cells.counts)
        wrong = Fitting(names, np.full((1, len(names)), 40))
        short = Fitting(names[1:], np.zeros((1, len(names) - 1), np.int64))
        for likely in (reader.fitting, wrong, short):
            assert sorted(map(str, Outsider(cells, likely=likely).told())) == plain
    row: dict[Key, int] = {"a": 1, "b": 1, "all": -1}
    counts: dict[Key, int | None] = {"a": None, "b": None, "all": 1}
    unlike = PrintedCells(11, counts=counts, least={"a": 1, "b": 1}, sums=[row])
    with pytest.raises(ReportError, match="contradict"):
        Outsider(unlike, likely=Fitting(["a", "b", "all"], np.array([[1, 0, 1]])))


def test_reports_joined_one_after_another_are_those_joined_at_once() -> None:
    """Two quarters that print a count differently, and one of a program beside all."""
    key: Key = ("trend", "a", "quarter", "2026Q1")
    settled = frozenset([key])
    total: dict[Key, int] = {key: 1, "b": 1, "all": -1}
    counts: dict[Key, int | None] = {key: 44, "b": None, "all": None}
    whole = PrintedCells(
        11, "2026Q1", "", ("North", "South"), counts, {"b": 1}, sums=[total], settled=settled
    )
    later = replace(whole, quarter="2026Q2", counts={**counts, key: 47, "all": 60}, threshold=12)
    north = replace(later, programs=("North",), counts={**counts, key: 30})
    reports = [whole, later, north, replace(north, programs=("South",), counts={key: 17})]
    reports[-1] = replace(reports[-1], least={}, sums=[], not_people=frozenset(), settled=settled)
    before = Joined(reports[:-1])
    plain = join(reports[:-1])
    assert vars(before.with_report(reports[-1]).cells) == vars(join(reports))
    assert vars(before.cells) == vars(plain)  # what was added to a copy is not in it
    assert vars(join(reports)) != vars(plain)
