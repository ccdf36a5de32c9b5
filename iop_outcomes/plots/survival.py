"""Survival curves as clinical readers expect them, with the table of who is at risk below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.errors import RuleError
from iop_outcomes.plots import style
from iop_outcomes.plots.survival_table import (
    TABLE_TOP,
    Counting,
    draw_table,
    drawn_rows,
    note_lines,
    parts,
    risk,
    small_print,
)
from iop_outcomes.relapse.rules import ORIGINS
from iop_outcomes.show import count_words, level_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival import SurvivalCurves

    Curves = SurvivalCurves | ProtectedCurves

LEFT, RIGHT, WIDTH, HEIGHT = 92.0, 18.0, 560.0, 230.0
BAND_LINE = (0, (1, 1.6))


def plot_survival(
    curves: Curves,
    ax: Axes | Figure | None = None,
    *,
    ticks: Sequence[int] | None = None,
    censor_marks: bool = False,
    median: bool = True,
    band: bool = False,
    counting: Counting = "after",
) -> Axes:
    """Draw survival curves with their limits and, below, who is at risk, censored and has relapsed.

    Parameters
    ----------
    curves : SurvivalCurves or ProtectedCurves
        What `iop_outcomes.survival_curves` or `iop_outcomes.protect` returned. Protected curves are
        drawn as points joined by straight lines: between two of them the curve is not published.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room below for the table. A figure is given the size it needs.
        Default: a new one.
    ticks : sequence of int, optional
        The days of the x axis and of the table.
    censor_marks : bool, default False
        Mark the days on which someone's follow-up ended. Never drawn on protected curves.
    median : bool, default True
        Show where each curve crosses one half.
    band : bool, default False
        Draw the outline of the simultaneous band of Hall and Wellner, ``curves.band()``, which
        holds for the whole curve at once, around the shaded limits of each day.
    counting : {"after", "just_before"}
        How the table counts who is at risk; see ``SurvivalCurves.risk_table``. The footnote says
        which it is.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.

    Raises
    ------
    EstimateError
        If a band is asked for that cannot be; see ``SurvivalCurves.band``.
    RuleError
        If a band, or a table of those at risk just before each day, is asked for of protected
        curves; if there are more groups than a picture can tell apart.

    Notes
    -----
    The extended table and the band are what the readers of Morris et al. asked for (BMJ Open 2019;
    9:e030215). Its numbers are those of ``curves.risk_table(ticks)``: everything through the day,
    so that they add up to the group. Under weighted curves they are sums of weights, to one
    decimal, and a further row says how many rows are at risk.
    """
    from matplotlib import rc_context

    groups = _groups(curves)
    labels = _labels(curves, groups)
    days = list(ticks) if ticks is not None else _ticks(curves)
    protected = isinstance(curves, ProtectedCurves) and curves.policy.threshold > 1
    counted = risk(curves, days, counting)
    bands = _bands(curves) if band else None
    told = small_print(curves, band, counting)
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        notes = note_lines(curves, told, bool(counted["at_risk"].isna().any()), WIDTH - 20)
        lines = len(groups) * (len(drawn_rows(counted)) + bool(curves.by))
        ax = _axes(target, (len(groups) + band, lines, len(notes)))
        for position, (_, table) in enumerate(groups):
            look = style.look(position, len(groups))
            _draw_curve(ax, table, look, (labels[position], protected))
            if bands is not None:
                _draw_band(ax, bands[position][1], look)
            if censor_marks and not protected:
                _draw_censorings(ax, table, look)
        if median:
            _draw_medians(ax, curves)
        _dress(ax, curves, days, band)
        down = draw_table(ax, curves, counted, LEFT)
        style.write_below(ax, notes, left=-LEFT + 8, down=down)
        style.mark_synthetic(ax, curves)
        style.describe(ax, f"{curves.text} {told}")
    return ax


def _groups(curves: Curves) -> list[tuple[str, pd.DataFrame]]:
    """Return each group's name and its rows, starting at day 0 with everyone."""
    return [(name, _from_start(rows)) for name, rows in parts(curves.table, curves.by)]


def _bands(curves: Curves) -> list[tuple[str, pd.DataFrame]]:
    if isinstance(curves, ProtectedCurves):
        raise RuleError(
            "A simultaneous band needs the steps that protected curves do not publish.",
            instead="plot_survival(curves, band=True) before they are protected, for yourself.",
        )
    return parts(curves.band(), curves.by)


def _from_start(table: pd.DataFrame) -> pd.DataFrame:
    if table["day"].iloc[0] == 0:
        return table
    start = table.iloc[[0]].assign(day=0, events=0, censored=0, survival=1.0, lower=1.0, upper=1.0)
    return pd.concat([start, table], ignore_index=True)


