"""A trend from a plain frame: its rows put in order or summed by period, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import Booleans, Floats, ratio
from iop_outcomes.shared.groups import Groups, MissingGroup, group_episodes, ungrouped
from iop_outcomes.statistics import count_interval, proportion_interval
from iop_outcomes.trends.charting import chart_rule
from iop_outcomes.trends.charts.order import times_of
from iop_outcomes.trends.periods import Every, frequency, labels_of
from iop_outcomes.trends.result import COUNTS, SHOWN, Trend
from iop_outcomes.trends.staff import describe_lettered, lettered

FEWEST_SO_FAR = 10
MADE_FROM = {
    "proportion": "sum of numerators / sum of denominators; intervals as of independent entries",
    "rate": "sum of numerators / sum of denominators; intervals as of independent events",
    "value": "values as given",
}


def kind_of_frame(frame: pd.DataFrame) -> str:
    """Return "proportion" or "rate" (a numerator and a denominator), or "value".

    Raises
    ------
    RuleError
        If the frame has none of these columns, or no rows.
    """
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise RuleError(
            "Each column of a frame needs a name of its own.",
            found=f"{len(twice):,} columns with the name of another",
            instead="frame.loc[:, ~frame.columns.duplicated()]",
        )
    has_counts = set(COUNTS) <= set(frame.columns)
    if "period" not in frame or not (has_counts or "value" in frame):
        raise RuleError(
            "A frame needs the columns period, numerator, denominator or period, value.",
            found=", ".join(name for name in ("period", *COUNTS, "value") if name in frame)
            or "none of them",
            instead='frame.rename(columns={"month": "period"}), for example; or records',
        )
    if frame.empty:
        raise EstimateError("There are no rows, so there is no trend.", found="0 rows")
    if not has_counts:
        return "value"
    for name in COUNTS:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise RuleError(
                f"The column {name} must hold numbers.",
                found=f"a column of type {frame[name].dtype}",
                instead=f'pandas.to_numeric(frame["{name}"]) first',
            )
    negative = (frame[list(COUNTS)] < 0).any(axis=1)
    if negative.any():
        raise RuleError(
            "A numerator or a denominator cannot be negative.",
            found=f"{int(negative.sum()):,} of {len(frame):,} rows with a negative count",
            instead="counts",
        )
    return "rate" if (frame["numerator"] > frame["denominator"]).any() else "proportion"


def trend_of_frame(
    frame: pd.DataFrame,
    measure: object,
    every: Every | None,
    by: str | Sequence[str] | None,
    missing_group: MissingGroup,
    *,
    confidence: float,
    first_month: int,
    asked: dict[str, Any],
    complete_only: bool = False,
    names: bool = False,
) -> Trend:
    """Return `trend` of a plain frame; the options were checked, those of the chart are `asked`."""
    kind = kind_of_frame(frame)
    title = measure if isinstance(measure, str) else getattr(measure, "title", kind.capitalize())
    least = 0.0 if kind != "value" else -np.inf
    most = 1.0 if kind == "proportion" else np.inf
    rule = chart_rule(kind, default="up", least=least, most=most, **asked)
    kept, left_out = ungrouped(frame, by, missing_group, "row")
    used = frame if kept is None else frame[kept]
    groups, staff = lettered(group_episodes(used, by, missing_group), names)
    options: dict[str, Any] = {"every": every, "first_month": first_month}
    table, when = table_of_frame(used, groups, kind=kind, confidence=confidence, **options)
    result = Trend(
        table=table,
        measure=str(title),
        title=str(title),
        unit=kind,
        every=every or "period",
        by=groups.names,
        confidence=confidence,
        rule=left_out.after(f"{title}: {MADE_FROM[kind]}. {describe_lettered(staff)}".strip()),
        left_out=left_out,
        when=when,
        lettered=staff,
    )
    return (result.complete_only() if complete_only else result).with_chart(rule)


def table_of_frame(
    frame: pd.DataFrame,
    groups: Groups,
    *,
    kind: str,
    every: Every | None,
    first_month: int,
    confidence: float,
) -> tuple[pd.DataFrame, pd.Index[Any]]:
    """Return the table of a trend from a frame, without a chart, and when each row is.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period`` and ``numerator, denominator`` or ``value``; optionally ``complete`` (bool).
    groups : Groups
        The group of each row.
    kind : {"proportion", "rate", "value"}
        As of `kind_of_frame`.
    every : {"week", "month", "quarter", "year"} or None
        Sum the counts of dates or shorter periods by these periods.
    first_month : int
        The first month of the year.
    confidence : float
        Confidence level of the intervals.
    """
    names = ["value"] if kind == "value" else list(COUNTS)
    when = times_of(frame["period"])
    if every is not None:
        when = _by_period(when, frequency(every, first_month))
    used = frame[names].astype(np.float64).reset_index(drop=True)
    used["complete"] = _complete(frame)
    used = used.assign(code=groups.codes, when=when, label=frame["period"].to_numpy())
    if every is not None and kind != "value":
        used = _summed(used)
    _refuse_repeats(used, kind, every)
    if isinstance(when, pd.PeriodIndex):
        used = _all_periods(used, len(groups))
    elif not pd.api.types.is_object_dtype(when.dtype):
        used = used.sort_values(["code", "when"], kind="stable", ignore_index=True)
    order = np.argsort(used["code"].to_numpy(), kind="stable")
    used = used.iloc[order].reset_index(drop=True)
    table = _table(used, groups, kind, confidence)
    return table, pd.Index(used["when"])


def _complete(frame: pd.DataFrame) -> Booleans:
    """Return which rows are complete; all if the frame does not say."""
    if "complete" not in frame:
        return np.ones(len(frame), dtype=np.bool_)
    column = frame["complete"]
    if not pd.api.types.is_bool_dtype(column.dtype) or column.isna().any():
        raise RuleError(
            "The column complete must be true or false in each row.",
            found=f"a column of type {column.dtype} with {int(column.isna().sum()):,} missing",
            instead='frame["complete"].fillna(False).astype(bool), for example',
        )
    return column.to_numpy(dtype=np.bool_)


def _labels(used: pd.DataFrame) -> list[str]:
    """Return the labels of the rows; of dates without time of day, unless it distinguishes them."""
    when = used["when"]
    if not pd.api.types.is_datetime64_any_dtype(when.dtype):
        return [str(label) for label in used["label"]]
    days = when.dt.strftime("%Y-%m-%d")
    times = when.dt.strftime("%Y-%m-%d %H:%M")
    return list(map(str, days if days.nunique() == when.nunique() else times))


def _by_period(when: pd.Index[Any], named: str) -> pd.PeriodIndex:
    """Return the longer period in which each date or period lies."""
    if isinstance(when, pd.DatetimeIndex):
        return when.to_period(named)
    if not isinstance(when, pd.PeriodIndex):
        raise RuleError(
            "every= sums dates or periods, and these are neither.",
            found=f"a column period of type {when.dtype}",
            instead="dates (pandas.to_datetime first), or leave every= out",
        )
    first, last = (
        pd.PeriodIndex(ends.to_period(named)) for ends in (when.start_time, when.end_time)
    )
    if (first != last).any():
        raise RuleError(
            "Periods cannot be divided.",
            found="periods that do not lie within one of those asked for by every=",
            instead="shorter periods in the frame, or longer ones by every=",
        )
    return first


def _summed(used: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of both counts by group and period, of the rows that have both."""
    both = used[list(COUNTS)].notna().all(axis=1)
    used = used.assign(**{name: used[name].where(both) for name in COUNTS})
    groups = used.groupby(["code", "when"], sort=True)
    sums = groups[list(COUNTS)].sum(min_count=1)
    return sums.assign(complete=groups["complete"].all(), label="").reset_index()


