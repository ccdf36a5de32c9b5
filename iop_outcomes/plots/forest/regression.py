"""Hazard ratios with their limits, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iop_outcomes.compare.regression.result import Regression, format_ratio
from iop_outcomes.plots.forest.rows import Forest, Line, draw_forest
from iop_outcomes.plots.layout.given import check_result
from iop_outcomes.plots.layout.names import drawn_name, panels
from iop_outcomes.shared.text import format_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_regression(result: Regression, ax: Axes | Figure | None = None) -> Axes:
    """Draw the ratio of each term with its limits, and write the numbers beside it.

    Parameters
    ----------
    result : Regression
        What `iop_outcomes.cox`, `iop_outcomes.cause_specific_cox` or
        `iop_outcomes.fine_gray` returned; of several causes each has its rows under its name.
    ax : matplotlib.axes.Axes or matplotlib.figure.Figure, optional
        Where to draw; leave room at the left for the terms and at the right for the table. A
        figure is given the size it needs. Default: a new one.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; `iop_outcomes.alternative_text` gives the picture in words. The ratios lie on a
        log axis from 0.01 to 100 at the widest; a limit beyond it ends in an arrow.

    Raises
    ------
    RuleError
        If there are more than 60 terms.
    """
    check_result(result, "plot_regression", Regression)
    forest = Forest(
        lines=_lines(result),
        column="hazard_ratio",
        log=True,
        label=f"{result.ratio} (log scale)",
        sides=("← rarer, later", "sooner, more often →"),
        heads=("ratio", f"{format_level(result.confidence)} limits", "p"),
        words=format_ratio,
        what="terms",
        notes=f"{result.model}, {result.sizes}.\n{result.meaning}\n{result.rule}",
    )
    return draw_forest(forest, result, ax)


def _lines(result: Regression) -> list[Line]:
    """Return the name and numbers of each line; a heading has none."""
    by = ("cause",) if "cause" in result.table.columns else ()
    lines: list[Line] = []
    for name, part in panels(result.table, by):
        if name:
            lines.append((name.replace("_", " "), None))
        indent = "  " if name else ""
        rows = part.to_dict("records")
        lines += [
            (indent + drawn_name(row["term"]), {str(k): v for k, v in row.items()}) for row in rows
        ]
    return lines
