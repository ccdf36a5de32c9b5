"""Process-control charts: the centre and the limits of one measure over time.

Plain frames come in, a row a period; frames with centre and limits go out. Records, rules for
signals and pictures are not known here.
"""

from __future__ import annotations

from iop_outcomes.trends.charts.counts import c_chart, g_chart, t_chart
from iop_outcomes.trends.charts.kinds import CHARTS, make_chart
from iop_outcomes.trends.charts.rates import p_chart, p_prime_chart, u_chart, u_prime_chart
from iop_outcomes.trends.charts.series import TRIAL_POINTS
from iop_outcomes.trends.charts.values import run_chart, xmr_chart

__all__ = [
    "CHARTS",
    "TRIAL_POINTS",
    "c_chart",
    "g_chart",
    "make_chart",
    "p_chart",
    "p_prime_chart",
    "run_chart",
    "t_chart",
    "u_chart",
    "u_prime_chart",
    "xmr_chart",
]
