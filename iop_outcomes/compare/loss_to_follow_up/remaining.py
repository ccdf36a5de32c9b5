"""Weights by the inverse probability of having remained in follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.loss_to_follow_up.tipping import flags_of_leaving
from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import check_columns, check_truncate
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_count
from iop_outcomes.statistics.logistic import logistic_coefficients, logistic_probabilities
from iop_outcomes.survival.times import CheckedTimes, check_times

Floats = NDArray[np.float64]
LEAST = 1e-6  # a probability below it would make one person outweigh all others
FEW = 50.0  # effective size


@dataclass(frozen=True, eq=False, repr=False)
class RemainingWeights(Result):
    """Intervals with weights by which those who remain represent those who left.

    Attributes
    ----------
    frame : pandas.DataFrame
        The intervals that were given, in their order, with ``remaining_weight`` (float64).
    table : pandas.DataFrame
        One row an interval number: ``interval``; ``at_risk``: rows; ``left``: that left at its end;
        ``least_probability``: the smallest probability of remaining that a weight of a later
        interval rests on; ``mean_weight, largest_weight``: in the interval; ``effective_size``: the
        squared sum of the weights over the sum of their squares.
    formula, numerator : str
        The terms of the model of remaining, and of that in the numerator.
    rule : str
        How the times were defined.
    synthetic : bool
        Whether the data are synthetic.
    """

    frame: pd.DataFrame
    table: pd.DataFrame
    formula: str
    numerator: str
    rule: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """The model, the weights, and what to be careful about."""
        weight = self.frame["remaining_weight"]
        left = int(self.table["left"].sum())
        few = self.table[self.table["effective_size"] < FEW]
        caution = (
            f" From interval {few['interval'].iloc[0]} on the weighted rows are worth fewer than "
            f"{FEW:.0f} (effective size): estimates rest on few."
            if len(few)
            else ""
        )
        return (
            f"Weights by the inverse probability of remaining (terms: {self.formula}; numerator: "
            f"{self.numerator}): {format_count(left, 'row')} left; weights from "
            f"{weight.min():.2f} to {weight.max():.2f}, mean {weight.mean():.2f}.{caution} "
            f"{self.rule}"
        )

    @property
    def _summary(self) -> str:
        return (
            f"{len(self.frame):,} intervals, weights to {self.frame['remaining_weight'].max():.2f}"
        )


def remaining_weights(
    intervals: pd.DataFrame,
    formula: str | Sequence[str],
    *,
    left: str,
    id: str = "episode_id",
    numerator: str | None = "C(interval)",
    truncate: float | None = None,
) -> RemainingWeights:
    r"""Return weights by which those who remain in follow-up represent those who left.

    Parameters
    ----------
    intervals : pandas.DataFrame
        Times cut into intervals as by `iop_outcomes.start_stop`: ``entry``, ``days``, ``event``,
        ``interval`` (its number, from 1), the column `id`, and covariates known when the interval
        began. The intervals of an id follow each other without a gap.
    formula : str or sequence of str
        The terms of the model of remaining, as for `iop_outcomes.cox`; ``C(interval)`` for a
        probability of its own in each interval. All that affects both leaving and the event has to
        be among them.
    left : str
        A column of True and False, alike in all intervals of an id: whether its follow-up ended
        since the person left. It is read of the last interval, if that has no event.
    id : str
        The column that says whose intervals are which.
    numerator : str, optional
        The terms of the numerator of stabilised weights, such as ``"C(interval) + C(track)"``:
        those that the comparison is by, or has as covariates. None: not stabilised.
    truncate : float, optional
        Weights above this quantile within an interval are cut to it: less variance, some bias.

    Returns
    -------
    RemainingWeights
        With ``frame``, ``table`` and ``text``. Estimate with ``weights="remaining_weight"``, and by
        person: ``survival_curves(remaining.frame, by="track", weights="remaining_weight",
        cluster="person_id")``, or ``cox(..., weights=..., cluster=...)``.

    Raises
    ------
    EstimateError
        If the intervals are not valid times, have gaps, a covariate is missing, or nobody left.
    RuleError
        If a column is not there or an option is not valid.

    Notes
    -----
    An interval k counts :math:`\prod_{j<k} P(\text{remained after } j \mid \text{numerator}) /
    P(\text{remained after } j \mid \text{terms})` (Robins and Finkelstein 2000, Biometrics
    56:779-788; Willems, Schat, van Noorden and Fiocco 2018, Stat Methods Med Res 27:323-335). The
    probabilities are of pooled logistic regressions over intervals that end without the event. An
    interval in which the follow-up of a row ends otherwise (the end of the records) is in no model:
    it is not known whether the person would have remained.

    Leaving that depends on what is not in the model is not corrected
    (`iop_outcomes.tipping_point` asks how much of it would matter). The limits of weighted
    estimates take weights as known. In simulated programs (docs/validation_leaving.md) limits by
    person held the truth in 93 to 95 percent.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> intervals = pd.DataFrame(
    ...     {
    ...         "episode_id": [1, 1, 1, 2, 2, 3, 4],
    ...         "interval": [1, 2, 3, 1, 2, 1, 1],
    ...         "entry": [0, 7, 14, 0, 7, 0, 0],
    ...         "days": [7, 14, 20, 7, 14, 7, 7],
    ...         "event": [0, 0, 1, 0, 0, 0, 0],
    ...         "left": [False, False, False, True, True, True, True],
    ...     }
    ... )
    >>> remaining = iop.remaining_weights(intervals, "C(interval)", left="left", numerator=None)
    >>> remaining.frame["remaining_weight"].round(6).tolist()
    [1.0, 2.0, 4.0, 1.0, 2.0, 1.0, 1.0]
    """
    check_truncate(truncate)
    checked = check_times(intervals, None)
    _check_columns(intervals, id)
    left_flags = flags_of_leaving(intervals, left)
    order, code, last = _order(intervals, checked, id)
    number = intervals["interval"].to_numpy()
    ends = np.zeros(len(intervals), dtype=bool)
    ends[order] = last
    event = checked.event
    leaves = ends & left_flags & ~event
    if not leaves.any():
        raise EstimateError(
            "Nobody left, so that weights for remaining are all 1.",
            found=f"left={as_written(left)}, {len(intervals):,} intervals",
        )
    # What the model is of: intervals after which the row went on, or which ended by leaving.
    modelled = ~ends | leaves
    text = formula if isinstance(formula, str) else " + ".join(f"`{name}`" for name in formula)
    chance = _chance(intervals, text, modelled, leaves)
    above = 1.0 if numerator is None else _chance(intervals, numerator, modelled, leaves)
    ratio = np.where(ends, 1.0, above / np.maximum(chance, LEAST))
    weight = np.empty(len(intervals))
    weight[order] = _products_before(np.log(ratio[order]), code[order])
    if truncate is not None:
        most = pd.Series(weight).groupby(number).transform(lambda own: own.quantile(truncate))
        weight = np.minimum(weight, most.to_numpy())
    return RemainingWeights(
        frame=intervals.assign(remaining_weight=weight),
        table=_table(number, leaves, ends, chance, weight),
        formula=text,
        numerator="1" if numerator is None else numerator,
        rule=checked.rule,
        synthetic=checked.synthetic,
    )


def _check_columns(intervals: pd.DataFrame, id: str) -> None:
    instead = "iop.start_stop(records), or iop.start_stop(times)"
    check_columns(intervals, (id, "interval", "entry"), "The intervals", instead)
    if "remaining_weight" in intervals.columns:
        raise RuleError(
            "The intervals have a column of the name that is made here.",
            found="remaining_weight",
            instead="another name for that column.",
        )


def _order(
    intervals: pd.DataFrame, checked: CheckedTimes, id: str
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Return the order by id and day, the id of each row, and in that order who is the last."""
    code, names = pd.factorize(intervals[id])
    if (code < 0).any():
        raise EstimateError(
            "Each interval belongs to somebody.",
            found=f"{int((code < 0).sum()):,} intervals without a value of {id}",
        )
    entry = np.zeros(len(code)) if checked.entry is None else np.asarray(checked.entry)
    order = np.lexsort((entry, code))
    whose, start, end = code[order], entry[order], np.asarray(checked.days)[order]
    last = np.append(whose[1:] != whose[:-1], True)
    gaps = int((~last[:-1] & (start[1:] != end[:-1])).sum())
    early = int((checked.event[order] & ~last).sum())
    if gaps or early:
        raise EstimateError(
            "The intervals of an id follow each other, and only the last can have the event.",
            found=f"{gaps:,} gaps or overlaps and {early:,} earlier events among {len(names):,} "
            "ids",
            instead="iop.start_stop(times)",
        )
    return order.astype(np.intp), code.astype(np.intp), last


