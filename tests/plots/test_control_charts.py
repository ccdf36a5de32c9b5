"""Pictures of control charts: what is drawn is what the table says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

import iop_outcomes as iop
from tests.plots.test_plots import assert_readable, texts

LONG = (
    "Saint Bartholomew and All Angels Intensive Outpatient Recovery Program of the Upper Peninsula"
)
NAMES = ["戒毒康复中心北京分院门诊部", LONG, "Mill", "中心", "Harbor", "Nord", "X", "South"]


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    pyplot.close("all")


def sites(periods: int, count: int) -> pd.DataFrame:
    """Months of some sites, of which the attendance rises late; the last month is not complete."""
    random = np.random.default_rng(1)
    months = pd.period_range("2021-01", periods=periods, freq="M").astype(str)
    late = np.arange(periods) > periods * 0.7
    parts = []
    for name in NAMES[:count]:
        due = random.integers(20, 90, periods)
        attended = random.binomial(due, np.where(late, 0.75, 0.5))
        frame = pd.DataFrame({"period": months, "numerator": attended, "denominator": due})
        parts.append(frame.assign(site=name, complete=np.arange(periods) < periods - 1))
    return pd.concat(parts, ignore_index=True)


def drawn(ax: Axes, label: str) -> list[Any]:
    return [line for line in ax.lines if line.get_label() == label]


def test_points_lines_and_words_are_those_of_the_table() -> None:
    trend = iop.trend(
        *(sites(30, 1), "Attended"),
        chart="p",
        target=0.9,
        rebase=[("2021-09-15", "new hours")],
        events=[("2022-01-05", "moved"), ("2022-01-31", "new phone")],
    )
    ax = iop.plot_trend(trend)
    table = trend.table
    for kind, label in (("improvement", "improvement"), ("common", "no signal")):
        rows = table["variation"].str.startswith(kind)
        (line,) = drawn(ax, label)
        assert rows.any()
        np.testing.assert_array_equal(line.get_xdata(), np.flatnonzero(rows))
        np.testing.assert_array_equal(line.get_ydata(), table.loc[rows, "value"])
    before, after = drawn(ax, "upper_limit")
    np.testing.assert_array_equal(before.get_ydata()[::2], table["upper_limit"][:8])
    np.testing.assert_array_equal(after.get_ydata()[::2], table["upper_limit"][8:])
    assert drawn(ax, "target")[0].get_ydata()[0] == 0.9
    assert [line.get_xdata()[0] for line in drawn(ax, "rebase")] == [7.5]
    assert [*{line.get_xdata()[0] for line in drawn(ax, "event")}] == [12]
    (open_point,) = drawn(ax, "not complete")
    assert open_point.get_ydata().tolist() == table["value_so_far"].dropna().tolist()
    assert to_hex(open_point.get_markerfacecolor()) == "#ffffff"
    words = texts(ax)
    assert words["mark_1"] == " 1"
    assert words["mark_2, 3"] == " 2, 3"  # too near for two texts
    notes = " ".join(words[name] for name in words if name.startswith("note_"))
    assert "1: 2021-09-15: new limits: new hours. 2: 2022-01-05: moved." in notes
    assert "Limits rest in part on fewer than 12 points and may still change." in notes
    text = iop.alternative_text(ax)
    assert text == trend.text
    assert "2021-09-15: new limits: new hours." in text
    assert "Target 90.0%: " in text
    assert "Signals in" in text


def test_a_point_that_is_not_judged_looks_another_way_than_one_without_a_signal() -> None:
    trend = iop.trend(sites(30, 1), "Attended", chart="p")
    without = trend.table.assign(
        variation=trend.table["variation"].where(trend.table.index > 4, "")
    )
    ax = iop.plot_trend(replace(trend, table=without))
    (early,) = drawn(ax, "not judged")
    assert early.get_xdata().tolist() == [0, 1, 2, 3, 4]
    (judged,) = drawn(ax, "no signal")
    assert early.get_marker() != judged.get_marker()
    assert texts(ax)["key_not_judged"] == "not judged"
    # Without rules no point is judged, and that is no difference between them.
    plain = iop.trend(sites(30, 1), "Attended", chart="p", rules="none")
    assert not drawn(iop.plot_trend(plain), "not judged")


def test_the_denominators_of_one_group_are_below_its_chart() -> None:
    trend = iop.trend(sites(12, 1), "Attended", chart="p")
    ax = iop.plot_trend(trend)
    words = texts(ax)
    denominators = trend.table["denominator"]
    assert words["n_0"] == f"{denominators.iloc[0]:.0f}"
    assert any("n: the denominator." in words[name] for name in words if name.startswith("note_"))
    assert_readable(ax)
    several = texts(iop.plot_trend(iop.trend(sites(12, 2), "Attended", by="site", chart="p")))
    assert "n_0" not in several
    counts = pd.DataFrame({"period": ["2024", "2025", "2026"], "value": [3.0, 4.0, 3.0]})
    assert "n_0" not in texts(iop.plot_trend(iop.trend(counts, "Count")))


def test_kinds_of_points_differ_in_shape_and_are_never_red_or_green() -> None:
    from iop_outcomes.plots.control.looks import POINTS

    marks = {kind: mark for kind, mark in POINTS.items() if kind}
    assert len({mark.marker for mark in marks.values()}) == len(marks)
    for kind in ("improvement", "concern"):
        red, green, blue = to_rgb(marks[kind].colour)
        assert blue > max(red, green) or (red > green > blue and green > 0.3)  # blue; orange


@pytest.mark.parametrize(("count", "periods"), [(1, 5), (1, 60), (3, 24), (8, 5), (8, 60)])
def test_no_words_of_a_chart_overlap(count: int, periods: int) -> None:
    by = None if count == 1 else "site"
    events = [("2021-02-05", "moved to a larger building"), ("2021-03-05", "and back again")]
    trend = iop.trend(sites(periods, count), "Attended", by=by, target=0.9, events=events)
    ax = iop.plot_trend(trend)
    assert_readable(ax)
    panels = ax.child_axes or [ax]
    assert len(panels) == count
    assert len({panel.get_ylim() for panel in panels}) == 1
    columns = {round(panel.get_position().x0, 3) for panel in panels}
    assert len(columns) == (2 if count > 3 else 1)


def test_charts_fit_into_axes_of_a_figure() -> None:
    _, places = pyplot.subplots(1, 2, figsize=(11, 7))
    iop.plot_trend(iop.trend(sites(24, 4), "Attended", by="site"), places[0])
    iop.plot_trend(iop.trend(sites(24, 1), "Attended", chart="run"), places[1])
    assert_readable(places[0])


def test_a_protected_chart_holds_nothing_of_hidden_rows() -> None:
    frame = sites(24, 1).assign(complete=True)
    frame.loc[[3, 20], ["numerator", "denominator"]] = [[7, 41], [30, 33]]
    trend = iop.trend(frame, "Attended", chart="p")
    ax = iop.plot_trend(iop.protect(trend))
    assert texts(ax)["hidden_3"] == "hidden"
    shown = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in ax.lines])
    for name in ("value", "lower_limit", "upper_limit", "centre"):
        gone = trend.table[name].iloc[[3, 20]]
        assert not np.isin(gone, shown).any(), name
    assert_readable(ax)


def test_what_the_records_cannot_tell_is_greyed_and_the_note_says_why() -> None:
    trend = iop.trend(sites(12, 1), "Attended", chart="p")
    gone = ["numerator", "denominator", "value", "lower", "upper"]
    trend.table.loc[:3, gone] = np.nan
    trend.table.loc[:3, "not_known"] = "not known: absences are recorded from May 2021 on"
    ax = iop.plot_trend(trend)
    words = texts(ax)
    assert words["not_known_0"] == "not known"
    notes = " ".join(words[name] for name in words if name.startswith("note_"))
    assert "Not known: absences are recorded from May 2021 on." in notes
    assert_readable(ax)


def test_labels_weeks_and_years_stand_on_the_axis() -> None:
    days = pd.DataFrame({"period": pd.date_range("2025-12-22", periods=40), "numerator": 3})
    days["denominator"] = 5
    weeks = iop.plot_trend(iop.trend(days, "Weekly", every="week"))
    written = [label.get_text() for label in weeks.get_xticklabels()]
    assert written[:3] == ["W52\n2025", "W01\n2026", "W02"]
    years = pd.DataFrame({"period": ["2024", "2025", "2026"], "value": [3.0, 4.0, 3.0]})
    assert [one.get_text() for one in iop.plot_trend(iop.trend(years)).get_xticklabels()] == [
        "2024",
        "2025",
        "2026",
    ]
    assert_readable(weeks)
