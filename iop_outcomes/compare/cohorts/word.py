"""The document as a Word file of tables and text, by python-docx."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from iop_outcomes.compare.cohorts.document import WARNING, Part, cells_of
from iop_outcomes.errors import ReportError
from iop_outcomes.shared.characters import one_line


def document(title: str, parts: Sequence[Part], *, synthetic: bool) -> bytes:
    """Return the file.

    Raises
    ------
    ReportError
        If python-docx is not installed.
    """
    try:
        from docx import Document
        from docx.enum.section import WD_ORIENT
    except ImportError:
        raise ReportError(
            "Word files are written by python-docx, which is not installed.",
            instead='pip install "iop-outcomes[office]", or save as .html or .tex',
        ) from None
    word_file = Document()
    section = word_file.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    word_file.core_properties.author = ""
    word_file.core_properties.title = one_line(title)
    word_file.add_heading(one_line(title), 1)
    if synthetic:
        word_file.add_paragraph().add_run("Synthetic data.").bold = True
    for part in parts:
        word_file.add_heading(one_line(part.title), 2)
        word_file.add_paragraph(one_line(part.text))
        if part.table is not None and len(part.table.columns):
            _add_table(word_file, part.table)
    word_file.add_paragraph(WARNING)
    with BytesIO() as buffer:
        word_file.save(buffer)
        return buffer.getvalue()


def _add_table(word_file: Any, frame: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    header, rows = cells_of(frame)
    table = word_file.add_table(rows=1 + len(rows), cols=len(header))
    table.style = "Table Grid"
    for line, texts in zip(table.rows, [header, *rows], strict=True):
        for cell, text in zip(line.cells, texts, strict=True):
            run = cell.paragraphs[0].add_run(one_line(text))
            run.font.size = Pt(8)
            run.bold = line is table.rows[0]
    repeated = OxmlElement("w:tblHeader")  # the header is on each page, and is read as one
    repeated.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    word_file.add_paragraph()
