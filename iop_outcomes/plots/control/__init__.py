"""Control charts: small multiples of a trend with centre, limits and signals.

A trend with a chart comes in, axes go out. What is a signal is read from its table; nothing is
estimated here.
"""

from __future__ import annotations

from iop_outcomes.plots.control.chart import draw_chart

__all__ = ["draw_chart"]
