"""Definitions by name as times: `test_relapse` says how check-ins and results are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.event_weeks import event_weeks
from iop_outcomes.relapse.definitions.measures import Share
from iop_outcomes.relapse.definitions.published_times import time_names
from iop_outcomes.relapse.definitions.registry import published
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.survival import survival_curves
from iop_outcomes.use import use_patterns
from tests.relapse.test_relapse import ALL_MISSING, records_of, specifications, told

DATA = Path(__file__).parents[3] / "shared" / "data" / "ctn0094"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data/ctn0094 is not here: it is not part of the project"
)

X_BOT = """
weeks before week 3 do not count | 7+ 14+ 21+ 28+ 35- 42+             | 42 lost
four weeks from week 3 on        | 7- 14+ 21+ 28+ 35+ 42+             | 14..42
with a missed one among them     | 7- 14- 21+ 28o 35+ 42+             | 14..42?
clear before it counts           | 7- 14- 21- 28+ 35+ 42+ 49+         | 21..49
seven days in a row from day 21  | 20- 21+ 22+ 23+ 24+ 25+ 26+ 27+    | 20..27
the day before does not count    | 20+ 21+ 22+ 23+ 24+ 25+ 26+ 28-    | 28 lost
a run that began before          | 18+ 19+ 20+ 21+ 22+ 23+ 24+ 25+ 26+ 27+ | 20..27
a day between breaks the run     | 21+ 22+ 23+ 24+ 26+ 27+ 28+ 29+    | 35 lost
a clear day breaks the run       | 21+ 22+ 23+ 24- 25+ 26+ 27+ 28+ 29+ 30+ 31+ | 24..31
the weeks were first             | 7- 14- 21+ 28+ 35+ 42+ 43+ 44+ 45+ 46+ 47+ 48+ 49+ | 14..42
"""


@pytest.mark.parametrize(("why", "rows", "cells"), specifications(X_BOT))
def test_x_bot_is_four_weeks_from_week_3_or_seven_days_from_day_21(why, rows, cells):
    assert told(time_to_relapse(records_of({why: rows}), RelapseRule("x_bot"))) == cells


def test_days_that_come_after_what_is_known_are_no_relapse():
    rows = {"a": "7- 14- " + " ".join(f"{day}+" for day in range(29, 36))}  # week 3 is missing
    records = records_of(rows)
    assert told(time_to_relapse(records, RelapseRule("x_bot", missing="censor"))) == ["14 missed"]
    assert told(time_to_relapse(records, RelapseRule("x_bot", missing="drop"))) == ["20..35"]


HEAVY = """
the first heavy day            | 7 0, 14 2, 21 1      | 7..14
none at all                    | 7 0, 14 0            | 14 lost
not counted, but nothing drunk | 7 no, 14 0, 21 1     | 14..21
not counted after drinking     | 7 0, 14 yes, 21 1    | 7 missed
"""


@pytest.mark.parametrize(("why", "rows", "cells"), specifications(HEAVY))
def test_the_first_heavy_drinking_day_is_read_from_its_column(why, rows, cells):
    checkins = pd.DataFrame([row.split() for row in rows.split(", ")], columns=["day", "said"])
    number = pd.to_numeric(checkins["said"], errors="coerce")
    used = checkins["said"].where(number.isna(), None)
    checkins = checkins.assign(
        episode_id="a", status="completed", heavy_days=number, drinks=5 * number, used=used
    )
    episodes = pd.DataFrame({"episode_id": ["a"], "admit_day": 0})
    records = iop.read_records(episodes=episodes, checkins=checkins.drop(columns="said"), as_of=100)
    rule = RelapseRule("first_heavy_day")
    assert told(time_to_relapse(records, rule)) == cells
    drinks = RelapseRule("first_heavy_day", heavy_column="drinks", heavy_from=5)
    assert told(time_to_relapse(records, drinks)) == cells
    assert "by drinks of 5 or more" in drinks.text
    more = RelapseRule("first_heavy_day", heavy_column="drinks", heavy_from=50)
    assert not time_to_relapse(records, more)["event"].any()


def test_heavy_drinking_needs_its_column():
    with pytest.raises(RuleError, match="in the column heavy_days"):
        time_to_relapse(records_of({"a": "7-"}), RelapseRule("first_heavy_day"))
    with pytest.raises(RuleError, match="heavy_from is a number above 0"):
        RelapseRule("first_heavy_day", heavy_from=0)


def test_a_missing_week_may_be_carried_to_the_last_contact_or_left_out():
    rules = [
        RelapseRule("k_of_n_weeks", missing=missing, use_weeks=2, window_weeks=2)
        for missing in ("last_value", "last_value_to_last_contact", "drop")
    ]
    rows = {"silent": "7- 14+ 21o 28o", "between": "7+ 14o 21o 28-", "around": "7- 14+ 21o 28+"}
    results = [told(time_to_relapse(records_of(rows), rule)) for rule in rules]
    assert results == [
        ["7..21?", "0..14?", "7..21?"],
        ["14 lost", "0..14?", "7..21?"],
        ["14 lost", "28 lost", "7..28"],
    ]


@pytest.mark.parametrize("name", time_names())
def test_a_published_definition_is_a_rule_with_its_own_missing_rule_and_source(name):
    rule = RelapseRule(definition=name)
    definition = {found.name: found for found in published()}[name]
    assert rule.missing == definition.window.missing
    assert definition.citation in rule.text
    assert definition.doi.split("; ")[0] in rule.text
    assert replace(rule, origin="discharge").missing == rule.missing
    for column, _ in definition.reference:
        assert replace(rule, definition=column).searches == rule.searches
    if not rule.of_dropout:
        assert RelapseRule(definition=name, missing="drop").missing == "drop"


def test_the_missing_rule_is_the_definitions_own_unless_it_is_given():
    assert RelapseRule().missing == "censor"
    assert RelapseRule("x_bot").missing == "use"
    assert RelapseRule("lee_2016").missing == "use"
    assert RelapseRule("shufman_1994").missing == "no_use"
    assert RelapseRule("lee_2016", missing="censor").missing == "censor"
    with pytest.raises(RuleError, match="missed weeks need no other rule"):
        RelapseRule("ctn_0094_dropout", missing="use")


def test_dropout_is_what_it_says_and_ends_an_episode_so():
    rows = {"left": "7- 14- 21o 28o 35o 42o", "stays": "7- 14o 21+ 28o 35o 42o", "new": "7o 14o"}
    times = time_to_relapse(records_of(rows), RelapseRule("ctn_0094_dropout"))
    assert times["event"].tolist() == [True, False, False]
    assert times["days"].tolist() == [42, 42, 14]
    assert times["clear_until"].tolist() == [14, 42, 14]
    assert times["ended_by"].tolist() == ["dropped_out", "lost", "lost"]
    assert not times["rests_on_missing"].any()


def test_a_definition_of_ones_own_is_a_rule_if_it_has_a_time():
    own = Definition(
        name="three_of_five",
        title="Three of five",
        kind="relapse",
        rule="3 weeks with use within 5 in a row, from week 2 on.",
        missing="A missed week is left out.",
        measure=Window(5, 3, from_week=2, missing="drop"),
    )
    rule = RelapseRule(own)
    assert rule.missing == "drop"
    assert rule.text.startswith("Relapse is reached with 3 weeks with use within 5 in a row, from")
    times = time_to_relapse(records_of({"a": "7+ 14+ 21o 28- 35+ 42+"}), rule)
    assert told(times) == ["7..42"]
    assert times.attrs["definition"] == "three_of_five"
    share = Definition("share", "Share", "reduction", "A share.", "Left out.", Share("-"))
    with pytest.raises(RuleError, match="measured by a window of weeks"):
        RelapseRule(share)
    with pytest.raises(RuleError, match="lee_2016"):
        RelapseRule("lee_2017")


def test_a_published_time_is_the_k_of_n_weeks_that_it_counts():
    rows = {"a": "7- 14+ 21o 28+ 35+ 42-", "b": "0+ 21+ 28+", "c": "7+ 14_ 21+ 28o 70-"}
    for name, k, n in (
        ("mokri_2016", 1, 1),
        ("krupitsky_2004", 3, 3),
        ("lee_2016", 2, 4),
        ("ctn_0094_relapse", 4, 4),
    ):
        for missing in ALL_MISSING:
            plain = RelapseRule("k_of_n_weeks", missing=missing, use_weeks=k, window_weeks=n)
            records = records_of(rows)
            times = time_to_relapse(records, RelapseRule(name, missing=missing))
            pd.testing.assert_frame_equal(times, time_to_relapse(records, plain))


def test_substances_and_what_was_prescribed_are_the_rules_to_say():
    checkins = pd.DataFrame(
        {
            "episode_id": ["a", "a", "b", "b"],
            "day": [7, 14, 7, 14],
            "status": "completed",
            "drug_test": "positive",
            "substance": ["alcohol", "opioids", "methadone", "opioids"],
        }
    )
    episodes = pd.DataFrame(
        {"episode_id": ["a", "b"], "admit_day": 0, "medication": ["none", "methadone"]}
    )
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of=20)
    assert told(time_to_relapse(records)) == ["0..7", "0..7"]
    rule = RelapseRule(substances="opioids")
    assert told(time_to_relapse(records, rule)) == ["7..14", "7..14"]
    assert "of opioids only" in rule.text
    rule = RelapseRule(prescribed="medication")
    assert told(time_to_relapse(records, rule)) == ["0..7", "7..14"]


@pytest.fixture(scope="module")
def trial():
    """The records of the trials, the words of their drug tests, and what counts as opioids."""
    from validation import ctn0094_words

    records = ctn0094_words.read(DATA)
    by_test = {"sources": "drug_test", "substances": ctn0094_words.OPIOIDS}
    words = use_patterns(records, weeks=None, unfinished="not_due", **by_test)
    return records, words, ctn0094_words.OPIOIDS


@needs_data
@pytest.mark.parametrize("name", time_names())
def test_days_are_those_of_the_weeks_of_the_word(name, trial):
    """The two ways from records to a time: check-ins by day, and words by week."""
    records, words, opioids = trial
    weeks = event_weeks(words, name)
    rule = RelapseRule(name, evidence="drug_test", substances=opioids)
    times = time_to_relapse(records, rule).set_index("episode_id")
    times = times[weeks["event"].notna().to_numpy()]
    weeks = weeks.loc[times.index]
    assert len(times) > 1_600
    assert times["event"].tolist() == weeks["event"].tolist()
    events, weeks = times[times["event"]], weeks[times["event"]]
    followed = 168 - records.episodes.set_index("episode_id")["admit_day"].loc[events.index]
    assert len(events) > 400
    assert (events["days"] == np.minimum(7 * weeks["weeks"], followed)).all()
    if rule.missing == "use":  # else what is missing, or use, may be clear to the definition
        first = 7 * (rule.searches[0].first - 1)
        assert (events["clear_until"] == np.maximum(7 * weeks["last_clear"], first)).all()
        assert (events["rests_on_missing"] == (weeks["missed_weeks"] > 0)).all()


@needs_data
@pytest.mark.parametrize(
    ("name", "column", "later"),
    [
        ("mokri_2016", "AbT_mokri_2016", 0),
        ("shufman_1994", "AbT_shufman_1994", 0),
        ("ctn_0094_relapse", "RsT_ctnNinetyFour_2023", 3),
        ("ctn_0094_dropout", "DrT_ctnNinetyFour_2023", 3),
        ("ctn_0051_relapse", "RsT_ctnFiftyOne_2018", 3),
        ("schottenfeld_2008", "RsT_schottenfeld_2008", 2),
    ],
)
def test_the_stored_answers_hold_the_first_week_of_the_window_which_we_end(name, column, later):
    """Of a window of so many weeks in a row, the event is known at the end of its last."""
    from iop_outcomes.relapse.times_from_patterns import read_patterns

    words = pd.read_csv(DATA / "use_patterns.csv.gz", index_col="who")["usePatternUDS"]
    stored = pd.read_csv(DATA / "endpoints_odd.csv.gz", index_col="who")
    words = words[words.index.isin(stored.index)]
    stored = stored.loc[words.index]
    first_event, _ = read_patterns(words, 7).under(RelapseRule(name))
    assert len(first_event.days) == 1_780
    event = (stored[column.replace("T_", "E_")] == 1).to_numpy()
    assert first_event.event.tolist() == event.tolist()
    assert (first_event.days[event] == 7 * (stored.loc[event, column] + later)).all()


def test_times_of_a_published_definition_go_into_the_curve():
    records = records_of({"a": "7+ 14+ 21+ 28+", "b": "7- 14- 21- 28-"}, track=["x", "y"])
    curves = survival_curves(time_to_relapse(records, RelapseRule("krupitsky_2004")), by="track")
    assert curves.at(21)["survival"].tolist() == [0, 1]
    assert "Krupitsky et al. 2004" in curves.rule
