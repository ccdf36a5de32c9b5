"""The identifiers that tables need, depending on their link, and people identified by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingType
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping, fold
from iop_outcomes.records.parsing.parsed import NO_DAY
from iop_outcomes.records.schema import PERSON, TABLES, Table
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.staging import Log, StagedTable, our_names

_FIRST, _DAYS = -(2**31), 2**32  # the days that int32 holds
_DIGITS = 16  # of a code for a name: 64 bits, so that two names practically never share one


def tables_needed(mapping: Mapping, raws: MappingType[str, list[Raw]]) -> dict[str, Table]:
    """Return the declaration of each table that is read, with the identifiers that it needs.

    Rows that are linked by person and date need ``person_id`` instead of ``episode_id``. So do
    episodes without an ``episode_id``, if all other tables are linked by person and date.

    Raises
    ------
    RecordsError
        If a table linked by person and date has an ``episode_id``, if the episodes have no
        ``person_id``, or if only one of two such tables identifies people by name.
    """
    tables = {name: TABLES[name] for name in raws}
    by_person = [name for name in raws if mapping.link(name).by == "person_and_date"]
    for name in by_person:
        if _some_have(mapping, raws, name, "episode_id"):
            raise RecordsError(
                f"The mapping links the rows of {name} by person and date, but they have an "
                "episode_id.",
                instead=f"Remove [{name}.link], or give the column another name in "
                f"[{name}.columns].",
            )
        person = replace(PERSON, required=True)
        tables[name] = replace(tables[name], columns=(person, *tables[name].columns[1:]))
    if not by_person or "episodes" not in raws:
        return tables
    if not _some_have(mapping, raws, "episodes", "person_id"):
        raise RecordsError(
            f"The mapping links the rows of {by_person[0]} by person and date, but the episodes "
            "have no person_id.",
            instead='Say in [episodes.columns] which column it is: "Their name" = "person_id".',
        )
    if len({mapping.link(name).person for name in by_person}) > 1:
        raise RecordsError(
            'The mapping has person = "name" in the link of one table, but not of the other.',
            instead="Both are compared with the person_id of the episodes: write it for both, or "
            "for none.",
        )
    rest = [name for name in raws if name != "episodes" and name not in by_person]
    if not rest and not _some_have(mapping, raws, "episodes", "episode_id"):
        columns = tables["episodes"].columns
        first = (replace(columns[0], required=False), replace(columns[1], required=True))
        tables["episodes"] = replace(tables["episodes"], columns=(*first, *columns[2:]))
    return tables


def _some_have(
    mapping: Mapping, raws: MappingType[str, list[Raw]], table: str, column: str
) -> bool:
    return any(
        column in our_names(TABLES[table], list(raw.columns), mapping, raw.own_names).values()
        for raw in raws[table]
    )


def settle_people(staged: StagedTable, mapping: Mapping, log: Log) -> None:
    """Replace names of people by codes, and make identifiers for episodes without one.

    The code of a person is calculated from the name, so that it is the same in every table and
    export. The identifier of an episode consists of the person and the day of admission.
    """
    table = staged.table.name
    named = [name for name, link in mapping.links.items() if link.person == "name"]
    if named and "person_id" in staged.levels:
        staged.levels["person_id"] = [_code(name) for name in staged.levels["person_id"]]
        ours = mapping.columns.get(table, {})
        for part in mapping.combine.get(table, {}).get("person_id", ()):
            staged.declared.pop(ours.get(fold(part), fold(part)), None)  # first and last names
    if table in named:
        log.tally("linked_by_name", table, "person_id", len(staged), len(staged))
        log.notes.append(
            f"the {table} are linked to their episodes by people's names, and two people may have "
            "one name; each name is replaced by a code made from it"
        )
    elif table != "episodes":
        log.tally("linked_by_name", table, "person_id", 0, 0, present=False)
    if table == "episodes" and "episode_id" not in staged.values:
        _make_episode_ids(staged)
        log.notes.append(
            "the episodes have no identifier: it is made of the person and the day of admission"
        )


def _code(name: str) -> str:
    return "P" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _make_episode_ids(staged: StagedTable) -> None:
    person = staged.values["person_id"].astype(np.int64)
    admit = staged.day("admit_date").astype(np.int64)
    known = np.flatnonzero((person >= 0) & (admit != NO_DAY))
    codes: npt.NDArray[np.int32] = np.full(len(staged), -1, dtype=np.int32)
    codes[known], distinct = pd.factorize(person[known] * _DAYS + (admit[known] - _FIRST))
    levels = staged.levels["person_id"]
    staged.levels["episode_id"] = [
        f"{levels[pair // _DAYS]} {_day(pair % _DAYS + _FIRST, staged.time)}"
        for pair in distinct.tolist()
    ]
    staged.values["episode_id"] = codes
    staged.declared["episode_id"] = staged.table.columns[0]


def _day(day: int, time: str) -> str:
    return str(np.datetime64(day, "D")) if time == "calendar" else f"day {day}"
