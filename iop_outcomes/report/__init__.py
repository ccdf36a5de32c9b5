"""The quarterly outcome report: one file that can be sent, with nobody in it."""

from __future__ import annotations

from iop_outcomes.report.quarterly import Report, quarterly_report

__all__ = ["Report", "quarterly_report"]
