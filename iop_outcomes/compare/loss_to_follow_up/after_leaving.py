"""The proportion without the event if the hazard after leaving is a multiple of that before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NOBODY = 1e-12


@dataclass(frozen=True, eq=False)
class LeavingDays:
    """The rows of one group on the days of events and of leaving, up to the day asked.

    Attributes
    ----------
    size : int
        The number of these days.
    first, last : numpy.ndarray of int
        A row is at risk on the days from `first` to before `last`.
    ending, ending_place, leaving, leaving_place : numpy.ndarray of int
        The rows that end with the event and by leaving, and on which of the days.
    """

    size: int
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    ending: NDArray[np.intp]
    ending_place: NDArray[np.intp]
    leaving: NDArray[np.intp]
    leaving_place: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        entry: Floats,
        days: Floats,
        event: NDArray[np.bool_],
        left: NDArray[np.bool_],
        day: float,
    ) -> LeavingDays:
        """Return rows at risk in (entry, days], on day 0 too where entry is 0."""
        grid = np.unique(np.append(days[(event | left) & (days <= day)], day))
        ending = np.flatnonzero(event & (days <= day))
        leaving = np.flatnonzero(left & ~event & (days <= day))
        return cls(
            size=len(grid),
            first=np.where(entry > 0, np.searchsorted(grid, entry, side="right"), 0),
            last=np.searchsorted(grid, days, side="right"),
            ending=ending,
            ending_place=np.searchsorted(grid, days[ending]),
            leaving=leaving,
            leaving_place=np.searchsorted(grid, days[leaving]),
        )

    def survival(self, counts: Floats, deltas: Floats) -> Floats:
        r"""Return the proportion without the event after the last day, one for each delta.

        Parameters
        ----------
        counts : numpy.ndarray of float64
            (rows,), how often each row counts.
        deltas : numpy.ndarray of float64
            0 or more; infinite: the event on leaving.

        Notes
        -----
        Three states: in follow-up, left, event. With n at risk on a day, d events and then l who
        leave, the probability of being in follow-up is multiplied by :math:`(1 - d/n)(1 - l/(n -
        d))`; those who left before remain without the event with :math:`(1 - d/n)^\delta`; those
        who leave on the day join them after it. The sum of both is what is returned: with delta 1
        the estimate of Kaplan and Meier, with an infinite one that with leaving as an event.
        Missing where nobody is at risk on a day before the last while some remain in follow-up.
        """
        size = self.size
        came = np.bincount(self.first, counts, minlength=size + 1)
        gone = np.bincount(self.last, counts, minlength=size + 1)
        at_risk = np.cumsum(came - gone)[:size]
        events = np.bincount(self.ending_place, counts[self.ending], minlength=size)
        leave = np.bincount(self.leaving_place, counts[self.leaving], minlength=size)
        some = at_risk > NOBODY * max(float(at_risk.max(initial=0.0)), 1.0)
        hazard = np.divide(events, at_risk, out=np.zeros(size), where=some)
        stay = np.maximum(at_risk - events, 0.0)
        leaving = np.divide(leave, stay, out=np.zeros(size), where=stay > NOBODY)
        leaving = np.minimum(leaving, 1.0)
        free = np.clip(1 - hazard, 0.0, 1.0)
        inside = np.cumprod(free * (1 - leaving))
        before = np.append(1.0, inside[:-1])
        if (~some & (before > NOBODY)).any():
            return np.full(len(deltas), np.nan)
        arrived = before * free * leaving
        # Those who left on a day remain without the event through each later day.
        with np.errstate(divide="ignore"):
            logs = np.log(free)
        later = np.append(np.cumsum(logs[::-1])[::-1][1:], 0.0)
        powers = np.where(np.isinf(deltas), 0.0, deltas)[:, None]
        with np.errstate(invalid="ignore"):
            remain = np.exp(np.where(powers == 0, 0.0, powers * later))
        outside = np.where(np.isinf(deltas), 0.0, remain @ arrived)
        return np.asarray(inside[-1] + outside)
