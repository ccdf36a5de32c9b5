from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter, datasets

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.provenance import KEY, Provenance, label
from iop_outcomes.survival import survival_curves
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1]
REFERENCE = pd.read_csv(HERE / "reference" / "survival.csv", dtype={"group": str})
UIS = HERE.parent.parent / "shared" / "data" / "uis.csv"
needs_uis = pytest.mark.skipif(not UIS.exists(), reason="../shared/data/uis.csv is not here")


def uis() -> pd.DataFrame:
    return pd.read_csv(UIS).rename(columns={"time": "days", "censor": "event"}).assign(all=1)


def lung() -> pd.DataFrame:
    return datasets.load_lung().rename(columns={"time": "days", "status": "event"})


def heart() -> pd.DataFrame:
    result = datasets.load_stanford_heart_transplants()
    return result.rename(columns={"start": "entry", "stop": "days"}).assign(
        group=result["transplant"]
    )


def late_entry() -> pd.DataFrame:
    return pd.read_csv(HERE / "reference" / "late_entry.csv")


def reference(data: str, quantity: str, group: object | None = None) -> pd.DataFrame:
    rows = REFERENCE[(REFERENCE["data"] == data) & (REFERENCE["quantity"] == quantity)]
    if group is not None:
        rows = rows[rows["group"] == f"{group:g}"]
    assert len(rows)
    return rows


CURVES = [
    pytest.param("lung", lung, "sex", id="lung"),
    pytest.param("heart", heart, "group", id="heart, late entry"),
    pytest.param("late_entry", late_entry, "group", id="simulated late entry with ties"),
    *[
        pytest.param(f"uis {by}", uis, by, id=f"uis {by}", marks=needs_uis)
        for by in ("all", "treat", "site", "race")
    ],
]


@pytest.mark.parametrize("interval", ["log-log", "log"])
@pytest.mark.parametrize(("data", "load", "by"), CURVES)
def test_curves_are_those_of_r(data, load, by, interval):
    times = load().dropna(subset=by)
    curves = survival_curves(times, by=by, interval=interval)
    days = REFERENCE.loc[REFERENCE["data"] == data, "day"].dropna().unique()
    at = curves.at(days)
    medians = curves.median().set_index(by)
    for group in medians.index:
        mine = at[at[by] == group].set_index("day")
        for quantity, column in (
            ("survival", "survival"),
            ("survival se", "se"),
            ("at_risk", "at_risk"),
            (f"lower {interval}", "lower"),
            (f"upper {interval}", "upper"),
        ):
            theirs = reference(data, quantity, group).set_index("day")["value"]
            assert mine.loc[theirs.index, column].to_numpy() == pytest.approx(
                theirs.to_numpy(), rel=1e-11, nan_ok=True
            )
        for quantity, column in (
            ("median", "median"),
            (f"median lower {interval}", "lower"),
            (f"median upper {interval}", "upper"),
        ):
            theirs = reference(data, quantity, group)["value"].item()
            assert medians.loc[group, column] == pytest.approx(theirs, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("data", "load", "by"), CURVES)
def test_restricted_means_are_those_of_r(data, load, by):
    curves = survival_curves(load().dropna(subset=by), by=by)
    horizon = reference(data, "mean")["day"].iloc[0]
    result = curves.restricted_mean(horizon).set_index(by)
    for group in result.index:
        for column in ("mean", "se"):
            theirs = reference(data, column, group)["value"].item()
            assert result.loc[group, column] == pytest.approx(theirs, rel=1e-11)
    reach = 1.959963984540054
    assert result["upper"].to_numpy() == pytest.approx(result["mean"] + reach * result["se"])
    assert result["lower"].to_numpy() == pytest.approx(result["mean"] - reach * result["se"])


def test_sizes_and_median_follow_up_are_those_of_r():
    sizes = survival_curves(lung(), by="sex").sizes.set_index("sex")
    for group in sizes.index:
        for column in ("n", "events", "followed_median"):
            theirs = reference("lung", column, group)["value"].item()
            assert sizes.loc[group, column] == theirs
    assert (sizes["censored"] == sizes["n"] - sizes["events"]).all()


