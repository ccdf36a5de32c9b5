"""Late entry with intervals: by definition, by R, by Kaplan and Meier, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.compare.group_tests.intervals import compare_interval_survival
from iop_outcomes.errors import EstimateError
from iop_outcomes.survival import survival_curves
from iop_outcomes.survival.intervals.estimate import interval_survival
from iop_outcomes.survival.intervals.late_entry import Hazards, estimate_truncated, score_parts
from iop_outcomes.survival.intervals.turnbull import Intervals, estimate_masses
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(HERE / "interval_entry_data.csv")
REFERENCE = pd.read_csv(HERE / "interval_entry.csv")
NAMES = list(DATA["data"].unique())


def made(name: str) -> pd.DataFrame:
    part = DATA[DATA["data"] == name].reset_index(drop=True)
    event = np.isfinite(part["right"])
    return pd.DataFrame(
        {
            "entry": part["entry"],
            "clear_until": part["left"],
            "days": part["right"].where(event, part["left"]),
            "event": event,
            "group": part["group"],
        }
    )


def reference(name: str, quantity: str) -> pd.DataFrame:
    rows = REFERENCE[(REFERENCE["data"] == name) & (REFERENCE["quantity"] == quantity)]
    rows = rows[rows["model"].isna()]
    assert len(rows)
    return rows


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ends of intervals and entries; many of them few and early."""
    generator = np.random.default_rng(seed)
    people, reach = generator.integers(1, 60), generator.integers(2, 30)
    left = generator.integers(0, reach, people).astype(float)
    wide = generator.random(people) < generator.random()
    right = left + generator.integers(0, reach, people) * wide
    right[generator.random(people) < generator.random()] = np.inf
    entry = np.floor(left * generator.random(people)) * (generator.random(people) < 0.7)
    entry[(left == right) & (entry == left)] = 0
    return left, right, entry


@pytest.mark.parametrize("name", NAMES)
def test_as_the_steps_of_turnbull_carried_on_in_r(name):
    theirs = reference(name, "survival")
    curves = interval_survival(made(name))
    assert curves.gap < 1e-11
    at = curves.at(theirs["day"].to_numpy())
    assert curves.fits["unique"].all()
    assert at["survival"].to_numpy() == pytest.approx(theirs["value"].to_numpy(), abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_the_likelihood_is_that_of_r(name):
    times = made(name)
    left = times["clear_until"].to_numpy(float)
    right = np.where(times["event"], times["days"], np.inf)
    result = Hazards.of(Intervals(left, right, np.ones(len(left)), times["entry"].to_numpy(float)))
    inside, waited = result.totals()
    happened = np.isfinite(right)
    mine = np.log(-np.expm1(-inside[happened])).sum() - waited.sum()
    assert mine == pytest.approx(reference(name, "likelihood")["value"].item(), abs=1e-9)


@pytest.mark.parametrize("seed", range(150))
def test_no_day_could_gain_from_more_hazard(seed):
    """The conditions counted out one by one on each day and just after it, person by person."""
    left, right, entry = drawn(seed)
    result = Hazards.of(Intervals.of(left, right, entry))
    days = np.unique(np.concatenate([left, right[np.isfinite(right)], entry]))
    exact = (left == right)[:, None]
    low, high, enter = left[:, None], right[:, None], entry[:, None]

    def can_happen(point: np.ndarray) -> np.ndarray:
        within = ((low < point) & (point <= high)) | (exact & (point == low))
        return within & np.isfinite(high)

    def is_waiting(point: np.ndarray) -> np.ndarray:
        return ((enter < point) | (enter == 0)) & np.where(exact, point < low, point <= low)

    # Each increment just after the left end of its cell.
    place = np.where(result.left == result.right, result.left, result.left + 0.25)
    total = np.where(can_happen(place), result.hazard, 0.0).sum(axis=1)
    happened = np.isfinite(right)
    assert (total[happened] > 0).all()
    assert np.isfinite(result.hazard[is_waiting(place).any(axis=0)]).all()
    pull = np.zeros(len(left))
    pull[happened] = 1 / np.expm1(np.minimum(total[happened], 700))
    points = np.concatenate([days, days + 0.25])
    gain = (can_happen(points) * pull[:, None]).sum(axis=0) - is_waiting(points).sum(axis=0)
    assert gain.max() < 1e-9 * len(left)
    slack = np.where(np.isfinite(result.hazard), result.hazard, 0.0)
    own = (can_happen(place) * pull[:, None]).sum(axis=0) - is_waiting(place).sum(axis=0)
    assert np.abs(own * slack).max(initial=0.0) < 1e-9 * len(left)


@pytest.mark.parametrize("seed", range(100))
def test_hazards_and_masses_agree_without_late_entry(seed):
    left, right, _ = drawn(seed)
    masses = estimate_masses(Intervals.of(left, right))
    hazards = estimate_truncated(Intervals.of(left, right, np.zeros(len(left))))
    days = np.unique(np.concatenate([left, right[np.isfinite(right)]]))
    days = np.concatenate([days, days + 0.25])
    for ours, theirs in zip(masses.bounds(days), hazards.bounds(days), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-8)
    assert hazards.after_lowest is None


def test_without_late_entry_each_cell_ends_where_an_interval_does():
    """So the matrix of which interval holds which cell has full rank: one maximum only."""
    for seed in range(60):
        left, right, _ = drawn(seed)
        fit = estimate_masses(Intervals.of(left, right))
        covered = (left[:, None] <= fit.left) & (fit.right <= right[:, None])
        single = (fit.left == fit.right) & (left[:, None] == fit.left)
        covered &= ~(single & (right > left)[:, None])
        assert np.linalg.matrix_rank(covered.astype(float)) == len(fit.mass)


ROWS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 12), st.booleans()), min_size=1, max_size=40
)


