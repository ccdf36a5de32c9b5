"""The smoothed rate of the event: its table, its text, and the months of the events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_count, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.curves.result import NAMED_GROUPS
from iop_outcomes.survival.hazard.smoothing import Stretch
from iop_outcomes.survival.labels import days_asked, first_groups, labelled, split_groups
from iop_outcomes.survival.lifelines_bridge import fitted_groups
from iop_outcomes.survival.limits import TOLERANCE, normal_quantile
from iop_outcomes.survival.times import label_of

YEAR = 365
FAINT = 2.0  # no limits are given for a rate below its standard error divided by this
COLUMNS = (
    *("day", "at_risk", "cumulative_hazard", "cumulative_se", "hazard", "se", "lower", "upper"),
    *("near_edge", "month", "from_day", "to_day", "events", "share", "n", "first", "last"),
)


@dataclass(frozen=True, eq=False, repr=False)
class Hazard(DrawnResult):
    """The smoothed rate of the event by day, of one or several groups.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and day: ``[by ...]``, ``day``; ``at_risk`` (int64): under observation just
        before the day; ``cumulative_hazard``, ``cumulative_se``: the Nelson-Aalen estimate through
        the day (the integral of the rate before it is smoothed, where events lie between check-ins)
        and its standard error, missing after the group's last day; ``hazard``, ``se``,
        ``lower``, ``upper``: the smoothed rate a day for one person at risk, its standard error and
        its pointwise limits, missing outside the group's stretch, the limits also where the rate
        is 0 or below half of its standard error; ``near_edge`` (bool): a rate is given, and the
        day lies less than a bandwidth from either end of the stretch. Such a rate is estimated
        mostly from days on one side: its error is larger, and where the true rate is not constant
        there, the limits are unreliable.
    stretches : pandas.DataFrame
        One row a group: ``[by ...], n, events, first, last``: people, events, and the days between
        which the rate is estimated.
    by : tuple of str
        The columns that define the groups.
    bandwidth : float
        Half of the width of the window, in days.
    confidence : float
        The level of the limits.
    rule : str
        How the times were defined, and the estimate.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    clustering : Clustering, optional
        The clusters behind the errors: their column, and how many clusters and rows.
    provenance : Provenance
        What the labels of a picture need: the event, day 0.
    """

    table: pd.DataFrame
    stretches: pd.DataFrame
    by: tuple[str, ...]
    bandwidth: float
    confidence: float
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None
    provenance: Provenance = UNKNOWN
    _parts: tuple[Stretch, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls, parts: list[Stretch], labels: pd.DataFrame, days: NDArray[Any], **fields: Any
    ) -> Hazard:
        """Return the result for the stretches of the groups and the days of the table."""
        rows = [
            _rows(part, days, fields["bandwidth"], normal_quantile(fields["confidence"]))
            for part in parts
        ]
        sizes = [
            {
                "n": int(part.steps.entered.sum()),
                "events": int(part.steps.events.sum()),
                "first": part.first,
                "last": part.last,
            }
            for part in parts
        ]
        return cls(
            table=labelled(rows, labels),
            stretches=labelled([pd.DataFrame([size]) for size in sizes], labels),
            by=tuple(labels.columns),
            _parts=tuple(parts),
            **fields,
        )

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the rows of `table` for any days; nothing is extrapolated.

        Parameters
        ----------
        days : number or sequence of numbers
            Days, 0 or later.
        """
        steps = [part.steps for part in self._parts]
        known = np.concatenate([day for curve in steps for day in (curve.day, curve.entry_day)])
        asked, reach = days_asked(days, known), normal_quantile(self.confidence)
        return self._labelled([_rows(part, asked, self.bandwidth, reach) for part in self._parts])

    def fitters(self) -> dict[Any, Any]:
        """Return each group's fitted ``lifelines.NelsonAalenFitter``, for use with lifelines.

        Returns
        -------
        dict
            By group, fitted to counts of equal rows as those of `SurvivalCurves.fitters` are.

        Raises
        ------
        EstimateError
            If events lie between check-ins: lifelines has no Nelson-Aalen estimate of intervals.

        Notes
        -----
        Its ``cumulative_hazard_`` is that of `table`, through the last day of the group. Its
        limits, and its ``smoothed_hazard_``, which takes no account of the edges, are not ours.
        """
        if not all(part.on_days for part in self._parts):
            raise EstimateError(
                "lifelines estimates a cumulative hazard from the days of the events, and here "
                "they lie between check-ins.",
                instead="spacing=0 and no clear_until column, if each event is on its date.",
            )
        steps = [part.steps for part in self._parts]
        labels = self.stretches[list(self.by)]
        return fitted_groups(steps, labels, "nelson_aalen", self.confidence)

    def by_month(self, months: int = 12, confidence: float | None = None) -> pd.DataFrame:
        r"""Return how the events of the first year are spread over its months.

        Parameters
        ----------
        months : int
            How many months of 365/12 days; the shares are out of the events within them.
        confidence : float, optional
            The level of the limits; by default that of the rates.

        Returns
        -------
        pandas.DataFrame
            One row a group and month: ``[by ...], month, from_day, to_day`` (from: not counted,
            but day 0 in month 1; to: counted), ``events`` (int64, those seen), ``share`` of all
            events up to the last month that fall in it, had nobody been censored, ``se``,
            ``lower``, ``upper``. The shares of a group add up to 1. A share of 0 or 1 has no
            limits.

        Raises
        ------
        EstimateError
            If the follow-up of a group ends before the last month, or fewer than two of it are at
            risk then unless all have had the event, or it has no event in them.

        Notes
        -----
        :math:`(S(a)-S(b)) / (1-S(\tau))` with S of Kaplan and Meier, or where events lie between
        check-ins the exponential of minus the cumulative hazard, so that an event does not count to
        the month of the check-in that showed it; the variance by the delta
        method from :math:`\mathrm{cov}(S(s), S(t)) = S(s) S(t) G(\min(s,t))` with G Greenwood's
        sum, or with clusters the sum over them of the products of their influences on the two;
        the limits on the logit scale.
        """
        reach = normal_quantile(self.confidence if confidence is None else confidence)
        if not is_whole(months, 1):
            raise RuleError(
                "Months are a whole number, 1 or more.", found=f"months={as_written(months)}"
            )
        edges = np.round(np.arange(months + 1) * YEAR / 12).astype(np.int64)
        short = sum(not part.steps.followed_to(float(edges[-1])) for part in self._parts)
        none = sum(not part.steps.counted_through(edges[-1:])[2][0] for part in self._parts)
        if short or none:
            raise EstimateError(
                f"The share of each month needs every group followed through day {edges[-1]} with "
                "two people at risk or more, and with an event by then.",
                found=f"of {format_count(len(self._parts), 'group')} {short} not followed so long, "
                f"{none} without an event",
                instead="fewer months=, or fewer groups.",
            )
        return self._labelled([_month_rows(part, edges, reach) for part in self._parts])

    @property
    def text(self) -> str:
        """The rates as sentences: where each is highest, and the rule."""
        names = list(self.by)
        rows = split_groups(first_groups(self.table, names, NAMED_GROUPS), names)
        named = self.stretches.head(NAMED_GROUPS).iterrows()
        descriptions = [
            self._describe_row(group, group_rows)
            for (_, group), group_rows in zip(named, rows, strict=True)
        ]
        by = f" by {', '.join(names)}" if names else ""
        ending = closing(self.rule, self.clustering)
        joined = join_described(descriptions, len(self.stretches))
        return f"Events per 100 at risk and day{by}: {joined}. {ending}"

    @property
    def _summary(self) -> str:
        """The number of groups, people and events."""
        n, events = self.stretches["n"].sum(), self.stretches["events"].sum()
        noun = "group" if len(self.stretches) == 1 else "groups"
        return f"{len(self.stretches)} {noun}, n {n:,}, events {events:,}"

    def _describe_row(self, group: pd.Series[Any], rows: pd.DataFrame) -> str:
        name = f"{label_of(group[list(self.by)])}: " if self.by else ""
        counts = f"{name}n {group['n']:,.0f}, events {group['events']:,.0f}"
        seen = rows.dropna(subset="hazard")
        if seen.empty:
            return f"{counts}, no rate on the days asked for"
        top, end = seen.loc[seen["hazard"].idxmax()], seen.iloc[-1]
        return (
            f"{counts}, highest {100 * top['hazard']:.2f} on day {top['day']:g}, "
            f"{100 * end['hazard']:.2f} on day {end['day']:g}"
        )

    def _labelled(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        return labelled(parts, self.stretches[list(self.by)])


def _rows(part: Stretch, asked: NDArray[Any], bandwidth: float, reach: float) -> pd.DataFrame:
    rate, error = part.rate(asked, bandwidth)
    total, total_error = part.cumulative(asked)
    least = TOLERANCE * float(np.nanmax(rate, initial=0.0))  # below: 0 except for rounding
    some = rate > np.maximum(error / FAINT, least)
    ratio = np.full(len(rate), np.nan)
    ratio[some] = np.exp(np.minimum(reach * error[some] / rate[some], 700))
    return pd.DataFrame(
        {
            "day": asked,
            "at_risk": part.steps.at_risk_before(asked),
            "cumulative_hazard": total,
            "cumulative_se": total_error,
            "hazard": rate,
            "se": error,
            "lower": rate / ratio,
            "upper": rate * ratio,
            "near_edge": part.near_edge(asked, bandwidth),
        }
    )


def _month_rows(part: Stretch, edges: NDArray[np.int64], reach: float) -> pd.DataFrame:
    survival, covariance = part.survival_at(edges)
    survival[0], covariance[0], covariance[:, 0] = 1.0, 0.0, 0.0  # day 0 belongs to month 1
    share = -np.diff(survival) / (1 - survival[-1])
    # The gradient of the share in the survival at its two edges and at the end.
    gradient = np.eye(len(edges))[:-1] - np.eye(len(edges))[1:]
    gradient[:, -1] += share
    gradient /= 1 - survival[-1]
    squared = np.einsum("ij,jk,ik->i", gradient, covariance, gradient)
    error = np.sqrt(np.maximum(squared, 0.0))
    inner = (share > 0) & (share < 1)
    ratio = np.full(len(share), np.nan)
    scale = share[inner] * (1 - share[inner])
    ratio[inner] = np.exp(np.minimum(reach * error[inner] / scale, 700))
    events = part.steps.counted_through(edges)[2]
    events[0] = 0
    return pd.DataFrame(
        {
            "month": np.arange(1, len(edges)),
            "from_day": edges[:-1],
            "to_day": edges[1:],
            "events": np.diff(events),
            "share": share,
            "se": error,
            "lower": share / (share + (1 - share) * ratio),
            "upper": share * ratio / (share * ratio + (1 - share)),
        }
    )
