"""The result of a funnel: its table, and what it says in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import pandas as pd

from iop_outcomes.shared.groups import NOTHING_LEFT_OUT, LeftOut
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_count, format_names, format_share
from iop_outcomes.survival.times import label_of
from iop_outcomes.trends.sites.case_mix import CaseMix
from iop_outcomes.trends.sites.funnel import WITHIN, limits_at
from iop_outcomes.trends.sites.words import TERMS, FunnelWords

MOST_NAMED = 6


@dataclass(frozen=True, eq=False, repr=False)
class Funnel(DrawnResult):
    """The value of each unit beside limits that narrow with its size.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a unit, with the columns of :func:`iop_outcomes.funnel`.
    measure, title : str
        What is compared.
    by : tuple of str
        The columns that define the units.
    ratio : bool
        Whether the values are ratios of observed to expected.
    improves : {"up", "down", "neither"}
        Which direction is an improvement.
    target : float
        The value about which the limits are; 1 for ratios.
    given : bool
        Whether the target was given; otherwise it is that of all units together.
    overdispersion : str
        As it was asked for: "auto", "on" or "off".
    design_effect : float
        How many times larger the variance is than that of independent entries; 1 if they are.
    case_mix : CaseMix or None
        The model of what is expected.
    rule : str
        How the numbers were computed.
    people : pandas.DataFrame or None
        Behind each row of the table the number of persons in the ``denominator``, in the
        ``numerator``, and with entries that are not in the numerator (``rest``).
    synthetic : bool
        Whether the people are synthetic.
    left_out : LeftOut
        How many rows without a unit were left out.
    counted : str
        What the denominator counts, in words, as the picture names it.
    together : str
        Whose value the line in the middle is, in words, where no target was given.
    not_shown : str
        A sentence that names the units that are not in the table; empty if there are none.
    written : str
        The value of the line in the middle as it is written, where it has fewer digits than others.
    words : FunnelWords
        How it is put in words.
    """

    table: pd.DataFrame
    measure: str
    title: str
    by: tuple[str, ...]
    ratio: bool
    improves: str
    target: float
    given: bool
    overdispersion: str
    design_effect: float
    case_mix: CaseMix | None
    rule: str
    people: pd.DataFrame | None = None
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT
    counted: str = "number counted"
    together: str = "all units together"
    not_shown: str = ""
    written: str = ""
    words: FunnelWords = TERMS

    @property
    def calibration(self) -> pd.DataFrame:
        """Observed and expected by groups of expected rate; without a model it has no rows."""
        if self.case_mix is None:
            return pd.DataFrame(columns=["group", "observed_rate", "expected_rate"])
        return self.case_mix.calibration

    @property
    def text(self) -> str:
        """How many units there are, which of them are beyond a limit, and what the limits rest on.

        Units are named in the order of the table.
        """
        known = self.table[self.table["value"].notna()]
        line = f"the line in the middle is {self.middle} ({self.together})"
        if self.ratio:
            line = "observed over expected 1"
        elif self.given:
            line = f"target {self.middle}"
        units = format_count(len(known), self.words.unit)
        text = f"{self.title} by {', '.join(self.by)}: {units}, {line}."
        for position in [place for place in _ordered(known) if place != WITHIN]:
            names = [
                f"{label_of(row[list(self.by)])} ({self.amount(row['value'])})"
                for _, row in known[known["position"] == position].iterrows()
            ]
            text += f" {position[0].upper()}{position[1:]}: {format_names(names, MOST_NAMED)}."
        inside = int((known["position"] == WITHIN).sum())
        if inside:
            text += f" Within limits: {inside} of {len(known)}, {self.words.alike}."
        text = f"{text} {self.spread_text}".strip()
        if len(known) < len(self.table):
            missing = format_count(len(self.table) - len(known), self.words.unit)
            text += f" Without a value that is known and shown: {missing}."
        return self.left_out.after(f"{text} {self.not_shown}".strip())

    @property
    def middle(self) -> str:
        """The value of the line in the middle, as it is written."""
        return self.written or self.amount(self.target)

    def pooled(self, value: float) -> str:
        """Return a partly pooled value as it is written: with no more digits than the line."""
        return f"{value:.0%}" if self.is_rounded else self.amount(value)

    @property
    def is_rounded(self) -> bool:
        """Whether the value of the line in the middle is written in whole percent only."""
        return bool(self.written) and "." not in self.written

    @property
    def spread_text(self) -> str:
        """Whether units vary more than by chance, and whether the limits allow for it."""
        number = int(self.table["value"].notna().sum())
        if self.table["overdispersion"].isna().all():
            return self.words.alone if number < 2 else ""
        ratio, adjusted = self.table[["overdispersion", "adjusted"]].iloc[0]
        return self.words.spread(
            float(ratio), adjusted=bool(adjusted), number=number, asked=self.overdispersion
        )

    def curves(self, sizes: npt.ArrayLike) -> pd.DataFrame:
        """Return the limits of units of these sizes; see `iop_outcomes.trends.sites.limits_at`."""
        adjusted = bool(self.table["adjusted"].iloc[0])
        between = float(self.table["between"].iloc[0]) if adjusted else 0.0
        return limits_at(sizes, self.target, proportion=not self.ratio, between=between)

    def amount(self, value: float) -> str:
        """Return a value as it is written."""
        return f"{value:.2f}" if self.ratio else format_share(value)

    @property
    def _summary(self) -> str:
        return f"{self.measure}, {format_count(len(self.table), 'unit')} by {', '.join(self.by)}"

    @property
    def _caption(self) -> str:
        return f"{self.text} {self.rule}"


def _ordered(table: pd.DataFrame) -> list[Any]:
    """Return the positions that occur, in the order in which they first occur in the table."""
    return list(dict.fromkeys(table["position"]))
