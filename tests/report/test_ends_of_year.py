"""How the episodes of a whole year's admissions ended: the same in each report, and of no few."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.system import PrintedCells, attack
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections.ends import of_year, stays
from iop_outcomes.report.sections.ends.choice import choose

CMS = iop.SafePolicy()
WORDS = ("completed", "dropped_out", "transferred", "other")
TABLE = "ends_over_time"
TITLE_OF_YEAR = "How episodes ended, and after how long: 100 admissions, admitted in 2025"


def population(seed: int, size: int, begin: str = "2023-06-01", longest: int = 100) -> iop.Records:
    """Return episodes of North with a session every 20 days and on the day of the discharge."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2026-12-31") - pd.Timestamp(begin)
    admitted = pd.Timestamp(begin) + pd.to_timedelta(rng.integers(0, days.days, size), "D")
    stay = np.where(rng.random(size) < 0.8, rng.integers(0, longest, size), 250)
    frame = pd.DataFrame({"episode_id": [f"e{one}" for one in range(size)], "program": "North"})
    frame["person_id"] = frame["episode_id"]
    frame["admit_date"] = admitted
    frame["discharge_date"] = admitted + pd.to_timedelta(stay, "D")
    frame["discharge_reason"] = rng.choice(WORDS, size, p=[0.5, 0.3, 0.15, 0.05])
    return of_frame(frame)


def of_frame(frame: pd.DataFrame) -> iop.Records:
    last = frame["discharge_date"]
    every = [frame["admit_date"] + pd.Timedelta(days=day) for day in range(0, 250, 20)]
    dates = [*(date.where(date < last) for date in every), last]
    rows = [frame[["episode_id"]].assign(date=date) for date in dates]
    sessions = pd.concat(rows).dropna().assign(service="group", status="attended")
    sessions = sessions[sessions["date"] <= "2027-12-31"].drop_duplicates()
    return iop.read_records(episodes=frame, attendance=sessions, as_of="2027-12-31")


def made(records: iop.Records, quarter: str, before: Any = ()) -> tuple[Any, str, LinkedCounts]:
    scope = choose_scope(records, quarter, None, None)
    linked = LinkedCounts(scope.policy)
    return *stays.ends_of_report(scope, linked, None, before, apart=False), linked


def scope_at(period: str, as_of: str = "2026-12-31", begin: str = "2020-05-01") -> Any:
    chosen = parse_report_period(period)
    return SimpleNamespace(
        period=chosen, begin=pd.Timestamp(begin), records=SimpleNamespace(as_of=pd.Timestamp(as_of))
    )


@pytest.mark.parametrize(
    ("period", "year"),
    [
        *(("2025Q2", "2023"), ("2025Q3", "2024"), ("2025Q4", "2024"), ("2026Q2", "2024")),
        *(("2026Q3", "2025"), ("2025", "2024"), ("2025-07..2026-06", "2024")),
        *(("2025-07-01..2025-07-29", "2023"), ("2025-07-01..2025-07-30", "2024")),
    ],
)
def test_the_year_is_the_last_of_which_all_were_followed(period: str, year: str) -> None:
    assert str(of_year.year_of(scope_at(period))) == year


def test_records_that_end_sooner_have_an_earlier_year() -> None:
    assert str(of_year.year_of(scope_at("2025Q3", as_of="2025-07-29"))) == "2023"
    assert str(of_year.year_of(scope_at("2025Q3", as_of="2025-07-30"))) == "2024"


@pytest.mark.parametrize(
    ("begin", "year"), [("2023-12-20", "2024"), ("2024-01-07", "2024"), ("2024-01-08", "None")]
)
def test_the_records_have_the_whole_year(begin: str, year: str) -> None:
    assert str(of_year.year_of(scope_at("2025Q3", begin=begin))) == year


def test_before_a_year_is_known_it_is_said_from_when_it_can_be() -> None:
    shown, text, _ = made(population(0, 300, "2026-02-01"), "2027Q2")
    assert shown is None
    assert "go up to 2028-07-29 or later can show it for the admissions of 2027" in text


