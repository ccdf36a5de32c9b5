from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import datasets

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.plots import alternative_text
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.survival import hazard, survival_curves
from iop_outcomes.survival.hazard.smoothing import boundary_kernel
from tests.helpers.engines import by_our_product

mpl.use("Agg")

HERE = Path(__file__).parents[1]
REFERENCE = pd.read_csv(HERE / "reference" / "curves_more.csv", dtype={"group": str})


def lung() -> pd.DataFrame:
    return datasets.load_lung().rename(columns={"time": "days", "status": "event"})


def late_entry() -> pd.DataFrame:
    return pd.read_csv(HERE / "reference" / "late_entry.csv")


def reference(data: str, group: object, quantity: str) -> pd.Series:
    rows = REFERENCE.query("data == @data and quantity == @quantity")
    rows = rows[rows["group"] == f"{group:g}"]
    assert len(rows)
    return rows.set_index("at")["value"]


def exponential(n: int, rate: float, seed: int, last: float = np.inf) -> pd.DataFrame:
    days = np.random.default_rng(seed).exponential(1 / rate, n)
    return pd.DataFrame({"days": np.minimum(days, last), "event": days < last})


@pytest.mark.parametrize(
    ("data", "load", "by", "fewest"),
    [("lung", lung, "sex", 10), ("late_entry", late_entry, "group", 1)],
)
def test_the_cumulative_hazard_is_that_of_r(data, load, by, fewest):
    rates = hazard(load(), by, fewest=fewest)
    for group in rates.stretches[by]:
        for quantity, column in (("hazard", "cumulative_hazard"), ("se", "cumulative_se")):
            theirs = reference(data, group, f"cumulative {quantity}")
            at = rates.at(theirs.index.to_numpy())
            mine = at.loc[at[by] == group, column].to_numpy()
            assert mine == pytest.approx(theirs.to_numpy(), rel=1e-11)


def test_the_smoothed_rate_is_the_sum_of_its_definition_in_r():
    rates = hazard(lung(), "sex", bandwidth=100)
    for group in (1, 2):
        stretch = rates.stretches.set_index("sex").loc[group]
        assert stretch["last"] == reference("lung", group, "smoothed until").item()
        theirs = reference("lung", group, "hazard")
        at = rates.at(theirs.index.to_numpy())
        mine = at[at["sex"] == group]
        assert mine["hazard"].to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-10)
        errors = reference("lung", group, "hazard se")
        assert mine["se"].to_numpy() == pytest.approx(errors.to_numpy(), rel=1e-10)


@settings(deadline=None)
@given(st.floats(0, 1))
def test_the_boundary_kernel_has_mass_one_and_mean_zero_at_any_distance_from_the_edge(reach):
    nodes, weights = np.polynomial.legendre.leggauss(6)  # exact for these polynomials
    x = (nodes * (1 + reach) + reach - 1) / 2
    value = boundary_kernel(x, reach) * weights * (1 + reach) / 2
    assert value.sum() == pytest.approx(1)
    assert (value * x).sum() == pytest.approx(0, abs=1e-12)


def test_away_from_the_edges_the_kernel_is_epanechnikovs():
    x = np.linspace(-1.5, 1.5, 31)
    assert boundary_kernel(x, 1.0) == pytest.approx(np.maximum(0.75 * (1 - x**2), 0))


def test_a_hand_worked_rate():
    # Increments 1/4, 1/3 and 1/2 on days 10, 20 and 30; on day 20 with b = 20 the weights are
    # 3/4 (1 - 1/4), 3/4 and 3/4 (1 - 1/4), over 20.
    times = pd.DataFrame({"days": [10, 20, 30, 60], "event": [1, 1, 1, 0]})
    result = hazard(times, bandwidth=20, fewest=1).at(20).iloc[0]
    weights = np.array([9 / 16, 3 / 4, 9 / 16]) / 20
    steps = np.array([1 / 4, 1 / 3, 1 / 2])
    assert result["hazard"] == pytest.approx(weights @ steps)
    assert result["se"] == pytest.approx(np.sqrt(weights**2 @ (steps / [4, 3, 2])))
    assert result["cumulative_hazard"] == pytest.approx(1 / 4 + 1 / 3)
    ratio = np.exp(1.959963984540054 * result["se"] / result["hazard"])
    assert result["upper"] == pytest.approx(result["hazard"] * ratio)
    assert result["lower"] == pytest.approx(result["hazard"] / ratio)
    assert result["at_risk"] == 3


