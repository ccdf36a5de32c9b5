"""Specifications as small tables of text.

A check-in is a day and a sign: ``-`` no use, ``+`` use, ``o`` missed, ``?`` completed without an
answer or a test, ``_`` not due; by test ``n`` negative, ``p`` positive, ``m`` mixed, ``r`` refused;
``v`` no use reported and ``w`` use reported with a refused test.
A result is ``clear..days`` for a relapse (with ``?`` if it rests on missing check-ins), or
``days`` and how the episode ended (end: of the follow-up; missed: a missed check-in; none: no
check-in). The columns are the missing rules: censor, use, no use, last
value; ``=`` is as the column before.
"""

from __future__ import annotations

import re
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import MissingTableError, RuleError
from iop_outcomes.relapse import RelapseRule, recurrent_relapses, state_histories, time_to_relapse
from iop_outcomes.relapse.search import Search
from iop_outcomes.relapse.times import ENDS
from iop_outcomes.shared.provenance import KEY, Provenance
from tests.helpers.slow_rules import SIGNS, History, Time, plain_time

SHORT = {"end_of_follow_up": "end", "missed_check_in": "missed", "no_check_in": "none"}
MISSING = ("censor", "use", "no_use", "last_value")
ALL_MISSING = (*MISSING, "last_value_to_last_contact", "drop")
START = {"admission": 0, "first_session": 10, "discharge": 30}


def checkins_of(rows: dict[str, str], shift: int = 0) -> pd.DataFrame:
    results = [
        (episode, int(day) + shift, *SIGNS[sign])
        for episode, text in rows.items()
        for day, sign in re.findall(r"(-?\d+)(\D)", text.replace(" ", ""))
    ]
    columns = ["episode_id", "day", "status", "used", "drug_test"]
    return pd.DataFrame(results, columns=columns).astype({"used": object, "drug_test": object})


def records_of(
    rows: dict[str, str], origin: str = "admission", followed: int = 100, **columns: object
) -> iop.Records:
    shift = START[origin]
    episodes = pd.DataFrame({"episode_id": list(rows), "admit_day": 0})
    episodes["followed_until_day"] = followed + shift
    if origin == "discharge":
        columns = {"discharge_day": shift, "discharge_reason": "completed", **columns}
    episodes = episodes.assign(**columns)
    attendance = pd.DataFrame(
        {
            "episode_id": list(rows) * 2,
            "day": [3] * len(rows) + [START["first_session"]] * len(rows),
            "service": "group",
            "status": ["no_show"] * len(rows) + ["attended"] * len(rows),
        }
    )
    return iop.read_records(
        episodes=episodes, attendance=attendance, checkins=checkins_of(rows, shift), as_of=400
    )


def history_of(rows: list[tuple[int, str]], origin: str, followed: int) -> History:
    """Return an episode of `records_of` for the plain rules."""
    shift = START[origin]
    return History(
        checkins=tuple((day + shift, sign) for day, sign in rows),
        sessions=((3, "group", "no_show"), (START["first_session"], "group", "attended")),
        discharge=shift if origin == "discharge" else None,
        reason="completed" if origin == "discharge" else None,
        followed=followed + shift,
        cut=400,
    )


def told(times: pd.DataFrame) -> list[str]:
    return [
        f"{row.clear_until}..{row.days}{'?' * row.rests_on_missing}"
        if row.event
        else f"{row.days} {SHORT.get(row.ended_by, row.ended_by)}"
        for row in times.itertuples()
    ]


def specifications(text: str) -> list[tuple[str, str, list[str]]]:
    results = []
    for line in text.strip().splitlines():
        why, rows, *cells = (cell.strip() for cell in line.split("|"))
        for place, cell in enumerate(cells):
            cells[place] = cells[place - 1] if cell == "=" else cell
        results.append((why, rows, cells))
    return results


