"""Sustained strategies by cloning, censoring and weighting: against slow versions and the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.compare.strategies.cloning import clone
from iop_outcomes.compare.strategies.decisions import Decisions
from iop_outcomes.compare.strategies.weighting import GoingOn
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.statistics.logistic import logistic_coefficients, logistic_probabilities
from iop_outcomes.survival.times import check_times

WEEKS = 3
NINE = iop.Strategy("nine", at_least=9, weeks=WEEKS)
FEWER = iop.Strategy("fewer", less_than=9, weeks=WEEKS)
BOTH = [NINE, FEWER]
FAST: dict[str, Any] = {"id": "id", "resamples": 100, "seed": 4}


# The truth by recursion --------------------------------------------------------------------------
# In each week craving (0 or 1) depends on the week before's attendance, and attendance on craving;
# the hazard of the week after on both. Who attends is not like who does not.


def craves(attended: Any) -> Any:
    return 0.5 - 0.3 * attended


def attends(craving: Any) -> Any:
    return 0.6 - 0.35 * craving


def uses(craving: Any, attended: Any) -> Any:
    return 0.03 + 0.16 * craving + 0.08 * (1 - attended)


def truth(attended: int) -> float:
    """The share without use after the last week's effect, had everyone (not) attended."""
    share, before = 0.95, 1
    for _ in range(WEEKS):
        share *= sum(
            chance * (1 - uses(craving, attended))
            for craving, chance in ((1, craves(before)), (0, 1 - craves(before)))
        )
        before = attended
    return share


def simulated(people: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(seed)
    days = np.full(people, 7.0 * (WEEKS + 1))
    event = random.random(people) < 0.05
    days[event] = random.integers(1, 7, event.sum())
    before, rows = np.ones(people), []
    for week in range(WEEKS):
        craving = random.random(people) < craves(before)
        came = random.random(people) < attends(craving)
        rows.append(
            pd.DataFrame(
                {
                    "id": np.arange(people),
                    "day": 7 * week + 6,
                    "hours": np.where(came, 10.0, 4.0),
                    "craving": craving.astype(int),
                }
            )[~event]
        )
        new = ~event & (random.random(people) < uses(craving, came))
        days[new] = 7 * week + 7 + random.integers(0, 7, new.sum())
        event |= new
        before = came.astype(float)
    times = pd.DataFrame({"id": np.arange(people), "days": days, "event": event})
    return times, pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, pd.DataFrame]:
    return simulated(3000, 8)


@pytest.fixture(scope="module")
def found(people: tuple[pd.DataFrame, pd.DataFrame]) -> iop.StrategyComparison:
    return iop.compare_strategies(*people, BOTH, day=27, formula="craving", **FAST)


def test_the_true_difference_is_found_where_the_naive_ways_miss_it(
    people: tuple[pd.DataFrame, pd.DataFrame], found: iop.StrategyComparison
) -> None:
    true = truth(0) - truth(1)
    row = found.table.iloc[0]
    assert row["lower"] < true < row["upper"]
    assert abs(row["difference"] - true) < 2 * row["se"]
    assert row["se"] < 0.03
    for place, attended in enumerate((1, 0)):
        curve = found.curves[found.curves["group"] == found.groups["group"][place]]
        assert curve["survival"].iloc[-1] == pytest.approx(truth(attended), abs=0.03)
    # Without the confounder the difference is too large, by far more than chance.
    without = iop.compare_strategies(*people, BOTH, day=27, formula="period", **FAST)
    assert without.table["difference"][0] < true - 3 * without.table["se"][0]
    # Sorted by what they did all along, those who used early are in neither group or in the wrong.
    times, weeks = people
    all_weeks = weeks.assign(on=weeks["hours"] >= 9).groupby("id")["on"].agg(["sum", "size"])
    always = times["id"].map(all_weeks["sum"]).eq(WEEKS)
    naive = iop.survival_difference(times.assign(always=always), "always", 27).table.iloc[0]
    assert -naive["difference"] < true - 6 * naive["se"]


def test_the_weighted_curve_is_that_of_survival_curves(
    people: tuple[pd.DataFrame, pd.DataFrame], found: iop.StrategyComparison
) -> None:
    """The same stretches and weights by the other engine, which knows nothing of clones."""
    times, weeks = people
    result = decisions_of(times, weeks)
    for strategy in BOTH:
        model = GoingOn.of(result, clone(result, strategy), "craving", None)
        clones = model.clones
        weight = model.of_stretches(model.after(model.probabilities(np.ones(len(times)))))
        frame = pd.DataFrame(
            {"entry": clones.entry, "days": clones.days, "event": clones.event, "w": weight}
        )
        other = iop.survival_curves(frame, weights="w").at([6, 13, 27])["survival"]
        own = found.curves[found.curves["group"] == strategy.name].set_index("day")["survival"]
        np.testing.assert_allclose(own.loc[[6, 13, 27]], other, rtol=1e-10)


