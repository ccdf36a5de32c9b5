"""Survival curves as clinical readers expect them, with the table of who is at risk below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.plots import style
from iop_outcomes.relapse.rules import ORIGINS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival import SurvivalCurves

    Curves = SurvivalCurves | ProtectedCurves

LEFT, RIGHT, WIDTH, HEIGHT = 92.0, 18.0, 560.0, 230.0
TABLE_TOP = 42.0
ROWS = (("at_risk", "at risk"), ("censored", "censored"), ("events", "events"))


def plot_survival(
    curves: Curves,
    ax: Axes | Figure | None = None,
    *,
    ticks: Sequence[int] | None = None,
    censor_marks: bool = False,
    median: bool = True,
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

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.

    Notes
    -----
    The extended table and the band are what the readers of Morris et al. asked for (BMJ Open 2019;
    9:e030215). Its three numbers are those of ``curves.risk_table(ticks)``: everything through the
    day, so that they add up to the group.
    """
    from matplotlib import rc_context

    groups = _groups(curves)
    days = list(ticks) if ticks is not None else _ticks(curves)
    protected = isinstance(curves, ProtectedCurves) and curves.policy.threshold > 1
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        risk = curves.risk_table(days)
        notes = _notes(curves, bool(risk["at_risk"].isna().any()))
        ax = _axes(target, (len(groups), bool(curves.by), len(notes)))
        for position, (name, table) in enumerate(groups):
            look = style.look(position, len(groups))
            _draw_curve(ax, table, look, (_label(curves, name, table), protected))
            if censor_marks and not protected:
                _draw_censorings(ax, table, look)
        if median:
            _draw_medians(ax, curves)
        _dress(ax, curves, days)
        down = _draw_table(ax, curves, risk)
        style.write_below(ax, notes, left=-LEFT + 8, down=down)
        style.mark_synthetic(ax, curves)
        style.describe(ax, f"{curves.text} {_small_print(curves)}")
    return ax


def _groups(curves: Curves) -> list[tuple[str, pd.DataFrame]]:
    """Return each group's name and its rows, starting at day 0 with everyone."""
    if not curves.by:
        return [("", _from_start(curves.table))]
    parts = curves.table.groupby(list(curves.by), observed=True, sort=False)
    return [(", ".join(str(part) for part in key), _from_start(rows)) for key, rows in parts]


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


def _axes(target: Axes | Figure, content: tuple[int, bool, int]) -> Axes:
    groups, named, notes = content
    lines = groups * (len(ROWS) + named)
    bottom = TABLE_TOP + lines * style.LINE_HEIGHT + groups * 4 + 10 + notes * style.NOTE_HEIGHT + 8
    top = 12 + groups * 15.0
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


def _label(curves: Curves, name: str, table: pd.DataFrame) -> str:
    people = int(table["at_risk"].iloc[0])
    events = int(table["events"].sum())
    parts = [f"n = {people:,}", f"{events:,} events"]
    if isinstance(curves, ProtectedCurves):
        parts[1] += f" by day {int(table['day'].iloc[-1])}"
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def _dress(ax: Axes, curves: Curves, days: list[int]) -> None:
    from matplotlib.ticker import PercentFormatter

    last = int(curves.table["day"].max())
    ax.set_ylim(0, 1)
    ax.set_xlim(0, max(last, days[-1]) * 1.02)
    ax.set_xticks(days)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    event = "relapse" if "relapse" in curves.rule.lower() else "the event"
    ax.set_ylabel(f"without {event} so far")
    ax.set_xlabel(f"days since {_origin(curves.rule)}", labelpad=2)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.012, 1.0),
        borderaxespad=0.2,
        handlelength=3.2,
        labelspacing=0.25,
    )


def _origin(rule: str) -> str:
    """Return the day that a rule counts from, as its text says it."""
    found = [origin for origin in ORIGINS.values() if f"after {origin}" in rule]
    return found[0] if found else "the start"


def _draw_table(ax: Axes, curves: Curves, table: pd.DataFrame) -> float:
    """Write the risk table under the x axis; return how many points down it ends."""
    groups = (
        list(table.groupby(list(curves.by), observed=True, sort=False))
        if curves.by
        else [((), table)]
    )
    down = TABLE_TOP
    for position, (key, rows) in enumerate(groups):
        colour = style.look(position, len(groups)).colour
        if curves.by:
            name = ", ".join(str(part) for part in key)
            down += 4 if position else 0
            place = (0.0, -LEFT + 8, down)
            style.write_cell(ax, name, place, ha="left", colour=colour, weight="bold", fixed=True)
            down += style.LINE_HEIGHT
        for column, word in ROWS:
            place = (0.0, -22, down)
            style.write_cell(ax, word, place, ha="right", colour=style.QUIET, fixed=True)
            for day, value in zip(rows["day"], rows[column], strict=True):
                text = "–" if pd.isna(value) else f"{int(value):,}"
                cell = style.write_cell(ax, text, (float(day), 0, down), ha="center")
                cell.set_gid(f"risk_{position}_{column}_{day}")
            down += style.LINE_HEIGHT
    return down + 8


def _small_print(curves: Curves) -> str:
    return (
        f"Bands: {curves.confidence:.0%} confidence limits. The table counts through each day; its "
        "three rows add up to the group."
    )


def _notes(curves: Curves, dashes: bool) -> list[str]:
    """Return the small print: what the event is, what missing means, what the table counts."""
    lines = [curves.rule, _small_print(curves)]
    if dashes:
        lines.append("A dash: too few since the last published day.")
    return style.note_lines("\n".join(line for line in lines if line), WIDTH - 20)
