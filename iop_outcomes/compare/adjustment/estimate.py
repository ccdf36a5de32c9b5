"""Curves of groups as if they had the same covariates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment.augmented import Augmented
from iop_outcomes.compare.adjustment.completion import (
    completion_of,
    missing_table,
    problems_of,
)
from iop_outcomes.compare.adjustment.imputed import Imputing
from iop_outcomes.compare.adjustment.limits import Asked, limited, limited_imputed
from iop_outcomes.compare.adjustment.problem import Problem
from iop_outcomes.compare.adjustment.result import AdjustedCurves
from iop_outcomes.compare.adjustment.standardised import Standardised
from iop_outcomes.compare.adjustment.unadjusted import Beside, Unadjusted
from iop_outcomes.compare.adjustment.weighting import Weighted
from iop_outcomes.compare.differences.result import group_names, place_of
from iop_outcomes.compare.group_tests.groups import refuse_no_columns, refuse_single_group
from iop_outcomes.compare.propensity.estimands import (
    Estimand,
    check_estimand,
    check_trim,
    estimand_text,
)
from iop_outcomes.compare.propensity.estimate import covariates_of, terms_text
from iop_outcomes.compare.propensity.scores import GroupModel, Scores
from iop_outcomes.compare.resampling.samples import check_samples
from iop_outcomes.compare.resampling.step_curves import grid_of
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import check_choice, check_whole
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import as_written, groups_called
from iop_outcomes.shared.provenance import relabel
from iop_outcomes.survival.clusters import Cluster, closing, read_clusters
from iop_outcomes.survival.labels import day_asked
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import CheckedGroups, CheckedTimes, check_times

Floats = NDArray[np.float64]
Method = Literal["weighting", "augmented", "standardisation"]
Limits = Literal["bootstrap", "closed_form"]
Curves = Weighted | Augmented | Standardised
METHODS = {
    "weighting": "Kaplan-Meier curves weighted by propensity scores",
    "augmented": "Augmented weighting (doubly robust)",
    "standardisation": "Standardisation (g-formula) by a Cox model stratified by group",
}


def adjusted_curves(
    times: pd.DataFrame,
    by: str | Sequence[str],
    covariates: str | Sequence[str],
    *,
    day: float,
    method: Method = "weighting",
    outcome: str | Sequence[str] | None = None,
    estimand: Estimand = "average",
    treated: Any = None,
    trim: float | None = None,
    reference: Any = None,
    limits: Limits = "bootstrap",
    resamples: int = 500,
    seed: int = 0,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    imputations: int | None = None,
    confidence: float = 0.95,
    allow_post_baseline: bool = False,
    processes: int = 1,
    progress: bool = False,
) -> AdjustedCurves:
    r"""Estimate the curves that groups would have if they had the same covariates.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.survival_curves`: ``days``, ``event`` and, for weighting, perhaps
        ``entry``; and the columns named here.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    covariates : str or sequence of str
        The terms of the models, as for `iop_outcomes.cox`: all that is known on day 0 and affects
        both the group and the event. Missing values are refused, unless there are `imputations`.
    day : float
        The day of the differences, chosen before the data are seen; the curves go up to it.
    method : {"weighting", "augmented", "standardisation"}
        ``"weighting"`` needs a right model of the group; ``"standardisation"`` a right model of the
        event; ``"augmented"`` that of the event, or those of the group and of censoring.
    outcome : str or sequence of str, optional
        The terms of the models of the event and of censoring, if they are others than `covariates`.
    estimand, treated, trim
        As for `iop_outcomes.propensity_weights`. The augmented curves are of the average over all,
        and standardised ones of that or of the treated.
    reference : object, optional
        The group that all others are compared with (a tuple where `by` has several columns). By
        default all pairs, the later group less the earlier one.
    limits : {"bootstrap", "closed_form"}
        By resampling people, all steps repeated; or, except for standardisation, by the influence
        of each row, that on the model of the group counted in.
    resamples, seed : int
        The number of bootstrap samples, at least 100, and their seed.
    cluster : str, Cluster.PERSON or None
        What is resampled together: by default ``person_id`` where it repeats.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    imputations : int, optional
        How often missing covariates are drawn, 2 or more (20 or, of a greater missing share, as
        many as there are percent of rows with a missing value). Where none is missing nothing is
        drawn, and the result is as without this option.
    confidence : float
        The level of the limits.
    allow_post_baseline : bool
        As for `iop_outcomes.cox`.
    processes : int
        In how many processes samples are estimated; the numbers are the same for any. In a script
        the call then has to be under ``if __name__ == "__main__":``.
    progress : bool
        Whether to report progress on the standard error output.

    Returns
    -------
    AdjustedCurves
        With ``table`` (differences of the survival at the day and of the restricted mean up to it),
        ``unadjusted`` (the same without adjustment), ``curves``, ``groups``, ``missing`` (how many
        values of each covariate were drawn), ``text`` and ``plot()``.

    Raises
    ------
    EstimateError
        If the times are not valid, a value is missing, there is one group only, the covariates tell
        the groups apart, a group is not followed up to the day, rows enter late where the method
        does not allow it, a covariate cannot be imputed, a model cannot be fitted, or too many
        samples have no estimate.
    RuleError
        If an option is not valid or does not go with the method, or a column is not there.

    Notes
    -----
    Weighting: Kaplan and Meier's estimate with `iop_outcomes.propensity_weights` (Cole and Hernán
    2004, Comput Methods Programs Biomed 75:45-49; Xie and Liu 2005, Stat Med 24:3089-3110).
    Censoring is assumed to be independent within the weighted group.

    Standardisation: a Cox model with the terms of `outcome` and a baseline of its own for each
    group, by Breslow's ties; the curve of each person as if of each group, averaged over people
    (Makuch 1982, J Chronic Dis 35:437-443). Hazards of the groups need not be proportional; those
    of covariates are, with the same ratios in each group.

    Augmented weighting: the mean of what each person adds by the models of the event, of censoring
    (of the same form) and of the group, made to fall
    (`iop_outcomes.compare.adjustment.augmented`). Of the three: Denz, Klaaßen-Mielke and
    Timmesfeld 2023, Stat Med 42:1345-1378.

    Missing covariates are drawn by chained equations given the group, the event indicator, the
    cumulative hazard at the time (White and Royston 2009, Stat Med 28:1982-1998) and the other
    covariates (`iop_outcomes.compare.imputation.chained`), on the assumption that they are missing
    at random given these; columns that a formula transforms are drawn as they are in the frame.
    The estimate is the mean over the completed samples; with limits in closed form they are by
    Rubin's rules, with those by bootstrap each sample of people is completed again
    (`iop_outcomes.compare.adjustment.imputed`), and limits are by t. Differences are pooled as
    they are, since they are near normal and can be negative, and curves too, their limits cut to 0
    and 1, as they are where nothing is missing. ``missing_information`` is the share of the
    information on a difference that is lost.

    None of them adjusts for what is not among the covariates: `iop_outcomes.e_value` says how
    strong that would have to be.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> random = np.random.default_rng(4)
    >>> worse = random.random(300) < 0.5
    >>> evening = random.random(300) < np.where(worse, 0.7, 0.3)
    >>> times = pd.DataFrame({"worse": worse, "track": np.where(evening, "evening", "day")})
    >>> times["days"] = np.ceil(random.exponential(np.where(worse, 30, 90)))
    >>> times["event"] = True
    >>> adjusted = iop.adjusted_curves(times, "track", "worse", day=60, limits="closed_form")
    >>> adjusted.table[["measure", "difference", "lower", "upper"]].round(2)
               measure  difference  lower  upper
    0         survival        0.01  -0.11   0.12
    1  restricted_mean        2.48  -2.32   7.27
    """
    frame = settle_groups(times, (by,), missing_group)
    checked = check_times(frame, by)
    refuse_no_columns(checked.labels)
    refuse_single_group(checked.labels, "iop.survival_curves(times)")
    check_samples(resamples, seed)
    check_whole("processes", processes, 1)
    normal_quantile(confidence)
    against = place_of(checked.labels, reference)
    place = check_estimand(estimand, treated, checked.labels)
    check_trim(trim, len(checked.labels))
    _check_together(method, estimand, limits, trim, checked)
    clusters = read_clusters(frame, cluster)
    last = day_asked(day, "day", checked.days)
    groups = CheckedGroups(checked.group, checked.labels)
    completion = completion_of(frame, (covariates, outcome), checked, imputations, seed)
    samples: list[pd.DataFrame] = []
    if completion is not None and imputations is not None:
        samples = completion.samples(imputations)
        whole = {name: samples[0][name].array for name in completion.names}
        frame = relabel(frame.assign(**whole), frame)
    design = covariates_of(frame, covariates, groups, allow_post_baseline)
    of_event = design
    if outcome is not None:
        of_event = covariates_of(frame, outcome, groups, allow_post_baseline)
    problem = Problem(
        grid=grid_of(checked.days.astype(np.float64), checked.event, last),
        days=checked.days.astype(np.float64),
        entry=np.zeros(len(frame)) if checked.entry is None else checked.entry.astype(np.float64),
        event=checked.event,
        model=GroupModel(design.matrix, checked.group, len(checked.labels), estimand, place, trim),
        outcome=of_event.matrix,
    )
    _refuse_short(problem)
    problems = [problem]
    if samples:
        problems = problems_of(problem, (design, of_event), np.arange(len(frame)), samples)
    fitted = [_fitted(sample, method, list(of_event.names)) for sample in problems]
    names = group_names(checked.labels)
    asked = Asked(
        names, against, limits, confidence, resamples, seed, processes, progress, clusters.each
    )
    curves = [sample_curves for sample_curves, _ in fitted]
    if completion is None:
        tables, failed = limited(Beside(curves[0], Unadjusted(problem)), asked)
    else:
        imputing = Imputing(completion, (design, of_event), curves[0])
        tables, failed = limited_imputed(imputing, curves, asked)
    terms = f"Adjusted for {terms_text(covariates)}"
    if outcome is not None:
        terms += f"; models of the event and of censoring: {terms_text(outcome)}"
    every = [scores for _, scores in fitted if scores is not None]
    trimmed = _trimmed(every, trim) if every else ""
    drawn = "" if completion is None else f" {completion.rule(imputations)}"
    words = estimand_text(estimand, names[place])
    return AdjustedCurves(
        table=tables[0],
        curves=tables[1],
        groups=_sizes(problems, every, names),
        day=last,
        method=METHODS[method],
        confidence=confidence,
        resamples=resamples if limits == "bootstrap" else 0,
        failed=failed,
        seed=seed,
        rule=closing(
            f"{checked.rule} {terms}, and for nothing else: {words}.{trimmed}{drawn}",
            clusters.clustering,
        ),
        event=checked.provenance.event,
        origin=checked.provenance.origin,
        synthetic=checked.synthetic,
        unadjusted=tables[2],
        estimand=words,
        limits=limits,
        imputations=0 if completion is None or imputations is None else imputations,
        missing=missing_table(completion, [*design.used, *of_event.used]),
    )


def _check_together(
    method: str, estimand: str, limits: str, trim: float | None, checked: CheckedTimes
) -> None:
    """Refuse options that do not go with the method."""
    check_choice("method", method, METHODS)
    check_choice("limits", limits, ("bootstrap", "closed_form"))
    allowed = {"augmented": ("average",), "standardisation": ("average", "treated")}
    if estimand not in allowed.get(method, (estimand,)):
        raise RuleError(
            f"This average is not estimated by {method}.",
            found=f"estimand={as_written(estimand)}",
            instead=f'method="weighting", or estimand="{allowed[method][0]}".',
        )
    if method == "standardisation" and (limits == "closed_form" or trim is not None):
        raise RuleError(
            "Standardised curves have limits by bootstrap only, and no rows are trimmed for them.",
            found=f"limits={as_written(limits)}, trim={as_written(trim)}",
            instead='limits="bootstrap", or method="augmented".',
        )
    if method != "weighting" and checked.entry is not None:
        raise EstimateError(
            "People who enter late represent only those who came so far without the event, so that "
            "an average over them is not one over all.",
            found=f"{int((checked.entry > 0).sum()):,} of {len(checked.days):,} rows enter late",
            instead='method="weighting", or iop.cox(times, ...), which take late entry.',
        )


def _refuse_short(problem: Problem) -> None:
    """Refuse a day up to which some group is not followed."""
    ends = [
        problem.rows_of(group).survival(np.ones(int((problem.group == group).sum())))[1]
        for group in range(problem.groups)
    ]
    short = [group for group, end in enumerate(ends) if end < len(problem.grid)]
    if short:
        last = problem.grid[max(min(ends[group] for group in short) - 1, 0)]
        raise EstimateError(
            "An adjusted curve needs in every group people at risk up to the day.",
            found=f"day {problem.grid[-1]:g}; too short in {groups_called(short, problem.groups)}",
            instead=f"day {last:g}, or an earlier one.",
        )


def _fitted(problem: Problem, method: str, names: list[str]) -> tuple[Curves, Scores | None]:
    """Return the procedure of the method, fitted to the whole sample."""
    if method == "standardisation":
        return Standardised.of(problem, names), None
    scores = problem.model.fit()
    problem.model.refuse_apart(scores)
    if method == "weighting":
        return Weighted(problem, scores), scores
    return Augmented.of(problem, scores, names), scores


def _sizes(problems: list[Problem], every: list[Scores], names: list[str]) -> pd.DataFrame:
    problem = problems[0]
    number = problem.groups
    had = problem.event & (problem.days <= problem.grid[-1])
    sizes = pd.DataFrame(
        {
            "group": names,
            "n": np.bincount(problem.group, minlength=number).astype(np.int64),
            "events": np.bincount(problem.group[had], minlength=number).astype(np.int64),
        }
    )
    if not every:
        return sizes
    effective, largest = [], []
    for sample_problem, scores in zip(problems, every, strict=True):
        weight = sample_problem.model.weights(scores)
        total, squares = (
            np.bincount(sample_problem.group, each, minlength=number)
            for each in (weight, weight**2)
        )
        effective.append(total**2 / squares)
        largest.append(
            [float(weight[sample_problem.group == group].max()) for group in range(number)]
        )
    means = np.mean(effective, axis=0), np.mean(largest, axis=0)
    return sizes.assign(effective_size=means[0], largest_weight=means[1])


def _trimmed(every: list[Scores], trim: float | None) -> str:
    if trim is None:
        return ""
    number = [int((~scores.used).sum()) for scores in every]
    rows = f"{number[0]:,}" if len(every) == 1 else f"{np.mean(number):,.1f} (mean)"
    return f" {rows} rows with a probability of some group below {trim:g} left out."
