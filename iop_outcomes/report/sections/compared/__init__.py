"""Each measure beside earlier times, with the exact differences.

Findings and the protected trends that they are of come in; a table goes out.
"""

from iop_outcomes.report.sections.compared.table import NAME, ON_FIRST_PAGE, comparisons

__all__ = ["NAME", "ON_FIRST_PAGE", "comparisons"]
