"""What the curves of a saved report tell together: that of all people, and those by program."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from iop_outcomes.disclosure.fixed_days.printed import ENDS, PrintedCurve, PrintedFamily, told_of
from iop_outcomes.disclosure.system.documents import (
    EXACTLY,
    SMALL,
    SmallCount,
    base_of,
    rows_of,
    tables_of,
)

OTHERS = "other programs"


def told_by_curves(document: Mapping[str, Any], threshold: int) -> list[SmallCount]:
    """Return the small counts that the curve of all and those by program tell together.

    Asked are the events and the ends of follow-up between any two days, of each set of programs.

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
    tables = {str(table["name"]): table for table in tables_of(document)}
    small_counts: list[SmallCount] = []
    for name, table in tables.items():
        names = [column["name"] for column in table["columns"]]
        if names[:3] != ["day", "at_risk", "survival"]:
            continue
        beside = tables.get(f"{name}_by_program")
        rows = rows_of(beside) if beside is not None else []
        labels = list(dict.fromkeys(str(row["program"]) for row in rows))
        of_each = [[row for row in rows if str(row["program"]) == label] for label in labels]
        whole = _printed_curve(rows_of(table), threshold)
        groups = [_printed_curve(one, threshold) for one in of_each]
        if whole is None or None in groups:
            continue
        family = PrintedFamily(whole, [one for one in groups if one is not None], threshold)
        for (kind, some, first, last), low, high in told_of(family):
            whose = [labels[place] if place < len(labels) else OTHERS for place in some]
            days = f"{ENDS[kind]} between days {family.days[first]} and {family.days[last]}"
            cell = ", ".join([name, *(whose if labels else []), days])
            how = EXACTLY if low == high else SMALL
            small_counts.append((cell, how, low, high, "curves printed together"))
    return small_counts


def _printed_curve(rows: Sequence[Mapping[str, Any]], threshold: int) -> PrintedCurve | None:
    """Return a curve as a reader has it; None where day 0 does not say how many people it is of."""
    people = rows[0]["at_risk"] if rows and rows[0]["day"] == 0 else None
    if not isinstance(people, int):
        return None
    base, left = base_of(rows, threshold), []
    for row in rows[1:]:
        least, most, count = threshold, people, row["at_risk"]
        if count == threshold and base > 1:  # it stands for a smaller multiple, too
            finer = min(base, threshold - 1)
            most = math.ceil((threshold - 1) // finer * finer + finer / 2) - 1
        elif isinstance(count, int):
            least, most = math.ceil(count - base / 2), math.ceil(count + base / 2) - 1
        left.append((max(least, threshold), min(most, people)))
    return PrintedCurve(
        people=people,
        days=tuple(int(row["day"]) for row in rows[1:]),
        shares=tuple(float(row["survival"]) for row in rows),
        left=tuple(left),
        half=0.005 if people < 1000 else 0.0005,
    )
