"""Values adjusted for the season and the number of working days, to be charted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.shared.messages import as_written, names_asked
from iop_outcomes.trends.charts.order import date_of
from iop_outcomes.trends.charts.series import Baseline, Rebase, Series, read_series

SEASON, WORKING_DAYS = "season", "working_days"
ADJUSTMENTS = (SEASON, WORKING_DAYS)
PARTS = {"M": (12, "month"), "Q": (4, "quarter")}  # of a year, by the unit of pandas
NAMES = {"W": "week", "M": "month", "Q": "quarter", "Y": "year"}
FEWEST = 2  # known points of each part of the year; of one, its effect would be all that it is
CHARTED = ("xmr", "p", "p_prime", "u", "u_prime", "run")
BINOMIAL = ("p", "u")  # whose limits come from counts, not from how the values vary
COLUMNS = ("working_days", "adjustment", "adjusted", "adjusted_so_far")


@dataclass(frozen=True)
class Adjustment:
    """What values are adjusted for.

    Attributes
    ----------
    season, working_days : bool
        For which of the two.
    holidays : tuple of numpy.datetime64
        Days from Monday to Friday that are no working days.
    """

    season: bool = False
    working_days: bool = False
    holidays: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is any adjustment."""
        return self.season or self.working_days

    @property
    def text(self) -> str:
        """What the adjustment does, as sentences; empty without one."""
        text = ""
        if self.working_days:
            less = f", less {len(self.holidays)} holidays that were given" if self.holidays else ""
            text += (
                " Adjusted for working days: the value times the mean number of working days of a "
                f"period over that of this one (Monday to Friday{less})."
            )
        if self.season:
            text += (
                " Adjusted for season: the value less the effect of its calendar month or quarter, "
                "estimated by least squares beside a level and a slope (after a rebasing a level "
                "for each segment), from the points from which the limits are; limits of later "
                "points are widened, since the effects are estimated."
            )
        return text


NOT_ADJUSTED = Adjustment()


def check_adjustment(adjust: Any, holidays: Any, kind: str, chart: str) -> Adjustment:
    """Return the checked adjustment of `iop_outcomes.trend`.

    Parameters
    ----------
    adjust, holidays
        As given.
    kind : str
        What is charted, as in `chart_rule`.
    chart : str
        The chart, or "none".
    """
    asked = [] if adjust is None else [adjust] if isinstance(adjust, str) else adjust
    if not isinstance(asked, (list, tuple)) or any(name not in ADJUSTMENTS for name in asked):
        raise RuleError(
            "A trend is adjusted for the season, for working days, or for both.",
            found=f"adjust={as_written(adjust)}"
            if not isinstance(asked, (list, tuple))
            else f"adjust={names_asked([name for name in asked if name not in ADJUSTMENTS])}",
            instead='adjust="season", adjust="working_days" or adjust=["season", "working_days"]',
        )
    days = _days_of(holidays)
    if len(days) and WORKING_DAYS not in asked:
        raise RuleError(
            "Holidays change the number of working days, for which nothing is adjusted.",
            found="holidays= without adjust=",
            instead='adjust="working_days"',
        )
    if asked and chart not in CHARTED:
        raise RuleError(
            "This chart cannot be adjusted.",
            found=f'adjust= with chart="{chart}"',
            instead=f"chart= one of {', '.join(CHARTED)}",
        )
    if WORKING_DAYS in asked and kind not in ("count", "value"):
        raise RuleError(
            "Only sums over a period depend on its number of working days: a rate or a mean has "
            "what it is out of below it.",
            found='adjust="working_days" for a rate, a mean or an estimate',
            instead='adjust="season"; or working days for admissions, or a frame with period and '
            "value",
        )
    return Adjustment(SEASON in asked, WORKING_DAYS in asked, days)


def refuse_stock(adjustment: Adjustment, title: str) -> None:
    """Raise RuleError if a number on one day shall be adjusted for working days."""
    if adjustment.working_days:
        raise RuleError(
            "A number on the last day of a period does not depend on its working days.",
            found=f'adjust="working_days" for {title}',
            instead='adjust="season", or no adjust=',
        )


def _days_of(holidays: Any) -> tuple[Any, ...]:
    """Return the different holidays from Monday to Friday, in order."""
    if not isinstance(holidays, (list, tuple, pd.Index, np.ndarray, pd.Series)):
        raise RuleError(
            "holidays= is a list of dates.",
            found=f"holidays={as_written(holidays)}",
            instead='holidays=["2026-07-03", "2026-12-25"]',
        )
    dates = [_date_or_none(holiday) for holiday in holidays]
    none = sum(date is None for date in dates)
    if none:
        raise RuleError(
            "A holiday is a date.",
            found=f"{none:,} of {len(dates):,} values of holidays= that are no date",
            instead="dates as 2026-12-25",
        )
    days = np.unique(np.array(dates, dtype="datetime64[D]"))
    return tuple(days[np.is_busday(days)]) if len(days) else ()


