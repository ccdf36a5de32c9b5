"""From which values on a column fits one of ours, and up to which: either side of a limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from iop_outcomes.records.sources.coded import coded
from iop_outcomes.records.suggestions.recognition import matching
from iop_outcomes.records.suggestions.recognition.fits import alone, fit, known_words
from iop_outcomes.records.suggestions.recognition.profiles import (
    Profile,
    is_clock,
    is_value,
    number_in,
    profile,
)
from iop_outcomes.records.suggestions.recognition.recognising import _are_people

SHARES = (
    *("dates", "clocks", "ranges", "numbers", "lengths", "levels", "flags", "long"),
    *("codes", "names", "counted"),
)


def held(texts: dict[str, int] | int = 20, rows_each: int = 1, **shares: float) -> Profile:
    """Return a profile whose shares are given, and 0 where they are not."""
    counts = {f"q{n}": rows_each for n in range(texts)} if isinstance(texts, int) else texts
    number = np.array(list(counts.values()), dtype=np.int64)
    made = Profile("heading", list(counts), number, int(number.sum()))
    for name in SHARES:
        made.__dict__[name] = shares.get(name, 0.0)
    return made


@pytest.mark.parametrize(
    ("column", "profile_held", "expected"),
    [
        ("date", held(0), 0.5),
        ("date", held(dates=0.29), 0.0),
        ("date", held(dates=0.3), 0.3),
        ("start_time", held(clocks=0.2, ranges=0.7), 0.7),
        ("end_time", held(clocks=0.8, ranges=0.7), 0.8),
        ("start_time", held({"a:b": 1, "c": 3}, dates=0.8), 0.1),
        ("minutes_attended", held(lengths=0.3), 0.3),
        ("minutes_attended", held(clocks=0.7, numbers=0.09), 0.7),
        ("minutes_attended", held(clocks=0.7, numbers=0.1), 0.0),
        ("minutes_scheduled", held({"0": 1, "86400": 2, "-1": 4, "86401": 8}), 0.2),
        ("episode_id", held(), 1.0),
        ("episode_id", held(dates=0.3, ranges=0.3, long=0.2), 1.0),
        ("episode_id", held(dates=0.31), 0.0),
        ("episode_id", held(ranges=0.31), 0.0),
        ("episode_id", held(long=0.21), 0.0),
        ("person_id", held(1, 1), 1.0),
        ("person_id", held(1, 2), 0.1),
        ("person_id", held(4, 15), 0.15),
        ("person_id", held({"a": 57, "b": 1, "c": 1}), 1.0),  # 59 rows
        ("person_id", held(5, 12), 1.0),
        ("person_id", held(10, 200), 0.15),  # 2,000 rows
        ("person_id", held(11, 200), 0.15),
        ("person_id", held({**dict.fromkeys("abcdefghij", 200), "k": 199}), 1.0),
        ("person_id", held(clocks=0.91, numbers=0.89), 0.3),
        ("person_id", held(clocks=0.9, numbers=0.89), 1.0),
        ("person_id", held(clocks=0.91, numbers=0.9), 1.0),
        ("status", held({"attended": 3, "qqq": 1}), 0.45 + 0.55 * 0.75),
        ("status", held({"attended": 1}, dates=0.5, ranges=0.5, long=0.3), 1.0),
        ("status", held({"attended": 1}, dates=0.51), 0.0),
        ("status", held({"attended": 1}, ranges=0.51), 0.0),
        ("status", held({"attended": 1}, long=0.31), 0.0),
        ("status", held(60, 1), 0.45),
        ("status", held(61, 1), 0.0),
        ("status", held(61, 20), 0.45),  # a twentieth of the rows
        ("status", held(61, 19), 0.0),
        ("status", held(12, 1, numbers=0.91), 0.35),
        ("status", held(13, 1, numbers=0.91), 0.0),
        ("status", held(13, 1, numbers=0.9), 0.45),
        ("level", held(levels=0.5), 0.65),
        ("level", held(dates=0.5, long=0.5), 0.3),
        ("level", held(dates=0.51), 0.0),
        ("level", held(long=0.51), 0.0),
        ("program", held(40, levels=0.5), 0.75),
        ("program", held(41), 0.1),
        ("program", held(numbers=0.89), 0.9),
        ("program", held(numbers=0.9), 0.1),
        ("facilitator", held(numbers=0.89), 0.8),
        ("facilitator", held(numbers=0.9), 0.4),
        ("group_id", held(60), 0.8),
        ("group_id", held(61), 0.2),
        ("group_id", held(61, 5), 0.8),
        ("group_id", held(61, 4), 0.2),
    ],
)
def test_fit_judges_values_for_a_column_by_their_kind(
    column: str, profile_held: Profile, expected: float
) -> None:
    table = "episodes" if column in ("level", "program") else "attendance"
    assert fit(table, column, profile_held) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("column", "texts", "expected"),
    [
        ("phq9", {"0": 1, "27": 2, "28": 4, "-1": 8}, 0.2),
        ("phq9", {"0": 3, "n/a": 4, "28": 1}, 0.75),
        ("phq9", {"n/a": 4}, 0.0),
        ("used", {"qqq": 1}, 0.35),
    ],
)
def test_numbers_fit_a_column_in_its_range(
    column: str, texts: dict[str, int], expected: float
) -> None:
    assert fit("checkins", column, held(texts)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("distinct", "flags", "expected"), [(12, 0, 0.35), (13, 0, 0), (13, 0.2, 0.2)]
)
def test_a_flag_may_be_one_of_twelve_words(distinct: int, flags: float, expected: float) -> None:
    assert fit("checkins", "used", held(distinct, flags=flags)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("column", "profile_held", "expected"),
    [
        ("date", held(0), 0.0),
        ("date", held(dates=0.9), 0.45),
        ("date", held(dates=0.89), 0.0),
        ("start_time", held(ranges=0.8), 0.6),
        ("start_time", held(ranges=0.79, clocks=0.9, numbers=0.89), 0.42),
        ("start_time", held(clocks=0.89), 0.0),
        ("start_time", held(clocks=0.9, numbers=0.9), 0.0),
        ("minutes_scheduled", held(lengths=0.9), 0.42),
        ("minutes_scheduled", held(lengths=0.89), 0.0),
        ("status", held({"attended": 5, "no show": 1, "qqq": 4}), 0.6),
        ("status", held({"attended": 4, "no show": 1, "qqq": 4}), 0.0),
        ("status", held({"attended": 6, "qqq": 4}), 0.0),  # one word only
        ("status", held({"attended": 5, "no show": 1, "qqq": 4}, flags=0.49), 0.6),
        ("status", held({"attended": 5, "no show": 1, "qqq": 4}, flags=0.5), 0.0),
        ("status", held({"attended": 90, "no show": 90, **{f"q{n}": 1 for n in range(58)}}), 0.6),
        ("status", held({"attended": 90, "no show": 90, **{f"q{n}": 1 for n in range(59)}}), 0.0),
        ("minutes_attended", held(lengths=1.0), 0.0),
        ("episode_id", held(), 0.0),
    ],
)
def test_values_by_themselves_say_what_a_column_is(
    column: str, profile_held: Profile, expected: float
) -> None:
    assert alone("attendance", column, profile_held) == expected


def test_different_words_of_one_meaning_count_once() -> None:
    share, senses = known_words("attendance", "status", held({"attended": 2, "present": 1, "q": 1}))
    assert (share, senses) == (0.75, 1)


@pytest.mark.parametrize(
    ("distinct", "rows_each", "handful"),
    [(4, 1, True), (5, 2, False), (5, 3, True), (40, 3, True), (41, 3, False)],
)
def test_a_column_has_a_handful_of_texts_up_to_40(
    distinct: int, rows_each: int, handful: bool
) -> None:
    assert held(distinct, rows_each).handful == handful
    assert held({"x" * 80: 3}).handful
    assert not held({"x" * 81: 3}).handful


def test_a_profile_counts_rows_of_bare_texts() -> None:
    made = profile("h", coded(["a", " a", "", "b", "b ", "b", " "]))
    assert (made.texts, made.counts.tolist(), made.rows) == (["b", "a"], [3, 2], 7)
    assert (made.filled, made.distinct, made.unique) == (5, 2, False)
    assert profile("h", coded(["a", "b", ""])).unique
    assert not profile("h", coded([""])).unique
    assert made.share([True, False]) == 0.6
    assert made.share([]) == 0.0


def test_400_texts_are_looked_at() -> None:
    texts = [f"{n:03d}" for n in range(450)]
    made = profile("h", coded([*texts[:400], *texts[:400], *texts[400:]]))
    assert made.looked_at == texts[:400]
    assert made.numbers == pytest.approx(1.0)
    assert made.median() == 199


@pytest.mark.parametrize(
    ("texts", "median"),
    [({"1": 1, "5": 1, "9": 1}, 5), ({"9": 1, "1": 2}, 1), ({"9": 2, "1": 1}, 9), ({"q": 3}, None)],
)
def test_the_median_is_over_rows(texts: dict[str, int], median: float | None) -> None:
    found = held(texts | {"w": 7}).median()
    assert np.isnan(found) if median is None else found == median


@pytest.mark.parametrize(
    ("text", "long"),
    [("x" * 60, False), ("x" * 61, True), ("a" + " b" * 7, False), ("a" + " b" * 8, True)],
)
def test_long_is_the_share_of_texts_of_over_60_characters_or_7_spaces(
    text: str, long: bool
) -> None:
    assert profile("h", coded([text])).long == long


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("24:00", True),
        ("25:00", False),
        ("9:59", True),
        ("9:60", False),
        ("9:30:59", True),
        ("9:30:60", False),
        ("9 am", True),
        ("9", False),
    ],
)
def test_a_clock_is_of_24_hours_and_60_minutes(text: str, clock: bool) -> None:
    assert is_clock(text) == clock


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A12", False),
        ("A123", True),
        ("12", True),
        ("9:30", True),
        ("9:00-10:00", True),
        ("2026-01-05", True),
        ("5 January 2026", True),
        ("1/5/26", True),
        ("Group 1", False),
        ("Date", False),
        (" 7 ", True),
    ],
)
def test_a_value_is_no_heading(text: str, value: bool) -> None:
    assert is_value(text) == value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234", 1234),
        ("1,234.5", 1234.5),
        ("1.234.567", 1234567),
        ("1.234.567,8", 1234567.8),
        ("1.234", 1.234),
        ("1,5", 1.5),
        (" 3 days", 3),
        ("1,5 Tage", 1.5),
        ("-7", -7),
        ("x", None),
    ],
)
def test_a_number_with_its_signs(text: str, number: float | None) -> None:
    found = number_in(text)
    assert np.isnan(found) if number is None else found == number


@pytest.mark.parametrize(
    ("named", "fits", "values", "expected"),
    [(1.0, 1.0, 0.0, 1.0), (1.0, 0.5, 0.0, 0.725), (0.5, 1.0, 0.9, 0.81), (1.0, 0.0, 0.9, 0.0)],
)
def test_a_name_weighs_by_how_well_the_values_fit(
    monkeypatch: pytest.MonkeyPatch, named: float, fits: float, values: float, expected: float
) -> None:
    monkeypatch.setattr(matching, "heading_score", lambda *_: named)
    monkeypatch.setattr(matching, "fit", lambda *_: fits)
    monkeypatch.setattr(matching, "alone", lambda *_: values)
    assert matching.score("attendance", "date", "h", held()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("named", "fits", "filled", "said"),
    [
        (0.95, 0.8, 1, "its name; its values fit"),
        (0.94, 0.79, 1, "part of its name; its values fit in part"),
        (0.4, 0.5, 1, "part of its name; its values fit in part"),
        (0.4, 0.49, 1, "part of its name; its values are not understood"),
        (0.39, 0.8, 1, "its values alone"),
        (0.95, 0.5, 0, "its name; no value in it"),
    ],
)
def test_reason_names_the_heading_and_the_values(
    monkeypatch: pytest.MonkeyPatch, named: float, fits: float, filled: int, said: str
) -> None:
    monkeypatch.setattr(matching, "heading_score", lambda *_: named)
    monkeypatch.setattr(matching, "fit", lambda *_: fits)
    assert matching.reason("attendance", "date", "h", held(filled)) == said


@pytest.mark.parametrize(("score", "matched"), [(0.39, False), (0.4, True)])
def test_a_heading_is_matched_from_a_score_of_0_4(
    monkeypatch: pytest.MonkeyPatch, score: float, matched: bool
) -> None:
    def only_date(_table: str, column: str, _heading: str, _held: Any) -> float:
        return score if column == "date" else 0.0

    monkeypatch.setattr(matching, "score", only_date)
    found = matching.match("attendance", {"h": held(), "other": held()}, ["other"])
    assert {name: one.column for name, one in found.items()} == ({"h": "date"} if matched else {})
    if matched:
        assert found["h"].score == 0.4
        assert matching.table_score("attendance", found) == pytest.approx(0.4)


def test_columns_weigh_for_their_table() -> None:
    matches = {
        "a": matching.Match("a", "status", 0.5, ""),
        "b": matching.Match("b", "source", 0.5, ""),  # not among those with a weight
        "c": matching.Match("c", "date", 1.0, ""),
    }
    assert matching.table_score("attendance", matches) == pytest.approx(0.6 + 0.35 + 1.0)


@pytest.mark.parametrize(
    ("parts", "people"),
    [
        (["A1", "A2", "A3", "x y z w"], True),
        (["A1", "x (y) z"], True),  # short texts, two of them
        (["A1", "A1"], False),
        (["x (y) " * 12, "A1", "w (y) " * 12], False),
    ],
)
def test_parts_of_a_list_are_people(parts: list[str], people: bool) -> None:
    assert _are_people(parts) == people
