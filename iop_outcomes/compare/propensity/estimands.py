r"""Whose average it is: the weight of a row from the probabilities of its groups.

With :math:`e_k(x)` the probability of group k and g the group of the row, the weight is
:math:`h(x) / e_g(x)`: h = 1 for the average over all people; h = :math:`e_t(x)` over those of group
t; and :math:`h = 1 / \sum_k 1 / e_k(x)` over the people who could have been in any group (overlap
weights: Li, Morgan and Zaslavsky 2018, JASA 113:390-400; several groups: Li and Li 2019, Ann Appl
Stat 13:2389-2415), of two groups the probability of the other one.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.differences.result import group_names
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_choice, is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.survival.times import label_of

Floats = NDArray[np.float64]
Estimand = Literal["average", "treated", "overlap"]
ESTIMANDS = ("average", "treated", "overlap")


def weights_of(chance: Floats, group: NDArray[np.intp], estimand: str, treated: int) -> Floats:
    """Return the weight of each row, from (rows, groups) probabilities."""
    return tilt_of(chance, estimand, treated) / chance[np.arange(len(group)), group]


def tilt_of(chance: Floats, estimand: str, treated: int) -> Floats:
    """Return what each row counts in the population that is averaged over: h of the module."""
    if estimand == "average":
        return np.ones(len(chance))
    if estimand == "treated":
        return np.asarray(chance[:, treated])
    return np.asarray(1 / (1 / chance).sum(axis=1))


def log_slopes(chance: Floats, group: NDArray[np.intp], estimand: str, treated: int) -> Floats:
    """Return the derivative of each log weight by the log-odds of each group against the first.

    (rows, groups - 1); times the columns of the model it is that by the coefficients.
    """
    groups = chance.shape[1]
    own = np.eye(groups)[group]
    if estimand == "average":
        into = chance
    elif estimand == "treated":
        into = np.broadcast_to(np.eye(groups)[treated], chance.shape)
    else:
        into = tilt_of(chance, estimand, treated)[:, None] / chance
    return np.asarray((into - own)[:, 1:])


def check_estimand(estimand: str, treated: Any, labels: pd.DataFrame) -> int:
    """Return the place of the treated group; refuse an estimand that is none."""
    check_choice("estimand", estimand, ESTIMANDS)
    if treated is None:
        return len(labels) - 1
    if estimand != "treated":
        raise RuleError(
            "A treated group is named where the average is over its people only.",
            found=f"estimand={as_written(estimand)}, treated={as_written(treated)}",
            instead='estimand="treated", or without treated=.',
        )
    names = group_names(labels)
    asked = label_of(pd.Series(list(treated) if isinstance(treated, tuple) else [treated]))
    if asked not in names:
        raise RuleError(
            "The treated group is the name of a group.",
            found=f"treated={as_written(treated)}",
            instead="one of the values of by=.",
        )
    return names.index(asked)


def check_trim(trim: float | None, groups: int) -> None:
    """Refuse a limit of the probabilities that is none."""
    if trim is not None and not (is_number(trim) and 0 < trim < 1 / groups):
        raise RuleError(
            f"trim is a probability above 0 and below {1 / groups:.3g} (one over the groups): rows "
            "with a smaller probability of some group are left out.",
            found=f"trim={as_written(trim)}",
            instead="trim=0.05",
        )


def estimand_text(estimand: str, treated: str) -> str:
    """Return the estimand in words."""
    return {
        "average": "the average over all people",
        "treated": f"the average over the people of {treated}",
        "overlap": "the average over people who could have been in any group (overlap weights)",
    }[estimand]
