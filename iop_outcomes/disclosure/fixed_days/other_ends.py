"""Cumulative incidences and interval-censored curves on fixed days that disclose no small count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.fixed_days.at_risk import survival_decimals
from iop_outcomes.disclosure.fixed_days.choice import (
    Days,
    FixedCounts,
    choose_together,
    fixed_days,
    shared_worth,
)
from iop_outcomes.disclosure.fixed_days.protected import by_group, sharp_rule
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.words import no_errors, no_small_counts, of_frame
from iop_outcomes.errors import RuleError
from iop_outcomes.survival import CumulativeIncidence, IntervalSurvival

OTHER = "other ends"
EDGE = 1e-9
Floats = npt.NDArray[np.float64]
Found = tuple[list[pd.DataFrame], list[pd.DataFrame], int]
NARROWEST = 0.05
WIDTHS = (NARROWEST, 0.1, 0.2, 0.5, 1.0)
"""How far below its highest value the lowest of an interval-censored curve is said to lie."""
IN_STEPS = (
    "Events lie between two of their days: shaded is between the highest share that this leaves "
    "and one 5, 10, 20 or 50 points below it, under which it is not; the line is the middle."
)


def protect_incidence(
    result: CumulativeIncidence, policy: SafePolicy, *, days: Sequence[int] | None = None
) -> ProtectedCurves:
    """Return cumulative incidences for release.

    Parameters
    ----------
    result : CumulativeIncidence
        The incidences of the whole data.
    policy : SafePolicy
        The disclosure rule.
    days : sequence of int, optional
        The fixed days of which some are published; see `protect_curves`.

    Returns
    -------
    ProtectedCurves
        ``measure`` is ``"incidence"``, and ``cause`` is the last of its groups. Causes that too few
        ended by to be shown on any day are taken together as "other ends", with the next larger one
        if they are still too few. No numbers at risk and no limits: from both those at risk could
        be distinguished by cause.

    Raises
    ------
    RuleError
        If the policy hides nothing: the result itself says all.
    """
    _refuse_open(policy, "cumulative incidence")
    fixed = fixed_days(float(result.table["day"].max())) if days is None else tuple(days)
    rows, sizes, left_out = [], [], 0
    for key, part in by_group(result.table, result.by):
        named = dict(zip(result.by, [key] if len(result.by) == 1 else list(key), strict=True))  # type: ignore[call-overload]  # a tuple where there are several
        overall = result.overall.table
        for name, value in named.items():
            overall = overall[overall[name] == value]
        causes = _merged(_causes(part, overall, fixed), policy)
        together = _together([counts for _, counts in causes], policy, fixed)
        for (cause, counts), days in zip(causes, together, strict=True):
            if not days:
                left_out += 1
                continue
            table = _rows(counts, days, counts.survival)
            label = pd.DataFrame([{**named, "cause": cause}])
            rows.append(label.iloc[[0] * len(table)].reset_index(drop=True).join(table))
            sizes.append(label.assign(n=counts.people, through=days[-1], median=np.nan, base=0))
    names = [*result.by, "cause"]
    return _made(result, policy, names, (rows, sizes, left_out), "incidence")


def incidence_on(
    result: CumulativeIncidence,
    policy: SafePolicy,
    shown: Sequence[tuple[frozenset[str], Days]],
) -> ProtectedCurves:
    """Return cumulative incidences, without groups, on days that were chosen before.

    Parameters
    ----------
    result : CumulativeIncidence
        The incidences of the whole data.
    policy : SafePolicy
        The disclosure rule.
    shown : sequence of (frozenset of str, tuple of int)
        The causes that are taken together, as "other ends" if they are several, and their days.

    Returns
    -------
    ProtectedCurves
        What `protect_incidence` returns where it chooses these causes and days.
    """
    fixed = sorted({day for _, days in shown for day in days})
    counted = dict(_causes(result.table, result.overall.table, tuple(fixed)))
    rows, sizes = [], []
    for kinds, days in shown:
        several = [(name, own) for name, own in counted.items() if name in kinds]
        counts = _sum(several)
        label = pd.DataFrame([{"cause": several[0][0] if len(kinds) == 1 else OTHER}])
        table = _rows(counts, days, counts.survival)
        rows.append(label.iloc[[0] * len(table)].reset_index(drop=True).join(table))
        sizes.append(label.assign(n=counts.people, through=days[-1], median=np.nan, base=0))
    return _made(result, policy, ["cause"], (rows, sizes, 0), "incidence")


def protect_interval(
    result: IntervalSurvival, policy: SafePolicy, *, days: Sequence[int] | None = None
) -> ProtectedCurves:
    """Return interval-censored curves for release.

    Parameters
    ----------
    result : IntervalSurvival
        The curves of the whole data.
    policy : SafePolicy
        The disclosure rule.
    days : sequence of int, optional
        The fixed days of which some are published; see `protect_curves`.

    Returns
    -------
    ProtectedCurves
        On fixed days between which the events are known to fall of enough people, and after which
        enough are known to be without. ``highest`` is the survival if each event was on the day on
        which it was seen; the survival is not below ``lowest``, which is 5, 10, 20, 50 or 100
        points lower; ``survival`` is the middle of both. Without numbers at risk and limits.

    Raises
    ------
    RuleError
        If the policy hides nothing: the result itself says all.

    Notes
    -----
    By how much the curve can be lower tells, beside the numbers at risk, whose event fell between
    two of their days around a day. So this is said in steps: 5 points are said wherever it is no
    more, as if there were nobody; a larger step is said only where it is nobody or at least the
    threshold, and a day of others is not published.
    """
    _refuse_open(policy, "interval-censored curve")
    fixed = fixed_days(float(result.fits["last_day"].max())) if days is None else tuple(days)
    groups = by_group(result.intervals, result.by)
    estimates = by_group(_in_steps(result, policy, [0, *fixed]), result.by)
    counted = [_known(rows, at) for (_, rows), (_, at) in zip(groups, estimates, strict=True)]
    together = _together([curve for curve, _ in counted], policy, fixed)
    rows, sizes, left_out = [], [], 0
    for (key, _), (counts, ends), chosen in zip(groups, counted, together, strict=True):
        named = dict(zip(result.by, [key] if len(result.by) == 1 else list(key), strict=True))  # type: ignore[call-overload]  # a tuple where there are several
        if not chosen:
            left_out += 1
            continue
        table = _rows(counts, chosen, counts.survival)
        places, decimals = counts.places(chosen), survival_decimals(counts.people)
        below, highest = ends[0][places], ends[1][places].round(decimals)
        table["lowest"] = (highest - below).clip(0).round(decimals)
        table["highest"] = highest
        table["share"] = ((table["lowest"] + highest) / 2).round(decimals)
        label = pd.DataFrame([named], index=[0])
        rows.append(label.iloc[[0] * len(table)].reset_index(drop=True).join(table))
        sizes.append(label.assign(n=counts.people, through=chosen[-1], median=np.nan, base=0))
    return _made(result, policy, list(result.by), (rows, sizes, left_out), "survival")


def _in_steps(result: IntervalSurvival, policy: SafePolicy, days: Sequence[int]) -> pd.DataFrame:
    """Return the highest survival by day, and a step `below` it that the lowest one is not under.

    Both are missing where no step can be published, and where nobody is followed.
    """
    at = result.at(days)
    between = result.risk_table(days)["between"].to_numpy()
    lower = (at["highest"] - at["lowest"]).to_numpy(dtype=np.float64)
    place = np.searchsorted(WIDTHS, np.nan_to_num(lower) - EDGE).clip(max=len(WIDTHS) - 1)
    open_ = (place == 0) | ~policy.hides(between)
    below = np.where(at["day"] == 0, 0.0, np.array(WIDTHS)[place])
    return at.assign(below=below, highest=at["highest"].where(open_))


def _together(
    curves: Sequence[FixedCounts], policy: SafePolicy, fixed: Sequence[int]
) -> list[Days]:
    """Return the days of some curves without numbers at risk: any set of each may be published."""
    worth = shared_worth(curves, policy, fixed)
    return choose_together(curves, policy, worth, lambda *_: True)


def _refuse_open(policy: SafePolicy, what: str) -> None:
    if policy.threshold == 1:
        raise RuleError(
            f"There is nothing to hide of this {what} under a policy that hides nothing.",
            instead="the result itself, which says all",
        )


def _causes(
    part: pd.DataFrame, overall: pd.DataFrame, fixed: tuple[int, ...]
) -> list[tuple[str, FixedCounts]]:
    """Return the counts and incidences of each cause through each fixed day."""
    everyone = FixedCounts.of(overall, fixed)
    counts_of_cause = []
    for cause, rows in part.groupby("cause", sort=False, observed=True):
        day = rows["day"].to_numpy(dtype=np.float64)
        place = np.maximum(np.searchsorted(day, everyone.days, side="right") - 1, 0)
        events = rows["events"].to_numpy(dtype=np.int64).cumsum()[place]
        shares = rows["incidence"].to_numpy(dtype=np.float64)[place]
        events, shares = (np.where(everyone.days == 0, 0, array) for array in (events, shares))
        # Who is left is who is followed after the day; the others ended by this cause or not.
        through = {
            **everyone.through,
            "events": events,
            "censored": everyone.through["entered"] - everyone.left - events,
        }
        counts_of_cause.append((str(cause), FixedCounts(everyone.days, through, shares)))
    return counts_of_cause


def _merged(
    causes: list[tuple[str, FixedCounts]], policy: SafePolicy
) -> list[tuple[str, FixedCounts]]:
    """Take together the causes that cannot be shown by themselves."""
    worth = dict.fromkeys(causes[0][1].days.tolist(), 1.0)
    by_size = sorted(causes, key=lambda cause: int(cause[1].through["events"][-1]))
    few = [cause for cause in by_size if not cause[1].sets(policy, worth)]
    if not few:
        return causes
    few += [
        cause for cause in by_size if cause[0] == "other" and cause not in few
    ]  # one name for both
    rest = [cause for cause in by_size if cause not in few]
    while rest and (len(few) < 2 or not _sum(few).sets(policy, worth)):
        few.append(rest.pop(0))
    kept = [cause for cause in causes if cause not in few]
    return [*kept, (OTHER, _sum(few))]


def _sum(causes: list[tuple[str, FixedCounts]]) -> FixedCounts:
    """Return the counts and the incidence of an end by any of some causes."""
    first = causes[0][1]
    events = sum((curve.through["events"] for _, curve in causes), np.zeros_like(first.days))
    shares = sum((curve.survival for _, curve in causes), np.zeros(len(first.days)))
    through = {
        **first.through,
        "events": events,
        "censored": first.through["entered"] - first.left - events,
    }
    return FixedCounts(first.days, through, shares)


def _known(rows: pd.DataFrame, at: pd.DataFrame) -> tuple[FixedCounts, tuple[Floats, Floats]]:
    """Return whose event is known by each fixed day, and the step below the highest survival."""
    at = at[at["highest"].notna()]
    days = at["day"].to_numpy(dtype=np.int64)
    people, left, right = (
        rows[name].to_numpy(dtype=np.float64) for name in ("people", "left", "right")
    )
    known = np.array([people[right <= day].sum() for day in days]).astype(np.int64)
    without = np.array([people[left >= day].sum() for day in days]).astype(np.int64)
    size = int(people.sum())
    through = {
        "events": known,
        "censored": size - known - without,
        "entered": np.full(len(days), size),
        "all": np.full(len(days), size),
    }
    below, high = (at[name].to_numpy(dtype=np.float64) for name in ("below", "highest"))
    return FixedCounts(days, through, high), (below, high)


def _rows(counts: FixedCounts, days: tuple[int, ...], shares: Floats) -> pd.DataFrame:
    places = counts.places(days)
    decimals = survival_decimals(counts.people)
    at_risk = pd.array([counts.people, *[pd.NA] * len(days)], dtype="Int64")
    return pd.DataFrame(
        {
            "day": counts.days[places],
            "at_risk": at_risk,
            "share": shares[places].round(decimals),
            "lower": np.nan,
            "upper": np.nan,
        }
    )


def _made(
    result: CumulativeIncidence | IntervalSurvival,
    policy: SafePolicy,
    names: list[str],
    parts: Found,
    measure: str,
) -> ProtectedCurves:
    rows, sizes, left_out = parts
    columns = [*names, "day", "at_risk", "share", "lower", "upper"]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    frame = (
        pd.concat(sizes, ignore_index=True)
        if sizes
        else pd.DataFrame(columns=[*names, "n", "through", "median", "base"])
    )
    table = table.rename(columns={"share": measure})
    more = [IN_STEPS] if isinstance(result, IntervalSurvival) else []
    return ProtectedCurves(
        table=table,
        sizes=frame,
        left_out=left_out,
        by=tuple(names),
        rule=" ".join([no_errors(no_small_counts(result.rule, policy)), sharp_rule(policy), *more]),
        text=_describe(table, frame, names, left_out, measure),
        policy=policy,
        confidence=result.confidence,
        synthetic=result.synthetic,
        provenance=of_frame(result.provenance, policy),
        measure=measure,
    )


def _describe(
    table: pd.DataFrame, sizes: pd.DataFrame, names: list[str], left_out: int, measure: str
) -> str:
    done = "had ended so" if measure == "incidence" else "were without the event"
    sentences = []
    for position, (_, rows) in enumerate(by_group(table, names) if len(table) else []):
        last, size = rows.iloc[-1], sizes.iloc[position]
        name = ", ".join(str(size[column]).replace("_", " ") for column in names)
        people = f"n {size['n']:,.0f}"
        start = f"{name} ({people})" if name else people
        share = f"an estimated {last[measure]:.0%}"
        if "lowest" in rows:
            share = f"between {last['lowest']:.0%} and {last['highest']:.0%}"
        sentences.append(f"{start}: {share} {done} by day {last['day']:.0f}.")
    if left_out:
        sentences.append(
            "One curve has too few people to be shown."
            if left_out == 1
            else f"{left_out} curves have too few people to be shown."
        )
    return " ".join(sentences)
