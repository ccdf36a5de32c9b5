"""The table of numbers below a picture: what is written, where, and how."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes

import iop_outcomes as iop
from iop_outcomes.plots.layout.risk_table import Block, Row, add_risk_table, table_height
from iop_outcomes.plots.layout.sheet import Plan, open_sheet
from iop_outcomes.plots.layout.style import LINE_HEIGHT

mpl.use("Agg")
DAYS = [0, 30]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    pyplot.close("all")


def written(blocks: list[Block], **options: object) -> list[tuple[str, float]]:
    """Return the words of a table and how far down each stands."""

    def plan(_width: float, _whole: bool) -> Plan:
        return Plan(92.0, 18.0, 20.0, 42.0, 100.0, 200.0, "")

    sheet = open_sheet(pyplot.figure(), 560.0, plan, SimpleNamespace(table=pd.DataFrame()))
    add_risk_table(sheet.ax, sheet, blocks, DAYS, **options)  # type: ignore[arg-type]
    return [(text.get_text(), -float(text.xyann[1])) for text in sheet.ax.texts]  # type: ignore[attr-defined]


def counts(*numbers: float) -> Row:
    return Row("at_risk", "at risk", np.array(numbers))


def test_one_row_a_group_stands_beside_its_name() -> None:
    result = written([("early", [counts(10, 4)]), ("late", [counts(1200, 0)])])
    assert [text for text, _ in result] == ["at risk", "early", "10", "4", "late", "1,200", "0"]
    assert [down for _, down in result] == [42.0] + [55.0] * 3 + [68.0] * 3


def test_one_group_without_a_name_takes_one_line() -> None:
    result = written([("", [counts(10, 4)])])
    assert [text for text, _ in result if text] == ["at risk", "10", "4"]
    assert {down for _, down in result} == {42.0}


def test_several_rows_stand_below_the_name_with_their_words() -> None:
    rows = [counts(10, 4), Row("events", "events", np.array([0, 3]))]
    result = written([("early", rows), ("late", rows)])
    assert [text for text, _ in result[:7]] == ["early", "at risk", "10", "4", "events", "0", "3"]
    downs = [down for text, down in result if text in ("early", "late")]
    assert downs == [42.0, 42.0 + 3 * LINE_HEIGHT + 4]


def test_numbers_are_written_alike_in_all_rows() -> None:
    rows = [counts(10.0, np.nan), counts(2.25, 3.0), Row("rows", "rows", np.array([9, 8]))]
    text = [text for text, _ in written([("", rows)])]
    assert text == ["at risk", "10.0", "–", "at risk", "2.2", "3.0", "rows", "9", "8"]


@pytest.mark.parametrize("names", [[""], ["a"], ["a", "b"], ["a", "a name wider than its space"]])
@pytest.mark.parametrize("rows", [1, 3])
def test_the_height_planned_is_the_height_taken(names: list[str], rows: int) -> None:
    result = written([(name, [counts(1, 2)] * rows) for name in names])
    taken = max(down for _, down in result) + LINE_HEIGHT - 42.0
    gaps = 4 if rows > 1 else 0  # one gap is left at the end
    assert table_height(names, rows, 0.0) == taken + gaps


@pytest.mark.parametrize("kind", ["incidence", "hazard", "states"])
def test_the_name_of_a_single_group_is_not_written_over_what_is_counted(kind: str) -> None:
    ax = _drawn(kind)
    results = [text for text in ax.texts if text.get_text() in ("at risk", "observed", "days only")]
    assert len(results) == 2
    assert results[0].xyann != results[1].xyann  # type: ignore[attr-defined]


def _drawn(kind: str) -> Axes:
    days = np.arange(1, 61)
    ends = np.where(days % 3, "relapse", "follow_up")
    times = pd.DataFrame(
        {"days": days, "event": days % 3 > 0, "ended_by": ends, "track": "days only"}
    )
    if kind == "incidence":
        return iop.cumulative_incidence(times, by="track").plot()
    if kind == "hazard":
        return iop.hazard(times, by="track").plot()
    histories = pd.DataFrame(
        {
            "episode_id": days.astype(str),
            "state": "engaged",
            "entry": 0,
            "days": days,
            "next_state": np.where(days % 3, "relapsed", None),
            "track": "days only",
        }
    )
    return iop.state_occupation(histories, by="track").plot()