FIRST_USE = """
use after clear check-ins  | 7- 14- 21+ 28-     | 14..21    | =       | =       | =
the first of several       | 7+ 14- 21+         | 0..7      | =       | =       | =
a gap before the use       | 7- 14o 21+         | 7 missed  | 7..14?  | 14..21  | =
a gap after the use        | 7- 14+ 21o         | 7..14     | =       | =       | =
no use, seen to the end    | 7- 84-             | 84 end    | =       | =       | =
no use, then out of sight  | 7- 14-             | 14 lost   | =       | =       | =
a gap at the end           | 7- 77- 84o         | 77 missed | 77..84? | 84 end  | =
missing from the start     | 7o 14- 21+         | 0 missed  | 0..7?   | 14..21  | =
the same, used at baseline | -2+ 7o 14-         | 0 missed  | 0..7?   | 14 lost | 0..7?
used on day 0 is baseline  | 0+ 7-              | 7 lost    | =       | =       | =
the last baseline counts   | -9+ -2- 7o 90-     | 0 missed  | 0..7?   | 90 end  | =
a missed baseline is none  | -9+ -2o 7o         | 0 missed  | 0..7?   | 7 lost  | 0..7?
completed without answer   | 7- 14? 21+         | 7 missed  | 7..14?  | 14..21  | =
a test that was refused    | 7n 14r 21p         | 7 missed  | 7..14?  | 14..21  | =
not due is not missing     | 7- 14_ 21-         | 21 lost   | =       | =       | =
never due                  | 7_                 | 0 none    | =       | =       | =
no check-in at all         |                    | 0 none    | =       | =       | =
use beats clear that day   | 7- 14- 14+         | 7..14     | =       | =       | =
clear beats missed         | 7- 14o 14- 21+     | 14..21    | =       | =       | =
missed beats not due       | 7- 14o 14_ 21+     | 7 missed  | 7..14?  | 14..21  | =
a mixed test is use        | 7n 14m             | 7..14     | =       | =       | =
a test against the answer  | 7- 14x             | 7..14     | =       | =       | =
past the follow-up         | 90- 101+           | 90 end    | =       | =       | =
on its last day            | 90- 100+           | 90..100   | =       | =       | =
"""

TWO_OF_THREE_WEEKS = """
two weeks in a row         | 7- 14+ 21+ 28-     | 7..21     | =       | =       | =
with a clear week between  | 7+ 14- 21+         | 0..21     | =       | =       | =
too far apart              | 7+ 14- 21- 28+     | 28 lost   | =       | =       | =
use weeks count once       | 8+ 9+ 14+ 15-      | 0 missed  | 0..14?  | 21 lost | =
the clear week before      | 7- 14+ 21- 28+     | 7..28     | =       | =       | =
a missed week before       | 7- 14o 21+ 28+     | 7 missed  | 7..21?  | 14..28  | =
a missed week within       | 7+ 14o 21+         | 7 missed  | 0..14?  | 0..21   | 0..14?
a week without a row       | 7+ 21+             | 7 missed  | 0..14?  | 0..21   | 0..14?
no rows at the start       | 21+ 28+            | 0 missed  | 0..14?  | 14..28  | =
the same, used at baseline | 0+ 21+ 28+         | 0 missed  | 0..14?  | 14..28  | 0..14?
a week that was not due    | 7+ 14_ 21+         | 0..21     | =       | =       | =
not due is not known clear | 7- 14_ 21+ 28+     | 7..28     | =       | =       | =
not due breaks a window    | 7+ 14_ 21_ 28+     | 28 lost   | =       | =       | =
the end is the last due    | 7- 14- 21_         | 14 lost   | =       | =       | =
missed to the end          | 7- 14o 21o         | 7 missed  | 7..21?  | 21 lost | =
reached on seen use alone  | 7+ 14+ 21o         | 0..14     | =       | =       | =
weeks begin on days 1, 8   | 7- 8+ 14- 15+      | 7..21     | =       | =       | =
day 7 and day 8            | 1- 7+ 8+           | 0..14     | =       | =       | =
use beats clear in a week  | 1- 5+ 6- 9+ 12o    | 0..14     | =       | =       | =
cut short by the follow-up | 1- 84_ 85_ 92+ 99+ | 7 missed  | 7..21?  | 77..100 | =
no check-in at all         |                    | 0 none    | =       | =       | =
"""


