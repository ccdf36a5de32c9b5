"""Funnels and pages of many measures for release: what small counts would show is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.results import TREND_NUMBERS, TREND_SO_FAR, protect_trend
from iop_outcomes.disclosure.words import safe_fields
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import Booleans
from iop_outcomes.trends import Trend
from iop_outcomes.trends.sites import Funnel
from iop_outcomes.trends.sites.by_site import funnel_table
from iop_outcomes.trends.watching import SummaryMatrix, Watch
from iop_outcomes.trends.watching.matrix import matrix_of
from iop_outcomes.trends.watching.signals import watch_of

MIDDLE = (0.4, 0.6)
"""Shares between which it is not known whether the hidden units have lower shares, or higher."""
_BY_VALUE = (
    "Units are hidden of which few are counted in the numerator, or few are not: the value of the "
    "units shown together is {}."
)
_NEITHER = " Case-mix model and calibration are not released."


def protect_funnel(result: Funnel, policy: SafePolicy) -> Funnel:
    """Return a funnel without small counts; see `iop_outcomes.protect`.

    Limits, the value of all units together and partly pooled values are made again from the units
    that are shown: those of all units would disclose the hidden ones.
    """
    table = result.table
    if result.ratio and result.case_mix is None and "denominator" not in table:
        raise RuleError(
            "A funnel of given expected numbers cannot be protected.",
            found="observed and expected, of which it is not known how many people are behind each",
            instead="a funnel of records, or of a frame with numerator and denominator",
        )
    gone = _hidden_units(result, policy)
    if gone.all():
        raise RuleError(
            "Each unit has too few people to be shown.",
            found=f"{len(table)} units",
            instead="larger units, or a longer time",
        )
    released = replace(result, people=None, **safe_fields(result, policy))
    if policy.threshold > 1 and result.case_mix is not None:
        released = replace(released, case_mix=None, rule=f"{released.rule}{_NEITHER}")
    if not gone.any():
        return replace(released, table=table.assign(hidden=False))
    return replace(released, **_without(result, gone))


def _hidden_units(result: Funnel, policy: SafePolicy) -> Booleans:
    """Return which units are hidden, so that no small count follows from the others."""
    linked = LinkedCounts(policy)
    table, people = result.table, result.people
    keys = [("unit", place) for place in range(len(table))]
    for place, key in enumerate(keys):
        row = table.iloc[place]
        names = ("numerator", "denominator", "rest")
        behind = {
            count: None if people is None else float(people[count].iloc[place]) for count in names
        }
        for name in names[:2]:
            linked.count((*key, name), row[name], people=behind[name], item=key)
        linked.part((*key, "denominator"), (*key, "numerator"), people=behind["rest"])
    if result.case_mix is not None and len(keys) > 1:
        # observed and expected of all units add up to the same number
        total = float(table["numerator"].sum())
        linked.count("all", total, item="all")
        linked.total("all", [(*key, "numerator") for key in keys])
    hidden = linked.hidden()
    gone = np.array([key in hidden for key in keys], dtype=np.bool_)
    if result.case_mix is not None and gone.sum() == 1 and len(gone) > 1:
        rest = np.where(gone, np.inf, table["denominator"].to_numpy(dtype=np.float64))
        gone[int(rest.argmin())] = True
    return gone


def _without(result: Funnel, gone: Booleans) -> dict[str, Any]:
    """Return the table with limits of the shown units alone, and what depends on it."""
    table = result.table
    labels = [*result.by, "numerator", "denominator"]
    labels += ["observed", "expected"] if result.ratio else []
    shown = table.loc[~gone, labels].reset_index(drop=True)
    target = result.target if result.given else None
    shown_table = funnel_table(shown, target, result.overdispersion, result.design_effect)
    if result.ratio:  # the variance of the model stays with each unit
        kept = ["size", "lower_998", "lower_95", "upper_95", "upper_998", "position", "z"]
        for name in kept:
            shown_table[name] = table.loc[~gone, name].to_numpy()
        for name in ("overdispersion", "partly_pooled", "own_weight"):
            shown_table[name] = np.nan
    shown_table = shown_table.reindex(
        columns=[name for name in table.columns if name in shown_table]
    )
    whole = shown_table.set_axis(np.flatnonzero(~gone)).reindex(range(len(table)))
    for name in result.by:
        whole[name] = table[name]
    for name in ("target", "overdispersion", "between", "adjusted"):
        whole[name] = shown_table[name].iloc[0]
    whole["position"] = whole["position"].fillna("")
    whole["not_known"] = table["not_known"]
    middle = float(shown_table["target"].iloc[0])
    biased = "" if result.ratio or result.given else _BY_VALUE.format(side_of_those_shown(middle))
    return {
        "table": whole.assign(hidden=gone),
        "target": middle,
        "together": "the units shown together",
        "not_shown": biased,
    }


def side_of_those_shown(share: float) -> str:
    """Return on which side of the share of all that of the units shown lies, in words.

    Hidden are units whose numerator, or whose rest, is small. If shares are low it is mostly the
    numerator, so that the hidden units have lower shares than the others; if they are high, higher.
    """
    if MIDDLE[0] <= share <= MIDDLE[1]:
        return "perhaps too high or too low"
    return f"likely too {'high' if share < MIDDLE[0] else 'low'}"


def protect_matrix(result: SummaryMatrix, policy: SafePolicy) -> SummaryMatrix:
    """Return a page of charts without small counts; see `iop_outcomes.protect`."""
    trends = _protected(result.trends, policy)
    matrix = matrix_of(trends)
    hidden = [_last_hidden(trend, rows) for trend in trends for rows in _groups(trend)]
    return replace(
        matrix, table=matrix.table.assign(hidden=hidden), rule=f"{matrix.rule} {policy.note}"
    )


def protect_watch(result: Watch, policy: SafePolicy) -> Watch:
    """Return the signals of charts without small counts; see `iop_outcomes.protect`."""
    signals = watch_of(_protected(result.trends, policy))
    return replace(signals, rule=f"{signals.rule} {policy.note}")


def _groups(trend: Trend) -> list[pd.DataFrame]:
    if not trend.by:
        return [trend.table]
    grouped = trend.table.groupby(list(trend.by), sort=False, observed=True, dropna=False)
    return [rows for _, rows in grouped]


def _last_hidden(trend: Trend, rows: pd.DataFrame) -> bool:
    """Return whether a chart has no value since all were hidden."""
    return bool(rows["value"].isna().all() and rows["hidden"].any())


def _protected(trends: Sequence[Trend], policy: SafePolicy) -> list[Trend]:
    """Protect each trend, and what follows from two of them in the same group and period.

    Counts of several measures may be of the same people (retained at 30 and at 90 days; attended,
    missed and other sessions): where two shown counts differ by a small number, or leave a small
    rest of the same denominator, the later measure hides that period.
    """
    safe = [protect_trend(trend, policy) for trend in trends]
    gone = [np.zeros(len(trend.table), dtype=np.bool_) for trend in safe]
    if policy.threshold > 1:
        for first, second in combinations(range(len(safe)), 2):
            gone[second] |= _near(safe[first], safe[second], gone[first], policy)
    return [_hide(trend, mask) for trend, mask in zip(safe, gone, strict=True)]


def _near(first: Trend, second: Trend, gone: Booleans, policy: SafePolicy) -> Booleans:
    keys = [*first.by, "period"]
    names = ["numerator", "denominator"]
    rows = first.table[keys + names].assign(gone=gone)
    other = second.table[keys + names]
    both = other.merge(rows, on=keys, how="left", suffixes=("", "_first"))
    small = np.zeros(len(other), dtype=np.bool_)
    for name in names:
        small |= policy.hides((both[name] - both[f"{name}_first"]).abs())
    same = both["denominator"] == both["denominator_first"]
    rest = both["denominator"] - both["numerator"] - both["numerator_first"]
    small |= same.to_numpy() & policy.hides(rest.abs())
    known = both["gone"].eq(False).to_numpy()
    return np.asarray(small & known)


def _hide(trend: Trend, gone: Booleans) -> Trend:
    if not gone.any():
        return trend
    table = trend.table.copy()
    numbers = [name for name in (*TREND_NUMBERS, *TREND_SO_FAR) if name in table]
    table.loc[gone, numbers] = np.nan
    table["hidden"] = table["hidden"].to_numpy() | gone
    return replace(trend, table=table).charted_again()
