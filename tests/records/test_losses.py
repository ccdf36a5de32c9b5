"""Tables that lost many rows, said first; and what a thousand files give, in a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import iop_outcomes as iop
from iop_outcomes.cli import app
from iop_outcomes.records.checks.losses import lost_rows, nearly_all_lost

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
def test_check_and_report_say_it_and_end_with_a_code(
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