@needs_uis
def test_uis_gives_the_published_numbers():
    times = uis()
    whole = survival_curves(times, interval="log").median()
    assert whole.iloc[0].tolist() == [166, 148, 184]
    by_treat = survival_curves(times, by="treat", interval="log")
    assert by_treat.median()[["median", "lower", "upper"]].to_numpy().tolist() == [
        [131.5, 115, 156],
        [192, 175, 226],
    ]
    assert by_treat.sizes[["n", "events"]].to_numpy().tolist() == [[320, 265], [308, 243]]
    assert by_treat.at([30, 90, 180, 365, 545])["survival"].round(6).tolist() == [
        *(0.878125, 0.659375, 0.403125, 0.212500, 0.175000),
        *(0.905844, 0.733766, 0.532468, 0.288961, 0.217532),
    ]
    mean = by_treat.restricted_mean(365)
    assert mean["mean"].round(4).tolist() == [172.8438, 206.8344]
    difference = np.sqrt((mean["se"] ** 2).sum())
    assert difference.round(4) == 10.1909


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 20, 22, 44])
def test_without_censoring_the_median_is_the_median(n):
    days = np.arange(1, n + 1)
    result = survival_curves(pd.DataFrame({"days": days, "event": True})).median().iloc[0]
    assert result["median"] == np.median(days)
    for column in ("median", "lower", "upper"):
        theirs = reference("plateau", column, n)["value"].item()
        assert result[column] == pytest.approx(theirs, nan_ok=True)


def test_a_curve_that_ends_on_one_half_has_the_middle_of_that_stretch_as_its_median():
    times = pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 0, 0]})
    theirs = reference("plateau", "median")
    theirs = theirs[theirs["group"] == "ends on it"]["value"].item()
    assert survival_curves(times).median()["median"].item() == theirs == 3


def test_a_hand_worked_table():
    times = pd.DataFrame({"days": [5, 2, 2, 7, 9, 9], "event": [1, 1, 0, 0, 1, 0]})
    table = survival_curves(times).table
    assert table["day"].tolist() == [0, 2, 5, 7, 9]
    assert table["at_risk"].tolist() == [6, 6, 4, 3, 2]
    assert table["events"].tolist() == [0, 1, 1, 0, 1]
    assert table["censored"].tolist() == [0, 1, 0, 1, 1]
    expected = [1, 5 / 6, 5 / 6 * 3 / 4, 5 / 6 * 3 / 4, 5 / 6 * 3 / 4 / 2]
    assert table["survival"].to_numpy() == pytest.approx(expected, rel=1e-14)
    assert list(table.columns) == [
        *("day", "at_risk", "events", "censored", "survival", "lower", "upper", "se")
    ]
    # Without censoring before it Greenwood's is the binomial error.
    assert table["se"].iloc[:2].tolist() == pytest.approx([0, np.sqrt(5 / 6 / 6 / 6)])
    assert table.loc[0, ["lower", "upper"]].tolist() == [1, 1]


def test_limits_are_missing_once_everyone_has_the_event():
    table = survival_curves(pd.DataFrame({"days": [1, 2], "event": [1, 1]})).table
    assert table["survival"].iloc[-1] == 0
    assert table[["lower", "upper", "se"]].iloc[-1].isna().all()


def test_log_log_limits_are_those_of_lifelines():
    times = lung()
    fitter = KaplanMeierFitter().fit(times["days"], times["event"])
    table = survival_curves(times).table
    theirs = fitter.confidence_interval_.loc[table["day"]]
    assert table[["lower", "upper"]].to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-12)


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=30))
def test_the_curve_is_that_of_lifelines(rows):
    times = pd.DataFrame(rows, columns=["days", "event"])
    fitter = KaplanMeierFitter().fit(times["days"], times["event"])
    table = survival_curves(times).table.set_index("day")
    theirs = fitter.event_table.join(fitter.survival_function_)
    assert table["survival"].to_numpy() == pytest.approx(
        theirs.loc[table.index, "KM_estimate"].to_numpy(), abs=1e-12
    )
    for mine, name in (("at_risk", "at_risk"), ("events", "observed"), ("censored", "censored")):
        assert table[mine].tolist() == theirs.loc[table.index, name].tolist()


