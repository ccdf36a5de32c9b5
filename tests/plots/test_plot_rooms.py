"""Every picture, on every kind of axes and with every kind of name: whole, apart, and the same."""

from __future__ import annotations

import dataclasses
import re
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import fonts, style
from iop_outcomes.plots.layout.export import draw_svg
from iop_outcomes.plots.layout.given import DRAWN_BY
from tests.helpers.pictures import (
    NAMES,
    PLOTS,
    assert_apart,
    assert_within,
    result_of,
    sensitivity_of,
    times_of,
    words_of,
)

pytestmark = pytest.mark.usefixtures("slopes_when_used")

MADE = [name for name in PLOTS if name != "sensitivity"]
PAIR = (13.0, 8.0)


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    mpl.use("agg")
    before = mpl.rcParams.copy()
    yield
    pyplot.close("all")
    assert [key for key, value in mpl.rcParams.items() if before[key] != value] == []


@pytest.fixture(scope="module")
def sensitivity() -> iop.Sensitivity:
    return sensitivity_of(NAMES["long"])


def panels_of(ax: Axes) -> list[Axes]:
    return [ax, *ax.child_axes]


def written(ax: Axes) -> str:
    return " ".join(words for words, _ in words_of(ax))


# on axes that a caller gives


@pytest.mark.parametrize("name", MADE)
def test_in_a_figure_of_its_own_every_word_is_whole_and_apart(name: str) -> None:
    ax = PLOTS[name](result_of(name, "long"))
    ax.figure.set_dpi(100)
    words = words_of(ax)
    assert_within(ax, words=words)
    assert_apart(ax, words)
    drawn = " ".join(word for word, _ in words)
    assert "…" in drawn  # the names are longer than the room for them
    if name not in ("cox", "causes"):
        for whole, end in zip(NAMES["long"], ("East Campus", "West Campus"), strict=False):
            assert end in drawn
            assert whole in iop.alternative_text(ax)


@pytest.mark.parametrize("name", MADE)
def test_on_axes_that_a_caller_gives_every_word_is_whole(name: str) -> None:
    figure, ax = pyplot.subplots(dpi=72)
    size = tuple(figure.get_size_inches())
    assert PLOTS[name](result_of(name, "long"), ax) is ax
    assert tuple(figure.get_size_inches()) == size
    assert_within(ax)


@pytest.mark.parametrize("name", ["protected", "causes", "states"])
def test_side_by_side_each_picture_stays_in_its_half(name: str) -> None:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=PAIR, dpi=100)
    for ax in (left, right):
        PLOTS[name](result_of(name, "long"), ax)
    middle = figure.bbox.width / 2 + figure.bbox.width * 0.0125  # between the two cells
    edge = figure.bbox
    assert_within(left, Bbox.from_extents(0, 0, middle, edge.y1))
    assert_within(right, Bbox.from_extents(middle, 0, edge.x1, edge.y1))
    assert_apart(left)


def test_the_sensitivity_picture_keeps_long_names_within(sensitivity: iop.Sensitivity) -> None:
    ax = iop.plot_sensitivity(sensitivity)
    assert_within(ax)
    legend = ax.get_legend()
    assert legend is not None
    assert len({text.get_text() for text in legend.get_texts()}) == 3
    _, given = pyplot.subplots(figsize=(8, 8), dpi=100)
    assert_within(iop.plot_sensitivity(sensitivity, given))
    _, small = pyplot.subplots(figsize=(5, 3))
    with pytest.raises(RuleError, match="too small for the figure") as caught:
        iop.plot_sensitivity(sensitivity, small)
    assert re.search(r"[\d.]+ by [\d.]+ inches or more", caught.value.instead)


def test_where_room_is_short_the_picture_says_what_is_left_out() -> None:
    _, ax = pyplot.subplots(figsize=(3.4, 2.6), dpi=100)
    iop.plot_survival(result_of("curves"), ax)
    assert "Left out for lack of space: table and small print" in written(ax).replace("\n", " ")
    assert_within(ax)
    _, least = pyplot.subplots(figsize=(1.2, 1))
    with pytest.raises(RuleError, match="too small"):
        iop.plot_survival(result_of("curves"), least)


