"""Tests between the survival curves of all pairs of groups, corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.differences.result import (
    Correction,
    corrected,
    group_names,
    pairs_of,
)
from iop_outcomes.compare.group_tests.groups import (
    Grouped,
    refuse_incomparable,
)
from iop_outcomes.compare.group_tests.result import full_name
from iop_outcomes.compare.group_tests.scores.log_rank import log_rank, weighted_log_rank
from iop_outcomes.compare.group_tests.scores.weights import Test, Weight
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import DESCRIBED_GROUPS, format_p, join_described
from iop_outcomes.survival.clusters import Cluster, Clustering, closing
from iop_outcomes.survival.curves.weighted import Weighting, read_weighting
from iop_outcomes.survival.times import CheckedTimes


@dataclass(frozen=True, eq=False, repr=False)
class PairwiseComparison(Result):
    """Tests of whether the curves of pairs of groups differ.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a pair: ``group``, ``reference`` (text); ``n``, ``events`` (int64) of the two
        together; ``statistic``: chi-squared on 1 degree of freedom, ``p_value``, ``p_adjusted``;
        missing where the two are never at risk on the same day of an event.
    by, strata : tuple of str
        The columns that define the groups, and those within whose values they are compared.
    correction : str
        How the p-values are corrected.
    test : str
        The name of the test.
    rule : str
        How the times were defined.
    synthetic : bool
        Whether the data are synthetic.
    clustering : Clustering, optional
        The clusters of the tests: their column, and how many clusters and rows.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    strata: tuple[str, ...]
    correction: Correction
    test: str
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None

    @property
    def text(self) -> str:
        """Each pair in words, and the rule."""
        pairs = [_describe(row) for row in self.table.head(DESCRIBED_GROUPS).to_dict("records")]
        how = "not corrected" if self.correction == "none" else f"corrected ({self.correction})"
        name = full_name(self.test, self.clustering, self.strata)
        return (
            f"{name} of pairs, by {', '.join(self.by)}, p-values {how}: "
            f"{join_described(pairs, len(self.table), 'pair')}. "
            f"{closing(self.rule, self.clustering)}"
        )

    @property
    def _summary(self) -> str:
        return f"{self.test}, {len(self.table)} pairs"


def _describe(row: dict[Any, Any]) -> str:
    p_value = row["p_adjusted"]
    pair = f"{row['group']} and {row['reference']}"
    return f"{pair} never at risk together" if np.isnan(p_value) else f"{pair} {format_p(p_value)}"


def compare_survival_pairs(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    test: Test = "log_rank",
    rho: float = 0.0,
    gamma: float = 0.0,
    reference: Any = None,
    correction: Correction = "holm",
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
) -> PairwiseComparison:
    """Test whether the survival curves of each pair of groups differ.

    Parameters
    ----------
    times, by, test, rho, gamma, strata, weights, cluster, missing_group
        As for `iop_outcomes.compare_survival`.
    reference : object, optional
        The group that all others are compared with; by default all pairs.
    correction : {"holm", "bonferroni", "none"}
        How the p-values are corrected for the number of pairs, in ``p_adjusted``.

    Returns
    -------
    PairwiseComparison
        With ``table`` and ``text``.

    Raises
    ------
    EstimateError, RuleError
        As for `iop_outcomes.compare_survival`, except for pairs that cannot be compared.

    Notes
    -----
    Each pair is tested by its own rows only, so that its p-value is that of
    `iop_outcomes.compare_survival` of the two groups.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12, 6, 9, 11, 14],
    ...         "event": [1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1],
    ...         "track": ["day"] * 4 + ["evening"] * 4 + ["night"] * 4,
    ...     }
    ... )
    >>> iop.compare_survival_pairs(times, "track").table[["group", "reference", "p_adjusted"]]
         group reference  p_adjusted
    0  evening       day    0.188659
    1    night       day    0.152911
    2    night   evening    0.507917
    """
    weight = Weight.of(test, rho, gamma)
    corrected([], correction)
    grouped = Grouped.of(times, by, strata, missing_group)
    checked, stratum = grouped.checked, grouped.stratum
    refuse_incomparable(checked, "iop.survival_curves")
    weighting = read_weighting(grouped.times, weights, cluster)
    clusters = weighting.clusters
    clusters.refuse_fewer(1, "comparison")
    shown = group_names(checked.labels)
    number = len(shown)
    n = np.bincount(checked.group, minlength=number)
    events = np.bincount(checked.group[checked.event], minlength=number)
    rows = []
    for group, against in pairs_of(checked.labels, reference):
        statistic, p_value = _tested(checked, (group, against), stratum, weighting, weight)
        counts = {"n": n[group] + n[against], "events": events[group] + events[against]}
        pair = {"group": shown[group], "reference": shown[against], **counts}
        rows.append({**pair, "statistic": statistic, "p_value": p_value})
    table = pd.DataFrame(rows)
    return PairwiseComparison(
        table=table.assign(p_adjusted=corrected(table["p_value"].to_numpy(), correction)),
        by=tuple(grouped.names),
        strata=tuple(grouped.strata),
        correction=correction,
        test=weight.name if weights is None else f"{weight.name} weighted by {weights}",
        rule=checked.rule,
        synthetic=checked.synthetic,
        clustering=clusters.clustering,
    )


def _tested(
    times: CheckedTimes,
    pair: tuple[int, int],
    stratum: NDArray[np.intp],
    weighting: Weighting,
    weight: Weight,
) -> tuple[float, float]:
    """Return the statistic and p-value of two groups; missing where nothing compares them."""
    rows = np.flatnonzero(np.isin(times.group, pair))
    cluster, row_weight = weighting.clusters.code, weighting.weight
    own = replace(
        times,
        days=times.days[rows],
        event=times.event[rows],
        entry=None if times.entry is None else times.entry[rows],
        group=(times.group[rows] == pair[1]).astype(np.intp),
        labels=times.labels.iloc[list(pair)],
        others={},
    )
    if not own.event.any():
        return np.nan, np.nan
    code = None if cluster is None else np.asarray(pd.factorize(cluster[rows])[0], dtype=np.intp)
    if row_weight is None:
        score = log_rank(own, stratum[rows], code, weight)
    else:
        score = weighted_log_rank(own, stratum[rows], code, weight, row_weight[rows])
    if score.degrees_of_freedom < 1:
        return np.nan, np.nan
    return score.statistic, score.p_value
