"""Run the tests of one mutant after another, each in a fork of a process that has its libraries.

    python -m validation.mutants_worker

Run in a copy of the tracked files, which it changes. A line of JSON comes in for each mutant (the
file, its text, the tests in their order), a line of JSON goes out (the outcome, what pytest said).
The process has imported the libraries but nothing of this project, so that a fork starts in
no time and imports the changed file. Not for Windows, which has no fork.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

LIBRARIES = (
    "pandas",
    "numpy.testing",
    "scipy.stats",
    "scipy.optimize",
    "scipy.interpolate",
    "scipy.sparse.linalg",
    "lifelines",
    "formulaic",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "PIL.Image",
    "hypothesis.strategies",
    "hypothesis.extra.numpy",
    "hypothesis.extra.pandas",
    "openpyxl",
    "pyarrow.parquet",
    "pyarrow.csv",
    "jinja2",
    "typer.testing",
    "tqdm.auto",
    "pytest",
)
QUIET = ["-x", "-q", "--tb=line", "--show-capture=no", "-p", "no:cacheprovider"]
QUIET += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis is there already
QUIET += ["-k", "not browser"]  # one that is slow to start would count as noticing the mutant
LEAST = 60  # seconds of processor time: a test that takes ten times its usual, or these, hangs
WALL = 1800  # seconds by the clock, for one that waits for ever
SAID = 2000  # letters of what pytest said that are handed on


class Chosen:
    """A plugin of pytest: run these tests in this order, each within its time; note what fails."""

    def __init__(self, tests: dict[str, float] | None, failed: Path) -> None:
        self.tests = tests
        self.failed = failed

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.tests is not None:
            by_name = {item.nodeid: item for item in items}
            items[:] = [by_name[name] for name in self.tests if name in by_name]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _limit(max(LEAST, 10 * (self.tests or {}).get(nodeid, LEAST)))

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.failed.exists():
            self.failed.write_text(report.nodeid, encoding="utf-8")


def _limit(seconds: float) -> None:
    """End this process when it has used so many more seconds of processor time."""
    used = sum(os.times()[:2])
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))


def _run(job: dict[str, Any], log: Path) -> int:
    """Be the fork: run the tests, and return what pytest returns."""
    import pytest

    os.setsid()
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    _limit(2 * LEAST)
    if job.get("collect"):
        return int(pytest.main([*QUIET, "--collect-only", *job["files"]]))
    sys.dont_write_bytecode = True
    chosen = Chosen(job.get("tests"), log.with_suffix(".failed"))
    return int(pytest.main([*QUIET, *job["files"]], plugins=[chosen]))


def _wait(child: int) -> tuple[int | None, float]:
    """Wait for the fork; return its exit code, none if it hung, and the seconds it used."""
    end = time.monotonic() + WALL
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            return None, usage.ru_utime + usage.ru_stime
        time.sleep(0.02)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return None, usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    return code, usage.ru_utime + usage.ru_stime


def _outcome(job: dict[str, Any], log: Path) -> dict[str, Any]:
    """Change the file, run the tests in a fork, and put the file back as it was."""
    path = Path(job["path"]) if "path" in job else None
    failed = log.with_suffix(".failed")
    failed.unlink(missing_ok=True)
    if path is not None:
        before, stat = path.read_bytes(), path.stat()
        path.write_bytes(job["text"].encode())
    try:
        child = os.fork()
        if child == 0:
            code = 3
            try:
                code = _run(job, log)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code, seconds = _wait(child)
    finally:
        if path is not None:
            path.write_bytes(before)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # its bytecode stays valid
    output = log.read_text(encoding="utf-8", errors="replace")[-SAID:]
    test = failed.read_text(encoding="utf-8") if failed.exists() else None
    return {"code": code, "seconds": round(seconds, 2), "failed": test, "said": output}


def main() -> None:
    """Serve until nothing more comes in."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # a fork has no threads of its parent
    os.environ["CI"] = "1"  # the same examples each time, and no search for the smallest
    for library in LIBRARIES:
        importlib.import_module(library)
    log = Path("mutant.log").resolve()
    for line in sys.stdin:
        print(json.dumps(_outcome(json.loads(line), log)), flush=True)


if __name__ == "__main__":
    main()
