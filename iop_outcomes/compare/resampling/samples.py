"""Bootstrap samples of people, seeded, and percentile limits."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.checks import check_whole

Floats = NDArray[np.float64]

FEWEST = 100
MOST_FAILED = 0.1
PRINT_EVERY = 2.0  # seconds


def check_samples(resamples: int, seed: int) -> None:
    """Refuse too few samples, and a seed that is none."""
    check_whole("resamples", resamples, FEWEST)
    check_whole("seed", seed, 0)


def person_counts(
    cluster: NDArray[np.intp], resamples: int, seed: int, progress: bool
) -> Iterator[Floats]:
    """Yield how often each row is in a sample of people drawn with replacement.

    Parameters
    ----------
    cluster : numpy.ndarray of int
        The cluster of each row, from 0.
    resamples, seed : int
        How many samples, and the seed; the same seed gives the same samples.
    progress : bool
        Whether to report progress on the standard error output.
    """
    people = int(cluster.max()) + 1
    random = np.random.default_rng(seed)
    printed_at = time.monotonic()
    for done in range(resamples):
        yield random.multinomial(people, np.full(people, 1 / people))[cluster].astype(np.float64)
        if progress and (time.monotonic() - printed_at > PRINT_EVERY or done == resamples - 1):
            printed_at = time.monotonic()
            print(f"{done + 1:,} of {resamples:,} samples", file=sys.stderr)


def percentiles(drawn: Floats, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Return standard error, lower and upper limit of draws (samples first), all samples known."""
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return np.std(drawn, axis=0, ddof=1), lower, upper


def refuse_failed(failed: int, resamples: int, why: str) -> None:
    """Refuse limits from samples of which more than a tenth has no estimate."""
    if failed > MOST_FAILED * resamples:
        raise EstimateError(
            "Too many bootstrap samples have no estimate.",
            found=f"{failed:,} of {resamples:,} samples, in which {why}",
            instead="an earlier day, or fewer and larger groups.",
        )
