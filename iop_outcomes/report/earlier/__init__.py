"""Reports that were issued earlier: read back from their JSON files, and set beside a new one.

Saved reports come in, from hands that are not trusted; printed figures go out. Records are not read
here, and no text of a saved report is printed; only a message may name the programs of one.
"""

from __future__ import annotations

from iop_outcomes.report.earlier.memory import refuse_unlike, with_earlier
from iop_outcomes.report.earlier.reading import EarlierReport, read_earlier
from iop_outcomes.report.earlier.section import NAME, TITLE, beside_section

__all__ = [
    "NAME",
    "TITLE",
    "EarlierReport",
    "beside_section",
    "read_earlier",
    "refuse_unlike",
    "with_earlier",
]
