"""Columns that name staff: their values are shown as letters unless names are asked for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import numpy as np

from iop_outcomes.shared.group_codes import NOT_RECORDED
from iop_outcomes.shared.groups import Groups

_STAFF = re.compile(
    "counsel|facilitator|therapist|clinician|provider|staff|worker|leader|physician|nurse|doctor"
    "|psychologist|psychiatrist|supervisor|practitioner",
    re.IGNORECASE,
)
LETTERED = "{} is shown as letters, in no order of names or sizes; names=True shows it as recorded."


def names_staff(column: object) -> bool:
    """Return whether the name of a column says that its values are members of staff."""
    return bool(_STAFF.search(str(column)))


def letters_of(values: Iterable[object]) -> dict[object, str]:
    """Return a letter for each value: A to Z, then AA; "not recorded" stays.

    The order is that of a hash of the value, so that it discloses nothing of names, sizes or
    results, and is the same in each call. Who knows the names can work the letters out: they keep
    names off a page and do not make it anonymous.

    Examples
    --------
    >>> from iop_outcomes.trends.staff import letters_of
    >>> sorted(letters_of(["C-12", "C-07", "C-31"]).values())
    ['A', 'B', 'C', 'not recorded']
    """
    every = sorted({value for value in values if value != NOT_RECORDED}, key=_hash)
    letters = {value: _letter(place) for place, value in enumerate(every)}
    return {**letters, NOT_RECORDED: NOT_RECORDED}


def describe_lettered(columns: Sequence[str]) -> str:
    """Return the sentence on columns whose values are letters; empty if there are none."""
    sentence = LETTERED.format(" and ".join(columns))
    return sentence[0].upper() + sentence[1:] if columns else ""


def lettered(groups: Groups, names: bool) -> tuple[Groups, tuple[str, ...]]:
    """Return groups whose staff are letters, in the order of letters, and the columns of staff.

    Parameters
    ----------
    groups : Groups
        The groups.
    names : bool
        Show names as recorded.
    """
    columns = tuple(name for name in groups.names if names_staff(name))
    if names or not columns or not len(groups):
        return groups, ()
    labels = groups.labels.copy()
    for name in columns:
        letters = letters_of(labels[name])
        labels[name] = [letters[value] for value in labels[name]]
    order = _order(labels[list(groups.names)].to_numpy(), groups.names, columns)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    sorted_labels = labels.iloc[order].reset_index(drop=True)
    return Groups(groups.names, sorted_labels, place[groups.codes]), columns


def _order(labels: np.ndarray, names: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Return the order of rows: other columns in their order, staff by letter."""
    keys = []
    for place, name in enumerate(names):
        values = labels[:, place]
        if name in columns:
            rank = [(value == NOT_RECORDED, len(str(value)), str(value)) for value in values]
            ordered = {key: number for number, key in enumerate(sorted(set(rank)))}
            keys.append([ordered[key] for key in rank])
        else:
            first = {value: number for number, value in reversed(list(enumerate(values)))}
            keys.append([first[value] for value in values])
    return np.lexsort(keys[::-1])


def _hash(value: object) -> str:
    return hashlib.sha256(str(value).encode("utf-8", "backslashreplace")).hexdigest()


def _letter(place: int) -> str:
    text = ""
    while place >= 0:
        text = chr(ord("A") + place % 26) + text
        place = place // 26 - 1
    return text
