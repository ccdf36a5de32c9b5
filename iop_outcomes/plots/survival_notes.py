"""The numbers below survival curves, and the small print that explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.disclosure.policy import HIDDEN_SIGN
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout.names import panels
from iop_outcomes.plots.layout.risk_table import Block, rows_of
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_level

if TYPE_CHECKING:
    import pandas as pd

    from iop_outcomes.survival import SurvivalCurves

    Curves = SurvivalCurves | ProtectedCurves

ROWS = (("at_risk", "at risk"), ("censored", "censored"), ("events", "events"))
MOST_BANDS = 3  # curves whose limits are shaded
UNWEIGHTED = ("rows_at_risk", "rows")
NO_NUMBERS = "Numbers at risk, and with them confidence limits, cannot be shown."
SAID = "numbers at risk and limits are not shown"  # as the rule of some curves ends
Counting = Literal["after", "just_before"]


def risk(curves: Curves, days: list[int], counting: Counting) -> pd.DataFrame:
    """Return the table that is drawn."""
    if not isinstance(curves, ProtectedCurves):
        return curves.risk_table(days, counting)
    if counting != "after":
        raise RuleError(
            "The table of protected curves counts through each day.",
            found=f"counting={as_written(counting)}",
            instead='counting="after"',
        )
    return curves.risk_table(days)


def blocks_of(curves: Curves, table: pd.DataFrame) -> list[Block]:
    """Return the numbers of each group of the table."""
    protected = isinstance(curves, ProtectedCurves) and curves.policy.threshold > 1
    return [
        (name, rows_of(rows, columns_of(table), rows.isna() if protected else None))
        for name, rows in panels(table, curves.by)
    ]


def columns_of(table: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the columns of the risk table that are drawn, with their words."""
    rows = tuple(row for row in ROWS if row[0] in table.columns)
    return (*rows, UNWEIGHTED) if "rows_at_risk" in table.columns else rows


def has_table(curves: Curves) -> bool:
    """Return whether there are numbers at risk to write below the picture."""
    risk = curves.table["at_risk"]
    return not isinstance(curves, ProtectedCurves) or bool(risk[curves.table["day"] > 0].any())


def small_print(curves: Curves, band: bool, counting: Counting) -> str:
    """Say what the bands are and what the table counts."""
    level = format_level(curves.confidence)
    if len(panels(curves.table, curves.by)) <= MOST_BANDS:
        sentences = [f"Bands: {level} confidence limits of each day."]
    else:
        sentences = [
            f"The {level} confidence limits of each day are in the table of the curves: with more "
            f"than {MOST_BANDS} curves their bands would cover one another."
        ]
    if band:
        sentences.append("Dotted outline: simultaneous band (Hall and Wellner).")
    late, weights = False, None
    if not isinstance(curves, ProtectedCurves):
        late, weights = bool((curves.entries["day"] > 0).any()), curves.weights
    if isinstance(curves, ProtectedCurves) and curves.policy.threshold > 1:
        if not has_table(curves):
            return "" if SAID in curves.rule else NO_NUMBERS
        sentences.append("The table: those still followed after each marked day, rounded.")
    elif counting == "just_before":
        sentences.append(
            "At risk: just before each day; censored and events: through it, so that who ends on "
            "the day is counted twice."
        )
    else:
        whole = "all who have entered by then" if late else "the group"
        sentences.append(f"The table counts through each day; its three rows add up to {whole}.")
    if weights:
        sentences.append(
            f"The three are sums of {weights}; rows: how many are at risk, each counted as "
            "one. n and events above count rows."
        )
    return " ".join(sentences)


def notes_of(curves: Curves, print_below: str, dashes: bool) -> str:
    """Return the small print: what the event is, what missing means, what the table counts."""
    lines = [curves.rule, print_below]
    if dashes and has_table(curves):
        sign = HIDDEN_SIGN if isinstance(curves, ProtectedCurves) else "–"
        lines.append(f"{sign}: hidden; not a marked day of this curve, or too few.")
    return "\n".join(line for line in lines if line)
