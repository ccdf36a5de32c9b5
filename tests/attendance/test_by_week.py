"""Attendance by episode and week: its weeks, its counts, and what changes nothing in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import MissingTableError, RuleError
from iop_outcomes.records.schema import ATTENDANCE_STATUSES

COUNTS = ["due", "attended", "missed", "excused", "unrecorded", "not_due"]
SHOWN = ["episode_id", "week", "from_day", "to_day", "whole", *COUNTS, "hours", "in_contact"]


def table(records: iop.Records, **options: Any) -> pd.DataFrame:
    return iop.engagement_by_week(records, **options)


def visits(rows: list[tuple[int, str]], **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["day", "status"])
    fixed: dict[str, Any] = {"episode_id": "A", "service": "group", "minutes_scheduled": 90}
    fixed["group_id"] = [f"g{row}" for row in range(len(rows))]
    return frame.assign(**{**fixed, **columns})


def read(rows: pd.DataFrame, *, until: int = 30, **episode: Any) -> iop.Records:
    episodes = {"episode_id": ["A"], "admit_day": [0], "followed_until_day": [until], **episode}
    return iop.read_records(episodes=pd.DataFrame(episodes), attendance=rows, as_of=200)


def test_each_week_by_hand() -> None:
    rows = [(0, "attended"), (3, "no_show"), (6, "excused"), (7, "unrecorded"), (20, "late")]
    records = read(visits([*rows, (9, "program_cancel")]), discharge_day=[22])
    result = table(records)
    assert result["from_day"].tolist() == [0, 7, 14, 21]
    assert result["to_day"].tolist() == [6, 13, 20, 22]
    assert result["whole"].tolist() == [True, True, True, False]
    assert result[COUNTS].to_numpy().tolist() == [
        [3, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 1],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    assert result["rate_lowest"].tolist()[:3] == [1 / 3, 0.0, 1.0]
    assert result["rate_highest"].tolist()[:3] == [1 / 3, 1.0, 1.0]
    assert result["rate"].isna().tolist() == [False, True, False, True]
    assert result["hours"].tolist()[:2] == [1.5, 0.0]
    assert np.isnan(result["hours"][2])  # late, and for how long is not recorded
    contact = result["in_contact"].astype(object).where(result["in_contact"].notna(), None)
    assert contact.tolist() == [True, None, True, False]
    assert result.attrs["rule"].startswith(iop.AttendanceRule().text)


def test_calendar_weeks_begin_on_monday() -> None:
    episodes = pd.DataFrame(
        {"episode_id": ["A"], "admit_date": ["2026-01-01"], "discharge_date": ["2026-01-12"]}
    )  # a Thursday
    days = ["2026-01-01", "2026-01-04", "2026-01-05", "2026-01-12"]
    rows = pd.DataFrame({"episode_id": "A", "date": days, "service": "group", "status": "attended"})
    result = table(
        iop.read_records(episodes=episodes, attendance=rows, as_of="2026-03-01"),
        weeks_from="calendar",
    )
    assert result["iso_week"].tolist() == ["2026-W01", "2026-W02", "2026-W03"]
    assert result["from_day"].tolist() == [0, 4, 11]
    assert result["to_day"].tolist() == [3, 10, 11]
    assert result["attended"].tolist() == [2, 1, 1]
    assert result["whole"].tolist() == [False, True, False]


def test_overlapping_sessions_give_their_hours_once() -> None:
    rows = visits(
        [(2, "attended"), (2, "attended")], start_time=["10:00", "11:00"], minutes_scheduled=120
    )
    result = table(read(rows))
    assert result["hours"].iloc[0] == 3
    assert result["attended"].iloc[0] == 2


def test_what_cannot_be_asked_is_refused() -> None:
    records = read(visits([(2, "attended")]))
    with pytest.raises(RuleError, match="calendar"):
        table(records, weeks_from="calendar")
    for options in ({"weeks_from": "month"}, {"rule": "due"}):
        with pytest.raises(RuleError):
            table(records, **options)
    checkins = pd.DataFrame({"episode_id": ["A"], "day": [3], "status": ["completed"]})
    without = iop.read_records(
        episodes=pd.DataFrame({"episode_id": ["A"], "admit_day": [0]}), checkins=checkins
    )
    with pytest.raises(MissingTableError, match="attendance"):
        table(without)


# The sample ---------------------------------------------------------------------------------------


@cache
def sample() -> iop.Sample:
    return iop.synthetic_records(people=60, seed=5)


@cache
def again(change: str) -> iop.Records:
    frames = sample()
    return iop.read_records(
        episodes=frames.episodes,
        attendance=CHANGES[change](frames.attendance),
        checkins=frames.checkins,
        as_of="2026-09-30",
    )


def test_weeks_add_up_to_the_episode() -> None:
    for weeks_from in ("admission", "calendar"):
        result = table(again("nothing"), weeks_from=weeks_from)
        sums = result.groupby("episode_id", observed=True, sort=False)[[*COUNTS, "hours"]].sum()
        whole = iop.engagement(again("nothing")).set_index("episode_id")
        names = ("sessions_due", "sessions_attended", None, "excused", "sessions_unrecorded")
        for column, name in zip(COUNTS, names, strict=False):
            if name is not None:
                assert sums[column].tolist() == whole[name].tolist()
        np.testing.assert_allclose(sums["hours"], whole["hours_attended"])
        assert (result["due"] == result[["attended", "missed", "excused"]].sum(axis=1)).all()
        ends = result.groupby("episode_id", observed=True, sort=False)
        assert (ends["from_day"].min() == 0).all()
        gap = result["from_day"] - ends["to_day"].shift()
        assert gap.dropna().eq(1).all()


def halves(rows: pd.DataFrame) -> pd.DataFrame:
    """Each attended group in two halves, one after the other."""
    split = rows["status"].eq("attended") & rows["service"].eq("group")
    first, second = rows[split].copy(), rows[split].copy()
    for part in (first, second):
        for name in ("minutes_scheduled", "minutes_attended"):
            part[name] = part[name] / 2
    start = pd.to_datetime(second["start_time"].astype(str), format="%H:%M")
    later = start + pd.to_timedelta(second["minutes_scheduled"], unit="min")
    second["start_time"] = later.dt.strftime("%H:%M")
    return pd.concat([rows[~split], first, second], ignore_index=True)


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "nothing": lambda rows: rows,
    "row order": lambda rows: rows.sample(frac=1, random_state=1),
    "a duplicate of every row": lambda rows: pd.concat([rows, rows]),
    "sessions cancelled by the program": lambda rows: pd.concat(
        [rows, rows.assign(status="program_cancel", minutes_attended=np.nan, start_time="21:00")]
    ),
    "groups in two halves": halves,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_nothing(change: str) -> None:
    columns = [name for name in SHOWN if change == "nothing" or name != "not_due"]
    if change == "groups in two halves":
        columns = [name for name in SHOWN if name not in COUNTS]
    changed, usual = table(again(change))[columns], table(again("nothing"))[columns]
    pd.testing.assert_frame_equal(changed, usual, check_exact=False)


def test_one_unit_later_is_read_as_said() -> None:
    """Lengths in hours, with the unit in the mapping, give the same hours."""
    rows = sample().attendance.copy()
    for name in ("minutes_scheduled", "minutes_attended"):
        rows[name] = rows[name] / 60
    units = {"minutes_scheduled": "hours", "minutes_attended": "hours"}
    records = iop.read_records(
        episodes=sample().episodes,
        attendance=rows,
        as_of="2026-09-30",
        mapping={"attendance": {"units": units}},
    )
    pd.testing.assert_frame_equal(table(records)[SHOWN], table(again("nothing"))[SHOWN])


STATUS = st.sampled_from(ATTENDANCE_STATUSES)
ROWS = st.lists(st.tuples(st.integers(0, 40), STATUS), min_size=1, max_size=25)


@settings(max_examples=8, deadline=None)
@given(rows=ROWS, later=st.integers(1, 9), until=st.integers(0, 45))
def test_any_rows_have_their_place(rows: list[tuple[int, str]], later: int, until: int) -> None:
    """Every session is in one week; one day later for all, another day 0, changes nothing."""
    records = read(visits(rows), until=until)
    result = table(records)
    kept = len(records.attendance)
    assert result[["due", "unrecorded", "not_due"]].to_numpy().sum() == kept
    assert result["to_day"].iloc[-1] >= records.attendance["day"].max()
    days = result["to_day"] - result["from_day"] + 1
    assert days.sum() == result["to_day"].iloc[-1] + 1
    assert not (result["whole"] & (days != 7)).any()
    known = result.dropna(subset="rate")
    assert (known["rate_lowest"] <= known["rate"]).all()
    assert (known["rate"] <= known["rate_highest"]).all()
    moved = iop.read_records(
        episodes=pd.DataFrame(
            {"episode_id": ["A"], "admit_day": [later], "followed_until_day": [until + later]}
        ),
        attendance=visits(rows).assign(day=lambda frame: frame["day"] + later),
        as_of=200 + later,
    )
    pd.testing.assert_frame_equal(table(moved), result)
