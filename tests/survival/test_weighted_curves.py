from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib import pyplot

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival import survival_curves
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1]
REFERENCE = pd.read_csv(HERE / "reference" / "weighted.csv")
BY_QUANTITY = {
    asked: rows.set_index("at")["value"]
    for asked, rows in REFERENCE.groupby(["case", "group", "quantity"], sort=False)
}
SCALES = {
    "log-log": "log-log",
    "log": "log",
    "plain": "plain",
    "logit": "logit",
    "arcsine": "arcsin",
}
# Late entry, the column of weights, the column of clusters.
CASES = {
    "weights": (False, "weight", None),
    "weights people": (False, "weight", "id"),
    "weights late": (True, "weight", None),
    "weights people late": (True, "weight", "id"),
    "people late": (True, None, "id"),
}


@pytest.fixture(autouse=True)
def close_figures():
    matplotlib.use("agg")
    yield
    pyplot.close("all")


def weighted_data() -> pd.DataFrame:
    return pd.read_csv(HERE / "reference" / "weighted_data.csv")


def curves_of(case: str, interval: str = "log-log"):
    late, weights, cluster = CASES[case]
    times = weighted_data() if late else weighted_data().drop(columns="entry")
    return survival_curves(times, by="group", weights=weights, cluster=cluster, interval=interval)


def reference(case: str, group: int, quantity: str) -> pd.Series:
    return BY_QUANTITY[case, group, quantity]


@pytest.mark.parametrize("case", CASES)
def test_the_curve_its_error_and_its_counts_are_those_of_r(case):
    table = curves_of(case).table
    for group, rows in table.groupby("group"):
        rows = rows.set_index("day")
        for column in ("survival", "se", "at_risk", "events"):
            theirs = reference(case, group, column)
            if column == "se":  # R has 0 where the survival is 0, if there are clusters
                theirs = theirs.where(rows.loc[theirs.index, "survival"] > 0)
            assert rows.loc[theirs.index, column].to_numpy() == pytest.approx(
                theirs.to_numpy(), rel=1e-10, abs=1e-12, nan_ok=True
            )


@pytest.mark.parametrize("interval", SCALES)
@pytest.mark.parametrize("case", CASES)
def test_robust_limits_quantiles_and_follow_up_are_those_of_r(case, interval):
    curves, scale = curves_of(case, interval), SCALES[interval]
    shares = [0.1, 0.25, 0.5, 0.6]
    quantiles, follow_up = curves.quantile(shares), curves.follow_up().set_index("group")
    for group, rows in curves.table.groupby("group"):
        rows = rows.set_index("day")
        for column in ("lower", "upper"):
            theirs = reference(case, group, f"{column} {scale}")
            assert rows.loc[theirs.index, column].to_numpy() == pytest.approx(
                theirs.to_numpy(), rel=1e-10, nan_ok=True
            )
        mine = quantiles[quantiles["group"] == group].set_index("share")
        for column, name in (("quantile", ""), ("lower", "lower "), ("upper", "upper ")):
            theirs = reference(case, group, f"quantile {name}{scale}").loc[shares]
            assert mine[column].to_numpy() == pytest.approx(theirs.to_numpy(), nan_ok=True)
        for column, name in (("median", ""), ("lower", "lower "), ("upper", "upper ")):
            theirs = reference(case, group, f"follow-up {name}{scale}").item()
            assert follow_up.loc[group, column] == pytest.approx(theirs, nan_ok=True)


@pytest.mark.parametrize("case", CASES)
def test_the_area_and_its_robust_error_are_those_of_rs_influences(case):
    curves = curves_of(case)
    for horizon in (6.5, 10, 20):
        result = curves.restricted_mean(horizon).set_index("group")
        lost = curves.time_lost(horizon).set_index("group")
        for group in result.index:
            mean = reference(case, group, "mean")[horizon]
            error = reference(case, group, "mean se")[horizon]
            assert result.loc[group, "mean"] == pytest.approx(mean, rel=1e-11)
            assert result.loc[group, "se"] == pytest.approx(error, rel=1e-10)
            assert lost.loc[group, "lost"] == pytest.approx(horizon - mean, rel=1e-11)
            assert lost.loc[group, "se"] == pytest.approx(error, rel=1e-10)


