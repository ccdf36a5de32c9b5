"""Time this library against a hand-written script and against SQL, in one run.

    python -m benchmarks.run --folder FOLDER [--repeat 7] [--scales 0.25 0.5 1 2] [--out FILE]

Each way is a whole process, from the start of Python to the figures as JSON; the ways take
turns (A B C A B C ...), so that a busy moment of the machine meets all of them. The figures
must agree before anything is said of the times. Data that FOLDER does not hold yet are made.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

# This file stays small in memory: what a process starts with counts to its child's peak.
ROOT = Path(__file__).parent.parent
LIBRARY, BY_HAND = "this library, checks included", "pandas and lifelines by hand"
WAYS = {
    LIBRARY: ["benchmarks.by_library"],
    BY_HAND: ["benchmarks.by_hand"],
    "the same, read by pyarrow": ["benchmarks.by_hand", "--engine", "pyarrow"],
    "SQL in DuckDB": ["benchmarks.by_duckdb"],
}
PACKAGES = ["numpy", "pandas", "pyarrow", "lifelines", "duckdb"]
KIBIBYTES = 1 if sys.platform == "linux" else 1 / 1024  # the unit of ru_maxrss


@dataclass(frozen=True)
class Measured:
    """One process: wall and processor time in seconds, peak memory in MiB, and its figures."""

    wall: float
    processor: float
    peak: float
    figures: dict[str, Any]


def measure(way: str, folder: Path) -> Measured:
    command = [sys.executable, "-m", *WAYS[way], "--folder", str(folder)]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{way}: ended with {process.returncode}")
    processor = used.ru_utime + used.ru_stime
    return Measured(wall, processor, used.ru_maxrss * KIBIBYTES / 1024, json.loads(printed))


def disagreements(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two sets of figures differ by more than rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return [f"{path}: {sorted(one)} and {sorted(other)}"]
        return [
            line for key in one for line in disagreements(one[key], other[key], f"{path}/{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        places = enumerate(zip(one, other, strict=True))
        return [line for i, (a, b) in places for line in disagreements(a, b, f"{path}/{i}")]
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    same = math.isclose(one, other, rel_tol=1e-9) if numbers else one is other is None
    return [] if same else [f"{path}: {one} and {other}"]


def take_turns(ways: list[str], folder: Path, repeat: int) -> dict[str, list[Measured]]:
    """Run every way once for the figures (and to warm the file cache), then `repeat` rounds."""
    first = {way: measure(way, folder) for way in ways}
    listed = first[LIBRARY].figures.pop("problems")
    if listed:
        raise SystemExit(f"the library lists {listed} problems in data that should have none")
    for way in ways:
        differing = disagreements(first[LIBRARY].figures, first[way].figures)
        if differing:
            raise SystemExit(f"{way} gives other figures:\n" + "\n".join(differing))
    taken: dict[str, list[Measured]] = {way: [] for way in ways}
    for number in range(repeat):
        for way in ways:
            taken[way].append(measure(way, folder))
        print(f"round {number + 1} of {repeat}", file=sys.stderr)
    return taken


def pairwise(taken: dict[str, list[Measured]], way: str, name: str) -> tuple[float, float, float]:
    """Median, least and greatest ratio of the library to `way`, round by round."""
    pairs = zip(taken[LIBRARY], taken[way], strict=True)
    ratios = [getattr(ours, name) / getattr(theirs, name) for ours, theirs in pairs]
    return statistics.median(ratios), min(ratios), max(ratios)


def times_table(taken: dict[str, list[Measured]]) -> list[str]:
    lines = [
        "| way | wall, s | processor, s | peak memory, MiB "
        "| library / way: wall | processor | memory |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for way, runs in taken.items():
        medians = [
            statistics.median(getattr(run, name) for run in runs)
            for name in ("wall", "processor", "peak")
        ]
        ratios = ["1"] * 3
        if way != LIBRARY:
            found = [pairwise(taken, way, name) for name in ("wall", "processor", "peak")]
            ratios = [f"{mid:.2f} ({low:.2f} to {high:.2f})" for mid, low, high in found]
        cells = [f"{medians[0]:.2f}", f"{medians[1]:.2f}", f"{medians[2]:.0f}", *ratios]
        lines.append(f"| {way} | " + " | ".join(cells) + " |")
    return lines


def growth_table(by_scale: dict[float, dict[str, list[Measured]]]) -> list[str]:
    lines = [
        "| attendance rows | way | wall, s | µs a row read | peak memory, MiB |",
        "|---:|---|---:|---:|---:|",
    ]
    for scale, taken in by_scale.items():
        rows = round(1_830_000 * scale)
        for way, runs in taken.items():
            wall = statistics.median(run.wall for run in runs)
            peak = statistics.median(run.peak for run in runs)
            lines.append(
                f"| {1_000_000 * scale:,.0f} | {way} | {wall:.2f} "
                f"| {wall / rows * 1e6:.2f} | {peak:.0f} |"
            )
    return lines


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB of memory"


def load() -> str:
    """How busy others kept the machine when the run began."""
    return f"{os.getloadavg()[0]:.1f}"


def write_page(
    out: Path,
    busy: str,
    taken: dict[str, list[Measured]],
    growth: dict[float, dict[str, list[Measured]]],
) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    text = (ROOT / "benchmarks" / "page.md").read_text(encoding="utf-8")
    filled = {
        "repeat": str(len(taken[LIBRARY])),
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "load": busy,
        "versions": f"Python {platform.python_version()}, {versions}",
        "times": "\n".join(times_table(taken)),
        "growth": "\n".join(growth_table(growth)) if growth else "Not measured in this run.",
    }
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    out.write_text(text, encoding="utf-8")
    print(text)


def data_at(folder: Path, scale: float) -> Path:
    place = folder / f"scale_{scale:g}"
    if not (place / "checkins.csv").exists():
        command = [sys.executable, "-m", "benchmarks.make_data", "--folder", str(place)]
        subprocess.run([*command, "--scale", str(scale)], cwd=ROOT, check=True)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--scales", type=float, nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    folder, busy = options.folder.resolve(), load()
    taken = take_turns(list(WAYS), data_at(folder, 1.0), options.repeat)
    growth = {
        scale: take_turns([LIBRARY, BY_HAND], data_at(folder, scale), max(3, options.repeat // 2))
        for scale in options.scales
    }
    write_page(options.out, busy, taken, growth)


if __name__ == "__main__":
    main()
