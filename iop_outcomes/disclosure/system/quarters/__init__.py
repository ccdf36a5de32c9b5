"""Counts by quarter in reports of different times: several quarters, and what is not final.

Joined reports come in; sums of their counts go out, or are added to them. Which counts of a report
are not final is said where they are declared.
"""

from iop_outcomes.disclosure.system.quarters.not_final import (
    AS_OF,
    KNOWN_BY,
    SO_FAR,
    declare_not_final,
    without_end,
)
from iop_outcomes.disclosure.system.quarters.together import TOGETHER, quarters_together

__all__ = [
    "AS_OF",
    "KNOWN_BY",
    "SO_FAR",
    "TOGETHER",
    "declare_not_final",
    "quarters_together",
    "without_end",
]
