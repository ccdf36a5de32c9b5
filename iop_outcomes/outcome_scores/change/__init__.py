"""How scores change from intake: paired, over time, and against regression to the mean.

Records and an instrument come in; a `SymptomChange` goes out. How a score is made of items is not
known here.
"""

from __future__ import annotations

from iop_outcomes.outcome_scores.change.result import SymptomChange
from iop_outcomes.outcome_scores.change.symptom_change import symptom_change

__all__ = ["SymptomChange", "symptom_change"]
