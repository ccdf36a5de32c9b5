"""Whole numbers that fit what is printed, of which many counts at once are as large as asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from iop_outcomes.disclosure.solutions.connected import Mask
from iop_outcomes.disclosure.solutions.ranges import Ranges, System
from iop_outcomes.disclosure.solutions.solver import Numbers, Program, optimum
from iop_outcomes.disclosure.solutions.solving import WHOLE, exact, whole_near

MANY = 8  # counts, from which on one search is made for all of them
ENOUGH = 0.2  # of the counts that are asked, from which on one more search takes less time
MOST_TIMES = 8  # that the counts are weighted in one search
PER_PERSON = 0.01  # what a person more or less costs where one more large count is worth 1
NEARLY = 0.05  # a count that is as large as asked weighs at most 21 times one of 0


class SearchOfMany:
    """Searches for whole numbers that fit a system, of which many of some counts are large.

    For each of these counts there is a number from 0 to 1 that is at most the count divided by its
    `least`, and the weighted sum of these numbers is made large. Each search starts at the
    fractions of the one before.

    Parameters
    ----------
    system : System
        The sums and shares.
    ranges : tuple of numpy.ndarray
        The lower and upper bounds of its counts.
    columns, least : sequence of int
        The columns of all counts that will be asked for, and how large each should be.
    """

    def __init__(
        self, system: System, ranges: Ranges, columns: Sequence[int], least: Sequence[int]
    ) -> None:
        """Set up the linear program."""
        from scipy.sparse import block_array, csc_array

        self._system, self._ranges = system, ranges
        self._columns = np.array(columns, dtype=np.intp)
        self._least = np.array(least, dtype=np.float64)
        size, extra = len(system.places), len(columns)
        matrix, lower, upper = system.sums
        every = np.arange(extra)
        reached = csc_array((np.ones(extra), (every, self._columns)), shape=(extra, size))
        parts = csc_array((-self._least, (every, every)), shape=(extra, extra))
        sums = (
            block_array([[matrix, None], [reached, parts]], format="csc"),
            np.concatenate([lower, np.zeros(extra)]),
            np.concatenate([upper, np.full(extra, np.inf)]),
        )
        low = np.concatenate([ranges[0], np.zeros(extra)])
        high = np.concatenate([ranges[1], np.ones(extra)])
        self._program = Program((low, high), sums)

    def next_fit(self, columns: Sequence[int]) -> list[int] | None:
        """Return whole numbers that fit, of which many of these counts are large; or None."""
        wanted = np.isin(self._columns, columns)
        numbers = self._whole(self._fractions(wanted), wanted)
        if numbers is None:
            numbers = self._whole(self._near_known(wanted), wanted)
        return None if numbers is None else exact(self._system, numbers)

    def _whole(self, fractions: Numbers | None, wanted: Mask) -> Numbers | None:
        """Return whole numbers near fractions, where possible with the same counts large."""
        if fractions is None:
            return None
        own = self._columns[wanted]
        large = fractions[own] >= self._least[wanted] - WHOLE
        low, high = self._ranges[0].copy(), self._ranges[1]
        low[own[large]] = self._least[wanted][large]
        sums = self._system.sums
        numbers = whole_near(fractions, (low, high), sums)
        if numbers is None:  # not all that are large as fractions are as whole numbers
            numbers = whole_near(fractions, self._ranges, sums)
        return numbers

    def _fractions(self, wanted: Mask) -> Numbers | None:
        """Return fractions that fit, of which many of the wanted counts are large; or None.

        The sum of the numbers from 0 to 1 is as large if many counts are raised by half as if half
        of them are raised at all. So those that are nearer to 1 weigh more the next time, as in
        reweighted l1 minimisation [1]_, until no more counts are large.

        References
        ----------
        .. [1] Candès EJ, Wakin MB, Boyd SP. Enhancing sparsity by reweighted l1 minimization.
           Journal of Fourier Analysis and Applications 2008; 14: 877-905.
        """
        size = len(self._system.places)
        weights, most, fractions = wanted.astype(np.float64), -1, None
        for _ in range(MOST_TIMES):
            best = self._program.optimum(np.concatenate([np.zeros(size), -weights]))
            if best is None:
                break
            reached = best.numbers[size:]
            large = int((reached[wanted] >= 1 - WHOLE).sum())
            if large <= most:
                break
            most, fractions = large, best.numbers[:size]
            weights = np.where(wanted, 1 / (1 + NEARLY - reached), 0.0)
        return fractions

    def _near_known(self, wanted: Mask) -> Numbers | None:
        """Return fractions near the known whole numbers, with fewer large counts; or None.

        What need not change costs something, so that most of it stays a whole number: where many
        counts are connected, no whole numbers may be found near the fractions of many more large
        ones.
        """
        from scipy.sparse import block_array, csc_array

        size, extra = len(self._system.places), int(wanted.sum())
        known = np.array(self._system.values, dtype=np.float64)
        own, least = self._columns[wanted], self._least[wanted]
        matrix, lower, upper = self._system.sums
        every = np.arange(extra)
        chosen = csc_array((np.ones(extra), (every, own)), shape=(extra, size))
        parts = csc_array((-least, (every, every)), shape=(extra, extra))
        total = matrix @ known
        sums = (
            block_array([[matrix, -matrix, None], [chosen, -chosen, parts]], format="csc"),
            np.concatenate([lower - total, -known[own]]),
            np.concatenate([upper - total, np.full(extra, np.inf)]),
        )
        low, high = self._ranges
        most = np.concatenate([high - known, known - low, np.ones(extra)])
        costs = np.concatenate([np.full(2 * size, PER_PERSON), np.full(extra, -1.0)])
        best = optimum(costs, (np.zeros(len(most)), most), sums)
        if best is None:
            return None
        more, less = best.numbers[: 2 * size].reshape(2, -1)
        numbers: Numbers = known + more - less
        return numbers
