"""A target in a trend: its line and its name stand where no words say why there is no value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import iop_outcomes as iop
from iop_outcomes.plots.layout import style
from iop_outcomes.trends import Trend
from tests.helpers.of_the_sample import records_of_the_sample

NUMBERS = ["numerator", "denominator", "value", "lower", "upper"]
WORDS = ("hidden", "not yet known")


@pytest.fixture(scope="module")
def trend() -> Trend:
    """Return retention by quarter of which most quarters are hidden, and the last two not known."""
    records = records_of_the_sample()
    made = iop.trend(records, "retained_90", every="quarter", chart="none")
    table = made.table.assign(hidden=False)
    so_far = ["value_so_far", "lower_so_far", "upper_so_far"]
    table[so_far] = float("nan")
    table.loc[[1, 2, 3, 6, 7, 8], NUMBERS] = float("nan")
    table.loc[[1, 2, 3, 6, 7, 8], "hidden"] = True
    return replace(made, table=table)


def drawn(trend: Trend, target: float | None, *, narrow: bool = False) -> tuple[Figure, Any]:
    figure = Figure(figsize=(3.4, 3.2)) if narrow else None
    axes = iop.plot_trend(trend, figure, target=target)
    assert isinstance(axes.figure, Figure)
    axes.figure.canvas.draw()
    return axes.figure, axes


def boxes(figure: Figure) -> dict[str, Any]:
    """Return where words and the name of the target stand on the picture."""
    found = {}
    for one in figure.findobj(Text):
        assert isinstance(one, Text)
        if one.get_text() in WORDS or one.get_gid() == "target":
            found[str(one.get_gid())] = one.get_window_extent()
    return found


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("target", [0.03, 0.2, 0.42, 0.5, 0.55, 0.97])
def test_the_name_of_a_target_lies_on_no_words(trend: Trend, target: float, narrow: bool) -> None:
    figure, _ = drawn(trend, target, narrow=narrow)
    places = boxes(figure)
    name = places.pop("target")
    assert len(places) == 3
    for words, place in places.items():
        assert not name.overlaps(place), words


def test_words_have_the_ground_behind_them_and_lie_above_lines(trend: Trend) -> None:
    figure, axes = drawn(trend, 0.5)
    (line,) = [one for one in axes.lines if one.get_label() == "target"]
    said = [
        one for one in figure.findobj(Text) if isinstance(one, Text) and one.get_text() in WORDS
    ]
    assert len(said) == 3
    for words in said:
        patch = words.get_bbox_patch()
        assert patch is not None
        assert patch.get_facecolor() == pytest.approx((0xEC / 255,) * 3 + (1.0,))
        assert patch.get_edgecolor()[3] == 0
        assert words.get_zorder() > line.get_zorder()
    assert style.SHADE == "#ececec"


def test_without_words_the_name_stands_at_the_end(trend: Trend) -> None:
    shown = replace(trend, table=trend.table[trend.table["value"].notna()].reset_index(drop=True))
    _, axes = drawn(shown, 0.5)
    (name,) = [one for one in axes.texts if one.get_gid() == "target"]
    assert name.xy[0] == len(shown.table) - 0.4
