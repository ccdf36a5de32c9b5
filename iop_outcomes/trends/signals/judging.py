"""The verdict of each point: which rule marked it, whether that is good, and the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import Booleans, Floats
from iop_outcomes.shared.checks import check_choice, is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.signals.points import (
    Signs,
    compared,
    point_lies_beyond_a_limit,
    seven_points_lie_on_one_side,
    seven_points_rise_or_fall,
    two_of_three_points_lie_near_a_limit,
)
from iop_outcomes.trends.signals.runs import anhoej

RULES = ("mdc", "anhoej", "none")
IMPROVES = ("up", "down", "neither")
COMMON = "common cause"
NOT_RANDOM = "not random"
BEYOND = "beyond a limit"
RISE_OR_FALL = "seven points rising or falling"
NEAR = "two of three points near a limit"
ONE_SIDE = "seven points on one side of the centre"
LONG_RUN = "run too long"
FEW_CROSSINGS = "too few crossings"
PASSING, FAILING, HIT_AND_MISS = "consistently passing", "consistently failing", "hit and miss"


def judge(
    chart: pd.DataFrame,
    *,
    rules: str = "mdc",
    improves: str = "up",
    target: float | None = None,
) -> pd.DataFrame:
    """Return a chart with the verdict of each point.

    Parameters
    ----------
    chart : pandas.DataFrame
        As of :func:`iop_outcomes.trends.charts.xmr_chart` and the others.
    rules : {"mdc", "anhoej", "none"}
        The rules of Making Data Count; a point beyond a limit, and the rules of Anhoej; or none.
    improves : {"up", "down", "neither"}
        Which direction is an improvement.
    target : float, optional
        The value to be reached.

    Returns
    -------
    pandas.DataFrame
        The chart, and:

        ``variation`` : str
            ``common cause``; ``improvement``, ``concern`` or ``neutral`` with ``(high)`` or
            ``(low)``; ``not random`` by the rules of Anhoej; empty where the value is missing or
            there are no rules.
        ``assurance`` : str
            ``consistently passing`` if both limits of the point are on the better side of the
            target, ``consistently failing`` if both are on the other, else ``hit and miss``. Empty
            without a target, a value or limits, or if neither direction is an improvement.
        ``rule`` : str
            The rule that marked the point; empty if none did.

    Raises
    ------
    RuleError
        If an option is none of those above.

    Notes
    -----
    The rules of Making Data Count, of which the first that marks a point names it: beyond a limit;
    seven points rising or falling; two of three points near a limit (more than two thirds of the
    way, and not beyond it); seven points on one side of the centre. No rule goes across a rebasing;
    periods that are missing are passed over. The verdict of a series is that of its last point.

    References
    ----------
    NHS England. Making data count: strengthening your decisions. 2019.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import xmr_chart
    >>> from iop_outcomes.trends.signals import judge
    >>> chart = xmr_chart(pd.DataFrame({"period": range(8), "value": [5, 6, 5, 6, 5, 6, 5, 12]}))
    >>> last = judge(chart, improves="down", target=20).iloc[-1]
    >>> last["variation"], last["assurance"], last["rule"]
    ('concern (high)', 'consistently passing', 'beyond a limit')
    """
    check_choice("rules", rules, RULES)
    check_choice("improves", improves, IMPROVES)
    if target is not None and (not is_number(target) or not np.isfinite(target)):
        raise RuleError(
            "A target must be a number.", found=f"target={as_written(target)}", instead="target=0.8"
        )
    value, centre, lower, upper = (
        chart[name].to_numpy(dtype=np.float64)
        for name in ("value", "centre", "lower_limit", "upper_limit")
    )
    known = np.isfinite(value) & np.isfinite(centre)
    rule = np.full(len(chart), "", dtype=object)
    sign = np.zeros(len(chart), dtype=np.int8)
    segment = chart["segment"].to_numpy()
    for number in np.unique(segment) if rules != "none" else ():
        rows = np.flatnonzero(known & (segment == number))
        rule[rows], sign[rows] = _marks(chart.iloc[rows], rules)
    variation = _variation(sign, improves)
    if rules == "anhoej":
        _add_runs(chart, known & (sign == 0), rule, variation)
    variation[~known | (rules == "none")] = ""
    return chart.assign(
        variation=variation,
        assurance=_assurance(np.where(known, lower, np.nan), upper, target, improves),
        rule=rule,
    )


def _marks(points: pd.DataFrame, rules: str) -> tuple[list[str], Signs]:
    """Return for the known points of one segment the rule that marks each, and the direction."""
    value, centre, lower, upper, lower_near, upper_near = (
        points[name].to_numpy(dtype=np.float64)
        for name in ("value", "centre", "lower_limit", "upper_limit", "lower_near", "upper_near")
    )
    side = compared(value, centre)
    beyond = point_lies_beyond_a_limit(value, lower, upper)
    marks_by_rule = {BEYOND: beyond}
    if rules == "mdc":
        close = (point_lies_beyond_a_limit(value, lower_near, upper_near) != 0) & (beyond == 0)
        marks_by_rule[RISE_OR_FALL] = seven_points_rise_or_fall(value)
        marks_by_rule[NEAR] = two_of_three_points_lie_near_a_limit(close, side)
        marks_by_rule[ONE_SIDE] = seven_points_lie_on_one_side(side)
    names, sign = [""] * len(points), np.zeros(len(points), dtype=np.int8)
    for name, marks in marks_by_rule.items():
        for place in np.flatnonzero((sign == 0) & (marks != 0)):
            names[place], sign[place] = name, marks[place]
    return names, sign


def _variation(sign: Signs, improves: str) -> np.ndarray:
    kinds = {"up": ("improvement", "concern"), "down": ("concern", "improvement")}
    high, low = kinds.get(improves, ("neutral", "neutral"))
    words = np.array([f"{low} (low)", COMMON, f"{high} (high)"], dtype=object)
    return words[sign.astype(np.intp) + 1]


def _add_runs(
    chart: pd.DataFrame, where: Booleans, rule: np.ndarray, variation: np.ndarray
) -> None:
    """Name the rules of Anhoej at all points of a segment that no limit names."""
    for row in anhoej(chart).itertuples():
        fired = [LONG_RUN] * bool(row.run_too_long) + [FEW_CROSSINGS] * bool(row.too_few_crossings)
        if fired:
            points = where & (chart["segment"].to_numpy() == row.segment)
            rule[points], variation[points] = " and ".join(fired), NOT_RANDOM


def _assurance(lower: Floats, upper: Floats, target: float | None, improves: str) -> list[str]:
    if target is None or improves == "neither":
        return [""] * len(lower)
    above, below = (FAILING, PASSING) if improves == "up" else (PASSING, FAILING)
    words = np.select([target > upper, target < lower], [above, below], HIT_AND_MISS)
    known = np.isfinite(lower) & np.isfinite(upper)
    return [str(word) if there else "" for word, there in zip(words, known, strict=True)]
