"""Typed cells as text, and cells of frames that have to be changed to be readable."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.records.sources.coded import Remark
from iop_outcomes.shared.characters import confusing_characters_written, has_confusing_character

WRITTEN = "mended: written as its number"  # done with lone surrogates and NUL

_PLAIN = frozenset(
    {
        *(str, int, float, bool, bytes, type(None), type(pd.NaT), type(pd.NA), pd.Timestamp),
        *(datetime.datetime, datetime.date, datetime.time, decimal.Decimal),
    }
)


def cell_text(cell: object) -> str:
    """Return a typed cell as the text that it would have in a CSV export."""
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, float | np.floating):
        if np.isnan(cell):
            return ""
        return f"{cell:.0f}" if float(cell).is_integer() else repr(float(cell))
    if isinstance(cell, datetime.datetime | np.datetime64):
        stamp = pd.Timestamp(cell)
        midnight = stamp == stamp.normalize() and stamp.tzinfo is None
        return stamp.date().isoformat() if midnight else stamp.isoformat(sep=" ")
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        seconds = round(cell.total_seconds())
        clock = f"{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02d}"
        rest = f":{abs(seconds) % 60:02d}" if seconds % 60 else ""
        return f"{'-' if seconds < 0 else ''}{clock}{rest}"
    if isinstance(cell, datetime.time):
        return cell.strftime("%H:%M")
    return str(cell)


def readable(series: pd.Series[Any], column: str) -> tuple[pd.Series[Any], tuple[Remark, ...]]:
    """Return a column whose cells can be distinguished and written, and remarks on changed cells.

    Lone surrogates and NULs are replaced by their code points. Objects other than numbers, texts
    and dates become texts; if that is not possible they become missing.
    """
    whole = series
    if isinstance(series.dtype, pd.CategoricalDtype):
        if not has_confusing_character(series.cat.categories):
            return series, ()
        series = series.astype(object)
    elif series.dtype != object and not isinstance(series.dtype, pd.StringDtype):
        return series, ()
    cells = series.tolist()
    strange = not _PLAIN.issuperset(map(type, cells))
    if not strange and not has_confusing_character(cells):
        return whole, ()
    remarks: list[Remark] = []
    for place, cell in enumerate(cells):
        if type(cell) not in _PLAIN and not isinstance(cell, np.generic):
            cell, remark = _object_text(cell, place, column)
            remarks += [] if remark is None else [remark]
        if isinstance(cell, str):
            written = confusing_characters_written(cell)
            if written != cell:
                check = "nul_character" if "\0" in cell else "lone_surrogate"
                remarks.append(Remark(place + 1, written, check, WRITTEN, column=column))
            cell = written
        cells[place] = cell
    return pd.Series(cells, dtype=object), tuple(remarks)


def _object_text(cell: object, place: int, column: str) -> tuple[object, Remark | None]:
    try:
        return cell_text(cell), None
    except Exception:  # whatever the object's own code raises
        done = "value left missing"
        return None, Remark(place + 1, "", "unreadable_cell", done, column=column)