@pytest.mark.parametrize("later", ["tight", "constrained", "larger", "smaller", "again"])
def test_a_layout_that_comes_later_cuts_nothing_off(later: str) -> None:
    layout: Any = "constrained" if later == "constrained" else None
    figure, ax = pyplot.subplots(figsize=(8, 6), dpi=100, layout=layout)
    result = result_of("curves")
    iop.plot_survival(result, ax)
    if later == "tight":
        figure.tight_layout()
    elif later == "larger":
        figure.set_size_inches(11, 9)
    elif later == "smaller":
        figure.set_size_inches(7.5, 5.6)
    elif later == "again":
        before = ax.get_position().extents
        ax.clear()
        iop.plot_survival(result, ax)
        np.testing.assert_allclose(ax.get_position().extents, before)
    assert_within(ax)


def test_parts_of_figures_axes_within_axes_and_titles_have_their_room() -> None:
    result = result_of("curves")
    figure = pyplot.figure(figsize=PAIR, dpi=100)
    left, right = figure.subfigures(1, 2)
    for part in (left, right):
        ax = iop.plot_survival(result, part)
        assert_within(ax, part.bbox)
    outer = Figure(figsize=(9, 8), dpi=100).add_subplot()
    inner = outer.inset_axes((0.2, 0.2, 0.7, 0.75))
    inner_room = outer.get_window_extent()
    iop.plot_survival(result, inner)
    assert_within(inner, inner_room)
    titled, ax = pyplot.subplots(figsize=(8, 6), dpi=100)
    title = titled.suptitle("A title of the caller's own")
    iop.plot_survival(result, ax)
    assert max(box.y1 for _, box in words_of(ax)) < title.get_window_extent().y0


# what is given


WRONG = {
    "None": None,
    "a frame": pd.DataFrame({"days": [1, 2], "event": [0, 1]}),
    "an array": np.zeros(3),
    "text": "curves",
    "a class": iop.SurvivalCurves,
}


@pytest.mark.parametrize("plot", sorted({drawer for drawer, _ in DRAWN_BY.values()}))
def test_what_a_plot_does_not_draw_is_a_sentence(plot: str) -> None:
    wrong = WRONG | {name: result_of(name) for name in MADE}
    before = pyplot.get_fignums()
    for name, thing in wrong.items():
        if name in PLOTS and PLOTS[name].__name__ == plot:
            continue
        with pytest.raises(RuleError, match=rf"^{plot} draws [A-Z]") as caught:
            getattr(iop, plot)(thing)
        assert caught.value.found
        assert plot in caught.value.instead
        if name in PLOTS:
            assert caught.value.instead.startswith(PLOTS[name].__name__)
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize("groups", [("x",), ("x", "y")])
def test_protected_curves_of_too_few_people_are_a_sentence(groups: tuple[str, ...]) -> None:
    times = pd.concat([times_of((name,), 8) for name in groups])
    hidden = iop.protect(iop.survival_curves(times, by="program"))
    assert hidden.table.empty
    with pytest.raises(RuleError, match="nothing to plot") as caught:
        iop.plot_survival(hidden)
    assert "too few" in caught.value.found


@pytest.mark.parametrize("name", MADE)
def test_a_result_without_rows_is_a_sentence(name: str) -> None:
    result = result_of(name)
    empty = dataclasses.replace(result, table=result.table.iloc[:0])
    with pytest.raises(RuleError, match="nothing to plot"):
        PLOTS[name](empty)


def test_each_result_that_draws_itself_is_known_to_the_checks() -> None:
    results = [getattr(iop, name) for name in iop.__all__ if isinstance(getattr(iop, name), type)]
    drawn = {one.__name__ for one in results if "return draw(self" in source_of(one)}
    assert drawn <= {*DRAWN_BY}
    assert {"Trend", "SurvivalCurves", "Sensitivity"} <= drawn


def source_of(kind: type) -> str:
    import inspect

    try:
        return inspect.getsource(kind.plot).replace("\n", " ")  # type: ignore[attr-defined]
    except AttributeError:
        return ""


