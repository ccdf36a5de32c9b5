"""Times in, Kaplan-Meier curves out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.survival.checking import check_times
from iop_outcomes.survival.curves import SurvivalCurves, labelled
from iop_outcomes.survival.limits import Interval, normal_quantile
from iop_outcomes.survival.product_limit import kaplan_meier
from iop_outcomes.survival.steps import STEP_COLUMNS


def survival_curves(
    times: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    interval: Interval = "log-log",
) -> SurvivalCurves:
    """Estimate the share still without the event, day by day, by Kaplan and Meier.

    Parameters
    ----------
    times : pandas.DataFrame
        What `iop_outcomes.time_to_relapse` returns, or any frame with ``days`` (number, 0 or
        more: the day of the event, or the last day known without it), ``event`` (bool or 0/1)
        and, where observation began after day 0, ``entry`` (number, before ``days``: at risk
        from the day after it).
    by : str or sequence of str, optional
        Columns whose values make the groups, each a curve.
    confidence : float
        The level of the pointwise limits.
    interval : {"log-log", "log", "plain", "logit", "arcsine"}
        The scale of the limits, R's ``conf.type``. Log-log, the default, logit and arcsine stay
        between 0 and 1 by themselves; log, the default of R's ``survfit``, and plain are cut there.

    Returns
    -------
    SurvivalCurves
        A group in which everyone is censored has a curve that stays at 1, without a median: that
        is what the data say, and its follow-up says how long.

    Raises
    ------
    EstimateError
        If a time is missing, negative or not finite, an event is neither 0 nor 1, an entry is
        not before its ``days``, a group is missing, or there are no rows.
    RuleError
        If a column of `by` is not there, or an option is not known.

    Notes
    -----
    The estimate (Kaplan and Meier 1958, JASA 53:457-481) is computed by lifelines, the limits
    from Greenwood's sum. Whoever is censored is taken to go on as those who remain: people who
    leave treatment rarely do, so compare with the missing rules that count them otherwise. With
    late entry the curve is that of people still without the event when they were first seen, and
    it falls to 0 for good if all of the few at risk early on have the event.

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
    checked = check_times(times, by)
    names = list(checked.labels.columns)
    refuse_names(names)
    normal_quantile(confidence)
    rows, entries = [], []
    for steps in kaplan_meier(checked, confidence, interval):
        rows.append(pd.DataFrame({name: getattr(steps, name) for name in STEP_COLUMNS}))
        entries.append(pd.DataFrame({"day": steps.entry_day, "entered": steps.entered}))
    scale = "" if interval == "log-log" else f", {interval} scale"
    return SurvivalCurves(
        table=labelled(rows, checked.labels),
        entries=labelled(entries, checked.labels),
        by=tuple(names),
        confidence=confidence,
        interval=interval,
        rule=f"{checked.rule} Kaplan-Meier estimate, {confidence:.0%} limits{scale}.",
        synthetic=checked.synthetic,
    )


def refuse_names(names: list[str], more: Sequence[str] = ()) -> None:
    """Refuse group columns named as a column that the estimates have."""
    made = {*STEP_COLUMNS, "entered", "median", "mean", "se", "n", "followed_median", "expected"}
    made |= {"share", "quantile", "lost", *more}
    taken = [str(name) for name in names if name in made]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the result has such a column.",
            instead=f'times.rename(columns={{"{taken[0]}": "group"}})',
        )
