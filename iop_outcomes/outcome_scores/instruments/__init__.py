"""Instruments as data: their items, scales, bands and rules of change, each with its source.

A name or a TOML file comes in; an `Instrument` goes out. Records and estimates are not known here.
"""

from __future__ import annotations

from iop_outcomes.outcome_scores.instruments.instrument import (
    Band,
    Change,
    Instrument,
    Item,
    Scale,
)
from iop_outcomes.outcome_scores.instruments.own_file import read_instrument
from iop_outcomes.outcome_scores.instruments.registry import find_instrument, instruments

__all__ = [
    "Band",
    "Change",
    "Instrument",
    "Item",
    "Scale",
    "find_instrument",
    "instruments",
    "read_instrument",
]