@pytest.fixture(scope="module")
def no_axes() -> dict[str, tuple[Any, ...]]:
    """What is no place to draw, by what the error says to write instead."""
    figure = Figure()
    axes = figure.subplots(2, 2)
    removed = Figure().add_subplot()
    removed.remove()
    return {
        "axes[0]": (axes, axes.ravel().tolist(), tuple(axes[0])),
        "leave it out": ("axes", 3, figure.canvas, pyplot),
        "leave ax= out": (removed,),
        "without projection": (Figure().add_subplot(projection="polar"),),
    }


@pytest.mark.parametrize("name", [name for name in MADE if name not in ("protected", "causes")])
def test_what_cannot_be_drawn_on_is_a_sentence(
    name: str, no_axes: dict[str, tuple[Any, ...]]
) -> None:
    for instead, things in no_axes.items():
        for thing in things:
            with pytest.raises(RuleError) as caught:
                PLOTS[name](result_of(name), thing)
            assert instead in caught.value.instead, thing


# names


def test_a_lone_surrogate_in_a_title_is_written_as_its_number() -> None:
    trend = dataclasses.replace(result_of("trend"), title="Kept \ud800")
    assert "Kept \\ud800: North" in written(iop.plot_trend(trend))
    picture = draw_svg(iop.plot_trend, trend)
    ElementTree.fromstring(picture.svg)
    picture.alternative_text.encode("utf-8")


def test_names_that_become_the_same_are_numbered() -> None:
    names = [f"{'a' * 60}{letter}{'b' * 60}" for letter in "xyz"]
    short = names_of(names, 120.0)
    assert len(set(short)) == 3
    assert short[2].endswith(" (3)")
    assert all(fonts.width_of(one, 9.0) <= 121 for one in short)
    assert names_of(["same", "same"], 120.0) == ["same", "same"]


def names_of(names: list[str], width: float) -> list[str]:
    from iop_outcomes.plots.layout.names import fitted

    return fitted(names, width, 9.0)


def forget() -> None:
    for kept in (fonts._fallbacks, fonts._candidates, fonts._width):
        kept.cache_clear()


@pytest.fixture
def no_other_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forget()
    none: dict[str, str] = {}
    monkeypatch.setattr(fonts, "_candidates", lambda: none)
    yield
    monkeypatch.undo()
    forget()


@pytest.mark.usefixtures("no_other_fonts")
def test_letters_without_a_font_stand_as_their_numbers_and_the_picture_says_so() -> None:
    result = result_of("curves", "Chinese")
    ax = iop.plot_survival(result)
    words = words_of(ax)
    drawn = " ".join(word for word, _ in words)
    assert "\\u4e0a\\u6d77" in drawn
    assert "no font for some letters" in drawn
    assert "上海门诊" in iop.alternative_text(ax)
    assert_within(ax, words=words)
    assert "no font" not in written(iop.plot_survival(result_of("curves")))


@pytest.mark.skipif(not fonts.is_drawn_whole("上海"), reason="no font here holds Chinese letters")
@pytest.mark.parametrize("name", ["curves", "cox", "weeks"])
def test_chinese_names_are_drawn_with_a_font_that_holds_them(name: str) -> None:
    ax = PLOTS[name](result_of(name, "Chinese"))
    drawn = [text for text in ax.findobj(mpl.text.Text) if "上海门诊" in text.get_text()]
    assert drawn
    for text in drawn:
        assert len(text.get_fontfamily()) > 1
    assert_within(ax)
    draw_svg(
        PLOTS[name], result_of(name, "Chinese")
    )  # a glyph that is missing is a warning: an error


def test_marks_that_are_not_seen_and_private_letters() -> None:
    assert fonts.drawable("a\u200bb") in ("ab", "a\u200bb")
    assert fonts.drawable("\ue123") == "\\ue123"
    assert fonts.drawable("two\nlines") == "two\nlines"
    assert fonts.drawable_name("two\nlines\t\x00") == "two lines \\x00"
    assert fonts.wrapped("x" * 300, 60.0, 8.0)[0] == fonts.wrapped("x" * 300, 60.0, 8.0)[1]
    assert fonts.wrapped("上海门诊" * 30, 100.0, 8.0)[-1]


# settings and threads


