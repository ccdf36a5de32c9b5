from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes import state_occupation
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.relapse.course.states import state_histories
from iop_outcomes.survival import survival_curves
from iop_outcomes.survival.competing.estimate import cumulative_incidence
from iop_outcomes.survival.states import estimate as state_estimate
from iop_outcomes.survival.states.result import StateOccupation
from tests.helpers.r_data import r_data

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "states.csv")
SAMPLES = HERE.parents[1] / "data" / "samples"
STATES = ("well", "ill", "dead")


def of(table: pd.DataFrame, state: str, **group: str) -> pd.DataFrame:
    kept = table["state"] == state
    for name, value in group.items():
        kept &= table[name] == value
    return table[kept].reset_index(drop=True)


def reference(data: str, group: str, state: str, quantity: str) -> pd.DataFrame:
    rows = REFERENCE.query(
        "data == @data and group == @group and state == @state and quantity == @quantity"
    )
    assert len(rows)
    return rows


@cache
def found_in(data: str) -> StateOccupation:
    if data == "late":
        return state_occupation(pd.read_csv(HERE / "states_entry.csv"), id="id")
    return state_occupation(pd.read_csv(HERE / "states_data.csv"), by="group", id="id")


# Against R


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("data", "group"), [("plain", "a"), ("plain", "b"), ("late", "all")])
@pytest.mark.parametrize("quantity", ["share", "se", "lower", "upper", "at_risk", "entered"])
def test_shares_are_those_of_survfit(quantity: str, data: str, group: str, state: str) -> None:
    expected = reference(data, group, state, quantity)
    result = found_in(data)
    table = of(result.at(expected["day"].tolist()), state, **dict.fromkeys(result.by, group))
    value = table[quantity].to_numpy()
    # R has no limits while a share is 0.
    np.testing.assert_allclose(value, expected["value"].fillna(0), rtol=0, atol=1e-9)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("data", "group"), [("plain", "a"), ("plain", "b"), ("late", "all")])
def test_days_in_each_state_are_those_of_survfit(data: str, group: str, state: str) -> None:
    result = found_in(data)
    label = dict.fromkeys(result.by, group)
    for ours, theirs in (("days", "time"), ("se", "time_se")):
        for row in reference(data, group, state, theirs).itertuples():
            value = of(result.time_in_state(row.day), state, **label)[ours].item()
            assert value == pytest.approx(row.value, rel=1e-9)


def myeloid() -> pd.DataFrame:
    """The trial's patients: no state (s0), complete response, relapse, death, as they come."""
    people = r_data("myeloid")
    events = {"crtime": "CR", "rltime": "relapse", "futime": "death"}
    rows = people.melt(["id", "trt", "death"], list(events), "event", "days").dropna()
    rows = rows.sort_values(["id", "days"], ignore_index=True)
    death = (rows["event"] == "futime") & (rows["death"] == 0)
    rows["next_state"] = rows["event"].map(events).mask(death)
    by_person = rows.groupby("id")
    rows["entry"] = by_person["days"].shift(fill_value=0)
    rows["state"] = by_person["next_state"].shift(fill_value="s0")
    return rows


def test_the_shares_of_myeloid() -> None:
    occupation = state_occupation(myeloid(), by="trt", id="id")
    expected = {
        "s0": [0.203295, 0.138918, 0.096864],
        "CR": [0.568863, 0.402041, 0.299827],
        "relapse": [0.094234, 0.135056, 0.097244],
        "death": [0.133609, 0.323985, 0.506065],
    }
    table = occupation.at([180, 365, 730])
    for state, shares in expected.items():
        own = of(table, state, trt="A")
        np.testing.assert_allclose(own["share"], shares, rtol=0, atol=5e-7)
    assert of(table, "s0", trt="A")["se"][0] == pytest.approx(0.023286, abs=5e-7)
    days = occupation.time_in_state(730)
    means = {"s0": 149.5546, "CR": 292.1631, "relapse": 73.9207, "death": 214.3616}
    for state, mean in means.items():
        assert of(days, state, trt="A")["days"].item() == pytest.approx(mean, abs=5e-5)
    moves = occupation.transitions.groupby(["from", "to"], observed=True)["number"].sum()
    assert moves["s0", "CR"] == 454
    assert moves["CR", "relapse"] == 206
    assert moves["relapse", "death"] == 168
    assert moves["CR", "censored"] == 198


