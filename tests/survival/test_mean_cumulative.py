from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from iop_outcomes.compare.group_tests.recurrence import compare_recurrence
from iop_outcomes.compare.group_tests.scores.recurrence_score import pseudo_score, weighted_score
from iop_outcomes.compare.regression.recurrent import recurrent_cox
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.plots.layout.style import alternative_text
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.survival import survival_curves
from iop_outcomes.survival.curves.result import NAMED_GROUPS
from iop_outcomes.survival.recurrence.estimate import mean_cumulative_function
from iop_outcomes.survival.recurrence.times import read_stretches
from tests.helpers.r_data import r_data

mpl.use("Agg")

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "recurrent.csv")


def tied() -> pd.DataFrame:
    return pd.read_csv(HERE / "recurrent_data.csv")


def untied() -> pd.DataFrame:
    return pd.read_csv(HERE / "recurrent_untied.csv")


def reference(data: str, group: str, quantity: str) -> pd.DataFrame:
    kept = (REFERENCE["data"] == data) & (REFERENCE["group"] == group)
    rows = REFERENCE[kept & (REFERENCE["quantity"] == quantity)]
    assert len(rows)
    return rows


def number(data: str, group: str, quantity: str) -> float:
    return float(reference(data, group, quantity)["value"].item())


def cgd() -> pd.DataFrame:
    names = {"tstart": "entry", "tstop": "days", "status": "event"}
    return r_data("cgd").rename(columns=names)


# Against R


@pytest.mark.parametrize("group", ["a", "b", "c"])
@pytest.mark.parametrize("quantity", ["mean", "se"])
def test_mean_and_robust_error_are_those_of_survfit(quantity: str, group: str) -> None:
    expected = reference("tied", group, quantity)
    result = mean_cumulative_function(tied(), "group", id="id").at(expected["day"].tolist())
    result = result[result["group"] == group]
    np.testing.assert_allclose(result[quantity], expected["value"], rtol=1e-8)


@pytest.mark.parametrize("group", ["a", "b", "c"])
@pytest.mark.parametrize("quantity", ["mean", "se"])
def test_ghosh_lin_is_its_definition_worked_out_in_r(quantity: str, group: str) -> None:
    expected = reference("tied", group, f"terminal_{quantity}")
    means = mean_cumulative_function(tied(), "group", id="id", terminal="died")
    at = means.at(expected["day"].tolist())
    at = at[at["group"] == group]
    np.testing.assert_allclose(at[quantity], expected["value"], rtol=1e-8)


def test_ghosh_lin_without_ties_is_that_of_mets() -> None:
    mean = reference("untied", "all", "terminal_mean")
    result = mean_cumulative_function(untied(), id="id", terminal="died").at(mean["day"].tolist())
    np.testing.assert_allclose(result["mean"], mean["value"], rtol=1e-9)
    # mets divides by those there on the day of a death, the jackknife by those left after it.
    error = reference("untied", "all", "terminal_se")["value"]
    np.testing.assert_allclose(result["se"], error, rtol=5e-3)


def test_the_published_means_of_cgd() -> None:
    result = mean_cumulative_function(cgd(), "treat", id="id").at([100, 200, 300])
    mean = result.set_index("treat")["mean"].round(5)
    assert mean["placebo"].tolist() == [0.24664, 0.40793, 0.89297]
    assert mean["rIFN-g"].tolist() == [0.03175, 0.16028, 0.27948]


@pytest.mark.parametrize(("groups", "freedom"), [("two", 1), ("three", 2)])
def test_the_test_is_the_robust_score_test_of_coxph(groups: str, freedom: int) -> None:
    times = tied()
    if groups == "two":
        times = times[times["group"] != "c"]
    comparison = compare_recurrence(times, "group", id="id")
    np.testing.assert_allclose(comparison.statistic, number("tied", groups, "statistic"), rtol=1e-8)
    np.testing.assert_allclose(comparison.p_value, number("tied", groups, "p"), rtol=1e-8)
    assert comparison.degrees_of_freedom == freedom


def test_with_one_event_each_it_is_the_robust_log_rank_test() -> None:
    times = tied().drop_duplicates("id")
    comparison = compare_recurrence(times, "group", id="id")
    np.testing.assert_allclose(
        comparison.statistic, number("once", "three", "statistic"), rtol=1e-8
    )


