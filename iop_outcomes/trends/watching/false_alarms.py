"""How often a chart shows a signal though nothing has changed: rates measured by simulation.

They are those of measured.toml, which ``python -m validation.trends`` writes with
docs/validation_trends.md: of independent normal values in XmR charts, and of the attendance of
synthetic programs without a planted change, where the same people come in neighbouring periods,
which are then alike.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from iop_outcomes.trends.signals.judging import FEW_CROSSINGS, LONG_RUN

NUMBERS = Path(__file__).with_name("measured.toml")
QUARTER = {"week": 13, "month": 3, "quarter": 1, "year": 1}
"""The number of periods that a quarter of a year has; a year is one."""
OTHERWISE = 3  # periods without a length: as of months
WINDOWS = (1, 3, 13)


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes
    ----------
    rates : mapping of (str, bool) to a mapping of int to a tuple of three floats
        By rules, and whether limits rest on the first 12 points only: number of points -> the share
        of charts with a marked point among the last 1, 3 and 13.
    of_sessions : mapping of (str, bool) to float
        By length of period, and whether limits rest on the first 12 points only: the share of p'
        charts of attendance with a marked point in the last quarter.
    of_rule : mapping of str to float
        The share of points of a chart of 24 that a rule marks first, limits from all points.
    """

    rates: Mapping[tuple[str, bool], Mapping[int, tuple[float, float, float]]]
    of_sessions: Mapping[tuple[str, bool], float]
    of_rule: Mapping[str, float]


@cache
def measured() -> Measured:
    """Return the numbers of the last study."""
    read = tomllib.loads(NUMBERS.read_text(encoding="utf-8"))
    rates: dict[tuple[str, bool], dict[int, tuple[float, float, float]]] = {}
    for row in read["independent"]:
        one, three, thirteen = row["marked_in_last"]
        of = rates.setdefault((row["rules"], row["first_12"]), {})
        of[row["points"]] = (one, three, thirteen)
    of_sessions = {(row["every"], row["first_12"]): row["marked"] for row in read["sessions"]}
    runs = read["points"].pop("runs")
    return Measured(rates, of_sessions, read["points"] | {LONG_RUN: runs, FEW_CROSSINGS: runs})


def quarter_of(every: str) -> int:
    """Return how many of the last periods are a quarter of a year."""
    return QUARTER.get(every, OTHERWISE)


def false_alarm_rate(
    rules: str, points: int, every: str, *, baseline: bool, sessions: bool = False
) -> float:
    """Return the probability that a chart without any change shows a signal in its last quarter.

    Parameters
    ----------
    rules : {"mdc", "anhoej", "none"}
        The rules.
    points : int
        The number of known points; between the measured numbers it is interpolated, and below the
        least and above 60 it is that of the least and of 60.
    every : str
        The length of a period.
    baseline : bool
        Whether limits rest on a part of the points; measured for the first 12.
    sessions : bool
        Whether it is a rate of sessions or check-ins, of the same people in neighbouring periods;
        measured for the rules of Making Data Count. Otherwise values are taken as independent.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> from iop_outcomes.trends.watching.false_alarms import false_alarm_rate
    >>> round(false_alarm_rate("mdc", 24, "month", baseline=False), 3)
    0.037
    """
    if rules == "none":
        return 0.0
    place = WINDOWS.index(quarter_of(every))
    table = measured().rates[rules, baseline]
    sizes = sorted(table)
    rate = float(np.interp(points, sizes, [table[size][place] for size in sizes]))
    if sessions and rules == "mdc":
        return max(rate, measured().of_sessions.get((every, baseline), rate))
    return rate


def rate_of_rule(rule: str) -> float:
    """Return how often a rule marks a point by chance; of several rules the rarest."""
    return min(rate for name, rate in measured().of_rule.items() if name in rule)
