"""Protected curves on fewer days than they could have alone, or with coarser numbers at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.fixed_days.at_risk import rounded, survival_decimals
from iop_outcomes.disclosure.fixed_days.limits import printed_limits
from iop_outcomes.disclosure.fixed_days.protected import by_group, describe, median_of


@dataclass(frozen=True)
class Fewer:
    """What is kept of one curve.

    Attributes
    ----------
    days : tuple of int
        The days that stay.
    base : int
        To which the numbers at risk are rounded; 0 if none is printed.
    left : dict of int to int
        A day -> how many are followed after it.
    """

    days: tuple[int, ...]
    base: int
    left: Mapping[int, int]


def on_fewer_days(curves: ProtectedCurves, kept: Sequence[Fewer]) -> ProtectedCurves:
    """Return curves with less: some days are left out, or numbers at risk are coarser or left out.

    Limits and medians are worked out again from what is printed. A curve without a day is left out.

    Parameters
    ----------
    curves : ProtectedCurves
        The curves.
    kept : sequence of Fewer
        What is kept of each, in their order.
    """
    if curves.table.empty:
        return curves
    tables, sizes, gone = [], [], 0
    for place, (_, rows) in enumerate(by_group(curves.table, curves.by)):
        own, size = kept[place], curves.sizes.iloc[[place]]
        if not own.days:
            gone += 1
            continue
        rows = rows[rows["day"].isin([0, *own.days])]
        if own.base != int(size["base"].iloc[0]):
            rows = _coarser(rows, own, curves)
        elif own.base and len(rows) and curves.measure == "survival":
            rows = _with_limits(rows, curves)
        tables.append(rows)
        median = (
            median_of(rows) if curves.measure == "survival" and "lowest" not in rows else np.nan
        )
        sizes.append(size.assign(through=own.days[-1], median=median, base=own.base))
    table = pd.concat(tables, ignore_index=True) if tables else curves.table.iloc[:0]
    size = pd.concat(sizes, ignore_index=True) if sizes else curves.sizes.iloc[:0]
    left_out = curves.left_out + gone
    text = curves.text
    if curves.measure == "survival" and "lowest" not in curves.table:
        before = describe(curves.table, curves.sizes, curves.by, curves.left_out, curves.confidence)
        text = describe(table, size, curves.by, left_out, curves.confidence)
        text += curves.text.removeprefix(before)
    return replace(curves, table=table, sizes=size, left_out=left_out, text=text.strip())


def _coarser(rows: pd.DataFrame, own: Fewer, curves: ProtectedCurves) -> pd.DataFrame:
    threshold, later = curves.policy.threshold, rows["day"] > 0
    risk = rows["at_risk"].copy()
    if own.base == 0:
        risk[later] = pd.NA
        nothing = rows[["lower", "upper"]].mask(later)
        return rows.assign(at_risk=risk, lower=nothing["lower"], upper=nothing["upper"])
    left = [own.left[int(day)] for day in rows.loc[later, "day"]]
    risk[later] = np.maximum(rounded(left, own.base), threshold)
    return _with_limits(rows.assign(at_risk=risk), curves)


def _with_limits(rows: pd.DataFrame, curves: ProtectedCurves) -> pd.DataFrame:
    shares = rows["survival"].to_numpy(dtype=np.float64)
    risk = rows["at_risk"].to_numpy(dtype=np.float64)
    decimals = survival_decimals(int(rows["at_risk"].iloc[0]))
    lower, upper = printed_limits(risk, shares, shares, curves.confidence)
    return rows.assign(lower=lower.round(decimals), upper=upper.round(decimals))
