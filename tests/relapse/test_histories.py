"""Hand-made histories against the rules said plainly, and the functions against each other.

The histories (`made_histories`) hold every order of clear, use, missed, refused, not due and
nothing in four weeks, with discharges by each reason, deaths, readmissions and data cuts drawn
beside them. All are read at once; `slow_rules`, `slow_states` and `slow_words` judge each by
itself.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.attendance import engagement
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.relapse.course.recurrences import recurrent_relapses
from iop_outcomes.relapse.course.states import state_histories
from tests.attendance.test_engagement import plainly
from tests.helpers.made_histories import made_histories, read
from tests.helpers.slow_rules import History, Stretch, Time, known_of, plain_stretches, plain_time
from tests.helpers.slow_states import Stay, plain_stays
from tests.helpers.slow_words import plain_word

HISTORIES = made_histories(3000, seed=8)
MISSING = ("censor", "use", "no_use", "last_value", "last_value_to_last_contact", "drop")
ORIGINS = ("admission", "first_session", "discharge")
DEFINITIONS: list[dict[str, Any]] = [
    {"definition": "first_use"},
    {"definition": "first_use", "lost_after": 5, "evidence": "drug_test"},
    {"definition": "first_use", "refused": "use", "competing": ("dropped_out", "discharged")},
    {"definition": "first_use", "refused": "as_reported", "competing": (), "lost_after": 0},
    {"definition": "k_of_n_weeks"},
    {"definition": "k_of_n_weeks", "use_weeks": 2, "window_weeks": 3, "evidence": "self_report"},
    {"definition": "k_of_n_weeks", "use_weeks": 2, "window_weeks": 2, "week_days": 14},
    {"definition": "k_of_n_weeks", "use_weeks": 1, "window_weeks": 1, "competing": "completed"},
    {"definition": "first_heavy_day", "heavy_from": 2},
    {"definition": "x_bot"},
    {"definition": "lee_2016", "refused": "as_reported"},
]
RULES = [
    RelapseRule(missing=missing, origin=ORIGINS[(first + second) % 3], **options)
    for (first, options), (second, missing) in product(enumerate(DEFINITIONS), enumerate(MISSING))
]


@pytest.fixture(scope="module")
def records() -> iop.Records:
    return read(HISTORIES)


def drawn(number: int, seed: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(len(HISTORIES)), number))


def part(records: iop.Records, places: Iterable[int]) -> iop.Records:
    return records.subset(np.isin(np.arange(len(HISTORIES)), list(places)))


def plain(value: Any) -> Any:
    return None if pd.isna(value) else value


def times_of(frame: pd.DataFrame) -> dict[str, Time]:
    """Return the rows of `time_to_relapse` by episode."""
    rows = frame[list(Time._fields)].itertuples(index=False)
    return {
        name: Time(*map(plain, row)) for name, row in zip(frame["episode_id"], rows, strict=True)
    }


def rows_of(frame: pd.DataFrame, kind: type[Stretch] | type[Stay]) -> dict[str, list[Any]]:
    """Return the rows of `recurrent_relapses` or `state_histories` by episode."""
    result: dict[str, list[Any]] = defaultdict(list)
    rows = frame[list(kind._fields)].itertuples(index=False)
    for name, row in zip(frame["episode_id"], rows, strict=True):
        result[name].append(kind(*map(plain, row)))
    return result


def name_of(rule: RelapseRule) -> str:
    return f"{rule.name} {rule.missing} {rule.origin}"


# --- against the plain rules ----------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(RULES)), ids=lambda number: name_of(RULES[number]))
def test_each_history_is_what_the_plain_rules_make_of_it(records: iop.Records, number: int) -> None:
    rule, places = RULES[number], drawn(80, seed=number)
    clear_days = (7, 14, 28)[number % 3]
    own = part(records, places)
    times = times_of(time_to_relapse(own, rule))
    stretches = rows_of(recurrent_relapses(own, rule, clear_days=clear_days), Stretch)
    stays = rows_of(state_histories(own, rule, clear_days=clear_days), Stay)
    for place in places:
        history, name = HISTORIES[place], f"E{place}"
        assert times.get(name) == plain_time(history, rule), (history, rule)
        assert stretches[name] == plain_stretches(history, rule, clear_days), (history, rule)
        assert stays[name] == plain_stays(history, rule, clear_days), (history, rule)


def test_dropout_is_what_the_plain_rules_make_of_it(records: iop.Records) -> None:
    rule = RelapseRule("ctn_0094_dropout")
    places = drawn(600, seed=999)
    times = times_of(time_to_relapse(part(records, places), rule))
    assert sum(time.event for time in times.values()) > 20
    for place in places:
        assert times[f"E{place}"] == plain_time(HISTORIES[place], rule), HISTORIES[place]


WORDS: list[dict[str, Any]] = [
    {"start": start, "weeks": weeks, "unit": unit, "unfinished": unfinished, **sources}
    for place, (start, weeks, sources) in enumerate(
        product(
            ORIGINS,
            (5, (-1, 4), None),
            (
                {"sources": "drug_test", "refused": "use"},
                {"sources": "self_report"},
                {"disagreement": "use", "refused": "as_reported"},
                {"disagreement": "drug_test"},
                {"disagreement": "self_report", "refused": "use"},
                {"disagreement": "mixed"},
            ),
        )
    )
    for unit, unfinished in [(("week", "day")[place % 2], ("missed", "not_due")[place // 2 % 2])]
]


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_each_word_is_what_the_plain_rules_make_of_it(records: iop.Records, number: int) -> None:
    options, places = WORDS[number], drawn(60, seed=1000 + number)
    words = iop.use_patterns(part(records, places), **options)
    for place in places:
        assert plain(words[f"E{place}"]) == plain_word(HISTORIES[place], **options), (
            HISTORIES[place],
            options,
        )


def test_the_engagement_of_each_is_what_the_plain_rules_make_of_it(records: iop.Records) -> None:
    own = part(records, drawn(200, seed=2000))
    table, expected = engagement(own), pd.DataFrame(plainly(own, 9.0), dtype=object)
    for name in expected:
        np.testing.assert_allclose(
            table[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            pd.to_numeric(expected[name].astype(object)).to_numpy(dtype=float),
            rtol=1e-12,
            err_msg=name,
        )


# --- against each other ---------------------------------------------------------------------------


def state_of_each_day(stays: list[Stay]) -> dict[int, str]:
    """Return the state of each day of a history; its last day has the state entered on it."""
    states = {day: stay.state for stay in stays for day in range(stay.entry, stay.days)}
    if stays:
        states[stays[-1].days] = stays[-1].next_state or stays[-1].state
    return states


TOGETHER = [
    RelapseRule(definition, ORIGINS[(first + second) % 3], missing)
    for (first, definition), (second, missing) in product(
        enumerate(("first_use", "k_of_n_weeks", "x_bot")), enumerate(MISSING)
    )
]


@pytest.mark.parametrize("number", range(len(TOGETHER)), ids=lambda n: name_of(TOGETHER[n]))
def test_times_relapses_and_states_tell_one_story(records: iop.Records, number: int) -> None:
    rule = TOGETHER[number]
    own = part(records, drawn(120, seed=3000 + number))
    times = times_of(time_to_relapse(own, rule))
    stretches = rows_of(recurrent_relapses(own, rule), Stretch)
    stays = rows_of(state_histories(own, rule), Stay)
    assert set(stays) <= set(times) == set(stretches)
    for name, time in times.items():
        history = HISTORIES[int(name[1:])]
        first, last = stretches[name][0], stretches[name][-1]
        assert (first.days, first.event, first.clear_until) == time[1:3] + time[:1], history
        assert (first.ended_by, first.ended_on) == (time.ended_by, time.ended_on), history
        states = state_of_each_day(stays[name])
        if not states:
            continue
        end = states[max(states)]
        relapsed = [day for day, state in states.items() if state == "relapsed"]
        died_then = end == "dead" and time.days == max(states)
        assert bool(relapsed) == time.event or died_then, history
        assert min(relapsed, default=10**6) >= time.days or not time.event, history
        if last.ended_by == "lost" and history.left is None:
            assert end == "lost", history
        known = known_of(history, rule)
        assert known is not None
        # Who never came is lost as a state; what missed check-ins are is the rule's to say.
        if end == "lost" and (known.seen or not rule.fills) and last.ended_by != history.reason:
            assert last.ended_by in ("lost", "no_check_in", "relapse"), history
        if time.competing_end == "died":
            assert end == "dead", history
        elif time.competing_end is not None:
            assert states[int(time.competing_on)] in ("discharged", "lapsed", "recovered"), history


@pytest.mark.parametrize("missing", ["censor", "use", "no_use"])
def test_weeks_of_times_and_symbols_of_words_tell_one_story(
    records: iop.Records, missing: str
) -> None:
    """The word up to the last day known meets two weeks of four exactly where the time does."""
    own = part(records, drawn(400, seed=7000))
    rule = RelapseRule("k_of_n_weeks", missing=missing, use_weeks=2, window_weeks=4)
    words = iop.use_patterns(own, weeks=None)
    use = "+*o" if missing == "use" else "+*"
    for name, time in times_of(time_to_relapse(own, rule)).items():
        weeks = -(-time.days // 7)
        word = plain(words[name]) or ""
        known = word[:weeks]
        assert len(known) == weeks, (name, word)
        assert missing != "censor" or "o" not in known, (name, word)
        met = [
            week
            for week in range(1, weeks + 1)
            if sum(symbol in use for symbol in word[max(week - 4, 0) : week]) >= 2
        ]
        assert met == ([weeks] if time.event else []), (name, word, time)


def rows_to(history: History, day: int, *, exported: bool = False) -> History:
    """Return what was known of a history on a day; exported then, that is its data cut too."""
    left = history.discharge is not None and history.discharge <= day
    return replace(
        history,
        checkins=tuple(row for row in history.checkins if row[0] <= day),
        sessions=tuple(row for row in history.sessions if row[0] <= day),
        discharge=history.discharge if left else None,
        reason=history.reason if left else None,
        cut=min(history.cut, day) if exported else history.cut,
    )


@pytest.mark.parametrize("number", range(len(MISSING)), ids=MISSING)
def test_what_comes_later_does_not_change_what_was_known(number: int) -> None:
    draw = random.Random(number)
    late = [HISTORIES[place] for place in drawn(100, seed=4000 + number)]
    cuts = [draw.randint(1, 70) for _ in late]
    rows = [rows_to(history, cut) for history, cut in zip(late, cuts, strict=True)]
    export = [rows_to(history, cut, exported=True) for history, cut in zip(late, cuts, strict=True)]
    before, after, then = read(rows), read(late), read(export)
    for definition in ("first_use", "x_bot" if number % 2 else "k_of_n_weeks"):
        rule = RelapseRule(definition, missing=MISSING[number])
        first, second = (
            times_of(time_to_relapse(before, rule)),
            times_of(time_to_relapse(after, rule)),
        )
        histories = [rows_of(state_histories(each, rule), Stay) for each in (before, then, after)]
        for place, (history, cut) in enumerate(zip(late, cuts, strict=True)):
            name, last = f"E{place}", min(cut, history.end)
            if first[name].event and first[name].days <= last:
                assert second[name][:3] == first[name][:3], (history, cut)
            facts = known_of(history, rule)
            assert facts is not None
            by_rows, by_export, now = (state_of_each_day(each[name]) for each in histories)
            for day in range(last + 1):
                if day not in now or not (
                    day > rule.lost_after or min(facts.seen, default=99) <= last
                ):
                    continue  # whether somebody came at all is told in retrospect
                assert by_rows.get(day, now[day]) == now[day], (history, cut, day)
                # On the day of the data cut itself a week is cut short.
                if day < last:
                    assert by_export.get(day, now[day]) == now[day], (history, cut, day)


@pytest.mark.parametrize("number", range(0, len(RULES), 13))
def test_an_episode_by_itself_is_as_it_is_among_others(records: iop.Records, number: int) -> None:
    rule, places = RULES[number], drawn(100, seed=5000 + number)
    single = {place: read([HISTORIES[place]]) for place in places[:3]}
    for function in (time_to_relapse, recurrent_relapses, state_histories):
        among = function(part(records, places), rule)
        for place, by_itself in single.items():
            alone = function(by_itself, rule)
            own = among[among["episode_id"] == f"E{place}"]
            columns = alone.columns.drop(["episode_id", "person_id", "admission_number"])
            pd.testing.assert_frame_equal(
                alone[columns].reset_index(drop=True),
                own[columns].reset_index(drop=True),
                check_categorical=False,
            )


def test_the_order_of_rows_does_not_matter() -> None:
    some = [HISTORIES[place] for place in drawn(150, seed=6000)]
    one, other = read(some), read(some, shuffle=1)
    for rule in RULES[::13]:
        for function in (time_to_relapse, recurrent_relapses, state_histories):
            first, second = (
                function(each, rule)
                .drop(columns="person_id")
                .sort_values("episode_id", kind="stable", ignore_index=True)
                for each in (one, other)
            )
            pd.testing.assert_frame_equal(first, second)
