"""The letters of a picture on paper: a line at once, and where each of them was."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from io import BytesIO
from typing import Any

import pytest

from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.lines import draw_whole_lines, mark_of
from iop_outcomes.report.forms.pdf import weasyprint

pikepdf = pytest.importorskip("pikepdf", reason="pikepdf, which reads pages, is not installed")
LINE = '<text{} fill="#1a1a1a" transform="translate(20 30)" font-family="DejaVu Sans" {}>{}</text>'
SIZE = 'font-size="10"'
USUAL = "import iop_outcomes; from weasyprint.svg import TAGS; print(TAGS['text'].__module__)"


@pytest.fixture(scope="module")
def library() -> Any:
    try:
        found = weasyprint()
    except ReportError as error:
        pytest.skip(str(error))
    draw_whole_lines()
    return found


def pdf_of(library: Any, line: str) -> bytes:
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="60pt">'
    picture = f"data:image/svg+xml;utf8,{head}{line}</svg>".replace("#", "%23").replace('"', "'")
    page = f'<html lang="en"><title>x</title><body><img alt="x" src="{picture}"></body></html>'
    return bytes(library.HTML(string=page).write_pdf())


def places(pdf: bytes) -> int:
    """Return how many times letters are placed on the page of a picture."""
    with pikepdf.open(BytesIO(pdf)) as held:
        parts = [one.read_bytes() for one in held.objects if isinstance(one, pikepdf.Stream)]
    return sum(one.count(b" Tm") for one in parts)


def words(pdf: bytes) -> list[tuple[str, str]]:
    """Return each word of a page with the place of its end, in points."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext (poppler-utils) to read pages with")
    asked = ["pdftotext", "-bbox", "-", "-"]
    text = subprocess.run(asked, input=pdf, capture_output=True, check=True).stdout.decode()
    return re.findall(r'xMax="([\d.]+)" yMax="[\d.]+">([^<]*)<', text)


@pytest.mark.parametrize("look", [SIZE, 'font-size="8.5" font-weight="700"', 'opacity="0.5"'])
def test_a_line_is_placed_once_where_its_letters_are(library: Any, look: str) -> None:
    text = "60% of all 616 days"
    whole = pdf_of(library, LINE.format(mark_of(text), look, text))
    single = pdf_of(library, LINE.format("", look, text))
    assert places(whole) == 1
    assert places(single) > 10  # if not, WeasyPrint does so itself, and `lines` can go
    ends, by_letter = words(whole), words(single)
    assert [word for _, word in ends] == [word for _, word in by_letter] == text.split()
    for (end, _), (other, _) in zip(ends, by_letter, strict=True):
        assert float(end) == pytest.approx(float(other), abs=0.8)  # letters closer to each other


@pytest.mark.parametrize("word", ["office", "fifty", "flow"])
def test_letters_that_a_font_would_join_are_drawn_one_by_one(library: Any, word: str) -> None:
    assert not mark_of(word)
    assert places(pdf_of(library, LINE.format(mark_of(word), SIZE, word))) == len(word)


def test_other_pictures_are_drawn_as_ever(library: Any) -> None:
    """A logo can have letters that are placed one by one."""
    line = LINE.format("", f'{SIZE} x="3 9 20"', "abc<tspan>de</tspan>")
    asked = [sys.executable, "-c", USUAL]
    alone = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert alone.stdout.strip() == "weasyprint.svg.text"  # no page of ours was laid out
    assert places(pdf_of(library, line)) == 5


def test_another_weasyprint_is_taken_as_it_is(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from weasyprint import svg

    monkeypatch.setattr(svg, "TAGS", {})
    draw_whole_lines.__wrapped__()
    assert svg.TAGS == {}