def _date_or_none(day: Any) -> pd.Timestamp | None:
    """Return a day, or None where there is no day."""
    try:
        plain = pd.Timestamp(day) if isinstance(day, np.datetime64) else day
        date = date_of(plain, "holidays")
    except RuleError:
        return None
    return None if pd.isna(date) else date.normalize()


def check_periods(when: Any, adjustment: Adjustment) -> None:
    """Raise RuleError if the rows are no periods for which the adjustment is known."""
    unit = when.freqstr.partition("-")[0] if isinstance(when, pd.PeriodIndex) else ""
    if unit in (PARTS if adjustment.season else NAMES):
        return
    kinds = "months and quarters" if adjustment.season else "weeks, months, quarters and years"
    raise RuleError(
        f"The {'season' if adjustment.season else 'number of working days'} is known of {kinds}.",
        found=f"rows by {NAMES.get(unit, 'dates, numbers or labels')}",
        instead='every="month", or periods as 2026-03 in the frame',
    )


@dataclass(frozen=True, eq=False)
class Adjusted:
    """The numbers of one group after the adjustment.

    Attributes
    ----------
    numbers : pandas.DataFrame
        What the chart is made from, in place of the numbers that were given.
    columns : pandas.DataFrame
        ``adjustment, adjusted, adjusted_so_far``, and ``working_days``: a row a period.
    wider : numpy.ndarray of float64
        By how much the limits of each row are wider than those that the chart gives.
    """

    numbers: pd.DataFrame
    columns: pd.DataFrame
    wider: Floats


def adjust_group(
    numbers: pd.DataFrame,
    so_far: Floats,
    adjustment: Adjustment,
    *,
    chart: str,
    baseline: Baseline,
    rebase: Rebase,
    possible: tuple[float, float],
    strict: bool,
) -> Adjusted:
    """Return the adjusted numbers of one group.

    Parameters
    ----------
    numbers : pandas.DataFrame
        ``period`` (pandas periods, in order and without gaps), and ``numerator, denominator`` or
        ``value``.
    so_far : numpy.ndarray of float64
        Values of periods that are not complete.
    adjustment : Adjustment
        For what.
    chart, baseline, rebase
        Those of the chart.
    possible : tuple of float
        The least and the greatest possible value; adjusted values stay within.
    strict : bool
        Raise EstimateError if there are too few points; otherwise nothing is adjusted or charted.
    """
    periods = pd.PeriodIndex(numbers["period"])
    series = read_series(numbers, "value", baseline, rebase)
    counted = np.isfinite(series.denominator).any()
    weight = series.denominator if counted else np.ones(len(series.value))
    value, columns = series.value, {}
    if adjustment.working_days:
        days = working_days(periods, adjustment.holidays)
        usual = float(days[series.base].mean()) if series.base.any() else np.nan
        weight = np.where(days > 0, days, np.nan) / usual
        value = series.value / weight
        columns["working_days"] = days
    effect, wider = np.zeros(len(value)), np.ones(len(value))
    if adjustment.season and series.base.any():
        series_base = series.base & np.isfinite(value)
        effect, wider = _season(series, value, weight, series_base, periods, chart, strict)
    adjusted = np.clip(value - effect, *possible)
    now = np.clip(so_far - effect, *possible)
    if adjustment.working_days:
        now = np.full(len(now), np.nan)  # the days of a period that is not over are not worked yet
    columns |= {
        "adjustment": adjusted - series.value,
        "adjusted": adjusted,
        "adjusted_so_far": now,
    }
    to_chart = pd.DataFrame({"period": periods, "value": adjusted})
    if counted or adjustment.working_days:
        known = np.where(np.isfinite(adjusted), weight, np.nan)
        counts = {"numerator": adjusted * known, "denominator": known}
        to_chart = to_chart.drop(columns="value").assign(**counts)
    return Adjusted(to_chart, pd.DataFrame(columns), wider)


def working_days(periods: pd.PeriodIndex, holidays: Sequence[Any]) -> Floats:
    """Return the number of days of each period from Monday to Friday that are no holiday.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.adjusting import working_days
    >>> working_days(pd.period_range("2026-02", "2026-03", freq="M"), ["2026-02-16"]).tolist()
    [19.0, 22.0]
    """
    first = periods.start_time.to_numpy().astype("datetime64[D]")
    last = periods.end_time.to_numpy().astype("datetime64[D]")
    closed = np.array(holidays, dtype="datetime64[D]")
    return np.busday_count(first, last + 1, holidays=closed).astype(np.float64)


