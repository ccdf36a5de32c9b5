"""The quarterly outcome report: one file that can be sent, with nobody in it.

Records come in; a report of protected tables, pictures and sentences goes out, as HTML or workbook.
What is small is decided in `iop_outcomes.disclosure`.
"""

from __future__ import annotations

from iop_outcomes.report.made import Report
from iop_outcomes.report.quarterly import quarterly_report

__all__ = ["Report", "quarterly_report"]
