"""The public funnel: units of records and frames, case mix, partial pooling, names of staff."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, OutcomesError, RuleError
from iop_outcomes.trends.sites import fit_case_mix, funnel_limits, partly_pooled
from iop_outcomes.trends.sites.case_mix import design_effect
from iop_outcomes.trends.sites.words import FunnelWords
from iop_outcomes.trends.staff import letters_of, names_staff

REFERENCE = Path(__file__).parents[1] / "reference"
SITES = pd.DataFrame(
    {
        "site": ["b", "a", "c"],
        "numerator": [100, 150, 8],
        "denominator": [300, 320, 20],
    }
)


@cache
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=5, people=150)
    staff = np.array(["C-31", "C-07", "C-12"], dtype=object)[np.arange(len(sample.episodes)) % 3]
    return iop.read_records(
        episodes=sample.episodes.assign(counselor=staff),
        attendance=sample.attendance,
        checkins=sample.checkins,
    )


def test_a_rate_of_people_is_counted_by_unit_in_the_order_of_names() -> None:
    sites = iop.funnel(records(), "retained_30", by="program")
    each = iop.engagement(records())
    admitted = records().episodes[["episode_id", "program", "admit_date"]]
    known = each[each["retained_30"].notna()].merge(admitted, on="episode_id", suffixes=("", "_"))
    # Of those admitted later it is not known yet who comes again.
    known = known[known["admit_date"] <= records().as_of - pd.Timedelta(days=60)]
    counts = known.groupby("program", observed=True)["retained_30"].agg(["sum", "count"])
    assert sites.table["program"].tolist() == sorted(counts.index)
    assert sites.table["numerator"].tolist() == counts["sum"].tolist()
    assert sites.table["denominator"].tolist() == counts["count"].tolist()
    same = funnel_limits(sites.table[["numerator", "denominator"]])
    pd.testing.assert_series_equal(sites.table["upper_998"], same["upper_998"])
    assert sites.design_effect == 1
    assert sites.target == counts["sum"].sum() / counts["count"].sum()


def test_a_funnel_of_records_is_that_of_the_sums_of_a_trend() -> None:
    span: dict[str, Any] = {"start": "2024-04-01", "end": "2024-12-31"}
    sites = iop.funnel(records(), "attendance_rate", by=["program", "track"], **span)
    table = iop.trend(records(), "attendance_rate", by=["program", "track"]).table
    inside = table[table["start"].between("2024-04-01", "2024-12-31")]
    sums = inside.groupby(["program", "track"], sort=False)[["numerator", "denominator"]].sum()
    pd.testing.assert_frame_equal(
        sites.table[["numerator", "denominator"]],
        sums.reset_index(drop=True),
    )
    assert sites.design_effect > 2  # sessions of one person are alike


def test_rows_of_a_frame_are_summed_and_given_order_stays() -> None:
    people = SITES.loc[SITES.index.repeat(SITES["denominator"]), ["site"]]
    first = people.groupby("site").cumcount()
    numerator = (first < people["site"].map(SITES.set_index("site")["numerator"])).astype(int)
    people = people.assign(numerator=numerator, denominator=1)
    order = pd.CategoricalDtype(["b", "a", "c"])
    for frame in (SITES, people):
        sites = iop.funnel(frame.astype({"site": order}), "Completed", by="site", target=0.4)
        assert sites.table["site"].tolist() == ["b", "a", "c"]
        assert sites.table["numerator"].tolist() == [100, 150, 8]
        assert "target 40.0%." in sites.text
        alphabetical = iop.funnel(frame, by="site")
        assert alphabetical.table["site"].tolist() == ["a", "b", "c"]
        assert "the line in the middle is 40.3% (all units together)." in alphabetical.text
        assert "target" not in alphabetical.text
        assert not {"rank", "position_in_order"} & set(alphabetical.table)


def test_observed_and_expected_are_ratios_and_few_units_are_not_widened() -> None:
    frame = SITES.rename(columns={"numerator": "observed", "denominator": "expected"})
    sites = iop.funnel(frame.assign(expected=[108.5, 112.0, 7.25]), "Deaths", by="site")
    assert sites.ratio
    assert "observed over expected 1." in sites.text
    assert "with fewer than 10 units it is too uncertain" in sites.text
    assert sites.table["value"].tolist() == [150 / 112, 100 / 108.5, 8 / 7.25]
    many = pd.concat([SITES.assign(site=SITES["site"] + str(one)) for one in range(4)])
    wide = iop.funnel(many, by="site")
    assert "the limits allow for the variation between units" in wide.text
    assert "as asked" in iop.funnel(many, by="site", overdispersion="off").text
    assert "as asked" not in iop.funnel(SITES, by="site", overdispersion="on").text


# Case mix ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["people", "sessions"])
def test_what_is_expected_is_that_of_glm(model: str) -> None:
    """Against R's glm (case_mix.R)."""
    data = pd.read_csv(REFERENCE / "cox_data.csv")
    event = (data["end"] != "censored").astype(int)
    entries = 1 + data["person"] % 4
    several = event * (1 + data["person"] % 2) * (entries > 1) + event * (entries == 1)
    people = model == "people"
    frame = data.assign(
        numerator=event if people else several, denominator=1 if people else entries
    )
    sites = iop.funnel(frame, by="site", adjust="age + dose + C(sooner)")
    reference = pd.read_csv(REFERENCE / "case_mix.csv").query("model == @model")
    values = {name: rows["value"].to_numpy() for name, rows in reference.groupby("quantity")}
    assert sites.case_mix is not None
    np.testing.assert_allclose(
        sites.case_mix.terms["coefficient"], values["coefficient"], rtol=1e-9
    )
    np.testing.assert_allclose(sites.table["observed"], values["observed"])
    np.testing.assert_allclose(sites.table["expected"], values["expected"], rtol=1e-9)
    overall = frame["numerator"].sum() / frame["denominator"].sum()
    np.testing.assert_allclose(sites.table["standardised_rate"], sites.table["value"] * overall)
    table = sites.calibration
    for name in ("observed", "expected"):  # equal over all rows, since there is an intercept
        assert table[name].sum() == pytest.approx(frame["numerator"].sum())
    assert (table["expected_rate"].diff().dropna() > 0).all()
    assert "c-statistic 0." in sites.rule


