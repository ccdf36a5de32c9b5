"""Table 1 as a result: tidy tables, and the table as a paper prints it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_count

NOT_KNOWN = "–"


@dataclass(frozen=True, eq=False, repr=False)
class Balance(DrawnResult):
    """What groups are like in their covariates, and how much they differ.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a covariate, level and group: ``covariate``; ``kind`` (number, yes_no, words);
        ``level``: the word, "yes", or empty; ``group``; ``n``: rows (int64); ``missing``: rows
        without a value (int64); of numbers ``mean, sd, lower_quartile, median, upper_quartile``; of
        the others ``count`` and ``share``, of the rows with a value (all float64, missing where the
        kind has none, or no row has a value). With weights also ``weighted_missing`` (a share),
        ``weighted_mean`` (of yes and words a share) and ``weighted_sd``.
    differences : pandas.DataFrame
        One row a covariate and pair: ``covariate, kind, group, reference``; ``difference``: the
        standardised difference, the group less the reference, of words without a sign; infinite
        where neither group has any spread and they differ, missing where a group has no value (of
        numbers, fewer than two); ``difference_missing``: that of the share without a value. With
        weights also ``weighted_difference`` and ``weighted_difference_missing``.
    groups : pandas.DataFrame
        One row a group: ``group, n``, and with weights ``weight``: their sum, ``effective_size``:
        its square over the sum of the squares.
    by : tuple of str
        The columns that define the groups.
    weights : str or None
        The column of weights.
    rule : str
        What was counted.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    groups: pd.DataFrame
    by: tuple[str, ...]
    weights: str | None
    rule: str
    synthetic: bool = False

    _most_rows: ClassVar[int] = 80

    @property
    def text(self) -> str:
        """The largest difference before and after weighting, and the rule."""
        sizes = "; ".join(f"{name} {n:,}" for name, n in self.groups[["group", "n"]].to_numpy())
        sentences = [f"Groups by {', '.join(self.by)}: {sizes}.", self._largest("difference", "")]
        if self.weights is not None:
            sentences.append(self._largest("weighted_difference", " after weighting"))
            effective = "; ".join(
                f"{name} {size:,.1f}"
                for name, size in self.groups[["group", "effective_size"]].to_numpy()
            )
            sentences.append(f"Effective sizes: {effective}.")
        return " ".join([*sentences, self.rule])

    def _largest(self, column: str, when: str) -> str:
        size = self.differences[column].abs()
        unknown = int(size.isna().sum())
        rest = f" {format_count(unknown, 'difference')} not known." if unknown else ""
        if unknown == len(size):
            return f"No standardised difference is known{when}."
        row = self.differences.loc[size.idxmax()]
        above = int((size > 0.1).sum())
        pair = f"{row['group']} {'and' if row['kind'] == 'words' else 'less'} {row['reference']}"
        return (
            f"Largest standardised difference{when}: "
            f"{row['covariate']} {row[column]:.2f} ({pair}); "
            f"{above:,} of {len(size):,} larger than 0.1 in size.{rest}"
        )

    @property
    def _summary(self) -> str:
        covariates = self.table["covariate"].nunique()
        weighted = f", weighted by {self.weights}" if self.weights else ""
        return f"{len(self.groups)} groups, {format_count(covariates, 'covariate')}{weighted}"

    def _shown(self) -> tuple[pd.DataFrame, int]:
        table = self.paper_table()
        return table, len(table)

    def paper_table(self, *, decimals: int = 1) -> pd.DataFrame:
        """Return Table 1 as a paper prints it.

        Parameters
        ----------
        decimals : int
            Of means, standard deviations and percentages.

        Returns
        -------
        pandas.DataFrame
            All columns str: ``covariate``, what the row is; a column a group, with the mean and
            standard deviation of numbers, and number and percentage, of the rows with a value, of
            levels; ``difference``: the standardised difference; of more than one pair the one of
            largest size. With weights the columns again, weighted, the rows being their effective
            size.
        """
        parts = [self._paper_part("", decimals)]
        if self.weights is not None:
            parts.append(self._paper_part("weighted ", decimals).drop(columns="covariate"))
        return pd.concat(parts, axis=1)

    def _paper_part(self, when: str, decimals: int) -> pd.DataFrame:
        size = "effective_size" if when else "n"
        sizes = self.groups.set_index("group")[size]
        digits = decimals if when else 0
        head = "rows" if self.weights is None else "rows (weighted: effective size)"
        first = {str(name): f"{value:,.{digits}f}" for name, value in sizes.items()}
        rows: list[dict[str, str]] = [{"covariate": head, **first, "difference": ""}]
        for name, own in self.table.groupby("covariate", sort=False):
            pairs = self.differences[self.differences["covariate"] == name]
            rows += self._paper_rows(str(name), own, pairs, when, decimals)
        table = pd.DataFrame([*rows], dtype=object)
        return table.rename(columns={c: f"{when}{c}" for c in table.columns if c != "covariate"})

    def _paper_rows(
        self, name: str, own: pd.DataFrame, pairs: pd.DataFrame, when: str, decimals: int
    ) -> list[dict[str, str]]:
        prefix = "weighted_" if when else ""
        kind = own["kind"].iloc[0]
        heads = {"number": f"{name}, mean (sd)", "yes_no": f"{name}, yes, n (%)"}
        differences = _shown(pairs[f"{prefix}difference"])
        rows: list[dict[str, str]] = []
        if kind == "words":  # one difference of all levels, on a row of its own
            blank = {str(group): "" for group in own["group"].unique()}
            rows.append({"covariate": f"{name}, n (%)", **blank, "difference": differences})
        for level, cells in own.groupby("level", sort=False):
            shown = {
                str(row["group"]): _cell(row, kind, bool(when), decimals)
                for row in cells.to_dict("records")
            }
            head = heads.get(kind, f"{name}: {level}")
            rows.append(
                {"covariate": head, **shown, "difference": "" if kind == "words" else differences}
            )
        first = own.drop_duplicates("group")
        if first["missing"].any():
            missing = {
                str(row["group"]): _missing(row, bool(when), decimals)
                for row in first.to_dict("records")
            }
            differences = _shown(pairs[f"{prefix}difference_missing"])
            rows.append({"covariate": f"{name}, missing (%)", **missing, "difference": differences})
        return rows


def _shown(differences: pd.Series[float]) -> str:
    """Return the difference of largest size."""
    known = differences.dropna()
    if known.empty:
        return NOT_KNOWN
    largest = float(known.loc[known.abs().idxmax()])
    return f"{largest:.2f}" if np.isfinite(largest) else ("∞" if largest > 0 else "-∞")


def _cell(row: dict[Any, Any], kind: str, weighted: bool, decimals: int) -> str:
    mean = row["weighted_mean"] if weighted else row["mean" if kind == "number" else "share"]
    if np.isnan(mean):
        return NOT_KNOWN
    if kind == "number":
        spread = row["weighted_sd"] if weighted else row["sd"]
        deviation = NOT_KNOWN if np.isnan(spread) else f"{spread:,.{decimals}f}"
        return f"{mean:,.{decimals}f} ({deviation})"
    share = f"{100 * mean:.{decimals}f}%"
    return share if weighted else f"{row['count']:,.0f} ({share})"


def _missing(row: dict[Any, Any], weighted: bool, decimals: int) -> str:
    share = row["weighted_missing"] if weighted else row["missing"] / row["n"]
    percent = f"{100 * share:.{decimals}f}%"
    return percent if weighted else f"{row['missing']:,} ({percent})"
