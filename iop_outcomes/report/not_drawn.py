"""The measures of which no picture is drawn: no period of theirs is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.model import Table
from iop_outcomes.report.programs import RESTS_ON
from iop_outcomes.report.scope import Scope
from iop_outcomes.trends import Trend

COLUMNS = {measure: column for column, measure in RESTS_ON.items()}
"""The column of a measure in the table of programs, where it has another name."""


def divided(trends: Mapping[str, Trend]) -> tuple[dict[str, Trend], list[Trend]]:
    """Return the trends of which a period is shown, by measure, and the others."""
    drawn = {name: one for name, one in trends.items() if one.table["value"].notna().any()}
    return drawn, [one for name, one in trends.items() if name not in drawn]


def sentences(
    scope: Scope, left: Sequence[Trend], programs: Table | None = None
) -> tuple[str, ...]:
    """Return which measures are not drawn, and of which the table of programs has shares.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    left : sequence of Trend
        Of which no period is shown: see `divided`.
    programs : Table or None
        The table of programs as it is shown, where the report has it.
    """
    if not left:
        return ()
    titles = "; ".join(trend.title for trend in left)
    said = f"Not drawn, since no period of it is shown (hidden, or not known): {titles}."
    return (said + in_programs(scope, left, programs),)


def in_programs(scope: Scope, left: Sequence[Trend], programs: Table | None) -> str:
    """Return a sentence on those of the measures of which the table of programs has shares.

    Parameters
    ----------
    scope, left, programs
        As of `sentences`.

    Returns
    -------
    str
        With a space before it; empty where there is none.
    """
    there = [trend.title for trend in left if programs and _has_share(programs, trend.measure)]
    if not there:
        return ""
    which = "" if len(there) == len(left) else f": {'; '.join(there)}"
    return f' Shares of {scope.words(4)} are in the table "By program"{which}.'


def _has_share(programs: Table, measure: str) -> bool:
    column = COLUMNS.get(measure, measure)
    if column not in programs.frame:
        return False
    return any(cell != HIDDEN and not pd.isna(cell) for cell in programs.frame[column])