def test_missing_words_are_a_level_and_missing_numbers_are_refused() -> None:
    frame = pd.DataFrame({"numerator": [0, 1] * 40, "denominator": 1, "age": range(80)})
    frame["word"] = ["x", "y", None, "x", "y"] * 16
    frame["site"] = ["a", "b"] * 40
    frame.loc[:30, "numerator"] = 1
    sites = iop.funnel(frame, by="site", adjust=["word"])
    assert sites.case_mix is not None
    assert any("not recorded" in term for term in sites.case_mix.terms["term"])
    with pytest.raises(EstimateError, match="missing"):
        iop.funnel(frame.assign(age=[np.nan, *range(79)]), by="site", adjust="age")


def test_limits_of_a_model_hold_95_of_100_units_and_poisson_limits_more() -> None:
    """Units of 60 people with known risks of one half: Poisson limits are 1.4 times too wide."""
    random = np.random.default_rng(8)
    risk = random.uniform(0.3, 0.7, (4000, 60))
    observed = (random.random(risk.shape) < risk).sum(axis=1)
    expected, variance = risk.sum(axis=1), (risk * (1 - risk)).sum(axis=1)
    frame = pd.DataFrame({"observed": observed, "expected": expected})
    outside = [
        (funnel_limits(frame, overdispersion="off", size=size)["position"] != "within limits")
        for size in (expected**2 / variance, expected)
    ]
    assert 0.035 < outside[0].mean() < 0.065
    assert outside[1].mean() < 0.015


def test_the_design_effect_is_that_of_sessions_of_the_same_people() -> None:
    """Attendance of each person from a beta distribution with intraclass correlation 0.2."""
    random = np.random.default_rng(3)
    units, people, sessions = 60, 25, 12
    chance = random.beta(0.7 * 4, 0.3 * 4, (units, people))
    came = random.binomial(sessions, chance).ravel().astype(float)
    unit = np.repeat(np.arange(units), people)
    person = np.arange(units * people)
    below = np.full(len(came), float(sessions))
    mean = np.full(len(came), came.sum() / below.sum())
    effect = design_effect(came, below, mean, unit, person)
    assert effect == pytest.approx(1 + (sessions - 1) * 0.2, rel=0.15)
    frame = pd.DataFrame({"numerator": came, "denominator": below, "unit": unit % 50})
    rows = frame.loc[frame.index.repeat(2)].assign(
        numerator=lambda one: one["numerator"] // 2, denominator=6
    )
    rows["person_id"] = np.repeat(person, 2)
    options: dict[str, Any] = {"by": "unit", "overdispersion": "off"}
    clustered = iop.funnel(rows, **options).table["position"] != "within limits"
    taken_as_independent = iop.funnel(rows.drop(columns="person_id"), **options).table["position"]
    assert clustered.mean() <= 0.12
    assert (taken_as_independent != "within limits").mean() > 0.12


