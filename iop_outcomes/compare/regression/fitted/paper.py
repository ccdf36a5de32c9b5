"""A table of a regression as a paper prints it."""

from __future__ import annotations

import pandas as pd

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.shared.text import format_level


def paper_table(
    table: pd.DataFrame, *, ratio: str, confidence: float, decimals: int = 2
) -> pd.DataFrame:
    """Return a ratio with its limits, and the p-value, as text.

    Parameters
    ----------
    table : pandas.DataFrame
        Of a `Regression`.
    ratio : str
        What the ratio is called.
    confidence : float
        The level of the limits.
    decimals : int
        Of ratios and limits.

    Returns
    -------
    pandas.DataFrame
        One row a term, all columns str: ``cause`` if there are several, ``term``, the ratio with
        its limits ("0.78 (0.65 to 0.94)"), and the p-value, to three decimals, "<0.001" below.
    """
    head = f"{ratio} ({format_level(confidence)} limits)"

    def number(value: float) -> str:
        return f"{value:,.{decimals}f}"

    ratios = [
        f"{number(value)} ({number(lower)} to {number(upper)})"
        for value, lower, upper in table[["hazard_ratio", "lower", "upper"]].to_numpy().tolist()
    ]
    p_values = [
        format_p_value(value).removeprefix("p ").removeprefix("= ") for value in table["p_value"]
    ]
    named = [name for name in ("cause", "term") if name in table.columns]
    return pd.DataFrame(
        {**{name: table[name].astype(str) for name in named}, head: ratios, "p": p_values}
    )
