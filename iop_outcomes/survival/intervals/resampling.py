"""Limits of an estimate from intervals: a bootstrap of people, with all their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.survival.clusters import Clusters
from iop_outcomes.survival.intervals.masses import Intervals, Masses
from iop_outcomes.survival.intervals.turnbull import estimate_masses
from iop_outcomes.survival.times import CheckedTimes

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Floats]
"""Returns how often each distinct interval is drawn."""


def draws_by_group(
    checked: CheckedTimes, ends: tuple[Floats, Floats], clusters: Clusters, parts: list[Intervals]
) -> list[Draw]:
    """Return how each group is resampled: its rows, or its clusters with all their rows."""
    if clusters.code is None:
        return [partial(_rows, part.weight) for part in parts]
    left, right = ends
    draws: list[Draw] = []
    for rows, part in zip(checked.rows_by_group, parts, strict=True):
        entry = None if part.entry is None or checked.entry is None else checked.entry[rows]
        _, place = Intervals.placed(left[rows], right[rows], entry)
        cluster = np.asarray(pd.factorize(clusters.code[rows])[0])
        draws.append(partial(_clusters, place, cluster, len(part.weight)))
    return draws


def _rows(weight: Floats, generator: np.random.Generator) -> Floats:
    people = int(weight.sum())
    return generator.multinomial(people, weight / people).astype(np.float64)


def _clusters(
    place: NDArray[np.intp],
    cluster: NDArray[Any],
    intervals: int,
    generator: np.random.Generator,
) -> Floats:
    number = int(cluster.max()) + 1
    times = np.bincount(generator.integers(0, number, number), minlength=number)
    return np.bincount(place, times[cluster], intervals).astype(np.float64)


def resampled(
    parts: list[Intervals], draws: list[Draw], wanted: tuple[int, int], progress: bool
) -> list[list[Masses]]:
    """Return, for each group, the estimate of each of its resamples."""
    resamples, seed = wanted
    streams = np.random.SeedSequence(seed).spawn(len(parts))
    generators = [np.random.default_rng(stream) for stream in streams]
    samples: list[list[Masses]] = [[] for _ in parts]
    for _ in _watched(range(resamples), progress):
        for kept, part, draw, generator in zip(samples, parts, draws, generators, strict=True):
            kept.append(estimate_masses(part.weighted(draw(generator))))
    return samples


def _watched(numbers: range, progress: bool) -> Iterable[int]:
    if not progress:
        return numbers
    from tqdm import tqdm

    return tqdm(numbers, desc="interval survival", unit="resample")


def limits_of(
    part: Intervals, fit: Masses, draws: list[Masses], confidence: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the limits between any two ends of intervals, and those of the median."""
    ends = np.concatenate([[0.0], part.left, part.right[np.isfinite(part.right)]])
    knots = np.unique(ends if part.entry is None else np.append(ends, part.entry))
    after = np.nextafter(knots, np.inf)
    low, high = (1 - confidence) / 2, (1 + confidence) / 2
    on_day = [draw.bounds(knots) for draw in draws]
    frame = pd.DataFrame(
        {
            "day": knots,
            "lower": _percentile([lowest for lowest, _ in on_day], low),
            "lower_after": _percentile([draw.bounds(after)[0] for draw in draws], low),
            "upper": _percentile([highest for _, highest in on_day], high),
        }
    )
    medians = np.array([draw.median() for draw in draws])
    medians[np.isnan(medians)] = np.inf  # later than all that was seen
    lower, upper = _percentile(medians[:, 0], low), _percentile(medians[:, 1], high)
    row: dict[str, Any] = {"median_lower": lower, "median_upper": upper}
    return frame, pd.DataFrame([row]).replace(np.inf, np.nan)


def _percentile(values: Any, share: float) -> Any:
    return np.quantile(np.asarray(values), share, axis=0, method="inverted_cdf")