@pytest.mark.parametrize("origin", START)
@pytest.mark.parametrize("column", range(4), ids=MISSING)
@pytest.mark.parametrize(
    ("text", "options"),
    [
        pytest.param(FIRST_USE, {}, id="first_use"),
        pytest.param(
            TWO_OF_THREE_WEEKS,
            {"definition": "k_of_n_weeks", "use_weeks": 2, "window_weeks": 3},
            id="two of three weeks",
        ),
    ],
)
def test_the_specifications_hold_under_each_missing_rule_and_origin(text, options, column, origin):
    wanted = specifications(text)
    records = records_of({why: rows for why, rows, _ in wanted}, origin)
    rule = RelapseRule(missing=MISSING[column], origin=origin, **options)
    times = time_to_relapse(records, rule)
    result = dict(zip(times["episode_id"], told(times), strict=True))
    assert result == {why: cells[column] for why, _, cells in wanted}


EVIDENCE = """
only the answer            | 7- 14+          | 7..14  | 7..14             | 0 missed
only the test              | 7n 14p          | 7..14  | 0 missed | 7..14
the two disagree           | 7- 14x          | 7..14  | 14 lost           | 0 missed
"""


@pytest.mark.parametrize(("why", "rows", "cells"), specifications(EVIDENCE))
def test_the_evidence_that_counts_is_the_rules_to_say(why, rows, cells):
    records = records_of({why: rows})
    results = [
        told(time_to_relapse(records, RelapseRule(evidence=evidence)))[0]
        for evidence in ("either", "self_report", "drug_test")
    ]
    assert results == cells


REFUSED = """
a test that was refused    | 7- 14r 21+       | 7 missed  | 7..14     | 7 missed
and no use reported        | 7- 14v 21+       | 7 missed  | 7..14     | 14..21
and use reported           | 7- 14w 21+       | 7..14     | 7..14     | 7..14
"""


@pytest.mark.parametrize(("why", "rows", "cells"), specifications(REFUSED))
def test_a_refused_test_is_what_the_rule_says(why, rows, cells):
    rules = [RelapseRule(refused=refused) for refused in ("missing", "use", "as_reported")]
    assert [told(time_to_relapse(records_of({why: rows}), rule))[0] for rule in rules] == cells
    assert RelapseRule() == rules[0]
    times = time_to_relapse(records_of({why: rows, "missed": "7o"}), rules[1])
    assert times.attrs["refused"] == "use"
    assert times.attrs["rule"] == (
        "Relapse is the first use after admission, by self-report or drug test (a refused test "
        "counts as use); a missing check-in censors the episode at the last day known before it."
    )


def test_the_recurrences_and_states_take_a_refused_test_as_the_rule_says():
    records = records_of({"a": "7- 14v 21- 28- 35-"})
    results = {}
    for refused in ("missing", "use", "as_reported"):
        rule = RelapseRule(refused=refused, missing="drop")
        first = recurrent_relapses(records, rule).iloc[0]
        state = state_histories(records, rule)["next_state"].iloc[0]
        results[refused] = (bool(first["event"]), str(state))
    assert results == {
        "missing": (False, "lost"),
        "use": (True, "relapsed"),
        "as_reported": (False, "lost"),
    }


def test_days_of_use_are_a_self_report_too():
    checkins = pd.DataFrame(
        {
            "episode_id": ["a", "a", "b", "b"],
            "day": [7, 14, 7, 14],
            "status": "completed",
            "used": [None, None, "no", "no"],
            "use_days": [0, 3, None, 1],
        }
    )
    episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_day": 0})
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of=100)
    assert told(time_to_relapse(records)) == ["7..14", "7..14"]


ENDED = """
still there                |            | 21 end
left, no check-in after    | 21 dropped_out  | 21 dropped_out
left, seen once more       | 14 dropped_out  | 21 end
left without a reason      | 25             | 21 discharged
died                       | 30 died        | 21 died
"""