def test_the_window_does_not_bend_a_constant_rate_at_either_end():
    table = hazard(exponential(200_000, 0.01, 7, last=200), bandwidth=40, days=range(0, 201, 5))
    rate = table.table["hazard"].to_numpy()
    assert rate == pytest.approx(np.full(41, 0.01), rel=0.05)


def test_a_rate_that_falls_from_day_0_is_followed_to_day_0():
    # Rate 0.03 exp(-day / 60): the cumulative rate is 1.8 (1 - exp(-day / 60)).
    target = np.random.default_rng(3).exponential(1, 100_000)
    with np.errstate(divide="ignore", invalid="ignore"):
        days = -60 * np.log(1 - target / 1.8)
    ended = ~(days < 180)
    times = pd.DataFrame({"days": np.where(ended, 180, days), "event": ~ended})
    at = hazard(times, bandwidth=15).at([0, 5, 30, 90, 170])
    truth = 0.03 * np.exp(-at["day"] / 60)
    assert (np.abs(at["hazard"] - truth) < 4 * at["se"] + 0.02 * truth).all()
    assert at["hazard"].iloc[0] == pytest.approx(0.03, rel=0.05)


def test_the_limits_cover_a_constant_rate_as_often_as_they_say():
    days = [0, 5, 50, 100, 145, 150]
    samples = [exponential(300, 0.01, seed, last=150).assign(sample=seed) for seed in range(200)]
    at = hazard(pd.concat(samples), by="sample", days=[0], bandwidth=40).at(days)
    assert len(at) == 200 * len(days)
    share = (at["lower"].le(0.01) & at["upper"].ge(0.01)).groupby(at["day"]).mean()
    assert (share > 0.91).all()
    assert (share < 0.99).all()


def test_nothing_is_estimated_outside_the_stretch_with_enough_at_risk():
    times = pd.DataFrame({"days": np.arange(1, 41), "event": True})
    rates = hazard(times, bandwidth=10)
    assert rates.stretches[["first", "last"]].iloc[0].tolist() == [0, 31]
    assert rates.table["day"].tolist() == list(range(32))
    at = rates.at([31, 31.5, 40, 41])
    assert at["hazard"].isna().tolist() == [False, True, True, True]
    assert at[["se", "lower", "upper"]].isna().all(axis=1).tolist() == [False, True, True, True]
    assert at["cumulative_hazard"].isna().tolist() == [False, False, False, True]
    late = pd.DataFrame({"entry": 20, "days": np.arange(30, 60), "event": True})
    early = hazard(late, bandwidth=5).at([10, 19, 20, 25])
    assert early["hazard"].isna().tolist() == [True, True, False, False]


def test_the_stretch_begins_when_enough_are_at_risk_less_those_who_ended_before():
    # Six enter on day 5, of whom one is censored and one has the event before five more enter on
    # day 10: nine are at risk then, ten from day 12 on, eleven from day 15.
    entry = [5] * 6 + [10] * 5 + [12, 15]
    days = [7, 8, *range(30, 41)]
    times = pd.DataFrame({"entry": entry, "days": days, "event": [False] + [True] * 12})
    rates = hazard(times, bandwidth=5, fewest=10)
    assert rates.stretches["first"].tolist() == [12]
    assert hazard(times, bandwidth=5, fewest=9).stretches["first"].tolist() == [10]


