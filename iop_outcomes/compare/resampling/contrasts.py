"""Curves and their differences as tables, from estimates and those of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.resampling.samples import percentiles
from iop_outcomes.compare.resampling.step_curves import restricted_means
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import DESCRIBED_GROUPS, format_fixed, format_level, join_described

Floats = NDArray[np.float64]
MEASURES = {"survival": "proportion", "restricted_mean": "days"}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SampledResult(DrawnResult):
    """What differences of groups at a day have in common, with limits by samples of people.

    Attributes
    ----------
    table, curves, groups : pandas.DataFrame
        One row a difference; a point of a curve; a group.
    day : float
        The day of the differences.
    confidence : float
        The level of the limits.
    resamples, failed, seed : int
        The number of bootstrap samples of people, how many of them had no estimate and are left
        out, and the seed.
    rule : str
        How the times were defined, and the estimate.
    event, origin : str
        What the event and day 0 are called.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    curves: pd.DataFrame
    groups: pd.DataFrame
    day: float
    confidence: float
    resamples: int
    failed: int
    seed: int
    rule: str
    event: str = "the event"
    origin: str = "the start"
    synthetic: bool = False

    @property
    def without(self) -> str:
        """How many samples had no estimate, in words with a comma before; empty if none."""
        return f", {self.failed:,} of them without an estimate" if self.failed else ""

    @property
    def sampling(self) -> str:
        """How the limits were made, as a sentence."""
        return (
            f"{format_level(self.confidence)} limits are percentiles of {self.resamples:,} "
            f"bootstrap samples of people (seed {self.seed}){self.without}."
        )

    @property
    def _summary(self) -> str:
        return f"{len(self.groups)} groups, day {self.day:g}, {self.resamples:,} samples"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CurveContrast(SampledResult):
    """Curves of groups that were made comparable, and their differences at a day.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a pair of groups and measure: ``measure``: ``survival``, the proportion without the
        event at the day, or ``restricted_mean``, the mean days without it up to the day;
        ``group``, ``reference`` (text); ``estimate``, ``estimate_reference``; ``difference``: the
        first less the second; ``se``; ``lower``, ``upper``.
    curves : pandas.DataFrame
        One row a group and day: ``group``, ``day``, ``survival``, ``se``, ``lower``, ``upper``
        (pointwise).
    groups : pandas.DataFrame
        One row a group: ``group``, and how many rows and events it has.
    day : float
        The day of the differences, which is the last of the curves.
    method : str
        How the groups were made comparable, in words.
    confidence : float
        The level of the limits.
    resamples, failed, seed : int
        The number of bootstrap samples of people, how many of them had no estimate and are left
        out, and the seed.
    rule : str
        How the times were defined, and the estimate.
    event, origin : str
        What the event and day 0 are called.
    synthetic : bool
        Whether the data are synthetic.
    """

    method: str

    @property
    def text(self) -> str:
        """Each difference in words, how it was made, and the rule."""
        rows = self.table.head(DESCRIBED_GROUPS).to_dict("records")
        descriptions = [
            describe_difference(row, self.day, self.confidence, self.event) for row in rows
        ]
        return (
            f"{self.method}: {join_described(descriptions, len(self.table), 'difference')}. "
            f"{self.caution}{self.sampling} {self.rule}"
        ).strip()

    @property
    def caution(self) -> str:
        """What to be careful about, as a sentence with a blank after it; empty if nothing."""
        return ""

    @property
    def bands(self) -> str:
        """How the limits of the curves were made, in a few words."""
        return f"percentiles of {self.resamples:,} bootstrap samples of people"


def describe_difference(row: dict[Any, Any], day: float, confidence: float, event: str) -> str:
    """Return a row of a table of differences in words."""
    days = row["measure"] == "restricted_mean"
    sign, amounts, scale = ("", "days", 1) if days else ("%", "percentage points", 100)
    of = (
        f"mean days without {event} up to day {day:g}"
        if days
        else f"without {event} on day {day:g}"
    )
    values = {
        name: format_fixed(scale * row[name], 1)
        for name in ("estimate", "estimate_reference", "difference", "lower", "upper")
    }
    return (
        f"{of}: {row['group']} {values['estimate']}{sign} less {row['reference']} "
        f"{values['estimate_reference']}{sign}: {values['difference']} {amounts} "
        f"({format_level(confidence)} limits {values['lower']} to {values['upper']})"
    )


def curve_table(
    names: Sequence[str], grid: Floats, survival: Floats, drawn: Floats, confidence: float
) -> pd.DataFrame:
    """Return curves (groups, days) with the limits of their draws (samples, groups, days)."""
    return curve_rows(names, grid, survival, percentiles(drawn, confidence))


def curve_rows(
    names: Sequence[str], grid: Floats, survival: Floats, limits: tuple[Floats, Floats, Floats]
) -> pd.DataFrame:
    """Return curves (groups, days) with their errors and limits of the same shape."""
    error, lower, upper = limits
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(names, dtype=object), len(grid)),
            "day": np.tile(grid, len(names)),
            "survival": survival.ravel(),
            "se": error.ravel(),
            "lower": lower.ravel(),
            "upper": upper.ravel(),
        }
    )


def pairs_between(groups: int, reference: int | None) -> list[tuple[int, int]]:
    """Return each pair, the later group first, or each group and the reference."""
    if reference is None:
        return [(two, one) for one in range(groups) for two in range(one + 1, groups)]
    return [(one, reference) for one in range(groups) if one != reference]


def measures_of(grid: Floats, curves: Floats) -> Floats:
    """Return the survival at the last day and the restricted mean, (..., measures, groups)."""
    return np.stack([curves[..., -1], restricted_means(grid, curves)], axis=-2)


def differences_of(measures: Floats, reference: int | None) -> Floats:
    """Return the differences of pairs, (..., measures, pairs)."""
    pairs = pairs_between(measures.shape[-1], reference)
    return np.stack(
        [measures[..., group] - measures[..., reference] for group, reference in pairs], axis=-1
    )


def difference_rows(
    names: Sequence[str],
    grid: Floats,
    survival: Floats,
    drawn: Floats,
    *,
    reference: int | None,
    confidence: float,
) -> pd.DataFrame:
    """Return the differences of all pairs, or of each group from the reference, at the last day."""
    draws = differences_of(measures_of(grid, drawn), reference)
    limits = percentiles(draws, confidence)
    return pair_rows(names, measures_of(grid, survival), limits, reference=reference)


def pair_rows(
    names: Sequence[str],
    measures: Floats,
    limits: tuple[Floats, Floats, Floats],
    *,
    reference: int | None,
) -> pd.DataFrame:
    """Return the differences of pairs, from (measures, groups) values and (measures, pairs) limits.

    Limits are the standard error, the lower and the upper limit.
    """
    difference = differences_of(measures, reference)
    rows = [
        {
            "measure": measure,
            "group": names[one],
            "reference": names[two],
            "estimate": measures[place, one],
            "estimate_reference": measures[place, two],
            "difference": difference[place, pair],
            **{
                name: float(value[place, pair])
                for name, value in zip(("se", "lower", "upper"), limits, strict=True)
            },
        }
        for place, measure in enumerate(MEASURES)
        for pair, (one, two) in enumerate(pairs_between(len(names), reference))
    ]
    return pd.DataFrame(rows)
