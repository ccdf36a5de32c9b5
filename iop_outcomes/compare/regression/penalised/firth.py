r"""Cox's model by Firth's penalised likelihood.

Maximised is :math:`\ell^*(\beta) = \ell(\beta) + \frac12 \log |I(\beta)|` (Firth 1993, Biometrika
80:27-38; for Cox's model Heinze and Schemper 2001, Biometrics 57:114-119): the estimate is finite
where a group has no event, and its bias of order 1/n is removed. With
:math:`\partial I_{ab} / \partial \beta_c = \sum_k \kappa_{abc,k}`, the third central moments of the
risk sets by the method of ties, the score is :math:`U_c + \frac12 \sum_{ab} I^{-1}_{ab} \partial
I_{ab} / \partial \beta_c`.

Limits and p-values are by the profile of the penalised likelihood: twice its fall from the maximum,
the other coefficients maximised and all of them in the penalty, as chi-squared on 1 degree of
freedom. Those by standard errors fail where the likelihood is far from a parabola, which is where
the penalty is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.regression.newton import check_rank, standardised
from iop_outcomes.compare.regression.partial_likelihood import check_rows, likelihood_at
from iop_outcomes.compare.regression.risk_sets import Floats, RiskSets, risk_sets
from iop_outcomes.errors import EstimateError

ITERATIONS, HALVINGS = 200, 30
CLOSE = 1e-9  # of a step, in standard deviations of a column
LONGEST = 2.0
APART = 1e-5  # of the two ends of a slope
FARTHEST = 200.0  # beyond it no limit is looked for
NEARLY = 1e-9


@dataclass(frozen=True, eq=False)
class FirthFit:
    """An estimate by the penalised likelihood.

    Attributes
    ----------
    coefficient : numpy.ndarray
        (columns,).
    covariance : numpy.ndarray
        (columns, columns), the inverse of the information at the estimate.
    lower, upper, p_value : numpy.ndarray
        (columns,), by the profile; limits of the coefficient.
    log_likelihood, null_log_likelihood : float
        Penalised, at the estimate and where all coefficients are 0.
    """

    coefficient: Floats
    covariance: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    log_likelihood: float
    null_log_likelihood: float


@dataclass(frozen=True, eq=False)
class _Point:
    value: float
    score: Floats
    information: Floats


def fit_firth(
    design: Floats,
    days: NDArray[Any],
    event: NDArray[np.bool_],
    *,
    entry: NDArray[Any] | None = None,
    stratum: NDArray[Any] | None = None,
    ties: str = "efron",
    names: Sequence[str],
    confidence: float = 0.95,
) -> FirthFit:
    """Fit Cox's model by Firth's penalised likelihood.

    Parameters
    ----------
    design, days, event, entry, stratum, ties, names
        As for `iop_outcomes.compare.regression.partial_likelihood.fit_cox`.
    confidence : float
        The level of the limits.

    Raises
    ------
    EstimateError
        If there is no event, a column is constant within every risk set, columns are linearly
        dependent, or the maximum is not found.

    Examples
    --------
    >>> import numpy as np
    >>> evening = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])
    >>> event = np.array([True, True, True, False, False, False])
    >>> fit = fit_firth(evening, np.array([1, 2, 3, 4, 5, 6]), event, names=["evening"])
    >>> fit.coefficient.round(3), fit.p_value.round(3)
    (array([-2.565]), array([0.035]))
    """
    from scipy.special import chdtrc, chdtri

    weight = np.ones(len(days))
    check_rows(design, event, weight, ties)
    sets = risk_sets(days, event, entry, stratum, weight=weight, efron=ties == "efron")
    columns, scale = standardised(design, stratum, names)
    start = likelihood_at(columns, np.zeros(len(names)), sets, weight)
    check_rank(start.information, sets.weight.sum(), names)
    # The determinant of the information of the columns as given.
    likelihood = _Penalised(columns, sets, float(np.log(scale).sum()))
    free = np.ones(len(names), dtype=np.bool_)
    estimate = likelihood.maximise(np.zeros(len(names)), free)
    best = likelihood.at(estimate)
    fall = float(chdtri(1, 1 - confidence)) / 2
    lower, upper = (
        np.array([likelihood.limit(place, side, estimate, fall) for place in range(len(names))])
        for side in (-1.0, 1.0)
    )
    without = [likelihood.profile(place, 0.0, estimate)[0] for place in range(len(names))]
    statistic = np.maximum(2 * (best.value - np.array(without)), 0.0)
    return FirthFit(
        coefficient=estimate / scale,
        covariance=np.linalg.inv(best.information) / np.outer(scale, scale),
        lower=lower / scale,
        upper=upper / scale,
        p_value=np.asarray(chdtrc(1, statistic)),
        log_likelihood=best.value,
        null_log_likelihood=likelihood.at(np.zeros(len(names))).value,
    )


@dataclass(frozen=True, eq=False)
class _Penalised:
    """The penalised likelihood of columns, one a row, as a function of coefficients."""

    columns: Floats
    sets: RiskSets
    scale: float

    def at(self, beta: Floats) -> _Point:
        """Return the likelihood, its score, and the information."""
        point = likelihood_at(self.columns, beta, self.sets, np.ones(self.columns.shape[1]))
        sign, half = np.linalg.slogdet(point.information)
        if not (sign > 0 and np.isfinite(half)):
            return _Point(-np.inf, point.gradient, point.information)
        change = _third_moments(self.columns, point.risk, self.sets)
        penalty = np.einsum("ab,abc->c", np.linalg.inv(point.information), change) / 2
        value = point.log_likelihood + half / 2 + self.scale
        return _Point(float(value), point.gradient + penalty, point.information)

    def maximise(self, start: Floats, free: NDArray[np.bool_]) -> Floats:
        """Return the maximum over the free coefficients, the others as at the start."""
        beta, point = start.copy(), self.at(start)
        if not free.any():
            return beta
        for _ in range(ITERATIONS):
            step = np.zeros(len(beta))
            step[free] = np.linalg.solve(self._curvature(beta, point, free), point.score[free])
            step *= min(1.0, LONGEST / max(float(np.abs(step).max()), CLOSE))
            if np.abs(step).max() < CLOSE:
                return beta
            beta, point = self._ascended(beta, step, point)
        raise EstimateError(
            "The model did not converge.",
            found=f"{ITERATIONS} steps of the penalised likelihood",
            instead="fewer terms, or terms on a similar scale.",
        )

    def _curvature(self, beta: Floats, point: _Point, free: NDArray[np.bool_]) -> Floats:
        """Return minus the slopes of the score; the information where they are not definite.

        The information alone leaves out the curvature of the penalty: with two people the steps
        would not end.
        """
        places = np.flatnonzero(free)
        slopes = np.empty((len(places), len(places)))
        for row, place in enumerate(places.tolist()):
            ends = []
            for side in (-1.0, 1.0):
                moved = beta.copy()
                moved[place] += side * APART
                ends.append(self.at(moved).score[free])
            slopes[row] = (ends[0] - ends[1]) / (2 * APART)
        slopes = (slopes + slopes.T) / 2
        if np.isfinite(slopes).all() and np.linalg.eigvalsh(slopes)[0] > 0:
            return slopes
        information: Floats = point.information[np.ix_(free, free)]
        return information

    def _ascended(self, beta: Floats, step: Floats, point: _Point) -> tuple[Floats, _Point]:
        slack = 1e-12 * (1 + abs(point.value))
        for halving in range(HALVINGS):
            trial = beta + step / 2**halving
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                reached = self.at(trial)
            if reached.value >= point.value - slack:
                return trial, reached
        return beta, point

    def profile(self, place: int, value: float, start: Floats) -> tuple[float, Floats]:
        """Return the maximum with one coefficient at a value, and where it is."""
        free = np.arange(len(start)) != place
        begin = start.copy()
        begin[place] = value
        coefficients = self.maximise(begin, free)
        return self.at(coefficients).value, coefficients

    def limit(self, place: int, side: float, estimate: Floats, fall: float) -> float:
        """Return where the profile lies `fall` below its maximum; infinite if nowhere."""
        from scipy.optimize import brentq

        best = self.at(estimate)
        error = float(np.sqrt(np.linalg.inv(best.information)[place, place]))
        near, far, at = estimate[place], estimate[place] + 2 * side * error, estimate

        def above(value: float) -> float:
            nonlocal at
            height, at = self.profile(place, value, at)
            return height - best.value + fall

        while above(far) > 0:
            if abs(far - estimate[place]) > FARTHEST:
                return side * np.inf
            near, far = far, estimate[place] + 2 * (far - estimate[place])
        return float(brentq(above, near, far, xtol=NEARLY))


def _third_moments(columns: Floats, risk: Floats, sets: RiskSets) -> Floats:
    """Return the derivative of the information by each coefficient, (columns,) * 3."""
    of, out = sets.of_piece, sets.fraction
    left = sets.at_risk(risk)[of] - out * sets.tied(risk)[of]

    def mean(values: Floats) -> Floats:
        mean_at_risk: Floats = (sets.at_risk(values)[of] - out * sets.tied(values)[of]) / left
        return mean_at_risk

    size = len(columns)
    once = [mean(risk * column) for column in columns]
    twice = {
        (a, b): mean(risk * columns[a] * columns[b]) for a in range(size) for b in range(a, size)
    }
    moments = np.empty((size, size, size))
    for a, b in twice:
        both = risk * columns[a] * columns[b]
        for c in range(b, size):
            moment = (
                mean(both * columns[c])
                - twice[a, b] * once[c]
                - twice[a, c] * once[b]
                - twice[b, c] * once[a]
                + 2 * once[a] * once[b] * once[c]
            )
            value = float(sets.weight @ moment)
            for x, y, z in ((a, b, c), (a, c, b), (b, a, c), (b, c, a), (c, a, b), (c, b, a)):
                moments[x, y, z] = value
    return moments