def test_many_groups_with_many_days_are_counted_as_each_by_itself():
    # More cells of group and day than are counted densely.
    random = np.random.default_rng(2)
    times = pd.DataFrame(
        {
            "days": random.integers(1, 10**9, 600),
            "event": random.random(600) < 0.5,
            "track": random.integers(0, 200, 600),
        }
    )
    for scale in (1, 0.5):
        scaled = times.assign(days=times["days"] * scale)
        whole = survival_curves(scaled, by="track").table
        for group in (0, 77, 199):
            alone = survival_curves(scaled[scaled["track"] == group]).table
            mine = whole[whole["track"] == group].drop(columns="track").reset_index(drop=True)
            pd.testing.assert_frame_equal(mine, alone)


def test_another_level_moves_the_limits_of_the_median_as_it_moves_those_of_the_curve():
    narrow = survival_curves(lung(), by="sex", confidence=0.8)
    wide = survival_curves(lung(), by="sex", confidence=0.95)
    assert wide.median(0.8).equals(narrow.median())
    assert (narrow.median()["lower"] >= wide.median()["lower"]).all()


def test_nothing_is_extrapolated():
    times = pd.DataFrame(
        {"days": [1, 2, 3, 8], "event": [1, 1, 0, 0], "track": ["a", "a", "b", "b"]}
    )
    at = survival_curves(times, by="track").at([0, 2.5, 5, 8, 9])
    assert at["survival"].isna().tolist() == [False, *[True] * 4, *[False] * 4, True]
    assert at.loc[at["survival"].isna(), ["lower", "upper"]].isna().all(axis=None)
    assert at["at_risk"].tolist() == [2, 0, 0, 0, 0, 2, 2, 1, 1, 0]
    with pytest.raises(EstimateError, match=r"1 of 2 groups end before it[^$]*restricted_mean\(3"):
        survival_curves(times, by="track").restricted_mean(9)
    assert survival_curves(times, by="track").restricted_mean(2)["mean"].tolist() == [1.5, 2]


def test_a_restricted_mean_needs_two_at_risk_just_before_its_horizon():
    times = pd.DataFrame({"days": [1, 2, 3, 8], "event": [1, 1, 0, 0]})
    curves = survival_curves(times)
    assert curves.restricted_mean(3)["mean"].item() == 1 + 3 / 4 + 1 / 2
    for horizon in (3.5, 8):
        with pytest.raises(EstimateError, match=r"1 of 1 groups have fewer[^$]*restricted_mean\(3"):
            curves.restricted_mean(horizon)
        with pytest.raises(EstimateError, match="two people or more at risk"):
            curves.time_lost(horizon)
    with pytest.raises(EstimateError, match="no horizon that every group"):
        survival_curves(pd.DataFrame({"days": [4], "event": [0]})).restricted_mean(4)


def test_the_area_under_a_curve_that_has_come_down_to_0_is_known():
    times = pd.DataFrame(
        {"days": [1, 2, 5, 5], "event": [1, 1, 0, 0], "track": ["a", "a", "b", "b"]}
    )
    result = survival_curves(times, by="track").restricted_mean(5)
    assert result["mean"].tolist() == [1.5, 5]
    # Of two days 1 and 2 each half: the variance of their mean.
    assert result["se"].tolist() == pytest.approx([np.sqrt(1 / 4 / 2), 0])
    late = pd.DataFrame({"entry": [0, 4], "days": [2, 9], "event": [1, 0]})
    assert survival_curves(late).restricted_mean(9)["mean"].item() == 2


def test_everyone_censored_is_a_curve_that_stays_at_one():
    times = pd.DataFrame({"days": [3, 5], "event": [0, 0]})
    curves = survival_curves(times)
    assert (curves.table[["survival", "lower", "upper"]] == 1).all(axis=None)
    assert curves.median().isna().all(axis=None)
    assert "median not reached" in curves.text
    assert curves.restricted_mean(3).iloc[0][["mean", "se"]].tolist() == [3, 0]


