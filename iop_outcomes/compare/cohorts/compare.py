"""All of a comparison of cohorts in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.adjustment import AdjustedCurves, adjusted_curves
from iop_outcomes.compare.adjustment.completion import completion_of
from iop_outcomes.compare.adjustment.estimate import Limits, Method
from iop_outcomes.compare.balance import balance
from iop_outcomes.compare.balance.covariates import covariate_names
from iop_outcomes.compare.cohorts.alternatives import alternatives_table, check_alternatives
from iop_outcomes.compare.cohorts.flow import check_excluded, flow_table, with_covariates
from iop_outcomes.compare.cohorts.methods import Done, methods_text
from iop_outcomes.compare.cohorts.result import CohortComparison
from iop_outcomes.compare.cohorts.unmeasured import e_values_of
from iop_outcomes.compare.group_tests.curves import compare_survival
from iop_outcomes.compare.loss_to_follow_up import tipping_point
from iop_outcomes.compare.propensity import propensity_weights
from iop_outcomes.compare.propensity.result import WEIGHT
from iop_outcomes.shared.checks import check_choice, check_whole
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.provenance import provenance_of, relabel
from iop_outcomes.survival.clusters import Cluster, read_clusters
from iop_outcomes.survival.times import check_times

MissingCovariates = Literal["refuse", "drop", "impute"]


def compare_cohorts(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    covariates: Sequence[str],
    horizon: float,
    method: Method = "augmented",
    limits: Limits = "closed_form",
    reference: Any = None,
    left: str | None = None,
    excluded: Mapping[str, int] | None = None,
    alternatives: Mapping[str, pd.DataFrame] | None = None,
    missing_covariates: MissingCovariates = "refuse",
    imputations: int = 20,
    fewest: int = 10,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> CohortComparison:
    """Compare cohorts: flow, Table 1, curves, test, adjusted differences, and their sensitivity.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.survival_curves`, with the columns named here.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    covariates : sequence of str
        Columns known on day 0 that affect both the group and the event.
    horizon : float
        The day of the differences, chosen before the data are seen.
    method, limits, reference, cluster, confidence, resamples, seed
        As for `iop_outcomes.adjusted_curves`. With late entry the method is ``"weighting"``.
    left : str, optional
        A column that says who left, for `iop_outcomes.tipping_point`.
    excluded : mapping of str to int, optional
        What was excluded before, by reason, for the flow; `iop_outcomes.exclusions` counts it.
    alternatives : mapping of str to pandas.DataFrame, optional
        Times by other definitions of the event, or other rules for missing check-ins, by name, with
        the same groups and covariates, such as ``{"missed counts as use":
        iop.time_to_relapse(records, iop.RelapseRule(missing="use"))}``. Each is compared in the
        same way; one that has no estimate is named with the reason.
    missing_covariates : {"refuse", "drop", "impute"}
        How rows without a value of a covariate are handled: refused; dropped and counted in
        ``flow``; or the values are drawn, see `iop_outcomes.adjusted_curves`.
    imputations : int
        How often, if they are drawn.
    fewest : int
        Groups with fewer events by the horizon are named as small.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``flow`` and ``text``.

    Returns
    -------
    CohortComparison
        With ``table``, ``flow``, ``balance``, ``test``, ``adjusted``, ``alternatives``,
        ``e_values``, ``tipping``, ``methods``, ``text``, ``html`` and ``save("comparison.html")``,
        which writes Word (``.docx``) and LaTeX (``.tex``) too.

    Raises
    ------
    EstimateError
        If a covariate is missing, or as the functions that it calls.
    RuleError
        If an option is not valid, or a column is not there.

    Notes
    -----
    It calls `iop_outcomes.balance`, `iop_outcomes.compare_survival`,
    `iop_outcomes.adjusted_curves` and, with `left`, `iop_outcomes.tipping_point`, all with the same
    rows. As sensitivity it adjusts by the other method (weighting, or with limits by bootstrap
    standardisation) and over the people who could have been in any group (overlap weights).
    The E-values are of the ratio of the adjusted shares with the event, with limits by the delta
    method on the scale of logarithms. Where covariates are drawn, Table 1 counts those missing, and
    is weighted by the mean weight of each row over the completed samples.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> times = iop.time_to_relapse(records, iop.RelapseRule(missing="censor"))
    >>> comparison = iop.compare_cohorts(times, "track", covariates=["age", "program"], horizon=60)
    >>> comparison.flow[["step", "n"]].to_dict("list")
    {'step': ['rows given', 'analysed', 'group', 'group'], 'n': [874, 874, 501, 373]}
    """
    check_choice("missing_covariates", missing_covariates, ("refuse", "drop", "impute"))
    check_whole("fewest", fewest, 1, "fewest=10")
    check_excluded(excluded)
    others_given = check_alternatives(alternatives)
    rows = _Rows.of(times, by, covariates, missing_group, missing_covariates)
    frame, names = rows.frame, rows.names
    checked = check_times(frame, by)
    drawn = missing_covariates == "impute"
    options: dict[str, Any] = {
        "day": horizon,
        "limits": limits,
        "reference": reference,
        "cluster": cluster,
        "confidence": confidence,
        "resamples": resamples,
        "seed": seed,
        "imputations": imputations if drawn else None,
    }
    adjusted = adjusted_curves(frame, by, names, method=method, **options)
    others = _others(frame, by, names, method, options)

    def adjust(alternative: pd.DataFrame) -> tuple[AdjustedCurves, str]:
        own = _Rows.of(alternative, by, covariates, missing_group, missing_covariates)
        curves = adjusted_curves(own.frame, by, own.names, method=method, **options)
        return curves, check_times(own.frame, by).rule

    by_alternative, rules = alternatives_table(adjusted, others_given, adjust)
    sizes = adjusted.groups[["group", "n", "events"]].to_numpy().tolist()
    clustering = read_clusters(frame, cluster).clustering
    provenance = provenance_of(frame)
    tipping: dict[str, Any] = {
        name: options[name] for name in ("reference", "cluster", "confidence", "resamples", "seed")
    }
    e_values = e_values_of(adjusted)
    return CohortComparison(
        table=_table(adjusted, others),
        flow=flow_table(
            excluded, times, rows.losses, checked.group, [name for name, _, _ in sizes]
        ),
        balance=balance(
            frame.assign(**{WEIGHT: _weights(frame, by, names, options)}),
            *(by, names),
            weights=WEIGHT,
            reference=reference,
        ),
        test=compare_survival(frame, by, cluster=cluster, confidence=confidence),
        adjusted=adjusted,
        alternatives=by_alternative,
        alternative_rules=rules,
        e_values=e_values,
        tipping=None
        if left is None
        else tipping_point(frame, by, adjusted.day, left=left, **tipping),
        small=tuple(name for name, _, events in sizes if events < fewest),
        fewest=fewest,
        horizon=adjusted.day,
        methods=methods_text(
            Done(
                by=", ".join(checked.labels.columns),
                terms=", ".join(names),
                sizes=[(name, int(n), int(had)) for name, n, had in sizes],
                excluded=sum(check_excluded(excluded).values()),
                dropped=len(times) - len(frame),
                horizon=adjusted.day,
                method=method,
                also=tuple(others),
                limits=limits,
                resamples=resamples,
                confidence=confidence,
                clustered=str(clustering.by) if clustering.together else "",
                event=provenance.event,
                origin=provenance.origin,
                rule=checked.rule,
                tipping=left is not None,
                missing=_missing_text(adjusted),
                imputations=adjusted.imputations,
                alternatives=rules,
                e_values=bool((e_values["reason"] == "").any()),
            )
        ),
        synthetic=provenance.synthetic,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a frame that are analysed, the covariates, and what was left after each loss."""

    frame: pd.DataFrame
    names: list[str]
    losses: list[tuple[str, pd.DataFrame]]

    @classmethod
    def of(
        cls,
        times: pd.DataFrame,
        by: str | Sequence[str],
        covariates: Sequence[str],
        missing_group: MissingGroup,
        missing_covariates: MissingCovariates,
    ) -> _Rows:
        settled = settle_groups(times, (by,), missing_group)
        checked = check_times(settled, by)
        names = covariate_names(settled, covariates)
        kept = with_covariates(settled, names, missing_covariates)
        frame = relabel(settled[kept], settled)
        reason = f"no value of {', '.join(checked.labels.columns)}"
        return cls(frame, names, [(reason, settled), ("no value of a covariate", frame)])


def _weights(
    frame: pd.DataFrame, by: str | Sequence[str], names: list[str], options: dict[str, Any]
) -> NDArray[Any]:
    """Return the propensity weight of each row, where values are drawn the mean over samples."""
    imputations = options["imputations"]
    checked = check_times(frame, by)
    completion = completion_of(frame, (names,), checked, imputations, options["seed"])
    if completion is None or imputations is None:
        return propensity_weights(frame, by, names).weights.to_numpy(dtype=np.float64)
    total: NDArray[Any] = np.zeros(len(frame))
    for sample in completion.samples(imputations):
        whole = {name: sample[name].array for name in names}
        total += propensity_weights(frame.assign(**whole), by, names).weights.to_numpy(dtype=float)
    mean: NDArray[Any] = total / imputations
    return mean


def _missing_text(adjusted: AdjustedCurves) -> str:
    some = adjusted.missing[adjusted.missing["missing"] > 0]
    return ", ".join(
        f"{row['covariate']} {100 * row['share_missing']:.1f}%" for row in some.to_dict("records")
    )


def _others(
    frame: pd.DataFrame,
    by: str | Sequence[str],
    names: list[str],
    method: Method,
    options: dict[str, Any],
) -> dict[str, AdjustedCurves]:
    """Return the sensitivity analyses by what they are."""
    wanted: dict[str, dict[str, Any]] = {}
    if method != "weighting":
        wanted["weighting"] = {"method": "weighting"}
    if options["limits"] == "bootstrap" and method != "standardisation" and "entry" not in frame:
        wanted["standardisation"] = {"method": "standardisation"}
    wanted["overlap weights"] = {"method": "weighting", "estimand": "overlap"}
    return {
        name: adjusted_curves(frame, by, names, **{**options, **how})
        for name, how in wanted.items()
    }


def _table(adjusted: AdjustedCurves, others: dict[str, AdjustedCurves]) -> pd.DataFrame:
    parts = {
        "not adjusted": adjusted.unadjusted,
        "adjusted": adjusted.table,
        **{f"adjusted by {name}": curves.table for name, curves in others.items()},
    }
    tables = []
    for name, table in parts.items():
        own = table.copy()
        own.insert(0, "analysis", np.full(len(own), name, dtype=object))
        tables.append(own)
    return pd.concat(tables, ignore_index=True)
