"""Real records: the CTN-0094 trials (opioid medication, not IOP groups) through the public calls.

The words that CTN-0094's own authors derived from the same raw tables are the answers here;
see the README of the shared data for their source.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model

DATA = Path(__file__).parents[3] / "shared" / "data" / "ctn0094"
VISIT_ROWS = 53_899

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data/ctn0094 is not here: it is not part of the project"
)


@pytest.fixture(scope="module")
def ctn() -> Any:
    from validation import ctn0094

    return ctn0094


@pytest.fixture(scope="module")
def shaped(ctn: Any) -> Any:
    return ctn.shape(DATA)


@pytest.fixture(scope="module")
def records(ctn: Any, shaped: Any) -> iop.Records:
    read: iop.Records = ctn.read(shaped)
    return read


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    return pd.read_csv(DATA / "visit.csv.gz", low_memory=False)


@pytest.fixture(scope="module")
def words() -> pd.DataFrame:
    """The weekly words of trials 27 and 51, cut after the last whole week up to study day 168."""
    table = pd.read_csv(DATA / "weekly_opioid_pattern_odd.csv.gz")
    trial = pd.read_csv(DATA / "everybody.csv.gz")
    drawn = pd.read_csv(DATA / "randomization.csv.gz").query("which == 1")[["who", "when"]]
    table = table.merge(trial[trial["project"].isin([27, 51])]).merge(drawn)
    whole = (168 - table["when"]) // 7
    table["word"] = [word[:weeks] for word, weeks in zip(table["Phase_1"], whole, strict=True)]
    return table


def test_every_visit_row_is_kept_set_aside_or_folded(ctn, shaped, records, visits):
    account = ctn.account_for_visits(records, shaped)
    assert account["rows"].sum() == len(visits) == VISIT_ROWS
    source = records.sources.set_index("table").loc["attendance"]
    ways = account.groupby(account["went"].str.partition(":")[0])["rows"].sum()
    assert ways["kept"] == source["rows_kept"] == len(records.attendance)
    assert ways["set aside"] == source["rows_set_aside"] == len(records.set_aside["attendance"])
    assert ways["folded into the first such row"] == source["rows_folded"]


def test_what_became_of_a_visit_is_what_the_raw_row_says(ctn, shaped, records, visits):
    account = ctn.account_for_visits(records, shaped)
    raw = visits["what"].fillna("not said").value_counts()
    assert account.groupby("what")["rows"].sum().to_dict() == raw.to_dict()
    held = account[account["what"].isin(["visit", "final"])]
    assert set(held["status"]) == {"attended"}
    assert set(account.loc[account["what"] == "not said", "status"]) == {"unrecorded"}
    kept = account[account["went"] == "kept"].groupby("status")["rows"].sum()
    statuses = records.attendance["status"].value_counts()
    assert kept.to_dict() == statuses[statuses > 0].to_dict()


def test_only_the_row_that_stands_twice_in_every_column_is_folded(records, visits):
    folded = records.problems[records.problems["check"] == "exact_duplicate"]
    assert len(folded) == visits.duplicated().sum() == 1
    assert folded["line"].tolist() == [np.flatnonzero(visits.duplicated())[0] + 1]


def test_visits_of_different_types_on_one_day_are_all_kept(records, shaped):
    same_day = shaped.attendance.duplicated(["episode_id", "day"], keep=False)
    several = shaped.attendance[same_day & shaped.attendance["day"].notna()]
    gone = records.problems.query("table == 'attendance' and check == 'signed_again'")
    assert len(several) > 2_000
    assert gone.empty


def test_a_visit_without_a_date_stands_on_its_planned_day_or_is_set_aside(shaped, records, visits):
    rows = shaped.attendance
    undated = visits["when"].isna()
    assert (rows["day_is"].eq("planned") | rows["day"].isna()).equals(undated)
    assert not rows.loc[rows["day_is"] == "planned", "status"].isin(["attended"]).any()
    missing = records.problems.query("table == 'attendance' and check == 'missing_required'")
    assert len(missing) == rows["day"].isna().sum()


def test_files_and_frames_and_shuffled_rows_give_the_same_records(ctn, shaped, tmp_path):
    """Of several rows of one day the order may differ; what is measured may not."""
    # Every tenth episode.
    part = {name: getattr(shaped, name) for name in ("episodes", "attendance", "checkins")}
    kept = part["episodes"]["episode_id"].iloc[::10]
    part = {name: rows[rows["episode_id"].isin(kept)] for name, rows in part.items()}
    records = iop.read_records(**part, mapping=ctn.MAPPING)
    for name in ("episodes", "attendance", "checkins"):
        part[name].to_csv(tmp_path / f"{name}.csv", index=False)
    read = iop.read_records(tmp_path, mapping=ctn.MAPPING)
    pd.testing.assert_frame_equal(read.episodes, records.episodes)
    pd.testing.assert_frame_equal(read.attendance, records.attendance)
    pd.testing.assert_frame_equal(read.checkins, records.checkins)
    shuffled = iop.read_records(
        episodes=part["episodes"],
        attendance=part["attendance"].sample(frac=1, random_state=1),
        checkins=part["checkins"].sample(frac=1, random_state=2),
        mapping=ctn.MAPPING,
    )
    pd.testing.assert_frame_equal(iop.engagement(shuffled), iop.engagement(records))
    pd.testing.assert_frame_equal(iop.time_to_relapse(shuffled), iop.time_to_relapse(records))


def test_all_3560_people_are_episodes_and_those_randomised_have_their_arm(records):
    drawn = pd.read_csv(DATA / "randomization.csv.gz").query("which == 1")
    arms = records.episodes["arm"].value_counts()
    assert len(records.episodes) == 3_560
    assert arms.drop("not randomised").to_dict() == drawn["treatment"].value_counts().to_dict()


def test_the_check_ins_give_the_published_weekly_words(records, words):
    """Urine and visits by week, as the library holds them, against the derived words."""
    checkins = records.checkins[records.checkins["day"] > 0]
    tested = checkins[checkins["drug_test"].isin(["positive", "negative"])]
    table = pd.DataFrame(
        {
            "who": tested["episode_id"].astype(str).str[4:].astype(int),
            "week": (tested["day"] - 1) // 7,
            "positive": tested["drug_test"] == "positive",
            "negative": tested["drug_test"] == "negative",
        }
    )
    result = table.groupby(["who", "week"])[["positive", "negative"]].any()
    symbol = np.select(
        [result["positive"] & result["negative"], result["positive"]], ["*", "+"], default="-"
    )
    symbols = dict(zip(result.index, symbol, strict=True))
    ours = [
        "".join(symbols.get((who, week), "o") for week in range(len(word)))
        for who, word in zip(words["who"], words["word"], strict=True)
    ]
    assert len(words) == 923
    assert ours == words["word"].tolist()


def test_four_weeks_in_a_row_come_when_the_words_say(records, words):
    """The trials' relapse rule, a missing week counting as use, from the urines alone."""
    rule = iop.RelapseRule(
        definition="k_of_n_weeks",
        use_weeks=4,
        window_weeks=4,
        missing="use",
        evidence="drug_test",
    )
    times = iop.time_to_relapse(records, rule)
    times["who"] = times["episode_id"].str[4:].astype(int)
    both = words.merge(times, on="who")
    recoded = both["word"].str.replace("[o*]", "+", regex=True)
    first = recoded.str.find("++++")
    reached = first >= 0
    assert reached.sum() > 600
    assert (~reached).sum() > 200
    assert both.loc[reached, "event"].all()
    assert both.loc[reached, "days"].tolist() == (7 * (first[reached] + 4)).tolist()
    later = both.loc[~reached & both["event"]]
    assert (later["days"] > 7 * later["word"].str.len()).all()