def test_a_hand_worked_weighted_curve():
    # At risk 6, then 3: the events weigh 2 and 1.
    times = pd.DataFrame({"days": [2, 3, 5], "event": [1, 0, 1], "w": [2.0, 1.0, 3.0]})
    table = survival_curves(times, weights="w").table
    assert list(table.columns) == [
        *("day", "at_risk", "events", "censored", "survival", "lower", "upper", "se"),
        *("rows_at_risk", "rows_events", "rows_censored"),
    ]
    assert table["at_risk"].tolist() == [6, 6, 4, 3]
    assert table["events"].tolist() == [0, 2, 0, 3]
    assert table["censored"].tolist() == [0, 0, 1, 0]
    assert table["rows_at_risk"].tolist() == [3, 3, 2, 1]
    assert table["rows_events"].tolist() == [0, 1, 0, 1]
    assert table["rows_censored"].tolist() == [0, 0, 1, 0]
    assert table["survival"].tolist() == pytest.approx([1, 2 / 3, 2 / 3, 0])
    # The share with the event by day 2 is 2 of 6: its derivative by the weight of the one with it
    # is 1/6 - 2/36, by that of each other one -2/36.
    square = sum(
        (weight * slope) ** 2
        for weight, slope in (
            (2, Fraction(1, 6) - Fraction(2, 36)),
            (1, -Fraction(2, 36)),
            (3, -Fraction(2, 36)),
        )
    )
    error = float(square) ** 0.5
    assert table["se"].tolist() == pytest.approx([0, error, error, np.nan], nan_ok=True)


def rows_of_people(late: bool = True) -> st.SearchStrategy[pd.DataFrame]:
    """Return a strategy for small frames in which people have several rows."""
    row = st.tuples(
        st.integers(0, 9 if late else 0),
        st.integers(1, 9),
        st.booleans(),
        st.integers(0, 5),
        st.integers(1, 4),
        st.sampled_from("ab"),
    )
    names = ["entry", "stay", "event", "person", "weight", "track"]

    def frame(rows: list[tuple[int, int, bool, int, int, str]]) -> pd.DataFrame:
        times = pd.DataFrame(rows, columns=names)
        times["days"] = times["entry"] + times.pop("stay")
        return times

    return st.lists(row, min_size=1, max_size=14).map(frame)


# Two people, whose influences cancel from day 1 on: the error is 0, not what rounding leaves.
CANCELLING = pd.DataFrame(
    [
        (0, False, 2, 1, "a", 1),
        (0, True, 2, 2, "a", 1),
        (1, False, 0, 2, "a", 2),
        (1, False, 0, 2, "a", 2),
    ],
    columns=["entry", "event", "person", "weight", "track", "days"],
)


