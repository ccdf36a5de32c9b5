"""Statistics that do not involve time: proportions, their differences, Rubin's rules.

Counts or estimates come in; estimates with limits go out. Records, relapse and survival are not
known here.
"""

from __future__ import annotations

from iop_outcomes.statistics.pooling import pool
from iop_outcomes.statistics.proportions import (
    clustered_interval,
    count_interval,
    proportion_interval,
)

__all__ = ["clustered_interval", "count_interval", "pool", "proportion_interval"]
