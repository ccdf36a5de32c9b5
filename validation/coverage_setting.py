"""What a setting of the study is, and what several of them draw in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import pandas as pd

from iop_outcomes.samples.model.design import Array
from validation import coverage_estimators as by
from validation.coverage_count import Found, Truth, rejected
from validation.coverage_population import FIRST_CUT, Population, data_cuts

Once = Callable[[np.random.Generator], list[Found]]
ALL = "every estimate"
DAYS = (30, 60, 90, 180)


@dataclass(frozen=True, eq=False)
class Setting:
    """One way in which programs come about.

    Attributes
    ----------
    name, title, text : str
        For the seed, the heading, and how a program is drawn.
    people : int
        In each program.
    truth : dict of str to Truth
        Of each quantity that is estimated.
    once : callable
        Draws one program with the generator it is given, and returns what was found.
    broken : dict of str to str
        Estimators whose assumptions do not hold here (`ALL`: all of them), and why.
    share : float
        Of the replicates asked for: less where each takes long.
    """

    name: str
    title: str
    text: str
    people: int
    truth: dict[str, Truth]
    once: Once
    broken: dict[str, str] = field(default_factory=dict)
    share: float = 1.0

    def holds_for(self, estimator: str) -> bool:
        """Whether it is ours, and its assumptions hold here."""
        naive = estimator.startswith(("Naive", "Bounds"))
        return not naive and ALL not in self.broken and estimator not in self.broken


def shares(population: Population, days: Sequence[int]) -> dict[str, Truth]:
    """The true share without relapse on each day."""
    values = population.free(list(days))
    return {by.clear(day): Truth(float(v), "share") for day, v in zip(days, values, strict=True)}


def median_day(population: Population) -> dict[str, Truth]:
    return {by.MEDIAN: Truth(population.median(), "days")}


def followed(ends: Array, people: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw people whose end is known to the day, followed to the data cut, in two groups.

    The second group was admitted later, so that it is followed half as long. Columns: ``person``
    (their place in `ends`), ``days``, ``event``, ``group``.
    """
    person = rng.integers(0, len(ends), people)
    group = rng.random(people) < 0.5
    cut = data_cuts(people, rng)
    cut = np.where(group, FIRST_CUT + (cut - FIRST_CUT) // 2, cut)
    day = ends[person]
    return pd.DataFrame(
        {"person": person, "days": np.minimum(day, cut), "event": day <= cut, "group": group}
    )


def shares_compared(times: pd.DataFrame, name: str) -> Found:
    """Compare the shares with the event of the two groups, whoever was followed how long."""
    table = times.groupby("group")["event"].agg(["mean", "size"])
    pooled = times["event"].mean()
    error = np.sqrt(pooled * (1 - pooled) * (1 / table["size"]).sum())
    z = abs(table["mean"].iloc[1] - table["mean"].iloc[0]) / error
    return rejected(name, 2 * NormalDist().cdf(-float(z)))
