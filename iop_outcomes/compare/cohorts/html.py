"""The document as a page of its own, with its pictures in it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from iop_outcomes.compare.cohorts.document import WARNING, Part
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.drawing import picture
from iop_outcomes.shared.text import table_html

ROWS = 200
STYLE = (
    "body{font-family:sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}caption{text-align:left;padding:.3em 0}"
    "th,td{border-bottom:1px solid #ccc;padding:.25em .6em;text-align:left}"
    "figure{margin:1em 0}img{max-width:100%;height:auto}.wide{overflow-x:auto}"
    "p{max-width:50em}"
)


def page(title: str, parts: Sequence[Part], *, synthetic: bool) -> str:
    """Return the page."""
    body = "".join(_part(part, synthetic) for part in parts)
    made_up = "<p><strong>Synthetic data.</strong></p>" if synthetic else ""
    return printable(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{made_up}{body}<p>{escape(WARNING)}</p></body></html>"
    )


def _part(part: Part, synthetic: bool) -> str:
    elements = [f"<h2>{escape(part.title)}</h2>"]
    if part.picture is not None:
        drawn = picture(part.picture, synthetic=synthetic)
        data = b64encode(drawn.svg).decode("ascii")
        elements.append(
            f'<figure><img src="data:image/svg+xml;base64,{data}" '
            f'alt="{escape(drawn.alternative_text)}" width="{drawn.width}" '
            f'height="{drawn.height}"></figure>'
        )
    elements.append(f"<p>{escape(part.text)}</p>")
    if part.table is not None:
        elements.append(f'<div class="wide">{table_html(part.table, part.title, rows=ROWS)}</div>')
    return "".join(elements)
