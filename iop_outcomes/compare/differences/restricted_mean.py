"""Differences and ratios of restricted mean survival times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.differences.curve_cells import estimate_cells
from iop_outcomes.compare.differences.question import Question
from iop_outcomes.compare.differences.result import Correction, Difference, Pairs, difference_table
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.limits import normal_quantile

Floats = NDArray[np.float64]


def restricted_mean_difference(
    times: pd.DataFrame,
    by: str | Sequence[str],
    horizon: float,
    *,
    reference: Any = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    correction: Correction = "holm",
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> Difference:
    r"""Estimate how groups differ in the mean time without the event up to a horizon.

    Parameters
    ----------
    times, by, reference, strata, weights, cluster, correction, missing_group, confidence
        As for `iop_outcomes.survival_difference`.
    horizon : float
        The day up to which the mean is taken, chosen before the data are seen.

    Returns
    -------
    Difference
        With ``table`` (a row a pair, in days), ``groups`` and ``text``. The table also has the
        ratio of the two means and the ratio of the two times lost (horizon less mean), with limits.

    Raises
    ------
    EstimateError
        If there is one group only, a group (within a stratum) has fewer than two people at risk
        just before the horizon and its curve is not 0, a group does not occur in a stratum, there
        are fewer clusters than groups, or the times are refused by `iop_outcomes.survival_curves`.
    RuleError
        If a column is not there, or an option is not known.

    Notes
    -----
    The difference of the areas under the Kaplan-Meier curves (restricted mean survival times, RMST:
    Royston and Parmar 2013, BMC Med Res Methodol 13:152), with normal limits. The variance of each
    is the sum over days of :math:`A^2 d / (n (n - d))`, A being the area from the day to the
    horizon, as in R's ``survRM2::rmst2`` (Uno and others 2014, J Clin Oncol 32:2380-2385); with
    weights or clusters it is the infinitesimal jackknife, as for
    `iop_outcomes.survival_difference`. The limits of the ratios are normal on the log scale, with
    :math:`v_1 / m_1^2 + v_2 / m_2^2 - 2 c / (m_1 m_2)`. The area needs no proportional hazards.

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
    >>> result = iop.restricted_mean_difference(times, "track", horizon=7)
    >>> result.table[["estimate", "estimate_reference", "difference", "ratio"]].round(2)
       estimate  estimate_reference  difference  ratio
    0      6.25                 5.5        0.75   1.14
    """
    question = Question.of(
        times,
        by,
        ("horizon", horizon),
        columns=(strata, weights, cluster),
        reference=reference,
        correction=correction,
        missing_group=missing_group,
        confidence=confidence,
    )
    cells, horizon = question.cells, question.day
    estimates = cells.standardised(*estimate_cells(cells, question.weighting, horizon, "area"))
    values, covariance = estimates
    table = difference_table(cells.labels, *estimates, question.pairs, confidence).assign(
        **_ratio("ratio", values, covariance, question.pairs, confidence),
        **_ratio("lost_ratio", horizon - values, covariance, question.pairs, confidence),
    )
    event = question.times.provenance.event
    measure = f"the restricted mean time without {event} up to day {horizon:g}"
    return question.result(table, estimates, (measure, "days", "Areas under Kaplan-Meier curves"))


def _ratio(
    name: str, values: Floats, covariance: Floats, pairs: Pairs, confidence: float
) -> dict[str, Floats]:
    """Return the ratios of pairs with limits that are normal on the log scale, and p-values."""
    from scipy.special import ndtr

    group, reference = (np.array(part, dtype=np.intp) for part in zip(*pairs, strict=True))
    variance = np.diag(covariance)
    known = (
        (variance[group] > 0)
        & (variance[reference] > 0)
        & (values[group] > 0)
        & (values[reference] > 0)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(known, np.log(values[group] / values[reference]), np.nan)
        ratio = np.where(values[reference] > 0, values[group] / values[reference], np.nan)
        spread = (
            variance[group] / values[group] ** 2
            + variance[reference] / values[reference] ** 2
            - 2 * covariance[group, reference] / (values[group] * values[reference])
        )
        error = np.where(known, np.sqrt(np.maximum(spread, 0.0)), np.nan)
        p_value = 2 * ndtr(-np.abs(log_ratio / error))
    reach = normal_quantile(confidence) * error
    return {
        name: ratio,
        f"{name}_lower": np.exp(log_ratio - reach),
        f"{name}_upper": np.exp(log_ratio + reach),
        f"{name}_p_value": p_value,
    }
