r"""Concordance: how often, of two people, the one with the higher hazard has the event first.

.. math:: C = \frac{\sum (\text{concordant} + \text{tied}/2)}{\sum \text{comparable}}

over the pairs of one stratum of which one has the event on a day on which the other is at risk and
after which the other is still free of it (censored on that day included), each pair by the product
of its weights (Harrell et al. 1982, JAMA 247:2543-2546, as R's ``concordance``). Its standard error
is the infinitesimal jackknife: the root of the sum over clusters of the squared weighted
derivatives with respect to the weights of their rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.fitted.model import FittedCox
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.limits import normal_quantile

Floats = NDArray[np.float64]
AT_ONCE = 2_000_000  # pairs that are held in memory together
SAME = 1e-9  # linear predictors that differ by less are tied


@dataclass(frozen=True, repr=False)
class Concordance(Result):
    """The concordance of a model with the rows that it was fitted to.

    Attributes
    ----------
    table : pandas.DataFrame
        One row, float64: ``concordance`` (0 to 1; 0.5 is chance), ``se, lower, upper``, and the
        sums of weights of pairs ``concordant, discordant, tied``, tied by the predictor.
    confidence : float
        The level of the limits, cut at 0 and 1.
    model : str
        The model, and of what.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    confidence: float
    model: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """The concordance with limits, and that it is that of the rows of the fit."""
        row = self.table.iloc[0]
        return (
            f"{self.model}: concordance {row['concordance']:.3f} "
            f"({format_level(self.confidence)} limits {row['lower']:.3f} to {row['upper']:.3f}), "
            "among the rows that the model was fitted to; among other people it is lower."
        )

    @property
    def _summary(self) -> str:
        return f"concordance {self.table['concordance'].iloc[0]:.3f}"


def concordance_of(
    fitted: FittedCox, *, confidence: float, model: str, synthetic: bool
) -> Concordance:
    """Return the concordance of a fit; see `Regression.concordance`."""
    reach = normal_quantile(confidence)
    predictor = fitted.fit.coefficient @ fitted.columns
    concordant, discordant, tied, more, fewer, same = _pairs(fitted, predictor)
    total = concordant + discordant + tied
    if not total > 0:
        raise EstimateError("No two people can be compared.", found="0 comparable pairs")
    value = (concordant + tied / 2) / total
    # Each row's derivative: what its pairs add to the numerator, less what they add to the total.
    change = ((more + same / 2) - value * (more + fewer + same)) / total
    weighted: Floats = fitted.weight * change
    if fitted.cluster is not None:
        weighted = np.bincount(fitted.cluster, weighted).astype(np.float64)
    error = float(np.sqrt((weighted**2).sum()))
    table = pd.DataFrame(
        {
            "concordance": [value],
            "se": [error],
            "lower": [max(value - reach * error, 0.0)],
            "upper": [min(value + reach * error, 1.0)],
            "concordant": [concordant],
            "discordant": [discordant],
            "tied": [tied],
        }
    )
    return Concordance(table, confidence, model, synthetic)


def _pairs(
    fitted: FittedCox, predictor: Floats
) -> tuple[float, float, float, Floats, Floats, Floats]:
    """Return the sums over pairs, and by row the sums of the weights of its partners.

    Each event is held against all rows of its stratum: events x rows comparisons.
    """
    rows = len(predictor)
    more, fewer, same = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    total = np.zeros(3)
    weight, days, event = fitted.weight, fitted.days, fitted.event
    entry = np.full(rows, -1.0) if fitted.entry is None else fitted.entry.astype(np.float64)
    entry = np.where(entry > 0, entry, -1.0)  # an entry of 0 is at risk on day 0
    for stratum in range(len(fitted.strata)):
        inside = np.flatnonzero(fitted.stratum == stratum)
        first = inside[event[inside]]
        step = max(1, AT_ONCE // max(len(inside), 1))
        for start in range(0, len(first), step):
            early = first[start : start + step]
            later = (days[inside] > days[early][:, None]) | (
                (days[inside] == days[early][:, None]) & ~event[inside]
            )
            later &= entry[inside] < days[early][:, None]
            lead = predictor[early][:, None] - predictor[inside]
            for place, (kind, sums) in enumerate(
                ((lead > SAME, more), (lead < -SAME, fewer), (np.abs(lead) <= SAME, same))
            ):
                pairs = (later & kind).astype(np.float64)
                of_early, of_later = pairs @ weight[inside], weight[early] @ pairs
                sums[early] += of_early
                sums[inside] += of_later
                total[place] += weight[early] @ of_early
    concordant, discordant, tied = total.tolist()
    return concordant, discordant, tied, more, fewer, same
