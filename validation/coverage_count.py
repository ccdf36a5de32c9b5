"""From the estimates of many simulated programs to bias, coverage and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.statistics.proportions import proportion_interval

Floats = NDArray[np.float64]

NOMINAL = (0.93, 0.97)  # what a 95 percent interval must hold
TEST_SIZE = (0.03, 0.07)  # what a test at 5 percent must hold
VERDICTS = ("93 to 97", "below", "above")
NAN = float("nan")


class Found(NamedTuple):
    """One estimate in one program.

    Where the data do not settle the value it lies between `value` and `highest`. An `estimator`
    that begins with "Naive" is what ours stands beside.
    """

    estimator: str
    quantity: str
    value: float
    se: float = NAN
    lower: float = NAN
    upper: float = NAN
    highest: float | None = None

    def numbers(self) -> tuple[float, ...]:
        highest = self.value if self.highest is None else self.highest
        return self.value, highest, self.se, self.lower, self.upper


@dataclass(frozen=True)
class Truth:
    """What is true, and in what it is measured: share, days, rate, number, log, test, whole."""

    value: float
    unit: str


def rejected(estimator: str, p_value: float) -> Found:
    """Return whether a test at 5 percent rejects; there is no difference to be found."""
    return Found(estimator, "test at 5 percent", float(p_value < 0.05))


TEST = {"test at 5 percent": Truth(0.05, "test")}


def whole(estimator: str, quantity: str, inside: bool) -> Found:
    """Return whether a band held the whole truth; its truth is 0, inside the limits or not."""
    return Found(estimator, quantity, NAN, lower=0.0 if inside else 1.0, upper=1.0)


def stacked(replicates: Sequence[Sequence[Found]]) -> tuple[list[tuple[str, str]], Floats]:
    """Return what was estimated, and the numbers, shape (replicates, estimates, 5)."""
    keys = [(estimate.estimator, estimate.quantity) for estimate in replicates[0]]
    for each in replicates:
        if [(estimate.estimator, estimate.quantity) for estimate in each] != keys:
            raise ValueError("The replicates of a setting estimate different things.")
    numbers = np.array(
        [[estimate.numbers() for estimate in each] for each in replicates], dtype=float
    )
    return keys, numbers


def tally(
    keys: Sequence[tuple[str, str]], numbers: Floats, truth: dict[str, Truth]
) -> pd.DataFrame:
    """Return one row an estimate: bias, spread, coverage, each with its Monte Carlo error.

    Columns: ``estimator, quantity, unit, truth, estimated`` (replicates with a value),
    ``bias_least, bias_most`` (of the lowest and of the highest value), ``bias_error``, ``spread``
    (standard deviation over replicates), ``mean_se``, ``intervals`` (replicates with an
    interval), ``coverage`` (for a test: the share rejected), ``coverage_lower, coverage_upper``
    (95 percent Wilson interval of it), ``verdict``, ``by_chance``.
    """
    rows = []
    for (estimator, quantity), each in zip(keys, np.moveaxis(numbers, 1, 0), strict=True):
        true = truth[quantity]
        row = {
            "estimator": estimator,
            "quantity": quantity,
            "unit": true.unit,
            "truth": true.value,
            **_biased(each, true),
            **_covered(each, true),
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _biased(each: Floats, true: Truth) -> dict[str, Any]:
    lowest, highest, se = each[:, 0], each[:, 1], each[:, 2]
    some = np.isfinite(lowest) & np.isfinite(highest)
    middle = (lowest + highest)[some] / 2
    count = int(some.sum())
    spread = float(middle.std(ddof=1)) if count > 1 else NAN
    finite = se[np.isfinite(se)]
    return {
        "estimated": count,
        "bias_least": float(lowest[some].mean()) - true.value if count else NAN,
        "bias_most": float(highest[some].mean()) - true.value if count else NAN,
        "bias_error": spread / np.sqrt(count) if count else NAN,
        "spread": spread,
        "mean_se": float(finite.mean()) if len(finite) else NAN,
    }


def _covered(each: Floats, true: Truth) -> dict[str, Any]:
    lower, upper = each[:, 3], each[:, 4]
    some = ~(np.isnan(lower) | np.isnan(upper))
    hits = (lower <= true.value) & (true.value <= upper)
    if true.unit == "test":
        some = ~np.isnan(each[:, 0])
        hits = each[:, 0] > 0.5
    count = int(some.sum())
    if not count:
        nothing = dict.fromkeys(("coverage", "coverage_lower", "coverage_upper"), NAN)
        return {"intervals": 0, **nothing, "verdict": "", "by_chance": False}
    covered = int(hits[some].sum())
    least, most = (float(limit) for limit in proportion_interval(covered, count))
    band = TEST_SIZE if true.unit == "test" else NOMINAL
    share = covered / count
    return {
        "intervals": count,
        "coverage": share,
        "coverage_lower": least,
        "coverage_upper": most,
        "verdict": verdict(share, true.unit),
        "by_chance": not band[0] <= share <= band[1] and most >= band[0] and least <= band[1],
    }


def verdict(share: float, unit: str) -> str:
    """Say whether a coverage is that of a 95 percent interval; for a test, the share rejected."""
    kept = 1 - share if unit == "test" else share
    below, above = kept < NOMINAL[0] - 1e-12, kept > NOMINAL[1] + 1e-12
    return VERDICTS[1] if below else VERDICTS[2] if above else VERDICTS[0]
