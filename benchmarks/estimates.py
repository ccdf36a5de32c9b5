"""Time curves, their test and incidences against lifelines, scikit-survival and R, in one run.

    python -m benchmarks.estimates [--people 1000000] [--repeat 5] [--limit 60] [--out FILE]

The ways take turns (A B C D A B C D ...), so that a busy moment of the machine meets all of them.
Before anything is said of the times, the answers must agree. A way that at the smaller size takes
so long that the larger one is foreseen to pass `--limit` seconds is timed at the smaller only.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.estimates_ways import DAYS, Library, draw, python_says, ways_here
from benchmarks.run import load

TASKS = {
    "curves": "Kaplan-Meier by 4 groups, with limits",
    "test": "Log-rank test of 4 groups",
    "incidence": "Aalen-Johansen of 3 causes, with variance",
}
PAGE = Path(__file__).with_name("estimates_page.md")
Times = dict[str, dict[str, list[float]]]  # of each task and way


def disagreement(task: str, mine: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference of two sets of figures; of a statistic, relative to it."""
    if mine.shape != theirs.shape:
        raise SystemExit(f"{task}: {len(mine)} figures and {len(theirs)}")
    scale = np.abs(mine) if task == "test" else 1.0
    return float(np.max(np.abs(mine - theirs) / scale))


def measure(
    people: int, repeat: int, seed: int, skip: dict[str, set[str]]
) -> tuple[Times, dict[str, dict[str, float]], list[str], list[str]]:
    """Time all ways; return the times, how far answers are apart, the versions, who is absent."""
    data = draw(people, seed)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as begun:
        ways, absent = ways_here(data, Path(folder))
        for way in ways:
            begun.callback(way.close)
        times: Times = {task: {} for task in TASKS}
        apart: dict[str, dict[str, float]] = {task: {} for task in TASKS}
        for task in TASKS:
            asked = [way for way in ways if way.name not in skip.get(task, set())]
            first = {way.name: way.run(task, data)[1] for way in asked}
            for way in asked[1:]:
                far = disagreement(task, first[Library.name], first[way.name])
                if not far <= way.tolerance[task]:
                    raise SystemExit(f"{TASKS[task]}: {way.name} is {far:.2g} away")
                apart[task][way.name] = far
            times[task] = {way.name: [] for way in asked}
            for _ in range(repeat):
                for way in asked:
                    times[task][way.name].append(way.run(task, data)[0])
            print(f"{people:,} people: {TASKS[task]}", file=sys.stderr)
        versions = [way.says for way in ways]
    return times, apart, versions, absent


def too_long(times: Times, factor: float, limit: float) -> dict[str, set[str]]:
    """Return the ways that, if their time grows as the people do, would pass the limit."""
    return {
        task: {way for way, taken in of.items() if statistics.median(taken) * factor > limit}
        for task, of in times.items()
    }


def times_table(times: Times, apart: dict[str, dict[str, float]]) -> list[str]:
    lines = [
        "| task | way | median, s | least to greatest, s | times ours | answers apart by |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for task, of in times.items():
        for way, taken in of.items():
            ratios = [b / a for a, b in zip(of[Library.name], taken, strict=True)]
            told, far = "1", ""
            if way != Library.name:
                told = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
                far = f"{apart[task][way]:.1g}"
            lines.append(
                f"| {TASKS[task]} | {way} | {statistics.median(taken):.3f} "
                f"| {min(taken):.3f} to {max(taken):.3f} | {told} | {far} |"
            )
    return lines


def growth_table(sizes: list[int], repeat: int, seed: int) -> list[str]:
    lines = [
        "| people | task | median, s | least to greatest, s | nanoseconds a person |",
        "|---:|---|---:|---:|---:|",
    ]
    for people in sizes:
        data, way = draw(people, seed), Library()
        for task, told in TASKS.items():
            way.run(task, data)
            taken = [way.run(task, data)[0] for _ in range(repeat)]
            middle = statistics.median(taken)
            lines.append(
                f"| {people:,} | {told} | {middle:.3f} | {min(taken):.3f} to {max(taken):.3f} "
                f"| {middle / people * 1e9:.0f} |"
            )
    return lines


def left_out(skip: dict[str, set[str]], absent: list[str], limit: float, people: int) -> str:
    told = [
        f"{TASKS[task]} by {', '.join(sorted(ways))} is not timed at {people:,}: its time above, "
        f"grown as the people do, would pass the limit of {limit:g} seconds a call."
        for task, ways in skip.items()
        if ways
    ]
    told += [f"{name} is not installed where this was measured." for name in absent]
    return "\n".join(told) or "Every way was timed at both sizes."


def written(options: argparse.Namespace) -> str:
    """Measure, and return the page."""
    busy = load()
    small = min(options.small, options.people)
    first, near, versions, absent = measure(small, options.repeat, options.seed, {})
    skip = too_long(first, options.people / small, options.limit)
    second, far, *_ = measure(options.people, options.repeat, options.seed, skip)
    filled: dict[str, Any] = {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores",
        "load": busy,
        "versions": "; ".join([python_says(), *versions]),
        "repeat": options.repeat,
        "days": ", ".join(map(str, DAYS)),
        "small": f"{small:,}",
        "people": f"{options.people:,}",
        "first": "\n".join(times_table(first, near)),
        "second": "\n".join(times_table(second, far)),
        "left_out": left_out(skip, absent, options.limit, options.people),
        "growth": "\n".join(growth_table(options.growth, options.repeat, options.seed)),
    }
    text = PAGE.read_text(encoding="utf-8")
    for name, value in filled.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--growth", type=int, nargs="*", default=[10**5, 10**6, 10**7])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--out", type=Path, help="write the page of the documentation here")
    options = parser.parse_args(arguments)
    text = written(options)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