@settings(deadline=None, max_examples=10)
@given(ROWS)
@by_our_product
def test_known_days_give_kaplan_meier_of_late_entry(rows):
    entry, more, event = (np.array(column) for column in zip(*rows, strict=True))
    times = pd.DataFrame({"entry": entry, "days": entry + more, "event": event})
    found, curves = interval_survival(times), survival_curves(times)
    days = np.arange(0, 26)
    ours, theirs = found.at(days), curves.at(days)
    assert ours["survival"].to_numpy() == pytest.approx(theirs["survival"], abs=1e-8, nan_ok=True)
    assert found.fits["unique"].all()
    assert found.fits["late"].item() == (entry > 0).sum()


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 6), st.integers(1, 6), st.booleans()),
        min_size=1,
        max_size=30,
    ),
    st.integers(2, 4),
    st.randoms(use_true_random=False),
)
def test_copies_order_and_scale_change_nothing(rows, copies, random):
    entry, wait, more, event = (np.array(column) for column in zip(*rows, strict=True))
    clear = entry + wait
    times = pd.DataFrame(
        {"entry": entry, "clear_until": clear, "days": clear + more, "event": event}
    )
    fit = interval_survival(times)
    mixed = list(range(len(times))) * copies
    random.shuffle(mixed)
    other = interval_survival(times.iloc[mixed] * np.array([3, 3, 3, 1]))
    days = np.arange(0, 22, 0.5)
    left, right = fit.at(days), other.at(3 * days)
    assert other.fits["unique"].equals(fit.fits["unique"])
    for column in ("lowest", "highest"):
        assert right[column].to_numpy() == pytest.approx(left[column], abs=1e-5, nan_ok=True)
    known = left.dropna(subset="lowest")
    assert (known["lowest"] <= known["highest"] + 1e-12).all()
    assert known["lowest"].between(0, 1).all()
    assert (np.diff(known["lowest"]) <= 1e-12).all()
    assert (np.diff(known["highest"]) <= 1e-12).all()
    assert fit.table["mass"].sum() == pytest.approx(1)


def four_people() -> pd.DataFrame:
    """Return one event in (0, 10]; one person waits in each of the three cells it can lie in."""
    return pd.DataFrame(
        {
            "entry": [0, 0, 2, 4],
            "clear_until": [0, 3, 5, 12],
            "days": [10, 3, 5, 12],
            "event": [True, False, False, False],
        }
    )


