"""Hazard ratios with their limits, one a row, beside the table of the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iop_outcomes.compare.regression.result import Regression, ratio_words
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted, panels
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet
from iop_outcomes.shared.text import format_level, format_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 20.0
AXIS = 250.0
RATIO, LIMITS, P_VALUE, RIGHT = 44.0, 120.0, 186.0, 200.0
RIGHT_ALONE = 104.0  # beside the axis without the table, for the words below it
LEAST_LEFT, WIDEST_LEFT, LEAST_AXIS, LEAST_ROW = 90.0, 300.0, 120.0, 11.0
TICK_ROOM = 20.0
HEAD, HEAD_LIFT, SIDES, AXIS_LABELS = 34.0, 8.0, 20.0, 62.0
MOST_ROWS = 60
REACH = 100.0
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
BETWEEN = (0.3, 0.7, 1.5, 3)  # where there is room


def plot_regression(result: Regression, ax: Axes | Figure | None = None) -> Axes:
    """Draw the ratio of each term with its limits, and write the numbers beside it.

    Parameters
    ----------
    result : Regression
        What `iop_outcomes.cox`, `iop_outcomes.cause_specific_cox` or
        `iop_outcomes.fine_gray` returned; of several causes each has its rows under its name.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room at the left for the terms and at the right for the table. A
        figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. The ratios lie on a
        log axis from 0.01 to 100 at the widest; a limit beyond it ends in an arrow.

    Raises
    ------
    RuleError
        If there are more than 60 terms.
    """
    check_result(result, "plot_regression", Regression)
    lines = _lines(result)
    names = [name for name, _ in lines]
    widest = 24 + max(fonts.width_of(name, style.CELL_SIZE) for name in names)
    natural = min(max(widest, LEAST_LEFT), WIDEST_LEFT) + AXIS + RIGHT
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, natural, _planner(result, len(lines), widest), result)
        ax, left = sheet.ax, sheet.plan.left
        _dress(sheet, result, len(lines))
        short = fitted(names, left - 20, style.CELL_SIZE)
        for place, (_, row) in enumerate(lines):
            _write(ax, short[place], (0.0, 10 - left, place), ha="left", heading=row is None)
            if row is not None:
                _draw(ax, row, place, sheet.whole)
        for words, right in _heads(result) if sheet.whole else []:
            _write_head(ax, words, right)
        finish(sheet, result, result.text)
    return ax


def _planner(result: Regression, lines: int, widest: float) -> Planner:
    notes = f"{result.model}, {result.sizes}.\n{result.meaning}\n{result.rule}"

    def plan(width: float, whole: bool) -> Plan:
        right = RIGHT if whole else RIGHT_ALONE
        left = max(min(widest, WIDEST_LEFT, width - right - LEAST_AXIS), LEAST_LEFT)
        return Plan(
            *(left, right, HEAD, AXIS_LABELS, 0.0),
            height=ROW * lines,
            notes=notes,
            least=(LEAST_AXIS, LEAST_ROW * lines),
            wish=min(widest, WIDEST_LEFT) + LEAST_AXIS + right,
        )

    return plan


def _lines(result: Regression) -> list[tuple[str, dict[str, Any] | None]]:
    """Return the name and numbers of each line; a heading has none."""
    by = ("cause",) if "cause" in result.table.columns else ()
    lines: list[tuple[str, dict[str, Any] | None]] = []
    for name, part in panels(result.table, by):
        if name:
            lines.append((name.replace("_", " "), None))
        indent = "  " if name else ""
        rows = part.to_dict("records")
        lines += [
            (indent + drawn_name(row["term"]), {str(k): v for k, v in row.items()}) for row in rows
        ]
    if len(lines) > MOST_ROWS:
        raise RuleError(
            f"One figure holds at most {MOST_ROWS} terms.",
            found=f"{len(lines)}",
            instead="read them in .table, or model fewer.",
        )
    return lines


def _heads(result: Regression) -> list[tuple[str, float]]:
    return [("ratio", RATIO), (f"{format_level(result.confidence)} limits", LIMITS), ("p", P_VALUE)]


def _write(
    ax: Axes, text: str, place: tuple[float, float, float], *, ha: str = "right", heading: bool
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
        weight="bold" if heading else "normal",
        color=style.INK,
        annotation_clip=False,
        gid=f"cell_{line:g}_{right:.0f}",
    )


def _write_head(ax: Axes, words: str, right: float) -> None:
    """Write above a column, so many points to the right of the axis."""
    ax.annotate(
        words,
        xy=(1.0, 1.0),
        xycoords="axes fraction",
        xytext=(right, HEAD_LIFT),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=style.CELL_SIZE,
        weight="bold",
        color=style.INK,
        annotation_clip=False,
        gid=f"head_{right:.0f}",
    )


def _dress(sheet: Sheet, result: Regression, lines: int) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    ax = sheet.ax
    shown = result.table[["lower", "upper"]].to_numpy()
    low = max(min(float(np.nanmin(shown)), 0.9), 1 / REACH) / 1.08
    high = min(max(float(np.nanmax(shown)), 1.1), REACH) * 1.08
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(lines - 0.5, -0.5)
    ticks = _ticks(low, high, sheet.width)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{tick:g}" for tick in ticks])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(False)
    ax.axvline(1, color=style.QUIET, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    ax.set_xlabel(f"{result.ratio} (log scale)", labelpad=18)
    for words, ha, right in (("← rarer, later", "right", -5), ("sooner, more often →", "left", 5)):
        place = (1.0, right, SIDES)
        style.write_cell(ax, words, place, ha=ha, colour=style.QUIET)


def _ticks(low: float, high: float, width: float) -> list[float]:
    """Return the ratios to write along the axis: round ones with room between them, 1 first."""
    apart = TICK_ROOM * np.log(high / low) / width
    kept: list[float] = []
    for tick in sorted((*TICKS, *BETWEEN), key=lambda tick: (tick in BETWEEN, abs(np.log(tick)))):
        near = [other for other in kept if abs(np.log(tick / other)) < apart]
        if low <= tick <= high and not near:
            kept.append(tick)
    return sorted(kept)


def _draw(ax: Axes, row: dict[str, Any], place: int, whole: bool) -> None:
    low, high = ax.get_xlim()
    lower, middle, upper = (float(row[name]) for name in ("lower", "hazard_ratio", "upper"))
    ink = style.LOOKS[0].colour
    ends = np.clip([lower, upper], low, high)
    ax.plot(ends, [place, place], color=ink, linewidth=1.6, gid=f"limits_{place}", zorder=2)
    for end, beyond, marker in ((low, lower < low, "<"), (high, upper > high, ">")):
        if beyond:
            ax.plot([end], [place], marker=marker, color=ink, markersize=6, clip_on=False)
    if low <= middle <= high:
        ax.plot(
            *([middle], [place]),
            marker="s",
            color=ink,
            markersize=6,
            gid=f"ratio_{place}",
            zorder=3,
        )
    if not whole:
        return
    p_value = row["p_value"]
    limits = f"{ratio_words(lower)} to {ratio_words(upper)}"
    cells = (
        (ratio_words(middle), RATIO),
        (limits, LIMITS),
        (format_p(p_value), P_VALUE),
    )
    for words, right in cells:
        _write(ax, words, (1.0, right, place), heading=False)
