"""Pictures of fewer parts for the PDF: each part is where it was, and looks as it did."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from iop_outcomes.plots.layout.export import draw_svg
from iop_outcomes.report.forms.joined import joined
from iop_outcomes.report.forms.pdf import lettered, plain
from tests.helpers.of_the_sample import report_of_the_sample

ATTRIBUTE = re.compile(r' ([\w:-]+)="([^"]*)"')
PART = re.compile(r"<(use|path)\b([^>]*)/>")
TICK = '<defs><path id="m1" d="M 0 0  L 0 3.5  " stroke="#5c5c5c"/></defs>'
DOT = '<defs><path id="m2" d="M 0 1  C 1 1 2 2 3 3  z " stroke="{}"/></defs>'
GRID = '<path d="M {0} 9  L {0} 1  " fill="none" stroke="#d0d0d0"/>'
LINE = '<path d="M {0} 9  L {1} 1  " fill="none" stroke="#0072b2" stroke-opacity="0.5"/>'


def _use(name: str, x: float, look: str = "") -> str:
    return f'<use xlink:href="#{name}" x="{x}" y="2.5"{look}/>'


def _moved(path: str, x: float, y: float) -> list[str]:
    """Return the lines of a path, each with its places from the edge of the picture."""
    places = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
    moved = places.sub(lambda at: f"{float(at[1]) + x:.3f} {float(at[2]) + y:.3f}", path)
    return [" ".join(one.split()) for one in moved.split("M") if one.strip()]


def shapes_of(svg: str) -> Counter[tuple[str, ...]]:
    """Return every line that is drawn, with how it looks, wherever it is written."""
    symbols = {}
    for _, text in PART.findall(svg):
        look = dict(ATTRIBUTE.findall(text))
        if "id" in look:
            symbols[look.pop("id")] = look
    drawn: Counter[tuple[str, ...]] = Counter()
    for kind, text in PART.findall(re.sub(r"<defs>.*?</defs>", "", svg)):
        look, x, y = dict(ATTRIBUTE.findall(text)), 0.0, 0.0
        if kind == "use":
            x, y = float(look.pop("x")), float(look.pop("y"))
            look |= symbols[look.pop("xlink:href")[1:]]
        path = look.pop("d", "")  # matplotlib leaves out what is empty
        drawn.update((one, *sorted(map(str, look.items()))) for one in _moved(path, x, y))
    return drawn


@pytest.fixture(scope="module")
def pictures() -> list[str]:
    drawings = [one.draw for one in report_of_the_sample().drawings]  # not drawn there
    made = [draw_svg(*one.args, **one.keywords) for one in drawings]  # type: ignore[attr-defined]  # of a plot
    return [plain(lettered(one.svg.decode("utf-8"))) for one in made]


def test_what_is_drawn_of_a_report_is_the_same_in_fewer_parts(pictures: list[str]) -> None:
    assert len(pictures) > 10
    for svg in pictures:
        made = joined(svg)
        assert shapes_of(made) == shapes_of(svg)
        assert re.findall(r"<text.*?</text>", made) == re.findall(r"<text.*?</text>", svg)
    before = sum(len(PART.findall(one)) for one in pictures)
    after = sum(len(PART.findall(joined(one))) for one in pictures)
    assert after < 0.5 * before  # a control chart has no upright line a period, which are joined


def test_the_grid_is_below_the_ticks_and_these_below_what_is_written() -> None:
    parts = [TICK, *(GRID.format(x) + _use("m1", x) + f"<text>{x}</text>" for x in (1, 2))]
    assert joined("".join(parts)) == (
        '<path d="M 1 9  L 1 1  M 2 9  L 2 1  " fill="none" stroke="#d0d0d0"/>'
        '<path d="M 1.0 2.5  L 1.0 6.0  M 2.0 2.5  L 2.0 6.0  " stroke="#5c5c5c"/>'
        f"{TICK}<text>1</text><text>2</text>"
    )


@pytest.mark.parametrize(
    ("look", "outline", "parts"),
    [
        (' fill="#0072b2"', "#0072b2", 1),
        (' fill="none"', "#0072b2", 1),
        ("", "#000000", 1),  # filled with black where nothing is said
        (' fill="#ffffff"', "#0072b2", 2),  # each lies over the outline of the one before
        (' fill="#0072b2" fill-opacity="0.5"', "#0072b2", 2),
    ],
)
def test_marks_are_joined_where_none_lies_over_another(look: str, outline: str, parts: int) -> None:
    svg = f"<g>{DOT.format(outline)}{_use('m2', 1, look)}{_use('m2', 2, look)}</g>"
    made = joined(svg)
    assert shapes_of(made) == shapes_of(svg)
    assert len(PART.findall(made)) == 1 + parts


@pytest.mark.parametrize(
    ("places", "parts"),
    [
        ([(1, 1), (5, 5), (9, 9)], 1),
        ([(1, 1), (9, 9), (4, 4)], 3),  # so near that they may touch
        ([(1, 5), (5, 1)], 2),  # they cross, and are darker there
    ],
)
def test_lines_that_one_can_see_through_are_joined_where_they_are_apart(
    places: list[tuple[int, int]], parts: int
) -> None:
    svg = "".join(LINE.format(*place) for place in places)
    made = joined(svg)
    assert shapes_of(made) == shapes_of(svg)
    assert len(PART.findall(made)) == parts


@pytest.mark.parametrize("svg", [TICK + _use("m1", 1) + _use("m1", 2), GRID.format(1)])
def test_what_another_style_sheet_draws_is_left_as_it_is(svg: str) -> None:
    own = f"<style>path {{ opacity: 0.5 }}</style>{svg}"
    assert joined(own) == own
    marker = DOT.format("#000000") + _use("m2", 1) + "<text>a</text>" + _use("m2", 2)
    assert joined(marker) == marker  # no tick: it stays where it is among what is written
