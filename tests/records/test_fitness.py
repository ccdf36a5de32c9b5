"""What the records can tell: no rate, no zero and no "nobody" that is only absence of records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.records.fitness import MEASURES, Measure
from iop_outcomes.records.fitness.evidence import TableRead
from iop_outcomes.trends import describe_quantities

FIRST = pd.Timestamp("2025-01-06")
Frames = dict[str, pd.DataFrame]


def made(episodes: int = 40, *, weeks: int = 10) -> Frames:
    """Return a program of which everything is known: sessions, absences, lengths, check-ins."""
    admit = FIRST + pd.to_timedelta(np.arange(episodes) * 7, "D")
    names = np.array([f"E{number:03d}" for number in range(episodes)])
    table = pd.DataFrame(
        {
            "episode_id": names,
            "person_id": [f"P{number // 2:03d}" for number in range(episodes)],
            "admit_date": admit,
            "discharge_date": admit + pd.Timedelta(days=7 * weeks),
            "discharge_reason": ["completed", "dropped_out"] * (episodes // 2),
            "prior_discharge_date": admit - pd.Timedelta(days=3),
            "entry_path": "step_down",
        }
    )
    day = np.tile(np.repeat(np.arange(weeks) * 7, 3) + np.tile([0, 2, 4], weeks), episodes)
    row = np.repeat(np.arange(episodes), weeks * 3)
    attendance = pd.DataFrame(
        {
            "episode_id": names[row],
            "date": admit[row] + pd.to_timedelta(day, "D"),
            "service": np.where(np.arange(len(row)) % 7 == 3, "individual", "group"),
            "status": np.where(np.arange(len(row)) % 5 == 0, "no_show", "attended"),
            "minutes_scheduled": 180,
            "minutes_attended": np.where(np.arange(len(row)) % 5 == 0, np.nan, 180.0),
            "group_id": np.where(np.arange(len(row)) % 2, "day", "evening"),
            "approach": np.where(np.arange(len(row)) % 2, "CBT", "trauma-informed"),
        }
    )
    row = np.repeat(np.arange(episodes), weeks)
    checkins = pd.DataFrame(
        {
            "episode_id": names[row],
            "date": admit[row] + pd.to_timedelta(np.tile(np.arange(weeks) * 7, episodes), "D"),
            "status": np.where(np.arange(len(row)) % 4 == 0, "missed", "completed"),
            "used": np.where(np.arange(len(row)) % 9 == 1, "yes", "no"),
            "phq9": "9",
            "gad7": "8",
            "employed": "yes",
            "stable_housing": "no",
            "arrests": "0",
            "social_connection": "yes",
            "mutual_help_meetings": "2",
            "barc10": "40",
        }
    )
    return {"episodes": table, "attendance": attendance, "checkins": checkins}


def read(frames: Frames, **options: Any) -> iop.Records:
    def text(table: pd.DataFrame) -> pd.DataFrame:
        dates = table.select_dtypes("datetime").columns
        return table.assign(**{name: table[name].dt.strftime("%Y-%m-%d") for name in dates})

    return iop.read_records(**{name: text(table) for name, table in frames.items()}, **options)


def known(records: iop.Records) -> dict[str, str]:
    fitness = records.fitness()
    assert list(fitness.columns) == ["measure", "known", "why", "needed"]
    assert ((fitness["known"] == "yes") == (fitness["why"] == "")).all()
    assert ((fitness["known"] == "yes") == (fitness["needed"] == "")).all()
    return dict(zip(fitness["measure"], fitness["known"], strict=True))


def why(records: iop.Records, measure: str) -> str:
    return str(records.fitness().set_index("measure").loc[measure, "why"])


def changed(measure: dict[str, str]) -> set[str]:
    return {name for name, answer in measure.items() if answer != "yes"}


def test_everything_is_known_where_everything_is_recorded() -> None:
    records = read(made())
    assert changed(known(records)) == set()
    assert f"measures: {len(MEASURES)} known, 0 partly, 0 not known" in repr(records)


def test_every_measure_of_the_registry_declares_its_evidence() -> None:
    assert set(describe_quantities()["name"]) <= set(MEASURES)
    for measure in MEASURES.values():
        hash(measure.evidence)  # data, all the way down
    own = Measure("ours", "Ours", (TableRead("checkins"),))
    assert own.evidence[0].judge(read(made()).held()).known == "yes"


@pytest.mark.parametrize(
    ("absences", "answer"), [(0, "no"), (2, "no"), (11, "no"), (12, "partly"), (36, "yes")]
)
def test_rates_of_attendance_need_absences(absences: int, answer: str) -> None:
    frames = made()  # 1,200 sessions
    status = np.array(["attended"] * 1200, dtype=object)
    status[np.linspace(0, 1199, absences).astype(int)] = "no_show"
    records = read(frames | {"attendance": frames["attendance"].assign(status=status)})
    judged = known(records)
    assert judged["attendance_rate"] == judged["no_show_rate"] == answer
    assert judged["retained_60"] == judged["first_session"] == "yes"
    assert judged["hours"] != "no"
    assert iop.engagement(records)["attendance_rate"].isna().all() == (answer == "no")
    rate = iop.trend(records, "attendance_rate")
    weekly = iop.attendance_by_week(records)
    if answer == "no":
        assert rate.text == (
            "Attendance rate: not known from these records: no absence is recorded, or hardly any."
        )
        assert rate.table[["numerator", "denominator", "value"]].isna().all(axis=None)
        assert weekly.table["rate"].isna().all()
        assert "not known from these records: no absence is recorded, or hardly any" in weekly.text
        assert "100" not in weekly.text.replace("40 episodes", "")
    else:
        assert rate.table["value"].notna().any()
        assert weekly.table["rate"].notna().any()


def test_a_status_that_nobody_explains_leaves_the_rate_known_in_part() -> None:
    """All cancellations were set aside, 8 in 100 rows, and the rate was 81% where it was 74%."""
    frames = made()
    rows = frames["attendance"]
    unknown = rows.assign(status=rows["status"].where(np.arange(1200) % 12 > 0, "C"))
    records = read(frames | {"attendance": unknown})
    assert known(records)["attendance_rate"] == "partly"
    assert "with a status that is not known are left out (100 of 1,200)" in why(
        records, "attendance_rate"
    )
    records = read(frames | {"attendance": unknown.iloc[1::12]})
    assert known(records)["attendance_rate"] == "yes"


def test_hours_say_that_scheduled_lengths_stand_in_and_that_one_service_is_all() -> None:
    frames = made()
    rows = frames["attendance"]
    planned = read(frames | {"attendance": rows.drop(columns="minutes_attended")})
    for measure in ("hours", "weeks_at_dose", "hours_per_week", "minimum_dose_9"):
        assert known(planned)[measure] == "partly"
        text = why(planned, measure)
        assert text == "scheduled lengths stand in for attended ones (960 of 960 sessions)"
    assert iop.engagement(planned)["hours_per_week"].notna().all()
    alone = read(frames | {"attendance": rows.assign(service="group")})
    assert known(alone)["hours"] == "partly"
    assert why(alone, "hours") == "only group sessions are recorded"
    assert known(alone)["attendance_rate"] == "yes"


def test_of_how_many_people_the_episodes_are_is_said_where_it_is_known() -> None:
    frames = made()
    assert "40 episodes of 20 people" in repr(read(frames))
    plain = read(frames | {"episodes": frames["episodes"].drop(columns="person_id")})
    assert "40 episodes (of how many people is not known), 1,200 scheduled" in repr(plain)


def test_no_attendance_rate_is_known_from_absences_alone() -> None:
    frames = made()
    judged = known(read(frames | {"attendance": frames["attendance"].assign(status="no_show")}))
    assert {judged[name] for name in ("attendance_rate", "no_show_rate", "hours")} == {"no"}
    judged = known(read(frames | {"checkins": frames["checkins"].assign(status="missed")}))
    assert {judged[name] for name in ("check_in_response", "relapse")} == {"no"}


def test_discharges_without_services_show_who_left_and_not_retention() -> None:
    frames = made()
    records = read(frames | {"attendance": frames["attendance"].assign(status="unrecorded")})
    assert known(records)["retained_60"] == "no"
    policy = iop.SafePolicy.unprotected()
    report = iop.quarterly_report(records, "2025Q2", policy=policy)
    assert "trend_retained_60" not in report.tables


def test_the_no_show_rate_is_not_known_from_cancellations_alone() -> None:
    frames = made()
    status = frames["attendance"]["status"].replace("no_show", "late_cancel")
    judged = known(read(frames | {"attendance": frames["attendance"].assign(status=status)}))
    assert judged["no_show_rate"] == "no"
    assert judged["attendance_rate"] == "yes"


def test_absences_that_are_recorded_only_later_or_in_one_program() -> None:
    frames = made()
    early = frames["attendance"]["date"] < "2025-06-01"
    status = frames["attendance"]["status"].where(~early, "attended")
    records = read(frames | {"attendance": frames["attendance"].assign(status=status)})
    assert known(records)["attendance_rate"] == "partly"
    assert "before 2025-06-" in why(records, "attendance_rate")
    table = iop.trend(records, "attendance_rate").table.set_index("period")
    assert table.loc[:"2025-06", "value"].isna().all()
    assert table.loc["2025-07":"2025-11", "value"].notna().all()

    program = np.where(np.arange(40) < 20, "North", "South")
    south = frames["attendance"]["episode_id"].isin(frames["episodes"]["episode_id"][20:])
    status = frames["attendance"]["status"].where(~south, "attended")
    records = read(
        frames
        | {
            "episodes": frames["episodes"].assign(program=program),
            "attendance": frames["attendance"].assign(status=status),
        }
    )
    assert known(records)["attendance_rate"] == "partly"
    assert iop.engagement(records)["attendance_rate"].isna().tolist() == [False] * 20 + [True] * 20
    whole = iop.trend(records, "attendance_rate")
    assert "in some programs no absence is recorded, or hardly any" in whole.text
    assert whole.table["value"].isna().all()
    report = iop.quarterly_report(records, "2025Q2", policy=iop.SafePolicy.unprotected())
    programs = report.tables["programs"].set_index("program")["sessions_attended"]
    assert programs["North"] == pytest.approx(0.86, abs=0.1)
    assert programs[["South", "all"]].isna().all()
    assert "sessions" not in report.tables
    assert "trend_attendance_rate" not in report.tables
    judged = report.tables["cannot_tell"].set_index("measure")["known"]
    assert judged["Attendance rate"] == "by program"
    trend = iop.trend(records, "attendance_rate", by="program")
    assert "South: Attendance rate: not known from these records" in trend.text
    assert trend.table.loc[trend.table["program"] == "South", "value"].isna().all()
    assert trend.table.loc[trend.table["program"] == "North", "value"].notna().any()
    weekly = iop.attendance_by_week(records, by="program")
    assert weekly.table.groupby("program")["rate"].count().tolist() == [10, 0]


def test_a_small_group_without_an_absence_is_no_fault_of_the_records() -> None:
    frames = made()
    last = frames["attendance"]["episode_id"] == "E039"
    status = frames["attendance"]["status"].where(~last, "attended")
    records = read(
        frames
        | {
            "episodes": frames["episodes"].assign(track=["day"] * 39 + ["evening"]),
            "attendance": frames["attendance"].assign(status=status),
        }
    )
    table = iop.trend(records, "attendance_rate", by="track").table
    assert table.loc[table["track"] == "evening", "value"].max() == 1.0


def test_response_needs_check_ins_that_were_missed() -> None:
    frames = made()
    answered = frames["checkins"][frames["checkins"]["status"] == "completed"]
    records = read(frames | {"checkins": answered})
    judged = known(records)
    assert (judged["check_in_response"], judged["relapse_missing_rules"]) == ("no", "no")
    assert judged["relapse"] == judged["relapse_free_30"] == "partly"
    assert "silence between two answers counts as no use" in why(records, "relapse")
    assert "no check-in is recorded as missed" in why(records, "check_in_response")
    assert iop.trend(records, "check_in_response").table["value"].isna().all()
    rule = iop.time_to_relapse(records).attrs["rule"]
    assert "No check-in is recorded as missed" in rule
    assert "silence between two answers counts as no use" in rule
    by_week = iop.time_to_relapse(records, iop.RelapseRule("k_of_n_weeks")).attrs["rule"]
    assert "who stopped answering counts as one from whom nothing more was due" in by_week
    assert "between two answers" not in by_week
    assert (
        "No check-in is recorded as missed" not in iop.time_to_relapse(read(made())).attrs["rule"]
    )


def test_silence_after_a_discharge_ends_nothing_unless_check_ins_were_due_then(
    tmp_path: Path,
) -> None:
    """People answered for months after a discharge; weeks without an answer there were no use."""
    frames = made()
    answered = frames["checkins"][frames["checkins"]["status"] == "completed"]
    early = frames["episodes"]["admit_date"] + pd.Timedelta(days=20)
    episodes = frames["episodes"].assign(discharge_date=early)
    mapping = tmp_path / "mapping.toml"
    rules = {}
    for until, answer in (("", "partly"), ('expected_until = "9 weeks"\n', "yes")):
        mapping.write_text(f'[checkins]\nexpected_every = "7 days"\n{until}')
        records = read(
            {"episodes": episodes, "checkins": answered}, mapping=mapping, as_of="2025-12-29"
        )
        assert known(records)["relapse"] == answer
        rules[answer] = iop.time_to_relapse(records).attrs["rule"]
        if answer == "partly":
            assert "silence after it does not end follow-up" in why(records, "relapse")
            needed = records.fitness().set_index("measure").loc["relapse", "needed"]
            assert "expected_until" in needed
    assert (
        "Check-ins after the discharge are not due by the mapping: silence after it"
        in (rules["partly"])
    )
    assert "silence" not in rules["yes"].lower()


def test_without_discharges_the_last_contact_decides_who_was_still_there() -> None:
    """Who was last seen 20 days before the data cut counted as retained on every day so far."""
    frames = made()
    nobody = frames["episodes"].drop(columns=["discharge_date", "discharge_reason"])
    sessions = frames["attendance"]
    cut = sessions["date"].max()
    records = read({"episodes": nobody, "attendance": sessions}, as_of=cut.strftime("%Y-%m-%d"))
    table = iop.engagement(records)
    admitted = pd.to_datetime(nobody["admit_date"])
    came = sessions[sessions["status"] == "attended"].groupby("episode_id")["date"].max()
    last = (nobody["episode_id"].map(came) - admitted).dt.days
    for day in (30, 60, 90):
        known_rows = (cut - admitted).dt.days >= day + 30
        got = table.set_index("episode_id")[f"retained_{day}"].reindex(nobody["episode_id"])
        assert got.notna().tolist() == known_rows.tolist()
        assert got[known_rows.to_numpy()].tolist() == (last >= day)[known_rows].tolist()
    assert "nobody is known to be open" in table.attrs["rule"]


def test_a_rate_of_the_whole_time_needs_absences_from_the_beginning() -> None:
    frames = made()
    early = frames["attendance"]["date"] < "2025-06-01"
    plain = frames["attendance"].assign(
        status=frames["attendance"]["status"].mask(early, "attended")
    )
    records = read(frames | {"attendance": plain})
    report = iop.quarterly_report(records)
    judged = report.tables["cannot_tell"].set_index("measure")["known"]
    assert judged["Attendance rate"] == "no"
    rates = iop.engagement(records).set_index("episode_id")["attendance_rate"]
    admitted = frames["episodes"].set_index("episode_id")["admit_date"]
    assert (rates.notna() == (admitted.reindex(rates.index) >= "2025-06-02")).all()
    weeks = iop.attendance_by_week(records).table
    assert weeks["not_known"].str.contains("no absence is recorded").all()


def test_relapse_needs_answers() -> None:
    frames = made()
    silent = frames["checkins"].drop(columns="used").assign(craving="3")
    judged = known(read(frames | {"checkins": silent}))
    assert (judged["relapse"], judged["relapse_missing_rules"]) == ("no", "no")
    few = frames["checkins"].assign(used=frames["checkins"]["used"].where(np.arange(400) % 4 == 1))
    assert known(read(frames | {"checkins": few}))["relapse"] == "partly"


def test_completion_needs_discharges_and_reasons_where_people_have_left() -> None:
    frames = made()
    nobody = frames["episodes"].drop(columns=["discharge_date", "discharge_reason"])
    records = read(frames | {"episodes": nobody})
    judged = known(records)
    assert (judged["completion_rate"], judged["length_of_stay"]) == ("no", "no")
    assert (
        judged["retained_90"] == "partly"
    )  # by the last contacts, of those admitted long enough ago
    assert "is known from the last contacts" in why(records, "retained_90")
    assert "nobody who must have left is recorded as discharged" in why(records, "length_of_stay")
    plain = frames["episodes"].drop(columns="discharge_reason")
    judged = known(read(frames | {"episodes": plain}))
    assert (judged["completion_rate"], judged["length_of_stay"]) == ("no", "yes")
    half = frames["episodes"]
    half = half.assign(discharge_reason=half["discharge_reason"].where(np.arange(40) % 4 < 2))
    assert known(read(frames | {"episodes": half}))["completion_rate"] == "partly"
    some = frames["episodes"]
    some = some.assign(discharge_date=some["discharge_date"].where(np.arange(40) % 4 == 0))
    assert known(read(frames | {"episodes": some}))["length_of_stay"] == "partly"


def test_completion_is_not_known_where_one_reason_is_all_that_is_ever_written() -> None:
    """Half of the discharges without a reason and the others completed gave 100% (truth 50%)."""
    frames = made()
    table = frames["episodes"]
    completed = table["discharge_reason"] == "completed"
    only = table.assign(discharge_reason=table["discharge_reason"].where(completed))
    records = read(frames | {"episodes": only})
    assert known(records)["completion_rate"] == "no"
    assert "no discharge has another reason than completed" in why(records, "completion_rate")
    assert "20 who left have no reason, or no discharge" in why(records, "completion_rate")
    open_ = only.assign(discharge_date=table["discharge_date"].where(completed))
    assert known(read(frames | {"episodes": open_}))["completion_rate"] == "no"
    all_left = table.assign(discharge_reason="dropped_out")
    records = read(frames | {"episodes": all_left})
    assert "no discharge has the reason completed" in why(records, "completion_rate")
    few = made(8)
    few["episodes"]["discharge_reason"] = "completed"
    assert known(read(few))["completion_rate"] == "yes"


def test_relapse_needs_check_ins_without_use() -> None:
    """Where a check-in is written only after use, those without any gave 35% (truth 66%)."""
    frames = made()
    used = frames["checkins"][frames["checkins"]["used"] == "yes"]
    records = read(frames | {"checkins": used})
    assert known(records)["relapse"] == "no"
    assert "no check-in says that there was no use" in why(records, "relapse")


@pytest.mark.parametrize("measure", ["retained_60", "hours", "first_session", "completion_rate"])
def test_a_program_without_exported_sessions_is_not_known_and_others_are(measure: str) -> None:
    """Its people counted as never seen: retained 29% of all, where it was 43%."""
    frames = made()
    episodes = frames["episodes"].assign(program=["North", "North", "River", "River"] * 10)
    north = set(episodes.loc[episodes["program"] == "North", "episode_id"])
    there = frames["attendance"]["episode_id"].isin(north)
    open_ = {
        name: episodes[name].where(episodes["program"] == "North")
        for name in ("discharge_date", "discharge_reason")
    }
    if measure == "completion_rate":
        records = read(frames | {"episodes": episodes.assign(**open_)})
    else:
        records = read({"episodes": episodes, "attendance": frames["attendance"][there]})
    assert known(records)[measure] == "partly"
    assert "in some programs" in why(records, measure)
    assert records.judgements(measure)[measure].mixed
    assert set(episodes["program"][records.known_by_program(measure)]) == {"North"}
    if measure == "hours":
        table = iop.engagement(records)
        there = table["program"] == "North"
        for name in ("hours_per_week", "retained_60"):
            assert (table[name].notna() == there).all()


OF_THE_WHOLE_TIME = ("retained_60", "hours", "first_session")


def test_stays_are_not_known_if_sessions_end_long_before_the_data_cut() -> None:
    """Retained at 60 days seemed to fall from 34% to 0%, and it was the end of the file."""
    frames = made()
    sessions = frames["attendance"]
    ended = sessions[sessions["date"] < "2025-08-01"]
    records = read(frames | {"attendance": ended})
    judged = known(records)
    assert {judged[name] for name in OF_THE_WHOLE_TIME} == {"no"}
    assert "the attendance table ends on 2025-07-30" in why(records, "retained_60")
    assert (judged["attendance_rate"], judged["completion_rate"]) == ("partly", "yes")
    assert iop.engagement(records)["retained_60"].isna().all()
    cut = read({"episodes": frames["episodes"], "attendance": ended}, as_of="2025-08-01")
    assert "no" not in {known(cut)[name] for name in OF_THE_WHOLE_TIME}


@pytest.mark.parametrize(("begin", "answer"), [("2025-04-15", "partly"), ("2025-08-01", "no")])
def test_sessions_that_begin_long_after_the_first_admissions_tell_only_of_later_ones(
    begin: str, answer: str
) -> None:
    frames = made()
    sessions = frames["attendance"]
    records = read(frames | {"attendance": sessions[sessions["date"] >= begin]})
    judged = known(records)
    assert (judged["retained_60"], judged["hours"]) == (answer, answer)
    assert f"the attendance table begins on {begin[:7]}" in why(records, "retained_60")
    if answer == "partly":
        table = iop.trend(records, "retained_30", every="quarter").table.set_index("period")
        assert table["value"].notna().tolist()[:3] == [False, False, True]


def test_in_a_young_program_nobody_has_left_yet() -> None:
    frames = made(4, weeks=3)
    open_ = frames["episodes"].drop(columns=["discharge_date", "discharge_reason"])
    records = read(frames | {"episodes": open_})
    assert "nobody has left yet" in why(records, "completion_rate")


def test_hours_need_lengths_that_can_be_minutes() -> None:
    frames = made()
    frames["attendance"] = frames["attendance"].drop(columns="minutes_attended")
    without = frames["attendance"].drop(columns="minutes_scheduled")
    assert known(read(frames | {"attendance": without}))["hours"] == "no"
    hours = frames["attendance"].assign(minutes_scheduled=3)
    records = read(frames | {"attendance": hours})
    judged = known(records)
    assert (judged["hours"], judged["weeks_at_dose"], judged["attendance_rate"]) == (
        "no",
        "no",
        "yes",
    )
    assert "the lengths are probably hours" in why(records, "hours")
    table = iop.engagement(records)
    assert table[["hours_attended", "hours_per_week"]].isna().all(axis=None)
    assert (table["weeks_unknown"] == table["weeks_in_program"]).all()
    most = frames["attendance"]["minutes_scheduled"].astype("Int64").where(np.arange(1200) % 3 > 0)
    partly = frames["attendance"].assign(minutes_scheduled=most)
    assert known(read(frames | {"attendance": partly}))["hours"] == "partly"


@pytest.mark.parametrize(("discharged", "answer"), [(0, "no"), (4, "no"), (8, "partly")])
def test_hours_a_week_need_to_know_when_the_stays_end(discharged: int, answer: str) -> None:
    """Without discharges the weeks go on to the data cut: 7.2 hours a week were 1.9."""
    frames = made()
    truth = iop.engagement(read(frames))["hours_per_week"].mean()
    assert truth == pytest.approx(0.8 * 9)
    episodes = frames["episodes"]
    there = np.arange(40) % 10 < discharged
    open_ = {name: episodes[name].where(there) for name in ("discharge_date", "discharge_reason")}
    records = read(frames | {"episodes": episodes.assign(**open_)})
    judged = known(records)
    assert (judged["hours"], judged["weeks_at_dose"]) == (answer, answer)
    assert "recorded as discharged" in why(records, "hours")
    table = iop.engagement(records)
    assert table["hours_per_week"].isna().all() == (answer == "no")
    assert (table["weeks_unknown"] == table["weeks_in_program"]).all() == (answer == "no")
    assert table["hours_attended"].sum() == pytest.approx(0.8 * 1200 * 3)  # by whatever end
    assert table["attendance_rate"].notna().all()


def test_in_a_young_program_hours_a_week_are_known() -> None:
    frames = made(4, weeks=3)
    open_ = frames["episodes"].drop(columns=["discharge_date", "discharge_reason"])
    assert known(read(frames | {"episodes": open_}))["hours"] == "yes"


def test_retention_needs_a_discharge_or_a_contact() -> None:
    frames = made()
    unrecorded = frames["attendance"].assign(status="unrecorded")
    open_ = frames["episodes"].drop(columns=["discharge_date", "discharge_reason"])
    records = read({"episodes": open_, "attendance": unrecorded})
    assert known(records)["retained_30"] == "no"
    assert iop.engagement(records)["retained_30"].isna().all()
    assert known(read({"episodes": open_, "checkins": frames["checkins"]}))["retained_30"] == "no"


def test_a_table_nearly_all_set_aside_is_as_good_as_absent() -> None:
    frames = made()
    bad = frames["attendance"].assign(
        date=[f"week {number} of treatment" for number in range(1200)]
    )
    records = read(frames | {"attendance": bad})
    judged = known(records)
    for measure in ("attendance_rate", "no_show_rate", "first_session", "hours", "retained_60"):
        assert judged[measure] == "no"
        assert "1,200 of 1,200 rows of the attendance table were set aside" in why(records, measure)
    assert judged["check_in_response"] == judged["completion_rate"] == "yes"
    assert iop.engagement(records)["retained_60"].isna().all()
    weekly = iop.attendance_by_week(records)
    assert weekly.table["episodes_attending"].isna().all()
    assert "were set aside" in weekly.text
    some = frames["attendance"].assign(
        date=frames["attendance"]["date"]
        .dt.strftime("%Y-%m-%d")
        .where(np.arange(1200) % 2 > 0, "?")
    )
    assert known(read(frames | {"attendance": some}))["attendance_rate"] == "partly"


def test_nothing_is_known_from_rows_that_link_to_no_episode() -> None:
    frames = made()
    padded = frames["attendance"].assign(episode_id="000" + frames["attendance"]["episode_id"])
    records = read(frames | {"attendance": padded})
    assert known(records)["attendance_rate"] == known(records)["first_session"] == "no"
    assert "0 of 1,200 rows of the attendance table could be linked" in why(records, "hours")
    names = frames["attendance"]["episode_id"]
    third = names.where(np.arange(1200) % 3 > 0, "X" + names)
    records = read(frames | {"attendance": frames["attendance"].assign(episode_id=third)})
    assert known(records)["attendance_rate"] == "partly"
    assert "800 of 1,200 rows" in why(records, "attendance_rate")


def test_readmissions_need_a_person_identifier() -> None:
    frames = made()
    alone = frames["episodes"].drop(columns="person_id")
    assert known(read(frames | {"episodes": alone}))["readmissions"] == "no"


def test_planned_sessions_are_not_rows_set_aside() -> None:
    frames = made()
    later = frames["attendance"].assign(
        status="unrecorded", date=frames["attendance"]["date"] + pd.Timedelta(days=1)
    )
    frames = frames | {"attendance": pd.concat([frames["attendance"], later])}
    records = read(frames, as_of="2025-03-01")
    assert records.sources["rows_planned"].sum() > 100
    assert known(records)["hours"] != "no"


def test_study_days_are_judged_too() -> None:
    records = iop.read_records(
        episodes=pd.DataFrame({"episode_id": ["A"], "admit_day": [0]}),
        attendance=pd.DataFrame({"episode_id": "A", "day": range(30), "status": "attended"}),
    )
    assert known(records)["attendance_rate"] == "no"
    assert known(records)["retained_30"] == "yes"


def test_a_cohort_is_complete_when_everybody_in_it_has_been_followed() -> None:
    frames = made()
    admitted = frames["episodes"]["admit_date"]
    month = admitted.dt.to_period("M").max()
    open_ = frames["episodes"].assign(followed_until=pd.NaT)
    newest = admitted.dt.to_period("M") == month
    open_.loc[newest, ["discharge_date", "discharge_reason"]] = None
    cut = {"as_of": str((month.end_time + pd.Timedelta(days=60)).date())}
    whole = iop.trend(read(frames | {"episodes": open_}, **cut), "retained_30").table
    assert whole.set_index("period").loc[str(month), "complete"]
    first = int(np.flatnonzero(newest)[0])
    open_.loc[first, "followed_until"] = last = admitted[first] + pd.Timedelta(days=12)
    own = frames["attendance"]["episode_id"] == open_.loc[first, "episode_id"]
    late = own & (pd.to_datetime(frames["attendance"]["date"]) > last)
    seen = read(
        frames | {"episodes": open_}, **cut
    )  # on day 67: that the stay was 30 days is known
    assert iop.trend(seen, "retained_30").table.set_index("period").loc[str(month), "complete"]
    frames["attendance"] = frames["attendance"][~late]
    some = read(frames | {"episodes": open_}, **cut)
    table = iop.trend(some, "retained_30").table.set_index("period")
    assert not table.loc[str(month), "complete"]
    assert np.isnan(table.loc[str(month), "value"])
    assert table.loc[str(month - 2), "complete"]
    later = read(frames | {"episodes": open_}, as_of=str((month + 9).end_time.date()))
    lost = iop.trend(later, "retained_30").table.set_index("period")
    assert lost.loc[str(month), "complete"], "who is lost to follow-up is waited for no longer"


def test_the_old_names_of_known_by_program_and_why_published_warn_and_give_the_same() -> None:
    frames = made()
    frames["attendance"]["status"] = "attended"
    records = read(frames)
    judgement = records.judgements("attendance_rate")["attendance_rate"]
    with pytest.warns(DeprecationWarning, match=r"told is now Judgement\.why_published"):
        assert judgement.told == "no absence is recorded, or hardly any"
    with pytest.warns(DeprecationWarning, match=r"now Records\.known_by_program"):
        known_under_old_name = records.told_by_program("attendance_rate")
    np.testing.assert_array_equal(known_under_old_name, records.known_by_program("attendance_rate"))
