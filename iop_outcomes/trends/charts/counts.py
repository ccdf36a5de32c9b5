"""Charts of counts (c) and of rare events: starts between events (g), days between events (t)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.trends.charts.ranges import RANGE_TO_SIGMA, about, mean_range
from iop_outcomes.trends.charts.series import Baseline, Rebase, read_series

POWER = 3.6  # an exponential value to the power 1/3.6 is nearly normal


def c_chart(frame: pd.DataFrame, *, baseline: Baseline = None, rebase: Rebase = ()) -> pd.DataFrame:
    r"""Return counts with Poisson limits.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period`` and ``value`` (or ``numerator``): the count of each period, all with about the
        same number of people or days.
    baseline, rebase
        As in :func:`iop_outcomes.trends.charts.xmr_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`iop_outcomes.trends.charts.xmr_chart`; limits are not below 0.

    Notes
    -----
    :math:`\bar c \pm 3 \sqrt{\bar c}` (Montgomery, section 7.3).

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import c_chart
    >>> c_chart(pd.DataFrame({"period": [1, 2], "value": [3, 5]}))["upper_limit"].tolist()
    [10.0, 10.0]
    """
    series = read_series(frame, "count", baseline, rebase)
    centre = np.full(len(series.value), np.nan)
    for rows, base in series.parts():
        if base.any():
            centre[rows] = series.value[base].mean()
    return series.table({"centre": centre, **about(centre, 3 * np.sqrt(centre), 0.0)})


def g_chart(frame: pd.DataFrame, *, baseline: Baseline = None, rebase: Rebase = ()) -> pd.DataFrame:
    r"""Return the number of opportunities between rare events, with geometric limits.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period`` and ``value``, a row an event: how many opportunities without the event (such as
        admissions) since the one before. `period` is the event's date or number.
    baseline, rebase
        As in :func:`iop_outcomes.trends.charts.xmr_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`iop_outcomes.trends.charts.xmr_chart`. The centre is the median, since the
        values are skew; the lower limit is 0. More opportunities between events are better.

    Notes
    -----
    :math:`\bar g + 3 \sqrt{\bar g (\bar g + 1)}` about the mean :math:`\bar g`.

    References
    ----------
    Benneyan JC. Number-between g-type statistical quality control charts for monitoring adverse
    events. Health Care Management Science 2001; 4: 305-318.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import g_chart
    >>> between = pd.DataFrame({"period": [1, 2, 3], "value": [12, 30, 6]})
    >>> g_chart(between)[["centre", "upper_limit"]].iloc[0].round(1).tolist()
    [12.0, 65.5]
    """
    series = read_series(frame, "count", baseline, rebase)
    centre, mean = np.full((2, len(series.value)), np.nan)
    for rows, base in series.parts():
        if base.any():
            centre[rows] = np.median(series.value[base])
            mean[rows] = series.value[base].mean()
    limits = about(mean, 3 * np.sqrt(mean * (mean + 1)), 0.0)
    return series.table({"centre": centre, **limits})


def t_chart(
    frame: pd.DataFrame, *, baseline: Baseline = None, rebase: Rebase = (), screen: bool = True
) -> pd.DataFrame:
    r"""Return the time between rare events, with limits by a transformation to normal values.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period`` and ``value``, a row an event: the time since the one before, above 0. `period`
        is the event's date or number.
    baseline, rebase, screen
        As in :func:`iop_outcomes.trends.charts.xmr_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`iop_outcomes.trends.charts.xmr_chart`; limits are not below 0. More time
        between events is better.

    Raises
    ------
    RuleError
        If a time is 0 or less, as for two events on one day.

    Notes
    -----
    Limits of :math:`y = x^{1/3.6}`, at :math:`\bar y \pm 3\, \overline{mR} / 1.128`, taken to the
    power 3.6.

    References
    ----------
    Nelson LS. A control chart for parts-per-million nonconforming items. Journal of Quality
    Technology 1994; 26: 239-240.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import t_chart
    >>> days = pd.DataFrame({"period": [1, 2, 3], "value": [12, 30, 6]})
    >>> t_chart(days)[["centre", "upper_limit"]].iloc[0].round(1).tolist()
    [13.7, 156.8]
    """
    series = read_series(frame, "count", baseline, rebase)
    none = int((series.value <= 0).sum())
    if none:
        raise RuleError(
            "The time between two events must be above 0.",
            found=f"{none:,} of {len(series.value):,} values are 0, as for events on one day",
            instead='chart="g" with the number of starts between events, or times in hours',
        )
    y = series.value ** (1 / POWER)
    centre, distance = np.full((2, len(y)), np.nan)
    for rows, base in series.parts():
        if base.any():
            centre[rows] = y[base].mean()
            distance[rows] = 3 * mean_range(y, base, screen) / RANGE_TO_SIGMA
    limits = about(centre, distance, 0.0)
    powers = {name: limit**POWER for name, limit in limits.items()}
    return series.table({"centre": centre**POWER, **powers})
