"""The counts of trends and weekly tables: declared with their sums, and with small ones hidden."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.attendance.weekly import NOT_LEFT, never_recorded
from iop_outcomes.disclosure.declared import CELL, DETAIL, OLDER, RECENT, TOTAL
from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.policy import SafePolicy, with_printed_digits
from iop_outcomes.disclosure.words import safe_fields
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import set_missing
from iop_outcomes.trends import InterruptedSeries, Trend
from iop_outcomes.trends.interrupted.estimate import estimate_change
from iop_outcomes.trends.result import MEANS

Key = tuple[Hashable, ...]
Hidden = frozenset[Hashable]

WEEKLY_PEOPLE = ("episodes_followed", "episodes", "episodes_attending")
WEEKLY_ABSENT = ("no_show", "cancelled", "excused")
WEEKLY_OTHERS = ("unrecorded", "not_due")
WEEKLY_RATES = ("due", "attended", "rate", "lower", "upper")
TREND_NUMBERS = ("numerator", "denominator", "value", "lower", "upper")
OTHER_ENDS = ("competing", "censored", "followed")
TREND_SO_FAR = ("value_so_far", "lower_so_far", "upper_so_far")


def trend_keys(trend: Trend) -> list[Key]:
    """Return the key of each row of a trend in `LinkedCounts`."""
    names = [*trend.by, "period"]
    columns = (trend.table[name].astype(str).tolist() for name in names)
    return [("trend", trend.measure, trend.every, *row) for row in zip(*columns, strict=True)]


def link_trend(
    linked: LinkedCounts, trend: Trend, *, printed: Sequence[bool] | None = None
) -> None:
    """Declare the counts of a trend.

    Parameters
    ----------
    linked : LinkedCounts
        Where.
    trend : Trend
        The trend. A row is one item, its key; its counts are the key and ``numerator`` or
        ``denominator``.
    printed : sequence of bool, optional
        Which rows are printed; default: all. The others can be calculated from the printed ones.
    """
    table, people = trend.table, trend.people
    newest = table.loc[table["complete"], "period"].iloc[-2:].tolist()
    numerators, denominators = (
        table[name].to_numpy(dtype=np.float64) for name in ("numerator", "denominator")
    )
    for number, key in enumerate(trend_keys(trend)):
        if np.isnan(numerators[number]):
            continue
        behind = [None] * 3 if people is None else people[number].tolist()
        item = key if printed is None or printed[number] else None
        rank = RECENT if table["period"].iloc[number] in newest else OLDER
        denominator = denominators[number]
        if not np.isnan(denominator):
            linked.count((*key, "denominator"), denominator, people=behind[0], item=item, rank=rank)
        if trend.unit in MEANS:  # the sum of hours or days is no count of people
            continue
        if "censored" in table:
            _link_ends(linked, table.iloc[number], key, item, rank)
            continue
        linked.count(
            (*key, "numerator"), numerators[number], people=behind[1], item=item, rank=rank
        )
        if not np.isnan(denominator):
            linked.part((*key, "denominator"), (*key, "numerator"), people=behind[2])


def _link_ends(
    linked: LinkedCounts, row: pd.Series[Any], key: Key, item: Key | None, rank: int
) -> None:
    """Declare what became of a cohort whose estimate is from times to an event.

    The value goes with the episodes and the events. The three other ends are an item of their own:
    without them the value does not disclose how many each were.
    """
    for name in ("events", *OTHER_ENDS):
        own = (*key, "ends") if name in OTHER_ENDS and item is not None else item
        linked.count((*key, name), float(row[name]), item=own, rank=rank)
    linked.total((*key, "denominator"), [(*key, name) for name in ("events", *OTHER_ENDS)])


def hide_trend(trend: Trend, hidden: Hidden, policy: SafePolicy) -> Trend:
    """Return a trend without the counts, values and intervals of the hidden rows.

    The centre and limits of a chart, and its verdict, are made again from the rows that are shown:
    those of all rows would disclose the hidden ones.
    """
    keys = trend_keys(trend)
    gone = np.array([key in hidden for key in keys], dtype=np.bool_)
    table = trend.table.copy()
    if "censored" in table:
        ends = gone | np.array([(*key, "ends") in hidden for key in keys], dtype=np.bool_)
        # the numerator is the events, or those followed
        set_missing(table, ends, ["numerator", *OTHER_ENDS])
        set_missing(table, gone, ["events"])
    set_missing(table, gone, [name for name in (*TREND_NUMBERS, *TREND_SO_FAR) if name in table])
    table["hidden"] = gone
    if policy.threshold > 1:
        estimated = ("value", "value_so_far") if "censored" in table else ()
        table = with_printed_digits(table, estimated)  # else a ratio of what stands beside it
    safe = replace(trend, table=table, people=None, **safe_fields(trend, policy))
    return safe.charted_again() if gone.any() else safe


def week_keys(weeks: AttendanceByWeek) -> list[Key]:
    """Return the key of each row of a weekly table in `LinkedCounts`."""
    rows = weeks.table[[*weeks.by, "week"]].itertuples(index=False, name=None)
    return [("weeks", *(str(value) for value in row)) for row in rows]


def link_weeks(linked: LinkedCounts, weeks: AttendanceByWeek) -> None:
    """Declare the counts of a table by week.

    People followed to a week, and people still in the program then, are among those of the week
    before. People in the program are among those followed, people attending among those in the
    program.
    """
    table, people = weeks.table, weeks.people
    keys = week_keys(weeks)
    absent = _absent_kinds(table)
    for number, key in enumerate(keys):
        for name in (*WEEKLY_PEOPLE, "due", "attended", *WEEKLY_ABSENT, *WEEKLY_OTHERS):
            value = float(table[name].iloc[number])
            if np.isnan(value):
                continue
            behind = _people_behind(weeks, name, number)
            item, rank = (*key, name), CELL
            if name in ("due", "attended"):
                item, rank = (*key, "rate"), RECENT
            elif name == "episodes_followed":
                rank = TOTAL
            elif name not in WEEKLY_PEOPLE:
                rank = DETAIL
            linked.count((*key, name), value, people=behind, item=item, rank=rank)
        behind = None if people is None else float(people["absent"].iloc[number])
        _parts(linked, key, absent, behind)
    for name in WEEKLY_PEOPLE[:2]:
        for earlier, later in _following(keys):
            _part(linked, (*earlier, name), (*later, name))


def _people_behind(weeks: AttendanceByWeek, name: str, row: int) -> float | None:
    """Return the number of persons in a count; at most those attending, if not known."""
    if weeks.people is not None:
        return float(weeks.people[name].iloc[row])
    return float(weeks.table["episodes_attending"].iloc[row]) if name == "attended" else None


def _parts(linked: LinkedCounts, key: Key, absent: Sequence[str], behind: float | None) -> None:
    """Declare the sums within one week."""
    known = [name for name in WEEKLY_PEOPLE if (*key, name) in linked]
    for whole, part in pairwise(known):
        _part(linked, (*key, whole), (*key, part))
    due, attended, came = ((*key, name) for name in ("due", "attended", "episodes_attending"))
    if attended in linked and came in linked and linked.value(attended) >= linked.value(came):
        linked.at_least(attended, [came])
    if due in linked and attended in linked:
        rest = linked.part(due, attended, key=(*key, "absent"), people=behind)
        kinds = [(*key, name) for name in absent]
        if kinds and all(kind in linked for kind in kinds):
            linked.total(rest, kinds)


def _part(linked: LinkedCounts, whole: Key, part: Key) -> None:
    """Declare a part if both counts are known and it is not larger than the whole."""
    if whole in linked and part in linked and linked.value(whole) >= linked.value(part):
        linked.part(whole, part)


def _following(keys: list[Key]) -> Iterator[tuple[Key, Key]]:
    """Return each week and the next one of its group."""
    for earlier, later in pairwise(keys):
        if earlier[:-1] == later[:-1]:
            yield earlier, later


def _absent_kinds(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the kinds of absence that add up to the sessions due and not attended, if any do.

    A kind that the records never hold is none of them.
    """
    missed = (table["due"] - table["attended"]).astype(np.float64)
    held = [name for name in WEEKLY_ABSENT if table[name].notna().any()]
    for kinds in (held, [name for name in held if name != "excused"]):
        if kinds and missed.equals(table[kinds].astype(np.float64).sum(axis=1)):
            return tuple(kinds)
    return ()


