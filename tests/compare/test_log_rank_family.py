"""The weighted family of the log-rank test, tests for trend and of pairs: against R and by hand."""

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
UIS = Path(__file__).parents[3] / "shared" / "data" / "uis.csv"
TESTS: dict[str, dict[str, Any]] = {
    "1": {},
    "n": {"test": "gehan_breslow"},
    "sqrtN": {"test": "tarone_ware"},
    "S1": {"test": "peto_peto"},
    "S2": {"test": "modified_peto_peto"},
    "FH_p=0_q=1": {"test": "fleming_harrington", "gamma": 1},
    "FH_p=1_q=1": {"test": "fleming_harrington", "rho": 1, "gamma": 1},
    "FH_p=1_q=0.5": {"test": "fleming_harrington", "rho": 1, "gamma": 0.5},
    "survdiff 0": {},
    "survdiff 1": {"test": "fleming_harrington", "rho": 1},
    "survdiff 0.5": {"test": "fleming_harrington", "rho": 0.5},
}


@pytest.fixture(scope="module")
def times() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "cox_data.csv").query("entry == 0").drop(columns="entry")
    return frame.assign(event=frame["end"] == "relapse", two=frame["dose"] > frame["dose"].median())


def test_the_statistics_are_those_of_r(times: pd.DataFrame) -> None:
    for row in pd.read_csv(REFERENCE / "log_rank_family.csv").to_dict("records"):
        trend = row["quantity"].startswith("trend ")
        options = TESTS[row["quantity"].removeprefix("trend ")]
        comparison = iop.compare_survival(
            times, row["by"], trend="order" if trend else None, cluster=None, **options
        )
        assert comparison.statistic == pytest.approx(row["value"], rel=1e-9), row
        assert comparison.degrees_of_freedom == (1 if trend else len(comparison.table) - 1)


@pytest.mark.skipif(
    not UIS.is_file(), reason="../shared/data/uis.csv is not here: it is not part of the project"
)
def test_uis_by_the_powers_of_survdiff() -> None:
    uis = pd.read_csv(UIS).rename(columns={"time": "days", "censor": "event"})
    comparison = iop.compare_survival(uis, "treat", test="fleming_harrington", rho=1)
    assert comparison.statistic == pytest.approx(9.3965, abs=5e-5)
    assert "Fleming-Harrington test (rho 1, gamma 0)" in comparison.text


def plain_score(frame: pd.DataFrame, weight: str) -> tuple[float, float]:
    """Observed less expected of group b, and its variance, a stratum and a day at a time."""
    difference = variance = 0.0
    for site in sorted(set(frame["site"])):
        part = frame[frame["site"] == site]
        entry, days, event = (part[name].to_numpy() for name in ("entry", "days", "event"))
        own = part["track"].to_numpy() == "b"
        survival = nearly = 1.0
        for day in sorted(set(days[event])):
            there = (days >= day) & ((entry < day) | (entry == 0))
            today = there & event & (days == day)
            n, d, share = int(there.sum()), int(today.sum()), own[there].mean()
            nearly *= 1 - d / (n + 1)
            w = {
                "gehan_breslow": n,
                "tarone_ware": n**0.5,
                "peto_peto": nearly,
                "modified_peto_peto": nearly * n / (n + 1),
                "fleming_harrington": survival**0.5 * (1 - survival) ** 2,
            }[weight]
            survival *= 1 - d / n
            difference += w * ((today & own).sum() - d * share)
            if n > 1:
                variance += w**2 * d * (n - d) / (n - 1) * share * (1 - share)
    return difference, variance


rows = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(1, 8),
        st.booleans(),
        st.sampled_from("ab"),
        st.sampled_from("xy"),
    ),
    min_size=6,
    max_size=30,
)


@settings(deadline=None, max_examples=10)
@given(rows, st.sampled_from(sorted({options["test"] for options in TESTS.values() if options})))
def test_each_is_its_definition_within_strata_and_with_late_entry(
    drawn: list[tuple[int, int, bool, str, str]], test: str
) -> None:
    frame = pd.DataFrame(drawn, columns=["entry", "stay", "event", "track", "site"])
    frame["days"] = frame["entry"] + frame["stay"]
    powers = {"rho": 0.5, "gamma": 2} if test == "fleming_harrington" else {}
    difference, variance = plain_score(frame, test)
    try:
        comparison = iop.compare_survival(
            frame,
            "track",
            test=test,
            strata="site",
            cluster=None,
            **powers,  # type: ignore[arg-type]
        )
    except EstimateError:
        return
    assert comparison.statistic == pytest.approx(difference**2 / variance, rel=1e-6, abs=1e-9)


