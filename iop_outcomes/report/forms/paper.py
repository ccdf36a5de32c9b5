"""A page laid out on paper: in this process, or as a program of its own on another core.

As a program it knows nothing of the rest of the package, so that it starts at once: it is given a
page and the files of its fonts as JSON, and returns the PDF.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VARIANT = "pdf/ua-1"
READY = b"ready\n"


def library() -> Any:
    """Return WeasyPrint; it names rules that are for browsers, which are not said."""
    import weasyprint

    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint


def laid_out(page: str, fonts: Mapping[str, str]) -> bytes:
    """Return a page as PDF: the same page, the same bytes.

    Parameters
    ----------
    page : str
        With its pictures. Nothing is fetched for it.
    fonts : dict of str to str
        The address of a font in the page -> its file.
    """
    weasyprint = library()
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    held = {address: Path(file).read_bytes() for address, file in fonts.items()}

    class OwnOnly(URLFetcher):  # type: ignore[misc]  # of a library without types
        """Gives the fonts and what the page itself holds, and asks for nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in held:
                return URLFetcherResponse(url, held[url], {"Content-Type": "font/ttf"})
            return super().fetch(url, headers)

    fetch = OwnOnly(allowed_protocols=("data",), allow_redirects=False)
    document = weasyprint.HTML(string=page, url_fetcher=fetch, media_type="print")
    return bytes(document.write_pdf(pdf_variant=VARIANT, finisher=_tell_headers))


def _tell_headers(_: Any, pdf: Any) -> None:
    """Say of each header cell what it is the header of: WeasyPrint does not write ``scope``.

    In a body the header of a row stands, and elsewhere that of a column.
    """
    tags = {one.reference: one for one in pdf.objects if _kind(one)}
    for cell in tags.values():
        if _kind(cell) == "/TH":
            row = tags.get(cell["P"], {})
            inside = _kind(tags.get(row.get("P"), {}))
            cell["A"]["Scope"] = "/Row" if inside == "/TBody" else "/Column"


def _kind(tag: Any) -> str:
    is_tag = isinstance(tag, dict) and tag.get("Type") == "/StructElem"
    return str(tag["S"]) if is_tag else ""


def main() -> None:
    """Say that the library is there, read one page, and write its PDF."""
    gc.disable()  # the process ends with its page
    library()
    out = sys.stdout.buffer
    out.write(READY)
    out.flush()
    request = sys.stdin.buffer.read()
    if request:  # nothing: no page is wanted any more
        asked = json.loads(request)
        out.write(laid_out(asked["page"], asked["fonts"]))


if __name__ == "__main__":
    main()
