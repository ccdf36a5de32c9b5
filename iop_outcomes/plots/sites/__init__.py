"""Units beside one another, people one after another, and many measures on one page.

A funnel, a VLAD, a CUSUM or a summary matrix comes in, axes go out. Limits and verdicts are read
from the result; nothing is estimated here.
"""

from __future__ import annotations

from iop_outcomes.plots.sites.funnel import plot_funnel
from iop_outcomes.plots.sites.matrix import plot_matrix
from iop_outcomes.plots.sites.over_time import plot_vlad

__all__ = ["plot_funnel", "plot_matrix", "plot_vlad"]
