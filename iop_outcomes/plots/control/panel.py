"""One panel of a control chart: the rows of one group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.plots.control.looks import (
    CENTRE,
    EVENT,
    LIMITS,
    OPEN,
    POINTS,
    RAW,
    REBASE,
    TARGET,
    Mark,
    kind_of,
    options_of,
)
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.trends.adjusting import charted_as

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from iop_outcomes.trends import Trend

NUMBERS_HIGH = 0.985  # where the numbers of marks are, of the height of the panel


def draw_lines(ax: Axes, rows: pd.DataFrame, target: float | None) -> None:
    """Draw centre and limits of each segment, and the target."""
    places = np.arange(len(rows), dtype=np.float64)
    segment = rows["segment"].to_numpy()
    for number in np.unique(segment):
        inside = segment == number
        for name, mark in (("centre", CENTRE), ("lower_limit", LIMITS), ("upper_limit", LIMITS)):
            level = rows[name].to_numpy(dtype=np.float64)[inside]
            edges = np.append(places[inside] - 0.5, places[inside][-1] + 0.5)
            if np.isfinite(level).any():
                options = options_of(mark) | {"linewidth": 0.9}
                ax.plot(*_steps(edges, level), label=name, zorder=1.5, **options)
    if target is not None:
        ax.axhline(target, label="target", zorder=1.6, **options_of(TARGET) | {"linewidth": 1.5})


def _steps(edges: Any, level: Any) -> tuple[Any, Any]:
    """Return a line that is level within each period."""
    return np.repeat(edges, 2)[1:-1], np.repeat(level, 2)


def draw_points(
    ax: Axes, rows: pd.DataFrame, shown: pd.Series[bool], points: Mapping[str, Mark]
) -> None:
    """Draw values by their variation, and those of periods not complete as open points.

    How each kind is drawn is the same in all panels, see `points_of`. Of an adjusted trend these
    are the adjusted values, and a line shows what they were before.
    """
    places = np.arange(len(rows), dtype=np.float64)
    name, so_far = charted_as(rows), charted_as(rows, "value_so_far")
    value = rows[name].where(shown).to_numpy(dtype=np.float64)
    if name != "value":
        ax.plot(places, rows["value"].where(shown), label=RAW.words, zorder=1.8, **options_of(RAW))
    segment = rows["segment"].to_numpy()
    for number in np.unique(segment):
        line = np.where(segment == number, value, np.nan)
        ax.plot(places, line, color=POINTS[""].colour, linewidth=1.0, label="value", zorder=2)
    kinds = np.array([kind_of(words) for words in rows["variation"]])
    for kind, mark in points.items():
        chosen = (kinds == kind) & np.isfinite(value)
        if chosen.any():
            options = options_of(mark)
            ax.plot(places[chosen], value[chosen], label=mark.words, zorder=3, **options)
    now = rows[so_far].to_numpy(dtype=np.float64)
    seen = np.isfinite(now)
    if seen.any():
        if name == "value":  # the interval is not that of an adjusted value
            low, high = (rows[f"{one}_so_far"].to_numpy() for one in ("lower", "upper"))
            ax.vlines(places[seen], low[seen], high[seen], color=OPEN.colour, linewidth=1.0)
        ax.plot(places[seen], now[seen], label=OPEN.words, zorder=3, **options_of(OPEN))


def draw_marks(ax: Axes, rows: pd.DataFrame, trend: Trend) -> None:
    """Draw rebasings and events as numbered lines; the small print says what each is."""
    if trend.marks is None:
        return
    periods = rows["period"].tolist()
    above: dict[float, list[str]] = {}
    for number, mark in enumerate(trend.marks.itertuples(), start=1):
        if mark.period not in periods:
            continue
        new = mark.kind == "rebase"
        place = periods.index(mark.period) - (0.5 if new else 0.0)
        look = options_of(REBASE if new else EVENT) | {"linewidth": 0.9}
        ax.axvline(place, zorder=1.4, label=str(mark.kind), **look)
        above.setdefault(place, []).append(str(number))
    for place, numbers in _apart(above, len(rows) / style.size_of(ax)[0]):
        ax.text(
            place,
            NUMBERS_HIGH,
            f" {numbers}",
            transform=ax.get_xaxis_transform(),
            ha="left",
            va="top",
            fontsize=style.NOTE_SIZE,
            gid=f"mark_{numbers}",
        )


def _apart(above: dict[float, list[str]], point: float) -> list[tuple[float, str]]:
    """Return the numbers above each line, those of lines that are too near each other together.

    `point` is the width of a point on the axis of periods.
    """
    labels: list[tuple[float, str]] = []
    for place, numbers in sorted(above.items()):
        text = ", ".join(numbers)
        last = fonts.width_of(labels[-1][1], style.NOTE_SIZE) + 6 if labels else 0.0
        if labels and place - labels[-1][0] < point * last:
            labels[-1] = (labels[-1][0], f"{labels[-1][1]}, {text}")
        else:
            labels.append((place, text))
    return labels
