"""The shortest pandas and lifelines script that gives the figures, without any check.

python -m benchmarks.by_hand --folder FOLDER [--engine pyarrow]
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from lifelines import KaplanMeierFitter

CAME = ["attended", "attended_partial", "late"]
NOT_DUE = ["program_cancel", "not_scheduled", "unrecorded"]
TREATMENT = ["group", "individual", "family", "skills"]


def figures(folder: Path, engine: Literal["c", "pyarrow"] = "c") -> dict[str, Any]:
    def read(name: str, columns: list[str], dates: list[str] | bool = False) -> pd.DataFrame:
        return pd.read_csv(folder / name, usecols=columns, parse_dates=dates, engine=engine)

    episodes = read(
        "episodes.csv", ["episode_id", "program", "admit_date", "track"], ["admit_date"]
    )
    sessions = read("attendance.csv", ["episode_id", "service", "status", "minutes_attended"])
    checkins = read("checkins.csv", ["episode_id", "date", "status", "used", "drug_test"], ["date"])

    sessions = sessions[sessions["service"].isin(TREATMENT) & ~sessions["status"].isin(NOT_DUE)]
    came = sessions["status"].isin(CAME)
    counts = sessions.assign(came=came, minutes=sessions["minutes_attended"].where(came))
    per_episode = counts.groupby("episode_id").agg(
        due=("came", "size"), attended=("came", "sum"), minutes=("minutes", "sum")
    )
    merged = episodes.merge(per_episode, on="episode_id", how="left")
    by_program = merged.groupby("program")[["attended", "due"]].sum()

    shown = (checkins["used"] == "yes") | (checkins["drug_test"] == "positive")
    use = checkins[shown & (checkins["status"] == "completed")]
    first_use = use.groupby("episode_id")["date"].min().rename("first_use")
    last = checkins.groupby("episode_id")["date"].max().rename("last")
    times = merged.join(first_use, on="episode_id").join(last, on="episode_id")
    times["event"] = times["first_use"].notna()
    end = times["first_use"].fillna(times["last"]).fillna(times["admit_date"])
    times["days"] = (end - times["admit_date"]).dt.days

    curves = {}
    for track, group in times.groupby("track"):
        fitted = KaplanMeierFitter().fit(group["days"], group["event"])
        free = fitted.survival_function_at_times([30, 60, 90])
        median = fitted.median_survival_time_
        curves[track] = {
            "relapse_free": free.tolist(),
            "median": None if math.isinf(median) else float(median),
        }
    return {
        "attendance_rate": (by_program["attended"] / by_program["due"]).to_dict(),
        "mean_hours": float(merged["minutes"].mean() / 60),
        "curves": curves,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--engine", default="c")
    options = parser.parse_args()
    print(json.dumps(figures(options.folder, options.engine)))
