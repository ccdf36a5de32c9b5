"""Many measures at once: what to look at first, and one page of all of them.

Records and names of measures, or trends, come in; tables with a row a chart or a signal go out.
Pictures and disclosure control are not known here.
"""

from __future__ import annotations

from iop_outcomes.trends.watching.false_alarms import false_alarm_rate
from iop_outcomes.trends.watching.matrix import SummaryMatrix, summary_matrix
from iop_outcomes.trends.watching.signals import Watch, watch

__all__ = ["SummaryMatrix", "Watch", "false_alarm_rate", "summary_matrix", "watch"]
