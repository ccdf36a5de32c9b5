"""Time reading the same rows from CSV files, from SQLite and from PostgreSQL, in one run.

    python -m benchmarks.sources --folder FOLDER [--repeat 5] [--before FOLDER] [--out FILE]

Each way is a whole process, from the start of Python to checked records; the ways take turns.
The records must be the same, row for row, before anything is said of the times. FOLDER holds the
files of `benchmarks.run`, made where they are missing. PostgreSQL is left out, by name, where its
server is not installed. With --before, a checkout of an earlier commit, files in which each session
has a time of its own are read by both. With --books only workbooks are read, 60,000 rows by
python-calamine and by openpyxl, whose cells must be the same.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks.run import KIBIBYTES, ROOT, data_at, load, machine

TABLES = ("episodes", "attendance", "checkins")
TIMED = "CSV, each session with a date and a time of its own"
PACKAGES = ["numpy", "pandas", "pyarrow", "sqlalchemy", "psycopg"]
# In its own process: what is read, and a sum over all of it.
READ = """
import json, sys
import pandas as pd
import iop_outcomes as iop

source, queries = json.loads(sys.argv[1])
records = iop.read_records(source, mapping={"database": {"queries": queries}} if queries else None)
sums = {}
for name in ("episodes", "attendance", "checkins"):
    frame = getattr(records, name)
    sums[name] = [len(frame), str(pd.util.hash_pandas_object(frame, index=False).sum())]
json.dump([sums, len(records.problems)], sys.stdout)
"""


BOOK_ROWS = 60_000
# In its own process: the cells of a sheet by one library, and a digest of their texts.
BOOK = """
import hashlib, json, sys

way, path = json.loads(sys.argv[1])
if way == "openpyxl":
    import openpyxl
    rows = openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True)
else:
    import python_calamine
    rows = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
digest, number = hashlib.sha256(), 0
for row in rows:
    number += 1
    digest.update("|".join(str(cell)[:10] for cell in row).encode())
json.dump([number, digest.hexdigest()], sys.stdout)
"""


def measure(source: str, queries: dict[str, str], root: Path = ROOT) -> tuple[list[float], bytes]:
    """Return wall and processor seconds and peak MiB of one process, and what it printed."""
    return run(READ, [source, queries], root)


def run(code: str, given: list, root: Path = ROOT) -> tuple[list[float], bytes]:
    """Return wall and processor seconds and peak MiB of a process, and what it printed."""
    command = [sys.executable, "-c", code, json.dumps(given)]
    settings = {**os.environ, "PYTHONPATH": str(root)}
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=root, env=settings, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"reading ended with {process.returncode}")
    peak = used.ru_maxrss * KIBIBYTES / 1024
    return [wall, used.ru_utime + used.ru_stime, peak], printed


def typed(name: str) -> str:
    """Return the type that a column of the benchmark's files has in a database."""
    if name.endswith("date") or name == "followed_until":
        return "date"
    return "integer" if name.startswith("minutes") or name == "craving" else "text"


def columns_of(folder: Path, table: str) -> list[str]:
    with (folder / f"{table}.csv").open(encoding="utf-8") as file:
        return file.readline().strip().split(",")


