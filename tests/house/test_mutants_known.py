"""The mutants made by hand fit the code and the tests as they are, so that they can be run."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KNOWN = ROOT / "validation" / "mutants_known.toml"
MUTANTS = tomllib.loads(KNOWN.read_text(encoding="utf-8"))["mutant"]


def _text(file: str) -> str:
    path = ROOT / file
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def test_each_has_a_name_of_its_own() -> None:
    names = [(one["file"], one["name"]) for one in MUTANTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("file", sorted({one["file"] for one in MUTANTS}))
def test_what_is_changed_stands_in_the_code_once(file: str) -> None:
    text = _text(file)
    of_file = [one for one in MUTANTS if one["file"] == file]
    assert [one["name"] for one in of_file if text.count(one["old"]) != 1] == []
    assert [one["name"] for one in of_file if one["old"] == one["new"]] == []


def test_the_tests_that_must_notice_them_are_there() -> None:
    def there(test: str) -> Any:
        file, _, name = test.partition("::")
        function = name.partition("[")[0]
        return f"def {function}(" in _text(file) if function else _text(file)

    assert [test for one in MUTANTS for test in one["tests"] if not there(test)] == []
