"""What is written beside a tick is its value: a label that is rounded stands elsewhere."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter

import iop_outcomes as iop
from iop_outcomes.plots.layout.day_axis import write_percent, write_shares
from tests.helpers.pictures import NAMES, PLOTS, result_of, sensitivity_of
from tests.plots.test_site_pictures import funnel


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    pyplot.close("all")


def ticks_of(ax: Axes) -> dict[str, float]:
    """Return the ticks of the y axis that a reader sees, by what is written beside them."""
    low, high = sorted(ax.get_ylim())
    labels = ax.yaxis.get_major_formatter().format_ticks(ax.get_yticks())
    ticks = zip(labels, ax.get_yticks(), strict=True)
    return {label: tick for label, tick in ticks if low <= tick <= high}


def assert_true(ax: Axes) -> None:
    """Each label is the value of its tick, with as many decimals as its neighbours."""
    found = ticks_of(ax)
    assert len(found) >= 2
    for label, tick in found.items():
        assert float(label.removesuffix("%")) == pytest.approx(100 * tick, abs=1e-6), found
    assert len({len(label.partition(".")[2]) for label in found}) == 1, found


@given(
    low=st.floats(-0.2, 0.99),
    width=st.floats(0.0005, 1.2),
    high=st.integers(60, 500),
    fixed=st.booleans(),
)
def test_a_label_of_any_scale_is_the_value_of_its_tick(
    low: float, width: float, high: int, fixed: bool
) -> None:
    ax = Figure((6, high / 72)).subplots()
    ax.set_ylim(low, low + width)
    if fixed:
        ax.set_yticks([tick for tick in ax.get_yticks() if low <= tick <= low + width])
    write_percent(ax)
    assert_true(ax)
    if width > 0.06 and high > 100:
        assert not any("." in label for label in ticks_of(ax))  # whole percents are easier to read


def test_half_percents_are_written_or_left_out() -> None:
    ax = Figure((6, 3)).subplots()
    ax.set_ylim(0.09, 0.26)
    ax.set_yticks([0.1, 0.125, 0.15, 0.175, 0.2, 0.225, 0.25])
    write_percent(ax)
    assert set(ticks_of(ax)) >= {"10%", "20%"}
    assert_true(ax)


def test_a_scale_that_is_changed_later_is_written_anew() -> None:
    ax = Figure((6, 3)).subplots()
    write_shares(ax)
    assert set(ticks_of(ax)) == {"0%", "20%", "40%", "60%", "80%", "100%"}
    again = pickle.loads(pickle.dumps(ax.figure)).axes[0]
    again.set_ylim(0.09, 0.26)
    assert_true(again)


@pytest.mark.parametrize(("attended", "due"), [(17, 100), (960, 1000), (3, 40)])
def test_control_charts_and_trends_have_true_labels(attended: int, due: int) -> None:
    months = pd.period_range("2024-01", periods=24, freq="M").astype(str)
    met = np.random.default_rng(2).binomial(due, attended / due, 24)
    frame = pd.DataFrame({"period": months, "numerator": met, "denominator": due})
    for chart in ("p", "none"):
        assert_true(iop.plot_trend(iop.trend(frame, "No shows", chart=chart)))


def test_a_funnel_of_small_expected_numbers_has_no_tick_called_0() -> None:
    assert_true(iop.plot_funnel(funnel()))
    wide = pd.DataFrame({"site": list("abc"), "observed": [1, 9, 2000], "expected": [0.2, 9, 1990]})
    made = iop.funnel(wide, "Ends", by="site")
    labels = iop.plot_funnel(made).xaxis.get_major_formatter().format_ticks([0.1, 1, 10, 1000])
    assert labels == ["0.1", "1", "10", "1,000"]


@pytest.mark.parametrize("name", PLOTS)
def test_no_number_along_any_axis_of_any_plot_is_rounded(name: str) -> None:
    made = sensitivity_of(NAMES["plain"]) if name == "sensitivity" else result_of(name)
    figure = PLOTS[name](made).get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    for axis in [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]:
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FixedFormatter):
            continue  # names of periods and groups
        ticks = axis.get_majorticklocs()
        for tick, label in zip(ticks, formatter.format_ticks(ticks), strict=True):
            number = label.replace("\N{MINUS SIGN}", "-").replace(",", "")
            times = 100 if number.endswith("%") else 1
            assert number == "" or float(number.rstrip("%")) == pytest.approx(times * tick)
