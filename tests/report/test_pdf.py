"""The report as PDF: its tags, what it holds of the page, and that it asks for nothing."""

from __future__ import annotations

import importlib
import pickle
import re
import shutil
import socket
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes import paper_process as beside
from iop_outcomes.errors import ReportError, RuleError
from iop_outcomes.paper_process import NoAnswerError, PaperProcess, paper_process, worth_it
from iop_outcomes.plots import plot_trend
from iop_outcomes.plots.layout.export import Picture, dotted, draw_svg
from iop_outcomes.plots.layout.style import LABEL_SIZE
from iop_outcomes.report.forms import apart, paper
from iop_outcomes.report.forms.apart import Shared, check
from iop_outcomes.report.forms.html import page_of
from iop_outcomes.report.forms.pdf import BOXES, for_paper, lettered, pdf_of, plain, weasyprint
from iop_outcomes.report.forms.saving import check_path
from iop_outcomes.report.model import Drawing, How, Section, Table, data_address
from iop_outcomes.report.sections.registry import NAMES
from iop_outcomes.report.settings import ReportSettings
from tests.helpers.of_the_sample import records_of_the_sample

pikepdf = pytest.importorskip("pikepdf", reason="pikepdf, which reads the tags, is not installed")
HOSTILE = "<script>alert(1)</script> url(http://127.0.0.1:9/a) =1+1 ${x} \\u0007"
HOWS: tuple[How, ...] = ("picture", "narrow", "dots")
ENDED = "import sys; sys.exit(3)"  # programs in place of the other process
ENDED_LATER = "print('ready')"
WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"
NONSENSE = "import sys; print('ready', flush=True); sys.stdin.buffer.read(1); print('%PDF-')"
PAGE = '<html lang="en"><head><title>x</title><style></style></head><body>x</body></html>'
ALTERNATIVE = "A picture of <b>two</b> numbers."


def _why_not() -> str:
    try:
        weasyprint()
    except ReportError as error:
        return str(error)
    return ""


WHY_NOT = _why_not()
needs_weasyprint = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "it is here")
needs_text = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="no pdftotext (poppler-utils) to read pages with"
)


def sections_of(picture: Picture) -> list[Section]:
    """Return eight tables with captions and rows of several lines, and a picture."""
    tables = [
        Table(
            f"t{number}",
            f"Caption {number}",
            pd.DataFrame(
                {
                    "name": [f"first {number}", *(f"row {number}.{row}" for row in range(11))],
                    "text": [f"begin{number} {'words ' * 60}end{number}", *["x"] * 11],
                }
            ),
        )
        for number in range(8)
    ]
    hostile = Table("hostile", HOSTILE, pd.DataFrame({HOSTILE: [HOSTILE]}), {}, HOSTILE)
    drawing = Drawing(HOSTILE, lambda **_: picture, hostile)
    return [
        Section("one", "One", ("A sentence.",), tuple(tables)),
        Section("two", HOSTILE, (HOSTILE,), (hostile,), (drawing,), (("higher", "A", HOSTILE),)),
    ]


@pytest.fixture(scope="module")
def shown() -> Any:
    sample = iop.synthetic_records(people=60, seed=3)
    tables = {"episodes": sample.episodes, "checkins": sample.checkins}
    records = iop.read_records(**tables, as_of="2026-09-30")
    trend = iop.trend(records, "admissions", chart="none")
    return iop.protect(trend, iop.SafePolicy.internal())


@pytest.fixture(scope="module")
def picture(shown: Any) -> Picture:
    made = draw_svg(plot_trend, shown)
    return Picture(made.svg, ALTERNATIVE, made.width, made.height, made.notes)


@pytest.fixture(scope="module")
def html(picture: Picture) -> str:
    policy = iop.SafePolicy.internal()
    scope: Any = SimpleNamespace(records=SimpleNamespace(synthetic=True), policy=policy)
    facts = [("Programs", HOSTILE)]
    return page_of(scope, sections_of(picture), ReportSettings(), "A title", facts)()


