from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lifelines import datasets
from lifelines.statistics import multivariate_logrank_test

from iop_outcomes.compare import compare_survival
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.provenance import Provenance, label
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1]
REFERENCE = pd.read_csv(HERE / "reference" / "survival.csv", dtype={"group": str})
UIS = HERE.parent.parent / "shared" / "data" / "uis.csv"
needs_uis = pytest.mark.skipif(not UIS.exists(), reason="../shared/data/uis.csv is not here")


def uis() -> pd.DataFrame:
    return pd.read_csv(UIS).rename(columns={"time": "days", "censor": "event"})


def lung() -> pd.DataFrame:
    return datasets.load_lung().rename(columns={"time": "days", "status": "event"})


def waltons() -> pd.DataFrame:
    return datasets.load_waltons().rename(columns={"T": "days", "E": "event"})


def reference(data: str, comparison: str, quantity: str) -> float:
    rows = REFERENCE[
        (REFERENCE["data"] == data)
        & (REFERENCE["group"] == comparison)
        & (REFERENCE["quantity"] == quantity)
    ]
    return float(rows["value"].item())


def check_against_r(found, data: str, comparison: str) -> None:
    assert found.statistic == pytest.approx(reference(data, comparison, "chi-squared"), rel=1e-11)
    assert found.degrees_of_freedom == reference(data, comparison, "degrees of freedom")


@needs_uis
@pytest.mark.parametrize(
    ("by", "published"),
    [("treat", 6.7979), ("site", 2.3658), ("race", 7.2836), ("ivhx", 14.7196), ("hercoc", 7.9536)],
)
def test_uis_gives_the_published_statistics(by, published):
    comparison = compare_survival(uis().dropna(subset=by), by)
    assert round(comparison.statistic, 4) == published
    check_against_r(comparison, "uis", by)


@needs_uis
def test_uis_within_sites_gives_the_published_statistic():
    complete = uis().dropna()
    assert len(complete) == 575
    plain = compare_survival(complete, "treat")
    assert (round(plain.statistic, 1), round(plain.p_value, 3)) == (6.5, 0.011)
    stratified = compare_survival(complete, "treat", strata="site")
    assert (round(stratified.statistic, 3), round(stratified.p_value, 4)) == (6.933, 0.0085)
    check_against_r(stratified, "uis complete", "treat within site")


def test_lung_gives_the_numbers_of_r():
    times = lung()
    by_sex = compare_survival(times, "sex")
    check_against_r(by_sex, "lung", "sex")
    expected = [reference("lung", "sex", f"expected {group}") for group in (1, 2)]
    assert by_sex.table["expected"].tolist() == pytest.approx(expected, rel=1e-11)
    assert by_sex.table["median"].tolist() == [270, 426]
    known = times.dropna(subset="ph.ecog")
    check_against_r(compare_survival(known, "sex", strata="ph.ecog"), "lung", "sex within ph.ecog")
    check_against_r(compare_survival(known[known["ph.ecog"] < 3], "ph.ecog"), "lung", "ph.ecog")


def test_late_entry_and_strata_give_the_exact_score_test_of_r():
    times = pd.read_csv(HERE / "reference" / "late_entry.csv")
    check_against_r(compare_survival(times, "group"), "late_entry", "group")
    within = compare_survival(times, "group", strata="stratum")
    check_against_r(within, "late_entry", "group within stratum")


@pytest.mark.parametrize("times", [lung(), waltons()], ids=["lung", "waltons"])
def test_without_strata_and_late_entry_it_is_the_test_of_lifelines(times):
    by = "sex" if "sex" in times else "group"
    theirs = multivariate_logrank_test(times["days"], times[by], times["event"])
    mine = compare_survival(times, by)
    assert mine.statistic == pytest.approx(theirs.test_statistic, rel=1e-10)
    assert mine.p_value == pytest.approx(theirs.p_value, rel=1e-9)


