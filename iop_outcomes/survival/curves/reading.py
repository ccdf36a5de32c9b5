"""The times that are read off survival curves: quantiles, follow-up, means up to a horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_more
from iop_outcomes.survival.curves.steps import Steps
from iop_outcomes.survival.labels import (
    day_asked,
    format_median,
    group_bounds,
    group_columns,
    labelled,
    shares_asked,
)
from iop_outcomes.survival.limits import Interval, crossing_day, normal_quantile, why_not_crossed

MOST_GAPS = 3  # named in a sentence


class TimesRead:
    """What `SurvivalCurves` reads off its curves in days; the fields are described there."""

    table: pd.DataFrame
    entries: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    interval: Interval
    robust: pd.DataFrame | None

    @property
    def known_days(self) -> NDArray[Any]:
        """The days on which anyone enters, has the event or is censored, of all groups."""
        return np.concatenate([self.table["day"].to_numpy(), self.entries["day"].to_numpy()])

    def median(self, confidence: float | None = None, *, reasons: bool = False) -> pd.DataFrame:
        """Return the median time of each group, with its limits.

        Parameters
        ----------
        confidence : float, optional
            The level of the limits; by default that of the curves.
        reasons : bool
            Also ``lower_missing``, ``upper_missing`` (text), which say why a limit is missing: see
            `quantile`.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...], median, lower, upper`` in days. Missing where the curve,
            or its limit, does not come down to one half.

        Notes
        -----
        ``quantile(0.5)``, whose rule for a plateau holds here too.
        """
        return (
            self.quantile(0.5, confidence, reasons=reasons)
            .drop(columns="share")
            .rename(columns={"quantile": "median"})
        )

    def quantile(
        self,
        share: float | Sequence[float] = (0.25, 0.5, 0.75),
        confidence: float | None = None,
        *,
        reasons: bool = False,
    ) -> pd.DataFrame:
        """Return the days by which the given shares have had the event, with their limits.

        Parameters
        ----------
        share : number or sequence of numbers
            Shares between 0 and 1: 0.25 is the day by which a quarter have had the event.
        confidence : float, optional
            The level of the limits; by default that of the curves.
        reasons : bool
            Also ``lower_missing``, ``upper_missing`` (text), which say why a limit is missing:
            "not reached" where it is above 1 - share to the end of the follow-up, "cannot be
            computed" where the survival comes down to 0 before, from where on it has no limits;
            empty where there is a limit.

        Returns
        -------
        pandas.DataFrame
            One row a group and share: ``[by ...], share, quantile, lower, upper``, the last three
            in days. Missing where the curve, or its limit, does not come down to 1 - share.

        Notes
        -----
        The day on which the curve reaches 1 - share; where it lies on it, the middle of that
        plateau, up to the last day if nothing ends it (R's ``quantile.survfit``). The limits are
        the same of the limits of the curve (Brookmeyer and Crowley 1982, Biometrics 38:29-41).
        """
        asked = shares_asked(share)
        rows = []
        for steps in self._groups():
            lower, upper = steps.lower, steps.upper
            if confidence is not None and confidence != self.confidence:
                lower, upper = steps.limits(confidence, self.interval)
            heights = (steps.survival, lower, upper)
            crossings = [_crossings("quantile", steps.day, heights, 1 - p, reasons) for p in asked]
            row = pd.DataFrame(crossings)
            row.insert(0, "share", asked)
            rows.append(row)
        return self._with_labels(rows)

    def follow_up(self, confidence: float | None = None, *, reasons: bool = False) -> pd.DataFrame:
        """Return the median follow-up of each group by the reverse Kaplan-Meier estimate.

        Parameters
        ----------
        confidence : float, optional
            The level of the limits; by default that of the curves.
        reasons : bool
            Also ``lower_missing``, ``upper_missing`` (text), which say why a limit is missing: see
            `quantile`.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...], median, lower, upper`` in days; missing where the curve of
            follow-up, or its limit, does not come down to one half.

        Notes
        -----
        Censoring taken as the event and the event as the end of what is known (Schemper and Smith
        1996, Control Clin Trials 17:343-346). Those who have the event and those who are censored
        on a day are both at risk on it, as in R's ``survfit(Surv(days, 1 - event) ~ 1)``.
        """
        level = self.confidence if confidence is None else confidence
        rows = []
        for steps in self._groups():
            curve = steps.followed()
            heights = (curve, *steps.followed_limits(level, self.interval))
            rows.append(_crossings("median", steps.day, heights, 0.5, reasons))
        return self._with_rows(rows)

    def restricted_mean(self, horizon: float, confidence: float | None = None) -> pd.DataFrame:
        r"""Return the mean time without the event up to a horizon.

        Parameters
        ----------
        horizon : float
            Days; with two people or more still at risk just before it in every group, except where
            the curve has come down to 0 by then: its area is known.
        confidence : float, optional
            The level of the limits; by default that of the curves.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...], mean, se, lower, upper`` in days. The limits are
            ``mean`` plus and minus the normal quantile times ``se``, and missing where ``se`` is 0:
            where nobody has the event by the horizon, or all on one day, the formula sees no
            spread, and no limits can be computed.

        Raises
        ------
        EstimateError
            If the follow-up of a group ends before the horizon, or fewer than two of its people
            are at risk just before it, unless its curve has come down to 0.

        Notes
        -----
        The area :math:`\int_0^\tau S(t) dt` under the curve. Its variance is
        :math:`\sum_j A_j^2 d_j / (n_j (n_j - d_j))` with :math:`A_j` the area from event day j
        to the horizon (Klein and Moeschberger 2003, section 4.5; R's ``survmean``). Curves with
        weights or clusters have the infinitesimal jackknife of the area instead; R's
        ``print(survfit(..., cluster=), rmean=)`` keeps the sum above, which does not hold there.
        """
        reach = normal_quantile(self.confidence if confidence is None else confidence)
        end = day_asked(horizon, "horizon", self.known_days)
        if end <= 0:
            raise RuleError(
                "A horizon must be later than day 0.", found=f"horizon={as_written(horizon)}"
            )
        self._check_horizon(end)
        rows = []
        for steps in self._groups():
            mean, error = steps.area(end)
            far = reach * error if error > 0 else float("nan")
            rows.append({"mean": mean, "se": error, "lower": mean - far, "upper": mean + far})
        return self._with_rows(rows)

    def time_lost(self, horizon: float, confidence: float | None = None) -> pd.DataFrame:
        """Return the mean time lost to the event up to a horizon: horizon - restricted mean.

        Parameters
        ----------
        horizon, confidence : float
            As in `restricted_mean`, whose errors it raises.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``[by ...], lost, se, lower, upper`` in days.
        """
        means = self.restricted_mean(horizon, confidence).rename(columns={"mean": "lost"})
        lower, upper = horizon - means["upper"], horizon - means["lower"]
        return means.assign(lost=horizon - means["lost"], lower=lower, upper=upper)

    def median_text(self, group: int) -> str:
        """Return the median of one group, by its place, and its limits in words."""
        steps = next(islice(self._groups(), group, None))
        heights = (steps.survival, steps.lower, steps.upper)
        return format_median(_crossings("median", steps.day, heights, 0.5, True), self.confidence)

    def _check_horizon(self, horizon: float) -> None:
        open_ended = [steps for steps in self._groups() if steps.height_at(horizon) > 0]
        ends = [steps.last_day for steps in open_ended]
        of = f"of {len(self._labels())} groups"
        if ends and min(ends) < horizon:
            short = sum(end < horizon for end in ends)
            raise EstimateError(
                "A restricted mean (RMST) needs every group to be followed up to the horizon.",
                found=f"a horizon of {horizon:g} days; {short} {of} end before it",
                instead=_horizon_instead(open_ended),
            )
        few = sum(not steps.followed_to(horizon) for steps in open_ended)
        if few:
            raise EstimateError(
                "A restricted mean (RMST) needs two people or more at risk just before the "
                "horizon.",
                found=f"a horizon of {horizon:g} days; {few} {of} have fewer",
                instead=_horizon_instead(open_ended),
            )

    def unobserved_text(self, group: int) -> str:
        """Return in words the days over which a group's curve continues with nobody at risk."""
        gaps = next(islice(self._groups(), group, None)).gaps()
        if not gaps:
            return ""
        stretches = ", ".join(f"day {start:g} to day {end:g}" for start, end in gaps[:MOST_GAPS])
        more = f" {format_more(len(gaps) - MOST_GAPS, 'gap')}" if len(gaps) > MOST_GAPS else ""
        return f", nobody at risk from {stretches}{more}"

    def _groups(self) -> Iterator[Steps]:
        names = list(self.by)
        tables = group_columns(self.table, names)
        robust = (
            [None] * len(tables)
            if self.robust is None
            else group_columns(pd.concat([self.table[names], self.robust], axis=1), names)
        )
        yield from map(Steps.of, tables, group_columns(self.entries, names), robust)

    def _with_labels(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        return labelled(parts, self._labels())

    def _with_rows(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        return pd.concat([self._labels(), pd.DataFrame(rows)], axis=1)

    def _labels(self) -> pd.DataFrame:
        names = list(self.by)
        starts = group_bounds(self.entries, names)[:-1]
        return self.entries[names].iloc[starts].reset_index(drop=True)


def _crossings(
    name: str, day: NDArray[Any], heights: tuple[NDArray[Any], ...], level: float, reasons: bool
) -> dict[str, Any]:
    """Return where a curve and its limits come down to a level; and, if asked, why they do not."""
    _, lower, upper = heights
    row: dict[str, Any] = {
        key: crossing_day(day, height, level)
        for key, height in zip((name, "lower", "upper"), heights, strict=True)
    }
    if reasons:
        row["lower_missing"] = why_not_crossed(lower, level)
        row["upper_missing"] = why_not_crossed(upper, level)
    return row


def _horizon_instead(groups: list[Steps]) -> str:
    """Say up to which day each group has two people or more at risk."""
    lasts = []
    for steps in groups:
        enough = steps.people.at_risk_before(steps.day) >= 2
        lasts.append(float(steps.day[enough].max(initial=0)))
    if min(lasts) > 0:
        return f"restricted_mean({min(lasts):g}), or a shorter horizon."
    return "there is no horizon that every group is followed up to: leave out the smallest."
