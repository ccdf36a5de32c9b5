"""Who had not ended by a day is who was retained: asked with the trends, quarters and programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger.readers import Hidden
from iop_outcomes.disclosure.ledger.taking_up import take_up
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.ends import of_year, stays
from tests.report.test_ends_of_year import of_frame

YEAR, UP_TO = "2025", "2025-12-31"
QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")
MONTHS = ("02", "05", "08", "11")


def records(stays_of: list[list[tuple[int, int, str]]]) -> iop.Records:
    """Return admissions of each quarter of 2025: how many stayed how long and ended how.

    Thirty people who stayed for 40 days are admitted in each half-year before and after.
    """
    rows = []
    for month, groups in zip(MONTHS, stays_of, strict=True):
        for number, days, reason in groups:
            rows += [(f"2025-{month}-03", days, reason)] * number
    for day in ("2023-06-01", "2024-06-01", "2026-03-01", "2026-08-01"):
        rows += [(day, 40, "completed")] * 30
    frame = pd.DataFrame(rows, columns=["admit_date", "stay", "discharge_reason"])
    frame["admit_date"] = pd.to_datetime(frame["admit_date"])
    frame["discharge_date"] = frame["admit_date"] + pd.to_timedelta(frame.pop("stay"), "D")
    frame["episode_id"] = frame["person_id"] = [f"e{one}" for one in range(len(frame))]
    return of_frame(frame.assign(program="North"))


def declared(
    made: iop.Records, printed: dict[str, int], day: int
) -> tuple[stays.Ends | None, LinkedCounts, Any]:
    """Return the ends of 2025 declared beside the trend of retention by quarter."""
    scope = choose_scope(made, "2026Q3", None, None)
    linked = LinkedCounts(scope.policy)
    for quarter in QUARTERS:
        name = ("trend", f"retained_{day}", "quarter", quarter, "numerator")
        shown = name if printed[quarter] > 10 else None
        linked.count(name, printed[quarter], people=printed[quarter], item=shown)
    ends, _ = stays.ends_of_report(scope, linked, None, (), apart=False)
    return ends, linked, scope


LEFT = [
    *((5, 20, "completed"), (4, 20, "dropped_out")),
    *((4, 50, "completed"), (4, 50, "dropped_out")),
]
ONE_QUARTER = [[*LEFT, (number, 100, "completed")] for number in (15, 15, 15, 7)]
STILL = dict(zip(QUARTERS, (15, 15, 15, 7), strict=True))


def test_a_hidden_quarter_does_not_follow_from_the_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three quarters 15 each were still there after 90 days, of the fourth 7: 52 of the year."""
    made = records(ONE_QUARTER)
    ends, linked, _ = declared(made, STILL, 90)
    assert ends is not None
    assert 90 in set(ends.table["day"])
    assert linked.value(of_the_year("90")) == sum(STILL.values())
    assert linked.hidden()
    monkeypatch.setattr(of_year, "_of_the_retained", lambda *_: None)
    assert not declared(made, STILL, 90)[1].hidden()


def of_the_year(day: str) -> tuple[str, ...]:
    return ("ended of the admissions in the year up to", UP_TO, of_year.STILL_THERE, day)


def test_who_ended_between_two_days_is_a_count_of_its_own() -> None:
    _, linked, _ = declared(records(ONE_QUARTER), STILL, 90)
    between = of_the_year("30 to 60")
    there = [linked.value(of_the_year(day)) for day in ("30", "60")]
    assert linked.value(between) == there[0] - there[1] == 32


@pytest.mark.parametrize(("left", "shown"), [(9, False), (11, True)])
def test_a_day_is_kept_back_where_few_ended_since_a_day_of_the_flow(left: int, shown: bool) -> None:
    """Everybody is there on day 90 or had left long before; few leave up to day 120."""
    groups = [(10, 20, "completed"), (10, 25, "dropped_out"), (5, 250, "completed")]
    made = records(
        [[*groups, (left if quarter == 0 else 0, 110, "completed")] for quarter in range(4)]
    )
    scope = choose_scope(made, "2026Q3", None, None)
    year = of_year.year_of(scope)
    assert str(year) == YEAR
    assert year is not None
    ended = of_year.Ended(year, of_year.times_of_year(scope, year, ""))
    assert of_year._is_open_beside_flow(scope, ended, 90)
    assert of_year._is_open_beside_flow(scope, ended, 120) is shown


def test_a_hidden_day_is_left_out_of_the_curves_and_the_picture_is_another() -> None:
    ends, linked, scope = declared(records(ONE_QUARTER), STILL, 90)
    assert ends is not None
    days = sorted({int(day) for day in ends.table["day"] if day > 0})
    assert len(days) > 1
    pictures: dict[str, Any] = {"who-stayed": ("the first",)}
    assert stays.remaining(scope, ends, frozenset(), pictures) is ends
    assert pictures["who-stayed"] == ("the first",)
    gone = frozenset([(of_year.ITEM, UP_TO, str(days[-1]))])
    left = stays.remaining(scope, ends, gone, pictures)
    assert left is not None
    assert sorted({int(day) for day in left.table["day"] if day > 0}) == days[:-1]
    assert set(left.sizes["through"]) == {days[-2]}
    assert pictures["who-stayed"] != ("the first",)
    every = frozenset((of_year.ITEM, UP_TO, str(day)) for day in days)
    assert stays.remaining(scope, ends, every, pictures) is None
    assert of_year.with_everybody(gone, linked) == gone
    whole = frozenset([(of_year.ITEM, UP_TO, of_year.EVERYBODY)])
    assert of_year.with_everybody(every, linked) == every | whole
    assert of_year.with_everybody(whole, linked) == every | whole


def test_a_later_report_shows_the_days_that_the_first_one_showed() -> None:
    made = records(ONE_QUARTER)
    ends, linked, scope = declared(made, STILL, 90)
    assert ends is not None
    days = sorted({str(int(day)) for day in ends.table["day"] if day > 0}, key=int)
    year = of_year.year_of(scope)
    assert year is not None
    ended = of_year.Ended(year, of_year.times_of_year(scope, year, ""))
    counts: dict[Any, int | None] = {
        key: None if key[-1] == days[0] else linked.value(key)
        for key in linked.names
        if isinstance(key, tuple) and key[:2] == ended.name()
    }
    before = PrintedCells(11, "2026Q2", "", ("North",), counts)
    shown = ended.as_printed(ended.printed_before(before))
    assert shown is not None
    assert {own for _, own in shown} == {tuple(int(day) for day in days[1:])}
    assert np.array([len(kinds) for kinds, _ in shown]).sum() == len(ended.kinds)


def test_a_day_that_tells_beside_earlier_reports_leaves_the_others() -> None:
    """The days are taken up one by one, after of how many they are."""
    names = [of_year.EVERYBODY, *map(str, of_year.FIXED)]
    items = frozenset((of_year.ITEM, UP_TO, name) for name in names)
    day = (of_year.ITEM, UP_TO, "90")
    assert take_up([items], items, lambda gone: day in gone) == {day}
    alone: list[Hidden] = []

    def is_safe(gone: Hidden) -> bool:
        alone.extend([items - gone] if len(items - gone) == 1 else [])
        return False

    assert take_up([items], items, is_safe) == items
    assert alone[0] == {(of_year.ITEM, UP_TO, of_year.EVERYBODY)}
