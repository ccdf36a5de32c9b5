"""The report as a Word file: first page, pictures with their words, and nothing that acts."""

from __future__ import annotations

import sys
from base64 import b64encode
from functools import partial
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import ReportError
from iop_outcomes.plots.layout.export import DOTS, SETTINGS, Picture, dotted, draw_svg
from iop_outcomes.plots.layout.style import drawing
from iop_outcomes.report.forms.document import Document, document_of
from iop_outcomes.report.forms.saving import check_path, save_report
from iop_outcomes.report.forms.word import NOT_HERE, word_of
from iop_outcomes.report.model import Drawing, Section, Table
from iop_outcomes.report.sections.findings import findings_frame
from iop_outcomes.report.sections.matrix import COURSE, COURSE_NOTE

docx = pytest.importorskip("docx", reason="python-docx, the extra [office], is not installed")
HOSTILE = '<w:p>x</w:p> =1+1 DDEAUTO "calc" {INCLUDETEXT http://127.0.0.1:9/} \x07 ]]>'


def png() -> bytes:
    from matplotlib.figure import Figure

    with BytesIO() as buffer:
        Figure(figsize=(1, 1)).savefig(buffer, format="png")
        return buffer.getvalue()


@pytest.fixture(scope="module")
def document() -> Document:
    frame = pd.DataFrame({"name": [HOSTILE], "n": ["hidden"], "share": [np.nan]})
    table = Table("t", HOSTILE, frame, {"share": "share"}, HOSTILE)
    items = (("lower", "Rate", " was 3%."), ("signal", HOSTILE, HOSTILE))
    sections = [Section("what-changed", "At a glance", ("How.",), (table,), items=items)]
    return document_of(HOSTILE, [("Programs", HOSTILE)], findings_frame([]), sections)


def made_of(document: Document) -> bytes:
    picture = Picture(b"", f"Alternative {HOSTILE}", 96, 96, "A note.\nAnother.", png())
    logo = f"data:image/png;base64,{b64encode(png()).decode()}"
    pictures = [("A picture", picture), (HOSTILE, picture)]
    return word_of(document, pictures, "Do not send.", "Synthetic data.", logo)


def test_it_holds_the_first_page_and_the_pictures_with_their_words(document: Document) -> None:
    held = docx.Document(BytesIO(made_of(document)))
    words = [one.text for one in held.paragraphs]
    assert "Synthetic data." in words
    assert "lower: Rate was 3%." in words
    assert NOT_HERE in words
    assert words.count("A note.") == 2
    assert held.sections[0].header.paragraphs[0].text == "Do not send."
    assert held.tables[0].rows[0].cells[1].text == "n"
    assert held.tables[0].rows[1].cells[1].text == "hidden"
    assert held.tables[0].rows[1].cells[2].text == "–"
    assert len(held.inline_shapes) == 3
    described = [one._inline.docPr.get("descr") for one in held.inline_shapes]
    assert described[0] == ""  # the logo says nothing
    assert all(one.startswith("Alternative <w:p>") for one in described[1:])


def test_what_is_left_out_is_not_described_and_the_paper_is_that_of_the_pdf() -> None:
    frame = pd.DataFrame({"measure": ["Admissions"], COURSE: ["▁▂▃"]})
    table = Table(
        "measures", "All measures", frame, {}, f"Value: the newest. {COURSE_NOTE}The end."
    )
    section = Section(
        "what-changed", "At a glance", (), (table,), items=(("lower", "Rate", "3%."),)
    )
    held = docx.Document(BytesIO(made_of(document_of("T", [], findings_frame([]), [section]))))
    assert [cell.text for cell in held.tables[0].rows[0].cells] == ["measure"]
    assert "Value: the newest. The end." in [one.text for one in held.paragraphs]
    page = held.sections[0]
    assert (page.page_width.mm, page.page_height.mm) == pytest.approx((210, 297), abs=0.1)


