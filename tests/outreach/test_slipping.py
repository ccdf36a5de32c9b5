"""Who shows signs of leaving: each sign by hand, and nothing that came later."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import MissingTableError, RuleError
from iop_outcomes.outreach.signs import run_at_end

MARKS = ["absent", "fewer_hours", "check_ins_missed", "craving_up"]


def read(
    visits: list[tuple[int, str]],
    check_ins: Sequence[tuple[int, str, float | None]] = (),
    *,
    as_of: int = 28,
    **episode: Any,
) -> iop.Records:
    """One episode, and one of another person who was absent once (else no absence is told)."""
    rows = [("A", day, status) for day, status in visits]
    rows += [("B", 1, "no_show"), ("B", 2, "attended"), ("B", 27, "attended")]
    attendance = pd.DataFrame(rows, columns=["episode_id", "day", "status"])
    attendance = attendance.assign(service="group", minutes_scheduled=60)
    attendance["group_id"] = [f"g{row}" for row in range(len(rows))]
    asked = pd.DataFrame(list(check_ins), columns=["day", "status", "craving"]).assign(
        episode_id="A"
    )
    episodes = pd.DataFrame({"episode_id": ["A", "B"], "admit_day": [0, 0], **episode})
    tables = {"checkins": asked} if check_ins else {}
    return iop.read_records(episodes=episodes, attendance=attendance, as_of=as_of, **tables)


def signs(records: iop.Records, as_of: int | None = None, **options: Any) -> pd.Series[Any]:
    table = iop.slipping(records, as_of, **options).table
    return table[table["episode_id"] == "A"].iloc[0]


STEADY = [(day, "attended") for day in range(0, 28, 3)]


@pytest.mark.parametrize(
    ("visits", "run"),
    [
        ([*STEADY], 0),
        ([*STEADY, (28, "no_show")], 1),
        ([(1, "attended"), (20, "no_show"), (22, "late_cancel"), (24, "client_cancel")], 3),
        ([(20, "no_show"), (22, "excused"), (23, "program_cancel"), (24, "no_show")], 2),
        ([(20, "no_show"), (22, "unrecorded"), (24, "no_show")], 2),
        ([(20, "no_show"), (22, "no_show"), (24, "late")], 0),
        ([(20, "no_show"), (22, "no_show"), (22, "attended")], 0),
    ],
)
def test_absences_in_a_row(visits: list[tuple[int, str]], run: int) -> None:
    row = signs(read(visits), no_contact_days=60)
    assert row["absences_in_a_row"] == run
    assert row["absent"] == (run >= 2)


def test_hours_of_two_weeks_and_the_two_before() -> None:
    visits = [(day, "attended") for day in (1, 3, 8, 14, 15)]
    row = signs(read(visits, as_of=27))  # days 14 to 27, and 0 to 13
    assert (row["hours_recent"], row["hours_before"]) == (2, 3)
    assert row["fewer_hours"] == np.False_
    row = signs(read(visits, as_of=28))  # days 15 to 28, and 1 to 14
    assert (row["hours_recent"], row["hours_before"]) == (1, 4)
    assert row["fewer_hours"]
    row = signs(read(visits, as_of=26))
    assert np.isnan(row["hours_before"])
    assert row["fewer_hours"] is pd.NA


def test_check_ins_and_craving() -> None:
    asked: list[tuple[int, str, float | None]] = [
        *[(day, "completed", craving) for day, craving in ((1, 2.0), (5, 4.0), (9, 5.0))],
        (12, "completed", None),
        (15, "completed", 6.0),
        (20, "missed", None),
        (22, "not_due", None),
        (27, "missed", None),
    ]
    row = signs(read(STEADY, asked))
    assert row["check_ins_missed_in_a_row"] == 2
    assert row["check_ins_missed"]
    assert (row["craving_recent"], row["craving_before"]) == (5.5, 3.0)
    assert row["craving_up"]
    assert (row["signs"], row["signs_known"]) == (2, 4)
    row = signs(read(STEADY, asked[:3]))
    assert row["craving_up"] is pd.NA
    row = signs(read(STEADY))
    assert row[["check_ins_missed", "craving_up"]].isna().all()
    assert row["signs_known"] == 2


def test_the_order_and_who_is_not_on_the_list() -> None:
    absent = [(day, "no_show") for day in range(2, 28, 3)]
    listed = iop.slipping(read([(0, "attended"), *absent]))
    assert listed.table["episode_id"].tolist() == ["A", "B"]
    assert listed.long_absent == 0
    listed = iop.slipping(read([(0, "attended"), *absent]), no_contact_days=20)
    assert listed.table["episode_id"].tolist() == ["B"]
    assert "Not listed: 1 open episode without contact for more than 20 days" in listed.text
    closed = read(STEADY, discharge_day=[20, np.nan])
    assert iop.slipping(closed).table["episode_id"].tolist() == ["B"]
    assert sorted(iop.slipping(closed, 19).table["episode_id"]) == ["A", "B"]


def test_where_no_absence_is_recorded_none_is_counted() -> None:
    rows = pd.DataFrame({"episode_id": "A", "day": range(28), "status": "attended"})
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": [0]})
    records = iop.read_records(episodes=episodes, attendance=rows, as_of=28)
    assert np.isnan(signs(records)["absences_in_a_row"])
    assert signs(records)["absent"] is pd.NA


@cache
def sample() -> iop.Sample:
    return iop.synthetic_records(people=60, seed=5)


@pytest.mark.parametrize("as_of", ["2025-09-30", "2026-06-30"])
def test_what_comes_after_the_day_changes_nothing(as_of: str) -> None:
    frames = sample()
    whole = iop.read_records(
        episodes=frames.episodes, attendance=frames.attendance, checkins=frames.checkins
    )
    rng = np.random.default_rng(1)
    words = {"attendance": ["attended", "no_show"], "checkins": ["completed", "missed"]}
    changed = {}
    for name, choices in words.items():
        rows = getattr(frames, name).copy()
        late = (pd.to_datetime(rows["date"]) > as_of).to_numpy()
        assert late.any()
        rows.loc[late, "status"] = rng.choice(choices, late.sum())
        changed[name] = rows[~late | (rng.random(len(rows)) < 0.7)]
    episodes = frames.episodes.copy()
    later = pd.to_datetime(episodes["discharge_date"]) > as_of
    episodes.loc[later, ["discharge_date", "discharge_reason"]] = None
    other = iop.read_records(episodes=episodes, **changed, as_of=whole.as_of)
    for build in (iop.slipping, iop.follow_up_due):
        first, second = build(whole, as_of), build(other, as_of)
        assert len(first.table) > 0
        pd.testing.assert_frame_equal(first.table, second.table)
        assert first.text == second.text
    pd.testing.assert_frame_equal(
        iop.follow_up_due(whole, as_of).response, iop.follow_up_due(other, as_of).response
    )


def test_it_names_people_and_says_so() -> None:
    listed = iop.slipping(read(STEADY))
    assert listed.text.startswith("This list names people")
    for refuse in (iop.protect, iop.quarterly_report):
        with pytest.raises(RuleError, match="names people"):
            refuse(listed)
        with pytest.raises(RuleError, match="names people"):
            refuse(iop.follow_up_due(read(STEADY, [(2, "completed", None)])))


def test_what_cannot_be_asked_is_refused() -> None:
    records = read(STEADY)
    for options in ({"as_of": 29}, {"as_of": "2026-01-01"}, {"rule": 2}, {"no_contact_days": 0}):
        with pytest.raises(RuleError):
            iop.slipping(records, **options)
    with pytest.raises(RuleError, match="admitted"):
        iop.slipping(records, -1)
    for numbers in ({"absences": 0}, {"hours_share": 1.5}, {"craving_rise": "much"}):
        with pytest.raises(RuleError):
            iop.SlippingRule(**numbers)
    with pytest.raises(MissingTableError):
        iop.follow_up_due(records)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.booleans(), max_size=6), min_size=1, max_size=5))
def test_runs_against_a_plain_count(runs: list[list[bool]]) -> None:
    episode = np.array([place for place, one in enumerate(runs) for _ in one], dtype=np.int64)
    marked = np.array([value for one in runs for value in one], dtype=bool)
    breaks = [max([n + 1 for n, v in enumerate(one) if not v], default=0) for one in runs]
    expected = [len(one) - last for one, last in zip(runs, breaks, strict=True)]
    assert run_at_end(episode, marked, len(runs)).tolist() == expected
