"""What the first page says of a target: met, missed, or near it, beside a change or none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.forms.html import page_of
from iop_outcomes.report.model import Section
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import first_page
from iop_outcomes.report.sections.points import (
    CHANGED,
    MET,
    MISSED,
    NEAR,
    NOT_COMPARED,
    SAME,
    SIGNAL,
    Point,
)
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.report.trends import Trends
from iop_outcomes.trends import Trend
from tests.helpers.of_the_sample import records_of_the_sample


@pytest.fixture(scope="module")
def scope() -> Scope:
    return choose_scope(records_of_the_sample(), "2026Q2", None, iop.SafePolicy.cms())


def admissions(values: list[float], hidden: int = 0) -> Trend:
    """Return admissions of quarters up to 2026Q2, of which the newest are hidden."""
    periods = pd.period_range(end="2026Q2", periods=len(values), freq="Q")
    shown = np.array(values, dtype=np.float64)
    shown[len(values) - hidden :] = np.nan
    table = pd.DataFrame(
        {
            "period": periods.astype(str),
            "start": periods.start_time,
            "end": periods.end_time.normalize(),
            "numerator": shown,
            "denominator": np.nan,
            "value": shown,
            "lower": shown * 0.8,
            "upper": shown * 1.2,
            "complete": True,
            "not_known": "",
            "hidden": np.isnan(shown),
        }
    )
    return Trend(table, "admissions", "Admissions", "episodes", "quarter", (), 0.95, "")


@pytest.fixture
def more_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(first_page.find_quantity("admissions"), improves="up")
    monkeypatch.setattr(first_page, "find_quantity", lambda _: wanted)


JUDGED = [
    (50, MET, "target met", "The target of 50 was met."),
    (70, MET, "target met", "The target of 70 was met, by no more than chance may explain."),
    (90, NEAR, "near target", "The target of 90 was missed, by no more than chance may explain."),
    (200, MISSED, "target missed", "The target of 200 was missed."),
]


@pytest.mark.usefixtures("more_is_better")
@pytest.mark.parametrize(("target", "rank", "tag", "words"), JUDGED)
def test_a_target_is_met_or_missed(
    scope: Scope, target: float, rank: int, tag: str, words: str
) -> None:
    point = first_page.measure_point(scope, admissions([80, 80]), target)
    assert (point.rank, point.tag) == (rank, tag)
    assert point.text.endswith(words)


@pytest.mark.usefixtures("more_is_better")
@pytest.mark.parametrize(
    ("target", "rank", "tag", "words"),
    [
        (50, CHANGED, "lower", "was met."),
        (70, CHANGED, "lower", "was met, by no more than chance may explain."),
        (90, CHANGED, "lower", "was missed, by no more than chance may explain."),
        (200, MISSED, "lower, target missed", "was missed."),
    ],
)
def test_a_clear_change_is_not_lost_beside_a_target(
    scope: Scope, target: float, rank: int, tag: str, words: str
) -> None:
    """A measure that had fallen was "target missed", by no more than chance, without its mark."""
    point = first_page.measure_point(scope, admissions([200, 80]), target)
    assert (point.rank, point.tag) == (rank, tag)
    assert "That is about 60% lower than 200 in " in point.text
    assert point.text.endswith(f"The target of {target} {words}")


@pytest.mark.usefixtures("more_is_better")
def test_what_has_no_room_keeps_its_target_and_that_chance_may_explain_it(scope: Scope) -> None:
    """Measures that were joined as "target met" had neither their target nor the caveat."""
    two = {name: replace(admissions([80, 80]), title=name) for name in ("One", "Two")}
    trends = Trends(by_period=two)
    gone = [first_page.measure_point(scope, trend, 70) for trend in two.values()]
    ((tag, title, text),) = first_page._without_room(scope, trends, gone, {"admissions": 70})
    assert (tag, title) == ("target met", "One; Two")
    assert text.count("The target of 70 was met, by no more than chance may explain.") == 2
    ((_, _, none),) = first_page._without_room(scope, trends, gone, {})
    assert "target" not in none


def test_a_target_missed_by_chance_is_below_clear_changes_and_misses() -> None:
    points = [Point(rank, "", str(rank), "") for rank in (SAME, MET, NEAR, SIGNAL, CHANGED, MISSED)]
    assert [one.rank for one in first_page.choose(points)] == [
        MISSED,
        CHANGED,
        SIGNAL,
        NEAR,
        MET,
        SAME,
    ]


@pytest.mark.usefixtures("more_is_better")
@pytest.mark.parametrize(
    ("target", "rank", "word"),
    [(50, MET, "met."), (90, NEAR, "missed, by no more than"), (200, MISSED, "missed.")],
)
def test_a_target_is_judged_by_the_newest_value_that_is_shown(
    scope: Scope, target: float, rank: int, word: str
) -> None:
    point = first_page.measure_point(scope, admissions([80, 81, 82], hidden=1), target)
    assert point.rank == rank
    assert f"shown is 2026Q1: 81. The target of {target} was {word}" in point.text
    never = admissions([80], hidden=1)
    assert first_page.measure_point(scope, never, target).rank == NOT_COMPARED


def test_the_page_marks_a_change_and_a_target_by_one_look_each(scope: Scope) -> None:
    tags = ("lower, target missed", "near target", "no clear change")
    section = Section("what-changed", "A", (), items=tuple((tag, tag, ".") for tag in tags))
    page = page_of(scope, [section], ReportSettings(), "T", [], merged=False)()
    for looks, tag in zip(
        ("lower target-missed", "near-target", "no-clear-change"), tags, strict=True
    ):
        assert f'<span class="tag {looks}">{tag}</span>' in page
