"""The rules of Anhoej: runs that are too long, and too few crossings, for n points."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd

from iop_outcomes.trends.signals.points import Signs, compared

FEWEST_POINTS = 10  # useful points, below which the rules say nothing


def longest_run_limit(useful: int) -> int:
    """Return the longest run that chance allows: the rounded base-2 logarithm of n, plus 3."""
    return round(float(np.log2(useful))) + 3


def fewest_crossings(useful: int) -> int:
    """Return the fewest crossings that chance allows: the 5% quantile of binomial(n - 1, 1/2)."""
    steps = int(useful) - 1
    total, crossings = 1, 0
    while 20 * total < 2**steps:  # whole numbers, so that nothing is rounded
        crossings += 1
        total += comb(steps, crossings)
    return crossings


def longest_run_is_too_long(useful: int, longest_run: int) -> bool:
    """Say whether the longest run on one side of the centre is longer than chance allows."""
    return useful >= FEWEST_POINTS and longest_run > longest_run_limit(useful)


def centre_is_crossed_too_seldom(useful: int, crossings: int) -> bool:
    """Say whether the line crosses the centre less often than chance allows."""
    return useful >= FEWEST_POINTS and crossings < fewest_crossings(useful)


def anhoej(chart: pd.DataFrame) -> pd.DataFrame:
    r"""Return runs and crossings of each segment of a chart, beside what chance allows.

    Parameters
    ----------
    chart : pandas.DataFrame
        ``value, centre, segment``, a row a period in the order of time.

    Returns
    -------
    pandas.DataFrame
        One row a segment:

        ``segment`` : int64
            Its number.
        ``useful`` : int64
            The points that are known and not on the centre.
        ``longest_run, longest_run_limit`` : Int64
            The number of points in the longest run on one side, and the most that chance allows.
        ``crossings, fewest_crossings`` : Int64
            How often the line crosses the centre, and the fewest that chance allows. Both limits
            are missing for fewer than 10 useful points.
        ``run_too_long, too_few_crossings`` : bool
            Whether the rule found a signal.

    Notes
    -----
    A signal is a longest run of more than :math:`\mathrm{round}(\log_2 n) + 3`, or fewer crossings
    than the 5% quantile of the binomial distribution of :math:`n - 1` and one half. They say that
    the segment is not random, and not which of its points is unusual.

    References
    ----------
    Anhoej J, Olesen AV. Run charts revisited: a simulation study of run chart rules for detection
    of non-random variation in health care processes. PLoS One 2014; 9: e113825.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import run_chart
    >>> from iop_outcomes.trends.signals import anhoej
    >>> runs = anhoej(run_chart(pd.DataFrame({"period": range(20), "value": range(20)})))
    >>> runs[["longest_run", "longest_run_limit", "crossings", "fewest_crossings"]].values.tolist()
    [[10, 7, 1, 6]]
    """
    side = compared(*(chart[name].to_numpy(dtype=np.float64) for name in ("value", "centre")))
    segment = chart["segment"].to_numpy()
    rows = []
    for number in range(int(segment.max(initial=-1)) + 1):
        useful = side[(segment == number) & (side != 0)]
        n, (longest, crossings) = len(useful), _runs(useful)
        enough = n >= FEWEST_POINTS
        rows.append(
            {
                "segment": number,
                "useful": n,
                "longest_run": longest,
                "longest_run_limit": longest_run_limit(n) if enough else pd.NA,
                "crossings": crossings,
                "fewest_crossings": fewest_crossings(n) if enough else pd.NA,
                "run_too_long": longest_run_is_too_long(n, longest),
                "too_few_crossings": centre_is_crossed_too_seldom(n, crossings),
            }
        )
    counted = ["longest_run", "longest_run_limit", "crossings", "fewest_crossings"]
    names = ["segment", "useful", *counted, "run_too_long", "too_few_crossings"]
    types = {"segment": "int64", "useful": "int64", **dict.fromkeys(counted, "Int64")}
    return pd.DataFrame(rows, columns=names).astype(
        {**types, "run_too_long": bool, "too_few_crossings": bool}
    )


def _runs(side: Signs) -> tuple[int, int]:
    """Return the length of the longest run, and the number of crossings."""
    if not len(side):
        return 0, 0
    ends = np.flatnonzero(np.diff(side))
    lengths = np.diff(np.concatenate([[-1], ends, [len(side) - 1]]))
    return int(lengths.max()), len(ends)
