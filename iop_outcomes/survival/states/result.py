"""The share in each state by day: one tidy table, and what is read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import set_missing
from iop_outcomes.shared.provenance import UNKNOWN, Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import SHOWN_ROWS, format_value, join_described
from iop_outcomes.survival.clusters import Clustering, closing
from iop_outcomes.survival.competing.aalen_johansen import none_among
from iop_outcomes.survival.curves.result import NAMED_GROUPS
from iop_outcomes.survival.labels import (
    days_asked,
    first_groups,
    format_limits,
    group_bounds,
    split_groups,
)
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.running_products import Spans
from iop_outcomes.survival.times import label_of

STATE_COLUMNS = ("state", "day", "at_risk", "entered", "share", "se", "lower", "upper")
SPENT = ("time", "variance", "covariance")
FEWEST = 10


@dataclass(frozen=True, eq=False, repr=False)
class StateOccupation(DrawnResult):
    """The share of episodes, or people, in each of several states, day by day, by group.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group, state and day; the days are the first, and each on which a stay begins
        or ends. ``[by ...]``, ``state`` (category), ``day``; ``at_risk`` (int64): under
        observation in the state just before the day (on the first: from it on); ``entered``
        (int64): entries into the state from another on the day; ``share`` (0 to 1): the share in
        the state after the day; ``se``: its standard error; ``lower``, ``upper``: its pointwise
        confidence limits; while the share is 0 from 0 to the upper limit of none among those under
        observation (on the first day both 0), missing where it is 1. On each day the shares of a
        group sum to 1.
    transitions : pandas.DataFrame
        ``[by ...], from, to`` (a state, or "censored" in it), ``number``; those that
        occur.
    spent : pandas.DataFrame
        Beside each row of `table`: ``time`` (days spent in the state up to the day), its
        ``variance``, and its ``covariance`` with the share; `time_in_state` reads it.
    sizes : pandas.DataFrame
        One row a group: ``[by ...], n`` (ids), ``stays``, ``moves`` (from state to state).
    states : tuple of str
        The states that occur, in the order of the table: of the categories; without categories
        engaged to dead, or sorted, those that nobody leaves last.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        The level of the limits.
    rule : str
        The rule of the numbers; printed with every figure.
    synthetic : bool
        Whether the data are synthetic.
    unit : str
        What the shares are of, "episode" or "person": a person may have several episodes.
    clustering : Clustering, optional
        The clusters behind the errors: their column, and how many clusters and ids.
    provenance : Provenance
        What the labels of a picture need: the event, day 0.
    """

    table: pd.DataFrame
    transitions: pd.DataFrame
    spent: pd.DataFrame
    sizes: pd.DataFrame
    states: tuple[str, ...]
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool
    unit: str = "person"
    clustering: Clustering | None = None
    provenance: Provenance = UNKNOWN
    _known: tuple[Spans, ...] = field(default=(), repr=False)

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the shares on given days.

        Parameters
        ----------
        days : float or sequence of float
            Days, in the order wanted.

        Returns
        -------
        pandas.DataFrame
            The columns of ``table``, one row a group, state and day asked for. The estimates are
            missing after the last day on which anyone of the group was under observation, and
            before the first; ``at_risk`` is then 0. ``entered`` counts the asked day only; the last
            column, ``entered_so_far``, counts from the start through the day.
        """
        asked = days_asked(days, self.table["day"])
        rows = [self._read(part, asked) for part in self._parts(self.table)]
        table = pd.concat(rows, ignore_index=True)
        # Between the days of the table fewer may be observed; the limit of a share of none uses
        # them.
        observed = np.concatenate(
            [np.tile(spans.at(asked), len(self.states)) for spans in self._known]
        )
        first = np.repeat([part["day"].iloc[0] for part in self._parts(self.table)], len(asked))
        none = ((table["share"] == 0) & (table["day"] > first)).to_numpy()
        table.loc[none, "upper"] = none_among(observed[none], self.confidence)
        return table

    def time_in_state(self, horizon: float, confidence: float | None = None) -> pd.DataFrame:
        r"""Return the mean days spent in each state up to a horizon.

        Parameters
        ----------
        horizon : float
            A day after the first.
        confidence : float, optional
            The level of the limits; that of the shares by default.

        Returns
        -------
        pandas.DataFrame
            ``[by ...], state, horizon, days, se, lower, upper``. Returns count: the days are all
            of those in the state, a mean over episodes (or people, see `unit`). They sum to the
            days from the first to the horizon. The limits are missing where ``se`` is 0: there is
            no variation so far.

        Raises
        ------
        EstimateError
            If the follow-up of a group ends before the horizon, or fewer than two of it are under
            observation then while some could still move.
        RuleError
            If the horizon is not after the first day.

        Notes
        -----
        :math:`\int_0^h p_s(u) du`, R's ``summary(fit, rmean = h)``. The standard error is that
        of the infinitesimal jackknife: the integral of each cluster's influence.
        """
        end = one_day(horizon)
        reach = normal_quantile(self.confidence if confidence is None else confidence)
        rows = []
        pairs = zip(self._parts(self.table), self._parts(self.spent), strict=True)
        self._check_horizon(end)
        for part, spent in pairs:
            day = part["day"].to_numpy()
            place = np.searchsorted(day, end, side="right") - 1
            left = end - day[place]
            share, error = part["share"].to_numpy()[place], part["se"].to_numpy()[place]
            time, variance, covariance = (spent[name].to_numpy()[place] for name in SPENT)
            mean = time + left * share
            se = np.sqrt(max(variance + 2 * left * covariance + (left * error) ** 2, 0.0))
            row = part[[*self.by, "state"]].iloc[[0]]
            lower, upper = max(mean - reach * se, 0.0), min(mean + reach * se, end - day[0])
            if se == 0:
                lower = upper = np.nan
            rows.append(row.assign(horizon=end, days=mean, se=se, lower=lower, upper=upper))
        return pd.concat(rows, ignore_index=True)

    def risk_table(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return how many are under observation after given days, in any state but a last one.

        Returns
        -------
        pandas.DataFrame
            ``[by ...], day, at_risk`` (int64); 0 past the end of the follow-up.
        """
        asked = days_asked(days, self.table["day"])
        rows = []
        for group in split_groups(self.table, list(self.by)):
            total = group.groupby("day", sort=True)["at_risk"].sum()
            day = total.index.to_numpy()
            place = np.searchsorted(day, asked, side="right")
            number = np.append(total.to_numpy(), 0)[place]
            number = np.where(asked < day[0], 0, number)
            label = group[list(self.by)].iloc[[0] * len(asked)].reset_index(drop=True)
            rows.append(label.assign(day=asked, at_risk=number.astype(np.int64)))
        return pd.concat(rows, ignore_index=True)

    @property
    def last_common_day(self) -> float:
        """The last day on which someone of every group is under observation."""
        ends = group_bounds(self.table, [*self.by, "state"])[1:] - 1
        return float(self.table["day"].to_numpy()[ends].min())

    @property
    def last_day(self) -> float:
        """The last day with enough people under observation, for texts and plots.

        The last on which at least 10, and 5 percent, of every group are under observation;
        where a group never has so many, `last_common_day`.
        """
        rows = np.diff(group_bounds(self.table, list(self.by)))
        group = np.repeat(np.arange(len(rows)), rows)
        known = pd.DataFrame({"group": group, **self.table[["day", "at_risk"]]})
        total = known.groupby(["group", "day"], as_index=False)["at_risk"].sum()
        least = np.maximum(FEWEST, self.sizes["n"].to_numpy() / 20)
        many = total[total["at_risk"].to_numpy() >= least[total["group"]]]
        days = many.groupby("group")["day"].max().to_numpy(dtype=float)
        return float(np.append(days, self.last_common_day).min())

    @property
    def units(self) -> str:
        """What the shares are of, in the plural."""
        return "people" if self.unit == "person" else f"{self.unit}s"

    @property
    def text(self) -> str:
        """The shares on the last day with enough of each group, in words, and the rule."""
        day = self.last_day
        groups = split_groups(self._first(NAMED_GROUPS).at(day), list(self.by))
        descriptions = [self._describe_row(group) for group in groups]
        ending = closing(self.rule, self.clustering)
        shares = join_described(descriptions, len(self.sizes))
        return f"Share of {self.units} in each state on day {day:g}: {shares}. {ending}"

    @property
    def _summary(self) -> str:
        """The number of states, groups, ids and moves."""
        groups = len(self.sizes)
        noun = "group" if groups == 1 else "groups"
        kinds = "state" if len(self.states) == 1 else "states"
        n, moves = int(self.sizes["n"].sum()), int(self.sizes["moves"].sum())
        return f"{len(self.states)} {kinds}, {groups} {noun}, n {n:,}, {moves:,} moves"

    def _shown(self) -> tuple[pd.DataFrame, int]:
        rows = self._first(SHOWN_ROWS).at(self.last_day)
        return rows, len(self.sizes) * len(self.states)

    def _first(self, groups: int) -> StateOccupation:
        """Return the shares of the first n groups."""
        table = first_groups(self.table, list(self.by), groups)
        return replace(
            self, table=table, sizes=self.sizes.head(groups), _known=self._known[:groups]
        )

    def _read(self, part: pd.DataFrame, asked: np.ndarray[Any, Any]) -> pd.DataFrame:
        day = part["day"].to_numpy()
        place = np.searchsorted(day, asked, side="right") - 1
        known = (asked >= day[0]) & (asked <= day[-1])
        rows = part.iloc[np.maximum(place, 0)].reset_index(drop=True)
        exact = known & (day[np.maximum(place, 0)] == asked)
        following = np.append(part["at_risk"].to_numpy(), 0)[np.searchsorted(day, asked)]
        rows["day"] = asked
        rows["at_risk"] = np.where(known, following, 0)
        so_far = np.cumsum(part["entered"].to_numpy())
        rows["entered_so_far"] = np.where(asked >= day[0], so_far[np.maximum(place, 0)], 0)
        rows["entered"] = np.where(exact, rows["entered"], 0)
        values = ["share", "se", "lower", "upper"]
        set_missing(rows, ~known, values)
        return rows

    def _check_horizon(self, horizon: float) -> None:
        for group in split_groups(self.table, list(self.by)):
            first, last = float(group["day"].min()), float(group["day"].max())
            if horizon <= first:
                raise RuleError(
                    f"A horizon is later than day {first:g}.", found=f"horizon={horizon:g}"
                )
            if horizon > last:
                raise EstimateError(
                    "Days spent in each state need every group followed up to the horizon.",
                    found=f"a horizon of {horizon:g} days; a group followed for {last:g}",
                    instead=f"a horizon of {self.last_common_day:g} days or fewer.",
                )
            here = group[group["day"] == group["day"][group["day"] >= horizon].min()]
            left = group.groupby("state", observed=True)["at_risk"].sum() > 0
            open_ = here["state"].map(left).to_numpy(dtype=bool)
            share = group[group["day"] == group["day"][group["day"] <= horizon].max()]["share"]
            if here["at_risk"].sum() < 2 and share.to_numpy()[open_].sum() > 0:
                raise EstimateError(
                    "A group has fewer than two people under observation at the horizon.",
                    found=f"a horizon of {horizon:g} days",
                    instead="a shorter one.",
                )

    def _describe_row(self, part: pd.DataFrame) -> str:
        name = f"{label_of(part[list(self.by)].iloc[0])}: " if self.by else ""
        shares = []
        for row in part.to_dict("records"):
            limits = format_limits(self.confidence, row["lower"], row["upper"])
            shares.append(f"{row['state']} {format_value(row['share'])} ({limits})")
        return name + ", ".join(shares)

    def _parts(self, table: pd.DataFrame) -> list[pd.DataFrame]:
        return split_groups(table, [*self.by, "state"])


def one_day(day: float, known: Any = ()) -> float:
    """Return a day as a number, as `known` has it except for rounding; refuse several."""
    asked = days_asked(day, known)
    if np.ndim(day):
        raise RuleError("One day is asked for.", found=f"{len(asked)} in a list", instead="90")
    return float(asked[0])
