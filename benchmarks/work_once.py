"""Time the sample's report, its workbook and the sensitivity table against an earlier checkout.

    python -m benchmarks.work_once --before FOLDER [--commits COMMIT COMMIT] [--repeat 7]

FOLDER is a checkout of the earlier commit. Each measure is a whole process; the two take turns, so
that a busy moment of the machine meets both, and processor time is what is measured. What both
checkouts give is compared to the last character.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

from benchmarks.before_after import ROOT, run, table, write_page
from benchmarks.run import load

PACKAGES = ["numpy", "pandas", "scipy", "matplotlib", "lifelines"]

# In its own process: each task twice, the first with what it imports; then what came of it.
TASKS = """
import json, sys, time
from pathlib import Path
import iop_outcomes as iop

records = iop.read_records("data/samples")
folder = Path({folder!r})


def report():
    made = iop.quarterly_report(records, quarter="2026Q3")
    made.save(folder / "report.html")
    return made


def workbook():
    iop.quarterly_report(records, quarter="2026Q3").save(folder / "report.xlsx")


tasks = {{
    "report": report,
    "sensitivity": lambda: iop.sensitivity(records, by="track"),
    "workbook": workbook,
}}
taken = {{}}
for turn in ("first ", ""):
    for name, work in tasks.items():
        started = time.process_time()
        made = work()
        taken[turn + name] = time.process_time() - started
        if name == "report":
            tables = "".join(frame.to_csv() for frame in made.tables.values())
            (folder / "report_tables.csv").write_text(tables + made.findings.to_csv())
        elif name == "sensitivity":
            (folder / "sensitivity.csv").write_text(made.table.to_csv() + made.text)
taken["both"] = taken["report"] + taken["sensitivity"]
json.dump(taken, sys.stdout)
"""
NAMES = {
    "report": "the sample's report, written as HTML",
    "sensitivity": '`sensitivity(records, by="track")`, 36 cells',
    "both": "both",
    "workbook": "the sample's report, its tables written as a workbook",
    "first report": "the first report of a session, with what it imports",
    "first sensitivity": "the first sensitivity table, after the report",
    "process": "whole process: start of Python, records read, all of them twice",
}
FILES = {
    "report.html": "page of the report",
    "report_tables.csv": "tables and findings of the report",
    "sensitivity.csv": "sensitivity table with its text",
}


def measure(root: Path, folder: Path) -> dict[str, float]:
    """Return the seconds that each task takes in a checkout; its results go into the folder."""
    folder.mkdir(exist_ok=True)
    process, printed = run(root, ["-W", "ignore", "-c", TASKS.format(folder=str(folder))])
    taken: dict[str, float] = json.loads(printed)
    return {**taken, "process": process}


def compared(before: Path, after: Path) -> list[str]:
    """Return a line a file: how many of its lines differ."""
    lines = []
    for name, words in FILES.items():
        pair = [
            (folder / name).read_text(encoding="utf-8").splitlines() for folder in (before, after)
        ]
        differ = [(then, now) for then, now in zip_longest(*pair) if then != now]
        told = f"all {len(pair[0]):,} lines are the same"
        if differ:
            told = f"{len(differ)} of {max(map(len, pair)):,} lines differ"
        lines.append(f"- {words}: {told}.")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--commits", nargs=2, default=["the earlier", "this"], metavar="COMMIT")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks_work_once.md")
    options = parser.parse_args()
    busy, roots = load(), (options.before.resolve(), ROOT)
    turns: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / "before", Path(name) / "after"]
        for number in range(options.repeat + 1):  # the first fills the file cache
            for root, folder, taken in zip(roots, folders, turns, strict=True):
                seconds = measure(root, folder)
                if number:
                    taken.append(seconds)
            print(f"round {number} of {options.repeat}", file=sys.stderr)
        same = compared(*folders)
    times = "\n".join(table(NAMES, *turns, decimals=2))
    more = {"times": times, "same": "\n".join(same)}
    write_page("work_once_page.md", options, busy, PACKAGES, **more)


if __name__ == "__main__":
    main()
