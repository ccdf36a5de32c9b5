r"""Survival curves by a Cox model, for people with stated values of its columns.

With x the columns of a person, :math:`\hat\Lambda_0` the baseline by the method of ties of the
model, the curve is :math:`\exp(-\hat\Lambda_0(t) e^{x\hat\beta})`. The variance of the cumulative
hazard is, by the model,

.. math:: e^{2x\hat\beta} \Big( \sum_{k \le t} \frac{d\hat\Lambda_k}{S_k} + q(t)^\top V q(t) \Big),
    \quad q(t) = \sum_{k \le t} (x - \bar x_k) d\hat\Lambda_k

(Tsiatis 1981, Ann Stat 9:93-108; Therneau and Grambsch 2000, section 10.2, with Efron's sums). With
weights or clusters it is the sum over clusters of the squares of the weighted derivatives of the
cumulative hazard with respect to the weights of their rows (infinitesimal jackknife).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.fitted.model import FittedCox
from iop_outcomes.compare.regression.partial_likelihood import score_residuals
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.messages import columns_found
from iop_outcomes.shared.provenance import Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.limits import Interval, normal_quantile, survival_limits

Floats = NDArray[np.float64]
MOST_CURVES = 1000


@dataclass(frozen=True, repr=False)
class PredictedSurvival(DrawnResult):
    """Survival curves by a Cox model.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a person asked for and day: ``curve`` (int64), the position of the person in the
        frame asked for; the columns of the model (and the strata) as they were asked; ``day``
        (float64); ``survival, lower, upper`` (float64, 0 to 1); ``cumulative_hazard, se``
        (float64): the cumulative hazard and its standard error. All values are missing after the
        last day on which anyone of the stratum was under observation.
    by : tuple of str
        The columns that say whose curve it is.
    confidence : float
        The level of the limits.
    interval : str
        The scale on which limits are symmetric.
    model : str
        The model, and of what.
    rule : str
        How the times were defined, and whether errors are robust.
    provenance : Provenance
        The event and the origin of the days, and whether the data are synthetic.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    interval: str
    model: str
    rule: str
    provenance: Provenance

    @property
    def synthetic(self) -> bool:
        """Whether the data are synthetic."""
        return self.provenance.synthetic

    @property
    def text(self) -> str:
        """How many curves of what, and the rule."""
        return (
            f"{self._summary}, with {format_level(self.confidence)} limits ({self.interval}). "
            f"{self.rule}"
        )

    @property
    def _summary(self) -> str:
        curves = self.table["curve"].nunique()
        return f"{self.model}: {curves:,} predicted curve{'' if curves == 1 else 's'}"


def predict_survival(
    fitted: FittedCox,
    frame: pd.DataFrame,
    days: Sequence[float] | None,
    *,
    confidence: float,
    interval: Interval,
    labels: tuple[str, str],
) -> PredictedSurvival:
    """Return curves for the rows of a frame; see `Regression.predict`.

    `labels` are the model and the rule.
    """
    normal_quantile(confidence)
    rows = fitted.design.rows(frame)
    if not len(rows):
        raise EstimateError("There is nobody to predict a curve for.", found="0 rows")
    if len(rows) > MOST_CURVES:
        raise RuleError(
            "So many curves cannot be distinguished.",
            found=f"{len(rows):,} rows",
            instead=f"at most {MOST_CURVES:,}, of people with stated values.",
        )
    stratum = _strata_asked(fitted, frame)
    asked = _days(fitted, days)
    moved = rows - fitted.center
    ratio = np.exp(moved @ fitted.fit.coefficient)
    hazard = np.empty((len(rows), len(asked)))
    variance = np.empty_like(hazard)
    for place in np.unique(stratum).tolist():
        inside = stratum == place
        base = _Baseline.of(fitted, place, asked)
        hazard[inside] = ratio[inside, None] * base.hazard
        # (curves, columns, days): what the curve changes by as each coefficient changes
        change = moved[inside][:, :, None] * base.hazard - base.drift
        variance[inside] = ratio[inside, None] ** 2 * base.variance(change)
        late = asked > fitted.days[fitted.stratum == place].max()
        hazard[np.ix_(inside, late)] = np.nan
    survival = np.exp(-hazard)
    known = np.isfinite(survival)
    lower, upper = np.full_like(survival, np.nan), np.full_like(survival, np.nan)
    lower[known], upper[known] = survival_limits(
        survival[known], variance[known], confidence, interval
    )
    return predicted_of(
        frame,
        asked,
        {
            "survival": survival,
            "lower": lower,
            "upper": upper,
            "cumulative_hazard": hazard,
            "se": np.where(known, np.sqrt(variance), np.nan),
        },
        used={*fitted.design.used, *fitted.strata.columns},
        confidence=confidence,
        interval=interval,
        labels=labels,
        provenance=fitted.provenance,
    )


def predicted_of(
    frame: pd.DataFrame,
    days: Floats,
    numbers: Mapping[str, Floats],
    *,
    used: Collection[str],
    confidence: float,
    interval: Interval,
    labels: tuple[str, str],
    provenance: Provenance,
) -> PredictedSurvival:
    """Return curves as a result.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a curve.
    days : numpy.ndarray
        Of each column of the numbers.
    numbers : mapping of str to numpy.ndarray
        (curves, days), by the names of the columns.
    used : collection of str
        The columns of the frame that say whose curve it is.
    confidence, interval, labels, provenance
        As of `PredictedSurvival`; labels are the model and the rule.
    """
    repeats = np.repeat(np.arange(len(frame)), len(days))
    shown = frame[[name for name in frame.columns if name in used]].iloc[repeats]
    shown = shown.reset_index(drop=True)
    table = pd.DataFrame({"curve": repeats.astype(np.int64)})
    table[list(shown.columns)] = shown
    table["day"] = np.tile(days, len(frame))
    for name, values in numbers.items():
        table[name] = values.ravel()
    return PredictedSurvival(table, tuple(shown.columns), confidence, interval, *labels, provenance)


