"""Times in, Kaplan-Meier curves out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.curves.result import SurvivalCurves
from iop_outcomes.survival.curves.steps import ROBUST_COLUMNS, ROW_COLUMNS, STEP_COLUMNS, Steps
from iop_outcomes.survival.curves.weighted import Weighting, curve_steps, read_weighting
from iop_outcomes.survival.labels import stacked
from iop_outcomes.survival.lifelines_bridge import MOST_GROUPS, by_lifelines
from iop_outcomes.survival.limits import Interval, normal_quantile
from iop_outcomes.survival.times import CheckedTimes, check_times


def survival_curves(
    times: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    interval: Interval = "log-log",
    weights: str | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
) -> SurvivalCurves:
    r"""Estimate survival, the proportion without the event, by Kaplan and Meier.

    Parameters
    ----------
    times : pandas.DataFrame
        What `iop_outcomes.time_to_relapse` returns, or any frame with ``days`` (number, 0 or
        more: the day of the event, or the last day known without it), ``event`` (bool or 0/1)
        and, where observation began after day 0, ``entry`` (number, before ``days``: at risk
        from the day after it). Days that differ by rounding only are one day (see
        `iop_outcomes.survival.near_ties.merge_near_ties`).
    by : str or sequence of str, optional
        Columns whose values define the groups, each a curve.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the pointwise limits.
    interval : {"log-log", "log", "plain", "logit", "arcsine"}
        The scale of the limits, R's ``conf.type``. Log-log, the default, logit and arcsine stay
        between 0 and 1 by themselves; log, the default of R's ``survfit``, and plain are cut there.
    weights : str, optional
        The column of weights: finite numbers above 0, such as the inverse of
        the probability of being in the group. The errors are then robust.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters, such as persons with several rows; the errors are then
        cluster-robust. By default ``person_id`` if the frame has that column and a value of it
        is in several rows; None treats rows as independent. ``rule`` and ``text`` say which,
        with the numbers of clusters and rows.

    Returns
    -------
    SurvivalCurves
        A group in which everyone is censored has a survival of 1 and no median.

    Raises
    ------
    EstimateError
        If a time is missing, negative or not finite, an event is neither 0 nor 1, an entry is
        not before its ``days``, a group is missing, or there are no rows; if a weight is missing,
        infinite, 0 or less, or a row belongs to no cluster.
    RuleError
        If a column that is named is not there, or an option is not known.

    Notes
    -----
    The estimate (Kaplan and Meier 1958, JASA 53:457-481) is :math:`S(t) = \prod_{u \le t}
    (1 - d(u) / n(u))` with n at risk just before day u and d events on it; the limits are from
    Greenwood's sum :math:`\sum d / (n (n - d))`, the variance of :math:`\log S`. Independent
    censoring is assumed: people who leave treatment often differ from those who remain, so compare
    with the missing rules that count them otherwise. With late entry the curve is that of people
    still without the event when they were first seen, and it falls to 0 and stays there if everyone
    in an early, small risk set has the event.

    The product is computed by lifelines (``KaplanMeierFitter`` on the counts of equal rows, late
    entry and clusters included) where the rows have no weights, for up to 20 groups; otherwise, and
    where lifelines refuses (late entry with nobody at risk after one of the earlier days), by a
    product of our own over all groups at once. The two differ by rounding, in the fifteenth digit
    or later. Limits, errors and medians are ours: see docs/deviations.md. For the fitted estimators
    themselves see `SurvivalCurves.fitters`.

    With `weights`, n and d are sums of weights. Greenwood's sum would treat a weight of 2 as two
    people, so the variance is the infinitesimal jackknife (robust), that of R's ``survfit(...,
    weights=, cluster=)``: the sum over people of the squared influence of each. The area under the
    curve and the follow-up have the same kind of variance. Estimated weights are treated as known.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame({"days": [10, 20, 30, 40], "event": [1, 1, 0, 1]})
    >>> curves = iop.survival_curves(times)
    >>> curves.table[["day", "at_risk", "events", "censored", "survival"]]
       day  at_risk  events  censored  survival
    0    0        4       0         0      1.00
    1   10        4       1         0      0.75
    2   20        3       1         0      0.50
    3   30        2       0         1      0.50
    4   40        1       1         0      0.00
    >>> curves.median()["median"].item()
    30.0
    """
    times = settle_groups(times, (by,), missing_group)
    checked = check_times(times, by)
    refuse_names(list(checked.labels.columns))
    normal_quantile(confidence)
    weighting = read_weighting(times, weights, cluster)
    steps = fitted_steps(checked, weighting, confidence, interval)
    return curves_of(checked, steps, confidence, interval, weighting)


def product_curves(
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    cluster: str | Cluster | None = Cluster.PERSON,
    confidence: float = 0.95,
) -> SurvivalCurves:
    """Return `survival_curves` by the product of our own, for curves of which no fitter is needed.

    A report shows whole percents of such curves; importing lifelines for them would take longer
    than all of its other estimates.
    """
    checked = check_times(times, by)
    weighting = read_weighting(times, None, cluster)
    steps = curve_steps(checked, weighting, confidence, "log-log")
    return curves_of(checked, steps, confidence, weighting=weighting)


def fitted_steps(
    checked: CheckedTimes, weighting: Weighting, confidence: float, interval: Interval
) -> list[Steps]:
    """Return the curve of each group, by lifelines where it has them and they are not too many."""
    steps = curve_steps(checked, weighting, confidence, interval)
    if weighting.weight is not None or len(steps) > MOST_GROUPS:
        return steps
    return [by_lifelines(curve, confidence, interval) for curve in steps]


def curves_of(
    checked: CheckedTimes,
    steps: list[Steps],
    confidence: float,
    interval: Interval = "log-log",
    weighting: Weighting | None = None,
    *,
    event: str | None = None,
) -> SurvivalCurves:
    """Return the result that holds the curves of all groups."""
    scale = "" if interval == "log-log" else f", {interval} scale"
    how = "" if weighting is None else weighting.text
    entries = [
        {"day": curve.entry_day, "entered": curve.entered}
        | ({} if curve.rows is None else {"rows": curve.rows.entered})
        for curve in steps
    ]
    robust = None
    if weighting is not None and weighting.robust:
        parts = [{name: getattr(curve.robust, name) for name in ROBUST_COLUMNS} for curve in steps]
        robust = stacked(parts, pd.DataFrame(index=checked.labels.index))
    return SurvivalCurves(
        table=stacked([curve.columns() for curve in steps], checked.labels),
        entries=stacked(entries, checked.labels),
        by=tuple(checked.labels.columns),
        confidence=confidence,
        interval=interval,
        rule=f"{checked.rule} Kaplan-Meier estimate{how}, "
        f"{format_level(confidence)} limits{scale}.",
        synthetic=checked.synthetic,
        provenance=checked.provenance,
        weights=None if weighting is None else weighting.weights,
        robust=robust,
        event=event,
        clustering=None if weighting is None else weighting.clusters.clustering,
    )


def refuse_names(names: list[str], more: Sequence[str] = ()) -> None:
    """Refuse group columns named as a column that the estimates have."""
    reserved = {
        *STEP_COLUMNS,
        "entered",
        "median",
        "mean",
        "se",
        "n",
        "followed_median",
        "expected",
    }
    reserved |= {
        "share",
        "quantile",
        "lost",
        "lower_missing",
        "upper_missing",
        "rows",
        *ROW_COLUMNS,
        *more,
    }
    reserved |= {"weighted_n", "weighted_events", "weighted_censored"}
    taken = [str(name) for name in names if name in reserved]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the result has such a column.",
            instead=f'times.rename(columns={{"{taken[0]}": "group"}})',
        )