@pytest.fixture(scope="module")
def made(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(pdf_of(html))
    return path


def _tags(node: Any) -> Iterator[Any]:
    if isinstance(node, pikepdf.Array):
        for one in node:
            yield from _tags(one)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from _tags(node.K)


def _pages(path: Path) -> list[str]:
    done = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode("utf-8").split("\f")[:-1]


@needs_weasyprint
def test_it_is_tagged_with_language_title_and_bookmarks(made: Path, html: str) -> None:
    with pikepdf.open(made) as held:
        assert bool(held.Root.MarkInfo.Marked)
        assert str(held.Root.Lang) == "en"
        assert bool(held.Root.ViewerPreferences.DisplayDocTitle)
        assert str(held.docinfo["/Title"]) == "A title"
        assert b'pdfuaid:part="1"' in held.Root.Metadata.read_bytes()
        with held.open_outline() as outline:
            assert [one.title for one in outline.root] == ["A title"]
            assert outline.root[0].children[0].title == "One"
        tags = list(_tags(held.Root.StructTreeRoot.K))
        kinds = [str(one.S) for one in tags]
        assert kinds.count("/H1") == 1
        assert kinds.count("/H2") == 2
        assert kinds.count("/Table") == 9  # those behind pictures stand in the other forms
        assert kinds.count("/Caption") >= 9
        scopes = [str(one.A.Scope) for one in tags if one.S == "/TH"]
        columns, rows = html.count('<th scope="col"'), html.count('<th scope="row"')
        assert 16 < scopes.count("/Column") <= columns  # those of folded tables are not printed
        assert 96 < scopes.count("/Row") <= rows
        figures = [one for one in tags if one.S == "/Figure"]
        assert [str(one.Alt) for one in figures] == [ALTERNATIVE]
        assert html.count("<img ") == 1


@needs_weasyprint
def test_hostile_values_do_nothing_in_it(made: Path) -> None:
    content = made.read_bytes()
    with pikepdf.open(made) as held:
        every = b"".join(
            one.unparse(resolved=True) if not isinstance(one, pikepdf.Stream) else b""
            for one in held.objects
        )
    for key in (b"/JavaScript", b"/JS", b"/Launch", b"/URI", b"/EmbeddedFile", b"/SubmitForm"):
        assert key not in every
        assert key not in content


@needs_weasyprint
def test_it_asks_nobody_for_anything(tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        pdf_of(
            f'<html lang="en"><head><title>x</title><link rel="stylesheet" href="{address}/s.css">'
            f'<style>@import url("{address}/i.css"); p {{ background: url({address}/b.png) }}'
            f'</style></head><body><p>x</p><img src="{address}/i.png" alt="i">'
            f'<img src="{secret.as_uri()}" alt="s"></body></html>'
        )
        with pytest.raises(TimeoutError):
            server.accept()


@needs_weasyprint
def test_the_same_page_makes_the_same_bytes(made: Path, html: str) -> None:
    assert pdf_of(html) == made.read_bytes()


@needs_weasyprint
@needs_text
def test_captions_and_rows_are_kept_together_and_each_page_has_its_mark(made: Path) -> None:
    pages = _pages(made)
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert iop.SafePolicy.internal().mark in page.splitlines()[0]
        assert f"Page {number} of {len(pages)}" in page
    for number in range(8):
        (with_caption,) = [page for page in pages if f"Caption {number}" in page]
        assert f"first {number}" in with_caption
        (with_begin,) = [page for page in pages if f"begin{number}" in page]
        assert f"end{number}" in with_begin


@needs_weasyprint
@needs_text
def test_the_letters_of_a_picture_can_be_copied(made: Path) -> None:
    assert "Admissions" in "".join(_pages(made))


def drawings_of(shown: Any, *synthetic: bool) -> list[Drawing]:
    """Return pictures that are not drawn yet."""
    draws = (partial(draw_svg, plot_trend, shown, synthetic=one) for one in synthetic)
    return [Drawing("Admissions", draw, Table("t", "T", shown.table)) for draw in draws]


def in_two(process: PaperProcess, drawings: list[Drawing], page: str) -> bytes:
    """Draw and lay out as the command does; return the PDF."""
    with Shared(process, keep=True) as shared:
        shared.draw(drawings[:1], "picture")
        shared.draw(drawings, "picture")
        shared.pictures("picture")
        assert all(one.has("picture") for one in drawings)
        shared.draw(drawings, "dots")
        shared.draw(drawings, "narrow")
        shared.lay_out(for_paper(page))
        shared.pictures("narrow")
        assert all(one.has("narrow") for one in drawings)
        return shared.finish()


def assert_same(drawings: list[Drawing], others: list[Drawing]) -> None:
    for one, other in zip(drawings, others, strict=False):
        for how in HOWS:
            assert one.has(how)
            assert getattr(one, how) == getattr(other, how)


@pytest.fixture(scope="module")
def drawn_here(shown: Any) -> list[Drawing]:
    drawings = drawings_of(shown, True, False, False)
    for one in drawings:
        one.picture, one.narrow, one.dots  # noqa: B018
    return drawings


@needs_weasyprint
def test_two_processes_make_the_same_bytes(
    made: Path, html: str, shown: Any, drawn_here: list[Drawing]
) -> None:
    process = PaperProcess()
    check(process)
    drawings = drawings_of(shown, True, False, False)
    assert in_two(process, drawings, html) == made.read_bytes()
    assert_same(drawings, drawn_here)
    for keep, how in ((True, "picture"), (True, "dots"), (False, "dots"), (False, "narrow")):
        one = process.ask(paper.PICTURE, 0, pickle.dumps(drawn_here[0].draw), how, keep)
        assert one == getattr(drawn_here[0], how)
        if keep and how == "picture":  # with its figure, for the dots
            assert dotted(one) == drawn_here[0].dots
        else:
            assert one.figure is None
    wrong = Drawing("None", partial(draw_svg, plot_trend, None), drawn_here[0].table)
    with pytest.raises(NoAnswerError):
        process.ask(paper.PICTURE, 0, pickle.dumps(wrong.draw), "narrow", False)
    process.close()  # nothing is left to end
    with Shared(process) as shared:
        shared.draw([wrong], "narrow")
        with pytest.raises(RuleError, match="plot_trend"):  # as without another process
            shared.finish()


@needs_weasyprint
def test_a_page_without_the_rules_of_footnotes_is_the_same(
    made: Path, html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = weasyprint()
    own = paper._without_footnotes(library)
    assert own is not library.HTML  # of this version its style is known
    assert len(paper.FOOTNOTES.findall(importlib.import_module("weasyprint.html").UA)) == 5
    monkeypatch.setattr(paper, "_without_footnotes", lambda library: library.HTML)
    assert pdf_of(html) == made.read_bytes()


@needs_weasyprint
@pytest.mark.parametrize("program", [None, ENDED, ENDED_LATER])
def test_the_bar_of_pictures_goes_from_none_to_all(
    program: str | None, monkeypatch: pytest.MonkeyPatch, shown: Any
) -> None:
    bars: list[list[int]] = []

    class Bar:
        def __init__(self, total: int) -> None:
            self.n, self.total, self.seen = 0, total, [total, 0]
            bars.append(self.seen)

        def update(self, more: int) -> None:
            self.n += more
            self.seen.append(self.n)

        def close(self) -> None:
            """Show nothing."""

    monkeypatch.setattr(apart, "_bar", Bar)
    if program is not None:  # what the other process cannot do is left again
        monkeypatch.setattr(beside, "START", program)
    process = PaperProcess()
    drawings = drawings_of(shown, True, False)
    with Shared(process, keep=True, progress=True) as shared:
        shared.draw(drawings, "picture", "dots", "narrow")  # more than each bar is of
        shared.pictures("picture")
        shared.lay_out(for_paper(PAGE))
        shared.pictures("narrow")
        shared.finish()
    process.close()
    assert bars
    for total, *done in bars:
        assert done == sorted(done)
        assert done[-1] == total


@needs_weasyprint
@pytest.mark.parametrize("program", [ENDED, ENDED_LATER, NONSENSE])
def test_without_the_other_process_all_is_done_here(
    program: str, monkeypatch: pytest.MonkeyPatch, shown: Any, drawn_here: list[Drawing]
) -> None:
    monkeypatch.setattr(beside, "START", program)
    process = PaperProcess()
    check(process)
    drawings = drawings_of(shown, True)
    assert in_two(process, drawings, PAGE) == pdf_of(PAGE)
    assert_same(drawings, drawn_here)
    process.close()


@needs_weasyprint
@pytest.mark.parametrize("program", ["/no/such/python", ""])
def test_where_no_other_process_can_be_started_all_is_done_here(
    program: str, monkeypatch: pytest.MonkeyPatch, shown: Any, drawn_here: list[Drawing]
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    process = PaperProcess()
    check(process)
    drawings = drawings_of(shown, True)
    assert in_two(process, drawings, PAGE) == pdf_of(PAGE)
    assert_same(drawings, drawn_here)


@needs_weasyprint
def test_what_cannot_be_sent_is_drawn_here(
    monkeypatch: pytest.MonkeyPatch, shown: Any, drawn_here: list[Drawing]
) -> None:
    asked: list[object] = []

    def answer_nothing(_: PaperProcess, *request: object) -> None:
        asked.append(request[0])
        raise NoAnswerError

    monkeypatch.setattr(beside, "START", WAITING)
    monkeypatch.setattr(PaperProcess, "ask", answer_nothing)
    process = PaperProcess()
    check(process)
    (sent,) = drawings_of(shown, True)
    drawings = [replace(sent, draw=lambda **how: sent.draw(**how))]
    assert in_two(process, drawings, PAGE) == pdf_of(PAGE)
    assert_same(drawings, drawn_here)
    assert paper.PICTURE not in asked  # the page may be: whichever thread is first
    process.close()


def test_dots_are_made_where_the_figure_is(
    monkeypatch: pytest.MonkeyPatch, drawn_here: list[Drawing]
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(PaperProcess, "ask", lambda *_: drawn_here[0].picture)
    shared = Shared(PaperProcess(), keep=True)
    shared._drawings, shared._sent = [replace(one) for one in drawn_here], [b"it"] * 3
    shared._do_there("picture", 0)
    shared._do_there("narrow", 1)
    assert shared._kept_there == {("dots", 0)}
    shared._left = [("dots", 0), ("dots", 1), ("dots", 2), ("narrow", 2)]
    assert shared._next_here(("dots",), lambda: True) == ("dots", 1)
    assert shared._next_there() == ("dots", 0)
    assert shared._next_there() == ("narrow", 2)
    assert shared._next_here(("narrow",), lambda: True) is None
    assert shared._next_here(("dots",), lambda: True) == ("dots", 2)


def test_what_the_page_waits_for_is_drawn_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    shared = Shared(PaperProcess(), keep=True)
    shared._kept_there = {("dots", 0)}
    shared._left = [("picture", 1), ("picture", 2), ("narrow", 0), ("dots", 0), ("dots", 1)]
    shared._left.append(("page", 0))
    order = [shared._next_there() for _ in range(6)]
    pictures = [("page", 0), ("picture", 2), ("picture", 1)]
    assert order == [*pictures, ("dots", 0), ("narrow", 0), ("dots", 1)]


def _of_a_lock(*, keep: bool) -> Picture:
    return Picture(b"<svg/>", "x", 1, 1, figure=threading.Lock())


def test_a_figure_that_cannot_be_sent_stays_where_it_was_drawn() -> None:
    kept: dict[int, Picture] = {}
    answer = paper.drawn(kept, 4, pickle.dumps(_of_a_lock), "picture", True)
    assert answer.figure is None
    assert kept[4].figure is not None


@needs_weasyprint
def test_an_answer_that_cannot_be_taken_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, shown: Any
) -> None:
    tried = threading.Event()

    def refuse(*_: object) -> None:
        tried.set()
        raise KeyError

    monkeypatch.setattr(Drawing, "take", refuse)
    monkeypatch.setattr(PaperProcess, "ask", lambda *_: None)
    monkeypatch.setattr(PaperProcess, "is_ready", lambda _: True)
    monkeypatch.setattr(beside, "START", ENDED)
    process = PaperProcess()
    drawings = drawings_of(shown, True)
    with Shared(process) as shared:
        shared.draw(drawings, "picture")
        assert tried.wait(30)
        here = threading.Thread(target=shared.finish, daemon=True)
        here.start()
        here.join(30)
        assert not here.is_alive()
    assert all(one.has("picture") for one in drawings)
    process.close()


def test_another_process_that_cannot_make_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beside, "START", "import sys; sys.exit('no Pango')")
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    process = PaperProcess()
    with pytest.raises(ReportError, match="WeasyPrint"):
        check(process)


def test_another_process_is_used_where_two_things_are_made_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [".pdf", ".HTML"]
    monkeypatch.setattr(beside, "_cores", lambda: 2)
    assert worth_it(both)
    assert not worth_it([".pdf", ".json"])
    assert not worth_it([".html", ".docx"])
    with paper_process(both, wanted=False) as process:
        assert process is None
    monkeypatch.setattr(beside, "_cores", lambda: 1)
    with paper_process(both) as process:
        assert process is None


@needs_weasyprint
def test_what_is_for_screens_only_changes_nothing_on_paper(picture: Picture) -> None:
    scope: Any = SimpleNamespace(
        records=SimpleNamespace(synthetic=True), policy=iop.SafePolicy.cms()
    )
    page = page_of(scope, sections_of(picture)[1:], ReportSettings(), "A title", [])
    assert "<details>" in page()
    assert "<nav " in page()
    assert not {"<details>", "<nav ", "<source "} & set(re.findall("<[a-z]+[ >]", page(paper=True)))
    at_the_end = re.compile(r'<section id="behind".*?</section>\n', re.DOTALL)
    on_paper, found = at_the_end.subn("", page(paper=True))
    assert found == 1
    assert pdf_of(on_paper) == pdf_of(page())


def test_the_letters_of_a_picture_are_as_large_as_those_of_tables(picture: Picture) -> None:
    page = for_paper(f'<style></style><img src="{data_address(picture)}">')
    of_tables = re.search(r"table {[^}]*font-size: ([\d.]+)pt", page)
    assert of_tables is not None
    held = ElementTree.fromstring(b64decode(page.partition("base64,")[2].partition('"')[0]))
    own = ElementTree.fromstring(picture.svg)
    for side in ("width", "height"):
        size, whole = (float(svg.attrib[side].removesuffix("pt")) for svg in (held, own))
        assert LABEL_SIZE * size / whole == float(of_tables[1])
    assert held.attrib["viewBox"] == own.attrib["viewBox"]


def test_a_page_says_that_no_font_has_a_letter_of_it() -> None:
    page = "<style></style><header></header><p>{}</p>{}"
    assert BOXES in for_paper(page.format("\ue000", "<header></header>"))  # for private use
    assert BOXES not in for_paper(page.format("Jos\u00e9", ""))


@needs_weasyprint
@needs_text
def test_a_caption_stays_with_its_table_and_long_names_within_the_page(tmp_path: Path) -> None:
    style = files("iop_outcomes.report").joinpath("templates/style.css").read_text("utf-8")
    name = "Donaudampfschifffahrtsgesellschaft" * 3
    cells = "".join(f"<td>column{number}</td>" for number in range(9))
    rows = (
        f"<tr><td>first {'text ' * 300}</td></tr>",
        f'<tr><th scope="row" class="wide">{name}</th>{cells}</tr>',  # as the page has it
    )
    head = "<thead><tr><th>a</th></tr></thead>"
    table = f"<h2>Two</h2><table><caption>Above it</caption>{head}<tbody>{{}}</tbody></table>"
    long, narrow = (table.format(row) for row in rows)
    path = tmp_path / "x.pdf"

    def pages(body: str) -> list[str]:
        whole = PAGE.replace("<style>", f"<style>{style}").replace("<body>x", f"<body>{body}")
        path.write_bytes(pdf_of(whole))
        return _pages(path)

    for lines in (26, 29, 32):  # the row does not fit below them
        page = next(one for one in pages("<p>x</p>" * lines + long) if "Above it" in one)
        assert "first text" in page
        assert "Two" in page
    pages(narrow)
    done = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True)
    last = re.search(r'xMax="([\d.]+)"[^>]*>column8<', done.stdout.decode("utf-8"))
    assert last is not None
    assert float(last[1]) <= (210 - 17) / 25.4 * 72  # A4, less its margin


def test_a_heading_and_its_words_stay_with_the_picture_below(
    picture: Picture, tmp_path: Path
) -> None:
    style = files("iop_outcomes.report").joinpath("templates/style.css").read_text("utf-8")
    drawn = f'<img src="{data_address(picture)}" alt="A." width="600" height="300">'
    figure = f'<figure><figcaption><h3>Its title</h3></figcaption><div class="card">{drawn}</div>'
    body = f"<section><h2>Two</h2><p>Words of it.</p>{figure}</figure></section>"
    path = tmp_path / "x.pdf"
    apart = 0
    for lines in (24, 27, 30, 33):  # the picture does not fit below some of them
        whole = PAGE.replace("<style>", f"<style>{style}")
        path.write_bytes(pdf_of(whole.replace("<body>x", f"<body>{'<p>x</p>' * lines}{body}")))
        page = next(one for one in _pages(path) if "Its title" in one)
        assert "Two" in page
        assert "Words of it." in page
        apart += "Two" not in _pages(path)[0]
    assert apart > 0


def test_a_plain_picture_has_its_styles_as_attributes_and_no_empty_groups(picture: Picture) -> None:
    before = lettered(picture.svg.decode("utf-8"))
    after = plain(before)
    kinds = ("<path ", "<use ", "<text ", "<rect ", "clip-path=")
    assert {one: after.count(one) for one in kinds} == {one: before.count(one) for one in kinds}
    old, new = ElementTree.fromstring(before), ElementTree.fromstring(after)
    assert " style=" not in after
    looks = [_look(one) for one in old.iter() if not one.tag.endswith(("}g", "}style"))]
    kept = [_look(one) for one in new.iter() if not one.tag.endswith("}g")]
    drawn = [one for one in looks if one != {}]
    assert [one for one in kept if one != {}][1:] == drawn[1:]  # the first is the whole picture
    assert new.get("stroke-linejoin") == "round"
    other = before.replace("<style", "<style media='all'", 1)
    assert plain(other) == other


def _look(node: ElementTree.Element) -> dict[str, str]:
    """Return the attributes of a part of a picture, those of its style among them."""
    styles = (one.partition(":") for one in node.get("style", "").split(";") if one.strip())
    named = {name: value for name, value in node.attrib.items() if name != "style"}
    return named | {name.strip(): value.strip() for name, _, value in styles}


def test_letters_of_other_fonts_stay_shapes(picture: Picture) -> None:
    svg = picture.svg.decode("utf-8")
    text = lettered(svg)
    assert len(re.findall("<text ", text)) == svg.count("<!-- ") > 5
    assert "#DejaVuSans" not in text
    other = svg.replace('"#DejaVuSans-', '"#NotoSans-', 1)
    assert lettered(other) == other
    ligature = re.sub(r'<use xlink:href="#DejaVuSans-[^>]*/>', "", svg, count=1)
    assert lettered(ligature) == ligature


def test_without_weasyprint_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ReportError, match="WeasyPrint") as caught:
        check_path(tmp_path / "report.pdf")
    assert "iop-outcomes[pdf]" in caught.value.instead


def test_a_definition_stands_once_and_pictures_lead_to_it(picture: Picture) -> None:
    policy = iop.SafePolicy.cms()
    scope: Any = SimpleNamespace(records=SimpleNamespace(synthetic=False), policy=policy)
    noted = replace(picture, notes="How <it> is counted.\nBand: limits.")
    behind = Table("t", "T", pd.DataFrame({"a": ["b"]}), {}, "How <it> is counted.")
    drawing = Drawing("D", lambda **_: noted, behind, "How <it> is counted.")
    frame = pd.DataFrame({"measure": ["m"], "definition": ["How <it> is counted."]})
    words = Section("definitions", "Own words", (), (Table("definitions", "W", frame),))
    pictures = Section("one", "One", (), (), (drawing,))
    settings = ReportSettings()
    with_words = page_of(scope, [pictures, words], settings, "A title", [])()
    assert with_words.count("How &lt;it&gt; is counted.") == 1
    assert '<a href="#definitions">Own words</a>' in with_words
    assert with_words.count("Band: limits.") == 1
    without = page_of(scope, [pictures], settings, "A title", [])()
    assert without.count("How &lt;it&gt; is counted.") == 1
    assert "#definitions" not in without


def test_on_paper_the_tables_behind_the_pictures_stand_at_the_end(picture: Picture) -> None:
    policy = iop.SafePolicy.cms()
    scope: Any = SimpleNamespace(records=SimpleNamespace(synthetic=False), policy=policy)
    behind = Table("t", "Behind it", pd.DataFrame({"a": ["b"]}), {}, "What it is.")
    pictures = Section("one", "One", (), (), (Drawing("D", lambda **_: picture, behind, ""),))
    last = Section("two", "Last section", ())
    page = page_of(scope, [pictures, last], ReportSettings(), "A title", [])
    paper, screen = page(paper=True), page()
    title = "The numbers behind the pictures"
    assert title not in screen
    before, _, after = paper.partition(f">{title}</h2>")
    assert "Last section" in before
    assert "Behind it" in after
    assert "Behind it" not in before
    assert 'aria-labelledby="behind-title"' in before
    without = page_of(scope, [last], ReportSettings(), "A title", [])(paper=True)
    assert title not in without


@needs_weasyprint
@needs_text
@pytest.mark.parametrize("program", ["", "North"])
def test_findings_and_all_measures_with_their_note_stand_on_the_first_page(
    program: str, tmp_path: Path
) -> None:
    records = records_of_the_sample()
    if program:
        records = records.subset((records.episodes["program"] == program).to_numpy())
    others = NAMES[NAMES.index("flow") + 1 :]
    made = iop.quarterly_report(records, "2026Q3", settings=ReportSettings(leave_out=others))
    first, second = _pages(made.save(tmp_path / "report.pdf"))[:2]
    for words in ("At a glance", "All measures on one page", "It is not drawn of"):
        assert words in first
    assert second.strip().startswith("From admission to day 90")


@needs_weasyprint
@needs_text
def test_the_first_page_stands_alone_with_targets_and_other_results(tmp_path: Path) -> None:
    """With five targets its tables began on the second page."""
    targets = {"attendance_rate": 0.75, "no_show_rate": 0.12, "retained_30": 0.7}
    targets |= {"completion_rate": 0.4, "check_in_response": 0.8}
    kept = ("what-changed", "flow", "who-stayed", "relapse", "symptoms")
    settings = ReportSettings(
        title="Outcomes of Harbor House, all programs",
        prepared_by="Quality office",
        prepared_on="2026-10-05",
        targets=targets,
        leave_out=tuple(name for name in NAMES if name not in kept),
    )
    made = iop.quarterly_report(records_of_the_sample(), "2026Q3", settings=settings)
    first, second = _pages(made.save(tmp_path / "report.pdf"))[:2]
    for words in ("beside target", "It is not drawn of", "Also in this report", "lower scores"):
        assert words in " ".join(first.split())
    assert second.strip().startswith("From admission to day 90")