# By hand


def small() -> pd.DataFrame:
    """Six people: a lapses and recovers, b lapses and dies, c stays, d, e, f are cut off."""
    return pd.DataFrame(
        [
            ("a", "engaged", 0, 10, "lapsed"),
            ("a", "lapsed", 10, 30, "engaged"),
            ("a", "engaged", 30, 50, None),
            ("b", "engaged", 0, 10, "lapsed"),
            ("b", "lapsed", 10, 40, "dead"),
            ("c", "engaged", 0, 60, None),
            ("d", "engaged", 0, 20, None),
            ("e", "engaged", 0, 20, "lapsed"),
            ("e", "lapsed", 20, 35, None),
            ("f", "engaged", 0, 5, None),
        ],
        columns=["episode_id", "state", "entry", "days", "next_state"],
    )


def test_a_small_example_worked_by_hand() -> None:
    occupation = state_occupation(small())
    # Of 5 engaged, 2 lapse on day 10; of the 3 left, 1 on day 20. Of the 3 lapsed, 1 comes back
    # on day 30; e is then cut off, and the last of the lapsed dies on day 40.
    engaged = [1, 1, Fraction(3, 5), Fraction(2, 5), Fraction(3, 5), Fraction(3, 5), Fraction(3, 5)]
    lapsed = [0, 0, Fraction(2, 5), Fraction(3, 5), Fraction(2, 5), Fraction(2, 5), 0]
    table = occupation.at([0, 5, 10, 20, 30, 35, 40])
    for state, shares in (("engaged", engaged), ("lapsed", lapsed)):
        own = of(table, state)
        np.testing.assert_allclose(own["share"], [float(share) for share in shares], atol=1e-12)
    assert of(table, "lapsed")["at_risk"].tolist() == [0, 0, 0, 2, 3, 2, 1]
    assert of(table, "engaged")["at_risk"].tolist() == [6, 6, 5, 3, 1, 2, 2]
    assert of(table, "lapsed")["entered"].tolist() == [0, 0, 2, 1, 0, 0, 0]
    assert of(table, "dead")["share"].tolist()[-1] == pytest.approx(2 / 5)
    # A share of 5 people, before anything else has happened.
    assert of(table, "lapsed")["se"][2] == pytest.approx((2 / 5 * 3 / 5 / 5) ** 0.5)
    # 10 + 3/5 x 10 + 2/5 x 10 + 3/5 x 20 days engaged; 0, 2/5, 3/5 and 2/5 of 10 days each.
    days = occupation.time_in_state(40)
    np.testing.assert_allclose(of(days, "engaged")["days"], 10 + 6 + 4 + 6)
    np.testing.assert_allclose(of(days, "lapsed")["days"], 4 + 6 + 4)
    moves = occupation.transitions.astype({"from": str, "to": str})
    assert set(moves.itertuples(index=False, name=None)) == {
        ("engaged", "lapsed", 3),
        ("engaged", "censored", 4),
        ("lapsed", "dead", 1),
        ("lapsed", "engaged", 1),
        ("lapsed", "censored", 1),
    }
    assert occupation.sizes[["n", "stays", "moves"]].iloc[0].tolist() == [6, 10, 5]
    assert occupation.risk_table([0, 20, 59, 60])["at_risk"].tolist() == [6, 4, 1, 0]


