"""Any whole numbers that fit a system, looked for where the printed shares leave room."""

from __future__ import annotations

import numpy as np

from iop_outcomes.disclosure.solutions.ranges import ROOM, Ranges, System, narrow_ranges
from iop_outcomes.disclosure.solutions.solver import Numbers, optimum, whole_numbers
from iop_outcomes.disclosure.solutions.solving import exact, whole_near

MOST_RAISED = 10_000  # a count of which more is possible is not made large on purpose
FOR_ROOM = 10.0  # as many people more in a count are worth one of room


def search_fit(system: System) -> list[int] | None:
    """Return any whole numbers that fit a system; None if there are none.

    Who asks takes reports for contradictory where there are none. So what is near fractions is
    tried only to find some, and none is believed to be there only if the whole search says so. That
    search ends without a result where many shares are of large counts which are not printed: at the
    ends of their ranges hardly any whole numbers fit. In the middle many do.
    """
    ranges = narrow_ranges(system, system.low, system.high)
    if ranges is None:
        return None
    fractions = _with_room(system, ranges)
    if fractions is not None:
        near = whole_near(fractions, ranges, system.sums)
        fit = None if near is None else exact(system, near)
        if fit is not None:
            return fit
    numbers = whole_numbers(ranges, system.sums, "as they are").numbers
    return None if numbers is None else exact(system, numbers)


def _with_room(system: System, ranges: Ranges) -> Numbers | None:
    """Return fractions that fit, with room on both sides of each share, and large; None if none do.

    Large numbers are whole far more often than those that no costs choose, and fewer are small.
    """
    size, lines = len(system.places), 2 * len(system.shares)
    raised = np.where(ranges[1] <= MOST_RAISED, -1.0, 0.0)
    costs = np.concatenate([raised, np.full(lines, -FOR_ROOM)])
    bounds = (
        np.concatenate([ranges[0], np.zeros(lines)]),
        np.concatenate([ranges[1], np.full(lines, ROOM)]),
    )
    best = optimum(costs, bounds, system.with_room)
    return None if best is None else best.numbers[:size]
