"""The coverage study counts rightly, its truths are true, and its page says what was counted.

The study itself is `python -m validation.coverage`; here it runs with a handful of programs.
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from tests.helpers.engines import by_our_product

SURE = 4.5  # standard errors


def part(name: str) -> Any:
    return importlib.import_module(f"validation.coverage{name}")


count = part("_count")
HALF = 0.67448975  # the normal quantile of a 50 percent interval


def toy_once(reach: float, rng: np.random.Generator) -> list[Any]:
    """The mean of 25 standard normals with exact limits, and a p-value that is uniform."""
    mean = rng.standard_normal(25).mean()
    limits = (mean - reach / 5, mean + reach / 5)
    return [
        count.Found("Mean", "mean", mean, 0.2, *limits),
        count.Found("Naive: mean plus one", "mean", mean + 1, 0.2, *(end + 1 for end in limits)),
        count.Found("Stretch", "mean", mean - 0.1, highest=mean + 0.1),
        count.rejected("Test", rng.random()),
    ]


def toy(name: str = "toy", reach: float = 1.959964, **more: Any) -> Any:
    truth = {"mean": count.Truth(0.0, "number"), **count.TEST}
    once = partial(toy_once, reach)
    return part("_setting").Setting(name, "A toy", "Told.", 25, truth, once, **more)


@pytest.fixture(scope="module")
def population() -> Any:
    return part("_population").draw_population(5, people=1_500)


# Counting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reach", "level"), [(1.959964, 0.95), (HALF, 0.5)])
def test_an_estimator_with_exact_limits_has_their_coverage(reach, level):
    (table,) = part("").study([toy(reach=reach)], 2_000)
    rows = table.set_index("estimator")
    error = np.sqrt(level * (1 - level) / 2_000)
    assert abs(rows.loc["Mean", "coverage"] - level) < SURE * error
    assert abs(rows.loc["Mean", "bias_least"]) < SURE * 0.2 / np.sqrt(2_000)
    assert rows.loc["Mean", "mean_se"] == pytest.approx(0.2)
    assert abs(rows.loc["Mean", "spread"] - 0.2) < SURE * 0.2 / np.sqrt(4_000)
    assert rows.loc["Mean", "verdict"] == ("93 to 97" if level == 0.95 else "below")
    assert rows.loc["Naive: mean plus one", "coverage"] < 0.01
    assert rows.loc["Test", "verdict"] == "93 to 97"
    assert abs(rows.loc["Test", "coverage"] - 0.05) < SURE * np.sqrt(0.0475 / 2_000)
    assert rows["holds"].tolist() == [True, False, True, True]


def test_coverage_is_counted_by_hand():
    nan, inf = np.nan, np.inf
    numbers = np.array(
        [
            [[1.0, 1.0, 0.5, 0.0, 2.0]],  # holds 2, its upper limit
            [[3.0, 3.0, 0.5, 2.0, inf]],  # holds it, its lower limit
            [[5.0, 5.0, nan, 4.0, 6.0]],  # does not
            [[3.0, 7.0, nan, nan, 6.0]],  # has no interval, and lies anywhere from 3 to 7
            [[nan, nan, nan, nan, nan]],  # was not estimated
        ]
    )
    table = count.tally([("one", "x")], numbers, {"x": count.Truth(2.0, "days")})
    row = table.iloc[0]
    assert row["intervals"] == 3
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["estimated"] == 4
    assert row["bias_least"] == pytest.approx(12 / 4 - 2)
    assert row["bias_most"] == pytest.approx(16 / 4 - 2)
    assert row["spread"] == pytest.approx(np.std([1, 3, 5, 5], ddof=1))
    assert row["bias_error"] == pytest.approx(row["spread"] / 2)
    assert row["mean_se"] == 0.5
    assert row["verdict"] == "below"
    assert row["by_chance"]  # three intervals say nothing


@pytest.mark.parametrize(
    ("share", "unit", "said"),
    [
        (0.9299, "share", "below"),
        (0.93, "share", "93 to 97"),
        (0.97, "share", "93 to 97"),
        (0.9701, "share", "above"),
        (0.03, "test", "93 to 97"),
        (0.0701, "test", "below"),
        (0.0299, "test", "above"),
    ],
)
def test_the_verdict_is_that_of_the_band(share, unit, said):
    assert count.verdict(share, unit) == said


def test_replicates_that_estimate_different_things_are_refused():
    one, other = toy_once(1.0, np.random.default_rng(1)), toy_once(1.0, np.random.default_rng(2))
    with pytest.raises(ValueError, match="different things"):
        count.stacked([one, other[:-1]])


def test_a_band_counts_only_if_it_holds_on_every_day():
    held = part("_estimators")._holds
    band = pd.DataFrame({"day": [1, 3], "lower": [0.7, 0.4], "upper": [0.9, 0.7]})
    assert held(band, np.array([1.0, 0.8, 0.7, 0.6, 0.4]))
    assert not held(band, np.array([1.0, 0.8, 0.69, 0.6, 0.4]))  # before the next step
    assert not held(band, np.array([1.0, 0.8, 0.7, 0.6, 0.39]))


# Running -----------------------------------------------------------------------------------------


def test_each_program_has_its_own_stream_whatever_runs_beside_it(monkeypatch):
    study = part("").study
    alone = study([toy()], 50)[0]
    monkeypatch.setattr(part(""), "CHUNK", 7)
    before, after = study([toy("another"), toy()], 50)
    pd.testing.assert_frame_equal(after, alone)
    assert not before.equals(alone)
    assert study([toy(share=0.4)], 50)[0]["replicates"].tolist() == [20] * 4


@by_our_product  # as many fits by lifelines would take a third of the time
def test_every_setting_runs_and_has_a_truth_for_all_that_it_finds(population, monkeypatch):
    monkeypatch.setattr(part("_check_ins"), "RESAMPLES", 20)
    monkeypatch.setattr(part("_episodes"), "RESAMPLES", 20)
    monkeypatch.setattr(part("_imputation"), "IMPUTATIONS", 5)
    settings = part("_settings").make_settings(population)
    settings += part("_settings").make_more_settings()
    assert len({setting.name for setting in settings}) == len(settings)
    for setting in settings:
        result = setting.once(np.random.default_rng(1))
        keys = [(each.estimator, each.quantity) for each in result]
        assert len(set(keys)) == len(keys), setting.name
        assert {each.quantity for each in result} <= set(setting.truth), setting.name
        known = np.array([each.numbers() for each in result])[:, :2]
        assert (np.isnan(known).all(axis=1) | (known[:, 0] <= known[:, 1])).all(), setting.name
        ours = [name for name, _ in keys if setting.holds_for(name)]
        everything = part("_setting").ALL in setting.broken
        assert bool(ours) != everything, setting.name
        assert set(setting.broken) - {part("_setting").ALL} <= {name for name, _ in keys}


@pytest.mark.parametrize("name", ["exact200", "late", "fine_gray_clustered"])
def test_the_same_seed_gives_the_same_programs(population, name):
    settings = {each.name: each for each in part("_settings").make_settings(population)}
    once = settings[name].once
    both = count.stacked([once(np.random.default_rng(seed)) for seed in (1, 1, 2)])[1]
    np.testing.assert_array_equal(both[0], both[1])
    assert not np.array_equal(both[0], both[2], equal_nan=True)


# What is true ------------------------------------------------------------------------------------


def test_check_ins_are_read_as_the_true_days_have_it(population):
    times, day = population.times["all:censor"], population.relapse
    shown = -(-day // 7) * 7
    event = times["event"].to_numpy()
    assert event.sum() > 500
    assert (times["days"] == shown)[event].all()
    assert (times["clear_until"] == shown - 7)[event].all()
    assert (shown > times["days"])[~event].all()
    days = np.array([28, 90])
    assert population.free(days).tolist() == [(day > 28).mean(), (day > 90).mean()]
    assert (day <= population.median()).mean() >= 0.5 > (day < population.median()).mean()


def test_misses_without_a_link_do_not_move_the_intervals_off_the_truth(population):
    """Each relapse lies in the interval that the check-ins leave, however many were missed."""
    day = population.relapse
    for name in ("random_since_last:drop", "random_this_week:censor"):
        times = population.times[name]
        inside = (times["clear_until"] < day) & (day <= times["days"])
        event = times["event"].to_numpy()
        assert inside[event].all()
        assert (day > times["days"])[~event].all()
    unseen = population.times["random_this_week:drop"]
    assert (day <= unseen["clear_until"])[unseen["event"]].any()


def test_use_is_asked_for_since_the_last_answer():
    use = np.array([[0, 1, 0, 0, 0], [0, 0, 1, 1, 0]], dtype=bool)
    answered = np.array([[1, 0, 0, 1, 1], [1, 1, 1, 0, 1]], dtype=bool)
    shown = part("_population").use_since_last(use, answered)
    assert (shown & answered).astype(int).tolist() == [[0, 0, 0, 1, 0], [0, 0, 1, 0, 1]]


def test_up_to_a_first_use_the_last_value_is_no_use():
    population = part("_population")
    rng = np.random.default_rng(3)
    use, answered = rng.random((2, 200, 26)) < np.array([0.1, 0.7])[:, None, None]
    records = population.as_records(answered, use, np.full(200, 182))
    results = [
        iop.time_to_relapse(records, iop.RelapseRule(missing=rule))[["clear_until", "days"]]
        for rule in ("no_use", "last_value")
    ]
    pd.testing.assert_frame_equal(*results)


def test_the_rate_of_the_design_is_that_of_the_people(population):
    day, last = population.relapse, 100
    observed = (day <= last).mean()
    expected = 1 - np.prod(1 - population.rate[: last + 1])
    assert abs(observed - expected) < SURE * np.sqrt(0.25 / len(day)) * 1.5  # both have an error


def test_relapses_that_come_again_have_the_mean_that_is_said():
    processes = part("_processes")
    times = processes.draw_relapses(20_000, np.random.default_rng(1), effect=0.5, death=0.01)
    assert (times["entry"] < times["days"]).all()
    for group, effect in ((False, 0.0), (True, 0.5)):
        own = times[times["group"] == group]
        a_day = own["event"].sum() / (own["days"] - own["entry"]).sum()
        # A day on which someone dies counts at risk, and has no relapse.
        expected = processes._mean_a_day(effect) * 0.99
        assert abs(a_day / expected - 1) < SURE * 1.2 / np.sqrt(10_000)


def test_states_have_the_shares_that_are_said():
    processes = part("_processes")
    stays, state = processes.draw_states(5_000, np.random.default_rng(2))
    truth = processes._states(200).truth
    for code, name in enumerate(processes.STATES):
        seen = state[:, 60][state[:, 60] >= 0]
        expected = truth[f"{name}, day 60"].value
        error = np.sqrt(expected * (1 - expected) / len(seen))
        assert abs((seen == code).mean() - expected) < SURE * error
    assert (stays["entry"] < stays["days"]).all()
    assert stays.groupby("episode_id")["next_state"].agg(lambda each: each.isna().sum()).max() == 1


# The page ----------------------------------------------------------------------------------------


def test_the_page_says_what_was_counted(tmp_path):
    page = part("_page")
    why = {"Mean": "its limits are too narrow"}
    settings = [toy(), toy("narrow", HALF), toy("told", HALF, broken=why)]
    tables = part("").study(settings, 400, seed=3)
    run = page.Run("python -m validation.coverage", 3, 3_000, 400, 1, 12.0)
    page.write_page(tmp_path / "page.md", settings, tables, run)
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "{" not in text
    assert "### 3. A toy" in text
    assert "of 'Mean': its limits are too narrow" in text
    first = tables[0].iloc[0]
    assert f"{100 * first['coverage']:.1f} %" in text
    listed = text.split("### 1.")[0]
    assert listed.count("| A toy | mean | Mean |") == 1  # of the second setting only
    row = next(line for line in listed.splitlines() if line.startswith("| ours, assumptions hold"))
    counts = [int(cell) for cell in row.split("|")[2:6]]
    assert counts[0] == sum(counts[1:]) == 5


def test_few_resamples_hold_the_truth_less_often_than_they_say() -> None:
    # Of 40 resamples the limits are the first and the 39th: 38 of the 41 places lie between.
    assert part("_page").held_by_resampling(40) == pytest.approx(38 / 41)
    random = np.random.default_rng(4)
    truth = random.normal(size=20_000)
    drawn = random.normal(size=(20_000, 40))
    lower, upper = np.quantile(drawn, [0.025, 0.975], axis=1, method="inverted_cdf")
    covered = ((lower < truth) & (truth <= upper)).mean()
    assert covered == pytest.approx(38 / 41, abs=0.006)
