"""The estimators under study, each as rows of what it found in one program.

Ours are the public calls and nothing else. The naive ones are what is often done instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.samples.model.design import Array
from iop_outcomes.statistics.proportions import proportion_interval
from iop_outcomes.survival import cumulative_incidence, hazard, interval_survival
from iop_outcomes.survival.limits import Interval
from validation.coverage_count import NAN, Found, whole

REACH = NormalDist().inv_cdf(0.975)
SCALES: tuple[Interval, ...] = ("log-log", "log", "plain", "logit", "arcsine")
MEDIAN, MEAN, LOST = "median", "restricted mean, 180 days", "time lost, 180 days"
BAND = "the whole curve, days 0 to 180"
HORIZON = 180


def clear(day: float) -> str:
    return f"without relapse, day {day:g}"


def ended(cause: str, day: float) -> str:
    return f"{cause}, day {day:g}"


def rate(day: float) -> str:
    return f"rate on day {day:g}"


def curve(
    name: str, times: pd.DataFrame, days: Sequence[float], scale: Interval = "log-log"
) -> list[Found]:
    """The Kaplan-Meier estimate on the given days."""
    rows = iop.survival_curves(times, interval=scale).at(days)
    return [
        Found(name, clear(row["day"]), row["survival"], NAN, row["lower"], row["upper"])
        for row in rows.to_dict("records")
    ]


def median(name: str, curves: iop.SurvivalCurves) -> Found:
    """The median; a limit that is not reached is later than all that was seen."""
    value, *limits = curves.median()[["median", "lower", "upper"]].iloc[0]
    lower, upper = (np.inf if np.isnan(limit) else limit for limit in limits)
    return Found(name, MEDIAN, value, NAN, lower, upper)


def days_read(curves: iop.SurvivalCurves) -> list[Found]:
    """The restricted mean and the time lost."""
    mean = curves.restricted_mean(HORIZON)[["mean", "se", "lower", "upper"]].iloc[0]
    lost = curves.time_lost(HORIZON)[["lost", "se", "lower", "upper"]].iloc[0]
    return [Found("Restricted mean", MEAN, *mean), Found("Time lost", LOST, *lost)]


def bands(curves: iop.SurvivalCurves, truth: Array) -> list[Found]:
    """Whether the whole true curve, one value a day from 0, lies inside the limits."""
    band = curves.band(until=len(truth) - 1)
    table = curves.table[curves.table["survival"] < 1]
    return [
        whole("Hall-Wellner band", BAND, _holds(band, truth)),
        whole("Naive: pointwise limits taken as a band", BAND, _holds(table, truth)),
    ]


def _holds(limits: pd.DataFrame, truth: Array) -> bool:
    day = limits["day"].to_numpy()
    asked = np.arange(day[0], len(truth))  # a step holds until the next
    place = np.searchsorted(day, asked, side="right") - 1
    lower, upper = limits["lower"].to_numpy()[place], limits["upper"].to_numpy()[place]
    return bool(((lower <= truth[asked]) & (truth[asked] <= upper)).all())


def crude(times: pd.DataFrame, days: Sequence[float]) -> list[Found]:
    """What is read off without regard to who was still followed."""
    last, event = times["days"].to_numpy(), times["event"].to_numpy()
    name, estimates = "Naive: share of all admitted", []
    for day in days:
        free = int((~(event & (last <= day))).sum())
        lower, upper = proportion_interval(free, len(last))
        estimates.append(Found(name, clear(day), free / len(last), NAN, float(lower), float(upper)))
    return estimates


def crude_days(times: pd.DataFrame) -> list[Found]:
    """The median and the restricted mean without regard to who was still followed."""
    last, event = times["days"].to_numpy(), times["event"].to_numpy()
    short = np.minimum(last, HORIZON)
    mean, error = short.mean(), short.std(ddof=1) / np.sqrt(len(short))
    limits = mean - REACH * error, mean + REACH * error
    name = "Naive: mean of the days followed"
    return [
        Found("Naive: median of those who relapsed", MEDIAN, float(np.median(last[event]))),
        Found(name, MEAN, mean, error, *limits),
        Found(name, LOST, HORIZON - mean, error, *(HORIZON - limit for limit in limits[::-1])),
    ]


def intervals(
    name: str, times: pd.DataFrame, days: Sequence[float], resamples: int = 0, seed: int = 0
) -> list[Found]:
    """`interval_survival` on the given days, and its median."""
    curves = interval_survival(times, resamples=resamples, seed=seed)
    rows = []
    for row in curves.at(days).to_dict("records"):
        limits = (row.get("lower", NAN), row.get("upper", NAN))
        rows.append(Found(name, clear(row["day"]), row["lowest"], NAN, *limits, row["highest"]))
    middle = curves.median().iloc[0].to_dict()
    lower, upper = (
        NAN if not resamples else np.inf if np.isnan(middle[bound]) else middle[bound]
        for bound in ("lower", "upper")
    )
    rows.append(Found(name, MEDIAN, middle["earliest"], NAN, lower, upper, middle["latest"]))
    return rows


def at_check_ins(name: str, times: pd.DataFrame, days: Sequence[float]) -> list[Found]:
    """Kaplan-Meier with every relapse dated at the check-in that showed it."""
    curves = iop.survival_curves(times)
    return [*curve(name, times, days), median(name, curves)]


def bounds(times: pd.DataFrame, days: Sequence[float], left: Array) -> list[Found]:
    """Nobody of those who left had relapsed, and all had: what no assumption can move."""
    best = times.assign(days=np.where(left, LONG, times["days"]))
    worst = times.assign(days=times["days"] + left, event=times["event"] | left)
    estimates = []
    for day in days:
        high, low = (
            float(iop.survival_curves(each).at(day)["survival"].iloc[0]) for each in (best, worst)
        )
        estimates.append(
            Found("Bounds: all who left relapsed, or none", clear(day), low, highest=high)
        )
    return estimates


LONG = 10_000  # later than any follow-up


def incidence(
    times: pd.DataFrame, causes: Sequence[str], days: Sequence[float], shown: Sequence[str]
) -> list[Found]:
    """The Aalen-Johansen estimate of each cause, then 1 - Kaplan-Meier."""
    incidences = cumulative_incidence(times, causes=causes)
    ours = [
        Found(
            "Aalen-Johansen",
            ended(row["cause"], row["day"]),
            *(row[name] for name in ("incidence", "se", "lower", "upper")),
        )
        for row in incidences.at(days).to_dict("records")
        if row["cause"] in shown
    ]
    naive = []
    for cause in shown:
        alone = times.assign(event=times["ended_by"] == cause)
        for row in iop.survival_curves(alone).at(days).to_dict("records"):
            share, lower, upper = (1 - row[name] for name in ("survival", "upper", "lower"))
            name = ended(cause, row["day"])
            naive.append(Found("Naive: 1 - Kaplan-Meier", name, share, NAN, lower, upper))
    return [*ours, *naive]


def rates(
    name: str, times: pd.DataFrame, days: Sequence[float], width: float | None
) -> list[Found]:
    """The smoothed rate on the given days."""
    smoothed = hazard(times, bandwidth=width, days=days)
    columns = ["hazard", "se", "lower", "upper"]
    return [
        Found(name, rate(day), *row)
        for day, row in zip(days, smoothed.table[columns].to_numpy().tolist(), strict=True)
    ]


def one_rate(times: pd.DataFrame, days: Sequence[float]) -> list[Found]:
    """Relapses per person and day of the whole follow-up, as if the rate were one."""
    events, total = int(times["event"].sum()), float(times["days"].sum())
    value, error = events / total, np.sqrt(events) / total
    spread = np.exp(REACH / np.sqrt(events))
    name = "Naive: one rate for the whole follow-up"
    return [Found(name, rate(day), value, error, value / spread, value * spread) for day in days]
