"""The rule that says which counts may leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from iop_outcomes.errors import RuleError

HIDDEN = "hidden"
"""The one symbol of every hidden cell, whether it is small itself or protects another."""


@dataclass(frozen=True)
class SafePolicy:
    """The smallest count of people, or of their events, that may be shown.

    Counts from 1 to ``threshold - 1`` are hidden; zero is shown. With a count goes what would give
    it back: its percentage, its complement, and a total from which it could be subtracted.

    Parameters
    ----------
    threshold : int, default 11
        The smallest count that is shown. 1 hides nothing, and every figure then says so.

    Raises
    ------
    RuleError
        ``threshold`` is not a whole number of 1 or more.

    Notes
    -----
    The default is the cell size suppression policy of the Centers for Medicare & Medicaid Services:
    no cell from 1 to 10 may be shown or worked out. It binds the users of their data; for a
    program's own records it is a convention. 42 CFR Part 2 and 45 CFR 164.514 govern what may be
    released: this class helps, and certifies nothing.

    Examples
    --------
    >>> SafePolicy().hides([0, 1, 10, 11])
    array([False,  True,  True, False])
    """

    threshold: int = 11

    def __post_init__(self) -> None:
        """Refuse a threshold that is no whole number of 1 or more."""
        whole = isinstance(self.threshold, int | np.integer) and not isinstance(
            self.threshold, bool
        )
        if not whole or self.threshold < 1:
            raise RuleError(
                "The threshold of a SafePolicy is the smallest count that may be shown.",
                found=repr(self.threshold),
                instead="a whole number of 1 or more: SafePolicy(threshold=11)",
            )

    @classmethod
    def cms(cls) -> SafePolicy:
        """Return the policy of the Centers for Medicare & Medicaid Services: 1 to 10 hidden."""
        return cls(threshold=11)

    @classmethod
    def unprotected(cls) -> SafePolicy:
        """Return the policy that hides nothing, for work inside the program."""
        return cls(threshold=1)

    @property
    def text(self) -> str:
        """The rule in words, as it is printed with what it protected."""
        if self.threshold == 1:
            return "Small counts are not hidden: this is not for release outside the program."
        return (
            f"Counts from 1 to {self.threshold - 1} are hidden, and so are the percentages, "
            "complements and totals from which they could be worked out. Zero is shown."
        )

    @property
    def note(self) -> str:
        """The rule in a few words, for the small print of one figure."""
        if self.threshold == 1:
            return "Small counts are not hidden: not for release."
        return f"Counts from 1 to {self.threshold - 1} are hidden."

    def hides(self, counts: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which of `counts` may not be shown; a missing count has nothing to hide."""
        values = np.asarray(counts, dtype=np.float64)
        return (values > 0) & (values < self.threshold)

    def hides_fraction(
        self, numerator: npt.ArrayLike, denominator: npt.ArrayLike
    ) -> npt.NDArray[np.bool_]:
        """Return where a share would show a small numerator, complement or denominator."""
        top = np.asarray(numerator, dtype=np.float64)
        bottom = np.asarray(denominator, dtype=np.float64)
        return self.hides(top) | self.hides(bottom) | self.hides(bottom - top)

    def shows_quantile(self, people: int, quantile: float = 0.5) -> bool:
        """Return whether at least ``threshold`` people lie on either side of a quantile."""
        return people * min(quantile, 1.0 - quantile) >= self.threshold or self.threshold == 1
