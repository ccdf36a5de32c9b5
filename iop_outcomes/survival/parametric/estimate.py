"""Parametric curves of events known between check-ins, beside the nonparametric estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import group_called
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster, Clusters, read_clusters
from iop_outcomes.survival.intervals.estimate import interval_survival
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.intervals.times import check_intervals, intervals_of
from iop_outcomes.survival.labels import labelled
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.parametric.fit import Fit, by_cluster, fit_model
from iop_outcomes.survival.parametric.models import models_asked
from iop_outcomes.survival.parametric.result import MADE, ParametricSurvival
from iop_outcomes.survival.times import CheckedTimes

MODELS = ("weibull", "log_normal", "log_logistic")


def parametric_survival(
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    models: str | Sequence[str] = MODELS,
    breakpoints: Sequence[float] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> ParametricSurvival:
    r"""Fit parametric distributions to interval-censored times, beside `interval_survival`.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.interval_survival`: ``days``, ``event``, and ``clear_until``, ``entry``
        if there are such.
    by : str or sequence of str, optional
        Columns whose values define the groups, each fitted apart.
    models : str or sequence of str
        Some of ``"weibull"``, ``"log_normal"``, ``"log_logistic"``, ``"exponential"`` and
        ``"piecewise_exponential"``.
    breakpoints : sequence of numbers, optional
        Days on which the rate of the last one changes; a breakpoint is the last day of its piece.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters: errors and limits are then cluster-robust. By default
        ``person_id`` if the frame has that column and a value of it is in several rows; None
        treats rows as independent. ``text`` says which, with the numbers of clusters and rows.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits.

    Returns
    -------
    ParametricSurvival
        With ``table``, ``parameters``, ``at``, ``curves`` (the nonparametric estimate), ``text``,
        ``plot``.

    Raises
    ------
    EstimateError
        If a group has no event, an event is known to be on day 0, the data do not determine a
        model, a group has no more clusters than a model has parameters, or the times are not such
        as `iop_outcomes.interval_survival` takes.
    RuleError
        If a model, a column or an option is not known.

    Notes
    -----
    With S the survival of the model, the log-likelihood is the sum of
    :math:`\log(S(l) - S(r)) - \log S(e)` over events in :math:`(l, r]` seen from e on, of
    :math:`\log S(l) - \log S(e)` where no event is known, and of the logarithm of the density, less
    :math:`\log S(e)`, where the day is. The fit is that of lifelines' ``fit_interval_censoring``;
    its maximum is checked with the log-likelihood worked out here. Limits are from the observed
    information, for parameters above 0 and the median on the scale of the logarithm, for survival
    on that of log(-log). With clusters they are from the sandwich of each cluster's slopes;
    ``log_likelihood`` and ``aic`` still treat rows as independent.

    Parameters, with t in days: Weibull :math:`S = \exp(-(t/scale)^{shape})`; log-normal: the
    logarithm of the days has mean ``mu`` and standard deviation ``sigma``; log-logistic
    :math:`S = 1 / (1 + (t/scale)^{shape})`; exponential :math:`S = \exp(-t/scale)`; piecewise
    exponential: the rate from each breakpoint on is 1 over its mean, in days.

    In all of them everyone has the event in the end, and none models the weekly heaping of exactly
    known days. Compare them with the nonparametric estimate, and by ``aic`` within a group.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.survival.parametric.estimate import parametric_survival
    >>> times = pd.DataFrame(
    ...     {
    ...         "clear_until": [0, 0, 7, 7, 7, 14, 21, 21, 21, 21],
    ...         "days": [7, 7, 14, 14, 14, 21, 21, 21, 21, 21],
    ...         "event": [True] * 6 + [False] * 4,
    ...     }
    ... )
    >>> models = parametric_survival(times, models=["weibull", "exponential"])
    >>> models.table[["model", "log_likelihood", "aic", "median"]].round(2)
             model  log_likelihood    aic  median
    0      weibull          -13.13  30.25   16.22
    1  exponential          -13.20  28.40   16.05
    >>> models.parameters[["model", "parameter", "value"]].round(3)
             model parameter   value
    0      weibull     scale  22.006
    1      weibull     shape   1.200
    2  exponential     scale  23.157
    """
    asked = models_asked(models, breakpoints)
    reach = normal_quantile(confidence)
    times = settle_groups(times, (by,), missing_group)
    checked, left, right = check_intervals(times, by)
    _refuse_names(list(checked.labels.columns))
    parts = intervals_of(checked, left, right)
    _refuse_groups(checked, parts)
    names = [
        group_called(group, len(parts)) if len(parts) > 1 else "" for group in range(len(parts))
    ]
    fits = tuple(
        tuple(fit_model(model, part, name) for model in asked)
        for part, name in zip(parts, names, strict=True)
    )
    clusters = read_clusters(times, cluster)
    fits = _by_cluster(fits, parts, checked, (left, right), clusters)
    curves = interval_survival(times, by, cluster=cluster, confidence=confidence)
    last = curves.fits["last_day"].to_numpy()
    tables = [
        pd.concat([_row(fit, part, reach, float(end)) for fit in group], ignore_index=True)
        for group, part, end in zip(fits, parts, last, strict=True)
    ]
    parameters = [
        pd.concat([_parameters(fit, reach) for fit in group], ignore_index=True) for group in fits
    ]
    return ParametricSurvival(
        table=labelled(tables, checked.labels),
        parameters=labelled(parameters, checked.labels),
        models=fits,
        curves=curves,
        by=curves.by,
        confidence=confidence,
        rule=f"{checked.rule} Maximum likelihood of {', '.join(m.label for m in asked)} "
        f"distributions, {format_level(confidence)} limits from the observed information"
        f"{'' if clusters.code is None else f' and the slopes of {clusters.clustering.how}'}.",
        synthetic=checked.synthetic,
        clustering=clusters.clustering,
    )


def _by_cluster(
    fits: tuple[tuple[Fit, ...], ...],
    parts: list[Intervals],
    checked: CheckedTimes,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    clusters: Clusters,
) -> tuple[tuple[Fit, ...], ...]:
    """Return the fits with errors that hold for rows of one cluster."""
    if clusters.code is None:
        return fits
    corrected = []
    for group, part, rows in zip(fits, parts, checked.rows_by_group, strict=True):
        own = clusters.of(rows)
        assert own.code is not None
        own.refuse_fewer(max(len(fit.values) for fit in group), "parameter")
        entry = None if part.entry is None or checked.entry is None else checked.entry[rows]
        _, place = Intervals.placed(ends[0][rows], ends[1][rows], entry)
        corrected.append(tuple(by_cluster(fit, part, place, own.code) for fit in group))
    return tuple(corrected)


def _refuse_names(names: list[str]) -> None:
    taken = [name for name in names if name in MADE]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the result has such a column.",
            instead=f'times.rename(columns={{"{taken[0]}": "group"}})',
        )


def _refuse_groups(checked: CheckedTimes, parts: list[Intervals]) -> None:
    known_at_once = sum(int(part.weight[part.right == 0].sum()) for part in parts)
    if known_at_once:
        raise EstimateError(
            "A parametric distribution gives no events on day 0.",
            found=f"{known_at_once:,} events on day 0",
            instead="iop.interval_survival(times), or leave out who had the event at the start "
            "and say so.",
        )
    for group, part in enumerate(parts):
        if not np.isfinite(part.right).any():
            name = f" in {group_called(group, len(parts))}" if len(parts) > 1 else ""
            raise EstimateError(
                f"Without an event{name} there is nothing to fit: every time is censored.",
                found=f"0 events among {int(part.weight.sum()):,}",
                instead="leave the group out, or merge it with another.",
            )


def _row(fit: Fit, part: Intervals, reach: float, last: float) -> pd.DataFrame:
    days = np.array(fit.median(reach))
    median, lower, upper = np.where(days <= last, days, np.nan)
    count = len(fit.values)
    row: dict[str, Any] = {
        "model": fit.model.name,
        "n": int(part.weight.sum()),
        "events": int(part.weight[np.isfinite(part.right)].sum()),
        "log_likelihood": fit.log_likelihood,
        "fitted": count,
        "aic": 2 * count - 2 * fit.log_likelihood,
        "median": median,
        "lower": lower,
        "upper": upper,
    }
    return pd.DataFrame([row])


def _parameters(fit: Fit, reach: float) -> pd.DataFrame:
    error, lower, upper = fit.limits(reach)
    return pd.DataFrame(
        {
            "model": fit.model.name,
            "parameter": list(fit.model.parameters),
            "value": fit.values,
            "se": error,
            "lower": lower,
            "upper": upper,
        }
    )
