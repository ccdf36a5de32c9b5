"""Pictures, tested through the data of their artists: what is drawn is what the table says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

import iop_outcomes as iop
from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout import style
from iop_outcomes.plots.layout.export import draw_svg
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.statistics.proportions import proportion_interval
from iop_outcomes.trends import Trend
from tests.helpers.pictures import assert_apart

RULE = "Relapse is the first use after discharge; a missing check-in counts as use."


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    matplotlib.use("agg")
    before = matplotlib.rcParams.copy()
    yield
    for number in pyplot.get_fignums():
        pyplot.close(number)
    assert [key for key, value in matplotlib.rcParams.items() if before[key] != value] == []


def make_curves(sizes: dict[str, int], by: str | None = "program") -> iop.SurvivalCurves:
    random = np.random.default_rng(4)
    parts = []
    for name, size in sizes.items():
        event, end = np.ceil(random.weibull(0.8, size) * 150), random.integers(30, 400, size)
        frame = {"program": name, "days": np.minimum(event, end).astype(int), "event": event <= end}
        parts.append(pd.DataFrame(frame))
    times = pd.concat(parts, ignore_index=True)
    label(times, Provenance(RULE, "relapse", "discharge"))
    return iop.survival_curves(times, by=by)


def make_trend(periods: int = 24, by: tuple[str, ...] = ()) -> Trend:
    random = np.random.default_rng(5)
    months = pd.period_range("2024-10", periods=periods, freq="M").astype(str)
    tables = []
    for name in by or ("",):
        n = random.integers(30, 900, periods).astype(float)
        k = random.binomial(n.astype(int), 0.6).astype(float)
        lower, upper = proportion_interval(k, n)
        table = pd.DataFrame({"period": months, "numerator": k, "denominator": n, "value": k / n})
        table["lower"], table["upper"] = lower, upper
        table["complete"] = np.arange(periods) < periods - 3
        table.loc[~table["complete"], ["value", "lower", "upper"]] = np.nan
        table = table.assign(value_so_far=np.nan, lower_so_far=np.nan, upper_so_far=np.nan)
        tables.append(table.assign(program=name)[["program", *table.columns]] if by else table)
    names = ("program",) if by else ()
    frame = pd.concat(tables, ignore_index=True)
    return Trend(frame, "m", "Retained", "proportion", "month", names, 0.95, "Retained: a / b.")


def make_weeks() -> AttendanceByWeek:
    weeks = np.arange(1, 13)
    table = pd.DataFrame({"week": weeks, "episodes_followed": 400, "episodes": 400 - 15 * weeks})
    table["episodes_attending"] = (table["episodes"] * 0.8).astype(int)
    table["due"], table["attended"] = table["episodes"] * 3, table["episodes"] * 2
    for name in ("no_show", "cancelled", "excused", "unrecorded", "not_due"):
        table[name] = 0
    table["rate"] = table["attended"] / table["due"]
    table["lower"], table["upper"] = table["rate"] - 0.03, table["rate"] + 0.03
    return AttendanceByWeek(table, (), 0.95, "Sessions are group services.")


def texts(ax: Axes) -> dict[str, str]:
    results = [text for text in ax.texts if text.get_gid()]
    return {str(text.get_gid()): text.get_text() for text in results}


def all_boxes(ax: Axes) -> list[tuple[str, object]]:
    """Return every written text of the picture with the room it takes, in pixels."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()  # places everything, which takes a third of drawing it
    results = [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in results]
    edge = figure.bbox
    # Tick labels of views that were never shown stay behind at odd places; they are not drawn.
    return [(words, box) for words, box in boxes if box.x1 > edge.x0 and box.x0 < edge.x1]


def assert_readable(ax: Axes) -> None:
    boxes = all_boxes(ax)
    figure = ax.get_figure(root=True)
    assert figure is not None
    for words, box in boxes:
        assert box.x0 >= 0, words
        assert box.x1 <= figure.bbox.x1, words
        assert box.y0 >= 0, words
        assert box.y1 <= figure.bbox.y1, words
    assert_apart(ax, boxes)


def test_the_check_for_overlap_would_notice() -> None:
    ax = Figure().add_subplot()
    ax.text(0.5, 0.5, "one")
    assert_readable(ax)
    ax.text(0.51, 0.5, "two")
    with pytest.raises(AssertionError):
        assert_readable(ax)


# survival curves