def test_past_the_end_nothing_is_said() -> None:
    table = state_occupation(small()).at([60, 61])
    late = table[table["day"] == 61]
    assert late[["share", "se", "lower", "upper"]].isna().all(axis=None)
    assert (late["at_risk"] == 0).all()
    assert table[table["day"] == 60]["share"].sum() == pytest.approx(1)


def test_shares_from_a_later_day_on() -> None:
    # On day 15 c, d and e are engaged, a and b lapsed.
    occupation = state_occupation(small(), start=15)
    first = occupation.at(15)
    assert of(first, "engaged")["share"].item() == pytest.approx(3 / 5)
    assert of(first, "lapsed")["share"].item() == pytest.approx(2 / 5)
    # Of the 3 engaged 1 lapses; then 1 of 3 lapsed comes back.
    shares = of(occupation.at([20, 30]), "engaged")["share"]
    np.testing.assert_allclose(shares, [2 / 5, 3 / 5])
    assert occupation.at(14)["share"].isna().all()
    assert of(occupation.time_in_state(30), "engaged")["days"].item() == pytest.approx(
        5 * 3 / 5 + 4
    )


# Against other estimates


def test_two_states_are_kaplan_meier() -> None:
    times = pd.read_csv(HERE / "competing_data.csv")
    times["event"] = times["end"] == "relapse"
    curves = survival_curves(times, by="group").table
    histories = times.assign(state="clear", next_state=np.where(times["event"], "relapsed", None))
    table = state_occupation(histories, by="group", id=None).table
    merged = curves.merge(of(table, "clear"), on=["group", "day"], suffixes=("", "_state"))
    assert len(merged) == len(curves)
    np.testing.assert_allclose(merged["share"], merged["survival"], atol=1e-12)
    inside = (merged["share"] > 0) & (merged["share"] < 1)
    for name in ("lower_state", "upper_state"):
        np.testing.assert_allclose(
            merged[name][inside], merged[name.removesuffix("_state")][inside], atol=1e-9
        )


def test_states_without_return_are_cumulative_incidence() -> None:
    times = pd.read_csv(HERE / "competing_data.csv")
    causes = ["relapse", "died", "transferred"]
    incidence = cumulative_incidence(times, by="group", end="end", causes=causes).table
    ended = times["end"].where(times["end"].isin(causes))
    histories = times.assign(state="clear", next_state=ended)
    table = state_occupation(histories, by="group", id=None).table
    for cause in causes:
        ours = of(table, cause)
        theirs = incidence[incidence["cause"] == cause].reset_index(drop=True)
        assert ours["day"].tolist() == theirs["day"].tolist()
        for name, other in (("share", "incidence"), ("se", "se"), ("lower", "lower")):
            np.testing.assert_allclose(ours[name], theirs[other], atol=1e-10)


def shares_by_weight(
    histories: pd.DataFrame, weight: dict[Any, float], cluster: str, states: list[str], day: float
) -> np.ndarray:
    """The shares on a day and the days in each state, person by person, with weights."""
    rows = [
        (
            row.entry,
            row.days,
            states.index(row.state),
            row.next_state,
            weight[getattr(row, cluster)],
        )
        for row in histories.itertuples()
    ]
    ends = sorted({row[1] for row in rows if row[1] <= day})
    moves = [row[1] for row in rows if not pd.isna(row[3])]
    first = min(moves) if moves else max(row[1] for row in rows)
    share = np.zeros(len(states))
    for entry, end, state, _, own in rows:
        if entry < first <= end:
            share[state] += own
    share /= share.sum()
    spent, last = np.zeros(len(states)), min(row[0] for row in rows)
    for now in ends:
        spent += share * (now - last)
        last = now
        new = share.copy()
        for state in range(len(states)):
            risk = sum(row[4] for row in rows if row[0] < now <= row[1] and row[2] == state)
            for row in rows:
                if row[1] == now and row[2] == state and not pd.isna(row[3]):
                    moved = share[state] * row[4] / risk
                    new[state] -= moved
                    new[states.index(row[3])] += moved
        share = new
    return np.append(share, spent + share * (day - last))