def test_several_estimates_reach_the_maximum():
    """The increments of (0, 2], (3, 4] and (5, 10] cost the same, and one event needs their sum.

    log(1 - exp(-h)) - h is largest at exp(-h) = 1/2, however h is divided.
    """
    curves = interval_survival(four_people())
    assert not curves.fits["unique"].item()
    assert curves.table["left"].tolist() == [0, 3, 5, 12]
    assert curves.table["after_lowest"].to_numpy() == pytest.approx([0.5, 0.5, 0.5, 0])
    assert curves.table["after_highest"].to_numpy() == pytest.approx([1, 1, 0.5, 0])
    at = curves.at([2, 3, 4.5, 7, 10, 12])
    assert at["survival"].isna().tolist() == [True, True, True, True, False, False]
    assert at["lowest"].to_numpy() == pytest.approx([0.5] * 6)
    assert at["highest"].to_numpy() == pytest.approx([1, 1, 1, 1, 0.5, 0.5])
    sentence = "not unique: estimates differ by up to 50.0 percentage points"
    assert f"{sentence} between day 0 and day 10" in curves.text


def test_part_of_the_curve_is_told_and_part_is_not():
    """And an event on day 21 among two at risk: the half after the stretch not distinguished."""
    more = pd.DataFrame({"entry": 20, "clear_until": [21, 22], "days": [21, 22], "event": [1, 0]})
    curves = interval_survival(pd.concat([four_people(), more.astype({"event": bool})]))
    at = curves.at([2, 10, 21])
    assert at["lowest"].to_numpy() == pytest.approx([1 / 2, 1 / 2, 1 / 4])
    assert at["highest"].to_numpy() == pytest.approx([1, 1 / 2, 1 / 4])
    assert curves.table["after_highest"].to_numpy() == pytest.approx([1, 1, 1 / 2, 1 / 4, 0])


def test_the_extremes_are_those_of_all_maxima():
    """By linear programs: the sum over each event's cells, and over all waits, are what is told."""
    from scipy.optimize import linprog

    several = 0
    for seed in range(60):
        # Few wide intervals, short waits that end and begin at about the same time, one long wait.
        generator = np.random.default_rng(seed)
        left = np.array([30.0, *generator.integers(0, 4, 2), *generator.integers(2, 16, 8)])
        right = np.array([np.inf, *generator.integers(12, 20, 2), *[np.inf] * 8])
        entry = np.array([0, 0, 0, *np.maximum(left[3:] - generator.integers(1, 5, 8), 0)])
        intervals = Intervals.of(left, right, entry)
        fit, masses = estimate_truncated(intervals), Hazards.of(intervals)
        if fit.after_lowest is None or masses.free.any():
            continue
        several += 1
        cell = np.arange(len(masses.hazard))
        within = (masses.runs.first[:, None] <= cell) & (cell < masses.runs.last[:, None])
        within = np.unique(within[np.isfinite(intervals.right)], axis=0).astype(float)
        cost = masses.waits.covering(intervals.weight, len(cell))
        constraints = np.vstack([within, cost])
        for number, (begin, end) in enumerate(zip(fit.left[:-1], fit.right[:-1], strict=True)):
            through = (masses.left <= begin) & (masses.right <= end)
            ends = [
                linprog(sign * through, A_eq=constraints, b_eq=constraints @ masses.hazard).fun
                * sign
                for sign in (1, -1)
            ]
            assert fit.highest[number] == pytest.approx(np.exp(-ends[0]), abs=1e-6)
            assert fit.lowest[number] == pytest.approx(np.exp(-ends[1]), abs=1e-6)
    assert several > 2


def test_an_early_fall_to_zero_is_kaplan_meier_s_and_is_said():
    times = pd.DataFrame(
        {"entry": [0, 0, 6, 6], "clear_until": [2, 3, 8, 9], "days": [5, 4, 12, 9], "event": 1}
    )
    curves = interval_survival(times)
    at = curves.at([3, 4, 9])
    assert at["survival"].to_numpy() == pytest.approx([1, 0, 0])
    assert curves.fits["beyond"].item() == 2
    assert "0 from day 4 on" in curves.text
    assert "of the 2 known to be without it later it says nothing" in curves.text