def curve(times: pd.DataFrame, weight: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return the weighted curve by its definition, for real and for complex weights."""
    entry, left = times["entry"].to_numpy(), times["days"].to_numpy()
    event = times["event"].to_numpy()
    height = np.ones(len(days), dtype=weight.dtype)
    for day in np.unique(left[event]):
        at_risk = ((entry < day) & (left >= day)) @ weight
        height[days >= day] *= 1 - (event & (left == day)) @ weight / at_risk
    return height


@settings(deadline=None, max_examples=10)  # each compares every day of a curve, to rounding
@given(rows_of_people(), st.integers(1, 18))
@example(CANCELLING, 4)
def test_robust_errors_are_those_of_nudging_each_person(times, horizon):
    """Compare with derivatives by complex steps: exact to rounding, without our algebra."""
    curves = survival_curves(times, weights="weight", cluster="person")
    days = np.arange(20)
    weight = times["weight"].to_numpy(dtype=complex)
    influence = []
    for person in times["person"].unique():
        nudge = times["person"].eq(person).to_numpy() * weight * 1e-30j
        influence.append(curve(times, weight + nudge, days).imag / 1e-30)
    influence = np.array(influence)
    table = curves.table
    assert table["survival"].to_numpy() == pytest.approx(
        curve(times, weight.real, table["day"].to_numpy()), abs=1e-12
    )
    theirs = np.sqrt((influence**2).sum(axis=0))
    theirs = np.where(table["survival"] > 0, theirs[table["day"]], np.nan)
    assert table["se"].to_numpy() == pytest.approx(theirs, abs=1e-9, nan_ok=True)
    try:
        result = curves.restricted_mean(horizon)
    except EstimateError:
        return
    area = np.sqrt((influence[:, :horizon].sum(axis=1) ** 2).sum())
    assert result["mean"].item() == pytest.approx(curve(times, weight.real, days)[:horizon].sum())
    assert result["se"].item() == pytest.approx(area, abs=1e-8)


@settings(deadline=None, max_examples=10)
@given(rows_of_people())
@by_our_product
def test_whole_weights_are_copies_of_the_same_person(times):
    weighted = survival_curves(times, by="track", weights="weight", cluster="person")
    copies = times.loc[times.index.repeat(times["weight"])]
    copied = survival_curves(copies, by="track", cluster="person")
    names = ["day", "at_risk", "events", "censored", "survival", "lower", "upper", "se"]
    pd.testing.assert_frame_equal(
        weighted.table[names], copied.table[names], check_dtype=False, atol=1e-7
    )
    plain = survival_curves(copies, by="track")
    assert weighted.table["survival"].to_numpy() == pytest.approx(
        plain.table["survival"].to_numpy(), abs=1e-12
    )
    pd.testing.assert_frame_equal(
        weighted.risk_table([0, 5, 12])[["at_risk", "censored", "events"]],
        plain.risk_table([0, 5, 12])[["at_risk", "censored", "events"]],
        check_dtype=False,
    )
    pd.testing.assert_frame_equal(
        weighted.follow_up(), copied.follow_up(), check_dtype=False, atol=1e-7
    )


@settings(deadline=None, max_examples=10)
@given(rows_of_people(late=False))
@by_our_product
def test_without_weights_late_entry_and_repeats_the_robust_error_is_greenwoods(times):
    plain = survival_curves(times)
    robust = survival_curves(times.assign(row=range(len(times))), cluster="row")
    for name in ("at_risk", "events", "censored"):
        assert plain.table[name].equals(robust.table[name])
    # The plain one is computed by lifelines.
    assert robust.table["survival"].to_numpy() == pytest.approx(plain.table["survival"], abs=1e-15)
    for name in ("lower", "upper"):
        assert robust.table[name].to_numpy() == pytest.approx(
            plain.table[name].to_numpy(), abs=1e-7, nan_ok=True
        )
    assert robust.follow_up().equals(plain.follow_up())


@settings(deadline=None, max_examples=10)
@given(
    rows_of_people(),
    st.randoms(use_true_random=False),
    st.sampled_from([0.1, 7]),
    st.integers(2, 9),
)
@by_our_product
def test_row_order_and_the_units_of_time_and_weight_do_not_matter(times, random, unit, scale):
    order = list(range(len(times)))
    random.shuffle(order)
    options = {"by": "track", "weights": "weight", "cluster": "person"}
    first = survival_curves(times, **options)
    shuffled = survival_curves(times.iloc[order], **options)
    pd.testing.assert_frame_equal(shuffled.table, first.table, atol=1e-8)
    other = survival_curves(
        times.assign(
            days=times["days"] * unit,
            entry=times["entry"] * unit,
            weight=times["weight"] / scale,
        ),
        **options,
    )
    for name in ("survival", "lower", "upper", "se"):
        assert other.table[name].to_numpy() == pytest.approx(
            first.table[name].to_numpy(), abs=1e-7, nan_ok=True
        )
    horizon = first.table.groupby("track", observed=True)["day"].max().min()
    try:
        mean = first.restricted_mean(horizon)
    except EstimateError:
        return
    scaled = other.restricted_mean(horizon * unit)
    for name in ("mean", "se"):
        assert scaled[name].to_numpy() == pytest.approx(mean[name].to_numpy() * unit, abs=1e-7)


@settings(deadline=None, max_examples=10)
@given(rows_of_people(), st.lists(st.integers(0, 20), min_size=1, max_size=5))
def test_weighted_counts_add_up_and_stay_within_bounds(times, days):
    times["weight"] = times["weight"] / 7
    curves = survival_curves(times, by="track", weights="weight")
    risk = curves.risk_table(days)
    before = curves.risk_table(days, counting="just_before")
    at = curves.at(days)
    for row, earlier, point in zip(
        risk.itertuples(), before.itertuples(), at.itertuples(), strict=True
    ):
        group = times[times["track"] == row.track]
        entered = group.loc[group["entry"] <= row.day, "weight"].sum()
        assert row.at_risk + row.censored + row.events == pytest.approx(entered)
        still = (group["entry"] <= row.day) & (group["days"] > row.day)
        assert row.rows_at_risk == still.sum()
        assert row.at_risk == pytest.approx(group.loc[still, "weight"].sum())
        there = ((group["entry"] < row.day) | (group["entry"] == 0)) & (group["days"] >= row.day)
        assert earlier.rows_at_risk == point.rows_at_risk == there.sum()
        assert earlier.at_risk == point.at_risk
        assert point.at_risk == pytest.approx(group.loc[there, "weight"].sum())
    table = curves.table
    assert table["survival"].between(0, 1).all()
    assert (table["se"] >= 0).equals(table["survival"] > 0)
    seen = table[table["survival"] > 0]
    assert (seen["lower"] <= seen["survival"] + 1e-12).all()
    assert (seen["survival"] <= seen["upper"] + 1e-12).all()
    # Where everyone at risk has the event the curve is 0, not the rest of a sum of weights.
    gone = (table["rows_at_risk"] == table["rows_events"]) & (table["rows_at_risk"] > 0)
    assert (table.loc[gone, "survival"] == 0).all()


def test_the_rule_the_text_and_the_counts_say_that_the_curve_is_weighted():
    times = weighted_data()
    curves = survival_curves(times, by="group", weights="weight", cluster="id")
    assert (
        "Kaplan-Meier estimate weighted by weight, robust standard errors (rows of one id"
        in curves.rule
    )
    assert curves.rule in curves.text
    sizes = curves.sizes.set_index("group")
    for group, rows in times.groupby("group"):
        assert sizes.loc[group, "n"] == len(rows)
        assert sizes.loc[group, "events"] == rows["event"].sum()
        assert sizes.loc[group, "weighted_n"] == pytest.approx(rows["weight"].sum())
        assert f"(weighted: n {rows['weight'].sum():,.1f}, events" in curves.text
    assert repr(curves) == (
        f"<SurvivalCurves: 2 groups, n 140, events {times['event'].sum()}, weighted by weight>"
    )
    only_people = survival_curves(times, by="group", cluster="id")
    assert "weighted" not in only_people.text
    assert only_people.table["at_risk"].dtype == np.int64
    assert "rows_at_risk" not in only_people.table.columns


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"w": [1, 0, 2]}, "1 zero of 3"),
        ({"w": [1, -1, np.nan]}, "1 missing, 1 negative of 3"),
        ({"w": [1, np.inf, 1]}, "1 infinite of 3"),
        ({"w": ["1", "2", "3"]}, "weights, which are numbers"),
        ({"w": [True, True, True]}, "weights, which are numbers"),
        ({"person": ["a", None, "b"]}, "1 of 3 missing"),
    ],
)
def test_weights_and_clusters_that_are_none_are_refused(change, says):
    good = {"days": [1, 2, 3], "event": [1, 0, 1], "w": [1.0, 2.0, 1.5], "person": ["a", "a", "b"]}
    with pytest.raises(EstimateError, match=says):
        survival_curves(pd.DataFrame(good | change), weights="w", cluster="person")


def test_columns_that_are_not_there_are_refused():
    times = pd.DataFrame({"days": [1, 2], "event": [1, 0], "w": [1.0, 2.0]})
    with pytest.raises(RuleError, match="no column named weight"):
        survival_curves(times, weights="weight")
    with pytest.raises(RuleError, match="no column named person"):
        survival_curves(times, cluster="person")
    with pytest.raises(RuleError, match="named by their column"):
        survival_curves(times, weights=times["w"])


@pytest.mark.parametrize("options", [{"weights": "weight"}, {"cluster": "id"}])
def test_a_band_without_a_theory_is_refused(options):
    with pytest.raises(EstimateError, match="simultaneous band is not available"):
        survival_curves(weighted_data(), **options).band()


@pytest.mark.parametrize("options", [{"weights": "weight"}, {"weights": "weight", "cluster": "id"}])
def test_curves_whose_counts_are_not_of_people_cannot_be_protected(options):
    curves = survival_curves(weighted_data(), by="group", **options)
    with pytest.raises(RuleError, match="their counts are not of people"):
        iop.protect(curves)


def test_late_entry_weights_leave_no_rest_where_nobody_is_at_risk():
    times = pd.DataFrame(
        {
            "entry": [0, 0, 7, 7],
            "days": [2, 3, 9, 10],
            "event": [1, 0, 1, 1],
            "w": [0.1, 0.2, 0.3, 0.7],
        }
    )
    curves = survival_curves(times, weights="w")
    assert curves.at([5, 7])["at_risk"].tolist() == [0, 0]
    assert curves.risk_table([5, 7])["at_risk"].tolist() == [0, 1]
    assert curves.table["survival"].tolist() == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3 * 0.7, 0])


def cells(ax) -> dict[str, str]:
    """Return the text of each cell of the table below a picture, by its name."""
    return {
        text.get_gid(): text.get_text()
        for text in ax.texts
        if str(text.get_gid()).startswith("risk_")
    }


def notes(ax) -> str:
    return " ".join(text.get_text() for text in ax.texts if str(text.get_gid()).startswith("note_"))


@pytest.mark.parametrize("counting", ["after", "just_before"])
def test_the_table_below_weighted_curves_is_the_risk_table(counting):
    curves = survival_curves(weighted_data(), by="group", weights="weight", cluster="id")
    ticks = [0, 7, 14, 21]
    ax = iop.plot_survival(curves, ticks=ticks, counting=counting)
    drawn = cells(ax)
    risk = curves.risk_table(ticks, counting)
    for position, group in enumerate((1, 2)):
        for _, row in risk[risk["group"] == group].iterrows():
            day = int(row["day"])
            for column in ("at_risk", "censored", "events"):
                assert drawn[f"risk_{position}_{column}_{day}"] == f"{row[column]:,.1f}"
            rows = drawn[f"risk_{position}_rows_at_risk_{day}"]
            assert rows == f"{row['rows_at_risk']:,.0f}"
    assert "weighted by weight, robust standard errors (rows of one id" in notes(ax)
    assert "sums of weight; rows: how many are at risk" in notes(ax)
    note = "At risk: just before each day" if counting == "just_before" else "entered by then"
    assert note in notes(ax)
    assert note in iop.alternative_text(ax)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    sizes = curves.sizes
    for name, n, events in zip(("1", "2"), sizes["n"], sizes["events"], strict=True):
        assert f"{name}: n = {n}, {events} events" in legend


def test_the_band_is_drawn_on_request_and_named():
    times = weighted_data().drop(columns="entry")
    curves = survival_curves(times, by="group")
    ax = iop.plot_survival(curves, band=True)
    lines = [line for line in ax.get_lines() if line.get_label() == "_band"]
    band = curves.band()
    drawn = iter(lines)
    for group in (1, 2):
        rows = band[band["group"] == group]
        for limit in ("lower", "upper"):
            line = next(drawn)
            assert list(line.get_xdata()) == rows["day"].tolist()
            assert list(line.get_ydata()) == rows[limit].tolist()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[-1] == "95% band for the whole curve"
    assert "Hall and Wellner" in iop.alternative_text(ax)
    assert "Hall and Wellner" in notes(ax)
    plain = curves.plot()
    assert "Hall" not in notes(plain)
    assert not [line for line in plain.get_lines() if line.get_label() == "_band"]
    protected = iop.protect(curves, iop.SafePolicy(threshold=2))
    with pytest.raises(RuleError, match="cannot be calculated from protected"):
        iop.plot_survival(protected, band=True)
    with pytest.raises(RuleError, match="counts through each day"):
        iop.plot_survival(protected, counting="just_before")


def test_curves_by_several_columns_have_each_their_table_and_their_name():
    times = weighted_data().assign(late=lambda frame: frame["entry"].gt(0).map({True: "late"}))
    times["late"] = times["late"].fillna("from the start")
    curves = survival_curves(times, by=["group", "late"], weights="weight")
    names = ["1, from the start", "1, late", "2, from the start", "2, late"]
    ax = iop.plot_survival(curves, ticks=[0, 10])
    texts = [text.get_text() for text in ax.texts]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    sizes = curves.sizes
    for position, name in enumerate(names):
        assert name in texts
        assert f"{name}: n {sizes['n'][position]}, events" in curves.text
        # Nobody of those who entered late is there on day 0, and n counts them all the same.
        assert legend[position].startswith(f"{name}: n = {sizes['n'][position]},")
    assert cells(ax)["risk_1_at_risk_0"] == "0.0"
    assert cells(ax)["risk_1_rows_at_risk_0"] == "0"
    assert list(curves.risk_table([0, 10]).columns) == [
        *("group", "late", "day", "at_risk", "censored", "events", "rows_at_risk")
    ]


@pytest.mark.parametrize("weight", [1e-300, 1e300])
def test_weights_that_drown_all_others_are_refused(weight):
    times = pd.DataFrame({"days": [3, 4, 5], "event": 1, "weight": [1.0, weight, 1.0]})
    with pytest.raises(EstimateError, match=r"1e(-12|\+12) of 3"):
        survival_curves(times, weights="weight")


def test_people_that_are_lists_and_twins_of_columns_are_refused():
    times = pd.DataFrame({"days": [3, 4], "event": 1, "weight": 1.0, "person": [[1], [2]]})
    with pytest.raises(EstimateError, match="lists or other things"):
        survival_curves(times, cluster="person")
    with pytest.raises(EstimateError, match="several columns named weight"):
        survival_curves(pd.concat([times, times[["weight"]]], axis=1), weights="weight")
