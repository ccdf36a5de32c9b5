"""The columns of an instrument's items, and their answers as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores.instruments import Instrument, Item
from iop_outcomes.outcome_scores.options import as_pairs
from iop_outcomes.shared.arrays import Booleans, Floats
from iop_outcomes.shared.messages import columns_found, names_asked

_NUMBER_FIRST = re.compile(r"(-?\d+(?:\.\d+)?)\s*[-=:.)]\s*(\D.*)")
_NUMBER_LAST = re.compile(r"(.*\D)\s*\((-?\d+(?:\.\d+)?)\)")


def item_columns(
    checkins: pd.DataFrame, instrument: Instrument, columns: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the column of each item that the check-ins have.

    Parameters
    ----------
    checkins : pandas.DataFrame
        The check-ins.
    instrument : Instrument
        Its items are looked for as ``phq9_1``, ``phq9_01``, ``phq9_item_1`` and ``phq9_q1``.
    columns : mapping of str to str, optional
        The column of each item, by its number, where they are called otherwise.

    Raises
    ------
    RuleError
        If a column is not there, two columns are one item, or an item is not the instrument's.
    """
    numbers = [item.number for item in instrument.items]
    if columns is not None:
        pairs = as_pairs("items", columns, 'items={"1": "column of item 1"}')
        return _named(checkins, instrument, pairs, numbers)
    stems = instrument.stems or (instrument.name,)
    column_of_item: dict[str, str] = {}
    for number in numbers:
        lead = rf"(?:{'|'.join(map(re.escape, stems))})(?:_|_?item_?|_?q_?)0*{re.escape(number)}"
        pattern = re.compile(lead, re.IGNORECASE)
        hits = [str(name) for name in checkins.columns if pattern.fullmatch(str(name))]
        if len(hits) > 1:
            raise RuleError(
                f"Two columns of the check-ins are item {number} of {instrument.title}.",
                found=names_asked(hits),
                instead=f'items={{"{number}": "the column"}}',
            )
        if hits:
            column_of_item[number] = hits[0]
    return column_of_item


def _named(
    checkins: pd.DataFrame, instrument: Instrument, columns: dict[str, str], numbers: list[str]
) -> dict[str, str]:
    unknown = [number for number in columns if str(number) not in numbers]
    if unknown:
        raise RuleError(
            f"{instrument.title} has no item {names_asked(unknown)}.",
            found=f"items {', '.join(numbers) or 'none'}",
            instead='items={"1": "column of item 1"}',
        )
    gone = [
        name
        for name in columns.values()
        if not isinstance(name, str) or name not in checkins.columns
    ]
    if gone:
        raise RuleError(
            f"The check-ins have no column {names_asked(gone)}.",
            found=columns_found(checkins.columns, gone),
            instead="columns of records.checkins",
        )
    return {str(number): name for number, name in columns.items()}


def answer_numbers(column: pd.Series[Any], item: Item) -> tuple[Floats, Booleans]:
    """Return the answers to one item as numbers, and which texts are no answer to it.

    A number counts as it is; words are looked up in the item's; ``2 - word`` and ``word (2)`` are
    the number. What is none of these, or outside the item's limits, is missing, and marked.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.outcome_scores.instruments import Item
    >>> from iop_outcomes.outcome_scores.answers import answer_numbers
    >>> item = Item("1", "mood", 0, 3, (("not at all", 0), ("several days", 1)))
    >>> answers = pd.Series(["Not at  all", "1 - Several days", "3", "4", None, "often"])
    >>> numbers, wrong = answer_numbers(answers, item)
    >>> numbers.tolist()
    [0.0, 1.0, 3.0, nan, nan, nan]
    >>> wrong.tolist()
    [False, False, False, True, False, True]
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        written = np.isfinite(values)
    else:
        codes, texts = pd.factorize(column.astype(object))
        words = dict(item.words)
        numbers = np.array([_number(str(text), words) for text in texts] + [np.nan])
        values, written = numbers[codes], codes >= 0
    inside = np.isfinite(values)
    if item.low is not None:
        inside &= values >= item.low
    if item.high is not None:
        inside &= values <= item.high
    return np.where(inside, values, np.nan), written & ~inside


def _number(text: str, words: dict[str, float]) -> float:
    plain = " ".join(text.replace("–", "-").replace("—", "-").split()).lower()
    if plain in words:
        return float(words[plain])
    for close, far in ((_NUMBER_FIRST, (1, 2)), (_NUMBER_LAST, (2, 1))):
        both = close.fullmatch(plain)
        if both and words.get(both[far[1]].strip(), float(both[far[0]])) == float(both[far[0]]):
            return float(both[far[0]])
    try:
        value = float(plain)
    except ValueError:
        return float("nan")
    return value if np.isfinite(value) else float("nan")
