"""Hidden counts that a reader could have worked out from a report, each by the sum that gave it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

import iop_outcomes as iop
from iop_outcomes.disclosure.system.documents import rows_of, tables_of
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from tests.helpers.of_the_sample import report_of_the_sample

CUT = "2026-09-30"
QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out: they show what the tables do."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: empty)


def people(count: int, program: str = "A", first: int = 0, **columns: Any) -> pd.DataFrame:
    """Return so many episodes of as many people."""
    names = [f"{program}{number}" for number in range(first, first + count)]
    values = {"admit_date": "2026-07-06", **columns}
    return pd.DataFrame({"episode_id": names, "person_id": names, "program": program, **values})


def every_week(episodes: pd.DataFrame, status: str = "attended", weeks: int = 3) -> pd.DataFrame:
    """Return a session a week from the admission on."""
    days = pd.to_timedelta(np.arange(weeks) * 7, unit="D")
    rows = episodes[["episode_id", "admit_date"]].merge(pd.DataFrame({"after": days}), how="cross")
    rows["date"] = pd.to_datetime(rows["admit_date"]) + rows["after"]
    return rows[["episode_id", "date"]].assign(status=status)


def made(
    *episodes: pd.DataFrame, quarter: str | None = "2026Q3", **tables: pd.DataFrame
) -> iop.Report:
    frame = pd.concat(episodes, ignore_index=True)
    if not tables:
        tables = {"attendance": every_week(frame.dropna(subset="admit_date"))}
    records = iop.read_records(episodes=frame, as_of=CUT, **tables)
    return iop.quarterly_report(records, quarter)


def shown(values: Sequence[object]) -> list[object]:
    return [value for value in values if value != "hidden" and not pd.isna(value)]


# D: what was read


def test_a_program_left_out_is_not_given_away_by_the_checks() -> None:
    named = people(60, discharge_date="2026-08-03", discharge_reason="completed")
    named.loc[:20, "discharge_reason"] = None  # a check meets 21 discharges without a reason
    report = made(named, people(3, "B"))
    assert report.tables["admissions"]["admitted"].iloc[-1] == 60
    checks = report.tables["checks"]
    assert len(checks)
    for column in ("rows_looked_at", "rows_failed", "share"):
        assert set(checks[column]) == {"hidden"}
    assert "63" not in report.html
    alone = made(named)
    assert set(alone.tables["checks"]["rows_failed"]) == {21}


def test_a_program_left_out_with_few_check_ins_is_not_given_away_either() -> None:
    episodes = pd.concat([people(60), people(12, "B")], ignore_index=True)
    rows = pd.concat([every_week(people(60), "completed"), every_week(people(2, "B"), "completed")])
    report = made(episodes, checkins=rows.assign(used="no"))
    assert "B (too few to publish)" in report.html
    assert set(report.tables["files"]["rows_kept"]) == {"hidden"}


def test_a_hidden_number_of_rows_set_aside_is_not_the_rest_of_their_sum() -> None:
    episodes = people(60)
    wrong = people(5, first=60, admit_date="no date")
    rows = every_week(episodes)
    stray = rows.iloc[:130].assign(episode_id=[f"nobody {number}" for number in range(130)])
    report = made(episodes, wrong, attendance=pd.concat([rows, stray], ignore_index=True))
    files = report.tables["files"].set_index("table")
    assert files.loc["episodes", "rows_set_aside"] == "hidden"
    assert files.loc["attendance", "rows_set_aside"] == 130
    assert "135" not in report.html


def test_notes_of_reading_do_not_print_a_number_of_rows() -> None:
    episodes = people(30, discharge_date="2026-08-10").drop(columns="episode_id")
    rows = every_week(episodes.assign(episode_id=episodes["person_id"]))
    rows = rows.rename(columns={"episode_id": "person_id"})
    late = rows.iloc[:3].assign(date=pd.Timestamp("2026-09-01"))  # after their discharges
    forms = rows.assign(status="completed").iloc[: len(rows) - 4]
    link = {"link": {"by": "person_and_date"}}
    mapping = {"attendance": link, "checkins": {**link, "expected_every": "7 days"}}
    records = iop.read_records(
        episodes=episodes,
        attendance=pd.concat([rows, late]),
        checkins=forms,
        mapping=mapping,
        as_of=CUT,
    )
    assert any("3 in no episode" in note for note in records.notes)
    assert (records.checkins["due_row"] == "made").sum() == 63
    report = iop.quarterly_report(records, "2026Q3")
    assert "in no episode of their person" not in report.html
    assert "ins made, with the status missed" not in report.html
    assert "rows of attendance are linked to episodes by person and date" in report.html
    assert "heck-ins are assumed to be due every 7 days" in report.html
    assert report.tables["files"]["rows_set_aside"].tolist() == [0, "hidden", 0]
    due = report.tables["trend_check_in_response"]["denominator"]
    assert pd.to_numeric(due).sum() == 120, "more than there are rows: most are made"


def test_checks_do_not_tell_how_many_rows_hold_no_value() -> None:
    # Of 60 discharges one check looks at all that have a date; 4 have none and are open.
    named = people(64, discharge_date="2026-08-03", discharge_reason="completed")
    named.loc[:20, "discharge_reason"] = None
    named.loc[60:, ["discharge_date", "discharge_reason"]] = None
    report = made(named)
    looked_at = shown(report.tables["checks"]["rows_looked_at"])
    read = shown(report.tables["files"]["rows_read"])
    assert not any(1 <= abs(one - other) <= 10 for one in looked_at for other in read)  # type: ignore[operator]


# E: relapse


def relapsing(program: str, relapses: int, size: int = 30) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a program of which so many relapse on day 28, and the others are followed on."""
    episodes = people(size, program, admit_date="2026-01-05")
    rows = every_week(episodes, "completed", weeks=30)
    day = (rows["date"] - pd.Timestamp("2026-01-05")).dt.days
    late = rows["episode_id"].isin(episodes["episode_id"].iloc[:relapses])
    rows["used"] = np.where((day == 28) & late, "yes", "no")
    rows.loc[late & (day >= 180), ["status", "used"]] = ["missed", None]  # after the relapse
    return episodes, rows[day >= 7]