def test_the_drawn_steps_are_the_table() -> None:
    curves = make_curves({"A": 120, "B": 90})
    ax = iop.plot_survival(curves)
    lines = {str(line.get_label()).split(":")[0]: line for line in ax.lines}
    for name, rows in curves.table.groupby("program"):
        line = lines[str(name)]
        np.testing.assert_array_equal(line.get_xdata(), rows["day"])
        np.testing.assert_array_equal(line.get_ydata(), rows["survival"])
        assert line.get_drawstyle() == "steps-post"
    assert ax.get_ylim() == (0, 1)
    assert ax.get_xlabel() == "days since discharge"
    assert ax.get_ylabel() == "without relapse so far"


def test_the_drawn_numbers_are_the_risk_table() -> None:
    curves = make_curves({"A": 120, "B": 90})
    days = [0, 60, 120, 180]
    drawn = texts(iop.plot_survival(curves, ticks=days))
    for position, (_, rows) in enumerate(curves.risk_table(days).groupby("program")):
        for column in ("at_risk", "censored", "events"):
            for day, value in zip(rows["day"], rows[column], strict=True):
                assert drawn[f"risk_{position}_{column}_{day}"] == f"{value:,}"


def test_the_cells_stand_under_their_ticks() -> None:
    ax = iop.plot_survival(make_curves({"A": 120}, by=None), ticks=[0, 90, 180])
    cells = [text for text in ax.texts if str(text.get_gid()).startswith("risk_")]
    assert {cell.xy[0] for cell in cells} == {0.0, 90.0, 180.0}  # type: ignore[attr-defined]
    assert all(cell.get_ha() == "center" for cell in cells)


def test_protected_curves_are_drawn_as_points_at_their_published_days() -> None:
    protected = iop.protect(make_curves({"A": 300, "B": 200}))
    ax = iop.plot_survival(protected, censor_marks=True)
    for name, rows in protected.table.groupby("program"):
        line = next(one for one in ax.lines if str(one.get_label()).startswith(f"{name}:"))
        np.testing.assert_array_equal(line.get_xdata(), rows["day"])
        np.testing.assert_array_equal(line.get_ydata(), rows["survival"])
        assert line.get_drawstyle() == "default"
        assert f"n = {rows['at_risk'].iloc[0]}" in str(line.get_label())
        assert line.get_linewidth() < 1
    assert not [line for line in ax.lines if line.get_label() == "_censored"]
    print_ = " ".join(text for gid, text in texts(ax).items() if gid.startswith("note_"))
    assert "Only the marked days are estimates" in print_
    cells = [gid for gid in texts(ax) if gid.startswith("risk_")]
    assert not [gid for gid in cells if "events" in gid or "censored" in gid]


def test_protected_curves_without_numbers_at_risk_have_no_table_below() -> None:
    curves = make_curves({"A": 300})
    late = replace(iop.protect(curves), table=iop.protect(curves).table.copy())
    late.table.loc[late.table["day"] > 0, ["at_risk", "lower", "upper"]] = pd.NA
    ax = iop.plot_survival(late)
    assert not [gid for gid in texts(ax) if gid.startswith("risk_")]
    print_ = " ".join(text for gid, text in texts(ax).items() if gid.startswith("note_"))
    assert "cannot be shown" in print_


@pytest.mark.parametrize("groups", [1, 3, 4, 7])
@pytest.mark.parametrize("safe", [False, True])
def test_bands_that_would_cover_one_another_are_left_to_the_table(groups: int, safe: bool) -> None:
    made = make_curves({f"program {number}": 300 for number in range(groups)})
    curves = iop.protect(made) if safe else made
    ax = iop.plot_survival(curves)
    words = iop.alternative_text(ax)
    shaded = groups <= 3
    assert len(_bands_of(ax)) == (groups if shaded else 0)
    assert ("Bands: 95% confidence limits of each day." in words) == shaded
    assert ("limits of each day are in the table of the curves" in words) == (not shaded)
    assert {"lower", "upper"} <= {*curves.table}


def _bands_of(ax: Axes) -> list[PolyCollection]:
    return [one for one in ax.collections if isinstance(one, PolyCollection)]


def test_groups_differ_in_line_and_in_grey_not_only_in_colour() -> None:
    assert len({str(look.line) for look in style.LOOKS}) == len(style.LOOKS)
    assert len({look.marker for look in style.LOOKS}) == len(style.LOOKS)
    grey = [np.dot(to_rgb(look.colour), [0.2126, 0.7152, 0.0722]) for look in style.LOOKS[:4]]
    assert np.min(np.abs(np.diff(grey))) > 0.04
    with pytest.raises(RuleError, match="at most"):
        style.look(0, len(style.LOOKS) + 1)


