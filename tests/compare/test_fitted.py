"""What is asked of a fitted Cox model, against R's survival and by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, f

from iop_outcomes.compare.regression.cause_specific import cause_specific_cox
from iop_outcomes.compare.regression.cox import cox
from iop_outcomes.compare.regression.fine_gray import fine_gray
from iop_outcomes.compare.regression.fitted.proportional import natural_splines
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.errors import EstimateError, RuleError

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "cox_fitted.csv")
ASKED = pd.DataFrame({"age": [25, 40], "site": ["a", "c"], "dose": [0.2, 0.9], "sooner": [0, 1]})
DAYS = [5, 20, 45]
FORMULA = "age + site + dose"
TIMES = ("km", "rank", "identity", "log")


@cache
def made_up(*, late: bool) -> pd.DataFrame:
    result = pd.read_csv(HERE / "cox_data.csv")
    result = result.assign(event=result["end"] == "relapse")
    return result if late else result.drop(columns="entry")


@cache
def fitted(name: str, ties: str) -> Regression:
    times = made_up(late=name != "plain")
    options: dict[str, Any] = {"cluster": None, "ties": ties}
    if name in ("strata", "weights"):
        options["strata"] = "sooner"
    if name == "weights":
        options["weights"] = "weight"
    return cox(times, FORMULA, **options)


def reference(model: str, quantity: str) -> pd.Series:
    rows = REFERENCE[(REFERENCE["model"] == model) & (REFERENCE["quantity"] == quantity)]
    assert len(rows)
    return rows.set_index("term")["value"]


MODELS = [
    (name, ties) for name in ("plain", "late", "strata", "weights") for ties in ("efron", "breslow")
]


@pytest.mark.parametrize(("name", "ties"), MODELS)
def test_proportional_hazards_are_those_of_cox_zph(name: str, ties: str) -> None:
    for time in TIMES:
        if time == "km" and name == "weights":
            continue
        table = fitted(name, ties).proportional_hazards(time).table.set_index("term")
        expected = reference(f"{name} {ties} {time}", "zph").rename({"GLOBAL": "all terms"})
        freedom = reference(f"{name} {ties} {time}", "zph df").rename({"GLOBAL": "all terms"})
        assert table.index.tolist() == expected.index.tolist()
        np.testing.assert_allclose(table["statistic"], expected, rtol=1e-7, err_msg=time)
        assert table["degrees_of_freedom"].tolist() == freedom.tolist()
        np.testing.assert_allclose(
            table["p_value"], chi2.sf(table["statistic"], table["degrees_of_freedom"]), rtol=1e-9
        )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_scaled_residuals_are_those_of_cox_zph(ties: str) -> None:
    result = fitted("plain", ties).proportional_hazards("identity").residuals
    dose = result.loc[result["column"] == "dose", "coefficient"].to_numpy()[:5]
    expected = reference(f"plain {ties}", "scaled residual")
    np.testing.assert_allclose(np.sort(dose), np.sort(expected.to_numpy()), rtol=1e-6)


@pytest.mark.parametrize(("name", "ties"), MODELS)
def test_curves_are_those_of_survfit(name: str, ties: str) -> None:
    fit = fitted(name, ties)
    table = fit.predict(ASKED, DAYS).table
    model = f"{name} {ties}"
    labels = [
        f"row {row + 1} day {day:g}" for row, day in zip(table["curve"], table["day"], strict=True)
    ]
    expected = reference(model, "cumulative hazard").loc[labels]
    np.testing.assert_allclose(table["cumulative_hazard"], expected, rtol=1e-7)
    np.testing.assert_allclose(table["survival"], np.exp(-expected), rtol=1e-7)
    if not fit.robust:
        for limit in ("lower", "upper"):
            np.testing.assert_allclose(table[limit], reference(model, limit).loc[labels], rtol=1e-6)


@pytest.mark.parametrize(("name", "ties"), MODELS)
def test_concordance_is_that_of_r(name: str, ties: str) -> None:
    result = fitted(name, ties).concordance().table.iloc[0]
    model = f"{name} {ties}"
    assert result["concordance"] == pytest.approx(reference(model, "concordance").item(), rel=1e-9)
    for kind in ("concordant", "discordant", "tied"):
        assert result[kind] == pytest.approx(reference(model, kind).item(), rel=1e-9)
    assert result["se"] == pytest.approx(reference(model, "concordance se").item(), rel=1e-7)


@pytest.mark.parametrize(("name", "ties"), [one for one in MODELS if one[0] != "weights"])
def test_a_factor_is_tested_jointly(name: str, ties: str) -> None:
    fit = fitted(name, ties)
    result = fit.test("site").table.iloc[0]
    assert result["statistic"] == pytest.approx(
        reference(f"{name} {ties}", "joint test of site").item(), rel=1e-7
    )
    assert result["degrees_of_freedom"] == 2
    assert result["p_value"] == pytest.approx(chi2.sf(result["statistic"], 2), rel=1e-9)


def test_concordance_by_cluster() -> None:
    result = cox(made_up(late=True), FORMULA, cluster="person").concordance().table.iloc[0]
    assert result["concordance"] == pytest.approx(reference("clusters", "concordance").item())
    assert result["se"] == pytest.approx(reference("clusters", "concordance se").item(), rel=1e-7)


# By hand and by other ways ------------------------------------------------------------------------


def small(seed: int = 3, rows: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "entry": np.where(rng.random(rows) < 0.6, 0, rng.integers(1, 4, rows)),
            "days": rng.integers(4, 14, rows),
            "event": rng.random(rows) < 0.6,
            "age": rng.normal(size=rows).round(2),
            "track": rng.choice(["a", "b", "c"], rows),
            "weight": rng.choice([0.5, 1.0, 2.0], rows),
            "person": np.repeat(np.arange(rows // 2), 2),
        }
    )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_robust_limits_are_by_the_derivatives_by_weights(ties: str) -> None:
    times = small()
    asked, days = pd.DataFrame({"age": [0.5], "track": ["b"]}), [6, 11]

    def hazard(frame: pd.DataFrame) -> np.ndarray:
        fit = cox(frame, "age + track", weights="weight", cluster="person", ties=ties)
        return fit.predict(asked, days).table["cumulative_hazard"].to_numpy()

    step, moves = 1e-4, np.zeros((20, 2))
    for row in range(len(times)):
        ends = []
        for side in (-1, 1):
            moved = times.copy()
            moved.loc[row, "weight"] += side * step
            ends.append(hazard(moved))
        slope = (ends[1] - ends[0]) / (2 * step)
        moves[times["person"][row]] += times["weight"][row] * slope
    fit = cox(times, "age + track", weights="weight", cluster="person", ties=ties)
    curves = fit.predict(asked, days).table["se"]
    np.testing.assert_allclose(curves, np.sqrt((moves**2).sum(axis=0)), rtol=1e-5)


def test_the_curve_of_one_column_by_hand() -> None:
    times = pd.DataFrame({"days": [1, 2, 3, 4], "event": [1, 1, 0, 0], "x": [1.0, -1.0, 1.0, -1.0]})
    fit = cox(times, "x", ties="breslow")
    ratio = np.exp(fit.table["coefficient"].item())
    first = 1 / (2 * ratio + 2 / ratio)
    second = first + 1 / (ratio + 2 / ratio)
    table = fit.predict(pd.DataFrame({"x": [0.0, 1.0]}), [0, 1, 2, 4, 5]).table
    expected = [0, first, second, second, np.nan]
    np.testing.assert_allclose(table["cumulative_hazard"][:5], expected, rtol=1e-9)
    np.testing.assert_allclose(table["cumulative_hazard"][5:], np.multiply(expected, ratio))
    assert table["survival"][0] == table["lower"][0] == table["upper"][0] == 1.0


def test_days_default_to_those_with_an_event() -> None:
    times = small()
    table = cox(times, "age", cluster=None).predict(pd.DataFrame({"age": [0]})).table
    assert table["day"].tolist() == [0, *sorted(times.loc[times["event"], "days"].unique())]


def test_contrasts_by_hand() -> None:
    fit = cox(small(), "age + track", cluster=None)
    b, c = (fit.table["coefficient"][place] for place in (1, 2))
    v = fit.covariance.to_numpy()
    name_b, name_c = "track b vs a", "track c vs a"
    assert fit.covariance.index.tolist() == ["age", name_b, name_c]
    result = fit.test({name_b: 1, name_c: -1})
    variance = v[1, 1] + v[2, 2] - 2 * v[1, 2]
    assert result.table["statistic"].item() == pytest.approx((b - c) ** 2 / variance)
    assert result.contrasts["se"].item() == pytest.approx(np.sqrt(variance))
    assert "+1 * track b vs a -1 * track c vs a" in result.text
    both = fit.test([{name_b: 1}, {name_c: 1}]).table["statistic"].item()
    assert both == pytest.approx(fit.test("track").table["statistic"].item())
    assert both == pytest.approx(fit.test([name_b, name_c]).table["statistic"].item())
    one = fit.test("age").table
    assert one["statistic"].item() == pytest.approx(fit.table["statistic"][0] ** 2)
    assert one["p_value"].item() == pytest.approx(fit.table["p_value"][0])


def test_few_clusters_are_tested_by_f() -> None:
    fit = cox(small(rows=80), "age + track", cluster="person", small_sample=True)
    row = fit.test("track").table.iloc[0]
    places = fit.parts["track"]
    part = fit.covariance.to_numpy()[np.ix_(places, places)]
    beta = fit.table["coefficient"].to_numpy()[list(places)]
    wald = beta @ np.linalg.solve(part, beta)
    assert row["statistic"] == pytest.approx(wald / 2)
    assert row["denominator_degrees_of_freedom"] == 39
    assert row["p_value"] == pytest.approx(f.sf(wald / 2, 2, 39))
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), fit.table["se"])


def test_several_causes_are_asked_one_by_one() -> None:
    times = pd.read_csv(HERE / "cox_data.csv").rename(columns={"end": "ended_by"})
    times["ended_by"] = times["ended_by"].replace("censored", np.nan)
    fit = cause_specific_cox(times, FORMULA, cause=None, causes=["relapse", "died"], cluster=None)
    alone = cox(made_up(late=True), FORMULA, cluster=None)
    own = fit.predict(ASKED, DAYS, cause="relapse").table
    pd.testing.assert_frame_equal(own, alone.predict(ASKED, DAYS).table)
    assert fit.test("site", cause="relapse").table["statistic"].item() == pytest.approx(
        alone.test("site").table["statistic"].item()
    )
    assert fit.covariance.loc["relapse", "died"].isna().all(axis=None)
    assert fit.concordance(cause="relapse").table.equals(alone.concordance().table)
    with pytest.raises(RuleError, match="several causes"):
        fit.test("site")
    with pytest.raises(RuleError, match="one cause"):
        alone.concordance(cause="relapse")
    gray = fine_gray(
        times.drop(columns="entry"), FORMULA, "relapse", causes=["relapse", "died"], cluster=None
    )
    assert gray.test("site").table["degrees_of_freedom"].item() == 2
    np.testing.assert_allclose(np.sqrt(np.diag(gray.covariance)), gray.table["se"])
    with pytest.raises(RuleError, match="does not give curves"):
        gray.predict(ASKED)


def test_what_cannot_be_asked() -> None:
    fit = cox(small(), "age + track", cluster=None)
    good = pd.DataFrame({"age": [1.0], "track": ["a"]})
    for frame, error, words in (
        (good.drop(columns="track"), RuleError, "has the column track"),
        (good.assign(track="d"), RuleError, "does not occur among the rows"),
        (good.assign(age=None), EstimateError, "missing values"),
        (good.assign(age="old"), EstimateError, "holds numbers"),
        (good.iloc[:0], EstimateError, "nobody to predict"),
        ([1], RuleError, "has the column age"),
    ):
        with pytest.raises(error, match=words) as raised:
            fit.predict(frame)  # type: ignore[arg-type]
        assert "d" not in str(raised.value.found).split()
    for days in ([-1], ["x"], [np.nan], []):
        with pytest.raises(RuleError, match="days of 0 or more"):
            fit.predict(good, days)  # type: ignore[arg-type]
    for tested, words in (
        ("dose", "no term dose"),
        ({"track d vs a": 1}, "no coefficient"),
        ([], "A test is of a term"),
        ([{}], "A test is of a term"),
        (["age", {"age": 1}], "A test is of a term"),
    ):
        with pytest.raises(RuleError, match=words):
            fit.test(tested)  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match="not linearly independent"):
        fit.test([{"age": 1}, {"age": 2}])
    with pytest.raises(RuleError, match="time"):
        fit.proportional_hazards("days")
    strata = cox(small(), "age", strata="track", cluster=None)
    with pytest.raises(RuleError, match="do not say theirs"):
        strata.predict(pd.DataFrame({"age": [1.0]}))
    with pytest.raises(RuleError, match="stratum without people"):
        strata.predict(pd.DataFrame({"age": [1.0], "track": ["d"]}))


def test_splines_and_transforms_are_repeated_for_other_rows() -> None:
    times = small(rows=60)
    fit = cox(times, "bs(age, df=4) + center(weight) + C(person > 9)", cluster=None)
    assert list(fit.parts.values()) == [(0, 1, 2, 3), (4,), (5,)]
    curves = fit.predict(times.head(3), [8]).table
    rows = fit.fitted[None].design.matrix[:3]
    np.testing.assert_allclose(fit.fitted[None].design.rows(times.head(3)), rows)
    assert curves["survival"].between(0, 1).all()
    assert fit.test("bs(age, df=4)").table["degrees_of_freedom"].item() == 4
    beyond = times.head(1).assign(age=99.0)
    with pytest.raises(RuleError, match="cannot be made of these values"):
        fit.predict(beyond)


def test_the_smooth_curve_is_least_squares_on_natural_splines() -> None:
    test = fitted("plain", "efron").proportional_hazards("identity")
    rows = test.residuals[test.residuals["column"] == "dose"]
    time = rows["time"].to_numpy()
    knots = np.quantile(np.unique(time), [0, 0.25, 0.5, 0.75, 1])
    basis = natural_splines(time, knots)
    fit = np.linalg.lstsq(basis, rows["coefficient"].to_numpy(), rcond=None)[0]
    curve = pd.Series(basis @ fit, index=rows["day"].to_numpy()).groupby(level=0).first()
    smooth = test.smooth[test.smooth["column"] == "dose"].set_index("day")["coefficient"]
    np.testing.assert_allclose(smooth, curve.loc[smooth.index], rtol=1e-6)
    # Straight beyond the first and the last knot, as a natural spline is.
    line = natural_splines(np.array([2.0, 3.0, 4.0]) * 100, knots)
    np.testing.assert_allclose(line[2] - line[1], line[1] - line[0], rtol=1e-6)


def test_the_table_for_a_paper() -> None:
    fit = fitted("plain", "efron")
    table = fit.paper_table()
    assert table.columns.tolist() == ["term", "hazard ratio (95% limits)", "p"]
    row = fit.table.iloc[0]
    expected = f"{row['hazard_ratio']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
    assert table.iloc[0, 1] == expected
    assert "p" not in "".join(table["p"])


def test_pictures_show_what_the_tables_say() -> None:
    import matplotlib.pyplot as plt

    from iop_outcomes import alternative_text

    fit = fitted("plain", "efron")
    curves = fit.predict(ASKED)
    ax = curves.plot()
    lines = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert [line.get_label() for line in lines] == ["25, a, 0.2", "40, c, 0.9"]
    for number, line in enumerate(lines):
        rows = curves.table[curves.table["curve"] == number]
        np.testing.assert_allclose(line.get_ydata(), rows["survival"])
    assert "40, c, 0.9: " in alternative_text(ax)
    test = fit.proportional_hazards()
    ax = test.plot()
    assert len(ax.child_axes) == 4
    for panel, (_, rows) in zip(
        ax.child_axes, test.smooth.groupby("column", sort=False), strict=True
    ):
        np.testing.assert_allclose(panel.lines[-1].get_ydata(), rows["coefficient"])
    assert "chi-squared" in alternative_text(ax)
    plt.close("all")