def test_days_within_a_bandwidth_of_either_end_are_said():
    times = pd.DataFrame({"entry": 0, "days": np.arange(1, 41), "event": True})
    rates = hazard(times, bandwidth=10, days=[0, 9, 9.5, 10, 21, 21.5, 31, 31.5, 40])
    assert rates.stretches[["first", "last"]].iloc[0].tolist() == [0, 31]
    near = [True, True, True, False, False, True, True, False, False]
    assert rates.table["near_edge"].dtype == bool
    assert rates.table["near_edge"].tolist() == near
    assert rates.at([9, 15])["near_edge"].tolist() == [True, False]
    late = pd.DataFrame({"entry": 20, "days": np.arange(30, 60), "event": True})
    result = hazard(late, bandwidth=5).at([10, 20, 24, 25])
    assert result["near_edge"].tolist() == [False, True, True, False]


def test_the_picture_does_not_fill_the_band_near_the_edges():
    from matplotlib import pyplot

    times = pd.DataFrame({"days": np.arange(1, 101), "event": True})
    for width, filled in ((20, (20, 71)), (45.5, None)):
        rates = hazard(times, bandwidth=width)
        ax = rates.plot()
        try:
            paths = [path for band in ax.collections for path in band.get_paths()]
            days = np.concatenate([path.vertices[:, 0] for path in paths]) if paths else []
            assert ((min(days), max(days)) if len(days) else None) == filled
            small = " ".join(text.get_text().replace("\n", " ") for text in ax.texts)
            assert f"less than {width:.3g} days from either end" in small
        finally:
            pyplot.close(ax.figure)


def test_the_months_of_the_year_by_hand():
    # Eleven people, none censored: 3 in the first month, 2 on its last day, 4 in month 6, 2 later.
    days = [0, 5, 29, 30, 30, 160, 161, 170, 180, 400, 400]
    result = hazard(pd.DataFrame({"days": days, "event": True}), fewest=1).by_month()
    assert result["to_day"].tolist() == [30, 61, 91, 122, 152, 182, 213, 243, 274, 304, 335, 365]
    assert result["from_day"].tolist() == [0, *result["to_day"].tolist()[:-1]]
    assert result["events"].tolist() == [5, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0]
    assert result["share"].to_numpy() == pytest.approx([5 / 9, *[0] * 4, 4 / 9, *[0] * 6])
    # Without censoring the share is a proportion of the 9, and so is its standard error.
    assert result["se"].iloc[[0, 5]].to_numpy() == pytest.approx(np.sqrt(5 / 9 * 4 / 9 / 9))
    assert result.loc[result["share"] == 0, ["lower", "upper"]].isna().all(axis=None)


def test_the_shares_of_the_months_count_those_who_were_censored():
    times = lung()
    result = hazard(times, "sex").by_month()
    curves = survival_curves(times, by="sex").at([0, 152, 182, 365])
    for group, rows in result.groupby("sex"):
        survival = curves.loc[curves["sex"] == group, "survival"].to_numpy()
        share = (survival[1] - survival[2]) / (1 - survival[3])
        row = rows[rows["month"] == 6].iloc[0]
        assert row["share"] == pytest.approx(share)
        assert row["lower"] < share < row["upper"]
        assert rows["share"].sum() == pytest.approx(1)


def test_the_standard_error_of_a_share_is_that_of_resampled_people():
    times = exponential(400, 0.004, 5, last=900)
    censored = np.random.default_rng(6).uniform(100, 900, 400)
    times = times.assign(
        event=times["event"] & (times["days"] <= censored), days=np.minimum(times["days"], censored)
    )
    result = hazard(times).by_month(6)
    again = np.random.default_rng(8)
    samples = [
        times.iloc[again.integers(0, 400, 400)].assign(sample=number) for number in range(200)
    ]
    months = hazard(pd.concat(samples), by="sample", days=[0]).by_month(6)
    shares = months["share"].to_numpy().reshape(200, 6)
    assert np.std(shares, axis=0) == pytest.approx(result["se"].to_numpy(), rel=0.2)


def rows_of_people() -> st.SearchStrategy[pd.DataFrame]:
    row = st.tuples(st.integers(0, 40), st.booleans())
    return st.lists(row, min_size=4, max_size=30).map(
        lambda rows: pd.DataFrame(
            [*rows, (12, True), (20, True), (30, False)], columns=["days", "event"]
        )
    )


