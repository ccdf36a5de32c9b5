"""Sites beside one another, and people one after another: funnels, VLAD, risk-adjusted CUSUM.

Records, or plain frames and arrays with a row a site or a person, come in; results and frames with
limits go out. Pictures and disclosure control are not known here. Nothing ranks sites.
"""

from __future__ import annotations

from iop_outcomes.trends.sites.by_site import funnel
from iop_outcomes.trends.sites.case_mix import CaseMix, fit_case_mix
from iop_outcomes.trends.sites.cusum import (
    cusum_limit,
    cusum_of,
    cusum_weights,
    expected_less_observed,
)
from iop_outcomes.trends.sites.exact import exact_proportion_limit, exact_ratio_limit
from iop_outcomes.trends.sites.funnel import funnel_limits, limits_at
from iop_outcomes.trends.sites.funnel_result import Funnel
from iop_outcomes.trends.sites.over_time import risk_adjusted_cusum, vlad
from iop_outcomes.trends.sites.over_time_result import RiskAdjustedCusum, Vlad
from iop_outcomes.trends.sites.overdispersion import (
    Overdispersion,
    overdispersion_of_proportions,
    overdispersion_of_ratios,
)
from iop_outcomes.trends.sites.pooling import partly_pooled

__all__ = [
    "CaseMix",
    "Funnel",
    "Overdispersion",
    "RiskAdjustedCusum",
    "Vlad",
    "cusum_limit",
    "cusum_of",
    "cusum_weights",
    "exact_proportion_limit",
    "exact_ratio_limit",
    "expected_less_observed",
    "fit_case_mix",
    "funnel",
    "funnel_limits",
    "limits_at",
    "overdispersion_of_proportions",
    "overdispersion_of_ratios",
    "partly_pooled",
    "risk_adjusted_cusum",
    "vlad",
]