def test_with_clusters_of_one_row_and_of_copies(times: pd.DataFrame) -> None:
    alone = times.assign(person_id=range(len(times)))
    twice = pd.concat([alone, alone])
    for options in ({"test": "tarone_ware"}, {"test": "fleming_harrington", "rho": 1}):
        plain = iop.compare_survival(times, "two", **options)
        copied = iop.compare_survival(twice, "two", **options)
        assert copied.statistic == pytest.approx(plain.statistic, rel=1e-9)
        assert "robust to clusters" in copied.text


def test_early_and_late_differences_are_noticed_by_the_weights_for_them() -> None:
    early = pd.DataFrame(
        {
            "days": [*range(1, 16), *range(31, 46), *[30] * 15, *range(31, 46)],
            "event": [1] * 30 + [0] * 15 + [1] * 15,
            "track": ["a"] * 30 + ["b"] * 30,
        }
    )
    before = iop.compare_survival(early, "track", test="fleming_harrington", rho=1).statistic
    late = iop.compare_survival(early, "track", test="fleming_harrington", gamma=1).statistic
    assert before > iop.compare_survival(early, "track").statistic > late


# Trend and pairs ---------------------------------------------------------------------------------


def test_a_trend_over_two_groups_is_the_test_of_two(times: pd.DataFrame) -> None:
    plain = iop.compare_survival(times, "two", cluster=None)
    trend = iop.compare_survival(times, "two", trend={False: 3, True: 5}, cluster=None)
    assert trend.statistic == pytest.approx(plain.statistic, rel=1e-9)
    assert trend.table["score"].tolist() == [3, 5]
    assert "Log-rank test for trend" in trend.text


def test_scores_shifted_and_stretched_give_the_same_trend(times: pd.DataFrame) -> None:
    one = iop.compare_survival(times, "site", trend="order", cluster=None)
    names = times["site"].sort_values().unique()
    scores = {name: 10 + 5 * place for place, name in enumerate(names)}
    two = iop.compare_survival(times, "site", trend=scores, cluster=None)
    assert one.statistic == pytest.approx(two.statistic, rel=1e-9)


def test_each_pair_is_the_test_of_the_two_and_corrected(times: pd.DataFrame) -> None:
    result = iop.compare_survival_pairs(times, "site", cluster=None, test="peto_peto")
    assert len(result.table) == 3
    for row in result.table.to_dict("records"):
        two = times[times["site"].isin([row["group"], row["reference"]])]
        alone = iop.compare_survival(two, "site", cluster=None, test="peto_peto")
        assert row["statistic"] == pytest.approx(alone.statistic, rel=1e-9)
        assert (row["n"], row["events"]) == (len(two), two["event"].sum())
    p_values = sorted(result.table["p_value"])
    assert result.table["p_adjusted"].min() == pytest.approx(min(1, 3 * p_values[0]))
    assert result.text.startswith("Peto-Peto test of pairs, by site, p-values corrected (holm): ")
    with_one = iop.compare_survival_pairs(times, "site", reference="a", correction="none")
    assert with_one.table["reference"].tolist() == ["a", "a"]


def test_pairs_never_at_risk_together_are_missing_and_not_counted() -> None:
    frame = pd.DataFrame(
        {
            "days": [1, 2, 3, 8, 9, 10, 2, 9],
            "entry": [0, 0, 0, 5, 5, 5, 0, 0],
            "event": [1, 1, 1, 1, 1, 1, 1, 1],
            "track": list("aaabbbcc"),
        }
    )
    result = iop.compare_survival_pairs(frame, "track").table.set_index(["group", "reference"])
    assert np.isnan(result.loc[("b", "a"), "p_value"])
    assert result["p_adjusted"].notna().sum() == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"test": "wilcoxon"}, "test must be one of"),
        ({"test": "fleming_harrington"}, "rho or gamma above 0"),
        ({"rho": 1}, "those of the Fleming-Harrington test"),
        ({"test": "fleming_harrington", "rho": -1}, "0 or more"),
        ({"trend": "up"}, "scores of the groups"),
        ({"trend": {"a": 1, "b": 2}}, "Every group needs a score"),
        ({"trend": {"a": 1, "b": 1, "c": 1}}, "not all the same"),
    ],
)
def test_what_is_no_test_is_refused(
    times: pd.DataFrame, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(RuleError, match=said):
        iop.compare_survival(times, "site", **options)
