"""The recipes of docs/mapping.md: files of a shape, a mapping, and the rows that they give."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

import iop_outcomes as iop

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mapping.md"
EPISODES = "episode_id,admit_date\nE1,2026-01-01\nE2,2026-01-02\n"  # where a recipe shows none
CHECKINS = "episode_id,date,status\nE1,2026-01-08,completed\n"
AS_OF = "2026-03-31"
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Recipe:
    """One section of the page.

    Attributes
    ----------
    title : str
        Its heading.
    files : dict of str to str
        The files that it shows, by name.
    mapping : dict
        The mapping that it shows.
    results : list of str
        The blocks of results that it shows.
    """

    title: str
    files: dict[str, str] = field(default_factory=dict)
    mapping: dict[str, Any] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)


def recipes(page: str) -> list[Recipe]:
    """Return the sections of the page that show a result."""
    blocks = []
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        recipe = Recipe(part.partition("\n")[0])
        for language, name, content in _BLOCK.findall(part):
            if language in ("csv", "jsonl"):
                recipe.files[name.strip()] = content
            elif language == "toml":
                recipe.mapping = tomllib.loads(content)
            elif language == "text" and name.strip() == "result":
                recipe.results.append(content)
        if recipe.results:
            blocks.append(recipe)
    return blocks


def read(recipe: Recipe, folder: Path) -> iop.Records:
    """Write the files of a recipe, and read them by its mapping."""
    sheets: dict[str, dict[str, str]] = {}
    for name, content in recipe.files.items():
        file, _, sheet = name.partition(": ")
        if file.endswith(".xlsx"):
            sheets.setdefault(file, {})[sheet or "Sheet1"] = content
        else:
            (folder / file).write_text(content, encoding="utf-8")
    for file, contents in sheets.items():
        with pd.ExcelWriter(folder / file) as writer:
            for sheet, content in contents.items():
                rows = list(csv.reader(io.StringIO(content)))
                table = pd.DataFrame(rows).replace("", None)
                table.to_excel(writer, sheet_name=sheet, header=False, index=False)
    own = {*recipe.mapping, *(name.partition(".")[0] for name in recipe.files)}
    if "episodes" not in own:
        (folder / "episodes.csv").write_text(EPISODES, encoding="utf-8")
    if not own & {"attendance", "checkins"}:
        (folder / "checkins.csv").write_text(CHECKINS, encoding="utf-8")
    return iop.read_records(folder, mapping=recipe.mapping, as_of=AS_OF)


def shown(records: iop.Records, first: str) -> str:
    """Return a result as the page shows it, for the first line of its block."""
    name, _, columns = first.partition(": ")
    table = getattr(records, name)[columns.split(", ")]
    rows = ["  ".join(map(_text, row)).rstrip() for row in table.itertuples(index=False)]
    return "\n".join([first, *rows]) + "\n"


def _text(cell: object) -> str:
    if cell is pd.NaT or cell is pd.NA or cell is None or cell != cell:
        return "-"
    if isinstance(cell, pd.Timestamp):
        return str(cell.date())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