def test_ghosh_lin_s_test_is_its_definition_worked_out_in_r() -> None:
    times = tied()
    times = times[times["group"] != "c"]
    comparison = compare_recurrence(times, "group", id="id", terminal="died")
    expected = number("tied", "two", "terminal_statistic")
    np.testing.assert_allclose(comparison.statistic, expected, rtol=1e-8)
    difference = comparison.table["observed"] - comparison.table["expected"]
    np.testing.assert_allclose(difference[0], number("tied", "two", "terminal_score"), rtol=1e-8)
    np.testing.assert_allclose(difference.sum(), 0, atol=1e-9)


# Worked by hand


def three() -> pd.DataFrame:
    """Person 1: events on days 10 and 30, then seen to 40. 2: one on 20, dies on 30. 3: to 25."""
    return pd.DataFrame(
        {
            "id": [1, 1, 1, 2, 2, 3],
            "entry": [0, 10, 30, 0, 20, 0],
            "days": [10, 30, 40, 20, 30, 25],
            "event": [1, 1, 0, 1, 0, 0],
            "ended_by": ["relapse", "relapse", "lost", "relapse", "died", "lost"],
        }
    )


def test_three_people_by_hand() -> None:
    table = mean_cumulative_function(three(), id="id").table
    assert table["day"].tolist() == [0, 10, 20, 25, 30, 40]
    assert table["at_risk"].tolist() == [3, 3, 3, 3, 2, 1]
    assert table["events"].tolist() == [0, 1, 1, 0, 1, 0]
    third, half = Fraction(1, 3), Fraction(1, 2)
    mean = [0, third, 2 * third, 2 * third, 2 * third + half, 2 * third + half]
    np.testing.assert_allclose(table["mean"], [float(value) for value in mean], rtol=1e-14)
    # On day 10 one of three has an event: residuals 2/9, -1/9, -1/9. On day 30 one of two.
    first = [2 * third / 3, -third / 3, -third / 3]
    second = [-third / 3, 2 * third / 3, -third / 3]
    last = [half * half, -half * half, 0]
    sums = [[a, a + b, a + b + c] for a, b, c in zip(first, second, last, strict=True)]
    variance = [sum(person[day] ** 2 for person in sums) for day in range(3)]
    expected = [0.0, variance[0], variance[1], variance[1], variance[2], variance[2]]
    np.testing.assert_allclose(table["se"] ** 2, [float(v) for v in expected], atol=1e-15)


def test_a_death_takes_its_share_of_what_comes_after_it() -> None:
    times = three()
    times.loc[2, ["days", "event"]] = [40, 1]
    result = mean_cumulative_function(times, id="id", terminal=["died"]).at([30, 39, 40])
    # On day 30 one of two has an event and the other dies: half of a person is left on day 40.
    assert result["terminal"].tolist() == [1, 0, 0]
    np.testing.assert_allclose(result["mean"], [7 / 6, 7 / 6, 7 / 6 + 1 / 2], rtol=1e-14)
    plain = mean_cumulative_function(times, id="id").at(40)["mean"].item()
    assert plain == pytest.approx(7 / 6 + 1)


def test_between_stretches_nobody_is_counted() -> None:
    times = pd.DataFrame({"id": [1, 1, 2], "entry": [0, 20, 0], "days": [10, 30, 30]})
    means = mean_cumulative_function(times.assign(event=[0, 1, 0]), id="id")
    assert means.at([5, 10, 11, 20, 21, 30])["at_risk"].tolist() == [2, 2, 1, 1, 2, 2]
    assert means.at(30)["mean"].item() == 0.5


def test_who_is_there_on_day_0_is_at_risk_on_it() -> None:
    times = pd.DataFrame({"id": [1, 2], "days": [0, 5], "event": [1, 0]})
    table = mean_cumulative_function(times, id="id").table
    assert table[["day", "at_risk", "mean"]].to_numpy().tolist() == [[0, 2, 0.5], [5, 1, 0.5]]


def test_a_terminal_row_is_observed_to_the_day_on_which_it_ended() -> None:
    times = pd.DataFrame({"id": [1, 2], "days": [10, 20], "event": [0, 1]})
    times = times.assign(ended_on=[19, 30], terminal=[True, False])
    assert mean_cumulative_function(times, id="id").at(15)["at_risk"].item() == 1
    means = mean_cumulative_function(times, id="id", terminal="terminal")
    assert means.at([15, 19, 20])["at_risk"].tolist() == [2, 2, 1]
    assert means.at(20)["mean"].item() == 0.5
    assert means.table["day"].tolist() == [0, 19, 20]