@pytest.mark.parametrize(("why", "discharge", "cells"), specifications(ENDED))
@pytest.mark.parametrize("definition", ["first_use", "k_of_n_weeks"])
def test_each_row_says_how_it_ended(why, discharge, cells, definition):
    day, _, reason = discharge.partition(" ")
    records = records_of(
        {why: "7- 14- 21-"},
        followed=30,
        discharge_day=float(day) if day else np.nan,
        discharge_reason=reason or None,
    )
    assert told(time_to_relapse(records, RelapseRule(definition=definition))) == cells


def test_a_discharge_before_any_check_in_says_more_than_that_there_was_none():
    records = records_of({"a": ""}, discharge_day=3, discharge_reason="transferred")
    assert told(time_to_relapse(records)) == ["0 transferred"]


ENDED_ON = """
died                       | 30 died            | 21 died 30
moved within lost_after    | 35 transferred     | 21 transferred 35
moved long after           | 52 transferred     | 21 lost 21
died long after            | 52 died            | 21 lost 21
left, whenever             | 52 dropped_out     | 21 dropped_out 52
moved, seen once more      | 14 transferred     | 21 lost 21
moved on the last day      | 21 transferred     | 21 transferred 21
"""


@pytest.mark.parametrize(("why", "discharge", "cells"), specifications(ENDED_ON))
def test_each_row_says_on_which_day_it_ended(why, discharge, cells):
    day, _, reason = discharge.partition(" ")
    records = records_of(
        {why: "7- 14- 21-"},
        followed=60 if reason != "died" else int(day),
        discharge_day=float(day),
        discharge_reason=reason,
    )
    times = time_to_relapse(records, RelapseRule(lost_after=30))
    results = [f"{end} {day}" for end, day in zip(told(times), times["ended_on"], strict=True)]
    assert results == cells


COMPETING = """
moved before a relapse      | 7- 14- 21+ | 10 transferred | transferred 10
moved on its day            | 7- 14- 21+ | 21 transferred |
moved after a relapse       | 7- 14+ 21- | 18 transferred |
moved between two check-ins | 7- 14+ 21+ | 12 incarcerated | incarcerated 12
moved, seen clear after it  | 7- 14- 21- | 15 transferred | transferred 15
moved, then a missed one    | 7- 14o 21- | 7 transferred  | transferred 7
moved after a missed one    | 7- 14o 21- | 15 transferred |
moved after the last one    | 7- 14- 21- | 25 transferred | transferred 25
moved long after            | 7- 14- 21- | 60 transferred |
left, seen clear after it   | 7- 14- 21- | 15 completed   |
died after the last one     | 7- 14- 21- | 30 died        | died 30
a missed one after it       | 7- 14o     | 10 incarcerated | incarcerated 10
a missed one on its day     | 7- 14o     | 14 transferred | transferred 14
no answer after it          | 7- 14?     | 10 transferred | transferred 10
clear after it, then missed | 7- 14- 21o | 10 transferred | transferred 10
missed long after it        | 7- 60o     | 50 transferred |
"""


@pytest.mark.parametrize("line", COMPETING.strip().splitlines())
def test_a_competing_end_is_what_came_before_a_relapse_was_found(line):
    why, checkins, discharge, expected = (part.strip() for part in line.split("|"))
    day, reason = discharge.split()
    records = records_of(
        {why: checkins},
        followed=30 if reason == "died" else 90,
        discharge_day=float(day),
        discharge_reason=reason,
    )
    row = time_to_relapse(records).iloc[0]
    result = "" if pd.isna(row["competing_end"]) else f"{row.competing_end} {row.competing_on:g}"
    assert result == expected
    assert pd.isna(row["competing_on"]) == pd.isna(row["competing_end"])


