"""A period that is complete keeps its figures: no later record changes them, but a correction."""

from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from validation.attack_programs import records_up_to

FIGURES = ["numerator", "denominator", "value"]
RETENTION = ("retained_30", "retained_90")
OTHERS = (
    *("relapse_free_30", "relapsed_60", "dropout_by_gap_30"),
    *("iet_style", "waiting_days", "first_to_fourth_session", "census"),
)


@pytest.mark.parametrize(("seed", "measures"), [(12, RETENTION), (5, OTHERS)])
def test_no_figure_of_a_complete_month_changes_with_later_records(
    seed: int, measures: tuple[str, ...]
) -> None:
    sample = iop.synthetic_records(seed=seed, people=110)
    tables = sample.episodes, sample.attendance, sample.checkins
    cuts = [pd.Timestamp(day) for day in ("2025-01-31", "2025-03-20", "2025-09-30")]
    read = [records_up_to(*tables, cut) for cut in cuts]
    for measure in measures:
        before, *later = (_complete(records, measure) for records in read)
        assert len(before) >= 6
        for now in later:
            pd.testing.assert_frame_equal(now.loc[before.index], before, obj=measure)
            before = now


def _complete(records: iop.Records, measure: str) -> pd.DataFrame:
    table = iop.trend(records, measure, chart="none").table
    return table[table["complete"]].set_index("period")[FIGURES]


def test_who_was_seen_last_a_few_days_before_day_90_is_not_known_until_day_120() -> None:
    # Admitted on the last of March; last seen on day 85, and the other of the month on day 91.
    for as_of, known in (("2026-07-28", None), ("2026-07-29", [1, 2])):
        table = iop.trend(_two_people(as_of), "retained_90", chart="none").table
        march = table.set_index("period").loc["2026-03"]
        assert march["complete"] == (known is not None)
        if known is not None:
            assert march[["numerator", "denominator"]].tolist() == known


@pytest.mark.parametrize(
    ("followed", "complete"),
    [
        ("2026-07-28", False),  # day 119: the person seen on day 85 may still come again
        ("2026-07-29", True),
    ],
)
def test_a_person_whose_follow_up_ends_before_day_120_is_waited_for(
    followed: str, complete: bool
) -> None:
    # The other was seen on day 91: what follows changes nothing, however short the follow-up.
    records = _two_people("2026-08-31", [followed, "2026-07-01"])
    table = iop.trend(records, "retained_90", chart="none").table
    assert table.set_index("period").loc["2026-03", "complete"] == complete


def _two_people(as_of: str, followed: list[str] | None = None) -> iop.Records:
    admitted = pd.Timestamp("2026-03-31")
    episodes = pd.DataFrame(
        {
            "episode_id": ["a", "b"],
            "person_id": ["a", "b"],
            "program": "North",
            "admit_date": admitted,
            "discharge_date": pd.NaT,
            "followed_until": pd.to_datetime(followed or [as_of, as_of]),
        }
    )
    closed = pd.DataFrame(  # so that the program is one that records discharges
        {
            "episode_id": "c",
            "person_id": "c",
            "program": "North",
            "admit_date": [admitted - pd.Timedelta(days=60)],
            "discharge_date": [admitted - pd.Timedelta(days=20)],
            "followed_until": [admitted - pd.Timedelta(days=20)],
        }
    )
    days = [("a", 1), ("a", 85), ("b", 1), ("b", 91), ("c", -50)]
    attendance = pd.DataFrame(
        {
            "episode_id": [name for name, _ in days],
            "date": [admitted + pd.Timedelta(days=day) for _, day in days],
            "service": "group",
            "status": "attended",
        }
    )
    return iop.read_records(
        episodes=pd.concat([episodes, closed]), attendance=attendance, as_of=as_of
    )
