"""How often a chart of a series without any change shows a signal: measured by simulation.

Many series of independent normal values at once, as rows of arrays; a test holds that they are
marked as the public charts and rules mark each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.trends.charts.ranges import NEAR, SCREEN
from iop_outcomes.trends.signals import fewest_crossings, longest_run_limit
from iop_outcomes.trends.signals.judging import BEYOND, ONE_SIDE, RISE_OR_FALL
from iop_outcomes.trends.signals.judging import NEAR as NEAR_A_LIMIT

POINTS = (12, 18, 24, 36, 60)
WINDOWS = (1, 3, 13)
SEED = 20261127
MULTIPLIER = 2.66
RUNS = "run too long or too few crossings"
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Setting:
    """One kind of chart: the rules, the number of points, and those that limits rest on."""

    rules: str
    points: int
    baseline: int | None


def settings() -> list[Setting]:
    """Return all settings that are measured."""
    return [
        Setting(rules, points, baseline)
        for rules in ("mdc", "anhoej")
        for baseline in (None, 12)
        for points in POINTS
        if baseline is None or points > baseline
    ]


def marked_by(values: Array, rules: str, baseline: int | None) -> dict[str, Array]:
    """Return for each rule, in the order of precedence, which points it marks; series as rows."""
    base = values[:, :baseline]
    centre = base.mean(axis=1, keepdims=True)
    ranges = np.abs(np.diff(base, axis=1))
    kept = ranges < SCREEN * ranges.mean(axis=1, keepdims=True)
    distance = MULTIPLIER * (ranges * kept).sum(axis=1) / kept.sum(axis=1)
    apart = values - centre
    beyond = np.abs(apart) > distance[:, None]
    if rules == "anhoej":
        return {BEYOND: beyond, RUNS: np.repeat(_runs(apart > 0)[:, None], values.shape[1], axis=1)}
    close = (np.abs(apart) > NEAR * distance[:, None]) & ~beyond
    above = np.sign(apart)
    steps = np.sign(np.diff(values, axis=1))
    return {
        BEYOND: beyond,
        RISE_OR_FALL: _windows(_same(steps, 6), 7),
        NEAR_A_LIMIT: close & _windows(_same(above, 3) & (_sliding(close, 3).sum(axis=2) >= 2), 3),
        ONE_SIDE: _windows(_same(above, 7), 7),
    }


def _sliding(values: Array, width: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(values, width, axis=1)


def _same(signs: Array, width: int) -> Array:
    """Return at which place a window of equal signs begins."""
    return np.asarray(np.abs(_sliding(signs, width).sum(axis=2)) == width)


def _windows(starts: Array, width: int) -> Array:
    """Return all points of the windows that begin at these places."""
    points = np.zeros((len(starts), starts.shape[1] + width - 1), dtype=np.bool_)
    for offset in range(width):
        points[:, offset : offset + starts.shape[1]] |= starts
    return points


def _runs(above: Array) -> Array:
    """Return which series have a run too long or too few crossings."""
    size = above.shape[1]
    crossings = (above[:, 1:] != above[:, :-1]).sum(axis=1)
    longest = np.zeros(len(above), dtype=np.int64)
    run = np.zeros(len(above), dtype=np.int64)
    for place in range(size):
        same = above[:, place] == above[:, place - 1] if place else False
        run = np.where(same, run + 1, 1)
        longest = np.maximum(longest, run)
    return np.asarray((longest > longest_run_limit(size)) | (crossings < fewest_crossings(size)))


def measure(setting: Setting, series: int, seed: int = SEED) -> dict[str, float]:
    """Return the share of series with a marked point among the last periods, and points by rule.

    Returns
    -------
    dict of str to float
        ``last_1, last_3, last_13`` and ``any``: shares of the series; ``by NAME``: the share of all
        points that the rule marks first.
    """
    random = np.random.default_rng([seed, setting.points, setting.baseline or 0])
    values = random.normal(size=(series, setting.points))
    marks = marked_by(values, setting.rules, setting.baseline)
    taken = np.zeros(values.shape, dtype=np.bool_)
    shares_by_rule: dict[str, float] = {}
    for name, marked in marks.items():
        shares_by_rule[f"by {name}"] = float((marked & ~taken).mean())
        taken |= marked
    shares = {f"last_{width}": float(taken[:, -width:].any(axis=1).mean()) for width in WINDOWS}
    return {**shares, "any": float(taken.any(axis=1).mean()), **shares_by_rule}


def measured(series: int) -> pd.DataFrame:
    """Return the rates of all settings, a row a setting."""
    rows = [
        {"rules": setting.rules, "points": setting.points, "baseline": setting.baseline or 0}
        | measure(setting, series)
        for setting in settings()
    ]
    return pd.DataFrame(rows).fillna(0.0)
