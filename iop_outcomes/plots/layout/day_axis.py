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
MOST = 8  # decimals of a percent


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


def write_percent(ax: Axes) -> None:
    """Write the y axis in percent: at whole percents, or with the decimals that its ticks have."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if decimals_of(ax.get_yticks()):
        ax.yaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))  # no steps of 2.5
        ticks_inside = _inside(ax.get_yticks(), ax.get_ylim())
        ax.set_yticks(ticks_inside)
    ax.yaxis.set_major_formatter(FuncFormatter(_Percent(ax)))


def decimals_of(shares: Sequence[float] | NDArray[np.float64]) -> int:
    """Return the fewest decimals with which each of some shares is written as what it is.

    Examples
    --------
    >>> decimals_of([0.1, 0.15, 0.2]), decimals_of([0.125, 0.15, 0.175])
    (0, 1)
    """
    percent = 100 * np.asarray(shares, dtype=np.float64)
    return next((n for n in range(MOST) if np.allclose(percent, percent.round(n), 0, 1e-9)), MOST)


class _Percent:
    """Writes the ticks of a y axis, however far a reader goes into the picture."""

    def __init__(self, ax: Axes) -> None:
        self.ax = ax

    def __call__(self, share: float, place: int | None = None) -> str:
        ticks = _inside(self.ax.get_yticks(), self.ax.get_ylim())
        return f"{100 * share:z.{decimals_of(ticks)}f}%"


def _inside(
    ticks: Sequence[float] | NDArray[np.float64], limits: tuple[float, float]
) -> NDArray[np.float64]:
    every = np.asarray(ticks, dtype=np.float64)
    return every[(every >= min(limits)) & (every <= max(limits))]
