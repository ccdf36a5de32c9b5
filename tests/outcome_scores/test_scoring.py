"""Scores of instruments, worked out by hand; words, missing items, versions, one's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, OutcomesError, RuleError
from iop_outcomes.outcome_scores import Item
from iop_outcomes.outcome_scores.answers import answer_numbers
from iop_outcomes.outcome_scores.instruments import find_instrument
from iop_outcomes.outcome_scores.instruments.published import PUBLISHED

WORDS = ["Not at all", "Several days", "More than half the days", "Nearly every day"]


def read(**columns: Any) -> iop.Records:
    """Records of one episode with a check-in a week, and these columns."""
    rows = len(next(iter(columns.values())))
    days = [str(day.date()) for day in pd.date_range("2026-01-05", periods=rows, freq="7D")]
    return iop.read_records(
        episodes=pd.DataFrame({"episode_id": ["a"], "admit_date": ["2026-01-05"]}),
        checkins=pd.DataFrame({"episode_id": "a", "date": days, "status": "completed", **columns}),
    )


def phq(*rows: list[int | None], words: bool = True) -> dict[str, list[Any]]:
    """Items of the PHQ-9, one list of nine answers a check-in."""

    def written(value: int | None) -> Any:
        return "" if value is None else WORDS[value] if words else str(value)

    return {f"phq9_{n + 1}": [written(row[n]) for row in rows] for n in range(9)}


def test_totals_by_hand_from_words_and_beside_the_recorded_ones() -> None:
    rows = [3, 2, 2, 1, 1, 0, 0, 0, 1], [0] * 9, [1] * 9
    scores = iop.instrument_scores(read(**phq(*rows), phq9=["10", "2", ""]), "phq9")
    assert scores["score"].tolist() == [10, 0, 9]
    np.testing.assert_array_equal(scores["recorded"], [10, 2, np.nan])
    np.testing.assert_array_equal(scores["difference"], [0, 2, np.nan])
    same = iop.instrument_scores(read(**phq(*rows, words=False)), "phq9")
    assert same["score"].tolist() == [10, 0, 9]


def test_a_missing_item_leaves_no_score_unless_prorating_is_asked_for() -> None:
    one, two = [2] * 8 + [None], [2] * 7 + [None, None]
    records = read(**phq(one, two, [None] * 9))
    complete = iop.instrument_scores(records, "phq9")
    assert complete["score"].isna().all()
    assert complete["items_answered"].tolist() == [8, 7]  # nothing of it in the third check-in
    prorated = iop.instrument_scores(records, "phq9", missing="prorate")
    np.testing.assert_array_equal(prorated["score"], [18, np.nan])  # 16 / 8 * 9; 7 are too few
    assert prorated["prorated"].tolist() == [True, False]


def test_item_9_is_seen_whatever_the_total() -> None:
    low, none = [0] * 8 + [1], [0] * 9
    result = iop.flagged_answers(read(**phq(none, low, [3] * 8 + [None])), "phq9")
    assert result[["day", "item", "answer"]].to_numpy().tolist() == [[7, "9", 1.0]]
    with pytest.raises(EstimateError, match="not known from a total"):
        iop.flagged_answers(read(phq9=["4"]), "phq9")
    with pytest.raises(RuleError, match="no item that is to be seen"):
        iop.flagged_answers(read(gad7=["4"]), "gad7")


def test_the_bam_by_hand_and_its_versions_never_mix() -> None:
    likert = {
        "bam_1": ["Good"],
        "bam_2": ["1-3"],
        "bam_3": ["4-8"],
        "bam_8": ["Slightly"],
        "bam_4": ["0"],
        "bam_5": ["0"],
        "bam_6": ["16-30"],
        "bam_11": ["9-15"],
        "bam_15": ["Extremely"],
        "bam_14": ["Yes"],
    }
    scores = iop.instrument_scores(read(**likert), "bam_likert").set_index("scale")["score"]
    assert scores["use"] == 4
    assert scores["risk"] == 2 + 1 + 2 + 1 + 3 + 4
    assert np.isnan(scores["protective"])  # item 14 alone
    assert "total" not in scores.index
    with pytest.raises(RuleError, match="never put together"):
        iop.instrument_scores(read(bam_use=["4", "5"], bam_version=["likert", "BAM-R"]), "bam_iop")
    with pytest.raises(RuleError, match="outside the limits of bam_likert, 0 to 12"):
        iop.instrument_scores(read(bam_use=["4", "60"]), "bam_likert")
    continuous = iop.instrument_scores(read(bam_use=["4", "60"]), "bam_continuous")
    assert continuous["score"].tolist() == [4, 60]
    with pytest.raises(RuleError, match="three versions"):
        iop.instrument_scores(read(bam_use=["4"]), "bam")


def test_the_craving_scale_is_a_mean() -> None:
    records = read(ocs_1=["2"], ocs_2=["4"], ocs_3=["9"])
    assert iop.instrument_scores(records, "opioid_craving")["score"].tolist() == [5]


def test_columns_with_other_names_and_what_is_not_there() -> None:
    columns = {f"question {n}": ["1", "2"] for n in range(1, 8)}
    names = {str(n): f"question_{n}" for n in range(1, 8)}
    scores = iop.instrument_scores(read(**columns), "gad7", items=names)
    assert scores["score"].tolist() == [7, 14]
    with pytest.raises(EstimateError, match="nothing of GAD-7"):
        iop.instrument_scores(read(used=["no"]), "gad7")
    with pytest.raises(RuleError, match="no column question_9"):
        iop.instrument_scores(read(**columns), "gad7", items={"1": "question_9"})
    with pytest.raises(RuleError, match="no item 8"):
        iop.instrument_scores(read(**columns), "gad7", items={"8": "question_1"})
    with pytest.raises(RuleError, match="Two columns"):
        iop.instrument_scores(read(gad7_1=["1"], gad7_item_1=["1"]), "gad7")
    with pytest.raises(RuleError, match="no instrument of that name"):
        iop.instrument_scores(read(gad7=["1"]), "gad")


def test_published_instruments_agree_with_themselves() -> None:
    """The limits of a score follow from its items, and bands and rules lie between them."""
    for one in PUBLISHED:
        assert one.licence
        assert one.source
        for scale in one.scales:
            times = 1 if scale.combine == "mean" else len(scale.items)
            for side in ("low", "high"):
                of_items = {getattr(one.item(number), side) for number in scale.items}
                (limit,) = of_items
                expected = None if limit is None else limit * times
                assert getattr(scale, side) == expected, (one.name, scale.name)
            if scale.high is not None and scale.low is not None:
                assert all(scale.low <= band.start <= scale.high for band in scale.bands)
                assert all(
                    rule.amount <= scale.high for rule in scale.changes if rule.kind != "percent"
                )
    assert iop.instruments()["scale"].tolist().count("total") == 6
    assert find_instrument("bam_likert").scale("risk").high == 24  # 6 items of 0 to 4
    assert find_instrument("bam_continuous").scale("use").high == 90


@settings(max_examples=10)
@given(st.lists(st.lists(st.integers(0, 3), min_size=9, max_size=9), min_size=1, max_size=4))
def test_words_numbers_and_both_say_the_same(rows: list[list[int]]) -> None:
    phq9 = find_instrument("phq9")
    for number in range(9):
        item = phq9.item(str(number + 1))
        plain = [row[number] for row in rows]
        ways = [
            pd.Series(plain),
            pd.Series([str(value) for value in plain]),
            pd.Series([WORDS[value].upper() for value in plain]),
            pd.Series([f"{value} = {WORDS[value]}" for value in plain]),
            pd.Series([f" {WORDS[value]}  ({value})" for value in plain]),
        ]
        for way in ways:
            numbers, wrong = answer_numbers(way, item)
            assert numbers.tolist() == plain
            assert not wrong.any()


def test_words_that_contradict_their_number_are_no_answer() -> None:
    item = Item("1", "mood", 0, 3, (("never", 0.0), ("always", 3.0)))
    numbers, wrong = answer_numbers(pd.Series(["0 - always", "nan", "inf", "-1", "3.0"]), item)
    np.testing.assert_array_equal(numbers, [np.nan, np.nan, np.nan, np.nan, 3])
    assert wrong.tolist() == [True, True, True, True, False]


# One's own instrument ---------------------------------------------------------------------------

OWN = """
name = "sleep"
title = "Sleep scale"
source = "Our own"
licence = "Ours"
items = ["falling asleep", "waking", "rest"]
low = 0
high = 4
words = {never = 0, always = 4}
reversed = ["3"]
prorate_from = 0.6
[scales.total]
better = "lower"
changes = [{name = "3_points", kind = "points", amount = 3, source = "Our own"}]
"""


def own(tmp_path: Path, text: str) -> iop.Instrument:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return iop.read_instrument(file)


def test_ones_own_instrument_reverses_and_prorates(tmp_path: Path) -> None:
    records = read(sleep_1=["always", "1"], sleep_2=["3", ""], sleep_3=["1", "4"])
    instrument = own(tmp_path, OWN)
    assert iop.instrument_scores(records, instrument)["score"].tolist()[0] == 4 + 3 + (4 - 1)
    prorated = iop.instrument_scores(records, instrument, missing="prorate")
    assert prorated["score"].tolist() == [10, (1 + 0) / 2 * 3]


FAULTS = {
    'title = "Sleep scale"': ("", "title has to be a text"),
    "high = 4": ("high = -1", "low has to be below high"),
    'better = "lower"': ('better = "down"', "lower, higher"),
    'reversed = ["3"]': ('reversed = ["9"]', "no item 9"),
    "words = {never = 0, always = 4}": ("words = {never = 9}", "not between low and high"),
    "prorate_from = 0.6": ("prorate_from = 2", "above 0, at most 1"),
    "[scales.total]": ("[scale.total]", "key that is not known: scale"),
    'kind = "points"': ('kind = "about"', "kind of a rule of change"),
    "amount = 3": ("amount = -3", "above 0"),
    'source = "Our own"}': ('colour = "red"}', "changes.colour"),
    'licence = "Ours"': ("licence = 3", "licence has to be a text"),
    "low = 0": ("low =", "not TOML"),
    'items = ["falling asleep", "waking", "rest"]': ("items = true", "items has to be a number"),
}


@pytest.mark.parametrize("old", FAULTS)
def test_each_fault_of_a_file_is_a_sentence(tmp_path: Path, old: str) -> None:
    new, message = FAULTS[old]
    assert old in OWN
    with pytest.raises(OutcomesError, match=message):
        own(tmp_path, OWN.replace(old, new))
    with pytest.raises(RuleError, match="cannot be opened"):
        iop.read_instrument(tmp_path / "none.toml")