def test_where_the_fall_to_zero_can_be_chosen_it_is_the_latest():
    """(2, 10] seen from day 0 and (7, 9] seen from day 5: certain in (7, 9], or (2, 5] as well."""
    times = pd.DataFrame(
        {"entry": [0, 5], "clear_until": [2, 7], "days": [10, 9], "event": [True, True]}
    )
    curves = interval_survival(times)
    at = curves.at([2, 5, 7, 9])
    assert at["highest"].to_numpy() == pytest.approx([1, 1, 1, 0])
    assert at["lowest"].to_numpy() == pytest.approx([1, 0, 0, 0])
    assert curves.table["mass"].tolist() == [0, 1]
    assert not curves.fits["unique"].item()


def test_an_event_that_could_lie_before_its_entry_is_refused():
    times = made("weeks")
    late = times["event"] & (times["entry"] > 0)
    wrong = times.assign(clear_until=times["clear_until"].where(~late, times["entry"] - 1))
    with pytest.raises(EstimateError, match="cannot be before entry") as refused:
        interval_survival(wrong)
    assert f"{int(late.sum())} of {len(times)} with clear_until before entry" in str(refused.value)
    with pytest.raises(EstimateError, match="cannot be before entry"):
        compare_interval_survival(wrong, "group")
    with pytest.raises(EstimateError, match="Entry must be before days"):
        interval_survival(times.assign(entry=times["days"] + 1))


def test_groups_limits_and_dates_of_check_ins_with_late_entry():
    times = made("weeks")
    before = times.copy()
    curves = interval_survival(times, "group", resamples=20, seed=5)
    again = interval_survival(times, "group", resamples=20, seed=5)
    pd.testing.assert_frame_equal(curves.limits, again.limits)
    pd.testing.assert_frame_equal(times, before)
    for group in (1, 2):
        alone = interval_survival(times[times["group"] == group])
        part = curves.table[curves.table["group"] == group].drop(columns="group")
        pd.testing.assert_frame_equal(part.reset_index(drop=True), alone.table)
    off = curves.against_check_in_dates([14, 28])
    dated = survival_curves(times, by="group").at([14, 28])["survival"]
    assert off["check_in_dates"].tolist() == dated.tolist()
    assert (off["off_least"] <= off["off_most"]).all()
    assert "entered after day 0" in curves.text


def test_the_risk_table_adds_up_to_who_has_entered():
    times = made("mixed")
    days = [0, 3, 14, 15, 40, 98]
    result = interval_survival(times, "group").risk_table(days)
    for row in result.itertuples():
        part = times[times["group"] == row.group]
        entered = part[part["entry"] <= row.day]
        event = part["event"] & (part["days"] <= row.day)
        clear = ~event & (part["clear_until"] >= row.day) & (part["entry"] <= row.day)
        between = part["event"] & ~event & (part["clear_until"] < row.day)
        assert row.events == event.sum()
        assert row.clear == clear.sum()
        assert row.between == between.sum()
        assert row.clear + row.between + row.over + row.events == len(entered)


