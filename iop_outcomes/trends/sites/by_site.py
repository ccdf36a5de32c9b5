"""Units beside one another: the public funnel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import Floats, sums
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.trends.quantities import Quantity
from iop_outcomes.trends.signals.judging import IMPROVES
from iop_outcomes.trends.sites.case_mix import (
    CaseMix,
    calibration_of,
    design_effect,
    fit_case_mix,
)
from iop_outcomes.trends.sites.entries import Entries, entries_of
from iop_outcomes.trends.sites.funnel import funnel_limits
from iop_outcomes.trends.sites.funnel_result import Funnel
from iop_outcomes.trends.sites.pooling import partly_pooled

if TYPE_CHECKING:
    from iop_outcomes.records import Records

_LIMITS = "Limits within which 95% and 99.8% of units lie by chance: "
TOWARDS_ALL = "drawn towards that of all"
_BEYOND = (
    "Beside exact limits a unit is beyond one only where chance alone would seldom (2.5%; 0.1%) "
    "give so much, or so little."
)
_POOLED = (
    f"Partly pooled: the value of each unit {TOWARDS_ALL}, the more the smaller the "
    "unit (empirical Bayes)."
)
_ORDER = "The order is that of the names, or as given; it is no ranking."


def funnel(
    records: Records | pd.DataFrame,
    measure: str | Quantity | None = None,
    *,
    by: str | Sequence[str],
    target: float | None = None,
    overdispersion: str = "auto",
    adjust: str | Sequence[str] | None = None,
    start: object = None,
    end: object = None,
    improves: str | None = None,
    names: bool = False,
    missing_group: MissingGroup = "own",
) -> Funnel:
    r"""Return programs, tracks or staff beside one another, with limits for chance.

    Parameters
    ----------
    records : Records or pandas.DataFrame
        Records with calendar dates; or a frame with ``numerator, denominator`` (counts), or
        ``observed, expected``, a row a unit, or several rows a unit (people, months), which are
        summed. Rows of a frame with ``person_id`` may be of the same person.
    measure : str or Quantity, optional
        A rate, such as ``attendance_rate`` or ``retained_90``; see
        :func:`iop_outcomes.describe_quantities`. Of a frame, its name in pictures.
    by : str or sequence of str
        Columns of ``records.episodes`` or of the frame: the units.
    target : float, optional
        The rate about which the limits are; by default that of all units together.
    overdispersion : {"auto", "on", "off"}
        Whether the limits allow for variation between units beyond chance. ``"auto"``: with ten
        units or more; with fewer it is too uncertain, and the limits are exact.
    adjust : str or sequence of str, optional
        Covariates of a case-mix model, as ``"age + primary_substance"``: what each person came
        with. Units are then compared by observed over expected (indirect standardisation), the
        expected number from a logistic regression fitted to all units together. Missing words are
        a level of their own, missing numbers are refused.
    start, end : date-like, optional
        The first and last date of the entries that are counted, of records.
    improves : {"up", "down", "neither"}, optional
        Which direction is an improvement, for pictures; by default that of the measure.
    names : bool
        Show members of staff as recorded: columns such as ``counselor`` or ``facilitator`` are
        otherwise shown as letters.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled, see :func:`iop_outcomes.trend`.

    Returns
    -------
    Funnel
        Its ``.table`` has one row a unit, in the order of categories or of names, never ranked:

        ``[by ...]`` : str
            The unit.
        ``numerator, denominator`` : float64
            Counts of entries.
        ``observed, expected`` : float64
            In place of them if the frame has them; after ``denominator`` with `adjust`.
        ``value`` : float64
            The rate, or observed over expected; missing without a denominator.
        ``standardised_rate`` : float64
            With `adjust`: observed over expected, times the rate of all.
        ``target, lower_998, lower_95, upper_95, upper_998, position, size, z, overdispersion,
        between, adjusted``
            As of :func:`iop_outcomes.trends.sites.funnel_limits`.
        ``partly_pooled, own_weight`` : float64
            The empirical Bayes estimate, and the weight that it gives to the unit's own value; see
            :func:`iop_outcomes.trends.sites.partly_pooled`.
        ``not_known`` : str
            Why the measure of this unit is not known from the records; empty where it is.

        ``.calibration`` is observed and expected by groups of expected rate, ``.case_mix`` the
        model.

    Raises
    ------
    RuleError
        If there is no such measure, column or option, or the numbers do not fit one another.
    MissingTableError
        If a table that the measure needs was not read.
    EstimateError
        If nothing is known, or the model cannot be estimated.

    Notes
    -----
    *Sessions of one person are alike*: binomial limits would be too narrow. The limits of rates of
    sessions, and of frames with several rows a person, are those of ``size``: the denominator over
    the design effect :math:`\sum_j (x_j - n_j p)^2 / \sum_j n_j p (1 - p)` over persons within
    units.

    *Observed over expected*: exact Poisson limits, as published, where the frame gives both.
    Outcomes of people vary less than Poisson counts, so that with `adjust` ``size`` is
    :math:`E^2 / V`, with the variance :math:`V = \sum p_j (1 - p_j)` of the model, over the design
    effect.

    *What it cannot show*: case mix that is not recorded, and whether a unit within the limits is
    good. With units that differ much, a model fitted to all of them takes a part of their
    difference for case mix where covariates and units go together.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statistics in Medicine
    2005; 24: 1185-1202.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> sites = iop.funnel(records, "retained_90", by="program", adjust="age + primary_substance")
    >>> sites.table[["program", "observed", "expected", "position"]].iloc[0].tolist()[0]
    'Harbor'
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"site": ["A", "B"], "numerator": [30, 9], "denominator": [50, 40]})
    >>> iop.funnel(counts, by="site").table["position"].tolist()
    ['above the 95% limit', 'below the 95% limit']
    """
    check_choice("overdispersion", overdispersion, ("auto", "on", "off"))
    if improves is not None:
        check_choice("improves", improves, IMPROVES)
    if by is None or not len(by):
        raise RuleError(
            "A funnel compares units, and by= says what they are.",
            found="by= without a column",
            instead='by="program"',
        )
    entries = entries_of(
        *(records, measure, by, missing_group),
        what="A funnel",
        start=start,
        end=end,
        names=names,
    )
    if adjust is not None and entries.ratio:
        raise RuleError(
            "Expected numbers are given, so that there is nothing to adjust.",
            found="adjust= for a frame with observed, expected",
            instead="a frame with numerator, denominator and the covariates, or no adjust=",
        )
    if adjust is not None and target is not None:
        raise RuleError(
            "With adjust= the target is 1: as many as expected.",
            found="target= and adjust=",
            instead="one of them",
        )
    model = None
    if adjust is not None:
        model = fit_case_mix(entries.frame, entries.above, entries.below, adjust)
    effect = _design_effect(entries, model)
    if model is not None and effect > 1:
        table = calibration_of(model.risk, entries.above, entries.below, effect)
        model = replace(model, calibration=table)
    limits = funnel_table(_sums(entries, model), target, overdispersion, effect)
    return Funnel(
        table=limits.assign(not_known=entries.not_known),
        measure=entries.measure,
        title=entries.title,
        by=entries.groups.names,
        ratio=entries.ratio or model is not None,
        improves=entries.improves if improves is None else improves,
        target=float(limits["target"].iloc[0]),
        given=target is not None,
        overdispersion=overdispersion,
        design_effect=effect,
        case_mix=model,
        rule=entries.left_out.after(_rule(entries, model, effect)),
        people=_people(entries),
        synthetic=entries.synthetic,
        left_out=entries.left_out,
        counted=entries.counted,
    )


def funnel_table(
    counts: pd.DataFrame, target: float | None, overdispersion: str, effect: float
) -> pd.DataFrame:
    """Return limits and estimates of the counts of each unit.

    Parameters
    ----------
    counts : pandas.DataFrame
        One row a unit: labels, ``numerator, denominator`` or ``observed, expected`` or all four,
        and with a model ``variance`` (of the observed number) and ``rate`` (of all).
    target, overdispersion
        As in `funnel`.
    effect : float
        The design effect.
    """
    ratio = "observed" in counts
    below = counts["expected" if ratio else "denominator"].to_numpy(dtype=np.float64)
    size = below / effect
    if "variance" in counts:
        variance = counts["variance"].to_numpy(dtype=np.float64)
        size = np.divide(below**2, variance * effect, out=np.zeros_like(below), where=variance > 0)
    both = ["numerator", "denominator"]
    counted = counts.drop(columns=both, errors="ignore") if ratio else counts
    limits = funnel_limits(counted, target=target, overdispersion=overdispersion, size=size)
    pooled, weight = partly_pooled(limits["value"], size, proportion=not ratio)
    new = [name for name in limits.columns if name not in counts.columns]
    table = counts.drop(columns=["variance", "rate"], errors="ignore")
    table = table.assign(**{name: limits[name] for name in new})
    if "rate" in counts:
        place = table.columns.get_loc("value")
        table.insert(int(place) + 1, "standardised_rate", table["value"] * counts["rate"])  # type: ignore[arg-type]  # a number
    return table.assign(partly_pooled=pooled, own_weight=weight)


def _sums(entries: Entries, model: CaseMix | None) -> pd.DataFrame:
    """Return the sums of each unit, with what a model expects."""
    code, size = entries.groups.codes, len(entries.groups)
    above, below = sums(code, entries.above, size), sums(code, entries.below, size)
    if entries.ratio:
        return entries.groups.beside({"observed": above, "expected": below})
    columns: dict[str, Any] = {"numerator": above, "denominator": below}
    if model is not None:
        risk = model.risk
        columns["observed"] = above
        columns["expected"] = sums(code, entries.below * risk, size)
        columns["variance"] = sums(code, entries.below * risk * (1 - risk), size)
        columns["rate"] = np.full(size, above.sum() / below.sum())
    return entries.groups.beside(columns)


def _design_effect(entries: Entries, model: CaseMix | None) -> float:
    if entries.person is None or entries.ratio or not entries.clustered:
        return 1.0
    total = entries.below.sum()
    risk: Floats = (
        model.risk
        if model is not None
        else np.full(len(entries.below), entries.above.sum() / total if total else 0.0)
    )
    return design_effect(entries.above, entries.below, risk, entries.groups.codes, entries.person)


def _people(entries: Entries) -> pd.DataFrame | None:
    """Return the number of persons behind the counts of each unit."""
    if entries.person is None:
        return None
    code, size = entries.groups.codes, len(entries.groups)
    chosen = {
        "denominator": entries.below > 0,
        "numerator": entries.above > 0,
        "rest": entries.below > entries.above,
    }
    counts = {}
    for name, rows in chosen.items():
        pairs = np.unique(np.column_stack([code[rows], entries.person[rows]]), axis=0)
        counts[name] = np.bincount(pairs[:, 0], minlength=size)
    return pd.DataFrame(counts)


def _rule(entries: Entries, model: CaseMix | None, effect: float) -> str:
    text = entries.rule
    if model is not None:
        text += f" {model.text} Value: observed over expected."
    text += f" {_LIMITS}"
    if entries.ratio:
        text += "exact for Poisson counts."
    elif model is not None:
        text += "those of a Poisson count with the variance of the model."
    else:
        text += "exact for binomial counts."
    if effect > 1:
        text += (
            f" Entries of one person are alike: limits as of 1/{effect:.1f} of the entries "
            "(design effect)."
        )
    return " ".join((text, _BEYOND, _POOLED, _ORDER))
