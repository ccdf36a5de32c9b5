"""Words as specifications: a check-in is a day and a sign, as in `test_relapse`; a word is told.

``-`` no use, ``+`` use, ``o`` missed, ``?`` completed without an answer or a test, ``_`` not due;
by test ``n`` negative, ``p`` positive, ``m`` mixed, ``r`` refused; ``x`` a report of no use with a
positive test, ``y`` a report of use with a negative one; ``v`` a report of no use and ``w`` one of
use with a refused test.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import MissingTableError, RuleError
from iop_outcomes.shared.provenance import Provenance, provenance_of
from iop_outcomes.use.patterns import use_patterns

DATA = Path(__file__).parents[3] / "shared" / "data" / "ctn0094"
SIGNS = {
    "-": ("completed", "no", None),
    "+": ("completed", "yes", None),
    "o": ("missed", None, None),
    "?": ("completed", None, None),
    "_": ("not_due", None, None),
    "n": ("completed", None, "negative"),
    "p": ("completed", None, "positive"),
    "m": ("completed", None, "mixed"),
    "r": ("completed", None, "refused"),
    "x": ("completed", "no", "positive"),
    "y": ("completed", "yes", "negative"),
    "v": ("completed", "no", "refused"),
    "w": ("completed", "yes", "refused"),
}


def records_of(rows: dict[str, str], followed: int = 28, **columns: object) -> iop.Records:
    results = [
        (episode, int(day), *SIGNS[sign], name or None)
        for episode, text in rows.items()
        for day, sign, name in re.findall(r"(-?\d+)(\D)(?:\(([^)]*)\))?", text)
    ]
    names = ["episode_id", "day", "status", "used", "drug_test", "substance"]
    checkins = pd.DataFrame(results, columns=names).astype(
        {"used": object, "drug_test": object, "substance": object}
    )
    episodes = pd.DataFrame({"episode_id": list(rows), "admit_day": 0})
    episodes["followed_until_day"] = followed
    return iop.read_records(episodes=episodes.assign(**columns), checkins=checkins, as_of=400)


def words_of(rows: dict[str, str], followed: int = 28, **options: object) -> dict[str, str]:
    return use_patterns(records_of(rows, followed), **options).to_dict()


SPECIFICATIONS = """
one check-in a week                | 7- 14+ 21- 28-    | -+--
weeks end on days 7, 14, 21        | 1- 8+ 15- 22+     | -+-+
day 7 and day 8                    | 7+ 8-             | +-oo
use and no use in a week           | 3- 5+ 10- 13-     | *-oo
a mixed test                       | 7m 14n 21p        | *-+o
a test that was refused            | 7- 14r            | -ooo
completed without an answer        | 7- 14?            | -ooo
missed, and without a row          | 7- 14o            | -ooo
not due only                       | 7- 14_ 21-        | -_-o
not due and missed                 | 7- 12_ 14o 21-    | -o-o
not due and shown                  | 7- 12_ 14+ 21-    | -+-o
missed and shown                   | 7- 12o 14+ 21-    | -+-o
use beats no use that day          | 7- 7+             | +ooo
no use beats missed that day       | 7o 7-             | -ooo
the start belongs to week 0        | 0+ 7-             | -ooo
before the start does not count    | -3+ 7-            | -ooo
after the follow-up does not count | 7- 29+            | -ooo
no check-in at all                 |                   | oooo
"""


@pytest.mark.parametrize(
    ("why", "rows", "word"),
    [[cell.strip() for cell in line.split("|")] for line in SPECIFICATIONS.strip().splitlines()],
)
def test_a_week_shows_what_its_days_show(why, rows, word):
    # The second episode makes sure that there are check-ins at all.
    assert words_of({why: rows, "other": "7-"}, weeks=4) == {why: word, "other": "-ooo"}


def test_weeks_after_the_end_of_the_follow_up_are_not_due():
    rows = {"a": "7- 14+"}
    assert words_of(rows, followed=14, weeks=4)["a"] == "-+__"
    assert words_of(rows, followed=15, weeks=4)["a"] == "-+o_"
    assert words_of(rows, followed=21, weeks=4)["a"] == "-+o_"
    assert words_of(rows, followed=22, weeks=4)["a"] == "-+oo"


def test_a_week_that_the_follow_up_cuts_short_may_be_not_due():
    rows = {"a": "7- 14+", "b": "7- 14+ 16o", "c": "7- 14+ 16-"}
    assert words_of(rows, followed=20, weeks=4, unfinished="not_due") == {
        "a": "-+__",
        "b": "-+o_",
        "c": "-+-_",
    }
    assert words_of(rows, followed=21, weeks=3, unfinished="not_due")["a"] == "-+o"


def test_the_data_cut_ends_the_follow_up():
    episodes = pd.DataFrame({"episode_id": ["a"], "admit_date": ["2026-01-01"]})
    checkins = pd.DataFrame(
        {"episode_id": ["a"], "date": ["2026-01-08"], "status": ["completed"], "used": ["no"]}
    )
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-01-15")
    assert use_patterns(records, weeks=5).tolist() == ["-o___"]


def test_words_may_run_to_the_end_of_each_follow_up():
    records = records_of({"a": "7-", "b": "7-", "c": "7-"}, [28, 8, 0])
    words = use_patterns(records, weeks=None)
    assert words["a"] == "-ooo"
    assert words["b"] == "-o"
    assert words[["c"]].isna().all()


def test_before_the_start_a_week_is_missed_only_if_a_check_in_was():
    rows = {"a": "-20+ -9- -8+ -1o 0? 7-"}
    assert words_of(rows, weeks=(-3, 1))["a"] == "_+*o-"
    assert words_of({"a": "-3_ 7-"}, weeks=(0, 0))["a"] == "_"
    assert words_of({"a": "-3? 7-"}, weeks=(0, 0))["a"] == "o"


def test_days_are_symbols_too():
    rows = {"a": "1- 2+ 3m 5_ 7o 8-"}
    assert words_of(rows, followed=10, weeks=2, unit="day")["a"] == "-+*o_oo-oo____"
    assert words_of(rows, followed=3, weeks=None, unit="day")["a"] == "-+*"
    assert words_of({"a": "-1+ 0- 1-"}, weeks=(0, 0), unit="day")["a"] == "_____+-"


SOURCES = """
report only | 7- 14+ 21-       | -+-o | -+-o | oooo | -+-o | -+-o | -+-o
test only   | 7n 14p 21m       | -+*o | oooo | -+*o | -+*o | -+*o | -+*o
disagreeing | 7x 14y           | ++oo | -+oo | +-oo | +-oo | -+oo | **oo
two rows    | 7- 7p 14+ 14n    | ++oo | -+oo | +-oo | +-oo | -+oo | **oo
two days    | 6- 7p            | *ooo | -ooo | +ooo | *ooo | *ooo | *ooo
one refused | 7- 7r 14v 21w    | oo+o | --+o | oooo | oo+o | oo+o | oo+o
no answer   | 7- 7? 14n 14?    | --oo | -ooo | o-oo | --oo | --oo | --oo
"""


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (rows.strip(), [word.strip() for word in words])
        for _, rows, *words in (line.split("|") for line in SOURCES.strip().splitlines())
    ],
)
def test_which_source_counts_and_who_is_right_where_they_disagree(rows, words):
    options = [
        {"sources": "either"},
        {"sources": "self_report"},
        {"sources": "drug_test"},
        {"disagreement": "drug_test"},
        {"disagreement": "self_report"},
        {"disagreement": "mixed"},
    ]
    assert [words_of({"a": rows}, weeks=4, **option)["a"] for option in options] == words


REFUSED = """
refused, nothing reported    | 7r        | {}                          | o | + | o
refused, no use reported     | 7v        | {}                          | o | + | -
refused, use reported        | 7w        | {}                          | + | + | +
reported in another row      | 7- 7r     | {}                          | o | + | -
another test, with a result  | 7n 7v     | {}                          | - | + | -
another day of the week      | 6- 7v     | {}                          | - | * | -
only tests count             | 7v        | sources=drug_test           | o | + | o
only reports count           | 7v        | sources=self_report         | - | - | -
the report decides           | 7v        | disagreement=self_report    | o | - | -
the test decides             | 7v        | disagreement=drug_test      | o | + | -
both                         | 7v        | disagreement=mixed          | o | * | -
a test of what counts        | 7v(opioid) | substances=opioid          | o | + | -
a test of something else     | 7v(thc) 6-(opioid) | substances=opioid  | - | - | -
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_a_refused_test_is_what_the_option_says(line):
    _, rows, given, *words = (part.strip() for part in line.split("|"))
    options = dict([given.split("=")]) if "=" in given else {}
    results = [
        words_of(
            {"a": rows}, followed=7 if "8" not in rows else 14, weeks=1, refused=refused, **options
        )["a"]
        for refused in ("missing", "use", "as_reported")
    ]
    assert results == words
    assert words_of({"a": rows}, weeks=1, **options)["a"] == words[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "a refused test is missing unless use is reported"),
        ({"refused": "use"}, "a refused test counts as use"),
        ({"refused": "as_reported"}, "with a refused test, the report is used"),
        ({"sources": "drug_test"}, "by drug test; a refused test is missing"),
        ({"sources": "drug_test", "refused": "use"}, "by drug test; a refused test counts as use"),
    ],
)
def test_the_rule_says_what_a_refused_test_is(options, says):
    records = records_of({"a": "7v"})
    assert says in use_patterns(records, **options).attrs["rule"]
    assert "refused" not in use_patterns(records, sources="self_report").attrs["rule"]


