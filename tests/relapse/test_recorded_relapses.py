"""What became of 60 people under many rules, beside what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import OutcomesError
from tests.helpers.of_the_sample import records_of_the_sample
from tests.helpers.recorded import cell_text, compare_recorded, parts_text

HERE = Path(__file__).parent / "recorded"
MISSING = ("censor", "use", "no_use", "last_value", "last_value_to_last_contact", "drop")
ORIGINS = ("admission", "first_session", "discharge")
RULES: list[dict[str, Any]] = [
    *({"missing": missing, "origin": origin} for missing in MISSING for origin in ORIGINS),
    *(
        {"definition": "k_of_n_weeks", "use_weeks": 2, "window_weeks": 4, "missing": missing}
        for missing in MISSING
    ),
    *({"definition": "x_bot", "missing": missing} for missing in MISSING),
    *(
        {"evidence": evidence, "refused": refused}
        for evidence, refused in (
            ("self_report", "missing"),
            ("drug_test", "missing"),
            ("either", "use"),
            ("either", "as_reported"),
        )
    ),
    *({"definition": name} for name in ("lee_2016", "krupitsky_2011", "lee_2018")),
    {"definition": "first_heavy_day", "heavy_column": "use_days", "heavy_from": 3},
    {"lost_after": 14, "missing": "use"},
    {"competing": ("died", "discharged"), "week_days": 14},
]


@pytest.fixture(scope="module")
def records() -> iop.Records:
    """Return 60 people of the sample, a third of whom have answers and tests at odds."""
    sample = records_of_the_sample()
    episodes = sample.episodes[sample.episodes["person_id"].cat.codes % 14 == 3].head(60)
    checkins = sample.checkins[sample.checkins["episode_id"].isin(episodes["episode_id"])].copy()
    place = np.arange(len(checkins))
    checkins["drug_test"] = checkins["drug_test"].astype(object)
    checkins.loc[place % 17 == 4, "drug_test"] = "refused"
    checkins.loc[place % 23 == 5, "used"] = None
    checkins.loc[place % 29 == 6, "status"] = "missed"
    attendance = sample.attendance[sample.attendance["episode_id"].isin(episodes["episode_id"])]
    names = ["episode_id", "person_id", "program", "track", "admit_date", "discharge_date"]
    return iop.read_records(
        episodes=episodes[[*names, "discharge_reason", "followed_until"]],
        attendance=attendance[["episode_id", "date", "service", "status", "minutes_attended"]],
        checkins=checkins[["episode_id", "date", "status", "used", "drug_test", "use_days"]],
        as_of="2026-09-30",
    )


def ends_of(times: pd.DataFrame) -> str:
    """Return the times in one line: episode, last clear day .. day, how it ended."""
    return "; ".join(
        f"{row['episode_id']} {cell_text(row['clear_until'])}..{cell_text(row['days'])} "
        f"{row['ended_by']}{'?' if row['rests_on_missing'] else ''}"
        for row in times.to_dict("records")
    )


def test_times_under_many_rules_are_recorded(records: iop.Records) -> None:
    parts = []
    for options in RULES:
        try:
            rule = iop.RelapseRule(**options)
            times = iop.time_to_relapse(records, rule)
            text = f"{rule.text}\n{len(times)} rows: {', '.join(times.columns)}\n{ends_of(times)}"
        except OutcomesError as error:
            text = f"{type(error).__name__}: {error}"
        parts.append((str(options), text))
    compare_recorded(HERE / "times.txt", parts_text(parts))


def test_all_relapses_states_and_patterns_are_recorded(records: iop.Records) -> None:
    few = records.where(program=records.episodes["program"].iloc[0])
    rule = iop.RelapseRule(missing="no_use")
    parts = [
        ("times", iop.time_to_relapse(few, rule)),
        ("recurrent", iop.recurrent_relapses(few, rule)),
        ("states", iop.state_histories(few, rule)),
        ("patterns", iop.use_patterns(few, weeks=16).to_frame()),
    ]
    compare_recorded(HERE / "histories.txt", parts_text(parts))


def test_messages_of_rules_that_are_wrong_are_recorded() -> None:
    wrong: list[dict[str, Any]] = [
        {"definition": "lapse"},
        {"definition": "sustained"},
        {"missing": "zero"},
        {"origin": "birth"},
        {"evidence": "hearsay"},
        {"refused": "perhaps"},
        {"definition": "k_of_n_weeks", "use_weeks": 5, "window_weeks": 4},
        {"definition": "k_of_n_weeks", "use_weeks": 0},
        {"week_days": 2.5},
        {"lost_after": -1},
        {"heavy_from": "many"},
        {"competing": "died"},
        {"competing": ("moved",)},
        {"substances": ("sugar",)},
        {"definition": "lee_2016", "missing": "missed"},
    ]
    parts = []
    for options in wrong:
        try:
            message = repr(iop.RelapseRule(**options))
        except OutcomesError as error:
            message = f"{type(error).__name__}: {error}"
        parts.append((str(options), message))
    compare_recorded(HERE / "wrong_rules.txt", parts_text(parts))
