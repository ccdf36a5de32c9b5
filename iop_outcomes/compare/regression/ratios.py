"""The table of ratios of a regression, and the covariance of its coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.survival.clusters import Clustering
from iop_outcomes.survival.limits import normal_quantile

NOTHING = 1e-20


def ratio_table(
    names: Sequence[str],
    coefficient: NDArray[np.float64],
    covariance: NDArray[np.float64],
    *,
    model: NDArray[np.float64],
    confidence: float,
    clustering: Clustering,
) -> pd.DataFrame:
    """Return the table of a `Regression` from coefficients, their covariance and the model's.

    The factor that `clustering` may have for few clusters is put in here, and Student's t.
    """
    reach, beyond = reference_of(clustering, confidence)
    if not (np.diag(covariance) > NOTHING * np.diag(model)).all():
        raise EstimateError(
            "The robust standard errors are 0.",
            found="all who are at risk have the event, and on one day",
            instead="times that are recorded to the day.",
        )
    error = np.sqrt(clustering.factor * np.diag(covariance))
    statistic = coefficient / error
    with np.errstate(over="ignore"):
        ratio, lower, upper = (
            np.exp(coefficient + side * reach * error) for side in (0.0, -1.0, 1.0)
        )
    return pd.DataFrame(
        {
            "term": list(names),
            "coefficient": coefficient,
            "hazard_ratio": ratio,
            "se": error,
            "se_model": np.sqrt(np.diag(model)),
            "lower": lower,
            "upper": upper,
            "statistic": statistic,
            "p_value": 2 * beyond(np.abs(statistic)),
        }
    )


def reference_of(
    clustering: Clustering, confidence: float
) -> tuple[float, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """Return the quantile of limits, and the upper tail of tests."""
    from scipy.special import ndtr, stdtr, stdtrit

    reach = normal_quantile(confidence)
    if not clustering.small_sample:
        return reach, lambda size: np.asarray(ndtr(-size))
    freedom = clustering.clusters - 1
    reach = float(stdtrit(freedom, (1 + confidence) / 2))
    return reach, lambda size: np.asarray(stdtr(freedom, -size))


def covariance_table(
    blocks: Mapping[str | None, NDArray[np.float64]], names: Sequence[str], factor: float
) -> pd.DataFrame:
    """Return the covariance of coefficients, by cause if there are several.

    Parameters
    ----------
    blocks : mapping of str or None to numpy.ndarray
        (terms, terms), the covariance of each cause; one of None if there are no causes.
    names : sequence of str
        The terms.
    factor : float
        By which few clusters enlarge it.
    """
    size = len(names)
    values = np.full((size * len(blocks),) * 2, np.nan)
    for place, block in enumerate(blocks.values()):
        own = slice(place * size, (place + 1) * size)
        values[own, own] = factor * block
    labels = [str(name) for name in names]
    index = (
        pd.Index(labels, name="term")
        if list(blocks) == [None]
        else pd.MultiIndex.from_product([list(blocks), labels], names=["cause", "term"])
    )
    return pd.DataFrame(values, index=index, columns=index)
