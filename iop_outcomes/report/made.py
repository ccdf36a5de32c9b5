"""A report that is made: its tables and findings, and what writes it in each form."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.disclosure import SafePolicy
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.errors import ReportError
from iop_outcomes.report.forms.document import Document
from iop_outcomes.report.forms.saving import save_report
from iop_outcomes.report.model import Drawing
from iop_outcomes.report.sections.findings import Findings
from iop_outcomes.shared.saving import check_place, write_whole


@dataclass(frozen=True, eq=False)
class Report:
    """An outcome report.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        All its tables, with small counts hidden: what its pages and pictures show, and no more.
    findings : Findings
        A frame, ``measure, title, change, text``: what changed, in plain words. In a notebook and
        in print it shows itself as its sentences.
    title : str
        Its title.
    html : str
        The whole report as one page: no script, and no request to anywhere. It is made, with its
        pictures, when it is first asked for.
    cells : PrintedCells or None
        What it prints of its counts, and how they hang together: what `iop-outcomes audit` reads.
    ledger : Ledger or None
        The ledger with this report: ``report.ledger.save("ledger.json")`` keeps it for the next.
    drawings : tuple of Drawing
        Its pictures, drawn or not; none of a report that was stored and read back.
    """

    tables: dict[str, pd.DataFrame]
    findings: Findings
    title: str
    _page: Callable[[], str]
    cells: PrintedCells | None = None
    ledger: Ledger | None = None
    _document: Document | None = None
    _word: Callable[[], bytes] | None = None
    _paper: Callable[[], str] | None = None
    _logo: str = ""
    drawings: tuple[Drawing, ...] = ()

    @cached_property
    def html(self) -> str:
        """The whole report as one page; its pictures are drawn when it is first asked for."""
        return self._page()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the page itself in place of what makes it."""
        html = self.html
        return {
            **self.__dict__,
            "_page": partial(str, html),
            "html": html,
            "_word": None,
            "_paper": None,
            "drawings": (),
        }

    def save(self, path: str | Path) -> Path:
        """Write the report as ``.html``, ``.pdf``, ``.docx``, ``.xlsx`` or ``.json``.

        The PDF is the page laid out on paper; it needs the extra ``iop-outcomes[pdf]``. The Word
        file holds the first page and the pictures; it needs ``iop-outcomes[office]``. The
        workbook holds the findings, the facts and a sheet a table; the JSON file all that the page
        says, as docs/report_schema.json describes it.

        Raises
        ------
        ReportError
            The ending is another one, the folder is not there, what a PDF or a Word file needs
            is not installed, or a Word file is asked of a report that was stored and read back.
        """
        forms = (lambda: self.html), self.tables, Path(path), self._mark, self._document
        return save_report(*forms, self._word_file, self.page_for_paper, self._logo)

    def page_for_paper(self) -> str:
        """Return the page that a PDF is made of: without narrow pictures and folded tables."""
        return self.html if self._paper is None else self._paper()

    def _word_file(self) -> bytes:
        if self._word is None:
            raise ReportError(
                "A report that was stored and read back has no pictures for a Word file.",
                instead="make it again; or save it as .html or .pdf",
            )
        return self._word()

    @property
    def _mark(self) -> str:
        """What stands on every sheet of what must not be sent."""
        return "" if self.cells is None else SafePolicy(self.cells.threshold).mark

    def save_cells(self, path: str | Path) -> Path:
        """Write what the report prints of its counts, for `iop-outcomes audit`; return the path.

        It holds no hidden number.
        """
        if self.cells is None:
            raise ReportError("This report was made without its printed cells.")
        place = Path(path)
        check_place(place, "The file of printed cells")
        write_whole(place, json.dumps(self.cells.as_json()).encode())
        return place

    def __repr__(self) -> str:
        """Return its title and how many tables and findings it holds."""
        return f"<Report: {self.title}, {len(self.tables)} tables, {len(self.findings)} findings>"

    def _repr_html_(self) -> str:
        from html import escape

        page = escape(self.html, quote=True)
        return (
            f'<iframe title="{escape(self.title, quote=True)}" srcdoc="{page}" '
            'style="width: 100%; height: 40rem; border: 1px solid #ccc"></iframe>'
        )
