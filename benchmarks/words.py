"""How long the published outcomes of use patterns take, and how much memory.

    python -m benchmarks.words [--people 1000000] [--weeks 24] [--seed 20260930]

Words are drawn by a seeded chain of weeks: what a week is depends on the week before, and who
leaves stays away, with the shares of symbols of the CTN-0094 trials (6 of 10 weeks missed).
Prints timings and the most memory that the process held; with `--out` it writes the page too.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.run import load, machine
from iop_outcomes.relapse.definitions.event_weeks import event_weeks
from iop_outcomes.relapse.definitions.outcomes import outcomes

PAGE = """# What the outcomes of use patterns cost, measured

One run of `python -m benchmarks.words --out docs/benchmarks_words.md`, on {date}: {machine};
{versions}. Load of the machine as the run began: {load} (near 0: idle). The words are drawn,
seeded; no real person is in them.

```
{found}
```

Cost: people x weeks for each step that definitions share (it is worked out once for 16,384 people
at a time), so time and memory grow as the words do.
"""

SMALL = 3_560  # people in CTN-0094, with words of 15 to 39 weeks
SYMBOLS = np.array(list("+-*o"))
# The next week, given this one, of people who have not left: use, no use, mixed, missed.
NEXT = np.array(
    [
        [0.60, 0.12, 0.04, 0.24],
        [0.07, 0.75, 0.02, 0.16],
        [0.35, 0.28, 0.12, 0.25],
        [0.16, 0.20, 0.03, 0.61],
    ]
)
LEAVES = 0.04  # a week


def draw(people: int, weeks: int, seed: int, shortest: int | None = None) -> pd.Series:
    """Draw `people` words of `weeks` weeks, or of `shortest` to `weeks`."""
    random = np.random.default_rng(seed)
    steps = np.cumsum(NEXT, axis=1)
    state = random.integers(0, len(SYMBOLS), people)
    left = np.zeros(people, dtype=bool)
    symbols = np.empty((weeks, people), dtype="U1")
    for week in range(weeks):
        state = (random.random((people, 1)) > steps[state]).sum(axis=1).clip(max=3)
        left |= random.random(people) < LEAVES
        symbols[week] = np.where(left, "o", SYMBOLS[state])
    words = np.ascontiguousarray(symbols.T).view(f"U{weeks}").ravel().astype(object)
    if shortest is not None:
        lengths = random.integers(shortest, weeks + 1, people)
        words = np.array([word[:size] for word, size in zip(words, lengths, strict=True)], object)
    return pd.Series(words, name="use_pattern")


def seconds(work, times: int = 1) -> float:
    """Return the shortest of several runs."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def most_memory() -> float:
    """Return the most memory that the process has held, in GiB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / 2**30 if sys.platform == "darwin" else held / 2**20


def measured(people: int, weeks: int, seed: int) -> list[str]:
    """Time the small and the large set, and return what was found as lines."""
    small = draw(SMALL, 39, seed, shortest=15)
    lines = [
        f"{SMALL:,} words of 15 to 39 weeks, best of 5:",
        f"  62 columns, compatible   {seconds(lambda: outcomes(small, compatible=True), 5):7.3f} s",
        f"  54 definitions           {seconds(lambda: outcomes(small), 5):7.3f} s",
    ]
    large = draw(people, weeks, seed)
    shares = pd.Series(list("".join(large.iloc[:10_000]))).value_counts(normalize=True)
    drawn = ", ".join(f"{symbol} {share:.0%}" for symbol, share in shares.items())
    before = most_memory()
    return [
        *lines,
        f"{people:,} words of {weeks} weeks ({drawn}), once:",
        f"  54 definitions           {seconds(lambda: outcomes(large)):7.2f} s",
        f"  62 columns, compatible   {seconds(lambda: outcomes(large, compatible=True)):7.2f} s",
        f"  weeks to one event       {seconds(lambda: event_weeks(large, 'lee_2016')):7.2f} s",
        f"  most memory held         {most_memory():7.2f} GiB ({before:.2f} once drawn)",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--weeks", type=int, default=24)
    parser.add_argument("--seed", type=int, default=20260930)
    parser.add_argument("--out", type=Path, help="also write the page of the documentation")
    options = parser.parse_args()
    busy = load()
    found = "\n".join(measured(options.people, options.weeks, options.seed))
    print(found)
    if options.out:
        versions = f"Python {platform.python_version()}, numpy {np.__version__}"
        options.out.write_text(
            PAGE.format(
                date=date.today(), machine=machine(), versions=versions, load=busy, found=found
            ),
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