def test_nothing_of_anyone_is_known_after_death(records):
    died = records.episodes[records.episodes["discharge_reason"] == "died"]
    checkins = records.checkins[records.checkins["episode_id"].isin(died["episode_id"])]
    last = checkins.groupby("episode_id", observed=True)["day"].max()
    assert len(died) == 2
    assert (last <= died.set_index("episode_id")["days_to_discharge"].reindex(last.index)).all()


def test_curves_by_trial_and_arm_are_drawn_and_add_up(ctn, records, tmp_path):
    arms = [arm for arm in records.episodes["arm"].unique() if arm != ctn.UNASSIGNED]
    randomised = records.where(arm=arms)
    groups = list(ctn.GROUPS.values())
    for place, (name, rule) in enumerate(ctn.RULES.items()):
        times = iop.time_to_relapse(randomised, rule)
        for column in groups:
            curves = iop.survival_curves(times, by=column)
            if column == groups[place % len(groups)]:  # each rule and each column, not all of both
                text = ctn.draw(curves, tmp_path / f"{name}_{column}.png")
                assert rule.text.rstrip(".") in text
                assert (tmp_path / f"{name}_{column}.png").stat().st_size > 10_000
            risk = curves.risk_table(ctn.DAYS)
            people = risk[column].map(times[column].value_counts()).astype(int)
            assert (risk[["at_risk", "censored", "events"]].sum(axis=1) == people).all()