def test_days_of_use_are_a_report():
    checkins = pd.DataFrame(
        {"episode_id": "a", "day": [7, 14, 21], "status": "completed", "use_days": [0, 3, None]}
    )
    episodes = pd.DataFrame({"episode_id": ["a"], "admit_day": 0})
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of=21)
    assert use_patterns(records, weeks=3)["a"] == "-+o"


def test_substances_that_count_and_prescribed_ones_that_do_not():
    rows = {
        "a": "7p(Opioid) 14p(methadone) 21p(thc) 28p",
        "b": "7p(Opioid) 14p(methadone) 21p(opioid; methadone) 28+(methadone/thc)",
    }
    records = records_of(rows, prescribed=["none", "Methadone; naloxone"])

    def words(**options: object) -> list[str]:
        return use_patterns(records, weeks=4, **options).tolist()

    assert words() == ["++++", "++++"]
    assert words(substances="opioid") == ["+--+", "+-+-"]
    assert words(substances=["Opioid", "METHADONE"]) == ["++-+", "++++"]
    assert words(prescribed="prescribed") == ["++++", "+-++"]
    counted = {"substances": ["opioid", "methadone"], "prescribed": "prescribed"}
    assert words(**counted) == ["++-+", "+-+-"]
    assert words(**counted, others="nothing") == ["++o+", "+o+o"]


