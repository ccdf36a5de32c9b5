"""The comparison of cohorts as one result with its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from iop_outcomes.compare.adjustment.result import AdjustedCurves
from iop_outcomes.compare.balance import Balance
from iop_outcomes.compare.cohorts.alternatives import few_events, spread_of
from iop_outcomes.compare.cohorts.document import Part, curves_at
from iop_outcomes.compare.cohorts.references import works_cited
from iop_outcomes.compare.cohorts.unmeasured import describe_e_values
from iop_outcomes.compare.group_tests.curves import Comparison
from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.compare.loss_to_follow_up import TippingPoint
from iop_outcomes.compare.resampling.contrasts import describe_difference
from iop_outcomes.errors import ReportError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.saving import check_place, write_whole

TITLE = "Comparison of cohorts"
FORMS = (".html", ".htm", ".docx", ".tex")


@dataclass(frozen=True, eq=False, repr=False)
class CohortComparison(Result):
    """Who is compared, how similar they are, how they differ, and with which limits.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an analysis, measure and pair: ``analysis``: "not adjusted", "adjusted", and what
        else it was adjusted by; ``measure, group, reference, estimate, estimate_reference,
        difference, se, lower, upper``, as of `iop_outcomes.adjusted_curves`.
    flow : pandas.DataFrame
        From the rows in all to those analysed: ``step``; ``reason``; ``n`` (int64): rows;
        ``people`` (Int64): where ``person_id`` is there; of rows that are not analysed the people
        without any other row.
    balance : Balance
        Table 1, of the rows analysed, weighted by propensity scores too.
    test : Comparison
        The log-rank test, with the curves (``test.curves``); ``test.plot()`` draws them.
    adjusted : AdjustedCurves
        The adjusted curves; ``adjusted.plot()`` draws them.
    alternatives : pandas.DataFrame
        The differences by other times, after those by the times themselves: ``alternative``: the
        name, "as given" for the times themselves; ``analysis``: "not adjusted", "adjusted" or "not
        estimated"; ``n`` (int64): rows; ``events``, ``fewest_events`` (Int64): by the horizon, in
        all and in the group with fewest; and the columns of
        `iop_outcomes.adjusted_curves`. Without rows if there are no alternatives.
    alternative_rules : mapping of str to str
        How the times of each alternative were defined, or why there is no estimate.
    e_values : pandas.DataFrame
        One row a pair: ``group``, ``reference``; ``risk_ratio``: of the adjusted shares with the
        event by the horizon; ``lower``, ``upper``; ``e_value`` and ``e_value_limit``, that of the
        limit nearest to 1 (`iop_outcomes.e_value`); ``reason``: why there is none, or empty.
    tipping : TippingPoint or None
        If `left` was given: how large the hazard after leaving must be to change the
        conclusion.
    small : tuple of str
        The groups with few events by the horizon.
    fewest : int
        Below how many events a group is small.
    horizon : float
        The day of the differences.
    methods : str
        A paragraph for a methods section; the works that it cites are in what is saved, and in
        ``references``.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    flow: pd.DataFrame
    balance: Balance
    test: Comparison
    adjusted: AdjustedCurves
    alternatives: pd.DataFrame
    alternative_rules: Mapping[str, str]
    e_values: pd.DataFrame
    tipping: TippingPoint | None
    small: tuple[str, ...]
    fewest: int
    horizon: float
    methods: str
    synthetic: bool = False

    _most_rows: ClassVar[int] = 60

    @property
    def text(self) -> str:
        """The main differences with and without adjustment, the test, and cautions."""
        main = self.table[self.table["analysis"].isin(["adjusted", "not adjusted"])]
        differences = [
            f"{row['analysis']}: "
            + describe_difference(row, self.horizon, self.adjusted.confidence, self.adjusted.event)
            for row in main.head(8).to_dict("records")
        ]
        return (
            f"Cohorts by {', '.join(self.balance.by)}. {'; '.join(differences)}. Log-rank test "
            f"without adjustment: {format_p_value(self.test.p_value)}. "
            f"{spread_of(self.alternatives)}{self.caution}{self.test.rule}"
        )

    @property
    def caution(self) -> str:
        """Cautions, as sentences with a blank after them; empty if there are none."""
        sentences = []
        if self.small:
            groups = ", ".join(self.small)
            sentences.append(
                f"Fewer than {self.fewest} events by day {self.horizon:g} in {groups}."
            )
        after = self.balance.differences["weighted_difference"].abs().max()
        if after > 0.1:
            sentences.append(
                f"After weighting a standardised difference of {after:.2f} is left: look at "
                ".balance."
            )
        if self.adjusted.caution:
            sentences.append(self.adjusted.caution.strip())
        few = few_events(self.alternatives, self.fewest)
        return "".join(f"{sentence} " for sentence in sentences) + few

    @property
    def references(self) -> str:
        """The works that the methods paragraph cites."""
        return works_cited(self.methods)

    @property
    def _summary(self) -> str:
        number = int(self.flow.loc[self.flow["step"] == "analysed", "n"].iloc[0])
        return f"{len(self.balance.groups)} groups, {number:,} rows, day {self.horizon:g}"

    @property
    def parts(self) -> list[Part]:
        """The parts of what is saved, in the order in which they are read."""
        adjusted = self.adjusted
        parts = [
            Part("From records to analysis", self._flow_text, self.flow),
            Part("Table 1", self.balance.text, self.balance.paper_table(), self.balance),
            Part("Curves as they are", self.test.text, self.test.table, self.test.curves),
            Part(
                "Adjusted curves", adjusted.text, curves_at(adjusted.curves, self.horizon), adjusted
            ),
            Part("Size of the groups", self._size_text, adjusted.groups),
            Part("Differences", self.text, self.table),
        ]
        if adjusted.imputations:
            parts.append(Part("Missing covariates", adjusted.sampling, adjusted.missing))
        if len(self.alternatives):
            rules = " ".join(f"{name}: {rule}" for name, rule in self.alternative_rules.items())
            parts.append(Part("By other definitions", rules, self.alternatives))
        parts.append(
            Part("Confounding not measured", describe_e_values(self.e_values), self.e_values)
        )
        if self.tipping is not None:
            tipping = self.tipping
            parts.append(Part("People who left", tipping.text, tipping.tipping, tipping))
        parts.append(Part("Methods", self.methods))
        parts.append(Part("References", self.references))
        return parts

    @property
    def _size_text(self) -> str:
        text = f"By day {self.horizon:g}."
        if self.small:
            text += f" Small, with fewer than {self.fewest} events: {', '.join(self.small)}."
        return text

    @property
    def _flow_text(self) -> str:
        if self.flow["people"].notna().any():
            return (
                "Rows and people; people who are lost are those without any other row, and one "
                "with rows in several groups is in each."
            )
        return "Rows."

    @property
    def html(self) -> str:
        """The comparison as a page of its own, with pictures and their tables below."""
        from iop_outcomes.compare.cohorts import html

        return html.page(f"{TITLE}: {self._summary}", self.parts, synthetic=self.synthetic)

    def save(self, path: str | Path) -> Path:
        """Write the comparison as ``.html`` (with pictures), ``.docx`` or ``.tex`` (tables, text).

        Parameters
        ----------
        path : str or pathlib.Path
            The ending says which. Word files need python-docx (``pip install
            "iop-outcomes[office]"``).

        Returns
        -------
        pathlib.Path
            The path as given.

        Raises
        ------
        ReportError
            If the ending is another one, the folder is not there, or python-docx is not installed.
        """
        place = check_place(Path(path), TITLE)
        ending = place.suffix.lower()
        if ending not in FORMS:
            raise ReportError(
                "A comparison of cohorts is saved as HTML, Word or LaTeX.",
                found=as_written(place.suffix),
                instead='comparison.save("comparison.html"), or .docx or .tex',
            )
        return write_whole(place, self._content(ending), TITLE)

    def _content(self, ending: str) -> bytes:
        from iop_outcomes.compare.cohorts import latex, word

        title = f"{TITLE}: {self._summary}"
        if ending == ".docx":
            return word.document(title, self.parts, synthetic=self.synthetic)
        if ending == ".tex":
            return latex.document(title, self.parts, synthetic=self.synthetic).encode()
        return self.html.encode()