def test_each_section_with_pictures_begins_with_its_definitions(document: Document) -> None:
    table = Table("u", "U", pd.DataFrame({"n": [1]}))
    curves = tuple(
        Drawing(title, partial(draw_svg, iop.plot_survival, None), table)
        for title in ("Curve", "The same, by program")
    )
    sections = [
        Section("relapse", "Relapse", ("Relapse is any use.",), drawings=curves),
        Section("empty", "Nothing drawn", ("Not printed.",)),
        Section("trends", "Trends", drawings=curves[:1]),
    ]
    whole = document_of("T", [], findings_frame([]), sections)
    picture = Picture(b"", "A curve.", 600, 300, "What relapse is stands at the start.", png())
    titles = ["Curve", "The same, by program", "Curve"]
    held = docx.Document(BytesIO(word_of(whole, [(one, picture) for one in titles], "", "", "")))
    words = [one.text for one in held.paragraphs if one.text]
    note = "What relapse is stands at the start."
    start = ["T", NOT_HERE, "Relapse", "Relapse is any use.", "Curve", note]
    assert words == [*start, "The same, by program", note, "Trends", "Curve", note]
    levels = [one.style.name for one in held.paragraphs if one.style.name.startswith("Heading")]
    assert levels == [f"Heading {level}" for level in (1, 2, 3, 3, 2, 3)]
    page = held.sections[0]
    between = page.page_width - page.left_margin - page.right_margin
    assert {one.width for one in held.inline_shapes} == {between}  # and not beyond a margin


def test_no_row_of_a_table_is_divided_and_its_header_is_read_as_one(document: Document) -> None:
    (grid,) = docx.Document(BytesIO(made_of(document))).tables
    kinds = [{one.tag.partition("}")[2] for one in row._tr.trPr} for row in grid.rows]
    assert kinds == [{"cantSplit", "tblHeader"}, {"cantSplit"}]
    bold = [
        [run.bold for cell in row.cells for run in cell.paragraphs[0].runs] for row in grid.rows
    ]
    assert bold == [[True] * 3, [None] * 3]


def test_nothing_in_it_acts_or_asks(document: Document) -> None:
    with ZipFile(BytesIO(made_of(document))) as parts:
        for name in parts.namelist():
            content = parts.read(name)
            assert b"fldChar" not in content
            assert b"instrText" not in content
            assert b'TargetMode="External"' not in content
            assert b"vbaProject" not in name.encode()


def test_the_same_report_makes_the_same_bytes(document: Document) -> None:
    assert made_of(document) == made_of(document)
    with ZipFile(BytesIO(made_of(document))) as parts:
        assert {item.date_time[0] for item in parts.infolist()} == {1980}


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = save_report(lambda: "", {}, tmp_path / "r.docx", word=lambda: b"it")
    assert path.read_bytes() == b"it"
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ReportError, match="python-docx") as caught:
        check_path(tmp_path / "report.docx")
    assert "iop-outcomes[office]" in caught.value.instead


def test_dots_of_a_kept_figure_are_those_of_a_new_one() -> None:
    table = pd.DataFrame({"days": [3.0, 5.0, 9.0], "event": [True, False, True]})
    curves = iop.survival_curves(table)
    draw = partial(draw_svg, iop.plot_survival, curves)
    alone = Drawing("Curves", draw, Table("t", "T", table)).dots
    assert alone.png.startswith(b"\x89PNG")
    drawing = Drawing("Curves", draw, Table("t", "T", table))
    drawing.keep()
    assert drawing.picture == draw()
    kept = drawing.dots
    assert kept.png == alone.png
    assert (kept.alternative_text, kept.width) == (alone.alternative_text, alone.width)


def test_dots_are_those_that_matplotlib_draws() -> None:
    from PIL import Image

    curves = iop.survival_curves(pd.DataFrame({"days": [3.0, 5.0, 9.0], "event": True}))
    made = draw_svg(iop.plot_survival, curves, keep=True)
    usual = BytesIO()
    with drawing(**SETTINGS):
        made.figure.savefig(usual, format="png", dpi=DOTS)
    with Image.open(BytesIO(dotted(made).png)) as own, Image.open(usual) as theirs:
        assert own.mode == "RGB"
        assert np.array_equal(np.asarray(own), np.asarray(theirs.convert("RGB")))
        assert theirs.getchannel("A").getextrema() == (255, 255)
        assert own.info["dpi"] == theirs.info["dpi"]