def _refuse_repeats(used: pd.DataFrame, kind: str, every: Every | None) -> None:
    if used["label"].isna().any():
        raise RuleError(
            "Each row needs a period.",
            found=f"{int(used['label'].isna().sum()):,} of {len(used):,} missing",
            instead="the period of each row, or leave these rows out",
        )
    repeats = int(used.duplicated(["code", "when"]).sum())
    if not repeats:
        return
    summing = (
        'every="month", to sum the counts of a month'
        if kind != "value"
        else ("numerators and denominators, which can be summed: values cannot")
    )
    raise RuleError(
        "Each group must have one row a period.",
        found=f"{repeats:,} rows with group and period of another",
        instead=f'by="..." for several groups; {summing}',
    )


def _all_periods(used: pd.DataFrame, groups: int) -> pd.DataFrame:
    """Return a row for each group and each period from the first to the last of all."""
    whole = pd.period_range(used["when"].min(), used["when"].max())
    grid = pd.MultiIndex.from_product([range(groups), whole], names=["code", "when"])
    filled = used.set_index(["code", "when"]).reindex(grid).reset_index()
    filled["complete"] = filled["complete"].isna() | filled["complete"].eq(True)
    return filled.assign(label=labels_of(whole) * groups)


def _table(used: pd.DataFrame, groups: Groups, kind: str, confidence: float) -> pd.DataFrame:
    missing = np.full(len(used), np.nan)
    if kind == "value":
        counts = {"numerator": missing, "denominator": missing}
        value, lower, upper = used["value"].to_numpy(dtype=np.float64), missing, missing
    else:
        counts = {name: used[name].to_numpy(dtype=np.float64) for name in COUNTS}
        value = ratio(counts["numerator"], np.nan_to_num(counts["denominator"]))
        lower, upper = _interval(counts["numerator"], counts["denominator"], kind, confidence)
    start, end = _days(pd.Index(used["when"]))
    codes = used["code"].to_numpy()
    labels = {name: groups.labels[name].to_numpy()[codes] for name in groups.names}
    complete = used["complete"].to_numpy(dtype=np.bool_)
    out_of = None if kind == "value" else counts["denominator"]
    shown = so_far({"value": value, "lower": lower, "upper": upper}, complete, out_of)
    table = {
        "period": _labels(used),
        "start": start,
        "end": end,
        **counts,
        **{name: shown[name] for name in SHOWN},
        "complete": complete,
        "not_known": "",
        **{name: values for name, values in shown.items() if name.endswith("so_far")},
    }
    taken = [name for name in groups.names if name in table]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the result has such a column.",
            instead="another name for it",
        )
    return pd.DataFrame({**labels, **table})


