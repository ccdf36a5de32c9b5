"""Are the tests of a room able to fail? Change the code a little, and see whether they notice.

    python -m validation.mutants known                # mutants made by hand, mutants_known.toml
    python -m validation.mutants sample --sample 200  # cosmic-ray's, of which a seeded sample

Both work on a copy of the tracked files under ``output/mutants``. The mutants of cosmic-ray are put
in an order by the seed and kept in a session file: a run goes on where the last one ended, a larger
sample holds the smaller one, and without ``--sample`` all are run (many hours). Each runs the tests
of its room only, up to the first failure; one that only other rooms' tests notice counts as
survived. Left out are mutants of annotations, which are never evaluated.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import math
import os
import random
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iop_outcomes.statistics import proportion_interval

ROOT = Path(__file__).parents[1]
KNOWN = Path(__file__).with_name("mutants_known.toml")
OUT = ROOT / "output" / "mutants"
TIMEOUT = 600  # seconds for the tests of one mutant: one that hangs is noticed
PYTEST = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
# Quick files first: the first failure ends a run.
TESTS = {
    "records": ["tests/records"],
    "attendance": ["tests/attendance"],
    "relapse": ["tests/relapse/test_relapse.py", "tests/relapse"],
    "disclosure": [
        "tests/disclosure/test_linked.py",
        "tests/disclosure/test_disclosure.py",
        "tests/disclosure/test_disclosure_attack.py",
    ],
    "report": ["tests/report"],
}


def copy_tree() -> Path:
    """Copy the tracked files, as they are now, and return where they are."""
    tree = OUT / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in names.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((ROOT / name).read_bytes())
    return tree


def run_tests(tree: Path, tests: list[str]) -> bool:
    """Run tests in the copy; say whether all passed."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *PYTEST, *tests]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"The tests could not be run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def known(only: str) -> int:
    """Make each mutant that was written by hand; return how many were not killed."""
    tree = copy_tree()
    mutants = tomllib.loads(KNOWN.read_text(encoding="utf-8"))["mutant"]
    chosen = [mutant for mutant in mutants if only in mutant["file"] + mutant["name"]]
    print(f"{len(chosen)} mutants")
    tests = sorted({test for mutant in chosen for test in mutant["tests"]})
    if not run_tests(tree, tests):
        raise SystemExit("The tests fail before anything is changed.")
    alive = 0
    for mutant in chosen:
        path = tree / mutant["file"]
        text = path.read_text(encoding="utf-8")
        if text.count(mutant["old"]) != 1:
            verdict = "NOT FOUND: its line has changed; write it anew"
        else:
            path.write_text(text.replace(mutant["old"], mutant["new"]), encoding="utf-8")
            try:
                verdict = "SURVIVED" if run_tests(tree, mutant["tests"]) else "killed"
            finally:
                path.write_text(text, encoding="utf-8")
        alive += verdict != "killed"
        print(f"{verdict}: {mutant['file']}: {mutant['name']}", flush=True)
    print(f"{len(chosen) - alive} of {len(chosen)} killed")
    return alive


def sample(number: int | None, seed: int, minutes: float, rooms: list[str]) -> None:
    """Run mutants of cosmic-ray, and print what survived."""
    from cosmic_ray.mutating import mutate_and_test
    from cosmic_ray.work_db import use_db
    from cosmic_ray.work_item import TestOutcome

    tree = copy_tree()
    os.environ["PYTHONPATH"] = str(tree)
    os.chdir(tree)  # cosmic-ray names modules, and runs tests, from where it is
    with use_db(str(OUT / f"{_fingerprint(tree)}.sqlite")) as session:
        if not session.num_work_items:
            _fill(session)
        items = sorted(session.work_items, key=lambda item: _place(item.mutations[0]))
        random.Random(seed).shuffle(items)
        before = dict(session.results)
        skipped = {job for job, found in before.items() if found.test_outcome is None}
        items = [item for item in items if item.job_id not in skipped]
        items = [item for item in items if _room(item.mutations[0]) in rooms][:number]
        for room in {_room(item.mutations[0]) for item in items if item.job_id not in before}:
            _check_tests(tree, room)
        end = time.monotonic() + 60 * minutes
        for item in items:
            if item.job_id in before:
                continue
            if time.monotonic() > end:
                break
            tests = TESTS[_room(item.mutations[0])]
            command = " ".join([sys.executable, *PYTEST, *tests])
            result = mutate_and_test(item.mutations, command, TIMEOUT)
            session.set_result(item.job_id, result)
            outcome = getattr(result.test_outcome, "value", result.worker_outcome.value)
            print(f"{outcome}: {_place(item.mutations[0])}", flush=True)
        results = dict(session.results)
    finished = [item for item in items if item.job_id in results]
    for room in rooms:
        own = [item for item in finished if _room(item.mutations[0]) == room]
        _say_share(room, [results[item.job_id].test_outcome == TestOutcome.KILLED for item in own])
    _say_share(
        "all", [results[item.job_id].test_outcome == TestOutcome.KILLED for item in finished]
    )
    for item in finished:
        result = results[item.job_id]
        if result.test_outcome != TestOutcome.KILLED:
            print(f"\n{_place(item.mutations[0])}\n{result.diff or result.output}")


def _check_tests(tree: Path, room: str) -> None:
    """Run the tests of a room before anything is changed: if they fail, all mutants seem killed."""
    passed = OUT / f"{_fingerprint(tree)}.{room}.passed"
    if passed.exists():
        return
    if not run_tests(tree, TESTS[room]):
        raise SystemExit(f"The tests of {room} fail before anything is changed.")
    passed.touch()


def _say_share(name: str, killed: list[bool]) -> None:
    if not killed:
        print(f"{name}: none run")
        return
    lower, upper = proportion_interval(float(sum(killed)), float(len(killed)))
    share = sum(killed) / len(killed)
    print(
        f"{name}: {sum(killed)} of {len(killed)} killed, {share:.0%} "
        f"(95 percent interval {float(lower):.0%} to {float(upper):.0%})"
    )


def _fill(session: Any) -> None:
    """Write all mutants of the rooms into a session, but for those of annotations."""
    from cosmic_ray.commands import init
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    modules = [path for room in TESTS for path in sorted(Path("iop_outcomes", room).rglob("*.py"))]
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
            found = getattr(node, name, None)
            if isinstance(found, ast.expr):
                yield (
                    (found.lineno, found.col_offset),
                    (found.end_lineno or math.inf, found.end_col_offset or math.inf),
                )


def _fingerprint(tree: Path) -> str:
    """Return what tells the code and tests of the rooms from what they were."""
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
    parser.add_argument("--rooms", nargs="+", choices=TESTS, default=list(TESTS))
    chosen = parser.parse_args()
    if chosen.which == "known":
        sys.exit(min(known(chosen.only), 1))
    sample(chosen.sample, chosen.seed, chosen.minutes, chosen.rooms)


if __name__ == "__main__":
    main()
