"""The door opens to every kind of file, says clearly when it cannot, and loses no row."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import iop_outcomes as iop
from iop_outcomes.errors import MissingTableError, RecordsError, RuleError
from iop_outcomes.records.sources.delimited import read_delimited
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.shared.provenance import Provenance, label
from tests.helpers.tables import csv, frame

EPISODES = """
| episode_id | person_id | program    | admit_date | track   | age |
| E1         | P1        | Old Mill   | 2026-01-05 | day     | 31  |
| E2         | P2        | Göteborg   | 2026-01-10 | evening | 44  |
| E3         | P1        | Old Mill   | 2026-03-20 | day     | 31  |
"""
CHECKINS = """
| episode_id | date       | status    | used | craving |
| E1         | 2026-01-12 | completed | no   | 3       |
| E1         | 2026-01-19 | missed    |      |         |
| E2         | 2026-01-17 | completed | yes  | 7.5     |
| E3         | 2026-03-27 | completed | no   | 0       |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "episodes.csv").write_text(csv(EPISODES), encoding="utf-8")
    (tmp_path / "checkins.csv").write_text(csv(CHECKINS), encoding="utf-8")
    return tmp_path


def same(one: iop.Records, other: iop.Records) -> None:
    for name in ("episodes", "attendance", "checkins"):
        assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.as_of == other.as_of


