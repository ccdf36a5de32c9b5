"""What the mapping still lacks: words that are not in the vocabulary, and rows without an episode.

Both are taken from the list of problems, so that they are available for every kind of source.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def unknown_words(problems: pd.DataFrame) -> pd.DataFrame:
    """Return the words that are in neither the vocabulary nor the mapping, most frequent first.

    Parameters
    ----------
    problems : pandas.DataFrame
        ``records.problems``.

    Returns
    -------
    pandas.DataFrame
        One row a table, column and word: ``table, column, word`` (str), ``rows`` (int64).
    """
    met = problems[problems["check"] == "unknown_word"]
    counts = (
        met.groupby(["table", "column", "value"], sort=False).size().rename("rows").reset_index()
    )
    counts = counts.rename(columns={"value": "word"})
    return counts.sort_values(
        ["table", "column", "rows", "word"], ascending=[True, True, False, True], ignore_index=True
    )


def unmatched_rows(problems: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return for each file how many of its rows belong to no episode that was read.

    Parameters
    ----------
    problems, sources : pandas.DataFrame
        ``records.problems`` and ``records.sources``.

    Returns
    -------
    pandas.DataFrame
        One row a file of attendance or check-ins with such rows: ``table, file`` (str),
        ``rows_unmatched, rows_read`` (int64), ``share`` (float64, 0 to 1), ``ids_unmatched``
        (int64, different identifiers).
    """
    met = problems[problems["check"] == "unknown_episode"]
    grouped = met.groupby(["table", "file"], sort=False)["value"]
    counts = pd.DataFrame({"rows_unmatched": grouped.size(), "ids_unmatched": grouped.nunique()})
    read = sources.groupby(["table", "file"], sort=False)["rows_read"].sum()
    table = counts.join(read).reset_index()
    table["share"] = table["rows_unmatched"] / table["rows_read"].where(table["rows_read"] > 0)
    names = ["table", "file", "rows_unmatched", "rows_read", "share", "ids_unmatched"]
    return table[names].astype({"rows_unmatched": np.int64, "ids_unmatched": np.int64})
