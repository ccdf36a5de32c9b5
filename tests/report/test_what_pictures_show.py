"""A picture shows no number that the table behind it does not print."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.trends import Trend
from iop_outcomes.trends.signals.judging import COMMON
from tests.helpers.of_the_sample import report_of_the_sample

NUMBERS = ("numerator", "denominator", "value", "lower", "upper")


Drawn = list[tuple[object, pd.DataFrame]]


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """What each picture of a report is drawn of, and the table behind it."""
    drawings = report_of_the_sample().drawings
    return [(one.draw.args[1], one.table.frame) for one in drawings]  # type: ignore[attr-defined]  # what is left of a plot


def test_of_a_period_that_is_not_complete_nothing_is_drawn(drawn: Drawn) -> None:
    """An open point at 40.0 percent, with n 25, said that 10 people had been retained so far."""
    not_complete = 0
    for result, frame in drawn:
        if not isinstance(result, Trend):
            continue
        table, status = result.table, frame["status"]
        numbers = [name for name in table if str(name).removesuffix("_so_far") in NUMBERS]
        assert len(numbers) == 8
        for word in ("not yet known", "hidden"):
            rows = (status == word).to_numpy()
            assert table.loc[rows, numbers].isna().all(axis=None), result.measure
        assert table.loc[(status == "known").to_numpy(), "value"].notna().all(), result.measure
        not_complete += int((status == "not yet known").sum())
    assert not_complete >= 3  # of retention at 30, 60 and 90 days


@pytest.fixture(scope="module")
def charts(drawn: Drawn) -> list[tuple[Trend, pd.DataFrame]]:
    """Each control chart of the report, and the table behind it."""
    return [
        (result, frame)
        for result, frame in drawn
        if isinstance(result, Trend) and result.chart is not None
    ]


def test_limits_are_made_of_the_numbers_that_are_printed(
    charts: list[tuple[Trend, pd.DataFrame]],
) -> None:
    """So they tell nothing of those that are hidden."""
    assert {one.measure for one, _ in charts} >= {
        "attendance_rate",
        "completion_rate",
        "admissions",
    }
    hidden = 0
    for result, frame in charts:
        assert result.chart is not None
        printed = frame[["period", "numerator", "value", "signal"]].assign(
            denominator=frame.get("denominator", np.nan)
        )
        on_chart = printed["signal"].notna() & (printed["signal"] != "not judged")
        printed.loc[~on_chart, ["numerator", "denominator", "value"]] = np.nan
        again = replace(result, table=result.table.assign(**printed.drop(columns="signal")))
        again = again.charted_again()
        for name in ("centre", "lower_limit", "upper_limit"):
            made, shown = again.table[name].where(on_chart), frame[name]
            assert np.allclose(
                made, shown, atol=0.0006 if result.unit == "proportion" else 0.06, equal_nan=True
            )
        hidden += int((frame["status"] == "hidden").sum())
        assert frame.loc[frame["status"] != "known", "centre"].isna().all()
    assert hidden


def test_a_signal_that_is_drawn_is_said_in_the_table(
    charts: list[tuple[Trend, pd.DataFrame]],
) -> None:
    said = 0
    for result, frame in charts:
        marked = ~result.table["variation"].isin(["", COMMON])
        assert (marked == frame["signal"].str.contains(": ").eq(True)).all()
        said += int(marked.sum())
    assert said