MISSED_AFTER = """
censor                     | 7- 14o     | 10 incarcerated | 7 incarcerated 10 | incarcerated 10
drop                       | 7- 14o     | 10 incarcerated | 7 incarcerated 10 | incarcerated 10
last_value_to_last_contact | 7- 14o     | 10 incarcerated | 7 incarcerated 10 | incarcerated 10
last_value                 | 7- 14o     | 10 incarcerated | 14 lost 14        | incarcerated 10
no_use                     | 7- 14o     | 10 incarcerated | 14 lost 14        | incarcerated 10
use                        | 7- 14o     | 10 incarcerated | 7..14? 14         | incarcerated 10
drop                       | 7- 14o     | 20 transferred  | 7 transferred 20  | transferred 20
drop                       | 7- 14o     | 38 transferred  | 7 lost 7          |
drop                       | 7- 14o 21- | 10 transferred  | 21 lost 21        | transferred 10
censor                     | 7- 14o 21- | 10 transferred  | 7 transferred 10  | transferred 10
censor                     | 7- 14- 21o | 10 transferred  | 14 missed 14      | transferred 10
censor                     | 7- 14o     | 10 completed    | 7 missed 7        |
drop                       | 7- 14o     | 10 completed    | 7 lost 7          |
drop                       | 7- 14o     | 10 died         | 7 died 10         | died 10
"""


@pytest.mark.parametrize("line", MISSED_AFTER.strip().splitlines())
def test_a_check_in_missed_after_an_arrest_or_transfer_does_not_undo_it(line):
    missing, checkins, discharge, end, competing = (part.strip() for part in line.split("|"))
    day, reason = discharge.split()
    records = records_of({"a": checkins}, discharge_day=float(day), discharge_reason=reason)
    times = time_to_relapse(records, RelapseRule(missing=missing))
    row = times.iloc[0]
    assert f"{told(times)[0]} {row.ended_on}" == end
    result = "" if pd.isna(row["competing_end"]) else f"{row.competing_end} {row.competing_on:g}"
    assert result == competing


def test_in_weeks_the_week_of_the_arrest_counts_as_missed_at_its_end():
    records = records_of({"a": "7- 9o 21o"}, discharge_day=12.0, discharge_reason="incarcerated")
    rule = RelapseRule("k_of_n_weeks")
    assert rule.missing == "censor"
    times = time_to_relapse(records, rule)
    assert told(times) == ["7 incarcerated"]
    assert times["competing_on"].tolist() == [12]
    # By single check-ins the one missed on day 9 ended what is known before.
    assert told(time_to_relapse(records)) == ["7 missed"]


def test_a_discharge_after_the_end_of_the_follow_up_is_not_looked_at():
    records = records_of(
        {"a": "7- 14-"}, followed=20, discharge_day=30.0, discharge_reason="transferred"
    )
    times = time_to_relapse(records)
    assert told(times) == ["14 end"]
    assert times["competing_end"].isna().all()
    assert (times["ended_on"] == 14).all()


def test_from_the_discharge_on_no_discharge_competes():
    records = records_of({"a": "7- 14-"}, "discharge", discharge_reason="transferred")
    times = time_to_relapse(records, RelapseRule(origin="discharge"))
    assert times["competing_end"].isna().all()


def test_what_competes_is_the_rule_s_to_say():
    records = records_of({"a": "7- 14-"}, discharge_day=50, discharge_reason="dropped_out")
    assert told(time_to_relapse(records)) == ["14 dropped_out"]
    # As an outcome it needs somebody who was there to see no relapse; as a mere end it does not.
    strict = RelapseRule(competing="dropped_out")
    assert strict.competing == ("dropped_out",)
    assert told(time_to_relapse(records, strict)) == ["14 lost"]
    times = time_to_relapse(records, RelapseRule(competing="dropped_out", lost_after=36))
    assert told(times) == ["14 dropped_out"]
    assert times["ended_on"].tolist() == [50]


def test_the_day_of_a_relapse_is_that_on_which_it_ended():
    times = time_to_relapse(records_of({"a": "7- 14+", "b": "7- 14o"}))
    assert times["ended_on"].tolist() == times["days"].tolist() == [14, 7]


