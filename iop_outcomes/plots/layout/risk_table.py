"""The table of who is at risk below survival curves, and the small print that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.names import fitted, panels
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import level_words

if TYPE_CHECKING:
    from iop_outcomes.plots.layout.sheet import Sheet
    from iop_outcomes.survival import SurvivalCurves

    Curves = SurvivalCurves | ProtectedCurves

LEFT, LEFT_ALONE = 92.0, 66.0  # beside the axes, with the table's words and without
TABLE_TOP = 42.0
ROWS = (("at_risk", "at risk"), ("censored", "censored"), ("events", "events"))
UNWEIGHTED = ("rows_at_risk", "rows")
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


def table_height(table: pd.DataFrame, by: tuple[str, ...]) -> float:
    """Return how many points the risk table takes, with some space after it."""
    groups = len(panels(table, by))
    return groups * (len(drawn_rows(table)) + bool(by)) * style.LINE_HEIGHT + groups * 4 + 10


def draw_table(sheet: Sheet, curves: Curves, table: pd.DataFrame) -> None:
    """Write the risk table under the x axis."""
    groups = panels(table, curves.by)
    names = fitted([name for name, _ in groups], sheet.outer_width - 16, style.CELL_SIZE, True)
    counts = table[[column for column, _ in ROWS]].to_numpy(dtype=float, na_value=np.nan)
    decimals = int(bool((counts[np.isfinite(counts)] % 1 != 0).any()))  # sums of weights
    down, ax = TABLE_TOP, sheet.ax
    for position, (_, rows) in enumerate(groups):
        colour = style.look(position, len(groups)).colour
        if curves.by:
            down += 4 if position else 0
            place, name = (0.0, 8 - LEFT, down), names[position]
            style.write_cell(ax, name, place, ha="left", colour=colour, weight="bold", fixed=True)
            down += style.LINE_HEIGHT
        for column, word in drawn_rows(table):
            place = (0.0, -22, down)
            style.write_cell(ax, word, place, ha="right", colour=style.QUIET, fixed=True)
            places = 0 if column == UNWEIGHTED[0] else decimals
            for day, value in zip(rows["day"], rows[column], strict=True):
                text = "–" if pd.isna(value) else f"{value:,.{places}f}"
                cell = style.write_cell(ax, text, (float(day), 0, down), ha="center")
                cell.set_gid(f"risk_{position}_{column}_{day}")
            down += style.LINE_HEIGHT


def drawn_rows(risk: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the columns of the risk table that are drawn, with their words."""
    return (*ROWS, UNWEIGHTED) if "rows_at_risk" in risk.columns else ROWS


def small_print(curves: Curves, band: bool, counting: Counting) -> str:
    """Say what the bands are and what the table counts."""
    sentences = [f"Bands: {level_words(curves.confidence)} confidence limits of each day."]
    if band:
        sentences.append(
            "Dotted outline: the band that holds for the whole curve (Hall and Wellner)."
        )
    late, weights = False, None
    if not isinstance(curves, ProtectedCurves):
        late, weights = bool((curves.entries["day"] > 0).any()), curves.weights
    if counting == "just_before":
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
    if dashes:
        lines.append("A dash: too few since the last published day.")
    return "\n".join(line for line in lines if line)
