"""What the tables of a report have to do with one another: the same people counted twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.linked import TOTAL, Key
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.records.schema import ATTENDED
from iop_outcomes.report.programs import FAMILY
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.cohort import ALL, NOT_RECORDED, flow_stages
from iop_outcomes.report.sections.relapse import RelapseResults
from iop_outcomes.trends import Trend

RELAPSE = ("relapse", "n")
WEEK = 7
WEEKS = 12


def link_report(
    scope: Scope,
    linked: LinkedCounts,
    trends: Sequence[Trend],
    relapse: RelapseResults | None,
    plan: MergePlan,
) -> None:
    """Declare the sums between the tables of a report, once all of them are declared.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of its tables and trends.
    trends : sequence of Trend
        The trends whose counts are declared.
    relapse : RelapseResults or None
        The curves.
    plan : MergePlan
        Of which quarters the tables are.
    """
    link_flow(scope, linked)
    if scope.quarter is not None:
        link_quarter(scope, linked, plan)
        link_year(scope, linked)
        link_years(linked, trends)
        link_retention(linked, _periods(trends, "admissions", "quarter"))
        link_months(linked, trends)
    link_relapse(scope, linked, relapse)
    link_files(scope, linked, trends)


def _periods(trends: Sequence[Trend], measure: str, every: str) -> list[str]:
    """Return the periods of a trend; none if it is not there."""
    chosen = [one for one in trends if (one.measure, one.every) == (measure, every)]
    return [str(period) for one in chosen for period in one.table["period"]]


def _trend(measure: str, period: str, count: str, every: str = "quarter") -> Key:
    return ("trend", measure, every, period, count)


def _same(linked: LinkedCounts, one: Key, other: Key) -> None:
    _sum(linked, one, [other])


def _sum(linked: LinkedCounts, whole: Key, parts: Sequence[Key]) -> None:
    """Declare a sum whose counts are all there.

    Where it is not the sum, since one was printed before and the records have changed, the
    difference is a count like any other.
    """
    if whole in linked and parts and all(part in linked for part in parts):
        if linked.value(whole) == sum(linked.value(part) for part in parts):
            linked.total(whole, parts)
        else:
            _sum_of(linked, whole, parts)


def _part(linked: LinkedCounts, whole: Key, part: Key) -> None:
    if whole in linked and part in linked and linked.value(whole) >= linked.value(part):
        linked.part(whole, part)


def link_flow(scope: Scope, linked: LinkedCounts) -> None:
    """Declare what the flow and the weeks since admission share: they are of the same people."""
    if scope.engagement is None or ("weeks", "1", "episodes") not in linked:
        return
    names = [("flow", words) for words, _ in flow_stages(scope)]
    admitted, first = names[:2]
    retained = list(zip(names[-len(RETENTION_DAYS) :], RETENTION_DAYS, strict=True))
    weeks = [week for week in range(1, WEEKS + 1) if ("weeks", str(week), "episodes") in linked]
    # All were followed for 90 days, through the end of each of these weeks; all began the first.
    everybody = [("weeks", str(week), "episodes_followed") for week in weeks]
    for key in [*everybody, ("weeks", "1", "episodes")]:
        if key in linked and linked.value(key) == linked.value(admitted):
            _same(linked, admitted, key)
    for stage, day in retained:
        # Who is still there on a day was there when its week, or one before it, began.
        begun = [week for week in weeks if (week - 1) * WEEK <= day]
        _part(linked, ("weeks", str(begun[-1]), "episodes"), stage)
        for week in weeks[len(begun) :]:
            _part(linked, stage, ("weeks", str(week), "episodes_attending"))
    for week in weeks:
        if week * WEEK - 1 <= RETENTION_DAYS[0]:
            _part(linked, first, ("weeks", str(week), "episodes_attending"))


def link_quarter(scope: Scope, linked: LinkedCounts, plan: MergePlan) -> None:
    """Declare what the tables of the quarter, or of some quarters, share with the trends."""

    def of(table: str, measure: str, count: str) -> list[Key]:
        quarters = _last(scope, plan.step(table).quarters)
        return [_trend(measure, quarter, count) for quarter in quarters]

    _equal(linked, of("admissions", "admissions", "numerator"), [("admissions", ALL)])
    everybody, unknown = ("discharges", ALL), ("discharges", NOT_RECORDED)
    if everybody in linked:
        known = of("discharges", "completion_rate", "denominator")
        _equal(linked, [*known, *([unknown] if unknown in linked else [])], [everybody])
        completed = ("discharges", "completed")
        if completed in linked:
            _equal(linked, of("discharges", "completion_rate", "numerator"), [completed])
    rule = AttendanceRule()
    here = [word for word in rule.due if ("sessions", word) in linked]
    due = of("sessions", "attendance_rate", "denominator")
    _equal(linked, due, [("sessions", word) for word in here])
    attended = of("sessions", "attendance_rate", "numerator")
    _equal(linked, attended, [("sessions", word) for word in here if word in ATTENDED])
    _equal(linked, of("sessions", "no_show_rate", "numerator"), [("sessions", "no_show")])


def _last(scope: Scope, quarters: int) -> list[str]:
    """Return the names of so many quarters up to that of the report."""
    assert scope.quarter is not None
    return [str(scope.quarter - back) for back in range(quarters)]


def _equal(linked: LinkedCounts, one: Sequence[Key], other: Sequence[Key]) -> None:
    """Declare that two sums are the same; a quarter that no trend has holds nobody.

    Nothing is declared where one side is not there. Where the two are not the same, since some were
    printed before and the records have changed, the difference is a count like any other.
    """
    one, other = ([key for key in keys if key in linked] for keys in (one, other))
    if not one or not other:
        return
    if sum(linked.value(key) for key in one) != sum(linked.value(key) for key in other):
        first, second = _together(linked, one), _together(linked, other)
        _part(linked, first, second)
        _part(linked, second, first)
    elif len(other) == 1:
        linked.total(other[0], one)
    elif len(one) == 1:
        linked.total(one[0], other)
    else:
        both = ("sum", *one, *other)
        linked.count(both, sum(linked.value(key) for key in one))
        linked.total(both, one)
        linked.total(both, other)


def _together(linked: LinkedCounts, keys: Sequence[Key]) -> Key:
    """Return the name of the sum of some counts."""
    name = keys[0] if len(keys) == 1 else ("sum", *keys)
    if name not in linked:
        linked.count(name, sum(linked.value(key) for key in keys))
        linked.total(name, keys)
    return name


def link_years(linked: LinkedCounts, trends: Sequence[Trend]) -> None:
    """Declare that a calendar year of a trend is its four quarters."""
    for trend in trends:
        if trend.every != "year":
            continue
        for year in trend.table["period"]:
            for count in ("numerator", "denominator"):
                quarters = [_trend(trend.measure, f"{year}Q{one}", count) for one in (1, 2, 3, 4)]
                whole = _trend(trend.measure, str(year), count, "year")
                if whole in linked:
                    _equal(linked, quarters, [whole])


def link_year(scope: Scope, linked: LinkedCounts) -> None:
    """Declare what the tables of a year share with its four quarters."""
    assert scope.quarter is not None
    quarters = [str(scope.quarter - back) for back in range(4)]
    _sum_of(
        linked, (FAMILY, "admitted", ALL), [_trend("admissions", q, "numerator") for q in quarters]
    )
    for day in RETENTION_DAYS:
        for count, name in (("x", "numerator"), ("n", "denominator")):
            parts = [_trend(f"retained_{day}", q, name) for q in quarters]
            _sum_of(linked, (FAMILY, f"retained_{day}", ALL, count), parts)
    if scope.followed_90_days_is_year and scope.engagement is not None:
        longest = RETENTION_DAYS[-1]
        whole = [_trend(f"retained_{longest}", q, "denominator") for q in quarters]
        _sum_of(linked, ("flow", "admitted"), whole)
        stages = flow_stages(scope)[-len(RETENTION_DAYS) :]
        for (words, _), day in zip(stages, RETENTION_DAYS, strict=True):
            kept = [_trend(f"retained_{day}", q, "numerator") for q in quarters]
            _sum_of(linked, ("flow", words), kept)


def _sum_of(linked: LinkedCounts, count: Key, parts: Sequence[Key]) -> None:
    """Declare that a count is the sum of those parts that are there, or is part of it, or holds it.

    Quarters before the first admission have no count: there it is 0.
    """
    here = [key for key in parts if key in linked]
    if count not in linked or not here:
        return
    together = ("sum", *here)
    if together not in linked:
        linked.count(together, sum(linked.value(key) for key in here))
        linked.total(together, here)
    if linked.value(together) == linked.value(count):
        _same(linked, together, count)
    else:
        _part(linked, together, count)
        _part(linked, count, together)


def link_retention(linked: LinkedCounts, quarters: Sequence[str]) -> None:
    """Declare that who is retained longer was retained before, and that some are not known yet."""
    for quarter in quarters:
        known = [_trend("admissions", quarter, "numerator")]
        known += [_trend(f"retained_{day}", quarter, "denominator") for day in RETENTION_DAYS]
        kept = [_trend(f"retained_{day}", quarter, "numerator") for day in RETENTION_DAYS]
        for names in (known, kept):
            for whole, part in pairwise(name for name in names if name in linked):
                _part(linked, whole, part)


def link_months(linked: LinkedCounts, trends: Sequence[Trend]) -> None:
    """Declare that a quarter is its three months, and what the rates of one month share."""
    for trend in trends:
        if trend.every != "month":
            continue
        quarters = trend.table["start"].dt.to_period("Q")
        for quarter, rows in trend.table.groupby(quarters):
            for count in ("numerator", "denominator"):
                months = [_trend(trend.measure, p, count, "month") for p in rows["period"]]
                if len(months) == 3:
                    _sum(linked, _trend(trend.measure, str(quarter), count), months)
    for every in ("month", "quarter"):
        for period in _periods(trends, "no_show_rate", every):
            attended, due = (
                _trend("attendance_rate", period, count, every)
                for count in ("numerator", "denominator")
            )
            missed = _trend("no_show_rate", period, "numerator", every)
            _same(linked, due, _trend("no_show_rate", period, "denominator", every))
            _part(linked, ("rest", due, attended), missed)


def link_relapse(scope: Scope, linked: LinkedCounts, relapse: RelapseResults | None) -> None:
    """Declare that the people of the curves are among those admitted in two years."""
    if relapse is None or relapse.size is None:
        return
    linked.count(RELAPSE, relapse.size, people=relapse.people, item=RELAPSE, rank=TOTAL)
    if scope.quarter is None:
        _part(linked, ("admissions", ALL), RELAPSE)
        return
    quarters = [str(scope.quarter - back) for back in range(8)]
    parts = [_trend("admissions", quarter, "numerator") for quarter in quarters]
    _sum_of(linked, RELAPSE, parts)


def link_files(scope: Scope, linked: LinkedCounts, trends: Sequence[Trend]) -> None:
    """Declare that what the report counts is among the rows that were kept."""
    for table, measure in (("attendance", "attendance_rate"), ("checkins", "check_in_response")):
        months = _periods(trends, measure, "month")
        made = table == "checkins" and "due_row" in scope.records.checkins
        counted = "numerator" if made else "denominator"  # missed ones that were made are no rows
        parts = [_trend(measure, period, counted, "month") for period in months]
        _sum_of(linked, ("rows", table, "rows_kept"), parts)
    quarters = _periods(trends, "admissions", "quarter")
    admitted = [_trend("admissions", quarter, "numerator") for quarter in quarters]
    _sum_of(linked, ("rows", "episodes", "rows_kept"), admitted or [("admissions", ALL)])
