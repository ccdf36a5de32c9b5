"""Estimates from the curves of cells at a day, and their covariance through clusters."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.compare.differences.cells import Cells, covariance_of
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.messages import groups_called
from iop_outcomes.survival.curves.cluster_sums import curve_sums
from iop_outcomes.survival.curves.steps import Steps
from iop_outcomes.survival.curves.weighted import Weighting, curve_steps, moves_of

Floats = NDArray[np.float64]
Of = Literal["survival", "area"]


def estimate_cells(cells: Cells, weighting: Weighting, day: float, of: Of) -> tuple[Floats, Floats]:
    """Return the survival at a day, or the area up to it, of each cell, and their covariance."""
    steps = curve_steps(cells.times, weighting, 0.95, "log-log")
    _require_follow_up(steps, day, of)
    values = np.array([value_at(curve, day, of) for curve in steps])
    if weighting.clusters.code is None:
        return values, np.diag([_variance(curve, day, of) for curve in steps])
    influence = []
    place = 0 if of == "survival" else 1
    code = weighting.clusters.code
    for curve, rows in zip(steps, cells.times.rows_by_group, strict=True):
        moves = moves_of(cells.times, weighting, rows, curve.day)
        who = np.unique(moves.cluster, return_index=True)[1]  # a row of each, in order of its code
        influence.append((code[rows][who], curve_sums(curve, moves, day)[place]))
    return values, covariance_of(influence, int(code.max()) + 1)


def value_at(steps: Steps, day: float, of: Of) -> float:
    """Return what a curve says at a day."""
    return steps.height_at(day) if of == "survival" else steps.area(day)[0]


def _variance(steps: Steps, day: float, of: Of) -> float:
    if of == "area":
        return steps.area(day)[1] ** 2
    place = int(np.searchsorted(steps.day, day, side="right")) - 1
    height = float(steps.survival[place])
    return float(height**2 * steps.variance[place]) if height > 0 else 0.0


def _require_follow_up(steps: list[Steps], day: float, of: Of) -> None:
    """Refuse a day up to which some cell is not followed."""
    fewest = 2 if of == "area" else 1
    ends = [
        float(curve.day[curve.people.at_risk_before(curve.day) >= fewest].max(initial=0.0))
        for curve in steps
    ]
    short = [
        place
        for place, curve in enumerate(steps)
        if curve.height_at(day) > 0
        and (ends[place] < day if of == "survival" else not curve.followed_to(day))
    ]
    if not short:
        return
    last = min(ends[place] for place in short)
    needed = "two people or more at risk just before it" if of == "area" else "follow-up to it"
    raise EstimateError(
        f"A difference at a day or horizon needs in every group {needed}.",
        found=f"day {day:g}; too short in {groups_called(short, len(steps))}",
        instead=f"day {last:g}, or an earlier one."
        if last > 0
        else "leave out the smallest group.",
    )
