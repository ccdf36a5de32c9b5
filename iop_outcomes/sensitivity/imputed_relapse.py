"""The share relapsed by a week, estimated from use patterns with imputed missing weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.event_weeks import event_weeks
from iop_outcomes.relapse.definitions.registry import find
from iop_outcomes.relapse.imputation.covariates import aligned
from iop_outcomes.relapse.imputation.result import ImputedPatterns
from iop_outcomes.sensitivity.cells import read_pattern_persons
from iop_outcomes.sensitivity.imputed_errors import imputed_estimates
from iop_outcomes.sensitivity.imputed_result import ImputedRelapse
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.group_codes import column_names
from iop_outcomes.shared.groups import MissingGroup, ungrouped, with_own_group
from iop_outcomes.shared.messages import as_written
from iop_outcomes.statistics.pooling import pool
from iop_outcomes.survival.clusters import Cluster, Clusters
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import check_times
from iop_outcomes.use.pattern_array import MISSED, USE, Flags, Numbers, code

NOT_A_COVARIATE = (
    " The groups were not a covariate of the imputation, so that missed weeks were drawn as if "
    "the groups were alike: differences between them are underestimated."
)


def relapse_by_imputation(
    imputed: ImputedPatterns,
    definition: str | Definition = "ctn_0094_relapse",
    *,
    horizon_weeks: int = 24,
    by: str | Sequence[str] | pd.Series[Any] | pd.DataFrame | None = None,
    cluster: pd.Series[Any] | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> ImputedRelapse:
    r"""Return the share relapsed by a week, pooled over completed use patterns by Rubin's rules.

    Parameters
    ----------
    imputed : ImputedPatterns
        The result of `impute_weeks`.
    definition : str or Definition
        A published time to relapse by name, or a `Definition` of your own that has one. Its rule
        for missed weeks is not used.
    horizon_weeks : int
        The week, counted from 1, by which relapse is counted.
    by : str, sequence of str, pandas.Series or pandas.DataFrame, optional
        The groups: names of covariates of the imputation, or columns with the labels of the
        patterns.
    cluster : pandas.Series, Cluster.PERSON or None
        The person of each pattern, with the labels of the patterns; standard errors and limits are
        then clustered by person. Patterns do not contain persons, so that by default, as with None,
        they are assumed to be independent.
    missing_group : {"refuse", "own", "leave_out"}
        How patterns without a value of `by` are handled: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        Confidence level of the limits, between 0 and 1.

    Returns
    -------
    ImputedRelapse
        With ``table``, ``difference``, ``rule`` and ``text``.

    Raises
    ------
    RuleError
        If the definition is not known, has no time, or is of dropout; if a name in `by` is not a
        covariate of the imputation; if the patterns are not weekly; if another option is not valid.
    EstimateError
        If a group is missing and this is refused, if a person is missing while others have several
        patterns, or if nobody has a time.

    Notes
    -----
    In each completed set the share is 1 minus the Kaplan-Meier estimate, with
    Greenwood's variance; a person whose due weeks end before the horizon is censored there. Shares
    are pooled on the scale of :math:`\log(-\log(1 - p))`, differences and restricted means without
    transformation. The degrees of freedom with complete data are the number of people minus 1 for a
    group, and minus 2 for a difference. With `cluster` the variances are infinitesimal jackknives
    by person (for a difference, over both groups together), and people are counted instead of
    patterns; the model of the missed weeks still assumes independent patterns. People without an
    outcome (no pattern, or never seen and not imputed) are not counted.

    The limits are somewhat wider than needed: the model of the missed weeks uses all weeks, the
    estimate one week, and Rubin's variance is then too large, never too small (Meng 1994, Stat Sci
    9:538-558). docs/deviations.md gives the size of this effect.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.sensitivity.imputed_relapse import relapse_by_imputation
    >>> from iop_outcomes.relapse.imputation.impute import impute_weeks
    >>> patterns = pd.Series(["--+-----", "-o--o---", "++++o+oo", "+-+++ooo"] * 10)
    >>> imputed = impute_weeks(patterns, imputations=5, seed=1)
    >>> relapse_by_imputation(imputed, "krupitsky_2004", horizon_weeks=8).table["n"].tolist()
    [40]
    """
    chosen = _definition(definition)
    _check(imputed, horizon_weeks)
    normal_quantile(confidence)
    groups, known = _groups(imputed, by)
    clusters = read_pattern_persons(imputed.words.index, cluster)
    names = list(groups.columns)
    grouped, left_out = ungrouped(groups, names, missing_group, "pattern")
    groups = with_own_group(groups, names, missing_group)
    sets = [
        _one_set(imputed, place, chosen, (groups, clusters, grouped), horizon_weeks)
        for place in range(len(imputed))
    ]
    labels, clustering = sets[0].labels, replace(sets[0].clusters.clustering, noun="patterns")
    value = np.stack(
        [completed.value for completed in sets]
    )  # sets by quantities (share, mean) by groups
    variance = np.stack([completed.variance for completed in sets])
    table = _table(sets, value, variance, confidence)
    rule = left_out.after(f"{chosen.title}: {chosen.rule} {imputed.rule}")
    if names and not known and imputed.missing_share > 0:
        rule += NOT_A_COVARIATE
    return ImputedRelapse(
        table=pd.concat([labels, table], axis=1),
        difference=_difference(sets, value, confidence),
        by=tuple(names),
        horizon_weeks=int(horizon_weeks),
        confidence=confidence,
        rule=f"{rule} Kaplan-Meier estimates{f' ({clustering.how})' if clustering.how else ''}, "
        "pooled by Rubin's rules.",
        synthetic=imputed.provenance.synthetic,
        clustering=clustering,
    )


@dataclass(frozen=True, eq=False)
class _OneSet:
    """The estimates of one completed set.

    Attributes
    ----------
    labels : pandas.DataFrame
        One row a group, with the columns that define the groups.
    clusters : Clusters
        The cluster of each row.
    rows, people, events, on_imputed : numpy.ndarray of float64
        (groups,), numbers of patterns, of clusters, of events by the horizon, and of those events
        that count an imputed week.
    value, variance : numpy.ndarray of float64
        (2, groups), the share relapsed and the restricted mean in weeks, and their variances.
    difference_variance : numpy.ndarray of float64
        (2,), the variances of the differences between the second group and the first.
    """

    labels: pd.DataFrame
    clusters: Clusters
    rows: Numbers
    people: Numbers
    events: Numbers
    on_imputed: Numbers
    value: Numbers
    variance: Numbers
    difference_variance: Numbers


def _one_set(
    imputed: ImputedPatterns,
    place: int,
    definition: Definition,
    of: tuple[pd.DataFrame, Clusters, Flags | None],
    horizon: int,
) -> _OneSet:
    groups, clusters, grouped = of
    weeks_table = event_weeks(imputed.patterns[place], definition)
    kept = weeks_table["event"].notna().to_numpy()
    kept &= True if grouped is None else grouped
    weeks = weeks_table["weeks"].to_numpy(dtype=np.int64, na_value=0)
    event = weeks_table["event"].to_numpy(dtype=bool, na_value=False)
    onset = weeks_table["onset"].to_numpy(dtype=np.int64, na_value=0)
    times = groups.reset_index(drop=True).assign(days=weeks, event=event)[kept]
    checked = check_times(times.reset_index(drop=True), list(groups.columns))
    clusters = clusters.of(kept)
    value, variance, difference_variance = imputed_estimates(checked, clusters, horizon)
    by_horizon = event & (weeks <= horizon)
    on_imputed = by_horizon & (_imputed_use(imputed, place, onset, weeks) > 0)
    count = len(checked.labels)
    return _OneSet(
        labels=checked.labels,
        clusters=clusters,
        rows=np.bincount(checked.group, minlength=count).astype(np.float64),
        people=_people(checked.group, clusters, count),
        events=_count(by_horizon[kept], checked.group, count),
        on_imputed=_count(on_imputed[kept], checked.group, count),
        value=value,
        variance=variance,
        difference_variance=difference_variance,
    )


def _people(group: Any, clusters: Clusters, groups: int) -> Numbers:
    """Return the number of clusters in each group."""
    pairs = np.unique(np.stack([group, clusters.each]), axis=1)
    return np.bincount(pairs[0], minlength=groups).astype(np.float64)


def _imputed_use(imputed: ImputedPatterns, place: int, onset: Any, met: Any) -> Any:
    """Return the number of weeks imputed as use, from the onset to the week of meeting."""
    drawn = imputed.by_week[place] == code(USE)
    drawn &= imputed.words.by_week == code(MISSED)
    total = np.zeros((len(drawn) + 1, drawn.shape[1]), dtype=np.int32)
    np.cumsum(drawn, axis=0, out=total[1:])
    people = np.arange(drawn.shape[1])
    return total[met, people] - total[np.maximum(onset - 1, 0), people]


def _count(marked: Flags, group: Any, groups: int) -> Numbers:
    return np.bincount(group[marked], minlength=groups).astype(np.float64)


def _table(
    sets: list[_OneSet], value: Numbers, variance: Numbers, confidence: float
) -> pd.DataFrame:
    people = sets[0].people
    freedom = np.maximum(people - 1, 1).tolist()
    options: Any = {"degrees_of_freedom": freedom, "confidence": confidence}
    share = pool(value[:, 0], variance[:, 0], scale="log_log", **options)
    mean = pool(value[:, 1], variance[:, 1], **options)
    events = np.sum([completed.events for completed in sets], axis=0)
    on_imputed = np.sum([completed.on_imputed for completed in sets], axis=0)
    rests = np.full(len(people), np.nan)
    np.divide(on_imputed, events, out=rests, where=events > 0)
    return pd.DataFrame(
        {
            "n": sets[0].rows.astype(np.int64),
            "events": events / len(sets),
            "rests_on_imputed": rests,
            "relapsed": share["estimate"],
            "relapsed_lower": share["lower"],
            "relapsed_upper": share["upper"],
            "least": value[:, 0].min(axis=0),
            "most": value[:, 0].max(axis=0),
            "degrees_of_freedom": share["degrees_of_freedom"],
            "missing_information": share["missing_information"],
            "restricted_mean": mean["estimate"],
            "restricted_mean_lower": mean["lower"],
            "restricted_mean_upper": mean["upper"],
            "not_estimated": np.select(
                [share["estimate"].isna(), share["lower"].isna(), mean["estimate"].isna()],
                [
                    "Not followed to the horizon.",
                    "Nobody, or everybody, relapsed in some completed set.",
                    "No mean: fewer than two at risk just before the horizon in some completed "
                    "set.",
                ],
                default="",
            ),
        }
    )


def _difference(sets: list[_OneSet], value: Numbers, confidence: float) -> pd.DataFrame:
    columns = ["difference", "se", "lower", "upper", "p_value"]
    columns += ["degrees_of_freedom", "missing_information"]
    if len(sets[0].rows) != 2:
        return pd.DataFrame(columns=["quantity", *columns]).astype(dict.fromkeys(columns, float))
    pooled = pool(
        value[:, :, 1] - value[:, :, 0],
        np.stack([completed.difference_variance for completed in sets]),
        degrees_of_freedom=max(len(np.unique(sets[0].clusters.each)) - 2, 1),
        confidence=confidence,
    ).rename(columns={"estimate": "difference"})
    pooled.insert(0, "quantity", ["relapsed", "restricted_mean"])
    return pooled[["quantity", *columns]]


def _definition(definition: str | Definition) -> Definition:
    chosen = definition if isinstance(definition, Definition) else find(definition)
    if chosen.window is not None and chosen.window.of_missed:
        raise RuleError(
            "Dropout is defined by missed weeks, which are imputed here.",
            found=f"definition={as_written(chosen.name)}",
            instead="event_weeks(patterns, ...) of the original patterns.",
        )
    return chosen


def _check(imputed: ImputedPatterns, horizon: int) -> None:
    if not isinstance(imputed, ImputedPatterns):
        raise RuleError(
            "Relapse by imputation requires imputed patterns.",
            found=type(imputed).__name__,
            instead="relapse_by_imputation(impute_weeks(patterns))",
        )
    if not is_whole(horizon, 1):
        raise RuleError(
            "The horizon must be a whole number of weeks.",
            found=f"horizon_weeks={as_written(horizon)}",
            instead="horizon_weeks=24",
        )
    if imputed.unit_days != 7:
        raise RuleError(
            "Published definitions count weeks, but these patterns are not weekly.",
            found=f"a symbol for each {imputed.unit_days} days"
            if imputed.unit_days > 1
            else "daily",
            instead='use_patterns(records, unit="week").',
        )


def _groups(
    imputed: ImputedPatterns, by: str | Sequence[str] | pd.Series[Any] | pd.DataFrame | None
) -> tuple[pd.DataFrame, bool]:
    """Return the columns of the groups, and whether all were covariates of the imputation."""
    if by is None:
        return pd.DataFrame(index=imputed.words.index), True
    if not isinstance(by, (pd.Series, pd.DataFrame)):
        if not len(imputed.covariates.columns):
            raise RuleError(
                "Groups must be covariates of the imputation, but it had no covariates.",
                found=f"by={as_written(by)}",
                instead='impute_weeks(patterns, covariates=people[["track"]])',
            )
        return imputed.covariates[column_names(imputed.covariates, by)], True
    frame = aligned(by, imputed.words.index, "groups")
    columns = imputed.covariates
    known = all(name in columns and columns[name].equals(frame[name]) for name in frame.columns)
    return frame, known
