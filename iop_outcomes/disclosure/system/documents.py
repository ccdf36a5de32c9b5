"""What the words, intervals, means and curves of a saved report disclose by themselves.

A report saved as JSON comes in; small counts that it prints, or that follow from one sentence, one
interval, one mean or one curve, go out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.statistics.proportions import proportion_interval

REPORT = "iop_outcomes report 1"
SmallCount = tuple[str, str, int, int, str]
PEOPLE = "admissions|admitted|completed|discharges|episodes|patients|people|persons|relapses"
OF = re.compile(r"(?<![\d.,–-])(\d[\d,]*) of (?:the )?(\d[\d,]*)(?![\d.,]*\d)(?! sessions)")
NO_BOUND = r"(?<!to )(?<!than )(?<!least )(?<!most )"  # "1 to 10 people" names a rule
COUNTED = re.compile(rf"{NO_BOUND}(?<![\d.,–-])(\d[\d,]*) (?:{PEOPLE})\b")
SIZE = re.compile(r"\(n (?:= )?(\d[\d,]*)")
COUNTS = (
    *("numerator", "denominator", "n", "admitted", "discharges", "episodes", "people"),
    *("reached", "met", "of", "discharged", "answered", "answered_twice", "paired", "with_any"),
)
BEHIND = ("n", "paired", "answered_twice", "answered", "discharges", "with_any", "denominator")
"""The columns of how many people a mean or a median of the same row is of, the nearest first."""
PARTS = (("numerator", "denominator"), ("met", "of"), ("answered_twice", "discharged"))
SESSIONS = ("attended", "due")
SHARES = (("value", "lower", "upper"), ("share", "lower", "upper"), ("rate", "lower", "upper"))
BASES = (20, 10, 5)  # of rounded numbers at risk, as `fixed_days.at_risk.bases` gives them for 11
MOST = 300  # people whose shares and limits are tried
EXACTLY, SMALL, PRINTED = "exactly", "as small", "printed"


def disclosed_by(document: Mapping[str, Any], threshold: int) -> list[SmallCount]:
    """Return the small counts that a saved report discloses without any sum between its tables.

    Parameters
    ----------
    document : dict
        The report as JSON.
    threshold : int
        Counts from 1 to one less are small.

    Returns
    -------
    list of tuple
        ``cell, how, low, high, from``, as `attack` returns them.
    """
    small_counts: list[SmallCount] = []
    for place, text in words_of(document):
        small_counts += _in_words(place, text, threshold)
    printed = _periods_with_counts(document)
    for table in tables_of(document):
        for number, row in enumerate(rows_of(table), start=1):
            place = f"{table['name']}, row {number}"
            small_counts += _in_row(place, row, threshold)
            if (str(row.get("measure")), str(row.get("period"))) not in printed:
                small_counts += _in_limits(place, row, threshold)
            small_counts += _in_means(place, row, threshold)
        small_counts += _at_risk(table, threshold)
        small_counts += _in_curves(table, threshold)
    return small_counts


def _periods_with_counts(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the title of each trend with the periods whose counts are printed.

    The page of all measures shows such a share again, without its counts. They are known, and need
    not be looked for behind its limits, which others may fit as well.
    """
    return {
        (str(table["caption"]).rpartition(" by ")[0], str(row.get("period")))
        for table in tables_of(document)
        if str(table["name"]).startswith("trend_")
        for row in rows_of(table)
        if isinstance(row.get("numerator"), int | float)
    }


def differences(
    document: Mapping[str, Any], counts: Mapping[Key, int | None], threshold: int
) -> list[SmallCount]:
    """Return the small counts of trends that are printed and declared as hidden, or otherwise.

    A number that is declared with another value is given as the difference, if this is small.
    """
    declared = {
        (str(key[1]), str(key[3]), str(key[4])): value
        for key, value in counts.items()
        if isinstance(key, tuple) and len(key) == 5 and key[0] == "trend"
    }
    small_counts: list[SmallCount] = []
    for table in tables_of(document):
        measure = str(table["name"]).removeprefix("trend_")
        for row in rows_of(table):
            for name in ("numerator", "denominator"):
                key = (measure, str(row.get("period")), name)
                printed = row.get(name)
                if key not in declared or not isinstance(printed, int | float):
                    continue
                value = declared[key]
                off = abs(int(printed) - (value or 0))
                if value is None or (off and off < threshold):
                    cell = f"{measure} / {key[1]} / {name}"
                    source = "printed, though declared as " + (
                        "hidden" if value is None else "else"
                    )
                    number = int(printed) if value is None else off
                    small_counts.append((cell, PRINTED, number, number, source))
    return small_counts


