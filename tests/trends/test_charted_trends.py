"""`trend` with a chart: of records and of frames, its periods, verdicts and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.statistics import count_interval, proportion_interval
from iop_outcomes.trends.charts import make_chart
from iop_outcomes.trends.periods import labels_of, parse_label, periods_between
from iop_outcomes.trends.signals import judge

NUMBERS = ["centre", "lower_limit", "upper_limit"]
VERDICT = ["variation", "assurance", "rule"]


def months(count: int = 24, sites: tuple[str, ...] = ("North",)) -> pd.DataFrame:
    random = np.random.default_rng(8)
    labels = pd.period_range("2024-01", periods=count, freq="M").astype(str)
    parts = []
    for site in sites:
        due = random.integers(40, 90, count)
        frame = {"period": labels, "numerator": random.binomial(due, 0.7), "denominator": due}
        parts.append(pd.DataFrame(frame).assign(site=site))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=11, people=200)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


# periods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "first_month", "labels"),
    [
        ("week", 1, ["2025-W52", "2026-W01", "2026-W02"]),
        ("month", 1, ["2025-12", "2026-01"]),
        ("quarter", 1, ["2025Q4", "2026Q1"]),
        ("quarter", 7, ["FY2026Q2", "FY2026Q3"]),
        ("quarter", 10, ["FY2026Q1", "FY2026Q2"]),
        ("year", 1, ["2025", "2026"]),
        ("year", 7, ["FY2026"]),
    ],
)
def test_periods_are_labelled_and_their_labels_read(
    every: Any, first_month: int, labels: list[str]
) -> None:
    periods = periods_between("2025-12-28", "2026-01-05", every, first_month)
    assert labels_of(periods) == labels
    if first_month == 1:
        assert [parse_label(label) for label in labels] == list(periods)
    assert periods[0].start_time <= pd.Timestamp("2025-12-28") <= periods[0].end_time


@given(st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2100-12-31").date()))
def test_every_day_lies_in_one_week_and_one_fiscal_year(day: Any) -> None:
    (week,) = periods_between(day, day, "week")
    iso = day.isocalendar()
    assert labels_of(pd.PeriodIndex([week])) == [f"{iso.year}-W{iso.week:02d}"]
    (year,) = periods_between(day, day, "year", 4)
    ends = day.year + (day.month >= 4)
    assert labels_of(pd.PeriodIndex([year])) == [f"FY{ends}"]
    assert (year.start_time.month, year.start_time.day) == (4, 1)


def test_weeks_quarters_and_years_of_records_count_the_same_sessions(records: iop.Records) -> None:
    totals = set()
    for options in (
        {"every": "week"},
        {},
        {"every": "quarter", "first_month": 7},
        {"every": "year"},
        {"every": "year", "first_month": 10},
    ):
        table = iop.trend(records, "attendance_rate", chart="none", **options).table
        totals.add((table["numerator"].sum(), table["denominator"].sum()))
        assert (table["end"] >= table["start"]).all()
    assert len(totals) == 1
    assert totals.pop()[1] > 100


# records ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "chart"),
    [("attendance_rate", "p_prime"), ("completion_rate", "p"), ("admissions", "xmr")],
)
def test_the_chart_of_a_measure_is_that_of_its_counts(
    records: iop.Records, measure: str, chart: str
) -> None:
    trend = iop.trend(records, measure, by="program")
    assert trend.chart is not None
    assert trend.chart.chart == chart
    for _, rows in trend.table.groupby("program"):
        known = rows["value"].notna()
        names = ["value"] if chart == "xmr" else ["numerator", "denominator"]
        frame = rows[["period", *names]].where(known | (rows[["period"]].notna().all(axis=1)))
        frame[names] = rows[names].where(known)
        options = {"possible": (0, np.inf)} if chart == "xmr" else {}
        expected = judge(make_chart(frame, chart, **options), improves=trend.chart.improves)
        columns = [*NUMBERS, *VERDICT]
        pd.testing.assert_frame_equal(
            rows[columns].reset_index(drop=True), expected[columns], check_dtype=False
        )


def test_what_improves_is_known_of_each_measure(records: iop.Records) -> None:
    for measure, improves in (
        ("attendance_rate", "up"),
        ("no_show_rate", "down"),
        ("admissions", "neither"),
    ):
        chart = iop.trend(records, measure).chart
        assert chart is not None
        assert chart.improves == improves
    other = iop.trend(records, "admissions", improves="up").chart
    assert other is not None
    assert other.improves == "up"


def test_a_month_that_is_not_over_is_an_open_point_and_changes_no_limit() -> None:
    sample = iop.synthetic_records(seed=11, people=200)
    whole, part = (
        iop.trend(
            iop.read_records(episodes=sample.episodes, attendance=sample.attendance, as_of=day),
            "attendance_rate",
        ).table.iloc[:20]
        for day in ("2025-08-31", "2025-08-12")
    )
    last = part.iloc[-1]
    assert (last["period"], last["complete"]) == ("2025-08", False)
    assert np.isnan(last["value"])
    assert last["value_so_far"] == last["numerator"] / last["denominator"]
    assert last["lower_so_far"] <= last["value_so_far"] <= last["upper_so_far"]
    assert last["variation"] == ""
    until = part.iloc[:-1]
    assert until["value_so_far"].isna().all()
    assert whole["value"].iloc[:-1].equals(until["value"])


# frames -----------------------------------------------------------------------------------------


def test_a_frame_goes_through_the_same_function() -> None:
    frame = months(sites=("North", "South"))
    trend = iop.trend(frame, "Attended", by="site", chart="p", target=0.5, improves="up")
    lower, upper = proportion_interval(frame["numerator"], frame["denominator"])
    table = trend.table
    assert table["period"].tolist() == frame["period"].tolist()
    np.testing.assert_array_equal(table["lower"], lower)
    np.testing.assert_array_equal(table["upper"], upper)
    for site, rows in table.groupby("site"):
        part = make_chart(frame[frame["site"] == site], "p")
        np.testing.assert_array_equal(rows[NUMBERS], part[NUMBERS])
    verdict = trend.verdict
    assert verdict["site"].tolist() == ["North", "South"]
    last = table.groupby("site").last()
    assert verdict["variation"].tolist() == last["variation"].tolist()
    assert verdict["periods"].tolist() == [24, 24]
    assert (trend.title, trend.unit, trend.every) == ("Attended", "proportion", "period")


@pytest.mark.parametrize("every", ["quarter", "year"])
def test_longer_periods_are_sums_over_sums(every: str) -> None:
    frame = months()
    trend = iop.trend(frame, every=every, chart="p")
    dates = pd.PeriodIndex(frame["period"], freq="M").asfreq(every[0].upper())
    sums = frame[["numerator", "denominator"]].groupby(dates).sum()
    assert trend.table["numerator"].tolist() == sums["numerator"].tolist()
    np.testing.assert_array_equal(trend.table["value"], sums["numerator"] / sums["denominator"])
    days = frame.assign(period=pd.PeriodIndex(frame["period"], freq="M").start_time)
    pd.testing.assert_frame_equal(iop.trend(days, every=every, chart="p").table, trend.table)


@pytest.mark.parametrize(
    ("frame", "chart", "unit"),
    [
        (months(), "p_prime", "proportion"),
        (months().assign(numerator=lambda rows: rows["numerator"] * 4), "u_prime", "rate"),
        (months()[["period"]].assign(value=range(24)), "xmr", "value"),
    ],
)
def test_the_chart_of_a_frame_is_that_of_its_columns(
    frame: pd.DataFrame, chart: str, unit: str
) -> None:
    trend = iop.trend(frame)
    assert trend.chart is not None
    assert (trend.chart.chart, trend.unit) == (chart, unit)
    if unit == "rate":
        lower, _ = count_interval(frame["numerator"])
        np.testing.assert_allclose(trend.table["lower"], lower / frame["denominator"])


def test_missing_and_unfinished_periods_of_a_frame() -> None:
    frame = months(6).drop(index=[2]).assign(complete=lambda rows: rows.index < 5)
    table = iop.trend(frame, chart="p").table
    assert table["period"].tolist() == months(6)["period"].tolist()
    assert table["value"].isna().tolist() == [False, False, True, False, False, True]
    assert table["complete"].tolist() == [True] * 5 + [False]
    assert table["value_so_far"].notna().tolist() == [False] * 5 + [True]
    few = frame.assign(numerator=[5] * 5, denominator=[9] * 5)
    assert iop.trend(few, chart="p").table["value_so_far"].isna().all()
    alone = make_chart(frame[frame["complete"]], "p")
    assert table["centre"].iloc[0] == alone["centre"].iloc[0]


def test_other_labels_and_numbers_keep_their_order() -> None:
    labels = pd.DataFrame({"period": ["third", "first", "second"], "value": [3.0, 1.0, 2.0]})
    table = iop.trend(labels).table
    assert table["period"].tolist() == ["third", "first", "second"]
    assert table[["start", "end"]].isna().all(axis=None)
    words = labels.assign(period=["today", "now", "2026-01-01"])  # no dates, whatever the day is
    assert iop.trend(words).table["period"].tolist() == words["period"].tolist()
    numbers = labels.assign(period=[10, 2, 9])
    trend = iop.trend(numbers, rebase=[(9, "new form")], events=[(9, "moved")])
    assert trend.table["period"].tolist() == ["2", "9", "10"]
    assert trend.table["segment"].tolist() == [0, 1, 1]
    assert trend.marks is not None
    assert trend.marks["period"].tolist() == ["9", "9"]


def test_dates_are_read_as_dates_and_labelled_without_the_time_of_day() -> None:
    frame = months(14)
    ends = pd.PeriodIndex(frame["period"], freq="M")
    texts = frame.assign(period=ends.start_time.strftime("%Y-%m-%d"))
    table = iop.trend(texts, rebase=[("2024-05-20", "new hours")]).table
    assert table["segment"].tolist() == [0] * 5 + [1] * 9  # the first date on or after it
    assert iop.trend(texts, every="month").table["period"].tolist() == frame["period"].tolist()
    late = iop.trend(frame.assign(period=ends.end_time)).table["period"]
    assert late.tolist()[:2] == ["2024-01-31", "2024-02-29"]


def test_a_frame_is_not_changed_and_its_groups_may_be_missing() -> None:
    frame = months(3, ("North", "South"))
    frame.loc[5, "site"] = None
    before = frame.copy()
    own = iop.trend(frame, by="site").table
    assert set(own["site"]) == {"North", "South", "not recorded"}
    without = iop.trend(frame, by="site", missing_group="leave_out")
    assert "1 row without a value of site left out." in without.rule
    assert without.table["value"].notna().sum() == 5
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (months().drop(columns="period"), {}, "period, numerator"),
        (months()[["period"]], {}, "period, numerator"),
        (months()[:0], {}, "no rows"),
        (months(3, ("A", "B")), {}, "3 rows with group and period of another"),
        (months().assign(period="2026-01"), {}, "23 rows"),
        (months().assign(numerator=-1), {}, "24 of 24 rows with a negative count"),
        (months().assign(numerator="x"), {}, "must hold numbers"),
        (months().assign(period=None), {}, "24 of 24 missing"),
        (months(), {"every": "week"}, "cannot be divided"),
        (months().assign(period=range(24)), {"every": "month"}, "neither"),
        (months(), {"every": "day"}, "week, month, quarter or year"),
        (months(), {"every": "year", "first_month": 13}, "1 to 12"),
        (months(), {"every": "month", "first_month": 7}, "quarters and years only"),
        (months(), {"chart": "c"}, "for counts"),
        (months(), {"chart": "x"}, "must be one of"),
        (months()[["period"]].assign(value=1), {"chart": "p"}, "a numerator and a denominator"),
        (months(), {"chart": "none", "target": 0.5}, "Without a chart"),
        (months(), {"events": [("2030-01-01", "moved")]}, "after the last"),
        (months(), {"events": [("2020-01-01", "moved")]}, "before the first"),
        (months(), {"improves": "more"}, "improves"),
        (months(), {"rules": "nelson"}, "rules"),
        (months(), {"target": "high"}, "target"),
        (months(), {"by": "colour"}, "colour"),
        (months().assign(complete="yes"), {}, "true or false"),
        (months().assign(complete=pd.array([True, None] * 12, dtype="boolean")), {}, "12 missing"),
        (pd.concat([months(), months()], axis=1), {}, "a name of its own"),
        (months().assign(value=1.0), {"by": "value"}, "cannot be named value"),
    ],
)
def test_what_cannot_be_charted_is_refused_in_words(
    frame: pd.DataFrame, options: dict[str, Any], said: str
) -> None:
    with pytest.raises((RuleError, EstimateError), match=said):
        iop.trend(frame, **options)


def test_a_text_is_no_frame_and_no_records() -> None:
    with pytest.raises(RuleError, match="A trend"):
        iop.trend("data/samples", "attendance_rate")  # type: ignore[arg-type]


# words ------------------------------------------------------------------------------------------


def test_the_sentences_say_what_the_table_says() -> None:
    frame = months(30)
    frame.loc[29, "numerator"] = 1
    trend = iop.trend(
        *(frame, "Attended"),
        chart="p",
        target=0.9,
        rebase=[("2025-01-15", "new hours")],
        events=[("2025-03-01", "moved")],
    )
    last = trend.table.iloc[-1]
    assert (last["variation"], last["rule"]) == ("concern (low)", "beyond a limit")
    assert "The last point: concern (low), beyond a limit." in trend.text
    assert f"Target 90.0%: {last['assurance']}." in trend.text
    assert "2026-06 (concern (low))" in trend.text
    assert trend.text.endswith("2025-01-15: new limits: new hours. 2025-03-01: moved.")
    assert trend.verdict["signals"].item() == (trend.table["rule"] != "").sum()
    assert "p chart of proportions" in trend.rule
    assert iop.trend(frame, chart="none").verdict.empty


def test_a_rule_says_where_its_limits_come_from() -> None:
    assert "first 12 points of each segment" in iop.trend(months(), baseline=12).rule
    dated = iop.trend(months(), baseline=("2024-01", "2024-12"))
    assert "the periods 2024-01 to 2024-12" in dated.rule
    assert "Anhoej" in iop.trend(months(), chart="run").rule


# disclosure -------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=14),
    st.sampled_from(["p", "p_prime", "u", "xmr", "run"]),
    st.integers(0, 30),
)
def test_a_protected_chart_depends_on_nothing_but_what_it_shows(
    rows: list[tuple[int, int]], chart: str, other: int
) -> None:
    """The same shown counts with other hidden ones give the same protected chart."""
    frame = pd.DataFrame(rows, columns=["numerator", "rest"]).assign(period=range(len(rows)))
    frame["denominator"] = frame["numerator"] + frame.pop("rest")
    options: dict[str, Any] = {"chart": chart, "target": 0.5}
    protected = iop.protect(iop.trend(frame, **options))
    hidden = protected.table["hidden"].to_numpy()
    for name in (*NUMBERS, "value", "numerator", "denominator", "lower", "upper"):
        assert protected.table.loc[hidden, "value"].isna().all(), name
    changed = frame.copy()
    changed.loc[hidden, "numerator"] = 1 + other % 10
    changed.loc[hidden, "denominator"] = 11 + other
    again = iop.protect(iop.trend(changed, **options))
    if (again.table["hidden"].to_numpy() == hidden).all():
        pd.testing.assert_frame_equal(again.table, protected.table)
        assert again.text == protected.text
        assert again.rule == protected.rule


def test_values_without_counts_cannot_be_protected() -> None:
    with pytest.raises(RuleError, match="cannot be protected"):
        iop.protect(iop.trend(months()[["period"]].assign(value=1.0)))
