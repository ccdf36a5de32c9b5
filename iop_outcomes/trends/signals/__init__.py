"""Rules that distinguish a signal from chance in a chart.

Frames with centre and limits come in, a row a period; columns with the verdict of each point go
out. How limits are estimated, records and pictures are not known here.
"""

from __future__ import annotations

from iop_outcomes.trends.signals.judging import IMPROVES, RULES, judge
from iop_outcomes.trends.signals.points import (
    point_lies_beyond_a_limit,
    seven_points_lie_on_one_side,
    seven_points_rise_or_fall,
    two_of_three_points_lie_near_a_limit,
)
from iop_outcomes.trends.signals.runs import (
    anhoej,
    centre_is_crossed_too_seldom,
    fewest_crossings,
    longest_run_is_too_long,
    longest_run_limit,
)

__all__ = [
    "IMPROVES",
    "RULES",
    "anhoej",
    "centre_is_crossed_too_seldom",
    "fewest_crossings",
    "judge",
    "longest_run_is_too_long",
    "longest_run_limit",
    "point_lies_beyond_a_limit",
    "seven_points_lie_on_one_side",
    "seven_points_rise_or_fall",
    "two_of_three_points_lie_near_a_limit",
]