def _ticks(curves: Curves) -> list[int]:
    """Return the days to write along the x axis: round ones, at most eight or so."""
    last = int(curves.table["day"].max())
    if isinstance(curves, ProtectedCurves):
        counts = curves.table["day"].value_counts()
        shared = [day for day in (30, 60, 90, 180, 270, 365) if counts.get(day, 0) > 0]
        if last - max(shared, default=0) > 0.09 * last:
            shared.append(last)
        return [0, *shared]
    step = next((step for step in (1, 7, 14, 30, 60, 90, 180, 365, 730) if last / step <= 8), last)
    return list(range(0, last + 1, step))


def _axes(target: Axes | Figure, content: tuple[int, int, int]) -> Axes:
    entries, lines, notes = content
    bottom = (
        TABLE_TOP + lines * style.LINE_HEIGHT + entries * 4 + 10 + notes * style.NOTE_HEIGHT + 8
    )
    top = 12 + entries * 15.0
    return style.axes_for(target, (WIDTH, HEIGHT + bottom + top), (LEFT, RIGHT, bottom, top))


def _draw_curve(ax: Axes, table: pd.DataFrame, look: style.Look, named: tuple[str, bool]) -> None:
    label, points = named
    day, survival = table["day"].to_numpy(), table["survival"].to_numpy()
    limits = table["lower"].to_numpy(), table["upper"].to_numpy()
    ax.fill_between(
        day,
        *limits,
        step=None if points else "post",
        color=look.colour,
        alpha=0.13,
        linewidth=0,
    )
    ax.plot(
        day,
        survival,
        drawstyle="default" if points else "steps-post",
        color=look.colour,
        linestyle=look.line,
        linewidth=1.8,
        marker=look.marker if points else "",
        markersize=4,
        label=label,
        zorder=3,
    )
    for limit in limits:
        ax.plot(
            day,
            limit,
            drawstyle="default" if points else "steps-post",
            color=look.colour,
            linewidth=0.5,
            alpha=0.55,
            label="_limit",
        )


def _draw_band(ax: Axes, band: pd.DataFrame, look: style.Look) -> None:
    for limit in ("lower", "upper"):
        ax.plot(
            band["day"].to_numpy(),
            band[limit].to_numpy(),
            drawstyle="steps-post",
            color=look.colour,
            linestyle=BAND_LINE,
            linewidth=0.9,
            label="_band",
        )


def _draw_censorings(ax: Axes, table: pd.DataFrame, look: style.Look) -> None:
    marked = table[table["censored"] > 0]
    ax.plot(
        marked["day"],
        marked["survival"],
        linestyle="",
        marker="|",
        markersize=6,
        color=look.colour,
        label="_censored",
        zorder=3,
    )


def _draw_medians(ax: Axes, curves: Curves) -> None:
    medians = curves.median()["median"].to_numpy(dtype=np.float64)
    reached = medians[np.isfinite(medians)]
    if len(reached) == 0:
        return
    ax.hlines(0.5, 0, reached.max(), color=style.QUIET, linewidth=0.7, linestyle=(0, (2, 2)))
    ax.vlines(reached, 0, 0.5, color=style.QUIET, linewidth=0.7, linestyle=(0, (2, 2)))


def _labels(curves: Curves, groups: list[tuple[str, pd.DataFrame]]) -> list[str]:
    """Return what the legend says of each group."""
    made = []
    for position, (name, table) in enumerate(groups):
        if isinstance(curves, ProtectedCurves):
            people, events = table["at_risk"].iloc[0], table["events"].sum()
            until = f" by day {int(table['day'].iloc[-1])}"
        else:  # at risk on day 0 are not all, under late entry
            people, events = curves.sizes[["n", "events"]].iloc[position]
            until = ""
        told = f"n = {int(people):,}, {count_words(events, 'event')}{until}"
        made.append(f"{name}: {told}" if name else told)
    return made


def _dress(ax: Axes, curves: Curves, days: list[int], band: bool) -> None:
    from matplotlib.ticker import PercentFormatter

    if band:
        told = f"{level_words(curves.confidence)} band for the whole curve"
        ax.plot([], [], color=style.QUIET, linestyle=BAND_LINE, linewidth=0.9, label=told)
    last = float(curves.table["day"].max())
    ax.set_ylim(0, 1)
    ax.set_xlim(0, max(last, days[-1]) * 1.02 or 1.0)
    ax.set_xticks(days)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_ylabel(_without(curves))
    ax.set_xlabel(f"days since {_origin(curves.rule)}", labelpad=2)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.012, 1.0),
        borderaxespad=0.2,
        handlelength=3.2,
        labelspacing=0.25,
    )


def _without(curves: Curves) -> str:
    own = None if isinstance(curves, ProtectedCurves) else curves.event
    if own is not None:
        return f"without {own}"
    event = "relapse" if "relapse" in curves.rule.lower() else "the event"
    return f"without {event} so far"


def _origin(rule: str) -> str:
    """Return the day that a rule counts from, as its text says it."""
    found = [origin for origin in ORIGINS.values() if f"after {origin}" in rule]
    return found[0] if found else "the start"