def test_use_of_another_substance_does_not_hide_what_the_day_shows():
    rows = {"a": "7p(thc) 7n 14p(thc) 14p(opioid) 21p(thc)"}
    words = words_of(rows, weeks=3, substances="opioid", others="nothing", sources="drug_test")
    assert words["a"] == "-+o"


def test_words_start_at_the_first_session_or_the_discharge():
    episodes = pd.DataFrame(
        {"episode_id": ["a", "b"], "admit_day": 0, "discharge_day": [None, 20]}
    ).assign(followed_until_day=40)
    attendance = pd.DataFrame(
        {
            "episode_id": ["a", "a", "b"],
            "day": [1, 5, 2],
            "service": "group",
            "status": ["no_show", "attended", "no_show"],
        }
    )
    checkins = pd.DataFrame(
        {
            "episode_id": ["a", "a", "b", "b"],
            "day": [5, 12, 20, 27],
            "status": "completed",
            "used": ["yes", "no", "yes", "no"],
        }
    )
    records = iop.read_records(
        episodes=episodes, attendance=attendance, checkins=checkins, as_of=40
    )
    assert use_patterns(records, weeks=2).to_dict() == {"a": "+-", "b": "oo"}
    first = use_patterns(records, start="first_session", weeks=2)
    assert first.to_dict() == {"a": "-o", "b": "__"}
    assert "1 episode never reached the first attended session." in first.attrs["rule"]
    assert use_patterns(records, start="first_session", weeks=None).isna().tolist() == [False, True]
    assert use_patterns(records, start="discharge", weeks=(0, 4)).to_dict() == {
        "a": "_____",
        "b": "+-oo_",
    }


def test_who_died_in_treatment_has_no_word_from_the_discharge_on():
    records = records_of(
        {"a": "7- 14-", "b": "7- 14-"}, discharge_day=7, discharge_reason=["completed", "died"]
    )
    words = use_patterns(records, start="discharge", weeks=2)
    assert words.to_dict() == {"a": "-o", "b": "__"}
    assert "1 episode never reached discharge; 1 of these ended in death." in words.attrs["rule"]
    missing = use_patterns(records, start="discharge", weeks=None)
    assert missing.isna().tolist() == [False, True]
    assert use_patterns(records, weeks=2).to_dict() == {"a": "--", "b": "-_"}


