"""Trends of means and of estimates from times, for release."""

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
    pd.testing.assert_frame_equal(
        safe.loc[~few, NUMBERS], exact.table.loc[~few, NUMBERS], check_like=True
    )