def typed() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same tables as a notebook would hold them."""
    episodes, checkins = frame(EPISODES), frame(CHECKINS)
    episodes["admit_date"] = pd.to_datetime(episodes["admit_date"])
    episodes["track"] = episodes["track"].astype("category")
    episodes["age"] = episodes["age"].astype(int)
    checkins["date"] = pd.to_datetime(checkins["date"]).dt.date
    checkins["used"] = checkins["used"].map({"yes": True, "no": False}).astype("boolean")
    checkins["craving"] = checkins["craving"].astype(float)
    return episodes, checkins


def as_semicolons(folder: Path) -> None:
    text = csv(CHECKINS).replace(",", ";")
    (folder / "checkins.csv").write_text(text, encoding="utf-8")


def as_tabs(folder: Path) -> None:
    (folder / "checkins.csv").rename(folder / "checkins.tsv")
    text = csv(CHECKINS).replace(",", "\t")
    (folder / "checkins.tsv").write_text(text, encoding="utf-8-sig")


def as_windows_lines(folder: Path) -> None:
    (folder / "checkins.csv").write_bytes(csv(CHECKINS).replace("\n", "\r\n").encode())


def as_mac_lines(folder: Path) -> None:
    (folder / "checkins.csv").write_bytes(csv(CHECKINS).replace("\n", "\r").encode())


def as_gzip(folder: Path) -> None:
    (folder / "checkins.csv").unlink()
    (folder / "checkins.csv.gz").write_bytes(gzip.compress(csv(CHECKINS).encode()))


def as_parquet(folder: Path) -> None:
    for path, table in zip(("episodes", "checkins"), typed(), strict=True):
        (folder / f"{path}.csv").unlink()
        table.to_parquet(folder / f"{path}.parquet")


def as_workbooks(folder: Path) -> None:
    for path, table in zip(("episodes", "checkins"), typed(), strict=True):
        (folder / f"{path}.csv").unlink()
        table.to_excel(folder / f"{path}.xlsx", index=False)


def as_several_files(folder: Path) -> None:
    lines = csv(CHECKINS).splitlines(keepends=True)
    (folder / "checkins.csv").unlink()
    (folder / "checkins_1.csv").write_text("".join(lines[:3]), encoding="utf-8")
    (folder / "check-ins 2.csv").write_text("".join([lines[0], *lines[3:]]), encoding="utf-8")


def quoted(folder: Path) -> None:
    lines = csv(CHECKINS).splitlines()
    text = "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in lines)
    (folder / "checkins.csv").write_text(text, encoding="utf-8")


WRITERS = [
    as_semicolons,
    as_tabs,
    as_windows_lines,
    as_mac_lines,
    as_gzip,
    as_parquet,
    as_workbooks,
    as_several_files,
    quoted,
]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_every_kind_of_file_gives_the_same_records(folder: Path, write: Any) -> None:
    expected = iop.read_records(folder)
    write(folder)
    records = iop.read_records(folder)
    same(records, expected)
    assert records.problems.empty


def test_a_workbook_with_a_sheet_a_table_and_typed_frames_give_the_same(folder: Path) -> None:
    expected = iop.read_records(folder)
    episodes, checkins = typed()
    with pd.ExcelWriter(folder / "export.xlsx") as book:
        episodes.to_excel(book, sheet_name="Episodes", index=False)
        checkins.to_excel(book, sheet_name="Check-ins", index=False)
        checkins.to_excel(book, sheet_name="Notes", index=False)
    records = iop.read_records(folder / "export.xlsx")
    same(records, expected)
    assert records.ignored == ("export.xlsx: sheet Notes",)
    assert "sheet Notes" in repr(records)
    same(iop.read_records(episodes=episodes, checkins=checkins), expected)


def test_frames_given_in_are_not_changed() -> None:
    episodes, checkins = typed()
    before = episodes.copy(deep=True), checkins.copy(deep=True)
    records = iop.read_records(episodes=episodes, checkins=checkins)
    records.episodes["age"] = 0.0
    assert_frame_equal(episodes, before[0])
    assert_frame_equal(checkins, before[1])


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-16", "UTF-16"), ("cp1252", "Windows-1252"), ("utf-8-sig", None)]
)
def test_another_encoding_is_read_and_said(folder: Path, encoding: str, name: str | None) -> None:
    expected = iop.read_records(folder)
    (folder / "episodes.csv").write_text(csv(EPISODES), encoding=encoding)
    records = iop.read_records(folder)
    same(records, expected)
    assert records.problems["value"].tolist() == ([name] if name else [])
    assert "Göteborg" in set(records.episodes["program"])


def test_types_are_those_that_the_documentation_states(folder: Path) -> None:
    records = iop.read_records(folder)
    kinds = {name: str(dtype) for name, dtype in records.checkins.dtypes.items()}
    assert kinds["episode_id"] == "category"
    assert kinds["date"] == "datetime64[s]"
    assert kinds["day"] == "int32"
    assert kinds["used"] == "boolean"
    assert kinds["craving"] == "float64"
    codes = records.checkins["episode_id"].cat.codes
    assert records.episodes["episode_id"].to_numpy()[codes].tolist() == ["E1", "E1", "E2", "E3"]
    assert records.episodes["admission_number"].tolist() == [1, 1, 2]
    assert records.episodes["age"].dtype == np.int64
    assert isinstance(records.episodes["track"].dtype, pd.CategoricalDtype)


def test_lines_are_those_of_the_file_also_past_quoted_line_ends_and_blank_lines(
    tmp_path: Path,
) -> None:
    (tmp_path / "episodes.csv").write_text("episode_id,admit_date\nE1,2026-01-01\n")
    (tmp_path / "checkins.csv").write_text(
        "episode_id,date,status,note\n"
        'E1,2026-01-02,missed,"two\nlines"\n'
        "\n"
        "E1,2026-01-03,perhaps,\n"
        "E1,2026-01-04,missed\n"
        "E1,2026-01-05,missed,,,\n"
        "E1,2026-01-06,missed,,extra\n"
        "E1,2026-01-07,often,\n"
    )
    problems = iop.read_records(tmp_path).problems
    assert list(zip(problems["line"], problems["check"], strict=True)) == [
        (5, "unknown_word"),
        (6, "short_row"),
        (8, "row_shape"),
        (9, "unknown_word"),
    ]
    assert iop.read_records(tmp_path).sources["rows_read"].tolist() == [1, 6]


CELLS = st.text(st.sampled_from('ab1 ,"\n;é'), max_size=4)


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_the_fast_reader_and_the_careful_one_agree(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "any.csv"
    text = pd.DataFrame(rows, columns=["one", "two", "three"]).to_csv(
        index=False, lineterminator="\n"
    )
    path.write_bytes(text.encode())
    fast = read_delimited(path, Layout())
    path.write_bytes((text + "\n").encode())  # a blank line at the end: read row by row
    careful = read_delimited(path, Layout())
    assert fast.lines.tolist() == careful.lines.tolist()
    assert fast.odd == careful.odd
    lines_and_commas = any("," in cell and "\n" in cell for row in rows for cell in row)
    for place, name in enumerate(("one", "two", "three")):
        every = np.arange(len(fast.lines))
        texts = fast.columns[name].text(every).tolist()
        # a cell of lines and commas can look like rows that a quote has swallowed
        assert lines_and_commas or texts == [row[place] for row in rows]
        assert careful.columns[name].text(every).tolist() == texts


# Mapping -------------------------------------------------------------------------------------


def test_a_mapping_reads_a_program_s_own_names_and_words(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(
        """
        [files]
        attendance = "sessions*.csv"
        [options]
        skip_lines = 1
        date_order = "day_first"
        [episodes.columns]
        "Enrolment No" = "episode_id"
        "Start" = "admit_date"
        [attendance.columns]
        "Enrolment No" = "episode_id"
        "Session Date" = "date"
        "Outcome" = "status"
        [attendance.words.status]
        "Present" = "attended"
        "DNA" = "no_show"
        """
    )
    (tmp_path / "episodes.csv").write_text("My export\nEnrolment No,Start\n7,03/02/2026\n")
    (tmp_path / "sessions_2026.csv").write_text(
        "My export\nEnrolment No,Session Date,Outcome\n7,04/02/2026,PRESENT\n7,05/02/2026,dna\n"
    )
    records = iop.read_records(tmp_path)
    assert records.attendance["status"].tolist() == ["attended", "no_show"]
    assert records.attendance["day"].tolist() == [1, 2]
    assert records.problems.empty
    assert iop.read_records(tmp_path, mapping=tmp_path / "mapping.toml").problems.empty


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"episode": {}}, "unknown section"),
        ({"options": {"order": "x"}}, "unknown option"),
        ({"options": {"date_order": "dmy"}}, "is not valid"),
        ({"options": {"skip_lines": -1}}, "is not valid"),
        ({"attendance": {"words": {"status": {"Here": "present"}}}}, "into an unknown one"),
        ({"attendance": {"rows": {}}}, "entry that is not known"),
        ({"thresholds": {"bad_date": 5}}, "not a share"),
        ({"thresholds": {"bad_dates": 0.5}}, "threshold for an unknown check"),
        ({"files": {"people": "x.csv"}}, "unknown table"),
        ({"attendance": 3}, "not a section"),
    ],
)
def test_an_impossible_mapping_is_refused(mapping: Any, says: str) -> None:
    with pytest.raises(RecordsError, match=says):
        iop.read_records(episodes=frame(EPISODES), checkins=frame(CHECKINS), mapping=mapping)


def test_a_mapping_file_that_is_not_there_or_broken_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no mapping file"):
        iop.read_mapping(tmp_path / "mapping.toml")
    (tmp_path / "mapping.toml").write_text("[attendance")
    with pytest.raises(RecordsError, match="cannot be read as TOML"):
        iop.read_mapping(tmp_path / "mapping.toml")


def test_identical_rows_are_kept_where_the_mapping_says_so() -> None:
    twice = frame(CHECKINS + "| E3 | 2026-03-27 | completed | no | 0 |")
    given_in = {"episodes": frame(EPISODES), "checkins": twice}
    assert len(iop.read_records(**given_in).checkins) == 4
    kept = iop.read_records(**given_in, mapping={"options": {"identical_rows": "keep"}})
    assert len(kept.checkins) == 5


# What cannot be read ---------------------------------------------------------------------------


def broken(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


REFUSALS: list[tuple[str, dict[str, bytes | None], str]] = [
    ("an empty folder", {"episodes.csv": None, "checkins.csv": None}, "no episodes table"),
    ("no episodes", {"episodes.csv": None}, "no episodes table"),
    ("episodes alone", {"checkins.csv": None}, "neither an attendance nor a checkins"),
    ("an empty file", {"checkins.csv": b""}, "is empty"),
    ("a header of nothing", {"checkins.csv": b"\n\n"}, "no header"),
    ("a missing column", {"checkins.csv": b"episode_id,status\nE1,missed\n"}, "no column date"),
    ("two columns of a name", {"checkins.csv": b"episode_id,date,date\n"}, "same name"),
    (
        "two columns for one",
        {"checkins.csv": b"episode_id,Episode ID,date,status\n1,1,2026-01-01,missed\n"},
        "several columns for checkins.episode_id",
    ),
    (
        "a workbook that is none",
        {"checkins.csv": None, "checkins.xlsx": b"PK no"},
        "Excel workbook",
    ),
    ("an old workbook", {"checkins.csv": None, "checkins.xls": b"x"}, "Excel workbook"),
    ("Parquet that is none", {"checkins.csv": None, "checkins.parquet": b"x"}, "as Parquet"),
    ("gzip that is none", {"checkins.csv": None, "checkins.csv.gz": b"x"}, "unzipped"),
    (
        "dates of two kinds",
        {"checkins.csv": b"episode_id,day,status\nE1,3,missed\n"},
        "others study days",
    ),
]


@pytest.mark.parametrize(
    ("files", "says"), [case[1:] for case in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_what_cannot_be_read_is_one_clear_error(
    folder: Path, files: dict[str, bytes | None], says: str
) -> None:
    for name, data in files.items():
        if data is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(data)
    with pytest.raises(RecordsError, match=says) as raised:
        iop.read_records(folder)
    assert raised.value.found or raised.value.instead


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"source": "no/such/folder"}, "no folder or workbook folder"),
        ({"source": 3}, "neither a folder nor a workbook"),
        ({"episodes": 3, "checkins": frame(CHECKINS)}, "neither a file nor a frame"),
        ({"episodes": [], "checkins": frame(CHECKINS)}, "list of files"),
        ({"episodes": "nowhere.csv", "checkins": frame(CHECKINS)}, "cannot be opened"),
        (
            {"episodes": "notes.docx", "checkins": frame(CHECKINS)},
            "a text document, which is not read",
        ),
        ({"episodes": frame(EPISODES), "checkins": pd.DataFrame()}, "no header"),
    ],
)
def test_what_is_given_wrongly_is_one_clear_error(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordsError, match=says):
        iop.read_records(**arguments)


@pytest.mark.parametrize("as_of", ["yesterday", 20260930, object()])
def test_a_data_cut_that_is_no_date_is_refused(as_of: Any) -> None:
    with pytest.raises(RuleError, match="data cut is not a date"):
        iop.read_records(episodes=frame(EPISODES), checkins=frame(CHECKINS), as_of=as_of)


def test_strict_shows_the_problems_as_one_error_without_values() -> None:
    rows = frame(CHECKINS + "| E-secret | 2026-03-27 | completed | no | 0 |")
    with pytest.raises(RecordsError, match="1 problems") as raised:
        iop.read_records(episodes=frame(EPISODES), checkins=rows, strict=True)
    assert "unknown_episode" in str(raised.value)
    assert "secret" not in str(raised.value)


# What was read -----------------------------------------------------------------------------------


def test_records_show_counts_dates_and_problems_but_no_person(folder: Path) -> None:
    records = iop.read_records(folder)
    for text in (repr(records), records._repr_html_()):
        assert "3 episodes of 2 people" in text
        assert "2026-03-27" in text
        assert "Old Mill (2)" in text
        assert "no problems" in text
        assert "E1" not in text
        assert "P1" not in text


def test_where_keeps_the_episodes_and_what_belongs_to_them(folder: Path) -> None:
    records = iop.read_records(folder)
    part = records.where(program="Old Mill", track=["day"])
    assert part.episodes["episode_id"].tolist() == ["E1", "E3"]
    assert part.checkins["episode_id"].tolist() == ["E1", "E1", "E3"]
    assert part.checkins["episode_id"].cat.codes.tolist() == [0, 0, 1]
    assert len(records.episodes) == 3
    with pytest.raises(RuleError, match="no column programme"):
        records.where(programme="Old Mill")
    with pytest.raises(RuleError, match="No episode has this value") as raised:
        records.where(program="Oldmill")
    assert raised.value.instead == "one of Göteborg, Old Mill"
    assert raised.value.found == ""
    with pytest.raises(RuleError, match="this value in person_id") as raised:
        records.where(person_id="P9")
    assert "P1" not in str(raised.value)
    with pytest.raises(RuleError, match="together"):
        records.where(program="Göteborg", track="day")


def test_a_table_that_was_not_read_is_asked_for_by_name(folder: Path) -> None:
    records = iop.read_records(folder)
    assert records.tables == ("episodes", "checkins")
    assert len(records.attendance) == 0
    assert records.attendance["status"].cat.categories[0] == "attended"
    with pytest.raises(MissingTableError, match="Engagement needs the attendance table"):
        records.require("attendance", "Engagement")


def test_synthetic_records_are_labelled_as_synthetic(folder: Path) -> None:
    assert not iop.read_records(folder).synthetic
    episodes, checkins = frame(EPISODES), frame(CHECKINS)
    label(episodes, Provenance(synthetic=True))
    assert iop.read_records(episodes=episodes, checkins=checkins).synthetic
    made_up = frame(EPISODES).assign(person_id="SYN-0001")
    records = iop.read_records(episodes=made_up, checkins=checkins)
    assert records.synthetic
    assert "synthetic data" in repr(records)


# Nothing is lost -------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["E1", "E2", "E9", "", "n/a", " E1 ", "2026-01-05", "1/5/2026", "46027", "2027-01-01", "x"]
)
STATUS = st.sampled_from(["completed", "missed", "Not due", "done", "", "NA"])
ROW = st.tuples(WORDS, WORDS, STATUS, st.sampled_from(["yes", "no", "?", "2", ""]))


@given(rows=st.lists(ROW, max_size=12), cut=st.integers(0, 12))
@settings(deadline=None, max_examples=10)
def test_rows_read_are_rows_kept_set_aside_and_folded(
    rows: list[tuple[str, ...]], cut: int
) -> None:
    columns = ["episode_id", "date", "status", "used"]
    parts = [pd.DataFrame(part, columns=columns, dtype=object) for part in (rows[:cut], rows[cut:])]
    records = iop.read_records(episodes=frame(EPISODES), checkins=parts, as_of="2026-09-30")
    sources = records.sources[records.sources["table"] == "checkins"]
    total = sources["rows_kept"] + sources["rows_set_aside"] + sources["rows_folded"]
    assert sources["rows_read"].tolist() == [len(part) for part in parts] == total.tolist()
    assert len(records.checkins) == sources["rows_kept"].sum()
    aside = records.set_aside["checkins"]
    assert len(aside) == sources["rows_set_aside"].sum()
    listed = records.problems[records.problems["table"] == "checkins"]
    done = listed["done"].str.split(":").str[0]
    assert done.str.startswith("folded").sum() == sources["rows_folded"].sum()
    # a row can be set aside for several reasons, but never for none
    assert (done == "set aside").sum() >= len(aside)
    kept = records.checkins["day"].to_numpy()
    assert (np.diff(records.checkins["episode_id"].cat.codes) >= 0).all()
    assert np.isfinite(kept).all()


def test_files_with_more_words_than_a_small_code_holds_are_put_together_rightly() -> None:
    # the codes of each part fit eight bits; their sum does not
    parts = [
        pd.DataFrame(
            {
                "episode_id": [f"E{number}" for number in range(start, start + 100)],
                "date": pd.date_range("2026-01-01", periods=100).strftime("%Y-%m-%d"),
                "status": "missed",
            }
        )
        for start in (0, 100, 200)
    ]
    episodes = pd.DataFrame({"episode_id": [f"E{number}" for number in range(300)]})
    episodes["admit_date"] = "2026-01-01"
    records = iop.read_records(episodes=episodes, checkins=parts)
    assert records.problems[records.problems["table"] == "checkins"].empty
    assert records.checkins["episode_id"].tolist() == episodes["episode_id"].tolist()
    assert records.checkins["day"].tolist() == [*range(100)] * 3


@pytest.mark.parametrize("program", [True, False])
def test_records_of_nobody_are_read_and_refused_by_name_where_somebody_is_needed(
    program: bool,
) -> None:
    columns = ["episode_id", "admit_date", *(["program"] if program else [])]
    nobody = pd.DataFrame(columns=columns, dtype=object)
    records = iop.read_records(episodes=nobody, checkins=frame(CHECKINS))
    assert records.problems["check"].tolist() == ["unknown_episode"] * 4
    assert "no episode was kept" in repr(records)
    with pytest.raises(iop.OutcomesError, match="no episode was kept"):
        iop.quarterly_report(records)


def test_a_number_beyond_what_is_kept_is_listed() -> None:
    rows = frame(CHECKINS + "| E3 | 2026-03-26 | completed | no | 1e309 |")
    rows["quality_of_life"] = "1e309"
    records = iop.read_records(episodes=frame(EPISODES), checkins=rows)
    met = records.problems[["column", "check"]].value_counts().to_dict()
    assert met == {("quality_of_life", "bad_number"): 5, ("craving", "bad_number"): 1}


def test_where_no_row_was_set_aside_the_columns_are_of_text_too() -> None:
    stays = {"episode_id": ["a", "b"], "admit_date": ["2026-01-01", "2026-01-02"]}
    seen = {"episode_id": ["a"], "date": ["2026-01-05"], "status": ["completed"]}
    given = {"episodes": pd.DataFrame(stays), "checkins": pd.DataFrame(seen)}
    none = iop.read_records(**given).set_aside["episodes"]
    given["episodes"] = given["episodes"].assign(admit_date=["2026-01-01", "never"])
    one = iop.read_records(**given).set_aside["episodes"]
    assert (len(none), len(one)) == (0, 1)
    assert none.dtypes.equals(one.dtypes)
