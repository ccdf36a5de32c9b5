"""An x axis of days since the start, and a y axis of shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

STEPS = (1, 7, 14, 30, 60, 90, 180, 365, 730)
TICK_ROOM = 44.0  # points that a day takes, with the space to the next


def day_ticks(last: float, width: float) -> NDArray[np.float64]:
    """Return the days to write along an x axis of n points: round ones, at most eight."""
    most = min(8, max(2, int(width / TICK_ROOM)))
    step = next((step for step in STEPS if last / step <= most), max(last, 1.0))
    return np.arange(0, last + 1e-9, step)


def write_days(ax: Axes, ticks: Sequence[float] | NDArray[np.float64], last: float) -> None:
    """Set the x axis from day 0 to a little after the last day, and write `ticks` along it."""
    ax.set_xlim(0, last * 1.02 or 1.0)
    ax.set_xticks(ticks)


def name_days(ax: Axes, origin: str) -> None:
    """Write what the days of the x axis are counted from."""
    ax.set_xlabel(f"days since {origin}", labelpad=2)


def write_shares(ax: Axes) -> None:
    """Set the y axis from 0 to 1, in percent."""
    ax.set_ylim(0, 1)
    write_percent(ax)


def write_percent(ax: Axes, narrow: bool = False) -> None:
    """Write the y axis in percent, with tenths where it is narrow."""
    from matplotlib.ticker import PercentFormatter

    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=int(narrow)))
