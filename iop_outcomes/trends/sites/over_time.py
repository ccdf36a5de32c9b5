"""People one after another: the public VLAD and risk-adjusted CUSUM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.trends.quantities import Quantity
from iop_outcomes.trends.sites.cusum import cusum_limit, cusum_of, expected_less_observed
from iop_outcomes.trends.sites.monitoring import Monitored, Span, monitored, per_year
from iop_outcomes.trends.sites.over_time_result import RiskAdjustedCusum, Vlad

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Z95 = 1.959964


def vlad(
    records: Records | pd.DataFrame,
    measure: str | Quantity | None = None,
    *,
    by: str | Sequence[str] | None = None,
    adjust: str | Sequence[str] | None = None,
    baseline: Span = None,
    improves: str | None = None,
    names: bool = False,
    missing_group: MissingGroup = "own",
) -> Vlad:
    r"""Return how many better or worse outcomes there were so far than expected (VLAD).

    Parameters
    ----------
    records : Records or pandas.DataFrame
        Records with calendar dates; or a frame with a row a person: ``numerator`` (0 or 1) and
        ``denominator`` (1), or ``observed`` (0 or 1) and ``expected`` (a probability from a model
        of an earlier time). Rows are in the order of ``date`` (datetime), else as given.
    measure : str or Quantity, optional
        A measure of people, such as ``retained_30`` or ``completion_rate``.
    by : str or sequence of str, optional
        Columns of ``records.episodes`` or of the frame: a line a group, all beside the same
        baseline.
    adjust : str or sequence of str, optional
        Covariates of a logistic regression fitted to the baseline, as ``"age + track"``; by default
        the rate of the baseline is expected of everybody.
    baseline : tuple of two dates, or int
        The time, or the number of people, from which the expected outcomes are estimated. Only
        people after it are followed. Not needed where ``expected`` is given.
    improves : {"up", "down"}, optional
        Whether the event is wanted; by default that of the measure, of a frame "down".
    names : bool
        As in :func:`iop_outcomes.funnel`.
    missing_group : {"refuse", "own", "leave_out"}
        As in :func:`iop_outcomes.trend`.

    Returns
    -------
    Vlad
        Its ``.table`` has one row a person that is followed:

        ``[by ...], number`` : str, int64
            The group, and the place in the order of time, from 1.
        ``date`` : datetime64
            Of the outcome as the measure dates it (admission or discharge); missing without dates.
        ``observed, expected`` : float64
            0 or 1, and the probability that was expected.
        ``vlad`` : float64
            The sum so far of expected less observed, turned if the event is wanted: rising is
            better.
        ``lower, upper`` : float64
            :math:`\pm 1.96 \sqrt{\sum p (1 - p)}`: between them the line is at this point with a
            probability of about 95% if all is as expected. Somewhere on its way it leaves them
            more often, so that this is no test; see :func:`iop_outcomes.risk_adjusted_cusum`.

        ``.calibration`` compares observed and expected in the baseline.

    Raises
    ------
    RuleError
        If a person has several outcomes, or an option cannot be understood.
    EstimateError
        If the baseline has fewer than 20 people, or the model cannot be estimated.

    References
    ----------
    Lovegrove J et al. Monitoring the results of cardiac surgery by variable life-adjusted display.
    Lancet 1997; 350: 1128-1130.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> year = ("2024-01-01", "2024-12-31")
    >>> followed = iop.vlad(records, "retained_30", by="program", baseline=year)
    >>> followed.table.columns.tolist()[:5]
    ['program', 'number', 'date', 'observed', 'expected']
    """
    people = monitored(
        *(records, measure, by, missing_group),
        adjust=adjust,
        baseline=baseline,
        improves=improves,
        names=names,
        what="A VLAD",
    )
    sign = -1.0 if people.improves == "up" else 1.0
    parts = []
    for rows in people.by_group():
        p, y = people.risk[rows], people.outcome[rows]
        half = Z95 * np.sqrt(np.cumsum(p * (1 - p)))
        sums = sign * expected_less_observed(p, y)
        parts.append({"vlad": sums, "lower": -half, "upper": half})
    return Vlad(table=_table(people, parts), **_common(people))


def risk_adjusted_cusum(
    records: Records | pd.DataFrame,
    measure: str | Quantity | None = None,
    *,
    by: str | Sequence[str] | None = None,
    adjust: str | Sequence[str] | None = None,
    baseline: Span = None,
    odds_ratio: float = 2.0,
    run_length: int = 1000,
    seed: int = 1,
    series: int = 400,
    improves: str | None = None,
    names: bool = False,
    progress: bool = False,
    missing_group: MissingGroup = "own",
) -> RiskAdjustedCusum:
    """Return the evidence so far that outcomes have become worse or better than expected.

    Parameters
    ----------
    records, measure, by, adjust, baseline, improves, names, missing_group
        As in :func:`iop_outcomes.vlad`.
    odds_ratio : float
        The change to be found: the odds of the worse outcome times this, and divided by it.
    run_length : int
        After how many people, in the mean, there may be a false signal if nothing has changed. No
        limit suits all programs: it is found by simulation for the risks of the baseline.
    seed, series : int
        Of the random numbers, and how many series are simulated; see
        :func:`iop_outcomes.trends.sites.cusum_limit`.
    progress : bool
        Show a progress bar of the simulation.

    Returns
    -------
    RiskAdjustedCusum
        Its ``.table`` has one row a person that is followed: ``[by ...], number, date, observed,
        expected`` as :func:`iop_outcomes.vlad`, and

        ``worse, better`` : float64
            The sums of log-likelihood ratios, never below 0.
        ``limit_worse, limit_better`` : float64
            The limits of both.
        ``signal`` : str
            ``worse``, ``better``, ``both`` or empty: which sum has reached its limit. The sums go
            on after a signal.

    Raises
    ------
    RuleError, EstimateError
        As :func:`iop_outcomes.vlad`.

    Notes
    -----
    Each sum has its own limit with a mean run length of `run_length`; together they signal falsely
    about twice as often. The risks are taken as known: a model of a small baseline is uncertain,
    and false signals are then more frequent.

    References
    ----------
    Steiner SH et al. Monitoring surgical performance using risk-adjusted cumulative sum charts.
    Biostatistics 2000; 1: 441-452.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> people = pd.DataFrame({"observed": [0, 1] * 30 + [1] * 20, "expected": 0.5})
    >>> chart = iop.risk_adjusted_cusum(people, "Left", run_length=200, series=100)
    >>> chart.table["signal"].iloc[[0, -1]].tolist()
    ['', 'worse']
    """
    check_whole("run_length", run_length, 2)
    people = monitored(
        *(records, measure, by, missing_group),
        adjust=adjust,
        baseline=baseline,
        improves=improves,
        names=names,
        what="A CUSUM",
    )
    worse = odds_ratio if people.improves == "down" else 1 / odds_ratio if odds_ratio else 0.0
    known = people.risk[people.base] if people.base.any() else people.risk
    ratios = {"worse": worse, "better": 1 / worse if worse else 0.0}
    options: dict[str, Any] = {"run_length": run_length, "seed": seed, "series": series}
    limits = {
        name: cusum_limit(known, odds_ratio=ratio, progress=progress, **options)
        for name, ratio in ratios.items()
    }
    parts = []
    for rows in people.by_group():
        p, y = people.risk[rows], people.outcome[rows]
        sums = {
            name: cusum_of(p, y, odds_ratio=ratio, limit=limits[name])
            for name, ratio in ratios.items()
        }
        bad, good = (sums[name]["signal"].to_numpy() for name in ratios)
        signal = np.select([bad & good, bad, good], ["both", "worse", "better"], "")
        parts.append(
            {name: table["cusum"].to_numpy() for name, table in sums.items()}
            | {f"limit_{name}": np.full(len(rows), limits[name]) for name in ratios}
            | {"signal": signal.astype(object)}
        )
    followed = ~people.base
    day = people.entries.day
    return RiskAdjustedCusum(
        table=_table(people, parts),
        odds_ratio=float(odds_ratio),
        run_length=run_length,
        seed=seed,
        series=series,
        people_a_year=per_year(None if day is None else day[followed], int(followed.sum())),
        **_common(people),
    )


def _table(people: Monitored, parts: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows of all groups under one another."""
    entries = people.entries
    frames = []
    for group, (rows, columns) in enumerate(zip(people.by_group(), parts, strict=True)):
        missing = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[s]")
        labels = {name: entries.groups.labels[name].iloc[group] for name in entries.groups.names}
        frame = pd.DataFrame(
            {
                "number": np.arange(1, len(rows) + 1),
                "date": missing if entries.day is None else entries.day[rows],
                "observed": people.outcome[rows],
                "expected": people.risk[rows],
                **columns,
            }
        )
        for place, (name, value) in enumerate(labels.items()):
            frame.insert(place, name, pd.Series([value] * len(frame), dtype=object))
        frames.append(frame)
    table = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    if table.empty:
        raise EstimateError("Nobody is followed after the baseline.", found="0 people")
    return table


def _common(people: Monitored) -> dict[str, Any]:
    entries = people.entries
    return {
        "measure": entries.measure,
        "title": entries.title,
        "by": entries.groups.names,
        "improves": people.improves,
        "case_mix": people.case_mix,
        "rule": people.rule,
        "synthetic": entries.synthetic,
        "left_out": entries.left_out,
    }
