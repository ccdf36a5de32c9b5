"""What holds of every rule of continuity, for some hundreds of episodes drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop

PEOPLE, FAR, OTHERS = 150, 400, 30
Rows = pd.DataFrame
RULES: dict[str, Callable[[iop.Records], iop.ContinuityMeasure]] = {
    "iet_style": iop.iet_style,
    "washington_circle": iop.washington_circle,
    "va_continuity": iop.va_continuity,
    "first_to_fourth_session": iop.first_to_fourth_session,
    "followed_up": lambda records: iop.followed_up(records, within=30),
    "dropout_by_gap": lambda records: iop.dropout_by_gap(records, days=14),
    "dropout_by_missing_weeks": lambda records: iop.dropout_by_missing_weeks(records, weeks=2),
    "dropout_by_absences": iop.dropout_by_absences,
}
STAYING: dict[str, Callable[[iop.Records], iop.ContinuityMeasure]] = {
    "retention": iop.retention,
    "ended_as": iop.ended_as,
    "minimum_dose": iop.minimum_dose,
}
TWIN = ("iet_style", "washington_circle", "va_continuity", "dropout_by_gap", "dropout_by_absences")


@cache
def drawn() -> tuple[pd.DataFrame, Rows]:
    rng = np.random.default_rng(7)
    until = rng.integers(3, 130, PEOPLE)
    episodes = pd.DataFrame(
        {
            "episode_id": [f"E{n:03}" for n in range(PEOPLE)],
            "admit_day": 0,
            "followed_until_day": until,
            "prior_discharge_day": -rng.integers(0, 20, PEOPLE),
        }
    )
    rows = []
    for name, last in zip(episodes["episode_id"], until, strict=True):
        often, kept = rng.choice([0.03, 0.1, 0.3]), rng.choice([0.4, 0.9])
        days = np.flatnonzero(rng.random(last + 1) < often)
        came = np.where(rng.random(len(days)) < kept, "attended", "no_show")
        rows.append(pd.DataFrame({"episode_id": name, "day": days, "status": came}))
    sessions = pd.concat(rows, ignore_index=True)
    return episodes, sessions.assign(service="group", minutes_scheduled=60, start_time="10:00")


def read(episodes: pd.DataFrame, rows: Rows, *, as_of: int = FAR) -> iop.Records:
    """Read them with others who were discharged: else discharges would seem not to be recorded."""
    names = [f"X{n:03}" for n in range(OTHERS)]
    left = pd.DataFrame({"episode_id": names, "admit_day": 0, "discharge_day": 60})
    both = pd.concat([episodes, left.assign(discharge_reason="dropped_out")])
    came = pd.DataFrame({"episode_id": names, "day": 1, "status": "attended", "service": "group"})
    return iop.read_records(episodes=both, attendance=pd.concat([rows, came]), as_of=as_of)


@cache
def usual() -> iop.Records:
    return read(*drawn())


def answers(name: str, records: iop.Records) -> pd.DataFrame:
    columns = ["met", "day", "first_count", "second_count", "not_known"]
    table = (RULES | STAYING)[name](records).table.set_index("episode_id")[columns].sort_index()
    return table[~table.index.astype(str).str.startswith("X")]


CHANGES: dict[str, Callable[[Rows], Rows]] = {
    "row order": lambda rows: rows.sample(frac=1, random_state=1),
    "a duplicate of every row": lambda rows: pd.concat([rows, rows]),
    "a session cancelled by the program": lambda rows: pd.concat(
        [rows, rows.assign(day=rows["day"] // 2, status="program_cancel", start_time="15:00")]
    ),
    "each session split in two halves": lambda rows: pd.concat(
        [rows.assign(minutes_scheduled=30), rows.assign(minutes_scheduled=30, start_time="10:30")]
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_nothing(change: str) -> None:
    episodes, rows = drawn()
    changed = read(episodes, CHANGES[change](rows))
    for name in RULES | STAYING:
        pd.testing.assert_frame_equal(
            answers(name, changed), answers(name, usual()), obj=f"{name}, {change}"
        )


def test_one_day_later_for_all_changes_nothing() -> None:
    episodes, rows = drawn()
    days = [name for name in episodes if name.endswith("_day")]
    later = episodes.assign(**{name: episodes[name] + 1 for name in days})
    moved = read(later, rows.assign(day=rows["day"] + 1), as_of=FAR + 1)
    for name in RULES | STAYING:
        pd.testing.assert_frame_equal(answers(name, moved), answers(name, usual()), obj=name)


def future(status: str | None) -> iop.Records:
    """The same until the end of follow-up; then a session a day, or none, followed to the end."""
    episodes, rows = drawn()
    parts = [rows]
    for name, last in zip(episodes["episode_id"], episodes["followed_until_day"], strict=True):
        if status is not None:
            days = np.arange(last + 1, FAR + 1)
            parts.append(pd.DataFrame({"episode_id": name, "day": days, "status": status}))
    fixed = {"service": "group", "minutes_scheduled": 60, "start_time": "10:00"}
    return read(episodes.assign(followed_until_day=FAR), pd.concat(parts).assign(**fixed))


@cache
def futures() -> list[iop.Records]:
    return [future(status) for status in ("attended", "no_show", None)]


@pytest.mark.parametrize("name", RULES)
def test_not_yet_known_is_exact(name: str) -> None:
    """An answer is given if and only if nothing that may still come can change it."""
    now = answers(name, usual())
    ends = [answers(name, records)["met"] for records in futures()]
    plain = now["not_known"].isin(["", "the time for it is not over"])  # not: never observed
    assert plain.sum() > PEOPLE / 2
    same = (ends[0] == ends[1]) & (ends[1] == ends[2])
    known = now["met"].notna()
    assert known[plain].any()
    assert (~known[plain]).any()
    pd.testing.assert_series_equal(
        known[plain], same[plain].fillna(False).astype(bool), check_names=False
    )
    assert (now["met"][plain & known] == ends[0][plain & known]).all()


def twin(name: str, came: list[int], missed: list[int]) -> bool:
    """Each rule in plain Python, for an episode followed for a long time."""
    if name in ("iet_style", "washington_circle"):
        early, late, after = (0, 13, 34) if name == "iet_style" else (1, 14, 30)
        first = next((day for day in came if early <= day <= late), None)
        return first is not None and sum(first < day <= first + after for day in came) >= 2
    if name == "va_continuity":
        return all(sum(low <= day < low + 30 for day in came) >= 2 for low in (0, 30, 60))
    if name == "dropout_by_gap":
        return any(
            not any(last < day <= last + 14 for day in came) for last in [0, *came] if last < 90
        )
    due = sorted([(day, True) for day in missed] + [(day, False) for day in came])
    row = "".join("x" if gone else "o" for day, gone in due if day < 90)
    return "xxx" in row


@pytest.mark.parametrize("name", TWIN)
def test_rules_agree_with_plain_ones(name: str) -> None:
    episodes, rows = drawn()
    records = read(episodes.assign(followed_until_day=FAR), rows)
    table = answers(name, records)
    for episode, row in table[table["met"].notna()].iterrows():
        of = rows[rows["episode_id"] == episode]
        days = [of.loc[of["status"] == word, "day"].tolist() for word in ("attended", "no_show")]
        assert twin(name, *days) == row["met"], episode
    assert table["met"].nunique() == 2


@pytest.mark.parametrize(("day", "not_over"), [(88, 1), (89, 0)])
def test_the_time_of_absences_is_over_on_its_last_day(day: int, not_over: int) -> None:
    """Days 0 to 89 are 90: on day 89 all of them have been seen."""
    episodes = pd.DataFrame({"episode_id": ["E1"], "admit_day": 0})
    sessions = pd.DataFrame({"episode_id": "E1", "day": [3, 10, 17], "service": "group"})
    rows = sessions.assign(status=["attended", "no_show", "attended"], minutes_scheduled=60)
    records = iop.read_records(episodes=episodes, attendance=rows, as_of=day)
    result = iop.dropout_by_absences(records, within=90).summary()
    assert result["not_over"].item() == not_over
    assert result["denominator"].item() == 1 - not_over