def hide_weeks(weeks: AttendanceByWeek, hidden: Hidden, policy: SafePolicy) -> AttendanceByWeek:
    """Return a table by week without the hidden counts, and the rates that depend on them."""
    table = weeks.table.copy()
    names = (*WEEKLY_PEOPLE, *WEEKLY_RATES, *WEEKLY_ABSENT, *WEEKLY_OTHERS)
    table[list(names)] = table[list(names)].astype(np.float64)
    gone = np.zeros(len(table), dtype=np.bool_)
    keys = week_keys(weeks)
    for name in names:
        item = "rate" if name in WEEKLY_RATES else name
        mask = np.array([(*key, item) in hidden for key in keys], dtype=np.bool_)
        table.loc[mask, name] = np.nan
        gone |= mask
    table["hidden"] = gone
    if policy.threshold > 1:
        table = with_printed_digits(table)
    return replace(weeks, table=table, people=None, **safe_fields(weeks, policy))


def hidden_in_weeks(table: pd.DataFrame) -> pd.DataFrame:
    """Return which cells of a table by week that `hide_weeks` made are hidden.

    A week in which no session was due has no rate: that is not hidden.
    """
    gone = table.isna().mul(table["hidden"], axis=0)
    rates = list(WEEKLY_RATES)
    gone[rates] = gone[rates].mul(table["due"] != 0, axis=0)
    if NOT_LEFT in table:
        gone["episodes"] &= table[NOT_LEFT] == ""
    gone[never_recorded(table)] = False
    return gone


