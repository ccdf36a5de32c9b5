"""The examples in the docstrings give what they show."""

from __future__ import annotations

import doctest
import importlib
import linecache
from pathlib import Path
from typing import Any

import pytest

import iop_outcomes as iop
from tests.helpers.of_the_sample import records_of_the_sample

ROOT = Path(__file__).parents[2]
OLD_NAMES = ("iop_outcomes.measures", "iop_outcomes.relapse.pieces")  # they warn
MODULES = sorted(
    name
    for path in (ROOT / "iop_outcomes").rglob("*.py")
    if path.stem != "__init__"
    and not (name := ".".join(path.relative_to(ROOT).with_suffix("").parts)).startswith(OLD_NAMES)
)


READ = iop.read_records


def _read_once(*given: Any, **options: Any) -> iop.Records:
    """Return the records of data/samples without reading them again; others are read."""
    if given == ("data/samples",) and not options:
        return records_of_the_sample()
    return READ(*given, **options)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # the examples read data/samples
    if not name.startswith("iop_outcomes.records"):  # of which reading is the point
        monkeypatch.setattr(iop, "read_records", _read_once)
    # Before each example doctest asks of every file that was ever shown whether it has changed.
    monkeypatch.setattr(linecache, "checkcache", lambda filename=None: None)
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    count = sum(
        len(test.examples)
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
    )
    assert count > 30
