"""A whole procedure repeated over samples of people, in one process or several."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.resampling.samples import person_counts

Floats = NDArray[np.float64]
AT_ONCE = 25  # samples that a process is given


class Procedure(Protocol):
    """What is repeated: curves from how often each row counts."""

    def survival(self, counts: Floats) -> Floats:
        """Return (groups, days), not a number where there is no estimate."""


def repeated(
    procedure: Procedure,
    cluster: NDArray[np.intp],
    resamples: int,
    seed: int,
    *,
    progress: bool,
    processes: int,
) -> tuple[Floats, int]:
    """Return the estimates of the samples that have one, samples first, and how many have none.

    Parameters
    ----------
    procedure : Procedure
        With several processes it is pickled.
    cluster : numpy.ndarray of int
        The cluster of each row.
    resamples, seed, progress
        As of `iop_outcomes.compare.resampling.samples.person_counts`.
    processes : int
        How many there are; the samples, and so the numbers, are the same for any.
    """
    if processes == 1:
        counted = person_counts(cluster, resamples, seed, progress)
        drawn = np.stack([procedure.survival(counts) for counts in counted])
    else:
        drawn = np.concatenate(
            list(_in_processes(procedure, cluster, resamples, seed, progress, processes))
        )
    good = np.isfinite(drawn).all(axis=(1, 2))
    return drawn[good], int((~good).sum())


def _in_processes(
    procedure: Procedure,
    cluster: NDArray[np.intp],
    resamples: int,
    seed: int,
    progress: bool,
    processes: int,
) -> Iterator[Floats]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Not forked: a notebook's kernel has threads.
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (procedure,)) as pool:
        chunks = _chunks(person_counts(cluster, resamples, seed, False))
        done = 0
        for drawn in pool.map(_estimate, chunks):
            done += len(drawn)
            if progress:
                print(f"{done:,} of {resamples:,} samples", file=sys.stderr)
            yield drawn


def _chunks(counted: Iterable[Floats]) -> Iterator[Floats]:
    part: list[Floats] = []
    for counts in counted:
        part.append(counts)
        if len(part) == AT_ONCE:
            yield np.stack(part)
            part = []
    if part:
        yield np.stack(part)


_OWN: list[Procedure] = []  # of a process


def _begin(procedure: Procedure) -> None:
    _OWN[:] = [procedure]


def _estimate(counted: Floats) -> Floats:
    return np.stack([_OWN[0].survival(counts) for counts in counted])
