"""Curves and the log-rank test by lifelines, from counts of equal rows.

A fit takes rows of people; lifelines takes numbers of equal rows as well (its ``weights``). So the
counts by day are enough: a million people cost as much as the days on which they leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.messages import groups_called
from iop_outcomes.survival.at_risk import Daily
from iop_outcomes.survival.curves.kaplan_meier import count_ends
from iop_outcomes.survival.curves.steps import Floats, Steps, Tally
from iop_outcomes.survival.limits import Interval
from iop_outcomes.survival.times import CheckedTimes, label_of

MOST_GROUPS = 20  # a fit takes about 10 ms a group; our own product does all groups at once

Estimate = Literal["kaplan_meier", "nelson_aalen"]


@dataclass(frozen=True, eq=False)
class CountedRows:
    """Rows of one group with how many there are of each.

    Attributes
    ----------
    days : numpy.ndarray
        The day of the event or censoring.
    event : numpy.ndarray of bool
        Whether it is an event.
    entry : numpy.ndarray or None
        The day of entry; None if all enter on day 0.
    number : numpy.ndarray of int
        How many rows are alike, 1 or more.
    """

    days: NDArray[Any]
    event: NDArray[np.bool_]
    entry: NDArray[Any] | None
    number: NDArray[np.int64]

    @classmethod
    def of(cls, tally: Tally) -> CountedRows:
        """Return rows that enter and end on the days of a group, as many as it says.

        Which entry belongs to which end makes no difference to who is at risk on a day. They are
        joined in order, the earliest entry with the earliest end, so that each is before its end
        as it is in the rows that were counted.
        """
        number = np.column_stack([tally.events, tally.censored]).ravel().astype(np.int64)
        some = number > 0
        days = np.repeat(tally.day, 2)[some]
        event = np.tile([True, False], len(tally.day))[some]
        number = number[some]
        if not (tally.entry_day > 0).any():
            return cls(days, event, None, number)
        entered, left = np.cumsum(tally.entered), np.cumsum(number)
        bounds = np.union1d(entered, left)
        end = np.searchsorted(left, bounds)
        entry = tally.entry_day[np.searchsorted(entered, bounds)]
        return cls(days[end], event[end], entry, np.diff(bounds, prepend=0).astype(np.int64))


def lifelines_class(name: str) -> Any:
    """Return a class of lifelines, which is imported when it is first asked for."""
    with np.errstate():  # importing lifelines is not to change NumPy's settings
        import lifelines
    return getattr(lifelines, name)


def fitted(tally: Tally, estimate: Estimate, confidence: float, label: str | None = None) -> Any:
    """Return the fitted ``KaplanMeierFitter`` or ``NelsonAalenFitter`` of one group.

    None where lifelines refuses: late entry, and nobody at risk after one of the earlier days.
    """
    options: dict[str, Any] = {"alpha": 1 - confidence, "label": label}
    if estimate == "kaplan_meier":
        fitter = lifelines_class("KaplanMeierFitter")(**options)
    else:
        # The default splits the events of one day into events one after another.
        fitter = lifelines_class("NelsonAalenFitter")(nelson_aalen_smoothing=False, **options)
    rows = CountedRows.of(tally)
    from lifelines.exceptions import StatError

    with np.errstate():  # fitting changes NumPy's settings too
        try:
            return fitter.fit(rows.days, rows.event, entry=rows.entry, weights=rows.number)
        except StatError:
            return None


def fitted_groups(
    groups: Sequence[Tally], labels: pd.DataFrame, estimate: Estimate, confidence: float
) -> dict[Any, Any]:
    """Return the fitted estimators of several groups, by their labels.

    Parameters
    ----------
    groups : sequence of Tally
        The groups' counts of rows.
    labels : pandas.DataFrame
        One row a group, one column a name of ``by``.
    estimate : {"kaplan_meier", "nelson_aalen"}
        Which estimator.
    confidence : float
        The level of its limits.

    Returns
    -------
    dict
        By the value of the one column of labels, or the tuple of the values of several; where
        there are no groups the one key is ``"all"``.

    Raises
    ------
    EstimateError
        If lifelines refuses to fit a group.
    """
    names: list[str | None] = [None]
    keys: list[Any] = ["all"]
    if len(labels.columns):
        names = [label_of(row) for _, row in labels.iterrows()]
        keys = list(labels.itertuples(index=False, name=None))
    if len(labels.columns) == 1:
        keys = [key for (key,) in keys]
    fitters = [
        fitted(group, estimate, confidence, name) for group, name in zip(groups, names, strict=True)
    ]
    refused = [place for place, fitter in enumerate(fitters) if fitter is None]
    if refused:
        raise EstimateError(
            "With late entry lifelines fits no Kaplan-Meier curve where nobody is left at risk "
            "after one of the earlier days.",
            found=f"{groups_called(refused, len(groups))} of the curves",
            instead='.table, which has the curve; or fitters("nelson_aalen").',
        )
    return dict(zip(keys, fitters, strict=True))


def by_lifelines(steps: Steps, confidence: float, interval: Interval) -> Steps:
    """Return a curve with the survival that lifelines gives; as it is where lifelines refuses.

    The limits are made again from it and the variance that the curve has: robust, or Greenwood's.
    """
    fitter = fitted(steps, "kaplan_meier", confidence)
    if fitter is None:
        return steps
    steps = replace(steps, survival=values_on(fitter.survival_function_, steps.day, 1.0))
    lower, upper = steps.limits(confidence, interval)
    return replace(steps, lower=lower, upper=upper)


def cumulative_hazard(steps: Steps) -> Floats:
    """Return the Nelson-Aalen estimate of lifelines through each day of a curve."""
    fitter = fitted(steps, "nelson_aalen", 0.95)
    return values_on(fitter.cumulative_hazard_, steps.day, 0.0)


def values_on(estimate: pd.DataFrame, day: NDArray[Any], before: float) -> Floats:
    """Return an estimate of lifelines through each day; `before` its first day, an entry."""
    values = np.append(before, estimate.iloc[:, 0].to_numpy(dtype=np.float64))
    return values[np.searchsorted(estimate.index.to_numpy(), day, side="right")]


def log_rank_test(times: CheckedTimes) -> tuple[float, float]:
    """Return the statistic and the p-value of lifelines' log-rank test of times without entry."""
    with np.errstate():
        from lifelines.statistics import multivariate_logrank_test

        ends = count_ends(times)
        groups = range(len(times.labels))
        rows = [CountedRows.of(_from_start(ends, ends.own(group))) for group in groups]
        result = multivariate_logrank_test(
            np.concatenate([part.days for part in rows]),
            np.repeat(groups, [len(part.days) for part in rows]),
            np.concatenate([part.event for part in rows]),
            weights=np.concatenate([part.number for part in rows]),
        )
    return float(result.test_statistic), float(result.p_value)


def _from_start(ends: Daily, own: slice) -> Tally:
    """Return the counts of one group, all of which is there on day 0."""
    day, counts = ends.day[own], ends.counts[own]
    return Tally(day, counts[:, 1], counts[:, 0], day[:1], np.array([counts.sum()]))
