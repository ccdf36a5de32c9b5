"""Time this checkout against an earlier one, in one run: what a change costs.

    python -m benchmarks.before_after --before FOLDER --data FOLDER [--repeat 7] [--out FILE]

FOLDER of --before is a checkout of the earlier commit, that of --data a folder for the files of
`benchmarks.run`. Each measure is a whole process; the two take turns, so that a busy moment of
the machine meets both, and processor time is what is told, which others at work change least.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.run import data_at, load, machine

ROOT = Path(__file__).parent.parent
PACKAGES = ["numpy", "pandas", "lifelines"]
PEOPLE = 1_000_000

# In its own process: each task twice over, the first call with what it imports.
TASKS = """
import json, sys, time
import numpy as np
import pandas as pd
import iop_outcomes as iop

random = np.random.default_rng(1)
people = {people}
days = np.ceil(np.minimum(random.exponential(200, people), 365)).astype(np.int32)
times = pd.DataFrame({{
    "days": days,
    "event": random.random(people) < 0.6,
    "track": pd.Categorical.from_codes(random.integers(0, 4, people), list("abcd")),
}})
entry = random.integers(0, 60, people) % np.maximum(days, 1)
late = times.assign(entry=entry)
small = times.head(40_000)
by = {{count: small.assign(group=np.arange(len(small)) % count) for count in (20, 21, 4_000)}}
tasks = {{
    "first curves": lambda: iop.survival_curves(times, by="track"),
    "curves": lambda: iop.survival_curves(times, by="track"),
    "curves with late entry": lambda: iop.survival_curves(late, by="track"),
    "test": lambda: iop.compare_survival(times, by="track"),
    "20 groups": lambda: iop.survival_curves(by[20], by="group"),
    "21 groups": lambda: iop.survival_curves(by[21], by="group"),
    "4,000 groups": lambda: iop.survival_curves(by[4_000], by="group"),
}}
taken = {{}}
for name, work in tasks.items():
    started = time.process_time()
    work()
    taken[name] = time.process_time() - started
json.dump(taken, sys.stdout)
"""
NAMES = {
    "import": "`import iop_outcomes`, the start of Python included",
    "first curves": "first `survival_curves` of a session, 1,000,000 people in 4 groups",
    "curves": "the same, called again",
    "curves with late entry": "the same with late entry",
    "test": "`compare_survival`, 1,000,000 people in 4 groups",
    "20 groups": "`survival_curves`, 40,000 people in 20 groups",
    "21 groups": "`survival_curves`, 40,000 people in 21 groups",
    "4,000 groups": "`survival_curves`, 40,000 people in 4,000 groups",
    "pipeline": "three files to figures (`benchmarks.by_library`), whole process",
}


def run(root: Path, command: list[str]) -> tuple[float, bytes]:
    """Return the processor time in seconds of a Python in a checkout, and what it printed."""
    settings = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, *command], cwd=root, env=settings, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:2]} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, printed


def measure(root: Path, data: Path, people: int) -> dict[str, float]:
    """Return the seconds that each task takes in a checkout."""
    importing, _ = run(root, ["-c", "import iop_outcomes"])
    _, printed = run(root, ["-c", TASKS.format(people=people)])
    pipeline, _ = run(root, ["-m", "benchmarks.by_library", "--folder", str(data)])
    found: dict[str, float] = {"import": importing, **json.loads(printed)}
    return {**found, "pipeline": pipeline}


Turns = list[dict[str, float]]


def table(names: dict[str, str], before: Turns, after: Turns, decimals: int) -> list[str]:
    """Return a line for each named task: medians, and the ratio within a turn."""
    lines = ["| task | before, s | now, s | now / before |", "|---|---:|---:|---:|"]
    for key, name in names.items():
        ratios = [now[key] / then[key] for then, now in zip(before, after, strict=True)]
        medians = [statistics.median(turn[key] for turn in turns) for turns in (before, after)]
        apart = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        seconds = " | ".join(f"{median:.{decimals}f}" for median in medians)
        lines.append(f"| {name} | {seconds} | {apart} |")
    return lines


def write_page(
    page: str, options: argparse.Namespace, busy: str, packages: list[str], **more: str
) -> None:
    """Fill a page of benchmarks/ with what was measured, where and with which versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    filled = {
        "repeat": str(options.repeat),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "load": busy,
        "before": options.commits[0],
        "now": options.commits[1],
        "versions": f"Python {platform.python_version()}, {versions}",
        **more,
    }
    text = (ROOT / "benchmarks" / page).read_text(encoding="utf-8")
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    options.out.write_text(text, encoding="utf-8")
    print(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--commits", nargs=2, default=["the earlier", "this"], metavar="COMMIT")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks_lifelines.md")
    options = parser.parse_args()
    busy, data = load(), data_at(options.data.resolve(), 1.0)
    roots = options.before.resolve(), ROOT
    for root in roots:
        measure(root, data, 10_000)  # warms the file cache
    turns: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    for number in range(options.repeat):
        for root, taken in zip(roots, turns, strict=True):
            taken.append(measure(root, data, PEOPLE))
        print(f"round {number + 1} of {options.repeat}", file=sys.stderr)
    times = "\n".join(table(NAMES, *turns, decimals=3))
    write_page("before_after_page.md", options, busy, PACKAGES, times=times)


if __name__ == "__main__":
    main()
