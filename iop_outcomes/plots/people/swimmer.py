"""Each episode as a lane: sessions kept and missed, tests, relapse and discharge by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.pathways import EpisodeLanes
from iop_outcomes.plots.layout import day_axis, fonts, style
from iop_outcomes.plots.layout.given import check_result, figure_or
from iop_outcomes.plots.layout.names import drawn_name, fitted
from iop_outcomes.plots.layout.sheet import Plan, Planner, Sheet, finish, open_sheet
from iop_outcomes.shared.checks import check_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, RIGHT, AXIS, WIDEST_LEFT, MOST_LANES = 680.0, 92.0, 34.0, 130.0, 60
LEGEND_LINES, LEAST_LANE = 2, 10.0
# marker, size, face, edge and how far from the middle of the lane; distinguishable by shape in grey
MARKS: dict[str, tuple[str, float, str, str, float]] = {
    "session kept": ("|", 4.5, "#0072b2", "#0072b2", -0.2),
    "session missed": ("x", 3.2, "#d55e00", "#d55e00", -0.2),
    "test negative": ("o", 3.6, "#ffffff", "#1a1a1a", 0.22),
    "test positive": ("s", 4.2, "#1a1a1a", "#1a1a1a", 0.22),
    "relapse": ("D", 6.0, "#f2c45a", "#1a1a1a", 0.0),
    "discharge": ("|", 9.0, "#1a1a1a", "#1a1a1a", 0.0),
}


def plot_lanes(lanes: EpisodeLanes, ax: Axes | Figure | None = None, *, days: int = 90) -> Axes:
    """Draw each episode as a lane (a swimmer plot). It shows individual people.

    Parameters
    ----------
    lanes : EpisodeLanes
        What `iop_outcomes.episode_lanes` returned.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw. Default: a new figure.
    days : int
        The last day drawn; what came later is not in the picture.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    RuleError
        If there are more than 60 episodes.
    """
    check_result(lanes, "plot_lanes", EpisodeLanes)
    check_whole("days", days, 1, "days=90")
    count = len(lanes.lanes)
    if count > MOST_LANES:
        raise RuleError(
            f"One picture holds at most {MOST_LANES} lanes.",
            found=f"{count:,} episodes",
            instead="records.where(...) first, to choose a program and a cohort",
        )
    labels = [drawn_name(name) for name in lanes.lanes["episode_id"]]
    target = figure_or(ax)
    with style.drawing(**{"axes.grid": False}):
        sheet = open_sheet(target, WIDTH, _planner(lanes, labels, days), lanes)
        _draw(sheet.ax, lanes, days)
        short = fitted(labels, sheet.plan.left - 14, style.CELL_SIZE)
        sheet.ax.set_yticks(range(count), short, fontsize=style.CELL_SIZE)
        _dress(sheet, lanes, days)
        finish(sheet, lanes, f"Lanes of episodes to day {days}. {lanes.text}")
    return sheet.ax


def _planner(lanes: EpisodeLanes, labels: list[str], days: int) -> Planner:
    widest = 18 + max(fonts.width_of(label, style.CELL_SIZE) for label in labels)
    lane = 18.0 if len(labels) <= 30 else 13.0
    note = (
        f"{lanes.rule}\nBar: from admission to the discharge or the end of follow-up; an arrow: "
        f"goes on after day {days}. At the right: how the episode ended. For those who treat these "
        "people; not for a report."
    )

    def plan(width: float, whole: bool) -> Plan:
        return Plan(
            *(min(widest, WIDEST_LEFT), RIGHT if whole else 14.0, 18.0 + 15.0 * LEGEND_LINES),
            axis=AXIS,
            table=0.0,
            height=max(len(labels) * lane, 60.0),
            notes=note,
            least=(120.0, len(labels) * LEAST_LANE),
        )

    return plan


def _draw(ax: Axes, lanes: EpisodeLanes, days: int) -> None:
    end = lanes.lanes["end"].to_numpy(dtype=float)
    place = lanes.lanes["lane"].to_numpy()
    bars: Any = ax.barh(place, np.minimum(end, days), 0.78, color=style.SHADE, linewidth=0)
    for number, bar in enumerate(bars):
        bar.set_gid(f"lane_{number}")
    later = end > days
    ax.plot(
        np.full(later.sum(), days),
        place[later],
        ">",
        color=style.QUIET,
        markersize=5,
        clip_on=False,
        linestyle="none",
    )
    table = lanes.table[lanes.table["day"].between(0, days)]
    for mark, (shape, size, face, edge, shift) in MARKS.items():
        rows = table[table["mark"] == mark]
        ax.plot(
            rows["day"],
            rows["lane"] + shift,
            shape,
            markersize=size,
            markerfacecolor=face,
            markeredgecolor=edge,
            markeredgewidth=1.8 if mark == "discharge" else 1.0,
            linestyle="none",
            label=mark,
            gid=mark.replace(" ", "_"),
            zorder=4 if mark in ("relapse", "discharge") else 3,
            clip_on=False,
        )


def _dress(sheet: Sheet, lanes: EpisodeLanes, days: int) -> None:
    ax = sheet.ax
    ax.set_ylim(len(lanes.lanes) - 0.5, -0.5)
    ax.set_xlim(-0.5, days)
    ax.set_xticks(day_axis.day_ticks(days, sheet.width))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    day_axis.name_days(ax, "admission")
    if sheet.whole:
        for lane, words in zip(lanes.lanes["lane"], lanes.lanes["ended_by"], strict=True):
            ax.annotate(
                str(words).replace("_", " "),
                xy=(1.0, lane),
                xycoords=("axes fraction", "data"),
                xytext=(10, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.CELL_SIZE,
                annotation_clip=False,
            )
    height, width = style.size_of(ax)[1], style.size_of(ax)[0]
    anchor = ((8 - sheet.plan.left) / width, 1.0 + 14 / height)
    style.legend(ax, bbox_to_anchor=anchor, ncol=3, handlelength=1.4, columnspacing=1.4)
