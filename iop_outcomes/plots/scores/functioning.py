"""Functioning: who kept, gained, lost or never had each part of life, as stacked bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores import Functioning
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import HANDLE_ROOM, drawn_name, fitted, label_room, panels
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet, stack

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, WIDTH, RIGHT, AXIS, TITLE_SIZE = 24.0, 640.0, 96.0, 34.0, 10.0
ABOVE, LEGEND, BAR = 20.0, 22.0, 0.68
LEAST_LEFT, WIDEST_LEFT, LEAST_ROW = 90.0, 230.0, 12.0
MOST_ROWS = 60
# Colour, hatch and the colour of the hatch: they differ in grey, and each hatch stands once.
FACES = {
    "kept": ("#0072b2", "", "#ffffff"),
    "gained": ("#8fd0b5", "//", "#00543d"),
    "lost": ("#d55e00", "xx", "#ffffff"),
    "never": ("#ececec", "", "#6b6b6b"),
}
WORDS = {
    "kept": "had it both times",
    "gained": "gained it",
    "lost": "lost it",
    "never": "had it neither time",
}


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
            _draw_panel(place, rows, [next(short) for _ in range(len(rows))], max(lines), sheet)
            title = fitted([name], label_room(sheet.width, life) + HANDLE_ROOM, TITLE_SIZE, True)[0]
            place.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=4)
        _legend(places[0], sheet)
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
            *(left, RIGHT if whole else 14.0, ABOVE + LEGEND * 4 / _columns(width), AXIS, 0.0),
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


def _draw_panel(ax: Axes, rows: pd.DataFrame, labels: list[str], most: int, sheet: Sheet) -> None:
    ax.set_xlim(0, 1)
    ax.set_ylim(most - 0.5, -0.5)
    ax.set_yticks([])
    ax.grid(False)
    for side in ("left", "bottom", "right", "top"):
        ax.spines[side].set_visible(False)
    width = style.size_of(ax)[0]
    for place, (_, row) in enumerate(rows.iterrows()):
        _write(ax, labels[place], (0.0, 8 - sheet.plan.left, place), "left")
        if pd.isna(row["share_end"]):
            _write(ax, "too few people to show", (0.0, 6.0, place), "left", style.QUIET)
            continue
        _draw_bar(ax, row, place, width)
        if sheet.whole:
            of = "" if pd.isna(row["episodes"]) else f" of {row['episodes']:,.0f}"
            _write(ax, f"{row['paired']:,.0f}{of}", (1.0, 8.0, place), "left")
    from matplotlib.ticker import PercentFormatter

    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _draw_bar(ax: Axes, row: pd.Series[float], place: int, width: float) -> None:
    start = 0.0
    for name, (colour, hatch, ink) in FACES.items():
        count = float(row[name])
        share = count / float(row["paired"])
        if count == 0:
            continue
        (bar,) = ax.barh(
            place,
            share,
            BAR,
            left=start,
            facecolor=colour,
            edgecolor=ink,
            hatch=hatch,
            linewidth=0,
        )
        bar.set_gid(f"bar_{place}_{name}")
        ax.barh(place, share, BAR, left=start, fill=False, edgecolor="white", linewidth=0.9)
        text = f"{count:,.0f}"
        if fonts.width_of(text, style.CELL_SIZE) + 8 < share * width:
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "linewidth": 0}
            ax.text(
                start + share / 2,
                place,
                text,
                ha="center",
                va="center",
                fontsize=style.CELL_SIZE,
                color=style.INK,
                bbox=box,
                gid=f"count_{place}_{name}",
            )
        start += share


def _write(
    ax: Axes, text: str, place: tuple[float, float, float], ha: str, colour: str = style.INK
) -> None:
    """Write on a line: (fraction of the axis, points to its right, line)."""
    fraction, right, line = place
    ax.annotate(
        text,
        xy=(fraction, line),
        xycoords=("axes fraction", "data"),
        xytext=(right, 0),
        textcoords="offset points",
        ha=ha,
        va="center",
        fontsize=style.CELL_SIZE,
        color=colour,
        annotation_clip=False,
        gid=f"cell_{line:g}_{right:.0f}",
    )


def _legend(ax: Axes, sheet: Sheet) -> None:
    """Write the legend over the whole width, on two lines where one is too short."""
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=colour, edgecolor=ink, hatch=hatch, linewidth=0)
        for colour, hatch, ink in FACES.values()
    ]
    width = style.size_of(ax)[0]
    style.legend(
        ax,
        handles=handles,
        labels=[WORDS[name] for name in FACES],
        bbox_to_anchor=((8 - sheet.plan.left) / width, 1.0 + ABOVE / style.size_of(ax)[1]),
        ncol=_columns(sheet.outer_width),
        handlelength=1.6,
        columnspacing=1.2,
    )


def _columns(width: float) -> int:
    size = float(style.SETTINGS["legend.fontsize"])
    needed = sum(fonts.width_of(words, size) + 42 for words in WORDS.values())
    return 4 if needed + 10 < width else 2
