"""The curve of one group as arrays, and what is counted and measured along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.survival.limits import Interval, greenwood, survival_limits

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

ESTIMATES = ("survival", "lower", "upper")
STEP_COLUMNS = ("day", "at_risk", "events", "censored", *ESTIMATES)


@dataclass(frozen=True, eq=False)
class Steps:
    """One group's curve; one entry a day, day 0 first.

    Attributes
    ----------
    day, at_risk, events, censored, survival, lower, upper : numpy.ndarray
        As the columns of ``SurvivalCurves.table``.
    entry_day, entered : numpy.ndarray
        As the columns of ``SurvivalCurves.entries``.
    """

    day: NDArray[Any]
    at_risk: Counts
    events: Counts
    censored: Counts
    survival: Floats
    lower: Floats
    upper: Floats
    entry_day: NDArray[Any]
    entered: Counts

    @classmethod
    def of(cls, table: pd.DataFrame, entries: pd.DataFrame) -> Steps:
        """Return the steps that the rows of one group say."""
        return cls(
            **{name: table[name].to_numpy() for name in STEP_COLUMNS},
            entry_day=entries["day"].to_numpy(),
            entered=entries["entered"].to_numpy(),
        )

    @property
    def last_day(self) -> float:
        """The last day of the group's follow-up."""
        return float(self.day[-1])

    def at(self, asked: NDArray[Any]) -> pd.DataFrame:
        """Return the rows of ``SurvivalCurves.at``."""
        place = np.searchsorted(self.day, asked, side="right") - 1
        on_day = self.day[place] == asked
        followed = asked <= self.day[-1]
        row: dict[str, NDArray[Any]] = {
            "day": asked,
            "at_risk": self.at_risk_before(asked),
            "events": np.where(on_day, self.events[place], 0),
            "censored": np.where(on_day, self.censored[place], 0),
        }
        for name in ESTIMATES:
            row[name] = np.where(followed, getattr(self, name)[place], np.nan)
        return pd.DataFrame(row)

    def at_risk_before(self, asked: NDArray[Any]) -> Counts:
        """Return how many have entered before each day, on day 0 on it, and not left before."""
        left = _running(self.day, self.events + self.censored, asked, "left")
        return entered_before(self.entry_day, self.entered, asked) - left

    def counted_through(self, asked: NDArray[Any]) -> tuple[Counts, Counts, Counts]:
        """Return how many have entered, were censored and had the event, through each day."""
        return (
            _running(self.entry_day, self.entered, asked, "right"),
            _running(self.day, self.censored, asked, "right"),
            _running(self.day, self.events, asked, "right"),
        )

    def limits(self, confidence: float, interval: Interval) -> tuple[Floats, Floats]:
        """Return the limits of the curve at another level."""
        return survival_limits(
            self.survival, greenwood(self.at_risk, self.events), confidence, interval
        )

    def area(self, horizon: float) -> tuple[float, float]:
        """Return the area under the curve up to the horizon, and its standard error."""
        inside = self.day < horizon
        strips = self.survival[inside] * np.diff(np.append(self.day[inside], horizon))
        ahead = np.cumsum(strips[::-1])[::-1]  # from each day to the horizon
        variance = np.diff(greenwood(self.at_risk, self.events)[inside], prepend=0.0)
        return float(ahead[0]), float(np.sqrt(np.sum(ahead**2 * variance)))

    def followed(self) -> Floats:
        """Return the reverse Kaplan-Meier curve: censoring taken as the event."""
        some = self.at_risk > 0
        share = np.divide(self.censored, self.at_risk, out=np.zeros(len(some)), where=some)
        return np.cumprod(1 - share)

    def followed_limits(self, confidence: float, interval: Interval) -> tuple[Floats, Floats]:
        """Return the limits of the reverse Kaplan-Meier curve."""
        variance = greenwood(self.at_risk, self.censored)
        return survival_limits(self.followed(), variance, confidence, interval)


def entered_before(entry_day: NDArray[Any], entered: Counts, asked: NDArray[Any]) -> Counts:
    """Return how many have entered before each day; who enters on day 0 is there on day 0."""
    from_start = int(entered[entry_day == 0].sum())
    return np.maximum(_running(entry_day, entered, asked, "left"), from_start)


def _running(days: NDArray[Any], number: Counts, asked: NDArray[Any], side: Any) -> Counts:
    total = np.append(0, np.cumsum(number))
    running: Counts = total[np.searchsorted(days, asked, side=side)]
    return running
