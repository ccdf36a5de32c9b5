"""Are the tests able to fail? Change the code a little, and see whether they notice.

    python -m validation.mutants known                # mutants made by hand, mutants_known.toml
    python -m validation.mutants sample --sample 200  # cosmic-ray's, of which a seeded sample

Both work on copies of the tracked files under ``output/mutants``. The mutants of cosmic-ray are put
in an order by the seed and kept in a session file: a run goes on where the last one ended, a larger
sample holds the smaller one, and without ``--sample`` all are run (many hours). Beside the session
stands which tests execute which lines (``mutants_map``), recorded once: the tests of the five rooms
and those of tests/house that run the code of the rooms in their own process (``HOUSE``), such as
those of the command line. A mutant is run against those that execute its line: those of its own
room, then the others, quick ones first, up to the first failure. If no test executes it, it has
survived. Left out are mutants of annotations, which are never evaluated.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import hashlib
import json
import math
import os
import queue
import random
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from validation.mutants_choice import TestMap

ROOT = Path(__file__).parents[1]
KNOWN = Path(__file__).with_name("mutants_known.toml")
OUT = ROOT / "output" / "mutants"
ROOMS = ("records", "attendance", "relapse", "disclosure", "report")
HOUSE = tuple(  # tests of the whole that run the code of the rooms in their own process
    f"tests/house/test_{name}.py"
    for name in (
        *("cli", "docstrings", "hostile_names", "no_person_in_messages", "provenance"),
        *("results", "results_travel", "work_once"),
    )
)


def copy_tree(name: str = "tree-0") -> Path:
    """Copy the tracked files, as they are now, and return where they are."""
    tree = OUT / name
    shutil.rmtree(tree, ignore_errors=True)
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for file in names.stdout.decode().split("\0"):
        if file and (ROOT / file).is_file():
            path = tree / file
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, path)
    shared = OUT / "shared"  # published data that some tests need, beside the project
    if not shared.is_symlink() and (ROOT.parent / "shared").is_dir():
        shared.symlink_to(ROOT.parent / "shared")
    return tree


def _environment(tree: Path) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": str(tree), "CI": "1"}


class Worker:
    """A process with a copy of the files, in which it changes one and runs tests."""

    def __init__(self, tree: Path, files: list[str]) -> None:
        self.tree = tree
        command = [sys.executable, "-m", "validation.mutants_worker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(
            command, cwd=tree, env=_environment(tree), text=True, **pipes
        )
        outcome = self.run({"collect": True, "files": files})  # writes the bytecode of all
        if outcome["code"] != 0:
            raise SystemExit(f"The tests could not be collected: {outcome['said']}")

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return what pytest returned (none: it hung), the seconds it used, and what it said."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("The process that runs the tests ended.")
        outcome: dict[str, Any] = json.loads(line)
        return outcome


def workers(first: Path, number: int, files: list[str]) -> list[Worker]:
    """Start so many workers, each in a copy of its own."""
    trees = [first, *(OUT / f"tree-{place}" for place in range(1, number))]
    started = [Worker(first, files)]
    for tree in trees[1:]:
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(first, tree)
        started.append(Worker(tree, files))
    return started


def run_all(
    started: list[Worker], jobs: list[Any], run: Callable[[Worker, Any], None], minutes: float
) -> None:
    """Run each job by the next worker that is free; begin none after so many minutes."""
    waiting = iter(jobs)
    lock = threading.Lock()
    end = time.monotonic() + 60 * minutes
    failed: list[BaseException] = []

    def work(worker: Worker) -> None:
        try:
            while time.monotonic() < end and not failed:
                with lock:
                    job = next(waiting, None)
                if job is None:
                    return
                run(worker, job)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in started]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def known(only: str, number: int) -> int:
    """Make each mutant that was written by hand; return how many were not killed."""
    mutants = tomllib.loads(KNOWN.read_text(encoding="utf-8"))["mutant"]
    chosen = [mutant for mutant in mutants if only in mutant["file"] + mutant["name"]]
    print(f"{len(chosen)} mutants")
    tests = sorted({test for mutant in chosen for test in mutant["tests"]})
    started = workers(copy_tree(), number, sorted({test.split("::")[0] for test in tests}))
    if (outcome := started[0].run({"files": tests}))["code"] != 0:
        raise SystemExit(f"The tests fail before anything is changed: {outcome['said']}")
    verdicts = []

    def run(worker: Worker, mutant: dict[str, Any]) -> None:
        text = (worker.tree / mutant["file"]).read_text(encoding="utf-8")
        if text.count(mutant["old"]) != 1:
            verdict = "NOT FOUND: its line has changed; write it anew"
        else:
            text = text.replace(mutant["old"], mutant["new"])
            outcome = worker.run({"path": mutant["file"], "text": text, "files": mutant["tests"]})
            verdict = _verdict(outcome["code"])
        verdicts.append(verdict)
        print(f"{verdict}: {mutant['file']}: {mutant['name']}", flush=True)

    run_all(started, chosen, run, math.inf)
    killed = verdicts.count("killed")
    print(f"{killed} of {len(chosen)} killed")
    return len(chosen) - killed


def _verdict(code: int | None) -> str:
    """Say what the exit code of pytest means: 1 a test failed, 2 a file could not be imported."""
    if code in (0, 5):
        return "survived" if code == 0 else "survived: no test ran"
    if code == 4:
        return "NOT RUN: a test of that name is not there"
    return "killed"


def sample(number: int | None, seed: int, minutes: float, rooms: list[str], processes: int) -> None:
    """Run mutants of cosmic-ray, and print what survived."""
    from cosmic_ray.work_db import use_db
    from cosmic_ray.work_item import TestOutcome

    tree = copy_tree()
    tests = _map(tree)
    files = sorted({name.split("::")[0] for name in tests.seconds})
    with use_db(str(OUT / f"{_fingerprint(tree)}.sqlite")) as session:
        if not session.num_work_items:
            _fill(session, tree)
        items = _drawn(session, seed, rooms)[:number]
        before = dict(session.results)
        missing = [item for item in items if item.job_id not in before]
        if missing:
            started = workers(tree, processes, files)
            finished: queue.SimpleQueue[Any] = queue.SimpleQueue()

            def run(worker: Worker, item: Any) -> None:
                finished.put((item, _result(worker, item.mutations[0], tests)))

            thread = threading.Thread(target=run_all, args=(started, missing, run, minutes))
            thread.start()
            while thread.is_alive() or not finished.empty():
                try:
                    item, result = finished.get(timeout=1)
                except queue.Empty:
                    continue
                session.set_result(item.job_id, result)
                print(f"{result.test_outcome.value}: {_place(item.mutations[0])}", flush=True)
            thread.join()
            _check(started[0], [result for _, result in session.results], tests)
        results = dict(session.results)
    done = [item for item in items if item.job_id in results]
    for room in rooms:
        own = [item for item in done if _room(item.mutations[0]) == room]
        _say_share(room, [results[item.job_id].test_outcome == TestOutcome.KILLED for item in own])
    _say_share("all", [results[item.job_id].test_outcome == TestOutcome.KILLED for item in done])
    for item in done:
        result = results[item.job_id]
        if result.test_outcome != TestOutcome.KILLED:
            print(f"\n{_place(item.mutations[0])}\n{result.output}\n{result.diff}")


def _drawn(session: Any, seed: int, rooms: list[str]) -> list[Any]:
    """Return the mutants of the rooms, but those never evaluated, in the order of the seed."""
    items = sorted(session.work_items, key=lambda item: _place(item.mutations[0]))
    random.Random(seed).shuffle(items)
    skipped = {job for job, result in session.results if result.test_outcome is None}
    items = [item for item in items if item.job_id not in skipped]
    return [item for item in items if _room(item.mutations[0]) in rooms]


def _map(tree: Path) -> TestMap:
    """Record which tests of the rooms and of `HOUSE` execute which lines, unless it is known."""
    path = OUT / f"{_fingerprint(tree)}.map.json"
    if not path.exists():
        print("The tests are run once, to see which lines they execute.", flush=True)
        folders = ",".join(f"iop_outcomes/{room}" for room in ROOMS)
        tests = [*(f"tests/{room}" for room in ROOMS), *HOUSE]
        command = [sys.executable, "-m", "validation.mutants_map", str(path), folders, *tests]
        done = subprocess.run(
            command, cwd=tree, env=_environment(tree), capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"The tests could not be run, or fail: {done.stdout[-3000:]}")
    return TestMap(path)


def _result(worker: Worker, mutation: Any, tests: TestMap) -> Any:
    """Run the tests of one mutant; return what happened."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator
    from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

    file = mutation.module_path.as_posix()
    before = (worker.tree / file).read_text(encoding="utf-8")
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    text = mutate_code(before, operator, mutation.occurrence)
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), file, file, "", "", 1, "")
    chosen = tests.tests(worker.tree, file, mutation.start_pos[0])
    start = time.monotonic()
    if chosen:
        files = list(dict.fromkeys(name.split("::")[0] for name in chosen))
        outcome = worker.run({"path": file, "text": text, "files": files, "tests": chosen})
    else:
        outcome = {"code": 0, "seconds": 0.0, "failed": None, "said": "No test executes this line."}
    verdict = _verdict(outcome["code"])
    killed = verdict == "killed"
    output = {
        "verdict": verdict if outcome["code"] is not None else "killed: it hung",
        "tests": len(chosen),
        "failed": outcome["failed"],
        "seconds": outcome["seconds"],
        "by the clock": round(time.monotonic() - start, 1),
        "said": outcome["said"][-600:],
    }
    return WorkResult(
        output=json.dumps(output),
        diff="\n".join(lines),
        test_outcome=TestOutcome.KILLED if killed else TestOutcome.SURVIVED,
        worker_outcome=WorkerOutcome.NORMAL,
    )


