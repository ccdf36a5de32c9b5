"""The interval-censored curve does not tell whose event fell around a printed day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

import iop_outcomes as iop
from iop_outcomes.disclosure.fixed_days.other_ends import WIDTHS, protect_interval

DAYS = (30, 60, 90, 180)


def seen_every(step: int, people: int, seed: int, last: int = 200) -> pd.DataFrame:
    """Return times to an event on a day up to 400 that a check-in every `step` days shows."""
    day = np.random.default_rng(seed).integers(1, 401, people)
    shown = -(-day // step) * step
    event = shown <= last
    days = np.where(event, shown, last // step * step)
    return pd.DataFrame(
        {"days": days, "event": event, "clear_until": np.where(event, shown - step, days)}
    )


def exact(times: pd.DataFrame) -> pd.DataFrame:
    """Return the same times, with a check-in without the event on the day before it."""
    return times.assign(
        clear_until=np.where(times["event"], times["days"] - 1, times["clear_until"])
    )


def between(times: pd.DataFrame) -> pd.Series:
    """Return by printed day how many events fell around it, between two check-ins."""
    table = iop.interval_survival(times).risk_table(DAYS)
    return table.set_index("day")["between"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("step", [7, 11])
def test_a_few_events_around_a_day_change_nothing_that_is_printed(seed: int, step: int) -> None:
    times = seen_every(step, 160, seed)
    assert between(times).between(1, 10).any()
    assert not between(exact(times)).any()
    found, none = (
        protect_interval(iop.interval_survival(one), iop.SafePolicy(), days=DAYS)
        for one in (times, exact(times))
    )
    assert len(found.table) > 1
    days = found.table["day"]
    beside = none.table[none.table["day"].isin(days)].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.table, beside)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("step", "people"), [(7, 160), (28, 160), (28, 600), (40, 600)])
def test_lowest_is_a_bound_and_more_than_five_points_only_of_many(
    seed: int, step: int, people: int
) -> None:
    times = seen_every(step, people, seed)
    result = iop.interval_survival(times)
    table = protect_interval(result, iop.SafePolicy(), days=DAYS).table.set_index("day")
    at, around = result.at([0, *DAYS]).set_index("day"), between(times)
    for day, row in table.iterrows():
        true = at.loc[day]
        below = row["highest"] - row["lowest"]
        assert row["highest"] == round(true["highest"], 2)
        assert row["lowest"] <= true["lowest"] + 0.005
        assert row["lowest"] <= row["survival"] <= row["highest"]
        if day == 0:
            assert below == 0
            continue
        assert min(abs(below - width) for width in WIDTHS) < 1e-9 or row["lowest"] == 0
        assert below < WIDTHS[0] + 1e-9 or not 0 < around[day] < 11
    wide = at["highest"] - at["lowest"] > WIDTHS[0] + 1e-9
    few = around.between(1, 10).reindex(at.index, fill_value=False)
    assert not set(at.index[wide & few]) & set(table.index)


def test_the_words_say_between_which_shares_the_curve_lies() -> None:
    shown = protect_interval(
        iop.interval_survival(seen_every(7, 300, 1)), iop.SafePolicy(), days=DAYS
    )
    last = shown.table.iloc[-1]
    said = f"between {last['lowest']:.0%} and {last['highest']:.0%} were without the event"
    assert said in shown.text
    assert "shaded is between the highest share" in shown.rule


def test_what_the_curve_lies_between_is_shaded() -> None:
    shown = protect_interval(
        iop.interval_survival(seen_every(7, 300, 1)), iop.SafePolicy(), days=DAYS
    )
    (band,) = (one for one in shown.plot().collections if isinstance(one, PolyCollection))
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.round(9).tolist()}
    for name in ("lowest", "highest"):
        assert {*zip(shown.table["day"], shown.table[name].round(9), strict=True)} <= corners