def decisions_of(times: pd.DataFrame, weeks: pd.DataFrame, possible: Any = None) -> Decisions:
    checked = check_times(times, None)
    return Decisions.of(times, checked, weeks, ["hours"], id="id", possible=possible)


# Clones, one person at a time --------------------------------------------------------------------


def cloned_slowly(
    person: dict[str, Any], weeks: list[dict[str, Any]], strategy: iop.Strategy, grace: int
) -> tuple[list[tuple[float, float, bool]], int]:
    """The stretches of one clone, and how many decisions could have ended it."""
    start, stretches, used, at_stake = 0.0, [], 0, 0
    for week in sorted(weeks, key=lambda one: one["day"]):
        if week["day"] > strategy.last_day or week["day"] >= person["days"]:
            break
        value = week["hours"]
        known = not np.isnan(value)
        kept = bool(strategy.kept(np.array([value]))[0]) or not known
        at_stake += known and used == grace
        stretches.append((start, float(week["day"]), False))
        start = float(week["day"])
        if not kept:
            used += 1
            if used > grace:
                return stretches, at_stake
    stretches.append((start, float(person["days"]), bool(person["event"])))
    return stretches, at_stake


@pytest.mark.parametrize("grace", [0, 1, 2])
def test_clones_are_those_of_the_slow_version(grace: int) -> None:
    random = np.random.default_rng(grace)
    times = pd.DataFrame({"id": np.arange(150), "days": random.integers(0, 40, 150)})
    times["event"] = random.random(150) < 0.5
    weeks = pd.DataFrame(
        {"id": np.repeat(np.arange(150), 5), "day": np.tile(7 * np.arange(5) + 6, 150)}
    )
    weeks["hours"] = random.choice([3.0, 10.0, 12.0, np.nan], len(weeks), p=[0.4, 0.2, 0.3, 0.1])
    weeks = weeks.sample(frac=1, random_state=1)  # in any order
    result = decisions_of(times, weeks)
    for strategy in BOTH:
        graced = iop.Strategy(
            strategy.name,
            at_least=strategy.at_least,
            less_than=strategy.less_than,
            weeks=WEEKS,
            grace=grace,
        )
        clones = clone(result, graced)
        stake = np.bincount(result.row[clones.decision[clones.at_stake]], minlength=150)
        for row, person in enumerate(times.to_dict("records")):
            own = weeks[weeks["id"] == person["id"]].to_dict("records")
            stretches, at_stake = cloned_slowly(person, own, graced, grace)
            place = np.flatnonzero(clones.row == row)
            there = list(
                zip(
                    clones.entry[place].tolist(),
                    clones.days[place].tolist(),
                    clones.event[place].tolist(),
                    strict=True,
                )
            )
            assert there == stretches
            assert stake[row] == at_stake


def test_weights_are_products_of_the_inverse_probabilities() -> None:
    """Worked by hand: with the period alone the probabilities are the shares that went on."""
    times = pd.DataFrame({"id": list("abcdef"), "days": 30, "event": [1, 0, 0, 1, 0, 0]})
    hours = {"a": [10, 10], "b": [10, 10], "c": [10, 3], "d": [3, 3], "e": [10, 10], "f": [3, 10]}
    weeks = pd.DataFrame(
        [
            {"id": name, "day": 7 * place + 6, "hours": float(value)}
            for name, values in hours.items()
            for place, value in enumerate(values)
        ]
    )
    result = decisions_of(times, weeks)
    model = GoingOn.of(
        result, clone(result, iop.Strategy("nine", at_least=9, grace=0)), "period", None
    )
    chance = model.probabilities(np.ones(6))
    # Six come to the first week and 4 go on; of these 3 go on after the second.
    of_kept = chance[model.clones.kept]
    np.testing.assert_allclose(of_kept, [4 / 6, 3 / 4, 4 / 6, 3 / 4, 4 / 6, 4 / 6, 3 / 4])
    after = model.after(chance)
    assert after[model.clones.kept][1] == pytest.approx(2.0)
    both = [iop.Strategy("nine", at_least=9, grace=0), iop.Strategy("any", at_least=0, grace=0)]
    table = iop.compare_strategies(times, weeks, both, day=30, formula="period", **FAST)
    curve = table.curves.set_index(["group", "day"])["survival"]
    assert curve["nine", 30] == pytest.approx(2 / 3)  # a, b and e count alike; a has the event
    assert curve["any", 30] == pytest.approx(4 / 6)