def test_shares_are_proportions_worked_by_hand() -> None:
    """Of 100 people 15 complete on each of days 10, 40 and 70; 12, 11 and 11 drop out."""
    stay = [10] * 15 + [40] * 15 + [70] * 15 + [29] * 12 + [50] * 11 + [80] * 11 + [250] * 21
    frame = pd.DataFrame({"episode_id": [f"e{one}" for one in range(100)], "program": "North"})
    frame["person_id"] = frame["episode_id"]
    frame["admit_date"] = pd.Timestamp("2025-03-03")
    frame["discharge_date"] = frame["admit_date"] + pd.to_timedelta(stay, "D")
    frame["discharge_reason"] = ["completed"] * 45 + ["dropped_out"] * 34 + ["completed"] * 21
    others = []
    for day in ("2024-06-01", "2026-03-01", "2026-08-01"):
        few = frame.iloc[:30].assign(admit_date=pd.Timestamp(day))
        few["discharge_date"] = few["admit_date"] + pd.Timedelta(days=40)
        few["episode_id"] = few["person_id"] = few["episode_id"] + day
        others.append(few)
    shown, _, _ = made(of_frame(pd.concat([frame, *others], ignore_index=True)), "2026Q3")
    table = shown.table[shown.table["day"] > 0].set_index(["cause", "day"])["incidence"]
    assert table["completed"].to_dict() == {30: 0.15, 60: 0.3, 180: 0.45}
    # Who was last seen on day 29 was there for 30 days, the day of admission counted.
    assert table["dropped_out"].to_dict() == {30: 0.12, 60: 0.23, 180: 0.34}


def test_nobody_is_censored_before_the_last_day_and_the_estimate_is_a_proportion() -> None:
    records = population(3, 400)
    scope = choose_scope(records, "2026Q3", None, None)
    times = of_year.times_of_year(scope, of_year.year_of(scope), "")
    assert (times.loc[~times["event"], "days"] == of_year.LAST_DAY + 1).all()
    word = times["ended_by"].astype(str)
    codes = word.where(times["event"], "none").map({"none": 0, "completed": 1}).fillna(2)
    fitter = AalenJohansenFitter(calculate_variance=False, jitter_level=1e-9, seed=1)
    days = times["days"] + np.linspace(0, 1e-6, len(times))  # its ties are broken at random
    fitter.fit(days, codes, event_of_interest=1)
    ended = of_year.Ended(of_year.year_of(scope), times)
    for day in of_year.FIXED:
        share = ended.by(frozenset(["completed"]), day).mean()
        assert fitter.predict(day + 0.5) == pytest.approx(share, abs=1e-12)


def test_an_internal_report_is_of_the_same_people() -> None:
    records = population(5, 400)
    scope = choose_scope(records, "2026Q3", None, iop.SafePolicy.internal())
    own, _ = stays.ends_of_report(scope, LinkedCounts(scope.policy), None, (), apart=True)
    shown, _, _ = made(records, "2026Q3")
    here = records.episodes["admit_date"].dt.year == 2025
    assert own.ends["n"].sum() == shown.sizes["n"].iloc[0] == here.sum()


