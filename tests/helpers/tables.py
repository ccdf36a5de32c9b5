"""Tables written as text in the tests, so that a case can be read at a glance."""

from __future__ import annotations

import pandas as pd


def frame(text: str) -> pd.DataFrame:
    """Read a table whose columns stand between bars; every value is text, blank is missing.

    | episode_id | admit_date |
    | E1         | 2026-01-01 |
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return pd.DataFrame(rows[1:], columns=rows[0], dtype=object).replace("", None)


def csv(text: str) -> str:
    """Return the same as CSV text."""
    return str(frame(text).to_csv(index=False))