HOSTILE = {
    "axes.edgecolor": "red",
    "axes.facecolor": "black",
    "axes.formatter.use_locale": True,
    "axes.grid": True,
    "axes.labelsize": 22,
    "axes.prop_cycle": mpl.cycler(color=["lime"]),
    "axes.titlelocation": "right",
    "axes.unicode_minus": False,
    "axes.xmargin": 0.4,
    "figure.autolayout": True,
    "figure.constrained_layout.use": False,
    "figure.dpi": 33,
    "figure.facecolor": "black",
    "font.family": "serif",
    "font.size": 30,
    "hatch.color": "red",
    "legend.fontsize": 25,
    "legend.loc": "center",
    "lines.antialiased": False,
    "lines.markersize": 20,
    "lines.solid_capstyle": "round",
    "path.simplify": False,
    "path.sketch": (5.0, 50.0, 2.0),
    "patch.linewidth": 7,
    "savefig.bbox": "tight",
    "savefig.facecolor": "red",
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": None,
    "svg.id": "mine",
    "text.color": "red",
    "xtick.direction": "in",
    "xtick.labelsize": 20,
    "xtick.minor.visible": True,
    "ytick.right": True,
}


@pytest.mark.parametrize("name", MADE)
def test_no_name_breaks_a_picture_and_no_setting_of_the_reader_changes_it(name: str) -> None:
    result = result_of(name, "hostile")
    picture = draw_svg(PLOTS[name], result, synthetic=True)
    ElementTree.fromstring(picture.svg)
    picture.alternative_text.encode("utf-8")
    words = picture.svg.decode("utf-8")  # what is drawn as shapes stands beside it as a comment
    assert "\\x01" in words
    assert "\\ufffe" in words
    assert "$x^2$" in words  # a dollar in a name is a dollar
    settings = {key: HOSTILE[key] for key in HOSTILE if key in mpl.rcParams}
    with pyplot.style.context("dark_background"), mpl.rc_context(settings):
        assert draw_svg(PLOTS[name], result, synthetic=True) == picture


def test_pictures_drawn_in_threads_are_the_same_and_leave_the_settings_alone() -> None:
    names = ["cox", "recurrent"]
    alone = {name: draw_svg(PLOTS[name], result_of(name)).svg for name in names}
    before = mpl.rcParams.copy()
    results: list[bool] = []

    def draw() -> None:
        results.extend(draw_svg(PLOTS[name], result_of(name)).svg == alone[name] for name in names)

    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 6
    assert [key for key, value in mpl.rcParams.items() if before[key] != value] == []


def test_a_shown_picture_does_not_wait_for_settings_that_come_later() -> None:
    def drawn() -> bytes:
        figure = Figure(dpi=100)
        iop.plot_survival(result_of("curves"), figure)
        canvas = mpl.backends.backend_agg.FigureCanvasAgg(figure)
        with mpl.rc_context({"xtick.labelsize": 30, "font.family": "serif", "text.color": "red"}):
            canvas.draw()
            return bytes(canvas.buffer_rgba())

    later = drawn()
    figure = Figure(dpi=100)
    iop.plot_survival(result_of("curves"), figure)
    canvas = mpl.backends.backend_agg.FigureCanvasAgg(figure)
    canvas.draw()
    assert bytes(canvas.buffer_rgba()) == later


def test_the_settings_of_a_picture_are_there_within_and_the_readers_after_it() -> None:
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": "of the reader"}):
        with style.drawing(**{"svg.hashsalt": "of a file"}):
            with style.drawing():
                assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == (
                    10,
                    "of a file",
                )
            with style.drawing(**{"font.size": 12}):
                assert mpl.rcParams["font.size"] == 12
            assert mpl.rcParams["font.size"] == 10
        with pytest.raises(ZeroDivisionError), style.drawing():
            raise ZeroDivisionError
        assert mpl.rcParams["font.size"] == 30
        with style.drawing():
            assert mpl.rcParams["font.size"] == 10


def test_each_setting_of_matplotlib_is_one_of_the_looks_or_is_the_readers() -> None:
    with style.drawing():
        kept = {key for key in style.OF_READER if key in mpl.rcParams}
        assert mpl.rcParams["svg.hashsalt"] is None
    assert {"backend", "interactive", "toolbar"} <= kept
