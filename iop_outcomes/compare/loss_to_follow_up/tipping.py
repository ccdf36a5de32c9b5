"""Tipping-point analysis: the hazard after leaving at which a comparison no longer holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.differences.result import group_names, pairs_of
from iop_outcomes.compare.group_tests.groups import refuse_no_columns
from iop_outcomes.compare.loss_to_follow_up.after_leaving import LeavingDays
from iop_outcomes.compare.loss_to_follow_up.result import TippingPoint
from iop_outcomes.compare.resampling.samples import (
    check_samples,
    percentiles,
    person_counts,
    refuse_failed,
)
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import as_written, columns_found
from iop_outcomes.survival.clusters import Cluster, read_clusters
from iop_outcomes.survival.labels import day_asked
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import CheckedTimes, check_times, read_flags

Floats = NDArray[np.float64]

DELTAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, np.inf)
MOST = 64.0  # the largest finite delta of the search
_SEARCHED = np.append(2.0 ** (np.arange(49) / 8), np.inf)


def tipping_point(
    times: pd.DataFrame,
    by: str | Sequence[str],
    day: float,
    *,
    left: str,
    deltas: Sequence[float] = DELTAS,
    reference: Any = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
    progress: bool = False,
) -> TippingPoint:
    r"""Find the hazard after leaving at which the limits of a difference take in 0.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.survival_curves`: ``days``, ``event`` and, with late entry, ``entry``.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    day : float
        The day of the proportions without the event.
    left : str
        A column of True and False: whether follow-up ended since the person left or answered no
        more, and not since the records end. Rows with the event are not counted as left.
    deltas : sequence of float
        By how much the hazard of the event after leaving is multiplied, 0 or more: 0 nobody who
        left had the event by the day, 1 independent censoring,
        ``float("inf")`` everyone had it on leaving. Each group has each of them. 1 is always among
        them.
    reference : object, optional
        The group that all others are compared with; by default all pairs.
    cluster : str, Cluster.PERSON or None
        What is resampled together: by default ``person_id`` where it repeats.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled.
    confidence : float
        The level of the limits.
    resamples, seed : int
        The number of bootstrap samples, at least 100, and their seed.
    progress : bool
        Whether to report progress on the standard error output.

    Returns
    -------
    TippingPoint
        With ``table``, ``curves``, ``tipping``, ``text`` and ``plot()``.

    Raises
    ------
    EstimateError
        If the times are not valid, there is one group only, nobody left before the day, or a group
        has nobody in follow-up up to it.
    RuleError
        If a delta is not a number of 0 or more, or a column is not there.

    Notes
    -----
    A curve of Kaplan and Meier takes those who left to have, from then on, the hazard of those who
    remain. Here it is that hazard times delta, in each group: with n at risk on a day, d of them
    with the event, those who left before go on without it with probability :math:`(1 - d/n)^\delta`
    (`iop_outcomes.compare.loss_to_follow_up.after_leaving`). That is the limit, over many
    imputations, of delta-adjusted imputation of event times (Zhao, Herring, Zhou, Ali and Koch
    2014, J Biopharm Stat 24:229-253; Jackson et al. 2014, Stat Med 33:4681-4694), with no random
    error of imputation. For those whose follow-up ended otherwise independent censoring is assumed.

    Delta cannot be estimated from the records. What can be judged is whether the delta at which the
    conclusion changes is plausible, where people leave because they have begun to use. Limits are
    by resampling people.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> random = np.random.default_rng(1)
    >>> times = pd.DataFrame({"days": random.integers(1, 60, 200)})
    >>> times["event"] = random.random(200) < 0.5
    >>> times["left"] = ~times["event"] & (random.random(200) < 0.8)
    >>> times["track"] = np.repeat(["day", "evening"], 100)
    >>> tipping = iop.tipping_point(times, "track", 30, left="left", resamples=100)
    >>> tipping.curves[["group", "delta", "survival"]].round(3).iloc[[0, 2, 8]].to_dict("list")
    {'group': ['day', 'day', 'day'], 'delta': [0.0, 1.0, inf], 'survival': [0.711, 0.69, 0.543]}

    With records, ``ended_by`` of `iop_outcomes.time_to_relapse` says how follow-up ended:
    ``times.assign(left=times["ended_by"].isin(["missed_check_in", "no_check_in"]))``.
    """
    check_samples(resamples, seed)
    normal_quantile(confidence)
    steps = _checked_deltas(deltas)
    times = settle_groups(times, (by,), missing_group)
    checked = check_times(times, by)
    refuse_no_columns(checked.labels)
    names = group_names(checked.labels)
    if len(names) < 2:
        raise EstimateError(
            "A comparison needs two groups.",
            found="1 group",
            instead="iop.survival_curves for one curve.",
        )
    last = day_asked(day, "day", checked.days)
    gone = flags_of_leaving(times, left) & ~checked.event
    pairs = pairs_of(checked.labels, reference)
    groups = _sizes(checked, gone, last, names)
    if not groups["left"].sum():
        raise EstimateError(
            "Nobody left before the day, so that the difference is the same for every delta.",
            found=f"left={as_written(left)}, day {last:g}",
            instead="iop.survival_difference.",
        )
    arms = [_arm(checked, gone, rows, last) for rows in checked.rows_by_group]
    asked = np.concatenate([steps, _SEARCHED])
    point = np.stack([arm.survival(np.ones(len(rows)), asked) for arm, rows in arms])
    short = [name for name, value in zip(names, point[:, 0], strict=True) if np.isnan(value)]
    if short:
        raise EstimateError(
            "Nobody of a group is in follow-up up to the day.",
            found=f"{len(short)} of {len(names)} groups, day {last:g}",
            instead="an earlier day.",
        )
    clusters = read_clusters(times, cluster)
    samples = person_counts(clusters.each, resamples, seed, progress)
    drawn = np.stack(
        [np.stack([arm.survival(counts[rows], asked) for arm, rows in arms]) for counts in samples]
    )
    good = np.isfinite(drawn).all(axis=(1, 2))
    refuse_failed(int((~good).sum()), resamples, "a group has nobody up to the day")
    drawn, size = drawn[good], len(steps)
    return TippingPoint(
        table=_table(names, pairs, steps, point[:, :size], drawn[..., :size], confidence),
        curves=_curves(names, steps, point[:, :size], drawn[..., :size], confidence),
        tipping=_tipping(names, pairs, drawn[..., size:], confidence),
        groups=groups,
        day=last,
        confidence=confidence,
        resamples=resamples,
        failed=int((~good).sum()),
        seed=seed,
        rule=checked.rule,
        event=checked.provenance.event,
        origin=checked.provenance.origin,
        synthetic=checked.synthetic,
    )


def _checked_deltas(deltas: Sequence[float]) -> Floats:
    numbers = list(deltas) if isinstance(deltas, Sequence) and not isinstance(deltas, str) else []
    if not numbers or not all(is_number(number) and number >= 0 for number in numbers):
        raise RuleError(
            "deltas is a sequence of numbers of 0 or more.",
            found=f"deltas={as_written(deltas)}",
            instead='deltas=(0, 1, 2, 5, float("inf"))',
        )
    return np.unique(np.array([*numbers, 1.0], dtype=np.float64))


def flags_of_leaving(times: pd.DataFrame, left: str) -> NDArray[np.bool_]:
    """Return a column that says who left; RuleError or EstimateError if it does not say so."""
    if not isinstance(left, str) or left not in times.columns:
        raise RuleError(
            "left= names the column that says who left.",
            found=columns_found(times.columns, [left] if isinstance(left, str) else []),
            instead='times.assign(left=times["ended_by"] == "missed_check_in"), and left="left"',
        )
    flags, wrong = read_flags(times[left])
    if wrong:
        raise EstimateError(
            "Whether a person left is True or False.",
            found=f"{wrong:,} of {len(times):,} values are neither",
        )
    return flags


def _sizes(
    times: CheckedTimes, left: NDArray[np.bool_], day: float, names: list[str]
) -> pd.DataFrame:
    count = len(names)
    event = times.event & (times.days <= day)
    gone = left & (times.days < day)
    return pd.DataFrame(
        {
            "group": names,
            "n": np.bincount(times.group, minlength=count),
            "events": np.bincount(times.group[event], minlength=count),
            "left": np.bincount(times.group[gone], minlength=count),
        }
    )


def _arm(
    times: CheckedTimes, left: NDArray[np.bool_], rows: NDArray[np.intp], day: float
) -> tuple[LeavingDays, NDArray[np.intp]]:
    days = np.asarray(times.days, dtype=np.float64)[rows]
    entry = (
        np.zeros(len(rows))
        if times.entry is None
        else np.asarray(times.entry, dtype=np.float64)[rows]
    )
    return LeavingDays.of(entry, days, times.event[rows], left[rows], day), rows


def _table(
    names: list[str],
    pairs: list[tuple[int, int]],
    steps: Floats,
    point: Floats,
    drawn: Floats,
    confidence: float,
) -> pd.DataFrame:
    size = len(steps)
    parts = []
    for group, reference in pairs:
        difference = point[group][:, None] - point[reference][None, :]
        draws = drawn[:, group, :, None] - drawn[:, reference, None, :]
        _, lower, upper = percentiles(draws, confidence)
        parts.append(
            pd.DataFrame(
                {
                    "group": names[group],
                    "reference": names[reference],
                    "delta": np.repeat(steps, size),
                    "delta_reference": np.tile(steps, size),
                    "estimate": np.repeat(point[group], size),
                    "estimate_reference": np.tile(point[reference], size),
                    "difference": difference.ravel(),
                    "lower": lower.ravel(),
                    "upper": upper.ravel(),
                    "excludes_zero": ((lower > 0) | (upper < 0)).ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _curves(
    names: list[str], steps: Floats, point: Floats, drawn: Floats, confidence: float
) -> pd.DataFrame:
    error, lower, upper = percentiles(drawn, confidence)
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(names, dtype=object), len(steps)),
            "delta": np.tile(steps, len(names)),
            "survival": point.ravel(),
            "se": error.ravel(),
            "lower": lower.ravel(),
            "upper": upper.ravel(),
        }
    )


def _tipping(
    names: list[str], pairs: list[tuple[int, int]], drawn: Floats, confidence: float
) -> pd.DataFrame:
    rows = []
    for group, reference in pairs:
        ways = {
            "both": drawn[:, group] - drawn[:, reference],
            "group": drawn[:, group] - drawn[:, reference, :1],
            "reference": drawn[:, group, :1] - drawn[:, reference],
        }
        for way, draws in ways.items():
            _, lower, upper = percentiles(draws, confidence)
            point, why = _first_with_zero(lower, upper)
            rows.append(
                {
                    "group": names[group],
                    "reference": names[reference],
                    "applied_to": way,
                    "tipping_delta": point,
                    "why": why,
                }
            )
    return pd.DataFrame(rows)


def _first_with_zero(lower: Floats, upper: Floats) -> tuple[float, str]:
    """Return the smallest searched delta whose limits take in 0, between two by their logs."""
    away = np.maximum(lower, -upper)  # above 0 where the limits exclude 0
    if away[0] <= 0:
        return np.nan, "the limits take in 0 if leaving does not change the hazard"
    within = np.flatnonzero(away <= 0)
    if not len(within):
        return np.nan, "the limits take in 0 at no delta of 1 or more"
    place = int(within[0])
    if np.isinf(_SEARCHED[place]):
        return np.inf, ""
    before, after = away[place - 1], away[place]
    logs = np.log(_SEARCHED[place - 1 : place + 1])
    return float(np.exp(logs[0] + (logs[1] - logs[0]) * before / (before - after))), ""
