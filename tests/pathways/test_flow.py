"""The steps of a cohort: by hand, with all episodes accounted for, and as their rules say."""

from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from tests.helpers.pictures import NAMES, assert_apart, assert_within, words_of

ADMITTED = pd.Timestamp("2026-01-05")
COUNTS = ["not_followed", "not_known", "not_reached", "reached"]


@pytest.fixture(scope="module")
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=4, people=60)
    return iop.read_records(episodes=sample.episodes, attendance=sample.attendance)


def by_hand(**columns: object) -> iop.Records:
    """Six people: each with its days of sessions, and the day of discharge."""
    people = {
        "stays": ([0, 2, 4, 7, 30, 61, 92], None),
        "leaves": ([0, 2, 4, 7], "2026-01-20"),
        "three": ([0, 2, 31], "2026-02-10"),
        "never": ([], "2026-02-10"),
        "unsaid": ([3], "2026-02-10"),
        "new": ([0, 1], None),
    }
    rows = [
        {"episode_id": name, "date": ADMITTED + pd.Timedelta(days=day), "status": "attended"}
        for name, (days, _) in people.items()
        for day in days
    ]
    sessions = pd.DataFrame(rows)
    sessions.loc[sessions["episode_id"] == "unsaid", "status"] = "unrecorded"
    recent = sessions["episode_id"] == "new"
    sessions.loc[recent, "date"] += pd.Timedelta(days=80)
    missed = {"episode_id": "never", "date": ADMITTED, "status": "no_show"}
    came = {"episode_id": "unsaid", "date": ADMITTED + pd.Timedelta(days=20), "status": "no_show"}
    sessions = pd.concat([sessions, pd.DataFrame([missed, came])], ignore_index=True)
    episodes = pd.DataFrame(
        {
            "episode_id": list(people),
            "admit_date": [ADMITTED] * 5 + [ADMITTED + pd.Timedelta(days=80)],
            "discharge_date": [left for _, left in people.values()],
            **columns,
        }
    )
    return iop.read_records(episodes=episodes, attendance=sessions, as_of="2026-04-10")


def test_each_step_by_hand() -> None:
    table = iop.cohort_flow(by_hand()).table.set_index("step")
    results = {step: row[COUNTS].tolist() for step, row in table.iterrows()}
    assert results == {
        "admitted": [0, 0, 0, 6],
        # new is known to have come; unsaid has one session, whose outcome is not recorded
        "first_session": [0, 1, 1, 4],
        "fourth_session": [1, 0, 3, 2],
        "day_30": [1, 0, 3, 2],
        "day_60": [1, 0, 4, 1],
        "day_90": [1, 0, 4, 1],
    }
    # three came to a third session only, and was still there on day 30
    assert table.loc["day_30", "reached_all"] == 1


def test_all_episodes_are_accounted_for_and_the_steps_are_those_of_the_rules(
    records: iop.Records,
) -> None:
    flow = iop.cohort_flow(records)
    assert (flow.table[COUNTS].sum(axis=1) == len(records.episodes)).all()
    for day in (30, 60, 90):
        summary = iop.retention(records, day=day).summary().iloc[0]
        row = flow.table.set_index("step").loc[f"day_{day}"]
        assert row["reached"] == summary["numerator"]
        assert row["reached"] + row["not_reached"] == summary["denominator"]
    apart = flow.exclusions.groupby("step")["episodes"].sum()
    counted = flow.table.set_index("step")[["not_followed", "not_known"]].sum(axis=1)
    assert apart.to_dict() == counted[counted > 0].to_dict()


def test_groups_add_up_to_the_whole(records: iop.Records) -> None:
    whole = iop.cohort_flow(records).table.set_index("step")[COUNTS]
    parts = iop.cohort_flow(records, by="track").table.groupby("step")[COUNTS].sum()
    pd.testing.assert_frame_equal(parts.loc[whole.index], whole)


def test_rows_set_aside_when_read_are_named() -> None:
    episodes = pd.DataFrame(
        {"episode_id": ["a", "b"], "admit_date": ["2026-01-05", "2026-03-01"]}
    ).assign(discharge_date=["2026-03-05", "2026-02-01"])
    sessions = pd.DataFrame(
        {"episode_id": ["a", "a"], "date": "2026-01-06", "status": ["attended", "no_show"]}
    ).assign(start_time=["09:00", "11:00"])
    flow = iop.cohort_flow(
        iop.read_records(episodes=episodes, attendance=sessions, as_of="2026-06-30")
    )
    read = flow.exclusions[flow.exclusions["step"] == "read"]
    assert read["episodes"].tolist() == [1]


def test_what_the_records_cannot_tell_is_no_number() -> None:
    sessions = pd.DataFrame({"episode_id": ["a"], "date": "2026-01-06", "status": "unrecorded"})
    episodes = pd.DataFrame({"episode_id": ["a"], "admit_date": ["2026-01-05"]})
    records = iop.read_records(episodes=episodes, attendance=sessions, as_of="2026-06-30")
    flow = iop.cohort_flow(records)
    first = flow.table.set_index("step").loc["first_session"]
    assert "no session has a recorded outcome" in first["why"]
    assert pd.isna(first["reached"])
    assert f"First session by day 14: {first['why']}." in flow.text
    assert "no session has a recorded outcome" in iop.alternative_text(iop.plot_flow(flow))


@pytest.mark.parametrize(
    "wrong", [{"days": ()}, {"days": (0,)}, {"first_within": -1}, {"fourth_within": 2}]
)
def test_options_that_mean_nothing_are_refused(records: iop.Records, wrong: dict[str, int]) -> None:
    with pytest.raises(RuleError):
        iop.cohort_flow(records, **wrong)  # type: ignore[arg-type]


def test_the_picture_is_whole_and_says_what_it_shows(records: iop.Records) -> None:
    three = (*NAMES["long"][:2], NAMES["Chinese"][0])
    names = [three[place % 3] for place in range(len(records.episodes))]
    of = iop.read_records(
        episodes=records.episodes.assign(program=names), attendance=records.attendance
    )
    ax = iop.plot_flow(iop.cohort_flow(of, by="program"))
    ax.figure.set_dpi(100)
    words = words_of(ax)
    assert_within(ax, words=words)
    assert_apart(ax, words)
    for name in three:
        assert f"{name}: " in iop.alternative_text(ax)
    bar = next(one for one in ax.child_axes[0].patches if one.get_gid() == "bar_3_reached")
    row = iop.cohort_flow(of, by="program").table.iloc[3]
    assert bar.get_width() == pytest.approx(row["reached"] / row["episodes"])


def test_more_bars_than_a_picture_holds_are_refused(records: iop.Records) -> None:
    flow = iop.cohort_flow(records, by=["program", "track"], days=range(1, 60))
    with pytest.raises(RuleError, match="at most 80 bars"):
        iop.plot_flow(flow)
