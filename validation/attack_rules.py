"""What the reader knows of whose answers to a rule are known: nobody's who came too late for it.

Each rule needs so many days after the admission. Those admitted in the quarters before, less those
of whom the answer is known, are those of whom it is not. And those there before a quarter or
admitted in it, less the people with a session in it, had none, or are there for a second time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from validation.attack_periods import window
from validation.attack_reading import Read, cell, rows
from validation.attack_solving import Name, Puzzle

ALL, VA = "all", "Continuity of care (VA)"
NEEDS = {
    "Started and engaged (IET style)": 47,
    "Started and engaged (Washington Circle)": 44,
    VA: 89,
    "First to fourth session within 30 days (NIATx)": 30,
    "Left: 30 days without contact": 119,
}
"""Each rule, and how many days after the admission its answer can be known, as its words say."""
CAPTION = r"Who met which rule: admissions from ([\d-]+) to ([\d-]+)"
THERE = ("census", "before or admitted")


def too_late(rule: str, quarter: str, cut: pd.Timestamp) -> bool:
    """Say whether not all who were admitted in a quarter had time for a rule: none is counted."""
    days = (cut - pd.Period(quarter).end_time.normalize()).days
    return days < NEEDS.get(rule, 0)


def rules(puzzle: Puzzle, read: Read, quarters: Sequence[str]) -> None:
    """Take up of how many each rule is known, and ask of how many who came early it is not."""
    told = next((one for one in (re.match(CAPTION, text) for text in read.captions) if one), None)
    cut = re.search(r"Data cut (\d{4}-\d\d-\d\d)", read.words)
    if told is None or cut is None or not all(re.fullmatch(r"\d{4}Q\d", one) for one in quarters):
        return
    first, last = (pd.Timestamp(day) for day in told.groups())
    own = [one for one in quarters if first <= pd.Period(one).start_time <= last]
    for row in rows(read, "continuity"):
        for column in ("met", "of"):
            cell(puzzle, ("continuity", row["rule"], column), row[column], least=0)
        _one_rule(puzzle, str(row["rule"]), own, pd.Timestamp(cut[1]))
    _stayed_without(puzzle, [one for one in own if not too_late(VA, one, pd.Timestamp(cut[1]))])


def _one_rule(puzzle: Puzzle, rule: str, quarters: Sequence[str], cut: pd.Timestamp) -> None:
    """Ask how many of the quarters that are early enough have no answer."""
    early: list[Name] = [
        ("admissions", one, "numerator") for one in quarters if not too_late(rule, one, cut)
    ]
    of = ("continuity", rule, "of")
    if early and of in puzzle and all(one in puzzle for one in early):
        puzzle.targets["answer not known", rule] = {**dict.fromkeys(early, 1.0), of: -1.0}


def _stayed_without(puzzle: Puzzle, quarters: Sequence[str]) -> None:
    """Ask how many were still there after 60 days and did not meet the VA's rule.

    With two visits on the days 60 to 89 they were: in each quarter who met it is a part of these.
    """
    met, stayed = ("continuity", VA, "met"), [("retained_60", one, "numerator") for one in quarters]
    if met not in puzzle or not quarters or not all(one in puzzle for one in stayed):
        return
    parts: list[Name] = [puzzle.unknown((*met, one)) for one in quarters]
    for whole, part in zip(stayed, parts, strict=True):
        puzzle.part(whole, part)
    puzzle.total(met, parts)
    puzzle.targets["there after 60 days without", VA] = {**dict.fromkeys(stayed, 1.0), met: -1.0}


def seen(puzzle: Puzzle, read: Read, newest: str) -> None:
    """Ask how many of those there had no session, or are there for a second time."""
    both = THERE in puzzle and ("came", ALL) in puzzle
    if both and window(read, "Treatment sessions", newest) == [newest]:
        puzzle.targets["without a session, or twice"] = {THERE: 1.0, ("came", ALL): -1.0}