def test_who_is_lost_hangs_on_lost_after():
    records = records_of({"a": "7- 60-"}, followed=100)
    assert told(time_to_relapse(records, RelapseRule(lost_after=39))) == ["60 lost"]
    assert told(time_to_relapse(records, RelapseRule(lost_after=40))) == ["60 end"]


def test_weeks_may_be_of_other_lengths():
    records = records_of({"a": "14- 28+ 42+ 56-"})
    rule = RelapseRule(definition="k_of_n_weeks", use_weeks=2, window_weeks=2, week_days=14)
    assert told(time_to_relapse(records, rule)) == ["14..42"]


def test_one_of_one_weeks_is_first_use_by_the_week():
    records = records_of({"a": "7- 14- 21+", "b": "7- 14- 21-"})
    rule = RelapseRule(definition="k_of_n_weeks", use_weeks=1, window_weeks=1)
    assert told(time_to_relapse(records, rule)) == told(time_to_relapse(records))


def test_who_never_reached_the_origin_is_left_out_and_counted():
    rows = {"a": "17-", "b": "17-"}
    episodes = pd.DataFrame(
        {"episode_id": list(rows), "admit_day": 0, "discharge_day": [np.nan, 12]}
    )
    attendance = pd.DataFrame(
        {
            "episode_id": ["a", "a", "b"],
            "day": [1, 5, 2],
            "service": ["drug_test", "individual", "group"],
            "status": ["attended", "late", "no_show"],
        }
    )
    records = iop.read_records(
        episodes=episodes, attendance=attendance, checkins=checkins_of(rows), as_of=40
    )
    started = time_to_relapse(records, RelapseRule(origin="first_session"))
    assert started["episode_id"].tolist() == ["a"]
    assert told(started) == ["12 end"]
    assert started.attrs["not_started"] == 1
    assert " 1 episode with no attended session left out." in started.attrs["rule"]
    left = time_to_relapse(records, RelapseRule(origin="discharge"))
    assert left["episode_id"].tolist() == ["b"]
    assert told(left) == ["5 end"]
    assert " 1 episode with no discharge left out." in left.attrs["rule"]


def test_what_comes_after_the_end_of_the_follow_up_starts_nothing():
    rows = {"a": "35- 42-", "b": "35- 42-"}
    episodes = pd.DataFrame(
        {"episode_id": list(rows), "admit_day": 0, "discharge_day": 30, "followed_until_day": 60}
    )
    episodes.loc[0, "followed_until_day"] = 28
    attendance = pd.DataFrame({"episode_id": list(rows), "day": 29, "status": "attended"})
    records = iop.read_records(
        episodes=episodes, attendance=attendance, checkins=checkins_of(rows), as_of=100
    )
    for origin in ("first_session", "discharge"):
        rule = RelapseRule(origin=origin)
        for follow in (time_to_relapse, recurrent_relapses, state_histories):
            result = follow(records, rule)
            assert result["episode_id"].unique().tolist() == ["b"]
            assert result.attrs["not_started"] == 1
        words = iop.use_patterns(records, start=origin, weeks=None)
        assert words.isna().tolist() == [True, False]


def test_who_died_in_treatment_was_never_discharged_alive():
    rows = {"a": "37- 44+", "b": "7- 30+", "c": "7-", "d": "7-"}
    episodes = pd.DataFrame(
        {
            "episode_id": list(rows),
            "admit_day": 0,
            "discharge_day": [30, 30, np.nan, 12],
            "discharge_reason": ["completed", "died", None, "died"],
        }
    )
    records = iop.read_records(episodes=episodes, checkins=checkins_of(rows), as_of=100)
    rule = RelapseRule(origin="discharge")
    for follow in (time_to_relapse, recurrent_relapses, state_histories):
        result = follow(records, rule)
        assert result["episode_id"].unique().tolist() == ["a"]
        assert result.attrs["not_started"] == 3
        assert result.attrs["died_in_treatment"] == 2
        assert (
            "2 episodes that ended in death left out: no discharge alive." in result.attrs["rule"]
        )
    assert told(time_to_relapse(records, rule)) == ["7..14"]
    assert time_to_relapse(records).attrs["died_in_treatment"] == 0
    from_admission = time_to_relapse(records, RelapseRule(missing="drop"))
    assert from_admission["episode_id"].tolist() == list(rows)
    cells = iop.sensitivity(records, definitions=rule, missing="drop", horizon=20)
    assert cells.table["n"].tolist() == [1]
    assert "2 episodes that ended in death left out" in cells.table["rule"].item()


