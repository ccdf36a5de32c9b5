"""The curve of one group as arrays, and what is counted and measured along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.survival.limits import Interval, greenwood, survival_limits

Floats = NDArray[np.float64]
Counts = NDArray[Any]  # whole numbers, or sums of weights
Columns = dict[str, NDArray[Any]]

ESTIMATES = ("survival", "lower", "upper")
STEP_COLUMNS = ("day", "at_risk", "events", "censored", *ESTIMATES)
ROW_COLUMNS = ("rows_at_risk", "rows_events", "rows_censored")


@dataclass(frozen=True, eq=False)
class Tally:
    """Entries, events and censoring by day.

    Attributes
    ----------
    day, events, censored : numpy.ndarray
        The days with an event or a censoring, and how many of each.
    entry_day, entered : numpy.ndarray
        The days of entry, and how many enter.
    """

    day: NDArray[Any]
    events: Counts
    censored: Counts
    entry_day: NDArray[Any]
    entered: Counts

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


@dataclass(frozen=True, eq=False)
class Robust:
    """The infinitesimal jackknife of one group's curve; one entry a day of the curve.

    Attributes
    ----------
    log_variance : numpy.ndarray
        Of the log of the survival through the day; the place of Greenwood's sum.
    area_variance, area_covariance : numpy.ndarray
        Variance of the area under the curve up to the day, and its covariance with the log of
        the survival.
    followed_variance : numpy.ndarray
        As `log_variance`, of the curve of follow-up.
    """

    log_variance: Floats
    area_variance: Floats
    area_covariance: Floats
    followed_variance: Floats


ROBUST_COLUMNS = tuple(Robust.__annotations__)


@dataclass(frozen=True, eq=False)
class Steps(Tally):
    """One group's curve; one entry a day, day 0 first.

    Attributes
    ----------
    day, at_risk, events, censored, survival, lower, upper : numpy.ndarray
        As the columns of ``SurvivalCurves.table``.
    entry_day, entered : numpy.ndarray
        As the columns of ``SurvivalCurves.entries``.
    robust : Robust, optional
        Where the errors are robust.
    rows : Tally, optional
        Where the counts are sums of weights: the number of rows behind them.
    """

    at_risk: Counts
    survival: Floats
    lower: Floats
    upper: Floats
    robust: Robust | None = None
    rows: Tally | None = None

    @classmethod
    def of(cls, table: Columns, entries: Columns, robust: Columns | None = None) -> Steps:
        """Return the steps that the columns of one group say."""
        rows = None
        if "rows" in entries:
            left = table["day"], table["rows_events"], table["rows_censored"]
            rows = Tally(*left, entries["day"], entries["rows"])
        errors = None
        if robust is not None:
            errors = Robust(**{name: robust[name] for name in ROBUST_COLUMNS})
        return cls(
            **{name: table[name] for name in STEP_COLUMNS},
            entry_day=entries["day"],
            entered=entries["entered"],
            robust=errors,
            rows=rows,
        )

    @property
    def last_day(self) -> float:
        """The last day of the group's follow-up."""
        return float(self.day[-1])

    def height_at(self, day: float) -> float:
        """Return the curve through a day; past the end of the follow-up its last value."""
        return float(self.survival[np.searchsorted(self.day, day, side="right") - 1])

    def followed_to(self, horizon: float) -> bool:
        """Whether the curve is known up to a horizon.

        It is if two rows or more are at risk just before it, or the curve has come down to 0.
        """
        if self.height_at(horizon) <= 0:
            return True
        at_risk = self.people.at_risk_before(np.array([horizon]))[0]
        return bool(self.last_day >= horizon and at_risk >= 2)

    @property
    def people(self) -> Tally:
        """The counts of rows: those of the curve itself unless it is weighted."""
        return self if self.rows is None else self.rows

    @property
    def variance(self) -> Floats:
        """The variance of the log of the survival: Greenwood's sum, or the robust one."""
        if self.robust is not None:
            return self.robust.log_variance
        return greenwood(self.at_risk, self.events)

    @property
    def se(self) -> Floats:
        """The standard error of the survival itself; missing where that is 0."""
        return np.where(self.survival > 0, self.survival * np.sqrt(self.variance), np.nan)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns of ``SurvivalCurves.table``."""
        columns = {name: getattr(self, name) for name in (*STEP_COLUMNS, "se")}
        if self.rows is not None:
            counts = self.rows.at_risk_before(self.day), self.rows.events, self.rows.censored
            columns |= dict(zip(ROW_COLUMNS, counts, strict=True))
        return columns

    def at(self, asked: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return the columns of ``SurvivalCurves.at``."""
        place = np.searchsorted(self.day, asked, side="right") - 1
        on_day = self.day[place] == asked
        followed = asked <= self.day[-1]
        row: dict[str, NDArray[Any]] = {}
        for name, column in self.columns().items():
            if name in (*ESTIMATES, "se"):
                row[name] = np.where(followed, column[place], np.nan)
            else:
                row[name] = np.where(on_day, column[place], column.dtype.type(0))
        row["day"], row["at_risk"] = asked, self.at_risk_before(asked)
        if self.rows is not None:
            row["rows_at_risk"] = self.rows.at_risk_before(asked)
        _, row["censored_so_far"], row["events_so_far"] = self.counted_through(asked)
        return row

    def at_risk_before(self, asked: NDArray[Any]) -> Counts:
        """Return how many have entered before each day, on day 0 on it, and not left before."""
        weighted = super().at_risk_before(asked)
        # Sums of weights leave a rounding error when all have left.
        return (
            weighted if self.rows is None else _cleared(weighted, self.rows.at_risk_before(asked))
        )

    def gaps(self) -> list[tuple[float, float]]:
        """Return from when to when nobody is at risk, between others who are."""
        people = self if self.rows is None else self.rows
        empty = self._left_after(self.day, people) == 0
        seen = people.at_risk_before(self.day) > 0
        starts = self.day[empty & seen & (self.day < self.last_day)]
        ends = people.entry_day[np.searchsorted(people.entry_day, starts, side="right")]
        return list(zip(starts.astype(float).tolist(), ends.astype(float).tolist(), strict=True))

    def risk(self, asked: NDArray[Any], after: bool) -> dict[str, NDArray[Any]]:
        """Return the columns of ``SurvivalCurves.risk_table``."""
        _, censored, events = self.counted_through(asked)
        at_risk = self._left_after(asked, self) if after else self.at_risk_before(asked)
        row = {"day": asked, "at_risk": at_risk, "censored": censored, "events": events}
        if self.rows is not None:
            rows = self._left_after(asked, self.rows) if after else self.rows.at_risk_before(asked)
            row |= {"at_risk": _cleared(at_risk, rows), "rows_at_risk": rows}
        return row

    @staticmethod
    def _left_after(asked: NDArray[Any], tally: Tally) -> Counts:
        entered, censored, events = tally.counted_through(asked)
        return entered - censored - events

    def limits(self, confidence: float, interval: Interval) -> tuple[Floats, Floats]:
        """Return the limits of the curve at another level."""
        return survival_limits(self.survival, self.variance, confidence, interval)

    def area(self, horizon: float) -> tuple[float, float]:
        """Return the area under the curve up to the horizon, and its standard error."""
        inside = self.day < horizon
        strips = self.survival[inside] * np.diff(np.append(self.day[inside], horizon))
        ahead = np.cumsum(strips[::-1])[::-1]  # from each day to the horizon
        if self.robust is None:
            added = np.diff(greenwood(self.at_risk, self.events)[inside], prepend=0.0)
            return float(ahead[0]), float(np.sqrt(np.sum(ahead**2 * added)))
        last = len(strips) - 1
        robust = self.robust
        variance = (
            robust.area_variance[last]
            + 2 * strips[-1] * robust.area_covariance[last]
            + strips[-1] ** 2 * robust.log_variance[last]
        )
        return float(ahead[0]), float(np.sqrt(max(variance, 0.0)))

    def followed(self) -> Floats:
        """Return the reverse Kaplan-Meier curve: censoring taken as the event."""
        if self.rows is None:
            return product_limit(self.at_risk, self.censored)
        emptied = self.rows.at_risk_before(self.day) == self.rows.censored
        return product_limit(self.at_risk, self.censored, emptied)

    def followed_limits(self, confidence: float, interval: Interval) -> tuple[Floats, Floats]:
        """Return the limits of the reverse Kaplan-Meier curve."""
        if self.robust is None:
            variance = greenwood(self.at_risk, self.censored)
        else:
            variance = self.robust.followed_variance
        return survival_limits(self.followed(), variance, confidence, interval)


