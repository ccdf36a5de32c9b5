"""A funnel: numbered points beside limits that narrow with size, and the units in a table below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.plots.control.looks import (
    CENTRE,
    LIMITS,
    POINTS,
    ROW,
    Mark,
    key_rows,
    options_of,
    write_key,
)
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.day_axis import write_percent
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.grid import ticks_within
from iop_outcomes.plots.layout.names import fitted, group_name
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet
from iop_outcomes.trends.sites import Funnel
from iop_outcomes.trends.sites.funnel import WITHIN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, WIDTH, HEIGHT = 62.0, 16.0, 620.0, 250.0
AXIS, LINE, KEY_UP, TITLE_SIZE = 44.0, 13.0, 30.0, 10.0
MOST_LINES = 3  # of the title
STEPS = 200  # of the curves of the limits
WIDE = 40  # times the smallest size, from which on the axis is logarithmic
CLOSE = replace(LIMITS, words="95% limits", line=(0, (2, 2)))
FAR = replace(LIMITS, words="99.8% limits")
WITHIN_MARK = replace(POINTS["common"], words="within limits")
COLUMNS = (0.47, 0.63, 0.83, 1.0)  # right edges of the columns of the table, of its width
NARROW_COLUMNS = (0.75, 1.0)  # on a narrow page: the other numbers are in the table of the page


def plot_funnel(result: Funnel, ax: Axes | Figure | None = None) -> Axes:
    """Draw each unit beside the limits for chance, and list the units below.

    Points beyond a limit differ in shape and colour: blue diamonds where that is better, orange
    squares where it is worse, black triangles up and down if neither; filled beyond the 99.8%
    limits, open between these and the 95% limits. The numbers are those of the list, which is in
    the order of the result and no ranking.

    Parameters
    ----------
    result : Funnel
        What `iop_outcomes.funnel` or `iop_outcomes.protect` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. A figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.
    """
    check_result(result, "plot_funnel", Funnel)
    target = figure_or(ax)
    with style.drawing():
        sheet = open_sheet(target, WIDTH, _planner(result), result)
        curves = result.curves(_sizes_drawn(result))
        _draw_limits(sheet.ax, result, curves)
        _draw_points(sheet, result, curves)
        ticks_within(sheet.ax)
        _write_axes(sheet, result)
        if sheet.whole:
            _write_table(sheet, result)
        rows = key_rows(_key(result), sheet.outer_width - 24)
        up = KEY_UP + _more_for_title(result, sheet.width)
        write_key(sheet.ax, rows, left=8 - LEFT, up=up)
        finish(sheet, result, result.text)
    return sheet.ax


def _planner(result: Funnel) -> Planner:
    def plan(width: float, whole: bool) -> Plan:
        key = len(key_rows(_key(result), width - 24)) * ROW
        key += _more_for_title(result, width - LEFT - RIGHT)
        table = LINE * (len(result.table) + 1) + 10 if whole else 0.0
        return Plan(LEFT, RIGHT, KEY_UP + key, AXIS, table, HEIGHT, result.rule)

    return plan


def _title(result: Funnel, width: float) -> list[str]:
    """Return the lines of the title; what is left of a very long one is shortened."""
    name = fonts.drawable_name(result.title)
    lines = fonts.wrapped(name, width, TITLE_SIZE, bold=True)
    last = " ".join(lines[MOST_LINES - 1 :])
    kept = lines[: MOST_LINES - 1]
    return [*kept, fonts.shortened(last, width, TITLE_SIZE, True)] if last else kept


def _more_for_title(result: Funnel, width: float) -> float:
    """Return the room of the lines of the title after the first."""
    return (len(_title(result, width)) - 1) * LINE


def _looks(result: Funnel) -> list[Mark]:
    """Return how each row of the table is drawn."""
    worse = {"up": "below", "down": "above"}.get(result.improves, "")
    marks = []
    for position in result.table["position"]:
        if position in ("", WITHIN):
            marks.append(WITHIN_MARK)
            continue
        side = position.partition(" ")[0]
        kind = "neutral" if not worse else "concern" if side == worse else "improvement"
        words = {"neutral": side, "concern": "worse", "improvement": "better"}[kind]
        far = "99.8" in position
        limit = "99.8%" if far else "95%"
        look = replace(POINTS[kind], words=f"{words}, beyond {limit}", filled=far, size=6.5)
        marks.append(replace(look, marker="v") if words == "below" else look)
    return marks


def _key(result: Funnel) -> list[Mark]:
    known = result.table["value"].notna()
    marks = [mark for mark, there in zip(_looks(result), known, strict=True) if there]
    middle = "as expected" if result.ratio else "target" if result.given else result.together
    return [*dict.fromkeys(marks), replace(CENTRE, words=middle), CLOSE, FAR]


def _span(result: Funnel) -> tuple[float, float]:
    size = result.table["size"].to_numpy(dtype=np.float64)
    known = size[np.isfinite(size) & (size > 0)]
    if not len(known):
        return 1.0, 10.0
    return max(float(known.min()) * 0.6, 1.0), float(known.max()) * 1.08


def _sizes_drawn(result: Funnel) -> Any:
    """Return the sizes of which limits are drawn; far apart on a logarithmic axis."""
    low, high = _span(result)
    return np.geomspace(low, high, STEPS) if _is_wide(result) else np.linspace(low, high, STEPS)


def _is_wide(result: Funnel) -> bool:
    low, high = _span(result)
    return high / low > WIDE


def _draw_limits(ax: Axes, result: Funnel, curves: pd.DataFrame) -> None:
    for name, mark in (("95", CLOSE), ("998", FAR)):
        for side in ("lower", "upper"):
            level = curves[f"{side}_{name}"]
            ax.plot(curves["size"], level, label=f"{side}_{name}", zorder=1.5, **options_of(mark))
    ax.axhline(result.target, label="target", zorder=1.4, **options_of(CENTRE))
    if _is_wide(result):
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:,.10g}")
        ax.xaxis.set_minor_formatter("")
    ax.set_xlim(*_span(result))


def _draw_points(sheet: Sheet, result: Funnel, curves: pd.DataFrame) -> None:
    table, ax = result.table, sheet.ax
    known = table["value"].notna()
    levels = table.loc[known, ["value", "target"]].to_numpy(dtype=np.float64).ravel()
    wide = curves[["lower_998", "upper_998"]].quantile([0.1, 0.9]).to_numpy().ravel()
    shown = np.concatenate([levels, wide])
    shown = shown[np.isfinite(shown)] if np.isfinite(shown).any() else np.array([0.0, 1.0])
    room = 0.08 * (shown.max() - shown.min()) or 0.1
    most = np.inf if result.ratio else 1.02
    ax.set_ylim(max(shown.min() - room, -0.02), min(shown.max() + room, most))
    taken: list[tuple[float, float, float, float]] = []
    for place, mark in enumerate(_looks(result)):
        if not known.iloc[place]:
            continue
        x, y = float(table["size"].iloc[place]), float(table["value"].iloc[place])
        ax.plot([x], [y], label=mark.words, zorder=3, **options_of(mark))
        _number(sheet, place + 1, x, y, taken)


def _number(sheet: Sheet, number: int, x: float, y: float, taken: list[Any]) -> None:
    """Write the number of a point beside it, where there is no other number."""
    ax = sheet.ax
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    if ax.get_xscale() == "log":
        x0, x1, across_axis = np.log(x0), np.log(x1), np.log(x)
    else:
        across_axis = x
    at = ((across_axis - x0) / (x1 - x0) * sheet.width, (y - y0) / (y1 - y0) * sheet.height)
    text = str(number)
    wide, high = fonts.width_of(text, style.CELL_SIZE), style.CELL_SIZE
    for away in (1.0, 2.2, 3.4, 4.6):
        for across, up in ((7, 0), (-7 - wide, 0), (-wide / 2, 9), (-wide / 2, -9)):
            corner = (at[0] + across * (away if up == 0 else 1), at[1] + up * away - high / 2)
            box = (*corner, corner[0] + wide, corner[1] + high)
            inside = box[0] > 0 and box[2] < sheet.width and box[1] > 0 and box[3] < sheet.height
            apart = all(
                box[2] < taken_box[0]
                or taken_box[2] < box[0]
                or box[3] < taken_box[1]
                or taken_box[3] < box[1]
                for taken_box in taken
            )
            if inside and apart:
                break
        else:
            continue
        break
    taken.append(box)
    shift = (box[0] - at[0], box[1] + high / 2 - at[1])
    ax.annotate(
        text,
        xy=(x, y),
        xytext=shift,
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=style.CELL_SIZE,
        gid=f"unit_{number}",
    )


def _write_axes(sheet: Sheet, result: Funnel) -> None:
    ax = sheet.ax
    title = "\n".join(_title(result, sheet.width))
    ax.set_title(title, loc="left", fontsize=TITLE_SIZE, fontweight="bold", pad=6)
    if result.ratio:
        style.y_label(ax, "observed / expected")
    else:
        write_percent(ax)
    words = "expected number" if result.ratio else result.counted
    if not np.allclose(_sizes(result), result.table["size"], equal_nan=True):
        words = "number of independent entries"
    ax.set_xlabel(fonts.shortened(words, sheet.width, style.LABEL_SIZE), labelpad=2)


def _sizes(result: Funnel) -> Any:
    name = "expected" if result.ratio else "denominator"
    return result.table[name].to_numpy(dtype=np.float64)


def _write_table(sheet: Sheet, result: Funnel) -> None:
    """Write the units with their numbers below the axes."""
    table = result.table
    heads = ["observed / expected" if result.ratio else "counts"]
    heads += ["value", "95% limits", "partly pooled"]
    width = sheet.outer_width - 24
    left = 8 - LEFT
    columns = NARROW_COLUMNS if sheet.narrow else COLUMNS
    heads = heads[: len(columns)]
    counts = [heads[0], *(_texts(result, row)[0] for _, row in table.iterrows())]
    widest = max(fonts.width_of(text, style.CELL_SIZE) for text in counts)
    every = [group_name(row[list(result.by)]) for _, row in table.iterrows()]
    names = fitted(every, columns[0] * width - widest - 34, style.CELL_SIZE, True)
    down = AXIS + 4
    for edge, head in zip(columns, heads, strict=True):
        _cell(sheet, head, (left + edge * width, down), "right", style.QUIET)
    marks = _looks(result)
    for place, (name, (_, row)) in enumerate(zip(names, table.iterrows(), strict=True)):
        down += LINE
        _cell(sheet, str(place + 1), (left + 16, down), "right", style.INK)
        beyond = marks[place].words != WITHIN_MARK.words
        weight = "bold" if beyond else "normal"
        _cell(sheet, name, (left + 24, down), "left", style.INK, weight)
        for edge, text in zip(columns, _texts(result, row), strict=False):
            _cell(sheet, text, (left + edge * width, down), "right", style.INK)


def _texts(result: Funnel, row: pd.Series[Any]) -> list[str]:
    if pd.isna(row["value"]):
        hidden = bool(row.get("hidden", False))
        return ["", "hidden" if hidden else (row["not_known"] and "not known") or "none", "", ""]
    if result.ratio:
        counts = f"{row['observed']:,.0f} / {row['expected']:,.1f}"
    else:
        counts = f"{row['numerator']:,.0f} of {row['denominator']:,.0f}"
    limits = f"{result.amount(row['lower_95'])} to {result.amount(row['upper_95'])}"
    return [counts, result.amount(row["value"]), limits, result.pooled(row["partly_pooled"])]


def _cell(
    sheet: Sheet,
    text: str,
    place: tuple[float, float],
    ha: str,
    colour: str,
    weight: str = "normal",
) -> None:
    where = (0.0, place[0], place[1])
    style.write_cell(sheet.ax, text, where, ha=ha, colour=colour, weight=weight, fixed=True)
