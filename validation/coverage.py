"""Bias of estimates and coverage of 95 percent limits on simulated programs.

    python -m validation.coverage [--replicates 1000] [--processes 2] [--out docs/validation.md]
    python -m validation.coverage --more [--replicates 1000] [--out docs/validation_more.md]

A large population is drawn from the model of `iop_outcomes.samples`; of its people, programs are
drawn again and again, each estimated as a program would be. The same seed gives the same page.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.coverage_count import Found, stacked, tally
from validation.coverage_page import MORE_TEMPLATE, TEMPLATE, Run, write_page
from validation.coverage_population import PEOPLE, draw_population
from validation.coverage_setting import Setting
from validation.coverage_settings import make_more_settings, make_settings

SEED = 20261123
CHUNK = 20  # replicates that one process does before it takes others
FEWEST = 10  # replicates of a setting


def replicate(setting: Setting, seed: int, numbers: range) -> list[list[Found]]:
    """Draw and estimate some of the programs of a setting, each from a stream of its own."""
    key = crc32(setting.name.encode())  # settings added later change nothing of the others
    streams = (np.random.SeedSequence(seed, spawn_key=(key, number)) for number in numbers)
    return [setting.once(np.random.default_rng(stream)) for stream in streams]


def study(
    settings: list[Setting], replicates: int, seed: int = SEED, processes: int = 1
) -> list[pd.DataFrame]:
    """Return the table of each setting; see `validation.coverage_count.tally`."""
    wanted = [max(round(replicates * setting.share), FEWEST) for setting in settings]
    tasks = [
        (place, range(begin, min(begin + CHUNK, count)))
        for place, count in enumerate(wanted)
        for begin in range(0, count, CHUNK)
    ]
    replicates_of: dict[tuple[int, int], list[list[Found]]] = {}
    for (place, numbers), done in _done(settings, tasks, seed, processes):
        replicates_of[place, numbers.start] = done
    tables = []
    for place, setting in enumerate(settings):
        parts = [replicates_of[place, numbers.start] for at, numbers in tasks if at == place]
        tables.append(_table(setting, [each for part in parts for each in part]))
    return tables


def _table(setting: Setting, replicates: list[list[Found]]) -> pd.DataFrame:
    keys, numbers = stacked(replicates)
    table = tally(keys, numbers, setting.truth)
    ours: NDArray[np.bool_] = np.array([setting.holds_for(name) for name in table["estimator"]])
    return table.assign(replicates=len(replicates), holds=ours)


def _done(
    settings: list[Setting], tasks: list[tuple[int, range]], seed: int, processes: int
) -> Iterator[tuple[tuple[int, range], list[list[Found]]]]:
    from tqdm import tqdm

    bar = tqdm(total=sum(len(numbers) for _, numbers in tasks), unit="program", desc="coverage")
    with bar:
        if processes == 1:
            for place, numbers in tasks:
                yield (place, numbers), replicate(settings[place], seed, numbers)
                bar.update(len(numbers))
            return
        # Fresh processes: none inherits the threads of this one.
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            running = {
                pool.submit(replicate, settings[place], seed, numbers): (place, numbers)
                for place, numbers in tasks
            }
            for job in as_completed(running):
                yield running[job], job.result()
                bar.update(len(running[job][1]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Bias and coverage on simulated programs")
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--people", type=int, default=PEOPLE, help="in the population")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--more", action="store_true", help="the settings of the second page")
    parser.add_argument("--out", type=Path, help="the page; default: docs/validation[_more].md")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # each process has its own work
    begun = time.perf_counter()
    if options.more:
        settings = make_more_settings()
    else:
        settings = make_settings(draw_population(options.seed, options.people))
    tables = study(settings, options.replicates, options.seed, options.processes)
    run = Run(
        command="python -m validation.coverage "
        + ("--more " if options.more else "")
        + f"--replicates {options.replicates}",
        seed=options.seed,
        population=options.people,
        replicates=options.replicates,
        processes=options.processes,
        seconds=time.perf_counter() - begun,
    )
    page = options.out or Path("docs/validation_more.md" if options.more else "docs/validation.md")
    write_page(page, settings, tables, run, MORE_TEMPLATE if options.more else TEMPLATE)
    print(f"{page}: {run.seconds / 60:.1f} minutes")


if __name__ == "__main__":
    main()
