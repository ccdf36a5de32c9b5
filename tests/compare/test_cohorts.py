"""The comparison of cohorts in one call: its parts are those of the functions that it calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, ReportError, RuleError

TERMS = ["age", "employed", "substance"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parents[1] / "reference" / "adjusted_data.csv")
    return frame.assign(left=(frame["event"] == 0) & (frame["row"] % 2 == 0))


@pytest.fixture(scope="module")
def found(people: pd.DataFrame) -> iop.CohortComparison:
    return iop.compare_cohorts(
        *(people, "track"), covariates=TERMS, horizon=180, left="left", resamples=100
    )


def test_the_parts_are_what_their_functions_give(
    people: pd.DataFrame, found: iop.CohortComparison
) -> None:
    adjusted = iop.adjusted_curves(
        people, "track", TERMS, day=180, method="augmented", limits="closed_form"
    )
    rows = found.table.drop(columns="analysis")
    pd.testing.assert_frame_equal(
        rows[found.table["analysis"] == "adjusted"].reset_index(drop=True), adjusted.table
    )
    pd.testing.assert_frame_equal(
        rows[found.table["analysis"] == "not adjusted"].reset_index(drop=True), adjusted.unadjusted
    )
    assert found.table["analysis"].unique().tolist() == [
        "not adjusted",
        "adjusted",
        "adjusted by weighting",
        "adjusted by overlap weights",
    ]
    assert found.test.p_value == iop.compare_survival(people, "track").p_value
    weighted = iop.propensity_weights(people, "track", TERMS).balance
    pd.testing.assert_frame_equal(found.balance.differences, weighted.differences)
    assert found.tipping is not None
    tipping = iop.tipping_point(people, "track", 180, left="left", resamples=100)
    pd.testing.assert_frame_equal(found.tipping.table, tipping.table)


def test_the_flow_adds_up_and_names_each_reason(people: pd.DataFrame) -> None:
    frame = people.assign(
        track=people["track"].where(people["row"] > 4),
        age=people["age"].where(people["row"] % 50 > 0),
    )
    found = iop.compare_cohorts(
        *(frame, "track"),
        covariates=["age"],
        horizon=90,
        excluded={"admitted before 2025": 7},
        missing_group="leave_out",
        missing_covariates="drop",
    )
    flow = [tuple(row) for row in found.flow.to_numpy().tolist()]
    sizes = frame[frame["age"].notna()].groupby("track").size()
    assert flow == [
        ("rows in all", "", 247),
        ("excluded before", "admitted before 2025", 7),
        ("rows given", "", 240),
        ("not analysed", "no value of track", 4),
        ("not analysed", "no value of a covariate", 4),
        ("analysed", "", 232),
        ("group", "day", sizes["day"]),
        ("group", "evening", sizes["evening"]),
    ]
    assert "8 rows without a group or covariate were not analysed" in found.methods


def test_the_methods_say_what_was_done(people: pd.DataFrame, found: iop.CohortComparison) -> None:
    for words in (
        "Groups by track were compared: day (136,",
        "adjusted for age, employed, substance by augmented inverse probability weighting",
        "with a logistic model of the group",
        "by the influence of each row",
        "Sensitivity analyses: weighting; overlap weights.",
        "A tipping-point analysis",
        f"iop_outcomes {iop.__version__}",
    ):
        assert words in found.methods, words
    assert "bootstrap" not in found.methods
    assert "were taken together" not in found.methods
    three = people.assign(track=np.where(people["row"] % 3, people["track"], "night"))
    other = iop.compare_cohorts(
        *(three.assign(person_id=three["row"] // 2), "track"),
        covariates=["age"],
        horizon=60,
        method="weighting",
        limits="bootstrap",
        resamples=100,
    )
    for words in (
        "a multinomial logistic model of the group",
        "percentiles of 100 bootstrap samples",
        "Rows of one person_id were taken together",
        "Sensitivity analyses: standardisation; overlap weights.",
    ):
        assert words in other.methods, words
    assert "tipping" not in other.methods


def test_small_groups_and_what_is_left_of_imbalance_are_said(people: pd.DataFrame) -> None:
    small = people[(people["track"] == "day") | (people["row"] % 5 == 0)]
    found = iop.compare_cohorts(small, "track", covariates=["age"], horizon=60, fewest=15)
    assert found.small == ("evening",)
    assert "Fewer than 15 events by day 60 in evening." in found.text


def test_a_page_of_its_own_is_saved(found: iop.CohortComparison, tmp_path: Path) -> None:
    page = found.save(tmp_path / "comparison.html").read_text(encoding="utf-8")
    for words in ("From records to analysis", "Table 1.", "Differences", "<h2>Methods</h2>"):
        assert words in page, words
    assert "for authorised readers only" in page
    assert "not adjusted" in found._repr_html_()
    with pytest.raises(ReportError, match="saved as HTML"):
        found.save(tmp_path / "comparison.docx")
    with pytest.raises(RuleError, match="cannot be protected"):
        iop.protect(found)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("options", "error", "wrong"),
    [
        ({"covariates": ["gap"]}, EstimateError, "needs every covariate of every row"),
        ({"covariates": ["none"]}, RuleError, "no column named none"),
        ({"covariates": []}, RuleError, "list of columns"),
        ({"covariates": ["track"]}, RuleError, "no covariate"),
        ({"excluded": {"late": -1}}, RuleError, "a number for each reason"),
        ({"missing_covariates": "impute"}, RuleError, "missing_covariates must be one of"),
        ({"fewest": 0}, RuleError, "fewest"),
        ({"horizon": 9000}, EstimateError, "at risk up to the day"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    people: pd.DataFrame, options: dict[str, Any], error: type, wrong: str
) -> None:
    frame = people.assign(gap=people["age"].where(people["age"] > 30))
    with pytest.raises(error, match=wrong):
        iop.compare_cohorts(frame, **{"by": "track", "covariates": TERMS, "horizon": 60, **options})
