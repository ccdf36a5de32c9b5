"""Are the figures of two commits the same, to the last digit?

    python -m validation.same_figures OLD NEW [--keep FOLDER]

Each commit is taken out of the repository into a folder of its own, and the same program
(`same_figures_driver`, that of the working tree) writes every public result there, on the sample
and the reference data of NEW. Then every cell of every table is compared as text: a number as the
shortest digits that distinguish it from all others. A difference is reported by result, column and
row.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
DRIVER = Path(__file__).with_name("same_figures_driver.py")
EXPLAINED = Path(__file__).with_name("same_figures_explained.toml")
TINY = 4e-15  # relative or absolute: what the order of a sum may change


@dataclass(frozen=True)
class Difference:
    """What differs in one column of one result.

    Attributes
    ----------
    result, column : str
        Which.
    rows : int
        How many rows differ.
    first : str
        The first of them: its number, from 0, and both values.
    largest, absolute : float
        The largest difference of two numbers, relative and absolute; missing (NaN) where a text
        differs.
    """

    result: str
    column: str
    rows: int
    first: str
    largest: float
    absolute: float

    @property
    def tiny(self) -> bool:
        """Whether it is no more than the order of a sum can change."""
        return self.largest <= TINY or self.absolute <= TINY


@dataclass(frozen=True)
class Comparison:
    """How two commits compare.

    Attributes
    ----------
    tables, values : int
        How many tables and cells both have.
    differences : list of Difference
        Where they differ.
    only_old, only_new : list of str
        Results of one of them alone.
    texts : list of str
        Sentences that differ.
    refused : dict of str to (str, str)
        What one refuses and the other does not, or refuses otherwise.
    """

    tables: int
    values: int
    differences: list[Difference]
    only_old: list[str]
    only_new: list[str]
    texts: list[str]
    refused: dict[str, tuple[str, str]]


def results_of(commit: str, data: Path, folder: Path) -> Path:
    """Take a commit out into a folder and write its results; return where they are."""
    code, out = folder / "code", folder / "results"
    code.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "x", "-C", str(code)], input=archive, check=True)
    environment = {**os.environ, "PYTHONPATH": str(code), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(DRIVER), str(data), str(out)]
    subprocess.run(command, cwd=code, env=environment, check=True)
    return out


def compare(old: Path, new: Path) -> Comparison:
    """Compare two folders of results."""
    before, after = _names(old), _names(new)
    both = [name for name in before if name in after]
    differences: list[Difference] = []
    values = 0
    for name in both:
        first, second = _table(old / before[name]), _table(new / after[name])
        differing, number = _compare_tables(name, first, second)
        differences += differing
        values += number
    texts, refused = _of_both(old, new, "texts"), _of_both(old, new, "refused")
    return Comparison(
        tables=len(both),
        values=values,
        differences=differences,
        only_old=[name for name in before if name not in after],
        only_new=[name for name in after if name not in before],
        texts=[
            name for name, (before, after) in texts.items() if before and after and before != after
        ],
        refused={name: pair for name, pair in refused.items() if pair[0] != pair[1]},
    )


def _names(folder: Path) -> dict[str, str]:
    lines = (folder / "names.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    names = {entry["name"]: entry["file"] for entry in entries}
    if len(names) < len(entries):
        raise SystemExit("Two results have one name.")
    return names


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except pd.errors.EmptyDataError:
        return pd.DataFrame()


def _of_both(old: Path, new: Path, name: str) -> dict[str, tuple[str, str]]:
    first, second = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for folder in (old, new)
    )
    return {key: (first.get(key, ""), second.get(key, "")) for key in {**first, **second}}


def _compare_tables(
    name: str, old: pd.DataFrame, new: pd.DataFrame
) -> tuple[list[Difference], int]:
    differences = []
    if len(old) != len(new):
        numbers = f"{len(old)} rows, {len(new)} rows"
        return [
            Difference(name, "(rows)", abs(len(old) - len(new)), numbers, math.nan, math.nan)
        ], 0
    values = 0
    for column in dict.fromkeys([*old.columns, *new.columns]):
        if column not in old or column not in new:
            where = "only in the old" if column in old else "only in the new"
            differences.append(Difference(name, column, len(old), where, math.nan, math.nan))
            continue
        values += len(old)
        rows = [
            number
            for number, (a, b) in enumerate(zip(old[column], new[column], strict=True))
            if a != b
        ]
        if rows:
            pairs = [(old[column].iloc[row], new[column].iloc[row]) for row in rows]
            sizes = [_difference(a, b) for a, b in pairs]
            relative, absolute = (
                math.nan if any(math.isnan(size) for size in kind) else max(kind)
                for kind in zip(*sizes, strict=True)
            )
            first = f"row {rows[0]}: {pairs[0][0] or 'missing'}, {pairs[0][1] or 'missing'}"
            differences.append(Difference(name, column, len(rows), first, relative, absolute))
    return differences, values


def _difference(old: str, new: str) -> tuple[float, float]:
    """Return the relative and the absolute difference of two numbers; missing if one is none."""
    try:
        first, second = float(old), float(new)
    except ValueError:
        return math.nan, math.nan
    size = abs(first - second)
    return (size / max(abs(first), abs(second)) if size else 0.0), size


def reasons(differences: list[Difference]) -> dict[str, list[Difference]]:
    """Return the differences by the reason that `EXPLAINED` gives; "" where it gives none.

    An entry holds for results and columns that match its expressions, up to its ``at_most``.
    """
    known = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["difference"]
    by_reason: dict[str, list[Difference]] = {}
    for difference in differences:
        why = "The order of a sum: lifelines adds up what was added up here." * difference.tiny
        for entry in known:
            place = f"{difference.result} | {difference.column}"
            most = entry.get("at_most", math.inf)
            within = not difference.absolute > most and (
                math.isinf(most) or difference.absolute >= 0
            )
            if not why and within and re.search(entry["where"], place):
                why = entry["why"]
        by_reason.setdefault(why, []).append(difference)
    return by_reason


def lines_of(comparison: Comparison) -> Iterator[str]:
    """Return the account of a comparison, line by line."""
    yield f"{comparison.tables:,} tables, {comparison.values:,} values compared."
    for why, differences in reasons(comparison.differences).items():
        yield f"{len(differences):,} columns: {why or 'NOT EXPLAINED'}"
        for difference in differences:
            if not difference.tiny:
                where = f"{difference.result} | {difference.column} | {difference.rows} rows"
                yield f"  {where} | {difference.first} (relative {difference.largest:.1e})"
    for label, names in (
        ("Only in the old", comparison.only_old),
        ("Only in the new", comparison.only_new),
    ):
        yield f"{label}: {len(names):,}"
        yield from (f"  {name}" for name in names)
    yield f"Refused by one and not alike by the other: {len(comparison.refused)}"
    for name, (old, new) in comparison.refused.items():
        yield f"  {name}: {old or 'given'}, {new or 'given'}"
    yield f"Sentences that differ (not figures): {len(comparison.texts)}"


def main() -> None:
    """Compare two commits and say what differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--keep", type=Path, help="a folder for the results; else a temporary one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        data = folder / "data"
        data.mkdir(parents=True)
        archive = subprocess.run(
            ["git", "archive", chosen.new, "data/samples", "tests/reference"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        subprocess.run(["tar", "x", "-C", str(data)], input=archive, check=True)
        old, new = (
            results_of(commit, data, folder / side)
            for side, commit in (("old", chosen.old), ("new", chosen.new))
        )
        comparison = compare(old, new)
        for line in lines_of(comparison):
            print(line)
    sys.exit(1 if reasons(comparison.differences).get("") else 0)


if __name__ == "__main__":
    main()
