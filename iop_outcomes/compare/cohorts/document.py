"""The parts of a document of a comparison, and how its tables are shown as text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_p, format_value

WARNING = "This document has exact counts, and is for authorised readers only."
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the document.

    Attributes
    ----------
    title : str
    text : str
        A paragraph, or the caption of the table.
    table : pandas.DataFrame, optional
        Below the text.
    picture : DrawnResult, optional
        What is drawn above the table.
    """

    title: str
    text: str
    table: pd.DataFrame | None = None
    picture: DrawnResult | None = None


def curves_at(curves: pd.DataFrame, horizon: float) -> pd.DataFrame:
    """Return the curves at quarters of the time up to the horizon."""
    rows = []
    for name, own in curves.groupby("group", sort=False):
        days = own["day"].to_numpy()
        for asked in (horizon * share for share in QUARTERS):
            row = own.iloc[int(np.searchsorted(days, asked, side="right")) - 1]
            rows.append(
                {
                    "group": name,
                    "day": float(asked),
                    **{column: float(row[column]) for column in ("survival", "lower", "upper")},
                }
            )
    return pd.DataFrame(rows)


def cells_of(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table as text, as they are shown."""
    names = [str(name) for name in frame.columns]
    rows = [
        [
            format_p(value)
            if name == "p_value" and isinstance(value, float) and value == value
            else format_value(value)
            for name, value in zip(names, row, strict=True)
        ]
        for row in frame.itertuples(index=False, name=None)
    ]
    return [name.replace("_", " ") for name in names], rows
