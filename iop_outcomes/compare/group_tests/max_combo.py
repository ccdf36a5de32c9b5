"""The max-combo test: the largest of several weighted log-rank statistics of two groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.groups import (
    Grouped,
    refuse_incomparable,
)
from iop_outcomes.compare.group_tests.result import format_p_value, full_name
from iop_outcomes.compare.group_tests.scores.cluster_score import (
    group_residuals,
    robust_to_clusters,
)
from iop_outcomes.compare.group_tests.scores.log_rank import EventDays
from iop_outcomes.compare.group_tests.scores.weights import Weight
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import Result
from iop_outcomes.survival.clusters import Cluster, Clustering, closing, read_clusters
from iop_outcomes.survival.times import CheckedTimes

Floats = NDArray[np.float64]

POWERS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
_POINTS = 2**14  # of a Sobol sequence for each statistic: p-values to some 3 digits of their size


@dataclass(frozen=True, eq=False, repr=False)
class MaxCombo(Result):
    """The largest of several weighted log-rank statistics of two groups.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a weighted test: ``rho, gamma`` (float64) its powers; ``z`` (float64), standardised
        observed less expected events of the second group (above 0: more events than expected);
        ``p_value`` of this test alone, two-sided.
    correlation : pandas.DataFrame
        Of the statistics, if the curves are the same; rows and columns in the order of ``table``.
    groups : pandas.DataFrame
        One row a group: ``[by ...]``; ``n``, ``events`` (int64).
    statistic : float
        The largest absolute ``z``.
    p_value : float
        Of at least one absolute ``z`` as large, if the curves are the same.
    by, strata : tuple of str
        The columns that define the groups, and those within whose values they are compared.
    rule : str
        How the times were defined.
    synthetic : bool
        Whether the data are synthetic.
    clustering : Clustering, optional
        The clusters of the test: their column, and how many clusters and rows.
    """

    table: pd.DataFrame
    correlation: pd.DataFrame
    groups: pd.DataFrame
    statistic: float
    p_value: float
    by: tuple[str, ...]
    strata: tuple[str, ...]
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None

    @property
    def text(self) -> str:
        """The test in words, which weight gave the largest statistic, and the rule."""
        largest = self.table.loc[self.table["z"].abs().idxmax()]
        name = full_name("Max-combo test", self.clustering, self.strata)
        return (
            f"{name} of {len(self.table)} weighted log-rank tests, by {', '.join(self.by)}: "
            f"largest absolute z {self.statistic:.2f} (rho {largest['rho']:g}, gamma "
            f"{largest['gamma']:g}), {format_p_value(self.p_value)}, for the number of tests and "
            f"their correlation. {closing(self.rule, self.clustering)}"
        )

    @property
    def _summary(self) -> str:
        return (
            f"Max-combo test, {len(self.table)} weights, |z| {self.statistic:.2f}, "
            f"{format_p_value(self.p_value)}"
        )


def max_combo(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    powers: Sequence[tuple[float, float]] = POWERS,
    strata: str | Sequence[str] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
) -> MaxCombo:
    r"""Test whether two survival curves differ, where it is not known when they would.

    Parameters
    ----------
    times, by, strata, cluster, missing_group
        As for `iop_outcomes.compare_survival`; two groups.
    powers : sequence of (rho, gamma)
        The Fleming-Harrington tests of which the largest counts, two to ten. By default (0, 0)
        the log-rank test, (1, 0) early, (0, 1) late and (1, 1) middle differences.

    Returns
    -------
    MaxCombo
        With ``statistic``, ``p_value``, ``table``, ``correlation`` and ``text``.

    Raises
    ------
    EstimateError
        If there are not two groups, or they cannot be compared (`iop_outcomes.compare_survival`),
        or a weight is 0 on all days of events (gamma above 0, and one day of events only).
    RuleError
        If a power is not a number, 0 or more, or the same pair is given twice.

    Notes
    -----
    The statistics :math:`z_j = U_j / \sqrt{V_{jj}}` of the weights :math:`w_j = S(t-)^{\rho_j}
    (1 - S(t-))^{\gamma_j}` are jointly normal if the curves are the same, with covariances
    :math:`V_{jk} = \sum w_j w_k v`, v the hypergeometric variance of a day (Lee 2007, Comput Stat
    Data Anal 51:6557-6564; Karrison 2016, Stata J 16:678-690). The p-value is :math:`P(\max_j |Z_j|
    \geq z)` of that distribution. It is worked out as :math:`\sum_j P(|Z_j| \geq z)\, E[1 / N \mid
    |Z_j| \geq z]`, N the number of statistics as large, over 16,384 points of a Sobol sequence
    for each statistic, nothing being drawn at random. With clusters the covariances are
    those of each cluster's score residuals, scaled as in `iop_outcomes.compare_survival`.

    One test chosen before the data are seen has more power where its weight is the right one. A
    max-combo test can be significant where one curve is better early and worse late: look at the
    curves, and give a difference at a day (`iop_outcomes.survival_difference`) beside it.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "event": [1, 1, 1, 1, 1, 0, 1, 0],
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...     }
    ... )
    >>> iop.max_combo(times, by="track")
    <MaxCombo: Max-combo test, 4 weights, |z| 1.91, p = 0.1>
    """
    weights = _weights(powers)
    grouped = Grouped.of(times, by, strata, missing_group)
    checked, stratum = grouped.checked, grouped.stratum
    if len(checked.labels) != 2:
        raise EstimateError(
            "A max-combo test compares two groups.",
            found=f"{len(checked.labels)} groups",
            instead="leave two groups, or iop.compare_survival for more.",
        )
    clusters = read_clusters(grouped.times, cluster)
    refuse_incomparable(checked, "iop.survival_curves")
    clusters.refuse_fewer(1, "comparison")
    scores, covariance = _joint(checked, stratum, clusters.code, weights)
    spread = np.sqrt(np.diag(covariance))
    z = scores / spread
    correlation = covariance / np.outer(spread, spread)
    statistic = float(np.abs(z).max())
    from scipy.special import ndtr

    sizes = pd.DataFrame(
        {
            "n": np.bincount(checked.group, minlength=2),
            "events": np.bincount(checked.group[checked.event], minlength=2),
        }
    )
    return MaxCombo(
        table=pd.DataFrame(
            {
                "rho": [weight.rho for weight in weights],
                "gamma": [weight.gamma for weight in weights],
                "z": z,
                "p_value": 2 * ndtr(-np.abs(z)),
            }
        ),
        correlation=pd.DataFrame(correlation),
        groups=pd.concat([checked.labels.reset_index(drop=True), sizes], axis=1),
        statistic=statistic,
        p_value=probability_of_largest(statistic, correlation),
        by=tuple(grouped.names),
        strata=tuple(grouped.strata),
        rule=checked.rule,
        synthetic=checked.synthetic,
        clustering=clusters.clustering,
    )


def _weights(powers: Sequence[tuple[float, float]]) -> list[Weight]:
    pairs = [tuple(pair) for pair in powers] if isinstance(powers, Sequence) else []
    if not 2 <= len(pairs) <= 10 or any(len(pair) != 2 for pair in pairs):
        raise RuleError(
            "A max-combo test needs two to ten pairs of powers.",
            found=f"powers={as_written(powers)}",
            instead="powers=[(0, 0), (0, 1)]",
        )
    if len(set(pairs)) < len(pairs):
        raise RuleError(
            "A pair of powers is given twice.",
            found=f"powers={as_written(powers)}",
            instead="each pair once.",
        )
    return [
        Weight() if pair == (0, 0) else Weight.of("fleming_harrington", *pair) for pair in pairs
    ]


def _joint(
    times: CheckedTimes,
    stratum: NDArray[np.intp],
    cluster: NDArray[np.intp] | None,
    weights: Sequence[Weight],
) -> tuple[Floats, Floats]:
    """Return the scores of the second group by each weight, and their covariance."""
    days = EventDays.of(times, stratum, cluster)
    by_day = [days.weights(weight) for weight in weights]
    plain = [days.score(weight) for weight in by_day]
    for weight, score in zip(weights, plain, strict=True):
        if score.degrees_of_freedom < 1:
            raise EstimateError(
                f"The {weight.name} compares nothing: its weight, or the number of the other group "
                "at risk, is 0 on all days of events.",
                found=f"{len(days.events)} days of events",
                instead="leave these powers out, or compare groups that are at risk on the same "
                "days.",
            )
    scores = np.array([score.observed[1] - score.expected[1] for score in plain])
    covariance = np.array(
        [[days.score(one, other).covariance[1, 1] for other in by_day] for one in by_day]
    )
    if cluster is None or days.sets is None:
        return scores, covariance
    residuals = [group_residuals(days.sets, times.group, 2, weight) for weight in by_day]
    variance = np.array(
        [
            robust_to_clusters(score, own, cluster).covariance[1, 1]
            for score, own in zip(plain, residuals, strict=True)
        ]
    )
    sums = np.stack([np.bincount(cluster, own[1]) for own in residuals])
    within = sums @ sums.T
    scale = np.sqrt(variance / np.diag(within))
    return scores, within * np.outer(scale, scale)


def probability_of_largest(statistic: float, correlation: Floats) -> float:
    r"""Return the probability that the largest absolute value is at least `statistic`.

    Parameters
    ----------
    statistic : float
        0 or more.
    correlation : numpy.ndarray, shape (k, k)
        Of standard normal variables; it may be singular.

    Notes
    -----
    See `max_combo`. Given :math:`Z_j = x`, the others are normal with mean :math:`r_j x` and
    covariance :math:`R - r_j r_j'`. The relative error is of the order of 1e-3, small p-values
    included, since what is averaged is 1 / N, from 1 / k to 1.
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import qmc

    k = len(correlation)
    tail = 2 * float(ndtr(-statistic))
    # The points are at the lower corners of their cells: 0 has no quantile, their middles have.
    points = qmc.Sobol(k + 1, scramble=False).random(_POINTS) + 0.5 / _POINTS
    # The two tails are alike: the upper one stands for both.
    far = -ndtri(points[:, 0] * tail / 2)
    normal = ndtri(points[:, 1:])
    total = 0.0
    for j in range(k):
        own = correlation[j]
        values, vectors = np.linalg.eigh(correlation - np.outer(own, own))
        rest = normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
        there = np.abs(far[:, None] * own + rest) >= statistic - 1e-9
        there[:, j] = True
        total += tail * float((1 / there.sum(axis=1)).mean())
    return min(total, 1.0)
