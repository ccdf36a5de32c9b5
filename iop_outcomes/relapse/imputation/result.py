"""Use patterns whose missed weeks were drawn several times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.relapse.imputation.model import History
from iop_outcomes.shared.provenance import UNKNOWN, Provenance, label
from iop_outcomes.shared.result import Result
from iop_outcomes.use.pattern_array import PatternArray, decode
from iop_outcomes.use.patterns import BY_DAY


@dataclass(frozen=True, eq=False, repr=False)
class ImputedPatterns(Result):
    """Use patterns whose missed weeks were drawn several times; see `impute_weeks`.

    Attributes
    ----------
    by_week : numpy.ndarray of int8
        Imputations by weeks by people: symbols as in `iop_outcomes.use.pattern_array`.
    words : PatternArray
        The patterns as they were given.
    covariates : pandas.DataFrame
        The covariates, one row a pattern; no column where none were given.
    table : pandas.DataFrame
        One row a week, over the people whose weeks were imputed: ``week``; ``due``, ``seen``,
        ``missed_between``, ``missed_after`` (int64): due, and of these seen, missed before the
        last week seen, and missed after it; ``use_seen``, ``use_imputed`` (0 to 1): the share of
        the weeks seen, and of those imputed, with use; missing where there are none.
    model : pandas.DataFrame
        One row a term of the model: ``term``, ``log_odds``, ``se``, pooled over the imputations;
        no row where nothing was missed.
    trace : pandas.DataFrame
        One row an imputation and iteration: ``imputation``, ``iteration``, ``use_between``: the
        share of the weeks missed in between that are drawn as use. It should vary without a trend.
    never_seen : int
        People with weeks due of whom none was seen.
    rule : str
        How missed weeks were imputed.
    unit_days : int
        The days that a symbol stands for.
    provenance : Provenance
        What the labels of the patterns need.
    """

    _most_rows: ClassVar[int] = 60

    by_week: NDArray[np.int8]
    words: PatternArray
    covariates: pd.DataFrame
    table: pd.DataFrame
    model: pd.DataFrame
    trace: pd.DataFrame
    never_seen: int
    rule: str
    unit_days: int = 7
    provenance: Provenance = UNKNOWN

    @property
    def missing_share(self) -> float:
        """Of the weeks due of those whose weeks were imputed, the share missed (0 to 1)."""
        return self._missed / int(self.table["due"].sum())

    @cached_property
    def patterns(self) -> tuple[pd.Series[Any], ...]:
        """The completed patterns, one column of texts an imputation, indexed as those given."""
        return tuple(self._completed(number) for number in range(len(self)))

    @property
    def text(self) -> str:
        """The weeks imputed, and the share of them with use, as sentences."""
        if not self._missed:
            return f"No week was missed. {self.rule}"
        weeks = self.table.fillna({"use_seen": 0, "use_imputed": 0})
        seen = np.average(weeks["use_seen"], weights=weeks["seen"])
        drawn = np.average(weeks["use_imputed"], weights=weeks["due"] - weeks["seen"])
        return (
            f"{self.missing_share:.0%} of {weeks['due'].sum():,} weeks due were missed and "
            f"imputed, {drawn:.0%} of them as use; of the weeks seen {seen:.0%} show use. "
            f"{self.rule}"
        )

    def __len__(self) -> int:
        """Return the number of imputations."""
        return len(self.by_week)

    @property
    def _summary(self) -> str:
        """How many imputations of how many patterns."""
        return (
            f"{len(self)} imputations of {len(self.words):,} patterns, "
            f"{self.missing_share:.0%} of the weeks missed"
        )

    @property
    def _missed(self) -> int:
        return int(self.table[["missed_between", "missed_after"]].to_numpy().sum())

    def _completed(self, number: int) -> pd.Series[Any]:
        patterns = decode(replace(self.words, by_week=self.by_week[number]))
        rule = f"{self.rule} Imputation {number + 1} of {len(self)}."
        patterns.name = BY_DAY if self.unit_days == 1 else patterns.name
        earlier = {
            "rule": rule,
            "unit_days": self.unit_days,
            "synthetic": self.provenance.synthetic,
        }
        return label(patterns, replace(self.provenance, rule=rule), **earlier)


def weeks_table(history: History, use_imputed: NDArray[np.float64]) -> pd.DataFrame:
    """Return ``ImputedPatterns.table``; `use_imputed` is the share of each week's imputed."""
    seen = history.due & ~history.missed
    table = pd.DataFrame({"week": np.arange(1, len(seen) + 1)})
    for name, marked in (
        ("due", history.due),
        ("seen", seen),
        ("missed_between", history.between),
        ("missed_after", history.after),
    ):
        table[name] = marked.sum(axis=1)
    used = (history.use & seen).sum(axis=1)
    table["use_seen"] = used / table["seen"].where(table["seen"] > 0)
    table["use_imputed"] = use_imputed
    return table
