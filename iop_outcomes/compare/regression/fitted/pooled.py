r"""Regressions of several completed data sets as one, by Rubin's rules.

Coefficients are pooled one by one (`iop_outcomes.statistics.pooling`). Several are tested together
by :math:`D_1 = \bar\beta^\top \bar W^{-1} \bar\beta / (k (1 + r))` with :math:`\bar W` the mean
covariance, B that between data sets, and

.. math:: r = (1 + 1/m) \operatorname{tr}(B \bar W^{-1}) / k,

as F with k and :math:`\nu` degrees of freedom. With t = k (m - 1), :math:`\nu` is
:math:`4 + (t - 4) (1 + (1 - 2/t) / r)^2` if t > 4, otherwise
:math:`t (1 + 1/k) (1 + 1/r)^2 / 2` (Li, Raghunathan and Rubin 1991, JASA 86:1065-1073).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.compare.regression.design import part_asked
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_level, join_described
from iop_outcomes.statistics.pooling import pool

if TYPE_CHECKING:
    from iop_outcomes.compare.regression.result import Regression

Floats = NDArray[np.float64]
NAMED_TERMS = 8


@dataclass(frozen=True, repr=False)
class PooledRegression(Result):
    """A regression pooled over completed data sets.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a term, float64 except for the name: ``term``; ``coefficient``, ``hazard_ratio``,
        ``se`` (of the coefficient), ``lower, upper`` (of the ratio), ``degrees_of_freedom``,
        ``p_value``, and ``missing_information`` (0 to 1).
    coefficients : pandas.DataFrame
        One row a data set, one column a term.
    within : pandas.DataFrame
        The mean covariance of the data sets, labelled by term.
    parts : dict of str to tuple of int
        The terms of the formula, and the rows of `table` of each.
    model : str
        What was fitted, and how often.
    ratio : str
        What ``hazard_ratio`` is called.
    confidence : float
        The level of the limits.
    rule : str
        How the times were defined.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    coefficients: pd.DataFrame
    within: pd.DataFrame
    parts: Mapping[str, tuple[int, ...]]
    model: str
    ratio: str
    confidence: float
    rule: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """Each ratio with its limits, and the rule."""
        described = [
            f"{row['term']}: {self.ratio} {row['hazard_ratio']:.2f} "
            f"({format_level(self.confidence)} limits {row['lower']:.2f} to {row['upper']:.2f}), "
            f"{format_p_value(row['p_value'])}"
            for row in self.table.head(NAMED_TERMS).to_dict("records")
        ]
        joined = join_described(described, len(self.table), "term")
        return f"{self.model}: {joined}. {self.rule}"

    @property
    def _summary(self) -> str:
        return f"{self.model}, {len(self.table)} terms"

    def test(self, tested: str | Sequence[str]) -> pd.DataFrame:
        """Test a factor or several terms jointly.

        Parameters
        ----------
        tested : str or sequence of str
            Terms of the formula, or names of coefficients.

        Returns
        -------
        pandas.DataFrame
            One row: ``tested`` (str), ``statistic`` (F), ``degrees_of_freedom`` (int64),
            ``denominator_degrees_of_freedom, p_value, increase`` (float64): by which part the
            variance is larger since values are missing.

        Raises
        ------
        RuleError
            If the model has no such term.
        """
        from scipy.special import chdtrc, fdtrc

        asked = [tested] if isinstance(tested, str) else list(tested)
        names = self.table["term"].tolist()
        places = sorted({place for part in asked for place in part_asked(self.parts, names, part)})
        values = self.coefficients.to_numpy()[:, places]
        sets, size = values.shape
        mean = values.mean(axis=0)
        between = np.atleast_2d(np.cov(values, rowvar=False))
        inverse = np.linalg.inv(self.within.to_numpy()[np.ix_(places, places)])
        increase = (1 + 1 / sets) * float(np.trace(between @ inverse)) / size
        statistic = float(mean @ inverse @ mean) / (size * (1 + increase))
        total = size * (sets - 1)
        if increase <= 0:
            denominator, p_value = np.inf, float(chdtrc(size, size * statistic))
        else:
            denominator = (
                4 + (total - 4) * (1 + (1 - 2 / total) / increase) ** 2
                if total > 4
                else total * (1 + 1 / size) * (1 + 1 / increase) ** 2 / 2
            )
            p_value = float(fdtrc(size, denominator, statistic))
        return pd.DataFrame(
            {
                "tested": [", ".join(asked)],
                "statistic": [statistic],
                "degrees_of_freedom": np.array([size], dtype=np.int64),
                "denominator_degrees_of_freedom": [denominator],
                "p_value": [p_value],
                "increase": [increase],
            }
        )