# Against a delete-one jackknife, and other properties

person = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["event", "seen", "gap"])), min_size=1, max_size=4
)
people = st.lists(st.tuples(st.integers(0, 5), person, st.booleans()), min_size=3, max_size=9)


def frame_of(drawn: list[Any]) -> pd.DataFrame:
    rows = []
    for who, (entry, stretches, died) in enumerate(drawn):
        day = entry
        for length, kind in stretches:
            if kind != "gap":
                rows.append((who, day, day + length, kind == "event", False))
            day += length
        if rows and rows[-1][0] == who:
            rows[-1] = (*rows[-1][:4], died)
    frame = pd.DataFrame(rows, columns=["id", "entry", "days", "event", "died"])
    assume(len(frame) and frame["event"].any())
    return frame.assign(group=np.where(frame["id"] % 2, "odd", "even"))


def weighted_mean(times: pd.DataFrame, day: int, weight: np.ndarray) -> float:
    left, mean = 1.0, 0.0
    own = weight[times["id"]]
    entry, days, event, died = (
        times[name].to_numpy() for name in ("entry", "days", "event", "died")
    )
    for now in sorted(set(days)):
        if now > day:
            break
        there = (entry < now) | (entry == 0)
        y = own[there & (days >= now)].sum()
        on_day = days == now
        mean += left * own[on_day & event].sum() / y
        left *= 1 - own[on_day & died].sum() / y
    return mean


@settings(max_examples=10)
@given(people, st.booleans())
def test_the_error_is_the_infinitesimal_jackknife(drawn: list[Any], dying: bool) -> None:
    times = frame_of(drawn)
    if not dying:
        times["died"] = False
    means = mean_cumulative_function(times, id="id", terminal="died")
    ones, size = np.ones(len(drawn)), 1e-4
    day = int(times["days"].max())
    # Where everyone left dies, the share left is 0 whatever the weights: no slope to be had.
    assume((means.table["at_risk"] > means.table["terminal"]).iloc[:-1].all())
    slope = [
        (
            weighted_mean(times, day, ones + size * one)
            - weighted_mean(times, day, ones - size * one)
        )
        / (2 * size)
        for one in np.eye(len(drawn))
    ]
    last = means.table.iloc[-1]
    assert last["mean"] == pytest.approx(weighted_mean(times, day, ones), rel=1e-12)
    assert last["se"] == pytest.approx(np.sqrt(np.sum(np.square(slope))), rel=1e-5, abs=1e-6)


@settings(max_examples=10)
@given(people)
def test_no_terminal_event_no_difference(drawn: list[Any]) -> None:
    times = frame_of(drawn).assign(died=False)
    plain = mean_cumulative_function(times, id="id").table
    pd.testing.assert_frame_equal(
        mean_cumulative_function(times, id="id", terminal="died").table.drop(columns="terminal"),
        plain,
    )


@settings(max_examples=10)
@given(people, st.randoms(use_true_random=False))
def test_rows_in_any_order_and_days_on_any_scale(drawn: list[Any], random: Any) -> None:
    times = frame_of(drawn)
    expected = mean_cumulative_function(times, id="id", terminal="died").table
    order = list(range(len(times)))
    random.shuffle(order)
    other = times.iloc[order].assign(id=lambda rows: "p" + rows["id"].astype(str))
    other[["entry", "days"]] *= 3.5
    table = mean_cumulative_function(other, id="id", terminal="died").table
    pd.testing.assert_frame_equal(
        table.assign(day=(table["day"] / 3.5).astype(np.int64)), expected, rtol=1e-9, atol=1e-12
    )


@settings(max_examples=10)
@given(people)
def test_a_stretch_cut_in_two_is_the_same_stretch(drawn: list[Any]) -> None:
    times = frame_of(drawn)
    expected = mean_cumulative_function(times, id="id", terminal="died")
    cut = times[times["days"] - times["entry"] > 1]
    middle = (cut["entry"] + cut["days"]) // 2
    before = cut.assign(days=middle, event=False, died=False)
    times.loc[cut.index, "entry"] = middle
    means = mean_cumulative_function(pd.concat([times, before]), id="id", terminal="died")
    days = list(range(int(times["days"].max()) + 1))
    pd.testing.assert_frame_equal(means.at(days), expected.at(days), rtol=1e-9, atol=1e-12)


