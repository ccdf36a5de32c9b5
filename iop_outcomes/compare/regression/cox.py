"""Cox's proportional hazards model of times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.design import Design
from iop_outcomes.compare.regression.fitted.model import FittedCox
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.regression.partial_likelihood import fit_cox
from iop_outcomes.compare.regression.penalised.firth import fit_firth
from iop_outcomes.compare.regression.ratios import covariance_table, ratio_table
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.group_codes import column_names
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.post_baseline import refuse_post_baseline
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.curves.weighted import Weighting, read_weighting
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import CheckedTimes, check_times

MEANING = (
    "A hazard ratio compares the hazard of the event between people who differ by one in the "
    "term and have the same values of the others; above 1 means a higher hazard. Proportional "
    "hazards are assumed."
)


def cox(
    times: pd.DataFrame,
    formula: str | Sequence[str],
    *,
    strata: str | Sequence[str] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    weights: str | None = None,
    ties: str = "efron",
    penalty: str | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    small_sample: bool = False,
    allow_post_baseline: bool = False,
) -> Regression:
    r"""Estimate hazard ratios with Cox's proportional hazards model.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.survival_curves`: ``days``, ``event`` and, with late entry,
        ``entry``, beside the columns that are named here.
    formula : str or sequence of str
        The terms: ``"age + program"``, ``"age * program"``, ``"log(age)"``, ``"bs(age, df=4)"``, or
        a list of columns. A column of text is compared with its first value. Missing values are
        refused.
    strata : str or sequence of str, optional
        Columns of which each combination has a baseline of its own, such as the program.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters: standard errors are then cluster-robust. By default
        ``person_id`` if the frame has that column and a value of it is in several rows; None
        treats rows as independent. ``text`` says which, with the numbers of clusters and rows.
    weights : str, optional
        The column of weights, above 0; standard errors are then robust.
    ties : {"efron", "breslow"}
        How events of one day share their risk set.
    penalty : {"firth"}, optional
        Firth's penalised likelihood, for terms of which a value has no event: the estimate is then
        finite, with limits and p-values by the profile of the penalised likelihood. Refused with
        weights or clusters, for which it has no errors.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `strata` are handled: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits.
    small_sample : bool
        Whether errors by cluster are corrected for few clusters: the scores of each are corrected
        for its leverage, and with G clusters limits and p-values are by Student's t with G-1
        degrees of freedom. Refused where errors are not by cluster.
    allow_post_baseline : bool
        Whether the formula may name columns that are known only at the end of the stay, such as
        ``attendance_rate`` of `iop_outcomes.engagement`. They are refused, since times from
        admission then seem to depend on what came after the event; not where day 0 is known to be
        the discharge.

    Returns
    -------
    Regression
        With ``table`` (``term, coefficient, hazard_ratio, se, se_model, lower, upper, statistic,
        p_value``), ``text`` and ``plot()``.

    Raises
    ------
    EstimateError
        If there is no event, a value is missing, a term is constant within every risk set, terms
        are linearly dependent, or an estimate is infinite (monotone likelihood), in which case
        ``penalty="firth"`` gives one; with `small_sample`, if a term is constant without one of
        the clusters.
    RuleError
        If the formula cannot be read, a column is not there, a column is known only at the end of
        the stay, `small_sample` is asked for and errors are not by cluster, or `penalty` with
        weights or clusters.

    Notes
    -----
    Maximises the partial likelihood (Cox 1972, J R Stat Soc B 34:187-220) with Efron's method for
    ties (1977, JASA 72:557-565) by Newton's method. Robust errors are the sandwich of Lin and Wei
    (1989, JASA 84:1074-1078), summed within clusters. As R's ``coxph``, to 9 digits.

    Coefficients, and errors without weights and clusters, are those of lifelines' ``CoxPHFitter``,
    with late entry (``entry_col``) too, to about 1e-5, at which it stops; it has Efron's ties only.
    Its errors by cluster are not R's where days are tied or entry is late (docs/deviations.md), and
    it treats weights as numbers of people unless ``robust=True``.

    With `small_sample` the variance is the sum over clusters of the squares of
    :math:`(I - I_g)^{-1} U_g`, U being the scores of the cluster and :math:`I_g` its part of the
    information I (Mancl and DeRouen 2001, Biometrics 57:126-134;
    `iop_outcomes.compare.regression.leverage`), and limits are :math:`\exp(\hat\beta \pm t_{G-1} \,
    se)`. Their coverage is in docs/deviations.md.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "event": [1, 1, 1, 1, 1, 0, 1, 0],
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...     }
    ... )
    >>> cox(times, "track").table[["term", "hazard_ratio"]].round(3)
                       term  hazard_ratio
    0  track evening vs day         0.186
    """
    times = settle_groups(times, (strata,), missing_group)
    checked = check_times(times, strata)
    normal_quantile(confidence)
    weighting = read_weighting(times, weights, cluster).corrected(small_sample, leverage=True)
    design = design_of(times, formula)
    refuse_post_baseline(design.used, allow_post_baseline, checked.provenance.origin)
    weighting.clusters.refuse_fewer(len(design.names), "term")
    if penalty is not None:
        check_choice("penalty", penalty, ("firth",), instead='penalty="firth"')
        return _penalised(checked, design, weighting, ties, confidence)
    fit = fit_within(checked, checked.event, design, weighting=weighting, ties=ties)
    return regression_of(
        {None: fit},
        strata=column_names(times, strata),
        weighting=weighting,
        ties=ties,
        confidence=confidence,
        labels=("Cox model of the event", MEANING, checked.rule, checked.synthetic),
    )


def _penalised(
    checked: CheckedTimes, design: Design, weighting: Weighting, ties: str, confidence: float
) -> Regression:
    """Return the model by Firth's penalised likelihood."""
    if weighting.robust:
        raise RuleError(
            "Firth's penalised likelihood has no errors for weights or clusters.",
            found="weights" if weighting.weight is not None else "clusters",
            instead="no weights=, and cluster=None with one row a person.",
        )
    fit = fit_firth(
        design.matrix,
        checked.days,
        checked.event,
        entry=checked.entry,
        stratum=checked.group if len(checked.labels) > 1 else None,
        ties=ties,
        names=design.names,
        confidence=confidence,
    )
    error = np.sqrt(np.diag(fit.covariance))
    with np.errstate(over="ignore"):
        ratio, lower, upper = (np.exp(at) for at in (fit.coefficient, fit.lower, fit.upper))
    table = pd.DataFrame(
        {
            "term": design.names,
            "coefficient": fit.coefficient,
            "hazard_ratio": ratio,
            "se": error,
            "se_model": error,
            "lower": lower,
            "upper": upper,
            "statistic": fit.coefficient / error,
            "p_value": fit.p_value,
        }
    )
    return Regression(
        table=table,
        n=len(checked.days),
        events=int(checked.event.sum()),
        clusters=None,
        strata=tuple(checked.labels.columns),
        ties=ties,
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        confidence=confidence,
        robust=False,
        model="Cox model of the event, Firth's penalised likelihood",
        meaning=f"{MEANING} Limits and p-values are by the profile of the penalised likelihood.",
        rule=checked.rule,
        synthetic=checked.synthetic,
        clustering=weighting.clusters.clustering,
        covariance=covariance_table({None: fit.covariance}, design.names, 1.0),
        parts=design.parts,
    )


