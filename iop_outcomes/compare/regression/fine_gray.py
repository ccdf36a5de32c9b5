"""Fine and Gray's model of the cumulative incidence of a cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from iop_outcomes.compare.regression.cause_specific import cause_asked, ended_by, rule_of
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.regression.newton import check_rank, maximise, standardised
from iop_outcomes.compare.regression.partial_likelihood import score_spread
from iop_outcomes.compare.regression.ratios import covariance_table, ratio_table
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.compare.regression.subdistribution import (
    Subdistribution,
    own_residuals,
    subdistribution,
    weight_residuals,
    weighted_likelihood,
)
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.group_codes import column_names
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.post_baseline import refuse_post_baseline
from iop_outcomes.survival.clusters import Cluster, read_clusters
from iop_outcomes.survival.competing.causes import read_causes
from iop_outcomes.survival.limits import normal_quantile

SameDay = Literal["together", "ends_first"]
SAME_DAY = ("together", "ends_first")
MEANING = (
    "A subdistribution hazard ratio gives the direction and strength of the association of a "
    "term with the cumulative incidence of the cause: above 1 the incidence is higher. It is not "
    "a ratio of hazards among people still at risk, since people with another end stay in the "
    "risk set; nor a ratio of cumulative incidences."
)


def fine_gray(
    times: pd.DataFrame,
    formula: str | Sequence[str],
    cause: Any = "relapse",
    *,
    end: str = "ended_by",
    causes: Sequence[Any] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    censoring_strata: str | Sequence[str] | None = None,
    same_day: SameDay = "together",
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    small_sample: bool = False,
    allow_post_baseline: bool = False,
) -> Regression:
    r"""Estimate subdistribution hazard ratios with Fine and Gray's model.

    Parameters
    ----------
    times, end, causes
        As for `iop_outcomes.cumulative_incidence`, which says what competes and what censors.
    formula : str or sequence of str
        The terms, as for `iop_outcomes.cox`.
    cause : object
        The cause whose cumulative incidence is modelled; the other causes compete with it.
    cluster : str, Cluster.PERSON or None
        As for `iop_outcomes.cox`: by default ``person_id`` where it repeats.
    censoring_strata : str or sequence of str, optional
        Columns of which each combination has a censoring distribution of its own. By default one
        for all, which assumes that censoring is independent of the terms.
    same_day : {"together", "ends_first"}
        Whether who ends on a day was at risk of being censored on it (as in R's ``crr``), or
        censoring came after the day's ends (as in R's ``finegray`` and the curves of
        `iop_outcomes.cumulative_incidence`). The same where no day has both.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `censoring_strata` are handled: refused; a group "not recorded"
        of their own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits.
    small_sample : bool
        As for `iop_outcomes.cox`: whether errors by cluster are corrected for few clusters.
    allow_post_baseline : bool
        As for `iop_outcomes.cox`: whether columns known only at the end of the stay are allowed.

    Returns
    -------
    Regression
        With ``table`` (``term, coefficient, hazard_ratio, se, se_model, lower, upper, statistic,
        p_value``), ``text`` and ``plot()``; ``hazard_ratio`` is of the subdistribution, ``se`` is
        always robust.

    Raises
    ------
    EstimateError
        If there are no events of the cause, a value is missing, a term is constant within every
        risk set, terms are linearly dependent, an estimate is infinite (monotone likelihood), or,
        with late entry, the risk set is empty between two days.
    RuleError
        If the cause is not among the competing causes, the formula cannot be read, a column is not
        there, or `small_sample` is asked for and errors are not by cluster.

    Notes
    -----
    The model is :math:`1 - F(t \mid x) = (1 - F_0(t))^{\exp(x\beta)}` for the cumulative incidence
    F of the cause. Cox's likelihood, ties as Breslow's, in which people with another end on day X
    stay at risk on a later day t with weight :math:`G(t-) / G(X-)`, G being the share not censored
    by Kaplan and Meier (Fine and Gray 1999, JASA 94:496-509). The variance is their sandwich
    :math:`\Omega^{-1} \sum (\eta_i + \psi_i)(\eta_i + \psi_i)' \Omega^{-1}`: with :math:`\psi` it
    includes the estimation of the weights; with `cluster` it is summed within clusters (Zhou et al.
    2012, Biostatistics 13:371-383). As R's ``cmprsk::crr`` to 9 digits, but that with strata of
    censoring its errors differ from these by some 0.1 percent.

    With late entry the weight is :math:`G(t-) H(t-) / (G(X-) H(X-))`, H being the share that has
    entered by the Kaplan-Meier estimate read backwards (Geskus 2011, Biometrics 67:39-49), and the
    errors treat the weights as known; with ``same_day="ends_first"`` as R's ``coxph`` on what
    ``finegray`` makes. Arrays by day, cumulative sums over them: rows x terms^2 operations a step.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "ended_by": ["relapse", "relapse", "died", "relapse", "died"]
    ...         + ["relapse", "left", "relapse"],
    ...         "age": [25, 51, 33, 46, 28, 37, 44, 30],
    ...     }
    ... )
    >>> model = fine_gray(times, "age", causes=["relapse", "died"])
    >>> model.table[["term", "hazard_ratio"]].round(3)
      term  hazard_ratio
    0  age         1.045
    """
    normal_quantile(confidence)
    times = settle_groups(times, (censoring_strata,), missing_group)
    by_cause = read_causes(times, censoring_strata, end, causes)
    name = cause_asked(by_cause, cause)
    _check(same_day)
    event = ended_by(by_cause, name)
    clusters = read_clusters(times, cluster).corrected(small_sample, leverage=False)
    design = design_of(times, formula)
    refuse_post_baseline(design.used, allow_post_baseline, by_cause.times.provenance.origin)
    names = design.names
    clusters.refuse_fewer(len(names), "term")
    code = np.where(event, 1, np.where(by_cause.code >= 0, 2, 0))
    sets = subdistribution(
        by_cause.times.days,
        code,
        by_cause.times.group,
        entry=by_cause.times.entry,
        events_first=same_day == "ends_first",
    )
    fit = _fit(design.matrix, names, sets, clusters.code)
    own = column_names(times, censoring_strata)
    how = " and late entry" if sets.late else ""
    how += f", within {', '.join(own)}" if own else ""
    return Regression(
        table=ratio_table(
            names, *fit[:2], model=fit[2], confidence=confidence, clustering=clusters.clustering
        ),
        n=len(times),
        events=int(event.sum()),
        clusters=clusters.clustering.number,
        strata=(),
        ties="breslow",
        log_likelihood=fit[3],
        null_log_likelihood=fit[4],
        confidence=confidence,
        robust=True,
        model=f"Fine and Gray's model of {name.replace('_', ' ')}",
        ratio="subdistribution hazard ratio",
        meaning=MEANING,
        rule=f"{rule_of(by_cause, [name], 'competing')} Weighted for censoring{how}.",
        synthetic=by_cause.times.synthetic,
        clustering=clusters.clustering,
        covariance=covariance_table({None: fit[1]}, names, clusters.clustering.factor),
        parts=design.parts,
    )


def _check(same_day: str) -> None:
    if same_day not in SAME_DAY:
        raise RuleError(
            "The order of ends and censorings on one day is one of two.",
            found=f"same_day={as_written(same_day)}",
            instead=", ".join(SAME_DAY),
        )


_Fit = tuple[
    np.ndarray[Any, np.dtype[np.float64]],
    np.ndarray[Any, np.dtype[np.float64]],
    np.ndarray[Any, np.dtype[np.float64]],
    float,
    float,
]


def _fit(matrix: Any, names: Sequence[str], sets: Subdistribution, cluster: Any) -> _Fit:
    """Return the coefficients, their robust and their model covariance, and the likelihoods."""
    columns, scale = standardised(matrix, None, names)
    start = weighted_likelihood(columns, np.zeros(len(names)), sets)
    check_rank(start.information, sets.count.sum(), names)
    beta, _ = maximise(start, lambda at: weighted_likelihood(columns, at, sets), columns, names)
    point = weighted_likelihood(columns, beta, sets)
    inverse = np.linalg.inv(point.information)
    score = own_residuals(columns, point, sets)
    if not sets.late:
        score += weight_residuals(columns, point, sets)
    robust = inverse @ score_spread(score, None, cluster) @ inverse
    size = np.outer(scale, scale)
    likelihoods = point.log_likelihood, start.log_likelihood
    return beta / scale, robust / size, inverse / size, *likelihoods