@settings(max_examples=10)
@given(people, st.integers(2, 4))
def test_copies_leave_the_mean_and_shrink_the_error(drawn: list[Any], copies: int) -> None:
    times = frame_of(drawn)
    expected = mean_cumulative_function(times, id="id", terminal="died").table
    parts = [times.assign(id=times["id"] + 100 * copy) for copy in range(copies)]
    many = pd.concat(parts)
    table = mean_cumulative_function(many, id="id", terminal="died").table
    np.testing.assert_allclose(table["mean"], expected["mean"], rtol=1e-10)
    atol = 1e-7
    np.testing.assert_allclose(table["se"], expected["se"] / np.sqrt(copies), rtol=1e-6, atol=atol)
    # As clusters of all their copies they say no more than one.
    clusters = many.assign(person_id=many["id"] % 100)
    same = mean_cumulative_function(clusters, id="id", terminal="died").table
    np.testing.assert_allclose(same["se"], expected["se"], rtol=1e-6, atol=atol)


@settings(max_examples=10)
@given(people)
def test_bounds(drawn: list[Any]) -> None:
    times = frame_of(drawn)
    with_death = mean_cumulative_function(times, id="id", terminal="died").table
    plain = mean_cumulative_function(times, id="id").table
    assert (with_death["mean"].diff().fillna(0) >= 0).all()
    assert (with_death["mean"] <= plain["mean"] + 1e-12).all()
    assert (plain["lower"] <= plain["mean"] + 1e-12).all()
    assert (plain["mean"] <= plain["upper"] + 1e-12).all()
    assert plain["events"].sum() == times["event"].sum()


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=12))
def test_one_event_each_is_the_nelson_aalen_estimate(drawn: list[tuple[int, bool]]) -> None:
    times = pd.DataFrame(drawn, columns=["days", "event"]).assign(id=range(len(drawn)))
    assume(times["event"].any())
    table = mean_cumulative_function(times, id="id").table
    curve = survival_curves(times).table
    expected = (curve["events"] / curve["at_risk"]).cumsum()
    np.testing.assert_allclose(table["mean"], expected, rtol=1e-12)


@settings(max_examples=10)
@given(st.lists(st.lists(st.integers(1, 30), max_size=4), min_size=2, max_size=8), st.data())
def test_followed_to_death_or_the_end_it_is_the_plain_average(
    drawn: list[list[int]], data: Any
) -> None:
    assume(any(drawn))
    rows = []
    for who, lengths in enumerate(drawn):
        days = np.unique(lengths).astype(int)
        last = data.draw(st.integers(31, 40))
        ends = [*days, last]
        rows += [
            (who, entry, day, day < 31, day == last)
            for entry, day in zip([0, *days], ends, strict=True)
        ]
    times = pd.DataFrame(rows, columns=["id", "entry", "days", "event", "died"])
    # An event on day 50, among those not dead: nobody lives so long but one who is added.
    extra = {"id": [99, 99], "entry": [0, 50], "days": [50, 60], "event": [True, False]}
    times = pd.concat([times, pd.DataFrame(extra).assign(died=False)], ignore_index=True)
    means = mean_cumulative_function(times, id="id", terminal="died")
    average = times["event"].sum() / (len(drawn) + 1)
    assert means.at(60)["mean"].item() == pytest.approx(average, rel=1e-12)


@settings(max_examples=20)
@given(people)
def test_the_scores_agree_without_terminal_events(drawn: list[Any]) -> None:
    times = frame_of(drawn).assign(died=False)
    assume(times["group"].nunique() == 2)
    stretches = read_stretches(times, "group", id="id", terminal="died")
    plain, weighted = pseudo_score(stretches), weighted_score(stretches)
    np.testing.assert_allclose(weighted.observed, plain.observed, atol=1e-12)
    np.testing.assert_allclose(weighted.expected, plain.expected, atol=1e-12)


def test_the_test_hangs_neither_on_order_nor_on_which_group_is_first() -> None:
    times = tied()
    expected = compare_recurrence(times, "group", id="id", terminal="died")
    other = times.sample(frac=1, random_state=3).replace({"group": {"a": "z"}})
    comparison = compare_recurrence(other, "group", id="id", terminal="died")
    assert comparison.statistic == pytest.approx(expected.statistic, rel=1e-9)


# What is refused


def broken(**columns: Any) -> pd.DataFrame:
    return three().assign(**columns)