def test_a_hand_worked_comparison():
    # Day 1: a of 2 and 2; day 2: b of 1 and 2; day 4: b of 0 and 1, where nothing can differ.
    times = pd.DataFrame(
        {"days": [1, 3, 2, 4], "event": [1, 0, 1, 1], "track": ["a", "a", "b", "b"]}
    )
    comparison = compare_survival(times, "track")
    assert comparison.table["events"].tolist() == [1, 2]
    expected = 2 / 4 + 1 / 3
    assert comparison.table["expected"].tolist() == pytest.approx([expected, 3 - expected])
    variance = 1 / 4 + 2 / 9
    assert comparison.statistic == pytest.approx((1 - expected) ** 2 / variance)


def test_the_text_is_a_sentence_with_test_numbers_and_rule():
    times = lung().assign(sex=lung()["sex"].map({1: "men", 2: "women"}))
    label(times, Provenance("Death, of any cause."))
    comparison = compare_survival(times, "sex")
    assert comparison.text == (
        "Log-rank test, by sex: chi-squared 10.33 on 1 degree of freedom, p = 0.0013; "
        "men: 112 events among 138 (expected 91.6), median 270 days (95% limits 210 to 306); "
        "women: 53 events among 90 (expected 73.4), median 426 days (95% limits 345 to 524). "
        "Death, of any cause."
    )
    assert "chi-squared 10.33" in comparison._repr_html_()
    within = compare_survival(times.dropna(subset="ph.ecog"), "sex", strata=["ph.ecog"])
    assert within.text.startswith("Log-rank test stratified by ph.ecog, by sex: ")
    assert repr(within).startswith("<Comparison: Log-rank test stratified by ph.ecog, 2 groups")


def test_its_picture_is_that_of_the_curves():
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    comparison = compare_survival(lung(), "sex")
    axes = comparison.plot()
    drawn = [line.get_ydata() for line in axes.get_lines()]
    for _, rows in comparison.curves.table.groupby("sex"):
        assert any(np.isin(rows["survival"], line).all() for line in drawn)
    plt.close(axes.figure)


