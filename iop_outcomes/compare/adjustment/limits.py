"""The limits of adjusted curves and of their differences, by bootstrap or in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.closed_form import Errors
from iop_outcomes.compare.adjustment.completion import TWICE
from iop_outcomes.compare.adjustment.imputed import (
    Curves,
    Imputing,
    Pooled,
)
from iop_outcomes.compare.adjustment.standardised import Standardised
from iop_outcomes.compare.adjustment.unadjusted import Beside, Unadjusted
from iop_outcomes.compare.resampling.contrasts import (
    curve_rows,
    curve_table,
    difference_rows,
    differences_of,
    measures_of,
    pair_rows,
)
from iop_outcomes.compare.resampling.repeat import Procedure, repeated
from iop_outcomes.compare.resampling.samples import refuse_failed

Floats = NDArray[np.float64]
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Asked:
    """The options of the limits, the names of the groups, and the cluster of each row."""

    names: list[str]
    against: int | None
    limits: str
    confidence: float
    resamples: int
    seed: int
    processes: int
    progress: bool
    cluster: NDArray[np.intp]

    @property
    def cut(self) -> dict[str, Any]:
        """Which differences, and the level of their limits."""
        return {"reference": self.against, "confidence": self.confidence}


def limited(beside: Beside, asked: Asked) -> tuple[Tables, int]:
    """Return differences, curves and unadjusted differences, and how many samples have none."""
    names, grid, number = asked.names, beside.plain.problem.grid, len(asked.names)
    survival = beside.survival(np.ones(len(asked.cluster)))
    own = survival[:number]
    if asked.limits == "closed_form" and not isinstance(beside.curves, Standardised):
        errors = Errors.of(beside.curves, grid, asked.cluster, number)
        table = errors.differences(names, grid, own, **asked.cut)
        curves = errors.curve_table(names, grid, own, asked.confidence)
        plain = _plain_closed_form(beside.plain, survival[number:], asked)
        return (_nothing_missing(table), curves, plain), 0
    drawn, failed = _drawn(beside, asked)
    table = difference_rows(names, grid, own, drawn[:, :number], **asked.cut)
    curves = curve_table(names, grid, own, drawn[:, :number], asked.confidence)
    plain = difference_rows(names, grid, survival[number:], drawn[:, number:], **asked.cut)
    return (_nothing_missing(table), curves, _nothing_missing(plain)), failed


def limited_imputed(imputing: Imputing, each: Sequence[Curves], asked: Asked) -> tuple[Tables, int]:
    """Return the same of curves of each completed sample."""
    names, grid, number = asked.names, imputing.curves.problem.grid, len(asked.names)
    ones = np.ones(len(asked.cluster))
    completed = np.stack([curves.survival(ones) for curves in each])
    survival, plain = completed.mean(axis=0), imputing.plain.survival(ones)
    if asked.limits == "closed_form":
        errors = [
            Errors.of(curves, grid, asked.cluster, number)
            for curves in each
            if not isinstance(curves, Standardised)
        ]
        of_curves = Pooled.by_rubin(completed, np.stack([error.of_curves for error in errors]))
        differences = differences_of(measures_of(grid, completed), asked.against)
        spread = np.stack([error.of_differences(asked.against) for error in errors])
        of_differences, failed = Pooled.by_rubin(differences, spread), 0
        beside = _plain_closed_form(imputing.plain, plain, asked)
    else:
        drawn, failed = _drawn(imputing, asked)
        own = drawn[:, : TWICE * number].reshape(len(drawn), TWICE, number, len(grid))
        of_curves = Pooled.of_samples(own, len(each))
        differences = differences_of(measures_of(grid, own), asked.against)
        of_differences = Pooled.of_samples(differences, len(each))
        beside = _nothing_missing(
            difference_rows(names, grid, plain, drawn[:, TWICE * number :], **asked.cut)
        )
    measures = measures_of(grid, survival)
    limits = of_differences.limits(differences_of(measures, asked.against), asked.confidence)
    table = pair_rows(names, measures, limits, reference=asked.against)
    table["missing_information"] = of_differences.missing_information.ravel()
    error, lower, upper = of_curves.limits(survival, asked.confidence)
    cut = error, np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)
    curves = curve_rows(names, grid, survival, cut)
    return (table, curves, beside), failed


def _drawn(procedure: Procedure, asked: Asked) -> tuple[Floats, int]:
    drawn, failed = repeated(
        procedure,
        asked.cluster,
        asked.resamples,
        asked.seed,
        progress=asked.progress,
        processes=asked.processes,
    )
    refuse_failed(
        failed, asked.resamples, "a group is not followed up to the day, or no model fits"
    )
    return drawn, failed


def _plain_closed_form(plain: Unadjusted, survival: Floats, asked: Asked) -> pd.DataFrame:
    grid = plain.problem.grid
    errors = Errors.of(plain, grid, asked.cluster, len(asked.names))
    return _nothing_missing(errors.differences(asked.names, grid, survival, **asked.cut))


def _nothing_missing(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(missing_information=0.0)