@pytest.mark.parametrize(
    ("times", "options", "says"),
    [
        (three(), {}, "no column named episode_id"),
        (broken(id=[1, 1, None, 2, 2, 3]), {"id": "id"}, "1 of 6 missing"),
        (broken(entry=[0, 5, 30, 0, 20, 0]), {"id": "id"}, "1 stretches that begin before"),
        (broken(entry=[0, 0, 30, 0, 20, 0]), {"id": "id"}, "1 stretches that begin before"),
        (broken(entry=[0, 10, 40, 0, 20, 0]), {"id": "id"}, "1 of 6 with entry on or after days"),
        (broken(entry=[0, -1, 30, 0, 20, 0]), {"id": "id"}, "1 negative of 6"),
        (broken(event=[0, 1, 2, 0, 0, 0]), {"id": "id"}, "1 of 6 values are neither"),
        (broken(event=0), {"id": "id"}, "0 events in 6 rows"),
        (broken(x=[1, 2, 2, 1, 1, 1]), {"id": "id", "by": "x"}, "1 of 3 in several"),
        (broken(p=[1, 2, 2, 1, 1, 1]), {"id": "id", "cluster": "p"}, "same cluster"),
        (broken(mean=1), {"id": "id", "by": "mean"}, "cannot be named mean"),
        (three(), {"id": "id", "terminal": "died"}, "no column named died"),
        (three(), {"id": "id", "terminal": []}, "None of the words"),
        (broken(died=[0, 0, 3, 0, 0, 0]), {"id": "id", "terminal": "died"}, "1 of 6 values"),
        (broken(died=[1, 0, 0, 0, 0, 0]), {"id": "id", "terminal": "died"}, "follow one"),
        (
            broken(died=[0, 0, 1, 0, 0, 0], ended_on=[0, 0, 1, 0, 0, 0]),
            {"id": "id", "terminal": "died"},
            "1 values of ended_on",
        ),
        (three().drop(columns="ended_by"), {"id": "id", "terminal": ["died"]}, "ended_by"),
        (three(), {"id": "id", "confidence": 95}, "confidence"),
    ],
)
def test_what_cannot_be_is_refused(times: pd.DataFrame, options: Any, says: str) -> None:
    with pytest.raises((EstimateError, RuleError), match=says):
        mean_cumulative_function(times, **options)


