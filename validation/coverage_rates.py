"""Settings of the rate by day where relapse is known only between two check-ins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from iop_outcomes.samples.model.design import Array
from iop_outcomes.survival import hazard
from validation import coverage_estimators as by
from validation.coverage_count import Found, Truth
from validation.coverage_setting import ALL, Setting

PEOPLE = 500
STEP, LAST = 7, 182  # days between check-ins, and that of the last
RATE = 0.004  # a day
EDGES = (0, 91, LAST)
SHAPE, SCALE = 0.65, 80.0  # a rate that falls steeply at first
FALLING = (7, 30, 90)
WINDOWS = ((None, "window by default"), (14.0, "window 14 days"))


def rate_settings() -> list[Setting]:
    return [_constant(), _falling()]


def _constant() -> Setting:
    return Setting(
        name="rates_constant",
        title="The rate of relapse by day from weekly check-ins: one rate on all days",
        text=f"The rate is {1000 * RATE:.2f} per 1,000 at risk on every day. Everybody is asked "
        f"every {STEP} days until day {LAST}. The rate is asked for on the first day, in the "
        "middle and on the last. 'Dates of check-ins' are times without `clear_until`, from whose "
        "dates the check-ins are read; the naive way takes them for the days of relapse.",
        people=PEOPLE,
        truth={by.rate(day): Truth(RATE, "rate") for day in EDGES},
        once=partial(_once, _exponential, EDGES),
    )


def _falling() -> Setting:
    why = "smoothing bias: the rate changes within the window"
    return Setting(
        name="rates_falling",
        title="The rate of relapse by day from weekly check-ins: a rate that falls steeply",
        text=f"A Weibull day of relapse (shape {SHAPE:g}, scale {SCALE:g} days), so that the rate "
        "has no bound on day 0 and falls fastest in the first weeks; check-ins as in the setting "
        "before.",
        people=PEOPLE,
        truth={by.rate(day): Truth(_weibull_rate(day), "rate") for day in FALLING},
        once=partial(_once, _weibull, FALLING),
        broken={ALL: why},
    )


def _weibull_rate(day: float) -> float:
    return float(SHAPE / SCALE * (day / SCALE) ** (SHAPE - 1))


def _exponential(rng: np.random.Generator) -> Array:
    return rng.exponential(1 / RATE, PEOPLE)


def _weibull(rng: np.random.Generator) -> Array:
    days: Array = SCALE * rng.exponential(1.0, PEOPLE) ** (1 / SHAPE)
    return days


def asked_weekly(relapse: Array) -> pd.DataFrame:
    """Return the times that weekly check-ins show of the days of relapse."""
    event = relapse <= LAST
    asked = np.where(event, np.ceil(relapse / STEP) * STEP, LAST)
    clear = np.where(event, asked - STEP, LAST)
    return pd.DataFrame({"clear_until": clear, "days": asked, "event": event})


def _once(
    draw: Callable[[np.random.Generator], Array], days: tuple[int, ...], rng: np.random.Generator
) -> list[Found]:
    times = asked_weekly(draw(rng))
    dated = times.drop(columns="clear_until")
    estimates = []
    for width, window in WINDOWS:
        estimates += by.rates(f"Intervals, {window}", times, days, width)
        estimates += by.rates(f"Dates of check-ins, {window}", dated, days, width)
        estimates += _naive(f"Naive: dated at the check-in, {window}", dated, days, width)
    return estimates


def _naive(
    name: str, times: pd.DataFrame, days: tuple[int, ...], width: float | None
) -> list[Found]:
    table = hazard(times, bandwidth=width, spacing=0, days=days).table
    rows = table[["hazard", "se", "lower", "upper"]].to_numpy().tolist()
    return [Found(name, by.rate(day), *row) for day, row in zip(days, rows, strict=True)]