def protect_trend(trend: Trend, policy: SafePolicy) -> Trend:
    """Return one trend for release."""
    if trend.table["value"].notna().any() and trend.table["numerator"].isna().all():
        raise RuleError(
            "A trend of values without counts cannot be protected.",
            found="values of which it is not known how many people are behind each",
            instead="a frame with numerator and denominator",
        )
    if policy.base > 1:
        return round_trend(trend, policy)
    linked = LinkedCounts(policy)
    link_trend(linked, trend)
    return hide_trend(trend, linked.hidden(), policy)


def round_trend(trend: Trend, policy: SafePolicy) -> Trend:
    """Return a trend of rounded counts, with the rates that they make and without intervals.

    A mean, and an estimate from times to an event, is not made of its counts: it is missing. So is
    the rate of few, which rounding alone can move by more than ten points (10 of 10 may be 5 of
    14), and there is no control chart: its signals would be of the rounding.
    """
    trend = trend.without_chart()
    table = trend.table.copy()
    for name in ("numerator", "denominator", "events", *OTHER_ENDS):
        if name in table:
            table[name] = policy.rounds(table[name])
    of_counts = trend.unit == "proportion" and "censored" not in table
    enough = table["denominator"] >= policy.least_rounded
    rates = table["numerator"] / table["denominator"].where(enough)
    counted = table["numerator"] if table["denominator"].isna().all() else np.nan
    known = trend.table["value"].notna()
    table["value"] = (rates.clip(upper=1) if of_counts else pd.Series(counted, table.index)).where(
        known
    )
    gone = [name for name in ("lower", "upper", *TREND_SO_FAR) if name in table]
    table[gone] = np.nan
    if trend.unit in MEANS:
        table["numerator"] = np.nan
    table["hidden"] = False
    return replace(trend, table=table, people=None, **safe_fields(trend, policy))


def protect_interrupted(series: InterruptedSeries, policy: SafePolicy) -> InterruptedSeries:
    """Return an interrupted series for release: made from the periods that are shown.

    A regression of all periods would disclose the hidden ones.
    """
    return estimate_change(
        tuple(protect_trend(trend, policy) for trend in series.series), series.plan
    )


def protect_weeks(weeks: AttendanceByWeek, policy: SafePolicy) -> AttendanceByWeek:
    """Return one weekly table for release."""
    linked = LinkedCounts(policy)
    link_weeks(linked, weeks)
    return hide_weeks(weeks, linked.hidden(), policy)
