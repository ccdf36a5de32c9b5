"""Formats of values, levels and counts, and tables as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.shared.characters import printable

SHARE_DECIMALS = 3
RATIO_DECIMALS = 2
"""Decimals of a share that is shown with its counts; further decimals would add nothing."""
SHOWN_ROWS = 20  # of a table, in a notebook
DESCRIBED_GROUPS = 20  # groups with a sentence each; the others are counted


def format_value(value: object, decimals: int = 3) -> str:
    """Return one value as text: dates as ISO 8601, missing values as an en dash.

    Whole numbers have a comma between thousands. Other numbers have at most `decimals` decimals,
    without trailing zeros; one that would round to 0 is written as ``<0.001``.
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return "–"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        if value != value:
            return "–"
        return _number(value, decimals)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def _number(value: float, decimals: int) -> str:
    if not value % 1:
        return f"{value:,.0f}"
    text = f"{value:,.{decimals}f}".rstrip("0").rstrip(".")
    if text not in ("0", "-0"):
        return text
    # A number that is not 0 is not shown as 0.
    least = f"{10.0**-decimals:g}"
    return f"<{least}" if value > 0 else f">-{least}"


def format_fixed(value: float, decimals: int) -> str:
    """Return a number with a fixed number of decimals; one that rounds to 0 has no sign.

    Examples
    --------
    >>> format_fixed(-0.04, 1), format_fixed(-0.06, 1)
    ('0.0', '-0.1')
    """
    return f"{value:z,.{decimals}f}"


def format_share(value: Any) -> str:
    """Return a share in percent with one decimal, as a table of rounded shares shows it.

    The share is rounded to three decimals first. Without this, 23 of 80 (0.2875) would be 28.7% in
    a sentence and 28.8% in a table.

    Examples
    --------
    >>> format_share(23 / 80), format_share(1.0), format_share(0.0004)
    ('28.8%', '100.0%', '0.0%')
    """
    return f"{np.round(value, SHARE_DECIMALS):.1%}"


def format_ratio(value: Any) -> str:
    """Return a ratio with two decimals, as a table of rounded ratios shows it.

    Examples
    --------
    >>> format_ratio(43 / 40), float(np.round(43 / 40, RATIO_DECIMALS))
    ('1.08', 1.08)
    """
    return f"{np.round(value, RATIO_DECIMALS):.2f}"


def format_p(p_value: float, least: float = 0.001) -> str:
    """Return a p-value with two significant digits; one below `least` as ``<0.001``."""
    return f"<{least:g}" if p_value < least else f"{p_value:.2g}"


def format_level(confidence: float) -> str:
    """Return a confidence level without rounding: 95%, 97.5%, 99.9%."""
    return f"{100 * confidence:.10g}%"


def format_count(number: float, noun: str) -> str:
    """Return a count and its noun: 1 event, 2 events."""
    return f"{number:,.0f} {noun}{'' if number == 1 else 's'}"


def list_names(names: Sequence[str]) -> str:
    """Return names with commas between them, or with semicolons where one has a comma.

    Examples
    --------
    >>> list_names(["North", "South"]), list_names(["Day, adults", "Day, teens"])
    ('North, South', 'Day, adults; Day, teens')
    """
    return ("; " if any("," in name for name in names) else ", ").join(names)


def format_names(names: Sequence[str], most: int = 3) -> str:
    """Return the first of many names, and how many others there are.

    Examples
    --------
    >>> format_names(["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"])
    'a.csv, b.csv, c.csv and 2 others'
    """
    left = len(names) - most
    if left <= 1:  # naming one more takes no more room than "1 other"
        return list_names(names)
    return f"{list_names(names[:most])} and {left:,} others"


def format_more(number: int, noun: str = "group") -> str:
    """Return a text with the number of groups that are not described: "and 3 more groups"."""
    return f"and {number:,} more {noun}{'' if number == 1 else 's'}"


def join_described(descriptions: Iterable[str], count: int, noun: str = "group") -> str:
    """Join the descriptions of the first of `count` groups, and add the number of the others."""
    parts = list(descriptions)
    if count > len(parts):
        parts.append(format_more(count - len(parts), noun))
    return "; ".join(parts)


def describe_groups(
    table: pd.DataFrame, by: Sequence[str], describe: Callable[[pd.DataFrame, str], str]
) -> str:
    """Return a sentence for each of the first groups, and the number of the others.

    Parameters
    ----------
    table : pandas.DataFrame
        The rows of all groups.
    by : sequence of str
        The columns that define the groups; none if all are one group.
    describe : callable
        Returns a sentence from the rows of a group and its name. The name ends in a colon and a
        space, and is empty if all are one group.
    """
    if not by:
        return describe(table, "")
    groups = table.groupby(list(by), sort=False, observed=True)
    sentences = [
        describe(rows, ", ".join(map(str, values)) + ": ")
        for values, rows in islice(groups, DESCRIBED_GROUPS)
    ]
    if groups.ngroups > DESCRIBED_GROUPS:
        sentences.append(f"{format_more(groups.ngroups - DESCRIBED_GROUPS)}.".capitalize())
    return " ".join(sentences)


def table_html(
    frame: pd.DataFrame, caption: str, *, rows: int = SHOWN_ROWS, of: int | None = None
) -> str:
    """Return `frame` as an accessible HTML table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table; its index is not shown.
    caption : str
        The caption of the table (``<caption>``).
    rows : int
        The maximum number of rows shown; the others are counted.
    of : int, optional
        The total number of rows, if `frame` contains only the first of them.

    Returns
    -------
    str
        HTML, with all values escaped.
    """
    names = [str(name) for name in frame.columns]
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(_cells(names, row)) + "</tr>"
        for row in frame.head(rows).itertuples(index=False, name=None)
    )
    left = (len(frame) if of is None else of) - min(len(frame), rows)
    more = f"<p>… and {left:,} more rows</p>" if left > 0 else ""
    return printable(
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    )


def _cells(names: list[str], row: Iterable[object]) -> Iterable[str]:
    for position, (name, value) in enumerate(zip(names, row, strict=True)):
        if name == "p_value" and isinstance(value, float) and value == value:
            text = escape(format_p(value))
        else:
            text = escape(format_value(value))
        yield f'<th scope="row">{text}</th>' if position == 0 else f"<td>{text}</td>"
