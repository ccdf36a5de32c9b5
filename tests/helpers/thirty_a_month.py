"""A program with thirty admissions a month."""

from __future__ import annotations

import numpy as np
import pandas as pd


def episodes_until(day: str) -> pd.DataFrame:
    """Return the admissions and discharges of one program up to a day: 30 a month."""
    random = np.random.default_rng(4)
    admitted = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(960) % 900, unit="D")
    episodes = pd.DataFrame({"admit_date": admitted.sort_values()})
    stay = pd.to_timedelta(random.integers(20, 90, len(episodes)), unit="D")
    episodes["discharge_date"] = episodes["admit_date"] + stay
    episodes["discharge_reason"] = random.choice(["completed", "dropped_out"], len(episodes))
    episodes["episode_id"] = [f"e{number}" for number in range(len(episodes))]
    episodes["person_id"] = [f"p{number}" for number in range(len(episodes))]
    episodes["program"] = "Center"
    here = episodes[episodes["admit_date"] <= day].copy()
    here.loc[here["discharge_date"] > day, ["discharge_date", "discharge_reason"]] = None
    return here