@dataclass(frozen=True, eq=False)
class _Baseline:
    """The baseline of a stratum on some days, and what its variance needs.

    Attributes
    ----------
    hazard : numpy.ndarray, shape (days,)
    drift : numpy.ndarray, shape (columns, days)
        The sum of the risk-set means by the steps of the hazard.
    steps : numpy.ndarray, shape (days,)
        The variance of the hazard if coefficients were known.
    covariance : numpy.ndarray, shape (columns, columns)
        Of the coefficients, by the model.
    moves : tuple of numpy.ndarray, optional
        With robust errors, of each cluster: by how much it moves the hazard at known coefficients,
        (clusters, days), and the coefficients, (clusters, columns).
    """

    hazard: Floats
    drift: Floats
    steps: Floats
    covariance: Floats
    moves: tuple[Floats, Floats] | None

    @classmethod
    def of(cls, fitted: FittedCox, stratum: int, days: Floats) -> _Baseline:
        sets, point = fitted.sets, fitted.point
        inside = np.flatnonzero(fitted.cell_stratum == stratum)
        until = np.searchsorted(fitted.cell_day[inside], days, side="right")

        def upto(values: Floats) -> Floats:
            total = np.zeros((*values.shape[:-1], len(inside) + 1))
            np.cumsum(values[..., inside], axis=-1, out=total[..., 1:])
            taken: Floats = total[..., until]
            return taken

        weighted = fitted.weight * point.risk
        of = sets.of_piece
        left = sets.at_risk(weighted)[of] - sets.fraction * sets.tied(weighted)[of]
        plain = sets.over_pieces(sets.weight / left**2)
        moves = None
        if fitted.cluster is not None:
            moves = _moves(fitted, inside, until, left)
        hazard, drift = upto(point.hazard), upto(point.drift)
        return cls(hazard, drift, upto(plain), fitted.fit.covariance, moves)

    def variance(self, change: Floats) -> Floats:
        """Return the variance of the hazards, (curves, days), given `change` by coefficient."""
        if self.moves is None:
            by_coefficient = np.einsum("cid,ij,cjd->cd", change, self.covariance, change)
            variance: Floats = self.steps + by_coefficient
            return variance
        of_hazard, of_coefficient = self.moves
        return np.stack(
            [((of_hazard + of_coefficient @ gradient) ** 2).sum(axis=0) for gradient in change]
        )


def _moves(
    fitted: FittedCox, inside: NDArray[np.intp], until: NDArray[np.intp], left: Floats
) -> tuple[Floats, Floats]:
    """Return by how much each cluster moves the hazard of a stratum and the coefficients."""
    sets, point, clusters = fitted.sets, fitted.point, fitted.clusters
    number = int(clusters.max()) + 1
    of_hazard = np.zeros((number, len(until)))
    once = sets.weight / left**2
    plain, tied = sets.over_pieces(once), sets.over_pieces(once * sets.fraction)
    own = point.hazard / np.bincount(sets.of_piece, sets.weight, sets.cells)
    for place, last in enumerate(until.tolist()):
        used = np.zeros(sets.cells)
        used[inside[:last]] = 1.0
        row = -point.risk * sets.exposure(plain * used, tied * used)
        row[sets.died] += (own * used)[sets.cell]
        of_hazard[:, place] = np.bincount(clusters, fitted.weight * row, number)
    scores = score_residuals(fitted.columns, point, sets) * fitted.weight
    summed = np.stack([np.bincount(clusters, row, number) for row in scores], axis=1)
    return of_hazard, summed @ fitted.fit.covariance


def _strata_asked(fitted: FittedCox, frame: pd.DataFrame) -> NDArray[np.intp]:
    """Return the stratum of each row of a frame."""
    names = list(fitted.strata.columns)
    if not names:
        return np.zeros(len(frame), dtype=np.intp)
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise RuleError(
            "The baseline differs by stratum; the rows asked for do not say theirs.",
            found=columns_found(frame.columns, absent),
            instead=f"a column {' and '.join(absent)}.",
        )
    known = pd.MultiIndex.from_frame(fitted.strata.astype(str))
    code = known.get_indexer(pd.MultiIndex.from_frame(frame[names].astype(str)))
    if (code < 0).any():
        raise RuleError(
            "There is no baseline of a stratum without people.",
            found=f"{int((code < 0).sum()):,} of {len(frame):,} rows",
            instead=f"values of {', '.join(names)} among the rows of the model.",
        )
    return np.asarray(code, dtype=np.intp)


def _days(fitted: FittedCox, days: Sequence[float] | None) -> Floats:
    if days is None:
        return np.unique(np.append(0.0, fitted.cell_day))
    asked: Any = np.atleast_1d(np.asarray(days, dtype=object))
    try:
        numbers = asked.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not len(numbers) or not (np.isfinite(numbers) & (numbers >= 0)).all():
        raise RuleError(
            "Curves are predicted on days of 0 or more.",
            instead="days=[30, 90, 180]",
        )
    return np.asarray(numbers, dtype=np.float64)
