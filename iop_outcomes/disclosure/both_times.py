"""Shares at two times without their interval: whether the four kinds of people stay unknown.

Of n people so many have something at the start, and so many at the end. How many have it at both,
at one only, or at neither follows from the interval of the difference, and not from the two shares.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Tables = npt.NDArray[np.int64]


def tables_of(paired: int, start: int, end: int) -> Tables:
    """Return all tables of whole numbers with these margins, one a row.

    The columns are both, only at the start, only at the end, neither.

    Examples
    --------
    >>> from iop_outcomes.disclosure.both_times import tables_of
    >>> tables_of(5, 2, 4).tolist()
    [[1, 1, 3, 0], [2, 0, 2, 1]]
    """
    both = np.arange(max(0, start + end - paired), min(start, end) + 1, dtype=np.int64)
    return np.column_stack([both, start - both, end - both, paired - start - end + both])


def shares_may_stand(paired: int, start: int, end: int, threshold: int) -> bool:
    """Return whether the two shares may be shown where their interval is hidden.

    A reader then knows that one of the four kinds is small (1 to one less than the threshold). Of
    all tables of which that is so, each kind must be as large as the threshold in one, so that none
    is known to be small; a kind that is 0 in all of them is known, and is none. It depends on what
    is shown alone, and so tells nothing itself.

    Examples
    --------
    >>> from iop_outcomes.disclosure.both_times import shares_may_stand
    >>> shares_may_stand(100, 60, 62, 11), shares_may_stand(100, 11, 50, 11)
    (True, False)
    """
    margins = np.array([paired, start, paired - start, end, paired - end])
    if ((margins > 0) & (margins < threshold)).any():
        return False
    tables = tables_of(paired, start, end)
    some = tables[((tables > 0) & (tables < threshold)).any(axis=1)]
    if not len(some):
        return False
    most = some.max(axis=0)
    return bool(((most >= threshold) | (most == 0)).all())
