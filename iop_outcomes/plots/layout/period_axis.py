"""The axis of periods: as many labels as have room, and each year once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from iop_outcomes.plots.layout import fonts, style

if TYPE_CHECKING:
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
