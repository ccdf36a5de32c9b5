"""Tables of who came and who stayed: made from the episodes, their counts declared as they go.

The scope of a report and its linked counts come in; draft tables go out, with what each of their
cells rests on.
"""

from iop_outcomes.report.sections.cohort.admissions import (
    NO_REFERRALS,
    admissions_table,
    link_quarters,
)
from iop_outcomes.report.sections.cohort.census import (
    CENSUS,
    NO_CENSUS,
    PRESENT,
    census_dates,
    census_keys,
    census_table,
    ever_and_now,
    is_of_a_day,
    there_on,
    there_or_admitted,
)
from iop_outcomes.report.sections.cohort.declaring import ALL, NOT_RECORDED
from iop_outcomes.report.sections.cohort.discharges import discharge_table, link_discharges
from iop_outcomes.report.sections.cohort.flow import (
    declare_bounds,
    flow_shown,
    flow_stages,
    flow_table,
    flow_unknown,
)
from iop_outcomes.report.sections.cohort.sessions import (
    OF_EACH_KIND,
    declare_overlaps,
    link_sessions,
    sessions_table,
)

__all__ = [
    "ALL",
    "CENSUS",
    "NOT_RECORDED",
    "NO_CENSUS",
    "NO_REFERRALS",
    "OF_EACH_KIND",
    "PRESENT",
    "admissions_table",
    "census_dates",
    "census_keys",
    "census_table",
    "declare_bounds",
    "declare_overlaps",
    "discharge_table",
    "ever_and_now",
    "flow_shown",
    "flow_stages",
    "flow_table",
    "flow_unknown",
    "is_of_a_day",
    "link_discharges",
    "link_quarters",
    "link_sessions",
    "sessions_table",
    "there_on",
    "there_or_admitted",
]