def test_who_enters_on_the_day_of_an_event_is_not_at_risk_on_it():
    times = pd.DataFrame({"entry": [0, 0, 4], "days": [4, 9, 9], "event": [1, 0, 1]})
    table = survival_curves(times).table
    assert table["at_risk"].tolist() == [2, 2, 2]
    assert table["survival"].tolist() == pytest.approx([1, 1 / 2, 1 / 4])


def test_a_stretch_with_nobody_at_risk_leaves_the_curve_where_it_was():
    # lifelines refuses these two; the numbers are R's.
    times = pd.DataFrame(
        {"entry": [0, 0, 5, 5, 6], "days": [2, 3, 8, 9, 10], "event": [1, 0, 1, 1, 1]}
    )
    assert survival_curves(times).at([0, 2, 4, 8, 9, 10])["survival"].tolist() == pytest.approx(
        [1, 1 / 2, 1 / 2, 1 / 3, 1 / 6, 0]
    )
    emptied = survival_curves(times.assign(event=1))
    assert emptied.at([2, 3, 8])["survival"].tolist() == pytest.approx([1 / 2, 0, 0])


def test_the_groups_keep_their_values_their_order_and_their_type():
    times = pd.DataFrame(
        {
            "days": [1, 2, 3, 4],
            "event": [1, 1, 1, 0],
            "track": pd.Categorical(["b", "a", "b", "a"], categories=["b", "c", "a"]),
            "site": [2, 1, 2, 2],
        }
    )
    curves = survival_curves(times, by=["track", "site"])
    assert curves.by == ("track", "site")
    for frame in (curves.sizes, curves.median()):
        assert frame[["track", "site"]].to_numpy().tolist() == [["b", 2], ["a", 1], ["a", 2]]
    assert curves.table["track"].dtype == times["track"].dtype
    assert curves.sizes["n"].tolist() == [2, 1, 1]
    assert "a, 2: n 1, events 0, median not reached" in curves.text


def test_the_rule_comes_from_the_times_and_stands_in_the_text():
    times = pd.DataFrame({"days": [3, 5], "event": [1, 0]})
    assert survival_curves(times).rule.startswith("Times and events as given in the frame.")
    label(times, Provenance("Relapse is the first use after admission.", synthetic=True))
    curves = survival_curves(times, confidence=0.9, interval="log")
    assert curves.rule == (
        "Relapse is the first use after admission. Kaplan-Meier estimate, 90% limits, log scale."
    )
    assert curves.rule in curves.text
    assert curves.synthetic
    assert repr(curves) == "<SurvivalCurves: 1 group, n 2, events 1>"


def test_html_escapes_what_the_records_say():
    times = pd.DataFrame({"days": [3, 5], "event": [1, 0], "track": "<script>"})
    html = survival_curves(times, by="track")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_many_groups_are_counted_not_listed():
    times = pd.DataFrame({"days": range(1, 13), "event": 1, "track": range(12)})
    assert "; and 4 more groups. " in survival_curves(times, by="track").text


def test_the_frame_is_not_changed():
    times = late_entry()
    before = times.copy()
    survival_curves(times, by=["group", "stratum"]).at([3])
    pd.testing.assert_frame_equal(times, before)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"days": [-1, 2, 3]}, "1 negative of 3"),
        ({"days": [np.nan, 2, 3]}, "1 missing of 3"),
        ({"days": [np.inf, 2, np.nan]}, "1 missing, 1 infinite of 3"),
        ({"days": pd.array([pd.NA, 2, 3], dtype="Int64")}, "1 missing of 3"),
        ({"days": ["1", "2", "3"]}, "numbers of days"),
        ({"days": pd.to_timedelta([1, 2, 3], unit="D")}, "numbers of days"),
        ({"days": [True, False, True]}, "numbers of days"),
        ({"event": [2, 0, 1]}, "1 of 3 values are neither"),
        ({"event": ["yes", "no", "no"]}, "3 of 3 values are neither"),
        ({"event": [1, 0, np.nan]}, "1 of 3 values are neither, 1 of them missing"),
        ({"event": pd.array([True, None, None], dtype="boolean")}, "2 of them missing"),
        ({"event": pd.to_datetime(["2026-01-01"] * 3)}, "3 of 3 values are neither"),
        ({"entry": [0, 2, 1]}, "1 of 3 with entry on or after days"),
        ({"entry": [-1, 0, 0]}, "1 negative of 3"),
        ({"track": ["a", None, None]}, "2 of 3 missing"),
    ],
)
def test_what_lifelines_swallows_is_refused(change, says):
    good = {"days": [1, 2, 3], "event": [1, 0, 1], "track": ["a", "a", "b"]}
    with pytest.raises(EstimateError, match=says):
        survival_curves(pd.DataFrame(good | change), by="track")


