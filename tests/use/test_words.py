"""Operations on use patterns: small vectors, edges, and one word at a time beside all at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.words import draw
from iop_outcomes.errors import RuleError
from iop_outcomes.use.pattern_array import PatternArray, decode, delete, encode, recode, through
from iop_outcomes.use.pattern_filling import (
    impute_last_value,
    impute_last_value_between,
    impute_mode,
    impute_neighbours,
)
from iop_outcomes.use.pattern_scores import rising, weighted_score
from iop_outcomes.use.pattern_windows import (
    contains,
    count_matches,
    count_symbols,
    first_window,
    longest_run,
    retention,
)
from iop_outcomes.use.visit_schedules import collapse_lattice, view_by_lattice
from tests.helpers import plain_words as plain

SYMBOLS = "+-o*_"
LONG = "++++*o-------+--+oo-o-o+o+oooo"
SCORED = "++o+*-------+--+-o-o-o+o+"
words_of = st.lists(st.text(SYMBOLS, min_size=1, max_size=20), min_size=1, max_size=12)
position = st.integers(-22, 22).filter(bool)
held = settings(deadline=None)


def texts(words: PatternArray) -> list[str]:
    return list(decode(words))


def one(operation: Callable[..., PatternArray], word: str, *options: Any) -> str:
    return texts(operation(encode([word]), *options))[0]


# The container


@held
@given(words_of)
def test_decode_turns_encode_back(words):
    encoded = encode(words)
    assert texts(encoded) == words
    assert encoded.symbols.shape == (len(words), max(map(len, words)))
    assert encoded.lengths.tolist() == [len(word) for word in words]


def test_labels_and_missing_patterns_are_kept():
    patterns = pd.Series(["+-", None, np.nan, "o"], index=["d", "a", "c", "b"], dtype=object)
    encoded = encode(patterns)
    back = decode(encoded)
    assert encoded.has_pattern.tolist() == [True, False, False, True]
    assert back.index.tolist() == ["d", "a", "c", "b"]
    assert back.isna().tolist() == [False, True, True, False]
    assert back.name == "use_pattern"


@pytest.mark.parametrize("dtype", ["string", "category", object])
def test_any_column_of_text_is_read(dtype):
    assert texts(encode(pd.Series(["+-", "oo-"], dtype=dtype))) == ["+-", "oo-"]


def test_no_people_are_no_people():
    assert texts(encode([])) == []
    assert texts(delete(encode([]), "o")) == []
    assert retention(encode([])).tolist() == []


def test_a_missing_pattern_alone_has_no_weeks():
    encoded = encode(pd.Series([None], dtype=object))
    assert encoded.lengths.tolist() == [0]
    assert decode(encoded).isna().all()


@pytest.mark.parametrize(
    ("patterns", "said"),
    [
        (["+x-"], "1 other letter"),
        (["+é", "+☃"], "Found: '☃'"),
        (["+", ""], "1 empty patterns"),
        (["+", 3], "type int"),
        ("+-o", "Found: str"),
        (pd.DataFrame({"a": ["+"]}), "DataFrame"),
        (7, "Found: int"),
        (pd.Series(["+", "-", "o"], index=["jo", "jo", "jo"]), "2 repeated labels"),
    ],
)
def test_what_is_no_column_of_patterns_is_refused(patterns, said):
    with pytest.raises(RuleError, match=said) as refused:
        encode(patterns)
    assert "jo" not in str(refused.value)


def test_the_error_names_the_symbol_and_not_the_word():
    with pytest.raises(RuleError) as refused:
        encode(["+-+-?+"])
    assert "'?'" in str(refused.value)
    assert "+-+-" not in str(refused.value)


def test_what_is_given_is_not_changed():
    patterns = pd.Series(["+o*-", "oo-"])
    encoded = encode(patterns)
    before = encoded.symbols.copy()
    for work in (
        lambda: recode(encoded, "o", "+"),
        lambda: delete(encoded, "o"),
        lambda: through(encoded, 2),
        lambda: impute_last_value(encoded),
        lambda: impute_last_value_between(encoded),
        lambda: impute_mode(encoded),
        lambda: impute_neighbours(encoded),
        lambda: view_by_lattice(encoded, "o_o_"),
        lambda: first_window(encoded, 2, 1),
        lambda: count_matches(encoded, "-", 2, 3),
    ):
        work()
    assert (encoded.symbols == before).all()
    assert patterns.tolist() == ["+o*-", "oo-"]


# The reference's small vectors


def test_retention_and_longest_run():
    encoded = encode(["__++++*o-------+--+-o-o-o+o+oooooo", "ooooooooooo"])
    assert retention(encoded).tolist() == [28, 0]
    recoded = recode(recode(recode(encoded, "_", "-"), "o", "+"), "*", "+")
    assert longest_run(recoded).tolist() == [7, 0]


def test_first_window():
    encoded = encode(["o-o+++"])
    assert [float(x[0]) for x in first_window(encoded)] == [4, 1]
    assert [float(x[0]) for x in first_window(encoded, offset=0)] == [3, 1]
    assert [float(x[0]) for x in first_window(encoded, 1, 1)] == [4, 1]
    # The offset is a fixed shift: use began in week 1.
    assert first_window(encode(["++-+---"]), 4, 3)[0].tolist() == [2]
    short = first_window(encode(["++"]), 4, 3)
    assert np.isnan(short).all()
    with pytest.raises(RuleError, match="threshold=5"):
        first_window(encoded, 4, 5)


def test_weighted_score():
    encoded = encode([SCORED])
    heavier = {"+": 0.8, "*": 0.4, "o": 1, "-": 0}
    three_times = [3.0] * 4 + [1.0] * 21
    assert weighted_score(encoded)[0] == pytest.approx(41.28)
    assert weighted_score(encoded, heavier)[0] == pytest.approx(52.8)
    assert weighted_score(encoded, use_penalty=rising)[0] == pytest.approx(34.82667, abs=5e-6)
    assert weighted_score(encoded, missing_penalty=three_times)[0] == pytest.approx(43.392)


def test_weighted_score_of_what_has_no_weight_is_missing():
    assert np.isnan(weighted_score(encode(["+_-"])))[0]
    assert weighted_score(encode(["+_-"]), left_out="_") == weighted_score(encode(["+-"]))
    assert np.isnan(weighted_score(delete(encode(["ooo"]), "o")))[0]
    with pytest.raises(RuleError, match="2 factors"):
        weighted_score(encode(["+++"]), use_penalty=[1, 2])
    with pytest.raises(RuleError, match="use and a week missed"):
        weighted_score(encode(["+++"]), {"+": 1})
    assert weighted_score(encode(["+o*"]), scale=None)[0] == pytest.approx(1 + 0.22 + 0.5)


def test_four_ways_of_filling():
    assert one(impute_last_value, LONG) == "++++**-------+--+++----+++++++"
    assert one(impute_mode, LONG) == "++++*--------+--+------+-+----"
    assert (
        one(impute_neighbours, "++++*o-------+--+oo-o-o+o+o*oo") == "++++**-------+--+oo---*++++*oo"
    )
    assert one(impute_neighbours, "-o*") == "-**"
    assert one(impute_neighbours, "+o*") == "++*"
    assert one(impute_last_value_between, "o+o-oo") == "o++-oo"
    assert one(impute_mode, "+-o*") == "+-+*"  # the mixed week counts as use and stays mixed
    assert one(impute_mode, "+-o") == "+-+"  # a tie is use
    for fill in (impute_last_value, impute_last_value_between, impute_mode, impute_neighbours):
        assert one(fill, "oooo") == "oooo"
    with pytest.raises(RuleError, match="neighbours=0"):
        impute_neighbours(encode(["+o-"]), 0)


def test_weeks_not_due_are_not_carried_on_if_so_asked():
    assert texts(impute_last_value(encode(["+_o"]))) == ["+__"]
    assert texts(impute_last_value(encode(["+_o"]), not_carried="_")) == ["+_+"]
    assert texts(impute_last_value_between(encode(["+_o-o_"]), not_carried="_")) == ["+_+-o_"]
    assert texts(impute_mode(encode(["___+o"]), not_carried="_")) == ["___++"]
    assert texts(impute_mode(encode(["___+o"]))) == ["___+_"]


def test_lattices():
    lattice = collapse_lattice(["___o"], [4])
    seen = view_by_lattice(encode(["+++++o-------+--+-o-o-o+o+"]), lattice)
    assert texts(seen) == ["___+___-___-___-"]
    assert texts(impute_last_value(seen, "_")) == ["___++++---------"]
    assert collapse_lattice(["o", "_o__"], [12, 3]) == "oooooooooooo_o___o___o__"
    assert texts(view_by_lattice(encode(["+-", "+-+-+-"]), "oo_o")) == ["+-_o", "+-_-"]
    with pytest.raises(RuleError, match="2 pieces and 1 numbers"):
        collapse_lattice(["o", "_"], [1])
    with pytest.raises(RuleError, match="Found: -"):
        view_by_lattice(encode(["+"]), "o-")


def test_a_lattice_gives_no_word_to_who_has_none():
    assert decode(view_by_lattice(encode(["+", None]), "oo")).isna().tolist() == [False, True]


def test_positions_are_clipped_and_zero_is_refused():
    encoded = encode(["+-+--"])
    assert contains(encoded, "--", 4, 99).tolist() == [True]
    assert contains(encoded, "--", 5).tolist() == [False]
    assert contains(encoded, "-+-", -4, -2).tolist() == [True]
    assert count_matches(encoded, "-", 9, 12, proportion=True).tolist() == [0]
    assert contains(encoded, "------").tolist() == [False]
    with pytest.raises(RuleError, match="start=0"):
        contains(encoded, "-", 0)


def test_matches_do_not_overlap():
    assert count_matches(encode(["-----", "--+--"]), "--").tolist() == [2, 2]
    with pytest.raises(RuleError, match="proportion"):
        count_matches(encode(["--"]), "--", proportion=True)


@pytest.mark.parametrize("symbol", ["", "x", "+-", 3, None])
def test_what_is_no_symbol_is_refused(symbol):
    with pytest.raises(RuleError, match="symbol"):
        recode(encode(["+"]), symbol, "+")


def test_an_empty_recoding_deletes():
    assert one(recode, "+o-", "o", "") == "+-"
    assert one(delete, "ooo", "o") == ""


# All words at once, against one word at a time


@held
@given(words_of, st.sampled_from(SYMBOLS), st.sampled_from(SYMBOLS))
def test_recoding_and_deletion(words, symbol, to):
    assert texts(recode(encode(words), symbol, to)) == [word.replace(symbol, to) for word in words]
    assert texts(delete(encode(words), symbol)) == [word.replace(symbol, "") for word in words]


@held
@given(words_of, st.sampled_from("o_"), st.integers(1, 3))
def test_filling(words, missing, size):
    encoded = encode(words)
    assert texts(impute_last_value(encoded, missing)) == [plain.locf(w, missing) for w in words]
    assert texts(impute_last_value_between(encoded, missing)) == [
        plain.locf_between(word, missing) for word in words
    ]
    assert texts(impute_mode(encoded)) == [plain.mode(word) for word in words]
    assert texts(impute_neighbours(encoded, size)) == [
        plain.neighbours(word, size) for word in words
    ]


@held
@given(words_of, st.text(SYMBOLS, min_size=1, max_size=3), position, position)
def test_matches_and_sub_patterns(words, match, start, end):
    encoded = encode(words)
    cuts = [plain.cut(word, start, end) for word in words]
    assert contains(encoded, match, start, end).tolist() == [match in cut for cut in cuts]
    assert count_matches(encoded, match, start, end).tolist() == [cut.count(match) for cut in cuts]
    counted = count_symbols(encoded, match, start, end).tolist()
    assert counted == [sum(symbol in match for symbol in cut) for cut in cuts]
    shares = count_matches(encoded, "-", start, end, mixed="*", proportion=True)
    assert shares.tolist() == [plain.clear(cut) for cut in cuts]


@held
@given(
    words_of,
    st.tuples(st.integers(1, 6), st.integers(1, 6)).map(sorted),
    st.sampled_from("+-o"),
    st.none() | st.integers(-2, 3),
)
def test_windows(words, sizes, symbol, offset):
    threshold, width = sizes
    time, event = first_window(encode(words), width, threshold, symbol, offset)
    expected = [plain.window(word, width, threshold, symbol, offset) for word in words]
    np.testing.assert_array_equal(np.column_stack([time, event]), expected)


@held
@given(words_of, st.sampled_from(["+", "+_", "o*"]))
def test_runs_and_retention(words, without):
    encoded = encode(words)
    assert longest_run(encoded, without).tolist() == [plain.longest(w, without) for w in words]
    assert retention(encoded).tolist() == [plain.retention(word) for word in words]
    assert retention(encoded, "o_").tolist() == [plain.retention(word, "o_") for word in words]


@held
@given(words_of, st.sampled_from([None, plain.even_rise, plain.fifths]))
def test_scores(words, penalty):
    result = weighted_score(encode(words), use_penalty=penalty, missing_penalty=penalty)
    expected = [plain.score(word, use_penalty=penalty, missing_penalty=penalty) for word in words]
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


@held
@given(words_of, st.text("o_", min_size=1, max_size=20), st.integers(0, 20))
def test_lattices_and_cuts(words, lattice, last):
    encoded = encode(words)
    assert texts(view_by_lattice(encoded, lattice)) == [
        plain.by_lattice(word, lattice) for word in words
    ]
    assert texts(through(encoded, last)) == [word[:last] for word in words]
    lengths = np.arange(len(words), dtype=np.int32)
    assert texts(through(encoded, lengths)) == [word[:k] for k, word in enumerate(words)]


def test_the_plain_versions_are_those_of_the_reference():
    """The small vectors hold for the versions that the library is held against, too."""
    assert plain.window("o-o+++", 4, 3) == (4, 1)
    assert plain.score(SCORED) == pytest.approx(41.28)
    assert plain.score(SCORED, use_penalty=plain.even_rise) == pytest.approx(34.82667, abs=5e-6)
    assert plain.mode(LONG) == "++++*--------+--+------+-+----"
    assert plain.neighbours("-o*") == "-**"
    assert all(math.isnan(value) for value in plain.window("++", 4, 3))


def test_the_words_of_the_benchmark_are_drawn_by_their_seed():
    words = draw(200, 24, seed=1)
    assert words.str.fullmatch(r"[-+*o]{24}").all()
    assert words.nunique() > 100
    assert draw(200, 24, seed=1).equals(words)
    assert not draw(200, 24, seed=2).equals(words)
    lengths = draw(500, 39, seed=1, shortest=15).str.len()
    assert (lengths.min(), lengths.max()) == (15, 39)
