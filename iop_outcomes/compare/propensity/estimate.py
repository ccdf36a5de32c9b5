"""Weights by the probability of being in each group, given the covariates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.balance import balance
from iop_outcomes.compare.differences.result import group_names
from iop_outcomes.compare.group_tests.groups import refuse_no_columns, refuse_single_group
from iop_outcomes.compare.propensity.estimands import (
    Estimand,
    check_estimand,
    check_trim,
    estimand_text,
)
from iop_outcomes.compare.propensity.result import WEIGHT, PropensityWeights
from iop_outcomes.compare.propensity.scores import GroupModel, Scores
from iop_outcomes.compare.regression.design import Design
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.groups import LeftOut, MissingGroup, settle_groups
from iop_outcomes.shared.messages import as_written, names_asked
from iop_outcomes.shared.post_baseline import refuse_post_baseline
from iop_outcomes.shared.provenance import provenance_of, relabel
from iop_outcomes.statistics.multinomial import multinomial_information
from iop_outcomes.survival.times import CheckedGroups, check_groups

Floats = NDArray[np.float64]
TENTHS = 10
BINS = 20


def propensity_weights(
    times: pd.DataFrame,
    by: str | Sequence[str],
    covariates: str | Sequence[str],
    *,
    estimand: Estimand = "average",
    treated: Any = None,
    trim: float | None = None,
    stabilise: bool = False,
    missing_group: MissingGroup = "refuse",
    allow_post_baseline: bool = False,
) -> PropensityWeights:
    r"""Weight rows by the inverse probability of their group, so that groups become alike.

    Parameters
    ----------
    times : pandas.DataFrame
        One row a person or episode, with the columns named here; ``days`` and ``event`` are not
        needed, and not looked at.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    covariates : str or sequence of str
        The terms of the model of the group, as for `iop_outcomes.cox`: ``"age + program"``,
        ``"bs(age, df=4)"``, or a list of columns. All that is known on day 0 and affects both the
        group and the outcome has to be among them. Missing values are refused.
    estimand : {"average", "treated", "overlap"}
        Whose average the weighted groups show: that of all people; of the people of one group; or
        of the people who could have been in any group, without large weights.
    treated : object, optional
        For ``"treated"``: the group (a tuple where `by` has several columns). Default: the last.
    trim : float, optional
        Rows with a smaller probability of some group are left out, and the model is fitted again:
        the average is then over the others only. By default none are.
    stabilise : bool
        Whether weights are multiplied by the share of their group (over that of the treated), so
        that they are near 1. Curves by group are the same; a regression is less variable.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    allow_post_baseline : bool
        Whether covariates may be columns that are known only at the end of the stay; see
        `iop_outcomes.cox`.

    Returns
    -------
    PropensityWeights
        With ``frame`` (for ``weights="propensity_weight"`` elsewhere), ``table``, ``model``,
        ``calibration``, ``balance``, ``text`` and ``plot()`` (the overlap of the probabilities);
        ``balance.plot()`` shows the differences before and after weighting.

    Raises
    ------
    EstimateError
        If there is one group only, a value is missing, the covariates separate the groups, or
        trimming leaves a group without rows.
    RuleError
        If an option is not valid, a column is not there or is both group and covariate, or is known
        only at the end of the stay.

    Notes
    -----
    The probabilities are by logistic regression, of more than two groups multinomial, with the
    first group as the reference. The weight is 1 over the probability of the own group for the
    average over all (Horvitz and Thompson 1952; Robins, Hernán and Brumback 2000, Epidemiology
    11:550-560), times the probability of the treated group over the treated, and of two groups the
    probability of the other group for overlap weights, which in a logistic model make the means of
    its columns equal exactly (Li, Morgan and Zaslavsky 2018, JASA 113:390-400). Trimming: Crump,
    Hotz, Imbens and Mitnik 2009, Biometrika 96:187-199.

    Standard errors of ``survival_curves(weighted.frame, weights=...)`` take the weights as known;
    for the average over all they are then mostly too large. `iop_outcomes.adjusted_curves` takes
    into account that they are estimated.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> people = pd.DataFrame(
    ...     {
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...         "employed": [False, False, False, True, False, True, True, True],
    ...     }
    ... )
    >>> weighted = iop.propensity_weights(people, "track", "employed")
    >>> weighted.weights.round(3).tolist()
    [1.333, 1.333, 1.333, 4.0, 4.0, 1.333, 1.333, 1.333]
    >>> weighted.table[["group", "n", "effective_size"]]
         group  n  effective_size
    0      day  4             3.0
    1  evening  4             3.0
    """
    frame = settle_groups(times, (by,), missing_group)
    groups = check_groups(frame, by)
    refuse_no_columns(groups.labels)
    refuse_single_group(groups.labels, "a column with two groups or more.")
    number = len(groups.labels)
    place = check_estimand(estimand, treated, groups.labels)
    check_trim(trim, number)
    _check_stabilise(stabilise, estimand)
    design = covariates_of(frame, covariates, groups, allow_post_baseline)
    model = GroupModel(design.matrix, groups.group, number, estimand, place, trim)
    scores = model.fit()
    model.refuse_apart(scores)
    weight = model.weights(scores)
    if stabilise:
        share = np.bincount(groups.group[scores.used], minlength=number) / scores.used.sum()
        weight = weight * share[groups.group] / (share[place] if estimand == "treated" else 1.0)
    kept = relabel(frame[scores.used].assign(**{WEIGHT: weight[scores.used]}), frame)
    names = group_names(groups.labels)
    provenance = provenance_of(frame)
    words = estimand_text(estimand, names[place])
    return PropensityWeights(
        table=_table(names, groups, scores, weight),
        frame=kept,
        weights=pd.Series(np.where(scores.used, weight, np.nan), index=frame.index, name=WEIGHT),
        scores=pd.DataFrame(scores.chance, index=frame.index, columns=names),
        model=_model_table(names, design, scores),
        calibration=_calibration(names, groups, scores),
        overlap=_overlap(names, groups, scores),
        balance=balance(kept, by, list(design.used), weights=WEIGHT),
        by=tuple(groups.labels.columns),
        estimand=words,
        formula=terms_text(covariates),
        rule=LeftOut.of(provenance).after(_rule(model, scores, covariates, stabilise)),
        synthetic=provenance.synthetic,
    )


def covariates_of(
    frame: pd.DataFrame,
    covariates: str | Sequence[str],
    groups: CheckedGroups,
    allow_post_baseline: bool,
) -> Design:
    """Return the columns of the covariates; refuse the group itself, and what is known later."""
    design = design_of(frame, covariates)
    both = [name for name in design.used if name in groups.labels.columns]
    if both:
        raise RuleError(
            "The column that defines the groups is no covariate of them.",
            found=f"{names_asked(both)} in by= and in the covariates",
            instead="covariates= without it.",
        )
    refuse_post_baseline(design.used, allow_post_baseline, provenance_of(frame).origin)
    return design


def terms_text(covariates: str | Sequence[str]) -> str:
    """Return the terms of a formula as text."""
    return covariates if isinstance(covariates, str) else " + ".join(covariates)


def _check_stabilise(stabilise: bool, estimand: str) -> None:
    if not isinstance(stabilise, (bool, np.bool_)):
        raise RuleError("stabilise is True or False.", found=as_written(stabilise))
    if stabilise and estimand == "overlap":
        raise RuleError(
            "Overlap weights lie between 0 and 1, and are not stabilised.",
            found='estimand="overlap", stabilise=True',
            instead='estimand="average", or stabilise=False.',
        )


def _rule(
    model: GroupModel, scores: Scores, covariates: str | Sequence[str], stabilise: bool
) -> str:
    kind = "Logistic" if model.groups == 2 else "Multinomial logistic"
    trimmed = int((~scores.used).sum())
    left = (
        f" {trimmed:,} of {len(scores.used):,} rows with a probability of some group below "
        f"{model.trim:g} left out, and the model fitted again."
        if model.trim is not None
        else ""
    )
    stable = " Weights stabilised by the share of their group." if stabilise else ""
    return (
        f"{kind} model of the group: {terms_text(covariates)}.{left}{stable} Groups are alike in "
        "these covariates only."
    )


def _table(names: list[str], groups: CheckedGroups, scores: Scores, weight: Floats) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(names):
        inside = groups.group == place
        own = weight[inside & scores.used]
        chance = scores.chance[inside & scores.used, place]
        rows.append(
            {
                "group": name,
                "n": len(own),
                "trimmed": int((inside & ~scores.used).sum()),
                "effective_size": float(own.sum() ** 2 / (own**2).sum()),
                "mean_weight": float(own.mean()),
                "smallest_weight": float(own.min()),
                "largest_weight": float(own.max()),
                "largest_share": float(own.max() / own.sum()),
                "lowest_score": float(chance.min()),
                "median_score": float(np.median(chance)),
                "highest_score": float(chance.max()),
            }
        )
    return pd.DataFrame(rows)


def _model_table(names: list[str], design: Design, scores: Scores) -> pd.DataFrame:
    used = scores.used
    information = multinomial_information(design.matrix[used], scores.chance[used])
    error = np.sqrt(np.maximum(np.diag(np.linalg.pinv(information, hermitian=True)), 0.0))
    terms = ["intercept", *map(str, design.names)]
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(names[1:], dtype=object), len(terms)),
            "reference": names[0],
            "term": terms * (len(names) - 1),
            "coefficient": scores.coefficients.ravel(),
            "se": error,
            "odds_ratio": np.exp(scores.coefficients.ravel()),
        }
    )


def _calibration(names: list[str], groups: CheckedGroups, scores: Scores) -> pd.DataFrame:
    rows = []
    for place, name in enumerate(names):
        chance = scores.chance[scores.used, place]
        inside = groups.group[scores.used] == place
        edges = np.quantile(chance, np.arange(1, TENTHS) / TENTHS)
        tenth = np.searchsorted(edges, chance, side="right")
        for each in np.unique(tenth):
            own = tenth == each
            rows.append(
                {
                    "group": name,
                    "n": int(own.sum()),
                    "predicted": float(chance[own].mean()),
                    "observed": float(inside[own].mean()),
                }
            )
    return pd.DataFrame(rows)


def _overlap(names: list[str], groups: CheckedGroups, scores: Scores) -> pd.DataFrame:
    """Return how many of each group have which probability; of two groups that of the second."""
    edges = np.linspace(0, 1, BINS + 1)
    asked = range(1, 2) if len(names) == 2 else range(len(names))
    parts = []
    for of in asked:
        place = np.minimum((scores.chance[:, of] * BINS).astype(np.intp), BINS - 1)
        for group, name in enumerate(names):
            inside = (groups.group == group) & scores.used
            count = np.bincount(place[inside], minlength=BINS)
            parts.append(
                pd.DataFrame(
                    {
                        "probability_of": names[of],
                        "group": name,
                        "lower": edges[:-1],
                        "upper": edges[1:],
                        "n": count.astype(np.int64),
                        "share": count / inside.sum(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)
