r"""How strong something not measured would have to be to explain the adjusted differences.

The ratio is that of the adjusted shares with the event by the horizon, :math:`RR = r_1 / r_0`, so
that nothing has to be assumed of how rare the event is. Its limits are by the delta method on the
scale of logarithms: :math:`v_1 / r_1^2 + v_0 / r_0^2 - 2 c / (r_1 r_0)`, where the covariance c
follows from the error of the difference, :math:`v_1 + v_0 - s^2 = 2 c`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.compare.adjustment import AdjustedCurves, e_value
from iop_outcomes.survival.limits import normal_quantile

FEWEST = 5  # events in a group for limits of a ratio on the scale of logarithms


def e_values_of(adjusted: AdjustedCurves) -> pd.DataFrame:
    """Return one row a pair of groups; see `iop_outcomes.CohortComparison`."""
    last = adjusted.curves.groupby("group", sort=False).last()
    events = dict(adjusted.groups[["group", "events"]].to_numpy().tolist())
    rows = []
    for row in adjusted.table[adjusted.table["measure"] == "survival"].to_dict("records"):
        pair = row["group"], row["reference"]
        groups: dict[str, Any] = {"group": pair[0], "reference": pair[1]}
        reason = _why_not(row, [int(events[name]) for name in pair])
        ratio, lower, upper = np.nan, np.nan, np.nan
        of_estimate = of_limit = np.nan
        if not reason:
            spread = [float(last.loc[name, "se"]) for name in pair]
            ratio, lower, upper = _ratio(row, spread, adjusted.confidence)
            e_values = e_value(ratio, lower, upper, measure="risk_ratio").table["e_value"]
            of_estimate, of_limit = e_values.iloc[0], e_values.iloc[1]
        rows.append(
            {
                **groups,
                "risk_ratio": ratio,
                "lower": lower,
                "upper": upper,
                "e_value": of_estimate,
                "e_value_limit": of_limit,
                "reason": reason,
            }
        )
    return pd.DataFrame(rows)


def describe_e_values(table: pd.DataFrame) -> str:
    """Return the E-values in words."""
    descriptions = []
    for row in table.head(4).to_dict("records"):
        head = f"{row['group']} against {row['reference']}"
        if row["reason"]:
            descriptions.append(f"{head}: no E-value, {row['reason']}")
        else:
            descriptions.append(
                f"{head}: risk ratio {row['risk_ratio']:.2f}, E-value {row['e_value']:.2f} "
                f"({row['e_value_limit']:.2f} for the limit nearest to 1)"
            )
    return f"{'; '.join(descriptions)}."


def _why_not(row: dict[Any, Any], events: list[int]) -> str:
    if min(events) < FEWEST:
        return f"since a group has fewer than {FEWEST} events"
    risks = [1 - row["estimate"], 1 - row["estimate_reference"]]
    if min(risks) <= 0 or max(risks) > 1:
        return "since an adjusted share with the event is 0"
    return ""


def _ratio(
    row: dict[Any, Any], spread: list[float], confidence: float
) -> tuple[float, float, float]:
    risk, risk_reference = 1 - row["estimate"], 1 - row["estimate_reference"]
    twice = spread[0] ** 2 + spread[1] ** 2 - row["se"] ** 2
    variance = (
        (spread[0] / risk) ** 2
        + (spread[1] / risk_reference) ** 2
        - twice / (risk * risk_reference)
    )
    reach = normal_quantile(confidence) * float(np.sqrt(max(variance, 0.0)))
    ratio = risk / risk_reference
    return float(ratio), float(ratio * np.exp(-reach)), float(ratio * np.exp(reach))
