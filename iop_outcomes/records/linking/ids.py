"""Identifiers that are written in several ways made equal, as ``[ids]`` of the mapping says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.mapping.id_rules import compared
from iop_outcomes.records.sources.coded import Coded, narrow
from iop_outcomes.records.staging import Log, StagedTable
from iop_outcomes.shared.text import format_count

Array = npt.NDArray[Any]
_MOST_PAIRS = 5  # pairs of lines that an error names


@dataclass
class IdWritings:
    """The first writing of each identifier, table by table.

    Attributes
    ----------
    mapping : Mapping
        The mapping, with the rules of comparison.
    first : dict of str to dict
        For each column: from the identifier in the form in which it is compared to its first
        writing.
    of_episodes : dict of str to set
        For each column the identifiers in the episodes, as written there.
    met : set of str
        The columns that at least one table has.
    """

    mapping: Mapping
    first: dict[str, dict[str, str]] = field(default_factory=dict)
    of_episodes: dict[str, set[str]] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def settle(self, staged: StagedTable, log: Log) -> None:
        """Replace identifiers of a table by their first writing; episodes must be settled first.

        Raises
        ------
        RecordsError
            If different rows of the episodes would get the same ``episode_id``.
        """
        for column, rules in self.mapping.ids.items():
            if column in staged.raw:
                self.met.add(column)
                self._settle(staged, column, rules, log)
        if not self.mapping.ids:
            log.tally("ids_made_one", staged.table.name, "episode_id", 0, 0, present=False)

    def require_columns(self) -> None:
        """Raise RecordsError if no table has a column that ``[ids]`` names."""
        for column in self.mapping.ids:
            if column not in self.met:
                raise RecordsError(
                    f"The mapping's [ids] names {column}, but no table has it.",
                    instead=f"Remove the line, or say in [TABLE.columns] which column is {column}.",
                )

    def _settle(self, staged: StagedTable, column: str, rules: Sequence[str], log: Log) -> None:
        coded = staged.raw[column]
        counts = coded.counts()
        texts = [
            str(word).strip() if rows else ""
            for word, rows in zip(coded.words, counts, strict=True)
        ]
        first = self.first.setdefault(column, {})
        own = self.of_episodes.get(column, set())
        known = {compared(text, rules) for text in own}
        forms = [compared(text, rules) for text in texts]
        shown = [
            first.setdefault(form, text) if text else ""
            for form, text in zip(forms, texts, strict=True)
        ]
        settled = _written(coded, texts, shown)
        episodes = staged.table.name == "episodes"
        if episodes and column == "episode_id":
            _refuse_two_made_one(staged, coded, settled)
        _list_made_one(staged, column, forms, texts, log)
        staged.raw[column] = settled
        changed = sum(text != ours for text, ours in zip(texts, shown, strict=True))
        note = (
            f"{staged.table.name}.{column}: {format_count(changed, 'identifier')} read in the "
            f"writing that was met first ({', '.join(rules)})"
        )
        if episodes:
            self.of_episodes[column] = {text for text in texts if text}
        else:
            gained = [
                bool(text) and form in known and text not in own
                for form, text in zip(forms, texts, strict=True)
            ]
            rows = int(counts[np.array(gained, dtype=bool)].sum())
            note += f"; {format_count(rows, 'more row')} matched to the episodes by it"
        if changed or not episodes:
            log.notes.append(note)


def _written(coded: Coded, texts: Sequence[str], shown: Sequence[str]) -> Coded:
    """Return a column with texts replaced; texts that do not change keep surrounding spaces."""
    words = [
        str(word) if text == ours else ours
        for word, text, ours in zip(coded.words, texts, shown, strict=True)
    ]
    codes, levels = pd.factorize(np.asarray(words, dtype=object))
    return Coded(
        narrow(codes[coded.codes], len(levels)),
        np.asarray(levels, dtype=object),
        coded.exact_below,
    )


def _refuse_two_made_one(staged: StagedTable, before: Coded, after: Coded) -> None:
    """Raise RecordsError if two identifiers of episodes become one although their rows differ.

    Rows that are equal except for the writing of the identifier are one row twice.
    """
    others = [coded.codes for coded in staged.raw.values() if coded is not before]
    code, first = np.unique(after.codes, return_index=True)
    first_of = np.zeros(len(after.words), dtype=np.int64)
    first_of[code] = first
    rows = np.flatnonzero(after.is_any(after.words != ""))
    twin = first_of[after.codes[rows]]
    apart = np.zeros(len(rows), dtype=bool)
    for codes in others:
        apart |= codes[rows] != codes[twin]
    stripped = np.array([str(word).strip() for word in before.words], dtype=object)
    apart &= stripped[before.codes[rows]] != stripped[before.codes[twin]]
    if apart.any():
        pairs = list(zip(twin[apart].tolist(), rows[apart].tolist(), strict=True))
        named = "; ".join(
            f"{_place(staged, first_row)} and {_place(staged, second_row)}"
            for first_row, second_row in pairs[:_MOST_PAIRS]
        )
        raise RecordsError(
            "The rules of the mapping's [ids] episode_id make one episode of two that differ.",
            found=f"{len(pairs):,} such rows: {named}",
            instead="Remove the rule that does it, or make the identifiers of the episodes differ.",
        )


def _place(staged: StagedTable, row: int) -> str:
    return f"{staged.files[staged.file[row]]}, line {staged.line[row]}"


def _list_made_one(
    staged: StagedTable, column: str, forms: Sequence[str], texts: Sequence[str], log: Log
) -> None:
    """List each further writing of an identifier in a table at its first row, with its count."""
    coded = staged.raw[column]
    counts = coded.counts()
    first: dict[str, str] = {}
    further: list[int] = []
    for place in np.argsort(_first_rows(coded), kind="stable").tolist():
        text = texts[place]
        if text and first.setdefault(forms[place], text) != text:
            further.append(place)
    rows = _first_rows(coded)[further]
    done = np.array(
        [
            f"kept: one identifier, written so in {format_count(counts[place], 'row')}"
            for place in further
        ],
        dtype=object,
    )
    log.rows(staged, rows, "ids_made_one", column, done)
    met = int(counts[further].sum())
    log.tally("ids_made_one", staged.table.name, column, len(staged), met)


def _first_rows(coded: Coded) -> Array:
    """Return for each text the first row that has it, or the number of rows if none has."""
    first = np.full(len(coded.words), len(coded.codes), dtype=np.int64)
    code, row = np.unique(coded.codes, return_index=True)
    first[code] = row
    return first
