"""Functioning: who kept, gained, lost or never had each part of life, as stacked bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores import Functioning
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, label_room, panels
from iop_outcomes.plots.layout.sheet import Plan, Planner, finish, open_sheet, stack
from iop_outcomes.plots.layout.stacked_bars import (
    ABOVE,
    Bar,
    Part,
    draw_bars,
    legend_height,
    write_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, WIDTH, RIGHT, AXIS, TITLE_SIZE = 24.0, 640.0, 96.0, 34.0, 10.0
LEAST_LEFT, WIDEST_LEFT, LEAST_ROW = 90.0, 230.0, 12.0
MOST_ROWS = 60
PARTS = (
    Part("kept", "had it both times", "#0072b2", "", "#ffffff"),
    Part("gained", "gained it", "#8fd0b5", "//", "#00543d"),
    Part("lost", "lost it", "#d55e00", "xx", "#ffffff"),
    Part("never", "had it neither time", "#ececec", "", "#6b6b6b"),
)


def plot_functioning(life: Functioning, ax: Axes | Figure | None = None) -> Axes:
    """Draw who kept, gained, lost or never had each part of life, from admission on.

    A bar is of the people who answered both times, with their number and that of all of whom an
    answer was due beside it. Each group has its own panel. What is not known has no bar, and the
    small print says why.

    Parameters
    ----------
    life : Functioning
        What `iop_outcomes.functioning` or `iop_outcomes.protect` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; several groups share its room. A figure is given the size it needs.
        Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; with several groups its ``child_axes`` are the panels.

    Raises
    ------
    RuleError
        If there would be more than 60 bars.
    """
    check_result(life, "plot_functioning", Functioning)
    shown = _shown(life)
    parts = panels(shown, life.by)
    if len(shown) > MOST_ROWS:
        raise RuleError(
            f"One picture holds at most {MOST_ROWS} bars.",
            found=f"{len(shown)}",
            instead="fewer domains, functioning(records, domains=[...]), or fewer groups",
        )
    labels = [_label(life, row) for _, row in shown.iterrows()]
    target = figure_or(ax)
    with style.drawing():
        lines = [len(rows) for _, rows in parts]
        sheet = open_sheet(target, WIDTH, _planner(life, labels, lines), life)
        short = iter(fitted(labels, sheet.plan.left - 14, style.CELL_SIZE))
        places = stack(sheet, len(parts), ABOVE + AXIS)
        for place, (name, rows) in zip(places, parts, strict=True):
            bars = [_bar(row, next(short)) for _, row in rows.iterrows()]
            draw_bars(place, bars, PARTS, max(lines), sheet)
            title = fitted([name], label_room(sheet.width, life) + HANDLE_ROOM, TITLE_SIZE, True)[0]
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=4)
        write_legend(places[0], sheet, PARTS)
        finish(sheet, life, f"Stacked bars. {life.text}")
    return sheet.ax


def _shown(life: Functioning) -> pd.DataFrame:
    """Return the rows that have a bar, or one that may not be shown."""
    table = life.table
    hidden = table["hidden"] if "hidden" in table else pd.Series(False, index=table.index)
    kept = table[table["share_end"].notna() | hidden.astype(bool)]
    if kept.empty:
        raise RuleError(
            "There is nothing to plot: no domain of functioning is known.",
            found=f"{len(table)} rows, each with the reason in not_known",
            instead="functioning(records).table shows why",
        )
    return kept


def _label(life: Functioning, row: pd.Series[float]) -> str:
    return f"{drawn_name(life.titles[str(row['domain'])])}, {row['moment']}"


def _planner(life: Functioning, labels: list[str], lines: list[int]) -> Planner:
    widest = 18 + max(fonts.width_of(label, style.CELL_SIZE) for label in labels)
    gaps = (len(lines) - 1) * (ABOVE + AXIS)
    rows = max(lines) * len(lines)

    def plan(width: float, whole: bool) -> Plan:
        left = max(min(widest, WIDEST_LEFT, width - 300), LEAST_LEFT)
        return Plan(
            *(left, RIGHT if whole else 14.0, ABOVE + legend_height(PARTS, width), AXIS, 0.0),
            height=rows * ROW + gaps,
            notes=_note(life),
            least=(120.0, rows * LEAST_ROW + gaps),
            wish=min(widest, WIDEST_LEFT) + 300,
        )

    return plan


def _note(life: Functioning) -> str:
    rows = life.table[life.table["share_end"].isna() & (life.table["not_known"] != "")]
    reasons = dict.fromkeys(
        f"{life.titles[str(domain)]}: {reason}"
        for domain, reason in zip(rows["domain"], rows["not_known"], strict=True)
    )
    unknown = f"\nNot known: {'; '.join(reasons)}." if reasons else ""
    return (
        f"{life.rule}\nAt the right: those with both answers, of those of whom the second was "
        f"due.{unknown}"
    )


def _bar(row: pd.Series[float], label: str) -> Bar:
    if pd.isna(row["share_end"]):
        return Bar(label, None, instead="too few people to show")
    of = "" if pd.isna(row["episodes"]) else f" of {row['episodes']:,.0f}"
    counts = tuple(float(row[part.name]) for part in PARTS)
    return Bar(label, counts, float(row["paired"]), f"{row['paired']:,.0f}{of}")
