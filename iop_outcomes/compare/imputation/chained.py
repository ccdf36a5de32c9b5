r"""Chained equations: each incomplete covariate drawn given all else, in turn.

What each is drawn given: the group, the event indicator, the cumulative hazard at the time
(Nelson and Aalen's estimate in the group: White and Royston 2009, Stat Med 28:1982-1998, for a
Cox model, here with a baseline for each group) and the other covariates. Without the outcome among
them covariates would seem less related to it than they are, and the comparison would be adjusted
too little (Leyrat et al. 2019, Stat Methods Med Res 28:3-19). The chain begins with values drawn
from the known ones, and goes over the covariates, fewest missing first, `ROUNDS` times (van Buuren
2007, Stat Methods Med Res 16:219-242).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.balance.covariates import Covariate, read_covariates
from iop_outcomes.compare.imputation.draws import categorised, matched
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.messages import groups_called
from iop_outcomes.survival.times import CheckedTimes

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
ROUNDS = 5
MODELS = {
    "number": "predictive mean matching",
    "yes_no": "logistic regression",
    "words": "multinomial regression",
}


@dataclass(frozen=True, eq=False)
class Incomplete:
    """Rows with covariates of which some are missing.

    Attributes
    ----------
    covariates : list of Covariate
        The columns of the analysis.
    days : numpy.ndarray of float64
    event : numpy.ndarray of bool
    group : numpy.ndarray of int
        (rows,).
    groups : int
    """

    covariates: list[Covariate]
    days: Floats
    event: NDArray[np.bool_]
    group: Places
    groups: int

    @classmethod
    def of(cls, frame: pd.DataFrame, names: Sequence[str], checked: CheckedTimes) -> Incomplete:
        """Read the columns; refuse those that cannot be drawn.

        Raises
        ------
        EstimateError
            If rows enter late, a covariate is known in no row of a group, or is known in so few
            rows that there is no model of it.
        """
        covariates = read_covariates(frame, names)
        incomplete = cls(
            covariates,
            checked.days.astype(np.float64),
            checked.event,
            checked.group,
            len(checked.labels),
        )
        if checked.entry is not None and incomplete.incomplete:
            raise EstimateError(
                "Missing covariates are not imputed for people who enter late: what became of "
                "those who had the event before is not known.",
                found=f"{int((checked.entry > 0).sum()):,} of {len(frame):,} rows enter late",
                instead="rows with all covariates.",
            )
        for covariate in incomplete.incomplete:
            incomplete._refuse_unknown(covariate)
        return incomplete

    @property
    def incomplete(self) -> list[Covariate]:
        """The covariates with a missing value, those with fewest first."""
        some = [covariate for covariate in self.covariates if not covariate.known.all()]
        return sorted(some, key=lambda covariate: int((~covariate.known).sum()))

    @property
    def table(self) -> pd.DataFrame:
        """One row a covariate: how many are missing, which share, and how they are drawn."""
        missing = [int((~covariate.known).sum()) for covariate in self.covariates]
        return pd.DataFrame(
            {
                "covariate": [covariate.name for covariate in self.covariates],
                "missing": np.array(missing, dtype=np.int64),
                "share_missing": np.array(missing) / len(self.days),
                "model": [
                    MODELS[covariate.kind] if count else ""
                    for covariate, count in zip(self.covariates, missing, strict=True)
                ],
            }
        )

    def draw(self, rows: Places, random: np.random.Generator) -> dict[str, Places] | None:
        """Complete rows once.

        Parameters
        ----------
        rows : numpy.ndarray of int
            Places of the rows, some perhaps several times; each is drawn by itself.
        random : numpy.random.Generator

        Returns
        -------
        dict of str to numpy.ndarray of int, or None
            Of each incomplete covariate the place whose value each of `rows` takes: its own where
            it is known. None where a covariate is known too rarely among `rows`.
        """
        known = {
            covariate.name: np.flatnonzero(covariate.known[rows]) for covariate in self.incomplete
        }
        if any(len(places) == 0 for places in known.values()):
            return None
        fixed = self._fixed(rows)
        values = {covariate.name: _columns(covariate, rows) for covariate in self.covariates}
        taken = {covariate.name: rows.copy() for covariate in self.incomplete}
        for covariate in self.incomplete:
            gaps = np.flatnonzero(~covariate.known[rows])
            taken[covariate.name][gaps] = rows[random.choice(known[covariate.name], len(gaps))]
            values[covariate.name] = _columns(covariate, taken[covariate.name])
        starts: dict[str, Floats | None] = {}
        for _ in range(ROUNDS if len(self.incomplete) > 1 else 1):
            for covariate in self.incomplete:
                others = [fixed, *(values[name] for name in values if name != covariate.name)]
                place = _drawn(covariate, rows, np.concatenate(others, axis=1), random, starts)
                if place is None:
                    return None
                taken[covariate.name][~covariate.known[rows]] = place
                values[covariate.name] = _columns(covariate, taken[covariate.name])
        return taken

    def _fixed(self, rows: Places) -> Floats:
        """Return the group, the event and the cumulative hazard of rows, as columns."""
        group, event, days = self.group[rows], self.event[rows], self.days[rows]
        hazard: Floats = np.zeros(len(rows))
        for place in range(self.groups):
            own = np.flatnonzero(group == place)
            hazard[own] = cumulative_hazard(days[own], event[own])
        dummies = np.eye(self.groups)[group][:, 1:]
        return np.column_stack([dummies, event.astype(np.float64), hazard])

    def _refuse_unknown(self, covariate: Covariate) -> None:
        there = np.bincount(self.group[covariate.known], minlength=self.groups)
        empty = np.flatnonzero(there == 0).tolist()
        if empty:
            raise EstimateError(
                f"The covariate {covariate.name} cannot be imputed: no value is known in "
                f"{groups_called(empty, self.groups)}.",
                found=f"{int((~covariate.known).sum()):,} of {len(self.group):,} rows missing",
                instead="the other covariates, or groups in which it was asked.",
            )
        terms = self.groups + 1 + sum(covariate.values.shape[1] for covariate in self.covariates)
        if int(there.sum()) <= terms:
            raise EstimateError(
                f"The covariate {covariate.name} cannot be imputed: it is known in too few rows "
                "for a model of it.",
                found=f"{int(there.sum()):,} known, for a model with up to {terms} coefficients",
                instead="fewer covariates, or without this one.",
            )


def completed(
    frame: pd.DataFrame, names: Sequence[str], rows: Places, taken: Mapping[str, Places]
) -> pd.DataFrame:
    """Return the columns of rows with the values that were drawn."""
    columns = {
        name: frame[name].iloc[taken.get(name, rows)].reset_index(drop=True) for name in names
    }
    return pd.DataFrame(columns)


def cumulative_hazard(days: Floats, event: NDArray[np.bool_]) -> Floats:
    """Return Nelson and Aalen's estimate through the day of each row."""
    each, place = np.unique(days, return_inverse=True)
    there = np.bincount(place, minlength=len(each))
    at_risk = there[::-1].cumsum()[::-1]
    ended = np.bincount(place[event], minlength=len(each))
    return np.asarray(np.cumsum(ended / at_risk)[place])


def _columns(covariate: Covariate, places: Places) -> Floats:
    values = covariate.values[places]
    return values[:, 1:] if covariate.kind == "words" else values


def _drawn(
    covariate: Covariate,
    rows: Places,
    columns: Floats,
    random: np.random.Generator,
    starts: dict[str, Floats | None],
) -> Places | None:
    """Return the places whose values the rows without one take."""
    own = covariate.known[rows]
    known, gaps = np.flatnonzero(own), columns[~own]
    if covariate.kind == "number":
        donors = matched(columns[known], covariate.values[rows[known], 0], gaps, random)
        return None if donors is None else rows[known[donors]]
    values = covariate.values[rows[known]]
    code = values.argmax(axis=1) if covariate.kind == "words" else values[:, 0].astype(np.intp)
    category, starts[covariate.name] = categorised(
        columns[known], code, gaps, random, starts.get(covariate.name)
    )
    there, first = np.unique(code, return_index=True)
    return np.asarray(rows[known[first[np.searchsorted(there, category)]]])
