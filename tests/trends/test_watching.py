"""Many charts at once: the signals in order, how many by chance, and the page of all of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, OutcomesError, RuleError
from iop_outcomes.trends.charts import xmr_chart
from iop_outcomes.trends.signals import judge
from iop_outcomes.trends.signals.judging import BEYOND, NEAR, ONE_SIDE, RISE_OR_FALL
from iop_outcomes.trends.staff import letters_of
from iop_outcomes.trends.watching.false_alarms import (
    WINDOWS,
    false_alarm_rate,
    measured,
    quarter_of,
    rate_of_rule,
)
from validation.trends_alarms import RUNS, Setting, marked_by, measure, settings

MEASURES = ["attendance_rate", "no_show_rate", "admissions"]


@cache
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=5, people=200)
    staff = np.array(["C-31", "C-07"], dtype=object)[np.arange(len(sample.episodes)) % 2]
    return iop.read_records(
        episodes=sample.episodes.assign(counselor=staff),
        attendance=sample.attendance,
        checkins=sample.checkins,
    )


def of_values(values: Any, name: str, **options: Any) -> iop.Trend:
    frame = pd.DataFrame({"period": range(len(values)), "value": values})
    return iop.trend(frame, name, **options)


def flat(last: list[float]) -> list[float]:
    return [5.0, 6.0] * 8 + last


# Rates of false signals --------------------------------------------------------------------------


@pytest.mark.parametrize(("rules", "baseline"), [("mdc", None), ("mdc", 12), ("anhoej", 12)])
def test_simulated_series_are_marked_as_charts_mark_them(rules: str, baseline: int | None) -> None:
    values = np.random.default_rng(3).normal(size=(24, 30))
    values[12:, 15:] += 1.2
    marks = marked_by(values, rules, baseline)
    for number, row in enumerate(values):
        chart = xmr_chart(pd.DataFrame({"period": range(30), "value": row}), baseline=baseline)
        result = judge(chart, rules=rules)["rule"].to_numpy()
        runs = pd.Series(result).str.contains("run|cross").to_numpy()
        expected = np.where(runs, RUNS, result)
        named = np.full(30, "", dtype=object)
        for name, marked in marks.items():
            named[marked[number] & (named == "")] = name
        assert named.tolist() == expected.tolist()


def test_the_rates_are_those_that_are_measured() -> None:
    """Again with 3,000 series a setting: within 4.5 standard errors."""
    for setting in settings():
        result = measure(setting, 3000, seed=8)
        stated = measured().rates[setting.rules, setting.baseline is not None][setting.points]
        for window, rate in zip(WINDOWS, stated, strict=True):
            error = np.sqrt(rate * (1 - rate) / 3000)
            assert abs(result[f"last_{window}"] - rate) < 4.5 * error, setting
    result = measure(Setting("mdc", 24, None), 20_000, seed=9)
    for name in (RISE_OR_FALL, NEAR, BEYOND, ONE_SIDE):
        assert result[f"by {name}"] == pytest.approx(measured().of_rule[name], rel=0.35)


def test_the_rates_in_the_code_are_those_on_the_page() -> None:
    """Both are written by one run of the study; to the last digit that the page prints."""
    page = Path("docs/validation_trends.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page]
    independent = {
        (row[0], row[2] != "all", int(row[1])): [float(one[:-1]) for one in row[3:6]]
        for row in rows
        if row[0] in ("mdc", "anhoej")
    }
    assert len(independent) == len(settings())
    for (rules, first, points), shares in independent.items():
        stated = measured().rates[rules, first][points]
        assert [round(100 * one, 1) for one in stated] == shares
    sessions = {
        (row[0].split()[1][:-1], row[2] != "all"): float(row[6].split("%")[0])
        for row in rows
        if len(row) == 9 and row[1] == "p'"
    }
    assert {key: round(100 * one, 1) for key, one in measured().of_sessions.items()} == sessions


def test_a_rate_is_that_of_the_number_of_points() -> None:
    rates = [false_alarm_rate("mdc", points, "month", baseline=False) for points in (5, 12, 14, 99)]
    assert rates[0] == rates[1] < rates[2] < rates[3]
    assert false_alarm_rate("none", 24, "month", baseline=False) == 0
    assert false_alarm_rate("mdc", 24, "week", baseline=False) > rates[3]
    assert [quarter_of(every) for every in ("week", "month", "quarter", "period")] == [13, 3, 1, 3]
    sessions = false_alarm_rate("mdc", 24, "month", baseline=False, sessions=True)
    assert sessions == measured().of_sessions["month", False] > rates[2]
    assert rate_of_rule("run too long and too few crossings") == measured().of_rule["run too long"]


# Watch -------------------------------------------------------------------------------------------


def test_signals_stand_in_the_order_of_the_reasons() -> None:
    trends = [
        of_values(flat([12.0]), "Better"),
        of_values(flat([5.0, 5.0]), "Stable"),
        of_values([6.0, 5.0] * 6 + [4.9] * 7, "Seven", improves="up"),
        of_values(flat([12.0]), "Worse", improves="down"),
        of_values(flat([12.0]), "Neither", improves="neither"),
        of_values([5.0, 6.0, 5.0, 6.0, 5.0, 6.0, 5.0, 15.0], "Trial", improves="down"),
    ]
    result = iop.watch(trends)
    assert result.table["title"].tolist() == ["Worse", "Seven", "Trial", "Neither", "Better"]
    assert result.table["order"].tolist() == [1, 2, 3, 4, 5]
    assert result.table["trial"].tolist() == [False, False, True, False, False]
    assert result.charts["signal"].tolist() == [True, False, True, True, True, True]
    assert result.expected == pytest.approx(
        sum(
            false_alarm_rate("mdc", int(size), "period", baseline=False)
            for size in result.charts["periods"]
        )
    )
    assert "6 charts: 5 with a signal in the last quarter; by chance alone 0.2" in result.text
    assert "1. Worse, 16: concern (high), beyond a limit (by chance 0.45% of points)" in result.text
    assert "not one of sites" in result.rule


def test_an_old_signal_is_not_one_of_the_last_quarter() -> None:
    late, old = of_values(flat([12.0, 5.0]), "Late"), of_values(flat([12.0, 5.0, 6.0, 5.0]), "Old")
    assert iop.watch([late, old]).table["title"].tolist() == ["Late"]
    assert iop.watch([old]).table.empty
    assert "0 with a signal" in iop.watch([old]).text


def test_records_give_a_chart_a_measure_and_group() -> None:
    result = iop.watch(records(), MEASURES, "program")
    programs = records().episodes["program"].nunique()
    assert len(result.charts) == 3 * programs
    for one, measure_name in zip(result.trends, MEASURES, strict=True):
        expected = iop.trend(records(), measure_name, by="program")
        pd.testing.assert_frame_equal(one.table, expected.table)
        assert one.measure == measure_name
    rates = result.charts.groupby("measure")["false_alarm_rate"].max()
    assert (
        rates["attendance_rate"] == rates["no_show_rate"] == measured().of_sessions["month", False]
    )
    assert rates["admissions"] < rates["no_show_rate"]
    page = iop.summary_matrix(records(), MEASURES, "program", targets={"attendance_rate": 0.75})
    verdict = iop.trend(records(), "attendance_rate", by="program", target=0.75).verdict
    rows = page.table[page.table["measure"] == "attendance_rate"].reset_index(drop=True)
    same = [name for name in verdict if name in rows]
    pd.testing.assert_frame_equal(rows[same], verdict[same], check_dtype=False)
    assert set(rows["shown_target"]) == {"75.0%"}
    assert (page.table.loc[page.table["measure"] == "admissions", "shown_target"] == "").all()


def test_the_usual_measures_are_those_of_the_tables_that_were_read() -> None:
    every = iop.watch(records())
    assert [one.measure for one in every.trends][:2] == ["attendance_rate", "no_show_rate"]
    alone = iop.read_records(episodes=records().episodes, attendance=records().attendance)
    assert "check_in_response" not in [one.measure for one in iop.watch(alone).trends]


def test_staff_are_letters() -> None:
    result = iop.watch(records(), MEASURES, "counselor")
    assert set(result.charts["counselor"]) == {"A", "B"}
    page = iop.summary_matrix(records(), MEASURES, "counselor")
    assert page.table["counselor"].tolist() == ["A", "B"] * 3
    text = result.text + result.rule + page.text + page.rule + page._repr_html_()
    assert "C-31" not in text + str([one.table for one in (*result.trends, *page.trends)])
    named = iop.summary_matrix(records(), MEASURES, "counselor", names=True)
    assert named.table["counselor"].tolist() == ["C-07", "C-31"] * 3
    assert sorted(named.table["shown"]) == sorted(page.table["shown"])


def test_a_trend_shows_staff_as_letters_unless_names_are_asked_for() -> None:
    shown, named = (
        iop.trend(records(), "attendance_rate", by="counselor", names=names)
        for names in (False, True)
    )
    assert set(shown.table["counselor"]) == {"A", "B"} == {*shown.verdict["counselor"]}
    assert "Counselor is shown as letters" in shown.rule
    assert not any(name in f"{shown.text}{shown.rule}" for name in ("C-31", "C-07"))
    assert set(named.table["counselor"]) == {"C-31", "C-07"}
    assert "letters" not in named.rule
    letters = letters_of(["C-31", "C-07"])
    same = named.table.assign(counselor=named.table["counselor"].map(letters))
    keys = ["counselor", "start"]
    pd.testing.assert_frame_equal(shown.table, same.sort_values(keys, ignore_index=True))
    frame = pd.DataFrame(
        {"period": [1, 2] * 2, "value": range(4), "therapist": ["Ann Smith"] * 2 + ["Bo"] * 2}
    )
    assert set(iop.trend(frame, by="therapist").table["therapist"]) == {"A", "B"}
    asked = iop.trend(frame, by="therapist", names=True)
    assert set(asked.table["therapist"]) == {"Ann Smith", "Bo"}
    # what was asked for in the trend stays, and is not asked for once more
    assert set(iop.summary_matrix([asked]).table["therapist"]) == {"Ann Smith", "Bo"}
    with pytest.raises(RuleError, match="targets and names"):
        iop.watch([asked], names=True)


# The page ----------------------------------------------------------------------------------------


def test_the_page_shows_what_a_director_reads() -> None:
    trends = [
        of_values(flat([12.0]), "Worse", improves="down", target=4.0),
        of_values([np.nan] * 3, "Nothing"),
    ]
    page = iop.summary_matrix(trends)
    row = page.table.iloc[0]
    assert (row["shown"], row["shown_target"], row["period"]) == ("12", "4", "16")
    assert row["sparkline"] == "▁▂" * 8 + "█"
    assert page.table["sparkline"].iloc[1] == "···"
    assert "2 charts: 1 of concern." in page.text
    assert "Of concern: Worse 12 (16)." in page.text
    assert "Without a value that is known and shown: 1." in page.text
    html = page._repr_html_()
    for words in ("course", "▁▂", "concern (high)", "hit and miss"):
        assert words in html


@pytest.mark.parametrize("draw", [iop.watch, iop.summary_matrix])
def test_what_cannot_be_watched_is_refused(draw: Any) -> None:
    one = of_values(flat([5.0]), "One")
    other = iop.trend(
        pd.DataFrame({"period": range(4), "value": 1.0, "site": "a"}), "Two", by="site"
    )
    for call, message in (
        (lambda: draw([]), "a list of trends"),
        (lambda: draw([one, 3]), "one is no trend"),
        (lambda: draw([one], ["attendance_rate"]), "their own"),
        (lambda: draw([one, other]), "same groups"),
        (lambda: draw([iop.trend(one.table[["period", "value"]], chart="none")]), "need charts"),
        (lambda: draw(records(), []), "one or more measures"),
        (lambda: draw(records(), ["admissions", "admissions"]), "each once"),
        (lambda: draw(records(), ["admissions"], targets={"x": 1}), "not asked for"),
        (lambda: draw(records(), ["ward"]), "is of no measure"),
        (lambda: draw(3, ["admissions"]), "ecords"),
        (lambda: draw([of_values([np.nan, np.nan], "Empty")]), "No chart has a point"),
    ):
        with pytest.raises((OutcomesError, RuleError, EstimateError), match=message):
            call()
