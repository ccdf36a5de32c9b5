"""Survival curves: one tidy table, and everything that is read off it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.show import format_value, table_html
from iop_outcomes.survival.checking import label_of
from iop_outcomes.survival.limits import Interval, crossing_day, normal_quantile
from iop_outcomes.survival.steps import Steps

NAMED_GROUPS = 8  # so many groups are told in a sentence; the rest are counted


@dataclass(frozen=True, eq=False)
class SurvivalCurves:
    """Kaplan-Meier curves of one or several groups.

    All that is read off the curves (`at`, `median`, `restricted_mean`, `risk_table`, the plot)
    comes from `table` and `entries`.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and day; the days are 0 and each day of an event or a censoring.
        ``[by ...]``, ``day``; ``at_risk`` (int64): under observation just before the day, on
        day 0 all who start there; ``events``, ``censored`` (int64): on that day; ``survival``
        (0 to 1): the share without the event through that day; ``lower``, ``upper``: its
        pointwise confidence limits, both 1 while the survival is 1 and missing once it is 0.
    entries : pandas.DataFrame
        ``[by ...], day, entered``: how many came under observation on each day; who enters on
        a day later than 0 is at risk from the day after.
    by : tuple of str
        The columns that make the groups.
    confidence : float
        The level of the limits.
    interval : {"log-log", "log"}
        The scale of the limits.
    rule : str
        What made the times, and the estimate.
    synthetic : bool
        Whether the people are made up; pictures of them say so.
    """

    table: pd.DataFrame
    entries: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    interval: Interval
    rule: str
    synthetic: bool = False

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the curves at the given days.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.

        Returns
        -------
        pandas.DataFrame
            One row a group and day, in the order given, with the columns of `table` and their
            meaning: asked for a day of the table, its row. Nothing is extrapolated: after the
            last day of a group the three estimates are missing, as R's ``summary.survfit``
            leaves them out, even where the survival has come down to 0; nobody is at risk there.
        """
        asked = _days(days)
        return self._with_labels([steps.at(asked) for steps in self._groups()])

    def median(self, confidence: float | None = None) -> pd.DataFrame:
        """Return the median time of each group, with its limits.

        Parameters
        ----------
        confidence : float, optional
            The level of the limits; by default that of the curves.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...], median, lower, upper`` in days. Missing where the curve,
            or its limit, does not come down to one half.

        Notes
        -----
        The day on which the curve reaches .5; where it lies on .5, the middle of that plateau,
        up to the last day if nothing ends it (R's ``quantile.survfit``). The limits are the same
        of the limits of the curve (Brookmeyer and Crowley 1982, Biometrics 38:29-41).
        """
        rows = []
        for steps in self._groups():
            lower, upper = steps.lower, steps.upper
            if confidence is not None and confidence != self.confidence:
                lower, upper = steps.limits(confidence, self.interval)
            row = [crossing_day(steps.day, height) for height in (steps.survival, lower, upper)]
            rows.append(pd.DataFrame([row], columns=["median", "lower", "upper"]))
        return self._with_labels(rows)

    def restricted_mean(self, horizon: float, confidence: float | None = None) -> pd.DataFrame:
        r"""Return the mean time without the event up to a horizon.

        Parameters
        ----------
        horizon : float
            Days; within the follow-up of every group.
        confidence : float, optional
            The level of the limits; by default that of the curves.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...], mean, se, lower, upper`` in days. The limits are
            ``mean`` plus and minus the normal quantile times ``se``.

        Raises
        ------
        EstimateError
            If the follow-up of a group ends before the horizon.

        Notes
        -----
        The area :math:`\int_0^\tau S(t) dt` under the curve. Its variance is
        :math:`\sum_j A_j^2 d_j / (n_j (n_j - d_j))` with :math:`A_j` the area from event day j
        to the horizon (Klein and Moeschberger 2003, section 4.5; R's ``survmean``).
        """
        reach = normal_quantile(self.confidence if confidence is None else confidence)
        end = float(_days(horizon)[0])
        if end <= 0:
            raise RuleError("A horizon is later than day 0.", found=f"horizon={horizon!r}")
        self._check_horizon(end)
        rows = []
        for steps in self._groups():
            mean, error = steps.area(end)
            row = [mean, error, mean - reach * error, mean + reach * error]
            rows.append(pd.DataFrame([row], columns=["mean", "se", "lower", "upper"]))
        return self._with_labels(rows)

    def risk_table(
        self,
        days: float | Sequence[float],
        counting: Literal["after", "just_before"] = "after",
    ) -> pd.DataFrame:
        """Return the table of a survival plot: at risk, censored and with the event by each day.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.
        counting : {"after", "just_before"}
            ``"after"``: at risk after the day, so that the three numbers of a day add up to all
            who have entered by then (without late entry, to the group). ``"just_before"``: at
            risk just before the day, as R's ``n.risk``; who ends on that day is then in two of
            the three.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``[by ...], day, at_risk, censored, events`` (int64), the
            last two counted from the start through the day.
        """
        if counting not in ("after", "just_before"):
            raise RuleError(
                "A risk table counts who is at risk after the day, or just before it.",
                found=f"counting={counting!r}",
                instead='counting="after" or counting="just_before"',
            )
        asked = _days(days)
        rows = []
        for steps in self._groups():
            entered, censored, events = steps.counted_through(asked)
            if counting == "after":
                at_risk = entered - censored - events
            else:
                at_risk = steps.at_risk_before(asked)
            row = {"day": asked, "at_risk": at_risk, "censored": censored, "events": events}
            rows.append(pd.DataFrame(row))
        return self._with_labels(rows)

    @property
    def sizes(self) -> pd.DataFrame:
        """One row a group: ``[by ...], n, events, censored`` and ``followed_median``.

        The last is the median follow-up in days by the reverse Kaplan-Meier estimate: censoring
        taken as the event (Schemper and Smith 1996, Control Clin Trials 17:343-346).
        """
        rows = []
        for steps in self._groups():
            row = {
                "n": int(steps.entered.sum()),
                "events": int(steps.events.sum()),
                "censored": int(steps.censored.sum()),
                "followed_median": crossing_day(steps.day, steps.followed()),
            }
            rows.append(pd.DataFrame([row]))
        return self._with_labels(rows)

    @property
    def text(self) -> str:
        """The curves as sentences: groups, counts, medians, and the rule."""
        found = pd.concat([self.sizes, self.median()[["median", "lower", "upper"]]], axis=1)
        told = [self._told(row) for _, row in found.head(NAMED_GROUPS).iterrows()]
        if len(found) > NAMED_GROUPS:
            told.append(f"and {len(found) - NAMED_GROUPS} more groups")
        by = f" by {', '.join(self.by)}" if self.by else ""
        return f"Time to the event{by}: {'; '.join(told)}. {self.rule}"

    def plot(self, ax: Any = None) -> Any:
        """Draw the curves with the risk table below; see `iop_outcomes.plot_survival`."""
        from iop_outcomes.plots import plot_survival

        return plot_survival(self, ax)

    def __repr__(self) -> str:
        """Return the number of groups, people and events."""
        groups = len(self.sizes)
        noun = "group" if groups == 1 else "groups"
        n, events = self.entries["entered"].sum(), self.table["events"].sum()
        return f"<SurvivalCurves: {groups} {noun}, n {n:,}, events {events:,}>"

    def _repr_html_(self) -> str:
        found = pd.concat([self.sizes, self.median()[["median", "lower", "upper"]]], axis=1)
        return table_html(found, self.text)

    def _told(self, row: pd.Series[Any]) -> str:
        name = f"{label_of(row[list(self.by)])}: " if self.by else ""
        counts = f"n {row['n']:,.0f}, events {row['events']:,.0f}"
        return f"{name}{counts}, {median_words(row, self.confidence)}"

    def _check_horizon(self, horizon: float) -> None:
        ends = [steps.last_day for steps in self._groups()]
        if min(ends) < horizon:
            short = sum(end < horizon for end in ends)
            raise EstimateError(
                "A restricted mean needs every group followed up to its horizon.",
                found=f"a horizon of {horizon:g} days; {short} of {len(ends)} groups end before it",
                instead=f"restricted_mean({min(ends):g}), or a shorter horizon.",
            )

    def _groups(self) -> Iterator[Steps]:
        names = list(self.by)
        for table, entries in zip(
            _split(self.table, names), _split(self.entries, names), strict=True
        ):
            yield Steps.of(table, entries)

    def _with_labels(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        return labelled(parts, self.entries[list(self.by)].drop_duplicates())


def median_words(row: pd.Series[Any], confidence: float) -> str:
    """Return a median and its limits in words."""
    if pd.isna(row["median"]):
        return "median not reached"
    limits = [
        "not reached" if pd.isna(row[name]) else format_value(float(row[name]), 1)
        for name in ("lower", "upper")
    ]
    middle = format_value(float(row["median"]), 1)
    return f"median {middle} days ({confidence:.0%} limits {limits[0]} to {limits[1]})"


def labelled(parts: list[pd.DataFrame], labels: pd.DataFrame) -> pd.DataFrame:
    """Return the parts below each other, each with the label of its group."""
    body = pd.concat(parts, ignore_index=True)
    if not len(labels.columns):
        return body
    group = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return pd.concat([labels.iloc[group].reset_index(drop=True), body], axis=1)


def _split(frame: pd.DataFrame, names: list[str]) -> list[pd.DataFrame]:
    if not names:
        return [frame]
    return [part for _, part in frame.groupby(names, sort=False, observed=True)]


def _days(days: Any) -> NDArray[Any]:
    asked = np.atleast_1d(np.asarray(days))
    numeric = asked.ndim == 1 and asked.dtype.kind in "iuf"
    if not numeric or not len(asked) or not np.isfinite(asked).all() or (asked < 0).any():
        raise RuleError(
            "Days are numbers, 0 or more.",
            found=repr(days) if np.size(asked) <= 20 else f"{np.size(asked)} values",
            instead="[0, 30, 60, 90], for example.",
        )
    return asked
