"""A covariate of the whole stay explains immortal time: refused by name, with the ways out."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.vocabulary import OF_THE_WHOLE_STAY


@pytest.fixture(scope="module")
def records() -> iop.Records:
    sample = iop.synthetic_records(people=150, seed=8)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


@pytest.fixture(scope="module")
def merged(records: iop.Records) -> pd.DataFrame:
    stays = iop.engagement(records).drop(columns=["person_id", "program"])
    return iop.time_to_relapse(records).merge(stays, on="episode_id", validate="1:1")


def test_every_column_of_engagement_but_names_is_known_at_the_end_only(
    records: iop.Records,
) -> None:
    ids = {"episode_id", "person_id", "program"}
    assert set(iop.engagement(records)) - ids <= OF_THE_WHOLE_STAY
    # and no covariate of the times from admission is among them
    assert not set(iop.time_to_relapse(records)) & OF_THE_WHOLE_STAY


MODELS: dict[str, Callable[..., Any]] = {
    "cox": iop.cox,
    "cause_specific_cox": iop.cause_specific_cox,
    "fine_gray": iop.fine_gray,
}


@pytest.mark.parametrize("name", MODELS)
def test_a_whole_stay_rate_is_refused_and_the_ways_out_are_named(
    merged: pd.DataFrame, name: str
) -> None:
    known = merged.dropna(subset=["attendance_rate"])
    with pytest.raises(RuleError, match="immortal time") as raised:
        MODELS[name](known, "age + attendance_rate")
    for way in ("landmark", "start_stop", "emulate_strategies", "allow_post_baseline=True"):
        assert way in str(raised.value)
    fit = MODELS[name](known, "age + attendance_rate", allow_post_baseline=True)
    assert fit.table["term"].tolist() == ["age", "attendance_rate"]
    for formula in ("log(1 + hours_attended)", "age * sessions_attended", ["sessions_attended"]):
        with pytest.raises(RuleError, match="immortal time"):
            MODELS[name](known, formula)


def test_it_is_told_by_name_through_files(merged: pd.DataFrame) -> None:
    read = pd.read_csv(StringIO(merged.to_csv(index=False)))
    with pytest.raises(RuleError, match="immortal time"):
        iop.cox(read, "sessions_attended")


def test_recurrent_relapses_are_refused_it_too(records: iop.Records) -> None:
    stays = iop.engagement(records)[["episode_id", "sessions_attended"]]
    stretches = iop.recurrent_relapses(records).merge(stays, on="episode_id", validate="m:1")
    with pytest.raises(RuleError, match="immortal time"):
        iop.recurrent_cox(stretches, "sessions_attended")


def test_from_the_discharge_on_the_stay_is_known(records: iop.Records) -> None:
    times = iop.time_to_relapse(records, iop.RelapseRule(origin="discharge"))
    known = times.assign(completed=times["discharge_reason"].eq("completed").astype(int))
    assert iop.cox(known, "completed").events > 0
    reason = known.assign(discharge_reason=np.where(known["completed"], "completed", "other"))
    assert iop.cox(reason, "discharge_reason").events > 0
    lost = pd.DataFrame(reason.to_dict("list"))  # its labels are lost: day 0 has to be said
    with pytest.raises(RuleError, match="immortal time"):
        iop.cox(lost, "discharge_reason")
    assert iop.cox(lost, "discharge_reason", allow_post_baseline=True).events > 0


def test_attendance_by_a_landmark_is_no_column_of_the_whole_stay(records: iop.Records) -> None:
    month = iop.landmark(records, day=30).dropna(subset=["attendance_rate_so_far"])
    assert iop.cox(month, "attendance_rate_so_far").events > 0


def test_the_option_is_a_bool(merged: pd.DataFrame) -> None:
    with pytest.raises(RuleError, match="True or False"):
        iop.cox(merged, "age", allow_post_baseline="yes")  # type: ignore[arg-type]
