"""Times known only between two check-ins: the estimate that dates no event too late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival.checking import CheckedTimes, check_times
from iop_outcomes.survival.estimate import refuse_names, survival_curves
from iop_outcomes.survival.interval_curves import MADE, IntervalSurvival
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.reading import labelled
from iop_outcomes.survival.turnbull import Intervals, Masses, estimate_masses

FEWEST_RESAMPLES = 20


def interval_survival(
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = 0,
    seed: int = 0,
    progress: bool = False,
) -> IntervalSurvival:
    r"""Estimate the share still without the event when it is known only between two check-ins.

    Parameters
    ----------
    times : pandas.DataFrame
        What `iop_outcomes.time_to_relapse` returns, or any frame with ``days`` (number, 0 or
        more), ``event`` (bool or 0/1) and ``clear_until`` (number, 0 to ``days``). An event lies
        in ``(clear_until, days]``; where the two are equal, and everywhere if there is no column
        ``clear_until``, it is known to be on that day. A row without an event lies after ``days``.
    by : str or sequence of str, optional
        Columns whose values make the groups, each estimated apart.
    confidence : float
        The level of the limits.
    resamples : int
        Bootstrap samples for the limits, 20 or more; 0, the default, gives no limits.
    seed : int
        Of the bootstrap; the same seed gives the same limits.
    progress : bool
        Show a progress bar over the resamples.

    Returns
    -------
    IntervalSurvival
        With ``table``, ``at``, ``median``, ``against_check_in_dates``, ``gap``, ``text``, ``plot``.

    Raises
    ------
    EstimateError
        If ``clear_until`` is missing for an event, negative or after ``days``, if someone entered
        after day 0, if the times are not such as `iop_outcomes.survival_curves` takes, or if the
        conditions of the maximum are not met to 1e-8.
    RuleError
        If a column of `by` is not there, or an option is not known.

    Notes
    -----
    The nonparametric maximum likelihood estimate: of all distributions the one that maximises
    :math:`\sum_i \log P(T \in (l_i, r_i])` (Peto 1973, Appl Stat 22:86-91; Turnbull 1976, JRSS-B
    38:290-295). It has mass in certain stretches only, and says nothing about where within such a
    stretch. It is found by primal-dual Newton steps, and its conditions (Gentleman and Geyer 1994,
    Biometrika 81:618-623) are checked: ``gap`` is the most log-likelihood a person that any other
    distribution could gain. With exactly known days it is the Kaplan-Meier estimate.

    The days of the check-ins are taken to have nothing to do with the event: who stays away because
    of a relapse breaks that. Late entry is refused: the likelihood is not concave then and need not
    have a single maximum.

    The limits are percentiles over resampled people of the lowest and of the highest survival.
    They are meant for a fixed grid of check-ins; where almost everyone has intervals of their own
    the estimate converges more slowly and bootstrap limits are approximate at best.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "clear_until": [0, 0, 7, 7, 7, 14, 21, 21, 21, 21],
    ...         "days": [7, 7, 14, 14, 14, 21, 21, 21, 21, 21],
    ...         "event": [True] * 6 + [False] * 4,
    ...     }
    ... )
    >>> from iop_outcomes.survival.interval import interval_survival
    >>> found = interval_survival(times)
    >>> found.table.round(6)
       left  right  mass  survival_before  survival_after
    0   0.0    7.0   0.2              1.0             0.8
    1   7.0   14.0   0.3              0.8             0.5
    2  14.0   21.0   0.1              0.5             0.4
    3  21.0    inf   0.4              0.4             0.0
    >>> found.at([7, 10]).round(6)
       day  survival  lowest  highest
    0    7       0.8     0.8      0.8
    1   10       NaN     0.5      0.8
    """
    checked, left, right = check_intervals(times, by)
    names = list(checked.labels.columns)
    _refuse_options(names, confidence, resamples, seed)
    parts = [Intervals.of(left[rows], right[rows]) for rows in rows_of(checked)]
    fits = [estimate_masses(part) for part in parts]
    tables = [_table(fit) for fit in fits]
    summaries = [_summary(part, fit) for part, fit in zip(parts, fits, strict=True)]
    limits = None
    if resamples:
        drawn = _resampled(parts, (resamples, seed), progress)
        found = [
            _limits(part, fit, draws, confidence)
            for part, fit, draws in zip(parts, fits, drawn, strict=True)
        ]
        limits = labelled([limit for limit, _ in found], checked.labels)
        summaries = [
            pd.concat([summary, median], axis=1)
            for summary, (_, median) in zip(summaries, found, strict=True)
        ]
    how = f", {confidence:.0%} limits from {resamples:,} resamples" if resamples else ""
    return IntervalSurvival(
        table=labelled(tables, checked.labels),
        fits=labelled(summaries, checked.labels),
        limits=limits,
        check_in_dates=survival_curves(times, by=names, confidence=confidence),
        by=tuple(names),
        confidence=confidence,
        rule=f"{checked.rule} Nonparametric maximum likelihood estimate of the intervals "
        f"between check-ins{how}.",
        synthetic=checked.synthetic,
    )


def check_intervals(
    times: pd.DataFrame, by: str | Sequence[str] | None
) -> tuple[CheckedTimes, NDArray[np.float64], NDArray[np.float64]]:
    """Check a frame of times, and return the interval (left, right] of each row.

    Raises
    ------
    EstimateError
        As `interval_survival`.
    """
    checked = check_times(times, by)
    if checked.entry is not None:
        raise EstimateError(
            "With intervals and late entry together the likelihood need not have a single maximum.",
            found=f"{int((checked.entry > 0).sum()):,} of {len(times):,} with entry after day 0",
            instead="leave them out and say so, or iop.survival_curves(times), which takes late "
            "entry and dates each event at its days.",
        )
    days = checked.days.astype(np.float64)
    left = days if "clear_until" not in times.columns else _clear_until(times, checked)
    return checked, np.where(checked.event, left, days), np.where(checked.event, days, np.inf)


def rows_of(checked: CheckedTimes) -> list[NDArray[np.intp]]:
    """Return the rows of each group."""
    order = np.argsort(checked.group, kind="stable")
    return np.split(order, np.cumsum(np.bincount(checked.group))[:-1])


def _clear_until(times: pd.DataFrame, checked: CheckedTimes) -> NDArray[np.float64]:
    column = times["clear_until"]
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise EstimateError(
            "The column clear_until holds numbers of days.",
            found=f"a column of type {column.dtype}",
            instead='pd.to_numeric(times["clear_until"]), or .dt.days of a difference of dates.',
        )
    clear = column.to_numpy(dtype=np.float64, na_value=np.nan)
    counts = (
        (checked.event & np.isnan(clear), "missing for an event"),
        (clear < 0, "negative"),
        (clear > checked.days, "after days"),
    )
    found = [f"{int(wrong.sum()):,} {what}" for wrong, what in counts if wrong.any()]
    if found:
        raise EstimateError(
            "An event lies after clear_until and not after days, so clear_until is a number from "
            "0 to days.",
            found=f"{', '.join(found)} of {len(times):,}",
            instead="0 where nothing is known before the event, days where its day is known.",
        )
    return clear


def _refuse_options(names: list[str], confidence: float, resamples: int, seed: int) -> None:
    refuse_names(names)
    taken = [name for name in names if name in MADE]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the estimate has such a column.",
            instead=f'times.rename(columns={{"{taken[0]}": "group"}})',
        )
    normal_quantile(confidence)
    if not isinstance(resamples, int) or (resamples != 0 and resamples < FEWEST_RESAMPLES):
        raise RuleError(
            f"Resamples are 0 for no limits, or a whole number of {FEWEST_RESAMPLES} or more.",
            found=f"resamples={resamples!r}",
            instead="resamples=500",
        )
    if not isinstance(seed, int) or seed < 0:
        raise RuleError("A seed is a whole number, 0 or more.", found=f"seed={seed!r}")


def _table(fit: Masses) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "left": fit.left,
            "right": fit.right,
            "mass": fit.mass,
            "survival_before": fit.before,
            "survival_after": fit.after,
        }
    )


def _summary(part: Intervals, fit: Masses) -> pd.DataFrame:
    happened = np.isfinite(part.right)
    exact = part.left == part.right
    last = max(part.left.max(), part.right[happened].max(initial=0.0))
    row = {
        "n": int(part.weight.sum()),
        "events": int(part.weight[happened].sum()),
        "exact": int(part.weight[exact].sum()),
        "intervals": len(part.weight),
        "last_day": float(last),
        "gap": fit.gap,
        "steps": fit.steps,
    }
    return pd.DataFrame([row])


def _resampled(
    parts: list[Intervals], draws: tuple[int, int], progress: bool
) -> list[list[Masses]]:
    """Return, for each group, the estimate of each of its resamples."""
    resamples, seed = draws
    streams = np.random.SeedSequence(seed).spawn(len(parts))
    generators = [np.random.default_rng(stream) for stream in streams]
    found: list[list[Masses]] = [[] for _ in parts]
    for _ in _watched(range(resamples), progress):
        for kept, part, generator in zip(found, parts, generators, strict=True):
            people = int(part.weight.sum())
            weight = generator.multinomial(people, part.weight / people).astype(np.float64)
            some = weight > 0
            kept.append(estimate_masses(Intervals(part.left[some], part.right[some], weight[some])))
    return found


def _watched(numbers: range, progress: bool) -> Iterable[int]:
    if not progress:
        return numbers
    from tqdm import tqdm

    return tqdm(numbers, desc="interval survival", unit="resample")


def _limits(
    part: Intervals, fit: Masses, draws: list[Masses], confidence: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the limits between any two ends of intervals, and those of the median."""
    ends = np.concatenate([[0.0], part.left, part.right[np.isfinite(part.right)]])
    knots = np.unique(ends)
    after = np.nextafter(knots, np.inf)
    low, high = (1 - confidence) / 2, (1 + confidence) / 2
    on_day = [draw.bounds(knots) for draw in draws]
    frame = pd.DataFrame(
        {
            "day": knots,
            "lower": _percentile([lowest for lowest, _ in on_day], low),
            "lower_after": _percentile([draw.bounds(after)[0] for draw in draws], low),
            "upper": _percentile([highest for _, highest in on_day], high),
        }
    )
    medians = np.array([draw.median() for draw in draws])
    medians[np.isnan(medians)] = np.inf  # later than all that was seen
    lower, upper = _percentile(medians[:, 0], low), _percentile(medians[:, 1], high)
    row: dict[str, Any] = {"median_lower": lower, "median_upper": upper}
    return frame, pd.DataFrame([row]).replace(np.inf, np.nan)


def _percentile(values: Any, share: float) -> Any:
    return np.quantile(np.asarray(values), share, axis=0, method="inverted_cdf")
