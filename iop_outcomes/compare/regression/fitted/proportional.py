r"""Tests of proportional hazards: whether a coefficient changes with time.

The score test of adding :math:`x\,g(t)` to the model, at the estimate and 0 (Grambsch and Therneau
1994, Biometrika 81:515-526, in its exact form, as R's ``cox.zph`` of survival 3): with
:math:`r_k` the Schoenfeld residuals and :math:`V_k` the information of the events of day k,

.. math:: U = \sum_k g_k r_k, \qquad I = \begin{pmatrix} \sum V_k & \sum g_k V_k \\
    \sum g_k V_k & \sum g_k^2 V_k \end{pmatrix},

a term is tested by its part of U against the part of I of all coefficients and its own change, all
terms together by U. The test takes rows as independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.compare.regression.fitted.model import FittedCox
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.provenance import Provenance
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import join_described
from iop_outcomes.survival.at_risk import first_place
from iop_outcomes.survival.limits import normal_quantile

Floats = NDArray[np.float64]
TIMES = ("km", "rank", "identity", "log")
NAMED = 8
GLOBAL = "all terms"
SMOOTH_DEGREES = 4
POINTS = 40


@dataclass(frozen=True, repr=False)
class ProportionalHazards(DrawnResult):
    """Tests of proportional hazards.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a term of the formula, and "all terms" last: ``term`` (str), ``statistic``
        (float64, chi-squared), ``degrees_of_freedom`` (int64), ``p_value`` (float64).
    residuals : pandas.DataFrame
        One row an event and column of the model: ``column`` (str); ``estimate`` (float64), the
        coefficient of the model; ``day`` and ``time``
        (float64), the day and its function that the tests use; ``coefficient`` (float64), the
        scaled Schoenfeld residual plus the estimate: around which coefficient the event lies.
    smooth : pandas.DataFrame
        One row a column and day of a curve through `residuals`: ``column, day, coefficient, lower,
        upper``; by natural cubic splines of `time` with 4 degrees of freedom, by least squares.
        Empty with fewer than 10 different days of events.
    time : str
        The function of the days.
    confidence : float
        The level of the limits of `smooth`.
    model : str
        The model, and of what.
    provenance : Provenance
        The event and the origin of the days, and whether the data are synthetic.
    """

    table: pd.DataFrame
    residuals: pd.DataFrame
    smooth: pd.DataFrame
    time: str
    confidence: float
    model: str
    provenance: Provenance

    @property
    def synthetic(self) -> bool:
        """Whether the data are synthetic."""
        return self.provenance.synthetic

    @property
    def text(self) -> str:
        """The test of all terms, and of each."""
        rows = self.table.to_dict("records")
        words = [
            f"{row['term']}: chi-squared {row['statistic']:.2f} on {row['degrees_of_freedom']}, "
            f"{format_p_value(row['p_value'])}"
            for row in [rows[-1], *rows[:-1]][: NAMED + 1]
        ]
        return (
            f"Tests of proportional hazards, {self.model}: "
            f"{join_described(words, len(rows), 'test')}. A small p-value says that a coefficient "
            f"changes with time; a large one does not show that it is constant. Time: {self.time}. "
            "Rows are taken as independent."
        )

    @property
    def _summary(self) -> str:
        return f"proportional hazards, {len(self.table) - 1} terms"


def proportionality_of(
    fitted: FittedCox, time: str, *, confidence: float, model: str
) -> ProportionalHazards:
    """Test the terms of a fit; see `Regression.proportional_hazards`."""
    check_choice("time", time, TIMES, instead='time="km"')
    normal_quantile(confidence)
    by_cell = _time_of(fitted, time)
    information = information_by_cell(fitted)
    residual = _by_cell_residuals(fitted)
    whole = information.sum(axis=0)
    once = np.einsum("k,kij->ij", by_cell, information)
    twice = np.einsum("k,kij->ij", by_cell**2, information)
    score = residual @ by_cell
    rows = []
    parts = {**fitted.design.parts, GLOBAL: tuple(range(len(whole)))}
    for term, places in parts.items():
        own = list(places)
        block = np.block([[whole, once[:, own]], [once[own], twice[np.ix_(own, own)]]])
        moved = np.concatenate([np.zeros(len(whole)), score[own]])
        try:
            statistic = float(moved @ np.linalg.solve(block, moved))
        except np.linalg.LinAlgError:
            raise _one_day() from None
        rows.append((term.replace("`", ""), statistic, len(own), _beyond(statistic, len(own))))
    table = pd.DataFrame(rows, columns=["term", "statistic", "degrees_of_freedom", "p_value"])
    residuals = _scaled(fitted, by_cell)
    smooth = _smooth(residuals, confidence)
    return ProportionalHazards(table, residuals, smooth, time, confidence, model, fitted.provenance)


def _beyond(statistic: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, statistic))


def _one_day() -> EstimateError:
    return EstimateError(
        "A change with time needs events on several days.",
        found="events on one day, or no information on a term on others",
    )


def information_by_cell(fitted: FittedCox) -> Floats:
    """Return the information of the events of each cell, (cells, columns, columns)."""
    sets, columns = fitted.sets, fitted.columns
    weighted = fitted.weight * fitted.point.risk
    of, out = sets.of_piece, sets.fraction
    left = sets.at_risk(weighted)[of] - out * sets.tied(weighted)[of]

    def means(values: Floats) -> Floats:
        total: Floats = (sets.at_risk(values)[of] - out * sets.tied(values)[of]) / left
        return total

    first = [means(weighted * column) for column in columns]
    information = np.empty((sets.cells, len(columns), len(columns)))
    for i, column_i in enumerate(columns):
        for j in range(i, len(columns)):
            second = means(weighted * column_i * columns[j]) - first[i] * first[j]
            information[:, i, j] = information[:, j, i] = sets.over_pieces(sets.weight * second)
    return information


def _by_cell_residuals(fitted: FittedCox) -> Floats:
    """Return the sums of the weighted Schoenfeld residuals of each cell, (columns, cells)."""
    sets = fitted.sets
    weight = fitted.weight[sets.died]
    sums = [np.bincount(sets.cell, weight * row[sets.died], sets.cells) for row in fitted.columns]
    residuals: Floats = np.stack(sums) - fitted.point.expected
    return residuals


def _scaled(fitted: FittedCox, by_cell: Floats) -> pd.DataFrame:
    """Return the scaled Schoenfeld residuals of the events, in the order of their days."""
    sets, point = fitted.sets, fitted.point
    in_cell = np.bincount(sets.of_piece, sets.weight, sets.cells)
    own = fitted.columns[:, sets.died] - (point.expected / in_cell)[:, sets.cell]
    events = len(sets.died)
    scaled = events * (fitted.fit.covariance @ own) + fitted.fit.coefficient[:, None]
    order = np.lexsort((sets.died, fitted.cell_day[sets.cell]))
    day, time = fitted.cell_day[sets.cell][order], by_cell[sets.cell][order]
    names = [str(name) for name in fitted.design.names]
    return pd.DataFrame(
        {
            "column": np.repeat(np.array(names, dtype=object), events),
            "estimate": np.repeat(fitted.fit.coefficient, events),
            "day": np.tile(day, len(names)),
            "time": np.tile(time, len(names)),
            "coefficient": scaled[:, order].ravel(),
        }
    )


def _time_of(fitted: FittedCox, time: str) -> Floats:
    """Return the function of the day of each cell, less its mean over events."""
    day = fitted.cell_day
    if time == "identity":
        value = day.copy()
    elif time == "log":
        if not (day > 0).all():
            raise EstimateError(
                "The logarithm of day 0 is not a number.",
                found="events on day 0",
                instead='time="km"',
            )
        value = np.log(day)
    else:
        known, place = np.unique(day, return_inverse=True)
        died = np.bincount(place[fitted.sets.cell], minlength=len(known)).astype(np.float64)
        if time == "rank":
            ordered = np.sort(fitted.days)
            below, upto = (np.searchsorted(ordered, known, side=side) for side in ("left", "right"))
            value = ((below + upto + 1) / 2)[place]
        else:
            leave = np.searchsorted(known, fitted.days, side="right")
            enter = first_place(known, fitted.entry, len(fitted.days))
            change = np.bincount(leave, minlength=len(known) + 1) - np.bincount(
                enter, minlength=len(known) + 1
            )
            at_risk = np.cumsum(change[::-1])[::-1][1:]
            after = np.cumprod(1 - died / at_risk)
            value = (1 - np.append(1.0, after[:-1]))[place]
    centred: Floats = value - value[fitted.sets.cell].mean()
    return centred


def _smooth(residuals: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Return a curve through the residuals of each column, with limits."""
    columns = ["column", "day", "coefficient", "lower", "upper"]
    first = residuals[residuals["column"] == residuals["column"].iloc[0]]
    if first["day"].nunique() < 10:
        return pd.DataFrame(columns=columns)
    from scipy.special import stdtrit

    time, day = first["time"].to_numpy(), first["day"].to_numpy()
    knots = np.quantile(np.unique(time), np.linspace(0, 1, SMOOTH_DEGREES + 1))
    basis = natural_splines(time, knots)
    at = np.unique(np.quantile(day, np.linspace(0, 1, POINTS), method="nearest"))
    place = np.searchsorted(day, at)
    drawn = natural_splines(time[place], knots)
    inverse = np.linalg.pinv(basis.T @ basis)
    freedom = len(time) - basis.shape[1]
    reach = float(stdtrit(freedom, (1 + confidence) / 2))
    tables = []
    for name, rows in residuals.groupby("column", sort=False):
        values = rows["coefficient"].to_numpy()
        fit = inverse @ basis.T @ values
        scale = ((values - basis @ fit) ** 2).sum() / freedom
        height = drawn @ fit
        error = reach * np.sqrt(scale * np.einsum("ij,jk,ik->i", drawn, inverse, drawn))
        tables.append(
            pd.DataFrame(
                {
                    "column": name,
                    "day": at,
                    "coefficient": height,
                    "lower": height - error,
                    "upper": height + error,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def natural_splines(values: Floats, knots: Floats) -> Floats:
    """Return the truncated-power basis of natural cubic splines, with an intercept.

    The basis of Hastie, Tibshirani and Friedman (2009, section 5.2.1), on values scaled to the
    range of the knots; (values, knots).
    """
    low, high = knots[0], knots[-1]
    x, k = (values - low) / (high - low), (knots - low) / (high - low)

    def cubic(place: int) -> Floats:
        cut = np.maximum(x - k[place], 0.0) ** 3 - np.maximum(x - k[-1], 0.0) ** 3
        scaled: Floats = cut / (k[-1] - k[place])
        return scaled

    last = cubic(len(k) - 2)
    parts = [cubic(place) - last for place in range(len(k) - 2)]
    return np.stack([np.ones_like(x), x, *parts], axis=1)
