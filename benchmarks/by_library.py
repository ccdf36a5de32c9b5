"""The same figures by this library's public calls, its checks included.

python -m benchmarks.by_library --folder FOLDER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import iop_outcomes as iop


def figures(folder: Path) -> dict[str, Any]:
    records = iop.read_records(folder)
    engagement = iop.engagement(records)
    rule = iop.RelapseRule(definition="first_use", origin="admission", missing="no_use")
    times = iop.time_to_relapse(records, rule)
    curves = iop.survival_curves(times, by="track")
    by_program = engagement.groupby("program", observed=True)[["sessions_attended", "sessions_due"]]
    sums = by_program.sum()
    free = curves.at([30, 60, 90])
    medians = curves.median().set_index("track")["median"]
    return {
        "attendance_rate": (sums["sessions_attended"] / sums["sessions_due"]).to_dict(),
        "mean_hours": float(engagement["hours_attended"].mean()),
        "curves": {
            track: {
                "relapse_free": group.sort_values("day")["survival"].tolist(),
                "median": None if np.isnan(medians[track]) else float(medians[track]),
            }
            for track, group in free.groupby("track", observed=True)
        },
        "problems": len(records.problems),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    print(json.dumps(figures(parser.parse_args().folder)))
