"""A copy of part of a sample with inserted faults, and the answer key.

Faults of whole episodes are in episodes of their own (SYN-9001 and later), so that one fault does
not cause another. Faults of single values and rows are in rows of the sample that can be lost
without other effects. The answer key is written when the faults are inserted, never by
`read_records`.
"""

from __future__ import annotations

import pandas as pd

from iop_outcomes.samples.faults.episodes import PROGRAM, insert_episode_faults
from iop_outcomes.samples.faults.fault_inserter import FaultInserter
from iop_outcomes.samples.faults.rows import insert_attendance_faults, insert_checkin_faults

MONTHS = ("2025-10", "2025-11", "2026-07", "2026-08")
SECOND_FILE = "attendance_2.csv"


def insert_faults(
    episodes: pd.DataFrame, attendance: pd.DataFrame, checkins: pd.DataFrame
) -> FaultInserter:
    """Insert every fault into a part of a sample: one program and some months of admission.

    Parameters
    ----------
    episodes, attendance, checkins : pandas.DataFrame
        The clean tables as text, as in their CSV files.
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
    inserter = FaultInserter({name: frame.copy() for name, frame in clean.items()}, files)
    insert_episode_faults(inserter)
    insert_attendance_faults(inserter, clean, SECOND_FILE)
    insert_checkin_faults(inserter, clean)
    return inserter