def test_nothing_after_a_deviation_or_an_end_changes_anything() -> None:
    times, weeks = simulated(300, 6)
    comparison = iop.compare_strategies(times, weeks, BOTH, day=27, formula="craving", **FAST)
    end = weeks["id"].map(times.set_index("id")["days"])
    off = weeks["hours"] < 9
    deviated = off.groupby(weeks["id"]).cumsum() > off  # of "nine", before this week
    changed = weeks.assign(hours=weeks["hours"].where(~deviated, 0.0))
    again = iop.compare_strategies(times, changed, BOTH, day=27, formula="craving", **FAST)
    nine = [one.curves[one.curves["group"] == "nine"] for one in (comparison, again)]
    pd.testing.assert_frame_equal(*nine)
    later = pd.DataFrame({"id": times["id"], "day": times["days"] + 0.5, "hours": 0.0})
    more = pd.concat([weeks[end > weeks["day"]], later.assign(craving=1)])
    again = iop.compare_strategies(times, more, BOTH, day=27, formula="craving", **FAST)
    pd.testing.assert_frame_equal(comparison.table, again.table)


def test_who_could_not_choose_ends_without_a_probability() -> None:
    times, weeks = simulated(400, 2)
    gone = (weeks["id"] % 4 == 0) & (weeks["day"] > 6)
    weeks = weeks.assign(there=~gone, hours=weeks["hours"].where(~gone, 0.0))
    comparison = iop.compare_strategies(
        times, weeks, BOTH, day=27, formula="craving", possible="there", **FAST
    )
    table = comparison.weights.set_index(["group", "period"])
    assert table.loc[("nine", 2), "could_not_choose"] > 0
    assert (table.loc["fewer", "could_not_choose"] == 0).all()
    assert "no weight makes up for them" in comparison.protocol["emulation"][1]


def test_the_protocol_says_what_was_done(
    people: tuple[pd.DataFrame, pd.DataFrame], found: iop.StrategyComparison
) -> None:
    times, _ = people
    protocol = found.protocol.set_index("element")
    assert list(protocol.index) == [
        *("eligibility", "strategies", "assignment", "start", "outcome", "contrast", "analysis")
    ]
    assert "3,000 rows" in protocol.loc["eligibility", "emulation"]
    assert "6,000 clones" in protocol.loc["assignment", "emulation"]
    events = int((times["event"] & (times["days"] <= 27)).sum())
    assert f"{events:,} events by day 27" in protocol.loc["outcome", "emulation"]
    ended = int(found.weights["ended"].sum())
    assert f"{ended:,} clones ended so" in protocol.loc["start", "emulation"]
    assert ended == int(found.groups["ended"].sum())
    assert "not truncated" in protocol.loc["analysis", "emulation"]
    assert "(terms: craving)" in protocol.loc["analysis", "emulation"]
    assert "100 bootstrap samples" in protocol.loc["analysis", "emulation"]
    cut = iop.compare_strategies(
        *people, BOTH, day=27, formula="craving", truncate=0.9, grace=1, **FAST
    )
    assert "truncated at quantile 0.9" in cut.protocol["emulation"][6]
    assert "1 of them excepted" in cut.protocol["target_trial"][1]
    assert cut.weights["largest_weight"].max() < found.weights["largest_weight"].max()


def test_the_same_seed_gives_the_same_limits(found: iop.StrategyComparison, capsys: Any) -> None:
    times, weeks = simulated(300, 1)
    one, two = (
        iop.compare_strategies(times, weeks, BOTH, day=27, formula="craving", progress=True, **FAST)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(one.curves, two.curves)
    assert "100 of 100 samples" in capsys.readouterr().err
    other = iop.compare_strategies(
        times, weeks, BOTH, day=27, formula="craving", **FAST | {"seed": 5}
    )
    assert other.table["se"][0] != one.table["se"][0]
    assert "effective size" in one.text or one.weights["effective_size"].min() >= 50
    assert "nine" in found.text


def test_a_strategy_that_says_nothing_is_refused() -> None:
    for options in ({}, {"at_least": np.nan}, {"at_least": 9, "less_than": 9}, {"at_least": "9"}):
        with pytest.raises(RuleError):
            iop.Strategy("x", **options)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="whole weeks"):
        iop.Strategy("x", at_least=1, weeks=0)
    with pytest.raises(RuleError, match="has a name"):
        iop.Strategy(" ", at_least=1)


