"""Rows with missing covariates as several completed problems."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.problem import Problem
from iop_outcomes.compare.imputation.chained import Incomplete, completed
from iop_outcomes.compare.regression.design import Design
from iop_outcomes.compare.regression.formula import columns_read
from iop_outcomes.errors import OutcomesError
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.survival.times import CheckedTimes

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
TWICE = 2  # completed samples of each sample of people
WHOLE, OF_SAMPLES = 1, 2  # streams of random numbers


@dataclass(frozen=True, eq=False)
class Completion:
    """Rows that are completed, and the models of completed rows.

    Attributes
    ----------
    incomplete : Incomplete
    frame : pandas.DataFrame
        With the columns of the covariates.
    seed : int
    """

    incomplete: Incomplete
    frame: pd.DataFrame
    seed: int

    @property
    def names(self) -> list[str]:
        """The columns of the covariates."""
        return [covariate.name for covariate in self.incomplete.covariates]

    def samples(self, imputations: int) -> list[pd.DataFrame]:
        """Return the covariates of all rows, completed several times."""
        rows = np.arange(len(self.frame))
        streams = np.random.SeedSequence([self.seed, WHOLE]).spawn(imputations)
        return [self._completed(rows, np.random.default_rng(stream)) for stream in streams]

    def twice(self, rows: Places, counts: Floats) -> list[pd.DataFrame]:
        """Complete a sample of rows twice; its random numbers follow from the sample.

        Raises
        ------
        OutcomesError
            If a covariate is known in too few of them.
        """
        sample = zlib.crc32(np.ascontiguousarray(counts).tobytes())
        streams = np.random.SeedSequence([self.seed, OF_SAMPLES, sample]).spawn(TWICE)
        return [self._completed(rows, np.random.default_rng(stream)) for stream in streams]

    def rule(self, imputations: int | None) -> str:
        """Return how missing covariates were completed, as sentences."""
        table = self.incomplete.table
        some = table[table["missing"] > 0]
        shares = ", ".join(
            f"{row['covariate']} {100 * row['share_missing']:.1f}%"
            for row in some.to_dict("records")
        )
        return (
            f"Missing covariates ({shares} of {len(self.frame):,} rows) drawn {imputations} times "
            f"(seed {self.seed}) by chained equations given the group, the event, the cumulative "
            "hazard at the time and the other covariates, and assumed missing at random given "
            "these."
        )

    def _completed(self, rows: Places, random: np.random.Generator) -> pd.DataFrame:
        taken = self.incomplete.draw(rows, random)
        if taken is None:
            raise OutcomesError("A covariate is known in too few rows of a sample.")
        return completed(self.frame, self.names, rows, taken)


def problems_of(
    problem: Problem, designs: tuple[Design, Design], rows: Places, samples: Sequence[pd.DataFrame]
) -> list[Problem]:
    """Return the problem of rows, some perhaps several times, with each completion of them."""
    stacked = pd.concat(samples, ignore_index=True)
    columns = np.split(designs[0].rows(stacked), len(samples))
    outcome = columns
    if designs[1] is not designs[0]:
        outcome = np.split(designs[1].rows(stacked), len(samples))
    return [
        replace(
            problem,
            days=problem.days[rows],
            entry=problem.entry[rows],
            event=problem.event[rows],
            model=replace(problem.model, columns=own, group=problem.model.group[rows]),
            outcome=of_event,
        )
        for own, of_event in zip(columns, outcome, strict=True)
    ]


def completion_of(
    frame: pd.DataFrame,
    formulas: Sequence[str | Sequence[str] | None],
    checked: CheckedTimes,
    imputations: int | None,
    seed: int,
) -> Completion | None:
    """Return how rows are completed; None if this is not asked for, or nothing is missing."""
    if imputations is None:
        return None
    check_whole("imputations", imputations, 2, "imputations=20")
    names = list(
        dict.fromkeys(
            name
            for formula in formulas
            if formula is not None
            for name in columns_read(frame, formula)
        )
    )
    if not frame[names].isna().to_numpy().any():
        return None
    return Completion(Incomplete.of(frame, names, checked), frame[names], seed)


def missing_table(completion: Completion | None, used: Sequence[str]) -> pd.DataFrame:
    """Return one row a covariate: how many values were drawn."""
    if completion is not None:
        return completion.incomplete.table
    names = list(dict.fromkeys(used))
    return pd.DataFrame(
        {
            "covariate": names,
            "missing": np.zeros(len(names), dtype=np.int64),
            "share_missing": np.zeros(len(names)),
            "model": [""] * len(names),
        }
    )