def test_a_curve_of_all_less_two_programs_is_not_a_small_count_of_the_third() -> None:
    parts = [relapsing(program, count) for program, count in (("A", 12), ("B", 7), ("C", 12))]
    episodes = pd.concat([one for one, _ in parts], ignore_index=True)
    checkins = pd.concat([rows for _, rows in parts], ignore_index=True)
    report = made(episodes, quarter="2026Q1", checkins=checkins)
    overall = report.tables["relapse"]
    assert overall["survival"].tolist() == [1, 0.66]  # 31 of 90
    # Beside all, one of A and C is shown: both would leave the seven of B.
    programs = report.tables.get("relapse_by_program", overall.assign(program="all"))
    assert len(set(programs["program"])) == 1
    # Under the other rules nothing differs: it is one curve.
    assert set(report.tables["relapse_by_missing"]["survival"]) == {1, 0.66}


def test_the_curve_of_the_rule_used_is_that_of_all_in_both_tables(
    sample_report: iop.Report,
) -> None:
    tables = sample_report.tables
    beside = tables["relapse_by_missing"]
    used = beside[beside["a missing check-in"].str.contains("used here")]
    pd.testing.assert_frame_equal(
        used[["day", "survival", "at_risk", "lower"]].reset_index(drop=True),
        tables["relapse"][["day", "survival", "at_risk", "lower"]],
        check_dtype=False,
    )


@pytest.fixture(scope="module")
def sample_report() -> iop.Report:
    return report_of_the_sample()


def test_who_does_not_count_for_relapse_is_not_counted_in_a_sentence() -> None:
    parts = [relapsing(program, 12, size=40) for program in ("A", "B")]
    episodes = pd.concat([one for one, _ in parts], ignore_index=True)
    checkins = pd.concat([rows for _, rows in parts], ignore_index=True)
    attendance = every_week(episodes.iloc[4:])  # four never came
    records = iop.read_records(
        episodes=episodes, checkins=checkins, attendance=attendance, as_of=CUT
    )
    rule = iop.RelapseRule(origin="first_session")
    report = iop.quarterly_report(records, "2026Q1", rule=rule)
    assert "4 episodes with no attended session" in iop.time_to_relapse(records, rule).attrs["rule"]
    assert "4 episodes" not in report.html
    counts = report.tables["trend_admissions"]
    admitted = shown(counts["numerator"].tolist()) if "numerator" in counts else []
    followed = report.tables.get("relapse", pd.DataFrame({"at_risk": []}))["at_risk"].tolist()[:1]
    assert not (80 in admitted and 76 in followed)


# E: totals


def test_not_recorded_is_not_discharges_less_those_with_a_reason() -> None:
    reasons = ["completed"] * 30 + ["dropped_out"] * 20 + [None] * 6
    episodes = people(56, discharge_date="2026-08-31", discharge_reason=reasons)
    report = made(episodes)
    table = report.tables["discharges"].set_index("reason")["discharges"]
    assert "trend_completion_rate" not in report.tables  # no quarter is shown
    # the six without a reason are among "other ends"; shown beside the 20, they would be told
    assert (table[["ended early", "other ends"]] == "hidden").all()
    assert table["all"] == 56
    assert "of 50" not in report.html