def test_what_does_not_fit_is_refused() -> None:
    times, weeks = simulated(200, 1)
    options: dict[str, Any] = {"day": 27, "formula": "craving", **FAST}

    def refused(kind: type[Exception], words: str, *given: Any, **changed: Any) -> None:
        with pytest.raises(kind, match=words):
            iop.compare_strategies(*given, **options | changed)

    refused(RuleError, "two strategies or more", times, weeks, [NINE])
    refused(RuleError, "name of its own", times, weeks, [NINE, NINE])
    refused(RuleError, "no column named hours", times, weeks.drop(columns="hours"), BOTH)
    refused(RuleError, "whose decisions", times, weeks, BOTH, id="who")
    twice = pd.concat([weeks, weeks.iloc[:1]])
    refused(EstimateError, "one decision a day", times, twice, BOTH)
    refused(EstimateError, "has an id of its own", pd.concat([times, times]), weeks, BOTH)
    refused(EstimateError, "belongs to a row", times.iloc[1:], weeks, BOTH)
    refused(EstimateError, "is about numbers", times, weeks.assign(hours="x"), BOTH)
    refused(RuleError, "quantile", times, weeks, BOTH, truncate=0.2)
    refused(RuleError, "resamples", times, weeks, BOTH, resamples=5)
    refused(RuleError, "no column named age", times, weeks, BOTH, formula="age")
    never = [NINE, iop.Strategy("a hundred", at_least=100)]
    refused(EstimateError, "Nobody went on", times, weeks, never)
    refused(EstimateError, "followed up to the day", times, weeks, BOTH, day=60)


def test_records_give_the_weeks_and_the_comparison() -> None:
    sample = iop.synthetic_records(people=80, seed=3)
    records = iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )
    half = iop.Strategy("half", at_least=0.5, column="attendance_rate", weeks=2)
    less = iop.Strategy("less", less_than=0.5, column="attendance_rate", weeks=2)
    comparison = iop.emulate_strategies(
        records, [half, less], day=35, covariates=["age", "track"], resamples=100
    )
    assert comparison.synthetic
    assert comparison.groups["n"].tolist() == [len(iop.time_to_relapse(records))] * 2
    assert "`age` + `track`" in comparison.protocol["emulation"][2]
    with pytest.raises(RuleError, match="weeks of records hold"):
        iop.emulate_strategies(records, [NINE, iop.Strategy("x", at_least=1, column="z")], day=30)


def test_the_weeks_of_records_add_up_to_engagement() -> None:
    from iop_outcomes.exposure.source import Source
    from iop_outcomes.exposure.strategies import weeks_of

    sample = iop.synthetic_records(people=60, seed=3)
    records = iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )
    source = Source.of(
        records,
        None,
        window=None,
        services=("group", "individual", "family", "skills"),
        excused="due",
        purpose="strategy",
    )
    weeks = weeks_of(source, 60)
    whole = iop.engagement(records).set_index("episode_id")
    by = weeks.groupby("episode_id", observed=True)
    for name, column in (
        ("hours", "hours_attended"),
        ("sessions_due", "sessions_due"),
        ("sessions_attended", "sessions_attended"),
    ):
        total = by[name].sum()
        np.testing.assert_allclose(total, whole.loc[total.index, column], rtol=1e-9)
    first = weeks.groupby("episode_id", observed=True).shift()
    later = weeks["day"] > 6
    assert (weeks["attended_last_week"] == first["sessions_attended"])[later].all()
    so_far = by["sessions_attended"].cumsum() - weeks["sessions_attended"]
    assert (weeks["attended_before"] == so_far).all()


# The logistic model ------------------------------------------------------------------------------


def test_a_saturated_logistic_model_gives_the_shares() -> None:
    group = np.repeat([0.0, 1.0], [8, 12])
    outcome = np.concatenate([np.arange(8) < 2, np.arange(12) < 9])
    beta = logistic_coefficients(group[:, None], outcome)
    np.testing.assert_allclose(beta, [np.log(2 / 6), np.log(9 / 3) - np.log(2 / 6)])
    twice = logistic_coefficients(group[:, None], outcome, np.full(20, 2.0))
    np.testing.assert_allclose(beta, twice)
    counted = logistic_coefficients(
        np.repeat(group, 2)[:, None], np.repeat(outcome, 2), np.tile([1.0, 0.0], 20)
    )
    np.testing.assert_allclose(beta, counted)
    begun = logistic_coefficients(group[:, None], outcome, start=np.array([3.0, -2.0]))
    np.testing.assert_allclose(beta, begun, rtol=1e-6)


def test_a_logistic_model_gives_probabilities_where_columns_repeat_or_foretell_all() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(60, 2))
    outcome = random.random(60) < 1 / (1 + np.exp(-x[:, 0]))
    plain = logistic_coefficients(x, outcome)
    twice = logistic_coefficients(np.column_stack([x, 2 * x[:, :1], np.ones(60)]), outcome)
    wide = np.column_stack([x, 2 * x[:, :1], np.ones(60)])
    np.testing.assert_allclose(plain[0] + x @ plain[1:], twice[0] + wide @ twice[1:], atol=1e-6)
    separated = logistic_coefficients(x, x[:, 0] > 0)
    np.testing.assert_allclose(logistic_probabilities(x, separated), x[:, 0] > 0, atol=1e-4)