def puzzle(ended: of_year.Ended, shown: Any, first: bool) -> PrintedCells:
    """Return what a reader has: ends of a year, the flow of its people, and its discharges.

    Its people are counted by kind, by the time in which they ended, and by whether in the year;
    nobody stays for more than 180 days and is discharged in it.
    """
    bins = [*pairwise((0, *of_year.FIXED)), (of_year.LAST_DAY, 1000)]
    times, counts, sums = ended.times, {}, []
    left = (times["left_in_year"]).to_numpy()
    word = times["reason"].to_numpy()
    stay = times["stay"].to_numpy() + 1
    atoms: dict[Any, int] = {}
    for kind in WORDS:
        for low, high in bins:
            for within in (True, False):
                rows = (word == kind) & (stay > low) & (stay <= high) & (left == within)
                if low < of_year.LAST_DAY or not within:
                    atoms[kind, low, within] = int(rows.sum())
    counts |= dict.fromkeys(atoms)

    def known(name: Any, parts: list[Any], value: int | None = None) -> None:
        counts[name] = sum(atoms[part] for part in parts) if value is None else value
        sums.append({**dict.fromkeys(parts, 1), name: -1})

    known("all", [*atoms])
    for day in (30, 60, 90):
        known(("there", day), [atom for atom in atoms if atom[1] >= day])
    for kinds, days in shown:
        for day in days:
            some = [atom for atom in atoms if atom[0] in kinds and atom[1] < day]
            known(("ended", *sorted(kinds), day), some)
    for kind in WORDS:
        parts = [atom for atom in atoms if atom[0] == kind and atom[2]]
        if not first:
            atoms["before", kind] = 20
            counts["before", kind] = None
            parts.append(("before", kind))
        known(("discharged", kind), parts)
        # What is asked: who left after the year, and each kind up to each day.
        own = [atom for atom in atoms if len(atom) == 3 and atom[0] == kind]
        asked = {("by", day): [atom for atom in own if atom[1] < day] for day in of_year.FIXED}
        asked["later",] = [atom for atom in own if atom[1] < of_year.LAST_DAY and not atom[2]]
        for name, some in asked.items():
            counts["asked", kind, *name] = None
            sums.append({**dict.fromkeys(some, 1), ("asked", kind, *name): -1})
    # A count of a cell of the discharges is printed only if it is not small.
    for kind in WORDS:
        if 0 < counts["discharged", kind] < 11:
            counts["discharged", kind] = None
    return PrintedCells(11, counts=counts, sums=sums)


def asked_of(seed: int, first: bool) -> tuple[Scope, of_year.Ended]:
    records = population(seed, 420, "2025-01-02" if first else "2023-06-01")
    scope = choose_scope(records, "2026Q3", None, None)
    year = of_year.year_of(scope)
    times = of_year.times_of_year(scope, year, "")
    own = records.episodes.set_index("episode_id").loc[times["episode_id"]]
    times = times.assign(
        left_in_year=(own["discharge_date"] <= year.last).to_numpy(),
        reason=own["discharge_reason"].astype(str).to_numpy(),
        stay=own["days_to_discharge"].to_numpy(),
    )
    return scope, of_year.Ended(year, times)


def followed(ended: of_year.Ended, shown: Any, first: bool) -> set[Any]:
    table = attack(puzzle(ended, shown, first))
    return {*table["cell"]}


@pytest.mark.parametrize("first", [False, True])
def test_nothing_follows_from_ends_flow_and_discharges_together(first: bool) -> None:
    number = 0
    for seed in range(12):
        scope, ended = asked_of(seed, first)
        shown = of_year.chosen(scope, ended, ())
        number += bool(shown)
        alone = followed(ended, (), first)
        assert followed(ended, shown, first) <= alone, seed
    assert number > 3


def everything(*_: object) -> bool:
    return True


def unprotected(ended: of_year.Ended) -> Any:
    counts = {
        kind: np.array([int(ended.by(frozenset([kind]), day).sum()) for day in of_year.FIXED])
        for kind in sorted(ended.kinds)
    }
    return choose(counts, len(ended.times), of_year.FIXED, CMS, everything)


def test_beside_the_discharges_of_the_first_year_it_would_tell_of_a_few() -> None:
    told = 0
    for seed in range(12):
        _, ended = asked_of(seed, first=True)
        told += not followed(ended, unprotected(ended), True) <= followed(ended, (), True)
    assert told


def test_kinds_on_days_of_their_own_would_tell_of_a_few_beside_the_flow() -> None:
    told = 0
    for seed in range(12):
        _, ended = asked_of(seed, first=False)
        common = frozenset(["completed"]), frozenset(ended.kinds - {"completed", "other"})
        shown = [(kinds, of_year.FIXED[:3]) for kinds in common]
        told += not followed(ended, shown, False) <= followed(ended, (), False)
    assert told


def test_people_who_came_again_later_keep_the_day_back() -> None:
    """Three who ended within 90 days are still there after them: a service is recorded later."""
    records = population(1, 420, longest=88)
    scope = choose_scope(records, "2026Q3", None, None)
    ended = of_year.Ended(
        of_year.year_of(scope), of_year.times_of_year(scope, of_year.year_of(scope), "")
    )
    assert of_year._is_open_beside_flow(scope, ended, 90)
    engagement = scope.engagement.copy()
    here = ended.by(ended.kinds, 90).nonzero()[0][:3]
    rows = engagement["episode_id"].isin(ended.times["episode_id"].iloc[here])
    engagement.loc[rows, "retained_90"] = True
    scope.__dict__["engagement"] = engagement
    assert not of_year._is_open_beside_flow(scope, ended, 90)
    assert 90 not in {day for _, own in of_year.chosen(scope, ended, ()) for day in own}


