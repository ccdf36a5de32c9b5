"""How strong something not measured would have to be, to explain an association (E-value)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_choice, is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import Result

Measure = Literal["risk_ratio", "hazard_ratio", "odds_ratio"]
MEASURES = ("risk_ratio", "hazard_ratio", "odds_ratio")


@dataclass(frozen=True, eq=False, repr=False)
class EValue(Result):
    """E-values of an estimate and of its limit nearest to 1.

    Attributes
    ----------
    table : pandas.DataFrame
        One row the estimate and, where limits were given, one the limit: ``of`` ("estimate",
        "limit"); ``ratio``: as given, of the limits the one nearest to 1, and 1 where they include
        1; ``risk_ratio``: what it is taken for; ``e_value``; all float64.
    measure : str
        What the ratio is, in words.
    rule : str
        How it was made a risk ratio.
    """

    table: pd.DataFrame
    measure: str
    rule: str

    @property
    def text(self) -> str:
        """What the E-values say."""
        first = self.table.iloc[0]
        of_estimate = (
            f"{self.measure.capitalize()} {first['ratio']:.3g}: something not measured that is "
            f"associated with both the group and the event by risk ratios of {first['e_value']:.2f}"
            " each, beyond the covariates measured, could explain it; weaker confounding could not."
        )
        if len(self.table) == 1:
            return f"{of_estimate} {self.rule}"
        limit = self.table.iloc[1]
        if limit["ratio"] == 1:
            of_limit = "The limits include 1: nothing is needed to explain them (E-value 1)."
        else:
            of_limit = (
                f"To make the limits include 1 it would need risk ratios of {limit['e_value']:.2f}."
            )
        return f"{of_estimate} {of_limit} {self.rule}"

    @property
    def _summary(self) -> str:
        return f"{self.measure} {self.table['ratio'].iloc[0]:.3g}"


def e_value(
    estimate: float,
    lower: float | None = None,
    upper: float | None = None,
    *,
    measure: Measure = "hazard_ratio",
    common: bool | None = None,
) -> EValue:
    r"""Return how strong confounding by something not measured would have to be.

    Parameters
    ----------
    estimate : float
        The ratio, above 0, such as ``hazard_ratio`` of `iop_outcomes.cox`.
    lower, upper : float, optional
        Its limits, both or neither.
    measure : {"hazard_ratio", "risk_ratio", "odds_ratio"}
        What kind of ratio it is.
    common : bool
        For a hazard or odds ratio: whether more than some 15 of 100 have the event by the end of
        follow-up. It has to be given, since the answers differ.

    Returns
    -------
    EValue
        With ``table`` and ``text``.

    Raises
    ------
    RuleError
        If a number is not above 0, the estimate does not lie within its limits, only one is given,
        or `common` is not given where it is needed.

    Notes
    -----
    With RR the risk ratio (below 1 its inverse), :math:`E = RR + \sqrt{RR (RR - 1)}` (VanderWeele
    and Ding 2017, Ann Intern Med 167:268-274): the least risk ratio that a confounder must have
    with both the group and the event, given the measured covariates, to explain the estimate; 1
    means that none is needed. A ratio of hazards or odds is near that of risks for a rare event.
    For a common one :math:`RR \approx (1 - 0.5^{\sqrt{HR}}) / (1 - 0.5^{\sqrt{1 / HR}})` and
    :math:`RR \approx \sqrt{OR}` (VanderWeele 2017, Epidemiology 28:e58-e59; VanderWeele and Ding
    2017, table 2). It says nothing of the bias by measurement or selection.

    Examples
    --------
    >>> e_value(3.9, 1.8, 8.7, measure="risk_ratio").table.round(2)
             of  ratio  risk_ratio  e_value
    0  estimate    3.9         3.9     7.26
    1     limit    1.8         1.8     3.00
    """
    check_choice("measure", measure, MEASURES)
    _check(estimate, lower, upper)
    if measure != "risk_ratio" and not isinstance(common, (bool, np.bool_)):
        raise RuleError(
            f"Whether the event is common has to be given for a {measure.replace('_', ' ')}.",
            found=f"common={as_written(common)}",
            instead="common=True if more than some 15 of 100 have it by the end of follow-up, else "
            "common=False.",
        )
    rows = [("estimate", float(estimate))]
    if lower is not None and upper is not None:
        near = 1.0 if lower <= 1 <= upper else float(lower if lower > 1 else upper)
        rows.append(("limit", near))
    ratios = [_risk_ratio(ratio, measure, bool(common)) for _, ratio in rows]
    return EValue(
        table=pd.DataFrame(
            {
                "of": [name for name, _ in rows],
                "ratio": [ratio for _, ratio in rows],
                "risk_ratio": ratios,
                "e_value": [_from_risk_ratio(ratio) for ratio in ratios],
            }
        ),
        measure=measure.replace("_", " "),
        rule=_rule(measure, bool(common)),
    )


def _check(estimate: float, lower: float | None, upper: float | None) -> None:
    ratios = [value for value in (estimate, lower, upper) if value is not None]
    if not all(is_number(value) and np.isfinite(value) and value > 0 for value in ratios):
        raise RuleError(
            "A ratio and its limits are numbers above 0.",
            found=f"estimate={as_written(estimate)}, lower={as_written(lower)}, "
            f"upper={as_written(upper)}",
            instead="e_value(0.7, 0.5, 0.9, common=True)",
        )
    if (lower is None) != (upper is None):
        raise RuleError("Limits are given both, or neither.", instead="lower=..., upper=...")
    if lower is not None and upper is not None and not lower <= estimate <= upper:
        raise RuleError(
            "An estimate lies within its limits.",
            found=f"{lower:g}, {estimate:g}, {upper:g}",
            instead="e_value(estimate, lower, upper)",
        )


def _risk_ratio(ratio: float, measure: str, common: bool) -> float:
    if measure == "risk_ratio" or not common:
        return ratio
    if measure == "odds_ratio":
        return float(np.sqrt(ratio))
    return float((1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio)))


def _from_risk_ratio(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))


def _rule(measure: str, common: bool) -> str:
    if measure == "risk_ratio":
        return "E-value of a risk ratio (VanderWeele and Ding 2017)."
    how = "made a risk ratio by an approximation" if common else "taken for a risk ratio"
    kind = "common" if common else "rare"
    return f"The {measure.replace('_', ' ')} of a {kind} event {how} (VanderWeele and Ding 2017)."
