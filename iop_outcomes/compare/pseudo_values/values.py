"""Pseudo-values of survival, cumulative incidence and restricted mean time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.differences.curve_cells import Of, value_at
from iop_outcomes.compare.differences.incidence import IncidenceCell
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.messages import as_written
from iop_outcomes.survival.at_risk import count_days
from iop_outcomes.survival.clusters import Clusters, read_clusters
from iop_outcomes.survival.competing.aalen_johansen import aalen_johansen
from iop_outcomes.survival.competing.causes import read_causes
from iop_outcomes.survival.curves.cluster_sums import curve_sums
from iop_outcomes.survival.curves.weighted import Weighting, curve_steps, moves_of
from iop_outcomes.survival.labels import day_asked
from iop_outcomes.survival.times import CheckedTimes, check_times

Floats = NDArray[np.float64]
Quantity = Literal["survival", "restricted_mean", "incidence"]

QUANTITIES = ("survival", "restricted_mean", "incidence")


@dataclass(frozen=True, eq=False)
class Pseudo:
    """Pseudo-values with what made them.

    Attributes
    ----------
    values : numpy.ndarray
        (rows,).
    times : CheckedTimes
        The times, whose groups are the strata.
    day : float
        The day, or the end of the restricted mean.
    cause : str or None
        Of the incidence.
    """

    values: Floats
    times: CheckedTimes
    day: float
    cause: str | None


def pseudo_values(
    times: pd.DataFrame,
    day: float,
    quantity: Quantity = "survival",
    *,
    cause: Any = None,
    end: str = "ended_by",
    causes: Sequence[Any] | None = None,
) -> pd.Series[float]:
    r"""Return what each row adds to an estimate at a day, in the place of an outcome.

    Parameters
    ----------
    times : pandas.DataFrame
        As for `iop_outcomes.survival_curves`, without late entry; for the incidence as for
        `iop_outcomes.cumulative_incidence`.
    day : float
        The day, above 0, up to which people are followed.
    quantity : {"survival", "restricted_mean", "incidence"}
        The share without the event through the day; the mean time without it up to the day; or the
        cumulative incidence of a cause through the day.
    cause : str, optional
        Of the incidence; default: the first of the causes.
    end, causes
        As for `iop_outcomes.cumulative_incidence`; for the incidence only.

    Returns
    -------
    pandas.Series
        float64, named "pseudo_value", with the index of the rows. Values may lie below 0 or above
        1; their mean is the estimate.

    Raises
    ------
    EstimateError
        If times cannot be estimated from, entry is late, or nobody is followed to the day.
    RuleError
        If an option is none of these, or a column is not there.

    Notes
    -----
    :math:`\hat\theta + n \, \partial \hat\theta / \partial w_i` with the derivative by the weight
    of the row (infinitesimal jackknife), as R's ``survival::pseudo``. It is within order 1/n of
    :math:`n \hat\theta - (n - 1) \hat\theta_{(-i)}` (Andersen, Klein and Rosthoj 2003, Biometrika
    90:15-27). Without censoring it is the outcome itself: 0 or 1, or the time. Independent
    censoring is assumed, within strata and whatever the terms of a regression.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes import pseudo_values
    >>> times = pd.DataFrame({"days": [2, 4, 6, 8], "event": [1, 0, 1, 0]})
    >>> pseudo_values(times, day=7).round(3).tolist()
    [0.0, 0.5, -0.25, 1.25]
    """
    pseudo = worked_out(times, day, quantity, cause=cause, end=end, causes=causes, strata=None)
    return pd.Series(pseudo.values, index=times.index, name="pseudo_value")


def worked_out(
    times: pd.DataFrame,
    day: float,
    quantity: str,
    *,
    cause: Any,
    end: str,
    causes: Sequence[Any] | None,
    strata: str | Sequence[str] | None,
) -> Pseudo:
    """Return the pseudo-values of times with their strata; see `pseudo_values`."""
    check_choice("quantity", quantity, QUANTITIES)
    if quantity == "incidence":
        return _of_incidence(times, day, cause, end, causes, strata)
    if cause is not None or causes is not None:
        raise RuleError(
            "A cause is asked for with the incidence only.",
            found=f"quantity={as_written(quantity)}",
            instead='quantity="incidence"',
        )
    checked = check_times(times, strata)
    _refuse_entry(checked)
    at = day_asked(day, "day", checked.days)
    of: Of = "survival" if quantity == "survival" else "area"
    weighting = Weighting(None, None, _each(times))
    steps = curve_steps(checked, weighting, 0.95, "log-log")
    if any(curve.day[-1] < at and curve.height_at(at) > 0 for curve in steps):
        raise _too_short(at)
    values = np.empty(len(checked.days))
    for curve, rows in zip(steps, checked.rows_by_group, strict=True):
        moves = moves_of(checked, weighting, rows, curve.day)
        influence = curve_sums(curve, moves, at)[0 if of == "survival" else 1]
        values[rows] = value_at(curve, at, of) + len(rows) * influence
    return Pseudo(values, checked, at, None)


def _each(times: pd.DataFrame) -> Clusters:
    """Return each row as a cluster, so that influences are those of rows."""
    numbered = pd.DataFrame({"row": np.arange(len(times))})
    return read_clusters(numbered, "row")


def _too_short(day: float) -> EstimateError:
    return EstimateError(
        "Pseudo-values need every stratum to be followed up to the day.",
        found=f"day {day:g}",
        instead="an earlier day.",
    )


def _refuse_entry(checked: CheckedTimes) -> None:
    if checked.entry is not None and (checked.entry > 0).any():
        raise EstimateError(
            "Pseudo-values need everyone from day 0: those who enter late are not known before.",
            found=f"{int((checked.entry > 0).sum()):,} of {len(checked.days):,} rows enter later",
            instead="cox(times, ...), which takes late entry.",
        )


def _of_incidence(
    times: pd.DataFrame,
    day: float,
    cause: Any,
    end: str,
    causes: Sequence[Any] | None,
    strata: str | Sequence[str] | None,
) -> Pseudo:
    by_cause = read_causes(times, strata, end, causes)
    checked = by_cause.times
    _refuse_entry(checked)
    names = list(by_cause.names)
    word = names[0] if cause is None else str(cause)
    check_choice("cause", word, names)
    asked = names.index(word)
    at = day_asked(day, "day", checked.days)
    groups = len(checked.labels)
    ends = count_days(checked.days, checked.group, groups, by_cause.code + 1, len(names) + 1)
    weighting = Weighting(None, None, _each(times))
    values = np.empty(len(checked.days))
    for group, rows in enumerate(checked.rows_by_group):
        own = ends.own(group)
        moves = moves_of(checked, weighting, rows, ends.day[own])
        cell = IncidenceCell.of(ends, group, moves)
        incidence, _ = aalen_johansen(cell.at_risk, cell.events)
        place = int(np.searchsorted(cell.day, at, side="right")) - 1
        if cell.day[-1] < at and incidence[:, place].sum() < 1 - 1e-9:
            raise _too_short(at)
        influence = cell.influence(incidence, by_cause.code[rows], place)[asked]
        values[rows] = incidence[asked, place] + len(rows) * influence
    return Pseudo(values, checked, at, word)
