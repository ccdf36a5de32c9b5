"""Outcomes in the order of time beside what is expected: VLAD and risk-adjusted CUSUM."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import Floats
from iop_outcomes.shared.checks import check_whole, is_number
from iop_outcomes.shared.messages import as_written

SPAN = 3  # simulated length of a series, in wanted run lengths
STEPS = 40  # of the search for a limit


def expected_less_observed(risk: npt.ArrayLike, outcome: npt.ArrayLike) -> Floats:
    r"""Return the sum so far of expected less observed events (variable life-adjusted display).

    Parameters
    ----------
    risk : array_like
        The expected probability of the event for each person, in order of time, from a model that
        was fitted to an earlier period.
    outcome : array_like
        Whether the event happened: 0 or 1.

    Returns
    -------
    numpy.ndarray of float64
        :math:`\sum_{j \le i} (p_j - y_j)`: rising where fewer have the event than expected.

    Raises
    ------
    RuleError
        If a probability is not between 0 and 1, or an outcome is neither 0 nor 1.

    References
    ----------
    Lovegrove J et al. Monitoring the results of cardiac surgery by variable life-adjusted display.
    Lancet 1997; 350: 1128-1130.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import expected_less_observed
    >>> expected_less_observed([0.5, 0.25, 0.25], [1, 0, 0]).tolist()
    [-0.5, -0.25, 0.0]
    """
    p, y = _checked(risk, outcome)
    return np.cumsum(p - y)


def cusum_weights(
    risk: npt.ArrayLike, outcome: npt.ArrayLike, odds_ratio: float, before: float = 1.0
) -> Floats:
    r"""Return the log-likelihood ratio of each outcome, of changed odds against odds as expected.

    Parameters
    ----------
    risk, outcome : array_like
        As in :func:`expected_less_observed`.
    odds_ratio : float
        The change to be found, as a ratio of odds: 2 for doubled odds, 0.5 for halved ones.
    before : float
        The ratio of odds without a change.

    Returns
    -------
    numpy.ndarray of float64

    Notes
    -----
    :math:`\log\frac{(1 - p + R_0 p) R_A}{(1 - p + R_A p) R_0}` for an event, else
    :math:`\log\frac{1 - p + R_0 p}{1 - p + R_A p}`.

    References
    ----------
    Steiner SH et al. Monitoring surgical performance using risk-adjusted cumulative sum charts.
    Biostatistics 2000; 1: 441-452.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import cusum_weights
    >>> cusum_weights([0.5, 0.5], [1, 0], 2.0).round(3).tolist()
    [0.288, -0.405]
    """
    p, y = _checked(risk, outcome)
    for name, value in (("odds_ratio", odds_ratio), ("before", before)):
        if not is_number(value) or not 0 < value < np.inf:
            raise RuleError(
                "A ratio of odds must be above 0.",
                found=f"{name}={as_written(value)}",
                instead=f"{name}=2.0",
            )
    if odds_ratio == before:
        raise RuleError(
            "Both ratios of odds are the same, so that there is no change to be found.",
            found=f"odds_ratio={as_written(odds_ratio)}",
            instead="odds_ratio=2.0, or 0.5 for a fall",
        )
    return np.where(y == 1, *_weights(p, odds_ratio, before))


def _weights(p: Floats, odds_ratio: float, before: float) -> tuple[Floats, Floats]:
    """Return the weights of people with and without the event."""
    both = np.log((1 - p + before * p) / (1 - p + odds_ratio * p))
    return both + np.log(odds_ratio / before), both


def cusum_of(
    risk: npt.ArrayLike, outcome: npt.ArrayLike, *, odds_ratio: float, limit: float
) -> pd.DataFrame:
    """Return the risk-adjusted CUSUM of outcomes in the order of time.

    Parameters
    ----------
    risk, outcome : array_like
        As in :func:`expected_less_observed`.
    odds_ratio : float
        The change to be found, see :func:`cusum_weights`.
    limit : float
        The sum at which it signals. There is no limit for all programs: find it by
        :func:`cusum_limit` for the risks of an earlier period.

    Returns
    -------
    pandas.DataFrame
        One row a person: ``risk, outcome, weight, cusum`` (float64) and ``signal`` (bool), whether
        the sum has reached the limit. The sum is never below 0, and continues after a signal.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import cusum_of
    >>> cusum_of([0.2] * 4, [1, 0, 1, 1], odds_ratio=2, limit=1)["signal"].tolist()
    [False, False, False, True]
    """
    if not is_number(limit) or not limit > 0:
        raise RuleError(
            "The limit of a CUSUM must be above 0.",
            found=f"limit={as_written(limit)}",
            instead="cusum_limit(risks, odds_ratio=2, run_length=1000)",
        )
    p, y = _checked(risk, outcome)
    weight = cusum_weights(p, y, odds_ratio)
    total = np.cumsum(weight)
    cusum = total - np.minimum(np.minimum.accumulate(total), 0.0) if len(total) else total
    columns = {"risk": p, "outcome": y, "weight": weight, "cusum": cusum}
    return pd.DataFrame({**columns, "signal": cusum >= limit})


def cusum_limit(
    risk: npt.ArrayLike,
    *,
    odds_ratio: float,
    run_length: int,
    seed: int,
    series: int = 400,
    progress: bool = False,
) -> float:
    """Return the limit at which a CUSUM signals once in n people if nothing has changed.

    Parameters
    ----------
    risk : array_like
        The risks of an earlier period; people are drawn from them with replacement.
    odds_ratio : float
        The change to be found, see :func:`cusum_weights`.
    run_length : int
        The mean number of people until a false signal.
    seed : int
        Of the random numbers.
    series : int
        The number of simulated series. With 400, some 380 reach the limit, so that the standard
        error of the run length is 5 percent of it.
    progress : bool
        Show a progress bar.

    Returns
    -------
    float
        The limit.

    Raises
    ------
    RuleError, EstimateError
        If an option cannot be used, or there is no risk between 0 and 1.

    Notes
    -----
    Series of three run lengths are simulated and followed until they signal; the mean run length at
    a limit is the number of all people until a signal or the end over the number of signals.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import cusum_limit
    >>> limit = cusum_limit([0.2, 0.3], odds_ratio=2, run_length=200, seed=1)
    >>> 1.5 < limit < 2.5
    True
    """
    check_whole("run_length", run_length, 2)
    check_whole("series", series, 2)
    check_whole("seed", seed, 0)
    p, _ = _checked(risk, np.zeros(np.shape(risk)))
    cusum_weights(p[:1], [0] * len(p[:1]), odds_ratio)  # refuses a ratio that is none
    if not ((p > 0) & (p < 1)).any():
        raise EstimateError(
            "A limit needs risks between 0 and 1.",
            found=f"{len(p):,} risks, none of them between 0 and 1",
            instead="the risks of the people of an earlier period",
        )
    random = np.random.default_rng(seed)
    length = SPAN * run_length
    with_event, without = _weights(p, odds_ratio, 1.0)
    top = np.empty((length, series))
    cusum = np.zeros(series)
    for person in _watched(range(length), progress):
        drawn = random.integers(0, len(p), series)
        happened = random.random(series) < p[drawn]
        cusum = np.maximum(cusum + np.where(happened, with_event[drawn], without[drawn]), 0.0)
        top[person] = cusum
    np.maximum.accumulate(top, axis=0, out=top)
    low, high = 0.0, float(top.max())
    for _ in range(STEPS):
        middle = (low + high) / 2
        if _mean_run(top, middle) < run_length:
            low = middle
        else:
            high = middle
    return high


def _watched(numbers: range, progress: bool) -> Iterable[int]:
    if not progress:
        return numbers
    from tqdm import tqdm

    return tqdm(numbers, desc="people of simulated series", leave=False)


def _mean_run(top: Floats, limit: float) -> float:
    """Return the mean number of people until the greatest sum so far reaches a limit."""
    reached = top >= limit
    signals = int(reached[-1].sum())
    followed = int((~reached).sum()) + signals
    return followed / signals if signals else np.inf


def _checked(risk: npt.ArrayLike, outcome: npt.ArrayLike) -> tuple[Floats, Floats]:
    try:
        p, y = (np.asarray(one, dtype=np.float64) for one in (risk, outcome))
    except (TypeError, ValueError):
        raise RuleError(
            "Risks and outcomes must be numbers.",
            found="something else",
            instead="probabilities from 0 to 1, and outcomes of 0 or 1",
        ) from None
    faults = {
        "of different lengths": p.shape != y.shape or p.ndim != 1,
        "with a risk that is missing or not from 0 to 1": not ((p >= 0) & (p <= 1)).all(),
        "with an outcome that is neither 0 nor 1": not np.isin(y, (0, 1)).all(),
    }
    for words, wrong in faults.items():
        if wrong:
            raise RuleError(
                "Each person needs a risk from 0 to 1 and an outcome of 0 or 1.",
                found=f"arrays {words}",
                instead="one value a person in each, without those whose outcome is not known",
            )
    return p, y
