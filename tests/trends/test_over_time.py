"""The public VLAD and risk-adjusted CUSUM: who is followed, what is expected, which way is good."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, OutcomesError
from iop_outcomes.trends.sites import cusum_limit, cusum_of, expected_less_observed

YEAR = ("2024-01-01", "2024-12-31")


@cache
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=5, people=250)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


def test_those_after_the_baseline_are_followed_in_the_order_of_admission() -> None:
    lines = iop.vlad(records(), "retained_30", by="program", baseline=YEAR)
    episodes = records().episodes.merge(
        iop.engagement(records())[["episode_id", "retained_30"]], on="episode_id"
    )
    known = episodes[episodes["retained_30"].notna()].sort_values("admit_date", kind="stable")
    # Of those admitted later it is not known yet who comes again.
    known = known[known["admit_date"] <= records().as_of - pd.Timedelta(days=60)]
    before, after = (known[known["admit_date"].dt.year.eq(2024) == one] for one in (True, False))
    rate = before["retained_30"].mean()
    np.testing.assert_allclose(lines.table["expected"], rate)
    for name, rows in lines.table.groupby("program", sort=False):
        own = after[after["program"] == name]
        assert rows["date"].tolist() == own["admit_date"].tolist()
        assert rows["observed"].tolist() == own["retained_30"].astype(float).tolist()
        gained = np.cumsum(own["retained_30"].astype(float) - rate)  # retention is wanted
        np.testing.assert_allclose(rows["vlad"], gained)
    assert len(lines.table) == len(after)
    assert lines.improves == "up"
    assert "Those of the baseline are not followed" in lines.rule


def test_case_mix_is_that_of_the_baseline_only() -> None:
    lines = iop.vlad(records(), "retained_30", baseline=150, adjust="age")
    changed = iop.vlad(records(), "retained_30", baseline=160, adjust="age")
    assert lines.case_mix is not None
    assert lines.calibration["rows"].sum() == 150
    assert lines.calibration["expected"].sum() == pytest.approx(lines.calibration["observed"].sum())
    assert len(lines.table) == len(changed.table) + 10
    assert lines.table["expected"].nunique() > 10


def test_what_is_given_is_summed_as_it_is() -> None:
    random = np.random.default_rng(1)
    risk = random.uniform(0.1, 0.6, 80)
    observed = (random.random(80) < risk).astype(int)
    frame = pd.DataFrame({"observed": observed, "expected": risk})
    table = iop.vlad(frame, "Relapse").table
    np.testing.assert_allclose(table["vlad"], expected_less_observed(risk, observed))
    np.testing.assert_allclose(
        table["upper"].iloc[-1], 1.959964 * np.sqrt((risk * (1 - risk)).sum())
    )
    wanted = iop.vlad(frame, "Retained", improves="up").table
    np.testing.assert_allclose(wanted["vlad"], -table["vlad"])
    dated = frame.assign(date=pd.date_range("2026-01-01", periods=80)[::-1])
    assert iop.vlad(dated).table["observed"].tolist() == observed[::-1].tolist()


@pytest.mark.parametrize("improves", ["up", "down"])
def test_a_cusum_knows_which_way_is_worse(improves: str) -> None:
    """Of 60 as expected with a risk of one half, and then 20 with the event."""
    frame = pd.DataFrame({"observed": [0, 1] * 30 + [1] * 20, "expected": 0.5})
    sums = iop.risk_adjusted_cusum(
        frame, "Event", run_length=200, series=200, improves=improves, seed=4
    )
    table = sums.table
    direction = "worse" if improves == "down" else "better"
    assert set(table["signal"]) == {"", direction}
    assert f"signal: {direction} at person " in sums.text
    limit = cusum_limit(np.full(80, 0.5), odds_ratio=2.0, run_length=200, seed=4, series=200)
    assert table[f"limit_{direction}"].iloc[0] == limit
    plain = cusum_of([0.5] * 80, frame["observed"], odds_ratio=2.0, limit=limit)
    np.testing.assert_array_equal(table[direction], plain["cusum"])
    assert (table.index[table["signal"] == direction][0]) == plain.index[plain["signal"]][0]


def test_a_planted_rise_is_found_soon_and_before_it_there_is_rarely_a_signal() -> None:
    """Of 400 people with doubled odds from the 200th on, over 60 seeds."""
    limit = cusum_limit(np.linspace(0.2, 0.4, 50), odds_ratio=2, run_length=1000, seed=2)
    delays = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        risk = random.uniform(0.2, 0.4, 400)
        odds = risk / (1 - risk) * np.where(np.arange(400) < 200, 1.0, 2.0)
        observed = random.random(400) < odds / (1 + odds)
        signal = cusum_of(risk, observed, odds_ratio=2, limit=limit)["signal"]
        delays.append(int(signal.to_numpy().argmax()) - 200 if signal.any() else 999)
    early = sum(delay < 0 for delay in delays)
    assert early <= 20  # 200 of a run of 1,000: some 18% of 60
    assert 10 < np.median([delay for delay in delays if delay >= 0]) < 100


def test_the_bar_shows_itself_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"observed": [0, 1] * 10, "expected": 0.5})
    options: dict[str, Any] = {"run_length": 20, "series": 10}
    iop.risk_adjusted_cusum(frame, **options)
    assert capsys.readouterr().err == ""
    iop.risk_adjusted_cusum(frame, progress=True, **options)
    assert "people of simulated series" in capsys.readouterr().err


ROWS = pd.DataFrame({"numerator": [0, 1] * 20, "denominator": 1, "age": range(40)})


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: iop.vlad(records(), "attendance_rate", baseline=YEAR), "one outcome each"),
        (lambda: iop.vlad(records(), "retained_30"), "baseline= is a first"),
        (lambda: iop.vlad(records(), "retained_30", baseline=3), "20 people or more"),
        (lambda: iop.vlad(records(), "retained_30", baseline=9999), "somebody after"),
        (lambda: iop.vlad(records(), "retained_30", baseline=("a", "b")), "baseline= is a first"),
        (lambda: iop.vlad(ROWS.assign(denominator=2), baseline=20), "one outcome each"),
        (lambda: iop.vlad(ROWS.assign(numerator=0), baseline=20), "nobody or everybody"),
        (lambda: iop.vlad(ROWS, baseline=20, improves="neither"), "improves"),
        (lambda: iop.vlad(ROWS, baseline=("2024-01-01", "2024-12-31")), "baseline= is a first"),
        (lambda: iop.risk_adjusted_cusum(ROWS, baseline=20, odds_ratio=0), "above 0"),
        (lambda: iop.risk_adjusted_cusum(ROWS, baseline=20, odds_ratio=1), "no change"),
        (lambda: iop.risk_adjusted_cusum(ROWS, baseline=20, run_length=0), "run_length"),
        (
            lambda: iop.vlad(pd.DataFrame({"observed": [0, 1], "expected": [0.2, 1.2]})),
            "one outcome each",
        ),
        (
            lambda: iop.vlad(pd.DataFrame({"observed": [0], "expected": [0.2]}), adjust="age"),
            "nothing to adjust",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(call: Any, said: str) -> None:
    with pytest.raises(OutcomesError, match=said):
        call()


def test_a_missing_date_is_refused() -> None:
    dates = pd.Series(pd.date_range("2026-01-01", periods=40)).where(ROWS["age"] > 0)
    with pytest.raises((EstimateError, OutcomesError), match="needs a date"):
        iop.vlad(ROWS.assign(date=dates), baseline=20)