def test_a_hidden_quarter_is_not_the_year_less_the_other_three() -> None:
    dates = ("2025-10-06", "2026-01-05", "2026-04-06", "2026-07-06")
    sizes = (30, 30, 5, 30)
    parts = [
        people(size, first=100 * number, admit_date=date)
        for number, (size, date) in enumerate(zip(sizes, dates, strict=True))
    ]
    report = made(*parts, attendance=every_week(pd.concat(parts, ignore_index=True)))
    counts = report.tables["trend_admissions"].set_index("period")["numerator"]
    year = report.tables["programs"].set_index("program")["admitted"]
    assert np.isnan(counts["2026Q2"])
    others = counts.drop("2026Q2")
    assert others.isna().any() or (year == "hidden").all()


def test_a_session_status_is_not_what_is_due_less_the_others() -> None:
    episodes = people(40)
    rows = every_week(episodes, weeks=10)
    day = rows.groupby("episode_id").cumcount()
    number = rows["episode_id"].str[1:].astype(int)
    rows.loc[(day == 1) & (number < 30), "status"] = "no_show"
    rows.loc[(day == 2) & (number < 14), "status"] = "client_cancel"
    rows.loc[(day == 3) & (number < 20), "status"] = "late"
    rows.loc[(day == 4) & (number < 6), "status"] = "attended_partial"
    rows.loc[(day == 5) & (number < 20), "status"] = "program_cancel"
    report = made(episodes, attendance=rows)
    counts = report.tables["sessions"].set_index("session")["sessions"]
    text = report.findings.set_index("measure")["text"]["attendance_rate"]
    due = len(rows[rows["status"] != "program_cancel"])
    assert counts["attended partial"] == "hidden"
    of_due = ["attended", "late", "no show", "client cancel"]
    assert f"of {due}" not in text or "hidden" in counts[of_due].tolist()
    # attended = attended + late + partly attended, too
    attended = int(rows["status"].isin(["attended", "late", "attended_partial"]).sum())
    assert f"({attended}" not in text or "hidden" in counts[["attended", "late"]].tolist()


def test_the_rest_of_a_month_beside_attended_and_missed_is_not_small() -> None:
    episodes = people(60)
    rows = every_week(episodes, weeks=4)
    number = rows["episode_id"].str[1:].astype(int)
    day = rows.groupby("episode_id").cumcount()
    rows.loc[(day == 1) & (number < 30), "status"] = "no_show"
    rows.loc[(day == 2) & (number < 5), "status"] = "client_cancel"
    report = made(episodes, attendance=rows)
    # A trend of which no month is shown is left out.
    trends = [report.tables.get(f"trend_{name}") for name in ("attendance_rate", "no_show_rate")]
    month = [
        np.nan if one is None else one.set_index("period").loc["2026-07"].get("numerator", np.nan)
        for one in trends
    ]
    assert np.isnan(month).any()


def test_numbers_in_the_program_do_not_fall_by_a_few_from_week_to_week() -> None:
    # 60 in the first three weeks, then 40, 36 and 20: from 40 to 36 four would be seen to leave.
    ends = np.repeat([17, 24, 31, 100], [20, 4, 16, 20])
    admitted = pd.Timestamp("2026-01-05")
    episodes = people(60, admit_date=admitted)
    episodes["discharge_date"] = admitted + pd.to_timedelta(ends, unit="D")
    rows = every_week(episodes, weeks=15).merge(episodes[["episode_id", "discharge_date"]])
    rows = rows[rows["date"] <= rows["discharge_date"]].drop(columns="discharge_date")
    report = made(episodes, quarter="2026Q1", attendance=rows)
    left = shown(report.tables["attendance_by_week"]["episodes"])
    steps = np.abs(np.diff(np.array(left, dtype=float)))
    assert len(left) >= 6
    assert not ((steps > 0) & (steps < 11)).any()


def test_retained_longer_is_not_a_few_less_than_retained(sample_report: iop.Report) -> None:
    tables = sample_report.tables
    counts = [tables[f"trend_retained_{day}"]["numerator"].to_numpy() for day in (30, 60, 90)]
    for longer, shorter in ((1, 0), (2, 1), (2, 0)):
        rest = counts[shorter] - counts[longer]
        assert (np.isnan(rest) | (rest == 0) | (rest >= 11)).all()
    assert np.isfinite(counts[2]).any()


