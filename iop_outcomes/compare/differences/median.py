"""Differences in the median time to the event, by the bootstrap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.differences.question import Question
from iop_outcomes.compare.differences.result import Difference, group_names
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.survival.at_risk import RowRanges, first_place
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.limits import TOLERANCE

Floats = NDArray[np.float64]

FEWEST = 200
MOST_VALUES = 4_000_000  # rows times samples that are held at once


def median_difference(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    reference: Any = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    r"""Estimate how groups differ in the median time to the event, by the bootstrap.

    Parameters
    ----------
    times, by, reference, cluster, missing_group, confidence
        As for `iop_outcomes.survival_difference`.
    resamples : int
        The number of bootstrap samples, at least 200.
    seed : int
        The seed of the samples; the same seed and rows give the same limits.

    Returns
    -------
    Difference
        With ``table`` (a row a pair, in days), ``groups`` and ``text``. ``se`` is the standard
        deviation over the samples; there is no p-value.

    Raises
    ------
    EstimateError
        If there is one group only, the curve of a group does not come down to one half, there are
        fewer clusters than groups, or the times are refused by `iop_outcomes.survival_curves`.
    RuleError
        If a column is not there, or an option is not known.

    Notes
    -----
    Clusters, or rows if these are independent, are drawn with replacement from all groups together,
    so that a person who is in two groups is drawn in both. The limits are percentiles of the
    differences of the samples (Efron 1981, JASA 76:312-319). A sample in which a curve does not
    come down to one half has no median; such a median is later than all that are seen, and the
    limits are missing where the percentile would fall among them. The median of a plateau is its
    middle, as for `iop_outcomes.survival_curves`. With few people a median moves in steps: the
    restricted mean is estimated more precisely.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [*range(1, 21), *range(11, 31)],
    ...         "event": 1,
    ...         "track": ["day"] * 20 + ["evening"] * 20,
    ...     }
    ... )
    >>> iop.median_difference(times, "track").table["difference"].item()
    10.0
    """
    check_whole("resamples", resamples, FEWEST)
    check_whole("seed", seed, 0)
    question = Question.of(
        times,
        by,
        ("day", 0.0),
        columns=(None, None, cluster),
        reference=reference,
        correction="none",
        missing_group=missing_group,
        confidence=confidence,
    )
    medians = _Medians(question)
    observed = medians.of(np.ones((1, medians.clusters)))[0]
    if np.isnan(observed).any():
        raise EstimateError(
            "A difference of medians needs every curve to come down to one half.",
            found=f"{int(np.isnan(observed).sum())} of {len(observed)} groups without a median",
            instead="iop.restricted_mean_difference(times, by, horizon=...), or "
            "iop.survival_difference(times, by, day=...).",
        )
    drawn = np.concatenate(list(medians.samples(resamples, np.random.default_rng(seed))))
    table = _table(question, observed, drawn)
    groups = question.cells.labels.reset_index(drop=True)
    limits = np.array(
        [_limits(_ordered(drawn[:, group]), confidence) for group in range(len(groups))]
    )
    groups = groups.assign(
        estimate=observed, se=_spread(drawn), lower=limits[:, 0], upper=limits[:, 1]
    )
    measure = f"the median time to {question.times.provenance.event}"
    kind = f"Kaplan-Meier medians, percentiles of {resamples:,} bootstrap samples (seed {seed})"
    return question.answer(table, groups, (measure, "days", kind))


class _Medians:
    """The medians of the groups from what each cluster counts."""

    def __init__(self, question: Question) -> None:
        times = question.times
        clusters = question.weighting.clusters
        self.cluster = clusters.each
        self.clusters = int(self.cluster.max()) + 1
        self.groups = []
        for rows in times.rows_by_group:
            day = np.unique(times.days[rows])
            day = day if day[0] == 0 else np.append(0, day)
            entry = None if times.entry is None else times.entry[rows]
            first = first_place(day, entry, len(rows))
            last = np.searchsorted(day, times.days[rows])
            ranges = RowRanges.of(first, last + 1, len(day))
            self.groups.append((rows, day, ranges, last, times.event[rows]))

    def samples(self, number: int, random: np.random.Generator) -> Iterator[Floats]:
        """Yield the medians of n samples, (samples, groups), some at a time."""
        at_once = max(1, MOST_VALUES // max(self.clusters, len(self.cluster)))
        for start in range(0, number, at_once):
            size = min(at_once, number - start)
            share = np.full(self.clusters, 1 / self.clusters)
            yield self.of(random.multinomial(self.clusters, share, size=size).astype(np.float64))

    def of(self, counts: Floats) -> Floats:
        """Return the medians of the groups, (samples, groups), missing where not reached."""
        medians = np.full((len(counts), len(self.groups)), np.nan)
        for group, (rows, day, ranges, last, event) in enumerate(self.groups):
            weight = counts[:, self.cluster[rows]]
            at_risk = np.stack([np.rint(ranges.at_risk(row)) for row in weight])
            ended = np.stack([np.bincount(last, row * event, minlength=len(day)) for row in weight])
            factor = np.divide(
                at_risk - ended, at_risk, out=np.ones_like(at_risk), where=at_risk > 0
            )
            medians[:, group] = _medians(
                day.astype(np.float64), np.cumprod(factor, axis=1), at_risk
            )
        return medians


def _medians(day: Floats, survival: Floats, at_risk: Floats) -> Floats:
    """Return the day on which each curve comes down to one half: the middle of a plateau there."""
    below = survival < 0.5 - TOLERANCE
    reached = survival <= 0.5 + TOLERANCE
    first = np.where(reached.any(axis=1), day[reached.argmax(axis=1)], np.nan)
    seen = np.where(at_risk > 0, day, 0.0).max(axis=1)  # the last day of the sample
    then = np.where(below.any(axis=1), day[below.argmax(axis=1)], seen)
    on_it = reached.any(axis=1) & ~below[np.arange(len(below)), reached.argmax(axis=1)]
    return np.where(on_it, (first + np.maximum(then, first)) / 2, first)


def _table(question: Question, observed: Floats, drawn: Floats) -> pd.DataFrame:
    names = group_names(question.cells.labels)
    rows = []
    for group, reference in question.pairs:
        # A median that is not reached is later than all others: infinite, and unknown less another.
        with np.errstate(invalid="ignore"):
            moved = _ordered(drawn[:, group]) - _ordered(drawn[:, reference])
        lower, upper = _limits(moved, question.confidence)
        known = not (np.isnan(lower) or np.isnan(upper))
        rows.append(
            {
                "group": names[group],
                "reference": names[reference],
                "estimate": observed[group],
                "estimate_reference": observed[reference],
                "difference": observed[group] - observed[reference],
                "se": float(np.std(moved, ddof=1)) if np.isfinite(moved).all() else np.nan,
                "lower": lower,
                "upper": upper,
                "p_value": np.nan,
                "p_adjusted": np.nan,
                "limits_missing": ""
                if known
                else "too many samples in which a median is not reached",
            }
        )
    return pd.DataFrame(rows)


def _ordered(medians: Floats) -> Floats:
    return np.where(np.isnan(medians), np.inf, medians)


def _limits(values: Floats, confidence: float) -> tuple[float, float]:
    """Return the percentiles, missing where an infinite or unknown value could be one."""
    tail = (1 - confidence) / 2
    unknown = np.isnan(values)
    lower = np.quantile(np.where(unknown, -np.inf, values), tail, method="lower")
    upper = np.quantile(np.where(unknown, np.inf, values), 1 - tail, method="higher")
    ends = [float(end) if np.isfinite(end) else np.nan for end in (lower, upper)]
    return ends[0], ends[1]


def _spread(drawn: Floats) -> Floats:
    spread: Floats = np.where(np.isnan(drawn).any(axis=0), np.nan, np.std(drawn, axis=0, ddof=1))
    return spread
