"""Scores of instruments and functioning: how people change from admission on.

Records come in; scores, and results with counts, intervals and reasons go out. How records are read
and how curves are estimated is not known here.
"""

from __future__ import annotations

from iop_outcomes.outcome_scores.change import SymptomChange, symptom_change
from iop_outcomes.outcome_scores.functioning import Functioning, functioning, time_to_gain
from iop_outcomes.outcome_scores.instruments import (
    Band,
    Change,
    Instrument,
    Item,
    Scale,
    instruments,
    read_instrument,
)
from iop_outcomes.outcome_scores.scoring import flagged_answers, instrument_scores

__all__ = [
    "Band",
    "Change",
    "Functioning",
    "Instrument",
    "Item",
    "Scale",
    "SymptomChange",
    "flagged_answers",
    "functioning",
    "instrument_scores",
    "instruments",
    "read_instrument",
    "symptom_change",
    "time_to_gain",
]
