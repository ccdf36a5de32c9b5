"""Estimates from times to an event, within each cohort: one number a group and period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.survival import cumulative_incidence, survival_curves
from iop_outcomes.trends.quantities.relapse import RULE, parts_by_day

if TYPE_CHECKING:
    from iop_outcomes.trends.quantities import Quantity

OF_CURVES = ("events", "competing", "censored", "followed")
COHORT, RELAPSE = "cohort", "relapse"


def estimate_by_cohort(
    times: pd.DataFrame, cohort: Integers, size: int, quantity: Quantity, confidence: float
) -> dict[str, Floats]:
    """Return the Kaplan-Meier estimate or the cumulative incidence of each cohort on one day.

    Parameters
    ----------
    times : pandas.DataFrame
        One row an episode, as in `Tally.times`.
    cohort : numpy.ndarray of int
        The cohort of each row, 0 to `size` - 1.
    size : int
        The number of cohorts.
    quantity : Quantity
        Of the kind ``event_free`` or ``incidence``, with the day.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    dict of str to numpy.ndarray of float64
        ``numerator`` (known without the event through the day; of an incidence, with it by then),
        ``denominator`` (all), ``value, lower, upper``, and the parts of the denominator: ``events``
        by the day, ``competing`` ends that came first (0 for Kaplan-Meier), ``censored`` before the
        day and ``followed`` through it. The estimate is missing where nobody was followed so long.
    """
    day, free = quantity.horizon, quantity.kind == "event_free"
    event, competing, through = parts_by_day(times, day, quantity.kind)

    def count(rows: Booleans) -> Floats:
        return np.bincount(cohort[rows], minlength=size).astype(np.float64)

    every = np.bincount(cohort, minlength=size).astype(np.float64)
    counts = {"events": count(event), "competing": count(competing), "followed": count(through)}
    counts["censored"] = every - counts["events"] - counts["competing"] - counts["followed"]
    estimates = {name: np.full(size, np.nan) for name in ("value", "lower", "upper")}
    if len(times):
        frame = times.assign(**{COHORT: cohort})
        at = _survival(frame, day, confidence) if free else _incidence(frame, day, confidence)
        place = at[COHORT].to_numpy(dtype=np.int64)
        for name, column in zip(estimates, ("estimate", "lower", "upper"), strict=True):
            estimates[name][place] = at[column].to_numpy(dtype=np.float64)
    numerator = counts["followed" if free else "events"]
    return {"numerator": numerator, "denominator": every, **estimates, **counts}


def _survival(frame: pd.DataFrame, day: int, confidence: float) -> pd.DataFrame:
    at = survival_curves(frame, by=COHORT, confidence=confidence).at([day])
    return at.rename(columns={"survival": "estimate"})


def _incidence(frame: pd.DataFrame, day: int, confidence: float) -> pd.DataFrame:
    causes = [RELAPSE, *RULE.competing]
    curves = cumulative_incidence(frame, by=COHORT, causes=causes, confidence=confidence)
    at = curves.at([day])
    return at[at["cause"] == RELAPSE].rename(columns={"incidence": "estimate"})