def _check(worker: Worker, results: list[Any], tests: TestMap) -> None:
    """Run the tests that noticed a mutant where nothing is changed: they must pass."""
    outputs = [json.loads(result.output) for result in results if result.output]
    failed = {output["failed"] for output in outputs} - {None}
    chosen = {name: tests.seconds[name] for name in sorted(failed & set(tests.seconds))}
    files = list(dict.fromkeys(name.split("::")[0] for name in chosen))
    if chosen and (outcome := worker.run({"files": files, "tests": chosen}))["code"] != 0:
        raise SystemExit(f"A test fails where nothing is changed: {outcome}")
    print(f"{len(chosen)} tests noticed a mutant; they pass where nothing is changed.")


def _say_share(name: str, killed: list[bool]) -> None:
    from iop_outcomes.statistics import proportion_interval

    if not killed:
        print(f"{name}: none run")
        return
    lower, upper = proportion_interval(float(sum(killed)), float(len(killed)))
    share = sum(killed) / len(killed)
    print(
        f"{name}: {sum(killed)} of {len(killed)} killed, {share:.0%} "
        f"(95 percent interval {float(lower):.0%} to {float(upper):.0%})"
    )


def _fill(session: Any, tree: Path) -> None:
    """Write all mutants of the rooms into a session, but for those of annotations."""
    from cosmic_ray.commands import init
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    with contextlib.chdir(tree):  # cosmic-ray names modules from where it is
        modules = [
            path for room in ROOMS for path in sorted(Path("iop_outcomes", room).rglob("*.py"))
        ]
        init(modules, session, {})
        never = {path: list(_annotations(path)) for path in modules}
    skipped = [
        item.job_id
        for item in session.work_items
        for mutation in item.mutations
        if any(
            a <= mutation.start_pos and mutation.end_pos <= b
            for a, b in never[mutation.module_path]
        )
    ]
    session.set_multiple_results(skipped, WorkResult(WorkerOutcome.SKIPPED))


