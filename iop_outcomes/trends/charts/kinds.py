"""The charts by name: what each needs, and which options it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from iop_outcomes.shared.checks import check_choice
from iop_outcomes.trends.charts.counts import c_chart, g_chart, t_chart
from iop_outcomes.trends.charts.rates import p_chart, p_prime_chart, u_chart, u_prime_chart
from iop_outcomes.trends.charts.values import run_chart, xmr_chart


@dataclass(frozen=True)
class ChartKind:
    """A kind of chart.

    Attributes
    ----------
    title : str
        What it is called in a sentence.
    limits : str
        How its limits are estimated, in a sentence.
    make : callable
        The function that adds centre and limits to a frame.
    """

    title: str
    limits: str
    make: Callable[..., pd.DataFrame]


CHARTS: dict[str, ChartKind] = {
    "xmr": ChartKind(
        "XmR chart of individual values",
        "limits at 2.66 mean moving ranges from the centre",
        xmr_chart,
    ),
    "p": ChartKind("p chart of proportions", "binomial limits of 3 standard deviations", p_chart),
    "p_prime": ChartKind(
        "p' chart of proportions",
        "binomial limits widened by the variation between periods (Laney)",
        p_prime_chart,
    ),
    "u": ChartKind("u chart of rates", "Poisson limits of 3 standard deviations", u_chart),
    "u_prime": ChartKind(
        "u' chart of rates",
        "Poisson limits widened by the variation between periods (Laney)",
        u_prime_chart,
    ),
    "c": ChartKind("c chart of counts", "Poisson limits of 3 standard deviations", c_chart),
    "g": ChartKind(
        "g chart of the number between rare events",
        "geometric limits of 3 standard deviations",
        g_chart,
    ),
    "t": ChartKind(
        "t chart of the time between rare events",
        "limits from moving ranges of the values to the power 1/3.6",
        t_chart,
    ),
    "run": ChartKind("Run chart about the median", "no limits", run_chart),
}


def make_chart(frame: pd.DataFrame, chart: str, **options: Any) -> pd.DataFrame:
    """Return a frame with the centre and limits of the chart of that name.

    Parameters
    ----------
    frame : pandas.DataFrame
        As the chart needs it; see :func:`iop_outcomes.trends.charts.xmr_chart` and the others.
    chart : {"xmr", "p", "p_prime", "u", "u_prime", "c", "g", "t", "run"}
        Which chart.
    **options
        Those of its function.

    Returns
    -------
    pandas.DataFrame
        As of its function.

    Raises
    ------
    RuleError
        If there is no such chart, or the frame does not fit it.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import make_chart
    >>> frame = pd.DataFrame({"period": [1, 2, 3], "value": [4, 6, 5]})
    >>> float(make_chart(frame, "run")["centre"].iloc[0])
    5.0
    """
    check_choice("chart", chart, CHARTS)
    return CHARTS[chart].make(frame, **options)
