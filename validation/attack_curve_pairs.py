"""Attack the relapse curves of reports in a row: who is in one of them and was not in another.

Each report has curves of two years' admissions. Of those admitted in a quarter who had relapsed by
a day in one report, have in a later one; once all of them are followed so long it is the same
number. So what one report counts more than an earlier one are people, and so are those of each
quarter. Each curve, each rule for missing check-ins, and each table of what came first is a puzzle
of its own: what follows from one of them follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import pandas as pd

from validation import attack_curves
from validation.attack_first import MANY, SMALLEST, _by_day
from validation.attack_reading import Read
from validation.attack_series_reading import One
from validation.attack_series_solving import solve_together
from validation.attack_solving import Name, Puzzle, Solved

LATE = 30  # days after which what happened to those followed is known
QUARTERS = 8  # of two years
USED = "ends follow-up"
GONE, STAYED = "no longer followed", "followed"
TABLES = (("relapse_by_missing", "a missing check-in"), ("relapse_by_program", "program"))


@dataclass(eq=False)
class Curve:
    """What one report prints of one curve.

    Attributes
    ----------
    kinds : tuple of str
        What it counts, besides who is no longer followed.
    days : list of float
        Day 0 and the days on which it is printed.
    shares : dict
        A kind and a day -> the share, as it is printed.
    people : int
        All of the curve.
    at_risk : dict
        A day -> the number at risk, where it is printed.
    """

    kinds: tuple[str, ...]
    days: list[float]
    shares: dict[tuple[str, float], float]
    people: int
    at_risk: dict[float, int] = field(default_factory=dict)

    @property
    def half(self) -> float:
        """Half of the last digit of a share."""
        return 0.005 if self.people < MANY else 0.0005


def curves_of(read: Read) -> dict[Name, Curve]:
    """Return the curves of a report: of all under each rule, of programs, and of what came first.

    Two rules that give the same are a curve each: another report may tell them apart.
    """
    found: dict[Name, Curve] = {}
    if read.has("relapse") and "events" in read.tables["relapse"]:
        return {}  # nothing is hidden
    if read.has("relapse"):
        found["rule", USED] = _curve(read.tables["relapse"])
    for table, by in TABLES:
        for name, rows in read.tables[table].groupby(by, sort=False) if read.has(table) else ():
            words = str(name).replace(" (used here)", "").split(", or ")
            for word in words if by != "program" else [str(name)]:
                kind = "program" if by == "program" else "rule"
                found[kind, word.strip()] = _curve(rows)
    if read.has("relapse_first") and (("rule", USED) in found):
        table = _by_day(read.tables["relapse_first"])
        kinds = tuple(column for column in table if column.endswith("_first"))
        people = found["rule", USED].people
        shares = {
            (kind, float(row["day"])): float(row[kind])
            for row in table.to_dict("records")
            for kind in kinds
        }
        if "at_risk" not in table:
            found["first", kinds] = Curve(kinds, [0.0, *map(float, table["day"])], shares, people)
    return found


def _curve(rows: pd.DataFrame) -> Curve:
    points = rows.to_dict("records")
    at_risk = {
        float(one["day"]): int(one["at_risk"])
        for one in points
        if isinstance(one["at_risk"], int | float) and not pd.isna(one["at_risk"])
    }
    shares = {("relapsed", float(one["day"])): 1 - float(one["survival"]) for one in points}
    days = [float(one["day"]) for one in points]
    return Curve(("relapsed",), days, shares, at_risk[0.0], at_risk)


def pairs(reports: Sequence[One], *, followed: bool = False) -> dict[Name, Puzzle]:
    """Return a puzzle of each curve that two reports or more print.

    With `followed` the reader knows that, of those admitted long enough ago, all were followed: a
    program whose people all answer, or a rule under which nobody who misses a check-in is lost.
    """
    printed: dict[Name, list[tuple[One, Curve]]] = {}
    for report in reports:
        for name, curve in curves_of(report.read).items():
            printed.setdefault(name, []).append((report, curve))
    return {
        name: _puzzle(some, _admissions(reports), followed=followed)
        for name, some in printed.items()
        if len(some) > 1
    }


def _admissions(reports: Sequence[One]) -> dict[str, int | None]:
    """Return the admissions of each quarter that a trend has; None where it is hidden in all."""
    found: dict[str, int | None] = {}
    for report in reports:
        table = report.read.tables.get("trend_admissions", pd.DataFrame(columns=["period"]))
        for row in table.to_dict("records"):
            value = row.get("numerator", row.get("value"))
            found.setdefault(str(row["period"]), None)
            if isinstance(value, int | float) and not pd.isna(value):
                found[str(row["period"])] = int(value)
    return found


def _puzzle(
    printed: Sequence[tuple[One, Curve]], admitted: dict[str, int | None], *, followed: bool
) -> Puzzle:
    puzzle = Puzzle()
    days = sorted({day for _, curve in printed for day in curve.days})
    kinds = printed[0][1].kinds
    before: dict[str, One] = {}
    for report, curve in printed:
        quarters = _quarters(report, admitted)
        for quarter in quarters:
            size = puzzle.unknown(("admitted", quarter))
            if (most := admitted.get(quarter)) is not None:
                puzzle.high[size] = most
        puzzle.row({("admitted", one): 1.0 for one in quarters}, curve.people)
        for quarter in quarters:
            _of_quarter(puzzle, report, quarter, kinds, days, followed=followed)
            if quarter in before:
                _grows(puzzle, before[quarter], report, quarter, (kinds, days))
            before[quarter] = report
        _heights(puzzle, report, curve, days, quarters)
    _ask(puzzle, printed, kinds, days, admitted)
    return puzzle


def _quarters(report: One, admitted: dict[str, int | None]) -> list[str]:
    """Return the quarters of a curve: those of two years, since the first that has a trend."""
    end = pd.Period(report.quarter, "Q")
    some = [str(end - back) for back in reversed(range(QUARTERS))]
    first = min(admitted, default=some[0])
    return [one for one in some if one >= first]


def _of_quarter(
    puzzle: Puzzle,
    report: One,
    quarter: str,
    kinds: Sequence[str],
    days: Sequence[float],
    *,
    followed: bool,
) -> None:
    """Say that those admitted in a quarter relapsed, were lost, or are followed after each day."""
    own = report.quarter
    last = pd.Period(quarter, "Q").end_time.normalize()
    everybody: dict[Name, float] = {("admitted", quarter): -1.0}
    for start, end in pairwise(days):
        for kind in (*kinds, GONE):
            everybody[puzzle.unknown((own, quarter, kind, start, end))] = 1.0
        if followed and last + pd.Timedelta(days=end + LATE) <= report.cut:
            puzzle.known((own, quarter, GONE, start, end), 0)
        left = puzzle.unknown((own, quarter, STAYED, end))
        puzzle.row({**everybody, left: 1.0}, 0)


def _grows(
    puzzle: Puzzle,
    earlier: One,
    report: One,
    quarter: str,
    what: tuple[Sequence[str], Sequence[float]],
) -> None:
    """Say that who relapsed between two days in one report did in the next; in the end, as many.

    As many, too, where both are of the same records.
    """
    are_same = earlier.cut == report.cut
    kinds, days = what
    last = pd.Period(quarter, "Q").end_time.normalize()
    for start, end in pairwise(days):
        final = are_same or last + pd.Timedelta(days=end + LATE) <= earlier.cut
        for kind in (*kinds, *([GONE] if final else ())):
            one, other = ((own.quarter, quarter, kind, start, end) for own in (earlier, report))
            more = {other: 1.0, one: -1.0}
            puzzle.row(more, 0, 0 if final else float("inf"))
        one, other = ((own.quarter, quarter, STAYED, end) for own in (earlier, report))
        puzzle.row({other: 1.0, one: -1.0}, 0, float("inf"))


def _heights(
    puzzle: Puzzle, report: One, curve: Curve, days: Sequence[float], quarters: Sequence[str]
) -> None:
    """Take up what the printed shares and numbers at risk tell, between each two printed days.

    A share rises by S / n for each who ends so, with S the share of those without any end and n
    those followed: by as much as on the first day at least, and as on the last at most.
    """
    own, half = report.quarter, curve.half + 1e-9
    base = attack_curves._base([risk for day, risk in curve.at_risk.items() if day])
    size = dict.fromkeys(curve.days, 0.0) | {0.0: curve.people}

    def counted(kind: str, start: float, end: float) -> list[Name]:
        inside = [(a, b) for a, b in pairwise(days) if start <= a and b <= end]
        return [(own, quarter, kind, a, b) for quarter in quarters for a, b in inside]

    for day in curve.days[1:]:
        left: list[Name] = [(own, quarter, STAYED, day) for quarter in quarters]
        puzzle.row(dict.fromkeys(left, 1.0), SMALLEST, float("inf"))
        if day in curve.at_risk:
            puzzle.row(dict.fromkeys(left, 1.0), *attack_curves._about(curve.at_risk[day], base))
    for start, end in combinations(curve.days, 2):
        before: list[Name] = [(own, quarter, STAYED, start) for quarter in quarters if start]
        after: list[Name] = [(own, quarter, STAYED, end) for quarter in quarters]
        edge = half if start else 0.0
        now, then = (
            1 - sum(curve.shares.get((kind, day), 0.0) for kind in curve.kinds)
            for day in (start, end)
        )
        off, off_then = edge * len(curve.kinds), half * len(curve.kinds)
        for kind in curve.kinds:
            some = counted(kind, start, end)
            risen = curve.shares[kind, end] - (curve.shares[kind, start] if start else 0.0)
            most, least = risen + half + edge, risen - half - edge
            low = max(now - off, 0.0)
            # some * low <= most * followed before; some * (then + off) >= least * followed after
            puzzle.row(
                {**dict.fromkeys(some, low), **dict.fromkeys(before, -most)},
                -float("inf"),
                1e-6 + (0 if start else most * size[0.0]),
            )
            if least > 0:
                puzzle.row(
                    {**dict.fromkeys(some, then + off_then), **dict.fromkeys(after, -least)},
                    -1e-6,
                    float("inf"),
                )
            if curve.kinds == ("relapsed",):
                puzzle.row(dict.fromkeys(some, 1.0), SMALLEST, float("inf"))
        ends = [one for kind in curve.kinds for one in counted(kind, start, end)]
        gone = counted(GONE, start, end)
        top = max(then - off_then, 0.0) / (now + off)
        bottom = (then + off_then) / max(now - off, 1e-9)
        # with all losses after the ends the share falls least, with all before them most
        puzzle.row(
            {**dict.fromkeys(ends, 1.0), **dict.fromkeys(before, top - 1)},
            -float("inf"),
            1e-6 + (0 if start else (1 - top) * size[0.0]),
        )
        puzzle.row(
            {
                **dict.fromkeys(after, 1.0),
                **dict.fromkeys(gone, bottom),
                **dict.fromkeys(before, -bottom),
            },
            -float("inf"),
            1e-6 + (0 if start else bottom * size[0.0]),
        )


def _ask(
    puzzle: Puzzle,
    printed: Sequence[tuple[One, Curve]],
    kinds: Sequence[str],
    days: Sequence[float],
    admitted: dict[str, int | None],
) -> None:
    """Ask what each report counts more than each earlier one, and quarters in a row."""
    for (earlier, _), (later, _) in combinations(printed, 2):
        old, new = _quarters(earlier, admitted), _quarters(later, admitted)
        for start, end in combinations(days, 2):
            inside = [(a, b) for a, b in pairwise(days) if start <= a and b <= end]
            for kind in kinds:
                for some in _sets(new, old):
                    more: dict[Name, float] = {
                        (later.quarter, one, kind, a, b): 1.0 for one in some for a, b in inside
                    }
                    for one in some:
                        if one in old:
                            more |= {(earlier.quarter, one, kind, a, b): -1.0 for a, b in inside}
                    name = ("newly", kind, earlier.quarter, later.quarter, tuple(some), start, end)
                    puzzle.targets[name] = more
        for day in days[1:]:
            for some in _sets(new, old):
                left: dict[Name, float] = {(later.quarter, one, STAYED, day): 1.0 for one in some}
                left |= {(earlier.quarter, one, STAYED, day): -1.0 for one in some if one in old}
                both = earlier.quarter, later.quarter
                puzzle.targets["newly", STAYED, *both, tuple(some), day] = left


def _sets(new: Sequence[str], old: Sequence[str]) -> Iterator[list[str]]:
    """Give the quarters of a report together: all, those that are new, and the others."""
    yield list(new)
    added = [one for one in new if one not in old]
    if added and added != list(new):
        yield added
        yield [one for one in new if one in old]


def solve_pairs(reports: Sequence[One], *, followed: bool = False) -> dict[Name, Solved]:
    """Return what is told by each curve.

    Raises
    ------
    ValueError
        What the reader takes for known fits no numbers.
    """
    puzzles = pairs(reports, followed=followed)
    return {name: solve_together(puzzle) for name, puzzle in puzzles.items()}
