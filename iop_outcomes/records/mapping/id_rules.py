"""The differences between two identifiers that a mapping can ignore."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_ZEROS = re.compile(r"^(\D*?)0+(?=\d)")
_POINT_ZERO = re.compile(r"^(\d+)\.0+$")

ID_RULES: dict[str, Callable[[str], str]] = {
    "ignore_case": str.casefold,
    "strip_leading_zeros": lambda text: _ZEROS.sub(r"\1", text),
    "strip_point_zero": lambda text: _POINT_ZERO.sub(r"\1", text),
}


def compared(text: str, rules: Iterable[str]) -> str:
    """Return an identifier in the form for comparison, without the differences that are ignored.

    Examples
    --------
    >>> compared("INV-007", ["ignore_case", "strip_leading_zeros"])
    'inv-7'
    >>> compared("12.0", ["strip_point_zero"])
    '12'
    """
    text = text.strip()
    for rule in rules:
        text = ID_RULES[rule](text)
    return text
