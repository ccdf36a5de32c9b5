"""A measure of which no period is shown has no empty picture: a sentence names it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report import trend_pictures
from iop_outcomes.report.model import Table
from iop_outcomes.report.sections import assemble
from iop_outcomes.report.trends import Trends
from iop_outcomes.trends import Trend
from tests.helpers.of_the_sample import records_of_the_sample

NUMBERS = ["numerator", "denominator", "value", "lower", "upper"]


@pytest.fixture(scope="module")
def records() -> iop.Records:
    return records_of_the_sample()


@pytest.fixture(scope="module")
def shown(records: iop.Records) -> dict[str, Trend]:
    """Return trends by quarter: of the last two all is hidden, of the first one a part."""
    names = ("attendance_rate", "retained_90", "completion_rate")
    made = {name: iop.trend(records, name, every="quarter", chart="none") for name in names}
    for name in names:
        table = made[name].table.assign(hidden=False)
        rows = slice(2, 3) if name == names[0] else slice(0, len(table))
        table.loc[table.index[rows], NUMBERS] = float("nan")
        table.loc[table.index[rows], "hidden"] = True
        made[name] = replace(made[name], table=table)
    return made


def programs(**cells: object) -> Table:
    frame = pd.DataFrame({"program": ["North", "all"], **cells})
    return Table("programs", "By program", frame)


@pytest.fixture(scope="module")
def scope(records: iop.Records) -> Any:
    return SimpleNamespace(
        records=records,
        period=SimpleNamespace(word="quarter"),
        begin=pd.Timestamp.min,
        word="quarter",
        judged={},
        words=lambda _: "admissions from October 2025 to September 2026",
        policy=iop.SafePolicy.cms(),
    )


def test_a_trend_of_which_nothing_is_shown_is_named_and_not_drawn(
    scope: Any, shown: dict[str, Trend]
) -> None:
    table = programs(retained_90=["hidden", "hidden"], completed=[0.29, None])
    trends = Trends(by_period=shown)
    drawings = trend_pictures.trend_drawings(scope, trends, {})
    section = assemble.trends_section(scope, trends, [], None, drawings, table)
    assert [one.table.name for one in section.drawings] == ["trend_attendance_rate"]
    assert section.sentences[-1] == (
        "Not drawn, since no period of it is shown (hidden, or not known): Retained at 90 days; "
        "Completion rate. Shares of admissions from October 2025 to September 2026 are in the "
        'table "By program": Completion rate.'
    )


def test_nothing_points_to_shares_that_are_not_there(scope: Any, shown: dict[str, Trend]) -> None:
    left = [shown["retained_90"]]
    for table in (None, programs(), programs(retained_90=["hidden", None])):
        (said,) = trend_pictures.sentences(scope, left, table)
        assert said.endswith("(hidden, or not known): Retained at 90 days.")
    assert trend_pictures.sentences(scope, []) == ()


def test_response_is_named_where_nothing_of_it_is_shown(
    scope: Any, shown: dict[str, Trend]
) -> None:
    gone = {"check_in_response": replace(shown["retained_90"], title="Check-in response")}
    section = assemble.response_section(scope, Trends(by_period=gone), {})
    assert not section.drawings
    assert section.sentences[-1].endswith(": Check-in response.")
    left = assemble.response_section(scope, Trends(by_period={}), {})
    assert len(left.sentences) == 1
