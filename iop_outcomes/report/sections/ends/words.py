"""The words of how episodes ended, and after how long: titles, rules, and why it is not shown."""

from __future__ import annotations

from iop_outcomes.attendance.stays import NO_CONTACT_DAYS
from iop_outcomes.report.sections.ends.of_year import FOLLOWED, LAST_DAY

NAME, TITLE = "ends_over_time", "How episodes ended, and after how long"
UNUSED = (
    f"The last {NO_CONTACT_DAYS} days before the data cut (before the end of follow-up, where no "
    "discharge is recorded) do not tell yet who stopped coming. Who was seen in them counts as "
    "still there up to their start, also if discharged in them. Who was last seen before them has "
    "ended with that contact, and a discharge in them gives the reason."
)
RULE = (
    "Days from admission to the last contact or the discharge, whichever is earlier; who stopped "
    "coming has dropped out with the last contact. Each share is of all who were admitted and "
    f"followed, and the other ends compete with it. {UNUSED} "
    f"Not among them are those followed for no more than {NO_CONTACT_DAYS} days, of whom it is not "
    "known yet whether they stopped coming, and those of whom no service has a recorded outcome."
)
SAME_YEAR = (
    "These are the admissions of {year}: the last whole year of which everybody has been followed "
    f"for {FOLLOWED} days, {LAST_DAY} and {NO_CONTACT_DAYS} more to see who stopped coming. Each "
    "report shows the same figures until those of the next year are known."
)
RULE_OF_YEAR = (
    "Days from admission to the last contact or the discharge, whichever is earlier; who stopped "
    "coming has dropped out with the last contact. The day of admission is the first day: who "
    "ended within 30 days, and who was still in the program after 30 days, are all. Each share is "
    f"of all who were admitted in {{year}}, and the other ends compete with it. {SAME_YEAR} What "
    "happened from {day} on is not used. Not among them are those of whom no service has a "
    "recorded outcome."
)
NOTE = (
    "The share that had ended so by each day. Ends of too few people are taken together as other "
    "ends, which can be others than in the table of discharges. Only these days are estimates; the "
    "lines between them in the picture are not."
)
EACH_DAY = "How many ended so on each day, and the share that had by then."
NOT_ESTIMATED = f"{TITLE}, is not estimated: "
WITHOUT_SERVICES = "these records hold no sessions, and a stay ends with the last contact."
LEFT_UNKNOWN = "the records do not show until when people came."
NOBODY_FOLLOWED = (
    "of nobody admitted in this time is it known who was still coming: no service has a recorded "
    f"outcome, or they were followed for no more than {NO_CONTACT_DAYS} days."
)
TOO_FEW = (
    f"{TITLE}, is not shown: of too few is it known, or what could be shown would tell of a few "
    "people."
)
IN_THAT_OF_ALL = f"{TITLE}, stands in the report of all programs."
NOT_YET = (
    f"{TITLE}, is not shown yet: it is of those admitted in a whole calendar year, each followed "
    f"for {FOLLOWED} days. Reports whose time and records go up to {{day}} or later can show it "
    "for the admissions of {year}."
)
CHANGED = (
    f"{TITLE}, is not shown again: the records of that year have changed since an earlier report, "
    "and both figures together could tell of a few people. What the earlier report shows stands."
)
HIDDEN_BEFORE = f"{TITLE}, is not shown: an earlier report has the same people, and hides it."
BESIDE_EARLIER = (
    f"{TITLE}, is not shown beside an earlier report: both would tell how the episodes of a few "
    "people ended who count in one of them only."
)
NO_END = "of nobody admitted in this time is it known that the episode ended."