@st.composite
def histories(draw: st.DrawFn) -> pd.DataFrame:
    """Up to seven ids of three people, with gaps, late entry, ties and returns."""
    rows = []
    for number in range(draw(st.integers(2, 7))):
        now = draw(st.integers(0, 4))
        state = draw(st.sampled_from("abc"))
        for _ in range(draw(st.integers(1, 4))):
            end = now + draw(st.integers(1, 5))
            following = draw(st.sampled_from(["a", "b", "c", "d", None]))
            following = None if following == state else following
            rows.append((number, number % 3, state, now, end, following))
            if following == "d":
                break
            now = end
            if following is None and draw(st.booleans()):
                now += draw(st.integers(1, 3))
                following = draw(st.sampled_from("abc"))
            state = following or state
    columns = ["episode_id", "person_id", "state", "entry", "days", "next_state"]
    return pd.DataFrame(rows, columns=columns).astype({"next_state": object})


@given(frame=histories(), cluster=st.sampled_from(["episode_id", "person_id"]))
@settings(max_examples=10)
def test_errors_are_the_influence_of_each_cluster(frame: pd.DataFrame, cluster: str) -> None:
    occupation = state_occupation(frame, cluster=cluster)
    states = list(occupation.states)
    day = float(frame["days"].max()) - 0.5
    names = frame[cluster].unique()
    equal = dict.fromkeys(names, 1.0)
    plain = shares_by_weight(frame, equal, cluster, states, day)
    part = occupation.at(day)
    np.testing.assert_allclose(part["share"], plain[: len(states)], atol=1e-12)
    step = 1e-5
    variance = np.zeros(len(plain))
    for name in names:
        changed = [
            shares_by_weight(frame, {**equal, name: 1 + sign * step}, cluster, states, day)
            for sign in (1, -1)
        ]
        variance += ((changed[0] - changed[1]) / (2 * step)) ** 2
    np.testing.assert_allclose(part["se"], np.sqrt(variance[: len(states)]), atol=1e-7)
    spent = [of(occupation.spent, state) for state in states]
    place = [np.searchsorted(own["day"], day, side="right") - 1 for own in spent]
    error = part["se"].to_numpy()
    left = day - np.array([own["day"][at] for own, at in zip(spent, place, strict=True)])
    values = [
        np.array([own[name][at] for own, at in zip(spent, place, strict=True)])
        for name in ("variance", "covariance")
    ]
    time_variance = values[0] + 2 * left * values[1] + (left * error) ** 2
    np.testing.assert_allclose(
        np.sqrt(np.maximum(time_variance, 0)), np.sqrt(variance[len(states) :]), atol=1e-6
    )


# Properties


@given(frame=histories(), seed=st.integers(0, 99), factor=st.sampled_from([2, 7, 0.5]))
@settings(max_examples=10)
def test_shares_sum_to_one_whatever_the_order_and_the_scale(
    frame: pd.DataFrame, seed: int, factor: float
) -> None:
    occupation = state_occupation(frame)
    total = occupation.table.groupby("day")["share"].sum()
    np.testing.assert_allclose(total, 1, atol=1e-12)
    assert occupation.table["share"].between(0, 1).all()
    limits = occupation.table.dropna()
    assert (limits["lower"] <= limits["share"] + 1e-12).all()
    assert (limits["upper"] >= limits["share"] - 1e-12).all()

    shuffled = state_occupation(frame.sample(frac=1, random_state=seed))
    values = ["share", "se", "lower", "upper", "at_risk", "entered"]
    np.testing.assert_allclose(shuffled.table[values], occupation.table[values], atol=1e-12)

    scaled = state_occupation(
        frame.assign(entry=frame["entry"] * factor, days=frame["days"] * factor)
    )
    np.testing.assert_allclose(scaled.table["day"], occupation.table["day"] * factor)
    np.testing.assert_allclose(scaled.table[values], occupation.table[values], atol=1e-12)
    np.testing.assert_allclose(scaled.spent["time"], occupation.spent["time"] * factor, atol=1e-12)


