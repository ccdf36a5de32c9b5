"""Programs side by side: attendance beside that of all, and a funnel of each share of people.

The scope of a report and its linked counts come in; tables, funnels and findings go out. Nothing
ranks programs.
"""

from iop_outcomes.report.sections.sites.attendance import (
    COUNTED,
    NO_ATTENDANCE,
    NO_RANKING,
    Attendance,
    SitesAttendance,
    attendance_by_program,
    attendance_points,
)
from iop_outcomes.report.sections.sites.funnels import (
    HOW,
    MEASURES,
    NAME,
    TITLE,
    SiteCounts,
    declare_sites,
    funnel_table_of,
    funnels,
    measures_known,
    not_drawn,
    site_points,
    without_funnel,
)

__all__ = [
    "COUNTED",
    "HOW",
    "MEASURES",
    "NAME",
    "NO_ATTENDANCE",
    "NO_RANKING",
    "TITLE",
    "Attendance",
    "SiteCounts",
    "SitesAttendance",
    "attendance_by_program",
    "attendance_points",
    "declare_sites",
    "funnel_table_of",
    "funnels",
    "measures_known",
    "not_drawn",
    "site_points",
    "without_funnel",
]
