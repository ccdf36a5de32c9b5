"""Sites beside one another and one after another: funnel limits, VLAD and risk-adjusted CUSUM.

Plain frames and arrays come in, a row a site or a person; frames with limits go out. Records, case
mix models and pictures are not known here. Nothing ranks sites.
"""

from __future__ import annotations

from iop_outcomes.trends.sites.cusum import cusum_limit, cusum_weights, risk_adjusted_cusum, vlad
from iop_outcomes.trends.sites.exact import exact_proportion_limit, exact_ratio_limit
from iop_outcomes.trends.sites.funnel import funnel_limits
from iop_outcomes.trends.sites.overdispersion import (
    Overdispersion,
    overdispersion_of_proportions,
    overdispersion_of_ratios,
)

__all__ = [
    "Overdispersion",
    "cusum_limit",
    "cusum_weights",
    "exact_proportion_limit",
    "exact_ratio_limit",
    "funnel_limits",
    "overdispersion_of_proportions",
    "overdispersion_of_ratios",
    "risk_adjusted_cusum",
    "vlad",
]
