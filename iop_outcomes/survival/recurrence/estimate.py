"""Stretches under observation in, the mean number of events a person by day out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.curves.estimate import refuse_names
from iop_outcomes.survival.labels import beside
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.recurrence.result import MeanCumulativeFunction
from iop_outcomes.survival.recurrence.steps import MeanSteps
from iop_outcomes.survival.recurrence.times import Stretches, read_stretches

COLUMNS = ("day", "at_risk", "events", "terminal", "mean", "se", "lower", "upper")
SIZES = ("n", "with_events", "most", "last")


def mean_cumulative_function(
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    id: str = "episode_id",
    cluster: str | Cluster | None = Cluster.PERSON,
    terminal: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> MeanCumulativeFunction:
    r"""Estimate the mean number of recurrent events a person by day.

    Parameters
    ----------
    times : pandas.DataFrame
        What `iop_outcomes.recurrent_relapses` returns, or any frame of stretches under
        observation, several to an `id` or one: ``days`` (number), the day on which it ends;
        ``event`` (bool or 0/1), whether it ends in one; and ``entry`` (number), the day after
        which it begins; 0 without that column. Between its stretches, and after the last, an
        id is not observed: the time seen after its last event needs a stretch of its own, without
        event, which the times to the first relapse do not have.
    by : str or sequence of str, optional
        Columns whose values define the groups; the same in all stretches of an id.
    id : str
        The column that identifies the unit of the mean. With episodes, a person may have several;
        the mean is then per episode, and the text says so.
    cluster : str, Cluster.PERSON or None
        The column of independent clusters, for the standard error; by default
        ``person_id`` if there is such a column, else `id`. None treats each `id` as independent.
    terminal : str or sequence of str, optional
        The terminal events, after which there can be none: a column of True and False
        (``"terminal"`` of `iop_outcomes.recurrent_relapses`), or a list of words of ``ended_by``
        such as ``["died"]``. By default every end without event is censoring.
    missing_group : {"refuse", "own", "leave_out"}
        How ids without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the pointwise limits.

    Returns
    -------
    MeanCumulativeFunction
        With ``table``, ``at``, ``sizes``, ``text`` and ``plot``.

    Raises
    ------
    EstimateError
        If the times are refused by `iop_outcomes.survival_curves`, an id is missing, is in
        several groups or clusters, or has stretches that overlap or follow a terminal event; or
        nobody has an event.
    RuleError
        If a column is not there or has a name of the table's, or no row can have ended by a word
        of `terminal`.

    Notes
    -----
    With :math:`dN(u)` events and :math:`Y(u)` ids under observation on day u the mean is
    :math:`\hat\mu(t) = \sum_{u \le t} dN(u) / Y(u)` (Nelson's estimate). Its variance is the sum
    over clusters of the squares of
    :math:`\sum_{u \le t} (dN_i(u) - Y_i(u)\, dN(u)/Y(u)) / Y(u)` (Lawless and Nadeau 1995,
    Technometrics 37:158-168), which is valid whatever the dependence between the events of one
    person; R's ``survfit(Surv(entry, days, event) ~ 1, id=, cluster=)`` gives both as ``cumhaz``
    and ``std.chaz``. Observation must be independent of the events.

    With terminal events the estimate is :math:`\sum_{u \le t} \hat S(u-)\, dN(u) / Y(u)`, with S
    the Kaplan-Meier estimate of no terminal event (Ghosh and Lin 2000, Biometrics 56:554-562): the
    marginal mean, in which people who have died have no further events. Without `terminal` death is
    censoring, and the mean is larger. Its standard error is the infinitesimal jackknife by cluster:
    to the influence of the events, weighted by S, it adds that of S, :math:`-\sum_{v \le t}
    (\hat\mu(t) - \hat\mu(v)) (dD_i - Y_i\, dD/Y) / (Y - dD)` for dD terminal events on day v. Ghosh
    and Lin have Y in place of Y - dD, the same where no two die on one day of a large sample.
    Without terminal events both estimates are equal. A terminal row with ``ended_on`` is under
    observation to that day.

    The limits are :math:`\hat\mu \exp(\pm z\, se / \hat\mu)`, symmetric on the log scale.
    Those who enter on a day later than 0 are under observation from the day after. On days on which
    nobody is under observation the mean does not change.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.survival.recurrence.estimate import mean_cumulative_function
    >>> times = pd.DataFrame(
    ...     {
    ...         "id": [1, 1, 2, 2, 3],
    ...         "entry": [0, 10, 0, 20, 0],
    ...         "days": [10, 40, 20, 30, 25],
    ...         "event": [1, 0, 1, 1, 0],
    ...     }
    ... )
    >>> means = mean_cumulative_function(times, id="id")
    >>> means.at([0, 10, 20, 30])[["day", "at_risk", "events", "mean"]].round(3)
       day  at_risk  events   mean
    0    0        3       0  0.000
    1   10        3       1  0.333
    2   20        3       1  0.667
    3   30        2       1  1.167
    """
    times = settle_groups(times, (by,), missing_group, id=id)
    stretches = read_stretches(times, by, id=id, cluster=cluster, terminal=terminal)
    labels = stretches.times.labels
    names = list(labels.columns)
    refuse_names(names, (*COLUMNS, *SIZES))
    normal_quantile(confidence)
    if not stretches.times.event.any():
        raise EstimateError(
            "There are no events, so there is no mean number to estimate.",
            found=f"0 events in {len(times):,} {'row' if len(times) == 1 else 'rows'}",
        )
    steps = MeanSteps.of(stretches, confidence)
    return MeanCumulativeFunction(
        table=beside(steps.table, labels, np.diff(steps.days.begin)),
        sizes=_sizes(stretches, steps),
        by=tuple(names),
        confidence=confidence,
        rule=f"{stretches.times.rule} {_estimate_text(stretches)}, robust "
        f"{format_level(confidence)} limits.",
        synthetic=stretches.times.synthetic,
        provenance=stretches.times.provenance,
        unit="episode" if id == "episode_id" else "person",
        clustering=stretches.clusters.clustering,
        _steps=steps,
    )


def _estimate_text(stretches: Stretches) -> str:
    if stretches.asked_terminal:
        return "Ghosh-Lin estimate of the mean number, with none after a terminal event"
    return "Nelson's estimate of the mean number, independent censoring by every other end"


def _sizes(stretches: Stretches, steps: MeanSteps) -> pd.DataFrame:
    number = int(stretches.id.max()) + 1
    event, of_row = stretches.times.event, stretches.times.group
    events = np.bincount(stretches.id[event], minlength=number)
    group = np.zeros(number, dtype=np.intp)
    group[stretches.id] = of_row
    groups = len(stretches.times.labels)
    most = np.zeros(groups, dtype=np.int64)
    np.maximum.at(most, group, events)
    sizes = {
        "n": np.bincount(group, minlength=groups),
        "with_events": np.bincount(group[events > 0], minlength=groups),
        "events": np.bincount(of_row[event], minlength=groups),
    }
    if stretches.asked_terminal:
        sizes["terminal"] = np.bincount(of_row[stretches.terminal], minlength=groups)
    last = steps.days.values[steps.days.begin[1:] - 1]
    frame = pd.DataFrame({**sizes, "most": most, "last": last})
    labels = stretches.times.labels
    return pd.concat([labels, frame], axis=1) if len(labels.columns) else frame
