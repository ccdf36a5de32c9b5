"""A caption has room for its words above a table of two short columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from iop_outcomes.report import forms
from iop_outcomes.report.forms.paper import laid_out
from tests.helpers.browser import LAPTOP, PHONE, chromium, needs_browser, opened
from tests.report.test_pdf import _pages, needs_weasyprint

TEMPLATES = Path(forms.__file__).parents[1] / "templates"
CAPTION = "Relapse and other ends, whichever came first"


def page(*names: str) -> str:
    rules = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>x</title><meta name="viewport" '
        f'content="width=device-width"><style>{rules}</style></head><body><main><h1>x</h1>'
        f'<div class="scroll short"><table><caption><span>{CAPTION}</span></caption><tbody><tr>'
        '<th scope="row">a</th><td class="count">1</td></tr></tbody></table></div></main></body>'
        "</html>"
    )


@needs_weasyprint
def test_a_caption_on_paper_is_not_as_narrow_as_its_table(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(laid_out(page("style.css", "paper.css"), {}))
    lines = [line for text in _pages(tmp_path / "page.pdf") for line in text.splitlines()]
    caption = [line for line in lines if line.strip() and line.strip() in CAPTION and len(line) > 2]
    assert " ".join(line.strip() for line in caption) == CAPTION
    assert len(caption) <= 2


@needs_browser
@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_a_caption_on_a_screen_is_not_as_narrow_as_its_table(
    size: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(page("style.css"), encoding="utf-8")
    with chromium() as browser:
        page_shown = opened(browser, tmp_path / "page.html").page
        page_shown.set_viewport_size({"width": size[0], "height": size[1]})
        width, high = page_shown.evaluate(
            "() => { const box = document.querySelector('caption').getBoundingClientRect();"
            " return [box.width, box.height]; }"
        )
        wide = page_shown.evaluate("() => document.documentElement.scrollWidth")
    assert width >= 290
    assert high < 60
    assert wide <= size[0]
