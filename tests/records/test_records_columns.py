"""What becomes of the columns of an export: none is dropped, and none is rounded."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError, RuleError
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.parsing.numbers import covariate_kind
from iop_outcomes.records.parsing.parsed import NO_WHOLE
from iop_outcomes.records.parsing.values import parse
from iop_outcomes.records.schema import Column
from iop_outcomes.records.sources.coded import coded
from tests.helpers.tables import frame

EPISODES = """
| episode_id | person_id | program | admit_date |
| E1         | P1        | North   | 2026-01-05 |
| E2         | P2        | South   | 2026-01-10 |
"""
ATTENDANCE = """
| episode_id | date       | status   |
| E1         | 2026-01-06 | attended |
| E2         | 2026-01-12 | no_show  |
"""
CHECKINS = """
| episode_id | date       | status    | used |
| E1         | 2026-01-12 | completed | no   |
| E2         | 2026-01-17 | completed | yes  |
"""


def read(**columns: dict[str, Any]) -> iop.Records:
    """The tables with more columns, given by table."""
    tables = {"episodes": EPISODES, "attendance": ATTENDANCE, "checkins": CHECKINS}
    frames: dict[str, Any] = {
        name: frame(text).assign(**columns.get(name, {})) for name, text in tables.items()
    }
    return iop.read_records(**frames, as_of="2026-03-31")


# Names that the library gives itself -------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("episodes", "days_followed"),
        ("episodes", "days_to_discharge"),
        ("episodes", "admission_number"),
        ("attendance", "minutes_overlapping"),
        ("attendance", "day"),
        ("checkins", "day"),
    ],
)
def test_a_column_with_the_name_of_a_calculated_one_is_renamed_and_listed(
    table: str, name: str
) -> None:
    plain = getattr(read(), table)
    records = read(**{table: {name: ["Mon", "Tue"]}})
    result = getattr(records, table)
    assert result[f"export_{name}"].tolist() == ["Mon", "Tue"]
    pd.testing.assert_frame_equal(result.drop(columns=f"export_{name}"), plain)
    assert f"export_{name}" in repr(records)
    problem = records.problems.iloc[0]
    assert (problem["table"], problem["column"], problem["check"]) == (table, name, "taken_name")
    assert problem["done"] == f"kept as export_{name}"
    assert len(records.problems) == 1


def test_the_other_name_is_one_that_no_column_has() -> None:
    more = {"Days Followed": [1, 2], "export_days_followed": [3, 4], "export_days_followed_2": 5}
    episodes = read(episodes=more).episodes
    assert episodes["export_days_followed"].tolist() == [3, 4]
    assert episodes["export_days_followed_3"].tolist() == [1, 2]


def test_study_days_have_their_own_names_and_keep_what_stands_beside_them() -> None:
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_day": [3], "days_followed": ["ours"]})
    checkins = pd.DataFrame(
        {"episode_id": ["E1"], "day": [10], "status": ["missed"], "admit_date": ["x"]}
    )
    records = iop.read_records(episodes=episodes, checkins=checkins)
    assert records.episodes["export_days_followed"].tolist() == ["ours"]
    assert records.checkins["day"].tolist() == [7]
    assert records.checkins["admit_date"].tolist() == ["x"]


def test_rows_set_aside_keep_columns_called_file_and_line() -> None:
    aside = read(checkins={"status": ["completed", "often"], "file": "a", "line": "b"}).set_aside
    row = aside["checkins"].iloc[0]
    assert (row["line"], row["export_file"], row["export_line"]) == (2, "a", "b")


@pytest.mark.parametrize("name", ["week", "due", "rate", "lower"])
def test_a_group_is_not_overwritten_by_a_column_of_the_result(name: str) -> None:
    records = read(episodes={name: ["a", "b"]})
    with pytest.raises(RuleError, match=f"cannot be named {name}"):
        iop.attendance_by_week(records, by=name, weeks=2)


@pytest.mark.parametrize("name", ["period", "numerator", "denominator"])
def test_a_group_of_a_trend_is_not_overwritten_either(name: str) -> None:
    records = read(episodes={name: ["a", "b"]})
    with pytest.raises(RuleError, match=f"cannot be named {name}"):
        iop.trend(records, "admissions", every="month", by=name)


# Identifiers of frames ----------------------------------------------------------------------------


def test_the_identifiers_1_and_true_are_different() -> None:
    episodes = pd.DataFrame(
        {"episode_id": [1, True, 1.5, "1.50", 0, False], "admit_date": "2026-01-05"}, dtype=object
    )
    checkins = pd.DataFrame(
        {"episode_id": [True, 1, 0.0], "date": "2026-01-12", "status": "missed"}, dtype=object
    )
    records = iop.read_records(episodes=episodes, checkins=checkins)
    assert records.episodes["episode_id"].tolist() == ["1", "yes", "1.5", "1.50", "0", "no"]
    assert records.checkins["episode_id"].tolist() == ["1", "yes", "0"]
    assert records.problems.empty


def test_strict_reading_names_a_taken_name() -> None:
    with pytest.raises(RecordsError, match="taken_name"):
        iop.read_records(
            episodes=frame(EPISODES).assign(days_followed=1),
            checkins=frame(CHECKINS),
            strict=True,
        )


# Numbers: whole ones stay whole, none is rounded, labels stay text --------------------------------


def covariate(values: list[Any], table: str = "episodes") -> tuple[pd.Series[Any], list[str]]:
    """The column x as it is read, and the checks that met something in it, row by row."""
    size = len(values)
    identifiers = [f"E{number}" for number in range(size)]
    episodes = pd.DataFrame({"episode_id": identifiers, "admit_date": "2026-01-05"})
    checkins = pd.DataFrame({"episode_id": identifiers, "date": "2026-01-12", "status": "missed"})
    tables = {"episodes": episodes, "checkins": checkins}
    tables[table]["x"] = pd.Series(values, dtype=object)
    records = iop.read_records(**tables, as_of="2026-03-31")
    met = records.problems[records.problems["column"] == "x"]
    return getattr(records, table)["x"], [
        f"{line}: {check}" for line, check in zip(met["line"], met["check"], strict=True)
    ]


@pytest.mark.parametrize("table", ["episodes", "checkins"])
def test_whole_numbers_stay_whole(table: str) -> None:
    numbers = list(range(16_777_216, 16_777_246))
    column, met = covariate([str(number) for number in numbers], table)
    assert column.dtype == np.int64
    assert column.tolist() == numbers
    assert met == []


@pytest.mark.parametrize(
    ("texts", "dtype", "expected"),
    [
        (["-3", "0", "12"], "int64", [-3, 0, 12]),
        (["3", "", "12"], "Int64", [3, None, 12]),
        (["3.0", "4", "-0"], "int64", [3, 4, 0]),  # whole, as an export of floats writes it
        (["9223372036854775807", "-9223372036854775807"], "int64", [2**63 - 1, 1 - 2**63]),
        (["9223372036854775808", "1"], "category", ["9223372036854775808", "1"]),
        (["9007199254740993", "0.5"], "category", ["9007199254740993", "0.5"]),
        (["0.1", "0.7", "2"], "float64", [0.1, 0.7, 2.0]),
        (["0.1", "", "-2.50"], "float64", [0.1, None, -2.5]),
        (["1e-05", "1.5e+20", "2.5E3", ".5"], "float64", [1e-05, 1.5e20, 2500.0, 0.5]),
        (["1e400", "2"], "category", ["1e400", "2"]),
        (["02139", "10001"], "category", ["02139", "10001"]),
        (["00.5", "1.5"], "category", ["00.5", "1.5"]),
        (["-01", "1"], "category", ["-01", "1"]),
        (["1E5", "2E7"], "category", ["1E5", "2E7"]),  # codes: an exponent has a sign or a point
        (["+15551234567", "15551234567"], "category", ["+15551234567", "15551234567"]),
        (["20260103", "20260104"], "int64", [20260103, 20260104]),
        (["1,234", "2,345"], "category", ["1,234", "2,345"]),
        (["inf", "1"], "category", ["inf", "1"]),
        (["0x10", "1"], "category", ["0x10", "1"]),
        (["1_000", "1"], "category", ["1_000", "1"]),
        (["\u0661", "1"], "category", ["\u0661", "1"]),
        (["", ""], "category", [None, None]),
    ],
)
def test_a_covariate_is_a_number_or_text_by_what_it_holds(
    texts: list[str], dtype: str, expected: list[Any]
) -> None:
    column, met = covariate(texts)
    assert str(column.dtype) == dtype
    assert [None if pd.isna(value) else value for value in column] == expected
    assert met == []


MARKS = [
    ".",
    "-",
    "NULL",
    "#N/A",
    "?",
    "n/a",
    "NaN",
    "--",
    "N.A.",
    "#VALUE!",
    "\u2013",
    "None",
    "unknown",
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_of_missing_leaves_a_number_column_numbers_and_is_listed(mark: str) -> None:
    column, met = covariate(["31", mark, "44"])
    assert str(column.dtype) == "Int64"
    assert column.isna().tolist() == [False, True, False]
    assert met == ["2: error_word" if mark[0] == "#" else "2: missing_word"]
    column, met = covariate(["31.5", "44", mark])
    assert column.dtype == np.float64
    assert column.isna().tolist() == [False, False, True]
    assert met == ["3: error_word" if mark[0] == "#" else "3: missing_word"]


def test_marks_alone_make_no_numbers_and_many_of_them_no_words() -> None:
    assert str(covariate([".", "-", "?"])[0].dtype) == "category"
    column, met = covariate(["n/a"] * 8 + ["3"])
    assert str(column.dtype) == "Int64"
    assert len(met) == 8


def test_words_stay_words_with_a_number_among_them() -> None:
    for texts in (["none", "unknown", "3"], ["day", "7", "evening"], ["3", "4", "high"]):
        column, met = covariate(texts)
        assert column.tolist() == texts
        assert met == []


def test_one_word_in_twenty_is_listed_and_left_missing() -> None:
    column, met = covariate(["refused", *["31"] * 19])
    assert str(column.dtype) == "Int64"
    assert column.isna().sum() == 1
    assert met == ["1: bad_number"]
    column, met = covariate(["refused", *["31"] * 18])
    assert column.tolist()[0] == "refused"
    assert met == []


@pytest.mark.parametrize("code", ["A12", "TMP-3", "02139", "45y", "30-39", "1,5"])
def test_a_code_among_numbers_is_kept_and_said_to_be_why_the_column_is_text(code: str) -> None:
    texts = [code, *map(str, range(100, 199))]
    column, met = covariate(texts)
    assert column.tolist() == texts
    assert met == ["1: code_among_numbers"]
    column, met = covariate([code, "100"])
    assert column.tolist() == [code, "100"]
    assert met == []


def test_the_mapping_s_words_come_before_the_kind() -> None:
    episodes = frame(EPISODES).assign(age=["abt 30", "41"])
    mapping = {"episodes": {"words": {"age": {"abt 30": "30"}}}}
    records = iop.read_records(episodes=episodes, checkins=frame(CHECKINS), mapping=mapping)
    assert records.episodes["age"].tolist() == [30, 41]


def test_declared_numbers_are_not_rounded_either() -> None:
    records = read(checkins={"quality_of_life": ["0.1", "16777217"], "bam_use": ["0.7", "n/a"]})
    assert records.checkins["quality_of_life"].tolist() == [0.1, 16777217.0]
    assert records.checkins["bam_use"].dtype == np.float64
    assert records.checkins["bam_use"].tolist()[0] == 0.7
    every = {
        name: str(dtype)
        for table in (records.attendance, records.checkins)
        for name, dtype in table.dtypes.items()
    }
    assert "float32" not in every.values()


def test_clusters_are_told_apart_by_a_number_of_eight_digits() -> None:
    size = 100
    generator = np.random.default_rng(5)
    people = [f"E{number}" for number in range(size)]
    episodes = pd.DataFrame(
        {"episode_id": people, "admit_date": "2026-01-05", "age": generator.integers(20, 60, size)}
    )
    episodes["mrn"] = np.arange(16_777_216, 16_777_216 + size)
    days = pd.to_datetime("2026-01-05") + pd.to_timedelta(generator.integers(1, 60, size), "D")
    checkins = pd.DataFrame(
        {"episode_id": people, "date": days, "status": "completed", "used": True}
    )
    times = iop.time_to_relapse(iop.read_records(episodes=episodes, checkins=checkins))
    assert times["mrn"].nunique() == size
    by_row, by_mrn = (iop.cox(times, "age", cluster=name) for name in ("episode_id", "mrn"))
    assert by_mrn.table["se"].tolist() == pytest.approx(by_row.table["se"].tolist())


# Frames, Parquet and workbooks of typed numbers ---------------------------------------------------


def typed(**columns: Any) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    identifiers = [f"E{number}" for number in range(size)]
    return pd.DataFrame({"episode_id": identifiers, "admit_date": "2026-01-05", **columns})


@pytest.mark.parametrize("way", ["frame", "parquet", "xlsx"])
def test_typed_numbers_come_in_as_they_are(way: str, tmp_path: Path) -> None:
    episodes = typed(
        mrn=np.array([16_777_217, 16_777_219], dtype=np.int64),
        score=np.array([0.1, 2.5]),
        some=pd.array([2**53 + 1 if way != "xlsx" else 5, None], dtype="Int64"),
        code=["02139", "10001"],
    )
    source: Any = episodes
    if way != "frame":
        source = tmp_path / f"episodes.{way}"
        getattr(episodes, "to_parquet" if way == "parquet" else "to_excel")(source, index=False)
    records = iop.read_records(
        episodes=source, checkins=frame(CHECKINS.replace("E2", "E0")), as_of="2026-03-31"
    )
    result = records.episodes
    assert result["mrn"].tolist() == [16_777_217, 16_777_219]
    assert result["score"].tolist() == [0.1, 2.5]
    assert result["some"].tolist()[0] == episodes["some"][0]
    assert str(result["some"].dtype) == "Int64"
    assert result["code"].tolist() == ["02139", "10001"]


@pytest.mark.parametrize("dtype", ["float32", "Float32", "float[pyarrow]", "category"])
@pytest.mark.parametrize("parquet", [False, True])
def test_a_float32_column_is_read_as_it_is_written(
    dtype: str, parquet: bool, tmp_path: Path
) -> None:
    values: Any = pd.Series([0.1, 2.7, 31.0], dtype="float32").astype(dtype)
    source: Any = typed(score=values)
    if parquet:
        source.to_parquet(tmp_path / "episodes.parquet")
        source = tmp_path / "episodes.parquet"
    records = iop.read_records(episodes=source, checkins=frame(CHECKINS), as_of="2026-03-31")
    assert records.episodes["score"].tolist() == [0.1, 2.7, 31.0]


@pytest.mark.parametrize(
    ("dtype", "exact"), [("float32", 2**24), ("float16", 2**11), ("float64", 2**53)]
)
def test_whole_numbers_that_a_float_could_not_hold_are_listed(dtype: str, exact: int) -> None:
    episodes = typed(mrn=np.array([exact - 1, exact + 2], dtype=dtype))
    records = iop.read_records(episodes=episodes, checkins=frame(CHECKINS), as_of="2026-03-31")
    met = records.problems[records.problems["column"] == "mrn"]
    assert met["check"].tolist() == ["rounded_before"]
    assert met["line"].tolist() == [2]
    assert met["done"].tolist() == ["kept"]
    ids = pd.DataFrame({"episode_id": np.array([exact + 2], dtype), "admit_date": "2026-01-05"})
    records = iop.read_records(episodes=ids, checkins=frame(CHECKINS), as_of="2026-03-31")
    assert "rounded_before" in records.problems["check"].tolist()


def test_frames_of_nullable_and_arrow_types_are_read_as_plain_ones() -> None:
    plain = pd.DataFrame(
        {
            "episode_id": ["E1", "E2", "E3"],
            "admit_date": pd.to_datetime(["2026-01-05", "2026-01-06", "2026-01-07"]),
            "age": [31, 44, 29],
            "score": [0.1, 2.5, 7.0],
            "zip": ["02139", "10001", "94110"],
            "veteran": [True, False, True],
        }
    )
    ways = {
        "nullable": plain.convert_dtypes(),
        "arrow": plain.convert_dtypes(dtype_backend="pyarrow"),
        "dates": plain.assign(admit_date=plain["admit_date"].dt.date.astype("date32[pyarrow]")),
        "strings": plain.astype(str).astype("string"),
        "categories": plain.astype("category"),
        "objects": plain.astype(object),
    }
    checkins = frame(CHECKINS)
    expected = iop.read_records(episodes=plain, checkins=checkins, as_of="2026-03-31")
    for way, given_in in ways.items():
        if way == "strings":
            given_in = given_in.assign(veteran=plain["veteran"])
        records = iop.read_records(episodes=given_in, checkins=checkins, as_of="2026-03-31")
        pd.testing.assert_frame_equal(records.episodes, expected.episodes)
        assert records.problems.empty, way


def test_cells_that_are_lists_are_read_as_their_text() -> None:
    lists = pd.Series([["a", "b"], None], dtype=pd.ArrowDtype(pa.list_(pa.string())))
    for column in (lists, lists.astype(object)):
        records = iop.read_records(episodes=typed(x=column), checkins=frame(CHECKINS))
        assert records.episodes["x"].notna().tolist() == [True, False]


# The file of problems -----------------------------------------------------------------------------

FORMULAS = [
    '=HYPERLINK("http://example.invalid","x")',
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "\uff1d1+1",
    "often;=1+1",
    "often,=1+1",
    "often|@x",
    "often\n=1+1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_the_file_of_problems_holds_no_formula(text: str, tmp_path: Path) -> None:
    records = read(checkins={"status": ["completed", text]})
    assert text in records.problems["value"].tolist()
    path = records.save_problems(tmp_path / "problems.csv")
    written = pd.read_csv(path, dtype=str, keep_default_na=False)["value"].tolist()
    start = re.compile(r"\s*[=+\-@\uff1d]")
    for value in written:
        assert not start.match(value)
        assert not any(start.match(part) for part in re.split(r"[,;|\t\r\n]", value) if part)
    assert any(value.replace("'", "") == text for value in written)


def test_the_file_of_problems_leaves_other_values_as_they_are(tmp_path: Path) -> None:
    records = read(checkins={"status": ["completed", "no-show = late"], "used": ["may be", "x@y"]})
    written = pd.read_csv(records.save_problems(tmp_path / "p.csv"), keep_default_na=False)
    pd.testing.assert_frame_equal(written, records.problems, check_dtype=False)
    # Numbers stand without quotes, as numbers.
    text = (tmp_path / "p.csv").read_text(encoding="utf-8")
    assert all(f",{line}," in text for line in records.problems["line"])


# Beside a plain slow version ----------------------------------------------------------------------

NUMERAL = st.one_of(
    st.integers(-(2**64), 2**64).map(str),
    st.integers(-20, 20).map(str),
    st.decimals(-1000, 1000, places=2).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
CELL = st.one_of(
    NUMERAL, NUMERAL, st.sampled_from(["", ".", "n/a", "none", "007", "A1", "1E5", "x"])
)


def slow_kind(texts: list[str]) -> str:
    """What a column is, by going over its rows one by one."""
    numerals, words, codes = [], 0, 0
    for text in texts:
        plain = re.fullmatch(r"-?(0|[1-9][0-9]*)?(\.[0-9]*)?((?<=\.)|(?<=[0-9]))([eE].*)?", text)
        if text in ("", ".", "n/a"):
            continue
        try:
            value = Decimal(text)
            size = float(text)
        except (InvalidOperation, ValueError):
            codes += any(letter.isdigit() for letter in text)
            words += not any(letter.isdigit() for letter in text)
            continue
        bare = text.lstrip("-")
        padded = len(bare) > 1 and bare[0] == "0" and bare[1].isdigit()
        bare_exponent = re.fullmatch(r"-?[0-9]+[eE][0-9]+", text)
        if plain is None or padded or bare_exponent or not math.isfinite(size):
            codes += 1
        else:
            numerals.append((text, value))
    total = len(numerals) + words
    if not numerals or codes or 2 * len(numerals) < total:
        return "category"
    others = sum(text == "x" for text in texts)
    if 20 * others > total:
        return "category"
    if all(value == int(value) and "e" not in text.lower() for text, value in numerals):
        fits = all(abs(int(value)) < 2**63 for _, value in numerals)
        return ("Int64" if len(numerals) < len(texts) else "int64") if fits else "category"
    exact = all("e" in text.lower() or abs(value) < 2**53 for text, value in numerals)
    return "float64" if exact else "category"


@given(texts=st.lists(CELL, min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_the_kind_of_a_column_is_that_of_the_plain_slow_version(texts: list[str]) -> None:
    kind, _ = covariate_kind(coded(texts).words.tolist(), coded(texts).counts())
    column = Column("x", kind, "A covariate.")
    parsed = parse(column, coded(texts), Mapping())
    result = {"name": "category", "number": "float64", "whole": "int64"}[kind]
    values = parsed.values[coded(texts).codes]
    if kind == "whole" and (values == NO_WHOLE).any():
        result = "Int64"
    assert result == slow_kind(texts)
    for text, value in zip(texts, values, strict=True):
        if kind == "whole" and value != NO_WHOLE:
            assert int(value) == Decimal(text)
        elif kind == "number" and not np.isnan(value):
            assert float(value) == float(text)
