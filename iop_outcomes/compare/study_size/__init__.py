"""How large a difference can be found with n people, and how many it takes to find one.

Times of groups, or planned numbers, come in; results with a table go out. How times are defined is
not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.study_size.detectable import DetectableDifference, detectable_difference
from iop_outcomes.compare.study_size.needed import PeopleNeeded, people_needed

__all__ = ["DetectableDifference", "PeopleNeeded", "detectable_difference", "people_needed"]