def test_all_less_those_who_attended_is_not_a_few() -> None:
    episodes = people(60)
    rows = every_week(episodes)
    rows.loc[rows["episode_id"].isin([f"A{number}" for number in range(8)]), "status"] = "no_show"
    report = made(episodes, attendance=rows)
    counts = report.tables["sessions"].set_index("session")["people"]
    assert counts["all"] == 60
    assert counts["attended"] == "hidden"  # 52 of 60: eight never did


# E: shares


def test_no_share_in_the_tables_is_an_exact_fraction(sample_report: iop.Report) -> None:
    for name, table in sample_report.tables.items():
        for column in table.columns:
            if column in ("share", "value", "rate", "lower", "upper") or name == "programs":
                numbers = pd.to_numeric(table[column], errors="coerce").dropna()
                np.testing.assert_allclose(numbers, numbers.round(3), atol=1e-12)


def test_a_share_does_not_give_the_count_behind_it_back() -> None:
    # Of 81 admitted 48 of 67 known: of up to 71 people 71.6% is nothing but 48/67.
    assert {n for n in range(22, 72) for x in range(11, n - 10) if round(x / n, 3) == 0.716} == {67}
    dates = ["2026-03-02"] * 36 + ["2026-06-01"] * 12 + ["2026-06-01"] * 19 + ["2026-09-21"] * 14
    episodes = people(81, admit_date=dates)
    left = [*["2026-06-01"] * 36, *["2026-08-01"] * 12, *["2026-06-09"] * 19, *[None] * 14]
    episodes["discharge_date"] = left
    rows = pd.concat([every_week(episodes.iloc[:48], weeks=8), every_week(episodes[48:], weeks=1)])
    report = made(episodes, attendance=rows)
    table = report.tables["programs"].set_index("program")
    assert table.loc["all", "admitted"] == 81
    share = table.loc["all", "retained_30"]
    assert share == 0.72
    known = {n for n in range(22, 82) for x in range(11, n - 10) if round(x / n, 2) == share}
    assert 81 in known  # it may be that all are known


def test_a_share_of_sessions_rests_on_enough_people() -> None:
    episodes = people(60)
    rows = every_week(episodes, weeks=10)
    two = rows["episode_id"].isin(["A0", "A1"])
    rows.loc[two, "status"] = "no_show"  # 20 sessions missed, all by two people
    report = made(episodes, attendance=rows)
    counts = report.tables["sessions"].set_index("session")
    assert counts.loc["no show", "sessions"] == "hidden"
    assert counts.loc["no show", "people"] == "hidden"
    # Of neither trend a month is shown, so that both are left out.
    assert not {"trend_no_show_rate", "trend_attendance_rate"} & report.tables.keys()
    programs = report.tables["programs"].set_index("program")
    assert programs.loc["all", "sessions_attended"] == "hidden"
    weeks = report.tables.get("attendance_by_week")
    assert weeks is None or weeks["rate"].isna().all()
    assert "58 of 60" not in report.html


def test_a_count_of_episodes_rests_on_enough_people() -> None:
    again = people(12, "B")
    again["person_id"] = [f"B{number % 3}" for number in range(12)]
    again["admit_date"] = [f"2026-0{number % 3 + 7}-0{number // 3 + 1}" for number in range(12)]
    episodes = [people(60).assign(entry_path="direct"), again.assign(entry_path="after_relapse")]
    for frame in episodes:
        frame["program"] = "A"
    table = made(*episodes).tables["admissions"]
    counts = table[table["by"] == "entry path"].set_index("group")["admitted"]
    assert counts["after relapse"] == "hidden"


def test_the_report_says_what_it_protects_against_and_what_not(sample_report: iop.Report) -> None:
    assert "can be calculated by adding, subtracting" in sample_report.html
    assert "knows some of the people" in sample_report.html
    assert "another report" in sample_report.html


# G: what the records cannot tell


def test_why_something_is_not_known_tells_no_small_count() -> None:
    episodes = people(60)
    whole = every_week(episodes, weeks=3)
    texts = []
    for missed in (0, 1):  # of 180 sessions due: none, and hardly any
        rows = whole.copy()
        rows.loc[rows.index[:missed], "status"] = "no_show"
        report = made(episodes, attendance=rows)
        assert "sessions" not in report.tables
        assert not {"trend_attendance_rate", "trend_no_show_rate"} & set(report.tables)
        assert "sessions_attended" not in report.tables["programs"]
        table = report.tables["cannot_tell"].set_index("measure")
        texts.append(table.loc["Attendance rate", ["known", "why"]].tolist())
    assert texts[0] == texts[1] == ["no", "no absence is recorded, or hardly any"]
    rows = whole.copy()
    rows.loc[rows.index[:4], "status"] = "no_show"  # known in part, and a small count
    table = made(episodes, attendance=rows).tables["cannot_tell"].set_index("measure")
    assert table.loc["Attendance rate", "known"] == "in part"
    assert table.loc["Attendance rate", "why"] == "only a part of what it rests on is recorded"


