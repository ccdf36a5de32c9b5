"""Which tests execute which lines: run tests once under coverage, and write it down.

    python -m validation.mutants_map OUT.json FOLDER[,FOLDER...] TEST [TEST ...]

Run in a copy of the tracked files. The contexts of coverage are the tests, and two more kinds,
each handed on to all tests that use them: what a fixture of wider scope than one test executed, and
what a file of tests executed while it was imported. What is kept by ``functools.cache`` is
forgotten before each test, so that every test that needs it executes its lines.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import coverage
import pytest

IMPORT = "import"


class Recorder:
    """A plugin of pytest: tell coverage what runs, and note how long each test takes."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.context = IMPORT
        self.tests: dict[str, dict[str, Any]] = {}
        self.kept: list[Any] = []

    def switch(self, context: str) -> None:
        self.context = context
        self.measured.switch_context(context)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        if isinstance(collector, pytest.Module):
            self.switch(f"file {collector.nodeid}")
        return (yield)

    def pytest_collection_finish(self) -> None:
        self.kept = [
            cached
            for cached in gc.get_objects()
            if isinstance(cached, functools._lru_cache_wrapper)
            and str(cached.__module__).split(".")[0] in ("iop_outcomes", "tests")
        ]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        before = self.context
        self.switch(_name(fixturedef))
        try:
            return (yield)
        finally:
            self.switch(before)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        for cached in self.kept:
            cached.cache_clear()
        contexts = [f"test {item.nodeid}", f"file {item.nodeid.split('::')[0]}"]
        for fixtures in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
            contexts += [_name(fixture) for fixture in fixtures if fixture.scope != "function"]
        self.switch(contexts[0])
        start = time.process_time()
        try:
            return (yield)
        finally:
            seconds = round(time.process_time() - start, 3)
            self.tests[item.nodeid] = {"seconds": seconds, "contexts": contexts}


def _name(fixture: pytest.FixtureDef[Any]) -> str:
    return f"fixture {fixture.baseid}::{fixture.argname}"


def main() -> None:
    """Run the tests, and write the map unless one of them fails."""
    out, folders, *tests = sys.argv[1:]
    sources = [str(Path(folder).resolve()) for folder in folders.split(",")]
    measured = coverage.Coverage(data_file=None, source=sources, config_file=False)
    measured.start()
    measured.switch_context(IMPORT)
    package = importlib.import_module("iop_outcomes")
    for module in pkgutil.walk_packages(package.__path__, "iop_outcomes."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)  # else the first test that needs it gets its lines
    recorder = Recorder(measured)
    options = ["-q", "-p", "no:cacheprovider", "--tb=short"]
    outcome = pytest.main([*options, *tests], plugins=[recorder])
    measured.stop()
    if outcome != 0:
        sys.exit(int(outcome))
    Path(out).write_text(json.dumps(_written(measured, recorder)), encoding="utf-8")


def _written(measured: coverage.Coverage, recorder: Recorder) -> dict[str, Any]:
    """Return tests with seconds and contexts, and the contexts of each line, as numbers."""
    data = measured.get_data()
    numbers = {context: number for number, context in enumerate(sorted(data.measured_contexts()))}
    tests = {
        name: {
            "seconds": test["seconds"],
            "contexts": sorted({numbers[name] for name in test["contexts"] if name in numbers}),
        }
        for name, test in recorder.tests.items()
    }
    lines = {
        Path(path).relative_to(Path.cwd()).as_posix(): {
            line: sorted(numbers[context] for context in contexts if context in numbers)
            for line, contexts in data.contexts_by_lineno(path).items()
        }
        for path in data.measured_files()
    }
    return {"tests": tests, "lines": lines, "import": numbers[IMPORT]}


if __name__ == "__main__":
    main()