def test_the_columns_their_types_and_what_is_carried():
    records = records_of({"a": "7-", "b": "7+"}, track=["day", "evening"], age=[30, 41])
    times = time_to_relapse(records)
    assert {name: str(times[name].dtype) for name in times} == {
        "episode_id": "object",
        "person_id": "category",
        "program": "category",
        "level": "category",
        "entry_path": "category",
        "admission_number": "int32",
        "track": "category",
        "age": "int64",
        "entry": "int32",
        "clear_until": "int32",
        "days": "int32",
        "event": "bool",
        "ended_by": "category",
        "ended_on": "int32",
        "competing_end": "category",
        "competing_on": "float64",
        "rests_on_missing": "bool",
    }
    assert tuple(times["ended_by"].cat.categories) == ENDS
    assert (times["entry"] == 0).all()
    after = time_to_relapse(records_of({"a": "7-"}, "discharge"), RelapseRule(origin="discharge"))
    assert after["discharge_reason"].tolist() == ["completed"]


def test_the_rule_is_in_the_attributes_which_parquet_keeps(tmp_path):
    rule = RelapseRule(missing="use")
    times = time_to_relapse(records_of({"a": "7- 14o"}), rule)
    times.to_parquet(tmp_path / "times.parquet")
    kept = pd.read_parquet(tmp_path / "times.parquet")
    assert (
        kept.attrs
        == times.attrs
        == {
            KEY: asdict(Provenance(rule.text, "relapse", "admission")),
            "rule": rule.text,
            "definition": "first_use",
            "origin": "admission",
            "missing": "use",
            "evidence": "either",
            "refused": "missing",
            "competing": ["died", "incarcerated", "transferred"],
            "not_started": 0,
            "died_in_treatment": 0,
            "synthetic": False,
        }
    )


def test_the_times_go_into_the_curve_with_their_rule():
    times = time_to_relapse(records_of({"a": "7+", "b": "7- 14-"}, track=["x", "y"]))
    from iop_outcomes.survival import survival_curves

    curves = survival_curves(times, by="track")
    assert curves.rule.startswith(RelapseRule().text)
    assert curves.sizes["events"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            RelapseRule(),
            "Relapse is the first use after admission, by self-report or drug test (a refused test "
            "is missing unless use is reported); a missing check-in censors the episode at the "
            "last day known before it.",
        ),
        (
            RelapseRule("k_of_n_weeks", "first_session", "use", "drug_test"),
            "Relapse is reached with 4 weeks with use in a row after the first attended session, "
            "by drug test (a refused test is missing); a week without a known check-in counts as "
            "use.",
        ),
        (
            RelapseRule(
                "k_of_n_weeks", "discharge", "last_value", "self_report", 3, 6, week_days=14
            ),
            "Relapse is reached with 3 periods of 14 days with use within 6 in a row after "
            "discharge, by self-report; a week without a known check-in takes the last known "
            "value.",
        ),
    ],
)
def test_a_rule_says_itself_in_a_sentence(rule, text):
    assert rule.text == text


