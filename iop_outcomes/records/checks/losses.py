"""Lines of text on the rows read, kept and set aside, with a warning if many were set aside.

Shares are of the rows that were read, without folded and planned ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.shared.text import format_count, format_more, format_share

MANY, NEARLY_ALL = 0.2, 0.9  # shares of rows set aside above which a message says so
_FILES = 3  # files named in a warning
_MOST_FILES = 10  # files of a table that have a line each
_MOST_LINES = 8  # lines that could not be read and are named
ODD_ROWS = {
    "not_json": "no JSON object: set aside",
    "row_shape": "more or fewer cells than the header: set aside",
    "open_quote": "a quote opens a cell and is not closed in the row: set aside",
}
"""The message for a line that cannot be read as a row, by check."""


def lost_rows(problems: pd.DataFrame, sources: pd.DataFrame, *by: str) -> pd.DataFrame:
    """Return how many rows of each table were set aside, and by which check most of them.

    Parameters
    ----------
    problems, sources : pandas.DataFrame
        ``records.problems`` and ``records.sources``.
    *by : str
        ``"file"`` for one row a table and file, in place of one a table.

    Returns
    -------
    pandas.DataFrame
        ``table`` and `by` (str), ``rows`` (int64, without those folded or planned), ``set_aside``
        (int64), ``share`` (float64, 0 to 1; missing without rows) and ``check`` (str, by which most
        of them were set aside; empty if none was).
    """
    keys = ["table", *by]
    sums = sources.groupby(keys, sort=False)[
        ["rows_read", "rows_set_aside", "rows_folded", "rows_planned"]
    ].sum()
    table = pd.DataFrame(
        {
            "rows": sums["rows_read"] - sums["rows_folded"] - sums["rows_planned"],
            "set_aside": sums["rows_set_aside"] - sums["rows_planned"],
        }
    ).astype(np.int64)
    table["share"] = table["set_aside"] / table["rows"].where(table["rows"] > 0)
    aside = problems[problems["done"].astype(str).str.startswith("set aside")]
    counts = aside.groupby([*keys, "check"], sort=False).size().rename("count").reset_index()
    first = counts.sort_values("count", ascending=False, kind="stable").drop_duplicates(keys)
    result = table.reset_index().merge(first.drop(columns="count"), how="left", on=keys)
    return result.assign(check=result["check"].fillna("").astype(str))


def _any_lost(sources: pd.DataFrame) -> bool:
    """Return whether rows were set aside that were not planned to be: nearly always there are none.

    It saves the two tables that a share of them takes.
    """
    return bool((sources["rows_set_aside"].to_numpy() > sources["rows_planned"].to_numpy()).any())


def nearly_all_lost(problems: pd.DataFrame, sources: pd.DataFrame) -> bool:
    """Return whether nearly all rows of any table were set aside."""
    return _any_lost(sources) and bool((lost_rows(problems, sources)["share"] > NEARLY_ALL).any())


def loss_lines(problems: pd.DataFrame, sources: pd.DataFrame) -> list[str]:
    """Return a sentence for each table with many rows set aside, naming its files."""
    if not _any_lost(sources):
        return []
    tables = lost_rows(problems, sources)
    tables = tables[tables["share"] > MANY]
    if tables.empty:
        return []
    files = lost_rows(problems, sources, "file")
    return [
        _line(row, files[files["table"] == row.table]) for row in tables.itertuples(index=False)
    ]


def _line(row: Any, files: pd.DataFrame) -> str:
    share, check = row.share, row.check
    lost = files[files["set_aside"] > 0].sort_values("set_aside", ascending=False, kind="stable")
    named = [
        f"{file.file} {file.set_aside:,} of {file.rows:,}"
        for file in lost.head(_FILES).itertuples(index=False)
    ]
    if len(lost) > _FILES:
        named.append(format_more(len(lost) - _FILES, "file"))
    amount = "nearly all" if share > NEARLY_ALL else "many"
    rests = "nothing follows from them" if share > NEARLY_ALL else "numbers rest on the others"
    return (
        f"{amount} rows of {row.table} were set aside: "
        f"{row.set_aside:,} of {row.rows:,} ({format_share(share)}), "
        f"most of them for {check}; {rests} ({', '.join(named)}){_cure(check)}"
    )


def _cure(check: str) -> str:
    if check != "unknown_episode":
        return ""
    return (
        ". Their identifiers are not those of the episodes: [ids] of the mapping says how they are "
        "compared, and iop-outcomes map shows what would match"
    )


def source_lines(sources: pd.DataFrame) -> list[str]:
    """Return a line for each file with its rows read and kept; with many files, one a table."""
    lines = []
    for table, files in sources.groupby("table", sort=False):
        many = len(files) > _MOST_FILES
        for row in [files.sum(numeric_only=True)] if many else [row for _, row in files.iterrows()]:
            of = f" of {len(files):,} files" if many else ""
            if len(files) > 1 and not many:
                of = f" of {row['file']}"
            ahead = int(row["rows_planned"])
            planned = f" + {ahead:,} planned for later" if ahead else ""
            lines.append(
                f"  {table}: {format_count(row['rows_read'], 'row')}{of} read = "
                f"{row['rows_kept']:,} kept"
                f" + {row['rows_set_aside'] - ahead:,} set aside{planned}"
                f" + {row['rows_folded']:,} folded"
            )
    return lines


def odd_row_lines(problems: pd.DataFrame) -> list[str]:
    """Return a line of text for each of the first lines of files that could not be read as rows.

    Parameters
    ----------
    problems : pandas.DataFrame
        ``records.problems``.
    """
    rows = problems[problems["check"].isin(ODD_ROWS)].drop_duplicates(["file", "line"])
    lines = [
        f"{row.file}, line {row.line}: {ODD_ROWS[str(row.check)]}"
        for row in rows.head(_MOST_LINES).itertuples(index=False)
    ]
    if len(rows) > _MOST_LINES:
        lines.append(f"and {format_count(len(rows) - _MOST_LINES, 'more such line')}")
    return lines


def unmatched_lines(unmatched: pd.DataFrame) -> list[str]:
    """Return a line for each of the files with most rows that belong to no episode.

    Parameters
    ----------
    unmatched : pandas.DataFrame
        ``records.unmatched()``.
    """
    files = unmatched.sort_values("rows_unmatched", ascending=False, kind="stable")
    lines = [
        f"{row.file}: {row.rows_unmatched:,} of {row.rows_read:,} rows "
        f"({format_share(row.share)}), with "
        f"{format_count(int(row.ids_unmatched), 'different identifier')}, belong to no episode"  # type: ignore[arg-type]  # a number
        for row in files.head(_MOST_FILES).itertuples(index=False)
    ]
    others = files.iloc[_MOST_FILES:]
    if len(others):
        rows = int(others["rows_unmatched"].sum())
        more = format_count(len(others), "more file")
        lines.append(f"and {rows:,} rows of {more} belong to no episode")
    return lines
