"""The dirty twin: a part of a sample with faults planted in it, and the answer key to them.

Faults of whole episodes stand in episodes made for them (SYN-9001 and on), so that one fault
brings no other with it; faults of single values and rows stand in rows of the sample whose loss
changes nothing else. The answer key is written by the planting, never by `read_records`.
"""

from __future__ import annotations

import pandas as pd

from iop_outcomes.samples.faults.episodes import PROGRAM, plant_episodes
from iop_outcomes.samples.faults.planter import Planter
from iop_outcomes.samples.faults.rows import plant_attendance, plant_checkins

MONTHS = ("2025-10", "2025-11", "2026-07", "2026-08")
SECOND_FILE = "attendance_2.csv"


def plant(episodes: pd.DataFrame, attendance: pd.DataFrame, checkins: pd.DataFrame) -> Planter:
    """Plant every fault in a part of a sample: one program and some months of admission.

    Parameters
    ----------
    episodes, attendance, checkins : pandas.DataFrame
        The clean tables as text, as their CSV files hold them.
    """
    part = episodes[
        (episodes["program"] == PROGRAM) & episodes["admit_date"].str[:7].isin(MONTHS)
    ].reset_index(drop=True)
    clean = {"episodes": part}
    for name, frame in (("attendance", attendance), ("checkins", checkins)):
        kept = frame["episode_id"].isin(part["episode_id"])
        clean[name] = frame[kept].reset_index(drop=True)
    files = {name: [f"{name}.csv"] * len(frame) for name, frame in clean.items()}
    later = part.loc[part["admit_date"] >= MONTHS[2], "episode_id"]
    second = clean["attendance"]["episode_id"].isin(later)
    files["attendance"] = second.map({True: SECOND_FILE, False: "attendance.csv"}).tolist()
    planter = Planter({name: frame.copy() for name, frame in clean.items()}, files)
    plant_episodes(planter)
    plant_attendance(planter, clean, SECOND_FILE)
    plant_checkins(planter, clean)
    return planter
