"""The programs side by side: shares without their counts, rounded so that none comes back."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AnySet
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.stays import RETENTION_DAYS
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import CELL, OLDER, TOTAL
from iop_outcomes.disclosure.policy import round_share
from iop_outcomes.disclosure.results import Key
from iop_outcomes.report.model import DraftTable, Item, Kind, Table, share_kinds
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.cohort import ALL
from iop_outcomes.report.sections.cohort.served import THERE
from iop_outcomes.report.sections.quarters import (
    ADMITTED,
    COHORTS,
    by_quarter,
    of_one_time,
    parts_of,
)

Floats = npt.NDArray[np.float64]
Row = tuple[str, Mask]
FAMILY = "programs"
SESSIONS = "sessions_attended"
RESTS_ON = {
    SESSIONS: "attendance_rate",
    "weeks_of_9_hours": "weeks_at_dose",
    "completed": "completion_rate",
}
"""The measure on which a column rests, where it has another name."""
OF_PEOPLE = ("retained_30", "retained_90", "completed")
OF_ADMITTED = (*(f"retained_{day}" for day in RETENTION_DAYS), "completed")
NOTE = (
    "Sessions attended of those due; mean attended hours a whole week; whole weeks with 9 hours or "
    "more, of those known; completed of those discharged with a reason; retained of those admitted "
    "{long_ago}. All are of those admitted in this time; the "
    "completion rate of the trends is of those discharged in a time. Weeks run to the discharge or "
    "the end of follow-up. "
)
LONG_AGO = "long enough ago"
AS_A_WHOLE = (
    "in times that were followed so long to their last day, in the report of a quarter in quarters"
)
WHOLE_PERCENT = (
    "Shares of fewer than 1,000 are in whole percent here, where their counts are not printed: "
    "more digits would give these back. "
)
TENTHS = "The others have tenths of a percent (66.0%). "
NOTE_END = (
    "A program is not better because its share is higher: the people differ. Empty where it is not "
    "known from these records."
)


def program_table(
    scope: Scope, linked: LinkedCounts, seen: AnySet[Key] = frozenset()
) -> DraftTable:
    """Return the measures of the year side by side, by program.

    A program that an earlier report has, of those `seen`, has a row though nobody was admitted.
    """
    program = scope.records.episodes["program"].astype(str).to_numpy()
    before = {name for name in program if ("admissions", THERE["program"], name) in seen}
    names = sorted(before | set(program[scope.year]))
    rows = [(name, scope.year & (program == name)) for name in names] + [(ALL, scope.year)]
    frame = pd.DataFrame({"program": [name for name, _ in rows]})
    frame["admitted"] = [int(mask.sum()) for _, mask in rows]
    admitted = [(FAMILY, "admitted", name) for name, _ in rows]
    for key, (name, mask) in zip(admitted, rows, strict=True):
        rank, column = (TOTAL, None) if name == ALL else (CELL, key[:2])
        people = scope.people(mask)
        linked.count(key, int(mask.sum()), people=people, item=key, rank=rank, column=column)
    linked.total(admitted[-1], admitted[:-1])
    needs: dict[str, list[tuple[Item, ...]]] = {"admitted": [(key,) for key in admitted]}
    decimals: dict[str, list[int]] = {}
    for measure, (top, bottom) in _fractions(scope).items():
        known = _rows_known(scope, measure, rows)
        of_rows = [round(bottom[mask].sum()) for _, mask in rows]
        decimals[measure] = [scope.policy.share_decimals(n) for n in of_rows]
        frame[measure] = _shares(scope, linked, measure, rows, (top, bottom), known)
        needs[measure] = [((FAMILY, measure, name),) for name, _ in rows]
        if measure == "completed" or measure.startswith("retained"):  # shares of the admitted
            for name, _ in rows:
                linked.part((FAMILY, "admitted", name), (FAMILY, measure, name, "n"))
    stays = [f"retained_{day}" for day in RETENTION_DAYS if f"retained_{day}" in frame]
    for earlier, later in pairwise(stays):
        for name, _ in rows:
            for count in ("x", "n"):
                whole, part = (FAMILY, earlier, name, count), (FAMILY, later, name, count)
                if linked.value(whole) >= linked.value(part):  # who left before is known sooner
                    linked.part(whole, part)
    if scope.judged["hours"].known != "no":
        place = 3 if SESSIONS in frame else 2
        frame.insert(
            place, "hours_a_week", _means(scope, linked, rows, _rows_known(scope, "hours", rows))
        )
        needs["hours_a_week"] = [((FAMILY, "hours_a_week", name),) for name, _ in rows]
    for row, (name, mask) in enumerate(rows):
        if not mask.any():  # a dash beside a hidden number would say that it is 0
            for items in needs.values():
                items[row] = (*items[row], (FAMILY, "admitted", name))
    shares, cells = share_kinds(decimals)
    kinds: dict[str, Kind] = {"admitted": "count", **shares}
    if "hours_a_week" in frame:
        kinds["hours_a_week"] = "number"
    rounding = "" if scope.policy.threshold == 1 else WHOLE_PERCENT
    rounding += TENTHS if cells or (rounding and "share" in shares.values()) else ""
    long_ago = LONG_AGO if scope.period is None else AS_A_WHOLE
    note = f"{NOTE.format(long_ago=long_ago)}{rounding}{NOTE_END}"
    caption = f"By program: {scope.words(4)}"
    once = int(len(scope.programs) == 1 and len(rows) == 2)  # that program is all programs
    cells = {name: own[once:] for name, own in cells.items()}
    needs = {name: own[once:] for name, own in needs.items()}
    frame = frame.iloc[once:].reset_index(drop=True)
    table = Table("programs", caption, frame, kinds, note, cell_kinds=cells)
    return DraftTable(table, needs)


def link_programs(scope: Scope, linked: LinkedCounts, of_trend: Sequence[Key]) -> None:
    """Declare who was admitted to each program in the year by quarter, as other reports count them.

    So are those retained, or who completed, where the share is of all admitted: a reader may take
    it to be. `of_trend` are the counts of the trend of admissions in the year.
    """
    program = scope.records.episodes["program"].astype(str).to_numpy()
    names = [name for name in sorted(set(program)) if (FAMILY, "admitted", name) in linked]
    if not by_quarter(scope) or len(names) < 2:
        return
    dates, window = scope.records.episodes["admit_date"], scope.window(4)
    inside = parts_of(scope, ADMITTED, window, dates).inside
    counts = {part: int(here.sum()) for part, here in inside.items()}
    same, changed = of_one_time(linked, of_trend, counts)
    parts = parts_of(scope, ADMITTED, window, dates, changed)
    for name in names:
        own = (THERE["program"], name)
        parts.declare(linked, (FAMILY, "admitted", name), own, program == name, scope.person)
    for part, whole in same.items():
        linked.total(whole, [(*parts.names[part], THERE["program"], name) for name in names])
    cohorts = parts_of(scope, COHORTS, window, dates, changed)
    for measure, (top, _) in _fractions(scope).items():
        for name in names if measure in OF_ADMITTED else ():
            own, of_share = (THERE["program"], name), (THERE["program"], name, measure)
            share = (FAMILY, measure, name)
            some = [part for part in cohorts.names if part.last <= _known_until(scope, measure)]
            admitted = [(*parts.names[part], *own) for part in some]
            if not some or linked.value((*share, "n")) != sum(map(linked.value, admitted)):
                continue  # some are still followed, so that the next report counts others
            linked.total((*share, "n"), admitted)
            with_it = (program == name) & (top > 0)
            cohorts.only(some).declare(linked, (*share, "x"), of_share, with_it, scope.person)
            for part, whole in zip(some, admitted, strict=True):
                key = cohorts.names[part]
                without = (program == name) & inside[part] & ~with_it
                linked.part(whole, (*key, *of_share), people=scope.people(without))


def _fractions(scope: Scope) -> dict[str, tuple[Floats, Floats]]:
    """Return for each measure what counts, and what it is counted out of, by episode."""
    table, episodes = scope.engaged, scope.records.episodes
    reason = episodes["discharge_reason"]
    pairs = {
        SESSIONS: (table["sessions_attended"], table["sessions_due"]),
        "weeks_of_9_hours": (
            table["weeks_at_dose"],
            table["weeks_in_program"] - table["weeks_unknown"],
        ),
        "completed": (
            reason == "completed",
            episodes["days_to_discharge"].notna() & reason.notna(),
        ),
        **{
            f"retained_{day}": _retained(scope, table[f"retained_{day}"], day)
            for day in RETENTION_DAYS
        },
    }
    return {
        name: (
            top.to_numpy(dtype=np.float64, na_value=0.0),
            bottom.to_numpy(dtype=np.float64, na_value=0.0),
        )
        for name, (top, bottom) in pairs.items()
        if scope.judged[RESTS_ON.get(name, name)].known != "no"
    }


def _known_until(scope: Scope, measure: str) -> pd.Timestamp:
    """Return the last day of admission of those of whom a share of the admitted can be."""
    assert scope.period is not None
    days = {f"retained_{day}": day for day in RETENTION_DAYS}
    return followed_until(scope, days[measure]) if measure in days else scope.period.last


def _retained(
    scope: Scope, retained: pd.Series[bool], day: int
) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return who was retained, and of whom it is known, of the times that were followed so long.

    Of a time of which some days were followed so long few are known. Less the times that the trends
    and the flow have, they would follow: so would those retained of the others.
    """
    known = retained.notna()
    if scope.period is not None:
        known &= scope.records.episodes["admit_date"] <= followed_until(scope, day)
    return retained.fillna(False) & known, known


