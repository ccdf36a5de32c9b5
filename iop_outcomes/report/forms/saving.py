"""Where each form of a report is written."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.document import Document, as_json
from iop_outcomes.report.forms.pdf import pdf_of, weasyprint
from iop_outcomes.report.forms.word import python_docx
from iop_outcomes.report.forms.workbook import workbook
from iop_outcomes.shared.saving import check_place, write_whole

ENDINGS = (".html", ".htm", ".pdf", ".docx", ".xlsx", ".json")


def check_path(path: Path, *, apart: bool = False) -> str:
    """Return the ending of `path`, or raise ReportError if no report can be written there.

    What makes a PDF or a Word file is looked for only, and loaded later, where the pages are made
    `apart`, in another process.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ReportError(
            "A report is saved as .html, .pdf or .docx, or its tables as .xlsx or .json.",
            found=path.suffix or "no ending",
            instead='report.save("report.html")',
        )
    if ending == ".pdf" and not (apart and find_spec("weasyprint")):
        weasyprint()
    if ending == ".docx" and not (apart and find_spec("docx")):
        python_docx()
    check_place(path, "The report")
    return ending


def save_report(
    page: Callable[[], str],
    tables: dict[str, pd.DataFrame],
    path: Path,
    mark: str = "",
    document: Document | None = None,
    word: Callable[[], bytes] | None = None,
    paper: Callable[[], str] | None = None,
    logo: str = "",
) -> Path:
    """Write the report to `path` in the form of its ending; only some forms need the pictures.

    Each sheet of a workbook has `mark` at the top of its printed pages, and below its table. A PDF
    is made of the page for `paper`, if there is one. The `logo` is a picture as a data address.
    """
    ending = check_path(path)
    if ending == ".json" and document is not None:
        return write_whole(path, as_json(document | {"mark": mark}), "The report")
    if ending == ".xlsx":
        return write_whole(path, workbook(tables, mark, document, logo), "The report")
    if ending == ".docx" and word is not None:
        return write_whole(path, word(), "The report")
    content = pdf_of((paper or page)()) if ending == ".pdf" else page().encode("utf-8")
    return write_whole(path, content, "The report")
