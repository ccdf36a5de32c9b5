"""The episode of each row: by its identifier, or by its person and day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.staging import StagedTable

Array = npt.NDArray[Any]

UNKNOWN, ASIDE, BETWEEN, TWO = -1, -2, -3, -4  # results other than a row; see below
_NEVER = 2**31  # the end of an open episode: after every day that int32 holds
_ONE_PERSON = 2**33  # the range of keys (days) that is reserved for each person


def episodes_of_rows(staged: StagedTable, episodes: StagedTable) -> Array:
    """Return for each row the row of its episode.

    It is found by ``episode_id`` if rows have one. Otherwise it is the episode of the person that
    contains the day, from admission to discharge, both included. A check-in after a discharge is
    follow-up of the latest episode before it. A day on which one episode ends and the next begins
    is in two episodes, unless ``staged.same_day`` says which one is meant.

    Returns
    -------
    numpy.ndarray of int32
        The row of the staged episodes; or `UNKNOWN` if there is no such episode or person, `ASIDE`
        if the row of the episode was set aside, and by person `BETWEEN` if no episode of the person
        contains the day, `TWO` if several do.
    """
    if "episode_id" in staged.values:
        return _by_id(staged, episodes)
    return _by_person(staged, episodes)


def days_to_first_stay(staged: StagedTable, episodes: StagedTable) -> Array:
    """Return for each row, given by person, the days from it to the person's first admission.

    It is negative after that admission, and 0 where the person has no episode that was kept.
    """
    people = len(episodes.levels["person_id"]) + 1
    own, admit = episodes.values["person_id"], episodes.day("admit_date").astype(np.int64)
    usable = episodes.kept & (own >= 0) & (admit != NO_DAY)
    first = np.full(people, _NEVER, dtype=np.int64)
    np.minimum.at(first, own[usable], admit[usable])
    first = first[_as_in(episodes, staged, "person_id")]
    day = staged.day("date").astype(np.int64)
    return np.where((first == _NEVER) | (day == NO_DAY), 0, first - day)


def _by_id(staged: StagedTable, episodes: StagedTable) -> Array:
    own = episodes.values["episode_id"]
    row_of = np.full(len(episodes.levels["episode_id"]) + 1, UNKNOWN, dtype=np.int32)
    row_of[own[own >= 0]] = ASIDE
    kept = np.flatnonzero(episodes.kept)
    row_of[own[kept]] = kept
    rows: Array = row_of[_as_in(episodes, staged, "episode_id")]
    return rows


def _as_in(episodes: StagedTable, staged: StagedTable, name: str) -> Array:
    """Return the identifiers of rows as codes in the episodes table; -1 if not there."""
    level = pd.Index(episodes.levels[name], dtype=object).get_indexer(
        pd.Index(staged.levels[name], dtype=object)
    )
    codes: Array = np.append(level, -1)[staged.values[name]]
    return codes


def _by_person(staged: StagedTable, episodes: StagedTable) -> Array:
    person = _as_in(episodes, staged, "person_id").astype(np.int64)
    own = episodes.values["person_id"].astype(np.int64)
    people = len(episodes.levels["person_id"]) + 1
    day = staged.day("date").astype(np.int64)
    kept, aside = _stays(episodes, own, episodes.kept), _stays(episodes, own, ~episodes.kept)
    result = np.full(len(staged), UNKNOWN, dtype=np.int32)
    in_table, with_kept = np.zeros((2, people), dtype=bool)
    in_table[own[own >= 0]] = True
    with_kept[own[kept.rows]] = True
    result[in_table[person]] = ASIDE
    result[with_kept[person]] = BETWEEN
    key = person * _ONE_PERSON + day
    if staged.table.name == "checkins":
        earlier = kept.latest_before(key, person)
        result = np.where(earlier == UNKNOWN, result, earlier)
    held = aside.holding(key)
    result[(held != BETWEEN) & with_kept[person]] = ASIDE
    held = kept.holding(key)
    if staged.same_day:
        held = np.where(held == TWO, kept.of_a_change(key, staged.same_day), held)
    result = np.where(held == BETWEEN, result, held)
    return result.astype(np.int32)


class _Stays:
    """Episodes of all people as ranges of keys, sorted by admission and by end.

    A key is the day plus an offset for the person, so that the ranges of two people never overlap.
    """

    def __init__(self, rows: Array, person: Array, admit: Array, end: Array) -> None:
        admitted, ended = person * _ONE_PERSON + admit, person * _ONE_PERSON + end
        order = np.lexsort((ended, admitted))
        self.rows = rows[order]
        self.person, self.admitted = person[order], admitted[order]
        by_end = np.argsort(ended, kind="stable")
        self.ended = ended[by_end]
        self.sum_admitted = np.append(0, np.cumsum(self.rows.astype(np.int64)))
        self.sum_ended = np.append(0, np.cumsum(rows[by_end].astype(np.int64)))

    def holding(self, key: Array) -> Array:
        """Return the episode that contains each key; `BETWEEN` for none, `TWO` for several.

        The number of episodes that contain a day is the number admitted up to it minus the number
        ended before it. If it is 1, the row of the episode is the difference of the sums of rows.
        """
        begun = np.searchsorted(self.admitted, key, side="right")
        over = np.searchsorted(self.ended, key, side="left")
        number = begun - over
        row = self.sum_admitted[begun] - self.sum_ended[over]
        result: Array = np.where(number == 1, row, np.where(number == 0, BETWEEN, TWO))
        return result

    def of_a_change(self, key: Array, which: str) -> Array:
        """Return the newer or older episode of a day on which one ends and another begins.

        It is `TWO` if the day is in three episodes, or in two that overlap in another way.
        """
        begun = np.searchsorted(self.admitted, key, side="right")
        begun_before = np.searchsorted(self.admitted, key, side="left")
        over = np.searchsorted(self.ended, key, side="right")
        over_before = np.searchsorted(self.ended, key, side="left")
        newer = self.sum_admitted[begun] - self.sum_ended[over]
        older = self.sum_admitted[begun_before] - self.sum_ended[over_before]
        change = (begun - over_before == 2) & (begun - begun_before == 1)
        change &= (over - over_before == 1) & (newer != older)
        result: Array = np.where(change, newer if which == "newer" else older, TWO)
        return result

    def latest_before(self, key: Array, person: Array) -> Array:
        """Return the latest episode admitted up to each key; `TWO` for two on one day."""
        if not len(self.rows):
            return np.full(len(key), UNKNOWN)
        place = np.searchsorted(self.admitted, key, side="right") - 1
        there = (place >= 0) & (self.person[place] == person)
        before = np.maximum(place - 1, 0)
        twin = there & (place > 0) & (self.admitted[before] == self.admitted[place])
        result: Array = np.where(twin, TWO, np.where(there, self.rows[place], UNKNOWN))
        return result


def _stays(episodes: StagedTable, person: Array, chosen: Array) -> _Stays:
    """Return the chosen episodes with a known person, a known admission, and dates in order."""
    admit = episodes.day("admit_date")
    column = "discharge_date" if episodes.time == "calendar" else "discharge_day"
    end = np.full(len(episodes), _NEVER, dtype=np.int64)
    if column in episodes.values:
        closed = episodes.values[column] != NO_DAY
        end[closed] = episodes.values[column][closed]
    begin = admit.astype(np.int64)
    usable = chosen & (person >= 0) & (admit != NO_DAY) & (begin <= end)
    rows = np.flatnonzero(usable)
    return _Stays(rows, person[rows], begin[rows], end[rows])
