"""Survival curves: one tidy table, and everything that is read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.drawing import draw
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import SHOWN_ROWS, format_value, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.curves.reading import TimesRead
from iop_outcomes.survival.labels import (
    day_asked,
    days_asked,
    first_groups,
    group_count,
    labelled,
    stacked,
)
from iop_outcomes.survival.lifelines_bridge import fitted_groups
from iop_outcomes.survival.limits import (
    Interval,
    crossing_day,
    greenwood,
    simultaneous_limits,
)
from iop_outcomes.survival.times import label_of

__all__ = ["NAMED_GROUPS", "SurvivalCurves", "labelled"]

NAMED_GROUPS = 8  # this many groups are named in a sentence; the rest are counted


@dataclass(frozen=True, eq=False, repr=False)
class SurvivalCurves(DrawnResult, TimesRead):
    """Kaplan-Meier curves of one or several groups.

    Everything read from the curves (`at`, `median`, `restricted_mean`, `risk_table`, the plot)
    comes from `table` and `entries`.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and day; the days are 0 and each day of an event or a censoring.
        ``[by ...]``, ``day``; ``at_risk`` (int64): under observation just before the day, on
        day 0 all who start there; ``events``, ``censored`` (int64): on that day; ``survival``
        (0 to 1): the proportion without the event through that day; ``lower``, ``upper``: its
        pointwise confidence limits, both 1 while the survival is 1 and missing once it is 0;
        ``se``: the standard error of ``survival``, as a share like it (that of its logarithm is
        ``se / survival``), 0 while the survival is 1 and missing once it is 0: from Greenwood's
        sum, or with weights or clusters the infinitesimal jackknife. The limits are made from it
        on the scale of `interval`; on the scale "plain" they are ``survival`` plus and minus the
        normal quantile times ``se``. Where the curves are weighted, the three counts are sums of
        weights (float64), and ``rows_at_risk, rows_events, rows_censored`` (int64) say how many
        rows are behind them.
    entries : pandas.DataFrame
        ``[by ...], day, entered``: how many entered on each day; those who enter on
        a day later than 0 is at risk from the day after. Weighted: a sum of weights, and ``rows``.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        The level of the limits.
    interval : {"log-log", "log", "plain", "logit", "arcsine"}
        The scale of the limits.
    rule : str
        How the times were defined, and the estimate.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    weights : str, optional
        The column that the counts are sums of.
    robust : pandas.DataFrame, optional
        Where the errors are robust, a row for each of `table`: ``log_variance, area_variance,
        area_covariance, followed_variance``, the infinitesimal jackknife of the log of the
        survival, of the area under it up to the day, of both together, and of the log of the
        curve of follow-up.
    event : str, optional
        What ends a time, for the axis of a picture; by default the event of `provenance`.
    clustering : Clustering, optional
        The clusters behind the errors: their column, and how many clusters and rows.
    provenance : Provenance
        What the labels of a picture need: the event, day 0.
    """

    table: pd.DataFrame
    entries: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    interval: Interval
    rule: str
    synthetic: bool = False
    weights: str | None = None
    robust: pd.DataFrame | None = None
    event: str | None = None
    clustering: Clustering | None = None
    provenance: Provenance = UNKNOWN

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
            ``events`` and ``censored`` are those of the asked day alone; the last two columns,
            ``events_so_far`` and ``censored_so_far``, count from the start through the day.
        """
        asked = days_asked(days, self.known_days)
        return stacked([steps.at(asked) for steps in self._groups()], self._labels())

    def band(self, until: float | None = None, confidence: float | None = None) -> pd.DataFrame:
        """Return limits that hold for the whole curve at once, as those of `table` do for each day.

        Parameters
        ----------
        until : number, optional
            The band is for the days from the first event to this one; by default to the last
            event that leaves someone without it.
        confidence : float, optional
            The level of the band; by default that of the curves.

        Returns
        -------
        pandas.DataFrame
            One row a group and day of `table` from its first event to the end of the band:
            ``[by ...], day, survival, lower, upper``.

        Raises
        ------
        EstimateError
            If a group has no event up to `until`, or nobody left without it; if the curves are
            weighted or their errors robust, for which the band is not defined.

        Notes
        -----
        The band of Hall and Wellner (1980, Biometrika 67:133-143) on the scale of the curves, with
        the exact quantile of the Brownian bridge; n is all of the group.
        """
        if self.robust is not None:
            raise EstimateError(
                "A simultaneous band is not available for weighted or clustered curves.",
                instead="the pointwise limits in .table; or "
                "cluster=None, if the rows of one person are independent.",
            )
        rows = []
        for steps in self._groups():
            telling = (steps.survival > 0) & (steps.survival < 1) & (steps.events > 0)
            asked = (
                steps.day[telling].max(initial=0)
                if until is None
                else day_asked(until, "until", steps.day)
            )
            through = (steps.day <= asked) & (steps.survival < 1)
            survival = steps.survival[through]
            if not len(survival) or survival[-1] <= 0 or asked > steps.last_day:
                raise EstimateError(
                    "A band needs, in every group, follow-up to its last day, an event by then, "
                    "and a survival above 0.",
                    instead="fewer groups, or another until=.",
                )
            level = self.confidence if confidence is None else confidence
            variance = greenwood(steps.at_risk, steps.events)[through]
            people = int(steps.entered.sum())
            lower, upper = simultaneous_limits(survival, variance, people, level, self.interval)
            row = {"day": steps.day[through], "survival": survival, "lower": lower, "upper": upper}
            rows.append(pd.DataFrame(row))
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
            risk just before the day, as R's ``n.risk``; those who end on that day are then in two
            of the three.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``[by ...], day, at_risk, censored, events`` (int64), the
            last two counted from the start through the day. Weighted: sums of weights (float64),
            and ``rows_at_risk`` (int64), the number of rows that `at_risk` is the weight of.
        """
        if counting not in ("after", "just_before"):
            raise RuleError(
                "A risk table counts who is at risk after the day, or just before it.",
                found=f"counting={as_written(counting)}",
                instead='counting="after" or counting="just_before"',
            )
        asked = days_asked(days, self.known_days)
        after = counting == "after"
        return stacked([steps.risk(asked, after) for steps in self._groups()], self._labels())

    def fitters(
        self, estimate: Literal["kaplan_meier", "nelson_aalen"] = "kaplan_meier"
    ) -> dict[Any, Any]:
        """Return each group's fitted estimator of lifelines, for use with lifelines.

        Parameters
        ----------
        estimate : {"kaplan_meier", "nelson_aalen"}
            ``lifelines.KaplanMeierFitter`` or ``lifelines.NelsonAalenFitter``, the latter with
            ``nelson_aalen_smoothing=False``, so that the events of one day are tied.

        Returns
        -------
        dict
            By the value of the column in `by`, or the tuple of the values of several; ``"all"``
            where there are no groups. Each is fitted to counts of equal rows (its ``weights``), so
            that ``durations`` and the like have a row for each kind of row, not for each person.
            Under late entry the rows join entries and ends in order, not as each person had them,
            which gives the same numbers at risk.

        Raises
        ------
        EstimateError
            If the curves are weighted: lifelines treats weights as numbers of people. If lifelines
            refuses to fit a group: late entry, and nobody at risk after one of the earlier days.

        Notes
        -----
        The survival is that of `table`; before the first day of its own, which under late entry may
        be an entry, the fitter has no value. With clusters the limits of lifelines are not those of
        `table`: it treats rows as independent. They are log-log whatever `interval` says, and both
        0 once the survival is 0; its median on a plateau is one end of it; its ``event_table``
        counts those who enter on a day among those at risk on it, its estimate does not.

        Examples
        --------
        >>> import pandas as pd
        >>> import iop_outcomes as iop
        >>> times = pd.DataFrame(
        ...     {"days": [3, 5, 4, 8], "event": [1, 0, 1, 1], "track": ["day", "day", "eve", "eve"]}
        ... )
        >>> fitters = iop.survival_curves(times, by="track").fitters()
        >>> fitters["day"].survival_function_at_times([3, 5]).tolist()
        [0.5, 0.5]
        """
        if estimate not in ("kaplan_meier", "nelson_aalen"):
            raise RuleError(
                "lifelines estimates the curve or the cumulative hazard.",
                found=f"estimate={as_written(estimate)}",
                instead='fitters("kaplan_meier") or fitters("nelson_aalen")',
            )
        if self.weights is not None:
            raise EstimateError(
                "lifelines treats weights as numbers of people, so it has no estimator for "
                "weighted curves.",
                instead="the curves and their robust limits in .table.",
            )
        return fitted_groups(list(self._groups()), self._labels(), estimate, self.confidence)

    @property
    def sizes(self) -> pd.DataFrame:
        """One row a group: ``[by ...], n, events, censored`` and ``followed_median``.

        The last is the median follow-up in days by the reverse Kaplan-Meier estimate: censoring
        taken as the event (Schemper and Smith 1996, Control Clin Trials 17:343-346). Of weighted
        curves the counts are of rows, and ``weighted_n, weighted_events, weighted_censored`` are
        their sums of weights.
        """
        rows = []
        for steps in self._groups():
            people = steps.people
            row = {
                "n": int(people.entered.sum()),
                "events": int(people.events.sum()),
                "censored": int(people.censored.sum()),
                "followed_median": crossing_day(steps.day, steps.followed()),
            }
            if steps.rows is not None:
                row["weighted_n"] = float(steps.entered.sum())
                row["weighted_events"] = float(steps.events.sum())
                row["weighted_censored"] = float(steps.censored.sum())
            rows.append(row)
        return self._with_rows(rows)

    @property
    def text(self) -> str:
        """The curves as sentences: groups, counts, medians, and the rule."""
        first = self.first(NAMED_GROUPS)
        descriptions = [
            first._describe_row(row, place) for place, (_, row) in enumerate(first.sizes.iterrows())
        ]
        by = f" by {', '.join(self.by)}" if self.by else ""
        ending = closing(self.rule, self.clustering)
        joined = join_described(descriptions, self.groups)
        return f"Time to the event{by}: {joined}. {ending}"

    def plot(
        self,
        ax: Any = None,
        *,
        band: bool = False,
        counting: Literal["after", "just_before"] = "after",
    ) -> Any:
        """Draw the curves with the risk table below; see `iop_outcomes.plot_survival`."""
        return draw(self, ax, band=band, counting=counting)

    @property
    def _summary(self) -> str:
        """The number of groups, people and events."""
        noun = "group" if self.groups == 1 else "groups"
        n = self.entries["rows" if self.weights else "entered"].sum()
        events = self.table["rows_events" if self.weights else "events"].sum()
        how = f", weighted by {self.weights}" if self.weights else ""
        return f"{self.groups:,} {noun}, n {n:,}, events {events:,}{how}"

    def _shown(self) -> tuple[pd.DataFrame, int]:
        first = self.first(SHOWN_ROWS)
        rows = pd.concat([first.sizes, first.median()[["median", "lower", "upper"]]], axis=1)
        return rows, self.groups

    @property
    def groups(self) -> int:
        """The number of groups."""
        return group_count(self.entries, list(self.by))

    def first(self, groups: int) -> SurvivalCurves:
        """Return the curves of the first n groups, that a sentence or a page describes."""
        names = list(self.by)
        robust = self.robust
        if robust is not None:
            end = len(first_groups(self.table, names, groups))
            robust = robust.iloc[:end]
        table, entries = (
            first_groups(frame, names, groups) for frame in (self.table, self.entries)
        )
        return replace(self, table=table, entries=entries, robust=robust)

    def _describe_row(self, row: pd.Series[Any], place: int) -> str:
        name = f"{label_of(row[list(self.by)])}: " if self.by else ""
        counts = f"n {row['n']:,.0f}, events {row['events']:,.0f}"
        if self.weights:
            counts += (
                f" (weighted: n {format_value(float(row['weighted_n']), 1)}, "
                f"events {format_value(float(row['weighted_events']), 1)})"
            )
        return f"{name}{counts}, {self.median_text(place)}{self.unobserved_text(place)}"
