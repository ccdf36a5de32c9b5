"""Average run lengths: of the public rules by simulation, and exactly by a Markov chain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.trends.signals import point_lies_beyond_a_limit, seven_points_lie_on_one_side
from validation.trends_alarms import SEED

LONGEST = 4096  # points of a run; of runs of 370 in the mean 2 in 100,000 are longer
SEVEN = 7
# one over the probability of a point beyond three standard deviations, as published (Montgomery
# 2020, chapters 5 and 6), and 2 ** 7 - 1 throws of a fair coin until seven alike (Feller 1968)
PUBLISHED = {
    ("beyond", 0.0): 370.40,
    ("beyond", 1.0): 43.89,
    ("beyond", 1.5): 14.97,
    ("beyond", 2.0): 6.30,
    ("beyond", 3.0): 2.00,
    ("seven", 0.0): 127.0,
}
SHIFTS = (0.0, 1.0, 1.5, 2.0, 3.0)
NAMES = {
    ("beyond",): "beyond a limit",
    ("seven",): "seven on one side",
    ("beyond", "seven"): "either",
}


def run_lengths(shift: float, rules: Sequence[str], runs: int, seed: int = SEED) -> float:
    """Return the mean number of points until a signal, with limits known, of normal values.

    ``rules`` are ``beyond`` and ``seven``: the public functions mark the points; of seven on one
    side the signal is at the seventh.
    """
    random = np.random.default_rng([seed, round(100 * shift)])
    values = np.empty((runs, 0))
    total, size = 0, 32
    while len(values) and size <= LONGEST:  # most runs are short: only the others go on
        more = random.normal(shift, 1.0, (len(values), size - values.shape[1]))
        values = np.hstack([values, more])
        first = _first(values, rules)
        ended = first <= size
        total += int(first[ended].sum())
        values, size = values[~ended], 2 * size
    return (total + len(values) * values.shape[1]) / runs


def _first(values: Floats, rules: Sequence[str]) -> Integers:
    """Return for each row the number of points until its first signal; one more than all if none.

    The rows are marked as one series, with a point on the centre between them, which ends a run.
    """
    width = values.shape[1] + 1
    flat = np.hstack([values, np.zeros((len(values), 1))]).ravel()
    earliest = np.full(len(values), width)
    if "beyond" in rules:
        limit = np.full(len(flat), 3.0)
        marks = point_lies_beyond_a_limit(flat, -limit, limit) != 0
        earliest = np.minimum(earliest, _place(marks, width) + 1)
    if "seven" in rules:
        marks = seven_points_lie_on_one_side(np.sign(flat).astype(np.int8)) != 0
        earliest = np.minimum(earliest, _place(marks, width) + SEVEN)
    return earliest


def _place(marks: Booleans, width: int) -> Integers:
    """Return the first marked place of each row; its width if there is none."""
    rows = marks.reshape(-1, width)
    return np.where(rows.any(axis=1), rows.argmax(axis=1), width)


def exact_run_length(shift: float, rules: Sequence[str]) -> float:
    """Return the mean number of points until a signal, of normal values with limits known.

    The states of the chain are the runs of 1 to 6 points on each side, and the start.
    """
    limit = 3.0 if "beyond" in rules else np.inf
    longest = SEVEN - 1 if "seven" in rules else 1
    above = norm.cdf(limit - shift) - norm.cdf(-shift)
    below = norm.cdf(-shift) - norm.cdf(-limit - shift)
    size = 1 + 2 * longest
    stay = np.zeros((size, size))
    for side, (same, other) in enumerate(((above, below), (below, above))):
        first, opposite = 1 + side * longest, 1 + (1 - side) * longest
        stay[0, first] = same
        for run in range(longest):
            stay[first + run, opposite] = other
            if run + 1 < longest:
                stay[first + run, first + run + 1] = same
            elif "seven" not in rules:
                stay[first + run, first + run] = same
    return float(np.linalg.solve(np.eye(size) - stay, np.ones(size))[0])


def lengths(runs: int) -> pd.DataFrame:
    """Return run lengths found beside exact and published ones, a row a rule and shift."""
    rows = [
        {
            "rule": name,
            "shift": shift,
            "found": run_lengths(shift, rules, runs),
            "exact": exact_run_length(shift, rules),
            "published": PUBLISHED.get(("_".join(rules), shift), np.nan),
        }
        for rules, name in NAMES.items()
        for shift in SHIFTS
    ]
    return pd.DataFrame(rows)