def words_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return all sentences of a report, with their places; pictures have the table's words."""
    for finding in document["findings"]:
        yield "findings", str(finding["text"])
    for section in document["sections"]:
        for text in section["sentences"]:
            yield str(section["name"]), str(text)
        for item in section["items"]:
            yield str(section["name"]), str(item["text"])
        for figure in section["figures"]:
            yield str(section["name"]), str(figure["title"])
            yield str(section["name"]), str(figure.get("alternative_text", ""))
    for table in tables_of(document):
        yield str(table["name"]), f"{table['caption']} {table['note']}"


def tables_of(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return the tables of a saved report, those of its figures among them."""
    for section in document["sections"]:
        yield from section["tables"]
        for figure in section["figures"]:
            yield figure["table"]


def rows_of(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table of a saved report: the name of a column -> what is there."""
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


def _in_words(place: str, text: str, threshold: int) -> list[SmallCount]:
    """Return the small counts of a sentence, as `disclosed_by` does."""
    return [
        (place, PRINTED, count, count, f'the words "{phrase}"')
        for count, phrase in small_in_words(text, threshold)
    ]


def small_in_words(text: str, threshold: int) -> list[tuple[int, str]]:
    """Return the small counts of a sentence, and their words: "4 of 60", "4 people", "(n 4)".

    Of "56 of 60" it is the rest.
    """
    small_counts: list[tuple[int, str]] = []
    for match in OF.finditer(text):
        part, whole = _whole(match[1]), _whole(match[2])
        for count in (part, whole - part, whole):
            if 0 < count < threshold:
                small_counts.append((count, match[0]))
                break
    for pattern in (COUNTED, SIZE):
        for match in pattern.finditer(text):
            if 0 < _whole(match[1]) < threshold:
                small_counts.append((_whole(match[1]), match[0]))
    return small_counts


def _in_row(place: str, row: Mapping[str, Any], threshold: int) -> list[SmallCount]:
    """Return the small counts of a row of a table, and small complements."""
    small_counts: list[SmallCount] = []
    for name in COUNTS:
        value = row.get(name)
        if isinstance(value, int) and 0 < value < threshold:
            small_counts.append((place, PRINTED, value, value, f"the column {name}"))
    for part, whole in PARTS:
        top, bottom = row.get(part), row.get(whole)
        if isinstance(top, int) and isinstance(bottom, int) and 0 < bottom - top < threshold:
            small_counts.append(
                (place, EXACTLY, bottom - top, bottom - top, f"{whole} less {part}")
            )
    return small_counts


def _at_risk(table: Mapping[str, Any], threshold: int) -> list[SmallCount]:
    """Return the small numbers at risk; of rounded ones those that can be nothing else.

    The first is exact. Where the others are multiples of 5, 10 or 20, or the threshold, which
    stands for a smaller multiple, they may be rounded to these.
    """
    rows = rows_of(table)
    names = [column["name"] for column in table["columns"]]
    if "at_risk" not in names:
        return []
    base = base_of(rows, threshold)
    small_counts: list[SmallCount] = []
    for number, row in enumerate(rows, start=1):
        count = row["at_risk"]
        if not isinstance(count, int) or not count:
            continue
        low = high = count
        if "survival" in names and row.get("day"):
            low, high = math.ceil(count - base / 2), math.ceil(count + base / 2) - 1
        if 0 < low <= high < threshold:
            how = PRINTED if low == high else SMALL
            place = f"{table['name']}, row {number}"
            small_counts.append((place, how, low, high, "the column at_risk"))
    return small_counts


def base_of(rows: Sequence[Mapping[str, Any]], threshold: int) -> int:
    """Return the base to which the numbers at risk may be rounded, as far as a reader can see."""
    later = [row["at_risk"] for row in rows if row.get("day") and isinstance(row["at_risk"], int)]
    later = [number for number in later if number != threshold]
    return next((one for one in BASES if all(number % one == 0 for number in later)), 1)


def _in_means(place: str, row: Mapping[str, Any], threshold: int) -> list[SmallCount]:
    """Return the few people behind a mean or a median that is printed with how many it is of.

    n times a mean of whole numbers is their sum; at most so many people have more than 0. On each
    side of a median is at most half of its people.
    """
    people = next((row[name] for name in BEHIND if isinstance(row.get(name), int)), 0)
    means = {
        name: float(value)
        for name, value in row.items()
        if name.startswith("mean") and isinstance(value, int | float) and not pd.isna(value)
    }
    decimals = max(
        [1, *(len(f"{one:.6f}".rstrip("0").partition(".")[2]) for one in means.values())]
    )
    half = 0.5 * 10.0**-decimals
    small_counts: list[SmallCount] = []
    for name, mean in means.items():
        least = math.ceil(people * (mean - half) - 1e-9)
        most = math.floor(people * (mean + half) + 1e-9)
        if 0 < least <= most < threshold:
            how = EXACTLY if least == most else SMALL
            small_counts.append((f"{place}, the sum", how, least, most, f"{name}, times {people}"))
    medians = [
        name
        for name, value in row.items()
        if name.startswith("median") and isinstance(value, int | float) and not pd.isna(value)
    ]
    if medians and threshold <= people < 2 * threshold:
        source = f"{medians[0]}, of {people}"
        small_counts.append((f"{place}, on each side", SMALL, 1, people // 2, source))
    return small_counts


def _in_limits(place: str, row: Mapping[str, Any], threshold: int) -> list[SmallCount]:
    """Return the small count behind a share with its limits, where the counts are hidden.

    Where they are printed the limits may be of another number: of sessions they are wider, since
    those of one person are alike.
    """
    sessions = all(isinstance(row.get(name), int | float) for name in SESSIONS)
    if sessions or isinstance(row.get("numerator"), int | float):
        return []
    for names in SHARES:
        if not all(name in row for name in names):
            continue
        values = [row[name] for name in names]
        if not all(isinstance(number, int | float) and 0 <= number <= 1 for number in values):
            continue
        if not 0 < values[0] < 1:
            continue
        tops, bottoms = counts_of_share(*map(float, values))
        if not len(tops):
            continue
        for what, counts in (("numerator", tops), ("the others", bottoms - tops)):
            if (counts > 0).all() and (counts < threshold).all():
                low, high = int(counts.min()), int(counts.max())
                how = EXACTLY if low == high else SMALL
                return [(f"{place}, {what}", how, low, high, "a share and its limits")]
    return []


def counts_of_share(share: float, lower: float, upper: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the numerators and denominators up to 300 with this share and these limits (Wilson).

    Examples
    --------
    >>> tops, bottoms = counts_of_share(0.12, 0.05, 0.24)
    >>> tops.tolist(), bottoms.tolist()
    ([5], [43])
    """
    decimals = max(
        len(f"{number:.9f}".rstrip("0").partition(".")[2]) for number in (share, lower, upper)
    )
    decimals = min(max(decimals, 2), 6)
    bottoms, tops = np.divmod(np.arange((MOST + 1) ** 2), MOST + 1)
    inside = (bottoms > 0) & (tops <= bottoms)
    tops, bottoms = tops[inside], bottoms[inside]
    half = 0.5 * 10.0**-decimals + 1e-9
    near = np.abs(tops / bottoms - share) <= half
    tops, bottoms = tops[near], bottoms[near]
    if not len(tops):
        return tops, bottoms
    low, high = (np.asarray(limit) for limit in proportion_interval(tops, bottoms))
    fits = (np.abs(low - lower) <= half) & (np.abs(high - upper) <= half)
    return tops[fits], bottoms[fits]


def _in_curves(table: Mapping[str, Any], threshold: int) -> list[SmallCount]:
    """Return the small numbers of events between two points of a curve.

    Of n who are followed at a point, at most n (1 - r) have the event before the survival has
    fallen to the fraction r: with everybody else still followed then.
    """
    names = [column["name"] for column in table["columns"]]
    if not {"day", "survival", "at_risk"} <= set(names):
        return []
    by = names[: names.index("day")]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows_of(table):
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    small_counts: list[SmallCount] = []
    for group, rows in groups.items():
        people = rows[0]["at_risk"]
        if not isinstance(people, int):
            continue
        half = 0.005 if people < 1000 else 0.0005
        exact = any(len(f"{row['survival']:.9f}".rstrip("0")) > 5 for row in rows)
        half = 0.0 if exact else half
        for point, other in combinations(rows, 2):
            start = float(point["survival"]) + (half if point["day"] else 0.0)
            most = people * start * (1 - max(float(other["survival"]) - half, 0) / start)
            fallen = float(point["survival"]) - float(other["survival"]) > 2 * half
            if fallen and most < threshold:
                days = f"between days {point['day']} and {other['day']}"
                cell = ", ".join([str(table["name"]), *map(str, group), days])
                small_counts.append((cell, SMALL, 1, max(int(most), 1), "points of a curve"))
                break
    return small_counts
