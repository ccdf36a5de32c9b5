"""Life beside use: work, housing, arrests, people, meetings, recovery capital, quality of life.

Records come in; a `Functioning`, or times to a first gain, go out. Which answer counts when is not
decided here.
"""

from __future__ import annotations

from iop_outcomes.outcome_scores.functioning.estimate import functioning
from iop_outcomes.outcome_scores.functioning.first_gain import time_to_gain
from iop_outcomes.outcome_scores.functioning.result import Functioning

__all__ = ["Functioning", "functioning", "time_to_gain"]
