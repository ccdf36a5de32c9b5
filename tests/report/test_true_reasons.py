"""What a report says in the place of a table or number: the reason is the true one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.attendance.weekly import NEVER
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.model import Table
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import assemble, findings, first_page, outcomes, signals
from iop_outcomes.report.sections.attendance import rules, weeks
from iop_outcomes.report.sections.ends import stays
from iop_outcomes.report.sections.ends.each_day import days_told
from iop_outcomes.report.sections.findings import Finding
from iop_outcomes.report.sections.points import NOT_COMPARED, SAME, Point
from iop_outcomes.report.sections.relapse import relapse_results
from iop_outcomes.report.trends import Trends
from iop_outcomes.trends import Trend
from iop_outcomes.trends.quantities import REPORTED, find_quantity
from tests.helpers.of_the_sample import internal_report_of_the_sample, records_of_the_sample
from tests.report.test_internal_report import section_of

INTERNAL = iop.SafePolicy.internal()
CUT = "2026-09-30"


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: empty)


def people(count: int = 30, admitted: str = "2026-04-06") -> pd.DataFrame:
    """Return so many people admitted on one day, of whom all but four have left."""
    names = [f"A{number}" for number in range(count)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "admit_date": admitted})
    left = frame.index < count - 4
    frame["discharge_date"] = pd.Series("2026-07-20", frame.index).where(left)
    frame["discharge_reason"] = pd.Series("completed", frame.index).where(left)
    return frame


def check_ins(frame: pd.DataFrame, answered: int = 0, **columns: object) -> pd.DataFrame:
    """Return check-ins of everybody on two days; the columns are of so many people only."""
    rows = pd.concat(
        [frame[["episode_id"]].assign(date=day) for day in ("2026-04-08", "2026-07-18")]
    )
    rows = rows.assign(status="completed", used="no").reset_index(drop=True)
    has = rows["episode_id"].isin(frame["episode_id"].iloc[:answered])
    for name, value in columns.items():
        rows[name] = pd.Series(value, rows.index).where(has)
    return rows


def sessions(frame: pd.DataFrame) -> pd.DataFrame:
    days = ("2026-04-06", "2026-04-07", "2026-07-06", "2026-07-07")
    rows = pd.concat([frame[["episode_id"]].assign(date=day) for day in days])
    return rows.assign(status="attended", minutes_attended=60)


def said(records: iop.Records, section: str, policy: iop.SafePolicy | None = None) -> list[str]:
    report = iop.quarterly_report(records, "2026Q3", policy=policy)
    return list(section_of(report, section)["sentences"])


def test_without_services_it_is_not_said_that_nobody_is_known_to_have_left() -> None:
    frame = people()
    records = iop.read_records(episodes=frame, checkins=check_ins(frame), as_of=CUT)
    words = said(records, "who-stayed", INTERNAL)
    assert stays.NOT_ESTIMATED + stays.WITHOUT_SERVICES in words
    assert not any("is it known that the episode ended" in one for one in words)


def test_who_was_followed_for_too_short_a_time_is_not_said_to_have_no_known_end() -> None:
    frame = people(admitted="2026-09-07").assign(discharge_date=None, discharge_reason=None)
    early = people(1, "2023-04-03").assign(
        discharge_date="2023-05-15", episode_id="B", person_id="B"
    )
    came = pd.concat([frame.assign(date="2026-09-08"), early.assign(date="2023-04-04")])
    rows = came[["episode_id", "date"]].assign(status="attended")
    both = pd.concat([frame, early])
    records = iop.read_records(episodes=both, attendance=rows, as_of=CUT)
    words = " ".join(said(records, "who-stayed", INTERNAL))
    assert "followed for no more than 30 days" in words


def test_a_table_of_records_without_check_ins_or_sessions_says_that_there_are_none() -> None:
    frame = people()
    records = iop.read_records(episodes=frame, checkins=check_ins(frame), as_of=CUT)
    assert said(records, "engagement") == [rules.NO_SESSIONS]
    records = iop.read_records(episodes=frame, attendance=sessions(frame), as_of=CUT)
    assert said(records, "symptoms") == [outcomes.NO_CHECK_INS]


def test_scores_that_are_not_there_and_those_that_are_hidden_are_told_apart() -> None:
    frame = people()
    bare = iop.read_records(episodes=frame, checkins=check_ins(frame), as_of=CUT)
    none = "the check-ins hold no"
    assert [none in one for one in said(bare, "symptoms")] == [True, True]
    few = check_ins(frame, 5, phq9=12, employed="yes")
    records = iop.read_records(episodes=frame, checkins=few, as_of=CUT)
    hidden = said(records, "symptoms")
    assert ["hidden" in one for one in hidden] == [True, True]
    assert [one.partition(":")[0] for one in hidden] == [outcomes.SYMPTOMS, outcomes.DAILY_LIFE]
    (scores,) = said(records, "symptoms", INTERNAL)  # and no reason beside it
    assert scores.startswith("Depression (PHQ-9) was 12.0 at intake")


def test_one_table_of_two_is_not_missing_without_a_word() -> None:
    frame = people(60)
    rows = check_ins(frame, 60, phq9=12)
    records = iop.read_records(episodes=frame, checkins=rows, as_of=CUT)
    report = iop.quarterly_report(records, "2026Q3")
    assert "symptoms" in report.tables
    (sentence,) = section_of(report, "symptoms")["sentences"]
    assert sentence.startswith(f"{outcomes.DAILY_LIFE}: the check-ins hold no answers")


@pytest.mark.parametrize("policy", [None, INTERNAL])
def test_a_domain_and_a_scale_that_were_asked_and_have_no_row_are_named(
    policy: iop.SafePolicy | None,
) -> None:
    """Of 60 people all answered twice on work, 5 on housing, and nobody on the second scale."""
    frame = people(60)
    rows = check_ins(frame, 60, phq9=12, employed="yes")
    few = rows["episode_id"].isin(frame["episode_id"].iloc[:5])
    first = rows["date"] == "2026-04-08"
    rows["stable_housing"] = pd.Series("yes", rows.index).where(few | first)
    rows["gad7"] = pd.Series(10, rows.index).where(first)
    records = iop.read_records(episodes=frame, checkins=rows, as_of=CUT)
    scope = choose_scope(records, "2026Q3", None, policy)
    notes = {name: draft.table.note for name, draft in count_all(scope, scope).drafts.items()}
    why = "nobody answered twice" if policy else outcomes.TOO_FEW_TWICE
    assert notes["symptoms"].endswith(f"Not in the table: Anxiety (GAD-7) ({why}).")
    without = notes["functioning"].partition("Not in the table: ")[2]
    assert ("housing" in without) == (policy is None)
    assert "work" not in without


def test_ends_that_are_hidden_are_not_missing_without_a_word() -> None:
    """Five of 20 were discharged, and the others come every week."""
    frame = people(20)
    left = frame.index < 5
    frame.loc[~left, ["discharge_date", "discharge_reason"]] = None
    days = pd.date_range("2026-04-06", "2026-09-28", freq="7D").strftime("%Y-%m-%d")
    rows = pd.concat([frame[["episode_id"]][~left].assign(date=day) for day in days])
    rows = pd.concat([rows.assign(status="attended"), sessions(frame[left])])
    records = iop.read_records(episodes=frame, attendance=rows, as_of=CUT)
    scope = choose_scope(records, None, None, None)
    assert stays.TOO_FEW in assemble.who_stayed(scope, count_all(scope, scope)).sentences


def finding(change: str, comparisons: int = 0) -> Finding:
    return Finding("admissions", "Admissions", "Admissions: 5.", change, comparisons)


def test_chance_is_said_of_all_comparisons() -> None:
    """A measure is compared with the quarter before, and with the one a year before."""
    held = [
        finding("higher", 2),
        finding("no clear change", 1),
        finding("not compared"),
        finding("not known"),
    ]
    intro, _ = assemble.changes(held, "quarter")
    assert "about 1 in 20 comparisons look like a change; here are 3." in intro
    assert "Beside it stand the one before and the same one a year earlier, where" in intro
    intro, _ = assemble.changes(held, "year")
    assert "Beside it stands the year before, where it is shown" in intro
    intro, _ = assemble.changes(held[2:], "quarter")
    assert "chance" not in intro
    assert "None can be compared with an earlier one" in intro


def test_nothing_is_said_of_chance_where_no_chart_has_enough_months(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scope: Any = SimpleNamespace(policy=iop.SafePolicy.cms(), word="quarter")
    row = ("Attendance rate", "North", "2026-08", "no signal", "no signal")
    few = ("Attendance rate", "South", "", signals.TOO_FEW_MONTHS, "")
    for rows, charted in (([row, few], True), ([few], False)):
        monkeypatch.setattr(signals, "_rows", lambda _, rows=rows: rows)
        table = signals.signals_table(scope, {"attendance_rate": object()})  # type: ignore[dict-item]  # only its rows are asked for
        assert table is not None
        assert ("If nothing changed, up to 0.0 of 0" in table.note) is False
        assert ("If nothing changed, up to" in table.note) == charted


def hidden_years(records: iop.Records, *measures: str) -> dict[str, Trend]:
    """Return trends by year of which each number is hidden."""
    numbers = dict.fromkeys(("numerator", "denominator", "value", "lower", "upper"), float("nan"))
    made = {}
    for name in measures:
        trend = iop.trend(records, name, every="year", chart="none")
        made[name] = replace(trend, table=trend.table.assign(hidden=True, **numbers))
    return made


def test_measures_of_which_nothing_is_shown_are_one_finding_that_points_to_the_programs() -> None:
    records = records_of_the_sample()
    scope = choose_scope(records, "2026Q3", None, iop.SafePolicy.cms())
    trends = Trends(by_year=hidden_years(records, "retained_30", "retained_60"))
    cells = {"program": ["North", "all"], "retained_30": [0.7, 0.7]}
    for both, end in (
        ({"retained_60": [0.6, 0.6]}, '"By program".'),
        ({}, ": Retained at 30 days."),
    ):
        programs = Table("programs", "By program", pd.DataFrame(cells | both))
        there = first_page.Elsewhere(programs)
        page = first_page.first_page(scope, trends, None, {}, elsewhere=there)
        ((tag, title, text),) = page.items
        assert (tag, title) == ("not shown", "Retained at 30 days; Retained at 60 days")
        assert text.startswith(". Their newest numbers would tell of a few people only. Shares of ")
        assert text.endswith(end)


@pytest.mark.parametrize("earlier", [True, False])
def test_a_hidden_newest_number_points_to_the_tables_of_longer_times(earlier: bool) -> None:
    """ "Its newest number would tell of a few people only": 46 of 323 stood in the flow."""
    records = records_of_the_sample()
    scope = choose_scope(records, "2026Q3", None, iop.SafePolicy.cms())
    trend = iop.trend(records, "retained_90", every="quarter", chart="none")
    trend = replace(trend, table=trend.table.assign(hidden=False))
    if earlier:
        table = trend.table.copy()
        last = table.index[table["complete"]][-1]
        table.loc[last, ["numerator", "denominator", "value", "lower", "upper"]] = float("nan")
        table.loc[last, "hidden"] = True
        one = replace(trend, table=table)
    else:
        one = hidden_years(records, "retained_90")["retained_90"]
    trends = Trends(by_period={"retained_90": one})
    programs = Table("programs", "", pd.DataFrame({"program": ["all"], "retained_90": [0.15]}))
    said = {
        "By program": " Shares of admissions from October 2025 to September 2026 are in the table "
        '"By program".',
        "How far": " The share of admissions from July 2025 to June 2026, followed for 90 days, "
        'is in the table "How far people came".',
    }
    for reached in (46, HIDDEN):
        stages = ["still in the program after 60 days", "still in the program after 90 days"]
        flow = Table("cohort_flow", "", pd.DataFrame({"stage": stages, "reached": [87, reached]}))
        there = first_page.Elsewhere(programs, flow)
        page = first_page.first_page(scope, trends, None, {}, elsewhere=there)
        ((tag, _, text),) = page.items
        assert tag == "not shown"
        assert ("latest quarter that is shown" in text) == earlier
        assert text.endswith("".join(said.values()) if reached == 46 else said["By program"])
    shown = first_page.first_page(
        scope, Trends(by_period={"retained_90": trend}), None, {}, elsewhere=there
    )
    assert all('"By program"' not in text for _, _, text in shown.items)
    assert " are in the table" not in first_page.first_page(scope, trends, None, {}).items[0][2]


def test_every_measure_that_findings_have_is_named_where_it_is_not_known() -> None:
    frame = people()
    for tables in ({"attendance": sessions(frame)}, {"checkins": check_ins(frame)}):
        records = iop.read_records(episodes=frame, as_of=CUT, **tables)
        report = iop.quarterly_report(records, "2026Q3")
        items = section_of(report, "what-changed")["items"]
        named = {title for one in items for title in one["title"].split("; ")}
        titles = {one.title for one in map(find_quantity, REPORTED)}
        assert titles <= named


def test_a_measure_that_has_no_room_among_the_findings_is_named_all_the_same() -> None:
    many = [Point(SAME, "no clear change", str(place), "") for place in range(8)]
    gone = [Point(NOT_COMPARED, tag, tag, "") for tag in ("not shown", "not known", "not compared")]
    points = [*many, *gone]
    left = [one for one in points if one not in first_page.choose(points)]
    items = first_page._left_out(left, [], "")
    assert [(tag, title) for tag, title, _ in items] == [("not shown",) * 2, ("not known",) * 2]


def test_a_hidden_year_in_the_report_of_a_quarter_says_why_it_is_a_year() -> None:
    records = records_of_the_sample()
    scope = choose_scope(records, "2026Q3", None, iop.SafePolicy.cms())
    hidden = hidden_years(records, "retained_30")["retained_30"]
    words = "counted by year, so that fewer numbers are hidden"
    assert words in first_page.measure_point(scope, hidden).text
    assert words in findings._finding(scope, hidden).text
    quarters = replace(hidden, every="quarter")
    assert words not in first_page.measure_point(scope, quarters).text


def test_the_share_of_sessions_says_of_what_it_is() -> None:
    frame = people()
    missed = frame[["episode_id"]].assign(date="2026-07-08", status="no_show")
    rows = pd.concat([sessions(frame), missed])
    records = iop.read_records(episodes=frame, attendance=rows, as_of=CUT)
    report = iop.quarterly_report(records, "2026Q3", policy=INTERNAL)
    tables = section_of(report, "attendance")["tables"]
    (note,) = [one["note"] for one in tables if one["name"] == "sessions"]
    assert "Share: of all sessions of this table" in note


def test_nothing_of_the_last_days_is_used_in_the_table_with_intervals_either() -> None:
    ended = section_of(internal_report_of_the_sample(), "who-stayed")["tables"]
    (note,) = [one["note"] for one in ended if one["name"] == "ends_over_time_limits"]
    assert stays.UNUSED not in note  # the last days of the records are none of theirs
    records = records_of_the_sample().where(program="North")
    scope = choose_scope(records, None, None, iop.SafePolicy.internal())
    curves = stays.declare_stays(scope, LinkedCounts(scope.policy), stays.stays(scope))
    assert isinstance(curves, iop.CumulativeIncidence)
    assert stays.UNUSED in stays.stays_limits(scope, curves).note


def test_ends_on_the_day_of_admission_only_are_a_table_of_that_day() -> None:
    assert days_told(0.0, np.array([0.0])) == [0.0]
    assert days_told(31.0, np.array([0.0, 7.0])) == [7.0, 30.0]


def test_the_table_of_rules_says_which_is_known_of_nobody_and_why() -> None:
    sample = records_of_the_sample()
    without = sample.episodes.drop(columns=["discharge_date", "discharge_reason"])
    records = iop.read_records(episodes=without, attendance=sample.attendance, as_of=sample.as_of)
    scope = choose_scope(records, "2026Q3", None, None)
    table = count_all(scope, scope).table("continuity")
    assert "Left: 30 days without contact" not in set(table.frame["rule"])
    assert "Known of nobody: Left: 30 days without contact." in table.note
    assert "no discharge is recorded" in table.note


def test_nobody_is_said_not_to_have_left_where_discharges_have_no_reason() -> None:
    """Known were only those who had not left: "of 78 admissions, none had 30 days without"."""
    sample = records_of_the_sample()
    without = sample.episodes.drop(columns=["discharge_reason"])
    records = iop.read_records(episodes=without, attendance=sample.attendance, as_of=sample.as_of)
    scope = choose_scope(records, "2026Q3", None, None)
    table = count_all(scope, scope).table("continuity")
    assert "Left: 30 days without contact" not in set(table.frame["rule"])
    assert (
        "Not known from these records: Left: 30 days without contact (no or hardly any discharges "
        "have a reason)." in table.note
    )
    assert "Known of nobody: Left" not in table.note


def test_who_left_is_said_to_be_likely_too_low_where_a_part_have_no_reason() -> None:
    """36% had left; of discharges of which one in five has a reason it was 24%."""
    sample = records_of_the_sample()
    reason = sample.episodes["discharge_reason"].astype(object)
    some = sample.episodes.assign(discharge_reason=reason.where(np.arange(len(reason)) % 5 == 0))
    records = iop.read_records(episodes=some, attendance=sample.attendance, as_of=sample.as_of)
    scope = choose_scope(records, "2026Q3", None, None)
    table = count_all(scope, scope).table("continuity")
    assert "Left: 30 days without contact" in set(table.frame["rule"])
    assert (
        "Left: 30 days without contact: only a part of the discharges have a reason. Who left "
        "without one is in no number of that rule, so that its share is likely too low."
        in table.note
    )
    scope = choose_scope(sample, "2026Q3", None, None)
    assert "likely too low" not in count_all(scope, scope).table("continuity").note


def test_a_number_of_the_time_in_which_the_records_begin_says_so() -> None:
    """Three months were "Admissions: 79 in 2025", with nothing earlier to compare with."""
    sample = records_of_the_sample()
    late = sample.episodes[sample.episodes["admit_date"] >= "2025-10-01"]
    records = iop.read_records(episodes=late, attendance=sample.attendance, as_of=sample.as_of)
    scope = choose_scope(records, "2026", None, INTERNAL)
    trend = count_all(scope, scope).trends.compared["admissions"]
    said = first_page.measure_point(scope, trend).text
    assert said.endswith(
        "The records begin within 2025: that time is not whole. 2026 is not complete yet."
    )
    assert "no earlier period" not in said
    own = choose_scope(records, "2025", None, INTERNAL)  # its top says so
    trend = count_all(own, own).trends.compared["admissions"]
    assert "no earlier period" in first_page.measure_point(own, trend).text


def test_the_rule_of_the_report_says_what_silence_means() -> None:
    sample = records_of_the_sample()
    answered = sample.checkins[sample.checkins["status"] != "missed"]
    records = iop.read_records(episodes=sample.episodes, checkins=answered, as_of=sample.as_of)
    scope = choose_scope(records, "2026Q3", None, None)
    results = relapse_results(scope)
    assert results is not None
    assert "counts as no use" in results.overall.rule
    usual = relapse_results(choose_scope(sample, "2026Q3", None, None))
    assert usual is not None
    assert "counts as no use" not in usual.overall.rule


def test_a_status_that_only_others_have_is_no_session_of_the_weeks() -> None:
    """None of the 24 followed for 90 days had a session not due; one admitted later had."""
    frame = people(30, "2026-01-05")
    frame.loc[24:, "admit_date"] = "2026-09-07"
    frame.loc[24:, ["discharge_date", "discharge_reason"]] = None
    frame.loc[:23, "discharge_date"] = "2026-03-20"
    days = pd.to_datetime(frame["admit_date"])
    rows = pd.concat(
        [frame[["episode_id"]].assign(date=days + pd.Timedelta(days=7 * week)) for week in range(3)]
    )
    rows = rows.assign(status="attended").reset_index(drop=True)
    rows.loc[len(rows) - 1, "status"] = "program_cancel"
    records = iop.read_records(episodes=frame, attendance=rows, as_of=CUT)
    scope = choose_scope(records, "2026Q3", None, INTERNAL)
    table = weeks.weeks_of(scope).table
    assert table["not_due"].eq(0).all()
    assert table["unrecorded"].isna().all()
    assert table[NEVER].str.startswith("no_show, cancelled, excused, unrecorded: ").all()
    alone = iop.attendance_by_week(records.subset(scope.followed_90_days)).table
    assert alone["not_due"].isna().all()
