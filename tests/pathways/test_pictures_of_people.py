"""Heatmaps and lanes: the numbers by hand, and pictures that are whole and say what they show."""

from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from tests.helpers.pictures import NAMES, assert_apart, assert_within, words_of

MONDAY = pd.Timestamp("2026-01-05")


def day(number: int) -> pd.Timestamp:
    return MONDAY + pd.Timedelta(days=number)


@pytest.fixture(scope="module")
def small() -> iop.Records:
    """Two people: a is discharged on day 8, b is open; the data cut is Wednesday, day 16."""
    sessions = pd.DataFrame(
        [
            ("a", 0, "attended", "group"),
            ("a", 1, "no_show", "group"),
            ("a", 7, "attended", "group"),
            ("b", 1, "attended", "group"),
            ("b", 7, "program_cancel", "group"),
            ("b", 15, "excused", "group"),
            ("b", 16, "attended", "drug_test"),
        ],
        columns=["episode_id", "date", "status", "service"],
    )
    checks = pd.DataFrame(
        [("a", 5, "negative", "no"), ("a", 12, "positive", "yes"), ("b", 14, "refused", None)],
        columns=["episode_id", "date", "drug_test", "used"],
    )
    episodes = pd.DataFrame(
        {"episode_id": ["a", "b"], "admit_date": [MONDAY] * 2, "discharge_date": [day(8), None]}
    ).assign(discharge_reason=["completed", None])
    return iop.read_records(
        episodes=episodes,
        attendance=sessions.assign(date=sessions["date"].map(day)),
        checkins=checks.assign(date=checks["date"].map(day), status="completed"),
        as_of=str(day(16).date()),
    )


@pytest.fixture(scope="module")
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=4, people=24)
    names = {name: place for place, name in enumerate(sample.episodes["episode_id"].astype(str))}
    three = (*NAMES["long"][:2], NAMES["Chinese"][0])

    def renamed(frame: pd.DataFrame) -> pd.DataFrame:
        place = frame["episode_id"].astype(str).map(names)
        return frame.assign(episode_id=[f"{three[each % 3]} {each}" for each in place])

    tables = {
        "episodes": sample.episodes,
        "attendance": sample.attendance,
        "checkins": sample.checkins,
    }
    return iop.read_records(**{name: renamed(frame) for name, frame in tables.items()})


def test_weekdays_by_hand(small: iop.Records) -> None:
    table = iop.attendance_by_weekday(small, weeks=3).table
    assert len(table) == 21
    assert table["week"].unique().tolist() == [day(0), day(7), day(14)]
    result = table[table["due"] > 0][["weekday", "due", "attended"]].to_numpy().tolist()
    assert result == [["Monday", 1, 1], ["Tuesday", 2, 1], ["Monday", 1, 1], ["Tuesday", 1, 0]]
    assert table["observed"].sum() == 17  # the Wednesday of the data cut is the last one
    assert iop.attendance_by_weekday(small, weeks=1).table["due"].sum() == 1


def test_weeks_of_persons_by_hand(small: iop.Records) -> None:
    table = iop.attendance_by_person(small, weeks=4).table
    assert table["episode_id"].tolist() == ["a"] * 4 + ["b"] * 4
    assert table["due"].tolist() == [2, 1, 0, 0, 1, 0, 1, 0]
    assert table["attended"].tolist() == [1, 1, 0, 0, 1, 0, 0, 0]
    gone, unseen = "after discharge", "not observed"
    here = "in program"
    assert table["state"].tolist() == [here, here, gone, gone, here, here, here, unseen]


def test_lanes_by_hand(small: iop.Records) -> None:
    lanes = iop.episode_lanes(small)
    assert lanes.lanes[["episode_id", "end", "ended_by"]].to_numpy().tolist() == [
        ["b", 16.0, "open"],
        ["a", 8.0, "completed"],
    ]
    result = lanes.table[lanes.table["episode_id"] == "a"][["day", "mark"]].to_numpy().tolist()
    assert sorted(result) == [
        [0.0, "session kept"],
        [1.0, "session missed"],
        [5.0, "test negative"],
        [7.0, "session kept"],
        [8.0, "discharge"],
        [12.0, "relapse"],
        [12.0, "test positive"],
    ]
    others = lanes.table.loc[lanes.table["episode_id"] == "b", "mark"].tolist()
    assert others == ["session kept", "session missed"]  # no mark for a refused test


def test_each_picture_is_whole_and_apart(records: iop.Records) -> None:
    for ax in (
        iop.plot_attendance_heatmap(iop.attendance_by_person(records)),
        iop.plot_attendance_heatmap(iop.attendance_by_weekday(records, weeks=8, by="track")),
        iop.plot_lanes(iop.episode_lanes(records)),
    ):
        ax.figure.set_dpi(100)
        words = words_of(ax)
        assert_within(ax, words=words)
        assert_apart(ax, words)
        assert not any(f"{name} 1" in iop.alternative_text(ax) for name in NAMES["long"])


def test_what_shows_persons_says_so_and_is_not_published(small: iop.Records) -> None:
    for result in (iop.attendance_by_person(small), iop.episode_lanes(small)):
        assert "shows individual people" in result.text
        with pytest.raises(RuleError, match="individual people"):
            iop.protect(result)  # type: ignore[call-overload]


def test_what_cannot_be_told_or_drawn_is_refused(small: iop.Records) -> None:
    came = small.attendance[small.attendance["status"].isin(["attended"])]
    only = iop.read_records(episodes=small.episodes, attendance=came)
    for function in (iop.attendance_by_person, iop.attendance_by_weekday):
        with pytest.raises(EstimateError, match="do not show who attended"):
            function(only)
    with pytest.raises(RuleError, match="count from admission"):
        iop.episode_lanes(small, iop.RelapseRule(origin="discharge"))
    with pytest.raises(RuleError, match="at least 1"):
        iop.plot_lanes(iop.episode_lanes(small), days=0)
