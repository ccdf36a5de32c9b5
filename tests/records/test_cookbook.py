"""The recipes of docs/mapping.md give what the page shows, and every key of a mapping is in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import condition, options, read_mapping, source_plans, tables
from iop_outcomes.records.mapping.id_rules import ID_RULES
from tests.helpers import cookbook
from tests.helpers.cookbook import Recipe

TEXT = cookbook.PAGE.read_text(encoding="utf-8")
RECIPES = cookbook.recipes(TEXT)
OF_A_SOURCE = source_plans.KEYS
OF_A_TABLE = (*tables.KEYS, "link", "expected_every", "expected_until")
WRONG: Any = [3.5]  # a value that fits no key


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_recipe_gives_what_the_page_shows(recipe: Recipe, tmp_path: Path) -> None:
    records = cookbook.read(recipe, tmp_path)
    for result in recipe.results:
        assert cookbook.shown(records, result.partition("\n")[0]) == result


def test_the_page_has_a_recipe_of_every_key() -> None:
    assert len(RECIPES) > 15
    keys = {
        *OF_A_SOURCE,
        *OF_A_TABLE,
        *options._OPTIONS,
        *condition.TESTS,
        *ID_RULES,
        *("files", "thresholds", "ids", "database", "queries", "url_variable", "person"),
        *("headings", "becomes", "year", "blank", "separator", "sheet", "by"),
    } - {"is"}
    missing = [key for key in keys if re.search(rf"\b{key}\b", TEXT) is None]
    assert missing == []


@pytest.mark.parametrize("key", OF_A_SOURCE)
def test_every_key_of_a_source_has_its_error(key: str) -> None:
    with pytest.raises(RecordsError) as raised:
        read_mapping({"attendance": {"from": [{key: WRONG}]}})
    assert key in str(raised.value)
    assert raised.value.instead


@pytest.mark.parametrize("key", OF_A_TABLE)
def test_every_key_of_a_table_has_its_error(key: str) -> None:
    with pytest.raises(RecordsError) as raised:
        read_mapping({"checkins": {key: WRONG}})
    assert key in str(raised.value)


@pytest.mark.parametrize("key", options._OPTIONS)
def test_every_option_has_its_error(key: str) -> None:
    wrong = {key: "x" if key in ("missing", "synthetic", "skip_lines") else WRONG}
    with pytest.raises(RecordsError, match=key):
        read_mapping({"options": wrong})


@pytest.mark.parametrize("key", ["files", "thresholds", "ids", "database", "options", "episodes"])
def test_every_section_has_its_error(key: str) -> None:
    with pytest.raises(RecordsError, match=key):
        read_mapping({key: WRONG})
    with pytest.raises(RecordsError):
        read_mapping({key: {"no_such_key": WRONG}})


@pytest.mark.parametrize("test", condition.TESTS)
def test_every_condition_has_its_error(test: str) -> None:
    with pytest.raises(RecordsError, match="Client"):
        read_mapping({"attendance": {"from": {"where": {"Client": {test: [[]]}}}}})


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"headings": []}, "headings"),
        ({"becomes": []}, "becomes"),
        ({"year": "1/2026"}, "year"),
        ({"blank": "maybe"}, "blank"),
        ({"columns": [3]}, "columns"),
        ({"other": 1}, "other"),
    ],
)
def test_every_key_of_a_grid_has_its_error(grid: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordsError, match=says):
        read_mapping({"attendance": {"from": {"grid": grid}}})


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        ({"separator": 3, "status": {"Present": "attended"}}, "separator"),
        ({"id": [], "status": {"Present": "attended"}}, "id"),
        ({"status": {"Present": "here"}}, "unknown word"),
        ({"separator": ";"}, "which columns hold lists"),
    ],
)
def test_every_key_of_lists_has_its_error(lists: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordsError, match=says):
        read_mapping({"attendance": {"from": {"lists": lists}}})


@pytest.mark.parametrize("key", ["where", "by", "columns", "file", "sheet", "header_row"])
def test_every_key_of_a_join_has_its_error(key: str) -> None:
    join = {"file": "other.csv", "by": "Client", "columns": ["Discharged"], key: WRONG}
    with pytest.raises(RecordsError, match=key):
        read_mapping({"episodes": {"from": {"join": [join]}}})