def _chance(
    intervals: pd.DataFrame,
    formula: str,
    modelled: NDArray[np.bool_],
    leaves: NDArray[np.bool_],
) -> Floats:
    """Return the probability of remaining at the end of each interval, of a pooled model."""
    rows = np.flatnonzero(modelled)
    columns = design_of(intervals.iloc[rows].reset_index(drop=True), formula).matrix
    fitted = logistic_coefficients(columns, ~leaves[rows])
    chance = np.ones(len(intervals))
    chance[rows] = logistic_probabilities(columns, fitted)
    return chance


def _products_before(logs: Floats, whose: NDArray[np.intp]) -> Floats:
    """Return the product of the ratios of the intervals of an id before each."""
    total = np.cumsum(logs)
    first = np.flatnonzero(np.diff(whose, prepend=-1))
    size = np.diff(np.append(first, len(whose)))
    before = total - logs
    return np.exp(before - np.repeat(before[first], size))


def _table(
    number: NDArray[np.intp],
    leaves: NDArray[np.bool_],
    ends: NDArray[np.bool_],
    chance: Floats,
    weight: Floats,
) -> pd.DataFrame:
    rows = []
    for interval in np.unique(number):
        here = number == interval
        on = here & ~ends
        own = weight[here]
        rows.append(
            {
                "interval": int(interval),
                "at_risk": int(here.sum()),
                "left": int((here & leaves).sum()),
                "least_probability": float(chance[on].min()) if on.any() else np.nan,
                "mean_weight": float(own.mean()),
                "largest_weight": float(own.max()),
                "effective_size": float(own.sum() ** 2 / (own**2).sum()),
            }
        )
    return pd.DataFrame(rows)