def _annotations(path: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where the annotations of a module begin and end."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in ("annotation", "returns"):
            child = getattr(node, name, None)
            if isinstance(child, ast.expr):
                yield (
                    (child.lineno, child.col_offset),
                    (child.end_lineno or math.inf, child.end_col_offset or math.inf),
                )


def _fingerprint(tree: Path) -> str:
    """Return what distinguishes the code and tests of the rooms from what they were."""
    paths = [*tree.glob("iop_outcomes/**/*.py"), *tree.glob("tests/**/*.py")]
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(path.relative_to(tree).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()[:12]


def _room(mutation: Any) -> str:
    return str(mutation.module_path.parts[1])


def _place(mutation: Any) -> str:
    name = mutation.operator_name.split("/")[-1]
    line = f"{mutation.start_pos[0]:04d}"
    return f"{mutation.module_path.as_posix()}:{line}: {name}, {mutation.occurrence:04d}"


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("which", choices=("known", "sample"))
    parser.add_argument("--only", default="", help="known: of these files or names")
    parser.add_argument("--sample", type=int, help="so many; default: all")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin none after these")
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    if chosen.which == "known":
        sys.exit(min(known(chosen.only, chosen.processes), 1))
    sample(chosen.sample, chosen.seed, chosen.minutes, chosen.rooms, chosen.processes)


if __name__ == "__main__":
    main()