def test_a_quarter_without_admissions_reports_on_those_who_were_there() -> None:
    episodes = people(40, admit_date="2026-03-30")
    rows = every_week(episodes, weeks=20)
    rows.loc[rows.index % 6 == 0, "status"] = "no_show"
    report = made(episodes, attendance=rows)
    assert report.tables["admissions"]["admitted"].tolist() == [0]
    assert report.tables["sessions"]["sessions"].iloc[-1] > 100
    assert "Attendance rate in 2026Q3" in " ".join(report.findings["text"])


@pytest.mark.parametrize("quarter", [None, "2026Q2"])
def test_who_had_no_first_session_is_not_the_rest_of_those_followed_by_week(
    quarter: str | None,
) -> None:
    """The flow hid those admitted, 73, and the weeks printed them beside a first session of 72."""
    episodes = people(73, admit_date="2026-04-06", discharge_date="2026-07-20")
    rows = every_week(episodes, weeks=14)
    rows.loc[rows.index % 4 == 1, "status"] = "no_show"
    late = rows["episode_id"] == "A7"
    rows.loc[late & (rows["date"] < "2026-05-20"), "status"] = "no_show"
    report = made(episodes, attendance=rows, quarter=quarter)
    flow = report.tables["cohort_flow"].set_index("stage")["reached"]
    first = flow["first session within 30 days"]
    weeks = report.tables["attendance_by_week"]
    everybody = [flow["admitted"], *weeks["episodes_followed"], weeks["episodes"].iloc[0]]
    assert (first == "hidden") != (shown(everybody) == [])
    assert 72 in (first, *everybody) or 73 in everybody


# One word for what is hidden, in every form


def cells_of(report: iop.Report, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    document = json.loads(report.save(path / "report.json").read_text(encoding="utf-8"))
    for table in tables_of(document):
        for row in rows_of(table):
            yield str(table["name"]), row


def test_a_hidden_cell_is_one_word_and_an_empty_one_is_not_known(
    sample_report: iop.Report, tmp_path: Path
) -> None:
    """Weeks, trends and rules of continuity had an empty cell for both."""
    hidden = set()
    for name, row in cells_of(sample_report, tmp_path):
        if None in row.values():
            assert row["status"] == "not yet known", name
        elif row.get("status") == "hidden":
            assert "hidden" in {row[one] for one in row if one != "status"}, name
        hidden |= {name} if "hidden" in row.values() else set()
    assert {"attendance_by_week", "continuity", "trend_retained_90"} <= hidden


def test_a_workbook_has_the_word_but_in_what_its_charts_are_drawn_of(
    sample_report: iop.Report, tmp_path: Path
) -> None:
    book = load_workbook(sample_report.save(tmp_path / "report.xlsx"))
    weeks = [[cell.value for cell in row] for row in book["attendance_by_week"].iter_rows()]
    assert "hidden" in {value for row in weeks for value in row}
    assert not any(None in row for row in weeks)
    head, *rows = ([cell.value for cell in row] for row in book["trend_retained_90"].iter_rows())
    hidden = [
        row for line in rows if (row := dict(zip(head, line, strict=True)))["status"] == "hidden"
    ]
    assert hidden
    for row in hidden:
        assert row["numerator"] == "hidden"
        assert row["value"] is None  # a spreadsheet would draw a word as 0
        assert row["lower"] is None


def test_a_week_in_which_no_session_was_due_has_no_rate_and_that_is_not_hidden(
    tmp_path: Path,
) -> None:
    episodes = people(60, admit_date="2026-04-06", discharge_date="2026-07-20")
    rows = every_week(episodes, weeks=14)
    rows.loc[rows.index % 5 == 1, "status"] = "no_show"
    rows = rows[rows["date"] != "2026-04-27"]
    report = made(episodes, attendance=rows)
    weeks = [row for name, row in cells_of(report, tmp_path) if name == "attendance_by_week"]
    assert weeks[3]["due"] == 0
    assert weeks[3]["rate"] is None
    assert weeks[2]["rate"] == 0.8
