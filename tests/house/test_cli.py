"""The command line: what it says, where it says it, and the code it ends with."""

from __future__ import annotations

import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes import cli
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.records.data_cut import cut_as_written
from iop_outcomes.report import model
from iop_outcomes.shared import process

Run = Callable[..., tuple[int, str, str]]


ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the sample: that the seed 2026 writes it is held by tests/samples."""
    path = tmp_path_factory.mktemp("sample")
    return Path(shutil.copytree(ROOT / "data" / "samples", path, dirs_exist_ok=True))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command and gives its code, what it said, and what it said of errors."""

    def start(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["iop-outcomes", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return start


def test_the_version_is_said(run: Run) -> None:
    code, out, _ = run("--version")
    assert (code, out.strip()) == (0, f"iop-outcomes {iop.__version__}")


def test_help_names_the_commands(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(command in out for command in ("check", "report", "sample"))


def test_a_clean_export_passes_even_strictly(run: Run, folder: Path) -> None:
    code, out, err = run("check", folder, "--as-of", "2026-09-30", "--strict")
    assert code == 0
    assert "no problems" in out
    assert "rows read =" in out
    assert "reading" in err


def test_a_messy_export_is_counted_and_only_strictly_an_error(run: Run, folder: Path) -> None:
    messy = folder / "messy"
    assert run("check", messy, "--quiet")[0] == 0
    code, out, err = run("check", messy, "--strict", "--quiet")
    assert code == 1
    assert "problems, by check:" in out
    assert "exact_duplicate" in out
    assert err == ""


def test_check_says_no_value_but_words_that_are_not_known(run: Run, folder: Path) -> None:
    messy = folder / "messy"
    _, out, err = run("check", messy)
    records = iop.read_records(messy)
    names = {*records.episodes["episode_id"], *map(str, records.episodes["person_id"])}
    assert names
    assert not [name for name in names if name in out + err]
    values = {str(value) for value in records.problems["value"].dropna() if len(str(value)) > 5}
    assert len(values) > 20
    known = {"unknown", "missing", "2026-09-30"}
    words = set(re.findall(r"[^\s,;:=()]+", out)) - known
    vocabulary = ", ".join(iop.describe_tables()["words"]).split(", ")
    allowed = {str(records.as_of.date()), *records.unknown_words()["word"], *vocabulary}  # type: ignore[union-attr]
    assert not words & (values - allowed)
    assert not {word.strip('"') for word in words} & (values - allowed)


def test_the_problems_go_to_a_file_that_is_not_for_sending(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    code, out, _ = run("check", folder / "messy", "--problems", tmp_path / "problems.csv")
    assert code == 0
    assert "do not send it" in out
    written = pd.read_csv(tmp_path / "problems.csv", dtype=str)
    assert len(written) == len(iop.read_records(folder / "messy").problems)
    code, _, err = run("check", folder, "--problems", tmp_path / "nowhere" / "problems.csv")
    assert code == 2
    assert "cannot be written" in err


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing: how a picture comes into a page is looked at in tests/report."""
    picture = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: picture)


@pytest.mark.usefixtures("no_drawing")
def sessions_of(folder: Path, there: Path, *programs: str) -> Path:
    """Write some programs of the sample without check-ins, of which a report is quicker."""
    there.mkdir()
    episodes = pd.read_csv(folder / "episodes.csv", dtype=str)
    kept = episodes.loc[episodes["program"].isin(programs), "episode_id"]
    for name in ("episodes", "attendance"):
        frame = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        frame[frame["episode_id"].isin(kept)].to_csv(there / f"{name}.csv", index=False)
    return there


def test_a_report_is_written(run: Run, folder: Path, tmp_path: Path) -> None:
    out_file = tmp_path / "q3.html"
    one = sessions_of(folder, tmp_path / "one", "North")
    words = ("report", one, "--quarter", "2026Q3", "--out", out_file, "--as-of", "2026-09-30")
    code, out, err = run(*words, "--prepared-by", "The office")
    assert code == 0
    assert str(out_file) in out
    assert "report" in err
    assert "reading" in err
    html = out_file.read_text(encoding="utf-8")
    assert "The office" in html
    records = iop.read_records(one, as_of="2026-09-30")
    assert set(records.episodes["program"]) == {"North"}
    expected = iop.quarterly_report(records, "2026Q3", prepared_by="The office")
    assert html == expected.html


@pytest.mark.usefixtures("no_drawing")
def test_an_internal_report_is_made_where_it_is_asked_for(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    out_file = tmp_path / "own.html"
    two = sessions_of(folder, tmp_path / "two", "North", "Harbor")
    words = ("report", two, "--quarter", "2026Q3", "--program", "North", "-q")
    code, out, _ = run(*words, "--out", out_file, "--internal")
    assert code == 0
    assert out.endswith("Internal: contains small numbers, do not send.\n")
    records = iop.read_records(two).where(program=["North"])
    internal = iop.SafePolicy.internal()
    expected = iop.quarterly_report(records, "2026Q3", policy=internal)
    assert out_file.read_text(encoding="utf-8") == expected.html
    assert internal.mark in expected.html
    ledger = tmp_path / "ledger.json"
    code, _, err = run(*words, "--out", out_file, "--internal", "--ledger", ledger)
    assert code == 2
    assert "ledger" in err
    assert not ledger.exists()


@pytest.mark.usefixtures("no_drawing")
def test_internal_reports_of_each_program_are_made(run: Run, folder: Path, tmp_path: Path) -> None:
    out_file = tmp_path / "own.json"
    two = sessions_of(folder, tmp_path / "two", "North", "Harbor")
    words = ("report", two, "--quarter", "2026Q3", "--out", out_file, "-q", "--all-programs")
    code, out, _ = run(*words, "--internal")
    assert code == 0
    files = sorted(tmp_path.glob("*.json"))
    assert len(files) > 2
    mark = iop.SafePolicy.internal().mark
    assert all(mark in file.read_text(encoding="utf-8") for file in files)
    assert mark in out


def test_a_report_of_some_programs_leaves_out_the_others(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    out_file = tmp_path / "two.xlsx"
    three = sessions_of(folder, tmp_path / "three", "North", "Harbor", "Lakeside")
    words = ("report", three, "--quarter", "2026Q3", "--out", out_file, "-q")
    code, _, err = run(*words, "--program", "North", "--program", "Harbor")
    assert code == 0
    assert err == ""
    table = pd.read_excel(out_file, sheet_name="admissions")
    assert set(table.loc[table["by"] == "program", "group"]) == {"North", "Harbor", "all"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["check", "{folder}/nowhere"], 1, "no folder"),
        (["report", "{folder}", "--out", "x.odt"], 2, ".html"),
        (["report", "{folder}", "--out", "{folder}/nowhere/x.html"], 2, "folder"),
        (["report", "{folder}", "--quarter", "2031Q1", "--out", "x.html"], 2, "2024Q1"),
        (["report", "{folder}", "--program", "None such", "--out", "x.html"], 2, "North"),
        (["report", "{folder}", "--out", "{folder}/a\0b.html"], 2, "Invalid value"),
        (["report", "{folder}", "--out", "{folder}/a\ud800b.html"], 2, "Invalid value"),
        (["report", "{folder}", "--out", "a" * 5000 + ".html"], 2, "too long"),
        (["check", "{folder}", "--problems", "{folder}/a\udcffb/x.csv"], 2, "its folder"),
        (["check", "{folder}", "--as-of", "yesterday"], 2, "--as-of"),
        (["check"], 2, "Missing argument"),
        (["report", "{folder}"], 2, "--out"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_errors_are_said_without_a_traceback(
    run: Run, folder: Path, words: list[str], code: int, said: str
) -> None:
    ended, _, err = run(*(word.replace("{folder}", str(folder)) for word in words))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", err)
    assert ended == code
    assert said in plain
    assert "Traceback" not in plain


def test_a_sample_is_the_same_for_the_same_seed(run: Run, folder: Path, tmp_path: Path) -> None:
    code, out, _ = run("sample", tmp_path / "one", "--seed", "2026")
    assert code == 0
    assert "synthetic" in out
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"episodes.csv", "attendance.csv", "checkins.csv"} <= set(files)
    assert "messy" not in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (folder / name).read_bytes()


def test_a_study_day_is_a_bare_number() -> None:
    assert cut_as_written("400") == 400
    assert cut_as_written("2026-09-30") == "2026-09-30"
    assert cut_as_written(None) is None


def test_the_published_definitions_are_listed_and_shown(run: Run) -> None:
    code, out, _ = run("definitions")
    assert code == 0
    assert len(out.splitlines()) == len(iop.definitions())
    code, out, _ = run("definitions", "lee_2016")
    assert code == 0
    assert "10.1056/nejmoa1505409" in out
    code, _, err = run("definitions", "nobody_2000")
    assert code == 2
    assert "no published definition" in err


def test_a_home_that_cannot_be_written_is_no_concern_of_the_command(tmp_path: Path) -> None:
    """Matplotlib makes its cache elsewhere, and says so with paths; a command has no use for it."""
    code = (
        "import sys; from iop_outcomes import cli; sys.argv = ['iop-outcomes', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "import matplotlib; print(matplotlib.get_cachedir())"
    )
    kept = ("PATH", "PYTHONPATH", "LANG", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
    nowhere = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    file = tmp_path / "file"
    file.write_text("")
    there = {name: os.environ[name] for name in kept if name in os.environ}
    environment = there | dict.fromkeys(nowhere, str(file / "none")) | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout  # where the cache went instead
    assert "matplotlib" not in done.stderr.lower()


def test_map_proposes_a_mapping_and_never_writes_over_one(run: Run, tmp_path: Path) -> None:
    folder, out = tmp_path / "export", tmp_path / "mapping.toml"
    folder.mkdir()
    (folder / "stays.csv").write_text("Client ID,Admit Date\nK-1,2026-01-05\n", encoding="utf-8")
    (folder / "sessions.csv").write_text(
        "Client ID,Session Date,Status\nK-1,2026-01-06,Present\n", encoding="utf-8"
    )
    code, output, _ = run("map", folder, "--out", out, "--quiet")
    assert code == 0
    assert "sessions.csv: attendance (episode_id, date, status)" in output
    assert f"iop-outcomes check {folder} --mapping {out}" in output
    before = out.read_text(encoding="utf-8")
    code, _, wrong = run("map", folder, "--out", out)
    assert code == 2
    assert "exists already" in wrong
    assert out.read_text(encoding="utf-8") == before
    assert run("map", folder, "--out", out, "--force")[0] == 0


PYTHON = re.compile(r"\w\([^)]*=|\.save\(|records\.[a-z]|`\w+`|\w+=\"|\b[A-Za-z_]+=\d|datetime\.")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a folder of two tables, with a mapping of each kind beside it."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "episodes.csv").write_text("episode_id,admit_date\nK1,2026-01-05\n")
    (folder / "attendance.csv").write_text("episode_id,date,status\nK1,2026-01-08,attended\n")
    (tmp_path / "bad.toml").write_text("[options\n")
    (tmp_path / "date.toml").write_text("[options]\ndate_order = 2026-01-05\n")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    none = tmp_path / "none"
    none.mkdir()
    (none / "episodes.csv").write_text("episode_id,admit_date\n")
    (none / "attendance.csv").write_text("episode_id,date,status\n")
    return folder


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("check {small}/episodes.csv", 1),
        ("check {small} --as-of 2026-02-30", 2),
        ("check {small} --as-of 12", 2),
        ("check {small} --mapping {small}", 1),
        ("check {small} --mapping {small}/../nowhere.toml", 1),
        ("check {small} --mapping {small}/../bad.toml", 1),
        ("check {small} --mapping {small}/../date.toml", 1),
        ("check {small} --mapping {small}/../bytes.toml", 1),
        ("check {small} --problems {small}", 2),
        ("check {small}/../none", 1),
        ("report {small}/../none --out {small}/r.html --as-of 2026-03-01", 2),
        ("report {small} --out {small}", 2),
        ("report {small} --out {small}/r", 2),
        ("report {small} --out {small}/r.html --quarter 2026Q5", 2),
        ("report {small} --out {small}/r.html --program North", 2),
        ("map {small}/nowhere --out {small}/m.toml", 1),
        ("map {small} --out {small}/m.txt", 2),
        ("sample {small}/episodes.csv", 2),
        ("sample {small}/s --seed -1", 2),
        ("sample {small}/s --seed seven", 2),
    ],
)
def test_errors_speak_of_options_and_not_of_python(
    run: Run, small: Path, words: str, code: int
) -> None:
    ended, _, err = run(*words.format(small=small).split(), *["-q"] * ("sample" not in words))
    message = re.sub(r"\x1b\[[0-9;]*m", "", err).replace(str(small.parent), "")
    assert ended == code, message
    assert message.strip()
    assert not PYTHON.search(message), message


def test_no_command_writes_over_what_it_read(run: Run, small: Path) -> None:
    before = {path: path.read_bytes() for path in small.iterdir()}
    book = small.parent / "book.xlsx"
    with pd.ExcelWriter(book) as writer:
        for path in before:
            pd.read_csv(path).to_excel(writer, sheet_name=path.stem, index=False)
    content = book.read_bytes()
    for words in (
        ["check", small, "--problems", small / "episodes.csv"],
        ["check", book, "--problems", book],
        ["report", book, "--out", book],
        ["map", small, "--out", small / "episodes.csv", "--force"],
        ["sample", small],
    ):
        code, _, err = run(*words)
        assert code == 2, words
        assert "another" in err or "mapping.toml" in err
    assert {path: path.read_bytes() for path in small.iterdir()} == before
    assert book.read_bytes() == content
    assert run("check", small, "--problems", small / "problems.csv")[0] == 0
    assert run("check", small, "--problems", small / "problems.csv")[0] == 0


def test_a_check_says_what_is_not_known_and_which_checks_failed(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "our export"
    folder.mkdir()
    (folder / "episodes.csv").write_text("episode_id,admit_date,mrn\nE1,2026-01-05,\n")
    for name, day in (("attendance_1.csv", "06"), ("attendance_2.csv", "07")):
        (folder / name).write_text(f"episode_id,date,status\nE1,2026-01-{day},attended\n")
    code, out, err = run("check", folder)
    assert code == 0, err
    assert "fitness()" not in out
    assert "not known: check_in_response, relapse" in out
    assert "read_records(" not in out
    assert "failed: empty_column (episodes)" in out
    assert "1 row of attendance_2.csv read" in out
    code, out, err = run("map", folder, "--out", tmp_path / "m.toml")
    assert f"iop-outcomes check '{folder}' --mapping" in out


def test_an_empty_name_is_not_the_folder_one_is_in(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("check", "map", "sample"):
        code, _, err = run(command, "")
        assert code == 2
        assert "empty" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("day", ["yesterday", "10/05/2026", "", "2026-13-01"])
def test_the_day_of_preparation_is_a_date(run: Run, small: Path, day: str) -> None:
    out = small.parent / "r.html"
    code, _, err = run("report", small, "--out", out, "--prepared-on", day)
    assert code == 2
    assert "--prepared-on 2026-10-05" in err
    assert not out.exists()
    code, _, err = run("report", small, "--out", out, "--prepared-on", "2026-10-05")
    assert code == 0, err
    assert "2026-10-05" in out.read_text(encoding="utf-8")


def test_an_interrupted_command_says_so(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_read", interrupted)
    code, _, err = run("check", small)
    assert code == 130
    assert "interrupted" in err


OUTSIDE: Any = {"capture_output": True, "text": True, "timeout": 120}
INTERRUPTED_AT = """
import os, signal, sys

# A process started in the background may have been told to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)

sys.argv = ["/usr/bin/iop-outcomes", "check", "{folder}", "-q"]
sys.meta_path.insert(0, Finder())
from iop_outcomes.cli import main
main()
"""


@pytest.mark.parametrize(
    "module",
    [
        "numpy",
        "pandas",
        "typer",
        "iop_outcomes.cli",
        "iop_outcomes.records.suggestions.lines_to_paste",
        "",
    ],
)
def test_ctrl_c_ends_with_a_line_also_while_the_libraries_are_imported(
    module: str, small: Path
) -> None:
    code = INTERRUPTED_AT.format(module=module, folder=small)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if not module:
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 scheduled service\n" in done.stdout
    else:
        assert (done.returncode, done.stderr) == (130, "iop-outcomes: interrupted\n")


def test_before_ctrl_c_is_watched_for_next_to_nothing_is_loaded() -> None:
    """Python gave its traceback for the time that logging, pathlib and threading took."""
    body = ast.parse(inspect.getsource(process)).body
    loaded = {name.name for one in body if isinstance(one, ast.Import) for name in one.names}
    loaded |= {str(one.module) for one in body if isinstance(one, ast.ImportFrom)}
    assert loaded == {"__future__", "gc", "os", "signal", "sys"}


BEGUN = """
import os, signal, sys, time

signal.signal(signal.SIGINT, signal.default_int_handler)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "iop_outcomes.report.command":
            from iop_outcomes.shared import process
            print(*process.others, flush=True)
            os.kill(os.getpid(), signal.SIGINT)

sys.argv = ["/usr/bin/iop-outcomes", "report", "{folder}", "--out", "{out}", "--format", "pdf,html"]
sys.meta_path.insert(0, Finder())
from iop_outcomes import paper_process
paper_process._cores = lambda: 2
from iop_outcomes.cli import main
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_ctrl_c_ends_the_second_process_too(small: Path) -> None:
    """It went on for two or three seconds, until it had loaded what it needs."""
    code = BEGUN.format(folder=small, out=small.parent / "r.pdf")
    done = subprocess.run([sys.executable, "-c", code], **OUTSIDE)
    assert (done.returncode, done.stderr) == (130, "iop-outcomes: interrupted\n")
    (other,) = map(int, done.stdout.split())
    state = Path(f"/proc/{other}/stat")
    for _ in range(50):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    pytest.fail("the second process is still there")


def test_each_command_says_when_what_it_needs_is_loaded() -> None:
    """From then on Ctrl-C puts half-written files away, and garbage is looked for seldom."""
    functions = [one for one in ast.parse(inspect.getsource(cli)).body if _is_command(one)]
    assert len(functions) == 6
    for function in functions:
        calls = [ast.unparse(one) for one in ast.walk(function) if isinstance(one, ast.Call)]
        assert calls.count("process.begin_work()") == 1, ast.unparse(function)[:80]


def _is_command(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", ())
    return any(ast.unparse(one).startswith("app.command") for one in decorators)


def test_help_is_said_before_anything_heavy_is_loaded() -> None:
    code = "import sys; sys.argv = ['iop-outcomes', 'report', '-h']\n"
    code += "from iop_outcomes.cli import main\ntry:\n    main()\nexcept SystemExit:\n"
    code += "    print({'numpy', 'pandas', 'iop_outcomes.report'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "--quarter" in done.stdout
    assert done.stdout.endswith("set()\n"), done.stdout + done.stderr


def test_a_file_name_that_is_no_utf_8_can_be_mapped(run: Run, small: Path) -> None:
    (small / "attendance.csv").rename(small / os.fsdecode(b"visits \xff.csv"))
    mapping = small.parent / "mapping.toml"
    code, out, err = run("map", small, "--out", mapping)
    assert code == 0, err
    code, out, err = run("check", small, "--mapping", mapping)
    assert code == 0, err
    assert "1 scheduled service\n" in out
