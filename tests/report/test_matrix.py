"""The page of all measures: from which periods limits come, and that it agrees with the signals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.forms.html import _template
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import first_page, matrix
from iop_outcomes.report.sections.compared import signal_points
from iop_outcomes.report.sections.definitions.section import CHART_LIMITS
from iop_outcomes.report.sections.signals import month_charts, signals_table
from iop_outcomes.report.trend_pictures import trend_drawing
from iop_outcomes.report.trends import Trends, trend_in
from iop_outcomes.shared.text import format_share
from iop_outcomes.trends import Trend
from iop_outcomes.trends.charting import chart_rule
from iop_outcomes.trends.periods import in_words
from iop_outcomes.trends.quantities.quantity import comparable_from
from tests.helpers.of_the_sample import records_of_the_sample

TEMPLATE = Path(iop.__file__).parent / "report" / "templates" / "report.html.j2"


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample()


@pytest.fixture(scope="module")
def one(sample: iop.Records) -> Scope:
    riverside = sample.where(program=["Riverside"])
    return choose_scope(riverside, "2026Q3", None, iop.SafePolicy.internal())


def of_values(scope: Scope, name: str, every: Any, numbers: list[tuple[float, float]]) -> Trend:
    """Return a trend whose first periods have these numerators and denominators."""
    trend = trend_in(scope, name, every).only(np.arange(len(numbers)))
    top, bottom = np.array(numbers, dtype=np.float64).T
    counted = name != "admissions"
    value = top / bottom if counted else top
    table = trend.table.assign(
        numerator=top,
        denominator=bottom if counted else np.nan,
        value=value,
        lower=value * 0.9,
        upper=value * 1.1,
        complete=True,
        hidden=False,
    )
    return replace(trend, table=table)


def signal(found: Any) -> str:
    assert found is not None
    (word,) = found.frame["signal"]
    return str(word)


def test_limits_of_admissions_are_as_wide_as_those_of_a_poisson_count(one: Scope) -> None:
    # Ranges of 1 and a last one of 10: the mean of those that are kept is 1, and 79.1 +/- 2.66
    # leaves 70 out. A Poisson count of 79.1 has 79.1 +/- 26.7.
    numbers = [(80.0, 1.0), (79.0, 1.0)] * 5 + [(80.0, 1.0), (70.0, 1.0)]
    trend = of_values(one, "admissions", "month", numbers).only(np.arange(12))
    quarters = replace(trend, every="quarter")
    found = matrix.matrix_table(Trends(by_period={"admissions": quarters}), {})
    assert signal(found) == "no signal"
    made = matrix.usual_chart(quarters, None).table.iloc[-1]
    centre = (80 * 6 + 79 * 5 + 70) / 12
    assert made["centre"] == pytest.approx(centre)
    assert made["upper_limit"] - centre == pytest.approx(3 * np.sqrt(centre))


@pytest.mark.parametrize(
    ("kind", "chart", "kept"),
    [
        ("sessions", "auto", True),
        ("count", "auto", True),
        ("people", "auto", False),  # binomial as they are
        ("mean", "auto", False),  # no counts
        ("event_free", "auto", False),
        ("count", "c", False),
    ],
)
def test_which_charts_are_kept_as_wide_as_chance(kind: str, chart: str, kept: bool) -> None:
    options: dict[str, Any] = {"baseline": None, "rebase": (), "events": (), "target": None}
    options |= {"improves": None, "rules": None, "default": "up", "least": 0.0, "most": np.inf}
    rule = chart_rule(kind, chart=chart, at_least_chance=True, **options)
    assert rule is not None
    assert rule.at_least_chance == kept
    assert ("never narrower than those of chance" in rule.text) == kept
    plain = chart_rule(kind, chart=chart, **options)
    assert plain is not None
    assert not plain.at_least_chance


def test_the_first_half_year_of_the_records_is_not_on_the_chart(one: Scope) -> None:
    """Six months of 90%, then 70%: with them in the baseline the newest month is a signal."""
    numbers = [(900.0, 1000.0)] * 6 + [(700.0, 1000.0)] * 14
    trend = of_values(one, "check_in_response", "month", numbers)
    begin = pd.Timestamp(trend.table["start"].iloc[0])
    late = Trends(by_month={"check_in_response": trend})
    assert signal(matrix.matrix_table(late, {})) == "worse: lower than usual"
    known = Trends(by_month={"check_in_response": trend}, begin=begin)
    found = matrix.matrix_table(known, {})
    assert signal(found) == "no signal"
    assert found is not None
    course = found.frame["course"].iloc[0]  # it has them still, before a sign
    before, after = course.split(matrix.EARLY)
    assert (len(before), len(after)) == (6, 14)
    assert len({*before}) == len({*after}) == 1
    assert {*before} != {*after}
    assert matrix.EARLY_NOTE in found.note
    assert found.on_page.spoken["course"][0].endswith(
        "; the first 6 not comparable with later ones"
    )
    few = Trends(by_month={"check_in_response": trend.only(np.arange(17))}, begin=begin)
    assert signal(matrix.matrix_table(few, {})) == "too few months"
    new = Trends(by_month={"check_in_response": trend.only(np.arange(5))}, begin=begin)
    assert signal(matrix.matrix_table(new, {})) == "too few months"


@pytest.mark.parametrize(
    ("every", "first"),
    [("month", "2024-08-01"), ("quarter", "2024-07-01"), ("year", "2025-01-01")],
)
def test_half_a_year_is_counted_in_whole_periods(every: Any, first: str) -> None:
    assert comparable_from(pd.Timestamp("2024-02-10"), every) == pd.Timestamp(first)


def test_limits_of_months_come_from_the_first_twelve(one: Scope) -> None:
    numbers = [(700.0, 1000.0), (720.0, 1000.0)] * 6 + [(600.0, 1000.0)] * 6
    trend = of_values(one, "attendance_rate", "month", numbers)
    made = matrix.usual_chart(trend, None)
    assert made.table["centre"].iloc[-1] == pytest.approx(0.71)
    assert made.chart is not None
    assert made.chart.baseline == 12
    quarters = replace(trend, every="quarter")
    # (6 * 700 + 6 * 720 + 6 * 600) / 18 of 1,000
    centre = matrix.usual_chart(quarters, None).table["centre"].iloc[-1]
    assert centre == pytest.approx(0.67333, abs=1e-5)


def _two_years(scope: Scope, name: str) -> Trend:
    months = trend_in(scope, name, "month")
    assert scope.period is not None
    return months.only(np.flatnonzero(months.table["end"] <= scope.period.last)[-24:])


@pytest.mark.parametrize("number", [1, 2, 6])
def test_too_few_longer_times_are_not_called_no_signal(one: Scope, number: int) -> None:
    numbers = [(700.0, 1000.0), (720.0, 1000.0)] * 4
    trend = replace(of_values(one, "attendance_rate", "month", numbers), every="quarter")
    few = Trends(by_period={"attendance_rate": trend.only(np.arange(number))})
    found = matrix.matrix_table(few, {"attendance_rate": 0.01})
    assert signal(found) == "too few to say"
    assert found is not None
    assert found.frame["beside target"].tolist() == ["–"]
    assert "Too few to say: no signal, but the chart has fewer than 7 periods" in found.note
    enough = Trends(by_period={"attendance_rate": trend.only(np.arange(7))})
    found = matrix.matrix_table(enough, {})
    assert signal(found) == "no signal"
    assert found is not None
    assert "oo few" not in found.note


def test_a_signal_of_few_longer_times_stays(one: Scope) -> None:
    numbers = [(900.0, 1000.0)] * 3 + [(100.0, 1000.0)]
    trend = replace(of_values(one, "completion_rate", "quarter", numbers), every="year")
    found = matrix.matrix_table(Trends(by_year={"completion_rate": trend}), {})
    assert signal(found) == "worse: lower than usual"


def test_longer_times_that_are_not_on_the_chart_are_too_few(one: Scope) -> None:
    """All but the last two are of the first half-year of the records."""
    trend = of_values(one, "check_in_response", "quarter", [(900.0, 1000.0)] * 4)
    begin = pd.Timestamp(trend.table["start"].iloc[0])
    late = Trends(by_period={"check_in_response": trend}, begin=begin)
    assert signal(matrix.matrix_table(late, {})) == "too few to say"
    first = Trends(by_period={"check_in_response": trend.only(np.arange(2))}, begin=begin)
    assert signal(matrix.matrix_table(first, {})) == "too few to say"


def test_no_course_is_drawn_of_a_few_values(one: Scope) -> None:
    """Of 32.9% and 33.0% one would be the lowest bar and the other the highest."""
    trend = of_values(one, "attendance_rate", "month", [(329.0, 1000.0), (330.0, 1000.0)] * 4)
    gone = trend.table["value"].mask(np.arange(8) == 3)
    for number, drawn in ((2, False), (6, False), (7, True)):
        known = replace(trend, table=trend.table.assign(value=gone)).only(np.arange(number))
        found = matrix.matrix_table(Trends(by_month={"attendance_rate": known}), {})
        assert found is not None
        assert (found.frame["course"].iloc[0] != "–") == drawn
        assert "It is not drawn of fewer than 6 values." in found.note
        assert "Every number also stands" not in found.note


def test_the_page_and_the_signals_of_one_program_say_the_same(one: Scope) -> None:
    charts = month_charts(one, ("attendance_rate", "no_show_rate", "check_in_response"))
    trends = Trends(by_month={name: _two_years(one, name) for name in charts}, begin=one.begin)
    table = signals_table(one, charts)
    assert table is not None
    said = dict(zip(table.frame["measure"], table.frame["then"], strict=True))
    page = matrix.matrix_table(trends, {}, charts)
    assert page is not None
    assert dict(zip(page.frame["measure"], page.frame["signal"], strict=True)) == said
    assert "stands in the definitions" in page.note
    assert "has the chart of the signals by program and month" in CHART_LIMITS
    assert any(": " in word for word in said.values())
    # Each is a finding once.
    points = first_page.first_page(one, trends, table, {}, charts=charts).items
    loud = [title for title, word in said.items() if ": " in word]
    assert [title for tag, title, _ in points if tag == "signal"] == loud


def test_what_is_not_clear_is_explained_on_the_page(one: Scope) -> None:
    months = {"attendance_rate": _two_years(one, "attendance_rate")}
    (chart,) = month_charts(one, ("attendance_rate",)).values()
    for word, is_said in (("not clear", True), ("common cause", False)):
        table = chart.table.assign(variation=word)
        charts = {"attendance_rate": replace(chart, table=table)}
        page = matrix.matrix_table(Trends(by_month=months, begin=one.begin), {}, charts)
        assert page is not None
        assert ("Not clear: the chart depends on" in page.note) is is_said
        assert (page.frame["signal"].tolist() == ["not clear"]) is is_said


def test_a_target_is_set_beside_the_chart_of_the_signals(one: Scope) -> None:
    charts = month_charts(one, ("attendance_rate",))
    months = {"attendance_rate": _two_years(one, "attendance_rate")}
    trends = Trends(by_month=months, begin=one.begin)
    page = matrix.matrix_table(trends, {"attendance_rate": 0.01}, charts)
    assert page is not None
    assert page.frame["beside target"].tolist() == ["would always meet it"]


def test_a_course_is_read_out_as_its_lowest_and_highest_value(one: Scope) -> None:
    """Bars of letters were read out one by one, and had no label."""
    trend = _two_years(one, "attendance_rate")
    found = matrix.matrix_table(Trends(by_month={"attendance_rate": trend}, begin=one.begin), {})
    assert found is not None
    (course,) = found.frame["course"]
    values = trend.table["value"].dropna()
    ends = f"lowest {format_share(values.min())}, highest {format_share(values.max())}"
    macros = TEMPLATE.read_text(encoding="utf-8").partition("<!")[0]
    page = _template().environment.from_string(macros).module
    text = str(page.show_table(found))  # type: ignore[attr-defined]  # a macro
    assert f'<span aria-hidden="true">{course}</span><span class="unseen">{ends}</span>' in text
    row = found.frame.iloc[0]
    interval = f"{format_share(row['lower'])} to {format_share(row['upper'])}"
    assert f">{interval}</td>" in text  # one column of the page
    assert ">newer<" not in text  # there is nothing in it


def test_a_chart_is_drawn_with_the_limits_of_the_months_that_are_shown(one: Scope) -> None:
    trend = _two_years(one, "attendance_rate")
    drawn, why = matrix.drawn_chart(trend, 0.7, one.begin)
    table = drawn.table
    assert why == "Limits: from the first 12 months on the chart."
    first = table[table["variation"] != ""].iloc[:12]
    rate = first["numerator"].sum() / first["denominator"].sum()
    assert np.allclose(table["centre"].dropna(), rate)
    assert drawn.chart is not None
    assert drawn.chart.target == 0.7
    assert table["value"].equals(trend.table["value"])  # also of months that are not on the chart
    assert "chart" not in trend.rule


def test_the_picture_and_the_page_of_one_program_say_the_same(one: Scope) -> None:
    charts = month_charts(one, ("attendance_rate", "no_show_rate", "check_in_response"))
    for name, chart in charts.items():
        trend = _two_years(one, name)
        drawn, why = matrix.drawn_chart(trend, None, one.begin, charts)
        page = matrix.usual_chart(trend, None, one.begin, charts)
        assert why.startswith("Limits: ")
        assert drawn.table["variation"].equals(page.table["variation"])
        assert np.allclose(drawn.table["centre"].dropna(), page.table["centre"].dropna())
        assert set(chart.table["period"]) == set(trend.table["period"])  # of two years, as drawn


def test_no_limits_are_drawn_where_the_page_counts_months_that_are_not_shown(one: Scope) -> None:
    charts = month_charts(one, ("attendance_rate",))
    trend = _two_years(one, "attendance_rate")
    numbers = ["numerator", "denominator", "value", "lower", "upper"]
    lowest = trend.table["value"].iloc[:12].nsmallest(9).index
    hidden = trend.table.assign(hidden=trend.table.index.isin(lowest))
    hidden[numbers] = hidden[numbers].mask(hidden["hidden"])
    some = replace(trend, table=hidden)
    drawn, why = matrix.drawn_chart(some, None, one.begin, charts)
    assert drawn.chart is None
    assert why == "No limits are drawn: signals count months that are not shown, too."
    drawn, why = matrix.drawn_chart(some, None, one.begin)  # of several programs
    assert drawn.chart is not None
    assert drawn.table.loc[hidden["hidden"], ["value", "lower_limit"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("every", "number", "why"),
    [
        ("month", 11, "No limits are drawn: fewer than 12 months are on a chart."),
        ("quarter", 6, "No limits are drawn: fewer than 7 values are shown."),
        ("quarter", 7, "Limits: from all values on the chart."),
    ],
)
def test_no_limits_are_drawn_of_a_few_values(one: Scope, every: str, number: int, why: str) -> None:
    trend = of_values(one, "retained_30", every, [(30.0 + one, 60.0) for one in range(number)])
    drawn, said = matrix.drawn_chart(trend, None)
    assert said == why
    assert (drawn.chart is None) is why.startswith("No")


def test_a_signal_of_the_page_is_a_finding(sample: iop.Records) -> None:
    scope = choose_scope(sample, "2026Q3", None, iop.SafePolicy.internal())
    numbers = [(100.0, 1.0), (110.0, 1.0)] * 5 + [(200.0, 1.0)]
    trends = Trends(by_period={"admissions": of_values(scope, "admissions", "quarter", numbers)})
    frame = pd.DataFrame(
        [("Attendance rate", "A", "2026-09", "no signal", "")],
        columns=["measure", "program", "last_month", "then", "last_12_months"],
    )
    page = first_page.first_page(scope, trends, first_page.Table("signals", "", frame), {})
    ((tag, _, text),) = [one for one in page.items if "signal" in one[0]]
    assert tag == "higher, signal"  # one item, with its number once
    assert text.startswith(": 200 in 2026Q3 (counted exactly; 95% interval for chance 180 to 220).")
    assert text.endswith(
        " Signal by quarter: all programs together, changed, higher than usual in 2026Q3."
    )
    assert text.count("200 in 2026Q3") == 1


def test_signals_of_all_people_stand_before_those_of_programs() -> None:
    frame = pd.DataFrame(
        [
            ("Attendance rate", "A", "2026-09", "worse: lower than usual", ""),
            ("Attendance rate", "B", "2026-09", "no signal", ""),
            ("No-show rate", "A", "2026-09", "better: lower than usual", ""),
        ],
        columns=["measure", "program", "last_month", "then", "last_12_months"],
    )
    whole = {
        "Attendance rate": (
            "month",
            "all programs together, worse, lower than usual",
            "2026-09",
        ),
        "No-show rate": (
            "quarter",
            "all programs together, better, lower than usual",
            "2026Q3",
        ),
    }
    table = first_page.Table("signals", "", frame)
    first, second = signal_points.signal_points(table, whole)
    assert first.text == (
        " in September 2026: all programs together, worse, lower than usual; A, worse, lower than "
        "usual. No signal in B."
    )
    assert second.text == (
        " in September 2026: A, better, lower than usual. By quarter: all programs together, "
        "better, lower than usual in 2026Q3."
    )


def test_a_year_that_is_not_over_is_not_complete(one: Scope) -> None:
    """A trend of years ends with the last whole one: nothing newer stands in its table."""
    assert one.period is not None
    trend = of_values(one, "attendance_rate", "month", [(70.0, 100.0)] * 12)
    last = trend.table["end"].max().normalize()
    for day, word in ((last, ""), (last + pd.Timedelta(days=90), "not complete")):
        found = matrix.matrix_table(Trends(by_month={"attendance_rate": trend}), {}, until=day)
        assert found is not None
        assert found.frame["newer"].tolist() == [word]
        assert ("Not complete:" in found.note) == (word == "not complete")


def test_the_table_behind_a_chart_says_which_months_are_not_judged(one: Scope) -> None:
    """The first half-year has its values, but no limits: all people are newly admitted then."""
    trend = trend_in(one, "attendance_rate", "month").only(np.arange(20))
    trend = replace(trend, table=trend.table.assign(hidden=False))
    frame = trend_drawing(one, trend, begin=one.begin).table.frame
    early = frame["signal"] == "not judged"
    assert early.tolist() == [True] * 6 + [False] * 14
    assert frame.loc[early, "value"].notna().all()
    assert frame.loc[early, ["centre", "lower_limit", "upper_limit"]].isna().all(axis=None)
    assert frame.loc[~early, "centre"].notna().all()
    note = trend_drawing(one, trend, begin=one.begin).table.note
    first, last = (in_words(trend.table["period"].iloc[row]) for row in (0, 5))
    assert note.endswith(f"as all people were newly admitted then: {first} to {last}.")


def test_times_that_are_not_comparable_are_named_where_no_chart_is_drawn(one: Scope) -> None:
    trend = trend_in(one, "attendance_rate", "month").only(np.arange(8))
    trend = replace(trend, table=trend.table.assign(hidden=False))
    table = trend_drawing(one, trend, begin=one.begin).table
    assert "signal" not in table.frame
    assert "Not comparable with later times" in table.note
    late = trend_drawing(one, trend, begin=pd.Timestamp("2020-01-01")).table
    assert "Not comparable with later times" not in late.note
    whole = matrix.matrix_table(Trends(by_month={"attendance_rate": trend}), {})
    assert whole is not None
    assert matrix.EARLY not in whole.frame["course"].iloc[0]
    assert matrix.EARLY_NOTE not in whole.note