def followed_until(scope: Scope, day: int) -> pd.Timestamp:
    """Return the last day of the newest time of which everybody can have been followed so long.

    It is a quarter where the report is made of quarters, and else as long as the report's period.
    """
    assert scope.period is not None
    cut = pd.Timestamp(scope.records.as_of) - pd.Timedelta(days=day)
    if scope.period.of_quarters:
        return scope.period.whole_months_before(cut)
    back = 0
    while scope.period.back(back).last > cut:
        back += 1
    return scope.period.back(back).last


def fractions_of_people(scope: Scope) -> dict[str, tuple[Floats, Floats]]:
    """Return the fractions whose counts are people, of the measures known of every program."""
    by_program = scope.judgements.known_by_program
    return {
        name: pair
        for name, pair in _fractions(scope).items()
        if name in OF_PEOPLE and by_program(RESTS_ON.get(name, name))[scope.year].all()
    }


def sessions_of_year(scope: Scope) -> tuple[Floats, Floats] | None:
    """Return the sessions attended and due of each episode admitted in the year; 0 of the others.

    They are those of the column of the table. None where they are not known from the records.
    """
    pair = _fractions(scope).get(SESSIONS)
    return None if pair is None else (pair[0] * scope.year, pair[1] * scope.year)


def masks_of_shares(scope: Scope) -> dict[str, dict[str, Mask]]:
    """Return whom the shares of people in the row of all programs count, by measure: x and n."""
    return {
        name: {"x": scope.year & (top > 0), "n": scope.year & (bottom > 0)}
        for name, (top, bottom) in _fractions(scope).items()
        if name in OF_ADMITTED
    }


