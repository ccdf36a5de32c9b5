"""Estimates with their limits, one a row, beside the table of the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.given import figure_or
from iop_outcomes.plots.layout.names import fitted
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet
from iop_outcomes.shared.text import format_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 20.0
AXIS = 250.0
MIDDLE, LIMITS, P_VALUE, RIGHT = 44.0, 120.0, 186.0, 200.0
RIGHT_ALONE = 104.0  # beside the axis without the table, for the words below it
LEAST_LEFT, WIDEST_LEFT, LEAST_AXIS, LEAST_ROW = 90.0, 300.0, 120.0, 11.0
TICK_ROOM = 20.0
HEAD, HEAD_LIFT, SIDES, AXIS_LABELS = 34.0, 8.0, 20.0, 62.0
MOST_ROWS = 60
REACH = 100.0
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
BETWEEN = (0.3, 0.7, 1.5, 3)  # where there is room

Line = tuple[str, dict[str, Any] | None]  # a heading has no numbers


@dataclass(frozen=True)
class Forest:
    """What is drawn: the lines, the axis and the words.

    Attributes
    ----------
    lines : list of tuple
        The name of each row and its numbers, with ``lower``, ``upper``, `column` and ``p_value``.
    column : str
        The estimate.
    log : bool
        Whether the axis is that of ratios, from 0.01 to 100 at the widest, with a line at 1;
        otherwise the line is at 0.
    label : str
        Below the axis.
    sides : tuple of str
        What lies to the left and to the right of the line.
    heads : tuple of str
        Above the columns of the estimate, its limits and p-values.
    words : callable
        Formats an estimate or limit.
    what : str
        What a row is, in the plural.
    notes : str
        Below the picture.
    axis : callable, optional
        Formats what is along the axis; by default the numbers themselves.
    least_p : float
        The p-value below which none is written.
    """

    lines: list[Line]
    column: str
    log: bool
    label: str
    sides: tuple[str, str]
    heads: tuple[str, str, str]
    words: Callable[[float], str]
    what: str
    notes: str
    axis: Callable[[float], str] | None = None
    least_p: float = 0.001

    @property
    def line(self) -> float:
        """Where there is no difference."""
        return 1.0 if self.log else 0.0


def draw_forest(forest: Forest, result: Any, ax: Axes | Figure | None) -> Axes:
    """Draw the rows of a result; RuleError if there are more than 60."""
    lines = forest.lines
    if len(lines) > MOST_ROWS:
        raise RuleError(
            f"One figure holds at most {MOST_ROWS} {forest.what}.",
            found=f"{len(lines)}",
            instead=f"read them in .table, or ask for fewer {forest.what}.",
        )
    names = [name for name, _ in lines]
    widest = 24 + max(fonts.width_of(name, style.CELL_SIZE) for name in names)
    natural = min(max(widest, LEAST_LEFT), WIDEST_LEFT) + AXIS + RIGHT
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, natural, _planner(forest.notes, len(lines), widest), result)
        ax, left = sheet.ax, sheet.plan.left
        _dress(sheet, forest)
        short = fitted(names, left - 20, style.CELL_SIZE)
        for place, (_, row) in enumerate(lines):
            _write(ax, short[place], (0.0, 10 - left, place), ha="left", heading=row is None)
            if row is not None:
                _draw(ax, forest, row, place, sheet.whole)
        places = (MIDDLE, LIMITS, P_VALUE)
        for words, right in zip(forest.heads, places, strict=True) if sheet.whole else ():
            _write_head(ax, words, right)
        finish(sheet, result, result.text)
    return ax


def _planner(notes: str, lines: int, widest: float) -> Planner:
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


def _dress(sheet: Sheet, forest: Forest) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    ax, words_of = sheet.ax, forest.axis
    rows = [row for _, row in forest.lines if row is not None]
    shown = np.array([[row["lower"], row[forest.column], row["upper"]] for row in rows], float)
    if forest.log:
        _log_axis(sheet, shown)
    else:
        ends = np.append(shown[np.isfinite(shown)], 0.0)
        edge = 0.06 * (float(np.ptp(ends)) or 1.0)
        ax.set_xlim(float(ends.min()) - edge, float(ends.max()) + edge)
    ax.xaxis.set_minor_locator(NullLocator())
    if words_of is not None:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words_of(value)))
    ax.set_ylim(len(forest.lines) - 0.5, -0.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(False)
    ax.axvline(forest.line, color=style.QUIET, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    ax.set_xlabel(forest.label, labelpad=18)
    for words, ha, right in zip(forest.sides, ("right", "left"), (-5, 5), strict=True):
        place = (forest.line, right, SIDES)
        style.write_cell(ax, words, place, ha=ha, colour=style.QUIET)


def _log_axis(sheet: Sheet, shown: np.ndarray[Any, Any]) -> None:
    from matplotlib.ticker import FixedLocator

    ax = sheet.ax
    low = max(min(float(np.nanmin(shown[:, 0])), 0.9), 1 / REACH) / 1.08
    high = min(max(float(np.nanmax(shown[:, 2])), 1.1), REACH) * 1.08
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ticks = _ticks(low, high, sheet.width)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.set_xticklabels([f"{tick:g}" for tick in ticks])


def _ticks(low: float, high: float, width: float) -> list[float]:
    """Return the ratios to write along the axis: round ones with room between them, 1 first."""
    apart = TICK_ROOM * np.log(high / low) / width
    kept: list[float] = []
    for tick in sorted((*TICKS, *BETWEEN), key=lambda tick: (tick in BETWEEN, abs(np.log(tick)))):
        near = [kept_tick for kept_tick in kept if abs(np.log(tick / kept_tick)) < apart]
        if low <= tick <= high and not near:
            kept.append(tick)
    return sorted(kept)


def _draw(ax: Axes, forest: Forest, row: dict[str, Any], place: int, whole: bool) -> None:
    low, high = ax.get_xlim()
    lower, middle, upper = (float(row[name]) for name in ("lower", forest.column, "upper"))
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
            gid=f"estimate_{place}",
            zorder=3,
        )
    if not whole:
        return
    limits = f"{forest.words(lower)} to {forest.words(upper)}" if np.isfinite(lower) else "–"
    p_value = row["p_value"]
    cells = (
        (forest.words(middle), MIDDLE),
        (limits, LIMITS),
        (format_p(p_value, forest.least_p) if np.isfinite(p_value) else "–", P_VALUE),
    )
    for words, right in cells:
        _write(ax, words, (1.0, right, place), heading=False)