def pool_regressions(
    fits: Sequence[Regression],
    *,
    degrees_of_freedom: float = np.inf,
    confidence: float = 0.95,
) -> PooledRegression:
    """Pool regressions of several completed data sets by Rubin's rules.

    Parameters
    ----------
    fits : sequence of Regression
        The same model of each data set, two or more.
    degrees_of_freedom : float
        Degrees of freedom of a coefficient with complete data, such as events less terms.
    confidence : float
        The level of the limits.

    Returns
    -------
    PooledRegression

    Raises
    ------
    RuleError
        If there are fewer than two, or their terms or models are not the same.
    EstimateError
        If a model has several causes: pool each cause by itself.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> days, event = [3, 5, 7, 9, 4, 8, 10, 12], [1, 1, 1, 1, 1, 0, 1, 0]
    >>> times = pd.DataFrame({"days": days, "event": event})
    >>> sets = [times.assign(age=[25, 51, 33, 46, 28, 37, last, 30]) for last in (40, 44, 52)]
    >>> pooled = iop.pool_regressions([iop.cox(one, "age") for one in sets])
    >>> pooled.table[["term", "hazard_ratio"]].round(2)
      term  hazard_ratio
    0  age          0.99
    """
    several = list(fits)
    if len(several) < 2 or not all(hasattr(model, "covariance") for model in several):
        raise RuleError(
            "Pooled are regressions of two or more completed data sets.",
            found=f"{len(several)}",
            instead="[cox(one, formula) for one in data_sets]",
        )
    first = several[0]
    if "cause" in first.table.columns:
        raise EstimateError(
            "A model of several causes is not pooled as one.",
            instead="cause_specific_cox(..., cause=...), each cause by itself.",
        )
    names = first.table["term"].tolist()
    if any(
        model.table["term"].tolist() != names or model.model != first.model for model in several
    ):
        raise RuleError(
            "The regressions have other terms or models.",
            found="terms or models that differ between data sets",
            instead="one formula, and the same values of text in every data set.",
        )
    coefficients = pd.DataFrame([model.table["coefficient"].tolist() for model in several])
    variances = pd.DataFrame([(model.table["se"] ** 2).tolist() for model in several])
    pooled = pool(
        coefficients,
        variances,
        degrees_of_freedom=degrees_of_freedom,
        confidence=confidence,
    )
    with np.errstate(over="ignore"):
        ratio, lower, upper = (np.exp(pooled[name]) for name in ("estimate", "lower", "upper"))
    labels = [str(name) for name in names]
    coefficients.columns = pd.Index(labels)
    return PooledRegression(
        table=pd.DataFrame(
            {
                "term": names,
                "coefficient": pooled["estimate"],
                "hazard_ratio": ratio,
                "se": pooled["se"],
                "lower": lower,
                "upper": upper,
                "degrees_of_freedom": pooled["degrees_of_freedom"],
                "p_value": pooled["p_value"],
                "missing_information": pooled["missing_information"],
            }
        ),
        coefficients=coefficients,
        within=pd.DataFrame(
            np.mean([model.covariance.to_numpy() for model in several], axis=0),
            index=labels,
            columns=labels,
        ),
        parts=first.parts,
        model=f"{first.model}, pooled over {len(several)} completed data sets",
        ratio=first.ratio,
        confidence=confidence,
        rule=first.rule,
        synthetic=first.synthetic,
    )