@given(frame=histories(), copies=st.integers(2, 3))
@settings(max_examples=10)
def test_copies_of_everyone(frame: pd.DataFrame, copies: int) -> None:
    table = state_occupation(frame, cluster="episode_id").table
    several = pd.concat(
        [frame.assign(copy=frame["episode_id"] + 100 * copy) for copy in range(copies)]
    )
    # Copies that vary as one say no more than one; as people of their own, as many more.
    together = state_occupation(several, id="copy", cluster="episode_id").table
    np.testing.assert_allclose(together["share"], table["share"], atol=1e-12)
    np.testing.assert_allclose(together["se"], table["se"], atol=1e-9)
    apart = state_occupation(several, id="copy", cluster="copy").table
    np.testing.assert_allclose(apart["se"] * copies**0.5, table["se"], atol=1e-9)


@given(frame=histories(), cut=st.floats(0.1, 0.9))
@settings(max_examples=10)
def test_a_stay_cut_in_two_is_the_same_stay(frame: pd.DataFrame, cut: float) -> None:
    middle = frame["entry"] + (frame["days"] - frame["entry"]) * cut
    for following in (None, frame["state"]):
        first = frame.assign(days=middle, next_state=following)
        parts = pd.concat([first, frame.assign(entry=middle)])
        table = state_occupation(parts).table
        pd.testing.assert_frame_equal(table, state_occupation(frame).table, check_dtype=False)


# From records


def test_records_and_their_histories_say_the_same() -> None:
    records = iop.read_records(SAMPLES)
    rule = iop.RelapseRule(missing="drop")
    occupation = state_occupation(records, rule, by="track")
    again = state_occupation(state_histories(records, rule), by="track")
    pd.testing.assert_frame_equal(occupation.table, again.table)
    assert occupation.rule == again.rule
    assert occupation.rule.startswith(rule.text)
    assert occupation.rule.endswith("Aalen-Johansen estimate, errors by person, 95% limits.")
    assert occupation.synthetic
    assert occupation.states == ("engaged", "discharged", "recovered", "relapsed", "lost", "dead")
    assert occupation.by == ("track",)
    np.testing.assert_allclose(
        occupation.table.groupby(["track", "day"], observed=True)["share"].sum(), 1
    )
    assert "day: engaged" in occupation.text
    assert f"on day {occupation.last_day:g}" in occupation.text
    total = occupation.time_in_state(150).groupby("track", observed=True)["days"].sum()
    np.testing.assert_allclose(total, 150)


def test_what_is_told_rests_on_more_than_a_few() -> None:
    many = pd.DataFrame({"state": "a", "days": [*range(1, 101)], "next_state": "b"})
    occupation = state_occupation(many, id=None)
    assert occupation.last_common_day == 100
    assert occupation.last_day == 91  # 10 people are under observation just before it
    assert "on day 91" in occupation.text
    few = state_occupation(many.iloc[:9], id=None)
    assert few.last_day == few.last_common_day == 9


def test_the_order_of_the_states() -> None:
    assert state_occupation(small()).states == ("engaged", "lapsed", "dead")
    other = small().replace({"engaged": "well", "lapsed": "ill"})
    assert state_occupation(other).states == ("ill", "well", "dead")
    other["state"] = pd.Categorical(other["state"], ["well", "ill", "away"])
    occupation = state_occupation(other)
    assert occupation.states == ("well", "ill", "dead")
    assert occupation.table["state"].cat.categories.tolist() == ["well", "ill", "dead"]


def test_how_a_result_shows_itself() -> None:
    occupation = state_occupation(small())
    assert repr(occupation) == "<StateOccupation: 3 states, 1 group, n 6, 5 moves>"
    assert occupation._repr_html_().startswith(
        "<table><caption>Share of episodes in each state on day 60: engaged 0.6"
    )