@pytest.mark.parametrize(
    ("times", "by", "says"),
    [
        (three().assign(group="a"), "group", "two groups or more"),
        (three().assign(group="a", event=0), "group", "two groups or more"),
        (three().assign(group=[1, 1, 1, 2, 2, 3], event=0), "group", "0 events"),
        (three(), [], "needs the column"),
        (
            pd.DataFrame({"entry": [0, 50], "days": [9, 60], "event": 1, "id": [1, 2]}),
            "id",
            "2 groups, of which 1",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(times: pd.DataFrame, by: Any, says: str) -> None:
    with pytest.raises((EstimateError, RuleError), match=says):
        compare_recurrence(times, by, id="id")


# How it shows itself


def test_nothing_is_extrapolated() -> None:
    result = mean_cumulative_function(three(), id="id").at([40, 41])
    assert result["mean"].isna().tolist() == [False, True]
    assert result["at_risk"].tolist() == [1, 0]


def test_sizes_and_words() -> None:
    times = three()
    label(times, Provenance("Relapse is made up.", "relapse", synthetic=True))
    means = mean_cumulative_function(times, id="id", terminal=["died"])
    sizes = means.sizes.iloc[0].to_dict()
    assert sizes == {
        "n": 3,
        "with_events": 2,
        "events": 3,
        "terminal": 1,
        "most": 2,
        "last": 40,
    }
    assert means.synthetic
    assert means.text.startswith("Mean number of relapses a person through day 40: 1.17 (95% ")
    assert "Ghosh-Lin" in means.text
    assert "Relapse is made up." in means.rule
    assert repr(means) == "<MeanCumulativeFunction: 1 group, n 3, relapses 3>"
    assert "<caption>" in means._repr_html_()
    one_by_one = mean_cumulative_function(tied(), "id", id="id")
    assert f"and {tied()['id'].nunique() - NAMED_GROUPS} more groups" in one_by_one.text


def test_the_comparison_says_itself() -> None:
    comparison = compare_recurrence(tied(), "group", id="id")
    assert "Robust log-rank test of the mean number, by group: chi-squared" in comparison.text
    assert list(comparison.table.columns) == [
        *("group", "n", "events", "observed", "expected"),
        *("day", "mean", "se", "lower", "upper"),
    ]
    np.testing.assert_allclose(comparison.table["observed"], comparison.table["events"])
    np.testing.assert_allclose(comparison.table["expected"].sum(), comparison.table["events"].sum())
    assert "3 groups" in repr(comparison)
    assert "<caption>" in comparison._repr_html_()
    with_death = compare_recurrence(tied(), "group", id="id", terminal="died")
    assert "Ghosh-Lin test" in with_death.text
    assert (with_death.table["observed"] < with_death.table["events"]).all()


def test_the_picture_draws_the_table() -> None:
    from matplotlib import pyplot

    means = mean_cumulative_function(tied(), "group", id="id", terminal="died")
    ax = means.plot()
    lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    for line, (group, rows) in zip(lines, means.table.groupby("group"), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), rows["day"])
        np.testing.assert_array_equal(line.get_ydata(), rows["mean"])
        assert str(line.get_label()).startswith(f"{group}: n = ")
    cells = {text.get_gid(): text.get_text() for text in ax.texts if text.get_gid()}
    days = [float(tick) for tick in ax.get_xticks()]
    for position, (group, rows) in enumerate(means.table.groupby("group")):
        at = means.at(days)
        at = at[at["group"] == group]
        for day, count in zip(days, at["at_risk"], strict=True):
            assert cells[f"risk_{position}_observed_{day:g}"] == str(count)
            through = rows[rows["day"] <= day]
            assert cells[f"risk_{position}_events_{day:g}"] == str(through["events"].sum())
            cell = cells[f"risk_{position}_terminal_{day:g}"]
            assert cell == str(through["terminal"].sum())
    assert alternative_text(ax).startswith("Mean number of events a person through day")
    assert compare_recurrence(tied(), "group", id="id").plot() is not ax
    pyplot.close("all")


def test_a_comparison_of_what_is_no_frame_or_one_cluster_is_refused() -> None:
    with pytest.raises(EstimateError, match="Times are a pandas DataFrame"):
        compare_recurrence([1, 2], "g")  # type: ignore[arg-type]
    one = pd.DataFrame({"id": [1, 2], "days": [3, 4], "event": [1, 0], "g": [0, 1]})
    with pytest.raises(EstimateError, match="1 cluster and 1 term") as refusal:
        recurrent_cox(one.assign(person_id="p"), "g", id="id")
    assert "cluster=None" in str(refusal.value)
    with pytest.raises(EstimateError, match="in the same cluster") as refusal:
        mean_cumulative_function(one.assign(id=1, entry=[0, 3], person_id=["p", "q"]), id="id")
    assert 'cluster="id"' in str(refusal.value)


def test_while_nobody_has_had_an_event_the_limit_is_that_of_none() -> None:
    times = pd.DataFrame(
        {"id": [1, 2, 3], "entry": 0, "days": [5, 10, 20], "event": [0, 0, 1], "ended_by": "open"}
    )
    result = mean_cumulative_function(times, id="id").at([0, 3, 5, 6, 20])
    # The exact limit of a Poisson mean, half a quantile of chi-squared on 2 degrees of freedom.
    exact = chi2.ppf(0.975, 2) / 2
    np.testing.assert_allclose(result["upper"][:4], [0, exact / 3, exact / 3, exact / 2])
    np.testing.assert_array_equal(result["lower"][:4], 0)
    assert result["upper"][4] >= result["mean"][4] > 0


def test_each_of_many_groups_is_as_if_alone() -> None:
    draw = np.random.default_rng(8)
    first, more = draw.integers(1, 20, 90), draw.integers(1, 20, 90)
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(90), 2),
            "entry": np.column_stack([0 * first, first]).ravel(),
            "days": np.column_stack([first, first + more]).ravel(),
            "event": draw.integers(0, 2, 180),
            "g": np.repeat(draw.integers(0, 30, 90), 2),
            "who": np.repeat(draw.integers(0, 40, 90), 2),  # in several groups
        }
    )
    frame["event"] |= frame["id"].isin(frame.groupby("g")["id"].transform("min"))
    asked = [0, 3.5, 10, 60]
    together = mean_cumulative_function(frame, by="g", id="id", cluster="who")
    at = together.at(asked)
    for name, rows in frame.groupby("g"):
        alone = mean_cumulative_function(rows, by="g", id="id", cluster="who")
        for found, whole in (
            (alone.table, together.table),
            (alone.sizes, together.sizes),
            (alone.at(asked), at),
        ):
            of_group = whole[whole["g"] == name].reset_index(drop=True)
            pd.testing.assert_frame_equal(found, of_group, rtol=1e-12)
