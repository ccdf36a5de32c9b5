"""The policies: hide, round, or show all to the program itself and say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import hide_small_counts
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from validation.shown_share import one_program

SMALL = range(1, 11)


def differences(base: int) -> set[int]:
    """Return the true differences that fit two figures of which one is one level higher."""
    counts = np.arange(200)
    level = np.floor(counts / base + 0.5)
    return {int(b - a) for a in counts for b in counts if b >= a and level[b] == level[a] + 1}


def test_issued_again_to_base_five_a_difference_is_known_to_be_small_and_to_ten_not() -> None:
    assert differences(5) <= set(SMALL)
    assert not differences(10) <= set(SMALL)
    assert max(differences(10)) == 19
    with pytest.raises(RuleError, match="some are small"):
        iop.SafePolicy.rounded(base=5)


def test_each_rounded_count_leaves_zero_or_the_threshold_open() -> None:
    counts = np.arange(0, 60)
    rounded = iop.SafePolicy.rounded().rounds(counts)
    for value in np.unique(rounded):
        fits = set(counts[rounded == value].tolist())
        assert fits & {0, *range(11, 60)}


def test_a_rounded_trend_has_rates_of_its_rounded_counts() -> None:
    months = ["2026-01", "2026-02", "2026-03"]
    frame = pd.DataFrame({"period": months, "numerator": [7, 34, 6], "denominator": [144, 95, 94]})
    made = iop.protect(iop.trend(frame), iop.SafePolicy.rounded()).table
    assert made["numerator"].tolist() == [10, 30, 10]
    assert made["denominator"].tolist() == [140, 100, 90]
    assert made["value"].tolist()[:2] == [10 / 140, 0.3]
    assert np.isnan(made["value"].iloc[2])  # 6 of 94: of 90 or so rounding moves it by ten points
    assert made[["lower", "upper"]].isna().all(axis=None)
    counts = hide_small_counts(frame, iop.SafePolicy.rounded(), counts=["numerator"])
    assert counts["numerator"].tolist() == [10, 30, 10]


def test_rounded_counts_have_no_chart_since_its_signals_would_be_of_the_rounding() -> None:
    """Counts of 11 to 14 are 10 each, and 15 is 20: a signal of nothing."""
    months = pd.period_range("2024-01", periods=24, freq="M").astype(str)
    counts = {"numerator": [11, 14, 12] * 7 + [15, 13, 12], "denominator": 150}
    frame = pd.DataFrame({"period": months, **counts})
    trend = iop.trend(frame)
    assert "variation" in trend.table
    made = iop.protect(trend, iop.SafePolicy.rounded())
    assert made.chart is None
    assert list(made.table) == [*iop.trend(frame, chart="none").table, "hidden"]
    assert made.rule.startswith(iop.trend(frame, chart="none").rule)
    assert made.text


def test_what_is_not_rounded_is_refused_since_its_counts_would_stand_exactly() -> None:
    """The counts of curves, flows and differences stood exactly, and were said to be rounded."""
    times = pd.DataFrame({"days": range(1, 61), "event": [True, False] * 30})
    with pytest.raises(RuleError, match="Only a trend") as caught:
        iop.protect(iop.survival_curves(times), iop.SafePolicy.rounded())
    assert caught.value.found == "SurvivalCurves"


def test_what_is_internal_says_so_on_every_page_and_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: picture)
    records = one_program(2, 80, "2026Q2")
    made = iop.quarterly_report(records, "2026Q2", policy=iop.SafePolicy.internal())
    mark = iop.SafePolicy.internal().mark
    assert "do not send" in mark
    assert mark in made.html
    assert "position: fixed" in made.html  # of the mark, on paper
    book = openpyxl.load_workbook(made.save(tmp_path / "r.xlsx"))
    for sheet in book.worksheets:
        assert sheet.oddHeader.center.text == mark
        assert mark in [cell.value for cell in sheet["A"]]
    assert iop.SafePolicy.cms().mark == ""
    with pytest.raises(RuleError, match="rounded counts"):
        iop.quarterly_report(records, "2026Q2", policy=iop.SafePolicy.rounded())
