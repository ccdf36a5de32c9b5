"""Whole outputs beside files in which they were recorded: any change is seen, and read in the diff.

A recorded output is no proof that a number is right. It notices what nobody thought of asking. When
an output is to change, write it anew and read the difference before it is committed:

    RECORD=1 python -m pytest -k recorded
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

DIGITS = 9
MOST_LINES = 60


def compare_recorded(path: Path, text: str) -> None:
    """Fail where a text is not the recorded one; with ``RECORD=1`` write it."""
    if os.environ.get("RECORD"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8")
    if text != before:
        lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "recorded", "now", n=1)
        shown = "\n".join(list(lines)[:MOST_LINES])
        raise AssertionError(f"{path.name} is another now (to record it: RECORD=1):\n{shown}")


def cell_text(value: Any) -> str:
    """Return one value in a line; numbers to nine digits, so that no platform changes them."""
    if value is None or (not isinstance(value, str | list | tuple) and pd.isna(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}".replace("-0", "0") if value == 0 else f"{value:.{DIGITS}g}"
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    return str(value).replace("\n", "\\n").replace("|", "\\|")


def frame_text(frame: pd.DataFrame) -> str:
    """Return a frame as lines: its columns with their types, then a row a line."""
    head = " | ".join(f"{name} ({kind})" for name, kind in frame.dtypes.items())
    rows = frame.astype(object).itertuples(index=False, name=None)
    return "\n".join([head, *(" | ".join(map(cell_text, row)) for row in rows)])


def parts_text(parts: Iterable[tuple[str, str | pd.DataFrame]]) -> str:
    """Return named parts, texts or frames, under their names."""
    written = [
        f"== {name}\n{part if isinstance(part, str) else frame_text(part)}" for name, part in parts
    ]
    return "\n\n".join(written) + "\n"
