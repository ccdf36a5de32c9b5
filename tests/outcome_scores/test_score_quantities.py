"""Trends of scores and functioning count what their own results count."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import iop_outcomes as iop

ROOT = Path(__file__).parents[2]


@cache
def sample() -> iop.Records:
    return iop.read_records(ROOT / "data" / "samples")


def total(measure: str) -> list[float]:
    table = iop.trend(sample(), measure, every="quarter").table
    return table[["numerator", "denominator"]].sum().tolist()


@pytest.mark.parametrize(
    ("measure", "instrument", "rule"),
    [("phq9_better", "phq9", "5_points"), ("gad7_better", "gad7", "4_points")],
)
def test_better_by_quarter_adds_up_to_the_change(measure: str, instrument: str, rule: str) -> None:
    shares = iop.symptom_change(sample(), instrument).shares.set_index("rule").loc[rule]
    assert total(measure) == shares[["better", "paired"]].tolist()


def test_completed_and_had_by_quarter_add_up() -> None:
    row = iop.symptom_change(sample(), "phq9").table.iloc[0]
    assert total("phq9_completed") == row[["paired", "episodes"]].tolist()
    life = iop.functioning(sample()).table
    life = life[life["moment"] == "discharge"].set_index("domain")
    for name in ("work_or_school", "stable_housing"):
        kept = life.loc[name, "kept"] + life.loc[name, "gained"]
        assert total(name) == [kept, life.loc[name, "paired"]]


def test_what_is_not_recorded_is_not_known() -> None:
    read = {
        name: pd.read_csv(ROOT / "data" / "samples" / f"{name}.csv", dtype=str)
        for name in ("episodes", "checkins")
    }
    read["checkins"] = read["checkins"].drop(columns=["phq9", "employed"])
    records = iop.read_records(**read)
    fitness = records.fitness().set_index("measure")
    assert fitness.loc[["phq9_better", "work_or_school"], "known"].tolist() == ["no", "no"]
    assert fitness.loc["stable_housing", "known"] == "yes"
    for measure in ("phq9_completed", "phq9_better", "work_or_school"):
        trend = iop.trend(records, measure, every="quarter")
        assert trend.table[["numerator", "denominator", "value"]].isna().all(axis=None)
        assert "not known from these records" in trend.text
    items = read["checkins"].assign(**{f"phq9_{n}": "1" for n in range(1, 10)})
    answered = iop.read_records(episodes=read["episodes"], checkins=items)
    assert answered.fitness().set_index("measure").loc["phq9_better", "known"] == "yes"