def _season(
    series: Series,
    value: Floats,
    weight: Floats,
    base: Booleans,
    periods: pd.PeriodIndex,
    chart: str,
    strict: bool,
) -> tuple[Floats, Floats]:
    """Return the effect of the season on each row, and how much wider its limits are."""
    parts, name = PARTS[periods.freqstr.partition("-")[0]]
    place = np.asarray(periods.month if parts == 12 else periods.quarter, dtype=np.intp) - 1
    seen = np.bincount(place[base], minlength=parts)
    if seen.min() < FEWEST:
        if strict:
            raise EstimateError(
                f"The effect of each calendar {name} needs two years: known values of each "
                f"{name} in two years among the points from which the limits are.",
                found=f"{int((seen < FEWEST).sum())} of {parts} {name}s with fewer than two "
                f"values, in a series of {int(base.sum())} points",
                instead="a longer series, no short baseline=, groups with two years; or no adjust=",
            )
        return np.full(len(value), np.nan), np.ones(len(value))
    time = np.arange(len(value), dtype=np.float64)
    effects = season_effects(
        value[base], weight[base], time[base], place[base], parts, series.segment[base]
    )
    n = int(base.sum())
    later = np.sqrt((n + parts) / (n if chart in BINOMIAL else n - parts))
    return effects[place], np.where(base, 1.0, later)


def season_effects(
    value: Floats,
    weight: Floats,
    time: Floats,
    place: Integers,
    parts: int,
    segment: Integers,
) -> Floats:
    r"""Return the effect of each part of the year on a series.

    Parameters
    ----------
    value, weight : numpy.ndarray of float64
        The known values, and what they count: denominators of rates.
    time : numpy.ndarray of float64
        The number of each period in the order of time.
    place : numpy.ndarray of int
        The part of the year of each, from 0; each occurs twice or more.
    parts : int
        The number of parts of a year.
    segment : numpy.ndarray of int
        The number of rebasings before each.

    Returns
    -------
    numpy.ndarray of float64
        An effect a part; their mean over the given values, by weight, is 0.

    Raises
    ------
    EstimateError
        If season and levels cannot be distinguished.

    Notes
    -----
    Weighted least squares of :math:`y_t = a + b\,t + e_{m(t)}`; after rebasings
    :math:`y_t = a_{s(t)} + e_{m(t)}`. With the slope a steady rise is not taken for a season. A
    change of level that is not given as a rebasing is in part taken for one.

    Examples
    --------
    >>> import numpy as np
    >>> from iop_outcomes.trends.adjusting import season_effects
    >>> value = np.array([10.0, 12, 10, 12, 14, 16, 14, 16])  # rises by 1 a quarter
    >>> place, none = np.arange(8) % 4, np.zeros(8, dtype=int)
    >>> season_effects(value, np.ones(8), np.arange(8.0), place, 4, none).tolist()
    [0.5, 1.5, -1.5, -0.5]
    """
    levels = np.unique(segment)
    trend = [time - time.mean()] if len(levels) == 1 else [segment == level for level in levels[1:]]
    season = [place == part for part in range(parts)]
    design = np.column_stack([*season, *trend]).astype(np.float64)
    root = np.sqrt(weight)
    coefficients, _, rank, _ = np.linalg.lstsq(design * root[:, None], value * root, rcond=None)
    if rank < design.shape[1]:
        raise EstimateError(
            "Season and levels cannot be distinguished.",
            found=f"{len(levels)} segments, in which the parts of the year do not overlap",
            instead="fewer dates in rebase=, or no adjust=",
        )
    effects = coefficients[:parts]
    mean = (weight * effects[place]).sum() / weight.sum()
    return np.asarray(effects - mean).round(12) + 0.0


def charted_as(table: pd.DataFrame, column: str = "value") -> str:
    """Return the column of what a chart is of: the adjusted values, where there are any."""
    adjusted = column.replace("value", "adjusted")
    return adjusted if adjusted in table else column


def widened(chart: pd.DataFrame, wider: Floats, possible: tuple[float, float]) -> pd.DataFrame:
    """Return a chart with limits further from the centre, within what is possible."""
    if (wider == 1).all():
        return chart
    centre = chart["centre"].to_numpy(dtype=np.float64)
    names = ("lower_limit", "upper_limit", "lower_near", "upper_near")
    limits = {
        name: np.clip(centre + wider * (chart[name].to_numpy() - centre), *possible)
        for name in names
    }
    return chart.assign(**limits)
