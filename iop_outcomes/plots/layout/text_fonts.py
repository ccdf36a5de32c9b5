"""Fonts for the texts of a figure, and their size on small axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iop_outcomes.plots.layout import fonts
from iop_outcomes.shared.characters import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text


def apply_fonts(ax: Axes, scale: float) -> None:
    """Give each text of a figure fonts that have its characters, and its size on small axes.

    The ticks are made here, so that they do not wait for settings that the reader may have when the
    picture is shown.
    """
    from matplotlib.text import Annotation, Text

    apart: set[Text] = set()
    for panel in (ax, *ax.child_axes):
        if not panel.axison:  # nothing of it is drawn; its parts are in its place
            continue
        for axis in (panel.xaxis, panel.yaxis):
            labels = axis.get_ticklabels()
            apart |= {*labels}
            if labels and scale != 1:
                size, pad, length = (
                    float(labels[0].get_fontsize()) * scale,
                    3.5 * scale,
                    3.5 * scale,
                )
                axis.set_tick_params(labelsize=size, pad=pad, length=length)
                axis.labelpad *= scale
        if (shown := panel.get_legend()) is not None:
            apart |= {*shown.get_texts()}
    for text in ax.findobj(Text):
        assert isinstance(text, Text)
        _set_fonts(text)
        if scale == 1 or text in apart:
            continue
        text.set_fontsize(float(text.get_fontsize()) * scale)
        if isinstance(text, Annotation) and text.anncoords == "offset points":
            text.xyann = (text.xyann[0] * scale, text.xyann[1] * scale)
    for artist in ax.findobj(lambda drawn: drawn.get_gid() is not None):
        artist.set_gid(printable(str(artist.get_gid())))


def _set_fonts(text: Text) -> None:
    words = text.get_text()
    if words.isascii() and words.isprintable():
        return
    text.set_text(fonts.drawable(words))
    names = fonts.families(words)
    if names != [fonts.BASE]:
        text.set_fontfamily(names)
        if not fonts.are_bold(names):
            text.set_fontweight("normal")
