"""Specifications as small tables of text; check-ins are written as in test_relapse.py.

A stretch is ``entry-days`` with ``!`` if it ends in relapse, in brackets if the person is in
relapse, and otherwise how the episode ended (end: of the follow-up; missed: a missed check-in).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.compare.group_tests.recurrence import compare_recurrence
from iop_outcomes.compare.regression.recurrent import recurrent_cox
from iop_outcomes.errors import RuleError
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.relapse.course.recurrences import RECOVERED, recurrent_relapses
from iop_outcomes.relapse.course.states import state_histories
from iop_outcomes.shared.provenance import KEY, provenance_of
from iop_outcomes.survival.recurrence.estimate import mean_cumulative_function
from tests.helpers.of_the_sample import records_of_the_sample
from tests.helpers.slow_rules import Stretch, plain_stretches
from tests.relapse.test_relapse import ROWS, RULES, SHORT, history_of, records_of


def told(times: pd.DataFrame) -> str:
    stretches = []
    for row in times.itertuples():
        stretch = f"{row.entry}-{row.days}"
        if not row.at_risk:
            stretch = f"({stretch})"
        if row.event:
            stretch += "!"
        elif row.ended_by != RECOVERED:
            stretch += f" {SHORT.get(row.ended_by, row.ended_by)}"
        stretches.append(stretch)
    return " ".join(stretches)


CLEAR_MONTH = "14- 21- 28- 35-"
FIRST_USE = [
    ("none", "7- 14-", "censor", "0-14 end"),
    ("no check-in", "7_", "censor", "0-0 none"),
    ("one, not over", "7- 14+ 21-", "censor", "0-14! (14-21) end"),
    ("one on the last day known", "7- 14+", "censor", "0-14!"),
    ("use goes on", "7+ 14+ 21+", "censor", "0-7! (7-21) end"),
    ("clear for 28 days", f"7+ {CLEAR_MONTH} 42-", "censor", "0-7! (7-35) 35-42 end"),
    ("clear for 27", "7+ 14- 34- 42+", "censor", "0-7! (7-42) end"),
    ("recovered on the last day known", f"7+ {CLEAR_MONTH}", "censor", "0-7! (7-35) end"),
    ("a second", f"7+ {CLEAR_MONTH} 42+ 49-", "censor", "0-7! (7-35) 35-42! (42-49) end"),
    ("the count begins again", "7+ 14- 28+ 35- 49- 56- 60-", "censor", "0-7! (7-56) 56-60 end"),
    ("not due is passed over", "7+ 14_ 35- 42-", "censor", "0-7! (7-35) 35-42 end"),
    ("missed in relapse", "7+ 14- 21o 28- 35- 42-", "censor", "0-7! (7-14) missed"),
    ("missed at risk", f"7+ {CLEAR_MONTH} 42- 49o", "censor", "0-7! (7-35) 35-42 missed"),
    ("missed is use", "7+ 14- 21o 28- 35- 49- 56-", "use", "0-7! (7-49) 49-56 end"),
    ("missed is no use", "7+ 14o 21o 28o 35o 42-", "no_use", "0-7! (7-35) 35-42 end"),
    ("missed is as before", "7+ 14o 21- 28o 35- 42- 49-", "last_value", "0-7! (7-42) 42-49 end"),
    ("missed is left out", "7+ 14o 21o 35- 42-", "drop", "0-7! (7-35) 35-42 end"),
    ("out of sight", "7+ 14o 45- 60- 73- 80-", "drop", "0-7! (7-73) 73-80 end"),
    ("30 days unseen are not lost", "7+ 11- 14o 42- 49-", "drop", "0-7! (7-42) 42-49 end"),
    ("31 are", "7+ 11- 14o 43- 71- 78-", "drop", "0-7! (7-71) 71-78 end"),
    ("no answer is seen", "7+ 14o 30? 45- 60- 73-", "drop", "0-7! (7-45) 45-73 end"),
    ("not due for as long", "7+ 14_ 45- 60- 73- 80-", "drop", "0-7! (7-45) 45-80 end"),
    ("nor asked for longer", "7+ 14_ 46- 60- 74- 80-", "drop", "0-7! (7-74) 74-80 end"),
    ("silence is out of sight", "7+ 11- 43- 71- 78-", "censor", "0-7! (7-71) 71-78 end"),
    ("missed is heard of", "7+ 14o 45- 52-", "no_use", "0-7! (7-45) 45-52 end"),
]


@pytest.mark.parametrize(("why", "cells", "missing", "result"), FIRST_USE)
@pytest.mark.parametrize("origin", ["admission", "first_session", "discharge"])
def test_the_specifications_hold(
    why: str, cells: str, missing: str, result: str, origin: str
) -> None:
    rule = RelapseRule(missing=missing, origin=origin)
    records = records_of({"other": "7-", "a": cells}, origin)
    times = recurrent_relapses(records, rule)
    assert told(times[times["episode_id"] == "a"]).replace(" lost", " end") == result, why


def test_a_use_after_recovery_is_the_second_of_one_person() -> None:
    cells = f"7+ {CLEAR_MONTH} 42+ 49- 56- 63- 70- 77+"
    times = recurrent_relapses(records_of({"a": cells}))
    assert times["number"].tolist() == [1, 1, 2, 2, 3]
    assert times["at_risk"].tolist() == [True, False] * 2 + [True]
    assert times["clear_until"].tolist() == [0, 7, 35, 42, 70]
    assert times["rests_on_missing"].sum() == 0


def test_clear_days_is_how_long() -> None:
    records = records_of({"a": "7+ 14- 21- 28- 35- 42-"})
    ends = [
        recurrent_relapses(records, clear_days=days)["days"].tolist()
        for days in (1, 7, 8, 21, 35, 36)
    ]
    assert ends == [[7, 14, 42], [7, 14, 42], [7, 21, 42], [7, 28, 42], [7, 42], [7, 42]]


def test_weeks_are_counted_anew_after_recovery() -> None:
    # Two weeks with use of three; clear weeks 4 to 7; then two of three again.
    cells = "3- 10+ 17+ 24- 31- 38- 45- 52+ 59- 66+ 73-"
    rule = RelapseRule("k_of_n_weeks", use_weeks=2, window_weeks=3)
    times = recurrent_relapses(records_of({"a": cells}), rule)
    assert told(times).replace(" lost", " end") == "0-21! (21-49) 49-70! (70-77) end"


def test_days_in_a_row_bring_it_forward_each_time() -> None:
    days = [f"{day}+" for day in range(21, 28)]
    clear = [f"{day}-" for day in (34, 41, 48, 55, 62, 69)]
    again = [f"{day}+" for day in range(71, 78)]
    times = recurrent_relapses(
        records_of({"a": " ".join(["7-", "14-", *days, *clear, *again])}), RelapseRule("x_bot")
    )
    assert times.loc[times["event"], "days"].tolist() == [27, 77]


def test_how_an_episode_ended_after_a_relapse() -> None:
    rows = {"a": "7+", "b": "7+ 14-", "c": "7-", "d": f"7+ {CLEAR_MONTH} 42-"}
    records = records_of(rows, followed=50, discharge_day=45, discharge_reason="died")
    # Who died is not followed beyond that day.
    times = recurrent_relapses(records, RelapseRule(missing="drop", lost_after=60))
    assert {name: told(rows) for name, rows in times.groupby("episode_id")} == {
        "a": "0-7! (7-45) died",
        "b": "0-7! (7-14) died",
        "c": "0-7 died",
        "d": "0-7! (7-35) 35-42 died",
    }
    last = times.groupby("episode_id").tail(1)
    assert last["terminal"].tolist() == [True] * 4
    assert last["ended_on"].tolist() == [45] * 4
    assert times["terminal"].sum() == 4
    assert not recurrent_relapses(records, terminal=[])["terminal"].any()
    # Seen until day 45, although the last check-in was long before.
    means = mean_cumulative_function(times, terminal="terminal")
    assert means.at([7, 44, 45, 46])["at_risk"].tolist() == [4, 4, 4, 0]


def test_a_death_on_the_day_of_the_relapse_is_known() -> None:
    records = records_of({"a": "7+"}, followed=7, discharge_day=7, discharge_reason="died")
    times = recurrent_relapses(records)
    assert times[["event", "terminal"]].to_numpy().tolist() == [[True, True]]
    assert times["ended_by"].tolist() == ["relapse"]


@settings(max_examples=10)  # of up to six episodes, each checked in full
@given(
    st.lists(ROWS, min_size=1, max_size=6),
    RULES,
    st.integers(20, 50),
    st.integers(1, 20),
    st.integers(3, 30),
)
def test_all_episodes_at_once_are_each_episode_by_itself(
    people: list[list[tuple[int, str]]],
    rule: RelapseRule,
    followed: int,
    clear_days: int,
    lost_after: int,
) -> None:
    texts = {
        str(number): " ".join(f"{day}{sign}" for day, sign in rows)
        for number, rows in enumerate(people)
    }
    if not any(texts.values()):
        return  # a check-in table without rows is not read
    rule = replace(rule, lost_after=lost_after)
    records = records_of(texts, rule.origin, followed)
    times = recurrent_relapses(records, rule, clear_days=clear_days)
    columns = times[list(Stretch._fields)]
    for number, rows in enumerate(people):
        own = columns[times["episode_id"] == str(number)]
        expected = plain_stretches(history_of(rows, rule.origin, followed), rule, clear_days)
        assert [Stretch(*row) for row in own.itertuples(index=False)] == expected
    assert (times["clear_until"].between(times["entry"], times["days"])).all()
    check_first(times, records, rule)


def check_first(times: pd.DataFrame, records: iop.Records, rule: RelapseRule) -> None:
    first = times.drop_duplicates("episode_id").reset_index(drop=True)
    expected = time_to_relapse(records, rule)
    names = ["episode_id", "entry", "clear_until", "days", "event", "ended_on", "rests_on_missing"]
    pd.testing.assert_frame_equal(first[names], expected[names])
    assert first["ended_by"].astype(str).tolist() == expected["ended_by"].astype(str).tolist()


RULES_ON_SAMPLE = [
    RelapseRule(),
    RelapseRule(missing="use"),
    RelapseRule(missing="drop", origin="first_session"),
    RelapseRule("k_of_n_weeks", missing="last_value", use_weeks=2, window_weeks=4),
    RelapseRule("x_bot"),
    RelapseRule("lee_2016"),
]


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample()


@pytest.mark.parametrize("rule", RULES_ON_SAMPLE, ids=lambda rule: f"{rule.name} {rule.missing}")
def test_on_the_sample(sample: iop.Records, rule: RelapseRule) -> None:
    times = recurrent_relapses(sample, rule)
    check_first(times, sample, rule)
    same = times["episode_id"].eq(times["episode_id"].shift(-1))
    following = times.shift(-1)[same]
    assert (following["entry"] == times.loc[same, "days"]).all()
    assert (following["at_risk"] != times.loc[same, "at_risk"]).all()
    events = times["event"].groupby(times["episode_id"], observed=True).cumsum()
    assert (times["number"] == events + (times["at_risk"] & ~times["event"])).all()
    assert not (times["event"] & ~times["at_risk"]).any()
    recovered = times["ended_by"] == RECOVERED
    assert (times.loc[recovered, "days"] - times.loc[recovered, "entry"] >= 28).all()
    assert not times.loc[recovered, "at_risk"].any()


def test_who_is_in_relapse_is_counted_with_none(sample: iop.Records) -> None:
    times = recurrent_relapses(sample, RelapseRule(missing="drop"))
    means = mean_cumulative_function(times, "track")
    at_risk_only = mean_cumulative_function(times[times["at_risk"]], "track")
    assert (at_risk_only.at(120)["mean"] > means.at(120)["mean"]).all()
    assert "relapses" in means.text
    assert means.synthetic
    # Of those followed to the day, whether in relapse or not, the mean is near the plain average.
    known = times.groupby("episode_id", observed=True)["days"].transform("max") >= 119
    seen = times[known]
    early = seen["event"] & (seen["days"] <= 119)
    average = early.sum() / seen["episode_id"].nunique()
    whole = mean_cumulative_function(seen).at(119)["mean"].item()
    assert whole == pytest.approx(average, abs=1e-9)


def test_it_goes_into_the_test_and_the_models(sample: iop.Records) -> None:
    times = recurrent_relapses(sample, RelapseRule(missing="drop"))
    comparison = compare_recurrence(times, "track", terminal="terminal")
    assert comparison.table["events"].sum() == times["event"].sum()
    fit = recurrent_cox(times, "track + age", model="pwp_gap", most=2)
    assert fit.n == times["at_risk"].sum()
    assert fit.clusters == times["person_id"].nunique()
    numbered = recurrent_cox(times, "track + age", model="pwp_gap", most=2, number="number")
    pd.testing.assert_frame_equal(numbered.table, fit.table)


def test_the_columns_and_the_attributes(sample: iop.Records) -> None:
    times = recurrent_relapses(sample, clear_days=14)
    first = time_to_relapse(sample).drop(columns="competing_on")
    assert list(times.columns) == [*first.columns, "at_risk", "number", "terminal"]
    for name in first.columns.drop(["ended_by", "competing_end"]):
        assert times[name].dtype == first[name].dtype, name
    dtypes = times[["at_risk", "number", "terminal"]].dtypes.astype(str).tolist()
    assert dtypes == ["bool", "int32", "bool"]
    assert times.attrs["clear_days"] == 14
    assert "after 14 days known clear since the last use" in times.attrs["rule"]
    result = provenance_of(times)
    assert result.rule == times.attrs["rule"]
    assert replace(result, rule="") == replace(provenance_of(first), rule="")
    earlier = {name: times.attrs[name] for name in times.attrs if name not in (KEY, "rule")}
    assert earlier == {name: first.attrs[name] for name in earlier if name != "clear_days"} | {
        "clear_days": 14
    }
    assert np.array_equal(times["episode_id"].unique(), first["episode_id"].to_numpy())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"clear_days": 0}, "at least 1"),
        ({"clear_days": 7.5}, "at least 1"),
        ({"clear_days": True}, "at least 1"),
        ({"terminal": "died"}, "Terminal ends must be a list"),
        ({"terminal": ["relapse"]}, "Terminal ends must be a list"),
        ({"terminal": ["death"]}, "Terminal ends must be a list"),
        ({"rule": RelapseRule("ctn_0094_dropout")}, "Dropout is not"),
    ],
)
def test_options_that_are_none_are_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(RuleError, match=says):
        recurrent_relapses(records_of({"a": "7-"}), **options)


def test_a_covariate_named_as_a_column_is_refused() -> None:
    with pytest.raises(RuleError, match="a column named number"):
        recurrent_relapses(records_of({"a": "7-"}, number=1))


@pytest.mark.parametrize(
    ("records", "rule", "says"),
    [(None, None, "in place of Records"), (records_of({"a": "7-"}), "first_use", "in place of Re")],
)
def test_what_is_no_records_and_no_rule_is_refused(
    records: iop.Records, rule: RelapseRule, says: str
) -> None:
    for follow in (recurrent_relapses, state_histories):
        with pytest.raises(RuleError, match=says):
            follow(records, rule)


def test_the_mean_of_episodes_says_so() -> None:
    times = recurrent_relapses(records_of({"a": "7+", "b": "7- 14-"}))
    assert "relapses an episode through" in mean_cumulative_function(times).text
    assert "relapses a person through" in mean_cumulative_function(times, id="person_id").text


def test_records_of_nobody_have_no_relapses() -> None:
    episodes = pd.DataFrame({"episode_id": ["a"], "admit_date": ["2026-01-05"]})
    checkins = pd.DataFrame({"episode_id": ["a"], "date": ["2026-01-12"], "status": ["completed"]})
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-02-01")
    nobody = records.subset(np.zeros(1, dtype=bool))
    stretches = recurrent_relapses(nobody)
    assert len(stretches) == 0
    assert list(stretches.columns) == list(recurrent_relapses(records).columns)


@pytest.mark.parametrize("last", [0, 1])
def test_who_is_followed_for_a_day_or_none_has_no_relapse(last: int) -> None:
    episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_day": 0, "followed_until_day": last})
    checkins = pd.DataFrame({"episode_id": ["a"], "day": 0, "status": "completed", "used": "no"})
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of=400)
    times = recurrent_relapses(records)
    assert times["days"].tolist() == [0, 0]  # the last check-in was on day 0
    assert not times["event"].any()