def test_the_series_its_labels_and_its_rule():
    records = records_of({"z": "7-", "a": "7+"})
    words = use_patterns(records)
    assert words.name == "use_pattern"
    assert words.index.tolist() == ["z", "a"]
    assert words.index.name == "episode_id"
    assert words.dtype == object
    assert words.str.len().tolist() == [24, 24]
    assert provenance_of(words) == Provenance(
        "One symbol a week from the day after admission, by self-report or drug test (use "
        "by either is use); a refused test is missing unless use is "
        "reported: + use, - no use, * both, o missed, _ not due. A week without a check-in is "
        "missed until the follow-up ends; a partial last week is missed.",
        event="use",
        origin="admission",
    )
    assert words.attrs["unit_days"] == 7  # written as before, and read by nothing
    assert use_patterns(records, unit="day").name == "use_pattern_by_day"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": "intake"}, "admission, first_session, discharge"),
        ({"weeks": 0}, "number of weeks, 1 or more"),
        ({"weeks": (3, 1)}, "first and the last"),
        ({"weeks": 2.5}, "number of weeks"),
        ({"weeks": True}, "number of weeks"),
        ({"unit": "month"}, "week, day"),
        ({"sources": "urine"}, "either, self_report, drug_test"),
        ({"disagreement": "either"}, "use, drug_test, self_report, mixed"),
        ({"others": "use"}, "no_use, nothing"),
        ({"refused": "positive"}, "missing, use, as_reported"),
        ({"unfinished": "o"}, "missed, not_due"),
        ({"substances": "opoid"}, "No check-in names a substance that counts"),
        ({"prescribed": "drug"}, "column of the episodes"),
        ({"prescribed": "dose"}, "column of the episodes"),
    ],
)
def test_what_is_no_option_is_refused(options, says):
    records = records_of({"a": "7p(opioid)"}, dose=[3.0])
    with pytest.raises(RuleError, match=says):
        use_patterns(records, **options)


def test_without_check_ins_there_is_no_word():
    episodes = pd.DataFrame({"episode_id": ["a"], "admit_day": 0})
    attendance = pd.DataFrame({"episode_id": ["a"], "day": [1], "status": ["attended"]})
    records = iop.read_records(episodes=episodes, attendance=attendance, as_of=9)
    with pytest.raises(MissingTableError, match="use pattern needs the checkins"):
        use_patterns(records)


def plain_word(rows: list[tuple[int, str]], first: int, last: int, days: int, followed: int) -> str:
    """Write one word unit by unit, by the rules as they are in the reference."""
    word = ""
    for unit in range(first, last + 1):
        inside = range((unit - 1) * days + 1, unit * days + 1)
        shown = {day: "".join(sign for at, sign in rows if at == day) for day in inside}
        shown = {day: signs for day, signs in shown.items() if signs and day <= followed}
        positive = negative = False
        for signs in shown.values():
            if set(signs) & set("+pxyw"):
                positive = True
            elif "m" in signs:
                positive = negative = True
            elif "n" in signs or ("-" in signs and not set(signs) & set("rv")):
                negative = True
        signs = "".join(shown.values())
        if positive or negative:
            word += "*" if positive and negative else "+" if positive else "-"
        elif set(signs) & set("o?rv"):
            word += "o"
        elif unit < 1 or inside[0] > followed or "_" in signs:
            word += "_"
        else:
            word += "o"
    return word


ROWS = st.lists(st.tuples(st.integers(-20, 45), st.sampled_from(sorted(SIGNS))), max_size=16)


@settings(deadline=None, max_examples=10)
@given(
    st.lists(ROWS, min_size=1, max_size=6),
    st.integers(-3, 2),
    st.integers(0, 6),
    st.sampled_from(["week", "day"]),
    st.integers(0, 45),
)
def test_all_words_at_once_are_each_word_by_itself(people, first, more, unit, followed):
    texts = {
        str(number): " ".join(f"{day}{sign}" for day, sign in rows)
        for number, rows in enumerate(people)
    }
    if not any(texts.values()):
        return  # a check-in table without rows is not read
    words = words_of(texts, followed, weeks=(first, first + more), unit=unit)
    days = {"week": 7, "day": 1}[unit]
    units = ((first - 1) * 7 // days + 1, (first + more) * 7 // days)
    assert list(words.values()) == [plain_word(rows, *units, days, followed) for rows in people]


@pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data/ctn0094 is not here: it is not part of the project"
)
class TestCtn0094:
    """Real records against the words that their authors derived from the same raw tables."""

    @pytest.fixture(scope="class")
    @staticmethod
    def compared() -> pd.DataFrame:
        from validation import ctn0094_words

        return ctn0094_words.compare(ctn0094_words.make_words(ctn0094_words.read(DATA)), DATA)

    def test_every_odd_id_randomised_in_trials_27_and_51_is_compared(self, compared):
        trial = pd.read_csv(DATA / "everybody.csv.gz").query("project in [27, 51]")["who"]
        drawn = pd.read_csv(DATA / "randomization.csv.gz").query("which == 1")["who"]
        odd = sorted(set(trial) & set(drawn) & set(range(1, 4000, 2)))
        assert sorted(compared.index.str[4:].astype(int)) == odd
        assert len(odd) == 923

    def test_the_words_of_the_treatment_phase_are_exactly_those_stored(self, compared):
        assert compared["treatment"].tolist() == compared["treatment_stored"].tolist()

    def test_the_words_of_the_baseline_are_exactly_those_stored(self, compared):
        assert compared["baseline"].tolist() == compared["baseline_stored"].tolist()
