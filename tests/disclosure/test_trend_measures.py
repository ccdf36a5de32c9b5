"""Trends of means and of estimates from times, and rules of continuity, for release."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop

SMALL = range(1, 11)
NUMBERS = ["numerator", "denominator", "value", "lower", "upper"]
ENDS = ["events", "competing", "censored", "followed"]


@pytest.fixture(scope="module")
def records() -> iop.Records:
    made = iop.synthetic_records(seed=7, people=400)
    return iop.read_records(
        episodes=made.episodes, attendance=made.attendance, checkins=made.checkins
    )


@pytest.mark.parametrize("measure", ["relapse_free_30", "relapsed_30"])
def test_no_end_of_a_cohort_is_small_or_follows_from_the_others(
    records: iop.Records, measure: str
) -> None:
    exact = iop.trend(records, measure, every="year").table
    safe = iop.protect(iop.trend(records, measure, every="year")).table
    shown, whole = safe["value"].notna(), safe["numerator"].notna()
    assert shown.any()
    assert not whole.all()
    ends = exact[["denominator", *ENDS]].assign(
        other=exact["denominator"] - exact["events"],
        without=exact["denominator"] - exact["numerator"],
    )
    assert not ends.loc[shown, ["denominator", "events", "other"]].isin(SMALL).any(axis=None)
    assert not ends[whole].isin(SMALL).any(axis=None)
    pd.testing.assert_frame_equal(safe.loc[whole, ENDS], exact.loc[whole, ENDS])
    assert safe.loc[~whole, ["numerator", *ENDS[1:]]].isna().all(axis=None)
    assert safe.loc[safe["hidden"], [*NUMBERS, *ENDS]].isna().all(axis=None)


def test_a_mean_of_few_people_is_hidden_and_its_sum_is_no_count(records: iop.Records) -> None:
    exact = iop.trend(records, "hours_per_week", by="program")
    safe = iop.protect(exact).table
    assert exact.people is not None
    few = np.isin(exact.people[:, 0], SMALL)
    assert few.any()
    assert (safe["hidden"] == few).all()
    printed = exact.table.round({"lower": 3, "upper": 3})
    pd.testing.assert_frame_equal(
        safe.loc[~few, NUMBERS], printed.loc[~few, NUMBERS], check_like=True
    )


@pytest.mark.parametrize("by", [None, "program"])
def test_no_small_count_of_a_rule_follows_from_those_shown(
    records: iop.Records, by: str | None
) -> None:
    exact = iop.continuity(records, by=by)
    safe = iop.protect(exact)
    table = safe.table
    shown = table[~table["hidden"]]
    assert 0 < len(shown) < len(table)
    assert table.loc[table["hidden"], ["numerator", "denominator", "share"]].isna().all(axis=None)
    parts = {
        "met": shown["numerator"],
        "not met": shown["denominator"] - shown["numerator"],
        "known": shown["denominator"],
        "all": shown["episodes"],
        "not over": shown["not_over"],
        "unknown": shown["not_known"],
        "without": shown["episodes"] - shown["denominator"],
    }
    for counts in parts.values():
        assert not counts.isin(SMALL).any()
    groups = shown.groupby(by) if by else [("", shown)]
    for _, rows in groups:
        wholes = pd.concat([rows["episodes"], rows["denominator"]]).dropna().to_numpy()
        apart = np.abs(wholes[:, None] - wholes[None, :])
        assert not np.isin(apart, SMALL).any()  # episodes of one rule and not of another
        gaps = rows.loc[rows["measure"].str.startswith("dropout_by_gap"), "numerator"].to_numpy()
        assert not np.isin(np.abs(gaps[:, None] - gaps[None, :]), SMALL).any()
    assert safe.episodes.empty
    assert safe.disagreement.empty
    assert "not released" in safe.text


def test_the_summary_of_one_rule_is_protected_too() -> None:
    days = pd.date_range("2026-01-05", periods=60, freq="D").strftime("%Y-%m-%d")
    episodes = pd.DataFrame({"episode_id": [f"E{n}" for n in range(60)], "admit_date": days})
    came = episodes.loc[episodes.index.repeat(6)].reset_index(drop=True)
    step = pd.to_timedelta(np.tile(np.arange(6) * 3, 60), "D")
    came["date"] = (pd.to_datetime(came["admit_date"]) + step).astype(str)
    came = came[~((came.index // 6 < 4) & (came.index % 6 > 1))].assign(status="attended")
    records = iop.read_records(
        episodes=episodes, attendance=came[["episode_id", "date", "status"]], as_of="2026-12-31"
    )
    rule = iop.iet_style(records)
    assert rule.summary()["numerator"].item() == 56  # and 4 did not
    row = iop.protect(rule).iloc[0]
    assert row["hidden"]
    assert row[["numerator", "denominator", "share", "episodes", "lowest"]].isna().all()
    free = iop.protect(rule, iop.SafePolicy.unprotected()).iloc[0]
    assert (free["numerator"], free["denominator"]) == (56, 60)
