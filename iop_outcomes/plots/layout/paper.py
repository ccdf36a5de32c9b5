"""What a page of text is given: a picture as wide as it has room for, and its notes as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

_ATTRIBUTE = "_iop_outcomes_paper"


@dataclass(eq=False)
class Paper:
    """How a picture is drawn for a page, whose text stands around it.

    Attributes
    ----------
    width : float or None
        In points, for a narrow page; None for the picture's own width.
    notes : str
        The small print, which is not drawn: filled in when the picture is.
    """

    width: float | None = None
    notes: str = ""


def lay_paper(figure: Figure, paper: Paper) -> None:
    """Have the next picture on `figure` drawn for a page of text."""
    setattr(figure, _ATTRIBUTE, paper)


def paper_of(figure: object) -> Paper | None:
    """Return the paper that was laid for a figure."""
    paper = getattr(figure, _ATTRIBUTE, None)
    return paper if isinstance(paper, Paper) else None


def is_narrow(drawn_on: Axes | FigureBase) -> bool:
    """Whether a picture is drawn for a narrow page."""
    paper = paper_of(drawn_on.figure)
    return paper is not None and paper.width is not None
