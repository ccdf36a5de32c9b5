"""Differences between groups with their limits, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iop_outcomes.compare.differences.result import Difference
from iop_outcomes.plots.forest.rows import Forest, Line, draw_forest
from iop_outcomes.plots.layout.given import check_result
from iop_outcomes.plots.layout.names import drawn_name, panels
from iop_outcomes.shared.text import format_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_difference(result: Difference, ax: Axes | Figure | None = None) -> Axes:
    """Draw the difference of each pair of groups with its limits, and write the numbers beside it.

    Parameters
    ----------
    result : Difference
        What `iop_outcomes.survival_difference` and the functions beside it returned; of several
        causes each has its rows under its name.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room at the left for the groups and at the right for the table. A
        figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. A row without limits
        has a point only. The p-values are those corrected for the number of pairs.

    Raises
    ------
    RuleError
        If there are more than 60 pairs.
    """
    check_result(result, "plot_difference", Difference)
    days = result.unit == "days"
    measure = result.measure[:1].upper() + result.measure[1:]
    forest = Forest(
        lines=_lines(result),
        column="difference",
        log=False,
        label="Difference in days" if days else "Difference in percentage points",
        axis=None if days else _points,
        sides=("← less", "more →"),
        heads=("difference", f"{format_level(result.confidence)} limits", "p"),
        words=result.written,
        least_p=result.least_p,
        what="pairs",
        notes=f"{measure}: the first group less the second.\n{result.rule}",
    )
    return draw_forest(forest, result, ax)


def _points(value: float) -> str:
    return f"{100 * value:.6g}"


def _lines(result: Difference) -> list[Line]:
    """Return the name and numbers of each line; a heading has none."""
    by = ("cause",) if "cause" in result.table.columns else ()
    lines: list[Line] = []
    for name, part in panels(result.table, by):
        if name:
            lines.append((name.replace("_", " "), None))
        for row in part.to_dict("records"):
            numbers = {str(key): value for key, value in row.items()}
            pair = f"{drawn_name(row['group'])} less {drawn_name(row['reference'])}"
            lines.append(
                (f"{'  ' if name else ''}{pair}", {**numbers, "p_value": row["p_adjusted"]})
            )
    return lines
