"""The one gate through which every result passes before it is drawn, printed or saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.curves import ANCHORS, ProtectedCurves, published_steps
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.tables import hide_nested_counts
from iop_outcomes.errors import RuleError
from iop_outcomes.measures import AttendanceByWeek
from iop_outcomes.show import level_words
from iop_outcomes.survival import SurvivalCurves
from iop_outcomes.trends import Trend

WEEKLY_PEOPLE = ("episodes_followed", "episodes", "episodes_attending")
WEEKLY_SESSIONS = ("due", "attended", "no_show", "cancelled", "excused", "unrecorded", "not_due")
WEEKLY_RATES = ("rate", "lower", "upper")


@overload
def protect(
    result: SurvivalCurves | ProtectedCurves, policy: SafePolicy | None = None
) -> ProtectedCurves: ...
@overload
def protect(result: Trend, policy: SafePolicy | None = None) -> Trend: ...
@overload
def protect(result: AttendanceByWeek, policy: SafePolicy | None = None) -> AttendanceByWeek: ...
def protect(
    result: SurvivalCurves | ProtectedCurves | Trend | AttendanceByWeek,
    policy: SafePolicy | None = None,
) -> ProtectedCurves | Trend | AttendanceByWeek:
    """Return a result that may leave: small counts, and what would give them back, are gone.

    Parameters
    ----------
    result : SurvivalCurves, Trend or AttendanceByWeek
        What `survival_curves`, `trend` or `attendance_by_week` returned; left unchanged.
    policy : SafePolicy, optional
        Default: ``SafePolicy()``, which hides counts from 1 to 10.

    Returns
    -------
    ProtectedCurves, Trend or AttendanceByWeek
        Curves: see `ProtectedCurves`. A trend and a table by week: the same, with the counts,
        value and limits of a row missing where one of its counts, or a complement, is small; a
        column ``hidden`` says where. Hide before drawing: a picture's numbers can be read back
        from the file.

    Raises
    ------
    RuleError
        The result is none of these.

    Notes
    -----
    Each result is judged by itself. Two that overlap (a whole and its parts, this quarter and the
    last) can still be subtracted from one another.
    """
    policy = policy or SafePolicy()
    if isinstance(result, ProtectedCurves):
        return result
    if isinstance(result, SurvivalCurves):
        return protect_curves(result, policy)
    if isinstance(result, Trend):
        return _protect_trend(result, policy)
    if isinstance(result, AttendanceByWeek):
        return _protect_weeks(result, policy)
    raise RuleError(
        "There is no rule for protecting this.",
        found=type(result).__name__,
        instead="survival curves, a trend, attendance by week; hide_small_counts for a frame",
    )


def protect_curves(
    curves: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int] = ANCHORS,
    parts: ProtectedCurves | None = None,
    synthetic: bool = False,
) -> ProtectedCurves:
    """Return curves that may leave; `protect` with its options.

    Parameters
    ----------
    curves : SurvivalCurves
        The curves of the whole data.
    policy : SafePolicy
        The rule of disclosure.
    days : sequence of int
        Days to publish first, where the counts allow it.
    parts : ProtectedCurves, optional
        Published curves of the groups that make up this whole: it is then published only where
        nothing small is left when their counts are taken from its own, and not at all if a few
        people are in the whole and in none of the groups.
    synthetic : bool
        Whether the records are made up.

    Raises
    ------
    RuleError
        The curves have weights: how many people a step is cannot be told from them.
    """
    if curves.weights is not None:
        raise RuleError(
            "Curves with weights cannot be protected: their counts are not of people.",
            found=f"weights={curves.weights!r}",
            instead="protect the curves without weights.",
        )
    names = list(curves.by)
    others = [] if parts is None else [rows for _, rows in _by_group(parts.table, parts.by)]
    apart = 0 if parts is None else int(curves.sizes["n"].sum() - parts.sizes["n"].sum())
    medians = curves.median()["median"].to_numpy(dtype=np.float64)
    tables, sizes, left_out = [], [], 0
    # An exact standard error gives back the counts that it is made of.
    whole = curves.table.drop(columns="se")
    for position, (_, steps) in enumerate(_by_group(whole, curves.by)):
        table = published_steps(steps, policy, days, parts=others)
        if len(table) < 2 or policy.hides(apart):
            left_out += 1
            continue
        size = steps[names].iloc[[0]].reset_index(drop=True)
        shown = medians[position] if (table["day"] == medians[position]).any() else np.nan
        tables.append(table)
        sizes.append(
            size.assign(
                n=int(table["at_risk"].iloc[0]),
                events=int(table["events"].sum()),
                censored=int(table["censored"].sum()),
                through=table["day"].iloc[-1],
                median=shown,
            )
        )
    empty = whole.iloc[:0]
    table = pd.concat(tables, ignore_index=True) if tables else empty
    size_columns = [*names, "n", "events", "censored", "through", "median"]
    frame = pd.concat(sizes, ignore_index=True) if sizes else pd.DataFrame(columns=size_columns)
    return ProtectedCurves(
        table=table,
        sizes=frame,
        left_out=left_out,
        by=curves.by,
        rule=f"{curves.rule} {_grouping_rule(policy)}",
        text=_describe(table, frame, curves.by, left_out, curves.confidence) + f" {curves.rule}",
        policy=policy,
        confidence=curves.confidence,
        synthetic=synthetic or curves.synthetic,
    )


def _by_group(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[object, pd.DataFrame]]:
    if not by:
        return [((), frame)]
    return list(frame.groupby(list(by), observed=True, sort=False))


def _grouping_rule(policy: SafePolicy) -> str:
    if policy.threshold == 1:
        return policy.text
    return (
        f"Shown at days between which at least {policy.threshold} events, and no or at least "
        f"{policy.threshold} ends of follow-up, lie, while at least {policy.threshold} people "
        "are followed; between them the curve is not published."
    )


def _describe(
    table: pd.DataFrame,
    sizes: pd.DataFrame,
    by: tuple[str, ...],
    left_out: int,
    confidence: float,
) -> str:
    """Say where each curve stands on its last published day."""
    sentences = []
    for position, (_, rows) in enumerate(_by_group(table, by) if len(table) else []):
        last, size = rows.iloc[-1], sizes.iloc[position]
        name = ", ".join(str(size[column]) for column in by)
        start = f"{name} (n {size['n']:,})" if name else f"n {size['n']:,}"
        sentences.append(
            f"{start}: an estimated {last['survival']:.0%} were without the event on day "
            f"{last['day']:.0f} ({level_words(confidence)} limits {last['lower']:.0%} to "
            f"{last['upper']:.0%})."
        )
    if left_out:
        groups = "One group has" if left_out == 1 else f"{left_out} groups have"
        sentences.append(f"{groups} too few people or events to be shown.")
    return " ".join(sentences)


def _protect_trend(trend: Trend, policy: SafePolicy) -> Trend:
    table = trend.table.copy()
    numerator, denominator = (
        table[name].to_numpy(dtype=np.float64) for name in ("numerator", "denominator")
    )
    hidden = policy.hides(numerator) | policy.hides_fraction(numerator, denominator)
    if trend.people is not None:  # a hundred sessions may be those of two people
        hidden |= policy.hides(trend.people)
    counts = ["numerator", "denominator", "value", "lower", "upper"]
    table.loc[hidden, counts] = np.nan
    table["hidden"] = hidden
    return replace(trend, table=table, people=None, rule=f"{trend.rule} {policy.note}")


def _protect_weeks(weeks: AttendanceByWeek, policy: SafePolicy) -> AttendanceByWeek:
    """Hide people and sessions of a week apart: each is judged by its own counts."""
    table = weeks.table.copy()
    followed, present, came, due, attended = (
        table[name].to_numpy(dtype=np.float64) for name in (*WEEKLY_PEOPLE, "due", "attended")
    )
    kinds = list(WEEKLY_SESSIONS)
    table[kinds] = table[kinds].astype(np.float64)
    table[list(WEEKLY_PEOPLE)] = table[list(WEEKLY_PEOPLE)].astype(np.float64)
    no_followed = _falling_away(weeks, policy)
    no_present = no_followed | policy.hides_fraction(present, followed)
    no_came = no_followed | policy.hides_fraction(came, followed)
    no_came |= ~no_present & policy.hides(present - came)
    for name, hidden in zip(WEEKLY_PEOPLE, (no_followed, no_present, no_came), strict=True):
        table.loc[hidden, name] = np.nan
    sessions = policy.hides(came) | policy.hides_fraction(attended, due)
    # Where one kind of absence is small, none is shown: their sum is known.
    small = policy.hides(table[kinds[2:]].to_numpy()).any(axis=1)
    table.loc[small, kinds[2:]] = np.nan
    table.loc[sessions, [*kinds, *WEEKLY_RATES]] = np.nan
    table["hidden"] = no_followed | no_present | no_came | sessions
    return replace(weeks, table=table, rule=f"{weeks.rule} {policy.note}")


def _falling_away(weeks: AttendanceByWeek, policy: SafePolicy) -> npt.NDArray[np.bool_]:
    """Return the weeks whose number followed is a few less than that of the week shown before."""
    hidden = [
        hide_nested_counts(rows["episodes_followed"].to_numpy(), policy)
        for _, rows in _by_group(weeks.table, weeks.by)
    ]
    return np.concatenate(hidden) if hidden else np.zeros(0, dtype=np.bool_)
