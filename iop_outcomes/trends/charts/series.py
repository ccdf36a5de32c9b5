"""What a chart is made from: the checked numbers of one series, its segments and its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, ratio
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.charts.order import in_order, place_of

TRIAL_POINTS = 12  # with fewer, limits are trial limits
Baseline = int | tuple[Any, Any] | None
Rebase = Sequence[tuple[Any, str]]


@dataclass(frozen=True, eq=False)
class Series:
    """One series in the order of time.

    Attributes
    ----------
    frame : pandas.DataFrame
        ``period`` and the numbers, a row a period, missing periods included.
    value, numerator, denominator : numpy.ndarray of float64
        The numbers, missing where not known; the counts are missing if there is only a value.
    segment : numpy.ndarray of int
        0 before the first rebasing, 1 after it, and so on.
    base : numpy.ndarray of bool
        The known points from which the centre and the limits of their segment are estimated.
    """

    frame: pd.DataFrame
    value: Floats
    numerator: Floats
    denominator: Floats
    segment: Integers
    base: Booleans

    def parts(self) -> list[tuple[Booleans, Booleans]]:
        """Return for each segment its rows, and those of them in the baseline."""
        every = [self.segment == number for number in range(int(self.segment.max(initial=-1)) + 1)]
        return [(rows, rows & self.base) for rows in every]

    def table(self, limits: dict[str, Floats]) -> pd.DataFrame:
        """Return the frame with centre, limits, segment, and whether the limits are trial ones."""
        trial = np.zeros(len(self.value), dtype=np.bool_)
        for rows, base in self.parts():
            trial[rows] = base.sum() < TRIAL_POINTS
        return self.frame.assign(value=self.value, **limits, segment=self.segment, trial=trial)


def read_series(
    frame: pd.DataFrame, needs: str, baseline: Baseline = None, rebase: Rebase = ()
) -> Series:
    """Return the checked series of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period``, and ``numerator`` and ``denominator``, or ``value``.
    needs : {"rate", "proportion", "value", "count"}
        What the chart is made from: a numerator and a denominator; the same, the numerator not
        above the denominator; a value, or both; a value or a numerator, not negative.
    baseline, rebase
        As in :func:`iop_outcomes.trends.charts.xmr_chart`.

    Raises
    ------
    RuleError
        If a column is not there or holds something else, or an option cannot be understood.
    """
    names = _columns(frame, needs)
    ordered, when = in_order(frame[["period", *names]])
    numbers = {name: _numbers(ordered[name], name) for name in names}
    missing = np.full(len(ordered), np.nan)
    numerator = numbers.get("numerator", missing)
    denominator = numbers.get("denominator", missing)
    if "value" in numbers:
        value = numbers["value"]
    elif "denominator" in numbers:
        _check_counts(numerator, denominator, needs)
        value = ratio(numerator, np.nan_to_num(denominator))
    else:
        value = numerator
    if needs == "count" and (value < 0).any():
        raise RuleError("A count cannot be negative.", found=_many(value < 0, "negative value"))
    segment = _segments(when, rebase)
    base = np.isfinite(value) & _baseline(when, np.isfinite(value), segment, baseline, rebase)
    ordered = ordered.assign(**numbers)
    return Series(ordered, value, numerator, denominator, segment, base)


def _columns(frame: pd.DataFrame, needs: str) -> list[str]:
    if not isinstance(frame, pd.DataFrame):
        raise RuleError(
            "A chart is made from a frame with a row a period.",
            found=type(frame).__name__,
            instead="a pandas DataFrame with period, numerator, denominator or with period, value",
        )
    have = [name for name in ("numerator", "denominator", "value") if name in frame]
    if "period" in frame:
        if {"numerator", "denominator"} <= set(have) and needs != "count":
            return ["numerator", "denominator"]
        if "value" in have and needs in ("value", "count"):
            return ["value"]
        if "numerator" in have and needs == "count":
            return ["numerator"]
    wanted = {"value": "period, value or period, numerator, denominator", "count": "period, value"}
    raise RuleError(
        f"The chart needs the columns {wanted.get(needs, 'period, numerator, denominator')}.",
        found=f"{', '.join(have) or 'none of them'}{'' if 'period' in frame else ', no period'}",
        instead='these columns; chart="xmr" for values without a denominator',
    )


def _numbers(column: pd.Series[Any], name: str) -> Floats:
    """Return a column as numbers, missing where missing."""
    if not pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        raise RuleError(
            f"The column {name} must hold numbers.",
            found=f"a column of type {column.dtype}",
            instead=f'pandas.to_numeric(frame["{name}"]) first',
        )
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        raise RuleError(
            f"The column {name} must hold finite numbers.",
            found=_many(np.isinf(numbers), "infinite value"),
            instead="a missing value where there is none",
        )
    return numbers


def _check_counts(numerator: Floats, denominator: Floats, needs: str) -> None:
    faults = {
        "negative": (numerator < 0) | (denominator < 0),
        "numerator above 0 out of a denominator of 0": (denominator == 0) & (numerator > 0),
    }
    if needs == "proportion":
        faults["numerator above its denominator"] = numerator > denominator
    for words, wrong in faults.items():
        if wrong.any():
            raise RuleError(
                "The numerators do not fit the denominators.",
                found=_many(wrong, "row", f": {words}"),
                instead="counts and what they are out of; "
                'chart="u" if there can be several events each',
            )


def _many(mask: Booleans, noun: str, after: str = "") -> str:
    count = int(mask.sum())
    return f"{count:,} {noun}{'' if count == 1 else 's'}{after}"


def _segments(when: pd.Index[Any], rebase: Rebase) -> Integers:
    segment = np.zeros(len(when), dtype=np.int64)
    for entry in check_dated(rebase, "rebase", "reason"):
        segment[place_of(when, entry[0], "rebase") :] += 1
    if len(segment) and (np.diff(segment, prepend=0) > 1).any():
        raise RuleError(
            "Two dates of rebase= begin the same period, or one begins the first.",
            found=f"{len(rebase):,} dates",
            instead="dates with at least one period between them, after the first period",
        )
    if len(segment) and segment[0]:
        raise RuleError(
            "A date of rebase= is in the first period or before it.",
            found=as_written(rebase[0][0]),
            instead="a date after the first period",
        )
    return segment


def check_dated(entries: object, option: str, second: str) -> Sequence[tuple[Any, str]]:
    """Return pairs of a date and words, or raise RuleError if they are something else."""
    pairs = list(entries) if isinstance(entries, (list, tuple)) else None
    instead = f'{option}=[("2026-03-01", "new intake form")]'
    if pairs is None:
        raise RuleError(
            f"{option}= is a list of dates, each with its {second}.",
            found=f"{option}={as_written(entries)}",
            instead=instead,
        )
    for pair in pairs:
        whole = isinstance(pair, (list, tuple)) and len(pair) == 2
        if not whole or not isinstance(pair[1], str) or not pair[1].strip():
            raise RuleError(
                f"Each date of {option}= needs its {second}, since it is drawn with it.",
                found=f"{len(pairs):,} entries, of which one is no pair of a date and words",
                instead=instead,
            )
    return [(pair[0], pair[1]) for pair in pairs]


def _baseline(
    when: pd.Index[Any], known: Booleans, segment: Integers, baseline: Baseline, rebase: Rebase
) -> Booleans:
    """Return the rows of the baseline, known or not."""
    if baseline is None:
        return np.ones(len(when), dtype=np.bool_)
    if is_whole(baseline, 2):
        inside = np.zeros(len(when), dtype=np.bool_)
        for number in range(int(segment.max(initial=-1)) + 1):
            inside[np.flatnonzero(known & (segment == number))[:baseline]] = True
        return inside
    if not isinstance(baseline, (list, tuple)) or len(baseline) != 2 or len(rebase):
        raise RuleError(
            "baseline= is a number of points of 2 or more, or, without rebase=, a first and a last "
            "date.",
            found=f"baseline={as_written(baseline)}{', with rebase=' if len(rebase) else ''}",
            instead='baseline=12 or baseline=("2025-01-01", "2025-12-31")',
        )
    first = place_of(when, baseline[0], "baseline")
    last = place_of(when, baseline[1], "baseline", last=True)
    inside = np.zeros(len(when), dtype=np.bool_)
    inside[first : last + 1] = True
    if not (inside & known).any():
        raise RuleError(
            "There is no known point in the baseline.",
            found=f"baseline={as_written(baseline)}",
            instead="a first date before the last, with known periods between",
        )
    return inside
