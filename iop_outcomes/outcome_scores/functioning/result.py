"""What `functioning` returns."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.shared.groups import NOTHING_LEFT_OUT, LeftOut
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups, format_level


@dataclass(frozen=True, eq=False, repr=False)
class Functioning(DrawnResult):
    """Who gained, kept, lost or never had work, housing and the rest, from admission on.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group, domain and moment, with the columns of `functioning`.
    scores : pandas.DataFrame
        One row a group, moment and score (recovery capital, quality of life): the change of its
        mean, with the columns of `symptom_change`'s table.
    first_gain : pandas.DataFrame
        One row a group, domain, cause and day: the cumulative incidence of the first gain, and of
        the ends that come before it.
    titles : dict of str to str
        The title of each domain.
    moments : tuple of str
        When the later answers are.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        Confidence level of the limits.
    rule : str
        How the numbers were worked out.
    synthetic : bool
        Whether the records are synthetic.
    left_out : LeftOut
        How many episodes without a group were left out.
    people : dict of str to pandas.DataFrame, or None
        For each table above, row by row, the number of persons in each count. Disclosure rules
        depend on these numbers; None once it is protected.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    first_gain: pd.DataFrame
    titles: dict[str, str]
    moments: tuple[str, ...]
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT
    people: dict[str, pd.DataFrame] | None = None

    @property
    def text(self) -> str:
        """The main numbers, a sentence a group, domain and moment; what is not known is named."""
        return self.left_out.after(describe_groups(self.table, self.by, self._describe))

    @property
    def _summary(self) -> str:
        by = f", by={', '.join(self.by)}" if self.by else ""
        return f"{len(self.titles)} domains, {' and '.join(self.moments)}{by}"

    @property
    def _caption(self) -> str:
        return f"Functioning from admission on. {self.rule}"

    def _describe(self, rows: pd.DataFrame, name: str) -> str:
        known = rows[rows["share_end"].notna()]
        sentences = [self._describe_row(row) for _, row in known.iterrows()]
        unknown = rows.loc[rows["share_end"].isna(), ["domain", "moment", "not_known"]]
        if len(unknown):
            places: dict[tuple[str, str], list[str]] = {}
            for domain, moment, reason in unknown.astype(str).itertuples(index=False):
                places.setdefault((domain, reason), []).append(moment)
            listed = "; ".join(
                self.titles[domain]
                + ("" if len(when) == len(self.moments) else f" at {' and '.join(when)}")
                + f" ({reason or 'too few people to show'})"
                for (domain, reason), when in places.items()
            )
            sentences.append(f"Not known: {listed}.")
        return name + " ".join(sentences)

    def _describe_row(self, row: pd.Series[float]) -> str:
        limits = ""
        if pd.notna(row["lower"]):
            limits = (
                f" ({format_level(self.confidence)} limits {row['lower']:+.0%} to "
                f"{row['upper']:+.0%})"
            )
        of = f" (of {row['episodes']:,.0f})" if pd.notna(row["episodes"]) else ""
        return (
            f"{self.titles[str(row['domain'])]}, admission to {row['moment']}: of "
            f"{row['paired']:,.0f} episodes with both answers{of} "
            f"{row['gained']:,.0f} gained it, {row['kept']:,.0f} kept it, {row['lost']:,.0f} lost "
            f"it, {row['never']:,.0f} never had it; {row['share_start']:.0%} before, "
            f"{row['share_end']:.0%} after, a change of {row['difference']:+.0%}{limits}."
        )
