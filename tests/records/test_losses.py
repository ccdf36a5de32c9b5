"""Tables that lost many rows, said first; and what a thousand files give, in a few lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import iop_outcomes as iop
from iop_outcomes.cli import app
from iop_outcomes.records.checks.losses import (
    loss_lines,
    lost_rows,
    nearly_all_lost,
    odd_row_lines,
    source_lines,
    unmatched_lines,
)

EPISODES = "episode_id,admit_date\nE1,2026-01-05\nE2,2026-01-06\n"
HEADER = "episode_id,date,status,note\n"


def write(folder: Path, **files: str) -> Path:
    (folder / "episodes.csv").write_text(EPISODES, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def rows(matching: int, others: int) -> str:
    own = [f"E1,2026-01-{day:02},attended," for day in range(6, 6 + matching)]
    strange = [f"0E{n % 3},2026-01-{6 + n % 20:02},attended,{n}" for n in range(others)]
    return HEADER + "\n".join([*own, *strange]) + "\n"


def test_a_table_whose_ids_match_nothing_is_said_first_with_its_files(tmp_path: Path) -> None:
    write(tmp_path, attendance_1=rows(1, 30), attendance_2=rows(0, 40).replace("0E", "00E"))
    records = iop.read_records(tmp_path)
    first = str(records).splitlines()[1]
    assert first.startswith("nearly all rows of attendance were set aside: 70 of 71 (98.6%), most")
    assert "unknown_episode" in first
    assert "(attendance_2.csv 40 of 40, attendance_1.csv 30 of 31)" in first
    assert "[ids] of the mapping" in first
    table = lost_rows(records.problems, records.sources).set_index("table")
    assert table.loc["attendance", ["rows", "set_aside", "check"]].tolist() == [
        71,
        70,
        "unknown_episode",
    ]
    assert table.loc["episodes", ["rows", "set_aside", "check"]].tolist() == [2, 0, ""]


def test_of_many_files_the_three_that_lost_most_are_named_and_the_others_counted(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        **{f"attendance_{n}": rows(0, 10 * n).replace("0E", f"{n}0E") for n in range(1, 6)},
    )
    first = str(iop.read_records(tmp_path)).splitlines()[1]
    named = "attendance_5.csv 50 of 50, attendance_4.csv 40 of 40, attendance_3.csv 30 of 30"
    assert f"({named}, and 2 more files)" in first


@pytest.mark.parametrize(
    ("matching", "others", "said", "code"),
    [(1, 30, "nearly all rows", 1), (3, 27, "many rows", 0), (20, 2, "", 0)],
)
def test_check_and_report_name_lost_tables_and_end_with_their_exit_code(
    tmp_path: Path, matching: int, others: int, said: str, code: int
) -> None:
    write(tmp_path, attendance=rows(matching, others))
    runner = CliRunner()
    check = runner.invoke(app, ["check", str(tmp_path), "--quiet"])
    report = runner.invoke(
        app, ["report", str(tmp_path), "--out", str(tmp_path / "r.html"), "--quiet"]
    )
    assert (tmp_path / "r.html").exists()
    for done in (check, report):
        assert done.exit_code == code
        assert ("were set aside: " in done.output) == bool(said)
        assert said in done.output


def test_rows_planned_or_folded_are_not_lost(tmp_path: Path) -> None:
    planned = "".join(f"E1,2026-02-{day:02},not_scheduled,\n" for day in range(1, 21))
    write(tmp_path, attendance=rows(2, 0) + planned, attendance_2=rows(2, 0))
    records = iop.read_records(tmp_path)
    table = lost_rows(records.problems, records.sources, "file").set_index("file")
    assert table["set_aside"].sum() == 0
    assert table.loc["attendance.csv", "rows"] == 2
    assert not nearly_all_lost(records.problems, records.sources)


def test_many_files_with_the_same_note_are_one_line(tmp_path: Path) -> None:
    many = {
        f"attendance_{n:02}": HEADER + f'E1,2026-01-{n:02},attended,"a\nb"\nX,2026-01-08,late,{n}\n'
        for n in range(6, 31)
    }
    write(tmp_path, **many, **{f"notes {n:02}": "a,b\n1,2\n" for n in range(20)})
    records = iop.read_records(tmp_path)
    assert (
        "attendance_06.csv, attendance_07.csv, attendance_08.csv and 22 others: "
        "25 rows run over several lines, within quotes"
    ) in records.notes
    done = CliRunner().invoke(app, ["check", str(tmp_path), "--quiet"])
    assert len(done.output.splitlines()) < 36
    assert "attendance: 50 rows of 25 files read = 25 kept + 25 set aside" in done.output
    assert "and 15 rows of 15 more files belong to no episode" in done.output
    assert "notes 02.csv and 17 others" in done.output
    assert len(records.ignored) == 20


def losing(*files: tuple[int, int, int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return problems and sources of files: rows read, set aside, folded, planned."""
    numbers = ("rows_read", "rows_set_aside", "rows_folded", "rows_planned")
    sources = pd.DataFrame(
        [
            {"table": "attendance", "file": f"a{place}.csv", **dict(zip(numbers, one, strict=True))}
            for place, one in enumerate(files)
        ]
    )
    kept = sources["rows_read"] - sources["rows_set_aside"] - sources["rows_folded"]
    sources["rows_kept"] = kept
    problems = pd.DataFrame(
        [("attendance", "a0.csv", "after_data_cut", "kept")] * 9
        + [("attendance", "a0.csv", "unknown_word", "set aside")] * 2
        + [("attendance", "a0.csv", "missing_value", "set aside")],
        columns=["table", "file", "check", "done"],
    )
    return problems, sources


