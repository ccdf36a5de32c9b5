"""What a reader of a protected change of scores could subtract."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.scores import Shown

ROOT = Path(__file__).parents[2]
POLICY = SafePolicy()


@cache
def sample() -> iop.Records:
    return iop.read_records(ROOT / "data" / "samples")


def few(records: iop.Records, number: int) -> iop.Records:
    return records.subset(np.arange(len(records.episodes)) < number)


CASES = [("phq9", "discharge", None), ("bam_likert", 84, "program"), ("gad7", 84, "entry_path")]


@pytest.mark.parametrize(("instrument", "at", "by"), CASES)
@pytest.mark.parametrize("size", [8, 60, 900])
def test_no_small_count_is_shown_or_left_by_subtraction(
    instrument: str, at: int | str, by: str | None, size: int
) -> None:
    plain = iop.symptom_change(few(sample(), size), instrument, at=at, by=by)  # type: ignore[arg-type]
    safe = iop.protect(plain)
    keys = [by] if by else []
    for frame, columns in (
        (safe.table, ["episodes", "with_intake", "paired"]),
        (safe.shares, ["paired", "better", "same", "worse"]),
        (safe.trajectory, ["answered", "paired", "followed"]),
        (safe.slopes, ["episodes"]),
        (safe.by_intake, ["paired"]),
    ):
        values = frame[columns].to_numpy(dtype=float)
        assert not POLICY.hides(values).any()
        # of the shares better, same and worse are not among one another
        pairs = [("paired", name) for name in columns[1:]] if "better" in columns else None
        for one, two in pairs or combinations(columns, 2):
            assert not POLICY.hides((frame[one] - frame[two]).abs()).any(), (one, two)
    nested = safe.shares[safe.shares["kind"] == "points"]
    for _, rows in nested.groupby([*keys, "scale"], observed=True):
        better = rows["better"].dropna().to_numpy(dtype=float)
        assert not POLICY.hides(np.abs(np.subtract.outer(better, better))).any()
        rest = rows["paired"].to_numpy(dtype=float) - rows["better"].to_numpy(dtype=float)
        assert not POLICY.hides(rest).any()
    totals = safe.table.set_index([*keys, "scale"])["paired"]
    for key, rows in safe.by_intake.groupby([*keys, "scale"], observed=True):
        gone = rows["paired"].isna()
        if pd.notna(totals[key if by else key[0]]) and gone.any():  # the bands add up to it
            assert gone.sum() > 1
            assert not POLICY.hides(plain.by_intake.loc[rows.index[gone], "paired"].sum())
    # what is hidden stands nowhere else in the row
    hidden = safe.table[safe.table["hidden"]]
    numbers = hidden.select_dtypes("number")
    assert numbers.isna().to_numpy().all()
    if size == 8:
        assert safe.table["hidden"].all()
        assert "too few people to show" in safe.text
    if size == 900:
        assert (~safe.table["hidden"]).any()


@pytest.mark.parametrize("by", [None, "program"])
@pytest.mark.parametrize("size", [8, 900])
def test_functioning_without_small_counts(by: str | None, size: int) -> None:
    safe = iop.protect(iop.functioning(few(sample(), size), by=by))
    columns = ["episodes", "with_start", "paired", "gained", "kept", "lost", "never"]
    assert not POLICY.hides(safe.table[columns].to_numpy(dtype=float)).any()
    keys = [*([by] if by else []), "moment"]
    for _, rows in safe.table.groupby(keys, observed=True):
        shown = rows[["episodes", "with_start", "paired"]].to_numpy(dtype=float).ravel()
        shown = shown[~np.isnan(shown)]
        assert not POLICY.hides(np.abs(np.subtract.outer(shown, shown))).any()
    assert safe.first_gain.empty
    assert "not released here" in safe.rule
    # the bounds are fractions of the episodes: they give counts back
    bounds = safe.table[["lowest", "highest"]].mul(safe.table["episodes"], axis=0)
    assert not POLICY.hides(bounds.round().to_numpy(dtype=float)).any()
    assert not POLICY.hides(bounds.diff(axis=1)["highest"].round()).any()
    ends = safe.table["kept"] + safe.table["gained"]
    assert not POLICY.hides((bounds["lowest"].round() - ends).abs()).any()
    assert iop.protect(safe) is safe


def test_many_episodes_of_few_people_are_hidden() -> None:
    episodes = pd.DataFrame(
        {
            "episode_id": [f"{n:02}" for n in range(24)],
            "person_id": [f"p{n % 4}" for n in range(24)],
            "admit_date": [f"2024-{1 + n % 12:02}-01" for n in range(24)],
            "discharge_date": [f"2024-{1 + n % 12:02}-26" for n in range(24)],
            "discharge_reason": "completed",
            "program": "North",
        }
    )
    days = [
        (one, date, score)
        for one, date in zip(episodes["episode_id"], episodes["admit_date"], strict=True)
        for score in (0, 1)
    ]
    checkins = pd.DataFrame(
        {
            "episode_id": [one for one, _, _ in days],
            "date": [date if not score else date[:8] + "20" for _, date, score in days],
            "status": "completed",
            "phq9": [9 - 6 * score for _, _, score in days],
            "employed": ["no" if not score else "yes" for _, _, score in days],
        }
    )
    records = iop.read_records(episodes=episodes, checkins=checkins)
    plain = iop.symptom_change(records, "phq9")
    assert plain.table["paired"].tolist() == [24]
    assert iop.protect(plain).table["hidden"].all()
    life = iop.protect(iop.functioning(records, domains="work_or_school")).table
    assert life["hidden"].tolist() == [True, False]  # nobody has an answer on day 180


def test_the_unprotected_policy_hides_nothing() -> None:
    plain = iop.symptom_change(few(sample(), 30), "phq9")
    shown = iop.protect(plain, SafePolicy.unprotected())
    assert not shown.table["hidden"].any()
    assert "not for release" in shown.rule
    pd.testing.assert_frame_equal(
        shown.trajectory.drop(columns="hidden"), plain.trajectory, check_dtype=False
    )


def test_what_is_admitted_stays_apart() -> None:
    shown = Shown(POLICY)
    assert shown.admit((100, 90))
    assert not shown.admit((95, 90))  # 5 fewer
    assert not shown.admit((80, 81))  # 20 fewer, of 9 people
    assert shown.admit((100, 90))
    assert shown.admit((0, 0))
    assert not shown.admit((10, 10))
    assert not shown.admit((12, 10))
    assert shown.admit((50, 50))