def test_censor_marks_and_medians_are_where_the_curves_say() -> None:
    curves = make_curves({"A": 120}, by=None)
    ax = iop.plot_survival(curves, censor_marks=True)
    marks = next(line for line in ax.lines if line.get_label() == "_censored")
    rows = curves.table[curves.table["censored"] > 0]
    np.testing.assert_array_equal(marks.get_xdata(), rows["day"])
    drops = [one.get_segments()[0] for one in ax.collections if hasattr(one, "get_segments")]
    assert curves.median()["median"].item() in {float(segment[-1][0]) for segment in drops}


def test_the_small_print_says_the_rule() -> None:
    ax = iop.plot_survival(make_curves({"A": 120}, by=None))
    print_ = " ".join(text for gid, text in texts(ax).items() if gid.startswith("note_"))
    assert "counts as use" in print_
    assert "add up to the group" in print_


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("protect", [False, True])
def test_no_words_of_a_survival_plot_overlap(groups: int, protect: bool) -> None:
    sizes = {f"Program number {number}": 1200 + 90 * number for number in range(groups)}
    curves = make_curves(sizes, by="program" if groups > 1 else None)
    assert_readable(iop.plot_survival(iop.protect(curves) if protect else curves))


# trends


def test_the_drawn_points_are_the_known_values() -> None:
    trend = make_trend()
    ax = iop.plot_trend(trend)
    line = next(one for one in ax.lines if one.get_label() == "value")
    known = trend.table["value"].where(trend.table["complete"])
    np.testing.assert_array_equal(line.get_ydata(), known)
    assert ax.get_ylim() == (0, 1)


def test_what_is_not_known_or_hidden_is_said_and_not_drawn() -> None:
    trend = make_trend()
    trend.table.loc[[4, 5], ["numerator", "denominator"]] = [[5.0, 30.0], [28.0, 30.0]]
    trend.table.loc[22, "value"] = 0.5  # of an incomplete period, left in the table
    protected = iop.protect(trend)
    ax = iop.plot_trend(protected)
    drawn = texts(ax)
    assert drawn["not_yet_known_21"] == "not yet known"
    assert drawn["hidden_4"] == "hidden"
    line = next(one for one in ax.lines if one.get_label() == "value")
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)[[4, 5, 21, 22, 23]]).all()
    assert drawn["n_4"] == "×"
    assert drawn["n_22"] == "–"
    assert drawn["n_0"] == f"{trend.table['denominator'].iloc[0]:,.0f}"


def test_each_group_has_its_panel_on_the_same_scale() -> None:
    ax = iop.plot_trend(make_trend(by=("North", "Harbor", "Riverside")))
    panels = ax.child_axes
    assert [panel.get_title(loc="left") for panel in panels] == [
        "Retained: North",
        "Retained: Harbor",
        "Retained: Riverside",
    ]
    assert {panel.get_ylim() for panel in panels} == {(0, 1)}


def test_a_count_has_its_own_scale_and_no_denominator() -> None:
    trend = make_trend(8)
    table = trend.table.assign(value=trend.table["numerator"], denominator=np.nan)
    table["upper"] = table["value"] + 20
    counted = Trend(table, "admissions", "Admissions", "episodes", "month", (), 0.95, "Admitted.")
    ax = iop.plot_trend(counted)
    assert ax.get_ylim()[1] > table["upper"].max()
    assert not [gid for gid in texts(ax) if gid.startswith("n_")]
    assert ax.get_ylabel() == "episodes"


def test_quarters_and_many_periods_are_labelled_without_crowding() -> None:
    trend = make_trend(8)
    quarters = [f"{year}Q{number}" for year in (2025, 2026) for number in (1, 2, 3, 4)]
    table = trend.table.assign(period=quarters)
    labels = [
        label.get_text()
        for label in iop.plot_trend(
            Trend(table, "m", "M", "proportion", "quarter", (), 0.95, "M.")
        ).get_xticklabels()
    ]
    assert labels == ["Q1\n2025", "Q2", "Q3", "Q4", "Q1\n2026", "Q2", "Q3", "Q4"]
    assert_readable(iop.plot_trend(make_trend(60)))


@pytest.mark.parametrize("periods", [12, 24, 30, 33, 36, 60])
def test_denominators_do_not_run_into_one_another(periods: int) -> None:
    ax = iop.plot_trend(make_trend(periods))
    figure = ax.get_figure(root=True)
    assert figure is not None
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    cells = [text for text in ax.texts if str(text.get_gid()).startswith("n_")]
    boxes = [cell.get_window_extent(canvas.get_renderer()) for cell in cells]
    gaps = [after.x0 - before.x1 for before, after in pairwise(boxes)]
    assert len(cells) == periods
    assert min(gaps) > 1.5