# Refusals


def test_times_that_are_none_are_refused() -> None:
    for change, words in (
        ({"days": -1}, "number of days, 0 or more"),
        ({"entry": 70}, "Entry must be before days"),
        ({"days": 0, "entry": 0}, "A stay must end after it begins"),
        ({"state": None}, "Every stay has a value of state"),
        ({"episode_id": None}, "Every row has a value of episode_id"),
    ):
        with pytest.raises(EstimateError, match=words):
            state_occupation(small().assign(**change))
    with pytest.raises(EstimateError, match="one row a stay"):
        state_occupation([1, 2])  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match="has no rows"):
        state_occupation(small().iloc[:0])


def test_stays_that_contradict_each_other_are_refused() -> None:
    overlap = small()
    overlap.loc[1, "entry"] = 5
    with pytest.raises(EstimateError, match=r"do not overlap.*\n.*1 that begin"):
        state_occupation(overlap)
    wrong = small()
    wrong.loc[1, "state"] = "dead"
    with pytest.raises(EstimateError, match="its state is the next_state of the stay before"):
        state_occupation(wrong)
    jumped = small()
    jumped.loc[0, "next_state"] = None
    with pytest.raises(EstimateError, match="its state is the next_state of the stay before"):
        state_occupation(jumped)
    moved = small().assign(track=["day", "evening", *["day"] * 8])
    with pytest.raises(EstimateError, match="All stays of one id are in one group"):
        state_occupation(moved, by="track")
    missing = small().assign(track=["day", None, *["day"] * 8])
    with pytest.raises(EstimateError, match="belongs to no group"):
        state_occupation(missing, by="track")


def test_columns_and_options_that_are_none_are_refused() -> None:
    for name in ("state", "days", "next_state", "episode_id"):
        with pytest.raises(RuleError, match=f"no column named {name}"):
            state_occupation(small().drop(columns=name))
    with pytest.raises(RuleError, match="no column named clinic"):
        state_occupation(small(), cluster="clinic")
    with pytest.raises(RuleError, match="no column named track to group by"):
        state_occupation(small(), by="track")
    with pytest.raises(RuleError, match="cannot be named share"):
        state_occupation(small().assign(share=1), by="share")
    with pytest.raises(RuleError, match="A rule applies to records"):
        state_occupation(small(), iop.RelapseRule())
    with pytest.raises(RuleError):
        state_occupation(small(), confidence=95)
    with pytest.raises(EstimateError, match="A group has nobody under observation"):
        state_occupation(small(), start=60)


def test_horizons_that_cannot_be_are_refused() -> None:
    occupation = state_occupation(small())
    with pytest.raises(EstimateError, match="followed up to the horizon"):
        occupation.time_in_state(61)
    with pytest.raises(EstimateError, match="fewer than two people"):
        occupation.time_in_state(55)
    with pytest.raises(RuleError, match="later than day 0"):
        occupation.time_in_state(0)
    assert occupation.time_in_state(50)["days"].sum() == pytest.approx(50)
    # Where nobody can move any more, nobody needs to be under observation.
    ended = pd.DataFrame({"state": "alive", "days": [10, 20, 30], "next_state": "dead", "entry": 0})
    assert state_occupation(ended, id=None).time_in_state(30)["days"].tolist() == [20, 10]


def test_too_many_different_days_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_estimate, "MOST_DAYS", 5)
    with pytest.raises(EstimateError, match="At most 5 different days"):
        state_occupation(small())


