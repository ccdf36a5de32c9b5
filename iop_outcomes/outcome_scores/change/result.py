"""What `symptom_change` returns."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.shared.groups import NOTHING_LEFT_OUT, LeftOut
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups, format_level, format_value


@dataclass(frozen=True, eq=False, repr=False)
class SymptomChange(DrawnResult):
    """How the scores of an instrument change from intake.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and scale, with the columns of `symptom_change`.
    shares : pandas.DataFrame
        One row a group, scale and rule of change: who is better, the same and worse.
    slopes : pandas.DataFrame
        One row a group and scale: the change in 30 days within episodes.
    by_intake : pandas.DataFrame
        One row a group, scale and band at intake: the change, and that by regression to the mean
        alone.
    trajectory : pandas.DataFrame
        One row a group, scale and time.
    flags : pandas.DataFrame
        One row a group, item and moment: answers above the lowest to items that are to be seen by
        themselves; without rows where the instrument has none or their answers are not recorded.
    instrument : str
        Its title.
    titles : dict of str to str
        The title of each scale.
    lower_is_better : dict of str to bool
        Of each scale.
    moment : str
        When the later score is.
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
    shares: pd.DataFrame
    slopes: pd.DataFrame
    by_intake: pd.DataFrame
    trajectory: pd.DataFrame
    flags: pd.DataFrame
    instrument: str
    titles: dict[str, str]
    lower_is_better: dict[str, bool]
    moment: str
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT
    people: dict[str, pd.DataFrame] | None = None

    @property
    def text(self) -> str:
        """The main numbers, a sentence or two a group and scale."""
        return self.left_out.after(describe_groups(self.table, self.by, self._describe))

    @property
    def _summary(self) -> str:
        by = f", by={', '.join(self.by)}" if self.by else ""
        return f"{self.instrument} from intake to {self.moment}, {len(self.table)} rows{by}"

    @property
    def _caption(self) -> str:
        return f"{self.instrument} from intake to {self.moment}. {self.rule}"

    def _describe(self, rows: pd.DataFrame, name: str) -> str:
        return " ".join(self._describe_scale(row, name) for _, row in rows.iterrows())

    def _describe_scale(self, row: pd.Series[float], name: str) -> str:
        scale = str(row["scale"])
        title = self.titles[scale]
        if pd.isna(row["change"]):
            return f"{name}{title}: not known ({row['not_known'] or 'too few people to show'})."
        less = "lower" if self.lower_is_better[scale] else "higher"
        limits = ""
        if pd.notna(row["lower"]):
            limits = (
                f" ({format_level(self.confidence)} limits {format_value(float(row['lower']), 1)} "
                f"to {format_value(float(row['upper']), 1)})"
            )
        of = f" of {row['episodes']:,.0f}" if pd.notna(row["episodes"]) else ""
        return (
            f"{name}{title} ({less} is better): {row['paired']:,.0f}{of} "
            f"episodes have a score at intake and at {self.moment}; the mean went from "
            f"{row['intake_mean']:.1f} to {row['last_mean']:.1f}, a change of "
            f"{row['change']:+.1f}{limits}.{self._describe_shares(row)}"
        )

    def _describe_shares(self, row: pd.Series[float]) -> str:
        """Say who was better, the same and worse by the first rule that may be shown."""
        rows = self.shares[self.shares["scale"] == row["scale"]]
        for column in self.by:
            rows = rows[rows[column] == row[column]]
        rows = rows[rows["better"].notna() & (rows["paired"] > 0)]
        if rows.empty:
            return ""
        first = rows.iloc[0]
        start = (
            f" By {first['meaning']} {first['better']:,.0f} of {first['paired']:,.0f} were better"
        )
        if pd.isna(first["worse"]):
            return f"{start}."
        return f"{start}, {first['same']:,.0f} the same, {first['worse']:,.0f} worse."
