"""Survival of interval-censored events: the result, and what is not identified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import SHOWN_ROWS, format_value, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.curves.result import NAMED_GROUPS, SurvivalCurves
from iop_outcomes.survival.intervals.masses import Masses
from iop_outcomes.survival.labels import (
    days_asked,
    first_groups,
    format_limits,
    labelled,
    split_groups,
)
from iop_outcomes.survival.limits import NOT_REACHED
from iop_outcomes.survival.times import label_of

DAYS_TOLD = (30, 60, 90)
MADE = {
    *("left", "right", "mass", "survival_before", "survival_after", "day", "survival", "lowest"),
    *("highest", "lower", "lower_after", "upper", "median", "earliest", "latest", "n", "events"),
    *("exact", "intervals", "last_day", "gap", "steps", "median_lower", "median_upper", "score"),
    *("check_in_dates", "off_least", "off_most", "after_lowest", "after_highest", "late", "beyond"),
    *("unique", "entry", "people", "clear", "between", "over"),
}


@dataclass(frozen=True, eq=False, repr=False)
class IntervalSurvival(DrawnResult):
    """Survival curves of events known only between two check-ins.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and stretch that holds mass, in order: ``[by ...]``; ``left``, ``right``
        (float64, days): the event falls in ``(left, right]``, on the day itself where they are
        equal, and after the follow-up where `right` is infinite; ``mass`` (0 to 1): the share
        whose event falls there; ``survival_before``, ``survival_after``; ``after_lowest``,
        ``after_highest``: the lowest and highest survival after the stretch of all estimates that
        reach the maximum, of which the mass is that of one. Where within a stretch the events fall
        is not identified.
    fits : pandas.DataFrame
        One row a group: ``[by ...]``; ``n``, ``events``, ``exact``, ``late`` (int64): rows, events,
        events whose day is known, and rows with an entry after day 0; ``intervals`` (int64):
        distinct ones; ``last_day``: the last day of follow-up; ``beyond`` (int64):
        rows known to be without the event after the estimate has fallen to 0; ``unique`` (bool): no
        other estimate reaches the maximum; ``gap``: the most log-likelihood a person that any other
        distribution could gain; ``steps`` of the solution; with resamples ``median_lower``,
        ``median_upper``.
    limits : pandas.DataFrame or None
        With resamples, one row a group and end of an interval: ``[by ...], day``; ``lower``,
        ``upper``: limits on the day; ``lower_after``: the lower limit from just after the day
        until just before the next.
    intervals : pandas.DataFrame
        One row a group and distinct interval: ``[by ...], entry, left, right`` (days; `right` is
        infinite where no event is known), ``people`` (int64).
    check_in_dates : SurvivalCurves
        The curves that date each event at the check-in that showed it.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        The level of the limits.
    rule : str
        How the times were defined, and the estimate.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    clustering : Clustering, optional
        The clusters resampled for the limits: their column, and how many clusters and rows.
    provenance : Provenance
        What the labels of a picture need: the event, day 0.
    """

    table: pd.DataFrame
    fits: pd.DataFrame
    limits: pd.DataFrame | None
    intervals: pd.DataFrame
    check_in_dates: SurvivalCurves
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None
    provenance: Provenance = UNKNOWN

    @property
    def gap(self) -> float:
        """The largest gap of any group: how far the maximum can be away, 1e-8 at most."""
        return float(self.fits["gap"].max())

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the survival on the given days.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``[by ...], day``; ``survival``: missing where it is not
            identified; ``lowest``, ``highest``: between which it lies there; with resamples
            ``lower``, ``upper``: limits of the lowest and of the highest. All are missing after the
            last day of follow-up of the group.
        """
        asked = days_asked(days, self.table[["left", "right"]].to_numpy().ravel())
        parts = []
        for number, fit in enumerate(self._masses()):
            known = asked <= self.fits["last_day"].iloc[number]
            lowest, highest = (np.where(known, bound, np.nan) for bound in fit.bounds(asked))
            settled = np.where(lowest == highest, lowest, np.nan)
            row = {"day": asked, "survival": settled, "lowest": lowest, "highest": highest}
            row |= self._limits_at(number, asked, known)
            parts.append(pd.DataFrame(row))
        return self._with_labels(parts)

    def median(self) -> pd.DataFrame:
        """Return the median time of each group.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...]``; ``earliest``, ``latest`` (days): the median if all mass
            lay at the left, or at the right end of its stretch (of the lowest, and of the highest
            estimate if several reach the maximum); ``median``: their middle, as R's
            ``survfit``; with resamples ``lower``, ``upper``. Missing where one half is not reached;
            a curve that lies on one half takes the middle of that plateau.
        """
        parts = []
        for number, fit in enumerate(self._masses()):
            earliest, latest = fit.median()
            row = {"median": (earliest + latest) / 2, "earliest": earliest, "latest": latest}
            if self.limits is not None:
                row["lower"] = float(self.fits["median_lower"].iloc[number])
                row["upper"] = float(self.fits["median_upper"].iloc[number])
            parts.append(pd.DataFrame([row]))
        return self._with_labels(parts)

    def against_check_in_dates(self, days: float | Sequence[float] = DAYS_TOLD) -> pd.DataFrame:
        """Return the bias of the curve that dates each event at the check-in that showed it.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``[by ...], day, lowest, highest`` as `at`;
            ``check_in_dates``: that curve's survival; ``off_least``, ``off_most``: that less the
            highest, and less the lowest. Above 0 it counts too many as still without the event.
        """
        bounds = self.at(days)[[*self.by, "day", "lowest", "highest"]]
        late = self.check_in_dates.at(days)["survival"].to_numpy()
        return bounds.assign(
            check_in_dates=late,
            off_least=late - bounds["highest"].to_numpy(),
            off_most=late - bounds["lowest"].to_numpy(),
        )

    def risk_table(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the table of the plot: how many have each status by each day.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``[by ...], day``; of those who have entered by the day
            ``clear`` (int64): known to be without the event through it; ``between``: last known so
            before it, and to have the event at a later check-in; ``over``: last known so before
            it, and not seen again; ``events``: known to have had the event. The four add up to all
            who have entered by then, without late entry to the group.
        """
        asked = days_asked(days, self.intervals[["entry", "left", "right"]].to_numpy().ravel())
        return self._with_labels([risk_counts(part, asked) for part in self._parts(self.intervals)])

    @property
    def text(self) -> str:
        """The estimate as sentences: counts, medians, how far check-in dates are off, the rule."""
        first = self._first(NAMED_GROUPS)
        medians = first.median().drop(columns=list(self.by))
        rows = pd.concat(
            [first.fits.drop(columns=["median_lower"], errors="ignore"), medians], axis=1
        )
        descriptions = [
            first._describe_row(row, number) for number, (_, row) in enumerate(rows.iterrows())
        ]
        by = f" by {', '.join(self.by)}" if self.by else ""
        ending = closing(self.rule, self.clustering)
        joined = join_described(descriptions, len(self.fits))
        return f"Time to the event{by}, known between check-ins: {joined}. {ending}"

    @property
    def _summary(self) -> str:
        """The number of groups, people and events, and the gap."""
        groups = len(self.fits)
        noun = "group" if groups == 1 else "groups"
        n, events = self.fits["n"].sum(), self.fits["events"].sum()
        return f"{groups} {noun}, n {n:,}, events {events:,}, gap {self.gap:.0e}"

    def _shown(self) -> tuple[pd.DataFrame, int]:
        first = self._first(SHOWN_ROWS)
        medians = first.median().drop(columns=list(self.by))
        rows = pd.concat([first.fits[[*self.by, "n", "events"]], medians], axis=1)
        return rows, len(self.fits)

    def _first(self, groups: int) -> IntervalSurvival:
        """Return the curves of the first n groups."""
        names = list(self.by)
        return replace(
            self,
            table=first_groups(self.table, names, groups),
            fits=self.fits.head(groups),
            limits=None if self.limits is None else first_groups(self.limits, names, groups),
            intervals=first_groups(self.intervals, names, groups),
            check_in_dates=self.check_in_dates.first(groups),
        )

    def _limits_at(
        self, number: int, asked: NDArray[Any], known: NDArray[np.bool_]
    ) -> dict[str, NDArray[Any]]:
        if self.limits is None:
            return {}
        limits = self._parts(self.limits)[number]
        place = np.searchsorted(limits["day"].to_numpy(), asked, side="right") - 1
        rows = limits.iloc[place]
        lower = np.where(rows["day"] == asked, rows["lower"], rows["lower_after"])
        return {
            "lower": np.where(known, lower, np.nan),
            "upper": np.where(known, rows["upper"], np.nan),
        }

    def _describe_row(self, row: pd.Series[Any], number: int) -> str:
        name = f"{label_of(row[list(self.by)])}: " if self.by else ""
        counts = f"n {row['n']:,.0f}, events {row['events']:,.0f}"
        late = f", {row['late']:,.0f} entered after day 0" if row["late"] else ""
        doubts = unsettled_text(self._parts(self.table)[number], row)
        return f"{name}{counts}{late}, {self._median_text(row)}{self._bias_text(number)}{doubts}"

    def _median_text(self, row: pd.Series[Any]) -> str:
        if pd.isna(row["median"]):
            return "median not reached"
        ends = [format_value(float(row[name]), 1) for name in ("earliest", "latest")]
        words = (
            f"median {ends[0]} days"
            if ends[0] == ends[1]
            else (f"median between day {ends[0]} and day {ends[1]}")
        )
        if self.limits is None:
            return words
        # A resample that does not come down to one half has a median later than all that was seen.
        why = NOT_REACHED, NOT_REACHED
        return f"{words} ({format_limits(self.confidence, row['lower'], row['upper'], 1, why=why)})"

    def _bias_text(self, number: int) -> str:
        fit = self.fits.iloc[number]
        if not fit["events"] or fit["events"] == fit["exact"]:
            return ""
        last = float(fit["last_day"])
        days = [float(day) for day in DAYS_TOLD if day <= last] or [last]
        rows = self._parts(self.against_check_in_dates(days))[number].dropna()
        if rows.empty:
            return ""
        off = [
            format_points(*pair)
            for pair in zip(rows["off_least"].tolist(), rows["off_most"].tolist(), strict=True)
        ]
        off[0] += " percentage points"
        texts = [f"{points} at day {day:g}" for points, day in zip(off, rows["day"], strict=True)]
        return (
            ", dating events at the check-in biases the proportion without the event by "
            f"{', '.join(texts)}"
        )

    def _parts(self, frame: pd.DataFrame) -> list[pd.DataFrame]:
        return split_groups(frame, list(self.by))

    def _masses(self) -> Iterator[Masses]:
        for part, (_, fit) in zip(self._parts(self.table), self.fits.iterrows(), strict=True):
            left, right, mass, low, high = (
                part[name].to_numpy()
                for name in ("left", "right", "mass", "after_lowest", "after_highest")
            )
            yield Masses(left, right, mass, float(fit["gap"]), int(fit["steps"]), low, high)

    def _with_labels(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        return labelled(parts, self.fits[list(self.by)])


def risk_counts(intervals: pd.DataFrame, days: NDArray[Any]) -> pd.DataFrame:
    """Return, for each day, how many are known clear, in between, not seen again, with the event.

    Parameters
    ----------
    intervals : pandas.DataFrame
        ``entry, left, right, people``.
    days : numpy.ndarray
        The days.
    """
    people = intervals["people"].to_numpy()
    happened = np.isfinite(intervals["right"].to_numpy())

    def counted(name: str, rows: NDArray[np.bool_], side: Any) -> NDArray[np.int64]:
        """Count the people of some rows whose day of that name is before, or not after, each."""
        day = intervals[name].to_numpy()[rows]
        order = np.argsort(day, kind="stable")
        through = np.append(0, np.cumsum(people[rows][order]))
        counts: NDArray[np.int64] = through[np.searchsorted(day[order], days, side=side)]
        return counts

    everyone = np.ones(len(people), dtype=bool)
    exact = intervals["left"].to_numpy() == intervals["right"].to_numpy()
    events = counted("right", happened, "right")
    over = counted("left", ~happened, "left")
    # Past the last day known clear, and not yet at the check-in that showed the event.
    wide = happened & ~exact
    between = counted("left", wide, "left") - counted("right", wide, "right")
    passed = np.maximum(between, 0)
    clear = counted("entry", everyone, "right") - events - over - passed
    return pd.DataFrame(
        {"day": days, "clear": clear, "between": passed, "over": over, "events": events}
    )


def unsettled_text(table: pd.DataFrame, fit: pd.Series[Any]) -> str:
    """Return what is not identified in a group, as the end of a sentence."""
    text = ""
    if not fit["unique"]:
        differ = (table["after_highest"] - table["after_lowest"]).to_numpy()
        apart = np.flatnonzero(differ > 0)
        begin = table["left"].iloc[apart[0]]
        end = table["right"].iloc[min(apart[-1] + 1, len(table) - 1)]
        text = (
            f", the estimate is not unique: estimates differ by up to "
            f"{100 * differ.max():.1f} percentage points between day {begin:g} and day {end:g}"
        )
    if fit["beyond"]:
        last = table["right"].iloc[-1]
        text += (
            f", 0 from day {last:g} on since all who were known to be at risk had the event by "
            f"then: of the {fit['beyond']:,.0f} known to be without it later it says nothing"
        )
    return text


def format_points(least: float, most: float) -> str:
    """Return one or two differences of shares in percentage points."""
    written = [f"{100 * value + 0.0:+.1f}".replace("-0.0", "+0.0") for value in (least, most)]
    return written[0] if written[0] == written[1] else f"{written[0]} to {written[1]}"