def test_what_is_known_so_far_is_an_open_point_of_its_own() -> None:
    trend = make_trend(24)
    trend.table.loc[21:22, ["lower_so_far", "value_so_far", "upper_so_far"]] = (0.5, 0.6, 0.7)
    ax = iop.plot_trend(trend)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert list(lines["not complete"].get_xdata()) == [21, 22]
    assert lines["not complete"].get_markerfacecolor() == "white"
    line = np.asarray(lines["value"].get_ydata(), dtype=np.float64)
    assert np.isnan(line[21:]).all()  # no line leads down to them


@pytest.mark.parametrize("by", [(), ("North", "Harbor", "Riverside")])
def test_no_words_of_a_trend_overlap(by: tuple[str, ...]) -> None:
    trend = make_trend(by=by)
    trend.table.loc[4, ["numerator", "denominator"]] = [5.0, 30.0]
    assert_readable(iop.plot_trend(iop.protect(trend)))


# attendance


def test_the_drawn_weeks_are_the_table() -> None:
    weeks = make_weeks()
    ax = iop.plot_attendance(weeks)
    lines = {str(line.get_label()).split(",")[0]: line for line in ax.lines}
    np.testing.assert_array_equal(lines["sessions attended"].get_ydata(), weeks.table["rate"])
    came = weeks.table["episodes_attending"] / weeks.table["episodes_followed"]
    np.testing.assert_array_equal(lines["people who attended at least once"].get_ydata(), came)
    drawn = texts(ax)
    assert drawn["risk_0_episodes_attending_3"] == str(weeks.table["episodes_attending"].iloc[2])
    assert_readable(ax)


def test_weeks_by_group_have_panels() -> None:
    one = make_weeks()
    table = pd.concat([one.table.assign(program=name) for name in ("North", "Harbor")])
    weeks = AttendanceByWeek(table, ("program",), 0.95, one.rule)
    ax = iop.plot_attendance(weeks)
    assert [panel.get_title(loc="left") for panel in ax.child_axes] == ["North", "Harbor"]
    assert_readable(ax)


def test_attendance_is_drawn_from_records_and_says_synthetic() -> None:
    sample = iop.synthetic_records(11)
    records = iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, as_of="2026-09-30"
    )
    drawn = texts(iop.plot_attendance(records))
    assert records.synthetic
    assert drawn["synthetic"] == "synthetic data"


# all pictures


def test_pictures_carry_their_alternative_text() -> None:
    for result in (make_curves({"A": 120}, by=None), make_trend(), make_weeks()):
        ax = result.plot()
        assert iop.alternative_text(ax).startswith(result.text[:20])
    with pytest.raises(RuleError, match="no alternative text"):
        iop.alternative_text(Figure().add_subplot())


def test_given_axes_are_drawn_on_and_their_figure_keeps_its_size() -> None:
    figure = Figure(figsize=(9, 7))
    ax = figure.add_axes((0.15, 0.4, 0.8, 0.5))
    assert iop.plot_survival(make_curves({"A": 120}, by=None), ax) is ax
    assert tuple(figure.get_size_inches()) == (9, 7)
    assert pyplot.get_fignums() == []


def test_a_figure_is_given_the_size_it_needs_and_pyplot_knows_nothing_of_it() -> None:
    figure = Figure()
    ax = iop.plot_trend(make_trend(), figure)  # type: ignore[arg-type]
    assert ax.figure is figure
    assert pyplot.get_fignums() == []


def test_an_svg_has_the_same_bytes_each_time_and_no_date() -> None:
    curves = iop.protect(make_curves({"A": 300, "B": 200}))
    first, second = (draw_svg(iop.plot_survival, curves, synthetic=True) for _ in range(2))
    assert first.svg == second.svg
    assert b"dc:date" not in first.svg
    assert b"<script" not in first.svg
    assert first.alternative_text.startswith("A (n 300)")
    assert pyplot.get_fignums() == []


def test_hidden_counts_are_not_in_the_drawing() -> None:
    trend = make_trend(8)
    trend.table.loc[3, ["numerator", "denominator", "value"]] = [7.0, 31.0, 7 / 31]
    ax = iop.plot_trend(iop.protect(trend))
    line = next(one for one in ax.lines if one.get_label() == "value")
    assert 7 / 31 not in set(np.asarray(line.get_ydata(), dtype=float))
    assert "31" not in [text.get_text() for text in ax.texts]
