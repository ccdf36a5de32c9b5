"""A page laid out on paper: in this process, or as a program of its own on another core.

As a program it is asked by another process, over its own two pipes: for pictures, and for a page
as PDF. It loads what it needs before it is asked, while the other process counts.
"""

from __future__ import annotations

import logging
import pickle
import re
import sys
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from iop_outcomes.paper_process import READY
from iop_outcomes.plots.layout import export
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.forms.lines import draw_whole_lines

VARIANT = "pdf/ua-1"
PICTURES = re.compile(r'src="data:image/svg\+xml;base64,([^"]+)"')
PAGE, PICTURE = "page", "picture"  # what is asked of the program
FOOTNOTES = re.compile(r"^::(?:footnote|note)-[a-z]+ \{[^}]*\}$", re.MULTILINE)
FIRST = (
    '<html lang="en"><head><title>x</title><style>@page { margin: 9mm } td { color: red }</style>'
    "</head><body><h1>x</h1><table><tr><td>x</td></tr></table></body></html>"
)


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

    held = {one: (Path(file).read_bytes(), "font/ttf") for one, file in fonts.items()}

    def named(match: re.Match[str]) -> str:
        """Hold a picture beside the page, which is read letter by letter."""
        address = f"picture:{len(held)}"
        held[address] = b64decode(match[1]), "image/svg+xml"
        return f'src="{address}"'

    page = PICTURES.sub(named, page)

    class OwnOnly(URLFetcher):  # type: ignore[misc]  # of a library without types
        """Gives fonts, pictures and what the page itself holds, and asks for nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url in held:
                content, kind = held[url]
                return URLFetcherResponse(url, content, {"Content-Type": kind})
            return super().fetch(url, headers)

    fetch = OwnOnly(allowed_protocols=("data",), allow_redirects=False)
    document = _without_footnotes(weasyprint)(string=page, url_fetcher=fetch, media_type="print")
    draw_whole_lines()
    return bytes(document.write_pdf(pdf_variant=VARIANT, finisher=_tell_headers))


@cache
def _without_footnotes(weasyprint: Any) -> Any:
    """Return WeasyPrint's HTML with its own style, less the rules for footnotes.

    No page has any, and WeasyPrint works each of these rules out for every element: a tenth of the
    time of a page. A version that keeps its style elsewhere is taken as it is.
    """
    try:
        from weasyprint.html import UA, UA_COUNTER_STYLE
    except ImportError:
        return weasyprint.HTML
    style = weasyprint.CSS(string=FOOTNOTES.sub("", UA), counter_style=UA_COUNTER_STYLE)

    class WithoutFootnotes(weasyprint.HTML):  # type: ignore[misc]  # of a library without types
        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
            return [style, *super()._ua_stylesheets(forms)[1:]]

    return WithoutFootnotes


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


def get_ready() -> None:
    """Load what draws and lays out, so that the first picture and the page do not wait for it."""
    import scipy.special  # noqa: F401  # for the limits of funnels

    export.get_ready()
    laid_out(FIRST, {})


def drawn(kept: dict[int, Picture], number: int, sent: bytes, how: str, keep: bool) -> Picture:
    """Return a picture as it is asked for: see `Drawing`.

    With `keep` its figure goes with it, pickled: so its dots are sooner made there, too.

    Parameters
    ----------
    kept : dict of int to Picture
        Those that were drawn here with their figures, for their dots: `keep` adds to them.
    number : int
        Which picture of the report it is.
    sent : bytes
        What draws it, pickled.
    how : str
        ``"picture"``, ``"narrow"`` or ``"dots"``.
    keep : bool
        Whether its dots will be asked for too.
    """
    if how == "dots" and number in kept:
        return export.dotted(kept.pop(number))
    draw: Callable[..., Picture] = pickle.loads(sent)
    if how != "picture":
        return draw(**{how: True})
    picture = draw(keep=keep)
    if keep:
        kept[number] = picture
    return replace(picture, figure=_sent(picture.figure) if keep else None)


def _sent(figure: object) -> bytes | None:
    try:
        return pickle.dumps(figure)
    except Exception:  # pickle raises many kinds; its dots are drawn anew where they are asked for
        return None


def main() -> None:
    """Say that the library is there, and answer until nothing is asked any more."""
    library()
    asked, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    out.write(READY)
    out.flush()
    get_ready()
    kept: dict[int, Picture] = {}
    while True:
        try:
            kind, *what = pickle.load(asked)
        except EOFError:  # nothing more is wanted
            return
        pickle.dump(laid_out(*what) if kind == PAGE else drawn(kept, *what), out)
        out.flush()


if __name__ == "__main__":
    main()
