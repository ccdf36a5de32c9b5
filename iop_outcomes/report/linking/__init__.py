"""What the tables and trends of a report have to do with one another: people counted twice.

The declared counts of a report come in; sums between them are added. Nothing is printed or hidden
here.
"""

from iop_outcomes.report.linking.leaving import link_leaving
from iop_outcomes.report.linking.leaving_by_time import link_leaving_by_time
from iop_outcomes.report.linking.tables import RELAPSE, link_report
from iop_outcomes.report.linking.whole_time import link_whole_time

__all__ = ["RELAPSE", "link_leaving", "link_leaving_by_time", "link_report", "link_whole_time"]