@pytest.mark.parametrize(
    "event",
    [
        [True, False, True],
        [1, 0, 1],
        [1.0, 0.0, 1.0],
        pd.array([True, False, True], dtype="boolean"),
        pd.array([1, 0, 1], dtype="Int8"),
        np.array([True, False, True], dtype=object),
    ],
)
def test_events_are_flags_of_any_kind(event):
    times = pd.DataFrame({"days": pd.array([1, 2, 3], dtype="Int32"), "event": event})
    assert survival_curves(times).table["survival"].tolist() == pytest.approx([1, 2 / 3, 2 / 3, 0])


def test_options_and_columns_that_are_not_known_are_refused():
    times = pd.DataFrame({"days": [1, 2], "event": [1, 0], "lower": [1, 2], "track": ["a", "b"]})
    with pytest.raises(RuleError, match="no column named trak"):
        survival_curves(times, by="trak")
    with pytest.raises(RuleError, match="track twice"):
        survival_curves(times, by=["track", "track"])
    with pytest.raises(RuleError, match="cannot be named lower"):
        survival_curves(times, by="lower")
    with pytest.raises(EstimateError, match="no column named days"):
        survival_curves(times[["event"]])
    with pytest.raises(EstimateError, match="no rows"):
        survival_curves(times.iloc[:0])
    with pytest.raises(EstimateError, match="DataFrame"):
        survival_curves([1, 2])
    for confidence in (0, 1, 95, True, "95"):
        with pytest.raises(RuleError, match="confidence"):
            survival_curves(times, confidence=confidence)
    with pytest.raises(RuleError, match="log-log"):
        survival_curves(times, interval="normal")
    curves = survival_curves(times)
    for days in ([-1], [np.nan], [], ["1"], [[1, 2]]):
        with pytest.raises(RuleError, match="Days are numbers"):
            curves.at(days)
    with pytest.raises(RuleError, match="just_before"):
        curves.risk_table([1], counting="before")
    with pytest.raises(RuleError, match="later than day 0"):
        curves.restricted_mean(0)


def people(largest: int = 15) -> st.SearchStrategy[pd.DataFrame]:
    """Return a strategy for small frames of times with late entry, two groups and many ties."""
    row = st.tuples(
        st.integers(0, largest), st.integers(0, largest), st.booleans(), st.sampled_from("ab")
    )

    def frame(rows: list[tuple[int, int, bool, str]]) -> pd.DataFrame:
        times = pd.DataFrame(rows, columns=["entry", "stay", "event", "track"])
        late = times["entry"] > 0
        times["days"] = times["entry"] + times["stay"] + late
        return times.drop(columns="stay")

    return st.lists(row, min_size=1, max_size=25).map(frame)


def at_risk(times: pd.DataFrame, day: float) -> int:
    """Count by the definition: entered before the day, or on day 0, and not left before it."""
    entered = (times["entry"] < day) | (times["entry"] == 0)
    return int((entered & (times["days"] >= day)).sum())


def plain_survival(times: pd.DataFrame, day: float) -> float:
    survival = 1.0
    for event_day in sorted(times.loc[times["event"], "days"].unique()):
        if event_day <= day:
            events = (times["event"] & (times["days"] == event_day)).sum()
            survival *= 1 - events / at_risk(times, event_day)
    return survival


