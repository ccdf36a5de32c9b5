"""Cox's model of cause-specific hazards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.cox import fit_within, regression_of
from iop_outcomes.compare.regression.design import Design
from iop_outcomes.compare.regression.fitted.model import FittedCox
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import cause_called, names_asked, words_found
from iop_outcomes.shared.post_baseline import refuse_post_baseline
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.competing.causes import Causes, read_causes
from iop_outcomes.survival.curves.weighted import read_weighting
from iop_outcomes.survival.limits import normal_quantile

MEANING = (
    "A cause-specific hazard ratio compares the hazard of the cause among people still at risk "
    "of every end. It does not describe the cumulative incidence, which depends on the hazards "
    "of the other ends too: look at every cause, and at fine_gray."
)


def cause_specific_cox(
    times: pd.DataFrame,
    formula: str | Sequence[str],
    cause: Any = "relapse",
    *,
    end: str = "ended_by",
    causes: Sequence[Any] | None = None,
    strata: str | Sequence[str] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    weights: str | None = None,
    ties: str = "efron",
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    small_sample: bool = False,
    allow_post_baseline: bool = False,
) -> Regression:
    r"""Estimate cause-specific hazard ratios with Cox's model.

    Parameters
    ----------
    times, end, causes
        As for `iop_outcomes.cumulative_incidence`, which says what competes and what censors.
    formula : str or sequence of str
        The terms, as for `iop_outcomes.cox`.
    cause : object
        The cause whose hazard is modelled; every other end is censored. None models each of the
        causes, in one table with a column ``cause``.
    strata, cluster, weights, ties, confidence, small_sample
        As for `iop_outcomes.cox`.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `strata` are handled: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    allow_post_baseline : bool
        As for `iop_outcomes.cox`: whether columns known only at the end of the stay are allowed.

    Returns
    -------
    Regression
        With ``table`` (``term, coefficient, hazard_ratio, se, se_model, lower, upper, statistic,
        p_value``), ``text`` and ``plot()``.

    Raises
    ------
    EstimateError
        If there are no events of the cause, or as for `iop_outcomes.cox`.
    RuleError
        If the cause is not among the competing causes, or as for `iop_outcomes.cox`.

    Notes
    -----
    The likelihood of competing causes is the product of one a cause, in which the ends by others
    are censored (Prentice et al. 1978, Biometrics 34:541-554); so each is Cox's model, and causes
    need not be independent. Independence is needed only to say that a ratio would hold if the other
    ends were abolished.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "ended_by": ["relapse", "relapse", "died", "relapse", "died"]
    ...         + ["relapse", "died", "relapse"],
    ...         "age": [25, 51, 33, 46, 28, 37, 44, 30],
    ...     }
    ... )
    >>> models = cause_specific_cox(times, "age", causes=["relapse", "died"])
    >>> models.table[["term", "hazard_ratio"]].round(3)
      term  hazard_ratio
    0  age         1.013
    """
    normal_quantile(confidence)
    times = settle_groups(times, (strata,), missing_group)
    by_cause = read_causes(times, strata, end, causes)
    asked = list(by_cause.names) if cause is None else [cause_asked(by_cause, cause)]
    weighting = read_weighting(times, weights, cluster).corrected(small_sample, leverage=True)
    design = design_of(times, formula)
    refuse_post_baseline(design.used, allow_post_baseline, by_cause.times.provenance.origin)
    weighting.clusters.refuse_fewer(len(design.names), "term")
    fits: dict[str | None, FittedCox] = {}
    for name in asked:
        fit = _fit(by_cause, name, design, weighting=weighting, ties=ties)
        fits[name if cause is None else None] = fit
    modelled = "each cause" if cause is None else asked[0].replace("_", " ")
    return regression_of(
        fits,
        strata=list(by_cause.times.labels.columns),
        weighting=weighting,
        ties=ties,
        confidence=confidence,
        labels=(
            f"Cause-specific Cox model of {modelled}",
            MEANING,
            rule_of(by_cause, asked, "censoring"),
            by_cause.times.synthetic,
        ),
    )


def _fit(by_cause: Causes, cause: str, design: Design, **options: Any) -> FittedCox:
    event = ended_by(by_cause, cause)
    try:
        return fit_within(by_cause.times, event, design, **options)
    except EstimateError as error:
        called = cause_called(cause, by_cause.names)
        place = f"of {called}: {error.found}" if error.found else f"of {called}"
        raise EstimateError(error.wrong, found=place, instead=error.instead) from None


def cause_asked(by_cause: Causes, cause: Any) -> str:
    """Return the cause that is modelled; refuse one that does not compete."""
    word = f"{cause:g}" if isinstance(cause, float) else str(cause)
    if word not in by_cause.names:
        raise RuleError(
            f"{names_asked([cause])} is none of the causes.",
            found=words_found(by_cause.names, len(by_cause.code)),
            instead="a cause= that is among the causes, or causes=[...] with it in the list.",
        )
    return word


def ended_by(by_cause: Causes, cause: str) -> NDArray[np.bool_]:
    """Return the rows with an event of the cause; an error if there are none."""
    event: NDArray[np.bool_] = by_cause.code == by_cause.names.index(cause)
    if not event.any():
        raise EstimateError(
            "No events of this cause.",
            found=f"0 ends by {cause_called(cause, by_cause.names)} among {len(event):,}",
            instead="a cause that occurs.",
        )
    return event


def rule_of(by_cause: Causes, asked: list[str], others: str) -> str:
    """Return what made the times, what is modelled, and what the other causes do."""
    beside = [name for name in by_cause.names if name not in asked]
    modelled = asked[0] if len(asked) == 1 else f"{', '.join(asked)}, each in turn"
    rest = f" {others}: {', '.join(beside)};" if beside else ""
    sentence = f"Event: {modelled};{rest} every other end is censored."
    return f"{by_cause.times.rule} {sentence.replace('_', ' ')}"