def test_scores_are_the_slope_and_curve_of_the_profile_likelihood():
    """The hazard of group 1 times exp(b), all increments estimated again for each b."""
    from scipy.optimize import minimize

    times = made("weeks").head(40)
    left = times["clear_until"].to_numpy(float)
    right = np.where(times["event"], times["days"], np.inf)
    group = times["group"].to_numpy() - 1
    entry = times["entry"].to_numpy(float)
    result = Hazards.of(Intervals(left, right, np.ones(len(left)), entry))
    assert np.isfinite(result.hazard).all()
    positive = result.hazard > 0
    cell = np.arange(len(result.hazard))

    def members(runs: object) -> np.ndarray:
        within = (runs.first[:, None] <= cell) & (cell < runs.last[:, None])
        return within[:, positive].astype(float)

    inside, waits, happened = members(result.runs), members(result.waits), np.isfinite(right)

    def profile(effect: float) -> float:
        factor = np.exp(effect * group)

        def minus(logs: np.ndarray) -> tuple[float, np.ndarray]:
            hazard = np.exp(logs)
            total = (inside @ hazard * factor)[happened]
            value = np.log(-np.expm1(-total)).sum() - (waits @ hazard * factor).sum()
            pull = (factor[happened] / np.expm1(total)) @ inside[happened] - factor @ waits
            return -value, -pull * hazard

        start = np.log(result.hazard[positive])
        found_here = minimize(minus, start, jac=True, method="BFGS", options={"gtol": 1e-9})
        return -float(found_here.fun)

    step = 1e-2
    low, middle, high = (profile(effect) for effect in (-step, 0.0, step))
    total, covariance, each = score_parts(result, group, 2)
    np.testing.assert_allclose(each.sum(axis=1), total, atol=1e-6)
    assert total[1] == pytest.approx((high - low) / (2 * step), abs=1e-3)
    assert covariance[1, 1] == pytest.approx(-(high - 2 * middle + low) / step**2, rel=1e-3)
    assert total.sum() == pytest.approx(0, abs=1e-9)
    assert covariance.sum(axis=0) == pytest.approx([0, 0], abs=1e-7)
    tested = compare_interval_survival(times, "group")
    assert tested.statistic == pytest.approx(total[1] ** 2 / covariance[1, 1], rel=1e-9)
    assert "observed information" in tested.rule


def test_limits_change_on_the_days_of_entries_too():
    """A cell can end at an entry, and so can the highest course of a resample."""
    times = four_people()
    curves = interval_survival(times, resamples=60, seed=2)
    assert set(times["entry"]) <= set(curves.limits["day"])
    upper = curves.at([1.5, 2, 3, 4, 5])["upper"]
    assert upper.is_monotonic_decreasing


def test_scores_do_not_change_with_a_late_entry_that_is_none():
    """One person more, alone in a stratum, enters late: those of the others are the same."""
    times = made("weeks").assign(entry=0, stratum=1)
    own = times.head(2).assign(entry=[5, 5], clear_until=[7, 7], days=14, event=[True, False])
    own = own.assign(group=[1, 1], stratum=2)
    plain = compare_interval_survival(times, "group")
    both = compare_interval_survival(pd.concat([times, own]), "group", strata="stratum")
    assert both.table["score"].to_numpy() == pytest.approx(plain.table["score"], abs=1e-9)


def test_groups_that_are_never_at_risk_together_are_not_compared():
    times = pd.DataFrame({"entry": [0, 0, 9, 9], "days": [3, 5, 12, 14], "event": True})
    with pytest.raises(EstimateError, match="cannot be compared"):
        compare_interval_survival(times.assign(group=[1, 1, 2, 2]), "group")
    result = compare_interval_survival(times.assign(group=[1, 2, 1, 2]), "group")
    assert result.at(4)["survival"].tolist() == [0, 1]
    assert not result.synthetic


def test_the_picture_draws_what_is_not_told_apart():
    import matplotlib as mpl

    mpl.use("Agg")
    from iop_outcomes.plots.layout.style import alternative_text

    curves = interval_survival(four_people())
    ax = curves.plot()
    boxes = [item for item in ax.collections if item.get_gid() == "unsettled"]
    corners = np.concatenate([[path.vertices[:4] for path in box.get_paths()] for box in boxes])
    # Three cells, and the two stretches between them.
    assert sorted(corners[:, :, 0].min(axis=1)) == [0, 2, 3, 4, 5]
    assert sorted(corners[:, :, 0].max(axis=1)) == [2, 3, 4, 5, 10]
    assert corners[:, :, 1].min(axis=1) == pytest.approx([0.5] * 5)
    assert corners[:, :, 1].max(axis=1) == pytest.approx([1.0] * 5)
    cells = {text.get_gid(): text.get_text() for text in ax.texts}
    shown = curves.risk_table([0, 7])
    for column in ("clear", "between", "over", "events"):
        written = [cells[f"risk_0_{column}_{day}"] for day in (0, 7)]
        assert written == [str(value) for value in shown[column]]
    assert "not unique" in alternative_text(ax)