def _rows_known(scope: Scope, measure: str, rows: list[Row]) -> list[bool]:
    """Return for each row whether its measure is known from the records; a total: of all."""
    name = RESTS_ON.get(measure, measure)
    by_episode = scope.judgements.known_by_program(name)
    return [bool(by_episode[mask].all()) for _, mask in rows]


def _shares(
    scope: Scope,
    linked: LinkedCounts,
    measure: str,
    rows: list[Row],
    counted: tuple[Floats, Floats],
    rows_known: list[bool],
) -> list[float]:
    """Return the share of each row, and declare its counts, which are not printed.

    A row of which it is not known from the records has none.
    """
    top, bottom = counted
    shares = []
    for (name, mask), known in zip(rows, rows_known, strict=True):
        key = (FAMILY, measure, name)
        x, n = round(top[mask].sum()), round(bottom[mask].sum())
        linked.count((*key, "x"), x, people=scope.people(mask & (top > 0)))
        linked.count((*key, "n"), n, people=scope.people(mask & (bottom > 0)))
        linked.part((*key, "n"), (*key, "x"), people=scope.people(mask & (bottom > top)))
        decimals = scope.policy.share_decimals(n)
        # Of all programs the flow and the trends have much the same, with their counts.
        is_there = measure in OF_ADMITTED and (name == ALL or len(rows) == 2)
        if n and known:
            linked.share(key, (*key, "x"), (*key, "n"), decimals, OLDER if is_there else CELL)
        shares.append(round_share(x, n, decimals) if known else np.nan)
    for count in ("x", "n"):
        keys = [(FAMILY, measure, name, count) for name, _ in rows]
        linked.total(keys[-1], keys[:-1])
    return shares


def _means(
    scope: Scope, linked: LinkedCounts, rows: list[Row], rows_known: list[bool]
) -> list[float]:
    """Return the mean hours of each row; a mean of few is hidden, and one that discloses it.

    How many are behind a mean is not printed, and the mean itself is rounded.
    """
    hours = scope.engaged["hours_per_week"].to_numpy(dtype=np.float64)
    means = []
    for (name, mask), is_known in zip(rows, rows_known, strict=True):
        key = (FAMILY, "hours_a_week", name)
        known = mask & ~np.isnan(hours)
        column = None if name == ALL else (FAMILY, "admitted")  # nobody, where none was admitted
        linked.count(
            (*key, "n"),
            int(known.sum()),
            people=scope.people(known),
            item=key,
            column=column,
            is_printed=False,
        )
        mean = hours[known].mean() if known.any() and is_known else np.nan
        means.append(round(float(mean), 1))
    keys = [(FAMILY, "hours_a_week", name, "n") for name, _ in rows]
    linked.total(keys[-1], keys[:-1])
    return means
