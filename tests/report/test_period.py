"""Reports of a year, a rolling year, a month or any dates: what they count, compare and say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import iop_outcomes as iop
from iop_outcomes.cli import app
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.merging import MergePlan, Step
from iop_outcomes.disclosure.system import PrintedCells, attack
from iop_outcomes.errors import ReportError
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.forms.html import facts_of
from iop_outcomes.report.merging import plan_text
from iop_outcomes.report.period import parse_report_period, period_between, refuse_overlap
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.trends import (
    begins_within,
    compared_rows,
    make_trends,
    trend_in,
    trend_over,
)
from iop_outcomes.trends.periods import in_words
from tests.helpers.of_the_sample import nothing_drawn

JAN, APRIL = "2026-01-15", "2026-04-14"
YEAR, ROLLING, DATES, ODD = "2025", "2024-10..2025-09", "2025-02-15..2025-05-14", "2025-02..2025-09"


@pytest.fixture(scope="module")
def records() -> iop.Records:
    made = iop.synthetic_records(people=80, seed=3)
    return iop.read_records(
        episodes=made.episodes.assign(program="Harbor"),
        attendance=made.attendance,
        checkins=made.checkins,
    )


@pytest.fixture(scope="module")
def reports(records: iop.Records) -> dict[str, iop.Report]:
    return {
        period: iop.quarterly_report(records, period=period, policy=iop.SafePolicy.internal())
        for period in (ROLLING, ODD)
    }


@pytest.mark.parametrize(
    ("text", "name", "word", "first", "last"),
    [
        ("2026Q3", "2026Q3", "quarter", "2026-07-01", "2026-09-30"),
        ("2026", "2026", "year", "2026-01-01", "2026-12-31"),
        ("2026-02", "2026-02", "month", "2026-02-01", "2026-02-28"),
        ("2025-10..2026-09", "2025-10 to 2026-09", "year", "2025-10-01", "2026-09-30"),
        ("2025-10 to 2026-09", "2025-10 to 2026-09", "year", "2025-10-01", "2026-09-30"),
        ("2026-07-01..2026-09-30", "2026Q3", "quarter", "2026-07-01", "2026-09-30"),
        ("2025Q4..2026Q3", "2025-10 to 2026-09", "year", "2025-10-01", "2026-09-30"),
        (
            "2026-01-15..2026-04-14",
            "2026-01-15 to 2026-04-14",
            "period",
            "2026-01-15",
            "2026-04-14",
        ),
        ("2023-03-01..2024-02-29", "2023-03 to 2024-02", "year", "2023-03-01", "2024-02-29"),
    ],
)
def test_a_period_has_its_days_and_one_name(
    text: str, name: str, word: str, first: str, last: str
) -> None:
    found = parse_report_period(text)
    assert (str(found), found.word) == (name, word)
    assert found.dates == f"{first} to {last}"
    assert parse_report_period(str(found)) == found


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("soon", "not the name"),
        ("", "not the name"),
        ("2026-W05", "not the name"),
        ("2026-02-30..2026-03-01", "not the name"),
        ("2026..2025", "before its first"),
        ("2026Q1..2026Q2..2026Q3", "not the name"),
        ("2001..2026", "ten years"),
    ],
)
def test_what_is_no_period_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(ReportError, match=wrong):
        parse_report_period(text)


@given(
    st.dates(pd.Timestamp("2000-01-01").date(), pd.Timestamp("2030-12-31").date()),
    st.integers(1, 900),
)
def test_the_periods_before_follow_one_another(first: object, days: int) -> None:
    begin = pd.Timestamp(str(first))
    period = period_between(begin, begin + pd.Timedelta(days=days - 1))
    day = pd.Timedelta(days=1)
    for number in range(3):
        assert period.back(number + 1).last + day == period.back(number).first
    assert period.year_before.first == period.first - pd.DateOffset(years=1)
    assert period.window(12).last == period.last
    assert period.window(12).first <= period.first
    if period.in_quarters:
        parts = period.cut(3)
        assert (parts[0].first, parts[-1].last) == (period.first, period.last)


def test_any_windows_give_what_calendar_periods_give(records: iop.Records) -> None:
    scope = choose_scope(records, YEAR, None, None)
    for measure in ("attendance_rate", "admissions", "retained_90"):
        year = trend_in(scope, measure, "year").table
        same = trend_over(scope, measure, [parse_report_period(one) for one in year["period"]])
        pd.testing.assert_frame_equal(same.table, year)


def test_a_report_counts_the_people_of_its_period(
    records: iop.Records, reports: dict[str, iop.Report]
) -> None:
    admitted = records.episodes["admit_date"]
    for name, report in reports.items():
        period = parse_report_period(name)
        assert report.title == f"Outcome report, Harbor, {in_words(period)}"
        table = report.tables["admissions"]
        whole = table.loc[(table["by"] == "program") & (table["group"] == "all"), "admitted"]
        assert whole.tolist() == [admitted.between(period.first, period.last).sum()]


def test_nothing_small_follows_from_a_report_of_overlapping_periods(records: iop.Records) -> None:
    scope = choose_scope(records, ODD, None, None)
    assert attack(count_all(scope, scope).cells).empty


def test_a_report_speaks_of_its_own_period(reports: dict[str, iop.Report]) -> None:
    for name, report in reports.items():
        document = report._document
        assert document is not None
        first = next(one for one in document["sections"] if one["name"] == "what-changed")
        trends = next(one for one in document["sections"] if one["name"] == "trends")
        said = [*first["sentences"], *trends["sentences"]]
        said += [one["text"] for one in (*first["items"], *trends["items"])]
        assert not re.search("quarter", " ".join(said))
        period = parse_report_period(name)
        told = {"higher", "lower", "no clear change"} & {*report.findings["change"]}
        words = (
            f"in the newest {period.word} that is known" if told else f"an earlier {period.word}."
        )
        assert words in trends["sentences"][0]
        admitted = next(
            one["text"] for one in document["findings"] if one["measure"] == "admissions"
        )
        assert in_words(period) in admitted
        # of the year before, nine months are recorded
        assert (in_words(period.back(1)) in admitted) == (name != ROLLING)
        unknown = next(one for one in document["sections"] if one["name"] == "cannot-tell")
        assert any("referred" in one for one in unknown["sentences"])
        tables = [one["caption"] for part in document["sections"] for one in part["tables"]]
        plain = " ".join([*said, *tables, document["title"]])
        assert f"Admissions in {in_words(period)}" in plain
        assert re.findall(r"\b\d{4}-\d{2} to|to \d{4}-\d{2}\b(?!-)", plain) == []
        assert document["period"]["first"] == period.first.date().isoformat()


def test_it_is_compared_with_the_one_before_and_a_year_before(records: iop.Records) -> None:
    months = ("2025-07", "2025-01-15..2025-02-14")
    for name in (YEAR, ROLLING, DATES, ODD, *months, "2025-02-10..2025-04-01", "2024..2025"):
        scope = choose_scope(records, name, None, None)
        assert scope.period is not None
        trend = make_trends(scope, MergePlan()).by_period["admissions"]
        rows = [trend.table.iloc[row] for row, _ in compared_rows(trend.table, scope.begin)]
        found = [period_between(row["start"], row["end"]) for row in rows]
        expected = [scope.period, scope.period.back(1), scope.period.year_before]
        last = pd.Timestamp(records.episodes["admit_date"].min())
        longer = scope.period.word == "year" or not scope.period.shorter_than_year
        expected = [one for one in expected[: 2 if longer else 3] if one.last >= last]
        expected = [one for one in expected if not begins_within(one, last)]
        assert found == expected


def test_a_month_known_late_is_compared_with_the_one_a_year_before(records: iop.Records) -> None:
    """Who stayed for 90 days is known four months later: the month a year before is older."""
    cut = pd.Timestamp(records.as_of).to_period("M")
    for month in (cut - 1, cut):
        scope = choose_scope(records, str(month), None, None)
        trends = make_trends(scope, MergePlan())
        for name, trend in trends.by_period.items():
            rows = compared_rows(trend.table, scope.begin)
            found = [trend.table["period"].iloc[row] for row, _ in rows]
            newest = pd.Period(found[0], "M")
            assert found == [str(newest), str(newest - 1), str(newest - 12)], name


@pytest.mark.parametrize(
    ("days", "first", "within"),
    [
        ("2024Q1", "2024-01-15", False),
        ("2024Q1", "2024-01-16", True),
        ("2024-02", "2024-02-05", False),
        ("2024-02", "2024-02-06", True),
        ("2024", "2024-01-15", False),
        ("2024", "2024-01-16", True),
        ("2024Q1", "2023-11-01", False),
    ],
)
def test_the_records_begin_within_a_period(days: str, first: str, within: bool) -> None:
    assert begins_within(parse_report_period(days), pd.Timestamp(first)) is within


def test_a_year_in_which_the_records_begin_is_not_compared(records: iop.Records) -> None:
    """308 admissions of a year were higher than 215 of one of which nine months are recorded."""
    policy = iop.SafePolicy.internal()  # quick: nothing is searched for
    with nothing_drawn():
        report = iop.quarterly_report(records, period="2024-10..2025-09", policy=policy)
    admissions = report.findings.set_index("measure").loc["admissions"]
    assert admissions["change"] == "not compared"
    assert "2023" not in admissions["text"]
    why = "The records begin within an earlier period, so that nothing is compared with it."
    assert why in report.html
    assert admissions["text"].endswith(why)


def test_overlapping_periods_are_declared_by_what_they_are_made_of(records: iop.Records) -> None:
    scope = choose_scope(records, ODD, None, None)
    trends = make_trends(scope, MergePlan())
    periods, atoms = (one["attendance_rate"].table for one in (trends.by_period, trends.atoms))
    assert (periods["start"].iloc[1:].to_numpy() <= periods["end"].iloc[:-1].to_numpy()).any()
    for row in periods.itertuples():
        held = atoms[(atoms["start"] >= row.start) & (atoms["end"] <= row.end)]
        assert held["denominator"].sum() == row.denominator
    assert not any(trends.printed(trends.atoms["attendance_rate"]))


def test_a_data_cut_long_after_the_newest_record_is_said_or_refused() -> None:
    """Only who had left was counted as not retained, and nobody as retained: 0 of 28."""
    episodes = pd.DataFrame(
        {
            "episode_id": [str(number) for number in range(40)],
            "admit_date": "2026-07-06",
            "discharge_date": ["2026-07-20"] * 20 + [None] * 20,
        }
    )
    sessions = pd.DataFrame(
        {"episode_id": episodes["episode_id"], "date": "2026-07-07", "status": "attended"}
    )
    for cut, days in (("2026-08-17", 28), ("2026-08-18", 29), ("2026-10-20", 92)):
        given = iop.read_records(episodes=episodes, attendance=sessions, as_of=cut)
        scope = choose_scope(given, "2026Q3", None, None)
        assert scope.days_without_records == days
        notes = [text for name, text in facts_of(scope, None, None) if name == "Note"]
        assert any(f"in the {days} days before the data cut" in text for text in notes) == (
            days > 28
        )
    late = iop.read_records(episodes=episodes, attendance=sessions, as_of="2026-10-21")
    with pytest.raises(ReportError, match="93 days before 2026-10-21 without a record"):
        iop.quarterly_report(late, "2026Q3")
    ended = episodes.assign(discharge_date="2026-07-20")
    left = iop.read_records(episodes=ended, attendance=sessions, as_of="2030-01-01")
    assert choose_scope(left, "2026Q3", None, None).days_without_records == 0


def test_a_period_that_is_not_over_is_said_so(records: iop.Records) -> None:
    cut = pd.Timestamp(records.as_of)
    scope = choose_scope(records, str(cut.year), None, None)
    facts = dict(facts_of(scope, None, None))
    assert facts["Note"] == "The year is not over at the data cut: its figures are partial."
    assert facts["Time"] == f"{cut.year} ({cut.year}-01-01 to {cut.year}-12-31)"
    report = iop.quarterly_report(records, period=str(cut.year), policy=iop.SafePolicy.internal())
    attended = report.findings.set_index("measure").loc["attendance_rate", "text"]
    assert f"{cut.year} is not complete yet." in str(attended)


def test_a_period_without_admissions_tells_of_those_who_were_there(records: iop.Records) -> None:
    first = records.episodes["admit_date"].max() + pd.Timedelta(days=1)
    period = f"{first.date()}..{(first + pd.Timedelta(days=20)).date()}"
    late = replace(records, as_of=first + pd.Timedelta(days=30))
    report = iop.quarterly_report(late, period=period, policy=iop.SafePolicy.internal())
    assert report.tables["admissions"]["admitted"].tolist() == [0]
    with pytest.raises(ReportError, match="Nobody was in the program in this year"):
        iop.quarterly_report(records, period="2015")


def test_a_quarter_after_the_last_day_of_the_records_is_said_so(records: iop.Records) -> None:
    cut = "2025-09-30"
    there = records.episodes[records.episodes["admit_date"] <= cut].assign(discharge_date=pd.NaT)
    still_there = replace(records, episodes=there, as_of=pd.Timestamp(cut))
    with pytest.raises(ReportError, match="This quarter begins after the last day of") as caught:
        choose_scope(still_there, "2025Q4", None, None)
    assert "2025-10-01; the records go up to 2025-09-30" in caught.value.found
    assert "2025Q3" in caught.value.instead
    assert str(choose_scope(still_there, "2025Q3", None, None).period) == "2025Q3"
    early = replace(still_there, episodes=there[there["admit_date"] < "2025-04-01"])
    with pytest.raises(ReportError, match="This quarter begins after the last day of") as caught:
        choose_scope(early, "2025Q4", None, None)
    assert "2025Q2, 2025Q3" in caught.value.instead  # nobody was admitted, but some were there


def test_a_merged_table_says_its_length_in_words_of_the_period() -> None:
    steps = {"discharges": Step("year", (("other ends", ("died", "other")),))}
    plan = MergePlan(
        {**steps, "admissions": Step("half_year")}, "2024", ("discharges", "admissions")
    )
    assert "by year, or over four quarters" in plan_text(plan, parse_report_period("2026Q3"))
    said = plan_text(plan, parse_report_period("2026"))
    assert "discharges: by year; died and other as other ends; admissions: by year." in said.lower()
    said = plan_text(plan, parse_report_period(DATES))
    assert "discharges: over a year; died and other as other ends" in said.lower()
    assert "admissions: over six months" in said


def test_a_ledger_of_other_lengths_or_overlapping_times_is_refused(records: iop.Records) -> None:
    quarter, year = parse_report_period("2025Q1"), parse_report_period("2025")
    refuse_overlap(quarter, ["2025Q1", "2024Q4"])
    refuse_overlap(year, ["2024"])
    for period, earlier in (
        (year, "2025Q1"),
        (parse_report_period(ROLLING), "2025"),
        (None, "2025"),
        (quarter, ""),
    ):
        with pytest.raises(ReportError, match="another length, or that overlap"):
            refuse_overlap(period, [earlier])
    kept = Ledger((PrintedCells(11, YEAR),))
    with pytest.raises(ReportError, match="now 2025Q2"):
        iop.quarterly_report(records, "2025Q2", ledger=kept)


def test_a_quarter_or_a_period_not_both(records: iop.Records) -> None:
    with pytest.raises(ReportError, match="not both"):
        iop.quarterly_report(records, "2025Q2", period="2025")
    with pytest.raises(ReportError, match="not a quarter"):
        iop.quarterly_report(records, "2025")


def test_the_command_takes_a_period_and_reads_it_before_anything(tmp_path: Path) -> None:
    out = tmp_path / "year.json"
    given = ["report", str(tmp_path / "nothing"), "--out", str(out), "--quiet"]
    found = CliRunner().invoke(app, [*given, "--period", "2025-13"])
    assert isinstance(found.exception, ReportError)
    assert "not the name of a period" in str(found.exception)
    found = CliRunner().invoke(app, [*given, "--period", "2025", "--quarter", "2025Q1"])
    assert "not both" in str(found.exception)


def test_the_scope_of_a_quarter_is_what_it_was(records: iop.Records) -> None:
    scope: Scope = choose_scope(records, "2025Q3", None, None)
    assert scope.words(4) == "admissions from October 2024 to September 2025"
    assert scope.label_of(2) == "2025Q2 to 2025Q3"
    assert scope.label_of(1) == "2025Q3"


def test_a_year_that_is_not_known_is_told_by_its_newest_known_quarter(records: iop.Records) -> None:
    cut = pd.Timestamp(records.as_of)
    first = (cut - pd.DateOffset(years=1) + pd.Timedelta(days=1)).normalize()
    admitted = records.episodes["admit_date"].between(first, cut)
    recent = records.subset(admitted.to_numpy())
    scope = choose_scope(recent, f"{first.date()}..{cut.date()}", None, iop.SafePolicy.internal())
    trends = make_trends(scope, MergePlan())
    retained = trends.compared["retained_30"].table
    assert len(trends.by_period["admissions"].table) == 1
    rows = compared_rows(retained, scope.begin)
    assert (retained["end"] - retained["start"]).max() < pd.Timedelta(days=93)
    assert retained.iloc[rows[0][0]]["denominator"] > 0
    assert trends.compared["admissions"] is trends.by_period["admissions"]
