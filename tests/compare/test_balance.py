"""Table 1: standardised differences by hand, against R, and before and after weighting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError

REFERENCE = Path(__file__).parents[1] / "reference"

PEOPLE = pd.DataFrame(
    {
        "track": ["day"] * 4 + ["evening"] * 4,
        "age": [30.0, 40.0, 50.0, np.nan, 20.0, 30.0, 40.0, 30.0],
        "employed": [False, False, True, False, True, True, False, True],
        "substance": ["a", "a", "b", "c", "a", "b", "b", "b"],
    }
)
COVARIATES = ["age", "employed", "substance"]


def differences(frame: pd.DataFrame, covariates: Any, **options: Any) -> pd.DataFrame:
    return iop.balance(frame, "track", covariates, **options).differences.set_index("covariate")


def test_fractions_by_hand() -> None:
    result = differences(PEOPLE, COVARIATES)
    # Means 40 and 30, variances 100 and 200/3; shares 1/4 and 3/4.
    assert result.loc["age", "difference"] == pytest.approx(-10 / np.sqrt((100 + 200 / 3) / 2))
    assert result.loc["employed", "difference"] == pytest.approx(0.5 / np.sqrt(3 / 16))
    # Nobody of four lacks an age, and one of four: 0 - 1/4 over the root of (0 + 3/16) / 2.
    assert result.loc["age", "difference_missing"] == pytest.approx(-0.25 / np.sqrt(3 / 32))
    assert result.loc["employed", "difference_missing"] == 0
    # Shares of b and c: (1/4, 1/4) and (3/4, 0); S of both, worked out by hand.
    day = np.array([[3 / 16, -1 / 16], [-1 / 16, 3 / 16]])
    evening = np.array([[3 / 16, 0], [0, 0]])
    moved = np.array([1 / 2, -1 / 4])
    squared = moved @ np.linalg.inv((day + evening) / 2) @ moved
    assert result.loc["substance", "difference"] == pytest.approx(np.sqrt(squared))


def test_the_table_counts_what_is_missing_and_describes_what_is_known() -> None:
    table = iop.balance(PEOPLE, "track", COVARIATES).table.set_index(
        ["covariate", "level", "group"]
    )
    age = table.loc[("age", "", "day")]
    assert (age["n"], age["missing"], age["mean"], age["sd"]) == (4, 1, 40.0, 10.0)
    assert (age["lower_quartile"], age["median"], age["upper_quartile"]) == (35.0, 40.0, 45.0)
    b = table.loc[("substance", "b", "evening")]
    assert (b["count"], b["share"]) == (3.0, 0.75)
    assert np.isnan(b["mean"])
    assert table.loc[("employed", "yes", "day"), "count"] == 1
    gone = PEOPLE.assign(age=PEOPLE["age"].where(PEOPLE["track"] == "day"))
    balanced = iop.balance(gone, "track", "age")
    assert balanced.differences["difference"].isna().all()
    assert "–" in balanced.paper_table()["evening"].tolist()
    assert "No standardised difference is known" in balanced.text


def test_words_do_not_depend_on_their_order_and_two_are_as_yes_and_no() -> None:
    whole = differences(PEOPLE, "substance").loc["substance", "difference"]
    for order in (["b", "c", "a"], ["c", "a", "b"]):
        turned = PEOPLE.assign(substance=pd.Categorical(PEOPLE["substance"], order))
        assert differences(turned, "substance").loc["substance", "difference"] == pytest.approx(
            whole, rel=1e-12
        )
    in_words = PEOPLE.assign(employed=np.where(PEOPLE["employed"], "yes", "no"))
    flags = differences(PEOPLE, "employed").loc["employed", "difference"]
    assert differences(in_words, "employed").loc["employed", "difference"] == pytest.approx(
        abs(flags)
    )


@pytest.mark.parametrize("way", [lambda x: x, lambda x: x.astype(int), lambda x: x.astype(str)])
def test_yes_and_no_are_known_in_each_way_of_writing_them(way: Any) -> None:
    balanced = iop.balance(PEOPLE.assign(employed=way(PEOPLE["employed"])), "track", "employed")
    assert balanced.table["kind"].tolist() == ["yes_no"] * 2
    assert balanced.table["share"].tolist() == [0.25, 0.75]
    lacking = PEOPLE.assign(employed=PEOPLE["employed"].astype(object).where(PEOPLE.index != 0))
    table = iop.balance(lacking, "track", "employed").table
    assert table["kind"].tolist() == ["yes_no"] * 2
    assert table["share"].tolist() == [1 / 3, 0.75]


def test_no_spread_is_an_endless_difference_and_none_where_groups_are_alike() -> None:
    frame = PEOPLE.assign(
        same=1.5, apart=np.where(PEOPLE["track"] == "day", 2.0, 3.0), word=PEOPLE["track"]
    )
    result = differences(frame, ["same", "apart", "word"])["difference"]
    assert result.tolist() == [0.0, np.inf, np.inf]
    page = iop.balance(frame, "track", ["same", "apart", "word"])
    assert "∞" in page.paper_table()["difference"].tolist()
    assert "Largest standardised difference: apart inf (evening less day)" in page.text


def test_as_r_says() -> None:
    frame = pd.read_csv(REFERENCE / "adjusted_data.csv")
    reference = pd.read_csv(REFERENCE / "adjusted.csv").query("case == 'balance'")
    result = differences(frame, reference["quantity"].tolist())["difference"]
    np.testing.assert_allclose(result, reference["value"], rtol=1e-12)


def test_weights_change_the_means_and_not_the_unit() -> None:
    weighted = PEOPLE.assign(w=[1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0])
    balanced = iop.balance(weighted, "track", COVARIATES, weights="w")
    by = balanced.differences.set_index("covariate")
    # Weighted means 40 and 30; of the employed 1/5 and 5/6.
    assert by.loc["age", "weighted_difference"] == pytest.approx(by.loc["age", "difference"])
    assert by.loc["employed", "weighted_difference"] == pytest.approx(
        (5 / 6 - 1 / 5) / np.sqrt(3 / 16)
    )
    assert balanced.groups["effective_size"].tolist() == [25 / 7, 36 / 12]
    even = iop.balance(weighted.assign(w=2.0), "track", COVARIATES, weights="w")
    np.testing.assert_allclose(
        even.differences["weighted_difference"], even.differences["difference"]
    )
    np.testing.assert_allclose(even.table["weighted_sd"].iloc[:2], even.table["sd"].iloc[:2])
    assert [name for name in balanced.paper_table() if "weighted" in name] == [
        "weighted day",
        "weighted evening",
        "weighted difference",
    ]


def test_several_groups_are_compared_in_pairs_or_with_one() -> None:
    frame = PEOPLE.assign(track=["a", "b", "c", "a", "b", "c", "a", "b"])
    pairs = iop.balance(frame, "track", "age").differences[["group", "reference"]]
    assert pairs.to_numpy().tolist() == [["b", "a"], ["c", "a"], ["c", "b"]]
    against = iop.balance(frame, "track", "age", reference="b")
    assert against.differences["reference"].tolist() == ["b", "b"]
    largest = against.differences["difference"].abs().max()
    shown = float(against.paper_table()["difference"].iloc[1])
    assert abs(shown) == pytest.approx(largest, abs=0.005)


@given(st.lists(st.sampled_from("abc"), min_size=8, max_size=30), st.integers(0, 10**6))
@settings(deadline=None, max_examples=10)
def test_the_distance_is_that_of_plain_algebra(words: list[str], seed: int) -> None:
    track = np.random.default_rng(seed).permutation(np.arange(len(words)) % 2)
    frame = pd.DataFrame({"track": track, "word": words})
    result = differences(frame, "word").loc["word", "difference"]
    shares = pd.crosstab(frame["track"], frame["word"], normalize="index").to_numpy()
    spread = np.mean([np.diag(p) - np.outer(p, p) for p in shares], axis=0)
    moved = shares[1] - shares[0]
    expected = np.sqrt(max(float(moved @ np.linalg.pinv(spread, hermitian=True) @ moved), 0.0))
    if np.isfinite(result):
        assert result == pytest.approx(expected, rel=1e-6, abs=1e-9)
    else:  # along some direction neither group has any spread
        left = moved - spread @ np.linalg.pinv(spread, hermitian=True) @ moved
        assert np.abs(left).max() > 1e-9


def test_it_shows_itself_and_is_not_published() -> None:
    balanced = iop.balance(PEOPLE, "track", COVARIATES)
    page = balanced._repr_html_()
    assert "age, mean (sd)" in page
    assert "… and" not in page
    assert "p-value" not in page
    assert repr(balanced) == "<Balance: 2 groups, 3 covariates>"
    with pytest.raises(RuleError, match="cannot be protected"):
        iop.protect(balanced)  # type: ignore[call-overload]
    original = PEOPLE.copy()
    iop.balance(PEOPLE, "track", COVARIATES)
    pd.testing.assert_frame_equal(PEOPLE, original)


def test_rows_of_people_seen_twice_are_said() -> None:
    text = iop.balance(PEOPLE.assign(person_id=[1, 2, 3, 4, 1, 2, 3, 4]), "track", "age").text
    assert "8 rows of 4 values of person_id; rows are counted." in text


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"covariates": []}, RuleError, "Covariates are a list of columns"),
        ({"covariates": "age + employed"}, RuleError, "no column named age \\+ employed"),
        ({"covariates": ["age", "age"]}, RuleError, "named once"),
        ({"covariates": ["age", "track"]}, RuleError, "by the column that defines them"),
        ({"covariates": "admitted"}, RuleError, "A date is no covariate"),
        ({"covariates": "endless"}, EstimateError, "finite number"),
        ({"covariates": "person_id"}, EstimateError, "one level a value"),
        ({"covariates": "age", "by": []}, RuleError, "needs the column"),
        ({"covariates": "age", "by": "one"}, EstimateError, "two groups or more"),
        ({"covariates": "age", "weights": "endless"}, EstimateError, "number above 0"),
        ({"covariates": "age", "reference": "x"}, RuleError, "name of a group"),
    ],
)
def test_what_is_none_is_refused(options: dict[str, Any], error: type, said: str) -> None:
    frame = PEOPLE.assign(
        admitted=pd.Timestamp("2026-01-01"), endless=np.inf, one=1, person_id=list("stuvwxyz")
    )
    with pytest.raises(error, match=said):
        iop.balance(frame, **{"by": "track", **options})
