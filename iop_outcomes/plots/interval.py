"""Survival curves from intervals: settled stretches as lines, unsettled ones as boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots import style
from iop_outcomes.relapse.rules import ORIGINS
from iop_outcomes.survival.checking import label_of
from iop_outcomes.survival.reading import split_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival.interval_curves import IntervalSurvival

LEFT, RIGHT, WIDTH, HEIGHT = 62.0, 18.0, 560.0, 250.0
NOTES_TOP = 42.0
SMALL_PRINT = (
    "Boxes: the curve falls somewhere within; the data do not say where. The dotted line dates "
    "each event at the check-in that showed it."
)


def plot_interval(curves: IntervalSurvival, ax: Axes | Figure | None = None) -> Axes:
    """Draw the estimate from intervals, and what is not settled as such.

    Parameters
    ----------
    curves : IntervalSurvival
        What `interval_survival` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. Default: a new figure of the size it needs.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. A line is drawn where
        the survival is settled, a box from the highest to the lowest survival where it is not, a
        thin line the limits, if there are any, and with one group only a dotted line the curve that
        dates events at the check-in.
    """
    from matplotlib import rc_context

    groups = _groups(curves)
    small = _small_print(curves)
    notes = style.note_lines(f"{curves.rule}\n{small}", WIDTH - 20)
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        bottom = NOTES_TOP + len(notes) * style.NOTE_HEIGHT + 8
        top = 14 + (len(groups) + (len(groups) == 1)) * 15.0
        margins = (LEFT, RIGHT, bottom, top)
        ax = style.axes_for(target, (WIDTH, HEIGHT + bottom + top), margins)
        for position, (label, rows, last) in enumerate(groups):
            _draw(ax, rows, last, (style.look(position, len(groups)), label))
        _draw_limits(ax, curves)
        if len(groups) == 1:
            _draw_dated(ax, curves)
        _dress(ax, curves)
        style.write_below(ax, notes, left=-LEFT + 8, down=NOTES_TOP)
        style.mark_synthetic(ax, curves)
        style.describe(ax, f"{curves.text} {small}")
    return ax


def _groups(curves: IntervalSurvival) -> list[tuple[str, pd.DataFrame, float]]:
    """Return each group's label, its rows of the table and its last day."""
    names = list(curves.by)
    parts = split_groups(curves.table, names)
    found = []
    for part, (_, fit) in zip(parts, curves.fits.iterrows(), strict=True):
        name = label_of(fit[names]) if names else ""
        label = f"n = {fit['n']:,.0f}, {fit['events']:,.0f} events"
        found.append((f"{name}: {label}" if name else label, part, float(fit["last_day"])))
    return found


def _draw(ax: Axes, rows: pd.DataFrame, last: float, shown: tuple[style.Look, str]) -> None:
    look, label = shown
    known = rows[np.isfinite(rows["right"])]
    left, right = known["left"].to_numpy(), known["right"].to_numpy()
    before, after = known["survival_before"].to_numpy(), known["survival_after"].to_numpy()
    # Along the left end down to the lowest, along the right end from the highest.
    ends = max(last, right.max(initial=0.0))
    days = np.concatenate([[0.0], right])
    until = np.append(left, ends)
    height = np.concatenate([[1.0], after])
    gap = np.full(len(days), np.nan)
    ax.plot(
        np.column_stack([days, until, gap]).ravel(),
        np.column_stack([height, height, gap]).ravel(),
        color=look.colour,
        linestyle=look.line,
        linewidth=1.8,
        label="_settled",
        zorder=3,
    )
    ax.plot([], [], color=look.colour, linestyle=look.line, linewidth=1.8, label=label)
    wide = right > left
    corners = np.stack(
        [
            np.column_stack([left, before])[wide],
            np.column_stack([right, before])[wide],
            np.column_stack([right, after])[wide],
            np.column_stack([left, after])[wide],
        ],
        axis=1,
    )
    _boxes(ax, corners, look)
    ax.vlines(
        right[~wide],
        after[~wide],
        before[~wide],
        color=look.colour,
        linewidth=1.8,
        zorder=3,
        label="_known",
    )


def _boxes(ax: Axes, corners: np.ndarray, look: style.Look) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    boxes = PolyCollection(
        list(corners),
        facecolors=to_rgba(look.colour, 0.28),
        edgecolors=look.colour,
        linestyles=[look.line],
        linewidths=0.9,
        zorder=2,
    )
    boxes.set_gid("unsettled")
    ax.add_collection(boxes)


def _draw_limits(ax: Axes, curves: IntervalSurvival) -> None:
    if curves.limits is None:
        return
    parts = split_groups(curves.limits, list(curves.by))
    for position, part in enumerate(parts):
        colour = style.look(position, len(parts)).colour
        day = part["day"].to_numpy()
        lower = np.append(part["lower_after"].to_numpy()[:-1], part["lower"].to_numpy()[-1:])
        for height in (lower, part["upper"].to_numpy()):
            ax.plot(
                day,
                height,
                drawstyle="steps-post",
                color=colour,
                linewidth=0.6,
                alpha=0.7,
                label="_limit",
            )


def _draw_dated(ax: Axes, curves: IntervalSurvival) -> None:
    dated = curves.check_in_dates.table
    ax.plot(
        dated["day"],
        dated["survival"],
        drawstyle="steps-post",
        color=style.QUIET,
        linestyle=(0, (1, 1.4)),
        linewidth=1.2,
        label="each event dated at its check-in",
        zorder=2.5,
    )


def _dress(ax: Axes, curves: IntervalSurvival) -> None:
    from matplotlib.ticker import PercentFormatter

    last = max(float(curves.fits["last_day"].max()), 1.0)
    ax.set_ylim(0, 1)
    ax.set_xlim(0, last * 1.02)
    step = next((step for step in (1, 7, 14, 30, 60, 90, 180, 365) if last / step <= 8), None)
    if step is not None:
        ax.set_xticks(np.arange(0, last + 1, step))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    event = "relapse" if "relapse" in curves.rule.lower() else "the event"
    ax.set_ylabel(f"without {event} so far")
    origins = [origin for origin in ORIGINS.values() if f"after {origin}" in curves.rule]
    ax.set_xlabel(f"days since {origins[0] if origins else 'the start'}", labelpad=2)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.012, 1.0),
        borderaxespad=0.2,
        handlelength=3.2,
        labelspacing=0.25,
    )


def _small_print(curves: IntervalSurvival) -> str:
    said = SMALL_PRINT if len(curves.fits) == 1 else SMALL_PRINT.split(" The dotted")[0]
    if curves.limits is None:
        return said
    return f"{said} Thin lines: {curves.confidence:.0%} limits of its lowest and highest course."
