"""Cumulative incidence of competing causes, as curves that only rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.plots import style
from iop_outcomes.relapse.rules import ORIGINS
from iop_outcomes.show import count_words, level_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iop_outcomes.survival.incidence import CumulativeIncidence

LEFT, RIGHT, WIDTH, HEIGHT = 92.0, 18.0, 560.0, 200.0
BETWEEN = 46.0
TABLE_TOP = 42.0
STEPS = (1, 7, 14, 30, 60, 90, 180, 365, 730)


def plot_incidence(
    result: CumulativeIncidence, ax: Axes | Figure | None = None, *, naive: bool = False
) -> Axes:
    """Draw the share ended by each cause, with its limits and, below, who is at risk.

    Parameters
    ----------
    result : CumulativeIncidence
        What `iop_outcomes.cumulative_incidence` returned. Without groups one panel holds a curve
        a cause; with groups each cause has a panel, which holds a curve a group.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room below for the table. A figure is given the size it needs.
        Default: a new one.
    naive : bool, default False
        Draw 1 - Kaplan-Meier of each cause beside it, thin: what it overstates.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words.
    """
    from matplotlib import rc_context

    panels = _panels(result)
    last = float(result.table["day"].max())
    step = next((step for step in STEPS if last / step <= 8), max(last, 1.0))
    ticks = np.arange(0, last + 1e-9, step)
    notes = style.note_lines(f"{result.rule}\n{_small_print(naive, result)}", WIDTH - 20)
    curves = len(panels[0][1])
    risk = _at_risk(result, ticks)
    lines = len(risk) * (1 + names_are_wide(risk))
    bottom = TABLE_TOP + lines * style.LINE_HEIGHT + 18 + len(notes) * style.NOTE_HEIGHT + 8
    legend = 12 + curves * 15.0
    gap = BETWEEN + legend
    inner = len(panels) * HEIGHT + (len(panels) - 1) * gap
    target = style.figure_or(ax)
    with rc_context(style.SETTINGS):
        margins = (LEFT, RIGHT, bottom, legend)
        ax = style.axes_for(target, (WIDTH, inner + bottom + legend), margins)
        drawn = style.stack(ax, len(panels), gap)
        for panel, (cause, parts) in zip(drawn, panels, strict=True):
            for position, (name, part) in enumerate(parts):
                _draw(panel, part, style.look(position, curves), name, naive)
            _dress(panel, cause, ticks, last)
        drawn[-1].set_xlabel(f"days since {_origin(result.rule)}", labelpad=2)
        down = draw_at_risk(drawn[-1], risk, ticks, LEFT)
        style.write_below(drawn[-1], notes, left=-LEFT + 8, down=down)
        style.mark_synthetic(ax, result)
        style.describe(ax, f"{result.text} {_small_print(naive, result)}")
    return ax


def _panels(result: CumulativeIncidence) -> list[tuple[str, list[tuple[str, pd.DataFrame]]]]:
    """Return what each panel is of, and the name and rows of each of its curves."""
    table = result.naive().assign(
        **{name: result.table[name] for name in ("lower", "upper", "events")}
    )
    causes = table.groupby("cause", sort=False, observed=True)
    if not result.by:
        return [("an end by the cause", [(_name(str(cause)), part) for cause, part in causes])]
    return [
        (
            _name(str(cause)),
            [
                (style.group_name(group[list(result.by)].iloc[0]), group)
                for _, group in part.groupby(list(result.by), sort=False, observed=True)
            ],
        )
        for cause, part in causes
    ]


def _origin(rule: str) -> str:
    return next((origin for origin in ORIGINS.values() if f"after {origin}" in rule), "the start")


def _name(cause: str) -> str:
    return cause.replace("_", " ")


def _draw(panel: Axes, part: pd.DataFrame, look: style.Look, name: str, naive: bool) -> None:
    day = part["day"].to_numpy()
    panel.fill_between(
        day,
        part["lower"].to_numpy(),
        part["upper"].to_numpy(),
        step="post",
        color=look.colour,
        alpha=0.13,
        linewidth=0,
    )
    panel.plot(
        day,
        part["incidence"].to_numpy(),
        drawstyle="steps-post",
        color=look.colour,
        linestyle=look.line,
        linewidth=1.8,
        label=f"{name}: {count_words(part['events'].sum(), 'event')}",
        zorder=3,
    )
    if naive:
        panel.plot(
            day,
            part["naive"].to_numpy(),
            drawstyle="steps-post",
            color=look.colour,
            linestyle=look.line,
            linewidth=0.8,
            alpha=0.8,
            label="_naive",
        )


def _dress(panel: Axes, cause: str, ticks: np.ndarray, last: float) -> None:
    from matplotlib.ticker import PercentFormatter

    panel.set_ylim(0, 1)
    panel.set_xlim(0, max(last, 1.0) * 1.02)
    panel.set_xticks(ticks)
    panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panel.set_ylabel(f"with {cause} so far")
    panel.legend(
        loc="lower left",
        bbox_to_anchor=(-0.012, 1.0),
        borderaxespad=0.2,
        handlelength=3.2,
        labelspacing=0.25,
    )


def _at_risk(result: CumulativeIncidence, ticks: np.ndarray) -> list[tuple[str, list[int]]]:
    """Return the name of each group and how many are at risk after each day."""
    table = result.overall.risk_table(ticks.tolist())
    if not result.by:
        return [("", table["at_risk"].tolist())]
    groups = table.groupby(list(result.by), sort=False, observed=True)
    return [
        (style.group_name(part[list(result.by)].iloc[0]), part["at_risk"].tolist())
        for _, part in groups
    ]


def names_are_wide(risk: list[tuple[str, list[int]]]) -> bool:
    """Whether a name needs a line of its own beside the axis."""
    longest = max(len(name) for name, _ in risk)
    return longest * style.CELL_SIZE * style.MEAN_LETTER > LEFT - 28


def draw_at_risk(
    panel: Axes, risk: list[tuple[str, list[int]]], ticks: np.ndarray, left: float
) -> float:
    """Write who is at risk under the x axis; return how many points down it ends."""
    down = TABLE_TOP
    style.write_cell(panel, "at risk", (0.0, -left + 8, down), ha="left", fixed=True)
    down += style.LINE_HEIGHT if len(risk) > 1 else 0
    for position, (name, counts) in enumerate(risk):
        colour = style.look(position, len(risk)).colour if name else style.INK
        place = (0.0, -left + 8, down)
        style.write_cell(panel, name, place, ha="left", colour=colour, weight="bold", fixed=True)
        down += style.LINE_HEIGHT if names_are_wide(risk) else 0
        for day, count in zip(ticks, counts, strict=True):
            cell = style.write_cell(panel, f"{count:,}", (float(day), 0, down), ha="center")
            cell.set_gid(f"risk_{position}_{day:g}")
        down += style.LINE_HEIGHT
    return down + 8


def _small_print(naive: bool, result: CumulativeIncidence) -> str:
    text = f"Bands: {level_words(result.confidence)} confidence limits. At risk: after the day."
    thin = " Thin: 1 - Kaplan-Meier, which takes every other cause as censoring."
    return text + (thin if naive else "")
