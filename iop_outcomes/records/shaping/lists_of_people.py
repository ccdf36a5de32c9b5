"""Lists of people in cells: one row a session becomes one row a person and session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.plan import Lists
from iop_outcomes.records.mapping.sections import short
from iop_outcomes.records.shaping.columns import (
    column_name,
    compact,
    name_if_there,
    taken,
    with_remarks,
)
from iop_outcomes.records.sources.coded import Array, Coded, Raw, Remark

TWO_LISTS = "in_two_lists"
TWICE = "twice_in_list"


def spread(
    raw: Raw, lists: Lists, ours: Mapping[str, str], where: str
) -> tuple[Raw, frozenset[str]]:
    """Make one row for each person in a list; return also the names of the new columns.

    Rows are in the order of their lines, and within a line in the order of the lists. A person who
    is twice in one list gets one row. A person who is in two lists of one line gets one row without
    a word, because the outcome is not known. Both are listed.
    """
    names = [column_name(raw, name, ours, f"{where} lists") for name in lists.words]
    for target in (lists.id, lists.becomes):
        there = name_if_there(raw, target, ours)
        if there is not None and there not in names:
            raise RecordsError(
                f"{raw.file} has a column {short(target)} of its own, as the lists make.",
                instead="Map it to another name in columns = { ... } of [[TABLE.from]].",
            )
    parts = [_people(raw.columns[name], lists.separators) for name in names]
    rows = np.concatenate([part[0] for part in parts])
    people = np.concatenate([part[1] for part in parts])
    word = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    order = np.lexsort((np.arange(len(rows)), word, rows))
    person, levels = pd.factorize(people)
    rows, word, person = rows[order], word[order], person[order]
    word, first, remarks = _once(raw, rows, word, person, levels, lists)
    rows, word, person = rows[first], word[first], person[first]
    columns = {name: taken(coded, rows) for name, coded in raw.columns.items() if name not in names}
    columns[lists.id] = compact(person, np.asarray(levels, dtype=object))
    own = [*dict.fromkeys(lists.words.values()), ""]
    place = np.array([*map(own.index, lists.words.values()), len(own) - 1])  # -1: no word
    columns[lists.becomes] = compact(place[word], np.array(own, dtype=object))
    spread_ = replace(raw, columns=columns, lines=raw.lines[rows])
    return with_remarks(spread_, remarks), frozenset({lists.id, lists.becomes})


def _people(coded: Coded, separators: tuple[str, ...]) -> tuple[Array, Array]:
    """Return the rows and names of the people in the lists of a column."""
    split = re.compile("|".join(re.escape(part) for part in separators))
    people = [
        [each.strip() for each in split.split(str(word)) if each.strip()]
        for word in coded.words.tolist()
    ]
    sizes = np.array([len(each) for each in people], dtype=np.int64)
    starts = np.append(0, np.cumsum(sizes))[:-1]
    by_row = sizes[coded.codes]
    rows = np.repeat(np.arange(len(by_row)), by_row)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(by_row) - by_row, by_row)
    every = np.array([one for each in people for one in each], dtype=object)
    return rows, every[starts[coded.codes][rows] + within]


def _once(
    raw: Raw, rows: Array, word: Array, person: Array, levels: Array, lists: Lists
) -> tuple[Array, Array, list[Remark]]:
    """Return the list of each entry (-1 for two lists), which entries are first, and remarks."""
    key = rows * max(len(levels), 1) + person
    _, first_of, group = np.unique(key, return_index=True, return_inverse=True)
    two = np.zeros(len(first_of), dtype=bool)
    np.logical_or.at(two, group, word != word[first_of][group])
    first = np.zeros(len(rows), dtype=bool)
    first[first_of] = True
    remarks = []
    for chosen, check, done in (
        (two[group] & first, TWO_LISTS, "value left missing: the person is in two lists"),
        (~two[group] & ~first, TWICE, "folded into the first"),
    ):
        remarks += [
            Remark(line, str(text), check, done, column=lists.id)
            for line, text in zip(
                raw.lines[rows[chosen]].tolist(), levels[person[chosen]], strict=True
            )
        ]
    return np.where(two[group], -1, word), first, remarks