def test_followed_to_the_end_the_days_are_the_plain_averages_of_returning_people() -> None:
    going = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.3, 0.0, 0.7]]).cumsum(axis=1)
    draw = np.random.default_rng(4).random((60, 50))
    state = np.zeros((60, 51), dtype=int)
    for day in range(50):
        state[:, day + 1] = (draw[:, day, None] > going[state[:, day]]).sum(axis=1)
    words = np.array(["engaged", "lapsed", "relapsed"])
    cells = [(person, day) for person in range(60) for day in range(50)]
    frame = pd.DataFrame(cells, columns=["id", "entry"])
    frame["days"] = frame["entry"] + 1
    frame["state"] = words[state[:, :-1].ravel()]
    frame["next_state"] = words[state[:, 1:].ravel()]
    spent = state_occupation(frame, id="id").time_in_state(30.5).set_index("state")
    for code, word in enumerate(words):
        own = (state[:, :30] == code).sum(axis=1) + 0.5 * (state[:, 30] == code)
        assert spent.loc[word, "days"] == pytest.approx(own.mean(), abs=1e-10)
        assert spent.loc[word, "se"] == pytest.approx(own.std() / np.sqrt(60), abs=1e-10)


def test_several_days_are_no_horizon_and_no_start() -> None:
    frame = pd.DataFrame({"id": [1], "state": ["a"], "days": [9], "next_state": [None]})
    with pytest.raises(RuleError, match="One day is asked for"):
        state_occupation(frame, id="id").time_in_state([3, 6])  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="One day is asked for"):
        state_occupation(frame, id="id", start=[0])  # type: ignore[arg-type]


def test_ids_that_name_nobody_are_refused() -> None:
    frame = pd.DataFrame({"id": [[1], [2]], "state": "a", "days": 9, "next_state": None})
    with pytest.raises(EstimateError, match="The values of id are words or numbers"):
        state_occupation(frame, id="id")
    with pytest.raises(RuleError, match="no column named"):
        state_occupation(frame, id=["id"])  # type: ignore[arg-type]
    twice = pd.concat([frame, frame[["state"]]], axis=1)
    with pytest.raises(RuleError, match="One column is named state"):
        state_occupation(twice, id=None)
    with pytest.raises(EstimateError, match="There are no stays"):
        state_occupation(frame.iloc[:0], id=None)


def test_a_share_whose_limits_cannot_be_computed_says_so() -> None:
    frame = pd.DataFrame({"id": [1, 2], "state": "a", "days": 9, "next_state": None})
    sentence = "Share of people in each state on day 9: a 1 (95% limits cannot be computed). "
    assert state_occupation(frame, id="id").text.startswith(sentence)


def test_nobody_moves() -> None:
    still = pd.DataFrame({"state": ["a", "a", "b"], "days": [10, 20, 20], "next_state": None})
    occupation = state_occupation(still, id=None)
    assert occupation.at(20)["share"].tolist() == [
        0.5,
        0.5,
    ]  # as in R: of those seen to the last day
    assert occupation.sizes["moves"].item() == 0


def test_while_nobody_is_in_a_state_the_limit_is_that_of_none() -> None:
    stays = pd.DataFrame(
        {
            "episode_id": list("abcd"),
            "state": "well",
            "entry": 0,
            "days": [5, 8, 20, 30],
            "next_state": [None, None, "ill", None],
        }
    )
    occupation = state_occupation(stays)
    ill = occupation.at([0, 3, 8, 9, 20]).query("state == 'ill'")
    expected = [0.0, *(1 - 0.025 ** (1 / n) for n in (4, 3, 2))]
    np.testing.assert_allclose(ill["upper"].iloc[:4], expected)
    table = occupation.table.query("state == 'ill'").set_index("day")
    np.testing.assert_allclose(table.loc[[0, 5, 8], "upper"], [0.0, *expected[1:3]])


def test_shares_of_episodes_are_called_so():
    frame = pd.DataFrame({"episode_id": [1, 2], "state": "a", "days": 9, "next_state": None})
    occupation = state_occupation(frame)
    assert occupation.text.startswith("Share of episodes in each state")
    axes = occupation.plot()
    assert axes.get_ylabel() == "share of episodes"
    assert "people" not in iop.alternative_text(axes)
    assert state_occupation(frame.rename(columns={"episode_id": "id"}), id="id").units == "people"
