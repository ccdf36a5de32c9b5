"""What results by group share: their labels, their parts, and the days they are asked for."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_level, format_value
from iop_outcomes.survival.limits import NOT_COMPUTED, NOT_REACHED
from iop_outcomes.survival.near_ties import days_of_table


def format_median(row: Any, confidence: float) -> str:
    """Return a median and its limits in words."""
    if pd.isna(row["median"]):
        return f"median {NOT_REACHED}"
    why = [row.get(f"{name}_missing", NOT_REACHED) for name in ("lower", "upper")]
    middle = format_value(float(row["median"]), 1)
    limits = format_limits(confidence, row["lower"], row["upper"], 1, why=(why[0], why[1]))
    return f"median {middle} days ({limits})"


def format_limits(
    confidence: float,
    lower: float,
    upper: float,
    decimals: int = 3,
    *,
    why: tuple[str, str] = (NOT_COMPUTED, NOT_COMPUTED),
) -> str:
    """Return limits in words, and where one is missing why it is."""
    level = f"{format_level(confidence)} limits"
    ends = [
        reason if pd.isna(limit) else format_value(float(limit), decimals)
        for limit, reason in zip((lower, upper), why, strict=True)
    ]
    if ends[0] == ends[1] and pd.isna(lower):
        return f"{level} {ends[0]}"
    if NOT_COMPUTED in ends:
        return f"{level}: lower {ends[0]}, upper {ends[1]}"
    return f"{level} {ends[0]} to {ends[1]}"


def stacked(parts: list[dict[str, NDArray[Any]]], labels: pd.DataFrame) -> pd.DataFrame:
    """Return columns of several groups below each other, each with the label of its group."""
    body = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    if not len(labels.columns):
        return body
    sizes = [len(next(iter(part.values()))) for part in parts]
    group = np.repeat(np.arange(len(parts)), sizes)
    return pd.concat([labels.iloc[group].reset_index(drop=True), body], axis=1)


def labelled(parts: list[pd.DataFrame], labels: pd.DataFrame) -> pd.DataFrame:
    """Return the parts below each other, each with the label of its group."""
    body = pd.concat(parts, ignore_index=True)
    return beside(body, labels, np.array([len(part) for part in parts]))


def beside(body: pd.DataFrame, labels: pd.DataFrame, rows: int | NDArray[Any]) -> pd.DataFrame:
    """Return the rows of all groups, n of each, with the label of their group."""
    if not len(labels.columns):
        return body
    group = np.repeat(np.arange(len(labels)), rows)
    return pd.concat([labels.iloc[group].reset_index(drop=True), body], axis=1)


def group_bounds(frame: pd.DataFrame, names: list[str]) -> NDArray[np.intp]:
    """Return where each group of adjacent rows begins, and where the last one ends."""
    changed = np.zeros(max(len(frame) - 1, 0), dtype=bool)
    for name in names:
        column = frame[name]
        categories = isinstance(column.dtype, pd.CategoricalDtype)
        values = (column.cat.codes if categories else column).to_numpy()
        changed |= np.asarray(values[1:] != values[:-1], dtype=bool)
    return np.concatenate([[0], np.flatnonzero(changed) + 1, [len(frame)]])


def group_count(frame: pd.DataFrame, names: list[str]) -> int:
    """Return how many groups of adjacent rows there are."""
    return len(group_bounds(frame, names)) - 1


def first_groups(frame: pd.DataFrame, names: list[str], count: int) -> pd.DataFrame:
    """Return the rows of the first n groups."""
    bounds = group_bounds(frame, names)
    return frame.iloc[: bounds[min(count, len(bounds) - 1)]]


def group_columns(frame: pd.DataFrame, names: list[str]) -> list[dict[str, NDArray[Any]]]:
    """Return the other columns of each group as arrays; views, so that many groups cost little."""
    bounds = group_bounds(frame, names)
    columns = {name: frame[name].to_numpy() for name in frame.columns if name not in names}
    return [
        {name: values[begin:end] for name, values in columns.items()}
        for begin, end in pairwise(bounds)
    ]


def split_groups(frame: pd.DataFrame, names: list[str]) -> list[pd.DataFrame]:
    """Return the rows of each group, in the order of the frame."""
    if not names:
        return [frame]
    return [part for _, part in frame.groupby(names, sort=False, observed=True)]


def days_asked(days: Any, known: Any = ()) -> NDArray[Any]:
    """Return days as an array, as `known` has them except for rounding; refuse other values."""
    asked = np.atleast_1d(np.asarray(days))
    numeric = asked.ndim == 1 and asked.dtype.kind in "iuf"
    if not numeric or not len(asked) or not np.isfinite(asked).all() or (asked < 0).any():
        raise RuleError(
            "Days are numbers, 0 or more.",
            found=as_written(days),
            instead="[0, 30, 60, 90], for example.",
        )
    return days_of_table(asked, np.asarray(known))


def day_asked(day: Any, called: str, known: Any = ()) -> float:
    """Return one day, as `days_asked`; refuse several."""
    if np.ndim(day) > 0:
        raise RuleError(
            f"{called}= is one number of days.",
            found=as_written(day),
            instead=f"{called}=90, and a call for each.",
        )
    return float(days_asked(day, known)[0])


def shares_asked(share: Any) -> NDArray[Any]:
    """Return shares between 0 and 1 as an array; refuse other values."""
    asked = np.atleast_1d(np.asarray(share))
    numeric = asked.ndim == 1 and asked.dtype.kind == "f"
    if not numeric or not len(asked) or not ((asked > 0) & (asked < 1)).all():
        raise RuleError(
            "A share lies between 0 and 1.",
            found=as_written(share),
            instead="quantile(0.25), or quantile([0.25, 0.5, 0.75])",
        )
    return asked