@settings(deadline=None, max_examples=10)
@given(rows_of_people(), st.randoms(use_true_random=False), st.sampled_from([0.25, 7.0]))
@by_our_product
def test_order_of_rows_and_unit_of_time_do_not_matter(times, random, scale):
    order = list(range(len(times)))
    random.shuffle(order)
    rates = hazard(times, bandwidth=6, fewest=1, spacing=0)
    pd.testing.assert_frame_equal(
        hazard(times.iloc[order], bandwidth=6, fewest=1, spacing=0).table, rates.table
    )
    # Without spacing=0 every seventh day would be taken for a check-in if there are enough events.
    longer = times.assign(days=times["days"] * scale)
    scaled = hazard(longer, bandwidth=6 * scale, fewest=1, spacing=0)
    at = scaled.at(rates.table["day"].to_numpy() * scale)
    assert at["hazard"].to_numpy() * scale == pytest.approx(rates.table["hazard"].to_numpy())
    assert at["cumulative_hazard"].to_numpy() == pytest.approx(rates.table["cumulative_hazard"])


@settings(deadline=None, max_examples=10)
@given(rows_of_people(), st.integers(2, 4))
@by_our_product
def test_copies_of_everyone_leave_the_rate_and_shrink_its_error(times, copies):
    once = hazard(times, bandwidth=6, fewest=1, spacing=0).table
    often = hazard(pd.concat([times] * copies), bandwidth=6, fewest=copies, spacing=0).table
    assert often["hazard"].to_numpy() == pytest.approx(once["hazard"].to_numpy())
    assert often["se"].to_numpy() * np.sqrt(copies) == pytest.approx(once["se"].to_numpy())
    assert (once["hazard"] >= 0).all()
    known = once.dropna(subset="lower")
    assert (known["lower"] <= known["hazard"]).all()
    assert (known["hazard"] <= known["upper"]).all()
    assert once["lower"].isna().equals(once["hazard"].le(once["se"] / 2) | once["hazard"].isna())


def test_the_bandwidth_by_default_is_the_normal_reference():
    times = exponential(300, 0.02, 2)
    rates = hazard(times)
    last = np.sort(times["days"])[-10]
    inside = times.loc[times["days"] <= last, "days"]
    quarters = inside.quantile(0.75) - inside.quantile(0.25)
    spread = min(inside.std(), quarters / 1.349)
    assert rates.bandwidth == pytest.approx(2.345 * spread * len(inside) ** -0.2)
    assert f"{rates.bandwidth:.3g} days to each side" in rates.rule


GOOD = pd.DataFrame({"days": np.arange(1, 41), "event": True, "track": ["a", "b"] * 20})


@pytest.mark.parametrize(
    ("times", "options", "error", "says"),
    [
        (GOOD.head(9), {}, EstimateError, "1 of 1 groups without one"),
        (GOOD.assign(event=GOOD["track"] == "a"), {"by": "track"}, EstimateError, "an event"),
        (GOOD.assign(days=-1), {}, EstimateError, "negative"),
        (
            GOOD.assign(days=[5, 9] * 20, event=GOOD["track"] == "a"),
            {},
            EstimateError,
            "vary too little",
        ),
        (GOOD, {"bandwidth": 16}, RuleError, "bandwidth=15.5, or less"),
        (GOOD, {"bandwidth": 0}, RuleError, "bandwidth"),
        (GOOD, {"bandwidth": True}, RuleError, "bandwidth"),
        (GOOD, {"fewest": 0}, RuleError, "fewest"),
        (GOOD, {"days": [-1]}, RuleError, "Days are numbers"),
        (GOOD, {"confidence": 1}, RuleError, "confidence"),
        (GOOD.rename(columns={"track": "se"}), {"by": "se"}, RuleError, "cannot be named se"),
        (GOOD.assign(days=GOOD["days"] * 1000), {}, RuleError, "at most 5,000 days"),
    ],
)
def test_what_cannot_be_estimated_is_refused(times, options, error, says):
    with pytest.raises(error, match=says):
        hazard(times, **options)