# Partial pooling --------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=12),
    st.booleans(),
)
def test_a_partly_pooled_value_is_between_its_own_and_that_of_all(
    rows: list[tuple[int, int]], proportion: bool
) -> None:
    n = np.array([size for _, size in rows], dtype=float)
    y = np.array([min(count, size) for count, size in rows]) / n
    mean = (n * y).sum() / n.sum()
    estimate, weight = partly_pooled(y, n, proportion=proportion)
    assert ((weight >= 0) & (weight <= 1)).all()
    np.testing.assert_allclose(estimate, weight * y + (1 - weight) * mean, atol=1e-12)
    order = np.argsort(n, kind="stable")
    assert (np.diff(weight[order]) >= -1e-12).all()  # a small unit is drawn more
    within = mean * (1 - mean) if proportion else mean
    excess = sum(n * (y - mean) ** 2) - (len(y) - 1) * within
    assert (weight.max() > 0) == (excess > 1e-9 and len(y) > 1) or abs(excess) < 1e-9


def test_a_partly_pooled_value_is_nearer_the_truth() -> None:
    random = np.random.default_rng(12)
    truth = random.beta(14, 6, 400)
    n = random.integers(5, 60, 400).astype(float)
    y = random.binomial(n.astype(int), truth) / n
    estimate, _ = partly_pooled(y, n, proportion=True)
    assert ((estimate - truth) ** 2).mean() < 0.75 * ((y - truth) ** 2).mean()
    assert np.isnan(partly_pooled([np.nan, 0.5], [0, 4], proportion=True)[0]).tolist() == [
        True,
        False,
    ]


def test_values_are_drawn_towards_a_mean_that_is_given() -> None:
    random = np.random.default_rng(13)
    truth = random.beta(14, 6, 400)
    n = random.integers(5, 60, 400).astype(float)
    y = random.binomial(n.astype(int), truth) / n
    high = y > 0.7  # chosen by their value: their own mean is too high
    assert (n[high] * y[high]).sum() / n[high].sum() > 0.78
    estimate, weight = partly_pooled(y, n, proportion=True, mean=0.7)
    np.testing.assert_allclose(estimate, weight * y + (1 - weight) * 0.7, atol=1e-12)
    between = max((n * (y - 0.7) ** 2).sum() - len(n) * 0.21, 0) / n.sum()
    np.testing.assert_allclose(weight, between / (between + 0.21 / n), atol=1e-12)
    assert between == pytest.approx(0.7 * 0.3 / 21, rel=0.25)  # the variance of this beta
    chosen, _ = partly_pooled(y[high], n[high], proportion=True, mean=0.7)
    own, _ = partly_pooled(y[high], n[high], proportion=True)
    assert chosen.mean() < own.mean()


# Names of staff ---------------------------------------------------------------------------------


def test_staff_are_letters_unless_names_are_asked_for() -> None:
    shown = iop.funnel(records(), "retained_30", by="counselor")
    assert shown.table["counselor"].tolist() == ["A", "B", "C"]
    everything = f"{shown.text} {shown.rule} {shown.table} {shown.people}"
    assert not any(name in everything for name in ("C-31", "C-07", "C-12"))
    assert "names=True" in shown.rule
    named = iop.funnel(records(), "retained_30", by="counselor", names=True)
    assert named.table["counselor"].tolist() == ["C-07", "C-12", "C-31"]
    letters = letters_of(["C-31", "C-07", "C-12"])
    together = named.table.assign(counselor=named.table["counselor"].map(letters))
    pd.testing.assert_frame_equal(shown.table, together.sort_values("counselor", ignore_index=True))
    both = iop.funnel(records(), "retained_30", by=["track", "counselor"])
    assert both.table["counselor"].tolist() == ["A", "B", "C"] * 2


