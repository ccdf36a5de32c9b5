"""What a finding of the first page is, which come first, and how its number is written."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.shared.text import format_share
from iop_outcomes.trends.periods import in_words

MISSED, CHANGED, SIGNAL, DIFFER, NEAR, MET, SAME, NOT_COMPARED = range(8)
NO_INTERVAL = "no interval: one person"
ALIKE = "no clear difference"  # between programs


@dataclass(frozen=True)
class Point:
    """One finding of the first page.

    Attributes
    ----------
    rank : int
        Those of a lower rank come first: a target missed, a change, a signal, programs that differ,
        a target missed by no more than chance may explain, one met, no clear change, not compared.
    tag, title, text : str
        What it is called in the margin, the measure, and the rest of the sentence.
    """

    rank: int
    tag: str
    title: str
    text: str


def number_of(row: pd.Series[float], unit: str) -> str:
    """Return the number of a period as a sentence."""
    return f"{value_of(row, unit)} in {in_words(row['period'])}{counts_of(row, unit)}."


def value_of(row: pd.Series[float], unit: str) -> str:
    """Return the value of a period, a row of a trend, as it is written."""
    return format_share(row["value"]) if unit == "proportion" else f"{row['value']:,.0f}"


def counts_of(row: pd.Series[float], unit: str) -> str:
    """Return in brackets what the value of a period is of, with its 95% interval."""
    if unit != "proportion":
        limits = f"{row['lower']:,.0f} to {row['upper']:,.0f}"
        return f" (counted exactly; 95% interval for chance {limits})"
    return f" ({row['numerator']:,.0f} of {row['denominator']:,.0f}; {interval_of(row)})"


def interval_of(row: pd.Series[float]) -> str:
    """Return the 95% interval of a share, or that the sessions of one person have none."""
    if pd.isna(row["lower"]) or pd.isna(row["upper"]):
        return NO_INTERVAL
    return f"95% interval {format_share(row['lower'])} to {format_share(row['upper'])}"
