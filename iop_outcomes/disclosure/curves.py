"""Survival curves with no step that a few people made.

A curve is a table of counts in disguise: the height of each step, times the number at risk, is the
number of events on that day. So it is published only at days between which enough has happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.errors import EstimateError
from iop_outcomes.show import table_html

Days = npt.NDArray[np.int64]
Published = tuple[float, int]  # a day, and the row that holds what is known through it
ANCHORS = (30, 60, 90, 180, 270, 365)
"""The days that readers ask for: published first, where the counts allow it."""


@dataclass(frozen=True, eq=False)
class ProtectedCurves:
    """Survival curves that may leave: the true estimates, at the days that give nobody away.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and published day, with the columns of ``SurvivalCurves.table`` but for
        ``se``, which beside the survival gives the number at risk back. ``events`` and ``censored``
        count since the row before, ``at_risk`` those still followed after the row before and those
        who entered since; ``survival``, ``lower`` and ``upper`` are the estimates of the whole data
        at that day, rounded to two decimals (three from 1,000 people).
    sizes : pandas.DataFrame
        One row a group: ``n``, ``events`` and ``censored`` up to the last published day
        (``through``), and ``median`` where that day is one of the published ones.
    left_out : int
        The number of groups that are gone: too few people, or too few events to show any day.
    by : tuple of str
        The columns that tell the groups apart.
    rule, text : str
        What made the curves, with the disclosure rule; the same in a sentence or two.
    policy : SafePolicy
        The rule of disclosure.
    confidence : float
        The level of the limits.
    synthetic : bool
        Whether the records are made up.
    """

    table: pd.DataFrame
    sizes: pd.DataFrame
    left_out: int
    by: tuple[str, ...]
    rule: str
    text: str
    policy: SafePolicy
    confidence: float = 0.95
    synthetic: bool = False

    def __repr__(self) -> str:
        """Return how many groups and days are published."""
        return f"<ProtectedCurves: {len(self.sizes)} groups, {len(self.table)} published days>"

    def _repr_html_(self) -> str:
        return table_html(self.table, self.text)

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the rows of `table` at the asked days; missing where a day is not published."""
        return self._reindexed(self.table, days)

    def median(self) -> pd.DataFrame:
        """Return the median of each group, where its day is published, without limits."""
        found = self.sizes[[*self.by, "median"]].copy()
        found["lower"] = np.nan
        found["upper"] = np.nan
        return found

    def restricted_mean(self, horizon: float) -> pd.DataFrame:
        """Refuse: the area under a curve needs the steps that are not published."""
        raise EstimateError(
            "A restricted mean cannot be worked out from a protected curve.",
            found=f"a horizon of {horizon:g} days",
            instead="take it from the curves before they are protected",
        )

    def risk_table(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return how many are at risk, censored so far and with an event so far, at each day.

        The columns are those of ``SurvivalCurves.risk_table``; missing where a day is not
        published. Everything is counted through the day, so the three add up to all who entered.
        """
        running = self.table[[*self.by, "day"]].copy()
        parts = self._grouped(self.table)
        running["at_risk"] = self.table["at_risk"] - self.table["censored"] - self.table["events"]
        running["censored"] = parts["censored"].cumsum()
        running["events"] = parts["events"].cumsum()
        return self._reindexed(running, days)

    def plot(self, ax: Any = None) -> Any:
        """Draw the curves; see `iop_outcomes.plot_survival`."""
        from iop_outcomes.plots import plot_survival

        return plot_survival(self, ax)

    def _grouped(self, frame: pd.DataFrame) -> Any:
        if self.by:
            return frame.groupby(list(self.by), observed=True, sort=False)
        return frame.groupby(np.zeros(len(frame), dtype=np.int8))

    def _reindexed(self, frame: pd.DataFrame, days: float | Sequence[float]) -> pd.DataFrame:
        asked = pd.DataFrame({"day": np.atleast_1d(np.asarray(days))})
        if self.by:
            asked = self.sizes[list(self.by)].merge(asked, how="cross")
        return asked.merge(frame, how="left", on=[*self.by, "day"])


def published_steps(
    steps: pd.DataFrame,
    policy: SafePolicy,
    days: Sequence[int] = ANCHORS,
    *,
    parts: Sequence[pd.DataFrame] = (),
) -> pd.DataFrame:
    """Return the rows of one group's curve that may be published, with counts since the last.

    Parameters
    ----------
    steps : pandas.DataFrame
        ``day, at_risk, events, censored, survival, lower, upper``, one group, ascending.
    policy : SafePolicy
        A day is published when at least ``threshold`` events, none or at least as many censorings
        and none or as many late entries lie since the last published day, and at least as many
        people are still followed after it.
    days : sequence of int
        Days to publish first, if they can be; the days between them are filled in after.
    parts : sequence of pandas.DataFrame
        Published curves of groups that make up this one: what is left when their counts are taken
        away must be none or enough, too.

    Returns
    -------
    pandas.DataFrame
        The columns of `steps`, starting with day 0; empty if the group is too small.
    """
    counts = _running(steps)
    if not counts.entered[0] >= policy.threshold:
        return steps.iloc[:0]
    allowed = _allowed(counts, policy, parts)
    chosen = _choose(counts, allowed, policy, days)
    return _rows(steps, counts, chosen)


@dataclass(frozen=True)
class _Running:
    """Counts through each day: events, censorings, entries and who is left."""

    day: npt.NDArray[np.float64] | Days
    events: Days
    censored: Days
    entered: Days
    left: Days

    def enough(self, start: int, end: int, threshold: int) -> bool:
        """Say whether the stretch from row `start` to row `end` may be told apart."""
        if threshold == 1:
            return True
        events = self.events[end] - self.events[start]
        others = (
            self.censored[end] - self.censored[start],
            self.entered[end] - self.entered[start],
        )
        return bool(
            events >= threshold and all(count == 0 or count >= threshold for count in others)
        )


def _running(steps: pd.DataFrame) -> _Running:
    day = steps["day"].to_numpy()
    risk, events, censored = (
        steps[name].to_numpy(dtype=np.int64) for name in ("at_risk", "events", "censored")
    )
    left = risk - events - censored
    late = np.concatenate([[risk[0]], risk[1:] - left[:-1]])
    if day[0] != 0 or events[0] or censored[0]:
        # The start, before anything happened, is published too: it needs a row of its own.
        day, left, late = np.insert(day, 0, 0), np.insert(left, 0, risk[0]), np.insert(late, 1, 0)
        events, censored = np.insert(events, 0, 0), np.insert(censored, 0, 0)
    return _Running(day, events.cumsum(), censored.cumsum(), late.cumsum(), left)


def _allowed(
    counts: _Running, policy: SafePolicy, parts: Sequence[pd.DataFrame]
) -> npt.NDArray[np.bool_]:
    """Return the days at which enough people are left, and enough besides what the parts show."""
    allowed = (counts.left >= policy.threshold) & (counts.day > 0)
    for name, whole in (("events", counts.events), ("censored", counts.censored)):
        rest = whole.astype(np.float64)
        for part in parts:
            shown = np.concatenate([[0.0], part[name].to_numpy(dtype=np.float64).cumsum()])
            rest -= shown[np.searchsorted(part["day"].to_numpy(), counts.day, side="right")]
        if parts:
            allowed &= ~policy.hides(np.abs(rest))
    return allowed


def _choose(
    counts: _Running, allowed: npt.NDArray[np.bool_], policy: SafePolicy, days: Sequence[int]
) -> list[Published]:
    """Return the published days, each with the row of `counts` that holds it."""
    chosen: list[Published] = [(0, 0)]
    for asked in sorted({day for day in days if 0 < day <= counts.day[-1]}):
        place = int(np.searchsorted(counts.day, asked, side="right")) - 1
        if allowed[place] and counts.enough(chosen[-1][1], place, policy.threshold):
            chosen.append((asked, place))
    filled: list[Published] = []
    ends: list[int | None] = [*(row for _, row in chosen[1:]), None]
    for (day, row), end in zip(chosen, ends, strict=True):
        filled.append((day, row))
        filled.extend(_fill(counts, allowed, policy.threshold, (row, end)))
    return filled


def _fill(
    counts: _Running,
    allowed: npt.NDArray[np.bool_],
    threshold: int,
    stretch: tuple[int, int | None],
) -> list[Published]:
    """Return the further days inside a stretch that leave enough on both of their sides."""
    start, end = stretch
    found: list[Published] = []
    for row in range(start + 1, len(counts.day) if end is None else end):
        after = end is None or counts.enough(row, end, threshold)
        if allowed[row] and after and counts.enough(start, row, threshold):
            found.append((counts.day[row].item(), row))
            start = row
    return found


def _rows(steps: pd.DataFrame, counts: _Running, chosen: list[Published]) -> pd.DataFrame:
    rows = np.array([row for _, row in chosen])
    before = np.concatenate([[0], rows[:-1]])
    n = int(counts.entered[-1])
    decimals = 2 if n < 1000 else 3
    offset = len(counts.day) - len(steps)
    table: pd.DataFrame = steps.iloc[np.maximum(rows - offset, 0)].reset_index(drop=True)
    table["day"] = np.array([day for day, _ in chosen])
    table["events"] = counts.events[rows] - counts.events[before]
    table["censored"] = counts.censored[rows] - counts.censored[before]
    table["at_risk"] = (counts.left[rows] + table["events"] + table["censored"]).to_numpy()
    for name in ("survival", "lower", "upper"):
        table[name] = table[name].round(decimals)
    table.loc[0, ["survival", "lower", "upper"]] = 1.0
    return table