@pytest.mark.parametrize(
    ("column", "staff"),
    [("facilitator", True), ("Counsellor", True), ("lead_therapist", True), ("program", False)],
)
def test_columns_of_staff_are_known_by_name(column: str, staff: bool) -> None:
    assert names_staff(column) is staff


# What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: iop.funnel(records(), "admissions", by="program"), "numerator out of a denom"),
        (lambda: iop.funnel(records(), "retained_30", by="ward"), "no column named"),
        (lambda: iop.funnel(records(), "retained_30", by=[]), "by= says what they are"),
        (lambda: iop.funnel(records(), "retained", by="program"), "no measure of that name"),
        (lambda: iop.funnel(records(), "retained_30", by="program", start="soon"), "no date"),
        (
            lambda: iop.funnel(records(), "retained_30", by="program", start="2031-01-01"),
            "No entry of retained_30",
        ),
        (lambda: iop.funnel(SITES, by="site", start="2026-01-01"), "entries of records"),
        (lambda: iop.funnel(SITES.drop(columns="denominator"), by="site"), "numerator, denom"),
        (lambda: iop.funnel(SITES.assign(numerator=["1"] * 3), by="site"), "hold numbers"),
        (lambda: iop.funnel(SITES.assign(numerator=999), by="site"), "above its denominator"),
        (lambda: iop.funnel(SITES.assign(numerator=0.5), by="site"), "not whole"),
        (lambda: iop.funnel(SITES, by="site", adjust="age"), "no column named"),
        (lambda: iop.funnel(SITES, by="site", adjust="numerator", target=0.5), "target is 1"),
        (lambda: iop.funnel(SITES, by="site", improves="better"), "improves"),
        (lambda: iop.funnel(SITES.assign(numerator=0), by="site", adjust="site"), "with and"),
        (
            lambda: iop.funnel(
                pd.DataFrame({"site": ["a"], "observed": [1], "expected": [2.0]}),
                by="site",
                adjust="site",
            ),
            "nothing to adjust",
        ),
        (lambda: iop.funnel(SITES.iloc[:0], by="site"), "rows"),
    ],
)
def test_what_is_no_funnel_is_refused(call: Any, said: str) -> None:
    with pytest.raises(OutcomesError, match=said):
        call()


def test_a_term_that_separates_is_refused_without_values() -> None:
    frame = SITES.assign(numerator=[300, 0, 20])
    with pytest.raises(EstimateError, match="Infinite estimate"):
        fit_case_mix(
            frame,
            frame["numerator"].to_numpy(float),
            frame["denominator"].to_numpy(float),
            "site",
        )
    with pytest.raises(RuleError, match="start"):
        iop.funnel(SITES, by="site", start="2026")


@pytest.mark.parametrize(
    ("ratio", "adjusted", "number", "plain", "terms"),
    [
        (0.6, False, 3, "no wider than chance", "with fewer than 10 units"),
        (2.0, False, 3, "wider than chance alone would spread them, but of fewer", "too uncertain"),
        (2.0, True, 12, "and the limits are wider by that much.", "allow for the variation"),
        (0.6, False, 12, "no wider than chance", "there is none to allow for."),
    ],
)
def test_the_spread_of_a_funnel_in_terms_and_in_plain_words(
    ratio: float, adjusted: bool, number: int, plain: str, terms: str
) -> None:
    words = FunnelWords("program", plain=True)
    said = words.spread(ratio, adjusted=adjusted, number=number, asked="auto")
    assert plain in said
    assert "unit" not in said.replace("limit", "")
    assert "verdispersion" not in said
    assert words.spread(ratio, adjusted=False, number=2, asked="auto") == ""  # two: hardly any
    usual = FunnelWords().spread(ratio, adjusted=adjusted, number=number, asked="auto")
    assert usual.startswith(f"Overdispersion {ratio:.2f} (1: chance alone); ")
    assert terms in usual
    off = FunnelWords().spread(2.0, adjusted=False, number=12, asked="off")
    assert off.endswith("the limits do not allow for it, as asked.")
    off = words.spread(2.0, adjusted=False, number=12, asked="off")
    assert off.endswith("spread them. The limits are those of chance alone.")
    assert words.alone == "One program has no other to differ from."
    assert FunnelWords().alone == "With one unit there is no variation between units."
