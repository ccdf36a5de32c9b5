"""Item columns of instruments are kept as they are, in words or numbers."""

from __future__ import annotations

import pandas as pd

import iop_outcomes as iop


def test_items_of_the_bam_and_its_version_may_be_words() -> None:
    episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_date": ["2026-01-05"] * 2})
    checkins = pd.DataFrame(
        {
            "episode_id": ["a", "b"],
            "date": ["2026-01-05", "2026-01-12"],
            "status": "completed",
            "bam_use": ["4", "high"],
            "BAM 4": ["1-3", "4-8"],
            "bam_item_5": ["2", "0"],
            "bam_version": ["Likert", "Likert"],
            "social_connection": ["yes", "no"],
        }
    )
    records = iop.read_records(episodes=episodes, checkins=checkins)
    read = records.checkins
    assert read["bam_4"].astype(str).tolist() == ["1-3", "4-8"]
    assert read["bam_item_5"].tolist() == [2, 0]
    assert read["bam_version"].astype(str).tolist() == ["Likert", "Likert"]
    assert read["social_connection"].tolist() == [True, False]
    assert read["bam_use"].dtype == "float64"
    assert records.problems["check"].tolist() == ["bad_number"]