def fit_within(
    checked: CheckedTimes,
    event: NDArray[np.bool_],
    design: Design,
    *,
    weighting: Weighting,
    ties: str,
) -> FittedCox:
    """Fit the model to checked times whose groups are the strata."""
    fit = fit_cox(
        design.matrix,
        checked.days,
        event,
        entry=checked.entry,
        stratum=checked.group if len(checked.labels) > 1 else None,
        weight=weighting.weight,
        cluster=weighting.cluster,
        ties=ties,
        names=design.names,
        small_sample=bool(weighting.clusters.clustering.small_sample),
    )
    return FittedCox(
        design=design,
        days=checked.days,
        event=event,
        entry=checked.entry,
        stratum=checked.group,
        strata=checked.labels,
        weight=np.ones(len(event)) if weighting.weight is None else weighting.weight,
        cluster=weighting.cluster,
        efron=ties == "efron",
        fit=fit,
        provenance=checked.provenance,
    )


def regression_of(
    fitted: dict[str | None, FittedCox],
    *,
    strata: Sequence[str],
    weighting: Weighting,
    ties: str,
    confidence: float,
    labels: tuple[str, str, str, bool],
) -> Regression:
    """Return fits as a result, one a cause; a fit without a cause has no such column.

    `labels` are the model, what its ratios mean, the rule, and whether the data are synthetic.
    """
    tables, blocks = [], {}
    design = next(iter(fitted.values())).design
    fits = {cause: model.fit for cause, model in fitted.items()}
    for cause, fit in fits.items():
        blocks[cause] = fit.reported if weighting.robust else fit.covariance
        table = ratio_table(
            design.names,
            fit.coefficient,
            blocks[cause],
            model=fit.covariance,
            confidence=confidence,
            clustering=weighting.clusters.clustering,
        )
        if cause is not None:
            table.insert(0, "cause", cause)
        tables.append(table)
    model, meaning, rule, synthetic = labels
    return Regression(
        table=pd.concat(tables, ignore_index=True),
        n=next(iter(fits.values())).rows,
        events=sum(fit.events for fit in fits.values()),
        clusters=weighting.clusters.clustering.number,
        strata=tuple(strata),
        ties=ties,
        log_likelihood=sum(fit.log_likelihood for fit in fits.values()),
        null_log_likelihood=sum(fit.null_log_likelihood for fit in fits.values()),
        confidence=confidence,
        robust=weighting.robust,
        model=model,
        ratio="hazard ratio",
        meaning=meaning,
        rule=rule,
        synthetic=synthetic,
        clustering=weighting.clusters.clustering,
        covariance=covariance_table(blocks, design.names, weighting.clusters.clustering.factor),
        parts=design.parts,
        fitted=fitted,
    )
