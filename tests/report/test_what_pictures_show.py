"""A picture shows no number that the table behind it does not print."""

from __future__ import annotations

from typing import Any

import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.trends import Trend

NUMBERS = ("numerator", "denominator", "value", "lower", "upper")


def test_of_a_period_that_is_not_complete_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open point at 40.0 percent, with n 25, said that 10 people had been retained so far."""
    given: list[object] = []

    def keep(_: object, result: object, **__: Any) -> Picture:
        given.append(result)
        return Picture(b"<svg/>", "A picture.", 1, 1)

    monkeypatch.setattr(model, "draw_svg", keep)
    report = iop.quarterly_report(iop.read_records("data/samples"), "2026Q3")
    not_complete = 0
    for drawing in report.drawings:
        given.clear()
        _ = drawing.picture
        (result,) = given
        if not isinstance(result, Trend):
            continue
        table, status = result.table, drawing.table.frame["status"]
        numbers = [name for name in table if str(name).removesuffix("_so_far") in NUMBERS]
        assert len(numbers) == 8
        for word in ("not yet known", "hidden"):
            rows = (status == word).to_numpy()
            assert table.loc[rows, numbers].isna().all(axis=None), result.measure
        assert table.loc[(status == "known").to_numpy(), "value"].notna().all(), result.measure
        not_complete += int((status == "not yet known").sum())
    assert not_complete >= 3  # of retention at 30, 60 and 90 days