# Of 1,015 rows 5 are folded, and 10 planned, which are among those not kept.
@pytest.mark.parametrize(
    ("aside", "said", "nearly"),
    [(200, "", False), (201, "many", False), (900, "many", False), (901, "nearly all", True)],
)
def test_a_table_loses_many_rows_above_a_fifth_and_nearly_all_above_nine_tenths(
    aside: int, said: str, nearly: bool
) -> None:
    problems, sources = losing((1015, aside + 10, 5, 10))
    assert nearly_all_lost(problems, sources) == nearly
    lines = loss_lines(problems, sources)
    rests = "nothing follows from them" if nearly else "numbers rest on the others"
    assert [line.split(" (")[0] for line in lines] == (
        [f"{said} rows of attendance were set aside: {aside} of 1,000"] if said else []
    )
    for line in lines:
        assert line.endswith(f"), most of them for unknown_word; {rests} (a0.csv {aside} of 1,000)")
    (table,) = lost_rows(problems, sources).to_dict("records")
    assert (table["rows"], table["set_aside"], table["share"]) == (1000, aside, aside / 1000)


def test_a_table_whose_rows_are_all_folded_has_lost_none() -> None:
    problems, sources = losing((8, 0, 8, 0))
    assert np.isnan(lost_rows(problems, sources)["share"][0])
    assert loss_lines(problems, sources) == []


@pytest.mark.parametrize("number", [1, 2, 10, 11])
def test_up_to_ten_files_are_named_one_by_one(number: int) -> None:
    _, sources = losing(*[(1015, 17, 5, 10)] * number)
    lines = source_lines(sources)
    said = "read = {} kept + {} set aside + {} planned for later + {} folded"
    if number > 10:
        numbers = f"{993 * 11:,}", 7 * 11, 10 * 11, 5 * 11
        assert lines == [f"  attendance: 11,165 rows of 11 files {said.format(*numbers)}"]
        return
    names = [f" of a{place}.csv" for place in range(number)] if number > 1 else [""]
    told = said.format(993, 7, 10, 5)
    assert lines == [f"  attendance: 1,015 rows{name} {told}" for name in names]


@pytest.mark.parametrize("number", [8, 9, 10])
def test_eight_odd_lines_are_said_and_the_others_counted(number: int) -> None:
    rows = [("a.csv", line, "open_quote") for line in range(2, 2 + number)]
    problems = pd.DataFrame(
        [*rows, rows[0], ("a.csv", 1, "other")], columns=["file", "line", "check"]
    )
    lines = odd_row_lines(problems)
    assert len(lines) == 8 + (number > 8)
    assert lines[7].startswith("a.csv, line 9: a quote opens a cell")
    more = {9: "and 1 more such line", 10: "and 2 more such lines"}
    assert lines[8:] == ([more[number]] if number > 8 else [])


@pytest.mark.parametrize("number", [10, 11, 12])
def test_ten_files_of_no_episode_are_said_and_the_others_counted(number: int) -> None:
    frame = pd.DataFrame(
        {
            "file": [f"a{place}.csv" for place in range(number)],
            "rows_unmatched": range(1001, 1001 + number),
            "rows_read": 2002,
            "ids_unmatched": 1,
            "share": 0.5,
        }
    )
    lines = unmatched_lines(frame)
    assert len(lines) == 10 + (number > 10)
    assert lines[0] == (
        f"a{number - 1}.csv: {1000 + number:,} of 2,002 rows (50.0%), with 1 different "
        "identifier, belong to no episode"
    )
    more = {11: "1,001 rows of 1 more file", 12: "2,003 rows of 2 more files"}
    assert lines[10:] == ([f"and {more[number]} belong to no episode"] if number > 10 else [])
