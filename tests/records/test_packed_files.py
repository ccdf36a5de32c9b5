"""JSON lines, zip files, gzip, and a clear word for what is not read."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources import opening
from iop_outcomes.records.sources.files import read_raw
from iop_outcomes.records.sources.kinds.not_read import NOT_READ
from iop_outcomes.records.sources.packed import zip_files

EPISODES = "episode_id,admit_date\nE1,2026-01-01\nE2,2026-01-02\n"
HEADER = "episode_id,date,status,craving,note"
ROWS = (
    ("E1", "2026-01-08", "completed", "3.50", "é, ü"),
    ("E2", "2026-01-09", "missed", "", ""),
    ("E1", "2026-01-15", "completed", "2", "x"),
)
CHECKINS = "\n".join([HEADER, *(",".join(f'"{cell}"' for cell in row) for row in ROWS)]) + "\n"


def read(folder: Path, **options: Any) -> iop.Records:
    return iop.read_records(folder, as_of="2026-09-30", **options)


def saved(folder: Path, **contents: str | bytes) -> Path:
    """Write files; an underscore before the last word of a name is its point."""
    for name, content in contents.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def zipped(
    files: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED, level: int | None = None
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=level) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(text: str) -> bytes:
    buffer = io.BytesIO()
    pd.read_csv(io.StringIO(text), dtype=str).to_excel(buffer, index=False)
    return buffer.getvalue()


def parquet(text: str) -> bytes:
    return pd.read_csv(io.StringIO(text), dtype=str).to_parquet()  # type: ignore[no-any-return]


def lines_of(text: str) -> str:
    table = pd.read_csv(io.StringIO(text), dtype=str).fillna("")
    rows = ({name: cell for name, cell in row.items() if cell} for row in table.to_dict("records"))
    return "".join(json.dumps(row) + "\n" for row in rows)


def plain(folder: Path) -> iop.Records:
    (folder / "plain").mkdir()
    return read(saved(folder / "plain", episodes__csv=EPISODES, checkins__csv=CHECKINS))


def as_json_lines(folder: Path) -> Path:
    return saved(folder, episodes__jsonl=lines_of(EPISODES), checkins__ndjson=lines_of(CHECKINS))


def as_zip(folder: Path) -> Path:
    content = {"episodes.csv": EPISODES, "checkins.csv": CHECKINS, "__MACOSX/._checkins.csv": b"x"}
    return saved(folder, export__zip=zipped(content)) / "export.zip"


def as_zip_of_a_folder(folder: Path) -> Path:
    content = {"export/": b"", "export/episodes.csv": EPISODES, "export/checkins.csv": CHECKINS}
    return saved(folder, export__zip=zipped(content)) / "export.zip"


def as_zips_in_a_folder(folder: Path) -> Path:
    first = {"report 1.csv": EPISODES}  # called as the zip file says
    return saved(
        folder,
        episodes__zip=zipped(first),
        jan__zip=zipped({"checkins.xlsx": workbook(CHECKINS)}),
    )


def as_packed_kinds(folder: Path) -> Path:
    return saved(
        folder,
        episodes__xlsx__gz=gzip.compress(workbook(EPISODES)),
        checkins__jsonl__gz=gzip.compress(lines_of(CHECKINS).encode()),
    )


def as_tsv_and_parquet_in_a_zip(folder: Path) -> Path:
    tabs = CHECKINS.replace('","', '"\t"').replace(HEADER, HEADER.replace(",", "\t"))
    content = {"a/episodes.parquet": parquet(EPISODES), "b/checkins.tsv": tabs}
    return saved(folder, export__zip=zipped(content)) / "export.zip"


@pytest.mark.parametrize(
    "write",
    [
        as_json_lines,
        as_zip,
        as_zip_of_a_folder,
        as_zips_in_a_folder,
        as_packed_kinds,
        as_tsv_and_parquet_in_a_zip,
    ],
)
def test_every_way_of_packing_gives_the_same_records(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    expected = plain(tmp_path)
    (tmp_path / "packed").mkdir()
    records = read(write(tmp_path / "packed"))
    assert_frame_equal(records.episodes, expected.episodes)
    assert_frame_equal(records.checkins, expected.checkins)
    assert records.checkins["note"].iloc[0] == "é, ü"
    assert (records.sources["sha256"].str.len() == 64).all()


def test_a_zip_file_is_a_folder_to_the_mapping_in_it_and_to_its_patterns(tmp_path: Path) -> None:
    mapping = '[files]\nepisodes = ["cases.csv"]\n[[checkins.from]]\nfile = "weekly_*.csv"\n'
    content = {
        "x/cases.csv": EPISODES,
        "x/weekly_1.csv": CHECKINS,
        "x/weekly_2.csv": HEADER + "\nE2,2026-01-20,missed,,\n",
        "x/codes.docx": b"PK",
        "mapping.toml": mapping,
    }
    records = read(saved(tmp_path, export__zip=zipped(content)) / "export.zip")
    assert len(records.checkins) == 4
    assert records.sources["file"].tolist() == [
        "export.zip/x/cases.csv",
        "export.zip/x/weekly_1.csv",
        "export.zip/x/weekly_2.csv",
    ]
    assert records.ignored == ("export.zip/x/codes.docx (a text document)",)


def test_a_zip_file_can_be_given_as_one_table_or_named_by_the_mapping(tmp_path: Path) -> None:
    saved(tmp_path, a__zip=zipped({"1.csv": CHECKINS, "notes.pdf": b"%PDF"}), e__csv=EPISODES)
    given = read(None, episodes=tmp_path / "e.csv", checkins=tmp_path / "a.zip")  # type: ignore[arg-type]
    named = read(tmp_path, mapping={"files": {"episodes": "e.csv", "checkins": "a.zip"}})
    assert_frame_equal(given.checkins, named.checkins)
    assert len(named.checkins) == 3
    assert read_raw(tmp_path / "a.zip").file == "a.zip/1.csv"


def test_a_workbook_in_a_zip_file_is_read_as_one_given_by_itself(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        for name, text in (("Episodes", EPISODES), ("Check-ins", CHECKINS)):
            table = pd.read_csv(io.StringIO(text), dtype=str)
            table.to_excel(writer, sheet_name=name, index=False)
    path = saved(tmp_path, export__zip=zipped({"all.xlsx": buffer.getvalue()})) / "export.zip"
    assert len(read(path).checkins) == 3


def test_a_mapping_is_proposed_for_a_zip_file(tmp_path: Path) -> None:
    proposal = iop.suggest_mapping(as_zip_of_a_folder(tmp_path))
    assert {"episode_id", "admit_date", "date", "status"} <= set(proposal.table["column"])


# Hostile zip files -------------------------------------------------------------------------------


def encrypted() -> bytes:
    data = bytearray(zipped({"episodes.csv": EPISODES}))
    for start, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(start) + place] |= 1
    return bytes(data)


def newer_method() -> bytes:
    data = bytearray(zipped({"episodes.csv": EPISODES}))
    for start, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(start) + place] = 9  # deflate64
    return bytes(data)


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("episodes.csv", EPISODES)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("episodes.csv", EPISODES)
    return buffer.getvalue()


def lying() -> bytes:
    """A file that says it holds ten bytes, and unpacks to many."""
    data = bytearray(zipped({"episodes.csv": EPISODES + "\n" * 5_000_000}))
    for start, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data[data.index(start) + place : data.index(start) + place + 4] = (10).to_bytes(4, "little")
    return bytes(data)


HOSTILE: list[tuple[Callable[[], bytes], str]] = [
    (encrypted, "protected by a password"),
    (newer_method, "packed in a way that is not read"),
    (twice, "two files of one name"),
    (lying, "cannot be unzipped"),
    (lambda: zipped({"../episodes.csv": EPISODES}), "leads out of it"),
    (lambda: zipped({"/etc/episodes.csv": EPISODES}), "leads out of it"),
    (lambda: zipped({"C:/episodes.csv": EPISODES}), "leads out of it"),
    (lambda: zipped({"a\\..\\..\\episodes.csv": EPISODES}), "leads out of it"),
    (lambda: zipped({"episodes.csv": b"\n" * 70_000_000}), "unpacks to more than is read"),
    (lambda: zipped({f"{n}.csv": b"" for n in range(1001)}, 0), "more files than are read"),
    (lambda: zipped({"all.zip": zipped({"episodes.csv": EPISODES})}), "kind that is read"),
    (lambda: zipped({"a.csv.gz": gzip.compress(EPISODES.encode())}), "kind that is read"),
    (lambda: zipped({"report.pdf": b"%PDF-1.7"}), "a PDF file"),
    (lambda: zipped({}), "contains no files"),
    (lambda: b"", "cannot be unzipped"),
    (lambda: EPISODES.encode(), "cannot be unzipped"),
    (lambda: zipped({"episodes.csv": EPISODES})[:-30], "cannot be unzipped"),
    (lambda: workbook(EPISODES), "workbook with the ending of a zip file"),
]


@pytest.mark.parametrize(("make", "says"), HOSTILE)
def test_a_hostile_zip_file_gives_one_error_sentence(
    tmp_path: Path, make: Callable[[], bytes], says: str
) -> None:
    saved(tmp_path, export__zip=make())
    with pytest.raises(RecordsError, match=says):
        iop.read_records(episodes=tmp_path / "export.zip")


def test_damage_within_a_zip_file_gives_one_error_sentence(tmp_path: Path) -> None:
    data = bytearray(zipped({"episodes.csv": EPISODES, "checkins.csv": CHECKINS * 50}))
    data[data.index(b"PK\x03\x04", 10) + 60] ^= 255
    with pytest.raises(RecordsError, match="cannot be unzipped"):
        read(saved(tmp_path, export__zip=bytes(data)) / "export.zip")


def test_files_of_a_zip_file_are_bounded_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "FREE_OF_RATIO", 1_000_000)
    many = {f"checkins_{n}.csv": b"\n" * 200_000 for n in range(6)}
    with pytest.raises(RecordsError, match="unpacks to more"):
        read(saved(tmp_path, export__zip=zipped(many)) / "export.zip")
    monkeypatch.setattr(zip_files, "MOST_FILES", 5)
    with pytest.raises(RecordsError, match="more files"):
        read(tmp_path / "export.zip")


def test_a_zip_file_that_nobody_asks_for_does_not_stop_a_folder(tmp_path: Path) -> None:
    saved(tmp_path, episodes__csv=EPISODES, checkins__csv=CHECKINS, backup__zip=encrypted())
    assert "protected by a password" in read(tmp_path).ignored[0]
    (tmp_path / "backup.zip").rename(tmp_path / "checkins.zip")
    with pytest.raises(RecordsError, match="protected by a password"):
        read(tmp_path)


# What is not read --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["pdf", "docx", "sav", "accdb", "numbers", "json", "png", "7z"])
def test_a_kind_of_file_that_is_not_read_is_refused_with_advice(
    tmp_path: Path, suffix: str
) -> None:
    kind, instead = NOT_READ[f".{suffix}"]
    path = saved(tmp_path, **{f"report__{suffix}": b"x"}) / f"report.{suffix}"
    calls: list[Callable[[], object]] = [
        lambda: read_raw(path),
        lambda: read(path),
        lambda: read(None, episodes=path),  # type: ignore[arg-type]
        lambda: read(tmp_path, mapping={"files": {"episodes": path.name}}),
        lambda: read(tmp_path, mapping={"episodes": {"from": {"file": path.name}}}),
    ]
    for call in calls:
        with pytest.raises(RecordsError, match=f"report.{suffix} is {kind}") as raised:
            call()
        assert raised.value.instead == instead


def test_files_of_kinds_that_are_not_read_are_named_and_the_folder_is_read(tmp_path: Path) -> None:
    saved(tmp_path, episodes__csv=EPISODES, checkins__csv=CHECKINS, checkins__pdf=b"x")
    saved(tmp_path, logo__png=b"x", codes__sav=b"x")
    assert set(read(tmp_path).ignored) == {"checkins.pdf (a PDF file)", "codes.sav (an SPSS file)"}
    assert "is not read: an SPSS file" in iop.suggest_mapping(tmp_path).text


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"$FL2@(#) SPSS DATA FILE", "an SPSS file"),
        (b"\x00\x01\x00\x00Standard ACE DB", "an Access database"),
        (b"\n<!DOCTYPE html><table>", "a web page"),
        (b'<?xml version="1.0"?>', "a web page, or XML"),
        (b"{\\rtf1 x}", "RTF"),
    ],
)
def test_what_is_only_named_as_text_is_reported(tmp_path: Path, content: bytes, found: str) -> None:
    for name in ("checkins__csv", "checkins__jsonl"):
        path = saved(tmp_path, **{name: content}) / name.replace("__", ".")
        with pytest.raises(RecordsError) as raised:
            read_raw(path)
        assert found in raised.value.found


# JSON lines --------------------------------------------------------------------------------------


def checkins(folder: Path, *lines: str) -> iop.Records:
    saved(folder, episodes__csv=EPISODES, checkins__jsonl="\n".join(lines))
    return read(folder)


def listed(records: iop.Records, *checks: str) -> list[tuple[Any, ...]]:
    table = records.problems[records.problems["check"].isin(checks)]
    return list(table[["line", "column", "check", "value"]].itertuples(index=False, name=None))


GOOD = '{"episode_id": "E1", "date": "2026-01-08", "status": "completed", "craving": 3.50}'
OTHER = '{"status": "missed", "episode_id": "E2", "date": "2026-01-09", "used": null}'


def test_keys_that_differ_by_row_are_columns_with_missing_values(tmp_path: Path) -> None:
    records = checkins(tmp_path, GOOD, "", OTHER)
    assert records.checkins["craving"].fillna(-1).tolist() == [3.5, -1]
    assert "used" in records.checkins
    raw = read_raw(tmp_path / "checkins.jsonl")
    assert raw.columns["craving"].text([0, 1]).tolist() == ["3.50", ""]  # type: ignore[arg-type]
    assert raw.lines.tolist() == [1, 3]


def test_lines_that_are_no_object_are_set_aside_and_listed(tmp_path: Path) -> None:
    bad = ['{"episode_id": "E1", "date"', "[1, 2]", "true", '{"a": NaN}', "[" * 100_000, "x" * 9]
    records = checkins(tmp_path, GOOD, *bad, OTHER)
    assert [line for line, *_ in listed(records, "not_json")] == [2, 3, 4, 5, 6, 7]
    row = records.sources.set_index("table").loc["checkins"]
    assert (row["rows_read"], row["rows_kept"], row["rows_set_aside"]) == (8, 2, 6)


def test_nested_values_and_repeated_keys_are_listed_with_line_and_column(tmp_path: Path) -> None:
    nested = GOOD.replace("3.50", '["3", {"a": 1}]')
    empty = OTHER.replace("null", "[]")
    twice = OTHER.replace('"used": null', '"used": true, "used": false').replace("-09", "-10")
    same = OTHER.replace('"used": null', '"used": true, "used": true').replace("-09", "-11")
    first = GOOD.replace("-08", "-07")
    records = checkins(tmp_path, nested, empty, twice, same, GOOD, first)
    assert listed(records, "nested_value", "repeated_key") == [
        (1, "craving", "nested_value", '["3", {"a": "1"}]'),
        (3, "used", "repeated_key", ""),
    ]
    assert records.checkins["used"].notna().sum() == 1
    quality = records.quality().set_index("check")
    assert quality.loc["nested_value", "rows_failed"].max() == 1


def test_a_column_of_nested_values_is_listed_once(tmp_path: Path) -> None:
    rows = [
        GOOD.replace("3.50", '{"score": 3}').replace("-08", f"-{day:02d}") for day in range(8, 20)
    ]
    records = checkins(tmp_path, *rows)
    assert listed(records, "nested_value") == [(0, "craving", "nested_value", "")]
    assert records.quality().set_index("check").loc["nested_value", "rows_failed"].max() == 12


def test_letters_that_programs_confuse_are_written_in_json_too(tmp_path: Path) -> None:
    records = checkins(tmp_path, GOOD.replace("E1", "E\\u0000"), OTHER.replace("E2", "\\ud800"))
    assert {check for _, _, check, _ in listed(records, "nul_character", "lone_surrogate")} == {
        "nul_character",
        "lone_surrogate",
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[\n {"episode_id": "E1"},\n {"episode_id": "E2"}\n]', "a list"),
        ('{\n "episode_id": "E1"\n}', "over several lines"),
        ("episode_id,date\nE1,2026-01-08\n", "none of which is a JSON object"),
        (" \n\n", ""),
        ("", ""),
    ],
)
def test_a_document_is_no_json_lines(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(RecordsError, match=r"JSON|empty") as raised:
        read_raw(saved(tmp_path, checkins__jsonl=content) / "checkins.jsonl")
    assert says in raised.value.found


@pytest.mark.parametrize("broken", ["[1,", "[1, 2]", "{"])
def test_a_broken_line_below_a_row_does_not_make_a_file_a_list(tmp_path: Path, broken: str) -> None:
    lines = f'{{"episode_id": "E1"}}\n{broken}\n{{"episode_id": "E2"}}\n'
    raw = read_raw(saved(tmp_path, checkins__jsonl=lines) / "checkins.jsonl")
    assert raw.lines.tolist() == [1, 3]
    assert [(row.line, row.text, row.check) for row in raw.odd] == [(2, broken, "not_json")]


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), CELLS), min_size=1, max_size=6))
def test_any_texts_are_read_as_they_are_written(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [{"a": "z"}, *rows]), "utf-8")
    raw = read_raw(path)
    for name in raw.columns:
        expected = [row.get(name, "") for row in [{"a": "z"}, *rows]]
        assert raw.columns[name].words[raw.columns[name].codes].tolist() == expected
