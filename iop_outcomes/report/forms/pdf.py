"""The report as PDF: the page laid out on paper, tagged for screen readers, by WeasyPrint."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from html import unescape
from importlib.resources import files
from typing import Any

from iop_outcomes.errors import ReportError
from iop_outcomes.plots.layout.fonts import base_files, is_drawn_whole
from iop_outcomes.report.forms.joined import joined
from iop_outcomes.report.forms.lines import mark_of
from iop_outcomes.report.forms.paper import laid_out, library

BOXES = (
    "The computer that made this file has no font for some letters of the names: a box stands for "
    "each. The report as HTML shows them."
)
INSTEAD = 'pip install "iop-outcomes[pdf]"; or save as .html and print it from a browser'
_PICTURE = re.compile(r'(<img src="data:image/svg\+xml;base64,)([^"]+)"')
_SCREEN = re.compile(r"<source [^>]*>|<nav .*?</nav>|<details>.*?</details>", re.DOTALL)
"""What is for screens only: narrow pictures, and what the style does not show on paper."""
_LETTERS = re.compile(
    r'<!-- (?P<text>[^<>]*) --><g(?P<style>(?: style="[^"]*")?) '
    r'transform="(?P<place>[^"]*?) ?scale\((?P<scale>[\d.]+) [^"]*">'
    r"(?:<defs>.*?</defs>)?(?P<shapes>(?:<use [^>]*/>)+)</g>",
    re.DOTALL,
)
_LINES = (
    '<defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs>'
)
_STYLED = re.compile(r' style="([^"]*)"')
_GROUP = re.compile(r"<(/?)g(?: ([^>]*[^/>]))?(/?)>")
_SIZE = re.compile(r'( (?:width|height)=")([\d.]+)pt"')
ON_PAPER = 0.75  # of a picture's own size: letters of 10 points are as large as those of the tables
_NAME = re.compile(r' ?\bid="[^"]*"')
_FACE = re.compile(r'"#DejaVuSans((?:-(?:Bold|Oblique|BoldOblique))?)-[0-9a-f]+"')


def weasyprint() -> Any:
    """Return the library that lays out pages.

    Raises
    ------
    ReportError
        It, or the library Pango that it draws letters with, is not installed.
    """
    try:
        return library()
    except ImportError:
        raise ReportError(
            "A report as PDF needs WeasyPrint, which is not installed.", instead=INSTEAD
        ) from None
    except OSError:  # Pango is no Python package
        raise ReportError(
            "A report as PDF needs the library Pango, which this computer does not have.",
            instead="install Pango (on Debian libpango-1.0-0, libpangoft2-1.0-0 and "
            "libharfbuzz-subset0); or save as .html and print it from a browser",
        ) from None


def pdf_of(html: str) -> bytes:
    """Return a page as PDF: the same page, the same bytes.

    Parameters
    ----------
    html : str
        The page. Nothing is fetched for it: it holds its pictures, and the font is matplotlib's.
    """
    weasyprint()
    return laid_out(for_paper(html), fonts_of_page())


def for_paper(html: str) -> str:
    """Return a page as it is laid out: with the style of paper, and without what is for screens.

    If no font of this computer has a letter of it, the page says so.
    """
    page = _SCREEN.sub("", html)
    if not is_drawn_whole([page]):
        page = page.replace("</header>", f'<p class="note">{BOXES}</p>\n</header>', 1)
    return _PICTURE.sub(_lettered, page).replace("</style>", _style(), 1)


def fonts_of_page() -> dict[str, str]:
    """Return the address of each font in the style of paper -> its file."""
    return {_address(face): str(path) for face, path in base_files().items()}


def _address(face: tuple[str, str]) -> str:
    return "font:" + "-".join(face)


def _style() -> str:
    """Return the end of the page's style: what paper needs, and the font that pictures have."""
    faces = "".join(
        f'@font-face {{ font-family: "DejaVu Sans"; font-weight: {weight}; font-style: {slant}; '
        f'src: url("{_address((weight, slant))}") }}\n'
        for weight, slant in base_files()
    )
    paper = files("iop_outcomes.report").joinpath("templates/paper.css").read_text("utf-8")
    return f"{faces}{paper}</style>"


def _lettered(match: re.Match[str]) -> str:
    svg = scaled(joined(plain(lettered(b64decode(match[2]).decode("utf-8")))))
    return f'{match[1]}{b64encode(svg.encode("utf-8")).decode("ascii")}"'


def lettered(svg: str) -> str:
    """Return a picture with its letters as text in place of shapes.

    They look the same, can be searched for and copied, and are laid out far faster. A picture with
    letters that matplotlib's own font does not draw is returned as it is.
    """
    faces = [_face(match) for match in _LETTERS.finditer(svg)]
    if None in faces or len(faces) != svg.count("<!-- "):
        return svg
    return _LETTERS.sub(_as_text, svg)


def _face(match: re.Match[str]) -> str | None:
    """Return the face of a line of letters, such as -Bold; None if they are not of one."""
    shapes = match["shapes"].split("/>")[:-1]
    faces = [_FACE.search(shape) for shape in shapes]
    names = {None if one is None else one[1] for one in faces}
    whole = len(unescape(match["text"])) == len(shapes)  # no ligature, nothing replaced
    return names.pop() if whole and len(names) == 1 else None


def _as_text(match: re.Match[str]) -> str:
    face = str(_face(match))
    weight = ' font-weight="700"' if "Bold" in face else ""
    slant = ' font-style="oblique"' if "Oblique" in face else ""
    size = 100 * float(match["scale"])  # matplotlib's shapes are of 100 points
    return (
        f'<text{mark_of(match["text"])}{match["style"]} transform="{match["place"]}" '
        f'font-family="DejaVu Sans" font-size="{size:.4g}"{weight}{slant}>{match["text"]}</text>'
    )


def scaled(svg: str) -> str:
    """Return a picture with the size that it has on paper, the same share of its own for all."""

    def smaller(match: re.Match[str]) -> str:
        return f'{match[1]}{ON_PAPER * float(match[2]):.6g}pt"'

    start, end, rest = svg.partition("viewBox")
    return _SIZE.sub(smaller, start) + end + rest


def plain(svg: str) -> str:
    """Return a picture that looks the same and is laid out faster.

    Styles become attributes, which need no parser of style sheets, and groups that only have a name
    are taken away. A picture with another style sheet than matplotlib's is returned as it is.
    """
    if svg.count("<style") != 1 or _LINES not in svg:
        return svg
    svg = svg.replace(_LINES, "", 1)
    svg = svg.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)
    svg = _STYLED.sub(_as_attributes, svg)
    kept: list[bool] = []  # of the groups that are open

    def group(match: re.Match[str]) -> str:
        end, attributes, empty = match[1], _NAME.sub("", match[2] or "").strip(), match[3]
        if empty:
            return ""
        if end:
            return "</g>" if kept.pop() else ""
        kept.append(bool(attributes))
        return f"<g {attributes}>" if attributes else ""

    return _GROUP.sub(group, svg)


def _as_attributes(match: re.Match[str]) -> str:
    pairs = (one.partition(":") for one in match[1].split(";") if one.strip())
    return "".join(f' {name.strip()}="{value.strip()}"' for name, _, value in pairs)
