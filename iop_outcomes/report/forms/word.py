"""The first page, the pictures and the methods of a report as a Word file, for those who paste."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from iop_outcomes.errors import ReportError
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.forms.document import SYNTHETIC, Document, row_kinds_of
from iop_outcomes.report.forms.notes import CHARTS, left_to_say, sentences_of
from iop_outcomes.report.model import Kind, Section, write_value
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.definitions.methods import METHODS, SOFTWARE
from iop_outcomes.report.sections.matrix import COURSE, COURSE_NOTE, EARLY_NOTE
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.shared.characters import one_line

NOT_HERE = (
    "This file holds the first page, the pictures and the methods. The tables that it names and "
    "does not hold are in the report itself."
)
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold
PAPER = (210, 297)  # mm: A4, as the PDF
LONGEST_PROPERTY = 255  # letters of a property of a Word file
Pictures = Sequence[tuple[str, Picture]]


def python_docx() -> Any:
    """Return the library that writes Word files.

    Raises
    ------
    ReportError
        It is not installed.
    """
    try:
        import docx
    except ImportError:
        raise ReportError(
            "A report as a Word file needs python-docx, which is not installed.",
            instead='pip install "iop-outcomes[office]"; or save as .html',
        ) from None
    return docx


def word_file(
    document: Document, sections: Sequence[Section], scope: Scope, settings: ReportSettings
) -> Callable[[], bytes]:
    """Return what makes the file, and draws its pictures: of sections that are protected."""
    mark, logo = scope.policy.mark, settings.logo or ""
    banner = SYNTHETIC if scope.records.synthetic else ""
    drawings = [one for section in sections for one in section.drawings]

    def word() -> bytes:
        pictures = [(one.title, one.dots) for one in drawings]
        return word_of(document, pictures, mark, banner, logo)

    return word


def word_of(document: Document, pictures: Pictures, mark: str, banner: str, logo: str) -> bytes:
    """Return the first page and the pictures: the same report, the same bytes.

    Parameters
    ----------
    document : dict
        The report as plain data.
    pictures : sequence of (str, Picture)
        The title of each picture, and the picture with its PNG.
    mark : str
        What stands at the top of every page.
    banner : str
        What stands below the title, such as that the people are made up.
    logo : str
        A picture as a data address; none if it is empty.
    """
    library = python_docx()
    docx_file = library.Document()
    docx_file.core_properties.author, docx_file.core_properties.comments = "", ""
    docx_file.core_properties.title = _cut(one_line(document["title"]))
    if mark:
        for section in docx_file.sections:
            section.header.paragraphs[0].add_run(one_line(mark)).bold = True
    if logo:
        content = b64decode(logo.partition(",")[2])
        docx_file.add_picture(BytesIO(content), height=library.shared.Inches(0.6))
        _describe(docx_file, "")
    docx_file.add_heading(one_line(document["title"]), 1)
    if banner:
        docx_file.add_paragraph().add_run(one_line(banner)).bold = True
    for fact in document["facts"]:
        if banner and fact["text"] == banner:
            continue  # it is said above
        paragraph = docx_file.add_paragraph(style="No Spacing")
        paragraph.add_run(f"{one_line(fact['name'])}: ").bold = True
        paragraph.add_run(one_line(fact["text"]))
    _small(docx_file.add_paragraph(), NOT_HERE)
    _add_first_page(docx_file, document)
    page = docx_file.sections[0]
    page.page_width, page.page_height = map(library.shared.Mm, PAPER)
    between = library.shared.Length(page.page_width - page.left_margin - page.right_margin)
    begun = _sections_by_picture(document)
    said: set[str] = set()
    each_alone = False
    for number, (title, picture) in enumerate(pictures):
        if number in begun:
            _begin_section(docx_file, begun[number])
            said = set(sentences_of(begun[number]["sentences"]))
            each_alone = begun[number]["name"] in CHARTS
        docx_file.add_heading(one_line(title), 3)
        wide = min(between.inches, picture.width / 96)
        docx_file.add_picture(BytesIO(picture.png), width=library.shared.Inches(wide))
        _describe(docx_file, one_line(picture.alternative_text))
        docx_file.paragraphs[-1].paragraph_format.keep_with_next = True
        for note in picture.notes.splitlines():
            left = note if each_alone else left_to_say(note, said, refer=False)
            if left:
                _small(docx_file.add_paragraph(), left)
    _add_what_they_rest_on(docx_file, document)
    with BytesIO() as buffer:
        docx_file.save(buffer)
        return _without_times(buffer.getvalue())


def _sections_by_picture(document: Document) -> dict[int, Document]:
    """Return the sections that have pictures, by the number of the first one of each."""
    sections, count = {}, 0
    for section in document["sections"]:
        if section["figures"]:
            sections[count] = section
        count += len(section["figures"])
    return sections


def _begin_section(docx_file: Any, section: Document) -> None:
    """Add what stands at the start of a section: the definitions that its pictures rest on."""
    docx_file.add_heading(one_line(section["title"]), 2)
    for sentence in section["sentences"]:
        _small(docx_file.add_paragraph(), sentence)


def _cut(title: str) -> str:
    """Return a title as long as a property of a Word file may be."""
    return title if len(title) <= LONGEST_PROPERTY else f"{title[: LONGEST_PROPERTY - 1]}…"


def _add_first_page(docx_file: Any, document: Document) -> None:
    first = next((one for one in document["sections"] if one["items"]), None)
    if first is None:
        return
    docx_file.add_heading(one_line(first["title"]), 2)
    for sentence in first["sentences"]:
        docx_file.add_paragraph(one_line(sentence))
    for item in first["items"]:
        paragraph = docx_file.add_paragraph(style="List Bullet")
        paragraph.add_run(f"{one_line(item['tag'])}: ").italic = True
        paragraph.add_run(one_line(item["title"])).bold = True
        text = one_line(item["text"])
        paragraph.add_run(text if text[:1] in ".:;," else f" {text}")
    for table in first["tables"]:
        docx_file.add_heading(one_line(table["caption"]), 3)
        _add_table(docx_file, table)
        # The course is bars of letters, which break into lines here: it is left out.
        note = table["note"].replace(COURSE_NOTE, "").replace(EARLY_NOTE, "")
        _small(docx_file.add_paragraph(), note)


def _add_what_they_rest_on(docx_file: Any, document: Document) -> None:
    """Add the methods and the software of the report, where it has them."""
    held = [table for section in document["sections"] for table in section["tables"]]
    for table in held:
        if table["name"] in (METHODS, SOFTWARE):
            docx_file.add_heading(one_line(table["caption"]), 2)
            _add_table(docx_file, table)
            if table["note"]:
                _small(docx_file.add_paragraph(), table["note"])


def _add_table(docx_file: Any, table: Document) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    columns = [one for one in table["columns"] if one["name"] != COURSE]
    names = [one["name"] for one in columns]
    kept = [place for place, one in enumerate(table["columns"]) if one["name"] != COURSE]
    kinds = row_kinds_of(table)
    rows = [
        [write_value(row[place], cast(Kind, own[place])) for place in kept]
        for row, own in zip(table["rows"], kinds, strict=True)
    ]
    grid = docx_file.add_table(rows=1 + len(rows), cols=len(names), style="Table Grid")
    for number, (line, texts) in enumerate(zip(grid.rows, [names, *rows], strict=True)):
        for cell, text in zip(line.cells, texts, strict=True):
            _small(cell.paragraphs[0], text, bold=not number or None)
        # No row is divided between pages; the header stands on each, and is read as one.
        for name in ("w:cantSplit", *([] if number else ["w:tblHeader"])):
            wanted = OxmlElement(name)
            wanted.set(qn("w:val"), "true")
            line._tr.get_or_add_trPr().append(wanted)


def _small(paragraph: Any, text: str, *, bold: bool | None = None) -> None:
    from docx.shared import Pt

    run = paragraph.add_run(one_line(text))
    run.font.size, run.bold = Pt(8), bold


def _describe(docx_file: Any, words: str) -> None:
    """Give the last picture its alternative text."""
    docx_file.inline_shapes[-1]._inline.docPr.set("descr", words)


def _without_times(content: bytes) -> bytes:
    """Return a file of parts without the times at which they were written."""
    with ZipFile(BytesIO(content)) as old, BytesIO() as buffer:
        with ZipFile(buffer, "w", ZIP_DEFLATED) as new:
            for item in old.namelist():
                packed = ZIP_STORED if item.endswith(".png") else ZIP_DEFLATED  # it is packed
                new.writestr(ZipInfo(item, LONG_AGO), old.read(item), packed)
        return buffer.getvalue()
