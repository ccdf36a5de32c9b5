"""The table of who is at risk below survival curves, and the small print that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.errors import RuleError
from iop_outcomes.plots import style
from iop_outcomes.show import level_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from iop_outcomes.survival import SurvivalCurves

    Curves = SurvivalCurves | ProtectedCurves

TABLE_TOP = 42.0
ROWS = (("at_risk", "at risk"), ("censored", "censored"), ("events", "events"))
UNWEIGHTED = ("rows_at_risk", "rows")
Counting = Literal["after", "just_before"]


def parts(frame: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[str, pd.DataFrame]]:
    """Return each group's name and its rows."""
    if not by:
        return [("", frame)]
    names = list(by)
    groups = frame.groupby(names, observed=True, sort=False)
    return [(style.group_name(rows[names].iloc[0]), rows) for _, rows in groups]


def risk(curves: Curves, days: list[int], counting: Counting) -> pd.DataFrame:
    """Return the table that is drawn."""
    if not isinstance(curves, ProtectedCurves):
        return curves.risk_table(days, counting)
    if counting != "after":
        raise RuleError(
            "The table of protected curves counts through each day.",
            found=f"counting={counting!r}",
            instead='counting="after"',
        )
    return curves.risk_table(days)


def draw_table(ax: Axes, curves: Curves, table: pd.DataFrame, left: float) -> float:
    """Write the risk table under the x axis; return how many points down it ends."""
    groups = parts(table, curves.by)
    weighted = "rows_at_risk" in table.columns
    down = TABLE_TOP
    for position, (name, rows) in enumerate(groups):
        colour = style.look(position, len(groups)).colour
        if curves.by:
            down += 4 if position else 0
            place = (0.0, 8 - left, down)
            style.write_cell(ax, name, place, ha="left", colour=colour, weight="bold", fixed=True)
            down += style.LINE_HEIGHT
        for column, word in drawn_rows(table):
            place = (0.0, -22, down)
            style.write_cell(ax, word, place, ha="right", colour=style.QUIET, fixed=True)
            decimals = 1 if weighted and column != UNWEIGHTED[0] else 0
            for day, value in zip(rows["day"], rows[column], strict=True):
                text = "–" if pd.isna(value) else f"{value:,.{decimals}f}"
                cell = style.write_cell(ax, text, (float(day), 0, down), ha="center")
                cell.set_gid(f"risk_{position}_{column}_{day}")
            down += style.LINE_HEIGHT
    return down + 8


def drawn_rows(risk: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the columns of the risk table that are drawn, with their words."""
    return (*ROWS, UNWEIGHTED) if "rows_at_risk" in risk.columns else ROWS


def small_print(curves: Curves, band: bool, counting: Counting) -> str:
    """Say what the bands are and what the table counts."""
    told = [f"Bands: {level_words(curves.confidence)} confidence limits of each day."]
    if band:
        told.append("Dotted outline: the band that holds for the whole curve (Hall and Wellner).")
    late, weights = False, None
    if not isinstance(curves, ProtectedCurves):
        late, weights = bool((curves.entries["day"] > 0).any()), curves.weights
    if counting == "just_before":
        told.append(
            "At risk: just before each day; censored and events: through it, so that who ends on "
            "the day is counted twice."
        )
    else:
        whole = "all who have entered by then" if late else "the group"
        told.append(f"The table counts through each day; its three rows add up to {whole}.")
    if weights:
        told.append(
            f"The three are sums of {weights}; rows: how many are at risk, each counted as "
            "one. n and events above count rows."
        )
    return " ".join(told)


def note_lines(curves: Curves, told: str, dashes: bool, width: float) -> list[str]:
    """Return the small print: what the event is, what missing means, what the table counts."""
    lines = [curves.rule, told]
    if dashes:
        lines.append("A dash: too few since the last published day.")
    return style.note_lines("\n".join(line for line in lines if line), width)
