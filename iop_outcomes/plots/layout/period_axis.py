"""The axis of periods: as many labels as have room, each year once, and the denominators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.disclosure.policy import HIDDEN_SIGN
from iop_outcomes.plots.layout import fonts, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LEAST_ROOM, BETWEEN, MOST_WIDTH = 22.0, 5.0, 64.0
_PARTS = re.compile(r"((?:FY)?\d{4})-?((?:Q|W)?\d{1,2})")


def write_periods(ax: Axes, periods: list[str]) -> None:
    """Write the labels of periods at 0, 1, 2 and so on; the year below the first label of it."""
    parts = [_short(period) for period in periods]
    widest = max((fonts.width_of(short, style.CELL_SIZE) for short, _ in parts), default=0.0)
    years = {year for _, year in parts if year}
    widest = max([widest, *(fonts.width_of(year, style.CELL_SIZE) for year in years)])
    room = max(LEAST_ROOM, widest + BETWEEN)
    every = max(1, int(np.ceil(len(periods) * room / style.size_of(ax)[0])))
    labels, last = [], ""
    for short, year in parts[::every]:
        labels.append(f"{short}\n{year}" if year and year != last else short)
        last = year
    places = np.arange(len(periods), dtype=np.float64)[::every]
    ax.set_xticks(places, labels, fontsize=style.CELL_SIZE, linespacing=1.25)


def _short(period: str) -> tuple[str, str]:
    """Return what is on the axis for a period, and the year to be below it."""
    match = _PARTS.fullmatch(period)
    if not match:
        name = fonts.drawable_name(period)
        return fonts.shortened(name, MOST_WIDTH, style.CELL_SIZE), ""
    year, part = match[1], match[2]
    if part.isdigit():
        part = MONTHS[int(part) - 1] if 1 <= int(part) <= 12 else part
    return part, year


def write_denominators(ax: Axes, rows: pd.DataFrame) -> None:
    """Write below each period how many are behind its value; or that it is hidden."""
    counts = rows["denominator"].to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(counts).all():
        return  # a count has no denominator
    now = rows["complete"].to_numpy(dtype=bool) | rows["value_so_far"].notna().to_numpy()
    counts = np.where(now, counts, np.nan)
    gone = rows["hidden"].to_numpy(dtype=bool) if "hidden" in rows else np.zeros(len(rows), bool)
    gone &= rows["complete"].to_numpy(dtype=bool)  # else it is not known yet
    missing = [HIDDEN_SIGN if one else "–" for one in gone]
    texts = [
        one if np.isnan(count) else f"{count:,.0f}"
        for count, one in zip(counts, missing, strict=True)
    ]
    room = style.size_of(ax)[0] / max(len(rows), 1)
    narrow = max(map(len, texts), default=0) * style.CELL_SIZE * 0.62 + 4 > room
    size = style.CELL_SIZE - (1 if narrow else 0)
    # where not even upright numbers have room
    every = max(1, int(np.ceil((0.9 * size + 1.5) / room)))
    style.write_cell(ax, "n", (0.0, -22, 34), ha="center", colour=style.QUIET, fixed=True)
    for position, text in list(enumerate(texts))[::every]:
        cell = style.write_cell(
            ax,
            text,
            (float(position), 0.0, 34.0),
            ha="center",
            colour=style.QUIET,
            size=size,
            rotation=90 if narrow else 0,
        )
        cell.set_gid(f"n_{position:.0f}")
