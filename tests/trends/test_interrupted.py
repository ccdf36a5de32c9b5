"""Interrupted series: against R's sandwich, by hand, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.trends.interrupted.newey_west import least_squares, usual_lag

HERE = Path(__file__).parents[1] / "reference"
REFERENCE = pd.read_csv(HERE / "newey_west.csv")
AT = "2024-09-01"  # the period of place 20


def frame() -> pd.DataFrame:
    return pd.read_csv(HERE / "newey_west_data.csv")


def both() -> pd.DataFrame:
    wide = frame()
    parts = [wide[["period"]].assign(value=wide[name], site=name) for name in ("value", "control")]
    return pd.concat(parts, ignore_index=True)


CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (frame, {}),
    "control": (both, {"column": "site", "group": "value", "control": "control"}),
    "month": (frame, {"adjust": "season"}),
    "short": (lambda: frame().drop(index=[5, 25]), {}),
}


@pytest.mark.parametrize(
    ("case", "lag"), list(REFERENCE[["case", "lag"]].drop_duplicates().itertuples(index=False))
)
def test_the_changes_and_their_errors_are_those_of_sandwich(case: str, lag: int) -> None:
    make, options = CASES[case]
    series = iop.interrupted_series(make(), at=AT, lag=int(lag), **options)
    rows = REFERENCE[(REFERENCE["case"] == case) & (REFERENCE["lag"] == lag)]
    for row in rows.itertuples():
        ours = series.changes.set_index("term").loc[str(row.term)]
        assert ours["estimate"] == pytest.approx(row.estimate, rel=1e-9)
        assert ours["se"] == pytest.approx(row.se, rel=1e-9)
        assert ours["lower"] < ours["estimate"] < ours["upper"]


def test_the_covariance_is_the_sum_over_pairs_of_rows() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(20), np.arange(20.0), rng.normal(size=20)])
    y = rng.normal(size=20)
    fit = least_squares(x, y, 4)
    middle = np.zeros((3, 3))
    for t in range(20):
        for s in range(20):
            weight = max(0.0, 1 - abs(t - s) / 5)
            middle += weight * fit.residuals[t] * fit.residuals[s] * np.outer(x[t], x[s])
    bread = np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(fit.covariance, 20 / 17 * bread @ middle @ bread)


def test_what_was_expected_and_the_effect_add_up_to_what_was_fitted() -> None:
    series = iop.interrupted_series(frame(), at=AT)
    table, changes = series.table, series.changes.set_index("term")["estimate"]
    assert series.lag == usual_lag(36) == 3
    np.testing.assert_allclose(table["counterfactual"] + table["effect"], table["fitted"])
    assert (table.loc[~table["after"], "effect"] == 0).all()
    first = table[table["after"]].iloc[0]
    assert first["period"] == "2024-09"
    assert first["effect"] == pytest.approx(changes["level_change"])
    last = table.iloc[-1]
    assert last["effect"] == pytest.approx(changes["level_change"] + 15 * changes["slope_change"])
    line = changes["level_at_start"] + changes["slope_before"] * np.arange(36)
    np.testing.assert_allclose(table["counterfactual"], line)
    assert changes["slope_after"] == pytest.approx(
        changes["slope_before"] + changes["slope_change"]
    )
    assert "lag 3" in series.rule
    assert "20 periods before and 16 after" in series.text


def test_a_change_of_everybody_is_not_that_of_the_group() -> None:
    months = frame()["period"]
    jump = np.where(np.arange(36) >= 20, 0.2, 0.0)
    wave = 0.01 * np.tile([1.0, -1.0, 0.5], 12)
    parts = [
        pd.DataFrame({"period": months, "value": 0.5 + jump + wave, "site": "a"}),
        pd.DataFrame({"period": months, "value": 0.3 + jump - wave, "site": "b"}),
    ]
    options: dict[str, Any] = {"at": AT, "column": "site", "group": "a"}
    alone = iop.interrupted_series(pd.concat(parts), **options)
    beside = iop.interrupted_series(pd.concat(parts), **options, control="b")
    assert alone.changes.set_index("term").loc["level_change", "lower"] > 0.15
    assert abs(beside.changes.set_index("term").loc["level_change", "estimate"]) < 0.02
    table = beside.table
    base = table["counterfactual"] - table["control"]
    assert np.allclose(np.diff(base, n=2), 0)  # the difference as it was before, a line
    assert "less that of b" in beside.text


def test_a_period_within_which_the_change_came_is_left_out() -> None:
    series = iop.interrupted_series(frame(), at="2024-09-12")
    table = series.table.set_index("period")
    assert not table.loc["2024-09", "used"]
    assert table.loc["2024-10", ["used", "after"]].all()
    assert "within which the change came is left out" in series.rule


def test_holidays_are_counted_in_their_periods() -> None:
    months = frame()["period"]
    holidays = ["2023-12-25", "2024-12-25", "2025-12-25", "2025-12-26"]
    count = months.map({"2023-12": 1, "2024-12": 1, "2025-12": 2}).fillna(0)
    wave = 0.01 * np.tile([1.0, -1.0, 0.5], 12)
    series = pd.DataFrame({"period": months, "value": 0.6 - 0.1 * count + wave})
    plain = iop.interrupted_series(series, at=AT)
    result = iop.interrupted_series(series, at=AT, adjust=holidays)
    seen = (result.table["fitted"] - result.table["value"] + wave).abs().max()
    assert seen < 0.02 < (plain.table["fitted"] - plain.table["value"] + wave).abs().max()
    assert "number of the given holidays" in result.rule


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"at": "2023-06-01"}, "too few complete periods"),
        ({"at": "2031-01-01"}, "after the last period"),
        ({"at": "soon"}, "no date for at="),
        ({"at": AT, "adjust": "year"}, 'adjust= is "season"'),
        ({"at": AT, "adjust": ["christmas"]}, "is no date"),
        ({"at": AT, "adjust": ["1999-12-25"]}, "the same number of them"),
        ({"at": AT, "lag": -1}, "lag is a whole number"),
        ({"at": AT, "column": "period"}, "column= needs group="),
        ({"at": AT, "group": "a"}, "values of a column"),
        ({"at": AT, "column": "period", "group": "x"}, "No row has one"),
        ({"at": AT, "column": "period", "group": "x", "control": ["x", "y"]}, "its own control"),
    ],
)
def test_what_cannot_be_estimated_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises((RuleError, EstimateError), match=words):
        iop.interrupted_series(frame(), **options)


@pytest.fixture(scope="module")
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=5, people=250)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


def test_a_series_for_release_is_made_from_what_is_shown(records: iop.Records) -> None:
    exact = iop.interrupted_series(records, "attendance_rate", at="2025-06-01", every="month")
    safe = iop.protect(exact)
    hidden = safe.table["hidden"]
    assert hidden.any()
    assert not hidden.all()
    assert (
        safe.table.loc[hidden, ["value", "numerator", "fitted", "counterfactual"]]
        .isna()
        .all(axis=None)
    )
    shown = safe.table[safe.table["used"]]
    again = iop.interrupted_series(
        shown[["period", "numerator", "denominator"]], at="2025-06-01", lag=safe.lag
    )
    pd.testing.assert_frame_equal(again.changes[1:], safe.changes[1:])  # another first period
    small = range(1, 11)
    assert not shown["denominator"].isin(small).any()
    assert not (shown["denominator"] - shown["numerator"]).isin(small).any()


def test_the_picture_shows_the_table(records: iop.Records) -> None:
    series = iop.interrupted_series(
        records,
        "attendance_rate",
        at="2025-06-01",
        column="program",
        group="Harbor",
        control="North",
    )
    ax = iop.plot_interrupted(series)
    lines = {line.get_label(): line for line in ax.get_lines()}
    part = series.table["after"] & series.table["used"]
    np.testing.assert_allclose(
        lines["expected without the change"].get_ydata(), series.table.loc[part, "counterfactual"]
    )
    seen = lines["observed"].get_ydata()
    np.testing.assert_allclose(
        seen[np.isfinite(seen)], series.table.loc[series.table["used"], "value"]
    )
    assert "Change of level" in iop.alternative_text(ax)


def test_the_old_word_for_the_season_warns_and_gives_the_same() -> None:
    series = frame()
    new = iop.interrupted_series(series, at=AT, adjust="season").table
    with pytest.warns(DeprecationWarning, match='adjust="season"'):
        old = iop.interrupted_series(series, at=AT, adjust="month").table
    pd.testing.assert_frame_equal(old, new)
