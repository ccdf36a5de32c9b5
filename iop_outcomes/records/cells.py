"""A typed cell as text."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd


def cell_text(cell: object) -> str:
    """Write a typed cell as the text that a CSV export of it would hold."""
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
    if isinstance(cell, datetime.time):
        return cell.strftime("%H:%M")
    return str(cell)