@settings(deadline=None, max_examples=10)
@given(people(), st.lists(st.integers(0, 70).map(lambda half: half / 2), min_size=1, max_size=6))
def test_the_curve_at_any_day_is_its_definition(times, days):
    at = survival_curves(times, by="track").at(days)
    assert len(at) == times["track"].nunique() * len(days)
    for row in at.itertuples():
        group = times[times["track"] == row.track]
        assert row.at_risk == at_risk(group, row.day)
        assert row.events == (group["event"] & (group["days"] == row.day)).sum()
        assert row.censored == (~group["event"] & (group["days"] == row.day)).sum()
        if row.day > group["days"].max():
            assert np.isnan(row.survival)
        else:
            assert row.survival == pytest.approx(plain_survival(group, row.day), abs=1e-12)


@settings(deadline=None, max_examples=10)
@given(people(), st.lists(st.integers(0, 40), min_size=1, max_size=5))
@by_our_product
def test_the_three_numbers_of_the_risk_table_add_up_to_those_who_have_entered(times, days):
    curves = survival_curves(times, by="track")
    table = curves.risk_table(days)
    before = curves.risk_table(days, counting="just_before")
    assert (before["at_risk"] == curves.at(days)["at_risk"]).all()
    assert before[["censored", "events"]].equals(table[["censored", "events"]])
    for row in table.itertuples():
        group = times[times["track"] == row.track]
        left = group["days"] <= row.day
        assert row.events == (left & group["event"]).sum()
        assert row.censored == (left & ~group["event"]).sum()
        assert row.at_risk + row.censored + row.events == (group["entry"] <= row.day).sum()


@settings(deadline=None, max_examples=10)
@given(people(), st.sampled_from(["log-log", "log", "plain", "logit", "arcsine"]))
def test_a_curve_falls_and_stays_within_its_limits(times, interval):
    curves = survival_curves(times, by="track", interval=interval)
    for _, rows in curves.table.groupby("track"):
        assert rows["survival"].iloc[0] <= 1
        assert (rows["survival"].diff().dropna() <= 0).all()
        seen = rows[rows["survival"] > 0]
        assert rows.loc[rows["survival"] == 0, "lower"].isna().all()
        assert (seen["lower"] >= 0).all()
        assert (seen["lower"] <= seen["survival"]).all()
        assert (seen["survival"] <= seen["upper"]).all()
        assert (seen["upper"] <= 1).all()
    assert curves.at(curves.table["day"].unique()).merge(curves.table, how="inner").shape[0] == len(
        curves.table
    )


@settings(deadline=None, max_examples=10)
@given(people(), st.randoms(use_true_random=False), st.sampled_from([0.1, 1 / 3, 7, 1e6]))
@by_our_product
def test_order_of_rows_and_unit_of_time_do_not_matter(times, random, scale):
    order = list(range(len(times)))
    random.shuffle(order)
    curves = survival_curves(times, by="track")
    shuffled = survival_curves(times.iloc[order], by="track")
    pd.testing.assert_frame_equal(shuffled.table, curves.table)
    scaled = survival_curves(
        times.assign(days=times["days"] * scale, entry=times["entry"] * scale), by="track"
    )
    same = ["at_risk", "events", "censored", "survival", "lower", "upper"]
    pd.testing.assert_frame_equal(scaled.table[same], curves.table[same])
    assert scaled.median()["median"].to_numpy() == pytest.approx(
        curves.median()["median"].to_numpy() * scale, nan_ok=True
    )


@settings(deadline=None, max_examples=10)
@given(people(), st.integers(2, 4))
@by_our_product
def test_copies_of_everyone_leave_the_curve_and_shrink_its_variance(times, copies):
    once = survival_curves(times)
    often = survival_curves(pd.concat([times] * copies))
    assert often.table["survival"].to_numpy() == pytest.approx(once.table["survival"].to_numpy())
    assert (often.table["at_risk"] == copies * once.table["at_risk"]).all()
    enough = once.table.loc[once.table["at_risk"] >= 2, "day"]
    last = enough.max()
    if last > 0:
        assert often.restricted_mean(last)["se"].item() == pytest.approx(
            once.restricted_mean(last)["se"].item() / np.sqrt(copies)
        )