def test_only_more_than_one_unit_is_in_a_row():
    assert Search().text(7) == "1 week with use"
    assert Search(2, 2).text(7) == "2 weeks with use in a row"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"definition": "relapse"}, "first_use, k_of_n_weeks"),
        ({"origin": "intake"}, "admission, first_session, discharge"),
        ({"missing": "locf"}, "censor, use, no_use, last_value"),
        ({"missing": None}, "Found: missing=None"),
        ({"evidence": ["drug_test"]}, "either, self_report, drug_test"),
        (
            {"refused": "positive"},
            "The refused of a relapse rule must be one of missing, use, as_rep",
        ),
        ({"use_weeks": 0}, "use_weeks must be a whole number of at least 1"),
        ({"window_weeks": 4.0}, "window_weeks must be a whole number"),
        ({"week_days": True}, "week_days must be a whole number"),
        ({"lost_after": -1}, "lost_after must be a whole number of at least 0"),
        ({"use_weeks": 5}, "more weeks with use than weeks"),
        (
            {"competing": ("died", "relapse")},
            "The competing of a relapse rule must be one of completed",
        ),
        ({"competing": ["lost"]}, "Found: competing='lost'"),
    ],
)
def test_a_rule_that_is_none_is_refused_when_it_is_made(options, says):
    with pytest.raises(RuleError, match=says):
        RelapseRule(**options)


def test_what_the_rule_needs_must_have_been_read():
    episodes = pd.DataFrame({"episode_id": ["a"], "admit_day": 0})
    seen = iop.read_records(episodes=episodes, checkins=checkins_of({"a": "7-"}), as_of=9)
    with pytest.raises(MissingTableError, match="first attended session needs the attendance"):
        time_to_relapse(seen, RelapseRule(origin="first_session"))
    attendance = pd.DataFrame({"episode_id": ["a"], "day": [1], "status": ["attended"]})
    came = iop.read_records(episodes=episodes, attendance=attendance, as_of=9)
    with pytest.raises(MissingTableError, match="Time to relapse needs the checkins"):
        time_to_relapse(came)


def test_what_is_no_records_and_no_rule_is_refused():
    with pytest.raises(RuleError, match="str in place of Records"):
        time_to_relapse("data")
    with pytest.raises(RuleError, match="str in place of RelapseRule"):
        time_to_relapse(records_of({"a": "7-"}), "first_use")


def test_a_covariate_named_as_a_result_is_refused_rather_than_lost():
    with pytest.raises(RuleError, match="a column named event"):
        time_to_relapse(records_of({"a": "7-"}, event=1))


ROWS = st.lists(st.tuples(st.integers(-5, 45), st.sampled_from(sorted(SIGNS))), max_size=14)
RULES = st.builds(
    lambda definition, window, needed, **options: RelapseRule(
        definition, use_weeks=min(needed, window), window_weeks=window, **options
    ),
    st.sampled_from(["first_use", "k_of_n_weeks"]),
    st.integers(1, 4),
    st.integers(1, 4),
    missing=st.sampled_from(ALL_MISSING),
    evidence=st.sampled_from(["either", "self_report", "drug_test"]),
    refused=st.sampled_from(["missing", "use", "as_reported"]),
    week_days=st.sampled_from([3, 7]),
    origin=st.sampled_from(sorted(START)),
)


@settings(deadline=None, max_examples=10)
@given(st.lists(ROWS, min_size=1, max_size=6), RULES, st.integers(20, 50))
def test_all_episodes_at_once_are_each_episode_by_itself(people, rule, followed):
    texts = {
        str(number): " ".join(f"{day}{sign}" for day, sign in rows)
        for number, rows in enumerate(people)
    }
    if not any(texts.values()):
        return  # a check-in table without rows is not read
    times = time_to_relapse(records_of(texts, rule.origin, followed), rule)
    columns = times[list(Time._fields)].astype(object)
    results = [Time(*row) for row in columns.where(columns.notna(), None).itertuples(index=False)]
    assert results == [plain_time(history_of(rows, rule.origin, followed), rule) for rows in people]
    assert (times["days"] <= followed).all()
    assert (times["clear_until"] < times["days"])[times["event"]].all()
    assert ((times["ended_by"] == "relapse") == times["event"]).all()


@settings(deadline=None, max_examples=10)
@given(ROWS.filter(bool), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows, random):
    other = rows.copy()
    random.shuffle(other)
    texts = [" ".join(f"{day}{sign}" for day, sign in each) for each in (rows, other)]
    first, second = (told(time_to_relapse(records_of({"a": text}))) for text in texts)
    assert first == second
