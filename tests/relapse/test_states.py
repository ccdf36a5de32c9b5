"""Histories of states from records, as specifications in small tables of text.

A check-in is a day and a sign: ``-`` no use, ``+`` use, ``o`` missed, ``?`` completed without an
answer, ``_`` not due; two days with ``..`` between are these and every seventh between them. Then
the day of discharge and its reason, if any. A history is the states with the day on which each
ends; ``|`` at its end: only cut off. Everyone is followed for 100 days.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import MissingTableError, RuleError
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.relapse.course.recurrences import RECOVERED, recurrent_relapses
from iop_outcomes.relapse.course.states import state_histories
from iop_outcomes.shared.vocabulary import STATES
from tests.helpers.of_the_sample import records_of_the_sample

SIGNS = {
    "-": ("completed", "no"),
    "+": ("completed", "yes"),
    "o": ("missed", None),
    "?": ("completed", None),
    "_": ("not_due", None),
}
BY_WEEK = RelapseRule("k_of_n_weeks", missing="last_value_to_last_contact")


def records_of(
    rows: list[str], sessions: dict[int, str] | None = None, **columns: object
) -> iop.Records:
    episodes, checkins = [], []
    for number, text in enumerate(rows):
        left = re.search(r"out(\d+)(?: (\w+))?", text)
        died = left is not None and left[2] == "died"
        episodes.append(
            {
                "episode_id": f"E{number}",
                "admit_day": 0,
                "discharge_day": left[1] if left else None,
                "discharge_reason": (left[2] or "completed") if left else None,
                "followed_until_day": int(left[1]) if left and died else 100,
            }
        )
        for first, last, sign in re.findall(r"(?<!\S)(-?\d+)(?:\.\.(\d+))?([-+o?_])", text):
            for day in range(int(first), int(last or first) + 1, 7):
                checkins.append((f"E{number}", day, *SIGNS[sign]))
    came = [
        (f"E{number}", int(day), "group", "attended" if sign == "a" else "no_show")
        for number, text in (sessions or {}).items()
        for day, sign in re.findall(r"(\d+)([an])", text)
    ]
    columns_of = ["episode_id", "day", "status", "used"]
    attendance = pd.DataFrame(came, columns=["episode_id", "day", "service", "status"])
    return iop.read_records(
        episodes=pd.DataFrame(episodes).assign(**columns),
        checkins=pd.DataFrame(checkins, columns=columns_of).astype({"used": object}),
        attendance=attendance if sessions is not None else None,
        as_of=400,
    )


def told(histories: pd.DataFrame, rows: int = 1) -> list[str]:
    results = []
    for number in range(rows):
        own = histories[histories["episode_id"] == f"E{number}"]
        assert (own["entry"].to_numpy()[1:] == own["days"].to_numpy()[:-1]).all()
        text = " ".join(f"{row.state} {row.days}" for row in own.itertuples())
        last = own["next_state"].iloc[-1] if len(own) else None
        results.append(text + (" |" if pd.isna(last) else f" {last}"))
    return results


def cases(text: str) -> list[list[str]]:
    """Return name, check-ins and expected history of each line, "name: check-ins => history"."""
    return [
        [cell.strip() for cell in re.split(r": |=>", line)] for line in text.strip().splitlines()
    ]


DEFAULT = """
clear all the time: 7..98- => engaged 100 |
a lapse, then 28 clear days: 7- 14+ 21..77- => engaged 14 lapsed 42 recovered 100 |
clear for 27 days only: 7- 14+ 21..42- 41- 42+ 49+ 56..77- => engaged 14 lapsed 77 recovered 100 |
four weeks in a row: 7..28+ 35..77- => engaged 7 lapsed 28 relapsed 56 recovered 100 |
a lapse after recovering: 7+ 14..35- 42..70+ => \
engaged 7 lapsed 35 recovered 42 lapsed 63 relapsed 100 |
use before admission is none of it: -9+ 0+ 7- => engaged 38 lost 100 |
a missed week takes the last value: 7+ 14o 21..28+ 35- => engaged 7 lapsed 28 relapsed 66 lost 100 |
silent to the end: 7- 14- => engaged 45 lost 100 |
silent, and seen at last: 7- 14- 99- => engaged 45 lost 99 engaged 100 |
30 days unseen are not lost: 7- 38- 69- 100- => engaged 100 |
31 are: 7- 39- 70- 100- => engaged 38 lost 39 engaged 100 |
out of sight, and missed: 7..14- 21..49o => engaged 45 lost 100 |
and seen again: 7..14- 21..49o 56- => engaged 45 lost 56 engaged 87 lost 100 |
seen again with use: 7..14- 21..49o 56+ => engaged 45 lost 56 lapsed 87 lost 100 |
filled in when seen again: 7+ 14o 21o 28o 35- 63- 91- => \
engaged 7 lapsed 35 relapsed 63 recovered 100 |
a lapse, lost, and seen again: 7+ 14..42o 49- 77- => \
engaged 7 lapsed 38 lost 49 relapsed 77 recovered 100 |
clear, lost, and clear again: 7+ 14- 21..42o 49..77- => \
engaged 7 lapsed 45 lost 49 recovered 100 |
the clear days count from the return: 7..14- 21+ 28..63o 70..98- => \
engaged 21 lapsed 52 lost 70 relapsed 98 recovered 100 |
missed once, not for long: 7- 14o 21- 28o 35- 63- 91- => engaged 100 |
nothing due, but not said so: 7- => engaged 38 lost 100 |
a week without a check-in is silence: 7- 70- => engaged 38 lost 70 engaged 100 |
missed at last: 7- 60o => engaged 38 lost 100 |
not due is not silence: 7- 14..63_ 70- => engaged 100 |
not due brings nobody back: 7- 60..95_ => engaged 38 lost 100 |
completed without an answer is seen: 7- 14..98? => engaged 100 |
never asked: 7_ => lost 100 |
never seen: => lost 100 |
never seen, and missed: 7..35o => lost 100 |
seen on the last day that is borne: 31- 60- 90- => engaged 100 |
seen too late to have been engaged before: 32- 60- 90- => lost 32 engaged 100 |
not due until seen: 7..28_ 35- 60- 90- => engaged 100 |
left, and clear: 7..98- out30 => engaged 30 discharged 100 |
left on the first day: 7- out0 => discharged 100 |
never seen, and left: out30 => lost 30 discharged 100 |
left, use, nobody asks: 7..28- 35+ out30 => engaged 30 discharged 35 lapsed 66 discharged 100 |
left, use, missed: 7..28- 35+ 42o out30 => engaged 30 discharged 35 lapsed 66 lost 100 |
missed before leaving only: 14- 21o out24 => engaged 24 discharged 100 |
missed before leaving and after: 14- 21o 35o out24 => engaged 24 discharged 45 lost 100 |
lost, then left: 7- out60 => engaged 38 lost 60 discharged 100 |
use, then left: 7- 14..84+ out30 dropped_out => engaged 14 lapsed 35 relapsed 100 |
recovered stays so while asked: 7+ 14..84- out30 => engaged 7 lapsed 35 recovered 100 |
a later check-in makes no one asked: 7..28- 98- out30 => engaged 30 discharged 100 |
died: 7..14- out40 died => engaged 40 dead
lost, then died: 7..14- out80 died => engaged 45 lost 80 dead
died after a lapse: 7- 14+ out40 died => engaged 14 lapsed 40 dead
died on the first day: 0- out0 died => engaged 1 dead
died and never seen: out9 died => lost 9 dead
use on the last day: 7..98- 100+ => engaged 100 lapsed
"""


@pytest.mark.parametrize(("why", "rows", "expected"), cases(DEFAULT))
def test_the_states_of_one_episode(why: str, rows: str, expected: str) -> None:
    assert told(state_histories(records_of([rows]), BY_WEEK)) == [expected], why


def test_the_default_rule_is_four_weeks_and_the_last_value_to_the_last_contact() -> None:
    records = records_of(["7+ 14o 21..28+ 35- 42o"])
    pd.testing.assert_frame_equal(state_histories(records), state_histories(records, BY_WEEK))
    assert state_histories(records).attrs == state_histories(records, BY_WEEK).attrs


MISSING = """
censor: 7- 14..21+ 28o 35- => engaged 14 lapsed 21 |
censor: 7- 14_ 21o => engaged 7 |
censor: 7- => engaged 38 lost 100 |
censor: 7- 14o out10 incarcerated => engaged 10 discharged
censor: 7- 14o out10 completed => engaged 7 |
use: 7- 14..35o 42- => engaged 14 lapsed 35 relapsed 73 lost 100 |
use: 7- 42- => engaged 38 lost 42 relapsed 73 lost 100 |
no_use: 7+ 14..49o => engaged 7 lapsed 35 recovered 80 lost 100 |
no_use: 7..98o => lost 100 |
last_value: 7- 14+ 21..98o => engaged 14 lapsed 35 relapsed 100 |
last_value: 7- 14- => engaged 45 lost 100 |
drop: 7- 14+ 21o 28+ 35o 42+ 49o 56+ => engaged 14 lapsed 56 relapsed 87 lost 100 |
drop: 7- 14+ 21..49o => engaged 14 lapsed 45 lost 100 |
"""


@pytest.mark.parametrize(("missing", "rows", "expected"), cases(MISSING))
def test_missed_check_ins_are_what_the_rule_says(missing: str, rows: str, expected: str) -> None:
    rule = RelapseRule("k_of_n_weeks", missing=missing)
    assert told(state_histories(records_of([rows]), rule)) == [expected]


def test_under_first_use_nobody_lapses_and_it_is_said() -> None:
    rule = RelapseRule(missing="last_value_to_last_contact")
    histories = state_histories(records_of(["7- 14+ 21..42- 49..98+"]), rule)
    assert told(histories) == ["engaged 14 relapsed 42 recovered 49 relapsed 100 |"]
    assert "there is no state lapsed" in histories.attrs["rule"]
    assert "there is no state lapsed" not in state_histories(records_of(["7-"])).attrs["rule"]


def test_days_of_use_in_a_row() -> None:
    daily = " ".join(f"{day}{'+' if 21 <= day <= 27 else '-'}" for day in range(1, 100))
    histories = state_histories(records_of([daily]), RelapseRule("x_bot"))
    # The week of day 21 shows use on its last day; the seventh day of use is day 27. Use of
    # week 4 counts on its last day, 28, after which 28 days are clear on day 56.
    assert told(histories) == ["engaged 21 lapsed 27 relapsed 56 recovered 100 |"]


def test_who_attends_is_not_lost() -> None:
    missed = "7- 14..63o"
    without = state_histories(records_of([missed]))
    assert told(without) == ["engaged 38 lost 100 |"]
    came = records_of([missed], {0: "10a 30a 50n"})
    assert told(state_histories(came)) == ["engaged 61 lost 100 |"]
    # Nor is who attends and is never asked; who was only expected never came.
    rows = ["7_", "7_"]
    came = records_of(rows, {0: "10a 40a 70a 95a", 1: "10n 40n"})
    assert told(state_histories(came), 2) == ["engaged 100 |", "lost 100 |"]


def test_a_later_check_in_does_not_change_what_a_day_is_said_to_be() -> None:
    # Four weeks, three of them filled in: a relapse from the day on which that is known.
    before = state_histories(records_of(["7+ 14o 21o 28o"]))
    after = state_histories(records_of(["7+ 14o 21o 28o 35-"]))
    assert told(before) == ["engaged 7 lapsed 38 lost 100 |"]
    assert told(after) == ["engaged 7 lapsed 35 relapsed 66 lost 100 |"]
    times = time_to_relapse(records_of(["7+ 14o 21o 28o 35-"]), BY_WEEK)
    assert times[["days", "rests_on_missing"]].to_numpy().tolist() == [[28, True]]
    for histories in (before, after):
        assert "is based on what was recorded up to that day" in histories.attrs["rule"]


def test_who_was_never_seen_and_not_followed_for_long_is_left_out() -> None:
    records = records_of(["7-", "", "out20", "7o"], followed_until_day=[100, 30, 30, 31])
    histories = state_histories(records)
    assert told(histories, 4) == [
        "engaged 38 lost 100 |", " |", "lost 20 discharged 30 |", "lost 31 |"
    ]  # fmt: skip
    assert histories.attrs["not_followed"] == 1


def test_other_origins() -> None:
    rows = ["7- 14+ 21- 42- out30"]
    records = records_of(rows, {0: "2n 10a 20a"})
    after = state_histories(records, RelapseRule("first_use", "first_session", "drop"))
    assert told(after) == ["engaged 4 relapsed 32 recovered 63 discharged 90 |"]
    left = state_histories(records_of(["7- 14+ 37- 44+ out30"]), RelapseRule(origin="discharge"))
    assert told(left) == ["discharged 14 relapsed 45 discharged 70 |"]
    still = state_histories(records_of(["7-", "37- out30"]), RelapseRule(origin="discharge"))
    assert told(still, 2)[1] == "discharged 70 |"
    assert still.attrs["not_started"] == 1
    assert "1 episode with no discharge left out" in still.attrs["rule"]


def test_columns_and_what_is_left_out() -> None:
    records = records_of(
        ["7- 14+ out60", "7o"], track=["day", "evening"], followed_until_day=[90, 80]
    )
    histories = state_histories(records, RelapseRule())
    assert list(histories.columns) == [
        "episode_id", "person_id", "program", *records.episodes.columns.intersection(
            ["level", "entry_path", "admission_number", "track"], sort=False
        ), "state", "entry", "days", "next_state",
    ]  # fmt: skip
    assert histories["state"].cat.categories.tolist() == list(STATES)
    assert histories["next_state"].cat.categories.tolist() == list(STATES)
    assert histories["entry"].dtype == histories["days"].dtype == np.int32
    # Under "censor" nothing is known of who missed the first check-in.
    assert histories["episode_id"].unique().tolist() == ["E0"]
    assert histories.attrs["not_followed"] == 1
    assert "1 episode not seen after the first day left out" in histories.attrs["rule"]
    assert histories.attrs["synthetic"] is False
    assert histories["days"].max() == 90


def test_a_relapse_that_is_filled_in_is_told_when_the_person_is_seen_again() -> None:
    rule = RelapseRule("x_bot", missing="last_value_to_last_contact")
    records = records_of(["1- 2- 3- 4+ 43-"])
    assert recurrent_relapses(records, rule).query("event")["days"].tolist() == [42]
    # Day 43 lies in week 7, which is known at its end.
    assert told(state_histories(records, rule)) == [
        "engaged 7 lapsed 35 lost 43 lapsed 49 relapsed 74 lost 100 |"
    ]


def test_refusals() -> None:
    records = records_of(["7- 14+"])
    for clear_days in (0, 2.5, True, "28"):
        with pytest.raises(RuleError, match="clear_days must be a whole number"):
            state_histories(records, clear_days=clear_days)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="a definition of dropout counts missed weeks"):
        state_histories(records, RelapseRule("ctn_0094_dropout"))
    with pytest.raises(RuleError, match="column named state"):
        state_histories(records_of(["7-"], state="Ohio"))
    attendance = pd.DataFrame({"episode_id": ["E0"], "day": 1, "status": "attended"})
    episodes = pd.DataFrame({"episode_id": ["E0"], "admit_day": [0], "followed_until_day": [9]})
    with pytest.raises(MissingTableError):
        state_histories(iop.read_records(episodes=episodes, attendance=attendance, as_of=9))


checkin_days = st.lists(st.integers(1, 99), unique=True, max_size=16).map(sorted)


def is_delayed(rule: RelapseRule) -> bool:
    """Tell whether a missing unit may be known to be one only after it."""
    return rule.missing == "last_value_to_last_contact" or (rule.by_week and rule.fills)


@st.composite
def episode(draw: st.DrawFn) -> str:
    text = " ".join(f"{day}{draw(st.sampled_from('--++oo?_'))}" for day in draw(checkin_days))
    if draw(st.booleans()):
        text += f" out{draw(st.integers(0, 100))} {draw(st.sampled_from(['completed', 'other']))}"
    return text


RULES = st.builds(
    RelapseRule,
    definition=st.sampled_from(["first_use", "k_of_n_weeks", "x_bot"]),
    missing=st.sampled_from(
        ["censor", "use", "no_use", "last_value", "last_value_to_last_contact", "drop"]
    ),
    use_weeks=st.integers(1, 3),
    window_weeks=st.integers(3, 8),
    lost_after=st.sampled_from([10, 30]),
)


@given(rows=st.lists(episode(), min_size=1, max_size=5), rule=RULES)
@settings(max_examples=10)
def test_the_first_relapse_is_that_of_time_to_relapse_once_it_is_known(
    rows: list[str], rule: RelapseRule
) -> None:
    records = records_of(rows)
    histories = state_histories(records, rule)
    times = time_to_relapse(records, rule).set_index("episode_id")
    relapsed = histories[histories["next_state"] == "relapsed"]
    first = relapsed.groupby("episode_id", observed=True)["days"].min()
    expected = times[times["event"]]
    # A relapse and the recovery from it may become known on one day.
    hidden = set(expected.index) - set(first.index)
    recovered = set(histories.loc[histories["next_state"] == "recovered", "episode_id"])
    assert set(first.index) <= set(expected.index)
    assert hidden <= recovered
    assert not hidden or is_delayed(rule)
    day = expected["days"].reindex(first.index)
    assert (first >= day).all()
    seen = ~expected["rests_on_missing"].reindex(first.index).astype(bool)
    assert (first == day)[seen].all()
    if not is_delayed(rule):
        assert first.to_dict() == expected["days"].to_dict()

    # Stays follow each other without a gap, from day 0 to the end of what is known.
    for _, own in histories.groupby("episode_id", observed=True):
        assert own["entry"].iloc[0] == 0
        assert (own["days"] > own["entry"]).all()
        assert (own["entry"].to_numpy()[1:] == own["days"].to_numpy()[:-1]).all()
        assert (own["state"].to_numpy()[1:] == own["next_state"].to_numpy()[:-1]).all()
        assert (own["state"].to_numpy() != own["next_state"].to_numpy()).all()


def state_on(histories: pd.DataFrame, episode: str, day: int) -> str | None:
    own = histories[histories["episode_id"] == episode]
    own = own[(own["entry"] <= day) & (day < own["days"])]
    return None if own.empty else str(own["state"].iloc[0])


def up_to(text: str, day: int) -> str:
    """Return an episode without what came after a day."""
    parts = re.findall(r"out\d+ \w+|-?\d+[-+?o_]", text)
    return " ".join(part for part in parts if int(re.sub(r"[^\d]", "", part)) <= day)


@settings(max_examples=10)
@given(
    rows=st.lists(episode(), min_size=1, max_size=4),
    sessions=st.lists(checkin_days, max_size=4),
    rule=RULES,
    clear_days=st.sampled_from([7, 28]),
    day=st.integers(0, 99),
)
def test_the_state_of_a_day_rests_on_nothing_that_came_after_it(
    rows: list[str], sessions: list[list[int]], rule: RelapseRule, clear_days: int, day: int
) -> None:
    came = {number: list(days) for number, days in enumerate(sessions[: len(rows)])}

    def told_by(last: int) -> pd.DataFrame:
        known = {
            number: " ".join(f"{each}a" for each in days if each <= last)
            for number, days in came.items()
        }
        records = records_of([up_to(row, last) for row in rows], {**known, len(rows): "0a"})
        return state_histories(records, rule, clear_days=clear_days)

    whole, early = told_by(100), told_by(day)
    for number, row in enumerate(rows):
        full = state_on(whole, f"E{number}", day)
        seen = [int(each) for each in re.findall(r"(?<!\S)(\d+)[-+?]", row)] + came.get(number, [])
        if full is None:
            # What is cut back at a check-in missed later is told no more.
            assert rule.missing == "censor" or not seen
        elif full == "engaged" and min(seen) > day:
            # Whether somebody came at all in the first days is said once it is known.
            assert day <= min(seen) - 1 <= rule.lost_after or "_" in row
        else:
            assert full == state_on(early, f"E{number}", day)


def agree(records: iop.Records, rule: RelapseRule, clear_days: int = 28) -> int:
    """Hold histories against recurrent relapses; return how many recoveries are told in one only.

    What differs, and why: a recovery on the last day known is a state that goes on to the end of
    the follow-up, but has no time at risk of the next relapse after it. Under rules that fill in
    weeks, or what lies before the last contact, histories tell it when it is known, and tell of
    several changes that become known on a day the last.
    """
    histories = state_histories(records, rule, clear_days=clear_days)
    # Back from lost, or asked again after discharge, is no new relapse.
    state = histories["state"].astype(object)
    state = state.where(state.isin(["lapsed", "relapsed", "recovered"]))
    state = state.groupby(histories["episode_id"], observed=True).ffill()
    new = (histories["next_state"] == "relapsed") & (state != "relapsed")
    recovery = (histories["next_state"] == "recovered") & (state == "relapsed")
    times = recurrent_relapses(records, rule, clear_days=clear_days)
    told, recovered = days_of(histories[recovery]), days_of(times[times["ended_by"] == RECOVERED])
    if is_delayed(rule):
        fewer = new.groupby(histories["episode_id"], observed=True).sum()
        events = times["event"].groupby(times["episode_id"], observed=True).sum()
        assert (fewer <= events.reindex(fewer.index)).all()
        return len(told)
    assert days_of(histories[new]) == days_of(times[times["event"]])
    assert recovered <= told
    last = times.drop_duplicates("episode_id", keep="last")
    assert told - recovered <= days_of(last[~last["at_risk"]])
    return len(told - recovered)


def days_of(frame: pd.DataFrame) -> set[tuple[str, int]]:
    return set(zip(frame["episode_id"].astype(str), frame["days"].tolist(), strict=True))


@given(
    rows=st.lists(episode(), min_size=1, max_size=5),
    sessions=st.lists(checkin_days, max_size=5),
    rule=RULES,
    clear_days=st.sampled_from([7, 14, 28]),
)
@settings(max_examples=10)
def test_all_relapses_are_those_of_recurrent_relapses(
    rows: list[str], sessions: list[list[int]], rule: RelapseRule, clear_days: int
) -> None:
    came = {
        number: " ".join(f"{day}a" for day in days)
        for number, days in enumerate(sessions[: len(rows)])
    }
    agree(records_of(rows, came if any(came.values()) else None), rule, clear_days)


@pytest.mark.parametrize(
    "rule",
    [
        RelapseRule(missing="drop"),
        RelapseRule("k_of_n_weeks", missing="drop"),
        RelapseRule("k_of_n_weeks", missing="drop", use_weeks=2),
        RelapseRule("k_of_n_weeks", missing="last_value"),
    ],
    ids=lambda rule: f"{rule.name} {rule.missing} {rule.use_weeks}",
)
def test_on_the_sample_too(rule: RelapseRule) -> None:
    assert agree(records_of_the_sample(), rule) > 0


def test_the_sample_goes_through() -> None:
    records = records_of_the_sample()
    histories = state_histories(records)
    assert set(histories["state"].cat.remove_unused_categories().cat.categories) == set(STATES) - {
        "dead"
    }
    assert (
        histories["next_state"].isin(["dead"]).sum()
        == (records.episodes["discharge_reason"] == "died").sum()
    )
    assert histories.attrs["synthetic"]
    assert histories["episode_id"].nunique() == len(records.episodes)