@settings(deadline=None, max_examples=10)
@given(people())
@by_our_product
def test_an_entry_of_zero_is_no_late_entry(times):
    from_start = times.assign(entry=0)
    pd.testing.assert_frame_equal(
        survival_curves(from_start).table, survival_curves(times.drop(columns="entry")).table
    )


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_without_censoring_mean_and_median_are_those_of_the_days(days):
    curves = survival_curves(pd.DataFrame({"days": days, "event": 1}))
    assert curves.median()["median"].item() == np.median(days)
    mean = curves.restricted_mean(max(days))
    assert mean["mean"].item() == pytest.approx(np.mean(days))
    assert mean["se"].item() == pytest.approx(np.std(days) / np.sqrt(len(days)), abs=1e-9)


@pytest.mark.parametrize("name", ["days", "event", "track"])
def test_two_columns_of_one_name_are_refused(name):
    times = pd.DataFrame({"days": [3, 4], "event": [1, 0], "track": ["a", "b"]})
    with pytest.raises(EstimateError, match=f"several columns named {name}"):
        survival_curves(pd.concat([times, times[[name]]], axis=1), by="track")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"days": [1 + 1j, 2]}, "holds numbers of days"),
        ({"days": [1e16, 2]}, "1 over 1e\\+15"),
        ({"track": [[1], [2]]}, "cannot be sorted"),
        ({"track": [(1, 2), pd.Timestamp("2026-01-01")]}, "cannot be sorted"),
    ],
)
def test_values_that_are_no_days_and_no_groups_are_refused(change, words):
    times = pd.DataFrame({"days": [3, 4], "event": [1, 0], "track": ["a", "b"]}).assign(**change)
    with pytest.raises(EstimateError, match=words):
        survival_curves(times, by="track")


def test_names_that_are_no_text_and_levels_of_names_are_refused():
    times = pd.DataFrame({"days": [3, 4], "event": [1, 0], 5: ["a", "b"]})
    with pytest.raises(RuleError, match="given by name, as text"):
        survival_curves(times, by=5)
    times.columns = pd.MultiIndex.from_tuples([(name, "") for name in times.columns])
    with pytest.raises(EstimateError, match="one row of column names"):
        survival_curves(times)


def test_attributes_that_say_nothing_are_left_alone():
    times = pd.DataFrame({"days": [3, 4], "event": [1, 0]})
    for said in ({"rule": None, "synthetic": np.array([1, 2])}, "relapse", None):
        times.attrs = {KEY: said, "rule": "Earlier.", "synthetic": True}
        curves = survival_curves(times)
        assert curves.rule.startswith("Times and events as given")
        assert not curves.synthetic


def test_a_horizon_is_one_day_and_levels_are_told_as_they_are():
    curves = survival_curves(pd.DataFrame({"days": [3, 4, 5], "event": 1}), confidence=0.999)
    with pytest.raises(RuleError, match="horizon= is one number"):
        curves.restricted_mean([2, 4])
    with pytest.raises(RuleError, match="until= is one number"):
        curves.band(until=[3, 4])
    assert "99.9% limits" in curves.text
    assert curves.restricted_mean(2)["mean"].tolist() == [2]


@pytest.mark.parametrize("days", [0, 1e-9])
def test_a_picture_of_hardly_any_time_is_drawn(days):
    ax = survival_curves(pd.DataFrame({"days": [days, days], "event": [1, 0]})).plot()
    assert ax.get_xlim()[1] > 0
    assert "1 event" in ax.get_legend_handles_labels()[1][0]
    assert "1 events" not in ax.get_legend_handles_labels()[1][0]


@pytest.mark.parametrize("one", [1, 1.0, np.int64(1)])
def test_numbers_and_flags_are_not_made_one_group(one):
    mixed = pd.Series([one, True, one, True], dtype=object)
    times = pd.DataFrame({"days": [1, 2, 3, 4], "event": True, "group": mixed})
    with pytest.raises(EstimateError, match="1 and True, 0 and False would be one group"):
        survival_curves(times, by="group")
    words = times.assign(group=times["group"].astype(str))
    assert survival_curves(words, by="group").groups == 2
    flags = times.assign(group=pd.Series([True, False, None, True], dtype=object))
    assert survival_curves(flags.dropna(), by="group").groups == 2
