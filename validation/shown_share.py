"""How much of a report is shown: the share of its figures that are not hidden, by size of program.

python -m validation.shown_share --reports 20 --page docs/validation_disclosure_shown.md
"""

from __future__ import annotations

import pandas as pd

import iop_outcomes as iop
from validation.attack_programs import population

HIDDEN = "hidden"
NOT_OF_PEOPLE = ("signals", "files", "checks", "definitions", "cannot_tell", "merged")
CURVES = ("relapse", "relapse_by_program", "relapse_by_missing")
PEOPLE = {80: 192, 300: 720}
"""Admissions a year -> people of the sample (its admissions of two years and nine months)."""


def one_program(seed: int, size: int, quarter: str) -> iop.Records:
    """Return the records of one program with about `size` admissions a year, up to a quarter."""
    made = population(seed, PEOPLE[size])
    end = pd.Period(quarter, "Q").end_time.normalize()
    from validation.attack_programs import _up_to

    episodes = made.episodes.assign(program="Center")
    return _up_to(episodes, made.attendance, made.checkins, end)


def figures(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row a table: its figures that are shown, and that are hidden."""
    rows = []
    for name, table in tables.items():
        if name in NOT_OF_PEOPLE or name in CURVES:  # the points of curves stand in without_relapse
            continue
        shown = hidden = 0
        for column in table.columns:
            if column in ("week", "TEDS_code"):
                continue
            for row, value in enumerate(table[column].tolist()):
                if isinstance(value, str):
                    hidden += value == HIDDEN
                    shown += column.startswith("day_") and value != HIDDEN
                elif pd.isna(value):
                    status = table["status"].iloc[row] if "status" in table else HIDDEN
                    hidden += status == HIDDEN
                else:
                    shown += 1
        rows.append((name, shown, hidden))
    return pd.DataFrame(rows, columns=["table", "shown", "hidden"])
