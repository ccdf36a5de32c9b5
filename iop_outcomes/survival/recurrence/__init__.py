"""The mean number of events by day where they can come again.

Frames of times with several rows an episode come in; `MeanCumulativeFunction` goes out.
"""

from __future__ import annotations

from iop_outcomes.survival.recurrence.estimate import mean_cumulative_function
from iop_outcomes.survival.recurrence.result import MeanCumulativeFunction

__all__ = ["MeanCumulativeFunction", "mean_cumulative_function"]
