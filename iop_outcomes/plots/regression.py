"""Hazard ratios with their limits, one a row, beside the table of the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iop_outcomes.compare.regression_result import ratio_words
from iop_outcomes.errors import RuleError
from iop_outcomes.plots import style
from iop_outcomes.show import level_words, p_value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.compare.regression_result import Regression

ROW = 20.0
AXIS = 250.0
RATIO, LIMITS, P_VALUE, RIGHT = 44.0, 120.0, 186.0, 200.0
HEAD, SIDES, AXIS_LABELS = 34.0, 20.0, 62.0
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
    from matplotlib import rc_context

    lines = _lines(result)
    left = 24 + max(len(name) for name, _ in lines) * style.CELL_SIZE * style.MEAN_LETTER
    width = left + AXIS + RIGHT
    notes = style.note_lines(
        f"{result.model}, {result.sizes}.\n{result.meaning}\n{result.rule}", width - 20
    )
    height = ROW * len(lines)
    bottom = AXIS_LABELS + len(notes) * style.NOTE_HEIGHT + 8
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        margins = (left, RIGHT, bottom, HEAD)
        ax = style.axes_for(target, (width, height + bottom + HEAD), margins)
        _dress(ax, result, len(lines))
        for place, (name, row) in enumerate(lines):
            _write(ax, name, (0.0, 10 - left, place), ha="left", heading=row is None)
            if row is not None:
                _draw(ax, row, place)
        for words, right in _heads(result):
            _write(ax, words, (1.0, right, -0.9), heading=True)
        style.write_below(ax, notes, left=10 - left, down=AXIS_LABELS)
        style.mark_synthetic(ax, result)
        style.describe(ax, result.text)
    return ax


def _lines(result: Regression) -> list[tuple[str, dict[str, Any] | None]]:
    """Return the name and numbers of each line; a heading has none."""
    by = ("cause",) if "cause" in result.table.columns else ()
    lines: list[tuple[str, dict[str, Any] | None]] = []
    for name, part in style.panels(result.table, by):
        if name:
            lines.append((name.replace("_", " "), None))
        indent = "  " if name else ""
        rows = part.to_dict("records")
        lines += [
            (indent + style.fitting(str(row["term"])), {str(k): v for k, v in row.items()})
            for row in rows
        ]
    if len(lines) > MOST_ROWS:
        raise RuleError(
            f"One picture holds at most {MOST_ROWS} terms.",
            found=f"{len(lines)}",
            instead="read them in .table, or model fewer.",
        )
    return lines


def _heads(result: Regression) -> list[tuple[str, float]]:
    return [("ratio", RATIO), (f"{level_words(result.confidence)} limits", LIMITS), ("p", P_VALUE)]


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


def _dress(ax: Axes, result: Regression, lines: int) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    shown = result.table[["lower", "upper"]].to_numpy()
    low = max(min(float(np.nanmin(shown)), 0.9), 1 / REACH) / 1.08
    high = min(max(float(np.nanmax(shown)), 1.1), REACH) * 1.08
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(lines - 0.5, -0.5)
    known = sorted((*TICKS, *BETWEEN)) if high / low < 12 else TICKS
    ticks = [tick for tick in known if low <= tick <= high]
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


def _draw(ax: Axes, row: dict[str, Any], place: int) -> None:
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
    p_value = row["p_value"]
    limits = f"{ratio_words(lower)} to {ratio_words(upper)}"
    cells = (
        (ratio_words(middle), RATIO),
        (limits, LIMITS),
        (p_value_text(p_value), P_VALUE),
    )
    for words, right in cells:
        _write(ax, words, (1.0, right, place), heading=False)