def test_days_on_which_nobody_is_at_risk_are_not_reached_across():
    early = pd.DataFrame({"entry": 0, "days": np.arange(1, 21), "event": True})
    late = pd.DataFrame({"entry": 30, "days": np.arange(40, 60), "event": True})
    with pytest.raises(EstimateError, match="1 of 1 groups with such days"):
        hazard(pd.concat([early, late]))


def test_months_without_the_follow_up_or_an_event_are_refused():
    rates = hazard(GOOD.assign(event=GOOD["days"] < 35), "track")
    with pytest.raises(EstimateError, match="of 2 groups 2 not followed so long, 0 without"):
        rates.by_month()
    assert rates.by_month(1)["share"].tolist() == [1, 1]
    with pytest.raises(RuleError, match="whole number"):
        rates.by_month(0)


def test_the_result_says_what_it_is():
    times = lung()
    label(times, Provenance("Relapse is the first use after admission.", synthetic=True))
    before = times.copy()
    rates = hazard(times, "sex")
    pd.testing.assert_frame_equal(times, before)
    assert rates.synthetic
    assert rates.rule.startswith("Relapse is the first use after admission. Kernel-smoothed hazard")
    assert rates.rule in rates.text
    assert "1: n 138, events 112, highest" in rates.text
    assert repr(rates) == "<Hazard: 2 groups, n 228, events 165>"
    assert "<table>" in rates._repr_html_()
    pd.testing.assert_frame_equal(rates.at(rates.table["day"].unique()), rates.table)


def test_the_picture_draws_the_table_and_says_so():
    from matplotlib import pyplot

    times = lung()
    label(times, Provenance(event="relapse", origin="admission", synthetic=True))
    rates = hazard(times, "sex")
    ax = rates.plot()
    try:
        lines = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
        assert [line.get_label() for line in lines] == [
            "1: n = 138, 112 events",
            "2: n = 90, 53 events",
        ]
        for line, (_, rows) in zip(lines, rates.table.groupby("sex"), strict=True):
            assert np.array_equal(line.get_ydata(), 100 * rows["hazard"], equal_nan=True)
        assert alternative_text(ax) == rates.text
        assert any(text.get_text() == "synthetic data" for text in ax.texts)
        assert any("window of" in text.get_text().replace("\n", " ") for text in ax.texts)
    finally:
        pyplot.close(ax.figure)


def test_the_first_thing_wrong_is_said_first():
    few = pd.DataFrame({"days": [3, 4, 5], "event": 0})
    with pytest.raises(EstimateError, match="There are no events"):
        hazard(few)
    with pytest.raises(EstimateError, match="with 10 at risk"):
        hazard(few.assign(event=1))


def test_the_picture_has_the_table_of_those_at_risk():
    days = np.arange(1, 101)
    times = pd.DataFrame({"days": days, "event": True})
    rates = hazard(times)
    ax = rates.plot()
    cells = {t.get_gid(): t.get_text() for t in ax.texts if (t.get_gid() or "").startswith("risk_")}
    ticks = ax.get_xticks()
    wanted = rates.at(ticks.tolist())["at_risk"]
    assert [cells[f"risk_0_{day:g}"] for day in ticks] == [f"{count:,}" for count in wanted]


def test_months_with_one_person_left_are_refused() -> None:
    days = [*range(5, 65), 200]
    times = pd.DataFrame({"days": days, "event": [True, False] * 30 + [False]})
    rates = hazard(times, fewest=2)
    assert rates.by_month(1)["share"].tolist() == [1.0]
    with pytest.raises(EstimateError, match="of 1 group 1 not followed so long"):
        rates.by_month(3)
    # Where all have had the event nothing is left to follow.
    gone = hazard(pd.DataFrame({"days": range(5, 65), "event": True}), fewest=2)
    assert gone.by_month(3)["share"].sum() == pytest.approx(1)
