"""The comparison of cohorts as one result with its parts."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import ClassVar

import pandas as pd

from iop_outcomes.compare.adjustment.result import AdjustedCurves
from iop_outcomes.compare.balance import Balance
from iop_outcomes.compare.group_tests.curves import Comparison
from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.compare.loss_to_follow_up import TippingPoint
from iop_outcomes.compare.resampling.contrasts import describe_difference
from iop_outcomes.errors import ReportError
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.saving import check_place, write_whole
from iop_outcomes.shared.text import table_html

STYLE = (
    "body{font-family:sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}caption{text-align:left;padding:.3em 0}"
    "th,td{border-bottom:1px solid #ccc;padding:.25em .6em;text-align:left}"
)


@dataclass(frozen=True, eq=False, repr=False)
class CohortComparison(Result):
    """Who is compared, how alike they are, how they differ, and how surely.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an analysis, measure and pair: ``analysis``: "not adjusted", "adjusted", and what
        else it was adjusted by; ``measure, group, reference, estimate, estimate_reference,
        difference, se, lower, upper``, as of `iop_outcomes.adjusted_curves`.
    flow : pandas.DataFrame
        From the rows in all to those analysed: ``step``; ``reason``; ``n`` (int64).
    balance : Balance
        Table 1, of the rows analysed, weighted by propensity scores too.
    test : Comparison
        The log-rank test, with the curves; ``test.plot()`` draws them.
    adjusted : AdjustedCurves
        The adjusted curves; ``adjusted.plot()`` draws them.
    tipping : TippingPoint or None
        If it was said who left: how large the hazard after leaving must be to change the
        conclusion.
    small : tuple of str
        The groups with few events by the horizon.
    fewest : int
        Below how many events a group is small.
    horizon : float
        The day of the differences.
    methods : str
        A paragraph for a methods section.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    flow: pd.DataFrame
    balance: Balance
    test: Comparison
    adjusted: AdjustedCurves
    tipping: TippingPoint | None
    small: tuple[str, ...]
    fewest: int
    horizon: float
    methods: str
    synthetic: bool = False

    _most_rows: ClassVar[int] = 60

    @property
    def text(self) -> str:
        """The main differences with and without adjustment, the test, and what to be wary of."""
        main = self.table[self.table["analysis"].isin(["adjusted", "not adjusted"])]
        said = [
            f"{row['analysis']}: "
            + describe_difference(row, self.horizon, self.adjusted.confidence, self.adjusted.event)
            for row in main.head(8).to_dict("records")
        ]
        return (
            f"Cohorts by {', '.join(self.balance.by)}. {'; '.join(said)}. Log-rank test without "
            f"adjustment: {format_p_value(self.test.p_value)}. {self.caution}{self.test.rule}"
        )

    @property
    def caution(self) -> str:
        """What to be wary of, as sentences with a blank after them; empty if nothing."""
        said = []
        if self.small:
            groups = ", ".join(self.small)
            said.append(f"Fewer than {self.fewest} events by day {self.horizon:g} in {groups}.")
        after = self.balance.differences["weighted_difference"].abs().max()
        if after > 0.1:
            said.append(
                f"After weighting a standardised difference of {after:.2f} is left: look at "
                ".balance."
            )
        if self.adjusted.caution:
            said.append(self.adjusted.caution.strip())
        return "".join(f"{one} " for one in said)

    @property
    def _summary(self) -> str:
        number = int(self.flow.loc[self.flow["step"] == "analysed", "n"].iloc[0])
        return f"{len(self.balance.groups)} groups, {number:,} rows, day {self.horizon:g}"

    @property
    def html(self) -> str:
        """The comparison as a page of its own: flow, Table 1, differences, test, methods."""
        parts = [
            f"<h1>{escape(repr(self)[1:-1])}</h1>",
            "<p><strong>Synthetic data.</strong></p>" if self.synthetic else "",
            f"<p>{escape(self.text)}</p>",
            table_html(self.flow, "From records to analysis"),
            table_html(self.balance.paper_table(), f"Table 1. {self.balance.text}", rows=200),
            table_html(self.test.table, self.test.text),
            table_html(self.table, "Differences", rows=200),
            table_html(self.adjusted.groups, self.adjusted.text),
            "" if self.tipping is None else table_html(self.tipping.table, self.tipping.text),
            f"<h2>Methods</h2><p>{escape(self.methods)}</p>",
            "<p>This page has exact counts, and is for authorised readers only.</p>",
        ]
        return printable(
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Comparison of '
            f"cohorts</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
        )

    def save(self, path: str | Path) -> Path:
        """Write the page as ``.html``; return the path.

        Raises
        ------
        ReportError
            If the ending is another one, or the folder is not there.
        """
        place = check_place(Path(path), "The comparison")
        if place.suffix.lower() not in (".html", ".htm"):
            raise ReportError(
                "A comparison of cohorts is saved as HTML.",
                found=as_written(place.suffix),
                instead='found.save("comparison.html")',
            )
        return write_whole(place, self.html.encode(), "The comparison")