def test_the_missing_rule_moves_relapse_as_it_must(ctn, records):
    """A missing week as use gives every event that the same week as no use gives, and sooner."""
    as_use = iop.time_to_relapse(records, ctn.RULES["four_weeks_missing_is_use"])
    as_none = iop.time_to_relapse(records, ctn.RULES["four_weeks_missing_is_no_use"])
    events = as_none["event"]
    assert as_use.loc[events, "event"].all()
    assert (as_use.loc[events, "days"] <= as_none.loc[events, "days"]).all()
    assert as_use["event"].sum() > events.sum()
    assert not as_none["rests_on_missing"].any()


def test_the_report_is_written_and_says_why_calendar_parts_are_left_out(
    records, tmp_path, monkeypatch
):
    picture = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: picture)
    path = tmp_path / "report.html"
    some = records.subset(np.arange(len(records.episodes)) % 4 == 0)  # as much is left out
    iop.quarterly_report(some, quarter=None).save(path)
    text = path.read_text(encoding="utf-8")
    assert "study day" in text
    assert "ctn-" not in text  # no identifier leaves


def test_what_needs_a_calendar_is_refused_with_the_reason(records):
    with pytest.raises(iop.OutcomesError, match="calendar"):
        iop.trend(records, "attendance_rate")


def test_every_visit_is_counted_once_by_episode_and_by_week(records: iop.Records) -> None:
    """Rows kept = due + unrecorded + not due + services that are no sessions."""
    rule = iop.AttendanceRule()
    kept = records.attendance
    sessions = kept["service"].isin(rule.services) | kept["service"].isna()
    status = kept.loc[sessions, "status"].value_counts()
    whole, weeks = iop.engagement(records), iop.engagement_by_week(records)
    expected = {
        "due": status[list(rule.due)].sum(),
        "attended": status[list(rule.attended)].sum(),
        "excused": status["excused"],
        "unrecorded": status["unrecorded"],
        "not_due": status[list(rule.not_due)].sum(),
    }
    assert weeks[list(expected)].sum().to_dict() == expected
    assert sum(expected[name] for name in ("due", "unrecorded", "not_due")) == sessions.sum()
    by_episode = weeks.groupby("episode_id", observed=True, sort=False)
    for name in ("due", "attended", "unrecorded"):
        assert by_episode[name].sum().tolist() == whole[f"sessions_{name}"].tolist()
    assert by_episode["from_day"].min().eq(0).all()


def test_every_episode_has_an_answer_of_each_rule_or_a_reason(records: iop.Records) -> None:
    people = len(records.episodes)
    result = iop.continuity(records)
    for row in result.table.itertuples():
        assert row.episodes == row.not_over + row.not_known + row.denominator, row.measure
        assert 0 <= row.numerator <= row.denominator
    assert len(result.episodes) == people
    for measure in (iop.iet_style, iop.dropout_by_gap, iop.retention):
        table = measure(records).table
        assert (table["met"].isna() == (table["not_known"] != "")).all()
    times = iop.time_in_treatment(records)
    assert (times["event"] != (times["ended_by"] == "end_of_follow_up")).all()
    assert (times["days"] >= 0).all()
    text = times.attrs["rule"]
    left_out = people - len(times)
    named = sum(int(word.replace(",", "")) for word in re.findall(r"([\d,]+) episodes? ", text))
    assert left_out == named


@pytest.mark.parametrize("day", [60, 120])
def test_every_open_episode_is_on_the_list_or_said_to_be_gone(
    records: iop.Records, day: int
) -> None:
    listed = iop.slipping(records, day)
    episodes = records.episodes
    admitted = episodes["admit_day"] <= day
    left = episodes["days_to_discharge"] <= day - episodes["admit_day"]
    assert len(listed.table) + listed.long_absent == int((admitted & ~left).sum())
    known = listed.table["signs_known"]
    marks = listed.table[["absent", "fewer_hours", "check_ins_missed", "craving_up"]]
    assert known.tolist() == marks.notna().sum(axis=1).tolist()
    assert marks["craving_up"].isna().all()  # no craving is recorded
