"""Times in, the smoothed rate of the event by day out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import is_number, is_whole
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.curves.estimate import refuse_names
from iop_outcomes.survival.curves.kaplan_meier import kaplan_meier
from iop_outcomes.survival.curves.steps import Steps
from iop_outcomes.survival.curves.weighted import moves_of, read_weighting
from iop_outcomes.survival.hazard.interval_stretch import IntervalStretch, read_between
from iop_outcomes.survival.hazard.result import COLUMNS, Hazard
from iop_outcomes.survival.hazard.smoothing import Stretch
from iop_outcomes.survival.labels import days_asked
from iop_outcomes.survival.lifelines_bridge import MOST_GROUPS, cumulative_hazard
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.near_ties import near

MOST_DAYS = 5000


def hazard(
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    bandwidth: float | None = None,
    spacing: float | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    days: Sequence[float] | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    fewest: int = 10,
) -> Hazard:
    r"""Estimate the hazard of the event by day, smoothed over days.

    Parameters
    ----------
    times : pandas.DataFrame
        With ``days``, ``event`` and, for late entry, ``entry``, as for
        `iop_outcomes.survival_curves`; and with ``clear_until``, as for
        `iop_outcomes.interval_survival`, where an event is known between two check-ins only.
    by : str or sequence of str, optional
        Columns whose values define the groups.
    bandwidth : float, optional
        Half of the width of the window in days, the same for all groups. By default 2.345 times
        the spread of the days of the events (the lesser of their standard deviation and their
        quartile range / 1.349) times their number to the power -1/5, the median of the groups, and
        at most half of the shortest stretch. At least the days between check-ins (the median length
        of the intervals in which events lie).
    spacing : number, optional
        The days between check-ins: an event lies in so many days up to its date, and who has none
        is known to be clear through the last check-in on or before ``days``. 0: each event is on
        its date. By default an event lies between ``clear_until`` and ``days``, if there is such a
        column; else in the days since the last check-in, if all events are dated on multiples of
        two days or more, on at least eight different days and two or more on each on average; else
        on its date. ``rule`` says which.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters, for standard errors and limits.
        By default ``person_id`` if the frame has that column and a value of it is in several
        rows; None treats rows as independent. ``text`` says which, with the numbers of clusters and
        rows.
    days : sequence of numbers, optional
        The days of the table; by default each whole day up to the end of the longest stretch.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the pointwise limits.
    fewest : int
        The rate is estimated from the first to the last day on which so many rows are at risk.

    Returns
    -------
    Hazard
        Its `table` has the rate, and the Nelson-Aalen estimate beside it.

    Raises
    ------
    EstimateError
        If the times or clusters are refused as by `iop_outcomes.survival_curves`, a group never
        has `fewest` at risk or no event while it has, or there are days between on which nobody
        is at risk.
    RuleError
        If an option is not known, or the bandwidth exceeds half of the shortest stretch or is less
        than the days between check-ins.

    Notes
    -----
    Events dated at check-ins did not happen on these days. With such dates a constant rate would be
    estimated at about half its value on day 0, where no date lies before the first check-in, and
    far too high on the last day. So where events lie in intervals, the rates of cells of a day are
    expected events over the expected time at risk, an event being distributed over its interval by
    the smoothed rate, iterated until convergence (`iop_outcomes.survival.hazard.interval_rates`),
    and these are smoothed. ``cumulative_hazard`` is then the integral of the rates of the cells.
    Standard errors include the uncertainty of the days. After the last check-in at which `fewest`
    are known nothing is estimated.

    Where the days of events are known,
    :math:`\hat\lambda(t) = b^{-1} \sum_j K((t-t_j)/b)\, d_j / n_j` with the variance
    :math:`b^{-2} \sum_j K^2((t-t_j)/b)\, d_j / n_j^2` (Ramlau-Hansen 1983, Ann Stat 11:453-466) and
    K the Epanechnikov kernel, within b of either end of the stretch the boundary kernel of Mueller
    and Wang (1994, Biometrics 50:61-76); what that makes negative is 0. The limits are the rate
    times and divided by :math:`\exp(z\, se / \hat\lambda)`; they hold for the smoothed rate, not
    for peaks narrower than the window, and are missing where the rate is below se / 2: near an edge
    the negative part of the kernel can cancel the rest, and limits on the log scale are meaningless
    there. With clusters the variance is the sum over them of the square of what their rows add up
    to, of :math:`b^{-1} d_i K((t-x_i)/b) / n(x_i)` less the sum of
    :math:`b^{-1} K((t-t_j)/b)\, d_j / n_j^2` over the days on which the row is at risk: the
    infinitesimal jackknife by cluster. That of ``cumulative_hazard`` is the ``std.chaz`` of R's
    ``survfit(..., cluster=)``.

    Within b of either end (``near_edge``) the rate is estimated mostly from days on one side: where
    the true rate changes there, as in the first weeks, the smoothed rate is biased, and its limits
    do not cover the true rate (docs/deviations.md says by how much).

    ``cumulative_hazard`` is then that of lifelines' ``NelsonAalenFitter`` for up to 20 groups
    without clusters, else our own sum :math:`\sum d_j / n_j`. ``cumulative_se`` is the root of
    :math:`\sum d_j / n_j^2`, as in R; lifelines sums :math:`d_j (n_j - d_j) / n_j^3`.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from iop_outcomes.survival import hazard
    >>> days = np.random.default_rng(1).exponential(100, 400).round() + 1
    >>> times = pd.DataFrame({"days": days, "event": True})
    >>> hazard(times).at([30, 90])[["day", "at_risk", "hazard"]].round(4)
       day  at_risk  hazard
    0   30      289  0.0102
    1   90      162  0.0096

    The same people asked every 7 days:

    >>> asked = np.ceil(days / 7) * 7
    >>> weekly = pd.DataFrame({"clear_until": asked - 7, "days": asked, "event": True})
    >>> hazard(weekly).at([30, 90])["hazard"].round(4).tolist()
    [0.0104, 0.0096]
    """
    times = settle_groups(times, (by,), missing_group)
    checked, between = read_between(times, by, spacing)
    weighting = read_weighting(times, None, cluster)
    names = list(checked.labels.columns)
    refuse_names(names, COLUMNS)
    normal_quantile(confidence)
    if not is_whole(fewest, 1):
        raise RuleError(
            "fewest is a whole number, 1 or more.", found=f"fewest={as_written(fewest)}"
        )
    known = checked if between is None else between.known
    stretches = _checked_stretches(kaplan_meier(known, confidence, "log-log"), fewest)
    if between is None and not weighting.robust and len(stretches) <= MOST_GROUPS:
        stretches = [replace(part, total=cumulative_hazard(part.steps)) for part in stretches]
    if between is not None:
        stretches = [
            IntervalStretch(*_own(part), None, *between.of(group, weighting.clusters))
            for group, part in enumerate(stretches)
        ]
    elif weighting.robust:
        stretches = [
            Stretch(*_own(part), moves_of(checked, weighting, rows, part.steps.day))
            for part, rows in zip(stretches, checked.rows_by_group, strict=True)
        ]
    width = _bandwidth(stretches, bandwidth, 0.0 if between is None else between.width)
    stretches = [part.fitted(width) for part in stretches]
    steps = [part.steps for part in stretches]
    present = np.concatenate([day for curve in steps for day in (curve.day, curve.entry_day)])
    asked = _default_days(stretches) if days is None else days_asked(days, present)
    return Hazard.of(
        stretches,
        checked.labels,
        asked,
        bandwidth=width,
        confidence=confidence,
        rule=f"{checked.rule} Kernel-smoothed hazard{weighting.text},"
        f"{'' if between is None else between.text} Epanechnikov window of "
        f"{width:.3g} days to each side, while {fewest:,} or more are at risk; "
        f"{format_level(confidence)} limits.",
        synthetic=checked.synthetic,
        clustering=weighting.clusters.clustering,
        provenance=checked.provenance,
    )


def _own(part: Stretch) -> tuple[Steps, float, float]:
    return part.steps, part.first, part.last


def _checked_stretches(curves: list[Steps], fewest: int) -> list[Stretch]:
    of = f"of {len(curves)} groups"
    none = sum(not steps.events.any() for steps in curves)
    if none:
        raise EstimateError(
            "There are no events, so there is no rate to smooth: every time is censored.",
            found=f"{none} {of} without an event",
            instead="fewer groups, or survival_curves.",
        )
    parts = [Stretch.of(steps, fewest) for steps in curves]
    estimable = [part for part in parts if part is not None and part.last > part.first]
    few = len(parts) - len(estimable)
    if few:
        raise EstimateError(
            f"A smoothed hazard needs a range of days with {fewest:,} at risk in every group.",
            found=f"{few} {of} without one",
            instead="fewer groups, or a smaller fewest=.",
        )
    without = sum(not part.inside.any() for part in estimable)
    if without:
        raise EstimateError(
            f"A smoothed hazard needs an event in every group while {fewest:,} are at risk.",
            found=f"{without} {of} without one",
            instead="fewer groups, or a smaller fewest=.",
        )
    holes = sum(part.has_hole for part in estimable)
    if holes:
        raise EstimateError(
            "A smoothed hazard cannot span days on which nobody is at risk.",
            found=f"{holes} {of} with such days",
            instead="only those who entered after them, or before them.",
        )
    return estimable


def _bandwidth(stretches: list[Stretch], bandwidth: Any, least: float) -> float:
    most = min(part.last - part.first for part in stretches) / 2
    close = near(np.array([most, least]))
    if most < least - close:
        raise EstimateError(
            "A smoothed hazard needs a range of at least twice the days between check-ins, since "
            "events are known only to lie between two check-ins.",
            found=f"a stretch of {2 * most:.3g} days, and {least:.3g} days between check-ins",
            instead="interval_survival(times), which does not smooth; or fewer groups.",
        )
    if bandwidth is None:
        usual = float(np.median([part.reference_bandwidth() for part in stretches]))
        if usual == 0:
            raise EstimateError(
                "The days of the events vary too little to choose a bandwidth.",
                instead=f"bandwidth={most:.3g}, or less.",
            )
        return min(max(usual, least), most)  # a rounding below least at worst
    if not is_number(bandwidth) or not 0 < bandwidth <= most + close:
        raise RuleError(
            "A bandwidth is a number of days, at most half of the shortest range smoothed over.",
            found=f"bandwidth={as_written(bandwidth)}",
            instead=f"bandwidth={most:.3g}, or less",
        )
    if bandwidth < least - close:
        raise RuleError(
            "A bandwidth must be at least the days between check-ins, since events are known "
            "only to lie between two check-ins.",
            found=f"bandwidth={as_written(bandwidth)}, and {least:.3g} days between check-ins",
            instead=f"bandwidth={least:.3g}, or more",
        )
    return float(bandwidth)


def _default_days(stretches: list[Stretch]) -> Any:
    last = int(max(part.last for part in stretches))
    if last > MOST_DAYS:
        raise RuleError(
            f"A table of each day holds at most {MOST_DAYS:,} days.",
            found=f"{last:,} days",
            instead="days=range(0, ..., 7), for example",
        )
    return np.arange(last + 1)
