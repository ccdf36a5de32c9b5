"""How often a chart shows a signal though nothing has changed: rates measured by simulation.

They are those of ``validation/trends_alarms.py`` (50,000 series a row of independent normal values
in XmR charts, seed 20261127), which a test makes again with fewer.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from iop_outcomes.trends.signals.judging import (
    BEYOND,
    FEW_CROSSINGS,
    LONG_RUN,
    NEAR,
    ONE_SIDE,
    RISE_OR_FALL,
)

QUARTER = {"week": 13, "month": 3, "quarter": 1, "year": 1}
"""The number of periods that a quarter of a year has; a year is one."""
OTHERWISE = 3  # periods without a length: as of months
WINDOWS = (1, 3, 13)

# (rules, whether limits rest on the first 12 points only): number of points -> the share of charts
# with a marked point among the last 1, 3 and 13
RATES: Mapping[tuple[str, bool], Mapping[int, tuple[float, float, float]]] = {
    ("mdc", False): {
        12: (0.0138, 0.0282, 0.0734),
        18: (0.0161, 0.0350, 0.1119),
        24: (0.0162, 0.0370, 0.1284),
        36: (0.0182, 0.0401, 0.1418),
        60: (0.0178, 0.0412, 0.1495),
    },
    ("mdc", True): {
        18: (0.0535, 0.1116, 0.1936),
        24: (0.0612, 0.1292, 0.3075),
        36: (0.0607, 0.1281, 0.3539),
        60: (0.0612, 0.1278, 0.3507),
    },
    ("anhoej", False): {
        12: (0.0246, 0.0314, 0.0646),
        18: (0.0314, 0.0385, 0.0743),
        24: (0.0444, 0.0511, 0.0849),
        36: (0.0612, 0.0679, 0.1008),
        60: (0.0604, 0.0669, 0.0999),
    },
    ("anhoej", True): {
        18: (0.0578, 0.0908, 0.1468),
        24: (0.0929, 0.1245, 0.2221),
        36: (0.1453, 0.1757, 0.2750),
        60: (0.1708, 0.2000, 0.2955),
    },
}
# The share of p' charts of attendance with a marked point in the last quarter, of a synthetic
# program without a planted change (60 seeds, docs/validation_trends.md): the same people come in
# neighbouring periods, which are then alike, so that signals are more frequent.
OF_SESSIONS: Mapping[tuple[str, bool], float] = {
    ("week", False): 0.68,
    ("week", True): 0.75,
    ("month", False): 0.10,
    ("month", True): 0.18,
    ("quarter", False): 0.03,
}
# The share of points of a chart of 24 that a rule marks first, limits from all points.
OF_RULE = {
    RISE_OR_FALL: 0.0018,
    NEAR: 0.0031,
    BEYOND: 0.0045,
    ONE_SIDE: 0.0283,
    LONG_RUN: 0.0384,
    FEW_CROSSINGS: 0.0384,
}


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
    table = RATES[rules, baseline]
    sizes = sorted(table)
    rate = float(np.interp(points, sizes, [table[size][place] for size in sizes]))
    if sessions and rules == "mdc":
        return max(rate, OF_SESSIONS.get((every, baseline), rate))
    return rate


def rate_of_rule(rule: str) -> float:
    """Return how often a rule marks a point by chance; of several rules the rarest."""
    return min(rate for name, rate in OF_RULE.items() if name in rule)
