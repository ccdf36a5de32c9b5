"""Make a seeded folder of records of a size that a state's programs have: CSV files to be timed.

    python -m benchmarks.make_data --folder FOLDER [--scale 1.0] [--seed 20260930]

At scale 1: 30,000 episodes, 1,000,000 attendance rows, 800,000 check-ins. The rows pass every
check of the library, so that what is timed is the work and not the listing of problems. The
files are as record systems write them: every declared column, rows in the order of the days.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

EPISODES, ATTENDANCE, CHECKINS = 30_000, 1_000_000, 800_000
DATA_CUT = np.datetime64("2026-09-30")
SESSION_DAYS = np.array([0, 2, 4])  # three days a week
PROGRAMS = ["North", "Riverside", "Hillside", "Harbor", "Lakeview", "Midtown", "Valley", "West"]
TRACKS = ["day", "evening", "telehealth"]
APPROACHES = ["CBT", "motivational interviewing", "relapse prevention", "trauma-informed"]
STATUSES = ["attended", "late", "attended_partial", "no_show", "late_cancel", "excused"]
STATUS_SHARES = [0.74, 0.05, 0.04, 0.09, 0.04, 0.04]
SHARE_ATTENDED = {"attended": 1.0, "late": 0.9, "attended_partial": 0.5}
CHECKIN_DAYS = 7
Random = np.random.Generator


def shared_out(total: int, weights: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Share `total` rows among episodes by `weights`: at least one, at most `room` for each."""
    if not len(room) <= total <= room.sum():
        raise ValueError("the rows asked for do not fit the days of the episodes")
    low, high = 0.0, float(room.max()) / float(weights.min())
    for _ in range(60):  # bisect for the scale that comes nearest from below
        middle = (low + high) / 2
        counts = np.clip(np.floor(weights * middle), 1, room).sum()
        low, high = (middle, high) if counts <= total else (low, middle)
    counts = np.clip(np.floor(weights * low), 1, room).astype(np.int64)
    while short := total - int(counts.sum()):
        counts[np.flatnonzero(counts < room)[:short]] += 1
    return counts


def positions_within(counts: np.ndarray) -> np.ndarray:
    """0, 1, 2 ... within each episode, for rows laid out episode by episode."""
    starts: np.ndarray = np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.arange(len(starts)) - starts)


def clock(hours: np.ndarray) -> np.ndarray:
    names = np.array([f"{hour:02d}:00" for hour in range(24)], dtype=object)
    return np.asarray(names[hours])


def codes(prefix: str, numbers: np.ndarray, width: int) -> np.ndarray:
    """Identifiers such as E0000012, made once for each number that occurs."""
    distinct, inverse = np.unique(numbers, return_inverse=True)
    names = np.array([f"{prefix}{number:0{width}d}" for number in distinct], dtype=object)
    return np.asarray(names[inverse])


def make_episodes(random: Random, count: int, scale: float) -> dict[str, Any]:
    """Draw admissions and how many sessions and check-ins each episode has."""
    known_days = random.integers(40, 1_000, count)  # from admission to the data cut
    sessions = shared_out(
        round(ATTENDANCE * scale), random.gamma(2.0, 1.0, count) + 0.05, (known_days + 2) // 7 * 3
    )
    checkins = shared_out(
        round(CHECKINS * scale), random.gamma(4.0, 1.0, count) + 0.05, known_days // CHECKIN_DAYS
    )
    last = sessions - 1
    last_session = last // 3 * 7 + SESSION_DAYS[last % 3]
    # Some of those whose rows end early enough were admitted so lately that they are open.
    until = np.maximum(last_session + 1, checkins * CHECKIN_DAYS)
    is_open = (until < last_session + 60) & (random.random(count) < 0.08)
    return {
        "known_days": np.where(is_open, until, known_days),
        "sessions": sessions,
        "checkins": checkins,
        "discharge_day": np.where(is_open, until, last_session + random.integers(0, 8, count)),
        "track": random.choice(3, count, p=[0.5, 0.35, 0.15]),
        "program": random.choice(8, count, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.07, 0.05, 0.03]),
        "frailty": random.gamma(2.0, 0.5, count),
    }


def people(made: dict[str, Any]) -> np.ndarray:
    """The person of each episode: some who left early on come back much later."""
    known, person = made["known_days"], np.arange(len(made["known_days"]))
    early, late = np.flatnonzero(known > 700), np.flatnonzero(known < 250)
    pairs = min(len(early), len(late))
    early, late = early[:pairs], late[:pairs]
    apart = known[early] - made["discharge_day"][early] - known[late] > 60
    person[late[apart]] = early[apart]
    return person


def episodes_frame(random: Random, made: dict[str, Any]) -> pd.DataFrame:
    count = len(made["sessions"])
    still_open = made["discharge_day"] >= made["known_days"]
    admit = DATA_CUT - made["known_days"].astype("timedelta64[D]")
    discharge = pd.Series(admit + made["discharge_day"].astype("timedelta64[D]"))
    reasons = ["completed", "dropped_out", "terminated", "transferred", "other"]
    reason = pd.Series(random.choice(reasons, count, p=[0.36, 0.42, 0.07, 0.11, 0.04]))
    seen = np.maximum(made["checkins"] * CHECKIN_DAYS, made["discharge_day"])
    followed = admit + np.minimum(seen, made["known_days"]).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "episode_id": codes("E", np.arange(count), 7),
            "person_id": codes("P", people(made), 7),
            "program": np.array(PROGRAMS)[made["program"]],
            "admit_date": admit,
            "discharge_date": discharge.mask(still_open),
            "discharge_reason": reason.mask(still_open),
            "level": "ASAM 4 2.1",
            "entry_path": random.choice(["direct", "step_down"], count, p=[0.7, 0.3]),
            "followed_until": followed,
            "track": np.array(TRACKS)[made["track"]],
            "age": random.integers(18, 76, count),
            "sex": random.choice(["female", "male"], count, p=[0.36, 0.64]),
        }
    )