def fill_sqlite(folder: Path, path: Path) -> None:
    """Write the files into a SQLite database, numbers as numbers."""
    import pandas as pd

    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for table in TABLES:
            frame = pd.read_csv(folder / f"{table}.csv", dtype=object, keep_default_na=False)
            for name in frame:
                if typed(name) == "integer":
                    frame[name] = pd.to_numeric(frame[name]).astype("Int64").astype(object)
            frame = frame.astype(object).where(frame.notna() & frame.ne(""), None)
            frame.to_sql(table, connection, index=False)


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Start a server with the files in typed columns; yield its address, empty if there is none."""
    sys.path.insert(0, str(ROOT))
    from tests.helpers import postgres

    if postgres.programs() is None:
        print("PostgreSQL is not installed: it is left out", file=sys.stderr)
        yield ""
        return
    import psycopg

    with postgres.server() as address:
        plain = address.replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as connection:
            for table in TABLES:
                columns = columns_of(folder, table)
                declared = ", ".join(f'"{name}" {typed(name)}' for name in columns)
                connection.execute(f"create table {table} ({declared})")
                copying = connection.cursor().copy(f"copy {table} from stdin (format csv)")
                with copying as copy, (folder / f"{table}.csv").open("rb") as file:
                    file.readline()
                    while block := file.read(1 << 20):
                        copy.write(block)
        yield address


def with_times(folder: Path) -> Path:
    """Return a folder in which each session has a date and a time of its own."""
    import numpy as np
    import pandas as pd

    place = folder.with_name(folder.name + "_times")
    place.mkdir(exist_ok=True)
    if not (place / "checkins.csv").exists():
        random = np.random.default_rng(1)
        frame = pd.read_csv(folder / "attendance.csv", dtype=str, keep_default_na=False)
        seconds = pd.to_timedelta(random.integers(8 * 3600, 20 * 3600, len(frame)), unit="s")
        dates = (pd.to_datetime(frame["date"]) + seconds).dt.strftime("%Y-%m-%d %H:%M:%S")
        frame.assign(date=dates).to_csv(place / "attendance.csv", index=False)
        for table in ("episodes", "checkins"):
            (place / f"{table}.csv").write_bytes((folder / f"{table}.csv").read_bytes())
    return place


def in_turns(
    ways: dict[str, tuple], repeat: int, compared: tuple = TABLES
) -> dict[str, list[list[float]]]:
    """Run every way once, compare the records that they read, and then take turns."""
    read = {way: json.loads(measure(*how)[1])[0] for way, how in ways.items()}
    for name in compared:
        if len({tuple(sums[name]) for sums in read.values()}) > 1:
            raise SystemExit(f"the records of {name} differ: {read}")
    taken: dict[str, list[list[float]]] = {way: [] for way in ways}
    for number in range(repeat):
        for way, how in ways.items():
            taken[way].append(measure(*how)[0])
        print(f"round {number + 1} of {repeat}", file=sys.stderr)
    return taken


def table(taken: dict[str, list[list[float]]]) -> list[str]:
    """Return a line a way: medians, and the ratio to the first way within a round."""
    lines = [
        "| read from | wall, s | processor, s | peak memory, MiB | processor / first | memory / "
        "first |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    first = next(iter(taken.values()))
    for way, runs in taken.items():
        wall, processor, peak = (statistics.median(run[part] for run in runs) for part in range(3))
        ratios = []
        for part in (1, 2):
            found = [run[part] / one[part] for run, one in zip(runs, first, strict=True)]
            middle = statistics.median(found)
            ratios.append(f"{middle:.2f} ({min(found):.2f} to {max(found):.2f})")
        cells = [way, f"{wall:.2f}", f"{processor:.2f}", f"{peak:.0f}", *ratios]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def books(folder: Path, repeat: int) -> list[str]:
    """Return the table of a workbook of sessions read by two libraries, which take turns."""

    import openpyxl

    path = folder / "book.xlsx"
    if not path.exists():
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("Sessions")
        sheet.append(["episode_id", "date", "service", "status", "minutes"])
        day = datetime.date(2024, 1, 1)
        words = ("attended", "no_show", "late")
        for number in range(BOOK_ROWS):
            date = day + datetime.timedelta(days=number % 900)
            text = f"E{number // 40:05d}"
            sheet.append([text, date, "group", words[number % 3], f"{60 + number % 120}"])
        book.save(path)
    ways = ("python-calamine", "openpyxl")
    read = {way: run(BOOK, [way, str(path)])[1] for way in ways}
    if len(set(read.values())) > 1:
        raise SystemExit(f"the cells differ: {read}")
    taken: dict[str, list[list[float]]] = {way: [] for way in ways}
    for _ in range(repeat):
        for way in ways:
            taken[way].append(run(BOOK, [way, str(path)])[0])
    title = f"## A workbook of {BOOK_ROWS:,} rows and 5 columns, cells only"
    return [title, "", *table(taken)]


def before_and_now(folder: Path, before: Path, repeat: int) -> list[str]:
    """Return the table of files with a time each, read by an earlier commit and by this one."""
    place = str(with_times(folder))
    commits = [
        subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True
        ).stdout.strip()
        for root in (before, ROOT)
    ]
    ways = {
        f"{TIMED}: commit {commits[0]}": (place, {}, before),
        f"the same: commit {commits[1]}": (place, {}, ROOT),
    }
    return ["", "## A time of day in each row", "", *table(in_turns(ways, repeat, ("attendance",)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--books", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.books:
        named = ", ".join(f"{name} {version(name)}" for name in ("python-calamine", "openpyxl"))
        print(f"{datetime.date.today()}, load {load()}; {named}; {options.repeat} turns", "")
        print("\n".join(books(options.folder, options.repeat)))
        return
    busy, folder = load(), data_at(options.folder.resolve(), options.scale)
    database = folder / "records.db"
    if not database.exists():
        filling = database.with_suffix(".part")
        filling.unlink(missing_ok=True)
        fill_sqlite(folder, filling)
        filling.rename(database)
    queries = {name: f"select * from {name}" for name in TABLES}
    with postgresql(folder) as address:
        ways: dict[str, tuple] = {
            "CSV": (str(folder), {}),
            "SQLite": (f"sqlite:///{database}", queries),
        }
        if address:
            ways["PostgreSQL"] = (address, queries)
        lines = table(in_turns(ways, options.repeat))
    if options.before:
        lines += before_and_now(folder, options.before.resolve(), options.repeat)
    lines += ["", *books(options.folder, options.repeat)]
    filled = {
        "times": "\n".join(lines),
        "repeat": str(options.repeat),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "load": busy,
        "versions": f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }
    text = (ROOT / "benchmarks" / "sources_page.md").read_text(encoding="utf-8")
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
