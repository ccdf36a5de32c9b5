"""Times known only between two check-ins: the estimate that dates no event too late."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster, read_clusters
from iop_outcomes.survival.curves.estimate import refuse_names, survival_curves
from iop_outcomes.survival.curves.result import SurvivalCurves
from iop_outcomes.survival.intervals.masses import Intervals, Masses
from iop_outcomes.survival.intervals.resampling import draws_by_group, limits_of, resampled
from iop_outcomes.survival.intervals.result import MADE, IntervalSurvival
from iop_outcomes.survival.intervals.times import check_intervals, intervals_of
from iop_outcomes.survival.intervals.turnbull import estimate_masses
from iop_outcomes.survival.labels import labelled
from iop_outcomes.survival.limits import normal_quantile

FEWEST_RESAMPLES = 20


def interval_survival(
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    resamples: int = 0,
    seed: int = 0,
    progress: bool = False,
) -> IntervalSurvival:
    r"""Estimate survival when events are known only to lie between two check-ins.

    Parameters
    ----------
    times : pandas.DataFrame
        What `iop_outcomes.time_to_relapse` returns, or any frame with ``days`` (number, 0 or
        more), ``event`` (bool or 0/1) and ``clear_until`` (number, 0 to ``days``). An event lies
        in ``(clear_until, days]``; where the two are equal, and everywhere if there is no column
        ``clear_until``, it is known to be on that day. A row without an event lies after ``days``.
        Where observation began after day 0, ``entry`` (number, before ``days`` and at most
        ``clear_until``): the person is known to have been without the event then.
    by : str or sequence of str, optional
        Columns whose values define the groups, each estimated apart.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters, which are then resampled for the limits. By default
        ``person_id`` if the frame has that column and a value of it is in several rows; None
        resamples rows. ``text`` says which, with the numbers of clusters and rows.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits.
    resamples : int
        Bootstrap samples for the limits, 20 or more; 0, the default, gives no limits.
    seed : int
        Of the bootstrap; the same seed gives the same limits.
    progress : bool
        Show a progress bar over the resamples.

    Returns
    -------
    IntervalSurvival
        With ``table``, ``at``, ``median``, ``risk_table``, ``against_check_in_dates``, ``gap``,
        ``text``, ``plot``.

    Raises
    ------
    EstimateError
        If ``clear_until`` is missing for an event, negative, after ``days`` or before ``entry``,
        if the times are refused by `iop_outcomes.survival_curves`, or if the conditions of
        the maximum are not met to 1e-8.
    RuleError
        If a column of `by` is not there, or an option is not known.

    Notes
    -----
    The nonparametric maximum likelihood estimate: of all distributions the one that maximises
    :math:`\sum_i \log P(T \in (l_i, r_i])` (Peto 1973, Appl Stat 22:86-91; Turnbull 1976, JRSS-B
    38:290-295). It has mass in certain intervals only; where within such an interval is not
    identified. It is found by primal-dual Newton steps, and its conditions (Gentleman and Geyer
    1994, Biometrika 81:618-623) are checked: ``gap`` is the most log-likelihood a person that any
    other distribution could gain. With exactly known days it is the Kaplan-Meier estimate.

    With late entry each term is given that there was no event up to the entry. That is not concave
    in the masses but it is in the increments of the cumulative hazard, in which the maximum is
    then found, with conditions and ``gap`` of the same meaning
    (`iop_outcomes.survival.intervals.late_entry`; Alioum and Commenges 1996, Biometrics
    52:512-524). With exactly known days it is the Kaplan-Meier estimate of late entry, and like it,
    falls to 0 and stays there where everyone in an early risk set has the event; ``text`` then says
    so. Without late entry the estimate is unique; with it several estimates can be maximal, and
    ``at`` gives their lowest and highest survival.

    The days of check-ins and of entry are assumed independent of the event. A person who misses
    check-ins because of a relapse, or enters because of an impending one, violates this.

    The limits are percentiles over resampled people (clusters) of the lowest and of the highest
    survival.
    They are meant for a fixed grid of check-ins; where almost every interval is different the
    estimate converges more slowly, and bootstrap limits are approximate at best. Before the first
    event of a group both are 1, as Kaplan and Meier's: resamples have no event there either, so
    they give no limits. On a day to which some resamples are not followed, those count as 0 below
    and as their last survival above, so that limits are wide where few are followed. With late
    entry they are wide from the start if few are there early: in some resamples one person is, and
    the estimate is 0 from that person's event on.

    Where entries fall on any day and check-ins on a grid, the estimate of few people is a little
    low: of 200 simulated ones, half of whom entered in the first two weeks, by half a percentage
    point; of 2,000 by less than could be detected.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "clear_until": [0, 0, 7, 7, 7, 14, 21, 21, 21, 21],
    ...         "days": [7, 7, 14, 14, 14, 21, 21, 21, 21, 21],
    ...         "event": [True] * 6 + [False] * 4,
    ...     }
    ... )
    >>> from iop_outcomes.survival.intervals.estimate import interval_survival
    >>> result = interval_survival(times)
    >>> result.table[["left", "right", "mass", "survival_before", "survival_after"]].round(6)
       left  right  mass  survival_before  survival_after
    0   0.0    7.0   0.2              1.0             0.8
    1   7.0   14.0   0.3              0.8             0.5
    2  14.0   21.0   0.1              0.5             0.4
    3  21.0    inf   0.4              0.4             0.0
    >>> result.at([7, 10]).round(6)
       day  survival  lowest  highest
    0    7       0.8     0.8      0.8
    1   10       NaN     0.5      0.8
    """
    times = settle_groups(times, (by,), missing_group)
    return interval_survival_beside(
        survival_curves,
        times,
        by,
        cluster=cluster,
        confidence=confidence,
        resamples=resamples,
        seed=seed,
        progress=progress,
    )


def interval_survival_beside(
    curves: Callable[..., SurvivalCurves],
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    cluster: str | Cluster | None = Cluster.PERSON,
    confidence: float = 0.95,
    resamples: int = 0,
    seed: int = 0,
    progress: bool = False,
) -> IntervalSurvival:
    """Return `interval_survival`, with the curves on check-in dates by `curves`.

    `product_curves` makes them without lifelines, whose import a report would wait for.
    """
    checked, left, right = check_intervals(times, by)
    names = list(checked.labels.columns)
    _refuse_options(names, confidence, resamples, seed)
    clusters = read_clusters(times, cluster)
    parts = intervals_of(checked, left, right)
    fits = [estimate_masses(part) for part in parts]
    tables = [_table(fit) for fit in fits]
    summaries = [_summary(part, fit) for part, fit in zip(parts, fits, strict=True)]
    limits = None
    if resamples:
        draws_of = draws_by_group(checked, (left, right), clusters, parts)
        drawn = resampled(parts, draws_of, (resamples, seed), progress)
        estimates = [
            limits_of(part, fit, draws, confidence)
            for part, fit, draws in zip(parts, fits, drawn, strict=True)
        ]
        limits = labelled([limit for limit, _ in estimates], checked.labels)
        summaries = [
            pd.concat([summary, median], axis=1)
            for summary, (_, median) in zip(summaries, estimates, strict=True)
        ]
    late_entry = "" if checked.entry is None else ", given no event up to the entry"
    how = ""
    if resamples:
        alike = f" ({clusters.clustering.how})" if clusters.clustering.how else ""
        how = f", {format_level(confidence)} limits from {resamples:,} resamples{alike}"
    return IntervalSurvival(
        table=labelled(tables, checked.labels),
        fits=labelled(summaries, checked.labels),
        limits=limits,
        intervals=labelled([_counts(part) for part in parts], checked.labels),
        check_in_dates=curves(times, by=names, cluster=cluster, confidence=confidence),
        by=tuple(names),
        confidence=confidence,
        rule=f"{checked.rule} Nonparametric maximum likelihood estimate (NPMLE) for "
        f"interval-censored events{late_entry}{how}.",
        synthetic=checked.synthetic,
        provenance=checked.provenance,
        clustering=clusters.clustering if resamples else None,
    )


def _refuse_options(names: list[str], confidence: float, resamples: int, seed: int) -> None:
    refuse_names(names)
    taken = [name for name in names if name in MADE]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the estimate has such a column.",
            instead=f'times.rename(columns={{"{taken[0]}": "group"}})',
        )
    normal_quantile(confidence)
    if not is_whole(resamples) or (resamples != 0 and resamples < FEWEST_RESAMPLES):
        raise RuleError(
            f"Resamples are 0 for no limits, or a whole number of {FEWEST_RESAMPLES} or more.",
            found=f"resamples={as_written(resamples)}",
            instead="resamples=500",
        )
    if not is_whole(seed, 0):
        raise RuleError(
            "A seed is a whole number, 0 or more.",
            found=f"seed={as_written(seed)}",
            instead="seed=0",
        )


def _table(fit: Masses) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "left": fit.left,
            "right": fit.right,
            "mass": fit.mass,
            "survival_before": fit.before,
            "survival_after": fit.after,
            "after_lowest": fit.lowest,
            "after_highest": fit.highest,
        }
    )


def _counts(part: Intervals) -> pd.DataFrame:
    entry = np.zeros(len(part.left)) if part.entry is None else part.entry
    people = part.weight.astype(np.int64)
    return pd.DataFrame({"entry": entry, "left": part.left, "right": part.right, "people": people})


def _summary(part: Intervals, fit: Masses) -> pd.DataFrame:
    happened = np.isfinite(part.right)
    exact = part.left == part.right
    last = max(part.left.max(), part.right[happened].max(initial=0.0))
    # The curve is at 0, and yet someone is known to be without the event later than that.
    beyond = (part.left > fit.left[-1]) & np.isfinite(fit.right[-1])
    row = {
        "n": int(part.weight.sum()),
        "events": int(part.weight[happened].sum()),
        "exact": int(part.weight[exact].sum()),
        "late": 0 if part.entry is None else int(part.weight[part.entry > 0].sum()),
        "intervals": len(part.weight),
        "last_day": float(last),
        "beyond": int(part.weight[beyond].sum()),
        "unique": bool((fit.lowest == fit.highest).all()),
        "gap": fit.gap,
        "steps": fit.steps,
    }
    return pd.DataFrame([row])
