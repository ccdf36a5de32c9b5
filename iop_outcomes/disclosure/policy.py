"""The rule for which counts may be released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written

HIDDEN = "hidden"
"""The symbol of every hidden cell, whether it is small itself or protects another cell."""

HIDDEN_SIGN = "×"
"""The same among the numbers of a picture, which have no room for a word; a dash is not known."""


LIMIT_DECIMALS = 3
MANY = 1_000  # from this number on a share has one digit more


def with_printed_digits(table: pd.DataFrame, others: Sequence[str] = ()) -> pd.DataFrame:
    """Return a table whose confidence limits have no more digits than are printed.

    Those of sessions and of scores rest on Student's t with the number of people less 1: from all
    digits the people can be counted, of whom some came to no session, or are in two rows.

    Parameters
    ----------
    table : pandas.DataFrame
        Its confidence limits are the columns with ``lower`` or ``upper`` in their name; those of a
        control chart (``lower_limit``) are made from what is shown and stay as they are.
    others : sequence of str
        Further columns, as far as they are there.
    """
    limits = [
        name
        for name in table
        if {"lower", "upper"} & {*str(name).split("_")} and not str(name).endswith("_limit")
    ]
    rounded = [one for one in [*limits, *others] if one in table]
    return table.assign(**{str(one): table[one].round(LIMIT_DECIMALS) for one in rounded})


def round_share(numerator: float, denominator: float, decimals: int) -> float:
    """Return a rounded share: 0 only if the numerator is 0, 1 only if it equals the denominator.

    Examples
    --------
    >>> round_share(48, 67, 2), round_share(1, 1000, 2), round_share(0, 5, 2)
    (0.72, 0.01, 0.0)
    """
    if denominator == 0:
        return float("nan")
    if numerator in (0, denominator):
        return numerator / denominator
    step = 10.0**-decimals
    return round(min(max(round(numerator / denominator, decimals), step), 1 - step), decimals)


@dataclass(frozen=True)
class SafePolicy:
    """The smallest count of people, or of their events, that may be shown.

    Counts from 1 to ``threshold - 1`` are hidden; zero is shown. So is a larger count of sessions
    or episodes that comes from so few people. Numbers from which a hidden count could be calculated
    are hidden, too: its percentage, its complement, and a total from which it could be subtracted.

    Parameters
    ----------
    threshold : int, default 11
        The smallest count that is shown. With 1 nothing is hidden, and every figure states this.
    base : int, default 1
        With more than 1, no count is hidden, and each is rounded to the nearest multiple of it; see
        `rounded`.

    Raises
    ------
    RuleError
        If ``threshold`` is not a whole number of 1 or more.

    Notes
    -----
    *What it protects against.* A reader of one report (or of one result of `protect`) who knows
    only what is printed and the definitions of the terms, and who adds and subtracts. No count from
    1 to ``threshold - 1`` can be calculated, or shown to be in this range, from counts, their sums,
    nested groups and rounded shares, taken together. In a quarterly report all tables, sentences
    and pictures are one system; `protect` and `hide_small_counts` take into account one result
    only.

    *What it does not protect against.* Readers who know some of the people, or how the hidden cells
    were chosen; subtraction of two reports, such as those of two quarters, of two exports, or with
    other options; inference that is likely rather than certain; the information that all or none of
    a group did something, which is shown; and information in the shape of a survival curve beyond
    its counts.

    The default is the cell size suppression policy of the Centers for Medicare & Medicaid Services:
    no cell from 1 to 10 may be shown or be calculable. It is binding for users of their data; for a
    program's own records it is a convention. 42 CFR Part 2 and 45 CFR 164.514 govern what may be
    released: this class assists and does not certify anything.

    Examples
    --------
    >>> SafePolicy().hides([0, 1, 10, 11])
    array([False,  True,  True, False])
    """

    threshold: int = 11
    base: int = 1

    def __post_init__(self) -> None:
        """Refuse a threshold that is not a whole number of 1 or more, and a base that is unsafe."""
        if not is_whole(self.threshold, 1):
            raise RuleError(
                "The threshold of a SafePolicy is the smallest count that may be shown.",
                found=as_written(self.threshold),
                instead="a whole number of 1 or more: SafePolicy(threshold=11)",
            )
        if not is_whole(self.base, 1) or (self.base > 1 and self.base < self.threshold - 1):
            raise RuleError(
                "Counts rounded to so small a base would show that some are small.",
                found=f"base={as_written(self.base)}",
                instead=f"SafePolicy.rounded(base={max(self.threshold - 1, 2)}) or more",
            )

    @classmethod
    def cms(cls) -> SafePolicy:
        """Return the policy of the Centers for Medicare & Medicaid Services: 1 to 10 hidden."""
        return cls(threshold=11)

    @classmethod
    def rounded(cls, base: int = 10) -> SafePolicy:
        """Return the policy that rounds each count to a multiple of `base` and hides none.

        For what must be issued again: two rounded figures disclose of their difference only that it
        is at least 1 and less than twice the base. With a base of 5 that would be 1 to 9; with 10
        it may be 11 and more. Both must be rounded: 44 printed exactly and then 50 is 1 to 10 more,
        which is why a ledger keeps a figure as it was first printed. Rates are made from the
        rounded counts, where the denominator is ten times the base or more, and have no interval.
        It is for trends and for frames of counts: `protect` refuses other results, and a quarterly
        report of rounded counts is not made.

        Examples
        --------
        >>> SafePolicy.rounded().rounds([0, 4, 5, 14, 15])
        array([ 0.,  0., 10., 10., 20.])
        """
        return cls(threshold=11, base=base)

    @classmethod
    def internal(cls) -> SafePolicy:
        """Return the policy that hides nothing, for the program's own eyes.

        Every page of a report and every sheet of a workbook says that it must not be sent.
        """
        return cls(threshold=1)

    @classmethod
    def unprotected(cls) -> SafePolicy:
        """Return the policy that hides nothing, for use inside the program."""
        return cls(threshold=1)

    def rounds(self, counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return counts rounded to the nearest multiple of the base, halves up."""
        values = np.asarray(counts, dtype=np.float64)
        return np.floor(values / self.base + 0.5) * self.base

    @property
    def least_rounded(self) -> int:
        """The least rounded denominator of a rate: rounding moves it by ten points at most."""
        return 10 * self.base

    @property
    def mark(self) -> str:
        """What is on every page of what must not be sent; empty for what may."""
        return "Internal: contains small numbers, do not send." if self.threshold == 1 else ""

    @property
    def text(self) -> str:
        """The rule in words, as printed with protected results."""
        if self.base > 1:
            return (
                f"Each count is rounded to the nearest {self.base}; 0 is a count of less than "
                f"{self.base / 2:g}. Rates are made from the rounded counts, where the denominator "
                f"is {self.least_rounded} or more."
            )
        if self.threshold == 1:
            return "Small counts are not hidden: this is not for release outside the program."
        return f"{self._hidden_text} Zero is shown."

    @property
    def page_text(self) -> str:
        """The rule as printed on the first page of a report, which may be beside earlier ones."""
        if self.threshold == 1 or self.base > 1:
            return self.text
        return (
            f"{self._hidden_text} Zero is shown, unless a hidden count would follow from it: then "
            "its whole column is hidden, as it may be beside earlier reports."
        )

    @property
    def _hidden_text(self) -> str:
        return (
            f"Counts from 1 to {self.threshold - 1} are hidden, and so are the percentages, "
            "complements, totals and larger counts from which they could be calculated."
        )

    @property
    def report_text(self) -> str:
        """The rule as printed in a report: what it protects against, and what it does not."""
        if self.threshold == 1:
            return self.text
        return (
            f"{self.page_text} A count is also hidden if it comes from few people. All counts of "
            "this report are taken together: from what is printed here no hidden count from 1 to "
            f"{self.threshold - 1} can be calculated by adding, subtracting or converting shares "
            "into counts. This does not protect against a reader who knows some of the people, who "
            "subtracts another report from this one, or who guesses; and where all or none of a "
            "group did something, that is shown. This assists with disclosure control; it does "
            "not certify that the file may be released."
        )

    @property
    def note(self) -> str:
        """The rule in a few words, for the note of one figure."""
        if self.base > 1:
            return f"Counts are rounded to the nearest {self.base}."
        if self.threshold == 1:
            return "Small counts are not hidden: not for release."
        return f"Counts from 1 to {self.threshold - 1} are hidden."

    def hides(self, counts: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which of `counts` may not be shown; a missing count is not hidden."""
        values = np.asarray(counts, dtype=np.float64)
        return (values > 0) & (values < self.threshold)

    def hides_fraction(
        self, numerator: npt.ArrayLike, denominator: npt.ArrayLike
    ) -> npt.NDArray[np.bool_]:
        """Return where a share would show a small numerator, complement or denominator."""
        top = np.asarray(numerator, dtype=np.float64)
        bottom = np.asarray(denominator, dtype=np.float64)
        return self.hides(top) | self.hides(bottom) | self.hides(bottom - top)

    def share_decimals(self, denominator: float) -> int:
        """Return the decimals of a share whose counts are not printed: 2, or 3 from 1,000 on.

        An exact fraction identifies its counts: 0.716418 is 48 of 67 and nothing else below 100,
        and so is 71.6%. Whole percents are consistent with several denominators, and from 1,000 on
        so are tenths of a percent. `LinkedCounts.share` tests whether this is enough given all
        other printed numbers.
        """
        return 2 if denominator < MANY and self.threshold > 1 else 3

    def shows_quantile(self, people: int, quantile: float = 0.5) -> bool:
        """Return whether at least ``threshold`` people are on each side of a quantile."""
        return people * min(quantile, 1.0 - quantile) >= self.threshold or self.threshold == 1
