"""The result of a tipping-point analysis: differences for assumed hazards after leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.compare.resampling.contrasts import SampledResult
from iop_outcomes.shared.text import DESCRIBED_GROUPS, join_described


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TippingPoint(SampledResult):
    """Differences between groups for assumed hazards after leaving.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a pair of groups and two deltas: ``group``, ``reference`` (text); ``delta``,
        ``delta_reference`` (float64): by how much the hazard after leaving is multiplied in each;
        ``estimate``, ``estimate_reference``: the proportions without the event at the day;
        ``difference``: the first less the second; ``lower``, ``upper``; ``excludes_zero`` (bool).
    curves : pandas.DataFrame
        One row a group and delta: ``group``, ``delta``, ``survival``, ``se``, ``lower``, ``upper``:
        the proportion without the event at the day. Delta 0 and infinite are its bounds.
    tipping : pandas.DataFrame
        One row a pair and ``applied_to`` (``both``, ``group``, ``reference``): ``tipping_delta``:
        the smallest delta of 1 or more at which the limits of the difference take in 0 if the
        hazard of those who left is multiplied by it in both or one of the groups (1 in the other);
        infinite if only with the event on leaving; missing if at none, or if they do so without
        any, which ``why`` says.
    groups : pandas.DataFrame
        One row a group: ``group``, ``n``, ``events`` up to the day, and how many ``left`` before it
        without the event.
    day : float
        The day of the proportions.
    confidence : float
        The level of the limits.
    resamples, failed, seed : int
        The number of bootstrap samples of people, how many had no estimate, and the seed.
    rule : str
        How the times were defined.
    event, origin : str
        What the event and day 0 are called.
    synthetic : bool
        Whether the data are synthetic.
    """

    tipping: pd.DataFrame

    @property
    def text(self) -> str:
        """How each difference changes with delta, and the method."""
        both = self.tipping[self.tipping["applied_to"] == "both"]
        descriptions = [
            self._describe(row) for row in both.head(DESCRIBED_GROUPS).to_dict("records")
        ]
        left = ", ".join(
            f"{row['group']} {row['left']:,} of {row['n']:,}"
            for row in self.groups.head(DESCRIBED_GROUPS).to_dict("records")
        )
        return (
            f"Without {self.event} at day {self.day:g}, if the hazard after leaving is that before "
            f"times delta (left before day {self.day:g}: {left}): "
            f"{join_described(descriptions, len(both), 'pair')}. {self.sampling} {self.rule}"
        )

    def _describe(self, row: dict[Any, Any]) -> str:
        pair = self.table[
            (self.table["group"] == row["group"]) & (self.table["reference"] == row["reference"])
        ]
        differences = []
        for delta in (1.0, 0.0, np.inf):
            at = pair[(pair["delta"] == delta) & (pair["delta_reference"] == delta)]
            if len(at):
                points = 100 * at.iloc[0][["difference", "lower", "upper"]].astype(float)
                differences.append(
                    f"{points['difference']:+z.1f} percentage points ({points['lower']:+z.1f} to "
                    f"{points['upper']:+z.1f}) {_named(delta)}"
                )
        point = row["tipping_delta"]
        if row["why"]:
            end = row["why"]
        elif np.isinf(point):
            end = "the limits take in 0 only if everyone who left had the event on leaving"
        else:
            end = f"the limits take in 0 from delta {point:.2f} in both groups"
        return f"{row['group']} less {row['reference']}: {', '.join(differences)}; {end}"


def _named(delta: float) -> str:
    if delta == 1:
        return "if leaving does not change the hazard"
    if delta == 0:
        return "if nobody who left had the event"
    return "if everyone who left had it on leaving"
