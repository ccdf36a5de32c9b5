"""How long a table is that stays whole, and how often its charts signal by chance."""

from __future__ import annotations

import pandas as pd
import pytest

from iop_outcomes.report.model import Table
from iop_outcomes.report.sections import signals
from iop_outcomes.trends.watching.false_alarms import measured


@pytest.mark.parametrize(
    ("rows", "letters", "whole"),
    [(14, 100, True), (15, 100, False), (1, 1_250, True), (2, 1_250, True), (2, 1_251, False)],
)
def test_a_table_of_14_rows_and_2500_letters_is_on_one_page(
    rows: int, letters: int, whole: bool
) -> None:
    frame = pd.DataFrame({"text": ["x" * letters] * rows})
    assert Table("t", "A table", frame).whole == whole
    one_more = frame.assign(more=["y"] + [""] * (rows - 1))
    assert Table("t", "A table", one_more).whole == (whole and rows * letters < 2_500)


def test_a_chart_of_the_report_signals_by_chance_as_measured_of_months_of_sessions() -> None:
    assert signals._false_alarms() == measured().of_sessions["month", True]


@pytest.mark.parametrize(
    ("months", "words", "said"),
    [
        (
            ["2026-01", "2026-02", "2026-03"],
            ["up", "up", "down"],
            ["up, 2026-01 to 2026-02", "down, 2026-03"],
        ),
        (
            ["2025-12", "2026-01", "2026-03"],
            ["up", "up", "up"],
            ["up, 2025-12 to 2026-01", "up, 2026-03"],
        ),
        (
            ["2026-01", "2026-02", "2026-03"],
            ["up", signals.NO_SIGNAL, "up"],
            ["up, 2026-01", "up, 2026-03"],
        ),
        (["2026-01"], [signals.NO_SIGNAL], []),
    ],
)
def test_months_in_a_row_that_say_the_same_are_one_stretch(
    months: list[str], words: list[str], said: list[str]
) -> None:
    assert signals._stretches(months, words) == said


@pytest.mark.parametrize(
    ("variation", "said"),
    [
        ("", "no signal"),
        ("common cause", "no signal"),
        ("improvement (high)", "better: higher than usual"),
        ("concern (low)", "worse: lower than usual"),
        ("concern (high)", "worse: higher than usual"),
        ("neutral (low)", "changed: lower than usual"),
        ("not random", "changed: other than usual"),
    ],
)
def test_a_verdict_in_words(variation: str, said: str) -> None:
    assert signals.said(variation) == said
