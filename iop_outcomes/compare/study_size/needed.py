"""How many people a comparison needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.compare.study_size.power import check_share, errors_needed
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_level


@dataclass(frozen=True, eq=False, repr=False)
class PeopleNeeded(Result):
    """How many events and people a comparison of two groups needs.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and one both: ``group`` ("reference", "other", "both"); ``people``: rounded
        up (int64); ``events``: expected among them by the end of follow-up; ``survival``: the share
        without the event then (float64).
    hazard_ratio, power, confidence : float
        As asked.
    rule : str
        What is assumed.
    """

    table: pd.DataFrame
    hazard_ratio: float
    power: float
    confidence: float
    rule: str

    @property
    def text(self) -> str:
        """The numbers in words."""
        reference, group, both = self.table.to_dict("records")
        return (
            f"To find a hazard ratio of {self.hazard_ratio:g} with a power of "
            f"{format_level(self.power)} in a two-sided test at {format_level(self.confidence)}: "
            f"{both['people']:,} people with {both['events']:,.0f} events ({reference['people']:,} "
            f"in the reference group, of whom {reference['survival']:.0%} stay without it, and "
            f"{group['people']:,} in the other, {group['survival']:.0%}). {self.rule}"
        )

    @property
    def _summary(self) -> str:
        return f"{int(self.table['people'].iloc[-1]):,} people, hazard ratio {self.hazard_ratio:g}"


def people_needed(
    hazard_ratio: float,
    *,
    survival: float,
    share: float = 0.5,
    power: float = 0.8,
    confidence: float = 0.95,
    explained: float = 0.0,
    design_effect: float = 1.0,
) -> PeopleNeeded:
    r"""Return how many people a comparison of two groups needs to find a hazard ratio.

    Parameters
    ----------
    hazard_ratio : float
        The least one worth finding, above 0 and not 1, chosen for what it means and not from data.
    survival : float
        The share of the reference group seen to the end of follow-up without the event; the others
        are seen to have it. Who will be lost counts as without it, so that events are not
        overstated.
    share : float
        The share of all people who are in the other group.
    power, confidence, explained
        As for `iop_outcomes.detectable_difference`.
    design_effect : float
        By how much variances are larger since people are not independent (several episodes of one
        person, few programs), 1 or more.

    Returns
    -------
    PeopleNeeded
        With ``table`` and ``text``.

    Raises
    ------
    RuleError
        If an option is not valid.

    Notes
    -----
    Events: :math:`d = (z_{1-\alpha/2} + z_{1-\beta})^2 / (p (1 - p) (1 - R^2) \log^2 HR)`
    (Schoenfeld 1983, Biometrics 39:499-503; Hsieh and Lavori 2000, Control Clin Trials 21:552-560),
    times the design effect. People: d over the mean share with the event, :math:`S^{HR}` being
    without it in the other group. With proportional hazards, and groups alike except for the
    effect.

    Examples
    --------
    >>> from iop_outcomes import people_needed
    >>> people_needed(0.67, survival=0.4).table.round(2)
           group  people  events  survival
    0  reference     185  111.00      0.40
    1      other     185   84.87      0.54
    2       both     370  195.87      0.47
    """
    needed = errors_needed(power, confidence)
    if not is_number(hazard_ratio) or not 0 < hazard_ratio < np.inf or hazard_ratio == 1:
        raise RuleError(
            "The hazard ratio to be found is a number above 0, and not 1.",
            found=f"hazard_ratio={as_written(hazard_ratio)}",
            instead="people_needed(0.7, survival=0.4)",
        )
    check_share("survival", survival)
    check_share("share", share)
    check_share("explained", explained, zero=True)
    if not is_number(design_effect) or not 1 <= design_effect < np.inf:
        raise RuleError(
            "A design effect is a number of 1 or more.",
            found=f"design_effect={as_written(design_effect)}",
            instead="design_effect=1.2",
        )
    spread = share * (1 - share) * (1 - explained) * np.log(hazard_ratio) ** 2
    events = design_effect * needed**2 / spread
    survival_in_group = float(survival**hazard_ratio)
    people = events / ((1 - share) * (1 - survival) + share * (1 - survival_in_group))
    sizes = np.array([_up(people * (1 - share)), _up(people * share)], dtype=np.int64)
    left = np.array([survival, survival_in_group])
    had = sizes * (1 - left)
    return PeopleNeeded(
        table=pd.DataFrame(
            {
                "group": ["reference", "other", "both"],
                "people": [*sizes, sizes.sum()],
                "events": [*had, had.sum()],
                "survival": [*left, 1 - had.sum() / sizes.sum()],
            }
        ),
        hazard_ratio=float(hazard_ratio),
        power=float(power),
        confidence=confidence,
        rule=f"Schoenfeld's formula: {events:,.1f} events at least; proportional hazards."
        + (f" Design effect {design_effect:g}." if design_effect != 1 else "")
        + (f" {explained:.0%} of the variance of the group explained." if explained else ""),
    )


def _up(people: float) -> int:
    return int(np.ceil(people - 1e-9))