def test_who_completed_by_a_table_of_programs_keeps_days_back() -> None:
    scope, ended = asked_of(2, first=False)
    cells = PrintedCells(
        11, "2025Q4", "2025-12-31", ("North",), {("programs", "completed", "all", "n"): None}
    )
    shown = of_year.chosen(scope, ended, (cells,))
    episodes = scope.records.episodes
    done = (episodes["discharge_date"] <= "2025-12-31") & (
        episodes["discharge_reason"] == "completed"
    )
    done = (done & (episodes["admit_date"].dt.year == 2025)).to_numpy(dtype=bool)
    for kinds, days in shown:
        if kinds == {"completed"}:
            for day in days:
                ids = ended.times.loc[ended.by(kinds, day), "episode_id"]
                curve = episodes["episode_id"].isin(ids).to_numpy()
                apart = (curve & ~done).sum(), (done & ~curve).sum()
                assert max(apart) > 10 or not any(apart)
    assert shown != of_year.chosen(scope, ended, ())


def test_counts_are_declared_with_those_still_there_and_those_admitted() -> None:
    records = population(7, 420)
    scope = choose_scope(records, "2026Q3", None, None)
    linked = LinkedCounts(scope.policy)
    shown, _ = stays.ends_of_report(scope, linked, None, (), apart=False)
    name = ("ended of the admissions in the year up to", "2025-12-31")
    n = linked.value((*name, "everybody"))
    assert n == shown.sizes["n"].iloc[0]
    for day in {int(day) for day in shown.table["day"] if day > 0}:
        own = [key for key in linked.names if key[:2] == name and key[-1] == str(day)]
        assert sum(linked.value(key) for key in own) == n
        assert (*name, "still there", str(day)) in own
    assert not linked.hidden()


def test_a_report_of_the_same_year_shows_what_the_first_did_or_nothing() -> None:
    records = population(7, 420)
    scope = choose_scope(records, "2026Q3", None, None)
    linked = LinkedCounts(scope.policy)
    first, _ = stays.ends_of_report(scope, linked, None, (), apart=False)
    counts = {key: linked.value(key) for key in linked.names}
    cells = PrintedCells(11, "2026Q3", "2026-09-30", ("North",), counts)
    again, _, held = made(records, "2026Q4", [cells])
    assert ("ends of a year", "2025-12-31") not in {*chain(*held.tables(frozenset()))}
    pd.testing.assert_frame_equal(again.table, first.table)
    ((name, value),) = [item for item in counts.items() if item[0][2:] == ("everybody",)]
    other = replace(cells, counts=counts | {name: value + 1})
    assert made(records, "2026Q4", [other])[:2] == (None, stays.CHANGED)
    hidden = replace(cells, counts=dict.fromkeys(counts))
    assert made(records, "2026Q4", [hidden])[:2] == (None, stays.HIDDEN_BEFORE)
    of_more = replace(cells, programs=("Harbor", "North"))
    assert made(records, "2026Q4", [of_more])[:2] == (None, stays.BESIDE_EARLIER)
    elsewhere = replace(cells, programs=("Harbor",))
    assert made(records, "2026Q4", [elsewhere])[0] is not None
    next_year, _, _ = made(records, "2027Q3", [cells])
    assert next_year is not None


@pytest.mark.parametrize(
    ("quarter", "text"),
    [("", stays.BESIDE_EARLIER), ("2026Q3", stays.BESIDE_EARLIER), ("2024Q4", "")],
)
def test_it_is_withheld_beside_ends_of_two_years_or_of_the_whole_time(
    quarter: str, text: str
) -> None:
    records = population(7, 420)
    cells = PrintedCells(11, quarter, "2026-09-30", ("North",), {stays.STAYS: 200})
    assert made(records, "2026Q4", [cells])[1] == text
    withheld = replace(cells, counts={stays.STAYS: None})
    assert made(records, "2026Q4", [withheld])[1] == ""
