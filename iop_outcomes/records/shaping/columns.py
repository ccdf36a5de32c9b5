"""Operations on coded columns, for selecting and combining rows; without Python loops over rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.sections import short
from iop_outcomes.records.sources.coded import Array, Coded, Raw, Remark, narrow
from iop_outcomes.shared.messages import columns_found

Mask = npt.NDArray[np.bool_]


def column_name(raw: Raw, name: str, ours: Mapping[str, str], where: str) -> str:
    """Return the name of a column as it is written in the file.

    Parameters
    ----------
    raw : Raw
        The file.
    name : str
        Its name in the mapping: the name in the export, or its new name in `ours`.
    ours : mapping of str to str
        From names in the export (folded) to names here.
    where : str
        The key of the mapping, for the message.

    Raises
    ------
    RecordsError
        If there is no such column.
    """
    written = name_if_there(raw, name, ours)
    if written is None:
        raise RecordsError(
            f"{raw.file} has no column {short(name)}, which {where} of the mapping names.",
            found=columns_found(raw.columns, name),
            instead="Write the name as it is in the header of the file.",
        )
    return written


def name_if_there(raw: Raw, name: str, ours: Mapping[str, str]) -> str | None:
    """Return the name of a column as it is written in the file, or None if there is none."""
    wanted = fold(name)
    for each in raw.columns:
        if fold(each) == wanted:
            return each
    for each in raw.columns:
        if ours.get(fold(each)) == name:
            return each
    return None


def take(raw: Raw, rows: Array) -> Raw:
    """Return a file with the given rows, in that order; a row can occur several times."""
    return replace(
        raw,
        columns={name: taken(coded, rows) for name, coded in raw.columns.items()},
        lines=raw.lines[rows],
    )


def choose(raw: Raw, keep: Mask) -> Raw:
    """Return a file with the rows in `keep`; remarks on lines of other rows are removed."""
    if keep.all():
        return raw
    gone = set(raw.lines[~keep].tolist())
    remarks = tuple(remark for remark in raw.remarks if remark.line not in gone)
    chosen = take(raw, np.flatnonzero(keep))
    return replace(chosen, remarks=remarks, left_out=raw.left_out + int((~keep).sum()))


def taken(coded: Coded, rows: Array) -> Coded:
    """Return the given rows of a column, with the texts that occur in them."""
    return compact(coded.codes[rows], coded.words, coded.exact_below)


def compact(codes: Array, words: Array, exact_below: float = np.inf) -> Coded:
    """Return a column from codes and texts, without the texts that occur in no row."""
    used = np.zeros(len(words), dtype=bool)
    used[codes] = True
    place = np.cumsum(used) - 1
    codes = codes if used.all() else place[codes]
    return Coded(narrow(codes, int(used.sum())), words[used], exact_below)


def constant(text: str, size: int) -> Coded:
    """Return a column with the same text in every row."""
    words = np.array([text] if size else [], dtype=object)
    return Coded(np.zeros(size, dtype=np.int8), words)


def is_blank(coded: Coded) -> Mask:
    """Return for each row whether its cell is empty or has only spaces."""
    return coded.is_any(np.array([not str(word).strip() for word in coded.words], dtype=bool))


def of_words(coded: Coded, change: Callable[[str], str]) -> Coded:
    """Return a column with each of its distinct texts changed."""
    changed = [change(str(word)) for word in coded.words.tolist()]
    codes, words = pd.factorize(np.asarray(changed, dtype=object))
    return Coded(narrow(codes[coded.codes], len(words)), np.asarray(words, dtype=object))


def of_pairs(columns: Sequence[Coded], change: Callable[[tuple[str, ...]], str]) -> Coded:
    """Return one column from several: one text for each distinct combination of their texts."""
    key = keys(columns)
    _, first, row_key = np.unique(key, return_index=True, return_inverse=True)
    texts = [
        change(tuple(str(coded.words[coded.codes[row]]) for coded in columns)) for row in first
    ]
    codes, words = pd.factorize(np.asarray(texts, dtype=object))
    return Coded(narrow(codes[row_key], len(words)), np.asarray(words, dtype=object))


def keys(columns: Sequence[Coded]) -> npt.NDArray[np.int64]:
    """Return for each row one number, equal where the codes of all columns are equal."""
    result = columns[0].codes.astype(np.int64)
    for coded in columns[1:]:
        codes, levels = pd.factorize(result)
        result = codes.astype(np.int64) * len(coded.words) + coded.codes
        del levels
    return result


def stacked(parts: Sequence[Coded]) -> Coded:
    """Return one column with the rows of several columns, one after another."""
    texts = [part.words for part in parts]
    codes, words = pd.factorize(np.concatenate(texts)) if parts else (np.zeros(0), np.zeros(0))
    starts = np.cumsum([0] + [len(part) for part in texts])
    joined = [codes[start + part.codes] for part, start in zip(parts, starts, strict=False)]
    exact_below = min((part.exact_below for part in parts), default=np.inf)
    every = np.concatenate(joined) if joined else np.zeros(0, dtype=np.int8)
    return Coded(narrow(every, len(words)), np.asarray(words, dtype=object), exact_below)


def with_remarks(raw: Raw, remarks: Iterable[Remark]) -> Raw:
    """Return a file with further remarks."""
    return replace(raw, remarks=(*raw.remarks, *remarks))
