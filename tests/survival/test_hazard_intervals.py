"""The rate of events that are known to lie between two check-ins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival import hazard, survival_curves
from iop_outcomes.survival.hazard.interval_rates import _Expected, cell_edges
from iop_outcomes.survival.hazard.interval_stretch import heaped
from iop_outcomes.survival.hazard.smoothing import boundary_kernel, kernel_through

RATE, LAST = 0.004, 182
DAYS = [0, 91, 182]


def asked_weekly(days: np.ndarray, *, clear: bool = True) -> pd.DataFrame:
    """Return what weekly check-ins up to day 182 show of the days of events."""
    asked, event = np.minimum(np.ceil(days / 7) * 7, LAST), days <= LAST
    times = pd.DataFrame({"days": asked, "event": event})
    return times.assign(clear_until=np.where(event, asked - 7, asked)) if clear else times


def constant(people: int, seed: int, *, clear: bool = True) -> pd.DataFrame:
    days = np.random.default_rng(seed).exponential(1 / RATE, people)
    return asked_weekly(days, clear=clear)


@pytest.mark.parametrize("bandwidth", [None, 14])
@pytest.mark.parametrize("clear", [True, False], ids=["intervals", "dates of check-ins"])
def test_a_constant_rate_is_constant_to_both_edges(clear, bandwidth):
    # The quantiles of the exponential: no chance in it.
    days = -np.log(1 - (np.arange(200_000) + 0.5) / 200_000) / RATE
    rates = hazard(asked_weekly(days, clear=clear), bandwidth=bandwidth, days=range(0, LAST + 1, 7))
    assert rates.table["hazard"].to_numpy() == pytest.approx(RATE, rel=0.002)


@pytest.mark.parametrize("bandwidth", [None, 14])
def test_a_constant_rate_comes_out_within_chance_and_its_limits_hold_it(bandwidth):
    samples = pd.concat([constant(500, seed).assign(sample=seed) for seed in range(60)])
    table = hazard(samples, by="sample", bandwidth=bandwidth, days=DAYS).table
    rates = table["hazard"].to_numpy().reshape(60, len(DAYS))
    chance = rates.std(axis=0) / np.sqrt(len(rates))
    assert (np.abs(rates.mean(axis=0) - RATE) < 3.5 * chance).all()
    assert rates.std(axis=0) == pytest.approx(
        table["se"].to_numpy().reshape(60, len(DAYS)).mean(axis=0), rel=0.25
    )
    # Missing limits (of a rate below half of its error) are not counted.
    covered = [
        [row.lower <= RATE <= row.upper for row in rows.itertuples() if not np.isnan(row.lower)]
        for rows in (table[table["day"] == day] for day in DAYS)
    ]
    assert all(np.mean(one) >= 0.88 for one in covered)


def test_dated_at_check_ins_the_edges_are_wrong_and_can_still_be_had():
    times = constant(100_000, 1)
    dated = hazard(times, spacing=0, bandwidth=14, days=DAYS).table["hazard"].to_numpy()
    assert dated[0] < 0.1 * RATE
    assert dated[2] > 2.5 * RATE
    plain = hazard(times.drop(columns="clear_until"), spacing=0, bandwidth=14, days=DAYS)
    assert plain.table["hazard"].to_numpy() == pytest.approx(dated)


def test_the_cumulative_hazard_at_check_ins_is_that_of_the_shares_of_each_week():
    times = constant(400, 3)
    weeks = np.arange(7, LAST + 1, 7)
    result = hazard(times, days=weeks).table["cumulative_hazard"].to_numpy()
    survival = survival_curves(times).at(weeks)["survival"].to_numpy()
    # The rate within a week is not quite constant by cells: equal to the fourth digit.
    assert result == pytest.approx(-np.log(survival), rel=2e-4)


@pytest.mark.parametrize("spacing", [None, 7])
def test_check_ins_are_read_from_the_dates_of_events(spacing):
    times = constant(500, 5)
    read = hazard(times.drop(columns="clear_until"), spacing=spacing, days=DAYS)
    given_them = hazard(times, days=DAYS)
    pd.testing.assert_frame_equal(read.table, given_them.table)
    assert "each event in the 7 days up to its date" in read.rule
    assert ("dated on every 7 days only" in read.rule) == (spacing is None)
    assert "between the last check-in without it and the one that showed it" in given_them.rule


def test_days_that_are_not_heaped_are_days():
    days = np.arange(1, 200)
    assert heaped(days) == 0
    assert heaped(7 * np.arange(1, 30)) == 0  # one on each: as scattered as days can be
    assert heaped(np.repeat(7 * np.arange(1, 9), 2)) == 7
    assert heaped(np.repeat(7 * np.arange(1, 8), 9)) == 0  # too few days to tell
    assert heaped(np.repeat(7 * np.arange(1, 9) + 0.5, 2)) == 0
    assert heaped(np.append(np.repeat(7 * np.arange(1, 9), 5), 10)) == 0
    assert heaped(np.array([])) == 0


def test_after_the_last_check_in_nothing_is_known():
    # Followed to day 185 in the records, but asked for the last time on day 182.
    times = constant(500, 2, clear=False)
    times["days"] = times["days"].where(times["event"], 185.0)
    rates = hazard(times, days=[182, 183, 185])
    assert rates.stretches["last"].item() == 182
    assert rates.table["hazard"].notna().tolist() == [True, False, False]
    whole = hazard(constant(500, 2, clear=False), days=[182])
    assert rates.table["hazard"].iloc[0] == pytest.approx(whole.table["hazard"].item())


def test_events_whose_day_is_known_are_on_their_days():
    days = np.random.default_rng(4).exponential(60, 200).round(2) + 0.01
    times = pd.DataFrame({"days": days, "event": True})
    known = hazard(times.assign(clear_until=days))
    pd.testing.assert_frame_equal(known.table, hazard(times).table)
    assert known.rule == hazard(times).rule


def test_narrow_intervals_give_what_exact_days_give():
    days = np.random.default_rng(4).exponential(60, 300) + 1
    times = pd.DataFrame({"days": days, "event": True})
    exact = hazard(times, bandwidth=25, days=[0, 20, 50, 80])
    near = hazard(times.assign(clear_until=days - 0.01), bandwidth=25, days=[0, 20, 50, 80])
    for column in ("hazard", "se"):
        assert near.table[column].to_numpy() == pytest.approx(
            exact.table[column].to_numpy(), rel=0.03
        )


def missed(people: int, seed: int, weeks: int = 26) -> pd.DataFrame:
    """Return people asked on days of their own, 4 of 10 times in vain, half of them from later."""
    random = np.random.default_rng(seed)
    rows = []
    for happens in random.exponential(1 / RATE, people):
        due = 7 * np.arange(1, weeks + 1) + random.integers(-2, 3, weeks)
        entry = int(random.integers(1, 30)) if random.random() < 0.5 else 0
        due = due[(random.random(weeks) < 0.6) & (due > entry)]
        if happens <= entry or not len(due):
            continue
        found, clear = due[due >= happens], due[due < happens]
        until = max(int(clear.max(initial=0)), entry)
        rows.append((entry, until, found[0] if len(found) else until, len(found) > 0))
    frame = pd.DataFrame(rows, columns=["entry", "clear_until", "days", "event"])
    return frame[frame["days"] > frame["entry"]].reset_index(drop=True)


def test_missed_check_ins_and_late_entry_leave_a_constant_rate_constant():
    table = hazard(missed(3_000, 1), days=[0, 40, 91, 150]).table
    assert (np.abs(table["hazard"] - RATE) < 4 * table["se"]).all()
    assert (table["se"] < 0.2 * RATE).iloc[1:].all()


def test_the_errors_are_those_of_leaving_out_each_person():
    times = missed(120, 2, weeks=16)
    options = {"bandwidth": 40, "days": [10, 50, 90]}
    result = hazard(times, **options).table
    without = [hazard(times.drop(index=row), **options).table for row in times.index]
    for rate, error in (("hazard", "se"), ("cumulative_hazard", "cumulative_se")):
        values = np.array([table[rate] for table in without])
        jackknife = np.sqrt(((values - values.mean(axis=0)) ** 2).sum(axis=0))
        assert result[error].to_numpy() == pytest.approx(jackknife, rel=0.1)


def test_the_months_do_not_count_an_event_to_the_check_in_that_showed_it():
    days = np.random.default_rng(6).exponential(1 / RATE, 50_000)
    result = hazard(asked_weekly(days)).by_month(5)
    edges = np.append(0, result["to_day"].to_numpy())
    truth = -np.diff(np.exp(-RATE * edges)) / (1 - np.exp(-RATE * edges[-1]))
    assert result["share"].to_numpy() == pytest.approx(truth, rel=0.03)
    assert (np.abs(result["share"] - truth) < 4 * result["se"]).all()
    late = hazard(asked_weekly(days), spacing=0).by_month(5)["share"].to_numpy()
    assert np.abs(late - truth).max() > 2 * np.abs(result["share"] - truth).max()


def plain_expectation(left: float, right: float, edges: np.ndarray, rate: np.ndarray):
    """Return the same as `_Expected` by steps of a hundredth of a day."""
    step = 0.01
    middle = np.arange(left + step / 2, right, step)
    cell = np.searchsorted(edges, middle) - 1
    risen = np.cumsum(rate[cell]) * step
    survival = np.exp(-(risen - rate[cell] * step / 2))
    density = rate[cell] * survival
    share = np.bincount(cell, density, len(rate)) / density.sum()
    still = (survival - np.exp(-risen[-1])) / (1 - np.exp(-risen[-1]))
    return share, np.bincount(cell, still, len(rate)) * step


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(0, 9), st.integers(1, 5))
def test_what_is_expected_within_an_interval_is_its_definition(seed, left, length):
    edges, random = np.arange(16.0), np.random.default_rng(seed)
    rate = random.uniform(0.001, 0.3, 15)
    result = _Expected.of(np.array([left + 0.5]), np.array([left + 0.5 + length]), edges, rate)
    share, time = plain_expectation(left + 0.5, left + 0.5 + length, edges, rate)
    assert result.share[0] == pytest.approx(share, abs=1e-4)
    assert result.time[0] == pytest.approx(time, abs=2e-3)


def test_the_slopes_are_those_of_small_changes_of_the_rates():
    edges, random = np.arange(15.0), np.random.default_rng(1)
    left, right = np.array([2.0, 3.5, 0.0]), np.array([9.0, 10.2, 14.0])
    weight, rate = np.array([2.0, 1.0, 3.0]), random.uniform(1e-6, 0.2, 14)
    events, time = _Expected.of(left, right, edges, rate).slopes(weight)
    for cell in range(14):
        change = np.where(np.arange(14) == cell, 1e-7, 0.0)
        more, less = (_Expected.of(left, right, edges, rate + sign * change) for sign in (1, -1))
        assert weight @ (more.share - less.share) / 2e-7 == pytest.approx(events[:, cell], abs=1e-6)
        assert weight @ (more.time - less.time) / 2e-7 == pytest.approx(time[:, cell], abs=1e-5)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(-1, 1))
def test_the_kernel_through_a_day_is_the_integral_of_the_kernel(reach, end):
    nodes, weights = np.polynomial.legendre.leggauss(6)  # exact for these polynomials
    upper = min(end, reach)
    x = (nodes * (upper + 1) + upper - 1) / 2
    area = (boundary_kernel(x, reach) * weights).sum() * (upper + 1) / 2
    assert kernel_through(np.array([end]), reach)[0] == pytest.approx(area, abs=1e-12)
    assert kernel_through(np.array([2.0]), reach)[0] == pytest.approx(1)


@pytest.mark.parametrize("last", [0.3, 40.0, 182.0, 182.5, 4000.0])
def test_cells_reach_from_day_0_to_the_last(last):
    edges = cell_edges(last, last / 3)
    assert (edges[0], edges[-1]) == (0, last)
    assert last / 3 in edges
    assert (np.diff(edges) > 0).all()
    assert 100 <= len(edges) <= 733


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"bandwidth": 5}, RuleError, "7 days between check-ins"),
        ({"spacing": -1}, RuleError, "spacing is the number of days"),
        ({"spacing": True}, RuleError, "spacing is the number of days"),
        ({"spacing": "week"}, RuleError, "spacing is the number of days"),
        ({"spacing": 120}, EstimateError, "twice the days between check-ins"),
    ],
)
def test_what_is_not_known_between_check_ins_is_refused(options, error, says):
    with pytest.raises(error, match=says):
        hazard(constant(300, 1), **options)


def test_intervals_that_cannot_be_are_refused():
    times = constant(50, 1)
    with pytest.raises(EstimateError, match="clear_until"):
        hazard(times.assign(clear_until=-1.0))


def test_groups_keep_their_own_rates_and_order_does_not_matter():
    both = pd.concat([constant(300, 1).assign(g="a"), constant(200, 2).assign(g="b")])
    rates = hazard(both, "g", bandwidth=30, days=DAYS)
    middle = rates.table.query("day == 91")["hazard"].to_numpy()
    assert rates.at(91)["hazard"].to_numpy() == pytest.approx(middle)
    for name, seed, people in (("a", 1, 300), ("b", 2, 200)):
        alone = hazard(constant(people, seed), bandwidth=30, days=DAYS).table
        own = rates.table[rates.table["g"] == name].drop(columns="g").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone)
    mixed = hazard(both.sample(frac=1, random_state=1), "g", bandwidth=30, days=DAYS)
    pd.testing.assert_frame_equal(mixed.table, rates.table)
