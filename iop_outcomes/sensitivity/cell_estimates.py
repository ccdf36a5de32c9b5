"""What is estimated of one cell of a sensitivity analysis, group by group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.curves import compare_groups
from iop_outcomes.errors import EstimateError
from iop_outcomes.sensitivity.cells import CellTimes
from iop_outcomes.survival.clusters import Clusters
from iop_outcomes.survival.curves.kaplan_meier import kaplan_meier
from iop_outcomes.survival.curves.steps import Steps
from iop_outcomes.survival.curves.weighted import Weighting, curve_steps
from iop_outcomes.survival.limits import crossing_day, normal_quantile
from iop_outcomes.survival.times import CheckedTimes, check_times


def estimate_cell(
    times: CellTimes, names: list[str], horizon: float, confidence: float
) -> pd.DataFrame:
    """Return one row a group with the columns of ``Sensitivity.table`` from ``n`` on."""
    whole = checked = check_times(times.frame, names)
    weighting = Weighting(None, None, times.clusters)
    curves = curve_steps(checked, weighting, confidence, "log-log")
    rows = pd.DataFrame([_of_curve(steps, horizon, confidence) for steps in curves])
    table = pd.concat([checked.labels, _counts(times, checked), rows], axis=1)
    for name, bound in (("best", _none_relapsed), ("worst", _all_relapsed)):
        bounded = curves
        if times.left.any():
            checked = check_times(bound(times, horizon), names)
            bounded = kaplan_meier(checked, confidence, "log-log")
        table[name] = [_relapsed(steps, horizon)[0] for steps in bounded]
    if names:
        table = table.assign(**_comparison(whole, times.clusters))
    reasons = [table.pop("not_followed")] + ([table.pop("not_compared")] if names else [])
    why = reasons[0] if len(reasons) == 1 else reasons[0].str.cat(reasons[1], sep=" ")
    return table.assign(not_estimated=why.str.strip())


def _none_relapsed(times: CellTimes, horizon: float) -> pd.DataFrame:
    # Nobody who left relapsed: they stay without relapse to the horizon.
    days = times.frame["days"]
    return times.frame.assign(days=np.where(times.left, np.maximum(days, horizon), days))


def _all_relapsed(times: CellTimes, _: float) -> pd.DataFrame:
    # Everyone who left relapsed on leaving.
    return times.frame.assign(event=times.frame["event"] | times.left)


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
    reach = normal_quantile(confidence) * error if error > 0 else np.nan
    row["restricted_mean"] = mean
    row["restricted_mean_lower"], row["restricted_mean_upper"] = mean - reach, mean + reach
    return row


def _relapsed(steps: Steps, horizon: float) -> tuple[float, float, float]:
    """Return 1 - survival at the horizon with its limits; missing past the follow-up.

    Where everyone has relapsed before, nobody is left to be followed, and the share is 1.
    """
    if steps.last_day < horizon and steps.survival[-1] > 0:
        return np.nan, np.nan, np.nan
    place = np.searchsorted(steps.day, horizon, side="right") - 1
    return (
        float(1 - steps.survival[place]),
        float(1 - steps.upper[place]),
        float(1 - steps.lower[place]),
    )


def _counts(times: CellTimes, checked: CheckedTimes) -> pd.DataFrame:
    groups = len(checked.labels)

    def count(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(checked.group[marked], minlength=groups)

    event = checked.event
    people, events = np.bincount(checked.group, minlength=groups), count(event)
    missing = count(event & (times.filled > 0))
    share = np.full(groups, np.nan)
    np.divide(missing, events, out=share, where=events > 0)
    return pd.DataFrame(
        {
            "n": people,
            "left": count(times.left),
            "events": events,
            "events_seen": count(event & (times.filled == 0)),
            "events_partly_missing": count(event & (times.filled > 0) & (times.seen > 0)),
            "events_all_missing": count(event & (times.filled > 0) & (times.seen == 0)),
            "rests_on_missing": share,
            "share": events / people,
        }
    )


def _comparison(times: CheckedTimes, clusters: Clusters) -> dict[str, Any]:
    try:
        found = compare_groups(times, np.zeros(len(times.days), dtype=np.intp), clusters)
    except EstimateError as error:
        return {
            "statistic": np.nan,
            "degrees_of_freedom": np.nan,
            "p_value": np.nan,
            "not_compared": f"Not compared: {error.wrong}",
        }
    return {
        "statistic": found.statistic,
        "degrees_of_freedom": float(found.degrees_of_freedom),
        "p_value": found.p_value,
        "not_compared": "",
    }