def attendance_frame(random: Random, made: dict[str, Any], episodes: pd.DataFrame) -> pd.DataFrame:
    counts = made["sessions"]
    rows = np.repeat(np.arange(len(counts)), counts)
    place = positions_within(counts)
    day = place // 3 * 7 + SESSION_DAYS[place % 3]
    # One session a day, so that every seventh is one to one and the first an assessment.
    kind = np.where(place == 0, 2, np.where(place % 7 == 6, 1, 0))
    minutes = np.array([180, 60, 90])[kind]
    status = random.choice(STATUSES, len(rows), p=STATUS_SHARES)
    share = pd.Series(status).map(SHARE_ATTENDED).to_numpy()
    group = kind == 0
    telehealth = np.where(made["track"][rows] == 2, 0.95, 0.05) > random.random(len(rows))
    frame = pd.DataFrame(
        {
            "episode_id": episodes["episode_id"].to_numpy()[rows],
            "date": episodes["admit_date"].to_numpy()[rows] + day.astype("timedelta64[D]"),
            "start_time": clock(np.where(group, np.array([9, 18, 13])[made["track"][rows]], 15)),
            "service": np.array(["group", "individual", "assessment"], dtype=object)[kind],
            "status": status,
            "minutes_scheduled": minutes,
            "minutes_attended": pd.Series(np.round(minutes * share)).astype("Int32"),
            "modality": np.where(telehealth, "telehealth", "in_person"),
            "approach": random.choice(APPROACHES, len(rows)),
            "group_id": codes("G", made["program"][rows] * 10 + rows % 10, 3),
            "facilitator": codes("F", made["program"][rows] * 20 + rows % 17, 3),
        }
    )
    frame["group_id"] = frame["group_id"].where(group)
    return frame.sort_values("date", kind="stable", ignore_index=True)


def checkins_frame(random: Random, made: dict[str, Any], episodes: pd.DataFrame) -> pd.DataFrame:
    counts = made["checkins"]
    rows = np.repeat(np.arange(len(counts)), counts)
    week = positions_within(counts) + 1
    hazard = 0.012 * made["frailty"] * np.array([1.0, 1.15, 0.9])[made["track"]]
    used = random.random(len(rows)) < (hazard[rows] * (1 + 3 * np.exp(-week / 4)))
    missed = random.random(len(rows)) < 0.12
    tested = random.random(len(rows)) < 0.5
    positive = np.where(used, random.random(len(rows)) < 0.85, random.random(len(rows)) < 0.01)
    result = np.where(tested, np.where(positive, "positive", "negative"), "not_collected")
    data = {
        "used": np.where(used, "yes", "no"),
        "use_days": np.where(used, random.integers(1, 7, len(rows)), 0),
        "drug_test": result,
        "substance": np.where(used, random.choice(["alcohol", "opioids"], len(rows)), ""),
        "craving": np.clip(np.round(random.normal(4 - week / 12, 2.2)), 0, 10).astype(int),
        "phq9": np.clip(np.round(random.normal(9 - week / 10, 5)), 0, 27).astype(int),
        "gad7": np.clip(np.round(random.normal(8 - week / 10, 4)), 0, 21).astype(int),
        "employed": np.where(random.random(len(rows)) < 0.5, "yes", "no"),
        "stable_housing": np.where(random.random(len(rows)) < 0.85, "yes", "no"),
        "mutual_help_meetings": random.poisson(1.6, len(rows)),
    }
    admit = episodes["admit_date"].to_numpy()[rows]
    frame = pd.DataFrame(
        {
            "episode_id": episodes["episode_id"].to_numpy()[rows],
            "date": admit + (week * CHECKIN_DAYS).astype("timedelta64[D]"),
            "status": np.where(missed, "missed", "completed"),
            **{name: pd.Series(values).mask(missed) for name, values in data.items()},
        }
    )
    whole = ["use_days", "craving", "phq9", "gad7", "mutual_help_meetings"]
    frame[whole] = frame[whole].astype("Int32")
    return frame.sort_values("date", kind="stable", ignore_index=True)


def make_data(folder: Path, *, scale: float = 1.0, seed: int = 20260930) -> dict[str, int]:
    """Write the three CSV files into `folder` and return the rows of each."""
    random = np.random.default_rng(seed)
    made = make_episodes(random, round(EPISODES * scale), scale)
    episodes = episodes_frame(random, made)
    frames = {
        "episodes": episodes,
        "attendance": attendance_frame(random, made, episodes),
        "checkins": checkins_frame(random, made, episodes),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    return {name: len(frame) for name, frame in frames.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=20260930)
    options = parser.parse_args()
    for name, rows in make_data(options.folder, scale=options.scale, seed=options.seed).items():
        print(f"{name}: {rows:,} rows")


if __name__ == "__main__":
    main()
