"""Distributions fitted to intervals: by R's survreg, by R's optim with late entry, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.survival.intervals.estimate import interval_survival
from iop_outcomes.survival.intervals.masses import Intervals
from iop_outcomes.survival.parametric.estimate import parametric_survival
from iop_outcomes.survival.parametric.models import log_likelihood, models_asked
from tests.survival.test_interval import made as made_plain
from tests.survival.test_interval_entry import made as made_late

pytestmark = pytest.mark.usefixtures("slopes_when_used")

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "interval_entry.csv")
PLAIN = REFERENCE[REFERENCE["quantity"].eq("median")]["data"].unique().tolist()
LATE = [name for name in REFERENCE["data"].unique() if name in ("weeks", "mixed", "days")]
CLOSED = ("weibull", "log_normal", "log_logistic", "exponential")


def reference(name: str, model: str) -> pd.Series:
    rows = REFERENCE[(REFERENCE["data"] == name) & (REFERENCE["model"] == model)]
    assert len(rows)
    return rows.set_index("quantity")["value"]


@pytest.mark.parametrize("model", CLOSED)
@pytest.mark.parametrize("name", PLAIN)
def test_as_survreg(name, model):
    """Both iterate: to 1e-7, relative, which is stricter than the 1e-4 that is promised."""
    theirs = reference(name, model)
    times = made_plain(name)
    # No median is given past the last day.
    fits = parametric_survival(times, models=model)
    row = fits.table.iloc[0]
    assert row["log_likelihood"] == pytest.approx(theirs["likelihood"], abs=1e-7)
    assert row["aic"] == pytest.approx(2 * row["fitted"] - 2 * theirs["likelihood"], abs=1e-6)
    values = fits.parameters.set_index("parameter")["value"]
    for parameter, value in values.items():
        assert value == pytest.approx(theirs[parameter], rel=1e-7)
    last = fits.curves.fits["last_day"].item()
    for limit in ("median", "lower", "upper"):
        expected = theirs[limit] if theirs[limit] <= last else np.nan
        assert row[limit] == pytest.approx(expected, rel=1e-7, nan_ok=True)


@pytest.mark.parametrize("model", CLOSED[:3])
@pytest.mark.parametrize("name", LATE)
def test_late_entry_as_the_likelihood_itself_in_r(name, model):
    theirs = reference(name, f"{model} late")
    fits = parametric_survival(made_late(name), models=model)
    assert fits.table["log_likelihood"].item() == pytest.approx(theirs["likelihood"], abs=1e-7)
    for parameter, value in fits.parameters.set_index("parameter")["value"].items():
        assert value == pytest.approx(theirs[parameter], rel=1e-6)


def test_an_exponential_with_known_days_is_days_over_events():
    times = pd.DataFrame({"days": [5, 9, 20, 30], "event": [1, 1, 0, 1], "entry": [0, 4, 0, 10]})
    fits = parametric_survival(times, models="exponential")
    mean = (5 + 5 + 20 + 20) / 3
    assert fits.parameters["value"].item() == pytest.approx(mean, rel=1e-7)
    assert fits.parameters["se"].item() == pytest.approx(mean / np.sqrt(3), rel=1e-6)
    assert fits.table["log_likelihood"].item() == pytest.approx(-3 * np.log(mean) - 3, rel=1e-9)
    limits = mean * np.log(2) * np.exp(np.array([-1, 1]) * 1.959963984540054 / np.sqrt(3))
    row = fits.table.iloc[0]
    assert row["median"] == pytest.approx(mean * np.log(2), rel=1e-6)
    assert row["lower"] == pytest.approx(limits[0], rel=1e-6)
    assert np.isnan(row["upper"]) == (limits[1] > 30)


def test_a_rate_for_each_piece_with_known_days_is_events_over_days():
    """The event on the breakpoint belongs to the piece that ends there."""
    times = pd.DataFrame({"days": [4, 10, 16, 20, 30], "event": [1, 1, 1, 0, 1]})
    fits = parametric_survival(times, models="piecewise_exponential", breakpoints=[10])
    assert fits.parameters["parameter"].tolist() == ["mean_from_0", "mean_from_10"]
    assert fits.parameters["value"].to_numpy() == pytest.approx([44 / 2, 36 / 2], rel=1e-6)
    survival = fits.at([10, 20])["survival"].to_numpy()
    assert survival == pytest.approx(np.exp([-10 / 22, -10 / 22 - 10 / 18]), rel=1e-6)
    assert fits.table["median"].item() == pytest.approx(10 + (np.log(2) - 10 / 22) * 18, rel=1e-6)


def test_a_first_look_at_seven_days_is_half_known():
    """(0, 7] for half of the people and nothing more: exp(-7 / scale) is one half."""
    times = pd.DataFrame({"clear_until": [0, 7], "days": [7, 7], "event": [True, False]})
    fits = parametric_survival(times, models="exponential")
    assert fits.parameters["value"].item() == pytest.approx(7 / np.log(2), rel=1e-6)
    assert fits.at(7)["survival"].item() == pytest.approx(0.5)


@pytest.mark.parametrize("model", CLOSED)
def test_the_density_is_the_slope_of_the_hazard(model):
    chosen = models_asked(model, None)[0]
    values = np.array([3.1, 1.3])[: len(chosen.parameters)]
    days = np.array([0.5, 3.0, 40.0])
    slope = (chosen.hazard(values, days + 1e-5) - chosen.hazard(values, days - 1e-5)) / 2e-5
    assert np.exp(chosen.log_rate(values, days)) == pytest.approx(slope, rel=1e-7)
    middle = chosen.median(values)
    assert chosen.hazard(values, np.array([middle]))[0] == pytest.approx(np.log(2))


# Not below 1e-3: days that differ by 1.5e-8 or less are one day.
@pytest.mark.parametrize(
    ("seed", "model", "scale"),
    [*zip(range(4), CLOSED, [1e6, 1e-3, 1e12, 0.3], strict=True)],
)
def test_scale_order_and_copies(seed, model, scale):
    generator = np.random.default_rng(seed)
    entry = generator.integers(0, 20, 60) * generator.integers(0, 2, 60)
    end = entry + 1 + generator.gamma(2, 15, 60)
    wide = generator.uniform(0, 10, 60)
    event = generator.random(60) < 0.8
    times = pd.DataFrame({"entry": entry, "clear_until": end, "days": end + wide, "event": event})
    first = parametric_survival(times, models=model)
    mixed = pd.concat([times, times]).sample(frac=1, random_state=1)
    mixed[["entry", "clear_until", "days"]] *= scale
    second = parametric_survival(mixed, models=model)
    days = np.array([1.0, 10, 20, 30])
    one, two = first.at(days), second.at(days * scale)
    assert two["survival"].to_numpy() == pytest.approx(one["survival"], abs=1e-5)
    assert (one["lower"] <= one["survival"]).all()
    assert (one["survival"] <= one["upper"]).all()
    assert one["survival"].between(0, 1).all()
    assert (np.diff(one["survival"]) <= 0).all()
    # Twice the people: errors smaller by the root of two.
    ratio = first.parameters["se"].to_numpy() / second.parameters["se"].to_numpy()
    positive = first.parameters["parameter"].isin(["scale"]).to_numpy()
    assert ratio * np.where(positive, scale, 1) == pytest.approx(np.sqrt(2), rel=1e-3)


def test_beside_the_nonparametric_estimate_by_group():
    times = made_late("weeks")
    before = times.copy()
    fits = parametric_survival(times, "group", models=["weibull", "log_normal"])
    pd.testing.assert_frame_equal(times, before)
    assert fits.table["group"].tolist() == [1, 1, 2, 2]
    assert fits.table["n"].tolist() == np.repeat(fits.curves.fits["n"], 2).tolist()
    at = fits.at([0, 20, 90])
    beside = interval_survival(times, "group").at([0, 20, 90])
    for model in ("weibull", "log_normal"):
        rows = at[at["model"] == model]
        assert rows["lowest"].tolist() == beside["lowest"].tolist()
        assert rows["highest"].tolist() == beside["highest"].tolist()
    assert (at.loc[at["day"] == 0, ["survival", "lower", "upper"]] == 1).all(axis=None)
    assert fits.at(10_000)[["survival", "lower", "upper", "lowest"]].isna().all(axis=None)
    alone = parametric_survival(times[times["group"] == 2], models="weibull")
    part = fits.table[(fits.table["group"] == 2) & (fits.table["model"] == "weibull")]
    assert part["log_likelihood"].item() == alone.table["log_likelihood"].item()
    least = fits.table.groupby("group")["aic"].min()
    assert fits.best()["aic"].tolist() == least.tolist()
    assert repr(fits).startswith("<ParametricSurvival: 2 groups, 2 models")
    assert "Weibull" in fits.text
    assert "AIC" in fits.text
    assert "Weibull" in fits._repr_html_()


def test_the_likelihood_is_counted_out_by_hand():
    """Weibull with shape 2 and scale 10: H(t) = t^2 / 100."""
    model = models_asked("weibull", None)[0]
    intervals = Intervals(
        np.array([2.0, 3, 5]),
        np.array([4.0, np.inf, 5]),
        np.array([1.0, 2, 3]),
        np.array([1.0, 0, 2]),
    )
    wide = np.log(np.exp(-0.04) - np.exp(-0.16)) + 0.01
    exact = np.log(2 * 5 / 100) - 0.25 + 0.04
    by_hand = wide + 2 * -0.09 + 3 * exact
    assert log_likelihood(model, np.array([10.0, 2]), intervals) == pytest.approx(by_hand)


@pytest.mark.parametrize("model", CLOSED[:3])
@pytest.mark.parametrize(
    ("times", "says"),
    [
        ({"clear_until": [0, 0, 7, 7], "days": 7, "event": [1, 1, 0, 0]}, "could not be fitted"),
        ({"clear_until": [9] * 5, "days": 9, "event": 1}, "could not be fitted"),
        ({"clear_until": [0] * 4, "days": [7, 7, 14, 7], "event": 1}, "could not be fitted"),
        ({"clear_until": [0, 5, 6], "days": [0, 8, 9], "event": 1}, "1 events on day 0"),
        ({"clear_until": [3, 5], "days": [3, 5], "event": 0}, "nothing to fit"),
        ({"clear_until": [3, 5], "days": [8, 9], "event": 1, "entry": 4}, "before entry"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(model, times, says):
    with pytest.raises(EstimateError, match=says):
        parametric_survival(pd.DataFrame(times), models=model)


def test_days_that_are_day_0_but_for_rounding_are_refused():
    times = made_plain("weeks")
    near = times.assign(days=times["days"] * 1e-300, clear_until=times["clear_until"] * 1e-300)
    with pytest.raises(EstimateError, match="no events on day 0"):
        parametric_survival(near)


def test_the_group_that_cannot_be_fitted_is_named():
    times = made_plain("weeks")
    times.loc[times["group"] == 2, "event"] = False
    with pytest.raises(EstimateError, match="event in group 2 of 2 there is nothing to fit"):
        parametric_survival(times, "group")


@pytest.mark.parametrize(
    "options",
    [
        {"models": "gamma"},
        {"models": ()},
        {"models": None},
        {"models": "piecewise_exponential", "breakpoints": [[10], [20, 30]]},
        {"models": ["weibull", "weibull"]},
        {"models": "piecewise_exponential"},
        {"breakpoints": [30]},
        {"models": "piecewise_exponential", "breakpoints": [30, 30]},
        {"models": "piecewise_exponential", "breakpoints": [0, 30]},
        {"models": "piecewise_exponential", "breakpoints": "30"},
        {"confidence": 1.0},
        {"by": "model"},
        {"by": "nothing"},
    ],
)
def test_options_that_are_none_are_refused(options):
    with pytest.raises(RuleError):
        parametric_survival(made_plain("weeks").assign(model="a"), **options)


def test_a_group_in_the_picture_has_the_name_it_has(tmp_path):
    import matplotlib as mpl

    mpl.use("Agg")
    times = made_plain("weeks")
    times["group"] = np.where(times["group"] == 1, r"$\frac$", "_under: n = 2")
    ax = parametric_survival(times, "group", models="exponential").plot()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[2:] == [r"$\frac$: exponential", " _under: n = 2: exponential"]
    ax.figure.savefig(tmp_path / "names.png")


@pytest.mark.parametrize("by", [None, "group"])
def test_the_picture_draws_the_models(by):
    import matplotlib as mpl

    mpl.use("Agg")
    from iop_outcomes.plots.layout.style import alternative_text

    fits = parametric_survival(made_plain("weeks"), by, models=["weibull", "log_normal"])
    ax = fits.plot()
    names = ["1: Weibull", "2: Weibull"] if by else ["Weibull", "log-normal"]
    lines = {line.get_label(): line for line in ax.lines}
    rows = fits.best() if by else fits.table
    for name, row in zip(names, rows.itertuples(), strict=True):
        days, survival = lines[name].get_data()
        at = fits.at(days)
        at = at[at["model"] == row.model]
        if by:
            at = at[at["group"] == row.group]
        assert survival == pytest.approx(at["survival"].to_numpy())
    assert len({lines[name].get_marker() for name in names}) == 2
    assert "AIC" in alternative_text(ax)
    assert any(item.get_gid() == "unsettled" for item in ax.collections)
