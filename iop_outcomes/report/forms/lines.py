"""The letters of a picture on paper, a line of them at a time.

WeasyPrint lays out each letter of a picture by itself: a tenth of the time of a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

NAME, VALUE = "data-line", "whole"
JOINED = ("ff", "fi", "fl")  # which the font would draw as one, and the picture does not


def mark_of(line: str) -> str:
    """Return the attribute of a line of letters that may be drawn at once; empty if it may not.

    Examples
    --------
    >>> mark_of("days since admission"), mark_of("first week")
    (' data-line="whole"', '')
    """
    return "" if any(pair in line for pair in JOINED) else f' {NAME}="{VALUE}"'


class _Line(str):
    """A line of letters that is one part for whoever takes it letter by letter."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        return iter((str(self),))


@cache
def draw_whole_lines() -> None:
    """Have WeasyPrint draw each line of letters that is marked at once, and all others as ever.

    Its letters stand as close to one another as in the picture itself. A version of WeasyPrint that
    keeps what draws letters elsewhere is taken as it is.
    """
    from weasyprint import svg as pictures

    tags: dict[str, Any] = getattr(pictures, "TAGS", {})
    usual: Any = getattr(pictures, "text", None)
    if usual is None or usual not in tags.values():
        return

    def draw(svg: Any, node: Any, *more: Any) -> None:
        element = getattr(node, "_etree_node", None)
        if element is not None and node.get(NAME) == VALUE:
            element.text = _Line(node.text)
        usual(svg, node, *more)

    tags.update({name: draw for name, drawn in tags.items() if drawn is usual})
    pictures.text = draw
