"""A picture of fewer parts for the PDF: what is drawn alike is one path, and looks the same.

WeasyPrint takes as long for a mark or a line as for a curve, and pictures of trends have many.
"""

from __future__ import annotations

import re
from itertools import pairwise

from iop_outcomes.plots.layout.style import RULE

NEAR = 4.0  # points: lines that one can see through are joined if none is so near to another
_NUMBER = r"-?\d[\d.]*"
_LINE = rf"M ({_NUMBER}) ({_NUMBER}) +L ({_NUMBER}) ({_NUMBER}) +"
_SYMBOL = re.compile(r'<path id="(\w+)" d="([^"]*)"([^>]*)/>')
_MARK = re.compile(rf'<use xlink:href="#(\w+)" x="({_NUMBER})" y="({_NUMBER})"([^>]*)/>')
_MARKS = re.compile(
    r'<use xlink:href="(#\w+)" x="[^"]*" y="[^"]*"([^>]*)/>'
    r'(?:<use xlink:href="\1" x="[^"]*" y="[^"]*"\2/>)+'
)
_LINES = re.compile(rf'<path d="{_LINE}"([^>]*)/>(?:<path d="M [^"LCQz]*L [^"MLCQz]*"\5/>)+')
_AXIS = re.compile(
    r'(?:<use xlink[^>]*/>|<text[^>]*>[^<]*</text>|<defs><path id="[^>]*/></defs>'
    rf'|<path d="{_LINE}"[^>]* stroke="{RULE}"[^>]*/>)+'
)
_PART = re.compile(r"<use[^>]*/>|<text.*?</text>|<defs>.*?</defs>|<path[^>]*/>")
_TICK = re.compile(rf"M 0 0 +L {_NUMBER} {_NUMBER} +")
_DRAWN = re.compile(r'd="([^"]*)"')
_PLACE = re.compile(rf"({_NUMBER}) ({_NUMBER})")
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')

Symbols = dict[str, tuple[str, str]]  # the name of a mark -> its path and how that is drawn


def joined(svg: str) -> str:
    """Return a picture of matplotlib, made `plain`, with fewer parts.

    The ticks and the grid of an axis are one path each, and so are marks of one kind and lines of
    one kind that follow one another. A picture that is not plain is returned as it is.
    """
    if "<style" in svg:
        return svg
    symbols: Symbols = {name: (path, look) for name, path, look in _SYMBOL.findall(svg)}
    svg = _AXIS.sub(lambda match: _axis(match[0], symbols), svg)
    svg = _MARKS.sub(lambda match: _as_one(_MARK.findall(match[0]), symbols) or match[0], svg)
    return _LINES.sub(_lines, svg)


def _axis(parts: str, symbols: Symbols) -> str:
    """Return the grid of axes below their ticks, and these below what is written at them."""
    grid: dict[str, list[str]] = {}  # how a line is drawn -> the lines
    ticks: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    rest = []
    for part in _PART.findall(parts):
        if part.startswith("<path"):
            line = _DRAWN.search(part)
            assert line is not None  # it is one of `_AXIS`
            grid.setdefault(_DRAWN.sub('d="{}"', part, count=1), []).append(line[1])
        elif part.startswith("<use"):
            (mark,) = _MARK.findall(part) or [("",) * 4]
            if not _TICK.fullmatch(symbols.get(mark[0], ("", ""))[0]):
                return parts
            ticks.setdefault((mark[0], mark[3]), []).append(mark)
        else:
            rest.append(part)
    lines = [drawn.format("".join(each)) for drawn, each in grid.items()]
    marks = [_as_one(each, symbols) for each in ticks.values()]
    return "".join([*lines, *marks, *rest]) if all(marks) else parts


def _as_one(marks: list[tuple[str, ...]], symbols: Symbols) -> str:
    """Return marks of one kind as one path; nothing where that would look different."""
    name, _, _, around = marks[0]
    path, own = symbols.get(name, ("", ""))
    look = dict(_ATTRIBUTE.findall(around)) | dict(_ATTRIBUTE.findall(own))
    inside, outline = look.get("fill", "#000000"), look.get("stroke", "none")
    lies_over = "none" not in (inside, outline) and inside != outline and not _TICK.fullmatch(path)
    if not path or lies_over or any("opacity" in one for one in look):
        return ""
    drawn = "".join(_moved(path, float(x), float(y)) for _, x, y, _ in marks)
    written = "".join(f' {one}="{value}"' for one, value in look.items())
    return f'<path d="{drawn}"{written}/>'


def _moved(path: str, x: float, y: float) -> str:
    def place(match: re.Match[str]) -> str:
        return f"{round(float(match[1]) + x, 3)} {round(float(match[2]) + y, 3)}"

    return _PLACE.sub(place, path)


def _lines(match: re.Match[str]) -> str:
    """Return lines of one kind as one path, unless some that one can see through may cross."""
    look = match[5]
    lines = re.findall(_LINE, match[0])
    if len(lines) != match[0].count("<path"):
        return match[0]
    if "opacity" in look:
        places = sorted(float(x) for x, _, _, _ in lines)
        upright = all(x == x1 for x, _, x1, _ in lines)
        if not upright or min(two - one for one, two in pairwise(places)) < NEAR:
            return match[0]
    drawn = "".join(f"M {x} {y} L {x1} {y1} " for x, y, x1, y1 in lines)
    return f'<path d="{drawn}"{look}/>'
