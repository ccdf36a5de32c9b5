"""What the rates of one time share: who was admitted, who stayed, which sessions took place."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.results import Key as Row
from iop_outcomes.disclosure.results import trend_keys
from iop_outcomes.report.linking.sums import add_up, part_of, part_or_same
from iop_outcomes.report.trends import Trends


def link_rates(linked: LinkedCounts, trends: Trends) -> None:
    """Declare what the measures of one time share.

    Who is retained longer was retained before, and of some it is not known yet; sessions not
    attended without a word are among those due and not attended.
    """
    for time in dict.fromkeys(key[2:] for trend in trends.all for key in trend_keys(trend)):
        link_rates_of_time(linked, time, lambda row, name: (*row, name))


def link_rates_of_time(linked: LinkedCounts, time: Row, named: Callable[[Row, str], Row]) -> None:
    """Declare what the measures of one time share; `named` names a count of a row."""

    def count(measure: str, name: str) -> Row:
        return named(("trend", measure, *time), name)

    known = [count("admissions", "numerator")]
    known += [count(f"retained_{day}", "denominator") for day in RETENTION_DAYS]
    kept = [count(f"retained_{day}", "numerator") for day in RETENTION_DAYS]
    for whole, part in pairwise(name for name in known if name in linked):
        part_or_same(linked, whole, part)
    for whole, part in pairwise(name for name in kept if name in linked):
        part_of(linked, whole, part)
    attended, due = (count("attendance_rate", one) for one in ("numerator", "denominator"))
    add_up(linked, due, [count("no_show_rate", "denominator")])
    part_of(linked, ("rest", due, attended), count("no_show_rate", "numerator"))
