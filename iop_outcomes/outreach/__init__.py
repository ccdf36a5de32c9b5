"""Lists that name people: who shows signs of leaving, and whom to reach.

Records and a day come in; lists of what was known on that day go out. Reports, and what came after
the day, are not known here.
"""

from __future__ import annotations

from iop_outcomes.outreach.follow_up import FollowUpDue, follow_up_due
from iop_outcomes.outreach.people import PeopleList
from iop_outcomes.outreach.signs import SlippingRule
from iop_outcomes.outreach.slipping import Slipping, slipping

__all__ = ["FollowUpDue", "PeopleList", "Slipping", "SlippingRule", "follow_up_due", "slipping"]
