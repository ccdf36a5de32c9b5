"""Quantities: the registry of what can be counted over time.

Records come in; a tally goes out, one entry for each session, check-in or episode in the
denominator, with its date. Periods, intervals and charts are not known here.
"""

from __future__ import annotations

from iop_outcomes.trends.quantities.quantity import (
    CURVES,
    AttendanceTally,
    Kind,
    Quantity,
    Tally,
    tally_of,
)
from iop_outcomes.trends.quantities.registry import (
    QUANTITIES,
    REPORTED,
    describe_quantities,
    find_quantity,
)

__all__ = [
    "CURVES",
    "QUANTITIES",
    "REPORTED",
    "AttendanceTally",
    "Kind",
    "Quantity",
    "Tally",
    "describe_quantities",
    "find_quantity",
    "tally_of",
]