def product_limit(
    at_risk: Counts, events: Counts, emptied: NDArray[np.bool_] | None = None
) -> Floats:
    r"""Return :math:`\prod (n - d) / n` through each day; a day without anyone changes nothing.

    A curve that has come down to 0 stays there, whoever enters later. `emptied` says on which
    days all at risk have the event: sums of weights would leave a rest.
    """
    risk = at_risk.astype(float)
    factor = np.divide(risk - events, risk, out=np.ones(len(risk)), where=risk > 0)
    if emptied is not None:
        factor[emptied & (risk > 0)] = 0.0
    return np.cumprod(factor)


def entered_before(entry_day: NDArray[Any], entered: Counts, asked: NDArray[Any]) -> Counts:
    """Return how many have entered before each day; those who enter on day 0 are there on day 0."""
    from_start = entered[entry_day == 0].sum()
    counts: Counts = np.maximum(_running(entry_day, entered, asked, "left"), from_start)
    return counts


def _running(days: NDArray[Any], number: Counts, asked: NDArray[Any], side: Any) -> Counts:
    total = np.append(number[:0].dtype.type(0), np.cumsum(number))
    running: Counts = total[np.searchsorted(days, asked, side=side)]
    return running


def _cleared(sums: Counts, rows: Counts) -> Counts:
    return np.where(rows > 0, sums, 0.0)
