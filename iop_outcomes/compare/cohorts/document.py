"""The comparison as the parts of a document: headings, text, pictures and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from iop_outcomes.compare.adjustment.result import AdjustedCurves
from iop_outcomes.compare.balance import Balance
from iop_outcomes.compare.cohorts.references import works_cited
from iop_outcomes.compare.cohorts.unmeasured import e_value_words
from iop_outcomes.compare.group_tests.curves import Comparison
from iop_outcomes.compare.loss_to_follow_up import TippingPoint
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


class Compared(Protocol):
    """What the document is of; see `iop_outcomes.CohortComparison`."""

    @property
    def text(self) -> str: ...  # noqa: D102

    @property
    def methods(self) -> str: ...  # noqa: D102

    @property
    def small(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def fewest(self) -> int: ...  # noqa: D102

    @property
    def horizon(self) -> float: ...  # noqa: D102

    @property
    def table(self) -> pd.DataFrame: ...  # noqa: D102

    @property
    def flow(self) -> pd.DataFrame: ...  # noqa: D102

    @property
    def balance(self) -> Balance: ...  # noqa: D102

    @property
    def test(self) -> Comparison: ...  # noqa: D102

    @property
    def adjusted(self) -> AdjustedCurves: ...  # noqa: D102

    @property
    def alternatives(self) -> pd.DataFrame: ...  # noqa: D102

    @property
    def alternative_rules(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def e_values(self) -> pd.DataFrame: ...  # noqa: D102

    @property
    def tipping(self) -> TippingPoint | None: ...  # noqa: D102


def parts_of(found: Compared) -> list[Part]:
    """Return the parts in the order in which they are read."""
    adjusted = found.adjusted
    parts = [
        Part("From records to analysis", _flow_words(found), found.flow),
        Part("Table 1", found.balance.text, found.balance.paper_table(), found.balance),
        Part("Curves as they are", found.test.text, found.test.table, found.test.curves),
        Part("Adjusted curves", adjusted.text, curves_at(adjusted.curves, found.horizon), adjusted),
        Part("Size of the groups", _size_words(found), adjusted.groups),
        Part("Differences", found.text, found.table),
    ]
    if adjusted.imputations:
        parts.append(Part("Missing covariates", adjusted.sampling, adjusted.missing))
    if len(found.alternatives):
        said = " ".join(f"{name}: {rule}" for name, rule in found.alternative_rules.items())
        parts.append(Part("By other definitions", said, found.alternatives))
    parts.append(Part("Confounding not measured", e_value_words(found.e_values), found.e_values))
    if found.tipping is not None:
        tipping = found.tipping
        parts.append(Part("People who left", tipping.text, tipping.tipping, tipping))
    parts.append(Part("Methods", found.methods))
    parts.append(Part("References", works_cited(found.methods)))
    return parts


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


def _size_words(found: Compared) -> str:
    text = f"By day {found.horizon:g}."
    if found.small:
        text += f" Small, with fewer than {found.fewest} events: {', '.join(found.small)}."
    return text


def _flow_words(found: Compared) -> str:
    if found.flow["people"].notna().any():
        return (
            "Rows and people; people who are lost are those without any other row, and one with "
            "rows in several groups is in each."
        )
    return "Rows."