def test_small_p_values_and_many_groups_are_told_shortly():
    days = np.arange(1, 201)
    times = pd.DataFrame({"days": days, "event": 1, "part": (days - 1) // 20})
    text = compare_survival(times, "part").text
    assert "on 9 degrees of freedom, p < 0.001; " in text
    assert "; and 2 more groups. " in text


def test_several_columns_make_one_set_of_groups():
    times = lung().dropna(subset="ph.ecog")
    both = compare_survival(times, ["sex", "ph.ecog"])
    joint = times.assign(joint=times["sex"].astype(str) + times["ph.ecog"].astype(str))
    one = compare_survival(joint, "joint")
    assert both.statistic == pytest.approx(one.statistic)
    assert both.degrees_of_freedom == len(both.table) - 1 == 6
    assert list(both.table.columns[:2]) == ["sex", "ph.ecog"]


@pytest.mark.parametrize(
    ("times", "options", "error", "says"),
    [
        ({"track": "a"}, {}, EstimateError, "one group of track"),
        ({"event": 0}, {}, EstimateError, "every time is censored"),
        ({"track": ["a", "a", "a", "c"], "days": [5, 6, 7, 1]}, {}, EstimateError, "in place 2"),
        (
            {"track": ["a", "b", "c", "d"], "site": [1, 1, 2, 2], "event": 1},
            {"strata": "site"},
            EstimateError,
            "never at risk on the same day",
        ),
        (
            {"track": ["a", "b", "b", "b"], "site": range(4)},
            {"strata": "site"},
            EstimateError,
            "the data compare 1",
        ),
        ({}, {"strata": "track"}, RuleError, "either a group or a stratum"),
        ({}, {"strata": "sites"}, RuleError, "no column named sites"),
        ({"site": [1, None, 2, 2]}, {"strata": "site"}, EstimateError, "1 of 4 missing"),
        ({}, {"by": []}, RuleError, "needs the column"),
        ({"days": [-1, 2, 3, 4]}, {}, EstimateError, "1 negative of 4"),
    ],
)
def test_what_cannot_be_compared_is_refused(times, options, error, says):
    good = {"days": [1, 2, 3, 4], "event": [1, 1, 1, 0], "track": ["a", "b", "a", "b"]}
    frame = pd.DataFrame(good | times)
    with pytest.raises(error, match=says):
        compare_survival(frame, **{"by": "track", **options})


def test_the_frame_is_not_changed():
    times = lung()
    before = times.copy()
    compare_survival(times, "sex")
    pd.testing.assert_frame_equal(times, before)


def people() -> st.SearchStrategy[pd.DataFrame]:
    row = st.tuples(
        st.integers(0, 5),
        st.integers(1, 8),
        st.booleans(),
        st.sampled_from("abc"),
        st.sampled_from("xy"),
    )
    columns = ["entry", "stay", "event", "track", "site"]
    return st.lists(row, min_size=4, max_size=40).map(
        lambda rows: pd.DataFrame(rows, columns=columns).assign(
            days=lambda frame: frame["entry"] + frame["stay"]
        )
    )


def plain_log_rank(times: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return observed less expected, and its covariance, a stratum and a day at a time."""
    tracks = sorted(times["track"].unique())
    difference = np.zeros(len(tracks))
    covariance = np.zeros((len(tracks), len(tracks)))
    for _, stratum in times.groupby("site"):
        for day in stratum.loc[stratum["event"], "days"].unique():
            there = stratum[
                ((stratum["entry"] < day) | (stratum["entry"] == 0)) & (stratum["days"] >= day)
            ]
            having = there[there["event"] & (there["days"] == day)]
            n, d = len(there), len(having)
            share = np.array([(there["track"] == track).sum() / n for track in tracks])
            difference += [(having["track"] == track).sum() for track in tracks] - d * share
            if n > 1:
                factor = d * (n - d) / (n - 1)
                covariance += factor * (np.diag(share) - np.outer(share, share))
    return difference, covariance


@settings(deadline=None, max_examples=10)
@given(people())
def test_the_statistic_is_its_definition(times):
    difference, covariance = plain_log_rank(times)
    comparable = (
        len(difference) > 1 and np.linalg.matrix_rank(covariance, tol=1e-9) == len(difference) - 1
    )
    if not comparable:
        with pytest.raises(EstimateError):
            compare_survival(times, "track", strata="site")
        return
    comparison = compare_survival(times, "track", strata="site")
    statistic = difference @ np.linalg.pinv(covariance, rcond=1e-9) @ difference
    assert comparison.statistic == pytest.approx(statistic, rel=1e-6, abs=1e-9)
    assert comparison.table["expected"].sum() == pytest.approx(times["event"].sum())


@settings(deadline=None, max_examples=10)
@given(people(), st.randoms(use_true_random=False))
@by_our_product
def test_order_unit_of_time_and_a_constant_stratum_change_nothing(times, random):
    try:
        once = compare_survival(times, "track")
    except EstimateError:
        assume(False)
    order = list(range(len(times)))
    random.shuffle(order)
    others = (
        (times.iloc[order], None),
        (times.assign(days=times["days"] / 7, entry=times["entry"] / 7), None),
        (times.assign(constant="all"), "constant"),
        (times.assign(track=times["track"].map({"a": 9, "b": 5, "c": 1})), None),
    )
    for changed, strata in others:
        comparison = compare_survival(changed, "track", strata=strata)
        assert comparison.statistic == pytest.approx(once.statistic, rel=1e-9, abs=1e-12)


def test_an_error_names_no_groups_that_may_be_people() -> None:
    alone = pd.DataFrame({"days": [1, *[5] * 30], "event": [0, *[1] * 30]})
    alone["person_id"] = [f"P{number:03d}" for number in range(31)]
    with pytest.raises(EstimateError, match="1 of 31 groups") as refused:
        compare_survival(alone, by="person_id")
    assert "P0" not in str(refused.value)
    few = alone.head(3).rename(columns={"person_id": "site"})
    with pytest.raises(EstimateError, match="1 of 3 groups: in place 1") as refused:
        compare_survival(few, by="site")
    assert "P0" not in str(refused.value)
