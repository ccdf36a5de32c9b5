"""Charts of single values: with limits from moving ranges (XmR), and about the median (run)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.charts.ranges import about, mean_range
from iop_outcomes.trends.charts.series import Baseline, Rebase, read_series

MULTIPLIER = 2.66


def xmr_chart(
    frame: pd.DataFrame,
    *,
    baseline: Baseline = None,
    rebase: Rebase = (),
    screen: bool = True,
    multiplier: float = MULTIPLIER,
    possible: tuple[float, float] = (-np.inf, np.inf),
    at_least_chance: bool = False,
) -> pd.DataFrame:
    r"""Return individual values with a centre and limits from moving ranges (XmR, or I chart).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a period: ``period`` and ``value``, or ``period``, ``numerator`` and
        ``denominator``. A period is a pandas period, a date, a number, or a label. Rows of months
        and quarters (``2026-03``, ``2026Q1``) are put in order, and missing periods are added.
    baseline : int or tuple of two dates, optional
        The points from which centre and limits are estimated: the first n known points of
        each segment, or those between two dates. Default: all.
    rebase : list of (date, str)
        A new centre and limits from the period that holds the date, with the reason.
    screen : bool
        Whether ranges of 3.267 times the mean moving range or more are left out, once.
    multiplier : float
        The distance of the limits from the centre in mean moving ranges: 2.66 as in Making Data
        Count; ``3 / 1.128`` in other software.
    possible : tuple of float
        The least and the greatest possible value; limits beyond them are drawn at them.
    at_least_chance : bool
        Whether the limits of counts, such as of admissions, are at least as far from the centre as
        those of :func:`iop_outcomes.trends.charts.c_chart`.

    Returns
    -------
    pandas.DataFrame
        The given numbers, a row a period, and:

        ``value`` : float64
            As given, or numerator / denominator; missing if the denominator is 0.
        ``centre`` : float64
            The mean; with counts, the sum of numerators over the sum of denominators.
        ``lower_limit, upper_limit`` : float64
            The limits; missing if no two neighbouring periods are known.
        ``lower_near, upper_near`` : float64
            Two thirds of the way from the centre to the limits.
        ``segment`` : int64
            0, and one more after each rebasing.
        ``trial`` : bool
            Whether fewer than 12 points determine the limits.

    Raises
    ------
    RuleError
        If the frame lacks a column, holds no numbers, or an option cannot be understood; if with
        `at_least_chance` the values are no counts: negative, or with a denominator.

    Notes
    -----
    :math:`\bar x \pm 2.66\, \overline{mR}` with the moving ranges :math:`|x_i - x_{i-1}|` within a
    segment. The ranges of a few periods can be small by chance. People who come independently make
    a Poisson count, whose standard deviation is the root of its mean: with `at_least_chance` the
    limits are :math:`\bar x \pm \max(2.66\, \overline{mR}, 3 \sqrt{\bar x})`.

    References
    ----------
    Provost LP, Murray SK. The health care data guide. 2nd ed. Jossey-Bass, 2022. Of Poisson counts:
    Montgomery DC. Introduction to statistical quality control. 8th ed. Wiley, 2020; section 7.3.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import xmr_chart
    >>> chart = xmr_chart(pd.DataFrame({"period": range(6), "value": [8, 9, 7, 8, 9, 7]}))
    >>> chart[["centre", "lower_limit", "upper_limit"]].iloc[0].round(2).tolist()
    [8.0, 4.28, 11.72]
    """
    low, high = possible
    if not is_number(multiplier) or not multiplier > 0:
        raise RuleError(
            "The multiplier of the mean moving range must be a number above 0.",
            found=f"multiplier={as_written(multiplier)}",
            instead="multiplier=2.66",
        )
    series = read_series(frame, "value", baseline, rebase)
    centre, distance = np.full((2, len(series.value)), np.nan)
    counted = np.isfinite(series.denominator).any()
    if at_least_chance and (counted or (series.value < 0).any()):
        raise RuleError(
            "Limits at least as wide as a Poisson count's are for counts.",
            found="denominators" if counted else "a negative value",
            instead="at_least_chance=False, or the counts by themselves",
        )
    for rows, base in series.parts():
        if not base.any():
            continue
        if counted:
            centre[rows] = series.numerator[base].sum() / series.denominator[base].sum()
        else:
            centre[rows] = series.value[base].mean()
        distance[rows] = multiplier * mean_range(series.value, base, screen)
    if at_least_chance:
        distance = np.maximum(distance, 3 * np.sqrt(centre))
    return series.table({"centre": centre, **about(centre, distance, low, high)})


def run_chart(
    frame: pd.DataFrame, *, baseline: Baseline = None, rebase: Rebase = ()
) -> pd.DataFrame:
    """Return values with their median, without limits.

    Parameters
    ----------
    frame, baseline, rebase
        As in :func:`xmr_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`xmr_chart`; the centre is the median of the values, and the limits are missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import run_chart
    >>> float(run_chart(pd.DataFrame({"period": range(3), "value": [8, 1, 9]}))["centre"].iloc[0])
    8.0
    """
    series = read_series(frame, "value", baseline, rebase)
    centre = np.full(len(series.value), np.nan)
    for rows, base in series.parts():
        if base.any():
            centre[rows] = np.median(series.value[base])
    none = np.full(len(centre), np.nan)
    return series.table({"centre": centre, **about(none, none)})
