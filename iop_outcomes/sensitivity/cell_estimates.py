"""The estimates of one cell of a sensitivity analysis, by group."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.curves import compare_groups
from iop_outcomes.errors import EstimateError
from iop_outcomes.sensitivity.cells import CellTimes
from iop_outcomes.survival.clusters import Clusters
from iop_outcomes.survival.curves.kaplan_meier import kaplan_meier
from iop_outcomes.survival.curves.steps import Steps
from iop_outcomes.survival.curves.weighted import Weighting, curve_steps
from iop_outcomes.survival.limits import crossing_day, normal_quantile
from iop_outcomes.survival.times import CheckedTimes

Columns = dict[str, NDArray[Any]]


def estimate_cell(cell: CellTimes, horizon: float, confidence: float) -> Columns:
    """Return the columns of ``Sensitivity.table`` from ``n`` on, one entry a group.

    Parameters
    ----------
    cell : CellTimes
        The times of a definition under a missing rule.
    horizon : float
        Days.
    confidence : float
        Confidence level of the limits, which are calculated on the log-log scale.
    """
    times = cell.times
    weighting = Weighting(None, None, cell.clusters)
    curves = curve_steps(times, weighting, confidence, "log-log")
    rows = [_of_curve(steps, horizon, confidence) for steps in curves]
    columns = _counts(cell) | {name: np.array([row[name] for row in rows]) for name in rows[0]}
    for name, bound in (("best", _none_relapsed), ("worst", _all_relapsed)):
        bounded = curves
        if cell.left.any():
            bounded = kaplan_meier(bound(cell, horizon), confidence, "log-log")
        columns[name] = np.array([_relapsed(steps, horizon)[0] for steps in bounded])
    why = columns.pop("not_followed").tolist()
    if len(times.labels.columns):
        compared, not_compared = _comparison(times, cell.clusters)
        columns |= {name: np.full(len(rows), value) for name, value in compared.items()}
        why = [f"{reason} {not_compared}".strip() for reason in why]
    return columns | {"not_estimated": np.array(why, dtype=object)}


def _none_relapsed(cell: CellTimes, horizon: float) -> CheckedTimes:
    """Return the times if nobody who left had relapsed by the horizon."""
    days = cell.times.days
    days = np.where(cell.left, np.maximum(days, horizon), days)
    return cell.times.ending(days, cell.times.event)


def _all_relapsed(cell: CellTimes, _: float) -> CheckedTimes:
    """Return the times if everyone who left relapsed on leaving."""
    return cell.times.ending(cell.times.days, cell.times.event | cell.left)


def _of_curve(steps: Steps, horizon: float, confidence: float) -> dict[str, Any]:
    relapsed, lower, upper = _relapsed(steps, horizon)
    row: dict[str, Any] = {
        "relapsed": relapsed,
        "relapsed_lower": lower,
        "relapsed_upper": upper,
        "median": crossing_day(steps.day, steps.survival),
        "median_lower": crossing_day(steps.day, steps.lower),
        "median_upper": crossing_day(steps.day, steps.upper),
    }
    row |= dict.fromkeys(
        ("restricted_mean", "restricted_mean_lower", "restricted_mean_upper"), np.nan
    )
    row["not_followed"] = ""
    if not steps.followed_to(horizon):
        few = steps.last_day >= horizon
        row["not_followed"] = (
            f"Fewer than two at risk just before day {horizon:g}."
            if few
            else f"Followed to day {steps.last_day:g} only."
        )
        return row
    mean, error = steps.area(horizon)
    half_width = normal_quantile(confidence) * error if error > 0 else np.nan
    row["restricted_mean"] = mean
    row["restricted_mean_lower"], row["restricted_mean_upper"] = (
        mean - half_width,
        mean + half_width,
    )
    return row


def _relapsed(steps: Steps, horizon: float) -> tuple[float, float, float]:
    """Return the share relapsed by the horizon, with limits; missing if follow-up ends before it.

    If everyone has relapsed before the horizon, the share is 1 although follow-up ends before it.
    """
    if steps.last_day < horizon and steps.survival[-1] > 0:
        return np.nan, np.nan, np.nan
    place = np.searchsorted(steps.day, horizon, side="right") - 1
    return (
        float(1 - steps.survival[place]),
        float(1 - steps.upper[place]),
        float(1 - steps.lower[place]),
    )


def _counts(cell: CellTimes) -> Columns:
    times = cell.times
    groups = len(times.labels)

    def count(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(times.group[marked], minlength=groups)

    event = times.event
    people, events = np.bincount(times.group, minlength=groups), count(event)
    missing = count(event & (cell.filled > 0))
    share = np.full(groups, np.nan)
    np.divide(missing, events, out=share, where=events > 0)
    return {
        "n": people,
        "left": count(cell.left),
        "events": events,
        "events_seen": count(event & (cell.filled == 0)),
        "events_partly_missing": count(event & (cell.filled > 0) & (cell.seen > 0)),
        "events_all_missing": count(event & (cell.filled > 0) & (cell.seen == 0)),
        "rests_on_missing": share,
        "share": events / people,
    }


def _comparison(times: CheckedTimes, clusters: Clusters) -> tuple[dict[str, float], str]:
    """Return the test between groups, or the reason why there is none."""
    try:
        test = compare_groups(times, np.zeros(len(times.days), dtype=np.intp), clusters)
    except EstimateError as error:
        nothing = dict.fromkeys(("statistic", "degrees_of_freedom", "p_value"), np.nan)
        return nothing, f"Not compared: {error.wrong}"
    return {
        "statistic": test.statistic,
        "degrees_of_freedom": float(test.degrees_of_freedom),
        "p_value": test.p_value,
    }, ""
