"""Fitness for use: which measures are known from the records, and what is missing for the others.

The checked tables come in; for each measure a judgement goes out: known, partly known or not known,
with the reason. What each measure needs is declared as data in `declared`; no measure is calculated
here.
"""

from iop_outcomes.records.fitness.declared import MEASURES
from iop_outcomes.records.fitness.held import Held
from iop_outcomes.records.fitness.judging import (
    NOT_KNOWN,
    Judge,
    Judgement,
    fitness_table,
    known_of_each,
    reasons_in,
    summary,
)
from iop_outcomes.records.fitness.measure import Measure
from iop_outcomes.records.fitness.stays import of_people, without_discharges

__all__ = [
    "MEASURES",
    "NOT_KNOWN",
    "Held",
    "Judge",
    "Judgement",
    "Measure",
    "fitness_table",
    "known_of_each",
    "of_people",
    "reasons_in",
    "summary",
    "without_discharges",
]