def so_far(
    shown: dict[str, Floats], complete: Booleans, denominator: Floats | None
) -> dict[str, Floats]:
    """Return values and limits of complete periods, and beside them those of the others.

    Parameters
    ----------
    shown : dict of str to numpy.ndarray of float64
        ``value, lower, upper``.
    complete : numpy.ndarray of bool
        Whether each period is complete.
    denominator : numpy.ndarray of float64 or None
        What values are out of; with fewer than 10 so far, a value would look like a fall or rise.
    """
    known = {name: np.where(complete, values, np.nan) for name, values in shown.items()}
    left_out = complete if denominator is None else complete | ~(denominator >= FEWEST_SO_FAR)
    rest = {name: np.where(left_out, np.nan, values) for name, values in shown.items()}
    return known | {f"{name}_so_far": values for name, values in rest.items()}


def _interval(
    numerator: Floats, denominator: Floats, kind: str, confidence: float
) -> tuple[Floats, Floats]:
    """Return the interval of each rate, as of independent entries; missing where there is none."""
    known = np.isfinite(numerator) & (np.nan_to_num(denominator) > 0)
    x, n = np.where(known, numerator, 0.0), np.where(known, denominator, 1.0)
    if kind == "proportion":
        lower, upper = proportion_interval(x, n, confidence)
    else:
        lower, upper = (limit / n for limit in count_interval(x, confidence))
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def _days(when: pd.Index[Any]) -> tuple[Any, Any]:
    """Return the first and last day of each row; missing for numbers and labels."""
    if isinstance(when, pd.PeriodIndex):
        return when.start_time, when.end_time.normalize()
    if isinstance(when, pd.DatetimeIndex):
        return when, when
    none = pd.DatetimeIndex([pd.NaT] * len(when))
    return none, none
